// SPDX-License-Identifier: Apache-2.0
// Configuration of the embedded runtime: who gets the compute units' interrupts, and the scheduler's sleep.
`default_nettype none
`timescale 1ns / 1ps

module cfg_gpio #(
    parameter integer ADDR_W = 12
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [ADDR_W-1:0] s_axil_awaddr,
    input  wire              s_axil_awvalid,
    output wire              s_axil_awready,
    input  wire [31:0]       s_axil_wdata,
    input  wire [3:0]        s_axil_wstrb,
    input  wire              s_axil_wvalid,
    output wire              s_axil_wready,
    output wire [1:0]        s_axil_bresp,
    output wire              s_axil_bvalid,
    input  wire              s_axil_bready,
    input  wire [ADDR_W-1:0] s_axil_araddr,
    input  wire              s_axil_arvalid,
    output wire              s_axil_arready,
    output wire [31:0]       s_axil_rdata,
    output wire [1:0]        s_axil_rresp,
    output wire              s_axil_rvalid,
    input  wire              s_axil_rready,

    output wire              cu_to_host,
    output wire              mb_wake,
    input  wire              mb_asleep,

    output wire              active
);

  /* verilator lint_off UNUSEDSIGNAL */ // a register block uses part of the address, data and strobes
  wire wr_en;
  wire [ADDR_W-1:0] wr_addr;
  wire [31:0] wr_data;
  wire [3:0] wr_strb;
  wire rd_en;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */

  localparam [ADDR_W-1:0] CONTROL = cfg_gpio_regs_pkg::CONTROL_OFFSET[ADDR_W-1:0];
  localparam [ADDR_W-1:0] STATUS = cfg_gpio_regs_pkg::STATUS_OFFSET[ADDR_W-1:0];

  reg [1:0] control;
  wire [ADDR_W-1:0] rd_word = {rd_addr[ADDR_W-1:2], 2'b00};
  wire [31:0] rd_data = rd_word == CONTROL ? {30'd0, control} : rd_word == STATUS ? {31'd0, mb_asleep} : 32'd0;

  assign cu_to_host = control[cfg_gpio_regs_pkg::CONTROL_CU_TO_HOST_LSB];
  assign mb_wake = control[cfg_gpio_regs_pkg::CONTROL_WAKE_LSB];

  always_ff @(posedge clk) begin
    if (rst) control <= cfg_gpio_regs_pkg::CONTROL_RESET[1:0];
    else if (wr_en && {wr_addr[ADDR_W-1:2], 2'b00} == CONTROL) control <= wr_data[1:0];
  end

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
      .wr_strb(wr_strb),
      .wr_err(1'b0),
      .rd_en(rd_en),
      .rd_addr(rd_addr),
      .rd_data(rd_data),
      .rd_err(1'b0),
      .active(active)
  );

endmodule

`default_nettype wire
