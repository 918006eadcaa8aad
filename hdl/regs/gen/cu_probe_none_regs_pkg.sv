// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/cu_probe_none.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package cu_probe_none_regs_pkg;
  localparam [31:0] SIZE = 32'h000001BC;
  localparam [31:0] CONTROL_OFFSET = 32'h00000010;
  localparam [31:0] CONTROL_RESET = 32'h00000000;
  localparam [31:0] CONTROL_VALUE_LSB = 32'h00000000;
  localparam [31:0] CONTROL_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] DELAY_OFFSET = 32'h00000014;
  localparam [31:0] DELAY_RESET = 32'h00000000;
  localparam [31:0] DELAY_VALUE_LSB = 32'h00000000;
  localparam [31:0] DELAY_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] TOKEN_OFFSET = 32'h00000018;
  localparam [31:0] TOKEN_RESET = 32'h00000000;
  localparam [31:0] TOKEN_VALUE_LSB = 32'h00000000;
  localparam [31:0] TOKEN_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] PAYLOAD_OFFSET = 32'h0000001C;
  localparam [31:0] PAYLOAD_STRIDE = 32'h00000004;
  localparam [31:0] PAYLOAD_COUNT = 32'h00000065;
  localparam [31:0] PAYLOAD_RESET = 32'h00000000;
  localparam [31:0] PAYLOAD_VALUE_LSB = 32'h00000000;
  localparam [31:0] PAYLOAD_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] RUNS_OFFSET = 32'h000001B0;
  localparam [31:0] RUNS_RESET = 32'h00000000;
  localparam [31:0] RUNS_VALUE_LSB = 32'h00000000;
  localparam [31:0] RUNS_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] DIGEST_OFFSET = 32'h000001B4;
  localparam [31:0] DIGEST_RESET = 32'h00000000;
  localparam [31:0] DIGEST_VALUE_LSB = 32'h00000000;
  localparam [31:0] DIGEST_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] LAST_OFFSET = 32'h000001B8;
  localparam [31:0] LAST_RESET = 32'h00000000;
  localparam [31:0] LAST_VALUE_LSB = 32'h00000000;
  localparam [31:0] LAST_VALUE_WIDTH = 32'h00000020;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
