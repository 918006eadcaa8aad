# SPDX-License-Identifier: Apache-2.0
"""One card in a host, its user function in a guest, MSD and MPD between them: what each pairing must do.

The same steps on the model card in virtual time and on the RTL.
"""

from __future__ import annotations

import contextlib
import errno
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pydriver.devices.server import DeviceServer
from pydriver.mailbox import Opcode
from pydriver.platform import Platform
from pydriver.regs import hwicap, mgmt_bar
from pydriver.xclbin import SectionKind, parse, parse_bit
from pydriver.xclmgmt import Xclmgmt
from pydriver.xocl import Xocl
from pydriver.xrt import Device
from tests.interop.daemons import STOP_S, Daemon, Daemons, Maker
from tests.unit.rig import raises

START_S = 25.0
SWITCH = 1 << Opcode.TEST_READY | 1 << Opcode.TEST_READ | 1 << Opcode.LOAD_XCLBIN


def names_nobody(comm_id: str) -> bool:
    """No MSD can be found by this: it is empty, or has an empty host and port 0 (AMD's, with a new id)."""
    pairs = [line.partition("=") for line in comm_id.splitlines()]
    found = {key.strip(): value.strip() for key, _, value in pairs}
    return not found.get("host") and found.get("port", "0") == "0"


class Watch:
    """Records what the management driver is given to program and what it writes to the configuration port."""

    def __init__(self, mgmt: Xclmgmt) -> None:
        self.images: list[bytes] = []
        self.words: list[list[int]] = []
        download, bar = mgmt.download, mgmt.bar
        write32s = bar.write32s
        port = mgmt_bar.HWICAP.base + hwicap.WF.offset

        async def watched_download(image: bytes) -> None:
            self.images.append(bytes(image))
            self.words.append([])
            await download(image)

        async def watched_write32s(writes: list[tuple[int, int]]) -> None:
            if self.words:
                self.words[-1] += [word for offset, word in writes if offset == port]
            await write32s(writes)

        mgmt.download = watched_download  # type: ignore[method-assign]
        bar.write32s = watched_write32s  # type: ignore[method-assign]

    def arrived(self, image: bytes) -> None:
        """The last download was of `image`, and so was what the configuration port got."""
        assert self.images[-1] == image
        section = parse(image).section(SectionKind.BITSTREAM)
        assert section is not None
        data = parse_bit(section).data
        assert struct.pack(f">{len(self.words[-1])}I", *self.words[-1]) == data[: len(data) & ~3]


class Flow:
    """Both machines, both drivers and whatever daemons run now."""

    def __init__(self, platform: Platform, mgmt: Xclmgmt, user: Xocl, daemons: Daemons) -> None:
        self.mgmt, self.user = mgmt, user
        self.watch = Watch(mgmt)
        self.device = Device.attach(user)
        self._outside = platform.outside
        self.daemons = daemons

    @classmethod
    @asynccontextmanager
    async def between(
        cls, platform: Platform, mgmt: Xclmgmt, user: Xocl, daemons: Daemons
    ) -> AsyncIterator[Flow]:
        """Publish the drivers in the machines of the daemons; leave nothing behind."""
        with contextlib.ExitStack() as stack:
            servers = {root: DeviceServer(platform, root) for root in (daemons.host, daemons.guest)}
            for server in servers.values():
                stack.callback(server.close)
            await servers[daemons.host].add_mgmt(mgmt)
            await servers[daemons.guest].add_user(user)
            stack.enter_context(daemons)
            yield cls(platform, mgmt, user, daemons)

    async def until(self, condition: Callable[[], bool], what: str, wall_s: float = START_S) -> None:
        """Let the daemons work until `condition` holds."""
        assert await self._outside.until(condition, wall_s), f"not within {wall_s} s: {what}"

    async def start_msd(self, maker: Maker) -> Daemon:
        """MSD has said where it listens, and the user function knows it."""
        before = self.user.peer.connection.comm_id
        msd = self.daemons.start("msd", maker)

        def announced() -> bool:
            assert not msd.ended, msd.log.read_text()
            connection = self.user.peer.connection
            known = self.user.mailbox.channel_switch == self.mgmt.mailbox.channel_switch == SWITCH
            return known and connection.comm_id != before and not names_nobody(connection.comm_id)

        await self.until(announced, "MSD's place at the user function")
        return msd

    async def start_mpd(self, maker: Maker) -> Daemon:
        """MPD has connected to MSD and opened its mailbox."""
        mpd = self.daemons.start("mpd", maker)
        await self.online(mpd)
        return mpd

    async def online(self, mpd: Daemon) -> None:
        """MPD has the mailbox open."""

        def opened() -> bool:
            assert not mpd.ended, mpd.log.read_text()
            return self.user.mailbox.software.present

        await self.until(opened, "MPD on the user function's mailbox")

    async def offline(self) -> None:
        """Nobody has the user function's mailbox open."""
        await self.until(lambda: not self.user.mailbox.software.present, "MPD's mailbox closed")

    async def load(self, image: bytes) -> None:
        """The image travels through both daemons, to the last bit."""
        before = len(self.watch.images)
        await self.device.load_xclbin(image, force=True)
        assert len(self.watch.images) == before + 1, "it came past the daemons"
        self.watch.arrived(image)

    async def refuse(self, image: bytes, code: int) -> None:
        """Programming fails on the host; the guest gets that errno."""
        before = len(self.watch.images)
        with raises(code):
            await self.device.load_xclbin(image, force=True)
        assert self.watch.images[before:] == [image]

    async def stop(self, *daemons: Daemon) -> None:
        """SIGTERM ends them with 0, and MSD takes back what it has announced."""
        for daemon in daemons:
            daemon.ask_to_stop()
        await self.until(lambda: all(daemon.ended for daemon in daemons), "end of the daemons", STOP_S)
        assert [daemon.process.returncode for daemon in daemons] == [0] * len(daemons)
        if any(daemon.role == "msd" for daemon in daemons):
            await self.until(lambda: self.user.mailbox.channel_switch == 0, "the switch taken back")
            for tree in (self.mgmt.attributes, self.user.attributes):
                assert int(await tree.read("config_mailbox_channel_switch"), 0) == 0
                assert names_nobody(await tree.read("config_mailbox_comm_id"))
        if any(daemon.role == "mpd" for daemon in daemons):
            await self.offline()


def download_error(msd: Maker) -> int:
    """What the guest gets for an image that the device did not accept.

    AMD's MSD sends on what ioctl(2) returned, so every failure is -1, which the guest takes for EPERM.
    """
    return errno.EPERM if msd == "amd" else errno.ETIMEDOUT


def corrupt(image: bytes) -> bytes:
    """The image with one bit of its configuration data inverted."""
    section = parse(image).section(SectionKind.BITSTREAM)
    assert section is not None
    data = parse_bit(section).data
    at = image.index(data) + len(data) * 3 // 4
    return image[:at] + bytes([image[at] ^ 0x10]) + image[at + 1 :]
