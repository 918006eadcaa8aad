// SPDX-License-Identifier: Apache-2.0
// The interrupt BARs of both functions on one MSI-X port, each on a clock that stops when idle.
`default_nettype none
`timescale 1ns / 1ps

module pcie_irq_pair (
    input  wire        clk,
    input  wire        rst,

    input  wire [16:0] s_axil_0_awaddr,
    input  wire        s_axil_0_awvalid,
    output wire        s_axil_0_awready,
    input  wire [31:0] s_axil_0_wdata,
    input  wire [3:0]  s_axil_0_wstrb,
    input  wire        s_axil_0_wvalid,
    output wire        s_axil_0_wready,
    output wire [1:0]  s_axil_0_bresp,
    output wire        s_axil_0_bvalid,
    input  wire        s_axil_0_bready,
    input  wire [16:0] s_axil_0_araddr,
    input  wire        s_axil_0_arvalid,
    output wire        s_axil_0_arready,
    output wire [31:0] s_axil_0_rdata,
    output wire [1:0]  s_axil_0_rresp,
    output wire        s_axil_0_rvalid,
    input  wire        s_axil_0_rready,

    input  wire [15:0] s_axil_1_awaddr,
    input  wire        s_axil_1_awvalid,
    output wire        s_axil_1_awready,
    input  wire [31:0] s_axil_1_wdata,
    input  wire [3:0]  s_axil_1_wstrb,
    input  wire        s_axil_1_wvalid,
    output wire        s_axil_1_wready,
    output wire [1:0]  s_axil_1_bresp,
    output wire        s_axil_1_bvalid,
    input  wire        s_axil_1_bready,
    input  wire [15:0] s_axil_1_araddr,
    input  wire        s_axil_1_arvalid,
    output wire        s_axil_1_arready,
    output wire [31:0] s_axil_1_rdata,
    output wire [1:0]  s_axil_1_rresp,
    output wire        s_axil_1_rvalid,
    input  wire        s_axil_1_rready,

    input  wire [15:0] usr_irq_req_0,
    input  wire [15:0] usr_irq_req_1,
    input  wire [7:0]  chnl_irq_req_1,
    // The hard IP has four functions, the card two.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [3:0]  cfg_interrupt_msix_enable,
    input  wire [3:0]  cfg_interrupt_msix_mask,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [1:0]  cfg_max_payload,
    input  wire [2:0]  cfg_max_read_req,

    output wire [63:0] cfg_interrupt_msix_address,
    output wire [31:0] cfg_interrupt_msix_data,
    output wire        cfg_interrupt_msix_int,
    output wire [7:0]  cfg_interrupt_msi_function_number,
    input  wire        cfg_interrupt_msix_sent,
    input  wire        cfg_interrupt_msix_fail,

    output wire        active
);

  wire        gclk_0;
  wire        gclk_1;
  wire        gclk_arb;
  wire        active_0;
  wire        active_1;
  wire        active_arb;
  wire        valid_0;
  wire        valid_1;
  wire [63:0] addr_0;
  wire [63:0] addr_1;
  wire [31:0] data_0;
  wire [31:0] data_1;
  wire        sent_0;
  wire        sent_1;
  wire        fail_0;
  wire        fail_1;

  assign active = active_0 || active_1 || active_arb;

  clk_gate gate_0 (
      .clk(clk),
      .en(rst || s_axil_0_awvalid || s_axil_0_wvalid || s_axil_0_arvalid || active_0),
      .gclk(gclk_0)
  );

  clk_gate gate_1 (
      .clk(clk),
      .en(rst || s_axil_1_awvalid || s_axil_1_wvalid || s_axil_1_arvalid || active_1),
      .gclk(gclk_1)
  );

  clk_gate gate_arb (
      .clk(clk),
      .en(rst || active_arb),
      .gclk(gclk_arb)
  );

  irq_bar #(
      .ADDR_W(17)
  ) bar_0 (
      .clk(gclk_0),
      .rst(rst),
      .s_axil_awaddr(s_axil_0_awaddr),
      .s_axil_awvalid(s_axil_0_awvalid),
      .s_axil_awready(s_axil_0_awready),
      .s_axil_wdata(s_axil_0_wdata),
      .s_axil_wstrb(s_axil_0_wstrb),
      .s_axil_wvalid(s_axil_0_wvalid),
      .s_axil_wready(s_axil_0_wready),
      .s_axil_bresp(s_axil_0_bresp),
      .s_axil_bvalid(s_axil_0_bvalid),
      .s_axil_bready(s_axil_0_bready),
      .s_axil_araddr(s_axil_0_araddr),
      .s_axil_arvalid(s_axil_0_arvalid),
      .s_axil_arready(s_axil_0_arready),
      .s_axil_rdata(s_axil_0_rdata),
      .s_axil_rresp(s_axil_0_rresp),
      .s_axil_rvalid(s_axil_0_rvalid),
      .s_axil_rready(s_axil_0_rready),
      .usr_irq_req(usr_irq_req_0),
      .chnl_irq_req(8'd0),
      .msix_enable(cfg_interrupt_msix_enable[0]),
      .msix_mask(cfg_interrupt_msix_mask[0]),
      .cfg_max_payload(cfg_max_payload),
      .cfg_max_read_req(cfg_max_read_req),
      .msix_valid(valid_0),
      .msix_addr(addr_0),
      .msix_data(data_0),
      .msix_sent(sent_0),
      .msix_fail(fail_0),
      .active(active_0)
  );

  irq_bar #(
      .ADDR_W(16)
  ) bar_1 (
      .clk(gclk_1),
      .rst(rst),
      .s_axil_awaddr(s_axil_1_awaddr),
      .s_axil_awvalid(s_axil_1_awvalid),
      .s_axil_awready(s_axil_1_awready),
      .s_axil_wdata(s_axil_1_wdata),
      .s_axil_wstrb(s_axil_1_wstrb),
      .s_axil_wvalid(s_axil_1_wvalid),
      .s_axil_wready(s_axil_1_wready),
      .s_axil_bresp(s_axil_1_bresp),
      .s_axil_bvalid(s_axil_1_bvalid),
      .s_axil_bready(s_axil_1_bready),
      .s_axil_araddr(s_axil_1_araddr),
      .s_axil_arvalid(s_axil_1_arvalid),
      .s_axil_arready(s_axil_1_arready),
      .s_axil_rdata(s_axil_1_rdata),
      .s_axil_rresp(s_axil_1_rresp),
      .s_axil_rvalid(s_axil_1_rvalid),
      .s_axil_rready(s_axil_1_rready),
      .usr_irq_req(usr_irq_req_1),
      .chnl_irq_req(chnl_irq_req_1),
      .msix_enable(cfg_interrupt_msix_enable[1]),
      .msix_mask(cfg_interrupt_msix_mask[1]),
      .cfg_max_payload(cfg_max_payload),
      .cfg_max_read_req(cfg_max_read_req),
      .msix_valid(valid_1),
      .msix_addr(addr_1),
      .msix_data(data_1),
      .msix_sent(sent_1),
      .msix_fail(fail_1),
      .active(active_1)
  );

  msix_arb arb (
      .clk(gclk_arb),
      .rst(rst),
      .s0_valid(valid_0),
      .s0_addr(addr_0),
      .s0_data(data_0),
      .s0_sent(sent_0),
      .s0_fail(fail_0),
      .s1_valid(valid_1),
      .s1_addr(addr_1),
      .s1_data(data_1),
      .s1_sent(sent_1),
      .s1_fail(fail_1),
      .cfg_interrupt_msix_address(cfg_interrupt_msix_address),
      .cfg_interrupt_msix_data(cfg_interrupt_msix_data),
      .cfg_interrupt_msix_int(cfg_interrupt_msix_int),
      .cfg_interrupt_msi_function_number(cfg_interrupt_msi_function_number),
      .cfg_interrupt_msix_sent(cfg_interrupt_msix_sent),
      .cfg_interrupt_msix_fail(cfg_interrupt_msix_fail),
      .active(active_arb)
  );

endmodule

`default_nettype wire
