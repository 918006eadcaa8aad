// SPDX-License-Identifier: Apache-2.0
// Kernel "probe": no memory; runs as long as it is told, hangs when it is told, remembers what it was run with.
//
// CONTROL bit 0: takes the start and is neither ready nor done; bit 1: is ready (if chained) but never done; both until
// a software reset. Otherwise done DELAY cycles late. At the end of an execution DIGEST becomes
// rotl(DIGEST, 1) ^ TOKEN ^ all words of PAYLOAD as they were at the start. AP_CTRL_CHAIN: ready in the cycle after the
// start, done held, one execution at a time. AP_CTRL_NONE: an execution begins when TOKEN differs from LAST.
`default_nettype none
`timescale 1ns / 1ps

module krnl_probe #(
    parameter integer ADDR_W   = 16,
    parameter integer PROTOCOL = 0  // 0 AP_CTRL_HS, 1 AP_CTRL_CHAIN, 2 AP_CTRL_NONE
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

    output wire                     irq,
    output wire                     active
);

  localparam integer FIRST_ARG = cu_probe_regs_pkg::CONTROL_OFFSET;
  localparam integer CONTROL_BIT = 8 * (cu_probe_regs_pkg::CONTROL_OFFSET - FIRST_ARG);
  localparam integer DELAY_BIT = 8 * (cu_probe_regs_pkg::DELAY_OFFSET - FIRST_ARG);
  localparam integer TOKEN_BIT = 8 * (cu_probe_regs_pkg::TOKEN_OFFSET - FIRST_ARG);
  localparam integer PAYLOAD_BIT = 8 * (cu_probe_regs_pkg::PAYLOAD_OFFSET - FIRST_ARG);
  localparam integer PAYLOAD_WORDS = cu_probe_regs_pkg::PAYLOAD_COUNT;
  localparam integer N_ARGS = PAYLOAD_BIT / 32 + PAYLOAD_WORDS;
  localparam integer OUTS_OFFSET = cu_probe_regs_pkg::RUNS_OFFSET;
  localparam integer N_OUT = (cu_probe_regs_pkg::LAST_OFFSET - OUTS_OFFSET) / 4 + 1;

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] READY = 3'd1;
  localparam [2:0] DELAY = 3'd2;
  localparam [2:0] DONE = 3'd3;
  localparam [2:0] HUNG = 3'd4;

  reg  [2:0]   state;
  reg          lose_done;
  reg  [31:0]  delay;
  reg  [31:0]  token;
  reg  [31:0]  folded;
  reg  [31:0]  runs;
  reg  [31:0]  digest;
  reg  [31:0]  last;

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
      .PROTOCOL(PROTOCOL),
      .SW_RESET(PROTOCOL == 2 ? 0 : 1),
      .N_OUT(N_OUT),
      .OUT_OFFSET(OUTS_OFFSET)
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
      .outs({last, digest, runs}),
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

  // Exclusive or of up to 128 words, by halves: a simulator does seven wide operations.
  function [31:0] fold;
    input [32*PAYLOAD_WORDS-1:0] words;
    reg [2047:0] half;
    begin
      half = {{32 * (128 - PAYLOAD_WORDS) {1'b0}}, words[32*PAYLOAD_WORDS-1:2048]} ^ words[2047:0];
      half[1023:0] = half[2047:1024] ^ half[1023:0];
      half[511:0] = half[1023:512] ^ half[511:0];
      half[255:0] = half[511:256] ^ half[255:0];
      half[127:0] = half[255:128] ^ half[127:0];
      half[63:0] = half[127:64] ^ half[63:0];
      fold = half[63:32] ^ half[31:0];
    end
  endfunction

  wire         begins = PROTOCOL == 2 ? args[TOKEN_BIT+:32] != last : ap_start;

  assign kernel_quiet = state == IDLE;
  assign ap_idle = state == IDLE;
  assign ap_done = state == DONE;
  assign ap_ready = PROTOCOL == 1 ? state == READY : state == DONE;
  assign active = ctrl_active || (PROTOCOL == 2 && state == IDLE && begins) || state == READY || state == DELAY
                  || (state == DONE && PROTOCOL != 1);

  wire         step = rst || kernel_reset || begins || state != IDLE;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      state <= IDLE;
      runs <= 32'd0;
      digest <= 32'd0;
      last <= 32'd0;
    end else if (kernel_reset) begin
      state <= IDLE;
    end else begin
      case (state)
        IDLE: begin
          if (begins) begin
            lose_done <= args[CONTROL_BIT+1];
            delay <= args[DELAY_BIT+:32];
            token <= args[TOKEN_BIT+:32];
            folded <= fold(args[PAYLOAD_BIT+:32*PAYLOAD_WORDS]);
            state <= args[CONTROL_BIT] ? HUNG : READY;
          end
        end

        READY: state <= lose_done ? HUNG : DELAY;

        DELAY: begin
          delay <= delay - 32'd1;
          if (delay == 32'd0) begin
            runs <= runs + 32'd1;
            digest <= {digest[30:0], digest[31]} ^ token ^ folded;
            last <= token;
            state <= DONE;
          end
        end

        DONE: if (PROTOCOL != 1 || ap_continue) state <= IDLE;

        default: ;  // HUNG
      endcase
    end
  end

endmodule

`default_nettype wire
