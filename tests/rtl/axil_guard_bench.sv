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
      // Only the gate of the clock behind the guard uses it.
      /* verilator lint_off PINCONNECTEMPTY */
      .waiting(),
      /* verilator lint_on PINCONNECTEMPTY */
      .*
  );

  axil_check #(
      .ADDR_W(16)
  ) check_s (.*);

endmodule

`default_nettype wire
