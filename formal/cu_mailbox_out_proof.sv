// SPDX-License-Identifier: Apache-2.0
// Results of a compute unit: the host's copy changes as a whole, at a done after a request and at no other time.
`default_nettype none

module cu_mailbox_out_proof #(
    parameter integer N_OUT       = 1,
    parameter integer MAILBOX_OUT = 0
) (
    input wire                clk,
    input wire                rst,
    input wire                output_ctrl_write,
    input wire                wr_data,
    input wire                done,
    input wire                done_first,
    input wire [32*N_OUT-1:0] outs,
    input wire                pending,
    input wire                exchanged,
    input wire                exchange_now,
    input wire [32*N_OUT-1:0] host_outs
);

  reg past_valid = 1'b0;
  always @(posedge clk) past_valid <= 1'b1;

  reg  asked;    // a request neither served nor withdrawn
  reg  given;    // this done already gave its array away
  wire answers = MAILBOX_OUT != 0 ? asked && done : done_first;

  always @(posedge clk) begin
    if (rst) begin
      asked <= 1'b0;
      given <= 1'b0;
    end else begin
      if (output_ctrl_write) asked <= wr_data;
      else if (done) asked <= 1'b0;
      if (exchange_now) given <= 1'b1;
      else if (done_first) given <= 1'b0;
    end
  end

  always @(posedge clk) begin
    if (past_valid) begin
      if (MAILBOX_OUT != 0) assert (pending == asked);
      assert (exchanged == given);
      if (!$past(rst)) begin
        if ($past(answers)) assert (host_outs == $past(outs));
        else assert ($stable(host_outs));
        // Buffers go over once per execution, only with an answer, and with the first one.
        if ($past(exchange_now)) assert ($past(answers && (done_first || !given)));
        if ($past(answers && done_first)) assert ($past(exchange_now));
      end
      cover (!$past(rst) && $past(answers) && host_outs != $past(host_outs));
    end
  end

endmodule

`default_nettype wire
