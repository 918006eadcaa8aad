// SPDX-License-Identifier: Apache-2.0
// Interrupt controller of the embedded scheduler: intc_regs behind an AXI4-Lite port.
`default_nettype none
`timescale 1ns / 1ps

module mb_intc #(
    parameter integer ADDR_W = 12,
    parameter integer NUM_INPUT = 9
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [ADDR_W-1:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    output wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    output wire                 s_axil_wready,
    output wire [1:0]           s_axil_bresp,
    output wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [ADDR_W-1:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    output wire                 s_axil_arready,
    output wire [31:0]          s_axil_rdata,
    output wire [1:0]           s_axil_rresp,
    output wire                 s_axil_rvalid,
    input  wire                 s_axil_rready,

    input  wire [NUM_INPUT-1:0] intr,
    output wire                 irq,

    output wire                 active
);

  /* verilator lint_off UNUSEDSIGNAL */  // accesses are whole words: the low two address bits do not matter
  wire [ADDR_W-1:0] wr_addr;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire              wr_en;
  wire [31:0]       wr_data;
  wire [31:0]       rd_data;
  wire              if_active;
  wire              regs_active;

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) reg_if (
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
      /* verilator lint_off PINCONNECTEMPTY */
      .wr_strb(),  // the registers are written as whole words
      .rd_en(),    // no register changes by being read
      /* verilator lint_on PINCONNECTEMPTY */
      .wr_err(1'b0),
      .rd_addr(rd_addr),
      .rd_data(rd_data),
      .rd_err(1'b0),
      .active(if_active)
  );

  assign active = if_active || regs_active;

  intc_regs #(
      .NUM_INPUT(NUM_INPUT)
  ) regs (
      .clk(clk),
      .rst(rst),
      .wr_en(wr_en),
      .wr_off({{(32 - ADDR_W) {1'b0}}, wr_addr[ADDR_W-1:2], 2'b00}),
      .wr_data(wr_data),
      .rd_off({{(32 - ADDR_W) {1'b0}}, rd_addr[ADDR_W-1:2], 2'b00}),
      .rd_data(rd_data),
      .intr(intr),
      .irq(irq),
      .active(regs_active)
  );

endmodule

`default_nettype wire
