// SPDX-License-Identifier: Apache-2.0
// Test of the fast host: clock, host, the test completer, an AXI4-Lite port on a small memory, the pin log.
`default_nettype none
`timescale 1ns / 1ps

module tb_host_fast #(
    parameter integer MEM_SIZE_LOG2 = 22
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
  wire [31:0]  m_axil_awaddr;
  wire         m_axil_awvalid;
  wire         m_axil_awready;
  wire [31:0]  m_axil_wdata;
  wire [3:0]   m_axil_wstrb;
  wire         m_axil_wvalid;
  wire         m_axil_wready;
  wire [1:0]   m_axil_bresp;
  wire         m_axil_bvalid;
  wire         m_axil_bready;
  wire [31:0]  m_axil_araddr;
  wire         m_axil_arvalid;
  wire         m_axil_arready;
  wire [31:0]  m_axil_rdata;
  wire [1:0]   m_axil_rresp;
  wire         m_axil_rvalid;
  wire         m_axil_rready;

  tb_clock clock (
      .busy(host_busy || card_busy || port_busy),
      .clk(clk),
      .rst(rst)
  );

  fast_host #(
      .MEM_SIZE_LOG2(MEM_SIZE_LOG2)
  ) host (
      .busy(host_busy),
      .*
  );

  test_completer completer (
      .busy(card_busy),
      .*
  );

  axil_port port (
      .busy(port_busy),
      .*
  );

  test_axil_memory memory (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(m_axil_awaddr),
      .s_axil_awvalid(m_axil_awvalid),
      .s_axil_awready(m_axil_awready),
      .s_axil_wdata(m_axil_wdata),
      .s_axil_wstrb(m_axil_wstrb),
      .s_axil_wvalid(m_axil_wvalid),
      .s_axil_wready(m_axil_wready),
      .s_axil_bresp(m_axil_bresp),
      .s_axil_bvalid(m_axil_bvalid),
      .s_axil_bready(m_axil_bready),
      .s_axil_araddr(m_axil_araddr),
      .s_axil_arvalid(m_axil_arvalid),
      .s_axil_arready(m_axil_arready),
      .s_axil_rdata(m_axil_rdata),
      .s_axil_rresp(m_axil_rresp),
      .s_axil_rvalid(m_axil_rvalid),
      .s_axil_rready(m_axil_rready)
  );

  pin_log log (.*);

endmodule

`default_nettype wire
