// SPDX-License-Identifier: Apache-2.0
// The ERT subsystem as the shell uses it: its clock stops while it is idle. GATED = 0 leaves the clock running.
`default_nettype none
`timescale 1ns / 1ps

module ert_gated #(
    parameter integer GATED = 1,
    parameter integer COLLISION = 0
) (
    input  wire         clk,
    input  wire         rst,

    input  wire [11:0]  s_axil_csr_host_awaddr,
    input  wire         s_axil_csr_host_awvalid,
    output wire         s_axil_csr_host_awready,
    input  wire [31:0]  s_axil_csr_host_wdata,
    input  wire [3:0]   s_axil_csr_host_wstrb,
    input  wire         s_axil_csr_host_wvalid,
    output wire         s_axil_csr_host_wready,
    output wire [1:0]   s_axil_csr_host_bresp,
    output wire         s_axil_csr_host_bvalid,
    input  wire         s_axil_csr_host_bready,
    input  wire [11:0]  s_axil_csr_host_araddr,
    input  wire         s_axil_csr_host_arvalid,
    output wire         s_axil_csr_host_arready,
    output wire [31:0]  s_axil_csr_host_rdata,
    output wire [1:0]   s_axil_csr_host_rresp,
    output wire         s_axil_csr_host_rvalid,
    input  wire         s_axil_csr_host_rready,

    input  wire [11:0]  s_axil_csr_mb_awaddr,
    input  wire         s_axil_csr_mb_awvalid,
    output wire         s_axil_csr_mb_awready,
    input  wire [31:0]  s_axil_csr_mb_wdata,
    input  wire [3:0]   s_axil_csr_mb_wstrb,
    input  wire         s_axil_csr_mb_wvalid,
    output wire         s_axil_csr_mb_wready,
    output wire [1:0]   s_axil_csr_mb_bresp,
    output wire         s_axil_csr_mb_bvalid,
    input  wire         s_axil_csr_mb_bready,
    input  wire [11:0]  s_axil_csr_mb_araddr,
    input  wire         s_axil_csr_mb_arvalid,
    output wire         s_axil_csr_mb_arready,
    output wire [31:0]  s_axil_csr_mb_rdata,
    output wire [1:0]   s_axil_csr_mb_rresp,
    output wire         s_axil_csr_mb_rvalid,
    input  wire         s_axil_csr_mb_rready,

    input  wire [15:0]  s_axil_cq_host_awaddr,
    input  wire         s_axil_cq_host_awvalid,
    output wire         s_axil_cq_host_awready,
    input  wire [31:0]  s_axil_cq_host_wdata,
    input  wire [3:0]   s_axil_cq_host_wstrb,
    input  wire         s_axil_cq_host_wvalid,
    output wire         s_axil_cq_host_wready,
    output wire [1:0]   s_axil_cq_host_bresp,
    output wire         s_axil_cq_host_bvalid,
    input  wire         s_axil_cq_host_bready,
    input  wire [15:0]  s_axil_cq_host_araddr,
    input  wire         s_axil_cq_host_arvalid,
    output wire         s_axil_cq_host_arready,
    output wire [31:0]  s_axil_cq_host_rdata,
    output wire [1:0]   s_axil_cq_host_rresp,
    output wire         s_axil_cq_host_rvalid,
    input  wire         s_axil_cq_host_rready,

    input  wire [15:0]  s_axil_cq_mb_awaddr,
    input  wire         s_axil_cq_mb_awvalid,
    output wire         s_axil_cq_mb_awready,
    input  wire [31:0]  s_axil_cq_mb_wdata,
    input  wire [3:0]   s_axil_cq_mb_wstrb,
    input  wire         s_axil_cq_mb_wvalid,
    output wire         s_axil_cq_mb_wready,
    output wire [1:0]   s_axil_cq_mb_bresp,
    output wire         s_axil_cq_mb_bvalid,
    input  wire         s_axil_cq_mb_bready,
    input  wire [15:0]  s_axil_cq_mb_araddr,
    input  wire         s_axil_cq_mb_arvalid,
    output wire         s_axil_cq_mb_arready,
    output wire [31:0]  s_axil_cq_mb_rdata,
    output wire [1:0]   s_axil_cq_mb_rresp,
    output wire         s_axil_cq_mb_rvalid,
    input  wire         s_axil_cq_mb_rready,

    input  wire [11:0]  s_axil_intc_awaddr,
    input  wire         s_axil_intc_awvalid,
    output wire         s_axil_intc_awready,
    input  wire [31:0]  s_axil_intc_wdata,
    input  wire [3:0]   s_axil_intc_wstrb,
    input  wire         s_axil_intc_wvalid,
    output wire         s_axil_intc_wready,
    output wire [1:0]   s_axil_intc_bresp,
    output wire         s_axil_intc_bvalid,
    input  wire         s_axil_intc_bready,
    input  wire [11:0]  s_axil_intc_araddr,
    input  wire         s_axil_intc_arvalid,
    output wire         s_axil_intc_arready,
    output wire [31:0]  s_axil_intc_rdata,
    output wire [1:0]   s_axil_intc_rresp,
    output wire         s_axil_intc_rvalid,
    input  wire         s_axil_intc_rready,

    input  wire [13:0]  s_axil_cu_intc_awaddr,
    input  wire         s_axil_cu_intc_awvalid,
    output wire         s_axil_cu_intc_awready,
    input  wire [31:0]  s_axil_cu_intc_wdata,
    input  wire [3:0]   s_axil_cu_intc_wstrb,
    input  wire         s_axil_cu_intc_wvalid,
    output wire         s_axil_cu_intc_wready,
    output wire [1:0]   s_axil_cu_intc_bresp,
    output wire         s_axil_cu_intc_bvalid,
    input  wire         s_axil_cu_intc_bready,
    input  wire [13:0]  s_axil_cu_intc_araddr,
    input  wire         s_axil_cu_intc_arvalid,
    output wire         s_axil_cu_intc_arready,
    output wire [31:0]  s_axil_cu_intc_rdata,
    output wire [1:0]   s_axil_cu_intc_rresp,
    output wire         s_axil_cu_intc_rvalid,
    input  wire         s_axil_cu_intc_rready,

    output wire [31:0]  m_axil_awaddr,
    output wire         m_axil_awvalid,
    input  wire         m_axil_awready,
    output wire [31:0]  m_axil_wdata,
    output wire [3:0]   m_axil_wstrb,
    output wire         m_axil_wvalid,
    input  wire         m_axil_wready,
    input  wire [1:0]   m_axil_bresp,
    input  wire         m_axil_bvalid,
    output wire         m_axil_bready,
    output wire [31:0]  m_axil_araddr,
    output wire         m_axil_arvalid,
    input  wire         m_axil_arready,
    input  wire [31:0]  m_axil_rdata,
    input  wire [1:0]   m_axil_rresp,
    input  wire         m_axil_rvalid,
    output wire         m_axil_rready,

    input  wire [127:0] cu_irq,
    input  wire         cdma_irq,
    output wire [3:0]   host_irq,
    output wire [3:0]   cu_intc_irq,
    output wire         mb_irq,
    output wire [127:0] host_touched,
    input  wire [127:0] touch_ack,

    output wire         active
);

  wire gclk;
  wire request = s_axil_csr_host_awvalid || s_axil_csr_host_wvalid || s_axil_csr_host_arvalid
      || s_axil_csr_mb_awvalid || s_axil_csr_mb_wvalid || s_axil_csr_mb_arvalid
      || s_axil_cq_host_awvalid || s_axil_cq_host_wvalid || s_axil_cq_host_arvalid
      || s_axil_cq_mb_awvalid || s_axil_cq_mb_wvalid || s_axil_cq_mb_arvalid
      || s_axil_intc_awvalid || s_axil_intc_wvalid || s_axil_intc_arvalid
      || s_axil_cu_intc_awvalid || s_axil_cu_intc_wvalid || s_axil_cu_intc_arvalid;

  clk_gate gate (
      .clk(clk),
      .en(GATED == 0 || rst || request || active),
      .gclk(gclk)
  );

  ert #(
      .NUM_CU(128),
      .CQ_COLLISION(COLLISION)
  ) dut (
      .clk(gclk),
      .*
  );

endmodule

`default_nettype wire
