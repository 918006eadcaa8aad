# SPDX-License-Identifier: Apache-2.0
"""Receiving: packets of the hardware channel, frames of the software channel, and who gets the messages.

Source: XRT mailbox contract §1.2, §1.3 and §3; software mailbox contract §2.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydriver.mailbox import packets
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.options import (
    POLL_BUSY_COUNT,
    POLL_BUSY_NS,
    POLL_IDLE_NS,
    PROGRESS_TTL_S,
    TICK_NS,
    TICKS_PER_SECOND,
    State,
)
from pydriver.mailbox.packets import KIND_MASK, Flags, Kind, Received
from pydriver.mailbox.port import Port
from pydriver.mailbox.replies import Replies
from pydriver.mailbox.software import SoftwareChannel
from pydriver.platform import Clock

MAX_REQUEST_BYTES = 4096 << 15

WORD_WAIT_NS = 100_000_000
WORD_WAITS_PER_PACKET = 10

RATE_WINDOW_WORDS = 0x8000


@dataclass(frozen=True)
class Metrics:
    """What `recv_metrics` shows: requests received by opcode, bytes received raw over the hardware."""

    requests: Mapping[int, int]
    raw_bytes: int


class RateGuard:
    """Watches how fast a peer that is not trusted sends: `limit` bytes per second over 128 KiB."""

    def __init__(self, clock: Clock, limit: int | None) -> None:
        self._clock = clock
        self._limit = limit
        self._words = 0
        self._start = 0

    def count(self, words: int) -> int | None:
        """Count words that came; the rate in bytes per second when it was above the limit, else None."""
        now = self._clock.now_ns()
        if not self._words:
            self._start = now
        self._words += words
        if self._words < RATE_WINDOW_WORDS:
            return None
        rate = 4 * self._words * 1_000_000_000 // max(now - self._start, 1)
        self._words = 0
        return rate if self._limit is not None and rate > self._limit else None


class Receiver:
    """The RX side of one mailbox. `port` is None for a mailbox without registers."""

    def __init__(
        self,
        clock: Clock,
        port: Port | None,
        software: SoftwareChannel,
        state: State,
        replies: Replies,
        *,
        rate_limit: int | None,
        request: Callable[[Received], None],
        changed: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        """`request` gets the requests, `changed` is called after something was received or has ended."""
        self.wake = clock.event()
        self.raw_bytes = 0
        self._clock = clock
        self._port = port
        self._software = software
        self._state = state
        self._replies = replies
        self._rate_limit = rate_limit
        self._guard = RateGuard(clock, rate_limit)
        self._request = request
        self._changed = changed
        self._say = say
        self._reassembler = packets.Reassembler(self._accept)
        self._ttl: int | None = None
        self._looks_for_cut = True
        self._tail_since: int | None = None
        self._flushed_at = 0

    @property
    def busy(self) -> bool:
        """A message is partly received."""
        return self._reassembler.busy

    @property
    def test_payload(self) -> bytes:
        """Payload of the last TEST packet that came."""
        return self._reassembler.test_payload

    def take_test_payload(self) -> bytes:
        """The same, which is then forgotten."""
        payload, self._reassembler.test_payload = self._reassembler.test_payload, b""
        return payload

    def reset(self) -> None:
        """Forget the partial message and the rate, as for a channel that is set up anew."""
        self._reassembler.abort(errno.ESHUTDOWN)
        self._ttl = None
        self._guard = RateGuard(self._clock, self._rate_limit)

    def tick(self) -> None:
        """100 ms have passed: for the message that is partly received."""
        if self._ttl is None:
            return
        self._ttl -= 1
        if self._ttl <= 0:
            self._ttl = None
            unfinished = self._reassembler.abort(errno.ETIME)
            if unfinished:
                self._end(unfinished)
            self._changed()

    # --- the hardware channel -----------------------------------------------------------------------

    async def run(self, port: Port) -> None:
        """The worker, until the channel stops or the rate guard trips."""
        idle = 0
        state = self._state
        self._looks_for_cut, self._tail_since = True, None
        self._flushed_at = self._clock.now_ns()
        while state.running and not state.deaf:
            if state.interrupt:
                await self.wake.wait(TICK_NS if port.gone or self._looks_for_cut else None)
                self.wake.clear()
                more = await port.packet_there()
                if self._looks_for_cut and not port.gone:
                    await self._look_for_cut(port, more)
                while more and state.running and not state.deaf:
                    words, incomplete, more = await port.take_packet()
                    self._take(words, incomplete)
                idle = 0
            elif await port.packet_there():
                await self._poll_packet(port)
                idle = 0
                await self._pause(POLL_BUSY_NS)
            else:
                idle += 1
                await self._pause(POLL_BUSY_NS if idle < POLL_BUSY_COUNT else POLL_IDLE_NS)
        await port.silence()

    async def _look_for_cut(self, port: Port, packet: bool) -> None:
        """The flush at the start may have cut a packet that was being written: throw its rest away.

        It is less than the interrupt's threshold and would keep the peer from sending for ever. `packet`: a
        whole one is there, so what was seen before was only being written; a packet takes no 100 ms for that.
        """
        now = self._clock.now_ns()
        if packet or not await port.word_there():
            self._tail_since = None
            self._looks_for_cut = packet or now - self._flushed_at < TICK_NS
        elif self._tail_since is None:
            self._tail_since = now
        elif now - self._tail_since >= TICK_NS:
            await port.drop_words()
            self._looks_for_cut = False
            self._say("threw away the rest of a packet that a flush has cut")

    async def _pause(self, ns: int) -> None:
        if await self.wake.wait(ns):
            self.wake.clear()

    async def _poll_packet(self, port: Port) -> None:
        """With RIT=0 the packet may still be on its way, so look before every word."""
        words: list[int] = []
        budget = WORD_WAITS_PER_PACKET
        while len(words) < packets.PACKET_WORDS and self._state.running:
            if budget and not await port.word_there():
                budget -= 1
                await self._pause(WORD_WAIT_NS)
                continue
            words.append(await port.take_word())
        if len(words) == packets.PACKET_WORDS:
            self._take(words, await port.empty_read())

    def _take(self, words: Sequence[int], incomplete: bool) -> None:
        self.raw_bytes += 4 * len(words)
        rate = self._guard.count(len(words))
        if rate is not None:
            self._state.deaf = True
            self._say(f"{rate} bytes/s came in, the channel is deaf until a hot reset")
            return
        if incomplete:
            return
        for received in self._reassembler.feed(words):
            self._end(received)
        for sentence in self._reassembler.dropped:
            self._say(f"dropped {sentence}")
        self._reassembler.dropped.clear()
        if not self._reassembler.busy:
            self._ttl = None
        elif words[0] & KIND_MASK in (Kind.MSG_START, Kind.MSG_BODY):
            self._ttl = PROGRESS_TTL_S * TICKS_PER_SECOND
        self._changed()

    # --- the software channel -----------------------------------------------------------------------

    def pump(self) -> None:
        """Take what a daemon wrote, unless a message of the hardware channel is partly received."""
        while self._state.running and self._software.received and not self.busy:
            frame = self._software.take()
            if frame is not None:
                self._take_frame(frame)

    def _take_frame(self, frame: Frame) -> None:
        refusal = self._accept(frame.id, frame.flags, len(frame.payload))
        if refusal == 0:
            self._say(f"dropped a message {frame.id:#x} nobody waits for")
            return
        data = frame.payload if refusal is None else b""
        self._end(Received(frame.id, frame.flags, data, refusal or 0, software=True))

    # --- both ---------------------------------------------------------------------------------------

    def _accept(self, msg_id: int, flags: int, size: int) -> int | None:
        if flags & Flags.RESPONSE:
            return self._replies.accept(msg_id, size)
        return None if flags & Flags.REQUEST and size < MAX_REQUEST_BYTES else 0

    def _end(self, received: Received) -> None:
        if received.flags & Flags.RESPONSE:
            self._replies.complete(received)
        else:
            self._request(received)
