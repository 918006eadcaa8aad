# SPDX-License-Identifier: Apache-2.0
"""The small shell blocks: gate, GPIOs, feature ROM, memory."""

import pytest

from tb.runner import simulate

CASES = {
    "axi_gate": "gate_sequences",
    "calib_gpio": "calibration_bit",
    "mb_reset_gpio": "processor_reset",
    "cfg_gpio": "runtime_configuration",
    "feature_rom": "rom_content",
    "axil_ram": "memory",
}


@pytest.mark.parametrize("top", CASES)
def test_shell_block(sim: str, top: str) -> None:
    simulate(
        top=top,
        test_module="tests.block.shell_blocks_tb",
        sim=sim,
        testcase=CASES[top],
        name=f"shell_{top}",
        timeout_s=120,
    )
