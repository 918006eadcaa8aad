# SPDX-License-Identifier: Apache-2.0
"""The register test plan, written once: what every AXI4-Lite register block must do with every register.

The plan believes the register description (docs/registers/README.md says what it makes of each property) and
predicts every read with its own model of the fields. Each coroutine starts from a block just reset.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cocotbext.axi import AxiResp

from pydriver.regs.types import WORD_MASK, Field, Register

UNPREDICTABLE = ("ruser", "wuser")


class FieldModel:
    """Value of one field; None while it is not known."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.ones = (1 << field.width) - 1
        self.value: int | None = None if field.volatile else field.reset
        if field.has("pulse") or not field.readable:
            self.value = 0

    def write(self, new: int, byte_mask: int) -> None:
        """The field's part of a register write; `byte_mask` has ones where the strobes are set."""
        field = self.field
        stored = field.writable and field.readable and not field.volatile and not field.has("pulse")
        if not stored:
            return
        mask, new = field.get(byte_mask), field.get(new)
        if self.value is None:
            if mask == self.ones and not any(field.has(effect) for effect in ("w1c", "w1s", "w1t", "w0c")):
                self.value = new
            return
        old = self.value
        if field.has("w1c"):
            self.value = old & ~(new & mask)
        elif field.has("w1s"):
            self.value = old | (new & mask)
        elif field.has("w1t"):
            self.value = old ^ (new & mask)
        elif field.has("w0c"):
            self.value = old & (new | ~mask)
        elif field.has("wclr"):
            self.value = 0
        elif field.has("wset"):
            self.value = self.ones
        else:
            self.value = (old & ~mask) | (new & mask)

    def read(self) -> None:
        """The side effect of a read."""
        if self.value is not None and self.field.has("rclr"):
            self.value = 0
        elif self.value is not None and self.field.has("rset"):
            self.value = self.ones


class RegisterPlan:
    """Runs the plan on one block through an AXI4-Lite master.

    `span` is the size of the block's address space in bytes, at least its registers.
    """

    def __init__(self, master: Any, registers: Sequence[Register], span: int, rng: random.Random) -> None:
        self.master = master
        self.registers = [r for r in registers if not r.keyhole]
        self.keyholes = [r for r in registers if r.keyhole]
        self.span = span
        self.rng = rng
        self.model = {r.offset: [FieldModel(f) for f in r.fields] for r in self.registers}
        self.accesses = 0

    # ------------------------------------------------------------------------------------ accesses

    async def _write(self, offset: int, value: int, what: str, strobes: int = 0xF) -> None:
        # The master's own write() makes contiguous strobes only and clears the other lanes.
        self.accesses += 1
        port = self.master.write_if
        address, data = port.aw_channel._transaction_obj(), port.w_channel._transaction_obj()
        address.awaddr, data.wdata, data.wstrb = offset, value, strobes
        await port.aw_channel.send(address)
        await port.w_channel.send(data)
        response = AxiResp(int((await port.b_channel.recv()).bresp))
        assert response == AxiResp.OKAY, f"write of {what}: {response!r}"

    async def _read(self, offset: int, what: str) -> int:
        self.accesses += 1
        response = await self.master.read(offset, 4)
        assert response.resp == AxiResp.OKAY, f"read of {what}: {response.resp!r}"
        return int.from_bytes(response.data, "little")

    async def write(self, register: Register, value: int, strobes: int = 0xF) -> None:
        """Write the bytes of `value` that `strobes` names and let the model follow."""
        await self._write(register.offset, value, register.name, strobes)
        byte_mask = WORD_MASK
        if not register.whole_word:
            byte_mask = sum(0xFF << 8 * lane for lane in range(4) if strobes >> lane & 1)
        for field in self.model[register.offset]:
            field.write(value, byte_mask)

    async def check(self, register: Register, why: str) -> None:
        """Read the register and compare every bit that is known."""
        value = await self._read(register.offset, register.name)
        known, expected = WORD_MASK, 0
        for field in self.model[register.offset]:
            if field.value is None:
                known &= ~field.field.mask
            else:
                expected |= field.field.put(field.value)
            field.read()
        assert value & known == expected, (
            f"{why}: {register.name} at 0x{register.offset:X} is {register.describe(value)}, "
            f"expected 0x{expected:08X} in the bits 0x{known:08X}"
        )

    async def check_all(self, why: str) -> None:
        """Read every register, in random order."""
        for register in self._shuffled(self.registers):
            await self.check(register, why)

    def _shuffled(self, items: Iterable[Any]) -> list[Any]:
        items = list(items)
        self.rng.shuffle(items)
        return items

    def _sampled(self, registers: Sequence[Register], most: int = 24) -> list[Register]:
        """The registers, but of a long array only a few (ends included)."""
        if len(registers) <= most:
            return list(registers)
        return [registers[0], registers[-1], *self.rng.sample(list(registers[1:-1]), most - 2)]

    def _bashable(self) -> list[Register]:
        return [
            r
            for r in self.registers
            if not r.side_effect and not any(f.has(u) for f in r.fields for u in UNPREDICTABLE)
        ]

    # ------------------------------------------------------------------------------------ the plan

    async def reset_values(self) -> None:
        """Every register has its reset value, write-only and unused bits read 0."""
        for register in self.registers:
            for field in self.model[register.offset]:
                if field.field.volatile:
                    field.value = field.field.reset if field.field.readable else 0
            await self.check(register, "after reset")
            for field in self.model[register.offset]:
                if field.field.volatile:
                    field.value = None

    async def bit_bash(self) -> None:
        """Each bit of each register follows its access policy, with zeros, ones and each bit alone."""
        for register in self._sampled(self._bashable()):
            patterns = [0, WORD_MASK, 0x5555_5555, 0xAAAA_AAAA]
            patterns += [1 << bit for bit in range(32)]
            patterns += [self.rng.getrandbits(32) for _ in range(4)]
            for pattern in patterns:
                await self.write(register, pattern)
                await self.check(register, f"after writing 0x{pattern:08X}")
            await self.check(register, "second read")

    async def aliasing(self) -> None:
        """A write changes no other register."""
        writable = [r for r in self._bashable() if r.writable]
        for register in self._shuffled(writable):
            await self.write(register, self.rng.getrandbits(32))
        await self.check_all("after writing every register")
        for register in self._sampled(self._shuffled(self._bashable())):
            await self.write(register, self.rng.getrandbits(32))
            await self.check_all(f"after writing {register.name}")

    async def unmapped(self) -> None:
        """Unused offsets read 0, ignore writes and answer OKAY; registers do not show up elsewhere."""
        for register in self._bashable():
            await self.write(register, self.rng.getrandbits(32))
        offsets = list(self._unused_offsets())
        # No register holds what both patterns would leave in it, however short its fields are.
        for pattern in (0, WORD_MASK):
            for offset in offsets:
                where = f"unused offset 0x{offset:X}"
                await self._write(offset, pattern, where)
                value = await self._read(offset, where)
                assert value == 0, f"{where} reads 0x{value:08X}"
            await self.check_all(f"after writing 0x{pattern:08X} to unused offsets")

    def _unused_offsets(self) -> Iterator[int]:
        """Neighbours of registers, registers with one address bit flipped, the last word, and some more."""
        used = {r.offset for r in (*self.registers, *self.keyholes)}
        bits = [1 << b for b in range(2, self.span.bit_length() - 1)]
        near = {offset ^ bit for offset in used for bit in bits} | {self.span - 4}
        anywhere = {4 * self.rng.randrange(self.span // 4) for _ in range(32)}
        free = sorted(offset for offset in near | anywhere if offset < self.span and offset not in used)
        yield from free if len(free) <= 160 else sorted(self.rng.sample(free, 160))

    async def byte_strobes(self) -> None:
        """Only the strobed bytes are written; a block that ignores strobes takes the whole word."""
        for register in self._sampled([r for r in self._bashable() if r.writable], 12):
            # Without any strobe nothing is written, or all where strobes are ignored: both are legal.
            for strobes in range(1 if register.whole_word else 0, 16):
                await self.write(register, self.rng.getrandbits(32))
                await self.write(register, self.rng.getrandbits(32), strobes)
                await self.check(register, f"after writing with strobes {strobes:04b}")
