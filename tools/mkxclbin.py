# SPDX-License-Identifier: Apache-2.0
"""Make an xclbin for our shell from an image.toml.

    python -m tools.mkxclbin OUT [--spec DIR] [--uuid UUID] [--timestamp SECONDS]
                             [--bitstream FILE] [--no-bitstream] [--no-mirror]

`image.toml` in the folder (default `xclbins/demo`) lists the compute units (xclbins/README.md); kernel
metadata, IP_LAYOUT, CONNECTIVITY, memories and the configuration stream are made from it. The same input
gives the same bytes every time.
"""

from __future__ import annotations

import argparse
import re
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from pydriver.xclbin import Content, Header, Mode, SectionKind, assemble, build_bit
from pydriver.xclbin.errors import invalid
from tools.bitgen import build_stream
from tools.image import ComputeUnit, Image, place, read_image, sections, slot_kernels

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
DEMO = Path(__file__).resolve().parent.parent / "xclbins" / "demo"


def make_xclbin(
    spec: Path | Image | Sequence[ComputeUnit] = DEMO,
    *,
    image_uuid: bytes | None = None,
    timestamp: int = 0,
    bitstream: bytes | None = None,
    with_bitstream: bool = True,
    mirror: bool = True,
) -> bytes:
    """The xclbin of a folder with an image.toml, of an `Image`, or of some compute units.

    `bitstream` replaces the generated configuration stream (big-endian file order, without `.bit`
    header); `with_bitstream=False` leaves the section out. `image_uuid` (16 bytes) defaults to a digest
    of the content. Raises `OSError`: EINVAL for a wrong description, ENOENT for a missing file.
    """
    if isinstance(spec, Path):
        image = read_image(spec / "image.toml")
    else:
        image = spec if isinstance(spec, Image) else Image(tuple(spec))
    if image.mode not in Mode.__members__:
        raise invalid(f"mode {image.mode!r} is none of {', '.join(Mode.__members__)}")
    units = place(image)
    contents = sections(image, units)
    if with_bitstream:
        stream = build_stream(slot_kernels(units)) if bitstream is None else bitstream
        bit = build_bit(stream, design=image.design, part=image.part)
        contents.insert(0, Content(SectionKind.BITSTREAM, bit, "bitstream"))
    version = _VERSION.fullmatch(image.version)
    if version is None:
        raise invalid(f"version {image.version!r} is not three numbers, as 2.13.466")
    header = Header(
        platform_vbnv=image.platform_vbnv,
        feature_rom_timestamp=image.feature_rom_timestamp,
        mode=Mode[image.mode],
        version=(int(version[1]), int(version[2]), int(version[3])),
        uuid=image_uuid,
        timestamp=timestamp,
    )
    return assemble(contents, header, mirror=mirror)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="mkxclbin", description="Make an xclbin for our shell.")
    parser.add_argument("out", type=Path, help="file to write")
    parser.add_argument("--spec", type=Path, default=DEMO, help="folder with an image.toml")
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
        where = f"{error.filename}: " if error.filename else ""
        print(f"mkxclbin: {where}{error.strerror}", file=sys.stderr)
        return 1
    print(f"{options.out}: {len(data)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
