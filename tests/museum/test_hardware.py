# SPDX-License-Identifier: Apache-2.0
"""Historic defects of the mailbox driver, on the card itself."""

from tb.runner import simulate


def test_pr_561_and_2375_on_the_card(sim: str) -> None:
    """https://github.com/Xilinx/XRT/pull/561 and /2375: see `hardware_tb`."""
    simulate("tb_fast", "tests.museum.hardware_tb", sim, name="museum", timeout_s=100)
