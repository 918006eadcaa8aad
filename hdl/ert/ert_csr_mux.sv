// SPDX-License-Identifier: Apache-2.0
// Read multiplexer of ert_csr: the word at a byte offset, for one of its two ports.
`default_nettype none
`timescale 1ns / 1ps

module ert_csr_mux (
    input  wire [31:0]  off,
    input  wire [127:0] status,
    input  wire [127:0] cu_status,
    input  wire [127:0] cq_status,
    input  wire         cu_dma_enable,
    input  wire         cu_isr_enable,
    input  wire         cq_status_enable,
    input  wire         host_interrupt_enable,
    input  wire [31:0]  cq_slot_size,
    input  wire [31:0]  cu_offset,
    input  wire [31:0]  cq_num_slots,
    input  wire [31:0]  cu_base,
    input  wire [31:0]  cq_base,
    input  wire [31:0]  num_cus,
    input  wire         cudma_idle,
    input  wire         cuisr_idle,
    input  wire [31:0]  lut_word,
    output reg  [31:0]  data
);

  // Scheduler and host compare with the idle value only.
  localparam [31:0] BUSY = 32'd2;

  always_comb begin
    case (off)
      ert_csr_regs_pkg::STATUS0_OFFSET: data = status[31:0];
      ert_csr_regs_pkg::STATUS1_OFFSET: data = status[63:32];
      ert_csr_regs_pkg::STATUS2_OFFSET: data = status[95:64];
      ert_csr_regs_pkg::STATUS3_OFFSET: data = status[127:96];
      ert_csr_regs_pkg::CU_DMA_ENABLE_OFFSET: data = {31'd0, cu_dma_enable};
      ert_csr_regs_pkg::CQ_SLOT_SIZE_OFFSET: data = cq_slot_size;
      ert_csr_regs_pkg::CU_OFFSET_OFFSET: data = cu_offset;
      ert_csr_regs_pkg::CQ_NUM_SLOTS_OFFSET: data = cq_num_slots;
      ert_csr_regs_pkg::CU_BASE_OFFSET: data = cu_base;
      ert_csr_regs_pkg::CQ_BASE_OFFSET: data = cq_base;
      ert_csr_regs_pkg::CU_ISR_ENABLE_OFFSET: data = {31'd0, cu_isr_enable};
      ert_csr_regs_pkg::CU_STATUS0_OFFSET: data = cu_status[31:0];
      ert_csr_regs_pkg::CU_STATUS1_OFFSET: data = cu_status[63:32];
      ert_csr_regs_pkg::CU_STATUS2_OFFSET: data = cu_status[95:64];
      ert_csr_regs_pkg::CU_STATUS3_OFFSET: data = cu_status[127:96];
      ert_csr_regs_pkg::CQ_STATUS_ENABLE_OFFSET: data = {31'd0, cq_status_enable};
      ert_csr_regs_pkg::CQ_STATUS0_OFFSET: data = cq_status[31:0];
      ert_csr_regs_pkg::CQ_STATUS1_OFFSET: data = cq_status[63:32];
      ert_csr_regs_pkg::CQ_STATUS2_OFFSET: data = cq_status[95:64];
      ert_csr_regs_pkg::CQ_STATUS3_OFFSET: data = cq_status[127:96];
      ert_csr_regs_pkg::NUM_CUS_OFFSET: data = num_cus;
      ert_csr_regs_pkg::HOST_INTERRUPT_ENABLE_OFFSET: data = {31'd0, host_interrupt_enable};
      ert_csr_regs_pkg::CUDMA_STATE_OFFSET: data = cudma_idle ? ert_csr_regs_pkg::CUDMA_STATE_RESET : BUSY;
      ert_csr_regs_pkg::CUISR_STATE_OFFSET: data = cuisr_idle ? ert_csr_regs_pkg::CUISR_STATE_RESET : BUSY;
      default: data = off >= ert_csr_regs_pkg::CUISR_LUT_OFFSET && off < ert_csr_regs_pkg::CUISR_LUT_OFFSET + 32'h200 ? lut_word : 32'd0;
    endcase
  end

endmodule

`default_nettype wire
