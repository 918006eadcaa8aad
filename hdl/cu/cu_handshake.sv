// SPDX-License-Identifier: Apache-2.0
// Handshake of a compute unit with its kernel: start, ready, done, continue, auto-restart and software reset.
//
// Behaviour of the block that Vitis HLS generates, counted restart and software reset as XRT uses them: XRT
// compute unit contract §1, §3, §7. At `ap_ready` the kernel is started again without a gap in `ap_start` while
// the counter is not 0 or AUTO_RESTART is set; CTRL tells the host of the last execution only.
`default_nettype none
`timescale 1ns / 1ps

module cu_handshake #(
    parameter integer PROTOCOL        = 0,  // 0 AP_CTRL_HS, 1 AP_CTRL_CHAIN, 2 AP_CTRL_NONE
    parameter integer COUNTED_RESTART = 0,
    parameter integer SW_RESET        = 0
) (
    input  wire        clk,
    input  wire        rst,

    // One pulse per host access.
    input  wire        ctrl_write,
    input  wire        ctrl_read,
    input  wire        count_write,
    /* verilator lint_off UNUSEDSIGNAL */  // CTRL uses few bits, a unit without counter still fewer
    input  wire [31:0] wr_data,
    input  wire [3:0]  wr_strb,
    /* verilator lint_on UNUSEDSIGNAL */

    output wire        ap_start,
    output wire        ap_continue,
    input  wire        ap_done,
    input  wire        ap_ready,
    input  wire        ap_idle,
    output wire        kernel_reset,
    input  wire        kernel_quiet,

    output wire        take,        // a start from stop or an auto-restart is taken at this edge
    output wire        done,        // outputs are valid: at every execution, for as long as the kernel says so
    output wire        done_first,  // the first cycle of `done`
    output wire        isr_done,
    output wire        isr_ready,
    output wire        abandon,     // software reset: what the kernel says does not count

    output wire        done_visible,
    output reg         ready_kept,
    output reg         auto_restart,
    output reg  [31:0] count,
    output wire        active
);

  localparam integer START_BIT = cu_mailbox_regs_pkg::CTRL_AP_START_LSB;
  localparam integer CONTINUE_BIT = cu_mailbox_regs_pkg::CTRL_AP_CONTINUE_LSB;
  localparam integer RESTART_BIT = cu_mailbox_regs_pkg::CTRL_AUTO_RESTART_LSB;
  localparam integer RESET_BIT = cu_mailbox_regs_pkg::CTRL_SW_RESET_LSB;
  localparam [31:0] FOR_EVER = 32'hFFFFFFFF;
  localparam [2:0] MOST_IN_FLIGHT = 3'd4;

  reg        started;
  reg        resetting;
  reg        continue_pulse;
  reg        done_kept;
  reg        done_before;

  wire       start_write = ctrl_write && wr_strb[0] && wr_data[START_BIT];
  wire       reset_write = SW_RESET != 0 && ctrl_write && wr_strb[RESET_BIT/8] && wr_data[RESET_BIT];
  wire       counted = COUNTED_RESTART != 0 && count != 32'd0;
  wire       again = counted || auto_restart;
  wire       ready = ap_ready && !abandon;

  // A start written to a started kernel is the same start, except when the kernel is just ready for the next.
  assign take = PROTOCOL != 2 && !abandon && (ap_ready ? again || start_write : start_write && !started);
  assign abandon = reset_write || resetting;
  assign kernel_reset = resetting;

  // Executions between ready and done, oldest in the low bits: {hidden from CTRL, hidden from ISR}. An execution
  // that another one follows by itself is not the end of the run: CTRL hides it. A counted run is one completion
  // for XRT, so ISR hides it too; free running leaves one interrupt per execution, as the generated block does.
  reg  [7:0] flight;
  reg  [2:0] flights;
  wire [1:0] newest = {again, counted};
  wire [1:0] oldest = flights != 3'd0 ? flight[1:0] : ap_ready ? newest : 2'b00;
  wire       hidden = oldest[1];
  wire       retire = done && (PROTOCOL != 1 || ap_continue);
  wire       push = ready && !(retire && flights == 3'd0);
  wire       pop = retire && flights != 3'd0;

  assign done = ap_done && !abandon;
  assign done_first = done && !done_before;
  assign isr_done = PROTOCOL != 2 && done && !oldest[0];
  assign isr_ready = PROTOCOL != 2 && ready && !counted;
  assign done_visible = PROTOCOL == 1 ? done && !hidden : done_kept;

  // Nobody reads CTRL between two executions of a run: the block itself continues a chained kernel.
  assign ap_start = PROTOCOL == 2 || started;
  assign ap_continue = PROTOCOL == 2 || continue_pulse || (done && hidden);

  // A start waits here for an idle kernel only: one that is not idle keeps its own clock, or hangs.
  // A held ap_done (CHAIN) needs one edge; whatever the host does about it brings its own.
  wire       offered = started && ap_idle;

  assign active = PROTOCOL == 2 ? ap_done : offered || resetting || continue_pulse || ap_ready
                                    || (PROTOCOL == 1 ? done_first || done && hidden : ap_done);

  wire       step = rst || ctrl_write || ctrl_read || count_write || resetting || continue_pulse || ap_ready || ap_done
                        || done_before;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      started <= 1'b0;
      resetting <= 1'b0;
      continue_pulse <= 1'b0;
      done_kept <= 1'b0;
      done_before <= 1'b0;
      ready_kept <= 1'b0;
      auto_restart <= 1'b0;
      flight <= 8'd0;
      flights <= 3'd0;
    end else begin
      if (reset_write) resetting <= 1'b1;
      else if (kernel_quiet) resetting <= 1'b0;

      if (abandon) started <= 1'b0;
      else if (take) started <= 1'b1;
      else if (ap_ready) started <= 1'b0;

      continue_pulse <= ctrl_write && wr_strb[0] && wr_data[CONTINUE_BIT] && !abandon;
      done_before <= PROTOCOL == 1 && done && !ap_continue;

      if (abandon) done_kept <= 1'b0;
      else if (ap_done && !hidden) done_kept <= 1'b1;
      else if (ctrl_read) done_kept <= 1'b0;

      if (abandon) ready_kept <= 1'b0;
      else if (ap_ready && !again) ready_kept <= 1'b1;
      else if (ctrl_read) ready_kept <= 1'b0;

      // Every write of the byte sets it, also one that only continues: so does the generated block.
      if (abandon) auto_restart <= 1'b0;
      else if (ctrl_write && wr_strb[0]) auto_restart <= wr_data[RESTART_BIT];

      if (abandon) begin
        flights <= 3'd0;
      end else begin
        flights <= flights + {2'd0, push} - {2'd0, pop};
        if (pop && !push) begin
          flight <= {2'b00, flight[7:2]};
        end else if (push) begin
          if (pop) flight <= {2'b00, flight[7:2]};
          flight[2*(flights-{2'd0, pop})+:2] <= newest;
        end
      end
    end
  end

  // The host's write wins over the block's own step in the same cycle.
  integer b;

  always_ff @(posedge clk) if (rst || count_write || reset_write || (take && counted)) begin
    if (rst || reset_write || COUNTED_RESTART == 0) begin
      count <= 32'd0;
    end else if (count_write) begin
      for (b = 0; b < 4; b = b + 1) if (wr_strb[b]) count[8*b+:8] <= wr_data[8*b+:8];
    end else if (count != FOR_EVER) begin
      count <= count - 32'd1;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst && PROTOCOL != 2) begin
      assert (!(ready && !started))
      else $error("kernel says ready without a start");
      assert (!(push && !pop && flights == MOST_IN_FLIGHT))
      else $error("more than four executions between ready and done");
    end
  end

`ifdef FORMAL
  cu_handshake_proof #(
      .PROTOCOL(PROTOCOL),
      .COUNTED_RESTART(COUNTED_RESTART)
  ) proof (
      .clk(clk),
      .rst(rst),
      .active(active),
      .start_write(start_write),
      .restart_write(ctrl_write && wr_strb[0]),
      .ctrl_read(ctrl_read),
      .count_write(count_write),
      .wr_data(wr_data),
      .wr_strb(wr_strb),
      .reset_write(reset_write),
      .ap_start(ap_start),
      .ap_continue(ap_continue),
      .ap_done(ap_done),
      .ap_ready(ap_ready),
      .ap_idle(ap_idle),
      .kernel_reset(kernel_reset),
      .kernel_quiet(kernel_quiet),
      .take(take),
      .isr_done(isr_done),
      .done_visible(done_visible),
      .ready_kept(ready_kept),
      .auto_restart(auto_restart),
      .count(count),
      .flight(flight),
      .flights(flights),
      .done_before(done_before)
  );

  cu_clock_proof #(
      .STATE_W(50)
  ) clocked (
      .clk(clk),
      .rst(rst),
      .clocked(active || ctrl_write || ctrl_read || count_write),
      .state({started, resetting, continue_pulse, done_kept, done_before, ready_kept, auto_restart, flight, flights,
              count}),
      .events(take)
  );
`endif

endmodule

`default_nettype wire
