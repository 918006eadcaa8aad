# SPDX-License-Identifier: Apache-2.0
"""Kernel metadata (the XML of EMBEDDED_METADATA) from kernel descriptions, in the form Vitis writes.

Source: XRT xclbin contract §4; attributes `mailbox`, `countedAutoRestart`, `swReset`: compute unit contract
§1, §3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import quoteattr

from tools.kernels.description import WINDOW, Argument, Description, Kind

MEMORY_PORT, CONTROL_PORT = "M_AXI_GMEM", "S_AXI_CONTROL"


def render(
    project: str,
    feature_rom_timestamp: int,
    kernels: Sequence[Description],
    instances: Mapping[str, Sequence[tuple[str, int]]],
) -> str:
    """The document. `instances`: kernel name -> (instance name, base in the user BAR) of its units."""
    count = sum(len(units) for units in instances.values())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        f"<project name={quoteattr(project)}>",
        f' <platform vendor="xilinx" boardid="u200" name="xdma" featureRomTime="{feature_rom_timestamp}">',
        '  <device name="fpga0" fpgaDevice="virtexuplus:xcu200:fsgd2104:-2:e" addrWidth="0">',
        '   <core name="OCL_REGION_0" target="bitstream" type="clc_region" clockFreq="0MHz" '
        f'numComputeUnits="{count}">',
    ]
    for kernel in kernels:
        lines += _kernel(kernel, instances[kernel.name])
    lines += ["   </core>", "  </device>", " </platform>", "</project>", ""]
    return "\n".join(lines)


def _kernel(kernel: Description, units: Sequence[tuple[str, int]]) -> Iterator[str]:
    attributes = {
        "name": kernel.name,
        "language": "c",
        "vlnv": f"cardloop:hls:{kernel.name}:1.0",
        "attributes": "",
        "preferredWorkGroupSizeMultiple": "0",
        "workGroupSize": "1",
        "interrupt": str(kernel.interrupt).lower(),
        "hwControlProtocol": kernel.protocol.xml,
    }
    if kernel.mailbox != "none":
        attributes["mailbox"] = kernel.mailbox
    if kernel.counted_auto_restart:
        attributes["countedAutoRestart"] = "1"
    if kernel.sw_reset:
        attributes["swReset"] = "true"
    yield f"    <kernel {_attributes(attributes)}>"
    if kernel.memory:
        yield (
            f'     <port name="{MEMORY_PORT}" mode="master" range="0xFFFFFFFFFFFFFFFF" dataWidth="256" '
            'portType="addressable" base="0x0"/>'
        )
    yield (
        f'     <port name="{CONTROL_PORT}" mode="slave" range="{WINDOW:#x}" dataWidth="32" '
        'portType="addressable" base="0x0"/>'
    )
    for argument in kernel.arguments:
        yield f"     <arg {_attributes(_argument(argument))}/>"
    for name, base in units:
        remap = f'<addrRemap base="{base:#x}" range="{WINDOW:#x}" port="{CONTROL_PORT}"/>'
        yield f"     <instance name={quoteattr(name)}>{remap}</instance>"
    yield "    </kernel>"


def _argument(argument: Argument) -> dict[str, str]:
    buffer = argument.kind is Kind.BUFFER
    return {
        "name": argument.name,
        "addressQualifier": "1" if buffer else "0",
        "id": str(argument.index),
        "port": MEMORY_PORT if buffer else CONTROL_PORT,
        "size": f"{argument.size:#x}",
        "offset": f"{argument.offset:#x}",
        "hostOffset": "0x0",
        "hostSize": f"{argument.size:#x}",
        "type": argument.type,
    }


def _attributes(values: Mapping[str, str]) -> str:
    return " ".join(f"{name}={quoteattr(value)}" for name, value in values.items())
