// SPDX-License-Identifier: Apache-2.0
// The PCIe front with its clock stopped whenever it says that it needs none.
`default_nettype none
`timescale 1ns / 1ps

module pcie_front_gated #(
    parameter integer FIFO_DEPTH_LOG2 = 8,
    parameter integer NP_CREDITS = 32,
    parameter integer ID_W = 4
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [255:0]      s_axis_cq_tdata,
    input  wire [87:0]       s_axis_cq_tuser,
    input  wire [7:0]        s_axis_cq_tkeep,
    input  wire              s_axis_cq_tlast,
    input  wire              s_axis_cq_tvalid,
    output wire              s_axis_cq_tready,
    output wire [1:0]        pcie_cq_np_req,

    output wire [255:0]      m_axis_cc_tdata,
    output wire [32:0]       m_axis_cc_tuser,
    output wire [7:0]        m_axis_cc_tkeep,
    output wire              m_axis_cc_tlast,
    output wire              m_axis_cc_tvalid,
    input  wire              m_axis_cc_tready,

    output wire [255:0]      m_axis_rq_tdata,
    output wire [61:0]       m_axis_rq_tuser,
    output wire [7:0]        m_axis_rq_tkeep,
    output wire              m_axis_rq_tlast,
    output wire              m_axis_rq_tvalid,
    input  wire              m_axis_rq_tready,
    input  wire [255:0]      s_axis_rc_tdata,
    input  wire [74:0]       s_axis_rc_tuser,
    input  wire [7:0]        s_axis_rc_tkeep,
    input  wire              s_axis_rc_tlast,
    input  wire              s_axis_rc_tvalid,
    output wire              s_axis_rc_tready,

    input  wire [1:0]        cfg_max_payload,

    output wire [24:0]       m_axil_mgmt_awaddr,
    output wire              m_axil_mgmt_awvalid,
    input  wire              m_axil_mgmt_awready,
    output wire [31:0]       m_axil_mgmt_wdata,
    output wire [3:0]        m_axil_mgmt_wstrb,
    output wire              m_axil_mgmt_wvalid,
    input  wire              m_axil_mgmt_wready,
    input  wire [1:0]        m_axil_mgmt_bresp,
    input  wire              m_axil_mgmt_bvalid,
    output wire              m_axil_mgmt_bready,
    output wire [24:0]       m_axil_mgmt_araddr,
    output wire              m_axil_mgmt_arvalid,
    input  wire              m_axil_mgmt_arready,
    input  wire [31:0]       m_axil_mgmt_rdata,
    input  wire [1:0]        m_axil_mgmt_rresp,
    input  wire              m_axil_mgmt_rvalid,
    output wire              m_axil_mgmt_rready,

    output wire [16:0]       m_axil_mgmt_irq_awaddr,
    output wire              m_axil_mgmt_irq_awvalid,
    input  wire              m_axil_mgmt_irq_awready,
    output wire [31:0]       m_axil_mgmt_irq_wdata,
    output wire [3:0]        m_axil_mgmt_irq_wstrb,
    output wire              m_axil_mgmt_irq_wvalid,
    input  wire              m_axil_mgmt_irq_wready,
    input  wire [1:0]        m_axil_mgmt_irq_bresp,
    input  wire              m_axil_mgmt_irq_bvalid,
    output wire              m_axil_mgmt_irq_bready,
    output wire [16:0]       m_axil_mgmt_irq_araddr,
    output wire              m_axil_mgmt_irq_arvalid,
    input  wire              m_axil_mgmt_irq_arready,
    input  wire [31:0]       m_axil_mgmt_irq_rdata,
    input  wire [1:0]        m_axil_mgmt_irq_rresp,
    input  wire              m_axil_mgmt_irq_rvalid,
    output wire              m_axil_mgmt_irq_rready,

    output wire [24:0]       m_axil_user_awaddr,
    output wire              m_axil_user_awvalid,
    input  wire              m_axil_user_awready,
    output wire [31:0]       m_axil_user_wdata,
    output wire [3:0]        m_axil_user_wstrb,
    output wire              m_axil_user_wvalid,
    input  wire              m_axil_user_wready,
    input  wire [1:0]        m_axil_user_bresp,
    input  wire              m_axil_user_bvalid,
    output wire              m_axil_user_bready,
    output wire [24:0]       m_axil_user_araddr,
    output wire              m_axil_user_arvalid,
    input  wire              m_axil_user_arready,
    input  wire [31:0]       m_axil_user_rdata,
    input  wire [1:0]        m_axil_user_rresp,
    input  wire              m_axil_user_rvalid,
    output wire              m_axil_user_rready,

    output wire [15:0]       m_axil_user_irq_awaddr,
    output wire              m_axil_user_irq_awvalid,
    input  wire              m_axil_user_irq_awready,
    output wire [31:0]       m_axil_user_irq_wdata,
    output wire [3:0]        m_axil_user_irq_wstrb,
    output wire              m_axil_user_irq_wvalid,
    input  wire              m_axil_user_irq_wready,
    input  wire [1:0]        m_axil_user_irq_bresp,
    input  wire              m_axil_user_irq_bvalid,
    output wire              m_axil_user_irq_bready,
    output wire [15:0]       m_axil_user_irq_araddr,
    output wire              m_axil_user_irq_arvalid,
    input  wire              m_axil_user_irq_arready,
    input  wire [31:0]       m_axil_user_irq_rdata,
    input  wire [1:0]        m_axil_user_irq_rresp,
    input  wire              m_axil_user_irq_rvalid,
    output wire              m_axil_user_irq_rready,

    output wire [ID_W-1:0]   m_axi_mem_awid,
    output wire [39:0]       m_axi_mem_awaddr,
    output wire [7:0]        m_axi_mem_awlen,
    output wire [2:0]        m_axi_mem_awsize,
    output wire [1:0]        m_axi_mem_awburst,
    output wire              m_axi_mem_awvalid,
    input  wire              m_axi_mem_awready,
    output wire [255:0]      m_axi_mem_wdata,
    output wire [31:0]       m_axi_mem_wstrb,
    output wire              m_axi_mem_wlast,
    output wire              m_axi_mem_wvalid,
    input  wire              m_axi_mem_wready,
    input  wire [ID_W-1:0]   m_axi_mem_bid,
    input  wire [ID_W-1:0]   m_axi_mem_rid,
    input  wire [1:0]        m_axi_mem_bresp,
    input  wire              m_axi_mem_bvalid,
    output wire              m_axi_mem_bready,
    output wire [ID_W-1:0]   m_axi_mem_arid,
    output wire [39:0]       m_axi_mem_araddr,
    output wire [7:0]        m_axi_mem_arlen,
    output wire [2:0]        m_axi_mem_arsize,
    output wire [1:0]        m_axi_mem_arburst,
    output wire              m_axi_mem_arvalid,
    input  wire              m_axi_mem_arready,
    input  wire [255:0]      m_axi_mem_rdata,
    input  wire [1:0]        m_axi_mem_rresp,
    input  wire              m_axi_mem_rlast,
    input  wire              m_axi_mem_rvalid,
    output wire              m_axi_mem_rready,

    output wire [7:0]        err_poisoned_count,
    output wire [7:0]        err_malformed_count,
    output wire [7:0]        err_unmapped_write_count,
    output wire [7:0]        err_mgmt_write_count,
    output wire [7:0]        err_mgmt_read_count,
    output wire [7:0]        err_user_write_count,
    output wire [7:0]        err_user_read_count,

    output wire              active
);

  wire gclk;

  clk_gate gate (
      .clk(clk),
      .en(rst || s_axis_cq_tvalid || active),
      .gclk(gclk)
  );

  pcie_front #(
      .FIFO_DEPTH_LOG2(FIFO_DEPTH_LOG2),
      .NP_CREDITS(NP_CREDITS),
      .ID_W(ID_W)
  ) front (
      .clk(gclk),
      .*
  );

endmodule

`default_nettype wire
