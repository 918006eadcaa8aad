// SPDX-License-Identifier: Apache-2.0
// Command queue of the embedded runtime: memory with one port for the host and one for the scheduler.
//
// host_touched tells a scheduler that polls the memory where a new look is worth while: one bit per block, set by
// a write of the host (with headers_aligned only by one to a block's first word), cleared by touch_ack; a write in
// the same cycle wins. Lower touch_ack before looking, and no write is missed.
// When both ports write one byte in one cycle the host's value stays. A read of the word that the other port
// writes in the same cycle returns the value before (COLLISION 0) or, as block RAM may, any mixture of the
// bits before and after (COLLISION 1). The copy engine reads on the scheduler's port when that has nothing to do.
`default_nettype none
`timescale 1ns / 1ps

module ert_cq #(
    parameter integer ADDR_W = 16,
    parameter integer BLOCK_W = 9,
    parameter integer COLLISION = 0
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [ADDR_W-1:0] s_axil_host_awaddr,
    input  wire              s_axil_host_awvalid,
    output wire              s_axil_host_awready,
    input  wire [31:0]       s_axil_host_wdata,
    input  wire [3:0]        s_axil_host_wstrb,
    input  wire              s_axil_host_wvalid,
    output wire              s_axil_host_wready,
    output wire [1:0]        s_axil_host_bresp,
    output wire              s_axil_host_bvalid,
    input  wire              s_axil_host_bready,
    input  wire [ADDR_W-1:0] s_axil_host_araddr,
    input  wire              s_axil_host_arvalid,
    output wire              s_axil_host_arready,
    output wire [31:0]       s_axil_host_rdata,
    output wire [1:0]        s_axil_host_rresp,
    output wire              s_axil_host_rvalid,
    input  wire              s_axil_host_rready,

    input  wire [ADDR_W-1:0] s_axil_mb_awaddr,
    input  wire              s_axil_mb_awvalid,
    output wire              s_axil_mb_awready,
    input  wire [31:0]       s_axil_mb_wdata,
    input  wire [3:0]        s_axil_mb_wstrb,
    input  wire              s_axil_mb_wvalid,
    output wire              s_axil_mb_wready,
    output wire [1:0]        s_axil_mb_bresp,
    output wire              s_axil_mb_bvalid,
    input  wire              s_axil_mb_bready,
    input  wire [ADDR_W-1:0] s_axil_mb_araddr,
    input  wire              s_axil_mb_arvalid,
    output wire              s_axil_mb_arready,
    output wire [31:0]       s_axil_mb_rdata,
    output wire [1:0]        s_axil_mb_rresp,
    output wire              s_axil_mb_rvalid,
    input  wire              s_axil_mb_rready,

    input  wire              dma_req,
    input  wire [ADDR_W-3:0] dma_addr,
    output wire              dma_grant,
    output wire [31:0]       dma_data,

    input  wire              headers_aligned,
    output reg  [(1<<(ADDR_W-BLOCK_W))-1:0] host_touched,
    input  wire [(1<<(ADDR_W-BLOCK_W))-1:0] touch_ack,

    output wire              active
);

  /* verilator lint_off UNUSEDSIGNAL */  // accesses are whole words: the low two address bits do not matter
  wire [ADDR_W-1:0] host_wr_addr;
  wire [ADDR_W-1:0] host_rd_addr;
  wire [ADDR_W-1:0] mb_wr_addr;
  wire [ADDR_W-1:0] mb_rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire              host_rd_en;
  wire [31:0]       host_rd_data;
  wire              host_wr_en;
  wire [31:0]       host_wr_data;
  wire [3:0]        host_wr_strb;
  wire              host_active;
  wire              mb_rd_en;
  wire [31:0]       mb_rd_data;
  wire              mb_wr_en;
  wire [31:0]       mb_wr_data;
  wire [3:0]        mb_wr_strb;
  wire              mb_active;

  reg [31:0] mem [0:(1 << (ADDR_W - 2)) - 1];

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) host_if (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_host_awaddr),
      .s_axil_awvalid(s_axil_host_awvalid),
      .s_axil_awready(s_axil_host_awready),
      .s_axil_wdata(s_axil_host_wdata),
      .s_axil_wstrb(s_axil_host_wstrb),
      .s_axil_wvalid(s_axil_host_wvalid),
      .s_axil_wready(s_axil_host_wready),
      .s_axil_bresp(s_axil_host_bresp),
      .s_axil_bvalid(s_axil_host_bvalid),
      .s_axil_bready(s_axil_host_bready),
      .s_axil_araddr(s_axil_host_araddr),
      .s_axil_arvalid(s_axil_host_arvalid),
      .s_axil_arready(s_axil_host_arready),
      .s_axil_rdata(s_axil_host_rdata),
      .s_axil_rresp(s_axil_host_rresp),
      .s_axil_rvalid(s_axil_host_rvalid),
      .s_axil_rready(s_axil_host_rready),
      .wr_en(host_wr_en),
      .wr_addr(host_wr_addr),
      .wr_data(host_wr_data),
      .wr_strb(host_wr_strb),
      .wr_err(1'b0),
      .rd_en(host_rd_en),
      .rd_addr(host_rd_addr),
      .rd_data(host_rd_data),
      .rd_err(1'b0),
      .active(host_active)
  );

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) mb_if (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_mb_awaddr),
      .s_axil_awvalid(s_axil_mb_awvalid),
      .s_axil_awready(s_axil_mb_awready),
      .s_axil_wdata(s_axil_mb_wdata),
      .s_axil_wstrb(s_axil_mb_wstrb),
      .s_axil_wvalid(s_axil_mb_wvalid),
      .s_axil_wready(s_axil_mb_wready),
      .s_axil_bresp(s_axil_mb_bresp),
      .s_axil_bvalid(s_axil_mb_bvalid),
      .s_axil_bready(s_axil_mb_bready),
      .s_axil_araddr(s_axil_mb_araddr),
      .s_axil_arvalid(s_axil_mb_arvalid),
      .s_axil_arready(s_axil_mb_arready),
      .s_axil_rdata(s_axil_mb_rdata),
      .s_axil_rresp(s_axil_mb_rresp),
      .s_axil_rvalid(s_axil_mb_rvalid),
      .s_axil_rready(s_axil_mb_rready),
      .wr_en(mb_wr_en),
      .wr_addr(mb_wr_addr),
      .wr_data(mb_wr_data),
      .wr_strb(mb_wr_strb),
      .wr_err(1'b0),
      .rd_en(mb_rd_en),
      .rd_addr(mb_rd_addr),
      .rd_data(mb_rd_data),
      .rd_err(1'b0),
      .active(mb_active)
  );

  // Block RAM starts with the contents of the bitstream: zero.
  integer k;
  initial begin
    for (k = 0; k < 1 << (ADDR_W - 2); k = k + 1) mem[k] = 32'd0;
  end

  wire [ADDR_W-3:0] host_word = host_wr_addr[ADDR_W-1:2];
  wire [ADDR_W-3:0] mb_word = mb_wr_addr[ADDR_W-1:2];

  always_ff @(posedge clk) begin
    if (mb_wr_en) begin
      if (mb_wr_strb[0]) mem[mb_word][7:0] <= mb_wr_data[7:0];
      if (mb_wr_strb[1]) mem[mb_word][15:8] <= mb_wr_data[15:8];
      if (mb_wr_strb[2]) mem[mb_word][23:16] <= mb_wr_data[23:16];
      if (mb_wr_strb[3]) mem[mb_word][31:24] <= mb_wr_data[31:24];
    end
    if (host_wr_en) begin
      if (host_wr_strb[0]) mem[host_word][7:0] <= host_wr_data[7:0];
      if (host_wr_strb[1]) mem[host_word][15:8] <= host_wr_data[15:8];
      if (host_wr_strb[2]) mem[host_word][23:16] <= host_wr_data[23:16];
      if (host_wr_strb[3]) mem[host_word][31:24] <= host_wr_data[31:24];
    end
  end

  wire [ADDR_W-3:0] host_from = host_rd_addr[ADDR_W-1:2];
  wire [ADDR_W-3:0] mb_from = mb_rd_addr[ADDR_W-1:2];

  assign dma_grant = dma_req && !mb_rd_en && !mb_wr_en;

  generate
    if (COLLISION == 0) begin : g_old
      assign host_rd_data = mem[host_from];
      assign mb_rd_data = mem[mb_from];
      assign dma_data = mem[dma_addr];

      /* verilator lint_off UNUSEDSIGNAL */
      wire unused = host_rd_en;
      /* verilator lint_on UNUSEDSIGNAL */
    end else begin : g_mixed
      // Bits that show the value before; steps with every collision, so that a second look differs.
      reg  [31:0] noise;
      wire        host_hit = host_rd_en && mb_wr_en && mb_word == host_from;
      wire        mb_hit = mb_rd_en && host_wr_en && host_word == mb_from;
      wire        dma_hit = dma_grant && host_wr_en && host_word == dma_addr;

      function [31:0] mixed(input [31:0] old, input [31:0] value, input [3:0] strobes, input [31:0] keep);
        reg [31:0] bytes;
        begin
          bytes = {{8{strobes[3]}}, {8{strobes[2]}}, {8{strobes[1]}}, {8{strobes[0]}}};
          mixed = (old & (keep | ~bytes)) | (value & bytes & ~keep);
        end
      endfunction

      assign host_rd_data = host_hit ? mixed(mem[host_from], mb_wr_data, mb_wr_strb, noise) : mem[host_from];
      assign mb_rd_data = mb_hit ? mixed(mem[mb_from], host_wr_data, host_wr_strb, noise) : mem[mb_from];
      assign dma_data = dma_hit ? mixed(mem[dma_addr], host_wr_data, host_wr_strb, noise) : mem[dma_addr];

      always_ff @(posedge clk) begin
        if (rst) noise <= 32'h5A0F_33C6;
        else if (host_hit || mb_hit || dma_hit) begin
          noise <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]};
        end
      end
    end
  endgenerate

  localparam integer NUM_BLOCK = 1 << (ADDR_W - BLOCK_W);
  localparam [NUM_BLOCK-1:0] ONE = 1;

  wire                 touch = host_wr_en && (!headers_aligned || host_wr_addr[BLOCK_W-1:2] == {(BLOCK_W - 2) {1'b0}});
  wire [NUM_BLOCK-1:0] touch_set = touch ? ONE << host_wr_addr[ADDR_W-1:BLOCK_W] : {NUM_BLOCK{1'b0}};

  assign active = host_active || mb_active || (touch_ack & host_touched) != {NUM_BLOCK{1'b0}};

  always_ff @(posedge clk) begin
    if (rst) host_touched <= {NUM_BLOCK{1'b0}};
    else if (touch || touch_ack != {NUM_BLOCK{1'b0}}) host_touched <= (host_touched & ~touch_ack) | touch_set;
  end

endmodule

`default_nettype wire
