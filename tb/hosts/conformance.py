# SPDX-License-Identifier: Apache-2.0
"""The conformance host: cocotbext-pcie's root complex and UltraScale+ device model on the card's pins.

What the model leaves out (hot reset, FLR, SR-IOV, poisoning, late completions told apart) is left out here
too, except: every access has a timeout, memory decoding obeys the command register, and the BAR aperture in
the CQ descriptor is that of the function addressed (the model takes function 0's).
"""

from __future__ import annotations

import errno
import functools
import logging
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from cocotb.clock import Clock
from cocotb.queue import Queue
from cocotb.triggers import FallingEdge, Timer
from cocotb.utils import get_sim_time

from pydriver.errors import fail
from tb.hosts.common import ALL_ONES, AccessError, Status, check_dword, check_range, split_read
from tb.hosts.config_space import FunctionSpec

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cocotbext.axi import AxiStreamBus
    from cocotbext.pcie.core import RootComplex
    from cocotbext.pcie.xilinx.us import UltraScalePlusPcieDevice, usp_model

# The model drives these pins of the top when they exist.
_OPTIONAL_PINS = (
    "pcie_cq_np_req",
    "pcie_cq_np_req_count",
    "cfg_max_payload",
    "cfg_max_read_req",
    "cfg_rcb_status",
    "cfg_interrupt_msix_enable",
    "cfg_interrupt_msix_mask",
    "cfg_interrupt_msix_address",
    "cfg_interrupt_msix_data",
    "cfg_interrupt_msix_int",
    "cfg_interrupt_msix_sent",
    "cfg_interrupt_msix_fail",
    "cfg_interrupt_msi_function_number",
)

_INPUT_PINS = (
    "s_axis_cq_tvalid",
    "m_axis_cc_tready",
    "m_axis_rq_tready",
    "s_axis_rc_tvalid",
    "pcie_cq_np_req_count",
    "cfg_max_payload",
    "cfg_max_read_req",
    "cfg_rcb_status",
    "cfg_interrupt_msix_enable",
    "cfg_interrupt_msix_mask",
    "cfg_interrupt_msix_sent",
    "cfg_interrupt_msix_fail",
)


class _ApertureQueue(Queue):
    """Requests to the card, with the aperture of the addressed function's own BAR."""

    def __init__(self, functions: Sequence[FunctionSpec]) -> None:
        super().__init__()
        self._functions = functions

    def put_nowait(self, item: Any) -> None:
        size = self._functions[item.completer_id.function].bar(item.bar_id).size
        item.bar_aperture = (size - 1).bit_length()
        super().put_nowait(item)


class ConformanceHost:
    """Accesses, configuration, MSI-X messages and memory through the models.

    `dut` is a top that exposes the card's pins under the hard IP's names, with `clk` and `rst`.
    """

    def __init__(
        self,
        dut: Any,
        functions: Sequence[FunctionSpec],
        *,
        memory_size: int = 1 << 22,
        timeout_ns: int = 10_000_000,
    ) -> None:
        self.functions = functions
        self.errors: list[AccessError] = []
        # A read waits behind the posted writes before it: 64 KiB of them take 200 us. And a read that
        # timed out leaves a completion that the models may give to a later one, so it must be rare.
        self._timeout = {"timeout": timeout_ns, "timeout_unit": "ns"}
        self._memory_size = memory_size
        self._dut = dut
        self._quiet()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._rc = RootComplex()
        self._device: Any = None
        self._devices: list[Any] = []
        # The first region of the pool begins at address 0, as the fast host's memory does.
        self._memory_base, self._memory = self._rc.alloc_region(memory_size)
        self._vectors: dict[int, Any] = {}

    @staticmethod
    def _quiet() -> None:
        """The models log every transaction; at INFO that alone costs a tenth of the speed."""
        logging.getLogger("cocotb.pcie").setLevel(logging.WARNING)

    def _make_device(self, dut: Any) -> Any:
        for name in ("s_axis_cq", "m_axis_cc", "m_axis_rq", "s_axis_rc"):
            logging.getLogger(f"cocotb.{dut._name}.{name}").setLevel(logging.WARNING)
        pins = {name: getattr(dut, name) for name in _OPTIONAL_PINS if hasattr(dut, name)}
        options: dict[str, Any] = {}
        for spec in self.functions:
            prefix = f"pf{spec.number}_msix"
            options |= {
                f"{prefix}_enable": True,
                f"{prefix}_table_size": spec.msix_vectors - 1,
                f"{prefix}_table_bir": spec.msix_bar,
                f"{prefix}_table_offset": spec.msix_table,
                f"{prefix}_pba_bir": spec.msix_bar,
                f"{prefix}_pba_offset": spec.msix_pba,
            }
        # The model's own clock would be a Python task on Icarus.
        original = usp_model.Clock
        usp_model.Clock = functools.partial(Clock, impl="gpi")
        try:
            device = UltraScalePlusPcieDevice(
                pcie_generation=3,
                pcie_link_width=8,
                user_clk_frequency=250e6,
                pf_count=len(self.functions),
                max_payload_size=512,
                user_clk=dut.clk,
                user_reset=dut.rst,
                cq_bus=AxiStreamBus.from_prefix(dut, "s_axis_cq"),
                cc_bus=AxiStreamBus.from_prefix(dut, "m_axis_cc"),
                rq_bus=AxiStreamBus.from_prefix(dut, "m_axis_rq"),
                rc_bus=AxiStreamBus.from_prefix(dut, "s_axis_rc"),
                **options,
                **pins,
            )
        finally:
            usp_model.Clock = original
        device.cq_queue = _ApertureQueue(self.functions)
        for function, spec in zip(device.functions, self.functions, strict=True):
            function.vendor_id = spec.vendor_id
            function.device_id = spec.device_id
            function.subsystem_vendor_id = spec.subsystem_vendor_id
            function.subsystem_id = spec.subsystem_id
            function.class_code = spec.class_code
            function.revision_id = spec.revision_id
            for bar in spec.bars:
                function.configure_bar(bar.index, bar.size, ext=True, prefetch=bar.prefetchable)
            function.match_bar = functools.partial(_match_enabled, function, function.match_bar)
        return device

    async def start(self, *, max_payload: int = 2, max_read_request: int = 2) -> None:
        """Wait for the end of reset, enumerate, enable memory and bus mastering (codes as PCIe's)."""
        await self._first_reset()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._device = self._make_device(self._dut)
            self._rc.make_port().connect(self._device)
            await FallingEdge(self._dut.rst)
            await Timer(100, "ns")
            self._rc.max_payload_size = max_payload
            self._rc.max_read_request_size = max_read_request
            await self._rc.enumerate()
            for function in self._device.functions:
                device = self._rc.find_device(function.pcie_id)
                await device.enable_device()
                await device.set_master()
                await device.set_readrq(max_read_request)
                self._devices.append(device)

    async def _first_reset(self) -> None:
        """Clock the card in reset before the model exists: it cannot read pins that are still X."""
        dut = self._dut
        inputs = [name for name in _INPUT_PINS if hasattr(dut, name)]
        for name in ("clk", *inputs):
            getattr(dut, name).value = 0
        dut.rst.value = 1
        for level in (1, 0) * 8:
            await Timer(2, "ns")
            dut.clk.value = level
        await Timer(2, "ns")

    async def hot_reset(self) -> None:
        """Raises OSError ENODEV: the models keep their tags, credits and configuration over a reset."""
        raise fail(errno.ENODEV, "the bridge above the card in the conformance host has no hot reset")

    def bar_address(self, function: int, bar: int) -> int:
        """Where enumeration placed the BAR."""
        address: int = self._devices[function].bar_addr[bar]
        return address

    async def flush(self) -> None:
        """Writes are on the link when write32 returns."""

    def _record(self, function: int, bar: int, offset: int, error: Exception) -> None:
        status = Status.TIMEOUT if str(error) == "Timeout" else Status.FAILED
        time_ns = int(get_sim_time("ns"))
        self.errors.append(AccessError(time_ns, function, bar, offset, False, status))

    async def _read_piece(self, function: int, bar: int, offset: int, length: int) -> bytes:
        window = self._devices[function].bar_window[bar]
        try:
            return bytes(await window.read(offset, length, **self._timeout))
        except Exception as error:  # the model raises bare Exceptions
            if str(error) not in ("Timeout", "Unsuccessful completion"):
                raise
            self._record(function, bar, offset, error)
            return b"\xff" * length

    async def read32(self, function: int, bar: int, offset: int) -> int:
        check_dword(self.functions[function], bar, offset)
        return int.from_bytes(await self._read_piece(function, bar, offset, 4), "little")

    async def write32(self, function: int, bar: int, offset: int, value: int) -> None:
        check_dword(self.functions[function], bar, offset)
        window = self._devices[function].bar_window[bar]
        await window.write(offset, (value & ALL_ONES).to_bytes(4, "little"))

    async def read32s(self, function: int, bar: int, offsets: Sequence[int]) -> list[int]:
        return [await self.read32(function, bar, offset) for offset in offsets]

    async def write32s(self, function: int, bar: int, writes: Sequence[tuple[int, int]]) -> None:
        for offset, value in writes:
            await self.write32(function, bar, offset, value)

    async def read(self, function: int, bar: int, offset: int, length: int) -> bytes:
        check_range(self.functions[function], bar, offset, length)
        data = b""
        for start, size in split_read(offset, length, 128 << self._rc.max_read_request_size):
            data += await self._read_piece(function, bar, start, size)
        return data

    async def write(self, function: int, bar: int, offset: int, data: bytes) -> None:
        check_range(self.functions[function], bar, offset, len(data))
        if data:
            await self._devices[function].bar_window[bar].write(offset, data)

    async def config_read32(self, function: int, offset: int) -> int:
        value: int = await self._devices[function].config_read_dword(offset, **self._timeout)
        return value

    async def config_write32(self, function: int, offset: int, value: int) -> None:
        await self._devices[function].config_write_dword(offset, value, **self._timeout)

    def allocate_messages(self, function: int, count: int) -> list[tuple[int, int]]:
        vectors = self._rc.msi_alloc_vectors(count)
        self._vectors |= {vector.data: vector for vector in vectors}
        return [(vector.addr, vector.data) for vector in vectors]

    def on_message(self, data: int, callback: Callable[[], None]) -> None:
        """Call `callback` whenever the message with this data arrives."""

        async def call() -> None:
            callback()

        self._vectors[data].cb.append(call)

    @property
    def memory_size(self) -> int:
        return self._memory_size

    def _memory_range(self, address: int, length: int) -> int:
        start = address - self._memory_base
        if start < 0 or length < 0 or start + length > self._memory_size:
            raise IndexError(f"{length} bytes at {address:#x} are outside memory")
        return start

    def memory_read(self, address: int, length: int) -> bytes:
        start = self._memory_range(address, length)
        return bytes(self._memory[start : start + length])

    def memory_write(self, address: int, data: bytes) -> None:
        start = self._memory_range(address, len(data))
        self._memory[start : start + len(data)] = data


def _match_enabled(function: Any, match: Callable[..., Any], address: int, io: bool = False) -> Any:
    """A function whose memory decoding is off claims no address, so that the request ends as UR."""
    return match(address, io) if io or function.memory_space_enable else None
