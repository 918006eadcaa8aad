// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/mb_intc.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package mb_intc_regs_pkg;
  localparam [31:0] SIZE = 32'h00000020;
  localparam [31:0] ISR_OFFSET = 32'h00000000;
  localparam [31:0] ISR_RESET = 32'h00000000;
  localparam [31:0] ISR_REQUESTS_LSB = 32'h00000000;
  localparam [31:0] ISR_REQUESTS_WIDTH = 32'h00000009;
  localparam [31:0] IPR_OFFSET = 32'h00000004;
  localparam [31:0] IPR_RESET = 32'h00000000;
  localparam [31:0] IPR_PENDING_LSB = 32'h00000000;
  localparam [31:0] IPR_PENDING_WIDTH = 32'h00000009;
  localparam [31:0] IER_OFFSET = 32'h00000008;
  localparam [31:0] IER_RESET = 32'h00000000;
  localparam [31:0] IER_ENABLES_LSB = 32'h00000000;
  localparam [31:0] IER_ENABLES_WIDTH = 32'h00000009;
  localparam [31:0] IAR_OFFSET = 32'h0000000C;
  localparam [31:0] IAR_RESET = 32'h00000000;
  localparam [31:0] IAR_ACK_LSB = 32'h00000000;
  localparam [31:0] IAR_ACK_WIDTH = 32'h00000009;
  localparam [31:0] SIE_OFFSET = 32'h00000010;
  localparam [31:0] SIE_RESET = 32'h00000000;
  localparam [31:0] SIE_SET_LSB = 32'h00000000;
  localparam [31:0] SIE_SET_WIDTH = 32'h00000009;
  localparam [31:0] CIE_OFFSET = 32'h00000014;
  localparam [31:0] CIE_RESET = 32'h00000000;
  localparam [31:0] CIE_CLEAR_LSB = 32'h00000000;
  localparam [31:0] CIE_CLEAR_WIDTH = 32'h00000009;
  localparam [31:0] IVR_OFFSET = 32'h00000018;
  localparam [31:0] IVR_RESET = 32'hFFFFFFFF;
  localparam [31:0] IVR_VECTOR_LSB = 32'h00000000;
  localparam [31:0] IVR_VECTOR_WIDTH = 32'h00000020;
  localparam [31:0] MER_OFFSET = 32'h0000001C;
  localparam [31:0] MER_RESET = 32'h00000000;
  localparam [31:0] MER_ME_LSB = 32'h00000000;
  localparam [31:0] MER_ME_WIDTH = 32'h00000001;
  localparam [31:0] MER_HIE_LSB = 32'h00000001;
  localparam [31:0] MER_HIE_WIDTH = 32'h00000001;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
