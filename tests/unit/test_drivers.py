# SPDX-License-Identifier: Apache-2.0
"""Both drivers and the host API on the model card, with the firmware model on its processor."""

from __future__ import annotations

import errno
from itertools import pairwise

import pytest

from firmware_model import images
from pydriver import ert
from pydriver.ert import State
from pydriver.mailbox import ConnFlags, MailboxOptions, Opcode, PeerStateFlags
from pydriver.mailbox.crc32c import crc32c
from pydriver.mailbox.messages import Conn, ConnResp
from pydriver.xclbin import NULL_UUID, ClockFreq, ClockType, Mode, SectionKind, build_bit, parse
from pydriver.xclbin.sections import encode_clock_topology
from pydriver.xclmgmt import MgmtOptions
from pydriver.xclmgmt.microblaze import SELF_JUMP
from pydriver.xocl import VIRTUAL_CU, BoFlags, KdsFlags, UserOptions, Xocl
from pydriver.xocl import client as client_module
from pydriver.xocl.cu import CuOptions
from pydriver.xrt import BO, Device, Kernel
from tests.models import kernels
from tests.unit.rig import (
    DEMO,
    MGMT,
    POLLED,
    SECOND,
    Rig,
    changed,
    device_tree,
    raises,
    run_vadd,
    with_section,
    without,
)
from tools.bitgen import build_stream
from tools.mkxclbin import make_xclbin

UUID = parse(DEMO).uuid
OTHER = bytes(range(16))


# --- the whole way -------------------------------------------------------------------------------------


@pytest.mark.parametrize("guest", [False, True], ids=["kaddr", "content"])
@pytest.mark.parametrize("polled", [False, True], ids=["interrupt", "polled"])
def test_download_buffers_command_result(guest: bool, polled: bool) -> None:
    rig = Rig()
    mailbox = POLLED if polled else MailboxOptions()

    async def main() -> None:
        options = UserOptions(mailbox=mailbox, guest=guest, ert_polling=polled)
        mgmt = await rig.mgmt(MgmtOptions(mailbox=mailbox, sched_image=images.build()))
        device = await Device.open(rig.platform, options, rig.on_event)
        assert await device.load_xclbin(DEMO) == UUID
        assert mgmt.downloader.bitstream.uuid == UUID
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        await run_vadd(device, kernel, 300)
        used = Opcode.LOAD_XCLBIN if guest else Opcode.LOAD_XCLBIN_KADDR
        assert mgmt.mailbox.metrics.requests[used] == 1
        await kernel.close()
        await device.close()
        await mgmt.remove()

    rig.run(main())
    assert rig.card.units[0].runs == 1
    assert rig.card.gate.history == [2, 3]
    assert rig.said("user.kds", "32 slots of 2048 bytes")
    assert bool(rig.card.user.msix_count.get(4)) is not polled


def test_both_units_of_a_kernel_share_the_work() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        first = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        second = await Kernel.open(device, UUID, "vadd:{vadd_2}")
        assert (first.group_id(0), second.group_id(2)) == (0, 1)
        for index in range(6):
            await run_vadd(device, (first, second)[index % 2], 16, index)
        assert [cu.usage for cu in user.kds.cus] == [3, 3, 0]
        assert user.kds.custat().splitlines()[1] == "0,1,vadd:vadd_2,0x1810000,0x4,3"

    rig.run(main())


def test_reduce_and_restart_of_a_run() -> None:
    rig = Rig()

    async def main() -> None:
        _, _, device = await rig.loaded()
        kernel = await Kernel.open(device, UUID, "reduce")
        data = await BO.alloc(device, 4000, kernel.group_id(0))
        out = await BO.alloc(device, 16, kernel.group_id(1))
        run = kernel.run()
        run.set_arg(0, data)
        run.set_arg(1, out)
        for count in (0, 1, 1000):
            numbers = [(i * 2654435761) & 0xFFFFFFFF for i in range(count)]
            data.write(kernels.pack(numbers))
            await data.sync_to_device()
            run.set_arg(2, count)
            run.start(stat=True)
            with raises(errno.EBUSY):
                run.start()
            assert await run.wait(1000) == State.COMPLETED
            await out.sync_from_device()
            assert tuple(kernels.unpack(out.read())) == kernels.reduce(numbers)
        times = ert.read_timestamps(run.get_ert_packet())
        assert times[State.NEW] <= times[State.RUNNING] < times[State.COMPLETED]

    rig.run(main())


def test_runs_give_their_command_buffers_back() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        bo = device.client.create_bo(4096, BoFlags.EXECBUF)
        run = kernel.run()
        assert user.memory.find(bo.handle + 1).is_exec
        del run
        with raises(errno.ENOENT):
            user.memory.find(bo.handle + 1)
        last = kernel.run()
        await device.close()
        del last

    rig.run(main())


def test_many_commands_of_two_clients_at_once() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        other = Device.attach(user)

        async def work(who: Device, unit: str, seed: int) -> None:
            kernel = await Kernel.open(who, UUID, f"vadd:{{{unit}}}")
            for index in range(5):
                await run_vadd(who, kernel, 32 + index, seed + index)
            await kernel.close()

        tasks = [
            rig.clock.spawn(work(who, unit, seed))
            for seed, (who, unit) in enumerate([(device, "vadd_1"), (other, "vadd_1"), (other, "vadd_2")])
        ]
        await rig.clock.sleep_ns(1)
        with raises(errno.EINVAL, "already"):  # one client cannot hold a unit twice
            await device.client.open_context(UUID, 0)
        for task in tasks:
            await task.join()
        await other.close()

    rig.run(main())
    assert rig.card.units[0].runs == 10 and rig.card.units[1].runs == 5


def test_events_tell_the_story() -> None:
    rig = Rig()

    async def main() -> None:
        _, _, device = await rig.loaded()
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        await run_vadd(device, kernel, 8)

    rig.run(main())
    for source, part in [
        ("mgmt.icap", "IDCODE 0x14b31093"),
        ("mgmt.ert", "firmware of 4096 bytes runs"),
        ("user.mailbox", "sends USER_PROBE"),
        ("mgmt.server", "serves LOAD_XCLBIN_KADDR"),
        ("mgmt.icap", "bytes"),
        ("mgmt.gate", "open"),
        ("user.ert", "slot 1 <- START_CU for CU 0"),
        ("user.irq", "ERT interrupt 0"),
        ("user.ert", "slot 1 done"),
        ("user.dma", "32 bytes to 0x4000000000"),
    ]:
        assert rig.said(source, part), (source, part)
    times = [time for time, _, _ in rig.events]
    assert times == sorted(times)


# --- probe and handshake ------------------------------------------------------------------------------


def test_probe_rejects_a_card_that_is_not_ours() -> None:
    rig = Rig()

    async def main() -> None:
        rig.card.set_rom(magic=b"nope")
        with raises(errno.ENODEV, "feature ROM"):
            await rig.mgmt()
        with raises(errno.ENODEV, "feature ROM"):
            await rig.user()
        rig.card.set_rom()
        rig.card.mgmt.dead = rig.card.user.dead = True
        with raises(errno.ENODEV):
            await rig.mgmt()
        with raises(errno.ENODEV):
            await rig.user()

    rig.run(main())


def test_user_first_then_mgmt_announces_itself() -> None:
    rig = Rig()

    async def main() -> None:
        user = await rig.user()
        assert not user.peer.ready
        with raises(errno.ETIMEDOUT, "handshake"):
            await user.read_axlf(DEMO)
        mgmt = await rig.mgmt()
        while not user.peer.ready:
            user.peer.changed.clear()
            assert await user.peer.changed.wait(30 * SECOND)
        await user.read_axlf(DEMO)
        assert mgmt.downloader.bitstream.uuid == UUID

    rig.run(main())


def test_same_domain_needs_the_real_page_and_no_switch() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user = await rig.both()
        assert user.peer.state == ConnFlags.PEER_READY | ConnFlags.PEER_SAME_DOMAIN == mgmt.connection
        await mgmt.set_channel_switch(1 << Opcode.SDR_DATA | 1 << Opcode.USER_PROBE)
        await rig.clock.sleep_ns(SECOND)
        assert user.peer.state == ConnFlags.PEER_READY
        assert user.mailbox.channel_switch == 1 << Opcode.SDR_DATA, "the handshake stays on the hardware"
        await mgmt.set_channel_switch(0)
        await mgmt.set_channel_disable(1 << Opcode.HOT_RESET)
        await rig.clock.sleep_ns(SECOND)
        assert user.peer.state & ConnFlags.PEER_SAME_DOMAIN
        with raises(errno.EFAULT):
            await user.mailbox.request(Opcode.HOT_RESET)

    rig.run(main())
    guest = Rig()

    async def in_a_guest() -> None:
        _, user = await guest.both(user=UserOptions(guest=True))
        assert user.peer.state == ConnFlags.PEER_READY

    guest.run(in_a_guest())


@pytest.mark.parametrize("lie", ["crc32", "paddr", "kaddr", "nothing"])
def test_a_wrong_page_is_not_the_same_domain(lie: str) -> None:
    rig = Rig()

    async def main() -> None:
        _, user = await rig.both()
        memory = rig.platform.memory
        page = memory.alloc(4096)
        memory.write(page, bytes(range(256)) * 16)
        truth = {"kaddr": page, "paddr": page, "crc32": crc32c(memory.read(page, 4096))}
        if lie == "kaddr":
            truth["kaddr"] = truth["paddr"] = 0xFFFF_8888_0000_0000
        elif lie != "nothing":
            truth[lie] ^= 1
        answer = await user.mailbox.request(Opcode.USER_PROBE, Conn(**truth, version=3).pack())
        response = ConnResp.unpack(answer)
        assert len(answer) == 2080 and response.version == 0
        assert response.conn_flags == (3 if lie == "nothing" else 1)

    rig.run(main())


def test_peer_data_and_truncated_answers() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user, _ = await rig.loaded()
        data = await user.peer.icap_data()
        assert (data.idcode & 0x0FFFFFFF, data.uuid, data.mig_calib) == (0x04B31093, UUID, 1)
        mailbox = user.mailbox
        ask = bytes.fromhex("01000000 00000000 4800000000000000 0100000000000000 0000000000000000")
        assert len(await mailbox.request(Opcode.PEER_DATA, ask)) == 72
        sensor = bytes(4) + ask[4:]
        assert await mailbox.request(Opcode.PEER_DATA, sensor) == bytes(72), "a card without sensors says 0"
        unknown = b"\x63" + ask[1:]
        assert await mailbox.request(Opcode.PEER_DATA, unknown) == bytes(4), "the number 0: no such group"
        assert mgmt.mailbox.metrics.requests[Opcode.PEER_DATA] >= 3

    rig.run(main())


def test_kaddr_without_same_domain_is_never_answered() -> None:
    rig = Rig()

    async def main() -> None:
        _, user = await rig.both(user=UserOptions(guest=True))
        user.peer.connection.state |= ConnFlags.PEER_SAME_DOMAIN
        begin = rig.clock.now_ns()
        with raises(errno.ETIMEDOUT):
            await user.read_axlf(DEMO)
        assert 49 * SECOND < rig.clock.now_ns() - begin < 52 * SECOND
        assert user.bitstream.uuid == NULL_UUID

    rig.run(main())


def test_offline_peer_is_not_asked() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user = await rig.both()
        await mgmt.post_state(PeerStateFlags.OFFLINE)
        await rig.clock.sleep_ns(SECOND)
        assert not user.peer.ready
        begin = rig.clock.now_ns()
        with raises(errno.ETIMEDOUT):
            await user.read_axlf(DEMO)
        assert rig.clock.now_ns() == begin

    rig.run(main())


# --- loading: every row of the error table that applies ---------------------------------------------------


def bad_tree() -> bytes:
    return with_section(SectionKind.PARTITION_METADATA, b"not a tree at all" * 4)


def wrong_topology() -> bytes:
    data = parse(DEMO).section(SectionKind.MEM_TOPOLOGY)
    assert data is not None
    return with_section(SectionKind.MEM_TOPOLOGY, data + bytes(8))


def bit(**fault: object) -> bytes:
    return make_xclbin(bitstream=build_stream([1, 1, 2, 0], **fault))  # type: ignore[arg-type]


def clocks(*kinds: ClockType) -> bytes:
    return with_section(
        SectionKind.CLOCK_FREQ_TOPOLOGY, encode_clock_topology([ClockFreq(300, kind, "c") for kind in kinds])
    )


BEFORE_THE_PEER = [
    ("truncated", lambda: DEMO[:-100], errno.EINVAL, "truncated"),
    ("short", lambda: DEMO[:100], errno.EINVAL, "header"),
    ("magic", lambda: b"xclbin1\0" + DEMO[8:], errno.EINVAL, "starts with"),
    ("null uuid", lambda: changed(uuid=NULL_UUID), errno.EINVAL, "null uuid"),
    ("version", lambda: changed(version=(3, 0, 0), uuid=OTHER), errno.EINVAL, "version"),
    ("other shell", lambda: changed(feature_rom_timestamp=1, uuid=OTHER), errno.EOPNOTSUPP, "shell"),
    (
        "interface",
        lambda: with_section(SectionKind.PARTITION_METADATA, device_tree(["0" * 31 + "1"])),
        errno.EINVAL,
        "interface",
    ),
    ("bad tree", bad_tree, errno.EINVAL, "device tree"),
    ("topology size", wrong_topology, errno.EINVAL, "MEM_TOPOLOGY"),
]
IN_THE_PEER = [
    ("crc", lambda: bit(bad_crc=True), errno.ETIMEDOUT),
    ("idcode", lambda: bit(wrong_idcode=True), errno.ETIMEDOUT),
    ("no sync", lambda: bit(no_sync=True), errno.ETIMEDOUT),
    ("cut stream", lambda: bit(truncate=True), errno.ETIMEDOUT),
    ("bit header", lambda: with_section(SectionKind.BITSTREAM, b"\0\x09junk" * 50), errno.EINVAL),
    ("no bitstream", lambda: without(SectionKind.BITSTREAM), errno.EINVAL),
    ("no IP_LAYOUT", lambda: without(SectionKind.IP_LAYOUT, SectionKind.CONNECTIVITY), errno.ENODEV),
    ("no MEM_TOPOLOGY", lambda: without(SectionKind.MEM_TOPOLOGY, SectionKind.CONNECTIVITY), errno.ENODEV),
    ("two DATA clocks", lambda: clocks(ClockType.DATA, ClockType.DATA, ClockType.KERNEL), errno.EDOM),
    ("no KERNEL clock", lambda: clocks(ClockType.DATA), errno.EDOM),
    ("three SYSTEM", lambda: clocks(1, 2, 3, 3, 3), errno.EDOM),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("make", "code", "match"), [row[1:] for row in BEFORE_THE_PEER], ids=[
    row[0] for row in BEFORE_THE_PEER
])  # fmt: skip
def test_images_refused_by_the_user_driver(make, code: int, match: str) -> None:  # type: ignore[no-untyped-def]
    rig = Rig()

    async def main() -> None:
        mgmt, user, _ = await rig.loaded()
        with raises(code, match):
            await user.read_axlf(make())
        assert user.bitstream.uuid == UUID == mgmt.downloader.bitstream.uuid, "the old image stays"

    rig.run(main())
    assert rig.card.gate.state == 3


@pytest.mark.parametrize(
    ("make", "code"), [row[1:] for row in IN_THE_PEER], ids=[row[0] for row in IN_THE_PEER]
)
@pytest.mark.parametrize("guest", [False, True], ids=["kaddr", "content"])
def test_images_refused_by_the_management_driver(make, code: int, guest: bool) -> None:  # type: ignore[no-untyped-def]
    rig = Rig()

    async def main() -> None:
        mgmt, user = await rig.both(user=UserOptions(guest=guest))
        await user.read_axlf(DEMO)
        with raises(code, "management PF"):
            await user.read_axlf(make())
        assert user.bitstream.uuid == NULL_UUID == mgmt.downloader.bitstream.uuid
        assert not user.kds.cus
        await user.read_axlf(DEMO)
        assert user.bitstream.uuid == UUID == mgmt.downloader.bitstream.uuid, "and a good image loads again"

    rig.run(main())


def test_gate_stays_closed_after_failed_programming() -> None:
    rig = Rig()

    async def main() -> None:
        _, user = await rig.both()
        await user.read_axlf(DEMO)
        with raises(errno.ETIMEDOUT):
            await user.read_axlf(bit(bad_crc=True))
        assert rig.card.gate.state == 0
        rig.card.icap_stuck = True
        with raises(errno.EIO):
            await user.read_axlf(DEMO)
        assert rig.card.gate.state == 0
        rig.card.icap_stuck = False
        await user.read_axlf(DEMO)
        assert rig.card.gate.state == 3

    rig.run(main())
    assert rig.card.gate.history == [2, 3, 0, 2, 3]


def test_memory_that_never_calibrates() -> None:
    rig = Rig()

    async def main() -> None:
        _, user = await rig.both()
        rig.card.calibration.after = 15
        await user.read_axlf(DEMO)
        rig.card.calibration.after = 1000
        begin = rig.clock.now_ns()
        with raises(errno.ETIMEDOUT):
            await user.read_axlf(DEMO, force=True)
        assert 9.9 * SECOND < rig.clock.now_ns() - begin < 10.2 * SECOND

    rig.run(main())


def test_signature_level() -> None:
    rig = Rig()

    async def main() -> None:
        _, user = await rig.both(MgmtOptions(sched_image=images.build(), sec_level=1))
        with raises(errno.EKEYREJECTED):
            await user.read_axlf(DEMO)

    rig.run(main())


def test_not_unified_bad_state_in_use_and_buffers() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        other = changed(uuid=OTHER)
        await user.read_axlf(DEMO)  # the same again: nothing to do
        await device.client.open_context(UUID, 0)
        with raises(errno.EBUSY, "in use"):
            await user.read_axlf(other)
        await device.client.close_context(UUID, 0)
        bo = device.client.create_bo(100, 0)
        with raises(errno.EPERM, "buffers"):
            await user.read_axlf(other)
        device.client.free_bo(bo.handle)
        user.kds.state.bad = True
        with raises(errno.EDEADLK):
            await user.read_axlf(other)
        user.kds.state.bad = False
        with user.bitstream.writer(), raises(errno.EBUSY, "download"):
            await user.read_axlf(other)
        await user.read_axlf(other)
        assert user.bitstream.uuid == OTHER

    rig.run(main())
    rig = Rig()

    async def old_shell() -> None:
        rig.card.set_rom(features=0x1_000C)
        _, user = await rig.both()
        with raises(errno.EINVAL, "unified"):
            await user.read_axlf(DEMO)

    rig.run(old_shell())


def test_shell_with_a_uuid_takes_any_time_stamp() -> None:
    rig = Rig()

    async def main() -> None:
        rig.card.set_rom(features=0x3_000D)
        _, user = await rig.both()
        await user.read_axlf(changed(feature_rom_timestamp=1, version=(0, 0, 0)))

    rig.run(main())


def test_flat_image_programs_nothing() -> None:
    rig = Rig()

    async def main() -> None:
        _, user = await rig.both()
        await user.read_axlf(changed(mode=Mode.FLAT))

    rig.run(main())
    assert rig.card.gate.history == []


def test_mgmt_dies_after_the_handshake() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user = await rig.both()
        await mgmt.remove()
        begin = rig.clock.now_ns()
        with raises(errno.ETIMEDOUT):
            await user.read_axlf(DEMO)
        assert rig.clock.now_ns() - begin < 60 * SECOND

    rig.run(main())


def test_local_download_in_use_on_mgmt() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt = await rig.mgmt()
        await mgmt.download(DEMO)
        mgmt.downloader.bitstream.lock(UUID)
        with raises(errno.EBUSY):
            await mgmt.download(DEMO)
        mgmt.downloader.bitstream.unlock(UUID)
        with raises(errno.EINVAL):
            mgmt.downloader.bitstream.unlock(OTHER)
        await mgmt.download(DEMO)

    rig.run(main())


def test_odd_bitstream_length_drops_the_tail() -> None:
    stream = build_stream([1, 1, 2, 0])
    rig = Rig()

    async def main() -> None:
        mgmt = await rig.mgmt()
        await mgmt.icap.program(build_bit(stream + b"\x12\x34"))
        assert rig.card.hwicap.engine.valid

    rig.run(main())


# --- contexts -----------------------------------------------------------------------------------------


def test_context_rules() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        one, two = device.client, user.open()
        with raises(errno.EINVAL):
            await user.open().open_context(NULL_UUID, 0)
        with raises(errno.EBUSY):
            await user.open().open_context(OTHER, 0)
        await one.open_context(UUID, 0)
        for index in (3, 128, 0x10000):
            with raises(errno.EINVAL):
                await one.open_context(UUID, index)
        with raises(errno.EINVAL, "already"):
            await one.open_context(UUID, 0)
        with raises(errno.EINVAL, "shared"):
            await two.open_context(UUID, 0, exclusive=True)
        await one.open_context(UUID, 1, exclusive=True)
        with raises(errno.EINVAL, "exclusively"):
            await two.open_context(UUID, 1)
        await two.open_context(UUID, 0)
        await one.open_context(OTHER, VIRTUAL_CU)  # a later uuid is not compared
        with raises(errno.EBUSY):
            await one.close_context(OTHER, 0)
        with raises(errno.EINVAL):
            await one.close_context(UUID, 2)
        assert user.bitstream.references == 2
        for index in (0, 1, VIRTUAL_CU):
            await one.close_context(UUID, index)
        assert user.bitstream.references == 1
        with raises(errno.EINVAL):
            await one.close_context(UUID, 0)
        await two.close()
        assert user.bitstream.references == 0

    rig.run(main())


# --- commands -----------------------------------------------------------------------------------------


def exec_bo(device: Device, packet: bytes, size: int = 4096) -> int:
    bo = device.client.create_bo(size, BoFlags.EXECBUF)
    assert bo.pages is not None
    bo.pages[: len(packet)] = packet
    return bo.handle


def state_of(user: Xocl, handle: int) -> State:
    pages = user.memory.find(handle).pages
    assert pages is not None
    return State(pages[0] & 0xF)


def test_execbuf_errors() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        client = device.client
        start = ert.start_kernel(1, [0] * 14)
        good = exec_bo(device, start)
        with raises(errno.EINVAL, "context"):
            client.execbuf(good)
        await client.open_context(UUID, 0)
        with raises(errno.ENOENT):
            client.execbuf(999)
        normal = client.create_bo(4096, 0)
        assert client.execbuf(normal.handle) == 0
        with raises(errno.EINVAL, "4096"):
            client.execbuf(exec_bo(device, start, 2048))
        for packet, match in [
            (ert.start_kernel(0b110, [0] * 14), "no unit"),
            (ert.start_kernel(0, [0] * 14), "no unit"),
            (ert.start_kernel(1, [0] * 3), "needs at least"),
            (ert.start_kernel(1, [0] * 200), "does not fit a slot"),
            (ert.start_kernel(1, [0] * 1500), "does not fit"),
            (ert.init_kernel(1, [0] * 8), "cannot be executed"),
            (ert.exit_(), "cannot be executed"),
            (ert.abort(1), "aborts no commands"),
        ]:
            with raises(errno.EINVAL, match):
                client.execbuf(exec_bo(device, packet))
        user.kds.state.bad = True
        with raises(errno.EDEADLK):
            client.execbuf(good)
        user.kds.state.bad = False
        while await client.poll(0):
            pass  # what was refused late has counted too
        assert client.execbuf(good) == 0
        assert await client.poll(SECOND)
        assert state_of(user, good) == State.COMPLETED

    rig.run(main())


def test_least_used_unit_of_the_mask_is_chosen() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        for index in (0, 1):
            await device.client.open_context(UUID, index)
        for _ in range(5):
            device.client.execbuf(exec_bo(device, ert.start_kernel(0b111, [0] * 14)))
        assert [cu.usage for cu in user.kds.cus] == [3, 2, 0], "the third is not in the context"
        await rig.clock.sleep_ns(SECOND)

    rig.run(main())
    assert [unit.runs for unit in rig.card.units] == [3, 2, 0, 0]


def test_poll_counts_completions() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        client = device.client
        await client.open_context(UUID, 0)
        handles = [exec_bo(device, ert.start_kernel(1, [0] * 14)) for _ in range(3)]
        for handle in handles:
            client.execbuf(handle)
        assert not await client.poll(0)
        await rig.clock.sleep_ns(SECOND)
        assert [state_of(user, handle) for handle in handles] == [State.COMPLETED] * 3
        assert [await client.poll(0) for _ in range(4)] == [True, True, True, False]
        configure = exec_bo(device, ert.configure(4096, [], 0))
        assert client.execbuf(configure) == 0
        assert await client.poll(0) and state_of(user, configure) == State.COMPLETED

    rig.run(main())


def test_cu_stat_answers_from_the_firmware() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_2}")
        await run_vadd(device, kernel, 16)
        await run_vadd(device, kernel, 16)
        handle = exec_bo(device, ert.cu_stat())
        device.client.execbuf(handle)
        while state_of(user, handle) != State.COMPLETED:
            await rig.clock.sleep_ns(1000)
        stat = ert.parse_cu_stat(ert.to_words(bytes(user.memory.map(handle))))
        assert (stat.num_slots, stat.num_cus, stat.executions) == (32, 3, (0, 2, 0))

    rig.run(main())


def test_more_commands_than_slots() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        client = device.client
        await client.open_context(UUID, 0)
        handles = [exec_bo(device, ert.start_kernel(1, [0] * 14)) for _ in range(150)]
        for handle in handles:
            client.execbuf(handle)
        for _ in handles:
            assert await client.poll(10 * SECOND)
        assert all(state_of(user, handle) == State.COMPLETED for handle in handles)
        assert user.ert.idle

    rig.run(main())
    assert rig.card.units[0].runs == 150


@pytest.fixture
def short_close(monkeypatch: pytest.MonkeyPatch) -> int:
    """Waiting for commands at close takes a thousandth of the 5 s: a hung unit is polled all the time."""
    assert client_module.CLOSE_STEPS * client_module.CLOSE_STEP_NS == 5 * SECOND
    monkeypatch.setattr(client_module, "CLOSE_STEP_NS", client_module.CLOSE_STEP_NS // 1000)
    return SECOND // 200


def test_hung_unit_at_close_times_out(short_close: int) -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        rig.card.units[0].hang = True
        buffers = [await BO.alloc(device, 64, 0) for _ in range(3)]
        run = kernel(*buffers, 16)
        assert await run.wait(10) == State.TIMEOUT
        assert run.state() == State.NEW
        begin = rig.clock.now_ns()
        await kernel.close()
        assert short_close <= rig.clock.now_ns() - begin <= 1.1 * short_close
        assert run.state() == State.TIMEOUT
        assert user.ert.idle and user.bitstream.references == 0

    rig.run(main(), 60)


def test_hung_unit_under_host_scheduling_is_the_bad_state(short_close: int) -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded(KdsFlags(ert=False))
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        rig.card.units[0].hang = True
        user.host_cus.options = CuOptions(poll_interval_us=1000)
        buffers = [await BO.alloc(device, 64, 0) for _ in range(3)]
        runs = [kernel(*buffers, 16) for _ in range(2)]
        await rig.clock.sleep_ns(SECOND // 1000)
        begin = rig.clock.now_ns()
        await kernel.close()
        assert [run.state() for run in runs] == [State.TIMEOUT, State.ABORT]
        assert 5 * SECOND <= rig.clock.now_ns() - begin <= 6 * SECOND, "the host has its own 5 s"
        with raises(errno.EDEADLK):
            await user.read_axlf(DEMO, force=True)

    rig.run(main(), 60)


def test_closing_a_device_wakes_those_who_wait_for_its_runs(short_close: int) -> None:
    rig = Rig()

    async def main() -> None:
        _, _, device = await rig.loaded()
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        rig.card.units[0].hang = True
        buffers = [await BO.alloc(device, 64, 0) for _ in range(3)]
        waiter = rig.clock.spawn(kernel(*buffers, 16).wait())
        await rig.clock.sleep_ns(SECOND // 1000)
        await device.close()
        assert await waiter.join() == State.TIMEOUT

    rig.run(main(), 60)


@pytest.mark.parametrize("why", ["no firmware", "ert off", "no scheduler in the shell"])
def test_host_schedules_when_the_embedded_scheduler_cannot(why: str) -> None:
    rig = Rig()

    async def main() -> None:
        if why == "no scheduler in the shell":
            rig.card.set_rom(features=0x1_0005)
        await rig.mgmt(MgmtOptions() if why == "no firmware" else MGMT)
        device = await Device.open(rig.platform, on_event=rig.on_event)
        begin = rig.clock.now_ns()
        await device.load_xclbin(DEMO, KdsFlags(ert=why != "ert off"))
        if why == "no firmware":
            assert rig.clock.now_ns() - begin >= 3 * SECOND
        assert not device.driver.kds.state.ert_on
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        for index in range(3):
            await run_vadd(device, kernel, 20, index)

    rig.run(main())
    assert rig.card.units[0].runs == 3
    assert rig.said("user.kds", "host scheduling")


@pytest.mark.usefixtures("short_close")
def test_host_scheduling_of_a_dead_unit_is_an_error() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded(KdsFlags(ert=False))
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        buffers = [await BO.alloc(device, 64, 0) for _ in range(3)]
        rig.card.gate.state = 0
        run = kernel(*buffers, 16)
        assert await run.wait(1000) == State.ERROR
        rig.card.gate.state = 3
        rig.card.units[0].hang = True
        user.host_cus.options = CuOptions(poll_interval_us=1000)
        run = kernel(*buffers, 16)
        await rig.clock.sleep_ns(SECOND // 1000)
        await kernel.close()
        assert run.state() == State.TIMEOUT
        assert user.bitstream.references == 0

    rig.run(main(), 60)


# --- memory -------------------------------------------------------------------------------------------


def test_buffer_errors() -> None:
    rig = Rig()

    async def main() -> None:
        _, user = await rig.both()
        client = user.open()
        with raises(errno.EINVAL, "no image"):
            client.create_bo(100, 0)
        await user.read_axlf(DEMO)
        memory = user.memory
        with raises(errno.EINVAL):
            client.create_bo(0, 0)
        with raises(errno.EINVAL, "does not exist"):
            client.create_bo(100, len(memory.banks))
        with raises(errno.EINVAL, "hardware"):
            client.create_bo(100, BoFlags.HOST_ONLY)
        with raises(errno.ENOMEM):
            client.create_bo(memory.banks[0].size + 1, 0)
        whole = client.create_bo(memory.banks[0].size, 0)
        with raises(errno.ENOMEM):
            client.create_bo(1, 0)
        client.free_bo(whole.handle)
        bo = client.create_bo(100, 2)
        assert bo.address == 0x30_0000_0000
        for offset, size in ((0, 101), (100, 1), (-1, 1), (0, -1)):
            with raises(errno.EINVAL):
                await memory.sync(bo.handle, 0, offset, size)
        device_only = client.create_bo(100, BoFlags.DEV_ONLY | 1)
        with raises(errno.EOPNOTSUPP):
            await memory.sync(device_only.handle, 0, 0, 100)
        with raises(errno.EINVAL):
            memory.map(device_only.handle)
        with raises(errno.EOPNOTSUPP):
            await memory.sync(client.create_bo(4096, BoFlags.EXECBUF).handle, 0, 0, 1)
        for call in (memory.map, client.free_bo, memory.find):
            with raises(errno.ENOENT):
                call(12345)
        await client.close()
        assert memory.device_buffers() == 0

    rig.run(main())


def test_partial_sync_pread_pwrite_and_unmanaged() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        bo = await BO.alloc(device, 40_000, 1)
        bo.map()[:] = bytes(i & 0xFF for i in range(40_000))
        await bo.sync_to_device()
        bo.write(b"HOST ONLY", 10)
        assert await user.memory.unmanaged_read(bo.address, 20) == bytes(range(20))
        await bo.sync_to_device(5, 10)
        assert (await user.memory.unmanaged_read(bo.address, 20))[8:20] == b"\x08\x09HOST " + bytes(
            range(15, 20)
        )
        await user.memory.unmanaged_write(bo.address + 39_999, b"!")
        await bo.sync_from_device(1, 39_999)
        assert bo.read(2, 39_998) == bytes([39_998 & 0xFF]) + b"!"
        assert bo.read(9, 10) == b"HOST ONLY"
        with raises(errno.EINVAL):
            await user.memory.unmanaged_read(0x40_0000_0000 - 1, 2)
        with raises(errno.EINVAL):
            bo.read(3, 39_998)

    rig.run(main())


def test_two_banks_do_not_overlap() -> None:
    rig = Rig()

    async def main() -> None:
        _, _, device = await rig.loaded()
        buffers = [await BO.alloc(device, 5000, bank) for bank in (0, 1, 2, 0, 1)]
        spans = sorted((bo.address, bo.address + 8192) for bo in buffers)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        for index, bo in enumerate(buffers):
            bo.map()[:] = bytes([index]) * 5000
            await bo.sync_to_device()
        for index, bo in enumerate(buffers):
            await bo.sync_from_device()
            assert bo.read() == bytes([index]) * 5000

    rig.run(main())


# --- host API -----------------------------------------------------------------------------------------


def test_kernel_and_argument_errors() -> None:
    rig = Rig()

    async def main() -> None:
        _, _, device = await rig.loaded()
        for name in ("nothing", "vadd:{vadd_9}", "vadd:vadd_1", "vadd:{vadd_1,vadd_9}"):
            with raises(errno.EINVAL):
                await Kernel.open(device, UUID, name)
        with raises(errno.EINVAL, "not loaded"):
            await Kernel.open(device, bytes(16), "vadd")
        kernel = await Kernel.open(device, UUID, "vadd")
        assert kernel.cu_indices == (0, 1)
        with raises(errno.EINVAL):
            kernel.group_id(3)
        run = kernel.run()
        bank0, bank1 = await BO.alloc(device, 64, 0), await BO.alloc(device, 64, 1)
        with raises(errno.EINVAL, "is a buffer"):
            run.set_arg(0, 5)
        with raises(errno.EINVAL, "is a scalar"):
            run.set_arg(3, bank0)
        with raises(errno.EINVAL, "no argument"):
            run.set_arg(4, 5)
        with raises(errno.EINVAL, "does not fit"):
            run.set_arg(3, 1 << 32)
        run.set_arg(0, bank1)
        assert run.cu_indices == (1,)
        with raises(errno.EINVAL, "no unit reaches"):
            run.set_arg(1, bank0)
        run.set_arg(0, bank0)
        assert run.cu_indices == (0,)

    rig.run(main())


# --- scheduler firmware -------------------------------------------------------------------------------


def test_firmware_is_stopped_and_loaded_again() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, _, device = await rig.loaded()
        assert await mgmt.microblaze.running()
        await mgmt.microblaze.load(images.build(size=8192))
        assert rig.said("mgmt.ert", "firmware stopped")
        await device.load_xclbin(DEMO, force=True)
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        await run_vadd(device, kernel, 4)
        with raises(errno.EINVAL):
            await mgmt.microblaze.load(bytes(0x20004))

    rig.run(main())


def test_without_image_the_processor_is_parked() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt = await rig.mgmt(MgmtOptions())
        assert rig.card.image.read32(0) == SELF_JUMP
        assert not await mgmt.microblaze.running()
        assert not any(rig.card.cq.memory)

    rig.run(main())
