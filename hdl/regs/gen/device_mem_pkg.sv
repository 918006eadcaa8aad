// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/device_mem.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package device_mem_pkg;
  localparam [63:0] PLRAM_BASE = 64'h0000003000000000;
  localparam [63:0] PLRAM_SIZE = 64'h0000000000020000;
  localparam [63:0] PLRAM_MASK = 64'hFFFFFFFFFFFE0000;
  localparam [63:0] DDR0_BASE = 64'h0000004000000000;
  localparam [63:0] DDR0_SIZE = 64'h0000000001000000;
  localparam [63:0] DDR0_MASK = 64'hFFFFFFFFFF000000;
  localparam [63:0] DDR1_BASE = 64'h0000005000000000;
  localparam [63:0] DDR1_SIZE = 64'h0000000001000000;
  localparam [63:0] DDR1_MASK = 64'hFFFFFFFFFF000000;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
