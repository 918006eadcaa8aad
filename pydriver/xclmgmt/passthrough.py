# SPDX-License-Identifier: Apache-2.0
"""Translation of peer-to-peer addresses for a user PF that was given to a virtual machine.

The registers are in the management PF's configuration space, in the vendor specific capability of VSEC id
0x40. Whether they are used says the feature ROM; a card that says so without having the capability loses the
writes.
Source: XRT platform contract §1, `mgmtpf/mgmt-core.c` (READ_P2P_BAR_ADDR).
"""

from __future__ import annotations

from pydriver.platform import Function
from pydriver.platform.trace import OnEvent, silent

VSEC_ID = 0x40
CONTROL = 0x188
GPA_LOWER = 0x18C
GPA_BASE_UPPER = 0x190
GPA_LIMIT_UPPER = 0x194

_FIRST_CAPABILITY = 0x100
_VENDOR_SPECIFIC = 0x000B
_MAX_CAPABILITIES = (4096 - _FIRST_CAPABILITY) // 8
_U32 = 0xFFFF_FFFF
_U64 = (1 << 64) - 1


class Passthrough:
    """The translation of one management PF; `offered` when the feature ROM has the bit."""

    def __init__(self, function: Function, offered: bool, on_event: OnEvent = silent) -> None:
        self.offered = offered
        self._function = function
        self._on_event = on_event

    async def program(self, base: int, length: int) -> None:
        """Translate `length` bytes from guest address `base` on; base 0 switches the translation off."""
        if not self.offered:
            return
        if not await self._present():
            self._on_event("mgmt.p2p", "the card has no address translation capability")
            return
        if base == 0:
            await self._write(enable=0, base_upper=0, limit_upper=0, lower=0)
            self._on_event("mgmt.p2p", "translation off")
            return
        limit = base + length - 1 & _U64
        lower = limit & 0xFFFF_0000 | (base & 0xFFFF_0000) >> 16
        await self._write(enable=1, base_upper=base >> 32, limit_upper=limit >> 32, lower=lower)
        self._on_event("mgmt.p2p", f"translates {base:#x} to {limit:#x}")

    async def _write(self, *, enable: int, base_upper: int, limit_upper: int, lower: int) -> None:
        function = self._function
        # Control is one byte; the other three of its dword stay.
        control = await function.config_read32(CONTROL)
        await function.config_write32(CONTROL, control & ~0xFF | enable)
        await function.config_write32(GPA_BASE_UPPER, base_upper)
        await function.config_write32(GPA_LIMIT_UPPER, limit_upper)
        await function.config_write32(GPA_LOWER, lower)

    async def _present(self) -> bool:
        """Look for the capability; the walk is bounded, whatever the card answers."""
        at = _FIRST_CAPABILITY
        for _ in range(_MAX_CAPABILITIES):
            header = await self._function.config_read32(at)
            if header in (0, _U32):
                return False
            if header & 0xFFFF == _VENDOR_SPECIFIC:
                vsec = await self._function.config_read32(at + 4)
                if vsec & 0xFFFF == VSEC_ID:
                    return True
            at = header >> 20 & ~3
            if at < _FIRST_CAPABILITY:
                return False
        return False
