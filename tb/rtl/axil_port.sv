// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite master for Python: a firmware model's bus. One change of `x_done` per command.
//
// x_cmd[64:0] entry {write, data[31:0], address[31:0]}, all byte strobes; x_cmd[66] go (toggle);
// x_cmd[67] vector; x_cmd[74:68] number of vector entries (1..64, from x_vec: 8 x 65 bit a word).
// x_rsp = {response[1:0], data[31:0]}: worst response and, for a single read, its data.
`default_nettype none
`timescale 1ns / 1ps

module axil_port (
    input  wire        clk,
    input  wire        rst,

    output reg  [31:0] m_axil_awaddr,
    output reg         m_axil_awvalid,
    input  wire        m_axil_awready,
    output reg  [31:0] m_axil_wdata,
    output wire [3:0]  m_axil_wstrb,
    output reg         m_axil_wvalid,
    input  wire        m_axil_wready,
    input  wire [1:0]  m_axil_bresp,
    input  wire        m_axil_bvalid,
    output wire        m_axil_bready,
    output reg  [31:0] m_axil_araddr,
    output reg         m_axil_arvalid,
    input  wire        m_axil_arready,
    input  wire [31:0] m_axil_rdata,
    input  wire [1:0]  m_axil_rresp,
    input  wire        m_axil_rvalid,
    output wire        m_axil_rready,

    output wire        busy
);

  /* verilator lint_off UNUSEDSIGNAL */
  reg [74:0]  x_cmd /* verilator public_flat_rw */;
  /* verilator lint_on UNUSEDSIGNAL */
  reg [519:0] x_vec[0:7] /* verilator public_flat_rw */;
  reg         x_done /* verilator public_flat_rd */;
  reg [33:0]  x_rsp /* verilator public_flat_rd */;
  reg [255:0] x_rdata[0:7] /* verilator public_flat_rd */;
  reg [127:0] x_resp /* verilator public_flat_rd */;

  reg        seen;
  reg        running;
  reg [6:0]  idx;

  // Temporaries of one clock step.
  reg        t_start;
  reg        t_issue;
  reg        t_end;
  reg [6:0]  t_idx;
  reg [1:0]  t_resp;
  reg [64:0] t_entry;
  integer    i;

  assign m_axil_wstrb = 4'hF;
  assign m_axil_bready = 1'b1;
  assign m_axil_rready = 1'b1;
  assign busy = x_cmd[66] != seen || running;

  initial begin
    x_cmd = 75'd0;
    x_done = 1'b0;
    x_rsp = 34'd0;
    x_resp = 128'd0;
    seen = 1'b0;
    running = 1'b0;
    m_axil_awvalid = 1'b0;
    m_axil_wvalid = 1'b0;
    m_axil_arvalid = 1'b0;
    for (i = 0; i < 8; i = i + 1) begin
      x_vec[i] = 520'd0;
      x_rdata[i] = 256'd0;
    end
  end

  // Blocking assignments go to t_* only: values used in the same step.
  /* verilator lint_off BLKSEQ */
  always_ff @(posedge clk) if (rst || busy) begin
    if (rst) begin
      m_axil_awvalid <= 1'b0;
      m_axil_wvalid <= 1'b0;
      m_axil_arvalid <= 1'b0;
      if (busy) begin
        // A reset in the middle of a command answers it, and so does one that is there already.
        seen <= x_cmd[66];
        x_rsp <= {2'b10, 32'hFFFF_FFFF};
        x_done <= !x_done;
      end
      running <= 1'b0;
    end else begin
      t_start = !running && x_cmd[66] != seen;
      t_end = running && (m_axil_bvalid || m_axil_rvalid);
      t_idx = t_start ? 7'd0 : idx;
      if (m_axil_awready) m_axil_awvalid <= 1'b0;
      if (m_axil_wready) m_axil_wvalid <= 1'b0;
      if (m_axil_arready) m_axil_arvalid <= 1'b0;
      if (t_start) begin
        seen <= x_cmd[66];
        running <= 1'b1;
        x_rsp <= 34'd0;
        x_resp <= 128'd0;
      end
      t_issue = t_start;
      if (t_end) begin
        t_resp = m_axil_rvalid ? m_axil_rresp : m_axil_bresp;
        x_resp[{idx[5:0], 1'b0}+:2] <= t_resp;
        if (t_resp > x_rsp[33:32]) x_rsp[33:32] <= t_resp;
        if (m_axil_rvalid) begin
          x_rsp[31:0] <= m_axil_rdata;
          x_rdata[idx[5:3]][{idx[2:0], 5'd0}+:32] <= m_axil_rdata;
        end
        t_idx = idx + 7'd1;
        if (x_cmd[67] && t_idx != x_cmd[74:68]) begin
          t_issue = 1'b1;
        end else begin
          running <= 1'b0;
          x_done <= !x_done;
        end
      end
      if (t_issue) begin
        t_entry = x_cmd[64:0];
        if (x_cmd[67]) t_entry = x_vec[t_idx[5:3]][{7'd0, t_idx[2:0]}*65+:65];
        if (t_entry[64]) begin
          m_axil_awaddr <= t_entry[31:0];
          m_axil_wdata <= t_entry[63:32];
          m_axil_awvalid <= 1'b1;
          m_axil_wvalid <= 1'b1;
        end else begin
          m_axil_araddr <= t_entry[31:0];
          m_axil_arvalid <= 1'b1;
        end
      end
      idx <= t_idx;
    end
  end
  /* verilator lint_on BLKSEQ */

endmodule

`default_nettype wire
