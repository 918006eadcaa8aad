# SPDX-License-Identifier: Apache-2.0
"""Hot reset of the card, and the smaller resets of `mgmt_reset`.

Source: XRT firewall contract §7 and §8, `mgmtpf/mgmt-utils.c` (`xclmgmt_hot_reset`). After the reset the
region is empty, so the loaded image is forgotten and the gate stays closed; with `cache_xclbin` the kept
image is loaded again. Every wait is bounded: the response to the user PF has `DRAIN_NS` to leave, a download
that is going on `DOWNLOAD_NS` to end, the processor ten tries to stop.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.mailbox import PeerStateFlags
from pydriver.platform import Platform
from pydriver.platform.trace import OnEvent, silent

if TYPE_CHECKING:
    from pydriver.xclmgmt.driver import Xclmgmt

DRAIN_NS = 2_000_000_000
DOWNLOAD_NS = 60_000_000_000
DOWNLOAD_LOOK_NS = 10_000_000
SETTLE_NS = 20_000_000
CLEAR_ROUNDS = 10


class Resets:
    """The resets of one management PF; the driver sees to it that there is one at a time."""

    def __init__(self, driver: Xclmgmt, platform: Platform, on_event: OnEvent = silent) -> None:
        self.firewall_reported = False
        self._driver = driver
        self._platform = platform
        self._clock = platform.clock
        self._on_event = on_event

    async def hot_reset(self, force: bool = False) -> None:
        """Reset the whole card and bring this function back.

        Without `force` the user PF is told before and after; a forced one is for a user PF that does not take
        part. Raises ENODEV (the machine cannot reset the card; then all is as it was), EIO (the firewalls
        stay tripped), and what the blocks raise that do not come back; the function is offline then.
        """
        self._driver.set_offline(True)
        self._on_event("mgmt.reset", "forced hot reset" if force else "hot reset")
        if not force:
            await self._driver.post_state(PeerStateFlags.OFFLINE)
        patience = self._clock.now_ns() + DOWNLOAD_NS
        await self._download_ended(patience)
        await self._driver.mailbox.drained(DRAIN_NS)
        was_open = await self._down(patience)
        possible = await self._reset_card()
        await self._up(possible, was_open)
        self._driver.set_offline(False)
        if not force:
            await self._driver.post_state(PeerStateFlags.ONLINE)
        if not possible:
            raise fail(errno.ENODEV, "there is no bridge above the card that could reset it")
        self._on_event("mgmt.reset", "the card is back")

    async def ocl_reset(self) -> None:
        """Close the gate of the dynamic region and open it; nothing while the loaded image is in use."""
        bitstream = self._driver.downloader.bitstream
        if bitstream.in_use or bitstream.writing:
            self._on_event("mgmt.reset", "the region is in use and is not reset")
            return
        await self._driver.gate.freeze()
        await self._driver.gate.free()

    async def finish_download(self) -> None:
        """Wait for the download that is going on, if any; not for ever."""
        await self._download_ended(self._clock.now_ns() + DOWNLOAD_NS)

    async def _download_ended(self, until_ns: int) -> None:
        while self._driver.downloader.bitstream.writing and self._clock.now_ns() < until_ns:
            await self._clock.sleep_ns(DOWNLOAD_LOOK_NS)

    async def _down(self, patience: int) -> bool:
        """Returns whether the gate was open."""
        driver = self._driver
        await driver.stop_channel()
        # One that came while the response was leaving; from now on none comes.
        await self._download_ended(patience)
        was_open = await driver.gate.is_open()
        await driver.gate.freeze()
        await driver.stop_processor()
        return was_open

    async def _reset_card(self) -> bool:
        """Returns False when the machine cannot."""
        try:
            await self._platform.hot_reset()
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise
            return False
        return True

    async def _up(self, was_reset: bool, was_open: bool) -> None:
        """What the reset took: interrupts, scheduler, region, channel."""
        driver = self._driver
        if was_reset:
            driver.downloader.forget()
            await driver.irqs.setup()
        await driver.start_processor()
        if was_reset:
            await self._load_kept()
        elif was_open:
            await driver.gate.free()
        await driver.start_channel()
        await self._clear_firewalls()
        self.firewall_reported = False

    async def _load_kept(self) -> None:
        """A kept image that does not load is only reported: the user PF can load another."""
        driver = self._driver
        if driver.kept_image is None:
            return
        try:
            await driver.downloader.download(driver.kept_image)
        except OSError as error:
            self._on_event("mgmt.reset", f"the kept image does not load: {error.strerror}")

    async def _clear_firewalls(self) -> None:
        firewall = self._driver.options.providers.firewall
        if firewall is None:
            return
        await self._clock.sleep_ns(SETTLE_NS)
        for _ in range(CLEAR_ROUNDS):
            if not await firewall.tripped():
                return
            try:
                await firewall.clear()
            except OSError as error:
                self._on_event("mgmt.reset", f"a firewall does not clear: {error.strerror}")
            await self._clock.sleep_ns(SETTLE_NS)
        if await firewall.tripped():
            raise fail(errno.EIO, "a hot reset does not recover the card; a warm reboot is needed")
