# SPDX-License-Identifier: Apache-2.0
"""The user function's attributes: what they show, and that they say when it changes."""

from __future__ import annotations

import errno
import uuid

import pytest

from pydriver.mailbox import ConnFlags, Group, Opcode, PeerStateFlags
from pydriver.mailbox.messages import BoardInfo, ConnResp, DnaData, IcapData, pack_int
from pydriver.subdev.identity import PciAddress
from pydriver.xclbin import parse
from pydriver.xocl import UserOptions
from tests.unit.rig import DEMO, SECOND, Rig, raises
from tests.unit.user_peer import ScriptedDaemon, ScriptedPeer, peers

UUID = parse(DEMO).uuid
SAME_DOMAIN = int(ConnFlags.PEER_READY | ConnFlags.PEER_SAME_DOMAIN)


def test_the_function_itself() -> None:
    rig = Rig()

    async def main() -> None:
        _, user = await rig.both(user=UserOptions(address=PciAddress(bus=0x3B, function=1), render_minor=129))
        read = user.attributes.read
        assert await read("vendor") == "0x10ee\n"
        assert await read("device") == "0x5001\n"
        assert await read("subsystem_vendor") == "0x10ee\n"
        assert await read("subsystem_device") == "0x0e52\n"
        assert await read("userbar") == "0\n"
        assert await read("user_pf") == "1\n"
        assert await read("drm/renderD129/dev") == "226:129\n"
        assert await read("dev_offline") == "0\n"
        assert await read("mig_calibration") == "1\n"
        number = PciAddress(bus=0x3B, function=1).number
        assert await read(f"icap.u.{number}/idcode") == "0x14b31093\n"
        assert f"mailbox.u.{number}/recv_metrics" in user.attributes.paths()
        assert await read(f"mailbox.u.{number}/connection") == "0x3\n"
        with raises(errno.EACCES):
            await user.attributes.write("ready", "1")
        for name in (
            "config_mailbox_channel_switch",
            "config_mailbox_channel_disable",
            "config_mailbox_comm_id",
        ):
            with raises(errno.EACCES):
                await user.attributes.write(name, "0")

    rig.run(main())


def test_everything_can_be_read_even_when_the_peer_is_dead() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        peer.answers[Opcode.PEER_DATA] = None
        tree = user.attributes
        begin = rig.clock.now_ns()
        for path in tree.paths():
            if tree.attribute(path).show is None or path.endswith(
                ("/mailbox", "/msg_send", "/msg_recv_body")
            ):
                continue
            text = await tree.read(path)
            assert not text or text.endswith("\n")
        assert rig.clock.now_ns() - begin < 5 * 21 * SECOND, "one time-out a group, not one an attribute"

    rig.run(main())


def test_what_the_handshake_says() -> None:
    rig = Rig()
    heard: list[str] = []

    async def main() -> None:
        peer, user = await peers(rig)
        user.attributes.on_change.append(heard.append)
        read = user.attributes.read
        peer.connection = ConnResp(
            conn_flags=1, chan_switch=0x106, chan_disable=0x20, comm_id=b"host=a\nport=1\nid=0x2\n"
        )
        await peer.online()
        await rig.clock.sleep_ns(SECOND)
        assert await read("config_mailbox_channel_switch") == "0x106\n"
        assert await read("config_mailbox_channel_disable") == "0x20\n"
        assert await read("config_mailbox_comm_id") == "host=a\nport=1\nid=0x2\n"
        assert await read("mailbox_connect_state") == "0x1\n"
        assert set(heard) == {
            "ready",
            "mailbox_connect_state",
            "config_mailbox_channel_switch",
            "config_mailbox_channel_disable",
            "config_mailbox_comm_id",
        }
        heard.clear()
        await peer.say(PeerStateFlags.OFFLINE)
        await rig.clock.sleep_ns(SECOND)
        assert "ready" in heard and await read("mailbox_connect_state") == "0x0\n"

    rig.run(main())


READY = [
    # flags, switch, disable, daemon -> ready
    (SAME_DOMAIN, 0, 0, False, True),
    (0, 0, 0, True, False),
    (1, 0, 0, False, False),
    (1, 0, 0, True, True),
    (1, 0x106, 0, True, True),
    (1, 0x106, 0, False, False),
    (1, 0, 0x100, False, True),
    (1, 0x106, 0x100, False, False),
    (0, 0, 0x100, False, False),
]


@pytest.mark.parametrize(("flags", "switch", "disable", "daemon", "expected"), READY)
def test_ready_needs_the_peer_and_the_daemon(
    flags: int, switch: int, disable: int, daemon: bool, expected: bool
) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        peer.connection = ConnResp(conn_flags=flags, chan_switch=switch, chan_disable=disable)
        await user.peer.connect()
        heard: list[str] = []
        user.attributes.on_change.append(heard.append)
        if daemon:
            mpd = ScriptedDaemon(rig, user.mailbox.software).open()
            assert heard == ["ready"]
        assert await user.attributes.read("ready") == f"{int(expected):#x}\n"
        if daemon:
            mpd.close()
            assert heard == ["ready", "ready"]

    rig.run(main())


def test_the_image() -> None:
    rig = Rig()
    heard: list[str] = []

    async def main() -> None:
        _, user = await rig.both()
        read = user.attributes.read
        user.attributes.on_change.append(heard.append)
        assert await read("xclbinuuid") == f"{uuid.UUID(int=0)}\n"
        assert await read("kds_custat_raw") == ""
        await user.read_axlf(DEMO)
        assert {"xclbinuuid", "kds_custat_raw"} <= set(heard)
        assert await read("xclbinuuid") == f"{uuid.UUID(bytes=UUID)}\n"
        assert (await read("kds_custat_raw")).count("\n") == len(user.kds.cus)
        limits = (await read("icap.u.257/clock_freqs_max")).split()
        assert len(limits) == 4 and int(limits[0]) in {clock.freq_mhz for clock in user.loaded.clocks}
        heard.clear()
        with raises(errno.EINVAL):
            await user.read_axlf(DEMO[:100])
        assert "xclbinuuid" not in heard

    rig.run(main())


def test_a_load_that_fails_changes_the_uuid_too() -> None:
    rig = Rig()
    heard: list[str] = []

    async def main() -> None:
        peer, user = await peers(rig)
        peer.connection = ConnResp(conn_flags=SAME_DOMAIN)
        await user.peer.connect()
        peer.answers[Opcode.LOAD_XCLBIN_KADDR] = pack_int(0)
        await user.read_axlf(DEMO)
        user.attributes.on_change.append(heard.append)
        peer.answers[Opcode.LOAD_XCLBIN_KADDR] = pack_int(-errno.EIO)
        with raises(errno.EIO):
            await user.read_axlf(DEMO, force=True)
        assert "xclbinuuid" in heard
        assert await user.attributes.read("xclbinuuid") == f"{uuid.UUID(int=0)}\n"

    rig.run(main())


def test_values_of_the_peer_are_kept_while_it_does_not_answer() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        read = user.attributes.read
        peer.groups[Group.BDINFO] = BoardInfo(serial_num=b"21290594G00P", bd_name=b"AU200").pack()
        peer.groups[Group.ICAP] = IcapData(freq_0=300, freq_1=500, data_retention=1, mig_calib=1).pack()
        peer.groups[Group.DNA] = DnaData(dna=(1, 2, 3, 4)).pack()
        assert await read("xmc.u.257/serial_num") == "21290594G00P\n"
        assert await read("xmc.u.257/bd_name") == "AU200\n"
        assert await read("icap.u.257/clock_freqs") == "300\n500\n0\n0\n"
        assert await read("icap.u.257/data_retention") == "1\n"
        assert await read("dna.u.257/dna") == "0x000000010000000200000003\n"
        peer.groups[Group.BDINFO] = pack_int(0)
        await rig.clock.sleep_ns(2 * SECOND)
        assert await read("xmc.u.257/serial_num") == "21290594G00P\n"

    rig.run(main())


def test_interfaces_of_the_shell() -> None:
    rig = Rig()

    async def main() -> None:
        await ScriptedPeer(rig).start()
        user = await rig.user()
        assert await user.attributes.read("interface_uuids") == ""
        user.peer.shell.interfaces = ("0" * 32, "1" * 32)
        assert (await user.attributes.read("interface_uuids")).split() == ["0" * 32, "1" * 32]

    rig.run(main())
