// SPDX-License-Identifier: Apache-2.0
// GIE, IER and ISR of a compute unit (XRT compute unit contract §1, §7): ISR toggles on write or clears on read.
`default_nettype none
`timescale 1ns / 1ps

module cu_interrupt #(
    parameter integer ISR_CLEAR_ON_READ = 0
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       clear,      // software reset: forget what the abandoned run said

    input  wire       gie_write,
    input  wire       ier_write,
    input  wire       isr_write,
    input  wire       isr_read,
    input  wire [1:0] wr_data,

    input  wire [1:0] event_now,  // {ready, done}
    output reg        gie,
    output reg  [1:0] ier,
    output reg  [1:0] isr,
    output wire       irq
);

  wire [1:0] isr_clear = ISR_CLEAR_ON_READ != 0 ? {2{isr_read}} : {2{isr_write}} & wr_data;
  wire [1:0] isr_set = ier & event_now;

  assign irq = gie && isr != 2'b00;

  // An event wins over the host's clear in the same cycle. With toggle on write, writing a bit that
  // is 0 creates an interrupt: the generated block does so too.
  always_ff @(posedge clk) begin
    if (rst) begin
      gie <= 1'b0;
      ier <= 2'b00;
      isr <= 2'b00;
    end else begin
      if (gie_write) gie <= wr_data[0];
      if (ier_write) ier <= wr_data;
      if (clear) isr <= 2'b00;
      else isr <= isr_set | (ISR_CLEAR_ON_READ != 0 ? isr & ~isr_clear : isr ^ isr_clear);
    end
  end

`ifdef FORMAL
  cu_interrupt_proof #(
      .ISR_CLEAR_ON_READ(ISR_CLEAR_ON_READ)
  ) proof (
      .clk(clk),
      .rst(rst),
      .clear(clear),
      .isr_write(isr_write),
      .isr_read(isr_read),
      .wr_data(wr_data),
      .event_now(event_now),
      .ier(ier),
      .isr(isr)
  );
`endif

endmodule

`default_nettype wire
