// SPDX-License-Identifier: Apache-2.0
// The card with the fast host on its PCIe pins, a clock that stops when nothing happens, the socket of the
// scheduler processor and the pin log.
`default_nettype none
`timescale 1ns / 1ps

module tb_fast #(
    parameter integer MEM_SIZE_LOG2 = 22,
    parameter integer NUM_SLOTS     = 4,
    parameter integer FULL_SLOTS    = NUM_SLOTS < 4 ? NUM_SLOTS : 4,
    parameter integer CQ_COLLISION  = 0
);

  wire         clk;
  wire         rst;
  wire         host_busy;
  wire         card_busy;
  wire         port_busy;
  wire [255:0] cq_tdata;
  wire [87:0]  cq_tuser;
  wire [7:0]   cq_tkeep;
  wire         cq_tlast;
  wire         cq_tvalid;
  wire         cq_tready;
  wire [1:0]   cq_np_req;
  /* verilator lint_off UNUSEDSIGNAL */
  wire [5:0]   cq_np_req_count;
  wire [1:0]   cfg_max_payload;
  wire [2:0]   cfg_max_read_req;
  wire [3:0]   cfg_rcb_status;
  wire [3:0]   msix_enable;
  wire [3:0]   msix_mask;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [255:0] cc_tdata;
  wire [32:0]  cc_tuser;
  wire [7:0]   cc_tkeep;
  wire         cc_tlast;
  wire         cc_tvalid;
  wire         cc_tready;
  wire [255:0] rq_tdata;
  wire [61:0]  rq_tuser;
  wire [7:0]   rq_tkeep;
  wire         rq_tlast;
  wire         rq_tvalid;
  wire         rq_tready;
  wire [255:0] rc_tdata;
  wire [74:0]  rc_tuser;
  wire [7:0]   rc_tkeep;
  wire         rc_tlast;
  wire         rc_tvalid;
  wire         rc_tready;
  wire [63:0]  msix_address;
  wire [31:0]  msix_data;
  wire         msix_int;
  wire [7:0]   msi_function_number;
  wire         msix_sent;
  wire         msix_fail;
  wire         mb_run;
  wire         mb_irq;
  wire         mb_wake;
  wire         mb_asleep;
  wire [127:0] host_touched;
  wire [127:0] touch_ack;
  wire [31:0]  awaddr;
  wire         awvalid;
  wire         awready;
  wire [31:0]  wdata;
  wire [3:0]   wstrb;
  wire         wvalid;
  wire         wready;
  wire [1:0]   bresp;
  wire         bvalid;
  wire         bready;
  wire [31:0]  araddr;
  wire         arvalid;
  wire         arready;
  wire [31:0]  rdata;
  wire [1:0]   rresp;
  wire         rvalid;
  wire         rready;

  tb_clock clock (
      // In reset the card has nothing to do, whatever it says.
      .busy(host_busy || (card_busy && !rst) || port_busy),
      .clk(clk),
      .rst(rst)
  );

  fast_host #(
      .MEM_SIZE_LOG2(MEM_SIZE_LOG2)
  ) host (
      .clk(clk),
      .rst(rst),
      .s_axis_cq_tdata(cq_tdata),
      .s_axis_cq_tuser(cq_tuser),
      .s_axis_cq_tkeep(cq_tkeep),
      .s_axis_cq_tlast(cq_tlast),
      .s_axis_cq_tvalid(cq_tvalid),
      .s_axis_cq_tready(cq_tready),
      .pcie_cq_np_req(cq_np_req),
      .pcie_cq_np_req_count(cq_np_req_count),
      .m_axis_cc_tdata(cc_tdata),
      .m_axis_cc_tuser(cc_tuser),
      .m_axis_cc_tkeep(cc_tkeep),
      .m_axis_cc_tlast(cc_tlast),
      .m_axis_cc_tvalid(cc_tvalid),
      .m_axis_cc_tready(cc_tready),
      .m_axis_rq_tdata(rq_tdata),
      .m_axis_rq_tuser(rq_tuser),
      .m_axis_rq_tkeep(rq_tkeep),
      .m_axis_rq_tlast(rq_tlast),
      .m_axis_rq_tvalid(rq_tvalid),
      .m_axis_rq_tready(rq_tready),
      .s_axis_rc_tdata(rc_tdata),
      .s_axis_rc_tuser(rc_tuser),
      .s_axis_rc_tkeep(rc_tkeep),
      .s_axis_rc_tlast(rc_tlast),
      .s_axis_rc_tvalid(rc_tvalid),
      .s_axis_rc_tready(rc_tready),
      .cfg_max_payload(cfg_max_payload),
      .cfg_max_read_req(cfg_max_read_req),
      .cfg_rcb_status(cfg_rcb_status),
      .cfg_interrupt_msix_enable(msix_enable),
      .cfg_interrupt_msix_mask(msix_mask),
      .cfg_interrupt_msix_address(msix_address),
      .cfg_interrupt_msix_data(msix_data),
      .cfg_interrupt_msix_int(msix_int),
      .cfg_interrupt_msi_function_number(msi_function_number),
      .cfg_interrupt_msix_sent(msix_sent),
      .cfg_interrupt_msix_fail(msix_fail),
      .busy(host_busy)
  );

  card #(
      .NUM_SLOTS(NUM_SLOTS),
      .FULL_SLOTS(FULL_SLOTS),
      .CQ_COLLISION(CQ_COLLISION)
  ) card (
      .clk(clk),
      .rst(rst),
      .s_axis_cq_tdata(cq_tdata),
      .s_axis_cq_tuser(cq_tuser),
      .s_axis_cq_tkeep(cq_tkeep),
      .s_axis_cq_tlast(cq_tlast),
      .s_axis_cq_tvalid(cq_tvalid),
      .s_axis_cq_tready(cq_tready),
      .pcie_cq_np_req(cq_np_req),
      .m_axis_cc_tdata(cc_tdata),
      .m_axis_cc_tuser(cc_tuser),
      .m_axis_cc_tkeep(cc_tkeep),
      .m_axis_cc_tlast(cc_tlast),
      .m_axis_cc_tvalid(cc_tvalid),
      .m_axis_cc_tready(cc_tready),
      .m_axis_rq_tdata(rq_tdata),
      .m_axis_rq_tuser(rq_tuser),
      .m_axis_rq_tkeep(rq_tkeep),
      .m_axis_rq_tlast(rq_tlast),
      .m_axis_rq_tvalid(rq_tvalid),
      .m_axis_rq_tready(rq_tready),
      .s_axis_rc_tdata(rc_tdata),
      .s_axis_rc_tuser(rc_tuser),
      .s_axis_rc_tkeep(rc_tkeep),
      .s_axis_rc_tlast(rc_tlast),
      .s_axis_rc_tvalid(rc_tvalid),
      .s_axis_rc_tready(rc_tready),
      .cfg_max_payload(cfg_max_payload),
      .cfg_max_read_req(cfg_max_read_req),
      .cfg_interrupt_msix_enable(msix_enable),
      .cfg_interrupt_msix_mask(msix_mask),
      .cfg_interrupt_msix_address(msix_address),
      .cfg_interrupt_msix_data(msix_data),
      .cfg_interrupt_msix_int(msix_int),
      .cfg_interrupt_msi_function_number(msi_function_number),
      .cfg_interrupt_msix_sent(msix_sent),
      .cfg_interrupt_msix_fail(msix_fail),
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
      .s_axis_cq_tdata(cq_tdata),
      .s_axis_cq_tuser(cq_tuser),
      .s_axis_cq_tkeep(cq_tkeep),
      .s_axis_cq_tlast(cq_tlast),
      .s_axis_cq_tvalid(cq_tvalid),
      .s_axis_cq_tready(cq_tready),
      .m_axis_cc_tdata(cc_tdata),
      .m_axis_cc_tkeep(cc_tkeep),
      .m_axis_cc_tlast(cc_tlast),
      .m_axis_cc_tvalid(cc_tvalid),
      .m_axis_cc_tready(cc_tready)
  );

endmodule

`default_nettype wire
