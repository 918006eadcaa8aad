# SPDX-License-Identifier: Apache-2.0
"""Reading kernel descriptions: every file is checked whole; an error names the file and the key."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydriver.xclbin import NEXT_DESCRIPTOR
from tools.kernels.description import (
    COUNTER_OFFSET,
    WINDOW,
    Argument,
    Description,
    DescriptionError,
    Direction,
    Kind,
    Protocol,
)

SLOT_PARAMETERS = ("ADDR_W", "ID_W")
"""Parameters of a module that the slot sets."""

_TAKEN_KERNELS = ("kernels", "memory_kernels", "sel_w", "port_w", "addr_w", "id_w", "protocol")
"""Names that the generated multiplexers use in upper case, as they do a kernel's."""

_TAKEN_REGISTERS = ("REGISTERS", "SIZE", "WINDOWS")
"""Names that a generated module of registers has itself."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_MODULE = re.compile(r"[A-Za-z_]\w*")


def load(path: Path) -> Description:
    """Read `path`, a kernel.toml or the folder it is in. Raises DescriptionError."""
    file = path / "kernel.toml" if path.is_dir() else path
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DescriptionError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DescriptionError(f"{file}: not valid TOML: {error}") from None
    return _Reader(file).description(table)


def load_all(folders: Sequence[Path]) -> tuple[Description, ...]:
    """The kernels of these folders by type id; each has one kernel in every subfolder, or is one itself.

    Raises DescriptionError also when two kernels have one name or type id.
    """
    files: list[Path] = []
    for folder in folders:
        own = folder / "kernel.toml"
        found = [own] if own.exists() else sorted(folder.glob("*/kernel.toml"))
        files += found
        if not found:
            raise DescriptionError(f"{folder}: there is no kernel.toml in it or in a folder below")
    kernels = [load(file) for file in files]
    check_unique(kernels)
    return tuple(sorted(kernels, key=lambda kernel: kernel.type_id))


def check_unique(kernels: Sequence[Description]) -> None:
    """Raises DescriptionError when two kernels have one name or type id."""
    names: dict[str, Description] = {}
    types: dict[int, Description] = {}
    for kernel in kernels:
        if (other := names.setdefault(kernel.name, kernel)) is not kernel:
            raise DescriptionError(f"{kernel.path}: name: {kernel.name!r} is in use by {other.path}")
        if (other := types.setdefault(kernel.type_id, kernel)) is not kernel:
            raise DescriptionError(f"{kernel.path}: type: {kernel.type_id} is in use by {other.path}")


def _descriptors(arguments: Sequence[Argument]) -> Argument:
    """The argument that an adapter adds to its kernel's: the last one, whose memory has the descriptors."""
    # Behind the last argument as Vitis places it: a word is reserved between the two.
    offset = max((argument.end + 4 for argument in arguments), default=COUNTER_OFFSET)
    doc = "The adapter sets it; it names the memory of the descriptors."
    return Argument(len(arguments), NEXT_DESCRIPTOR, Kind.BUFFER, Direction.IN, offset, 8, "void*", doc)


class _Reader:
    """Checks one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._where = ""

    def fail(self, key: str, reason: str) -> DescriptionError:
        return DescriptionError(f"{self._path}: {self._where}{key}: {reason}")

    def description(self, table: dict[str, Any]) -> Description:
        known = {
            "name", "title", "doc", "module", "type", "protocol", "memory", "light", "interrupt", "sw_reset",
            "counted_auto_restart", "mailbox", "parameters", "argument",
        }  # fmt: skip
        self._known(table, known)
        name = self._text(table, "name")
        if not _NAME.fullmatch(name):
            raise self.fail("name", f"{name!r} must be lower case letters, digits and _, at most 31")
        if name in _TAKEN_KERNELS:
            raise self.fail("name", f"{name!r} is a name that the region uses; choose another")
        module = self._text(table, "module", f"krnl_{name}")
        if not _MODULE.fullmatch(module):
            raise self.fail("module", f"{module!r} is no name of a module")
        type_id = self._number(table, "type")
        if not 1 <= type_id <= 255:
            raise self.fail("type", f"{type_id} is outside 1..255")
        protocol = Protocol(self._choice(table, "protocol", [p.value for p in Protocol], "hs"))
        buffers = any(row.get("kind") == "buffer" for row in self._rows(table))
        memory = self._flag(table, "memory", buffers or protocol is Protocol.FAST_ADAPTER)
        mailbox = self._choice(table, "mailbox", ["none", "in", "out", "inout"], "none")
        kernel = Description(
            path=self._path,
            name=name,
            title=self._text(table, "title"),
            doc=" ".join(self._text(table, "doc", "").split()),
            module=module,
            type_id=type_id,
            protocol=protocol,
            memory=memory,
            light=self._flag(table, "light", not memory),
            interrupt=self._flag(table, "interrupt", protocol is not Protocol.NONE),
            sw_reset=self._flag(table, "sw_reset", False),
            counted_auto_restart=self._flag(table, "counted_auto_restart", False),
            mailbox=mailbox,
            parameters=self._parameters(table),
            arguments=(),
        )
        self._combination(kernel)
        arguments = tuple(self._argument(kernel, i, row) for i, row in enumerate(self._rows(table)))
        if protocol is Protocol.FAST_ADAPTER:
            arguments = (*arguments, _descriptors(arguments))
        self._overlaps(arguments)
        self._names(kernel, arguments)
        return Description(**{**kernel.__dict__, "arguments": arguments})

    def _combination(self, kernel: Description) -> None:
        extras = kernel.mailbox != "none" or kernel.counted_auto_restart or kernel.sw_reset
        if kernel.protocol in (Protocol.NONE, Protocol.FAST_ADAPTER) and extras:
            text = f"protocol {kernel.protocol.value!r} has no mailbox, counted restart or software reset"
            raise self.fail("protocol", text)
        if kernel.protocol is Protocol.FAST_ADAPTER and not kernel.memory:
            raise self.fail("memory", "a fast adapter reads its descriptors from memory")
        if kernel.memory and kernel.light:
            raise self.fail("light", "a kernel with a memory port does not fit a slot without one")
        if kernel.protocol is Protocol.NONE and kernel.interrupt:
            raise self.fail("interrupt", "a kernel without control protocol has no interrupt")

    def _argument(self, kernel: Description, index: int, row: dict[str, Any]) -> Argument:
        self._where = f"argument {index + 1}: "
        self._known(row, {"name", "kind", "direction", "offset", "size", "words", "type", "doc"})
        name = self._text(row, "name")
        if not _NAME.fullmatch(name):
            raise self.fail("name", f"{name!r} must be lower case letters, digits and _, at most 31")
        self._where = f"argument {name}: "
        kind = Kind(self._choice(row, "kind", [k.value for k in Kind], "scalar"))
        direction = Direction(self._choice(row, "direction", [d.value for d in Direction], "in"))
        if kind is Kind.BUFFER and not kernel.memory:
            raise self.fail("kind", "a buffer needs memory = true")
        if kind is Kind.BUFFER and direction is Direction.OUT:
            raise self.fail("direction", "the address of a buffer always goes to the kernel")
        if kind is Kind.ARRAY:
            if "size" in row:
                raise self.fail("size", "an array has words instead")
            size = 4 * self._number(row, "words")
        elif "words" in row:
            raise self.fail("words", "only an array has words")
        else:
            size = self._number(row, "size", 8 if kind is Kind.BUFFER else 4)
        if kind is Kind.BUFFER and size != 8:
            raise self.fail("size", "a buffer is a 64-bit address, 8 bytes")
        if size <= 0 or size % 4:
            raise self.fail("size", f"{size} bytes are no whole number of words")
        offset = self._number(row, "offset")
        if offset % 4:
            raise self.fail("offset", f"{offset:#x} is not at a word")
        if offset < 0:
            raise self.fail("offset", f"{offset} is below 0")
        if kernel.protocol is not Protocol.NONE and offset < kernel.first_argument:
            raise self.fail("offset", f"{offset:#x} is below {kernel.first_argument:#x}, the control words")
        if offset + size > WINDOW:
            raise self.fail("offset", f"it ends at {offset + size:#x}, a slot has {WINDOW:#x} bytes")
        default = {4: "uint", 8: "ulong"}.get(size, "uint") if kind is Kind.SCALAR else "uint*"
        doc = " ".join(self._text(row, "doc", "").split())
        text = self._text(row, "type", default)
        self._where = ""
        return Argument(index, name, kind, direction, offset, size, text, doc)

    def _overlaps(self, arguments: Sequence[Argument]) -> None:
        names = [a.name for a in arguments]
        for name in names:
            if names.count(name) > 1:
                raise self.fail(f"argument {name}", "two arguments have this name")
        placed = sorted(arguments, key=lambda a: a.offset)
        for first, second in itertools.pairwise(placed):
            if second.offset < first.end:
                raise self.fail(
                    f"argument {second.name}: offset",
                    f"{second.offset:#x} lies inside argument {first.name}, which ends at {first.end:#x}",
                )

    def _names(self, kernel: Description, arguments: Sequence[Argument]) -> None:
        """No two registers may have one name."""
        if kernel.protocol is Protocol.FAST_ADAPTER:
            return  # its arguments are no registers
        owners = dict.fromkeys(_TAKEN_REGISTERS, "the project")
        owners |= dict.fromkeys(kernel.control_words, "a control word")
        for argument in arguments:
            for register in argument.registers:
                if (owner := owners.get(register)) is not None:
                    reason = f"its register {register} has a name that {owner} uses; choose another"
                    raise self.fail(f"argument {argument.name}: name", reason)
                owners[register] = f"argument {argument.name}"

    # ------------------------------------------------------------------------------------- values

    def _known(self, table: dict[str, Any], known: set[str]) -> None:
        for key in table:
            if key not in known:
                raise self.fail(key, f"unknown key; there are: {', '.join(sorted(known))}")

    def _rows(self, table: dict[str, Any]) -> list[dict[str, Any]]:
        rows = table.get("argument", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.fail("argument", "write each argument as an [[argument]] table")
        return rows

    def _parameters(self, table: dict[str, Any]) -> dict[str, int]:
        parameters = table.get("parameters", {})
        if not isinstance(parameters, dict):
            raise self.fail("parameters", "must be a table of numbers")
        for key in parameters:
            self._where = "parameters: "
            self._number(parameters, key)
            if key in SLOT_PARAMETERS:
                raise self.fail(key, "the slot sets it")
            self._where = ""
        return dict(parameters)

    def _text(self, table: dict[str, Any], key: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if value is None:
            raise self.fail(key, "is missing")
        if not isinstance(value, str):
            raise self.fail(key, f"must be text, not {value!r}")
        return value

    def _choice(self, table: dict[str, Any], key: str, choices: Sequence[str], default: str) -> str:
        value = self._text(table, key, default)
        if value not in choices:
            raise self.fail(key, f"{value!r} is none of {', '.join(choices)}")
        return value

    def _number(self, table: dict[str, Any], key: str, default: int | None = None) -> int:
        value = table.get(key, default)
        if value is None:
            raise self.fail(key, "is missing")
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.fail(key, f"must be a number, not {value!r}")
        return value

    def _flag(self, table: dict[str, Any], key: str, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, f"must be true or false, not {value!r}")
        return value
