# SPDX-License-Identifier: Apache-2.0
"""Faults of the compute units, of their interrupts and of the scheduler's engines."""

from tests.mutation.mutant import Mutant

_BLOCK = "tests/block/"

MUTANTS = (
    Mutant(
        "counted for ever ends",
        "hdl/cu/cu_handshake.sv",
        "end else if (count != FOR_EVER) begin",
        "end else begin",
        _BLOCK + "test_cu_ctrl.py::test_cu_ctrl[icarus-counted]",
    ),
    Mutant(
        "software reset does not wait for the kernel",
        "hdl/cu/cu_handshake.sv",
        "else if (kernel_quiet) resetting",
        "else resetting",
        _BLOCK + "test_cu_ctrl.py::test_cu_ctrl[icarus-hs_reset]",
    ),
    Mutant(
        "hidden executions wait for the host",
        "hdl/cu/cu_handshake.sv",
        "continue_pulse || (done && hidden);",
        "continue_pulse;",
        _BLOCK + "test_cu_ctrl.py::test_cu_ctrl[icarus-chain_counted]",
    ),
    Mutant(
        "withdrawn arguments are taken",
        "hdl/cu/cu_mailbox_in.sv",
        "pending <= wr_data[0];",
        "pending <= wr_data[0] || pending;",
        _BLOCK + "test_cu_ctrl.py::test_cu_ctrl[icarus-in]",
    ),
    Mutant(
        "kernel sees the host's arguments",
        "hdl/cu/cu_mailbox_in.sv",
        "assign args = kernel_args;",
        "assign args = host_args;",
        _BLOCK + "test_cu_kernels.py::test_kernel_route[icarus]",
    ),
    Mutant(
        "host writes the array that waits",
        "hdl/cu/cu_array_in.sv",
        "host_buf <= consume_now ? kernel_buf : waiting_buf;",
        "host_buf <= waiting_buf;",
        _BLOCK + "test_cu_ctrl.py::test_cu_ctrl[icarus-in_array]",
    ),
    Mutant(
        "array given twice for one execution",
        "hdl/cu/cu_mailbox_out.sv",
        "copy_now && (done_first || !exchanged)",
        "copy_now",
        _BLOCK + "test_cu_ctrl.py::test_cu_ctrl[icarus-out_array]",
    ),
    Mutant(
        "fast adapter takes more than it holds",
        "hdl/cu/cu_fa.sv",
        "push = lo_write && !full",
        "push = lo_write",
        _BLOCK + "test_cu_fa.py::test_cu_fa[icarus-1]",
    ),
    Mutant(
        "only the last key can drop a packet",
        "hdl/cu/krnl_route.sv",
        "drop <= drop || in_array_data[31];",
        "drop <= in_array_data[31];",
        _BLOCK + "test_cu_kernels.py::test_kernel_route[icarus]",
    ),
    Mutant(
        "next block starts over a finished one",
        "hdl/cu/krnl_fir.sv",
        "waiting && !back && !finished && !kernel_reset",
        "waiting && !back && !kernel_reset",
        _BLOCK + "test_cu_kernels.py::test_kernel_fir[icarus]",
    ),
    Mutant(
        "store sends words it does not have",
        "hdl/cu/krnl_store.sv",
        "held >= {2'd0, burst}",
        "held != 7'd0",
        _BLOCK + "test_cu_kernels.py::test_kernel_memcopy[icarus]",
    ),
    Mutant(
        "report of the interrupt engine lost under a read",
        "hdl/ert/ert_csr.sv",
        "if (cu_report) cu_status",
        "if (cu_report && cu_status_rd == 4'd0) cu_status",
        _BLOCK + "test_ert.py::test_ert_engines[icarus-gated]",
    ),
    Mutant(
        "copy engine leaves out the last argument",
        "hdl/ert/ert_cudma.sv",
        "index + 11'd1 < size",
        "index + 11'd2 < size",
        _BLOCK + "test_ert.py::test_ert_engines[icarus-gated]",
    ),
    Mutant(
        "collector leaves a chained unit holding its done",
        "hdl/ert/ert_cuisr.sv",
        "CTRL_AP_DONE_LSB] ? CONTINUE : CLEAR;",
        "CTRL_AP_DONE_LSB] ? CLEAR : CLEAR;",
        "tests/system/test_engines.py::test_engines[icarus-old]",
    ),
    Mutant(
        "acknowledge wins over a new interrupt",
        "hdl/ert/intc_regs.sv",
        "(isr & ~ack) | latch",
        "(isr | latch) & ~ack",
        _BLOCK + "test_ert.py::test_ert[icarus-free]",
    ),
    Mutant(
        "a write reaches every interrupt controller",
        "hdl/ert/cu_intc.sv",
        "wr_en && wr_bank == INDEX",
        "wr_en",
        _BLOCK + "test_ert.py::test_ert[icarus-free]",
    ),
    Mutant(
        "unit interrupts never reach the host",
        "hdl/shell/static_shell.sv",
        "cu_to_host ? cu_intc_irq : status_irq",
        "status_irq",
        _BLOCK + "test_static_shell.py::test_static_shell[icarus]",
    ),
)
