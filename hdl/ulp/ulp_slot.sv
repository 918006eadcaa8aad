// SPDX-License-Identifier: Apache-2.0
// One slot of the dynamic region: the kernels that fit it are compiled in, the configured one is connected.
//
// `kernel` 0 is an empty slot, which never answers, and so is a type that is not in the slot. A kernel that is not
// configured has no clock; it is reset in the first cycle after it is configured, so it knows nothing of earlier
// lives. A slot without FULL has only the light kernels.
`default_nettype none
`timescale 1ns / 1ps

module ulp_slot #(
    parameter integer ADDR_W   = 16,
    parameter integer ID_W     = 1,
    parameter integer FULL     = 1,
    parameter integer PROTOCOL = 0  // of kernels described as hs: 0, or 1 AP_CTRL_CHAIN
) (
    input  wire                      clk,
    input  wire                      rst,
    input  wire [7:0]                kernel,

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

    /* verilator lint_off UNUSEDSIGNAL */  // a slot without memory port
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

  wire       slot_clk;
  wire       kernel_active;
  reg  [7:0] running;
  reg        fresh;
  wire       changing = running != kernel;
  wire       request = s_axil_awvalid || s_axil_wvalid || s_axil_arvalid;

  // Active for the edge on which a kernel comes or goes, and for the one that resets it.
  assign active = changing || fresh || kernel_active;

  clk_gate gate (
      .clk(clk),
      .en(rst || active || request),
      .gclk(slot_clk)
  );

  always_ff @(posedge slot_clk) begin
    fresh <= rst || changing;
    running <= rst ? 8'd0 : kernel;
  end

  generate
    if (FULL != 0) begin : g_full
      ulp_kernels_full #(
          .ADDR_W(ADDR_W),
          .ID_W(ID_W),
          .PROTOCOL(PROTOCOL)
      ) kernels (
          .clk(slot_clk),
          .rst(fresh),
          .kernel(running),
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
          .m_axi_rdata(m_axi_rdata),
          .m_axi_rresp(m_axi_rresp),
          .m_axi_rlast(m_axi_rlast),
          .m_axi_rvalid(m_axi_rvalid),
          .m_axi_rready(m_axi_rready),
          .irq(irq),
          .active(kernel_active)
      );
    end else begin : g_light
      ulp_kernels_light #(
          .ADDR_W(ADDR_W),
          .PROTOCOL(PROTOCOL)
      ) kernels (
          .clk(slot_clk),
          .rst(fresh),
          .kernel(running),
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
          .irq(irq),
          .active(kernel_active)
      );

      assign m_axi_awid = {ID_W{1'b0}};
      assign m_axi_awaddr = 40'd0;
      assign m_axi_awlen = 8'd0;
      assign m_axi_awsize = 3'd0;
      assign m_axi_awburst = 2'd0;
      assign m_axi_awvalid = 1'd0;
      assign m_axi_wdata = 256'd0;
      assign m_axi_wstrb = 32'd0;
      assign m_axi_wlast = 1'd0;
      assign m_axi_wvalid = 1'd0;
      assign m_axi_bready = 1'd0;
      assign m_axi_arid = {ID_W{1'b0}};
      assign m_axi_araddr = 40'd0;
      assign m_axi_arlen = 8'd0;
      assign m_axi_arsize = 3'd0;
      assign m_axi_arburst = 2'd0;
      assign m_axi_arvalid = 1'd0;
      assign m_axi_rready = 1'd0;
    end
  endgenerate

endmodule

`default_nettype wire
