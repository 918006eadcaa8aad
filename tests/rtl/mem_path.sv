// SPDX-License-Identifier: Apache-2.0
// Three masters on the card's memory, as the shell connects them, with a protocol checker and a clock that stops.
`default_nettype none
`timescale 1ns / 1ps

module mem_path (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [0:0]      s0_axi_awid,
    input  wire [39:0]          s0_axi_awaddr,
    input  wire [7:0]           s0_axi_awlen,
    input  wire [2:0]           s0_axi_awsize,
    input  wire [1:0]           s0_axi_awburst,
    input  wire                 s0_axi_awvalid,
    output wire                 s0_axi_awready,
    input  wire [255:0]         s0_axi_wdata,
    input  wire [31:0]          s0_axi_wstrb,
    input  wire                 s0_axi_wlast,
    input  wire                 s0_axi_wvalid,
    output wire                 s0_axi_wready,
    output wire [0:0]      s0_axi_bid,
    output wire [1:0]           s0_axi_bresp,
    output wire                 s0_axi_bvalid,
    input  wire                 s0_axi_bready,
    input  wire [0:0]      s0_axi_arid,
    input  wire [39:0]          s0_axi_araddr,
    input  wire [7:0]           s0_axi_arlen,
    input  wire [2:0]           s0_axi_arsize,
    input  wire [1:0]           s0_axi_arburst,
    input  wire                 s0_axi_arvalid,
    output wire                 s0_axi_arready,
    output wire [0:0]      s0_axi_rid,
    output wire [255:0]         s0_axi_rdata,
    output wire [1:0]           s0_axi_rresp,
    output wire                 s0_axi_rlast,
    output wire                 s0_axi_rvalid,
    input  wire                 s0_axi_rready,

    input  wire [0:0]      s1_axi_awid,
    input  wire [39:0]          s1_axi_awaddr,
    input  wire [7:0]           s1_axi_awlen,
    input  wire [2:0]           s1_axi_awsize,
    input  wire [1:0]           s1_axi_awburst,
    input  wire                 s1_axi_awvalid,
    output wire                 s1_axi_awready,
    input  wire [255:0]         s1_axi_wdata,
    input  wire [31:0]          s1_axi_wstrb,
    input  wire                 s1_axi_wlast,
    input  wire                 s1_axi_wvalid,
    output wire                 s1_axi_wready,
    output wire [0:0]      s1_axi_bid,
    output wire [1:0]           s1_axi_bresp,
    output wire                 s1_axi_bvalid,
    input  wire                 s1_axi_bready,
    input  wire [0:0]      s1_axi_arid,
    input  wire [39:0]          s1_axi_araddr,
    input  wire [7:0]           s1_axi_arlen,
    input  wire [2:0]           s1_axi_arsize,
    input  wire [1:0]           s1_axi_arburst,
    input  wire                 s1_axi_arvalid,
    output wire                 s1_axi_arready,
    output wire [0:0]      s1_axi_rid,
    output wire [255:0]         s1_axi_rdata,
    output wire [1:0]           s1_axi_rresp,
    output wire                 s1_axi_rlast,
    output wire                 s1_axi_rvalid,
    input  wire                 s1_axi_rready,

    input  wire [0:0]      s2_axi_awid,
    input  wire [39:0]          s2_axi_awaddr,
    input  wire [7:0]           s2_axi_awlen,
    input  wire [2:0]           s2_axi_awsize,
    input  wire [1:0]           s2_axi_awburst,
    input  wire                 s2_axi_awvalid,
    output wire                 s2_axi_awready,
    input  wire [255:0]         s2_axi_wdata,
    input  wire [31:0]          s2_axi_wstrb,
    input  wire                 s2_axi_wlast,
    input  wire                 s2_axi_wvalid,
    output wire                 s2_axi_wready,
    output wire [0:0]      s2_axi_bid,
    output wire [1:0]           s2_axi_bresp,
    output wire                 s2_axi_bvalid,
    input  wire                 s2_axi_bready,
    input  wire [0:0]      s2_axi_arid,
    input  wire [39:0]          s2_axi_araddr,
    input  wire [7:0]           s2_axi_arlen,
    input  wire [2:0]           s2_axi_arsize,
    input  wire [1:0]           s2_axi_arburst,
    input  wire                 s2_axi_arvalid,
    output wire                 s2_axi_arready,
    output wire [0:0]      s2_axi_rid,
    output wire [255:0]         s2_axi_rdata,
    output wire [1:0]           s2_axi_rresp,
    output wire                 s2_axi_rlast,
    output wire                 s2_axi_rvalid,
    input  wire                 s2_axi_rready,

    input  wire                 check,
    input  wire [27:0]          window_offset,
    output wire [39:0]          window_address,
    output wire                 window_hit,
    output wire                 active
);

  wire [3*1-1:0]     s_awid;
  wire [3*40-1:0]    s_awaddr;
  wire [3*8-1:0]     s_awlen;
  wire [3*3-1:0]     s_awsize;
  wire [3*2-1:0]     s_awburst;
  wire [2:0]         s_awvalid;
  wire [2:0]         s_awready;
  wire [3*256-1:0]   s_wdata;
  wire [3*32-1:0]    s_wstrb;
  wire [2:0]         s_wlast;
  wire [2:0]         s_wvalid;
  wire [2:0]         s_wready;
  wire [3*1-1:0]     s_bid;
  wire [3*2-1:0]     s_bresp;
  wire [2:0]         s_bvalid;
  wire [2:0]         s_bready;
  wire [3*1-1:0]     s_arid;
  wire [3*40-1:0]    s_araddr;
  wire [3*8-1:0]     s_arlen;
  wire [3*3-1:0]     s_arsize;
  wire [3*2-1:0]     s_arburst;
  wire [2:0]         s_arvalid;
  wire [2:0]         s_arready;
  wire [3*1-1:0]     s_rid;
  wire [3*256-1:0]   s_rdata;
  wire [3*2-1:0]     s_rresp;
  wire [2:0]         s_rlast;
  wire [2:0]         s_rvalid;
  wire [2:0]         s_rready;
  wire [0:0]         m_awid;
  wire [39:0]        m_awaddr;
  wire [7:0]         m_awlen;
  wire [2:0]         m_awsize;
  wire [1:0]         m_awburst;
  wire               m_awvalid;
  wire               m_awready;
  wire [255:0]       m_wdata;
  wire [31:0]        m_wstrb;
  wire               m_wlast;
  wire               m_wvalid;
  wire               m_wready;
  wire [0:0]         m_bid;
  wire [1:0]         m_bresp;
  wire               m_bvalid;
  wire               m_bready;
  wire [0:0]         m_arid;
  wire [39:0]        m_araddr;
  wire [7:0]         m_arlen;
  wire [2:0]         m_arsize;
  wire [1:0]         m_arburst;
  wire               m_arvalid;
  wire               m_arready;
  wire [0:0]         m_rid;
  wire [255:0]       m_rdata;
  wire [1:0]         m_rresp;
  wire               m_rlast;
  wire               m_rvalid;
  wire               m_rready;
  wire               arbiter_active;
  wire               memory_active;
  wire               gclk;

  assign s_awid = {s2_axi_awid, s1_axi_awid, s0_axi_awid};
  assign s_awaddr = {s2_axi_awaddr, s1_axi_awaddr, s0_axi_awaddr};
  assign s_awlen = {s2_axi_awlen, s1_axi_awlen, s0_axi_awlen};
  assign s_awsize = {s2_axi_awsize, s1_axi_awsize, s0_axi_awsize};
  assign s_awburst = {s2_axi_awburst, s1_axi_awburst, s0_axi_awburst};
  assign s_awvalid = {s2_axi_awvalid, s1_axi_awvalid, s0_axi_awvalid};
  assign {s2_axi_awready, s1_axi_awready, s0_axi_awready} = s_awready;
  assign s_wdata = {s2_axi_wdata, s1_axi_wdata, s0_axi_wdata};
  assign s_wstrb = {s2_axi_wstrb, s1_axi_wstrb, s0_axi_wstrb};
  assign s_wlast = {s2_axi_wlast, s1_axi_wlast, s0_axi_wlast};
  assign s_wvalid = {s2_axi_wvalid, s1_axi_wvalid, s0_axi_wvalid};
  assign {s2_axi_wready, s1_axi_wready, s0_axi_wready} = s_wready;
  assign {s2_axi_bid, s1_axi_bid, s0_axi_bid} = s_bid;
  assign {s2_axi_bresp, s1_axi_bresp, s0_axi_bresp} = s_bresp;
  assign {s2_axi_bvalid, s1_axi_bvalid, s0_axi_bvalid} = s_bvalid;
  assign s_bready = {s2_axi_bready, s1_axi_bready, s0_axi_bready};
  assign s_arid = {s2_axi_arid, s1_axi_arid, s0_axi_arid};
  assign s_araddr = {s2_axi_araddr, s1_axi_araddr, s0_axi_araddr};
  assign s_arlen = {s2_axi_arlen, s1_axi_arlen, s0_axi_arlen};
  assign s_arsize = {s2_axi_arsize, s1_axi_arsize, s0_axi_arsize};
  assign s_arburst = {s2_axi_arburst, s1_axi_arburst, s0_axi_arburst};
  assign s_arvalid = {s2_axi_arvalid, s1_axi_arvalid, s0_axi_arvalid};
  assign {s2_axi_arready, s1_axi_arready, s0_axi_arready} = s_arready;
  assign {s2_axi_rid, s1_axi_rid, s0_axi_rid} = s_rid;
  assign {s2_axi_rdata, s1_axi_rdata, s0_axi_rdata} = s_rdata;
  assign {s2_axi_rresp, s1_axi_rresp, s0_axi_rresp} = s_rresp;
  assign {s2_axi_rlast, s1_axi_rlast, s0_axi_rlast} = s_rlast;
  assign {s2_axi_rvalid, s1_axi_rvalid, s0_axi_rvalid} = s_rvalid;
  assign s_rready = {s2_axi_rready, s1_axi_rready, s0_axi_rready};

  assign active = arbiter_active || memory_active;

  clk_gate gate (
      .clk(clk),
      .en(rst || s_awvalid != 3'd0 || s_arvalid != 3'd0 || active),
      .gclk(gclk)
  );

  axi_arbiter #(
      .N(3),
      .ID_W(1)
  ) arbiter (
      .clk(gclk),
      .rst(rst),
      .s_axi_awid(s_awid),
      .s_axi_awaddr(s_awaddr),
      .s_axi_awlen(s_awlen),
      .s_axi_awsize(s_awsize),
      .s_axi_awburst(s_awburst),
      .s_axi_awvalid(s_awvalid),
      .s_axi_awready(s_awready),
      .s_axi_wdata(s_wdata),
      .s_axi_wstrb(s_wstrb),
      .s_axi_wlast(s_wlast),
      .s_axi_wvalid(s_wvalid),
      .s_axi_wready(s_wready),
      .s_axi_bid(s_bid),
      .s_axi_bresp(s_bresp),
      .s_axi_bvalid(s_bvalid),
      .s_axi_bready(s_bready),
      .s_axi_arid(s_arid),
      .s_axi_araddr(s_araddr),
      .s_axi_arlen(s_arlen),
      .s_axi_arsize(s_arsize),
      .s_axi_arburst(s_arburst),
      .s_axi_arvalid(s_arvalid),
      .s_axi_arready(s_arready),
      .s_axi_rid(s_rid),
      .s_axi_rdata(s_rdata),
      .s_axi_rresp(s_rresp),
      .s_axi_rlast(s_rlast),
      .s_axi_rvalid(s_rvalid),
      .s_axi_rready(s_rready),
      .m_axi_awid(m_awid),
      .m_axi_awaddr(m_awaddr),
      .m_axi_awlen(m_awlen),
      .m_axi_awsize(m_awsize),
      .m_axi_awburst(m_awburst),
      .m_axi_awvalid(m_awvalid),
      .m_axi_awready(m_awready),
      .m_axi_wdata(m_wdata),
      .m_axi_wstrb(m_wstrb),
      .m_axi_wlast(m_wlast),
      .m_axi_wvalid(m_wvalid),
      .m_axi_wready(m_wready),
      .m_axi_bid(m_bid),
      .m_axi_bresp(m_bresp),
      .m_axi_bvalid(m_bvalid),
      .m_axi_bready(m_bready),
      .m_axi_arid(m_arid),
      .m_axi_araddr(m_araddr),
      .m_axi_arlen(m_arlen),
      .m_axi_arsize(m_arsize),
      .m_axi_arburst(m_arburst),
      .m_axi_arvalid(m_arvalid),
      .m_axi_arready(m_arready),
      .m_axi_rid(m_rid),
      .m_axi_rdata(m_rdata),
      .m_axi_rresp(m_rresp),
      .m_axi_rlast(m_rlast),
      .m_axi_rvalid(m_rvalid),
      .m_axi_rready(m_rready),
      .active(arbiter_active)
  );

  device_memory #(
      .ID_W(1)
  ) memory (
      .clk(gclk),
      .rst(rst),
      .s_axi_awid(m_awid),
      .s_axi_awaddr(m_awaddr),
      .s_axi_awlen(m_awlen),
      .s_axi_awsize(m_awsize),
      .s_axi_awburst(m_awburst),
      .s_axi_awvalid(m_awvalid),
      .s_axi_awready(m_awready),
      .s_axi_wdata(m_wdata),
      .s_axi_wstrb(m_wstrb),
      .s_axi_wlast(m_wlast),
      .s_axi_wvalid(m_wvalid),
      .s_axi_wready(m_wready),
      .s_axi_bid(m_bid),
      .s_axi_bresp(m_bresp),
      .s_axi_bvalid(m_bvalid),
      .s_axi_bready(m_bready),
      .s_axi_arid(m_arid),
      .s_axi_araddr(m_araddr),
      .s_axi_arlen(m_arlen),
      .s_axi_arsize(m_arsize),
      .s_axi_arburst(m_arburst),
      .s_axi_arvalid(m_arvalid),
      .s_axi_arready(m_arready),
      .s_axi_rid(m_rid),
      .s_axi_rdata(m_rdata),
      .s_axi_rresp(m_rresp),
      .s_axi_rlast(m_rlast),
      .s_axi_rvalid(m_rvalid),
      .s_axi_rready(m_rready),
      .active(memory_active)
  );

  mem_window window (
      .offset(window_offset),
      .address(window_address),
      .hit(window_hit)
  );

  axi_check #(
      .ID_W(1)
  ) rules (
      .clk(clk),
      .rst(rst || !check),
      .awid(m_awid),
      .awaddr(m_awaddr),
      .awlen(m_awlen),
      .awsize(m_awsize),
      .awburst(m_awburst),
      .awvalid(m_awvalid),
      .awready(m_awready),
      .wdata(m_wdata),
      .wstrb(m_wstrb),
      .wlast(m_wlast),
      .wvalid(m_wvalid),
      .wready(m_wready),
      .bid(m_bid),
      .bresp(m_bresp),
      .bvalid(m_bvalid),
      .bready(m_bready),
      .arid(m_arid),
      .araddr(m_araddr),
      .arlen(m_arlen),
      .arsize(m_arsize),
      .arburst(m_arburst),
      .arvalid(m_arvalid),
      .arready(m_arready),
      .rid(m_rid),
      .rdata(m_rdata),
      .rresp(m_rresp),
      .rlast(m_rlast),
      .rvalid(m_rvalid),
      .rready(m_rready)
  );

endmodule

`default_nettype wire
