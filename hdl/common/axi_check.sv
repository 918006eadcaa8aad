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

    input  wire [ID_W-1:0]      awid,
    input  wire [39:0]          awaddr,
    input  wire [7:0]           awlen,
    input  wire [2:0]           awsize,
    input  wire [1:0]           awburst,
    input  wire                 awvalid,
    input  wire                 awready,
    input  wire [255:0]         wdata,
    input  wire [31:0]          wstrb,
    input  wire                 wlast,
    input  wire                 wvalid,
    input  wire                 wready,
    input  wire [ID_W-1:0]      bid,
    input  wire [1:0]           bresp,
    input  wire                 bvalid,
    input  wire                 bready,
    input  wire [ID_W-1:0]      arid,
    input  wire [39:0]          araddr,
    input  wire [7:0]           arlen,
    input  wire [2:0]           arsize,
    input  wire [1:0]           arburst,
    input  wire                 arvalid,
    input  wire                 arready,
    input  wire [ID_W-1:0]      rid,
    input  wire [255:0]         rdata,
    input  wire [1:0]           rresp,
    input  wire                 rlast,
    input  wire                 rvalid,
    input  wire                 rready
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

  wire [ID_W+52:0]   aw_now = {awid, awaddr, awlen, awsize, awburst};
  wire [288:0]       w_now = {wdata, wstrb, wlast};
  wire [ID_W+1:0]    b_now = {bid, bresp};
  wire [ID_W+52:0]   ar_now = {arid, araddr, arlen, arsize, arburst};
  wire [ID_W+258:0]  r_now = {rid, rdata, rresp, rlast};
  wire               aw_take = awvalid && awready;
  wire               w_take = wvalid && wready;
  wire               b_take = bvalid && bready;
  wire               ar_take = arvalid && arready;
  wire               r_take = rvalid && rready;

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
  wire step = rst !== 1'b0 ? clean !== 1'b1 : clean || awvalid !== 1'b0 || wvalid !== 1'b0 || bvalid !== 1'b0 || arvalid !== 1'b0
      || rvalid !== 1'b0 || aw_wait || w_wait || b_wait || ar_wait || r_wait;

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
      aw_wait <= awvalid && !awready;
      w_wait <= wvalid && !wready;
      b_wait <= bvalid && !bready;
      ar_wait <= arvalid && !arready;
      r_wait <= rvalid && !rready;
      if (aw_take) begin
        w_due[w_tail] <= awlen;
        w_tail <= w_tail + 1'b1;
      end
      if (w_take) begin
        w_beat <= wlast ? 8'd0 : w_beat + 8'd1;
        if (wlast) w_head <= w_head + 1'b1;
      end
      b_due <= b_due + {{QUEUE_W - 1{1'b0}}, w_take && wlast} - {{QUEUE_W - 1{1'b0}}, b_take};
      if (ar_take) begin
        r_due[r_tail] <= arlen;
        r_tail <= r_tail + 1'b1;
      end
      if (r_take) begin
        r_beat <= rlast ? 8'd0 : r_beat + 8'd1;
        if (rlast) r_head <= r_head + 1'b1;
      end

      assert (^{awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready} !== 1'bx)
      else $error("AXI4: unknown handshake");
      if (awvalid) begin
        aw_was <= aw_now;
        assert (^aw_now !== 1'bx)
        else $error("AXI4: unknown write request");
        assert (shape_ok(awaddr[11:5], awlen, awsize, awburst))
        else $error("AXI4: write burst of a forbidden shape");
      end
      if (wvalid) begin
        w_was <= w_now;
        assert (!wready || w_head == w_tail || wlast === (w_beat == w_due[w_head]))
        else $error("AXI4: WLAST at the wrong beat");
      end
      if (bvalid) begin
        b_was <= b_now;
        assert (b_due != {QUEUE_W{1'b0}})
        else $error("AXI4: B without a write");
      end
      if (arvalid) begin
        ar_was <= ar_now;
        assert (^ar_now !== 1'bx)
        else $error("AXI4: unknown read request");
        assert (shape_ok(araddr[11:5], arlen, arsize, arburst))
        else $error("AXI4: read burst of a forbidden shape");
      end
      if (rvalid) begin
        r_was <= r_now;
        assert (!rready || (r_head != r_tail && rlast === (r_beat == r_due[r_head])))
        else $error("AXI4: R without a read, or RLAST at the wrong beat");
      end
      if (aw_wait) begin
        assert (awvalid && aw_now === aw_was)
        else $error("AXI4: AW changed before it was taken");
      end
      if (w_wait) begin
        assert (wvalid && w_now === w_was)
        else $error("AXI4: W changed before it was taken");
      end
      if (b_wait) begin
        assert (bvalid && b_now === b_was)
        else $error("AXI4: B changed before it was taken");
      end
      if (ar_wait) begin
        assert (arvalid && ar_now === ar_was)
        else $error("AXI4: AR changed before it was taken");
      end
      if (r_wait) begin
        assert (rvalid && r_now === r_was)
        else $error("AXI4: R changed before it was taken");
      end
    end
  end

endmodule

`default_nettype wire
