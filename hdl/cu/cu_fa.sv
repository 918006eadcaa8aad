// SPDX-License-Identifier: Apache-2.0
// Fast adapter: registers and descriptor queue in front of a kernel with AP_CTRL_HS (XRT compute unit contract §2).
//
// The host writes a descriptor into device memory and pushes its address; TCR counts completed tasks. A push into
// a full queue is dropped and sets OVERRUN: FDR tells the host how many it may have outstanding.
`default_nettype none
`timescale 1ns / 1ps

module cu_fa #(
    parameter integer ADDR_W  = 16,
    parameter integer ID_W    = 1,
    parameter integer DEPTH_W = 4    // log2 of the queue's depth
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [ADDR_W-1:0] s_axil_awaddr,
    input  wire              s_axil_awvalid,
    output wire              s_axil_awready,
    input  wire [31:0]       s_axil_wdata,
    input  wire [3:0]        s_axil_wstrb,
    input  wire              s_axil_wvalid,
    output wire              s_axil_wready,
    output wire [1:0]        s_axil_bresp,
    output wire              s_axil_bvalid,
    input  wire              s_axil_bready,
    input  wire [ADDR_W-1:0] s_axil_araddr,
    input  wire              s_axil_arvalid,
    output wire              s_axil_arready,
    output wire [31:0]       s_axil_rdata,
    output wire [1:0]        s_axil_rresp,
    output wire              s_axil_rvalid,
    input  wire              s_axil_rready,

    output wire [ADDR_W-1:0] m_axil_awaddr,
    output wire              m_axil_awvalid,
    input  wire              m_axil_awready,
    output wire [31:0]       m_axil_wdata,
    output wire [3:0]        m_axil_wstrb,
    output wire              m_axil_wvalid,
    input  wire              m_axil_wready,
    input  wire              m_axil_bvalid,
    output wire              m_axil_bready,
    output wire [ADDR_W-1:0] m_axil_araddr,
    output wire              m_axil_arvalid,
    input  wire              m_axil_arready,
    input  wire [31:0]       m_axil_rdata,
    input  wire              m_axil_rvalid,
    output wire              m_axil_rready,

    output wire [ID_W-1:0]   m_axi_awid,
    output wire [39:0]       m_axi_awaddr,
    output wire [7:0]        m_axi_awlen,
    output wire [2:0]        m_axi_awsize,
    output wire [1:0]        m_axi_awburst,
    output wire              m_axi_awvalid,
    input  wire              m_axi_awready,
    output wire [255:0]      m_axi_wdata,
    output wire [31:0]       m_axi_wstrb,
    output wire              m_axi_wlast,
    output wire              m_axi_wvalid,
    input  wire              m_axi_wready,
    input  wire [ID_W-1:0]   m_axi_bid,
    input  wire [1:0]        m_axi_bresp,
    input  wire              m_axi_bvalid,
    output wire              m_axi_bready,
    output wire [ID_W-1:0]   m_axi_arid,
    output wire [39:0]       m_axi_araddr,
    output wire [7:0]        m_axi_arlen,
    output wire [2:0]        m_axi_arsize,
    output wire [1:0]        m_axi_arburst,
    output wire              m_axi_arvalid,
    input  wire              m_axi_arready,
    input  wire [ID_W-1:0]   m_axi_rid,
    input  wire [1:0]        m_axi_rresp,
    input  wire              m_axi_rlast,
    input  wire [255:0]      m_axi_rdata,
    input  wire              m_axi_rvalid,
    output wire              m_axi_rready,

    output wire              irq,
    output wire              active
);

  localparam integer HI = cu_fa_regs_pkg::DESCRIPTOR_HI_OFFSET;
  localparam integer LO = cu_fa_regs_pkg::DESCRIPTOR_LO_OFFSET;
  localparam integer ISR = cu_fa_regs_pkg::ISR_OFFSET;
  localparam integer IER = cu_fa_regs_pkg::IER_OFFSET;
  localparam integer SR = cu_fa_regs_pkg::SR_OFFSET;
  localparam integer TCR = cu_fa_regs_pkg::TCR_OFFSET;
  localparam integer CDAR = cu_fa_regs_pkg::CDAR_OFFSET;
  localparam integer FDR = cu_fa_regs_pkg::FDR_OFFSET;
  localparam integer OVERRUN_BIT = cu_fa_regs_pkg::SR_OVERRUN_LSB;
  localparam integer DECODE_BIT = cu_fa_regs_pkg::SR_DECODE_ERROR_LSB;
  localparam integer COUNT_BIT = cu_fa_regs_pkg::SR_COUNT_ERROR_LSB;
  localparam integer INDEX_W = ADDR_W - 2;
  localparam [DEPTH_W:0] DEPTH = {1'b1, {DEPTH_W{1'b0}}};

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

  wire [INDEX_W-1:0] wr_word = wr_addr[ADDR_W-1:2];
  wire [INDEX_W-1:0] rd_word = rd_addr[ADDR_W-1:2];
  wire               hi_write = wr_en && wr_word == INDEX_W'(HI / 4);
  wire               lo_write = wr_en && wr_word == INDEX_W'(LO / 4);
  wire               ier_write = wr_en && wr_strb[0] && wr_word == INDEX_W'(IER / 4);
  wire               sr_write = wr_en && wr_strb[0] && wr_word == INDEX_W'(SR / 4);
  wire               isr_read = rd_en && rd_word == INDEX_W'(ISR / 4);

  reg  [31:0]        high;
  reg  [31:0]        low;
  reg                isr;
  reg                ier;
  reg  [2:0]         sr;
  reg  [31:0]        tasks;
  reg  [31:0]        current;

  // The queue. A pushed address is whole: bytes that a write leaves out are those of the last push.
  reg  [63:0]        queue   [0:(1<<DEPTH_W)-1];
  reg  [DEPTH_W-1:0] tail;
  reg  [DEPTH_W-1:0] head;
  reg  [DEPTH_W:0]   level;
  wire               full = level == DEPTH;
  wire               task_take;
  wire               task_done;
  wire               decode_error;
  wire               count_error;
  wire               runner_active;
  wire [63:0]        task_addr = queue[head];
  reg  [31:0]        pushed;
  integer            b;

  always_comb begin
    pushed = low;
    for (b = 0; b < 4; b = b + 1) if (wr_strb[b]) pushed[8*b+:8] = wr_data[8*b+:8];
  end

  wire push = lo_write && !full;

  assign irq = isr && ier;
  assign active = bus_active || runner_active;

  always_comb begin
    rd_data = 32'd0;
    if (rd_en) begin
      case (rd_word)
        INDEX_W'(HI / 4): rd_data = high;
        INDEX_W'(LO / 4): rd_data = low;
        INDEX_W'(ISR / 4): rd_data[0] = isr;
        INDEX_W'(IER / 4): rd_data[0] = ier;
        INDEX_W'(SR / 4): rd_data[2:0] = sr;
        INDEX_W'(TCR / 4): rd_data = tasks;
        INDEX_W'(CDAR / 4): rd_data = current;
        INDEX_W'(FDR / 4): rd_data = 32'd1 << DEPTH_W;
        default: ;
      endcase
    end
  end

  wire    step = rst || wr_en || rd_en || runner_active;
  integer n;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      high <= 32'd0;
      low <= 32'd0;
      isr <= 1'b0;
      ier <= 1'b0;
      sr <= 3'd0;
      tasks <= 32'd0;
      current <= 32'd0;
      head <= {DEPTH_W{1'b0}};
      tail <= {DEPTH_W{1'b0}};
      level <= {DEPTH_W + 1{1'b0}};
    end else begin
      for (n = 0; n < 4; n = n + 1) if (hi_write && wr_strb[n]) high[8*n+:8] <= wr_data[8*n+:8];
      if (lo_write) low <= pushed;
      if (ier_write) ier <= wr_data[0];

      // What happens wins over what the host clears in the same cycle.
      if (task_done) isr <= 1'b1;
      else if (isr_read) isr <= 1'b0;
      if (sr_write) sr <= wr_data[2:0];
      if (lo_write && full) sr[OVERRUN_BIT] <= 1'b1;
      if (decode_error) sr[DECODE_BIT] <= 1'b1;
      if (count_error) sr[COUNT_BIT] <= 1'b1;

      if (task_done) tasks <= tasks + 32'd1;
      if (task_take) current <= task_addr[31:0];

      if (push) begin
        queue[tail] <= {high, pushed};
        tail <= tail + {{DEPTH_W - 1{1'b0}}, 1'b1};
      end
      if (task_take) head <= head + {{DEPTH_W - 1{1'b0}}, 1'b1};
      level <= level + {{DEPTH_W{1'b0}}, push} - {{DEPTH_W{1'b0}}, task_take};
    end
  end

  cu_fa_runner #(
      .ADDR_W(ADDR_W),
      .ID_W(ID_W)
  ) runner (
      .clk(clk),
      .rst(rst),
      .task_valid(level != {DEPTH_W + 1{1'b0}}),
      .task_addr(task_addr),
      .task_take(task_take),
      .task_done(task_done),
      .decode_error(decode_error),
      .count_error(count_error),
      .active(runner_active),
      .m_axil_awaddr(m_axil_awaddr),
      .m_axil_awvalid(m_axil_awvalid),
      .m_axil_awready(m_axil_awready),
      .m_axil_wdata(m_axil_wdata),
      .m_axil_wstrb(m_axil_wstrb),
      .m_axil_wvalid(m_axil_wvalid),
      .m_axil_wready(m_axil_wready),
      .m_axil_bvalid(m_axil_bvalid),
      .m_axil_bready(m_axil_bready),
      .m_axil_araddr(m_axil_araddr),
      .m_axil_arvalid(m_axil_arvalid),
      .m_axil_arready(m_axil_arready),
      .m_axil_rdata(m_axil_rdata),
      .m_axil_rvalid(m_axil_rvalid),
      .m_axil_rready(m_axil_rready),
      .m_axi_awid(m_axi_awid),
      .m_axi_awaddr(m_axi_awaddr),
      .m_axi_awlen(m_axi_awlen),
      .m_axi_awsize(m_axi_awsize),
      .m_axi_awburst(m_axi_awburst),
      .m_axi_awvalid(m_axi_awvalid),
      .m_axi_awready(m_axi_awready),
      .m_axi_wdata(m_axi_wdata),
      .m_axi_wstrb(m_axi_wstrb),
      .m_axi_wlast(m_axi_wlast),
      .m_axi_wvalid(m_axi_wvalid),
      .m_axi_wready(m_axi_wready),
      .m_axi_bid(m_axi_bid),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid),
      .m_axi_bready(m_axi_bready),
      .m_axi_arid(m_axi_arid),
      .m_axi_araddr(m_axi_araddr),
      .m_axi_arlen(m_axi_arlen),
      .m_axi_arsize(m_axi_arsize),
      .m_axi_arburst(m_axi_arburst),
      .m_axi_arvalid(m_axi_arvalid),
      .m_axi_arready(m_axi_arready),
      .m_axi_rid(m_axi_rid),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rvalid(m_axi_rvalid),
      .m_axi_rready(m_axi_rready)
  );

endmodule

`default_nettype wire
