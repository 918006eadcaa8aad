// SPDX-License-Identifier: Apache-2.0
// The mailbox on a clock that stops as in the shell: it runs in reset, for requests and while active.
`default_nettype none
`timescale 1ns / 1ps

module hw_mailbox_gated #(
    parameter integer ADDR_W = 12,
    parameter integer DEPTH  = 128
) (
    input  wire              clk,
    input  wire              rst,
    input  wire [ADDR_W-1:0] s_axil_a_awaddr,
    input  wire              s_axil_a_awvalid,
    output wire              s_axil_a_awready,
    input  wire [31:0]       s_axil_a_wdata,
    input  wire [3:0]        s_axil_a_wstrb,
    input  wire              s_axil_a_wvalid,
    output wire              s_axil_a_wready,
    output wire [1:0]        s_axil_a_bresp,
    output wire              s_axil_a_bvalid,
    input  wire              s_axil_a_bready,
    input  wire [ADDR_W-1:0] s_axil_a_araddr,
    input  wire              s_axil_a_arvalid,
    output wire              s_axil_a_arready,
    output wire [31:0]       s_axil_a_rdata,
    output wire [1:0]        s_axil_a_rresp,
    output wire              s_axil_a_rvalid,
    input  wire              s_axil_a_rready,
    input  wire [ADDR_W-1:0] s_axil_b_awaddr,
    input  wire              s_axil_b_awvalid,
    output wire              s_axil_b_awready,
    input  wire [31:0]       s_axil_b_wdata,
    input  wire [3:0]        s_axil_b_wstrb,
    input  wire              s_axil_b_wvalid,
    output wire              s_axil_b_wready,
    output wire [1:0]        s_axil_b_bresp,
    output wire              s_axil_b_bvalid,
    input  wire              s_axil_b_bready,
    input  wire [ADDR_W-1:0] s_axil_b_araddr,
    input  wire              s_axil_b_arvalid,
    output wire              s_axil_b_arready,
    output wire [31:0]       s_axil_b_rdata,
    output wire [1:0]        s_axil_b_rresp,
    output wire              s_axil_b_rvalid,
    input  wire              s_axil_b_rready,
    output wire              irq_a,
    output wire              irq_b,
    output wire              active
);

  wire gated_clk;

  clk_gate u_clk_gate (
      .clk(clk),
      .en(rst || s_axil_a_awvalid || s_axil_a_wvalid || s_axil_a_arvalid || s_axil_b_awvalid || s_axil_b_wvalid || s_axil_b_arvalid || active),
      .gclk(gated_clk)
  );

  hw_mailbox #(
      .ADDR_W(ADDR_W),
      .DEPTH(DEPTH)
  ) dut (
      .clk(gated_clk),
      .*
  );

endmodule

`default_nettype wire
