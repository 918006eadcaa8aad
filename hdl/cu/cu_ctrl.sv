// SPDX-License-Identifier: Apache-2.0
// Control block of a compute unit as Vitis HLS generates it: control words, arguments, results, arrays, mailbox.
//
// docs/compute_units.md explains parameters, registers and the rules for the kernel behind it. `args` are the live
// registers, to be latched by the kernel at start; with MAILBOX_IN they are the kernel's copy and change only
// where a (re)start is taken. A port whose parameter is 0 is one bit wide and ignored.
`default_nettype none
`timescale 1ns / 1ps

module cu_ctrl #(
    parameter integer ADDR_W            = 16,
    parameter integer N_ARGS            = 10,  // input words
    parameter integer PROTOCOL          = 0,   // 0 AP_CTRL_HS, 1 AP_CTRL_CHAIN, 2 AP_CTRL_NONE
    parameter integer ISR_CLEAR_ON_READ = 0,   // 0 toggle on write, 1 clear on read
    parameter integer COUNTED_RESTART   = 0,
    parameter integer MAILBOX_IN        = 0,
    parameter integer MAILBOX_OUT       = 0,
    parameter integer SW_RESET          = 0,
    parameter integer N_OUT             = 0,   // output words
    parameter integer IN_ARRAY_W        = 0,   // log2 of the words of the input array, 0 = none
    parameter integer OUT_ARRAY_W       = 0,
    // Byte offsets; an array lies at a multiple of its size.
    parameter integer ARGS_OFFSET       = MAILBOX_IN != 0 || MAILBOX_OUT != 0 ? 28 : COUNTED_RESTART != 0 ? 20 : 16,
    parameter integer OUT_OFFSET        = ARGS_OFFSET + 4 * N_ARGS,
    parameter integer IN_ARRAY_OFFSET   = 4096,
    parameter integer OUT_ARRAY_OFFSET  = 8192
) (
    input  wire                                           clk,
    input  wire                                           rst,

    input  wire [ADDR_W-1:0]                              s_axil_awaddr,
    input  wire                                           s_axil_awvalid,
    output wire                                           s_axil_awready,
    input  wire [31:0]                                    s_axil_wdata,
    input  wire [3:0]                                     s_axil_wstrb,
    input  wire                                           s_axil_wvalid,
    output wire                                           s_axil_wready,
    output wire [1:0]                                     s_axil_bresp,
    output wire                                           s_axil_bvalid,
    input  wire                                           s_axil_bready,
    input  wire [ADDR_W-1:0]                              s_axil_araddr,
    input  wire                                           s_axil_arvalid,
    output wire                                           s_axil_arready,
    output wire [31:0]                                    s_axil_rdata,
    output wire [1:0]                                     s_axil_rresp,
    output wire                                           s_axil_rvalid,
    input  wire                                           s_axil_rready,

    output wire                                           ap_start,
    output wire                                           ap_continue,
    input  wire                                           ap_done,
    input  wire                                           ap_ready,
    input  wire                                           ap_idle,
    output wire [(N_ARGS > 0 ? 32 * N_ARGS : 1)-1:0]      args,
    input  wire [(N_OUT > 0 ? 32 * N_OUT : 1)-1:0]        outs,          // valid while ap_done

    // Software reset: the kernel abandons its run and says quiet when nothing of it is outstanding.
    output wire                                           kernel_reset,
    input  wire                                           kernel_quiet,

    // The kernel's buffer of the input array, from start to ready; combinational.
    /* verilator lint_off UNUSEDSIGNAL */  // a unit without arrays
    input  wire [(IN_ARRAY_W > 0 ? IN_ARRAY_W : 1)-1:0]   in_array_addr,
    output wire [31:0]                                    in_array_data,
    // Its buffer of the output array, until the first cycle of done.
    input  wire                                           out_array_we,
    input  wire [(OUT_ARRAY_W > 0 ? OUT_ARRAY_W : 1)-1:0] out_array_addr,
    input  wire [31:0]                                    out_array_data,
    /* verilator lint_on UNUSEDSIGNAL */

    output wire                                           irq,
    output wire                                           active
);

  localparam integer CTRL = cu_mailbox_regs_pkg::CTRL_OFFSET;
  localparam integer GIE = cu_mailbox_regs_pkg::GIE_OFFSET;
  localparam integer IER = cu_mailbox_regs_pkg::IER_OFFSET;
  localparam integer ISR = cu_mailbox_regs_pkg::ISR_OFFSET;
  localparam integer COUNTER = cu_mailbox_regs_pkg::AUTO_RESTART_COUNTER_OFFSET;
  localparam integer INPUT_CTRL = cu_mailbox_regs_pkg::INPUT_CTRL_OFFSET;
  localparam integer OUTPUT_CTRL = cu_mailbox_regs_pkg::OUTPUT_CTRL_OFFSET;
  localparam integer START_BIT = cu_mailbox_regs_pkg::CTRL_AP_START_LSB;
  localparam integer DONE_BIT = cu_mailbox_regs_pkg::CTRL_AP_DONE_LSB;
  localparam integer IDLE_BIT = cu_mailbox_regs_pkg::CTRL_AP_IDLE_LSB;
  localparam integer READY_BIT = cu_mailbox_regs_pkg::CTRL_AP_READY_LSB;
  localparam integer RESTART_BIT = cu_mailbox_regs_pkg::CTRL_AUTO_RESTART_LSB;
  localparam integer RESET_BIT = cu_mailbox_regs_pkg::CTRL_SW_RESET_LSB;
  localparam integer INTERRUPT_BIT = cu_mailbox_regs_pkg::CTRL_INTERRUPT_LSB;
  localparam integer HAS_CTRL = PROTOCOL != 2 ? 1 : 0;
  localparam integer INDEX_W = ADDR_W - 2;

  /* verilator lint_off UNUSEDSIGNAL */  // registers are words: the low two address bits choose nothing
  wire [ADDR_W-1:0] wr_addr;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire              wr_en;
  wire [31:0]       wr_data;
  wire [3:0]        wr_strb;
  wire              rd_en;
  reg  [31:0]       rd_data;
  wire              bus_active;

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) regs (
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

  // Word numbers. An index below the first argument or result wraps to one that is too large.
  wire [INDEX_W-1:0] wr_word = wr_addr[ADDR_W-1:2];
  wire [INDEX_W-1:0] rd_word = rd_addr[ADDR_W-1:2];
  wire [INDEX_W-1:0] wr_arg = wr_word - INDEX_W'(ARGS_OFFSET / 4);
  wire [INDEX_W-1:0] rd_arg = rd_word - INDEX_W'(ARGS_OFFSET / 4);
  wire [INDEX_W-1:0] rd_out = rd_word - INDEX_W'(OUT_OFFSET / 4);

  wire               low_write = wr_en && wr_strb[0];
  wire               ctrl_write = HAS_CTRL != 0 && wr_en && wr_word == INDEX_W'(CTRL / 4);
  wire               ctrl_read = HAS_CTRL != 0 && rd_en && rd_word == INDEX_W'(CTRL / 4);
  wire               gie_write = HAS_CTRL != 0 && low_write && wr_word == INDEX_W'(GIE / 4);
  wire               ier_write = HAS_CTRL != 0 && low_write && wr_word == INDEX_W'(IER / 4);
  wire               isr_write = HAS_CTRL != 0 && low_write && wr_word == INDEX_W'(ISR / 4);
  wire               isr_read = HAS_CTRL != 0 && rd_en && rd_word == INDEX_W'(ISR / 4);
  wire               count_write = COUNTED_RESTART != 0 && wr_en && wr_word == INDEX_W'(COUNTER / 4);
  wire               input_write = MAILBOX_IN != 0 && low_write && wr_word == INDEX_W'(INPUT_CTRL / 4);
  wire               output_write = MAILBOX_OUT != 0 && low_write && wr_word == INDEX_W'(OUTPUT_CTRL / 4);

  wire               take;
  wire               done;
  wire               done_first;
  wire               isr_done;
  wire               isr_ready;
  wire               abandon;
  wire               done_visible;
  wire               ready_kept;
  wire               auto_restart;
  wire [31:0]        count;
  wire               handshake_active;

  cu_handshake #(
      .PROTOCOL(PROTOCOL),
      .COUNTED_RESTART(COUNTED_RESTART),
      .SW_RESET(SW_RESET)
  ) handshake (
      .clk(clk),
      .rst(rst),
      .ctrl_write(ctrl_write),
      .ctrl_read(ctrl_read),
      .count_write(count_write),
      .wr_data(wr_data),
      .wr_strb(wr_strb),
      .ap_start(ap_start),
      .ap_continue(ap_continue),
      .ap_done(ap_done),
      .ap_ready(ap_ready),
      .ap_idle(ap_idle),
      .kernel_reset(kernel_reset),
      .kernel_quiet(kernel_quiet),
      .take(take),
      .done(done),
      .done_first(done_first),
      .isr_done(isr_done),
      .isr_ready(isr_ready),
      .abandon(abandon),
      .done_visible(done_visible),
      .ready_kept(ready_kept),
      .auto_restart(auto_restart),
      .count(count),
      .active(handshake_active)
  );

  wire       gie;
  wire [1:0] ier;
  wire [1:0] isr;

  cu_interrupt #(
      .ISR_CLEAR_ON_READ(ISR_CLEAR_ON_READ)
  ) interrupt (
      .clk(clk),
      .rst(rst),
      .clear(abandon),
      .gie_write(gie_write),
      .ier_write(ier_write),
      .isr_write(isr_write),
      .isr_read(isr_read),
      .wr_data(wr_data[1:0]),
      .event_now({isr_ready, isr_done}),
      .gie(gie),
      .ier(ier),
      .isr(isr),
      .irq(irq)
  );

  // A read costs a simulator one look at the registers, a cycle without one nothing.
  wire        input_released;
  wire        input_pending;
  wire        output_requested;
  wire        output_pending;
  /* verilator lint_off UNUSEDSIGNAL */  // for the arrays
  wire        release_now;
  wire        consume_now;
  wire        exchange_now;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [31:0] arg_word;
  wire [31:0] out_word;
  wire [31:0] array_word;

  always_comb begin
    rd_data = 32'd0;
    if (rd_en) begin
      rd_data = arg_word | out_word | array_word;
      if (HAS_CTRL != 0 && rd_word == INDEX_W'(CTRL / 4)) begin
        rd_data[START_BIT] = ap_start;
        rd_data[DONE_BIT] = done_visible;
        rd_data[IDLE_BIT] = ap_idle && !ap_start;
        rd_data[READY_BIT] = ready_kept;
        rd_data[RESTART_BIT] = auto_restart;
        rd_data[RESET_BIT] = kernel_reset;
        rd_data[INTERRUPT_BIT] = irq;
      end
      if (HAS_CTRL != 0 && rd_word == INDEX_W'(GIE / 4)) rd_data[0] = gie;
      if (HAS_CTRL != 0 && rd_word == INDEX_W'(IER / 4)) rd_data[1:0] = ier;
      if (HAS_CTRL != 0 && rd_word == INDEX_W'(ISR / 4)) rd_data[1:0] = isr;
      if (COUNTED_RESTART != 0 && rd_word == INDEX_W'(COUNTER / 4)) rd_data = count;
      if (MAILBOX_IN != 0 && rd_word == INDEX_W'(INPUT_CTRL / 4)) rd_data[1:0] = {input_pending, input_released};
      if (MAILBOX_OUT != 0 && rd_word == INDEX_W'(OUTPUT_CTRL / 4)) begin
        rd_data[1:0] = {output_pending, output_requested};
      end
    end
  end

  // A unit with arrays only still needs the mailboxes' control; it gets a word that nobody reaches.
  localparam integer ARG_WORDS = N_ARGS > 0 ? N_ARGS : 1;
  localparam integer OUT_WORDS = N_OUT > 0 ? N_OUT : 1;

  /* verilator lint_off UNUSEDSIGNAL */
  /* verilator lint_off UNSIGNED */
  wire                    is_arg_write = wr_en && wr_arg < INDEX_W'(N_ARGS);
  wire                    is_arg_read = rd_en && rd_arg < INDEX_W'(N_ARGS);
  wire                    is_out_read = rd_en && rd_out < INDEX_W'(N_OUT);
  wire [32*ARG_WORDS-1:0] host_args;
  wire [32*ARG_WORDS-1:0] kernel_args;
  wire [32*OUT_WORDS-1:0] host_outs;
  /* verilator lint_on UNSIGNED */
  /* verilator lint_on UNUSEDSIGNAL */

  cu_mailbox_in #(
      .N_ARGS(ARG_WORDS),
      .MAILBOX_IN(MAILBOX_IN),
      .INDEX_W(INDEX_W)
  ) inputs (
      .clk(clk),
      .rst(rst),
      .arg_write(is_arg_write),
      .wr_index(wr_arg),
      .wr_data(wr_data),
      .wr_strb(wr_strb),
      .input_ctrl_write(input_write),
      .take(take),
      .released(input_released),
      .pending(input_pending),
      .release_now(release_now),
      .consume_now(consume_now),
      .host_args(host_args),
      .args(kernel_args)
  );

  assign args = kernel_args[(N_ARGS > 0 ? 32 * N_ARGS : 1)-1:0];
  assign arg_word = is_arg_read ? host_args[32*rd_arg+:32] : 32'd0;

  cu_mailbox_out #(
      .N_OUT(OUT_WORDS),
      .MAILBOX_OUT(MAILBOX_OUT)
  ) results (
      .clk(clk),
      .rst(rst),
      .output_ctrl_write(output_write),
      .wr_data(wr_data[0]),
      .done(done),
      .done_first(done_first),
      .outs((32 * OUT_WORDS)'(outs)),
      .requested(output_requested),
      .pending(output_pending),
      .exchange_now(exchange_now),
      .host_outs(host_outs)
  );

  assign out_word = is_out_read ? host_outs[32*rd_out+:32] : 32'd0;

  wire [31:0] in_array_word;
  wire [31:0] out_array_word;

  generate
    if (IN_ARRAY_W != 0) begin : g_in_array
      localparam integer FIRST = IN_ARRAY_OFFSET / 4;

      wire [INDEX_W-1:0] wr_index = wr_word - INDEX_W'(FIRST);
      wire [INDEX_W-1:0] rd_index = rd_word - INDEX_W'(FIRST);

      cu_array_in #(
          .ARRAY_W(IN_ARRAY_W),
          .MAILBOX_IN(MAILBOX_IN)
      ) in_array (
          .clk(clk),
          .rst(rst),
`ifdef FORMAL
          .pending(input_pending),
`endif
          .host_we(wr_en && wr_index >> IN_ARRAY_W == {INDEX_W{1'b0}}),
          .host_addr(wr_index[IN_ARRAY_W-1:0]),
          .host_wdata(wr_data),
          .host_wstrb(wr_strb),
          .host_re(rd_en && rd_index >> IN_ARRAY_W == {INDEX_W{1'b0}}),
          .host_raddr(rd_index[IN_ARRAY_W-1:0]),
          .host_rdata(in_array_word),
          .release_now(release_now),
          .consume_now(consume_now),
          .kernel_addr(in_array_addr),
          .kernel_data(in_array_data)
      );
    end else begin : g_no_in_array
      assign in_array_word = 32'd0;
      assign in_array_data = 32'd0;
    end

    if (OUT_ARRAY_W != 0) begin : g_out_array
      localparam integer FIRST = OUT_ARRAY_OFFSET / 4;

      wire [INDEX_W-1:0] rd_index = rd_word - INDEX_W'(FIRST);

      cu_array_out #(
          .ARRAY_W(OUT_ARRAY_W),
          .MAILBOX_OUT(MAILBOX_OUT)
      ) out_array (
          .clk(clk),
          .rst(rst),
          .host_re(rd_en && rd_index >> OUT_ARRAY_W == {INDEX_W{1'b0}}),
          .host_raddr(rd_index[OUT_ARRAY_W-1:0]),
          .host_rdata(out_array_word),
          .exchange_now(exchange_now),
          .kernel_we(out_array_we),
          .kernel_addr(out_array_addr),
          .kernel_wdata(out_array_data)
      );

      always_ff @(posedge clk) begin
        if (!rst && MAILBOX_OUT != 0) begin
          assert (!(out_array_we && done && !done_first))
          else $error("kernel writes its output array after done");
        end
      end
    end else begin : g_no_out_array
      assign out_array_word = 32'd0;
    end
  endgenerate

  assign array_word = in_array_word | out_array_word;
  assign active = bus_active || handshake_active;

  always_ff @(posedge clk) begin
    if (!rst) begin
      assert (!(ap_idle && ap_done && PROTOCOL == 0))
      else $error("kernel says done while it is idle");
    end
  end

`ifdef FORMAL
  // A kernel that writes its array is not idle, so it keeps the clock.
  cu_clock_proof #(
      .STATE_W(9 + 64 * ARG_WORDS + 32 * OUT_WORDS),
      .EVENTS(3)
  ) clocked (
      .clk(clk),
      .rst(rst),
      .clocked(active || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || out_array_we),
      .state({gie, ier, isr, input_released, input_pending, output_requested, output_pending, host_args, kernel_args,
              host_outs}),
      .events({release_now, consume_now, exchange_now})
  );

  // A legal kernel; cu_handshake_proof holds the rest of the rules.
  always_comb begin
    assume (!(ap_idle && ap_done));
    assume (!(out_array_we && done && !done_first));
  end

  reg past_valid = 1'b0;

  always_ff @(posedge clk) past_valid <= 1'b1;
  always_comb if (!past_valid) assume (rst);
`endif

endmodule

`default_nettype wire
