// SPDX-License-Identifier: Apache-2.0
// AXI4 address map of the device memory: one slave to PLRAM, DDR bank 0 and DDR bank 1 (slices 0, 1, 2).
//
// One burst in flight each way. What is in no memory is answered DECERR here, reads with zero data.
`default_nettype none
`timescale 1ns / 1ps

module axi_mem_map #(
    parameter integer    ID_W       = 1,
    parameter     [39:0] PLRAM_BASE = device_mem_pkg::PLRAM_BASE[39:0],
    parameter     [39:0] PLRAM_SIZE = device_mem_pkg::PLRAM_SIZE[39:0],
    parameter     [39:0] DDR0_BASE  = device_mem_pkg::DDR0_BASE[39:0],
    parameter     [39:0] DDR0_SIZE  = device_mem_pkg::DDR0_SIZE[39:0],
    parameter     [39:0] DDR1_BASE  = device_mem_pkg::DDR1_BASE[39:0],
    parameter     [39:0] DDR1_SIZE  = device_mem_pkg::DDR1_SIZE[39:0]
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

    output wire [3*ID_W-1:0]    m_axi_awid,
    output wire [3*40-1:0]      m_axi_awaddr,
    output wire [3*8-1:0]       m_axi_awlen,
    output wire [3*3-1:0]       m_axi_awsize,
    output wire [3*2-1:0]       m_axi_awburst,
    output wire [3-1:0]         m_axi_awvalid,
    input  wire [3-1:0]         m_axi_awready,
    output wire [3*256-1:0]     m_axi_wdata,
    output wire [3*32-1:0]      m_axi_wstrb,
    output wire [3-1:0]         m_axi_wlast,
    output wire [3-1:0]         m_axi_wvalid,
    input  wire [3-1:0]         m_axi_wready,
    input  wire [3*ID_W-1:0]    m_axi_bid,
    input  wire [3*2-1:0]       m_axi_bresp,
    input  wire [3-1:0]         m_axi_bvalid,
    output wire [3-1:0]         m_axi_bready,
    output wire [3*ID_W-1:0]    m_axi_arid,
    output wire [3*40-1:0]      m_axi_araddr,
    output wire [3*8-1:0]       m_axi_arlen,
    output wire [3*3-1:0]       m_axi_arsize,
    output wire [3*2-1:0]       m_axi_arburst,
    output wire [3-1:0]         m_axi_arvalid,
    input  wire [3-1:0]         m_axi_arready,
    input  wire [3*ID_W-1:0]    m_axi_rid,
    input  wire [3*256-1:0]     m_axi_rdata,
    input  wire [3*2-1:0]       m_axi_rresp,
    input  wire [3-1:0]         m_axi_rlast,
    input  wire [3-1:0]         m_axi_rvalid,
    output wire [3-1:0]         m_axi_rready,

    output wire                 active
);

  localparam [1:0] DECERR = 2'b11;
  localparam [1:0] NOWHERE = 2'd3;

  // Sizes are powers of two and bases multiples of them, so bits above the size decide.
  function [1:0] place;
    input [39:0] address;
    begin
      if ((address & ~(PLRAM_SIZE - 40'd1)) == PLRAM_BASE) place = 2'd0;
      else if ((address & ~(DDR0_SIZE - 40'd1)) == DDR0_BASE) place = 2'd1;
      else if ((address & ~(DDR1_SIZE - 40'd1)) == DDR1_BASE) place = 2'd2;
      else place = NOWHERE;
    end
  endfunction

  reg             wr_busy;
  reg             w_done;
  reg  [1:0]      wr;
  reg  [ID_W-1:0] wr_id;
  reg             rd_busy;
  reg  [1:0]      rd;
  reg  [ID_W-1:0] rd_id;
  reg  [7:0]      rd_left;

  wire [1:0]      aw_place = place(s_axi_awaddr);
  wire [1:0]      ar_place = place(s_axi_araddr);
  // Bit 3 stands for the answer that comes from here.
  wire [3:0]      aw_to = {3'd0, !wr_busy} << aw_place;
  wire [3:0]      ar_to = {3'd0, !rd_busy} << ar_place;
  wire [3:0]      wr_to = {3'd0, wr_busy} << wr;
  wire [3:0]      rd_to = {3'd0, rd_busy} << rd;

  assign m_axi_awid = {3{s_axi_awid}};
  assign m_axi_awaddr = {3{s_axi_awaddr}};
  assign m_axi_awlen = {3{s_axi_awlen}};
  assign m_axi_awsize = {3{s_axi_awsize}};
  assign m_axi_awburst = {3{s_axi_awburst}};
  assign m_axi_awvalid = aw_to[2:0] & {3{s_axi_awvalid}};
  assign s_axi_awready = |(aw_to & {1'b1, m_axi_awready});
  assign m_axi_wdata = {3{s_axi_wdata}};
  assign m_axi_wstrb = {3{s_axi_wstrb}};
  assign m_axi_wlast = {3{s_axi_wlast}};
  assign m_axi_wvalid = wr_to[2:0] & {3{s_axi_wvalid && !w_done}};
  assign s_axi_wready = |(wr_to & {1'b1, m_axi_wready}) && !w_done;
  assign s_axi_bid = wr_to[3] ? wr_id : m_axi_bid[ID_W*wr+:ID_W];
  assign s_axi_bresp = wr_to[3] ? DECERR : m_axi_bresp[2*wr+:2];
  assign s_axi_bvalid = |(wr_to & {w_done, m_axi_bvalid});
  assign m_axi_bready = wr_to[2:0] & {3{s_axi_bready}};

  assign m_axi_arid = {3{s_axi_arid}};
  assign m_axi_araddr = {3{s_axi_araddr}};
  assign m_axi_arlen = {3{s_axi_arlen}};
  assign m_axi_arsize = {3{s_axi_arsize}};
  assign m_axi_arburst = {3{s_axi_arburst}};
  assign m_axi_arvalid = ar_to[2:0] & {3{s_axi_arvalid}};
  assign s_axi_arready = |(ar_to & {1'b1, m_axi_arready});
  assign s_axi_rid = rd_to[3] ? rd_id : m_axi_rid[ID_W*rd+:ID_W];
  assign s_axi_rdata = rd_to[3] ? 256'd0 : m_axi_rdata[256*rd+:256];
  assign s_axi_rresp = rd_to[3] ? DECERR : m_axi_rresp[2*rd+:2];
  assign s_axi_rlast = rd_to[3] ? rd_left == 8'd0 : m_axi_rlast[rd];
  assign s_axi_rvalid = |(rd_to & {1'b1, m_axi_rvalid});
  assign m_axi_rready = rd_to[2:0] & {3{s_axi_rready}};

  assign active = wr_busy || rd_busy;

  always_ff @(posedge clk) begin
    if (rst) begin
      wr_busy <= 1'b0;
      wr <= 2'd0;
      w_done <= 1'b0;
    end else if (!wr_busy) begin
      w_done <= 1'b0;
      if (s_axi_awvalid && s_axi_awready) begin
        wr_busy <= 1'b1;
        wr <= aw_place;
        wr_id <= s_axi_awid;
      end
    end else begin
      if (s_axi_wvalid && s_axi_wready && s_axi_wlast) w_done <= 1'b1;
      if (s_axi_bvalid && s_axi_bready) wr_busy <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      rd_busy <= 1'b0;
      rd <= 2'd0;
    end else if (!rd_busy) begin
      if (s_axi_arvalid && s_axi_arready) begin
        rd_busy <= 1'b1;
        rd <= ar_place;
        rd_id <= s_axi_arid;
        rd_left <= s_axi_arlen;
      end
    end else if (s_axi_rvalid && s_axi_rready) begin
      rd_left <= rd_left - 8'd1;
      if (s_axi_rlast) rd_busy <= 1'b0;
    end
  end

endmodule

`default_nettype wire
