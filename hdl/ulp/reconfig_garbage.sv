// SPDX-License-Identifier: Apache-2.0
// What the outputs of a region show while it is reconfigured: W bits that change at random every cycle.
//
// One wide shift-and-xor a cycle, so that a simulator pays for few events.
`default_nettype none
`timescale 1ns / 1ps

module reconfig_garbage #(
    parameter integer        W    = 64,
    parameter         [31:0] SEED = 32'h4C6F_6164
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         enable,
    output reg  [W-1:0] garbage
);

  // Words of a linear congruential sequence, so that no part of the vector copies another.
  function [W-1:0] first;
    input [31:0] seed;
    integer i;
    reg [31:0] word;
    begin
      word = seed;
      for (i = 0; i < W; i = i + 1) begin
        word = word * 32'd1664525 + 32'd1013904223;
        first[i] = word[31];
      end
    end
  endfunction

  function [W-1:0] next;
    input [W-1:0] value;
    begin
      next = value ^ (value << 13);
      next = next ^ (next >> 7);
      next = next ^ (next << 17);
    end
  endfunction

  always_ff @(posedge clk) begin
    if (rst) garbage <= first(SEED);
    else if (enable) garbage <= next(garbage);
  end

endmodule

`default_nettype wire
