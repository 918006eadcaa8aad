// SPDX-License-Identifier: Apache-2.0
// Kernel "fir": out[i] = sum of taps[k] * in[i - k], eight taps, 32-bit words modulo 2^32, zeros before the block.
//
// AP_CTRL_CHAIN with overlap. The front reads and filters, one beat of eight samples a cycle; it is ready when it has
// taken all input and then takes the next start, while the back still stores or its held done still waits for the
// host. So two executions are in flight; the results between the two sides wait in a FIFO of 64 beats. Pointers are
// 32-byte aligned (their low five bits and those above 40 are ignored). Error responses do not stop it.
`default_nettype none
`timescale 1ns / 1ps

module krnl_fir #(
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

  localparam integer FIRST_ARG = cu_fir_regs_pkg::IN_LO_OFFSET;
  localparam integer IN_BIT = 8 * (cu_fir_regs_pkg::IN_LO_OFFSET - FIRST_ARG);
  localparam integer OUT_BIT = 8 * (cu_fir_regs_pkg::OUT_LO_OFFSET - FIRST_ARG);
  localparam integer N_BIT = 8 * (cu_fir_regs_pkg::N_OFFSET - FIRST_ARG);
  localparam integer TAPS_BIT = 8 * (cu_fir_regs_pkg::TAPS_OFFSET - FIRST_ARG);
  localparam integer N_ARGS = (cu_fir_regs_pkg::SIZE - FIRST_ARG) / 4;
  localparam integer TAPS = cu_fir_regs_pkg::TAPS_COUNT;

  localparam [1:0] IDLE = 2'd0;
  localparam [1:0] TAKE = 2'd1;
  localparam [1:0] READY = 2'd2;

  wire         ap_start;
  wire         ap_continue;
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
      .PROTOCOL(1),
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
      .ap_continue(ap_continue),
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

  reg  [1:0]   front;
  reg          waiting;  // the execution of the front is not yet with the back
  reg          back;  // the back stores
  reg          finished;  // the back holds its done
  reg  [34:0]  out_beat;
  reg  [29:0]  out_beats;
  reg  [7:0]   out_tail;
  reg  [32*TAPS-1:0] taps;
  reg  [32*(TAPS-1)-1:0] history;
  reg          filtered;
  reg  [255:0] filtered_beat;

  wire         ask;
  wire [4:0]   ask_beats;
  wire         no_room;
  wire         take;
  wire         take_last;
  wire         stored;
  wire         reading;
  wire         storing;

  /* verilator lint_off UNUSEDSIGNAL */  // rounding to beats drops the low bits
  wire [32:0]  n_up = {1'b0, args[N_BIT+:32]} + 33'd7;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [29:0]  beats = n_up[32:3];
  wire         run = front == IDLE && ap_start && !waiting && !kernel_reset;
  wire         pass = waiting && !back && !finished && !kernel_reset;

  // Eight results from the new beat and the samples before it.
  function [255:0] filter;
    input [255:0] beat;
    input [32*(TAPS-1)-1:0] earlier;
    input [32*TAPS-1:0] coefficients;
    reg [32*(TAPS+7)-1:0] samples;
    reg [31:0] sum;
    integer lane;
    integer k;
    begin
      samples = {beat, earlier};
      for (lane = 0; lane < 8; lane = lane + 1) begin
        sum = 32'd0;
        for (k = 0; k < TAPS; k = k + 1) begin
          sum = sum + samples[32*(TAPS-1+lane-k)+:32] * coefficients[32*k+:32];
        end
        filter[32*lane+:32] = sum;
      end
    end
  endfunction

  krnl_burst_read #(
      .ID_W(ID_W),
      .COUNT_W(30)
  ) reader (
      .clk(clk),
      .rst(rst),
      .start(run),
      .beat(args[IN_BIT+5+:35]),
      .beats(beats),
      .hold(no_room),
      .stop(kernel_reset),
      .ask(ask),
      .ask_beats(ask_beats),
      .take(take),
      .take_last(take_last),
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
      .COUNT_W(30)
  ) store (
      .clk(clk),
      .rst(rst),
      .start(pass),
      .beat(out_beat),
      .beats(out_beats),
      .tail(out_tail),
      .ask(ask),
      .ask_beats(ask_beats),
      .push(filtered),
      .data(filtered_beat),
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

  assign kernel_quiet = front == IDLE && !waiting && !back && !finished && !filtered && !reading && !storing;
  assign ap_idle = front == IDLE && !waiting && !back && !finished;
  assign ap_done = finished;
  assign ap_ready = front == READY;
  // A held done needs no clock, nor does a second execution that waits behind it with all its input taken.
  assign active = ctrl_active || run || reading || storing || filtered || front != IDLE || (waiting && !finished)
                  || back;

  always_ff @(posedge clk) begin
    if (rst || kernel_reset) begin
      front <= IDLE;
      waiting <= 1'b0;
      back <= 1'b0;
      finished <= 1'b0;
    end else begin
      if (run) begin
        front <= beats == 30'd0 ? READY : TAKE;
        out_beat <= args[OUT_BIT+5+:35];
        out_beats <= beats;
        out_tail <= ~(8'hFE << n_up[2:0]);
        taps <= args[TAPS_BIT+:32*TAPS];
        waiting <= 1'b1;
      end else if (pass) begin
        waiting <= 1'b0;
      end
      if (take_last) front <= READY;
      if (front == READY) front <= IDLE;

      if (pass) back <= 1'b1;
      else if (stored) back <= 1'b0;

      if (stored) finished <= 1'b1;
      else if (ap_continue) finished <= 1'b0;
    end
  end

  always_ff @(posedge clk) if (rst || run || take || filtered) begin
    filtered <= take && !rst;
    if (run) history <= {32 * (TAPS - 1) {1'b0}};
    if (take) begin
      filtered_beat <= filter(m_axi_rdata, history, taps);
      history <= m_axi_rdata[255-:32*(TAPS-1)];
    end
  end

endmodule

`default_nettype wire
