// SPDX-License-Identifier: Apache-2.0
// Works off the tasks of a fast adapter: fetch the descriptor, write its arguments to the kernel, start it, wait,
// read its outputs into the descriptor, write the status word last (XRT compute unit contract §2, ert_fa.h).
//
// Descriptor words: status, input entries, input bytes, output entries, output bytes; then the entries, inputs
// first: offset, size in bytes, value. The byte counts are sums of the sizes alone, as XRT fills them in. A
// descriptor is 32-byte aligned. After an error the task is dropped: no start, no status, no completion.
`default_nettype none
`timescale 1ns / 1ps

module cu_fa_runner #(
    parameter integer ADDR_W = 16,
    parameter integer ID_W   = 1
) (
    input  wire              clk,
    input  wire              rst,

    input  wire              task_valid,
    input  wire [63:0]       task_addr,
    output wire              task_take,
    output wire              task_done,
    output wire              decode_error,
    output wire              count_error,
    output wire              active,

    // To the registers of the kernel (AP_CTRL_HS).
    output reg  [ADDR_W-1:0] m_axil_awaddr,
    output reg               m_axil_awvalid,
    input  wire              m_axil_awready,
    output reg  [31:0]       m_axil_wdata,
    output wire [3:0]        m_axil_wstrb,
    output reg               m_axil_wvalid,
    input  wire              m_axil_wready,
    input  wire              m_axil_bvalid,
    output wire              m_axil_bready,
    output reg  [ADDR_W-1:0] m_axil_araddr,
    output reg               m_axil_arvalid,
    input  wire              m_axil_arready,
    input  wire [31:0]       m_axil_rdata,
    input  wire              m_axil_rvalid,
    output wire              m_axil_rready,

    // To the memory of the descriptors: single beats.
    output wire [ID_W-1:0]   m_axi_awid,
    output wire [39:0]       m_axi_awaddr,
    output wire [7:0]        m_axi_awlen,
    output wire [2:0]        m_axi_awsize,
    output wire [1:0]        m_axi_awburst,
    output reg               m_axi_awvalid,
    input  wire              m_axi_awready,
    output reg  [255:0]      m_axi_wdata,
    output reg  [31:0]       m_axi_wstrb,
    output wire              m_axi_wlast,
    output reg               m_axi_wvalid,
    input  wire              m_axi_wready,
    /* verilator lint_off UNUSEDSIGNAL */  // one thread: the id says nothing; a response is good or bad
    input  wire [ID_W-1:0]   m_axi_bid,
    input  wire [1:0]        m_axi_bresp,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire              m_axi_bvalid,
    output wire              m_axi_bready,
    output wire [ID_W-1:0]   m_axi_arid,
    output wire [39:0]       m_axi_araddr,
    output wire [7:0]        m_axi_arlen,
    output wire [2:0]        m_axi_arsize,
    output wire [1:0]        m_axi_arburst,
    output reg               m_axi_arvalid,
    input  wire              m_axi_arready,
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [ID_W-1:0]   m_axi_rid,
    input  wire [1:0]        m_axi_rresp,
    input  wire              m_axi_rlast,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [255:0]      m_axi_rdata,
    input  wire              m_axi_rvalid,
    output wire              m_axi_rready
);

  localparam integer CTRL = cu_ctrl_regs_pkg::CTRL_OFFSET;
  localparam integer START_BIT = cu_ctrl_regs_pkg::CTRL_AP_START_LSB;
  localparam integer DONE_BIT = cu_ctrl_regs_pkg::CTRL_AP_DONE_LSB;

  // More bytes of arguments than any compute unit has registers make no sense.
  localparam integer BYTES_W = 13;

  localparam [3:0] IDLE = 4'd0;
  localparam [3:0] FETCH = 4'd1;
  localparam [3:0] STEP = 4'd2;
  localparam [3:0] REG_WRITE = 4'd3;
  localparam [3:0] REG_READ = 4'd4;
  localparam [3:0] MEM_WRITE = 4'd5;
  localparam [3:0] START = 4'd6;
  localparam [3:0] POLL = 4'd7;
  localparam [3:0] FINISH = 4'd8;

  localparam [2:0] STATUS = 3'd0;
  localparam [2:0] N_IN = 3'd1;
  localparam [2:0] IN_BYTES = 3'd2;
  localparam [2:0] N_OUT = 3'd3;
  localparam [2:0] OUT_BYTES = 3'd4;
  localparam [2:0] OFFSET = 3'd5;
  localparam [2:0] SIZE = 3'd6;
  localparam [2:0] VALUE = 3'd7;

  reg  [3:0]         state;
  reg  [2:0]         phase;       // which word of the descriptor comes next
  reg  [34:0]        base;        // the descriptor, in beats
  reg  [13:0]        word;        // index into the descriptor
  reg  [255:0]       beat;
  reg                have_beat;
  reg                outputs;     // the kernel has run
  reg  [31:0]        entries;     // of this direction, still to come
  reg  [BYTES_W-1:0] bytes;       // likewise
  reg  [31:0]        out_entries;
  reg  [BYTES_W-1:0] out_bytes;
  reg  [BYTES_W-1:0] size;        // of this entry, still to come
  reg  [ADDR_W-1:0]  offset;
  reg                polling;
  reg                finishing;

  wire [31:0]        now = beat[32*word[2:0]+:32];
  wire               stepping = state == STEP && have_beat;
  wire               bytes_bad = now[31:BYTES_W] != {32 - BYTES_W{1'b0}} || now[1:0] != 2'b00;
  wire               size_bad = bytes_bad || now[BYTES_W-1:0] == {BYTES_W{1'b0}} || now[BYTES_W-1:0] > bytes;
  // The last value of the last entry, and the byte count with it.
  wire               entry_ends = size == BYTES_W'(4);
  wire               all_end = entry_ends && entries == 32'd1;
  wire               value_done = state == MEM_WRITE && m_axi_bvalid && !finishing
                                  || state == REG_WRITE && m_axil_bvalid && phase == VALUE && !polling;
  wire               address_bad = task_addr[63:40] != 24'd0 || task_addr[4:0] != 5'd0;

  assign task_take = state == IDLE && task_valid;
  assign task_done = state == MEM_WRITE && m_axi_bvalid && finishing && !m_axi_bresp[1];
  assign decode_error = (task_take && address_bad) || (state == FETCH && m_axi_rvalid && m_axi_rresp[1])
                        || (state == MEM_WRITE && m_axi_bvalid && m_axi_bresp[1])
                        || (stepping && phase == STATUS && now != 32'd0);
  assign count_error = (stepping && (((phase == IN_BYTES || phase == OUT_BYTES) && bytes_bad)
                                     || (phase == SIZE && size_bad)))
                       || (state == START && bytes != {BYTES_W{1'b0}})
                       || (state == FINISH && bytes != {BYTES_W{1'b0}});
  assign active = state != IDLE || task_valid;

  assign m_axil_wstrb = 4'hF;
  assign m_axil_bready = state == REG_WRITE;
  assign m_axil_rready = state == REG_READ;

  assign m_axi_awid = {ID_W{1'b0}};
  assign m_axi_awaddr = {base + (finishing ? 35'd0 : {24'd0, word[13:3]}), 5'd0};
  assign m_axi_awlen = 8'd0;
  assign m_axi_awsize = 3'd5;
  assign m_axi_awburst = 2'b01;
  assign m_axi_wlast = 1'b1;
  assign m_axi_bready = state == MEM_WRITE;
  assign m_axi_arid = {ID_W{1'b0}};
  assign m_axi_araddr = {base + {24'd0, word[13:3]}, 5'd0};
  assign m_axi_arlen = 8'd0;
  assign m_axi_arsize = 3'd5;
  assign m_axi_arburst = 2'b01;
  assign m_axi_rready = state == FETCH;

  always_ff @(posedge clk) if (rst || active) begin
    if (rst) begin
      state <= IDLE;
      m_axil_awvalid <= 1'b0;
      m_axil_wvalid <= 1'b0;
      m_axil_arvalid <= 1'b0;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid <= 1'b0;
      m_axi_arvalid <= 1'b0;
      have_beat <= 1'b0;
    end else begin
      if (m_axil_awready) m_axil_awvalid <= 1'b0;
      if (m_axil_wready) m_axil_wvalid <= 1'b0;
      if (m_axil_arready) m_axil_arvalid <= 1'b0;
      if (m_axi_awready) m_axi_awvalid <= 1'b0;
      if (m_axi_wready) m_axi_wvalid <= 1'b0;
      if (m_axi_arready) m_axi_arvalid <= 1'b0;

      case (state)
        IDLE: begin
          base <= task_addr[39:5];
          word <= 14'd0;
          phase <= STATUS;
          have_beat <= 1'b0;
          outputs <= 1'b0;
          polling <= 1'b0;
          finishing <= 1'b0;
          if (task_valid) state <= STEP;
        end

        FETCH: begin
          if (m_axi_rvalid) begin
            beat <= m_axi_rdata;
            have_beat <= 1'b1;
            state <= STEP;
          end
        end

        STEP: begin
          if (!have_beat) begin
            m_axi_arvalid <= 1'b1;
            state <= FETCH;
          end else if (phase != VALUE) begin
            word <= word + 14'd1;
            have_beat <= word[2:0] != 3'd7;
            phase <= phase + 3'd1;
            case (phase)
              N_IN: entries <= now;
              IN_BYTES: bytes <= now[BYTES_W-1:0];
              N_OUT: out_entries <= now;
              OUT_BYTES: begin
                out_bytes <= now[BYTES_W-1:0];
                if (entries == 32'd0) state <= START;
              end
              OFFSET: offset <= now[ADDR_W-1:0];
              SIZE: begin
                size <= now[BYTES_W-1:0];
                bytes <= bytes - now[BYTES_W-1:0];
              end
              default: ;  // STATUS
            endcase
          end else if (outputs) begin
            m_axil_araddr <= offset;
            m_axil_arvalid <= 1'b1;
            state <= REG_READ;
          end else begin
            m_axil_awaddr <= offset;
            m_axil_wdata <= now;
            m_axil_awvalid <= 1'b1;
            m_axil_wvalid <= 1'b1;
            state <= REG_WRITE;
          end
        end

        START: begin
          polling <= 1'b1;
          m_axil_awaddr <= ADDR_W'(CTRL);
          m_axil_wdata <= 32'd1 << START_BIT;
          m_axil_awvalid <= 1'b1;
          m_axil_wvalid <= 1'b1;
          state <= REG_WRITE;
        end

        POLL: begin
          m_axil_araddr <= ADDR_W'(CTRL);
          m_axil_arvalid <= 1'b1;
          state <= REG_READ;
        end

        REG_WRITE: begin
          if (m_axil_bvalid && polling) state <= POLL;
        end

        REG_READ: begin
          if (m_axil_rvalid && polling) begin
            polling <= !m_axil_rdata[DONE_BIT];
            outputs <= 1'b1;
            entries <= out_entries;
            bytes <= out_bytes;
            phase <= OFFSET;
            state <= !m_axil_rdata[DONE_BIT] ? POLL : out_entries == 32'd0 ? FINISH : STEP;
          end else if (m_axil_rvalid) begin
            m_axi_wdata <= {8{m_axil_rdata}};
            m_axi_wstrb <= 32'hF << {word[2:0], 2'b00};
            m_axi_awvalid <= 1'b1;
            m_axi_wvalid <= 1'b1;
            state <= MEM_WRITE;
          end
        end

        FINISH: begin
          finishing <= 1'b1;
          m_axi_wdata <= {224'd0, 32'd1};
          m_axi_wstrb <= 32'hF;
          m_axi_awvalid <= 1'b1;
          m_axi_wvalid <= 1'b1;
          state <= MEM_WRITE;
        end

        default: begin  // MEM_WRITE
          if (m_axi_bvalid && finishing) state <= IDLE;
        end
      endcase

      // A value has gone to the kernel or into the descriptor.
      if (value_done) begin
        word <= word + 14'd1;
        have_beat <= word[2:0] != 3'd7;
        offset <= offset + ADDR_W'(4);
        size <= size - BYTES_W'(4);
        state <= !all_end ? STEP : outputs ? FINISH : START;
        if (entry_ends) begin
          entries <= entries - 32'd1;
          phase <= OFFSET;
        end
      end

      if (decode_error || count_error) begin
        state <= IDLE;
        m_axil_awvalid <= 1'b0;
        m_axil_wvalid <= 1'b0;
        m_axi_awvalid <= 1'b0;
        m_axi_wvalid <= 1'b0;
      end
    end
  end

endmodule

`default_nettype wire
