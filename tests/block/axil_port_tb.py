# SPDX-License-Identifier: Apache-2.0
"""The AXI4-Lite port of firmware models: singles, vectors, order, error responses, sharing."""

from __future__ import annotations

import cocotb
from cocotb.triggers import Timer

from cards.xrt_u200 import FUNCTIONS
from tb.cocotb_util import seeded_random
from tb.hosts.axil_port import AxilPort
from tb.hosts.fast import FastHost


async def started(dut) -> AxilPort:
    await FastHost(dut.host, dut.clock, FUNCTIONS).start()
    return AxilPort(dut.port)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def singles_and_vectors(dut) -> None:
    port = await started(dut)
    rng = seeded_random("axil")
    shadow: dict[int, int] = {}
    for _ in range(200):
        kind = rng.randrange(4)
        addresses = [4 * rng.randrange(64) for _ in range(rng.choice((1, 2, 8, 9, 64, 70)))]
        values = [rng.getrandbits(32) for _ in addresses]
        if kind == 0:
            await port.write32(addresses[0], values[0])
            shadow[addresses[0]] = values[0]
        elif kind == 1:
            assert await port.read32(addresses[0]) == shadow.get(addresses[0], 0)
        elif kind == 2:
            await port.write32s(list(zip(addresses, values, strict=True)))
            shadow |= dict(zip(addresses, values, strict=True))
        else:
            assert await port.read32s(addresses) == [shadow.get(a, 0) for a in addresses]
    assert not port.errors
    await port.write32(0x8000_0000, 1)
    await port.write32s([(0, 1), (0x8000_0000, 1), (4, 2), (0x8000_0004, 1)])
    assert port.errors == 3
    assert await port.read32s([0, 4]) == [1, 2]


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def shared_and_cancelled(dut) -> None:
    port = await started(dut)

    async def user(base: int) -> None:
        for n in range(30):
            await port.write32(base, n)
            assert await port.read32s([base, base]) == [n, n]
            await Timer(3 * n + 1, "ns")

    tasks = [cocotb.start_soon(user(0x100 * n)) for n in range(3)]
    victim = cocotb.start_soon(port.read32s([0] * 64))
    await Timer(30, "ns")
    victim.cancel()
    for task in tasks:
        await task
