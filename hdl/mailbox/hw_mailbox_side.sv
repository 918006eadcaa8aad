// SPDX-License-Identifier: Apache-2.0
// One side of the hardware mailbox: register file, thresholds, sticky status and interrupt.
//
// Behaviour: XRT mailbox contract §1.1. Same-cycle rules: a new event wins over its clear (IS, ERROR),
// a flush wins over a push or pop. Byte strobes are ignored, as in the AMD block, except that a
// write without any strobe does nothing.
`default_nettype none
`timescale 1ns / 1ps

module hw_mailbox_side #(
    parameter integer ADDR_W = 12,
    parameter integer CNT_W  = 8
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

    output wire              tx_push,
    output wire [31:0]       tx_data,
    input  wire [CNT_W-1:0]  tx_count,
    input  wire              tx_full,
    output wire              tx_flush,

    output wire              rx_pop,
    input  wire [31:0]       rx_data,
    input  wire [CNT_W-1:0]  rx_count,
    input  wire              rx_empty,
    output wire              rx_flush,

    output wire              irq,
    output wire              active
);

  // Thresholds hold any 16-bit value, so that a threshold of the full depth and above can be set.
  localparam integer THR_W = mailbox_regs_pkg::SIT_VALUE_WIDTH;

  wire wr_en;
  wire [ADDR_W-1:0] wr_addr;
  wire [31:0] wr_data;
  wire [3:0] wr_strb;
  wire rd_en;
  wire [ADDR_W-1:0] rd_addr;
  reg [31:0] rd_data;
  wire bus_active;

  reg [THR_W-1:0] sit;
  reg [THR_W-1:0] rit;
  reg [2:0] is_bits;
  reg [2:0] ie_bits;
  reg [1:0] error_bits;
  reg sta_q;
  reg rta_q;

  wire [31:0] wr_offset = {{(32 - ADDR_W) {1'b0}}, wr_addr};
  wire [31:0] rd_offset = {{(32 - ADDR_W) {1'b0}}, rd_addr};
  wire wr_hit = wr_en && (wr_strb != 4'd0);
  wire wr_word = wr_hit && (wr_offset == mailbox_regs_pkg::WRDATA_OFFSET);
  wire wr_ctrl = wr_hit && (wr_offset == mailbox_regs_pkg::CTRL_OFFSET);
  wire wr_is = wr_hit && (wr_offset == mailbox_regs_pkg::IS_OFFSET);
  wire rd_word = rd_en && (rd_offset == mailbox_regs_pkg::RDDATA_OFFSET);
  wire rd_error = rd_en && (rd_offset == mailbox_regs_pkg::ERROR_OFFSET);

  wire sta = ({{(32 - CNT_W) {1'b0}}, tx_count} <= {{(32 - THR_W) {1'b0}}, sit});
  wire rta = ({{(32 - CNT_W) {1'b0}}, rx_count} > {{(32 - THR_W) {1'b0}}, rit});
  wire empty_read = rd_word && rx_empty;
  wire full_write = wr_word && tx_full;
  wire [2:0] is_set = {empty_read || full_write, rta && !rta_q, sta && !sta_q};
  wire [2:0] is_clear = wr_is ? wr_data[2:0] : 3'd0;

  assign tx_push = wr_word && !tx_full;
  assign tx_data = wr_data;
  assign tx_flush = wr_ctrl && wr_data[mailbox_regs_pkg::CTRL_RST_TX_LSB];
  assign rx_pop = rd_word && !rx_empty;
  assign rx_flush = wr_ctrl && wr_data[mailbox_regs_pkg::CTRL_RST_RX_LSB];

  assign irq = |(is_bits & ie_bits);
  wire level_moved = (sta != sta_q) || (rta != rta_q);
  assign active = bus_active || level_moved;
  // A cycle without work costs a simulator one look.
  wire step = rst || wr_hit || rd_word || rd_error || level_moved;

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) u_reg_if (
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
      .active(bus_active)
  );

  always_comb begin
    case (rd_offset)
      mailbox_regs_pkg::RDDATA_OFFSET: rd_data = rx_empty ? 32'd0 : rx_data;
      mailbox_regs_pkg::STATUS_OFFSET: rd_data = {28'd0, rta, sta, tx_full, rx_empty};
      mailbox_regs_pkg::ERROR_OFFSET:  rd_data = {30'd0, error_bits};
      mailbox_regs_pkg::SIT_OFFSET:    rd_data = {{(32 - THR_W) {1'b0}}, sit};
      mailbox_regs_pkg::RIT_OFFSET:    rd_data = {{(32 - THR_W) {1'b0}}, rit};
      mailbox_regs_pkg::IS_OFFSET:     rd_data = {29'd0, is_bits};
      mailbox_regs_pkg::IE_OFFSET:     rd_data = {29'd0, ie_bits};
      mailbox_regs_pkg::IP_OFFSET:     rd_data = {29'd0, is_bits & ie_bits};
      default:                         rd_data = 32'd0;
    endcase
  end

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      sit <= mailbox_regs_pkg::SIT_RESET[THR_W-1:0];
      rit <= mailbox_regs_pkg::RIT_RESET[THR_W-1:0];
      is_bits <= 3'd0;
      ie_bits <= 3'd0;
      error_bits <= 2'd0;
      sta_q <= 1'b1;
      rta_q <= 1'b0;
    end else begin
      sta_q <= sta;
      rta_q <= rta;
      is_bits <= (is_bits & ~is_clear) | is_set;
      error_bits <= (rd_error ? 2'd0 : error_bits) | {full_write, empty_read};
      if (wr_hit) begin
        case (wr_offset)
          mailbox_regs_pkg::SIT_OFFSET: sit <= wr_data[THR_W-1:0];
          mailbox_regs_pkg::RIT_OFFSET: rit <= wr_data[THR_W-1:0];
          mailbox_regs_pkg::IE_OFFSET:  ie_bits <= wr_data[2:0];
          default: ;
        endcase
      end
      assert (!(tx_push && tx_full)) else $error("hw_mailbox_side: TX FIFO overflow");
      assert (!(rx_pop && rx_empty)) else $error("hw_mailbox_side: RX FIFO underflow");
      assert (active || wr_en || rd_en || is_set == 3'd0) else $error("hw_mailbox_side: event while inactive");
    end
  end

endmodule

`default_nettype wire
