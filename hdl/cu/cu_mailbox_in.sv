// SPDX-License-Identifier: Apache-2.0
// Input arguments of a compute unit: host's copy, released set, kernel's copy (XRT compute unit contract §3, §7).
//
// The host writes its copy at any time. A release snapshots all of it; the next (re)start hands the whole snapshot
// to the kernel. A later release replaces a waiting one, a hold withdraws it. Without mailbox the kernel sees the
// host's copy itself. HLS documents this for restarts; that a start from stop counts as one, and that a hold
// withdraws, is our reading of the host's sequences.
`default_nettype none
`timescale 1ns / 1ps

module cu_mailbox_in #(
    parameter integer N_ARGS     = 1,
    parameter integer MAILBOX_IN = 0,
    parameter integer INDEX_W    = 8
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire                 arg_write,
    input  wire [INDEX_W-1:0]   wr_index,
    input  wire [31:0]          wr_data,
    input  wire [3:0]           wr_strb,
    input  wire                 input_ctrl_write,  // bit 0 of INPUT_CTRL
    input  wire                 take,

    output reg                  released,
    output reg                  pending,
    output wire                 release_now,
    output wire                 consume_now,
    output reg  [32*N_ARGS-1:0] host_args,
    output wire [32*N_ARGS-1:0] args
);

  integer b;

  always_ff @(posedge clk) if (rst || arg_write) begin
    if (rst) begin
      host_args <= {32 * N_ARGS{1'b0}};
    end else begin
      for (b = 0; b < 4; b = b + 1) begin
        if (wr_strb[b]) host_args[32*wr_index+8*b+:8] <= wr_data[8*b+:8];
      end
    end
  end

  assign release_now = MAILBOX_IN != 0 && input_ctrl_write && wr_data[0];
  assign consume_now = MAILBOX_IN != 0 && take && pending;

  always_ff @(posedge clk) if (rst || input_ctrl_write || take) begin
    if (rst) begin
      released <= 1'b0;
      pending <= 1'b0;
    end else if (input_ctrl_write) begin
      released <= wr_data[0];
      pending <= wr_data[0];
    end else begin
      pending <= 1'b0;
    end
  end

  generate
    if (MAILBOX_IN != 0) begin : g_mailbox
      reg [32*N_ARGS-1:0] waiting_args;
      reg [32*N_ARGS-1:0] kernel_args;

      always_ff @(posedge clk) if (rst || release_now || consume_now) begin
        if (rst) begin
          waiting_args <= {32 * N_ARGS{1'b0}};
          kernel_args <= {32 * N_ARGS{1'b0}};
        end else begin
          if (release_now) waiting_args <= host_args;
          if (consume_now) kernel_args <= waiting_args;
        end
      end

      assign args = kernel_args;

`ifdef FORMAL
      cu_mailbox_in_proof #(
          .N_ARGS(N_ARGS),
          .INDEX_W(INDEX_W)
      ) proof (
          .clk(clk),
          .rst(rst),
          .arg_write(arg_write),
          .wr_index(wr_index),
          .wr_strb(wr_strb),
          .input_ctrl_write(input_ctrl_write),
          .wr_data(wr_data),
          .take(take),
          .pending(pending),
          .host_args(host_args),
          .waiting_args(waiting_args),
          .args(args)
      );
`endif
    end else begin : g_live
      assign args = host_args;
    end
  endgenerate

endmodule

`default_nettype wire
