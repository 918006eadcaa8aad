# SPDX-License-Identifier: Apache-2.0
"""Driver of the user PF: probe, and what the parts have in common.

Source: XRT ICAP contract §2.1, mailbox contract §6, memory and DMA contract §5. Images are `loader`'s
subject, resets and the peer's announcements `lifecycle`'s.
"""

from __future__ import annotations

import errno
import functools
from collections.abc import Sequence
from typing import Self

from pydriver.errors import fail
from pydriver.mailbox import Mailbox
from pydriver.platform import Platform
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, user_bar
from pydriver.subdev.bars import MIB, memory_bar, register_bar, small_bar
from pydriver.subdev.bitstream import Bitstream
from pydriver.subdev.cfg_gpio import CfgGpio
from pydriver.subdev.feature_rom import FeatureRom, read_feature_rom
from pydriver.subdev.identity import SUBSYSTEM_OFFSET
from pydriver.subdev.intc import Intc
from pydriver.subdev.irq_block import IrqBlock
from pydriver.sysfs import AttributeTree
from pydriver.xocl.attributes import UserAttributes
from pydriver.xocl.client import Client
from pydriver.xocl.cu import CuOptions, HostCus
from pydriver.xocl.dma import DmaEngine, WindowDma
from pydriver.xocl.ert_power import ErtPower
from pydriver.xocl.ert_user import ErtUser
from pydriver.xocl.kds import BoardTraits, Kds, KdsFlags, Schedulers
from pydriver.xocl.lifecycle import Lifecycle
from pydriver.xocl.loader import Loaded, Loader
from pydriver.xocl.memory import MemoryManager
from pydriver.xocl.options import UserOptions
from pydriver.xocl.peer import Peer
from pydriver.xocl.peer_server import PeerNews, PeerServer
from pydriver.xocl.reclock import check_clocks

USER_FUNCTION = 1
MAILBOX_USER_IRQ = 4
FIRST_VECTOR = 4
"""Vectors 0 to 3 belong to the DMA channels."""
DSA52 = 0x52


class Xocl:
    """One probed user PF. Make it with `probe`, then `read_axlf` and `open`."""

    def __init__(
        self, platform: Platform, options: UserOptions, on_event: OnEvent, dma: DmaEngine | None
    ) -> None:
        function = platform.functions[USER_FUNCTION]
        window_bar = memory_bar(function)
        self.options = options
        self.clock = platform.clock
        self.on_event = on_event
        self.function = function
        self.bar = register_bar(function, 32 * MIB)
        self.irqs = IrqBlock(function, small_bar(function), FIRST_VECTOR, "user.irq", on_event)
        wired = not options.software_only
        self.mailbox = Mailbox(
            self.clock,
            self.bar if wired else None,
            user_bar.MAILBOX if wired else None,
            options.mailbox,
            irq=self.irqs.event(MAILBOX_USER_IRQ),
            enable_irq=functools.partial(self.irqs.switch, MAILBOX_USER_IRQ),
            name="user.mailbox",
            on_event=on_event,
            hold=platform.outside.hold,
        )
        self.peer = Peer(platform, self.mailbox, guest=options.guest, on_event=on_event)
        self.dma = dma if dma is not None else (WindowDma(window_bar, on_event) if window_bar else None)
        self.memory = MemoryManager(self.dma)
        self.intc = Intc(
            self.clock,
            self.bar,
            self.irqs,
            gpio=user_bar.ERT_CFG_GPIO if options.kds.cu_interrupts else None,
            on_event=on_event,
        )
        self.gpio = CfgGpio(self.bar, user_bar.ERT_CFG_GPIO) if options.kds.cu_interrupts else None
        self.ert = ErtUser(
            self.clock,
            RegBlock(self.bar, user_bar.ERT_CSR),
            user_bar.ERT_CQ,
            self.intc,
            polling=options.ert_polling,
            poll_ns=options.poll_ns,
            quirks=options.kds.quirks,
            on_event=on_event,
        )
        self.power = ErtPower(self.clock, self.ert, self.gpio, self.intc, on_event)
        by_units = CuOptions(
            poll_interval_us=options.kds.poll_interval_us, run_timeout_s=options.kds.run_timeout_s
        )
        intc = self.intc if options.kds.cu_interrupts else None
        self.host_cus = HostCus(self.clock, self.bar, intc, by_units, on_event)
        self.kdma_cus = HostCus(self.clock, self.bar, None, by_units, on_event)
        self.kds = self._scheduler(BoardTraits(cu_interrupts=options.kds.cu_interrupts))
        self.clients: list[Client] = []
        self._rom: FeatureRom | None = None
        self.attribute_source = UserAttributes(self)
        self.loader = Loader(self)
        self.lifecycle = Lifecycle(self)
        life = self.lifecycle
        news = PeerNews(life.firewall, life.peer_online, life.peer_offline, life.change_shell)
        self.server = PeerServer(self.mailbox, news, on_event)

    @classmethod
    async def probe(
        cls,
        platform: Platform,
        options: UserOptions | None = None,
        on_event: OnEvent = silent,
        dma: DmaEngine | None = None,
    ) -> Self:
        """Find the blocks, set up interrupts, start the mailbox and shake hands with the management PF.

        A peer that does not answer is no error: it may come later and announce itself. `dma` replaces the
        window engine. Raises ENODEV (BARs, ROM, XDMA ids).
        """
        driver = cls(platform, options or UserOptions(), on_event, dma)
        await driver._probe()
        return driver

    async def _probe(self) -> None:
        self._rom = await read_feature_rom(self.bar, user_bar.FEATURE_ROM)
        self.on_event("user", f"shell {self._rom.vbnv}")
        subsystem = await self.function.config_read32(SUBSYSTEM_OFFSET) >> 16
        self.kds = self._scheduler(
            BoardTraits(
                dsa52=subsystem & 0xFF >= DSA52,
                cudma_off=not self.options.kds.cudma,
                cu_interrupts=self.options.kds.cu_interrupts,
                kdma=self._rom.cdma,
            )
        )
        await self.irqs.setup()
        await self.intc.start()
        await self.mailbox.start()
        await self.ert.start()
        await self.lifecycle.refresh()
        self.lifecycle.works.start()

    def _scheduler(self, traits: BoardTraits) -> Kds:
        schedulers = Schedulers(self.ert, self.host_cus, self.kdma_cus, self.power)
        return Kds(self.clock, schedulers, traits, self.options.kds, self.on_event)

    async def remove(self) -> None:
        """Close all clients, stop the scheduler's workers, the mailbox and the interrupts."""
        self.lifecycle.stop()
        for client in list(self.clients):
            await client.close()
        await self.stop_scheduling()
        await self.mailbox.go_offline()

    async def stop_scheduling(self) -> None:
        """Nobody listens to scheduler and units any more."""
        await self.kds.stop()
        await self.ert.stop()
        await self.intc.stop()

    async def start_scheduling(self) -> None:
        """Listen again."""
        await self.intc.start()
        await self.ert.start()

    async def restart_mailbox(self, interrupt: bool) -> None:
        """Set the mailbox up anew in one of its modes; the interrupt block must be set up for interrupts."""
        await self.mailbox.stop()
        await self.mailbox.set_interrupt_mode(interrupt)
        await self.mailbox.start()

    # --- what it is ---------------------------------------------------------------------------------

    @property
    def rom(self) -> FeatureRom:
        """The shell's feature ROM."""
        assert self._rom is not None
        return self._rom

    @property
    def bitstream(self) -> Bitstream:
        """Which image is loaded, and its users."""
        return self.loader.bitstream

    @property
    def loaded(self) -> Loaded:
        """What is kept of the loaded image."""
        return self.loader.loaded

    @property
    def offline(self) -> bool:
        """The device cannot be opened."""
        return self.lifecycle.offline

    @property
    def attributes(self) -> AttributeTree:
        """The attributes of the function, paths relative to its PCI device directory."""
        return self.attribute_source.tree

    def error_text(self) -> str:
        """A line per error record."""
        return self.lifecycle.errors.text()

    # --- what applications do -------------------------------------------------------------------------

    def open(self, pid: int = 0) -> Client:
        """Open the device: a new client, of process `pid`. Raises ENXIO while the device is offline."""
        if self.offline:
            raise fail(errno.ENXIO, "the device is offline")
        client = Client(self, pid)
        self.clients.append(client)
        return client

    def forget(self, client: Client) -> None:
        """Book-keeping at the end of a client."""
        if client in self.clients:
            self.clients.remove(client)

    async def read_axlf(self, image: bytes, flags: KdsFlags | None = None, force: bool = False) -> None:
        """Load an image; `flags` configure the scheduler, `force` loads again what is loaded.

        Raises, in the order of the checks: EINVAL (shell, format, null uuid), EDEADLK (scheduler in a bad
        state), EBUSY (clients on the loaded image), EINVAL (version), EOPNOTSUPP (other shell), EINVAL
        (partition metadata, memory topology), EPERM (buffers still in device memory), EBUSY (another
        download), then what the management PF answers or ETIMEDOUT, ENODEV (neither bitstream nor metadata),
        EINVAL (more than 128 units). EAGAIN, from a vendor's plugin, asks to load again.
        """
        await self.loader.load(image, flags or KdsFlags(), force)

    def hot_reset(self) -> None:
        """ioctl HOT_RESET: returns at once, the reset begins 2 s later. Raises EOPNOTSUPP (forbidden)."""
        self.lifecycle.hot_reset()

    async def reclock(self, freqs: Sequence[int], region: int = 0) -> None:
        """ioctl RECLOCK: set up to four clocks in MHz (data, kernel, system, system); 0 leaves one alone.

        The device is offline meanwhile. Raises EDOM (below 10 MHz, above what the image was built for, no
        such clock), EBUSY (clients have contexts), what the management PF answers, and as
        `Mailbox.request`.
        """
        check_clocks(self.loaded.clocks, freqs)
        self.lifecycle.set_offline(True)
        try:
            if any(client.has_context for client in self.clients):
                raise fail(errno.EBUSY, "clients have contexts on the loaded image")
            async with self.loader.lock:
                answer = await self.peer.requests.reclock(region, freqs)
                if answer:
                    name = errno.errorcode.get(-answer, str(answer))
                    code = -answer if answer < 0 else errno.EIO
                    raise fail(code, f"the management PF does not set the clocks: {name}")
                await self.loader.reconfigure()
        finally:
            self.lifecycle.online_unless_down()
