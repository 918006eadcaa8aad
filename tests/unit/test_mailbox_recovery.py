# SPDX-License-Identifier: Apache-2.0
"""A side that waits for nothing also notices that its card is back, and half a packet in its FIFO."""

from __future__ import annotations

import pytest

from pydriver.mailbox.packets import Flags, split
from pydriver.regs import mgmt_bar, user_bar
from tests.unit.mailbox_pair import ECHO, SECOND, Pair

MS = SECOND // 1000
MODES = pytest.mark.parametrize("interrupt", [True, False], ids=["interrupt", "polled"])


async def works(pair: Pair) -> None:
    assert await pair.user.request(ECHO, b"next", response_ttl_s=2) == b"next"


@pytest.mark.parametrize("noticed_by", ["interrupt", "receiver"])
@MODES
def test_request_that_met_an_absent_management_function_is_served_when_it_is_back(
    interrupt: bool, noticed_by: str
) -> None:
    """Its interrupt was raised while the registers gave all ones, and is not raised again.

    Or it was seen, and the registers gave all ones only when the receiver looked.
    """

    async def main(pair: Pair) -> None:
        await pair.start()
        await pair.clock.sleep_ns(SECOND)
        pair.card.mgmt.dead = True
        task = pair.clock.spawn(pair.user.request(ECHO, b"?", response_ttl_s=5))
        await pair.clock.sleep_ns(MS)
        # A message signalled interrupt does not need the memory space that is switched off.
        (pair.card.mgmt.msix_event(11) if noticed_by == "interrupt" else pair.mgmt._rx.wake).set()
        await pair.clock.sleep_ns(SECOND)
        assert not pair.served
        pair.card.mgmt.dead = False
        assert await task.join() == b"?"
        await works(pair)

    Pair(interrupt, sleepless_tx=False).run(main)


def test_absent_card_is_looked_for_ten_times_a_second_and_then_left_alone() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        await pair.clock.sleep_ns(SECOND)
        bar = pair.card.mgmt.bars[0]
        pair.card.mgmt.dead = True
        pair.card.mgmt.msix_event(11).set()
        await pair.clock.sleep_ns(MS)
        before = bar.reads
        await pair.clock.sleep_ns(10 * SECOND)
        assert 90 <= bar.reads - before <= 210
        pair.card.mgmt.dead = False
        await works(pair)
        await pair.clock.sleep_ns(SECOND)
        before = bar.reads
        await pair.clock.sleep_ns(10 * SECOND)
        assert bar.reads == before
        pair.card.mgmt.dead = True
        pair.card.mgmt.msix_event(11).set()
        await pair.clock.sleep_ns(SECOND)
        await pair.mgmt.stop()

    Pair().run(main)


@pytest.mark.parametrize("pause_ms", [0, 50])
@pytest.mark.parametrize("cut", [1, 9, 15])
@pytest.mark.parametrize("flusher", ["mgmt", "user"])
def test_rest_of_a_packet_that_a_start_has_cut_is_thrown_away(flusher: str, cut: int, pause_ms: int) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        await pair.clock.sleep_ns(SECOND)
        side = getattr(pair, flusher)
        function, window = (
            (pair.card.user, user_bar.MAILBOX) if flusher == "mgmt" else (pair.card.mgmt, mgmt_bar.MAILBOX)
        )
        words = next(split(5, Flags.REQUEST, bytes(40)))
        await function.bars[0].write32s([(window.base, word) for word in words[:cut]])
        await side.restart()
        await pair.clock.sleep_ns(pause_ms * MS)
        await function.bars[0].write32s([(window.base, word) for word in words[cut:]])
        begin = pair.clock.now_ns()
        await works(pair)
        assert pair.clock.now_ns() - begin < 400 * MS
        assert sum("a flush has cut" in line for line in pair.log) == 1

    Pair().run(main)


def test_packet_that_is_being_written_is_not_taken_for_a_rest() -> None:
    """Slowly: its first half is there at one look after the start, the second comes before the next."""

    async def main(pair: Pair) -> None:
        await pair.start()
        words = next(split(5, Flags.REQUEST, bytes(8) + bytes([ECHO, 0, 0, 0]) + b"slow" + bytes(4)))
        for round_ in range(3):
            await pair.mgmt.restart()
            await pair.clock.sleep_ns(50 * MS)
            for part in (words[:7], words[7:]):
                await pair.card.user.bars[0].write32s([(user_bar.MAILBOX.base, word) for word in part])
                await pair.clock.sleep_ns(90 * MS)
            assert len(pair.served) == round_ + 1
        assert not any("a flush has cut" in line for line in pair.log)
        await works(pair)

    Pair().run(main)
