// SPDX-License-Identifier: Apache-2.0
// The hard IP's MSI-X port: accepts one-cycle requests and keeps the messages for Python.
//
// `x_events` counts messages; message n is x_message[n % 64] = {function[7:0], data[31:0], address[63:0]}.
// Python wakes on a change of x_events within the same simulation step, so none can be overwritten.
`default_nettype none
`timescale 1ns / 1ps

module host_interrupts (
    input  wire        clk,
    input  wire        rst,
    input  wire [63:0] cfg_interrupt_msix_address,
    input  wire [31:0] cfg_interrupt_msix_data,
    input  wire        cfg_interrupt_msix_int,
    input  wire [7:0]  cfg_interrupt_msi_function_number,
    input  wire [3:0]  cfg_interrupt_msix_enable,
    output reg         cfg_interrupt_msix_sent,
    output reg         cfg_interrupt_msix_fail
);

  reg [103:0] x_message[0:63] /* verilator public_flat_rd */;
  reg [31:0]  x_events /* verilator public_flat_rd */;
  reg [31:0]  x_failed /* verilator public_flat_rd */;
  integer     i;

  initial begin
    x_events = 32'd0;
    x_failed = 32'd0;
    for (i = 0; i < 64; i = i + 1) x_message[i] = 104'd0;
  end

  wire step = rst || cfg_interrupt_msix_int || cfg_interrupt_msix_sent || cfg_interrupt_msix_fail;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      cfg_interrupt_msix_sent <= 1'b0;
      cfg_interrupt_msix_fail <= 1'b0;
    end else begin
      cfg_interrupt_msix_sent <= 1'b0;
      cfg_interrupt_msix_fail <= 1'b0;
      if (cfg_interrupt_msix_int) begin
        assert (!cfg_interrupt_msix_sent && !cfg_interrupt_msix_fail)
        else $error("cfg_interrupt_msix_int held after the answer");
        if (cfg_interrupt_msi_function_number < 8'd4 &&
            cfg_interrupt_msix_enable[cfg_interrupt_msi_function_number[1:0]]) begin
          x_message[x_events[5:0]] <= {
            cfg_interrupt_msi_function_number, cfg_interrupt_msix_data, cfg_interrupt_msix_address
          };
          x_events <= x_events + 32'd1;
          cfg_interrupt_msix_sent <= 1'b1;
        end else begin
          x_failed <= x_failed + 32'd1;
          cfg_interrupt_msix_fail <= 1'b1;
        end
      end
    end
  end

endmodule

`default_nettype wire
