# SPDX-License-Identifier: Apache-2.0
"""The descriptor of a unit's interrupt (XRT KDS contract §6)."""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence

import pytest

from pydriver.ert import State
from pydriver.platform.virtual import VirtualClock
from pydriver.regs import cu_intc, user_bar
from pydriver.subdev.intc import Mode
from pydriver.xocl.user_managed import UserManagedCu
from tests.models.units import CTRL, GIE, IER, ISR, Probe
from tests.unit.cu_rig import CuRig, TracingBar
from tests.unit.raising import raises

ON, OFF = struct.pack("<i", 1), struct.pack("<i", 0)


class Bench(CuRig):
    """Three units; the application uses the registers of unit 1 by itself."""

    def __init__(self) -> None:
        super().__init__([Probe() for _ in range(3)])
        self.base = self.cus[1].address

    async def begin(self, interrupt: bool = False) -> UserManagedCu:
        await self.up(interrupt)
        return await UserManagedCu.open(self.clock, self.cus[1], self.intc, self.host)

    async def ready(self) -> None:
        """The application enables the unit's own interrupts."""
        await self.bar.write32s([(self.base + GIE, 1), (self.base + IER, 1)])

    async def run_once(self, clear: bool = True) -> None:
        """The application starts the unit, and takes its interrupt back when it has ended."""
        await self.bar.write32(self.base + CTRL, 1)
        await self.clock.sleep_ns(50_000)
        if clear:
            await self.bar.write32(self.base + ISR, await self.bar.read32(self.base + ISR))


def test_counting() -> None:
    bench = Bench()

    async def main() -> None:
        descriptor = await bench.begin()
        await bench.ready()
        assert not await descriptor.poll(0)
        await bench.run_once()
        assert not await descriptor.poll(0), "it is off until it is enabled"
        counts = []
        for runs in (1, 3):
            for _ in range(runs):
                assert await descriptor.write(ON) == 4
                await bench.run_once()
            assert await descriptor.poll(0)
            counts.append(struct.unpack("<i", await descriptor.read(4))[0])
            assert not await descriptor.poll(0), "a read starts the count anew"
        assert counts == [1, 3]

    bench.run(main())


@pytest.mark.parametrize("blanking", [True, False])
def test_each_interrupt_disables_itself(blanking: bool) -> None:
    bench = Bench()
    bench.intc.blanking = blanking

    async def main() -> None:
        descriptor = await bench.begin()
        await bench.ready()
        await descriptor.write(ON)
        await bench.run_once(clear=False)
        assert await descriptor.read(4) == struct.pack("<i", 1)
        await bench.clock.sleep_ns(1_000_000)
        assert bench.intc.enabled(Mode.CU) == 0
        assert not await descriptor.poll(0), "the line is still high, but the interrupt is off"
        await descriptor.write(ON)
        assert await descriptor.poll(100_000), "and comes again when it is enabled"
        await bench.bar.write32(bench.base + ISR, 1)
        await descriptor.read(4)
        await descriptor.write(ON)
        assert await descriptor.poll(100_000), "the controller had latched the level: one more"
        await descriptor.read(4)
        await descriptor.write(ON)
        await bench.clock.sleep_ns(1_000_000)
        assert not await descriptor.poll(0)

    bench.run(main())


def test_read_waits_and_poll_has_a_time_limit() -> None:
    bench = Bench()

    async def main() -> None:
        descriptor = await bench.begin()
        await bench.ready()
        await descriptor.write(ON)
        begin = bench.clock.now_ns()
        assert not await descriptor.poll(7_000)
        assert bench.clock.now_ns() - begin == 7_000
        reader = bench.clock.spawn(descriptor.read(4))
        poller = bench.clock.spawn(descriptor.poll())
        await bench.clock.sleep_ns(10_000)
        assert not reader.done() and not poller.done()
        await bench.run_once()
        assert await reader.join() == struct.pack("<i", 1)
        assert poller.done()

    bench.run(main())


def test_write_switches_the_source() -> None:
    bench = Bench()
    intc = user_bar.CU_INTC[0].base

    async def main() -> None:
        descriptor = await bench.begin()
        bench.log.clear()
        await descriptor.write(ON)
        await descriptor.write(OFF)
        assert bench.log == [
            ("W", intc + cu_intc.MER.offset, 3),
            ("W", intc + cu_intc.SIE.offset, 2),
            ("W", intc + cu_intc.CIE.offset, 2),
        ]
        await bench.ready()
        await bench.run_once()
        assert not await descriptor.poll(100_000)

    bench.run(main())


def test_sizes_and_values() -> None:
    bench = Bench()

    async def main() -> None:
        descriptor = await bench.begin()
        for size in (0, 3, 8):
            with raises(errno.EINVAL, f"{size} bytes"):
                await descriptor.read(size)
            with raises(errno.EINVAL, f"{size} bytes"):
                await descriptor.write(bytes(size))
        for value in (-1, 2):
            with raises(errno.EINVAL, "neither enables"):
                await descriptor.write(struct.pack("<i", value))

    bench.run(main())


@pytest.mark.parametrize("why", ["shell", "unit"])
def test_without_interrupt(why: str) -> None:
    bench = Bench()
    bench.cus[1].interrupt = why == "shell"

    async def main() -> None:
        await bench.up()
        with raises(errno.EOPNOTSUPP):
            intc = None if why == "shell" else bench.intc
            await UserManagedCu.open(bench.clock, bench.cus[1], intc, bench.host)
        assert not bench.cus[1].user_managed

    bench.run(main())


def test_one_at_a_time() -> None:
    bench = Bench()

    async def main() -> None:
        descriptor = await bench.begin()
        assert bench.cus[1].user_managed
        with raises(errno.EBUSY, "somebody else"):
            await UserManagedCu.open(bench.clock, bench.cus[1], bench.intc, bench.host)
        await descriptor.close()
        assert not bench.cus[1].user_managed
        again = await UserManagedCu.open(bench.clock, bench.cus[1], bench.intc)
        await again.close()

    bench.run(main())


def test_the_scheduler_must_have_its_interrupts_off() -> None:
    bench = Bench()

    async def nothing(_: int) -> None:
        pass

    async def main() -> None:
        await bench.irqs.setup()
        await bench.intc.start()
        await bench.host.set_cus(bench.cus, interrupt=False)
        bench.intc.request_status(0, nothing)
        await bench.intc.enable(Mode.ERT, 0)
        with raises(errno.EBUSY, "ERT interrupts"):
            await UserManagedCu.open(bench.clock, bench.cus[1], bench.intc, bench.host)
        assert not bench.cus[1].user_managed

    bench.run(main())


def test_close_wakes_who_waits_and_frees_the_source() -> None:
    bench = Bench()

    async def main() -> None:
        descriptor = await bench.begin()
        await descriptor.write(ON)
        waiting = [bench.clock.spawn(descriptor.read(4)), bench.clock.spawn(descriptor.poll())]
        await bench.clock.sleep_ns(1_000)
        await descriptor.close()
        for task in waiting:
            with raises(errno.EBADF):
                await task.join()
        with raises(errno.EBADF):
            await descriptor.write(ON)
        await descriptor.close()
        assert bench.intc.enabled(Mode.CU) == 0

    bench.run(main())


def test_the_host_scheduler_goes_on_beside_it() -> None:
    """With interrupts on, the unit leaves the interrupt worker and comes back to it."""
    bench = Bench()

    async def main() -> None:
        descriptor = await bench.begin(interrupt=True)
        assert bench.intc.enabled(Mode.CU) == 0b101
        await bench.ready()
        await descriptor.write(ON)
        await bench.run_once()
        commands = [bench.submit(index, index) for index in (0, 2) for _ in range(4)]
        assert await bench.until_over(commands) == [State.COMPLETED] * 8
        assert await descriptor.read(4) == ON
        await descriptor.close()
        await bench.clock.sleep_ns(10_000)
        assert bench.intc.enabled(Mode.CU) == 0b111
        assert await bench.until_over([bench.submit(1, 9)]) == [State.COMPLETED]

    bench.run(main())


class LateBar(TracingBar):
    """Its writes wait for a microsecond before they are on their way."""

    clock: VirtualClock

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        await self.clock.sleep_ns(1000)
        await super().write32s(writes)


def test_a_process_that_dies_while_it_enables_its_interrupt() -> None:
    """The write is finished: half of it would keep the interrupts of all units of the bank away."""
    bench = Bench()

    async def main() -> None:
        first = await bench.begin()
        second = await UserManagedCu.open(bench.clock, bench.cus[2], bench.intc, bench.host)
        late = LateBar(bench.platform.functions[1].bars[2], bench.irq_log)
        late.clock = bench.clock
        bench.irqs._regs.bar = late
        dying = bench.clock.spawn(first.write(ON))
        await bench.clock.sleep_ns(100)
        dying.cancel()
        await second.write(ON)
        bench.card.set_unit_line(2, True)
        assert await second.poll(1_000_000)

    bench.run(main())
