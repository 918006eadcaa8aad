// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite protocol checker for test benches: stability while waiting, no response without request, known handshakes.
`default_nettype none
`timescale 1ns / 1ps

module axil_check #(
    parameter integer ADDR_W = 32
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [ADDR_W-1:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    input  wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    input  wire                 s_axil_wready,
    input  wire [1:0]           s_axil_bresp,
    input  wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [ADDR_W-1:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    input  wire                 s_axil_arready,
    input  wire [31:0]          s_axil_rdata,
    input  wire [1:0]           s_axil_rresp,
    input  wire                 s_axil_rvalid,
    input  wire                 s_axil_rready
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

  wire              b_take = s_axil_bvalid && s_axil_bready;
  wire              r_take = s_axil_rvalid && s_axil_rready;

  // Nothing on the port, nothing to look at: an idle port costs a simulator next to nothing.
  reg               clean;
  wire [4:0]        valids = {s_axil_awvalid, s_axil_wvalid, s_axil_bvalid, s_axil_arvalid, s_axil_rvalid};
  wire [4:0]        readies = {s_axil_awready, s_axil_wready, s_axil_bready, s_axil_arready, s_axil_rready};
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
      aw_due <= 4'd0;
      w_due <= 4'd0;
      r_due <= 4'd0;
    end else begin
      aw_wait <= s_axil_awvalid && !s_axil_awready;
      w_wait <= s_axil_wvalid && !s_axil_wready;
      b_wait <= s_axil_bvalid && !s_axil_bready;
      ar_wait <= s_axil_arvalid && !s_axil_arready;
      r_wait <= s_axil_rvalid && !s_axil_rready;
      aw_due <= aw_due + {3'd0, s_axil_awvalid && s_axil_awready} - {3'd0, b_take};
      w_due <= w_due + {3'd0, s_axil_wvalid && s_axil_wready} - {3'd0, b_take};
      r_due <= r_due + {3'd0, s_axil_arvalid && s_axil_arready} - {3'd0, r_take};

      assert (^{valids, readies} !== 1'bx)
      else $error("AXI4-Lite: unknown handshake");
      if (s_axil_awvalid) begin
        aw_was <= s_axil_awaddr;
        assert (^s_axil_awaddr !== 1'bx)
        else $error("AXI4-Lite: unknown write address");
      end
      if (s_axil_wvalid) w_was <= {s_axil_wdata, s_axil_wstrb};
      if (s_axil_bvalid) begin
        b_was <= s_axil_bresp;
        assert (aw_due != 4'd0 && w_due != 4'd0)
        else $error("AXI4-Lite: B without a write");
      end
      if (s_axil_arvalid) begin
        ar_was <= s_axil_araddr;
        assert (^s_axil_araddr !== 1'bx)
        else $error("AXI4-Lite: unknown read address");
      end
      if (s_axil_rvalid) begin
        r_was <= {s_axil_rdata, s_axil_rresp};
        assert (r_due != 4'd0)
        else $error("AXI4-Lite: R without a read");
        assert (^s_axil_rresp !== 1'bx)
        else $error("AXI4-Lite: unknown read response");
      end
      if (aw_wait) begin
        assert (s_axil_awvalid && s_axil_awaddr === aw_was)
        else $error("AXI4-Lite: AW changed before it was taken");
      end
      if (w_wait) begin
        assert (s_axil_wvalid && {s_axil_wdata, s_axil_wstrb} === w_was)
        else $error("AXI4-Lite: W changed before it was taken");
      end
      if (b_wait) begin
        assert (s_axil_bvalid && s_axil_bresp === b_was)
        else $error("AXI4-Lite: B changed before it was taken");
      end
      if (ar_wait) begin
        assert (s_axil_arvalid && s_axil_araddr === ar_was)
        else $error("AXI4-Lite: AR changed before it was taken");
      end
      if (r_wait) begin
        assert (s_axil_rvalid && {s_axil_rdata, s_axil_rresp} === r_was)
        else $error("AXI4-Lite: R changed before it was taken");
      end
    end
  end

endmodule

`default_nettype wire
