# SPDX-License-Identifier: Apache-2.0
"""Cocotb test of pcie_front behind cocotbext-pcie's root complex and hard-IP model."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import cocotb
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteRam, AxiRam

from cards.xrt_u200 import FUNCTIONS
from tb.cocotb_util import seeded_random
from tb.hosts.conformance import ConformanceHost
from tests.models.pcie_completer import PORT_SIZE

LITE_SIZE = 1 << 16
MEMORY_SIZE = 1 << 20


def _quiet(memory: Any) -> Any:
    for part in (memory.write_if, memory.read_if):
        part.log.setLevel(logging.WARNING)
    return memory


@cocotb.test(timeout_time=500, timeout_unit="us")
async def foreign_host(dut: Any) -> None:
    """Enumerate, then random blocks to every BAR: they land in their own memory and read back."""
    rng = seeded_random("foreign")
    host = ConformanceHost(dut, FUNCTIONS)
    slaves: dict[str, Any] = {
        port: _quiet(
            AxiLiteRam(AxiLiteBus.from_prefix(dut, f"m_axil_{port}"), dut.clk, dut.rst, size=LITE_SIZE)
        )
        for port, _ in PORT_SIZE.values()
        if port != "mem"
    }
    slaves["mem"] = _quiet(AxiRam(AxiBus.from_prefix(dut, "m_axi_mem"), dut.clk, dut.rst, size=MEMORY_SIZE))
    for slave in slaves.values():
        slave.write_if.b_channel.set_pause_generator(itertools.cycle((0, 0, 1)))
        slave.read_if.r_channel.set_pause_generator(itertools.cycle((0, 1, 1, 0)))
    await host.start()
    content = {port: bytearray(LITE_SIZE if port != "mem" else MEMORY_SIZE) for port, _ in PORT_SIZE.values()}
    for _ in range(60):
        (function, bar), (port, _) = rng.choice(list(PORT_SIZE.items()))
        length = rng.choice(
            (1, 2, 4, 8, rng.randrange(1, 200), rng.randrange(1, 2000) if port == "mem" else 64)
        )
        start = rng.randrange(len(content[port]) - length)
        data = rng.randbytes(length)
        await host.write(function, bar, start, data)
        content[port][start : start + length] = data
        first = max(0, start - rng.randrange(9))
        last = min(len(content[port]), start + length + rng.randrange(9))
        assert await host.read(function, bar, first, last - first) == content[port][first:last]
    for port, slave in slaves.items():
        assert slave.read(0, len(content[port])) == content[port], f"{port} holds what it was not sent"
    assert not host.errors
    assert await host.read32(1, 0, 0x100) == int.from_bytes(content["user"][0x100:0x104], "little")
