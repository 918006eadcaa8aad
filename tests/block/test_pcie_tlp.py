# SPDX-License-Identifier: Apache-2.0
"""Our packing of CQ requests and CC completions against cocotbext-pcie's, bit for bit."""

from __future__ import annotations

import random
import warnings

import pytest

from tests.models.pcie_completer import byte_count
from tests.models.pcie_tlp import LANES, Beat, Kind, Request, cq_beats, unpack_completion

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cocotbext.pcie.core.tlp import CplStatus, Tlp, TlpAttr, TlpTc, TlpType
    from cocotbext.pcie.core.utils import PcieId
    from cocotbext.pcie.xilinx.us.tlp import Tlp_us


def _theirs(request: Request) -> Tlp_us:
    tlp = Tlp_us()
    kinds = {Kind.READ: TlpType.MEM_READ_64, Kind.WRITE: TlpType.MEM_WRITE_64, Kind.IO_READ: TlpType.IO_READ}
    tlp.fmt_type = kinds[request.kind]
    tlp.address = request.address
    tlp.length = request.length
    tlp.first_be, tlp.last_be = request.first_be, request.last_be
    tlp.requester_id = PcieId.from_int(request.requester)
    tlp.completer_id = PcieId(0, 0, request.function)
    tlp.tag, tlp.bar_id, tlp.bar_aperture = request.tag, request.bar, request.aperture
    tlp.tc, tlp.attr = TlpTc(request.tc), TlpAttr(request.attr)
    tlp.data = bytearray(b"".join(word.to_bytes(4, "little") for word in request.payload))
    return tlp


def _random_request(rng: random.Random) -> Request:
    kind = rng.choice((Kind.READ, Kind.WRITE, Kind.IO_READ))
    length = 1 if kind is Kind.IO_READ else rng.randint(1, 64)
    words = tuple(rng.getrandbits(32) for _ in range(length)) if kind is Kind.WRITE else ()
    return Request(
        kind,
        rng.randrange(4),
        rng.randrange(6),
        rng.getrandbits(64) & ~3,
        length,
        rng.choice((0xF, 0xE, 0x8)),
        rng.choice((0xF, 0x1)) if length > 1 else 0,
        words,
        rng.randrange(256),
        rng.getrandbits(16),
        rng.randrange(8),
        rng.randrange(8),
        rng.randrange(64),
    )


@pytest.mark.parametrize("seed", range(100))
def test_request_beats(seed: int) -> None:
    request = _random_request(random.Random(seed))
    frame = _theirs(request).pack_us_cq()
    lanes = [
        beat.data >> (32 * lane) & 0xFFFFFFFF
        for beat in cq_beats(request)
        for lane in range(beat.keep.bit_length())
    ]
    assert lanes == frame.data
    enables = [
        beat.user >> (8 + 4 * lane) & 0xF
        for beat in cq_beats(request)
        for lane in range(beat.keep.bit_length())
    ]
    assert enables == (frame.byte_en + [0] * len(lanes))[: len(lanes)]
    assert cq_beats(request)[0].user & 0xFF == frame.first_be | frame.last_be << 4


@pytest.mark.parametrize("seed", range(50))
def test_completion_fields(seed: int) -> None:
    rng = random.Random(seed)
    good = rng.random() < 0.7
    length = rng.randint(1, 32) if good else 0
    tlp = Tlp_us()
    tlp.fmt_type = TlpType.CPL_DATA if good else TlpType.CPL
    tlp.status = CplStatus.SC if good else rng.choice((CplStatus.UR, CplStatus.CA))
    tlp.length, tlp.byte_count, tlp.lower_address = length, rng.randint(1, 4096), rng.randrange(128)
    tlp.requester_id, tlp.tag = PcieId.from_int(rng.getrandbits(16)), rng.randrange(256)
    tlp.completer_id = PcieId(0, 0, rng.randrange(2))
    tlp.tc, tlp.attr = TlpTc(rng.randrange(8)), TlpAttr(rng.randrange(8))
    tlp.data = bytearray(rng.randbytes(4 * length))
    lanes = tlp.pack_us_cc().data
    beats = []
    for start in range(0, len(lanes), LANES):
        part = lanes[start : start + LANES]
        data = sum(lane << (32 * index) for index, lane in enumerate(part))
        beats.append(Beat(data, (1 << len(part)) - 1, 0, start + LANES >= len(lanes)))
    ours = unpack_completion(beats)
    assert (ours.lower, ours.byte_count, ours.length) == (tlp.lower_address, tlp.byte_count, length)
    assert (ours.status, ours.tc, ours.attr) == (int(tlp.status), int(tlp.tc), int(tlp.attr))
    assert (ours.requester, ours.tag, ours.function) == (
        int(tlp.requester_id),
        tlp.tag,
        tlp.completer_id.function,
    )
    assert b"".join(word.to_bytes(4, "little") for word in ours.data) == bytes(tlp.data)


def test_byte_count_formula() -> None:
    """The specification's table, read through cocotbext-pcie's own arithmetic."""
    for length in (1, 2, 5):
        for first in range(16) if length == 1 else (0xF, 0xE, 0xC, 0x8):
            for last in (0,) if length == 1 else (0xF, 0x7, 0x3, 0x1):
                tlp = Tlp()
                tlp.fmt_type, tlp.length, tlp.first_be, tlp.last_be = TlpType.MEM_READ, length, first, last
                assert byte_count(first, last, length) == tlp.get_be_byte_count()
