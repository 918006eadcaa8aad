// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/cu_fa.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package cu_fa_regs_pkg;
  localparam [31:0] SIZE = 32'h00000020;
  localparam [31:0] DESCRIPTOR_HI_OFFSET = 32'h00000000;
  localparam [31:0] DESCRIPTOR_HI_RESET = 32'h00000000;
  localparam [31:0] DESCRIPTOR_HI_ADDRESS_LSB = 32'h00000000;
  localparam [31:0] DESCRIPTOR_HI_ADDRESS_WIDTH = 32'h00000020;
  localparam [31:0] DESCRIPTOR_LO_OFFSET = 32'h00000004;
  localparam [31:0] DESCRIPTOR_LO_RESET = 32'h00000000;
  localparam [31:0] DESCRIPTOR_LO_ADDRESS_LSB = 32'h00000000;
  localparam [31:0] DESCRIPTOR_LO_ADDRESS_WIDTH = 32'h00000020;
  localparam [31:0] ISR_OFFSET = 32'h00000008;
  localparam [31:0] ISR_RESET = 32'h00000000;
  localparam [31:0] ISR_DONE_LSB = 32'h00000000;
  localparam [31:0] ISR_DONE_WIDTH = 32'h00000001;
  localparam [31:0] IER_OFFSET = 32'h0000000C;
  localparam [31:0] IER_RESET = 32'h00000000;
  localparam [31:0] IER_DONE_LSB = 32'h00000000;
  localparam [31:0] IER_DONE_WIDTH = 32'h00000001;
  localparam [31:0] SR_OFFSET = 32'h00000010;
  localparam [31:0] SR_RESET = 32'h00000000;
  localparam [31:0] SR_OVERRUN_LSB = 32'h00000000;
  localparam [31:0] SR_OVERRUN_WIDTH = 32'h00000001;
  localparam [31:0] SR_DECODE_ERROR_LSB = 32'h00000001;
  localparam [31:0] SR_DECODE_ERROR_WIDTH = 32'h00000001;
  localparam [31:0] SR_COUNT_ERROR_LSB = 32'h00000002;
  localparam [31:0] SR_COUNT_ERROR_WIDTH = 32'h00000001;
  localparam [31:0] TCR_OFFSET = 32'h00000014;
  localparam [31:0] TCR_RESET = 32'h00000000;
  localparam [31:0] TCR_COUNT_LSB = 32'h00000000;
  localparam [31:0] TCR_COUNT_WIDTH = 32'h00000020;
  localparam [31:0] CDAR_OFFSET = 32'h00000018;
  localparam [31:0] CDAR_RESET = 32'h00000000;
  localparam [31:0] CDAR_ADDRESS_LSB = 32'h00000000;
  localparam [31:0] CDAR_ADDRESS_WIDTH = 32'h00000020;
  localparam [31:0] FDR_OFFSET = 32'h0000001C;
  localparam [31:0] FDR_RESET = 32'h00000010;
  localparam [31:0] FDR_DEPTH_LSB = 32'h00000000;
  localparam [31:0] FDR_DEPTH_WIDTH = 32'h00000020;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
