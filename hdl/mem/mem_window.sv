// SPDX-License-Identifier: Apache-2.0
// Memory BAR of the user function: BAR offset to device address. A window's offset beyond its memory stays
// beyond it, and what is in no window becomes an address that no memory has, so both end as DECERR.
`default_nettype none
`timescale 1ns / 1ps

module mem_window #(
    parameter [39:0] PLRAM_BASE = device_mem_pkg::PLRAM_BASE[39:0],
    parameter [39:0] DDR0_BASE  = device_mem_pkg::DDR0_BASE[39:0],
    parameter [39:0] DDR1_BASE  = device_mem_pkg::DDR1_BASE[39:0]
) (
    input  wire [27:0] offset,
    output reg  [39:0] address,
    output reg         hit
);

  localparam [27:0] PLRAM_WINDOW = user_mem_bar_pkg::PLRAM_BASE[27:0];
  localparam [27:0] PLRAM_MASK = user_mem_bar_pkg::PLRAM_MASK[27:0];
  localparam [27:0] DDR0_WINDOW = user_mem_bar_pkg::DDR0_BASE[27:0];
  localparam [27:0] DDR0_MASK = user_mem_bar_pkg::DDR0_MASK[27:0];
  localparam [27:0] DDR1_WINDOW = user_mem_bar_pkg::DDR1_BASE[27:0];
  localparam [27:0] DDR1_MASK = user_mem_bar_pkg::DDR1_MASK[27:0];

  always_comb begin
    hit = 1'b1;
    if ((offset & PLRAM_MASK) == PLRAM_WINDOW) begin
      address = PLRAM_BASE | {12'd0, offset & ~PLRAM_MASK};
    end else if ((offset & DDR0_MASK) == DDR0_WINDOW) begin
      address = DDR0_BASE | {12'd0, offset & ~DDR0_MASK};
    end else if ((offset & DDR1_MASK) == DDR1_WINDOW) begin
      address = DDR1_BASE | {12'd0, offset & ~DDR1_MASK};
    end else begin
      hit = 1'b0;
      address = {12'd0, offset};
    end
  end

endmodule

`default_nettype wire
