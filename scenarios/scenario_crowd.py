# SPDX-License-Identifier: Apache-2.0
"""Eight processes share four compute units through KDS and the command queue; two of them die at work.

Each process keeps sixteen commands in flight, so all slots of the queue are in use. The dead ones'
commands are waited for and their contexts, buffers and references go back, as the kernel does it.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from cards import firmware
from cards.xrt_u200 import Card
from firmware_model import images
from pydriver.mailbox import MailboxOptions
from pydriver.platform import Event
from pydriver.regs import cu_probe
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import KdsFlags, UserOptions
from pydriver.xocl.process import Process
from pydriver.xrt import AccessMode, Device, Kernel, State
from scenarios.checks import check, check_vadd
from scenarios.stage import Stage
from tools.image import ComputeUnit
from tools.mkxclbin import make_xclbin

PROCESSES = 8
KILLED = (3, 6)
IN_FLIGHT = 16
COMMANDS = 48
DIES_AFTER = 24
"""Completed commands of a process that is then killed."""
LONGEST_DELAY = 400
BAR_WIDTH = 40
UNITS = [ComputeUnit("vadd"), ComputeUnit("probe"), ComputeUnit("probe"), ComputeUnit("probe")]


@dataclass
class Tally:
    """What became of one process's commands."""

    submitted: int = 0
    completed: int = 0


async def work(process: Process, first: Device, uuid: bytes, tally: Tally, news: Event) -> None:
    """The program of a process: commands of random length on any of the probes, some always in flight."""
    rng = np.random.default_rng([int(os.environ.get("SEED", "1")), process.pid])
    device = Device.attach(first.driver, client=process.open())
    kernel = await Kernel.open(device, uuid, "probe")
    waiting = []
    while tally.submitted < COMMANDS or waiting:
        while len(waiting) < IN_FLIGHT and tally.submitted < COMMANDS:
            run = kernel.run()
            run.set_arg("delay", int(rng.integers(LONGEST_DELAY)))
            run.set_arg("token", process.pid << 16 | tally.submitted)
            await run.start()
            tally.submitted += 1
            waiting.append(run)
        check("state of a command", await waiting.pop(0).wait(), State.COMPLETED)
        tally.completed += 1
        news.set()
    await kernel.close()
    await device.close()


async def run(stage: Stage, dut: Any, host: str) -> str:
    """The host program; returns the verdict line."""
    mailbox = MailboxOptions(rate_limit=None)

    async with stage.step("power on, probe both functions"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)
        platform = stage.card.platform
        options = MgmtOptions(mailbox=mailbox, sched_image=images.build())
        management = await Xclmgmt.probe(platform, options, stage.event)
        device = await Device.open(platform, UserOptions(mailbox=mailbox))
        driver = device.driver

    async with stage.step("load an image with one vadd and three probes"):
        # As `ert_cudma=false` in xrt.ini: the copy engine would want slots of 2 KiB, only 32 of them.
        uuid = await device.load_xclbin(make_xclbin(UNITS), KdsFlags(cu_dma=False))
        check("embedded scheduler", driver.kds.state.ert_on, True)
        stage.event("user.kds", f"{driver.ert.num_slots} slots of {driver.ert.slot_size} bytes")

    tallies = [Tally() for _ in range(PROCESSES)]
    processes = [Process(driver, pid) for pid in range(100, 100 + PROCESSES)]
    news = platform.clock.event()
    started_ns = stage.now_ns()
    async with stage.step(f"{PROCESSES} processes, {IN_FLIGHT} commands in flight each; two are killed"):
        for index, process in enumerate(processes):
            tally = tallies[index]
            process.start(functools.partial(work, first=device, uuid=uuid, tally=tally, news=news))
        for index in KILLED:
            while tallies[index].completed < DIES_AFTER:
                news.clear()
                await news.wait()
            stage.event("application", f"kill -9 {processes[index].pid}, {tallies[index]}")
            processes[index].kill()
        for process in processes:
            await process.wait()
            check(f"error of process {process.pid}", process.error, None)
    took_ns = stage.now_ns() - started_ns

    async with stage.step("nothing lost, nothing run twice, everything given back"):
        for index, tally in enumerate(tallies):
            if index not in KILLED:
                check(f"completed commands of process {index}", tally.completed, COMMANDS)
        custat = await driver.attributes.read("kds_custat_raw")
        check("users of the image", driver.bitstream.references, 0)
        usage = {cu.name: cu.usage for cu in driver.kds.cus}
        check("commands that KDS handed out", sum(usage.values()), sum(t.submitted for t in tallies))
        runs = {}
        for unit in ("probe_1", "probe_2", "probe_3"):
            probe = await Kernel.open(device, uuid, f"probe:{{{unit}}}", AccessMode.EXCLUSIVE)
            runs[f"probe:{unit}"] = await probe.read_register(cu_probe.RUNS.offset)
            await probe.close()
        check("executions in the units", runs, {name: n for name, n in usage.items() if n})

    async with stage.step("the vadd beside them still adds"):
        await check_vadd(device, uuid)

    async with stage.step("release"):
        await device.close()
        await management.remove()

    summary(stage, tallies, custat)
    total = sum(tally.submitted for tally in tallies)
    rate = total / (took_ns / 1e6)
    return (
        f"{total} commands of {PROCESSES} processes on 3 units in {took_ns / 1e3:.0f} us "
        f"({rate:.0f} per ms), {len(KILLED)} processes died at work, nothing lost, nothing run twice"
    )


def summary(stage: Stage, tallies: list[Tally], custat: str) -> None:
    """A picture of who got how far."""
    for index, tally in enumerate(tallies):
        filled = round(BAR_WIDTH * tally.completed / COMMANDS)
        fate = "killed" if index in KILLED else "done"
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        stage.event(
            "summary", f"process {100 + index}  {bar}  {tally.completed:3} of {tally.submitted:3}  {fate}"
        )
    for line in custat.splitlines():
        stage.event("summary", f"custat  {line}")
