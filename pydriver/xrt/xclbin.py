# SPDX-License-Identifier: Apache-2.0
"""An image in user space."""

from __future__ import annotations

from pathlib import Path

from pydriver.xclbin import Axlf, IpControl, Kernel, parse


class Xclbin:
    """An image from its bytes or its file. Raises EINVAL when it is not one."""

    def __init__(self, source: bytes | str | Path) -> None:
        self.data = source if isinstance(source, bytes) else Path(source).read_bytes()
        self.axlf: Axlf = parse(self.data)

    @property
    def uuid(self) -> bytes:
        """16 bytes."""
        return self.axlf.uuid

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        return self.axlf.kernels()

    @property
    def needs_dataflow(self) -> bool:
        """A unit is AP_CTRL_CHAIN: the runtime then asks for the scheduler's dataflow mode."""
        return any(ip.is_cu and ip.control == IpControl.AP_CTRL_CHAIN for ip in self.axlf.ip_layout())
