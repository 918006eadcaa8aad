# SPDX-License-Identifier: Apache-2.0
"""Feature ROM. Generated from hdl/regs/feature_rom.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0xD8

MAGIC = Register(
    "MAGIC",
    0x000,
    (
        Field("VALUE", 0, 32, "ro", 0x786E6C78, ""),
    ),
    "The characters xlnx.",
)

VERSION = Register(
    "VERSION",
    0x004,
    (
        Field("MAJOR", 0, 8, "ro", None, "Major version."),
        Field("MINOR", 8, 8, "ro", None, "Minor version."),
    ),
    "Shell version.",
)

VIVADO_BUILD = Register(
    "VIVADO_BUILD",
    0x008,
    (
        Field("ID", 0, 32, "ro", None, ""),
    ),
    "Vivado build.",
)

IP_BUILD = Register(
    "IP_BUILD",
    0x00C,
    (
        Field("ID", 0, 32, "ro", None, ""),
    ),
    "IP build.",
)

TIME_LO = Register(
    "TIME_LO",
    0x010,
    (
        Field("SECONDS", 0, 32, "ro", None, ""),
    ),
    "Seconds since 1970 at which the shell was made; an xclbin must name the same.",
)

TIME_HI = Register(
    "TIME_HI",
    0x014,
    (
        Field("SECONDS", 0, 32, "ro", None, ""),
    ),
    "Upper half of TIME_LO.",
)

PART = Register(
    "PART*",
    0x018,
    (
        Field("TEXT", 0, 32, "ro", None, ""),
    ),
    "FPGA part, NUL-terminated text of at most 64 bytes.",
).array(16, 0x4)

VBNV = Register(
    "VBNV*",
    0x058,
    (
        Field("TEXT", 0, 32, "ro", None, ""),
    ),
    "Platform name (VBNV), NUL-terminated text of at most 64 bytes.",
).array(16, 0x4)

DDR = Register(
    "DDR",
    0x098,
    (
        Field("CHANNELS", 0, 8, "ro", None, "Number of channels."),
        Field("CHANNEL_GIB", 8, 8, "ro", None, "Size of a channel in GiB."),
    ),
    "DDR memory.",
)

DR_BASE_LO = Register(
    "DR_BASE_LO",
    0x0A0,
    (
        Field("ADDRESS", 0, 32, "ro", None, ""),
    ),
    "Base address of the dynamic region.",
)

DR_BASE_HI = Register(
    "DR_BASE_HI",
    0x0A4,
    (
        Field("ADDRESS", 0, 32, "ro", None, ""),
    ),
    "Upper half of DR_BASE_LO.",
)

FEATURES_LO = Register(
    "FEATURES_LO",
    0x0A8,
    (
        Field("UNIFIED", 0, 1, "ro", None, "Unified shell."),
        Field("AURORA", 1, 1, "ro", None, "Aurora links."),
        Field("BOARD_MANAGEMENT", 2, 1, "ro", None, "Board management (CMC)."),
        Field("SCHEDULER", 3, 1, "ro", None, "MicroBlaze scheduler (ERT)."),
        Field("PROM", 4, 3, "ro", None, "Configuration PROM type."),
        Field("DEBUG", 8, 8, "ro", None, "Debug features."),
        Field("P2P", 16, 1, "ro", None, "Peer-to-peer."),
        Field("UUID", 17, 1, "ro", None, "The uuid is valid."),
        Field("HBM", 18, 1, "ro", None, "HBM."),
        Field("CDMA", 19, 1, "ro", None, "CDMA: CDMA_BASE is valid."),
        Field("QDMA", 20, 1, "ro", None, "QDMA instead of XDMA."),
        Field("CLOCK_SCALING", 21, 1, "ro", None, "Run-time clock scaling."),
        Field("PASS_THROUGH", 22, 1, "ro", None, "Pass-through virtualisation."),
    ),
    "What the shell has.",
)

FEATURES_HI = Register(
    "FEATURES_HI",
    0x0AC,
    (
        Field("BITS", 0, 32, "ro", None, ""),
    ),
    "Upper half of the feature bits; none defined.",
)

UUID = Register(
    "UUID*",
    0x0B0,
    (
        Field("BYTES", 0, 32, "ro", None, ""),
    ),
    "Interface uuid, 16 bytes.",
).array(4, 0x4)

HBM = Register(
    "HBM",
    0x0C0,
    (
        Field("CHANNELS", 0, 8, "ro", None, "Number of channels."),
        Field("CHANNEL_GIB", 8, 8, "ro", None, "Size of a channel in GiB."),
    ),
    "HBM memory.",
)

CDMA_BASE = Register(
    "CDMA_BASE*",
    0x0C4,
    (
        Field("ADDRESS", 0, 32, "ro", None, ""),
    ),
    "Addresses of the shell's copy units (KDMA) in the user BAR; 0: none.",
).array(4, 0x4)

PAD = Register(
    "PAD",
    0x0D4,
    (
        Field("ZERO", 0, 32, "ro", 0x0, ""),
    ),
    "Padding of the 216 bytes.",
)

REGISTERS: tuple[Register, ...] = (
    MAGIC,
    VERSION,
    VIVADO_BUILD,
    IP_BUILD,
    TIME_LO,
    TIME_HI,
    *PART,
    *VBNV,
    DDR,
    DR_BASE_LO,
    DR_BASE_HI,
    FEATURES_LO,
    FEATURES_HI,
    *UUID,
    HBM,
    *CDMA_BASE,
    PAD,
)
