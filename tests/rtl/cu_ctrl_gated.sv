// SPDX-License-Identifier: Apache-2.0
// cu_ctrl under the clock that the shell would give it: stopped while nobody asks and nothing is `active`.
`default_nettype none
`timescale 1ns / 1ps

module cu_ctrl_gated #(
    parameter integer PROTOCOL          = 0,
    parameter integer ISR_CLEAR_ON_READ = 0,
    parameter integer COUNTED_RESTART   = 0,
    parameter integer MAILBOX_IN        = 0,
    parameter integer MAILBOX_OUT       = 0,
    parameter integer SW_RESET          = 0,
    parameter integer N_ARGS            = 5,
    parameter integer N_OUT             = 0,
    parameter integer IN_ARRAY_W        = 0,
    parameter integer OUT_ARRAY_W       = 0,
    parameter integer IN_ARRAY_OFFSET   = 1024,
    parameter integer OUT_ARRAY_OFFSET  = 2048
) (
    input  wire        clk,
    input  wire        rst,

    input  wire [11:0] s_axil_awaddr,
    input  wire        s_axil_awvalid,
    output wire        s_axil_awready,
    input  wire [31:0] s_axil_wdata,
    input  wire [3:0]  s_axil_wstrb,
    input  wire        s_axil_wvalid,
    output wire        s_axil_wready,
    output wire [1:0]  s_axil_bresp,
    output wire        s_axil_bvalid,
    input  wire        s_axil_bready,
    input  wire [11:0] s_axil_araddr,
    input  wire        s_axil_arvalid,
    output wire        s_axil_arready,
    output wire [31:0] s_axil_rdata,
    output wire [1:0]  s_axil_rresp,
    output wire        s_axil_rvalid,
    input  wire        s_axil_rready,

    output wire        ap_start,
    output wire        ap_continue,
    input  wire        ap_done,
    input  wire        ap_ready,
    input  wire        ap_idle,
    output wire [(N_ARGS > 0 ? 32 * N_ARGS : 1)-1:0] args,
    input  wire [(N_OUT > 0 ? 32 * N_OUT : 1)-1:0] outs,
    output wire        kernel_reset,
    input  wire        kernel_quiet,
    input  wire [(IN_ARRAY_W > 0 ? IN_ARRAY_W : 1)-1:0] in_array_addr,
    output wire [31:0] in_array_data,
    input  wire        out_array_we,
    input  wire [(OUT_ARRAY_W > 0 ? OUT_ARRAY_W : 1)-1:0] out_array_addr,
    input  wire [31:0] out_array_data,
    output wire        irq
);

  wire active;
  wire gclk;

  // A kernel that is not idle keeps its clock by itself; the block needs it where the kernel writes its array.
  clk_gate gate (
      .clk(clk),
      .en(rst || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || active || out_array_we),
      .gclk(gclk)
  );

  cu_ctrl #(
      .ADDR_W(12),
      .N_ARGS(N_ARGS),
      .PROTOCOL(PROTOCOL),
      .ISR_CLEAR_ON_READ(ISR_CLEAR_ON_READ),
      .COUNTED_RESTART(COUNTED_RESTART),
      .MAILBOX_IN(MAILBOX_IN),
      .MAILBOX_OUT(MAILBOX_OUT),
      .SW_RESET(SW_RESET),
      .N_OUT(N_OUT),
      .IN_ARRAY_W(IN_ARRAY_W),
      .OUT_ARRAY_W(OUT_ARRAY_W),
      .IN_ARRAY_OFFSET(IN_ARRAY_OFFSET),
      .OUT_ARRAY_OFFSET(OUT_ARRAY_OFFSET)
  ) dut (
      .clk(gclk),
      .*
  );

  axil_check #(
      .ADDR_W(12)
  ) check (.*);

endmodule

`default_nettype wire
