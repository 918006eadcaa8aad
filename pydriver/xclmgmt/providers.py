# SPDX-License-Identifier: Apache-2.0
"""Parts of a card that not every card has: what the management driver asks of them.

`MgmtOptions.providers` says which are there. A part that is absent is a sub-device that the real driver did
not create, and is answered the same way: a group of PEER_DATA becomes zeros of its size (the driver fetches
the data and ignores the error), an SDR repository the number 0, a clock request ENODEV.
Source: XRT mailbox contract §5.1 and §7; `mgmtpf/mgmt-core.c` for what is answered in their absence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pydriver.mailbox.messages import BoardInfo, DnaData, FirewallData, Group, SensorData


class Board(Protocol):
    """The card's management controller (CMC). Raises OSError when it does not answer."""

    async def sensors(self) -> SensorData:
        """Voltages in mV, currents in mA, temperatures in degrees Celsius, fan in rpm."""
        ...

    async def board_info(self) -> BoardInfo: ...


class ClockControl(Protocol):
    """Clock wizards and frequency counters, by slot: DATA, KERNEL, SYSTEM."""

    async def frequencies(self) -> Sequence[int]:
        """What the wizards are set to, MHz."""
        ...

    async def counters(self) -> Sequence[int]:
        """What the counters measure, kHz."""
        ...

    async def scale(self, frequencies: Sequence[int]) -> None:
        """Set up to four slots to MHz, 0 leaves one alone. Raises EBUSY, ETIMEDOUT, EDOM."""
        ...


class Firewall(Protocol):
    """The AXI firewalls of the shell."""

    async def data(self) -> FirewallData: ...

    async def tripped(self) -> bool: ...

    async def clear(self) -> None:
        """Unblock every level. Raises EBUSY, EIO."""
        ...


class Dna(Protocol):
    """The device's identity block."""

    async def data(self) -> DnaData: ...


class SensorRepository(Protocol):
    """Sensor data repository of a Versal card's controller."""

    async def repository(self, kind: Group) -> bytes:
        """The repository of an SDR kind, at most 4096 bytes count. Raises OSError when there is none."""
        ...


class ShellPartition(Protocol):
    """The part of a two-stage shell that can be programmed again (PLP), with the image stored for it."""

    def check(self) -> None:
        """Dry run. Raises EINVAL when no image is stored or it does not fit the base shell."""
        ...

    async def program(self) -> bytes:
        """Program the stored image; returns the device tree of the whole shell. Raises as programming
        does."""
        ...

    def clear(self) -> None:
        """Forget the stored image."""
        ...


@dataclass(frozen=True)
class Providers:
    """The parts that are there; None for each that is not."""

    board: Board | None = None
    clocks: ClockControl | None = None
    firewall: Firewall | None = None
    dna: Dna | None = None
    repository: SensorRepository | None = None
    partition: ShellPartition | None = None
