// SPDX-License-Identifier: Apache-2.0
// PCIe front of the card, at the user interface of the UltraScale+ hard IP (256 bit, dword aligned,
// no straddle): CQ requests become AXI4-Lite accesses of the addressed function (BAR0 registers,
// BAR2 interrupts) or AXI4 bursts (user BAR4), CC carries the completions.
// The clock may be gated while s_axis_cq_tvalid and `active` are both low (rst must run it).
`default_nettype none
`timescale 1ns / 1ps

module pcie_front #(
    parameter integer FIFO_DEPTH_LOG2 = 8,
    parameter integer NP_CREDITS = 32,
    parameter integer ID_W = 4
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [255:0]      s_axis_cq_tdata,
    input  wire [87:0]       s_axis_cq_tuser,
    input  wire [7:0]        s_axis_cq_tkeep,
    input  wire              s_axis_cq_tlast,
    input  wire              s_axis_cq_tvalid,
    output wire              s_axis_cq_tready,
    output wire [1:0]        pcie_cq_np_req,

    output wire [255:0]      m_axis_cc_tdata,
    output wire [32:0]       m_axis_cc_tuser,
    output wire [7:0]        m_axis_cc_tkeep,
    output wire              m_axis_cc_tlast,
    output wire              m_axis_cc_tvalid,
    input  wire              m_axis_cc_tready,

    // Requester side: idle, the place of the DMA engine.
    output wire [255:0]      m_axis_rq_tdata,
    output wire [61:0]       m_axis_rq_tuser,
    output wire [7:0]        m_axis_rq_tkeep,
    output wire              m_axis_rq_tlast,
    output wire              m_axis_rq_tvalid,
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire              m_axis_rq_tready,
    input  wire [255:0]      s_axis_rc_tdata,
    input  wire [74:0]       s_axis_rc_tuser,
    input  wire [7:0]        s_axis_rc_tkeep,
    input  wire              s_axis_rc_tlast,
    input  wire              s_axis_rc_tvalid,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire              s_axis_rc_tready,

    input  wire [1:0]        cfg_max_payload,

    output wire [24:0]       m_axil_mgmt_awaddr,
    output wire              m_axil_mgmt_awvalid,
    input  wire              m_axil_mgmt_awready,
    output wire [31:0]       m_axil_mgmt_wdata,
    output wire [3:0]        m_axil_mgmt_wstrb,
    output wire              m_axil_mgmt_wvalid,
    input  wire              m_axil_mgmt_wready,
    input  wire [1:0]        m_axil_mgmt_bresp,
    input  wire              m_axil_mgmt_bvalid,
    output wire              m_axil_mgmt_bready,
    output wire [24:0]       m_axil_mgmt_araddr,
    output wire              m_axil_mgmt_arvalid,
    input  wire              m_axil_mgmt_arready,
    input  wire [31:0]       m_axil_mgmt_rdata,
    input  wire [1:0]        m_axil_mgmt_rresp,
    input  wire              m_axil_mgmt_rvalid,
    output wire              m_axil_mgmt_rready,

    output wire [16:0]       m_axil_mgmt_irq_awaddr,
    output wire              m_axil_mgmt_irq_awvalid,
    input  wire              m_axil_mgmt_irq_awready,
    output wire [31:0]       m_axil_mgmt_irq_wdata,
    output wire [3:0]        m_axil_mgmt_irq_wstrb,
    output wire              m_axil_mgmt_irq_wvalid,
    input  wire              m_axil_mgmt_irq_wready,
    input  wire [1:0]        m_axil_mgmt_irq_bresp,
    input  wire              m_axil_mgmt_irq_bvalid,
    output wire              m_axil_mgmt_irq_bready,
    output wire [16:0]       m_axil_mgmt_irq_araddr,
    output wire              m_axil_mgmt_irq_arvalid,
    input  wire              m_axil_mgmt_irq_arready,
    input  wire [31:0]       m_axil_mgmt_irq_rdata,
    input  wire [1:0]        m_axil_mgmt_irq_rresp,
    input  wire              m_axil_mgmt_irq_rvalid,
    output wire              m_axil_mgmt_irq_rready,

    output wire [24:0]       m_axil_user_awaddr,
    output wire              m_axil_user_awvalid,
    input  wire              m_axil_user_awready,
    output wire [31:0]       m_axil_user_wdata,
    output wire [3:0]        m_axil_user_wstrb,
    output wire              m_axil_user_wvalid,
    input  wire              m_axil_user_wready,
    input  wire [1:0]        m_axil_user_bresp,
    input  wire              m_axil_user_bvalid,
    output wire              m_axil_user_bready,
    output wire [24:0]       m_axil_user_araddr,
    output wire              m_axil_user_arvalid,
    input  wire              m_axil_user_arready,
    input  wire [31:0]       m_axil_user_rdata,
    input  wire [1:0]        m_axil_user_rresp,
    input  wire              m_axil_user_rvalid,
    output wire              m_axil_user_rready,

    output wire [15:0]       m_axil_user_irq_awaddr,
    output wire              m_axil_user_irq_awvalid,
    input  wire              m_axil_user_irq_awready,
    output wire [31:0]       m_axil_user_irq_wdata,
    output wire [3:0]        m_axil_user_irq_wstrb,
    output wire              m_axil_user_irq_wvalid,
    input  wire              m_axil_user_irq_wready,
    input  wire [1:0]        m_axil_user_irq_bresp,
    input  wire              m_axil_user_irq_bvalid,
    output wire              m_axil_user_irq_bready,
    output wire [15:0]       m_axil_user_irq_araddr,
    output wire              m_axil_user_irq_arvalid,
    input  wire              m_axil_user_irq_arready,
    input  wire [31:0]       m_axil_user_irq_rdata,
    input  wire [1:0]        m_axil_user_irq_rresp,
    input  wire              m_axil_user_irq_rvalid,
    output wire              m_axil_user_irq_rready,

    output wire [ID_W-1:0]   m_axi_mem_awid,
    output wire [39:0]       m_axi_mem_awaddr,
    output wire [7:0]        m_axi_mem_awlen,
    output wire [2:0]        m_axi_mem_awsize,
    output wire [1:0]        m_axi_mem_awburst,
    output wire              m_axi_mem_awvalid,
    input  wire              m_axi_mem_awready,
    output wire [255:0]      m_axi_mem_wdata,
    output wire [31:0]       m_axi_mem_wstrb,
    output wire              m_axi_mem_wlast,
    output wire              m_axi_mem_wvalid,
    input  wire              m_axi_mem_wready,
    // One transaction at a time: the ids coming back carry nothing.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [ID_W-1:0]   m_axi_mem_bid,
    input  wire [ID_W-1:0]   m_axi_mem_rid,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [1:0]        m_axi_mem_bresp,
    input  wire              m_axi_mem_bvalid,
    output wire              m_axi_mem_bready,
    output wire [ID_W-1:0]   m_axi_mem_arid,
    output wire [39:0]       m_axi_mem_araddr,
    output wire [7:0]        m_axi_mem_arlen,
    output wire [2:0]        m_axi_mem_arsize,
    output wire [1:0]        m_axi_mem_arburst,
    output wire              m_axi_mem_arvalid,
    input  wire              m_axi_mem_arready,
    input  wire [255:0]      m_axi_mem_rdata,
    input  wire [1:0]        m_axi_mem_rresp,
    input  wire              m_axi_mem_rlast,
    input  wire              m_axi_mem_rvalid,
    output wire              m_axi_mem_rready,

    // Saturating error counters.
    output wire [7:0]        err_poisoned_count,
    output wire [7:0]        err_malformed_count,
    output wire [7:0]        err_unmapped_write_count,
    output wire [7:0]        err_mgmt_write_count,
    output wire [7:0]        err_mgmt_read_count,
    output wire [7:0]        err_user_write_count,
    output wire [7:0]        err_user_read_count,

    output wire              active
);

  assign m_axis_rq_tdata = 256'd0;
  assign m_axis_rq_tuser = 62'd0;
  assign m_axis_rq_tkeep = 8'd0;
  assign m_axis_rq_tlast = 1'b0;
  assign m_axis_rq_tvalid = 1'b0;
  assign s_axis_rc_tready = 1'b1;

  wire [266:0] wr_data;
  wire         wr_first;
  wire         mgmt_wr_en;
  wire         mgmt_wr_commit;
  wire         mgmt_full_first;
  wire         mgmt_full_next;
  wire         user_wr_en;
  wire         user_wr_commit;
  wire         user_full_first;
  wire         user_full_next;
  wire         mgmt_np_popped;
  wire         user_np_popped;
  wire [1:0]   np_dropped;
  wire         rx_active;
  wire         np_active;

  // Why a hung user target does not stop management. Each function has its own request FIFO, engine
  // and completion unit; the shared parts can not be stopped by it:
  // - CQ, non-posted: the hard IP holds at most NP_CREDITS credits and each FIFO has room for that
  //   many requests, so waiting reads never stand at the head of CQ.
  // - CQ, posted: a FIFO holds 2^FIFO_DEPTH_LOG2 beats of waiting TLPs (one each for writes of up to
  //   four dwords). Only beyond that does a user write wait on CQ. Its target's guard answers within
  //   4096 cycles, and an error ends the whole TLP; so management then waits for one guard time for
  //   each user write ahead of it that did not fit.
  // - More than NP_CREDITS waiting user reads: likewise one guard time for each that is ahead.
  // - CC is taken by completions that are whole before they start (at most 17 beats).
  // Else a management access takes its own few cycles. A register read ends with its first error,
  // so a long one costs one guard time too. User memory (BAR4) has no guard here: it has to answer.

  pcie_cq_rx rx (
      .clk(clk),
      .rst(rst),
      .s_axis_cq_tdata(s_axis_cq_tdata),
      .s_axis_cq_tuser(s_axis_cq_tuser),
      .s_axis_cq_tkeep(s_axis_cq_tkeep),
      .s_axis_cq_tlast(s_axis_cq_tlast),
      .s_axis_cq_tvalid(s_axis_cq_tvalid),
      .s_axis_cq_tready(s_axis_cq_tready),
      .wr_data(wr_data),
      .wr_first(wr_first),
      .mgmt_wr_en(mgmt_wr_en),
      .mgmt_wr_commit(mgmt_wr_commit),
      .mgmt_full_first(mgmt_full_first),
      .mgmt_full_next(mgmt_full_next),
      .user_wr_en(user_wr_en),
      .user_wr_commit(user_wr_commit),
      .user_full_first(user_full_first),
      .user_full_next(user_full_next),
      .np_dropped(np_dropped),
      .err_poisoned_count(err_poisoned_count),
      .err_malformed_count(err_malformed_count),
      .err_unmapped_write_count(err_unmapped_write_count),
      .active(rx_active)
  );

  pcie_np_credit #(
      .CREDITS(NP_CREDITS)
  ) np_credit (
      .clk(clk),
      .rst(rst),
      .pop_mgmt(mgmt_np_popped),
      .pop_user(user_np_popped),
      .dropped(np_dropped),
      .pcie_cq_np_req(pcie_cq_np_req),
      .active(np_active)
  );

  // ---- management function: it has no memory BAR, so its engine has no memory units
  /* verilator lint_off PINCONNECTEMPTY */
  wire         mgmt_valid;
  wire [266:0] mgmt_head;
  wire         mgmt_pop;
  wire         mgmt_buf_we;
  wire [6:0]   mgmt_buf_index;
  wire [31:0]  mgmt_buf_data;
  wire         mgmt_cpl_ready;
  wire         mgmt_cpl_go;
  wire         mgmt_cpl_single;
  wire [2:0]   mgmt_cpl_status;
  wire [7:0]   mgmt_cpl_len;
  wire [6:0]   mgmt_cpl_lower;
  wire [12:0]  mgmt_cpl_byte_count;
  wire [6:0]   mgmt_cpl_start;
  wire         mgmt_cpl_locked;
  wire [15:0]  mgmt_cpl_requester;
  wire [7:0]   mgmt_cpl_tag;
  wire [7:0]   mgmt_cpl_function;
  wire [2:0]   mgmt_cpl_tc;
  wire [2:0]   mgmt_cpl_attr;
  wire [255:0] mgmt_cc_tdata;
  wire [7:0]   mgmt_cc_tkeep;
  wire         mgmt_cc_tlast;
  wire         mgmt_cc_tvalid;
  wire         mgmt_cc_tready;
  wire         mgmt_active;

  // A function's part has a clock while one of its requests is in the card.
  wire         mgmt_on = mgmt_wr_en || mgmt_wr_commit || mgmt_active || mgmt_cc_tvalid;
  wire         mgmt_clk;

  clk_gate mgmt_gate (
      .clk(clk),
      .en(rst || mgmt_on),
      .gclk(mgmt_clk)
  );

  pcie_req_fifo #(
      .WIDTH(267),
      .DEPTH_LOG2(FIFO_DEPTH_LOG2)
  ) mgmt_fifo (
      .clk(mgmt_clk),
      .rst(rst),
      .wr_en(mgmt_wr_en),
      .wr_first(wr_first),
      .wr_data(wr_data),
      .wr_commit(mgmt_wr_commit),
      .full_first(mgmt_full_first),
      .full_next(mgmt_full_next),
      .rd_valid(mgmt_valid),
      .rd_data(mgmt_head),
      .rd_pop(mgmt_pop)
  );

  pcie_req_engine #(
      .REG_ADDR_W(25),
      .IRQ_ADDR_W(17)
  ) mgmt_engine (
      .clk(mgmt_clk),
      .rst(rst),
      .cfg_max_payload(cfg_max_payload),
      .fifo_valid(mgmt_valid),
      .fifo_data(mgmt_head),
      .fifo_pop(mgmt_pop),
      .np_popped(mgmt_np_popped),
      .m_axil_reg_awaddr(m_axil_mgmt_awaddr),
      .m_axil_reg_awvalid(m_axil_mgmt_awvalid),
      .m_axil_reg_awready(m_axil_mgmt_awready),
      .m_axil_reg_wdata(m_axil_mgmt_wdata),
      .m_axil_reg_wstrb(m_axil_mgmt_wstrb),
      .m_axil_reg_wvalid(m_axil_mgmt_wvalid),
      .m_axil_reg_wready(m_axil_mgmt_wready),
      .m_axil_reg_bresp(m_axil_mgmt_bresp),
      .m_axil_reg_bvalid(m_axil_mgmt_bvalid),
      .m_axil_reg_bready(m_axil_mgmt_bready),
      .m_axil_reg_araddr(m_axil_mgmt_araddr),
      .m_axil_reg_arvalid(m_axil_mgmt_arvalid),
      .m_axil_reg_arready(m_axil_mgmt_arready),
      .m_axil_reg_rdata(m_axil_mgmt_rdata),
      .m_axil_reg_rresp(m_axil_mgmt_rresp),
      .m_axil_reg_rvalid(m_axil_mgmt_rvalid),
      .m_axil_reg_rready(m_axil_mgmt_rready),
      .m_axil_irq_awaddr(m_axil_mgmt_irq_awaddr),
      .m_axil_irq_awvalid(m_axil_mgmt_irq_awvalid),
      .m_axil_irq_awready(m_axil_mgmt_irq_awready),
      .m_axil_irq_wdata(m_axil_mgmt_irq_wdata),
      .m_axil_irq_wstrb(m_axil_mgmt_irq_wstrb),
      .m_axil_irq_wvalid(m_axil_mgmt_irq_wvalid),
      .m_axil_irq_wready(m_axil_mgmt_irq_wready),
      .m_axil_irq_bresp(m_axil_mgmt_irq_bresp),
      .m_axil_irq_bvalid(m_axil_mgmt_irq_bvalid),
      .m_axil_irq_bready(m_axil_mgmt_irq_bready),
      .m_axil_irq_araddr(m_axil_mgmt_irq_araddr),
      .m_axil_irq_arvalid(m_axil_mgmt_irq_arvalid),
      .m_axil_irq_arready(m_axil_mgmt_irq_arready),
      .m_axil_irq_rdata(m_axil_mgmt_irq_rdata),
      .m_axil_irq_rresp(m_axil_mgmt_irq_rresp),
      .m_axil_irq_rvalid(m_axil_mgmt_irq_rvalid),
      .m_axil_irq_rready(m_axil_mgmt_irq_rready),
      .mem_wr_start(),
      .mem_wr_pop(1'b0),
      .mem_wr_done(1'b0),
      .mem_wr_err(1'b0),
      .mem_rd_start(),
      .chunk_len(),
      .mem_rd_done(1'b0),
      .mem_rd_resp(2'b00),
      .req_addr(),
      .req_len(),
      .req_first_be(),
      .req_last_be(),
      .buf_we(mgmt_buf_we),
      .buf_index(mgmt_buf_index),
      .buf_data(mgmt_buf_data),
      .cpl_ready(mgmt_cpl_ready),
      .cpl_go(mgmt_cpl_go),
      .cpl_single(mgmt_cpl_single),
      .cpl_status(mgmt_cpl_status),
      .cpl_len(mgmt_cpl_len),
      .cpl_lower(mgmt_cpl_lower),
      .cpl_byte_count(mgmt_cpl_byte_count),
      .cpl_start(mgmt_cpl_start),
      .cpl_locked(mgmt_cpl_locked),
      .cpl_requester(mgmt_cpl_requester),
      .cpl_tag(mgmt_cpl_tag),
      .cpl_function(mgmt_cpl_function),
      .cpl_tc(mgmt_cpl_tc),
      .cpl_attr(mgmt_cpl_attr),
      .err_write_count(err_mgmt_write_count),
      .err_read_count(err_mgmt_read_count),
      .active(mgmt_active)
  );

  pcie_cpl_tx mgmt_cpl (
      .clk(mgmt_clk),
      .rst(rst),
      .dw_we(mgmt_buf_we),
      .dw_index(mgmt_buf_index),
      .dw_data(mgmt_buf_data),
      .beat_we(1'b0),
      .beat_index(4'd0),
      .beat_data(256'd0),
      .ready(mgmt_cpl_ready),
      .go(mgmt_cpl_go),
      .single(mgmt_cpl_single),
      .status(mgmt_cpl_status),
      .len(mgmt_cpl_len),
      .lower(mgmt_cpl_lower),
      .byte_count(mgmt_cpl_byte_count),
      .start(mgmt_cpl_start),
      .locked(mgmt_cpl_locked),
      .requester(mgmt_cpl_requester),
      .tag(mgmt_cpl_tag),
      .completer_function(mgmt_cpl_function),
      .tc(mgmt_cpl_tc),
      .attr(mgmt_cpl_attr),
      .cc_tdata(mgmt_cc_tdata),
      .cc_tkeep(mgmt_cc_tkeep),
      .cc_tlast(mgmt_cc_tlast),
      .cc_tvalid(mgmt_cc_tvalid),
      .cc_tready(mgmt_cc_tready)
  );

  /* verilator lint_on PINCONNECTEMPTY */

  // ---- user function
  wire         mem_wr_start;
  wire         mem_wr_pop;
  wire         mem_wr_done;
  wire         mem_wr_err;
  wire         mem_rd_start;
  wire         mem_rd_done;
  wire [1:0]   mem_rd_resp;
  wire [7:0]   mem_chunk_len;
  wire [27:0]  mem_req_addr;
  wire [10:0]  mem_req_len;
  wire [3:0]   mem_req_first_be;
  wire [3:0]   mem_req_last_be;
  wire         mem_beat_we;
  wire [3:0]   mem_beat_index;
  wire [255:0] mem_beat_data;
  wire         user_valid;
  wire [266:0] user_head;
  wire         user_pop;
  wire         user_buf_we;
  wire [6:0]   user_buf_index;
  wire [31:0]  user_buf_data;
  wire         user_cpl_ready;
  wire         user_cpl_go;
  wire         user_cpl_single;
  wire [2:0]   user_cpl_status;
  wire [7:0]   user_cpl_len;
  wire [6:0]   user_cpl_lower;
  wire [12:0]  user_cpl_byte_count;
  wire [6:0]   user_cpl_start;
  wire         user_cpl_locked;
  wire [15:0]  user_cpl_requester;
  wire [7:0]   user_cpl_tag;
  wire [7:0]   user_cpl_function;
  wire [2:0]   user_cpl_tc;
  wire [2:0]   user_cpl_attr;
  wire [255:0] user_cc_tdata;
  wire [7:0]   user_cc_tkeep;
  wire         user_cc_tlast;
  wire         user_cc_tvalid;
  wire         user_cc_tready;
  wire         user_active;

  // A function's part has a clock while one of its requests is in the card.
  wire         user_on = user_wr_en || user_wr_commit || user_active || user_cc_tvalid;
  wire         user_clk;

  clk_gate user_gate (
      .clk(clk),
      .en(rst || user_on),
      .gclk(user_clk)
  );

  pcie_req_fifo #(
      .WIDTH(267),
      .DEPTH_LOG2(FIFO_DEPTH_LOG2)
  ) user_fifo (
      .clk(user_clk),
      .rst(rst),
      .wr_en(user_wr_en),
      .wr_first(wr_first),
      .wr_data(wr_data),
      .wr_commit(user_wr_commit),
      .full_first(user_full_first),
      .full_next(user_full_next),
      .rd_valid(user_valid),
      .rd_data(user_head),
      .rd_pop(user_pop)
  );

  pcie_req_engine #(
      .REG_ADDR_W(25),
      .IRQ_ADDR_W(16)
  ) user_engine (
      .clk(user_clk),
      .rst(rst),
      .cfg_max_payload(cfg_max_payload),
      .fifo_valid(user_valid),
      .fifo_data(user_head),
      .fifo_pop(user_pop),
      .np_popped(user_np_popped),
      .m_axil_reg_awaddr(m_axil_user_awaddr),
      .m_axil_reg_awvalid(m_axil_user_awvalid),
      .m_axil_reg_awready(m_axil_user_awready),
      .m_axil_reg_wdata(m_axil_user_wdata),
      .m_axil_reg_wstrb(m_axil_user_wstrb),
      .m_axil_reg_wvalid(m_axil_user_wvalid),
      .m_axil_reg_wready(m_axil_user_wready),
      .m_axil_reg_bresp(m_axil_user_bresp),
      .m_axil_reg_bvalid(m_axil_user_bvalid),
      .m_axil_reg_bready(m_axil_user_bready),
      .m_axil_reg_araddr(m_axil_user_araddr),
      .m_axil_reg_arvalid(m_axil_user_arvalid),
      .m_axil_reg_arready(m_axil_user_arready),
      .m_axil_reg_rdata(m_axil_user_rdata),
      .m_axil_reg_rresp(m_axil_user_rresp),
      .m_axil_reg_rvalid(m_axil_user_rvalid),
      .m_axil_reg_rready(m_axil_user_rready),
      .m_axil_irq_awaddr(m_axil_user_irq_awaddr),
      .m_axil_irq_awvalid(m_axil_user_irq_awvalid),
      .m_axil_irq_awready(m_axil_user_irq_awready),
      .m_axil_irq_wdata(m_axil_user_irq_wdata),
      .m_axil_irq_wstrb(m_axil_user_irq_wstrb),
      .m_axil_irq_wvalid(m_axil_user_irq_wvalid),
      .m_axil_irq_wready(m_axil_user_irq_wready),
      .m_axil_irq_bresp(m_axil_user_irq_bresp),
      .m_axil_irq_bvalid(m_axil_user_irq_bvalid),
      .m_axil_irq_bready(m_axil_user_irq_bready),
      .m_axil_irq_araddr(m_axil_user_irq_araddr),
      .m_axil_irq_arvalid(m_axil_user_irq_arvalid),
      .m_axil_irq_arready(m_axil_user_irq_arready),
      .m_axil_irq_rdata(m_axil_user_irq_rdata),
      .m_axil_irq_rresp(m_axil_user_irq_rresp),
      .m_axil_irq_rvalid(m_axil_user_irq_rvalid),
      .m_axil_irq_rready(m_axil_user_irq_rready),
      .mem_wr_start(mem_wr_start),
      .mem_wr_pop(mem_wr_pop),
      .mem_wr_done(mem_wr_done),
      .mem_wr_err(mem_wr_err),
      .mem_rd_start(mem_rd_start),
      .chunk_len(mem_chunk_len),
      .mem_rd_done(mem_rd_done),
      .mem_rd_resp(mem_rd_resp),
      .req_addr(mem_req_addr),
      .req_len(mem_req_len),
      .req_first_be(mem_req_first_be),
      .req_last_be(mem_req_last_be),
      .buf_we(user_buf_we),
      .buf_index(user_buf_index),
      .buf_data(user_buf_data),
      .cpl_ready(user_cpl_ready),
      .cpl_go(user_cpl_go),
      .cpl_single(user_cpl_single),
      .cpl_status(user_cpl_status),
      .cpl_len(user_cpl_len),
      .cpl_lower(user_cpl_lower),
      .cpl_byte_count(user_cpl_byte_count),
      .cpl_start(user_cpl_start),
      .cpl_locked(user_cpl_locked),
      .cpl_requester(user_cpl_requester),
      .cpl_tag(user_cpl_tag),
      .cpl_function(user_cpl_function),
      .cpl_tc(user_cpl_tc),
      .cpl_attr(user_cpl_attr),
      .err_write_count(err_user_write_count),
      .err_read_count(err_user_read_count),
      .active(user_active)
  );

  pcie_cpl_tx user_cpl (
      .clk(user_clk),
      .rst(rst),
      .dw_we(user_buf_we),
      .dw_index(user_buf_index),
      .dw_data(user_buf_data),
      .beat_we(mem_beat_we),
      .beat_index(mem_beat_index),
      .beat_data(mem_beat_data),
      .ready(user_cpl_ready),
      .go(user_cpl_go),
      .single(user_cpl_single),
      .status(user_cpl_status),
      .len(user_cpl_len),
      .lower(user_cpl_lower),
      .byte_count(user_cpl_byte_count),
      .start(user_cpl_start),
      .locked(user_cpl_locked),
      .requester(user_cpl_requester),
      .tag(user_cpl_tag),
      .completer_function(user_cpl_function),
      .tc(user_cpl_tc),
      .attr(user_cpl_attr),
      .cc_tdata(user_cc_tdata),
      .cc_tkeep(user_cc_tkeep),
      .cc_tlast(user_cc_tlast),
      .cc_tvalid(user_cc_tvalid),
      .cc_tready(user_cc_tready)
  );

  pcie_mem_wr #(
      .ADDR_W(40),
      .ID_W(ID_W)
  ) mem_wr (
      .clk(user_clk),
      .rst(rst),
      .start(mem_wr_start),
      .addr(mem_req_addr),
      .len(mem_req_len),
      .first_be(mem_req_first_be),
      .last_be(mem_req_last_be),
      .done(mem_wr_done),
      .err(mem_wr_err),
      .fifo_data(user_head[255:0]),
      .fifo_pop(mem_wr_pop),
      .m_axi_awid(m_axi_mem_awid),
      .m_axi_awaddr(m_axi_mem_awaddr),
      .m_axi_awlen(m_axi_mem_awlen),
      .m_axi_awsize(m_axi_mem_awsize),
      .m_axi_awburst(m_axi_mem_awburst),
      .m_axi_awvalid(m_axi_mem_awvalid),
      .m_axi_awready(m_axi_mem_awready),
      .m_axi_wdata(m_axi_mem_wdata),
      .m_axi_wstrb(m_axi_mem_wstrb),
      .m_axi_wlast(m_axi_mem_wlast),
      .m_axi_wvalid(m_axi_mem_wvalid),
      .m_axi_wready(m_axi_mem_wready),
      .m_axi_bresp(m_axi_mem_bresp),
      .m_axi_bvalid(m_axi_mem_bvalid),
      .m_axi_bready(m_axi_mem_bready)
  );

  pcie_mem_rd #(
      .ADDR_W(40),
      .ID_W(ID_W)
  ) mem_rd (
      .clk(user_clk),
      .rst(rst),
      .start(mem_rd_start),
      .addr(mem_req_addr),
      .len(mem_chunk_len),
      .done(mem_rd_done),
      .resp(mem_rd_resp),
      .beat_we(mem_beat_we),
      .beat_index(mem_beat_index),
      .beat_data(mem_beat_data),
      .m_axi_arid(m_axi_mem_arid),
      .m_axi_araddr(m_axi_mem_araddr),
      .m_axi_arlen(m_axi_mem_arlen),
      .m_axi_arsize(m_axi_mem_arsize),
      .m_axi_arburst(m_axi_mem_arburst),
      .m_axi_arvalid(m_axi_mem_arvalid),
      .m_axi_arready(m_axi_mem_arready),
      .m_axi_rdata(m_axi_mem_rdata),
      .m_axi_rresp(m_axi_mem_rresp),
      .m_axi_rlast(m_axi_mem_rlast),
      .m_axi_rvalid(m_axi_mem_rvalid),
      .m_axi_rready(m_axi_mem_rready)
  );

  assign active = rx_active || np_active || mgmt_active || user_active || mgmt_cc_tvalid
      || user_cc_tvalid;

  pcie_cc_arb cc_arb (
      .clk(clk),
      .rst(rst),
      .s0_tdata(mgmt_cc_tdata),
      .s0_tkeep(mgmt_cc_tkeep),
      .s0_tlast(mgmt_cc_tlast),
      .s0_tvalid(mgmt_cc_tvalid),
      .s0_tready(mgmt_cc_tready),
      .s1_tdata(user_cc_tdata),
      .s1_tkeep(user_cc_tkeep),
      .s1_tlast(user_cc_tlast),
      .s1_tvalid(user_cc_tvalid),
      .s1_tready(user_cc_tready),
      .m_axis_cc_tdata(m_axis_cc_tdata),
      .m_axis_cc_tkeep(m_axis_cc_tkeep),
      .m_axis_cc_tuser(m_axis_cc_tuser),
      .m_axis_cc_tlast(m_axis_cc_tlast),
      .m_axis_cc_tvalid(m_axis_cc_tvalid),
      .m_axis_cc_tready(m_axis_cc_tready)
  );

endmodule

`default_nettype wire
