// SPDX-License-Identifier: Apache-2.0
// The dynamic region: SLOTS compute-unit slots behind one AXI4-Lite slave and one AXI4 master.
//
// The configuration engine says what is in the slots. Not configured, or outside the slots, nothing answers.
// While `cfg_loading`, every output is garbage: the gate around the region must be closed. `region_rst`
// (gate closed) and a reconfiguration reset the content.
`default_nettype none
`timescale 1ns / 1ps

module ulp #(
    parameter integer        ADDR_W          = 32,
    parameter integer        SLOTS           = 4,
    parameter integer        ID_W            = 1,
    parameter [ADDR_W-1:0]   BASE            = user_bar_pkg::CU_BASE[ADDR_W-1:0],
    parameter integer        VADD_PROTOCOL   = 0,  // 0 AP_CTRL_HS, 1 AP_CTRL_CHAIN
    parameter integer        REDUCE_PROTOCOL = 0
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 region_rst,

    input  wire                 cfg_loading,
    input  wire                 cfg_valid,
    input  wire [8*SLOTS-1:0]   cfg_slot_kernel,

    input  wire [ADDR_W-1:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    output wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    output wire                 s_axil_wready,
    output wire [1:0]           s_axil_bresp,
    output wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [ADDR_W-1:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    output wire                 s_axil_arready,
    output wire [31:0]          s_axil_rdata,
    output wire [1:0]           s_axil_rresp,
    output wire                 s_axil_rvalid,
    input  wire                 s_axil_rready,

    output wire [ID_W-1:0]      m_axi_awid,
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
    input  wire [ID_W-1:0]      m_axi_bid,
    input  wire [1:0]           m_axi_bresp,
    input  wire                 m_axi_bvalid,
    output wire                 m_axi_bready,
    output wire [ID_W-1:0]      m_axi_arid,
    output wire [39:0]          m_axi_araddr,
    output wire [7:0]           m_axi_arlen,
    output wire [2:0]           m_axi_arsize,
    output wire [1:0]           m_axi_arburst,
    output wire                 m_axi_arvalid,
    input  wire                 m_axi_arready,
    input  wire [ID_W-1:0]      m_axi_rid,
    input  wire [255:0]         m_axi_rdata,
    input  wire [1:0]           m_axi_rresp,
    input  wire                 m_axi_rlast,
    input  wire                 m_axi_rvalid,
    output wire                 m_axi_rready,

    output wire [SLOTS-1:0]     cu_irq,
    output wire                 active
);

  localparam integer SLOT_W = $clog2(user_bar_pkg::CU_STRIDE);
  localparam integer SEL_W = SLOTS > 1 ? $clog2(SLOTS) : 1;
  localparam [ADDR_W-1:0] BYTES = ADDR_W'(SLOTS) << SLOT_W;

  wire on = cfg_valid && !cfg_loading && !region_rst;
  wire region_off = rst || !on;
  wire [SLOTS-1:0] slot_active;
  wire             arbiter_active;

  // A slot is active for the edge on which its content comes or goes, so everything here sees that edge.
  assign active = cfg_loading || slot_active != {SLOTS{1'b0}} || arbiter_active;

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
  wire [SEL_W-1:0]  wr = aw_done ? aw_slot : aw_offset[SLOT_W+:SEL_W];
  wire [SEL_W-1:0]  rd = ar_done ? ar_slot : ar_offset[SLOT_W+:SEL_W];
  wire [SLOTS-1:0]  wr_one = {{SLOTS - 1{1'b0}}, 1'b1} << wr;
  wire [SLOTS-1:0]  rd_one = {{SLOTS - 1{1'b0}}, 1'b1} << rd;

  wire              aw_go = s_axil_awvalid && aw_hit && !aw_done;
  wire              w_go = s_axil_wvalid && !w_done && (aw_done || aw_go);
  wire              ar_go = s_axil_arvalid && ar_hit && !ar_done;

  wire [SLOTS-1:0]       slot_awready;
  wire [SLOTS-1:0]       slot_wready;
  wire [SLOTS*2-1:0]     slot_bresp;
  wire [SLOTS-1:0]       slot_bvalid;
  wire [SLOTS-1:0]       slot_arready;
  wire [SLOTS*32-1:0]    slot_rdata;
  wire [SLOTS*2-1:0]     slot_rresp;
  wire [SLOTS-1:0]       slot_rvalid;

  wire              out_awready = aw_go && slot_awready[wr];
  wire              out_wready = w_go && slot_wready[wr];
  wire              out_bvalid = aw_done && w_done && slot_bvalid[wr];
  wire [1:0]        out_bresp = slot_bresp[2*wr+:2];
  wire              out_arready = ar_go && slot_arready[rd];
  wire              out_rvalid = ar_done && slot_rvalid[rd];
  wire [31:0]       out_rdata = slot_rdata[32*rd+:32];
  wire [1:0]        out_rresp = slot_rresp[2*rd+:2];

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

  // ---------------------------------------------------------------- slots

  wire [SLOTS*ID_W-1:0]   slot_axi_awid;
  wire [SLOTS*40-1:0]     slot_axi_awaddr;
  wire [SLOTS*8-1:0]      slot_axi_awlen;
  wire [SLOTS*3-1:0]      slot_axi_awsize;
  wire [SLOTS*2-1:0]      slot_axi_awburst;
  wire [SLOTS-1:0]        slot_axi_awvalid;
  wire [SLOTS-1:0]        slot_axi_awready;
  wire [SLOTS*256-1:0]    slot_axi_wdata;
  wire [SLOTS*32-1:0]     slot_axi_wstrb;
  wire [SLOTS-1:0]        slot_axi_wlast;
  wire [SLOTS-1:0]        slot_axi_wvalid;
  wire [SLOTS-1:0]        slot_axi_wready;
  wire [SLOTS*ID_W-1:0]   slot_axi_bid;
  wire [SLOTS*2-1:0]      slot_axi_bresp;
  wire [SLOTS-1:0]        slot_axi_bvalid;
  wire [SLOTS-1:0]        slot_axi_bready;
  wire [SLOTS*ID_W-1:0]   slot_axi_arid;
  wire [SLOTS*40-1:0]     slot_axi_araddr;
  wire [SLOTS*8-1:0]      slot_axi_arlen;
  wire [SLOTS*3-1:0]      slot_axi_arsize;
  wire [SLOTS*2-1:0]      slot_axi_arburst;
  wire [SLOTS-1:0]        slot_axi_arvalid;
  wire [SLOTS-1:0]        slot_axi_arready;
  wire [SLOTS*ID_W-1:0]   slot_axi_rid;
  wire [SLOTS*256-1:0]    slot_axi_rdata;
  wire [SLOTS*2-1:0]      slot_axi_rresp;
  wire [SLOTS-1:0]        slot_axi_rlast;
  wire [SLOTS-1:0]        slot_axi_rvalid;
  wire [SLOTS-1:0]        slot_axi_rready;
  wire [SLOTS-1:0]   slot_irq;

  genvar i;
  generate
    for (i = 0; i < SLOTS; i = i + 1) begin : g_slot
      ulp_slot #(
          .ADDR_W(SLOT_W),
          .ID_W(ID_W),
          .VADD_PROTOCOL(VADD_PROTOCOL),
          .REDUCE_PROTOCOL(REDUCE_PROTOCOL)
      ) slot (
          .clk(clk),
          .rst(rst),
          .kernel(on ? cfg_slot_kernel[8*i+:8] : 8'd0),
          .s_axil_awaddr(aw_offset[SLOT_W-1:0]),
          .s_axil_awvalid(aw_go && wr_one[i]),
          .s_axil_awready(slot_awready[i]),
          .s_axil_wdata(s_axil_wdata),
          .s_axil_wstrb(s_axil_wstrb),
          .s_axil_wvalid(w_go && wr_one[i]),
          .s_axil_wready(slot_wready[i]),
          .s_axil_bresp(slot_bresp[2*i+:2]),
          .s_axil_bvalid(slot_bvalid[i]),
          .s_axil_bready(s_axil_bready && aw_done && w_done && wr_one[i]),
          .s_axil_araddr(ar_offset[SLOT_W-1:0]),
          .s_axil_arvalid(ar_go && rd_one[i]),
          .s_axil_arready(slot_arready[i]),
          .s_axil_rdata(slot_rdata[32*i+:32]),
          .s_axil_rresp(slot_rresp[2*i+:2]),
          .s_axil_rvalid(slot_rvalid[i]),
          .s_axil_rready(s_axil_rready && ar_done && rd_one[i]),
          .m_axi_awid(slot_axi_awid[ID_W*i+:ID_W]),
          .m_axi_awaddr(slot_axi_awaddr[40*i+:40]),
          .m_axi_awlen(slot_axi_awlen[8*i+:8]),
          .m_axi_awsize(slot_axi_awsize[3*i+:3]),
          .m_axi_awburst(slot_axi_awburst[2*i+:2]),
          .m_axi_awvalid(slot_axi_awvalid[i]),
          .m_axi_awready(slot_axi_awready[i]),
          .m_axi_wdata(slot_axi_wdata[256*i+:256]),
          .m_axi_wstrb(slot_axi_wstrb[32*i+:32]),
          .m_axi_wlast(slot_axi_wlast[i]),
          .m_axi_wvalid(slot_axi_wvalid[i]),
          .m_axi_wready(slot_axi_wready[i]),
          .m_axi_bid(slot_axi_bid[ID_W*i+:ID_W]),
          .m_axi_bresp(slot_axi_bresp[2*i+:2]),
          .m_axi_bvalid(slot_axi_bvalid[i]),
          .m_axi_bready(slot_axi_bready[i]),
          .m_axi_arid(slot_axi_arid[ID_W*i+:ID_W]),
          .m_axi_araddr(slot_axi_araddr[40*i+:40]),
          .m_axi_arlen(slot_axi_arlen[8*i+:8]),
          .m_axi_arsize(slot_axi_arsize[3*i+:3]),
          .m_axi_arburst(slot_axi_arburst[2*i+:2]),
          .m_axi_arvalid(slot_axi_arvalid[i]),
          .m_axi_arready(slot_axi_arready[i]),
          .m_axi_rid(slot_axi_rid[ID_W*i+:ID_W]),
          .m_axi_rdata(slot_axi_rdata[256*i+:256]),
          .m_axi_rresp(slot_axi_rresp[2*i+:2]),
          .m_axi_rlast(slot_axi_rlast[i]),
          .m_axi_rvalid(slot_axi_rvalid[i]),
          .m_axi_rready(slot_axi_rready[i]),
          .irq(slot_irq[i]),
          .active(slot_active[i])
      );
    end
  endgenerate

  wire [ID_W-1:0]      out_axi_awid;
  wire [39:0]          out_axi_awaddr;
  wire [7:0]           out_axi_awlen;
  wire [2:0]           out_axi_awsize;
  wire [1:0]           out_axi_awburst;
  wire                 out_axi_awvalid;
  wire [255:0]         out_axi_wdata;
  wire [31:0]          out_axi_wstrb;
  wire                 out_axi_wlast;
  wire                 out_axi_wvalid;
  wire                 out_axi_bready;
  wire [ID_W-1:0]      out_axi_arid;
  wire [39:0]          out_axi_araddr;
  wire [7:0]           out_axi_arlen;
  wire [2:0]           out_axi_arsize;
  wire [1:0]           out_axi_arburst;
  wire                 out_axi_arvalid;
  wire                 out_axi_rready;

  axi_arbiter #(
      .N(SLOTS),
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

  assign {
      s_axil_awready, s_axil_wready, s_axil_bresp, s_axil_bvalid, s_axil_arready, s_axil_rdata,
      s_axil_rresp, s_axil_rvalid, m_axi_awid, m_axi_awaddr, m_axi_awlen, m_axi_awsize, m_axi_awburst,
      m_axi_awvalid, m_axi_wdata, m_axi_wstrb, m_axi_wlast, m_axi_wvalid, m_axi_bready, m_axi_arid,
      m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst, m_axi_arvalid, m_axi_rready, cu_irq
  } = cfg_loading ? garbage : {
      out_awready, out_wready, out_bresp, out_bvalid, out_arready, out_rdata, out_rresp, out_rvalid,
      out_axi_awid, out_axi_awaddr, out_axi_awlen, out_axi_awsize, out_axi_awburst, out_axi_awvalid,
      out_axi_wdata, out_axi_wstrb, out_axi_wlast, out_axi_wvalid, out_axi_bready, out_axi_arid,
      out_axi_araddr, out_axi_arlen, out_axi_arsize, out_axi_arburst, out_axi_arvalid, out_axi_rready,
      slot_irq & {SLOTS{on}}
  };

endmodule

`default_nettype wire
