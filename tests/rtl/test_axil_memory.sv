// SPDX-License-Identifier: Apache-2.0
// 4 KiB behind AXI4-Lite for the test of the AXI4-Lite port; addresses from 0x8000_0000 answer SLVERR.
`default_nettype none
`timescale 1ns / 1ps

module test_axil_memory (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] s_axil_awaddr,
    input  wire        s_axil_awvalid,
    output wire        s_axil_awready,
    input  wire [31:0] s_axil_wdata,
    input  wire [3:0]  s_axil_wstrb,
    input  wire        s_axil_wvalid,
    output wire        s_axil_wready,
    output wire [1:0]  s_axil_bresp,
    output wire        s_axil_bvalid,
    input  wire        s_axil_bready,
    input  wire [31:0] s_axil_araddr,
    input  wire        s_axil_arvalid,
    output wire        s_axil_arready,
    output wire [31:0] s_axil_rdata,
    output wire [1:0]  s_axil_rresp,
    output wire        s_axil_rvalid,
    input  wire        s_axil_rready
);

  /* verilator lint_off UNUSEDSIGNAL */
  wire [31:0] wr_addr;
  wire [31:0] rd_addr;
  wire        rd_en;
  wire        active;
  /* verilator lint_on UNUSEDSIGNAL */
  wire        wr_en;
  wire [31:0] wr_data;
  wire [3:0]  wr_strb;
  reg  [31:0] ram[0:1023];
  integer     i;

  initial for (i = 0; i < 1024; i = i + 1) ram[i] = 32'd0;

  axil_reg_if #(
      .ADDR_W(32)
  ) front (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid),
      .s_axil_awready(s_axil_awready),
      .s_axil_wdata(s_axil_wdata),
      .s_axil_wstrb(s_axil_wstrb),
      .s_axil_wvalid(s_axil_wvalid),
      .s_axil_wready(s_axil_wready),
      .s_axil_bresp(s_axil_bresp),
      .s_axil_bvalid(s_axil_bvalid),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid),
      .s_axil_arready(s_axil_arready),
      .s_axil_rdata(s_axil_rdata),
      .s_axil_rresp(s_axil_rresp),
      .s_axil_rvalid(s_axil_rvalid),
      .s_axil_rready(s_axil_rready),
      .wr_en(wr_en),
      .wr_addr(wr_addr),
      .wr_data(wr_data),
      .wr_strb(wr_strb),
      .wr_err(wr_addr[31]),
      .rd_en(rd_en),
      .rd_addr(rd_addr),
      .rd_data(ram[rd_addr[11:2]]),
      .rd_err(rd_addr[31]),
      .active(active)
  );

  always_ff @(posedge clk) begin
    if (wr_en && !wr_addr[31]) begin
      for (i = 0; i < 4; i = i + 1) if (wr_strb[i]) ram[wr_addr[11:2]][i*8+:8] <= wr_data[i*8+:8];
    end
  end

endmodule

`default_nettype wire
