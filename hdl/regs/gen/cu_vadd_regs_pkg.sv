// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/cu_vadd.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package cu_vadd_regs_pkg;
  localparam [31:0] SIZE = 32'h00000038;
  localparam [31:0] CTRL_OFFSET = 32'h00000000;
  localparam [31:0] CTRL_RESET = 32'h00000004;
  localparam [31:0] CTRL_AP_START_LSB = 32'h00000000;
  localparam [31:0] CTRL_AP_START_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_AP_DONE_LSB = 32'h00000001;
  localparam [31:0] CTRL_AP_DONE_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_AP_IDLE_LSB = 32'h00000002;
  localparam [31:0] CTRL_AP_IDLE_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_AP_READY_LSB = 32'h00000003;
  localparam [31:0] CTRL_AP_READY_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_AP_CONTINUE_LSB = 32'h00000004;
  localparam [31:0] CTRL_AP_CONTINUE_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_AUTO_RESTART_LSB = 32'h00000007;
  localparam [31:0] CTRL_AUTO_RESTART_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_SW_RESET_LSB = 32'h00000008;
  localparam [31:0] CTRL_SW_RESET_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_INTERRUPT_LSB = 32'h00000009;
  localparam [31:0] CTRL_INTERRUPT_WIDTH = 32'h00000001;
  localparam [31:0] GIE_OFFSET = 32'h00000004;
  localparam [31:0] GIE_RESET = 32'h00000000;
  localparam [31:0] GIE_ENABLE_LSB = 32'h00000000;
  localparam [31:0] GIE_ENABLE_WIDTH = 32'h00000001;
  localparam [31:0] IER_OFFSET = 32'h00000008;
  localparam [31:0] IER_RESET = 32'h00000000;
  localparam [31:0] IER_DONE_LSB = 32'h00000000;
  localparam [31:0] IER_DONE_WIDTH = 32'h00000001;
  localparam [31:0] IER_READY_LSB = 32'h00000001;
  localparam [31:0] IER_READY_WIDTH = 32'h00000001;
  localparam [31:0] ISR_OFFSET = 32'h0000000C;
  localparam [31:0] ISR_RESET = 32'h00000000;
  localparam [31:0] ISR_DONE_LSB = 32'h00000000;
  localparam [31:0] ISR_DONE_WIDTH = 32'h00000001;
  localparam [31:0] ISR_READY_LSB = 32'h00000001;
  localparam [31:0] ISR_READY_WIDTH = 32'h00000001;
  localparam [31:0] A_LO_OFFSET = 32'h00000010;
  localparam [31:0] A_LO_RESET = 32'h00000000;
  localparam [31:0] A_LO_VALUE_LSB = 32'h00000000;
  localparam [31:0] A_LO_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] A_HI_OFFSET = 32'h00000014;
  localparam [31:0] A_HI_RESET = 32'h00000000;
  localparam [31:0] A_HI_VALUE_LSB = 32'h00000000;
  localparam [31:0] A_HI_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] A_RESERVED_OFFSET = 32'h00000018;
  localparam [31:0] A_RESERVED_RESET = 32'h00000000;
  localparam [31:0] A_RESERVED_VALUE_LSB = 32'h00000000;
  localparam [31:0] A_RESERVED_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] B_LO_OFFSET = 32'h0000001C;
  localparam [31:0] B_LO_RESET = 32'h00000000;
  localparam [31:0] B_LO_VALUE_LSB = 32'h00000000;
  localparam [31:0] B_LO_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] B_HI_OFFSET = 32'h00000020;
  localparam [31:0] B_HI_RESET = 32'h00000000;
  localparam [31:0] B_HI_VALUE_LSB = 32'h00000000;
  localparam [31:0] B_HI_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] B_RESERVED_OFFSET = 32'h00000024;
  localparam [31:0] B_RESERVED_RESET = 32'h00000000;
  localparam [31:0] B_RESERVED_VALUE_LSB = 32'h00000000;
  localparam [31:0] B_RESERVED_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] OUT_LO_OFFSET = 32'h00000028;
  localparam [31:0] OUT_LO_RESET = 32'h00000000;
  localparam [31:0] OUT_LO_VALUE_LSB = 32'h00000000;
  localparam [31:0] OUT_LO_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] OUT_HI_OFFSET = 32'h0000002C;
  localparam [31:0] OUT_HI_RESET = 32'h00000000;
  localparam [31:0] OUT_HI_VALUE_LSB = 32'h00000000;
  localparam [31:0] OUT_HI_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] OUT_RESERVED_OFFSET = 32'h00000030;
  localparam [31:0] OUT_RESERVED_RESET = 32'h00000000;
  localparam [31:0] OUT_RESERVED_VALUE_LSB = 32'h00000000;
  localparam [31:0] OUT_RESERVED_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] N_OFFSET = 32'h00000034;
  localparam [31:0] N_RESET = 32'h00000000;
  localparam [31:0] N_VALUE_LSB = 32'h00000000;
  localparam [31:0] N_VALUE_WIDTH = 32'h00000020;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
