// SPDX-License-Identifier: Apache-2.0
// One slot with its kernels, under a clock that stops while it is idle, with protocol checkers on both sides.
`default_nettype none
`timescale 1ns / 1ps

module ulp_slot_checked #(
    parameter integer PROTOCOL = 0
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire [7:0]           kernel,

    input  wire [15:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    output wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    output wire                 s_axil_wready,
    output wire [1:0]           s_axil_bresp,
    output wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [15:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    output wire                 s_axil_arready,
    output wire [31:0]          s_axil_rdata,
    output wire [1:0]           s_axil_rresp,
    output wire                 s_axil_rvalid,
    input  wire                 s_axil_rready,

    output wire [0:0]      m_axi_awid,
    output wire [39:0]          m_axi_awaddr,
    output wire [7:0]           m_axi_awlen,
    output wire [2:0]           m_axi_awsize,
    output wire [1:0]           m_axi_awburst,
    output wire                 m_axi_awvalid,
    input  wire                 m_axi_awready,
    output wire [255:0]         m_axi_wdata,
    output wire [31:0]          m_axi_wstrb,
    output wire                 m_axi_wlast,
    output wire                 m_axi_wvalid,
    input  wire                 m_axi_wready,
    input  wire [0:0]      m_axi_bid,
    input  wire [1:0]           m_axi_bresp,
    input  wire                 m_axi_bvalid,
    output wire                 m_axi_bready,
    output wire [0:0]      m_axi_arid,
    output wire [39:0]          m_axi_araddr,
    output wire [7:0]           m_axi_arlen,
    output wire [2:0]           m_axi_arsize,
    output wire [1:0]           m_axi_arburst,
    output wire                 m_axi_arvalid,
    input  wire                 m_axi_arready,
    input  wire [0:0]      m_axi_rid,
    input  wire [255:0]         m_axi_rdata,
    input  wire [1:0]           m_axi_rresp,
    input  wire                 m_axi_rlast,
    input  wire                 m_axi_rvalid,
    output wire                 m_axi_rready,

    output wire                 irq,
    output wire                 active
);

  wire gclk;

  clk_gate gate (
      .clk(clk),
      .en(rst || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || active),
      .gclk(gclk)
  );

  ulp_slot #(
      .PROTOCOL(PROTOCOL)
  ) dut (
      .clk(gclk),
      .*
  );

  axil_check #(
      .ADDR_W(16)
  ) lite_check (.*);

  axi_check #(
      .ID_W(1)
  ) axi_rules (.*);

endmodule

`default_nettype wire
