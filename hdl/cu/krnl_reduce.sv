// SPDX-License-Identifier: Apache-2.0
// Kernel "reduce": unsigned sum, minimum, maximum and exclusive or of n words, written as 16 bytes at out.
//
// Reads stream through eight lanes of accumulators with up to two bursts requested; the lanes are folded at the
// end. Pointers may have any 4-byte alignment (their two low bits and the bits above 40 are ignored); a result
// that straddles two beats takes two single-beat writes. Error responses do not stop it.
`default_nettype none
`timescale 1ns / 1ps

module krnl_reduce #(
    parameter integer ADDR_W   = 16,
    parameter integer ID_W     = 1,
    parameter integer PROTOCOL = 0  // 0 AP_CTRL_HS, 1 AP_CTRL_CHAIN
) (
    input  wire               clk,
    input  wire               rst,

    input  wire [ADDR_W-1:0]  s_axil_awaddr,
    input  wire               s_axil_awvalid,
    output wire               s_axil_awready,
    input  wire [31:0]        s_axil_wdata,
    input  wire [3:0]         s_axil_wstrb,
    input  wire               s_axil_wvalid,
    output wire               s_axil_wready,
    output wire [1:0]         s_axil_bresp,
    output wire               s_axil_bvalid,
    input  wire               s_axil_bready,
    input  wire [ADDR_W-1:0]  s_axil_araddr,
    input  wire               s_axil_arvalid,
    output wire               s_axil_arready,
    output wire [31:0]        s_axil_rdata,
    output wire [1:0]         s_axil_rresp,
    output wire               s_axil_rvalid,
    input  wire               s_axil_rready,

    output wire [ID_W-1:0]    m_axi_awid,
    output wire [39:0]        m_axi_awaddr,
    output wire [7:0]         m_axi_awlen,
    output wire [2:0]         m_axi_awsize,
    output wire [1:0]         m_axi_awburst,
    output wire               m_axi_awvalid,
    input  wire               m_axi_awready,
    output reg  [255:0]       m_axi_wdata,
    output reg  [31:0]        m_axi_wstrb,
    output wire               m_axi_wlast,
    output wire               m_axi_wvalid,
    input  wire               m_axi_wready,
    /* verilator lint_off UNUSEDSIGNAL */  // one thread: the id says nothing; error responses are swallowed
    input  wire [ID_W-1:0]    m_axi_bid,
    input  wire [1:0]         m_axi_bresp,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire               m_axi_bvalid,
    output wire               m_axi_bready,
    output wire [ID_W-1:0]    m_axi_arid,
    output wire [39:0]        m_axi_araddr,
    output wire [7:0]         m_axi_arlen,
    output wire [2:0]         m_axi_arsize,
    output wire [1:0]         m_axi_arburst,
    output wire               m_axi_arvalid,
    input  wire               m_axi_arready,
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [ID_W-1:0]    m_axi_rid,
    input  wire [1:0]         m_axi_rresp,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [255:0]       m_axi_rdata,
    input  wire               m_axi_rlast,
    input  wire               m_axi_rvalid,
    output wire               m_axi_rready,

    output wire               irq,
    output wire               active
);

  localparam integer FIRST_ARG = cu_reduce_regs_pkg::IN_LO_OFFSET;
  localparam integer IN_BIT = 8 * (cu_reduce_regs_pkg::IN_LO_OFFSET - FIRST_ARG);
  localparam integer OUT_BIT = 8 * (cu_reduce_regs_pkg::OUT_LO_OFFSET - FIRST_ARG);
  localparam integer N_BIT = 8 * (cu_reduce_regs_pkg::N_OFFSET - FIRST_ARG);
  localparam integer N_ARGS = N_BIT / 32 + 1;

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] STREAM = 3'd1;
  localparam [2:0] FOLD = 3'd2;
  localparam [2:0] WRITE = 3'd3;
  localparam [2:0] DONE = 3'd4;

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

  // Addresses count 4-byte words (38 bits) or 32-byte beats (35 bits).
  reg  [2:0]   state;
  reg  [37:0]  out_word;
  reg          take_first;
  reg  [2:0]   take_from;
  reg  [2:0]   take_to;
  reg  [255:0] sums;
  reg  [255:0] mins;
  reg  [255:0] maxs;
  reg  [255:0] xors;
  reg  [2:0]   fold_index;
  reg          second_write;
  wire         take;
  wire         take_last;
  wire         load;
  wire         stored;
  wire         reading;
  wire         writing;

  /* verilator lint_off UNUSEDSIGNAL */  // rounding to beats drops the low bits
  wire [32:0]  in_end = {30'd0, args[IN_BIT+2+:3]} + {1'b0, args[N_BIT+:32]} + 33'd7;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [2:0]   in_to = args[IN_BIT+2+:3] + args[N_BIT+:3];

  wire [7:0]   take_lanes = lanes_used(take_first, take_last, take_from, take_to);

  wire [511:0] result = {384'd0, xors[31:0], maxs[31:0], mins[31:0], sums[31:0]} << {out_word[2:0], 5'd0};
  wire [63:0]  result_strobes = 64'h0000_0000_0000_FFFF << {out_word[2:0], 2'd0};
  wire         straddles = out_word[2:0] > 3'd4;

  function [7:0] lanes_used;
    input first;
    input last;
    input [2:0] from;
    input [2:0] to;
    begin
      lanes_used = first ? 8'hFF << from : 8'hFF;
      if (last && to != 3'd0) lanes_used = lanes_used & ~(8'hFF << to);
    end
  endfunction

  wire         run = state == IDLE && ap_start && !kernel_reset;
  wire         again = state == WRITE && stored && straddles && !second_write;
  wire         store = !kernel_reset && ((state == FOLD && fold_index == 3'd7) || again);

  krnl_burst_read #(
      .ID_W(ID_W),
      .COUNT_W(30)
  ) reader (
      .clk(clk),
      .rst(rst),
      .start(run && args[N_BIT+:32] != 32'd0),
      .beat(args[IN_BIT+5+:35]),
      .beats(in_end[32:3]),
      .hold(1'b0),
      .stop(kernel_reset),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .ask(),
      .ask_beats(),
      /* verilator lint_on PINCONNECTEMPTY */
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

  krnl_burst_write #(
      .ID_W(ID_W)
  ) writer (
      .clk(clk),
      .rst(rst),
      .start(store),
      .beat(out_word[37:3] + {34'd0, again}),
      .last(4'd0),
      .load(load),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .load_last(),
      .index(),
      /* verilator lint_on PINCONNECTEMPTY */
      .finish(stored),
      .busy(writing),
      .m_axi_awid(m_axi_awid),
      .m_axi_awaddr(m_axi_awaddr),
      .m_axi_awlen(m_axi_awlen),
      .m_axi_awsize(m_axi_awsize),
      .m_axi_awburst(m_axi_awburst),
      .m_axi_awvalid(m_axi_awvalid),
      .m_axi_awready(m_axi_awready),
      .m_axi_wlast(m_axi_wlast),
      .m_axi_wvalid(m_axi_wvalid),
      .m_axi_wready(m_axi_wready),
      .m_axi_bvalid(m_axi_bvalid),
      .m_axi_bready(m_axi_bready)
  );

  assign kernel_quiet = state == IDLE && !reading && !writing;
  assign ap_idle = state == IDLE;
  assign ap_done = state == DONE;
  assign ap_ready = PROTOCOL == 1 ? state == FOLD && fold_index == 3'd1 : state == DONE;
  assign active = ctrl_active || reading || writing || (state != IDLE && (state != DONE || PROTOCOL == 0));

  always_ff @(posedge clk) begin
    if (rst || kernel_reset) begin
      state <= IDLE;
    end else begin
      case (state)
        IDLE: begin
          if (ap_start) begin
            out_word <= args[OUT_BIT+2+:38];
            take_from <= args[IN_BIT+2+:3];
            take_to <= in_to;
            fold_index <= 3'd1;
            state <= args[N_BIT+:32] == 32'd0 ? FOLD : STREAM;
          end
        end

        STREAM: if (take_last) state <= FOLD;

        FOLD: begin
          fold_index <= fold_index + 3'd1;
          second_write <= 1'b0;
          if (fold_index == 3'd7) state <= WRITE;
        end

        WRITE: begin
          if (again) second_write <= 1'b1;
          else if (stored) state <= DONE;
        end

        default: begin  // DONE
          if (PROTOCOL == 0 || ap_continue) state <= IDLE;
        end
      endcase
    end
  end

  always_ff @(posedge clk) begin
    if (load) begin
      m_axi_wdata <= second_write ? result[511:256] : result[255:0];
      m_axi_wstrb <= second_write ? result_strobes[63:32] : result_strobes[31:0];
    end
  end

  integer lane;

  // One beat a cycle into the lanes, then lane 0 collects the others.
  always_ff @(posedge clk) begin
    if (run) begin
      take_first <= 1'b1;
      sums <= 256'd0;
      mins <= {256{1'b1}};
      maxs <= 256'd0;
      xors <= 256'd0;
    end else if (take) begin
      take_first <= 1'b0;
      for (lane = 0; lane < 8; lane = lane + 1) begin
        if (take_lanes[lane]) begin
          sums[32*lane+:32] <= sums[32*lane+:32] + m_axi_rdata[32*lane+:32];
          xors[32*lane+:32] <= xors[32*lane+:32] ^ m_axi_rdata[32*lane+:32];
          if (m_axi_rdata[32*lane+:32] < mins[32*lane+:32]) mins[32*lane+:32] <= m_axi_rdata[32*lane+:32];
          if (m_axi_rdata[32*lane+:32] > maxs[32*lane+:32]) maxs[32*lane+:32] <= m_axi_rdata[32*lane+:32];
        end
      end
    end else if (state == FOLD) begin
      sums[31:0] <= sums[31:0] + sums[32*fold_index+:32];
      xors[31:0] <= xors[31:0] ^ xors[32*fold_index+:32];
      if (mins[32*fold_index+:32] < mins[31:0]) mins[31:0] <= mins[32*fold_index+:32];
      if (maxs[32*fold_index+:32] > maxs[31:0]) maxs[31:0] <= maxs[32*fold_index+:32];
    end
  end

endmodule

`default_nettype wire
