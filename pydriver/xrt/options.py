# SPDX-License-Identifier: Apache-2.0
"""What an application may choose about the API: what xrt.ini says, and known faults of the real library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Quirk(Enum):
    """Behaviour of the library of XRT 2.13 that loses data or hangs; none is on unless asked for.

    `STALE_BUSY`: the wait for the mailbox's acknowledge looks at a flag that only an earlier call of
    `Mailbox.write` or `read` has set, before the bit could rise. So nothing waits after construction, start
    or write, and arguments overwrite a set that the kernel has not taken yet (XRT PR 6486, repaired by 6625).
    `COUNTER_IN_PACKET`: `Run.stop` of a counted kernel without mailbox clears the counter in the command
    buffer, which nobody reads any more: the kernel runs on.
    """

    STALE_BUSY = "stale-busy"
    COUNTER_IN_PACKET = "counter-in-packet"


@dataclass(frozen=True)
class RuntimeOptions:
    """Options of a `Device`.

    `mailbox_kernels` and `auto_restart_kernels`: names between slashes, as in ``/k1/k2/``, of kernels whose
    metadata do not say that they have a mailbox (both directions) or a counter; as in section Runtime of
    xrt.ini. `mailbox_poll_ns`: first pause between two looks at an acknowledge.
    """

    mailbox_kernels: str = ""
    auto_restart_kernels: str = ""
    mailbox_poll_ns: int = 1_000
    quirks: frozenset[Quirk] = frozenset()
