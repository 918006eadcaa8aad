// SPDX-License-Identifier: Apache-2.0
// Read side of a kernel: streams `beats` 32-byte beats from beat address `beat` on, whole bursts at a time.
//
// Bursts end at 512-byte lines, so none crosses a 4 KiB page; up to two are requested at once. `start` is one
// cycle, not while `busy`. Data is never held back (RREADY): a kernel with a finite buffer raises `hold` while it
// has no room for a full burst of 16 beats beyond what `ask` announced. `stop` forgets what was not requested yet;
// `busy` falls when the last requested beat has come. Error responses are data like any other.
`default_nettype none
`timescale 1ns / 1ps

module krnl_burst_read #(
    parameter integer ID_W    = 1,
    parameter integer COUNT_W = 30
) (
    input  wire               clk,
    input  wire               rst,

    input  wire               start,
    input  wire [34:0]        beat,
    input  wire [COUNT_W-1:0] beats,
    input  wire               hold,
    input  wire               stop,
    output wire               ask,        // this cycle requests `ask_beats`
    output wire [4:0]         ask_beats,
    output wire               take,       // a beat is taken this cycle
    output wire               take_last,  // ... and it is the last of all
    output wire               busy,

    output wire [ID_W-1:0]    m_axi_arid,
    output reg  [39:0]        m_axi_araddr,
    output reg  [7:0]         m_axi_arlen,
    output wire [2:0]         m_axi_arsize,
    output wire [1:0]         m_axi_arburst,
    output reg                m_axi_arvalid,
    input  wire               m_axi_arready,
    input  wire               m_axi_rlast,
    input  wire               m_axi_rvalid,
    output wire               m_axi_rready
);

  localparam [1:0] MOST_BURSTS = 2'd2;

  reg  [34:0]        next;
  reg  [COUNT_W-1:0] left;
  reg  [1:0]         bursts;

  wire               more = left != {COUNT_W{1'b0}};
  wire [4:0]         line_room = 5'd16 - {1'b0, next[3:0]};

  assign ask_beats = left < COUNT_W'(line_room) ? left[4:0] : line_room;
  assign ask = more && !hold && !stop && (!m_axi_arvalid || m_axi_arready) && bursts != MOST_BURSTS;
  assign take = m_axi_rvalid && m_axi_rready;
  assign take_last = take && m_axi_rlast && !more && bursts == 2'd1;
  assign busy = more || bursts != 2'd0;

  assign m_axi_arid = {ID_W{1'b0}};
  assign m_axi_arsize = 3'd5;
  assign m_axi_arburst = 2'b01;
  assign m_axi_rready = bursts != 2'd0;

  // A cycle without work costs a simulator one look.
  wire step = rst || start || busy;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      m_axi_arvalid <= 1'b0;
      left <= {COUNT_W{1'b0}};
      bursts <= 2'd0;
    end else begin
      if (start) begin
        next <= beat;
        left <= beats;
      end else if (stop) begin
        left <= {COUNT_W{1'b0}};
      end else if (ask) begin
        next <= next + {30'd0, ask_beats};
        left <= left - COUNT_W'(ask_beats);
      end
      if (ask) begin
        m_axi_arvalid <= 1'b1;
        m_axi_araddr <= {next, 5'd0};
        m_axi_arlen <= {3'd0, ask_beats - 5'd1};
      end else if (m_axi_arready) begin
        m_axi_arvalid <= 1'b0;
      end
      bursts <= bursts + {1'b0, ask} - {1'b0, take && m_axi_rlast};
      assert (!(start && busy))
      else $error("krnl_burst_read: start while busy");
    end
  end

endmodule

`default_nettype wire
