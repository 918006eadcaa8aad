// SPDX-License-Identifier: Apache-2.0
// Socket of the card's scheduler processor: Python firmware plugs in here.
//
// The bus is an axil_port; Python also reads `run`, `irq`, `wake` and `touched` and drives `touch_ack` and `asleep`.
`default_nettype none
`timescale 1ns / 1ps

module mb_socket #(
    parameter integer TOUCH_W = 128
) (
    input  wire          clk,
    input  wire          rst,

    output wire [31:0]   s_axil_mb_awaddr,
    output wire          s_axil_mb_awvalid,
    input  wire          s_axil_mb_awready,
    output wire [31:0]   s_axil_mb_wdata,
    output wire [3:0]    s_axil_mb_wstrb,
    output wire          s_axil_mb_wvalid,
    input  wire          s_axil_mb_wready,
    input  wire [1:0]    s_axil_mb_bresp,
    input  wire          s_axil_mb_bvalid,
    output wire          s_axil_mb_bready,
    output wire [31:0]   s_axil_mb_araddr,
    output wire          s_axil_mb_arvalid,
    input  wire          s_axil_mb_arready,
    input  wire [31:0]   s_axil_mb_rdata,
    input  wire [1:0]    s_axil_mb_rresp,
    input  wire          s_axil_mb_rvalid,
    output wire          s_axil_mb_rready,
    input  wire          mb_run,
    input  wire          mb_irq,
    input  wire          mb_wake,
    output wire          mb_asleep,
    input  wire [TOUCH_W-1:0] host_touched,
    output wire [TOUCH_W-1:0] host_touch_ack,

    output wire          busy
);

  wire run /* verilator public_flat_rd */ = mb_run;
  wire irq /* verilator public_flat_rd */ = mb_irq;
  wire wake /* verilator public_flat_rd */ = mb_wake;
  wire any_touched /* verilator public_flat_rd */ = |host_touched;
  wire [TOUCH_W-1:0] touched /* verilator public_flat_rd */ = host_touched;
  reg [TOUCH_W-1:0] touch_ack /* verilator public_flat_rw */;
  reg asleep /* verilator public_flat_rw */;
  wire port_busy;

  initial begin
    touch_ack = {TOUCH_W{1'b0}};
    asleep = 1'b0;
  end

  assign host_touch_ack = touch_ack;
  assign mb_asleep = asleep;
  assign busy = port_busy || |(touch_ack & host_touched);

  axil_port bus (
      .clk(clk),
      .rst(rst),
      .m_axil_awaddr(s_axil_mb_awaddr),
      .m_axil_awvalid(s_axil_mb_awvalid),
      .m_axil_awready(s_axil_mb_awready),
      .m_axil_wdata(s_axil_mb_wdata),
      .m_axil_wstrb(s_axil_mb_wstrb),
      .m_axil_wvalid(s_axil_mb_wvalid),
      .m_axil_wready(s_axil_mb_wready),
      .m_axil_bresp(s_axil_mb_bresp),
      .m_axil_bvalid(s_axil_mb_bvalid),
      .m_axil_bready(s_axil_mb_bready),
      .m_axil_araddr(s_axil_mb_araddr),
      .m_axil_arvalid(s_axil_mb_arvalid),
      .m_axil_arready(s_axil_mb_arready),
      .m_axil_rdata(s_axil_mb_rdata),
      .m_axil_rresp(s_axil_mb_rresp),
      .m_axil_rvalid(s_axil_mb_rvalid),
      .m_axil_rready(s_axil_mb_rready),
      .busy(port_busy)
  );

endmodule

`default_nettype wire
