// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite slave front of a register block: one access per pulse, answered in the next cycle.
//
// A write needs address and data valid together; `wr_en` pulses for one cycle with both. `rd_en`
// pulses for one cycle and `rd_data`/`rd_err` are taken in that same cycle. `*_err` answers SLVERR.
// A read and a write may pulse in the same cycle. `active` is high while a response is pending, so
// that the clock of an idle block may be gated.
`default_nettype none
`timescale 1ns / 1ps

module axil_reg_if #(
    parameter integer ADDR_W = 12
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [ADDR_W-1:0] s_axil_awaddr,
    input  wire              s_axil_awvalid,
    output wire              s_axil_awready,
    input  wire [31:0]       s_axil_wdata,
    input  wire [3:0]        s_axil_wstrb,
    input  wire              s_axil_wvalid,
    output wire              s_axil_wready,
    output reg  [1:0]        s_axil_bresp,
    output reg               s_axil_bvalid,
    input  wire              s_axil_bready,
    input  wire [ADDR_W-1:0] s_axil_araddr,
    input  wire              s_axil_arvalid,
    output wire              s_axil_arready,
    output reg  [31:0]       s_axil_rdata,
    output reg  [1:0]        s_axil_rresp,
    output reg               s_axil_rvalid,
    input  wire              s_axil_rready,

    output wire              wr_en,
    output wire [ADDR_W-1:0] wr_addr,
    output wire [31:0]       wr_data,
    output wire [3:0]        wr_strb,
    input  wire              wr_err,
    output wire              rd_en,
    output wire [ADDR_W-1:0] rd_addr,
    input  wire [31:0]       rd_data,
    input  wire              rd_err,

    output wire              active
);

  localparam [1:0] RESP_OKAY = 2'b00;
  localparam [1:0] RESP_SLVERR = 2'b10;

  assign wr_en = s_axil_awvalid && s_axil_wvalid && (!s_axil_bvalid || s_axil_bready) && !rst;
  assign s_axil_awready = wr_en;
  assign s_axil_wready = wr_en;
  assign wr_addr = s_axil_awaddr;
  assign wr_data = s_axil_wdata;
  assign wr_strb = s_axil_wstrb;

  assign rd_en = s_axil_arvalid && (!s_axil_rvalid || s_axil_rready) && !rst;
  assign s_axil_arready = rd_en;
  assign rd_addr = s_axil_araddr;

  assign active = s_axil_bvalid || s_axil_rvalid;

  // A cycle without work costs a simulator one look.
  wire step = rst || wr_en || rd_en || (s_axil_bvalid && s_axil_bready) || (s_axil_rvalid && s_axil_rready);

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      s_axil_bvalid <= 1'b0;
      s_axil_bresp <= RESP_OKAY;
    end else if (wr_en) begin
      s_axil_bvalid <= 1'b1;
      s_axil_bresp <= wr_err ? RESP_SLVERR : RESP_OKAY;
    end else if (s_axil_bready) begin
      s_axil_bvalid <= 1'b0;
    end

    if (rst) begin
      s_axil_rvalid <= 1'b0;
      s_axil_rdata <= 32'd0;
      s_axil_rresp <= RESP_OKAY;
    end else if (rd_en) begin
      s_axil_rvalid <= 1'b1;
      s_axil_rdata <= rd_data;
      s_axil_rresp <= rd_err ? RESP_SLVERR : RESP_OKAY;
    end else if (s_axil_rready) begin
      s_axil_rvalid <= 1'b0;
    end
  end

endmodule

`default_nettype wire
