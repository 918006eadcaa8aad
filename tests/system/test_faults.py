# SPDX-License-Identifier: Apache-2.0
"""Faults of the mailbox on the card: broken messages, floods, absent hardware, a peer that starts anew."""

from tb.runner import simulate


def test_faults(sim: str) -> None:
    simulate("tb_fast", "tests.system.faults_tb", sim, name="faults", timeout_s=200)
