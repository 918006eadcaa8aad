// SPDX-License-Identifier: Apache-2.0
// Memory write unit: turns the payload of one write TLP into AXI4 bursts that stay inside 512-byte
// blocks (at most 16 beats, never across 4 KiB). Takes the beats from the request FIFO itself; each
// burst's response is awaited. After an error the rest of the TLP is dropped.
`default_nettype none
`timescale 1ns / 1ps

module pcie_mem_wr #(
    parameter integer ADDR_W = 40,
    parameter integer ID_W = 4
) (
    input  wire              clk,
    input  wire              rst,

    input  wire              start,
    // Byte address of a dword.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [27:0]       addr,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [10:0]       len,
    input  wire [3:0]        first_be,
    input  wire [3:0]        last_be,
    output wire              done,
    output wire              err,

    input  wire [255:0]      fifo_data,
    output wire              fifo_pop,

    output wire [ID_W-1:0]   m_axi_awid,
    output reg  [ADDR_W-1:0] m_axi_awaddr,
    output reg  [7:0]        m_axi_awlen,
    output wire [2:0]        m_axi_awsize,
    output wire [1:0]        m_axi_awburst,
    output reg               m_axi_awvalid,
    input  wire              m_axi_awready,
    output reg  [255:0]      m_axi_wdata,
    output reg  [31:0]       m_axi_wstrb,
    output reg               m_axi_wlast,
    output reg               m_axi_wvalid,
    input  wire              m_axi_wready,
    // Only the error bit of the response is of interest.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [1:0]        m_axi_bresp,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire              m_axi_bvalid,
    output wire              m_axi_bready
);

  localparam [2:0] S_IDLE = 3'd0;
  localparam [2:0] S_BURST = 3'd1;
  localparam [2:0] S_DATA = 3'd2;
  localparam [2:0] S_RESP = 3'd3;
  localparam [2:0] S_DRAIN = 3'd4;

  reg [2:0]         state;
  reg [255:0]       hold;
  reg [2:0]         shift;
  reg [7:0]         cq_left;
  reg [7:0]         beats_left;
  reg [4:0]         burst_left;
  reg signed [12:0] position;
  reg               failed;

  function automatic [255:0] window(input [255:0] high, input [255:0] low, input [2:0] lanes);
    // The bits shifted out belong to the neighbour beats.
    /* verilator lint_off UNUSEDSIGNAL */
    reg [511:0] shifted;
    /* verilator lint_on UNUSEDSIGNAL */
    begin
      shifted = {high, low} >> {lanes, 5'd0};
      window = shifted[255:0];
    end
  endfunction

  // Byte enables of the eight dwords whose first has this position in the payload.
  function automatic [31:0] strobes(input signed [12:0] at, input [10:0] count,
                                    input [3:0] first, input [3:0] last);
    integer lane;
    reg signed [12:0] index;
    reg signed [12:0] final_index;
    begin
      strobes = 32'd0;
      final_index = $signed({2'b00, count}) - 13'sd1;
      for (lane = 0; lane < 8; lane = lane + 1) begin
        index = at + $signed({9'd0, lane[3:0]});
        if (index == 13'sd0) strobes[lane*4+:4] = first;
        else if (index == final_index) strobes[lane*4+:4] = last;
        else if (index > 13'sd0 && index < final_index) strobes[lane*4+:4] = 4'hF;
      end
    end
  endfunction

  wire [7:0]  cq_beats = 8'((len + 11'd11) >> 3);
  wire [7:0]  axi_beats = 8'(({8'd0, addr[4:2]} + len + 11'd7) >> 3);
  wire        preload = addr[4:2] <= 3'd4;
  wire [4:0]  block_room = 5'd16 - {1'b0, m_axi_awaddr[8:5]};
  wire [4:0]  burst_next = beats_left < {3'd0, block_room} ? beats_left[4:0] : block_room;
  wire        load = state == S_DATA && burst_left != 5'd0 && (!m_axi_wvalid || m_axi_wready);

  assign fifo_pop = (start && preload) || (load && cq_left != 8'd0) || state == S_DRAIN;
  assign done = (state == S_RESP && m_axi_bvalid && beats_left == 8'd0)
      || (state == S_RESP && m_axi_bvalid && m_axi_bresp[1] && cq_left == 8'd0)
      || (state == S_DRAIN && cq_left == 8'd1);
  assign err = failed || (state == S_RESP && m_axi_bresp[1]);

  assign m_axi_awid = {ID_W{1'b0}};
  assign m_axi_awsize = 3'd5;
  assign m_axi_awburst = 2'b01;
  assign m_axi_bready = state == S_RESP;

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= S_IDLE;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid <= 1'b0;
      failed <= 1'b0;
    end else begin
      if (m_axi_awready) m_axi_awvalid <= 1'b0;
      if (m_axi_wready) m_axi_wvalid <= 1'b0;

      case (state)
        S_IDLE: begin
          if (start) begin
            // Payload starts in lane 4 of the first CQ beat and in lane addr[4:2] of the AXI beat.
            shift <= 3'd4 - addr[4:2];
            hold <= fifo_data;
            cq_left <= cq_beats - {7'd0, preload};
            beats_left <= axi_beats;
            position <= -$signed({10'd0, addr[4:2]});
            m_axi_awaddr <= {{(ADDR_W - 28) {1'b0}}, addr[27:5], 5'd0};
            failed <= 1'b0;
            state <= S_BURST;
          end
        end

        S_BURST: begin
          m_axi_awlen <= {3'd0, burst_next - 5'd1};
          m_axi_awvalid <= 1'b1;
          burst_left <= burst_next;
          state <= S_DATA;
        end

        S_DATA: begin
          if (load) begin
            m_axi_wdata <= window(fifo_data, hold, shift);
            m_axi_wstrb <= strobes(position, len, first_be, last_be);
            m_axi_wlast <= burst_left == 5'd1;
            m_axi_wvalid <= 1'b1;
            hold <= fifo_data;
            position <= position + 13'sd8;
            burst_left <= burst_left - 5'd1;
            beats_left <= beats_left - 8'd1;
            if (cq_left != 8'd0) cq_left <= cq_left - 8'd1;
          end
          if (burst_left == 5'd0 && (!m_axi_awvalid || m_axi_awready)
              && (!m_axi_wvalid || m_axi_wready)) begin
            state <= S_RESP;
          end
        end

        S_RESP: begin
          if (m_axi_bvalid) begin
            m_axi_awaddr <= {m_axi_awaddr[ADDR_W-1:9] + {{(ADDR_W - 10) {1'b0}}, 1'b1}, 9'd0};
            if (m_axi_bresp[1]) failed <= 1'b1;
            if (m_axi_bresp[1] && cq_left != 8'd0) state <= S_DRAIN;
            else if (m_axi_bresp[1] || beats_left == 8'd0) state <= S_IDLE;
            else state <= S_BURST;
          end
        end

        S_DRAIN: begin
          cq_left <= cq_left - 8'd1;
          if (cq_left == 8'd1) state <= S_IDLE;
        end

        default: state <= S_IDLE;
      endcase

      assert (!start || state == S_IDLE)
      else $error("memory write started while another is under way");
    end
  end

endmodule

`default_nettype wire
