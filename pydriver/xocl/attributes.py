# SPDX-License-Identifier: Apache-2.0
"""Attributes of the user function, as daemons and tools read them in sysfs.

Names and formats are the real driver's (`userpf/xocl_sysfs.c`, `subdev/icap.c`); software mailbox contract
§3. The peer's values are asked for at most once a second, and a peer that does not answer leaves the old
ones. One difference: `xocl_errors` is a structure in binary there and a line per record here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pydriver.mailbox import ConnFlags, Group
from pydriver.mailbox.attributes import mailbox_attributes
from pydriver.mailbox.messages import DnaData
from pydriver.mailbox.wire import Wire, c_string
from pydriver.subdev.identity import SUBSYSTEM_OFFSET
from pydriver.sysfs import Attribute, AttributeTree
from pydriver.xocl.kds_attributes import ert_attributes, kds_attributes
from pydriver.xocl.reclock import MAX_CLOCKS, MIN_MHZ, clock_slots

if TYPE_CHECKING:
    from pydriver.xocl.driver import Xocl

DRM_MAJOR = 226
DNA_WORDS = 3
CONNECTION = (
    "ready",
    "mailbox_connect_state",
    "config_mailbox_channel_switch",
    "config_mailbox_channel_disable",
    "config_mailbox_comm_id",
)
IMAGE = ("xclbinuuid", "kds_custat_raw", "kds_stat", "ert_disable")

Text = Callable[[Wire], str]
"""What an attribute shows of a group."""


class UserAttributes:
    """The tree, and who tells it that something has changed."""

    def __init__(self, driver: Xocl) -> None:
        self._driver = driver
        number = driver.options.address.number
        shows: dict[str, Attribute] = {}
        for prefix, group in (
            ("", self._function()),
            ("", kds_attributes(driver)),
            (f"ert_user.u.{number}/", ert_attributes(driver)),
            (f"icap.u.{number}/", self._icap()),
            (f"firewall.u.{number}/", self._firewall()),
            (f"xmc.u.{number}/", self._board()),
            (f"dna.u.{number}/", self._dna()),
        ):
            for name, attribute in group.items():
                shows[prefix + name] = attribute
        connection = driver.peer.connection
        shows |= mailbox_attributes(driver.mailbox, lambda: int(connection.state), f"mailbox.u.{number}/")
        self.tree = AttributeTree(shows)
        connection.on_change.append(self.connection_changed)
        driver.mailbox.software.on_present.append(self._daemon_changed)

    # --- changes ------------------------------------------------------------------------------------

    def connection_changed(self) -> None:
        """The handshake's results are other ones."""
        for name in CONNECTION:
            self.tree.changed(name)

    def image_changed(self) -> None:
        """Another image is loaded, or none."""
        for name in IMAGE:
            self.tree.changed(name)

    def offline_changed(self) -> None:
        """The device went offline or came online."""
        self.tree.changed("dev_offline")

    def errors_changed(self) -> None:
        """Another set of error records."""
        self.tree.changed("xocl_errors")

    # --- the function itself ------------------------------------------------------------------------

    def _function(self) -> dict[str, Attribute]:
        driver = self._driver
        minor = driver.options.render_minor

        def show(name: str, text: Callable[[], str], doc: str) -> tuple[str, Attribute]:
            return name, Attribute(name.rpartition("/")[2], text, doc=doc)

        connection = driver.peer.connection
        attributes = dict(
            (
                show("vendor", lambda: f"0x{driver.function.vendor_id:04x}", "PCI vendor id"),
                show("device", lambda: f"0x{driver.function.device_id:04x}", "PCI device id"),
                show("ready", lambda: f"{int(self._ready()):#x}", "images can be loaded"),
                show("userbar", lambda: str(self._bar_index()), "index of the register BAR"),
                show("user_pf", lambda: str(driver.options.address.function), "number of the function"),
                show("dev_offline", lambda: str(int(driver.offline)), "the device cannot be opened"),
                show("xclbinuuid", lambda: str(uuid.UUID(bytes=driver.bitstream.uuid)), "the loaded image"),
                show(
                    "xocl_errors",
                    driver.error_text,
                    "code, time in seconds and process of each error",
                ),
                show("interface_uuids", lambda: "\n".join(driver.peer.shell.interfaces), "of the shell"),
                show("mailbox_connect_state", lambda: f"{int(connection.state):#x}", "CHAN_STATE"),
                show(
                    "config_mailbox_channel_switch",
                    lambda: f"{driver.mailbox.channel_switch:#x}",
                    "opcodes on the software channel, from the peer",
                ),
                show(
                    "config_mailbox_channel_disable",
                    lambda: f"{driver.mailbox.channel_disable:#x}",
                    "opcodes that are refused, from the peer",
                ),
                show(
                    "config_mailbox_comm_id", lambda: connection.comm_id, "where MSD listens, from the peer"
                ),
                show(f"drm/renderD{minor}/dev", lambda: f"{DRM_MAJOR}:{minor}", "numbers of the render node"),
            )
        )
        attributes["subsystem_vendor"] = Attribute("subsystem_vendor", lambda: self._subsystem(0))
        attributes["subsystem_device"] = Attribute("subsystem_device", lambda: self._subsystem(16))
        attributes["mig_calibration"] = Attribute(
            "mig_calibration", self._mig_calibration, doc="all memory controllers have calibrated"
        )
        return attributes

    async def _subsystem(self, shift: int) -> str:
        value = await self._driver.function.config_read32(SUBSYSTEM_OFFSET)
        return f"0x{value >> shift & 0xFFFF:04x}"

    def _bar_index(self) -> int:
        driver = self._driver
        return next(index for index, bar in driver.function.bars.items() if bar is driver.bar)

    def _ready(self) -> bool:
        """The peer is there and so is the daemon that images need.

        No daemon is needed within one domain, nor where nothing is switched to it and something is
        disabled: a vendor then allows no downloads at all.
        """
        driver = self._driver
        connection, mailbox = driver.peer.connection, driver.mailbox
        if connection.state & ConnFlags.PEER_SAME_DOMAIN:
            return connection.ready
        by_hardware = not mailbox.channel_switch and bool(mailbox.channel_disable)
        return connection.ready and (mailbox.software.present or by_hardware)

    def _daemon_changed(self, _present: bool) -> None:
        self.tree.changed("ready")

    # --- what the peer knows ------------------------------------------------------------------------

    async def _known(self, group: Group) -> Wire:
        data = self._driver.peer.data
        try:
            await data.refresh_if_old(group)
        except OSError as error:
            self._driver.on_event("user.peer", f"{group.name} shown as last known: {error.strerror}")
        return data.known(group)

    def _of(self, group: Group, texts: Mapping[str, Text]) -> dict[str, Attribute]:
        def attribute(name: str, text: Text) -> Attribute:
            async def show() -> str:
                return text(await self._known(group))

            return Attribute(name, show)

        return {name: attribute(name, text) for name, text in texts.items()}

    async def _mig_calibration(self) -> str:
        return _number("mig_calib")(await self._known(Group.ICAP))

    def _icap(self) -> dict[str, Attribute]:
        def limits() -> list[int]:
            return [clock.freq_mhz for clock in clock_slots(self._driver.loaded.clocks)]

        attributes = self._of(
            Group.ICAP,
            {
                "idcode": _hex("idcode"),
                "clock_freqs": lambda data: _lines([getattr(data, f"freq_{i}") for i in range(4)]),
                "data_retention": _number("data_retention"),
            },
        )
        attributes["clock_freqs_max"] = Attribute("clock_freqs_max", lambda: _lines(limits()))
        attributes["clock_freqs_min"] = Attribute(
            "clock_freqs_min", lambda: _lines([MIN_MHZ for _ in limits()])
        )
        return attributes

    def _firewall(self) -> dict[str, Attribute]:
        return self._of(
            Group.FIREWALL,
            {
                "status": _number("curr_status"),
                "level": _number("curr_level"),
                "detected_status": _number("err_detected_status"),
                "detected_level": _number("err_detected_level"),
                "detected_time": _number("err_detected_time"),
                "detected_level_name": _string("err_detected_level_name"),
            },
        )

    def _board(self) -> dict[str, Attribute]:
        names = ("serial_num", "bd_name", "bmc_ver", "revision", "mac_addr0", "mac_addr1")
        return self._of(Group.BDINFO, {name: _string(name) for name in names})

    def _dna(self) -> dict[str, Attribute]:
        return self._of(Group.DNA, {"dna": _dna_text})


def _dna_text(data: Wire) -> str:
    assert isinstance(data, DnaData)
    return "0x" + "".join(f"{word:08x}" for word in data.dna[:DNA_WORDS])


def _number(field: str) -> Text:
    return lambda data: str(getattr(data, field))


def _hex(field: str) -> Text:
    return lambda data: f"{getattr(data, field):#x}"


def _string(field: str) -> Text:
    return lambda data: c_string(getattr(data, field))


def _lines(values: list[int]) -> str:
    return "\n".join(map(str, (values + [0] * MAX_CLOCKS)[:MAX_CLOCKS]))
