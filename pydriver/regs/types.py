# SPDX-License-Identifier: Apache-2.0
"""What the generated register modules are made of: fields, registers and address windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

WORD_MASK = 0xFFFF_FFFF


@dataclass(frozen=True)
class Field:
    """A field of a 32-bit register.

    `access` is a summary for people: "ro", "rw" or "wo", then what reads and writes do beyond that
    ("rclr" cleared by a read, "w1c" cleared and "w1s" set by writing 1, "w1t" toggled by writing 1,
    "pulse" acts when written 1 and reads 0). `reset` is None when the reset value is not defined.
    `volatile`: hardware changes the value by itself. `values` names values of the field.
    """

    name: str
    lsb: int
    width: int
    access: str
    reset: int | None = 0
    doc: str = ""
    volatile: bool = False
    values: tuple[tuple[str, int], ...] = ()

    @property
    def mask(self) -> int:
        """The bits of the field inside its register."""
        return ((1 << self.width) - 1) << self.lsb

    @property
    def readable(self) -> bool:
        return not self.access.startswith("wo")

    @property
    def writable(self) -> bool:
        return not self.access.startswith("ro")

    def has(self, effect: str) -> bool:
        """Whether `effect` ("rclr", "w1c", "w1s", "w1t", "pulse", …) is part of the access."""
        return effect in self.access.replace(",", " ").replace("/", " ").split()[1:]

    def get(self, value: int) -> int:
        """The field's value inside the register value `value`."""
        return (value >> self.lsb) & ((1 << self.width) - 1)

    def put(self, value: int) -> int:
        """`value` at the field's place. Raises ValueError when it does not fit."""
        if not 0 <= value < 1 << self.width:
            raise ValueError(f"{value} does not fit field {self.name} of {self.width} bit")
        return value << self.lsb

    def value(self, name: str) -> int:
        """The named value `name`. Raises KeyError."""
        return dict(self.values)[name]


@dataclass(frozen=True)
class Register:
    """A 32-bit register. Its fields are attributes too: `STATUS.EMPTY`.

    `keyhole`: every access has a side effect (FIFO port). `side_effect`: a write acts on something else.
    `whole_word`: byte strobes are ignored.
    """

    name: str
    offset: int
    fields: tuple[Field, ...]
    doc: str = ""
    keyhole: bool = False
    side_effect: bool = False
    whole_word: bool = False

    def __getattr__(self, name: str) -> Field:
        for field in self.__dict__.get("fields", ()):
            if field.name == name:
                return field  # type: ignore[no-any-return]
        raise AttributeError(f"register {self.__dict__.get('name')} has no field {name}")

    @property
    def reset(self) -> int:
        """Reset value; fields without a defined reset count as 0 (see `reset_mask`)."""
        return sum(f.put(f.reset) for f in self.fields if f.reset is not None)

    @property
    def reset_mask(self) -> int:
        """The bits whose value after reset is defined: everything but fields without a reset value."""
        return WORD_MASK & ~sum(f.mask for f in self.fields if f.reset is None)

    @property
    def volatile(self) -> bool:
        return any(f.volatile for f in self.fields)

    @property
    def readable(self) -> bool:
        return any(f.readable for f in self.fields)

    @property
    def writable(self) -> bool:
        return any(f.writable for f in self.fields)

    def describe(self, value: int) -> str:
        """`value` field by field, for messages: "0x00000005 EMPTY=1 FULL=0"."""
        parts = [f"0x{value:08X}"]
        for field in self.fields:
            number = field.get(value)
            plain = f"{number:#x}" if field.width > 1 else f"{number}"
            names = [name for name, known in field.values if known == number]
            parts.append(f"{field.name}={names[0] if names else plain}")
        return " ".join(parts)

    def array(self, count: int, stride: int) -> tuple[Register, ...]:
        """`count` copies, `stride` bytes apart; the `*` of the name becomes the index."""
        return tuple(
            Register(
                self.name.replace("*", str(i)),
                self.offset + i * stride,
                self.fields,
                self.doc,
                self.keyhole,
                self.side_effect,
                self.whole_word,
            )
            for i in range(count)
        )


@dataclass(frozen=True)
class Window:
    """A range of a BAR or bus, in bytes."""

    name: str
    base: int
    size: int
    doc: str = ""

    @cached_property
    def end(self) -> int:
        """First address behind the window."""
        return self.base + self.size

    def __contains__(self, address: int) -> bool:
        return self.base <= address < self.end

    def array(self, count: int, stride: int) -> tuple[Window, ...]:
        """`count` windows, `stride` bytes apart; the `*` of the name becomes the index."""
        return tuple(
            Window(self.name.replace("*", str(i)), self.base + i * stride, self.size, self.doc)
            for i in range(count)
        )


def find_window(windows: Sequence[Window], address: int) -> Window | None:
    """The window that holds `address`, or None."""
    return next((w for w in windows if address in w), None)
