// SPDX-License-Identifier: Apache-2.0
// Embedded runtime subsystem: command queue, control and status registers, interrupt controllers, and the two
// engines that act on compute units for the scheduler (CUDMA, CUISR) through one bus master port.
//
// Host and scheduler have a port each on the queue and on the registers. A block's `active` says that it needs
// clock edges although none of its AXI channels is requesting; see the blocks for the other signals.
`default_nettype none
`timescale 1ns / 1ps

module ert #(
    parameter integer CSR_ADDR_W = 12,
    parameter integer CQ_ADDR_W = 16,
    parameter integer INTC_ADDR_W = 12,
    parameter integer CU_INTC_ADDR_W = 14,
    parameter integer NUM_CU = 4,
    parameter integer CQ_COLLISION = 0
) (
    input  wire                      clk,
    input  wire                      rst,

    input  wire [CSR_ADDR_W-1:0]     s_axil_csr_host_awaddr,
    input  wire                      s_axil_csr_host_awvalid,
    output wire                      s_axil_csr_host_awready,
    input  wire [31:0]               s_axil_csr_host_wdata,
    input  wire [3:0]                s_axil_csr_host_wstrb,
    input  wire                      s_axil_csr_host_wvalid,
    output wire                      s_axil_csr_host_wready,
    output wire [1:0]                s_axil_csr_host_bresp,
    output wire                      s_axil_csr_host_bvalid,
    input  wire                      s_axil_csr_host_bready,
    input  wire [CSR_ADDR_W-1:0]     s_axil_csr_host_araddr,
    input  wire                      s_axil_csr_host_arvalid,
    output wire                      s_axil_csr_host_arready,
    output wire [31:0]               s_axil_csr_host_rdata,
    output wire [1:0]                s_axil_csr_host_rresp,
    output wire                      s_axil_csr_host_rvalid,
    input  wire                      s_axil_csr_host_rready,

    input  wire [CSR_ADDR_W-1:0]     s_axil_csr_mb_awaddr,
    input  wire                      s_axil_csr_mb_awvalid,
    output wire                      s_axil_csr_mb_awready,
    input  wire [31:0]               s_axil_csr_mb_wdata,
    input  wire [3:0]                s_axil_csr_mb_wstrb,
    input  wire                      s_axil_csr_mb_wvalid,
    output wire                      s_axil_csr_mb_wready,
    output wire [1:0]                s_axil_csr_mb_bresp,
    output wire                      s_axil_csr_mb_bvalid,
    input  wire                      s_axil_csr_mb_bready,
    input  wire [CSR_ADDR_W-1:0]     s_axil_csr_mb_araddr,
    input  wire                      s_axil_csr_mb_arvalid,
    output wire                      s_axil_csr_mb_arready,
    output wire [31:0]               s_axil_csr_mb_rdata,
    output wire [1:0]                s_axil_csr_mb_rresp,
    output wire                      s_axil_csr_mb_rvalid,
    input  wire                      s_axil_csr_mb_rready,

    input  wire [CQ_ADDR_W-1:0]      s_axil_cq_host_awaddr,
    input  wire                      s_axil_cq_host_awvalid,
    output wire                      s_axil_cq_host_awready,
    input  wire [31:0]               s_axil_cq_host_wdata,
    input  wire [3:0]                s_axil_cq_host_wstrb,
    input  wire                      s_axil_cq_host_wvalid,
    output wire                      s_axil_cq_host_wready,
    output wire [1:0]                s_axil_cq_host_bresp,
    output wire                      s_axil_cq_host_bvalid,
    input  wire                      s_axil_cq_host_bready,
    input  wire [CQ_ADDR_W-1:0]      s_axil_cq_host_araddr,
    input  wire                      s_axil_cq_host_arvalid,
    output wire                      s_axil_cq_host_arready,
    output wire [31:0]               s_axil_cq_host_rdata,
    output wire [1:0]                s_axil_cq_host_rresp,
    output wire                      s_axil_cq_host_rvalid,
    input  wire                      s_axil_cq_host_rready,

    input  wire [CQ_ADDR_W-1:0]      s_axil_cq_mb_awaddr,
    input  wire                      s_axil_cq_mb_awvalid,
    output wire                      s_axil_cq_mb_awready,
    input  wire [31:0]               s_axil_cq_mb_wdata,
    input  wire [3:0]                s_axil_cq_mb_wstrb,
    input  wire                      s_axil_cq_mb_wvalid,
    output wire                      s_axil_cq_mb_wready,
    output wire [1:0]                s_axil_cq_mb_bresp,
    output wire                      s_axil_cq_mb_bvalid,
    input  wire                      s_axil_cq_mb_bready,
    input  wire [CQ_ADDR_W-1:0]      s_axil_cq_mb_araddr,
    input  wire                      s_axil_cq_mb_arvalid,
    output wire                      s_axil_cq_mb_arready,
    output wire [31:0]               s_axil_cq_mb_rdata,
    output wire [1:0]                s_axil_cq_mb_rresp,
    output wire                      s_axil_cq_mb_rvalid,
    input  wire                      s_axil_cq_mb_rready,

    input  wire [INTC_ADDR_W-1:0]    s_axil_intc_awaddr,
    input  wire                      s_axil_intc_awvalid,
    output wire                      s_axil_intc_awready,
    input  wire [31:0]               s_axil_intc_wdata,
    input  wire [3:0]                s_axil_intc_wstrb,
    input  wire                      s_axil_intc_wvalid,
    output wire                      s_axil_intc_wready,
    output wire [1:0]                s_axil_intc_bresp,
    output wire                      s_axil_intc_bvalid,
    input  wire                      s_axil_intc_bready,
    input  wire [INTC_ADDR_W-1:0]    s_axil_intc_araddr,
    input  wire                      s_axil_intc_arvalid,
    output wire                      s_axil_intc_arready,
    output wire [31:0]               s_axil_intc_rdata,
    output wire [1:0]                s_axil_intc_rresp,
    output wire                      s_axil_intc_rvalid,
    input  wire                      s_axil_intc_rready,

    input  wire [CU_INTC_ADDR_W-1:0]    s_axil_cu_intc_awaddr,
    input  wire                      s_axil_cu_intc_awvalid,
    output wire                      s_axil_cu_intc_awready,
    input  wire [31:0]               s_axil_cu_intc_wdata,
    input  wire [3:0]                s_axil_cu_intc_wstrb,
    input  wire                      s_axil_cu_intc_wvalid,
    output wire                      s_axil_cu_intc_wready,
    output wire [1:0]                s_axil_cu_intc_bresp,
    output wire                      s_axil_cu_intc_bvalid,
    input  wire                      s_axil_cu_intc_bready,
    input  wire [CU_INTC_ADDR_W-1:0]    s_axil_cu_intc_araddr,
    input  wire                      s_axil_cu_intc_arvalid,
    output wire                      s_axil_cu_intc_arready,
    output wire [31:0]               s_axil_cu_intc_rdata,
    output wire [1:0]                s_axil_cu_intc_rresp,
    output wire                      s_axil_cu_intc_rvalid,
    input  wire                      s_axil_cu_intc_rready,

    // To the compute units.
    output wire [31:0]               m_axil_awaddr,
    output wire                      m_axil_awvalid,
    input  wire                      m_axil_awready,
    output wire [31:0]               m_axil_wdata,
    output wire [3:0]                m_axil_wstrb,
    output wire                      m_axil_wvalid,
    input  wire                      m_axil_wready,
    input  wire [1:0]                m_axil_bresp,
    input  wire                      m_axil_bvalid,
    output wire                      m_axil_bready,
    output wire [31:0]               m_axil_araddr,
    output wire                      m_axil_arvalid,
    input  wire                      m_axil_arready,
    input  wire [31:0]               m_axil_rdata,
    input  wire [1:0]                m_axil_rresp,
    input  wire                      m_axil_rvalid,
    output wire                      m_axil_rready,

    input  wire [NUM_CU-1:0]         cu_irq,
    input  wire                      cdma_irq,
    output wire [3:0]                host_irq,
    output wire [3:0]                cu_intc_irq,
    output wire                      mb_irq,
    output wire [(1<<(CQ_ADDR_W-9))-1:0] host_touched,
    input  wire [(1<<(CQ_ADDR_W-9))-1:0] touch_ack,

    output wire                      active
);

  wire mb_irq_cq;
  wire mb_irq_cu;
  wire csr_active;
  wire cq_active;
  wire intc_active;
  wire cu_intc_active;
  wire cuisr_active;
  wire headers_aligned;

  wire        cu_dma_enable;
  wire        cu_dma_start;
  wire [1:0]  cu_dma_word;
  wire [31:0] cu_dma_bits;
  wire        cudma_idle;
  wire        cu_isr_enable;
  wire [6:0]  lut_index;
  wire [31:0] lut_data;
  wire        cu_report;
  wire [6:0]  cu_report_unit;
  wire        cuisr_idle;
  wire        by_address;
  wire [31:0] cq_slot_size;
  wire [31:0] cu_base;
  wire [31:0] cu_offset;
  wire [31:0] num_cus;

  wire                   dma_req;
  wire [CQ_ADDR_W-3:0]   dma_addr;
  wire                   dma_grant;
  wire [31:0]            dma_data;

  wire [31:0] dma_awaddr;
  wire        dma_awvalid;
  wire        dma_awready;
  wire [31:0] dma_wdata;
  wire        dma_wvalid;
  wire        dma_wready;
  wire        dma_bvalid;
  wire        dma_bready;
  wire [31:0] isr_awaddr;
  wire        isr_awvalid;
  wire        isr_awready;
  wire [31:0] isr_wdata;
  wire        isr_wvalid;
  wire        isr_wready;
  wire        isr_bvalid;
  wire        isr_bready;

  assign active = csr_active || cq_active || intc_active || cu_intc_active || cuisr_active || !cudma_idle;
  assign m_axil_wstrb = 4'hF;

  ert_csr #(
      .ADDR_W(CSR_ADDR_W)
  ) csr (
      .clk(clk),
      .rst(rst),
      .s_axil_host_awaddr(s_axil_csr_host_awaddr),
      .s_axil_host_awvalid(s_axil_csr_host_awvalid),
      .s_axil_host_awready(s_axil_csr_host_awready),
      .s_axil_host_wdata(s_axil_csr_host_wdata),
      .s_axil_host_wstrb(s_axil_csr_host_wstrb),
      .s_axil_host_wvalid(s_axil_csr_host_wvalid),
      .s_axil_host_wready(s_axil_csr_host_wready),
      .s_axil_host_bresp(s_axil_csr_host_bresp),
      .s_axil_host_bvalid(s_axil_csr_host_bvalid),
      .s_axil_host_bready(s_axil_csr_host_bready),
      .s_axil_host_araddr(s_axil_csr_host_araddr),
      .s_axil_host_arvalid(s_axil_csr_host_arvalid),
      .s_axil_host_arready(s_axil_csr_host_arready),
      .s_axil_host_rdata(s_axil_csr_host_rdata),
      .s_axil_host_rresp(s_axil_csr_host_rresp),
      .s_axil_host_rvalid(s_axil_csr_host_rvalid),
      .s_axil_host_rready(s_axil_csr_host_rready),
      .s_axil_mb_awaddr(s_axil_csr_mb_awaddr),
      .s_axil_mb_awvalid(s_axil_csr_mb_awvalid),
      .s_axil_mb_awready(s_axil_csr_mb_awready),
      .s_axil_mb_wdata(s_axil_csr_mb_wdata),
      .s_axil_mb_wstrb(s_axil_csr_mb_wstrb),
      .s_axil_mb_wvalid(s_axil_csr_mb_wvalid),
      .s_axil_mb_wready(s_axil_csr_mb_wready),
      .s_axil_mb_bresp(s_axil_csr_mb_bresp),
      .s_axil_mb_bvalid(s_axil_csr_mb_bvalid),
      .s_axil_mb_bready(s_axil_csr_mb_bready),
      .s_axil_mb_araddr(s_axil_csr_mb_araddr),
      .s_axil_mb_arvalid(s_axil_csr_mb_arvalid),
      .s_axil_mb_arready(s_axil_csr_mb_arready),
      .s_axil_mb_rdata(s_axil_csr_mb_rdata),
      .s_axil_mb_rresp(s_axil_csr_mb_rresp),
      .s_axil_mb_rvalid(s_axil_csr_mb_rvalid),
      .s_axil_mb_rready(s_axil_csr_mb_rready),
      .cu_dma_enable(cu_dma_enable),
      .cu_dma_start(cu_dma_start),
      .cu_dma_word(cu_dma_word),
      .cu_dma_bits(cu_dma_bits),
      .cudma_idle(cudma_idle),
      .cu_isr_enable(cu_isr_enable),
      .lut_index(lut_index),
      .lut_data(lut_data),
      .cu_report(cu_report),
      .cu_report_unit(cu_report_unit),
      .cuisr_idle(cuisr_idle),
      .by_address(by_address),
      .cq_slot_size(cq_slot_size),
      .cu_base(cu_base),
      .cu_offset(cu_offset),
      .num_cus(num_cus),
      .host_irq(host_irq),
      .mb_irq_cq(mb_irq_cq),
      .mb_irq_cu(mb_irq_cu),
      .headers_aligned(headers_aligned),
      .active(csr_active)
  );

  ert_cq #(
      .ADDR_W(CQ_ADDR_W),
      .BLOCK_W(9),
      .COLLISION(CQ_COLLISION)
  ) cq (
      .clk(clk),
      .rst(rst),
      .s_axil_host_awaddr(s_axil_cq_host_awaddr),
      .s_axil_host_awvalid(s_axil_cq_host_awvalid),
      .s_axil_host_awready(s_axil_cq_host_awready),
      .s_axil_host_wdata(s_axil_cq_host_wdata),
      .s_axil_host_wstrb(s_axil_cq_host_wstrb),
      .s_axil_host_wvalid(s_axil_cq_host_wvalid),
      .s_axil_host_wready(s_axil_cq_host_wready),
      .s_axil_host_bresp(s_axil_cq_host_bresp),
      .s_axil_host_bvalid(s_axil_cq_host_bvalid),
      .s_axil_host_bready(s_axil_cq_host_bready),
      .s_axil_host_araddr(s_axil_cq_host_araddr),
      .s_axil_host_arvalid(s_axil_cq_host_arvalid),
      .s_axil_host_arready(s_axil_cq_host_arready),
      .s_axil_host_rdata(s_axil_cq_host_rdata),
      .s_axil_host_rresp(s_axil_cq_host_rresp),
      .s_axil_host_rvalid(s_axil_cq_host_rvalid),
      .s_axil_host_rready(s_axil_cq_host_rready),
      .s_axil_mb_awaddr(s_axil_cq_mb_awaddr),
      .s_axil_mb_awvalid(s_axil_cq_mb_awvalid),
      .s_axil_mb_awready(s_axil_cq_mb_awready),
      .s_axil_mb_wdata(s_axil_cq_mb_wdata),
      .s_axil_mb_wstrb(s_axil_cq_mb_wstrb),
      .s_axil_mb_wvalid(s_axil_cq_mb_wvalid),
      .s_axil_mb_wready(s_axil_cq_mb_wready),
      .s_axil_mb_bresp(s_axil_cq_mb_bresp),
      .s_axil_mb_bvalid(s_axil_cq_mb_bvalid),
      .s_axil_mb_bready(s_axil_cq_mb_bready),
      .s_axil_mb_araddr(s_axil_cq_mb_araddr),
      .s_axil_mb_arvalid(s_axil_cq_mb_arvalid),
      .s_axil_mb_arready(s_axil_cq_mb_arready),
      .s_axil_mb_rdata(s_axil_cq_mb_rdata),
      .s_axil_mb_rresp(s_axil_cq_mb_rresp),
      .s_axil_mb_rvalid(s_axil_cq_mb_rvalid),
      .s_axil_mb_rready(s_axil_cq_mb_rready),
      .dma_req(dma_req),
      .dma_addr(dma_addr),
      .dma_grant(dma_grant),
      .dma_data(dma_data),
      .headers_aligned(headers_aligned),
      .host_touched(host_touched),
      .touch_ack(touch_ack),
      .active(cq_active)
  );

  ert_cudma #(
      .CQ_ADDR_W(CQ_ADDR_W)
  ) cudma (
      .clk(clk),
      .rst(rst),
      .enable(cu_dma_enable),
      .start_en(cu_dma_start),
      .start_word(cu_dma_word),
      .start_bits(cu_dma_bits),
      .slot_words(cq_slot_size),
      .by_address(by_address),
      .cu_base(cu_base),
      .cu_offset(cu_offset),
      .num_cus(num_cus),
      .mem_req(dma_req),
      .mem_addr(dma_addr),
      .mem_grant(dma_grant),
      .mem_data(dma_data),
      .m_axil_awaddr(dma_awaddr),
      .m_axil_awvalid(dma_awvalid),
      .m_axil_awready(dma_awready),
      .m_axil_wdata(dma_wdata),
      .m_axil_wvalid(dma_wvalid),
      .m_axil_wready(dma_wready),
      .m_axil_bresp(m_axil_bresp),
      .m_axil_bvalid(dma_bvalid),
      .m_axil_bready(dma_bready),
      .idle(cudma_idle)
  );

  ert_cuisr #(
      .NUM_CU(NUM_CU)
  ) cuisr (
      .clk(clk),
      .rst(rst),
      .enable(cu_isr_enable),
      .cu_irq(cu_irq),
      .by_address(by_address),
      .cu_base(cu_base),
      .cu_offset(cu_offset),
      .lut_data(lut_data),
      .lut_index(lut_index),
      .m_axil_awaddr(isr_awaddr),
      .m_axil_awvalid(isr_awvalid),
      .m_axil_awready(isr_awready),
      .m_axil_wdata(isr_wdata),
      .m_axil_wvalid(isr_wvalid),
      .m_axil_wready(isr_wready),
      .m_axil_bresp(m_axil_bresp),
      .m_axil_bvalid(isr_bvalid),
      .m_axil_bready(isr_bready),
      .m_axil_araddr(m_axil_araddr),
      .m_axil_arvalid(m_axil_arvalid),
      .m_axil_arready(m_axil_arready),
      .m_axil_rdata(m_axil_rdata),
      .m_axil_rresp(m_axil_rresp),
      .m_axil_rvalid(m_axil_rvalid),
      .m_axil_rready(m_axil_rready),
      .report(cu_report),
      .report_unit(cu_report_unit),
      .idle(cuisr_idle),
      .active(cuisr_active)
  );

  ert_engine_bus engine_bus (
      .clk(clk),
      .rst(rst),
      .s0_awaddr(dma_awaddr),
      .s0_awvalid(dma_awvalid),
      .s0_awready(dma_awready),
      .s0_wdata(dma_wdata),
      .s0_wvalid(dma_wvalid),
      .s0_wready(dma_wready),
      .s0_bvalid(dma_bvalid),
      .s0_bready(dma_bready),
      .s1_awaddr(isr_awaddr),
      .s1_awvalid(isr_awvalid),
      .s1_awready(isr_awready),
      .s1_wdata(isr_wdata),
      .s1_wvalid(isr_wvalid),
      .s1_wready(isr_wready),
      .s1_bvalid(isr_bvalid),
      .s1_bready(isr_bready),
      .m_axil_awaddr(m_axil_awaddr),
      .m_axil_awvalid(m_axil_awvalid),
      .m_axil_awready(m_axil_awready),
      .m_axil_wdata(m_axil_wdata),
      .m_axil_wvalid(m_axil_wvalid),
      .m_axil_wready(m_axil_wready),
      .m_axil_bvalid(m_axil_bvalid),
      .m_axil_bready(m_axil_bready)
  );

  // Units beyond NUM_CU never interrupt.
  wire [127:0] cu_lines;
  generate
    if (NUM_CU == 128) begin : g_all
      assign cu_lines = cu_irq;
    end else begin : g_some
      assign cu_lines = {{128 - NUM_CU{1'b0}}, cu_irq};
    end
  endgenerate

  cu_intc #(
      .ADDR_W(CU_INTC_ADDR_W)
  ) unit_intc (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_cu_intc_awaddr),
      .s_axil_awvalid(s_axil_cu_intc_awvalid),
      .s_axil_awready(s_axil_cu_intc_awready),
      .s_axil_wdata(s_axil_cu_intc_wdata),
      .s_axil_wstrb(s_axil_cu_intc_wstrb),
      .s_axil_wvalid(s_axil_cu_intc_wvalid),
      .s_axil_wready(s_axil_cu_intc_wready),
      .s_axil_bresp(s_axil_cu_intc_bresp),
      .s_axil_bvalid(s_axil_cu_intc_bvalid),
      .s_axil_bready(s_axil_cu_intc_bready),
      .s_axil_araddr(s_axil_cu_intc_araddr),
      .s_axil_arvalid(s_axil_cu_intc_arvalid),
      .s_axil_arready(s_axil_cu_intc_arready),
      .s_axil_rdata(s_axil_cu_intc_rdata),
      .s_axil_rresp(s_axil_cu_intc_rresp),
      .s_axil_rvalid(s_axil_cu_intc_rvalid),
      .s_axil_rready(s_axil_cu_intc_rready),
      .intr(cu_lines),
      .irq(cu_intc_irq),
      .active(cu_intc_active)
  );

  // 0 doorbell, 1 CUISR, 2 copy unit (CDMA), 5 to 8 the controllers of the compute units.
  mb_intc #(
      .ADDR_W(INTC_ADDR_W),
      .NUM_INPUT(9)
  ) intc (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_intc_awaddr),
      .s_axil_awvalid(s_axil_intc_awvalid),
      .s_axil_awready(s_axil_intc_awready),
      .s_axil_wdata(s_axil_intc_wdata),
      .s_axil_wstrb(s_axil_intc_wstrb),
      .s_axil_wvalid(s_axil_intc_wvalid),
      .s_axil_wready(s_axil_intc_wready),
      .s_axil_bresp(s_axil_intc_bresp),
      .s_axil_bvalid(s_axil_intc_bvalid),
      .s_axil_bready(s_axil_intc_bready),
      .s_axil_araddr(s_axil_intc_araddr),
      .s_axil_arvalid(s_axil_intc_arvalid),
      .s_axil_arready(s_axil_intc_arready),
      .s_axil_rdata(s_axil_intc_rdata),
      .s_axil_rresp(s_axil_intc_rresp),
      .s_axil_rvalid(s_axil_intc_rvalid),
      .s_axil_rready(s_axil_intc_rready),
      .intr({cu_intc_irq, 2'b00, cdma_irq, mb_irq_cu, mb_irq_cq}),
      .irq(mb_irq),
      .active(intc_active)
  );

endmodule

`default_nettype wire
