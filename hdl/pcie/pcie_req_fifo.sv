// SPDX-License-Identifier: Apache-2.0
// Request FIFO of one function: whole TLPs only. Beats are written speculatively from the last
// commit point on, and become visible to the reader with `wr_commit`; a TLP that turns out bad is
// dropped by simply not committing it (the next `wr_first` starts over at the commit point).
`default_nettype none
`timescale 1ns / 1ps

module pcie_req_fifo #(
    parameter integer WIDTH = 267,
    parameter integer DEPTH_LOG2 = 8
) (
    input  wire             clk,
    input  wire             rst,

    input  wire             wr_en,
    input  wire             wr_first,
    input  wire [WIDTH-1:0] wr_data,
    input  wire             wr_commit,
    output wire             full_first,
    output wire             full_next,

    output wire             rd_valid,
    output wire [WIDTH-1:0] rd_data,
    input  wire             rd_pop
);

  localparam integer DEPTH = 1 << DEPTH_LOG2;
  localparam integer PTR_W = DEPTH_LOG2 + 1;
  localparam [PTR_W-1:0] ONE = 1;
  localparam [PTR_W-1:0] FULL = {1'b1, {DEPTH_LOG2{1'b0}}};

  reg [WIDTH-1:0] mem[0:DEPTH-1];
  reg [PTR_W-1:0] wr_ptr;
  reg [PTR_W-1:0] commit_ptr;
  reg [PTR_W-1:0] rd_ptr;

  wire [PTR_W-1:0] wr_at = wr_first ? commit_ptr : wr_ptr;
  wire [PTR_W-1:0] used_first = commit_ptr - rd_ptr;
  wire [PTR_W-1:0] used_next = wr_ptr - rd_ptr;

  assign full_first = used_first == FULL;
  assign full_next = used_next == FULL;
  assign rd_valid = commit_ptr != rd_ptr;
  assign rd_data = mem[rd_ptr[DEPTH_LOG2-1:0]];

  // A cycle without work costs a simulator one look.
  wire step = rst || wr_en || wr_commit || rd_pop;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      wr_ptr <= {PTR_W{1'b0}};
      commit_ptr <= {PTR_W{1'b0}};
      rd_ptr <= {PTR_W{1'b0}};
    end else begin
      if (wr_en) begin
        mem[wr_at[DEPTH_LOG2-1:0]] <= wr_data;
        wr_ptr <= wr_at + ONE;
        assert (!(wr_first ? full_first : full_next))
        else $error("write to a full request FIFO");
      end
      // A header-only TLP commits later than its only write.
      if (wr_commit) commit_ptr <= wr_en ? wr_at + ONE : wr_ptr;
      if (rd_pop) begin
        rd_ptr <= rd_ptr + ONE;
        assert (rd_valid)
        else $error("pop of an empty request FIFO");
      end
    end
  end

endmodule

`default_nettype wire
