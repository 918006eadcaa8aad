// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/mb_reset_gpio.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package mb_reset_gpio_regs_pkg;
  localparam [31:0] SIZE = 32'h00000004;
  localparam [31:0] DATA_OFFSET = 32'h00000000;
  localparam [31:0] DATA_RESET = 32'h00000000;
  localparam [31:0] DATA_RUN_LSB = 32'h00000000;
  localparam [31:0] DATA_RUN_WIDTH = 32'h00000001;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
