// SPDX-License-Identifier: Apache-2.0
// A block under a gated clock equals the one whose clock never stops: a cycle in which nobody asks for the clock
// changes nothing and hands nothing over.
`default_nettype none

module cu_clock_proof #(
    parameter integer STATE_W = 1,
    parameter integer EVENTS  = 1
) (
    input wire               clk,
    input wire               rst,
    input wire               clocked,  // the block, the bus or the kernel asks for the edge that ends this cycle
    input wire [STATE_W-1:0] state,    // registers
    input wire [EVENTS-1:0]  events    // what happens at that edge
);

  reg               stopped = 1'b0;
  reg [STATE_W-1:0] before;

  always @(posedge clk) begin
    stopped <= !rst && !clocked;
    before <= state;
  end

  always @* begin
    if (stopped) assert (state == before);
    if (!rst && !clocked) assert (events == {EVENTS{1'b0}});
  end

endmodule

`default_nettype wire
