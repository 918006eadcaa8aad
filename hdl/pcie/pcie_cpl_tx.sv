// SPDX-License-Identifier: Apache-2.0
// Completion unit of one function: collects the data of one completion (at most 512 bytes, stored
// at its address inside a 512-byte block) and sends it as one CC TLP (PG213 completer completion,
// dword aligned). A one-dword or error completion needs no buffer and starts in the cycle of
// `go`. Unused lanes are zero.
`default_nettype none
`timescale 1ns / 1ps

module pcie_cpl_tx (
    input  wire         clk,
    input  wire         rst,

    input  wire         dw_we,
    input  wire [6:0]   dw_index,
    input  wire [31:0]  dw_data,
    input  wire         beat_we,
    input  wire [3:0]   beat_index,
    input  wire [255:0] beat_data,

    output wire         ready,
    input  wire         go,
    input  wire         single,
    input  wire [2:0]   status,
    input  wire [7:0]   len,
    input  wire [6:0]   lower,
    input  wire [12:0]  byte_count,
    input  wire [6:0]   start,
    input  wire         locked,
    input  wire [15:0]  requester,
    input  wire [7:0]   tag,
    input  wire [7:0]   completer_function,
    input  wire [2:0]   tc,
    input  wire [2:0]   attr,

    output reg  [255:0] cc_tdata,
    output reg  [7:0]   cc_tkeep,
    output reg          cc_tlast,
    output reg          cc_tvalid,
    input  wire         cc_tready
);

  localparam [8:0] HEADER_LANES = 9'd3;

  reg [255:0] mem[0:15];
  reg [3:0]   entry;
  reg [2:0]   shift;
  reg [8:0]   lanes_left;

  integer i;
  initial begin
    for (i = 0; i < 16; i = i + 1) mem[i] = 256'd0;
  end

  function automatic [7:0] keep_of(input [8:0] lanes);
    keep_of = lanes >= 9'd8 ? 8'hFF : ~(8'hFF << lanes[2:0]);
  endfunction

  function automatic [255:0] masked(input [255:0] data, input [7:0] keep);
    masked = data & {{32{keep[7]}}, {32{keep[6]}}, {32{keep[5]}}, {32{keep[4]}},
                     {32{keep[3]}}, {32{keep[2]}}, {32{keep[1]}}, {32{keep[0]}}};
  endfunction

  function automatic [255:0] window(input [255:0] high, input [255:0] low, input [2:0] lanes);
    // The bits shifted out are the neighbour beat's.
    /* verilator lint_off UNUSEDSIGNAL */
    reg [511:0] shifted;
    /* verilator lint_on UNUSEDSIGNAL */
    begin
      shifted = {high, low} >> {lanes, 5'd0};
      window = shifted[255:0];
    end
  endfunction

  wire [95:0] header = {
      1'b0, attr, tc, 1'b0, 8'd0, completer_function, tag,
      requester, 2'b00, status, 3'd0, len,
      2'b00, locked, byte_count, 6'd0, 2'b00, 1'b0, lower
  };

  // First dword of the payload goes to lane 3: the beat before it may start one entry earlier.
  wire [2:0] go_shift = start[2:0] - 3'd3;
  wire [3:0] go_entry = start[6:3] - {3'd0, start[2:0] < 3'd3};
  wire [8:0] go_lanes = {1'b0, len} + HEADER_LANES;
  wire [3:0] go_entry_next = go_entry + 4'd1;
  wire [3:0] entry_next = entry + 4'd1;

  wire taken = cc_tvalid && cc_tready;
  assign ready = !cc_tvalid || (cc_tready && cc_tlast);
  wire step = rst || go || taken || beat_we || dw_we;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      cc_tvalid <= 1'b0;
    end else begin
      if (go) begin
        cc_tvalid <= 1'b1;
        cc_tkeep <= keep_of(go_lanes);
        cc_tlast <= go_lanes <= 9'd8;
        lanes_left <= go_lanes - 9'd8;
        entry <= go_entry_next;
        shift <= go_shift;
        if (single) begin
          cc_tdata <= {128'd0, len[0] ? dw_data : 32'd0, header};
        end else begin
          cc_tdata <= masked(window(mem[go_entry_next], mem[go_entry], go_shift),
                             keep_of(go_lanes) & 8'hF8) | {160'd0, header};
        end
        assert (ready)
        else $error("completion started while another is being sent");
        assert (!single || len <= 8'd1)
        else $error("a completion without buffer carries at most one dword");
      end else if (taken) begin
        if (cc_tlast) begin
          cc_tvalid <= 1'b0;
        end else begin
          cc_tdata <= masked(window(mem[entry_next], mem[entry], shift), keep_of(lanes_left));
          cc_tkeep <= keep_of(lanes_left);
          cc_tlast <= lanes_left <= 9'd8;
          lanes_left <= lanes_left - 9'd8;
          entry <= entry_next;
        end
      end
      if (beat_we) mem[beat_index] <= beat_data;
      if (dw_we) mem[dw_index[6:3]][{dw_index[2:0], 5'd0}+:32] <= dw_data;
    end
  end

endmodule

`default_nettype wire
