# SPDX-License-Identifier: Apache-2.0
"""What a host's enumeration sees of the card, written to enumeration.json."""

from __future__ import annotations

import cocotb

from pydriver.regs import irq_block
from tb.hosts.config_space import BAR0, BUS_MASTER_ENABLE, COMMAND, MEMORY_ENABLE, MSIX_CAP, PCIE_CAP
from tests.system.rig import ALL_ONES, Rig, save


async def sizes(function) -> dict[str, list[int]]:
    """Size and type bits of every BAR pair: all ones written, read back, put back."""
    command = await function.config_read32(COMMAND)
    await function.config_write32(COMMAND, command & ~7)
    found = {}
    for index in (0, 2, 4):
        at = BAR0 + 4 * index
        saved = [await function.config_read32(at), await function.config_read32(at + 4)]
        for half in (at, at + 4):
            await function.config_write32(half, ALL_ONES)
        low, high = await function.config_read32(at), await function.config_read32(at + 4)
        for half, value in zip((at, at + 4), saved, strict=True):
            await function.config_write32(half, value)
        mask = (low & ~0xF) | high << 32
        found[str(index)] = [(mask ^ (1 << 64) - 1) + 1 if mask else 0, low & 0xF, *saved]
    await function.config_write32(COMMAND, command)
    return found


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def enumeration(dut) -> None:
    rig = await Rig.power_on(dut)
    result = {}
    for number, function in rig.platform.functions.items():
        read = function.config_read32
        capabilities, pointer = [], await read(0x34) & 0xFF
        while pointer:
            header = await read(pointer)
            capabilities.append([pointer, header & 0xFF])
            pointer = header >> 8 & 0xFF
        result[str(number)] = {
            "ids": [await read(0x00), await read(0x08), await read(0x2C), await read(0x0C) >> 16 & 0xFF],
            "command": await read(COMMAND) & (MEMORY_ENABLE | BUS_MASTER_ENABLE),
            "bars": await sizes(function),
            "capabilities": capabilities,
            "msix": [await read(MSIX_CAP + 4 * word) for word in range(3)],
            "vectors": await function.enable_msix(),
            "msix on": await read(MSIX_CAP) >> 30,
            "payload": [await read(PCIE_CAP + 4) & 7, await read(PCIE_CAP + 8) & 0x70E0],
        }
        # The BARs are where they were.
        rom = await function.bars[0].read32(0xB0000)
        assert rom == 0x786E6C78, f"{rom:#x}"
        assert await function.bars[2].read32(irq_block.IRQ_ID.offset) >> 16 == 0x1FC2
    save("enumeration.json", result)
