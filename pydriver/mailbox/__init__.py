# SPDX-License-Identifier: Apache-2.0
"""The mailbox between the two physical functions: packets, messages, frames, channel, server."""

from pydriver.mailbox.channel import Mailbox
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import ConnFlags, Group, Opcode, PeerStateFlags
from pydriver.mailbox.options import MailboxOptions
from pydriver.mailbox.server import Handler, Request, Server
from pydriver.mailbox.software import ReadResult, SoftwareChannel

__all__ = [
    "ConnFlags",
    "Frame",
    "Group",
    "Handler",
    "Mailbox",
    "MailboxOptions",
    "Opcode",
    "PeerStateFlags",
    "ReadResult",
    "Request",
    "Server",
    "SoftwareChannel",
]
