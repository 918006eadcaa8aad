# SPDX-License-Identifier: Apache-2.0
"""The proof of the control block fails on a broken one: at least one fault for each thing it promises."""

from pathlib import Path

import pytest

from tests.formal.refute import Fault, refute

HS, CHAIN = "cu_ctrl.hs", "cu_ctrl.chain"

FAULTS = (
    Fault(
        "a release leaves words behind", HS, "hdl/cu/cu_mailbox_in.sv",
        "waiting_args <= host_args;", "waiting_args[31:0] <= host_args[31:0];",
        "cu_mailbox_in_proof",
    ),
    Fault(
        "a withdrawn set is taken", HS, "hdl/cu/cu_mailbox_in.sv",
        "pending <= wr_data[0];", "pending <= wr_data[0] || pending;",
        "cu_mailbox_in_proof",
    ),
    Fault(
        "host and waiting set share a buffer", HS, "hdl/cu/cu_array_in.sv",
        "host_buf <= consume_now ? kernel_buf : waiting_buf;", "host_buf <= kernel_buf;",
        "cu_array_in_proof",
    ),
    Fault(
        "results without a request", HS, "hdl/cu/cu_mailbox_out.sv",
        "MAILBOX_OUT != 0 ? pending && done", "MAILBOX_OUT != 0 ? done",
        "cu_mailbox_out_proof",
    ),
    Fault(
        "an execution gives its array twice", CHAIN, "hdl/cu/cu_mailbox_out.sv",
        "exchanged <= exchange_now ||", "exchanged <=",
        "cu_mailbox_out_proof",
    ),
    Fault(
        "kernel writes into the host's buffer", HS, "hdl/cu/cu_array_out.sv",
        "words[INDEX_W'({kernel_buf, kernel_addr})]", "words[INDEX_W'({host_buf, kernel_addr})]",
        "cu_array_out_proof",
    ),
    Fault(
        "a start written at ready is lost", HS, "hdl/cu/cu_handshake.sv",
        "ap_ready ? again || start_write", "ap_ready ? again",
        "cu_handshake_proof",
    ),
    Fault(
        "a counted run has one execution too many", CHAIN, "hdl/cu/cu_handshake.sv",
        "(take && counted)", "(take && started && counted)",
        "cu_handshake_proof",
    ),
    Fault(
        "done of every execution shown", CHAIN, "hdl/cu/cu_handshake.sv",
        "wire [1:0] newest = {again, counted};", "wire [1:0] newest = {1'b0, counted};",
        "cu_handshake_proof",
    ),
    Fault(
        "a start that an idle kernel has not seen stops with the clock", HS, "hdl/cu/cu_handshake.sv",
        "wire       offered = started && ap_idle;", "wire       offered = 1'b0;",
        "cu_handshake_proof",
    ),
    Fault(
        "the clock stops before a held done is kept", CHAIN, "hdl/cu/cu_handshake.sv",
        "? done_first || done && hidden : ap_done", "? done && hidden : ap_done",
        "cu_clock_proof",
    ),
    Fault(
        "the clock stops before a reset is over", CHAIN, "hdl/cu/cu_handshake.sv",
        "offered || resetting ||", "offered ||",
        "cu_clock_proof",
    ),
    Fault(
        "toggle wins over an event", HS, "hdl/cu/cu_interrupt.sv",
        "isr_set | (ISR_CLEAR_ON_READ != 0 ? isr & ~isr_clear : isr ^ isr_clear)",
        "(isr | isr_set) ^ isr_clear",
        "cu_interrupt_proof",
    ),
    Fault(
        "clear on read wins over an event", CHAIN, "hdl/cu/cu_interrupt.sv",
        "isr_set | (ISR_CLEAR_ON_READ != 0 ? isr & ~isr_clear : isr ^ isr_clear)",
        "(isr | isr_set) & ~isr_clear",
        "cu_interrupt_proof",
    ),
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    assert fault.within in refute(fault, tmp_path)
