// SPDX-License-Identifier: Apache-2.0
// Output array of a compute unit: with mailbox two buffers, exchanged at the done that answers a request.
//
// The kernel writes the whole array in every execution, until the first cycle of its done (UG1399 "Using the
// Mailbox": ping-pong buffers). Without mailbox one memory, that of the running execution. Memory, so not reset.
`default_nettype none
`timescale 1ns / 1ps

module cu_array_out #(
    parameter integer ARRAY_W     = 1,  // log2 of the number of words
    parameter integer MAILBOX_OUT = 0
) (
    input  wire               clk,
    input  wire               rst,

    input  wire               host_re,
    input  wire [ARRAY_W-1:0] host_raddr,
    output wire [31:0]        host_rdata,

    input  wire               exchange_now,

    input  wire               kernel_we,
    input  wire [ARRAY_W-1:0] kernel_addr,
    input  wire [31:0]        kernel_wdata
);

  localparam integer BUFFERS = MAILBOX_OUT != 0 ? 2 : 1;
  localparam integer INDEX_W = MAILBOX_OUT != 0 ? ARRAY_W + 1 : ARRAY_W;

  reg  [31:0] words      [0:(BUFFERS<<ARRAY_W)-1];
  reg         kernel_buf;
  wire        host_buf = MAILBOX_OUT != 0 && !kernel_buf;

  always_ff @(posedge clk) if (rst || exchange_now) begin
    kernel_buf <= MAILBOX_OUT != 0 && !rst && !kernel_buf;
  end

  // Block RAM starts as zeros.
  integer i;

  initial for (i = 0; i < (BUFFERS << ARRAY_W); i = i + 1) words[i] = 32'd0;

  always_ff @(posedge clk) if (kernel_we) words[INDEX_W'({kernel_buf, kernel_addr})] <= kernel_wdata;

  assign host_rdata = host_re ? words[INDEX_W'({host_buf, host_raddr})] : 32'd0;

`ifdef FORMAL
  (* anyconst *) wire [ARRAY_W-1:0] word;

  cu_array_out_proof #(
      .ARRAY_W(ARRAY_W)
  ) proof (
      .clk(clk),
      .rst(rst),
      .host_re(host_re),
      .host_raddr(host_raddr),
      .host_rdata(host_rdata),
      .exchange_now(exchange_now),
      .kernel_we(kernel_we),
      .kernel_addr(kernel_addr),
      .kernel_wdata(kernel_wdata),
      .word(word),
      .host_word(words[INDEX_W'({host_buf, word})]),
      .kernel_word(words[INDEX_W'({kernel_buf, word})])
  );
`endif

endmodule

`default_nettype wire
