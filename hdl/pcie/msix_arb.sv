// SPDX-License-Identifier: Apache-2.0
// Two functions share the hard IP's MSI-X port (external table mode): one message at a time, in
// turn; cfg_interrupt_msix_int is a one-cycle pulse, its answer goes back to the sender.
`default_nettype none
`timescale 1ns / 1ps

module msix_arb (
    input  wire        clk,
    input  wire        rst,

    input  wire        s0_valid,
    input  wire [63:0] s0_addr,
    input  wire [31:0] s0_data,
    output wire        s0_sent,
    output wire        s0_fail,
    input  wire        s1_valid,
    input  wire [63:0] s1_addr,
    input  wire [31:0] s1_data,
    output wire        s1_sent,
    output wire        s1_fail,

    output reg  [63:0] cfg_interrupt_msix_address,
    output reg  [31:0] cfg_interrupt_msix_data,
    output reg         cfg_interrupt_msix_int,
    output wire [7:0]  cfg_interrupt_msi_function_number,
    input  wire        cfg_interrupt_msix_sent,
    input  wire        cfg_interrupt_msix_fail,

    output wire        active
);

  reg waiting;
  reg owner;

  // Defined from power-on: a hard block looks at these pins before the first reset.
  initial begin
    waiting = 1'b0;
    owner = 1'b0;
    cfg_interrupt_msix_int = 1'b0;
    cfg_interrupt_msix_address = 64'd0;
    cfg_interrupt_msix_data = 32'd0;
  end

  // `owner` had the last turn, so the other one wins a tie.
  wire sel = owner ? !s0_valid : s1_valid;

  assign cfg_interrupt_msi_function_number = {7'd0, owner};
  assign s0_sent = waiting && !owner && cfg_interrupt_msix_sent;
  assign s0_fail = waiting && !owner && cfg_interrupt_msix_fail;
  assign s1_sent = waiting && owner && cfg_interrupt_msix_sent;
  assign s1_fail = waiting && owner && cfg_interrupt_msix_fail;
  assign active = waiting || s0_valid || s1_valid;

  always_ff @(posedge clk) begin
    if (rst) begin
      waiting <= 1'b0;
      owner <= 1'b0;
      cfg_interrupt_msix_int <= 1'b0;
    end else begin
      cfg_interrupt_msix_int <= 1'b0;
      if (waiting) begin
        if (cfg_interrupt_msix_sent || cfg_interrupt_msix_fail) waiting <= 1'b0;
      end else if (s0_valid || s1_valid) begin
        waiting <= 1'b1;
        owner <= sel;
        cfg_interrupt_msix_int <= 1'b1;
        cfg_interrupt_msix_address <= sel ? s1_addr : s0_addr;
        cfg_interrupt_msix_data <= sel ? s1_data : s0_data;
      end
    end
  end

endmodule

`default_nettype wire
