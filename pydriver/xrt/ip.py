# SPDX-License-Identifier: Apache-2.0
"""IPs that the application drives itself, register by register (`xrt::ip`), and their interrupts."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Protocol, Self

from pydriver.errors import fail
from pydriver.xrt.registers import RegisterSpace

if TYPE_CHECKING:
    from pydriver.xocl.kds import ComputeUnit
    from pydriver.xrt.device import Device

MS = 1_000_000


class Descriptor(Protocol):
    """Descriptor of a user-managed unit (XRT KDS contract §6)."""

    async def read(self, size: int = 4) -> bytes:
        """Wait for an interrupt; the number of them since the last read, as four bytes."""
        ...

    async def write(self, data: bytes) -> int:
        """Four bytes: 1 enables the interrupt, 0 disables it."""
        ...

    async def poll(self, timeout_ns: int | None = None) -> bool:
        """Whether an interrupt can be read, within `timeout_ns`."""
        ...

    async def close(self) -> None: ...


class Interrupt:
    """The interrupt of an IP. Each one disables itself. Made by `Ip.create_interrupt_notify`."""

    def __init__(self, descriptor: Descriptor) -> None:
        self._descriptor = descriptor

    async def enable(self) -> None:
        """Let the next interrupt come."""
        await self._descriptor.write((1).to_bytes(4, "little"))

    async def disable(self) -> None:
        """No further ones."""
        await self._descriptor.write((0).to_bytes(4, "little"))

    async def wait(self, timeout_ms: int | None = None) -> bool:
        """True when an interrupt came, False when `timeout_ms` passed first.

        Without time-out it is enabled again afterwards; with one it is not, as in XRT: call `enable`. A unit
        whose ISR is cleared later than that interrupts once more: after each one look whether ISR says so.
        """
        if timeout_ms is None:
            await self._descriptor.read(4)
            await self.enable()
            return True
        if not await self._descriptor.poll(timeout_ms * MS):
            return False
        await self._descriptor.read(4)
        return True

    async def close(self) -> None:
        """Give the descriptor back."""
        await self._descriptor.close()


class Ip:
    """One IP with exclusive access to its registers, whatever its protocol. Make it with `open`."""

    def __init__(self, device: Device, uuid: bytes, cu: ComputeUnit, size: int) -> None:
        self._device = device
        self._uuid = uuid
        self._cu = cu
        self._registers = RegisterSpace(device.driver.bar, cu.address, size)
        self._interrupt: Interrupt | None = None
        self._open = True

    @classmethod
    async def open(cls, device: Device, uuid: bytes, name: str) -> Self:
        """`name` is ``kernel:instance`` or ``kernel:{instance}``.

        Nobody else may have the IP open, a `Kernel` of this device neither (unless xrt.ini said `rw_shared`
        when the image was loaded). Raises EINVAL (no such IP, not available, image not loaded), EBUSY
        (another image).
        """
        image = device.xclbin(uuid)
        plain = name[:-1].replace(":{", ":") if name.endswith("}") else name
        cu = next((cu for cu in device.driver.kds.cus if cu.name == plain), None)
        if image.ip(plain) is None or cu is None:
            raise fail(errno.EINVAL, f"the image has no IP {name}")
        await device.client.open_context(uuid, cu.index, not device.rw_shared)
        return cls(device, uuid, cu, image.address_range(plain))

    async def read_register(self, offset: int) -> int:
        """Raises ERANGE outside the register space, EINVAL for an address that is not at a word."""
        return await self._registers.read(offset)

    async def write_register(self, offset: int, value: int) -> None:
        """Raises as `read_register`, EINVAL also for a value that is no 32-bit word."""
        await self._registers.write(offset, value)

    async def create_interrupt_notify(self) -> Interrupt:
        """The IP's interrupt, enabled; the same object every time.

        It takes the embedded scheduler away from everybody until the next image is loaded. Raises EOPNOTSUPP
        (the shell cannot bring a unit's interrupt to the host), EINVAL (not held exclusively).
        """
        if self._interrupt is None:
            descriptor = await self._device.client.open_user_managed(self._uuid, self._cu.index)
            self._interrupt = Interrupt(descriptor)
            await self._interrupt.enable()
        return self._interrupt

    async def close(self) -> None:
        """Give the IP back, its interrupt first."""
        if self._open:
            self._open = False
            if self._interrupt is not None:
                await self._interrupt.close()
            await self._device.client.close_context(self._uuid, self._cu.index)
