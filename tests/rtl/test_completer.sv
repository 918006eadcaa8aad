// SPDX-License-Identifier: Apache-2.0
// A small card for the tests of the hosts: two functions with memory behind BAR0, BAR2 and BAR4
// (8 KiB each, repeating), a requester for DMA and an MSI-X raiser.
//
// BAR0 offsets 0xB0000.. answer after `delay` cycles, 0xC0000.. poisoned, 0xD0000.. with UR,
// 0xE0000.. with CA, 0xF0000.. never. BAR2 offset 0x4000 of either function holds the registers:
// 0x00/0x04 host address, 0x08 {last be[7:4], first be[3:0], dwords[10:0]} as {be[23:16], len[10:0]},
// 0x0C start (1 write to the host from memory, 2 read into memory), 0x10 memory dword index,
// 0x14 raise MSI-X {vector[15:8], function[7:0]}, 0x18 {fail[23:16], sent[15:8], error[7:4], busy[0]},
// 0x1C delay. The MSI-X table of a function is BAR2 offset 0x8000.
`default_nettype none
`timescale 1ns / 1ps

module test_completer (
    input  wire         clk,
    input  wire         rst,

    input  wire [255:0] s_axis_cq_tdata,
    input  wire [87:0]  s_axis_cq_tuser,
    input  wire [7:0]   s_axis_cq_tkeep,
    input  wire         s_axis_cq_tlast,
    input  wire         s_axis_cq_tvalid,
    output wire         s_axis_cq_tready,
    output wire [1:0]   pcie_cq_np_req,

    output reg  [255:0] m_axis_cc_tdata,
    output wire [32:0]  m_axis_cc_tuser,
    output reg  [7:0]   m_axis_cc_tkeep,
    output reg          m_axis_cc_tlast,
    output reg          m_axis_cc_tvalid,
    input  wire         m_axis_cc_tready,

    output reg  [255:0] m_axis_rq_tdata,
    output reg  [61:0]  m_axis_rq_tuser,
    output reg  [7:0]   m_axis_rq_tkeep,
    output reg          m_axis_rq_tlast,
    output reg          m_axis_rq_tvalid,
    input  wire         m_axis_rq_tready,

    input  wire [255:0] s_axis_rc_tdata,
    input  wire [74:0]  s_axis_rc_tuser,
    input  wire [7:0]   s_axis_rc_tkeep,
    input  wire         s_axis_rc_tlast,
    input  wire         s_axis_rc_tvalid,
    output wire         s_axis_rc_tready,

    output reg  [63:0]  cfg_interrupt_msix_address,
    output reg  [31:0]  cfg_interrupt_msix_data,
    output reg          cfg_interrupt_msix_int,
    output reg  [7:0]   cfg_interrupt_msi_function_number,
    input  wire         cfg_interrupt_msix_sent,
    input  wire         cfg_interrupt_msix_fail,

    output wire         busy
);

  localparam [2:0] SC = 3'd0, UR = 3'd1, CA = 3'd4;

  reg [31:0] ram[0:16383];

  reg        wr_body;
  reg [13:0] wr_index;
  reg        wr_regs;

  reg        rd_active;
  reg        rd_body;
  reg [63:0] rd_addr;
  reg [13:0] rd_index;
  reg [10:0] rd_left;
  reg [10:0] rd_frame;
  reg [12:0] rd_bytes;
  reg [50:16] rd_desc;
  reg [2:0]  rd_status;
  reg        rd_poison;

  reg        late_valid;
  reg [31:0] late_timer;
  reg [95:0] late_desc;
  reg [31:0] delay;

  reg [63:0] dma_addr;
  reg [31:0] dma_len;
  reg [31:0] dma_index;
  reg [1:0]  dma_go;
  reg        dma_wait;
  reg [10:0] dma_left;
  reg        rq_body;
  reg        rc_body;
  reg        rc_last;
  reg [3:0]  dma_error;
  reg [7:0]  sent_count;
  reg [7:0]  fail_count;
  reg        msix_wait;

  reg [13:0] t_index;
  reg [13:0] t_base;
  reg [10:0] t_len;
  reg [10:0] t_frame;
  reg [3:0]  t_mode;
  reg [1:0]  t_lead;
  reg [1:0]  t_trail;
  reg [3:1]  t_last;
  reg [31:0] t_value;
  reg        t_cc_free;
  integer    i;
  integer    j;
  integer    t_lane;

  assign pcie_cq_np_req = 2'b01;
  assign m_axis_cc_tuser = 33'd0;
  assign s_axis_cq_tready = !rd_active;
  assign s_axis_rc_tready = 1'b1;
  assign busy = rd_active || m_axis_cc_tvalid || late_valid || dma_go != 2'd0 || dma_wait ||
      m_axis_rq_tvalid || msix_wait || cfg_interrupt_msix_int || s_axis_rc_tvalid || s_axis_cq_tvalid || wr_body;

  // {function, BAR / 2, offset / 4}
  function automatic [13:0] place(input function_0, input [2:1] bar, input [12:2] offset);
    place = {function_0, bar, offset};
  endfunction

  function automatic [31:0] register_read(input [2:0] at);
    case (at)
      3'd0: register_read = dma_addr[31:0];
      3'd1: register_read = dma_addr[63:32];
      3'd2: register_read = dma_len;
      3'd4: register_read = dma_index;
      3'd6: register_read = {8'd0, fail_count, sent_count, dma_error, 3'd0, dma_go != 2'd0 || dma_wait || msix_wait};
      3'd7: register_read = delay;
      default: register_read = 32'd0;
    endcase
  endfunction

  initial for (i = 0; i < 16384; i = i + 1) ram[i] = 32'd0;

  /* verilator lint_off BLKSEQ */
  always_ff @(posedge clk) if (rst || busy || cfg_interrupt_msix_sent || cfg_interrupt_msix_fail) begin
    if (rst) begin
      wr_body <= 1'b0;
      wr_regs <= 1'b0;
      rd_active <= 1'b0;
      rd_body <= 1'b0;
      m_axis_cc_tvalid <= 1'b0;
      m_axis_cc_tlast <= 1'b0;
      m_axis_cc_tdata <= 256'd0;
      m_axis_cc_tkeep <= 8'd0;
      late_valid <= 1'b0;
      late_timer <= 32'd0;
      delay <= 32'd0;
      m_axis_rq_tvalid <= 1'b0;
      m_axis_rq_tlast <= 1'b0;
      m_axis_rq_tdata <= 256'd0;
      m_axis_rq_tuser <= 62'd0;
      m_axis_rq_tkeep <= 8'd0;
      cfg_interrupt_msix_int <= 1'b0;
      cfg_interrupt_msix_address <= 64'd0;
      cfg_interrupt_msix_data <= 32'd0;
      cfg_interrupt_msi_function_number <= 8'd0;
      dma_addr <= 64'd0;
      dma_len <= 32'd0;
      dma_index <= 32'd0;
      dma_go <= 2'd0;
      dma_wait <= 1'b0;
      rq_body <= 1'b0;
      rc_body <= 1'b0;
      dma_error <= 4'd0;
      sent_count <= 8'd0;
      fail_count <= 8'd0;
      msix_wait <= 1'b0;
    end else begin
      t_cc_free = !m_axis_cc_tvalid || m_axis_cc_tready;
      if (m_axis_cc_tready) m_axis_cc_tvalid <= 1'b0;
      cfg_interrupt_msix_int <= 1'b0;
      if (cfg_interrupt_msix_sent) sent_count <= sent_count + 8'd1;
      if (cfg_interrupt_msix_fail) fail_count <= fail_count + 8'd1;
      if (cfg_interrupt_msix_sent || cfg_interrupt_msix_fail) msix_wait <= 1'b0;

      // Requests
      if (s_axis_cq_tvalid && s_axis_cq_tready) begin
        t_index = wr_index;
        t_lane = 0;
        if (!wr_body) begin
          t_base = place(s_axis_cq_tdata[104], s_axis_cq_tdata[114:113], s_axis_cq_tdata[12:2]);
          t_index = t_base;
          t_lane = 4;
          wr_regs <= s_axis_cq_tdata[114:112] == 3'd2 && s_axis_cq_tdata[15:14] == 2'b01;
        end
        if (!wr_body && s_axis_cq_tdata[78:75] == 4'd0) begin
          t_len = s_axis_cq_tdata[74:64];
          t_mode = (s_axis_cq_tdata[114:112] == 3'd0) ? s_axis_cq_tdata[19:16] : 4'd0;
          t_lead = s_axis_cq_tuser[0] ? 2'd0 : s_axis_cq_tuser[1] ? 2'd1 : s_axis_cq_tuser[2] ? 2'd2 : 2'd3;
          t_last = (t_len == 11'd1) ? s_axis_cq_tuser[3:1] : s_axis_cq_tuser[7:5];
          t_trail = t_last[3] ? 2'd0 : t_last[2] ? 2'd1 : t_last[1] ? 2'd2 : 2'd3;
          rd_addr <= {s_axis_cq_tdata[63:2], t_lead};
          rd_index <= t_base;
          rd_left <= t_len;
          rd_bytes <= {t_len, 2'b00} - {11'd0, t_lead} - {11'd0, t_trail};
          rd_desc <= s_axis_cq_tdata[114:80];
          rd_status <= (t_mode == 4'hD) ? UR : (t_mode == 4'hE) ? CA : SC;
          rd_poison <= t_mode == 4'hC;
          rd_body <= 1'b0;
          rd_active <= t_mode != 4'hF && t_mode != 4'hB;
          if (t_mode == 4'hB) begin
            late_valid <= 1'b1;
            late_timer <= delay;
            late_desc <= {
              16'd0, s_axis_cq_tdata[111:96],
              s_axis_cq_tdata[95:80], 5'd0, 11'd1, 16'd4, 9'd0, s_axis_cq_tdata[6:2], 2'b00
            };
          end
        end else begin
          for (i = 0; i < 8; i = i + 1) begin
            if (i >= t_lane && s_axis_cq_tkeep[i]) begin
              if (wr_body ? wr_regs : (s_axis_cq_tdata[114:112] == 3'd2 && s_axis_cq_tdata[15:14] == 2'b01)) begin
                t_value = s_axis_cq_tdata[i*32+:32];
                case (t_index[2:0])
                  3'd0: dma_addr[31:0] <= t_value;
                  3'd1: dma_addr[63:32] <= t_value;
                  3'd2: dma_len <= t_value;
                  3'd3: begin
                    dma_go <= t_value[1:0];
                    dma_left <= dma_len[10:0];
                    rq_body <= 1'b0;
                    dma_error <= 4'd0;
                  end
                  3'd4: dma_index <= t_value;
                  3'd5: begin
                    t_base = {t_value[0], 2'b01, 4'd0, t_value[12:8], 2'b00};
                    cfg_interrupt_msix_address <= {ram[t_base+14'd1], ram[t_base]};
                    cfg_interrupt_msix_data <= ram[t_base+14'd2];
                    cfg_interrupt_msi_function_number <= t_value[7:0];
                    cfg_interrupt_msix_int <= 1'b1;
                    msix_wait <= 1'b1;
                  end
                  3'd7: delay <= t_value;
                  default: ;
                endcase
              end else begin
                for (j = 0; j < 4; j = j + 1) begin
                  if (s_axis_cq_tuser[8+i*4+j]) ram[t_index][j*8+:8] <= s_axis_cq_tdata[i*32+j*8+:8];
                end
              end
              t_index = {t_index[13:11], t_index[10:0] + 11'd1};
            end
          end
          wr_index <= t_index;
          wr_body <= !s_axis_cq_tlast;
        end
      end

      // Completions, cut at every 128 bytes
      if (rd_active && t_cc_free) begin
        t_frame = 11'd0;
        t_index = rd_index;
        m_axis_cc_tvalid <= 1'b1;
        m_axis_cc_tdata <= 256'd0;
        m_axis_cc_tkeep <= 8'd0;
        if (rd_status != SC) begin
          m_axis_cc_tdata[95:0] <= {
            16'd0, rd_desc[47:40], rd_desc[39:32],
            rd_desc[31:16], 2'b00, rd_status, 11'd0, 3'd0, rd_bytes, 9'd0, rd_addr[6:0]
          };
          m_axis_cc_tkeep <= 8'h07;
          m_axis_cc_tlast <= 1'b1;
          rd_active <= 1'b0;
        end else begin
          t_lane = 0;
          t_frame = rd_frame;
          if (!rd_body) begin
            t_lane = 3;
            t_frame = 11'd32 - {6'd0, rd_addr[6:2]};
            if (t_frame > rd_left) t_frame = rd_left;
            m_axis_cc_tdata[95:0] <= {
              16'd0, rd_desc[47:40], rd_desc[39:32],
              rd_desc[31:16], 1'b0, rd_poison, rd_status, t_frame, 3'd0, rd_bytes, 9'd0, rd_addr[6:0]
            };
            m_axis_cc_tkeep[2:0] <= 3'b111;
            rd_bytes <= rd_bytes - {t_frame, 2'b00} + {11'd0, rd_addr[1:0]};
            rd_addr <= {rd_addr[63:2] + {51'd0, t_frame}, 2'b00};
            rd_left <= rd_left - t_frame;
            t_len = rd_left - t_frame;
          end else begin
            t_len = rd_left;
          end
          for (i = 0; i < 8; i = i + 1) begin
            if (i >= t_lane && t_frame != 11'd0) begin
              m_axis_cc_tdata[i*32+:32] <= (rd_desc[50:48] == 3'd2 && rd_addr[15:14] == 2'b01) ?
                  register_read(t_index[2:0]) : ram[t_index];
              m_axis_cc_tkeep[i] <= 1'b1;
              t_index = {t_index[13:11], t_index[10:0] + 11'd1};
              t_frame = t_frame - 11'd1;
            end
          end
          m_axis_cc_tlast <= t_frame == 11'd0;
          rd_body <= t_frame != 11'd0;
          rd_frame <= t_frame;
          rd_index <= t_index;
          if (t_frame == 11'd0 && t_len == 11'd0) rd_active <= 1'b0;
        end
      end else if (late_valid && late_timer == 32'd0 && t_cc_free) begin
        late_valid <= 1'b0;
        m_axis_cc_tvalid <= 1'b1;
        m_axis_cc_tlast <= 1'b1;
        m_axis_cc_tkeep <= 8'h0F;
        m_axis_cc_tdata <= {128'd0, 32'h1A7E_0000, late_desc};
      end
      if (late_valid && late_timer != 32'd0) late_timer <= late_timer - 32'd1;

      // DMA
      if (m_axis_rq_tready) m_axis_rq_tvalid <= 1'b0;
      if (dma_go != 2'd0 && (!m_axis_rq_tvalid || m_axis_rq_tready)) begin
        t_len = dma_left;
        t_index = dma_index[13:0];
        m_axis_rq_tvalid <= 1'b1;
        m_axis_rq_tdata <= 256'd0;
        m_axis_rq_tkeep <= 8'd0;
        m_axis_rq_tuser <= 62'd0;
        t_lane = 0;
        if (!rq_body) begin
          m_axis_rq_tdata[127:0] <= {
            8'd0, 16'd0, 8'h15, 8'd0, 7'd0, 1'b1, 1'b0, dma_go == 2'd1 ? 4'd1 : 4'd0, dma_len[10:0],
            dma_addr[63:2], 2'b00
          };
          m_axis_rq_tuser[7:0] <= {dma_len[23:20], dma_len[19:16]};
          m_axis_rq_tkeep[3:0] <= 4'hF;
          t_lane = 4;
        end
        if (dma_go == 2'd1) begin
          for (i = 0; i < 8; i = i + 1) begin
            if (i >= t_lane && t_len != 11'd0) begin
              m_axis_rq_tdata[i*32+:32] <= ram[t_index];
              m_axis_rq_tkeep[i] <= 1'b1;
              t_index = t_index + 14'd1;
              t_len = t_len - 11'd1;
            end
          end
          dma_index[13:0] <= t_index;
          dma_left <= t_len;
          rq_body <= 1'b1;
          m_axis_rq_tlast <= t_len == 11'd0;
          if (t_len == 11'd0) dma_go <= 2'd0;
        end else begin
          m_axis_rq_tlast <= 1'b1;
          dma_go <= 2'd0;
          dma_wait <= 1'b1;
          rc_body <= 1'b0;
        end
      end
      if (s_axis_rc_tvalid) begin
        t_lane = rc_body ? 0 : 3;
        t_index = dma_index[13:0];
        for (i = 0; i < 8; i = i + 1) begin
          if (i >= t_lane && s_axis_rc_tkeep[i]) begin
            for (j = 0; j < 4; j = j + 1) begin
              if (s_axis_rc_tuser[i*4+j]) ram[t_index][j*8+:8] <= s_axis_rc_tdata[i*32+j*8+:8];
            end
            t_index = t_index + 14'd1;
          end
        end
        dma_index[13:0] <= t_index;
        rc_body <= !s_axis_rc_tlast;
        if (!rc_body) begin
          dma_error <= s_axis_rc_tdata[15:12];
          if (s_axis_rc_tdata[30]) dma_wait <= !s_axis_rc_tlast;
          rc_last <= s_axis_rc_tdata[30];
        end else if (s_axis_rc_tlast && rc_last) begin
          dma_wait <= 1'b0;
        end
      end
    end
  end
  /* verilator lint_on BLKSEQ */

endmodule

`default_nettype wire
