# SPDX-License-Identifier: Apache-2.0
"""Break xclbin files and read them: only `OSError(EINVAL)` may come out, in bounded time and memory.

    python -m tests.fuzz.xclbin --seconds 60 [--seed N] [--save DIR]

Prints the seed first and a line at the end; a failing input is written to DIR (default build/fuzz) and
the exit status is 1. `tests/fuzz/test_xclbin.py` uses the same pieces under Hypothesis.
"""

from __future__ import annotations

import argparse
import errno
import random
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

from pydriver.xclbin import (
    Axlf,
    Content,
    DebugIp,
    Header,
    SectionKind,
    assemble,
    images,
    parse,
    sections,
    sign,
)
from pydriver.xclbin.partition import endpoints

FIXTURES = Path(__file__).resolve().parents[1] / "unit" / "data" / "xclbin"

SECONDS_PER_MEGABYTE = 20.0
SECONDS_AT_LEAST = 0.5
BYTES_PER_BYTE = 40
BYTES_AT_LEAST = 1 << 20
"""What one input may cost: the densest inputs (kernels of 9 bytes) take half of it."""

VIEWS: tuple[Callable[[Axlf], object], ...] = (
    Axlf.mem_topology,
    Axlf.group_topology,
    Axlf.ip_layout,
    Axlf.connectivity,
    Axlf.group_connectivity,
    Axlf.clock_topology,
    Axlf.debug_ip_layout,
    Axlf.bmc,
    Axlf.mcs,
    Axlf.soft_kernels,
    Axlf.flashes,
    Axlf.vender_metadata,
    Axlf.interface_uuids,
    lambda axlf: endpoints(axlf.section(SectionKind.PARTITION_METADATA) or b""),
    Axlf.bitstream,
    Axlf.kernels,
    Axlf.signed_content,
)

INTERESTING = (0, 1, 2, 7, 8, 39, 40, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x10001)
EDGES = (0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 8, (1 << 64) - 1)


def read_everything(data: bytes) -> bool:
    """Parse and use every view. True when the container was accepted.

    Raises AssertionError for a broken promise; any other exception than `OSError(EINVAL)` escapes.
    """
    try:
        axlf = parse(data)
    except OSError as error:
        _polite(error)
        return False
    assert axlf.to_bytes() == data[: axlf.length], "the round trip changed the file"
    for view in VIEWS:
        try:
            view(axlf)
        except OSError as error:
            _polite(error)
    return True


def read_within_bounds(data: bytes, measure_memory: bool = True) -> bool:
    """`read_everything`, and check what it cost in processor time and memory."""
    if measure_memory:
        tracemalloc.start()
    begin = time.process_time()
    try:
        accepted = read_everything(data)
        seconds = time.process_time() - begin
        peak = tracemalloc.get_traced_memory()[1] if measure_memory else 0
    finally:
        if measure_memory:
            tracemalloc.stop()
    allowed = max(SECONDS_AT_LEAST, SECONDS_PER_MEGABYTE * len(data) / 1e6)
    assert seconds < allowed, f"{len(data)} bytes took {seconds:.2f} s, {allowed:.2f} s are allowed"
    room = BYTES_AT_LEAST + BYTES_PER_BYTE * len(data)
    assert peak < room, f"{len(data)} bytes took {peak} bytes of memory, {room} are allowed"
    return accepted


def _polite(error: OSError) -> None:
    assert error.errno == errno.EINVAL, error
    assert error.strerror and len(error.strerror) < 1000, "the error has no sentence of a sane length"


def seeds() -> list[bytes]:
    """Valid files to start from: AMD's, a signed one, and one with every structured section."""
    amd = [path.read_bytes() for path in sorted(FIXTURES.glob("*.xclbin"))]
    everything = assemble(
        [
            Content(
                SectionKind.DEBUG_IP_LAYOUT,
                sections.encode_debug_ip_layout([DebugIp(7, 300, 1, 1, 0, 0x1000, "monitor")]),
            ),
            Content(SectionKind.BMC, images.encode_bmc(images.Bmc("i", "d", "v", "m", b"bmc"))),
            Content(
                SectionKind.MCS, images.encode_mcs([images.McsChunk(1, b"one"), images.McsChunk(2, b"2")])
            ),
            Content(
                SectionKind.SOFT_KERNEL,
                images.encode_soft_kernel(images.SoftKernel("n", "v", "m", "s", 1, b"elf")),
            ),
            Content(SectionKind.ASK_FLASH, images.encode_flash(images.Flash(1, "n", "v", "m", b"flash"))),
            Content(
                SectionKind.VENDER_METADATA,
                images.encode_vender_metadata(images.VenderMetadata("n", b"blob")),
            ),
            Content(SectionKind.PARTITION_METADATA, device_tree()),
        ],
        Header("all_sections"),
        mirror=False,
    )
    return [*amd, sign(parse(amd[0]), b"signature" * 30).to_bytes(), everything]


def device_tree() -> bytes:
    """A small flattened device tree with one interface."""
    structure = b"".join(
        (
            struct.pack(">II", 1, 0),
            struct.pack(">I", 1) + b"interfaces\0\0",
            struct.pack(">I", 1) + b"@0\0\0",
            struct.pack(">III", 3, 33, 0) + b"a" * 32 + bytes(4),
            struct.pack(">IIII", 2, 2, 2, 9),
        )
    )
    strings = b"interface_uuid\0"
    total = 40 + len(structure) + len(strings)
    return (
        struct.pack(
            ">10I", 0xD00DFEED, total, 40, 40 + len(structure), 40, 17, 16, 0, len(strings), len(structure)
        )
        + structure
        + strings
    )


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to six random faults: bit flips, truncation, edits of counts, offsets and sizes, moved blocks."""
    image = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        rng.choice(MUTATIONS)(image, rng)
    return bytes(image)


def _flip(image: bytearray, rng: random.Random) -> None:
    if image:
        image[rng.randrange(len(image))] ^= 1 << rng.randrange(8)


def _truncate(image: bytearray, rng: random.Random) -> None:
    del image[rng.randint(0, len(image)) :]


def _set_length(image: bytearray, rng: random.Random) -> None:
    """Make the header agree with the file again, so that later checks are reached."""
    if len(image) >= 312:
        struct.pack_into("<Q", image, 304, len(image))


def _header(image: bytearray, rng: random.Random) -> None:
    where, code = rng.choice(((8, "<I"), (304, "<Q"), (448, "<I")))
    _poke(image, where, code, rng)


def _section(image: bytearray, rng: random.Random) -> None:
    """Edit kind, offset or size of a section."""
    where, code = rng.choice(((0, "<I"), (24, "<Q"), (32, "<Q")))
    _poke(image, 456 + 40 * rng.randrange(9) + where, code, rng)


def _inside(image: bytearray, rng: random.Random) -> None:
    """Edit a number at the start of a section: counts and offsets live there."""
    entry = 456 + 40 * rng.randrange(9)
    if entry + 40 <= len(image):
        (offset,) = struct.unpack_from("<Q", image, entry + 24)
        _poke(image, offset + 4 * rng.randrange(20), rng.choice(("<B", "<H", "<I", ">I", "<Q")), rng)


def _poke(image: bytearray, where: int, code: str, rng: random.Random) -> None:
    size = struct.calcsize(code)
    if where + size > len(image):
        return
    (old,) = struct.unpack_from(code, image, where)
    value = rng.choice((*INTERESTING, *EDGES, old + 1, old - 1, old * 2, len(image), rng.getrandbits(64)))
    struct.pack_into(code, image, where, value & (1 << 8 * size) - 1)


def _move(image: bytearray, rng: random.Random) -> None:
    """Copy a block over another place."""
    if len(image) > 16:
        size = rng.randint(1, min(len(image) // 2, 512))
        source, target = rng.randrange(len(image) - size), rng.randrange(len(image) - size)
        image[target : target + size] = image[source : source + size]


def _repeat(image: bytearray, rng: random.Random) -> None:
    """Insert a block many times: long tables, long documents."""
    if len(image) > 16 and len(image) < 1 << 18:
        at, size = rng.randrange(len(image) - 8), rng.randint(1, 8)
        image[at:at] = image[at : at + size] * rng.randint(1, 2000)


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _flip,
    _truncate,
    _set_length,
    _set_length,
    _header,
    _section,
    _section,
    _inside,
    _inside,
    _move,
    _repeat,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="fuzz.xclbin", description="Fuzz the xclbin reader.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--save", type=Path, default=Path("build/fuzz"), help="folder for failing inputs")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    print(f"SEED={seed}", flush=True)
    rng = random.Random(seed)
    pool = seeds()
    tried = accepted = 0
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        data = mutate(rng.choice(pool), rng)
        try:
            # Tracing memory is slow, so only some inputs pay for it.
            ok = read_within_bounds(data, measure_memory=tried % 16 == 0)
        except Exception as error:
            options.save.mkdir(parents=True, exist_ok=True)
            path = options.save / f"xclbin-{seed}-{tried}.bin"
            path.write_bytes(data)
            print(f"input {tried} saved as {path}: {type(error).__name__}: {error}", file=sys.stderr)
            return 1
        tried += 1
        if ok:
            accepted += 1
            # An accepted mutant is a new place to start from; the pool stays small.
            if len(data) < 1 << 18 and rng.random() < 0.1:
                pool = [*pool[:5], *pool[5:][-40:], data]
    print(f"{tried} inputs, {accepted} accepted by the container, no failure")
    return 0


if __name__ == "__main__":
    sys.exit(main())
