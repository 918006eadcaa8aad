# SPDX-License-Identifier: Apache-2.0
"""Our xclbin reader and writer against AMD's parser, `xrt::xclbin` of libxrt_coreutil."""

from __future__ import annotations

import json
import os
import random
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydriver.xclbin import (
    Axlf,
    ClockFreq,
    Connection,
    Content,
    Header,
    Ip,
    MemBank,
    SectionKind,
    assemble,
    kernel_properties,
    parse,
    sections,
)
from pydriver.xclbin.metadata import KernelArg
from tests.interop.native import compile_against_xrt, run
from tools.mkxclbin import make_xclbin

FIXTURES = Path(__file__).resolve().parents[1] / "unit" / "data" / "xclbin"
Dump = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def amd(tmp_path_factory: pytest.TempPathFactory) -> Dump:
    """What AMD's parser says of files, one dictionary each."""
    program = compile_against_xrt("xclbin_dump.cpp", tmp_path_factory.mktemp("dump"), "xrt_coreutil", "uuid")
    return lambda *paths: [json.loads(line) for line in run(program, *paths).splitlines()]


def our_view(axlf: Axlf) -> dict[str, Any]:
    """The dictionary that the dump program prints, from our reader."""
    ips = axlf.ip_layout()
    kernels = {kernel.name: kernel for kernel in axlf.kernels()}
    metadata = axlf.metadata()
    assert metadata is not None

    # With group sections AMD's API works on them, so that an argument shows its group as a memory.
    connections = axlf.group_connectivity() or axlf.connectivity()

    def arg(item: KernelArg, ip_indices: set[int]) -> dict[str, Any]:
        mems = {c.mem_index for c in connections if c.ip_index in ip_indices and c.arg_index == item.index}
        return {
            "name": item.name,
            "index": item.index,
            "offset": item.offset,
            "size": item.size,
            "port": item.port,
            "type": item.type,
            "mems": sorted(mems),
        }

    def ip(index: int, item: Ip) -> dict[str, Any]:
        kernel = kernels[item.kernel_name]
        return {
            "name": item.name,
            "base": item.base,
            "size": kernel.address_range,
            "control": item.control,
            "args": [arg(a, {index}) for a in kernel.args],
        }

    return {
        "uuid": str(uuid.UUID(bytes=axlf.uuid)),
        "xsa_name": axlf.platform_vbnv,
        "fpga_device": metadata.fpga_device,
        "target": 0,
        "mems": [
            {
                "tag": bank.tag,
                "base": bank.base,
                "size_kb": bank.size_kb,
                "used": int(bank.used),
                "type": bank.type,
                "index": index,
            }
            for index, bank in enumerate(axlf.group_topology() or axlf.mem_topology())
        ],
        "ips": [ip(index, item) for index, item in enumerate(ips)],
        "kernels": [
            {
                "name": kernel.name,
                "args": [
                    arg(a, {i for i, item in enumerate(ips) if item.kernel_name == kernel.name})
                    for a in kernel.args
                ],
                "cus": [item.name for item in ips if item.kernel_name == kernel.name],
            }
            for kernel in kernels.values()
        ],
    }


def in_order(view: dict[str, Any]) -> dict[str, Any]:
    """The memories of an argument are a set; the rest is compared in order."""
    for holder in (*view["ips"], *view["kernels"]):
        for item in holder["args"]:
            item["mems"] = sorted(set(item["mems"]))
    return view


@pytest.mark.parametrize("name", ["amd_two_kernels", "amd_no_bitstream"])
def test_amd_file(amd: Dump, name: str) -> None:
    path = FIXTURES / f"{name}.xclbin"
    assert in_order(amd(path)[0]) == our_view(parse(path.read_bytes()))


@pytest.mark.parametrize("with_bitstream", [True, False])
@pytest.mark.parametrize("mirror", [True, False])
def test_demo_xclbin(amd: Dump, tmp_path: Path, with_bitstream: bool, mirror: bool) -> None:
    image = make_xclbin(with_bitstream=with_bitstream, mirror=mirror)
    path = tmp_path / "demo.xclbin"
    path.write_bytes(image)
    seen = in_order(amd(path)[0])
    assert seen == our_view(parse(image))
    # The promises of our shell, typed here.
    assert [(ip["name"], ip["base"]) for ip in seen["ips"]] == [
        ("vadd:vadd_1", 0x1800000),
        ("vadd:vadd_2", 0x1810000),
        ("reduce:reduce_1", 0x1820000),
    ]
    offsets = {k["name"]: [(a["name"], a["offset"], a["size"]) for a in k["args"]] for k in seen["kernels"]}
    assert offsets == {
        "vadd": [("a", 0x10, 8), ("b", 0x1C, 8), ("out", 0x28, 8), ("n", 0x34, 4)],
        "reduce": [("in", 0x10, 8), ("out", 0x1C, 8), ("n", 0x28, 4)],
    }
    assert [(m["tag"], m["base"], m["size_kb"]) for m in seen["mems"]] == [
        ("bank0", 0x40_0000_0000, 0x4000),
        ("bank1", 0x50_0000_0000, 0x4000),
        ("PLRAM[0]", 0x30_0000_0000, 0x80),
    ]


def test_random_images(amd: Dump, tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", "20221"))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    images = [random_image(rng) for _ in range(40)]
    paths = []
    for number, image in enumerate(images):
        paths.append(tmp_path / f"{number}.xclbin")
        paths[-1].write_bytes(image)
    grouped = 0
    for number, (image, seen) in enumerate(zip(images, amd(*paths), strict=True)):
        axlf = parse(image)
        assert in_order(seen) == our_view(axlf), f"image {number}"
        grouped += len(axlf.group_topology()) > len(axlf.mem_topology())
    assert grouped > 5


def random_image(rng: random.Random) -> bytes:
    """An xclbin with random kernels, compute units and connections; some arguments span banks."""
    banks = [
        MemBank(
            rng.choice((0, 1, 6)), rng.random() < 0.9, 0x4000, 0x40_0000_0000 + 0x100_0000 * i, f"bank{i}"
        )
        for i in range(rng.randint(1, 5))
    ]
    ips, connections, kernels = [], [], []
    for k in range(rng.randint(1, 3)):
        offset, args, scalars = 0x10, [], []
        for a in range(rng.randint(1, 6)):
            scalar = rng.random() < 0.3
            scalars.append(scalar)
            size = 4 if scalar else 8
            port = "S_AXI_CONTROL" if scalar else "M_AXI_GMEM"
            args.append(
                f'<arg name="x{a}" addressQualifier="{int(not scalar)}" id="{a}" port="{port}" '
                f'size="0x{size:x}" offset="0x{offset:x}" hostOffset="0x0" hostSize="0x{size:x}" '
                f'type="{"int" if scalar else "int*"}"/>'
            )
            offset += size + 4
        instances = ""
        for i in range(rng.randint(1, 3)):
            index = len(ips)
            properties = kernel_properties(rng.choice((0, 1)), index)
            ips.append(Ip(1, properties, 0x1800000 + 0x10000 * index, f"k{k}:k{k}_{i}"))
            instances += f'<instance name="k{k}_{i}"/>'
            for a, scalar in enumerate(scalars):
                if not scalar:
                    first = rng.randrange(len(banks))
                    last = rng.randrange(first, len(banks))
                    connections += [Connection(a, index, m) for m in range(first, last + 1)]
        kernels.append(
            f'<kernel name="k{k}" language="c"><port name="M_AXI_GMEM" mode="master" range="0xFFFFFFFF" '
            'dataWidth="32" portType="addressable" base="0x0"/><port name="S_AXI_CONTROL" mode="slave" '
            f'range="0x{rng.choice((0x1000, 0x10000)):x}" dataWidth="32" portType="addressable" base="0x0"/>'
            f"{''.join(args)}{instances}</kernel>"
        )
    xml = (
        '<project name="r"><platform vendor="xilinx" name="xdma"><device name="fpga0" fpgaDevice="fake">'
        f'<core name="OCL_REGION_0">{"".join(kernels)}</core></device></platform></project>'
    )
    return assemble(
        [
            Content(SectionKind.EMBEDDED_METADATA, xml.encode(), "meta"),
            Content(SectionKind.MEM_TOPOLOGY, sections.encode_mem_topology(banks), "mem"),
            Content(SectionKind.IP_LAYOUT, sections.encode_ip_layout(ips), "ip"),
            Content(SectionKind.CONNECTIVITY, sections.encode_connectivity(connections), "conn"),
            Content(
                SectionKind.CLOCK_FREQ_TOPOLOGY,
                sections.encode_clock_topology(
                    [ClockFreq(300, 1, "DATA_CLK"), ClockFreq(500, 2, "KERNEL_CLK")]
                ),
                "clk",
            ),
        ],
        Header(f"vendor_board_{rng.randrange(100)}"),
        mirror=rng.random() < 0.5,
    )
