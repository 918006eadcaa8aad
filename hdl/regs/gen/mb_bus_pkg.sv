// SPDX-License-Identifier: Apache-2.0
// Generated from hdl/regs/mb_bus.rdl by tools/regs.py; edit the source.
`default_nettype none
`timescale 1ns / 1ps

/* verilator lint_off UNUSEDPARAM */ // a user takes the constants it needs
package mb_bus_pkg;
  localparam [31:0] SCHED_IMAGE_BASE = 32'h00000000;
  localparam [31:0] SCHED_IMAGE_SIZE = 32'h00020000;
  localparam [31:0] SCHED_IMAGE_MASK = 32'hFFFE0000;
  localparam [31:0] ERT_CSR_BASE = 32'h00180000;
  localparam [31:0] ERT_CSR_SIZE = 32'h00001000;
  localparam [31:0] ERT_CSR_MASK = 32'hFFFFF000;
  localparam [31:0] ERT_CQ_BASE = 32'h00190000;
  localparam [31:0] ERT_CQ_SIZE = 32'h00010000;
  localparam [31:0] ERT_CQ_MASK = 32'hFFFF0000;
  localparam [31:0] CU_INTC_BASE = 32'h001A0000;
  localparam [31:0] CU_INTC_SIZE = 32'h00001000;
  localparam [31:0] CU_INTC_STRIDE = 32'h00001000;
  localparam [31:0] CU_INTC_COUNT = 32'h00000004;
  localparam [31:0] CU_INTC_MASK = 32'hFFFFF000;
  localparam [31:0] ERT_CFG_GPIO_BASE = 32'h001A8000;
  localparam [31:0] ERT_CFG_GPIO_SIZE = 32'h00001000;
  localparam [31:0] ERT_CFG_GPIO_MASK = 32'hFFFFF000;
  localparam [31:0] KDMA_BASE = 32'h001B0000;
  localparam [31:0] KDMA_SIZE = 32'h00010000;
  localparam [31:0] KDMA_MASK = 32'hFFFF0000;
  localparam [31:0] CU_BASE = 32'h01800000;
  localparam [31:0] CU_SIZE = 32'h00010000;
  localparam [31:0] CU_STRIDE = 32'h00010000;
  localparam [31:0] CU_COUNT = 32'h00000080;
  localparam [31:0] CU_MASK = 32'hFFFF0000;
  localparam [31:0] INTC_BASE = 32'h41200000;
  localparam [31:0] INTC_SIZE = 32'h00001000;
  localparam [31:0] INTC_MASK = 32'hFFFFF000;
endpackage
/* verilator lint_on UNUSEDPARAM */

`default_nettype wire
