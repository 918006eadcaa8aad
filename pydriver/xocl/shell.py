# SPDX-License-Identifier: Apache-2.0
"""The shell's device tree, which the management PF serves to the user PF in chunks.

Source: XRT mailbox contract §5.1 (subdev), §7 and §7.1. A legacy shell has no tree: its management PF
answers with no bytes, and the sub-devices are those of the driver's own tables. The real driver never moves
the offset in the request, so a tree of several chunks fails there; here the offset grows as the contract
says.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import IntEnum

from pydriver.errors import fail
from pydriver.mailbox import Group, Mailbox, Opcode
from pydriver.mailbox.messages import SubdevData, SubdevPeer
from pydriver.platform.trace import OnEvent, silent
from pydriver.xclbin.partition import interface_uuids

CHUNK_BYTES = 512 << 10
DATA_AT = 32
MAX_TREE_BYTES = 16 << 20
"""More than any shell's tree has: a peer which goes on and on is not believed."""


class SubdevReturn(IntEnum):
    """`rtncode` of the answer."""

    UNCHANGED = 1
    PARTIAL = 2
    COMPLETE = 3
    PENDINGPLP = 4


@dataclass(frozen=True)
class _Chunk:
    code: int
    offset: int
    data: bytes


class Shell:
    """The tree of the shell, as far as the management PF gave one."""

    def __init__(self, mailbox: Mailbox, on_event: OnEvent = silent) -> None:
        self.tree = b""
        self.interfaces: tuple[str, ...] = ()
        """Interface uuids of the tree, which an image must match."""
        self._mailbox = mailbox
        self._on_event = on_event

    async def refresh(self) -> bool:
        """Ask for the tree; returns whether another one is there now.

        Raises EAGAIN (the shell's partition waits to be programmed), EINVAL (answers that make no tree), else
        what `Mailbox.request` raises. After an error the tree is the old one.
        """
        tree = bytearray()
        while True:
            chunk = await self._ask(len(tree))
            if chunk.offset != len(tree):
                raise fail(
                    errno.EINVAL, f"a piece of the tree for {chunk.offset} came instead of {len(tree)}"
                )
            tree += chunk.data
            if chunk.code != SubdevReturn.PARTIAL:
                break
            if not chunk.data or len(tree) > MAX_TREE_BYTES:
                raise fail(errno.EINVAL, f"the tree does not end after {len(tree)} bytes")
        if chunk.code == SubdevReturn.PENDINGPLP:
            raise fail(errno.EAGAIN, "the shell's partition waits to be programmed")
        if (chunk.code == SubdevReturn.UNCHANGED and self.tree) or not tree:
            return False
        if chunk.code not in (SubdevReturn.COMPLETE, SubdevReturn.UNCHANGED):
            raise fail(errno.EINVAL, f"the tree came with the return code {chunk.code}")
        changed = bytes(tree) != self.tree
        self.interfaces = interface_uuids(bytes(tree))
        self.tree = bytes(tree)
        if changed:
            self._on_event("user.shell", f"a device tree of {len(tree)} bytes")
        return changed

    def forget(self) -> None:
        """The shell is being programmed: its tree is not known any more."""
        self.tree = b""
        self.interfaces = ()

    async def _ask(self, offset: int) -> _Chunk:
        size = SubdevData.SIZE + CHUNK_BYTES
        asked = SubdevPeer(kind=Group.SUBDEV, size=size, entries=1, offset=offset)
        answer = await self._mailbox.request(Opcode.PEER_DATA, asked.pack(), max_response=size)
        # A short answer, the number of a peer that serves no tree among them, leaves the rest zero.
        header = SubdevData.unpack(answer)
        if header.size > max(0, len(answer) - DATA_AT):
            raise fail(
                errno.EINVAL, f"{header.size} bytes of a tree are promised, the answer has {len(answer)}"
            )
        return _Chunk(header.rtncode, header.offset, answer[DATA_AT : DATA_AT + header.size])
