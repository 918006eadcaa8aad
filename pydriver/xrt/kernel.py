# SPDX-License-Identifier: Apache-2.0
"""Kernels and runs. Arguments are placed as the image's metadata say (offset and size in register space)."""

from __future__ import annotations

import contextlib
import errno
import re
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from pydriver.errors import fail
from pydriver.ert import FINAL_STATES, Header, State, start_kernel
from pydriver.xclbin import IpControl, KernelArg
from pydriver.xclbin import Kernel as KernelInfo
from pydriver.xocl import BoFlags
from pydriver.xrt.bo import BO

if TYPE_CHECKING:
    from pydriver.xocl import Client
    from pydriver.xrt.device import Device

EXEC_BO_SIZE = 4096
FIRST_ARGUMENT = 0x10
MASK_BITS = 32
_NAME = re.compile(r"^(?P<kernel>[^:]+)(:\{(?P<instances>[^}]+)\})?$")


class Kernel:
    """A kernel with contexts on its units. Make it with `open`."""

    def __init__(self, device: Device, info: KernelInfo, cu_indices: Sequence[int], uuid: bytes) -> None:
        self.device = device
        self.info = info
        self.cu_indices = tuple(cu_indices)
        self._uuid = uuid
        self._open = True

    @classmethod
    async def open(cls, device: Device, uuid: bytes, name: str, exclusive: bool = False) -> Self:
        """`name` is ``vadd`` for all units of the kernel or ``vadd:{vadd_1,vadd_2}`` for some.

        Raises EINVAL (no such kernel or unit, image not loaded, unit not available), EBUSY (another image),
        ENOTSUP (a kernel without start bit).
        """
        axlf = device.xclbin(uuid).axlf
        kernel, instances = _split(name)
        info = next((entry for entry in axlf.kernels() if entry.name == kernel), None)
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
        if any(cu.control == IpControl.AP_CTRL_NONE for cu in units):
            raise fail(errno.ENOTSUP, f"{name} has no start bit and cannot be run as a kernel")
        opened: list[int] = []
        try:
            for cu in units:
                await device.client.open_context(uuid, cu.index, exclusive)
                opened.append(cu.index)
        except OSError:
            for index in opened:
                await device.client.close_context(uuid, index)
            raise
        return cls(device, info, opened, uuid)

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
        axlf = self.device.xclbin(self._uuid).axlf
        cus = self.device.driver.kds.cus
        if cu_index >= len(cus):
            raise fail(errno.ENODEV, "a reset of the card has taken the kernel's units away")
        name = cus[cu_index].name
        ips = axlf.ip_layout()
        return [
            connection.mem_index
            for connection in axlf.group_connectivity() or axlf.connectivity()
            if connection.arg_index == argument and ips[connection.ip_index].name == name
        ]

    def offset(self, argument: int) -> int:
        """Byte offset of an argument in register space. Raises EINVAL."""
        return self.argument(argument).offset

    def argument(self, index: int) -> KernelArg:
        """Raises EINVAL when the kernel has no such argument."""
        found = next((arg for arg in self.info.args if arg.index == index), None)
        if found is None:
            raise fail(errno.EINVAL, f"{self.info.name} has no argument {index}")
        return found

    def run(self) -> Run:
        """A run without arguments yet; `set_arg`, then `start`."""
        return Run(self)

    def __call__(self, *arguments: BO | int | bytes) -> Run:
        """Set all arguments and start."""
        run = self.run()
        for index, value in enumerate(arguments):
            run.set_arg(index, value)
        run.start()
        return run

    async def close(self) -> None:
        """Close the contexts; waits for this client's commands on the units."""
        if self._open:
            self._open = False
            for index in self.cu_indices:
                await self.device.client.close_context(self._uuid, index)


class Run:
    """One execution; can be started again after it ended. Its command buffer goes when it goes."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._device = kernel.device
        self._bo = self._device.client.create_bo(EXEC_BO_SIZE, BoFlags.EXECBUF)
        weakref.finalize(self, _give_back, self._device.client, self._bo.handle).atexit = False
        self._ended = self._device.clock.event()
        self._cus: dict[int, tuple[int, ...]] = {}
        end = max((arg.offset + arg.size for arg in kernel.info.args), default=FIRST_ARGUMENT)
        self._regmap = [0] * (-(-max(end, FIRST_ARGUMENT) // 4))

    def set_arg(self, index: int, value: BO | int | bytes) -> None:
        """Set an argument: a buffer, a number (two's complement when negative) or raw bytes.

        A buffer narrows the run to the units that reach its bank. Raises EINVAL (no such argument, a buffer
        where a scalar is or the reverse, too large, no unit left that reaches all buffers).
        """
        argument = self._kernel.argument(index)
        if isinstance(value, BO) != argument.is_global:
            wanted = "a buffer" if argument.is_global else "a scalar"
            raise fail(errno.EINVAL, f"argument {index} ({argument.name}) is {wanted}")
        if isinstance(value, BO):
            self._narrow(index, value)
            raw = value.address.to_bytes(8, "little")
        elif isinstance(value, int):
            bits = 8 * argument.size
            if not -(1 << bits - 1) <= value < 1 << bits:
                raise fail(errno.EINVAL, f"{value} does not fit argument {index} of {argument.size} bytes")
            raw = (value & (1 << bits) - 1).to_bytes(argument.size, "little")
        else:
            raw = value
        if len(raw) > argument.size:
            raise fail(errno.EINVAL, f"argument {index} has {argument.size} bytes, {len(raw)} were given")
        padded = raw.ljust(-(-len(raw) // 4) * 4, b"\0")
        for at in range(0, len(padded), 4):
            self._regmap[(argument.offset + at) // 4] = int.from_bytes(padded[at : at + 4], "little")

    def start(self, stat: bool = False) -> None:
        """Start; `stat` asks for time stamps. Raises EBUSY when it is running, else as `Client.execbuf`."""
        if self._bo.pages is None or (any(self._bo.pages[:4]) and not self.settled()):
            raise fail(errno.EBUSY, "the run has not ended yet")
        packet = start_kernel(*self._masks(), stat_enabled=stat)
        self._bo.pages[: len(packet)] = packet
        self._ended.clear()
        try:
            self._device.client.execbuf(self._bo.handle)
        except OSError:
            self._bo.pages[:4] = bytes(4)  # it never started
            raise
        self._device.watch(self)

    @property
    def cu_indices(self) -> tuple[int, ...]:
        """The units that may run this: those which reach every buffer set so far."""
        reach = [set(indices) for indices in self._cus.values()]
        return tuple(index for index in self._kernel.cu_indices if all(index in cus for cus in reach))

    def _narrow(self, argument: int, bo: BO) -> None:
        before = self._cus.pop(argument, None)
        candidates = self.cu_indices
        reaching = tuple(index for index in candidates if self._kernel.reaches(index, argument, bo))
        if not reaching:
            if before is not None:
                self._cus[argument] = before
            raise fail(errno.EINVAL, f"no unit reaches {bo.address:#x} as argument {argument}")
        self._cus[argument] = tuple(
            index for index in self._kernel.cu_indices if self._kernel.reaches(index, argument, bo)
        )

    def _masks(self) -> tuple[int, list[int], list[int]]:
        mask = sum(1 << index for index in self.cu_indices)
        words = [mask >> shift & 0xFFFF_FFFF for shift in range(0, max(mask.bit_length(), 1), MASK_BITS)]
        return words[0], self._regmap, words[1:]

    def state(self) -> State:
        """State of the packet now."""
        assert self._bo.pages is not None
        return State(Header.unpack(int.from_bytes(self._bo.pages[:4], "little")).state)

    def packet(self) -> bytes:
        """The command buffer as it is now, time stamps included."""
        assert self._bo.pages is not None
        return bytes(self._bo.pages)

    def settled(self) -> bool:
        """The command ended (for the device's poller, which wakes the waiters by asking)."""
        if self.state() not in FINAL_STATES:
            return False
        self._ended.set()
        return True

    async def wait(self, timeout_ms: int | None = None) -> State:
        """The state the command ended in; TIMEOUT when `timeout_ms` passed first, the run then goes on."""
        if self.settled() or await self._ended.wait(None if timeout_ms is None else timeout_ms * 1_000_000):
            return self.state()
        return State.TIMEOUT


def _give_back(client: Client, handle: int) -> None:
    """Free a command buffer unless its client was closed before."""
    with contextlib.suppress(OSError):
        client.free_bo(handle)


def _split(name: str) -> tuple[str, frozenset[str]]:
    match = _NAME.match(name)
    if match is None:
        raise fail(errno.EINVAL, f"{name!r} is not a kernel name like vadd or vadd:{{vadd_1}}")
    instances = match["instances"]
    return match["kernel"], frozenset(instances.split(",")) if instances else frozenset()
