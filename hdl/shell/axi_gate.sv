// SPDX-License-Identifier: Apache-2.0
// Gate of the dynamic region (AXI isolation): closed after reset, opened by the driver in two steps.
//
// Bit 0 of the state opens the gate; 2, the step before, releases clock and reset of the region only.
`default_nettype none
`timescale 1ns / 1ps

module axi_gate #(
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

    output wire              open,
    output wire [1:0]        state,

    output wire              active
);

  /* verilator lint_off UNUSEDSIGNAL */ // a register block uses part of the address, data and strobes
  wire wr_en;
  wire [ADDR_W-1:0] wr_addr;
  wire [31:0] wr_data;
  wire [3:0] wr_strb;
  wire rd_en;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */

  localparam [ADDR_W-1:0] WR = axi_gate_regs_pkg::WR_OFFSET[ADDR_W-1:0];
  localparam [ADDR_W-1:0] RD = axi_gate_regs_pkg::RD_OFFSET[ADDR_W-1:0];

  reg [1:0] state_r;
  wire [ADDR_W-1:0] rd_word = {rd_addr[ADDR_W-1:2], 2'b00};
  wire [31:0] rd_data = (rd_word == WR || rd_word == RD) ? {30'd0, state_r} : 32'd0;

  assign state = state_r;
  assign open = state_r[0];

  always_ff @(posedge clk) begin
    if (rst) begin
      state_r <= axi_gate_regs_pkg::WR_RESET[1:0];
    end else if (wr_en && {wr_addr[ADDR_W-1:2], 2'b00} == WR && wr_strb[0]) begin
      state_r <= wr_data[1:0];
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
