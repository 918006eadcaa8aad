// SPDX-License-Identifier: Apache-2.0
// Clock and reset of a test bench. The clock stops after IDLE_CYCLES cycles without `busy` and restarts
// on the next edge of the same grid, so simulated times are those of a clock that never stops.
// Python sets `free_run` to switch the feature off and `reset` to hold the card in reset, in which the clock
// stops too.
`default_nettype none
`timescale 1ps / 1ps

module tb_clock #(
    parameter integer HALF_PERIOD_PS = 2000,
    parameter integer IDLE_CYCLES = 8
) (
    input  wire busy,
    output reg  clk,
    output reg  rst
);

  localparam [63:0] HALF = {32'd0, HALF_PERIOD_PS};

  reg free_run /* verilator public_flat_rw */;
  reg reset /* verilator public_flat_rw */;
  // Cycles really clocked: what stopping saved is visible against the time.
  reg [63:0] cycles /* verilator public_flat_rd */;

  integer    idle;
  reg [63:0] delay;
  reg [63:0] phase;

  // The card sees at least so many cycles of a reset.
  localparam [3:0] RESET_CYCLES = 4'd8;
  reg [3:0] held;

  wire run = busy || free_run || reset != rst || held != (rst ? RESET_CYCLES : 4'd0);

  initial begin
    clk = 1'b0;
    rst = 1'b1;
    free_run = 1'b0;
    reset = 1'b1;
    held = 4'd0;
    cycles = 64'd0;
    idle = 0;
    delay = HALF;
    forever begin
      // Never zero: a phase below a period leaves at least 1 ps.
      /* verilator lint_off ZERODLY */
      #(delay) clk = 1'b1;
      /* verilator lint_on ZERODLY */
      cycles = cycles + 64'd1;
      #(HALF) clk = 1'b0;
      if (run) idle = 0;
      else idle = 1;
      while (idle != IDLE_CYCLES) begin
        #(HALF) clk = 1'b1;
        cycles = cycles + 64'd1;
        #(HALF) clk = 1'b0;
        if (run) idle = 0;
        else idle = idle + 1;
      end
      wait (run);
      // Rising edges are at odd multiples of HALF; the next one strictly after now.
      phase = $time % (64'd2 * HALF);
      delay = (phase < HALF) ? HALF - phase : 64'd3 * HALF - phase;
    end
  end

  always @(posedge clk) begin
    rst <= reset;
    if (!rst) held <= 4'd0;
    else if (held != RESET_CYCLES) held <= held + 4'd1;
  end

endmodule

`default_nettype wire
