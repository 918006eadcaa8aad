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
      .awaddr(card.mgmt_awaddr),
      .awvalid(card.mgmt_awvalid),
      .awready(card.mgmt_awready),
      .wdata(card.mgmt_wdata),
      .wstrb(card.mgmt_wstrb),
      .wvalid(card.mgmt_wvalid),
      .wready(card.mgmt_wready),
      .bresp(card.mgmt_bresp),
      .bvalid(card.mgmt_bvalid),
      .bready(card.mgmt_bready),
      .araddr(card.mgmt_araddr),
      .arvalid(card.mgmt_arvalid),
      .arready(card.mgmt_arready),
      .rdata(card.mgmt_rdata),
      .rresp(card.mgmt_rresp),
      .rvalid(card.mgmt_rvalid),
      .rready(card.mgmt_rready)
  );

  axil_check #(
      .ADDR_W(25)
  ) user (
      .clk(card.front_clk),
      .rst(rst),
      .awaddr(card.user_awaddr),
      .awvalid(card.user_awvalid),
      .awready(card.user_awready),
      .wdata(card.user_wdata),
      .wstrb(card.user_wstrb),
      .wvalid(card.user_wvalid),
      .wready(card.user_wready),
      .bresp(card.user_bresp),
      .bvalid(card.user_bvalid),
      .bready(card.user_bready),
      .araddr(card.user_araddr),
      .arvalid(card.user_arvalid),
      .arready(card.user_arready),
      .rdata(card.user_rdata),
      .rresp(card.user_rresp),
      .rvalid(card.user_rvalid),
      .rready(card.user_rready)
  );

  axil_check #(
      .ADDR_W(32)
  ) mb (
      .clk(clk),
      .rst(rst),
      .awaddr(card.s_axil_mb_awaddr),
      .awvalid(card.s_axil_mb_awvalid),
      .awready(card.s_axil_mb_awready),
      .wdata(card.s_axil_mb_wdata),
      .wstrb(card.s_axil_mb_wstrb),
      .wvalid(card.s_axil_mb_wvalid),
      .wready(card.s_axil_mb_wready),
      .bresp(card.s_axil_mb_bresp),
      .bvalid(card.s_axil_mb_bvalid),
      .bready(card.s_axil_mb_bready),
      .araddr(card.s_axil_mb_araddr),
      .arvalid(card.s_axil_mb_arvalid),
      .arready(card.s_axil_mb_arready),
      .rdata(card.s_axil_mb_rdata),
      .rresp(card.s_axil_mb_rresp),
      .rvalid(card.s_axil_mb_rvalid),
      .rready(card.s_axil_mb_rready)
  );

  axil_check #(
      .ADDR_W(32)
  ) ulp (
      .clk(clk),
      .rst(region_off),
      .awaddr(card.ulp_axil_awaddr),
      .awvalid(card.ulp_axil_awvalid),
      .awready(card.ulp_axil_awready),
      .wdata(card.ulp_axil_wdata),
      .wstrb(card.ulp_axil_wstrb),
      .wvalid(card.ulp_axil_wvalid),
      .wready(card.ulp_axil_wready),
      .bresp(card.ulp_axil_bresp),
      .bvalid(card.ulp_axil_bvalid),
      .bready(card.ulp_axil_bready),
      .araddr(card.ulp_axil_araddr),
      .arvalid(card.ulp_axil_arvalid),
      .arready(card.ulp_axil_arready),
      .rdata(card.ulp_axil_rdata),
      .rresp(card.ulp_axil_rresp),
      .rvalid(card.ulp_axil_rvalid),
      .rready(card.ulp_axil_rready)
  );

  axi_check #(
      .ID_W(1)
  ) pcie (
      .clk(card.mem_clk),
      .rst(rst),
      .awid(card.pcie_awid),
      .awaddr(card.pcie_awaddr),
      .awlen(card.pcie_awlen),
      .awsize(card.pcie_awsize),
      .awburst(card.pcie_awburst),
      .awvalid(card.pcie_awvalid),
      .awready(card.pcie_awready),
      .wdata(card.pcie_wdata),
      .wstrb(card.pcie_wstrb),
      .wlast(card.pcie_wlast),
      .wvalid(card.pcie_wvalid),
      .wready(card.pcie_wready),
      .bid(card.pcie_bid),
      .bresp(card.pcie_bresp),
      .bvalid(card.pcie_bvalid),
      .bready(card.pcie_bready),
      .arid(card.pcie_arid),
      .araddr(card.pcie_araddr),
      .arlen(card.pcie_arlen),
      .arsize(card.pcie_arsize),
      .arburst(card.pcie_arburst),
      .arvalid(card.pcie_arvalid),
      .arready(card.pcie_arready),
      .rid(card.pcie_rid),
      .rdata(card.pcie_rdata),
      .rresp(card.pcie_rresp),
      .rlast(card.pcie_rlast),
      .rvalid(card.pcie_rvalid),
      .rready(card.pcie_rready)
  );

  axi_check #(
      .ID_W(1)
  ) kernels (
      .clk(card.mem_clk),
      .rst(memory_off),
      .awid(card.kernels_awid),
      .awaddr(card.kernels_awaddr),
      .awlen(card.kernels_awlen),
      .awsize(card.kernels_awsize),
      .awburst(card.kernels_awburst),
      .awvalid(card.kernels_awvalid),
      .awready(card.kernels_awready),
      .wdata(card.kernels_wdata),
      .wstrb(card.kernels_wstrb),
      .wlast(card.kernels_wlast),
      .wvalid(card.kernels_wvalid),
      .wready(card.kernels_wready),
      .bid(card.kernels_bid),
      .bresp(card.kernels_bresp),
      .bvalid(card.kernels_bvalid),
      .bready(card.kernels_bready),
      .arid(card.kernels_arid),
      .araddr(card.kernels_araddr),
      .arlen(card.kernels_arlen),
      .arsize(card.kernels_arsize),
      .arburst(card.kernels_arburst),
      .arvalid(card.kernels_arvalid),
      .arready(card.kernels_arready),
      .rid(card.kernels_rid),
      .rdata(card.kernels_rdata),
      .rresp(card.kernels_rresp),
      .rlast(card.kernels_rlast),
      .rvalid(card.kernels_rvalid),
      .rready(card.kernels_rready)
  );

  axi_check #(
      .ID_W(1)
  ) mem (
      .clk(card.mem_clk),
      .rst(memory_off),
      .awid(card.mem_awid),
      .awaddr(card.mem_awaddr),
      .awlen(card.mem_awlen),
      .awsize(card.mem_awsize),
      .awburst(card.mem_awburst),
      .awvalid(card.mem_awvalid),
      .awready(card.mem_awready),
      .wdata(card.mem_wdata),
      .wstrb(card.mem_wstrb),
      .wlast(card.mem_wlast),
      .wvalid(card.mem_wvalid),
      .wready(card.mem_wready),
      .bid(card.mem_bid),
      .bresp(card.mem_bresp),
      .bvalid(card.mem_bvalid),
      .bready(card.mem_bready),
      .arid(card.mem_arid),
      .araddr(card.mem_araddr),
      .arlen(card.mem_arlen),
      .arsize(card.mem_arsize),
      .arburst(card.mem_arburst),
      .arvalid(card.mem_arvalid),
      .arready(card.mem_arready),
      .rid(card.mem_rid),
      .rdata(card.mem_rdata),
      .rresp(card.mem_rresp),
      .rlast(card.mem_rlast),
      .rvalid(card.mem_rvalid),
      .rready(card.mem_rready)
  );

endmodule

`default_nettype wire
