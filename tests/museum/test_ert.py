# SPDX-License-Identifier: Apache-2.0
"""Historic defects of the embedded scheduler, on the card itself."""

from tb.runner import simulate


def test_pr_1243_2526_3236_3889_on_the_card(sim: str) -> None:
    """https://github.com/Xilinx/XRT/pull/1243, /2526, /3236 and /3889: see `ert_tb`."""
    simulate("tb_fast", "tests.museum.ert_tb", sim, name="museum_ert", timeout_s=200)
