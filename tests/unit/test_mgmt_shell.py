# SPDX-License-Identifier: Apache-2.0
"""The shell's tree for the user PF in pieces, and programming the second partition."""

from __future__ import annotations

import errno
from dataclasses import dataclass

import pytest

from pydriver.errors import fail
from pydriver.mailbox import Group, Opcode
from pydriver.mailbox.messages import SubdevData
from pydriver.xclbin.partition import Node, endpoints, interface_uuids, parse_fdt
from pydriver.xclmgmt import Providers
from pydriver.xclmgmt.device_tree import pack_fdt, user_tree
from pydriver.xclmgmt.shell import RpState, SubdevCode
from tests.unit.mgmt_rig import Bare, pair, settle
from tests.unit.rig import DEMO, Rig, device_tree, raises

INTERFACES = ["a" * 32, "b" * 32]
HUGE = (1 << 64) - 1


def shell_tree() -> bytes:
    """A tree with endpoints of both functions."""

    def endpoint(function: int) -> Node:
        return Node({"reg": bytes(16), "pcie_physical_function": function.to_bytes(4, "big")})

    root = parse_fdt(device_tree(INTERFACES))
    root.properties["logic_uuid"] = b"c" * 32 + b"\0"
    root.children["addressable_endpoints"] = Node(
        children={"ep_mailbox_mgmt_00": endpoint(0), "ep_mailbox_user_00": endpoint(1)}
    )
    return pack_fdt(root)


@dataclass
class Partition:
    """A second partition with an image stored for it."""

    stored: bool = True
    error: int = 0
    programmed: int = 0

    def check(self) -> None:
        if not self.stored:
            raise fail(errno.EINVAL, "nothing is stored")

    async def program(self) -> bytes:
        if self.error:
            raise fail(self.error, "the port says no")
        self.programmed += 1
        return device_tree([*INTERFACES, "d" * 32])

    def clear(self) -> None:
        self.stored = False


async def piece(bare: Bare, room: int, offset: int = 0) -> tuple[SubdevData, bytes]:
    """One answer: header and blob."""
    answer = await bare.group(Group.SUBDEV, room, 1, offset)
    header = SubdevData.unpack(answer)
    assert (header.ver, header.checksum, header.size) == (1, 0, len(answer) - 40)
    assert not any(answer[32 + header.size :])
    return header, answer[32 : 32 + header.size]


# --- the tree ---------------------------------------------------------------------------------------------


def test_the_tree_of_the_user_function() -> None:
    tree = user_tree(shell_tree(), 1, b"xlnx and the rest")
    assert interface_uuids(tree) == tuple(INTERFACES)
    assert list(endpoints(tree)) == ["ep_mailbox_user_00"]
    assert parse_fdt(tree).properties["vrom"] == b"xlnx and the rest"
    assert list(endpoints(user_tree(shell_tree(), 0, b""))) == ["ep_mailbox_mgmt_00"]
    assert int.from_bytes(tree[4:8], "big") == len(tree)
    with raises(errno.EINVAL):
        user_tree(b"no tree" * 10, 1, b"")


def test_a_legacy_shell_has_an_unchanged_nothing() -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig)
        for offset in (0, 1, HUGE):
            header, blob = await piece(bare, 512 << 10, offset)
            assert (header.rtncode, header.offset, blob) == (SubdevCode.UNCHANGED, offset, b"")
        for room in (0, 39):
            assert await bare.group(Group.SUBDEV, room) == bytes(4), "not even the header fits"

    rig.run(main())


def test_the_whole_tree_once_and_then_unchanged() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig, shell=shell_tree())
        header, blob = await piece(bare, 512 << 10)
        assert header.rtncode == SubdevCode.COMPLETE and blob == mgmt.shell.user_tree
        assert parse_fdt(blob).properties["vrom"] == rig.card.rom.read(0, 216)
        header, again = await piece(bare, 512 << 10)
        assert header.rtncode == SubdevCode.UNCHANGED and again == blob
        mgmt.shell.update()
        assert (await piece(bare, HUGE))[0].rtncode == SubdevCode.COMPLETE

    rig.run(main())


@pytest.mark.parametrize("room", [60, 100, 500])
def test_the_tree_in_pieces(room: int) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig, shell=shell_tree())
        found = b""
        while True:
            header, blob = await piece(bare, room, len(found))
            assert header.offset == len(found)
            found += blob
            if header.rtncode != SubdevCode.PARTIAL:
                break
            assert len(blob) == room - 40
        assert header.rtncode == SubdevCode.COMPLETE and found == mgmt.shell.user_tree
        header, blob = await piece(bare, room, HUGE)
        assert (header.rtncode, blob) == (SubdevCode.UNCHANGED, b"")

    rig.run(main())


def test_the_interfaces_of_an_image_must_be_the_shells() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, _ = await pair(rig, shell=shell_tree())
        await mgmt.download(DEMO)
        assert mgmt.downloader.interfaces == tuple(INTERFACES)
        assert await mgmt.attributes.read("interface_uuids") == "".join(f"{uuid}\n" for uuid in INTERFACES)
        assert await mgmt.attributes.read("logic_uuids") == "c" * 32 + "\n"

    rig.run(main())


def test_a_shell_that_is_no_tree_is_no_shell() -> None:
    rig = Rig()

    async def main() -> None:
        with raises(errno.EINVAL, "device tree"):
            await pair(rig, shell=b"rubbish" * 20)

    rig.run(main())


# --- the second partition ---------------------------------------------------------------------------------


def test_programming_in_the_order_of_the_contract() -> None:
    rig = Rig()
    partition = Partition()
    seen: list[str] = []

    async def main() -> None:
        mgmt, bare = await pair(rig, shell=shell_tree(), providers=Providers(partition=partition))
        mgmt.attributes.on_change.append(seen.append)
        await mgmt.download(DEMO)
        await piece(bare, 512 << 10)
        await mgmt.attributes.write("rp_program", "1\n")
        await settle(rig)
        assert bare.notices == [(Opcode.CHG_SHELL, b"")]
        assert await mgmt.attributes.read("rp_program") == "1\n"
        header, blob = await piece(bare, 512 << 10)
        assert (header.rtncode, blob) == (SubdevCode.PENDINGPLP, b"")
        with raises(errno.EBUSY):
            await mgmt.attributes.write("rp_program", "1")
        assert partition.programmed == 0, "not before the user PF has let go"
        assert await bare.number(Opcode.PROGRAM_SHELL) == 0
        await settle(rig)
        assert partition.programmed == 1
        assert bare.states() == [1], "the user PF is called back"
        assert await mgmt.attributes.read("rp_program") == "2\n"
        await bare.probe()
        assert await mgmt.attributes.read("rp_program") == "0\n"
        header, blob = await piece(bare, 512 << 10)
        assert header.rtncode == SubdevCode.COMPLETE and len(interface_uuids(blob)) == 3
        assert mgmt.downloader.interfaces[-1] == "d" * 32
        assert (await bare.icap())[72:88] == bytes(16), "the image was built for the old shell"

    rig.run(main())
    assert seen.count("rp_program") >= 3


def test_what_cannot_be_programmed_does_not_leave_the_user_waiting() -> None:
    rig = Rig()
    partition = Partition(stored=False)

    async def main() -> None:
        mgmt, bare = await pair(rig, providers=Providers(partition=partition))
        with raises(errno.EINVAL):
            await mgmt.attributes.write("rp_program", "1")
        assert mgmt.shell.state == RpState.IDLE
        partition.stored, partition.error = True, errno.EIO
        await mgmt.attributes.write("rp_program", "1")
        assert await bare.number(Opcode.PROGRAM_SHELL) == 0
        await settle(rig)
        assert bare.states() == [], "not online with a shell that is half there"
        with raises(errno.EIO):
            await mgmt.attributes.write("rp_program", "2")
        assert await mgmt.attributes.read("dev_offline") == "1\n"
        partition.error = 0
        await mgmt.attributes.write("rp_program", "2")
        assert partition.programmed == 1 and await mgmt.attributes.read("dev_offline") == "0\n"
        await mgmt.attributes.write("rp_program", "3")
        with raises(errno.EINVAL):
            await mgmt.attributes.write("rp_program", "2")

    rig.run(main())


def test_a_card_without_second_partition() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        for value in ("1", "2", "0", "4", "x", "", "-1", "0x1", "4294967296"):
            with raises(errno.EINVAL):
                await mgmt.attributes.write("rp_program", value)
        await mgmt.attributes.write("rp_program", "3")
        assert await bare.number(Opcode.PROGRAM_SHELL, b"\xff" * 40) == 0
        await settle(rig)
        assert bare.notices == []
        await bare.probe()
        assert mgmt.shell.state == RpState.IDLE

    rig.run(main())
    assert rig.said("mgmt.shell", "no second partition")
