# SPDX-License-Identifier: Apache-2.0
"""Buffers of the host API: kinds, parts, copies."""

from __future__ import annotations

import errno

import pytest

from pydriver.xocl import FROM_DEVICE, TO_DEVICE
from pydriver.xrt import BO, Device, Flags, Kernel
from tests.unit.rig import raises
from tests.unit.xrt_rig import HOST, VADD, XrtRig

KIB = 1024


def test_kinds() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, _ = await rig.device()
        normal = await BO.alloc(device, 100, 1)
        assert normal.flags == Flags.NORMAL and normal.memory_group == 1 and normal.size == 100
        cacheable = await BO.alloc(device, 100, 0, Flags.CACHEABLE)
        assert cacheable.flags == Flags.CACHEABLE and len(cacheable.map()) == 100
        device_only = await BO.alloc(device, 100, 0, Flags.DEVICE_ONLY)
        with raises(errno.EINVAL, "device memory only"):
            device_only.map()
        with raises(errno.EOPNOTSUPP):
            await device_only.sync_to_device()
        with raises(errno.EINVAL, "direction"):
            await normal.sync(2)
        for bo in (normal, cacheable, device_only):
            bo.free()
        with raises(errno.ENOENT):
            normal.free()

    rig.run(main())


def test_a_part_of_a_buffer() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, _ = await rig.device()
        whole = await BO.alloc(device, 8 * KIB, 0)
        whole.map()[:] = bytes(range(256)) * 32
        part = whole.sub(KIB, 2 * KIB)
        inner = part.sub(100, 64)
        assert inner.size == 100 and inner.offset == 2 * KIB + 64
        assert inner.address == whole.address + 2 * KIB + 64 and inner.handle == whole.handle
        inner.map()[:4] = b"wxyz"
        assert whole.read(4, 2 * KIB + 64) == part.read(4, 64) == inner.read(4) == b"wxyz"
        await inner.sync(TO_DEVICE)
        memory = rig.card.device_memory
        assert memory.read(inner.address, 4) == b"wxyz"
        assert memory.read(inner.address - 64, 64) == bytes(64), "more than the part was moved"
        memory.write(inner.address, b"1234")
        await part.sync(FROM_DEVICE, 4, 64)
        assert inner.read(4) == b"1234"
        inner.write(b"end", 97)
        for offset, size in ((0, KIB + 1), (KIB, 1), (-1, 1), (0, -1)):
            with raises(errno.EINVAL, "outside"):
                part.sub(size, offset)
        for work in (lambda: inner.write(b"end!", 97), lambda: inner.read(101), lambda: inner.read(1, -1)):
            with raises(errno.EINVAL, "outside"):
                work()
        with raises(errno.EINVAL, "outside"):
            await inner.sync_from_device(101)

    rig.run(main())


async def pair(rig: XrtRig, device: Device) -> tuple[BO, BO]:
    """Source with a pattern in device memory, destination with zeros."""
    src, dst = await BO.alloc(device, 4 * KIB, 0), await BO.alloc(device, 4 * KIB, 0)
    src.map()[:] = bytes(range(256)) * 16
    await src.sync_to_device()
    await dst.sync_to_device()
    return src, dst


@pytest.mark.parametrize(
    ("size", "src_offset", "dst_offset"),
    [(None, 0, 0), (128, 64, 192), (5, 3, 1)],
    ids=["all", "lines", "bytes"],
)
@pytest.mark.parametrize("context", [False, True], ids=["no context", "context"])
def test_copy(size: int | None, src_offset: int, dst_offset: int, context: bool) -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device(HOST)
        if context:
            await Kernel.open(device, uuid, "vadd")
        src, dst = await pair(rig, device)
        await dst.copy(src, size, src_offset, dst_offset)
        count = size or src.size
        expected = src.read(count, src_offset)
        got = rig.card.device_memory.read(dst.address, dst.size)
        assert got[dst_offset : dst_offset + count] == expected
        assert got[:dst_offset] == bytes(dst_offset)
        assert got[dst_offset + count :] == bytes(dst.size - dst_offset - count)

    rig.run(main())


def test_parts_are_copied_on_the_card() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device(HOST)
        await Kernel.open(device, uuid, "vadd")
        src, dst = await pair(rig, device)
        await dst.sub(KIB, 2 * KIB).copy(src.sub(KIB, 64), 128, 64, 128)
        got = rig.card.device_memory.read(dst.address, dst.size)
        assert got[2 * KIB + 128 : 2 * KIB + 256] == src.read(128, 128)
        assert got.count(0) >= dst.size - 128
        assert rig.card.kdma.runs == 1 and not rig.said("xrt", "host copy")

    rig.run(main())


def test_copies_that_cannot_be() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, _ = await rig.device()
        src, dst = await pair(rig, device)
        for bad in ((0, 0, 0), (-1, 0, 0), (4 * KIB, 1, 0), (4 * KIB, 0, 1)):
            with raises(errno.EINVAL):
                await dst.copy(src, *bad)
        hidden = await BO.alloc(device, KIB, 0, Flags.DEVICE_ONLY)
        with raises(errno.EOPNOTSUPP):
            await dst.copy(hidden, 5)
        part = dst.sub(100, 200)
        await part.copy(src.sub(10, 50))
        assert dst.read(10, 200) == src.read(10, 50)

    rig.run(main())
