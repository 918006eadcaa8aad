// SPDX-License-Identifier: Apache-2.0
// Input array of a compute unit: with mailbox three buffers, one each for host, released set and kernel.
//
// A release and a (re)start only exchange buffers, so the host may write and the kernel may read at any time and
// no set is ever torn. The host's buffer holds older words after a release: the whole array must be written
// between two releases (UG1399 "Using the Mailbox"). The kernel reads until it says ready. Memory, so not reset.
`default_nettype none
`timescale 1ns / 1ps

module cu_array_in #(
    parameter integer ARRAY_W    = 1,  // log2 of the number of words
    parameter integer MAILBOX_IN = 0
) (
    input  wire               clk,
    input  wire               rst,
`ifdef FORMAL
    input  wire               pending,
`endif

    input  wire               host_we,
    input  wire [ARRAY_W-1:0] host_addr,
    input  wire [31:0]        host_wdata,
    input  wire [3:0]         host_wstrb,
    input  wire               host_re,
    input  wire [ARRAY_W-1:0] host_raddr,
    output wire [31:0]        host_rdata,

    input  wire               release_now,
    input  wire               consume_now,

    input  wire [ARRAY_W-1:0] kernel_addr,
    output wire [31:0]        kernel_data
);

  localparam integer BUFFERS = MAILBOX_IN != 0 ? 3 : 1;
  localparam integer INDEX_W = MAILBOX_IN != 0 ? ARRAY_W + 2 : ARRAY_W;

  reg  [31:0] words      [0:(BUFFERS<<ARRAY_W)-1];

  reg  [1:0]  host_buf;
  reg  [1:0]  waiting_buf;
  reg  [1:0]  kernel_buf;

  always_ff @(posedge clk) if (rst || release_now || consume_now) begin
    if (rst) begin
      host_buf <= 2'd0;
      waiting_buf <= MAILBOX_IN != 0 ? 2'd1 : 2'd0;
      kernel_buf <= MAILBOX_IN != 0 ? 2'd2 : 2'd0;
    end else begin
      if (release_now) host_buf <= consume_now ? kernel_buf : waiting_buf;
      waiting_buf <= release_now ? host_buf : kernel_buf;
      if (consume_now) kernel_buf <= waiting_buf;
    end
  end

  // Block RAM starts as zeros.
  integer i;
  integer b;

  initial for (i = 0; i < (BUFFERS << ARRAY_W); i = i + 1) words[i] = 32'd0;

  always_ff @(posedge clk) if (host_we) begin
    for (b = 0; b < 4; b = b + 1) begin
      if (host_wstrb[b]) words[INDEX_W'({host_buf, host_addr})][8*b+:8] <= host_wdata[8*b+:8];
    end
  end

  assign host_rdata = host_re ? words[INDEX_W'({host_buf, host_raddr})] : 32'd0;
  assign kernel_data = words[INDEX_W'({kernel_buf, kernel_addr})];

`ifdef FORMAL
  (* anyconst *) wire [ARRAY_W-1:0] word;

  cu_array_in_proof #(
      .ARRAY_W(ARRAY_W)
  ) proof (
      .clk(clk),
      .rst(rst),
      .host_we(host_we),
      .host_addr(host_addr),
      .host_wdata(host_wdata),
      .host_wstrb(host_wstrb),
      .release_now(release_now),
      .consume_now(consume_now),
      .pending(pending),
      .kernel_addr(kernel_addr),
      .kernel_data(kernel_data),
      .word(word),
      .host_word(words[INDEX_W'({host_buf, word})]),
      .waiting_word(words[INDEX_W'({waiting_buf, word})]),
      .kernel_word(words[INDEX_W'({kernel_buf, word})]),
      .host_buf(host_buf),
      .waiting_buf(waiting_buf),
      .kernel_buf(kernel_buf)
  );
`endif

endmodule

`default_nettype wire
