# SPDX-License-Identifier: Apache-2.0
"""PEER_DATA and SDR_DATA: every group, present and absent, and the rules of size."""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

import pytest

from pydriver.errors import fail
from pydriver.mailbox import Group, Opcode
from pydriver.mailbox.messages import BoardInfo, DnaData, FirewallData, IcapData, MigEcc, SensorData
from pydriver.xclbin import MemBank, MemType, SectionKind, parse
from pydriver.xclbin.sections import encode_mem_topology
from pydriver.xclmgmt import Providers
from tests.unit.mgmt_rig import pair
from tests.unit.rig import DEMO, Rig, with_section
from tests.unit.test_mgmt_requests import Wizards

UUID = parse(DEMO).uuid
SDR = [Group.SDR_BDINFO, Group.SDR_TEMP, Group.SDR_VOLTAGE, Group.SDR_CURRENT, Group.SDR_POWER]
ZERO = bytes(4)
HUGE = (1 << 64) - 1


@dataclass
class Parts:
    """A card that has everything; each part fails with `error` when that is set."""

    error: int = 0
    repository_bytes: int = 100

    def _answer(self) -> None:
        if self.error:
            raise fail(self.error, "the part does not answer")

    async def sensors(self) -> SensorData:
        self._answer()
        return SensorData(vol_12v_pex=12_050, fpga_temp=42, heartbeat_stall=7)

    async def board_info(self) -> BoardInfo:
        self._answer()
        return BoardInfo(serial_num=b"21320733", bd_name=b"ALVEO U200", mac_addr_first=b"\x00\x0a\x35\1\2\3")

    async def repository(self, kind: Group) -> bytes:
        self._answer()
        return bytes([kind]) * self.repository_bytes


class FirewallPart(Parts):
    async def data(self) -> FirewallData:
        self._answer()
        return FirewallData(max_level=4, err_detected_level=2, err_detected_level_name=b"DATA")

    async def tripped(self) -> bool:
        return False

    async def clear(self) -> None: ...


class DnaPart(Parts):
    async def data(self) -> DnaData:
        self._answer()
        return DnaData(status=1, dna=(1, 2, 3, 0), capability=0x101)


FIXED = {
    Group.SENSOR: (SensorData, Providers(board=Parts())),
    Group.BDINFO: (BoardInfo, Providers(board=Parts())),
    Group.FIREWALL: (FirewallData, Providers(firewall=FirewallPart())),
    Group.DNA: (DnaData, Providers(dna=DnaPart())),
}


@pytest.mark.parametrize("kind", FIXED, ids=lambda kind: kind.name)
def test_a_fixed_group_is_cut_to_the_room_of_the_asker(kind: Group) -> None:
    rig = Rig()
    wire, providers = FIXED[kind]

    async def main() -> None:
        _, bare = await pair(rig, providers=providers)
        whole = await bare.group(kind, wire.SIZE)
        assert len(whole) == wire.SIZE and wire.unpack(whole).pack() == whole and any(whole)
        for size, entries, expected in [
            (wire.SIZE + 8, 1, wire.SIZE),
            (8, 3, 24),
            (1, 1, 1),
            (0, 5, 0),
            (5, 0, 0),
            (HUGE, 1, wire.SIZE),
            (HUGE, HUGE, 1),
            (1 << 63, 2, 0),
            (1 << 32, 1 << 32, 0),
        ]:
            assert await bare.group(kind, size, entries) == whole[:expected], (size, entries)
        assert await bare.group(kind, wire.SIZE, opcode=Opcode.SDR_DATA) == whole

    rig.run(main())


@pytest.mark.parametrize("absent", [True, False], ids=["absent", "failing"])
def test_a_part_that_is_absent_or_fails_reads_as_zeros(absent: bool) -> None:
    rig = Rig()
    parts = (Parts(errno.EIO), FirewallPart(errno.EIO), DnaPart(errno.EIO))
    failing = Providers(board=parts[0], firewall=parts[1], dna=parts[2], repository=parts[0])

    async def main() -> None:
        _, bare = await pair(rig, providers=Providers() if absent else failing)
        for kind, (wire, _) in FIXED.items():
            answer = await bare.group(kind, wire.SIZE)
            if kind == Group.BDINFO:
                assert BoardInfo.unpack(answer) == BoardInfo.unpack(
                    BoardInfo(bd_name=b"xilinx_u200_xdma_201830_2").pack()
                ), "the ROM knows the platform's name and nothing else"
            else:
                assert answer == bytes(wire.SIZE)
        for kind in SDR:
            assert await bare.group(kind, 4096) == ZERO
            assert await bare.group(kind, 4096, opcode=Opcode.SDR_DATA) == ZERO
        for kind in (12, 13, 1 << 31, (1 << 32) - 1):
            assert await bare.group(kind, 4096) == ZERO

    rig.run(main())


@pytest.mark.parametrize("filled", [100, 4096, 5000])
def test_sensor_repositories(filled: int) -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig, providers=Providers(repository=Parts(0, filled)))
        for kind in SDR:
            whole = (bytes([kind]) * filled)[:4096].ljust(4096, b"\0")
            assert await bare.group(kind, 4096, opcode=Opcode.SDR_DATA) == whole
            assert await bare.group(kind, 1 << 20) == whole, "the other opcode serves them too"
            assert await bare.group(kind, 50, opcode=Opcode.SDR_DATA) == whole[:50]

    rig.run(main())


def test_icap_data_of_the_card() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig, providers=Providers(clocks=Wizards()), data_retention=True)
        data = IcapData.unpack(await bare.icap())
        assert data.uuid == bytes(16) and data.mig_calib == 1 and data.data_retention == 1
        assert data.idcode == mgmt.idcode == 0x14B31093
        assert (data.freq_0, data.freq_1, data.freq_2, data.freq_3) == (300, 500, 0, 0)
        assert (data.freq_cntr_0, data.freq_cntr_1, data.freq_cntr_2) == (300_001, 499_998, 0)
        await mgmt.download(DEMO)
        assert IcapData.unpack(await bare.icap()).uuid == UUID
        rig.card.calibration.after = 1
        assert IcapData.unpack(await bare.icap()).mig_calib == 0
        with mgmt.downloader.bitstream.writer():
            assert await bare.icap() == bytes(104), "nobody knows what is loaded now"

    rig.run(main())


def test_icap_data_of_a_card_without_clocks() -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig)
        assert IcapData.unpack(await bare.icap()).pack()[:64] == bytes(64)

    rig.run(main())


# --- memory controllers ---------------------------------------------------------------------------------


def test_memory_controllers_at_the_stride_of_the_asker() -> None:
    rig = Rig()
    expected = [MigEcc(mem_type=MemType.MEM_DRAM, mem_idx=index).pack() for index in (0, 1)]

    async def main() -> None:
        mgmt, bare = await pair(rig)
        assert await bare.group(Group.MIG_ECC, 64, 2) == bytes(128), "nothing is loaded"
        await mgmt.download(DEMO)
        assert await bare.group(Group.MIG_ECC, 64, 64) == b"".join(expected).ljust(4096, b"\0")
        assert await bare.group(Group.MIG_ECC, 64, 1) == expected[0]
        assert await bare.group(Group.MIG_ECC, 12, 3) == expected[0][:12] + expected[1][:12] + bytes(12)
        wide = await bare.group(Group.MIG_ECC, 100, 2)
        assert wide == expected[0].ljust(100, b"\0") + expected[1].ljust(100, b"\0")
        assert await bare.group(Group.MIG_ECC, 64, 200) == b"".join(expected).ljust(4096, b"\0"), "at most 64"
        assert len(await bare.group(Group.MIG_ECC, 256, 64)) == 16384
        rig.card.calibration.after = 1
        assert await bare.group(Group.MIG_ECC, 64, 2) == bytes(128), "not calibrated"

    rig.run(main())


@pytest.mark.parametrize(
    ("size", "entries"),
    [
        (257, 64),
        (16385, 1),
        (0, 64),
        (64, 0),
        (HUGE, HUGE),
        (HUGE, 1),
        ((1 << 58) + 1, 64),
        (1 << 60, 64),
        (1 << 63, 2),
    ],
)
def test_memory_controllers_that_do_not_fit_are_the_number_0(size: int, entries: int) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        await mgmt.download(DEMO)
        assert await bare.group(Group.MIG_ECC, size, entries) == ZERO

    rig.run(main())


def test_memory_controllers_are_the_used_dram_banks() -> None:
    rig = Rig()
    banks = [
        MemBank(MemType.MEM_DDR4, True, 1024, 0x3000000000, "PLRAM[0]"),
        MemBank(MemType.MEM_DDR4, False, 1024, 0x4000000000, "bank0"),
        MemBank(MemType.MEM_DDR4, True, 1024, 0x5000000000, "DDR[3]"),
        MemBank(MemType.MEM_DDR4, True, 1024, 0x6000000000, "DDR\xb2"),
    ]

    async def main() -> None:
        mgmt, bare = await pair(rig)
        topology = encode_mem_topology(banks[:3])
        await mgmt.download(with_section(SectionKind.MEM_TOPOLOGY, topology))
        answer = await bare.group(Group.MIG_ECC, 64, 4)
        assert struct.unpack_from("<2Q", answer) == (MemType.MEM_DRAM, 3) and not any(answer[64:])
        for strange in (b"\xff" * 100, topology + b"more", encode_mem_topology(banks)):
            mgmt.downloader.mem_topology = strange
            assert len(await bare.group(Group.MIG_ECC, 64, 4)) in (4, 256)

    rig.run(main())
