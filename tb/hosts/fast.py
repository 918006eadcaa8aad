# SPDX-License-Identifier: Apache-2.0
"""The fast host: Python side of tb/rtl/fast_host.sv. One wake of Python per access, vector or block."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import cocotb
from cocotb.triggers import Event, Timer, ValueChange
from cocotb.utils import get_sim_time

from pydriver.errors import fail
from pydriver.platform import HOT_RESET_NS, LINK_UP_NS
from tb.cocotb_util import CLOCK_PERIOD_NS
from tb.hosts.common import (
    ALL_ONES,
    MSI_ADDRESS,
    PAGE,
    AccessError,
    Status,
    check_dword,
    check_range,
    split_read,
)
from tb.hosts.config_space import (
    BUS_MASTER_ENABLE,
    COMMAND,
    MEMORY_ENABLE,
    PCIE_CAP,
    ConfigSpace,
    FunctionSpec,
    assign_bars,
    restore_state,
    saved_state,
)
from tb.hosts.faults import Faults
from tb.hosts.words import WordArray

_GO = 1 << 128
_VECTOR = 1 << 129
_BLOCK = 1 << 130
_COUNT_SHIFT = 131
_WRITE = 1 << 117
_BE_ALL = 0xF << 96
_DATA_SHIFT = 64
_VECTOR_LENGTH = 64
_PER_WORD = 8

Place = tuple[int, int, int]


class FastHost:
    """Accesses, configuration space, MSI-X messages and memory of the simulated host.

    `handle` is the fast_host instance, `clock` the tb_clock instance. Posted writes collect and leave
    with the next read, when 64 wait, or as soon as the coroutine that wrote gives up control: always
    before simulated time moves.
    """

    def __init__(
        self,
        handle: Any,
        clock: Any,
        functions: Sequence[FunctionSpec],
        *,
        faults: Faults | None = None,
        memory_size: int = 1 << 22,
    ) -> None:
        self.functions = functions
        self.errors: list[AccessError] = []
        self.faults = faults
        self.spaces = [ConfigSpace(spec, multifunction=len(functions) > 1) for spec in functions]
        self._top = handle
        self._clock = clock
        requester = handle.requester
        self._cmd = requester.x_cmd
        self._vec = [requester.x_vec[index] for index in range(_PER_WORD)]
        self._rdata = [requester.x_rdata[index] for index in range(_PER_WORD)]
        self._rsp = requester.x_rsp
        self._status = requester.x_status
        self._done = requester.x_done
        self._done_change = ValueChange(requester.x_done)
        self._late = requester.x_late
        self._unexpected = requester.x_unexpected
        self._buffer = WordArray(requester.x_buf, 512, 8)
        self._memory = WordArray(handle.memory.x_mem, 512, memory_size // 512)
        self._interrupts = handle.interrupts
        self._go = 0
        self._issued = 0
        self._broken = False
        self._link_down = False
        self._pending: list[tuple[int, Place]] = []
        self._posted = Event()
        self._locked = False
        self._waiters: deque[Event] = deque()
        self._messages = 0
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._base: dict[tuple[int, int], int] = {}
        self._plain: dict[tuple[int, int], tuple[int, int]] = {}
        for space in self.spaces:
            space.on_write.append(self._settings_changed)

    # Life

    async def start(self, *, max_payload: int = 2, max_read_request: int = 2, reset_cycles: int = 8) -> None:
        """Reset the card, enumerate it, enable memory and bus mastering, listen for interrupts.

        `max_payload` and `max_read_request` are PCIe codes (128 << code bytes).
        """
        await self.reset(reset_cycles)
        # An earlier test of the same simulation may have left the toggles anywhere.
        self._go = int(self._cmd.value) & _GO
        self._issued = int(self._done.value)
        assign_bars(self.spaces)
        for space in self.spaces:
            control = space.read32(PCIE_CAP + 8) & ~0x70E0
            space.write32(PCIE_CAP + 8, control | max_payload << 5 | max_read_request << 12)
            space.write32(COMMAND, MEMORY_ENABLE | BUS_MASTER_ENABLE)
        cocotb.start_soon(self._listen())
        cocotb.start_soon(self._flush_posted())

    async def reset(self, cycles: int = 8) -> None:
        """Hold the card and the host's pins in reset for some clock cycles."""
        self._clock.reset.value = 1
        await Timer(cycles * CLOCK_PERIOD_NS, "ns")
        self._clock.reset.value = 0
        await Timer(2 * CLOCK_PERIOD_NS, "ns")

    async def hot_reset(self) -> None:
        """A secondary bus reset and what the kernel does around it.

        The configuration space of all functions is saved, the card is held in reset, the link gets its time,
        and the configuration is written back but for MSI-X. Until then every access ends in the host as on a
        dead link; what was outstanding ends with TIMEOUT. Raises OSError EAGAIN while a reset is under way.
        """
        if self._link_down:
            raise fail(errno.EAGAIN, "the link is being reset already")
        if not self._locked:
            await self.flush()
        saved = [saved_state(space) for space in self.spaces]
        self._link_down = True
        for space in self.spaces:
            space.reset()
        self._clock.reset.value = 1
        await Timer(HOT_RESET_NS, "ns")
        self._clock.reset.value = 0
        await Timer(LINK_UP_NS, "ns")
        self._link_down = False
        for space, state in zip(self.spaces, saved, strict=True):
            restore_state(space, state)

    @property
    def late_completions(self) -> int:
        """Completions that came after their timeout and were dropped."""
        return int(self._late.value)

    @property
    def unexpected_completions(self) -> int:
        """Completions for tags that were never outstanding."""
        return int(self._unexpected.value)

    def set_completion_timeout(self, cycles: int) -> None:
        """Clock cycles without progress after which open requests end with TIMEOUT."""
        self._top.x_completion_timeout.value = cycles

    def _settings_changed(self, _offset: int) -> None:
        self._base = {
            (index, bar.index): space.bar_address(bar.index) | self._meta(space.spec, bar.index)
            for index, space in enumerate(self.spaces)
            for bar in space.spec.bars
        }
        # BARs whose accesses need no second look: (entry of a read at offset 0, size).
        self._plain = {
            (index, bar.index): (self._base[index, bar.index] | _BE_ALL, bar.size)
            for index, space in enumerate(self.spaces)
            for bar in space.spec.bars
            if space.memory_enabled and self.faults is None
        }
        first = self.spaces[0]
        bits = [(1 << space.spec.number, space) for space in self.spaces]
        self._top.x_max_payload.value = first.max_payload
        self._top.x_max_read_request.value = first.max_read_request
        self._top.x_rcb_128.value = sum(bit for bit, space in bits if space.read_completion_boundary_128)
        self._top.x_bus_master_enable.value = sum(bit for bit, space in bits if space.bus_master)
        self._top.x_msix_enable.value = sum(bit for bit, space in bits if space.msix_enabled)
        self._top.x_msix_mask.value = sum(bit for bit, space in bits if space.msix_masked)

    @staticmethod
    def _meta(spec: FunctionSpec, bar: int) -> int:
        aperture = (spec.bar(bar).size - 1).bit_length()
        return bar << 100 | aperture << 103 | spec.number << 109

    # Command port

    async def _acquire(self) -> None:
        if not self._locked:
            self._locked = True
            return
        waiter = Event()
        self._waiters.append(waiter)
        try:
            await waiter.wait()
        except BaseException:
            if waiter.is_set():
                self._release()
            else:
                self._waiters.remove(waiter)
            raise

    def _release(self) -> None:
        """Hand the port to whoever waits longest: a coroutine that comes back at once must not overtake."""
        if self._waiters:
            self._waiters.popleft().set()
        else:
            self._locked = False

    async def _command(self, command: int) -> int:
        """Run one command (lock held); returns the response {status, data}."""
        if self._broken:
            # A cancelled coroutine left its command running.
            while int(self._done.value) != self._issued:
                await self._done_change
            self._broken = False
        self._go ^= _GO
        self._issued ^= 1
        self._cmd.value = command | self._go
        try:
            await self._done_change
        except BaseException:
            self._broken = True
            raise
        return int(self._rsp.value)

    async def _vector(self, entries: list[int], places: list[Place]) -> list[int]:
        """Run up to 64 entries (lock held); returns the data of every entry, all ones for failures."""
        count = len(entries)
        if count <= 2:
            # Two commands cost less than packing and unpacking a vector.
            return [await self._one(entry, place) for entry, place in zip(entries, places, strict=True)]
        for word in range((count + _PER_WORD - 1) // _PER_WORD):
            packed = 0
            for entry in reversed(entries[word * _PER_WORD : (word + 1) * _PER_WORD]):
                packed = packed << 128 | entry
            self._vec[word].value = packed
        response = await self._command(_VECTOR | count << _COUNT_SHIFT)
        values: list[int] = []
        for word in range((count + _PER_WORD - 1) // _PER_WORD):
            packed = int(self._rdata[word].value)
            values += [packed >> shift & ALL_ONES for shift in range(0, 256, 32)]
        del values[count:]
        if response >> 32:
            statuses = int(self._status.value)
            for index in range(count):
                code = statuses >> 4 * index & 0xF
                if code:
                    values[index] = ALL_ONES
                    self._record(places[index], bool(entries[index] & _WRITE), Status(code))
        return values

    async def _one(self, entry: int, place: Place) -> int:
        response = await self._command(entry)
        if response >> 32:
            self._record(place, bool(entry & _WRITE), Status(response >> 32))
            return ALL_ONES
        return response

    async def _drain(self) -> None:
        """Send the waiting writes (lock held)."""
        while self._pending:
            batch = self._pending[:_VECTOR_LENGTH]
            del self._pending[: len(batch)]
            await self._vector([entry for entry, _ in batch], [place for _, place in batch])

    async def flush(self) -> None:
        if not self._pending:
            return
        await self._acquire()
        try:
            await self._drain()
        finally:
            self._release()

    async def _flush_posted(self) -> None:
        """Runs when a coroutine that wrote gives up control, in the same simulation step."""
        while True:
            await self._posted.wait()
            self._posted.clear()
            await self.flush()

    def _record(self, place: Place, write: bool, status: Status) -> None:
        function, bar, offset = place
        self.errors.append(AccessError(int(get_sim_time("ns")), function, bar, offset, write, status))

    def _refused(self, function: int, bar: int, offset: int, write: bool) -> bool:
        """True, and recorded, when an access ends in the host: the card does not see it."""
        status = None if self.spaces[function].memory_enabled else Status.UR
        if status is None and self.faults is not None:
            status = self.faults.request(function, bar, offset, write)
        if status is None:
            return False
        self._record((function, bar, offset), write, status)
        return True

    # Accesses

    async def read32(self, function: int, bar: int, offset: int) -> int:
        # The common case takes the shortest way: nothing waits, nothing is wrong, no fault is planned.
        plain = self._plain.get((function, bar))
        if plain is None or offset & 3 or not 0 <= offset < plain[1]:
            check_dword(self.functions[function], bar, offset)
            if self._refused(function, bar, offset, False):
                return ALL_ONES
        if plain is None or self._locked or self._pending or self._broken:
            return (await self._read_list(function, bar, [offset]))[0]
        self._locked = True
        self._go ^= _GO
        self._issued ^= 1
        self._cmd.value = plain[0] + offset | self._go
        try:
            await self._done_change
        except BaseException:
            self._broken = True
            raise
        finally:
            self._release()
        response = int(self._rsp.value)
        if response >> 32:
            self._record((function, bar, offset), False, Status(response >> 32))
            return ALL_ONES
        return response

    async def read32s(self, function: int, bar: int, offsets: Sequence[int]) -> list[int]:
        for offset in offsets:
            check_dword(self.functions[function], bar, offset)
        values = [ALL_ONES] * len(offsets)
        wanted = [
            index for index, offset in enumerate(offsets) if not self._refused(function, bar, offset, False)
        ]
        for index, value in zip(
            wanted, await self._read_list(function, bar, [offsets[index] for index in wanted]), strict=True
        ):
            values[index] = value
        return values

    async def _read_list(self, function: int, bar: int, offsets: Sequence[int]) -> list[int]:
        """Waiting writes and these reads, in order, in as few commands as possible."""
        base = self._base[function, bar] | _BE_ALL
        values: list[int] = []
        await self._acquire()
        try:
            work = self._pending
            self._pending = []
            writes = len(work)
            work += [(base + offset, (function, bar, offset)) for offset in offsets]
            for start in range(0, len(work), _VECTOR_LENGTH):
                batch = work[start : start + _VECTOR_LENGTH]
                values += await self._vector([entry for entry, _ in batch], [place for _, place in batch])
        finally:
            self._release()
        values = values[writes:]
        if self.faults is not None:
            for index, offset in enumerate(offsets):
                status, values[index] = self.faults.answer(function, bar, offset, Status.SC, values[index])
                if status:
                    self._record((function, bar, offset), False, status)
        return values

    async def write32(self, function: int, bar: int, offset: int, value: int) -> None:
        check_dword(self.functions[function], bar, offset)
        if self._refused(function, bar, offset, True):
            return
        entry = self._base[function, bar] + offset | _BE_ALL | _WRITE | (value & ALL_ONES) << _DATA_SHIFT
        self._pending.append((entry, (function, bar, offset)))
        if len(self._pending) >= _VECTOR_LENGTH:
            await self.flush()
        elif len(self._pending) == 1:
            self._posted.set()

    async def write32s(self, function: int, bar: int, writes: Sequence[tuple[int, int]]) -> None:
        for offset, value in writes:
            await self.write32(function, bar, offset, value)

    async def read(self, function: int, bar: int, offset: int, length: int) -> bytes:
        check_range(self.functions[function], bar, offset, length)
        base = self._base[function, bar]
        maximum = 128 << self.spaces[0].max_read_request
        data = bytearray()
        await self._acquire()
        try:
            await self._drain()
            while length:
                address = base + offset
                size = min(length, PAGE - offset % PAGE)
                if self._refused(function, bar, offset, False):
                    piece = b"\xff" * size
                else:
                    response = await self._command(address | _BLOCK | size << _COUNT_SHIFT)
                    skip = offset % 4
                    piece = self._buffer.read(0, skip + size)[skip:]
                    if response >> 32:
                        piece = self._mask_failures((function, bar, offset), piece, maximum)
                data += piece
                offset += size
                length -= size
        finally:
            self._release()
        return bytes(data)

    def _mask_failures(self, place: Place, data: bytes, maximum: int) -> bytes:
        """All ones in the pieces whose request failed; each failure is recorded."""
        function, bar, start = place
        statuses = int(self._status.value)
        masked = bytearray(data)
        for index, (offset, size) in enumerate(split_read(start, len(data), maximum)):
            code = statuses >> 4 * index & 0xF
            if code:
                masked[offset - start : offset - start + size] = b"\xff" * size
                self._record((function, bar, offset), False, Status(code))
        return bytes(masked)

    async def write(self, function: int, bar: int, offset: int, data: bytes) -> None:
        check_range(self.functions[function], bar, offset, len(data))
        base = self._base[function, bar]
        await self._acquire()
        try:
            await self._drain()
            done = 0
            while done < len(data):
                size = min(len(data) - done, PAGE - offset % PAGE)
                if not self._refused(function, bar, offset, True):
                    skip = offset % 4
                    padding = -(skip + size) % 4
                    piece = data[done : done + size]
                    self._buffer.write(0, bytes(skip) + piece + bytes(padding))
                    response = await self._command(base + offset | _WRITE | _BLOCK | size << _COUNT_SHIFT)
                    if response >> 32:
                        self._record((function, bar, offset), True, Status(response >> 32))
                offset += size
                done += size
        finally:
            self._release()

    # Configuration space and interrupts

    async def config_read32(self, function: int, offset: int) -> int:
        await self.flush()
        return ALL_ONES if self._link_down else self.spaces[function].read32(offset)

    async def config_write32(self, function: int, offset: int, value: int) -> None:
        await self.flush()
        if not self._link_down:
            self.spaces[function].write32(offset, value)

    def allocate_messages(self, function: int, count: int) -> list[tuple[int, int]]:
        first = self._messages
        self._messages += count
        return [(MSI_ADDRESS, data) for data in range(first, first + count)]

    def on_message(self, data: int, callback: Callable[[], None]) -> None:
        """Call `callback` whenever the message with this data arrives."""
        self._callbacks[data] = callback

    async def _listen(self) -> None:
        events = self._interrupts.x_events
        changed = ValueChange(events)
        seen = int(events.value)
        while True:
            await changed
            arrived = int(events.value)
            while seen != arrived:
                message = int(self._interrupts.x_message[seen % 64].value)
                seen = (seen + 1) & ALL_ONES
                address, data = message & 0xFFFF_FFFF_FFFF_FFFF, message >> 64 & ALL_ONES
                if address == MSI_ADDRESS and data in self._callbacks:
                    self._callbacks[data]()
                elif address + 4 <= self.memory_size:
                    # Not an interrupt to this host: a message is a memory write like any other.
                    self.memory_write(address, data.to_bytes(4, "little"))
                else:
                    cocotb.log.error("MSI-X message %#x to %#x has no receiver", data, address)

    # Memory

    @property
    def memory_size(self) -> int:
        return self._memory.size

    def memory_read(self, address: int, length: int) -> bytes:
        return self._memory.read(address, length)

    def memory_write(self, address: int, data: bytes) -> None:
        self._memory.write(address, data)
