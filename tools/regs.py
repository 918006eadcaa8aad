# SPDX-License-Identifier: Apache-2.0
"""Generate the register packages, Python modules and reference pages from hdl/regs/*.rdl, and before that
the descriptions of kernels' registers and the slots' multiplexers from kernels/*/kernel.toml.

`python -m tools.regs` writes what changed; `python -m tools.regs --check` writes nothing, lists what is
stale and exits 1 if anything is. A wrong description is named on stderr (status 2); the others are
generated all the same. How to write an .rdl file here: docs/registers/README.md.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from systemrdl import RDLCompileError, RDLCompiler
from systemrdl.messages import MessagePrinter
from systemrdl.node import AddressableNode, AddrmapNode, FieldNode, MemNode, RegfileNode, RegNode
from systemrdl.rdltypes import OnReadType, OnWriteType

from pydriver.regs.types import WORD_MASK, Field, Register, Window
from tools.kernels.generate import MUX_DIR, project_files
from tools.kernels.registers import GENERATED as FROM_KERNELS

ROOT = Path(__file__).resolve().parent.parent
RDL_DIR = Path("hdl/regs")
SV_DIR = Path("hdl/regs/gen")
PY_DIR = Path("pydriver/regs")
DOC_DIR = Path("docs/registers")
GENERATED = "Generated from hdl/regs/"

GENERATED_DIRS = (
    (RDL_DIR, "*.rdl", FROM_KERNELS),
    (MUX_DIR, "*.sv", FROM_KERNELS),
    (SV_DIR, "*.sv", GENERATED),
    (PY_DIR, "*.py", GENERATED),
    (DOC_DIR, "*.md", GENERATED),
)

LINE_LENGTH = 110
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SPDX = "SPDX-License-Identifier: Apache-2.0"
RESERVED_NAMES = {"REGISTERS", "SIZE", "WINDOWS"}
ON_READ = {OnReadType.rclr: "rclr", OnReadType.rset: "rset", OnReadType.ruser: "ruser"}
ON_WRITE = {
    OnWriteType.woset: "w1s",
    OnWriteType.woclr: "w1c",
    OnWriteType.wot: "w1t",
    OnWriteType.wzs: "w0s",
    OnWriteType.wzc: "w0c",
    OnWriteType.wzt: "w0t",
    OnWriteType.wclr: "wclr",
    OnWriteType.wset: "wset",
    OnWriteType.wuser: "wuser",
}


class RegsError(Exception):
    """A description this project cannot use; the message is a sentence naming the place."""


@dataclass(frozen=True)
class Array:
    """One register or window, or `count` of them `stride` bytes apart (count 0: not an array).

    `holds` is the block behind a window, or "".
    """

    name: str
    item: Register | Window
    count: int = 0
    stride: int = 0
    holds: str = ""


@dataclass(frozen=True)
class Block:
    """One .rdl file."""

    name: str
    title: str
    doc: str
    size: int
    registers: tuple[Array, ...]
    windows: tuple[Array, ...]

    @property
    def package(self) -> str:
        return f"{self.name}_regs_pkg" if self.registers else f"{self.name}_pkg"


# ------------------------------------------------------------------------------------------ reading


class _Quiet(MessagePrinter):  # type: ignore[misc]
    """Collects the compiler's messages instead of printing them."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def emit_message(self, lines: list[str]) -> None:
        self.lines += [_COLOUR.sub("", line) for line in lines]


def compile_block(path: Path) -> Block:
    """Read one .rdl file. Raises RegsError when it is not valid SystemRDL or breaks our rules."""
    printer = _Quiet()
    compiler = RDLCompiler(message_printer=printer)
    try:
        compiler.compile_file(str(path), incl_search_paths=[str(ROOT / RDL_DIR)])
        top = compiler.elaborate(path.stem).top
    except RDLCompileError as error:
        raise RegsError("\n".join([f"{path.name} is not valid SystemRDL", *printer.lines])) from error
    return read_block(top)


def read_block(top: AddrmapNode) -> Block:
    """Turn an elaborated address map into our description. Raises RegsError."""
    registers: list[Array] = []
    windows: list[Array] = []
    for node, name, count, stride in _leaves(top, "", 0, 0):
        if isinstance(node, MemNode):
            holds = node.get_property("block", default=None) or ""
            windows.append(Array(name, _window(node, name, count), count, stride, holds))
        else:
            registers.append(Array(name, _register(node, top, name, count), count, stride))
    block = Block(
        top.inst_name,
        top.get_property("name"),
        _text(top),
        top.size,
        tuple(registers),
        tuple(windows),
    )
    _check_names(block)
    return block


def _leaves(
    parent: AddressableNode, prefix: str, count: int, stride: int
) -> Iterator[tuple[RegNode | MemNode, str, int, int]]:
    """Registers and memories below `parent` with full name, number of copies and stride."""
    for node in parent.children(unroll=False):
        where = f"{parent.get_path()}.{node.inst_name}"
        name = prefix + node.inst_name
        own_count, own_stride = count, stride
        if node.is_array:
            if count or len(node.array_dimensions) != 1:
                raise RegsError(f"{where}: arrays of arrays are not supported")
            own_count, own_stride = node.array_dimensions[0], node.array_stride
        if isinstance(node, RegNode | MemNode):
            yield node, name, own_count, own_stride
        elif isinstance(node, RegfileNode):
            yield from _leaves(node, f"{name}*_" if node.is_array else f"{name}_", own_count, own_stride)
        else:
            raise RegsError(f"{where}: only registers, register files and memories are supported")


def _offset(node: AddressableNode) -> int:
    """Address of the first copy inside the block."""
    offset, at = 0, node
    while not isinstance(at, AddrmapNode):
        offset += at.raw_address_offset
        at = at.parent
    return offset


def _text(node: AddressableNode | FieldNode) -> str:
    return " ".join((node.get_property("desc") or "").split())


def _item_name(name: str, count: int) -> str:
    return f"{name}*" if count and "*" not in name else name


def _window(node: MemNode, name: str, count: int) -> Window:
    if node.get_property("memwidth") != 32:
        raise RegsError(f"{node.get_path()}: memwidth must be 32")
    size = node.get_property("mementries") * 4
    return Window(_item_name(name, count), _offset(node), size, _text(node))


def _register(node: RegNode, top: AddrmapNode, name: str, count: int) -> Register:
    if node.get_property("regwidth") != 32:
        raise RegsError(f"{node.get_path()}: registers are 32 bits wide")
    fields = tuple(_field(f) for f in node.fields())
    whole = any(n.get_property("whole_word", default=None) for n in (node, top))
    return Register(
        _item_name(name, count),
        _offset(node),
        fields,
        _text(node),
        bool(node.get_property("keyhole", default=None)),
        bool(node.get_property("side_effect", default=None)),
        whole,
    )


def _field(node: FieldNode) -> Field:
    readable, writable = node.is_sw_readable, node.is_sw_writable
    effects = []
    if node.get_property("singlepulse") or node.get_property("pulse", default=None):
        effects.append("pulse")
    if readable and (on_read := node.get_property("onread")):
        effects.append(ON_READ[on_read])
    if writable and (on_write := node.get_property("onwrite")):
        effects.append(ON_WRITE[on_write])
    access = ("rw" if writable else "ro") if readable else "wo"
    encode = node.get_property("encode")
    reset = node.get_property("reset")
    if reset is not None and not isinstance(reset, int):
        raise RegsError(f"{node.get_path()}: the reset value must be a number")
    volatile = any(n.get_property("volatile", default=None) for n in (node, node.parent))
    return Field(
        node.inst_name,
        node.low,
        node.width,
        f"{access}/{','.join(effects)}" if effects else access,
        reset,
        _text(node),
        volatile,
        tuple((m.name, m.value) for m in encode) if encode else (),
    )


def _check_names(block: Block) -> None:
    for array in (*block.registers, *block.windows):
        names = (
            [array.name, *(f.name for f in array.item.fields)]
            if isinstance(array.item, Register)
            else [array.name]
        )
        for name in names:
            if name != name.upper() or name in RESERVED_NAMES:
                raise RegsError(f"{block.name}.{array.name}: {name} must be upper case and not reserved")
    constants = [name for name, _, _ in sv_constants(block)]
    doubles = sorted({n for n in constants if constants.count(n) > 1})
    if doubles:
        raise RegsError(f"{block.name}: two things make the constant {', '.join(doubles)}")


def check_windows(blocks: dict[str, Block]) -> list[str]:
    """A sentence for each window that is too small for the block it holds, or names no block."""
    errors = []
    for block in blocks.values():
        for array in block.windows:
            held, where = array.holds, f"{block.name}.{array.name}"
            if held and held not in blocks:
                errors.append(f"{where}: there is no block {held} in {RDL_DIR}")
            elif held and isinstance(array.item, Window) and blocks[held].size > array.item.size:
                errors.append(f"{where}: {array.item.size:#x} bytes, but {held} has {blocks[held].size:#x}")
    return errors


def load(directory: Path) -> tuple[dict[str, Block], list[str]]:
    """Every block described in `directory` by name, and a sentence for each that is wrong."""
    blocks: dict[str, Block] = {}
    errors: list[str] = []
    for path in sorted(directory.glob("*.rdl")):
        if path.name != "udp.rdl":
            try:
                blocks[path.stem] = compile_block(path)
            except RegsError as error:
                errors.append(str(error))
    return blocks, errors + check_windows(blocks)


# ------------------------------------------------------------------------------------------ writing


def sv_constants(block: Block) -> list[tuple[str, int, int]]:
    """(name, width in bits, value) of every constant of the block's package."""
    constants: list[tuple[str, int, int]] = []
    if block.registers:
        constants.append(("SIZE", 32, block.size))
    for array in block.registers:
        assert isinstance(array.item, Register)
        constants += _sv_register(array, array.item)
    address_width = 64 if block.size > WORD_MASK + 1 else 32
    for array in block.windows:
        assert isinstance(array.item, Window)
        constants += _sv_window(array, array.item, address_width)
    return constants


def _sv_register(array: Array, register: Register) -> Iterator[tuple[str, int, int]]:
    name = array.name.replace("*", "")
    yield f"{name}_OFFSET", 32, register.offset
    if array.count:
        yield f"{name}_STRIDE", 32, array.stride
        yield f"{name}_COUNT", 32, array.count
    if 0 < array.count <= 16:
        for copy in register.array(array.count, array.stride):
            yield f"{copy.name}_OFFSET", 32, copy.offset
    yield f"{name}_RESET", 32, register.reset
    for field in register.fields:
        yield f"{name}_{field.name}_LSB", 32, field.lsb
        yield f"{name}_{field.name}_WIDTH", 32, field.width
        for value_name, value in field.values:
            yield f"{name}_{field.name}_{value_name}", field.width, value


def _sv_window(array: Array, window: Window, width: int) -> Iterator[tuple[str, int, int]]:
    yield f"{array.name}_BASE", width, window.base
    yield f"{array.name}_SIZE", width, window.size
    if array.count:
        yield f"{array.name}_STRIDE", width, array.stride
        yield f"{array.name}_COUNT", 32, array.count
    if window.size & (window.size - 1) == 0 and window.base % window.size == 0:
        yield f"{array.name}_MASK", width, (1 << width) - window.size


def render_sv(block: Block) -> str:
    """The SystemVerilog package."""
    lines = [
        f"// {SPDX}",
        f"// {GENERATED}{block.name}.rdl by tools/regs.py; edit the source.",
        "`default_nettype none",
        "`timescale 1ns / 1ps",
        "",
        "/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs",
        f"package {block.package};",
    ]
    for name, width, value in sv_constants(block):
        literal = f"{width}'h{value:0{(width + 3) // 4}X}"
        lines.append(f"  localparam [{width - 1}:0] {name} = {literal};")
    lines += ["endpackage", "/* verilator lint_on UNUSEDPARAM */", "", "`default_nettype wire", ""]
    return "\n".join(lines)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _py_field(field: Field) -> str:
    args = [_quote(field.name), str(field.lsb), str(field.width), _quote(field.access)]
    args.append("None" if field.reset is None else f"0x{field.reset:X}")
    args.append(_quote(field.doc))
    if field.volatile:
        args.append("volatile=True")
    if field.values:
        args.append("values=(" + "".join(f"({_quote(n)}, 0x{v:X}), " for n, v in field.values).rstrip() + ")")
    return f"Field({', '.join(args)})"


def _py_item(array: Array) -> list[str]:
    name = array.name.replace("*", "")
    suffix = f".array({array.count}, 0x{array.stride:X})" if array.count else ""
    item = array.item
    if isinstance(item, Window):
        args = f"{_quote(item.name)}, 0x{item.base:X}, 0x{item.size:X}, {_quote(item.doc)}"
        return [f"{name} = Window({args}){suffix}"]
    flags = [f"{flag}=True" for flag in ("keyhole", "side_effect", "whole_word") if getattr(item, flag)]
    lines = [f"{name} = Register(", f"    {_quote(item.name)},", f"    0x{item.offset:03X},", "    ("]
    lines += [f"        {_py_field(f)}," for f in item.fields]
    lines += ["    ),", f"    {_quote(item.doc)},", *(f"    {flag}," for flag in flags), f"){suffix}"]
    return lines


def _py_tuple(name: str, kind: str, arrays: tuple[Array, ...]) -> list[str]:
    lines = [f"{name}: tuple[{kind}, ...] = ("]
    lines += [f"    {'*' if a.count else ''}{a.name.replace('*', '')}," for a in arrays]
    return [*lines, ")"]


def render_py(block: Block) -> str:
    """The Python module."""
    kinds = (["Field", "Register"] if block.registers else []) + (["Window"] if block.windows else [])
    lines = [
        f"# {SPDX}",
        f'"""{block.title}. {GENERATED}{block.name}.rdl by tools/regs.py; edit the source."""',
        "",
        f"from pydriver.regs.types import {', '.join(kinds)}",
        "",
        f"SIZE = 0x{block.size:X}",
    ]
    for array in (*block.registers, *block.windows):
        lines += ["", *_py_item(array)]
    if block.registers:
        lines += ["", *_py_tuple("REGISTERS", "Register", block.registers)]
    if block.windows:
        lines += ["", *_py_tuple("WINDOWS", "Window", block.windows)]
    if any(len(line) > LINE_LENGTH for line in lines):
        lines.insert(1, "# ruff: noqa: E501")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _where(array: Array, base: int) -> str:
    return f"`0x{base:03X}` + `0x{array.stride:X}`·n" if array.count else f"`0x{base:03X}`"


def _shown(array: Array) -> str:
    """Name for the reader: `LUT[128]`, `MSIX[32].DATA`."""
    if not array.count:
        return array.name
    if "*_" in array.name:
        return array.name.replace("*_", f"[{array.count}]_")
    return f"{array.name}[{array.count}]"


def _doc_flags(register: Register) -> str:
    notes = []
    if register.keyhole:
        notes.append("Keyhole: every access has a side effect.")
    if register.side_effect:
        notes.append("Writing acts on other things than this register.")
    if register.whole_word:
        notes.append("Byte strobes are ignored.")
    return " ".join(notes)


def _doc_fields(register: Register) -> list[str]:
    lines = ["| Bits | Field | Access | Reset | Meaning |", "|--|--|--|--|--|"]
    for field in sorted(register.fields, key=lambda f: -f.lsb):
        bits = f"{field.lsb + field.width - 1}:{field.lsb}" if field.width > 1 else f"{field.lsb}"
        reset = "-" if field.reset is None else f"0x{field.reset:X}" if field.width > 1 else f"{field.reset}"
        values = ", ".join(f"{v} = {n}" for n, v in field.values)
        meaning = " ".join(p for p in (field.doc, f"({values})" if values else "") if p)
        kind = field.access + (" volatile" if field.volatile else "")
        lines.append(f"| {bits} | {field.name} | {kind} | {reset} | {_cell(meaning)} |")
    return lines


def render_doc(block: Block) -> str:
    """The reference page."""
    lines = [f"<!-- {SPDX} -->", f"# {block.title}", ""]
    lines += [f"{GENERATED}{block.name}.rdl by `python -m tools.regs`; edit the source.", ""]
    if block.doc:
        lines += [block.doc, ""]
    if block.windows:
        lines += ["| Base | Size | Window | Content |", "|--|--|--|--|"]
        for array in block.windows:
            assert isinstance(array.item, Window)
            where = _where(array, array.item.base)
            lines.append(f"| {where} | `0x{array.item.size:X}` | {_shown(array)} | {_cell(array.item.doc)} |")
        lines.append("")
    if block.registers:
        lines += ["| Offset | Register | Meaning |", "|--|--|--|"]
        for array in block.registers:
            assert isinstance(array.item, Register)
            where = _where(array, array.item.offset)
            lines.append(f"| {where} | {_shown(array)} | {_cell(array.item.doc)} |")
        for array in block.registers:
            assert isinstance(array.item, Register)
            lines += ["", f"## {_shown(array)} at {_where(array, array.item.offset)}", ""]
            text = " ".join(p for p in (array.item.doc, _doc_flags(array.item)) if p)
            lines += [*([text, ""] if text else []), *_doc_fields(array.item)]
        lines.append("")
    return "\n".join(lines)


def render_index(blocks: dict[str, Block]) -> str:
    """The list of all pages."""
    lines = [f"<!-- {SPDX} -->", "# Registers", "", "Generated by `python -m tools.regs`.", ""]
    for heading, maps in (("Address maps", True), ("Blocks", False)):
        lines += [f"## {heading}", "", "| Name | Size | |", "|--|--|--|"]
        for name, block in sorted(blocks.items()):
            if maps == (not block.registers):
                lines.append(f"| [{name}]({name}.md) | `0x{block.size:X}` | {_cell(block.title)} |")
        lines.append("")
    return "\n".join(lines)


def render(blocks: dict[str, Block]) -> dict[Path, str]:
    """Every generated file: path relative to the project -> content."""
    files = {DOC_DIR / "index.md": render_index(blocks)}
    for name, block in blocks.items():
        files[SV_DIR / f"{block.package}.sv"] = render_sv(block)
        files[PY_DIR / f"{name}.py"] = render_py(block)
        files[DOC_DIR / f"{name}.md"] = render_doc(block)
    return files


def stale(
    root: Path, files: dict[Path, str], places: tuple[tuple[Path, str, str], ...] = GENERATED_DIRS
) -> list[Path]:
    """Paths whose file is missing, different, or no longer generated from anything."""
    changed = [
        path
        for path, text in files.items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text
    ]
    orphans = [
        found.relative_to(root)
        for directory, pattern, mark in places
        for found in (root / directory).glob(pattern)
        if found.relative_to(root) not in files and mark in found.read_text(encoding="utf-8")
    ]
    return sorted(changed + orphans)


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.regs", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="project directory")
    options = parser.parse_args(argv)
    from_kernels, kernel_errors = project_files(options.root)
    if not options.check:
        # The rest is made from these.
        for path, text in from_kernels.items():
            if path.suffix == ".rdl":
                _replace(options.root, path, text)
        if not kernel_errors:
            for path in stale(options.root, {}, GENERATED_DIRS[:1]):
                if path not in from_kernels:
                    (options.root / path).unlink()
                    print(f"removed {path}")
    blocks, errors = load(options.root / RDL_DIR)
    errors = kernel_errors + errors
    for error in errors:
        print(f"regs: {error}", file=sys.stderr)
    files = {**from_kernels, **render(blocks)}
    outdated = stale(options.root, files)
    for path in outdated:
        if options.check:
            print(f"stale: {path}")
        elif path in files:
            _replace(options.root, path, files[path])
        elif not errors:
            (options.root / path).unlink()
            print(f"removed {path}")
    if errors:
        return 2
    return 1 if options.check and outdated else 0


def _replace(root: Path, path: Path, text: str) -> None:
    """Write a generated file unless it is there with this content."""
    if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text:
        write(root / path, text)
        print(f"wrote {path}")


def write(path: Path, text: str) -> None:
    """Replace a file at once, so that a build running meanwhile never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


if __name__ == "__main__":
    sys.exit(main())
