# SPDX-License-Identifier: Apache-2.0
"""Control block of the compute units: every shape a kernel may choose, in lockstep with the model."""

import json

import pytest

from tb.runner import simulate

PLAIN = {"words": 5}
SHAPES = {
    "hs": PLAIN,
    "chain": {**PLAIN, "protocol": 1},
    "none": {**PLAIN, "protocol": 2, "outs": 2},
    "hs_cor": {**PLAIN, "isr_clear_on_read": True, "outs": 2},
    "hs_reset": {**PLAIN, "sw_reset": True, "outs": 3},
    "hs_arrays": {"words": 1, "in_array": 8, "out_array": 4},
    "chain_reset": {"words": 2, "protocol": 1, "sw_reset": True, "outs": 2},
    "counted": {**PLAIN, "counted": True, "outs": 1},
    "chain_counted": {**PLAIN, "protocol": 1, "counted": True, "isr_clear_on_read": True},
    "in": {**PLAIN, "mailbox_in": True, "counted": True},
    "in_array": {"words": 2, "in_array": 8, "mailbox_in": True},
    "out": {"words": 1, "outs": 3, "mailbox_out": True, "counted": True},
    "out_array": {"words": 1, "outs": 2, "out_array": 4, "mailbox_out": True, "protocol": 1},
    "both": {
        "words": 4, "outs": 3, "in_array": 8, "out_array": 4, "counted": True, "mailbox_in": True,
        "mailbox_out": True, "sw_reset": True,
    },
    "chain_both": {
        "words": 4, "outs": 3, "in_array": 8, "counted": True, "mailbox_in": True, "mailbox_out": True,
        "sw_reset": True, "protocol": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_cu_ctrl(sim: str, name: str) -> None:
    shape = SHAPES[name]
    simulate(
        top="cu_ctrl_gated",
        test_module="tests.block.cu_ctrl_tb",
        sim=sim,
        parameters={
            "N_ARGS": shape["words"],
            "N_OUT": shape.get("outs", 0),
            "IN_ARRAY_W": int(shape.get("in_array", 1)).bit_length() - 1,
            "OUT_ARRAY_W": int(shape.get("out_array", 1)).bit_length() - 1,
            "PROTOCOL": shape.get("protocol", 0),
            "ISR_CLEAR_ON_READ": int(shape.get("isr_clear_on_read", 0)),
            "COUNTED_RESTART": int(shape.get("counted", 0)),
            "MAILBOX_IN": int(shape.get("mailbox_in", 0)),
            "MAILBOX_OUT": int(shape.get("mailbox_out", 0)),
            "SW_RESET": int(shape.get("sw_reset", 0)),
        },
        env={"SHAPE": json.dumps(shape)},
        name=f"cu_ctrl_{name}",
        timeout_s=300,
    )
