// SPDX-License-Identifier: Apache-2.0
// The fast host: everything between Python and the user pins of an UltraScale+ PCIe block (256 bit,
// dword aligned, no straddle). Python reaches the ports of the parts below by name (x_*) and sets the
// settings here, which a real host would have negotiated in configuration space.
`default_nettype none
`timescale 1ns / 1ps

module fast_host #(
    parameter integer MEM_SIZE_LOG2 = 22
) (
    input  wire         clk,
    input  wire         rst,

    output wire [255:0] s_axis_cq_tdata,
    output wire [87:0]  s_axis_cq_tuser,
    output wire [7:0]   s_axis_cq_tkeep,
    output wire         s_axis_cq_tlast,
    output wire         s_axis_cq_tvalid,
    input  wire         s_axis_cq_tready,
    input  wire [1:0]   pcie_cq_np_req,
    output wire [5:0]   pcie_cq_np_req_count,

    input  wire [255:0] m_axis_cc_tdata,
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [32:0]  m_axis_cc_tuser,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [7:0]   m_axis_cc_tkeep,
    input  wire         m_axis_cc_tlast,
    input  wire         m_axis_cc_tvalid,
    output wire         m_axis_cc_tready,

    input  wire [255:0] m_axis_rq_tdata,
    input  wire [61:0]  m_axis_rq_tuser,
    input  wire [7:0]   m_axis_rq_tkeep,
    input  wire         m_axis_rq_tlast,
    input  wire         m_axis_rq_tvalid,
    output wire         m_axis_rq_tready,

    output wire [255:0] s_axis_rc_tdata,
    output wire [74:0]  s_axis_rc_tuser,
    output wire [7:0]   s_axis_rc_tkeep,
    output wire         s_axis_rc_tlast,
    output wire         s_axis_rc_tvalid,
    input  wire         s_axis_rc_tready,

    output wire [1:0]   cfg_max_payload,
    output wire [2:0]   cfg_max_read_req,
    output wire [3:0]   cfg_rcb_status,

    output wire [3:0]   cfg_interrupt_msix_enable,
    output wire [3:0]   cfg_interrupt_msix_mask,
    input  wire [63:0]  cfg_interrupt_msix_address,
    input  wire [31:0]  cfg_interrupt_msix_data,
    input  wire         cfg_interrupt_msix_int,
    input  wire [7:0]   cfg_interrupt_msi_function_number,
    output wire         cfg_interrupt_msix_sent,
    output wire         cfg_interrupt_msix_fail,

    // 1 while the host needs the clock.
    output wire         busy
);

  reg [2:0]  x_max_payload /* verilator public_flat_rw */;
  reg [2:0]  x_max_read_request /* verilator public_flat_rw */;
  reg [3:0]  x_rcb_128 /* verilator public_flat_rw */;
  reg        x_split_every_boundary /* verilator public_flat_rw */;
  reg [31:0] x_completion_timeout /* verilator public_flat_rw */;
  reg [7:0]  x_bus_master_enable /* verilator public_flat_rw */;
  reg [3:0]  x_msix_enable /* verilator public_flat_rw */;
  reg [3:0]  x_msix_mask /* verilator public_flat_rw */;

  wire requester_busy;
  wire memory_busy;

  initial begin
    x_max_payload = 3'd2;
    x_max_read_request = 3'd2;
    x_rcb_128 = 4'd0;
    x_split_every_boundary = 1'b0;
    x_completion_timeout = 32'd16384;
    x_bus_master_enable = 8'd0;
    x_msix_enable = 4'd0;
    x_msix_mask = 4'd0;
  end

  assign cfg_max_payload = x_max_payload[1:0];
  assign cfg_max_read_req = x_max_read_request;
  assign cfg_rcb_status = x_rcb_128;
  assign cfg_interrupt_msix_enable = x_msix_enable;
  assign cfg_interrupt_msix_mask = x_msix_mask;
  assign busy = requester_busy || memory_busy || cfg_interrupt_msix_int ||
      cfg_interrupt_msix_sent || cfg_interrupt_msix_fail || m_axis_cc_tvalid;

  host_requester requester (
      .max_payload(13'd128 << x_max_payload),
      .max_read_request(13'd128 << x_max_read_request),
      .completion_timeout(x_completion_timeout),
      .busy(requester_busy),
      .*
  );

  host_memory #(
      .SIZE_LOG2(MEM_SIZE_LOG2)
  ) memory (
      .max_payload_dw(11'd32 << x_max_payload),
      .completion_boundary(x_rcb_128[0] ? 8'd128 : 8'd64),
      .split_every_boundary(x_split_every_boundary),
      .bus_master_enable(x_bus_master_enable),
      .busy(memory_busy),
      .*
  );

  host_interrupts interrupts (.*);

  wire check = (m_axis_cc_tvalid || m_axis_rq_tvalid) && !rst;

  always_ff @(posedge clk) if (check) begin
    if (m_axis_cc_tvalid) begin
      assert (m_axis_cc_tkeep[0] && (m_axis_cc_tlast || m_axis_cc_tkeep == 8'hFF))
      else $error("CC beat with a gap");
    end
    if (m_axis_rq_tvalid) begin
      assert (m_axis_rq_tkeep[0] && (m_axis_rq_tlast || m_axis_rq_tkeep == 8'hFF))
      else $error("RQ beat with a gap");
    end
  end

endmodule

`default_nettype wire
