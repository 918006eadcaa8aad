# SPDX-License-Identifier: Apache-2.0
"""Packets that do something, and packets that must be refused."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydriver import ert
from pydriver.ert import Header, Opcode, Type, to_bytes
from pydriver.regs import cu_probe, cu_vadd
from tests.soak import coverage

CONTROL, DELAY, TOKEN = cu_probe.CONTROL.offset, cu_probe.DELAY.offset, cu_probe.TOKEN.offset
PAYLOAD = tuple(register.offset for register in cu_probe.PAYLOAD)
ADAPTER_TOKEN = cu_vadd.A_HI.offset + 4
"""Where a vector adder behind a fast adapter gets the token: the word behind a pointer keeps it, unused."""
HANG = 1
DIGEST = cu_probe.DIGEST.offset
UNKNOWN_OPCODE = 31


def masks(mask: int) -> tuple[int, list[int]]:
    """The first mask word of a packet and as many more as `mask` needs."""
    words = [mask >> shift & 0xFFFF_FFFF for shift in (0, 32, 64, 96)]
    while len(words) > 1 and not words[-1]:
        words.pop()
    return words[0], words[1:]


@dataclass(frozen=True)
class Work:
    """What a unit is asked to do."""

    token: int
    delay: int = 0
    control: int = 0
    payload: Sequence[int] = ()

    def packet(self, command: str, mask: int, stat: bool) -> bytes:
        """A start command of any kind."""
        first, more = masks(mask)
        words = [self.control, self.delay, self.token, *self.payload]
        if command == "START_CU":
            return ert.start_kernel(first, [0, 0, 0, 0, *words], more, stat_enabled=stat)
        pairs = list(zip((CONTROL, DELAY, TOKEN, *PAYLOAD), words, strict=False))
        build = ert.exec_write if command == "EXEC_WRITE" else ert.start_key_val
        return build(first, pairs, more, stat_enabled=stat)


@dataclass(frozen=True)
class Addition:
    """What a vector adder behind a fast adapter is asked to do: device addresses, words."""

    token: int
    a: int
    b: int
    out: int
    count: int

    def packet(self, mask: int) -> bytes:
        """START_FA."""
        first, more = masks(mask)
        entries, size = [], 0
        for offset, words in (
            (cu_vadd.A_LO.offset, pointer(self.a)),
            (ADAPTER_TOKEN, [self.token]),
            (cu_vadd.B_LO.offset, pointer(self.b)),
            (cu_vadd.OUT_LO.offset, pointer(self.out)),
            (cu_vadd.N.offset, [self.count]),
        ):
            entries += [offset, 4 * len(words), *words]
            size += 4 * len(words)
        return ert.start_fa(first, [0, 5, size, 0, 0, *entries], more)


def pointer(address: int) -> list[int]:
    """A device address as words."""
    return [address & 0xFFFF_FFFF, address >> 32]


@dataclass(frozen=True)
class Bad:
    """A packet that EXECBUF refuses with `error`. `taken`: it counts as a command that ended in ERROR.

    `protocol` is that of the unit that makes it bad.
    """

    packet: bytes
    error: int
    taken: bool
    protocol: str = coverage.NO_UNIT


def bad_packets(room: int, host: bool) -> list[Bad]:
    """Those that no unit is needed for. `room`: bytes of the longest packet."""
    start = ert.start_kernel(1, [0] * 8)
    header = Header.unpack(int.from_bytes(start[:4], "little"))
    unknown = replace(header, opcode=UNKNOWN_OPCODE).pack().to_bytes(4, "little") + start[4:]
    long = ert.start_kernel(1, [0] * (room // 4 + 1))
    found = [
        Bad(unknown, errno.EINVAL, taken=False),
        Bad(to_bytes([Header(Opcode.SK_START, Type.SCU, 8).pack(), 1, *[0] * 7]), errno.EINVAL, taken=False),
        Bad(ert.start_kernel(0, [0] * 8), errno.EINVAL, taken=True),
        Bad(to_bytes([Header(Opcode.START_CU, Type.CU, 2000).pack()]), errno.EINVAL, taken=False),
        Bad(ert.clk_calib() if host else ert.abort(1), errno.EINVAL, taken=True),
    ]
    if len(long) <= 4096:
        found.append(Bad(long, errno.EINVAL, taken=False))
    return found


def bad_for_unit(index: int, protocol: str, held: bool) -> Bad:
    """A packet that names a unit it cannot be for."""
    first, more = masks(1 << index)
    start = ert.start_kernel(first, [0] * 8, more)
    if held and protocol in (coverage.HS, coverage.CHAIN):
        start = ert.start_fa(first, [0] * 8, more)
    return Bad(start, errno.EINVAL, True, protocol)
