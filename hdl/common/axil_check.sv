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
  wire [8:0]        bad;

  assign bad[0] = aw_wait && !(awvalid && awaddr === aw_was);
  assign bad[1] = w_wait && !(wvalid && {wdata, wstrb} === w_was);
  assign bad[2] = b_wait && !(bvalid && bresp === b_was);
  assign bad[3] = ar_wait && !(arvalid && araddr === ar_was);
  assign bad[4] = r_wait && !(rvalid && {rdata, rresp} === r_was);
  assign bad[5] = bvalid && (aw_due == 4'd0 || w_due == 4'd0);
  assign bad[6] = rvalid && r_due == 4'd0;
  assign bad[7] = ^{awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready} === 1'bx;
  assign bad[8] = (awvalid && ^awaddr === 1'bx) || (arvalid && ^araddr === 1'bx) || (rvalid && ^rresp === 1'bx);

  always_ff @(posedge clk) begin
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
      if (awvalid) aw_was <= awaddr;
      if (wvalid) w_was <= {wdata, wstrb};
      if (bvalid) b_was <= bresp;
      if (arvalid) ar_was <= araddr;
      if (rvalid) r_was <= {rdata, rresp};
      aw_due <= aw_due + {3'd0, awvalid && awready} - {3'd0, b_take};
      w_due <= w_due + {3'd0, wvalid && wready} - {3'd0, b_take};
      r_due <= r_due + {3'd0, arvalid && arready} - {3'd0, r_take};

      assert (bad == 9'd0)
      else $error("AXI4-Lite rule broken, one bit each (see axil_check.sv): %b", bad);
    end
  end

endmodule

`default_nettype wire
