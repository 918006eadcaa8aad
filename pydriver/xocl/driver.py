# SPDX-License-Identifier: Apache-2.0
"""Driver of the user PF: probe, loading an image, clients.

Source: XRT ICAP contract §2.1 (order and errors of a load), mailbox contract §6, memory and DMA contract §5.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field, replace
from typing import Self

from pydriver.errors import fail
from pydriver.mailbox import Mailbox, MailboxOptions
from pydriver.platform import Platform
from pydriver.platform.sync import Lock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, user_bar
from pydriver.subdev.bars import MIB, memory_bar, register_bar, small_bar
from pydriver.subdev.bitstream import Bitstream
from pydriver.subdev.feature_rom import FeatureRom, read_feature_rom
from pydriver.subdev.irq_block import IrqBlock
from pydriver.xclbin import NULL_UUID, Axlf, Connection, Ip, SectionKind, checks, parse
from pydriver.xocl.client import Client
from pydriver.xocl.cu_host import HostCus
from pydriver.xocl.dma import DmaEngine, WindowDma
from pydriver.xocl.ert_user import ErtUser
from pydriver.xocl.kds import BoardTraits, ComputeUnit, Kds, KdsFlags, compute_units, regmap_sizes
from pydriver.xocl.memory import MemoryManager
from pydriver.xocl.peer import Peer

USER_FUNCTION = 1
MAILBOX_USER_IRQ = 4
FIRST_VECTOR = 4
"""Vectors 0 to 3 belong to the DMA channels."""
SUBSYSTEM_OFFSET = 0x2C
DSA52 = 0x52


@dataclass(frozen=True)
class UserOptions:
    """How the driver runs.

    `ert_polling`: look for completions every `poll_ns` instead of waiting for interrupts (the firmware is
    told so by `KdsFlags.polling`, which this sets). `guest`: the PF belongs to a virtual machine, so images
    go through the mailbox as content and not as an address.
    """

    mailbox: MailboxOptions = field(default_factory=lambda: MailboxOptions(sleepless_tx=True))
    ert_polling: bool = False
    poll_ns: int = 5_000
    guest: bool = False
    data_retention: bool = False


@dataclass
class Loaded:
    """What the driver keeps of the loaded image; empty when none is."""

    ip_layout: tuple[Ip, ...] = ()
    connectivity: tuple[Connection, ...] = ()
    axlf: Axlf | None = None


class Xocl:
    """One probed user PF. Make it with `probe`, then `read_axlf` and `open`."""

    def __init__(
        self, platform: Platform, options: UserOptions, on_event: OnEvent, dma: DmaEngine | None
    ) -> None:
        function = platform.functions[USER_FUNCTION]
        window_bar = memory_bar(function)
        self.options = options
        self.clock = platform.clock
        self.bar = register_bar(function, 32 * MIB)
        self.irqs = IrqBlock(function, small_bar(function), FIRST_VECTOR, "user.irq", on_event)
        self.mailbox = Mailbox(
            self.clock,
            self.bar,
            user_bar.MAILBOX,
            options.mailbox,
            irq=self.irqs.event(MAILBOX_USER_IRQ) if options.mailbox.interrupt else None,
            name="user.mailbox",
            on_event=on_event,
        )
        self.peer = Peer(platform, self.mailbox, guest=options.guest, on_event=on_event)
        self.dma = dma if dma is not None else (WindowDma(window_bar, on_event) if window_bar else None)
        self.memory = MemoryManager(self.dma)
        self.ert = ErtUser(
            self.clock,
            RegBlock(self.bar, user_bar.ERT_CSR),
            user_bar.ERT_CQ,
            self.irqs,
            polling=options.ert_polling,
            poll_ns=options.poll_ns,
            on_event=on_event,
        )
        host_cus = HostCus(self.clock, self.bar, on_event=on_event)
        self.bitstream = Bitstream()
        self.loaded = Loaded()
        self.kds = Kds(self.clock, self.ert, host_cus, on_event=on_event)
        self._host_cus = host_cus
        self._function = function
        self._on_event = on_event
        self._rom: FeatureRom | None = None
        self._load_lock = Lock(self.clock)
        self._mem_topology: bytes | None = None
        self._clients: list[Client] = []

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

    @property
    def rom(self) -> FeatureRom:
        """The shell's feature ROM."""
        assert self._rom is not None
        return self._rom

    async def _probe(self) -> None:
        self._rom = await read_feature_rom(self.bar, user_bar.FEATURE_ROM)
        self._on_event("user", f"shell {self._rom.vbnv}")
        subsystem = await self._function.config_read32(SUBSYSTEM_OFFSET) >> 16
        traits = BoardTraits(dsa52=subsystem & 0xFF >= DSA52)
        self.kds = Kds(self.clock, self.ert, self._host_cus, traits, self._on_event)
        await self.irqs.setup()
        await self.mailbox.start()
        if self.mailbox.interrupt_mode:
            await self.irqs.enable(MAILBOX_USER_IRQ)
        await self.ert.start()
        await self.peer.connect()

    async def remove(self) -> None:
        """Close all clients, stop the scheduler's workers, the mailbox and the interrupts."""
        for client in list(self._clients):
            await client.close()
        await self.ert.stop()
        await self.mailbox.stop()
        await self.irqs.disable(MAILBOX_USER_IRQ)

    def open(self) -> Client:
        """Open the device: a new client."""
        client = Client(self)
        self._clients.append(client)
        return client

    def forget(self, client: Client) -> None:
        """Book-keeping at the end of a client."""
        if client in self._clients:
            self._clients.remove(client)

    # --- READ_AXLF ----------------------------------------------------------------------------------

    async def read_axlf(self, image: bytes, flags: KdsFlags | None = None, force: bool = False) -> None:
        """Load an image; `flags` configure the scheduler, `force` loads again what is loaded.

        Raises, in the order of the checks: EINVAL (shell, format, null uuid), EDEADLK (scheduler in a bad
        state), EBUSY (clients on the loaded image), EINVAL (version), EOPNOTSUPP (other shell), EINVAL
        (partition metadata, memory topology), EPERM (buffers still in device memory), EBUSY (another
        download), then what the management PF answers or ETIMEDOUT, EINVAL (more than 128 units).
        """
        async with self._load_lock:
            if not self.rom.unified:
                raise fail(errno.EINVAL, "the shell is not a unified one")
            axlf = parse(image)
            checks.check_uuid(axlf)
            if self.kds.state.bad:
                raise fail(errno.EDEADLK, "the scheduler is in a bad state; the card needs a reset")
            if axlf.uuid == self.bitstream.uuid and not force:
                self._on_event("user", f"{axlf.uuid.hex()} is loaded already")
                return
            self._check_in_use()
            self._check_image(axlf)
            topology = axlf.section(SectionKind.MEM_TOPOLOGY)
            axlf.mem_topology()  # its size must be exact
            banks = axlf.group_topology() or axlf.mem_topology()
            if not (self.options.data_retention and topology == self._mem_topology):
                self.memory.check_empty()
            self.kds.reset()
            self._on_event("user", f"loads {axlf.uuid.hex()}, {axlf.length} bytes")
            with self.bitstream.writer():
                self._check_image(axlf)
                self._check_in_use()
                self.loaded = Loaded()
                try:
                    await self.peer.download(axlf, image[: axlf.length], force)
                    cus = compute_units(axlf.ip_layout(), regmap_sizes(axlf))
                    self.loaded = Loaded(axlf.ip_layout(), axlf.connectivity(), axlf)
                    self.bitstream.uuid = axlf.uuid
                except OSError as error:
                    self.bitstream.uuid = NULL_UUID
                    self._on_event("user", f"load failed: {error.strerror}")
                    raise
                finally:
                    # The topology is kept even when the load failed.
                    self._mem_topology = topology
                    self.memory.configure(banks)
            await self._configure(cus, flags or KdsFlags())
            self._on_event("user", f"{axlf.uuid.hex()} is ready")

    async def _configure(self, cus: list[ComputeUnit], flags: KdsFlags) -> None:
        """Configure the scheduler; a failure leaves no image loaded."""
        polling = flags.polling or self.options.ert_polling
        try:
            await self.kds.configure(cus, replace(flags, polling=polling), self.rom.has_scheduler)
        except OSError:
            self.bitstream.uuid = NULL_UUID
            raise

    def _check_in_use(self) -> None:
        if self.bitstream.in_use:
            count = self.bitstream.references
            raise fail(errno.EBUSY, f"the loaded image is in use by {count} clients")

    def _check_image(self, axlf: Axlf) -> None:
        checks.check_version(axlf)
        if not self.rom.has_uuid:
            checks.check_feature_rom(axlf, self.rom.timestamp)
        interfaces = axlf.interface_uuids()
        if axlf.section(SectionKind.BITSTREAM) is not None and interfaces:
            # A legacy shell has no device tree, hence no interface uuid to match.
            checks.check_interfaces(axlf, ())
