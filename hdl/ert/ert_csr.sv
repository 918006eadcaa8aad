// SPDX-License-Identifier: Apache-2.0
// Control and status registers of the embedded runtime, one port for the host and one for the scheduler.
//
// A bit set in the cycle in which its register is cleared by a read survives the read. host_irq[n] is a level
// that drops for one cycle after each read of STATUSn, so that an edge detector behind it never loses a request.
`default_nettype none
`timescale 1ns / 1ps

module ert_csr #(
    parameter integer ADDR_W = 12
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [ADDR_W-1:0] s_axil_host_awaddr,
    input  wire              s_axil_host_awvalid,
    output wire              s_axil_host_awready,
    input  wire [31:0]       s_axil_host_wdata,
    input  wire [3:0]        s_axil_host_wstrb,
    input  wire              s_axil_host_wvalid,
    output wire              s_axil_host_wready,
    output wire [1:0]        s_axil_host_bresp,
    output wire              s_axil_host_bvalid,
    input  wire              s_axil_host_bready,
    input  wire [ADDR_W-1:0] s_axil_host_araddr,
    input  wire              s_axil_host_arvalid,
    output wire              s_axil_host_arready,
    output wire [31:0]       s_axil_host_rdata,
    output wire [1:0]        s_axil_host_rresp,
    output wire              s_axil_host_rvalid,
    input  wire              s_axil_host_rready,

    input  wire [ADDR_W-1:0] s_axil_mb_awaddr,
    input  wire              s_axil_mb_awvalid,
    output wire              s_axil_mb_awready,
    input  wire [31:0]       s_axil_mb_wdata,
    input  wire [3:0]        s_axil_mb_wstrb,
    input  wire              s_axil_mb_wvalid,
    output wire              s_axil_mb_wready,
    output wire [1:0]        s_axil_mb_bresp,
    output wire              s_axil_mb_bvalid,
    input  wire              s_axil_mb_bready,
    input  wire [ADDR_W-1:0] s_axil_mb_araddr,
    input  wire              s_axil_mb_arvalid,
    output wire              s_axil_mb_arready,
    output wire [31:0]       s_axil_mb_rdata,
    output wire [1:0]        s_axil_mb_rresp,
    output wire              s_axil_mb_rvalid,
    input  wire              s_axil_mb_rready,

    // Register map copy engine (ert_cudma): a write of CU_DMAn, and what it needs to know.
    output reg               cu_dma_enable,
    output wire              cu_dma_start,
    output wire [1:0]        cu_dma_word,
    output wire [31:0]       cu_dma_bits,
    input  wire              cudma_idle,
    // Interrupt collector (ert_cuisr): its table of unit addresses, and the unit it reports.
    output reg               cu_isr_enable,
    input  wire [6:0]        lut_index,
    output wire [31:0]       lut_data,
    input  wire              cu_report,
    input  wire [6:0]        cu_report_unit,
    input  wire              cuisr_idle,
    // Both: units are named by address (the table was written last) or by number (CU_OFFSET was).
    output reg               by_address,
    output reg  [31:0]       cq_slot_size,
    output reg  [31:0]       cu_base,
    output reg  [31:0]       cu_offset,
    output reg  [31:0]       num_cus,

    output wire [3:0]        host_irq,
    output wire              mb_irq_cq,
    output wire              mb_irq_cu,
    output wire              headers_aligned,

    output wire              active
);

  /* verilator lint_off UNUSEDSIGNAL */  // accesses are whole words: the low two address bits do not matter
  wire [ADDR_W-1:0] host_wr_addr;
  wire [ADDR_W-1:0] host_rd_addr;
  wire [ADDR_W-1:0] mb_wr_addr;
  wire [ADDR_W-1:0] mb_rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire              host_wr_en;
  wire [31:0]       host_wr_data;
  wire              host_rd_en;
  wire [31:0]       host_rd_data;
  wire              host_active;
  wire              mb_wr_en;
  wire [31:0]       mb_wr_data;
  wire              mb_rd_en;
  wire [31:0]       mb_rd_data;
  wire              mb_active;

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) host_if (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_host_awaddr),
      .s_axil_awvalid(s_axil_host_awvalid),
      .s_axil_awready(s_axil_host_awready),
      .s_axil_wdata(s_axil_host_wdata),
      .s_axil_wstrb(s_axil_host_wstrb),
      .s_axil_wvalid(s_axil_host_wvalid),
      .s_axil_wready(s_axil_host_wready),
      .s_axil_bresp(s_axil_host_bresp),
      .s_axil_bvalid(s_axil_host_bvalid),
      .s_axil_bready(s_axil_host_bready),
      .s_axil_araddr(s_axil_host_araddr),
      .s_axil_arvalid(s_axil_host_arvalid),
      .s_axil_arready(s_axil_host_arready),
      .s_axil_rdata(s_axil_host_rdata),
      .s_axil_rresp(s_axil_host_rresp),
      .s_axil_rvalid(s_axil_host_rvalid),
      .s_axil_rready(s_axil_host_rready),
      .wr_en(host_wr_en),
      .wr_addr(host_wr_addr),
      .wr_data(host_wr_data),
      /* verilator lint_off PINCONNECTEMPTY */
      .wr_strb(),  // the registers are written as whole words
      /* verilator lint_on PINCONNECTEMPTY */
      .wr_err(1'b0),
      .rd_en(host_rd_en),
      .rd_addr(host_rd_addr),
      .rd_data(host_rd_data),
      .rd_err(1'b0),
      .active(host_active)
  );

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) mb_if (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_mb_awaddr),
      .s_axil_awvalid(s_axil_mb_awvalid),
      .s_axil_awready(s_axil_mb_awready),
      .s_axil_wdata(s_axil_mb_wdata),
      .s_axil_wstrb(s_axil_mb_wstrb),
      .s_axil_wvalid(s_axil_mb_wvalid),
      .s_axil_wready(s_axil_mb_wready),
      .s_axil_bresp(s_axil_mb_bresp),
      .s_axil_bvalid(s_axil_mb_bvalid),
      .s_axil_bready(s_axil_mb_bready),
      .s_axil_araddr(s_axil_mb_araddr),
      .s_axil_arvalid(s_axil_mb_arvalid),
      .s_axil_arready(s_axil_mb_arready),
      .s_axil_rdata(s_axil_mb_rdata),
      .s_axil_rresp(s_axil_mb_rresp),
      .s_axil_rvalid(s_axil_mb_rvalid),
      .s_axil_rready(s_axil_mb_rready),
      .wr_en(mb_wr_en),
      .wr_addr(mb_wr_addr),
      .wr_data(mb_wr_data),
      /* verilator lint_off PINCONNECTEMPTY */
      .wr_strb(),  // the registers are written as whole words
      /* verilator lint_on PINCONNECTEMPTY */
      .wr_err(1'b0),
      .rd_en(mb_rd_en),
      .rd_addr(mb_rd_addr),
      .rd_data(mb_rd_data),
      .rd_err(1'b0),
      .active(mb_active)
  );

  // STATUS, CU_STATUS and CQ_STATUS: four words each, slot or unit i in bit i of the 128.
  reg  [127:0]       status;
  reg  [127:0]       cq_status;
  reg  [127:0]       cu_status;
  reg                cq_status_enable;
  reg                host_interrupt_enable;
  reg  [31:0]        cq_num_slots;
  reg  [31:0]        cq_base;
  reg  [31:0]        lut [0:127];
  reg  [3:0]         irq_gap;

  wire [31:0] host_wr_off = {{(32 - ADDR_W) {1'b0}}, host_wr_addr[ADDR_W-1:2], 2'b00};
  wire [31:0] host_rd_off = {{(32 - ADDR_W) {1'b0}}, host_rd_addr[ADDR_W-1:2], 2'b00};
  wire [31:0] mb_wr_off = {{(32 - ADDR_W) {1'b0}}, mb_wr_addr[ADDR_W-1:2], 2'b00};
  wire [31:0] mb_rd_off = {{(32 - ADDR_W) {1'b0}}, mb_rd_addr[ADDR_W-1:2], 2'b00};

  wire mb_wr_lut = mb_wr_off >= ert_csr_regs_pkg::CUISR_LUT_OFFSET && mb_wr_off < ert_csr_regs_pkg::CUISR_LUT_OFFSET + 32'h200;

  ert_csr_mux host_mux (
      .off(host_rd_off),
      .status(status),
      .cu_status(cu_status),
      .cq_status(cq_status),
      .cu_dma_enable(cu_dma_enable),
      .cu_isr_enable(cu_isr_enable),
      .cq_status_enable(cq_status_enable),
      .host_interrupt_enable(host_interrupt_enable),
      .cq_slot_size(cq_slot_size),
      .cu_offset(cu_offset),
      .cq_num_slots(cq_num_slots),
      .cu_base(cu_base),
      .cq_base(cq_base),
      .num_cus(num_cus),
      .cudma_idle(cudma_idle),
      .cuisr_idle(cuisr_idle),
      .lut_word(lut[host_rd_off[8:2]]),
      .data(host_rd_data)
  );

  ert_csr_mux mb_mux (
      .off(mb_rd_off),
      .status(status),
      .cu_status(cu_status),
      .cq_status(cq_status),
      .cu_dma_enable(cu_dma_enable),
      .cu_isr_enable(cu_isr_enable),
      .cq_status_enable(cq_status_enable),
      .host_interrupt_enable(host_interrupt_enable),
      .cq_slot_size(cq_slot_size),
      .cu_offset(cu_offset),
      .cq_num_slots(cq_num_slots),
      .cu_base(cu_base),
      .cq_base(cq_base),
      .num_cus(num_cus),
      .cudma_idle(cudma_idle),
      .cuisr_idle(cuisr_idle),
      .lut_word(lut[mb_rd_off[8:2]]),
      .data(mb_rd_data)
  );

  // One bit per word n of the three status groups: cleared by a read, written.
  wire [3:0] status_rd_host = {4{host_rd_en}} & word_select(host_rd_off, ert_csr_regs_pkg::STATUS0_OFFSET);
  wire [3:0] status_rd = status_rd_host | ({4{mb_rd_en}} & word_select(mb_rd_off, ert_csr_regs_pkg::STATUS0_OFFSET));
  wire [3:0] status_wr = {4{mb_wr_en}} & word_select(mb_wr_off, ert_csr_regs_pkg::STATUS0_OFFSET);
  wire [3:0] cq_status_rd = {4{mb_rd_en}} & word_select(mb_rd_off, ert_csr_regs_pkg::CQ_STATUS0_OFFSET);
  wire [3:0] cq_status_wr = {4{host_wr_en}} & word_select(host_wr_off, ert_csr_regs_pkg::CQ_STATUS0_OFFSET);
  wire [3:0] cu_status_rd = {4{mb_rd_en}} & word_select(mb_rd_off, ert_csr_regs_pkg::CU_STATUS0_OFFSET);
  wire [3:0] cu_dma_wr = {4{mb_wr_en}} & word_select(mb_wr_off, ert_csr_regs_pkg::CU_DMA0_OFFSET);

  function automatic [3:0] word_select(input [31:0] off, input [31:0] base);
    word_select = {off == base + 32'd12, off == base + 32'd8, off == base + 32'd4, off == base};
  endfunction

  assign host_irq[0] = host_interrupt_enable && status[31:0] != 32'd0 && !irq_gap[0];
  assign host_irq[1] = host_interrupt_enable && status[63:32] != 32'd0 && !irq_gap[1];
  assign host_irq[2] = host_interrupt_enable && status[95:64] != 32'd0 && !irq_gap[2];
  assign host_irq[3] = host_interrupt_enable && status[127:96] != 32'd0 && !irq_gap[3];
  assign mb_irq_cq = cq_status_enable && cq_status != 128'd0;
  assign mb_irq_cu = cu_status != 128'd0;
  assign cu_dma_start = cu_dma_wr != 4'd0;
  assign cu_dma_word = {cu_dma_wr[3] || cu_dma_wr[2], cu_dma_wr[3] || cu_dma_wr[1]};
  assign cu_dma_bits = mb_wr_data;
  assign lut_data = lut[lut_index];
  // Slots of a multiple of 512 bytes: every header is the first word of a 512-byte block of the queue.
  assign headers_aligned = cq_slot_size[6:0] == 7'd0;
  // irq_gap needs no mention: the response of the read that set it is pending just as long.
  assign active = host_active || mb_active;

  integer n;
  integer c;
  always_ff @(posedge clk) begin
    if (rst) begin
      status <= 128'd0;
      cq_status <= 128'd0;
      irq_gap <= 4'd0;
    end else begin
      irq_gap <= status_rd_host;
      for (n = 0; n < 4; n = n + 1) begin
        if (status_rd[n] || status_wr[n])
          status[32*n+:32] <= (status_rd[n] ? 32'd0 : status[32*n+:32]) | (status_wr[n] ? mb_wr_data : 32'd0);
        if (cq_status_rd[n] || cq_status_wr[n])
          cq_status[32*n+:32] <= (cq_status_rd[n] ? 32'd0 : cq_status[32*n+:32])
              | (cq_status_wr[n] ? host_wr_data : 32'd0);
      end
`ifndef FORMAL  // there is no unknown value in a proof
      assert (host_interrupt_enable !== 1'b1 || (^host_irq) !== 1'bx)
      else $error("a host interrupt is unknown");
`endif
    end
  end

  // A unit reported while its word is read survives the read: the later assignment counts.
  always_ff @(posedge clk) begin
    if (rst) begin
      cu_status <= 128'd0;
    end else begin
      for (c = 0; c < 4; c = c + 1) begin
        if (cu_status_rd[c]) cu_status[32*c+:32] <= 32'd0;
      end
      if (cu_report) cu_status[cu_report_unit] <= 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      cu_dma_enable <= 1'b0;
      cu_isr_enable <= 1'b0;
      cq_status_enable <= 1'b0;
      host_interrupt_enable <= 1'b0;
      by_address <= 1'b0;
      cq_slot_size <= 32'd0;
      cu_offset <= 32'd0;
      cq_num_slots <= 32'd0;
      cu_base <= 32'd0;
      cq_base <= 32'd0;
      num_cus <= 32'd0;
    end else if (mb_wr_en) begin
      case (mb_wr_off)
        ert_csr_regs_pkg::CU_DMA_ENABLE_OFFSET: cu_dma_enable <= mb_wr_data[0];
        ert_csr_regs_pkg::CQ_SLOT_SIZE_OFFSET: cq_slot_size <= mb_wr_data;
        ert_csr_regs_pkg::CU_OFFSET_OFFSET: begin
          cu_offset <= mb_wr_data;
          by_address <= 1'b0;
        end
        ert_csr_regs_pkg::CQ_NUM_SLOTS_OFFSET: cq_num_slots <= mb_wr_data;
        ert_csr_regs_pkg::CU_BASE_OFFSET: cu_base <= mb_wr_data;
        ert_csr_regs_pkg::CQ_BASE_OFFSET: cq_base <= mb_wr_data;
        ert_csr_regs_pkg::CU_ISR_ENABLE_OFFSET: cu_isr_enable <= mb_wr_data[0];
        ert_csr_regs_pkg::CQ_STATUS_ENABLE_OFFSET: cq_status_enable <= mb_wr_data[0];
        ert_csr_regs_pkg::NUM_CUS_OFFSET: num_cus <= mb_wr_data;
        ert_csr_regs_pkg::HOST_INTERRUPT_ENABLE_OFFSET: host_interrupt_enable <= mb_wr_data[0];
        default: if (mb_wr_lut) by_address <= 1'b1;
      endcase
    end
  end

  // The look-up table is a memory: no reset, it starts with the contents of the bitstream.
  integer k;
  initial begin
    for (k = 0; k < 128; k = k + 1) lut[k] = 32'd0;
  end

  always_ff @(posedge clk) begin
    if (mb_wr_en && mb_wr_lut) lut[mb_wr_off[8:2]] <= mb_wr_data;
  end

`ifdef FORMAL
  // Word of a group that an access to it means.
  function automatic [1:0] word_of(input [3:0] words);
    word_of = {words[3] || words[2], words[3] || words[1]};
  endfunction

  wire [3:0] f_status_rd_mb = {4{mb_rd_en}} & word_select(mb_rd_off, ert_csr_regs_pkg::STATUS0_OFFSET);

  ert_status_proof status_proof (
      .clk(clk),
      .rst(rst),
      .set(status_wr != 4'd0),
      .set_word(word_of(status_wr)),
      .set_bits(mb_wr_data),
      .clear_a(status_rd_host != 4'd0),
      .clear_a_word(word_of(status_rd_host)),
      .clear_a_data(host_rd_data),
      .clear_b(f_status_rd_mb != 4'd0),
      .clear_b_word(word_of(f_status_rd_mb)),
      .clear_b_data(mb_rd_data),
      .status(status)
  );

  ert_status_proof cq_status_proof (
      .clk(clk),
      .rst(rst),
      .set(cq_status_wr != 4'd0),
      .set_word(word_of(cq_status_wr)),
      .set_bits(host_wr_data),
      .clear_a(cq_status_rd != 4'd0),
      .clear_a_word(word_of(cq_status_rd)),
      .clear_a_data(mb_rd_data),
      .clear_b(1'b0),  // the host's read does not clear
      .clear_b_word(2'd0),
      .clear_b_data(32'd0),
      .status(cq_status)
  );

  ert_status_proof cu_status_proof (
      .clk(clk),
      .rst(rst),
      .set(cu_report),
      .set_word(cu_report_unit[6:5]),
      .set_bits(32'd1 << cu_report_unit[4:0]),
      .clear_a(cu_status_rd != 4'd0),
      .clear_a_word(word_of(cu_status_rd)),
      .clear_a_data(mb_rd_data),
      .clear_b(1'b0),
      .clear_b_word(2'd0),
      .clear_b_data(32'd0),
      .status(cu_status)
  );
`endif

endmodule

`default_nettype wire
