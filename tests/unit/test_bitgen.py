# SPDX-License-Identifier: Apache-2.0
"""Configuration streams: what the writer makes, the model's judgement of it, and the disassembler."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.config_engine import ConfigEngine, crc_update
from tools import bitgen
from tools.bitgen import Cmd, Reg, StreamWriter, build_stream, crc_step, disassemble, pack, unpack


def run(stream: bytes, engine: ConfigEngine | None = None) -> ConfigEngine:
    engine = engine or ConfigEngine()
    for word in unpack(stream):
        engine.word(word)
    return engine


def test_crc_known_value() -> None:
    """CRC-32C of "123456789" is E3069283 (RFC 3720 polynomial); our step is that CRC on other bit groups."""
    bits = [byte >> n & 1 for byte in b"123456789" for n in range(8)]
    crc = 0xFFFFFFFF
    for bit in bits:
        crc = crc >> 1 ^ (0x82F63B78 if (crc ^ bit) & 1 else 0)
    assert crc ^ 0xFFFFFFFF == 0xE3069283
    # 37 bits, register above word, low bit first.
    assert crc_step(0, 0, 0) == 0
    assert crc_step(0, 0b10000, 0) == 0x82F63B78, "the last bit in is the register's highest"


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 31), st.integers(0, 0xFFFFFFFF))
def test_crc_of_writer_and_model_agree(crc: int, register: int, word: int) -> None:
    assert crc_step(crc, register, word) == crc_update(crc, register, word)


@pytest.mark.parametrize("slots", [[], [1], [1, 1, 2], [255, 0, 3, 4]])
def test_good_stream_configures(slots: list[int]) -> None:
    engine = run(build_stream(slots))
    assert engine.done and not engine.loading
    assert engine.kernels == slots + [0] * (4 - len(slots))


@pytest.mark.parametrize("count", [0, 5, 90, 91, 92, 127, 128])
def test_large_region(count: int) -> None:
    """One frame holds 91 slots, more take a second one; slots not named are empty."""
    slots = [1 + slot % 255 for slot in range(count)]
    engine = run(build_stream(slots), ConfigEngine(num_slots=128))
    assert engine.done and engine.kernels == slots + [0] * (128 - count)


def test_more_slots_than_the_region_has() -> None:
    engine = run(build_stream([1] * 5), ConfigEngine(num_slots=4))
    assert not engine.done and engine.loading and not engine.valid


def test_second_frame_must_be_whole() -> None:
    words = unpack(build_stream([1] * 100, words=186))
    frame = words.index(bitgen.FRAME_MAGIC)
    writer = StreamWriter()
    writer.raw(*words[: frame - 1])
    writer.command(Cmd.RCRC)
    writer.write(Reg.IDCODE, bitgen.IDCODE)
    writer.command(Cmd.WCFG)
    writer.write(Reg.FAR, 0)
    writer.write_long(Reg.FDRI, words[frame : frame + 185])
    writer.check_crc()
    writer.command(Cmd.START)
    writer.command(Cmd.DESYNC)
    engine = run(writer.to_bytes(), ConfigEngine(num_slots=128))
    assert not engine.done and not engine.valid


@pytest.mark.parametrize(
    "fault",
    [{"bad_crc": True}, {"wrong_idcode": True}, {"no_crc": True}, {"truncate": True}, {"truncate": 100}],
)
def test_faults_leave_the_region_unconfigured(fault: dict[str, bool]) -> None:
    engine = run(build_stream([1]))
    run(build_stream([2], **fault), engine)
    assert not engine.done and engine.loading and not engine.valid
    run(build_stream([3]), engine)
    assert engine.done and engine.kernels == [3, 0, 0, 0]


def test_missing_sync_is_never_seen() -> None:
    engine = run(build_stream([1], no_sync=True))
    assert not engine.done and not engine.loading and not engine.valid


@settings(max_examples=60, deadline=None)
@given(st.integers(13, 233), st.integers(0, 31))
def test_any_flipped_bit_is_found(position: int, bit: int) -> None:
    """From the first packet to DESYNC, a flipped bit never configures other content and says done."""
    words = unpack(build_stream([1, 2, 3]))
    assert words[231] == Cmd.DESYNC
    words[position] ^= 1 << bit
    engine = run(pack(words))
    # Harmless: a NOP's spare bits, a reserved bit of a header, the identity's revision, the command's
    # unused bits. Then the content is right.
    assert engine.kernels in (None, [1, 2, 3, 0])
    assert engine.done == engine.valid


def test_stream_layout() -> None:
    words = unpack(build_stream([1, 2], words=93))
    sync = words.index(bitgen.SYNC)
    assert words[:sync] == [bitgen.DUMMY] * 8 + [0xBB, 0x11220044] + [bitgen.DUMMY] * 2
    frame = words.index(bitgen.FRAME_MAGIC)
    assert words[frame - 2 : frame] == [0x30004000, 0x50000000 | 93]
    assert words[frame : frame + 4] == [0x434C5350, 2, 1, 2]
    assert words[frame + 93] == 0x30000001, "the CRC check follows"
    assert words.count(bitgen.SYNC) == 1
    assert words[-17:-16] == [Cmd.DESYNC]
    assert build_stream([1, 2], words=93) == build_stream([1, 2], words=93)


def test_filler_never_looks_like_a_new_stream() -> None:
    data = bitgen.frame_data([1], 20000)
    assert not {bitgen.DUMMY, bitgen.SYNC} & set(data)
    assert len(set(data)) > 19000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: build_stream([1] * 129), "129 slots"),
        (lambda: build_stream([256]), "8 bits"),
        (lambda: build_stream([1], words=92), "less than 1 frames"),
        (lambda: build_stream([1] * 92, words=185), "less than 2 frames"),
        (lambda: build_stream([1], truncate=10000), "cannot keep"),
        (lambda: StreamWriter().write(Reg.FDRI, *range(2048)), "type-1"),
    ],
)
def test_wrong_arguments(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


def test_unpack_drops_the_incomplete_word() -> None:
    assert unpack(b"\x01\x02\x03\x04\x05") == [0x01020304]


def test_disassemble() -> None:
    text = list(disassemble(build_stream([1, 1, 2])))
    assert text[12].split() == ["12", "aa995566", "sync"]
    assert any("type 1 write IDCODE, 1 words" in line for line in text)
    assert any("type 2 write FDRI, 186 words" in line for line in text)
    assert any("178 more words" in line for line in text)
    assert text[-17].split()[2] == "DESYNC"
    assert len(text) == 248 - 177
    cut = list(disassemble(build_stream([1], truncate=100)))
    assert cut[-1] == "ends 119 words before the end of a packet"
    writer = StreamWriter()
    writer.raw(0x12345678, bitgen.NOP, bitgen.SYNC, 0xE0000000, 0x38000000)
    writer.read(Reg.STAT)
    tail = [line.split(maxsplit=2)[2] for line in disassemble(writer.to_bytes())]
    assert tail == [
        "out of sync", "NOP", "sync", "not a packet", "type 1 reserved operation CRC, 0 words",
        "type 1 read STAT, 1 words",
    ]  # fmt: skip


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "k.bin"
    assert bitgen.main(["--slots", "1,0x2", "--output", str(path)]) == 0
    assert path.read_bytes() == build_stream([1, 2])
    header = bytes.fromhex("00090ff00ff00ff00ff0000001") + b"a\x00\x02k\x00e\x00\x00\x03\xe0"
    (tmp_path / "k.bit").write_bytes(header + path.read_bytes())
    assert bitgen.main(["--show", str(tmp_path / "k.bit")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == list(disassemble(path.read_bytes()))
    with pytest.raises(SystemExit):
        bitgen.main([])
