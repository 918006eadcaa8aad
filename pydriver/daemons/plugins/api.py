# SPDX-License-Identifier: Apache-2.0
"""The interface of MPD and MSD plugins in Python: one method for every hook of the C ABI.

A plugin overrides the hooks it has. The base class's own methods are the *absent* hooks: they raise
`HookAbsent`, whose errno ENOTSUP is what the asker of an absent hook is answered. A hook that fails
raises `OSError`; what it returns is the answer. Source: software mailbox contract §6, `mpd_plugin.h` and
`msd_plugin.h`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NoReturn

from pydriver.errors import DriverError
from pydriver.mailbox.messages import (
    BoardInfo,
    ConnResp,
    DnaData,
    IcapData,
    MigEcc,
    P2pBarAddr,
    SensorData,
)
from pydriver.mailbox.wire import Wire, array, u32

if TYPE_CHECKING:
    from pydriver.devices.client import DeviceFile


class HookAbsent(DriverError):
    """The plugin does not have this hook (ENOTSUP)."""


@dataclass(frozen=True)
class PluginContext:
    """What a plugin is given: the machine's root directory, where to log, and its `key=value` options."""

    root: Path
    log: Callable[[str], None]
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FreqScaling(Wire):
    """`xclmgmt_ioc_freqscaling`, what `reclock2` gets: target frequencies in MHz, 0 = leave it."""

    SIZE: ClassVar[int] = 12
    region: int = u32(0)
    target_freqs: tuple[int, ...] = array(4, 4, "H")


class MpdPlugin:
    """Base class of MPD plugins. `index` counts the user functions of the machine, from 0.

    A hook that answers with one number returns it: 0 or a negative errno. One that answers with data
    returns the structure. Nothing a hook raises beyond its errno reaches the user side.
    """

    def init(self, context: PluginContext) -> None:
        """Called once before any hook. Raises `OSError`: the plugin is then ignored."""

    def fini(self) -> None:
        """Called once when the daemon ends."""

    def get_remote_msd_fd(self, index: int) -> int | None:
        """None: go to MSD over TCP. -1: answer everything here. Else a socket that replaces TCP."""
        return None

    def mb_notify(self, index: int, mailbox: DeviceFile, online: bool) -> int:
        """The daemon has opened (or is about to close) the mailbox node. 0 or a negative errno."""
        return 0

    def hot_reset(self, index: int) -> int:
        """HOT_RESET."""
        absent("hot_reset")

    def load_xclbin(self, index: int, axlf: bytes) -> int:
        """LOAD_XCLBIN, the one mandatory hook. `axlf` is the image, exactly its header's length."""
        absent("load_xclbin")

    def reclock2(self, index: int, freqs: FreqScaling) -> int:
        """RECLOCK."""
        absent("reclock2")

    def get_icap_data(self, index: int) -> IcapData:
        """PEER_DATA(ICAP). Its `uuid` decides whether the user function downloads at all."""
        absent("get_icap_data")

    def get_sensor_data(self, index: int) -> SensorData:
        """PEER_DATA(SENSOR)."""
        absent("get_sensor_data")

    def get_board_info(self, index: int) -> BoardInfo:
        """PEER_DATA(BDINFO)."""
        absent("get_board_info")

    def get_mig_data(self, index: int, length: int) -> bytes:
        """PEER_DATA(MIG_ECC): at most `length` bytes, 64 for each memory controller."""
        absent("get_mig_data")

    def get_firewall_data(self, index: int) -> MigEcc:
        """PEER_DATA(FIREWALL), which the C ABI types (and sizes) as the ECC structure."""
        absent("get_firewall_data")

    def get_dna_data(self, index: int) -> DnaData:
        """PEER_DATA(DNA)."""
        absent("get_dna_data")

    def get_subdev_data(self, index: int, length: int) -> bytes:
        """PEER_DATA(SUBDEV): at most `length` bytes, the 32-byte header and the blob."""
        absent("get_subdev_data")

    def user_probe(self, index: int) -> ConnResp:
        """USER_PROBE: mandatory where there is no management function."""
        absent("user_probe")

    def program_shell(self, index: int) -> int:
        """PROGRAM_SHELL."""
        absent("program_shell")

    def read_p2p_bar_addr(self, index: int, addr: P2pBarAddr) -> int:
        """READ_P2P_BAR_ADDR."""
        absent("read_p2p_bar_addr")


class MsdPlugin:
    """Base class of MSD plugins."""

    def init(self, context: PluginContext) -> None:
        """Called once before any hook. Raises `OSError`: the plugin is then ignored."""

    def fini(self) -> None:
        """Called once when the daemon ends."""

    def retrieve_xclbin(self, orig: bytes) -> bytes:
        """The image to download instead of `orig`. An `OSError`'s errno is the download's answer."""
        return orig


def absent(hook: str) -> NoReturn:
    """Say that a hook is not there. Raises `HookAbsent`."""
    raise HookAbsent(errno.ENOTSUP, f"the plugin has no {hook}")
