# SPDX-License-Identifier: Apache-2.0
"""The management PF's attributes, its options, and what the user PF hears of a change."""

from __future__ import annotations

import errno
import struct

import pytest

from pydriver.mailbox import Opcode
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import pack_request
from pydriver.mailbox.packets import Flags
from pydriver.subdev.identity import PciAddress
from pydriver.xclbin import NULL_UUID, parse
from pydriver.xclmgmt import MgmtOptions
from pydriver.xclmgmt.server import LENGTH_AT
from tests.unit.mgmt_rig import pair, settle
from tests.unit.rig import DEMO, MGMT, Rig, raises

UUID = parse(DEMO).uuid
ADDRESS = PciAddress(0x1, 0xAF, 0x1F, 0)


# --- identity -------------------------------------------------------------------------------------------


def test_addresses_and_the_numbers_that_follow_from_them() -> None:
    assert (str(PciAddress()), PciAddress().number) == ("0000:01:00.0", 256)
    assert (str(ADDRESS), ADDRESS.number) == ("0001:af:1f.0", 1 << 16 | 0xAF << 8 | 0x1F << 3)
    assert PciAddress.parse(" 0001:AF:1f.0\n") == ADDRESS
    assert PciAddress.parse("10000:00:00.7").number == 0x10000 << 16 | 7
    for text in ("", "0000:01:00", "01:00.0", "0000:01:20.0", "0000:01:00.8", "0000:001:00.0", "x"):
        with pytest.raises(ValueError, match="not a PCI"):
            PciAddress.parse(text)
    for bad in ({"bus": 256}, {"device": 32}, {"function": 8}, {"bus": -1}, {"domain": 1 << 32}):
        with pytest.raises(ValueError, match="is not a PCI"):
            PciAddress(**bad)


def test_what_the_card_is() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, _ = await pair(rig, address=ADDRESS)
        number = ADDRESS.number
        expected = {
            "vendor": "0x10ee",
            "device": "0x5000",
            "subsystem_vendor": "0x10ee",
            "subsystem_device": "0x0e52",
            "instance": str(number),
            "slot": "31",
            "userbar": "0",
            "mgmt_pf": None,
            "mfg": "0",
            "xpr": "0",
            "ready": "1",
            "dev_offline": "0",
            "mig_calibration": "1",
            "VBNV": "xilinx_u200_xdma_201830_2",
            f"rom.m.{number}/VBNV": "xilinx_u200_xdma_201830_2",
            f"rom.m.{number}/FPGA": "xcu200-fsgd2104-2-e",
            f"rom.m.{number}/timestamp": "1561465320",
            f"rom.m.{number}/ddr_bank_count_max": "2",
            f"rom.m.{number}/ddr_bank_size": "16",
            f"icap.m.{number}/idcode": "14b31093",
            f"mailbox.m.{number}/connection": "0x0",
        }
        for path, text in expected.items():
            assert await mgmt.attributes.read(path) == ("" if text is None else text + "\n"), path
        for path in ("interface_uuids", "logic_uuids"):
            with raises(errno.EINVAL):
                await mgmt.attributes.read(path)
        with raises(errno.EACCES):
            await mgmt.attributes.write("vendor", "0x10ee")
        assert {path.split("/")[0] for path in mgmt.attributes.paths() if "/" in path} == {
            f"{name}.m.{number}" for name in ("rom", "icap", "mailbox")
        }
        assert all(mgmt.attributes.attribute(path).doc for path in mgmt.attributes.paths())

    rig.run(main())


def test_the_instance_is_the_number_unless_given() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, _ = await pair(rig, instance=3)
        assert mgmt.instance == 3 and await mgmt.attributes.read("instance") == "3\n"
        assert mgmt.address == PciAddress() and MgmtOptions().instance is None

    rig.run(main())


# --- configuration --------------------------------------------------------------------------------------


def test_masks_and_comm_id_reach_the_user() -> None:
    rig = Rig()
    seen: list[str] = []

    async def main() -> None:
        mgmt, bare = await pair(rig)
        tree = mgmt.attributes
        tree.on_change.append(seen.append)
        await bare.same_domain()
        await tree.write("config_mailbox_channel_switch", "0x906\n")
        await tree.write("config_mailbox_channel_disable", str(1 << 63))
        await tree.write("config_mailbox_comm_id", "host=here\nport=1\nid=0x2\n")
        await settle(rig)
        assert bare.states() == [1, 1, 1]
        response = await bare.probe()
        assert response.chan_switch == 0x106, "the handshake stays on the hardware"
        assert response.chan_disable == 1 << 63
        assert response.comm_id.rstrip(b"\0") == b"host=here\nport=1\nid=0x2"
        assert response.conn_flags == 1, "with a switch nobody is in the same domain"
        assert await tree.read("config_mailbox_channel_switch") == "0x106\n"
        assert await tree.read("config_mailbox_channel_disable") == "0x8000000000000000\n"
        assert await tree.read("config_mailbox_comm_id") == "host=here\nport=1\nid=0x2\n"
        await mgmt.set_channel_switch(0)
        assert seen[-1] == "config_mailbox_channel_switch"
        await bare.same_domain()
        assert await tree.read(f"mailbox.m.{mgmt.address.number}/connection") == "0x3\n"

    rig.run(main())


@pytest.mark.parametrize("name", ["config_mailbox_channel_switch", "config_mailbox_channel_disable"])
@pytest.mark.parametrize("text", ["", "x", "0x", "-1", "1 2", "0x10000000000000000", "1e3", "1_0"])
def test_rubbish_is_no_mask(name: str, text: str) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        with raises(errno.EINVAL):
            await mgmt.attributes.write(name, text)
        assert await mgmt.attributes.read(name) == "0x0\n"
        await settle(rig)
        assert bare.notices == []

    rig.run(main())


def test_the_size_of_a_comm_id() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        await mgmt.attributes.write("config_mailbox_comm_id", "x" * 2048)
        assert (await bare.probe()).comm_id == b"x" * 2048
        for text in ("x" * 2049, "\u00e9" * 1025):
            with raises(errno.EINVAL):
                await mgmt.attributes.write("config_mailbox_comm_id", text)
        assert (await bare.probe()).comm_id == b"x" * 2048
        await mgmt.attributes.write("config_mailbox_comm_id", "")
        assert (await bare.probe()).comm_id == bytes(2048)

    rig.run(main())
    with raises(errno.EINVAL):
        rig2 = Rig()
        rig2.run(rig2.mgmt(MgmtOptions(comm_id="x" * 2049)))


def test_options_are_the_attributes_at_the_start() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig, channel_disable=1 << 5, comm_id="a", config_xclbin_change=True)
        response = await bare.probe()
        assert (response.chan_switch, response.chan_disable) == (0, 1 << 5)
        assert response.comm_id.rstrip(b"\0") == b"a"
        assert await mgmt.attributes.read("config_xclbin_change") == "1\n"
        assert await mgmt.attributes.read("cache_xclbin") == "0\n"

    rig.run(main())


@pytest.mark.parametrize("name", ["config_xclbin_change", "cache_xclbin"])
def test_flags(name: str) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        for text, value in (("1\n", "1"), ("0", "0"), ("7", "1"), ("00", "0")):
            await mgmt.attributes.write(name, text)
            assert await mgmt.attributes.read(name) == value + "\n"
        for text in ("", "x", "-1", "0x1", "4294967296"):
            with raises(errno.EINVAL):
                await mgmt.attributes.write(name, text)
        assert await mgmt.attributes.read(name) == "0\n"
        await settle(rig)
        assert bare.notices == [], "the user PF need not know"

    rig.run(main())


def test_levels_of_the_port() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, _ = await pair(rig)
        icap = mgmt.attributes.subtree(f"icap.m.{mgmt.address.number}")
        await icap.write("sec_level", "1")
        with raises(errno.EKEYREJECTED):
            await mgmt.download(DEMO)
        with raises(errno.EINVAL):
            await icap.write("sec_level", "3")
        await icap.write("sec_level", "0")
        await icap.write("data_retention", "1")
        assert await icap.read("data_retention") == "1\n"
        await mgmt.download(DEMO)
        await mgmt.download(DEMO)
        assert mgmt.downloader.retained

    rig.run(main())


# --- the local download -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"", errno.EFAULT),
        (DEMO[:495], errno.EFAULT),
        (DEMO[:-1], errno.EFAULT),
        (b"xclbin1\0" + DEMO[8:], errno.EINVAL),
        (DEMO[:LENGTH_AT] + struct.pack("<Q", (1 << 30) + 1) + DEMO[LENGTH_AT + 8 :], errno.EINVAL),
        (DEMO[:LENGTH_AT] + struct.pack("<Q", (1 << 64) - 1) + DEMO[LENGTH_AT + 8 :], errno.EINVAL),
        (DEMO[:LENGTH_AT] + bytes(8) + DEMO[LENGTH_AT + 8 :], errno.ENOMEM),
        (DEMO[:LENGTH_AT] + struct.pack("<Q", 496) + DEMO[LENGTH_AT + 8 :], errno.EINVAL),
    ],
    ids=["nothing", "no header", "cut", "magic", "1 GiB", "huge", "no length", "header only"],
)
def test_images_the_ioctl_refuses(image: bytes, code: int) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, _ = await pair(rig)
        await mgmt.download(DEMO + b"behind it")
        assert mgmt.downloader.bitstream.uuid == UUID
        with raises(code):
            await mgmt.download(image)
        assert mgmt.downloader.bitstream.uuid == UUID

    rig.run(main())


def test_two_downloads_one_after_the_other_and_one_by_mailbox_in_between() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        tasks = [rig.clock.spawn(mgmt.download(DEMO)) for _ in range(2)]
        while not mgmt.downloader.bitstream.writing:
            await rig.clock.sleep_ns(1000)
        rig.card.calibration.after = 3
        assert await bare.number(Opcode.LOAD_XCLBIN, DEMO) == -errno.EBUSY
        for task in tasks:
            await task.join()
        assert mgmt.downloader.bitstream.uuid == UUID

    rig.run(main())


# --- the software channel ----------------------------------------------------------------------------------


def test_an_image_over_the_software_channel() -> None:
    rig = Rig()
    frame = Frame(Flags.REQUEST, 0xABC0, pack_request(Opcode.LOAD_XCLBIN, DEMO))

    async def main() -> None:
        mgmt, bare = await pair(rig)
        software = mgmt.mailbox.software
        software.open()
        await software.write(frame.pack())
        await settle(rig)
        assert mgmt.downloader.bitstream.uuid == NULL_UUID, "not while it belongs on the hardware"
        await mgmt.set_channel_switch(1 << Opcode.LOAD_XCLBIN)
        await settle(rig)
        assert await software.write(frame.pack()) == frame.size
        answer = Frame.unpack((await software.read(4096)).data)
        assert answer == Frame(Flags.RESPONSE, frame.id, bytes(4))
        assert mgmt.downloader.bitstream.uuid == UUID
        await bare.unanswered(Opcode.LOAD_XCLBIN, DEMO)

    rig.run(main())
    assert rig.said("mgmt.server", "belongs on the software channel")


# --- going away --------------------------------------------------------------------------------------------


def test_a_driver_that_goes_says_so() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        await mgmt.remove()
        await settle(rig)
        assert bare.states() == [2]
        with raises(errno.ETIME):
            await bare.mailbox.request(Opcode.USER_PROBE, bytes(24), response_ttl_s=1)
        again = await rig.mgmt(MGMT)
        await settle(rig)
        assert bare.states() == [2, 1] and again.ready
        await bare.probe()

    rig.run(main())


def test_a_driver_that_goes_does_not_wait_for_a_user_that_is_not_there() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt = await rig.mgmt()
        begin = rig.clock.now_ns()
        await mgmt.remove()
        assert rig.clock.now_ns() - begin < 200_000_000

    rig.run(main())
