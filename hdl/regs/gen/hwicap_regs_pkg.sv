// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/hwicap.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package hwicap_regs_pkg;
  localparam [31:0] SIZE = 32'h00000120;
  localparam [31:0] GIER_OFFSET = 32'h0000001C;
  localparam [31:0] GIER_RESET = 32'h00000000;
  localparam [31:0] GIER_GIE_LSB = 32'h0000001F;
  localparam [31:0] GIER_GIE_WIDTH = 32'h00000001;
  localparam [31:0] ISR_OFFSET = 32'h00000020;
  localparam [31:0] ISR_RESET = 32'h00000000;
  localparam [31:0] ISR_WRP_LSB = 32'h00000000;
  localparam [31:0] ISR_WRP_WIDTH = 32'h00000001;
  localparam [31:0] ISR_RDP_LSB = 32'h00000001;
  localparam [31:0] ISR_RDP_WIDTH = 32'h00000001;
  localparam [31:0] ISR_WEMPTY_LSB = 32'h00000002;
  localparam [31:0] ISR_WEMPTY_WIDTH = 32'h00000001;
  localparam [31:0] ISR_RFULL_LSB = 32'h00000003;
  localparam [31:0] ISR_RFULL_WIDTH = 32'h00000001;
  localparam [31:0] IER_OFFSET = 32'h00000028;
  localparam [31:0] IER_RESET = 32'h00000000;
  localparam [31:0] IER_WRP_LSB = 32'h00000000;
  localparam [31:0] IER_WRP_WIDTH = 32'h00000001;
  localparam [31:0] IER_RDP_LSB = 32'h00000001;
  localparam [31:0] IER_RDP_WIDTH = 32'h00000001;
  localparam [31:0] IER_WEMPTY_LSB = 32'h00000002;
  localparam [31:0] IER_WEMPTY_WIDTH = 32'h00000001;
  localparam [31:0] IER_RFULL_LSB = 32'h00000003;
  localparam [31:0] IER_RFULL_WIDTH = 32'h00000001;
  localparam [31:0] WF_OFFSET = 32'h00000100;
  localparam [31:0] WF_RESET = 32'h00000000;
  localparam [31:0] WF_VALUE_LSB = 32'h00000000;
  localparam [31:0] WF_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] RF_OFFSET = 32'h00000104;
  localparam [31:0] RF_RESET = 32'h00000000;
  localparam [31:0] RF_VALUE_LSB = 32'h00000000;
  localparam [31:0] RF_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] SZ_OFFSET = 32'h00000108;
  localparam [31:0] SZ_RESET = 32'h00000000;
  localparam [31:0] SZ_VALUE_LSB = 32'h00000000;
  localparam [31:0] SZ_VALUE_WIDTH = 32'h0000000C;
  localparam [31:0] CR_OFFSET = 32'h0000010C;
  localparam [31:0] CR_RESET = 32'h00000000;
  localparam [31:0] CR_WRITE_LSB = 32'h00000000;
  localparam [31:0] CR_WRITE_WIDTH = 32'h00000001;
  localparam [31:0] CR_READ_LSB = 32'h00000001;
  localparam [31:0] CR_READ_WIDTH = 32'h00000001;
  localparam [31:0] CR_FIFO_CLEAR_LSB = 32'h00000002;
  localparam [31:0] CR_FIFO_CLEAR_WIDTH = 32'h00000001;
  localparam [31:0] CR_SW_RESET_LSB = 32'h00000003;
  localparam [31:0] CR_SW_RESET_WIDTH = 32'h00000001;
  localparam [31:0] CR_ABORT_LSB = 32'h00000004;
  localparam [31:0] CR_ABORT_WIDTH = 32'h00000001;
  localparam [31:0] SR_OFFSET = 32'h00000110;
  localparam [31:0] SR_RESET = 32'h00000000;
  localparam [31:0] SR_DONE_LSB = 32'h00000000;
  localparam [31:0] SR_DONE_WIDTH = 32'h00000001;
  localparam [31:0] SR_EOS_LSB = 32'h00000002;
  localparam [31:0] SR_EOS_WIDTH = 32'h00000001;
  localparam [31:0] WFV_OFFSET = 32'h00000114;
  localparam [31:0] WFV_RESET = 32'h00000400;
  localparam [31:0] WFV_VALUE_LSB = 32'h00000000;
  localparam [31:0] WFV_VALUE_WIDTH = 32'h00000010;
  localparam [31:0] RFO_OFFSET = 32'h00000118;
  localparam [31:0] RFO_RESET = 32'h00000000;
  localparam [31:0] RFO_VALUE_LSB = 32'h00000000;
  localparam [31:0] RFO_VALUE_WIDTH = 32'h00000010;
  localparam [31:0] ASR_OFFSET = 32'h0000011C;
  localparam [31:0] ASR_RESET = 32'h00000000;
  localparam [31:0] ASR_VALUE_LSB = 32'h00000000;
  localparam [31:0] ASR_VALUE_WIDTH = 32'h00000008;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
