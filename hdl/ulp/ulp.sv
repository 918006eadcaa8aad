// SPDX-License-Identifier: Apache-2.0
// The dynamic region: SLOTS compute-unit slots behind one AXI4-Lite slave and one AXI4 master.
//
// The configuration engine says what is in the slots. The first FULL_SLOTS hold any kernel, the others the light
// ones, which have no memory port. Not configured, or outside the slots, nothing answers. While `cfg_loading`, every output is garbage:
// the gate around the region must be closed. `region_rst` (gate closed) and a reconfiguration reset the content.
`default_nettype none
`timescale 1ns / 1ps

module ulp #(
    parameter integer        ADDR_W     = 32,
    parameter integer        SLOTS      = 4,
    parameter integer        FULL_SLOTS = 4,
    parameter integer        ID_W       = 1,
    parameter [ADDR_W-1:0]   BASE       = user_bar_pkg::CU_BASE[ADDR_W-1:0],
    parameter integer        PROTOCOL   = 0  // of kernels described as hs: 0, or 1 AP_CTRL_CHAIN
) (
    input  wire                      clk,
    input  wire                      rst,
    input  wire                      region_rst,

    input  wire                      cfg_loading,
    input  wire                      cfg_valid,
    input  wire [8*SLOTS-1:0]        cfg_slot_kernel,

    input  wire [ADDR_W-1:0]         s_axil_awaddr,
    input  wire                      s_axil_awvalid,
    output wire                      s_axil_awready,
    input  wire [31:0]               s_axil_wdata,
    input  wire [3:0]                s_axil_wstrb,
    input  wire                      s_axil_wvalid,
    output wire                      s_axil_wready,
    output wire [1:0]                s_axil_bresp,
    output wire                      s_axil_bvalid,
    input  wire                      s_axil_bready,
    input  wire [ADDR_W-1:0]         s_axil_araddr,
    input  wire                      s_axil_arvalid,
    output wire                      s_axil_arready,
    output wire [31:0]               s_axil_rdata,
    output wire [1:0]                s_axil_rresp,
    output wire                      s_axil_rvalid,
    input  wire                      s_axil_rready,

    output wire [ID_W-1:0]           m_axi_awid,
    output wire [39:0]               m_axi_awaddr,
    output wire [7:0]                m_axi_awlen,
    output wire [2:0]                m_axi_awsize,
    output wire [1:0]                m_axi_awburst,
    output wire                      m_axi_awvalid,
    input  wire                      m_axi_awready,
    output wire [255:0]              m_axi_wdata,
    output wire [31:0]               m_axi_wstrb,
    output wire                      m_axi_wlast,
    output wire                      m_axi_wvalid,
    input  wire                      m_axi_wready,
    input  wire [ID_W-1:0]           m_axi_bid,
    input  wire [1:0]                m_axi_bresp,
    input  wire                      m_axi_bvalid,
    output wire                      m_axi_bready,
    output wire [ID_W-1:0]           m_axi_arid,
    output wire [39:0]               m_axi_araddr,
    output wire [7:0]                m_axi_arlen,
    output wire [2:0]                m_axi_arsize,
    output wire [1:0]                m_axi_arburst,
    output wire                      m_axi_arvalid,
    input  wire                      m_axi_arready,
    input  wire [ID_W-1:0]           m_axi_rid,
    input  wire [255:0]              m_axi_rdata,
    input  wire [1:0]                m_axi_rresp,
    input  wire                      m_axi_rlast,
    input  wire                      m_axi_rvalid,
    output wire                      m_axi_rready,

    output wire [SLOTS-1:0]          cu_irq,
    output wire                      active
);

  localparam integer SLOT_W = $clog2(user_bar_pkg::CU_STRIDE);
  localparam integer GROUP_SLOTS = 16;
  localparam integer GROUPS = (SLOTS + GROUP_SLOTS - 1) / GROUP_SLOTS;
  localparam integer LOW_W = $clog2(GROUP_SLOTS);
  localparam integer HIGH_W = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam integer SEL_W = LOW_W + HIGH_W;
  localparam integer PORTS = FULL_SLOTS > 0 ? FULL_SLOTS : 1;
  localparam [ADDR_W-1:0] BYTES = ADDR_W'(SLOTS) << SLOT_W;

  initial begin
    if (SLOTS < 1 || SLOTS > user_bar_pkg::CU_COUNT) $fatal(1, "ulp: SLOTS out of range");
    if (FULL_SLOTS > SLOTS || FULL_SLOTS > GROUP_SLOTS) $fatal(1, "ulp: FULL_SLOTS out of range");
  end

  wire on = cfg_valid && !cfg_loading && !region_rst;
  wire region_off = rst || !on;
  wire [8*SLOTS-1:0] slot_kernel = on ? cfg_slot_kernel : {8 * SLOTS{1'b0}};
  wire [SLOTS-1:0]   slot_active;
  wire [GROUPS-1:0]  group_active;
  wire               arbiter_active;

  // A slot is active for the edge on which its content comes or goes, so everything here sees that edge.
  assign active = cfg_loading || group_active != {GROUPS{1'b0}} || arbiter_active;

  // ---------------------------------------------------------------- AXI4-Lite: one write, one read at a time

  wire [ADDR_W-1:0] aw_offset = s_axil_awaddr - BASE;
  wire [ADDR_W-1:0] ar_offset = s_axil_araddr - BASE;
  wire              aw_hit = on && aw_offset < BYTES;
  wire              ar_hit = on && ar_offset < BYTES;
  reg               aw_done;
  reg               w_done;
  reg  [SEL_W-1:0]  aw_slot;
  reg               ar_done;
  reg  [SEL_W-1:0]  ar_slot;
  /* verilator lint_off UNUSEDSIGNAL */  // one group: the upper half chooses nothing
  wire [SEL_W-1:0]  wr = aw_done ? aw_slot : aw_offset[SLOT_W+:SEL_W];
  wire [SEL_W-1:0]  rd = ar_done ? ar_slot : ar_offset[SLOT_W+:SEL_W];
  /* verilator lint_on UNUSEDSIGNAL */
  wire [HIGH_W-1:0] wr_group = GROUPS > 1 ? wr[LOW_W+:HIGH_W] : {HIGH_W{1'b0}};
  wire [HIGH_W-1:0] rd_group = GROUPS > 1 ? rd[LOW_W+:HIGH_W] : {HIGH_W{1'b0}};

  wire              aw_go = s_axil_awvalid && aw_hit && !aw_done;
  wire              w_go = s_axil_wvalid && !w_done && (aw_done || aw_go);
  wire              ar_go = s_axil_arvalid && ar_hit && !ar_done;

  wire [GROUPS-1:0] group_awready;
  wire [GROUPS-1:0] group_wready;
  wire [1:0]        group_bresp   [0:GROUPS-1];
  wire [GROUPS-1:0] group_bvalid;
  wire [GROUPS-1:0] group_arready;
  wire [31:0]       group_rdata   [0:GROUPS-1];
  wire [1:0]        group_rresp   [0:GROUPS-1];
  wire [GROUPS-1:0] group_rvalid;

  wire              out_awready = aw_go && group_awready[wr_group];
  wire              out_wready = w_go && group_wready[wr_group];
  wire              out_bvalid = aw_done && w_done && group_bvalid[wr_group];
  wire [1:0]        out_bresp = group_bresp[wr_group];
  wire              out_arready = ar_go && group_arready[rd_group];
  wire              out_rvalid = ar_done && group_rvalid[rd_group];
  wire [31:0]       out_rdata = group_rdata[rd_group];
  wire [1:0]        out_rresp = group_rresp[rd_group];

  always_ff @(posedge clk) begin
    if (region_off) begin
      aw_done <= 1'b0;
      w_done <= 1'b0;
      ar_done <= 1'b0;
    end else begin
      if (out_awready) begin
        aw_done <= 1'b1;
        aw_slot <= wr;
      end
      if (out_wready) w_done <= 1'b1;
      if (out_bvalid && s_axil_bready) begin
        aw_done <= 1'b0;
        w_done <= 1'b0;
      end
      if (out_arready) begin
        ar_done <= 1'b1;
        ar_slot <= rd;
      end
      if (out_rvalid && s_axil_rready) ar_done <= 1'b0;
    end
  end

  // ---------------------------------------------------------------- groups of slots

  wire [SLOTS-1:0] slot_irq;
  wire [PORTS*ID_W-1:0]   slot_axi_awid;
  wire [PORTS*40-1:0]     slot_axi_awaddr;
  wire [PORTS*8-1:0]      slot_axi_awlen;
  wire [PORTS*3-1:0]      slot_axi_awsize;
  wire [PORTS*2-1:0]      slot_axi_awburst;
  wire [PORTS-1:0]        slot_axi_awvalid;
  wire [PORTS-1:0]        slot_axi_awready;
  wire [PORTS*256-1:0]    slot_axi_wdata;
  wire [PORTS*32-1:0]     slot_axi_wstrb;
  wire [PORTS-1:0]        slot_axi_wlast;
  wire [PORTS-1:0]        slot_axi_wvalid;
  wire [PORTS-1:0]        slot_axi_wready;
  wire [PORTS*ID_W-1:0]   slot_axi_bid;
  wire [PORTS*2-1:0]      slot_axi_bresp;
  wire [PORTS-1:0]        slot_axi_bvalid;
  wire [PORTS-1:0]        slot_axi_bready;
  wire [PORTS*ID_W-1:0]   slot_axi_arid;
  wire [PORTS*40-1:0]     slot_axi_araddr;
  wire [PORTS*8-1:0]      slot_axi_arlen;
  wire [PORTS*3-1:0]      slot_axi_arsize;
  wire [PORTS*2-1:0]      slot_axi_arburst;
  wire [PORTS-1:0]        slot_axi_arvalid;
  wire [PORTS-1:0]        slot_axi_arready;
  wire [PORTS*ID_W-1:0]   slot_axi_rid;
  wire [PORTS*256-1:0]    slot_axi_rdata;
  wire [PORTS*2-1:0]      slot_axi_rresp;
  wire [PORTS-1:0]        slot_axi_rlast;
  wire [PORTS-1:0]        slot_axi_rvalid;
  wire [PORTS-1:0]        slot_axi_rready;

  genvar g;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      localparam integer FIRST = g * GROUP_SLOTS;
      localparam integer N = SLOTS - FIRST < GROUP_SLOTS ? SLOTS - FIRST : GROUP_SLOTS;
      localparam integer FULL = g == 0 ? FULL_SLOTS : 0;
      localparam integer OWN = FULL > 0 ? FULL : 1;
      localparam [HIGH_W-1:0] NUMBER = HIGH_W'(g);

      wire group_clk;
      /* verilator lint_off UNUSEDSIGNAL */  // one group: it has the region's clock
      wire group_waiting;
      /* verilator lint_on UNUSEDSIGNAL */
      wire group_answering;
      wire wr_here = wr_group == NUMBER;
      wire rd_here = rd_group == NUMBER;
      wire group_aw = aw_go && wr_here;
      wire group_w = w_go && wr_here;
      wire group_ar = ar_go && rd_here;
      /* verilator lint_off UNUSEDSIGNAL */  // a group without memory port
      wire [OWN*ID_W-1:0]   own_awid;
      wire [OWN*40-1:0]     own_awaddr;
      wire [OWN*8-1:0]      own_awlen;
      wire [OWN*3-1:0]      own_awsize;
      wire [OWN*2-1:0]      own_awburst;
      wire [OWN-1:0]        own_awvalid;
      wire [OWN*256-1:0]    own_wdata;
      wire [OWN*32-1:0]     own_wstrb;
      wire [OWN-1:0]        own_wlast;
      wire [OWN-1:0]        own_wvalid;
      wire [OWN-1:0]        own_bready;
      wire [OWN*ID_W-1:0]   own_arid;
      wire [OWN*40-1:0]     own_araddr;
      wire [OWN*8-1:0]      own_arlen;
      wire [OWN*3-1:0]      own_arsize;
      wire [OWN*2-1:0]      own_arburst;
      wire [OWN-1:0]        own_arvalid;
      wire [OWN-1:0]        own_rready;
      /* verilator lint_on UNUSEDSIGNAL */

      assign group_active[g] = group_answering || slot_active[FIRST+:N] != {N{1'b0}};

      if (GROUPS > 1) begin : g_gate
        clk_gate gate (
            .clk(clk),
            .en(rst || group_waiting || group_active[g] || group_aw || group_w || group_ar),
            .gclk(group_clk)
        );
      end else begin : g_no_gate
        assign group_clk = clk;
      end

      ulp_group #(
          .ADDR_W(SLOT_W),
          .ID_W(ID_W),
          .SLOTS(N),
          .FULL(FULL),
          .SEL_W(LOW_W),
          .PROTOCOL(PROTOCOL)
      ) slots (
          .clk(group_clk),
          .rst(rst),
          .off(region_off),
          .slot_kernel(slot_kernel[8*FIRST+:8*N]),
          .wr_slot(wr[LOW_W-1:0]),
          .rd_slot(rd[LOW_W-1:0]),
          .s_axil_awaddr(aw_offset[SLOT_W-1:0]),
          .s_axil_awvalid(group_aw),
          .s_axil_awready(group_awready[g]),
          .s_axil_wdata(s_axil_wdata),
          .s_axil_wstrb(s_axil_wstrb),
          .s_axil_wvalid(group_w),
          .s_axil_wready(group_wready[g]),
          .s_axil_bresp(group_bresp[g]),
          .s_axil_bvalid(group_bvalid[g]),
          .s_axil_bready(s_axil_bready && aw_done && w_done && wr_here),
          .s_axil_araddr(ar_offset[SLOT_W-1:0]),
          .s_axil_arvalid(group_ar),
          .s_axil_arready(group_arready[g]),
          .s_axil_rdata(group_rdata[g]),
          .s_axil_rresp(group_rresp[g]),
          .s_axil_rvalid(group_rvalid[g]),
          .s_axil_rready(s_axil_rready && ar_done && rd_here),
          .m_axi_awid(own_awid),
          .m_axi_awaddr(own_awaddr),
          .m_axi_awlen(own_awlen),
          .m_axi_awsize(own_awsize),
          .m_axi_awburst(own_awburst),
          .m_axi_awvalid(own_awvalid),
          .m_axi_awready(slot_axi_awready[OWN-1:0]),
          .m_axi_wdata(own_wdata),
          .m_axi_wstrb(own_wstrb),
          .m_axi_wlast(own_wlast),
          .m_axi_wvalid(own_wvalid),
          .m_axi_wready(slot_axi_wready[OWN-1:0]),
          .m_axi_bid(slot_axi_bid[OWN*ID_W-1:0]),
          .m_axi_bresp(slot_axi_bresp[OWN*2-1:0]),
          .m_axi_bvalid(slot_axi_bvalid[OWN-1:0]),
          .m_axi_bready(own_bready),
          .m_axi_arid(own_arid),
          .m_axi_araddr(own_araddr),
          .m_axi_arlen(own_arlen),
          .m_axi_arsize(own_arsize),
          .m_axi_arburst(own_arburst),
          .m_axi_arvalid(own_arvalid),
          .m_axi_arready(slot_axi_arready[OWN-1:0]),
          .m_axi_rid(slot_axi_rid[OWN*ID_W-1:0]),
          .m_axi_rdata(slot_axi_rdata[OWN*256-1:0]),
          .m_axi_rresp(slot_axi_rresp[OWN*2-1:0]),
          .m_axi_rlast(slot_axi_rlast[OWN-1:0]),
          .m_axi_rvalid(slot_axi_rvalid[OWN-1:0]),
          .m_axi_rready(own_rready),
          .irq(slot_irq[FIRST+:N]),
          .waiting(group_waiting),
          .answering(group_answering),
          .active(slot_active[FIRST+:N])
      );

      // Only the first group has slots with a memory port.
      if (g == 0) begin : g_ports
        assign slot_axi_awid = own_awid;
        assign slot_axi_awaddr = own_awaddr;
        assign slot_axi_awlen = own_awlen;
        assign slot_axi_awsize = own_awsize;
        assign slot_axi_awburst = own_awburst;
        assign slot_axi_awvalid = own_awvalid;
        assign slot_axi_wdata = own_wdata;
        assign slot_axi_wstrb = own_wstrb;
        assign slot_axi_wlast = own_wlast;
        assign slot_axi_wvalid = own_wvalid;
        assign slot_axi_bready = own_bready;
        assign slot_axi_arid = own_arid;
        assign slot_axi_araddr = own_araddr;
        assign slot_axi_arlen = own_arlen;
        assign slot_axi_arsize = own_arsize;
        assign slot_axi_arburst = own_arburst;
        assign slot_axi_arvalid = own_arvalid;
        assign slot_axi_rready = own_rready;
      end
    end
  endgenerate

  // ---------------------------------------------------------------- memory port

  wire [ID_W-1:0]         out_axi_awid;
  wire [39:0]             out_axi_awaddr;
  wire [7:0]              out_axi_awlen;
  wire [2:0]              out_axi_awsize;
  wire [1:0]              out_axi_awburst;
  wire                    out_axi_awvalid;
  wire [255:0]            out_axi_wdata;
  wire [31:0]             out_axi_wstrb;
  wire                    out_axi_wlast;
  wire                    out_axi_wvalid;
  wire                    out_axi_bready;
  wire [ID_W-1:0]         out_axi_arid;
  wire [39:0]             out_axi_araddr;
  wire [7:0]              out_axi_arlen;
  wire [2:0]              out_axi_arsize;
  wire [1:0]              out_axi_arburst;
  wire                    out_axi_arvalid;
  wire                    out_axi_rready;

  axi_arbiter #(
      .N(PORTS),
      .ID_W(ID_W)
  ) arbiter (
      .clk(clk),
      .rst(region_off),
      .s_axi_awid(slot_axi_awid),
      .s_axi_awaddr(slot_axi_awaddr),
      .s_axi_awlen(slot_axi_awlen),
      .s_axi_awsize(slot_axi_awsize),
      .s_axi_awburst(slot_axi_awburst),
      .s_axi_awvalid(slot_axi_awvalid),
      .s_axi_awready(slot_axi_awready),
      .s_axi_wdata(slot_axi_wdata),
      .s_axi_wstrb(slot_axi_wstrb),
      .s_axi_wlast(slot_axi_wlast),
      .s_axi_wvalid(slot_axi_wvalid),
      .s_axi_wready(slot_axi_wready),
      .s_axi_bid(slot_axi_bid),
      .s_axi_bresp(slot_axi_bresp),
      .s_axi_bvalid(slot_axi_bvalid),
      .s_axi_bready(slot_axi_bready),
      .s_axi_arid(slot_axi_arid),
      .s_axi_araddr(slot_axi_araddr),
      .s_axi_arlen(slot_axi_arlen),
      .s_axi_arsize(slot_axi_arsize),
      .s_axi_arburst(slot_axi_arburst),
      .s_axi_arvalid(slot_axi_arvalid),
      .s_axi_arready(slot_axi_arready),
      .s_axi_rid(slot_axi_rid),
      .s_axi_rdata(slot_axi_rdata),
      .s_axi_rresp(slot_axi_rresp),
      .s_axi_rlast(slot_axi_rlast),
      .s_axi_rvalid(slot_axi_rvalid),
      .s_axi_rready(slot_axi_rready),
      .m_axi_awid(out_axi_awid),
      .m_axi_awaddr(out_axi_awaddr),
      .m_axi_awlen(out_axi_awlen),
      .m_axi_awsize(out_axi_awsize),
      .m_axi_awburst(out_axi_awburst),
      .m_axi_awvalid(out_axi_awvalid),
      .m_axi_awready(m_axi_awready),
      .m_axi_wdata(out_axi_wdata),
      .m_axi_wstrb(out_axi_wstrb),
      .m_axi_wlast(out_axi_wlast),
      .m_axi_wvalid(out_axi_wvalid),
      .m_axi_wready(m_axi_wready),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid),
      .m_axi_bready(out_axi_bready),
      .m_axi_arid(out_axi_arid),
      .m_axi_araddr(out_axi_araddr),
      .m_axi_arlen(out_axi_arlen),
      .m_axi_arsize(out_axi_arsize),
      .m_axi_arburst(out_axi_arburst),
      .m_axi_arvalid(out_axi_arvalid),
      .m_axi_arready(m_axi_arready),
      .m_axi_rid(m_axi_rid),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid),
      .m_axi_rready(out_axi_rready),
      .active(arbiter_active)
  );

  // ---------------------------------------------------------------- outputs, or garbage while they are being made

  localparam integer OUT_W = 441 + 2 * ID_W + SLOTS;

  wire [OUT_W-1:0] garbage;

  reconfig_garbage #(
      .W(OUT_W)
  ) noise (
      .clk(clk),
      .rst(rst),
      .enable(cfg_loading),
      .garbage(garbage)
  );

  assign s_axil_awready = cfg_loading ? garbage[0] : out_awready;
  assign s_axil_wready = cfg_loading ? garbage[1] : out_wready;
  assign s_axil_bresp = cfg_loading ? garbage[2+:2] : out_bresp;
  assign s_axil_bvalid = cfg_loading ? garbage[4] : out_bvalid;
  assign s_axil_arready = cfg_loading ? garbage[5] : out_arready;
  assign s_axil_rdata = cfg_loading ? garbage[6+:32] : out_rdata;
  assign s_axil_rresp = cfg_loading ? garbage[38+:2] : out_rresp;
  assign s_axil_rvalid = cfg_loading ? garbage[40] : out_rvalid;
  assign m_axi_awid = cfg_loading ? garbage[41+:ID_W] : out_axi_awid;
  assign m_axi_awaddr = cfg_loading ? garbage[41 + ID_W+:40] : out_axi_awaddr;
  assign m_axi_awlen = cfg_loading ? garbage[81 + ID_W+:8] : out_axi_awlen;
  assign m_axi_awsize = cfg_loading ? garbage[89 + ID_W+:3] : out_axi_awsize;
  assign m_axi_awburst = cfg_loading ? garbage[92 + ID_W+:2] : out_axi_awburst;
  assign m_axi_awvalid = cfg_loading ? garbage[94 + ID_W] : out_axi_awvalid;
  assign m_axi_wdata = cfg_loading ? garbage[95 + ID_W+:256] : out_axi_wdata;
  assign m_axi_wstrb = cfg_loading ? garbage[351 + ID_W+:32] : out_axi_wstrb;
  assign m_axi_wlast = cfg_loading ? garbage[383 + ID_W] : out_axi_wlast;
  assign m_axi_wvalid = cfg_loading ? garbage[384 + ID_W] : out_axi_wvalid;
  assign m_axi_bready = cfg_loading ? garbage[385 + ID_W] : out_axi_bready;
  assign m_axi_arid = cfg_loading ? garbage[386 + ID_W+:ID_W] : out_axi_arid;
  assign m_axi_araddr = cfg_loading ? garbage[386 + 2 * ID_W+:40] : out_axi_araddr;
  assign m_axi_arlen = cfg_loading ? garbage[426 + 2 * ID_W+:8] : out_axi_arlen;
  assign m_axi_arsize = cfg_loading ? garbage[434 + 2 * ID_W+:3] : out_axi_arsize;
  assign m_axi_arburst = cfg_loading ? garbage[437 + 2 * ID_W+:2] : out_axi_arburst;
  assign m_axi_arvalid = cfg_loading ? garbage[439 + 2 * ID_W] : out_axi_arvalid;
  assign m_axi_rready = cfg_loading ? garbage[440 + 2 * ID_W] : out_axi_rready;
  assign cu_irq = cfg_loading ? garbage[441 + 2 * ID_W+:SLOTS] : slot_irq;

endmodule

`default_nettype wire
