# SPDX-License-Identifier: Apache-2.0
"""The card's memory: banks at their device addresses, zero until written, DECERR elsewhere."""

from __future__ import annotations

KIB, MIB = 1 << 10, 1 << 20
BANKS = {
    "plram": (0x30_0000_0000, 128 * KIB),
    "ddr0": (0x40_0000_0000, 16 * MIB),
    "ddr1": (0x50_0000_0000, 16 * MIB),
}
WINDOWS = ("ddr0", "ddr1", "plram")  # 64 MiB each, in the memory BAR
WINDOW_SIZE = 64 * MIB


class DecodeError(Exception):
    """No memory at that address."""


class DeviceMemory:
    """Sparse bytes by device address."""

    def __init__(self) -> None:
        self._bytes: dict[int, int] = {}

    @staticmethod
    def bank(address: int, length: int = 1) -> str:
        """Name of the bank that holds all of the range. Raises DecodeError."""
        for name, (base, size) in BANKS.items():
            if base <= address and address + length <= base + size:
                return name
        raise DecodeError(f"no memory at {address:#x}")

    def write(self, address: int, data: bytes) -> None:
        """Raises DecodeError and changes nothing when the range is not inside one bank."""
        self.bank(address, len(data))
        self._bytes.update(enumerate(data, address))

    def read(self, address: int, length: int) -> bytes:
        """Raises DecodeError when the range is not inside one bank."""
        self.bank(address, length)
        return bytes(self._bytes.get(address + i, 0) for i in range(length))


def window_address(offset: int) -> int | None:
    """Device address of a memory BAR offset (0 to 256 MiB); None in the window that has no memory."""
    index, inside = divmod(offset, WINDOW_SIZE)
    return BANKS[WINDOWS[index]][0] + inside if index < len(WINDOWS) else None
