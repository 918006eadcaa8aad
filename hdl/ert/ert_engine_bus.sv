// SPDX-License-Identifier: Apache-2.0
// One AXI4-Lite write channel for two engines that wait for each response: they take turns, write by write.
`default_nettype none
`timescale 1ns / 1ps

module ert_engine_bus (
    input  wire        clk,
    input  wire        rst,

    input  wire [31:0] s0_awaddr,
    input  wire        s0_awvalid,
    output wire        s0_awready,
    input  wire [31:0] s0_wdata,
    input  wire        s0_wvalid,
    output wire        s0_wready,
    output wire        s0_bvalid,
    input  wire        s0_bready,

    input  wire [31:0] s1_awaddr,
    input  wire        s1_awvalid,
    output wire        s1_awready,
    input  wire [31:0] s1_wdata,
    input  wire        s1_wvalid,
    output wire        s1_wready,
    output wire        s1_bvalid,
    input  wire        s1_bready,

    output wire [31:0] m_axil_awaddr,
    output wire        m_axil_awvalid,
    input  wire        m_axil_awready,
    output wire [31:0] m_axil_wdata,
    output wire        m_axil_wvalid,
    input  wire        m_axil_wready,
    input  wire        m_axil_bvalid,
    output wire        m_axil_bready
);

  reg busy;
  reg owner;

  assign m_axil_awaddr = owner ? s1_awaddr : s0_awaddr;
  assign m_axil_awvalid = busy && (owner ? s1_awvalid : s0_awvalid);
  assign m_axil_wdata = owner ? s1_wdata : s0_wdata;
  assign m_axil_wvalid = busy && (owner ? s1_wvalid : s0_wvalid);
  assign m_axil_bready = busy && (owner ? s1_bready : s0_bready);
  assign s0_awready = busy && !owner && m_axil_awready;
  assign s0_wready = busy && !owner && m_axil_wready;
  assign s0_bvalid = busy && !owner && m_axil_bvalid;
  assign s1_awready = busy && owner && m_axil_awready;
  assign s1_wready = busy && owner && m_axil_wready;
  assign s1_bvalid = busy && owner && m_axil_bvalid;

  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
      owner <= 1'b0;
    end else if (!busy) begin
      busy <= s0_awvalid || s1_awvalid;
      owner <= owner ? !s0_awvalid : s1_awvalid;
    end else if (m_axil_bvalid && m_axil_bready) begin
      busy <= 1'b0;
    end
  end

endmodule

`default_nettype wire
