// SPDX-License-Identifier: Apache-2.0
// Puts the completions of two functions onto CC, whole TLP after whole TLP, in turn when both have
// one. A choice once shown on the bus stays until its TLP ended.
`default_nettype none
`timescale 1ns / 1ps

module pcie_cc_arb (
    input  wire         clk,
    input  wire         rst,

    input  wire [255:0] s0_tdata,
    input  wire [7:0]   s0_tkeep,
    input  wire         s0_tlast,
    input  wire         s0_tvalid,
    output wire         s0_tready,
    input  wire [255:0] s1_tdata,
    input  wire [7:0]   s1_tkeep,
    input  wire         s1_tlast,
    input  wire         s1_tvalid,
    output wire         s1_tready,

    output wire [255:0] m_axis_cc_tdata,
    output wire [7:0]   m_axis_cc_tkeep,
    output wire [32:0]  m_axis_cc_tuser,
    output wire         m_axis_cc_tlast,
    output wire         m_axis_cc_tvalid,
    input  wire         m_axis_cc_tready
);

  reg locked;
  reg owner;

  // `owner` is whose turn was last, so the other one wins a tie.
  wire sel = locked ? owner : owner ? !s0_tvalid : s1_tvalid;

  assign m_axis_cc_tdata = sel ? s1_tdata : s0_tdata;
  assign m_axis_cc_tkeep = sel ? s1_tkeep : s0_tkeep;
  assign m_axis_cc_tlast = sel ? s1_tlast : s0_tlast;
  assign m_axis_cc_tvalid = sel ? s1_tvalid : s0_tvalid;
  // No discontinue, no parity: parity checking is off in this card.
  assign m_axis_cc_tuser = 33'd0;
  assign s0_tready = !sel && m_axis_cc_tready;
  assign s1_tready = sel && m_axis_cc_tready;

  always_ff @(posedge clk) begin
    if (rst) begin
      locked <= 1'b0;
      owner <= 1'b0;
    end else if (m_axis_cc_tvalid) begin
      locked <= !(m_axis_cc_tready && m_axis_cc_tlast);
      owner <= sel;
    end
  end

endmodule

`default_nettype wire
