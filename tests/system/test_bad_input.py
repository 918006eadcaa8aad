# SPDX-License-Identifier: Apache-2.0
"""Bad images, bad bitstreams and calls out of order, through both drivers on the RTL."""

from tb.runner import simulate


def test_bad_input(sim: str) -> None:
    simulate("tb_fast", "tests.system.bad_input_tb", sim, name="bad_input", timeout_s=300)
