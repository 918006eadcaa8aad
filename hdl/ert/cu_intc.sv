// SPDX-License-Identifier: Apache-2.0
// Interrupt controllers of the compute units: BANKS of them behind one AXI4-Lite port, 4 KiB apart.
//
// Controller b serves units 32*b to 32*b+31. Host and scheduler share the port.
`default_nettype none
`timescale 1ns / 1ps

module cu_intc #(
    parameter integer ADDR_W = 14,
    parameter integer BANKS = 4
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

    input  wire [32*BANKS-1:0]  intr,
    output wire [BANKS-1:0]     irq,

    output wire                 active
);

  /* verilator lint_off UNUSEDSIGNAL */  // accesses are whole words: the low two address bits do not matter
  wire [ADDR_W-1:0] wr_addr;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire              wr_en;
  wire [31:0]       wr_data;
  wire [31:0]       rd_data;
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

  localparam integer BANK_W = $clog2(user_bar_pkg::CU_INTC_STRIDE);
  localparam integer SEL_W = ADDR_W - BANK_W;

  wire [31:0]      wr_off = {{(32 - BANK_W) {1'b0}}, wr_addr[BANK_W-1:2], 2'b00};
  wire [31:0]      rd_off = {{(32 - BANK_W) {1'b0}}, rd_addr[BANK_W-1:2], 2'b00};
  wire [SEL_W-1:0] wr_bank = wr_addr[ADDR_W-1:BANK_W];
  wire [31:0]      bank_data[0:BANKS-1];
  wire [BANKS-1:0] bank_active;

  assign rd_data = bank_data[rd_addr[ADDR_W-1:BANK_W]];
  assign active = if_active || bank_active != {BANKS{1'b0}};

  genvar b;
  generate
    for (b = 0; b < BANKS; b = b + 1) begin : g_bank
      localparam [SEL_W-1:0] INDEX = b;
      intc_regs #(
          .NUM_INPUT(32)
      ) regs (
          .clk(clk),
          .rst(rst),
          .wr_en(wr_en && wr_bank == INDEX),
          .wr_off(wr_off),
          .wr_data(wr_data),
          .rd_off(rd_off),
          .rd_data(bank_data[b]),
          .intr(intr[32*b+:32]),
          .irq(irq[b]),
          .active(bank_active[b])
      );
    end
  endgenerate

endmodule

`default_nettype wire
