# SPDX-License-Identifier: Apache-2.0
"""ERT command packets: header word, validity rules, time stamps (XRT ERT contract §1, `ert.h` of XRT 2.13).

A packet is a little-endian sequence of 32-bit words: the header, then `count` payload words.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag

from pydriver.errors import fail


class State(IntEnum):
    """State of a command, header bits [3:0]."""

    NEW = 1
    QUEUED = 2
    RUNNING = 3
    COMPLETED = 4
    ERROR = 5
    ABORT = 6
    SUBMITTED = 7
    TIMEOUT = 8
    NORESPONSE = 9
    SKERROR = 10
    SKCRASHED = 11


STATE_MAX = 12
"""Number of time stamps in a packet (one per state, index 0 unused)."""

FINAL_STATES = frozenset(
    {
        State.COMPLETED,
        State.ERROR,
        State.ABORT,
        State.TIMEOUT,
        State.NORESPONSE,
        State.SKERROR,
        State.SKCRASHED,
    }
)
"""States that end a command: the application stops waiting."""


class Type(IntEnum):
    """Type of a command, header bits [31:28]. The firmware takes CU as normal, all others as special."""

    DEFAULT = 0
    KDS_LOCAL = 1
    CTRL = 2
    CU = 3
    SCU = 4


class Opcode(IntEnum):
    """Operation, header bits [27:23]."""

    START_CU = 0
    CONFIGURE = 2
    EXIT = 3
    ABORT = 4
    EXEC_WRITE = 5
    CU_STAT = 6
    START_COPYBO = 7
    SK_CONFIG = 8
    SK_START = 9
    SK_UNCONFIG = 10
    INIT_CU = 11
    START_FA = 12
    CLK_CALIB = 13
    MB_VALIDATE = 14
    START_KEY_VAL = 15
    ACCESS_TEST_C = 16
    ACCESS_TEST = 17


class Feature(IntFlag):
    """Feature word of the CONFIGURE packet (byte offset 20)."""

    ERT = 1 << 0
    POLLING = 1 << 1
    CU_DMA = 1 << 2
    CU_ISR = 1 << 3
    CQ_INT = 1 << 4
    CDMA = 1 << 5
    DATAFLOW = 1 << 6
    RW_SHARED = 1 << 7
    KDS_30 = 1 << 8
    DMSG = 1 << 9
    ECHO = 1 << 10
    INTR = 1 << 11
    DSA52 = 1 << 31


MAX_COUNT = (1 << 11) - 1
"""Largest payload the count field can say, in words."""

EXIT_COMMAND = (Opcode.EXIT << 23) | State.NEW
"""Word the management driver writes to slot 0 to stop the firmware: 0x01800001."""

EXIT_ACKNOWLEDGED = (Opcode.EXIT << 23) | State.COMPLETED
"""Word the firmware leaves in slot 0 when it has stopped: 0x01800004."""

_TIMED = frozenset({Opcode.START_CU, Opcode.EXEC_WRITE, Opcode.START_FA, Opcode.SK_START})
_MIN_AFTER_MASKS = {
    Opcode.START_CU: 4,
    Opcode.START_KEY_VAL: 0,
    Opcode.EXEC_WRITE: 6,
    Opcode.START_FA: 0,
    Opcode.SK_START: 1,
    Opcode.INIT_CU: 8 + 4,
}
_ALWAYS_VALID = frozenset(
    {
        Opcode.EXIT,
        Opcode.ABORT,
        Opcode.CU_STAT,
        Opcode.CLK_CALIB,
        Opcode.MB_VALIDATE,
        Opcode.ACCESS_TEST_C,
    }
)


def to_bytes(words: Sequence[int]) -> bytes:
    """32-bit words as little-endian bytes."""
    return struct.pack(f"<{len(words)}I", *words)


def to_words(data: bytes) -> list[int]:
    """Little-endian bytes (length a multiple of 4, else `struct.error`) as 32-bit words."""
    return list(struct.unpack(f"<{len(data) // 4}I", data))


@dataclass(frozen=True)
class Header:
    """Word 0 of a packet.

    `custom` holds bits [11:4]: stat_enabled (bit 4) and extra_cu_masks (bits [11:10]) of the start
    commands, update_rtp (bit 4) of INIT_CU. `opcode` and `type` are plain numbers so that a packet
    nobody knows can still be represented.
    """

    opcode: int
    type: int = Type.DEFAULT
    count: int = 0
    state: int = State.NEW
    custom: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError when a field does not fit its bits."""
        for name, width in (("opcode", 5), ("type", 4), ("count", 11), ("state", 4), ("custom", 8)):
            value = getattr(self, name)
            if not 0 <= value < 1 << width:
                raise ValueError(f"{name} {value} does not fit in {width} bits")

    @classmethod
    def start(cls, opcode: int, count: int, extra_cu_masks: int = 0, stat_enabled: bool = False) -> Header:
        """Header of a command for compute units (type CU)."""
        return cls(opcode, Type.CU, count, State.NEW, int(stat_enabled) | extra_cu_masks << 6)

    @classmethod
    def unpack(cls, word: int) -> Header:
        """Split a header word."""
        return cls(
            opcode=word >> 23 & 0x1F,
            type=word >> 28 & 0xF,
            count=word >> 12 & 0x7FF,
            state=word & 0xF,
            custom=word >> 4 & 0xFF,
        )

    def pack(self) -> int:
        """The header word."""
        return self.state | self.custom << 4 | self.count << 12 | self.opcode << 23 | self.type << 28

    @property
    def stat_enabled(self) -> bool:
        """Time stamps follow the command."""
        return bool(self.custom & 1)

    @property
    def update_rtp(self) -> bool:
        """INIT_CU updates arguments of a running unit."""
        return bool(self.custom & 1)

    @property
    def extra_cu_masks(self) -> int:
        """Mask words after the first one, 0 to 3."""
        return self.custom >> 6 & 3

    def with_state(self, state: int) -> Header:
        """The same header in another state."""
        return replace(self, state=state)


def validate(packet: bytes) -> Header:
    """Check a packet as the driver does before it accepts it (XRT ERT contract §1) and return its header.

    Raises DriverError(EINVAL) with the reason. ACCESS_TEST is internal to the host, so it is invalid here.
    """
    if len(packet) < 4 or len(packet) % 4:
        raise fail(errno.EINVAL, f"a packet is whole words, at least one; got {len(packet)} bytes")
    header = Header.unpack(int.from_bytes(packet[:4], "little"))
    if 4 + 4 * header.count > len(packet):
        there = len(packet) // 4 - 1
        raise fail(errno.EINVAL, f"the header counts {header.count} payload words but {there} are there")
    need = _required_count(header, packet)
    if need is None:
        raise fail(errno.EINVAL, f"opcode {header.opcode} is not a command an application may send")
    exact = header.opcode in (Opcode.START_COPYBO, Opcode.SK_CONFIG)
    if header.count < need or (exact and header.count != need):
        needs = f"{Opcode(header.opcode).name} needs {'exactly' if exact else 'at least'} {need}"
        raise fail(errno.EINVAL, f"{needs} payload words, has {header.count}")
    return header


def _required_count(header: Header, packet: bytes) -> int | None:
    """Payload words an opcode needs; None when the opcode is never valid."""
    opcode = header.opcode
    if opcode in _ALWAYS_VALID:
        return 0
    if opcode in _MIN_AFTER_MASKS:
        return _MIN_AFTER_MASKS[Opcode(opcode)] + 1 + header.extra_cu_masks
    if opcode == Opcode.CONFIGURE:
        # A packet too short to hold the field has count < 5 and fails all the same.
        return 5 + int.from_bytes(packet[8:12], "little")
    if opcode == Opcode.SK_CONFIG:
        return 1 + 7 * int.from_bytes(packet[4:8], "little")
    if opcode == Opcode.START_COPYBO:
        return 16
    return None


def timestamps_offset(header: Header) -> int:
    """Byte offset of the time stamps: after the payload, 8-byte aligned."""
    return (4 + 4 * header.count + 7) // 8 * 8


def size_with_timestamps(header: Header) -> int:
    """Bytes of a packet with its time stamps, 0 when it has none (disabled, or an opcode without them).

    START_KEY_VAL never has time stamps, whatever its header says (`ert.h`).
    """
    if header.opcode not in _TIMED or not header.stat_enabled:
        return 0
    return timestamps_offset(header) + 8 * STATE_MAX


def read_timestamps(packet: bytes) -> dict[State, int]:
    """Time stamps in nanoseconds by state, those that were recorded (non-zero).

    Raises DriverError(EINVAL) when the packet has no time stamps or is too short for them.
    """
    header = Header.unpack(int.from_bytes(packet[:4], "little"))
    size = size_with_timestamps(header)
    if size == 0 or len(packet) < size:
        raise fail(errno.EINVAL, f"no time stamps in this packet of {len(packet)} bytes")
    stamps = struct.unpack_from(f"<{STATE_MAX}Q", packet, timestamps_offset(header))
    return {state: stamps[state] for state in State if stamps[state]}


def write_timestamp(packet: bytearray, state: State, now_ns: int) -> None:
    """Record the time a command entered a state; nothing happens when the packet has no time stamps."""
    header = Header.unpack(int.from_bytes(packet[:4], "little"))
    if 0 < size_with_timestamps(header) <= len(packet):
        struct.pack_into("<Q", packet, timestamps_offset(header) + 8 * state, now_ns)
