# SPDX-License-Identifier: Apache-2.0
"""How one side runs its channel: what can be chosen, the contract's times, and the workers' common state.

Source: XRT mailbox contract §1.2 and §3.1.
"""

from __future__ import annotations

from dataclasses import dataclass

TICK_NS = 100_000_000
TICKS_PER_SECOND = 10
RESPONSE_TTL_S = 20
TX_TTL_S = 2
SOFTWARE_TX_TTL_S = 6
PROGRESS_TTL_S = 1

POLL_BUSY_NS = 100_000
POLL_BUSY_COUNT = 10_000
POLL_IDLE_NS = 100_000_000
SLEEPLESS_LOOKS = 1000
"""A transmitter that does not sleep does so after all when it looked for room this often in a row."""


@dataclass(frozen=True)
class MailboxOptions:
    """How one side runs its channel.

    `interrupt`: MSI-X, as here by default; False is the polled mode the stock drivers default to.
    `sleepless_tx`: the user PF's polled transmitter does not sleep while it has a message and the peer reads.
    `rate_limit`: bytes per second over 128 KiB above which the receiver goes deaf for good (the real guard
    against a runaway peer); None switches the guard off, which a card faster than that needs when it carries
    more than 128 KiB through the FIFOs.
    `test_mode`: requests and notifications of the driver itself fail with EACCES.
    """

    interrupt: bool = True
    sleepless_tx: bool = False
    rate_limit: int | None = 600_000
    test_mode: bool = False


@dataclass
class State:
    """What the workers of one side have in common.

    `deaf`: the rate guard has tripped, so the hardware channel is dead until it is restarted.
    """

    running: bool = False
    interrupt: bool = False
    deaf: bool = False
