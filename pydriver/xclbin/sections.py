# SPDX-License-Identifier: Apache-2.0
"""Sections that are a count and an array: memories, IPs, connections, clocks, debug IPs.

`decode_*` take the bytes of a section and raise `OSError(EINVAL)` when the count does not fit them;
`encode_*` are the reverse. Source: XRT xclbin contract §3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import layouts
from .errors import invalid
from .kinds import ClockType, DebugIpType, IpControl, IpType, MemType
from .layouts import Layout, c_string, text

UNUSED_ADDRESS = 0xFFFF_FFFF_FFFF_FFFF
"""IP_LAYOUT base of a kernel without a control port: not a compute unit."""


@dataclass(frozen=True, slots=True)
class MemBank:
    """One memory. `type` is a `MemType` number, `size_kb` is in KiB, `base` a device address."""

    type: int
    used: bool
    size_kb: int
    base: int
    tag: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.size_kb * 1024

    @property
    def type_name(self) -> str:
        return name_of(MemType, self.type)


@dataclass(frozen=True, slots=True)
class Ip:
    """One IP. `type` is an `IpType` number, `base` an offset in the user BAR."""

    type: int
    properties: int
    base: int
    name: str

    @property
    def is_cu(self) -> bool:
        """A kernel instance with registers."""
        return self.type == IpType.IP_KERNEL and self.base != UNUSED_ADDRESS

    @property
    def control(self) -> int:
        """Control protocol, an `IpControl` number."""
        return self.properties >> 8 & 0xFF

    @property
    def interrupt_enabled(self) -> bool:
        return bool(self.properties & 1)

    @property
    def interrupt_id(self) -> int:
        """Interrupt number, 0..127; means nothing unless `interrupt_enabled`."""
        return self.properties >> 1 & 0x7F

    @property
    def memory_index(self) -> int:
        """Index of the memory an `IP_MEM_*` or controller entry belongs to."""
        return self.properties & 0xFFFF

    @property
    def pseudo_channel(self) -> int:
        """HBM pseudo channel of an `IP_MEM_HBM` entry."""
        return self.properties >> 16 & 0xFF

    @property
    def kernel_name(self) -> str:
        """`kernel` of `kernel:instance`."""
        return self.name.partition(":")[0]

    @property
    def instance_name(self) -> str:
        """`instance` of `kernel:instance`; empty when there is no colon."""
        return self.name.partition(":")[2]


def kernel_properties(
    control: int = IpControl.AP_CTRL_HS, interrupt_id: int = 0, interrupt_enabled: bool = True
) -> int:
    """IP_LAYOUT properties of a kernel. Raises EINVAL for numbers beyond their fields."""
    if not 0 <= interrupt_id <= 0x7F:
        raise invalid(f"the interrupt id {interrupt_id} is outside 0..127")
    if not 0 <= control <= 0xFF:
        raise invalid(f"the control protocol {control} is outside 0..255")
    return control << 8 | interrupt_id << 1 | int(interrupt_enabled)


@dataclass(frozen=True, slots=True)
class Connection:
    """Argument `arg_index` of IP `ip_index` may live in memory `mem_index`."""

    arg_index: int
    ip_index: int
    mem_index: int


@dataclass(frozen=True, slots=True)
class ClockFreq:
    """One clock. `type` is a `ClockType` number."""

    freq_mhz: int
    type: int
    name: str

    @property
    def type_name(self) -> str:
        return name_of(ClockType, self.type)


@dataclass(frozen=True, slots=True)
class DebugIp:
    """One debug or profiling IP. `type` is a `DebugIpType` number."""

    type: int
    index: int
    properties: int
    major: int
    minor: int
    base: int
    name: str

    @property
    def type_name(self) -> str:
        return name_of(DebugIpType, self.type)


def name_of(enum: Any, value: int) -> str:
    """The name of `value` in `enum`, or the text AMD's tool prints for a value it does not know."""
    try:
        return str(enum(value).name)
    except ValueError:
        return f"UNKNOWN ({value})"


def decode_mem_topology(data: bytes, what: str = "MEM_TOPOLOGY") -> tuple[MemBank, ...]:
    """MEM_TOPOLOGY or GROUP_TOPOLOGY. The size must be exact, as the user PF demands."""
    rows = _rows(data, layouts.MEM_TOPOLOGY, layouts.MEM_DATA, what, exact=True)
    return tuple(MemBank(kind, used != 0, size, base, text(tag)) for kind, used, size, base, tag in rows)


def encode_mem_topology(banks: Sequence[MemBank]) -> bytes:
    return _encode(
        layouts.MEM_TOPOLOGY,
        layouts.MEM_DATA,
        "MEM_TOPOLOGY",
        [(b.type, int(b.used), b.size_kb, b.base, c_string(b.tag, 16, "memory tag")) for b in banks],
    )


def decode_ip_layout(data: bytes) -> tuple[Ip, ...]:
    rows = _rows(data, layouts.IP_LAYOUT, layouts.IP_DATA, "IP_LAYOUT")
    return tuple(Ip(kind, properties, base, text(name)) for kind, properties, base, name in rows)


def encode_ip_layout(ips: Sequence[Ip]) -> bytes:
    return _encode(
        layouts.IP_LAYOUT,
        layouts.IP_DATA,
        "IP_LAYOUT",
        [(ip.type, ip.properties, ip.base, c_string(ip.name, 64, "IP name")) for ip in ips],
    )


def decode_connectivity(data: bytes, what: str = "CONNECTIVITY") -> tuple[Connection, ...]:
    """CONNECTIVITY or GROUP_CONNECTIVITY."""
    rows = _rows(data, layouts.CONNECTIVITY, layouts.CONNECTION, what)
    return tuple(Connection(*row) for row in rows)


def encode_connectivity(connections: Sequence[Connection]) -> bytes:
    return _encode(
        layouts.CONNECTIVITY,
        layouts.CONNECTION,
        "CONNECTIVITY",
        [(c.arg_index, c.ip_index, c.mem_index) for c in connections],
    )


def decode_clock_topology(data: bytes) -> tuple[ClockFreq, ...]:
    rows = _rows(data, layouts.CLOCK_FREQ_TOPOLOGY, layouts.CLOCK_FREQ, "CLOCK_FREQ_TOPOLOGY")
    return tuple(ClockFreq(freq, kind, text(name)) for freq, kind, name in rows)


def encode_clock_topology(clocks: Sequence[ClockFreq]) -> bytes:
    return _encode(
        layouts.CLOCK_FREQ_TOPOLOGY,
        layouts.CLOCK_FREQ,
        "CLOCK_FREQ_TOPOLOGY",
        [(c.freq_mhz, c.type, c_string(c.name, 128, "clock name")) for c in clocks],
    )


def decode_debug_ip_layout(data: bytes) -> tuple[DebugIp, ...]:
    rows = _rows(data, layouts.DEBUG_IP_LAYOUT, layouts.DEBUG_IP_DATA, "DEBUG_IP_LAYOUT")
    return tuple(
        DebugIp(kind, high << 8 | low, properties, major, minor, base, text(name))
        for kind, low, properties, major, minor, high, base, name in rows
    )


def encode_debug_ip_layout(ips: Sequence[DebugIp]) -> bytes:
    return _encode(
        layouts.DEBUG_IP_LAYOUT,
        layouts.DEBUG_IP_DATA,
        "DEBUG_IP_LAYOUT",
        [
            (
                ip.type,
                ip.index & 0xFF,
                ip.properties,
                ip.major,
                ip.minor,
                ip.index >> 8,
                ip.base,
                c_string(ip.name, 128, "debug IP name"),
            )
            for ip in ips
        ],
    )


def _rows(
    data: bytes, head: Layout, entry: Layout, what: str, exact: bool = False
) -> Iterable[tuple[Any, ...]]:
    """The entries of a section. An empty section has none (AMD's tool writes that for a count of 0)."""
    if not data and not exact:
        return ()
    if len(data) < head.size:
        raise invalid(f"the {what} section has {len(data)} bytes, its header alone needs {head.size}")
    (count,) = head.unpack(data)
    if count < 0:
        raise invalid(f"the {what} section says it has {count} entries")
    need = head.size + count * entry.size
    if need > len(data) or (exact and need != len(data)):
        raise invalid(f"the {what} section says {count} entries, which take {need} bytes; it has {len(data)}")
    return entry.iter_unpack(memoryview(data)[head.size : need])


def _encode(head: Layout, entry: Layout, what: str, rows: Sequence[tuple[Any, ...]]) -> bytes:
    try:
        return head.pack(len(rows)) + b"".join(entry.pack(*row) for row in rows)
    except struct.error as error:
        raise invalid(f"a value does not fit into the {what} section: {error}") from None
