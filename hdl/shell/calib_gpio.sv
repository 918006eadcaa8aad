// SPDX-License-Identifier: Apache-2.0
// Memory calibration GPIO: bit 0 shows whether the memory controllers are calibrated.
`default_nettype none
`timescale 1ns / 1ps

module calib_gpio #(
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

    input  wire              calib_done,

    output wire              active
);

  /* verilator lint_off UNUSEDSIGNAL */ // a read-only block ignores writes
  wire wr_en;
  wire [ADDR_W-1:0] wr_addr;
  wire [31:0] wr_data;
  wire [3:0] wr_strb;
  wire rd_en;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */

  localparam [ADDR_W-1:0] DATA = calib_gpio_regs_pkg::DATA_OFFSET[ADDR_W-1:0];

  wire [31:0] rd_data = ({rd_addr[ADDR_W-1:2], 2'b00} == DATA) ? {31'd0, calib_done} : 32'd0;

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
