# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the interrupt BARs and the shared MSI-X port; tests/block/test_pcie_irq.py runs them."""

from __future__ import annotations

import logging
import os
import random
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, ReadOnly, Timer
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db, coverage_section
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from tb.cocotb_util import reset, seeded_random, start_clock
from tests.models import msix as model
from tests.models.msix import IrqBar

STEPS = int(os.environ.get("STEPS", "400"))


class HardIp:
    """The hard IP's side of the MSI-X port: logs messages, answers sent or fail after a while."""

    def __init__(self, dut: Any, rng: random.Random) -> None:
        self._dut = dut
        self._rng = rng
        self.messages: list[tuple[int, int, int]] = []  # function, address, data of those sent
        self.delay = 3
        self.failures = 0  # how many messages to fail
        self.failed = 0
        dut.cfg_interrupt_msix_sent.value = 0
        dut.cfg_interrupt_msix_fail.value = 0
        cocotb.start_soon(self._run())

    async def _run(self) -> None:
        dut = self._dut
        while True:
            await FallingEdge(dut.clk)
            if not int(dut.cfg_interrupt_msix_int.value):
                continue
            message = (
                int(dut.cfg_interrupt_msi_function_number.value),
                int(dut.cfg_interrupt_msix_address.value),
                int(dut.cfg_interrupt_msix_data.value),
            )
            for _ in range(self._rng.randrange(1, 1 + self.delay)):
                await FallingEdge(dut.clk)
                assert not int(dut.cfg_interrupt_msix_int.value), "message before the last one's answer"
            if self.failures:
                self.failures -= 1
                self.failed += 1
                dut.cfg_interrupt_msix_fail.value = 1
            else:
                self.messages.append(message)
                dut.cfg_interrupt_msix_sent.value = 1
            await FallingEdge(dut.clk)
            dut.cfg_interrupt_msix_sent.value = 0
            dut.cfg_interrupt_msix_fail.value = 0


class Card:
    """Two interrupt BARs with their models."""

    def __init__(self, dut: Any, rng: random.Random) -> None:
        self.dut = dut
        self.ip = HardIp(dut, rng)
        self.models = [IrqBar(max_payload=1, max_read=2), IrqBar(max_payload=1, max_read=2)]
        self.masters = []
        for index in (0, 1):
            master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, f"s_axil_{index}"), dut.clk, dut.rst)
            for part in (master.write_if, master.read_if):
                part.log.setLevel(logging.WARNING)
            self.masters.append(master)

    @classmethod
    async def start(cls, dut: Any, rng: random.Random) -> Card:
        for name in ("usr_irq_req_0", "usr_irq_req_1", "chnl_irq_req_1", "cfg_interrupt_msix_enable",
                     "cfg_interrupt_msix_mask"):  # fmt: skip
            getattr(dut, name).value = 0
        dut.cfg_max_payload.value = 1
        dut.cfg_max_read_req.value = 2
        card = cls(dut, rng)
        # The bus models stay quiet from this edge of the reset on: the clock is unknown before it.
        dut.rst.value = 1
        await Timer(1, "ns")
        start_clock(dut.clk)
        await reset(dut)
        # The table memory outlives a reset and so the tests before this one.
        for function in (0, 1):
            for vector in range(model.VECTORS):
                await card.program(function, vector, 0, 0, masked=True)
        return card

    async def write(self, function: int, offset: int, value: int) -> None:
        await self.masters[function].write_dword(offset, value)
        self.models[function].write(offset, value)

    async def check(self, function: int, offset: int) -> int:
        """Read a register and compare it with the model."""
        got = await self.masters[function].read_dword(offset)
        want = self.models[function].read(offset)
        assert got == want, f"function {function} {offset:#x}: {got:#x}, want {want:#x}"
        return got

    async def program(
        self, function: int, vector: int, address: int, data: int, *, masked: bool = False
    ) -> None:
        base = model.TABLE + 16 * vector
        await self.write(function, base, address & 0xFFFFFFFF)
        await self.write(function, base + 4, address >> 32)
        await self.write(function, base + 8, data)
        await self.write(function, base + 12, int(masked))

    async def control(self, function: int, enabled: bool, mask: bool) -> None:
        """MSI-X enable and function mask."""
        self.models[function].set_enabled(enabled, mask)
        self.dut.cfg_interrupt_msix_enable.value = sum(m.enabled << i for i, m in enumerate(self.models))
        self.dut.cfg_interrupt_msix_mask.value = sum(m.function_mask << i for i, m in enumerate(self.models))
        await FallingEdge(self.dut.clk)

    async def request(self, function: int, user: int, channel: int = 0) -> None:
        self.models[function].request(user, channel)
        getattr(self.dut, f"usr_irq_req_{function}").value = user
        if function:
            self.dut.chnl_irq_req_1.value = channel
        await FallingEdge(self.dut.clk)

    async def settle(self) -> int:
        """Let everything be sent and compare with the models; returns the number of messages."""
        quiet = 0
        for _ in range(3000):
            await FallingEdge(self.dut.clk)
            quiet = 0 if int(self.dut.active.value) else quiet + 1
            if quiet == 4:
                break
        assert quiet == 4, "still active"
        count = len(self.ip.messages)
        for function, address, data in self.ip.messages:
            self.models[function].sent(address, data)
        self.ip.messages.clear()
        for function, state in enumerate(self.models):
            assert not state.sendable(), f"function {function}: not sent: {state.sendable()}"
        return count


async def ready(dut: Any, salt: str) -> tuple[Card, random.Random]:
    rng = seeded_random(salt)
    return await Card.start(dut, rng), rng


def message(function: int, vector: int) -> tuple[int, int]:
    return 0xFEE0_0000 + (function << 40) + 4 * vector, 0x4000 + (function << 8) + vector


async def prepare(card: Card, function: int, sources: int = 16) -> None:
    """All vectors programmed and unmasked, source n on vector (5 n + 3) % 32, MSI-X on."""
    for vector in range(model.VECTORS):
        await card.program(function, vector, *message(function, vector))
    for first in range(0, sources, 4):
        value = sum(((5 * (first + i) + 3) % 32) << (8 * i) for i in range(4))
        await card.write(function, model.USR_VECTOR + first, value)
    await card.control(function, True, False)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def register_values(dut: Any) -> None:
    """Reset values, identifiers, write masks and the memory of the table; unmapped offsets read 0."""
    card, rng = await ready(dut, "registers")
    for function in (0, 1):
        assert await card.check(function, model.IRQ_ID) >> 16 == 0x1FC2
        assert await card.check(function, model.CONFIG_ID) >> 16 == 0x1FC3
        offsets = [*range(0x2000, 0x20C4, 4), *range(0x3000, 0x3024, 4)]
        offsets += [*range(0x8000, 0x8204, 4), 0x8FE0, 0x8FE4]
        for offset in offsets:
            await card.check(function, offset)
            await card.write(function, offset, rng.getrandbits(32))
        for offset in [*offsets, 0, 0x1000, 0xFFFC]:
            await card.check(function, offset)
    # The upper half of the 128 KiB BAR is empty, not a copy of the lower half.
    assert await card.masters[0].read_dword(0x12000) == 0
    await card.masters[0].write_dword(0x12004, 0)
    await card.check(0, model.USR_ENABLE)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def byte_strobes(dut: Any) -> None:
    """Narrow writes change their bytes only."""
    card, _ = await ready(dut, "strobes")
    await card.program(1, 7, 0x1122334455667788, 0xAABBCCDD)
    await card.masters[1].write_byte(model.TABLE + 0x72, 0xEE)
    await card.masters[1].write_word(model.TABLE + 0x78, 0x1234)
    await card.masters[1].write_byte(model.TABLE + 0x7D, 0x01)
    assert await card.masters[1].read_dword(model.TABLE + 0x70) == 0x55EE7788
    assert await card.masters[1].read_dword(model.TABLE + 0x78) == 0xAABB1234
    assert await card.masters[1].read_dword(model.TABLE + 0x7C) == 0
    await card.write(1, model.USR_ENABLE, 0xA5C3)
    await card.masters[1].write_byte(model.USR_W1C + 1, 0xFF)
    assert await card.masters[1].read_dword(model.USR_ENABLE) == 0x00C3
    await card.masters[1].write_byte(model.USR_VECTOR + 6, 0x1F)
    assert await card.masters[1].read_dword(model.USR_VECTOR + 4) == 0x001F0000


@cocotb.test(timeout_time=200, timeout_unit="us")
async def level_semantics(dut: Any) -> None:
    """One message for each rise of (request & enable), not for a level that stays."""
    card, _ = await ready(dut, "level")
    await prepare(card, 1)
    await card.request(1, 0x0011)
    assert await card.settle() == 0, "sent while not enabled"
    await card.check(1, model.USR_PENDING)
    await card.check(1, model.USR_REQUEST)
    await card.write(1, model.USR_W1S, 0x0010)
    assert await card.settle() == 1, "enabling a request that is high sends it"
    await card.check(1, model.USR_REQUEST)
    assert await card.settle() == 0, "a level that stays sends nothing more"
    await card.write(1, model.USR_W1S, 0x0010)
    assert await card.settle() == 0
    await card.write(1, model.USR_W1C, 0x0010)
    await card.write(1, model.USR_W1S, 0x0010)
    assert await card.settle() == 1, "enabled again while high"
    await card.request(1, 0)
    await card.request(1, 0x0010)
    assert await card.settle() == 1
    await card.write(1, model.CHNL_VECTOR, 0x02)
    await card.write(1, model.CHNL_W1S, 0x01)
    await card.request(1, 0x0010, 0x01)
    assert await card.settle() == 1
    await card.check(1, model.CHNL_REQUEST)


@cocotb.test(timeout_time=200, timeout_unit="us")
async def mask_and_pending(dut: Any) -> None:
    """Vector mask and function mask make vectors pending; unmasking sends each once; disabling forgets."""
    card, _ = await ready(dut, "mask")
    await prepare(card, 0)
    await card.write(0, model.USR_W1S, 0xFFFF)
    masked = card.models[0].vector[3]
    await card.write(0, model.TABLE + 16 * masked + 12, 1)
    await card.request(0, 0x0018)
    assert await card.settle() == 1
    assert await card.check(0, model.PBA) == 1 << masked
    await card.request(0, 0x0010)
    await card.request(0, 0x0018)
    assert await card.settle() == 0
    assert await card.check(0, model.PBA) == 1 << masked
    await card.write(0, model.TABLE + 16 * masked + 12, 0)
    assert await card.settle() == 1, "two requests of a masked vector are one message"
    assert await card.check(0, model.PBA) == 0
    await card.control(0, True, True)
    await card.request(0, 0xFFFF)
    assert await card.settle() == 0, "sent despite the function mask"
    await card.check(0, model.PBA)
    await card.control(0, True, False)
    assert await card.settle() == 14
    assert await card.check(0, model.PBA) == 0
    await card.control(0, True, True)
    await card.request(0, 0)
    await card.request(0, 0xFFFF)
    await card.settle()
    await card.control(0, False, False)
    await card.settle()
    assert await card.check(0, model.PBA) == 0
    await card.control(0, True, False)
    assert await card.settle() == 0, "a message from before MSI-X was disabled"


@cocotb.test(timeout_time=200, timeout_unit="us")
async def failed_messages(dut: Any) -> None:
    """A message the hard IP could not send is sent again."""
    card, _ = await ready(dut, "failed")
    await prepare(card, 1)
    await card.write(1, model.USR_W1S, 0xFFFF)
    card.ip.failures = 5
    await card.request(1, 0x0007)
    assert await card.settle() == 3
    assert card.ip.failed == 5


@cocotb.test(timeout_time=200, timeout_unit="us")
async def functions_share_port(dut: Any) -> None:
    """Both functions at once: every message once, with its function number, in turn."""
    card, _ = await ready(dut, "share")
    for function in (0, 1):
        await prepare(card, function)
        await card.write(function, model.USR_W1S, 0xFFFF)
    card.models[0].request(0xFFFF)
    card.models[1].request(0xFFFF)
    dut.usr_irq_req_0.value = 0xFFFF
    dut.usr_irq_req_1.value = 0xFFFF
    order = card.ip.messages
    while len(order) < 20:
        await FallingEdge(dut.clk)
    functions = [entry[0] for entry in order[:20]]
    assert max(functions.count(0), functions.count(1)) <= 11, f"one function starves: {functions}"
    assert await card.settle() == 32


ACTIONS = ["enable", "set", "clear", "vector", "entry", "mask", "control", "request", "read"]
READABLE = [model.PBA, model.USR_REQUEST, model.CHNL_REQUEST, model.USR_PENDING, model.CHNL_PENDING,
            model.USR_ENABLE, model.CHNL_ENABLE, 0x3014]  # fmt: skip


@coverage_section(
    CoverPoint("irq.action", xf=lambda a, s, m: a,
               bins=ACTIONS),
    CoverPoint("irq.msix", xf=lambda a, s, m: (s.enabled, s.function_mask),
               bins=[(False, False), (False, True), (True, False), (True, True)]),
    CoverPoint("irq.pending", xf=lambda a, s, m: min(len(s.pending), 2), bins=[0, 1, 2]),
    CoverPoint("irq.messages", xf=lambda a, s, m: min(m, 3), bins=[0, 1, 2, 3]),
    CoverCross("irq.action_x_msix", items=["irq.action", "irq.msix"]),
)  # fmt: skip
def sample(action: str, state: IrqBar, messages: int) -> None:
    """Functional coverage of one step."""


async def _step(card: Card, rng: random.Random, function: int) -> str:
    state = card.models[function]
    action = rng.choice((*ACTIONS, "request"))
    bits = rng.getrandbits(16) & rng.getrandbits(16)
    channel = rng.random() < 0.3
    if action in ("enable", "set", "clear"):
        user = {"enable": model.USR_ENABLE, "set": model.USR_W1S, "clear": model.USR_W1C}[action]
        await card.write(function, user + 0xC * channel, bits)
    elif action == "vector":
        base, count = (model.CHNL_VECTOR, 2) if channel else (model.USR_VECTOR, 4)
        await card.write(function, base + 4 * rng.randrange(count), rng.getrandbits(32))
    elif action == "entry":
        vector = rng.randrange(model.VECTORS)
        address = rng.getrandbits(64) & ~0xFFF | vector << 2
        await card.program(function, vector, address, rng.getrandbits(32), masked=rng.random() < 0.3)
    elif action == "mask":
        await card.write(function, model.TABLE + 16 * rng.randrange(model.VECTORS) + 12, rng.getrandbits(32))
    elif action == "control":
        await card.control(function, rng.random() < 0.8, rng.random() < 0.3)
    elif action == "request":
        await card.request(function, state.user_request ^ bits, rng.getrandbits(8) if function else 0)
    else:
        await card.check(function, rng.choice(READABLE))
    return action


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def random_steps(dut: Any) -> None:
    """Random register writes, requests and mask changes in lockstep with the model."""
    card, rng = await ready(dut, "random")
    for function in (0, 1):
        await prepare(card, function)
    for _ in range(STEPS):
        function = rng.randrange(2)
        card.ip.failures = rng.choice((0, 0, 0, 1))
        action = await _step(card, rng, function)
        sent = await card.settle()
        await card.check(function, model.PBA)
        sample(action, card.models[function], sent)
    coverage_db.report_coverage(cocotb.log.info, bins=False)
    for name in ("action", "msix", "pending", "messages"):
        covered = coverage_db[f"irq.{name}"].cover_percentage
        assert covered == 100, f"coverage of irq.{name} is {covered:.0f} %"


@cocotb.test(timeout_time=200, timeout_unit="us")
async def clock_may_stop(dut: Any) -> None:
    """With nothing to do the block asks for no clock, however long, and wakes on a request."""
    card, _ = await ready(dut, "idle")
    await prepare(card, 1)
    await card.write(1, model.USR_W1S, 0x1)
    await card.settle()
    for _ in range(200):
        await ClockCycles(dut.clk, 1)
        await ReadOnly()
        assert not int(dut.active.value)
    await FallingEdge(dut.clk)
    await card.request(1, 0x1)
    assert await card.settle() == 1
