// SPDX-License-Identifier: Apache-2.0
// Kernel "route": one packet an execution, meant to be restarted by itself while the host changes its table.
//
// Counted auto-restart and a mailbox both ways (XRT compute unit contract §3). Packet number p is the beat at place
// p modulo ENTRIES of the ring IN: eight words, key = low eight bits of each. The result, the entries of the eight
// keys, goes to the same place of OUT. All look-ups of a packet happen between a start and its ready, while the
// control block keeps the kernel's copy of the table as it is. A packet with bit 31 set in an entry counts as
// dropped. The counters are the position in the rings too: only a (software) reset clears them. Ring addresses are
// 32-byte aligned (the low five bits and those above 40 are ignored). Error responses do not stop it.
`default_nettype none
`timescale 1ns / 1ps

module krnl_route #(
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
    output reg  [255:0]             m_axi_wdata,
    output reg  [31:0]              m_axi_wstrb,
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

  localparam integer FIRST_ARG = cu_route_regs_pkg::IN_LO_OFFSET;
  localparam integer IN_BIT = 8 * (cu_route_regs_pkg::IN_LO_OFFSET - FIRST_ARG);
  localparam integer OUT_BIT = 8 * (cu_route_regs_pkg::OUT_LO_OFFSET - FIRST_ARG);
  localparam integer ENTRIES_BIT = 8 * (cu_route_regs_pkg::ENTRIES_OFFSET - FIRST_ARG);
  localparam integer TAG_BIT = 8 * (cu_route_regs_pkg::TAG_OFFSET - FIRST_ARG);
  localparam integer OUTS_OFFSET = cu_route_regs_pkg::PACKETS_OFFSET;
  localparam integer N_ARGS = (OUTS_OFFSET - FIRST_ARG) / 4;
  localparam integer N_OUT = (cu_route_regs_pkg::LAST_TAG_OFFSET - OUTS_OFFSET) / 4 + 1;
  localparam integer TABLE_OFFSET = cu_route_regs_pkg::TABLE_OFFSET;
  localparam integer TABLE_W = $clog2(cu_route_regs_pkg::TABLE_COUNT);

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] READ = 3'd1;
  localparam [2:0] LOOKUP = 3'd2;
  localparam [2:0] WRITE = 3'd3;
  localparam [2:0] DONE = 3'd4;

  reg  [2:0]   state;
  reg  [2:0]   index;
  /* verilator lint_off UNUSEDSIGNAL */  // of each word of a packet only the key is used
  reg  [255:0] packet;
  /* verilator lint_on UNUSEDSIGNAL */
  reg  [255:0] result;
  reg          drop;
  reg  [31:0]  packets;
  reg  [31:0]  dropped;
  reg  [31:0]  last_tag;

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
      .IN_ARRAY_W(TABLE_W),
      .IN_ARRAY_OFFSET(TABLE_OFFSET)
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
      .outs({last_tag, dropped, packets}),
      .kernel_reset(kernel_reset),
      .kernel_quiet(kernel_quiet),
      .in_array_addr(packet[TABLE_W-1:0]),
      .in_array_data(in_array_data),
      .out_array_we(1'b0),
      .out_array_addr(1'b0),
      .out_array_data(32'd0),
      .irq(irq),
      .active(ctrl_active)
  );

  wire         take;
  wire         load;
  wire         stored;
  wire         reading;
  wire         writing;

  wire [31:0]  place = packets & (args[ENTRIES_BIT+:32] - 32'd1);
  wire         run = state == IDLE && ap_start && !kernel_reset;
  wire         looked_up = state == LOOKUP && index == 3'd7 && !kernel_reset;

  krnl_burst_read #(
      .ID_W(ID_W),
      .COUNT_W(5)
  ) reader (
      .clk(clk),
      .rst(rst),
      .start(run),
      .beat(args[IN_BIT+5+:35] + {3'd0, place}),
      .beats(5'd1),
      .hold(1'b0),
      .stop(kernel_reset),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .ask(),
      .ask_beats(),
      /* verilator lint_on PINCONNECTEMPTY */
      .take(take),
      /* verilator lint_off PINCONNECTEMPTY */  // not used here
      .take_last(),
      /* verilator lint_on PINCONNECTEMPTY */
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
      .start(looked_up),
      .beat(args[OUT_BIT+5+:35] + {3'd0, place}),
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
  assign ap_ready = state == DONE;
  assign active = ctrl_active || reading || writing || state != IDLE;

  always_ff @(posedge clk) begin
    if (rst || kernel_reset) begin
      state <= IDLE;
      packets <= 32'd0;
      dropped <= 32'd0;
      last_tag <= 32'd0;
    end else begin
      case (state)
        IDLE: if (ap_start) state <= READ;

        READ: begin
          index <= 3'd0;
          drop <= 1'b0;
          if (take) begin
            packet <= m_axi_rdata;
            state <= LOOKUP;
          end
        end

        LOOKUP: begin
          index <= index + 3'd1;
          packet <= {32'd0, packet[255:32]};
          result <= {in_array_data, result[255:32]};
          drop <= drop || in_array_data[31];
          if (index == 3'd7) state <= WRITE;
        end

        WRITE: begin
          if (stored) begin
            packets <= packets + 32'd1;
            if (drop) dropped <= dropped + 32'd1;
            last_tag <= args[TAG_BIT+:32];
            state <= DONE;
          end
        end

        default: state <= IDLE;  // DONE
      endcase
    end
  end

  always_ff @(posedge clk) if (load) begin
    m_axi_wdata <= result;
    m_axi_wstrb <= 32'hFFFFFFFF;
  end

endmodule

`default_nettype wire
