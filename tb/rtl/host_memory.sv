// SPDX-License-Identifier: Apache-2.0
// The host's memory as the card sees it: serves memory reads and writes on RQ, answers on RC.
//
// Writes take effect as they arrive; reads queue and are answered in order, split at the completion
// boundary and the maximum payload like a root complex does. Python reads and writes `x_mem` directly.
// A read outside memory is answered with Unsupported Request; without bus mastering requests vanish.
`default_nettype none
`timescale 1ns / 1ps

module host_memory #(
    parameter integer SIZE_LOG2 = 22
) (
    input  wire         clk,
    input  wire         rst,

    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [255:0] m_axis_rq_tdata,
    input  wire [61:0]  m_axis_rq_tuser,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire         m_axis_rq_tlast,
    input  wire         m_axis_rq_tvalid,
    output wire         m_axis_rq_tready,

    output reg  [255:0] s_axis_rc_tdata,
    output reg  [74:0]  s_axis_rc_tuser,
    output reg  [7:0]   s_axis_rc_tkeep,
    output reg          s_axis_rc_tlast,
    output reg          s_axis_rc_tvalid,
    input  wire         s_axis_rc_tready,

    input  wire [10:0]  max_payload_dw,
    input  wire [7:0]   completion_boundary,
    input  wire         split_every_boundary,
    input  wire [7:0]   bus_master_enable,
    output wire         busy
);

  localparam integer WORDS = 1 << (SIZE_LOG2 - 9);
  localparam integer QUEUE_LOG2 = 5;
  localparam [3:0] REQ_READ = 4'd0, REQ_WRITE = 4'd1;
  localparam [3:0] ERR_BAD_STATUS = 4'd2;
  localparam [2:0] CPL_SC = 3'd0, CPL_UR = 3'd1;

  // 512 bytes a word: Python moves a page in eight accesses.
  reg [4095:0] x_mem[0:WORDS-1] /* verilator public_flat_rw */;
  reg [31:0]   x_dropped /* verilator public_flat_rd */;
  reg [31:0]   x_read_bytes /* verilator public_flat_rd */;
  reg [31:0]   x_write_bytes /* verilator public_flat_rd */;

  // Queue of reads: address, length in dwords, byte enables, tag, requester, tc/attr.
  reg [127:0]          queue[0:(1<<QUEUE_LOG2)-1];
  reg [QUEUE_LOG2:0]   queue_in;
  reg [QUEUE_LOG2:0]   queue_out;
  wire                 queue_full = queue_in - queue_out == {1'b1, {QUEUE_LOG2{1'b0}}};
  wire                 queue_empty = queue_in == queue_out;

  reg         rq_body;
  reg         rq_write;
  reg [61:0]  rq_dw;
  reg [10:0]  rq_left;
  reg [3:0]   rq_last_be;

  reg         rc_active;
  reg         rc_body;
  reg [61:0]  rc_dw;
  reg [10:0]  rc_left;
  reg [10:0]  rc_frame_left;
  reg [12:0]  rc_bytes;
  reg [1:0]   rc_offset;
  reg [3:0]   rc_last_be;
  reg [3:0]   rc_frame_last_be;
  reg [7:0]   rc_tag;
  reg [15:0]  rc_requester;
  reg [5:0]   rc_attr_tc;

  assign m_axis_rq_tready = !queue_full;
  wire serving = !queue_empty || rc_active || s_axis_rc_tvalid;
  assign busy = serving || m_axis_rq_tvalid;

  // Temporaries of one clock step.
  reg         t_write;
  reg         t_good;
  reg         t_frame_end;
  reg [61:0]  t_dw;
  reg [10:0]  t_left;
  reg [10:0]  t_length;
  reg [10:0]  t_limit;
  reg [3:0]   t_be;
  reg [3:0]   t_first_be;
  reg [3:0]   t_last_be;
  reg [2:0]   t_lead;
  reg [2:0]   t_trail;
  reg [12:0]  t_bytes;
  reg [11:0]  t_lower;
  reg [255:0] t_data;
  reg [31:0]  t_byte_en;
  reg [7:0]   t_keep;
  /* verilator lint_off UNUSEDSIGNAL */
  reg [127:0] t_item;
  reg [31:0]  t_bound;
  /* verilator lint_on UNUSEDSIGNAL */
  integer     i;
  integer     j;
  integer     t_lane;

  // Bytes disabled at the low end of a byte enable, and at the high end.
  function automatic [2:0] lead(input [2:0] be);
    lead = be[0] ? 3'd0 : be[1] ? 3'd1 : be[2] ? 3'd2 : 3'd3;
  endfunction

  function automatic [2:0] trail(input [3:1] be);
    trail = be[3] ? 3'd0 : be[2] ? 3'd1 : be[1] ? 3'd2 : 3'd3;
  endfunction

  function automatic inside_memory(input [61:0] dw, input [10:0] length);
    inside_memory = dw + {51'd0, length} <= (62'd1 << (SIZE_LOG2 - 2)) && dw < (62'd1 << (SIZE_LOG2 - 2));
  endfunction

  initial begin
    for (i = 0; i < WORDS; i = i + 1) x_mem[i] = 4096'd0;
    x_dropped = 32'd0;
    x_read_bytes = 32'd0;
    x_write_bytes = 32'd0;
    s_axis_rc_tvalid = 1'b0;
    queue_in = {(QUEUE_LOG2 + 1) {1'b0}};
    queue_out = {(QUEUE_LOG2 + 1) {1'b0}};
    rc_active = 1'b0;
  end

  // Blocking assignments go to t_* only: values used in the same step.
  /* verilator lint_off BLKSEQ */
  always_ff @(posedge clk) if (rst || m_axis_rq_tvalid) begin
    if (rst) begin
      queue_in <= {(QUEUE_LOG2 + 1) {1'b0}};
      rq_body <= 1'b0;
    end else if (m_axis_rq_tvalid && m_axis_rq_tready) begin
      t_data = m_axis_rq_tdata;
      if (!rq_body) begin
        t_dw = m_axis_rq_tdata[63:2];
        t_length = m_axis_rq_tdata[74:64];
        t_left = t_length;
        t_first_be = m_axis_rq_tuser[3:0];
        t_last_be = (t_length == 11'd1) ? t_first_be : m_axis_rq_tuser[7:4];
        t_write = m_axis_rq_tdata[78:75] == REQ_WRITE;
        t_good = bus_master_enable[m_axis_rq_tdata[82:80]];
        if (m_axis_rq_tdata[78:75] != REQ_READ && !t_write) begin
          $error("host_memory: request type %0d on RQ is not supported", m_axis_rq_tdata[78:75]);
          t_good = 1'b0;
        end
        if ({1'b0, t_dw[9:0]} + t_length > 11'd1024) begin
          $error("host_memory: request at %h of %0d dwords crosses 4 KiB", {t_dw, 2'b00}, t_length);
          t_good = 1'b0;
        end
        if (t_write && !inside_memory(t_dw, t_length)) t_good = 1'b0;
        if (!t_good) x_dropped <= x_dropped + 32'd1;
        if (t_good && !t_write) begin
          queue[queue_in[QUEUE_LOG2-1:0]] <= {
            m_axis_rq_tdata[126:121], m_axis_rq_tuser[7:4], t_first_be, t_length,
            m_axis_rq_tdata[95:80], m_axis_rq_tdata[103:96], 17'd0, t_dw
          };
          queue_in <= queue_in + 1'b1;
        end
        t_lane = 4;
        t_write = t_write && t_good;
        rq_write <= t_write;
        rq_last_be <= t_last_be;
      end else begin
        t_dw = rq_dw;
        t_left = rq_left;
        t_first_be = 4'hF;
        t_last_be = rq_last_be;
        t_write = rq_write;
        t_lane = 0;
      end
      if (t_write) begin
        t_bytes = 13'd0;
        for (i = 0; i < 8; i = i + 1) begin
          if (i >= t_lane && t_left != 11'd0) begin
            t_be = 4'hF;
            if (!rq_body && i == 4) t_be = t_first_be;
            if (t_left == 11'd1) t_be = t_be & t_last_be;
            for (j = 0; j < 4; j = j + 1) begin
              if (t_be[j]) begin
                x_mem[t_dw[SIZE_LOG2-3:7]][({25'd0, t_dw[6:0]}*32)+j*8+:8] <= t_data[i*32+j*8+:8];
                t_bytes = t_bytes + 13'd1;
              end
            end
            t_dw = t_dw + 62'd1;
            t_left = t_left - 11'd1;
          end
        end
        x_write_bytes <= x_write_bytes + {19'd0, t_bytes};
      end
      rq_dw <= t_dw;
      rq_left <= t_left;
      rq_body <= !m_axis_rq_tlast;
    end
  end

  // Answers: one completion after the other, one request after the other.
  always_ff @(posedge clk) if (rst || serving) begin
    if (rst) begin
      queue_out <= {(QUEUE_LOG2 + 1) {1'b0}};
      s_axis_rc_tvalid <= 1'b0;
      s_axis_rc_tlast <= 1'b0;
      s_axis_rc_tdata <= 256'd0;
      s_axis_rc_tuser <= 75'd0;
      s_axis_rc_tkeep <= 8'd0;
      rc_active <= 1'b0;
      rc_body <= 1'b0;
    end else begin
      if (s_axis_rc_tready) s_axis_rc_tvalid <= 1'b0;
      if (!rc_active) begin
        if (!queue_empty && !(s_axis_rc_tvalid && !s_axis_rc_tready)) begin
          t_item = queue[queue_out[QUEUE_LOG2-1:0]];
          queue_out <= queue_out + 1'b1;
          rc_dw <= t_item[61:0];
          rc_tag <= t_item[86:79];
          rc_requester <= t_item[102:87];
          t_length = t_item[113:103];
          t_first_be = t_item[117:114];
          t_last_be = (t_length == 11'd1) ? t_first_be : t_item[121:118];
          rc_attr_tc <= t_item[127:122];
          t_lead = lead(t_first_be[2:0]);
          t_trail = trail(t_last_be[3:1]);
          rc_left <= t_length;
          rc_offset <= t_lead[1:0];
          rc_last_be <= 4'hF >> t_trail;
          t_bytes = {t_length, 2'b00} - {10'd0, t_lead} - {10'd0, t_trail};
          // A zero-length read returns one dword with byte count 1.
          if (t_first_be == 4'd0 && t_length == 11'd1) t_bytes = 13'd1;
          rc_bytes <= t_bytes;
          x_read_bytes <= x_read_bytes + {19'd0, t_bytes};
          if (inside_memory(t_item[61:0], t_length)) begin
            rc_active <= 1'b1;
          end else begin
            s_axis_rc_tvalid <= 1'b1;
            s_axis_rc_tlast <= 1'b1;
            s_axis_rc_tkeep <= 8'h07;
            s_axis_rc_tdata <= {
              160'd0, 2'b00, t_item[127:122], 16'd0, t_item[86:79],
              t_item[102:87], 2'b00, CPL_UR, 11'd0,
              2'b01, 1'b0, t_bytes, ERR_BAD_STATUS, 12'd0
            };
            s_axis_rc_tuser <= {32'hFFFF_FFFF, 1'b0, 4'd0, 4'b0101, 2'b01, 32'd0};
          end
        end
      end else if (!s_axis_rc_tvalid || s_axis_rc_tready) begin
        t_data = 256'd0;
        t_keep = 8'd0;
        t_byte_en = 32'd0;
        t_dw = rc_dw;
        t_left = rc_left;
        if (!rc_body) begin
          t_limit = rc_left;
          t_bound = {24'd0, completion_boundary};
          if (split_every_boundary) begin
            t_length = (t_bound[10:0] >> 2) - (rc_dw[10:0] & ((t_bound[10:0] >> 2) - 11'd1));
            if (t_limit > t_length) t_limit = t_length;
          end else if (t_limit > max_payload_dw) begin
            t_limit = max_payload_dw - (rc_dw[10:0] & ((t_bound[10:0] >> 2) - 11'd1));
          end
          t_lower = {rc_dw[9:0], rc_offset};
          t_data[95:0] = {
            2'b00, rc_attr_tc, 16'd0, rc_tag,
            rc_requester, 2'b00, CPL_SC, t_limit,
            1'b0, t_limit == rc_left, 1'b0, rc_bytes, 4'd0, t_lower
          };
          t_keep[2:0] = 3'b111;
          t_lane = 3;
          t_be = 4'hF << rc_offset;
          t_last_be = (t_limit == rc_left) ? rc_last_be : 4'hF;
          rc_bytes <= rc_bytes - {t_limit, 2'b00} + {11'd0, rc_offset};
          rc_offset <= 2'd0;
        end else begin
          t_limit = rc_frame_left;
          t_lane = 0;
          t_be = 4'hF;
          t_last_be = rc_frame_last_be;
        end
        for (i = 0; i < 8; i = i + 1) begin
          if (i >= t_lane && t_limit != 11'd0) begin
            t_data[i*32+:32] = x_mem[t_dw[SIZE_LOG2-3:7]][({25'd0, t_dw[6:0]}*32)+:32];
            t_keep[i] = 1'b1;
            t_byte_en[i*4+:4] = (t_limit == 11'd1) ? t_be & t_last_be : t_be;
            t_be = 4'hF;
            t_dw = t_dw + 62'd1;
            t_left = t_left - 11'd1;
            t_limit = t_limit - 11'd1;
          end
        end
        t_frame_end = t_limit == 11'd0;
        s_axis_rc_tvalid <= 1'b1;
        s_axis_rc_tdata <= t_data;
        s_axis_rc_tkeep <= t_keep;
        s_axis_rc_tlast <= t_frame_end;
        s_axis_rc_tuser <= {
          32'd0, 1'b0, 4'd0, (t_frame_end ? last_lane(t_keep) : 3'd0), t_frame_end, 1'b0, !rc_body, t_byte_en
        };
        rc_frame_left <= t_limit;
        rc_frame_last_be <= t_last_be;
        rc_body <= !t_frame_end;
        rc_dw <= t_dw;
        rc_left <= t_left;
        if (t_left == 11'd0) rc_active <= 1'b0;
      end
    end
  end
  /* verilator lint_on BLKSEQ */

  function automatic [2:0] last_lane(input [7:0] keep);
    integer k;
    begin
      last_lane = 3'd0;
      for (k = 0; k < 8; k = k + 1) if (keep[k]) last_lane = k[2:0];
    end
  endfunction

endmodule

`default_nettype wire
