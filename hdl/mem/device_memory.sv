// SPDX-License-Identifier: Apache-2.0
// The card's memory behind one AXI4 slave: PLRAM, DDR bank 0 and DDR bank 1 at their device addresses.
`default_nettype none
`timescale 1ns / 1ps

module device_memory #(
    parameter integer ID_W = 1
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [ID_W-1:0]      s_axi_awid,
    input  wire [39:0]          s_axi_awaddr,
    input  wire [7:0]           s_axi_awlen,
    input  wire [2:0]           s_axi_awsize,
    input  wire [1:0]           s_axi_awburst,
    input  wire                 s_axi_awvalid,
    output wire                 s_axi_awready,
    input  wire [255:0]         s_axi_wdata,
    input  wire [31:0]          s_axi_wstrb,
    input  wire                 s_axi_wlast,
    input  wire                 s_axi_wvalid,
    output wire                 s_axi_wready,
    output wire [ID_W-1:0]      s_axi_bid,
    output wire [1:0]           s_axi_bresp,
    output wire                 s_axi_bvalid,
    input  wire                 s_axi_bready,
    input  wire [ID_W-1:0]      s_axi_arid,
    input  wire [39:0]          s_axi_araddr,
    input  wire [7:0]           s_axi_arlen,
    input  wire [2:0]           s_axi_arsize,
    input  wire [1:0]           s_axi_arburst,
    input  wire                 s_axi_arvalid,
    output wire                 s_axi_arready,
    output wire [ID_W-1:0]      s_axi_rid,
    output wire [255:0]         s_axi_rdata,
    output wire [1:0]           s_axi_rresp,
    output wire                 s_axi_rlast,
    output wire                 s_axi_rvalid,
    input  wire                 s_axi_rready,

    output wire                 active
);

  wire [3*ID_W-1:0] m_awid;
  wire [3*40-1:0]   m_awaddr;
  wire [3*8-1:0]    m_awlen;
  wire [3*3-1:0]    m_awsize;
  wire [3*2-1:0]    m_awburst;
  wire [2:0]        m_awvalid;
  wire [2:0]        m_awready;
  wire [3*256-1:0]  m_wdata;
  wire [3*32-1:0]   m_wstrb;
  wire [2:0]        m_wlast;
  wire [2:0]        m_wvalid;
  wire [2:0]        m_wready;
  wire [3*ID_W-1:0] m_bid;
  wire [3*2-1:0]    m_bresp;
  wire [2:0]        m_bvalid;
  wire [2:0]        m_bready;
  wire [3*ID_W-1:0] m_arid;
  wire [3*40-1:0]   m_araddr;
  wire [3*8-1:0]    m_arlen;
  wire [3*3-1:0]    m_arsize;
  wire [3*2-1:0]    m_arburst;
  wire [2:0]        m_arvalid;
  wire [2:0]        m_arready;
  wire [3*ID_W-1:0] m_rid;
  wire [3*256-1:0]  m_rdata;
  wire [3*2-1:0]    m_rresp;
  wire [2:0]        m_rlast;
  wire [2:0]        m_rvalid;
  wire [2:0]        m_rready;
  wire              map_active;
  wire [2:0]        bank_active;

  assign active = map_active || bank_active != 3'd0;

  axi_mem_map #(
      .ID_W(ID_W)
  ) map (
      .clk(clk),
      .rst(rst),
      .s_axi_awid(s_axi_awid),
      .s_axi_awaddr(s_axi_awaddr),
      .s_axi_awlen(s_axi_awlen),
      .s_axi_awsize(s_axi_awsize),
      .s_axi_awburst(s_axi_awburst),
      .s_axi_awvalid(s_axi_awvalid),
      .s_axi_awready(s_axi_awready),
      .s_axi_wdata(s_axi_wdata),
      .s_axi_wstrb(s_axi_wstrb),
      .s_axi_wlast(s_axi_wlast),
      .s_axi_wvalid(s_axi_wvalid),
      .s_axi_wready(s_axi_wready),
      .s_axi_bid(s_axi_bid),
      .s_axi_bresp(s_axi_bresp),
      .s_axi_bvalid(s_axi_bvalid),
      .s_axi_bready(s_axi_bready),
      .s_axi_arid(s_axi_arid),
      .s_axi_araddr(s_axi_araddr),
      .s_axi_arlen(s_axi_arlen),
      .s_axi_arsize(s_axi_arsize),
      .s_axi_arburst(s_axi_arburst),
      .s_axi_arvalid(s_axi_arvalid),
      .s_axi_arready(s_axi_arready),
      .s_axi_rid(s_axi_rid),
      .s_axi_rdata(s_axi_rdata),
      .s_axi_rresp(s_axi_rresp),
      .s_axi_rlast(s_axi_rlast),
      .s_axi_rvalid(s_axi_rvalid),
      .s_axi_rready(s_axi_rready),
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
      .active(map_active)
  );

  axi_bank #(
      .DEPTH(device_mem_pkg::PLRAM_SIZE[36:5]),
      .ID_W(ID_W)
  ) plram (
      .clk(clk),
      .rst(rst),
      .s_axi_awid(m_awid[0*ID_W+:ID_W]),
      .s_axi_awaddr(m_awaddr[39:0]),
      .s_axi_awlen(m_awlen[7:0]),
      .s_axi_awsize(m_awsize[2:0]),
      .s_axi_awburst(m_awburst[1:0]),
      .s_axi_awvalid(m_awvalid[0]),
      .s_axi_awready(m_awready[0]),
      .s_axi_wdata(m_wdata[255:0]),
      .s_axi_wstrb(m_wstrb[31:0]),
      .s_axi_wlast(m_wlast[0]),
      .s_axi_wvalid(m_wvalid[0]),
      .s_axi_wready(m_wready[0]),
      .s_axi_bid(m_bid[0*ID_W+:ID_W]),
      .s_axi_bresp(m_bresp[1:0]),
      .s_axi_bvalid(m_bvalid[0]),
      .s_axi_bready(m_bready[0]),
      .s_axi_arid(m_arid[0*ID_W+:ID_W]),
      .s_axi_araddr(m_araddr[39:0]),
      .s_axi_arlen(m_arlen[7:0]),
      .s_axi_arsize(m_arsize[2:0]),
      .s_axi_arburst(m_arburst[1:0]),
      .s_axi_arvalid(m_arvalid[0]),
      .s_axi_arready(m_arready[0]),
      .s_axi_rid(m_rid[0*ID_W+:ID_W]),
      .s_axi_rdata(m_rdata[255:0]),
      .s_axi_rresp(m_rresp[1:0]),
      .s_axi_rlast(m_rlast[0]),
      .s_axi_rvalid(m_rvalid[0]),
      .s_axi_rready(m_rready[0]),
      .active(bank_active[0])
  );

  axi_bank #(
      .DEPTH(device_mem_pkg::DDR0_SIZE[36:5]),
      .ID_W(ID_W)
  ) ddr0 (
      .clk(clk),
      .rst(rst),
      .s_axi_awid(m_awid[1*ID_W+:ID_W]),
      .s_axi_awaddr(m_awaddr[79:40]),
      .s_axi_awlen(m_awlen[15:8]),
      .s_axi_awsize(m_awsize[5:3]),
      .s_axi_awburst(m_awburst[3:2]),
      .s_axi_awvalid(m_awvalid[1]),
      .s_axi_awready(m_awready[1]),
      .s_axi_wdata(m_wdata[511:256]),
      .s_axi_wstrb(m_wstrb[63:32]),
      .s_axi_wlast(m_wlast[1]),
      .s_axi_wvalid(m_wvalid[1]),
      .s_axi_wready(m_wready[1]),
      .s_axi_bid(m_bid[1*ID_W+:ID_W]),
      .s_axi_bresp(m_bresp[3:2]),
      .s_axi_bvalid(m_bvalid[1]),
      .s_axi_bready(m_bready[1]),
      .s_axi_arid(m_arid[1*ID_W+:ID_W]),
      .s_axi_araddr(m_araddr[79:40]),
      .s_axi_arlen(m_arlen[15:8]),
      .s_axi_arsize(m_arsize[5:3]),
      .s_axi_arburst(m_arburst[3:2]),
      .s_axi_arvalid(m_arvalid[1]),
      .s_axi_arready(m_arready[1]),
      .s_axi_rid(m_rid[1*ID_W+:ID_W]),
      .s_axi_rdata(m_rdata[511:256]),
      .s_axi_rresp(m_rresp[3:2]),
      .s_axi_rlast(m_rlast[1]),
      .s_axi_rvalid(m_rvalid[1]),
      .s_axi_rready(m_rready[1]),
      .active(bank_active[1])
  );

  axi_bank #(
      .DEPTH(device_mem_pkg::DDR1_SIZE[36:5]),
      .ID_W(ID_W)
  ) ddr1 (
      .clk(clk),
      .rst(rst),
      .s_axi_awid(m_awid[2*ID_W+:ID_W]),
      .s_axi_awaddr(m_awaddr[119:80]),
      .s_axi_awlen(m_awlen[23:16]),
      .s_axi_awsize(m_awsize[8:6]),
      .s_axi_awburst(m_awburst[5:4]),
      .s_axi_awvalid(m_awvalid[2]),
      .s_axi_awready(m_awready[2]),
      .s_axi_wdata(m_wdata[767:512]),
      .s_axi_wstrb(m_wstrb[95:64]),
      .s_axi_wlast(m_wlast[2]),
      .s_axi_wvalid(m_wvalid[2]),
      .s_axi_wready(m_wready[2]),
      .s_axi_bid(m_bid[2*ID_W+:ID_W]),
      .s_axi_bresp(m_bresp[5:4]),
      .s_axi_bvalid(m_bvalid[2]),
      .s_axi_bready(m_bready[2]),
      .s_axi_arid(m_arid[2*ID_W+:ID_W]),
      .s_axi_araddr(m_araddr[119:80]),
      .s_axi_arlen(m_arlen[23:16]),
      .s_axi_arsize(m_arsize[8:6]),
      .s_axi_arburst(m_arburst[5:4]),
      .s_axi_arvalid(m_arvalid[2]),
      .s_axi_arready(m_arready[2]),
      .s_axi_rid(m_rid[2*ID_W+:ID_W]),
      .s_axi_rdata(m_rdata[767:512]),
      .s_axi_rresp(m_rresp[5:4]),
      .s_axi_rlast(m_rlast[2]),
      .s_axi_rvalid(m_rvalid[2]),
      .s_axi_rready(m_rready[2]),
      .active(bank_active[2])
  );

endmodule

`default_nettype wire
