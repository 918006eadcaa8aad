# SPDX-License-Identifier: Apache-2.0
"""The channel engine: messages over the two FIFOs of one side of the hardware mailbox.

Source of the behaviour: XRT mailbox contract §1.2 (interrupt and polled mode), §1.3 and §1.4 (packets), §3
(matching, time-outs, masks) and §6. What the engine does with the contents of requests is in
`pydriver.mailbox.server`.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pydriver.errors import fail
from pydriver.mailbox import messages, packets
from pydriver.mailbox.messages import Opcode, opcode_name
from pydriver.mailbox.packets import Flags, Packet, Received
from pydriver.platform import Bar, Clock, Event, Task
from pydriver.platform.sync import Queue
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, Window, mailbox

ALL_ONES = 0xFFFF_FFFF
TICK_NS = 100_000_000
TICKS_PER_SECOND = 10
RESPONSE_TTL_S = 20
TX_TTL_S = 2
PROGRESS_TTL_S = 1

MAX_REQUEST_BYTES = 4096 << 15
LISTENER_MESSAGES = 5
LISTENER_BYTES = 4096 << 16

WORD_WAIT_NS = 100_000_000
WORD_WAITS_PER_PACKET = 10
POLL_BUSY_NS = 100_000
POLL_BUSY_COUNT = 10_000
POLL_IDLE_NS = 100_000_000

RATE_WINDOW_WORDS = 0x8000


@dataclass(frozen=True)
class MailboxOptions:
    """How one side runs its channel.

    `interrupt`: MSI-X, as here by default; False is the polled mode the stock drivers default to.
    `sleepless_tx`: the user PF's polled transmitter does not sleep while it has a message.
    `rate_limit`: bytes per second over 128 KiB above which the receiver goes deaf for good (the real guard
    against a runaway peer); None switches the guard off, which a card faster than that needs when it carries
    more than 128 KiB through the FIFOs.
    `test_mode`: requests and notifications of the driver itself fail with EACCES.
    """

    interrupt: bool = True
    sleepless_tx: bool = False
    rate_limit: int | None = 600_000
    test_mode: bool = False


@dataclass
class _Outgoing:
    msg_id: int
    flags: Flags
    size: int
    packets: deque[Packet]
    ttl: int
    done: Event
    label: str
    error: int = 0


@dataclass
class _Waiting:
    """A request's place for its response."""

    max_size: int
    ttl_s: int
    done: Event
    ttl: int | None = None
    data: bytes = b""
    error: int = 0


@dataclass
class Metrics:
    """What `recv_metrics` shows: requests received by opcode, bytes received raw."""

    requests: dict[int, int] = field(default_factory=dict)
    raw_bytes: int = 0


Listener = Callable[[Received], Awaitable[None]]


class Mailbox:
    """One side of the mailbox: `listen`, `start`, then `request`, `notify` and `respond`."""

    def __init__(
        self,
        clock: Clock,
        bar: Bar,
        window: Window,
        options: MailboxOptions | None = None,
        *,
        irq: Event | None = None,
        name: str = "mailbox",
        on_event: OnEvent = silent,
    ) -> None:
        """`irq` is the MSI-X event of the side; without it the channel is polled whatever `options` say."""
        self.name = name
        self.options = options or MailboxOptions()
        self.interrupt_mode = self.options.interrupt and irq is not None
        self.channel_disable = 0
        self.channel_switch = 0
        self.metrics = Metrics()
        self.deaf = False
        self.test_message = ""
        self.test_ready = clock.event()
        self._clock = clock
        self._bar = bar
        self._regs = RegBlock(bar, window)
        self._irq = irq
        self._on_event = on_event
        self._running = False
        self._tasks: list[Task] = []
        self._next_id = 0xFFFF_8880_0000_1000
        self._tx_queue: deque[_Outgoing] = deque()
        self._tx_current: _Outgoing | None = None
        self._tx_test: Packet | None = None
        self._tx_wake = clock.event()
        self._rx_wake = clock.event()
        self._rx_ttl: int | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._reassembler = packets.Reassembler(self._accept)
        self._listener: Listener | None = None
        self._listener_queue: Queue[Received] = Queue(clock)
        self._listener_load: deque[int] = deque()
        self._timed = clock.event()
        self._window_words = 0
        self._window_start = 0
        at = self._regs.address
        self._packet_reads = [at(mailbox.RDDATA)] * packets.PACKET_WORDS
        self._wrdata = at(mailbox.WRDATA)
        self._error_status = [at(mailbox.ERROR), at(mailbox.STATUS)]

    # --- life ---------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Give every request that arrives to `listener`, one at a time, in order of arrival."""
        self._listener = listener

    async def start(self) -> None:
        """Flush both FIFOs, set the mode's thresholds and interrupt enables, begin to work."""
        self._running = True
        self._window_start = self._clock.now_ns()
        regs = self._regs
        await regs.write(mailbox.CTRL, 0x3)
        await regs.write_many(
            [(mailbox.RIT, packets.PACKET_WORDS - 1 if self.interrupt_mode else 0), (mailbox.SIT, 0)]
        )
        if self.interrupt_mode:
            await regs.write(mailbox.IS, await regs.read(mailbox.IS))
            await regs.write(mailbox.IE, 0x3)
            self._spawn(self._interrupt_worker(), "irq")
        else:
            await regs.write(mailbox.IE, 0)
        self._rx_wake.set()
        self._spawn(self._rx_worker(), "rx")
        self._spawn(self._tx_worker(), "tx")
        self._spawn(self._listener_worker(), "listener")
        self._spawn(self._ticker(), "ticker")
        self._say(f"channel up, {'interrupt' if self.interrupt_mode else 'polled'} mode")

    async def stop(self) -> None:
        """Tear the channel down; whoever waits for it gets ESHUTDOWN."""
        self._running = False
        await self._regs.write(mailbox.IE, 0)
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        for outgoing in [*self._tx_queue, *([self._tx_current] if self._tx_current else [])]:
            outgoing.error = errno.ESHUTDOWN
            outgoing.done.set()
        self._tx_queue.clear()
        self._tx_current = None
        for waiting in self._waiting.values():
            waiting.error = errno.ESHUTDOWN
            waiting.done.set()
        self._waiting.clear()

    # --- sending ------------------------------------------------------------------------------------

    async def request(
        self,
        opcode: int,
        payload: bytes = b"",
        *,
        max_response: int = 4096,
        response_ttl_s: int = RESPONSE_TTL_S,
        tx_ttl_s: int = TX_TTL_S,
    ) -> bytes:
        """Send a request and return the response, at most `max_response` bytes. Times in whole seconds.

        Raises EACCES (test mode), EFAULT (opcode disabled, or switched to the software channel whose daemon
        is not there), ETIME, EMSGSIZE (response too big), EBADMSG, ESHUTDOWN.
        """
        self._may_send(opcode)
        label = opcode_name(opcode)
        msg_id = self._new_id()
        waiting = _Waiting(max_response, response_ttl_s, self._clock.event())
        # The place for the response exists before the request goes out.
        self._waiting[msg_id] = waiting
        outgoing = self._enqueue(
            msg_id, Flags.REQUEST, messages.pack_request(opcode, payload), tx_ttl_s, label
        )
        await outgoing.done.wait()
        if outgoing.error:
            self._waiting.pop(msg_id, None)
            raise fail(outgoing.error, f"{self.name}: {label} could not be sent")
        await waiting.done.wait()
        if waiting.error:
            raise fail(waiting.error, f"{self.name}: {label} got no usable response")
        self._say(f"{label} answered, {len(waiting.data)} bytes")
        return waiting.data

    async def notify(self, opcode: int, payload: bytes = b"") -> None:
        """Queue a request that nobody answers. Raises EACCES and EFAULT as `request` does."""
        self._may_send(opcode)
        self._enqueue(
            self._new_id(),
            Flags.REQUEST,
            messages.pack_request(opcode, payload),
            TX_TTL_S,
            opcode_name(opcode),
        )

    async def respond(self, msg_id: int, opcode: int, data: bytes) -> None:
        """Queue the response to request `msg_id` of `opcode`. Raises EFAULT when the opcode is disabled."""
        self._may_send(opcode, driver=False)
        self._enqueue(msg_id, Flags.RESPONSE, data, TX_TTL_S, f"response to {opcode_name(opcode)}")

    # --- the test facilities of sysfs (XRT mailbox contract §8) -----------------------------------------

    async def send_test_packet(self, payload: bytes) -> None:
        """Write a TEST packet (`mailbox_pkt`), at most 56 bytes, as soon as the FIFO is free."""
        self._tx_test = packets.test_packet(payload)
        self._tx_wake.set()

    @property
    def test_payload(self) -> bytes:
        """Payload of the last TEST packet that came."""
        return self._reassembler.test_payload

    async def offer_test_message(self, text: str) -> None:
        """Store a string which the peer may fetch with TEST_READ, and tell it with TEST_READY."""
        self.test_message = text
        await self.notify(Opcode.TEST_READY)

    async def fetch_test_message(self) -> str:
        """The string the peer stored. Raises ETIME when it has none, as it then does not answer."""
        return (await self.request(Opcode.TEST_READ)).decode("utf-8", "replace")

    # --- workers ------------------------------------------------------------------------------------

    async def _interrupt_worker(self) -> None:
        assert self._irq is not None
        while True:
            await self._irq.wait()
            self._irq.clear()
            while not self.deaf:
                pending = await self._regs.read(mailbox.IS)
                if pending in (0, ALL_ONES):
                    break
                if pending & mailbox.IS.RTI.mask:
                    self._rx_wake.set()
                if pending & mailbox.IS.STI.mask:
                    self._tx_wake.set()
                # The request line is a level: read again, so that one which rose meanwhile is not lost.
                await self._regs.write(mailbox.IS, pending)

    async def _rx_worker(self) -> None:
        idle = 0
        while not self.deaf:
            if self.interrupt_mode:
                await self._rx_wake.wait()
                self._rx_wake.clear()
                status = await self._status()
                while status & mailbox.STATUS.RTA.mask and not self.deaf:
                    words = await self._bar.read32s(self._packet_reads + self._error_status)
                    self._take_packet(words[: packets.PACKET_WORDS], words[-2])
                    status = 0 if words[-1] == ALL_ONES else words[-1]
            elif (await self._status()) & mailbox.STATUS.RTA.mask:
                await self._poll_packet()
                idle = 0
                await self._clock.sleep_ns(POLL_BUSY_NS)
            else:
                idle += 1
                await self._clock.sleep_ns(POLL_BUSY_NS if idle < POLL_BUSY_COUNT else POLL_IDLE_NS)
        await self._regs.write(mailbox.IE, 0)

    async def _poll_packet(self) -> None:
        """With RIT=0 the packet may still be on its way, so look before every word."""
        words: list[int] = []
        budget = WORD_WAITS_PER_PACKET
        while len(words) < packets.PACKET_WORDS:
            status = await self._regs.read(mailbox.STATUS)
            if status != ALL_ONES and status & mailbox.STATUS.EMPTY.mask and budget:
                budget -= 1
                await self._clock.sleep_ns(WORD_WAIT_NS)
                continue
            words.append(await self._regs.read(mailbox.RDDATA))
        self._take_packet(words, await self._regs.read(mailbox.ERROR))

    async def _tx_worker(self) -> None:
        while True:
            self._tx_wake.clear()
            if self._tx_current is None and self._tx_queue:
                self._tx_current = self._tx_queue.popleft()
                self._say(f"sends {self._tx_current.label}, {self._tx_current.size} bytes")
            if (self._tx_current is None and self._tx_test is None) or self.deaf:
                await self._tx_wake.wait()
                continue
            if not (await self._status()) & mailbox.STATUS.STA.mask:
                if self.interrupt_mode:
                    # An interrupt says when the peer has read; the tick covers one that got lost.
                    await self._tx_wake.wait(TICK_NS)
                elif not self.options.sleepless_tx:
                    await self._clock.sleep_ns(POLL_BUSY_NS)
                continue
            await self._send_packet()

    async def _send_packet(self) -> None:
        outgoing = self._tx_current
        if outgoing is not None:
            packet = outgoing.packets.popleft()
        elif self._tx_test is not None:
            packet, self._tx_test = self._tx_test, None
        else:
            return
        await self._bar.write32s([(self._wrdata, word) for word in packet])
        error = await self._regs.read(mailbox.ERROR)
        if error != ALL_ONES and error & mailbox.ERROR.FULL.mask:
            self._say("BUG: a packet was written into a full FIFO")
        if outgoing is None or outgoing is not self._tx_current:
            return
        outgoing.ttl = PROGRESS_TTL_S * TICKS_PER_SECOND
        if not outgoing.packets:
            self._end_outgoing(outgoing, 0)

    async def _listener_worker(self) -> None:
        while True:
            received = await self._listener_queue.get()
            self._listener_load.popleft()
            if not self._serve_test(received) and self._listener:
                await self._listener(received)

    async def _ticker(self) -> None:
        """The 100 ms timer; it runs only while something is outstanding."""
        while True:
            if not self._any_timed():
                self._timed.clear()
                await self._timed.wait()
            now = self._clock.now_ns()
            await self._clock.sleep_ns(TICK_NS - now % TICK_NS)
            self._tick()

    # --- receiving ----------------------------------------------------------------------------------

    def _accept(self, msg_id: int, flags: int, size: int) -> int | None:
        if flags & Flags.RESPONSE:
            waiting = self._waiting.get(msg_id)
            if waiting is None:
                return 0
            if size > waiting.max_size:
                return errno.EMSGSIZE
            # From the first packet on each packet gets its own time.
            waiting.ttl = None
            return None
        return None if flags & Flags.REQUEST and size < MAX_REQUEST_BYTES else 0

    def _take_packet(self, words: list[int], error: int) -> None:
        self._count_words(len(words))
        if error != ALL_ONES and error & mailbox.ERROR.EMPTY.mask:
            return
        for received in self._reassembler.feed(words):
            self._end_received(received)
        for sentence in self._reassembler.dropped:
            self._say(f"dropped {sentence}")
        self._reassembler.dropped.clear()
        self._rx_ttl = PROGRESS_TTL_S * TICKS_PER_SECOND if self._reassembler.busy else None
        if self._rx_ttl:
            self._timed.set()

    def _end_received(self, received: Received) -> None:
        if received.flags & Flags.RESPONSE:
            waiting = self._waiting.pop(received.msg_id, None)
            if waiting is not None:
                waiting.data, waiting.error = received.data, received.error
                waiting.done.set()
            return
        request = messages.unpack_request(received.data)
        if request is not None:
            self.metrics.requests[request.opcode] = self.metrics.requests.get(request.opcode, 0) + 1
            if self._disabled(request.opcode):
                self._say(f"dropped {opcode_name(request.opcode)}: the opcode is disabled")
                return
        full = len(self._listener_load) >= LISTENER_MESSAGES or sum(self._listener_load) >= LISTENER_BYTES
        if full:
            self._say("dropped a request: the listener's queue is full")
            return
        self._listener_load.append(len(received.data))
        self._listener_queue.put(received)

    def _serve_test(self, received: Received) -> bool:
        request = messages.unpack_request(received.data)
        if received.error or request is None:
            return False
        if request.opcode == Opcode.TEST_READY:
            self.test_ready.set()
            return True
        if request.opcode == Opcode.TEST_READ:
            if self.test_message and not self._disabled(Opcode.TEST_READ):
                data = self.test_message.encode()
                self._enqueue(received.msg_id, Flags.RESPONSE, data, TX_TTL_S, "response to TEST_READ")
            return True
        return False

    def _count_words(self, count: int) -> None:
        self.metrics.raw_bytes += 4 * count
        self._window_words += count
        if self._window_words < RATE_WINDOW_WORDS:
            return
        now = self._clock.now_ns()
        elapsed = max(now - self._window_start, 1)
        rate = 4 * self._window_words * 1_000_000_000 // elapsed
        self._window_words, self._window_start = 0, now
        if self.options.rate_limit is not None and rate > self.options.rate_limit:
            self.deaf = True
            self._say(f"{rate} bytes/s came in, the channel is deaf until a hot reset")

    # --- time ---------------------------------------------------------------------------------------

    def _any_timed(self) -> bool:
        return (
            self._tx_current is not None
            or bool(self._tx_queue)
            or self._rx_ttl is not None
            or any(waiting.ttl is not None for waiting in self._waiting.values())
        )

    def _tick(self) -> None:
        for outgoing in [*self._tx_queue, *([self._tx_current] if self._tx_current else [])]:
            outgoing.ttl -= 1
            if outgoing.ttl <= 0:
                if outgoing in self._tx_queue:
                    self._tx_queue.remove(outgoing)
                self._end_outgoing(outgoing, errno.ETIME)
                self._tx_wake.set()
        if self._rx_ttl is not None:
            self._rx_ttl -= 1
            if self._rx_ttl <= 0:
                self._rx_ttl = None
                unfinished = self._reassembler.abort(errno.ETIME)
                if unfinished:
                    self._end_received(unfinished)
        for msg_id, waiting in list(self._waiting.items()):
            if waiting.ttl is None:
                continue
            waiting.ttl -= 1
            if waiting.ttl <= 0:
                del self._waiting[msg_id]
                waiting.error = errno.ETIME
                waiting.done.set()

    # --- helpers ------------------------------------------------------------------------------------

    def _enqueue(self, msg_id: int, flags: Flags, data: bytes, ttl_s: int, label: str) -> _Outgoing:
        if not self._running:
            self._waiting.pop(msg_id, None)
            raise fail(errno.ESHUTDOWN, f"{self.name}: the channel is not up")
        outgoing = _Outgoing(
            msg_id,
            flags,
            len(data),
            deque(packets.split(msg_id, flags, data)),
            ttl_s * TICKS_PER_SECOND,
            self._clock.event(),
            label,
        )
        self._tx_queue.append(outgoing)
        self._tx_wake.set()
        self._timed.set()
        return outgoing

    def _end_outgoing(self, outgoing: _Outgoing, error: int) -> None:
        if self._tx_current is outgoing:
            self._tx_current = None
        outgoing.error = error
        outgoing.done.set()
        if error:
            self._say(f"{outgoing.label} not sent: {errno.errorcode[error]}")
        waiting = self._waiting.get(outgoing.msg_id) if outgoing.flags == Flags.REQUEST else None
        if waiting is not None and not error:
            # The response's clock starts only now.
            waiting.ttl = waiting.ttl_s * TICKS_PER_SECOND
            self._timed.set()

    def _may_send(self, opcode: int, driver: bool = True) -> None:
        if driver and self.options.test_mode:
            raise fail(errno.EACCES, f"{self.name}: the mailbox is in test mode")
        if self._disabled(opcode):
            raise fail(errno.EFAULT, f"{self.name}: {opcode_name(opcode)} is disabled")
        if self.channel_switch >> opcode & 1:
            label = opcode_name(opcode)
            raise fail(errno.EFAULT, f"{self.name}: no daemon has opened the software channel for {label}")

    def _disabled(self, opcode: int) -> bool:
        return opcode < 64 and bool(self.channel_disable >> opcode & 1)

    def _new_id(self) -> int:
        self._next_id += 0x40
        return self._next_id

    async def _status(self) -> int:
        """STATUS; nothing is ready while the card answers all ones."""
        status = await self._regs.read(mailbox.STATUS)
        return 0 if status == ALL_ONES else status

    def _spawn(self, coro: Awaitable[None], name: str) -> None:
        self._tasks.append(self._clock.spawn(coro, f"{self.name}.{name}"))  # type: ignore[arg-type]

    def _say(self, text: str) -> None:
        self._on_event(self.name, text)
