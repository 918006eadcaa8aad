# SPDX-License-Identifier: Apache-2.0
"""Kernels: contexts on their units, and where their arguments are."""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from pydriver.errors import fail
from pydriver.xclbin import IpControl, KernelArg
from pydriver.xclbin import Kernel as KernelInfo
from pydriver.xclbin.metadata import MailboxType
from pydriver.xrt.arguments import Scalar
from pydriver.xrt.bo import BO
from pydriver.xrt.context import AccessMode, CuContext
from pydriver.xrt.registers import RegisterSpace
from pydriver.xrt.run import Run

if TYPE_CHECKING:
    from pydriver.xocl.kds import ComputeUnit
    from pydriver.xrt.device import Device

_NAME = re.compile(r"^(?P<kernel>[^:]+)(:\{(?P<instances>[^}]+)\})?$")
_MIXABLE = {IpControl.AP_CTRL_HS, IpControl.AP_CTRL_CHAIN}


class Kernel:
    """A kernel with contexts on its units. Make it with `open`.

    `mailbox` and `auto_restart_counters`: from the metadata, or from the device's options.
    """

    def __init__(self, device: Device, info: KernelInfo, uuid: bytes) -> None:
        self.device = device
        self.info = info
        self.mailbox = _mailbox(device, info)
        self.auto_restart_counters = _counters(device, info)
        self.protocol: int = IpControl.AP_CTRL_HS
        self._uuid = uuid
        self._contexts: list[CuContext] = []
        self._open = True

    @classmethod
    async def open(cls, device: Device, uuid: bytes, name: str, mode: AccessMode = AccessMode.SHARED) -> Self:
        """`name` is ``vadd`` for all units of the kernel or ``vadd:{vadd_1,vadd_2}`` for some.

        A kernel with a mailbox or a restart counter is always opened exclusively. Raises EINVAL (no such
        kernel or unit, image not loaded, unit not available or open in another mode, protocols that do not
        mix), EBUSY (another image), ENOTSUP (a kernel without start bit: use `Ip`).
        """
        image = device.xclbin(uuid)
        kernel, instances = _split(name)
        info = image.kernel(kernel)
        if info is None:
            raise fail(errno.EINVAL, f"the image has no kernel {kernel}")
        units = [
            cu
            for cu in device.driver.kds.cus
            if cu.name.partition(":")[0] == kernel
            and (not instances or cu.name.partition(":")[2] in instances)
        ]
        if not units or len(units) < len(instances):
            raise fail(errno.EINVAL, f"no unit matches {name}")
        opened = cls(device, info, uuid)
        opened.protocol = _protocol(name, units)
        if opened.mailbox is not MailboxType.NONE or opened.auto_restart_counters:
            mode = AccessMode.EXCLUSIVE
        try:
            for cu in units:
                size = image.address_range(cu.name)
                opened._contexts.append(await device.contexts.open(uuid, cu, mode, size))
        except OSError:
            await opened.close()
            raise
        return opened

    @property
    def cu_indices(self) -> tuple[int, ...]:
        """Indices of the kernel's units, ascending."""
        return tuple(context.cu.index for context in self._contexts)

    def context(self, cu_index: int) -> CuContext:
        """The context on one of the kernel's units. Raises EINVAL when it is not one of them."""
        for context in self._contexts:
            if context.cu.index == cu_index:
                return context
        raise fail(errno.EINVAL, f"unit {cu_index} is none of {self.info.name}'s")

    # --- arguments ----------------------------------------------------------------------------------

    def group_id(self, argument: int) -> int:
        """The memory bank that argument may live in. Raises EINVAL for a scalar or an unconnected one.

        When the kernel's units differ or leave a choice, the first connection of the first unit counts.
        """
        for index in self.cu_indices:
            banks = self._banks(index, argument)
            if banks:
                return banks[0]
        raise fail(errno.EINVAL, f"argument {argument} of {self.info.name} is connected to no memory")

    def reaches(self, cu_index: int, argument: int, bo: BO) -> bool:
        """Whether a bank that this argument of the unit is connected to holds the buffer."""
        banks = self.device.driver.memory.banks
        connected = (banks[index] for index in self._banks(cu_index, argument))
        return any(b.base <= bo.address and bo.address + bo.size <= b.base + b.size for b in connected)

    def _banks(self, cu_index: int, argument: int) -> list[int]:
        cus = self.device.driver.kds.cus
        if cu_index >= len(cus):
            raise fail(errno.ENODEV, "a reset of the card has taken the kernel's units away")
        return self.device.xclbin(self._uuid).connected(cus[cu_index].name, argument)

    def offset(self, argument: int | str) -> int:
        """Byte offset of an argument in register space. Raises EINVAL."""
        return self.argument(argument).offset

    def argument(self, which: int | str) -> KernelArg:
        """An argument by index or name. Raises EINVAL when the kernel has no such argument."""
        for arg in self.info.args:
            if which == (arg.name if isinstance(which, str) else arg.index):
                return arg
        raise fail(errno.EINVAL, f"{self.info.name} has no argument {which}")

    # --- registers ----------------------------------------------------------------------------------

    async def read_register(self, offset: int) -> int:
        """A register of the kernel's unit.

        Raises EINVAL when the kernel has several units, or shares its one with others (unless xrt.ini said
        `rw_shared` when the image was loaded), ERANGE outside the unit's register space.
        """
        return await self._registers().read(offset)

    async def write_register(self, offset: int, value: int) -> None:
        """Raises as `read_register`, EINVAL also for a value that is no 32-bit word."""
        await self._registers().write(offset, value)

    def _registers(self) -> RegisterSpace:
        if len(self._contexts) != 1:
            raise fail(errno.EINVAL, "cannot read or write a kernel with multiple compute units")
        (context,) = self._contexts
        if context.mode is not AccessMode.EXCLUSIVE and not self.device.rw_shared:
            raise fail(errno.EINVAL, "cannot read or write a kernel without exclusive access")
        return context.registers

    # --- runs ---------------------------------------------------------------------------------------

    def run(self) -> Run:
        """A run without arguments yet; `set_arg`, then `start`.

        Raises EOVERFLOW (a kernel with a mailbox and more than one unit), ENOTSUP (with a mailbox, behind a
        fast adapter), ENODEV (ended by a reset).
        """
        if self.mailbox is MailboxType.NONE:
            return Run(self)
        from pydriver.xrt.mailbox import MailboxRun  # it builds on this module

        return MailboxRun(self)

    def __call__(self, *arguments: BO | Scalar) -> Run:
        """Set all arguments and start. Raises ENOTSUP with a mailbox, whose start has to be awaited."""
        if self.mailbox is not MailboxType.NONE:
            raise fail(errno.ENOTSUP, f"{self.info.name} has a mailbox: use run(), set_arg and await start()")
        run = self.run()
        for index, value in enumerate(arguments):
            run.set_arg(index, value)
        run.start()
        return run

    async def close(self) -> None:
        """Close the contexts; waits for this client's commands on the units.

        Raises ENODEV after a reset, when all is closed that can be.
        """
        if self._open:
            self._open = False
            error: OSError | None = None
            for context in self._contexts:
                try:
                    await self.device.contexts.close(self._uuid, context)
                except OSError as first:
                    error = error or first
            if error is not None:
                raise error


def _split(name: str) -> tuple[str, frozenset[str]]:
    match = _NAME.match(name)
    if match is None:
        raise fail(errno.EINVAL, f"{name!r} is not a kernel name like vadd or vadd:{{vadd_1}}")
    instances = match["instances"]
    return match["kernel"], frozenset(instances.split(",")) if instances else frozenset()


def _protocol(name: str, units: Sequence[ComputeUnit]) -> int:
    """The protocol of a kernel's units; a mix of HS and CHAIN counts as HS."""
    protocols = {cu.control for cu in units}
    if IpControl.AP_CTRL_NONE in protocols:
        raise fail(errno.ENOTSUP, f"{name} has no start bit and cannot be run as a kernel; use Ip")
    if len(protocols) == 1:
        return protocols.pop()
    if protocols <= _MIXABLE:
        return IpControl.AP_CTRL_HS
    raise fail(errno.EINVAL, f"the units of {name} have control protocols that do not mix")


def _mailbox(device: Device, info: KernelInfo) -> MailboxType:
    if info.mailbox is MailboxType.NONE and f"/{info.name}/" in device.options.mailbox_kernels:
        return MailboxType.INOUT
    return info.mailbox


def _counters(device: Device, info: KernelInfo) -> int:
    if not info.counted_auto_restart and f"/{info.name}/" in device.options.auto_restart_kernels:
        return 1
    return info.counted_auto_restart
