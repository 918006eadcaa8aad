# SPDX-License-Identifier: Apache-2.0
"""The xclbin ("axlf") container: read it, look into it, write it.

`parse(data)` gives an `Axlf`; `build(folder, Header(...))` makes a file from section files;
`checks` holds what drivers ask beyond the format. Every rejection is `OSError(EINVAL)`.
"""

from __future__ import annotations

from .bitfile import BitFile, build_bit, parse_bit
from .container import NULL_UUID, Axlf, Gap, Section, parse
from .kinds import ClockType, DebugIpType, IpControl, IpType, MemType, Mode, SectionKind
from .metadata import NEXT_DESCRIPTOR, Instance, Kernel, KernelArg, Metadata, Port, parse_metadata
from .sections import ClockFreq, Connection, DebugIp, Ip, MemBank, kernel_properties
from .writer import Content, Header, assemble, build, sign

__all__ = [
    "NEXT_DESCRIPTOR",
    "NULL_UUID",
    "Axlf",
    "BitFile",
    "ClockFreq",
    "ClockType",
    "Connection",
    "Content",
    "DebugIp",
    "DebugIpType",
    "Gap",
    "Header",
    "Instance",
    "Ip",
    "IpControl",
    "IpType",
    "Kernel",
    "KernelArg",
    "MemBank",
    "MemType",
    "Metadata",
    "Mode",
    "Port",
    "Section",
    "SectionKind",
    "assemble",
    "build",
    "build_bit",
    "kernel_properties",
    "parse",
    "parse_bit",
    "parse_metadata",
    "sign",
]
