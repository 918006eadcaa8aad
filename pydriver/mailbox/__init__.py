# SPDX-License-Identifier: Apache-2.0
"""The mailbox between the two physical functions: packets, messages, channel, server."""

from pydriver.mailbox.channel import Mailbox, MailboxOptions
from pydriver.mailbox.messages import ConnFlags, Group, Opcode, PeerStateFlags
from pydriver.mailbox.server import Handler, Request, Server

__all__ = [
    "ConnFlags",
    "Group",
    "Handler",
    "Mailbox",
    "MailboxOptions",
    "Opcode",
    "PeerStateFlags",
    "Request",
    "Server",
]
