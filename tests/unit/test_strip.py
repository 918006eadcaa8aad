# SPDX-License-Identifier: Apache-2.0
"""Fakes: no byte of a bitstream in them, everything else as it was; the command line that makes them."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from pydriver.xclbin import Axlf, Content, Gap, Header, Section, SectionKind, assemble, parse, parse_bit, sign
from pydriver.xclbin.__main__ import main
from pydriver.xclbin.strip import is_secret, secrets, strip
from tests.unit.rig import DEMO, raises

FIXTURES = Path(__file__).parent / "data" / "xclbin"
WINDOW = 12
SEED = int(os.environ.get("SEED", "1"))


def leaks(fake: bytes, real: Axlf) -> list[str]:
    """The secret sections of `real` of which 12 bytes in a row (monotonous ones aside) are in `fake`."""
    return [section.kind.name for section in secrets(real) if any(w in fake for w in windows(section))]


def windows(section: Section) -> Iterator[bytes]:
    """All but the `.bit` header, whose part name is in the metadata, too."""
    data = section.data
    if section.kind == SectionKind.BITSTREAM and data.startswith(b"\0\x09\x0f\xf0"):
        data = parse_bit(data).data
    for at in range(len(data) - WINDOW + 1):
        if len(set(data[at : at + WINDOW])) > 4:
            yield data[at : at + WINDOW]


def metadata(axlf: Axlf) -> list[tuple[int, str, bytes]]:
    return [(s.kind, s.name, s.data) for s in axlf.sections if not is_secret(s.kind)]


IMAGES = {
    "demo": DEMO,
    "amd_two_kernels": (FIXTURES / "amd_two_kernels.xclbin").read_bytes(),
    "amd_no_bitstream": (FIXTURES / "amd_no_bitstream.xclbin").read_bytes(),
}


@pytest.mark.parametrize("name", IMAGES)
def test_fake_of_a_file(name: str) -> None:
    real = parse(IMAGES[name])
    data = strip(real).to_bytes()
    fake = parse(data)
    assert not leaks(data, real)
    assert not secrets(fake)
    assert metadata(fake) == metadata(real)
    kept = (
        "uuid",
        "version",
        "feature_rom_timestamp",
        "mode",
        "platform_vbnv",
        "timestamp",
        "unique_id",
        "rom_uuid",
    )
    assert [getattr(fake, field) for field in kept] == [getattr(real, field) for field in kept]
    assert (fake.kernels(), fake.ip_layout(), fake.mem_topology(), fake.clock_topology()) == (
        real.kernels(),
        real.ip_layout(),
        real.mem_topology(),
        real.clock_topology(),
    )
    assert all(section.offset % 8 == 0 for section in fake.sections)
    assert fake.length == len(data)
    assert (b"XCLBIN_MIRROR_DATA_START" in data) == (b"XCLBIN_MIRROR_DATA_START" in IMAGES[name])


def test_amd_file_without_bitstream_is_a_fake_already() -> None:
    axlf = parse(IMAGES["amd_no_bitstream"])
    assert not secrets(axlf)
    assert metadata(strip(axlf)) == metadata(axlf)


@pytest.mark.parametrize("name", IMAGES)
def test_strip_is_the_same_every_time_and_stable(name: str) -> None:
    once = strip(parse(IMAGES[name])).to_bytes()
    assert strip(parse(IMAGES[name])).to_bytes() == once
    assert strip(parse(once)).to_bytes() == once


SECRET_KINDS = (0, 1, 10, 12, 18, 19, 24, 32, 4711)


@pytest.mark.parametrize("kind", range(40))
def test_every_kind(kind: int) -> None:
    data = random.Random(kind).randbytes(300)
    body = [Content(SectionKind(kind), data, "x"), Content(SectionKind.USER_METADATA, b"keep", "m")]
    real = parse(assemble(body, Header("p"), group=False, mirror=False))
    fake = strip(real)
    gone = kind in SECRET_KINDS or kind > 31
    assert (fake.section(SectionKind(kind)) is None) == gone
    assert (data in fake.to_bytes()) == (not gone)
    assert fake.sections[-1].data == b"keep"


def test_bytes_outside_of_sections_are_not_taken_over() -> None:
    """Whoever makes a file could put a second copy between the sections, into names and behind them."""
    hidden = random.Random(1).randbytes(64)
    body = [Content(SectionKind.BITSTREAM, hidden, "b"), Content(SectionKind.USER_METADATA, b"m" * 9, "m")]
    real = parse(assemble(body, Header("p"), group=False, mirror=False))
    end = real.length
    sections = tuple(
        replace(s, name_tail=hidden[:13], hole=hidden[:4]) if s.kind == SectionKind.USER_METADATA else s
        for s in real.sections
    )
    real = replace(
        real,
        sections=sections,
        length=end + 100,
        gaps=(Gap(end, b"XCLBIN_MIRROR_DATA_START" + hidden),),
        vbnv_tail=hidden[:40],
        header_hole=hidden[:4],
    )
    real = parse(real.to_bytes())
    fake = strip(real).to_bytes()
    assert hidden[:13] not in fake
    assert hidden[:4] not in fake
    assert b"XCLBIN_MIRROR_DATA_START{" in fake


def test_padding_behind_the_last_section_is_not_taken_over() -> None:
    body = [Content(SectionKind.USER_METADATA, b"m" * 9, "m")]
    real = parse(assemble(body, Header("p"), group=False, mirror=False))
    real = parse(replace(real, gaps=(Gap(real.length - 7, b"hidden!"),)).to_bytes())
    assert real.gaps
    fake = strip(real)
    assert fake.length == real.length
    assert b"hidden!" not in fake.to_bytes()


def test_signature_goes() -> None:
    signed = sign(parse(DEMO), b"signature" * 10)
    fake = parse(strip(signed).to_bytes())
    assert not fake.signed
    assert fake.to_bytes() == strip(parse(DEMO)).to_bytes()


def shown(body: list[Content]) -> bool:
    """The trailer can show every section."""
    try:
        assemble(body, Header("p"), group=False, mirror=True)
    except OSError:
        return False
    return True


@seed(SEED)
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 45), st.binary(max_size=200)), max_size=12),
    st.booleans(),
    st.binary(min_size=16, max_size=16),
)
def test_random_images(content: list[tuple[int, bytes]], mirror: bool, uuid: bytes) -> None:
    body = [Content(SectionKind(kind), data, f"s{number}") for number, (kind, data) in enumerate(content)]
    with_mirror = mirror and shown(body)
    real = parse(assemble(body, Header("p", uuid=uuid), group=False, mirror=with_mirror))
    fake = parse(strip(real).to_bytes())
    assert fake.uuid == uuid
    assert metadata(fake) == metadata(real)
    assert {section.kind for section in fake.sections}.isdisjoint(SECRET_KINDS)
    # Whatever the secrets are, the fake is the same: nothing of them can be in it.
    others = [
        replace(content, data=bytes(~byte & 0xFF for byte in content.data))
        if is_secret(content.kind)
        else content
        for content in body
    ]
    twin = parse(assemble(others, Header("p", uuid=uuid), group=False, mirror=with_mirror))
    assert strip(twin).to_bytes() == fake.to_bytes()


def test_command_strip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "real.xclbin", tmp_path / "fake.xclbin"
    source.write_bytes(DEMO)
    assert main(["strip", str(source), str(target)]) == 0
    assert target.read_bytes() == strip(parse(DEMO)).to_bytes()
    assert "taken out: BITSTREAM" in capsys.readouterr().out
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask
    assert main(["strip", str(source), str(source)]) == 0
    assert hashlib.md5(source.read_bytes()).digest() == hashlib.md5(target.read_bytes()).digest()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fake.xclbin", "real.xclbin"]


def test_command_info(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real, fake = tmp_path / "real.xclbin", tmp_path / "fake.xclbin"
    real.write_bytes(DEMO)
    main(["strip", str(real), str(fake)])
    capsys.readouterr()
    assert main(["info", str(real)]) == 0
    text = capsys.readouterr().out
    assert "BITSTREAM bitstream  taken out by strip" in text
    assert "fake            no" in text
    assert main(["info", str(fake)]) == 0
    text = capsys.readouterr().out
    assert "fake            yes" in text
    assert "taken out" not in text


def test_commands_say_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(DEMO[:400])
    assert main(["strip", str(broken), str(tmp_path / "out")]) == 1
    assert main(["info", str(tmp_path / "missing")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert "an xclbin header alone needs" in said[0]
    assert "missing: No such file" in said[1]
    assert not (tmp_path / "out").exists()


def test_parse_of_nothing() -> None:
    with raises(errno.EINVAL):
        strip(parse(b""))
