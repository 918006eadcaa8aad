# SPDX-License-Identifier: Apache-2.0
"""The measured part of `bench.bar`: a cocotb test that writes rates of one host on one simulator.

Rates are per processor second of the simulator process: Python, VPI and RTL are one thread, so on an
idle core this is wall time, and a busy machine does not spoil it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import Timer

from cards.xrt_u200 import MGMT, USER, Card
from firmware_model import images
from pydriver.mailbox import MailboxOptions
from pydriver.regs import mailbox, mgmt_bar, user_mem_bar
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions
from pydriver.xrt import BO, Device, Kernel, State
from tools.bitgen import build_stream
from tools.mkxclbin import make_xclbin

STATUS = mgmt_bar.MAILBOX.base + mailbox.STATUS.offset
SIT = mgmt_bar.MAILBOX.base + mailbox.SIT.offset
BLOCK = 4096
VECTOR = 64
IDLE_CYCLES = 20_000
CYCLE_NS = 4


async def rate(amount: int, work: Callable[[], Awaitable[None]]) -> float:
    """`amount` per processor second of `work`."""
    started = time.process_time()
    await work()
    return amount / (time.process_time() - started)


async def bar_rates(card: Card, accesses: int, blocks: int) -> dict[str, float]:
    """Dword and block rates on the mgmt register BAR and the user memory BAR."""
    registers = card.platform.functions[MGMT].bars[0]
    memory = card.platform.functions[USER].bars[4]
    data = bytes(range(256)) * (BLOCK // 256)

    async def reads() -> None:
        for _ in range(accesses):
            await registers.read32(STATUS)

    async def writes() -> None:
        for value in range(accesses):
            await registers.write32(SIT, value & 0xF)
        await registers.read32(STATUS)

    async def vector_reads() -> None:
        for _ in range(accesses // VECTOR):
            await registers.read32s([STATUS] * VECTOR)

    async def block_writes() -> None:
        for index in range(blocks):
            await memory.write(user_mem_bar.DDR0.base + index * BLOCK, data)
        await memory.read(user_mem_bar.DDR0.base, 4)

    async def block_reads() -> None:
        for index in range(blocks):
            assert await memory.read(user_mem_bar.DDR0.base + index * BLOCK, BLOCK) == data

    return {
        "BAR dword reads/s": await rate(accesses, reads),
        "BAR dword writes/s": await rate(accesses, writes),
        "BAR reads/s, 64 per call": await rate(accesses // VECTOR * VECTOR, vector_reads),
        "block write bytes/s": await rate(blocks * BLOCK, block_writes),
        "block read bytes/s": await rate(blocks * BLOCK, block_reads),
    }


async def idle_rates(dut: Any, host: str) -> dict[str, float]:
    """Cycles/s of the clocked card with nothing to do; wall seconds per idle simulated second."""
    result = {}
    if host == "fast":
        started = time.perf_counter()
        await Timer(1, "sec")
        result["idle simulated second, wall s"] = time.perf_counter() - started
        dut.clock.free_run.value = 1

    async def idle() -> None:
        await Timer(IDLE_CYCLES * CYCLE_NS, "ns")

    result["idle cycles/s"] = await rate(IDLE_CYCLES, idle)
    if host == "fast":
        dut.clock.free_run.value = 0
    return result


async def stack_rates(card: Card, words: int, commands: int) -> dict[str, float]:
    """Through the drivers: xclbin download on the mgmt PF, and vadd commands through ERT."""
    options = MailboxOptions(rate_limit=None)
    management = await Xclmgmt.probe(
        card.platform, MgmtOptions(mailbox=options, sched_image=images.build(), clear_queue=False)
    )
    image = make_xclbin(bitstream=build_stream([1, 1, 2, 0], words=words))
    result = {}

    async def download() -> None:
        await management.download(image)

    result["xclbin download bytes/s"] = await rate(len(image), download)
    device = await Device.open(card.platform, UserOptions(mailbox=options))
    uuid = await device.load_xclbin(image)
    kernel = await Kernel.open(device, uuid, "vadd:{vadd_1}")
    buffers = [await BO.alloc(device, 64, kernel.group_id(index)) for index in range(3)]

    async def run_commands() -> None:
        for _ in range(commands):
            run = kernel(*buffers, 16)
            assert await run.wait(1000) == State.COMPLETED

    result["commands/s"] = await rate(commands, run_commands)
    return result


@cocotb.test()
async def measure(dut: Any) -> None:
    host = os.environ["HOST"]
    scale = float(os.environ["SCALE"])
    card = await Card.power_on(dut, host)
    rates = await bar_rates(card, int(6400 * scale), int(64 * scale))
    rates |= await idle_rates(dut, host)
    rates |= await stack_rates(card, words=int(20_000 * scale), commands=int(200 * scale))
    (Path(os.environ["RUN_DIR"]) / "rates.json").write_text(json.dumps(rates))
