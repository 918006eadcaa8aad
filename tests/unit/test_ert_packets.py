# SPDX-License-Identifier: Apache-2.0
"""ERT packets: headers, builders, validation, replies (the byte layout is judged in tests/interop)."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydriver import ert
from pydriver.ert import Feature, Header, Opcode, State, Type

words = st.integers(0, 0xFFFFFFFF)


@given(words)
def test_a_header_survives_unpacking(word: int) -> None:
    assert Header.unpack(word).pack() == word


def test_a_field_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="count 2048"):
        Header(Opcode.START_CU, count=2048)
    with pytest.raises(ValueError, match="state"):
        Header(Opcode.START_CU, state=16)


@given(words, st.lists(words, min_size=4, max_size=64), st.lists(words, max_size=3), st.booleans())
def test_start_kernel(mask: int, regmap: list[int], extra: list[int], stat: bool) -> None:
    packet = ert.start_kernel(mask, regmap, extra, stat_enabled=stat)
    header = ert.validate(packet)
    assert (header.opcode, header.type, header.state) == (Opcode.START_CU, Type.CU, State.NEW)
    assert header.extra_cu_masks == len(extra)
    assert ert.to_words(packet)[1 : 1 + header.count] == [mask, *extra, *regmap]
    assert len(packet) == (ert.size_with_timestamps(header) if stat else 4 + 4 * header.count)


def test_the_stock_runtime_header() -> None:
    """A vadd of the real runtime starts with 0x3000F001: type CU, 15 words."""
    assert ert.to_words(ert.start_kernel(1, [0] * 14))[0] == 0x3000F001


@pytest.mark.parametrize(
    "packet",
    [
        ert.start_kernel(1, [0] * 3),
        ert.to_bytes([Header.start(Opcode.EXEC_WRITE, 6).pack(), *[0] * 6]),
        ert.to_bytes([Header(Opcode.SK_UNCONFIG).pack()]),
        ert.to_bytes([Header(Opcode.ACCESS_TEST).pack()]),
        ert.to_bytes([Header(1).pack()]),
        ert.to_bytes([Header(Opcode.CONFIGURE, count=6).pack(), 512, 2, 0, 0, 0, 0]),
        ert.to_bytes([Header(Opcode.START_COPYBO, count=15).pack(), *[0] * 15]),
        ert.start_kernel(1, [0] * 8)[:-4],
        b"",
        b"\1\0\0",
    ],
)
def test_bad_packets_are_einval(packet: bytes) -> None:
    with pytest.raises(OSError) as caught:
        ert.validate(packet)
    assert caught.value.errno == errno.EINVAL
    assert caught.value.strerror


def test_every_builder_makes_a_valid_packet() -> None:
    for packet in (
        ert.start_kernel(1, [0] * 4),
        ert.start_key_val(1, [(0x10, 1)]),
        ert.exec_write(1, [(0x10, 1)]),
        ert.start_fa(1, [0] * 8),
        ert.init_kernel(1, [0] * 4),
        ert.start_copybo(0, 64, 128, 1, 2),
        ert.configure(512, [0x1800000], Feature.ERT),
        ert.configure_sk([(0, 1, "kernel")]),
        ert.exit_(),
        ert.abort(7),
        ert.cu_stat(),
        ert.clk_calib(),
        ert.mb_validate(),
        ert.access_test_c(),
    ):
        ert.validate(packet)


def test_what_goes_into_a_slot() -> None:
    start = ert.slot_words(ert.start_kernel(0b100, [0, 0, 0, 0, 9], (5,), stat_enabled=True), 2)
    assert start == [Header.start(Opcode.START_CU, 7, 1, True).pack(), 2, 5, 0, 0, 0, 0, 9]
    write = ert.slot_words(ert.exec_write(0b100, [(0x10, 9)]), 2)
    assert write == [Header.start(Opcode.EXEC_WRITE, 3).pack(), 2, 0x10, 9]
    assert ert.slot_words(ert.cu_stat()) == ert.to_words(ert.cu_stat())
    with pytest.raises(ValueError, match="index"):
        ert.slot_words(ert.start_kernel(1, [0] * 4))


def test_time_stamps() -> None:
    packet = bytearray(ert.start_kernel(1, [0] * 6, stat_enabled=True))
    ert.write_timestamp(packet, State.RUNNING, 123)
    ert.write_timestamp(packet, State.COMPLETED, 456)
    assert ert.read_timestamps(bytes(packet)) == {State.RUNNING: 123, State.COMPLETED: 456}
    assert ert.timestamps_offset(ert.validate(bytes(packet))) == 32
    plain = bytearray(ert.start_kernel(1, [0] * 6))
    ert.write_timestamp(plain, State.RUNNING, 123)
    assert plain == ert.start_kernel(1, [0] * 6)
    with pytest.raises(OSError):
        ert.read_timestamps(bytes(plain))


def test_cu_stat_reply() -> None:
    words_ = [0, ert.CU_STAT_MAGIC, 0xABC, 4, 2, 10, 20, 0, 1, 1, 4, 4, 3]
    reply = ert.parse_cu_stat(words_)
    assert (reply.version, reply.num_slots, reply.num_cus) == (0xABC, 4, 2)
    assert reply.executions == (10, 20)
    assert reply.running == (False, True)
    assert reply.slot_states == (1, 4, 4, 3)
    assert ert.parse_cu_stat(words_[:7]).running == ()
    with pytest.raises(OSError):
        ert.parse_cu_stat([0, 0, 0, 0, 0])


def test_configure_takes_the_lowest_address_as_base() -> None:
    packet = ert.to_words(ert.configure(2048, [0x1810000, 0x1800000], Feature.ERT | Feature.DSA52))
    assert packet[1:] == [2048, 2, 16, 0x1800000, 0x80000001, 0x1810000, 0x1800000]
