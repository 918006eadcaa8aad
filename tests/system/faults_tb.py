# SPDX-License-Identifier: Apache-2.0
"""The mailbox of the real card under faults: every one ends in time, and the next request works.

What the drivers do with each fault is tested on the model (`tests/unit/test_mailbox_faults.py`); here it is
the RTL with its FIFOs, thresholds and interrupts that must not get in the way.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable
from typing import Any

import cocotb

from cards.xrt_u200 import MGMT
from firmware_model import images
from pydriver.mailbox import Opcode, Request, receive
from pydriver.mailbox.inbox import LISTENER_MESSAGES
from pydriver.mailbox.messages import pack_request
from pydriver.mailbox.packets import Flags, split
from pydriver.platform import Bar
from pydriver.regs import RegBlock, mailbox, mgmt_bar, user_bar
from pydriver.xclmgmt import MgmtOptions
from tb.cocotb_util import CLOCK_PERIOD_NS, seeded_random
from tb.hosts.config_space import COMMAND, MEMORY_ENABLE
from tests.system.mailbox_link import ECHO, MS, Link
from tests.system.rig import SECOND, Rig
from tests.unit.rig import raises
from tests.unit.test_mailbox_faults import BROKEN, announced, message, with_word

ROM_MAGIC = int.from_bytes(b"xlnx", "little")
FLUSH = 3
# A read alone takes about 40 cycles. While the user function floods, one may stand behind 64 of its writes.
QUIET_READ_CYCLES = 100
FLOODED_READ_CYCLES = 1000
RATE_LIMIT = 600_000
FLOOD_LOOPS = 50_000


async def timed(link: Rig, work: Awaitable[object], code: int, seconds: float, slack: float = 0.3) -> None:
    """`work` ends with errno `code` after `seconds`, within `slack`."""
    begin = link.clock.now_ns()
    with raises(code):
        await work
    took = (link.clock.now_ns() - begin) / SECOND
    assert seconds - 0.11 <= took <= seconds + slack, took


# --- broken messages on the real FIFO -------------------------------------------------------------------


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def broken_messages_are_dropped(dut: Any) -> None:
    link = await Link.up(dut)
    for name, (stream, sentence) in BROKEN.items():
        before, served = len(link.events), len(link.served)
        await link.inject(stream)
        await link.clock.sleep_ns(1200 * MS if name == "never finished" else MS)
        assert link.said(sentence, before), (name, link.events[before:])
        assert len(link.served) - served == (name == "start while partial"), name
        await link.works()
    first = announced(message(20)[0], 500)
    await link.inject([with_word(first, 0, first[0] | 1 << 31)])
    await link.clock.sleep_ns(MS)
    assert link.served[-1].length == 20, "a message smaller than announced is served with what came"
    await link.works()


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def broken_messages_are_dropped_when_polled(dut: Any) -> None:
    """With RIT=0 the receiver begins to read as soon as one word is there."""
    link = await Link.up(dut, interrupt=False)
    for name in ("start while partial", "body without start", "unknown kind", "response nobody waits for"):
        stream, sentence = BROKEN[name]
        before = len(link.events)
        await link.inject(stream, 500_000)
        await link.clock.sleep_ns(MS)
        assert link.said(sentence, before), (name, link.events[before:])
        await link.works()


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def a_replayed_request_is_served_again_and_its_second_answer_dropped(dut: Any) -> None:
    link = await Link.up(dut)
    before = len(link.events)
    task = link.clock.spawn(link.user_side.request(ECHO, b"once", max_response=100))
    await task.join()
    replay = list(split(link.served[-1].msg_id, Flags.REQUEST, pack_request(ECHO, b"once")))
    await link.inject(replay * 2)
    await link.clock.sleep_ns(MS)
    assert [request.msg_id for request in link.served] == [link.served[0].msg_id] * 3
    assert link.said("nobody waits", before) == 2
    await link.works()


# --- too much --------------------------------------------------------------------------------------------


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def the_listeners_queue_holds_five(dut: Any) -> None:
    link = await Link.up(dut)
    gate = link.clock.event()
    seen: list[int] = []

    async def slow(request: Request) -> bytes | None:
        await gate.wait()
        seen.append(request.msg_id)
        return request.payload[: request.length]

    link.server.handlers[Opcode.RECLOCK] = slow
    for msg_id in range(1, 13):
        await link.inject(split(msg_id, Flags.REQUEST, pack_request(Opcode.RECLOCK, b"x")))
    await timed(link, link.user_side.request(ECHO, b"dropped", response_ttl_s=1), errno.ETIME, 1)
    gate.set()
    await link.clock.sleep_ns(10 * MS)
    assert seen == list(range(1, 2 + LISTENER_MESSAGES)), "one at work and five that wait"
    assert link.said("the listener's queue is full") == 7
    await link.works()


async def reads(rig: Rig, bar: Bar, count: int) -> int:
    """The longest of `count` reads of the management function, in cycles."""
    longest = 0
    for _ in range(count):
        await rig.host.flush()
        begin = rig.clock.now_ns()
        assert await bar.read32(mgmt_bar.FEATURE_ROM.base) == ROM_MAGIC
        longest = max(longest, (rig.clock.now_ns() - begin) // CLOCK_PERIOD_NS)
        await rig.clock.sleep_ns(700)
    return longest


async def flood(rig: Rig, stop: list[bool], polite: bool) -> None:
    """Push as fast as the bus takes it; `polite`: whole packets, and only into a FIFO that is empty."""
    rng = seeded_random("flood")
    bar = rig.user_function.bars[0]
    wrdata = user_bar.MAILBOX.base + mailbox.WRDATA.offset
    packets = [word for msg_id in range(1, 5) for word in next(split(msg_id, Flags.REQUEST, bytes(40)))]
    for _ in range(FLOOD_LOOPS):
        if stop:
            return
        if not polite:
            await bar.write32s([(wrdata, rng.getrandbits(32)) for _ in range(64)])
            await rig.host.flush()
        elif await bar.read32(user_bar.MAILBOX.base + mailbox.STATUS.offset) & mailbox.STATUS.STA.mask:
            await bar.write32s([(wrdata, word) for word in packets])


@cocotb.test(timeout_time=1, timeout_unit="sec")
async def a_loop_of_reads_overtakes_nobody(dut: Any) -> None:
    """The host is fair: each of two programs gets its turn, so what a flood costs is the card's doing."""
    rig = await Rig.power_on(dut)
    bar = rig.user_function.bars[0]
    done = 0

    async def loop() -> None:
        nonlocal done
        while done < 300:
            await bar.read32(user_bar.FEATURE_ROM.base)
            done += 1

    task = rig.clock.spawn(loop())
    await rig.clock.sleep_ns(1000)
    for _ in range(5):
        before = done
        assert await rig.mgmt_function.bars[0].read32(mgmt_bar.FEATURE_ROM.base) == ROM_MAGIC
        assert done - before <= 2, "another program read meanwhile, again and again"
    await task.join()


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def a_flood_leaves_the_management_function_responsive(dut: Any) -> None:
    """Valid requests and plain garbage, without the rate guard, which would end it."""
    link = await Link.up(dut)
    bar = link.mgmt_function.bars[0]
    quiet = await reads(link, bar, 50)
    assert quiet < QUIET_READ_CYCLES, quiet
    for polite in (True, False):
        stop: list[bool] = []
        task = link.clock.spawn(flood(link, stop, polite))
        received = link.mgmt_side.metrics.raw_bytes
        longest = await reads(link, bar, 100)
        received = link.mgmt_side.metrics.raw_bytes - received
        stop.append(True)
        await task.join()
        kind = "requests" if polite else "garbage"
        cocotb.log.info("longest read: %d cycles quiet, %d under a flood of %s", quiet, longest, kind)
        assert received > 4000, "that was no flood"
        assert longest < FLOODED_READ_CYCLES, longest
        await link.clock.sleep_ns(2 * SECOND)
        # Garbage may have left part of a packet: the user's driver starts its side anew, as at its probe.
        await link.user_side.restart()
        await link.clock.sleep_ns(2 * SECOND)
        await link.works()


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def the_rate_guard_trips_and_a_hot_reset_brings_the_channel_back(dut: Any) -> None:
    rig = await Rig.power_on(dut)
    if "Icarus" in cocotb.SIM_NAME:
        # 128 KiB take this simulator 15 s; the rate, and all that follows, is the same.
        receive.RATE_WINDOW_WORDS //= 8
    mgmt = await rig.mgmt(MgmtOptions(sched_image=images.build(), clear_queue=False))
    user = await rig.user()
    assert mgmt.options.mailbox.rate_limit == RATE_LIMIT and user.peer.ready
    window = 4 * receive.RATE_WINDOW_WORDS
    stop: list[bool] = []
    begin, received = rig.clock.now_ns(), mgmt.mailbox.metrics.raw_bytes
    task = rig.clock.spawn(flood(rig, stop, polite=True))
    while not mgmt.mailbox.deaf:
        assert mgmt.mailbox.metrics.raw_bytes - received < 2 * window
        await rig.clock.sleep_ns(100_000)
    stop.append(True)
    await task.join()
    received = mgmt.mailbox.metrics.raw_bytes - received
    cocotb.log.info("deaf after %d bytes in %.2f ms", received, (rig.clock.now_ns() - begin) / MS)
    await rig.clock.sleep_ns(MS)
    count = rig.platform.counter.counts
    before = count[MGMT, 0, "MAILBOX", "r"]
    await timed(rig, user.mailbox.request(Opcode.PEER_DATA, bytes(32), tx_ttl_s=1), errno.ETIME, 1)
    assert count[MGMT, 0, "MAILBOX", "r"] == before, "a deaf channel is not looked at"
    assert await mgmt.bar.read32(mgmt_bar.MAILBOX.base + mailbox.IE.offset) == 0
    assert await mgmt.icap.read_idcode() == mgmt.idcode, "the management function works"
    # The administrator resets the card; the user's driver goes down before and comes back after it.
    await user.lifecycle.take_down(interrupt=True)
    await mgmt.hot_reset(force=True)
    await user.lifecycle.refresh()
    assert user.peer.ready and not mgmt.mailbox.deaf
    assert (await user.peer.icap_data()).idcode == mgmt.idcode


# --- hardware that is not there ------------------------------------------------------------------------


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def an_inaccessible_mailbox_gives_etime(dut: Any) -> None:
    """Memory space switched off: reads give all ones, writes are lost, and no interrupt is missed for it."""
    link = await Link.up(dut)
    ask = link.user_side.request
    for function in (link.user_function, link.mgmt_function):
        command = await function.config_read32(COMMAND)
        await function.config_write32(COMMAND, command & ~MEMORY_ENABLE)
        if function is link.user_function:
            await timed(link, ask(ECHO, b"one"), errno.ETIME, 2)
            await timed(link, ask(ECHO, bytes(500)), errno.ETIME, 2)
        else:
            await timed(link, ask(ECHO, b"one", response_ttl_s=3), errno.ETIME, 3)
            await timed(link, ask(ECHO, bytes(500)), errno.ETIME, 2)
        await function.config_write32(COMMAND, command)
        await link.clock.sleep_ns(2 * SECOND)
        await link.works()


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def a_mailbox_that_goes_away_in_a_transfer_gives_etime(dut: Any) -> None:
    link = await Link.up(dut)
    for function in (link.user_function, link.mgmt_function):
        received = link.mgmt_side.metrics.raw_bytes
        begin = link.clock.now_ns()
        task = link.clock.spawn(
            link.user_side.request(ECHO, bytes(3000), max_response=3000, response_ttl_s=2)
        )
        while link.mgmt_side.metrics.raw_bytes - received < 1000:
            await link.clock.sleep_ns(2000)
        command = await function.config_read32(COMMAND)
        await function.config_write32(COMMAND, command & ~MEMORY_ENABLE)
        with raises(errno.ETIME):
            await task.join()
        assert link.clock.now_ns() - begin < 3 * SECOND
        await function.config_write32(COMMAND, command)
        await link.clock.sleep_ns(2 * SECOND)
        await link.works()


# --- a peer that starts anew -----------------------------------------------------------------------------


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def the_peer_flushes_in_the_middle_of_a_message(dut: Any) -> None:
    """CTRL of the one side empties the FIFOs of both directions, packet by packet of a message here."""
    link = await Link.up(dut)
    regs = RegBlock(link.mgmt_function.bars[0], mgmt_bar.MAILBOX)
    await link.mgmt_side.stop()
    begin = link.clock.now_ns()
    request = link.user_side.request(ECHO, bytes(400), max_response=400, response_ttl_s=2)
    task = link.clock.spawn(ended(request))
    for _ in range(4):
        await link.clock.sleep_ns(MS)
        assert not await regs.read(mailbox.STATUS) & mailbox.STATUS.EMPTY.mask
        await regs.write(mailbox.CTRL, FLUSH)
    await link.clock.sleep_ns(MS)
    await link.mgmt_side.start()
    assert await task.join() == errno.ETIME
    assert link.clock.now_ns() - begin < 2.5 * SECOND
    assert link.said("MSG_BODY without a message") and not link.served
    await link.works()


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def the_peer_flushes_in_the_middle_of_a_packet(dut: Any) -> None:
    """What comes of the packet after the flush is less than the interrupt's threshold."""
    link = await Link.up(dut)
    words = message(0)[0]
    for side, function, window in (
        (link.mgmt_side, link.user_function, user_bar.MAILBOX),
        (link.user_side, link.mgmt_function, mgmt_bar.MAILBOX),
    ):
        for cut in (1, 9, 15):
            push, wrdata = function.bars[0].write32s, window.base + mailbox.WRDATA.offset
            await push([(wrdata, word) for word in words[:cut]])
            await link.clock.sleep_ns(MS)
            await side.restart()
            await push([(wrdata, word) for word in words[cut:]])
            begin = link.clock.now_ns()
            await link.works()
            assert SECOND // 10 < link.clock.now_ns() - begin < SECOND // 2
    assert link.said("a flush has cut") == 6


async def ended(work: Awaitable[object]) -> int:
    """0, or the errno that ended it."""
    try:
        await work
    except OSError as error:
        return error.errno
    return 0


@cocotb.test(timeout_time=100, timeout_unit="sec")
async def a_side_restarts_in_the_middle_of_a_message(dut: Any) -> None:
    link = await Link.up(dut)
    rng = seeded_random("restart")
    for side in (link.mgmt_side, link.user_side) * 4:
        received = link.mgmt_side.metrics.raw_bytes
        request = link.user_side.request(ECHO, bytes(3000), max_response=3000, response_ttl_s=2)
        task = link.clock.spawn(ended(request))
        at = rng.randrange(100, 3000)
        while link.mgmt_side.metrics.raw_bytes - received < at:
            await link.clock.sleep_ns(500)
        begin = link.clock.now_ns()
        await side.restart()
        code = await task.join()
        took = link.clock.now_ns() - begin
        assert code == (errno.ESHUTDOWN if side is link.user_side else errno.ETIME), code
        assert took < (SECOND // 10 if side is link.user_side else 3 * SECOND), took
        await link.clock.sleep_ns(2 * SECOND)
        await link.works()


# --- polled--------------------------------------------------------------------------------------------


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def polled_mode_carries_messages_and_is_bounded(dut: Any) -> None:
    """The contract's 10 to 20 kHz of STATUS reads a side while it is awake, one access at a time."""
    link = await Link.up(dut, interrupt=False)
    rng = seeded_random("polled")
    for size in (0, 24, 25, 80, 500):
        data = rng.randbytes(size)
        assert await link.user_side.request(ECHO, data, max_response=600) == data
    count = link.platform.counter.counts
    before = dict(count)
    await link.clock.sleep_ns(20 * MS)
    for function in (0, 1):
        accesses = count[function, 0, "MAILBOX", "r"] - before[function, 0, "MAILBOX", "r"]
        assert 100 <= accesses <= 400, accesses
        assert count[function, 0, "MAILBOX", "w"] == before[function, 0, "MAILBOX", "w"]


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def a_sender_that_does_not_sleep_ends_too(dut: Any) -> None:
    """The user function's polled sender looks without a pause, and a card that is away answers in no time."""
    link = await Link.up(dut, sleepless_tx=True)
    await link.user_side.set_interrupt_mode(False)
    function = link.user_function
    command = await function.config_read32(COMMAND)
    await function.config_write32(COMMAND, command & ~MEMORY_ENABLE)
    await timed(link, link.user_side.request(ECHO, b"one", tx_ttl_s=1), errno.ETIME, 1)
    await function.config_write32(COMMAND, command)
    await link.works()
