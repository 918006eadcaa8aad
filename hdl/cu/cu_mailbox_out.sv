// SPDX-License-Identifier: Apache-2.0
// Results of a compute unit: the host's copy changes all at once at a done (XRT compute unit contract §3, §7).
//
// With mailbox only at a done after a request, once per request; without at every done. `outs` counts while the
// kernel says done, so that a request which finds a chained kernel waiting to be continued is served at once. A
// second request meanwhile gets the same results again: buffers of the array are exchanged once per execution.
`default_nettype none
`timescale 1ns / 1ps

module cu_mailbox_out #(
    parameter integer N_OUT       = 1,
    parameter integer MAILBOX_OUT = 0
) (
    input  wire                clk,
    input  wire                rst,

    input  wire                output_ctrl_write,  // bit 0 of OUTPUT_CTRL
    input  wire                wr_data,
    input  wire                done,
    input  wire                done_first,
    input  wire [32*N_OUT-1:0] outs,

    output reg                 requested,
    output reg                 pending,
    output wire                exchange_now,
    output reg  [32*N_OUT-1:0] host_outs
);

  reg  exchanged;  // the execution that is done now has given its array away
  wire copy_now = MAILBOX_OUT != 0 ? pending && done : done_first;

  assign exchange_now = copy_now && (done_first || !exchanged);

  always_ff @(posedge clk) if (rst || output_ctrl_write || copy_now || done_first) begin
    if (rst) begin
      requested <= 1'b0;
      pending <= 1'b0;
      exchanged <= 1'b0;
      host_outs <= {32 * N_OUT{1'b0}};
    end else begin
      if (copy_now) host_outs <= outs;
      exchanged <= exchange_now || (exchanged && !done_first);
      if (output_ctrl_write) begin
        requested <= wr_data;
        pending <= wr_data;
      end else if (copy_now) begin
        pending <= 1'b0;
      end
    end
  end

`ifdef FORMAL
  cu_mailbox_out_proof #(
      .N_OUT(N_OUT),
      .MAILBOX_OUT(MAILBOX_OUT)
  ) proof (
      .clk(clk),
      .rst(rst),
      .output_ctrl_write(output_ctrl_write),
      .wr_data(wr_data),
      .done(done),
      .done_first(done_first),
      .outs(outs),
      .pending(pending),
      .exchanged(exchanged),
      .exchange_now(exchange_now),
      .host_outs(host_outs)
  );
`endif

endmodule

`default_nettype wire
