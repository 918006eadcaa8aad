// SPDX-License-Identifier: Apache-2.0
// axil_guard with its clock stopped while nothing happens, and a protocol check on the side that it protects.
`default_nettype none
`timescale 1ns / 1ps

module axil_guard_bench #(
    parameter integer TIMEOUT_CYCLES = 32
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         isolate,

    input  wire [15:0]  s_axil_awaddr,
    input  wire         s_axil_awvalid,
    output wire         s_axil_awready,
    input  wire [31:0]  s_axil_wdata,
    input  wire [3:0]   s_axil_wstrb,
    input  wire         s_axil_wvalid,
    output wire         s_axil_wready,
    output wire [1:0]   s_axil_bresp,
    output wire         s_axil_bvalid,
    input  wire         s_axil_bready,
    input  wire [15:0]  s_axil_araddr,
    input  wire         s_axil_arvalid,
    output wire         s_axil_arready,
    output wire [31:0]  s_axil_rdata,
    output wire [1:0]   s_axil_rresp,
    output wire         s_axil_rvalid,
    input  wire         s_axil_rready,

    output wire [15:0]  m_axil_awaddr,
    output wire         m_axil_awvalid,
    input  wire         m_axil_awready,
    output wire [31:0]  m_axil_wdata,
    output wire [3:0]   m_axil_wstrb,
    output wire         m_axil_wvalid,
    input  wire         m_axil_wready,
    input  wire [1:0]   m_axil_bresp,
    input  wire         m_axil_bvalid,
    output wire         m_axil_bready,
    output wire [15:0]  m_axil_araddr,
    output wire         m_axil_arvalid,
    input  wire         m_axil_arready,
    input  wire [31:0]  m_axil_rdata,
    input  wire [1:0]   m_axil_rresp,
    input  wire         m_axil_rvalid,
    output wire         m_axil_rready,

    output wire [31:0]  tripped_count,
    output wire         active
);

  wire gclk;

  clk_gate gate (
      .clk(clk),
      .en(rst || s_axil_awvalid || s_axil_arvalid || active),
      .gclk(gclk)
  );

  axil_guard #(
      .ADDR_W(16),
      .TIMEOUT_CYCLES(TIMEOUT_CYCLES)
  ) dut (
      .clk(gclk),
      .rst(rst),
      .isolate(isolate),
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
      .m_axil_awaddr(m_axil_awaddr),
      .m_axil_awvalid(m_axil_awvalid),
      .m_axil_awready(m_axil_awready),
      .m_axil_wdata(m_axil_wdata),
      .m_axil_wstrb(m_axil_wstrb),
      .m_axil_wvalid(m_axil_wvalid),
      .m_axil_wready(m_axil_wready),
      .m_axil_bresp(m_axil_bresp),
      .m_axil_bvalid(m_axil_bvalid),
      .m_axil_bready(m_axil_bready),
      .m_axil_araddr(m_axil_araddr),
      .m_axil_arvalid(m_axil_arvalid),
      .m_axil_arready(m_axil_arready),
      .m_axil_rdata(m_axil_rdata),
      .m_axil_rresp(m_axil_rresp),
      .m_axil_rvalid(m_axil_rvalid),
      .m_axil_rready(m_axil_rready),
      .tripped_count(tripped_count),
      // Only the gate of the clock behind the guard uses it.
      /* verilator lint_off PINCONNECTEMPTY */
      .waiting(),
      /* verilator lint_on PINCONNECTEMPTY */
      .active(active)
  );

  axil_check #(
      .ADDR_W(16)
  ) check_s (
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
