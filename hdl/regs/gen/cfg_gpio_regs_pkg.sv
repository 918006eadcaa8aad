// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/cfg_gpio.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package cfg_gpio_regs_pkg;
  localparam [31:0] SIZE = 32'h0000000C;
  localparam [31:0] CONTROL_OFFSET = 32'h00000000;
  localparam [31:0] CONTROL_RESET = 32'h00000000;
  localparam [31:0] CONTROL_CU_TO_HOST_LSB = 32'h00000000;
  localparam [31:0] CONTROL_CU_TO_HOST_WIDTH = 32'h00000001;
  localparam [31:0] CONTROL_WAKE_LSB = 32'h00000001;
  localparam [31:0] CONTROL_WAKE_WIDTH = 32'h00000001;
  localparam [31:0] STATUS_OFFSET = 32'h00000008;
  localparam [31:0] STATUS_RESET = 32'h00000000;
  localparam [31:0] STATUS_ASLEEP_LSB = 32'h00000000;
  localparam [31:0] STATUS_ASLEEP_WIDTH = 32'h00000020;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
