// SPDX-License-Identifier: Apache-2.0
// The card with its pins exposed for the conformance host (the models drive clock and reset too).
`default_nettype none
`timescale 1ns / 1ps

module tb_conformance #(
    parameter integer NUM_SLOTS  = 4,
    parameter integer FULL_SLOTS = NUM_SLOTS < 4 ? NUM_SLOTS : 4
) (
    input  wire         clk,
    input  wire         rst,
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [5:0]   pcie_cq_np_req_count,
    input  wire [1:0]   cfg_max_payload,
    input  wire [2:0]   cfg_max_read_req,
    input  wire [3:0]   cfg_rcb_status,
    input  wire [3:0]   cfg_interrupt_msix_enable,
    input  wire [3:0]   cfg_interrupt_msix_mask,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [255:0] s_axis_cq_tdata,
    input  wire [87:0]  s_axis_cq_tuser,
    input  wire [7:0]   s_axis_cq_tkeep,
    input  wire         s_axis_cq_tlast,
    input  wire         s_axis_cq_tvalid,
    output wire         s_axis_cq_tready,
    output wire [1:0]   pcie_cq_np_req,
    output wire [255:0] m_axis_cc_tdata,
    output wire [32:0]  m_axis_cc_tuser,
    output wire [7:0]   m_axis_cc_tkeep,
    output wire         m_axis_cc_tlast,
    output wire         m_axis_cc_tvalid,
    input  wire         m_axis_cc_tready,
    output wire [255:0] m_axis_rq_tdata,
    output wire [61:0]  m_axis_rq_tuser,
    output wire [7:0]   m_axis_rq_tkeep,
    output wire         m_axis_rq_tlast,
    output wire         m_axis_rq_tvalid,
    input  wire         m_axis_rq_tready,
    input  wire [255:0] s_axis_rc_tdata,
    input  wire [74:0]  s_axis_rc_tuser,
    input  wire [7:0]   s_axis_rc_tkeep,
    input  wire         s_axis_rc_tlast,
    input  wire         s_axis_rc_tvalid,
    output wire         s_axis_rc_tready,
    output wire [63:0]  cfg_interrupt_msix_address,
    output wire [31:0]  cfg_interrupt_msix_data,
    output wire         cfg_interrupt_msix_int,
    output wire [7:0]   cfg_interrupt_msi_function_number,
    input  wire         cfg_interrupt_msix_sent,
    input  wire         cfg_interrupt_msix_fail
);

  /* verilator lint_off UNUSEDSIGNAL */
  wire card_busy;
  wire port_busy;
  /* verilator lint_on UNUSEDSIGNAL */

  wire [31:0]   awaddr;
  wire          awvalid;
  wire          awready;
  wire [31:0]   wdata;
  wire [3:0]    wstrb;
  wire          wvalid;
  wire          wready;
  wire [1:0]    bresp;
  wire          bvalid;
  wire          bready;
  wire [31:0]   araddr;
  wire          arvalid;
  wire          arready;
  wire [31:0]   rdata;
  wire [1:0]    rresp;
  wire          rvalid;
  wire          rready;
  wire mb_run;
  wire mb_irq;
  wire mb_wake;
  wire mb_asleep;
  wire [127:0] host_touched;
  wire [127:0] touch_ack;

  card #(
      .NUM_SLOTS(NUM_SLOTS),
      .FULL_SLOTS(FULL_SLOTS)
  ) card (
      .clk(clk),
      .rst(rst),
      .s_axis_cq_tdata(s_axis_cq_tdata),
      .s_axis_cq_tuser(s_axis_cq_tuser),
      .s_axis_cq_tkeep(s_axis_cq_tkeep),
      .s_axis_cq_tlast(s_axis_cq_tlast),
      .s_axis_cq_tvalid(s_axis_cq_tvalid),
      .s_axis_cq_tready(s_axis_cq_tready),
      .pcie_cq_np_req(pcie_cq_np_req),
      .m_axis_cc_tdata(m_axis_cc_tdata),
      .m_axis_cc_tuser(m_axis_cc_tuser),
      .m_axis_cc_tkeep(m_axis_cc_tkeep),
      .m_axis_cc_tlast(m_axis_cc_tlast),
      .m_axis_cc_tvalid(m_axis_cc_tvalid),
      .m_axis_cc_tready(m_axis_cc_tready),
      .m_axis_rq_tdata(m_axis_rq_tdata),
      .m_axis_rq_tuser(m_axis_rq_tuser),
      .m_axis_rq_tkeep(m_axis_rq_tkeep),
      .m_axis_rq_tlast(m_axis_rq_tlast),
      .m_axis_rq_tvalid(m_axis_rq_tvalid),
      .m_axis_rq_tready(m_axis_rq_tready),
      .s_axis_rc_tdata(s_axis_rc_tdata),
      .s_axis_rc_tuser(s_axis_rc_tuser),
      .s_axis_rc_tkeep(s_axis_rc_tkeep),
      .s_axis_rc_tlast(s_axis_rc_tlast),
      .s_axis_rc_tvalid(s_axis_rc_tvalid),
      .s_axis_rc_tready(s_axis_rc_tready),
      .cfg_max_payload(cfg_max_payload),
      .cfg_max_read_req(cfg_max_read_req),
      .cfg_interrupt_msix_enable(cfg_interrupt_msix_enable),
      .cfg_interrupt_msix_mask(cfg_interrupt_msix_mask),
      .cfg_interrupt_msix_address(cfg_interrupt_msix_address),
      .cfg_interrupt_msix_data(cfg_interrupt_msix_data),
      .cfg_interrupt_msix_int(cfg_interrupt_msix_int),
      .cfg_interrupt_msi_function_number(cfg_interrupt_msi_function_number),
      .cfg_interrupt_msix_sent(cfg_interrupt_msix_sent),
      .cfg_interrupt_msix_fail(cfg_interrupt_msix_fail),
      .s_axil_mb_awaddr(awaddr),
      .s_axil_mb_awvalid(awvalid),
      .s_axil_mb_awready(awready),
      .s_axil_mb_wdata(wdata),
      .s_axil_mb_wstrb(wstrb),
      .s_axil_mb_wvalid(wvalid),
      .s_axil_mb_wready(wready),
      .s_axil_mb_bresp(bresp),
      .s_axil_mb_bvalid(bvalid),
      .s_axil_mb_bready(bready),
      .s_axil_mb_araddr(araddr),
      .s_axil_mb_arvalid(arvalid),
      .s_axil_mb_arready(arready),
      .s_axil_mb_rdata(rdata),
      .s_axil_mb_rresp(rresp),
      .s_axil_mb_rvalid(rvalid),
      .s_axil_mb_rready(rready),
      .mb_run(mb_run),
      .mb_irq(mb_irq),
      .mb_wake(mb_wake),
      .mb_asleep(mb_asleep),
      .host_touched(host_touched),
      .touch_ack(touch_ack),
      .busy(card_busy)
  );

  card_monitor monitor (
      .clk(clk),
      .rst(rst)
  );

  mb_socket mb (
      .clk(clk),
      .rst(rst),
      .m_axil_awaddr(awaddr),
      .m_axil_awvalid(awvalid),
      .m_axil_awready(awready),
      .m_axil_wdata(wdata),
      .m_axil_wstrb(wstrb),
      .m_axil_wvalid(wvalid),
      .m_axil_wready(wready),
      .m_axil_bresp(bresp),
      .m_axil_bvalid(bvalid),
      .m_axil_bready(bready),
      .m_axil_araddr(araddr),
      .m_axil_arvalid(arvalid),
      .m_axil_arready(arready),
      .m_axil_rdata(rdata),
      .m_axil_rresp(rresp),
      .m_axil_rvalid(rvalid),
      .m_axil_rready(rready),
      .mb_run(mb_run),
      .mb_irq(mb_irq),
      .mb_wake(mb_wake),
      .mb_asleep(mb_asleep),
      .host_touched(host_touched),
      .host_touch_ack(touch_ack),
      .busy(port_busy)
  );

  pin_log log (
      .clk(clk),
      .s_axis_cq_tdata(s_axis_cq_tdata),
      .s_axis_cq_tuser(s_axis_cq_tuser),
      .s_axis_cq_tkeep(s_axis_cq_tkeep),
      .s_axis_cq_tlast(s_axis_cq_tlast),
      .s_axis_cq_tvalid(s_axis_cq_tvalid),
      .s_axis_cq_tready(s_axis_cq_tready),
      .m_axis_cc_tdata(m_axis_cc_tdata),
      .m_axis_cc_tkeep(m_axis_cc_tkeep),
      .m_axis_cc_tlast(m_axis_cc_tlast),
      .m_axis_cc_tvalid(m_axis_cc_tvalid),
      .m_axis_cc_tready(m_axis_cc_tready)
  );

endmodule

`default_nettype wire
