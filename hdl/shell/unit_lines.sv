// SPDX-License-Identifier: Apache-2.0
// Interrupt lines of the compute units: line n is the n-th unit's, counted over the slots that hold one.
//
// In a card with one netlist per image the linker wires them so; here the configuration says which slots hold a
// unit. Collector, controllers and the scheduler's firmware take a line's number for the unit's index.
`default_nettype none
`timescale 1ns / 1ps

module unit_lines #(
    parameter integer SLOTS = 4
) (
    input  wire [SLOTS-1:0]   slot_irq,
    input  wire [8*SLOTS-1:0] slot_kernel,  // type of the kernel in each slot, 0: none
    output reg  [SLOTS-1:0]   unit_irq
);

  reg [SLOTS-1:0] taken;
  integer t;
  always_comb begin
    for (t = 0; t < SLOTS; t = t + 1) taken[t] = slot_kernel[8*t+:8] != 8'd0;
  end

  // The usual image fills the slots from 0 on, which costs a simulator nothing.
  wire in_place = (taken & (taken + 1'b1)) == {SLOTS{1'b0}};

  integer n;
  integer unit;
  always_comb begin
    unit = 0;
    if (in_place) begin
      unit_irq = slot_irq;
    end else begin
      unit_irq = {SLOTS{1'b0}};
      for (n = 0; n < SLOTS; n = n + 1) begin
        if (taken[n]) begin
          unit_irq[unit] = slot_irq[n];
          unit = unit + 1;
        end
      end
    end
  end

endmodule

`default_nettype wire
