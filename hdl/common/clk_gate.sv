// SPDX-License-Identifier: Apache-2.0
// Glitch-free clock gate (in hardware a BUFGCE): an idle block costs next to no simulator events.
//
// The enable counts as it is just before the rising edge. Blocking assignments, so that the gated edge
// belongs to the same time step as the clock's and registers on both see the same values.
`default_nettype none
`timescale 1ns / 1ps

module clk_gate (
    input  wire clk,
    input  wire en,
    output reg  gclk
);

  initial gclk = 1'b0;

  /* verilator lint_off BLKSEQ */
  /* verilator lint_off MULTIDRIVEN */
  always @(posedge clk) if (en) gclk = 1'b1;
  always @(negedge clk) gclk = 1'b0;
  /* verilator lint_on MULTIDRIVEN */
  /* verilator lint_on BLKSEQ */

endmodule

`default_nettype wire
