// SPDX-License-Identifier: Apache-2.0
// Word FIFO with first-word fall-through: `dout` is the oldest word while `count` is not 0.
//
// The owner must not push while full nor pop while empty (asserted). `flush` empties it and wins
// over a push or pop of the same cycle. DEPTH is a power of two.
`default_nettype none
`timescale 1ns / 1ps

module word_fifo #(
    parameter integer DEPTH = 128,
    parameter integer WIDTH = 32,
    parameter integer CNT_W = $clog2(DEPTH) + 1  // dependent, do not override
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             flush,
    input  wire             push,
    input  wire [WIDTH-1:0] din,
    input  wire             pop,
    output wire [WIDTH-1:0] dout,
    output reg  [CNT_W-1:0] count,
    output wire             full,
    output wire             empty
);

  localparam integer PTR_W = CNT_W - 1;
  localparam [CNT_W-1:0] DEPTH_CNT = {1'b1, {PTR_W{1'b0}}};
  localparam [CNT_W-1:0] ONE_CNT = {{PTR_W{1'b0}}, 1'b1};
  localparam [PTR_W-1:0] ONE_PTR = ONE_CNT[PTR_W-1:0];

  reg [WIDTH-1:0] mem[0:DEPTH-1];
  reg [PTR_W-1:0] wptr;
  reg [PTR_W-1:0] rptr;
  wire [PTR_W-1:0] held = wptr - rptr;

  assign dout  = mem[rptr];
  assign full  = (count == DEPTH_CNT);
  assign empty = (count == {CNT_W{1'b0}});

  initial begin
    if (DEPTH < 2 || (DEPTH & (DEPTH - 1)) != 0) $fatal(1, "word_fifo: DEPTH must be a power of two");
  end

  // A cycle without work costs a simulator one look.
  wire step = rst || flush || push || pop;

  always_ff @(posedge clk) if (step) begin
    if (rst || flush) begin
      wptr  <= {PTR_W{1'b0}};
      rptr  <= {PTR_W{1'b0}};
      count <= {CNT_W{1'b0}};
    end else begin
      if (push) begin
        mem[wptr] <= din;
        wptr <= wptr + ONE_PTR;
      end
      if (pop) rptr <= rptr + ONE_PTR;
      if (push && !pop) count <= count + ONE_CNT;
      if (pop && !push) count <= count - ONE_CNT;
      assert (!(push && full)) else $error("word_fifo: push while full");
      assert (!(pop && empty)) else $error("word_fifo: pop while empty");
      assert (count <= DEPTH_CNT) else $error("word_fifo: count above the depth");
      assert (held == count[PTR_W-1:0]) else $error("word_fifo: count and pointers disagree");
    end
  end

endmodule

`default_nettype wire
