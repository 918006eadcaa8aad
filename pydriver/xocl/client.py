# SPDX-License-Identifier: Apache-2.0
"""One open file of the user PF: contexts, command execution, completion events, buffers.

Source: XRT KDS contract §1, §2, §4 and §6. A unit that cannot be opened after a good lock leaves the image
locked until the client closes, as in the real driver; its other quirks are `Quirk`'s. A reset of the card
ends clients (XRT firewall contract §6): where the real driver kills their processes, every call of theirs
fails with ENODEV here, as on an unplugged DRM device. After `close` every one fails with EBADF, which is not
named again below.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.platform import Task
from pydriver.platform.sync import Lock
from pydriver.xocl.execbuf import Execbuf
from pydriver.xocl.kds import KDMA_INDEX, MAX_CUS, sharing
from pydriver.xocl.quirks import KernelOops, Quirk
from pydriver.xocl.user_managed import UserManagedCu

if TYPE_CHECKING:
    from pydriver.xocl.driver import Xocl
    from pydriver.xocl.kds import ComputeUnit
    from pydriver.xocl.memory import BufferObject

VIRTUAL_CU = 0xFFFF_FFFF
DOMAIN_SHIFT = 16
CLOSE_STEPS = 10
CLOSE_STEP_NS = 500_000_000


class Client:
    """Made by `Xocl.open`. Everything a client holds goes with `close`."""

    def __init__(self, driver: Xocl, pid: int = 0) -> None:
        self.pid = pid
        self.commands_done = 0
        self._driver = driver
        self._made = False
        self._uuid: bytes | None = None
        # CU index -> (exclusive, unit). With `Quirk.HALF_MADE_CLIENT` a client does not lock the image: its
        # units may be gone from the scheduler when it gives them back.
        self._cus: dict[int, tuple[bool, ComputeUnit]] = {}
        self._virtual = 0
        self._commands = Execbuf(driver, self, self._one_more)
        self._events = 0
        self._event = driver.clock.event()
        self._settled = driver.clock.event()
        self._buffers: list[int] = []
        self._descriptors: list[UserManagedCu] = []
        self._calls: list[Task] = []
        self._killed = False
        self._closed = False
        self._gone = False
        self._closing = Lock(driver.clock)

    # --- contexts -----------------------------------------------------------------------------------

    async def open_context(self, uuid: bytes, cu_index: int, exclusive: bool = False) -> None:
        """ioctl CTX alloc. `cu_index` 0xFFFFFFFF holds the image without a unit, and the shell's copy unit.

        Raises EINVAL (null uuid, no such unit, already held, held exclusively by another, exclusive wanted
        of a shared one), EBUSY (another image is loaded), ENODEV (ended by a reset).
        """
        self._check_alive()
        if not self._made:
            self._made = Quirk.HALF_MADE_CLIENT in self._driver.options.kds.quirks
            self._driver.bitstream.lock(uuid)
            self._made = True
            self._uuid = uuid
        if cu_index == VIRTUAL_CU:
            self._open_virtual(exclusive)
        else:
            self._open_cu(cu_index, exclusive)

    def _open_virtual(self, exclusive: bool) -> None:
        if exclusive:
            raise fail(errno.EINVAL, "the image without a unit can only be shared")
        kdma = self._driver.kds.kdma
        if kdma is not None and not self._virtual:
            sharing.acquire(kdma, exclusive=False)
            self._cus[KDMA_INDEX] = (False, kdma)
        self._virtual += 1

    def _open_cu(self, cu_index: int, exclusive: bool) -> None:
        cus = self._driver.kds.cus
        if cu_index >> DOMAIN_SHIFT or cu_index >= min(len(cus), MAX_CUS):
            raise fail(errno.EINVAL, f"there is no compute unit {cu_index:#x}, {len(cus)} exist")
        if cu_index in self._cus:
            raise fail(errno.EINVAL, f"this client has compute unit {cu_index} already")
        sharing.acquire(cus[cu_index], exclusive)
        self._cus[cu_index] = (exclusive, cus[cu_index])

    async def close_context(self, uuid: bytes, cu_index: int) -> None:
        """ioctl CTX free; waits for the client's commands on the unit and gives them up if need be.

        Raises EBUSY (not the client's uuid), EINVAL (no context, unit not held), ENODEV (ended by a reset).
        """
        self._check_alive()
        self._check_context()
        if self._uuid is None:
            raise fail(errno.EINVAL, "this client has no context")
        if uuid != self._uuid:
            raise fail(errno.EBUSY, f"this client's contexts are for {self._uuid.hex()}")
        if cu_index == VIRTUAL_CU:
            if not self._virtual:
                raise fail(errno.EINVAL, "this client has no context without a unit")
            if self._virtual == 1:
                await self._end_commands(KDMA_INDEX)
            # Meanwhile there may have been another close, or another open that keeps the copy unit.
            self._virtual = max(0, self._virtual - 1)
            if not self._virtual:
                self._give_back(KDMA_INDEX)
        elif cu_index in self._cus and cu_index != KDMA_INDEX:
            await self._close_cu(cu_index)
        else:
            raise fail(errno.EINVAL, f"this client does not hold compute unit {cu_index}")
        if not self._cus and not self._virtual:
            self._unlock()

    async def _close_cu(self, cu_index: int) -> None:
        """Give a unit back after its commands have ended, or been given up; its interrupt goes with it."""
        await self._end_commands(cu_index)
        mine = [each for each in self._descriptors if each.cu.index == cu_index]
        self._descriptors = [each for each in self._descriptors if each not in mine]
        for descriptor in mine:
            await descriptor.close()
        self._give_back(cu_index)

    async def _end_commands(self, cu_index: int) -> None:
        """Wait for a unit's commands, or give them up.

        The embedded scheduler has 5 s for them; the host's queues are asked to give them up at once and take
        their own 5 s. The real driver looks every 500 ms; here the end of a command is noticed at once.
        """
        kds = self._driver.kds
        # Each command that ends ends a step early, so time counts and not steps.
        deadline = self._driver.clock.now_ns() + CLOSE_STEPS * CLOSE_STEP_NS
        while self._commands.on_cu(cu_index) and not kds.by_host(self, cu_index):
            left = deadline - self._driver.clock.now_ns()
            if left <= 0:
                break
            await self._wait_step(min(left, CLOSE_STEP_NS))
        if kds.by_host(self, cu_index):
            while self._commands.on_cu(cu_index):
                # Again and again: the client may have sent another one meanwhile.
                kds.request_abort(self, cu_index)
                await self._wait_step(CLOSE_STEP_NS)
        elif self._commands.on_cu(cu_index):
            await kds.abort_sync(self)

    def _give_back(self, cu_index: int) -> None:
        # A second close may have been faster.
        if cu_index in self._cus:
            exclusive, cu = self._cus.pop(cu_index)
            sharing.release(cu, exclusive)

    async def _wait_step(self, step_ns: int) -> None:
        self._settled.clear()
        await self._settled.wait(step_ns)

    def _unlock(self) -> None:
        if self._uuid is not None:
            self._driver.bitstream.unlock(self._uuid)
        self._uuid = None
        self._made = False

    def _check_context(self) -> None:
        if not self._made and Quirk.NULL_CONTEXT in self._driver.options.kds.quirks:
            raise KernelOops("a null context was read")

    @property
    def has_context(self) -> bool:
        """The client holds a unit or, without one, the image."""
        return bool(self._cus or self._virtual)

    async def open_user_managed(self, uuid: bytes, cu_index: int) -> UserManagedCu:
        """ioctl CTX, open the interrupt descriptor of a unit; the embedded scheduler is off from then on.

        `uuid` is in the request, and nobody looks at it.

        Raises EOPNOTSUPP (no such interrupts), EINVAL (the unit is not held exclusively by this one),
        EBUSY (it has commands, somebody has its interrupt, or it was given back meanwhile), ENODEV (ended by
        a reset).
        """
        del uuid
        self._check_alive()
        driver = self._driver
        held = self._cus.get(cu_index)
        if not driver.kds.modes.can_switch:
            raise fail(errno.EOPNOTSUPP, "units cannot interrupt the host in this shell")
        if held is None or not held[0] or cu_index == KDMA_INDEX:
            raise fail(errno.EINVAL, f"this client does not hold compute unit {cu_index} exclusively")
        if self._commands.on_cu(cu_index):
            raise fail(errno.EBUSY, f"compute unit {cu_index} has commands")
        # A process that is killed now must not leave the change of schedulers half done.
        call = driver.clock.spawn(self._take_interrupt(held[1]), "user.ucu")
        self._calls = [*(each for each in self._calls if not each.done()), call]
        result: UserManagedCu | OSError = await call.join()
        if isinstance(result, OSError):
            raise result
        return result

    async def _take_interrupt(self, cu: ComputeUnit) -> UserManagedCu | OSError:
        driver = self._driver
        try:
            await driver.kds.modes.turn_ert_off()
            if self._cus.get(cu.index) != (True, cu) or self._commands.on_cu(cu.index):
                raise fail(errno.EBUSY, f"{cu.name} was given back or used meanwhile")
            descriptor = await UserManagedCu.open(driver.clock, cu, driver.intc, driver.host_cus)
            if self._cus.get(cu.index) != (True, cu):
                await descriptor.close()
                raise fail(errno.EBUSY, f"{cu.name} was given back meanwhile")
        except OSError as error:
            return error
        self._descriptors.append(descriptor)
        return descriptor

    # --- commands -----------------------------------------------------------------------------------

    def execbuf(self, handle: int) -> int:
        """ioctl EXECBUF: check and start the command in a buffer; returns 0.

        A buffer that is not a command buffer returns 0 too and runs nothing, as in the real driver. An ABORT
        and a copy by the host go on after the return. Raises EINVAL (no context, buffer below 4 KiB, format,
        units), EDEADLK (bad state), ENOENT (no such buffer), EBUSY (user-managed unit), ENODEV (ended by a
        reset).
        """
        self._check_alive()
        self._check_context()
        if self._uuid is None:
            raise fail(errno.EINVAL, "this client has no context on an image")
        if self._driver.kds.state.bad:
            raise fail(errno.EDEADLK, "the scheduler is in a bad state; the card needs a reset")
        bo = self._own(handle)
        if bo.is_exec:
            self._commands.run(bo, self._cus, self._own)
        return 0

    def _one_more(self) -> None:
        self.commands_done += 1
        self._events += 1
        self._event.set()
        self._settled.set()

    async def poll(self, timeout_ns: int | None = None) -> bool:
        """Wait for a completion nobody has polled yet and take it; False when the time passed first.

        One completion wakes one poll, and it may be any command's: look at the packets. Raises ENODEV when a
        reset has ended the client and all its commands, EBADF when it has been closed.
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

    def import_bo(self, pages: bytearray) -> BufferObject:
        """A handle for the pages of another device's buffer (a dma-buf). Raises EINVAL, ENODEV."""
        self._check_alive()
        bo = self._driver.memory.import_pages(pages)
        self._buffers.append(bo.handle)
        return bo

    def free_bo(self, handle: int) -> None:
        """Close a buffer's handle. Raises ENOENT."""
        self._own(handle)
        self._buffers.remove(handle)
        self._driver.memory.free(handle)

    def _own(self, handle: int) -> BufferObject:
        """A buffer by a handle of this file. Raises ENOENT."""
        if handle not in self._buffers:
            raise fail(errno.ENOENT, f"this client has no buffer {handle}")
        return self._driver.memory.find(handle)

    # --- the end ------------------------------------------------------------------------------------

    async def close(self) -> None:
        """What the end of the process does: descriptors, contexts, commands, buffers."""
        self._closed = True
        async with self._closing:
            for call in self._calls:
                await call.join()
            self._calls.clear()
            await self._commands.end_copies()
            for descriptor in self._descriptors:
                await descriptor.close()
            self._descriptors.clear()
            # All units at once: the waits of hung ones pass together.
            self._driver.kds.request_abort(self)
            for cu_index in list(self._cus):
                await self._close_cu(cu_index)
            self._virtual = 0
            self._unlock()
            if self._commands.outstanding:
                self._driver.kds.abort(self)
            for handle in self._buffers:
                self._driver.memory.free(handle)
            self._buffers.clear()
            self._driver.forget(self)
            self._gone = True
            self._event.set()

    async def kill(self) -> None:
        """End the client from outside: close it, fail its further calls, wake whoever polls."""
        self._killed = True
        await self.close()

    def _check_alive(self) -> None:
        if self._killed:
            raise fail(errno.ENODEV, "a reset of the card has ended this client")
        if self._closed:
            raise fail(errno.EBADF, "this file of the device is closed")
