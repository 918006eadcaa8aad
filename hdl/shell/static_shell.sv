// SPDX-License-Identifier: Apache-2.0
// Static region: one interconnect for management, user, scheduler and the scheduler's engines, and every block
// that is there before an xclbin is loaded. Who reaches what is the connectivity matrix CONNECT; addresses come from
// the generated bar maps.
//
// Clocks run only where something is addressed or active; `busy` is the union.
`default_nettype none
`timescale 1ns / 1ps

module static_shell #(
    parameter integer NUM_SLOTS = 4,
    parameter integer MAILBOX_DEPTH = 128,
    parameter integer GUARD_CYCLES = 4096,
    parameter integer TOUCH_W = 128,
    parameter integer ID_W = 1,
    parameter integer CQ_COLLISION = 0
) (
    input  wire          clk,
    input  wire          rst,

    input  wire [24:0]   s_axil_mgmt_awaddr,
    input  wire          s_axil_mgmt_awvalid,
    output wire          s_axil_mgmt_awready,
    input  wire [31:0]   s_axil_mgmt_wdata,
    input  wire [3:0]    s_axil_mgmt_wstrb,
    input  wire          s_axil_mgmt_wvalid,
    output wire          s_axil_mgmt_wready,
    output wire [1:0]    s_axil_mgmt_bresp,
    output wire          s_axil_mgmt_bvalid,
    input  wire          s_axil_mgmt_bready,
    input  wire [24:0]   s_axil_mgmt_araddr,
    input  wire          s_axil_mgmt_arvalid,
    output wire          s_axil_mgmt_arready,
    output wire [31:0]   s_axil_mgmt_rdata,
    output wire [1:0]    s_axil_mgmt_rresp,
    output wire          s_axil_mgmt_rvalid,
    input  wire          s_axil_mgmt_rready,

    input  wire [24:0]   s_axil_user_awaddr,
    input  wire          s_axil_user_awvalid,
    output wire          s_axil_user_awready,
    input  wire [31:0]   s_axil_user_wdata,
    input  wire [3:0]    s_axil_user_wstrb,
    input  wire          s_axil_user_wvalid,
    output wire          s_axil_user_wready,
    output wire [1:0]    s_axil_user_bresp,
    output wire          s_axil_user_bvalid,
    input  wire          s_axil_user_bready,
    input  wire [24:0]   s_axil_user_araddr,
    input  wire          s_axil_user_arvalid,
    output wire          s_axil_user_arready,
    output wire [31:0]   s_axil_user_rdata,
    output wire [1:0]    s_axil_user_rresp,
    output wire          s_axil_user_rvalid,
    input  wire          s_axil_user_rready,

    // The scheduler processor: its image memory is at its address 0.
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

    // To the dynamic region, guarded: a region that does not answer is answered for.
    output wire [31:0]   m_axil_ulp_awaddr,
    output wire          m_axil_ulp_awvalid,
    input  wire          m_axil_ulp_awready,
    output wire [31:0]   m_axil_ulp_wdata,
    output wire [3:0]    m_axil_ulp_wstrb,
    output wire          m_axil_ulp_wvalid,
    input  wire          m_axil_ulp_wready,
    input  wire [1:0]    m_axil_ulp_bresp,
    input  wire          m_axil_ulp_bvalid,
    output wire          m_axil_ulp_bready,
    output wire [31:0]   m_axil_ulp_araddr,
    output wire          m_axil_ulp_arvalid,
    input  wire          m_axil_ulp_arready,
    input  wire [31:0]   m_axil_ulp_rdata,
    input  wire [1:0]    m_axil_ulp_rresp,
    input  wire          m_axil_ulp_rvalid,
    output wire          m_axil_ulp_rready,
    // The request into the region has somebody who waits for its answer.
    output wire          ulp_waiting,

    // Memory port of the copy unit (KDMA).
    output wire [ID_W-1:0] m_axi_kdma_awid,
    output wire [39:0]   m_axi_kdma_awaddr,
    output wire [7:0]    m_axi_kdma_awlen,
    output wire [2:0]    m_axi_kdma_awsize,
    output wire [1:0]    m_axi_kdma_awburst,
    output wire          m_axi_kdma_awvalid,
    input  wire          m_axi_kdma_awready,
    output wire [255:0]  m_axi_kdma_wdata,
    output wire [31:0]   m_axi_kdma_wstrb,
    output wire          m_axi_kdma_wlast,
    output wire          m_axi_kdma_wvalid,
    input  wire          m_axi_kdma_wready,
    input  wire [ID_W-1:0] m_axi_kdma_bid,
    input  wire [1:0]    m_axi_kdma_bresp,
    input  wire          m_axi_kdma_bvalid,
    output wire          m_axi_kdma_bready,
    output wire [ID_W-1:0] m_axi_kdma_arid,
    output wire [39:0]   m_axi_kdma_araddr,
    output wire [7:0]    m_axi_kdma_arlen,
    output wire [2:0]    m_axi_kdma_arsize,
    output wire [1:0]    m_axi_kdma_arburst,
    output wire          m_axi_kdma_arvalid,
    input  wire          m_axi_kdma_arready,
    input  wire [ID_W-1:0] m_axi_kdma_rid,
    input  wire [255:0]  m_axi_kdma_rdata,
    input  wire [1:0]    m_axi_kdma_rresp,
    input  wire          m_axi_kdma_rlast,
    input  wire          m_axi_kdma_rvalid,
    output wire          m_axi_kdma_rready,

    input  wire          calib_done,
    input  wire [NUM_SLOTS-1:0] cu_irq,

    // Dynamic region: what the configuration memory says, and the gate in front of it.
    output wire          gate_open,
    output wire          region_rst,
    output wire          cfg_loading,
    output wire          cfg_valid,
    output wire [8*NUM_SLOTS-1:0] cfg_slot_kernel,

    output wire          mailbox_mgmt_irq,
    output wire          mailbox_user_irq,
    output wire [3:0]    ert_host_irq,

    output wire          mb_run,
    output wire          mb_irq,
    // The host wants the processor awake; the processor says that it sleeps.
    output wire          mb_wake,
    input  wire          mb_asleep,
    output wire [TOUCH_W-1:0] host_touched,
    input  wire [TOUCH_W-1:0] touch_ack,

    output wire          busy
);

  localparam integer MASTERS = 4;
  localparam integer HWICAP = 0;
  localparam integer GATE = 1;
  localparam integer CALIB = 2;
  localparam integer ROM = 3;
  localparam integer MB_RESET = 4;
  localparam integer CMC_IMAGE = 5;
  localparam integer SCHED_IMAGE = 6;
  localparam integer CSR_HOST = 7;
  localparam integer CQ_HOST = 8;
  localparam integer MBX_MGMT = 9;
  localparam integer MBX_USER = 10;
  localparam integer ULP = 11;
  localparam integer CSR_MB = 12;
  localparam integer CQ_MB = 13;
  localparam integer INTC = 14;
  localparam integer CU_INTC = 15;
  localparam integer CFG_GPIO = 16;
  localparam integer KDMA = 17;
  localparam integer SLAVES = 18;
  localparam [SLAVES-1:0] SMALL = (1 << GATE) | (1 << CALIB) | (1 << ROM) | (1 << MB_RESET)
      | (1 << CMC_IMAGE) | (1 << SCHED_IMAGE) | (1 << CFG_GPIO);

  // The dynamic region is the upper 8 MiB of the user BAR: the slots, and nothing beyond them.
  localparam [31:0] ULP_BASE = user_bar_pkg::CU_BASE;
  localparam [31:0] ULP_MASK = ~(user_bar_pkg::CU_COUNT * user_bar_pkg::CU_STRIDE - 1);
  // The four controllers of compute units are one slave.
  localparam [31:0] CU_INTC_MASK = ~(user_bar_pkg::CU_INTC_COUNT * user_bar_pkg::CU_INTC_STRIDE - 1);

  // Slave s at bits s; listed from the last slave down.
  localparam [SLAVES*32-1:0] BASE = {
      user_bar_pkg::KDMA_BASE,
      user_bar_pkg::ERT_CFG_GPIO_BASE,
      user_bar_pkg::CU_INTC_BASE,
      mb_bus_pkg::INTC_BASE,
      mb_bus_pkg::ERT_CQ_BASE,
      mb_bus_pkg::ERT_CSR_BASE,
      ULP_BASE,
      user_bar_pkg::MAILBOX_BASE,
      mgmt_bar_pkg::MAILBOX_BASE,
      mgmt_bar_pkg::ERT_CQ_BASE,
      mgmt_bar_pkg::ERT_CSR_BASE,
      mgmt_bar_pkg::SCHED_IMAGE_BASE,
      mgmt_bar_pkg::CMC_IMAGE_BASE,
      mgmt_bar_pkg::MB_RESET_GPIO_BASE,
      mgmt_bar_pkg::FEATURE_ROM_BASE,
      mgmt_bar_pkg::CALIB_GPIO_BASE,
      mgmt_bar_pkg::AXI_GATE_BASE,
      mgmt_bar_pkg::HWICAP_BASE
  };
  localparam [SLAVES*32-1:0] MASK = {
      user_bar_pkg::KDMA_MASK,
      user_bar_pkg::ERT_CFG_GPIO_MASK,
      CU_INTC_MASK,
      mb_bus_pkg::INTC_MASK,
      mb_bus_pkg::ERT_CQ_MASK,
      mb_bus_pkg::ERT_CSR_MASK,
      ULP_MASK,
      user_bar_pkg::MAILBOX_MASK,
      mgmt_bar_pkg::MAILBOX_MASK,
      mgmt_bar_pkg::ERT_CQ_MASK,
      mgmt_bar_pkg::ERT_CSR_MASK,
      mgmt_bar_pkg::SCHED_IMAGE_MASK,
      mgmt_bar_pkg::CMC_IMAGE_MASK,
      mgmt_bar_pkg::MB_RESET_GPIO_MASK,
      mgmt_bar_pkg::FEATURE_ROM_MASK,
      mgmt_bar_pkg::CALIB_GPIO_MASK,
      mgmt_bar_pkg::AXI_GATE_MASK,
      mgmt_bar_pkg::HWICAP_MASK
  };
  localparam [SLAVES-1:0] MGMT_REACHES = (1 << HWICAP) | (1 << GATE) | (1 << CALIB) | (1 << ROM) | (1 << MB_RESET)
      | (1 << CMC_IMAGE) | (1 << SCHED_IMAGE) | (1 << CSR_HOST) | (1 << CQ_HOST) | (1 << MBX_MGMT);
  localparam [SLAVES-1:0] USER_REACHES = (1 << ROM) | (1 << CSR_HOST) | (1 << CQ_HOST) | (1 << MBX_USER) | (1 << ULP)
      | (1 << CU_INTC) | (1 << CFG_GPIO) | (1 << KDMA);
  localparam [SLAVES-1:0] MB_REACHES = (1 << SCHED_IMAGE) | (1 << ULP) | (1 << CSR_MB) | (1 << CQ_MB) | (1 << INTC)
      | (1 << CU_INTC) | (1 << CFG_GPIO) | (1 << KDMA);
  localparam [SLAVES-1:0] ENGINE_REACHES = (1 << ULP) | (1 << KDMA);

  // Blocks take the low bits of the address.
  /* verilator lint_off UNUSEDSIGNAL */
  wire [SLAVES*32-1:0] x_awaddr;
  wire [SLAVES*32-1:0] x_araddr;
  /* verilator lint_on UNUSEDSIGNAL */
  wire [SLAVES-1:0] x_awvalid;
  wire [SLAVES*32-1:0] x_wdata;
  wire [SLAVES*4-1:0] x_wstrb;
  wire [SLAVES-1:0] x_wvalid;
  wire [SLAVES-1:0] x_bready;
  wire [SLAVES-1:0] x_arvalid;
  wire [SLAVES-1:0] x_rready;

  // What the slaves answer: a net each, put together once. Slaves driving parts of one wide net would cost
  // a simulator a merge of all bits for every change.
  wire slave_awready[0:SLAVES-1];
  wire slave_wready[0:SLAVES-1];
  wire [1:0] slave_bresp[0:SLAVES-1];
  wire slave_bvalid[0:SLAVES-1];
  wire slave_arready[0:SLAVES-1];
  wire [31:0] slave_rdata[0:SLAVES-1];
  wire [1:0] slave_rresp[0:SLAVES-1];
  wire slave_rvalid[0:SLAVES-1];
  wire [SLAVES-1:0] x_awready = {
      slave_awready[KDMA], slave_awready[CFG_GPIO], slave_awready[CU_INTC],
      slave_awready[INTC], slave_awready[CQ_MB], slave_awready[CSR_MB], slave_awready[ULP],
      slave_awready[MBX_USER], slave_awready[MBX_MGMT], slave_awready[CQ_HOST], slave_awready[CSR_HOST],
      slave_awready[SCHED_IMAGE], slave_awready[CMC_IMAGE], slave_awready[MB_RESET], slave_awready[ROM],
      slave_awready[CALIB], slave_awready[GATE], slave_awready[HWICAP]
  };
  wire [SLAVES-1:0] x_wready = {
      slave_wready[KDMA], slave_wready[CFG_GPIO], slave_wready[CU_INTC],
      slave_wready[INTC], slave_wready[CQ_MB], slave_wready[CSR_MB], slave_wready[ULP],
      slave_wready[MBX_USER], slave_wready[MBX_MGMT], slave_wready[CQ_HOST], slave_wready[CSR_HOST],
      slave_wready[SCHED_IMAGE], slave_wready[CMC_IMAGE], slave_wready[MB_RESET], slave_wready[ROM],
      slave_wready[CALIB], slave_wready[GATE], slave_wready[HWICAP]
  };
  wire [SLAVES*2-1:0] x_bresp = {
      slave_bresp[KDMA], slave_bresp[CFG_GPIO], slave_bresp[CU_INTC],
      slave_bresp[INTC], slave_bresp[CQ_MB], slave_bresp[CSR_MB], slave_bresp[ULP], slave_bresp[MBX_USER],
      slave_bresp[MBX_MGMT], slave_bresp[CQ_HOST], slave_bresp[CSR_HOST], slave_bresp[SCHED_IMAGE],
      slave_bresp[CMC_IMAGE], slave_bresp[MB_RESET], slave_bresp[ROM], slave_bresp[CALIB],
      slave_bresp[GATE], slave_bresp[HWICAP]
  };
  wire [SLAVES-1:0] x_bvalid = {
      slave_bvalid[KDMA], slave_bvalid[CFG_GPIO], slave_bvalid[CU_INTC],
      slave_bvalid[INTC], slave_bvalid[CQ_MB], slave_bvalid[CSR_MB], slave_bvalid[ULP],
      slave_bvalid[MBX_USER], slave_bvalid[MBX_MGMT], slave_bvalid[CQ_HOST], slave_bvalid[CSR_HOST],
      slave_bvalid[SCHED_IMAGE], slave_bvalid[CMC_IMAGE], slave_bvalid[MB_RESET], slave_bvalid[ROM],
      slave_bvalid[CALIB], slave_bvalid[GATE], slave_bvalid[HWICAP]
  };
  wire [SLAVES-1:0] x_arready = {
      slave_arready[KDMA], slave_arready[CFG_GPIO], slave_arready[CU_INTC],
      slave_arready[INTC], slave_arready[CQ_MB], slave_arready[CSR_MB], slave_arready[ULP],
      slave_arready[MBX_USER], slave_arready[MBX_MGMT], slave_arready[CQ_HOST], slave_arready[CSR_HOST],
      slave_arready[SCHED_IMAGE], slave_arready[CMC_IMAGE], slave_arready[MB_RESET], slave_arready[ROM],
      slave_arready[CALIB], slave_arready[GATE], slave_arready[HWICAP]
  };
  wire [SLAVES*32-1:0] x_rdata = {
      slave_rdata[KDMA], slave_rdata[CFG_GPIO], slave_rdata[CU_INTC],
      slave_rdata[INTC], slave_rdata[CQ_MB], slave_rdata[CSR_MB], slave_rdata[ULP], slave_rdata[MBX_USER],
      slave_rdata[MBX_MGMT], slave_rdata[CQ_HOST], slave_rdata[CSR_HOST], slave_rdata[SCHED_IMAGE],
      slave_rdata[CMC_IMAGE], slave_rdata[MB_RESET], slave_rdata[ROM], slave_rdata[CALIB],
      slave_rdata[GATE], slave_rdata[HWICAP]
  };
  wire [SLAVES*2-1:0] x_rresp = {
      slave_rresp[KDMA], slave_rresp[CFG_GPIO], slave_rresp[CU_INTC],
      slave_rresp[INTC], slave_rresp[CQ_MB], slave_rresp[CSR_MB], slave_rresp[ULP], slave_rresp[MBX_USER],
      slave_rresp[MBX_MGMT], slave_rresp[CQ_HOST], slave_rresp[CSR_HOST], slave_rresp[SCHED_IMAGE],
      slave_rresp[CMC_IMAGE], slave_rresp[MB_RESET], slave_rresp[ROM], slave_rresp[CALIB],
      slave_rresp[GATE], slave_rresp[HWICAP]
  };
  wire [SLAVES-1:0] x_rvalid = {
      slave_rvalid[KDMA], slave_rvalid[CFG_GPIO], slave_rvalid[CU_INTC],
      slave_rvalid[INTC], slave_rvalid[CQ_MB], slave_rvalid[CSR_MB], slave_rvalid[ULP],
      slave_rvalid[MBX_USER], slave_rvalid[MBX_MGMT], slave_rvalid[CQ_HOST], slave_rvalid[CSR_HOST],
      slave_rvalid[SCHED_IMAGE], slave_rvalid[CMC_IMAGE], slave_rvalid[MB_RESET], slave_rvalid[ROM],
      slave_rvalid[CALIB], slave_rvalid[GATE], slave_rvalid[HWICAP]
  };

  wire [SLAVES-1:0] addressed;
  wire [SLAVES-1:0] block_active;
  wire xbar_active;
  wire shell_clk;
  wire small_clk;
  wire hwicap_clk;
  wire mailbox_clk;
  wire ert_clk;
  wire guard_clk;
  wire kdma_clk;
  wire mailbox_active;
  wire ert_active;
  /* verilator lint_off UNUSEDSIGNAL */  // bit 0 is gate_open
  wire [1:0] gate_state;
  /* verilator lint_on UNUSEDSIGNAL */

  // Blocks with several ports report once.
  assign {block_active[MBX_MGMT], block_active[MBX_USER]} = {2{mailbox_active}};
  assign {block_active[CSR_HOST], block_active[CQ_HOST], block_active[CSR_MB], block_active[CQ_MB],
      block_active[INTC], block_active[CU_INTC]} = {6{ert_active}};

  // The gate's upper bit releases clock and reset of the region before the lower one opens it.
  assign region_rst = !gate_state[1];

  wire [31:0] mb_awaddr = image_address(s_axil_mb_awaddr);
  wire [31:0] mb_araddr = image_address(s_axil_mb_araddr);

  // The scheduler sees its image memory at 0, the interconnect has it where management sees it.
  function [31:0] image_address(input [31:0] address);
    image_address = ((address & mb_bus_pkg::SCHED_IMAGE_MASK) == mb_bus_pkg::SCHED_IMAGE_BASE)
        ? address | mgmt_bar_pkg::SCHED_IMAGE_BASE : address;
  endfunction

  // The engines of the embedded runtime: the fourth master.
  wire [31:0] engine_awaddr;
  wire engine_awvalid;
  wire engine_awready;
  wire [31:0] engine_wdata;
  wire [3:0] engine_wstrb;
  wire engine_wvalid;
  wire engine_wready;
  wire [1:0] engine_bresp;
  wire engine_bvalid;
  wire engine_bready;
  wire [31:0] engine_araddr;
  wire engine_arvalid;
  wire engine_arready;
  wire [31:0] engine_rdata;
  wire [1:0] engine_rresp;
  wire engine_rvalid;
  wire engine_rready;

  wire requested = |{s_axil_mgmt_awvalid, s_axil_mgmt_arvalid, s_axil_user_awvalid,
                     s_axil_user_arvalid, s_axil_mb_awvalid, s_axil_mb_arvalid,
                     engine_awvalid, engine_arvalid};

  // Clock groups: a gate costs about as much as a small block, so the small ones share one.
  wire small_on = |(SMALL & (addressed | block_active));
  wire hwicap_on = addressed[HWICAP] || block_active[HWICAP];
  wire mailbox_on = mailbox_active || addressed[MBX_MGMT] || addressed[MBX_USER];
  wire ert_on = ert_active || addressed[CSR_HOST] || addressed[CQ_HOST] || addressed[CSR_MB]
      || addressed[CQ_MB] || addressed[INTC] || addressed[CU_INTC];
  wire guard_on = addressed[ULP] || block_active[ULP];
  wire kdma_on = addressed[KDMA] || block_active[KDMA];

  assign busy = requested || xbar_active || small_on || hwicap_on || mailbox_on || ert_on || guard_on
      || kdma_on;

  clk_gate u_shell_gate (
      .clk(clk),
      .en(rst || busy),
      .gclk(shell_clk)
  );

  clk_gate u_small_gate (
      .clk(shell_clk),
      .en(rst || small_on),
      .gclk(small_clk)
  );

  clk_gate u_hwicap_gate (
      .clk(shell_clk),
      .en(rst || hwicap_on),
      .gclk(hwicap_clk)
  );

  clk_gate u_mailbox_gate (
      .clk(shell_clk),
      .en(rst || mailbox_on),
      .gclk(mailbox_clk)
  );

  clk_gate u_ert_gate (
      .clk(shell_clk),
      .en(rst || ert_on),
      .gclk(ert_clk)
  );

  clk_gate u_guard_gate (
      .clk(shell_clk),
      .en(rst || guard_on),
      .gclk(guard_clk)
  );

  clk_gate u_kdma_gate (
      .clk(shell_clk),
      .en(rst || kdma_on),
      .gclk(kdma_clk)
  );

  wire [3:0] status_irq;
  wire [3:0] cu_intc_irq;
  wire cu_to_host;
  wire kdma_irq;

  assign ert_host_irq = cu_to_host ? cu_intc_irq : status_irq;

  // Nobody uses: per-master activity, the HWICAP interrupt (the driver polls), the guard's trip count.
  /* verilator lint_off PINCONNECTEMPTY */
  axil_xbar #(
      .M(MASTERS),
      .S(SLAVES),
      .ADDR_W(32),
      .S_BASE(BASE),
      .S_MASK(MASK),
      .CONNECT({ENGINE_REACHES, MB_REACHES, USER_REACHES, MGMT_REACHES})
  ) u_xbar (
      .clk(shell_clk),
      .rst(rst),
      .s_axil_awaddr({engine_awaddr, mb_awaddr, 7'd0, s_axil_user_awaddr, 7'd0, s_axil_mgmt_awaddr}),
      .s_axil_awvalid({engine_awvalid, s_axil_mb_awvalid, s_axil_user_awvalid, s_axil_mgmt_awvalid}),
      .s_axil_awready({engine_awready, s_axil_mb_awready, s_axil_user_awready, s_axil_mgmt_awready}),
      .s_axil_wdata({engine_wdata, s_axil_mb_wdata, s_axil_user_wdata, s_axil_mgmt_wdata}),
      .s_axil_wstrb({engine_wstrb, s_axil_mb_wstrb, s_axil_user_wstrb, s_axil_mgmt_wstrb}),
      .s_axil_wvalid({engine_wvalid, s_axil_mb_wvalid, s_axil_user_wvalid, s_axil_mgmt_wvalid}),
      .s_axil_wready({engine_wready, s_axil_mb_wready, s_axil_user_wready, s_axil_mgmt_wready}),
      .s_axil_bresp({engine_bresp, s_axil_mb_bresp, s_axil_user_bresp, s_axil_mgmt_bresp}),
      .s_axil_bvalid({engine_bvalid, s_axil_mb_bvalid, s_axil_user_bvalid, s_axil_mgmt_bvalid}),
      .s_axil_bready({engine_bready, s_axil_mb_bready, s_axil_user_bready, s_axil_mgmt_bready}),
      .s_axil_araddr({engine_araddr, mb_araddr, 7'd0, s_axil_user_araddr, 7'd0, s_axil_mgmt_araddr}),
      .s_axil_arvalid({engine_arvalid, s_axil_mb_arvalid, s_axil_user_arvalid, s_axil_mgmt_arvalid}),
      .s_axil_arready({engine_arready, s_axil_mb_arready, s_axil_user_arready, s_axil_mgmt_arready}),
      .s_axil_rdata({engine_rdata, s_axil_mb_rdata, s_axil_user_rdata, s_axil_mgmt_rdata}),
      .s_axil_rresp({engine_rresp, s_axil_mb_rresp, s_axil_user_rresp, s_axil_mgmt_rresp}),
      .s_axil_rvalid({engine_rvalid, s_axil_mb_rvalid, s_axil_user_rvalid, s_axil_mgmt_rvalid}),
      .s_axil_rready({engine_rready, s_axil_mb_rready, s_axil_user_rready, s_axil_mgmt_rready}),
      .m_axil_awaddr(x_awaddr),
      .m_axil_awvalid(x_awvalid),
      .m_axil_awready(x_awready),
      .m_axil_wdata(x_wdata),
      .m_axil_wstrb(x_wstrb),
      .m_axil_wvalid(x_wvalid),
      .m_axil_wready(x_wready),
      .m_axil_bresp(x_bresp),
      .m_axil_bvalid(x_bvalid),
      .m_axil_bready(x_bready),
      .m_axil_araddr(x_araddr),
      .m_axil_arvalid(x_arvalid),
      .m_axil_arready(x_arready),
      .m_axil_rdata(x_rdata),
      .m_axil_rresp(x_rresp),
      .m_axil_rvalid(x_rvalid),
      .m_axil_rready(x_rready),
      .active(xbar_active),
      .m_active(),
      .s_active(addressed)
  );

  hwicap #(
      .ADDR_W(12),
      .NUM_SLOTS(NUM_SLOTS)
  ) u_hwicap (
      .clk(hwicap_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[HWICAP*32+:12]),
      .s_axil_awvalid(x_awvalid[HWICAP]),
      .s_axil_awready(slave_awready[HWICAP]),
      .s_axil_wdata(x_wdata[HWICAP*32+:32]),
      .s_axil_wstrb(x_wstrb[HWICAP*4+:4]),
      .s_axil_wvalid(x_wvalid[HWICAP]),
      .s_axil_wready(slave_wready[HWICAP]),
      .s_axil_bresp(slave_bresp[HWICAP]),
      .s_axil_bvalid(slave_bvalid[HWICAP]),
      .s_axil_bready(x_bready[HWICAP]),
      .s_axil_araddr(x_araddr[HWICAP*32+:12]),
      .s_axil_arvalid(x_arvalid[HWICAP]),
      .s_axil_arready(slave_arready[HWICAP]),
      .s_axil_rdata(slave_rdata[HWICAP]),
      .s_axil_rresp(slave_rresp[HWICAP]),
      .s_axil_rvalid(slave_rvalid[HWICAP]),
      .s_axil_rready(x_rready[HWICAP]),
      .irq(),
      .cfg_loading(cfg_loading),
      .cfg_valid(cfg_valid),
      .cfg_slot_kernel(cfg_slot_kernel),
      .active(block_active[HWICAP])
  );

  axi_gate #(
      .ADDR_W(12)
  ) u_axi_gate (
      .clk(small_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[GATE*32+:12]),
      .s_axil_awvalid(x_awvalid[GATE]),
      .s_axil_awready(slave_awready[GATE]),
      .s_axil_wdata(x_wdata[GATE*32+:32]),
      .s_axil_wstrb(x_wstrb[GATE*4+:4]),
      .s_axil_wvalid(x_wvalid[GATE]),
      .s_axil_wready(slave_wready[GATE]),
      .s_axil_bresp(slave_bresp[GATE]),
      .s_axil_bvalid(slave_bvalid[GATE]),
      .s_axil_bready(x_bready[GATE]),
      .s_axil_araddr(x_araddr[GATE*32+:12]),
      .s_axil_arvalid(x_arvalid[GATE]),
      .s_axil_arready(slave_arready[GATE]),
      .s_axil_rdata(slave_rdata[GATE]),
      .s_axil_rresp(slave_rresp[GATE]),
      .s_axil_rvalid(slave_rvalid[GATE]),
      .s_axil_rready(x_rready[GATE]),
      .open(gate_open),
      .state(gate_state),
      .active(block_active[GATE])
  );

  calib_gpio #(
      .ADDR_W(12)
  ) u_calib_gpio (
      .clk(small_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[CALIB*32+:12]),
      .s_axil_awvalid(x_awvalid[CALIB]),
      .s_axil_awready(slave_awready[CALIB]),
      .s_axil_wdata(x_wdata[CALIB*32+:32]),
      .s_axil_wstrb(x_wstrb[CALIB*4+:4]),
      .s_axil_wvalid(x_wvalid[CALIB]),
      .s_axil_wready(slave_wready[CALIB]),
      .s_axil_bresp(slave_bresp[CALIB]),
      .s_axil_bvalid(slave_bvalid[CALIB]),
      .s_axil_bready(x_bready[CALIB]),
      .s_axil_araddr(x_araddr[CALIB*32+:12]),
      .s_axil_arvalid(x_arvalid[CALIB]),
      .s_axil_arready(slave_arready[CALIB]),
      .s_axil_rdata(slave_rdata[CALIB]),
      .s_axil_rresp(slave_rresp[CALIB]),
      .s_axil_rvalid(slave_rvalid[CALIB]),
      .s_axil_rready(x_rready[CALIB]),
      .calib_done(calib_done),
      .active(block_active[CALIB])
  );

  feature_rom #(
      .ADDR_W(12)
  ) u_feature_rom (
      .clk(small_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[ROM*32+:12]),
      .s_axil_awvalid(x_awvalid[ROM]),
      .s_axil_awready(slave_awready[ROM]),
      .s_axil_wdata(x_wdata[ROM*32+:32]),
      .s_axil_wstrb(x_wstrb[ROM*4+:4]),
      .s_axil_wvalid(x_wvalid[ROM]),
      .s_axil_wready(slave_wready[ROM]),
      .s_axil_bresp(slave_bresp[ROM]),
      .s_axil_bvalid(slave_bvalid[ROM]),
      .s_axil_bready(x_bready[ROM]),
      .s_axil_araddr(x_araddr[ROM*32+:12]),
      .s_axil_arvalid(x_arvalid[ROM]),
      .s_axil_arready(slave_arready[ROM]),
      .s_axil_rdata(slave_rdata[ROM]),
      .s_axil_rresp(slave_rresp[ROM]),
      .s_axil_rvalid(slave_rvalid[ROM]),
      .s_axil_rready(x_rready[ROM]),
      .active(block_active[ROM])
  );

  mb_reset_gpio #(
      .ADDR_W(12)
  ) u_mb_reset_gpio (
      .clk(small_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[MB_RESET*32+:12]),
      .s_axil_awvalid(x_awvalid[MB_RESET]),
      .s_axil_awready(slave_awready[MB_RESET]),
      .s_axil_wdata(x_wdata[MB_RESET*32+:32]),
      .s_axil_wstrb(x_wstrb[MB_RESET*4+:4]),
      .s_axil_wvalid(x_wvalid[MB_RESET]),
      .s_axil_wready(slave_wready[MB_RESET]),
      .s_axil_bresp(slave_bresp[MB_RESET]),
      .s_axil_bvalid(slave_bvalid[MB_RESET]),
      .s_axil_bready(x_bready[MB_RESET]),
      .s_axil_araddr(x_araddr[MB_RESET*32+:12]),
      .s_axil_arvalid(x_arvalid[MB_RESET]),
      .s_axil_arready(slave_arready[MB_RESET]),
      .s_axil_rdata(slave_rdata[MB_RESET]),
      .s_axil_rresp(slave_rresp[MB_RESET]),
      .s_axil_rvalid(slave_rvalid[MB_RESET]),
      .s_axil_rready(x_rready[MB_RESET]),
      .mb_run(mb_run),
      .active(block_active[MB_RESET])
  );

  axil_ram #(
      .ADDR_W(17)
  ) u_cmc_image (
      .clk(small_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[CMC_IMAGE*32+:17]),
      .s_axil_awvalid(x_awvalid[CMC_IMAGE]),
      .s_axil_awready(slave_awready[CMC_IMAGE]),
      .s_axil_wdata(x_wdata[CMC_IMAGE*32+:32]),
      .s_axil_wstrb(x_wstrb[CMC_IMAGE*4+:4]),
      .s_axil_wvalid(x_wvalid[CMC_IMAGE]),
      .s_axil_wready(slave_wready[CMC_IMAGE]),
      .s_axil_bresp(slave_bresp[CMC_IMAGE]),
      .s_axil_bvalid(slave_bvalid[CMC_IMAGE]),
      .s_axil_bready(x_bready[CMC_IMAGE]),
      .s_axil_araddr(x_araddr[CMC_IMAGE*32+:17]),
      .s_axil_arvalid(x_arvalid[CMC_IMAGE]),
      .s_axil_arready(slave_arready[CMC_IMAGE]),
      .s_axil_rdata(slave_rdata[CMC_IMAGE]),
      .s_axil_rresp(slave_rresp[CMC_IMAGE]),
      .s_axil_rvalid(slave_rvalid[CMC_IMAGE]),
      .s_axil_rready(x_rready[CMC_IMAGE]),
      .active(block_active[CMC_IMAGE])
  );

  axil_ram #(
      .ADDR_W(17)
  ) u_sched_image (
      .clk(small_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[SCHED_IMAGE*32+:17]),
      .s_axil_awvalid(x_awvalid[SCHED_IMAGE]),
      .s_axil_awready(slave_awready[SCHED_IMAGE]),
      .s_axil_wdata(x_wdata[SCHED_IMAGE*32+:32]),
      .s_axil_wstrb(x_wstrb[SCHED_IMAGE*4+:4]),
      .s_axil_wvalid(x_wvalid[SCHED_IMAGE]),
      .s_axil_wready(slave_wready[SCHED_IMAGE]),
      .s_axil_bresp(slave_bresp[SCHED_IMAGE]),
      .s_axil_bvalid(slave_bvalid[SCHED_IMAGE]),
      .s_axil_bready(x_bready[SCHED_IMAGE]),
      .s_axil_araddr(x_araddr[SCHED_IMAGE*32+:17]),
      .s_axil_arvalid(x_arvalid[SCHED_IMAGE]),
      .s_axil_arready(slave_arready[SCHED_IMAGE]),
      .s_axil_rdata(slave_rdata[SCHED_IMAGE]),
      .s_axil_rresp(slave_rresp[SCHED_IMAGE]),
      .s_axil_rvalid(slave_rvalid[SCHED_IMAGE]),
      .s_axil_rready(x_rready[SCHED_IMAGE]),
      .active(block_active[SCHED_IMAGE])
  );

  hw_mailbox #(
      .ADDR_W(12),
      .DEPTH(MAILBOX_DEPTH)
  ) u_mailbox (
      .clk(mailbox_clk),
      .rst(rst),
      .s_axil_a_awaddr(x_awaddr[MBX_MGMT*32+:12]),
      .s_axil_a_awvalid(x_awvalid[MBX_MGMT]),
      .s_axil_a_awready(slave_awready[MBX_MGMT]),
      .s_axil_a_wdata(x_wdata[MBX_MGMT*32+:32]),
      .s_axil_a_wstrb(x_wstrb[MBX_MGMT*4+:4]),
      .s_axil_a_wvalid(x_wvalid[MBX_MGMT]),
      .s_axil_a_wready(slave_wready[MBX_MGMT]),
      .s_axil_a_bresp(slave_bresp[MBX_MGMT]),
      .s_axil_a_bvalid(slave_bvalid[MBX_MGMT]),
      .s_axil_a_bready(x_bready[MBX_MGMT]),
      .s_axil_a_araddr(x_araddr[MBX_MGMT*32+:12]),
      .s_axil_a_arvalid(x_arvalid[MBX_MGMT]),
      .s_axil_a_arready(slave_arready[MBX_MGMT]),
      .s_axil_a_rdata(slave_rdata[MBX_MGMT]),
      .s_axil_a_rresp(slave_rresp[MBX_MGMT]),
      .s_axil_a_rvalid(slave_rvalid[MBX_MGMT]),
      .s_axil_a_rready(x_rready[MBX_MGMT]),
      .s_axil_b_awaddr(x_awaddr[MBX_USER*32+:12]),
      .s_axil_b_awvalid(x_awvalid[MBX_USER]),
      .s_axil_b_awready(slave_awready[MBX_USER]),
      .s_axil_b_wdata(x_wdata[MBX_USER*32+:32]),
      .s_axil_b_wstrb(x_wstrb[MBX_USER*4+:4]),
      .s_axil_b_wvalid(x_wvalid[MBX_USER]),
      .s_axil_b_wready(slave_wready[MBX_USER]),
      .s_axil_b_bresp(slave_bresp[MBX_USER]),
      .s_axil_b_bvalid(slave_bvalid[MBX_USER]),
      .s_axil_b_bready(x_bready[MBX_USER]),
      .s_axil_b_araddr(x_araddr[MBX_USER*32+:12]),
      .s_axil_b_arvalid(x_arvalid[MBX_USER]),
      .s_axil_b_arready(slave_arready[MBX_USER]),
      .s_axil_b_rdata(slave_rdata[MBX_USER]),
      .s_axil_b_rresp(slave_rresp[MBX_USER]),
      .s_axil_b_rvalid(slave_rvalid[MBX_USER]),
      .s_axil_b_rready(x_rready[MBX_USER]),
      .irq_a(mailbox_mgmt_irq),
      .irq_b(mailbox_user_irq),
      .active(mailbox_active)
  );

  ert #(
      .NUM_CU(NUM_SLOTS),
      .CQ_COLLISION(CQ_COLLISION)
  ) u_ert (
      .clk(ert_clk),
      .rst(rst),
      .s_axil_csr_host_awaddr(x_awaddr[CSR_HOST*32+:12]),
      .s_axil_csr_host_awvalid(x_awvalid[CSR_HOST]),
      .s_axil_csr_host_awready(slave_awready[CSR_HOST]),
      .s_axil_csr_host_wdata(x_wdata[CSR_HOST*32+:32]),
      .s_axil_csr_host_wstrb(x_wstrb[CSR_HOST*4+:4]),
      .s_axil_csr_host_wvalid(x_wvalid[CSR_HOST]),
      .s_axil_csr_host_wready(slave_wready[CSR_HOST]),
      .s_axil_csr_host_bresp(slave_bresp[CSR_HOST]),
      .s_axil_csr_host_bvalid(slave_bvalid[CSR_HOST]),
      .s_axil_csr_host_bready(x_bready[CSR_HOST]),
      .s_axil_csr_host_araddr(x_araddr[CSR_HOST*32+:12]),
      .s_axil_csr_host_arvalid(x_arvalid[CSR_HOST]),
      .s_axil_csr_host_arready(slave_arready[CSR_HOST]),
      .s_axil_csr_host_rdata(slave_rdata[CSR_HOST]),
      .s_axil_csr_host_rresp(slave_rresp[CSR_HOST]),
      .s_axil_csr_host_rvalid(slave_rvalid[CSR_HOST]),
      .s_axil_csr_host_rready(x_rready[CSR_HOST]),
      .s_axil_csr_mb_awaddr(x_awaddr[CSR_MB*32+:12]),
      .s_axil_csr_mb_awvalid(x_awvalid[CSR_MB]),
      .s_axil_csr_mb_awready(slave_awready[CSR_MB]),
      .s_axil_csr_mb_wdata(x_wdata[CSR_MB*32+:32]),
      .s_axil_csr_mb_wstrb(x_wstrb[CSR_MB*4+:4]),
      .s_axil_csr_mb_wvalid(x_wvalid[CSR_MB]),
      .s_axil_csr_mb_wready(slave_wready[CSR_MB]),
      .s_axil_csr_mb_bresp(slave_bresp[CSR_MB]),
      .s_axil_csr_mb_bvalid(slave_bvalid[CSR_MB]),
      .s_axil_csr_mb_bready(x_bready[CSR_MB]),
      .s_axil_csr_mb_araddr(x_araddr[CSR_MB*32+:12]),
      .s_axil_csr_mb_arvalid(x_arvalid[CSR_MB]),
      .s_axil_csr_mb_arready(slave_arready[CSR_MB]),
      .s_axil_csr_mb_rdata(slave_rdata[CSR_MB]),
      .s_axil_csr_mb_rresp(slave_rresp[CSR_MB]),
      .s_axil_csr_mb_rvalid(slave_rvalid[CSR_MB]),
      .s_axil_csr_mb_rready(x_rready[CSR_MB]),
      .s_axil_cq_host_awaddr(x_awaddr[CQ_HOST*32+:16]),
      .s_axil_cq_host_awvalid(x_awvalid[CQ_HOST]),
      .s_axil_cq_host_awready(slave_awready[CQ_HOST]),
      .s_axil_cq_host_wdata(x_wdata[CQ_HOST*32+:32]),
      .s_axil_cq_host_wstrb(x_wstrb[CQ_HOST*4+:4]),
      .s_axil_cq_host_wvalid(x_wvalid[CQ_HOST]),
      .s_axil_cq_host_wready(slave_wready[CQ_HOST]),
      .s_axil_cq_host_bresp(slave_bresp[CQ_HOST]),
      .s_axil_cq_host_bvalid(slave_bvalid[CQ_HOST]),
      .s_axil_cq_host_bready(x_bready[CQ_HOST]),
      .s_axil_cq_host_araddr(x_araddr[CQ_HOST*32+:16]),
      .s_axil_cq_host_arvalid(x_arvalid[CQ_HOST]),
      .s_axil_cq_host_arready(slave_arready[CQ_HOST]),
      .s_axil_cq_host_rdata(slave_rdata[CQ_HOST]),
      .s_axil_cq_host_rresp(slave_rresp[CQ_HOST]),
      .s_axil_cq_host_rvalid(slave_rvalid[CQ_HOST]),
      .s_axil_cq_host_rready(x_rready[CQ_HOST]),
      .s_axil_cq_mb_awaddr(x_awaddr[CQ_MB*32+:16]),
      .s_axil_cq_mb_awvalid(x_awvalid[CQ_MB]),
      .s_axil_cq_mb_awready(slave_awready[CQ_MB]),
      .s_axil_cq_mb_wdata(x_wdata[CQ_MB*32+:32]),
      .s_axil_cq_mb_wstrb(x_wstrb[CQ_MB*4+:4]),
      .s_axil_cq_mb_wvalid(x_wvalid[CQ_MB]),
      .s_axil_cq_mb_wready(slave_wready[CQ_MB]),
      .s_axil_cq_mb_bresp(slave_bresp[CQ_MB]),
      .s_axil_cq_mb_bvalid(slave_bvalid[CQ_MB]),
      .s_axil_cq_mb_bready(x_bready[CQ_MB]),
      .s_axil_cq_mb_araddr(x_araddr[CQ_MB*32+:16]),
      .s_axil_cq_mb_arvalid(x_arvalid[CQ_MB]),
      .s_axil_cq_mb_arready(slave_arready[CQ_MB]),
      .s_axil_cq_mb_rdata(slave_rdata[CQ_MB]),
      .s_axil_cq_mb_rresp(slave_rresp[CQ_MB]),
      .s_axil_cq_mb_rvalid(slave_rvalid[CQ_MB]),
      .s_axil_cq_mb_rready(x_rready[CQ_MB]),
      .s_axil_intc_awaddr(x_awaddr[INTC*32+:12]),
      .s_axil_intc_awvalid(x_awvalid[INTC]),
      .s_axil_intc_awready(slave_awready[INTC]),
      .s_axil_intc_wdata(x_wdata[INTC*32+:32]),
      .s_axil_intc_wstrb(x_wstrb[INTC*4+:4]),
      .s_axil_intc_wvalid(x_wvalid[INTC]),
      .s_axil_intc_wready(slave_wready[INTC]),
      .s_axil_intc_bresp(slave_bresp[INTC]),
      .s_axil_intc_bvalid(slave_bvalid[INTC]),
      .s_axil_intc_bready(x_bready[INTC]),
      .s_axil_intc_araddr(x_araddr[INTC*32+:12]),
      .s_axil_intc_arvalid(x_arvalid[INTC]),
      .s_axil_intc_arready(slave_arready[INTC]),
      .s_axil_intc_rdata(slave_rdata[INTC]),
      .s_axil_intc_rresp(slave_rresp[INTC]),
      .s_axil_intc_rvalid(slave_rvalid[INTC]),
      .s_axil_intc_rready(x_rready[INTC]),
      .s_axil_cu_intc_awaddr(x_awaddr[CU_INTC*32+:14]),
      .s_axil_cu_intc_awvalid(x_awvalid[CU_INTC]),
      .s_axil_cu_intc_awready(slave_awready[CU_INTC]),
      .s_axil_cu_intc_wdata(x_wdata[CU_INTC*32+:32]),
      .s_axil_cu_intc_wstrb(x_wstrb[CU_INTC*4+:4]),
      .s_axil_cu_intc_wvalid(x_wvalid[CU_INTC]),
      .s_axil_cu_intc_wready(slave_wready[CU_INTC]),
      .s_axil_cu_intc_bresp(slave_bresp[CU_INTC]),
      .s_axil_cu_intc_bvalid(slave_bvalid[CU_INTC]),
      .s_axil_cu_intc_bready(x_bready[CU_INTC]),
      .s_axil_cu_intc_araddr(x_araddr[CU_INTC*32+:14]),
      .s_axil_cu_intc_arvalid(x_arvalid[CU_INTC]),
      .s_axil_cu_intc_arready(slave_arready[CU_INTC]),
      .s_axil_cu_intc_rdata(slave_rdata[CU_INTC]),
      .s_axil_cu_intc_rresp(slave_rresp[CU_INTC]),
      .s_axil_cu_intc_rvalid(slave_rvalid[CU_INTC]),
      .s_axil_cu_intc_rready(x_rready[CU_INTC]),
      .m_axil_awaddr(engine_awaddr),
      .m_axil_awvalid(engine_awvalid),
      .m_axil_awready(engine_awready),
      .m_axil_wdata(engine_wdata),
      .m_axil_wstrb(engine_wstrb),
      .m_axil_wvalid(engine_wvalid),
      .m_axil_wready(engine_wready),
      .m_axil_bresp(engine_bresp),
      .m_axil_bvalid(engine_bvalid),
      .m_axil_bready(engine_bready),
      .m_axil_araddr(engine_araddr),
      .m_axil_arvalid(engine_arvalid),
      .m_axil_arready(engine_arready),
      .m_axil_rdata(engine_rdata),
      .m_axil_rresp(engine_rresp),
      .m_axil_rvalid(engine_rvalid),
      .m_axil_rready(engine_rready),
      .cu_irq(cu_irq),
      .cdma_irq(kdma_irq),
      .host_irq(status_irq),
      .cu_intc_irq(cu_intc_irq),
      .mb_irq(mb_irq),
      .host_touched(host_touched),
      .touch_ack(touch_ack),
      .active(ert_active)
  );

  cfg_gpio #(
      .ADDR_W(12)
  ) u_cfg_gpio (
      .clk(small_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[CFG_GPIO*32+:12]),
      .s_axil_awvalid(x_awvalid[CFG_GPIO]),
      .s_axil_awready(slave_awready[CFG_GPIO]),
      .s_axil_wdata(x_wdata[CFG_GPIO*32+:32]),
      .s_axil_wstrb(x_wstrb[CFG_GPIO*4+:4]),
      .s_axil_wvalid(x_wvalid[CFG_GPIO]),
      .s_axil_wready(slave_wready[CFG_GPIO]),
      .s_axil_bresp(slave_bresp[CFG_GPIO]),
      .s_axil_bvalid(slave_bvalid[CFG_GPIO]),
      .s_axil_bready(x_bready[CFG_GPIO]),
      .s_axil_araddr(x_araddr[CFG_GPIO*32+:12]),
      .s_axil_arvalid(x_arvalid[CFG_GPIO]),
      .s_axil_arready(slave_arready[CFG_GPIO]),
      .s_axil_rdata(slave_rdata[CFG_GPIO]),
      .s_axil_rresp(slave_rresp[CFG_GPIO]),
      .s_axil_rvalid(slave_rvalid[CFG_GPIO]),
      .s_axil_rready(x_rready[CFG_GPIO]),
      .cu_to_host(cu_to_host),
      .mb_wake(mb_wake),
      .mb_asleep(mb_asleep),
      .active(block_active[CFG_GPIO])
  );

  krnl_memcopy #(
      .ADDR_W(16),
      .ID_W(ID_W)
  ) u_kdma (
      .clk(kdma_clk),
      .rst(rst),
      .s_axil_awaddr(x_awaddr[KDMA*32+:16]),
      .s_axil_awvalid(x_awvalid[KDMA]),
      .s_axil_awready(slave_awready[KDMA]),
      .s_axil_wdata(x_wdata[KDMA*32+:32]),
      .s_axil_wstrb(x_wstrb[KDMA*4+:4]),
      .s_axil_wvalid(x_wvalid[KDMA]),
      .s_axil_wready(slave_wready[KDMA]),
      .s_axil_bresp(slave_bresp[KDMA]),
      .s_axil_bvalid(slave_bvalid[KDMA]),
      .s_axil_bready(x_bready[KDMA]),
      .s_axil_araddr(x_araddr[KDMA*32+:16]),
      .s_axil_arvalid(x_arvalid[KDMA]),
      .s_axil_arready(slave_arready[KDMA]),
      .s_axil_rdata(slave_rdata[KDMA]),
      .s_axil_rresp(slave_rresp[KDMA]),
      .s_axil_rvalid(slave_rvalid[KDMA]),
      .s_axil_rready(x_rready[KDMA]),
      .m_axi_awid(m_axi_kdma_awid),
      .m_axi_awaddr(m_axi_kdma_awaddr),
      .m_axi_awlen(m_axi_kdma_awlen),
      .m_axi_awsize(m_axi_kdma_awsize),
      .m_axi_awburst(m_axi_kdma_awburst),
      .m_axi_awvalid(m_axi_kdma_awvalid),
      .m_axi_awready(m_axi_kdma_awready),
      .m_axi_wdata(m_axi_kdma_wdata),
      .m_axi_wstrb(m_axi_kdma_wstrb),
      .m_axi_wlast(m_axi_kdma_wlast),
      .m_axi_wvalid(m_axi_kdma_wvalid),
      .m_axi_wready(m_axi_kdma_wready),
      .m_axi_bid(m_axi_kdma_bid),
      .m_axi_bresp(m_axi_kdma_bresp),
      .m_axi_bvalid(m_axi_kdma_bvalid),
      .m_axi_bready(m_axi_kdma_bready),
      .m_axi_arid(m_axi_kdma_arid),
      .m_axi_araddr(m_axi_kdma_araddr),
      .m_axi_arlen(m_axi_kdma_arlen),
      .m_axi_arsize(m_axi_kdma_arsize),
      .m_axi_arburst(m_axi_kdma_arburst),
      .m_axi_arvalid(m_axi_kdma_arvalid),
      .m_axi_arready(m_axi_kdma_arready),
      .m_axi_rid(m_axi_kdma_rid),
      .m_axi_rdata(m_axi_kdma_rdata),
      .m_axi_rresp(m_axi_kdma_rresp),
      .m_axi_rlast(m_axi_kdma_rlast),
      .m_axi_rvalid(m_axi_kdma_rvalid),
      .m_axi_rready(m_axi_kdma_rready),
      .irq(kdma_irq),
      .active(block_active[KDMA])
  );

  axil_guard #(
      .ADDR_W(32),
      .TIMEOUT_CYCLES(GUARD_CYCLES)
  ) u_ulp_guard (
      .clk(guard_clk),
      .rst(rst),
      .isolate(!gate_open),
      .s_axil_awaddr(x_awaddr[ULP*32+:32]),
      .s_axil_awvalid(x_awvalid[ULP]),
      .s_axil_awready(slave_awready[ULP]),
      .s_axil_wdata(x_wdata[ULP*32+:32]),
      .s_axil_wstrb(x_wstrb[ULP*4+:4]),
      .s_axil_wvalid(x_wvalid[ULP]),
      .s_axil_wready(slave_wready[ULP]),
      .s_axil_bresp(slave_bresp[ULP]),
      .s_axil_bvalid(slave_bvalid[ULP]),
      .s_axil_bready(x_bready[ULP]),
      .s_axil_araddr(x_araddr[ULP*32+:32]),
      .s_axil_arvalid(x_arvalid[ULP]),
      .s_axil_arready(slave_arready[ULP]),
      .s_axil_rdata(slave_rdata[ULP]),
      .s_axil_rresp(slave_rresp[ULP]),
      .s_axil_rvalid(slave_rvalid[ULP]),
      .s_axil_rready(x_rready[ULP]),
      .m_axil_awaddr(m_axil_ulp_awaddr),
      .m_axil_awvalid(m_axil_ulp_awvalid),
      .m_axil_awready(m_axil_ulp_awready),
      .m_axil_wdata(m_axil_ulp_wdata),
      .m_axil_wstrb(m_axil_ulp_wstrb),
      .m_axil_wvalid(m_axil_ulp_wvalid),
      .m_axil_wready(m_axil_ulp_wready),
      .m_axil_bresp(m_axil_ulp_bresp),
      .m_axil_bvalid(m_axil_ulp_bvalid),
      .m_axil_bready(m_axil_ulp_bready),
      .m_axil_araddr(m_axil_ulp_araddr),
      .m_axil_arvalid(m_axil_ulp_arvalid),
      .m_axil_arready(m_axil_ulp_arready),
      .m_axil_rdata(m_axil_ulp_rdata),
      .m_axil_rresp(m_axil_ulp_rresp),
      .m_axil_rvalid(m_axil_ulp_rvalid),
      .m_axil_rready(m_axil_ulp_rready),
      .tripped_count(),
      .waiting(ulp_waiting),
      .active(block_active[ULP])
  );
  /* verilator lint_on PINCONNECTEMPTY */

endmodule

`default_nettype wire
