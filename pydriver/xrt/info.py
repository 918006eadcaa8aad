# SPDX-License-Identifier: Apache-2.0
"""Facts about a device, as `xrt::device::get_info` tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pydriver.xocl import Xocl


@dataclass(frozen=True)
class DeviceInfo:
    """A snapshot.

    `name`: the shell's (VBNV). `interface_uuid`: of the shell, zeros when its ROM has none. `max_clock_mhz`:
    highest clock of the loaded image, 0 without one. `nodma`: buffers cannot be synced. `xclbin_uuid`: of the
    loaded image, None without one.
    """

    name: str
    part: str
    bdf: str
    interface_uuid: bytes
    ddr_banks: int
    ddr_gib_per_bank: int
    max_clock_mhz: int
    offline: bool
    nodma: bool
    has_scheduler: bool
    xclbin_uuid: bytes | None

    @classmethod
    def of(cls, driver: Xocl) -> Self:
        """What `driver` knows now."""
        rom, axlf = driver.rom, driver.loaded.axlf
        return cls(
            name=rom.vbnv,
            part=rom.part,
            bdf=str(driver.options.address),
            interface_uuid=rom.uuid,
            ddr_banks=rom.ddr_channels,
            ddr_gib_per_bank=rom.ddr_gib,
            max_clock_mhz=max((clock.freq_mhz for clock in driver.loaded.clocks), default=0),
            offline=driver.offline,
            nodma=driver.dma is None,
            has_scheduler=rom.has_scheduler,
            xclbin_uuid=axlf.uuid if axlf is not None else None,
        )
