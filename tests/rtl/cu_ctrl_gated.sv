// SPDX-License-Identifier: Apache-2.0
// cu_ctrl under the clock that the shell would give it: stopped while nobody asks and nothing is `active`.
`default_nettype none
`timescale 1ns / 1ps

module cu_ctrl_gated #(
    parameter integer PROTOCOL          = 0,
    parameter integer ISR_CLEAR_ON_READ = 0,
    parameter integer N_ARGS            = 5
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [11:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    output wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    output wire                 s_axil_wready,
    output wire [1:0]           s_axil_bresp,
    output wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [11:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    output wire                 s_axil_arready,
    output wire [31:0]          s_axil_rdata,
    output wire [1:0]           s_axil_rresp,
    output wire                 s_axil_rvalid,
    input  wire                 s_axil_rready,

    output wire                 ap_start,
    output wire                 ap_continue,
    input  wire                 ap_done,
    input  wire                 ap_ready,
    input  wire                 ap_idle,
    output wire [32*N_ARGS-1:0] args,
    output wire                 irq
);

  wire active;
  wire gclk;

  clk_gate gate (
      .clk(clk),
      .en(rst || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || active),
      .gclk(gclk)
  );

  cu_ctrl #(
      .ADDR_W(12),
      .N_ARGS(N_ARGS),
      .PROTOCOL(PROTOCOL),
      .ISR_CLEAR_ON_READ(ISR_CLEAR_ON_READ)
  ) dut (
      .clk(gclk),
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
      .ap_start(ap_start),
      .ap_continue(ap_continue),
      .ap_done(ap_done),
      .ap_ready(ap_ready),
      .ap_idle(ap_idle),
      .args(args),
      .irq(irq),
      .active(active)
  );

  axil_check #(
      .ADDR_W(12)
  ) check (
      .clk(clk),
      .rst(rst),
      .awaddr(s_axil_awaddr),
      .awvalid(s_axil_awvalid),
      .awready(s_axil_awready),
      .wdata(s_axil_wdata),
      .wstrb(s_axil_wstrb),
      .wvalid(s_axil_wvalid),
      .wready(s_axil_wready),
      .bresp(s_axil_bresp),
      .bvalid(s_axil_bvalid),
      .bready(s_axil_bready),
      .araddr(s_axil_araddr),
      .arvalid(s_axil_arvalid),
      .arready(s_axil_arready),
      .rdata(s_axil_rdata),
      .rresp(s_axil_rresp),
      .rvalid(s_axil_rvalid),
      .rready(s_axil_rready)
  );

endmodule

`default_nettype wire
