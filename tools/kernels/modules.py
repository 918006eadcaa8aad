# SPDX-License-Identifier: Apache-2.0
"""What the generators need to know of a kernel's RTL: the names of its ports and parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

_COMMENT = re.compile(r"//.*?$|/\*.*?\*/", re.DOTALL | re.MULTILINE)
_PORT = re.compile(r"\b(?:input|output|inout)\b[^,;]*?(\w+)\s*(?=,|$)", re.DOTALL)
_PARAMETER = re.compile(r"(\w+)\s*=")


@dataclass(frozen=True)
class Module:
    """Names in a module's header."""

    ports: frozenset[str]
    parameters: frozenset[str]


def read(path: Path) -> Module:
    """The header of the module that `path` is named after. Raises DescriptionError."""
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    header = rf"\bmodule\s+{path.stem}\b\s*(#\s*\((?P<par>.*?)\)\s*)?\((?P<ports>.*?)\)\s*;"
    match = re.search(header, text, re.DOTALL)
    if match is None:
        raise DescriptionError(f"{path}: there is no module {path.stem} with a list of ports")
    return Module(frozenset(_PORT.findall(match["ports"])), frozenset(_PARAMETER.findall(match["par"] or "")))


def required_ports(kernel: Description) -> tuple[str, ...]:
    """Every port that the slot connects."""
    axil = [f"s_axil_{name}" for name in (*AXIL_IN, *AXIL_OUT)]
    axi = [f"m_axi_{name}" for name in (*AXI_IN, *AXI_OUT)] if kernel.memory else []
    return ("clk", "rst", *axil, *axi, "irq", "active")


def check(kernel: Description, files: Mapping[str, Path]) -> Module:
    """The kernel's module, if it fits the description. `files`: module name -> file.

    Raises DescriptionError when the file, a port or a parameter is missing, or a port is too many.
    """
    if kernel.module not in files:
        raise DescriptionError(f"{kernel.path}: module: there is no file {kernel.module}.sv")
    path = files[kernel.module]
    module = read(path)
    required = required_ports(kernel)
    missing = [port for port in required if port not in module.ports]
    if missing:
        raise DescriptionError(f"{path}: {kernel.module} has no port {', '.join(missing)}")
    extra = sorted(module.ports - set(required))
    if extra:
        hint = "; memory = false in its description?" if extra[0].startswith("m_axi") else ""
        raise DescriptionError(f"{path}: nothing drives or reads the port {', '.join(extra)}{hint}")
    wanted = ["ADDR_W", *(["ID_W"] if kernel.memory else []), *kernel.parameters]
    missing = [name for name in wanted if name not in module.parameters]
    if missing:
        raise DescriptionError(f"{path}: {kernel.module} has no parameter {', '.join(missing)}")
    return module
