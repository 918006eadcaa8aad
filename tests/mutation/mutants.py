# SPDX-License-Identifier: Apache-2.0
"""Small faults, put into the RTL or the drivers on purpose, and the test that must find each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` in `file` becomes `new`; then `killer` (a pytest node) must fail on an assertion."""

    name: str
    file: str
    old: str
    new: str
    killer: str


_BLOCK = "tests/block/"
_UNIT = "tests/unit/"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "mailbox send threshold off by one",
        "hdl/mailbox/hw_mailbox_side.sv",
        "tx_count} <= {{",
        "tx_count} < {{",
        _BLOCK + "test_mailbox.py::test_mailbox_directed[icarus-hw_mailbox-16]",
    ),
    Mutant(
        "mailbox receive threshold off by one",
        "hdl/mailbox/hw_mailbox_side.sv",
        "rx_count} > {{",
        "rx_count} >= {{",
        _BLOCK + "test_mailbox.py::test_mailbox_directed[icarus-hw_mailbox-16]",
    ),
    Mutant(
        "completion byte count of later chunks",
        "hdl/pcie/pcie_req_engine.sv",
        "bytes_left <= bytes_left - {3'd0, chunk_len, 2'b00} + {11'd0, low_bits};",
        "bytes_left <= bytes_left - {3'd0, chunk_len, 2'b00};",
        _BLOCK + "test_pcie_front.py::test_pcie_front_directed[icarus]",
    ),
    Mutant(
        "completion byte count ignores the last byte enables",
        "hdl/pcie/pcie_req_engine.sv",
        "- {11'd0, unused_top(head_one ? head_first_be : head_last_be)};",
        ";",
        _BLOCK + "test_pcie_front.py::test_pcie_front_directed[icarus]",
    ),
    Mutant(
        "user requests reach the management function",
        "hdl/pcie/pcie_cq_rx.sv",
        "wire hdr_user = hdr_function == FUNCTION_USER;",
        "wire hdr_user = hdr_function[0] && hdr_bar != 3'd0;",
        _BLOCK + "test_pcie_front.py::test_pcie_front_directed[icarus]",
    ),
    Mutant(
        "MSI-X vector mask ignored",
        "hdl/pcie/msix.sv",
        "pending & ~vector_mask & {32{",
        "pending & {32{",
        _BLOCK + "test_pcie_irq.py::test_pcie_irq_directed[icarus]",
    ),
    Mutant(
        "MSI-X function mask ignored",
        "hdl/pcie/msix.sv",
        "{32{msix_enable && !msix_mask}}",
        "{32{msix_enable}}",
        _BLOCK + "test_pcie_irq.py::test_pcie_irq_directed[icarus]",
    ),
    Mutant(
        "configuration CRC not compared",
        "hdl/icap/config_engine.sv",
        "if (in_data == crc) begin",
        "if (in_data == crc || in_data != 32'd0) begin",
        _BLOCK + "test_hwicap.py::test_hwicap_directed[icarus]",
    ),
    Mutant(
        "region valid without START",
        "hdl/icap/config_engine.sv",
        "wire ends_well = started && ",
        "wire ends_well = crc_good && ",
        _BLOCK + "test_hwicap.py::test_hwicap_directed[icarus]",
    ),
    Mutant(
        "command queue status keeps its bits",
        "hdl/ert/ert_csr.sv",
        "(cq_status_rd[n] ? 32'd0 : cq_status[32*n+:32])",
        "cq_status[32*n+:32]",
        _BLOCK + "test_ert.py::test_ert[icarus-free]",
    ),
    Mutant(
        "completion status keeps its bits",
        "hdl/ert/ert_csr.sv",
        "(status_rd[n] ? 32'd0 : status[32*n+:32]) |",
        "status[32*n+:32] |",
        _BLOCK + "test_ert.py::test_ert[icarus-free]",
    ),
    Mutant(
        "interrupts pass a closed gate",
        "hdl/ulp/axi_isolate.sv",
        "irq_out = isolate ? {IRQ_W{1'b0}} : irq_in",
        "irq_out = irq_in",
        _BLOCK + "test_ulp_path.py::test_ulp_path[icarus]",
    ),
    Mutant(
        "ap_done is not cleared by reading",
        "hdl/cu/cu_ctrl.sv",
        "else if (ctrl_read) done_kept <= 1'b0;",
        "",
        _BLOCK + "test_cu_ctrl.py::test_cu_ctrl[icarus-0-0]",
    ),
    Mutant(
        "guard gives up early",
        "hdl/common/axil_guard.sv",
        "cycles == TIMEOUT_CYCLES - 1",
        "cycles == TIMEOUT_CYCLES / 2",
        _BLOCK + "test_axil_guard.py::test_axil_guard[icarus]",
    ),
    Mutant(
        "guard lets answers pass a closed gate",
        "hdl/common/axil_guard.sv",
        "wire got_r = !isolate && m_axil_rvalid",
        "wire got_r = m_axil_rvalid",
        _BLOCK + "test_axil_guard.py::test_axil_guard[icarus]",
    ),
    Mutant(
        "gate opens at state 2",
        "hdl/shell/axi_gate.sv",
        "assign open = state_r[0];",
        "assign open = |state_r;",
        _BLOCK + "test_shell_blocks.py::test_shell_block[icarus-axi_gate]",
    ),
    Mutant(
        "xclbin section may end past the file",
        "pydriver/xclbin/container.py",
        "if offset + size > end:",
        "if offset > end:",
        _UNIT + "test_xclbin_container.py::test_section_past_the_end",
    ),
    Mutant(
        "xclbin section one byte too long",
        "pydriver/xclbin/container.py",
        "if offset + size > end:",
        "if offset + size > end + 1:",
        _UNIT + "test_xclbin_container.py::test_section_extents_to_the_byte",
    ),
    Mutant(
        "gate opened although programming failed",
        "pydriver/xclmgmt/download.py",
        "        await self._icap.program(section)\n        await self._gate.free()",
        "        await self._gate.free()\n        await self._icap.program(section)",
        _UNIT + "test_drivers.py::test_gate_stays_closed_after_failed_programming",
    ),
)
