# SPDX-License-Identifier: Apache-2.0
"""An image in user space: what is in it, as `xrt::xclbin` tells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydriver.xclbin import NEXT_DESCRIPTOR, Axlf, IpControl, Kernel, KernelArg, MemBank, MemType, parse
from pydriver.xclbin.sections import Ip
from pydriver.xrt.registers import DEFAULT_RANGE


@dataclass(frozen=True)
class Memory:
    """A memory bank. `index` is what a buffer names as its group."""

    index: int
    bank: MemBank

    @property
    def tag(self) -> str:
        return self.bank.tag

    @property
    def base_address(self) -> int:
        return self.bank.base

    @property
    def size_kb(self) -> int:
        return self.bank.size // 1024

    @property
    def used(self) -> bool:
        return bool(self.bank.used)

    @property
    def type(self) -> int:
        """A `MemType` number."""
        return self.bank.type


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
    def xsa_name(self) -> str:
        """The platform that the image is for."""
        return self.axlf.platform_vbnv

    @cached_property
    def kernels(self) -> tuple[Kernel, ...]:
        """From the metadata."""
        return self.axlf.kernels()

    @cached_property
    def ips(self) -> tuple[Ip, ...]:
        """All of IP_LAYOUT, compute units and others."""
        return tuple(self.axlf.ip_layout())

    @cached_property
    def memories(self) -> tuple[Memory, ...]:
        """The banks that buffers may live in, streams left out."""
        banks = self.axlf.group_topology() or self.axlf.mem_topology()
        streams = (MemType.MEM_STREAMING, MemType.MEM_STREAMING_CONNECTION)
        return tuple(Memory(i, bank) for i, bank in enumerate(banks) if bank.type not in streams)

    def kernel(self, name: str) -> Kernel | None:
        """The kernel of that name, None when there is none."""
        return next((kernel for kernel in self.kernels if kernel.name == name), None)

    def ip(self, name: str) -> Ip | None:
        """The IP of that name (``kernel:instance``), None when there is none."""
        return next((ip for ip in self.ips if ip.name == name), None)

    def cus(self, kernel: str) -> tuple[Ip, ...]:
        """The compute units of a kernel, in the order of IP_LAYOUT."""
        return tuple(ip for ip in self.ips if ip.is_cu and ip.kernel_name == kernel)

    def address_range(self, ip_name: str) -> int:
        """Bytes of register space of an IP, from its kernel's port."""
        kernel = self.kernel(ip_name.partition(":")[0])
        return (kernel.address_range if kernel is not None else 0) or DEFAULT_RANGE

    def connected(self, ip_name: str, argument: int) -> list[int]:
        """The memory banks that an argument of a unit is connected to, in the order of the image."""
        return [
            connection.mem_index
            for connection in self.axlf.group_connectivity() or self.axlf.connectivity()
            if connection.arg_index == argument and self.ips[connection.ip_index].name == ip_name
        ]

    @property
    def needs_dataflow(self) -> bool:
        """A unit is AP_CTRL_CHAIN: the runtime then asks for the scheduler's dataflow mode."""
        return any(ip.is_cu and ip.control == IpControl.AP_CTRL_CHAIN for ip in self.ips)


def fast_adapter_arguments(kernel: Kernel) -> tuple[KernelArg, ...]:
    """The arguments that a descriptor carries: not the pointer to the next one, which the adapter sets."""
    return tuple(arg for arg in kernel.args if arg.name != NEXT_DESCRIPTOR)
