// SPDX-License-Identifier: Apache-2.0
// Generated from kernels/ by tools/kernels; edit the kernel.toml files.
// The kernels of slots without a memory port, the configured one connected.
//
// `clk` runs when the slot has work; of several kernels only the configured one gets it. `rst` also while one
// comes or goes.
`default_nettype none
`timescale 1ns / 1ps

module ulp_kernels_light #(
    parameter integer ADDR_W   = 16,
    /* verilator lint_off UNUSEDPARAM */
    parameter integer PROTOCOL = 0  // of kernels described as hs: 0, or 1 AP_CTRL_CHAIN
    /* verilator lint_on UNUSEDPARAM */
) (
    input  wire              clk,
    input  wire              rst,
    input  wire [7:0]        kernel,

    input  wire [ADDR_W-1:0] s_axil_awaddr,
    input  wire s_axil_awvalid,
    input  wire [31:0] s_axil_wdata,
    input  wire [3:0] s_axil_wstrb,
    input  wire s_axil_wvalid,
    input  wire s_axil_bready,
    input  wire [ADDR_W-1:0] s_axil_araddr,
    input  wire s_axil_arvalid,
    input  wire s_axil_rready,
    output wire s_axil_awready,
    output wire s_axil_wready,
    output wire [1:0] s_axil_bresp,
    output wire s_axil_bvalid,
    output wire s_axil_arready,
    output wire [31:0] s_axil_rdata,
    output wire [1:0] s_axil_rresp,
    output wire s_axil_rvalid,
    output wire irq,
    output wire active
);

  localparam integer KERNELS = 1;
  localparam integer SEL_W = KERNELS > 1 ? $clog2(KERNELS) : 1;

  localparam [7:0] PROBE = 8'd6;

  wire [KERNELS-1:0] selected = {kernel == PROBE};
  reg  [SEL_W-1:0]   which;
  wire               hit = selected != {KERNELS{1'b0}};
  wire               live = hit && !rst;
  wire [KERNELS-1:0] k_irq;
  wire [KERNELS-1:0] k_active;

  always_comb begin
    case (kernel)
      default: which = {SEL_W{1'b0}};
    endcase
  end

  assign irq = live && k_irq[which];
  assign active = hit && k_active[which];

  wire [KERNELS-1:0] k_awready;
  wire [KERNELS-1:0] k_wready;
  wire [1:0] k_bresp [0:KERNELS-1];
  wire [KERNELS-1:0] k_bvalid;
  wire [KERNELS-1:0] k_arready;
  wire [31:0] k_rdata [0:KERNELS-1];
  wire [1:0] k_rresp [0:KERNELS-1];
  wire [KERNELS-1:0] k_rvalid;

  assign s_axil_awready = live && k_awready[which];
  assign s_axil_wready = live && k_wready[which];
  assign s_axil_bresp = k_bresp[which];
  assign s_axil_bvalid = live && k_bvalid[which];
  assign s_axil_arready = live && k_arready[which];
  assign s_axil_rdata = k_rdata[which];
  assign s_axil_rresp = k_rresp[which];
  assign s_axil_rvalid = live && k_rvalid[which];

  krnl_probe #(
      .ADDR_W(ADDR_W),
      .PROTOCOL(0)
  ) probe_kernel (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(selected[0] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[0]),
      .s_axil_wdata(selected[0] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[0] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[0]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[0] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[0]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[0]),
      .s_axil_wready(k_wready[0]),
      .s_axil_bresp(k_bresp[0]),
      .s_axil_bvalid(k_bvalid[0]),
      .s_axil_arready(k_arready[0]),
      .s_axil_rdata(k_rdata[0]),
      .s_axil_rresp(k_rresp[0]),
      .s_axil_rvalid(k_rvalid[0]),
      .irq(k_irq[0]),
      .active(k_active[0])
  );

endmodule

`default_nettype wire
