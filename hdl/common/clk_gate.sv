// SPDX-License-Identifier: Apache-2.0
// Glitch-free clock gate (latch and AND, as a BUFGCE): an idle block costs no simulator events.
`default_nettype none
`timescale 1ns / 1ps

module clk_gate (
    input  wire clk,
    input  wire en,
    output wire gclk
);

  reg en_latched;

  /* verilator lint_off LATCH */
  always_latch begin
    if (!clk) en_latched = en;
  end
  /* verilator lint_on LATCH */

  assign gclk = clk & en_latched;

endmodule

`default_nettype wire
