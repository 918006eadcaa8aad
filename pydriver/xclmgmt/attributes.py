# SPDX-License-Identifier: Apache-2.0
"""The management PF's attributes: what the daemons and the management tool read and write in sysfs.

Source: software mailbox contract §3, XRT firewall contract §7 (`mgmt_reset`), `mgmtpf/mgmt-sysfs.c`,
`subdev/feature_rom.c`. An attribute whose fact the card does not have is not there.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING
from uuid import UUID

from pydriver.errors import fail
from pydriver.mailbox.attributes import mailbox_attributes
from pydriver.sysfs import Attribute, AttributeTree, parse_u64

if TYPE_CHECKING:
    from pydriver.xclmgmt.driver import Xclmgmt

IDS_AT = 0x00
SUBSYSTEM_IDS_AT = 0x2C
GOLDEN = 0xD
XPR_BIT = 1 << 5
U32_MAX = (1 << 32) - 1
MAX_RESET = 4
MAX_SEC_LEVEL = 2


async def build_attributes(driver: Xclmgmt) -> AttributeTree:
    """The tree of a management PF whose blocks have been found."""
    number = driver.address.number
    tree = await _identity(driver)
    tree |= _state(driver) | _configuration(driver) | _actions(driver)
    for folder, attributes in ((f"rom.m.{number}", _rom(driver)), (f"icap.m.{number}", _icap(driver))):
        tree |= {f"{folder}/{name}": attribute for name, attribute in attributes.items()}
    tree |= mailbox_attributes(driver.mailbox, lambda: int(driver.connection), f"mailbox.m.{number}/")
    return AttributeTree(tree)


def _named(*attributes: Attribute) -> dict[str, Attribute]:
    return {attribute.name: attribute for attribute in attributes}


def _constant(name: str, text: str, doc: str) -> Attribute:
    return Attribute(name, lambda: text, None, doc)


async def _identity(driver: Xclmgmt) -> dict[str, Attribute]:
    ids = await driver.function.config_read32(IDS_AT)
    subsystem = await driver.function.config_read32(SUBSYSTEM_IDS_AT)
    device = ids >> 16
    bar = next(index for index, bar in driver.function.bars.items() if bar is driver.bar)
    return _named(
        _constant("vendor", f"0x{ids & 0xFFFF:04x}", "PCI vendor id"),
        _constant("device", f"0x{device:04x}", "PCI device id"),
        _constant("subsystem_vendor", f"0x{subsystem & 0xFFFF:04x}", "PCI subsystem vendor id"),
        _constant("subsystem_device", f"0x{subsystem >> 16:04x}", "low byte: DSA version"),
        _constant("instance", str(driver.instance), "N of /dev/xclmgmt<N>"),
        _constant("slot", str(driver.address.device), "PCI device number"),
        _constant("userbar", str(bar), "index of the register BAR"),
        _constant("mgmt_pf", "", "is there on a management PF only"),
        _constant("mfg", str(int(device >> 12 == GOLDEN)), "manufacturing image"),
        _constant("xpr", str(int(bool(device & XPR_BIT))), "expanded partial reconfiguration"),
        _constant("VBNV", driver.rom.vbnv, "platform name"),
    )


def _rom(driver: Xclmgmt) -> dict[str, Attribute]:
    rom = driver.rom
    return _named(
        _constant("VBNV", rom.vbnv, "platform name"),
        _constant("FPGA", rom.part, "FPGA part"),
        _constant("timestamp", str(rom.timestamp), "seconds since 1970 at which the shell was made"),
        _constant("ddr_bank_count_max", str(rom.ddr_channels), "DDR channels"),
        _constant("ddr_bank_size", str(rom.ddr_gib), "size of a DDR channel, GiB"),
    )


def _icap(driver: Xclmgmt) -> dict[str, Attribute]:
    downloader = driver.downloader

    def set_sec_level(text: str) -> None:
        level = parse_u64(text)
        if level > MAX_SEC_LEVEL:
            raise fail(errno.EINVAL, f"there is no security level {level}")
        downloader.sec_level = level

    def set_retention(text: str) -> None:
        downloader.data_retention = bool(_u32(text))

    return _named(
        _constant("idcode", f"{driver.idcode:x}", "IDCODE of the device"),
        Attribute("sec_level", lambda: str(downloader.sec_level), set_sec_level, "0 takes unsigned images"),
        Attribute(
            "data_retention",
            lambda: str(int(downloader.data_retention)),
            set_retention,
            "keep device memory when the next image has the same topology",
        ),
    )


def _state(driver: Xclmgmt) -> dict[str, Attribute]:
    async def calibration() -> str:
        return str(int(await driver.downloader.calibrated()) if driver.ready else 0)

    async def image() -> str:
        return str(UUID(bytes=driver.downloader.bitstream.uuid))

    def interfaces() -> str:
        return _lines(driver.shell.interface_uuids)

    def logic() -> str:
        uuid = driver.shell.logic_uuid
        return _lines((uuid,) if uuid is not None else ())

    return _named(
        Attribute("ready", lambda: str(int(driver.ready)), None, "the driver works"),
        Attribute("dev_offline", lambda: str(int(driver.offline)), None, "the card is being reset"),
        Attribute("xclbinuuid", image, None, "the loaded image; not in the real driver, for daemon plugins"),
        Attribute("mig_calibration", calibration, None, "the memory controllers have calibrated"),
        Attribute("interface_uuids", interfaces, None, "interfaces the shell offers to an image"),
        Attribute("logic_uuids", logic, None, "identity of the shell"),
    )


def _lines(uuids: tuple[str, ...]) -> str:
    """One a line. Raises EINVAL on a shell without device tree, which has none."""
    if not uuids:
        raise fail(errno.EINVAL, "the shell has no device tree")
    return "\n".join(uuids)


def _configuration(driver: Xclmgmt) -> dict[str, Attribute]:
    mailbox = driver.mailbox

    def set_change(text: str) -> None:
        driver.config_xclbin_change = bool(_u32(text))

    def set_cache(text: str) -> None:
        driver.cache_xclbin = bool(_u32(text))

    return _named(
        Attribute(
            "config_mailbox_channel_switch",
            lambda: f"{mailbox.channel_switch:#x}",
            lambda text: driver.set_channel_switch(parse_u64(text)),
            "requests that go through the software channel, bit n for opcode n",
        ),
        Attribute(
            "config_mailbox_channel_disable",
            lambda: f"{mailbox.channel_disable:#x}",
            lambda text: driver.set_channel_disable(parse_u64(text)),
            "requests that are refused, bit n for opcode n",
        ),
        Attribute(
            "config_mailbox_comm_id",
            lambda: driver.comm_id,
            driver.set_comm_id,
            "where the daemon of this machine listens",
        ),
        Attribute(
            "config_xclbin_change",
            lambda: str(int(driver.config_xclbin_change)),
            set_change,
            "load the stored image in place of the one that came",
        ),
        Attribute(
            "cache_xclbin",
            lambda: str(int(driver.cache_xclbin)),
            set_cache,
            "keep the image of a download and load it again after a hot reset",
        ),
    )


def _actions(driver: Xclmgmt) -> dict[str, Attribute]:
    async def program(text: str) -> None:
        match _u32(text):
            case 1:
                await driver.request_shell()
            case 2:
                await driver.program_shell()
            case 3:
                driver.shell.clear()
            case value:
                raise fail(errno.EINVAL, f"rp_program takes 1, 2 and 3, not {value}")

    async def reset(text: str) -> None:
        kind = _u32(text)
        if kind > MAX_RESET:
            raise fail(errno.EINVAL, f"there is no reset {kind}")
        if kind == 1:
            await driver.hot_reset(force=True)
        elif kind == 2:
            await driver.resets.ocl_reset()
        # 3 and 4 are for boards whose scheduler runs on a processing system; 0 does nothing.

    return _named(
        Attribute(
            "rp_program", lambda: str(int(driver.shell.state)), program, "program the second partition"
        ),
        Attribute("mgmt_reset", None, reset, "1 hot reset, 2 region, 3 scheduler, 4 soft kernel"),
    )


def _u32(text: str) -> int:
    """A decimal number of at most 32 bits. Raises EINVAL."""
    value = parse_u64(text) if text.strip().isdecimal() else None
    if value is None or value > U32_MAX:
        raise fail(errno.EINVAL, f"{text!r} is not an unsigned 32-bit number")
    return value
