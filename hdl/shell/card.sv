// SPDX-License-Identifier: Apache-2.0
// The card: PCIe front, interrupts of both functions, static region, dynamic region, device memory.
//
// Pins are those of the UltraScale+ PCIe hard block (256 bit) on one side and of the scheduler processor
// on the other. One 250 MHz clock. `busy` low means that the clock may stop: nothing is under way.
`default_nettype none
`timescale 1ns / 1ps

module card #(
    parameter integer NUM_SLOTS = 4,
    parameter integer FULL_SLOTS = NUM_SLOTS < 4 ? NUM_SLOTS : 4,  // slots with a memory port
    parameter integer TOUCH_W = 128,
    // 1: reads of the command queue that collide with a write return a mixture of old and new bits.
    parameter integer CQ_COLLISION = 0
) (
    input  wire          clk,
    input  wire          rst,

    input  wire [255:0]  s_axis_cq_tdata,
    input  wire [87:0]   s_axis_cq_tuser,
    input  wire [7:0]    s_axis_cq_tkeep,
    input  wire          s_axis_cq_tlast,
    input  wire          s_axis_cq_tvalid,
    output wire          s_axis_cq_tready,
    output wire [1:0]    pcie_cq_np_req,

    output wire [255:0]  m_axis_cc_tdata,
    output wire [32:0]   m_axis_cc_tuser,
    output wire [7:0]    m_axis_cc_tkeep,
    output wire          m_axis_cc_tlast,
    output wire          m_axis_cc_tvalid,
    input  wire          m_axis_cc_tready,

    output wire [255:0]  m_axis_rq_tdata,
    output wire [61:0]   m_axis_rq_tuser,
    output wire [7:0]    m_axis_rq_tkeep,
    output wire          m_axis_rq_tlast,
    output wire          m_axis_rq_tvalid,
    input  wire          m_axis_rq_tready,

    input  wire [255:0]  s_axis_rc_tdata,
    input  wire [74:0]   s_axis_rc_tuser,
    input  wire [7:0]    s_axis_rc_tkeep,
    input  wire          s_axis_rc_tlast,
    input  wire          s_axis_rc_tvalid,
    output wire          s_axis_rc_tready,

    input  wire [1:0]    cfg_max_payload,
    input  wire [2:0]    cfg_max_read_req,

    // Functions 0 and 1; the hard block has pins for four.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [3:0]    cfg_interrupt_msix_enable,
    input  wire [3:0]    cfg_interrupt_msix_mask,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire [63:0]   cfg_interrupt_msix_address,
    output wire [31:0]   cfg_interrupt_msix_data,
    output wire          cfg_interrupt_msix_int,
    output wire [7:0]    cfg_interrupt_msi_function_number,
    input  wire          cfg_interrupt_msix_sent,
    input  wire          cfg_interrupt_msix_fail,

    // Scheduler processor: bus master, interrupt, run/hold, and where the host wrote to the queue.
    input  wire [31:0]   s_axil_mb_awaddr,
    input  wire          s_axil_mb_awvalid,
    output wire          s_axil_mb_awready,
    input  wire [31:0]   s_axil_mb_wdata,
    input  wire [3:0]    s_axil_mb_wstrb,
    input  wire          s_axil_mb_wvalid,
    output wire          s_axil_mb_wready,
    output wire [1:0]    s_axil_mb_bresp,
    output wire          s_axil_mb_bvalid,
    input  wire          s_axil_mb_bready,
    input  wire [31:0]   s_axil_mb_araddr,
    input  wire          s_axil_mb_arvalid,
    output wire          s_axil_mb_arready,
    output wire [31:0]   s_axil_mb_rdata,
    output wire [1:0]    s_axil_mb_rresp,
    output wire          s_axil_mb_rvalid,
    input  wire          s_axil_mb_rready,
    output wire          mb_run,
    output wire          mb_irq,
    output wire          mb_wake,
    input  wire          mb_asleep,
    output wire [TOUCH_W-1:0] host_touched,
    input  wire [TOUCH_W-1:0] touch_ack,

    output wire          busy
);

  localparam integer ID_W = 1;
  // User interrupts of the user function: 0-3 command completion, 4 mailbox; management: 11 mailbox.
  localparam integer USER_IRQ_MAILBOX = 4;
  localparam integer MGMT_IRQ_MAILBOX = 11;

  wire [24:0]   mgmt_awaddr;
  wire          mgmt_awvalid;
  wire          mgmt_awready;
  wire [31:0]   mgmt_wdata;
  wire [3:0]    mgmt_wstrb;
  wire          mgmt_wvalid;
  wire          mgmt_wready;
  wire [1:0]    mgmt_bresp;
  wire          mgmt_bvalid;
  wire          mgmt_bready;
  wire [24:0]   mgmt_araddr;
  wire          mgmt_arvalid;
  wire          mgmt_arready;
  wire [31:0]   mgmt_rdata;
  wire [1:0]    mgmt_rresp;
  wire          mgmt_rvalid;
  wire          mgmt_rready;

  wire [24:0]   user_awaddr;
  wire          user_awvalid;
  wire          user_awready;
  wire [31:0]   user_wdata;
  wire [3:0]    user_wstrb;
  wire          user_wvalid;
  wire          user_wready;
  wire [1:0]    user_bresp;
  wire          user_bvalid;
  wire          user_bready;
  wire [24:0]   user_araddr;
  wire          user_arvalid;
  wire          user_arready;
  wire [31:0]   user_rdata;
  wire [1:0]    user_rresp;
  wire          user_rvalid;
  wire          user_rready;

  wire [16:0]   mgmt_bar2_awaddr;
  wire          mgmt_bar2_awvalid;
  wire          mgmt_bar2_awready;
  wire [31:0]   mgmt_bar2_wdata;
  wire [3:0]    mgmt_bar2_wstrb;
  wire          mgmt_bar2_wvalid;
  wire          mgmt_bar2_wready;
  wire [1:0]    mgmt_bar2_bresp;
  wire          mgmt_bar2_bvalid;
  wire          mgmt_bar2_bready;
  wire [16:0]   mgmt_bar2_araddr;
  wire          mgmt_bar2_arvalid;
  wire          mgmt_bar2_arready;
  wire [31:0]   mgmt_bar2_rdata;
  wire [1:0]    mgmt_bar2_rresp;
  wire          mgmt_bar2_rvalid;
  wire          mgmt_bar2_rready;

  wire [15:0]   user_bar2_awaddr;
  wire          user_bar2_awvalid;
  wire          user_bar2_awready;
  wire [31:0]   user_bar2_wdata;
  wire [3:0]    user_bar2_wstrb;
  wire          user_bar2_wvalid;
  wire          user_bar2_wready;
  wire [1:0]    user_bar2_bresp;
  wire          user_bar2_bvalid;
  wire          user_bar2_bready;
  wire [15:0]   user_bar2_araddr;
  wire          user_bar2_arvalid;
  wire          user_bar2_arready;
  wire [31:0]   user_bar2_rdata;
  wire [1:0]    user_bar2_rresp;
  wire          user_bar2_rvalid;
  wire          user_bar2_rready;

  wire          pcie_awid;
  wire [39:0]   pcie_awaddr;
  wire [7:0]    pcie_awlen;
  wire [2:0]    pcie_awsize;
  wire [1:0]    pcie_awburst;
  wire          pcie_awvalid;
  wire          pcie_awready;
  wire [255:0]  pcie_wdata;
  wire [31:0]   pcie_wstrb;
  wire          pcie_wlast;
  wire          pcie_wvalid;
  wire          pcie_wready;
  wire          pcie_bid;
  wire [1:0]    pcie_bresp;
  wire          pcie_bvalid;
  wire          pcie_bready;
  wire          pcie_arid;
  wire [39:0]   pcie_araddr;
  wire [7:0]    pcie_arlen;
  wire [2:0]    pcie_arsize;
  wire [1:0]    pcie_arburst;
  wire          pcie_arvalid;
  wire          pcie_arready;
  wire          pcie_rid;
  wire [255:0]  pcie_rdata;
  wire [1:0]    pcie_rresp;
  wire          pcie_rlast;
  wire          pcie_rvalid;
  wire          pcie_rready;

  wire [31:0]   ulp_axil_awaddr;
  wire          ulp_axil_awvalid;
  wire          ulp_axil_awready;
  wire [31:0]   ulp_axil_wdata;
  wire [3:0]    ulp_axil_wstrb;
  wire          ulp_axil_wvalid;
  wire          ulp_axil_wready;
  wire [1:0]    ulp_axil_bresp;
  wire          ulp_axil_bvalid;
  wire          ulp_axil_bready;
  wire [31:0]   ulp_axil_araddr;
  wire          ulp_axil_arvalid;
  wire          ulp_axil_arready;
  wire [31:0]   ulp_axil_rdata;
  wire [1:0]    ulp_axil_rresp;
  wire          ulp_axil_rvalid;
  wire          ulp_axil_rready;

  wire          region_awid;
  wire [39:0]   region_awaddr;
  wire [7:0]    region_awlen;
  wire [2:0]    region_awsize;
  wire [1:0]    region_awburst;
  wire          region_awvalid;
  wire          region_awready;
  wire [255:0]  region_wdata;
  wire [31:0]   region_wstrb;
  wire          region_wlast;
  wire          region_wvalid;
  wire          region_wready;
  wire          region_bid;
  wire [1:0]    region_bresp;
  wire          region_bvalid;
  wire          region_bready;
  wire          region_arid;
  wire [39:0]   region_araddr;
  wire [7:0]    region_arlen;
  wire [2:0]    region_arsize;
  wire [1:0]    region_arburst;
  wire          region_arvalid;
  wire          region_arready;
  wire          region_rid;
  wire [255:0]  region_rdata;
  wire [1:0]    region_rresp;
  wire          region_rlast;
  wire          region_rvalid;
  wire          region_rready;

  wire          kernels_awid;
  wire [39:0]   kernels_awaddr;
  wire [7:0]    kernels_awlen;
  wire [2:0]    kernels_awsize;
  wire [1:0]    kernels_awburst;
  wire          kernels_awvalid;
  wire          kernels_awready;
  wire [255:0]  kernels_wdata;
  wire [31:0]   kernels_wstrb;
  wire          kernels_wlast;
  wire          kernels_wvalid;
  wire          kernels_wready;
  wire          kernels_bid;
  wire [1:0]    kernels_bresp;
  wire          kernels_bvalid;
  wire          kernels_bready;
  wire          kernels_arid;
  wire [39:0]   kernels_araddr;
  wire [7:0]    kernels_arlen;
  wire [2:0]    kernels_arsize;
  wire [1:0]    kernels_arburst;
  wire          kernels_arvalid;
  wire          kernels_arready;
  wire          kernels_rid;
  wire [255:0]  kernels_rdata;
  wire [1:0]    kernels_rresp;
  wire          kernels_rlast;
  wire          kernels_rvalid;
  wire          kernels_rready;

  wire          kdma_awid;
  wire [39:0]   kdma_awaddr;
  wire [7:0]    kdma_awlen;
  wire [2:0]    kdma_awsize;
  wire [1:0]    kdma_awburst;
  wire          kdma_awvalid;
  wire          kdma_awready;
  wire [255:0]  kdma_wdata;
  wire [31:0]   kdma_wstrb;
  wire          kdma_wlast;
  wire          kdma_wvalid;
  wire          kdma_wready;
  wire          kdma_bid;
  wire [1:0]    kdma_bresp;
  wire          kdma_bvalid;
  wire          kdma_bready;
  wire          kdma_arid;
  wire [39:0]   kdma_araddr;
  wire [7:0]    kdma_arlen;
  wire [2:0]    kdma_arsize;
  wire [1:0]    kdma_arburst;
  wire          kdma_arvalid;
  wire          kdma_arready;
  wire          kdma_rid;
  wire [255:0]  kdma_rdata;
  wire [1:0]    kdma_rresp;
  wire          kdma_rlast;
  wire          kdma_rvalid;
  wire          kdma_rready;

  wire          mem_awid;
  wire [39:0]   mem_awaddr;
  wire [7:0]    mem_awlen;
  wire [2:0]    mem_awsize;
  wire [1:0]    mem_awburst;
  wire          mem_awvalid;
  wire          mem_awready;
  wire [255:0]  mem_wdata;
  wire [31:0]   mem_wstrb;
  wire          mem_wlast;
  wire          mem_wvalid;
  wire          mem_wready;
  wire          mem_bid;
  wire [1:0]    mem_bresp;
  wire          mem_bvalid;
  wire          mem_bready;
  wire          mem_arid;
  wire [39:0]   mem_araddr;
  wire [7:0]    mem_arlen;
  wire [2:0]    mem_arsize;
  wire [1:0]    mem_arburst;
  wire          mem_arvalid;
  wire          mem_arready;
  wire          mem_rid;
  wire [255:0]  mem_rdata;
  wire [1:0]    mem_rresp;
  wire          mem_rlast;
  wire          mem_rvalid;
  wire          mem_rready;

  wire         gate_open;
  wire         region_rst;
  wire         cfg_loading;
  wire         cfg_valid;
  wire [8*NUM_SLOTS-1:0] cfg_slot_kernel;
  wire [NUM_SLOTS-1:0] region_irq;
  wire [NUM_SLOTS-1:0] unit_irq;
  wire [NUM_SLOTS-1:0] cu_irq;
  wire         mailbox_mgmt_irq;
  wire         mailbox_user_irq;
  wire [3:0]   ert_host_irq;

  // ---------------------------------------------------------------- clocks that run when there is work

  wire front_active;
  wire shell_busy;
  wire mgmt_irq_active;
  wire user_irq_active;
  wire msix_arb_active;
  wire region_active;
  wire isolate_active;
  wire arbiter_active;
  wire memory_active;

  wire ulp_waiting;

  wire front_on = front_active || s_axis_cq_tvalid;
  wire irq_on = mgmt_irq_active || user_irq_active || msix_arb_active
      || mgmt_bar2_awvalid || mgmt_bar2_wvalid || mgmt_bar2_arvalid
      || user_bar2_awvalid || user_bar2_wvalid || user_bar2_arvalid;
  // A request that nobody in the region takes and that the guard has given up must not keep the clock on.
  wire region_on = region_active
      || (ulp_axil_awvalid && (ulp_waiting || ulp_axil_awready))
      || (ulp_axil_wvalid && (ulp_waiting || ulp_axil_wready))
      || (ulp_axil_arvalid && (ulp_waiting || ulp_axil_arready));
  wire mem_on = isolate_active || arbiter_active || memory_active || pcie_awvalid || pcie_wvalid
      || pcie_arvalid || kdma_awvalid || kdma_wvalid || kdma_arvalid || (gate_open && (region_awvalid || region_arvalid));
  wire front_clk;
  wire irq_clk;
  wire region_clk;
  wire mem_clk;

  // None of these three has work while registers are read and written.
  wire rear_on = irq_on || region_on || mem_on;
  wire rear_clk;

  assign busy = front_on || shell_busy || rear_on;

  clk_gate u_rear_gate (
      .clk(clk),
      .en(rst || rear_on),
      .gclk(rear_clk)
  );

  clk_gate u_front_gate (
      .clk(clk),
      .en(rst || front_on),
      .gclk(front_clk)
  );

  clk_gate u_irq_gate (
      .clk(rear_clk),
      .en(rst || irq_on),
      .gclk(irq_clk)
  );

  clk_gate u_region_gate (
      .clk(rear_clk),
      .en(rst || region_on),
      .gclk(region_clk)
  );

  clk_gate u_mem_gate (
      .clk(rear_clk),
      .en(rst || mem_on),
      .gclk(mem_clk)
  );

  // ---------------------------------------------------------------- PCIe

  // Error counters of the front are for the waveform.
  /* verilator lint_off PINCONNECTEMPTY */
  pcie_front #(
      .ID_W(ID_W)
  ) u_front (
      .clk(front_clk),
      .rst(rst),
      .s_axis_cq_tdata(s_axis_cq_tdata),
      .s_axis_cq_tuser(s_axis_cq_tuser),
      .s_axis_cq_tkeep(s_axis_cq_tkeep),
      .s_axis_cq_tlast(s_axis_cq_tlast),
      .s_axis_cq_tvalid(s_axis_cq_tvalid),
      .s_axis_cq_tready(s_axis_cq_tready),
      .m_axis_cc_tdata(m_axis_cc_tdata),
      .m_axis_cc_tuser(m_axis_cc_tuser),
      .m_axis_cc_tkeep(m_axis_cc_tkeep),
      .m_axis_cc_tlast(m_axis_cc_tlast),
      .m_axis_cc_tvalid(m_axis_cc_tvalid),
      .m_axis_cc_tready(m_axis_cc_tready),
      .m_axis_rq_tdata(m_axis_rq_tdata),
      .m_axis_rq_tuser(m_axis_rq_tuser),
      .m_axis_rq_tkeep(m_axis_rq_tkeep),
      .m_axis_rq_tlast(m_axis_rq_tlast),
      .m_axis_rq_tvalid(m_axis_rq_tvalid),
      .m_axis_rq_tready(m_axis_rq_tready),
      .s_axis_rc_tdata(s_axis_rc_tdata),
      .s_axis_rc_tuser(s_axis_rc_tuser),
      .s_axis_rc_tkeep(s_axis_rc_tkeep),
      .s_axis_rc_tlast(s_axis_rc_tlast),
      .s_axis_rc_tvalid(s_axis_rc_tvalid),
      .s_axis_rc_tready(s_axis_rc_tready),
      .pcie_cq_np_req(pcie_cq_np_req),
      .cfg_max_payload(cfg_max_payload),
      .m_axil_mgmt_awaddr(mgmt_awaddr),
      .m_axil_mgmt_awvalid(mgmt_awvalid),
      .m_axil_mgmt_awready(mgmt_awready),
      .m_axil_mgmt_wdata(mgmt_wdata),
      .m_axil_mgmt_wstrb(mgmt_wstrb),
      .m_axil_mgmt_wvalid(mgmt_wvalid),
      .m_axil_mgmt_wready(mgmt_wready),
      .m_axil_mgmt_bresp(mgmt_bresp),
      .m_axil_mgmt_bvalid(mgmt_bvalid),
      .m_axil_mgmt_bready(mgmt_bready),
      .m_axil_mgmt_araddr(mgmt_araddr),
      .m_axil_mgmt_arvalid(mgmt_arvalid),
      .m_axil_mgmt_arready(mgmt_arready),
      .m_axil_mgmt_rdata(mgmt_rdata),
      .m_axil_mgmt_rresp(mgmt_rresp),
      .m_axil_mgmt_rvalid(mgmt_rvalid),
      .m_axil_mgmt_rready(mgmt_rready),
      .m_axil_mgmt_irq_awaddr(mgmt_bar2_awaddr),
      .m_axil_mgmt_irq_awvalid(mgmt_bar2_awvalid),
      .m_axil_mgmt_irq_awready(mgmt_bar2_awready),
      .m_axil_mgmt_irq_wdata(mgmt_bar2_wdata),
      .m_axil_mgmt_irq_wstrb(mgmt_bar2_wstrb),
      .m_axil_mgmt_irq_wvalid(mgmt_bar2_wvalid),
      .m_axil_mgmt_irq_wready(mgmt_bar2_wready),
      .m_axil_mgmt_irq_bresp(mgmt_bar2_bresp),
      .m_axil_mgmt_irq_bvalid(mgmt_bar2_bvalid),
      .m_axil_mgmt_irq_bready(mgmt_bar2_bready),
      .m_axil_mgmt_irq_araddr(mgmt_bar2_araddr),
      .m_axil_mgmt_irq_arvalid(mgmt_bar2_arvalid),
      .m_axil_mgmt_irq_arready(mgmt_bar2_arready),
      .m_axil_mgmt_irq_rdata(mgmt_bar2_rdata),
      .m_axil_mgmt_irq_rresp(mgmt_bar2_rresp),
      .m_axil_mgmt_irq_rvalid(mgmt_bar2_rvalid),
      .m_axil_mgmt_irq_rready(mgmt_bar2_rready),
      .m_axil_user_awaddr(user_awaddr),
      .m_axil_user_awvalid(user_awvalid),
      .m_axil_user_awready(user_awready),
      .m_axil_user_wdata(user_wdata),
      .m_axil_user_wstrb(user_wstrb),
      .m_axil_user_wvalid(user_wvalid),
      .m_axil_user_wready(user_wready),
      .m_axil_user_bresp(user_bresp),
      .m_axil_user_bvalid(user_bvalid),
      .m_axil_user_bready(user_bready),
      .m_axil_user_araddr(user_araddr),
      .m_axil_user_arvalid(user_arvalid),
      .m_axil_user_arready(user_arready),
      .m_axil_user_rdata(user_rdata),
      .m_axil_user_rresp(user_rresp),
      .m_axil_user_rvalid(user_rvalid),
      .m_axil_user_rready(user_rready),
      .m_axil_user_irq_awaddr(user_bar2_awaddr),
      .m_axil_user_irq_awvalid(user_bar2_awvalid),
      .m_axil_user_irq_awready(user_bar2_awready),
      .m_axil_user_irq_wdata(user_bar2_wdata),
      .m_axil_user_irq_wstrb(user_bar2_wstrb),
      .m_axil_user_irq_wvalid(user_bar2_wvalid),
      .m_axil_user_irq_wready(user_bar2_wready),
      .m_axil_user_irq_bresp(user_bar2_bresp),
      .m_axil_user_irq_bvalid(user_bar2_bvalid),
      .m_axil_user_irq_bready(user_bar2_bready),
      .m_axil_user_irq_araddr(user_bar2_araddr),
      .m_axil_user_irq_arvalid(user_bar2_arvalid),
      .m_axil_user_irq_arready(user_bar2_arready),
      .m_axil_user_irq_rdata(user_bar2_rdata),
      .m_axil_user_irq_rresp(user_bar2_rresp),
      .m_axil_user_irq_rvalid(user_bar2_rvalid),
      .m_axil_user_irq_rready(user_bar2_rready),
      .m_axi_mem_awid(pcie_awid),
      .m_axi_mem_awaddr(pcie_offset_awaddr),
      .m_axi_mem_awlen(pcie_awlen),
      .m_axi_mem_awsize(pcie_awsize),
      .m_axi_mem_awburst(pcie_awburst),
      .m_axi_mem_awvalid(pcie_awvalid),
      .m_axi_mem_awready(pcie_awready),
      .m_axi_mem_wdata(pcie_wdata),
      .m_axi_mem_wstrb(pcie_wstrb),
      .m_axi_mem_wlast(pcie_wlast),
      .m_axi_mem_wvalid(pcie_wvalid),
      .m_axi_mem_wready(pcie_wready),
      .m_axi_mem_bid(pcie_bid),
      .m_axi_mem_bresp(pcie_bresp),
      .m_axi_mem_bvalid(pcie_bvalid),
      .m_axi_mem_bready(pcie_bready),
      .m_axi_mem_arid(pcie_arid),
      .m_axi_mem_araddr(pcie_offset_araddr),
      .m_axi_mem_arlen(pcie_arlen),
      .m_axi_mem_arsize(pcie_arsize),
      .m_axi_mem_arburst(pcie_arburst),
      .m_axi_mem_arvalid(pcie_arvalid),
      .m_axi_mem_arready(pcie_arready),
      .m_axi_mem_rid(pcie_rid),
      .m_axi_mem_rdata(pcie_rdata),
      .m_axi_mem_rresp(pcie_rresp),
      .m_axi_mem_rlast(pcie_rlast),
      .m_axi_mem_rvalid(pcie_rvalid),
      .m_axi_mem_rready(pcie_rready),
      .err_poisoned_count(),
      .err_malformed_count(),
      .err_unmapped_write_count(),
      .err_mgmt_write_count(),
      .err_mgmt_read_count(),
      .err_user_write_count(),
      .err_user_read_count(),
      .active(front_active)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  wire [63:0]  mgmt_msix_addr;
  wire [31:0]  mgmt_msix_data;
  wire         mgmt_msix_valid;
  wire         mgmt_msix_sent;
  wire         mgmt_msix_fail;
  wire [63:0]  user_msix_addr;
  wire [31:0]  user_msix_data;
  wire         user_msix_valid;
  wire         user_msix_sent;
  wire         user_msix_fail;

  irq_bar #(
      .ADDR_W(17)
  ) u_mgmt_irq (
      .clk(irq_clk),
      .rst(rst),
      .s_axil_awaddr(mgmt_bar2_awaddr),
      .s_axil_awvalid(mgmt_bar2_awvalid),
      .s_axil_awready(mgmt_bar2_awready),
      .s_axil_wdata(mgmt_bar2_wdata),
      .s_axil_wstrb(mgmt_bar2_wstrb),
      .s_axil_wvalid(mgmt_bar2_wvalid),
      .s_axil_wready(mgmt_bar2_wready),
      .s_axil_bresp(mgmt_bar2_bresp),
      .s_axil_bvalid(mgmt_bar2_bvalid),
      .s_axil_bready(mgmt_bar2_bready),
      .s_axil_araddr(mgmt_bar2_araddr),
      .s_axil_arvalid(mgmt_bar2_arvalid),
      .s_axil_arready(mgmt_bar2_arready),
      .s_axil_rdata(mgmt_bar2_rdata),
      .s_axil_rresp(mgmt_bar2_rresp),
      .s_axil_rvalid(mgmt_bar2_rvalid),
      .s_axil_rready(mgmt_bar2_rready),
      .usr_irq_req(16'd0 | ({15'd0, mailbox_mgmt_irq} << MGMT_IRQ_MAILBOX)),
      .chnl_irq_req(8'd0),
      .msix_enable(cfg_interrupt_msix_enable[0]),
      .msix_mask(cfg_interrupt_msix_mask[0]),
      .cfg_max_payload(cfg_max_payload),
      .cfg_max_read_req(cfg_max_read_req),
      .msix_valid(mgmt_msix_valid),
      .msix_addr(mgmt_msix_addr),
      .msix_data(mgmt_msix_data),
      .msix_sent(mgmt_msix_sent),
      .msix_fail(mgmt_msix_fail),
      .active(mgmt_irq_active)
  );

  irq_bar #(
      .ADDR_W(16)
  ) u_user_irq (
      .clk(irq_clk),
      .rst(rst),
      .s_axil_awaddr(user_bar2_awaddr),
      .s_axil_awvalid(user_bar2_awvalid),
      .s_axil_awready(user_bar2_awready),
      .s_axil_wdata(user_bar2_wdata),
      .s_axil_wstrb(user_bar2_wstrb),
      .s_axil_wvalid(user_bar2_wvalid),
      .s_axil_wready(user_bar2_wready),
      .s_axil_bresp(user_bar2_bresp),
      .s_axil_bvalid(user_bar2_bvalid),
      .s_axil_bready(user_bar2_bready),
      .s_axil_araddr(user_bar2_araddr),
      .s_axil_arvalid(user_bar2_arvalid),
      .s_axil_arready(user_bar2_arready),
      .s_axil_rdata(user_bar2_rdata),
      .s_axil_rresp(user_bar2_rresp),
      .s_axil_rvalid(user_bar2_rvalid),
      .s_axil_rready(user_bar2_rready),
      .usr_irq_req({12'd0, ert_host_irq} | ({15'd0, mailbox_user_irq} << USER_IRQ_MAILBOX)),
      .chnl_irq_req(8'd0),
      .msix_enable(cfg_interrupt_msix_enable[1]),
      .msix_mask(cfg_interrupt_msix_mask[1]),
      .cfg_max_payload(cfg_max_payload),
      .cfg_max_read_req(cfg_max_read_req),
      .msix_valid(user_msix_valid),
      .msix_addr(user_msix_addr),
      .msix_data(user_msix_data),
      .msix_sent(user_msix_sent),
      .msix_fail(user_msix_fail),
      .active(user_irq_active)
  );

  msix_arb u_msix_arb (
      .clk(irq_clk),
      .rst(rst),
      .s0_valid(mgmt_msix_valid),
      .s0_addr(mgmt_msix_addr),
      .s0_data(mgmt_msix_data),
      .s0_sent(mgmt_msix_sent),
      .s0_fail(mgmt_msix_fail),
      .s1_valid(user_msix_valid),
      .s1_addr(user_msix_addr),
      .s1_data(user_msix_data),
      .s1_sent(user_msix_sent),
      .s1_fail(user_msix_fail),
      .cfg_interrupt_msix_address(cfg_interrupt_msix_address),
      .cfg_interrupt_msix_data(cfg_interrupt_msix_data),
      .cfg_interrupt_msix_int(cfg_interrupt_msix_int),
      .cfg_interrupt_msi_function_number(cfg_interrupt_msi_function_number),
      .cfg_interrupt_msix_sent(cfg_interrupt_msix_sent),
      .cfg_interrupt_msix_fail(cfg_interrupt_msix_fail),
      .active(msix_arb_active)
  );

  // ---------------------------------------------------------------- static region

  static_shell #(
      .NUM_SLOTS(NUM_SLOTS),
      .TOUCH_W(TOUCH_W),
      .ID_W(ID_W),
      .CQ_COLLISION(CQ_COLLISION)
  ) u_shell (
      .clk(clk),
      .rst(rst),
      .s_axil_mgmt_awaddr(mgmt_awaddr),
      .s_axil_mgmt_awvalid(mgmt_awvalid),
      .s_axil_mgmt_awready(mgmt_awready),
      .s_axil_mgmt_wdata(mgmt_wdata),
      .s_axil_mgmt_wstrb(mgmt_wstrb),
      .s_axil_mgmt_wvalid(mgmt_wvalid),
      .s_axil_mgmt_wready(mgmt_wready),
      .s_axil_mgmt_bresp(mgmt_bresp),
      .s_axil_mgmt_bvalid(mgmt_bvalid),
      .s_axil_mgmt_bready(mgmt_bready),
      .s_axil_mgmt_araddr(mgmt_araddr),
      .s_axil_mgmt_arvalid(mgmt_arvalid),
      .s_axil_mgmt_arready(mgmt_arready),
      .s_axil_mgmt_rdata(mgmt_rdata),
      .s_axil_mgmt_rresp(mgmt_rresp),
      .s_axil_mgmt_rvalid(mgmt_rvalid),
      .s_axil_mgmt_rready(mgmt_rready),
      .s_axil_user_awaddr(user_awaddr),
      .s_axil_user_awvalid(user_awvalid),
      .s_axil_user_awready(user_awready),
      .s_axil_user_wdata(user_wdata),
      .s_axil_user_wstrb(user_wstrb),
      .s_axil_user_wvalid(user_wvalid),
      .s_axil_user_wready(user_wready),
      .s_axil_user_bresp(user_bresp),
      .s_axil_user_bvalid(user_bvalid),
      .s_axil_user_bready(user_bready),
      .s_axil_user_araddr(user_araddr),
      .s_axil_user_arvalid(user_arvalid),
      .s_axil_user_arready(user_arready),
      .s_axil_user_rdata(user_rdata),
      .s_axil_user_rresp(user_rresp),
      .s_axil_user_rvalid(user_rvalid),
      .s_axil_user_rready(user_rready),
      .s_axil_mb_awaddr(s_axil_mb_awaddr),
      .s_axil_mb_awvalid(s_axil_mb_awvalid),
      .s_axil_mb_awready(s_axil_mb_awready),
      .s_axil_mb_wdata(s_axil_mb_wdata),
      .s_axil_mb_wstrb(s_axil_mb_wstrb),
      .s_axil_mb_wvalid(s_axil_mb_wvalid),
      .s_axil_mb_wready(s_axil_mb_wready),
      .s_axil_mb_bresp(s_axil_mb_bresp),
      .s_axil_mb_bvalid(s_axil_mb_bvalid),
      .s_axil_mb_bready(s_axil_mb_bready),
      .s_axil_mb_araddr(s_axil_mb_araddr),
      .s_axil_mb_arvalid(s_axil_mb_arvalid),
      .s_axil_mb_arready(s_axil_mb_arready),
      .s_axil_mb_rdata(s_axil_mb_rdata),
      .s_axil_mb_rresp(s_axil_mb_rresp),
      .s_axil_mb_rvalid(s_axil_mb_rvalid),
      .s_axil_mb_rready(s_axil_mb_rready),
      .m_axil_ulp_awaddr(ulp_axil_awaddr),
      .m_axil_ulp_awvalid(ulp_axil_awvalid),
      .m_axil_ulp_awready(ulp_axil_awready),
      .m_axil_ulp_wdata(ulp_axil_wdata),
      .m_axil_ulp_wstrb(ulp_axil_wstrb),
      .m_axil_ulp_wvalid(ulp_axil_wvalid),
      .m_axil_ulp_wready(ulp_axil_wready),
      .m_axil_ulp_bresp(ulp_axil_bresp),
      .m_axil_ulp_bvalid(ulp_axil_bvalid),
      .m_axil_ulp_bready(ulp_axil_bready),
      .m_axil_ulp_araddr(ulp_axil_araddr),
      .m_axil_ulp_arvalid(ulp_axil_arvalid),
      .m_axil_ulp_arready(ulp_axil_arready),
      .m_axil_ulp_rdata(ulp_axil_rdata),
      .m_axil_ulp_rresp(ulp_axil_rresp),
      .m_axil_ulp_rvalid(ulp_axil_rvalid),
      .m_axil_ulp_rready(ulp_axil_rready),
      .ulp_waiting(ulp_waiting),
      .m_axi_kdma_awid(kdma_awid),
      .m_axi_kdma_awaddr(kdma_awaddr),
      .m_axi_kdma_awlen(kdma_awlen),
      .m_axi_kdma_awsize(kdma_awsize),
      .m_axi_kdma_awburst(kdma_awburst),
      .m_axi_kdma_awvalid(kdma_awvalid),
      .m_axi_kdma_awready(kdma_awready),
      .m_axi_kdma_wdata(kdma_wdata),
      .m_axi_kdma_wstrb(kdma_wstrb),
      .m_axi_kdma_wlast(kdma_wlast),
      .m_axi_kdma_wvalid(kdma_wvalid),
      .m_axi_kdma_wready(kdma_wready),
      .m_axi_kdma_bid(kdma_bid),
      .m_axi_kdma_bresp(kdma_bresp),
      .m_axi_kdma_bvalid(kdma_bvalid),
      .m_axi_kdma_bready(kdma_bready),
      .m_axi_kdma_arid(kdma_arid),
      .m_axi_kdma_araddr(kdma_araddr),
      .m_axi_kdma_arlen(kdma_arlen),
      .m_axi_kdma_arsize(kdma_arsize),
      .m_axi_kdma_arburst(kdma_arburst),
      .m_axi_kdma_arvalid(kdma_arvalid),
      .m_axi_kdma_arready(kdma_arready),
      .m_axi_kdma_rid(kdma_rid),
      .m_axi_kdma_rdata(kdma_rdata),
      .m_axi_kdma_rresp(kdma_rresp),
      .m_axi_kdma_rlast(kdma_rlast),
      .m_axi_kdma_rvalid(kdma_rvalid),
      .m_axi_kdma_rready(kdma_rready),
      // The memory model needs no training.
      .calib_done(!rst),
      .cu_irq(cu_irq),
      .gate_open(gate_open),
      .region_rst(region_rst),
      .cfg_loading(cfg_loading),
      .cfg_valid(cfg_valid),
      .cfg_slot_kernel(cfg_slot_kernel),
      .mailbox_mgmt_irq(mailbox_mgmt_irq),
      .mailbox_user_irq(mailbox_user_irq),
      .ert_host_irq(ert_host_irq),
      .mb_run(mb_run),
      .mb_irq(mb_irq),
      .mb_wake(mb_wake),
      .mb_asleep(mb_asleep),
      .host_touched(host_touched),
      .touch_ack(touch_ack),
      .busy(shell_busy)
  );

  // ---------------------------------------------------------------- dynamic region, behind its gate

  ulp #(
      .SLOTS(NUM_SLOTS),
      .FULL_SLOTS(FULL_SLOTS),
      .ID_W(ID_W)
  ) u_region (
      .clk(region_clk),
      .rst(rst),
      .region_rst(region_rst),
      .cfg_loading(cfg_loading),
      .cfg_valid(cfg_valid),
      .cfg_slot_kernel(cfg_slot_kernel),
      .s_axil_awaddr(ulp_axil_awaddr),
      .s_axil_awvalid(ulp_axil_awvalid),
      .s_axil_awready(ulp_axil_awready),
      .s_axil_wdata(ulp_axil_wdata),
      .s_axil_wstrb(ulp_axil_wstrb),
      .s_axil_wvalid(ulp_axil_wvalid),
      .s_axil_wready(ulp_axil_wready),
      .s_axil_bresp(ulp_axil_bresp),
      .s_axil_bvalid(ulp_axil_bvalid),
      .s_axil_bready(ulp_axil_bready),
      .s_axil_araddr(ulp_axil_araddr),
      .s_axil_arvalid(ulp_axil_arvalid),
      .s_axil_arready(ulp_axil_arready),
      .s_axil_rdata(ulp_axil_rdata),
      .s_axil_rresp(ulp_axil_rresp),
      .s_axil_rvalid(ulp_axil_rvalid),
      .s_axil_rready(ulp_axil_rready),
      .m_axi_awid(region_awid),
      .m_axi_awaddr(region_awaddr),
      .m_axi_awlen(region_awlen),
      .m_axi_awsize(region_awsize),
      .m_axi_awburst(region_awburst),
      .m_axi_awvalid(region_awvalid),
      .m_axi_awready(region_awready),
      .m_axi_wdata(region_wdata),
      .m_axi_wstrb(region_wstrb),
      .m_axi_wlast(region_wlast),
      .m_axi_wvalid(region_wvalid),
      .m_axi_wready(region_wready),
      .m_axi_bid(region_bid),
      .m_axi_bresp(region_bresp),
      .m_axi_bvalid(region_bvalid),
      .m_axi_bready(region_bready),
      .m_axi_arid(region_arid),
      .m_axi_araddr(region_araddr),
      .m_axi_arlen(region_arlen),
      .m_axi_arsize(region_arsize),
      .m_axi_arburst(region_arburst),
      .m_axi_arvalid(region_arvalid),
      .m_axi_arready(region_arready),
      .m_axi_rid(region_rid),
      .m_axi_rdata(region_rdata),
      .m_axi_rresp(region_rresp),
      .m_axi_rlast(region_rlast),
      .m_axi_rvalid(region_rvalid),
      .m_axi_rready(region_rready),
      .cu_irq(region_irq),
      .active(region_active)
  );

  unit_lines #(
      .SLOTS(NUM_SLOTS)
  ) u_unit_lines (
      .slot_irq(region_irq),
      .slot_kernel(cfg_slot_kernel),
      .unit_irq(unit_irq)
  );

  axi_isolate #(
      .ID_W(ID_W),
      .IRQ_W(NUM_SLOTS)
  ) u_isolate (
      .clk(mem_clk),
      .rst(rst),
      .isolate(!gate_open),
      .s_axi_awid(region_awid),
      .s_axi_awaddr(region_awaddr),
      .s_axi_awlen(region_awlen),
      .s_axi_awsize(region_awsize),
      .s_axi_awburst(region_awburst),
      .s_axi_awvalid(region_awvalid),
      .s_axi_awready(region_awready),
      .s_axi_wdata(region_wdata),
      .s_axi_wstrb(region_wstrb),
      .s_axi_wlast(region_wlast),
      .s_axi_wvalid(region_wvalid),
      .s_axi_wready(region_wready),
      .s_axi_bid(region_bid),
      .s_axi_bresp(region_bresp),
      .s_axi_bvalid(region_bvalid),
      .s_axi_bready(region_bready),
      .s_axi_arid(region_arid),
      .s_axi_araddr(region_araddr),
      .s_axi_arlen(region_arlen),
      .s_axi_arsize(region_arsize),
      .s_axi_arburst(region_arburst),
      .s_axi_arvalid(region_arvalid),
      .s_axi_arready(region_arready),
      .s_axi_rid(region_rid),
      .s_axi_rdata(region_rdata),
      .s_axi_rresp(region_rresp),
      .s_axi_rlast(region_rlast),
      .s_axi_rvalid(region_rvalid),
      .s_axi_rready(region_rready),
      .m_axi_awid(kernels_awid),
      .m_axi_awaddr(kernels_awaddr),
      .m_axi_awlen(kernels_awlen),
      .m_axi_awsize(kernels_awsize),
      .m_axi_awburst(kernels_awburst),
      .m_axi_awvalid(kernels_awvalid),
      .m_axi_awready(kernels_awready),
      .m_axi_wdata(kernels_wdata),
      .m_axi_wstrb(kernels_wstrb),
      .m_axi_wlast(kernels_wlast),
      .m_axi_wvalid(kernels_wvalid),
      .m_axi_wready(kernels_wready),
      .m_axi_bid(kernels_bid),
      .m_axi_bresp(kernels_bresp),
      .m_axi_bvalid(kernels_bvalid),
      .m_axi_bready(kernels_bready),
      .m_axi_arid(kernels_arid),
      .m_axi_araddr(kernels_araddr),
      .m_axi_arlen(kernels_arlen),
      .m_axi_arsize(kernels_arsize),
      .m_axi_arburst(kernels_arburst),
      .m_axi_arvalid(kernels_arvalid),
      .m_axi_arready(kernels_arready),
      .m_axi_rid(kernels_rid),
      .m_axi_rdata(kernels_rdata),
      .m_axi_rresp(kernels_rresp),
      .m_axi_rlast(kernels_rlast),
      .m_axi_rvalid(kernels_rvalid),
      .m_axi_rready(kernels_rready),
      .irq_in(unit_irq),
      .irq_out(cu_irq),
      .active(isolate_active)
  );

  // ---------------------------------------------------------------- device memory

  // Outside the window the address is 0, where there is no memory: DECERR.
  /* verilator lint_off UNUSEDSIGNAL */  // the window is 28 bits of the 40-bit port
  wire [39:0] pcie_offset_awaddr;
  wire [39:0] pcie_offset_araddr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [39:0] window_awaddr;
  wire [39:0] window_araddr;
  wire        window_aw_hit;
  wire        window_ar_hit;

  mem_window u_write_window (
      .offset(pcie_offset_awaddr[27:0]),
      .address(window_awaddr),
      .hit(window_aw_hit)
  );

  mem_window u_read_window (
      .offset(pcie_offset_araddr[27:0]),
      .address(window_araddr),
      .hit(window_ar_hit)
  );

  assign pcie_awaddr = window_aw_hit ? window_awaddr : 40'd0;
  assign pcie_araddr = window_ar_hit ? window_araddr : 40'd0;

  axi_arbiter #(
      .N(3),
      .ID_W(ID_W)
  ) u_arbiter (
      .clk(mem_clk),
      .rst(rst),
      .s_axi_awid({kdma_awid, kernels_awid, pcie_awid}),
      .s_axi_awaddr({kdma_awaddr, kernels_awaddr, pcie_awaddr}),
      .s_axi_awlen({kdma_awlen, kernels_awlen, pcie_awlen}),
      .s_axi_awsize({kdma_awsize, kernels_awsize, pcie_awsize}),
      .s_axi_awburst({kdma_awburst, kernels_awburst, pcie_awburst}),
      .s_axi_awvalid({kdma_awvalid, kernels_awvalid, pcie_awvalid}),
      .s_axi_awready({kdma_awready, kernels_awready, pcie_awready}),
      .s_axi_wdata({kdma_wdata, kernels_wdata, pcie_wdata}),
      .s_axi_wstrb({kdma_wstrb, kernels_wstrb, pcie_wstrb}),
      .s_axi_wlast({kdma_wlast, kernels_wlast, pcie_wlast}),
      .s_axi_wvalid({kdma_wvalid, kernels_wvalid, pcie_wvalid}),
      .s_axi_wready({kdma_wready, kernels_wready, pcie_wready}),
      .s_axi_bid({kdma_bid, kernels_bid, pcie_bid}),
      .s_axi_bresp({kdma_bresp, kernels_bresp, pcie_bresp}),
      .s_axi_bvalid({kdma_bvalid, kernels_bvalid, pcie_bvalid}),
      .s_axi_bready({kdma_bready, kernels_bready, pcie_bready}),
      .s_axi_arid({kdma_arid, kernels_arid, pcie_arid}),
      .s_axi_araddr({kdma_araddr, kernels_araddr, pcie_araddr}),
      .s_axi_arlen({kdma_arlen, kernels_arlen, pcie_arlen}),
      .s_axi_arsize({kdma_arsize, kernels_arsize, pcie_arsize}),
      .s_axi_arburst({kdma_arburst, kernels_arburst, pcie_arburst}),
      .s_axi_arvalid({kdma_arvalid, kernels_arvalid, pcie_arvalid}),
      .s_axi_arready({kdma_arready, kernels_arready, pcie_arready}),
      .s_axi_rid({kdma_rid, kernels_rid, pcie_rid}),
      .s_axi_rdata({kdma_rdata, kernels_rdata, pcie_rdata}),
      .s_axi_rresp({kdma_rresp, kernels_rresp, pcie_rresp}),
      .s_axi_rlast({kdma_rlast, kernels_rlast, pcie_rlast}),
      .s_axi_rvalid({kdma_rvalid, kernels_rvalid, pcie_rvalid}),
      .s_axi_rready({kdma_rready, kernels_rready, pcie_rready}),
      .m_axi_awid(mem_awid),
      .m_axi_awaddr(mem_awaddr),
      .m_axi_awlen(mem_awlen),
      .m_axi_awsize(mem_awsize),
      .m_axi_awburst(mem_awburst),
      .m_axi_awvalid(mem_awvalid),
      .m_axi_awready(mem_awready),
      .m_axi_wdata(mem_wdata),
      .m_axi_wstrb(mem_wstrb),
      .m_axi_wlast(mem_wlast),
      .m_axi_wvalid(mem_wvalid),
      .m_axi_wready(mem_wready),
      .m_axi_bid(mem_bid),
      .m_axi_bresp(mem_bresp),
      .m_axi_bvalid(mem_bvalid),
      .m_axi_bready(mem_bready),
      .m_axi_arid(mem_arid),
      .m_axi_araddr(mem_araddr),
      .m_axi_arlen(mem_arlen),
      .m_axi_arsize(mem_arsize),
      .m_axi_arburst(mem_arburst),
      .m_axi_arvalid(mem_arvalid),
      .m_axi_arready(mem_arready),
      .m_axi_rid(mem_rid),
      .m_axi_rdata(mem_rdata),
      .m_axi_rresp(mem_rresp),
      .m_axi_rlast(mem_rlast),
      .m_axi_rvalid(mem_rvalid),
      .m_axi_rready(mem_rready),
      .active(arbiter_active)
  );

  device_memory #(
      .ID_W(ID_W)
  ) u_memory (
      .clk(mem_clk),
      .rst(rst),
      .s_axi_awid(mem_awid),
      .s_axi_awaddr(mem_awaddr),
      .s_axi_awlen(mem_awlen),
      .s_axi_awsize(mem_awsize),
      .s_axi_awburst(mem_awburst),
      .s_axi_awvalid(mem_awvalid),
      .s_axi_awready(mem_awready),
      .s_axi_wdata(mem_wdata),
      .s_axi_wstrb(mem_wstrb),
      .s_axi_wlast(mem_wlast),
      .s_axi_wvalid(mem_wvalid),
      .s_axi_wready(mem_wready),
      .s_axi_bid(mem_bid),
      .s_axi_bresp(mem_bresp),
      .s_axi_bvalid(mem_bvalid),
      .s_axi_bready(mem_bready),
      .s_axi_arid(mem_arid),
      .s_axi_araddr(mem_araddr),
      .s_axi_arlen(mem_arlen),
      .s_axi_arsize(mem_arsize),
      .s_axi_arburst(mem_arburst),
      .s_axi_arvalid(mem_arvalid),
      .s_axi_arready(mem_arready),
      .s_axi_rid(mem_rid),
      .s_axi_rdata(mem_rdata),
      .s_axi_rresp(mem_rresp),
      .s_axi_rlast(mem_rlast),
      .s_axi_rvalid(mem_rvalid),
      .s_axi_rready(mem_rready),
      .active(memory_active)
  );

endmodule

`default_nettype wire
