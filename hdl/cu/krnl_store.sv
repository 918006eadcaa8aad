// SPDX-License-Identifier: Apache-2.0
// Store side of a streaming kernel: a FIFO of 64 beats, written to memory in bursts as soon as one is complete.
//
// `start` (one cycle, not while `busy`) begins a run of `beats` beats at beat address `beat`; of the last one only the
// 32-bit lanes in `tail` are written. `push` may come before the `start` of its run. `done` is the cycle after the
// last response. The reader's `ask` reserves room, so the FIFO cannot overflow; `no_room` holds the reader.
// `stop` forgets what is not yet begun; `flush` empties the FIFO and belongs to the end of a stop.
`default_nettype none
`timescale 1ns / 1ps

module krnl_store #(
    parameter integer ID_W    = 1,
    parameter integer COUNT_W = 33
) (
    input  wire               clk,
    input  wire               rst,

    input  wire               start,
    input  wire [34:0]        beat,
    input  wire [COUNT_W-1:0] beats,
    input  wire [7:0]         tail,
    input  wire               ask,
    input  wire [4:0]         ask_beats,
    input  wire               push,
    input  wire [255:0]       data,
    input  wire               stop,
    input  wire               flush,
    output wire               no_room,
    output wire               done,
    output wire               busy,

    output wire [ID_W-1:0]    m_axi_awid,
    output wire [39:0]        m_axi_awaddr,
    output wire [7:0]         m_axi_awlen,
    output wire [2:0]         m_axi_awsize,
    output wire [1:0]         m_axi_awburst,
    output wire               m_axi_awvalid,
    input  wire               m_axi_awready,
    output reg  [255:0]       m_axi_wdata,
    output reg  [31:0]        m_axi_wstrb,
    output wire               m_axi_wlast,
    output wire               m_axi_wvalid,
    input  wire               m_axi_wready,
    input  wire               m_axi_bvalid,
    output wire               m_axi_bready
);

  reg  [255:0]       fifo     [0:63];
  reg  [5:0]         put;
  reg  [5:0]         get;
  reg  [6:0]         held;  // beats in the FIFO
  reg  [6:0]         room;  // beats neither held nor asked for
  reg                running;
  reg  [34:0]        next;
  reg  [COUNT_W-1:0] left;
  reg  [7:0]         last_lanes;
  reg                to_end;  // the burst under way is the last of the run

  wire               load;
  wire               load_last;
  wire               finish;
  wire               writing;

  wire [4:0]         line_room = 5'd16 - {1'b0, next[3:0]};
  wire [4:0]         burst = left < COUNT_W'(line_room) ? left[4:0] : line_room;
  wire [3:0]         burst_last = burst[3:0] - 4'd1;
  wire               begin_burst = running && left != {COUNT_W{1'b0}} && held >= {2'd0, burst} && !stop
                                   && (!writing || finish);

  assign no_room = room < 7'd16;
  assign done = running && left == {COUNT_W{1'b0}} && !writing;
  assign busy = running || writing;

  krnl_burst_write #(
      .ID_W(ID_W)
  ) writer (
      .clk(clk),
      .rst(rst),
      .start(begin_burst),
      .beat(next),
      .last(burst_last),
      .load(load),
      .load_last(load_last),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .index(),
      /* verilator lint_on PINCONNECTEMPTY */
      .finish(finish),
      .busy(writing),
      .m_axi_awid(m_axi_awid),
      .m_axi_awaddr(m_axi_awaddr),
      .m_axi_awlen(m_axi_awlen),
      .m_axi_awsize(m_axi_awsize),
      .m_axi_awburst(m_axi_awburst),
      .m_axi_awvalid(m_axi_awvalid),
      .m_axi_awready(m_axi_awready),
      .m_axi_wlast(m_axi_wlast),
      .m_axi_wvalid(m_axi_wvalid),
      .m_axi_wready(m_axi_wready),
      .m_axi_bvalid(m_axi_bvalid),
      .m_axi_bready(m_axi_bready)
  );

  function [31:0] strobes;
    input [7:0] lanes;
    integer lane;
    begin
      for (lane = 0; lane < 8; lane = lane + 1) strobes[4*lane+:4] = {4{lanes[lane]}};
    end
  endfunction

  // A cycle without work costs a simulator one look.
  wire step = rst || start || ask || push || flush || running || writing;

  always_ff @(posedge clk) if (step) begin
    if (rst || flush) begin
      put <= 6'd0;
      get <= 6'd0;
      held <= 7'd0;
      room <= 7'd64;
    end else begin
      if (push) begin
        fifo[put] <= data;
        put <= put + 6'd1;
      end
      if (load) begin
        m_axi_wdata <= fifo[get];
        m_axi_wstrb <= to_end && load_last ? strobes(last_lanes) : 32'hFFFFFFFF;
        get <= get + 6'd1;
      end
      held <= held + {6'd0, push} - {6'd0, load};
      room <= room - (ask ? {2'd0, ask_beats} : 7'd0) + {6'd0, load};
      assert (!(push && held == 7'd64))
      else $error("krnl_store: push while full");
      assert (!(ask && {2'd0, ask_beats} > room))
      else $error("krnl_store: more is asked for than there is room");
    end

    if (rst || stop) begin
      running <= 1'b0;
    end else if (start) begin
      running <= 1'b1;
      next <= beat;
      left <= beats;
      last_lanes <= tail;
    end else begin
      if (begin_burst) begin
        next <= next + {30'd0, burst};
        left <= left - COUNT_W'(burst);
        to_end <= left == COUNT_W'(burst);
      end
      if (done) running <= 1'b0;
    end
    if (!rst) begin
      assert (!(start && running && !stop))
      else $error("krnl_store: start while busy");
    end
  end

endmodule

`default_nettype wire
