# SPDX-License-Identifier: Apache-2.0
"""One side of the mailbox: requests, notifications and responses over the hardware and the software channel.

Source of the behaviour: XRT mailbox contract §1.2 (interrupt and polled mode), §1.3 and §1.4 (packets), §3
(matching, time-outs, masks) and §6; software mailbox contract §2. What is done with the contents of requests
is in `pydriver.mailbox.server`.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext
from typing import Any

from pydriver.errors import fail
from pydriver.mailbox import messages, packets
from pydriver.mailbox.dispatch import Dispatch
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.holding import Hold, Holding
from pydriver.mailbox.inbox import Inbox, Listener
from pydriver.mailbox.messages import Opcode, opcode_name
from pydriver.mailbox.options import POLL_BUSY_NS, RESPONSE_TTL_S, TICK_NS, MailboxOptions, State
from pydriver.mailbox.packets import Flags, Received
from pydriver.mailbox.port import Port
from pydriver.mailbox.receive import Metrics, Receiver
from pydriver.mailbox.replies import Replies
from pydriver.mailbox.software import SoftwareChannel
from pydriver.mailbox.ticker import Ticker
from pydriver.mailbox.transmit import Outgoing, Transmitter
from pydriver.platform import Bar, Clock, Event, Task
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import Window, mailbox

TEST_MESSAGE_BYTES = 128


class Mailbox:
    """One side of the mailbox: `listen`, `start`, then `request`, `notify` and `respond`.

    `software` is the side's character device. `channel_disable` and `channel_switch` are bit masks by opcode;
    requests whose bit is set in the latter travel through the software channel.
    """

    def __init__(
        self,
        clock: Clock,
        bar: Bar | None,
        window: Window | None,
        options: MailboxOptions | None = None,
        *,
        irq: Event | None = None,
        enable_irq: Callable[[bool], Awaitable[None]] | None = None,
        name: str = "mailbox",
        on_event: OnEvent = silent,
        hold: Hold = nullcontext,
    ) -> None:
        """`irq` is the MSI-X event of the side; without it the channel is polled whatever `options` say.
        `enable_irq` lets the interrupt through or not: it does as long as the channel is up and uses it.

        Without `bar` and `window` the mailbox has no registers: everything goes over the software channel.
        The context that `hold()` makes is entered while a daemon has something to do for this side: a message
        waits for it, or it has read a request whose response is awaited.
        """
        self.name = name
        self.options = options or MailboxOptions()
        self.channel_disable = 0
        self.software = SoftwareChannel(clock)
        self.software.on_change = self._daemon_did
        self.port = Port(bar, window) if bar is not None and window is not None else None
        self._channel_switch = 0
        self.clock = clock
        self._irq = irq
        self._enable_irq = enable_irq
        self._on_event = on_event
        self._holding = Holding(hold)
        self._tasks: list[Task] = []
        self._next_id = 0xFFFF_8880_0000_1000
        self._ticker = Ticker(clock, self._outstanding, self._tick)
        self._state = State(interrupt=self.options.interrupt and irq is not None and self.port is not None)
        self._replies = Replies(clock)
        self._dispatch = Dispatch(clock, self._disabled, self.respond, self._say)
        self._inbox = Inbox(clock, self._dispatch.serve, f"{name}.listener")
        self._tx = Transmitter(
            clock,
            self.port,
            self.software,
            self._state,
            sleepless=self.options.sleepless_tx,
            ended=self._sent,
            say=self._say,
        )
        self._rx = Receiver(
            clock,
            self.port,
            self.software,
            self._state,
            self._replies,
            rate_limit=self.options.rate_limit,
            request=self._requested,
            changed=self._settle,
            say=self._say,
        )

    # --- what it is ---------------------------------------------------------------------------------

    @property
    def interrupt_mode(self) -> bool:
        """Interrupts, not polling."""
        return self._state.interrupt

    @property
    def running(self) -> bool:
        """The channel is up."""
        return self._state.running

    @property
    def deaf(self) -> bool:
        """The rate guard has tripped; only `restart` helps."""
        return self._state.deaf

    @property
    def metrics(self) -> Metrics:
        """Counts of what came in."""
        return Metrics(self._dispatch.requests, self._rx.raw_bytes)

    @property
    def channel_switch(self) -> int:
        """Requests that travel through the software channel, bit n for opcode n."""
        return self._channel_switch

    @channel_switch.setter
    def channel_switch(self, mask: int) -> None:
        # The handshake tells the peer the mask, so it cannot depend on the mask.
        self._channel_switch = mask & ~(1 << Opcode.USER_PROBE)

    def over_software(self, opcode: int) -> bool:
        """Messages of `opcode` travel through the software channel."""
        return self.port is None or bool(self._channel_switch >> opcode & 1)

    # --- life ---------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Give every request that arrives to `listener`, one at a time, in order of arrival."""
        self._dispatch.listener = listener

    async def start(self) -> None:
        """Flush both FIFOs, set the mode's thresholds and interrupt enables, begin to work.

        Nothing when the channel is up already.
        """
        state = self._state
        if state.running:
            return
        state.running, state.deaf = True, False
        self._ticker.arm()
        self._rx.reset()
        self.software.clear()
        if self.port is not None:
            await self.port.flush()
            await self.port.set_mode(state.interrupt)
            if self._irq is not None:
                self._spawn(self._interrupt_worker(self.port, self._irq), "irq")
            self._spawn(self._rx.run(self.port), "rx")
        self._rx.wake.set()
        self._spawn(self._tx.run(), "tx")
        self._spawn(self._ticker.run(), "ticker")
        self._inbox.start()
        if state.interrupt:
            await self._let_interrupts(True)
        mode = "interrupt mode" if state.interrupt else "polled mode"
        self._say(f"channel up, {mode if self.port is not None else 'software only'}")

    async def stop(self) -> None:
        """Tear the channel down; whoever waits for it gets ESHUTDOWN. Not from within the listener."""
        self._state.running = False
        self._tx.fail_all(errno.ESHUTDOWN)
        self._replies.fail_all(errno.ESHUTDOWN)
        self.software.clear()
        self._inbox.stop()
        self._settle()
        # The workers look at `running` whenever they wake, so none is cut off in a bus access.
        self._ticker.stop()
        for event in (self._rx.wake, self._tx.wake, self._irq):
            if event is not None:
                event.set()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            await task.join()
        if self._state.interrupt:
            await self._let_interrupts(False)

    async def restart(self) -> None:
        """Set the channel up anew, as after a reset of the card; requests under way end with ESHUTDOWN."""
        await self.stop()
        await self.start()

    async def go_offline(self) -> None:
        """Tear the channel down and refuse to open the device node, as while the card is being reset."""
        self.software.offline = True
        await self.stop()

    async def go_online(self) -> None:
        """The reverse: the channel comes up, the device node can be opened."""
        if not self._state.running:
            await self.start()
        self.software.offline = False

    async def set_interrupt_mode(self, interrupt: bool) -> None:
        """Change between interrupt and polled mode while the channel works (sysfs `intr_mode`).

        Raises EINVAL when there is no interrupt. Nothing for a mailbox without registers.
        """
        if self.port is None or interrupt == self._state.interrupt:
            return
        if interrupt and self._irq is None:
            raise fail(errno.EINVAL, f"{self.name}: there is no interrupt")
        self._state.interrupt = interrupt
        if self._state.running:
            if not self._state.deaf:
                await self.port.set_mode(interrupt)
            await self._let_interrupts(interrupt)
        # Both workers go on in the new mode; a packet that came before the change is looked for.
        self._rx.wake.set()
        self._tx.wake.set()
        self._say(f"{'interrupt' if interrupt else 'polled'} mode")

    # --- sending ------------------------------------------------------------------------------------

    async def request(
        self,
        opcode: int,
        payload: bytes = b"",
        *,
        max_response: int = 4096,
        response_ttl_s: int = RESPONSE_TTL_S,
        tx_ttl_s: int | None = None,
        test: bool = False,
    ) -> bytes:
        """Send a request and return the response, at most `max_response` bytes. Times in whole seconds.

        `tx_ttl_s` None: 2 s for the hardware, 6 s for the software channel. `test` is for the test
        attributes, which work in test mode. Raises EACCES (test mode), EFAULT (opcode disabled; no registers
        and no daemon has the node open), ETIME, EMSGSIZE (response too big), EBADMSG, ESHUTDOWN.
        """
        self._may_send(opcode, driver=not test)
        label = opcode_name(opcode)
        if self.port is None and not self.software.present:
            raise fail(errno.EFAULT, f"{self.name}: no daemon has opened the software channel for {label}")
        msg_id = self._new_id()
        # The place for the response exists before the request goes out.
        reply = self._replies.expect(msg_id, max_response, response_ttl_s)
        outgoing: Outgoing | None = None
        try:
            message = Frame(Flags.REQUEST, msg_id, messages.pack_request(opcode, payload))
            outgoing = self._enqueue(message, opcode, label, tx_ttl_s)
            await outgoing.done.wait()
            if outgoing.error:
                raise fail(outgoing.error, f"{self.name}: {label} could not be sent")
            await reply.done.wait()
        finally:
            if outgoing is not None:
                self._tx.withdraw(outgoing)
            self._replies.forget(reply)
            self._settle()
        if reply.error:
            raise fail(reply.error, f"{self.name}: {label} got no usable response")
        self._say(f"{label} answered, {len(reply.data)} bytes")
        return reply.data

    async def notify(self, opcode: int, payload: bytes = b"", *, test: bool = False) -> None:
        """Queue a request that nobody answers. Raises EACCES, EFAULT (disabled) and ESHUTDOWN."""
        self._may_send(opcode, driver=not test)
        message = Frame(Flags.REQUEST, self._new_id(), messages.pack_request(opcode, payload))
        self._enqueue(message, opcode, opcode_name(opcode))

    async def respond(self, msg_id: int, opcode: int, data: bytes) -> None:
        """Queue the response to request `msg_id` of `opcode`, on the channel that the mask names.

        Raises EFAULT when the opcode is disabled, ESHUTDOWN.
        """
        self._may_send(opcode, driver=False)
        message = Frame(Flags.RESPONSE, msg_id, data)
        self._enqueue(message, opcode, f"response to {opcode_name(opcode)}")

    async def drained(self, timeout_ns: int) -> bool:
        """Wait until the peer or a daemon has read all that is to be sent; False when time ran out."""
        end = self.clock.now_ns() + timeout_ns
        while self._state.running:
            if not self._tx.busy and (self.port is None or await self.port.sendable()):
                return True
            if self.clock.now_ns() >= end:
                return False
            await self.clock.sleep_ns(POLL_BUSY_NS)
        return True

    # --- the test facilities of sysfs (XRT mailbox contract §8) -----------------------------------------

    async def send_test_packet(self, payload: bytes) -> None:
        """Write a TEST packet (`mailbox_pkt`), at most 56 bytes, as soon as the FIFO is free."""
        self._tx.send_test(packets.test_packet(payload))

    @property
    def test_ready(self) -> Event:
        """Set when the peer says that it has a test message; whoever waits clears it."""
        return self._dispatch.test_ready

    @property
    def test_payload(self) -> bytes:
        """Payload of the last TEST packet that came."""
        return self._rx.test_payload

    def take_test_payload(self) -> bytes:
        """The same, which is then forgotten."""
        return self._rx.take_test_payload()

    async def offer_test_message(self, text: str) -> None:
        """Store a string which the peer may fetch once with TEST_READ, and tell it with TEST_READY.

        Raises EINVAL for more than 128 bytes, else as `notify`.
        """
        if len(text.encode()) > TEST_MESSAGE_BYTES:
            raise fail(errno.EINVAL, f"a test message holds {TEST_MESSAGE_BYTES} bytes")
        self._dispatch.test_message = text
        await self.notify(Opcode.TEST_READY)

    async def fetch_test_message(self) -> str:
        """The string the peer stored. Raises ETIME when it has none, as it then does not answer."""
        answer = await self.request(Opcode.TEST_READ, max_response=TEST_MESSAGE_BYTES)
        return answer.decode("utf-8", "replace")

    # --- workers ------------------------------------------------------------------------------------

    async def _interrupt_worker(self, port: Port, irq: Event) -> None:
        state = self._state
        while state.running:
            # A request met by a card that is away stays, and is not raised again when the card is back.
            await irq.wait(TICK_NS if port.gone else None)
            irq.clear()
            while state.running and not state.deaf and (pending := await port.take_interrupts()):
                # The request line is a level: read again, so that one which rose meanwhile is not lost.
                if pending & mailbox.IS.RTI.mask:
                    self._rx.wake.set()
                if pending & mailbox.IS.STI.mask:
                    self._tx.wake.set()

    def _tick(self) -> None:
        self._tx.tick()
        self._rx.tick()
        self._replies.tick()
        self._settle()
        if self._state.interrupt:
            # Whoever waits also looks: an interrupt may have got lost.
            self._rx.wake.set()

    def _outstanding(self) -> bool:
        return self._tx.busy or self._rx.busy or self._replies.timed

    # --- receiving ----------------------------------------------------------------------------------

    def _requested(self, received: Received) -> None:
        if not self._inbox.offer(received):
            self._say("dropped a request: the listener's queue is full")

    # --- helpers ------------------------------------------------------------------------------------

    def _enqueue(self, message: Frame, opcode: int, label: str, ttl_s: int | None = None) -> Outgoing:
        if not self._state.running:
            raise fail(errno.ESHUTDOWN, f"{self.name}: the channel is not up")
        outgoing = Outgoing(message, self.over_software(opcode), label, ttl_s, self.clock.event())
        self._tx.enqueue(outgoing)
        self._ticker.look()
        return outgoing

    def _sent(self, outgoing: Outgoing) -> None:
        if outgoing.message.flags == Flags.REQUEST and not outgoing.error:
            self._replies.sent(outgoing.message.id, outgoing.software)
            self._ticker.look()

    def _daemon_did(self) -> None:
        """A slot of the software channel was filled or emptied, or a daemon came or went."""
        if not self.software.present:
            self._replies.daemon_gone()
        self._tx.wake.set()
        self._settle()

    def _settle(self) -> None:
        """Something was received, sent or has ended: what waited for that goes on."""
        self._rx.pump()
        if self._rx.busy:
            self._ticker.look()
        at_work = self.software.readable or self._replies.at_daemon
        self._holding.update(self.software.present and at_work)

    async def _let_interrupts(self, through: bool) -> None:
        if self._enable_irq is not None:
            await self._enable_irq(through)

    def _may_send(self, opcode: int, driver: bool = True) -> None:
        if driver and self.options.test_mode:
            raise fail(errno.EACCES, f"{self.name}: the mailbox is in test mode")
        if self._disabled(opcode):
            raise fail(errno.EFAULT, f"{self.name}: {opcode_name(opcode)} is disabled")

    def _disabled(self, opcode: int) -> bool:
        return bool(self.channel_disable >> opcode & 1)

    def _new_id(self) -> int:
        self._next_id += 0x40
        return self._next_id

    def _spawn(self, coro: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(self.clock.spawn(coro, f"{self.name}.{name}"))

    def _say(self, text: str) -> None:
        self._on_event(self.name, text)
