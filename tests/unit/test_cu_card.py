# SPDX-License-Identifier: Apache-2.0
"""The virtual card's own parts around compute units: the scheduler's engines, memory copy, probes."""

from __future__ import annotations

from pydriver.ert import Header, Opcode, Type
from pydriver.platform.virtual import ALL_ONES
from pydriver.regs import device_mem, mb_bus, user_bar
from tests.models import ert_csr, kernels
from tests.models.units import CTRL, GIE, IER, Probe, ProbeNone
from tests.unit.cu_rig import CuRig

CSR = mb_bus.ERT_CSR.base
SLOT_BYTES = 512


def start_packet(unit: int, token: int) -> list[int]:
    """What the host puts into a slot: header, unit address / 4, register map."""
    arguments = [0, 0, token]
    count = 1 + 4 + len(arguments)
    header = Header(Opcode.START_CU, Type.CU, count).pack()
    return [header, user_bar.CU[unit].base >> 2, 0, 0, 0, 0, *arguments]


def test_the_copy_engine_starts_units() -> None:
    rig = CuRig([Probe() for _ in range(3)])
    card = rig.card

    async def main() -> None:
        card.mb_write(CSR + ert_csr.CQ_SLOT_SIZE, SLOT_BYTES // 4)
        for unit in range(3):
            card.mb_write(CSR + ert_csr.LUT + 4 * unit, user_bar.CU[unit].base >> 2)
        card.mb_write(CSR + ert_csr.CU_DMA_ENABLE, 1)
        for slot, unit in ((1, 0), (40, 2)):
            for index, word in enumerate(start_packet(unit, 100 + slot)):
                card.cq.write(slot * SLOT_BYTES + 4 * index, word)
            card.mb_write(CSR + ert_csr.CU_DMA + 4 * (slot // 32), 1 << slot % 32)
        assert card.mb_read(CSR + ert_csr.CUDMA_STATE) != 1, "it works"
        await rig.clock.sleep_ns(10_000)
        assert card.mb_read(CSR + ert_csr.CUDMA_STATE) == 1, "it is idle"

    rig.run(main())
    assert [rig.tokens(unit) for unit in range(3)] == [[101], [], [140]]


def test_the_collector_takes_interrupts_back() -> None:
    rig = CuRig([Probe() for _ in range(40)])
    card = rig.card

    async def main() -> None:
        for unit in (2, 35):
            card.mb_write(CSR + ert_csr.LUT + 4 * unit, user_bar.CU[unit].base >> 2)
        card.mb_write(CSR + ert_csr.NUM_CUS, 40)
        card.mb_write(CSR + ert_csr.CU_ISR_ENABLE, 1)
        for unit in (2, 35):
            base = user_bar.CU[unit].base
            for offset, value in ((GIE, 1), (IER, 1), (CTRL, 1)):
                card.mb_write(base + offset, value)
        await rig.clock.sleep_ns(10_000)
        assert card.cu_interrupts.lines == 0
        statuses = [card.mb_read(CSR + ert_csr.CU_STATUS + 4 * bank) for bank in (0, 1)]
        assert statuses == [1 << 2, 1 << 3]

    rig.run(main())


def test_the_memory_copy_unit() -> None:
    rig = CuRig([Probe()])
    memory = rig.card.device_memory
    source, target = device_mem.DDR0.base + 0x100, device_mem.DDR1.base + 0x40
    data = bytes(range(128))

    async def main() -> None:
        memory.write(source, data)
        base = user_bar.KDMA.base
        words = [source & ALL_ONES, source >> 32, 0, target & ALL_ONES, target >> 32, 0, 2]
        await rig.bar.write32s([(base + 0x10 + 4 * index, word) for index, word in enumerate(words)])
        await rig.bar.write32(base, 1)
        await rig.clock.sleep_ns(10_000)
        assert memory.read(target, 128) == data
        assert await rig.bar.read32(base) & 2

    rig.run(main())


def test_probe_outputs_and_a_unit_that_starts_by_itself() -> None:
    rig = CuRig([Probe(), ProbeNone()])
    model = kernels.Probe()

    async def main() -> None:
        await rig.up()
        await rig.until_over([rig.submit(0, token) for token in (7, 9)])
        for token in (7, 9):
            model.run(token, [])
        base = rig.cus[0].address
        values = await rig.bar.read32s([base + at for at in (Probe.RUNS, Probe.DIGEST, Probe.LAST)])
        assert values == [model.runs, model.digest, model.last]
        await rig.bar.write32(rig.cus[1].address + Probe.TOKEN, 5)
        await rig.clock.sleep_ns(10_000)
        await rig.bar.write32(rig.cus[1].address + CTRL, 1)
        await rig.clock.sleep_ns(10_000)

    rig.run(main())
    assert rig.tokens(1) == [5]


def test_what_is_behind_the_last_slot_does_not_answer() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        for slot in (1, 127):
            await rig.bar.write32(user_bar.CU[slot].base, 1)
            assert await rig.bar.read32(user_bar.CU[slot].base) == ALL_ONES

    rig.run(main())
