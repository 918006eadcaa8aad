# SPDX-License-Identifier: Apache-2.0
"""What the management PF tells this one: FIREWALL, MGMT_STATE, CHG_SHELL. None of them is answered.

Source: XRT mailbox contract §7, XRT firewall contract §6. Handlers only mark and queue, so that a flood of
notifications costs nothing but reading them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydriver.mailbox import Mailbox, Opcode, PeerStateFlags, Request, Server
from pydriver.mailbox.messages import PeerState
from pydriver.platform.trace import OnEvent, silent


@dataclass(frozen=True)
class PeerNews:
    """What the driver does about it."""

    firewall: Callable[[], None]
    online: Callable[[], None]
    offline: Callable[[], None]
    change_shell: Callable[[], None]


class PeerServer:
    """Gives the notifications of `mailbox` to `news`."""

    def __init__(self, mailbox: Mailbox, news: PeerNews, on_event: OnEvent = silent) -> None:
        self._news = news
        self._on_event = on_event
        self._server = Server(
            mailbox,
            {
                Opcode.MGMT_STATE: self._mgmt_state,
                Opcode.FIREWALL: self._firewall,
                Opcode.CHG_SHELL: self._change_shell,
            },
            name="user.server",
            on_event=on_event,
            any_channel=True,
        )

    async def _mgmt_state(self, request: Request) -> None:
        if request.length < PeerState.SIZE:
            self._on_event("user.peer", f"a peer state of {request.length} bytes says nothing")
            return
        flags = PeerState.unpack(request.payload).state_flags
        if flags & PeerStateFlags.ONLINE:
            self._on_event("user.peer", "the management PF is online")
            self._news.online()
        elif flags & PeerStateFlags.OFFLINE:
            self._on_event("user.peer", "the management PF is offline")
            self._news.offline()
        else:
            self._on_event("user.peer", f"unknown peer state {flags:#x}")

    async def _firewall(self, request: Request) -> None:
        self._on_event("user.peer", "the management PF reports a firewall trip")
        self._news.firewall()

    async def _change_shell(self, request: Request) -> None:
        self._on_event("user.peer", "the management PF has another shell to program")
        self._news.change_shell()
