// SPDX-License-Identifier: Apache-2.0
// Generated from kernels/ by tools/kernels; edit the kernel.toml files.
// Every kernel of the region, the configured one connected.
//
// `clk` runs when the slot has work; of several kernels only the configured one gets it. `rst` also while one
// comes or goes.
`default_nettype none
`timescale 1ns / 1ps

module ulp_kernels_full #(
    parameter integer ADDR_W   = 16,
    parameter integer ID_W     = 1,
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
    input  wire m_axi_awready,
    input  wire m_axi_wready,
    input  wire [ID_W-1:0] m_axi_bid,
    input  wire [1:0] m_axi_bresp,
    input  wire m_axi_bvalid,
    input  wire m_axi_arready,
    input  wire [ID_W-1:0] m_axi_rid,
    input  wire [255:0] m_axi_rdata,
    input  wire [1:0] m_axi_rresp,
    input  wire m_axi_rlast,
    input  wire m_axi_rvalid,
    output wire [ID_W-1:0] m_axi_awid,
    output wire [39:0] m_axi_awaddr,
    output wire [7:0] m_axi_awlen,
    output wire [2:0] m_axi_awsize,
    output wire [1:0] m_axi_awburst,
    output wire m_axi_awvalid,
    output wire [255:0] m_axi_wdata,
    output wire [31:0] m_axi_wstrb,
    output wire m_axi_wlast,
    output wire m_axi_wvalid,
    output wire m_axi_bready,
    output wire [ID_W-1:0] m_axi_arid,
    output wire [39:0] m_axi_araddr,
    output wire [7:0] m_axi_arlen,
    output wire [2:0] m_axi_arsize,
    output wire [1:0] m_axi_arburst,
    output wire m_axi_arvalid,
    output wire m_axi_rready,
    output wire irq,
    output wire active
);

  localparam integer KERNELS = 10;
  localparam integer SEL_W = KERNELS > 1 ? $clog2(KERNELS) : 1;

  localparam [7:0] VADD = 8'd1;
  localparam [7:0] REDUCE = 8'd2;
  localparam [7:0] ROUTE = 8'd3;
  localparam [7:0] FIR = 8'd4;
  localparam [7:0] MEMCOPY = 8'd5;
  localparam [7:0] PROBE = 8'd6;
  localparam [7:0] PROBE_CHAIN = 8'd7;
  localparam [7:0] PROBE_NONE = 8'd8;
  localparam [7:0] PROBE_MAILBOX = 8'd9;
  localparam [7:0] VADD_FA = 8'd10;

  wire [KERNELS-1:0] selected = {kernel == VADD_FA, kernel == PROBE_MAILBOX, kernel == PROBE_NONE, kernel == PROBE_CHAIN, kernel == PROBE, kernel == MEMCOPY, kernel == FIR, kernel == ROUTE, kernel == REDUCE, kernel == VADD};
  reg  [SEL_W-1:0]   which;
  wire               hit = selected != {KERNELS{1'b0}};
  wire               live = hit && !rst;
  wire [KERNELS-1:0] k_irq;
  wire [KERNELS-1:0] k_active;

  always_comb begin
    case (kernel)
      REDUCE: which = SEL_W'(1);
      ROUTE: which = SEL_W'(2);
      FIR: which = SEL_W'(3);
      MEMCOPY: which = SEL_W'(4);
      PROBE: which = SEL_W'(5);
      PROBE_CHAIN: which = SEL_W'(6);
      PROBE_NONE: which = SEL_W'(7);
      PROBE_MAILBOX: which = SEL_W'(8);
      VADD_FA: which = SEL_W'(9);
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

  localparam integer MEMORY_KERNELS = 6;

  localparam integer PORT_W = MEMORY_KERNELS > 1 ? $clog2(MEMORY_KERNELS) : 1;

  wire [MEMORY_KERNELS-1:0] has_port = {selected[9], selected[4], selected[3], selected[2], selected[1], selected[0]};
  wire                      port_live = has_port != {MEMORY_KERNELS{1'b0}} && !rst;
  reg  [PORT_W-1:0]         port;

  always_comb begin
    case (kernel)
      REDUCE: port = PORT_W'(1);
      ROUTE: port = PORT_W'(2);
      FIR: port = PORT_W'(3);
      MEMCOPY: port = PORT_W'(4);
      VADD_FA: port = PORT_W'(5);
      default: port = {PORT_W{1'b0}};
    endcase
  end

  wire [ID_W-1:0] m_awid [0:MEMORY_KERNELS-1];
  wire [39:0] m_awaddr [0:MEMORY_KERNELS-1];
  wire [7:0] m_awlen [0:MEMORY_KERNELS-1];
  wire [2:0] m_awsize [0:MEMORY_KERNELS-1];
  wire [1:0] m_awburst [0:MEMORY_KERNELS-1];
  wire [MEMORY_KERNELS-1:0] m_awvalid;
  wire [255:0] m_wdata [0:MEMORY_KERNELS-1];
  wire [31:0] m_wstrb [0:MEMORY_KERNELS-1];
  wire [MEMORY_KERNELS-1:0] m_wlast;
  wire [MEMORY_KERNELS-1:0] m_wvalid;
  wire [MEMORY_KERNELS-1:0] m_bready;
  wire [ID_W-1:0] m_arid [0:MEMORY_KERNELS-1];
  wire [39:0] m_araddr [0:MEMORY_KERNELS-1];
  wire [7:0] m_arlen [0:MEMORY_KERNELS-1];
  wire [2:0] m_arsize [0:MEMORY_KERNELS-1];
  wire [1:0] m_arburst [0:MEMORY_KERNELS-1];
  wire [MEMORY_KERNELS-1:0] m_arvalid;
  wire [MEMORY_KERNELS-1:0] m_rready;

  assign m_axi_awid = m_awid[port];
  assign m_axi_awaddr = m_awaddr[port];
  assign m_axi_awlen = m_awlen[port];
  assign m_axi_awsize = m_awsize[port];
  assign m_axi_awburst = m_awburst[port];
  assign m_axi_awvalid = port_live && m_awvalid[port];
  assign m_axi_wdata = m_wdata[port];
  assign m_axi_wstrb = m_wstrb[port];
  assign m_axi_wlast = m_wlast[port];
  assign m_axi_wvalid = port_live && m_wvalid[port];
  assign m_axi_bready = port_live && m_bready[port];
  assign m_axi_arid = m_arid[port];
  assign m_axi_araddr = m_araddr[port];
  assign m_axi_arlen = m_arlen[port];
  assign m_axi_arsize = m_arsize[port];
  assign m_axi_arburst = m_arburst[port];
  assign m_axi_arvalid = port_live && m_arvalid[port];
  assign m_axi_rready = port_live && m_rready[port];

  wire vadd_clk;

  clk_gate vadd_gate (
      .clk(clk),
      .en(selected[0]),
      .gclk(vadd_clk)
  );

  krnl_vadd #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W),
      .PROTOCOL(PROTOCOL)
  ) vadd_kernel (
      .clk(vadd_clk),
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
      .m_axi_awready(m_axi_awready && selected[0]),
      .m_axi_wready(m_axi_wready && selected[0]),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid && selected[0]),
      .m_axi_arready(m_axi_arready && selected[0]),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid && selected[0]),
      .m_axi_awid(m_awid[0]),
      .m_axi_awaddr(m_awaddr[0]),
      .m_axi_awlen(m_awlen[0]),
      .m_axi_awsize(m_awsize[0]),
      .m_axi_awburst(m_awburst[0]),
      .m_axi_awvalid(m_awvalid[0]),
      .m_axi_wdata(m_wdata[0]),
      .m_axi_wstrb(m_wstrb[0]),
      .m_axi_wlast(m_wlast[0]),
      .m_axi_wvalid(m_wvalid[0]),
      .m_axi_bready(m_bready[0]),
      .m_axi_arid(m_arid[0]),
      .m_axi_araddr(m_araddr[0]),
      .m_axi_arlen(m_arlen[0]),
      .m_axi_arsize(m_arsize[0]),
      .m_axi_arburst(m_arburst[0]),
      .m_axi_arvalid(m_arvalid[0]),
      .m_axi_rready(m_rready[0]),
      .irq(k_irq[0]),
      .active(k_active[0])
  );

  wire reduce_clk;

  clk_gate reduce_gate (
      .clk(clk),
      .en(selected[1]),
      .gclk(reduce_clk)
  );

  krnl_reduce #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W),
      .PROTOCOL(PROTOCOL)
  ) reduce_kernel (
      .clk(reduce_clk),
      .rst(rst),
      .s_axil_awaddr(selected[1] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[1]),
      .s_axil_wdata(selected[1] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[1] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[1]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[1] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[1]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[1]),
      .s_axil_wready(k_wready[1]),
      .s_axil_bresp(k_bresp[1]),
      .s_axil_bvalid(k_bvalid[1]),
      .s_axil_arready(k_arready[1]),
      .s_axil_rdata(k_rdata[1]),
      .s_axil_rresp(k_rresp[1]),
      .s_axil_rvalid(k_rvalid[1]),
      .m_axi_awready(m_axi_awready && selected[1]),
      .m_axi_wready(m_axi_wready && selected[1]),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid && selected[1]),
      .m_axi_arready(m_axi_arready && selected[1]),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid && selected[1]),
      .m_axi_awid(m_awid[1]),
      .m_axi_awaddr(m_awaddr[1]),
      .m_axi_awlen(m_awlen[1]),
      .m_axi_awsize(m_awsize[1]),
      .m_axi_awburst(m_awburst[1]),
      .m_axi_awvalid(m_awvalid[1]),
      .m_axi_wdata(m_wdata[1]),
      .m_axi_wstrb(m_wstrb[1]),
      .m_axi_wlast(m_wlast[1]),
      .m_axi_wvalid(m_wvalid[1]),
      .m_axi_bready(m_bready[1]),
      .m_axi_arid(m_arid[1]),
      .m_axi_araddr(m_araddr[1]),
      .m_axi_arlen(m_arlen[1]),
      .m_axi_arsize(m_arsize[1]),
      .m_axi_arburst(m_arburst[1]),
      .m_axi_arvalid(m_arvalid[1]),
      .m_axi_rready(m_rready[1]),
      .irq(k_irq[1]),
      .active(k_active[1])
  );

  wire route_clk;

  clk_gate route_gate (
      .clk(clk),
      .en(selected[2]),
      .gclk(route_clk)
  );

  krnl_route #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W)
  ) route_kernel (
      .clk(route_clk),
      .rst(rst),
      .s_axil_awaddr(selected[2] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[2]),
      .s_axil_wdata(selected[2] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[2] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[2]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[2] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[2]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[2]),
      .s_axil_wready(k_wready[2]),
      .s_axil_bresp(k_bresp[2]),
      .s_axil_bvalid(k_bvalid[2]),
      .s_axil_arready(k_arready[2]),
      .s_axil_rdata(k_rdata[2]),
      .s_axil_rresp(k_rresp[2]),
      .s_axil_rvalid(k_rvalid[2]),
      .m_axi_awready(m_axi_awready && selected[2]),
      .m_axi_wready(m_axi_wready && selected[2]),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid && selected[2]),
      .m_axi_arready(m_axi_arready && selected[2]),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid && selected[2]),
      .m_axi_awid(m_awid[2]),
      .m_axi_awaddr(m_awaddr[2]),
      .m_axi_awlen(m_awlen[2]),
      .m_axi_awsize(m_awsize[2]),
      .m_axi_awburst(m_awburst[2]),
      .m_axi_awvalid(m_awvalid[2]),
      .m_axi_wdata(m_wdata[2]),
      .m_axi_wstrb(m_wstrb[2]),
      .m_axi_wlast(m_wlast[2]),
      .m_axi_wvalid(m_wvalid[2]),
      .m_axi_bready(m_bready[2]),
      .m_axi_arid(m_arid[2]),
      .m_axi_araddr(m_araddr[2]),
      .m_axi_arlen(m_arlen[2]),
      .m_axi_arsize(m_arsize[2]),
      .m_axi_arburst(m_arburst[2]),
      .m_axi_arvalid(m_arvalid[2]),
      .m_axi_rready(m_rready[2]),
      .irq(k_irq[2]),
      .active(k_active[2])
  );

  wire fir_clk;

  clk_gate fir_gate (
      .clk(clk),
      .en(selected[3]),
      .gclk(fir_clk)
  );

  krnl_fir #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W)
  ) fir_kernel (
      .clk(fir_clk),
      .rst(rst),
      .s_axil_awaddr(selected[3] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[3]),
      .s_axil_wdata(selected[3] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[3] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[3]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[3] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[3]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[3]),
      .s_axil_wready(k_wready[3]),
      .s_axil_bresp(k_bresp[3]),
      .s_axil_bvalid(k_bvalid[3]),
      .s_axil_arready(k_arready[3]),
      .s_axil_rdata(k_rdata[3]),
      .s_axil_rresp(k_rresp[3]),
      .s_axil_rvalid(k_rvalid[3]),
      .m_axi_awready(m_axi_awready && selected[3]),
      .m_axi_wready(m_axi_wready && selected[3]),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid && selected[3]),
      .m_axi_arready(m_axi_arready && selected[3]),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid && selected[3]),
      .m_axi_awid(m_awid[3]),
      .m_axi_awaddr(m_awaddr[3]),
      .m_axi_awlen(m_awlen[3]),
      .m_axi_awsize(m_awsize[3]),
      .m_axi_awburst(m_awburst[3]),
      .m_axi_awvalid(m_awvalid[3]),
      .m_axi_wdata(m_wdata[3]),
      .m_axi_wstrb(m_wstrb[3]),
      .m_axi_wlast(m_wlast[3]),
      .m_axi_wvalid(m_wvalid[3]),
      .m_axi_bready(m_bready[3]),
      .m_axi_arid(m_arid[3]),
      .m_axi_araddr(m_araddr[3]),
      .m_axi_arlen(m_arlen[3]),
      .m_axi_arsize(m_arsize[3]),
      .m_axi_arburst(m_arburst[3]),
      .m_axi_arvalid(m_arvalid[3]),
      .m_axi_rready(m_rready[3]),
      .irq(k_irq[3]),
      .active(k_active[3])
  );

  wire memcopy_clk;

  clk_gate memcopy_gate (
      .clk(clk),
      .en(selected[4]),
      .gclk(memcopy_clk)
  );

  krnl_memcopy #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W)
  ) memcopy_kernel (
      .clk(memcopy_clk),
      .rst(rst),
      .s_axil_awaddr(selected[4] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[4]),
      .s_axil_wdata(selected[4] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[4] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[4]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[4] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[4]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[4]),
      .s_axil_wready(k_wready[4]),
      .s_axil_bresp(k_bresp[4]),
      .s_axil_bvalid(k_bvalid[4]),
      .s_axil_arready(k_arready[4]),
      .s_axil_rdata(k_rdata[4]),
      .s_axil_rresp(k_rresp[4]),
      .s_axil_rvalid(k_rvalid[4]),
      .m_axi_awready(m_axi_awready && selected[4]),
      .m_axi_wready(m_axi_wready && selected[4]),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid && selected[4]),
      .m_axi_arready(m_axi_arready && selected[4]),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid && selected[4]),
      .m_axi_awid(m_awid[4]),
      .m_axi_awaddr(m_awaddr[4]),
      .m_axi_awlen(m_awlen[4]),
      .m_axi_awsize(m_awsize[4]),
      .m_axi_awburst(m_awburst[4]),
      .m_axi_awvalid(m_awvalid[4]),
      .m_axi_wdata(m_wdata[4]),
      .m_axi_wstrb(m_wstrb[4]),
      .m_axi_wlast(m_wlast[4]),
      .m_axi_wvalid(m_wvalid[4]),
      .m_axi_bready(m_bready[4]),
      .m_axi_arid(m_arid[4]),
      .m_axi_araddr(m_araddr[4]),
      .m_axi_arlen(m_arlen[4]),
      .m_axi_arsize(m_arsize[4]),
      .m_axi_arburst(m_arburst[4]),
      .m_axi_arvalid(m_arvalid[4]),
      .m_axi_rready(m_rready[4]),
      .irq(k_irq[4]),
      .active(k_active[4])
  );

  wire probe_clk;

  clk_gate probe_gate (
      .clk(clk),
      .en(selected[5]),
      .gclk(probe_clk)
  );

  krnl_probe #(
      .ADDR_W(ADDR_W),
      .PROTOCOL(0)
  ) probe_kernel (
      .clk(probe_clk),
      .rst(rst),
      .s_axil_awaddr(selected[5] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[5]),
      .s_axil_wdata(selected[5] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[5] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[5]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[5] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[5]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[5]),
      .s_axil_wready(k_wready[5]),
      .s_axil_bresp(k_bresp[5]),
      .s_axil_bvalid(k_bvalid[5]),
      .s_axil_arready(k_arready[5]),
      .s_axil_rdata(k_rdata[5]),
      .s_axil_rresp(k_rresp[5]),
      .s_axil_rvalid(k_rvalid[5]),
      .irq(k_irq[5]),
      .active(k_active[5])
  );

  wire probe_chain_clk;

  clk_gate probe_chain_gate (
      .clk(clk),
      .en(selected[6]),
      .gclk(probe_chain_clk)
  );

  krnl_probe #(
      .ADDR_W(ADDR_W),
      .PROTOCOL(1)
  ) probe_chain_kernel (
      .clk(probe_chain_clk),
      .rst(rst),
      .s_axil_awaddr(selected[6] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[6]),
      .s_axil_wdata(selected[6] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[6] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[6]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[6] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[6]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[6]),
      .s_axil_wready(k_wready[6]),
      .s_axil_bresp(k_bresp[6]),
      .s_axil_bvalid(k_bvalid[6]),
      .s_axil_arready(k_arready[6]),
      .s_axil_rdata(k_rdata[6]),
      .s_axil_rresp(k_rresp[6]),
      .s_axil_rvalid(k_rvalid[6]),
      .irq(k_irq[6]),
      .active(k_active[6])
  );

  wire probe_none_clk;

  clk_gate probe_none_gate (
      .clk(clk),
      .en(selected[7]),
      .gclk(probe_none_clk)
  );

  krnl_probe #(
      .ADDR_W(ADDR_W),
      .PROTOCOL(2)
  ) probe_none_kernel (
      .clk(probe_none_clk),
      .rst(rst),
      .s_axil_awaddr(selected[7] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[7]),
      .s_axil_wdata(selected[7] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[7] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[7]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[7] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[7]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[7]),
      .s_axil_wready(k_wready[7]),
      .s_axil_bresp(k_bresp[7]),
      .s_axil_bvalid(k_bvalid[7]),
      .s_axil_arready(k_arready[7]),
      .s_axil_rdata(k_rdata[7]),
      .s_axil_rresp(k_rresp[7]),
      .s_axil_rvalid(k_rvalid[7]),
      .irq(k_irq[7]),
      .active(k_active[7])
  );

  wire probe_mailbox_clk;

  clk_gate probe_mailbox_gate (
      .clk(clk),
      .en(selected[8]),
      .gclk(probe_mailbox_clk)
  );

  krnl_probe_mailbox #(
      .ADDR_W(ADDR_W)
  ) probe_mailbox_kernel (
      .clk(probe_mailbox_clk),
      .rst(rst),
      .s_axil_awaddr(selected[8] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[8]),
      .s_axil_wdata(selected[8] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[8] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[8]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[8] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[8]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[8]),
      .s_axil_wready(k_wready[8]),
      .s_axil_bresp(k_bresp[8]),
      .s_axil_bvalid(k_bvalid[8]),
      .s_axil_arready(k_arready[8]),
      .s_axil_rdata(k_rdata[8]),
      .s_axil_rresp(k_rresp[8]),
      .s_axil_rvalid(k_rvalid[8]),
      .irq(k_irq[8]),
      .active(k_active[8])
  );

  wire vadd_fa_clk;

  clk_gate vadd_fa_gate (
      .clk(clk),
      .en(selected[9]),
      .gclk(vadd_fa_clk)
  );

  krnl_vadd_fa #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W)
  ) vadd_fa_kernel (
      .clk(vadd_fa_clk),
      .rst(rst),
      .s_axil_awaddr(selected[9] ? s_axil_awaddr : {ADDR_W{1'b0}}),
      .s_axil_awvalid(s_axil_awvalid && selected[9]),
      .s_axil_wdata(selected[9] ? s_axil_wdata : {32{1'b0}}),
      .s_axil_wstrb(selected[9] ? s_axil_wstrb : {4{1'b0}}),
      .s_axil_wvalid(s_axil_wvalid && selected[9]),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(selected[9] ? s_axil_araddr : {ADDR_W{1'b0}}),
      .s_axil_arvalid(s_axil_arvalid && selected[9]),
      .s_axil_rready(s_axil_rready),
      .s_axil_awready(k_awready[9]),
      .s_axil_wready(k_wready[9]),
      .s_axil_bresp(k_bresp[9]),
      .s_axil_bvalid(k_bvalid[9]),
      .s_axil_arready(k_arready[9]),
      .s_axil_rdata(k_rdata[9]),
      .s_axil_rresp(k_rresp[9]),
      .s_axil_rvalid(k_rvalid[9]),
      .m_axi_awready(m_axi_awready && selected[9]),
      .m_axi_wready(m_axi_wready && selected[9]),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid && selected[9]),
      .m_axi_arready(m_axi_arready && selected[9]),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid && selected[9]),
      .m_axi_awid(m_awid[5]),
      .m_axi_awaddr(m_awaddr[5]),
      .m_axi_awlen(m_awlen[5]),
      .m_axi_awsize(m_awsize[5]),
      .m_axi_awburst(m_awburst[5]),
      .m_axi_awvalid(m_awvalid[5]),
      .m_axi_wdata(m_wdata[5]),
      .m_axi_wstrb(m_wstrb[5]),
      .m_axi_wlast(m_wlast[5]),
      .m_axi_wvalid(m_wvalid[5]),
      .m_axi_bready(m_bready[5]),
      .m_axi_arid(m_arid[5]),
      .m_axi_araddr(m_araddr[5]),
      .m_axi_arlen(m_arlen[5]),
      .m_axi_arsize(m_arsize[5]),
      .m_axi_arburst(m_arburst[5]),
      .m_axi_arvalid(m_arvalid[5]),
      .m_axi_rready(m_rready[5]),
      .irq(k_irq[9]),
      .active(k_active[9])
  );

endmodule

`default_nettype wire
