# SPDX-License-Identifier: Apache-2.0
"""The XRT card: U200 with the XDMA shell, on either simulated host.

Tops: tb/rtl/tb_fast.sv and tb/rtl/tb_conformance.sv. Source: XRT platform contract §1 to §3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cocotb
from cocotb.triggers import ValueChange
from cocotb.utils import get_sim_time

from firmware_model import images
from pydriver.regs import irq_block, mgmt_bar, user_bar
from tb.hosts.config_space import BarSpec, FunctionSpec
from tb.hosts.conformance import ConformanceHost
from tb.hosts.fast import FastHost
from tb.platform import SimPlatform
from tb.processor import Identify, Processor

MGMT, USER = 0, 1
MIB = 1 << 20
KIB = 1 << 10
# Low byte: DSA version 5.2, from which the drivers derive board traits.
SUBSYSTEM_ID = 0x0E52
FUNCTIONS = (
    FunctionSpec(
        MGMT, "mgmt", 0x5000, (BarSpec(0, 32 * MIB), BarSpec(2, 128 * KIB)), subsystem_id=SUBSYSTEM_ID
    ),
    FunctionSpec(
        USER,
        "user",
        0x5001,
        (BarSpec(0, 32 * MIB), BarSpec(2, 64 * KIB), BarSpec(4, 256 * MIB, prefetchable=True)),
        subsystem_id=SUBSYSTEM_ID,
    ),
)
TOPS = {"fast": "tb_fast", "conformance": "tb_conformance"}
# Named parts of the other BARs, for the traffic summary: (BAR, name, base, size).
_OTHER_WINDOWS = (
    (2, "IRQ_BLOCK", irq_block.IRQ_ID.offset, 0x2000),
    (2, "MSIX_TABLE", irq_block.MSIX_ADDR_LO[0].offset, 0x1000),
)
DEVICE_MEMORY = (4, "DEVICE_MEMORY", 0, 1 << 28)

OnEvent = Callable[[str, str], None]
# (slot, first and last simulated ns): a kernel was at work.
OnWork = Callable[[int, int, int], None]
# A register access keeps a slot's clock on for a few cycles; that is no work.
_SHORTEST_WORK_NS = 40


def silent(_source: str, _text: str) -> None:
    """The default hook: nobody listens."""


class Card:
    """A powered card in a host. Make it with `power_on`; use `platform`."""

    def __init__(self, platform: SimPlatform, processor: Processor) -> None:
        self.platform = platform
        self.processor = processor

    @classmethod
    async def power_on(
        cls,
        dut: Any,
        host: str = "fast",
        on_event: OnEvent = silent,
        identify: Identify = images.identify,
        **settings: Any,
    ) -> Card:
        """Reset and enumerate; `host` is "fast" or "conformance", `settings` go to the host's start.

        `identify` says which firmware the words at the start of the image memory stand for.
        """
        link = FastHost(dut.host, dut.clock, FUNCTIONS) if host == "fast" else ConformanceHost(dut, FUNCTIONS)
        await link.start(**settings)
        platform = SimPlatform(link)
        for function, windows in ((MGMT, mgmt_bar.WINDOWS), (USER, user_bar.WINDOWS)):
            platform.counter.add_windows(function, 0, [(w.name, w.base, w.size) for w in windows])
            platform.counter.add_windows(function, 2, [row[1:] for row in _OTHER_WINDOWS])
        platform.counter.add_windows(USER, 4, [DEVICE_MEMORY[1:]])
        return cls(platform, Processor(dut.mb, identify, on_event))

    @staticmethod
    def watch_slots(dut: Any, on_work: OnWork) -> None:
        """Report every stretch of work of every slot of the dynamic region."""
        cocotb.start_soon(_watch(dut.card.u_region.slot_active, on_work))


async def _watch(active: Any, on_work: OnWork) -> None:
    since: dict[int, int] = {}
    while True:
        await ValueChange(active)
        value = active.value
        now = int(get_sim_time("ns"))
        working = int(value) if value.is_resolvable else 0
        for slot in range(len(value)):
            if working >> slot & 1:
                since.setdefault(slot, now)
            elif slot in since:
                start = since.pop(slot)
                if now - start >= _SHORTEST_WORK_NS:
                    on_work(slot, start, now)
