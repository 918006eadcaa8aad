# SPDX-License-Identifier: Apache-2.0
"""The measured part of `bench.ert`: a cocotb test that keeps commands in flight through every scheduler.

One simulator process measures all schedulers, one after the other, round after round, on a card with 128
units. Round 0 warms up and counts the Python wake-ups; the others are timed. Without others round 0 is all
there is: counting makes it about 2 % slower.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import cocotb
from cocotb.task import Task

from bench.ert_points import HOST_SCHEDULING, IDLE_CUS, Point, Scheduler
from cards import firmware
from cards.xrt_u200 import USER, Card
from firmware_model import images
from firmware_model.ert import Options
from pydriver import ert
from pydriver.ert import FINAL_STATES, State
from pydriver.mailbox import MailboxOptions
from pydriver.regs import cu_probe, user_bar
from pydriver.xclbin import parse
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import BoFlags, Client, KdsFlags, UserOptions, Xocl
from tools.bitgen import build_stream
from tools.image import ComputeUnit, Image
from tools.kernels import load
from tools.mkxclbin import make_xclbin

KERNELS = Path(__file__).parent / "kernels"
PROBE = load(Path(__file__).parent.parent / "kernels" / "probe" / "kernel.toml").type_id
SECOND = 1_000_000_000
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
Row = dict[str, Any]


@cache
def image(cus: int) -> bytes:
    """An xclbin with `cus` probes, described so briefly that the queue has 128 slots."""
    content = Image([ComputeUnit("short")] * cus, kernel_folders=[KERNELS])
    stream = build_stream([PROBE] * max(cus, 4))
    return make_xclbin(content, bitstream=stream, mirror=False)


def packet(cus: int, delay: int, token: int) -> bytes:
    """START_CU on any of the first `cus` units."""
    mask = (1 << cus) - 1
    words = [mask >> shift & 0xFFFF_FFFF for shift in range(0, max(cus, 1), 32)]
    return ert.start_kernel(words[0], [0, 0, 0, 0, 0, delay, token], words[1:])


class Wakes:
    """How often a coroutine was resumed, while `counted`."""

    number = 0

    @contextmanager
    def counted(self) -> Any:
        """Count inside."""
        original = Task._resume

        def resume(task: Any) -> None:
            self.number += 1
            original(task)

        Task._resume = resume  # type: ignore[method-assign]
        try:
            yield self
        finally:
            Task._resume = original  # type: ignore[method-assign]


def others_s() -> float:
    """Processor seconds of this process' children: AMD's firmware."""
    ticks = 0
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in children.read_text().split():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / CLOCK_TICKS


class Bench:
    """Both drivers on one card; `use` chooses the scheduler and the image."""

    def __init__(self, card: Card, management: Xclmgmt, user: Xocl) -> None:
        self.card = card
        self.clock = card.platform.clock
        self.management = management
        self.user = user
        self.wakes = Wakes()
        self._loaded: Scheduler | None = None

    async def use(self, scheduler: Scheduler, cus: int) -> None:
        """Load the firmware of `scheduler` if another one runs, and an image of `cus` units."""
        if scheduler != self._loaded:
            self._loaded = scheduler
            Choice.scheduler = scheduler
            await self.management.microblaze.load(images.build())
            await self.user.kds.modes.choose_interrupt(False, has_scheduler=False)
        by_host = scheduler.choice == HOST_SCHEDULING
        # With CUDMA the driver would cut the queue into 32 slots.
        flags = KdsFlags(ert=not by_host, cu_dma=False)
        await self.user.read_axlf(image(cus), flags, force=True)
        if by_host and scheduler.driven:
            await self.user.kds.modes.choose_interrupt(True, has_scheduler=True)
        assert self.user.kds.state.ert_on != by_host, f"{scheduler.name} does not schedule"

    async def counters(self) -> tuple[int, int]:
        """Bus accesses of the scheduler's processor and BAR accesses of the host so far."""
        return self.card.processor.bus.accesses, sum(self.card.platform.counter.counts.values())

    async def units(self, cus: int) -> list[tuple[int, int]]:
        """(RUNS, DIGEST) of each unit."""
        registers = (cu_probe.RUNS.offset, cu_probe.DIGEST.offset)
        bar = self.card.platform.functions[USER].bars[0]
        at = [user_bar.CU[slot].base + offset for slot in range(cus) for offset in registers]
        words = await bar.read32s(at)
        return list(zip(words[0::2], words[1::2], strict=True))

    async def measure(self, point: Point, commands: int) -> Row:
        """Keep `point.in_flight` commands out until `commands` have ended."""
        before = await self.units(point.cus)
        client = self.user.open()
        uuid = parse(image(point.cus)).uuid
        for index in range(point.cus):
            await client.open_context(uuid, index)
        accesses, host = await self.counters()
        simulated, elsewhere, processor = self.clock.now_ns(), others_s(), time.process_time()
        wakes = self.wakes.number
        latencies = await self._keep_busy(client, point, commands)
        row: Row = {
            "point": point.name,
            "commands": commands,
            "processor_s": time.process_time() - processor,
            "others_s": others_s() - elsewhere,
            "simulated_ns": self.clock.now_ns() - simulated,
            "latencies_ns": latencies,
            "wakes": self.wakes.number - wakes,
        }
        after_accesses, after_host = await self.counters()
        row["scheduler_accesses"] = after_accesses - accesses
        row["host_accesses"] = after_host - host
        await client.close()
        after = await self.units(point.cus)
        row["runs"] = [end - begin for (begin, _), (end, _) in zip(before, after, strict=True)]
        row["digests"] = [digest for _, digest in after]
        assert sum(row["runs"]) == commands, f"{commands} commands made {sum(row['runs'])} runs"
        return row

    async def _keep_busy(self, client: Client, point: Point, commands: int) -> list[int]:
        """Simulated ns from EXECBUF to the poll that returned for it, of every command."""
        latencies = []
        buffers = [client.create_bo(4096, BoFlags.EXECBUF) for _ in range(min(point.in_flight, commands))]
        out: deque[tuple[Any, int]] = deque()
        token = 0

        def start(buffer: Any) -> None:
            nonlocal token
            token += 1
            content = packet(point.cus, point.delay, token)
            buffer.pages[: len(content)] = content
            client.execbuf(buffer.handle)
            out.append((buffer, self.clock.now_ns()))

        for buffer in buffers:
            start(buffer)
        while out:
            assert await client.poll(SECOND), f"{len(out)} commands do not end"
            ended = next((entry for entry in out if State(entry[0].pages[0] & 0xF) in FINAL_STATES), None)
            assert ended is not None, "a poll returned and no command has ended"
            buffer, since = ended
            assert State(buffer.pages[0] & 0xF) == State.COMPLETED
            latencies.append(self.clock.now_ns() - since)
            out.remove(ended)
            if token < commands:
                start(buffer)
        return latencies


class Choice:
    """The scheduler whose firmware the next start of the processor runs."""

    scheduler: Scheduler

    @classmethod
    def identify(cls, words: Sequence[int]) -> Any:
        """As `cards.xrt_u200.Card.power_on` wants it."""
        chosen = cls.scheduler
        choice = "v20" if chosen.choice == HOST_SCHEDULING else chosen.choice
        return firmware.identify(choice, Options(interrupt_driven=chosen.driven))(words)


async def idle(bench: Bench, wakes: Wakes) -> Row:
    """A simulated second with nothing to do, after the first millisecond has settled everything."""
    await bench.clock.sleep_ns(SECOND // 1000)
    accesses, host = await bench.counters()
    number, processor, wall = wakes.number, time.process_time(), time.perf_counter()
    await bench.clock.sleep_ns(SECOND)
    after, after_host = await bench.counters()
    return {
        "processor_s": time.process_time() - processor,
        "wall_s": time.perf_counter() - wall,
        "scheduler_accesses": after - accesses,
        "host_accesses": after_host - host,
        "wakes": wakes.number - number - 1,  # this one
    }


@cocotb.test()
async def measure(dut: Any) -> None:
    plan = json.loads(os.environ["PLAN"])
    schedulers = [Scheduler(**each) for each in plan["schedulers"]]
    points = [Point(**each) for each in plan["points"]]
    Choice.scheduler = schedulers[0]
    card = await Card.power_on(dut, identify=Choice.identify)
    options = MailboxOptions(rate_limit=None)
    management = await Xclmgmt.probe(
        card.platform, MgmtOptions(mailbox=options, sched_image=images.build(), clear_queue=False)
    )
    bench = Bench(card, management, await Xocl.probe(card.platform, UserOptions(mailbox=options)))
    result = Path(os.environ["RUN_DIR"]) / "rates.json"
    rows: list[Row] = []
    idles: dict[str, Row] = {}
    wakes = bench.wakes
    for number in range(plan["rounds"] + 1):
        for scheduler in schedulers:
            print(f"round {number} of {plan['rounds']}: {scheduler.name}", flush=True)
            for cus in sorted({point.cus for point in points if point.cus <= scheduler.most_cus}):
                await bench.use(scheduler, cus)
                if number == 0 and cus == IDLE_CUS:
                    with wakes.counted():
                        idles[scheduler.name] = await idle(bench, wakes)
                # A digest goes on from the last: points at which the order of commands is free come last.
                mine = [each for each in points if each.cus == cus]
                for point in sorted(mine, key=lambda each: not each.ordered):
                    commands = point.commands(plan["commands"])
                    if number:
                        row = await bench.measure(point, commands)
                    else:
                        with wakes.counted():
                            row = await bench.measure(point, commands)
                    rows.append({"scheduler": scheduler.name, "round": number, **row})
            # What is there is kept when somebody stops a long run.
            result.write_text(json.dumps({"rows": rows, "idle": idles}))
