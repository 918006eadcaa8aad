// SPDX-License-Identifier: Apache-2.0
// Embedded runtime subsystem: command queue, control and status registers, interrupt controller.
//
// Host and scheduler have a port each on the queue and on the registers. A block's `active` says that it needs
// clock edges although none of its AXI channels is requesting; see the blocks for the other signals.
`default_nettype none
`timescale 1ns / 1ps

module ert #(
    parameter integer CSR_ADDR_W = 12,
    parameter integer CQ_ADDR_W = 16,
    parameter integer INTC_ADDR_W = 12,
    parameter integer NUM_CU = 4
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

    input  wire [NUM_CU-1:0]         cu_irq,
    output wire [3:0]                host_irq,
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
  wire headers_aligned;

  assign active = csr_active || cq_active || intc_active;

  ert_csr #(
      .ADDR_W(CSR_ADDR_W),
      .NUM_CU(NUM_CU)
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
      .cu_irq(cu_irq),
      .host_irq(host_irq),
      .mb_irq_cq(mb_irq_cq),
      .mb_irq_cu(mb_irq_cu),
      .headers_aligned(headers_aligned),
      .active(csr_active)
  );

  ert_cq #(
      .ADDR_W(CQ_ADDR_W),
      .BLOCK_W(9)
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
      .headers_aligned(headers_aligned),
      .host_touched(host_touched),
      .touch_ack(touch_ack),
      .active(cq_active)
  );

  // Input 2 belongs to the copy compute unit (CDMA), which this card does not have.
  mb_intc #(
      .ADDR_W(INTC_ADDR_W),
      .NUM_INPUT(3)
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
      .intr({1'b0, mb_irq_cu, mb_irq_cq}),
      .irq(mb_irq),
      .active(intc_active)
  );

endmodule

`default_nettype wire
