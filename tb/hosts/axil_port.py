# SPDX-License-Identifier: Apache-2.0
"""Python side of tb/rtl/axil_port.sv: the bus of a firmware model, one wake per access or vector."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from cocotb.triggers import Event, ValueChange

_WRITE = 1 << 64
_GO = 1 << 66
_VECTOR = 1 << 67
_COUNT_SHIFT = 68
_ENTRY_BITS = 65
_PER_WORD = 8
_VECTOR_LENGTH = 64
_ALL_ONES = 0xFFFF_FFFF


class AxilPort:
    """`firmware_model` Bus over AXI4-Lite. Addresses in bytes, aligned to 4.

    An error response is counted in `errors` and a failed read gives what the bus returned.
    """

    def __init__(self, handle: Any) -> None:
        self.errors = 0
        self.accesses = 0
        self._cmd = handle.x_cmd
        self._vec = [handle.x_vec[index] for index in range(_PER_WORD)]
        self._rdata = [handle.x_rdata[index] for index in range(_PER_WORD)]
        self._rsp = handle.x_rsp
        self._resp = handle.x_resp
        self._done = handle.x_done
        self._change = ValueChange(handle.x_done)
        self._go: int | None = None
        self._issued = 0
        self._broken = False
        self._locked = False
        self._waiters: deque[Event] = deque()

    async def _acquire(self) -> None:
        while self._locked:
            waiter = Event()
            self._waiters.append(waiter)
            await waiter.wait()
        self._locked = True

    def _release(self) -> None:
        self._locked = False
        if self._waiters:
            self._waiters.popleft().set()

    async def _command(self, command: int) -> int:
        """Run one command (lock held); returns {worst response, data}."""
        if self._broken:
            # A cancelled coroutine left its command running.
            while int(self._done.value) != self._issued:
                await self._change
            self._broken = False
        if self._go is None:
            # An earlier test of the same simulation may have left the toggles anywhere.
            self._go = int(self._cmd.value) & _GO
            self._issued = int(self._done.value)
        self._go ^= _GO
        self._issued ^= 1
        self._cmd.value = command | self._go
        try:
            await self._change
        except BaseException:
            self._broken = True
            raise
        return int(self._rsp.value)

    async def _single(self, entry: int) -> int:
        self.accesses += 1
        await self._acquire()
        try:
            response = await self._command(entry)
        finally:
            self._release()
        if response >> 32:
            self.errors += 1
        return response & _ALL_ONES

    async def _list(self, entries: Sequence[int]) -> list[int]:
        values: list[int] = []
        self.accesses += len(entries)
        await self._acquire()
        try:
            for start in range(0, len(entries), _VECTOR_LENGTH):
                values += await self._vector(entries[start : start + _VECTOR_LENGTH])
        finally:
            self._release()
        return values

    async def _vector(self, entries: Sequence[int]) -> list[int]:
        words = range((len(entries) + _PER_WORD - 1) // _PER_WORD)
        for word in words:
            packed = 0
            for entry in reversed(entries[word * _PER_WORD : (word + 1) * _PER_WORD]):
                packed = packed << _ENTRY_BITS | entry
            self._vec[word].value = packed
        response = await self._command(_VECTOR | len(entries) << _COUNT_SHIFT)
        if response >> 32:
            codes = int(self._resp.value)
            self.errors += sum(1 for index in range(len(entries)) if codes >> 2 * index & 3)
        values: list[int] = []
        for word in words:
            packed = int(self._rdata[word].value)
            values += [packed >> shift & _ALL_ONES for shift in range(0, 256, 32)]
        return values[: len(entries)]

    async def read32(self, addr: int) -> int:
        return await self._single(addr)

    async def write32(self, addr: int, value: int) -> None:
        await self._single(addr | (value & _ALL_ONES) << 32 | _WRITE)

    async def read32s(self, addrs: Sequence[int]) -> list[int]:
        return await self._list(list(addrs))

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        await self._list([addr | (value & _ALL_ONES) << 32 | _WRITE for addr, value in writes])
