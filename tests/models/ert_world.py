# SPDX-License-Identifier: Apache-2.0
"""The reference card with its processor and its host, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydriver import ert
from pydriver.ert import Feature
from tests.models import ert_csr
from tests.models.ert_card import Card
from tests.models.virtual_time import Kernel

BASE = Feature.ERT | Feature.KDS_30


class Core:
    """The processor of the firmware on a `Card`; every bus access takes `access_ns`."""

    def __init__(self, card: Card, access_ns: int = 40):
        self.card = card
        self.kernel = card.kernel
        self.access_ns = access_ns
        self.waits = 0

    @property
    def bus(self) -> Core:
        return self

    async def read32(self, addr: int) -> int:
        await self.kernel.sleep(self.access_ns)
        return self.card.mb_read(addr)

    async def write32(self, addr: int, value: int) -> None:
        await self.kernel.sleep(self.access_ns)
        self.card.mb_write(addr, value)

    async def read32s(self, addrs: Sequence[int]) -> list[int]:
        return [await self.read32(addr) for addr in addrs]

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        for addr, value in writes:
            await self.write32(addr, value)

    def interrupt_pending(self) -> bool:
        return self.card.mb_irq

    async def wait_interrupt(self) -> None:
        await self.kernel.until(self.interrupt_pending)

    async def wait_activity(self, timeout_ns: int | None = None, interrupt: bool = True) -> int:
        self.waits += 1

        def active() -> bool:
            return bool(self.card.cq.touched) or (interrupt and self.card.mb_irq)

        await self.kernel.until(active, timeout_ns)
        blocks = self.card.cq.touched
        self.card.cq.acknowledge(blocks)
        return blocks

    def set_asleep(self, asleep: bool) -> None:
        self.card.asleep = asleep

    async def wait_awake(self) -> None:
        await self.kernel.until(lambda: self.card.wake)

    def now_ns(self) -> int:
        return self.kernel.now

    async def sleep_ns(self, ns: int) -> None:
        await self.kernel.sleep(ns)


class Host:
    """What the user driver does with queue and registers (XRT ERT contract §4)."""

    def __init__(self, card: Card, access_ns: int = 100):
        self.card = card
        self.kernel = card.kernel
        self.access_ns = access_ns
        self.slot_size = 0x1000
        self.completions: list[int] = []
        self.history: list[int] = []

    async def submit(self, slot: int, words: Sequence[int]) -> None:
        """Write a slot, header last, and ring the doorbell."""
        base = slot * self.slot_size
        for index in [*range(1, len(words)), 0]:
            await self.kernel.sleep(self.access_ns)
            self.card.host_write_cq(base + 4 * index, words[index])
        await self.kernel.sleep(self.access_ns)
        self.card.host_write_csr(ert_csr.CQ_STATUS + 4 * (slot // 32), 1 << slot % 32)

    async def collect(self) -> list[int]:
        """Read the status registers once; return the slots that were done."""
        done = []
        for word in range(4):
            await self.kernel.sleep(self.access_ns)
            value = self.card.host_read_csr(4 * word)
            done += [32 * word + bit for bit in range(32) if value >> bit & 1]
        self.completions += done
        self.history += done
        return done

    async def wait(self, slot: int, timeout_ns: int = 1_000_000, interrupt: bool = False) -> None:
        """Until `slot` is done, by polling or by interrupt."""
        deadline = self.kernel.now + timeout_ns
        while slot not in self.completions:
            if interrupt:
                assert await self.kernel.until(lambda: self.card.host_irq != 0, timeout_ns), "no interrupt"
            else:
                await self.kernel.sleep(1000)
            assert self.kernel.now < deadline, f"slot {slot} did not complete"
            await self.collect()
        self.completions.remove(slot)

    def reply(self, slot: int, count: int) -> list[int]:
        """Words of a slot."""
        return [self.card.cq.read(slot * self.slot_size + 4 * i) for i in range(count)]


@dataclass
class World:
    """One card and its host."""

    kernel: Kernel
    card: Card
    host: Host
    features: Feature = BASE
    core: Core = field(init=False)

    def __post_init__(self) -> None:
        self.core = Core(self.card)

    async def boot(self) -> None:
        await self.kernel.sleep(30_000)

    async def configure(
        self, slot_size: int = 0x200, interrupt: bool = False, units: int | None = None
    ) -> None:
        """CONFIGURE with the first `units` units, or all."""
        count = len(self.card.units) if units is None else units
        addresses = [self.card.unit_address(index) for index in range(count)]
        await self.host.submit(0, ert.slot_words(ert.configure(slot_size, addresses, self.features)))
        await self.host.wait(0, interrupt=interrupt)
        self.host.slot_size = slot_size

    async def start(self, slot: int, cu: int, *arguments: int) -> None:
        """START_CU with these argument words."""
        packet = ert.start_kernel(1 << cu % 32, [0, 0, 0, 0, *arguments])
        await self.host.submit(slot, ert.slot_words(packet, cu))
