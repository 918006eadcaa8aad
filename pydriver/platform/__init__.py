# SPDX-License-Identifier: Apache-2.0
"""What a driver may ask of the machine it runs on.

The drivers see these protocols and nothing else, so the same code runs on the simulated card
(`tb.platform`), on virtual time without any RTL (`pydriver.platform.virtual`) and on real hardware.

Conventions: everything that waits is a coroutine; time is in nanoseconds; a failed access behaves as
on a PC: a write is posted and lost, a read returns all ones.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydriver.platform.outside import Outside


# A hot reset: how long the bridge holds it, how long the link gets to come back (XRT firewall contract §7).
HOT_RESET_NS = 100_000_000
LINK_UP_NS = 1_000_000_000


class Event(Protocol):
    """A level that coroutines can wait for."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    def is_set(self) -> bool: ...

    async def wait(self, timeout_ns: int | None = None) -> bool:
        """Wait until set; return False when `timeout_ns` passed first. Does not clear."""
        ...


class Task(Protocol):
    """A coroutine running on its own."""

    def cancel(self) -> None: ...
    def done(self) -> bool: ...

    async def join(self) -> Any:
        """Wait for the end and return the result, or raise what the coroutine raised."""
        ...


class Clock(Protocol):
    """Time and concurrency."""

    def now_ns(self) -> int: ...
    async def sleep_ns(self, ns: int) -> None: ...
    def event(self) -> Event: ...
    def spawn(self, coro: Coroutine[Any, Any, Any], name: str = "") -> Task: ...


class Bar(Protocol):
    """One memory BAR of a function. Offsets and lengths in bytes, register data little endian."""

    @property
    def size(self) -> int: ...

    async def read32(self, offset: int) -> int:
        """One aligned dword; 0xFFFFFFFF when the card did not complete the read successfully."""
        ...

    async def write32(self, offset: int, value: int) -> None:
        """One aligned dword, posted: returns before the card has seen it."""
        ...

    async def read32s(self, offsets: Sequence[int]) -> list[int]:
        """Several dword reads, in order, in one go."""
        ...

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        """Several (offset, value) dword writes, in order, in one go."""
        ...

    async def read(self, offset: int, length: int) -> bytes:
        """A block; any alignment. All ones where a completion failed."""
        ...

    async def write(self, offset: int, data: bytes) -> None:
        """A block; any alignment; posted."""
        ...


class Function(Protocol):
    """One PCIe physical function."""

    @property
    def name(self) -> str: ...
    @property
    def vendor_id(self) -> int: ...
    @property
    def device_id(self) -> int: ...
    @property
    def bars(self) -> Mapping[int, Bar]:
        """BAR index -> BAR, for the BARs that exist (a 64-bit BAR by its lower index)."""
        ...

    async def config_read32(self, offset: int) -> int: ...
    async def config_write32(self, offset: int, value: int) -> None: ...

    async def enable_msix(self) -> int:
        """Program and unmask every MSI-X vector, enable MSI-X; return the number of vectors."""
        ...

    def msix_event(self, vector: int) -> Event:
        """The event set by each arrival of `vector`; the waiter clears it."""
        ...


class HostMemory(Protocol):
    """Physical memory of the host, the target of DMA and of kernel addresses."""

    def alloc(self, size: int, align: int = 4096) -> int:
        """Physical address of a new region. Raises MemoryError when there is no room."""
        ...

    def free(self, addr: int) -> None: ...
    def read(self, addr: int, length: int) -> bytes:
        """Raises IndexError outside memory."""
        ...

    def write(self, addr: int, data: bytes) -> None: ...


class Platform(Protocol):
    """One host with one card in it."""

    @property
    def clock(self) -> Clock: ...
    @property
    def functions(self) -> Mapping[int, Function]:
        """PCIe function number -> function (0 = mgmt PF, 1 = user PF on the XRT shell)."""
        ...

    @property
    def memory(self) -> HostMemory: ...

    @property
    def outside(self) -> Outside:
        """Sockets of other processes, served beside the platform's time."""
        ...

    async def hot_reset(self) -> None:
        """Reset the card's link: every function loses its configuration and its registers.

        Takes `HOT_RESET_NS` + `LINK_UP_NS`; until then reads give all ones. Afterwards the BARs, the command
        register and device control are as before, and MSI-X is off until `enable_msix`.

        Raises OSError ENODEV when the bridge above the card cannot be reset.
        """
        ...
