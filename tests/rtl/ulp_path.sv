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

  wire [0:0]         u_awid;
  wire [39:0]        u_awaddr;
  wire [7:0]         u_awlen;
  wire [2:0]         u_awsize;
  wire [1:0]         u_awburst;
  wire               u_awvalid;
  wire               u_awready;
  wire [255:0]       u_wdata;
  wire [31:0]        u_wstrb;
  wire               u_wlast;
  wire               u_wvalid;
  wire               u_wready;
  wire [0:0]         u_bid;
  wire [1:0]         u_bresp;
  wire               u_bvalid;
  wire               u_bready;
  wire [0:0]         u_arid;
  wire [39:0]        u_araddr;
  wire [7:0]         u_arlen;
  wire [2:0]         u_arsize;
  wire [1:0]         u_arburst;
  wire               u_arvalid;
  wire               u_arready;
  wire [0:0]         u_rid;
  wire [255:0]       u_rdata;
  wire [1:0]         u_rresp;
  wire               u_rlast;
  wire               u_rvalid;
  wire               u_rready;
  wire [0:0]         i_awid;
  wire [39:0]        i_awaddr;
  wire [7:0]         i_awlen;
  wire [2:0]         i_awsize;
  wire [1:0]         i_awburst;
  wire               i_awvalid;
  wire               i_awready;
  wire [255:0]       i_wdata;
  wire [31:0]        i_wstrb;
  wire               i_wlast;
  wire               i_wvalid;
  wire               i_wready;
  wire [0:0]         i_bid;
  wire [1:0]         i_bresp;
  wire               i_bvalid;
  wire               i_bready;
  wire [0:0]         i_arid;
  wire [39:0]        i_araddr;
  wire [7:0]         i_arlen;
  wire [2:0]         i_arsize;
  wire [1:0]         i_arburst;
  wire               i_arvalid;
  wire               i_arready;
  wire [0:0]         i_rid;
  wire [255:0]       i_rdata;
  wire [1:0]         i_rresp;
  wire               i_rlast;
  wire               i_rvalid;
  wire               i_rready;
  wire [0:0]         m_awid;
  wire [39:0]        m_awaddr;
  wire [7:0]         m_awlen;
  wire [2:0]         m_awsize;
  wire [1:0]         m_awburst;
  wire               m_awvalid;
  wire               m_awready;
  wire [255:0]       m_wdata;
  wire [31:0]        m_wstrb;
  wire               m_wlast;
  wire               m_wvalid;
  wire               m_wready;
  wire [0:0]         m_bid;
  wire [1:0]         m_bresp;
  wire               m_bvalid;
  wire               m_bready;
  wire [0:0]         m_arid;
  wire [39:0]        m_araddr;
  wire [7:0]         m_arlen;
  wire [2:0]         m_arsize;
  wire [1:0]         m_arburst;
  wire               m_arvalid;
  wire               m_arready;
  wire [0:0]         m_rid;
  wire [255:0]       m_rdata;
  wire [1:0]         m_rresp;
  wire               m_rlast;
  wire               m_rvalid;
  wire               m_rready;
  wire [2*1-1:0]     s_awid;
  wire [2*40-1:0]    s_awaddr;
  wire [2*8-1:0]     s_awlen;
  wire [2*3-1:0]     s_awsize;
  wire [2*2-1:0]     s_awburst;
  wire [1:0]         s_awvalid;
  wire [1:0]         s_awready;
  wire [2*256-1:0]   s_wdata;
  wire [2*32-1:0]    s_wstrb;
  wire [1:0]         s_wlast;
  wire [1:0]         s_wvalid;
  wire [1:0]         s_wready;
  wire [2*1-1:0]     s_bid;
  wire [2*2-1:0]     s_bresp;
  wire [1:0]         s_bvalid;
  wire [1:0]         s_bready;
  wire [2*1-1:0]     s_arid;
  wire [2*40-1:0]    s_araddr;
  wire [2*8-1:0]     s_arlen;
  wire [2*3-1:0]     s_arsize;
  wire [2*2-1:0]     s_arburst;
  wire [1:0]         s_arvalid;
  wire [1:0]         s_arready;
  wire [2*1-1:0]     s_rid;
  wire [2*256-1:0]   s_rdata;
  wire [2*2-1:0]     s_rresp;
  wire [1:0]         s_rlast;
  wire [1:0]         s_rvalid;
  wire [1:0]         s_rready;
  wire               ulp_active;
  wire               arbiter_active;
  wire               memory_active;
  wire               ulp_clk;
  wire               mem_clk;

  assign s_awid = {h_axi_awid, i_awid};
  assign s_awaddr = {h_axi_awaddr, i_awaddr};
  assign s_awlen = {h_axi_awlen, i_awlen};
  assign s_awsize = {h_axi_awsize, i_awsize};
  assign s_awburst = {h_axi_awburst, i_awburst};
  assign s_awvalid = {h_axi_awvalid, i_awvalid && !memory_stall};
  assign h_axi_awready = s_awready[1];
  assign i_awready = s_awready[0] && !memory_stall;
  assign s_wdata = {h_axi_wdata, i_wdata};
  assign s_wstrb = {h_axi_wstrb, i_wstrb};
  assign s_wlast = {h_axi_wlast, i_wlast};
  assign s_wvalid = {h_axi_wvalid, i_wvalid && !memory_stall};
  assign h_axi_wready = s_wready[1];
  assign i_wready = s_wready[0] && !memory_stall;
  assign {h_axi_bid, i_bid} = s_bid;
  assign {h_axi_bresp, i_bresp} = s_bresp;
  assign {h_axi_bvalid, i_bvalid} = s_bvalid;
  assign s_bready = {h_axi_bready, i_bready};
  assign s_arid = {h_axi_arid, i_arid};
  assign s_araddr = {h_axi_araddr, i_araddr};
  assign s_arlen = {h_axi_arlen, i_arlen};
  assign s_arsize = {h_axi_arsize, i_arsize};
  assign s_arburst = {h_axi_arburst, i_arburst};
  assign s_arvalid = {h_axi_arvalid, i_arvalid && !memory_stall};
  assign h_axi_arready = s_arready[1];
  assign i_arready = s_arready[0] && !memory_stall;
  assign {h_axi_rid, i_rid} = s_rid;
  assign {h_axi_rdata, i_rdata} = s_rdata;
  assign {h_axi_rresp, i_rresp} = s_rresp;
  assign {h_axi_rlast, i_rlast} = s_rlast;
  assign {h_axi_rvalid, i_rvalid} = s_rvalid;
  assign s_rready = {h_axi_rready, i_rready};

  assign active = ulp_active || isolate_active || arbiter_active || memory_active;

  clk_gate ulp_gate (
      .clk(clk),
      .en(rst || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || ulp_active),
      .gclk(ulp_clk)
  );

  clk_gate mem_gate (
      .clk(clk),
      .en(rst || s_awvalid != 2'd0 || s_arvalid != 2'd0 || arbiter_active || memory_active),
      .gclk(mem_clk)
  );

  ulp #(
      .PROTOCOL(PROTOCOL)
  ) region (
      .clk(ulp_clk),
      .rst(rst),
      .region_rst(isolate),
      .cfg_loading(cfg_loading),
      .cfg_valid(cfg_valid),
      .cfg_slot_kernel(cfg_slot_kernel),
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
      .m_axi_awid(u_awid),
      .m_axi_awaddr(u_awaddr),
      .m_axi_awlen(u_awlen),
      .m_axi_awsize(u_awsize),
      .m_axi_awburst(u_awburst),
      .m_axi_awvalid(u_awvalid),
      .m_axi_awready(u_awready),
      .m_axi_wdata(u_wdata),
      .m_axi_wstrb(u_wstrb),
      .m_axi_wlast(u_wlast),
      .m_axi_wvalid(u_wvalid),
      .m_axi_wready(u_wready),
      .m_axi_bid(u_bid),
      .m_axi_bresp(u_bresp),
      .m_axi_bvalid(u_bvalid),
      .m_axi_bready(u_bready),
      .m_axi_arid(u_arid),
      .m_axi_araddr(u_araddr),
      .m_axi_arlen(u_arlen),
      .m_axi_arsize(u_arsize),
      .m_axi_arburst(u_arburst),
      .m_axi_arvalid(u_arvalid),
      .m_axi_arready(u_arready),
      .m_axi_rid(u_rid),
      .m_axi_rdata(u_rdata),
      .m_axi_rresp(u_rresp),
      .m_axi_rlast(u_rlast),
      .m_axi_rvalid(u_rvalid),
      .m_axi_rready(u_rready),
      .cu_irq(raw_irq),
      .active(ulp_active)
  );

  axi_isolate isolation (
      .clk(clk),
      .rst(rst),
      .isolate(isolate),
      .s_axi_awid(u_awid),
      .s_axi_awaddr(u_awaddr),
      .s_axi_awlen(u_awlen),
      .s_axi_awsize(u_awsize),
      .s_axi_awburst(u_awburst),
      .s_axi_awvalid(u_awvalid),
      .s_axi_awready(u_awready),
      .s_axi_wdata(u_wdata),
      .s_axi_wstrb(u_wstrb),
      .s_axi_wlast(u_wlast),
      .s_axi_wvalid(u_wvalid),
      .s_axi_wready(u_wready),
      .s_axi_bid(u_bid),
      .s_axi_bresp(u_bresp),
      .s_axi_bvalid(u_bvalid),
      .s_axi_bready(u_bready),
      .s_axi_arid(u_arid),
      .s_axi_araddr(u_araddr),
      .s_axi_arlen(u_arlen),
      .s_axi_arsize(u_arsize),
      .s_axi_arburst(u_arburst),
      .s_axi_arvalid(u_arvalid),
      .s_axi_arready(u_arready),
      .s_axi_rid(u_rid),
      .s_axi_rdata(u_rdata),
      .s_axi_rresp(u_rresp),
      .s_axi_rlast(u_rlast),
      .s_axi_rvalid(u_rvalid),
      .s_axi_rready(u_rready),
      .m_axi_awid(i_awid),
      .m_axi_awaddr(i_awaddr),
      .m_axi_awlen(i_awlen),
      .m_axi_awsize(i_awsize),
      .m_axi_awburst(i_awburst),
      .m_axi_awvalid(i_awvalid),
      .m_axi_awready(i_awready),
      .m_axi_wdata(i_wdata),
      .m_axi_wstrb(i_wstrb),
      .m_axi_wlast(i_wlast),
      .m_axi_wvalid(i_wvalid),
      .m_axi_wready(i_wready),
      .m_axi_bid(i_bid),
      .m_axi_bresp(i_bresp),
      .m_axi_bvalid(i_bvalid),
      .m_axi_bready(i_bready),
      .m_axi_arid(i_arid),
      .m_axi_araddr(i_araddr),
      .m_axi_arlen(i_arlen),
      .m_axi_arsize(i_arsize),
      .m_axi_arburst(i_arburst),
      .m_axi_arvalid(i_arvalid),
      .m_axi_arready(i_arready),
      .m_axi_rid(i_rid),
      .m_axi_rdata(i_rdata),
      .m_axi_rresp(i_rresp),
      .m_axi_rlast(i_rlast),
      .m_axi_rvalid(i_rvalid),
      .m_axi_rready(i_rready),
      .irq_in(raw_irq),
      .irq_out(irq),
      .active(isolate_active)
  );

  axi_arbiter #(
      .N(2),
      .ID_W(1)
  ) arbiter (
      .clk(mem_clk),
      .rst(rst),
      .s_axi_awid(s_awid),
      .s_axi_awaddr(s_awaddr),
      .s_axi_awlen(s_awlen),
      .s_axi_awsize(s_awsize),
      .s_axi_awburst(s_awburst),
      .s_axi_awvalid(s_awvalid),
      .s_axi_awready(s_awready),
      .s_axi_wdata(s_wdata),
      .s_axi_wstrb(s_wstrb),
      .s_axi_wlast(s_wlast),
      .s_axi_wvalid(s_wvalid),
      .s_axi_wready(s_wready),
      .s_axi_bid(s_bid),
      .s_axi_bresp(s_bresp),
      .s_axi_bvalid(s_bvalid),
      .s_axi_bready(s_bready),
      .s_axi_arid(s_arid),
      .s_axi_araddr(s_araddr),
      .s_axi_arlen(s_arlen),
      .s_axi_arsize(s_arsize),
      .s_axi_arburst(s_arburst),
      .s_axi_arvalid(s_arvalid),
      .s_axi_arready(s_arready),
      .s_axi_rid(s_rid),
      .s_axi_rdata(s_rdata),
      .s_axi_rresp(s_rresp),
      .s_axi_rlast(s_rlast),
      .s_axi_rvalid(s_rvalid),
      .s_axi_rready(s_rready),
      .m_axi_awid(m_awid),
      .m_axi_awaddr(m_awaddr),
      .m_axi_awlen(m_awlen),
      .m_axi_awsize(m_awsize),
      .m_axi_awburst(m_awburst),
      .m_axi_awvalid(m_awvalid),
      .m_axi_awready(m_awready),
      .m_axi_wdata(m_wdata),
      .m_axi_wstrb(m_wstrb),
      .m_axi_wlast(m_wlast),
      .m_axi_wvalid(m_wvalid),
      .m_axi_wready(m_wready),
      .m_axi_bid(m_bid),
      .m_axi_bresp(m_bresp),
      .m_axi_bvalid(m_bvalid),
      .m_axi_bready(m_bready),
      .m_axi_arid(m_arid),
      .m_axi_araddr(m_araddr),
      .m_axi_arlen(m_arlen),
      .m_axi_arsize(m_arsize),
      .m_axi_arburst(m_arburst),
      .m_axi_arvalid(m_arvalid),
      .m_axi_arready(m_arready),
      .m_axi_rid(m_rid),
      .m_axi_rdata(m_rdata),
      .m_axi_rresp(m_rresp),
      .m_axi_rlast(m_rlast),
      .m_axi_rvalid(m_rvalid),
      .m_axi_rready(m_rready),
      .active(arbiter_active)
  );

  device_memory memory (
      .clk(mem_clk),
      .rst(rst),
      .s_axi_awid(m_awid),
      .s_axi_awaddr(m_awaddr),
      .s_axi_awlen(m_awlen),
      .s_axi_awsize(m_awsize),
      .s_axi_awburst(m_awburst),
      .s_axi_awvalid(m_awvalid),
      .s_axi_awready(m_awready),
      .s_axi_wdata(m_wdata),
      .s_axi_wstrb(m_wstrb),
      .s_axi_wlast(m_wlast),
      .s_axi_wvalid(m_wvalid),
      .s_axi_wready(m_wready),
      .s_axi_bid(m_bid),
      .s_axi_bresp(m_bresp),
      .s_axi_bvalid(m_bvalid),
      .s_axi_bready(m_bready),
      .s_axi_arid(m_arid),
      .s_axi_araddr(m_araddr),
      .s_axi_arlen(m_arlen),
      .s_axi_arsize(m_arsize),
      .s_axi_arburst(m_arburst),
      .s_axi_arvalid(m_arvalid),
      .s_axi_arready(m_arready),
      .s_axi_rid(m_rid),
      .s_axi_rdata(m_rdata),
      .s_axi_rresp(m_rresp),
      .s_axi_rlast(m_rlast),
      .s_axi_rvalid(m_rvalid),
      .s_axi_rready(m_rready),
      .active(memory_active)
  );

  axi_check #(
      .ID_W(1)
  ) rules (
      .clk(clk),
      .rst(rst || !check),
      .awid(i_awid),
      .awaddr(i_awaddr),
      .awlen(i_awlen),
      .awsize(i_awsize),
      .awburst(i_awburst),
      .awvalid(i_awvalid),
      .awready(i_awready),
      .wdata(i_wdata),
      .wstrb(i_wstrb),
      .wlast(i_wlast),
      .wvalid(i_wvalid),
      .wready(i_wready),
      .bid(i_bid),
      .bresp(i_bresp),
      .bvalid(i_bvalid),
      .bready(i_bready),
      .arid(i_arid),
      .araddr(i_araddr),
      .arlen(i_arlen),
      .arsize(i_arsize),
      .arburst(i_arburst),
      .arvalid(i_arvalid),
      .arready(i_arready),
      .rid(i_rid),
      .rdata(i_rdata),
      .rresp(i_rresp),
      .rlast(i_rlast),
      .rvalid(i_rvalid),
      .rready(i_rready)
  );

endmodule

`default_nettype wire
