# SPDX-License-Identifier: Apache-2.0
"""The ERT subsystem in lockstep with its golden models, every port busy in every cycle."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import cocotb
from cocotb_coverage.coverage import CoverPoint, coverage_db, coverage_section

from tb.cocotb_util import seeded_random
from tests.block.ert_lockstep import Edge, Lockstep, Write
from tests.models import ert_csr, mb_intc

STATUS, CU_STATUS, CQ_STATUS = ert_csr.STATUS, ert_csr.CU_STATUS, ert_csr.CQ_STATUS
MASK = ert_csr.MASK

# ---- coverage -----------------------------------------------------------------------------------------


def kind(offset: int | None) -> str:
    """Which group a CSR offset is in."""
    if offset is None:
        return "none"
    if offset < STATUS + 16:
        return "status"
    if CU_STATUS <= offset < CU_STATUS + 16:
        return "cu_status"
    if CQ_STATUS <= offset < CQ_STATUS + 16:
        return "cq_status"
    if ert_csr.LUT <= offset < ert_csr.LUT + 4 * ert_csr.LUT_WORDS:
        return "lut"
    return "plain" if offset in (*ert_csr.WORDS, *ert_csr.FLAGS) else "other"


KINDS = ["status", "cu_status", "cq_status", "lut", "plain", "other"]
CSR_COVERAGE = coverage_section(
    CoverPoint("ert.host_read", xf=lambda f: f["host_read"], bins=KINDS),
    CoverPoint("ert.host_write", xf=lambda f: f["host_write"], bins=KINDS),
    CoverPoint("ert.mb_read", xf=lambda f: f["mb_read"], bins=KINDS),
    CoverPoint("ert.mb_write", xf=lambda f: f["mb_write"], bins=KINDS),
    CoverPoint("ert.status_race", xf=lambda f: f["status_race"], bins=[True, False]),
    CoverPoint("ert.cq_status_race", xf=lambda f: f["cq_status_race"], bins=[True, False]),
    CoverPoint("ert.cu_status_race", xf=lambda f: f["cu_status_race"], bins=[True, False]),
    CoverPoint("ert.cq_same_word", xf=lambda f: f["cq_same_word"], bins=[True, False]),
    CoverPoint("ert.cq_read_of_written", xf=lambda f: f["cq_read_of_written"], bins=[True, False]),
    CoverPoint("ert.touch_race", xf=lambda f: f["touch_race"], bins=[True, False]),
    CoverPoint("ert.strobe", xf=lambda f: f["strobe"], bins=list(range(16))),
    CoverPoint("ert.host_irq", xf=lambda f: f["host_irq"], bins=[0, 1, 2, 4, 8, 15]),
    CoverPoint("ert.mb_irq", xf=lambda f: f["mb_irq"], bins=[True, False]),
    *(
        CoverPoint(f"ert.level{i}", xf=lambda f, i=i: f["levels"] >> i & 1, bins=[0, 1])
        for i in (0, 1, 2, 5, 6, 7, 8)
    ),
    CoverPoint("ert.bank_irq", xf=lambda f: f["bank_irq"], bins=[0, 1, 2, 4, 8]),
    CoverPoint("ert.stalled", xf=lambda f: f["stalled"], bins=[True, False]),
)


@CSR_COVERAGE
def covered(facts: dict[str, Any]) -> None:
    """Sampling point of the functional coverage."""


def sample(edge: Edge) -> None:
    """Record what an edge does."""
    step, taken, reported = edge.step, edge.taken, edge.reported
    host_read, host_write = taken["csr_host"]
    mb_read, mb_write = taken["csr_mb"]
    cq_host_write, cq_mb_write = taken["cq_host"][1], taken["cq_mb"][1]
    cq_mb_read = taken["cq_mb"][0]
    written = None if cq_host_write is None else cq_host_write[0]
    status_race = host_read is not None and mb_write is not None and host_read == mb_write[0] < 16
    doorbell = host_write is not None and host_write[0] == mb_read and kind(mb_read) == "cq_status"
    facts = {
        "host_read": kind(host_read),
        "host_write": kind(None if host_write is None else host_write[0]),
        "mb_read": kind(mb_read),
        "mb_write": kind(None if mb_write is None else mb_write[0]),
        "status_race": status_race,
        "cq_status_race": doorbell,
        "cu_status_race": kind(mb_read) == "cu_status" and bool(reported >> 8 * (mb_read - CU_STATUS) & MASK),
        "cq_same_word": written is not None and cq_mb_write is not None and cq_mb_write[0] == written,
        "cq_read_of_written": written is not None and cq_mb_read == written,
        "touch_race": written is not None and bool(step.inputs["touch_ack"] >> written // 512 & 1),
        "strobe": None if cq_host_write is None else cq_host_write[2],
        "host_irq": step.csr.host_irq,
        "mb_irq": step.intc.irq,
        "levels": edge.levels,
        "bank_irq": sum(bank.irq << i for i, bank in enumerate(step.banks)),
        "stalled": not step.ports["csr_host"].ready and step.ports["csr_host"].r_pending,
    }
    covered(facts)


# ---- tests --------------------------------------------------------------------------------------------


def random_csr_offset(rng: random.Random) -> int:
    """Mostly the registers with side effects; a few words so that races happen."""
    group = rng.random()
    if group < 0.35:
        return STATUS + 4 * rng.choice([0, 0, 1, 2, 3])
    if group < 0.55:
        return CQ_STATUS + 4 * rng.choice([0, 0, 1, 2, 3])
    if group < 0.7:
        return CU_STATUS + 4 * rng.choice([0, 1, 2, 3])
    if group < 0.85:
        return rng.choice([*ert_csr.WORDS, *ert_csr.FLAGS, ert_csr.CUDMA_STATE, ert_csr.CUISR_STATE])
    if group < 0.95:
        return ert_csr.LUT + 4 * rng.choice([0, 1, 127])
    return rng.choice([0x10, 0x14, 0x1C, 0x28, 0x6C, 0x200, 0x600, 0xFFC])


def random_value(rng: random.Random) -> int:
    return rng.choice([1 << rng.randrange(32), rng.getrandbits(32), rng.getrandbits(1)])


def random_cycle(rng: random.Random, busy: float) -> tuple[dict[str, int], dict[str, Write]]:
    """Reads and writes of all ports for one cycle."""
    offset: dict[str, Callable[[], int]] = {
        "csr_host": lambda: random_csr_offset(rng),
        "csr_mb": lambda: random_csr_offset(rng),
        "cq_host": lambda: rng.choice([0, 4, 0x200, 0xFE00, 0xFFFC, 4 * rng.randrange(1 << 14)]),
        "cq_mb": lambda: rng.choice([0, 4, 0x200, 0xFE00, 0xFFFC, 4 * rng.randrange(1 << 14)]),
        "intc": lambda: rng.choice([*range(0, 0x20, 4), mb_intc.IAR, 0x20, 0x100]),
        "cu_intc": lambda: rng.randrange(4) << 12 | offset["intc"](),
    }
    reads = {name: pick() for name, pick in offset.items() if rng.random() < busy}
    writes = {}
    for name, pick in offset.items():
        if rng.random() < busy:
            strobe = rng.randrange(16) if name.startswith("cq") else 0xF
            writes[name] = (pick(), random_value(rng), strobe)
    return reads, writes


@cocotb.test()
async def random_lockstep(dut: Any) -> None:
    """All ports, random stalls and unit interrupts; every output is compared after every edge."""
    rng = seeded_random("ert")
    step = Lockstep(dut, rng)
    step.on_edge = sample
    step.units.errors = 0.1
    await step.start()
    lines = 0
    fixed = os.environ.get("CYCLES")
    least, most = (int(fixed), int(fixed)) if fixed else (4000, 12_000)
    for cycle in range(most):
        # What a seed has not hit yet gets more rounds.
        if cycle >= least and cycle % 500 == 0 and not uncovered():
            break
        # Busy stretches make races, quiet ones let the gated clock stop.
        busy = 0.7 if cycle // 200 % 3 else 0.05
        reads, writes = random_cycle(rng, busy)
        if cycle // 100 % 4 == 3 and reads.get("csr_host", 16) < 16:
            del reads["csr_host"]  # let all four interrupts pile up
        for _ in range(3):
            if rng.random() < 0.2:
                lines ^= 1 << rng.choice([rng.randrange(128), 0, 33, 70, 127])
        ack = step.cq.touched & rng.getrandbits(128) if rng.random() < 0.3 else 0
        if rng.random() < 0.02:
            ack = (1 << 128) - 1
        await step.step(
            reads,
            writes,
            lines,
            touch_ack=ack,
            ready=lambda: rng.random() < 0.8,
            cdma_irq=rng.getrandbits(1),
        )
        if cycle % 500 == 499:
            await check_reset(step)
            lines = 0
            # Most of what matters happens with the engines and the doorbell on.
            for flag in ert_csr.FLAGS:
                await step.step(writes={"csr_mb": (flag, 1, 0xF)})
    if not fixed:
        assert not uncovered(), f"not covered: {uncovered()}"


def uncovered() -> list[str]:
    """Cover points with the bins that nothing has hit."""
    return [
        f"{name}: {sorted(str(b) for b, n in item.detailed_coverage.items() if n == 0)}"
        for name, item in coverage_db.items()
        if name.startswith("ert.") and item.cover_percentage < 100
    ]


async def check_reset(step: Lockstep) -> None:
    """Reset in the middle: registers to zero, memory stays."""
    await step.reset()
    data = await step.step({"csr_mb": ert_csr.CQ_SLOT_SIZE, "csr_host": ert_csr.LUT, "cq_mb": 0})
    assert data["csr_mb"] == 0


async def host_enable(step: Lockstep) -> None:
    await step.step(writes={"csr_mb": (ert_csr.HOST_INTERRUPT_ENABLE, 1, 0xF)})


@cocotb.test()
async def status_read_clears_and_keeps_new_bits(dut: Any) -> None:
    """A slot that completes in the cycle of the host's read is seen by the next read."""
    step = Lockstep(dut, seeded_random())
    await step.start()
    await host_enable(step)
    for word in range(4):
        offset = STATUS + 4 * word
        await step.step(writes={"csr_mb": (offset, 1 << 3, 0xF)})
        assert int(dut.host_irq.value) == 1 << word
        data = await step.step({"csr_host": offset}, {"csr_mb": (offset, 1 << 7, 0xF)})
        assert data["csr_host"] == 1 << 3
        data = await step.step({"csr_host": offset})
        assert data["csr_host"] == 1 << 7
        data = await step.step({"csr_host": offset})
        assert data["csr_host"] == 0


@cocotb.test()
async def host_interrupt_gives_a_new_edge(dut: Any) -> None:
    """After a read that leaves bits behind, the line is low for one cycle and then high again."""
    step = Lockstep(dut, seeded_random())
    await step.start()
    await host_enable(step)
    await step.step(writes={"csr_mb": (STATUS, 1, 0xF)})
    levels = []
    await step.step({"csr_host": STATUS}, {"csr_mb": (STATUS, 2, 0xF)})
    for _ in range(3):
        levels.append(int(dut.host_irq.value) & 1)
        await step.step()
    assert levels == [0, 1, 1]
    # The scheduler's own read does clear, the host's interrupt goes away.
    data = await step.step({"csr_mb": STATUS})
    assert data["csr_mb"] == 2
    assert int(dut.host_irq.value) == 0


@cocotb.test()
async def host_interrupt_enable(dut: Any) -> None:
    """Without the enable STATUS collects silently; setting it later raises the line; the host cannot."""
    step = Lockstep(dut, seeded_random())
    await step.start()
    await step.step(writes={"csr_mb": (STATUS + 8, 0x80000000, 0xF)})
    await step.step(writes={"csr_host": (ert_csr.HOST_INTERRUPT_ENABLE, 1, 0xF)})
    await step.step()
    assert int(dut.host_irq.value) == 0
    await host_enable(step)
    assert int(dut.host_irq.value) == 4


@cocotb.test()
async def doorbell_survives_the_read(dut: Any) -> None:
    """A doorbell in the cycle in which the scheduler reads CQ_STATUS interrupts it again."""
    step = Lockstep(dut, seeded_random())
    await step.start()
    await step.step(writes={"csr_mb": (ert_csr.CQ_STATUS_ENABLE, 1, 0xF), "intc": (mb_intc.IER, 1, 0xF)})
    await step.step(writes={"intc": (mb_intc.MER, 3, 0xF)})
    await step.step(writes={"csr_host": (CQ_STATUS + 12, 1, 0xF)})
    await step.step()
    assert int(dut.mb_irq.value) == 1
    data = await step.step({"csr_mb": CQ_STATUS + 12}, {"csr_host": (CQ_STATUS + 12, 4, 0xF)})
    assert data["csr_mb"] == 1
    await step.step(writes={"intc": (mb_intc.IAR, 1, 0xF)})
    await step.step()
    assert int(dut.mb_irq.value) == 1, "the second doorbell was lost"
    data = await step.step({"csr_host": CQ_STATUS + 12})
    assert data["csr_host"] == 4
    data = await step.step({"csr_mb": CQ_STATUS + 12})
    assert data["csr_mb"] == 4, "the host's read must not clear a doorbell"
    await step.step(writes={"intc": (mb_intc.IAR, 1, 0xF)})
    assert int(dut.mb_irq.value) == 0


@cocotb.test()
async def queue_bytes_and_collisions(dut: Any) -> None:
    """Byte strobes on both ports; of two writes to one byte in one cycle the host's stays."""
    step = Lockstep(dut, seeded_random())
    await step.start()
    for strobe in range(16):
        address = 0x400 + 4 * strobe
        await step.step(writes={"cq_host": (address, 0x11223344, 0xF)})
        await step.step(writes={"cq_mb": (address, 0xAABBCCDD, strobe)})
        data = await step.step({"cq_host": address})
        expected = bytes(
            (0xAABBCCDD if strobe >> lane & 1 else 0x11223344) >> 8 * lane & 0xFF for lane in range(4)
        )
        assert data["cq_host"] == int.from_bytes(expected, "little")
    await step.step(writes={"cq_host": (0x800, 0xAAAA0000, 0xC), "cq_mb": (0x800, 0x12345678, 0xF)})
    data = await step.step({"cq_mb": 0x800})
    assert data["cq_mb"] == 0xAAAA5678
    await step.step(writes={"cq_host": (0xFFFC, 1, 0xF), "cq_mb": (0, 2, 0xF)})
    data = await step.step({"cq_host": 0, "cq_mb": 0xFFFC})
    assert (data["cq_host"], data["cq_mb"]) == (2, 1)


@cocotb.test()
async def activity_hint(dut: Any) -> None:
    """One bit per block, only headers while slots are aligned, and a write during the acknowledge stays."""
    step = Lockstep(dut, seeded_random())
    await step.start()
    await step.step(writes={"cq_host": (0x204, 1, 0xF), "cq_mb": (0x400, 1, 0xF)})
    assert int(dut.host_touched.value) == 0
    await step.step(writes={"cq_host": (0x200, 1, 0xF)})
    assert int(dut.host_touched.value) == 2
    await step.step(writes={"cq_host": (0x200, 1, 0xF)}, touch_ack=2)
    assert int(dut.host_touched.value) == 2, "a write in the cycle of the acknowledge was lost"
    await step.step(touch_ack=2)
    assert int(dut.host_touched.value) == 0
    # 576-byte slots: a header may be anywhere.
    await step.step(writes={"csr_mb": (ert_csr.CQ_SLOT_SIZE, 0x240 // 4, 0xF)})
    await step.step(writes={"cq_host": (0x240, 1, 0xF)})
    assert int(dut.host_touched.value) == 2


@cocotb.test()
async def idle_needs_no_clock(dut: Any) -> None:
    """`active` falls once everything is answered, whatever is latched."""
    step = Lockstep(dut, seeded_random())
    await step.start()
    await host_enable(step)
    await step.step(writes={"csr_mb": (STATUS, 1, 0xF), "csr_host": (CQ_STATUS, 1, 0xF)})
    await step.step(writes={"cq_host": (0, 1, 0xF)})
    for _ in range(3):
        await step.step(cu_irq=0b0110, cdma_irq=1)
    assert int(dut.host_irq.value) == 1
    assert int(dut.active.value) == 0
