# SPDX-License-Identifier: Apache-2.0
"""PCI configuration space of the card's functions, and the enumeration that a host does on it.

Pure Python. The layout is that of cocotbext-pcie's UltraScale+ model (capabilities at 0x40, 0x60,
0x70), so software sees the same registers on both hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MEMORY_ENABLE = 1 << 1
BUS_MASTER_ENABLE = 1 << 2

COMMAND = 0x04
BAR0 = 0x10
PM_CAP = 0x40
MSIX_CAP = 0x60
PCIE_CAP = 0x70
MSIX_ENABLE = 1 << 31
MSIX_FUNCTION_MASK = 1 << 30

# Where a root complex of cocotbext-pcie starts to place BARs.
MEM_BASE = 0xC000_0000
PREFETCHABLE_BASE = 0x8000_0000_0000_0000

ALL_ONES = 0xFFFF_FFFF


@dataclass(frozen=True)
class BarSpec:
    """A 64-bit memory BAR: its lower index (0, 2 or 4) and its size in bytes (a power of two)."""

    index: int
    size: int
    prefetchable: bool = False


@dataclass(frozen=True)
class FunctionSpec:
    """Identity, BARs and MSI-X layout of one physical function."""

    number: int
    name: str
    device_id: int
    bars: tuple[BarSpec, ...]
    vendor_id: int = 0x10EE
    subsystem_vendor_id: int = 0x10EE
    subsystem_id: int = 0
    class_code: int = 0x120000
    revision_id: int = 0
    msix_vectors: int = 32
    msix_bar: int = 2
    msix_table: int = 0x8000
    msix_pba: int = 0x8FE0

    def bar(self, index: int) -> BarSpec:
        """Raises KeyError for a BAR that does not exist."""
        for bar in self.bars:
            if bar.index == index:
                return bar
        raise KeyError(index)


class ConfigSpace:
    """Type-0 configuration space of one function: registers with a value and a write mask."""

    def __init__(self, spec: FunctionSpec, *, multifunction: bool, max_payload_supported: int = 2) -> None:
        self.spec = spec
        self._multifunction = multifunction
        self._max_payload_supported = max_payload_supported
        # Called after each write with (offset); the host moves settings to the pins here. Function
        # level reset would act from here too (device control bit 15; the capability is not offered).
        self.on_write: list[Callable[[int], None]] = []
        self._power_on()

    def _power_on(self) -> None:
        spec = self.spec
        self._value: dict[int, int] = {}
        self._mask: dict[int, int] = {}
        self._set(0x00, spec.vendor_id | spec.device_id << 16)
        # Status: capability list present. Command: memory, bus master, parity, SERR, INTx disable.
        self._set(COMMAND, 1 << 20, 0x0000_0547)
        self._set(0x08, spec.revision_id | spec.class_code << 8)
        self._set(0x0C, (1 << 23 if self._multifunction else 0), 0x0000_00FF)
        for bar in spec.bars:
            low = 0x4 | (0x8 if bar.prefetchable else 0)
            mask = ~(bar.size - 1)
            self._set(BAR0 + 4 * bar.index, low, mask & 0xFFFF_FFF0)
            self._set(BAR0 + 4 * bar.index + 4, 0, (mask >> 32) & ALL_ONES)
        self._set(0x2C, spec.subsystem_vendor_id | spec.subsystem_id << 16)
        self._set(0x34, PM_CAP)
        self._set(0x3C, 0, 0x0000_00FF)
        # Power management, version 3; only the power state is writable.
        self._set(PM_CAP, 0x01 | MSIX_CAP << 8 | 3 << 16)
        self._set(PM_CAP + 4, 0, 0x3)
        self._set(MSIX_CAP, 0x11 | PCIE_CAP << 8 | (spec.msix_vectors - 1) << 16, 0xC000_0000)
        self._set(MSIX_CAP + 4, spec.msix_table | spec.msix_bar)
        self._set(MSIX_CAP + 8, spec.msix_pba | spec.msix_bar)
        # PCI Express, version 2, endpoint; role-based error reporting, largest L0s/L1 latency.
        self._set(PCIE_CAP, 0x10 | 2 << 16)
        self._set(PCIE_CAP + 0x4, self._max_payload_supported | 7 << 6 | 7 << 9 | 1 << 15)
        # Device control: relaxed ordering, no snoop, 512-byte read requests.
        self._set(PCIE_CAP + 0x8, 1 << 4 | 1 << 11 | 2 << 12, 0x0000_7CFF)
        # Link: generation 3, 8 lanes, capable and running; control: read completion boundary.
        self._set(PCIE_CAP + 0xC, 3 | 8 << 4)
        self._set(PCIE_CAP + 0x10, (3 | 8 << 4) << 16, 0x0000_00C8)

    def _set(self, offset: int, value: int, mask: int = 0) -> None:
        self._value[offset] = value & ALL_ONES
        self._mask[offset] = mask

    def reset(self) -> None:
        """Everything to its reset value."""
        self._power_on()
        for hook in self.on_write:
            hook(COMMAND)

    def read32(self, offset: int) -> int:
        """The dword at an aligned offset (0..0xFFC); registers that do not exist read 0."""
        if offset % 4 or not 0 <= offset < 0x1000:
            raise ValueError(f"configuration offset {offset:#x} is not an aligned dword below 0x1000")
        return self._value.get(offset, 0)

    def write32(self, offset: int, value: int) -> None:
        """Write the writable bits of the dword at an aligned offset."""
        old = self.read32(offset)
        mask = self._mask.get(offset, 0)
        self._value[offset] = (old & ~mask | value & mask) & ALL_ONES
        for hook in self.on_write:
            hook(offset)

    @property
    def memory_enabled(self) -> bool:
        """Memory decoding on and power state D0: otherwise the function answers UR."""
        return bool(self._value[COMMAND] & MEMORY_ENABLE) and not self._value[PM_CAP + 4] & 3

    @property
    def bus_master(self) -> bool:
        return bool(self._value[COMMAND] & BUS_MASTER_ENABLE) and not self._value[PM_CAP + 4] & 3

    @property
    def msix_enabled(self) -> bool:
        return bool(self._value[MSIX_CAP] & MSIX_ENABLE)

    @property
    def msix_masked(self) -> bool:
        return bool(self._value[MSIX_CAP] & MSIX_FUNCTION_MASK)

    @property
    def max_payload(self) -> int:
        """Maximum payload size as coded in device control: 128 << code bytes."""
        return self._value[PCIE_CAP + 8] >> 5 & 7

    @property
    def max_read_request(self) -> int:
        """Maximum read request size as coded in device control: 128 << code bytes."""
        return self._value[PCIE_CAP + 8] >> 12 & 7

    @property
    def read_completion_boundary_128(self) -> bool:
        return bool(self._value[PCIE_CAP + 0x10] & 8)

    def bar_address(self, index: int) -> int:
        low = self._value[BAR0 + 4 * index] & 0xFFFF_FFF0
        return low | self._value[BAR0 + 4 * index + 4] << 32


def size_bar(space: ConfigSpace, index: int) -> tuple[int, bool]:
    """Size in bytes and prefetchability of a 64-bit BAR, found as software does: write ones, read back."""
    offset = BAR0 + 4 * index
    saved = space.read32(offset), space.read32(offset + 4)
    space.write32(offset, ALL_ONES)
    space.write32(offset + 4, ALL_ONES)
    low, high = space.read32(offset), space.read32(offset + 4)
    space.write32(offset, saved[0])
    space.write32(offset + 4, saved[1])
    size = ((low & 0xFFFF_FFF0 | high << 32) ^ 0xFFFF_FFFF_FFFF_FFFF) + 1
    return size, bool(low & 8)


def assign_bars(
    spaces: Sequence[ConfigSpace],
    mem_base: int = MEM_BASE,
    prefetchable_base: int = PREFETCHABLE_BASE,
) -> None:
    """Place every BAR, in the order and with the alignment of cocotbext-pcie's root complex.

    Non-prefetchable BARs go up from `mem_base`, prefetchable ones from `prefetchable_base`.
    """
    for space in spaces:
        for bar in space.spec.bars:
            size, prefetchable = size_bar(space, bar.index)
            base = prefetchable_base if prefetchable else mem_base
            address = (base + size - 1) & ~(size - 1)
            if prefetchable:
                prefetchable_base = address + size
            else:
                mem_base = address + size
            space.write32(BAR0 + 4 * bar.index, address & ALL_ONES)
            space.write32(BAR0 + 4 * bar.index + 4, address >> 32)


# What a kernel keeps over a reset besides the header: device control and link control.
_KEPT_CONTROLS = (PCIE_CAP + 0x8, PCIE_CAP + 0x10)


def saved_state(space: ConfigSpace) -> list[tuple[int, int]]:
    """(offset, value) of what the kernel saves before a reset, in the order in which it restores it.

    MSI-X is not among it: whoever uses it sets it up again.
    """
    # The header from its end, so that the BARs are in place before the command register enables them.
    header = reversed(range(0, 0x40, 4))
    return [(offset, space.read32(offset)) for offset in (*_KEPT_CONTROLS, *header)]


def restore_state(space: ConfigSpace, saved: Sequence[tuple[int, int]]) -> None:
    """Write back what `saved_state` gave."""
    for offset, value in saved:
        space.write32(offset, value)
