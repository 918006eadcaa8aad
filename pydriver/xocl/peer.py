# SPDX-License-Identifier: Apache-2.0
"""The management PF as the user PF sees it: one object for the parts that talk to it.

Source: XRT mailbox contract §6 and §7.
"""

from __future__ import annotations

from typing import cast

from pydriver.mailbox import ConnFlags, Group, Mailbox
from pydriver.mailbox.messages import IcapData
from pydriver.platform import Platform
from pydriver.platform.trace import OnEvent, silent
from pydriver.xclbin import Axlf
from pydriver.xocl.connection import Connection
from pydriver.xocl.peer_data import PeerData
from pydriver.xocl.peer_download import PeerDownload
from pydriver.xocl.peer_requests import PeerRequests
from pydriver.xocl.shell import Shell


class Peer:
    """`connect` after the mailbox has started; `changed` is set whenever the connection has news."""

    def __init__(
        self, platform: Platform, mailbox: Mailbox, *, guest: bool = False, on_event: OnEvent = silent
    ) -> None:
        """`guest`: this PF was given to a virtual machine, so its addresses mean nothing to the peer."""
        self.connection = Connection(platform, mailbox, guest=guest, on_event=on_event)
        self.data = PeerData(platform.clock, mailbox, on_event)
        self.requests = PeerRequests(platform.clock, mailbox)
        self.shell = Shell(mailbox, on_event)
        self.changed = platform.clock.event()
        self.connection.on_change.append(self.changed.set)
        self._download = PeerDownload(platform.memory, self.connection, self.data, self.requests, on_event)

    @property
    def state(self) -> ConnFlags:
        """CHAN_STATE."""
        return self.connection.state

    @property
    def ready(self) -> bool:
        """`Connection.ready`."""
        return self.connection.ready

    async def connect(self) -> bool:
        """The handshake. Returns whether the peer is ready."""
        return await self.connection.connect()

    async def icap_data(self) -> IcapData:
        """PEER_DATA(ICAP), asked now. Raises as `PeerData.refresh`."""
        return cast(IcapData, await self.data.refresh(Group.ICAP))

    async def download(self, axlf: Axlf, image: bytes, force: bool) -> bool:
        """`PeerDownload.download`; what was known of the peer's configuration port is out of date then."""
        try:
            return await self._download.download(axlf, image, force)
        finally:
            self.data.expire(Group.ICAP)
