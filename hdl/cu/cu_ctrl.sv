// SPDX-License-Identifier: Apache-2.0
// Control block of a compute unit as Vitis HLS generates it: CTRL, GIE, IER, ISR and N_ARGS argument words.
//
// AP_CTRL_HS: the kernel pulses ap_done, the block keeps it until CTRL is read. AP_CTRL_CHAIN: the
// kernel holds ap_done until ap_continue. `args` are the live registers; a kernel latches them at start.
`default_nettype none
`timescale 1ns / 1ps

module cu_ctrl #(
    parameter integer ADDR_W            = 16,
    parameter integer N_ARGS            = 10,
    parameter integer PROTOCOL          = 0,  // 0 AP_CTRL_HS, 1 AP_CTRL_CHAIN
    parameter integer ISR_CLEAR_ON_READ = 0   // 0 toggle on write, 1 clear on read
) (
    input  wire                  clk,
    input  wire                  rst,

    input  wire [ADDR_W-1:0]     s_axil_awaddr,
    input  wire                  s_axil_awvalid,
    output wire                  s_axil_awready,
    input  wire [31:0]           s_axil_wdata,
    input  wire [3:0]            s_axil_wstrb,
    input  wire                  s_axil_wvalid,
    output wire                  s_axil_wready,
    output wire [1:0]            s_axil_bresp,
    output wire                  s_axil_bvalid,
    input  wire                  s_axil_bready,
    input  wire [ADDR_W-1:0]     s_axil_araddr,
    input  wire                  s_axil_arvalid,
    output wire                  s_axil_arready,
    output wire [31:0]           s_axil_rdata,
    output wire [1:0]            s_axil_rresp,
    output wire                  s_axil_rvalid,
    input  wire                  s_axil_rready,

    output reg                   ap_start,
    output reg                   ap_continue,
    input  wire                  ap_done,
    input  wire                  ap_ready,
    input  wire                  ap_idle,
    output reg  [32*N_ARGS-1:0]  args,

    output wire                  irq,
    output wire                  active
);

  localparam [ADDR_W-1:0] CTRL_OFFSET = cu_ctrl_regs_pkg::CTRL_OFFSET[ADDR_W-1:0];
  localparam [ADDR_W-1:0] GIE_OFFSET = cu_ctrl_regs_pkg::GIE_OFFSET[ADDR_W-1:0];
  localparam [ADDR_W-1:0] IER_OFFSET = cu_ctrl_regs_pkg::IER_OFFSET[ADDR_W-1:0];
  localparam [ADDR_W-1:0] ISR_OFFSET = cu_ctrl_regs_pkg::ISR_OFFSET[ADDR_W-1:0];
  localparam [ADDR_W-1:0] FIRST_ARG = ISR_OFFSET + 4;
  localparam [ADDR_W-1:0] END_ARG = FIRST_ARG + ADDR_W'(4 * N_ARGS);
  localparam integer START_BIT = cu_ctrl_regs_pkg::CTRL_AP_START_LSB;
  localparam integer DONE_BIT = cu_ctrl_regs_pkg::CTRL_AP_DONE_LSB;
  localparam integer IDLE_BIT = cu_ctrl_regs_pkg::CTRL_AP_IDLE_LSB;
  localparam integer READY_BIT = cu_ctrl_regs_pkg::CTRL_AP_READY_LSB;
  localparam integer CONTINUE_BIT = cu_ctrl_regs_pkg::CTRL_AP_CONTINUE_LSB;
  localparam integer INTERRUPT_BIT = cu_ctrl_regs_pkg::CTRL_INTERRUPT_LSB;

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

  wire [ADDR_W-1:0] wr_word = {wr_addr[ADDR_W-1:2], 2'b00};
  wire [ADDR_W-1:0] rd_word = {rd_addr[ADDR_W-1:2], 2'b00};

  reg               done_kept;
  reg               ready_kept;
  reg               gie;
  reg  [1:0]        ier;
  reg  [1:0]        isr;

  wire              ctrl_write = wr_en && wr_word == CTRL_OFFSET && wr_strb[0];
  wire              ctrl_read = rd_en && rd_word == CTRL_OFFSET;
  wire              isr_write = wr_en && wr_word == ISR_OFFSET && wr_strb[0];
  wire              isr_read = rd_en && rd_word == ISR_OFFSET;
  wire [1:0]        isr_clear = ISR_CLEAR_ON_READ != 0 ? {2{isr_read}} : {2{isr_write}} & wr_data[1:0];
  wire [1:0]        isr_set = ier & {ap_ready, ap_done};
  wire              done_visible = PROTOCOL == 1 ? ap_done : done_kept;

  assign irq = gie && isr != 2'b00;
  // A held ap_done (CHAIN) needs an edge only until the interrupt status has taken it.
  assign active = bus_active || ap_start || ap_ready || (PROTOCOL == 1 ? |(isr_set & ~isr) : ap_done);

  // Word number from the first argument on; only read where the address is inside the arguments.
  wire [ADDR_W-1:0] wr_arg = (wr_word - FIRST_ARG) >> 2;
  wire [ADDR_W-1:0] rd_arg = (rd_word - FIRST_ARG) >> 2;

  always_comb begin
    rd_data = 32'd0;
    if (rd_word == CTRL_OFFSET) begin
      rd_data[START_BIT] = ap_start;
      rd_data[DONE_BIT] = done_visible;
      rd_data[IDLE_BIT] = ap_idle && !ap_start;
      rd_data[READY_BIT] = ready_kept;
      rd_data[INTERRUPT_BIT] = irq;
    end else if (rd_word == GIE_OFFSET) begin
      rd_data[0] = gie;
    end else if (rd_word == IER_OFFSET) begin
      rd_data[1:0] = ier;
    end else if (rd_word == ISR_OFFSET) begin
      rd_data[1:0] = isr;
    end else if (rd_word < END_ARG) begin
      rd_data = args[32*rd_arg+:32];
    end
  end

  // ap_start is a level that the write sets and ap_ready clears, so a second start before the
  // kernel is ready is the same start. Auto-restart would re-load it at ap_ready, here.
  always_ff @(posedge clk) begin
    if (rst) begin
      ap_start <= 1'b0;
      ap_continue <= 1'b0;
      done_kept <= 1'b0;
      ready_kept <= 1'b0;
    end else begin
      if (ctrl_write && wr_data[START_BIT]) ap_start <= 1'b1;
      else if (ap_ready) ap_start <= 1'b0;

      ap_continue <= ctrl_write && wr_data[CONTINUE_BIT];

      if (ap_done) done_kept <= 1'b1;
      else if (ctrl_read) done_kept <= 1'b0;

      if (ap_ready) ready_kept <= 1'b1;
      else if (ctrl_read) ready_kept <= 1'b0;
    end
  end

  // An event wins over the host's clear in the same cycle. With toggle on write, writing a bit that
  // is 0 creates an interrupt: the generated block does so too.
  always_ff @(posedge clk) begin
    if (rst) begin
      gie <= 1'b0;
      ier <= 2'b00;
      isr <= 2'b00;
    end else begin
      if (wr_en && wr_word == GIE_OFFSET && wr_strb[0]) gie <= wr_data[0];
      if (wr_en && wr_word == IER_OFFSET && wr_strb[0]) ier <= wr_data[1:0];
      isr <= isr_set | (ISR_CLEAR_ON_READ != 0 ? isr & ~isr_clear : isr ^ isr_clear);
    end
  end

  // Argument words. A mailbox would put its host-side copy here and hand `args` the kernel-side copy.
  integer b;

  always_ff @(posedge clk) begin
    if (rst) begin
      args <= {32 * N_ARGS{1'b0}};
    end else if (wr_en && wr_word >= FIRST_ARG && wr_word < END_ARG) begin
      for (b = 0; b < 4; b = b + 1) begin
        if (wr_strb[b]) args[32*wr_arg+8*b+:8] <= wr_data[8*b+:8];
      end
    end
  end

  always_ff @(posedge clk) begin
    if (!rst) begin
      assert (!(ap_idle && ap_done && PROTOCOL == 0))
      else $error("kernel says done while it is idle");
    end
  end

endmodule

`default_nettype wire
