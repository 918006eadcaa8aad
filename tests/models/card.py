# SPDX-License-Identifier: Apache-2.0
"""The whole card in Python on virtual time, for tests of the drivers: behind the BARs of a `VirtualPlatform`.

Put together from the golden models of the blocks (mailbox, HWICAP with its engine, scheduler registers, queue
and interrupt controller) and simple ones for the rest; the scheduler's firmware is `firmware_model`, started
from the image memory as on the card. Knobs for faults are plain attributes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from firmware_model import images
from pydriver.platform.virtual import (
    ALL_ONES,
    AddressMap,
    Ram,
    Target,
    VirtualFunction,
    VirtualPlatform,
    VirtualTask,
)
from pydriver.regs import Window, cfg_gpio, device_mem, mb_bus, mgmt_bar, user_bar, user_mem_bar
from tests.models.card_engines import Engines
from tests.models.config_engine import ConfigEngine
from tests.models.cu_interrupts import BANKS, CfgGpio, CuIntcPort, CuInterrupts
from tests.models.ert_cq import ErtCq
from tests.models.ert_csr import CU_DMA, ErtCsr
from tests.models.ert_csr import Access as CsrAccess
from tests.models.hwicap import Hwicap
from tests.models.mailbox import Access, Mailbox
from tests.models.mailbox import Side as MailboxSide
from tests.models.mb_intc import MbIntc
from tests.models.units import Memcopy, Unit

ROM_TIMESTAMP = 1561465320
VBNV = b"xilinx_u200_xdma_201830_2"
MIB = 1 << 20
SLOTS = 4
UNIT_STRIDE = user_bar.CU[0].size
GATE_OPEN = 3
CU_INTC_INPUT = 5
"""First input of the scheduler's interrupt controller that a unit controller drives."""
KDMA_INPUT = 2
UNITS = Window("CU", user_bar.CU[0].base, len(user_bar.CU) * UNIT_STRIDE)
FIRMWARE_ACCESS_NS = 60
MGMT_MAILBOX_IRQ, USER_MAILBOX_IRQ = 11, 4


class IrqBar(Target):
    """XDMA interrupt and config blocks; a request that rises while enabled raises its vector."""

    def __init__(self, function: VirtualFunction) -> None:
        self.function = function
        self.reset()

    def reset(self) -> None:
        """Enables, lines and vectors to zero."""
        self.enable = 0
        self.lines = 0
        self.vectors = [0] * 16

    def set_line(self, irq: int, level: bool) -> None:
        before = self.lines & self.enable
        self.lines = self.lines & ~(1 << irq) | level << irq
        self._send(before)

    def _send(self, before: int) -> None:
        risen = self.lines & self.enable & ~before
        for irq in range(16 if risen else 0):
            if risen & 1 << irq:
                self.function.raise_msix(self.vectors[irq])

    def read32(self, offset: int) -> int:
        values = {
            0x2000: 0x1FC20006,
            0x3000: 0x1FC30006,
            0x2004: self.enable,
            0x2040: self.lines & self.enable,
        }
        if 0x2080 <= offset < 0x2090:
            return sum(self.vectors[(offset - 0x2080) + lane] << 8 * lane for lane in range(4))
        return values.get(offset, 0)

    def write32(self, offset: int, value: int) -> None:
        before = self.lines & self.enable
        if offset == 0x2004:
            self.enable = value & 0xFFFF
        elif offset == 0x2008:
            self.enable |= value & 0xFFFF
        elif offset == 0x200C:
            self.enable &= ~value
        elif 0x2080 <= offset < 0x2090:
            for lane in range(4):
                self.vectors[(offset - 0x2080) + lane] = value >> 8 * lane & 0x1F
        self._send(before)


class MailboxPort(Target):
    """One side of the mailbox model; an access is a cycle, and quiet ones until the levels have settled."""

    def __init__(self, card: Card, mgmt: bool) -> None:
        self.card = card
        self.mgmt = mgmt

    def read32(self, offset: int) -> int:
        value = self._step(Access(read=offset))
        assert value is not None
        return value

    def write32(self, offset: int, value: int) -> None:
        if not self.mgmt and offset == 0 and self.card.corrupt_mailbox_word is not None:
            index, mask = self.card.corrupt_mailbox_word
            self.card.corrupt_mailbox_word = (index - 1, mask) if index else None
            value ^= mask if index == 0 else 0
        self._step(Access(write=(offset, value)))

    def _step(self, access: Access) -> int | None:
        model = self.card.mailbox
        sides = (access, Access()) if self.mgmt else (Access(), access)
        answer = model.step(*sides)[0 if self.mgmt else 1]
        while model.a.edges or model.b.edges:
            model.step(Access(), Access())
        self.card.mailbox_lines()
        return answer


class HwicapPort(Target):
    """The HWICAP model; the clock runs on until a command is finished, unless the port is stuck."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def read32(self, offset: int) -> int:
        if offset == 0x114 and self.card.icap_stuck:
            return 0
        value = self.card.hwicap.step(None, offset)
        assert value is not None
        return value

    def write32(self, offset: int, value: int) -> None:
        self.card.hwicap.step((offset, value), None)
        while self.card.hwicap.writing or self.card.hwicap.reading:
            self.card.hwicap.step(None, None)


class Gate(Target):
    """AXI gate; RD follows WR. Closed, it resets the region."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.state = 0
        self.history: list[int] = []

    def read32(self, offset: int) -> int:
        return self.state if offset in (0, 8) else 0

    def write32(self, offset: int, value: int) -> None:
        if offset == 0:
            self.state = value & 3
            self.history.append(self.state)
            if self.state != GATE_OPEN:
                for unit in self.card.units:
                    unit.reset()


class ResetGpio(Target):
    """Runs the firmware that the image memory names."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.value = 0

    def read32(self, offset: int) -> int:
        return self.value if offset == 0 else 0

    def write32(self, offset: int, value: int) -> None:
        if offset == 0:
            self.value = value & 1
            self.card.set_firmware(bool(self.value))


class Rom(Ram):
    """Feature ROM; writes are ignored."""

    def write32(self, offset: int, value: int) -> None:
        """Read only."""

    def write(self, offset: int, data: bytes) -> None:
        """Read only."""


class Calibration(Target):
    """Bit 0: done, after `after` reads."""

    def __init__(self) -> None:
        self.after = 0

    def read32(self, offset: int) -> int:
        self.after -= 1
        return int(self.after < 0)


class CsrPort(Target):
    """The host's port of the scheduler registers."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def read32(self, offset: int) -> int:
        value = self.card.csr_cycle(CsrAccess(host_read=offset))[0]
        assert value is not None
        return value

    def write32(self, offset: int, value: int) -> None:
        self.card.csr_cycle(CsrAccess(host_write=(offset, value)))


class QueuePort(Target):
    """The host's port of the command queue."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def read32(self, offset: int) -> int:
        return self.card.cq.read(offset)

    def write32(self, offset: int, value: int) -> None:
        self.card.cq.host_write(offset, value, headers_aligned=self.card.csr.headers_aligned)
        if self.card.cq.touched:
            self.card.activity.set()


class UnitsPort(Target):
    """The slots' windows; what is behind the last slot is not decoded."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def read32(self, offset: int) -> int:
        slot, register = divmod(offset, UNIT_STRIDE)
        return self.card.units[slot].read32(register) if slot < len(self.card.units) else ALL_ONES

    def write32(self, offset: int, value: int) -> None:
        slot, register = divmod(offset, UNIT_STRIDE)
        if slot < len(self.card.units):
            self.card.units[slot].write32(register, value)


def _configuration_port(slots: int) -> Hwicap:
    """HWICAP with an unconfigured engine."""
    return Hwicap(ConfigEngine(slots), 64, 64)


class Card:
    """Plug it into a platform: ``card = Card(platform)``. `slots`: units in the region, up to 128."""

    def __init__(
        self,
        platform: VirtualPlatform,
        fifo_depth: int = 32,
        timestamp: int = ROM_TIMESTAMP,
        slots: int = SLOTS,
    ) -> None:
        self.clock = platform.clock
        self.slots = slots
        self.fifo_depth = fifo_depth
        self.mailbox = Mailbox(fifo_depth)
        self.hwicap = _configuration_port(slots)
        self.gate = Gate(self)
        self.processor_reset = ResetGpio(self)
        self.calibration = Calibration()
        self.csr = ErtCsr()
        self.cq = ErtCq()
        self.intc = MbIntc()
        self.cu_interrupts = CuInterrupts()
        self.cfg_gpio = CfgGpio(self)
        self.engines = Engines(self)
        self.kernel_ns = 3_000
        self.asleep = False
        self._kdma_line = False
        self.image = Ram(mgmt_bar.SCHED_IMAGE.size)
        self.rom = Rom(0x1000)
        self.icap_stuck = False
        self.corrupt_mailbox_word: tuple[int, int] | None = None
        self.activity = platform.clock.event()
        self._firmware: VirtualTask | None = None
        self._memory_banks = {
            device_mem.DDR0: Ram(device_mem.DDR0.size),
            device_mem.DDR1: Ram(device_mem.DDR1.size),
            device_mem.PLRAM: Ram(device_mem.PLRAM.size),
        }
        self.device_memory = AddressMap([(w.base, w.size, ram) for w, ram in self._memory_banks.items()])
        self.set_rom()
        self.mgmt = platform.add_function(0, "mgmt", 0x5000, 0xE52)
        self.user = platform.add_function(1, "user", 0x5001, 0xE52)
        self.mgmt_irqs, self.user_irqs = IrqBar(self.mgmt), IrqBar(self.user)
        self.units = [Unit(self, slot) for slot in range(slots)]
        self.kdma = Unit(self, None, Memcopy())
        self._bars()
        platform.on_hot_reset.append(self.reset)

    def reset(self) -> None:
        """The card's reset pin: registers as after power-up, the region empty, the processor held.

        Memories have no reset: the queue, the look-up table and the firmware image stay. Nobody may count on
        device memory, so it is filled with something else. The knobs of a test stay too.
        """
        self.processor_reset.value = 0
        self.set_firmware(False)
        self.mailbox = Mailbox(self.fifo_depth)
        self.hwicap = _configuration_port(self.slots)
        self.gate.state = 0
        self.csr.reset()
        self.cq.touched = 0
        self.intc = MbIntc()
        self.cu_interrupts = CuInterrupts()
        self.engines = Engines(self)
        self.cfg_gpio.control = 0
        for unit in (*self.units, self.kdma):
            unit.reset()
        for irqs in (self.mgmt_irqs, self.user_irqs):
            irqs.reset()
        for ram in self._memory_banks.values():
            ram.data[:] = b"\xa5" * len(ram.data)

    def set_rom(
        self, timestamp: int = ROM_TIMESTAMP, features: int = 0x1_000D, magic: bytes = b"xlnx"
    ) -> None:
        """Feature ROM contents; the features say unified, board management, scheduler and P2P."""
        texts = struct.pack("<64s64s", b"xcu200-fsgd2104-2-e", VBNV)
        head = struct.pack("<4sBB2xIIQ", magic, 10, 1, 2018, 2018, timestamp) + texts
        cdma = (user_bar.KDMA.base, 0, 0, 0)
        rest = struct.pack("<BB6xQQ16sBB2x4I", 2, 16, 0x1800000, features, bytes(16), 0, 0, *cdma)
        self.rom.data[: len(head + rest)] = head + rest

    def _bars(self) -> None:
        self._intc_ports = [CuIntcPort(self, bank) for bank in range(BANKS)]
        shared = [(mgmt_bar.ERT_CSR, CsrPort(self)), (mgmt_bar.ERT_CQ, QueuePort(self))]
        mgmt = [
            (mgmt_bar.HWICAP, HwicapPort(self)),
            (mgmt_bar.AXI_GATE, self.gate),
            (mgmt_bar.CALIB_GPIO, self.calibration),
            (mgmt_bar.FEATURE_ROM, self.rom),
            (mgmt_bar.MB_RESET_GPIO, self.processor_reset),
            (mgmt_bar.SCHED_IMAGE, self.image),
            (mgmt_bar.MAILBOX, MailboxPort(self, mgmt=True)),
            *shared,
        ]
        user = [
            (user_bar.FEATURE_ROM, self.rom),
            (user_bar.MAILBOX, MailboxPort(self, mgmt=False)),
            *shared,
            *zip(user_bar.CU_INTC, self._intc_ports, strict=True),
            (user_bar.ERT_CFG_GPIO, self.cfg_gpio),
            (user_bar.KDMA, self.kdma),
            (UNITS, UnitsPort(self)),
        ]
        self.mgmt.add_bar(0, 32 * MIB, AddressMap([(w.base, w.size, t) for w, t in mgmt]))
        self.mgmt.add_bar(2, 128 << 10, self.mgmt_irqs)
        self.user.add_bar(0, 32 * MIB, AddressMap([(w.base, w.size, t) for w, t in user]))
        self.user.add_bar(2, 64 << 10, self.user_irqs)
        banks = [(getattr(user_mem_bar, w.name).base, w.size, ram) for w, ram in self._memory_banks.items()]
        self.user.add_bar(4, 256 * MIB, AddressMap(banks))

    # ---- levels

    def mailbox_lines(self) -> None:
        """Interrupt lines of the mailbox to the interrupt blocks."""
        self.mgmt_irqs.set_line(MGMT_MAILBOX_IRQ, bool(self.mailbox.a.irq))
        self.user_irqs.set_line(USER_MAILBOX_IRQ, bool(self.mailbox.b.irq))

    def csr_cycle(self, access: CsrAccess) -> tuple[int | None, int | None]:
        """An access to the scheduler registers and two quiet edges."""
        answer = self.csr.cycle(access, reported=self.engines.collect(self.cu_interrupts.lines))
        self._host_lines()
        for _ in range(2):
            self.intc.cycle(self._processor_lines())
            self.csr.cycle(CsrAccess())
            self._host_lines()
        if self.intc.irq:
            self.activity.set()
        return answer

    def settle_interrupts(self) -> None:
        """Two quiet edges of everything between the units and the interrupt blocks."""
        self.csr_cycle(CsrAccess())

    def set_unit_line(self, slot: int | None, level: bool) -> None:
        """The interrupt of a unit; without slot it is the memory copy unit, known to the scheduler only."""
        changed = level != self._kdma_line if slot is None else self.cu_interrupts.set_line(slot, level)
        if slot is None:
            self._kdma_line = level
        if changed:
            self.settle_interrupts()

    def _processor_lines(self) -> int:
        units = self.cu_interrupts.irq << CU_INTC_INPUT | self._kdma_line << KDMA_INPUT
        return int(self.csr.mb_irq_cq) | int(self.csr.mb_irq_cu) << 1 | units

    def _host_lines(self) -> None:
        lines = self.cu_interrupts.irq if self.cfg_gpio.cu_to_host else self.csr.host_irq
        for index in range(4):
            self.user_irqs.set_line(index, bool(lines >> index & 1))

    def kernel(self, slot: int) -> int:
        """Kernel type configured in a slot."""
        kernels = self.hwicap.engine.kernels
        return kernels[slot] if kernels and slot < len(kernels) else 0

    @property
    def user_mailbox(self) -> MailboxSide:
        return self.mailbox.b

    # ---- the processor

    def set_firmware(self, run: bool) -> None:
        """Reset line of the processor; in reset it does not sleep."""
        self.asleep = False
        if self._firmware is not None:
            self._firmware.cancel()
            self._firmware = None
        model = images.identify(struct.unpack_from("<3I", self.image.data)) if run else None
        if model is not None:
            self._firmware = self.clock.spawn(model(Core(self)), "firmware")  # type: ignore[arg-type]

    @property
    def wake(self) -> bool:
        """The host wants the processor awake."""
        return bool(self.cfg_gpio.control & cfg_gpio.CONTROL.WAKE.mask)

    def _bus_target(self, addr: int) -> tuple[Target, int] | None:
        """What both processor and host reach the same way."""
        if addr in UNITS:
            slot, offset = divmod(addr - UNITS.base, UNIT_STRIDE)
            return (self.units[slot], offset) if slot < len(self.units) else None
        targets = [
            *zip(mb_bus.CU_INTC, self._intc_ports, strict=True),
            (mb_bus.ERT_CFG_GPIO, self.cfg_gpio),
            (mb_bus.KDMA, self.kdma),
        ]
        return next(((target, addr - window.base) for window, target in targets if addr in window), None)

    def mb_read(self, addr: int) -> int:
        """The processor's bus."""
        if addr in mb_bus.ERT_CSR:
            value = self.csr_cycle(CsrAccess(mb_read=addr - mb_bus.ERT_CSR.base))[1]
            assert value is not None
            return value
        if addr in mb_bus.ERT_CQ:
            return self.cq.read(addr - mb_bus.ERT_CQ.base)
        if addr in mb_bus.INTC:
            return self.intc.read(addr - mb_bus.INTC.base)
        found = self._bus_target(addr)
        if found is not None:
            return found[0].read32(found[1])
        return self.image.read32(addr) if addr in mb_bus.SCHED_IMAGE else ALL_ONES

    def mb_write(self, addr: int, value: int) -> None:
        if addr in mb_bus.ERT_CSR:
            offset = addr - mb_bus.ERT_CSR.base
            self.csr_cycle(CsrAccess(mb_write=(offset, value)))
            if CU_DMA <= offset < CU_DMA + 16:
                self.engines.start_copies((offset - CU_DMA) // 4, value)
        elif addr in mb_bus.ERT_CQ:
            self.cq.write(addr - mb_bus.ERT_CQ.base, value)
        elif addr in mb_bus.INTC:
            self.intc.cycle(self._processor_lines(), (addr - mb_bus.INTC.base, value))
            self.csr_cycle(CsrAccess())
        else:
            found = self._bus_target(addr)
            if found is not None:
                found[0].write32(found[1], value)


class Core:
    """The processor of the firmware."""

    def __init__(self, card: Card) -> None:
        self.card = card

    @property
    def bus(self) -> Core:
        return self

    async def read32(self, addr: int) -> int:
        await self.card.clock.sleep_ns(FIRMWARE_ACCESS_NS)
        return self.card.mb_read(addr)

    async def write32(self, addr: int, value: int) -> None:
        await self.card.clock.sleep_ns(FIRMWARE_ACCESS_NS)
        self.card.mb_write(addr, value)

    async def read32s(self, addrs: Sequence[int]) -> list[int]:
        return [await self.read32(addr) for addr in addrs]

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        for addr, value in writes:
            await self.write32(addr, value)

    def interrupt_pending(self) -> bool:
        return self.card.intc.irq

    async def wait_interrupt(self) -> None:
        while not self.card.intc.irq:
            self.card.activity.clear()
            await self.card.activity.wait()

    async def wait_activity(self, timeout_ns: int | None = None, interrupt: bool = True) -> int:
        deadline = None if timeout_ns is None else self.now_ns() + timeout_ns
        while not self.card.cq.touched and not (interrupt and self.card.intc.irq):
            left = None if deadline is None else deadline - self.now_ns()
            if left is not None and left <= 0:
                break
            self.card.activity.clear()
            await self.card.activity.wait(left)
        blocks = self.card.cq.touched
        self.card.cq.acknowledge(blocks)
        return blocks

    def set_asleep(self, asleep: bool) -> None:
        self.card.asleep = asleep

    async def wait_awake(self) -> None:
        while not self.card.wake:
            self.card.activity.clear()
            await self.card.activity.wait()

    def now_ns(self) -> int:
        return self.card.clock.now_ns()

    async def sleep_ns(self, ns: int) -> None:
        await self.card.clock.sleep_ns(ns)
