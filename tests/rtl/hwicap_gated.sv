// SPDX-License-Identifier: Apache-2.0
// The HWICAP on a clock that stops as in the shell: it runs in reset, for requests and while active.
`default_nettype none
`timescale 1ns / 1ps

module hwicap_gated #(
    parameter integer ADDR_W = 12,
    parameter integer WRITE_DEPTH = 1024,
    parameter integer READ_DEPTH = 256,
    parameter [31:0] IDCODE = 32'h14B31093,
    parameter integer NUM_SLOTS = 4,
    parameter [0:0] RESYNC_IN_DATA = 1'b1
) (
    input  wire                   clk,
    input  wire                   rst,
    input  wire [ADDR_W-1:0]      s_axil_awaddr,
    input  wire                   s_axil_awvalid,
    output wire                   s_axil_awready,
    input  wire [31:0]            s_axil_wdata,
    input  wire [3:0]             s_axil_wstrb,
    input  wire                   s_axil_wvalid,
    output wire                   s_axil_wready,
    output wire [1:0]             s_axil_bresp,
    output wire                   s_axil_bvalid,
    input  wire                   s_axil_bready,
    input  wire [ADDR_W-1:0]      s_axil_araddr,
    input  wire                   s_axil_arvalid,
    output wire                   s_axil_arready,
    output wire [31:0]            s_axil_rdata,
    output wire [1:0]             s_axil_rresp,
    output wire                   s_axil_rvalid,
    input  wire                   s_axil_rready,
    output wire                   irq,
    output wire                   cfg_loading,
    output wire                   cfg_valid,
    output wire [8*NUM_SLOTS-1:0] cfg_slot_kernel,
    output wire                   active
);

  wire gated_clk;

  clk_gate u_clk_gate (
      .clk(clk),
      .en(rst || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || active),
      .gclk(gated_clk)
  );

  hwicap #(
      .ADDR_W(ADDR_W),
      .WRITE_DEPTH(WRITE_DEPTH),
      .READ_DEPTH(READ_DEPTH),
      .IDCODE(IDCODE),
      .NUM_SLOTS(NUM_SLOTS),
      .RESYNC_IN_DATA(RESYNC_IN_DATA)
  ) dut (
      .clk(gated_clk),
      .*
  );

endmodule

`default_nettype wire
