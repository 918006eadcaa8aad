// SPDX-License-Identifier: Apache-2.0
// The test card with its pins exposed for the conformance host (the models drive clock and reset too).
`default_nettype none
`timescale 1ns / 1ps

module tb_host_conformance (
    input  wire         clk,
    input  wire         rst,
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [5:0]   pcie_cq_np_req_count,
    input  wire [1:0]   cfg_max_payload,
    input  wire [2:0]   cfg_max_read_req,
    input  wire [3:0]   cfg_rcb_status,
    input  wire [3:0]   cfg_interrupt_msix_enable,
    input  wire [3:0]   cfg_interrupt_msix_mask,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [255:0] s_axis_cq_tdata,
    input  wire [87:0]  s_axis_cq_tuser,
    input  wire [7:0]   s_axis_cq_tkeep,
    input  wire         s_axis_cq_tlast,
    input  wire         s_axis_cq_tvalid,
    output wire         s_axis_cq_tready,
    output wire [1:0]   pcie_cq_np_req,
    output wire [255:0] m_axis_cc_tdata,
    output wire [32:0]  m_axis_cc_tuser,
    output wire [7:0]   m_axis_cc_tkeep,
    output wire         m_axis_cc_tlast,
    output wire         m_axis_cc_tvalid,
    input  wire         m_axis_cc_tready,
    output wire [255:0] m_axis_rq_tdata,
    output wire [61:0]  m_axis_rq_tuser,
    output wire [7:0]   m_axis_rq_tkeep,
    output wire         m_axis_rq_tlast,
    output wire         m_axis_rq_tvalid,
    input  wire         m_axis_rq_tready,
    input  wire [255:0] s_axis_rc_tdata,
    input  wire [74:0]  s_axis_rc_tuser,
    input  wire [7:0]   s_axis_rc_tkeep,
    input  wire         s_axis_rc_tlast,
    input  wire         s_axis_rc_tvalid,
    output wire         s_axis_rc_tready,
    output wire [63:0]  cfg_interrupt_msix_address,
    output wire [31:0]  cfg_interrupt_msix_data,
    output wire         cfg_interrupt_msix_int,
    output wire [7:0]   cfg_interrupt_msi_function_number,
    input  wire         cfg_interrupt_msix_sent,
    input  wire         cfg_interrupt_msix_fail
);

  /* verilator lint_off UNUSEDSIGNAL */
  wire card_busy;
  /* verilator lint_on UNUSEDSIGNAL */

  test_completer completer (
      .busy(card_busy),
      .*
  );

  pin_log log (.*);

endmodule

`default_nettype wire
