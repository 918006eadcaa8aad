// SPDX-License-Identifier: Apache-2.0
// AXI HWICAP: register file with a write and a read FIFO in front of the configuration engine.
//
// Behaviour: XRT ICAP contract §1, register map in hdl/regs/hwicap.rdl. A command takes one word per
// cycle; a write command runs until the write FIFO is empty, a read command fetches SZ words and waits
// while the read FIFO is full. Byte strobes are ignored, but a write without any strobe does nothing.
`default_nettype none
`timescale 1ns / 1ps

module hwicap #(
    parameter integer ADDR_W = 12,
    parameter integer WRITE_DEPTH = 1024,
    parameter integer READ_DEPTH = 256,
    parameter [31:0] IDCODE = 32'h14B31093,
    parameter integer NUM_SLOTS = 4,
    parameter [0:0] RESYNC_IN_DATA = 1'b1
) (
    input  wire                   clk,
    input  wire                   rst,

    input  wire [ADDR_W-1:0]      s_axil_awaddr,
    input  wire                   s_axil_awvalid,
    output wire                   s_axil_awready,
    input  wire [31:0]            s_axil_wdata,
    input  wire [3:0]             s_axil_wstrb,
    input  wire                   s_axil_wvalid,
    output wire                   s_axil_wready,
    output wire [1:0]             s_axil_bresp,
    output wire                   s_axil_bvalid,
    input  wire                   s_axil_bready,
    input  wire [ADDR_W-1:0]      s_axil_araddr,
    input  wire                   s_axil_arvalid,
    output wire                   s_axil_arready,
    output wire [31:0]            s_axil_rdata,
    output wire [1:0]             s_axil_rresp,
    output wire                   s_axil_rvalid,
    input  wire                   s_axil_rready,

    output wire                   irq,
    output wire                   cfg_loading,
    output wire                   cfg_valid,
    output wire [8*NUM_SLOTS-1:0] cfg_slot_kernel,
    output wire                   active
);

  localparam integer WCNT_W = $clog2(WRITE_DEPTH) + 1;
  localparam integer RCNT_W = $clog2(READ_DEPTH) + 1;
  localparam [31:0] WRITE_WORDS = WRITE_DEPTH;
  localparam [31:0] READ_WORDS = READ_DEPTH;
  localparam integer SZ_W = hwicap_regs_pkg::SZ_VALUE_WIDTH;

  initial begin
    // The driver sends chunks of 256 words; WFV and RFO are 16 bits wide.
    if (WRITE_DEPTH < 256 || WRITE_DEPTH > 32768) $fatal(1, "hwicap: WRITE_DEPTH must be 256 to 32768");
    if (READ_DEPTH < 2 || READ_DEPTH > 32768) $fatal(1, "hwicap: READ_DEPTH must be 2 to 32768");
  end

  wire wr_en;
  wire [ADDR_W-1:0] wr_addr;
  wire [31:0] wr_data;
  wire [3:0] wr_strb;
  wire rd_en;
  wire [ADDR_W-1:0] rd_addr;
  reg [31:0] rd_data;
  wire bus_active;

  reg gie;
  reg [3:0] ier;
  reg [3:0] isr;
  reg [3:0] level_q;
  reg [SZ_W-1:0] size;
  reg [SZ_W-1:0] fetch_left;
  reg writing;
  reg reading;
  reg [7:0] abort_status;

  wire [31:0] write_word;
  wire [WCNT_W-1:0] write_count;
  wire write_full;
  wire write_empty;
  wire [31:0] read_word;
  wire [RCNT_W-1:0] read_count;
  wire read_full;
  wire read_empty;
  wire [31:0] engine_word;
  wire [7:0] engine_status;
  wire engine_done;

  wire [31:0] wr_offset = {{(32 - ADDR_W) {1'b0}}, wr_addr};
  wire [31:0] rd_offset = {{(32 - ADDR_W) {1'b0}}, rd_addr};
  wire [31:0] write_used = {{(32 - WCNT_W) {1'b0}}, write_count};
  wire [31:0] read_used = {{(32 - RCNT_W) {1'b0}}, read_count};

  wire wr_hit = wr_en && (wr_strb != 4'd0);
  wire wr_cr = wr_hit && (wr_offset == hwicap_regs_pkg::CR_OFFSET);
  wire wr_isr = wr_hit && (wr_offset == hwicap_regs_pkg::ISR_OFFSET);
  wire cr_abort = wr_cr && wr_data[hwicap_regs_pkg::CR_ABORT_LSB];
  wire cr_reset = wr_cr && wr_data[hwicap_regs_pkg::CR_SW_RESET_LSB];
  wire flush = cr_abort || cr_reset || (wr_cr && wr_data[hwicap_regs_pkg::CR_FIFO_CLEAR_LSB]);
  wire push = wr_hit && (wr_offset == hwicap_regs_pkg::WF_OFFSET) && !write_full;
  wire pop = rd_en && (rd_offset == hwicap_regs_pkg::RF_OFFSET) && !read_empty;
  wire send = writing && !write_empty && !flush;
  wire fetch = reading && !writing && (fetch_left != {SZ_W{1'b0}}) && !read_full && !flush;

  wire fetch_waits = read_full && (fetch_left != {SZ_W{1'b0}});
  wire [3:0] level = {read_full, write_empty, read_used > READ_WORDS / 2, write_used < WRITE_WORDS / 2};
  wire [3:0] isr_toggle = wr_isr ? wr_data[3:0] : 4'd0;

  assign irq = gie && |(isr & ier);
  assign active = bus_active || writing || (reading && !fetch_waits) || (level != level_q);

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

  word_fifo #(
      .DEPTH(WRITE_DEPTH)
  ) u_write_fifo (
      .clk(clk),
      .rst(rst),
      .flush(flush),
      .push(push),
      .din(wr_data),
      .pop(send),
      .dout(write_word),
      .count(write_count),
      .full(write_full),
      .empty(write_empty)
  );

  word_fifo #(
      .DEPTH(READ_DEPTH)
  ) u_read_fifo (
      .clk(clk),
      .rst(rst),
      .flush(flush),
      .push(fetch),
      .din(engine_word),
      .pop(pop),
      .dout(read_word),
      .count(read_count),
      .full(read_full),
      .empty(read_empty)
  );

  config_engine #(
      .IDCODE(IDCODE),
      .NUM_SLOTS(NUM_SLOTS),
      .RESYNC_IN_DATA(RESYNC_IN_DATA)
  ) u_engine (
      .clk(clk),
      .rst(rst),
      .in_valid(send),
      .in_data(write_word),
      .in_abort(cr_abort),
      .rd_en(fetch),
      .rd_data(engine_word),
      .status_byte(engine_status),
      .done(engine_done),
      .cfg_loading(cfg_loading),
      .cfg_valid(cfg_valid),
      .cfg_slot_kernel(cfg_slot_kernel)
  );

  always_comb begin
    case (rd_offset)
      hwicap_regs_pkg::GIER_OFFSET: rd_data = {gie, 31'd0};
      hwicap_regs_pkg::ISR_OFFSET:  rd_data = {28'd0, isr};
      hwicap_regs_pkg::IER_OFFSET:  rd_data = {28'd0, ier};
      hwicap_regs_pkg::RF_OFFSET:   rd_data = read_empty ? 32'd0 : read_word;
      hwicap_regs_pkg::CR_OFFSET:   rd_data = {30'd0, reading, writing};
      hwicap_regs_pkg::SR_OFFSET:   rd_data = {29'd0, engine_done, 1'b0, engine_done};
      hwicap_regs_pkg::WFV_OFFSET:  rd_data = WRITE_WORDS - write_used;
      hwicap_regs_pkg::RFO_OFFSET:  rd_data = read_used;
      hwicap_regs_pkg::ASR_OFFSET:  rd_data = {24'd0, abort_status};
      default:                      rd_data = 32'd0;
    endcase
  end

  always_ff @(posedge clk) begin
    if (rst || cr_reset) begin
      gie <= 1'b0;
      ier <= 4'd0;
      isr <= 4'd0;
      level_q <= 4'b0101;
      size <= {SZ_W{1'b0}};
      fetch_left <= {SZ_W{1'b0}};
      writing <= 1'b0;
      reading <= 1'b0;
      abort_status <= cr_abort ? engine_status : 8'd0;
    end else begin
      level_q <= level;
      isr <= (isr ^ isr_toggle) | (level & ~level_q);
      if (fetch) fetch_left <= fetch_left - {{(SZ_W - 1) {1'b0}}, 1'b1};
      if (write_empty) writing <= 1'b0;
      if (!writing && fetch_left == {SZ_W{1'b0}}) reading <= 1'b0;
      if (wr_hit) begin
        case (wr_offset)
          hwicap_regs_pkg::GIER_OFFSET: gie <= wr_data[hwicap_regs_pkg::GIER_GIE_LSB];
          hwicap_regs_pkg::IER_OFFSET:  ier <= wr_data[3:0];
          hwicap_regs_pkg::SZ_OFFSET:   size <= wr_data[SZ_W-1:0];
          default: ;
        endcase
      end
      if (flush) begin
        writing <= 1'b0;
        reading <= 1'b0;
        fetch_left <= {SZ_W{1'b0}};
        if (cr_abort) abort_status <= engine_status;
      end else if (wr_cr) begin
        if (wr_data[hwicap_regs_pkg::CR_WRITE_LSB]) writing <= 1'b1;
        if (wr_data[hwicap_regs_pkg::CR_READ_LSB] && !reading) begin
          reading <= 1'b1;
          fetch_left <= size;
        end
      end
    end
    if (!rst) begin
      assert (!(send && fetch)) else $error("hwicap: reads and writes the engine in one cycle");
      assert (active || !(send || fetch)) else $error("hwicap: works while inactive");
    end
  end

endmodule

`default_nettype wire
