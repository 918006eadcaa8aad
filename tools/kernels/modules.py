# SPDX-License-Identifier: Apache-2.0
"""What the generators need to know of a kernel's RTL: ports and parameters of the module's header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.kernels.description import Description, DescriptionError

AXIL_IN = (
    "awaddr", "awvalid", "wdata", "wstrb", "wvalid", "bready", "araddr", "arvalid", "rready",
)  # fmt: skip
AXIL_OUT = ("awready", "wready", "bresp", "bvalid", "arready", "rdata", "rresp", "rvalid")
AXI_IN = (
    "awready", "wready", "bid", "bresp", "bvalid", "arready", "rid", "rdata", "rresp", "rlast", "rvalid",
)  # fmt: skip
AXI_OUT = (
    "awid", "awaddr", "awlen", "awsize", "awburst", "awvalid", "wdata", "wstrb", "wlast", "wvalid", "bready",
    "arid", "araddr", "arlen", "arsize", "arburst", "arvalid", "rready",
)  # fmt: skip

AXIL_WIDTHS = {
    "awaddr": "ADDR_W", "araddr": "ADDR_W", "wdata": "32", "rdata": "32", "wstrb": "4", "bresp": "2",
    "rresp": "2",
}  # fmt: skip
"""Bits of the signals that have more than one: a number or a parameter."""
AXI_WIDTHS = {
    "awid": "ID_W", "arid": "ID_W", "bid": "ID_W", "rid": "ID_W", "awaddr": "40", "araddr": "40",
    "awlen": "8", "arlen": "8", "awsize": "3", "arsize": "3", "awburst": "2", "arburst": "2",
    "wdata": "256", "rdata": "256", "wstrb": "32", "bresp": "2", "rresp": "2",
}  # fmt: skip

_NO_CODE = re.compile(r"//.*?$|/\*.*?\*/|\(\*.*?\*\)|^\s*`.*?$", re.DOTALL | re.MULTILINE)
_DIRECTION = re.compile(r"(input|output|inout)\b")
_RANGE = re.compile(r"\[([^\]]*)\]")
_NAME = re.compile(r"(\w+)\s*(?:=.*)?$", re.DOTALL)
_NUMBERS = re.compile(r"(\d+):(\d+)")
_PARAMETER = re.compile(r"(\w+)\s*=(?!=)")


@dataclass(frozen=True)
class Port:
    """A port as it is declared; `range`: the text between the brackets without blanks, "" for one bit."""

    direction: str
    range: str = ""

    @property
    def bits(self) -> int | None:
        """How many bits it has; None when its range is not made of numbers."""
        numbers = _NUMBERS.fullmatch(self.range or "0:0")
        return None if numbers is None else abs(int(numbers[1]) - int(numbers[2])) + 1


@dataclass(frozen=True)
class Module:
    """A module's header."""

    ports: Mapping[str, Port]
    parameters: frozenset[str]


def read(path: Path) -> Module:
    """The header of the module that `path` is named after. Raises DescriptionError."""
    text = _NO_CODE.sub("", path.read_text(encoding="utf-8"))
    header = (
        rf"\bmodule\s+{path.stem}\b\s*(?:import\b[^;]*;\s*)*"
        r"(#\s*\((?P<par>.*?)\)\s*)?\((?P<ports>.*?)\)\s*;"
    )
    match = re.search(header, text, re.DOTALL)
    if match is None:
        raise DescriptionError(f"{path}: there is no module {path.stem} with a list of ports")
    ports: dict[str, Port] = {}
    last: Port | None = None
    for item in _items(match["ports"]):
        name = _NAME.search(item)
        if name is None:
            raise DescriptionError(f"{path}: {path.stem}: {' '.join(item.split())!r} is no port")
        way = _DIRECTION.search(item)
        if way is not None:
            found = _RANGE.search(item)
            last = Port(way[1], re.sub(r"\s", "", found[1]) if found else "")
        if last is None:
            raise DescriptionError(f"{path}: {path.stem}: the list of ports does not say input or output")
        ports[name[1]] = last
    return Module(ports, frozenset(_PARAMETER.findall(match["par"] or "")))


def _items(text: str) -> Iterator[str]:
    """What stands between the commas that are in no brackets."""
    depth, start = 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    if last := text[start:].strip():
        yield last


def required_ports(kernel: Description) -> dict[str, tuple[str, str]]:
    """Every port that the slot connects: its direction and its width (a number or a parameter)."""
    ports = {"clk": ("input", "1"), "rst": ("input", "1")}
    groups: list[tuple[str, Sequence[str], Sequence[str], Mapping[str, str]]]
    groups = [("s_axil", AXIL_IN, AXIL_OUT, AXIL_WIDTHS)]
    if kernel.memory:
        groups.append(("m_axi", AXI_IN, AXI_OUT, AXI_WIDTHS))
    for prefix, inputs, outputs, widths in groups:
        ports |= {f"{prefix}_{name}": ("input", widths.get(name, "1")) for name in inputs}
        ports |= {f"{prefix}_{name}": ("output", widths.get(name, "1")) for name in outputs}
    return ports | {"irq": ("output", "1"), "active": ("output", "1")}


def check(kernel: Description, files: Mapping[str, Path]) -> Module:
    """The kernel's module, if it fits the description. `files`: module name -> file.

    Raises DescriptionError when the file, a port or a parameter is missing, or a port is too many, points
    the wrong way or has the wrong width.
    """
    if kernel.module not in files:
        raise DescriptionError(f"{kernel.path}: module: there is no file {kernel.module}.sv")
    path = files[kernel.module]
    module = read(path)
    required = required_ports(kernel)
    missing = [port for port in required if port not in module.ports]
    if missing:
        raise DescriptionError(f"{path}: {kernel.module} has no port {', '.join(missing)}")
    extra = sorted(module.ports.keys() - required.keys())
    if extra:
        hint = "; memory = false in its description?" if extra[0].startswith("m_axi") else ""
        raise DescriptionError(f"{path}: nothing drives or reads the port {', '.join(extra)}{hint}")
    for name, (direction, width) in required.items():
        port = module.ports[name]
        if port.direction != direction:
            raise DescriptionError(f"{path}: the port {name} is {port.direction}, it must be {direction}")
        # A range of parameters is left to the simulator.
        if width.isdigit() and port.bits not in (None, int(width)):
            raise DescriptionError(f"{path}: the port {name} has {port.bits} bits, it must have {width}")
    wanted = ["ADDR_W", *(["ID_W"] if kernel.memory else []), *kernel.parameters]
    missing = [name for name in wanted if name not in module.parameters]
    if missing:
        raise DescriptionError(f"{path}: {kernel.module} has no parameter {', '.join(missing)}")
    return module
