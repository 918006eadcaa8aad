// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/mgmt_bar.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package mgmt_bar_pkg;
  localparam [31:0] HWICAP_BASE = 32'h00020000;
  localparam [31:0] HWICAP_SIZE = 32'h00001000;
  localparam [31:0] HWICAP_MASK = 32'hFFFFF000;
  localparam [31:0] AXI_GATE_BASE = 32'h00030000;
  localparam [31:0] AXI_GATE_SIZE = 32'h00001000;
  localparam [31:0] AXI_GATE_MASK = 32'hFFFFF000;
  localparam [31:0] CALIB_GPIO_BASE = 32'h00032000;
  localparam [31:0] CALIB_GPIO_SIZE = 32'h00001000;
  localparam [31:0] CALIB_GPIO_MASK = 32'hFFFFF000;
  localparam [31:0] FEATURE_ROM_BASE = 32'h000B0000;
  localparam [31:0] FEATURE_ROM_SIZE = 32'h00001000;
  localparam [31:0] FEATURE_ROM_MASK = 32'hFFFFF000;
  localparam [31:0] MB_RESET_GPIO_BASE = 32'h00131000;
  localparam [31:0] MB_RESET_GPIO_SIZE = 32'h00001000;
  localparam [31:0] MB_RESET_GPIO_MASK = 32'hFFFFF000;
  localparam [31:0] CMC_IMAGE_BASE = 32'h00140000;
  localparam [31:0] CMC_IMAGE_SIZE = 32'h00020000;
  localparam [31:0] CMC_IMAGE_MASK = 32'hFFFE0000;
  localparam [31:0] SCHED_IMAGE_BASE = 32'h00160000;
  localparam [31:0] SCHED_IMAGE_SIZE = 32'h00020000;
  localparam [31:0] SCHED_IMAGE_MASK = 32'hFFFE0000;
  localparam [31:0] ERT_CSR_BASE = 32'h00180000;
  localparam [31:0] ERT_CSR_SIZE = 32'h00001000;
  localparam [31:0] ERT_CSR_MASK = 32'hFFFFF000;
  localparam [31:0] ERT_CQ_BASE = 32'h00190000;
  localparam [31:0] ERT_CQ_SIZE = 32'h00010000;
  localparam [31:0] ERT_CQ_MASK = 32'hFFFF0000;
  localparam [31:0] MAILBOX_BASE = 32'h00210000;
  localparam [31:0] MAILBOX_SIZE = 32'h00001000;
  localparam [31:0] MAILBOX_MASK = 32'hFFFFF000;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
