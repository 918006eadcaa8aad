# SPDX-License-Identifier: Apache-2.0
"""Driver of the management PF: probe and removal, what it tells the user PF, and what it does on its own.

Source: XRT mailbox contract §3.2, §6 and §7, platform contract §1 and §2. Its parts: `server` (requests of
the user PF), `peer_groups` (what it answers about the card), `reset`, `shell`, `attributes`.
"""

from __future__ import annotations

import errno
import functools
from collections.abc import Coroutine
from typing import Any, Self

from pydriver.errors import fail
from pydriver.mailbox import ConnFlags, Mailbox, Opcode, PeerStateFlags, Server
from pydriver.mailbox.messages import AXLF_SIZEOF, COMM_ID_BYTES, PeerState
from pydriver.platform import Platform, Task
from pydriver.platform.sync import Lock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, mgmt_bar
from pydriver.subdev.bars import MIB, register_bar, small_bar
from pydriver.subdev.feature_rom import FeatureRom, read_feature_rom
from pydriver.subdev.irq_block import IrqBlock
from pydriver.sysfs import AttributeTree
from pydriver.xclmgmt.attributes import build_attributes
from pydriver.xclmgmt.axigate import AxiGate
from pydriver.xclmgmt.download import Downloader
from pydriver.xclmgmt.icap import Icap
from pydriver.xclmgmt.microblaze import Microblaze
from pydriver.xclmgmt.options import MgmtOptions
from pydriver.xclmgmt.passthrough import Passthrough
from pydriver.xclmgmt.peer_groups import PeerGroups
from pydriver.xclmgmt.reset import Resets
from pydriver.xclmgmt.server import MgmtHandlers, axlf_length
from pydriver.xclmgmt.shell import Shell

MGMT_FUNCTION = 0
MAILBOX_USER_IRQ = 11
FIRST_VECTOR = 0
MAX_IMAGE = 1 << 30
MAGIC = b"xclbin2\0"
GOODBYE_NS = 200_000
"""How long the last notice may take to leave: perhaps nobody is there to read it."""


class Xclmgmt:
    """One probed management PF. Make it with `probe`."""

    rom: FeatureRom
    shell: Shell
    downloader: Downloader
    passthrough: Passthrough
    groups: PeerGroups
    attributes: AttributeTree

    def __init__(self, platform: Platform, options: MgmtOptions, on_event: OnEvent) -> None:
        function = platform.functions[MGMT_FUNCTION]
        clock = platform.clock
        self.options = options
        self.address = options.address
        self.instance = options.address.number if options.instance is None else options.instance
        self.function = function
        self.bar = register_bar(function, MIB)
        self.irqs = IrqBlock(function, small_bar(function), FIRST_VECTOR, "mgmt.irq", on_event)
        self.icap = Icap(clock, RegBlock(self.bar, mgmt_bar.HWICAP), on_event)
        self.gate = AxiGate(clock, RegBlock(self.bar, mgmt_bar.AXI_GATE), on_event)
        self.microblaze = Microblaze(
            clock,
            RegBlock(self.bar, mgmt_bar.MB_RESET_GPIO),
            mgmt_bar.SCHED_IMAGE,
            mgmt_bar.ERT_CQ,
            on_event,
        )
        self.mailbox = Mailbox(
            clock,
            self.bar,
            mgmt_bar.MAILBOX,
            options.mailbox,
            irq=self.irqs.event(MAILBOX_USER_IRQ),
            enable_irq=functools.partial(self.irqs.switch, MAILBOX_USER_IRQ),
            name="mgmt.mailbox",
            on_event=on_event,
            hold=platform.outside.hold,
        )
        self.mailbox.channel_switch = options.channel_switch
        self.mailbox.channel_disable = options.channel_disable
        self.handlers = MgmtHandlers(self, platform.memory, on_event)
        self.server = Server(self.mailbox, self.handlers.table, name="mgmt.server", on_event=on_event)
        self.resets = Resets(self, platform, on_event)
        self.idcode = 0
        self.connection = ConnFlags(0)
        self.comm_id = options.comm_id
        self.config_xclbin_change = options.config_xclbin_change
        self.cache_xclbin = options.cache_xclbin
        self.kept_image: bytes | None = None
        self.ready = False
        self.offline = True
        self._clock = clock
        self._on_event = on_event
        self._busy = Lock(clock)
        self._work: list[Task] = []
        self._reset_work: Task | None = None

    @classmethod
    async def probe(
        cls, platform: Platform, options: MgmtOptions | None = None, on_event: OnEvent = silent
    ) -> Self:
        """Find the blocks, load the scheduler, start the mailbox and announce the management PF.

        Raises ENODEV (BARs, ROM, XDMA ids), EIO (configuration port, processor reset), EINVAL (image size,
        shell's device tree, comm id).
        """
        driver = cls(platform, options or MgmtOptions(), on_event)
        await driver._probe()
        return driver

    async def _probe(self) -> None:
        options, on_event = self.options, self._on_event
        _check_comm_id(self.comm_id)
        self.rom = await read_feature_rom(self.bar, mgmt_bar.FEATURE_ROM)
        on_event("mgmt", f"shell {self.rom.vbnv}")
        partition = options.providers.partition
        self.shell = Shell(
            options.shell, self.rom.raw, partition, lambda: self._changed("rp_program"), on_event
        )
        self.idcode = await self.icap.read_idcode()
        on_event("mgmt.icap", f"IDCODE {self.idcode:#010x}")
        self.downloader = Downloader(
            self._clock,
            self.rom,
            self.icap,
            self.gate,
            RegBlock(self.bar, mgmt_bar.CALIB_GPIO),
            sec_level=options.sec_level,
            data_retention=options.data_retention,
            interfaces=self.shell.interface_uuids,
            on_event=on_event,
        )
        self.passthrough = Passthrough(self.function, self.rom.passthrough, on_event)
        self.groups = PeerGroups(self.rom, self.downloader, self.shell, options.providers, self.idcode)
        self.attributes = await build_attributes(self)
        await self.start_processor()
        await self.irqs.setup()
        await self.start_channel()
        self.ready = True
        self.set_offline(False)
        await self.post_state(PeerStateFlags.ONLINE)

    async def remove(self) -> None:
        """Say good-bye and stop the mailbox, after a reset, download or programming that is under way."""
        async with self._busy:
            # What has begun was finished. What waits for its turn gets none.
            for task in self._work:
                task.cancel()
            self._work.clear()
            self.set_offline(True)
            self.ready = False
            await self.post_state(PeerStateFlags.OFFLINE)
            await self.passthrough.program(0, 0)
            await self.resets.finish_download()
            await self.mailbox.drained(GOODBYE_NS)
            await self.stop_channel()

    # --- parts that a reset stops and starts ----------------------------------------------------------

    async def start_processor(self) -> None:
        """Get the scheduler's processor out of reset and load its firmware. Raises EIO, EINVAL."""
        if self.rom.has_scheduler:
            await self.microblaze.attach(self.options.clear_queue)
            if self.options.sched_image is not None:
                await self.microblaze.load(self.options.sched_image)

    async def stop_processor(self) -> None:
        """Stop the firmware this driver has loaded."""
        if self.rom.has_scheduler and self.options.sched_image is not None:
            await self.microblaze.stop()

    async def start_channel(self) -> None:
        """Bring the mailbox up, at the first time and after a reset."""
        await self.mailbox.go_online()

    async def stop_channel(self) -> None:
        """Take the mailbox down."""
        await self.mailbox.go_offline()

    # --- downloads and resets ---------------------------------------------------------------------------

    async def download(self, image: bytes) -> None:
        """Program an image locally, as the DOWNLOAD_AXLF ioctl does; with `cache_xclbin` keep it.

        Raises ENOTTY (driver not ready), EFAULT (shorter than its header or than the header says), EINVAL
        (magic, larger than 1 GiB), ENOMEM (no length), else as `Downloader.download`.
        """
        async with self._busy:
            if not self.ready:
                raise fail(errno.ENOTTY, "the management PF is not ready")
            if len(image) < AXLF_SIZEOF:
                raise fail(errno.EFAULT, f"{len(image)} bytes are shorter than an image's header")
            if not image.startswith(MAGIC):
                raise fail(errno.EINVAL, f"the image starts with {image[:8]!r}")
            length = axlf_length(image)
            if length > MAX_IMAGE:
                raise fail(errno.EINVAL, f"an image of {length} bytes is larger than 1 GiB")
            if length == 0:
                raise fail(errno.ENOMEM, "the image says that it has no bytes")
            if length > len(image):
                raise fail(errno.EFAULT, f"the image says {length} bytes, {len(image)} are there")
            await self.downloader.download(image[:length])
            self.kept_image = image[:length] if self.cache_xclbin else None

    async def hot_reset(self, force: bool = False) -> None:
        """Reset the whole card now. Raises ENODEV (the driver was removed), else as `Resets.hot_reset`."""
        async with self._busy:
            self._check_there()
            await self.resets.hot_reset(force)

    def schedule_reset(self, force: bool) -> None:
        """Reset the card as soon as possible, beside what goes on; nothing when that is coming already.

        Nothing either when the driver is being removed.
        """
        if self.ready and (self._reset_work is None or self._reset_work.done()):
            self._reset_work = self._spawn_work(self._reset(force), "mgmt.reset")

    async def _reset(self, force: bool) -> None:
        try:
            await self.hot_reset(force)
        except OSError as error:
            self._on_event("mgmt.reset", f"hot reset failed: {error.strerror}")

    def schedule_shell(self) -> None:
        """Program the second partition as soon as possible, beside what goes on; not while being removed."""
        if self.ready:
            self._spawn_work(self._program_shell(), "mgmt.shell")

    async def _program_shell(self) -> None:
        try:
            await self.program_shell()
        except OSError as error:
            self._on_event("mgmt.shell", f"not programmed: {error.strerror}")
        else:
            await self.post_state(PeerStateFlags.ONLINE)

    async def program_shell(self) -> None:
        """Program the stored image of the second partition.

        Raises ENODEV (the driver was removed), EINVAL (nothing that can be programmed), and what programming
        gives; then the function stays offline.
        """
        async with self._busy:
            self._check_there()
            self.shell.check()
            self.set_offline(True)
            self.downloader.forget()
            await self.shell.program()
            self.downloader.interfaces = self.shell.interface_uuids
            self.set_offline(False)

    async def request_shell(self) -> None:
        """Ask the user PF to let go of the card, so that the second partition can be programmed.

        Raises EBUSY (that is going on), EINVAL (no partition, no image for it).
        """
        self.shell.request()
        await self._notify(Opcode.CHG_SHELL)

    # --- what the user PF is told ------------------------------------------------------------------------

    async def post_state(self, state: PeerStateFlags) -> None:
        """Tell the user PF that the management PF is online or offline."""
        await self._notify(Opcode.MGMT_STATE, PeerState(state).pack())

    async def report_firewall_trip(self) -> None:
        """Tell the user PF that a firewall has tripped or the clocks are off; once until the next reset."""
        if self.resets.firewall_reported:
            self._on_event("mgmt", "the card needs a hot reset")
            return
        self._on_event("mgmt", "a firewall has tripped")
        self.resets.firewall_reported = await self._notify(Opcode.FIREWALL)

    async def set_channel_switch(self, mask: int) -> None:
        """Requests that go through the software channel, bit n for opcode n; the user PF probes again.

        The handshake itself always stays on the hardware channel.
        """
        self.mailbox.channel_switch = mask
        await self._configured("config_mailbox_channel_switch")

    async def set_channel_disable(self, mask: int) -> None:
        """Requests that are refused on both sides, bit n for opcode n; the user PF probes again."""
        self.mailbox.channel_disable = mask
        await self._configured("config_mailbox_channel_disable")

    async def set_comm_id(self, text: str) -> None:
        """Where the daemon beside this driver listens; the user PF probes again. Raises EINVAL (too long)."""
        _check_comm_id(text)
        self.comm_id = text
        await self._configured("config_mailbox_comm_id")

    def set_offline(self, offline: bool) -> None:
        """Whether the device is out of use, as while it is being reset."""
        if offline != self.offline:
            self.offline = offline
            self._changed("dev_offline")

    # --- helpers ------------------------------------------------------------------------------------------

    def _check_there(self) -> None:
        if not self.ready:
            raise fail(errno.ENODEV, "the management driver is gone")

    async def _configured(self, path: str) -> None:
        self._changed(path)
        await self.post_state(PeerStateFlags.ONLINE)

    async def _notify(self, opcode: Opcode, payload: bytes = b"") -> bool:
        """Post a request that nobody answers; one that cannot be posted is only logged. Returns whether it
        was."""
        try:
            await self.mailbox.notify(opcode, payload)
        except OSError as error:
            self._on_event("mgmt", f"{opcode.name} not posted: {error.strerror}")
            return False
        return True

    def _changed(self, path: str) -> None:
        if self.ready:
            self.attributes.changed(path)

    def _spawn_work(self, coro: Coroutine[Any, Any, None], name: str) -> Task:
        task = self._clock.spawn(coro, name)
        self._work = [*(before for before in self._work if not before.done()), task]
        return task


def _check_comm_id(text: str) -> None:
    if len(text.encode()) > COMM_ID_BYTES:
        raise fail(errno.EINVAL, f"a comm id has at most {COMM_ID_BYTES} bytes")
