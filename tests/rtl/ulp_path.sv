// SPDX-License-Identifier: Apache-2.0
// The dynamic region, its isolation and the memory, as the shell connects them; a host master shares the memory.
`default_nettype none
`timescale 1ns / 1ps

module ulp_path #(
    parameter integer PROTOCOL = 0
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 isolate,
    input  wire                 cfg_loading,
    input  wire                 cfg_valid,
    input  wire [31:0]          cfg_slot_kernel,

    input  wire [31:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    output wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    output wire                 s_axil_wready,
    output wire [1:0]           s_axil_bresp,
    output wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [31:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    output wire                 s_axil_arready,
    output wire [31:0]          s_axil_rdata,
    output wire [1:0]           s_axil_rresp,
    output wire                 s_axil_rvalid,
    input  wire                 s_axil_rready,

    input  wire [0:0]      h_axi_awid,
    input  wire [39:0]          h_axi_awaddr,
    input  wire [7:0]           h_axi_awlen,
    input  wire [2:0]           h_axi_awsize,
    input  wire [1:0]           h_axi_awburst,
    input  wire                 h_axi_awvalid,
    output wire                 h_axi_awready,
    input  wire [255:0]         h_axi_wdata,
    input  wire [31:0]          h_axi_wstrb,
    input  wire                 h_axi_wlast,
    input  wire                 h_axi_wvalid,
    output wire                 h_axi_wready,
    output wire [0:0]      h_axi_bid,
    output wire [1:0]           h_axi_bresp,
    output wire                 h_axi_bvalid,
    input  wire                 h_axi_bready,
    input  wire [0:0]      h_axi_arid,
    input  wire [39:0]          h_axi_araddr,
    input  wire [7:0]           h_axi_arlen,
    input  wire [2:0]           h_axi_arsize,
    input  wire [1:0]           h_axi_arburst,
    input  wire                 h_axi_arvalid,
    output wire                 h_axi_arready,
    output wire [0:0]      h_axi_rid,
    output wire [255:0]         h_axi_rdata,
    output wire [1:0]           h_axi_rresp,
    output wire                 h_axi_rlast,
    output wire                 h_axi_rvalid,
    input  wire                 h_axi_rready,

    input  wire                 memory_stall,
    input  wire                 check,
    output wire [3:0]           raw_irq,
    output wire [3:0]           irq,
    output wire                 active,
    output wire                 isolate_active
);

  // s_axi_* is the region's memory port, m_axi_* the same behind the isolation.
  wire [0:0]   s_axi_awid;
  wire [39:0]  s_axi_awaddr;
  wire [7:0]   s_axi_awlen;
  wire [2:0]   s_axi_awsize;
  wire [1:0]   s_axi_awburst;
  wire         s_axi_awvalid;
  wire         s_axi_awready;
  wire [255:0] s_axi_wdata;
  wire [31:0]  s_axi_wstrb;
  wire         s_axi_wlast;
  wire         s_axi_wvalid;
  wire         s_axi_wready;
  wire [0:0]   s_axi_bid;
  wire [1:0]   s_axi_bresp;
  wire         s_axi_bvalid;
  wire         s_axi_bready;
  wire [0:0]   s_axi_arid;
  wire [39:0]  s_axi_araddr;
  wire [7:0]   s_axi_arlen;
  wire [2:0]   s_axi_arsize;
  wire [1:0]   s_axi_arburst;
  wire         s_axi_arvalid;
  wire         s_axi_arready;
  wire [0:0]   s_axi_rid;
  wire [255:0] s_axi_rdata;
  wire [1:0]   s_axi_rresp;
  wire         s_axi_rlast;
  wire         s_axi_rvalid;
  wire         s_axi_rready;
  wire [0:0]   m_axi_awid;
  wire [39:0]  m_axi_awaddr;
  wire [7:0]   m_axi_awlen;
  wire [2:0]   m_axi_awsize;
  wire [1:0]   m_axi_awburst;
  wire         m_axi_awvalid;
  wire         m_axi_awready;
  wire [255:0] m_axi_wdata;
  wire [31:0]  m_axi_wstrb;
  wire         m_axi_wlast;
  wire         m_axi_wvalid;
  wire         m_axi_wready;
  wire [0:0]   m_axi_bid;
  wire [1:0]   m_axi_bresp;
  wire         m_axi_bvalid;
  wire         m_axi_bready;
  wire [0:0]   m_axi_arid;
  wire [39:0]  m_axi_araddr;
  wire [7:0]   m_axi_arlen;
  wire [2:0]   m_axi_arsize;
  wire [1:0]   m_axi_arburst;
  wire         m_axi_arvalid;
  wire         m_axi_arready;
  wire [0:0]   m_axi_rid;
  wire [255:0] m_axi_rdata;
  wire [1:0]   m_axi_rresp;
  wire         m_axi_rlast;
  wire         m_axi_rvalid;
  wire         m_axi_rready;
  wire         memory_awready;
  wire         memory_wready;
  wire         memory_arready;
  wire         ulp_active;
  wire         memory_active;
  wire         ulp_clk;

  assign m_axi_awready = memory_awready && !memory_stall;
  assign m_axi_wready = memory_wready && !memory_stall;
  assign m_axi_arready = memory_arready && !memory_stall;
  assign active = ulp_active || isolate_active || memory_active;

  clk_gate ulp_gate (
      .clk(clk),
      .en(rst || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || ulp_active),
      .gclk(ulp_clk)
  );

  ulp #(
      .PROTOCOL(PROTOCOL)
  ) region (
      .clk(ulp_clk),
      .region_rst(isolate),
      .m_axi_awid(s_axi_awid),
      .m_axi_awaddr(s_axi_awaddr),
      .m_axi_awlen(s_axi_awlen),
      .m_axi_awsize(s_axi_awsize),
      .m_axi_awburst(s_axi_awburst),
      .m_axi_awvalid(s_axi_awvalid),
      .m_axi_awready(s_axi_awready),
      .m_axi_wdata(s_axi_wdata),
      .m_axi_wstrb(s_axi_wstrb),
      .m_axi_wlast(s_axi_wlast),
      .m_axi_wvalid(s_axi_wvalid),
      .m_axi_wready(s_axi_wready),
      .m_axi_bid(s_axi_bid),
      .m_axi_bresp(s_axi_bresp),
      .m_axi_bvalid(s_axi_bvalid),
      .m_axi_bready(s_axi_bready),
      .m_axi_arid(s_axi_arid),
      .m_axi_araddr(s_axi_araddr),
      .m_axi_arlen(s_axi_arlen),
      .m_axi_arsize(s_axi_arsize),
      .m_axi_arburst(s_axi_arburst),
      .m_axi_arvalid(s_axi_arvalid),
      .m_axi_arready(s_axi_arready),
      .m_axi_rid(s_axi_rid),
      .m_axi_rdata(s_axi_rdata),
      .m_axi_rresp(s_axi_rresp),
      .m_axi_rlast(s_axi_rlast),
      .m_axi_rvalid(s_axi_rvalid),
      .m_axi_rready(s_axi_rready),
      .cu_irq(raw_irq),
      .active(ulp_active),
      .*
  );

  axi_isolate isolation (
      .irq_in(raw_irq),
      .irq_out(irq),
      .active(isolate_active),
      .*
  );

  shared_memory #(
      .N(2)
  ) shared (
      // memory_stall takes requests back, so the port is checked in front of it, below.
      .check(1'b0),
      .s_axi_awid({h_axi_awid, m_axi_awid}),
      .s_axi_awaddr({h_axi_awaddr, m_axi_awaddr}),
      .s_axi_awlen({h_axi_awlen, m_axi_awlen}),
      .s_axi_awsize({h_axi_awsize, m_axi_awsize}),
      .s_axi_awburst({h_axi_awburst, m_axi_awburst}),
      .s_axi_awvalid({h_axi_awvalid, m_axi_awvalid && !memory_stall}),
      .s_axi_awready({h_axi_awready, memory_awready}),
      .s_axi_wdata({h_axi_wdata, m_axi_wdata}),
      .s_axi_wstrb({h_axi_wstrb, m_axi_wstrb}),
      .s_axi_wlast({h_axi_wlast, m_axi_wlast}),
      .s_axi_wvalid({h_axi_wvalid, m_axi_wvalid && !memory_stall}),
      .s_axi_wready({h_axi_wready, memory_wready}),
      .s_axi_bid({h_axi_bid, m_axi_bid}),
      .s_axi_bresp({h_axi_bresp, m_axi_bresp}),
      .s_axi_bvalid({h_axi_bvalid, m_axi_bvalid}),
      .s_axi_bready({h_axi_bready, m_axi_bready}),
      .s_axi_arid({h_axi_arid, m_axi_arid}),
      .s_axi_araddr({h_axi_araddr, m_axi_araddr}),
      .s_axi_arlen({h_axi_arlen, m_axi_arlen}),
      .s_axi_arsize({h_axi_arsize, m_axi_arsize}),
      .s_axi_arburst({h_axi_arburst, m_axi_arburst}),
      .s_axi_arvalid({h_axi_arvalid, m_axi_arvalid && !memory_stall}),
      .s_axi_arready({h_axi_arready, memory_arready}),
      .s_axi_rid({h_axi_rid, m_axi_rid}),
      .s_axi_rdata({h_axi_rdata, m_axi_rdata}),
      .s_axi_rresp({h_axi_rresp, m_axi_rresp}),
      .s_axi_rlast({h_axi_rlast, m_axi_rlast}),
      .s_axi_rvalid({h_axi_rvalid, m_axi_rvalid}),
      .s_axi_rready({h_axi_rready, m_axi_rready}),
      .active(memory_active),
      .*
  );

  axi_check #(
      .ID_W(1)
  ) rules (
      .rst(rst || !check),
      .*
  );

endmodule

`default_nettype wire
