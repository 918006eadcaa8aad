# SPDX-License-Identifier: Apache-2.0
"""Numbers with a meaning in an xclbin. Source: XRT xclbin contract §1-§3 (`xclbin.h`)."""

from __future__ import annotations

from enum import IntEnum


class SectionKind(IntEnum):
    """What a section holds. A number not listed here becomes `UNKNOWN_<n>`, so that it can be kept."""

    BITSTREAM = 0
    CLEARING_BITSTREAM = 1
    EMBEDDED_METADATA = 2
    FIRMWARE = 3
    DEBUG_DATA = 4
    SCHED_FIRMWARE = 5
    MEM_TOPOLOGY = 6
    CONNECTIVITY = 7
    IP_LAYOUT = 8
    DEBUG_IP_LAYOUT = 9
    DESIGN_CHECK_POINT = 10
    CLOCK_FREQ_TOPOLOGY = 11
    MCS = 12
    BMC = 13
    BUILD_METADATA = 14
    KEYVALUE_METADATA = 15
    USER_METADATA = 16
    DNA_CERTIFICATE = 17
    PDI = 18
    BITSTREAM_PARTIAL_PDI = 19
    PARTITION_METADATA = 20
    EMULATION_DATA = 21
    SYSTEM_METADATA = 22
    SOFT_KERNEL = 23
    ASK_FLASH = 24
    AIE_METADATA = 25
    ASK_GROUP_TOPOLOGY = 26
    ASK_GROUP_CONNECTIVITY = 27
    SMARTNIC = 28
    AIE_RESOURCES = 29
    OVERLAY = 30
    VENDER_METADATA = 31

    @classmethod
    def _missing_(cls, value: object) -> SectionKind | None:
        if not isinstance(value, int) or not 0 <= value <= 0xFFFFFFFF:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member


class Mode(IntEnum):
    """Header `m_mode`."""

    FLAT = 0
    PR = 1
    TANDEM_STAGE2 = 2
    TANDEM_STAGE2_WITH_PR = 3
    HW_EMU = 4
    SW_EMU = 5
    HW_EMU_PR = 6


class MemType(IntEnum):
    """MEM_TOPOLOGY `m_type`."""

    MEM_DDR3 = 0
    MEM_DDR4 = 1
    MEM_DRAM = 2
    MEM_STREAMING = 3
    MEM_PREALLOCATED_GLOB = 4
    MEM_ARE = 5
    MEM_HBM = 6
    MEM_BRAM = 7
    MEM_URAM = 8
    MEM_STREAMING_CONNECTION = 9
    MEM_HOST = 10
    MEM_PS_KERNEL = 11


class IpType(IntEnum):
    """IP_LAYOUT `m_type`."""

    IP_MB = 0
    IP_KERNEL = 1
    IP_DNASC = 2
    IP_DDR4_CONTROLLER = 3
    IP_MEM_DDR4 = 4
    IP_MEM_HBM = 5
    IP_MEM_HBM_ECC = 6
    IP_PS_KERNEL = 7


class IpControl(IntEnum):
    """IP_LAYOUT properties [15:8] of a kernel."""

    AP_CTRL_HS = 0
    AP_CTRL_CHAIN = 1
    AP_CTRL_NONE = 2
    AP_CTRL_ME = 3
    ACCEL_ADAPTER = 4
    FAST_ADAPTER = 5


class ClockType(IntEnum):
    """CLOCK_FREQ_TOPOLOGY `m_type`."""

    UNUSED = 0
    DATA = 1
    KERNEL = 2
    SYSTEM = 3


class DebugIpType(IntEnum):
    """DEBUG_IP_LAYOUT `m_type`."""

    UNDEFINED = 0
    LAPC = 1
    ILA = 2
    AXI_MM_MONITOR = 3
    AXI_TRACE_FUNNEL = 4
    AXI_MONITOR_FIFO_LITE = 5
    AXI_MONITOR_FIFO_FULL = 6
    ACCEL_MONITOR = 7
    AXI_STREAM_MONITOR = 8
    AXI_STREAM_PROTOCOL_CHECKER = 9
    TRACE_S2MM = 10
    AXI_DMA = 11
    TRACE_S2MM_FULL = 12
    AXI_NOC = 13
    ACCEL_DEADLOCK_DETECTOR = 14


class McsType(IntEnum):
    """MCS chunk type."""

    UNKNOWN = 0
    PRIMARY = 1
    SECONDARY = 2


class FlashType(IntEnum):
    """ASK_FLASH type."""

    UNKNOWN = 0
    BIN_PRIMARY = 1
