// SPDX-License-Identifier: Apache-2.0
// Kernel "vadd": out[i] = a[i] + b[i], unsigned 32 bit, n elements, in chunks of one aligned 512-byte output burst.
//
// Each chunk loads its part of a, then of b (16 or 17 beats each), then stores the sums. Pointers may have any
// 4-byte alignment (their two low bits and the bits above 40 are ignored). Error responses do not stop it.
`default_nettype none
`timescale 1ns / 1ps

module krnl_vadd #(
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

  localparam integer FIRST_ARG = cu_vadd_regs_pkg::A_LO_OFFSET;
  localparam integer A_BIT = 8 * (cu_vadd_regs_pkg::A_LO_OFFSET - FIRST_ARG);
  localparam integer B_BIT = 8 * (cu_vadd_regs_pkg::B_LO_OFFSET - FIRST_ARG);
  localparam integer OUT_BIT = 8 * (cu_vadd_regs_pkg::OUT_LO_OFFSET - FIRST_ARG);
  localparam integer N_BIT = 8 * (cu_vadd_regs_pkg::N_OFFSET - FIRST_ARG);
  localparam integer N_ARGS = N_BIT / 32 + 1;

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] CHUNK = 3'd1;
  localparam [2:0] LOAD = 3'd2;
  localparam [2:0] READY = 3'd3;
  localparam [2:0] STORE = 3'd4;
  localparam [2:0] DONE = 3'd5;

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
  reg  [37:0]  a_word;
  reg  [37:0]  b_word;
  reg  [37:0]  out_word;
  reg  [31:0]  left;
  reg          loading_b;
  reg  [4:0]   load_index;
  wire [3:0]   store_index;
  wire         take;
  wire         take_last;
  wire         load;
  wire         stored;
  wire         reading;
  wire         writing;

  // An input chunk covers at most 17 beats; the index of a neighbour outside it wraps to an unused word.
  reg  [255:0] a_part[0:31];
  reg  [255:0] b_part[0:31];

  wire [7:0]   chunk_room = 8'd128 - {1'b0, out_word[6:0]};
  wire [7:0]   chunk = left < {24'd0, chunk_room} ? left[7:0] : chunk_room;
  wire         last_chunk = left == {24'd0, chunk};

  /* verilator lint_off UNUSEDSIGNAL */  // rounding to beats drops the low bits
  wire [7:0]   load_end = {5'd0, loading_b ? b_word[2:0] : a_word[2:0]} + chunk + 8'd7;
  wire [7:0]   store_end = {5'd0, out_word[2:0]} + chunk + 8'd7;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [3:0]   store_last = store_end[6:3] - 4'd1;

  // Output lane l of beat j takes lane l + (input lane - output lane) of the input.
  wire [2:0]   a_shift = a_word[2:0] - out_word[2:0];
  wire [2:0]   b_shift = b_word[2:0] - out_word[2:0];
  wire [4:0]   a_index = {1'b0, store_index} - {4'd0, a_word[2:0] < out_word[2:0]};
  wire [4:0]   b_index = {1'b0, store_index} - {4'd0, b_word[2:0] < out_word[2:0]};
  wire [4:0]   a_next = a_index + 5'd1;
  wire [4:0]   b_next = b_index + 5'd1;
  wire [2:0]   tail = out_word[2:0] + chunk[2:0];

  function [255:0] window;
    input [255:0] high;
    input [255:0] low;
    input [2:0] shift;
    /* verilator lint_off UNUSEDSIGNAL */  // what is shifted beyond the window
    reg [511:0] both;
    /* verilator lint_on UNUSEDSIGNAL */
    begin
      both = {high, low} >> {shift, 5'd0};
      window = both[255:0];
    end
  endfunction

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

  function [255:0] add;
    input [255:0] x;
    input [255:0] y;
    input [7:0] used;
    integer lane;
    begin
      for (lane = 0; lane < 8; lane = lane + 1) begin
        add[32*lane+:32] = used[lane] ? x[32*lane+:32] + y[32*lane+:32] : 32'd0;
      end
    end
  endfunction

  function [31:0] strobes;
    input [7:0] used;
    integer lane;
    begin
      for (lane = 0; lane < 8; lane = lane + 1) strobes[4*lane+:4] = {4{used[lane]}};
    end
  endfunction

  wire [7:0] store_lanes = lanes_used(store_index == 4'd0, store_index == store_last, out_word[2:0], tail);

  // The store begins in the cycle after the last input beat is taken.
  wire         loaded = state == LOAD && take_last && loading_b && !last_chunk;
  wire         store = !kernel_reset && (loaded || (state == READY && left != 32'd0));

  krnl_burst_read #(
      .ID_W(ID_W),
      .COUNT_W(5)
  ) reader (
      .clk(clk),
      .rst(rst),
      .start(state == CHUNK && !kernel_reset),
      .beat(loading_b ? b_word[37:3] : a_word[37:3]),
      .beats(load_end[7:3]),
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
      .beat(out_word[37:3]),
      .last(store_last),
      .load(load),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .load_last(),
      /* verilator lint_on PINCONNECTEMPTY */
      .index(store_index),
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
  assign ap_ready = PROTOCOL == 1 ? state == READY : state == DONE;
  assign active = ctrl_active || reading || writing || (state != IDLE && (state != DONE || PROTOCOL == 0));

  always_ff @(posedge clk) begin
    if (rst || kernel_reset) begin
      state <= IDLE;
    end else begin
      case (state)
        IDLE: begin
          if (ap_start) begin
            a_word <= args[A_BIT+2+:38];
            b_word <= args[B_BIT+2+:38];
            out_word <= args[OUT_BIT+2+:38];
            left <= args[N_BIT+:32];
            loading_b <= 1'b0;
            state <= args[N_BIT+:32] == 32'd0 ? READY : CHUNK;
          end
        end

        CHUNK: state <= LOAD;

        LOAD: begin
          if (take_last) begin
            loading_b <= !loading_b;
            state <= !loading_b ? CHUNK : last_chunk ? READY : STORE;
          end
        end

        // All inputs are taken: the one cycle in which a chained kernel is ready for its next start.
        READY: state <= left == 32'd0 ? DONE : STORE;

        STORE: begin
          if (stored) begin
            a_word <= a_word + {30'd0, chunk};
            b_word <= b_word + {30'd0, chunk};
            out_word <= out_word + {30'd0, chunk};
            left <= left - {24'd0, chunk};
            state <= last_chunk ? DONE : CHUNK;
          end
        end

        default: begin  // DONE
          if (PROTOCOL == 0 || ap_continue) state <= IDLE;
        end
      endcase
    end
  end

  always_ff @(posedge clk) begin
    if (state == CHUNK) load_index <= 5'd0;
    if (take) begin
      load_index <= load_index + 5'd1;
      if (loading_b) b_part[load_index] <= m_axi_rdata;
      else a_part[load_index] <= m_axi_rdata;
    end
    if (load) begin
      m_axi_wstrb <= strobes(store_lanes);
      m_axi_wdata <= add(
          window(a_part[a_next], a_part[a_index], a_shift),
          window(b_part[b_next], b_part[b_index], b_shift),
          store_lanes
      );
    end
  end

endmodule

`default_nettype wire
