# SPDX-License-Identifier: Apache-2.0
"""ioctl EXECBUF: the checks in their order, and what is written back. Source: XRT KDS contract §2."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.ert import Header, Opcode, State, to_bytes, write_timestamp
from pydriver.xocl.command import Command
from pydriver.xocl.error_records import ErrorNumber, ErrorRecord
from pydriver.xocl.kds import KDMA_INDEX, copybo

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pydriver.platform import Task
    from pydriver.xocl.client import Client
    from pydriver.xocl.driver import Xocl
    from pydriver.xocl.memory import BufferObject

EXEC_BO_MIN = 4096


class Execbuf:
    """The commands of one client, from its buffers into the scheduler and back."""

    def __init__(self, driver: Xocl, client: Client, on_settled: Callable[[], None]) -> None:
        """`on_settled`: one more command has ended."""
        self.outstanding: list[Command] = []
        self._driver = driver
        self._client = client
        self._on_settled = on_settled
        self._copies: list[Task] = []

    async def end_copies(self) -> None:
        """Wait for copies by the host: they use buffers that the client has."""
        for copy in self._copies:
            await copy.join()

    def on_cu(self, cu_index: int) -> bool:
        """Commands for a unit have not ended."""
        return any(command.cu_index == cu_index for command in self.outstanding)

    def run(self, bo: BufferObject, allowed: Collection[int], owned: Callable[[int], BufferObject]) -> None:
        """Check and start the command in a command buffer; `owned` finds the client's buffers.

        Raises EINVAL (buffer below 4 KiB, format, opcode, units), ENOENT (buffers of a copy), EBUSY
        (user-managed unit).
        """
        assert bo.pages is not None
        if bo.size < EXEC_BO_MIN:
            raise fail(errno.EINVAL, f"a command buffer needs {EXEC_BO_MIN} bytes, this one has {bo.size}")
        driver = self._driver
        packet = self._copy(bo)
        header = driver.kds.check(packet, bo.size)
        write_timestamp(bo.pages, State.NEW, driver.clock.now_ns())
        command = Command(packet, self._client, lambda done: self._finished(done, bo), handle=bo.handle)
        copies = header.opcode == Opcode.START_COPYBO and self._prepare_copy(command, owned)
        self.outstanding.append(command)
        if copies:
            return
        try:
            driver.kds.execute(command, allowed)
        except OSError:
            if command in self.outstanding:
                self.outstanding.remove(command)
            raise

    def _copy(self, bo: BufferObject) -> bytes:
        """The packet, as it is now: the application may change it meanwhile."""
        pages = bo.pages
        assert pages is not None
        header = Header.unpack(int.from_bytes(pages[:4], "little")).with_state(State.NEW)
        pages[:4] = header.pack().to_bytes(4, "little")
        length = 4 + 4 * header.count
        if length > bo.size:
            # The bare number stands there, and no time, as in the real driver.
            record = ErrorRecord(int(ErrorNumber.KDS_EXEC), 0, self._client.pid)
            self._driver.lifecycle.errors.insert(record)
            self._driver.attribute_source.errors_changed()
            raise fail(errno.EINVAL, f"a packet of {header.count} words does not fit its buffer")
        return bytes(pages[:length])

    def _prepare_copy(self, command: Command, owned: Callable[[int], BufferObject]) -> bool:
        """Make a start of the copy unit out of a copy; True when the host does it instead."""
        copy = copybo.Copy.unpack(command.packet)
        src, dst = owned(copy.src_handle), owned(copy.dst_handle)
        if not copybo.check(copy, src, dst):
            task = self._driver.clock.spawn(self._copy_by_host(command, copy, src, dst), "user.copy")
            self._copies = [*(each for each in self._copies if not each.done()), task]
            return True
        if self._driver.kds.kdma is None:
            raise fail(errno.EINVAL, "this shell has no copy unit")
        command.packet = copybo.as_start(command.packet, copy, src, dst)
        command.cu_index = KDMA_INDEX
        return False

    async def _copy_by_host(
        self, command: Command, copy: copybo.Copy, src: BufferObject, dst: BufferObject
    ) -> None:
        state = State.COMPLETED
        try:
            await self._driver.memory.copy_imported(src, copy.src, dst, copy.dst, copy.size)
        except OSError as error:
            self._driver.on_event("user.kds", f"copy failed: {error.strerror}")
            state = State.ERROR
        command.finish(state, self._driver.clock.now_ns())

    def _finished(self, command: Command, bo: BufferObject) -> None:
        if command in self.outstanding:
            self.outstanding.remove(command)
        assert bo.pages is not None
        if command.reply:
            data = to_bytes(command.reply[1:])[: len(bo.pages) - 4]
            bo.pages[4 : 4 + len(data)] = data
        for state, time in command.times.items():
            write_timestamp(bo.pages, state, time)
        header = Header.unpack(int.from_bytes(bo.pages[:4], "little"))
        bo.pages[:4] = header.with_state(command.state).pack().to_bytes(4, "little")
        self._on_settled()
