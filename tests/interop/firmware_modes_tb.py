# SPDX-License-Identifier: Apache-2.0
"""Every mode of a scheduler firmware on the RTL card, the test being the host. FIRMWARE names it.

Copy engine, interrupt collector, doorbell, unit interrupt controllers.
"""

from __future__ import annotations

import os
from typing import Any

import cocotb

from cards import firmware
from cards.xrt_u200 import USER, Card
from firmware_model import images
from firmware_model.ert import Options
from pydriver import ert
from pydriver.ert import Feature
from pydriver.regs import device_mem, ert_csr, user_bar
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl.dma import WindowDma
from tb.cocotb_util import seeded_random
from tests.models import kernels
from tests.system.rig import bit

BASE = Feature.ERT | Feature.KDS_30
DMA, ADDRESS = Feature.CU_DMA, Feature.CU_DMA | Feature.DSA52
ISR, DOORBELL = Feature.CU_ISR | Feature.DSA52, Feature.CQ_INT
V20 = [
    BASE,
    BASE | DMA,
    BASE | ADDRESS,
    BASE | ISR,
    BASE | DOORBELL,
    BASE | ISR | DOORBELL | DMA,
    BASE | Feature.DATAFLOW,
    BASE | Feature.DATAFLOW | DOORBELL,
]
V30 = [BASE, BASE | DOORBELL, BASE | Feature.INTR, BASE | Feature.INTR | DOORBELL, Feature.ERT]
MODES = {"v20": V20, "amd": V20, "v30": V30, "amd-v30": V30}
UNITS = (0, 1)  # both vectors adders
WORDS = 32
BUFFER = 4 * WORDS
ROUND = 6


class Host:
    """Submits and collects as the user driver does."""

    def __init__(self, card: Card) -> None:
        function = card.platform.functions[USER]
        self.bar = function.bars[0]
        self.memory = WindowDma(function.bars[4])
        self.clock = card.platform.clock
        self.slot_size = 0x1000
        self.done: set[int] = set()

    async def submit(self, slot: int, words: list[int]) -> None:
        base = user_bar.ERT_CQ.base + slot * self.slot_size
        await self.bar.write32s([(base + 4 * i, words[i]) for i in [*range(1, len(words)), 0]])
        bell = user_bar.ERT_CSR.base + ert_csr.CQ_STATUS0.offset + 4 * (slot // 32)
        await self.bar.write32(bell, 1 << slot % 32)

    async def wait(self, slots: set[int]) -> None:
        for _ in range(400):
            if slots <= self.done:
                self.done -= slots
                return
            await self.clock.sleep_ns(1000)
            for word in range(4):
                value = await self.bar.read32(user_bar.ERT_CSR.base + 4 * word)
                fresh = {32 * word + bit for bit in range(32) if value >> bit & 1}
                assert not fresh & self.done, f"slots {fresh & self.done} completed twice"
                self.done |= fresh
        raise AssertionError(f"slots {sorted(slots - self.done)} never completed")


async def play(host: Host, features: Feature, slot_size: int, rng: Any) -> None:
    """Configure, then commands on both units, more than can run at once."""
    addresses = [user_bar.CU[unit].base for unit in UNITS]
    packet = ert.configure(slot_size, addresses, features | Feature.POLLING)
    await host.submit(0, ert.slot_words(packet))
    await host.wait({0})
    host.slot_size = slot_size
    slots = rng.sample(range(1, min(128, 0x10000 // slot_size)), ROUND)
    jobs = []
    for index, slot in enumerate(slots):
        base = device_mem.DDR0.base + 3 * BUFFER * index
        left, right = ([rng.getrandbits(32) for _ in range(WORDS)] for _ in range(2))
        await host.memory.write(base, kernels.pack(left) + kernels.pack(right))
        places = [base, base + BUFFER, base + 2 * BUFFER]
        arguments = [word for at in places for word in (at & 0xFFFFFFFF, at >> 32, 0)] + [WORDS]
        start = ert.start_kernel(1, [0, 0, 0, 0, *arguments], [0] * rng.randrange(4))
        await host.submit(slot, ert.slot_words(start, index % len(UNITS)))
        jobs.append((base + 2 * BUFFER, kernels.vadd(left, right)))
    await host.wait(set(slots))
    for at, expected in jobs:
        assert kernels.unpack(await host.memory.read(at, BUFFER)) == expected, features
    await host.submit(0, ert.slot_words(ert.cu_stat()))
    await host.wait({0})
    reply = [await host.bar.read32(user_bar.ERT_CQ.base + 4 * i) for i in range(9)]
    assert ert.parse_cu_stat(reply).executions == (ROUND // 2, ROUND // 2)
    assert not host.done, "something completed that nobody submitted"


@cocotb.test()
async def every_mode(dut: Any) -> None:
    choice = os.environ["FIRMWARE"]
    rng = seeded_random()
    options = Options(interrupt_driven="DRIVEN" in os.environ)
    card = await Card.power_on(dut, identify=firmware.identify(choice, options))
    mgmt = await Xclmgmt.probe(card.platform, MgmtOptions(sched_image=images.build(), clear_queue=False))
    await mgmt.gate.freeze()
    await mgmt.icap.program(bit())
    await mgmt.gate.free()
    host = Host(card)
    # Doorbells left over from more slots make the vendor's firmware write where it should not.
    sizes = sorted((rng.choice([0x200, 0x240, 0x800, 0x1000]) for _ in MODES[choice]), reverse=True)
    for features, slot_size in zip(MODES[choice], sizes, strict=True):
        before = card.processor.bus.accesses
        await play(host, features, slot_size, rng)
        used = card.processor.bus.accesses - before
        cocotb.log.info("%s, %s, slots of %#x: %d accesses", choice, features, slot_size, used)
    await host.clock.sleep_ns(100_000)
    before = card.processor.bus.accesses
    await host.clock.sleep_ns(400_000)
    assert card.processor.bus.accesses == before, "the firmware is busy although there is nothing to do"
