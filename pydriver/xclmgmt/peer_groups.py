# SPDX-License-Identifier: Apache-2.0
"""What PEER_DATA and SDR_DATA answer, group by group, with their rules of size.

Source: XRT mailbox contract §5.1 and §7, and `mgmtpf/mgmt-core.c` (`xclmgmt_read_subdev_req`): a fixed group
is cut to the room of the asker, so that an older one gets a prefix; what cannot be built is the number 0.
Sizes are those of a 64-bit machine, so the product of size and entries wraps. One rule is ours: where the
wrapped product would make the driver write behind its buffer (MIG_ECC), the request fails.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from pydriver.errors import fail
from pydriver.mailbox import Group
from pydriver.mailbox.messages import (
    BoardInfo,
    DnaData,
    FirewallData,
    IcapData,
    MigEcc,
    SensorData,
    SubdevPeer,
    pack_int,
)
from pydriver.mailbox.wire import Wire
from pydriver.xclbin import NULL_UUID, MemBank, MemType
from pydriver.xclbin.sections import decode_mem_topology
from pydriver.xclmgmt.providers import Providers

if TYPE_CHECKING:
    from pydriver.subdev.feature_rom import FeatureRom
    from pydriver.xclmgmt.download import Downloader
    from pydriver.xclmgmt.shell import Shell

PAGE = 4096
MIG_MAX_BYTES = 4 * PAGE
MAX_MIGS = 64
SDR_BYTES = 4096
_U64 = (1 << 64) - 1
_CLOCKS = 3

GroupT = TypeVar("GroupT", bound=Wire)


class PeerGroups:
    """Builds the groups of one management PF."""

    def __init__(
        self, rom: FeatureRom, downloader: Downloader, shell: Shell, providers: Providers, idcode: int
    ) -> None:
        self._rom = rom
        self._downloader = downloader
        self._shell = shell
        self._providers = providers
        self._idcode = idcode

    async def answer(self, asked: SubdevPeer) -> bytes:
        """The response to a request for a group."""
        try:
            data = await self._build(asked)
        except OSError:
            return pack_int(0)
        return data[: asked.size * asked.entries & _U64]

    async def _build(self, asked: SubdevPeer) -> bytes:
        """The group before it is cut. Raises OSError when it cannot be built."""
        providers = self._providers
        match asked.kind:
            case Group.SENSOR:
                board = providers.board
                return (await _read(board.sensors if board else None, SensorData())).pack()
            case Group.ICAP:
                return (await self._icap()).pack()
            case Group.BDINFO:
                return (await self._board_info()).pack()
            case Group.MIG_ECC:
                return await self._mig_ecc(asked.size, asked.entries)
            case Group.FIREWALL:
                firewall = providers.firewall
                return (await _read(firewall.data if firewall else None, FirewallData())).pack()
            case Group.DNA:
                dna = providers.dna
                return (await _read(dna.data if dna else None, DnaData())).pack()
            case Group.SUBDEV:
                return self._shell.subdevices(asked.offset, asked.size)
            case Group.SDR_BDINFO | Group.SDR_TEMP | Group.SDR_VOLTAGE | Group.SDR_CURRENT | Group.SDR_POWER:
                return await self._repository(Group(asked.kind))
        raise fail(errno.EINVAL, f"there is no group {asked.kind}")

    async def _icap(self) -> IcapData:
        """Zeros while a download is going on, as the loaded image cannot be named then."""
        downloader = self._downloader
        if downloader.bitstream.writing:
            return IcapData()
        clocks = self._providers.clocks
        frequencies = _slots(await clocks.frequencies() if clocks else ())
        counters = _slots(await clocks.counters() if clocks else ())
        return IcapData(
            freq_0=frequencies[0],
            freq_1=frequencies[1],
            freq_2=frequencies[2],
            freq_cntr_0=counters[0],
            freq_cntr_1=counters[1],
            freq_cntr_2=counters[2],
            idcode=self._idcode,
            uuid=downloader.bitstream.uuid,
            mig_calib=int(await downloader.calibrated()),
            data_retention=int(downloader.data_retention),
        )

    async def _board_info(self) -> BoardInfo:
        """Of the controller; without one the only thing known of the board is the ROM's platform name."""
        board = self._providers.board
        known = BoardInfo(bd_name=self._rom.vbnv.encode("latin-1"))
        return await _read(board.board_info if board else None, known)

    async def _mig_ecc(self, size: int, entries: int) -> bytes:
        """One entry per memory controller, `size` bytes apart.

        The card's controllers have no error correction, so all there is to tell is which ones there are: the
        used DRAM banks of the loaded image, once they are calibrated.
        """
        count = min(entries, MAX_MIGS)
        if not 0 < size * count <= MIG_MAX_BYTES:
            raise fail(errno.EINVAL, f"{count} entries of {size} bytes are not an answer")
        downloader = self._downloader
        banks: Sequence[MemBank] = ()
        if downloader.bitstream.uuid != NULL_UUID and await downloader.calibrated():
            banks = decode_mem_topology(downloader.mem_topology)
        out = bytearray(size * count)
        drams = [bank for bank in banks if bank.used and bank.tag.lower().startswith(("ddr", "bank"))]
        for index, bank in enumerate(drams[:count]):
            entry = MigEcc(mem_type=MemType.MEM_DRAM, mem_idx=_bank_number(bank.tag)).pack()[:size]
            out[index * size : index * size + len(entry)] = entry
        return bytes(out)

    async def _repository(self, kind: Group) -> bytes:
        repository = self._providers.repository
        if repository is None:
            raise fail(errno.ENODEV, "the card has no sensor data repository")
        return (await repository.repository(kind))[:SDR_BYTES].ljust(SDR_BYTES, b"\0")


async def _read(source: Callable[[], Awaitable[GroupT]] | None, otherwise: GroupT) -> GroupT:
    """What `source` has, `otherwise` when it is absent or fails."""
    if source is None:
        return otherwise
    try:
        return await source()
    except OSError:
        return otherwise


def _slots(values: Sequence[int]) -> tuple[int, ...]:
    return tuple(values[:_CLOCKS]) + (0,) * (_CLOCKS - len(values[:_CLOCKS]))


def _bank_number(tag: str) -> int:
    """7 of ``bank7`` and of ``DDR[7]``."""
    digits = "".join(character for character in tag if character in "0123456789")
    return int(digits or "0")
