# SPDX-License-Identifier: Apache-2.0
"""Packets and messages of the mailbox, without I/O."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydriver.mailbox import messages, packets
from pydriver.mailbox.crc32c import crc32c
from pydriver.mailbox.packets import END_OF_MESSAGE, Flags, Kind, Packet, Reassembler, Received


def take_all(msg_id: int, flags: int, size: int) -> int | None:
    return None


def feed(reassembler: Reassembler, stream: Iterable[Packet]) -> list[Received]:
    return [received for packet in stream for received in reassembler.feed(packet)]


@given(st.binary(max_size=2000), st.integers(1, (1 << 64) - 2), st.sampled_from(list(Flags)))
def test_a_message_survives_cutting_and_joining(data: bytes, msg_id: int, flags: Flags) -> None:
    cut = list(packets.split(msg_id, flags, data))
    assert len(cut) == packets.packet_count(len(data)) == 1 + max(0, -(-(len(data) - 40) // 56))
    assert all(len(packet) == 16 for packet in cut)
    assert [bool(packet[0] & END_OF_MESSAGE) for packet in cut] == [False] * (len(cut) - 1) + [True]
    assert sum(packet[1] for packet in cut) == len(data)
    assert feed(Reassembler(take_all), cut) == [Received(msg_id, flags, data)]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.binary(max_size=200), st.integers(1, 100)), max_size=6), st.data())
def test_lost_packets_never_deliver_wrong_data(sent: list[tuple[bytes, int]], data: st.DataObject) -> None:
    """Whatever is lost, what ends is as long as a message that was sent, or shorter."""
    stream = [packet for body, msg_id in sent for packet in packets.split(msg_id, Flags.REQUEST, body)]
    kept = [packet for packet in stream if data.draw(st.booleans())]
    got = feed(Reassembler(take_all), kept)
    if kept == stream:
        assert [(item.data, item.msg_id) for item in got] == sent
    for item in got:
        assert item.error in (0, errno.EBADMSG)
        assert any(len(item.data) <= len(body) for body, msg_id in sent if msg_id == item.msg_id)


@settings(max_examples=300)
@given(st.lists(st.lists(st.integers(0, 0xFFFFFFFF), min_size=16, max_size=16), max_size=10))
def test_garbage_never_breaks_the_receiver(stream: list[list[int]]) -> None:
    announced: dict[int, list[int]] = {}
    reassembler = Reassembler(lambda msg_id, _, size: announced.setdefault(msg_id, []).append(size))
    for words in stream:
        words[0] = words[0] & END_OF_MESSAGE | words[0] % 5
        for received in reassembler.feed(words):
            # A start with the same id ends the message before it: both sizes may be the one meant.
            assert len(received.data) <= max(announced[received.msg_id])
    whole = list(packets.split(9, Flags.REQUEST, b"still alive"))
    assert Received(9, Flags.REQUEST, b"still alive") in feed(reassembler, whole)


def test_known_packet_layout() -> None:
    (packet,) = packets.split(0x1122334455667788, Flags.RESPONSE, b"\xfe\xff\xff\xff")
    assert packet[:7] == (0x80000002, 4, 0x55667788, 0x11223344, 1, 4, 0xFFFFFFFE)
    first, second = packets.split(5, Flags.REQUEST, bytes(range(41)))
    assert first[0] == Kind.MSG_START and first[1] == 40 and first[5] == 41
    assert second[:3] == (END_OF_MESSAGE | Kind.MSG_BODY, 1, 40)


def test_start_while_partial_ends_the_old_one_with_ebadmsg() -> None:
    reassembler = Reassembler(take_all)
    long = list(packets.split(1, Flags.REQUEST, bytes(100)))
    assert feed(reassembler, long[:1]) == []
    got = feed(reassembler, packets.split(2, Flags.REQUEST, b"new"))
    assert [(item.msg_id, item.error) for item in got] == [(1, errno.EBADMSG), (2, 0)]


def test_body_without_message_is_dropped() -> None:
    reassembler = Reassembler(take_all)
    assert feed(reassembler, list(packets.split(1, Flags.REQUEST, bytes(100)))[1:]) == []
    assert reassembler.dropped


def test_unknown_kind_is_dropped() -> None:
    reassembler = Reassembler(take_all)
    for kind in (0, 4, 0xFF):
        assert reassembler.feed([kind] + [0] * 15) == []
    assert len(reassembler.dropped) == 3


def test_payload_beyond_the_message_is_ebadmsg() -> None:
    start = list(next(packets.split(1, Flags.REQUEST, b"1234")))
    start[1] = 5
    assert [item.error for item in Reassembler(take_all).feed(start)] == [errno.EBADMSG]
    big, body = list(packets.split(1, Flags.REQUEST, bytes(90)))[:2]
    broken = [body[0], 57, *body[2:]]
    assert [item.error for item in feed(Reassembler(take_all), [big, tuple(broken)])] == [errno.EBADMSG]


def test_end_flag_ends_a_message_that_is_short() -> None:
    start = list(next(packets.split(1, Flags.REQUEST, bytes(100))))
    start[0] |= END_OF_MESSAGE
    (got,) = Reassembler(take_all).feed(start)
    assert (len(got.data), got.error) == (40, 0)


def test_refused_messages() -> None:
    assert feed(Reassembler(lambda *_: 0), packets.split(1, Flags.RESPONSE, bytes(60))) == []
    got = feed(Reassembler(lambda *_: errno.EMSGSIZE), packets.split(1, Flags.RESPONSE, bytes(60)))
    assert [(item.error, item.data) for item in got] == [(errno.EMSGSIZE, b"")]


def test_test_packet_is_kept() -> None:
    reassembler = Reassembler(take_all)
    assert reassembler.feed(packets.test_packet(b"ping")) == []
    assert reassembler.test_payload == b"ping"
    with pytest.raises(ValueError, match="57"):
        packets.test_packet(bytes(57))


def test_request_header_and_trailing_bytes() -> None:
    message = messages.pack_request(messages.Opcode.LOAD_XCLBIN_KADDR, struct.pack("<Q", 0x1234))
    assert len(message) == 24
    assert message == struct.pack("<QIQI", 0, 7, 0x1234, 0)
    request = messages.unpack_request(message)
    assert request is not None
    assert (request.opcode, request.length) == (7, 8)
    assert request.payload[:8] == struct.pack("<Q", 0x1234)
    assert messages.unpack_request(message[:15]) is None


@pytest.mark.parametrize(
    ("wire", "size"),
    [
        (messages.BitstreamLock, 24),
        (messages.SubdevPeer, 32),
        (messages.Conn, 24),
        (messages.ConnResp, 2080),
        (messages.PeerState, 8),
        (messages.BitstreamKaddr, 8),
        (messages.ClockFreqscaling, 36),
        (messages.P2pBarAddr, 16),
        (messages.BoardInfo, 1432),
        (messages.SensorData, 240),
        (messages.IcapData, 104),
        (messages.MigEcc, 64),
        (messages.FirewallData, 104),
        (messages.DnaData, 48),
        (messages.SubdevData, 40),
    ],
)
def test_structures_have_the_contract_s_size(wire: type[messages.Wire], size: int) -> None:
    assert len(wire().pack()) == wire.SIZE == size
    pattern = bytes(i & 0xFF for i in range(size))
    again = wire.unpack(pattern).pack()
    assert all(again[at] == pattern[at] for at in wire.offsets().values())
    assert wire.unpack(b"") == wire.unpack(bytes(size))


def test_truncated_answer_reads_as_zeros() -> None:
    whole = messages.IcapData(freq_0=300, idcode=0x14B31093, data_retention=1)
    part = messages.IcapData.unpack(whole.pack()[:72])
    assert (part.freq_0, part.idcode, part.data_retention) == (300, 0x14B31093, 0)


def test_crc32c_check_value() -> None:
    """The published check value is the inverted result for "123456789"."""
    assert crc32c(b"123456789") ^ 0xFFFFFFFF == 0xE3069283
    assert crc32c(b"56789", crc32c(b"1234")) == crc32c(b"123456789")
