// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/axi_gate.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package axi_gate_regs_pkg;
  localparam [31:0] SIZE = 32'h0000000C;
  localparam [31:0] WR_OFFSET = 32'h00000000;
  localparam [31:0] WR_RESET = 32'h00000000;
  localparam [31:0] WR_STATE_LSB = 32'h00000000;
  localparam [31:0] WR_STATE_WIDTH = 32'h00000002;
  localparam [1:0] WR_STATE_ISOLATED = 2'h0;
  localparam [1:0] WR_STATE_RELEASING = 2'h2;
  localparam [1:0] WR_STATE_OPEN = 2'h3;
  localparam [31:0] RD_OFFSET = 32'h00000008;
  localparam [31:0] RD_RESET = 32'h00000000;
  localparam [31:0] RD_STATE_LSB = 32'h00000000;
  localparam [31:0] RD_STATE_WIDTH = 32'h00000002;
  localparam [1:0] RD_STATE_ISOLATED = 2'h0;
  localparam [1:0] RD_STATE_RELEASING = 2'h2;
  localparam [1:0] RD_STATE_OPEN = 2'h3;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
