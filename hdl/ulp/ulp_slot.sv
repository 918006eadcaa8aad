// SPDX-License-Identifier: Apache-2.0
// One slot of the dynamic region: every kernel type is compiled in, the configured one is connected.
//
// `kernel` 0 is an empty slot, which never answers. A kernel that is not configured has no clock; it is reset in
// the first cycle after it is configured, so it knows nothing of earlier lives.
`default_nettype none
`timescale 1ns / 1ps

module ulp_slot #(
    parameter integer ADDR_W          = 16,
    parameter integer ID_W            = 1,
    parameter integer VADD_PROTOCOL   = 0,  // 0 AP_CTRL_HS, 1 AP_CTRL_CHAIN
    parameter integer REDUCE_PROTOCOL = 0
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire [7:0]           kernel,

    input  wire [ADDR_W-1:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    output wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    output wire                 s_axil_wready,
    output wire [1:0]           s_axil_bresp,
    output wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [ADDR_W-1:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    output wire                 s_axil_arready,
    output wire [31:0]          s_axil_rdata,
    output wire [1:0]           s_axil_rresp,
    output wire                 s_axil_rvalid,
    input  wire                 s_axil_rready,

    output wire [ID_W-1:0]      m_axi_awid,
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
    input  wire [ID_W-1:0]      m_axi_bid,
    input  wire [1:0]           m_axi_bresp,
    input  wire                 m_axi_bvalid,
    output wire                 m_axi_bready,
    output wire [ID_W-1:0]      m_axi_arid,
    output wire [39:0]          m_axi_araddr,
    output wire [7:0]           m_axi_arlen,
    output wire [2:0]           m_axi_arsize,
    output wire [1:0]           m_axi_arburst,
    output wire                 m_axi_arvalid,
    input  wire                 m_axi_arready,
    input  wire [ID_W-1:0]      m_axi_rid,
    input  wire [255:0]         m_axi_rdata,
    input  wire [1:0]           m_axi_rresp,
    input  wire                 m_axi_rlast,
    input  wire                 m_axi_rvalid,
    output wire                 m_axi_rready,

    output wire                 irq,
    output wire                 active
);

  localparam integer KERNELS = 2;
  localparam [7:0] VADD = 8'd1;
  localparam [7:0] REDUCE = 8'd2;

  wire [KERNELS-1:0] selected = {kernel == REDUCE, kernel == VADD};
  wire               which = kernel == REDUCE;
  reg  [KERNELS-1:0] running;
  wire [KERNELS-1:0] k_active;
  wire [KERNELS-1:0] k_irq;
  wire [KERNELS-1:0]       k_axil_awready;
  wire [KERNELS-1:0]       k_axil_wready;
  wire [KERNELS*2-1:0]     k_axil_bresp;
  wire [KERNELS-1:0]       k_axil_bvalid;
  wire [KERNELS-1:0]       k_axil_arready;
  wire [KERNELS*32-1:0]    k_axil_rdata;
  wire [KERNELS*2-1:0]     k_axil_rresp;
  wire [KERNELS-1:0]       k_axil_rvalid;
  wire [KERNELS*ID_W-1:0]  k_axi_awid;
  wire [KERNELS*40-1:0]    k_axi_awaddr;
  wire [KERNELS*8-1:0]     k_axi_awlen;
  wire [KERNELS*3-1:0]     k_axi_awsize;
  wire [KERNELS*2-1:0]     k_axi_awburst;
  wire [KERNELS-1:0]       k_axi_awvalid;
  wire [KERNELS*256-1:0]   k_axi_wdata;
  wire [KERNELS*32-1:0]    k_axi_wstrb;
  wire [KERNELS-1:0]       k_axi_wlast;
  wire [KERNELS-1:0]       k_axi_wvalid;
  wire [KERNELS-1:0]       k_axi_bready;
  wire [KERNELS*ID_W-1:0]  k_axi_arid;
  wire [KERNELS*40-1:0]    k_axi_araddr;
  wire [KERNELS*8-1:0]     k_axi_arlen;
  wire [KERNELS*3-1:0]     k_axi_arsize;
  wire [KERNELS*2-1:0]     k_axi_arburst;
  wire [KERNELS-1:0]       k_axi_arvalid;
  wire [KERNELS-1:0]       k_axi_rready;

  wire request = s_axil_awvalid || s_axil_wvalid || s_axil_arvalid;

  assign active = running != selected || (selected & k_active) != {KERNELS{1'b0}};
  assign irq = |(selected & running & k_irq);

  always_ff @(posedge clk) begin
    if (rst) running <= {KERNELS{1'b0}};
    else running <= selected;
  end

  assign s_axil_awready = |(selected & running & k_axil_awready);
  assign s_axil_wready = |(selected & running & k_axil_wready);
  assign s_axil_bresp = k_axil_bresp[2*which+:2];
  assign s_axil_bvalid = |(selected & running & k_axil_bvalid);
  assign s_axil_arready = |(selected & running & k_axil_arready);
  assign s_axil_rdata = k_axil_rdata[32*which+:32];
  assign s_axil_rresp = k_axil_rresp[2*which+:2];
  assign s_axil_rvalid = |(selected & running & k_axil_rvalid);
  assign m_axi_awid = k_axi_awid[ID_W*which+:ID_W];
  assign m_axi_awaddr = k_axi_awaddr[40*which+:40];
  assign m_axi_awlen = k_axi_awlen[8*which+:8];
  assign m_axi_awsize = k_axi_awsize[3*which+:3];
  assign m_axi_awburst = k_axi_awburst[2*which+:2];
  assign m_axi_awvalid = |(selected & running & k_axi_awvalid);
  assign m_axi_wdata = k_axi_wdata[256*which+:256];
  assign m_axi_wstrb = k_axi_wstrb[32*which+:32];
  assign m_axi_wlast = k_axi_wlast[which];
  assign m_axi_wvalid = |(selected & running & k_axi_wvalid);
  assign m_axi_bready = |(selected & running & k_axi_bready);
  assign m_axi_arid = k_axi_arid[ID_W*which+:ID_W];
  assign m_axi_araddr = k_axi_araddr[40*which+:40];
  assign m_axi_arlen = k_axi_arlen[8*which+:8];
  assign m_axi_arsize = k_axi_arsize[3*which+:3];
  assign m_axi_arburst = k_axi_arburst[2*which+:2];
  assign m_axi_arvalid = |(selected & running & k_axi_arvalid);
  assign m_axi_rready = |(selected & running & k_axi_rready);

  wire vadd_clk;

  clk_gate vadd_gate (
      .clk(clk),
      .en(rst || (selected[0] && (!running[0] || request || k_active[0]))),
      .gclk(vadd_clk)
  );

  krnl_vadd #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W),
      .PROTOCOL(VADD_PROTOCOL)
  ) vadd (
      .clk(vadd_clk),
      .rst(rst || !running[0]),
      .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid && selected[0]),
      .s_axil_awready(k_axil_awready[0]),
      .s_axil_wdata(s_axil_wdata),
      .s_axil_wstrb(s_axil_wstrb),
      .s_axil_wvalid(s_axil_wvalid && selected[0]),
      .s_axil_wready(k_axil_wready[0]),
      .s_axil_bresp(k_axil_bresp[2*0+:2]),
      .s_axil_bvalid(k_axil_bvalid[0]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid && selected[0]),
      .s_axil_arready(k_axil_arready[0]),
      .s_axil_rdata(k_axil_rdata[32*0+:32]),
      .s_axil_rresp(k_axil_rresp[2*0+:2]),
      .s_axil_rvalid(k_axil_rvalid[0]),
      .s_axil_rready(s_axil_rready),
      .m_axi_awid(k_axi_awid[ID_W*0+:ID_W]),
      .m_axi_awaddr(k_axi_awaddr[40*0+:40]),
      .m_axi_awlen(k_axi_awlen[8*0+:8]),
      .m_axi_awsize(k_axi_awsize[3*0+:3]),
      .m_axi_awburst(k_axi_awburst[2*0+:2]),
      .m_axi_awvalid(k_axi_awvalid[0]),
      .m_axi_awready(m_axi_awready && selected[0]),
      .m_axi_wdata(k_axi_wdata[256*0+:256]),
      .m_axi_wstrb(k_axi_wstrb[32*0+:32]),
      .m_axi_wlast(k_axi_wlast[0]),
      .m_axi_wvalid(k_axi_wvalid[0]),
      .m_axi_wready(m_axi_wready && selected[0]),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid && selected[0]),
      .m_axi_bready(k_axi_bready[0]),
      .m_axi_arid(k_axi_arid[ID_W*0+:ID_W]),
      .m_axi_araddr(k_axi_araddr[40*0+:40]),
      .m_axi_arlen(k_axi_arlen[8*0+:8]),
      .m_axi_arsize(k_axi_arsize[3*0+:3]),
      .m_axi_arburst(k_axi_arburst[2*0+:2]),
      .m_axi_arvalid(k_axi_arvalid[0]),
      .m_axi_arready(m_axi_arready && selected[0]),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid && selected[0]),
      .m_axi_rready(k_axi_rready[0]),
      .irq(k_irq[0]),
      .active(k_active[0])
  );

  wire reduce_clk;

  clk_gate reduce_gate (
      .clk(clk),
      .en(rst || (selected[1] && (!running[1] || request || k_active[1]))),
      .gclk(reduce_clk)
  );

  krnl_reduce #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W),
      .PROTOCOL(REDUCE_PROTOCOL)
  ) reduce (
      .clk(reduce_clk),
      .rst(rst || !running[1]),
      .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid && selected[1]),
      .s_axil_awready(k_axil_awready[1]),
      .s_axil_wdata(s_axil_wdata),
      .s_axil_wstrb(s_axil_wstrb),
      .s_axil_wvalid(s_axil_wvalid && selected[1]),
      .s_axil_wready(k_axil_wready[1]),
      .s_axil_bresp(k_axil_bresp[2*1+:2]),
      .s_axil_bvalid(k_axil_bvalid[1]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid && selected[1]),
      .s_axil_arready(k_axil_arready[1]),
      .s_axil_rdata(k_axil_rdata[32*1+:32]),
      .s_axil_rresp(k_axil_rresp[2*1+:2]),
      .s_axil_rvalid(k_axil_rvalid[1]),
      .s_axil_rready(s_axil_rready),
      .m_axi_awid(k_axi_awid[ID_W*1+:ID_W]),
      .m_axi_awaddr(k_axi_awaddr[40*1+:40]),
      .m_axi_awlen(k_axi_awlen[8*1+:8]),
      .m_axi_awsize(k_axi_awsize[3*1+:3]),
      .m_axi_awburst(k_axi_awburst[2*1+:2]),
      .m_axi_awvalid(k_axi_awvalid[1]),
      .m_axi_awready(m_axi_awready && selected[1]),
      .m_axi_wdata(k_axi_wdata[256*1+:256]),
      .m_axi_wstrb(k_axi_wstrb[32*1+:32]),
      .m_axi_wlast(k_axi_wlast[1]),
      .m_axi_wvalid(k_axi_wvalid[1]),
      .m_axi_wready(m_axi_wready && selected[1]),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid && selected[1]),
      .m_axi_bready(k_axi_bready[1]),
      .m_axi_arid(k_axi_arid[ID_W*1+:ID_W]),
      .m_axi_araddr(k_axi_araddr[40*1+:40]),
      .m_axi_arlen(k_axi_arlen[8*1+:8]),
      .m_axi_arsize(k_axi_arsize[3*1+:3]),
      .m_axi_arburst(k_axi_arburst[2*1+:2]),
      .m_axi_arvalid(k_axi_arvalid[1]),
      .m_axi_arready(m_axi_arready && selected[1]),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid && selected[1]),
      .m_axi_rready(k_axi_rready[1]),
      .irq(k_irq[1]),
      .active(k_active[1])
  );

endmodule

`default_nettype wire
