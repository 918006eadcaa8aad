// SPDX-License-Identifier: Apache-2.0
// Memory read unit: fetches one completion's worth of data (inside a 512-byte block, so at most 16
// beats and never across 4 KiB) in one AXI4 burst into the completion buffer. Reports the first
// error response of the burst.
`default_nettype none
`timescale 1ns / 1ps

module pcie_mem_rd #(
    parameter integer ADDR_W = 40,
    parameter integer ID_W = 4
) (
    input  wire              clk,
    input  wire              rst,

    input  wire              start,
    // Byte address; bursts are of whole beats.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [27:0]       addr,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [7:0]        len,
    output wire              done,
    output wire [1:0]        resp,

    output wire              beat_we,
    output reg  [3:0]        beat_index,
    output wire [255:0]      beat_data,

    output wire [ID_W-1:0]   m_axi_arid,
    output reg  [ADDR_W-1:0] m_axi_araddr,
    output reg  [7:0]        m_axi_arlen,
    output wire [2:0]        m_axi_arsize,
    output wire [1:0]        m_axi_arburst,
    output reg               m_axi_arvalid,
    input  wire              m_axi_arready,
    input  wire [255:0]      m_axi_rdata,
    input  wire [1:0]        m_axi_rresp,
    input  wire              m_axi_rlast,
    input  wire              m_axi_rvalid,
    output wire              m_axi_rready
);

  reg       busy;
  reg [1:0] worst;

  // Last beat of the burst relative to the first: (dword offset + dwords - 1) / 8.
  wire [7:0] last_beat = ({5'd0, addr[4:2]} + len - 8'd1) >> 3;
  wire take = busy && m_axi_rvalid;
  wire [1:0] beat_resp = worst[1] ? worst : m_axi_rresp;

  assign m_axi_arid = {ID_W{1'b0}};
  assign m_axi_arsize = 3'd5;
  assign m_axi_arburst = 2'b01;
  assign m_axi_rready = busy;
  assign beat_we = take;
  assign beat_data = m_axi_rdata;
  assign done = take && m_axi_rlast;
  assign resp = beat_resp;

  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
      m_axi_arvalid <= 1'b0;
    end else begin
      if (start) begin
        busy <= 1'b1;
        worst <= 2'b00;
        beat_index <= addr[8:5];
        m_axi_arvalid <= 1'b1;
        m_axi_araddr <= {{(ADDR_W - 28) {1'b0}}, addr[27:5], 5'd0};
        m_axi_arlen <= last_beat;
      end else begin
        if (m_axi_arready) m_axi_arvalid <= 1'b0;
        if (take) begin
          beat_index <= beat_index + 4'd1;
          worst <= beat_resp;
          if (m_axi_rlast) busy <= 1'b0;
        end
      end
      assert (!start || !busy)
      else $error("memory read started while another is under way");
    end
  end

endmodule

`default_nettype wire
