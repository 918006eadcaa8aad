// SPDX-License-Identifier: Apache-2.0
// Protocol checkers on the main ports inside the card, always on in every simulation of it.
//
// Put it beside an instance named `card`: it looks inside by hierarchical reference. The port into the
// dynamic region keeps no rule while the gate is closed or frames are being loaded. The ports behind the
// isolation have no such excuse, unless the gate was left open while frames were loaded: `spoiled`, until
// reset.
`default_nettype none
`timescale 1ns / 1ps

module card_monitor (
    input wire clk,
    input wire rst
);

  // Each checker has the gated clock of its port's master: that clock runs while anything is under way there.
  reg  spoiled /* verilator public_flat_rd */;
  wire spoils = card.gate_open && card.cfg_loading;
  wire region_off = rst || !card.gate_open || spoils || spoiled;
  wire memory_off = rst || spoils || spoiled;

  always_ff @(posedge clk) begin
    if (rst) spoiled <= 1'b0;
    else if (spoils) spoiled <= 1'b1;
  end

  axil_check #(
      .ADDR_W(25)
  ) mgmt (
      .clk(card.front_clk),
      .rst(rst),
      .s_axil_awaddr(card.mgmt_awaddr),
      .s_axil_awvalid(card.mgmt_awvalid),
      .s_axil_awready(card.mgmt_awready),
      .s_axil_wdata(card.mgmt_wdata),
      .s_axil_wstrb(card.mgmt_wstrb),
      .s_axil_wvalid(card.mgmt_wvalid),
      .s_axil_wready(card.mgmt_wready),
      .s_axil_bresp(card.mgmt_bresp),
      .s_axil_bvalid(card.mgmt_bvalid),
      .s_axil_bready(card.mgmt_bready),
      .s_axil_araddr(card.mgmt_araddr),
      .s_axil_arvalid(card.mgmt_arvalid),
      .s_axil_arready(card.mgmt_arready),
      .s_axil_rdata(card.mgmt_rdata),
      .s_axil_rresp(card.mgmt_rresp),
      .s_axil_rvalid(card.mgmt_rvalid),
      .s_axil_rready(card.mgmt_rready)
  );

  axil_check #(
      .ADDR_W(25)
  ) user (
      .clk(card.front_clk),
      .rst(rst),
      .s_axil_awaddr(card.user_awaddr),
      .s_axil_awvalid(card.user_awvalid),
      .s_axil_awready(card.user_awready),
      .s_axil_wdata(card.user_wdata),
      .s_axil_wstrb(card.user_wstrb),
      .s_axil_wvalid(card.user_wvalid),
      .s_axil_wready(card.user_wready),
      .s_axil_bresp(card.user_bresp),
      .s_axil_bvalid(card.user_bvalid),
      .s_axil_bready(card.user_bready),
      .s_axil_araddr(card.user_araddr),
      .s_axil_arvalid(card.user_arvalid),
      .s_axil_arready(card.user_arready),
      .s_axil_rdata(card.user_rdata),
      .s_axil_rresp(card.user_rresp),
      .s_axil_rvalid(card.user_rvalid),
      .s_axil_rready(card.user_rready)
  );

  axil_check #(
      .ADDR_W(32)
  ) mb (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(card.s_axil_mb_awaddr),
      .s_axil_awvalid(card.s_axil_mb_awvalid),
      .s_axil_awready(card.s_axil_mb_awready),
      .s_axil_wdata(card.s_axil_mb_wdata),
      .s_axil_wstrb(card.s_axil_mb_wstrb),
      .s_axil_wvalid(card.s_axil_mb_wvalid),
      .s_axil_wready(card.s_axil_mb_wready),
      .s_axil_bresp(card.s_axil_mb_bresp),
      .s_axil_bvalid(card.s_axil_mb_bvalid),
      .s_axil_bready(card.s_axil_mb_bready),
      .s_axil_araddr(card.s_axil_mb_araddr),
      .s_axil_arvalid(card.s_axil_mb_arvalid),
      .s_axil_arready(card.s_axil_mb_arready),
      .s_axil_rdata(card.s_axil_mb_rdata),
      .s_axil_rresp(card.s_axil_mb_rresp),
      .s_axil_rvalid(card.s_axil_mb_rvalid),
      .s_axil_rready(card.s_axil_mb_rready)
  );

  axil_check #(
      .ADDR_W(32)
  ) ulp (
      .clk(clk),
      .rst(region_off),
      .s_axil_awaddr(card.ulp_axil_awaddr),
      .s_axil_awvalid(card.ulp_axil_awvalid),
      .s_axil_awready(card.ulp_axil_awready),
      .s_axil_wdata(card.ulp_axil_wdata),
      .s_axil_wstrb(card.ulp_axil_wstrb),
      .s_axil_wvalid(card.ulp_axil_wvalid),
      .s_axil_wready(card.ulp_axil_wready),
      .s_axil_bresp(card.ulp_axil_bresp),
      .s_axil_bvalid(card.ulp_axil_bvalid),
      .s_axil_bready(card.ulp_axil_bready),
      .s_axil_araddr(card.ulp_axil_araddr),
      .s_axil_arvalid(card.ulp_axil_arvalid),
      .s_axil_arready(card.ulp_axil_arready),
      .s_axil_rdata(card.ulp_axil_rdata),
      .s_axil_rresp(card.ulp_axil_rresp),
      .s_axil_rvalid(card.ulp_axil_rvalid),
      .s_axil_rready(card.ulp_axil_rready)
  );

  axi_check #(
      .ID_W(1)
  ) pcie (
      .clk(card.mem_clk),
      .rst(rst),
      .m_axi_awid(card.pcie_awid),
      .m_axi_awaddr(card.pcie_awaddr),
      .m_axi_awlen(card.pcie_awlen),
      .m_axi_awsize(card.pcie_awsize),
      .m_axi_awburst(card.pcie_awburst),
      .m_axi_awvalid(card.pcie_awvalid),
      .m_axi_awready(card.pcie_awready),
      .m_axi_wdata(card.pcie_wdata),
      .m_axi_wstrb(card.pcie_wstrb),
      .m_axi_wlast(card.pcie_wlast),
      .m_axi_wvalid(card.pcie_wvalid),
      .m_axi_wready(card.pcie_wready),
      .m_axi_bid(card.pcie_bid),
      .m_axi_bresp(card.pcie_bresp),
      .m_axi_bvalid(card.pcie_bvalid),
      .m_axi_bready(card.pcie_bready),
      .m_axi_arid(card.pcie_arid),
      .m_axi_araddr(card.pcie_araddr),
      .m_axi_arlen(card.pcie_arlen),
      .m_axi_arsize(card.pcie_arsize),
      .m_axi_arburst(card.pcie_arburst),
      .m_axi_arvalid(card.pcie_arvalid),
      .m_axi_arready(card.pcie_arready),
      .m_axi_rid(card.pcie_rid),
      .m_axi_rdata(card.pcie_rdata),
      .m_axi_rresp(card.pcie_rresp),
      .m_axi_rlast(card.pcie_rlast),
      .m_axi_rvalid(card.pcie_rvalid),
      .m_axi_rready(card.pcie_rready)
  );

  axi_check #(
      .ID_W(1)
  ) kernels (
      .clk(card.mem_clk),
      .rst(memory_off),
      .m_axi_awid(card.kernels_awid),
      .m_axi_awaddr(card.kernels_awaddr),
      .m_axi_awlen(card.kernels_awlen),
      .m_axi_awsize(card.kernels_awsize),
      .m_axi_awburst(card.kernels_awburst),
      .m_axi_awvalid(card.kernels_awvalid),
      .m_axi_awready(card.kernels_awready),
      .m_axi_wdata(card.kernels_wdata),
      .m_axi_wstrb(card.kernels_wstrb),
      .m_axi_wlast(card.kernels_wlast),
      .m_axi_wvalid(card.kernels_wvalid),
      .m_axi_wready(card.kernels_wready),
      .m_axi_bid(card.kernels_bid),
      .m_axi_bresp(card.kernels_bresp),
      .m_axi_bvalid(card.kernels_bvalid),
      .m_axi_bready(card.kernels_bready),
      .m_axi_arid(card.kernels_arid),
      .m_axi_araddr(card.kernels_araddr),
      .m_axi_arlen(card.kernels_arlen),
      .m_axi_arsize(card.kernels_arsize),
      .m_axi_arburst(card.kernels_arburst),
      .m_axi_arvalid(card.kernels_arvalid),
      .m_axi_arready(card.kernels_arready),
      .m_axi_rid(card.kernels_rid),
      .m_axi_rdata(card.kernels_rdata),
      .m_axi_rresp(card.kernels_rresp),
      .m_axi_rlast(card.kernels_rlast),
      .m_axi_rvalid(card.kernels_rvalid),
      .m_axi_rready(card.kernels_rready)
  );

  axi_check #(
      .ID_W(1)
  ) mem (
      .clk(card.mem_clk),
      .rst(memory_off),
      .m_axi_awid(card.mem_awid),
      .m_axi_awaddr(card.mem_awaddr),
      .m_axi_awlen(card.mem_awlen),
      .m_axi_awsize(card.mem_awsize),
      .m_axi_awburst(card.mem_awburst),
      .m_axi_awvalid(card.mem_awvalid),
      .m_axi_awready(card.mem_awready),
      .m_axi_wdata(card.mem_wdata),
      .m_axi_wstrb(card.mem_wstrb),
      .m_axi_wlast(card.mem_wlast),
      .m_axi_wvalid(card.mem_wvalid),
      .m_axi_wready(card.mem_wready),
      .m_axi_bid(card.mem_bid),
      .m_axi_bresp(card.mem_bresp),
      .m_axi_bvalid(card.mem_bvalid),
      .m_axi_bready(card.mem_bready),
      .m_axi_arid(card.mem_arid),
      .m_axi_araddr(card.mem_araddr),
      .m_axi_arlen(card.mem_arlen),
      .m_axi_arsize(card.mem_arsize),
      .m_axi_arburst(card.mem_arburst),
      .m_axi_arvalid(card.mem_arvalid),
      .m_axi_arready(card.mem_arready),
      .m_axi_rid(card.mem_rid),
      .m_axi_rdata(card.mem_rdata),
      .m_axi_rresp(card.mem_rresp),
      .m_axi_rlast(card.mem_rlast),
      .m_axi_rvalid(card.mem_rvalid),
      .m_axi_rready(card.mem_rready)
  );

endmodule

`default_nettype wire
