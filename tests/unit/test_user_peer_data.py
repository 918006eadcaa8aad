# SPDX-License-Identifier: Apache-2.0
"""PEER_DATA and SDR_DATA as the user driver asks for them, from good peers and bad ones."""

from __future__ import annotations

import errno
import os
import random
import struct

import pytest

from pydriver.mailbox import Group, Opcode, Request
from pydriver.mailbox.messages import (
    BoardInfo,
    DnaData,
    FirewallData,
    IcapData,
    MigEcc,
    SensorData,
    SubdevPeer,
    pack_int,
)
from pydriver.mailbox.wire import Wire
from pydriver.xclbin import NULL_UUID
from pydriver.xocl.peer_data import SDR_KINDS
from pydriver.xocl.shell import CHUNK_BYTES, SubdevReturn
from tests.unit.rig import SECOND, Rig, device_tree, raises
from tests.unit.user_peer import ScriptedPeer, icap, peers

FIXED: dict[Group, type[Wire]] = {
    Group.SENSOR: SensorData,
    Group.ICAP: IcapData,
    Group.BDINFO: BoardInfo,
    Group.FIREWALL: FirewallData,
    Group.DNA: DnaData,
}
SEED = int(os.environ.get("SEED", "1"))


def noise(kind: type[Wire], seed: int) -> bytes:
    """A structure with every field different from zero; what lies between fields is zero."""
    return kind.unpack(random.Random(seed).randbytes(kind.SIZE)).pack()


@pytest.mark.parametrize("group", list(FIXED), ids=lambda group: group.name)
def test_a_group_is_asked_for_and_a_shorter_answer_keeps_old_values(group: Group) -> None:
    rig = Rig()
    kind = FIXED[group]
    old, new = noise(kind, SEED), noise(kind, SEED + 1)
    print(f"SEED={SEED}")

    async def main() -> None:
        peer, user = await peers(rig)
        peer.groups[group] = old
        assert await user.peer.data.refresh(group) == kind.unpack(old)
        asked = SubdevPeer.unpack(peer.seen[-1][1])
        assert (asked.kind, asked.size, asked.entries, asked.offset) == (group, kind.SIZE, 1, 0)
        for length in (5, kind.SIZE // 2, kind.SIZE - 1, kind.SIZE):
            peer.groups[group] = old
            await user.peer.data.refresh(group)
            peer.groups[group] = new[:length]
            assert await user.peer.data.refresh(group) == kind.unpack(new[:length] + old[length:])

    rig.run(main())


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (pack_int(0), errno.EIO),
        (pack_int(-errno.EOPNOTSUPP), errno.EOPNOTSUPP),
        (pack_int(7), errno.EIO),
        (b"", errno.EIO),
        (b"\0\0", errno.EIO),
        (bytes(SensorData.SIZE + 1), errno.EMSGSIZE),
        (None, errno.ETIME),
    ],
    ids=["zero", "errno", "positive", "empty", "two bytes", "too long", "never"],
)
def test_failures_leave_what_is_known(answer: bytes | None, code: int) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        good = noise(SensorData, SEED)
        peer.groups[Group.SENSOR] = good
        await user.peer.data.sensors()
        peer.groups[Group.SENSOR] = answer
        with raises(code):
            await user.peer.data.refresh(Group.SENSOR)
        assert user.peer.data.known(Group.SENSOR) == SensorData.unpack(good)
        peer.groups[Group.SENSOR] = bytes(SensorData.SIZE)
        assert await user.peer.data.refresh(Group.SENSOR) == SensorData()

    rig.run(main())


def test_firewall_data_through_a_daemon_end_after_64_bytes() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        data = user.peer.data
        peer.groups[Group.FIREWALL] = FirewallData(
            max_level=4, err_detected_time=1, err_detected_level_name=b"CTRL_USER which is a long name"
        ).pack()
        first = await data.firewall()
        assert isinstance(first, FirewallData)
        shorter = FirewallData(
            max_level=3, curr_level=2, err_detected_time=9, err_detected_level_name=b"X" * 50
        )
        peer.groups[Group.FIREWALL] = shorter.pack()[: MigEcc.SIZE]
        await rig.clock.sleep_ns(2 * SECOND)
        second = await data.firewall()
        assert (second.max_level, second.curr_level, second.err_detected_time) == (3, 2, 9)
        assert second.err_detected_level_name[:30] == b"X" * 16 + b"is a long name"

    rig.run(main())


def test_groups_are_asked_for_once_a_second() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        data = user.peer.data
        peer.groups |= {group: noise(kind, 1) for group, kind in FIXED.items()}
        for _ in range(3):
            for method in (data.sensors, data.icap, data.board_info, data.firewall, data.dna):
                await method()
        assert [peer.count(Opcode.PEER_DATA, group) for group in FIXED] == [1] * len(FIXED)
        await rig.clock.sleep_ns(SECOND)
        await data.sensors()
        assert peer.count(Opcode.PEER_DATA, Group.SENSOR) == 2
        peer.groups[Group.SENSOR] = None
        await rig.clock.sleep_ns(SECOND)
        with raises(errno.ETIME):
            await data.sensors()
        begin = rig.clock.now_ns()
        assert await data.sensors() == SensorData.unpack(noise(SensorData, 1)), (
            "a dead peer is not asked again"
        )
        assert rig.clock.now_ns() == begin

    rig.run(main())


def test_many_readers_of_a_dead_peer_wait_once() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        peer.groups[Group.BDINFO] = None
        begin = rig.clock.now_ns()
        paths = [f"xmc.u.257/{name}" for name in ("serial_num", "bd_name", "bmc_ver", "revision")]
        reads = [rig.clock.spawn(user.attributes.read(path)) for path in paths]
        assert [await read.join() for read in reads] == [""] * len(paths)
        assert peer.count(Opcode.PEER_DATA, Group.BDINFO) == 1
        assert rig.clock.now_ns() - begin < 21 * SECOND

    rig.run(main())


def test_memory_controllers_come_as_an_array() -> None:
    rig = Rig()
    entries = [MigEcc(mem_type=1, mem_idx=i, ecc_ce_cnt=3 * i) for i in range(64)]

    async def main() -> None:
        peer, user = await peers(rig)
        data = user.peer.data
        packed = b"".join(entry.pack() for entry in entries)
        peer.groups[Group.MIG_ECC] = packed
        assert list(await data.mig_ecc()) == entries
        asked = SubdevPeer.unpack(peer.seen[-1][1])
        assert (asked.size, asked.entries) == (64, 64)
        peer.groups[Group.MIG_ECC] = packed[:72]
        assert list(await data.mig_ecc()) == [entries[0], MigEcc(mem_type=1)]
        for count in (0, 65):
            with raises(errno.EINVAL):
                await data.mig_ecc(count)
        peer.groups[Group.MIG_ECC] = packed
        with raises(errno.EMSGSIZE):
            await data.mig_ecc(2)
        peer.groups[Group.MIG_ECC] = pack_int(0)
        with raises(errno.EIO):
            await data.mig_ecc()

    rig.run(main())


def test_sdr_repositories() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        for kind in SDR_KINDS:
            peer.groups[kind] = bytes([kind]) * (4096 if kind == Group.SDR_TEMP else 100)
            assert await user.peer.data.sdr(kind) == peer.groups[kind]
            asked = SubdevPeer.unpack(peer.seen[-1][1])
            assert (asked.kind, asked.size, asked.entries) == (kind, 4096, 1)
        assert peer.count(Opcode.SDR_DATA) == 5
        peer.groups[Group.SDR_POWER] = pack_int(0)
        with raises(errno.EIO):
            await user.peer.data.sdr(Group.SDR_POWER)
        with raises(errno.EINVAL):
            await user.peer.data.sdr(Group.SENSOR)

    rig.run(main())


def test_the_loaded_uuid_is_never_an_old_one() -> None:
    rig = Rig()
    uuid = bytes(range(1, 17))

    async def main() -> None:
        peer, user = await peers(rig)
        peer.groups[Group.ICAP] = icap(uuid)
        assert (await user.peer.icap_data()).uuid == uuid
        assert await user.peer.data.loaded_uuid() == uuid
        for answer in (icap(bytes(16))[:87], icap(uuid)[:80], pack_int(0), None):
            peer.groups[Group.ICAP] = answer
            assert await user.peer.data.loaded_uuid() == NULL_UUID
        peer.groups[Group.ICAP] = icap(uuid)[:88]
        assert await user.peer.data.loaded_uuid() == uuid

    rig.run(main())


# --- the shell's tree -----------------------------------------------------------------------------------


def piece(code: int, offset: int, data: bytes, size: int | None = None) -> bytes:
    header = struct.pack("<IiQQQ", 1, code, 0, len(data) if size is None else size, offset)
    return header + data + bytes(8)


def serve(peer: ScriptedPeer, tree: bytes, step: int) -> None:
    """Serve `tree` in pieces of `step` bytes."""

    async def answer(request: Request) -> bytes:
        at = SubdevPeer.unpack(request.payload).offset
        data = tree[at : at + step]
        last = at + len(data) == len(tree)
        return piece(SubdevReturn.COMPLETE if last else SubdevReturn.PARTIAL, at, data)

    peer.groups[Group.SUBDEV] = answer


@pytest.mark.parametrize("step", [1 << 20, 100, 7])
def test_the_tree_comes_in_pieces(step: int) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        whole = device_tree(["0" * 31 + "1", "0" * 31 + "2"])
        serve(peer, whole, step)
        before = peer.count(Opcode.PEER_DATA)
        assert await user.peer.shell.refresh()
        assert user.peer.shell.tree == whole
        assert user.peer.shell.interfaces == ("0" * 31 + "1", "0" * 31 + "2")
        assert peer.count(Opcode.PEER_DATA) - before == -(-len(whole) // step)
        asked = SubdevPeer.unpack(peer.seen[-1][1])
        assert asked.size == CHUNK_BYTES + 40
        assert not await user.peer.shell.refresh(), "the same again is no change"

    rig.run(main())


BAD_TREES = [
    ("another offset", piece(SubdevReturn.COMPLETE, 4, device_tree([])), errno.EINVAL),
    ("endless", piece(SubdevReturn.PARTIAL, 0, b""), errno.EINVAL),
    (
        "not a tree",
        piece(SubdevReturn.COMPLETE, 0, b"no tree at all, whatever the size of it is"),
        errno.EINVAL,
    ),
    ("return code", piece(9, 0, device_tree([])), errno.EINVAL),
    ("promises more", piece(SubdevReturn.COMPLETE, 0, b"abcd", 1 << 40), errno.EINVAL),
    ("pending", piece(SubdevReturn.PENDINGPLP, 0, b""), errno.EAGAIN),
    ("never", None, errno.ETIME),
]


@pytest.mark.parametrize(
    ("answer", "code"), [row[1:] for row in BAD_TREES], ids=[row[0] for row in BAD_TREES]
)
def test_bad_trees_leave_the_old_one(answer: bytes | None, code: int) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        shell = user.peer.shell
        tree = device_tree(["0" * 31 + "1"])
        peer.groups[Group.SUBDEV] = piece(SubdevReturn.COMPLETE, 0, tree)
        await shell.refresh()
        peer.groups[Group.SUBDEV] = answer
        with raises(code):
            await shell.refresh()
        assert shell.tree == tree and shell.interfaces == ("0" * 31 + "1",)

    rig.run(main())


def test_no_tree_and_an_unchanged_one() -> None:
    rig = Rig()
    tree = device_tree(["0" * 31 + "1"])

    async def main() -> None:
        peer, user = await peers(rig)
        shell = user.peer.shell
        for nothing in (pack_int(0), b"", pack_int(-95), piece(SubdevReturn.COMPLETE, 0, b"")):
            peer.groups[Group.SUBDEV] = nothing
            assert not await shell.refresh() and shell.tree == b""
        peer.groups[Group.SUBDEV] = piece(SubdevReturn.UNCHANGED, 0, tree)
        assert await shell.refresh() and shell.tree == tree, "a driver that is new takes it all the same"
        peer.groups[Group.SUBDEV] = piece(SubdevReturn.UNCHANGED, 0, device_tree([]))
        assert not await shell.refresh() and shell.tree == tree

    rig.run(main())


def test_a_tree_that_never_ends_is_given_up() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)

        async def answer(request: Request) -> bytes:
            at = SubdevPeer.unpack(request.payload).offset
            return piece(SubdevReturn.PARTIAL, at, bytes(1000))

        peer.groups[Group.SUBDEV] = answer
        from pydriver.xocl import shell as module

        limit, module.MAX_TREE_BYTES = module.MAX_TREE_BYTES, 10_000
        try:
            with raises(errno.EINVAL, "does not end"):
                await user.peer.shell.refresh()
        finally:
            module.MAX_TREE_BYTES = limit
        assert peer.count(Opcode.PEER_DATA, Group.SUBDEV) == 12

    rig.run(main())
