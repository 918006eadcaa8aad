# SPDX-License-Identifier: Apache-2.0
"""One open file of the user PF: contexts, command execution, completion events.

Source: XRT KDS contract §1, §2 and §4, with its quirks: a first context that fails in the bitstream lock
leaves a half-made client without a uuid, and a unit that cannot be opened after a good lock leaves the image
locked until the client closes. A reset of the card ends clients (XRT firewall contract §6): where the real
driver kills their processes, every call of theirs fails with ENODEV here, as on an unplugged DRM device.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.ert import Header, State, size_with_timestamps, to_bytes, write_timestamp
from pydriver.platform.sync import Lock
from pydriver.xocl.command import Command

if TYPE_CHECKING:
    from pydriver.xocl.driver import Xocl
    from pydriver.xocl.kds import ComputeUnit
    from pydriver.xocl.memory import BufferObject

VIRTUAL_CU = 0xFFFF_FFFF
DOMAIN_SHIFT = 16
MAX_CUS = 128
EXEC_BO_MIN = 4096
CLOSE_STEPS = 10
CLOSE_STEP_NS = 500_000_000


class Client:
    """Made by `Xocl.open`. Everything a client holds goes with `close`."""

    def __init__(self, driver: Xocl) -> None:
        self.commands_done = 0
        self._driver = driver
        self._made = False
        self._uuid: bytes | None = None
        # CU index -> (exclusive, unit). A half-made client does not lock the image: its units may be gone
        # from the scheduler when it gives them back.
        self._cus: dict[int, tuple[bool, ComputeUnit]] = {}
        self._virtual = 0
        self._outstanding: list[Command] = []
        self._events = 0
        self._event = driver.clock.event()
        self._settled = driver.clock.event()
        self._buffers: list[int] = []
        self._killed = False
        self._gone = False
        self._closing = Lock(driver.clock)

    # --- contexts -----------------------------------------------------------------------------------

    async def open_context(self, uuid: bytes, cu_index: int, exclusive: bool = False) -> None:
        """ioctl CTX alloc. `cu_index` 0xFFFFFFFF holds the image without a unit.

        Raises EINVAL (null uuid, no such unit, already held, held exclusively by another, exclusive wanted
        of a shared one), EBUSY (another image is loaded), ENODEV (ended by a reset).
        """
        self._check_alive()
        if not self._made:
            self._made = True
            self._driver.bitstream.lock(uuid)
            self._uuid = uuid
        if cu_index == VIRTUAL_CU:
            self._virtual += 1
            return
        cus = self._driver.kds.cus
        if cu_index >> DOMAIN_SHIFT or cu_index >= min(len(cus), MAX_CUS):
            raise fail(errno.EINVAL, f"there is no compute unit {cu_index:#x}, {len(cus)} exist")
        if cu_index in self._cus:
            raise fail(errno.EINVAL, f"this client has compute unit {cu_index} already")
        cu = cus[cu_index]
        if cu.exclusive:
            raise fail(errno.EINVAL, f"{cu.name} is held exclusively")
        if exclusive and cu.sharers:
            raise fail(errno.EINVAL, f"{cu.name} is shared by {cu.sharers} clients")
        cu.exclusive = exclusive
        cu.sharers += not exclusive
        self._cus[cu_index] = (exclusive, cu)

    async def close_context(self, uuid: bytes, cu_index: int) -> None:
        """ioctl CTX free; waits up to 5 s for the client's commands on the unit, then gives them up.

        Raises EBUSY (not the client's uuid), EINVAL (no context, unit not held), ENODEV (ended by a reset).
        """
        self._check_alive()
        if self._uuid is None:
            raise fail(errno.EINVAL, "this client has no context")
        if uuid != self._uuid:
            raise fail(errno.EBUSY, f"this client's contexts are for {self._uuid.hex()}")
        if cu_index == VIRTUAL_CU:
            if not self._virtual:
                raise fail(errno.EINVAL, "this client has no context without a unit")
            self._virtual -= 1
        else:
            await self._close_cu(cu_index)
        if not self._cus and not self._virtual:
            self._driver.bitstream.unlock(self._uuid)
            self._uuid = None
            self._made = False

    async def _close_cu(self, cu_index: int) -> None:
        if cu_index not in self._cus:
            raise fail(errno.EINVAL, f"this client does not hold compute unit {cu_index}")
        for _ in range(CLOSE_STEPS):
            if not self._on_cu(cu_index):
                break
            self._settled.clear()
            await self._settled.wait(CLOSE_STEP_NS)
        if self._on_cu(cu_index):
            self._driver.kds.abort(self)
        exclusive, cu = self._cus.pop(cu_index)
        cu.exclusive = False
        cu.sharers -= not exclusive

    @property
    def has_context(self) -> bool:
        """The client holds a unit or, without one, the image."""
        return bool(self._cus or self._virtual)

    def _on_cu(self, cu_index: int) -> bool:
        return any(command.cu_index == cu_index for command in self._outstanding)

    # --- commands -----------------------------------------------------------------------------------

    def execbuf(self, handle: int) -> int:
        """ioctl EXECBUF: check and start the command in a buffer; returns 0.

        A buffer that is not a command buffer returns 0 too and runs nothing, as in the real driver. Raises
        EINVAL (no context, buffer below 4 KiB, format, units), EDEADLK (bad state), ENOENT (no such buffer),
        ENODEV (ended by a reset).
        """
        self._check_alive()
        if self._uuid is None:
            raise fail(errno.EINVAL, "this client has no context on an image")
        if self._driver.kds.state.bad:
            raise fail(errno.EDEADLK, "the scheduler is in a bad state; the card needs a reset")
        bo = self._driver.memory.find(handle)
        if not bo.is_exec or bo.pages is None:
            return 0
        if len(bo.pages) < EXEC_BO_MIN or bo.size < EXEC_BO_MIN:
            raise fail(errno.EINVAL, f"a command buffer needs {EXEC_BO_MIN} bytes, this one has {bo.size}")
        header = Header.unpack(int.from_bytes(bo.pages[:4], "little")).with_state(State.NEW)
        length = 4 + 4 * header.count
        if max(length, size_with_timestamps(header)) > bo.size:
            raise fail(errno.EINVAL, f"a packet of {header.count} words does not fit its buffer")
        bo.pages[:4] = header.pack().to_bytes(4, "little")
        write_timestamp(bo.pages, State.NEW, self._driver.clock.now_ns())
        command = self._driver.kds.execute(
            bytes(bo.pages[:length]), self, self._cus, lambda done: self._finished(done, bo)
        )
        if command is None:
            self._settle(bo, State.COMPLETED)
        elif command.state not in (State.COMPLETED, State.ERROR):
            self._outstanding.append(command)
        return 0

    def _finished(self, command: Command, bo: BufferObject) -> None:
        if command in self._outstanding:
            self._outstanding.remove(command)
        assert bo.pages is not None
        if command.reply:
            data = to_bytes(command.reply[1:])[: len(bo.pages) - 4]
            bo.pages[4 : 4 + len(data)] = data
        for state, time in command.times.items():
            write_timestamp(bo.pages, state, time)
        self._settle(bo, command.state)

    def _settle(self, bo: BufferObject, state: State) -> None:
        assert bo.pages is not None
        header = Header.unpack(int.from_bytes(bo.pages[:4], "little"))
        bo.pages[:4] = header.with_state(state).pack().to_bytes(4, "little")
        self.commands_done += 1
        self._events += 1
        self._event.set()
        self._settled.set()

    async def poll(self, timeout_ns: int | None = None) -> bool:
        """Wait for a completion nobody has polled yet and take it; False when the time passed first.

        One completion wakes one poll, and it may be any command's: look at the packets. Raises ENODEV when a
        reset has ended the client and all its commands.
        """
        deadline = None if timeout_ns is None else self._driver.clock.now_ns() + timeout_ns
        while not self._events:
            if self._gone:
                self._check_alive()
            self._event.clear()
            left = None if deadline is None else max(0, deadline - self._driver.clock.now_ns())
            if not await self._event.wait(left):
                return False
        self._events -= 1
        return True

    # --- buffers ------------------------------------------------------------------------------------

    def create_bo(self, size: int, flags: int) -> BufferObject:
        """ioctl CREATE_BO. Raises EINVAL and ENOMEM as `MemoryManager.create`, ENODEV (ended by a reset)."""
        self._check_alive()
        bo = self._driver.memory.create(size, flags)
        self._buffers.append(bo.handle)
        return bo

    def free_bo(self, handle: int) -> None:
        """Close a buffer's handle. Raises ENOENT."""
        if handle not in self._buffers:
            raise fail(errno.ENOENT, f"this client has no buffer {handle}")
        self._buffers.remove(handle)
        self._driver.memory.free(handle)

    async def close(self) -> None:
        """What the end of the process does: contexts, commands, buffers."""
        async with self._closing:
            for cu_index in list(self._cus):
                await self._close_cu(cu_index)
            if self._uuid is not None:
                self._driver.bitstream.unlock(self._uuid)
                self._uuid = None
            if self._outstanding:
                self._driver.kds.abort(self)
            for handle in self._buffers:
                self._driver.memory.free(handle)
            self._buffers.clear()
            self._virtual = 0
            self._made = False
            self._driver.forget(self)

    async def kill(self) -> None:
        """End the client from outside: close it, fail its further calls, wake whoever polls."""
        self._killed = True
        await self.close()
        self._gone = True
        self._event.set()

    def _check_alive(self) -> None:
        if self._killed:
            raise fail(errno.ENODEV, "a reset of the card has ended this client")
