# SPDX-License-Identifier: Apache-2.0
"""Make an xclbin for our shell from a folder of section files.

    python -m tools.mkxclbin OUT [--spec DIR] [--uuid UUID] [--timestamp SECONDS]
                             [--bitstream FILE] [--no-bitstream] [--no-mirror]

The folder (default `xclbins/demo`) holds JSON sections and kernel XML as AMD's `xclbinutil` takes them,
and `image.toml` with the header values and the kernel types. Unless a `.bit` file is there or given, the
bitstream is made for our configuration engine: each slot gets the type of the kernel that `ip.json` puts
at its address. The same folder gives the same bytes every time.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydriver.xclbin import Content, Header, Mode, SectionKind, build, build_bit
from pydriver.xclbin.errors import invalid
from pydriver.xclbin.sections import Ip, decode_ip_layout
from pydriver.xclbin.writer import read_folder
from tools.bitgen import build_stream

DEMO = Path(__file__).resolve().parent.parent / "xclbins" / "demo"


def make_xclbin(
    spec: Path = DEMO,
    *,
    image_uuid: bytes | None = None,
    timestamp: int = 0,
    bitstream: bytes | None = None,
    with_bitstream: bool = True,
    mirror: bool = True,
) -> bytes:
    """The xclbin of a spec folder.

    `bitstream` replaces the generated configuration stream (big-endian file order, without `.bit`
    header); `with_bitstream=False` leaves the section out. `image_uuid` (16 bytes) defaults to a digest
    of the content. Raises `OSError`: EINVAL for a wrong file, ENOENT for a missing one.
    """
    image = tomllib.loads((spec / "image.toml").read_text())
    files = read_folder(spec)
    extra = []
    if with_bitstream and not any(content.kind == SectionKind.BITSTREAM for content in files):
        if bitstream is None:
            ips = [ip for c in files if c.kind == SectionKind.IP_LAYOUT for ip in decode_ip_layout(c.data)]
            bitstream = build_stream(slot_kernels(ips, image))
        bit = build_bit(bitstream, design=image.get("design", "ulp"), part=image["part"])
        extra.append(Content(SectionKind.BITSTREAM, bit, "bitstream"))
    major, minor, patch = (int(part) for part in image["version"].split("."))
    header = Header(
        platform_vbnv=image["platform_vbnv"],
        feature_rom_timestamp=image["feature_rom_timestamp"],
        mode=Mode[image["mode"]],
        version=(major, minor, patch),
        uuid=image_uuid,
        timestamp=timestamp,
    )
    return build(spec, header, extra=extra, mirror=mirror)


def slot_kernels(ips: Sequence[Ip], image: Mapping[str, Any]) -> list[int]:
    """The kernel type id of every slot, 0 for an empty one. Raises EINVAL for a CU that fits no slot."""
    slots, types = image["slots"], image["kernel_types"]
    kernels = [0] * slots["count"]
    for ip in ips:
        if not ip.is_cu:
            continue
        slot, rest = divmod(ip.base - slots["base"], slots["stride"])
        if rest or not 0 <= slot < len(kernels):
            raise invalid(f"{ip.name} at 0x{ip.base:x} is at no slot's address")
        if ip.kernel_name not in types:
            raise invalid(f"kernel {ip.kernel_name} has no type in image.toml; known: {', '.join(types)}")
        if kernels[slot]:
            raise invalid(f"{ip.name} is the second compute unit in slot {slot}")
        kernels[slot] = types[ip.kernel_name]
    return kernels


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="mkxclbin", description="Make an xclbin for our shell.")
    parser.add_argument("out", type=Path, help="file to write")
    parser.add_argument("--spec", type=Path, default=DEMO, help="folder of section files")
    parser.add_argument("--uuid", type=uuid.UUID, help="default: a digest of the content")
    parser.add_argument("--timestamp", type=int, default=0, help="seconds since the epoch (default 0)")
    parser.add_argument("--bitstream", type=Path, help="configuration stream instead of the generated one")
    parser.add_argument("--no-bitstream", action="store_true", help="metadata only")
    parser.add_argument("--no-mirror", action="store_true", help="leave out the JSON trailer")
    options = parser.parse_args(arguments)
    try:
        data = make_xclbin(
            options.spec,
            image_uuid=options.uuid.bytes if options.uuid else None,
            timestamp=options.timestamp,
            bitstream=options.bitstream.read_bytes() if options.bitstream else None,
            with_bitstream=not options.no_bitstream,
            mirror=not options.no_mirror,
        )
        options.out.write_bytes(data)
    except OSError as error:
        print(f"mkxclbin: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{options.out}: {len(data)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
