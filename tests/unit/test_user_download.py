# SPDX-License-Identifier: Apache-2.0
"""Loading through the management PF: routes, good and bad answers, preloaded images, what is kept."""

from __future__ import annotations

import errno
import pickle
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pydriver.mailbox import ConnFlags, Group, MailboxOptions, Opcode, Request
from pydriver.mailbox.messages import BitstreamKaddr, ConnResp, pack_int
from pydriver.xclbin import NULL_UUID, SectionKind, parse
from pydriver.xclbin.container import Gap
from pydriver.xocl import UserOptions, Xocl, peer_download
from pydriver.xocl.loader import is_lite, without_design
from pydriver.xocl.peer_download import download_ttl_s
from pydriver.xrt import Device, Kernel
from pydriver.xrt.device import LOAD_RETRY_NS, LOAD_TRIES
from tests.unit.rig import DEMO, SECOND, Rig, changed, device_tree, raises, run_vadd, with_section, without
from tests.unit.user_peer import ScriptedDaemon, ScriptedPeer, icap, peers
from tools.bitgen import build_stream

UUID = parse(DEMO).uuid
OTHER = bytes(range(16))
SAME_DOMAIN = ConnFlags.PEER_READY | ConnFlags.PEER_SAME_DOMAIN
LOAD = Opcode.LOAD_XCLBIN_KADDR
LITE = without(SectionKind.BITSTREAM)
MARK = b"this is the design of somebody else"
"""Stands in the place of a bitstream and is easy to find."""
MARKED = with_section(SectionKind.BITSTREAM, MARK * 40)


async def ready(rig: Rig, domain: bool = True, **options: object) -> tuple[ScriptedPeer, Xocl]:
    """A peer that takes every image, by address (which is fast) within one domain."""
    peer, user = await peers(rig, **options)
    peer.connection = ConnResp(conn_flags=int(SAME_DOMAIN if domain else ConnFlags.PEER_READY))
    await user.peer.connect()
    peer.groups[Group.ICAP] = icap(NULL_UUID)
    peer.answers[Opcode.LOAD_XCLBIN] = pack_int(0)
    peer.answers[Opcode.LOAD_XCLBIN_KADDR] = pack_int(0)
    return peer, user


# --- routes -----------------------------------------------------------------------------------------------


def test_content_goes_through_the_hardware_channel_byte_for_byte() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(
            rig, domain=False, mailbox=MailboxOptions(sleepless_tx=True, rate_limit=None)
        )
        await user.read_axlf(MARKED + b"what is behind the image stays here")
        assert peer.seen[-1] == (Opcode.LOAD_XCLBIN, MARKED)
        assert user.bitstream.uuid == parse(MARKED).uuid

    rig.run(main())


def test_within_one_domain_an_address_is_enough() -> None:
    rig = Rig()
    found = b""

    async def look(request: Request) -> bytes:
        nonlocal found
        found = rig.platform.memory.read(BitstreamKaddr.unpack(request.payload).addr, len(MARKED))
        return pack_int(0)

    async def main() -> None:
        peer, user = await ready(rig)
        peer.answers[Opcode.LOAD_XCLBIN_KADDR] = look
        await user.read_axlf(MARKED)
        assert found == MARKED and peer.count(Opcode.LOAD_XCLBIN) == 0
        memory = rig.platform.memory
        addr = memory.alloc(1)
        assert MARK not in memory.read(addr, 1 << 20), "the copy is wiped"

    rig.run(main())


def test_the_switch_sends_content_through_the_software_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_download, "MIN_DOWNLOAD_TTL_S", 4)
    rig = Rig()
    rig.platform.outside.pace = 1000

    async def main() -> None:
        peer, user = await ready(rig)
        peer.connection = ConnResp(conn_flags=1, chan_switch=1 << Opcode.LOAD_XCLBIN)
        await user.peer.connect()
        daemon = ScriptedDaemon(rig, user.mailbox.software).open()
        daemon.answers[Opcode.LOAD_XCLBIN] = pack_int(0)
        await user.read_axlf(MARKED)
        assert daemon.seen == [(Opcode.LOAD_XCLBIN, MARKED)]
        assert peer.count(Opcode.LOAD_XCLBIN) == 0
        daemon.answers.clear()
        begin = rig.clock.now_ns()
        with raises(errno.ETIMEDOUT, "did not answer"):
            await user.read_axlf(changed(uuid=OTHER))
        assert 4 * SECOND < rig.clock.now_ns() - begin < 6 * SECOND, "the daemon took it and was silent"
        daemon.close()
        begin = rig.clock.now_ns()
        with raises(errno.ETIMEDOUT, "did not answer"):
            await user.read_axlf(changed(uuid=OTHER))
        assert rig.clock.now_ns() - begin < 7 * SECOND, "nobody took it"

    rig.run(main())


# --- answers ------------------------------------------------------------------------------------------------

ANSWERS = [
    ("refused", pack_int(-errno.EKEYREJECTED), errno.EKEYREJECTED),
    ("no serial number", pack_int(-2040), 2040),
    ("positive", pack_int(5), errno.EIO),
    ("empty", b"", errno.ETIMEDOUT),
    ("too long", bytes(5), errno.ETIMEDOUT),
    ("never", None, errno.ETIMEDOUT),
    ("again", pack_int(-errno.EAGAIN), errno.EAGAIN),
]


@pytest.mark.parametrize(("answer", "code"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_what_the_peer_answers_is_what_the_caller_gets(answer: bytes | None, code: int) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        await user.read_axlf(DEMO)
        peer.answers[LOAD] = answer
        begin = rig.clock.now_ns()
        with raises(code):
            await user.read_axlf(changed(uuid=OTHER))
        waited = rig.clock.now_ns() - begin
        assert 49 * SECOND < waited < 51 * SECOND if answer is None else waited < SECOND
        assert user.bitstream.uuid == NULL_UUID and user.loaded.axlf is None
        peer.answers[LOAD] = pack_int(0)
        await user.read_axlf(DEMO)
        assert user.bitstream.uuid == UUID

    rig.run(main())


def test_an_answer_cut_short_replaces_only_its_bytes() -> None:
    """-ETIMEDOUT is 92 ff ff ff; one zero byte makes 00 ff ff ff of it, which is -256."""
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        peer.answers[LOAD] = b"\0"
        with raises(256):
            await user.read_axlf(DEMO)

    rig.run(main())


def test_time_for_the_answer_grows_with_the_image() -> None:
    assert download_ttl_s(parse(DEMO)) == 50
    assert download_ttl_s(replace(parse(DEMO), length=200 << 20)) == 100 + 5 + 1
    assert download_ttl_s(replace(parse(LITE), length=90 << 20)) == 51


def test_a_forbidden_download_does_not_wait() -> None:
    """LOAD_XCLBIN disabled: the request is refused on this side already, and the caller sees a time-out."""
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        peer.connection = ConnResp(conn_flags=1, chan_disable=1 << Opcode.LOAD_XCLBIN)
        await user.peer.connect()
        begin = rig.clock.now_ns()
        with raises(errno.ETIMEDOUT):
            await user.read_axlf(DEMO)
        assert rig.clock.now_ns() - begin < SECOND

    rig.run(main())


def test_eagain_is_tried_again_and_given_up() -> None:
    rig = Rig()
    left = 2

    async def later(request: Request) -> bytes:
        nonlocal left
        left -= 1
        return pack_int(-errno.EAGAIN if left >= 0 else 0)

    async def main() -> None:
        peer, user = await ready(rig)
        device = Device.attach(user)
        peer.answers[LOAD] = later
        assert await device.load_xclbin(DEMO) == UUID
        assert peer.count(LOAD) == 3
        peer.answers[LOAD] = pack_int(-errno.EAGAIN)
        begin = rig.clock.now_ns()
        with raises(errno.EAGAIN):
            await device.load_xclbin(changed(uuid=OTHER))
        assert peer.count(LOAD) == 3 + LOAD_TRIES
        assert 0 <= rig.clock.now_ns() - begin - (LOAD_TRIES - 1) * LOAD_RETRY_NS < SECOND
        peer.answers[LOAD] = pack_int(-errno.EINVAL)
        with raises(errno.EINVAL):
            await device.load_xclbin(changed(uuid=OTHER))
        assert peer.count(LOAD) == 4 + LOAD_TRIES, "another errno is not tried again"

    rig.run(main())


# --- preloaded and without a bitstream ------------------------------------------------------------------


@pytest.mark.parametrize("image", [DEMO, LITE], ids=["full", "lite"])
def test_a_preloaded_image_is_not_downloaded(image: bytes) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        peer.groups[Group.ICAP] = icap(parse(image).uuid)
        peer.answers[LOAD] = pack_int(-errno.EPERM)
        await user.read_axlf(image)
        assert peer.count(LOAD) == 0
        assert [cu.name for cu in user.kds.cus] and user.memory.banks
        assert user.bitstream.uuid == parse(image).uuid
        with raises(errno.EPERM):
            await user.read_axlf(changed(uuid=OTHER))
        with raises(errno.EPERM):
            await user.read_axlf(image, force=True)
        assert peer.count(LOAD) == 2 and user.bitstream.uuid == NULL_UUID
        await user.read_axlf(image)
        assert peer.count(LOAD) == 2, "still there on the peer"

    rig.run(main())


def test_a_preloaded_image_runs() -> None:
    """The image is on the card before the user PF comes; the user has only the metadata."""
    rig = Rig()

    async def main() -> None:
        mgmt = await rig.mgmt()
        await mgmt.download(DEMO)
        user = await rig.user(UserOptions(guest=True))
        device = Device.attach(user)
        fake = changed(LITE, uuid=UUID)
        assert await device.load_xclbin(fake) == UUID
        assert Opcode.LOAD_XCLBIN not in mgmt.mailbox.metrics.requests
        await run_vadd(device, await Kernel.open(device, UUID, "vadd:{vadd_1}"), 50)

    rig.run(main())


def test_a_peer_that_does_not_say_what_is_loaded_gets_the_image() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        for group in (pack_int(-errno.EOPNOTSUPP), icap(UUID)[:60]):
            peer.groups[Group.ICAP] = group
            before = peer.count(LOAD)
            await user.read_axlf(DEMO, force=False)
            assert peer.count(LOAD) == before + 1
            user.bitstream.uuid = NULL_UUID

    rig.run(main())


def test_interfaces_are_compared_unless_the_image_is_lite() -> None:
    rig = Rig()
    mine, foreign = "0" * 31 + "1", "0" * 31 + "2"

    def image(uuid: str) -> bytes:
        return with_section(SectionKind.PARTITION_METADATA, device_tree([uuid]))

    async def main() -> None:
        _, user = await ready(rig)
        user.peer.shell.interfaces = (mine,)
        await user.read_axlf(image(mine))
        with raises(errno.EINVAL, "interface"):
            await user.read_axlf(image(foreign), force=True)
        sections = tuple(
            section for section in parse(image(foreign)).sections if section.kind != SectionKind.BITSTREAM
        )
        lite = replace(parse(image(foreign)), sections=sections, gaps=()).to_bytes()
        assert is_lite(parse(lite))
        await user.read_axlf(lite, force=True)

    rig.run(main())


@pytest.mark.parametrize("kind", [SectionKind.IP_LAYOUT, SectionKind.MEM_TOPOLOGY], ids=["ips", "memory"])
def test_neither_bitstream_nor_metadata(kind: SectionKind) -> None:
    rig = Rig()
    bare = without(SectionKind.BITSTREAM, kind, SectionKind.CONNECTIVITY)

    async def main() -> None:
        peer, user = await ready(rig)
        peer.groups[Group.ICAP] = icap(parse(bare).uuid)
        with raises(errno.ENODEV, kind.name):
            await user.read_axlf(bare)
        assert user.bitstream.uuid == NULL_UUID

    rig.run(main())


# --- what is kept ---------------------------------------------------------------------------------------


def kept(value: object, seen: set[int]) -> Iterator[bytes]:
    """Every piece of bytes that can be reached from `value`."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, (bytes, bytearray)):
        yield bytes(value)
    elif isinstance(value, dict):
        for item in (*value.keys(), *value.values()):
            yield from kept(item, seen)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from kept(item, seen)
    else:
        for cell in getattr(value, "__closure__", None) or ():
            yield from kept(cell.cell_contents, seen)
        bound = getattr(value, "__self__", None)
        if bound is not None:
            yield from kept(bound, seen)
        names = [*getattr(value, "__dict__", {}), *getattr(type(value), "__slots__", ())]
        for name in names:
            if hasattr(value, name):
                yield from kept(getattr(value, name), seen)


@pytest.mark.parametrize("guest", [False, True], ids=["address", "content"])
def test_nothing_of_the_design_stays_in_the_driver(guest: bool) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig, domain=not guest, guest=guest)
        await user.read_axlf(MARKED)
        peer.seen.clear()
        await user.peer.connect()  # messages have left, and with them what they carried
        skip = {id(rig.platform), id(rig.card), id(rig.clock), id(rig)}
        found = [data for data in kept(user.__dict__, skip) if MARK in data]
        assert not found
        assert user.loaded.axlf is not None and user.loaded.axlf.section(SectionKind.BITSTREAM) is None
        assert user.loaded.axlf.kernels() == parse(MARKED).kernels()

    rig.run(main())


def test_every_section_with_a_design_is_dropped() -> None:
    axlf = parse(MARKED)
    for kind in (SectionKind.PDI, SectionKind.BITSTREAM_PARTIAL_PDI, SectionKind.CLEARING_BITSTREAM):
        other = replace(axlf, sections=tuple(replace(s, kind=kind) for s in axlf.sections if not s.kind))
        assert other.sections and not without_design(other).sections
    hidden = replace(axlf, gaps=(Gap(900, MARK),), signature=MARK, signature_length=len(MARK))
    assert MARK not in pickle.dumps(without_design(hidden))
    stripped = without_design(parse(MARKED))
    assert MARK not in pickle.dumps(stripped) and MARK not in stripped.to_bytes()
    assert parse(stripped.to_bytes()).ip_layout() == axlf.ip_layout()


def test_a_second_client_gets_the_metadata_from_the_driver() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        other = Device.attach(user)
        assert other.xclbin(UUID).kernels == device.xclbin(UUID).kernels
        stream = build_stream([1, 1, 2, 0])
        assert stream[:64] not in other.xclbin(UUID).data
        await run_vadd(other, await Kernel.open(other, UUID, "vadd:{vadd_2}"), 20)

    rig.run(main())
