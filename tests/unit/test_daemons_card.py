# SPDX-License-Identifier: Apache-2.0
"""Both daemons between both drivers: guest driver, MPD, TCP, MSD, ioctl, host driver (one card)."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pydriver.devices.server import DeviceServer
from pydriver.xclbin import parse
from pydriver.xocl import UserOptions
from pydriver.xrt import Device, Kernel
from tests.unit.daemon_rig import ROOT, Daemon
from tests.unit.rig import DEMO, MGMT, SECOND, Rig, changed, raises, run_vadd

GUEST = UserOptions(guest=True)
UUID = parse(DEMO).uuid
WALL_S = 8.0


class Card(Rig):
    """A card whose management function is the host's and whose user function is the guest's."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.host, self.guest = directory / "host", directory / "guest"
        (self.host / "etc").mkdir(parents=True)
        (self.host / "etc/msd.conf").write_text("host=127.0.0.1\n")
        self.servers = {
            root: DeviceServer(self.platform, root, self.on_event) for root in (self.host, self.guest)
        }
        self.daemons: list[Daemon] = []

    async def start(self, mgmt=MGMT, user=GUEST):
        """Both drivers, published. The images that reach the ioctl are in `images`."""
        self.mgmt_driver, self.user_driver = await self.both(mgmt, user)
        self.images: list[bytes] = []
        download = self.mgmt_driver.download

        async def keeping(image: bytes) -> None:
            self.images.append(image)
            await download(image)

        self.mgmt_driver.download = keeping
        await self.servers[self.host].add_mgmt(self.mgmt_driver)
        await self.servers[self.guest].add_user(self.user_driver)

    def daemon(self, name: str, root: Path, *arguments: str) -> Daemon:
        daemon = Daemon(f"pydriver.daemons.{name}", "--root", str(root), *arguments)
        self.daemons.append(daemon)
        return daemon

    def msd(self) -> Daemon:
        return self.daemon("msd", self.host)

    def mpd(self) -> Daemon:
        return self.daemon("mpd", self.guest, "--retry-s", "0.05", "--poll-s", "0.1")

    async def heard(self, daemon: Daemon, part: str, times: int = 1) -> None:
        """The daemon says so, with time held."""
        there = await self.platform.outside.until(lambda: daemon.count(part) >= times, WALL_S)
        assert there, f"{part!r} was not said:\n" + "\n".join(daemon.lines)

    async def connected(self) -> tuple[Daemon, Daemon]:
        msd, mpd = self.msd(), self.mpd()
        await self.heard(mpd, "mailbox is open")
        return msd, mpd

    async def stopped(self, daemon: Daemon) -> int:
        daemon.process.terminate()
        assert await self.platform.outside.until(lambda: daemon.process.poll() is not None, WALL_S)
        return daemon.wait()


@contextmanager
def running(directory: Path, kind: type[Card] = Card):
    card = kind(directory)
    try:
        yield card
    finally:
        for server in card.servers.values():
            server.close()
        for daemon in card.daemons:
            daemon.kill()
        card.platform.outside.close()
        assert not any(daemon.broke for daemon in card.daemons)


def test_an_image_reaches_the_card_byte_for_byte(tmp_path):
    async def body():
        await card.start()
        msd, mpd = await card.connected()
        assert card.user_driver.mailbox.software.present
        device = Device.attach(card.user_driver)
        began = time.monotonic()
        await device.load_xclbin(DEMO)
        print(f"{len(DEMO)} bytes loaded in {time.monotonic() - began:.2f} s")
        assert card.images == [DEMO]
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        await run_vadd(device, kernel, 16)
        await card.stopped(mpd)
        assert await card.stopped(msd) == 0
        assert await card.mgmt_driver.attributes.read("config_mailbox_channel_switch") in ("0\n", "0x0\n")

    with running(tmp_path) as card:
        card.run(body())


def test_the_drivers_refusal_comes_back(tmp_path):
    async def body():
        await card.start(mgmt=replace(MGMT, sec_level=1))
        await card.connected()
        device = Device.attach(card.user_driver)
        with raises(errno.EKEYREJECTED):
            await device.load_xclbin(DEMO)
        assert card.images == [DEMO]

    with running(tmp_path) as card:
        card.run(body())


def test_without_mpd_the_request_times_out_and_the_next_works(tmp_path):
    async def body():
        await card.start()
        _, mpd = await card.connected()
        mpd.kill()
        # The server sees the end of the file with the next look.
        assert await card.platform.outside.until(
            lambda: not card.user_driver.mailbox.software.present, WALL_S
        )
        device = Device.attach(card.user_driver)
        began = card.clock.now_ns()
        with raises(errno.ETIMEDOUT):
            await device.load_xclbin(DEMO)
        assert 5.5e9 < card.clock.now_ns() - began < 7e9
        await card.heard(card.mpd(), "mailbox is open")
        await device.load_xclbin(DEMO)
        assert card.images == [DEMO]

    with running(tmp_path) as card:
        card.run(body())


@pytest.mark.parametrize("victim", ["msd", "mpd"])
def test_a_daemon_killed_mid_transfer(tmp_path, victim):
    async def body():
        await card.start()
        daemons = dict(zip(("msd", "mpd"), await card.connected(), strict=True))
        download = card.mgmt_driver.download

        async def murder(image: bytes) -> None:
            daemons[victim].kill()
            await download(image)

        card.mgmt_driver.download = murder
        device = Device.attach(card.user_driver)
        card.platform.outside.pace = 200.0
        with raises(errno.ETIMEDOUT):
            await device.load_xclbin(DEMO)
        card.platform.outside.pace = 1.0
        card.mgmt_driver.download = download
        if victim == "msd":
            card.msd()
            await card.heard(daemons["mpd"], "connected to MSD", 2)
            await card.heard(daemons["mpd"], "mailbox is open", 2)
        else:
            await card.heard(card.mpd(), "mailbox is open")
        second = changed(DEMO, uuid=bytes(range(16)))
        await device.load_xclbin(second)
        assert card.images[-1] == second

    with running(tmp_path) as card:
        card.run(body())


def test_a_hot_reset_between_two_loads(tmp_path):
    """The user asks for it over the hardware mailbox; afterwards images travel through the daemons again."""

    async def body():
        await card.start()
        await card.connected()
        user = card.user_driver
        await Device.attach(user).load_xclbin(DEMO)
        user.lifecycle.hot_reset()
        assert user.offline
        while user.offline:
            await card.clock.sleep_ns(SECOND // 10)
        await Device.attach(user).load_xclbin(changed(DEMO, uuid=bytes(range(16))))
        assert len(card.images) == 2

    with running(tmp_path) as card:
        card.run(body())


def test_the_user_function_is_unplugged_and_comes_back(tmp_path):
    """MPD gives up the node that went away and opens the new one."""

    async def body():
        await card.start()
        _, mpd = await card.connected()
        user, server = card.user_driver, card.servers[card.guest]
        server.remove(user)
        assert await card.platform.outside.until(lambda: not user.mailbox.software.present, WALL_S)
        await server.add_user(user)
        await card.heard(mpd, "mailbox is open", 2)
        await Device.attach(user).load_xclbin(DEMO)
        assert card.images == [DEMO]

    with running(tmp_path) as card:
        card.run(body())


def test_the_management_tool_works_on_the_drivers(tmp_path):
    async def tool(*words: str) -> str:
        process = subprocess.Popen(
            [sys.executable, "-m", "pydriver.tools.mgmt", "--root", str(card.host), *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert await card.platform.outside.until(lambda: process.poll() is not None, WALL_S)
        return process.communicate()[0]

    async def body():
        await card.start()
        (card.host / "in.ini").write_text("[Device]\nmailbox_channel_disable=0x20\ncache_xclbin=1\n")
        assert "cache_xclbin=1" in await tool("configure", "--input", str(card.host / "in.ini"))
        assert card.mgmt_driver.mailbox.channel_disable == 0x20
        text = await tool("examine")
        assert text.startswith("0000:01:00.0 : mgmt\n")
        assert "connection" in text
        lines = (await tool("dump", "--config")).splitlines()
        assert [int(line.split("=")[1], 0) for line in lines[1:]] == [0x20, 0, 0, 1]

    with running(tmp_path) as card:
        card.run(body())
