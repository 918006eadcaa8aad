# SPDX-License-Identifier: Apache-2.0
"""Host interrupts 0 to 3: modes, blanking, and the exact accesses (XRT compute unit contract §5)."""

from __future__ import annotations

import errno

import pytest

from pydriver.platform import Event
from pydriver.regs import cfg_gpio, cu_intc, ert_csr, irq_block, user_bar
from pydriver.subdev.intc import Mode
from tests.models.ert_csr import Access
from tests.models.units import Probe
from tests.unit.cu_rig import CuRig
from tests.unit.raising import raises

W1S, W1C = irq_block.USR_ENABLE_W1S.offset, irq_block.USR_ENABLE_W1C.offset
ISR, IER, IAR = cu_intc.ISR.offset, cu_intc.IER.offset, cu_intc.IAR.offset
SIE, CIE, MER = cu_intc.SIE.offset, cu_intc.CIE.offset, cu_intc.MER.offset
GPIO = user_bar.ERT_CFG_GPIO.base + cfg_gpio.CONTROL.offset
CU_TO_HOST, WAKE = cfg_gpio.CONTROL.CU_TO_HOST.mask, cfg_gpio.CONTROL.WAKE.mask

Entry = tuple[str, int, int]


class Bench:
    """The interrupt part alone; one log for both BARs, registers of the interrupt block negative."""

    def __init__(self, units: int = 40) -> None:
        self.rig = CuRig([Probe() for _ in range(units)])
        self.rig.irq_log = self.rig.log
        self.rig.irqs._regs.bar.log = self.rig.log  # type: ignore[attr-defined]
        self.intc = self.rig.intc
        self.called: list[int] = []

    async def up(self, mode: Mode) -> None:
        await self.rig.irqs.setup()
        await self.intc.start()
        await self.intc.set_mode(mode)
        self.rig.log.clear()

    async def note(self, value: int) -> None:
        self.called.append(value)

    def line(self, unit: int, level: bool) -> None:
        self.rig.card.set_unit_line(unit, level)

    def status(self, index: int, bits: int) -> None:
        """The scheduler has finished slots."""
        self.rig.card.csr.storage[0x100] = 1
        self.rig.card.csr_cycle(Access(mb_write=(4 * index, bits)))

    def accesses(self, bank: int = 0) -> list[Entry]:
        """The log with offsets in the bank, ("X", register, bits) for the interrupt block; cleared."""
        window = user_bar.CU_INTC[bank]
        found = [
            (kind, at - window.base, value) if at in window else ("X", at, value)
            for kind, at, value in self.rig.log
        ]
        self.rig.log.clear()
        return found

    async def pause(self) -> None:
        await self.rig.clock.sleep_ns(100_000)


def test_enabling_and_disabling_a_unit() -> None:
    bench = Bench()

    async def main() -> None:
        await bench.up(Mode.CU)
        for source in (33, 35):
            bench.intc.request(Mode.CU, source, bench.note)
            await bench.intc.enable(Mode.CU, source)
        first = [("X", W1S, 2), ("W", MER, 3), ("W", SIE, 2)]
        assert bench.accesses(1) == [*first, ("W", MER, 3), ("W", SIE, 8)]
        assert bench.intc.enabled(Mode.CU) == 1 << 33 | 1 << 35
        await bench.intc.enable(Mode.CU, 33)
        assert not bench.accesses(1), "it is on already"
        await bench.intc.disable(Mode.CU, 33)
        await bench.intc.disable(Mode.CU, 35)
        await bench.intc.disable(Mode.CU, 35)
        assert bench.accesses(1) == [("W", CIE, 2), ("X", W1C, 2), ("W", CIE, 8)]

    bench.rig.run(main())


LOOK = [("R", ISR, 4), ("W", IAR, 4)]
NOTHING = [("R", ISR, 0), ("W", IAR, 0)]


def test_handler_with_blanking_in_cu_mode() -> None:
    bench = Bench()

    async def handler(source: int) -> None:
        await bench.note(source)
        bench.line(source, False)

    async def main() -> None:
        await bench.up(Mode.CU)
        bench.intc.request(Mode.CU, 2, handler)
        await bench.intc.enable(Mode.CU, 2)
        bench.rig.log.clear()
        bench.line(2, True)
        await bench.pause()
        off, on = ("X", W1C, 1), ("X", W1S, 1)
        assert bench.accesses() == [off, *LOOK, *NOTHING, *NOTHING, on, *NOTHING]
        assert bench.called == [2]
        assert ("CU INTC[0]", 1) in bench.intc.counts()

    bench.rig.run(main())


def test_handler_without_blanking_in_cu_mode() -> None:
    bench = Bench()
    bench.intc.blanking = False

    async def handler(source: int) -> None:
        await bench.note(source)
        bench.line(source, False)

    async def main() -> None:
        await bench.up(Mode.CU)
        for source in (2, 5):
            bench.intc.request(Mode.CU, source, handler)
            await bench.intc.enable(Mode.CU, source)
        bench.rig.log.clear()
        bench.line(2, True)
        await bench.pause()
        assert bench.accesses() == [("W", CIE, 0x24), *LOOK, ("W", SIE, 0x24)]
        assert bench.called == [2]

    bench.rig.run(main())


def test_a_handler_may_disable_its_source_without_blanking() -> None:
    bench = Bench()
    bench.intc.blanking = False

    async def handler(source: int) -> None:
        await bench.intc.disable(Mode.CU, source)

    async def main() -> None:
        await bench.up(Mode.CU)
        bench.intc.request(Mode.CU, 2, handler)
        bench.intc.request(Mode.CU, 5, bench.note)
        for source in (2, 5):
            await bench.intc.enable(Mode.CU, source)
        bench.rig.log.clear()
        bench.line(2, True)
        await bench.pause()
        wanted = [("W", CIE, 0x24), ("R", ISR, 4), ("W", CIE, 4), ("W", IAR, 4), ("W", SIE, 0x20)]
        assert bench.accesses() == wanted
        bench.line(5, True)
        await bench.pause()
        assert 5 in bench.called

    bench.rig.run(main())


@pytest.mark.parametrize("blanking", [True, False])
def test_a_line_that_stays_high_interrupts_again(blanking: bool) -> None:
    """The line is a level, the interrupt block wants an edge: nothing may get lost between the two."""
    bench = Bench()
    bench.intc.blanking = blanking
    left = [40]

    async def handler(source: int) -> None:
        left[0] -= 1
        if not left[0]:
            bench.line(source, False)

    async def main() -> None:
        await bench.up(Mode.CU)
        bench.intc.request(Mode.CU, 39, handler)
        await bench.intc.enable(Mode.CU, 39)
        bench.line(39, True)
        await bench.rig.clock.sleep_ns(1_000_000)
        assert left == [0]
        left[0] = 1
        bench.line(39, True)
        await bench.pause()
        assert left == [0]

    bench.rig.run(main())


def test_a_disabled_source_is_seen_but_not_called() -> None:
    bench = Bench()

    async def handler(source: int) -> None:
        await bench.note(source)
        bench.line(source, False)

    async def main() -> None:
        await bench.up(Mode.CU)
        for source in (1, 3):
            bench.intc.request(Mode.CU, source, handler)
            await bench.intc.enable(Mode.CU, source)
        await bench.intc.disable(Mode.CU, 3)
        bench.line(3, True)
        await bench.pause()
        bench.rig.log.clear()
        bench.line(1, True)
        await bench.pause()
        assert bench.called == [1]
        assert bench.accesses()[1] == ("R", ISR, 0b1010), "ISR and not IPR is read"

    bench.rig.run(main())


def test_ert_mode_reads_status_four_times() -> None:
    bench = Bench(4)
    status = user_bar.ERT_CSR.base + ert_csr.STATUS2.offset

    async def main() -> None:
        await bench.up(Mode.ERT)
        for slot in (64, 70):
            bench.intc.request(Mode.ERT, slot, bench.note)
            await bench.intc.enable(Mode.ERT, slot)
        assert bench.accesses() == [("X", W1S, 4)], "no controller is touched"
        bench.status(2, 0b1000001)
        await bench.pause()
        reads = [("X", status, 0b1000001), ("X", status, 0), ("X", status, 0), ("X", status, 0)]
        assert bench.accesses() == [("X", W1C, 4), *reads[:3], ("X", W1S, 4), reads[3]]
        assert bench.called == [64, 70]

    bench.rig.run(main())


def test_ert_mode_without_blanking_reads_status_once() -> None:
    bench = Bench(4)
    bench.intc.blanking = False
    status = user_bar.ERT_CSR.base + ert_csr.STATUS0.offset

    async def main() -> None:
        await bench.up(Mode.ERT)
        bench.intc.request_status(0, bench.note)
        await bench.intc.enable(Mode.ERT, 0)
        bench.rig.log.clear()
        for bits in (5, 2):
            bench.status(0, bits)
            await bench.pause()
            assert bench.accesses() == [("X", status, bits)]
        assert bench.called == [5, 2]

    bench.rig.run(main())


def test_status_handler_gets_all_bits_but_no_empty_ones() -> None:
    bench = Bench(4)

    async def main() -> None:
        await bench.up(Mode.ERT)
        bench.intc.request_status(3, bench.note)
        with raises(errno.EBUSY, "STATUS3"):
            bench.intc.request_status(3, bench.note)
        await bench.intc.enable(Mode.ERT, 96)
        bench.status(3, 0x80000001)
        await bench.pause()
        assert bench.called == [0x80000001]
        bench.intc.request_status(3, None)
        bench.status(3, 1)
        await bench.pause()
        assert bench.called == [0x80000001]

    bench.rig.run(main())


def test_mode_selects_the_lines_and_waits_for_the_sources() -> None:
    bench = Bench()

    async def main() -> None:
        await bench.rig.irqs.setup()
        await bench.intc.start()
        bench.rig.card.cfg_gpio.control = WAKE
        bench.intc.request(Mode.ERT, 0, bench.note)
        await bench.intc.enable(Mode.ERT, 0)
        bench.intc.request(Mode.CU, 34, bench.note)
        await bench.intc.enable(Mode.CU, 34)
        with raises(errno.EBUSY, "ERT interrupts"):
            await bench.intc.set_mode(Mode.CU)
        await bench.intc.disable(Mode.ERT, 0)
        bench.rig.log.clear()
        await bench.intc.set_mode(Mode.CU)
        assert bench.rig.log[:2] == [("R", GPIO, WAKE), ("W", GPIO, WAKE | CU_TO_HOST)]
        bench.rig.log[:2] = []
        off = [("X", W1C, 2), ("W", IER, 0), ("X", W1S, 2), ("W", MER, 3), ("W", SIE, 4)]
        assert [entry for entry in bench.accesses(1) if entry[0] != "X" or entry[2] == 2][:5] == off
        with raises(errno.EBUSY, "CU interrupts"):
            await bench.intc.set_mode(Mode.ERT)
        await bench.intc.disable(Mode.CU, 34)
        await bench.intc.set_mode(Mode.ERT)
        assert bench.rig.card.cfg_gpio.control == WAKE
        bench.rig.log.clear()
        await bench.intc.set_mode(Mode.ERT)
        assert not bench.rig.log

    bench.rig.run(main())


def test_leftover_enables_of_the_firmware_do_not_interrupt() -> None:
    bench = Bench()

    async def main() -> None:
        bench.rig.card.cu_interrupts.banks[0].ier = 0xFFFF_FFFF
        await bench.up(Mode.CU)
        bench.intc.request(Mode.CU, 0, bench.note)
        await bench.intc.enable(Mode.CU, 0)
        bench.line(1, True)
        await bench.pause()
        assert dict(bench.intc.counts())["CU INTC[0]"] == 0

    bench.rig.run(main())


@pytest.mark.parametrize("source", [-1, 128])
def test_ids_out_of_range(source: int) -> None:
    bench = Bench(1)

    async def main() -> None:
        for mode in Mode:
            with raises(errno.EINVAL, "not one of 128"):
                bench.intc.request(mode, source, bench.note)
            with raises(errno.EINVAL, "not one of 128"):
                await bench.intc.enable(mode, source)
            with raises(errno.EINVAL, "not one of 128"):
                await bench.intc.disable(mode, source)
        with raises(errno.EINVAL):
            bench.intc.request_status(4, bench.note)

    bench.rig.run(main())


def test_handlers_are_requested_once_and_before_enabling() -> None:
    bench = Bench(1)

    async def main() -> None:
        with raises(errno.EINVAL, "no handler"):
            await bench.intc.enable(Mode.CU, 7)
        bench.intc.request(Mode.CU, 7, bench.note)
        with raises(errno.EBUSY, "has a handler"):
            bench.intc.request(Mode.CU, 7, bench.note)
        bench.intc.request(Mode.CU, 7, None)
        bench.intc.request(Mode.CU, 7, bench.note)

    bench.rig.run(main())


def test_stop_is_silence() -> None:
    bench = Bench(1)

    async def main() -> None:
        await bench.up(Mode.CU)
        bench.intc.request(Mode.CU, 0, bench.note)
        await bench.intc.enable(Mode.CU, 0)
        await bench.intc.stop()
        bench.line(0, True)
        await bench.pause()
        assert not bench.called and bench.rig.card.user_irqs.enable == 0

    bench.rig.run(main())


def test_a_mode_switch_during_the_handling_does_not_read_the_other_registers() -> None:
    """STATUS is cleared by a read: the rest of a unit's interrupt must not consume completions."""
    bench = Bench(1)
    switch = bench.rig.clock.event()

    async def handler(source: int) -> None:
        bench.line(source, False)
        await bench.intc.disable(Mode.CU, source)
        switch.set()

    async def change(wanted: Event) -> None:
        await wanted.wait()
        await bench.intc.set_mode(Mode.ERT)
        bench.status(0, 1)

    async def main() -> None:
        await bench.up(Mode.CU)
        bench.intc.request(Mode.CU, 0, handler)
        await bench.intc.enable(Mode.CU, 0)
        task = bench.rig.clock.spawn(change(switch))
        bench.line(0, True)
        await task.join()
        await bench.pause()
        assert bench.rig.card.csr.status[0] == 1
        assert bench.rig.card.user_irqs.enable & 1 == 0, "nothing is enabled in the new mode"

    bench.rig.run(main())


def test_a_late_message_does_not_read_status() -> None:
    """Somebody else may be polling the register, which is cleared by a read."""
    bench = Bench(1)

    async def main() -> None:
        await bench.up(Mode.ERT)
        bench.status(0, 1)
        bench.rig.irqs.event(0).set()
        await bench.pause()
        assert bench.rig.card.csr.status[0] == 1 and not bench.accesses()

    bench.rig.run(main())


def test_sources_of_a_bank_that_are_switched_at_the_same_time() -> None:
    """The last source goes while another one comes and the first comes back: the controller has both."""
    bench = Bench(2)

    async def main() -> None:
        await bench.up(Mode.CU)
        for source in (0, 1):
            bench.intc.request(Mode.CU, source, bench.note)
        await bench.intc.enable(Mode.CU, 0)
        spawn = bench.rig.clock.spawn
        calls = [bench.intc.disable(Mode.CU, 0), bench.intc.enable(Mode.CU, 1), bench.intc.enable(Mode.CU, 0)]
        for task in [spawn(call) for call in calls]:
            await task.join()
        assert bench.intc.enabled(Mode.CU) == 3
        assert [value for _, _, value in await ier(bench)] == [3]

    bench.rig.run(main())


def test_a_source_that_is_enabled_beside_a_change_of_the_mode() -> None:
    """In ERT mode the controllers are the firmware's: a unit must not reach it by the driver's doing."""
    bench = Bench(1)

    async def main() -> None:
        await bench.up(Mode.CU)
        bench.intc.request(Mode.CU, 0, bench.note)
        change = bench.rig.clock.spawn(bench.intc.set_mode(Mode.ERT))
        await bench.rig.clock.sleep_ns(1)
        await bench.intc.enable(Mode.CU, 0)
        await change.join()
        assert bench.intc.mode == Mode.ERT and bench.intc.enabled(Mode.CU) == 1
        assert [value for _, _, value in await ier(bench)] == [0]
        assert bench.rig.card.user_irqs.enable & 1 == 0
        await bench.intc.set_mode(Mode.CU)
        assert [value for _, _, value in await ier(bench)] == [1], "it takes effect in its own mode"

    bench.rig.run(main())


async def ier(bench: Bench) -> list[Entry]:
    """The first controller's enables, read as a list of one access."""
    bench.accesses()
    await bench.rig.bar.read32(user_bar.CU_INTC[0].base + IER)
    return bench.accesses()
