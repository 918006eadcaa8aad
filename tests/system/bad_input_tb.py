# SPDX-License-Identifier: Apache-2.0
"""Images and bitstreams that must be refused: errno, sentence, what stays of the region, and recovery."""

from __future__ import annotations

import errno
import time

import cocotb

from pydriver.regs import RegBlock, axi_gate, mgmt_bar
from pydriver.xclbin import NULL_UUID, SectionKind, parse
from pydriver.xrt import Device, Kernel
from tests.system.rig import ALL_ONES, DEMO, SECOND, Rig, image, run_vadd
from tests.unit.rig import changed, raises, with_section

OTHER = bytes(range(16))
# XRT mailbox contract §3.1: a message that makes no progress is given up after 2 s, one that has sent a
# packet 1 s after it. Timers count full ticks.
FIRST_PACKET_S, NEXT_PACKET_S, TICK_S, WORK_S = 2, 1, 0.1, 0.001
# Places in the file (XRT xclbin contract §1).
SECTION_COUNT_AT = 448
SECTION_TABLE_AT, SECTION_ENTRY = 456, 40
OFFSET, SIZE = 24, 32


def patched(at: int, data: bytes) -> bytes:
    return DEMO[:at] + data + DEMO[at + len(data) :]


def section_entry(index: int, field: int) -> int:
    """File offset of a field of an entry of the section table."""
    return SECTION_TABLE_AT + SECTION_ENTRY * index + field


def wrong_topology() -> bytes:
    """MEM_TOPOLOGY that announces one bank more than it has."""
    data = bytearray(parse(DEMO).section(SectionKind.MEM_TOPOLOGY) or b"")
    data[0] += 1
    return with_section(SectionKind.MEM_TOPOLOGY, bytes(data))


def overlapping() -> bytes:
    """The second section lies where the first one is."""
    first = DEMO[section_entry(0, OFFSET) : section_entry(0, SIZE)]
    return patched(section_entry(1, OFFSET), first)


REFUSED_EARLY = {
    "truncated": (lambda: DEMO[:-100], errno.EINVAL, "truncated"),
    "only half a header": (lambda: DEMO[:100], errno.EINVAL, "header"),
    "empty": (lambda: b"", errno.EINVAL, "header"),
    "magic": (lambda: b"xclbin1\0" + DEMO[8:], errno.EINVAL, "starts with"),
    "null uuid": (lambda: changed(DEMO, uuid=NULL_UUID), errno.EINVAL, "null uuid"),
    "version major": (lambda: changed(DEMO, version=(3, 0, 0), uuid=OTHER), errno.EINVAL, "version"),
    "another shell": (
        lambda: changed(DEMO, feature_rom_timestamp=1, uuid=OTHER),
        errno.EOPNOTSUPP,
        "shell",
    ),
    "section past the end": (
        lambda: patched(section_entry(0, SIZE), (len(DEMO) * 2).to_bytes(8, "little")),
        errno.EINVAL,
        "past the end",
    ),
    "section offset past the end": (
        lambda: patched(section_entry(0, OFFSET), (1 << 60).to_bytes(8, "little")),
        errno.EINVAL,
        "past the end",
    ),
    "overlapping sections": (overlapping, errno.EINVAL, "overlap"),
    "absurd section count": (
        lambda: patched(SECTION_COUNT_AT, b"\xff\xff\xff\x7f"),
        errno.EINVAL,
        "sections",
    ),
    "MEM_TOPOLOGY count": (wrong_topology, errno.EINVAL, "MEM_TOPOLOGY"),
}
# Fault of the stream -> what the driver sees of it.
BROKEN_STREAMS = {
    "CRC": {"bad_crc": True},
    "IDCODE": {"wrong_idcode": True},
    "no sync word": {"no_sync": True},
    "cut short": {"truncate": True},
}


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def early_refusals_leave_the_region_alone(dut) -> None:
    rig = await Rig.power_on(dut)
    mgmt, device = await rig.loaded()
    uuid = device.driver.bitstream.uuid
    writes = rig.hwicap_writes()
    for name, (make, code, match) in REFUSED_EARLY.items():
        with raises(code, match) as caught:
            await device.driver.read_axlf(make())
        assert len(caught.value.strerror) > 10, f"{name}: no sentence"
        assert device.driver.bitstream.uuid == uuid == mgmt.downloader.bitstream.uuid, name
    assert rig.hwicap_writes() == writes, "the configuration port was not touched"
    await run_vadd(device, uuid)


async def fails_in_programming(rig: Rig, device: Device, faults: dict[str, bool]) -> None:
    gate = RegBlock(rig.mgmt_function.bars[0], mgmt_bar.AXI_GATE)
    with raises(errno.ETIMEDOUT) as caught:
        await device.driver.read_axlf(image(**faults), force=True)
    assert "management PF" in caught.value.strerror
    assert device.driver.bitstream.uuid == NULL_UUID
    assert await gate.read(axi_gate.RD) == 0, "the gate stays closed"
    for slot in range(4):
        assert await rig.cu_control(slot) == ALL_ONES
    client = device.driver.open()
    with raises(errno.EINVAL, "null uuid"):
        await client.open_context(NULL_UUID, 0)
    await client.close()


async def every_broken_stream(dut, *, guest: bool) -> None:
    rig = await Rig.power_on(dut)
    mgmt, user = await rig.drivers(guest=guest)
    device = Device.attach(user)
    uuid = await device.load_xclbin(DEMO)
    await run_vadd(device, uuid)
    for name, faults in BROKEN_STREAMS.items():
        cocotb.log.info("%s, %s", name, "content" if guest else "address")
        await fails_in_programming(rig, device, faults)
        assert mgmt.downloader.bitstream.uuid == NULL_UUID
        # A good image after each by address; once is enough for content, which takes its time.
        if not guest or name == list(BROKEN_STREAMS)[-1]:
            await device.close()
            device = Device.attach(user)
            uuid = await device.load_xclbin(DEMO)
            await run_vadd(device, uuid)


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def broken_streams_by_address(dut) -> None:
    await every_broken_stream(dut, guest=False)


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def broken_streams_as_content(dut) -> None:
    await every_broken_stream(dut, guest=True)


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def contexts_and_commands_out_of_order(dut) -> None:
    rig = await Rig.power_on(dut)
    _, device = await rig.loaded()
    uuid = device.driver.bitstream.uuid
    client = device.client
    other = changed(DEMO, uuid=OTHER)
    await client.open_context(uuid, 0)
    with raises(errno.EBUSY, "in use"):
        await device.load_xclbin(other)
    with raises(errno.EBUSY, "contexts are for"):
        await client.close_context(OTHER, 0)
    await client.close_context(uuid, 0)
    stranger = Device.attach(device.driver)
    with raises(errno.EBUSY, "not loaded"):
        await stranger.client.open_context(OTHER, 0)
    await stranger.close()
    kernel = await Kernel.open(device, uuid, "reduce")
    run = kernel.run()
    await kernel.close()
    with raises(errno.EINVAL, "no context"):
        run.start()
    loaded = await device.load_xclbin(other)
    assert loaded == OTHER
    await run_vadd(device, OTHER)


@cocotb.test(timeout_time=200, timeout_unit="sec")
async def nobody_on_the_management_side(dut) -> None:
    """Dead peers cost simulated time, not the user's.

    Nobody reads the FIFO, so of a request of two packets one leaves, and of the request after it none. Both
    at probe (the shell's tree, handshake) and at a load (what is loaded, the image) it is two such requests;
    the 20 s for an answer never begin.
    """
    rig = await Rig.power_on(dut)
    wall = time.monotonic()

    def took(begin: int) -> bool:
        seconds = (rig.clock.now_ns() - begin) / SECOND
        cocotb.log.info("gave up after %.4f s", seconds)
        longest = NEXT_PACKET_S + FIRST_PACKET_S
        return longest - TICK_S < seconds <= longest + WORK_S

    begin = rig.clock.now_ns()
    user = await rig.user(guest=True)
    assert not user.peer.ready and took(begin)
    begin = rig.clock.now_ns()
    with raises(errno.ETIMEDOUT, "is its driver there"):
        await user.read_axlf(DEMO)
    assert rig.clock.now_ns() - begin < WORK_S * SECOND, "nothing is asked of a peer that is not there"
    mgmt = await rig.mgmt()
    await rig.clock.sleep_ns(SECOND // 100)
    assert user.peer.ready, "a driver that comes later announces itself"
    await mgmt.remove()
    with raises(errno.ETIMEDOUT, "is its driver there"):
        await user.read_axlf(DEMO)
    mgmt = await rig.mgmt()
    await rig.clock.sleep_ns(SECOND // 100)
    assert user.peer.ready and user.mailbox.interrupt_mode
    await mgmt.mailbox.stop()  # without a word, as when its machine hangs
    begin = rig.clock.now_ns()
    with raises(errno.ETIMEDOUT, "did not answer"):
        await user.read_axlf(DEMO)
    assert took(begin)
    assert time.monotonic() - wall < 60
    assert user.bitstream.uuid == NULL_UUID
