# SPDX-License-Identifier: Apache-2.0
"""Requests of the mailbox: opcodes, the request header and the payload structures.

Offsets are those of the XRT mailbox contract §4 and §5.1 (gcc x86-64 layout of `mailbox_proto.h`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import ClassVar

from pydriver.mailbox.wire import Wire, array, i32, raw, u32, u64

PROTOCOL_VERSION = 0
HEADER_BYTES = 12
"""The payload of a request begins here ..."""
HEADER_SIZEOF = 16
"""... but `sizeof` is 16, so every sender adds 4 bytes and every receiver subtracts 16."""
COMM_ID_BYTES = 2048
AXLF_SIZEOF = 496


class Opcode(IntEnum):
    """Requests (XRT mailbox contract §5)."""

    UNKNOWN = 0
    TEST_READY = 1
    TEST_READ = 2
    LOCK_BITSTREAM = 3
    UNLOCK_BITSTREAM = 4
    HOT_RESET = 5
    FIREWALL = 6
    LOAD_XCLBIN_KADDR = 7
    LOAD_XCLBIN = 8
    RECLOCK = 9
    PEER_DATA = 10
    USER_PROBE = 11
    MGMT_STATE = 12
    CHG_SHELL = 13
    PROGRAM_SHELL = 14
    READ_P2P_BAR_ADDR = 15
    SDR_DATA = 16


OPCODE_MAX = 17


class Group(IntEnum):
    """Kinds of PEER_DATA."""

    SENSOR = 0
    ICAP = 1
    BDINFO = 2
    MIG_ECC = 3
    FIREWALL = 4
    DNA = 5
    SUBDEV = 6
    SDR_BDINFO = 7
    SDR_TEMP = 8
    SDR_VOLTAGE = 9
    SDR_CURRENT = 10
    SDR_POWER = 11


class ConnFlags(IntFlag):
    """Flags of the handshake's answer."""

    PEER_READY = 1
    PEER_SAME_DOMAIN = 2


class PeerStateFlags(IntFlag):
    """Flags of MGMT_STATE."""

    ONLINE = 1
    OFFLINE = 2


def opcode_name(opcode: int) -> str:
    """For messages: ``LOAD_XCLBIN`` or ``opcode 42``."""
    return Opcode(opcode).name if opcode in Opcode._value2member_map_ else f"opcode {opcode}"


def pack_request(opcode: int, payload: bytes) -> bytes:
    """A request message: flags 0, the opcode, the payload from byte 12 on and the 4 trailing bytes."""
    return struct.pack("<QI", 0, opcode) + payload + bytes(HEADER_SIZEOF - HEADER_BYTES)


@dataclass(frozen=True)
class RequestMessage:
    """A request taken apart: `length` is the payload length as receivers count it (message minus 16)."""

    opcode: int
    payload: bytes
    length: int


def unpack_request(message: bytes) -> RequestMessage | None:
    """None for a message shorter than the header, which receivers drop."""
    if len(message) < HEADER_SIZEOF:
        return None
    opcode = struct.unpack_from("<I", message, 8)[0]
    return RequestMessage(opcode, message[HEADER_BYTES:], len(message) - HEADER_SIZEOF)


def pack_int(value: int) -> bytes:
    """A response that is one signed 32-bit number (0 or a negative errno)."""
    return struct.pack("<i", value)


def unpack_int(message: bytes) -> int:
    """The number of such a response. Raises `struct.error` when it is shorter than 4 bytes."""
    value: int = struct.unpack_from("<i", message)[0]
    return value


@dataclass(frozen=True)
class BitstreamLock(Wire):
    """Payload of LOCK_BITSTREAM and UNLOCK_BITSTREAM, which nobody sends any more."""

    SIZE: ClassVar[int] = 24
    reserved: int = u64(0)
    uuid: bytes = raw(8, 16)


@dataclass(frozen=True)
class SubdevPeer(Wire):
    """Payload of PEER_DATA and SDR_DATA: `size` bytes per entry the asker has room for."""

    SIZE: ClassVar[int] = 32
    kind: int = u32(0)
    size: int = u64(8)
    entries: int = u64(16)
    offset: int = u64(24)


@dataclass(frozen=True)
class Conn(Wire):
    """Payload of USER_PROBE."""

    SIZE: ClassVar[int] = 24
    kaddr: int = u64(0)
    paddr: int = u64(8)
    crc32: int = u32(16)
    version: int = u32(20)


@dataclass(frozen=True)
class ConnResp(Wire):
    """Response to USER_PROBE."""

    SIZE: ClassVar[int] = 2080
    version: int = u32(0)
    conn_flags: int = u64(8)
    chan_switch: int = u64(16)
    comm_id: bytes = raw(24, COMM_ID_BYTES)
    chan_disable: int = u64(2072)


@dataclass(frozen=True)
class PeerState(Wire):
    """Payload of MGMT_STATE."""

    SIZE: ClassVar[int] = 8
    state_flags: int = u64(0)


@dataclass(frozen=True)
class BitstreamKaddr(Wire):
    """Payload of LOAD_XCLBIN_KADDR."""

    SIZE: ClassVar[int] = 8
    addr: int = u64(0)


@dataclass(frozen=True)
class ClockFreqscaling(Wire):
    """Payload of RECLOCK; the first 12 bytes are all that can be trusted (quirk 2)."""

    SIZE: ClassVar[int] = 36
    region: int = u32(0)
    target_freqs: tuple[int, ...] = array(4, 16, "H")


@dataclass(frozen=True)
class P2pBarAddr(Wire):
    """Payload of READ_P2P_BAR_ADDR."""

    SIZE: ClassVar[int] = 16
    p2p_bar_addr: int = u64(0)
    p2p_bar_len: int = u64(8)


@dataclass(frozen=True)
class IcapData(Wire):
    """PEER_DATA(ICAP): clocks (MHz, counters in kHz), IDCODE, uuid of the loaded xclbin, calibration."""

    SIZE: ClassVar[int] = 104
    freq_0: int = u64(0)
    freq_1: int = u64(8)
    freq_2: int = u64(16)
    freq_3: int = u64(24)
    freq_cntr_0: int = u64(32)
    freq_cntr_1: int = u64(40)
    freq_cntr_2: int = u64(48)
    freq_cntr_3: int = u64(56)
    idcode: int = u64(64)
    uuid: bytes = raw(72, 16)
    mig_calib: int = u64(88)
    data_retention: int = u64(96)


@dataclass(frozen=True)
class BoardInfo(Wire):
    """PEER_DATA(BDINFO)."""

    SIZE: ClassVar[int] = 1432
    serial_num: bytes = raw(0, 256)
    mac_addr0: bytes = raw(256, 32)
    mac_addr1: bytes = raw(288, 32)
    mac_addr2: bytes = raw(320, 32)
    mac_addr3: bytes = raw(352, 32)
    revision: bytes = raw(384, 256)
    bd_name: bytes = raw(640, 256)
    bmc_ver: bytes = raw(896, 256)
    max_power: int = u32(1152)
    fan_presence: int = u32(1156)
    config_mode: int = u32(1160)
    exp_bmc_ver: bytes = raw(1164, 256)
    mac_contiguous_num: int = u32(1420)
    mac_addr_first: bytes = raw(1424, 6)


@dataclass(frozen=True)
class MigEcc(Wire):
    """One entry of PEER_DATA(MIG_ECC)."""

    SIZE: ClassVar[int] = 64
    mem_type: int = u64(0)
    mem_idx: int = u64(8)
    ecc_enabled: int = u64(16)
    ecc_status: int = u64(24)
    ecc_ce_cnt: int = u64(32)
    ecc_ue_cnt: int = u64(40)
    ecc_ce_ffa: int = u64(48)
    ecc_ue_ffa: int = u64(56)


@dataclass(frozen=True)
class FirewallData(Wire):
    """PEER_DATA(FIREWALL)."""

    SIZE: ClassVar[int] = 104
    max_level: int = u64(0)
    curr_status: int = u64(8)
    curr_level: int = u64(16)
    err_detected_status: int = u64(24)
    err_detected_level: int = u64(32)
    err_detected_time: int = u64(40)
    err_detected_level_name: bytes = raw(48, 50)


@dataclass(frozen=True)
class DnaData(Wire):
    """PEER_DATA(DNA)."""

    SIZE: ClassVar[int] = 48
    status: int = u64(0)
    dna: tuple[int, ...] = array(8, 4, "I")
    capability: int = u64(24)
    dna_version: int = u64(32)
    revision: int = u64(40)


@dataclass(frozen=True)
class SubdevData(Wire):
    """PEER_DATA(SUBDEV); the blob begins at byte 32, inside `data`."""

    SIZE: ClassVar[int] = 40
    ver: int = u32(0)
    rtncode: int = i32(4)
    checksum: int = u64(8)
    size: int = u64(16)
    offset: int = u64(24)
    data: int = u64(32)


@dataclass(frozen=True)
class SensorData(Wire):
    """PEER_DATA(SENSOR): mV, mA, degrees Celsius, rpm."""

    SIZE: ClassVar[int] = 240
    vol_12v_pex: int = u32(0)
    vol_12v_aux: int = u32(4)
    cur_12v_pex: int = u32(8)
    cur_12v_aux: int = u32(12)
    vol_3v3_pex: int = u32(16)
    vol_3v3_aux: int = u32(20)
    cur_3v3_aux: int = u32(24)
    ddr_vpp_btm: int = u32(28)
    sys_5v5: int = u32(32)
    top_1v2: int = u32(36)
    vol_1v8: int = u32(40)
    vol_0v85: int = u32(44)
    ddr_vpp_top: int = u32(48)
    mgt0v9avcc: int = u32(52)
    vol_12v_sw: int = u32(56)
    mgtavtt: int = u32(60)
    vcc1v2_btm: int = u32(64)
    fpga_temp: int = u32(68)
    fan_temp: int = u32(72)
    fan_rpm: int = u32(76)
    dimm_temp0: int = u32(80)
    dimm_temp1: int = u32(84)
    dimm_temp2: int = u32(88)
    dimm_temp3: int = u32(92)
    vccint_vol: int = u32(96)
    vccint_curr: int = u32(100)
    se98_temp0: int = u32(104)
    se98_temp1: int = u32(108)
    se98_temp2: int = u32(112)
    cage_temp0: int = u32(116)
    cage_temp1: int = u32(120)
    cage_temp2: int = u32(124)
    cage_temp3: int = u32(128)
    hbm_temp0: int = u32(132)
    cur_3v3_pex: int = u32(136)
    cur_0v85: int = u32(140)
    vol_3v3_vcc: int = u32(144)
    vol_1v2_hbm: int = u32(148)
    vol_2v5_vpp: int = u32(152)
    vccint_bram: int = u32(156)
    version: int = u32(160)
    oem_id: int = u32(164)
    vccint_temp: int = u32(168)
    vol_12v_aux1: int = u32(172)
    vol_vcc1v2_i: int = u32(176)
    vol_v12_in_i: int = u32(180)
    vol_v12_in_aux0_i: int = u32(184)
    vol_v12_in_aux1_i: int = u32(188)
    vol_vccaux: int = u32(192)
    vol_vccaux_pmc: int = u32(196)
    vol_vccram: int = u32(200)
    power_warn: int = u32(204)
    qspi_status: int = u32(208)
    vccint_vcu_0v9: int = u32(212)
    heartbeat_count: int = u32(216)
    heartbeat_err_time: int = u64(224)
    heartbeat_err_code: int = u32(232)
    heartbeat_stall: int = u32(236)
