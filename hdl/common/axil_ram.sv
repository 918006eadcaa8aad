// SPDX-License-Identifier: Apache-2.0
// Memory of 32-bit words behind an AXI4-Lite slave, with byte enables; zero at power-up, kept over reset.
// Addresses wrap at the size of the memory.
`default_nettype none
`timescale 1ns / 1ps

module axil_ram #(
    parameter integer ADDR_W = 17
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
    output wire [1:0]        s_axil_bresp,
    output wire              s_axil_bvalid,
    input  wire              s_axil_bready,
    input  wire [ADDR_W-1:0] s_axil_araddr,
    input  wire              s_axil_arvalid,
    output wire              s_axil_arready,
    output wire [31:0]       s_axil_rdata,
    output wire [1:0]        s_axil_rresp,
    output wire              s_axil_rvalid,
    input  wire              s_axil_rready,

    output wire              active
);

  localparam integer WORDS = 1 << (ADDR_W - 2);

  /* verilator lint_off UNUSEDSIGNAL */ // word accesses ignore the low address bits
  wire wr_en;
  wire [ADDR_W-1:0] wr_addr;
  wire [31:0] wr_data;
  wire [3:0] wr_strb;
  wire rd_en;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */

  reg [31:0] mem[0:WORDS-1];
  wire [ADDR_W-3:0] wr_word = wr_addr[ADDR_W-1:2];
  wire [31:0] rd_data = mem[rd_addr[ADDR_W-1:2]];

  integer i;
  initial begin
    for (i = 0; i < WORDS; i = i + 1) mem[i] = 32'd0;
  end

  always_ff @(posedge clk) begin
    if (wr_en) begin
      if (wr_strb[0]) mem[wr_word][7:0] <= wr_data[7:0];
      if (wr_strb[1]) mem[wr_word][15:8] <= wr_data[15:8];
      if (wr_strb[2]) mem[wr_word][23:16] <= wr_data[23:16];
      if (wr_strb[3]) mem[wr_word][31:24] <= wr_data[31:24];
    end
  end

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
      .wr_strb(wr_strb),
      .wr_err(1'b0),
      .rd_en(rd_en),
      .rd_addr(rd_addr),
      .rd_data(rd_data),
      .rd_err(1'b0),
      .active(active)
  );

endmodule

`default_nettype wire
