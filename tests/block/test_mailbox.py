# SPDX-License-Identifier: Apache-2.0
"""Hardware mailbox: register behaviour of both sides, and a random lockstep run against the model.

The gated top stops the clock whenever the block says that it needs none."""

import pytest

from tb.runner import simulate

BENCH = "tests.block.mailbox_tb"
DIRECTED = [
    "reset_values",
    "threshold_edges",
    "packet_interrupt",
    "polled_mode",
    "error_register",
    "control_flush",
    "interrupt_registers",
    "event_meets_clear",
    "word_order",
    "clock_may_stop",
]


@pytest.mark.parametrize(("top", "depth"), [("hw_mailbox", 16), ("hw_mailbox_gated", 128)])
def test_mailbox_directed(sim: str, top: str, depth: int) -> None:
    simulate(
        top=top,
        test_module=BENCH,
        sim=sim,
        parameters={"DEPTH": depth},
        testcase=DIRECTED,
        env={"DEPTH": str(depth)},
        name=f"mailbox_directed{depth}",
        timeout_s=300,
    )


@pytest.mark.parametrize("top", ["hw_mailbox", "hw_mailbox_gated"])
def test_mailbox_random(sim: str, top: str) -> None:
    simulate(
        top=top,
        test_module=BENCH,
        sim=sim,
        parameters={"DEPTH": 32},
        testcase=["random_lockstep"],
        env={"DEPTH": "32"},
        name=f"{top}_random",
        timeout_s=300,
    )
