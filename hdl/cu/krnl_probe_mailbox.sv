// SPDX-License-Identifier: Apache-2.0
// Kernel "probe_mailbox": the probe with counted auto-restart, a mailbox both ways and small arrays; no memory.
//
// An execution writes OUT[i] = IN[i] + TOKEN + RUNS, where RUNS counts itself, and folds TOKEN and IN into DIGEST as
// krnl_probe does, so each set of outputs shows whether it is whole. DELAY makes it that many cycles longer; CONTROL
// bit 0 makes it take the start and hang until a software reset.
`default_nettype none
`timescale 1ns / 1ps

module krnl_probe_mailbox #(
    parameter integer ADDR_W = 16
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

  localparam integer FIRST_ARG = cu_probe_mailbox_regs_pkg::CONTROL_OFFSET;
  localparam integer CONTROL_BIT = 8 * (cu_probe_mailbox_regs_pkg::CONTROL_OFFSET - FIRST_ARG);
  localparam integer DELAY_BIT = 8 * (cu_probe_mailbox_regs_pkg::DELAY_OFFSET - FIRST_ARG);
  localparam integer TOKEN_BIT = 8 * (cu_probe_mailbox_regs_pkg::TOKEN_OFFSET - FIRST_ARG);
  localparam integer OUTS_OFFSET = cu_probe_mailbox_regs_pkg::RUNS_OFFSET;
  localparam integer N_ARGS = (OUTS_OFFSET - FIRST_ARG) / 4;
  localparam integer N_OUT = (cu_probe_mailbox_regs_pkg::LAST_OFFSET - OUTS_OFFSET) / 4 + 1;
  localparam integer IN_OFFSET = cu_probe_mailbox_regs_pkg::IN_OFFSET;
  localparam integer OUT_OFFSET = cu_probe_mailbox_regs_pkg::OUT_OFFSET;
  localparam integer ARRAY_W = $clog2(cu_probe_mailbox_regs_pkg::IN_COUNT);

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] PASS = 3'd1;
  localparam [2:0] DELAY = 3'd2;
  localparam [2:0] DONE = 3'd3;
  localparam [2:0] HUNG = 3'd4;

  reg  [2:0]   state;
  reg  [ARRAY_W-1:0] index;
  reg  [31:0]  offset;
  reg  [31:0]  folded;
  reg  [31:0]  delay;
  reg  [31:0]  runs;
  reg  [31:0]  digest;
  reg  [31:0]  last;

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
  wire [31:0]  in_array_data;

  cu_ctrl #(
      .ADDR_W(ADDR_W),
      .N_ARGS(N_ARGS),
      .COUNTED_RESTART(1),
      .MAILBOX_IN(1),
      .MAILBOX_OUT(1),
      .SW_RESET(1),
      .ARGS_OFFSET(FIRST_ARG),
      .N_OUT(N_OUT),
      .OUT_OFFSET(OUTS_OFFSET),
      .IN_ARRAY_W(ARRAY_W),
      .IN_ARRAY_OFFSET(IN_OFFSET),
      .OUT_ARRAY_W(ARRAY_W),
      .OUT_ARRAY_OFFSET(OUT_OFFSET)
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
      .outs({last, digest, runs}),
      .kernel_reset(kernel_reset),
      .kernel_quiet(kernel_quiet),
      .in_array_addr(index),
      .in_array_data(in_array_data),
      .out_array_we(state == PASS),
      .out_array_addr(index),
      .out_array_data(in_array_data + offset),
      .irq(irq),
      .active(ctrl_active)
  );

  wire [31:0]  token = args[TOKEN_BIT+:32];

  assign kernel_quiet = state == IDLE;
  assign ap_idle = state == IDLE;
  assign ap_done = state == DONE;
  assign ap_ready = state == DONE;
  assign active = ctrl_active || state == PASS || state == DELAY || state == DONE;

  wire         step = rst || kernel_reset || ap_start || state != IDLE;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      state <= IDLE;
      runs <= 32'd0;
      digest <= 32'd0;
      last <= 32'd0;
      index <= {ARRAY_W{1'b0}};
    end else if (kernel_reset) begin
      state <= IDLE;
    end else begin
      case (state)
        IDLE: begin
          if (ap_start) begin
            index <= {ARRAY_W{1'b0}};
            offset <= token + runs + 32'd1;
            folded <= token;
            delay <= args[DELAY_BIT+:32];
            state <= args[CONTROL_BIT] ? HUNG : PASS;
          end
        end

        PASS: begin
          index <= index + {{ARRAY_W - 1{1'b0}}, 1'b1};
          folded <= folded ^ in_array_data;
          if (&index) state <= DELAY;
        end

        DELAY: begin
          delay <= delay - 32'd1;
          if (delay == 32'd0) begin
            runs <= runs + 32'd1;
            digest <= {digest[30:0], digest[31]} ^ folded;
            last <= token;
            state <= DONE;
          end
        end

        DONE: state <= IDLE;

        default: ;  // HUNG
      endcase
    end
  end

endmodule

`default_nettype wire
