# SPDX-License-Identifier: Apache-2.0
"""Make and show configuration streams for the card's dynamic region.

The stream has the packet format of 7-series/UltraScale devices (AMD UG470, UG570): dummy words, bus
width pattern, sync word, type-1 and type-2 packets, a CRC over every register write, DESYNC. The frame
data is this card's own: FRAME_MAGIC, number of slots, one kernel type id per slot, filler; one frame, or two
when there are more slots than one has room for.

`python -m tools.bitgen --slots 1,1,2 --output k.bin` writes a stream, `--show FILE` prints one.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path

IDCODE = 0x14B31093  # XCU200, silicon revision 1
FRAME_MAGIC = 0x434C5350
FRAME_WORDS = 93
MAX_SLOTS = 128

DUMMY = 0xFFFFFFFF
SYNC = 0xAA995566
BUS_WIDTH = (0x000000BB, 0x11220044)
NOP = 0x20000000

TYPE_1, TYPE_2 = 1, 2
OP_READ, OP_WRITE = 1, 2
MAX_TYPE_1_WORDS = 0x7FF
_CRC_POLY = 0x82F63B78  # CRC-32C, reflected


class Reg(IntEnum):
    """Configuration registers (AMD UG570, table of the packet registers)."""

    CRC = 0
    FAR = 1
    FDRI = 2
    FDRO = 3
    CMD = 4
    CTL0 = 5
    MASK = 6
    STAT = 7
    LOUT = 8
    COR0 = 9
    MFWR = 10
    CBC = 11
    IDCODE = 12
    AXSS = 13
    COR1 = 14
    WBSTAR = 16
    TIMER = 17
    BOOTSTS = 22
    CTL1 = 24
    BSPI = 31


class Cmd(IntEnum):
    """Values of the CMD register."""

    NULL = 0
    WCFG = 1
    MFW = 2
    LFRM = 3
    RCFG = 4
    START = 5
    RCRC = 7
    AGHIGH = 8
    SWITCH = 9
    GRESTORE = 10
    SHUTDOWN = 11
    DESYNC = 13
    IPROG = 15


def crc_step(crc: int, register: int, word: int) -> int:
    """CRC after `word` was written to `register`: 37 bits, register above word, low bit first."""
    crc ^= word
    for _ in range(32):
        crc = crc >> 1 ^ (_CRC_POLY if crc & 1 else 0)
    crc ^= register & 0x1F
    for _ in range(5):
        crc = crc >> 1 ^ (_CRC_POLY if crc & 1 else 0)
    return crc


class StreamWriter:
    """Collects the words of a stream and keeps the CRC that the device will have computed."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.crc = 0

    def raw(self, *words: int) -> None:
        """Words as they are: dummies, sync word, NOPs, headers of broken packets."""
        self.words += words

    def preamble(self, sync: bool = True) -> None:
        """Dummy words, bus width pattern and (unless `sync` is False) the sync word."""
        self.raw(*[DUMMY] * 8, *BUS_WIDTH, DUMMY, DUMMY)
        self.raw(SYNC if sync else DUMMY, NOP)

    def write(self, register: int, *values: int) -> None:
        """A type-1 write packet. Raises ValueError when the values do not fit one."""
        if len(values) > MAX_TYPE_1_WORDS:
            raise ValueError(f"{len(values)} words do not fit a type-1 packet")
        self.raw(TYPE_1 << 29 | OP_WRITE << 27 | register << 13 | len(values))
        self._payload(register, values)

    def write_long(self, register: int, values: Sequence[int]) -> None:
        """An empty type-1 write that names the register, then a type-2 packet with the values."""
        self.raw(TYPE_1 << 29 | OP_WRITE << 27 | register << 13)
        self.raw(TYPE_2 << 29 | OP_WRITE << 27 | len(values))
        self._payload(register, values)

    def read(self, register: int, count: int = 1) -> None:
        """A type-1 read packet."""
        self.raw(TYPE_1 << 29 | OP_READ << 27 | register << 13 | count)

    def command(self, command: int) -> None:
        """Write the CMD register."""
        self.write(Reg.CMD, command)
        if command == Cmd.RCRC:
            self.crc = 0

    def check_crc(self, error: int = 0) -> None:
        """Write the CRC register; `error` is xored in."""
        self.write(Reg.CRC, self.crc ^ error)
        self.crc = 0

    def to_bytes(self) -> bytes:
        """The stream in file order (each word big endian)."""
        return pack(self.words)

    def _payload(self, register: int, values: Iterable[int]) -> None:
        for value in values:
            self.raw(value)
            if register != Reg.CRC:
                self.crc = crc_step(self.crc, register, value)


def pack(words: Sequence[int]) -> bytes:
    """Words to bytes in file order."""
    return struct.pack(f">{len(words)}I", *words)


def unpack(stream: bytes) -> list[int]:
    """Bytes in file order to words; a last, incomplete word is dropped, as in the driver."""
    count = len(stream) // 4
    return list(struct.unpack(f">{count}I", stream[: count * 4]))


def frame_data(slot_kernels: Sequence[int], words: int = 2 * FRAME_WORDS) -> list[int]:
    """Frame data that configures the slots with these kernel type ids (8 bits each, 0 = empty).

    Slots that are not named are empty; a region with fewer slots than are named refuses the data. Raises
    ValueError when there are too many slots, an id is out of range or `words` is below the frames they need.
    """
    if len(slot_kernels) > MAX_SLOTS:
        raise ValueError(f"{len(slot_kernels)} slots, a region has at most {MAX_SLOTS}")
    if any(not 0 <= kernel <= 0xFF for kernel in slot_kernels):
        raise ValueError(f"kernel type ids have 8 bits: {list(slot_kernels)}")
    frames = 1 if len(slot_kernels) <= FRAME_WORDS - 2 else 2
    if words < frames * FRAME_WORDS:
        raise ValueError(f"{words} words are less than {frames} frames of {FRAME_WORDS}")
    data = [FRAME_MAGIC, len(slot_kernels), *slot_kernels]
    data += _filler(words - len(data), seed=len(data) + sum(slot_kernels))
    return data


def _filler(count: int, seed: int) -> list[int]:
    """Random-looking words, the same for the same seed; never a dummy or sync word."""
    state, words = seed * 2654435761 + 1, []
    while len(words) < count:
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        word = state >> 32
        if word not in (DUMMY, SYNC):
            words.append(word)
    return words


def build_stream(
    slot_kernels: Sequence[int],
    *,
    idcode: int = IDCODE,
    words: int = 2 * FRAME_WORDS,
    bad_crc: bool = False,
    wrong_idcode: bool = False,
    no_sync: bool = False,
    no_crc: bool = False,
    truncate: bool | int = False,
) -> bytes:
    """A stream (file order) that configures the region's slots with these kernel type ids.

    `words` is the number of frame words. Faults: `bad_crc` flips a bit of the CRC word, `wrong_idcode`
    names another device, `no_sync` puts a dummy where the sync word belongs, `no_crc` leaves the CRC
    out, `truncate` keeps that many words (True: cut in the middle of the frame data).
    Raises ValueError as frame_data does, and when `truncate` is longer than the stream.
    """
    out = StreamWriter()
    out.preamble(sync=not no_sync)
    out.command(Cmd.RCRC)
    out.raw(NOP, NOP)
    out.write(Reg.IDCODE, idcode ^ (0x00008000 if wrong_idcode else 0))
    out.write(Reg.COR0, 0x38003FE5)
    out.write(Reg.MASK, 0x00000001)
    out.write(Reg.CTL0, 0x00000101)
    out.command(Cmd.WCFG)
    out.write(Reg.FAR, 0)
    out.raw(NOP)
    out.write_long(Reg.FDRI, frame_data(slot_kernels, words))
    middle = len(out.words) - words // 2
    if not no_crc:
        out.check_crc(error=0x00010000 if bad_crc else 0)
    out.command(Cmd.LFRM)
    out.raw(NOP, NOP)
    out.command(Cmd.START)
    out.raw(NOP)
    if not no_crc:
        out.check_crc()
    out.command(Cmd.DESYNC)
    out.raw(*[NOP] * 16)
    stream = out.to_bytes()
    if truncate is False:
        return stream
    keep = middle if truncate is True else truncate
    if not 0 <= keep <= len(out.words):
        raise ValueError(f"cannot keep {keep} of {len(out.words)} words")
    return stream[: keep * 4]


def _name(kind: type[IntEnum], value: int) -> str:
    return kind(value).name if value in kind._value2member_map_ else f"{kind.__name__} {value}"


def _explain(register: int, index: int, word: int) -> str:
    if register == Reg.CMD:
        return _name(Cmd, word & 0x1F)
    if register == Reg.FDRI and index == 0 and word == FRAME_MAGIC:
        return "frame magic"
    return f"{_name(Reg, register)}[{index}]" if register == Reg.FDRI else f"{_name(Reg, register)} value"


def _header(word: int, last: int) -> tuple[str, int, int, int]:
    """Text, operation, register and count of a packet header."""
    kind, op = word >> 29, word >> 27 & 3
    if kind == TYPE_1:
        register, count = word >> 13 & 0x1F, word & MAX_TYPE_1_WORDS
    elif kind == TYPE_2:
        register, count = last, word & 0x7FFFFFF
    else:
        return "not a packet", 0, last, 0
    verb = ("NOP", "read", "write", "reserved operation")[op]
    if op == 0:
        return verb, op, last, 0
    return f"type {kind} {verb} {_name(Reg, register)}, {count} words", op, register, count


def disassemble(stream: bytes, head: int = 8) -> Iterator[str]:
    """One line per word for people; of a long payload only the first `head` words are shown."""
    plain = {DUMMY: "dummy", SYNC: "sync", BUS_WIDTH[0]: "bus width", BUS_WIDTH[1]: "bus width"}
    synced, last, left, index = False, -1, 0, 0
    for position, word in enumerate(unpack(stream)):
        if left:
            text = f"  {_explain(last, index, word)}"
            left, index = left - 1, index + 1
            if last == Reg.CMD and word & 0x1F == Cmd.DESYNC:
                synced, left = False, 0
            if index == head + 1 and left:
                text = f"  ... {left + 1} more words"
            elif index > head + 1:
                continue
        elif word in plain:
            text = plain[word]
            synced |= word == SYNC
        elif not synced:
            text = "NOP" if word == NOP else "out of sync"
        else:
            text, op, last, left = _header(word, last)
            index = 0
            if op != OP_WRITE:
                left = 0
        yield f"{position:6d}  {word:08x}  {text}"
    if left:
        yield f"ends {left} words before the end of a packet"


def _stream_of(data: bytes) -> bytes:
    """Drop the header of a .bit file: the stream begins with a run of dummy words."""
    start = data.find(b"\xff" * 16) if data[:2] == b"\x00\x09" else 0
    return data[max(start, 0) :]


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description="Make or show a configuration stream.")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print the stream in FILE (.bit or raw)")
    parser.add_argument("--slots", default="", help="kernel type ids, e.g. 1,1,2 (1 vadd, 2 reduce)")
    parser.add_argument("--words", type=int, default=2 * FRAME_WORDS, help="number of frame words")
    parser.add_argument("--output", type=Path, help="file to write")
    options = parser.parse_args(argv)
    if options.show:
        for line in disassemble(_stream_of(options.show.read_bytes())):
            print(line)
        return 0
    if not options.output:
        parser.error("--show FILE, or --slots and --output FILE")
    slots = [int(slot, 0) for slot in options.slots.split(",") if slot]
    options.output.write_bytes(build_stream(slots, words=options.words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
