// SPDX-License-Identifier: Apache-2.0
// MSI-X of one function: table, per-vector and function mask, pending bits. A request pulse makes
// its vector pending; a pending vector that nothing masks is handed to the sender, lowest number
// first, one at a time. A message the hard IP failed to send becomes pending again. While MSI-X is
// disabled requests are lost and nothing is pending: a driver enables its sources after MSI-X.
`default_nettype none
`timescale 1ns / 1ps

module msix (
    input  wire        clk,
    input  wire        rst,

    input  wire        msix_enable,
    input  wire        msix_mask,

    // Table access, index {vector, dword}.
    input  wire        tbl_wr_en,
    input  wire [6:0]  tbl_wr_index,
    input  wire [31:0] tbl_wr_data,
    input  wire [3:0]  tbl_wr_strb,
    input  wire [6:0]  tbl_rd_index,
    output wire [31:0] tbl_rd_data,
    output reg  [31:0] pending,

    input  wire [31:0] request,

    output reg         send_valid,
    output reg  [63:0] send_addr,
    output reg  [31:0] send_data,
    input  wire        send_sent,
    input  wire        send_fail,

    output wire        active
);

  localparam [1:0] DW_ADDR_LO = 2'd0;
  localparam [1:0] DW_ADDR_HI = 2'd1;
  localparam [1:0] DW_DATA = 2'd2;
  localparam [1:0] DW_CONTROL = 2'd3;

  reg [31:0] mem[0:127];
  reg [31:0] vector_mask;
  reg [4:0]  sending;

  integer i;
  initial begin
    for (i = 0; i < 128; i = i + 1) mem[i] = 32'd0;
  end

  function automatic [4:0] lowest(input [31:0] bits);
    integer bit_no;
    begin
      lowest = 5'd0;
      for (bit_no = 31; bit_no >= 0; bit_no = bit_no - 1) if (bits[bit_no]) lowest = bit_no[4:0];
    end
  endfunction

  wire [31:0] ready = pending & ~vector_mask & {32{msix_enable && !msix_mask}};
  wire        pick = !send_valid && ready != 32'd0;
  wire [31:0] picked = pick ? ready & (~ready + 32'd1) : 32'd0;
  wire [31:0] failed = send_valid && send_fail ? 32'd1 << sending : 32'd0;
  wire [4:0]  wr_vector = tbl_wr_index[6:2];
  wire [4:0]  rd_vector = tbl_rd_index[6:2];

  assign tbl_rd_data = tbl_rd_index[1:0] == DW_CONTROL ? {31'd0, vector_mask[rd_vector]}
                                                       : mem[tbl_rd_index];
  assign active = send_valid || pick || request != 32'd0 || (!msix_enable && pending != 32'd0);

  always_ff @(posedge clk) begin
    if (rst) begin
      pending <= 32'd0;
      vector_mask <= 32'hFFFFFFFF;
      send_valid <= 1'b0;
    end else begin
      pending <= msix_enable ? (pending & ~picked) | request | failed : 32'd0;
      if (pick) begin
        send_valid <= 1'b1;
        sending <= lowest(ready);
        send_addr <= {mem[{lowest(ready), DW_ADDR_HI}], mem[{lowest(ready), DW_ADDR_LO}]};
        send_data <= mem[{lowest(ready), DW_DATA}];
      end else if (send_sent || send_fail) begin
        send_valid <= 1'b0;
      end
      if (tbl_wr_en) begin
        if (tbl_wr_index[1:0] == DW_CONTROL) begin
          if (tbl_wr_strb[0]) vector_mask[wr_vector] <= tbl_wr_data[0];
        end else begin
          if (tbl_wr_strb[0]) mem[tbl_wr_index][7:0] <= tbl_wr_data[7:0];
          if (tbl_wr_strb[1]) mem[tbl_wr_index][15:8] <= tbl_wr_data[15:8];
          if (tbl_wr_strb[2]) mem[tbl_wr_index][23:16] <= tbl_wr_data[23:16];
          if (tbl_wr_strb[3]) mem[tbl_wr_index][31:24] <= tbl_wr_data[31:24];
        end
      end
      assert (!(send_sent && send_fail))
      else $error("MSI-X message both sent and failed");
    end
  end

endmodule

`default_nettype wire
