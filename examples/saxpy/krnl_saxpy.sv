// SPDX-License-Identifier: Apache-2.0
// Kernel "saxpy": y[i] += a * x[i], in place, one 32-byte beat at a time: read x, read y, write y.
//
// Pointers are 32-byte aligned (lower bits and those above 40 are ignored). Error responses do not stop it.
`default_nettype none
`timescale 1ns / 1ps

module krnl_saxpy #(
    parameter integer ADDR_W = 16,
    parameter integer ID_W   = 1
) (
    input  wire                      clk,
    input  wire                      rst,

    input  wire [ADDR_W-1:0]         s_axil_awaddr,
    input  wire                      s_axil_awvalid,
    output wire                      s_axil_awready,
    input  wire [31:0]               s_axil_wdata,
    input  wire [3:0]                s_axil_wstrb,
    input  wire                      s_axil_wvalid,
    output wire                      s_axil_wready,
    output wire [1:0]                s_axil_bresp,
    output wire                      s_axil_bvalid,
    input  wire                      s_axil_bready,
    input  wire [ADDR_W-1:0]         s_axil_araddr,
    input  wire                      s_axil_arvalid,
    output wire                      s_axil_arready,
    output wire [31:0]               s_axil_rdata,
    output wire [1:0]                s_axil_rresp,
    output wire                      s_axil_rvalid,
    input  wire                      s_axil_rready,

    /* verilator lint_off UNUSEDSIGNAL */  // one thread, single beats: ids, responses and RLAST say nothing
    output wire [ID_W-1:0]           m_axi_awid,
    output wire [39:0]               m_axi_awaddr,
    output wire [7:0]                m_axi_awlen,
    output wire [2:0]                m_axi_awsize,
    output wire [1:0]                m_axi_awburst,
    output wire                      m_axi_awvalid,
    input  wire                      m_axi_awready,
    output wire [255:0]              m_axi_wdata,
    output wire [31:0]               m_axi_wstrb,
    output wire                      m_axi_wlast,
    output wire                      m_axi_wvalid,
    input  wire                      m_axi_wready,
    input  wire [ID_W-1:0]           m_axi_bid,
    input  wire [1:0]                m_axi_bresp,
    input  wire                      m_axi_bvalid,
    output wire                      m_axi_bready,
    output wire [ID_W-1:0]           m_axi_arid,
    output wire [39:0]               m_axi_araddr,
    output wire [7:0]                m_axi_arlen,
    output wire [2:0]                m_axi_arsize,
    output wire [1:0]                m_axi_arburst,
    output wire                      m_axi_arvalid,
    input  wire                      m_axi_arready,
    input  wire [ID_W-1:0]           m_axi_rid,
    input  wire [255:0]              m_axi_rdata,
    input  wire [1:0]                m_axi_rresp,
    input  wire                      m_axi_rlast,
    input  wire                      m_axi_rvalid,
    output wire                      m_axi_rready,
    /* verilator lint_on UNUSEDSIGNAL */

    output wire                      irq,
    output wire                      active
);

  localparam integer FIRST_ARG = cu_saxpy_regs_pkg::X_LO_OFFSET;
  localparam integer X_BIT = 8 * (cu_saxpy_regs_pkg::X_LO_OFFSET - FIRST_ARG);
  localparam integer Y_BIT = 8 * (cu_saxpy_regs_pkg::Y_LO_OFFSET - FIRST_ARG);
  localparam integer A_BIT = 8 * (cu_saxpy_regs_pkg::A_OFFSET - FIRST_ARG);
  localparam integer N_BIT = 8 * (cu_saxpy_regs_pkg::N_OFFSET - FIRST_ARG);
  localparam integer N_ARGS = N_BIT / 32 + 1;

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] ASK_X = 3'd1;
  localparam [2:0] GET_X = 3'd2;
  localparam [2:0] ASK_Y = 3'd3;
  localparam [2:0] GET_Y = 3'd4;
  localparam [2:0] PUT_Y = 3'd5;
  localparam [2:0] PUT_END = 3'd6;
  localparam [2:0] DONE = 3'd7;

  wire                 ap_start;
  wire                 ctrl_active;
  /* verilator lint_off UNUSEDSIGNAL */  // reserved words, upper and lower address bits
  wire [32*N_ARGS-1:0] args;
  /* verilator lint_on UNUSEDSIGNAL */
  reg  [2:0]           state;
  reg  [34:0]          x_beat;
  reg  [34:0]          y_beat;
  reg  [31:0]          factor;
  reg  [31:0]          left;  // words
  reg  [255:0]         x_data;
  reg  [255:0]         y_data;
  reg                  aw_done;
  reg                  w_done;

  cu_ctrl #(
      .ADDR_W(ADDR_W),
      .N_ARGS(N_ARGS)
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
      .ap_done(state == DONE),
      .ap_ready(state == DONE),
      .ap_idle(state == IDLE),
      .args(args),
      .outs(1'b0),
      .kernel_quiet(1'b1),
      .in_array_addr(1'b0),
      .out_array_we(1'b0),
      .out_array_addr(1'b0),
      .out_array_data(32'd0),
      /* verilator lint_off PINCONNECTEMPTY */  // AP_CTRL_HS, no software reset, no arrays
      .ap_continue(),
      .kernel_reset(),
      .in_array_data(),
      /* verilator lint_on PINCONNECTEMPTY */
      .irq(irq),
      .active(ctrl_active)
  );

  assign active = ctrl_active || state != IDLE;

  assign m_axi_arid = {ID_W{1'b0}};
  assign m_axi_araddr = {state == ASK_X ? x_beat : y_beat, 5'd0};
  assign m_axi_arlen = 8'd0;
  assign m_axi_arsize = 3'd5;
  assign m_axi_arburst = 2'd1;
  assign m_axi_arvalid = state == ASK_X || state == ASK_Y;
  assign m_axi_rready = state == GET_X || state == GET_Y;

  assign m_axi_awid = {ID_W{1'b0}};
  assign m_axi_awaddr = {y_beat, 5'd0};
  assign m_axi_awlen = 8'd0;
  assign m_axi_awsize = 3'd5;
  assign m_axi_awburst = 2'd1;
  assign m_axi_awvalid = state == PUT_Y && !aw_done;
  assign m_axi_wdata = y_data;
  assign m_axi_wstrb = left >= 32'd8 ? 32'hFFFFFFFF : ~(32'hFFFFFFFF << {left[2:0], 2'd0});
  assign m_axi_wlast = 1'b1;
  assign m_axi_wvalid = state == PUT_Y && !w_done;
  assign m_axi_bready = state == PUT_END;

  function [255:0] multiply_add;
    input [255:0] x;
    input [255:0] y;
    input [31:0] a;
    integer lane;
    begin
      for (lane = 0; lane < 8; lane = lane + 1)
        multiply_add[32*lane+:32] = y[32*lane+:32] + a * x[32*lane+:32];
    end
  endfunction

  wire aw_ok = aw_done || m_axi_awready;
  wire w_ok = w_done || m_axi_wready;

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= IDLE;
    end else begin
      case (state)
        IDLE:
        if (ap_start) begin
          x_beat <= args[X_BIT+5+:35];
          y_beat <= args[Y_BIT+5+:35];
          factor <= args[A_BIT+:32];
          left <= args[N_BIT+:32];
          state <= args[N_BIT+:32] == 32'd0 ? DONE : ASK_X;
        end
        ASK_X: if (m_axi_arready) state <= GET_X;
        GET_X:
        if (m_axi_rvalid) begin
          x_data <= m_axi_rdata;
          state <= ASK_Y;
        end
        ASK_Y: if (m_axi_arready) state <= GET_Y;
        GET_Y:
        if (m_axi_rvalid) begin
          y_data <= multiply_add(x_data, m_axi_rdata, factor);
          aw_done <= 1'b0;
          w_done <= 1'b0;
          state <= PUT_Y;
        end
        PUT_Y: begin
          aw_done <= aw_ok;
          w_done <= w_ok;
          if (aw_ok && w_ok) state <= PUT_END;
        end
        PUT_END:
        if (m_axi_bvalid) begin
          x_beat <= x_beat + 35'd1;
          y_beat <= y_beat + 35'd1;
          left <= left - 32'd8;
          state <= left > 32'd8 ? ASK_X : DONE;
        end
        default: state <= IDLE;
      endcase
    end
  end

endmodule

`default_nettype wire
