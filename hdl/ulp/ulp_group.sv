// SPDX-License-Identifier: Apache-2.0
// A group of slots: the inner half of the region's address decoder.
//
// What the region sends reaches only the group that it is for, and in it only the slot, so that an access costs
// events in one slot of each group and in each slot of one group. The first FULL slots have a memory port.
`default_nettype none
`timescale 1ns / 1ps

module ulp_group #(
    parameter integer ADDR_W   = 16,
    parameter integer ID_W     = 1,
    parameter integer SLOTS    = 16,
    parameter integer FULL     = 0,
    parameter integer PORTS    = FULL > 0 ? FULL : 1,
    parameter integer SEL_W    = 4,
    parameter integer PROTOCOL = 0
) (
    input  wire                      clk,
    input  wire                      rst,
    input  wire                      off,  // requests and answers are forgotten
    input  wire [8*SLOTS-1:0]        slot_kernel,

    /* verilator lint_off UNUSEDSIGNAL */  // a small group: the upper bits choose nothing
    input  wire [SEL_W-1:0]          wr_slot,
    input  wire [SEL_W-1:0]          rd_slot,
    /* verilator lint_on UNUSEDSIGNAL */

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

    /* verilator lint_off UNUSEDSIGNAL */  // a group without memory port
    output wire [PORTS*ID_W-1:0]     m_axi_awid,
    output wire [PORTS*40-1:0]       m_axi_awaddr,
    output wire [PORTS*8-1:0]        m_axi_awlen,
    output wire [PORTS*3-1:0]        m_axi_awsize,
    output wire [PORTS*2-1:0]        m_axi_awburst,
    output wire [PORTS-1:0]          m_axi_awvalid,
    input  wire [PORTS-1:0]          m_axi_awready,
    output wire [PORTS*256-1:0]      m_axi_wdata,
    output wire [PORTS*32-1:0]       m_axi_wstrb,
    output wire [PORTS-1:0]          m_axi_wlast,
    output wire [PORTS-1:0]          m_axi_wvalid,
    input  wire [PORTS-1:0]          m_axi_wready,
    input  wire [PORTS*ID_W-1:0]     m_axi_bid,
    input  wire [PORTS*2-1:0]        m_axi_bresp,
    input  wire [PORTS-1:0]          m_axi_bvalid,
    output wire [PORTS-1:0]          m_axi_bready,
    output wire [PORTS*ID_W-1:0]     m_axi_arid,
    output wire [PORTS*40-1:0]       m_axi_araddr,
    output wire [PORTS*8-1:0]        m_axi_arlen,
    output wire [PORTS*3-1:0]        m_axi_arsize,
    output wire [PORTS*2-1:0]        m_axi_arburst,
    output wire [PORTS-1:0]          m_axi_arvalid,
    input  wire [PORTS-1:0]          m_axi_arready,
    input  wire [PORTS*ID_W-1:0]     m_axi_rid,
    input  wire [PORTS*256-1:0]      m_axi_rdata,
    input  wire [PORTS*2-1:0]        m_axi_rresp,
    input  wire [PORTS-1:0]          m_axi_rlast,
    input  wire [PORTS-1:0]          m_axi_rvalid,
    output wire [PORTS-1:0]          m_axi_rready,
    /* verilator lint_on UNUSEDSIGNAL */

    output wire [SLOTS-1:0]          irq,
    output wire                      waiting,    // something here has to see the next edge of the region's clock
    output wire                      answering,  // the same, and the region's clock must run for it
    output wire [SLOTS-1:0]          active
);

  localparam integer AT_W = SLOTS > 1 ? $clog2(SLOTS) : 1;

  // What the slots see are registers of this clock, so that a simulator does not look at a group that has no
  // clock. The region's request counts as taken when the slot takes it, so an empty slot takes none.
  reg               held;
  reg               aw_wait;
  reg               w_wait;
  reg               ar_wait;
  reg  [AT_W-1:0]   wr_at;
  reg  [AT_W-1:0]   rd_at;
  reg  [ADDR_W-1:0] awaddr;
  reg  [31:0]       wdata;
  reg  [3:0]        wstrb;
  reg  [ADDR_W-1:0] araddr;
  reg               b_kept;
  reg  [1:0]        kept_bresp;
  reg               r_kept;
  reg  [31:0]       kept_rdata;
  reg  [1:0]        kept_rresp;

  wire [SLOTS-1:0]  slot_awready;
  wire [SLOTS-1:0]  slot_wready;
  wire [1:0]        slot_bresp  [0:SLOTS-1];
  wire [SLOTS-1:0]  slot_bvalid;
  wire [SLOTS-1:0]  slot_arready;
  wire [31:0]       slot_rdata  [0:SLOTS-1];
  wire [1:0]        slot_rresp  [0:SLOTS-1];
  wire [SLOTS-1:0]  slot_rvalid;
  wire [SLOTS-1:0]  wr_one = SLOTS'(1) << wr_at;
  wire [SLOTS-1:0]  rd_one = SLOTS'(1) << rd_at;

  assign s_axil_awready = aw_wait && slot_awready[wr_at];
  assign s_axil_wready = w_wait && slot_wready[wr_at];
  assign s_axil_arready = ar_wait && slot_arready[rd_at];
  assign waiting = held || aw_wait || w_wait || ar_wait;

  // A slot never waits for its answer to be taken: one that the region does not take at once is kept here.
  assign s_axil_bvalid = b_kept || slot_bvalid[wr_at];
  assign s_axil_bresp = b_kept ? kept_bresp : slot_bresp[wr_at];
  assign s_axil_rvalid = r_kept || slot_rvalid[rd_at];
  assign s_axil_rdata = r_kept ? kept_rdata : slot_rdata[rd_at];
  assign s_axil_rresp = r_kept ? kept_rresp : slot_rresp[rd_at];
  assign answering = b_kept || r_kept;

  always_ff @(posedge clk) begin
    held <= rst;
    aw_wait <= !off && s_axil_awvalid && !s_axil_awready;
    w_wait <= !off && s_axil_wvalid && !s_axil_wready;
    ar_wait <= !off && s_axil_arvalid && !s_axil_arready;
    if (off) begin
      wr_at <= {AT_W{1'b0}};
      rd_at <= {AT_W{1'b0}};
    end
    if (s_axil_awvalid) begin
      wr_at <= wr_slot[AT_W-1:0];
      awaddr <= s_axil_awaddr;
    end
    if (s_axil_wvalid) begin
      wdata <= s_axil_wdata;
      wstrb <= s_axil_wstrb;
    end
    if (s_axil_arvalid) begin
      rd_at <= rd_slot[AT_W-1:0];
      araddr <= s_axil_araddr;
    end

    b_kept <= !off && s_axil_bvalid && !s_axil_bready;
    r_kept <= !off && s_axil_rvalid && !s_axil_rready;
    if (!b_kept) kept_bresp <= slot_bresp[wr_at];
    if (!r_kept) {kept_rresp, kept_rdata} <= {slot_rresp[rd_at], slot_rdata[rd_at]};
  end

  genvar i;
  generate
    for (i = 0; i < SLOTS; i = i + 1) begin : g_slot
      localparam integer P = i < FULL ? i : 0;

      /* verilator lint_off UNUSEDSIGNAL */  // a slot without memory port
      wire [ID_W-1:0]   own_awid;
      wire [39:0]       own_awaddr;
      wire [7:0]        own_awlen;
      wire [2:0]        own_awsize;
      wire [1:0]        own_awburst;
      wire              own_awvalid;
      wire [255:0]      own_wdata;
      wire [31:0]       own_wstrb;
      wire              own_wlast;
      wire              own_wvalid;
      wire              own_bready;
      wire [ID_W-1:0]   own_arid;
      wire [39:0]       own_araddr;
      wire [7:0]        own_arlen;
      wire [2:0]        own_arsize;
      wire [1:0]        own_arburst;
      wire              own_arvalid;
      wire              own_rready;
      /* verilator lint_on UNUSEDSIGNAL */

      ulp_slot #(
          .ADDR_W(ADDR_W),
          .ID_W(ID_W),
          .FULL(i < FULL ? 1 : 0),
          .PROTOCOL(PROTOCOL)
      ) slot (
          .clk(clk),
          .rst(held),
          .kernel(slot_kernel[8*i+:8]),
          .s_axil_awaddr(wr_one[i] ? awaddr : {ADDR_W{1'b0}}),
          .s_axil_awvalid(aw_wait && wr_one[i]),
          .s_axil_awready(slot_awready[i]),
          .s_axil_wdata(wr_one[i] ? wdata : 32'd0),
          .s_axil_wstrb(wr_one[i] ? wstrb : 4'd0),
          .s_axil_wvalid(w_wait && wr_one[i]),
          .s_axil_wready(slot_wready[i]),
          .s_axil_bresp(slot_bresp[i]),
          .s_axil_bvalid(slot_bvalid[i]),
          .s_axil_bready(!b_kept && wr_one[i]),
          .s_axil_araddr(rd_one[i] ? araddr : {ADDR_W{1'b0}}),
          .s_axil_arvalid(ar_wait && rd_one[i]),
          .s_axil_arready(slot_arready[i]),
          .s_axil_rdata(slot_rdata[i]),
          .s_axil_rresp(slot_rresp[i]),
          .s_axil_rvalid(slot_rvalid[i]),
          .s_axil_rready(!r_kept && rd_one[i]),
          .m_axi_awid(own_awid),
          .m_axi_awaddr(own_awaddr),
          .m_axi_awlen(own_awlen),
          .m_axi_awsize(own_awsize),
          .m_axi_awburst(own_awburst),
          .m_axi_awvalid(own_awvalid),
          .m_axi_awready(m_axi_awready[P] && i < FULL),
          .m_axi_wdata(own_wdata),
          .m_axi_wstrb(own_wstrb),
          .m_axi_wlast(own_wlast),
          .m_axi_wvalid(own_wvalid),
          .m_axi_wready(m_axi_wready[P] && i < FULL),
          .m_axi_bid(m_axi_bid[ID_W*P+:ID_W]),
          .m_axi_bresp(m_axi_bresp[2*P+:2]),
          .m_axi_bvalid(m_axi_bvalid[P] && i < FULL),
          .m_axi_bready(own_bready),
          .m_axi_arid(own_arid),
          .m_axi_araddr(own_araddr),
          .m_axi_arlen(own_arlen),
          .m_axi_arsize(own_arsize),
          .m_axi_arburst(own_arburst),
          .m_axi_arvalid(own_arvalid),
          .m_axi_arready(m_axi_arready[P] && i < FULL),
          .m_axi_rid(m_axi_rid[ID_W*P+:ID_W]),
          .m_axi_rdata(m_axi_rdata[256*P+:256]),
          .m_axi_rresp(m_axi_rresp[2*P+:2]),
          .m_axi_rlast(m_axi_rlast[P]),
          .m_axi_rvalid(m_axi_rvalid[P] && i < FULL),
          .m_axi_rready(own_rready),
          .irq(irq[i]),
          .active(active[i])
      );

      if (i < FULL || i == 0) begin : g_port
        assign m_axi_awid[ID_W*i+:ID_W] = own_awid;
        assign m_axi_awaddr[40*i+:40] = own_awaddr;
        assign m_axi_awlen[8*i+:8] = own_awlen;
        assign m_axi_awsize[3*i+:3] = own_awsize;
        assign m_axi_awburst[2*i+:2] = own_awburst;
        assign m_axi_awvalid[i] = own_awvalid;
        assign m_axi_wdata[256*i+:256] = own_wdata;
        assign m_axi_wstrb[32*i+:32] = own_wstrb;
        assign m_axi_wlast[i] = own_wlast;
        assign m_axi_wvalid[i] = own_wvalid;
        assign m_axi_bready[i] = own_bready;
        assign m_axi_arid[ID_W*i+:ID_W] = own_arid;
        assign m_axi_araddr[40*i+:40] = own_araddr;
        assign m_axi_arlen[8*i+:8] = own_arlen;
        assign m_axi_arsize[3*i+:3] = own_arsize;
        assign m_axi_arburst[2*i+:2] = own_arburst;
        assign m_axi_arvalid[i] = own_arvalid;
        assign m_axi_rready[i] = own_rready;
      end
    end
  endgenerate

  always_ff @(posedge clk) begin
    if (!rst) begin
      assert ((slot_bvalid & ~wr_one) == {SLOTS{1'b0}})
      else $error("ulp_group: a slot answers a write that is not its own");
      assert ((slot_rvalid & ~rd_one) == {SLOTS{1'b0}})
      else $error("ulp_group: a slot answers a read that is not its own");
    end
  end

endmodule

`default_nettype wire
