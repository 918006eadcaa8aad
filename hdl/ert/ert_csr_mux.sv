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
    input  wire [31:0]  lut_word,
    output reg  [31:0]  data
);

  import ert_csr_regs_pkg::*;

  always_comb begin
    case (off)
      STATUS0_OFFSET: data = status[31:0];
      STATUS1_OFFSET: data = status[63:32];
      STATUS2_OFFSET: data = status[95:64];
      STATUS3_OFFSET: data = status[127:96];
      CU_DMA_ENABLE_OFFSET: data = {31'd0, cu_dma_enable};
      CQ_SLOT_SIZE_OFFSET: data = cq_slot_size;
      CU_OFFSET_OFFSET: data = cu_offset;
      CQ_NUM_SLOTS_OFFSET: data = cq_num_slots;
      CU_BASE_OFFSET: data = cu_base;
      CQ_BASE_OFFSET: data = cq_base;
      CU_ISR_ENABLE_OFFSET: data = {31'd0, cu_isr_enable};
      CU_STATUS0_OFFSET: data = cu_status[31:0];
      CU_STATUS1_OFFSET: data = cu_status[63:32];
      CU_STATUS2_OFFSET: data = cu_status[95:64];
      CU_STATUS3_OFFSET: data = cu_status[127:96];
      CQ_STATUS_ENABLE_OFFSET: data = {31'd0, cq_status_enable};
      CQ_STATUS0_OFFSET: data = cq_status[31:0];
      CQ_STATUS1_OFFSET: data = cq_status[63:32];
      CQ_STATUS2_OFFSET: data = cq_status[95:64];
      CQ_STATUS3_OFFSET: data = cq_status[127:96];
      NUM_CUS_OFFSET: data = num_cus;
      HOST_INTERRUPT_ENABLE_OFFSET: data = {31'd0, host_interrupt_enable};
      CUDMA_STATE_OFFSET: data = CUDMA_STATE_RESET;
      CUISR_STATE_OFFSET: data = CUISR_STATE_RESET;
      default: data = off >= CUISR_LUT_OFFSET && off < CUISR_LUT_OFFSET + 32'h200 ? lut_word : 32'd0;
    endcase
  end

endmodule

`default_nettype wire
