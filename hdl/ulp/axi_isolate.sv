// SPDX-License-Identifier: Apache-2.0
// Isolation of the dynamic region's memory port and interrupts while the gate is closed.
//
// Requests pass through registers here, one burst each way, so what the region does when the gate closes cannot
// break the handshake behind it: an open write burst is completed with empty strobes, and the responses of
// open bursts are swallowed, also when the gate opens again before they come. WLAST is made here.
`default_nettype none
`timescale 1ns / 1ps

module axi_isolate #(
    parameter integer ID_W  = 1,
    parameter integer IRQ_W = 4
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire                 isolate,

    /* verilator lint_off UNUSEDSIGNAL */  // the region's WLAST is not trusted
    input  wire [ID_W-1:0]      s_axi_awid,
    input  wire [39:0]          s_axi_awaddr,
    input  wire [7:0]           s_axi_awlen,
    input  wire [2:0]           s_axi_awsize,
    input  wire [1:0]           s_axi_awburst,
    input  wire                 s_axi_awvalid,
    output wire                 s_axi_awready,
    input  wire [255:0]         s_axi_wdata,
    input  wire [31:0]          s_axi_wstrb,
    input  wire                 s_axi_wlast,
    input  wire                 s_axi_wvalid,
    output wire                 s_axi_wready,
    output wire [ID_W-1:0]      s_axi_bid,
    output wire [1:0]           s_axi_bresp,
    output wire                 s_axi_bvalid,
    input  wire                 s_axi_bready,
    input  wire [ID_W-1:0]      s_axi_arid,
    input  wire [39:0]          s_axi_araddr,
    input  wire [7:0]           s_axi_arlen,
    input  wire [2:0]           s_axi_arsize,
    input  wire [1:0]           s_axi_arburst,
    input  wire                 s_axi_arvalid,
    output wire                 s_axi_arready,
    output wire [ID_W-1:0]      s_axi_rid,
    output wire [255:0]         s_axi_rdata,
    output wire [1:0]           s_axi_rresp,
    output wire                 s_axi_rlast,
    output wire                 s_axi_rvalid,
    input  wire                 s_axi_rready,
    /* verilator lint_on UNUSEDSIGNAL */

    output reg  [ID_W-1:0]      m_axi_awid,
    output reg  [39:0]          m_axi_awaddr,
    output reg  [7:0]           m_axi_awlen,
    output reg  [2:0]           m_axi_awsize,
    output reg  [1:0]           m_axi_awburst,
    output reg                  m_axi_awvalid,
    input  wire                 m_axi_awready,
    output reg  [255:0]         m_axi_wdata,
    output reg  [31:0]          m_axi_wstrb,
    output reg                  m_axi_wlast,
    output reg                  m_axi_wvalid,
    input  wire                 m_axi_wready,
    input  wire [ID_W-1:0]      m_axi_bid,
    input  wire [1:0]           m_axi_bresp,
    input  wire                 m_axi_bvalid,
    output wire                 m_axi_bready,
    output reg  [ID_W-1:0]      m_axi_arid,
    output reg  [39:0]          m_axi_araddr,
    output reg  [7:0]           m_axi_arlen,
    output reg  [2:0]           m_axi_arsize,
    output reg  [1:0]           m_axi_arburst,
    output reg                  m_axi_arvalid,
    input  wire                 m_axi_arready,
    input  wire [ID_W-1:0]      m_axi_rid,
    input  wire [255:0]         m_axi_rdata,
    input  wire [1:0]           m_axi_rresp,
    input  wire                 m_axi_rlast,
    input  wire                 m_axi_rvalid,
    output wire                 m_axi_rready,

    input  wire [IRQ_W-1:0]     irq_in,
    output wire [IRQ_W-1:0]     irq_out,

    output wire                 active
);

  reg        wr_busy;
  reg        wr_orphan;
  reg        w_open;
  reg  [7:0] w_left;
  reg        rd_busy;
  reg        rd_orphan;

  wire       wr_cut = isolate || wr_orphan;
  wire       rd_cut = isolate || rd_orphan;
  wire       aw_take = s_axi_awvalid && s_axi_awready;
  wire       w_free = w_open && (!m_axi_wvalid || m_axi_wready);
  wire       w_take = w_free && (wr_cut || s_axi_wvalid);
  wire       b_take = m_axi_bvalid && m_axi_bready;
  wire       ar_take = s_axi_arvalid && s_axi_arready;
  wire       r_end = m_axi_rvalid && m_axi_rready && m_axi_rlast;

  assign s_axi_awready = !isolate && !wr_busy;
  assign s_axi_wready = w_free && !wr_cut;
  assign s_axi_bid = m_axi_bid;
  assign s_axi_bresp = m_axi_bresp;
  assign s_axi_bvalid = m_axi_bvalid && !wr_cut;
  assign m_axi_bready = wr_cut || s_axi_bready;

  assign s_axi_arready = !isolate && !rd_busy;
  assign s_axi_rid = m_axi_rid;
  assign s_axi_rdata = m_axi_rdata;
  assign s_axi_rresp = m_axi_rresp;
  assign s_axi_rlast = m_axi_rlast;
  assign s_axi_rvalid = m_axi_rvalid && !rd_cut;
  assign m_axi_rready = rd_cut || s_axi_rready;

  assign irq_out = isolate ? {IRQ_W{1'b0}} : irq_in;
  assign active = wr_busy || rd_busy;

  always_ff @(posedge clk) begin
    if (rst) begin
      wr_busy <= 1'b0;
      wr_orphan <= 1'b0;
      w_open <= 1'b0;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid <= 1'b0;
    end else begin
      if (aw_take) begin
        m_axi_awid <= s_axi_awid;
        m_axi_awaddr <= s_axi_awaddr;
        m_axi_awlen <= s_axi_awlen;
        m_axi_awsize <= s_axi_awsize;
        m_axi_awburst <= s_axi_awburst;
        m_axi_awvalid <= 1'b1;
        w_left <= s_axi_awlen;
        w_open <= 1'b1;
        wr_busy <= 1'b1;
      end else if (m_axi_awready) begin
        m_axi_awvalid <= 1'b0;
      end

      if (w_take) begin
        m_axi_wdata <= wr_cut ? 256'd0 : s_axi_wdata;
        m_axi_wstrb <= wr_cut ? 32'd0 : s_axi_wstrb;
        m_axi_wlast <= w_left == 8'd0;
        m_axi_wvalid <= 1'b1;
        w_left <= w_left - 8'd1;
        if (w_left == 8'd0) w_open <= 1'b0;
      end else if (m_axi_wready) begin
        m_axi_wvalid <= 1'b0;
      end

      if (b_take) wr_busy <= 1'b0;
      wr_orphan <= wr_cut && wr_busy && !b_take;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      rd_busy <= 1'b0;
      rd_orphan <= 1'b0;
      m_axi_arvalid <= 1'b0;
    end else begin
      if (ar_take) begin
        m_axi_arid <= s_axi_arid;
        m_axi_araddr <= s_axi_araddr;
        m_axi_arlen <= s_axi_arlen;
        m_axi_arsize <= s_axi_arsize;
        m_axi_arburst <= s_axi_arburst;
        m_axi_arvalid <= 1'b1;
        rd_busy <= 1'b1;
      end else if (m_axi_arready) begin
        m_axi_arvalid <= 1'b0;
      end

      if (r_end) rd_busy <= 1'b0;
      rd_orphan <= rd_cut && rd_busy && !r_end;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst) begin
      assert (wr_busy || !m_axi_bvalid)
      else $error("write response without a write");
      assert (rd_busy || !m_axi_rvalid)
      else $error("read data without a read");
    end
  end

endmodule

`default_nettype wire
