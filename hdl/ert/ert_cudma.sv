// SPDX-License-Identifier: Apache-2.0
// Register map copy engine (CUDMA): moves the register map of a command queue slot to its compute unit and starts it.
//
// Slots wait as bits of `pending`; the next one is the first after the last one served. Of a register map the
// words from 4 (0x10) on are written in ascending order, then CTRL := 1; words 0 to 3 are the scheduler's. An
// error response ends the slot without a start. Disabling drops what waits; the slot under way is finished.
`default_nettype none
`timescale 1ns / 1ps

module ert_cudma #(
    parameter integer CQ_ADDR_W = 16
) (
    input  wire                 clk,
    input  wire                 rst,

    // One write of CU_DMA_word: slot 32*word+i for each bit i.
    input  wire                 enable,
    input  wire                 start_en,
    input  wire [1:0]           start_word,
    input  wire [31:0]          start_bits,

    // by_address: word 1 of a slot is the unit's address / 4; else words 1.. are a mask of units, which lie
    // at cu_base*4 + (n << cu_offset).
    /* verilator lint_off UNUSEDSIGNAL */  // 32-bit registers for small numbers; a header is not used whole
    input  wire [31:0]          slot_words,
    input  wire                 by_address,
    input  wire [31:0]          cu_base,
    input  wire [31:0]          cu_offset,
    input  wire [31:0]          num_cus,
    /* verilator lint_on UNUSEDSIGNAL */

    // Queue memory, word addresses: data belongs to the address of the cycle in which grant is high.
    output wire                 mem_req,
    output wire [CQ_ADDR_W-3:0] mem_addr,
    input  wire                 mem_grant,
    input  wire [31:0]          mem_data,

    output wire [31:0]          m_axil_awaddr,
    output reg                  m_axil_awvalid,
    input  wire                 m_axil_awready,
    output wire [31:0]          m_axil_wdata,
    output reg                  m_axil_wvalid,
    input  wire                 m_axil_wready,
    input  wire [1:0]           m_axil_bresp,
    input  wire                 m_axil_bvalid,
    output wire                 m_axil_bready,

    output wire                 idle
);

  localparam integer WORD_W = CQ_ADDR_W - 2;
  localparam [10:0] FIRST_WORD = 11'd4;

  localparam [2:0] IDLE = 3'd0;
  localparam [2:0] HEADER = 3'd1;
  localparam [2:0] UNIT = 3'd2;
  localparam [2:0] FETCH = 3'd3;
  localparam [2:0] STORE = 3'd4;

  reg  [127:0]       pending;
  reg  [6:0]         last;
  reg  [2:0]         state;
  reg  [WORD_W-1:0]  slot_at;
  reg  [2:0]         masks;
  reg  [10:0]        size;
  reg  [1:0]         mask;
  reg  [31:0]        unit;
  reg  [10:0]        index;
  reg  [31:0]        word;
  reg                starting;

  // Mask words that name a unit: one for each 32 units.
  wire [2:0]  mask_words = num_cus > 32'd96 ? 3'd4 : num_cus > 32'd64 ? 3'd3 : num_cus > 32'd32 ? 3'd2
      : {2'd0, num_cus != 32'd0};
  wire [2:0]  header_masks = {1'b0, mem_data[11:10]} + 3'd1;
  wire [10:0] header_count = mem_data[22:12];
  wire        bits_new = start_en && enable;

  assign idle = state == IDLE && pending == 128'd0;
  assign mem_req = state == HEADER || state == UNIT || state == FETCH;
  assign mem_addr = slot_at + (state == HEADER ? {WORD_W{1'b0}}
      : state == UNIT ? {{WORD_W - 2{1'b0}}, mask} + 1'b1
      : {{WORD_W - 11{1'b0}}, index} + {{WORD_W - 3{1'b0}}, masks} + 1'b1);
  assign m_axil_awaddr = starting ? unit : unit + {19'd0, index, 2'b00};
  assign m_axil_wdata = starting ? {31'd0, 1'b1} : word;
  assign m_axil_bready = state == STORE;

  // The first waiting slot after `from`, or `from` itself.
  function [6:0] next_slot(input [127:0] waiting, input [6:0] from);
    integer i;
    reg [6:0] candidate;
    begin
      next_slot = from;
      for (i = 127; i > 0; i = i - 1) begin
        candidate = from + i[6:0];
        if (waiting[candidate]) next_slot = candidate;
      end
    end
  endfunction

  function [4:0] lowest(input [31:0] bits);
    integer i;
    begin
      lowest = 5'd0;
      for (i = 31; i >= 0; i = i - 1) if (bits[i]) lowest = i[4:0];
    end
  endfunction

  // Blocking assignments make these the temporaries of the clocked block.
  /* verilator lint_off BLKSEQ */
  reg [6:0] slot;
  always_ff @(posedge clk) begin
    if (rst) begin
      pending <= 128'd0;
      last <= 7'd127;
      state <= IDLE;
      m_axil_awvalid <= 1'b0;
      m_axil_wvalid <= 1'b0;
    end else begin
      if (!enable) pending <= 128'd0;
      case (state)
        IDLE: begin
          if (enable && pending != 128'd0) begin
            slot = next_slot(pending, last);
            pending[slot] <= 1'b0;
            last <= slot;
            slot_at <= slot_words[WORD_W-1:0] * {{WORD_W - 7{1'b0}}, slot};
            state <= HEADER;
          end
        end

        HEADER: begin
          if (mem_grant) begin
            masks <= header_masks;
            size <= header_count < {8'd0, header_masks} ? 11'd0 : header_count - {8'd0, header_masks};
            mask <= 2'd0;
            index <= FIRST_WORD;
            starting <= 1'b0;
            state <= by_address || mask_words != 3'd0 ? UNIT : IDLE;
          end
        end

        UNIT: begin
          if (mem_grant) begin
            if (by_address) begin
              unit <= {mem_data[29:0], 2'b00};
              state <= FETCH;
            end else if (mem_data != 32'd0) begin
              unit <= {cu_base[29:0], 2'b00} + ({25'd0, mask, lowest(mem_data)} << cu_offset[4:0]);
              state <= FETCH;
            end else if ({1'b0, mask} + 3'd1 == mask_words) begin
              state <= IDLE;
            end else begin
              mask <= mask + 2'd1;
            end
            // A register map without arguments is started at once.
            if ((by_address || mem_data != 32'd0) && size <= FIRST_WORD) begin
              starting <= 1'b1;
              m_axil_awvalid <= 1'b1;
              m_axil_wvalid <= 1'b1;
              state <= STORE;
            end
          end
        end

        FETCH: begin
          if (mem_grant) begin
            word <= mem_data;
            m_axil_awvalid <= 1'b1;
            m_axil_wvalid <= 1'b1;
            state <= STORE;
          end
        end

        default: begin  // STORE
          if (m_axil_awready) m_axil_awvalid <= 1'b0;
          if (m_axil_wready) m_axil_wvalid <= 1'b0;
          if (m_axil_bvalid) begin
            if (starting || m_axil_bresp != 2'b00) begin
              state <= IDLE;
            end else if (index + 11'd1 < size) begin
              index <= index + 11'd1;
              state <= FETCH;
            end else begin
              starting <= 1'b1;
              m_axil_awvalid <= 1'b1;
              m_axil_wvalid <= 1'b1;
            end
          end
        end
      endcase
      // A start is never lost, also when it comes while its slot is being taken up.
      if (bits_new) begin
        pending[32*start_word+:32] <= pending[32*start_word+:32] | start_bits;
        if (state == IDLE && enable && pending != 128'd0 && slot[6:5] == start_word) begin
          pending[slot] <= start_bits[slot[4:0]];
        end
      end
      assert ((m_axil_bvalid && state == STORE && (m_axil_awvalid || m_axil_wvalid)) !== 1'b1)
      else $error("a response before its write was taken");
    end
  end
  /* verilator lint_on BLKSEQ */

endmodule

`default_nettype wire
