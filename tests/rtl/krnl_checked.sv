// SPDX-License-Identifier: Apache-2.0
// One kernel by its type id, under a clock that stops while it is idle, with protocol checkers on both sides.
`default_nettype none
`timescale 1ns / 1ps

module krnl_checked #(
    parameter integer KERNEL   = 1,
    parameter integer PROTOCOL = 0  // of the kernels that have a choice
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [15:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    output wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    output wire                 s_axil_wready,
    output wire [1:0]           s_axil_bresp,
    output wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [15:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    output wire                 s_axil_arready,
    output wire [31:0]          s_axil_rdata,
    output wire [1:0]           s_axil_rresp,
    output wire                 s_axil_rvalid,
    input  wire                 s_axil_rready,

    output wire [0:0]      m_axi_awid,
    output wire [39:0]          m_axi_awaddr,
    output wire [7:0]           m_axi_awlen,
    output wire [2:0]           m_axi_awsize,
    output wire [1:0]           m_axi_awburst,
    output wire                 m_axi_awvalid,
    input  wire                 m_axi_awready,
    output wire [255:0]         m_axi_wdata,
    output wire [31:0]          m_axi_wstrb,
    output wire                 m_axi_wlast,
    output wire                 m_axi_wvalid,
    input  wire                 m_axi_wready,
    input  wire [0:0]      m_axi_bid,
    input  wire [1:0]           m_axi_bresp,
    input  wire                 m_axi_bvalid,
    output wire                 m_axi_bready,
    output wire [0:0]      m_axi_arid,
    output wire [39:0]          m_axi_araddr,
    output wire [7:0]           m_axi_arlen,
    output wire [2:0]           m_axi_arsize,
    output wire [1:0]           m_axi_arburst,
    output wire                 m_axi_arvalid,
    input  wire                 m_axi_arready,
    input  wire [0:0]      m_axi_rid,
    input  wire [255:0]         m_axi_rdata,
    input  wire [1:0]           m_axi_rresp,
    input  wire                 m_axi_rlast,
    input  wire                 m_axi_rvalid,
    output wire                 m_axi_rready,

    output wire                 irq,
    output wire                 active
);

  wire gclk;

  clk_gate gate (
      .clk(clk),
      .en(rst || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || active),
      .gclk(gclk)
  );

  generate
    if (KERNEL == 1) begin : g_krnl_vadd
      krnl_vadd #(.ADDR_W(16), .ID_W(1), .PROTOCOL(PROTOCOL)) dut (.clk(gclk), .*);
    end else if (KERNEL == 2) begin : g_krnl_reduce
      krnl_reduce #(.ADDR_W(16), .ID_W(1), .PROTOCOL(PROTOCOL)) dut (.clk(gclk), .*);
    end else if (KERNEL == 3) begin : g_krnl_route
      krnl_route #(.ADDR_W(16), .ID_W(1)) dut (.clk(gclk), .*);
    end else if (KERNEL == 4) begin : g_krnl_fir
      krnl_fir #(.ADDR_W(16), .ID_W(1)) dut (.clk(gclk), .*);
    end else if (KERNEL == 5) begin : g_krnl_memcopy
      krnl_memcopy #(.ADDR_W(16), .ID_W(1)) dut (.clk(gclk), .*);
    end else if (KERNEL >= 6 && KERNEL <= 8) begin : g_krnl_probe
      krnl_probe #(.ADDR_W(16), .PROTOCOL(KERNEL - 6)) dut (.clk(gclk), .*);
    end else if (KERNEL == 9) begin : g_krnl_probe_mailbox
      krnl_probe_mailbox #(.ADDR_W(16)) dut (.clk(gclk), .*);
    end
    if (KERNEL >= 6) begin : g_no_memory
      assign m_axi_awid = 1'd0;
      assign m_axi_awaddr = 40'd0;
      assign m_axi_awlen = 8'd0;
      assign m_axi_awsize = 3'd0;
      assign m_axi_awburst = 2'd0;
      assign m_axi_awvalid = 1'd0;
      assign m_axi_wdata = 256'd0;
      assign m_axi_wstrb = 32'd0;
      assign m_axi_wlast = 1'd0;
      assign m_axi_wvalid = 1'd0;
      assign m_axi_bready = 1'd0;
      assign m_axi_arid = 1'd0;
      assign m_axi_araddr = 40'd0;
      assign m_axi_arlen = 8'd0;
      assign m_axi_arsize = 3'd0;
      assign m_axi_arburst = 2'd0;
      assign m_axi_arvalid = 1'd0;
      assign m_axi_rready = 1'd0;
    end
  endgenerate

  axil_check #(
      .ADDR_W(16)
  ) lite_check (.*);

  axi_check #(
      .ID_W(1)
  ) axi_rules (.*);

endmodule

`default_nettype wire
