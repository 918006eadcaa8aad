// SPDX-License-Identifier: Apache-2.0
// ISR of a compute unit: an event is never lost, whatever the host does in the same cycle.
`default_nettype none

module cu_interrupt_proof #(
    parameter integer ISR_CLEAR_ON_READ = 0
) (
    input wire       clk,
    input wire       rst,
    input wire       clear,
    input wire       isr_write,
    input wire       isr_read,
    input wire [1:0] wr_data,
    input wire [1:0] event_now,
    input wire [1:0] ier,
    input wire [1:0] isr
);

  reg past_valid = 1'b0;
  always @(posedge clk) past_valid <= 1'b1;

  integer n;

  always @(posedge clk) begin
    if (past_valid && !$past(rst) && !$past(clear)) begin
      for (n = 0; n < 2; n = n + 1) begin
        // Set wins over toggle and over clear on read.
        if ($past(event_now[n] && ier[n])) assert (isr[n]);
        // Nothing but the host takes a bit away, nothing but an event or a toggle brings one.
        if ($past(isr[n]) && !isr[n]) begin
          if (ISR_CLEAR_ON_READ != 0) assert ($past(isr_read));
          else assert ($past(isr_write && wr_data[n]));
        end
        if (!$past(isr[n]) && isr[n]) begin
          assert ($past(event_now[n] && ier[n]) || (ISR_CLEAR_ON_READ == 0 && $past(isr_write && wr_data[n])));
        end
      end
    end
  end

endmodule

`default_nettype wire
