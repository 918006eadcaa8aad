// SPDX-License-Identifier: Apache-2.0
// Registers of an interrupt controller (PG099 layout), inputs sensitive to level.
//
// A request is latched whether it is enabled or not, and latched again after an acknowledge while its
// input is high. `active`: an input waits for a clock edge that latches it.
`default_nettype none
`timescale 1ns / 1ps

module intc_regs #(
    parameter integer NUM_INPUT = 3
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire                 wr_en,
    input  wire [31:0]          wr_off,
    /* verilator lint_off UNUSEDSIGNAL */  // a controller with few inputs uses few bits
    input  wire [31:0]          wr_data,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [31:0]          rd_off,
    output reg  [31:0]          rd_data,

    input  wire [NUM_INPUT-1:0] intr,
    output wire                 irq,

    output wire                 active
);

  // The controllers of compute units (cu_intc.rdl) have the same layout, 32 bits wide.
  import mb_intc_regs_pkg::*;

  localparam [31:0] NO_VECTOR = IVR_RESET;

  reg  [NUM_INPUT-1:0] isr;
  reg  [NUM_INPUT-1:0] ier;
  reg                  me;
  reg                  hie;

  wire [NUM_INPUT-1:0] bits = wr_data[NUM_INPUT-1:0];
  wire [NUM_INPUT-1:0] ack = wr_en && wr_off == IAR_OFFSET ? bits : {NUM_INPUT{1'b0}};
  wire [NUM_INPUT-1:0] pending = isr & ier;
  wire [NUM_INPUT-1:0] latch = hie ? intr : {NUM_INPUT{1'b0}};

  assign irq = me && pending != {NUM_INPUT{1'b0}};
  assign active = (latch & ~isr) != {NUM_INPUT{1'b0}};

  integer i;
  always_comb begin
    rd_data = 32'd0;
    case (rd_off)
      ISR_OFFSET: rd_data[NUM_INPUT-1:0] = isr;
      IPR_OFFSET: rd_data[NUM_INPUT-1:0] = pending;
      IER_OFFSET: rd_data[NUM_INPUT-1:0] = ier;
      IVR_OFFSET: begin
        rd_data = NO_VECTOR;
        for (i = NUM_INPUT - 1; i >= 0; i = i - 1) begin
          if (pending[i]) rd_data = i;
        end
      end
      MER_OFFSET: rd_data[1:0] = {hie, me};
      default: ;
    endcase
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      isr <= {NUM_INPUT{1'b0}};
      ier <= {NUM_INPUT{1'b0}};
      me <= 1'b0;
      hie <= 1'b0;
    end else begin
      isr <= (isr & ~ack) | latch;
      if (wr_en) begin
        case (wr_off)
          ISR_OFFSET: if (!hie) isr <= bits;
          IER_OFFSET: ier <= bits;
          SIE_OFFSET: ier <= ier | bits;
          CIE_OFFSET: ier <= ier & ~bits;
          MER_OFFSET: begin
            me <= wr_data[MER_ME_LSB];
            if (wr_data[MER_HIE_LSB]) hie <= 1'b1;
          end
          default: ;
        endcase
      end
    end
  end

endmodule

`default_nettype wire
