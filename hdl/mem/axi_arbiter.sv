// SPDX-License-Identifier: Apache-2.0
// AXI4 arbiter, N masters to one slave: round robin, reads and writes apart, one burst in flight each way.
//
// Ports of the masters are packed, master n in slice n. A grant takes one cycle and lasts until the
// response of the burst, so ids pass unchanged.
`default_nettype none
`timescale 1ns / 1ps

module axi_arbiter #(
    parameter integer N    = 4,
    parameter integer ID_W = 1
) (
    input  wire                clk,
    input  wire                rst,

    input  wire [N*ID_W-1:0]    s_axi_awid,
    input  wire [N*40-1:0]      s_axi_awaddr,
    input  wire [N*8-1:0]       s_axi_awlen,
    input  wire [N*3-1:0]       s_axi_awsize,
    input  wire [N*2-1:0]       s_axi_awburst,
    input  wire [N-1:0]         s_axi_awvalid,
    output wire [N-1:0]         s_axi_awready,
    input  wire [N*256-1:0]     s_axi_wdata,
    input  wire [N*32-1:0]      s_axi_wstrb,
    input  wire [N-1:0]         s_axi_wlast,
    input  wire [N-1:0]         s_axi_wvalid,
    output wire [N-1:0]         s_axi_wready,
    output wire [N*ID_W-1:0]    s_axi_bid,
    output wire [N*2-1:0]       s_axi_bresp,
    output wire [N-1:0]         s_axi_bvalid,
    input  wire [N-1:0]         s_axi_bready,
    input  wire [N*ID_W-1:0]    s_axi_arid,
    input  wire [N*40-1:0]      s_axi_araddr,
    input  wire [N*8-1:0]       s_axi_arlen,
    input  wire [N*3-1:0]       s_axi_arsize,
    input  wire [N*2-1:0]       s_axi_arburst,
    input  wire [N-1:0]         s_axi_arvalid,
    output wire [N-1:0]         s_axi_arready,
    output wire [N*ID_W-1:0]    s_axi_rid,
    output wire [N*256-1:0]     s_axi_rdata,
    output wire [N*2-1:0]       s_axi_rresp,
    output wire [N-1:0]         s_axi_rlast,
    output wire [N-1:0]         s_axi_rvalid,
    input  wire [N-1:0]         s_axi_rready,

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

    output wire                active
);

  localparam integer SEL_W = N > 1 ? $clog2(N) : 1;

  reg              wr_busy;
  reg              aw_done;
  reg              w_done;
  reg  [SEL_W-1:0] wr;
  reg              rd_busy;
  reg              ar_done;
  reg  [SEL_W-1:0] rd;

  // The first requester after the last one served.
  function [SEL_W-1:0] pick;
    input [N-1:0] requests;
    input [SEL_W-1:0] last;
    integer i;
    /* verilator lint_off UNUSEDSIGNAL */  // small numbers in an integer
    integer candidate;
    /* verilator lint_on UNUSEDSIGNAL */
    begin
      pick = last;
      for (i = N - 1; i >= 0; i = i - 1) begin
        candidate = ({{32 - SEL_W{1'b0}}, last} + 1 + i) % N;
        if (requests[candidate]) pick = candidate[SEL_W-1:0];
      end
    end
  endfunction

  wire [N-1:0] wr_here = {{N - 1{1'b0}}, wr_busy} << wr;
  wire [N-1:0] rd_here = {{N - 1{1'b0}}, rd_busy} << rd;

  assign m_axi_awid = s_axi_awid[ID_W*wr+:ID_W];
  assign m_axi_awaddr = s_axi_awaddr[40*wr+:40];
  assign m_axi_awlen = s_axi_awlen[8*wr+:8];
  assign m_axi_awsize = s_axi_awsize[3*wr+:3];
  assign m_axi_awburst = s_axi_awburst[2*wr+:2];
  assign m_axi_awvalid = wr_busy && !aw_done && s_axi_awvalid[wr];
  assign s_axi_awready = wr_here & {N{m_axi_awready && !aw_done}};
  assign m_axi_wdata = s_axi_wdata[256*wr+:256];
  assign m_axi_wstrb = s_axi_wstrb[32*wr+:32];
  assign m_axi_wlast = s_axi_wlast[wr];
  assign m_axi_wvalid = wr_busy && !w_done && s_axi_wvalid[wr];
  assign s_axi_wready = wr_here & {N{m_axi_wready && !w_done}};
  assign s_axi_bid = {N{m_axi_bid}};
  assign s_axi_bresp = {N{m_axi_bresp}};
  assign s_axi_bvalid = wr_here & {N{m_axi_bvalid}};
  assign m_axi_bready = wr_busy && s_axi_bready[wr];

  assign m_axi_arid = s_axi_arid[ID_W*rd+:ID_W];
  assign m_axi_araddr = s_axi_araddr[40*rd+:40];
  assign m_axi_arlen = s_axi_arlen[8*rd+:8];
  assign m_axi_arsize = s_axi_arsize[3*rd+:3];
  assign m_axi_arburst = s_axi_arburst[2*rd+:2];
  assign m_axi_arvalid = rd_busy && !ar_done && s_axi_arvalid[rd];
  assign s_axi_arready = rd_here & {N{m_axi_arready && !ar_done}};
  assign s_axi_rid = {N{m_axi_rid}};
  assign s_axi_rdata = {N{m_axi_rdata}};
  assign s_axi_rresp = {N{m_axi_rresp}};
  assign s_axi_rlast = {N{m_axi_rlast}};
  assign s_axi_rvalid = rd_here & {N{m_axi_rvalid}};
  assign m_axi_rready = rd_busy && s_axi_rready[rd];

  assign active = wr_busy || rd_busy;

  always_ff @(posedge clk) begin
    if (rst) begin
      wr_busy <= 1'b0;
      wr <= {SEL_W{1'b0}};
    end else if (!wr_busy) begin
      aw_done <= 1'b0;
      w_done <= 1'b0;
      if (s_axi_awvalid != {N{1'b0}}) begin
        wr_busy <= 1'b1;
        wr <= pick(s_axi_awvalid, wr);
      end
    end else begin
      if (m_axi_awvalid && m_axi_awready) aw_done <= 1'b1;
      if (m_axi_wvalid && m_axi_wready && m_axi_wlast) w_done <= 1'b1;
      if (m_axi_bvalid && m_axi_bready) wr_busy <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      rd_busy <= 1'b0;
      rd <= {SEL_W{1'b0}};
    end else if (!rd_busy) begin
      ar_done <= 1'b0;
      if (s_axi_arvalid != {N{1'b0}}) begin
        rd_busy <= 1'b1;
        rd <= pick(s_axi_arvalid, rd);
      end
    end else begin
      if (m_axi_arvalid && m_axi_arready) ar_done <= 1'b1;
      if (m_axi_rvalid && m_axi_rready && m_axi_rlast) rd_busy <= 1'b0;
    end
  end

endmodule

`default_nettype wire
