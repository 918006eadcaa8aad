// SPDX-License-Identifier: Apache-2.0
// Interrupt controller of the embedded scheduler (PG099 register layout), inputs sensitive to level.
//
// A request is latched whether it is enabled or not, and latched again after an acknowledge while its
// input is high.
`default_nettype none
`timescale 1ns / 1ps

module mb_intc #(
    parameter integer ADDR_W = 12,
    parameter integer NUM_INPUT = 3
) (
    input  wire                 clk,
    input  wire                 rst,

    input  wire [ADDR_W-1:0]    s_axil_awaddr,
    input  wire                 s_axil_awvalid,
    output wire                 s_axil_awready,
    input  wire [31:0]          s_axil_wdata,
    input  wire [3:0]           s_axil_wstrb,
    input  wire                 s_axil_wvalid,
    output wire                 s_axil_wready,
    output wire [1:0]           s_axil_bresp,
    output wire                 s_axil_bvalid,
    input  wire                 s_axil_bready,
    input  wire [ADDR_W-1:0]    s_axil_araddr,
    input  wire                 s_axil_arvalid,
    output wire                 s_axil_arready,
    output wire [31:0]          s_axil_rdata,
    output wire [1:0]           s_axil_rresp,
    output wire                 s_axil_rvalid,
    input  wire                 s_axil_rready,

    input  wire [NUM_INPUT-1:0] intr,
    output wire                 irq,

    output wire                 active
);

  import mb_intc_regs_pkg::*;

  /* verilator lint_off UNUSEDSIGNAL */  // accesses are whole words: the low two address bits do not matter
  wire [ADDR_W-1:0] wr_addr;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire              wr_en;
  wire [31:0]       wr_data;
  reg  [31:0]       rd_data;
  wire              if_active;

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) reg_if (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid),
      .s_axil_awready(s_axil_awready),
      .s_axil_wdata(s_axil_wdata),
      .s_axil_wstrb(s_axil_wstrb),
      .s_axil_wvalid(s_axil_wvalid),
      .s_axil_wready(s_axil_wready),
      .s_axil_bresp(s_axil_bresp),
      .s_axil_bvalid(s_axil_bvalid),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid),
      .s_axil_arready(s_axil_arready),
      .s_axil_rdata(s_axil_rdata),
      .s_axil_rresp(s_axil_rresp),
      .s_axil_rvalid(s_axil_rvalid),
      .s_axil_rready(s_axil_rready),
      .wr_en(wr_en),
      .wr_addr(wr_addr),
      .wr_data(wr_data),
      /* verilator lint_off PINCONNECTEMPTY */
      .wr_strb(),  // the registers are written as whole words
      .rd_en(),    // no register changes by being read
      /* verilator lint_on PINCONNECTEMPTY */
      .wr_err(1'b0),
      .rd_addr(rd_addr),
      .rd_data(rd_data),
      .rd_err(1'b0),
      .active(if_active)
  );

  localparam [31:0] NO_VECTOR = IVR_RESET;

  reg  [NUM_INPUT-1:0] isr;
  reg  [NUM_INPUT-1:0] ier;
  reg                  me;
  reg                  hie;

  wire [31:0] wr_off = {{(32 - ADDR_W) {1'b0}}, wr_addr[ADDR_W-1:2], 2'b00};
  wire [31:0] rd_off = {{(32 - ADDR_W) {1'b0}}, rd_addr[ADDR_W-1:2], 2'b00};

  wire [NUM_INPUT-1:0] bits = wr_data[NUM_INPUT-1:0];
  wire [NUM_INPUT-1:0] ack = wr_en && wr_off == IAR_OFFSET ? bits : {NUM_INPUT{1'b0}};
  wire [NUM_INPUT-1:0] pending = isr & ier;
  wire [NUM_INPUT-1:0] latch = hie ? intr : {NUM_INPUT{1'b0}};

  assign irq = me && pending != {NUM_INPUT{1'b0}};
  assign active = if_active || (latch & ~isr) != {NUM_INPUT{1'b0}};

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
