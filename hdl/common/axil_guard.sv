// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite guard in front of a slave that may hang: every request upstream (s_axil_*) gets an answer.
//
// After TIMEOUT_CYCLES without one it is SLVERR. The late answer is swallowed; until it came, further
// requests get SLVERR at once. With `isolate` nothing passes in either direction and nothing is
// remembered downstream (m_axil_*): requests run into the timeout. One request at a time.
`default_nettype none
`timescale 1ns / 1ps

module axil_guard #(
    parameter integer ADDR_W = 32,
    parameter integer TIMEOUT_CYCLES = 4096
) (
    input  wire              clk,
    input  wire              rst,
    input  wire              isolate,

    input  wire [ADDR_W-1:0] s_axil_awaddr,
    input  wire              s_axil_awvalid,
    output wire              s_axil_awready,
    input  wire [31:0]       s_axil_wdata,
    input  wire [3:0]        s_axil_wstrb,
    input  wire              s_axil_wvalid,
    output wire              s_axil_wready,
    output reg  [1:0]        s_axil_bresp,
    output reg               s_axil_bvalid,
    input  wire              s_axil_bready,
    input  wire [ADDR_W-1:0] s_axil_araddr,
    input  wire              s_axil_arvalid,
    output wire              s_axil_arready,
    output reg  [31:0]       s_axil_rdata,
    output reg  [1:0]        s_axil_rresp,
    output reg               s_axil_rvalid,
    input  wire              s_axil_rready,

    output reg  [ADDR_W-1:0] m_axil_awaddr,
    output wire              m_axil_awvalid,
    input  wire              m_axil_awready,
    output reg  [31:0]       m_axil_wdata,
    output reg  [3:0]        m_axil_wstrb,
    output wire              m_axil_wvalid,
    input  wire              m_axil_wready,
    input  wire [1:0]        m_axil_bresp,
    input  wire              m_axil_bvalid,
    output wire              m_axil_bready,
    output reg  [ADDR_W-1:0] m_axil_araddr,
    output wire              m_axil_arvalid,
    input  wire              m_axil_arready,
    input  wire [31:0]       m_axil_rdata,
    input  wire [1:0]        m_axil_rresp,
    input  wire              m_axil_rvalid,
    output wire              m_axil_rready,

    output reg  [31:0]       tripped_count,
    // Somebody upstream waits; a request downstream without that was given up and needs no clock of its own.
    output wire              waiting,
    output wire              active
);

  localparam [1:0] RESP_SLVERR = 2'b10;

  reg busy;      // a request upstream waits for its answer
  reg is_write;  // of the request that is busy
  reg ar_pend;   // still to be taken downstream
  reg aw_pend;
  reg w_pend;
  reg owed_r;    // downstream has to answer, whether or not somebody still waits for it
  reg owed_w;
  reg [31:0] cycles;

  wire owed = owed_r || owed_w;
  wire idle = !busy && !s_axil_bvalid && !s_axil_rvalid && !rst;
  wire take_w = idle && s_axil_awvalid && s_axil_wvalid;
  wire take_r = idle && s_axil_arvalid && !take_w;
  wire got_r = !isolate && m_axil_rvalid && owed_r && !ar_pend;
  wire got_w = !isolate && m_axil_bvalid && owed_w && !aw_pend && !w_pend;
  wire late = cycles == TIMEOUT_CYCLES - 1;

  assign s_axil_awready = take_w;
  assign s_axil_wready = take_w;
  assign s_axil_arready = take_r;
  assign m_axil_arvalid = ar_pend && !isolate;
  assign m_axil_awvalid = aw_pend && !isolate;
  assign m_axil_wvalid = w_pend && !isolate;
  // Always ready, so that an answer nobody waits for cannot be taken for a later one.
  assign m_axil_rready = !isolate && !rst;
  assign m_axil_bready = !isolate && !rst;

  assign waiting = busy;
  // What hangs downstream after the timeout needs the clock only when something comes of it.
  assign active = busy || s_axil_bvalid || s_axil_rvalid
      || (isolate ? owed
                  : m_axil_rvalid || m_axil_bvalid || (ar_pend && m_axil_arready)
                    || (aw_pend && m_axil_awready) || (w_pend && m_axil_wready));

  // Downstream.
  always_ff @(posedge clk) begin
    if (rst) begin
      ar_pend <= 1'b0;
      aw_pend <= 1'b0;
      w_pend <= 1'b0;
      owed_r <= 1'b0;
      owed_w <= 1'b0;
      m_axil_araddr <= {ADDR_W{1'b0}};
      m_axil_awaddr <= {ADDR_W{1'b0}};
      m_axil_wdata <= 32'd0;
      m_axil_wstrb <= 4'd0;
    end else if (isolate) begin
      ar_pend <= 1'b0;
      aw_pend <= 1'b0;
      w_pend <= 1'b0;
      owed_r <= 1'b0;
      owed_w <= 1'b0;
    end else begin
      if (m_axil_arready) ar_pend <= 1'b0;
      if (m_axil_awready) aw_pend <= 1'b0;
      if (m_axil_wready) w_pend <= 1'b0;
      if (got_r) owed_r <= 1'b0;
      if (got_w) owed_w <= 1'b0;
      if (take_r && !owed) begin
        ar_pend <= 1'b1;
        owed_r <= 1'b1;
        m_axil_araddr <= s_axil_araddr;
      end
      if (take_w && !owed) begin
        aw_pend <= 1'b1;
        w_pend <= 1'b1;
        owed_w <= 1'b1;
        m_axil_awaddr <= s_axil_awaddr;
        m_axil_wdata <= s_axil_wdata;
        m_axil_wstrb <= s_axil_wstrb;
      end
    end
  end

  // Upstream.
  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
      is_write <= 1'b0;
      cycles <= 32'd0;
      tripped_count <= 32'd0;
      s_axil_bvalid <= 1'b0;
      s_axil_bresp <= 2'b00;
      s_axil_rvalid <= 1'b0;
      s_axil_rresp <= 2'b00;
      s_axil_rdata <= 32'd0;
    end else begin
      if (s_axil_bready) s_axil_bvalid <= 1'b0;
      if (s_axil_rready) s_axil_rvalid <= 1'b0;
      if (take_w || take_r) begin
        is_write <= take_w;
        cycles <= 32'd0;
        if (owed && !isolate) begin
          s_axil_bvalid <= take_w;
          s_axil_bresp <= RESP_SLVERR;
          s_axil_rvalid <= take_r;
          s_axil_rresp <= RESP_SLVERR;
          s_axil_rdata <= 32'd0;
        end else begin
          busy <= 1'b1;
        end
      end else if (busy) begin
        cycles <= cycles + 32'd1;
        if (is_write ? got_w : got_r) begin
          busy <= 1'b0;
          s_axil_bvalid <= is_write;
          s_axil_bresp <= m_axil_bresp;
          s_axil_rvalid <= !is_write;
          s_axil_rresp <= m_axil_rresp;
          s_axil_rdata <= m_axil_rdata;
        end else if (late) begin
          busy <= 1'b0;
          tripped_count <= tripped_count + 32'd1;
          s_axil_bvalid <= is_write;
          s_axil_bresp <= RESP_SLVERR;
          s_axil_rvalid <= !is_write;
          s_axil_rresp <= RESP_SLVERR;
          s_axil_rdata <= 32'd0;
        end
      end
      assert (!(owed_r && owed_w))
      else $error("two transactions outstanding downstream");
    end
  end

endmodule

`default_nettype wire
