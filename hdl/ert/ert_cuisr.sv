// SPDX-License-Identifier: Apache-2.0
// Interrupt collector (CUISR): takes back the interrupt of a compute unit and reports the unit to the scheduler.
//
// For a unit whose line is high: read ISR, read CTRL (clears done), continue a unit that said done (a chained one holds
// done, and with it ISR, until then), write ISR's value back (clears it), and only then report, so that whatever
// the scheduler starts next cannot be mistaken for this. The next unit is the first
// after the last one served. A unit that answers with an error, or whose line stays high although its ISR
// is 0, is left alone until its line falls.
`default_nettype none
`timescale 1ns / 1ps

module ert_cuisr #(
    parameter integer NUM_CU = 4
) (
    input  wire              clk,
    input  wire              rst,

    input  wire              enable,
    input  wire [NUM_CU-1:0] cu_irq,

    // Where unit n is: by_address says table entry n * 4, else cu_base*4 + (n << cu_offset).
    input  wire              by_address,
    /* verilator lint_off UNUSEDSIGNAL */  // 32-bit registers for word addresses and a shift
    input  wire [31:0]       cu_base,
    input  wire [31:0]       cu_offset,
    input  wire [31:0]       lut_data,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire [6:0]        lut_index,

    output wire [31:0]       m_axil_awaddr,
    output reg               m_axil_awvalid,
    input  wire              m_axil_awready,
    output wire [31:0]       m_axil_wdata,
    output reg               m_axil_wvalid,
    input  wire              m_axil_wready,
    input  wire [1:0]        m_axil_bresp,
    input  wire              m_axil_bvalid,
    output wire              m_axil_bready,
    output wire [31:0]       m_axil_araddr,
    output reg               m_axil_arvalid,
    input  wire              m_axil_arready,
    input  wire [31:0]       m_axil_rdata,
    input  wire [1:0]        m_axil_rresp,
    input  wire              m_axil_rvalid,
    output wire              m_axil_rready,

    // Unit `report_unit` is done.
    output wire              report,
    output wire [6:0]        report_unit,

    output wire              idle,
    output wire              active
);

  localparam integer SEL_W = NUM_CU > 1 ? $clog2(NUM_CU) : 1;

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] LOCATE = 3'd1;
  localparam [2:0] STATUS = 3'd2;
  localparam [2:0] CONTROL = 3'd3;
  localparam [2:0] CONTINUE = 3'd4;
  localparam [2:0] CLEAR = 3'd5;
  localparam [2:0] SETTLE = 3'd6;

  localparam [31:0] AP_CONTINUE = 32'd1 << cu_ctrl_regs_pkg::CTRL_AP_CONTINUE_LSB;
  localparam [31:0] AUTO_RESTART = 32'd1 << cu_ctrl_regs_pkg::CTRL_AUTO_RESTART_LSB;

  reg  [2:0]        state;
  reg  [SEL_W-1:0]  n;
  reg  [31:0]       unit;
  reg  [31:0]       cause;
  reg  [31:0]       control;
  reg               held;
  reg  [NUM_CU-1:0] muted;

  wire [NUM_CU-1:0] waiting = enable ? cu_irq & ~muted : {NUM_CU{1'b0}};
  wire              requested = waiting != {NUM_CU{1'b0}};
  wire              wrong = m_axil_rresp != 2'b00;

  assign idle = state == IDLE;
  // A muted unit needs an edge when its line falls.
  assign active = state != IDLE || requested || (muted & ~cu_irq) != {NUM_CU{1'b0}};
  assign lut_index = report_unit;
  assign report = state == CLEAR && m_axil_bvalid && m_axil_bresp == 2'b00;
  assign m_axil_araddr = unit + (state == STATUS ? cu_ctrl_regs_pkg::ISR_OFFSET : cu_ctrl_regs_pkg::CTRL_OFFSET);
  assign m_axil_rready = state == STATUS || state == CONTROL;
  assign m_axil_awaddr = unit + (state == CONTINUE ? cu_ctrl_regs_pkg::CTRL_OFFSET : cu_ctrl_regs_pkg::ISR_OFFSET);
  // A write of CTRL sets AUTO_RESTART too: leave it as it is.
  assign m_axil_wdata = state == CONTINUE ? AP_CONTINUE | (control & AUTO_RESTART) : cause;
  assign m_axil_bready = state == CONTINUE || state == CLEAR;

  generate
    if (SEL_W == 7) begin : g_all
      assign report_unit = n;
    end else begin : g_some
      assign report_unit = {{7 - SEL_W{1'b0}}, n};
    end
  endgenerate

  // The first waiting unit after `from`, or `from` itself.
  function [SEL_W-1:0] next_unit(input [NUM_CU-1:0] lines, input [SEL_W-1:0] from);
    integer i;
    /* verilator lint_off UNUSEDSIGNAL */  // small numbers in an integer
    integer candidate;
    /* verilator lint_on UNUSEDSIGNAL */
    begin
      next_unit = from;
      for (i = NUM_CU - 1; i > 0; i = i - 1) begin
        candidate = {{32 - SEL_W{1'b0}}, from} + i;
        if (candidate >= NUM_CU) candidate = candidate - NUM_CU;
        if (lines[candidate[SEL_W-1:0]]) next_unit = candidate[SEL_W-1:0];
      end
    end
  endfunction

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= IDLE;
      n <= {SEL_W{1'b0}};
      muted <= {NUM_CU{1'b0}};
      m_axil_arvalid <= 1'b0;
      m_axil_awvalid <= 1'b0;
      m_axil_wvalid <= 1'b0;
    end else begin
      if (muted != {NUM_CU{1'b0}}) muted <= muted & cu_irq;
      case (state)
        IDLE: begin
          if (requested) begin
            n <= next_unit(waiting, n);
            state <= LOCATE;
          end
        end

        LOCATE: begin
          unit <= by_address ? {lut_data[29:0], 2'b00}
              : {cu_base[29:0], 2'b00} + ({25'd0, report_unit} << cu_offset[4:0]);
          held <= cu_irq[n];
          m_axil_arvalid <= 1'b1;
          state <= STATUS;
        end

        STATUS: begin
          if (!cu_irq[n]) held <= 1'b0;
          if (m_axil_arready) m_axil_arvalid <= 1'b0;
          if (m_axil_rvalid) begin
            cause <= m_axil_rdata;
            if (wrong || m_axil_rdata == 32'd0) begin
              // Nothing there to clear: either the line has fallen meanwhile, or it means nothing.
              if (wrong || (held && cu_irq[n])) muted[n] <= 1'b1;
              state <= SETTLE;
            end else begin
              m_axil_arvalid <= 1'b1;
              state <= CONTROL;
            end
          end
        end

        CONTROL: begin
          if (m_axil_arready) m_axil_arvalid <= 1'b0;
          if (m_axil_rvalid) begin
            if (wrong) begin
              muted[n] <= 1'b1;
              state <= SETTLE;
            end else begin
              control <= m_axil_rdata;
              m_axil_awvalid <= 1'b1;
              m_axil_wvalid <= 1'b1;
              state <= m_axil_rdata[cu_ctrl_regs_pkg::CTRL_AP_DONE_LSB] ? CONTINUE : CLEAR;
            end
          end
        end

        CONTINUE: begin
          if (m_axil_awready) m_axil_awvalid <= 1'b0;
          if (m_axil_wready) m_axil_wvalid <= 1'b0;
          if (m_axil_bvalid) begin
            if (m_axil_bresp != 2'b00) begin
              muted[n] <= 1'b1;
              state <= SETTLE;
            end else begin
              m_axil_awvalid <= 1'b1;
              m_axil_wvalid <= 1'b1;
              state <= CLEAR;
            end
          end
        end

        CLEAR: begin
          if (m_axil_awready) m_axil_awvalid <= 1'b0;
          if (m_axil_wready) m_axil_wvalid <= 1'b0;
          if (m_axil_bvalid) begin
            if (m_axil_bresp != 2'b00) muted[n] <= 1'b1;
            state <= SETTLE;
          end
        end

        // The line of a unit on a clock of its own may follow one cycle later.
        default: state <= IDLE;  // SETTLE
      endcase
      assert (enable !== 1'b1 || (^cu_irq) !== 1'bx)
      else $error("interrupts of compute units are unknown");
    end
  end

endmodule

`default_nettype wire
