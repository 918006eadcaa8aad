// SPDX-License-Identifier: Apache-2.0
// Kernel "memcopy": copies SIZE blocks of 64 bytes, the KDMA unit behind XRT's copy command (AP_CTRL_HS).
//
// Register map of the unit: XRT memory and DMA contract §8; the words after the addresses carry buffer handles, which
// hardware does not look at. Reads run ahead of writes by up to 64 beats, so overlapping ranges give undefined data.
// The low five bits of the addresses and those above 40 are ignored. Error responses do not stop it.
`default_nettype none
`timescale 1ns / 1ps

module krnl_memcopy #(
    parameter integer ADDR_W = 16,
    parameter integer ID_W   = 1
) (
    input  wire                     clk,
    input  wire                     rst,

    input  wire [ADDR_W-1:0]        s_axil_awaddr,
    input  wire                     s_axil_awvalid,
    output wire                     s_axil_awready,
    input  wire [31:0]              s_axil_wdata,
    input  wire [3:0]               s_axil_wstrb,
    input  wire                     s_axil_wvalid,
    output wire                     s_axil_wready,
    output wire [1:0]               s_axil_bresp,
    output wire                     s_axil_bvalid,
    input  wire                     s_axil_bready,
    input  wire [ADDR_W-1:0]        s_axil_araddr,
    input  wire                     s_axil_arvalid,
    output wire                     s_axil_arready,
    output wire [31:0]              s_axil_rdata,
    output wire [1:0]               s_axil_rresp,
    output wire                     s_axil_rvalid,
    input  wire                     s_axil_rready,

    output wire [ID_W-1:0]          m_axi_awid,
    output wire [39:0]              m_axi_awaddr,
    output wire [7:0]               m_axi_awlen,
    output wire [2:0]               m_axi_awsize,
    output wire [1:0]               m_axi_awburst,
    output wire                     m_axi_awvalid,
    input  wire                     m_axi_awready,
    output wire [255:0]             m_axi_wdata,
    output wire [31:0]              m_axi_wstrb,
    output wire                     m_axi_wlast,
    output wire                     m_axi_wvalid,
    input  wire                     m_axi_wready,
    /* verilator lint_off UNUSEDSIGNAL */  // one thread: the id says nothing; error responses are swallowed
    input  wire [ID_W-1:0]          m_axi_bid,
    input  wire [1:0]               m_axi_bresp,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire                     m_axi_bvalid,
    output wire                     m_axi_bready,
    output wire [ID_W-1:0]          m_axi_arid,
    output wire [39:0]              m_axi_araddr,
    output wire [7:0]               m_axi_arlen,
    output wire [2:0]               m_axi_arsize,
    output wire [1:0]               m_axi_arburst,
    output wire                     m_axi_arvalid,
    input  wire                     m_axi_arready,
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [ID_W-1:0]          m_axi_rid,
    input  wire [1:0]               m_axi_rresp,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [255:0]             m_axi_rdata,
    input  wire                     m_axi_rlast,
    input  wire                     m_axi_rvalid,
    output wire                     m_axi_rready,

    output wire                     irq,
    output wire                     active
);

  localparam integer FIRST_ARG = cu_memcopy_regs_pkg::SRC_LO_OFFSET;
  localparam integer SRC_BIT = 8 * (cu_memcopy_regs_pkg::SRC_LO_OFFSET - FIRST_ARG);
  localparam integer DST_BIT = 8 * (cu_memcopy_regs_pkg::DST_LO_OFFSET - FIRST_ARG);
  localparam integer SIZE_BIT = 8 * (cu_memcopy_regs_pkg::SIZE_LO_OFFSET - FIRST_ARG);
  localparam integer N_ARGS = (cu_memcopy_regs_pkg::SIZE - FIRST_ARG) / 4;

  localparam [1:0] IDLE = 2'd0;
  localparam [1:0] COPY = 2'd1;
  localparam [1:0] DONE = 2'd2;

  wire         ap_start;
  wire         ap_done;
  wire         ap_ready;
  wire         ap_idle;
  wire         kernel_reset;
  wire         kernel_quiet;
  wire         ctrl_active;
  /* verilator lint_off UNUSEDSIGNAL */  // reserved words, upper address bits
  wire [32*N_ARGS-1:0] args;
  /* verilator lint_on UNUSEDSIGNAL */

  cu_ctrl #(
      .ADDR_W(ADDR_W),
      .N_ARGS(N_ARGS),
      .SW_RESET(1)
  ) ctrl (
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
      .ap_start(ap_start),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .ap_continue(),
      /* verilator lint_on PINCONNECTEMPTY */
      .ap_done(ap_done),
      .ap_ready(ap_ready),
      .ap_idle(ap_idle),
      .args(args),
      .outs(1'b0),
      .kernel_reset(kernel_reset),
      .kernel_quiet(kernel_quiet),
      .in_array_addr(1'b0),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .in_array_data(),
      /* verilator lint_on PINCONNECTEMPTY */
      .out_array_we(1'b0),
      .out_array_addr(1'b0),
      .out_array_data(32'd0),
      .irq(irq),
      .active(ctrl_active)
  );

  reg  [1:0]   state;
  wire         ask;
  wire [4:0]   ask_beats;
  wire         no_room;
  wire         take;
  wire         stored;
  wire         reading;
  wire         storing;

  wire         run = state == IDLE && ap_start && !kernel_reset;
  wire [32:0]  beats = {args[SIZE_BIT+:32], 1'b0};

  krnl_burst_read #(
      .ID_W(ID_W),
      .COUNT_W(33)
  ) reader (
      .clk(clk),
      .rst(rst),
      .start(run),
      .beat(args[SRC_BIT+5+:35]),
      .beats(beats),
      .hold(no_room),
      .stop(kernel_reset),
      .ask(ask),
      .ask_beats(ask_beats),
      .take(take),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .take_last(),
      /* verilator lint_on PINCONNECTEMPTY */
      .busy(reading),
      .m_axi_arid(m_axi_arid),
      .m_axi_araddr(m_axi_araddr),
      .m_axi_arlen(m_axi_arlen),
      .m_axi_arsize(m_axi_arsize),
      .m_axi_arburst(m_axi_arburst),
      .m_axi_arvalid(m_axi_arvalid),
      .m_axi_arready(m_axi_arready),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid),
      .m_axi_rready(m_axi_rready)
  );

  krnl_store #(
      .ID_W(ID_W),
      .COUNT_W(33)
  ) store (
      .clk(clk),
      .rst(rst),
      .start(run),
      .beat(args[DST_BIT+5+:35]),
      .beats(beats),
      .tail(8'hFF),
      .ask(ask),
      .ask_beats(ask_beats),
      .push(take),
      .data(m_axi_rdata),
      .stop(kernel_reset),
      .flush(kernel_reset && kernel_quiet),
      .no_room(no_room),
      .done(stored),
      .busy(storing),
      .m_axi_awid(m_axi_awid),
      .m_axi_awaddr(m_axi_awaddr),
      .m_axi_awlen(m_axi_awlen),
      .m_axi_awsize(m_axi_awsize),
      .m_axi_awburst(m_axi_awburst),
      .m_axi_awvalid(m_axi_awvalid),
      .m_axi_awready(m_axi_awready),
      .m_axi_wdata(m_axi_wdata),
      .m_axi_wstrb(m_axi_wstrb),
      .m_axi_wlast(m_axi_wlast),
      .m_axi_wvalid(m_axi_wvalid),
      .m_axi_wready(m_axi_wready),
      .m_axi_bvalid(m_axi_bvalid),
      .m_axi_bready(m_axi_bready)
  );

  assign kernel_quiet = state == IDLE && !reading && !storing;
  assign ap_idle = state == IDLE;
  assign ap_done = state == DONE;
  assign ap_ready = state == DONE;
  assign active = ctrl_active || reading || storing || state != IDLE;

  always_ff @(posedge clk) begin
    if (rst || kernel_reset) state <= IDLE;
    else if (state == IDLE) state <= ap_start ? COPY : IDLE;
    else if (state == COPY) state <= stored ? DONE : COPY;
    else state <= IDLE;
  end

endmodule

`default_nettype wire
