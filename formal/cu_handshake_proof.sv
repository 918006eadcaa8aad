// SPDX-License-Identifier: Apache-2.0
// Handshake of a compute unit with any legal kernel: no start is lost, none runs twice, a counted run has as many
// executions as it should, the host hears of the last one only, and a start that an idle kernel has not seen keeps
// the clock on. Assumed: at most two executions between ready and done.
`default_nettype none

module cu_handshake_proof #(
    parameter integer PROTOCOL        = 0,
    parameter integer COUNTED_RESTART = 0
) (
    input wire        clk,
    input wire        rst,
    input wire        active,
    input wire        start_write,
    input wire        restart_write,  // a write of AUTO_RESTART, with wr_data[7]
    input wire        ctrl_read,
    input wire        count_write,
    input wire [31:0] wr_data,
    input wire [3:0]  wr_strb,
    input wire        reset_write,
    input wire        ap_start,
    input wire        ap_continue,
    input wire        ap_done,
    input wire        ap_ready,
    input wire        ap_idle,
    input wire        kernel_reset,
    input wire        kernel_quiet,
    input wire        take,
    input wire        isr_done,
    input wire        done_visible,
    input wire        ready_kept,
    input wire        auto_restart,
    input wire [31:0] count,
    input wire [7:0]  flight,
    input wire [2:0]  flights,
    input wire        done_before
);

  reg past_valid = 1'b0;
  always @(posedge clk) past_valid <= 1'b1;

  // The kernel: `front` takes inputs; it begins when it likes. `behind` executions are between ready and done.
  (* anyseq *) wire willing;
  reg         front;
  reg  [1:0]  behind;
  wire        begins = ap_start && !front && willing && !kernel_reset;
  wire        retires = ap_done && (PROTOCOL == 0 || ap_continue);
  wire        resets = kernel_reset && kernel_quiet;

  always @(posedge clk) begin
    if (rst || resets) begin
      front <= 1'b0;
      behind <= 2'd0;
    end else begin
      if (ap_ready) front <= 1'b0;
      else if (begins) front <= 1'b1;
      behind <= behind + {1'b0, ap_ready} - {1'b0, retires};
    end
  end

  always @* begin
    assume (!ap_ready || (front && behind != 2'd2));
    assume (!ap_done || behind != 2'd0 || ap_ready);
    assume (!ap_idle || (!front && behind == 2'd0));
  end
  always @(posedge clk) begin
    if (past_valid && PROTOCOL == 1 && $past(ap_done && !ap_continue && !rst && !reset_write)) assume (ap_done || kernel_reset);
    if (rst) assume (!ap_done && !ap_ready);
  end

  // What the host has asked for and the kernel has not begun.
  reg         owed;
  reg  [31:0] left;      // the counter
  reg         free;      // AUTO_RESTART
  wire        abandons = reset_write || kernel_reset;
  wire        accepts = start_write && ((!owed && !front) || ap_ready) && !abandons;
  wire        again = free || (COUNTED_RESTART != 0 && left != 32'd0);
  wire        restarts = ap_ready && again && !abandons;
  integer     b;

  always @(posedge clk) begin
    if (rst || abandons) owed <= 1'b0;
    else if (accepts || restarts) owed <= 1'b1;
    else if (begins) owed <= 1'b0;

    if (rst || abandons) free <= 1'b0;
    else if (restart_write) free <= wr_data[7];

    if (rst || reset_write || COUNTED_RESTART == 0) begin
      left <= 32'd0;
    end else if (count_write) begin
      for (b = 0; b < 4; b = b + 1) if (wr_strb[b]) left[8*b+:8] <= wr_data[8*b+:8];
    end else if ((accepts || restarts) && left != 32'd0 && left != 32'hFFFFFFFF) begin
      left <= left - 32'd1;
    end
  end

  // Is the execution that is done the last of its run, and does its interrupt count?
  reg         last0;
  reg         last1;
  reg         loud0;
  reg         loud1;
  wire        loud = !(COUNTED_RESTART != 0 && left != 32'd0);
  wire        last_now = behind != 2'd0 ? last0 : !again;
  wire        loud_now = behind != 2'd0 ? loud0 : loud;
  reg         told;      // AP_CTRL_HS: a last done that nobody has read

  always @(posedge clk) begin
    if (ap_ready && (behind == 2'd0 || (behind == 2'd1 && retires))) begin
      last0 <= !again;
      loud0 <= loud;
    end else if (retires) begin
      last0 <= last1;
      loud0 <= loud1;
    end
    if (ap_ready && behind == 2'd1) begin
      last1 <= !again;
      loud1 <= loud;
    end
    if (rst || abandons) told <= 1'b0;
    else if (ap_done && last_now) told <= 1'b1;
    else if (ctrl_read) told <= 1'b0;
  end

  always @(posedge clk) begin
    if (past_valid && !rst) begin
      assert (count == left);
      assert (auto_restart == free);
      assert (take == (accepts || restarts));
      if (!abandons) begin
        assert (ap_start == (owed || front));
        assert (!(owed && front));
        if (begins) assert (owed);
        // What a kernel that is not idle takes, it takes under its own clock.
        if (begins && ap_idle) assert (active);
        assert (flights == behind);
        if (behind != 2'd0) assert (flight[1:0] == {!last0, !loud0});
        if (behind == 2'd2) assert (flight[3:2] == {!last1, !loud1});
        assert (isr_done == (ap_done && loud_now));
        if (PROTOCOL == 0) assert (done_visible == told);
        else assert (done_visible == (ap_done && last_now));
      end else begin
        assert (!isr_done);
      end
      if (done_before) assert (ap_done || kernel_reset);
      if (kernel_reset) assert (!ap_start && flights == 3'd0);
      assert (behind <= 2'd2);
      cover (begins && left == 32'd2);
      cover (ap_start && front && !active);
      cover (ap_done && last_now && loud_now && $past(left) == 32'd0);
    end
  end

endmodule

`default_nettype wire
