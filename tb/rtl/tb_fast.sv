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
  wire [255:0] s_axis_cq_tdata;
  wire [87:0]  s_axis_cq_tuser;
  wire [7:0]   s_axis_cq_tkeep;
  wire         s_axis_cq_tlast;
  wire         s_axis_cq_tvalid;
  wire         s_axis_cq_tready;
  wire [1:0]   pcie_cq_np_req;
  /* verilator lint_off UNUSEDSIGNAL */
  wire [5:0]   pcie_cq_np_req_count;
  wire [1:0]   cfg_max_payload;
  wire [2:0]   cfg_max_read_req;
  wire [3:0]   cfg_rcb_status;
  wire [3:0]   cfg_interrupt_msix_enable;
  wire [3:0]   cfg_interrupt_msix_mask;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [255:0] m_axis_cc_tdata;
  wire [32:0]  m_axis_cc_tuser;
  wire [7:0]   m_axis_cc_tkeep;
  wire         m_axis_cc_tlast;
  wire         m_axis_cc_tvalid;
  wire         m_axis_cc_tready;
  wire [255:0] m_axis_rq_tdata;
  wire [61:0]  m_axis_rq_tuser;
  wire [7:0]   m_axis_rq_tkeep;
  wire         m_axis_rq_tlast;
  wire         m_axis_rq_tvalid;
  wire         m_axis_rq_tready;
  wire [255:0] s_axis_rc_tdata;
  wire [74:0]  s_axis_rc_tuser;
  wire [7:0]   s_axis_rc_tkeep;
  wire         s_axis_rc_tlast;
  wire         s_axis_rc_tvalid;
  wire         s_axis_rc_tready;
  wire [63:0]  cfg_interrupt_msix_address;
  wire [31:0]  cfg_interrupt_msix_data;
  wire         cfg_interrupt_msix_int;
  wire [7:0]   cfg_interrupt_msi_function_number;
  wire         cfg_interrupt_msix_sent;
  wire         cfg_interrupt_msix_fail;
  wire         mb_run;
  wire         mb_irq;
  wire         mb_wake;
  wire         mb_asleep;
  wire [127:0] host_touched;
  wire [127:0] touch_ack;
  wire [31:0]  s_axil_mb_awaddr;
  wire         s_axil_mb_awvalid;
  wire         s_axil_mb_awready;
  wire [31:0]  s_axil_mb_wdata;
  wire [3:0]   s_axil_mb_wstrb;
  wire         s_axil_mb_wvalid;
  wire         s_axil_mb_wready;
  wire [1:0]   s_axil_mb_bresp;
  wire         s_axil_mb_bvalid;
  wire         s_axil_mb_bready;
  wire [31:0]  s_axil_mb_araddr;
  wire         s_axil_mb_arvalid;
  wire         s_axil_mb_arready;
  wire [31:0]  s_axil_mb_rdata;
  wire [1:0]   s_axil_mb_rresp;
  wire         s_axil_mb_rvalid;
  wire         s_axil_mb_rready;

  tb_clock clock (
      // In reset the card has nothing to do, whatever it says.
      .busy(host_busy || (card_busy && !rst) || port_busy),
      .clk(clk),
      .rst(rst)
  );

  fast_host #(
      .MEM_SIZE_LOG2(MEM_SIZE_LOG2)
  ) host (
      .busy(host_busy),
      .*
  );

  card #(
      .NUM_SLOTS(NUM_SLOTS),
      .FULL_SLOTS(FULL_SLOTS),
      .CQ_COLLISION(CQ_COLLISION)
  ) card (
      .busy(card_busy),
      .*
  );

  card_monitor monitor (.*);

  mb_socket mb (
      .host_touch_ack(touch_ack),
      .busy(port_busy),
      .*
  );

  pin_log log (.*);

endmodule

`default_nettype wire
