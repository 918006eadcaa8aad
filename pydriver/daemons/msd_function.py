# SPDX-License-Identifier: Apache-2.0
"""MSD for one management function: publish where it listens, let MPD in, pass frames, load xclbins itself.

Source: software mailbox contract §4 and §5.1.
"""

from __future__ import annotations

import errno
import os
import secrets
import select
import threading
from dataclasses import dataclass

from pydriver.daemons import config
from pydriver.daemons.config import CommId
from pydriver.daemons.events import EventLog
from pydriver.daemons.frameio import (
    NODE_GONE,
    REQUEST,
    RESPONSE,
    STALL_S,
    FrameLink,
    MailboxNode,
    RawFrame,
    check_identity,
    node_identity,
)
from pydriver.daemons.handshake import HANDSHAKE_S, LOOPBACK, WARNING, Door, is_loopback, listen
from pydriver.daemons.plugins import MsdPlugin
from pydriver.devices import DOWNLOAD_AXLF, DeviceFile, FunctionInfo
from pydriver.errors import fail, result_code
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import AXLF_SIZEOF, HEADER_BYTES, HEADER_SIZEOF, Opcode, pack_int

SELECT_S = 2.0
LENGTH_AT = 304
"""Offset of the u64 length of the whole image in its header."""

# What the driver says about a frame that it does not want; the node itself is all right.
_BAD_FRAME = (errno.EINVAL, errno.EBUSY, errno.EMSGSIZE)


@dataclass(frozen=True)
class MsdOptions:
    """`host`: the name that MPD is told. `port` 0: the kernel chooses."""

    host: str
    bind: str = LOOPBACK
    port: int = 0
    handshake_s: float = HANDSHAKE_S
    stall_s: float = STALL_S


class MsdFunction:
    """One function's thread. `run` ends with the mailbox node; connections come and go."""

    def __init__(
        self, info: FunctionInfo, options: MsdOptions, log: EventLog, plugin: MsdPlugin | None = None
    ) -> None:
        self.info = info
        self._options = options
        self._log = log
        self._plugin = plugin
        self._node: MailboxNode | None = None
        self._door: Door | None = None
        self._link: FrameLink | None = None
        self._peer = ""
        self._published = False
        self._lock = threading.Lock()
        self._stopping = False
        self._wake_in, self._wake_out = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self.run, name=f"msd of {info.bdf}", daemon=True)

    def start(self) -> None:
        """Run in a thread."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """From another thread: end soon. What is being loaded is loaded to the end."""
        self._stopping = True
        with self._lock:
            if self._wake_out >= 0:
                os.write(self._wake_out, b"x")
        self._cut_link()

    def join(self, limit_s: float) -> bool:
        """Wait for the thread; False when it still runs."""
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Serve until `stop`, or until the mailbox node fails."""
        try:
            identity = node_identity(self.info.mailbox)
            self._node = MailboxNode(DeviceFile.open(self.info.mailbox))
            self._open_door()
            while not self._stopping:
                self._turn()
                check_identity(self.info.mailbox, identity)
        except OSError as error:
            self._say(f"ends: {error.strerror or error}", event="ended", errno=error.errno)
        finally:
            self.withdraw()
            self._drop_link("")
            if self._door is not None:
                self._door.close()
            if self._node is not None:
                self._node.close()
            with self._lock:
                os.close(self._wake_in)
                os.close(self._wake_out)
                self._wake_out = -1

    def withdraw(self) -> None:
        """Take back what was published, once. Every thread may do it."""
        with self._lock:
            published, self._published = self._published, False
        if not published:
            return
        try:
            config.publish(self.info.sysfs, CommId(), 0)
        except OSError as error:
            self._say(f"cannot take back the configuration: {error.strerror or error}", event="config")
        else:
            self._say("configuration is taken back", event="config")

    def _open_door(self) -> None:
        options = self._options
        sock = listen(options.bind, options.port)
        address, port = sock.getsockname()
        if not is_loopback(address):
            self._say(f"WARNING: bound to {address}, other machines may connect; {WARNING}", event="warning")
        try:
            ident = self._publish(port)
        except OSError:
            sock.close()
            raise
        self._say(f"listens on {address}:{port}", event="listen", address=address, port=port)
        self._door = Door(
            sock,
            ident,
            log=self._log,
            name=self.info.bdf,
            on_guest=self._cut_link,
            limit_s=options.handshake_s,
        )

    def _publish(self, port: int) -> int:
        """The id of MPD: the stored one when everything else is as stored, else a new one."""
        sysfs = self.info.sysfs
        stored, switch = config.read_comm_id(sysfs), config.read_switch(sysfs)
        wanted = CommId(self._options.host, port, stored.ident)
        if not wanted.valid or (stored, switch) != (wanted, config.MSD_SWITCH):
            wanted = CommId(self._options.host, port, secrets.randbelow(config.MAX_ID) + 1)
            # Before the writes: half a publication has to be taken back too.
            self._published = True
            config.publish(sysfs, wanted, config.MSD_SWITCH)
            self._say(
                f"published host={wanted.host} port={port} switch={config.MSD_SWITCH:#x}", event="config"
            )
        self._published = True
        return wanted.ident

    def _turn(self) -> None:
        """Wait for something and serve it. Raises the mailbox node's errors."""
        assert self._node is not None
        assert self._door is not None
        poll = select.poll()
        # Without MPD a message stays in its slot; that the node goes away is noticed anyway.
        poll.register(self._node, select.POLLIN if self._link is not None else 0)
        poll.register(self._door, select.POLLIN)
        poll.register(self._wake_in, select.POLLIN)
        if self._link is not None:
            poll.register(self._link, select.POLLIN)
        ready = dict(poll.poll(int(SELECT_S * 1000)))
        node_events = ready.get(self._node.fileno(), 0)
        if node_events & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            raise fail(errno.ENODEV, NODE_GONE)
        link = self._link
        if link is not None and link.fileno() in ready:
            self._from_mpd(link)
        if self._link is not None and node_events & select.POLLIN:
            self._from_mailbox(self._link)
        if self._door.fileno() in ready:
            self._welcome()

    def _welcome(self) -> None:
        assert self._door is not None
        guest = self._door.take()
        if guest is None:
            return
        self._drop_link("another connection takes its place")
        with self._lock:
            self._link, self._peer = FrameLink(guest[0], self._options.stall_s), guest[1]

    def _from_mailbox(self, link: FrameLink) -> None:
        assert self._node is not None
        frame = self._node.receive(alone=True)
        if frame is None:
            return
        self._note("mailbox to MPD", frame)
        try:
            link.send(frame)
        except OSError as error:
            self._drop_link(error.strerror or str(error))

    def _from_mpd(self, link: FrameLink) -> None:
        try:
            frame = link.receive()
            if frame is None:
                self._drop_link("MPD closed the connection")
                return
            here = frame.opcode == Opcode.LOAD_XCLBIN
            self._note("MPD to MSD" if here else "MPD to mailbox", frame)
            if here:
                answer = self._load(frame)
                self._note("MSD to MPD", answer)
                link.send(answer)
                return
            if not frame.is_response and frame.opcode is None:
                raise fail(errno.EINVAL, f"a request of {frame.size} bytes is shorter than its header")
        except OSError as error:
            self._drop_link(error.strerror or str(error))
            return
        self._to_mailbox(frame)

    def _to_mailbox(self, frame: RawFrame) -> None:
        assert self._node is not None
        try:
            self._node.send(frame)
        except OSError as error:
            if error.errno not in _BAD_FRAME:
                raise
            self._drop_link(f"the mailbox refuses the frame: {error.strerror}")

    def _load(self, frame: RawFrame) -> RawFrame:
        """Load the image of a LOAD_XCLBIN; the response. Raises EINVAL for a lie about lengths."""
        payload = memoryview(frame.raw)[24 : 24 + frame.size]
        room = frame.size - HEADER_SIZEOF
        if room < AXLF_SIZEOF:
            raise fail(errno.EINVAL, f"the request has {room} bytes of xclbin, a header is {AXLF_SIZEOF}")
        at = HEADER_BYTES + LENGTH_AT
        length = int.from_bytes(payload[at : at + 8], "little")
        if length > room:
            raise fail(errno.EINVAL, f"the xclbin says {length} bytes, the request has {room}")
        self._say(f"loads an xclbin of {length} bytes", event="load", size=length)
        try:
            self._download(bytes(payload[HEADER_BYTES : HEADER_BYTES + length]))
            code = 0
        except OSError as error:
            code = result_code(error)
            self._say(f"the xclbin is not loaded: {error.strerror or error}", event="load", result=code)
        else:
            self._say("the xclbin is loaded", event="load", result=0)
        return RawFrame(Frame(RESPONSE, frame.id, pack_int(code)).pack())

    def _download(self, image: bytes) -> None:
        """Raises EINVAL for an image without a header, the plugin's error, the driver's error."""
        if self._plugin is not None:
            image = self._retrieve(self._plugin, image)
        if len(image) < AXLF_SIZEOF:
            raise fail(errno.EINVAL, f"an image of {len(image)} bytes is no xclbin")
        with DeviceFile.open(self.info.node) as node:
            node.ioctl(DOWNLOAD_AXLF, image)

    @staticmethod
    def _retrieve(plugin: MsdPlugin, image: bytes) -> bytes:
        try:
            return plugin.retrieve_xclbin(image)
        except OSError:
            raise
        except Exception as error:
            # Not its text: that might tell the user side what is kept from it.
            raise fail(errno.EIO, f"the plugin broke: {type(error).__name__}") from error

    def _cut_link(self) -> None:
        """From another thread: end the connection, whoever is blocked in it."""
        with self._lock:
            if self._link is not None:
                self._link.cut()

    def _drop_link(self, why: str) -> None:
        with self._lock:
            link, self._link = self._link, None
            peer, self._peer = self._peer, ""
        if link is not None:
            link.close()
            self._say(f"connection of {peer} ends{': ' if why else ''}{why}", event="disconnect", peer=peer)

    def _note(self, direction: str, frame: RawFrame) -> None:
        kind = "response" if frame.flags == RESPONSE else "request" if frame.flags == REQUEST else "frame"
        self._log.detail(
            f"{self.info.bdf}: {direction}: {frame.name}, {frame.size} bytes, id {frame.id:#x}",
            event="frame",
            function=self.info.bdf,
            direction=direction,
            kind=kind,
            opcode=frame.name,
            size=frame.size,
            result=frame.result,
        )

    def _say(self, text: str, **facts: str | int | None) -> None:
        self._log.say(f"{self.info.bdf}: {text}", function=self.info.bdf, **facts)
