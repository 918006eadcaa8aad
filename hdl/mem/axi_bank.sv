// SPDX-License-Identifier: Apache-2.0
// AXI4 memory bank of DEPTH 256-bit words; the address wraps inside it. Memory never written reads as zero.
//
// INCR bursts of any length, one beat a cycle, one burst in flight each way. A burst of another type or
// beat size is answered SLVERR and changes nothing. A test bench may read and write `mem` directly.
`default_nettype none
`timescale 1ns / 1ps

module axi_bank #(
    parameter integer DEPTH = 524288,
    parameter integer ID_W  = 1
) (
    input  wire            clk,
    input  wire            rst,

    /* verilator lint_off UNUSEDSIGNAL */  // address bits above the bank and inside a word
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
    output reg  [ID_W-1:0]      s_axi_bid,
    output reg  [1:0]           s_axi_bresp,
    output reg                  s_axi_bvalid,
    input  wire                 s_axi_bready,
    input  wire [ID_W-1:0]      s_axi_arid,
    input  wire [39:0]          s_axi_araddr,
    input  wire [7:0]           s_axi_arlen,
    input  wire [2:0]           s_axi_arsize,
    input  wire [1:0]           s_axi_arburst,
    input  wire                 s_axi_arvalid,
    output wire                 s_axi_arready,
    output reg  [ID_W-1:0]      s_axi_rid,
    output reg  [255:0]         s_axi_rdata,
    output reg  [1:0]           s_axi_rresp,
    output reg                  s_axi_rlast,
    output reg                  s_axi_rvalid,
    input  wire                 s_axi_rready,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire            active
);

  localparam integer INDEX_W = $clog2(DEPTH);
  localparam [1:0] OKAY = 2'b00;
  localparam [1:0] SLVERR = 2'b10;

  reg  [255:0]       mem[0:DEPTH-1];

  reg                aw_held;
  reg                aw_bad;
  reg  [INDEX_W-1:0] aw_index;
  reg                rd_busy;
  reg                rd_bad;
  reg  [INDEX_W-1:0] rd_index;
  reg  [7:0]         rd_left;

  wire               aw_fits = s_axi_awsize == 3'd5 && s_axi_awburst == 2'b01;
  wire               ar_fits = s_axi_arsize == 3'd5 && s_axi_arburst == 2'b01;
  wire               w_take = s_axi_wvalid && s_axi_wready;
  wire               r_next = rd_busy && (!s_axi_rvalid || s_axi_rready);

  assign s_axi_awready = !aw_held && !s_axi_bvalid;
  assign s_axi_wready = aw_held;
  assign s_axi_arready = !rd_busy && (!s_axi_rvalid || (s_axi_rready && s_axi_rlast));
  assign active = aw_held || s_axi_bvalid || rd_busy || s_axi_rvalid;

  integer i;

  // A four-state simulator keeps never-written words as X without cost and `word` reads them as zero;
  // a two-state one may start with anything and is cleared here.
  initial begin
    if (mem[0] !== {256{1'bx}}) begin
      for (i = 0; i < DEPTH; i = i + 1) mem[i] = 256'd0;
    end
  end

  function [255:0] word;
    input [255:0] stored;
    begin
      word = stored === {256{1'bx}} ? 256'd0 : stored;
    end
  endfunction

  function [255:0] merge;
    input [255:0] stored;
    input [255:0] data;
    input [31:0] strobes;
    integer lane;
    begin
      merge = stored;
      for (lane = 0; lane < 32; lane = lane + 1) begin
        if (strobes[lane]) merge[8*lane+:8] = data[8*lane+:8];
      end
    end
  endfunction

  always_ff @(posedge clk) begin
    if (rst) begin
      aw_held <= 1'b0;
      s_axi_bvalid <= 1'b0;
    end else begin
      if (s_axi_awvalid && s_axi_awready) begin
        aw_held <= 1'b1;
        aw_bad <= !aw_fits;
        aw_index <= s_axi_awaddr[5+:INDEX_W];
        s_axi_bid <= s_axi_awid;
      end
      if (w_take) begin
        aw_index <= aw_index + {{INDEX_W - 1{1'b0}}, 1'b1};
        if (s_axi_wlast) begin
          aw_held <= 1'b0;
          s_axi_bvalid <= 1'b1;
          s_axi_bresp <= aw_bad ? SLVERR : OKAY;
        end
      end
      if (s_axi_bvalid && s_axi_bready) s_axi_bvalid <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (w_take && !aw_bad) begin
      if (&s_axi_wstrb) mem[aw_index] <= s_axi_wdata;
      else if (|s_axi_wstrb) mem[aw_index] <= merge(word(mem[aw_index]), s_axi_wdata, s_axi_wstrb);
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      rd_busy <= 1'b0;
      s_axi_rvalid <= 1'b0;
    end else begin
      if (s_axi_arvalid && s_axi_arready) begin
        rd_busy <= 1'b1;
        rd_bad <= !ar_fits;
        rd_index <= s_axi_araddr[5+:INDEX_W];
        rd_left <= s_axi_arlen;
        s_axi_rid <= s_axi_arid;
      end else if (r_next) begin
        rd_busy <= rd_left != 8'd0;
        rd_index <= rd_index + {{INDEX_W - 1{1'b0}}, 1'b1};
        rd_left <= rd_left - 8'd1;
      end
      if (r_next) begin
        s_axi_rvalid <= 1'b1;
        s_axi_rdata <= rd_bad ? 256'd0 : word(mem[rd_index]);
        s_axi_rresp <= rd_bad ? SLVERR : OKAY;
        s_axi_rlast <= rd_left == 8'd0;
      end else if (s_axi_rready) begin
        s_axi_rvalid <= 1'b0;
      end
    end
  end

endmodule

`default_nettype wire
