# SPDX-License-Identifier: Apache-2.0
"""Kernels of the host API: names, contexts, registers, arguments."""

from __future__ import annotations

import errno
import struct
from typing import Any

import numpy as np
import pytest

from pydriver import ert
from pydriver.ert import Opcode
from pydriver.xclbin import IpControl, KernelArg
from pydriver.xclbin.metadata import Kernel as KernelInfo
from pydriver.xclbin.metadata import MailboxType
from pydriver.xocl import KdsFlags
from pydriver.xrt import BO, AccessMode, Device, Kernel, RuntimeOptions, Xclbin
from pydriver.xrt.arguments import encode
from tests.unit.rig import raises
from tests.unit.xrt_rig import BASE, PLAIN_ARGS, STRIDE, VADD, VADD_ARGS, Arg, Spec, XrtRig, image

PLAIN = Spec("plain", PLAIN_ARGS, (2,), range=0x1000)


# --- values --------------------------------------------------------------------------------------------


def argument(size: int) -> KernelArg:
    return KernelArg("x", 1, 0, 0x10, size, "", "")


@pytest.mark.parametrize(
    ("size", "value", "raw"),
    [
        (4, 5, b"\x05\0\0\0"),
        (4, -1, b"\xff\xff\xff\xff"),
        (8, -2, b"\xfe" + b"\xff" * 7),
        (8, 1 << 63, bytes(7) + b"\x80"),
        (4, True, b"\x01\0\0\0"),
        (4, 1.5, struct.pack("<f", 1.5)),
        (8, 1.5, struct.pack("<d", 1.5)),
        (8, np.float32(1.5), struct.pack("<d", 1.5)),
        (4, np.uint16(7), b"\x07\0\0\0"),
        (4, np.int8(-1), b"\xff\xff\xff\xff"),
        (8, b"abc", b"abc"),
        (8, bytearray(b"ab"), b"ab"),
        (8, memoryview(b"abcdef")[::2], b"ace"),
        (16, np.arange(4, dtype=np.uint32), ert.to_bytes([0, 1, 2, 3])),
        (16, np.arange(8, dtype=np.uint32)[::2], ert.to_bytes([0, 2, 4, 6])),
        (16, np.ones((2, 2), dtype=np.float32), struct.pack("<4f", 1, 1, 1, 1)),
    ],
)
def test_values_become_registers(size: int, value: Any, raw: bytes) -> None:
    assert encode(argument(size), value) == raw


@pytest.mark.parametrize(
    ("size", "value"),
    [
        (4, 1 << 32),
        (4, -(1 << 31) - 1),
        (0, 1),
        (2, 1.0),
        (4, 1e300),
        (4, bytes(5)),
        (8, np.zeros(3, np.uint32)),
    ],
)
def test_values_that_do_not_fit(size: int, value: Any) -> None:
    with raises(errno.EINVAL):
        encode(argument(size), value)


def test_wide_words_floats_and_names_reach_the_unit() -> None:
    rig = XrtRig(PLAIN)

    async def main() -> None:
        device, uuid = await rig.device()
        kernel = await Kernel.open(device, uuid, "plain")
        run = kernel.run()
        run.set_arg("word", -1)
        run.set_arg("wide", 0x1122334455667788)
        run.set_arg(2, 0.5)
        await run.start()
        await run.wait(1000)
        got = rig.card.units[2].registers
        assert (got[0x10], got[0x14], got[0x18]) == (0xFFFFFFFF, 0x55667788, 0x11223344)
        assert got[0x20] == int.from_bytes(struct.pack("<f", 0.5), "little")
        assert got[0x1C] == 0  # the reserved word between
        assert kernel.offset("wide") == 0x14 and kernel.offset(2) == 0x20
        for bad in (3, "nothing"):
            with raises(errno.EINVAL, "no argument"):
                run.set_arg(bad, 1)

    rig.run(main())


def test_buffers_and_scalars_are_not_the_same() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device()
        kernel = await Kernel.open(device, uuid, "vadd")
        bo = await BO.alloc(device, 64, kernel.group_id(0))
        run = kernel.run()
        with raises(errno.EINVAL, "is a scalar"):
            run.set_arg("n", bo)
        with raises(errno.EINVAL, "is a buffer"):
            run.set_arg("a", 1)
        with raises(errno.EINVAL, "connected to no memory"):
            kernel.group_id(3)
        elsewhere = await BO.alloc(device, 64, 1)
        with raises(errno.EINVAL, "no unit reaches"):
            run.set_arg("a", elsewhere)
        run.set_arg("a", bo)

    rig.run(main())


# --- contexts ------------------------------------------------------------------------------------------


def test_kernels_of_a_device_share_their_units() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device()
        both = await Kernel.open(device, uuid, "vadd")
        one = await Kernel.open(device, uuid, "vadd:{vadd_1}")
        assert [cu.sharers for cu in device.driver.kds.cus] == [1, 1]
        await both.close()
        assert [cu.sharers for cu in device.driver.kds.cus] == [1, 0]
        with raises(errno.EINVAL, "cannot be opened as exclusive"):
            await Kernel.open(device, uuid, "vadd", AccessMode.EXCLUSIVE)
        assert [cu.sharers for cu in device.driver.kds.cus] == [1, 0], "a half-opened kernel keeps units"
        await one.close()
        await one.close()
        assert device.driver.bitstream.references == 0

    rig.run(main())


def test_access_modes() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device()
        other = Device.attach(device.driver)
        none = await Kernel.open(device, uuid, "vadd", AccessMode.NONE)
        assert device.driver.bitstream.references == 0
        with raises(errno.EINVAL, "context"):
            none()
        alone = await Kernel.open(other, uuid, "vadd:{vadd_2}", AccessMode.EXCLUSIVE)
        await none.close()
        with raises(errno.EINVAL, "exclusively"):
            await Kernel.open(device, uuid, "vadd:{vadd_2}")
        assert device.driver.bitstream.references == 1, "who could not open a unit holds the image"
        with raises(errno.EINVAL, "exclusively"):
            await Kernel.open(device, uuid, "vadd")
        assert [cu.sharers for cu in device.driver.kds.cus] == [0, 0], "the first unit is still open"
        await alone.close()
        await Kernel.open(device, uuid, "vadd")

    rig.run(main())


@pytest.mark.parametrize("name", ["vadd:{vadd_3}", "vadd:{vadd_1,vadd_9}", "nothing", "vadd:vadd_1", ""])
def test_names_that_match_nothing(name: str) -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device()
        with raises(errno.EINVAL):
            await Kernel.open(device, uuid, name)
        with raises(errno.EINVAL, "not loaded"):
            await Kernel.open(device, bytes(16), "vadd")

    rig.run(main())


def test_a_kernel_without_start_bit_is_not_supported() -> None:
    rig = XrtRig(Spec("plain", PLAIN_ARGS, (2,), control=IpControl.AP_CTRL_NONE))

    async def main() -> None:
        device, uuid = await rig.device()
        with raises(errno.ENOTSUP, "use Ip"):
            await Kernel.open(device, uuid, "plain")

    rig.run(main())


# --- registers -----------------------------------------------------------------------------------------


def test_registers_need_one_unit_held_exclusively() -> None:
    rig = XrtRig(VADD, PLAIN)

    async def main() -> None:
        device, uuid = await rig.device()
        several = await Kernel.open(device, uuid, "vadd", AccessMode.EXCLUSIVE)
        with raises(errno.EINVAL, "multiple"):
            await several.read_register(0x10)
        shared = await Kernel.open(device, uuid, "plain")
        for work in (shared.read_register(0x10), shared.write_register(0x10, 1)):
            with raises(errno.EINVAL, "exclusive access"):
                await work
        await shared.close()
        kernel = await Kernel.open(device, uuid, "plain", AccessMode.EXCLUSIVE)
        await kernel.write_register(0xFFC, 0xCAFE)
        assert await kernel.read_register(0xFFC) == rig.card.units[2].registers[0xFFC] == 0xCAFE
        for offset in (0x1000, -4):
            with raises(errno.ERANGE, "outside"):
                await kernel.read_register(offset)
            with raises(errno.ERANGE, "outside"):
                await kernel.write_register(offset, 0)
        with raises(errno.EINVAL, "not at a word"):
            await kernel.read_register(0x12)
        with raises(errno.EINVAL, "32-bit"):
            await kernel.write_register(0x10, 1 << 32)

    rig.run(main())


def test_shared_registers_when_xrt_ini_says_so() -> None:
    rig = XrtRig(PLAIN)

    async def main() -> None:
        device, uuid = await rig.device(KdsFlags(rw_shared=True))
        kernel = await Kernel.open(device, uuid, "plain")
        await kernel.write_register(0x10, 5)
        assert await kernel.read_register(0x10) == 5

    rig.run(main())


# --- other protocols and metadata ----------------------------------------------------------------------


def test_a_fast_adapter_kernel_gets_a_descriptor() -> None:
    args = (*VADD_ARGS[:1], Arg("wide", 0x1C, 8), Arg("nextDescriptorAddr", 0x30, 8))
    rig = XrtRig(Spec("fast", args, (2,), control=IpControl.FAST_ADAPTER))

    async def main() -> None:
        device, uuid = await rig.device()
        run = (await Kernel.open(device, uuid, "fast")).run()
        bo = await BO.alloc(device, 64, 0)
        run.set_arg(0, bo)
        run.set_arg(1, 0x1_0000_0002)
        packet = run._packet(False)
        header = ert.Header.unpack(int.from_bytes(packet[:4], "little"))
        low, high = bo.address & 0xFFFFFFFF, bo.address >> 32
        assert header.opcode == Opcode.START_FA
        words = ert.to_words(packet)[1:]
        assert words == [1, 0, 2, 16, 0, 0, 0x10, 8, low, high, 0x1C, 8, 2, 1]

    rig.run(main())


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("none", MailboxType.NONE),
        ("false", MailboxType.NONE),
        ("in", MailboxType.IN),
        ("out", MailboxType.OUT),
        ("inout", MailboxType.INOUT),
        ("both", MailboxType.INOUT),
        ("true", MailboxType.INOUT),
    ],
)
def test_mailbox_attribute(word: str, kind: MailboxType) -> None:
    assert KernelInfo("k", (), (), (), {"mailbox": word}).mailbox is kind


def test_attributes_of_the_metadata() -> None:
    bare = KernelInfo("k", (), (), (), {})
    assert bare.mailbox is MailboxType.NONE and not bare.counted_auto_restart and not bare.sw_reset
    full = KernelInfo("k", (), (), (), {"countedAutoRestart": "0x2", "swReset": "true", "mailbox": "yes"})
    assert full.counted_auto_restart == 2 and full.sw_reset
    with raises(errno.EINVAL, "known: none"):
        _ = full.mailbox
    with raises(errno.EINVAL, "no number"):
        _ = KernelInfo("k", (), (), (), {"countedAutoRestart": "-1"}).counted_auto_restart


def test_what_is_in_an_image() -> None:
    xclbin = Xclbin(image(VADD, PLAIN))
    assert [kernel.name for kernel in xclbin.kernels] == ["vadd", "plain"]
    assert [ip.name for ip in xclbin.cus("vadd")] == ["vadd:vadd_1", "vadd:vadd_2"]
    found = xclbin.ip("plain:plain_1")
    assert found is not None and found.base == BASE + 2 * STRIDE
    assert xclbin.kernel("nothing") is None and xclbin.ip("nothing") is None
    assert xclbin.address_range("plain:plain_1") == 0x1000
    assert xclbin.connected("vadd:vadd_2", 1) == [0] and xclbin.connected("vadd:vadd_2", 3) == []
    memories = xclbin.memories
    assert [(m.index, m.tag, m.size_kb) for m in memories][:2] == [(0, "bank0", 16384), (1, "bank1", 16384)]
    assert memories[0].base_address == 0x4000000000 and memories[0].used and memories[0].type
    assert xclbin.xsa_name == "xilinx_u200_xdma_201830_2"


def test_facts_about_the_device() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        _, user = await rig.both()
        device = Device.attach(user, RuntimeOptions())
        before = device.info
        assert before.xclbin_uuid is None and before.max_clock_mhz == 0 and not before.offline
        uuid = await device.load_xclbin(rig.image)
        info = device.info
        assert info.name == "xilinx_u200_xdma_201830_2" and info.bdf == "0000:01:00.1"
        assert info.xclbin_uuid == uuid and info.max_clock_mhz == 500
        assert info.has_scheduler and not info.nodma and info.ddr_banks == 2

    rig.run(main())


def test_a_kernel_opened_while_another_one_is_closed_leaves_nothing_held() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device()
        first = await Kernel.open(device, uuid, "vadd:{vadd_1}")
        rig.card.units[0].hang = True
        buffers = [await BO.alloc(device, 64, 0) for _ in range(3)]
        first(*buffers, 16)
        closing = rig.clock.spawn(first.close())
        await rig.clock.sleep_ns(100_000)
        second = await Kernel.open(device, uuid, "vadd:{vadd_2}")
        rig.card.units[0].hang = False
        await closing.join()
        assert device.driver.bitstream.references == 1
        await second.close()
        assert device.driver.bitstream.references == 0, "the image can be replaced"

    rig.run(main())


def test_one_unit_that_cannot_be_closed_does_not_keep_the_others_open() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device()
        kernel = await Kernel.open(device, uuid, "vadd")
        await device.client.close_context(uuid, 0)  # behind the kernel's back
        with raises(errno.EINVAL, "does not hold"):
            await kernel.close()
        assert not device.driver.kds.cus[1].sharers
        assert device.driver.bitstream.references == 0

    rig.run(main())
