# SPDX-License-Identifier: Apache-2.0
"""One run of the equivalence proof: the access list on one host, pins logged."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import cocotb

from tests.block.host_equivalence import accesses
from tests.block.host_setup import platform


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def access_list(dut) -> None:
    settings = json.loads(os.environ["EQUIVALENCE"])
    cocotb.log.info("seed %d", settings["seed"])
    card = await platform(dut)
    dut.log.enable.value = 1
    values: list[object] = []
    for function in card.functions.values():
        values.append(await function.enable_msix())
        values.append([await function.config_read32(0x10 + 4 * n) for n in range(6)])
    for kind, number, index, arguments in accesses(settings["windows"], settings["count"], settings["seed"]):
        bar = card.functions[number].bars[index]
        if kind == "r":
            values.append(await bar.read32(arguments[0]))
        elif kind == "w":
            await bar.write32(*arguments)
        elif kind == "rs":
            values.append(await bar.read32s(arguments))
        elif kind == "ws":
            await bar.write32s(list(zip(arguments[::2], arguments[1::2], strict=True)))
        elif kind == "R":
            values.append((await bar.read(*arguments)).hex())
        else:
            await bar.write(arguments[0], random.Random(arguments[2]).randbytes(arguments[1]))
    await card.clock.sleep_ns(10_000)
    (Path(os.environ["RUN_DIR"]) / "values.json").write_text(json.dumps(values))
    assert not card.host.errors
