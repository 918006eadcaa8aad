// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/user_mem_bar.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package user_mem_bar_pkg;
  localparam [31:0] DDR0_BASE = 32'h00000000;
  localparam [31:0] DDR0_SIZE = 32'h04000000;
  localparam [31:0] DDR0_MASK = 32'hFC000000;
  localparam [31:0] DDR1_BASE = 32'h04000000;
  localparam [31:0] DDR1_SIZE = 32'h04000000;
  localparam [31:0] DDR1_MASK = 32'hFC000000;
  localparam [31:0] PLRAM_BASE = 32'h08000000;
  localparam [31:0] PLRAM_SIZE = 32'h04000000;
  localparam [31:0] PLRAM_MASK = 32'hFC000000;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
