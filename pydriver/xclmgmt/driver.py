# SPDX-License-Identifier: Apache-2.0
"""Driver of the management PF: probe, and the mailbox server the user PF talks to.

Source: XRT mailbox contract §6 and §7, platform contract §1 and §2. Requests this driver has no hardware or
partner for (HOT_RESET, RECLOCK, PROGRAM_SHELL, READ_P2P_BAR_ADDR, SDR_DATA) are dropped unanswered like any
other request without a handler; PEER_DATA serves the ICAP group and answers the others with the number 0,
which is the contract's answer to a group that cannot be built.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Self

from pydriver.errors import result_code
from pydriver.mailbox import (
    ConnFlags,
    Group,
    Mailbox,
    MailboxOptions,
    Opcode,
    PeerStateFlags,
    Request,
    Server,
)
from pydriver.mailbox.crc32c import crc32c
from pydriver.mailbox.messages import (
    AXLF_SIZEOF,
    PROTOCOL_VERSION,
    BitstreamKaddr,
    Conn,
    ConnResp,
    IcapData,
    PeerState,
    SubdevPeer,
    pack_int,
)
from pydriver.platform import Platform
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, mgmt_bar
from pydriver.subdev.bars import MIB, register_bar, small_bar
from pydriver.subdev.feature_rom import FeatureRom, read_feature_rom
from pydriver.subdev.irq_block import IrqBlock
from pydriver.xclmgmt.axigate import AxiGate
from pydriver.xclmgmt.download import Downloader
from pydriver.xclmgmt.icap import Icap
from pydriver.xclmgmt.microblaze import Microblaze

MGMT_FUNCTION = 0
MAILBOX_USER_IRQ = 11
FIRST_VECTOR = 0
PAGE = 4096
LENGTH_AT = 304


@dataclass(frozen=True)
class MgmtOptions:
    """How the driver runs.

    `sched_image`: scheduler firmware to load at probe, None to leave the processor in its branch to itself.
    `clear_queue`: zero the command queue at the first probe, 64 KiB of register writes.
    `sec_level`: 0 takes unsigned images, 1 and 2 ask for a signature.
    """

    mailbox: MailboxOptions = field(default_factory=MailboxOptions)
    sched_image: bytes | None = None
    clear_queue: bool = True
    sec_level: int = 0
    data_retention: bool = False
    comm_id: str = ""


class Xclmgmt:
    """One probed management PF. Make it with `probe`."""

    def __init__(self, platform: Platform, options: MgmtOptions, on_event: OnEvent) -> None:
        function = platform.functions[MGMT_FUNCTION]
        clock = platform.clock
        self.options = options
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
            irq=self.irqs.event(MAILBOX_USER_IRQ) if options.mailbox.interrupt else None,
            name="mgmt.mailbox",
            on_event=on_event,
        )
        self.server = Server(
            self.mailbox,
            {
                Opcode.USER_PROBE: self._user_probe,
                Opcode.LOAD_XCLBIN: self._load_xclbin,
                Opcode.LOAD_XCLBIN_KADDR: self._load_xclbin_kaddr,
                Opcode.PEER_DATA: self._peer_data,
            },
            name="mgmt.server",
            on_event=on_event,
        )
        self.idcode = 0
        self.connection = ConnFlags(0)
        self._platform = platform
        self._on_event = on_event
        self._rom: FeatureRom | None = None
        self._downloader: Downloader | None = None

    @classmethod
    async def probe(
        cls, platform: Platform, options: MgmtOptions | None = None, on_event: OnEvent = silent
    ) -> Self:
        """Find the blocks, load the scheduler, start the mailbox and announce the management PF.

        Raises ENODEV (BARs, ROM, XDMA ids), EIO (configuration port, processor reset), EINVAL (image size).
        """
        driver = cls(platform, options or MgmtOptions(), on_event)
        await driver._probe()
        return driver

    @property
    def rom(self) -> FeatureRom:
        """The shell's feature ROM."""
        assert self._rom is not None
        return self._rom

    @property
    def downloader(self) -> Downloader:
        """The download flow and what is loaded."""
        assert self._downloader is not None
        return self._downloader

    async def _probe(self) -> None:
        options = self.options
        self._rom = await read_feature_rom(self.bar, mgmt_bar.FEATURE_ROM)
        self._on_event("mgmt", f"shell {self._rom.vbnv}")
        self.idcode = await self.icap.read_idcode()
        self._on_event("mgmt.icap", f"IDCODE {self.idcode:#010x}")
        self._downloader = Downloader(
            self._platform.clock,
            self._rom,
            self.icap,
            self.gate,
            RegBlock(self.bar, mgmt_bar.CALIB_GPIO),
            sec_level=options.sec_level,
            data_retention=options.data_retention,
            on_event=self._on_event,
        )
        if self._rom.has_scheduler:
            await self.microblaze.attach(options.clear_queue)
            if options.sched_image is not None:
                await self.microblaze.load(options.sched_image)
        await self.irqs.setup()
        await self.mailbox.start()
        if self.mailbox.interrupt_mode:
            await self.irqs.enable(MAILBOX_USER_IRQ)
        await self.post_state(PeerStateFlags.ONLINE)

    async def remove(self) -> None:
        """Stop the mailbox and the interrupts."""
        await self.mailbox.stop()
        await self.irqs.disable(MAILBOX_USER_IRQ)

    async def download(self, image: bytes) -> None:
        """Program an image locally, as the DOWNLOAD_AXLF ioctl does. Raises as `Downloader.download`."""
        await self.downloader.download(image)

    async def post_state(self, state: PeerStateFlags) -> None:
        """Tell the user PF that the management PF is online or offline."""
        await self.mailbox.notify(Opcode.MGMT_STATE, PeerState(state).pack())

    async def set_channel_switch(self, mask: int) -> None:
        """Requests that go through the software channel, bit n for opcode n; the user PF probes again.

        The handshake itself always stays on the hardware channel.
        """
        self.mailbox.channel_switch = mask & ~(1 << Opcode.USER_PROBE)
        await self.post_state(PeerStateFlags.ONLINE)

    async def set_channel_disable(self, mask: int) -> None:
        """Requests that are refused on both sides, bit n for opcode n; the user PF probes again."""
        self.mailbox.channel_disable = mask
        await self.post_state(PeerStateFlags.ONLINE)

    # --- handlers -----------------------------------------------------------------------------------

    async def _user_probe(self, request: Request) -> bytes | None:
        if request.length < Conn.SIZE:
            return None
        conn = Conn.unpack(request.payload)
        self.connection = ConnFlags.PEER_READY
        if self.mailbox.channel_switch == 0 and self._same_domain(conn):
            self.connection |= ConnFlags.PEER_SAME_DOMAIN
        self._on_event("mgmt.server", f"user PF connected, {self.connection!r}")
        return ConnResp(
            version=min(PROTOCOL_VERSION, conn.version),
            conn_flags=int(self.connection),
            chan_switch=self.mailbox.channel_switch,
            comm_id=self.options.comm_id.encode(),
            chan_disable=self.mailbox.channel_disable,
        ).pack()

    def _same_domain(self, conn: Conn) -> bool:
        """The peer's page is where it says, in the memory this driver sees.

        On this bare-metal host a kernel address is the physical address.
        """
        if conn.kaddr != conn.paddr:
            return False
        try:
            page = self._platform.memory.read(conn.kaddr, PAGE)
        except IndexError:
            return False
        return crc32c(page) == conn.crc32

    async def _load_xclbin(self, request: Request) -> bytes | None:
        if request.length < AXLF_SIZEOF:
            return None
        length = _axlf_length(request.payload)
        if request.length < length:
            return None
        return await self._download_answer(request.payload[:length])

    async def _load_xclbin_kaddr(self, request: Request) -> bytes | None:
        if request.length < BitstreamKaddr.SIZE or not self.connection & ConnFlags.PEER_SAME_DOMAIN:
            return None
        addr = BitstreamKaddr.unpack(request.payload).addr
        memory = self._platform.memory
        try:
            image = memory.read(addr, _axlf_length(memory.read(addr, AXLF_SIZEOF)))
        except IndexError:
            # The real driver would stop the machine here.
            self._on_event("mgmt.server", f"the image at {addr:#x} is not in memory")
            return None
        return await self._download_answer(image)

    async def _download_answer(self, image: bytes) -> bytes:
        try:
            await self.downloader.download(image)
        except OSError as error:
            return pack_int(result_code(error))
        return pack_int(0)

    async def _peer_data(self, request: Request) -> bytes | None:
        if request.length < SubdevPeer.SIZE:
            return None
        asked = SubdevPeer.unpack(request.payload)
        if asked.kind != Group.ICAP:
            return pack_int(0)
        group = IcapData(
            idcode=self.idcode,
            uuid=self.downloader.bitstream.uuid,
            mig_calib=int(await self.downloader.calibrated()),
            data_retention=int(self.options.data_retention),
        ).pack()
        return group[: asked.size * asked.entries]


def _axlf_length(image: bytes) -> int:
    """The length an image's header gives."""
    length: int = struct.unpack_from("<Q", image, LENGTH_AT)[0]
    return length
