// SPDX-License-Identifier: Apache-2.0
// Feature ROM: 216 read-only bytes that tell the drivers which shell this is.
// Texts are given left-justified: the first character in the top byte, zeros behind the last.
`default_nettype none
`timescale 1ns / 1ps

module feature_rom #(
    parameter integer       ADDR_W = 12,
    parameter         [7:0] MAJOR = 8'd10,
    parameter         [7:0] MINOR = 8'd1,
    parameter        [31:0] VIVADO_BUILD = 32'd2405991,
    parameter        [31:0] IP_BUILD = 32'd2404404,
    parameter        [63:0] TIME_SINCE_EPOCH = 64'd1561465320,
    parameter       [511:0] PART = {"xcu200-fsgd2104-2-e", 360'd0},
    parameter       [511:0] VBNV = {"xilinx_u200_xdma_201830_2", 312'd0},
    parameter         [7:0] DDR_CHANNELS = 8'd2,
    parameter         [7:0] DDR_CHANNEL_GIB = 8'd16,
    parameter        [63:0] DR_BASE = 64'd0,
    parameter        [63:0] FEATURES = 64'h0000_0000_0009_0009,
    parameter       [127:0] UUID = 128'd0,
    parameter         [7:0] HBM_CHANNELS = 8'd0,
    parameter         [7:0] HBM_CHANNEL_GIB = 8'd0,
    parameter       [127:0] CDMA_BASE = {96'd0, user_bar_pkg::KDMA_BASE}
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

  localparam integer WORDS = feature_rom_regs_pkg::SIZE / 4;

  // Every word of the ROM at the place the register map gives it.
  function [32*WORDS-1:0] content(input integer unused);
    integer i;
    begin
      content = {32 * WORDS{1'b0}};
      content[8*feature_rom_regs_pkg::MAGIC_OFFSET+:32] = feature_rom_regs_pkg::MAGIC_RESET;
      content[8*feature_rom_regs_pkg::VERSION_OFFSET+:32] = {16'd0, MINOR, MAJOR};
      content[8*feature_rom_regs_pkg::VIVADO_BUILD_OFFSET+:32] = VIVADO_BUILD;
      content[8*feature_rom_regs_pkg::IP_BUILD_OFFSET+:32] = IP_BUILD;
      content[8*feature_rom_regs_pkg::TIME_LO_OFFSET+:64] = TIME_SINCE_EPOCH;
      for (i = 0; i < 64; i = i + 1) begin
        content[8*(feature_rom_regs_pkg::PART_OFFSET+i)+:8] = PART[8*(63-i)+:8];
        content[8*(feature_rom_regs_pkg::VBNV_OFFSET+i)+:8] = VBNV[8*(63-i)+:8];
      end
      content[8*feature_rom_regs_pkg::DDR_OFFSET+:32] = {16'd0, DDR_CHANNEL_GIB, DDR_CHANNELS};
      content[8*feature_rom_regs_pkg::DR_BASE_LO_OFFSET+:64] = DR_BASE;
      content[8*feature_rom_regs_pkg::FEATURES_LO_OFFSET+:64] = FEATURES;
      content[8*feature_rom_regs_pkg::UUID_OFFSET+:128] = UUID;
      content[8*feature_rom_regs_pkg::HBM_OFFSET+:32] = {16'd0, HBM_CHANNEL_GIB, HBM_CHANNELS};
      content[8*feature_rom_regs_pkg::CDMA_BASE_OFFSET+:128] = CDMA_BASE;
    end
  endfunction

  localparam [32*WORDS-1:0] CONTENT = content(0);

  /* verilator lint_off UNUSEDSIGNAL */ // a read-only block ignores writes
  wire wr_en;
  wire [ADDR_W-1:0] wr_addr;
  wire [31:0] wr_data;
  wire [3:0] wr_strb;
  wire rd_en;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [ADDR_W-3:0] index = rd_addr[ADDR_W-1:2];
  wire [31:0] rd_data = {{34 - ADDR_W{1'b0}}, index} < WORDS ? CONTENT[32*index+:32] : 32'd0;

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
