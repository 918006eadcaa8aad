// SPDX-License-Identifier: Apache-2.0
// The card's memory and N masters that share it, as the shell connects them: the arbiter, the memory, one clock that
// stops, and a protocol checker between the two while `check`.
`default_nettype none
`timescale 1ns / 1ps

module shared_memory #(
    parameter integer N = 2
) (
    input  wire              clk,
    input  wire              rst,
    input  wire              check,

    input  wire [N-1:0]      s_axi_awid,
    input  wire [N*40-1:0]   s_axi_awaddr,
    input  wire [N*8-1:0]    s_axi_awlen,
    input  wire [N*3-1:0]    s_axi_awsize,
    input  wire [N*2-1:0]    s_axi_awburst,
    input  wire [N-1:0]      s_axi_awvalid,
    output wire [N-1:0]      s_axi_awready,
    input  wire [N*256-1:0]  s_axi_wdata,
    input  wire [N*32-1:0]   s_axi_wstrb,
    input  wire [N-1:0]      s_axi_wlast,
    input  wire [N-1:0]      s_axi_wvalid,
    output wire [N-1:0]      s_axi_wready,
    output wire [N-1:0]      s_axi_bid,
    output wire [N*2-1:0]    s_axi_bresp,
    output wire [N-1:0]      s_axi_bvalid,
    input  wire [N-1:0]      s_axi_bready,
    input  wire [N-1:0]      s_axi_arid,
    input  wire [N*40-1:0]   s_axi_araddr,
    input  wire [N*8-1:0]    s_axi_arlen,
    input  wire [N*3-1:0]    s_axi_arsize,
    input  wire [N*2-1:0]    s_axi_arburst,
    input  wire [N-1:0]      s_axi_arvalid,
    output wire [N-1:0]      s_axi_arready,
    output wire [N-1:0]      s_axi_rid,
    output wire [N*256-1:0]  s_axi_rdata,
    output wire [N*2-1:0]    s_axi_rresp,
    output wire [N-1:0]      s_axi_rlast,
    output wire [N-1:0]      s_axi_rvalid,
    input  wire [N-1:0]      s_axi_rready,

    output wire              active
);

  wire [0:0]   m_axi_awid;
  wire [39:0]  m_axi_awaddr;
  wire [7:0]   m_axi_awlen;
  wire [2:0]   m_axi_awsize;
  wire [1:0]   m_axi_awburst;
  wire         m_axi_awvalid;
  wire         m_axi_awready;
  wire [255:0] m_axi_wdata;
  wire [31:0]  m_axi_wstrb;
  wire         m_axi_wlast;
  wire         m_axi_wvalid;
  wire         m_axi_wready;
  wire [0:0]   m_axi_bid;
  wire [1:0]   m_axi_bresp;
  wire         m_axi_bvalid;
  wire         m_axi_bready;
  wire [0:0]   m_axi_arid;
  wire [39:0]  m_axi_araddr;
  wire [7:0]   m_axi_arlen;
  wire [2:0]   m_axi_arsize;
  wire [1:0]   m_axi_arburst;
  wire         m_axi_arvalid;
  wire         m_axi_arready;
  wire [0:0]   m_axi_rid;
  wire [255:0] m_axi_rdata;
  wire [1:0]   m_axi_rresp;
  wire         m_axi_rlast;
  wire         m_axi_rvalid;
  wire         m_axi_rready;
  wire         arbiter_active;
  wire         memory_active;
  wire         gclk;

  assign active = arbiter_active || memory_active;

  clk_gate gate (
      .clk(clk),
      .en(rst || |s_axi_awvalid || |s_axi_arvalid || active),
      .gclk(gclk)
  );

  axi_arbiter #(
      .N(N),
      .ID_W(1)
  ) arbiter (
      .clk(gclk),
      .active(arbiter_active),
      .*
  );

  device_memory #(
      .ID_W(1)
  ) memory (
      .clk(gclk),
      .rst(rst),
      .s_axi_awid(m_axi_awid),
      .s_axi_awaddr(m_axi_awaddr),
      .s_axi_awlen(m_axi_awlen),
      .s_axi_awsize(m_axi_awsize),
      .s_axi_awburst(m_axi_awburst),
      .s_axi_awvalid(m_axi_awvalid),
      .s_axi_awready(m_axi_awready),
      .s_axi_wdata(m_axi_wdata),
      .s_axi_wstrb(m_axi_wstrb),
      .s_axi_wlast(m_axi_wlast),
      .s_axi_wvalid(m_axi_wvalid),
      .s_axi_wready(m_axi_wready),
      .s_axi_bid(m_axi_bid),
      .s_axi_bresp(m_axi_bresp),
      .s_axi_bvalid(m_axi_bvalid),
      .s_axi_bready(m_axi_bready),
      .s_axi_arid(m_axi_arid),
      .s_axi_araddr(m_axi_araddr),
      .s_axi_arlen(m_axi_arlen),
      .s_axi_arsize(m_axi_arsize),
      .s_axi_arburst(m_axi_arburst),
      .s_axi_arvalid(m_axi_arvalid),
      .s_axi_arready(m_axi_arready),
      .s_axi_rid(m_axi_rid),
      .s_axi_rdata(m_axi_rdata),
      .s_axi_rresp(m_axi_rresp),
      .s_axi_rlast(m_axi_rlast),
      .s_axi_rvalid(m_axi_rvalid),
      .s_axi_rready(m_axi_rready),
      .active(memory_active)
  );

  axi_check #(
      .ID_W(1)
  ) rules (
      .rst(rst || !check),
      .*
  );

endmodule

`default_nettype wire
