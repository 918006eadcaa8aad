# SPDX-License-Identifier: Apache-2.0
"""The register description (SystemRDL) of a kernel, from its kernel.toml.

A fast adapter has none: its arguments are offsets inside a descriptor.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.kernels.description import WINDOW, Argument, Description, Direction, Kind

GENERATED = "Generated from kernels/"


def render(kernel: Description) -> str:
    """The text of hdl/regs/cu_<name>.rdl."""
    restarts = kernel.counted_auto_restart or kernel.mailbox != "none"
    include = "cu_mailbox.rdl" if restarts else "cu_ctrl.rdl"
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        f"// {GENERATED}{kernel.name}/kernel.toml by tools/kernels; edit the source.",
        "",
        f'`include "{include}"',
        "",
        f"addrmap cu_{kernel.name} {{",
        f"  name = {_quote(kernel.title)};",
    ]
    if kernel.doc:
        lines.append(f"  desc = {_quote(kernel.doc)};")
    for name, offset in kernel.control_words.items():
        kind = "counter" if name == "AUTO_RESTART_COUNTER" else name.lower()
        lines.append(f"  cu_{kind}_word {name} @ 0x{offset:02X};")
    for argument in sorted(kernel.arguments, key=lambda a: a.offset):
        for name, offset, count in _registers(kernel, argument):
            lines += _register(argument, name, offset, count)
    lines += ["};", ""]
    return "\n".join(lines)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _registers(kernel: Description, argument: Argument) -> Iterator[tuple[str, int, int]]:
    """(name, offset, count; 0 when not an array) of the registers of an argument."""
    names, offset = argument.registers, argument.offset
    if len(names) == 1:
        yield names[0], offset, argument.words if argument.kind is Kind.ARRAY or argument.words > 2 else 0
        return
    yield names[0], offset, 0
    yield names[1], offset + 4, 0
    taken = argument.end >= WINDOW or any(a.offset <= argument.end < a.end for a in kernel.arguments)
    # HLS rounds a 64-bit input up to three words.
    if not taken and argument.direction is Direction.IN:
        yield f"{argument.name.upper()}_RESERVED", argument.end, 0


def _register(argument: Argument, name: str, offset: int, count: int) -> Iterator[str]:
    kind = "cu_result_word" if argument.direction is Direction.OUT else "cu_argument_word"
    array = f"[{count}]" if count else ""
    yield f"  {kind} {name}{array} @ 0x{offset:02X};"
    text = "Keeps what is written and does nothing." if name.endswith("_RESERVED") else argument.doc
    if text:
        yield f"  {name}->desc = {_quote(text)};"
