// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/mailbox.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package mailbox_regs_pkg;
  localparam [31:0] SIZE = 32'h00000030;
  localparam [31:0] WRDATA_OFFSET = 32'h00000000;
  localparam [31:0] WRDATA_RESET = 32'h00000000;
  localparam [31:0] WRDATA_VALUE_LSB = 32'h00000000;
  localparam [31:0] WRDATA_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] RDDATA_OFFSET = 32'h00000008;
  localparam [31:0] RDDATA_RESET = 32'h00000000;
  localparam [31:0] RDDATA_VALUE_LSB = 32'h00000000;
  localparam [31:0] RDDATA_VALUE_WIDTH = 32'h00000020;
  localparam [31:0] STATUS_OFFSET = 32'h00000010;
  localparam [31:0] STATUS_RESET = 32'h00000005;
  localparam [31:0] STATUS_EMPTY_LSB = 32'h00000000;
  localparam [31:0] STATUS_EMPTY_WIDTH = 32'h00000001;
  localparam [31:0] STATUS_FULL_LSB = 32'h00000001;
  localparam [31:0] STATUS_FULL_WIDTH = 32'h00000001;
  localparam [31:0] STATUS_STA_LSB = 32'h00000002;
  localparam [31:0] STATUS_STA_WIDTH = 32'h00000001;
  localparam [31:0] STATUS_RTA_LSB = 32'h00000003;
  localparam [31:0] STATUS_RTA_WIDTH = 32'h00000001;
  localparam [31:0] ERROR_OFFSET = 32'h00000014;
  localparam [31:0] ERROR_RESET = 32'h00000000;
  localparam [31:0] ERROR_EMPTY_LSB = 32'h00000000;
  localparam [31:0] ERROR_EMPTY_WIDTH = 32'h00000001;
  localparam [31:0] ERROR_FULL_LSB = 32'h00000001;
  localparam [31:0] ERROR_FULL_WIDTH = 32'h00000001;
  localparam [31:0] SIT_OFFSET = 32'h00000018;
  localparam [31:0] SIT_RESET = 32'h00000000;
  localparam [31:0] SIT_VALUE_LSB = 32'h00000000;
  localparam [31:0] SIT_VALUE_WIDTH = 32'h00000010;
  localparam [31:0] RIT_OFFSET = 32'h0000001C;
  localparam [31:0] RIT_RESET = 32'h00000000;
  localparam [31:0] RIT_VALUE_LSB = 32'h00000000;
  localparam [31:0] RIT_VALUE_WIDTH = 32'h00000010;
  localparam [31:0] IS_OFFSET = 32'h00000020;
  localparam [31:0] IS_RESET = 32'h00000000;
  localparam [31:0] IS_STI_LSB = 32'h00000000;
  localparam [31:0] IS_STI_WIDTH = 32'h00000001;
  localparam [31:0] IS_RTI_LSB = 32'h00000001;
  localparam [31:0] IS_RTI_WIDTH = 32'h00000001;
  localparam [31:0] IS_ERR_LSB = 32'h00000002;
  localparam [31:0] IS_ERR_WIDTH = 32'h00000001;
  localparam [31:0] IE_OFFSET = 32'h00000024;
  localparam [31:0] IE_RESET = 32'h00000000;
  localparam [31:0] IE_STI_LSB = 32'h00000000;
  localparam [31:0] IE_STI_WIDTH = 32'h00000001;
  localparam [31:0] IE_RTI_LSB = 32'h00000001;
  localparam [31:0] IE_RTI_WIDTH = 32'h00000001;
  localparam [31:0] IE_ERR_LSB = 32'h00000002;
  localparam [31:0] IE_ERR_WIDTH = 32'h00000001;
  localparam [31:0] IP_OFFSET = 32'h00000028;
  localparam [31:0] IP_RESET = 32'h00000000;
  localparam [31:0] IP_STI_LSB = 32'h00000000;
  localparam [31:0] IP_STI_WIDTH = 32'h00000001;
  localparam [31:0] IP_RTI_LSB = 32'h00000001;
  localparam [31:0] IP_RTI_WIDTH = 32'h00000001;
  localparam [31:0] IP_ERR_LSB = 32'h00000002;
  localparam [31:0] IP_ERR_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_OFFSET = 32'h0000002C;
  localparam [31:0] CTRL_RESET = 32'h00000000;
  localparam [31:0] CTRL_RST_TX_LSB = 32'h00000000;
  localparam [31:0] CTRL_RST_TX_WIDTH = 32'h00000001;
  localparam [31:0] CTRL_RST_RX_LSB = 32'h00000001;
  localparam [31:0] CTRL_RST_RX_WIDTH = 32'h00000001;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
