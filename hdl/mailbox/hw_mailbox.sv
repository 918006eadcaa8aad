// SPDX-License-Identifier: Apache-2.0
// AXI mailbox between the management (a) and the user (b) function: two AXI4-Lite register files
// joined by two word FIFOs of DEPTH words. Behaviour: XRT mailbox contract §1, register map in
// hdl/regs/mailbox.rdl. The interrupts are levels.
`default_nettype none
`timescale 1ns / 1ps

module hw_mailbox #(
    parameter integer ADDR_W = 12,
    parameter integer DEPTH  = 128
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [ADDR_W-1:0] s_axil_a_awaddr,
    input  wire              s_axil_a_awvalid,
    output wire              s_axil_a_awready,
    input  wire [31:0]       s_axil_a_wdata,
    input  wire [3:0]        s_axil_a_wstrb,
    input  wire              s_axil_a_wvalid,
    output wire              s_axil_a_wready,
    output wire [1:0]        s_axil_a_bresp,
    output wire              s_axil_a_bvalid,
    input  wire              s_axil_a_bready,
    input  wire [ADDR_W-1:0] s_axil_a_araddr,
    input  wire              s_axil_a_arvalid,
    output wire              s_axil_a_arready,
    output wire [31:0]       s_axil_a_rdata,
    output wire [1:0]        s_axil_a_rresp,
    output wire              s_axil_a_rvalid,
    input  wire              s_axil_a_rready,

    input  wire [ADDR_W-1:0] s_axil_b_awaddr,
    input  wire              s_axil_b_awvalid,
    output wire              s_axil_b_awready,
    input  wire [31:0]       s_axil_b_wdata,
    input  wire [3:0]        s_axil_b_wstrb,
    input  wire              s_axil_b_wvalid,
    output wire              s_axil_b_wready,
    output wire [1:0]        s_axil_b_bresp,
    output wire              s_axil_b_bvalid,
    input  wire              s_axil_b_bready,
    input  wire [ADDR_W-1:0] s_axil_b_araddr,
    input  wire              s_axil_b_arvalid,
    output wire              s_axil_b_arready,
    output wire [31:0]       s_axil_b_rdata,
    output wire [1:0]        s_axil_b_rresp,
    output wire              s_axil_b_rvalid,
    input  wire              s_axil_b_rready,

    output wire              irq_a,
    output wire              irq_b,
    output wire              active
);

  localparam integer CNT_W = $clog2(DEPTH) + 1;

  initial begin
    // One packet is 16 words and is written without looking at the FIFO in between.
    if (DEPTH < 16 || DEPTH > 32768) $fatal(1, "hw_mailbox: DEPTH must be 16 to 32768");
  end

  wire a_push;
  wire [31:0] a_push_data;
  wire a_pop;
  wire a_tx_flush;
  wire a_rx_flush;
  wire a_active;
  wire b_push;
  wire [31:0] b_push_data;
  wire b_pop;
  wire b_tx_flush;
  wire b_rx_flush;
  wire b_active;

  wire [31:0] ab_data;
  wire [CNT_W-1:0] ab_count;
  wire ab_full;
  wire ab_empty;
  wire [31:0] ba_data;
  wire [CNT_W-1:0] ba_count;
  wire ba_full;
  wire ba_empty;

  assign active = a_active || b_active;

  word_fifo #(
      .DEPTH(DEPTH)
  ) u_fifo_ab (
      .clk(clk),
      .rst(rst),
      .flush(a_tx_flush || b_rx_flush),
      .push(a_push),
      .din(a_push_data),
      .pop(b_pop),
      .dout(ab_data),
      .count(ab_count),
      .full(ab_full),
      .empty(ab_empty)
  );

  word_fifo #(
      .DEPTH(DEPTH)
  ) u_fifo_ba (
      .clk(clk),
      .rst(rst),
      .flush(b_tx_flush || a_rx_flush),
      .push(b_push),
      .din(b_push_data),
      .pop(a_pop),
      .dout(ba_data),
      .count(ba_count),
      .full(ba_full),
      .empty(ba_empty)
  );

  hw_mailbox_side #(
      .ADDR_W(ADDR_W),
      .CNT_W (CNT_W)
  ) u_side_a (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_a_awaddr),
      .s_axil_awvalid(s_axil_a_awvalid),
      .s_axil_awready(s_axil_a_awready),
      .s_axil_wdata(s_axil_a_wdata),
      .s_axil_wstrb(s_axil_a_wstrb),
      .s_axil_wvalid(s_axil_a_wvalid),
      .s_axil_wready(s_axil_a_wready),
      .s_axil_bresp(s_axil_a_bresp),
      .s_axil_bvalid(s_axil_a_bvalid),
      .s_axil_bready(s_axil_a_bready),
      .s_axil_araddr(s_axil_a_araddr),
      .s_axil_arvalid(s_axil_a_arvalid),
      .s_axil_arready(s_axil_a_arready),
      .s_axil_rdata(s_axil_a_rdata),
      .s_axil_rresp(s_axil_a_rresp),
      .s_axil_rvalid(s_axil_a_rvalid),
      .s_axil_rready(s_axil_a_rready),
      .tx_push(a_push),
      .tx_data(a_push_data),
      .tx_count(ab_count),
      .tx_full(ab_full),
      .tx_flush(a_tx_flush),
      .rx_pop(a_pop),
      .rx_data(ba_data),
      .rx_count(ba_count),
      .rx_empty(ba_empty),
      .rx_flush(a_rx_flush),
      .irq(irq_a),
      .active(a_active)
  );

  hw_mailbox_side #(
      .ADDR_W(ADDR_W),
      .CNT_W (CNT_W)
  ) u_side_b (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_b_awaddr),
      .s_axil_awvalid(s_axil_b_awvalid),
      .s_axil_awready(s_axil_b_awready),
      .s_axil_wdata(s_axil_b_wdata),
      .s_axil_wstrb(s_axil_b_wstrb),
      .s_axil_wvalid(s_axil_b_wvalid),
      .s_axil_wready(s_axil_b_wready),
      .s_axil_bresp(s_axil_b_bresp),
      .s_axil_bvalid(s_axil_b_bvalid),
      .s_axil_bready(s_axil_b_bready),
      .s_axil_araddr(s_axil_b_araddr),
      .s_axil_arvalid(s_axil_b_arvalid),
      .s_axil_arready(s_axil_b_arready),
      .s_axil_rdata(s_axil_b_rdata),
      .s_axil_rresp(s_axil_b_rresp),
      .s_axil_rvalid(s_axil_b_rvalid),
      .s_axil_rready(s_axil_b_rready),
      .tx_push(b_push),
      .tx_data(b_push_data),
      .tx_count(ba_count),
      .tx_full(ba_full),
      .tx_flush(b_tx_flush),
      .rx_pop(b_pop),
      .rx_data(ab_data),
      .rx_count(ab_count),
      .rx_empty(ab_empty),
      .rx_flush(b_rx_flush),
      .irq(irq_b),
      .active(b_active)
  );

endmodule

`default_nettype wire
