// SPDX-License-Identifier: Apache-2.0
// axil_xbar with three masters (m0..m2) and four slaves (s0..s3), its clock stopped while nothing happens,
// and a protocol check on every port.
`default_nettype none
`timescale 1ns / 1ps

module axil_xbar_bench (
    input  wire         clk,
    input  wire         rst,

    input  wire [15:0]  m0_axil_awaddr,
    input  wire         m0_axil_awvalid,
    output wire         m0_axil_awready,
    input  wire [31:0]  m0_axil_wdata,
    input  wire [3:0]   m0_axil_wstrb,
    input  wire         m0_axil_wvalid,
    output wire         m0_axil_wready,
    output wire [1:0]   m0_axil_bresp,
    output wire         m0_axil_bvalid,
    input  wire         m0_axil_bready,
    input  wire [15:0]  m0_axil_araddr,
    input  wire         m0_axil_arvalid,
    output wire         m0_axil_arready,
    output wire [31:0]  m0_axil_rdata,
    output wire [1:0]   m0_axil_rresp,
    output wire         m0_axil_rvalid,
    input  wire         m0_axil_rready,

    input  wire [15:0]  m1_axil_awaddr,
    input  wire         m1_axil_awvalid,
    output wire         m1_axil_awready,
    input  wire [31:0]  m1_axil_wdata,
    input  wire [3:0]   m1_axil_wstrb,
    input  wire         m1_axil_wvalid,
    output wire         m1_axil_wready,
    output wire [1:0]   m1_axil_bresp,
    output wire         m1_axil_bvalid,
    input  wire         m1_axil_bready,
    input  wire [15:0]  m1_axil_araddr,
    input  wire         m1_axil_arvalid,
    output wire         m1_axil_arready,
    output wire [31:0]  m1_axil_rdata,
    output wire [1:0]   m1_axil_rresp,
    output wire         m1_axil_rvalid,
    input  wire         m1_axil_rready,

    input  wire [15:0]  m2_axil_awaddr,
    input  wire         m2_axil_awvalid,
    output wire         m2_axil_awready,
    input  wire [31:0]  m2_axil_wdata,
    input  wire [3:0]   m2_axil_wstrb,
    input  wire         m2_axil_wvalid,
    output wire         m2_axil_wready,
    output wire [1:0]   m2_axil_bresp,
    output wire         m2_axil_bvalid,
    input  wire         m2_axil_bready,
    input  wire [15:0]  m2_axil_araddr,
    input  wire         m2_axil_arvalid,
    output wire         m2_axil_arready,
    output wire [31:0]  m2_axil_rdata,
    output wire [1:0]   m2_axil_rresp,
    output wire         m2_axil_rvalid,
    input  wire         m2_axil_rready,

    output wire [15:0]  s0_axil_awaddr,
    output wire         s0_axil_awvalid,
    input  wire         s0_axil_awready,
    output wire [31:0]  s0_axil_wdata,
    output wire [3:0]   s0_axil_wstrb,
    output wire         s0_axil_wvalid,
    input  wire         s0_axil_wready,
    input  wire [1:0]   s0_axil_bresp,
    input  wire         s0_axil_bvalid,
    output wire         s0_axil_bready,
    output wire [15:0]  s0_axil_araddr,
    output wire         s0_axil_arvalid,
    input  wire         s0_axil_arready,
    input  wire [31:0]  s0_axil_rdata,
    input  wire [1:0]   s0_axil_rresp,
    input  wire         s0_axil_rvalid,
    output wire         s0_axil_rready,

    output wire [15:0]  s1_axil_awaddr,
    output wire         s1_axil_awvalid,
    input  wire         s1_axil_awready,
    output wire [31:0]  s1_axil_wdata,
    output wire [3:0]   s1_axil_wstrb,
    output wire         s1_axil_wvalid,
    input  wire         s1_axil_wready,
    input  wire [1:0]   s1_axil_bresp,
    input  wire         s1_axil_bvalid,
    output wire         s1_axil_bready,
    output wire [15:0]  s1_axil_araddr,
    output wire         s1_axil_arvalid,
    input  wire         s1_axil_arready,
    input  wire [31:0]  s1_axil_rdata,
    input  wire [1:0]   s1_axil_rresp,
    input  wire         s1_axil_rvalid,
    output wire         s1_axil_rready,

    output wire [15:0]  s2_axil_awaddr,
    output wire         s2_axil_awvalid,
    input  wire         s2_axil_awready,
    output wire [31:0]  s2_axil_wdata,
    output wire [3:0]   s2_axil_wstrb,
    output wire         s2_axil_wvalid,
    input  wire         s2_axil_wready,
    input  wire [1:0]   s2_axil_bresp,
    input  wire         s2_axil_bvalid,
    output wire         s2_axil_bready,
    output wire [15:0]  s2_axil_araddr,
    output wire         s2_axil_arvalid,
    input  wire         s2_axil_arready,
    input  wire [31:0]  s2_axil_rdata,
    input  wire [1:0]   s2_axil_rresp,
    input  wire         s2_axil_rvalid,
    output wire         s2_axil_rready,

    output wire [15:0]  s3_axil_awaddr,
    output wire         s3_axil_awvalid,
    input  wire         s3_axil_awready,
    output wire [31:0]  s3_axil_wdata,
    output wire [3:0]   s3_axil_wstrb,
    output wire         s3_axil_wvalid,
    input  wire         s3_axil_wready,
    input  wire [1:0]   s3_axil_bresp,
    input  wire         s3_axil_bvalid,
    output wire         s3_axil_bready,
    output wire [15:0]  s3_axil_araddr,
    output wire         s3_axil_arvalid,
    input  wire         s3_axil_arready,
    input  wire [31:0]  s3_axil_rdata,
    input  wire [1:0]   s3_axil_rresp,
    input  wire         s3_axil_rvalid,
    output wire         s3_axil_rready,

    output wire         active,
    output wire [2:0]   m_active,
    output wire [3:0]   s_active
);

  wire request = m0_axil_awvalid || m0_axil_arvalid || m1_axil_awvalid || m1_axil_arvalid
      || m2_axil_awvalid || m2_axil_arvalid;
  wire gclk;

  clk_gate gate (
      .clk(clk),
      .en(rst || request || active),
      .gclk(gclk)
  );

  // Overlap on purpose: s2 lies inside s3's range and comes first. Master 0 does not reach s2, master 2 not s1.
  axil_xbar #(
      .M(3),
      .S(4),
      .ADDR_W(16),
      .S_BASE({16'h8000, 16'hC100, 16'h1000, 16'h0000}),
      .S_MASK({16'h8000, 16'hFF00, 16'hF000, 16'hF000}),
      .CONNECT(12'b1101_1111_1011)
  ) dut (
      .clk(gclk),
      .rst(rst),
      .s_axil_awaddr({m2_axil_awaddr, m1_axil_awaddr, m0_axil_awaddr}),
      .s_axil_awvalid({m2_axil_awvalid, m1_axil_awvalid, m0_axil_awvalid}),
      .s_axil_awready({m2_axil_awready, m1_axil_awready, m0_axil_awready}),
      .s_axil_wdata({m2_axil_wdata, m1_axil_wdata, m0_axil_wdata}),
      .s_axil_wstrb({m2_axil_wstrb, m1_axil_wstrb, m0_axil_wstrb}),
      .s_axil_wvalid({m2_axil_wvalid, m1_axil_wvalid, m0_axil_wvalid}),
      .s_axil_wready({m2_axil_wready, m1_axil_wready, m0_axil_wready}),
      .s_axil_bresp({m2_axil_bresp, m1_axil_bresp, m0_axil_bresp}),
      .s_axil_bvalid({m2_axil_bvalid, m1_axil_bvalid, m0_axil_bvalid}),
      .s_axil_bready({m2_axil_bready, m1_axil_bready, m0_axil_bready}),
      .s_axil_araddr({m2_axil_araddr, m1_axil_araddr, m0_axil_araddr}),
      .s_axil_arvalid({m2_axil_arvalid, m1_axil_arvalid, m0_axil_arvalid}),
      .s_axil_arready({m2_axil_arready, m1_axil_arready, m0_axil_arready}),
      .s_axil_rdata({m2_axil_rdata, m1_axil_rdata, m0_axil_rdata}),
      .s_axil_rresp({m2_axil_rresp, m1_axil_rresp, m0_axil_rresp}),
      .s_axil_rvalid({m2_axil_rvalid, m1_axil_rvalid, m0_axil_rvalid}),
      .s_axil_rready({m2_axil_rready, m1_axil_rready, m0_axil_rready}),
      .m_axil_awaddr({s3_axil_awaddr, s2_axil_awaddr, s1_axil_awaddr, s0_axil_awaddr}),
      .m_axil_awvalid({s3_axil_awvalid, s2_axil_awvalid, s1_axil_awvalid, s0_axil_awvalid}),
      .m_axil_awready({s3_axil_awready, s2_axil_awready, s1_axil_awready, s0_axil_awready}),
      .m_axil_wdata({s3_axil_wdata, s2_axil_wdata, s1_axil_wdata, s0_axil_wdata}),
      .m_axil_wstrb({s3_axil_wstrb, s2_axil_wstrb, s1_axil_wstrb, s0_axil_wstrb}),
      .m_axil_wvalid({s3_axil_wvalid, s2_axil_wvalid, s1_axil_wvalid, s0_axil_wvalid}),
      .m_axil_wready({s3_axil_wready, s2_axil_wready, s1_axil_wready, s0_axil_wready}),
      .m_axil_bresp({s3_axil_bresp, s2_axil_bresp, s1_axil_bresp, s0_axil_bresp}),
      .m_axil_bvalid({s3_axil_bvalid, s2_axil_bvalid, s1_axil_bvalid, s0_axil_bvalid}),
      .m_axil_bready({s3_axil_bready, s2_axil_bready, s1_axil_bready, s0_axil_bready}),
      .m_axil_araddr({s3_axil_araddr, s2_axil_araddr, s1_axil_araddr, s0_axil_araddr}),
      .m_axil_arvalid({s3_axil_arvalid, s2_axil_arvalid, s1_axil_arvalid, s0_axil_arvalid}),
      .m_axil_arready({s3_axil_arready, s2_axil_arready, s1_axil_arready, s0_axil_arready}),
      .m_axil_rdata({s3_axil_rdata, s2_axil_rdata, s1_axil_rdata, s0_axil_rdata}),
      .m_axil_rresp({s3_axil_rresp, s2_axil_rresp, s1_axil_rresp, s0_axil_rresp}),
      .m_axil_rvalid({s3_axil_rvalid, s2_axil_rvalid, s1_axil_rvalid, s0_axil_rvalid}),
      .m_axil_rready({s3_axil_rready, s2_axil_rready, s1_axil_rready, s0_axil_rready}),
      .active(active),
      .m_active(m_active),
      .s_active(s_active)
  );

  axil_check #(
      .ADDR_W(16)
  ) check_m0 (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(m0_axil_awaddr),
      .s_axil_awvalid(m0_axil_awvalid),
      .s_axil_awready(m0_axil_awready),
      .s_axil_wdata(m0_axil_wdata),
      .s_axil_wstrb(m0_axil_wstrb),
      .s_axil_wvalid(m0_axil_wvalid),
      .s_axil_wready(m0_axil_wready),
      .s_axil_bresp(m0_axil_bresp),
      .s_axil_bvalid(m0_axil_bvalid),
      .s_axil_bready(m0_axil_bready),
      .s_axil_araddr(m0_axil_araddr),
      .s_axil_arvalid(m0_axil_arvalid),
      .s_axil_arready(m0_axil_arready),
      .s_axil_rdata(m0_axil_rdata),
      .s_axil_rresp(m0_axil_rresp),
      .s_axil_rvalid(m0_axil_rvalid),
      .s_axil_rready(m0_axil_rready)
  );

  axil_check #(
      .ADDR_W(16)
  ) check_m1 (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(m1_axil_awaddr),
      .s_axil_awvalid(m1_axil_awvalid),
      .s_axil_awready(m1_axil_awready),
      .s_axil_wdata(m1_axil_wdata),
      .s_axil_wstrb(m1_axil_wstrb),
      .s_axil_wvalid(m1_axil_wvalid),
      .s_axil_wready(m1_axil_wready),
      .s_axil_bresp(m1_axil_bresp),
      .s_axil_bvalid(m1_axil_bvalid),
      .s_axil_bready(m1_axil_bready),
      .s_axil_araddr(m1_axil_araddr),
      .s_axil_arvalid(m1_axil_arvalid),
      .s_axil_arready(m1_axil_arready),
      .s_axil_rdata(m1_axil_rdata),
      .s_axil_rresp(m1_axil_rresp),
      .s_axil_rvalid(m1_axil_rvalid),
      .s_axil_rready(m1_axil_rready)
  );

  axil_check #(
      .ADDR_W(16)
  ) check_m2 (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(m2_axil_awaddr),
      .s_axil_awvalid(m2_axil_awvalid),
      .s_axil_awready(m2_axil_awready),
      .s_axil_wdata(m2_axil_wdata),
      .s_axil_wstrb(m2_axil_wstrb),
      .s_axil_wvalid(m2_axil_wvalid),
      .s_axil_wready(m2_axil_wready),
      .s_axil_bresp(m2_axil_bresp),
      .s_axil_bvalid(m2_axil_bvalid),
      .s_axil_bready(m2_axil_bready),
      .s_axil_araddr(m2_axil_araddr),
      .s_axil_arvalid(m2_axil_arvalid),
      .s_axil_arready(m2_axil_arready),
      .s_axil_rdata(m2_axil_rdata),
      .s_axil_rresp(m2_axil_rresp),
      .s_axil_rvalid(m2_axil_rvalid),
      .s_axil_rready(m2_axil_rready)
  );

  axil_check #(
      .ADDR_W(16)
  ) check_s0 (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s0_axil_awaddr),
      .s_axil_awvalid(s0_axil_awvalid),
      .s_axil_awready(s0_axil_awready),
      .s_axil_wdata(s0_axil_wdata),
      .s_axil_wstrb(s0_axil_wstrb),
      .s_axil_wvalid(s0_axil_wvalid),
      .s_axil_wready(s0_axil_wready),
      .s_axil_bresp(s0_axil_bresp),
      .s_axil_bvalid(s0_axil_bvalid),
      .s_axil_bready(s0_axil_bready),
      .s_axil_araddr(s0_axil_araddr),
      .s_axil_arvalid(s0_axil_arvalid),
      .s_axil_arready(s0_axil_arready),
      .s_axil_rdata(s0_axil_rdata),
      .s_axil_rresp(s0_axil_rresp),
      .s_axil_rvalid(s0_axil_rvalid),
      .s_axil_rready(s0_axil_rready)
  );

  axil_check #(
      .ADDR_W(16)
  ) check_s1 (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s1_axil_awaddr),
      .s_axil_awvalid(s1_axil_awvalid),
      .s_axil_awready(s1_axil_awready),
      .s_axil_wdata(s1_axil_wdata),
      .s_axil_wstrb(s1_axil_wstrb),
      .s_axil_wvalid(s1_axil_wvalid),
      .s_axil_wready(s1_axil_wready),
      .s_axil_bresp(s1_axil_bresp),
      .s_axil_bvalid(s1_axil_bvalid),
      .s_axil_bready(s1_axil_bready),
      .s_axil_araddr(s1_axil_araddr),
      .s_axil_arvalid(s1_axil_arvalid),
      .s_axil_arready(s1_axil_arready),
      .s_axil_rdata(s1_axil_rdata),
      .s_axil_rresp(s1_axil_rresp),
      .s_axil_rvalid(s1_axil_rvalid),
      .s_axil_rready(s1_axil_rready)
  );

  axil_check #(
      .ADDR_W(16)
  ) check_s2 (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s2_axil_awaddr),
      .s_axil_awvalid(s2_axil_awvalid),
      .s_axil_awready(s2_axil_awready),
      .s_axil_wdata(s2_axil_wdata),
      .s_axil_wstrb(s2_axil_wstrb),
      .s_axil_wvalid(s2_axil_wvalid),
      .s_axil_wready(s2_axil_wready),
      .s_axil_bresp(s2_axil_bresp),
      .s_axil_bvalid(s2_axil_bvalid),
      .s_axil_bready(s2_axil_bready),
      .s_axil_araddr(s2_axil_araddr),
      .s_axil_arvalid(s2_axil_arvalid),
      .s_axil_arready(s2_axil_arready),
      .s_axil_rdata(s2_axil_rdata),
      .s_axil_rresp(s2_axil_rresp),
      .s_axil_rvalid(s2_axil_rvalid),
      .s_axil_rready(s2_axil_rready)
  );

  axil_check #(
      .ADDR_W(16)
  ) check_s3 (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s3_axil_awaddr),
      .s_axil_awvalid(s3_axil_awvalid),
      .s_axil_awready(s3_axil_awready),
      .s_axil_wdata(s3_axil_wdata),
      .s_axil_wstrb(s3_axil_wstrb),
      .s_axil_wvalid(s3_axil_wvalid),
      .s_axil_wready(s3_axil_wready),
      .s_axil_bresp(s3_axil_bresp),
      .s_axil_bvalid(s3_axil_bvalid),
      .s_axil_bready(s3_axil_bready),
      .s_axil_araddr(s3_axil_araddr),
      .s_axil_arvalid(s3_axil_arvalid),
      .s_axil_arready(s3_axil_arready),
      .s_axil_rdata(s3_axil_rdata),
      .s_axil_rresp(s3_axil_rresp),
      .s_axil_rvalid(s3_axil_rvalid),
      .s_axil_rready(s3_axil_rready)
  );

endmodule

`default_nettype wire
