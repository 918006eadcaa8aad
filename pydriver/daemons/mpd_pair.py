# SPDX-License-Identifier: Apache-2.0
"""MPD for one user function: receivers, a handler and a queue between them, from opening to the first error.

The receivers only read, so that a long download or a slow network never keeps a message in the driver's slot
until its time is over (software mailbox contract §5).
"""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pydriver.daemons import config
from pydriver.daemons.config import CommId
from pydriver.daemons.events import EventLog
from pydriver.daemons.frameio import (
    NODE_GONE,
    STALL_S,
    FrameLink,
    Identity,
    MailboxNode,
    RawFrame,
    check_identity,
    node_identity,
)
from pydriver.daemons.handshake import HANDSHAKE_S, WARNING, introduce, is_loopback
from pydriver.daemons.plugins import MpdPlugin, answer
from pydriver.daemons.queues import FrameQueue, Item, Origin
from pydriver.devices import DeviceFile, FunctionInfo
from pydriver.errors import fail
from pydriver.mailbox.frames import Frame

SELECT_S = 3.0
CONFIG_TRIES = 19
CONFIG_RETRY_S = 1.0
HERE = -1
"""`get_remote_msd_fd` says so when the plugin answers everything itself."""

JOIN_S = 5.0
# A thread that is blocked in the driver gets up within this time after it was interrupted.
_NUDGE_S = 0.1


@dataclass(frozen=True)
class MpdOptions:
    """`tries` looks for MSD's configuration, `retry_s` apart."""

    tries: int = CONFIG_TRIES
    retry_s: float = CONFIG_RETRY_S
    handshake_s: float = HANDSHAKE_S
    stall_s: float = STALL_S
    select_s: float = SELECT_S


class Pair:
    """The threads of one function. Any error ends all of them; `error` says which one it was."""

    def __init__(
        self,
        info: FunctionInfo,
        index: int,
        options: MpdOptions,
        *,
        log: EventLog,
        plugin: MpdPlugin | None,
        ended: Callable[[], None],
    ) -> None:
        """`index`: number of the function for plugins. `ended` is called when the pair is over."""
        self.info = info
        self.error: OSError | None = None
        self.served = False
        """It came as far as passing frames."""

        self._index = index
        self._options = options
        self._log = log
        self._plugin = plugin
        self._ended = ended
        self._node: MailboxNode | None = None
        self._link: FrameLink | None = None
        self._queue = FrameQueue()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._wake_in, self._wake_out = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name=f"mpd of {info.bdf}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """From another thread: end soon."""
        self._end(None)

    def join(self, limit_s: float) -> bool:
        """Wait for the end; False when something is still busy."""
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._serve()
        except OSError as error:
            self._end(error)
        finally:
            self._end(None)
            if self._link is not None:
                self._link.close()
            if self._node is not None:
                self._node.close()
            os.close(self._wake_in)
            with self._lock:
                fd, self._wake_out = self._wake_out, -1
            os.close(fd)
            self._ended()

    def _serve(self) -> None:
        remote = self._remote()
        if remote is None:
            self._connect()
        elif remote != HERE:
            self._link = FrameLink(socket.socket(fileno=remote), self._options.stall_s)
        identity = node_identity(self.info.mailbox)
        self._node = MailboxNode(DeviceFile.open(self.info.mailbox))
        self._say("mailbox is open", event="open")
        self._notify(True)
        threads = [threading.Thread(target=self._guarded, args=(self._handle,), daemon=True)]
        if self._link is not None:
            threads.append(threading.Thread(target=self._guarded, args=(self._receive_remote,), daemon=True))
        for thread in threads:
            thread.start()
        self.served = True
        try:
            self._receive_mailbox(identity)
        except OSError as error:
            self._end(error)
        finally:
            self._end(None)
            self._gather(threads)
            self._notify(False)

    def _gather(self, threads: list[threading.Thread]) -> None:
        """Wait for the other threads, getting them out of the driver; a plugin may keep one busy."""
        assert self._node is not None
        deadline = time.monotonic() + JOIN_S
        for thread in threads:
            thread.join(_NUDGE_S)
            while thread.is_alive() and time.monotonic() < deadline:
                try:
                    self._node.device.interrupt()
                except OSError:
                    # A device that is gone keeps nobody.
                    self._node.close()
                thread.join(_NUDGE_S)

    # Connecting

    def _remote(self) -> int | None:
        """What the plugin says of the way to MSD. Raises its error, EIO when it broke."""
        if self._plugin is None:
            return None
        try:
            return self._plugin.get_remote_msd_fd(self._index)
        except OSError:
            raise
        except Exception as error:
            raise fail(errno.EIO, f"the plugin broke: {type(error).__name__}") from error

    def _connect(self) -> None:
        """Raises ENODATA when MSD publishes nothing, EHOSTUNREACH, ECONNREFUSED, EACCES, ETIMEDOUT."""
        comm_id = self._configuration()
        try:
            address = socket.gethostbyname(comm_id.host)
        except (OSError, UnicodeError) as error:
            raise fail(errno.EHOSTUNREACH, f"no IPv4 address for MSD's host {comm_id.host}") from error
        self._say(f"MSD is at {address}:{comm_id.port}", event="config", address=address, port=comm_id.port)
        if not is_loopback(address):
            self._say(f"WARNING: {address} is not this machine; {WARNING}", event="warning")
        sock = introduce(address, comm_id.port, comm_id.ident, self._options.handshake_s)
        self._link = FrameLink(sock, self._options.stall_s)
        self._say(f"connected to MSD at {address}:{comm_id.port}", event="handshake")
        if self._over.is_set():
            self._link.cut()

    def _configuration(self) -> CommId:
        for left in range(self._options.tries, 0, -1):
            if config.read_switch(self.info.sysfs) != 0:
                comm_id = config.read_comm_id(self.info.sysfs)
                if comm_id.valid:
                    return comm_id
            if left > 1 and self._over.wait(self._options.retry_s):
                raise fail(errno.ECANCELED, "was stopped")
        raise fail(errno.ENODATA, f"MSD has published nothing in {self._options.tries} tries")

    # Threads

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            self._end(error)
        finally:
            self._end(None)

    def _receive_mailbox(self, identity: Identity | None) -> None:
        assert self._node is not None
        poll = select.poll()
        poll.register(self._node, select.POLLIN)
        poll.register(self._wake_in, select.POLLIN)
        fd = self._node.fileno()
        while not self._over.is_set():
            ready = dict(poll.poll(int(self._options.select_s * 1000)))
            if self._over.is_set():
                return
            events = ready.get(fd, 0)
            if events & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                raise fail(errno.ENODEV, NODE_GONE)
            check_identity(self.info.mailbox, identity)
            frame = self._node.receive() if events & select.POLLIN else None
            if frame is not None:
                self._note("mailbox to MPD", frame)
                self._queue.put(Item(Origin.MAILBOX, frame))

    def _receive_remote(self) -> None:
        link = self._link
        assert link is not None
        poll = select.poll()
        poll.register(link, select.POLLIN)
        while not self._over.is_set():
            # Between frames MSD may be silent for ever; the limit of `receive` is for the middle of one.
            if not poll.poll(int(self._options.select_s * 1000)):
                continue
            frame = link.receive()
            if frame is None:
                raise fail(errno.ECONNRESET, "MSD closed the connection")
            self._note("MSD to MPD", frame)
            self._queue.put(Item(Origin.REMOTE, frame))

    def _handle(self) -> None:
        while (item := self._queue.get()) is not None:
            if item.origin is Origin.REMOTE:
                self._to_mailbox(item.frame)
            elif self._link is not None:
                self._link.send(item.frame)
            else:
                self._answer(item.frame)

    def _answer(self, frame: RawFrame) -> None:
        assert self._plugin is not None
        if frame.is_response:
            self._say("the plugin has no use for a response", event="dropped")
            return
        response = answer(self._plugin, self._index, Frame.unpack(frame.raw), self._log.say)
        reply = RawFrame(response.pack())
        self._note("plugin to mailbox", reply)
        if not self._over.is_set():
            self._to_mailbox(reply)

    def _to_mailbox(self, frame: RawFrame) -> None:
        assert self._node is not None
        self._node.send(frame)

    def _end(self, error: OSError | None) -> None:
        """Begin the end, the first time with its reason."""
        with self._lock:
            if self._over.is_set():
                return
            self.error = error
            self._over.set()
            if self._wake_out >= 0:
                os.write(self._wake_out, b"x")
        self._queue.close()
        if self._link is not None:
            self._link.cut()

    # Talking

    def _notify(self, online: bool) -> None:
        if self._plugin is None:
            return
        assert self._node is not None
        try:
            code = self._plugin.mb_notify(self._index, self._node.device, online)
        except OSError as error:
            code = -(error.errno or errno.EIO)
        except Exception as error:
            self._say(f"the plugin broke: {type(error).__name__}", event="plugin")
            code = -errno.EIO
        if code != 0:
            word = "online" if online else "offline"
            self._say(f"the plugin could not mark the management side {word}: {code}", event="plugin")

    def _note(self, direction: str, frame: RawFrame) -> None:
        self._log.detail(
            f"{self.info.bdf}: {direction}: {frame.name}, {frame.size} bytes, id {frame.id:#x}",
            event="frame",
            function=self.info.bdf,
            direction=direction,
            kind="response" if frame.is_response else "request",
            opcode=frame.name,
            size=frame.size,
            result=frame.result,
        )

    def _say(self, text: str, **facts: str | int | None) -> None:
        self._log.say(f"{self.info.bdf}: {text}", function=self.info.bdf, **facts)
