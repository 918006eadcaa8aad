# SPDX-License-Identifier: Apache-2.0
"""The way of an image breaks in the middle: the caller gets ETIMEDOUT in time, and the next load works.

One megabyte from driver to driver through both daemons as processes, over a TCP connection that can be cut,
reset, slowed down and held up.
"""

from __future__ import annotations

import errno
import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager, suppress

import pytest

from pydriver.xclbin import SectionKind
from pydriver.xrt import Device
from tests.unit.daemon_rig import Daemon
from tests.unit.rig import DEMO, SECOND, changed, with_section
from tests.unit.test_daemons_card import WALL_S, Card, running

BIG = with_section(SectionKind.DEBUG_DATA, bytes(range(256)) * 4096)
NEXT = changed(DEMO, uuid=bytes(range(16)))
MIDDLE = 1 << 18
# The answer to a download may take 50 s, and ticks are 100 ms.
TTL_S = 50.2
# Time is held at the wall clock's pace before that.
TRANSFER_S = 4


class Wire:
    """Stands between MPD and MSD: `port` is where MPD shall connect.

    After `at` more bytes towards MSD, `fault` happens once: "cut", "reset" or "hold". `pause_s` for every
    16 KiB.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.at: int | None = None
        self.fault = "cut"
        self.pause_s = 0.0
        self.broken = threading.Event()
        self.released = threading.Event()
        self.sockets: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def fail_after(self, size: int, fault: str) -> None:
        self.fault, self.at = fault, size

    def close(self) -> None:
        self.released.set()
        for sock in (self.listener, *self.sockets):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def release(self) -> None:
        """What was held up ends, as when a machine comes back that knows nothing of its connections."""
        self.released.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.target))
                except ConnectionRefusedError:
                    near.close()
                    continue
                self.sockets += [near, far]
                for ends in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, to_msd: bool) -> None:
        with suppress(OSError):
            while data := source.recv(16 << 10):
                if to_msd and self.at is not None:
                    if len(data) >= self.at:
                        sink.sendall(data[: self.at])
                        self._break(source, sink)
                        break
                    self.at -= len(data)
                sink.sendall(data)
                if to_msd:
                    time.sleep(self.pause_s)
        for sock in (source, sink):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _break(self, *ends: socket.socket) -> None:
        self.at = None
        self.broken.set()
        if self.fault == "hold":
            self.released.wait()
        if self.fault == "reset":
            for sock in ends:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()


class WiredCard(Card):
    """Both daemons connected over a `Wire`."""

    wire: Wire
    daemons_by_name: dict[str, Daemon]

    async def wired(self) -> Device:
        await self.start()
        msd = self.msd()
        await self.heard(msd, "listens on")
        published = self.mgmt_driver.comm_id
        port = re.search(r"port=(\d+)", published)
        assert port
        self.wire = Wire(int(port[1]))
        place = f"port={self.wire.port}"
        await self.mgmt_driver.set_comm_id(published.replace(port[0], place))
        connection = self.user_driver.peer.connection
        assert await self.platform.outside.until(lambda: place in connection.comm_id, WALL_S)
        mpd = self.mpd()
        await self.heard(mpd, "mailbox is open")
        self.daemons_by_name = {"msd": msd, "mpd": mpd}
        return Device.attach(self.user_driver)

    async def breaks(self, device: Device, then: Callable[[], None] = lambda: None) -> None:
        """Load the big image; `then` is done when the wire has broken. ETIMEDOUT comes in time."""
        begin = self.clock.now_ns()
        load = self.clock.spawn(result_of(device.load_xclbin(BIG)))
        assert await self.platform.outside.until(self.wire.broken.is_set, WALL_S)
        assert not load.done()
        then()
        await self.times_out(load.join(), begin)
        assert self.images == [], "part of an image was loaded"

    async def times_out(self, work: Awaitable[int], begin: int) -> None:
        """`work` gives ETIMEDOUT within its time; the waiting is quick."""
        outside = self.platform.outside
        outside.pace = 200.0
        assert await work == errno.ETIMEDOUT
        outside.pace = 1.0
        assert self.clock.now_ns() - begin < (TTL_S + TRANSFER_S) * SECOND

    async def next_works(self, device: Device) -> None:
        await device.load_xclbin(NEXT)
        assert self.images[-1] == NEXT


async def result_of(work: Awaitable[object]) -> int:
    """0, or the errno that ended it."""
    try:
        await work
    except OSError as error:
        return error.errno or -1
    return 0


@contextmanager
def wired(directory):
    with running(directory, WiredCard) as card:
        try:
            yield card
        finally:
            if hasattr(card, "wire"):
                card.wire.close()


@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_a_connection_that_breaks_in_a_transfer(tmp_path, fault):
    async def body():
        device = await card.wired()
        card.wire.fail_after(MIDDLE, fault)
        await card.breaks(device)
        mpd = card.daemons_by_name["mpd"]
        await card.heard(mpd, "connected to MSD", 2)
        await card.heard(mpd, "mailbox is open", 2)
        await card.next_works(device)

    with wired(tmp_path) as card:
        card.run(body())


@pytest.mark.parametrize("victim", ["msd", "mpd"])
def test_a_daemon_killed_in_the_middle_of_a_megabyte(tmp_path, victim):
    async def body():
        device = await card.wired()
        card.wire.fail_after(MIDDLE, "hold")

        def murder() -> None:
            card.daemons_by_name[victim].kill()
            card.wire.release()

        await card.breaks(device, murder)
        if victim == "msd":
            card.msd()
            mpd = card.daemons_by_name["mpd"]
            await card.heard(mpd, "connected to MSD", 2)
            await card.heard(mpd, "mailbox is open", 2)
        else:
            await card.heard(card.mpd(), "mailbox is open")
        await card.next_works(device)

    with wired(tmp_path) as card:
        card.run(body())


def test_a_half_open_connection(tmp_path):
    """The other machine is gone and nobody says so: requests end in time until somebody does."""

    async def body():
        device = await card.wired()
        card.wire.fail_after(MIDDLE, "hold")
        await card.breaks(device)
        begin = card.clock.now_ns()
        await card.times_out(result_of(device.load_xclbin(NEXT)), begin)
        assert card.user_driver.mailbox.software.present, "the node is read although nothing gets through"
        card.wire.release()
        mpd = card.daemons_by_name["mpd"]
        await card.heard(mpd, "connected to MSD", 2)
        await card.heard(mpd, "mailbox is open", 2)
        await card.next_works(device)

    with wired(tmp_path) as card:
        card.run(body())


def test_a_slow_connection_is_no_fault(tmp_path):
    """A megabyte at 2 MB/s arrives as it is."""

    async def body():
        device = await card.wired()
        card.wire.pause_s = 0.008
        begin = card.clock.now_ns()
        await device.load_xclbin(BIG)
        assert card.images == [BIG]
        assert card.clock.now_ns() - begin > SECOND // 4, "the wire was not slow"
        card.wire.pause_s = 0
        await card.next_works(device)

    with wired(tmp_path) as card:
        card.run(body())


def test_a_daemon_that_stops_and_goes_on(tmp_path):
    """SIGSTOP in the middle: what it does when it goes on is too late for the caller and harms nobody."""

    async def body():
        device = await card.wired()
        msd = card.daemons_by_name["msd"]
        msd.process.send_signal(signal.SIGSTOP)
        begin = card.clock.now_ns()
        await card.times_out(result_of(device.load_xclbin(BIG)), begin)
        assert card.images == []
        msd.process.send_signal(signal.SIGCONT)
        assert await card.platform.outside.until(lambda: card.said("user.mailbox", "nobody waits"), WALL_S)
        assert card.images == [BIG], "the management function was told to load it, so it did"
        await card.next_works(device)

    with wired(tmp_path) as card:
        card.run(body())
