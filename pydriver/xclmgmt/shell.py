# SPDX-License-Identifier: Apache-2.0
"""The shell's description for the user PF, and the states of programming its second partition.

Source: XRT mailbox contract §5.1 (subdev) and §7.1. Two rules differ from the driver's text, which cannot do
what its protocol says: a piece that does not reach the end of the tree is PARTIAL (the driver compares a
quantity with itself and would call it COMPLETE), and a request that cannot be started does not leave the
state at REQUESTED, where the user PF would be told to wait for ever.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from enum import IntEnum

from pydriver.errors import fail
from pydriver.mailbox.messages import SubdevData
from pydriver.platform.trace import OnEvent, silent
from pydriver.xclbin.partition import interface_uuids, logic_uuid
from pydriver.xclmgmt.device_tree import user_tree
from pydriver.xclmgmt.providers import ShellPartition

USER_FUNCTION = 1
SUBDEV_VERSION = 1
_DATA_AT = 32


class RpState(IntEnum):
    """What `rp_program` shows."""

    IDLE = 0
    REQUESTED = 1
    PROGRAM = 2


class SubdevCode(IntEnum):
    """Return codes of PEER_DATA(SUBDEV)."""

    UNCHANGED = 1
    PARTIAL = 2
    COMPLETE = 3
    PENDINGPLP = 4


class Shell:
    """Device trees and partition of one shell; a legacy shell has neither."""

    def __init__(
        self,
        tree: bytes | None,
        rom: bytes,
        partition: ShellPartition | None = None,
        changed: Callable[[], None] = lambda: None,
        on_event: OnEvent = silent,
    ) -> None:
        """`tree`: the shell's own device tree, `rom`: the feature ROM's header, `changed`: called when the
        state has changed. Raises EINVAL (tree)."""
        self.tree = tree
        self.user_tree = b""
        self._rom = rom
        self._partition = partition
        self._state = RpState.IDLE
        self._tell = changed
        self._on_event = on_event
        self._changed = False
        self.update()

    @property
    def state(self) -> RpState:
        """How far programming has come."""
        return self._state

    def _enter(self, state: RpState) -> None:
        self._state = state
        self._tell()

    @property
    def interface_uuids(self) -> tuple[str, ...]:
        """Interfaces that an image may ask for (32 hex digits each); empty on a legacy shell."""
        return interface_uuids(self.tree) if self.tree is not None else ()

    @property
    def logic_uuid(self) -> str | None:
        """Identity of the shell, None on a legacy shell."""
        return logic_uuid(self.tree) if self.tree is not None else None

    def update(self) -> None:
        """Make the user PF's tree again; from now on it counts as changed. Raises EINVAL (tree)."""
        if self.tree is not None:
            self.user_tree = user_tree(self.tree, USER_FUNCTION, self._rom)
            self._changed = True

    def subdevices(self, offset: int, room: int) -> bytes:
        """The answer to PEER_DATA(SUBDEV): a piece of the user PF's tree from `offset`, at most `room` bytes.

        Raises EINVAL when not even the header fits.
        """
        if room < SubdevData.SIZE:
            raise fail(errno.EINVAL, f"{room} bytes are no room for the header of a device tree")
        if self.state == RpState.REQUESTED:
            return _piece(SubdevCode.PENDINGPLP, offset, b"")
        blob = self.user_tree[offset : offset + room - SubdevData.SIZE]
        if not self._changed:
            return _piece(SubdevCode.UNCHANGED, offset, blob)
        if offset + len(blob) < len(self.user_tree):
            return _piece(SubdevCode.PARTIAL, offset, blob)
        self._changed = False
        return _piece(SubdevCode.COMPLETE, offset, blob)

    # --- the second partition -------------------------------------------------------------------------

    def request(self) -> None:
        """Ask the user PF to let go. Raises EBUSY (one is pending), EINVAL (nothing that can be
        programmed)."""
        if self.state != RpState.IDLE:
            raise fail(errno.EBUSY, "the shell is being programmed already")
        self.check()
        self._enter(RpState.REQUESTED)

    def granted(self) -> None:
        """The user PF has let go (PROGRAM_SHELL)."""
        self._enter(RpState.PROGRAM)

    def probed(self) -> None:
        """The user PF has come back (USER_PROBE)."""
        if self.state == RpState.PROGRAM:
            self._enter(RpState.IDLE)

    def check(self) -> None:
        """Dry run of `program`. Raises EINVAL (no partition, nothing stored, no fit)."""
        self._present().check()

    async def program(self) -> None:
        """Program the stored image now. Raises EINVAL (no partition), and what programming gives."""
        self.tree = await self._present().program()
        self.update()
        self._on_event("mgmt.shell", "the second partition is programmed")

    def clear(self) -> None:
        """Forget the stored image; nothing on a shell that has none."""
        if self._partition is not None:
            self._partition.clear()

    def _present(self) -> ShellPartition:
        if self._partition is None:
            raise fail(errno.EINVAL, "the shell has no second partition to program")
        return self._partition


def _piece(code: SubdevCode, offset: int, blob: bytes) -> bytes:
    """The header, and the tree from byte 32 on: the structure's 8 bytes of data stay as a zero tail."""
    header = SubdevData(ver=SUBDEV_VERSION, rtncode=code, size=len(blob), offset=offset)
    return header.pack()[:_DATA_AT] + blob + bytes(SubdevData.SIZE - _DATA_AT)
