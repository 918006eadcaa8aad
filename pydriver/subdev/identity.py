# SPDX-License-Identifier: Apache-2.0
"""Where a function sits on the PCI bus, and the names that follow from it.

Source: software mailbox contract §2 (number in the names of device nodes and sub-devices).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

SUBSYSTEM_OFFSET = 0x2C
"""Subsystem vendor and device in configuration space."""
_TEXT = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])", re.IGNORECASE)
_LIMITS = (("domain", 1 << 32), ("bus", 256), ("device", 32), ("function", 8))


@dataclass(frozen=True, order=True)
class PciAddress:
    """One PCI function; `str` gives ``0000:01:00.0``. Raises ValueError for numbers PCI does not have."""

    domain: int = 0
    bus: int = 1
    device: int = 0
    function: int = 0

    def __post_init__(self) -> None:
        for name, limit in _LIMITS:
            value = getattr(self, name)
            if not 0 <= value < limit:
                raise ValueError(f"{name} {value} is not a PCI {name} (0 to {limit - 1})")

    def __str__(self) -> str:
        return f"{self.domain:04x}:{self.bus:02x}:{self.device:02x}.{self.function}"

    @property
    def number(self) -> int:
        """The N in ``mailbox.m<N>.0``: domain in bits 16 up, bus in 15:8, device in 7:3, function in 2:0."""
        return self.domain << 16 | self.bus << 8 | self.device << 3 | self.function

    @classmethod
    def parse(cls, text: str) -> Self:
        """The address in `text`, as ``str`` writes it. Raises ValueError."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a PCI address like 0000:01:00.0")
        domain, bus, device = (int(part, 16) for part in match.groups()[:3])
        return cls(domain, bus, device, int(match[4]))
