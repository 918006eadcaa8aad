// SPDX-License-Identifier: Apache-2.0
// AXI4 protocol checker for test benches: stability while waiting, burst shape, WLAST and RLAST, known handshakes.
//
// Bursts must be INCR of full beats, at most MOST_BEATS long, inside one 4 KiB page; ids are not
// followed, so it expects responses in order.
`default_nettype none
`timescale 1ns / 1ps

module axi_check #(
    parameter integer MOST_BEATS = 16,
    parameter integer ID_W       = 1
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [ID_W-1:0]      m_axi_awid,
    input  wire [39:0]          m_axi_awaddr,
    input  wire [7:0]           m_axi_awlen,
    input  wire [2:0]           m_axi_awsize,
    input  wire [1:0]           m_axi_awburst,
    input  wire                 m_axi_awvalid,
    input  wire                 m_axi_awready,
    input  wire [255:0]         m_axi_wdata,
    input  wire [31:0]          m_axi_wstrb,
    input  wire                 m_axi_wlast,
    input  wire                 m_axi_wvalid,
    input  wire                 m_axi_wready,
    input  wire [ID_W-1:0]      m_axi_bid,
    input  wire [1:0]           m_axi_bresp,
    input  wire                 m_axi_bvalid,
    input  wire                 m_axi_bready,
    input  wire [ID_W-1:0]      m_axi_arid,
    input  wire [39:0]          m_axi_araddr,
    input  wire [7:0]           m_axi_arlen,
    input  wire [2:0]           m_axi_arsize,
    input  wire [1:0]           m_axi_arburst,
    input  wire                 m_axi_arvalid,
    input  wire                 m_axi_arready,
    input  wire [ID_W-1:0]      m_axi_rid,
    input  wire [255:0]         m_axi_rdata,
    input  wire [1:0]           m_axi_rresp,
    input  wire                 m_axi_rlast,
    input  wire                 m_axi_rvalid,
    input  wire                 m_axi_rready
);

  // Bursts whose data are still due: lengths in order, writes and reads.
  localparam integer QUEUE_W = 4;

  reg  [7:0]         w_due[0:2**QUEUE_W-1];
  reg  [QUEUE_W-1:0] w_head;
  reg  [QUEUE_W-1:0] w_tail;
  reg  [7:0]         w_beat;
  reg  [QUEUE_W-1:0] b_due;
  reg  [7:0]         r_due[0:2**QUEUE_W-1];
  reg  [QUEUE_W-1:0] r_head;
  reg  [QUEUE_W-1:0] r_tail;
  reg  [7:0]         r_beat;

  reg                aw_wait;
  reg                w_wait;
  reg                b_wait;
  reg                ar_wait;
  reg                r_wait;
  reg  [ID_W+52:0]   aw_was;
  reg  [288:0]       w_was;
  reg  [ID_W+1:0]    b_was;
  reg  [ID_W+52:0]   ar_was;
  reg  [ID_W+258:0]  r_was;

  wire [ID_W+52:0]   aw_now = {m_axi_awid, m_axi_awaddr, m_axi_awlen, m_axi_awsize, m_axi_awburst};
  wire [288:0]       w_now = {m_axi_wdata, m_axi_wstrb, m_axi_wlast};
  wire [ID_W+1:0]    b_now = {m_axi_bid, m_axi_bresp};
  wire [ID_W+52:0]   ar_now = {m_axi_arid, m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst};
  wire [ID_W+258:0]  r_now = {m_axi_rid, m_axi_rdata, m_axi_rresp, m_axi_rlast};
  wire               aw_take = m_axi_awvalid && m_axi_awready;
  wire               w_take = m_axi_wvalid && m_axi_wready;
  wire               b_take = m_axi_bvalid && m_axi_bready;
  wire               ar_take = m_axi_arvalid && m_axi_arready;
  wire               r_take = m_axi_rvalid && m_axi_rready;

  function shape_ok;
    input [6:0] first;
    input [7:0] length;
    input [2:0] size;
    input [1:0] burst;
    begin
      shape_ok = burst == 2'b01 && size == 3'd5 && {24'd0, length} < MOST_BEATS && length <= {1'b0, ~first};
    end
  endfunction

  // Nothing on the port, nothing to look at: an idle port costs a simulator next to nothing.
  reg                clean;
  wire [4:0]         valids = {m_axi_awvalid, m_axi_wvalid, m_axi_bvalid, m_axi_arvalid, m_axi_rvalid};
  wire [4:0]         readies = {m_axi_awready, m_axi_wready, m_axi_bready, m_axi_arready, m_axi_rready};
  wire step = rst !== 1'b0 ? clean !== 1'b1
      : clean || valids !== 5'd0 || aw_wait || w_wait || b_wait || ar_wait || r_wait;

  always_ff @(posedge clk) if (step !== 1'b0) begin
    clean <= rst !== 1'b0;
    if (rst !== 1'b0) begin
      aw_wait <= 1'b0;
      w_wait <= 1'b0;
      b_wait <= 1'b0;
      ar_wait <= 1'b0;
      r_wait <= 1'b0;
      w_head <= {QUEUE_W{1'b0}};
      w_tail <= {QUEUE_W{1'b0}};
      w_beat <= 8'd0;
      b_due <= {QUEUE_W{1'b0}};
      r_head <= {QUEUE_W{1'b0}};
      r_tail <= {QUEUE_W{1'b0}};
      r_beat <= 8'd0;
    end else begin
      aw_wait <= m_axi_awvalid && !m_axi_awready;
      w_wait <= m_axi_wvalid && !m_axi_wready;
      b_wait <= m_axi_bvalid && !m_axi_bready;
      ar_wait <= m_axi_arvalid && !m_axi_arready;
      r_wait <= m_axi_rvalid && !m_axi_rready;
      if (aw_take) begin
        w_due[w_tail] <= m_axi_awlen;
        w_tail <= w_tail + 1'b1;
      end
      if (w_take) begin
        w_beat <= m_axi_wlast ? 8'd0 : w_beat + 8'd1;
        if (m_axi_wlast) w_head <= w_head + 1'b1;
      end
      b_due <= b_due + {{QUEUE_W - 1{1'b0}}, w_take && m_axi_wlast} - {{QUEUE_W - 1{1'b0}}, b_take};
      if (ar_take) begin
        r_due[r_tail] <= m_axi_arlen;
        r_tail <= r_tail + 1'b1;
      end
      if (r_take) begin
        r_beat <= m_axi_rlast ? 8'd0 : r_beat + 8'd1;
        if (m_axi_rlast) r_head <= r_head + 1'b1;
      end

      assert (^{valids, readies} !== 1'bx)
      else $error("AXI4: unknown handshake");
      if (m_axi_awvalid) begin
        aw_was <= aw_now;
        assert (^aw_now !== 1'bx)
        else $error("AXI4: unknown write request");
        assert (shape_ok(m_axi_awaddr[11:5], m_axi_awlen, m_axi_awsize, m_axi_awburst))
        else $error("AXI4: write burst of a forbidden shape");
      end
      if (m_axi_wvalid) begin
        w_was <= w_now;
        assert (!m_axi_wready || w_head == w_tail || m_axi_wlast === (w_beat == w_due[w_head]))
        else $error("AXI4: WLAST at the wrong beat");
      end
      if (m_axi_bvalid) begin
        b_was <= b_now;
        assert (b_due != {QUEUE_W{1'b0}})
        else $error("AXI4: B without a write");
      end
      if (m_axi_arvalid) begin
        ar_was <= ar_now;
        assert (^ar_now !== 1'bx)
        else $error("AXI4: unknown read request");
        assert (shape_ok(m_axi_araddr[11:5], m_axi_arlen, m_axi_arsize, m_axi_arburst))
        else $error("AXI4: read burst of a forbidden shape");
      end
      if (m_axi_rvalid) begin
        r_was <= r_now;
        assert (!m_axi_rready || (r_head != r_tail && m_axi_rlast === (r_beat == r_due[r_head])))
        else $error("AXI4: R without a read, or RLAST at the wrong beat");
      end
      if (aw_wait) begin
        assert (m_axi_awvalid && aw_now === aw_was)
        else $error("AXI4: AW changed before it was taken");
      end
      if (w_wait) begin
        assert (m_axi_wvalid && w_now === w_was)
        else $error("AXI4: W changed before it was taken");
      end
      if (b_wait) begin
        assert (m_axi_bvalid && b_now === b_was)
        else $error("AXI4: B changed before it was taken");
      end
      if (ar_wait) begin
        assert (m_axi_arvalid && ar_now === ar_was)
        else $error("AXI4: AR changed before it was taken");
      end
      if (r_wait) begin
        assert (m_axi_rvalid && r_now === r_was)
        else $error("AXI4: R changed before it was taken");
      end
    end
  end

endmodule

`default_nettype wire
