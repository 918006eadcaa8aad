# SPDX-License-Identifier: Apache-2.0
"""The introduction of MPD to MSD: a 32-bit id in network order, answered by a 32-bit zero (contract §5.1).

That id is all there is: no encryption and no other authentication, so both daemons warn about a peer that is
not on this machine.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import queue
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pydriver.daemons.events import EventLog
from pydriver.errors import fail

ID = struct.Struct("!I")
WELCOME = struct.Struct("=i")
BACKLOG = 50
MAX_PORT = 0xFFFF
HANDSHAKE_S = 5.0
"""Time a caller has for its four bytes."""
MAX_CALLERS = 64
"""Connections whose introduction may be outstanding at once; the oldest goes when another one comes."""

LOOPBACK = "127.0.0.1"
WARNING = (
    "the protocol has neither encryption (TLS) nor authentication beyond a 32-bit id: "
    "everybody on the network path can read and change what is loaded"
)


def is_loopback(address: str) -> bool:
    """An IPv4 address of this machine's loopback network. False for a name."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def introduce(address: str, port: int, ident: int, limit_s: float = HANDSHAKE_S) -> socket.socket:
    """Connect to MSD and introduce ourselves; the socket is blocking.

    Raises ECONNREFUSED and the like, EACCES when MSD closes or answers anything but zero, ETIMEDOUT.
    """
    sock = socket.create_connection((address, port), timeout=limit_s)
    try:
        sock.sendall(ID.pack(ident))
        answer = b""
        deadline = time.monotonic() + limit_s
        while len(answer) < WELCOME.size:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            part = sock.recv(WELCOME.size - len(answer))
            if not part:
                raise ConnectionResetError
            answer += part
        (code,) = WELCOME.unpack(answer)
        if code != 0:
            raise fail(errno.EACCES, f"MSD at {address}:{port} answered {code} to our id")
        sock.settimeout(None)
    except (ConnectionResetError, BrokenPipeError) as error:
        sock.close()
        raise fail(errno.EACCES, f"MSD at {address}:{port} does not know our id") from error
    except TimeoutError as error:
        sock.close()
        raise fail(errno.ETIMEDOUT, f"MSD at {address}:{port} did not answer within {limit_s:g} s") from error
    except BaseException:
        sock.close()
        raise
    return sock


@dataclass
class _Caller:
    sock: socket.socket
    peer: str
    deadline: float
    said: bytes = field(default=b"")


class Door:
    """The listening socket of one function, watched by a thread of its own.

    Callers introduce themselves side by side, so that one that says nothing delays nobody. Who knows the id
    is handed over through `take`; `fileno` becomes readable then. A new one calls `on_guest` first, because
    it is the only sign that an old connection is dead when the network lost it without a word.
    """

    def __init__(
        self,
        sock: socket.socket,
        ident: int,
        *,
        log: EventLog,
        name: str,
        on_guest: Callable[[], None],
        limit_s: float = HANDSHAKE_S,
    ) -> None:
        """`sock`: from `listen`; closed by `close`. `name`: the function, for log lines."""
        self._sock = sock
        self._ident = ident
        self._log = log
        self._name = name
        self._on_guest = on_guest
        self._limit_s = limit_s
        self._guests: queue.SimpleQueue[tuple[socket.socket, str]] = queue.SimpleQueue()
        self._signal_in, self._signal_out = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._end_in, self._end_out = os.pipe2(os.O_CLOEXEC)
        self._callers: list[_Caller] = []
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._serve, name=f"door of {name}", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Readable while `take` has somebody."""
        return self._signal_in

    def take(self) -> tuple[socket.socket, str] | None:
        """The latest guest and its address; older ones are sent away. None: nobody."""
        try:
            os.read(self._signal_in, 4096)
        except BlockingIOError:
            return None
        latest = None
        while not self._guests.empty():
            if latest is not None:
                latest[0].close()
                text = f"connection of {latest[1]} ends: another connection takes its place"
                self._log.say(f"{self._name}: {text}", event="disconnect", peer=latest[1])
            latest = self._guests.get()
        return latest

    def close(self) -> None:
        """Stop listening; guests not taken are sent away."""
        os.write(self._end_out, b"x")
        self._thread.join()
        self._sock.close()
        self._selector.close()
        while not self._guests.empty():
            self._guests.get()[0].close()
        for fd in (self._signal_in, self._signal_out, self._end_in, self._end_out):
            os.close(fd)

    def _serve(self) -> None:
        self._selector.register(self._sock, selectors.EVENT_READ)
        self._selector.register(self._end_in, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            waits = [caller.deadline - now for caller in self._callers]
            ready = self._selector.select(max(0.0, min(waits)) if waits else None)
            for key, _ in ready:
                if key.fileobj is self._sock:
                    self._accept()
                elif key.fileobj == self._end_in:
                    for caller in list(self._callers):
                        self._forget(caller)
                        caller.sock.close()
                    return
                else:
                    self._listen_to(key.data)
            for caller in [caller for caller in self._callers if caller.deadline <= time.monotonic()]:
                self._refuse(caller, f"said {len(caller.said)} of 4 bytes within {self._limit_s:g} s")

    def _accept(self) -> None:
        try:
            sock, (address, port) = self._sock.accept()
        except OSError as error:
            # The caller hung up meanwhile, or there are no descriptors left: both pass.
            self._log.say(f"{self._name}: cannot accept a connection: {error}", event="refused")
            time.sleep(0.05)
            return
        sock.setblocking(False)
        if len(self._callers) >= MAX_CALLERS:
            self._refuse(self._callers[0], "kept its place too long")
        caller = _Caller(sock, f"{address}:{port}", time.monotonic() + self._limit_s)
        self._callers.append(caller)
        self._selector.register(sock, selectors.EVENT_READ, caller)
        if not is_loopback(address):
            self._log.say(f"{self._name}: WARNING: {address} is not this machine; {WARNING}", event="warning")

    def _listen_to(self, caller: _Caller) -> None:
        if caller not in self._callers:
            return
        try:
            part = caller.sock.recv(ID.size - len(caller.said))
        except BlockingIOError:
            return
        except OSError as error:
            self._refuse(caller, f"broke off: {error}")
            return
        if not part:
            self._refuse(caller, f"closed after {len(caller.said)} of 4 bytes")
            return
        caller.said += part
        if len(caller.said) < ID.size:
            return
        (said,) = ID.unpack(caller.said)
        if said != self._ident:
            self._refuse(caller, f"said a wrong id {said:#x}")
            return
        self._forget(caller)
        try:
            caller.sock.setblocking(True)
            # Four bytes always fit into the buffer of a new connection.
            caller.sock.sendall(WELCOME.pack(0))
        except OSError as error:
            self._log.say(
                f"{self._name}: {caller.peer} broke off: {error}", event="refused", peer=caller.peer
            )
            caller.sock.close()
            return
        self._log.say(f"{self._name}: MPD at {caller.peer} is connected", event="handshake", peer=caller.peer)
        # In this order: the other way round a quick taker would see its new connection cut.
        self._on_guest()
        self._guests.put((caller.sock, caller.peer))
        os.write(self._signal_out, b"g")

    def _forget(self, caller: _Caller) -> None:
        self._callers.remove(caller)
        self._selector.unregister(caller.sock)

    def _refuse(self, caller: _Caller, why: str) -> None:
        self._forget(caller)
        caller.sock.close()
        self._log.say(f"{self._name}: {caller.peer} is refused: it {why}", event="refused", peer=caller.peer)


def listen(address: str, port: int) -> socket.socket:
    """An IPv4 listener; port 0 leaves the choice to the kernel.

    Raises EADDRINUSE, EADDRNOTAVAIL (also for a port that TCP does not have), EACCES.
    """
    if not 0 <= port <= MAX_PORT:
        raise fail(errno.EADDRNOTAVAIL, f"there is no TCP port {port}")
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # A daemon that was killed must get its port back at once.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock
