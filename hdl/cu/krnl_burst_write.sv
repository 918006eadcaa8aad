// SPDX-License-Identifier: Apache-2.0
// Write side of a kernel: one burst of `last + 1` beats at a time, address and data side by side.
//
// `start` is one cycle, while not `busy` or in the cycle of `finish`; the burst must not cross a 4 KiB page. In every
// cycle with `load` the kernel puts the data and strobes of beat `index` into its WDATA and WSTRB registers: it owns
// these, so that wide data is computed only when it is used. `finish` is the cycle of the response; errors are
// swallowed.
`default_nettype none
`timescale 1ns / 1ps

module krnl_burst_write #(
    parameter integer ID_W = 1
) (
    input  wire               clk,
    input  wire               rst,

    input  wire               start,
    input  wire [34:0]        beat,
    input  wire [3:0]         last,
    output wire               load,
    output wire               load_last,
    output reg  [3:0]         index,
    output wire               finish,
    output reg                busy,

    output wire [ID_W-1:0]    m_axi_awid,
    output reg  [39:0]        m_axi_awaddr,
    output reg  [7:0]         m_axi_awlen,
    output wire [2:0]         m_axi_awsize,
    output wire [1:0]         m_axi_awburst,
    output reg                m_axi_awvalid,
    input  wire               m_axi_awready,
    output reg                m_axi_wlast,
    output reg                m_axi_wvalid,
    input  wire               m_axi_wready,
    input  wire               m_axi_bvalid,
    output wire               m_axi_bready
);

  reg loaded;

  assign load = busy && !loaded && (!m_axi_wvalid || m_axi_wready);
  assign load_last = load && index == m_axi_awlen[3:0];
  assign finish = busy && m_axi_bvalid;

  assign m_axi_awid = {ID_W{1'b0}};
  assign m_axi_awsize = 3'd5;
  assign m_axi_awburst = 2'b01;
  assign m_axi_bready = busy;

  // A cycle without work costs a simulator one look.
  wire step = rst || start || busy;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      busy <= 1'b0;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid <= 1'b0;
    end else if (start) begin
      busy <= 1'b1;
      loaded <= 1'b0;
      index <= 4'd0;
      m_axi_awvalid <= 1'b1;
      m_axi_awaddr <= {beat, 5'd0};
      m_axi_awlen <= {4'd0, last};
      assert (!busy || finish)
      else $error("krnl_burst_write: start while busy");
    end else begin
      if (m_axi_awready) m_axi_awvalid <= 1'b0;
      if (load) begin
        m_axi_wvalid <= 1'b1;
        m_axi_wlast <= load_last;
        loaded <= load_last;
        index <= index + 4'd1;
      end else if (m_axi_wready) begin
        m_axi_wvalid <= 1'b0;
      end
      if (finish) busy <= 1'b0;
    end
  end

endmodule

`default_nettype wire
