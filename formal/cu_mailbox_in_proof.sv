// SPDX-License-Identifier: Apache-2.0
// Input scalars of a compute unit: at every (re)start the kernel's copy is the whole set of the last release that
// was not withdrawn, and it changes at no other time. One symbolic word stands for all of them at once.
`default_nettype none

module cu_mailbox_in_proof #(
    parameter integer N_ARGS  = 1,
    parameter integer INDEX_W = 8
) (
    input wire                 clk,
    input wire                 rst,
    input wire                 arg_write,
    input wire [INDEX_W-1:0]   wr_index,
    input wire [31:0]          wr_data,
    input wire [3:0]           wr_strb,
    input wire                 input_ctrl_write,
    input wire                 take,
    input wire                 pending,
    input wire [32*N_ARGS-1:0] host_args,
    input wire [32*N_ARGS-1:0] waiting_args,
    input wire [32*N_ARGS-1:0] args
);

  reg past_valid = 1'b0;
  always @(posedge clk) past_valid <= 1'b1;

  (* anyconst *) wire [INDEX_W-1:0] word;
  always @* assume (word < N_ARGS);

  wire [31:0] host_word = host_args[32*word+:32];
  wire [31:0] waiting_word = waiting_args[32*word+:32];
  wire [31:0] kernel_word = args[32*word+:32];

  // What host and kernel may believe.
  reg  [31:0] said;     // the host wrote this last
  reg         waits;    // a release neither taken nor withdrawn
  reg  [31:0] released; // its word
  reg  [31:0] expected; // the kernel's word
  integer     b;

  always @(posedge clk) begin
    if (rst) begin
      said <= 32'd0;
      waits <= 1'b0;
      released <= 32'd0;
      expected <= 32'd0;
    end else begin
      if (arg_write && wr_index == word) begin
        for (b = 0; b < 4; b = b + 1) if (wr_strb[b]) said[8*b+:8] <= wr_data[8*b+:8];
      end
      if (take && waits) begin
        expected <= released;
        waits <= 1'b0;
      end
      if (input_ctrl_write) begin
        waits <= wr_data[0];
        if (wr_data[0]) released <= said;
      end
    end
  end

  always @(posedge clk) begin
    if (past_valid) begin
      assert (kernel_word == expected);
      assert (pending == waits);
      assert (host_word == said);
      if (waits) assert (waiting_word == released);
      if (!$past(rst) && !$past(take && waits)) assert ($stable(args));
    end
  end

  // All of it can happen.
  always @(posedge clk) begin
    if (past_valid && !rst) cover (take && waits && released != said && kernel_word != released);
  end

endmodule

`default_nettype wire
