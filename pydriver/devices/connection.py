# SPDX-License-Identifier: Apache-2.0
"""One connection of a device socket: one open file, its requests and its replies.

Nothing here blocks, and nothing a client does ends anything but its own connection: what is not a request of
the protocol, or comes while another call is outstanding, closes it. A call runs in a task of the platform;
when the client goes away a blocked read or write is cancelled, every other call runs to its end.
"""

from __future__ import annotations

import errno
import os
import socket
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext

from pydriver.devices import protocol
from pydriver.devices.nodes import Answer, Node, OpenFile
from pydriver.devices.protocol import Op
from pydriver.devices.readiness import Readiness
from pydriver.errors import result_code
from pydriver.platform import Clock, Task
from pydriver.platform.outside import READ, WRITE, Outside

CHUNK = 1 << 20
# What one look at a descriptor may move, so that one client's 64 MiB do not keep the others waiting.
CHUNKS_PER_LOOK = 4
# Wall time for which simulated time is held for a client that stopped in the middle of a request or reply.
PATIENCE_S = 1.0


class Refused(Exception):
    """The client does not speak the protocol; the sentence says how."""


class Connection:
    """Serves `sock` from `outside` until either side closes it."""

    def __init__(
        self, clock: Clock, outside: Outside, sock: socket.socket, node: Node, ended: Callable[[str], None]
    ) -> None:
        """`ended` is called once, with the reason or ""."""
        self._clock = clock
        self._outside = outside
        self._socket = sock
        self._node = node
        self._ended = ended
        self._incoming = bytearray()
        self._outgoing: deque[memoryview] = deque()
        self._file: OpenFile | None = None
        self._readiness: Readiness | None = None
        self._send_readiness = False
        self._call: Task | None = None
        self._closed = False
        self._patient = False
        sock.setblocking(False)
        outside.watch(sock.fileno(), READ, self._ready)

    def close(self, reason: str = "") -> None:
        """End the connection: a blocked read or write ends with it, another call runs on without a reply."""
        if self._closed:
            return
        self._closed = True
        self._outside.unwatch(self._socket.fileno())
        self._socket.close()
        self._outgoing.clear()
        if self._call is not None and self._file is not None and self._file.interruptible:
            self._call.cancel()
            self._call = None
        if self._call is None:
            self._release()
        if self._readiness is not None:
            self._readiness.close()
        self._ended(reason)

    def _release(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    # --- the socket ----------------------------------------------------------------------------------

    def _ready(self, events: int) -> None:
        try:
            if events & WRITE:
                self._flush()
            if events & READ and not self._closed:
                at_end = self._fill()
                self._parse()
                if at_end:
                    self.close()
        except (ConnectionResetError, BrokenPipeError):
            self.close()
        except Refused as refused:
            self.close(str(refused))

    def _fill(self) -> bool:
        """True at the end of the client's data."""
        for _ in range(CHUNKS_PER_LOOK):
            try:
                data = self._socket.recv(CHUNK)
            except BlockingIOError:
                return False
            if not data:
                return True
            self._incoming += data
        return False

    def _flush(self) -> None:
        budget = CHUNKS_PER_LOOK * CHUNK
        while self._outgoing and budget > 0:
            part = self._outgoing[0]
            try:
                if self._send_readiness and self._readiness is not None:
                    sent = socket.send_fds(self._socket, [part], [self._readiness.client_end])
                    self._send_readiness = False
                else:
                    sent = self._socket.send(part[:CHUNK])
            except BlockingIOError:
                break
            budget -= sent
            if sent == len(part):
                self._outgoing.popleft()
            else:
                self._outgoing[0] = part[sent:]
        self._outside.watch(self._socket.fileno(), READ | WRITE if self._outgoing else READ, self._ready)
        self._be_patient()

    def _parse(self) -> None:
        header = protocol.REQUEST.size
        while not self._closed and len(self._incoming) >= header:
            op, length = protocol.REQUEST.unpack_from(self._incoming)
            if op == Op.INTERRUPT and length == 0:
                del self._incoming[:header]
                self._interrupt()
                continue
            self._check(op, length)
            if len(self._incoming) < header + length:
                break
            with memoryview(self._incoming) as view:
                payload = bytes(view[header : header + length])
            del self._incoming[: header + length]
            self._start(Op(op), payload)
        self._be_patient()

    def _check(self, op: int, length: int) -> None:
        if self._call is not None:
            raise Refused("a request while another one is outstanding")
        if op not in (Op.OPEN, Op.READ, Op.WRITE, Op.IOCTL):
            raise Refused(f"operation {op}")
        if (op == Op.OPEN) != (self._file is None):
            raise Refused("a call before open" if self._file is None else "a second open")
        least, most = {
            Op.OPEN: (protocol.OPEN_FLAGS.size, protocol.OPEN_FLAGS.size + 4096),
            Op.READ: (protocol.READ_SIZE.size, protocol.READ_SIZE.size),
            Op.WRITE: (0, protocol.MAX_LENGTH),
            Op.IOCTL: (protocol.IOCTL_COMMAND.size, protocol.MAX_LENGTH),
        }[Op(op)]
        if not least <= length <= most:
            raise Refused(f"{Op(op).name} of {length} bytes")

    def _in_transit(self) -> bool:
        half_a_request = bool(self._incoming) and self._call is None
        return not self._closed and (half_a_request or bool(self._outgoing))

    def _be_patient(self) -> None:
        """Hold time for the rest of a request or reply."""
        if not self._patient and self._in_transit():
            self._patient = True
            self._clock.spawn(self._hold_for_the_rest(), "device transfer")

    async def _hold_for_the_rest(self) -> None:
        # Whatever arrives after that begins another wait.
        try:
            await self._outside.until(lambda: not self._in_transit(), PATIENCE_S)
        finally:
            self._patient = False

    # --- the calls -----------------------------------------------------------------------------------

    def _start(self, op: Op, payload: bytes) -> None:
        self._call = self._clock.spawn(self._run(op, payload), f"device {op.name.lower()}")

    async def _run(self, op: Op, payload: bytes) -> None:
        blocks = self._file is not None and self._file.interruptible
        try:
            # The client waits for work of the simulation, unless it waits for a message.
            with nullcontext() if blocks else self._outside.work():
                result, data = await self._perform(op, payload)
        except OSError as error:
            result, data = result_code(error), b""
        except Exception:
            # A fault of a driver: the run ends with it, but no client waits for ever.
            self._finish(-errno.EIO)
            raise
        self._finish(result, data)

    async def _perform(self, op: Op, payload: bytes) -> Answer:
        if op == Op.OPEN:
            return await self._open(payload)
        assert self._file is not None
        if op == Op.READ:
            return await self._file.read(*protocol.READ_SIZE.unpack(payload))
        if op == Op.WRITE:
            return await self._file.write(payload)
        (command,) = protocol.IOCTL_COMMAND.unpack_from(payload)
        return await self._file.ioctl(command, payload[protocol.IOCTL_COMMAND.size :])

    async def _open(self, payload: bytes) -> Answer:
        (flags,) = protocol.OPEN_FLAGS.unpack_from(payload)
        name = os.fsdecode(payload[protocol.OPEN_FLAGS.size :])
        self._file = await self._node.open(name, flags)
        if not self._closed:
            readiness = Readiness()
            if self._file.follow(readiness.set):
                self._readiness, self._send_readiness = readiness, True
            else:
                readiness.close()
        return 0, b""

    def _interrupt(self) -> None:
        if self._call is not None and self._file is not None and self._file.interruptible:
            self._call.cancel()
            self._finish(-protocol.ERESTARTSYS)

    def _finish(self, result: int, data: bytes = b"") -> None:
        self._call = None
        if self._closed:
            self._release()
            return
        if len(data) > protocol.MAX_LENGTH:
            result, data = -errno.EMSGSIZE, b""
        self._outgoing.append(memoryview(protocol.REPLY.pack(result, len(data))))
        if data:
            self._outgoing.append(memoryview(data))
        try:
            self._flush()
        except (ConnectionResetError, BrokenPipeError):
            self.close()
