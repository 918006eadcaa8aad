# SPDX-License-Identifier: Apache-2.0
"""The AXI4-Lite port of firmware models, on both simulators."""

from tb.runner import simulate


def test_axil_port(sim: str) -> None:
    simulate("tb_host_fast", "tests.block.axil_port_tb", sim, timeout_s=120)
