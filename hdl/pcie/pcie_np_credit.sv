// SPDX-License-Identifier: Apache-2.0
// Non-posted credits given to the hard IP on pcie_cq_np_req: CREDITS after reset, then one for
// every non-posted request that left a request FIFO or was dropped. So at most CREDITS of them can
// be waiting in the card, however long one function stalls, and none can block the CQ pipe.
`default_nettype none
`timescale 1ns / 1ps

module pcie_np_credit #(
    parameter integer CREDITS = 32
) (
    input  wire       clk,
    input  wire       rst,

    input  wire       pop_mgmt,
    input  wire       pop_user,
    input  wire [1:0] dropped,

    output wire [1:0] pcie_cq_np_req,
    output wire       active
);

  localparam [6:0] INITIAL = CREDITS[6:0];

  reg [6:0] owed;
  reg       grant;

  initial grant = 1'b0;

  wire give = owed != 7'd0;
  wire [6:0] returned = {6'd0, pop_mgmt} + {6'd0, pop_user} + {5'd0, dropped};

  assign pcie_cq_np_req = {1'b0, grant};
  assign active = give || grant;
  wire step = rst || active || returned != 7'd0;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      owed <= INITIAL;
      grant <= 1'b0;
    end else begin
      owed <= owed + returned - {6'd0, give};
      grant <= give;
      assert (owed <= INITIAL)
      else $error("more non-posted credits owed than exist");
    end
  end

endmodule

`default_nettype wire
