# SPDX-License-Identifier: Apache-2.0
"""A device opened by an application."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydriver.errors import fail
from pydriver.platform import Platform, Task
from pydriver.platform.trace import OnEvent, silent
from pydriver.xocl import Client, KdsFlags, UserOptions, Xocl
from pydriver.xocl.dma import DmaEngine
from pydriver.xrt.context import Contexts
from pydriver.xrt.info import DeviceInfo
from pydriver.xrt.options import RuntimeOptions
from pydriver.xrt.xclbin import Xclbin

if TYPE_CHECKING:
    from pydriver.xrt.command import Command

LOAD_TRIES = 7
LOAD_RETRY_NS = 1_000_000_000


class Device:
    """One client of the user PF. `open` probes the driver too; `attach` adds a client to a probed one."""

    def __init__(
        self,
        driver: Xocl,
        owns_driver: bool,
        runtime: RuntimeOptions | None = None,
        client: Client | None = None,
    ) -> None:
        self.driver = driver
        self.clock = driver.clock
        self.options = runtime or RuntimeOptions()
        self.client = client or driver.open()
        self.contexts = Contexts(self)
        self._owns_driver = owns_driver
        self._xclbin: Xclbin | None = None
        self._running: list[Command] = []
        self._monitor: Task | None = None

    @classmethod
    async def open(
        cls,
        platform: Platform,
        options: UserOptions | None = None,
        on_event: OnEvent = silent,
        dma: DmaEngine | None = None,
        runtime: RuntimeOptions | None = None,
    ) -> Self:
        """Probe the user PF and open it. Raises ENODEV as `Xocl.probe`."""
        return cls(await Xocl.probe(platform, options, on_event, dma), owns_driver=True, runtime=runtime)

    @classmethod
    def attach(
        cls, driver: Xocl, runtime: RuntimeOptions | None = None, client: Client | None = None
    ) -> Self:
        """Open a user PF whose driver is there already: one more process on the same device.

        `client` is the file a simulated process has opened (`Process.open`), so that it closes with it.
        """
        return cls(driver, owns_driver=False, runtime=runtime, client=client)

    @property
    def info(self) -> DeviceInfo:
        """What is known of the device now."""
        return DeviceInfo.of(self.driver)

    @property
    def rw_shared(self) -> bool:
        """xrt.ini allows registers of shared units to be read and written."""
        return self.driver.kds.state.flags.rw_shared

    async def load_xclbin(
        self, xclbin: Xclbin | bytes | str | Path, flags: KdsFlags | None = None, force: bool = False
    ) -> bytes:
        """Load an image and return its uuid (16 bytes); `flags` are what xrt.ini would say.

        EAGAIN, by which a cloud vendor says that the card is being found again, is tried again six times, a
        second apart. Raises as `Xocl.read_axlf`, EAGAIN when that did not help.
        """
        image = xclbin if isinstance(xclbin, Xclbin) else Xclbin(xclbin)
        chosen = flags or KdsFlags()
        chosen = replace(chosen, dataflow=chosen.dataflow or image.needs_dataflow)
        for left in reversed(range(LOAD_TRIES)):
            try:
                await self.driver.read_axlf(image.data, chosen, force)
                break
            except OSError as error:
                if error.errno != errno.EAGAIN or not left:
                    raise
                await self.clock.sleep_ns(LOAD_RETRY_NS)
        self._xclbin = image
        return image.uuid

    def xclbin(self, uuid: bytes) -> Xclbin:
        """The image this client loaded, or the one the driver holds. Raises EINVAL when `uuid` is another."""
        if self._xclbin is None and self.driver.loaded.axlf is not None:
            self._xclbin = Xclbin(self.driver.loaded.axlf.to_bytes())
        if self._xclbin is None or self._xclbin.uuid != uuid:
            raise fail(errno.EINVAL, f"{uuid.hex()} is not loaded")
        return self._xclbin

    async def close(self) -> None:
        """Give everything back; the driver too when `open` probed it."""
        if self._monitor is not None:
            self._monitor.cancel()
            self._monitor = None
        await self.client.close()
        self.contexts.forget()
        for command in self._running:
            if not command.settled():
                command.give_up()  # its waiters have no poller any more
        self._running.clear()
        if self._owns_driver:
            await self.driver.remove()

    def watch(self, command: Command) -> None:
        """Have a command's end noticed (for `Command`).

        One poller per device serves all commands, because one completion wakes one poll only and says
        nothing about whose it is.
        """
        self._running.append(command)
        if self._monitor is None or self._monitor.done():
            self._monitor = self.clock.spawn(self._watch(), "xrt.monitor")

    async def _watch(self) -> None:
        while self._running:
            try:
                await self.client.poll()
                gone = False
            except OSError:
                gone = True  # a reset has ended the client, and all its commands with it
            for command in list(self._running):
                settled = command.settled()
                if gone and not settled:
                    command.give_up()
                if settled or gone:
                    self._running.remove(command)
