# SPDX-License-Identifier: Apache-2.0
"""Reference model of the configuration engine: packets of AMD UG470/UG570, frames of this card.

Card rules (docs/blocks/icap.md): content of more slots than one frame has room for takes two; region
content counts only when identity, CRC, START and DESYNC were all good; a dummy word followed by the sync
word ends an unfinished packet; the bus width word outside a packet ends the synchronised state.
"""

from __future__ import annotations

from collections.abc import Callable

IDCODE = 0x14B31093
SYNC, DUMMY, BUS_WIDTH = 0xAA995566, 0xFFFFFFFF, 0x000000BB
CRC, FAR, FDRI, CMD, CTL0, MASK, STAT, COR0, ID = 0, 1, 2, 4, 5, 6, 7, 9, 12
WCFG, START, RCRC, DESYNC = 1, 5, 7, 13
FRAME_WORDS = 93
MAGIC = int.from_bytes(b"CLSP", "big")
_POLY = 0x1EDC6F41  # CRC-32C, not reflected


def crc_update(crc: int, register: int, word: int) -> int:
    """Shift register form on the mirrored remainder; bits enter lowest data bit first, register last."""
    mirrored = int(f"{crc:032b}"[::-1], 2)
    for bit in reversed(f"{register & 31:05b}{word:032b}"):
        feedback = mirrored >> 31 ^ int(bit)
        mirrored = mirrored << 1 & 0xFFFFFFFF
        if feedback:
            mirrored ^= _POLY
    return int(f"{mirrored:032b}"[::-1], 2)


class ConfigEngine:
    """`word` takes one configuration word, `read` gives one readback word."""

    def __init__(self, num_slots: int = 4, resync_in_data: bool = True) -> None:
        self.num_slots = num_slots
        self.resync_in_data = resync_in_data
        self.registers = {FAR: 0, CMD: 0, CTL0: 0, MASK: 0, COR0: 0}
        self.crc = 0
        self.crc_error = False
        self.rcrc_clears = True
        self.done = False
        self.loading = False
        self.kernels: list[int] | None = None  # per slot; None: not configured
        self.synced = False
        self.after_dummy = False
        self.events: set[str] = set()
        self._new_stream()

    # -------------------------------------------------------------------------------- outputs

    @property
    def valid(self) -> bool:
        """The region is configured."""
        return self.kernels is not None

    @property
    def slot_kernel(self) -> int:
        """cfg_slot_kernel: 8 bits per slot, slot 0 lowest."""
        return sum(kernel << 8 * slot for slot, kernel in enumerate(self.kernels or []))

    @property
    def status_byte(self) -> int:
        """CFGERR_B, DALIGN, RIP, IN_ABORT_B, ones."""
        failed = self.crc_error or self.id_error
        return (not failed) << 7 | self.synced << 6 | bool(self.reads) << 5 | 0x1F

    @property
    def stat(self) -> int:
        """The STAT register."""
        value = 1 << 2 | 1 << 3 | 7 << 5 | 1 << 8 | self.crc_error | self.id_error << 15
        if self.done:
            value |= 1 << 4 | 3 << 13
        return value if self.crc_error else value | 3 << 11

    # --------------------------------------------------------------------------------- inputs

    def abort(self) -> None:
        """ICAP abort: out of the packet and out of sync."""
        self.synced = self.after_dummy = False
        self.payload = self.reads = 0

    def read(self) -> int:
        """One readback word, or the status word when no read packet is open."""
        if not self.reads:
            return 0xFFFFFF00 | self.status_byte
        self.reads -= 1
        computed: dict[int, Callable[[], int]] = {
            CRC: lambda: self.crc, STAT: lambda: self.stat, ID: lambda: IDCODE,
        }  # fmt: skip
        get = computed.get(self.register)
        return get() if get else self.registers.get(self.register, 0)

    def word(self, word: int) -> None:
        """Take one word."""
        self.events = set()
        in_packet = self.payload > 0
        if word == SYNC and (not in_packet or (self.resync_in_data and self.after_dummy)):
            self.events.add("resync" if in_packet else "sync again" if self.synced else "sync")
            self._new_stream()
            self.synced = True
            self.rcrc_clears = True
        elif in_packet:
            self.payload -= 1
            self._write(word)
        elif self.synced:
            self._header(word)
        else:
            self.events.add("lost word")
            self.done = self.done and word != BUS_WIDTH
        self.after_dummy = word == DUMMY

    # --------------------------------------------------------------------------------- inside

    def _new_stream(self) -> None:
        self.payload = 0
        self.reads = 0
        self.register = 30
        self.registers[CMD] = 0
        self.identified = False
        self.id_error = False
        self.crc_checked = False
        self.started = False
        self.only_commands = True
        self.frame: list[int] = []
        self.frame_spoilt = False
        self.content: list[int] | None = None

    def _header(self, word: int) -> None:
        kind, operation = word >> 29, word >> 27 & 3
        if kind not in (1, 2) or operation not in (1, 2):
            self.events.add("nop" if kind == 1 and not operation else "odd word")
            if word == BUS_WIDTH:
                self.done = self.synced = False
                self.reads = 0
            return
        if kind == 1:
            self.register = word >> 13 & 31
            count = word & 0x7FF
        else:
            count = word & 0x7FFFFFF
        verb = "read" if operation == 1 else "write"
        self.events.add(f"type {kind} {verb}")
        if operation == 1:
            self.reads = count
        else:
            self.reads = 0
            self.payload = count
            self.done = False

    def _write(self, word: int) -> None:
        register = self.register
        self.events.add(f"register {register}")
        expected = self.crc
        if register != CRC:
            self.crc = crc_update(self.crc, register, word)
        if register != CMD:
            self.only_commands = False
        if register == CRC:
            self._check(word == expected)
        elif register == FDRI:
            self._frame_word(word)
        elif register == CMD:
            self._command(word & 31)
        elif register == ID:
            self.identified = not (word ^ IDCODE) & 0x0FFFFFFF and not self.id_error
            if (word ^ IDCODE) & 0x0FFFFFFF:
                self.id_error = True
                self.events.add("id error")
        elif register == CTL0:
            mask = self.registers[MASK]
            self.registers[CTL0] = self.registers[CTL0] & ~mask | word & mask
        elif register in (MASK, COR0):
            self.registers[register] = word
        elif register == FAR:
            self.registers[FAR] = word
            self.frame = []
            self.frame_spoilt = False

    def _check(self, good: bool) -> None:
        if good:
            self.crc = 0
            self.crc_checked = True
            self.events.add("crc good")
        else:
            self.crc_error = True
            self.rcrc_clears = False
            self._unconfigured()
            self.events.add("crc error")

    def _unconfigured(self) -> None:
        self.loading = True
        self.kernels = None

    def _frame_word(self, word: int) -> None:
        self._unconfigured()
        self.crc_checked = self.started = False
        taken = self.identified and not self.crc_error
        taken = taken and self.registers[CMD] == WCFG and self.registers[FAR] == 0
        if not self.identified:
            self.id_error = True
            self.events.add("no id")
        if not taken:
            self.frame_spoilt = True
            self.content = None
            self.events.add("frame refused")
        elif len(self.frame) < self._content_words():
            self.frame.append(word)
            whole = len(self.frame) == self._content_words() and not self.frame_spoilt
            self.content = self._decode() if whole else None

    def _content_words(self) -> int:
        slots = self.frame[1] if len(self.frame) > 1 else 0
        return FRAME_WORDS if slots <= FRAME_WORDS - 2 else 2 * FRAME_WORDS

    def _decode(self) -> list[int] | None:
        magic, slots = self.frame[:2]
        if magic != MAGIC or slots > self.num_slots or any(k > 255 for k in self.frame[2 : 2 + slots]):
            self.events.add("frame bad")
            return None
        if slots > FRAME_WORDS - 2:
            self.events.add("two frames")
        return self.frame[2 : 2 + slots] + [0] * (self.num_slots - slots)

    def _command(self, command: int) -> None:
        self.registers[CMD] = command
        self.events.add(f"command {command}")
        if command == RCRC:
            self.crc = 0
            if self.rcrc_clears:
                self.crc_error = False
        elif command == START:
            self.started = self.started or (self.crc_checked and self.content is not None)
        elif command == DESYNC:
            self.synced = False
            self.payload = 0
            clean = not self.crc_error and not self.id_error
            if clean and self.content is not None and self.crc_checked and self.started:
                self.loading = False
                self.kernels = self.content
                self.done = True
                self.events.add("configured")
            else:
                self.done = clean and self.only_commands and self.valid
                self.events.add("ended well" if self.done else "ended badly")
