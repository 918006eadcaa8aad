# SPDX-License-Identifier: Apache-2.0
"""The management PF's answers to the requests of the user PF, one handler an opcode.

Source: XRT mailbox contract §6 and §7, `mgmtpf/mgmt-core.c` (`xclmgmt_mailbox_srv`). What is too short is
dropped without an answer, and so are LOCK_BITSTREAM and UNLOCK_BITSTREAM, for which there is no handler there
either. A request comes from the other side of a wall: nothing in it may raise anything here but what is
answered or logged.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydriver.errors import fail, result_code
from pydriver.mailbox import ConnFlags, Opcode, Request
from pydriver.mailbox.crc32c import crc32c
from pydriver.mailbox.messages import (
    AXLF_SIZEOF,
    PROTOCOL_VERSION,
    BitstreamKaddr,
    Conn,
    ConnResp,
    P2pBarAddr,
    SubdevPeer,
    opcode_name,
    pack_int,
)
from pydriver.platform import HostMemory
from pydriver.platform.trace import OnEvent, silent
from pydriver.xclbin import NULL_UUID, ClockType
from pydriver.xclbin.layouts import AXLF, AXLF_HEADER
from pydriver.xclmgmt.substitute import stored_image

if TYPE_CHECKING:
    from pydriver.xclmgmt.driver import Xclmgmt

PAGE = 4096
LENGTH_AT = AXLF.offsets["m_header"] + AXLF_HEADER.offsets["m_length"]
UUID_AT = AXLF.offsets["m_header"] + AXLF_HEADER.offsets["uuid"]
RECLOCK_SIZE = 12
CLOCKS = 4
MIN_MHZ = 10
_CLOCK_ORDER = (ClockType.DATA, ClockType.KERNEL, ClockType.SYSTEM)

Handler = Callable[[Request], Awaitable[bytes | None]]


class MgmtHandlers:
    """`table` gives the handlers for `pydriver.mailbox.Server`."""

    def __init__(self, driver: Xclmgmt, memory: HostMemory, on_event: OnEvent = silent) -> None:
        self._driver = driver
        self._memory = memory
        self._on_event = on_event

    @property
    def table(self) -> Mapping[Opcode, Handler]:
        """Opcode to handler."""
        handlers: dict[Opcode, Handler] = {
            Opcode.HOT_RESET: self._hot_reset,
            Opcode.LOAD_XCLBIN_KADDR: self._load_xclbin_kaddr,
            Opcode.LOAD_XCLBIN: self._load_xclbin,
            Opcode.RECLOCK: self._reclock,
            Opcode.PEER_DATA: self._peer_data,
            Opcode.SDR_DATA: self._peer_data,
            Opcode.USER_PROBE: self._user_probe,
            Opcode.PROGRAM_SHELL: self._program_shell,
            Opcode.READ_P2P_BAR_ADDR: self._read_p2p_bar_addr,
        }
        return handlers

    async def _user_probe(self, request: Request) -> bytes | None:
        if request.length < Conn.SIZE:
            return self._short(request)
        driver = self._driver
        conn = Conn.unpack(request.payload)
        driver.shell.probed()
        driver.connection = ConnFlags.PEER_READY
        if driver.mailbox.channel_switch == 0 and self._same_domain(conn):
            driver.connection |= ConnFlags.PEER_SAME_DOMAIN
        self._on_event("mgmt.server", f"user PF connected, {driver.connection.name}")
        return ConnResp(
            version=min(PROTOCOL_VERSION, conn.version),
            conn_flags=int(driver.connection),
            chan_switch=driver.mailbox.channel_switch,
            comm_id=driver.comm_id.encode(),
            chan_disable=driver.mailbox.channel_disable,
        ).pack()

    def _same_domain(self, conn: Conn) -> bool:
        """The peer's page is where it says, in the memory this driver sees.

        On this bare-metal host a kernel address is the physical address.
        """
        if conn.kaddr != conn.paddr:
            return False
        try:
            page = self._memory.read(conn.kaddr, PAGE)
        except IndexError:
            return False
        return crc32c(page) == conn.crc32

    # --- images -------------------------------------------------------------------------------------

    async def _load_xclbin(self, request: Request) -> bytes | None:
        if request.length < AXLF_SIZEOF:
            return self._short(request)
        length = axlf_length(request.payload)
        if request.length < length:
            return self._short(request)
        if self._driver.config_xclbin_change:
            return await self._result(self._load_stored(request.payload[UUID_AT : UUID_AT + 16]))
        return await self._result(self._driver.downloader.download(request.payload[:length]))

    async def _load_stored(self, uuid: bytes) -> None:
        driver = self._driver
        image = stored_image(driver.options.firmware_dir, uuid, driver.shell.interface_uuids)
        self._on_event("mgmt.server", f"loads the stored image of {uuid.hex()}, {len(image)} bytes")
        await driver.downloader.download(image)

    async def _load_xclbin_kaddr(self, request: Request) -> bytes | None:
        if not self._driver.connection & ConnFlags.PEER_SAME_DOMAIN:
            self._on_event("mgmt.server", "drops LOAD_XCLBIN_KADDR: the user PF has another memory")
            return None
        if request.length < BitstreamKaddr.SIZE:
            return self._short(request)
        addr = BitstreamKaddr.unpack(request.payload).addr
        try:
            length = axlf_length(self._memory.read(addr, AXLF_SIZEOF))
        except IndexError:
            # The real driver would stop the machine here.
            self._on_event("mgmt.server", f"the image at {addr:#x} is not in memory")
            return None
        return await self._result(self._load_copy(addr, length))

    async def _load_copy(self, addr: int, length: int) -> None:
        """Raises ENOMEM for a length no copy can be made of: none, or more than there is memory."""
        try:
            image = self._memory.read(addr, length) if length else None
        except IndexError:
            image = None
        if image is None:
            raise fail(errno.ENOMEM, f"no memory for an image of {length} bytes")
        await self._driver.downloader.download(image)

    # --- the card -----------------------------------------------------------------------------------

    async def _hot_reset(self, request: Request) -> bytes | None:
        driver = self._driver
        driver.set_offline(True)
        try:
            await request.reply(pack_int(0))
        except OSError as error:
            self._on_event("mgmt.server", f"the response to HOT_RESET: {error.strerror}")
            driver.schedule_reset(force=True)
        else:
            driver.schedule_reset(force=False)
        return None

    async def _reclock(self, request: Request) -> bytes | None:
        if request.length < RECLOCK_SIZE:
            return self._short(request)
        _, *frequencies = struct.unpack_from(f"<I{CLOCKS}H", request.payload)
        return await self._result(self.scale_clocks(frequencies))

    async def scale_clocks(self, frequencies: Sequence[int]) -> None:
        """Set the clocks to MHz by slot, 0 leaves one alone.

        Raises EBUSY (a download is going on), EDOM (no image loaded, or outside 10 MHz to what it was built
        for), ENODEV (the card has no clock wizards), and what setting them gives.
        """
        driver = self._driver
        downloader = driver.downloader
        if downloader.bitstream.writing:
            raise fail(errno.EBUSY, "a download is going on")
        if downloader.bitstream.uuid == NULL_UUID:
            raise fail(errno.EDOM, "no image is loaded that would say which frequencies are allowed")
        built_for = {clock.type: clock.freq_mhz for clock in downloader.clocks}
        limits = [built_for.get(kind, 0) for kind in _CLOCK_ORDER]
        limits += [0] * (len(frequencies) - len(limits))
        for slot, (mhz, limit) in enumerate(zip(frequencies, limits, strict=False)):
            if mhz and not MIN_MHZ <= mhz <= limit:
                raise fail(errno.EDOM, f"clock {slot}: {mhz} MHz is not within {MIN_MHZ} and {limit} MHz")
        clocks = driver.options.providers.clocks
        if clocks is None:
            raise fail(errno.ENODEV, "the card has no clock wizards")
        await clocks.scale(frequencies)
        await downloader.wait_calibrated()

    async def _peer_data(self, request: Request) -> bytes | None:
        if request.length < SubdevPeer.SIZE:
            return self._short(request)
        return await self._driver.groups.answer(SubdevPeer.unpack(request.payload))

    async def _program_shell(self, request: Request) -> bytes | None:
        driver = self._driver
        driver.shell.granted()
        try:
            await request.reply(pack_int(0))
        except OSError as error:
            self._on_event("mgmt.server", f"the response to PROGRAM_SHELL: {error.strerror}")
        driver.schedule_shell()
        return None

    async def _read_p2p_bar_addr(self, request: Request) -> bytes | None:
        passthrough = self._driver.passthrough
        if passthrough.offered:
            if request.length < P2pBarAddr.SIZE:
                return self._short(request)
            bar = P2pBarAddr.unpack(request.payload)
            await passthrough.program(bar.p2p_bar_addr, bar.p2p_bar_len)
        return pack_int(0)

    # --- helpers ------------------------------------------------------------------------------------

    async def _result(self, work: Awaitable[None]) -> bytes:
        """The number that `work` ends with."""
        try:
            await work
        except OSError as error:
            self._on_event(
                "mgmt.server", f"answers {errno.errorcode.get(-result_code(error))}: {error.strerror}"
            )
            return pack_int(result_code(error))
        return pack_int(0)

    def _short(self, request: Request) -> bytes | None:
        """Drop a request whose payload is shorter than what it should hold."""
        label = opcode_name(request.opcode)
        self._on_event("mgmt.server", f"drops {label}: {request.length} bytes are too few")
        return None


def axlf_length(image: bytes) -> int:
    """The length an image's header gives; `image` has at least the header."""
    length: int = struct.unpack_from("<Q", image, LENGTH_AT)[0]
    return length
