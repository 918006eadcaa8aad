// SPDX-License-Identifier: Apache-2.0
// Kernel "vadd_fa": krnl_vadd behind a fast adapter. The host reaches the adapter only; both share the memory port.
`default_nettype none
`timescale 1ns / 1ps

module krnl_vadd_fa #(
    parameter integer ADDR_W = 16,
    parameter integer ID_W   = 1
) (
    input  wire               clk,
    input  wire               rst,
    input  wire [ADDR_W-1:0]  s_axil_awaddr,
    input  wire               s_axil_awvalid,
    output wire               s_axil_awready,
    input  wire [31:0]        s_axil_wdata,
    input  wire [3:0]         s_axil_wstrb,
    input  wire               s_axil_wvalid,
    output wire               s_axil_wready,
    output wire [1:0]         s_axil_bresp,
    output wire               s_axil_bvalid,
    input  wire               s_axil_bready,
    input  wire [ADDR_W-1:0]  s_axil_araddr,
    input  wire               s_axil_arvalid,
    output wire               s_axil_arready,
    output wire [31:0]        s_axil_rdata,
    output wire [1:0]         s_axil_rresp,
    output wire               s_axil_rvalid,
    input  wire               s_axil_rready,
    output wire [ID_W-1:0]    m_axi_awid,
    output wire [39:0]        m_axi_awaddr,
    output wire [7:0]         m_axi_awlen,
    output wire [2:0]         m_axi_awsize,
    output wire [1:0]         m_axi_awburst,
    output wire               m_axi_awvalid,
    input  wire               m_axi_awready,
    output wire [255:0]       m_axi_wdata,
    output wire [31:0]        m_axi_wstrb,
    output wire               m_axi_wlast,
    output wire               m_axi_wvalid,
    input  wire               m_axi_wready,
    input  wire [ID_W-1:0]    m_axi_bid,
    input  wire [1:0]         m_axi_bresp,
    input  wire               m_axi_bvalid,
    output wire               m_axi_bready,
    output wire [ID_W-1:0]    m_axi_arid,
    output wire [39:0]        m_axi_araddr,
    output wire [7:0]         m_axi_arlen,
    output wire [2:0]         m_axi_arsize,
    output wire [1:0]         m_axi_arburst,
    output wire               m_axi_arvalid,
    input  wire               m_axi_arready,
    input  wire [ID_W-1:0]    m_axi_rid,
    input  wire [1:0]         m_axi_rresp,
    input  wire [255:0]       m_axi_rdata,
    input  wire               m_axi_rlast,
    input  wire               m_axi_rvalid,
    output wire               m_axi_rready,
    output wire               irq,
    output wire               active
);

  // The adapter's way to the kernel's registers.
  wire [ADDR_W-1:0]  k_axil_awaddr;
  wire               k_axil_awvalid;
  wire               k_axil_awready;
  wire [31:0]        k_axil_wdata;
  wire [3:0]         k_axil_wstrb;
  wire               k_axil_wvalid;
  wire               k_axil_wready;
  wire               k_axil_bvalid;
  wire               k_axil_bready;
  wire [ADDR_W-1:0]  k_axil_araddr;
  wire               k_axil_arvalid;
  wire               k_axil_arready;
  wire [31:0]        k_axil_rdata;
  wire               k_axil_rvalid;
  wire               k_axil_rready;
  /* verilator lint_off UNUSEDSIGNAL */  // registers do not fail; the adapter polls
  wire [1:0]         k_axil_bresp;
  wire [1:0]         k_axil_rresp;
  wire               kernel_irq;
  /* verilator lint_on UNUSEDSIGNAL */

  // Memory: slice 0 of each bundle is the adapter, slice 1 the kernel.
  wire [2*ID_W-1:0]   b_awid;
  wire [2*40-1:0]     b_awaddr;
  wire [2*8-1:0]      b_awlen;
  wire [2*3-1:0]      b_awsize;
  wire [2*2-1:0]      b_awburst;
  wire [1:0]          b_awvalid;
  wire [1:0]          b_awready;
  wire [2*256-1:0]    b_wdata;
  wire [2*32-1:0]     b_wstrb;
  wire [1:0]          b_wlast;
  wire [1:0]          b_wvalid;
  wire [1:0]          b_wready;
  wire [2*ID_W-1:0]   b_bid;
  wire [2*2-1:0]      b_bresp;
  wire [1:0]          b_bvalid;
  wire [1:0]          b_bready;
  wire [2*ID_W-1:0]   b_arid;
  wire [2*40-1:0]     b_araddr;
  wire [2*8-1:0]      b_arlen;
  wire [2*3-1:0]      b_arsize;
  wire [2*2-1:0]      b_arburst;
  wire [1:0]          b_arvalid;
  wire [1:0]          b_arready;
  wire [2*ID_W-1:0]   b_rid;
  wire [2*2-1:0]      b_rresp;
  wire [2*256-1:0]    b_rdata;
  wire [1:0]          b_rlast;
  wire [1:0]          b_rvalid;
  wire [1:0]          b_rready;

  wire               adapter_active;
  wire               kernel_active;
  wire               arbiter_active;

  assign active = adapter_active || kernel_active || arbiter_active;

  cu_fa #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W)
  ) adapter (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid),
      .s_axil_awready(s_axil_awready),
      .s_axil_wdata(s_axil_wdata),
      .s_axil_wstrb(s_axil_wstrb),
      .s_axil_wvalid(s_axil_wvalid),
      .s_axil_wready(s_axil_wready),
      .s_axil_bresp(s_axil_bresp),
      .s_axil_bvalid(s_axil_bvalid),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid),
      .s_axil_arready(s_axil_arready),
      .s_axil_rdata(s_axil_rdata),
      .s_axil_rresp(s_axil_rresp),
      .s_axil_rvalid(s_axil_rvalid),
      .s_axil_rready(s_axil_rready),
      .m_axil_awaddr(k_axil_awaddr),
      .m_axil_awvalid(k_axil_awvalid),
      .m_axil_awready(k_axil_awready),
      .m_axil_wdata(k_axil_wdata),
      .m_axil_wstrb(k_axil_wstrb),
      .m_axil_wvalid(k_axil_wvalid),
      .m_axil_wready(k_axil_wready),
      .m_axil_bvalid(k_axil_bvalid),
      .m_axil_bready(k_axil_bready),
      .m_axil_araddr(k_axil_araddr),
      .m_axil_arvalid(k_axil_arvalid),
      .m_axil_arready(k_axil_arready),
      .m_axil_rdata(k_axil_rdata),
      .m_axil_rvalid(k_axil_rvalid),
      .m_axil_rready(k_axil_rready),
      .m_axi_awid(b_awid[0*ID_W+:ID_W]),
      .m_axi_awaddr(b_awaddr[0*40+:40]),
      .m_axi_awlen(b_awlen[0*8+:8]),
      .m_axi_awsize(b_awsize[0*3+:3]),
      .m_axi_awburst(b_awburst[0*2+:2]),
      .m_axi_awvalid(b_awvalid[0]),
      .m_axi_awready(b_awready[0]),
      .m_axi_wdata(b_wdata[0*256+:256]),
      .m_axi_wstrb(b_wstrb[0*32+:32]),
      .m_axi_wlast(b_wlast[0]),
      .m_axi_wvalid(b_wvalid[0]),
      .m_axi_wready(b_wready[0]),
      .m_axi_bid(b_bid[0*ID_W+:ID_W]),
      .m_axi_bresp(b_bresp[0*2+:2]),
      .m_axi_bvalid(b_bvalid[0]),
      .m_axi_bready(b_bready[0]),
      .m_axi_arid(b_arid[0*ID_W+:ID_W]),
      .m_axi_araddr(b_araddr[0*40+:40]),
      .m_axi_arlen(b_arlen[0*8+:8]),
      .m_axi_arsize(b_arsize[0*3+:3]),
      .m_axi_arburst(b_arburst[0*2+:2]),
      .m_axi_arvalid(b_arvalid[0]),
      .m_axi_arready(b_arready[0]),
      .m_axi_rid(b_rid[0*ID_W+:ID_W]),
      .m_axi_rresp(b_rresp[0*2+:2]),
      .m_axi_rlast(b_rlast[0]),
      .m_axi_rdata(b_rdata[0*256+:256]),
      .m_axi_rvalid(b_rvalid[0]),
      .m_axi_rready(b_rready[0]),
      .irq(irq),
      .active(adapter_active)
  );

  krnl_vadd #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W)
  ) kernel (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(k_axil_awaddr),
      .s_axil_awvalid(k_axil_awvalid),
      .s_axil_awready(k_axil_awready),
      .s_axil_wdata(k_axil_wdata),
      .s_axil_wstrb(k_axil_wstrb),
      .s_axil_wvalid(k_axil_wvalid),
      .s_axil_wready(k_axil_wready),
      .s_axil_bresp(k_axil_bresp),
      .s_axil_bvalid(k_axil_bvalid),
      .s_axil_bready(k_axil_bready),
      .s_axil_araddr(k_axil_araddr),
      .s_axil_arvalid(k_axil_arvalid),
      .s_axil_arready(k_axil_arready),
      .s_axil_rdata(k_axil_rdata),
      .s_axil_rresp(k_axil_rresp),
      .s_axil_rvalid(k_axil_rvalid),
      .s_axil_rready(k_axil_rready),
      .m_axi_awid(b_awid[1*ID_W+:ID_W]),
      .m_axi_awaddr(b_awaddr[1*40+:40]),
      .m_axi_awlen(b_awlen[1*8+:8]),
      .m_axi_awsize(b_awsize[1*3+:3]),
      .m_axi_awburst(b_awburst[1*2+:2]),
      .m_axi_awvalid(b_awvalid[1]),
      .m_axi_awready(b_awready[1]),
      .m_axi_wdata(b_wdata[1*256+:256]),
      .m_axi_wstrb(b_wstrb[1*32+:32]),
      .m_axi_wlast(b_wlast[1]),
      .m_axi_wvalid(b_wvalid[1]),
      .m_axi_wready(b_wready[1]),
      .m_axi_bid(b_bid[1*ID_W+:ID_W]),
      .m_axi_bresp(b_bresp[1*2+:2]),
      .m_axi_bvalid(b_bvalid[1]),
      .m_axi_bready(b_bready[1]),
      .m_axi_arid(b_arid[1*ID_W+:ID_W]),
      .m_axi_araddr(b_araddr[1*40+:40]),
      .m_axi_arlen(b_arlen[1*8+:8]),
      .m_axi_arsize(b_arsize[1*3+:3]),
      .m_axi_arburst(b_arburst[1*2+:2]),
      .m_axi_arvalid(b_arvalid[1]),
      .m_axi_arready(b_arready[1]),
      .m_axi_rid(b_rid[1*ID_W+:ID_W]),
      .m_axi_rresp(b_rresp[1*2+:2]),
      .m_axi_rdata(b_rdata[1*256+:256]),
      .m_axi_rlast(b_rlast[1]),
      .m_axi_rvalid(b_rvalid[1]),
      .m_axi_rready(b_rready[1]),
      .irq(kernel_irq),
      .active(kernel_active)
  );

  axi_arbiter #(
      .N(2),
      .ID_W(ID_W)
  ) arbiter (
      .clk(clk),
      .rst(rst),
      .s_axi_awid(b_awid),
      .s_axi_awaddr(b_awaddr),
      .s_axi_awlen(b_awlen),
      .s_axi_awsize(b_awsize),
      .s_axi_awburst(b_awburst),
      .s_axi_awvalid(b_awvalid),
      .s_axi_awready(b_awready),
      .s_axi_wdata(b_wdata),
      .s_axi_wstrb(b_wstrb),
      .s_axi_wlast(b_wlast),
      .s_axi_wvalid(b_wvalid),
      .s_axi_wready(b_wready),
      .s_axi_bid(b_bid),
      .s_axi_bresp(b_bresp),
      .s_axi_bvalid(b_bvalid),
      .s_axi_bready(b_bready),
      .s_axi_arid(b_arid),
      .s_axi_araddr(b_araddr),
      .s_axi_arlen(b_arlen),
      .s_axi_arsize(b_arsize),
      .s_axi_arburst(b_arburst),
      .s_axi_arvalid(b_arvalid),
      .s_axi_arready(b_arready),
      .s_axi_rid(b_rid),
      .s_axi_rresp(b_rresp),
      .s_axi_rdata(b_rdata),
      .s_axi_rlast(b_rlast),
      .s_axi_rvalid(b_rvalid),
      .s_axi_rready(b_rready),
      .m_axi_awid(m_axi_awid),
      .m_axi_awaddr(m_axi_awaddr),
      .m_axi_awlen(m_axi_awlen),
      .m_axi_awsize(m_axi_awsize),
      .m_axi_awburst(m_axi_awburst),
      .m_axi_awvalid(m_axi_awvalid),
      .m_axi_awready(m_axi_awready),
      .m_axi_wdata(m_axi_wdata),
      .m_axi_wstrb(m_axi_wstrb),
      .m_axi_wlast(m_axi_wlast),
      .m_axi_wvalid(m_axi_wvalid),
      .m_axi_wready(m_axi_wready),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid),
      .m_axi_bready(m_axi_bready),
      .m_axi_arid(m_axi_arid),
      .m_axi_araddr(m_axi_araddr),
      .m_axi_arlen(m_axi_arlen),
      .m_axi_arsize(m_axi_arsize),
      .m_axi_arburst(m_axi_arburst),
      .m_axi_arvalid(m_axi_arvalid),
      .m_axi_arready(m_axi_arready),
      .m_axi_rid(m_axi_rid),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid),
      .m_axi_rready(m_axi_rready),
      .active(arbiter_active)
  );

endmodule

`default_nettype wire
