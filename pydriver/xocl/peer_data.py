# SPDX-License-Identifier: Apache-2.0
"""PEER_DATA and SDR_DATA: what the management PF knows of the card, group by group.

Lengths are checked loosely, as the real driver does: an answer may be shorter than the structure (an older
peer, or MPD's 64 bytes for the firewall's 104), and what it does not reach keeps its old value. An answer
of at most 4 bytes is the number that stands for a failure. Source: XRT mailbox contract §5.1 and §7,
software mailbox contract §8.
"""

from __future__ import annotations

import errno
from typing import TypeVar

from pydriver.errors import fail
from pydriver.mailbox import Group, Mailbox, Opcode
from pydriver.mailbox.messages import (
    BoardInfo,
    DnaData,
    FirewallData,
    IcapData,
    MigEcc,
    SensorData,
    SubdevPeer,
)
from pydriver.mailbox.wire import Wire
from pydriver.platform import Clock
from pydriver.platform.sync import Lock
from pydriver.platform.trace import OnEvent, silent
from pydriver.xclbin import NULL_UUID

CACHE_NS = 1_000_000_000
NUMBER_BYTES = 4
MAX_MIGS = 64
SDR_BYTES = 4096
SDR_KINDS = (
    Group.SDR_BDINFO,
    Group.SDR_TEMP,
    Group.SDR_VOLTAGE,
    Group.SDR_CURRENT,
    Group.SDR_POWER,
)
_UUID_END = IcapData.offsets()["uuid"] + len(NULL_UUID)

STRUCTURES: dict[Group, type[Wire]] = {
    Group.SENSOR: SensorData,
    Group.ICAP: IcapData,
    Group.BDINFO: BoardInfo,
    Group.FIREWALL: FirewallData,
    Group.DNA: DnaData,
}
"""The groups that are one structure of fixed size."""

W = TypeVar("W", bound=Wire)


class PeerData:
    """Asks for groups and remembers what came. The methods named after groups ask at most once a second."""

    def __init__(self, clock: Clock, mailbox: Mailbox, on_event: OnEvent = silent) -> None:
        self._clock = clock
        self._mailbox = mailbox
        self._on_event = on_event
        self._known = {group: bytes(kind.SIZE) for group, kind in STRUCTURES.items()}
        self._expires: dict[Group, int] = {}
        self._one = Lock(clock)

    # --- groups -------------------------------------------------------------------------------------

    async def sensors(self) -> SensorData:
        """Voltages, currents, temperatures. Errors as `refresh`."""
        return await self._cached(Group.SENSOR, SensorData)

    async def icap(self) -> IcapData:
        """Clocks, IDCODE, uuid of the loaded image, calibration. Errors as `refresh`."""
        return await self._cached(Group.ICAP, IcapData)

    async def board_info(self) -> BoardInfo:
        """Serial number, addresses, versions. Errors as `refresh`."""
        return await self._cached(Group.BDINFO, BoardInfo)

    async def firewall(self) -> FirewallData:
        """What the AXI firewalls saw. Errors as `refresh`."""
        return await self._cached(Group.FIREWALL, FirewallData)

    async def dna(self) -> DnaData:
        """The device's DNA and the state of its check. Errors as `refresh`."""
        return await self._cached(Group.DNA, DnaData)

    async def mig_ecc(self, entries: int = MAX_MIGS) -> tuple[MigEcc, ...]:
        """One entry per memory controller, at most `entries`; the last may be filled up with zeros.

        Raises EINVAL for more than 64, else as `refresh`.
        """
        if not 0 < entries <= MAX_MIGS:
            raise fail(errno.EINVAL, f"{entries} memory controllers, 1 to {MAX_MIGS} can be asked for")
        answer = await self._ask(Group.MIG_ECC, MigEcc.SIZE, entries)
        return tuple(MigEcc.unpack(answer[at:]) for at in range(0, len(answer), MigEcc.SIZE))

    async def sdr(self, kind: Group) -> bytes:
        """An SDR repository (Versal), at most 4096 bytes. Raises EINVAL (other kind), else as `refresh`."""
        if kind not in SDR_KINDS:
            raise fail(errno.EINVAL, f"{kind!r} is no SDR repository")
        return await self._ask(kind, SDR_BYTES, 1, Opcode.SDR_DATA)

    # --- asking -------------------------------------------------------------------------------------

    async def refresh(self, group: Group) -> Wire:
        """Ask for a group of fixed size now.

        Raises what `Mailbox.request` raises, the errno of a negative number the peer answered, EIO for
        another answer without data.
        """
        async with self._one:
            await self._refresh(group)
        return self.known(group)

    async def refresh_if_old(self, group: Group) -> None:
        """Ask for a group of fixed size unless that was done within a second. Raises as `refresh`."""
        if self._is_old(group):
            async with self._one:
                # Whoever was first has asked for all that waited.
                if self._is_old(group):
                    await self._refresh(group)

    def _is_old(self, group: Group) -> bool:
        return self._clock.now_ns() >= self._expires.get(group, 0)

    async def _refresh(self, group: Group) -> None:
        try:
            answer = await self._ask(group, STRUCTURES[group].SIZE, 1)
            self._known[group] = answer + self._known[group][len(answer) :]
        finally:
            # After a failure too: who reads attributes must not wait for a dead peer each time.
            self._expires[group] = self._clock.now_ns() + CACHE_NS

    def known(self, group: Group) -> Wire:
        """What is known of a group of fixed size, zeros when it never answered."""
        return STRUCTURES[group].unpack(self._known[group])

    def expire(self, group: Group) -> None:
        """The group is another one now: ask at the next opportunity."""
        self._expires.pop(group, None)

    async def loaded_uuid(self) -> bytes:
        """The image the peer has loaded, asked now; the null uuid when it does not say."""
        try:
            answer = await self._ask(Group.ICAP, IcapData.SIZE, 1)
        except OSError as error:
            self._on_event("user.peer", f"what is loaded is not known: {error.strerror}")
            return NULL_UUID
        # An answer that ends before the uuid must not bring back the uuid of an earlier one.
        return IcapData.unpack(answer).uuid if len(answer) >= _UUID_END else NULL_UUID

    async def _cached(self, group: Group, kind: type[W]) -> W:
        await self.refresh_if_old(group)
        known = self.known(group)
        assert isinstance(known, kind)
        return known

    async def _ask(self, kind: Group, size: int, entries: int, opcode: Opcode = Opcode.PEER_DATA) -> bytes:
        asked = SubdevPeer(kind=kind, size=size, entries=entries)
        answer = await self._mailbox.request(opcode, asked.pack(), max_response=size * entries)
        if len(answer) <= NUMBER_BYTES:
            number = int.from_bytes(answer, "little", signed=True)
            code = -number if number < 0 else errno.EIO
            raise fail(code, f"the peer has no data of group {kind.name}, it answered {number}")
        return answer
