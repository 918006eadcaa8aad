// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite protocol checker for test benches: stability while waiting, no response without request, known handshakes.
`default_nettype none
`timescale 1ns / 1ps

module axil_check #(
    parameter integer ADDR_W = 32
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [ADDR_W-1:0]    awaddr,
    input  wire                 awvalid,
    input  wire                 awready,
    input  wire [31:0]          wdata,
    input  wire [3:0]           wstrb,
    input  wire                 wvalid,
    input  wire                 wready,
    input  wire [1:0]           bresp,
    input  wire                 bvalid,
    input  wire                 bready,
    input  wire [ADDR_W-1:0]    araddr,
    input  wire                 arvalid,
    input  wire                 arready,
    input  wire [31:0]          rdata,
    input  wire [1:0]           rresp,
    input  wire                 rvalid,
    input  wire                 rready
);

  reg               aw_wait;
  reg               w_wait;
  reg               b_wait;
  reg               ar_wait;
  reg               r_wait;
  reg  [ADDR_W-1:0] aw_was;
  reg  [35:0]       w_was;
  reg  [1:0]        b_was;
  reg  [ADDR_W-1:0] ar_was;
  reg  [33:0]       r_was;
  reg  [3:0]        aw_due;
  reg  [3:0]        w_due;
  reg  [3:0]        r_due;

  wire              b_take = bvalid && bready;
  wire              r_take = rvalid && rready;

  // Nothing on the port, nothing to look at: an idle port costs a simulator next to nothing.
  reg               clean;
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
      aw_due <= 4'd0;
      w_due <= 4'd0;
      r_due <= 4'd0;
    end else begin
      aw_wait <= awvalid && !awready;
      w_wait <= wvalid && !wready;
      b_wait <= bvalid && !bready;
      ar_wait <= arvalid && !arready;
      r_wait <= rvalid && !rready;
      aw_due <= aw_due + {3'd0, awvalid && awready} - {3'd0, b_take};
      w_due <= w_due + {3'd0, wvalid && wready} - {3'd0, b_take};
      r_due <= r_due + {3'd0, arvalid && arready} - {3'd0, r_take};

      assert (^{awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready} !== 1'bx)
      else $error("AXI4-Lite: unknown handshake");
      if (awvalid) begin
        aw_was <= awaddr;
        assert (^awaddr !== 1'bx)
        else $error("AXI4-Lite: unknown write address");
      end
      if (wvalid) w_was <= {wdata, wstrb};
      if (bvalid) begin
        b_was <= bresp;
        assert (aw_due != 4'd0 && w_due != 4'd0)
        else $error("AXI4-Lite: B without a write");
      end
      if (arvalid) begin
        ar_was <= araddr;
        assert (^araddr !== 1'bx)
        else $error("AXI4-Lite: unknown read address");
      end
      if (rvalid) begin
        r_was <= {rdata, rresp};
        assert (r_due != 4'd0)
        else $error("AXI4-Lite: R without a read");
        assert (^rresp !== 1'bx)
        else $error("AXI4-Lite: unknown read response");
      end
      if (aw_wait) begin
        assert (awvalid && awaddr === aw_was)
        else $error("AXI4-Lite: AW changed before it was taken");
      end
      if (w_wait) begin
        assert (wvalid && {wdata, wstrb} === w_was)
        else $error("AXI4-Lite: W changed before it was taken");
      end
      if (b_wait) begin
        assert (bvalid && bresp === b_was)
        else $error("AXI4-Lite: B changed before it was taken");
      end
      if (ar_wait) begin
        assert (arvalid && araddr === ar_was)
        else $error("AXI4-Lite: AR changed before it was taken");
      end
      if (r_wait) begin
        assert (rvalid && {rdata, rresp} === r_was)
        else $error("AXI4-Lite: R changed before it was taken");
      end
    end
  end

endmodule

`default_nettype wire
