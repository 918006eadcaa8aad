// SPDX-License-Identifier: Apache-2.0
// Turns commands of Python into memory requests on CQ and collects the completions from CC.
//
// Python writes `x_cmd` with its go bit flipped and waits for one change of `x_done`:
//   x_cmd[127:0]  entry: address[63:0], data[95:64], byte enables[99:96], BAR[102:100],
//                 aperture[108:103], function[116:109], write[117]
//   x_cmd[128]    go (toggle)      x_cmd[130:129]  kind: 0 single, 1 vector, 2 block
//   x_cmd[143:131] vector: entries (1..64, taken from x_vec), block: bytes (1..4096, data in x_buf)
// Requests leave in order. A read may follow an unanswered read; a write waits for all answers, as a
// CPU's uncached accesses do. Status of an answer: PCIe completion status (0 SC, 1 UR, 4 CA),
// 8 timeout, 9 poisoned, 10 malformed. A timed-out tag rests until its late completion is dropped.
`default_nettype none
`timescale 1ns / 1ps

module host_requester (
    input  wire         clk,
    input  wire         rst,

    output reg  [255:0] s_axis_cq_tdata,
    output wire [87:0]  s_axis_cq_tuser,
    output reg  [7:0]   s_axis_cq_tkeep,
    output reg          s_axis_cq_tlast,
    output reg          s_axis_cq_tvalid,
    input  wire         s_axis_cq_tready,
    input  wire [1:0]   pcie_cq_np_req,
    output reg  [5:0]   pcie_cq_np_req_count,

    input  wire [255:0] m_axis_cc_tdata,
    input  wire         m_axis_cc_tlast,
    input  wire         m_axis_cc_tvalid,
    output wire         m_axis_cc_tready,

    input  wire [12:0]  max_payload,
    input  wire [12:0]  max_read_request,
    input  wire [31:0]  completion_timeout,
    output wire         busy
);

  localparam [1:0] KIND_VECTOR = 2'd1;
  localparam [1:0] IDLE = 2'd0, ISSUE = 2'd1, SEND = 2'd2, DRAIN = 2'd3;
  localparam [3:0] ST_TIMEOUT = 4'd8, ST_POISONED = 4'd9, ST_MALFORMED = 4'd10;

  reg [159:0]  x_cmd /* verilator public_flat_rw */;
  reg [1023:0] x_vec[0:7] /* verilator public_flat_rw */;
  reg [4095:0] x_buf[0:7] /* verilator public_flat_rw */;
  reg          x_done /* verilator public_flat_rd */;
  reg [35:0]   x_rsp /* verilator public_flat_rd */;
  reg [255:0]  x_rdata[0:7] /* verilator public_flat_rd */;
  reg [255:0]  x_status /* verilator public_flat_rd */;
  reg [31:0]   x_late /* verilator public_flat_rd */;
  reg [31:0]   x_unexpected /* verilator public_flat_rd */;

  reg         seen;
  reg [1:0]   state;
  reg [6:0]   idx;
  reg [9:0]   pos;
  reg [12:0]  rem;
  reg [63:0]  addr;
  reg         more;
  reg [10:0]  send_left;
  reg [3:0]   send_last_be;
  reg [31:0]  timer;
  reg [8:0]   outstanding;

  reg [7:0]   tag;
  reg [255:0] tag_active;
  reg [255:0] tag_late;
  reg [5:0]   tag_slot[0:255];
  reg [9:0]   tag_pos[0:255];
  reg [12:0]  tag_left[0:255];

  reg         cc_body;
  reg [7:0]   cc_tag;
  reg [9:0]   cc_pos;
  reg [10:0]  cc_left;
  reg         cc_known;
  reg         cc_final;
  reg [3:0]   cc_code;

  reg [41:0]  cq_user;
  reg [31:0]  cq_parity;

  assign s_axis_cq_tuser = {3'd0, cq_parity, 11'd0, cq_user};

  assign m_axis_cc_tready = 1'b1;
  assign busy = x_cmd[128] != seen || state != IDLE || s_axis_cq_tvalid;

  // The command, and the header in the first beat of a completion.
  wire        cmd_start = state == IDLE && x_cmd[128] != seen;
  wire        cmd_vector = x_cmd[130:129] == KIND_VECTOR;
  wire        cmd_block = x_cmd[130];
  wire [12:0] cmd_count = x_cmd[143:131];
  wire [1:0]  head_lower = m_axis_cc_tdata[1:0];
  wire [12:0] head_bytes = m_axis_cc_tdata[28:16];
  wire [10:0] head_len = m_axis_cc_tdata[42:32];
  wire [2:0]  head_status = m_axis_cc_tdata[45:43];
  wire        head_poisoned = m_axis_cc_tdata[46];
  wire [7:0]  head_tag = m_axis_cc_tdata[71:64];
  wire [31:0] head_dw = m_axis_cc_tdata[127:96];

  // What can happen in a cycle. In one where nothing does only the timer runs, which is most of them.
  wire open = state != IDLE;
  wire sent = s_axis_cq_tvalid && s_axis_cq_tready;
  wire free = !s_axis_cq_tvalid || s_axis_cq_tready;
  wire credit = |pcie_cq_np_req && pcie_cq_np_req_count != 6'd32;
  wire expired = open && timer >= completion_timeout;
  wire step = rst || cmd_start || sent || credit || m_axis_cc_tvalid || expired || state == ISSUE
      || state == SEND;

  // Temporaries of one clock step.
  reg [1:0]   t_state;
  reg         t_free;
  reg         t_write;
  reg         t_block;
  reg         t_more;
  reg         t_final;
  reg         t_known;
  reg [3:0]   t_code;
  reg [5:0]   t_slot;
  reg [6:0]   t_idx;
  reg [7:0]   t_tag;
  reg [8:0]   t_out;
  reg [5:0]   t_np;
  reg [9:0]   t_pos;
  reg [10:0]  t_left;
  reg [10:0]  t_dw;
  reg [12:0]  t_lim;
  reg [12:0]  t_rem;
  reg [12:0]  t_page;
  reg [12:0]  t_count;
  reg [63:0]  t_addr;
  /* verilator lint_off UNUSEDSIGNAL */
  reg [127:0] t_entry;
  reg [12:0]  t_end;
  reg [21:0]  t_meta;
  /* verilator lint_on UNUSEDSIGNAL */
  reg [3:0]   t_first_be;
  reg [3:0]   t_last_be;
  reg [255:0] t_data;
  reg [31:0]  t_byte_en;
  reg [7:0]   t_keep;
  integer     i;

  // Odd parity of every byte of half a beat: count each byte's ones (bit 0 of the sum), then gather the
  // bits, in few wide steps of the kinds that simulators do word by word.
  function automatic [15:0] parity(input [127:0] data);
    reg [127:0] p;
    begin
      p = data - ((data >> 1) & {16{8'h55}});
      p = (p & {16{8'h33}}) + ((p >> 2) & {16{8'h33}});
      p = (p + (p >> 4)) & {16{8'h01}};
      p = (p | (p >> 7)) & {8{16'h0003}};
      p = (p | (p >> 14)) & {4{32'h0000_000F}};
      p = (p | (p >> 28)) & {2{64'h0000_0000_0000_00FF}};
      parity = ~{p[71:64], p[7:0]};
    end
  endfunction

  // The dword at a position of the block buffer.
  function automatic [31:0] buffer_dw(input [9:0] at);
    buffer_dw = x_buf[at[9:7]][{at[6:0], 5'd0}+:32];
  endfunction

  initial begin
    x_cmd = 160'd0;
    x_done = 1'b0;
    x_rsp = 36'd0;
    x_status = 256'd0;
    x_late = 32'd0;
    x_unexpected = 32'd0;
    seen = 1'b0;
    state = IDLE;
    s_axis_cq_tvalid = 1'b0;
    for (i = 0; i < 8; i = i + 1) begin
      x_vec[i] = 1024'd0;
      x_buf[i] = 4096'd0;
      x_rdata[i] = 256'd0;
    end
  end

  // Blocking assignments go to t_* only: values used in the same step.
  /* verilator lint_off BLKSEQ */
  always_ff @(posedge clk) if (step) begin
    if (rst) begin
      if (state != IDLE || x_cmd[128] != seen) begin
        // A reset in the middle of a command answers it, and so does one that is there already.
        seen <= x_cmd[128];
        x_rsp <= {ST_TIMEOUT, 32'hFFFF_FFFF};
        x_status <= {64{ST_TIMEOUT}};
        x_done <= !x_done;
      end
      state <= IDLE;
      s_axis_cq_tvalid <= 1'b0;
      s_axis_cq_tlast <= 1'b0;
      s_axis_cq_tdata <= 256'd0;
      s_axis_cq_tkeep <= 8'd0;
      cq_user <= 42'd0;
      cq_parity <= 32'hFFFF_FFFF;
      pcie_cq_np_req_count <= 6'd0;
      outstanding <= 9'd0;
      timer <= 32'd0;
      tag <= 8'd0;
      tag_active <= 256'd0;
      tag_late <= 256'd0;
      cc_body <= 1'b0;
    end else begin
      t_state = state;
      t_out = outstanding;
      t_np = pcie_cq_np_req_count;
      if (credit) t_np = t_np + 6'd1;
      t_free = free;
      if (sent) begin
        s_axis_cq_tvalid <= 1'b0;
        timer <= 32'd0;
      end else if (open) begin
        timer <= timer + 32'd1;
      end

      // Completions
      if (m_axis_cc_tvalid) begin
        if (!cc_body) begin
          t_tag = head_tag;
          t_known = tag_active[t_tag];
          t_left = head_len;
          t_pos = tag_pos[t_tag];
          t_code = {1'b0, head_status};
          t_final = t_code != 4'd0 || head_bytes <= {t_left, 2'b00} - {11'd0, head_lower};
          if (t_code == 4'd0 && head_poisoned) t_code = ST_POISONED;
          else if (t_code == 4'd0 && (t_left == 11'd0 || head_bytes != tag_left[t_tag])) begin
            t_code = ST_MALFORMED;
            t_final = 1'b1;
          end
          if (t_known && t_code == 4'd0) begin
            tag_pos[t_tag] <= t_pos + t_left[9:0];
            tag_left[t_tag] <= tag_left[t_tag] - {t_left, 2'b00} + {11'd0, head_lower};
          end
          t_dw = 11'd5;
          if (!t_known && tag_late[t_tag]) begin
            x_late <= x_late + 32'd1;
            if (t_final) tag_late[t_tag] <= 1'b0;
          end else if (!t_known) begin
            x_unexpected <= x_unexpected + 32'd1;
          end
          cc_tag <= t_tag;
          cc_known <= t_known;
          cc_final <= t_final;
          cc_code <= t_code;
        end else begin
          t_tag = cc_tag;
          t_known = cc_known && tag_active[cc_tag];
          t_left = cc_left;
          t_pos = cc_pos;
          t_final = cc_final;
          t_code = cc_code;
          t_dw = 11'd8;
        end
        if (t_known) begin
          t_slot = tag_slot[t_tag];
          timer <= 32'd0;
          if (t_code == 4'd0) begin
            if (cmd_block) begin
              t_data = cc_body ? m_axis_cc_tdata : {96'd0, m_axis_cc_tdata[255:96]};
              for (i = 0; i < 8; i = i + 1) begin
                if (i < {21'd0, t_dw} && i < {21'd0, t_left}) begin
                  x_buf[t_pos[9:7]][{t_pos[6:0], 5'd0}+:32] <= t_data[i*32+:32];
                  t_pos = t_pos + 10'd1;
                end
              end
            end else begin
              x_rdata[t_slot[5:3]][{t_slot[2:0], 5'd0}+:32] <= head_dw;
            end
          end
          if (m_axis_cc_tlast && t_final) begin
            tag_active[t_tag] <= 1'b0;
            t_out = t_out - 9'd1;
            x_status[{t_slot, 2'd0}+:4] <= t_code;
            if (t_code != 4'd0) x_rsp <= {t_code, 32'hFFFF_FFFF};
            else if (x_rsp[35:32] == 4'd0) x_rsp[31:0] <= head_dw;
          end
        end
        cc_body <= !m_axis_cc_tlast;
        cc_pos <= t_pos;
        cc_left <= (t_left > t_dw) ? t_left - t_dw : 11'd0;
      end

      // Next request
      if (cmd_start) begin
        t_state = ISSUE;
        seen <= x_cmd[128];
        timer <= 32'd0;
        x_rsp <= 36'd0;
        x_status <= 256'd0;
      end
      if (t_state == ISSUE) begin
        t_block = cmd_block;
        t_count = cmd_count;
        t_idx = cmd_start ? 7'd0 : idx;
        if (cmd_vector) t_entry = x_vec[t_idx[5:3]][{t_idx[2:0], 7'd0}+:128];
        else t_entry = x_cmd[127:0];
        t_meta = t_entry[117:96];
        t_write = t_meta[21];
        t_addr = (t_block && !cmd_start) ? addr : t_entry[63:0];
        t_rem = cmd_start ? t_count : rem;
        t_pos = cmd_start ? 10'd0 : pos;
        idx <= t_idx;
        addr <= t_addr;
        rem <= t_rem;
        pos <= t_pos;
        if (t_write ? (t_free && t_out == 9'd0) : (t_free && t_np != 6'd0 && !tag_late[tag])) begin
          if (t_block) begin
            t_lim = t_rem;
            if (t_write) begin
              if (t_lim > max_payload - {11'd0, t_addr[1:0]}) t_lim = max_payload - {11'd0, t_addr[1:0]};
            end else if (t_lim > max_read_request - {11'd0, t_addr[1:0]}) begin
              t_lim = max_read_request - {6'd0, t_addr[6:0]};
            end
            t_page = 13'd4096 - {1'b0, t_addr[11:0]};
            if (t_lim > t_page) t_lim = t_page;
            t_end = t_lim + {11'd0, t_addr[1:0]} + 13'd3;
            t_dw = t_end[12:2];
            t_first_be = 4'hF << t_addr[1:0];
            t_last_be = 4'hF >> (2'd3 - (t_addr[1:0] + t_lim[1:0] - 2'd1));
            if (t_dw == 11'd1) begin
              t_first_be = t_first_be & t_last_be;
              t_last_be = 4'd0;
            end
            t_more = t_rem != t_lim;
          end else begin
            t_lim = 13'd4;
            t_dw = 11'd1;
            t_first_be = t_meta[3:0];
            t_last_be = 4'd0;
            t_more = cmd_vector && {6'd0, t_idx} + 13'd1 != t_count;
          end
          t_data = {
            128'd0,
            7'd0, t_meta[12:7], t_meta[6:4], t_meta[20:13], t_write ? 8'd0 : tag,
            16'd0, 4'd0, t_write, t_dw, t_addr[63:2], 2'b00
          };
          t_byte_en = 32'd0;
          t_keep = 8'h0F;
          if (t_write) begin
            t_keep[4] = 1'b1;
            t_byte_en[19:16] = t_first_be;
            t_data[159:128] = t_block ? buffer_dw(t_pos) : t_entry[95:64];
            if (t_block) for (i = 1; i < 4; i = i + 1) begin
              if (i < {21'd0, t_dw}) begin
                t_keep[i+4] = 1'b1;
                t_data[128+i*32+:32] = buffer_dw(t_pos + i[9:0]);
                t_byte_en[16+i*4+:4] = (i + 1 == {21'd0, t_dw}) ? t_last_be : 4'hF;
              end
            end
            t_state = (t_dw > 11'd4) ? SEND : t_more ? ISSUE : DRAIN;
            send_left <= t_dw - 11'd4;
            send_last_be <= t_last_be;
            more <= t_more;
            if (t_dw > 11'd4) pos <= t_pos + 10'd4;
            else pos <= t_pos + t_dw[9:0];
          end else begin
            tag_active[tag] <= 1'b1;
            tag_slot[tag] <= t_idx[5:0];
            tag_pos[tag] <= t_pos;
            tag_left[tag] <= t_lim;
            tag <= tag + 8'd1;
            t_out = t_out + 9'd1;
            t_np = t_np - 6'd1;
            pos <= t_pos + t_dw[9:0];
            t_state = t_more ? ISSUE : DRAIN;
          end
          s_axis_cq_tvalid <= 1'b1;
          s_axis_cq_tdata <= t_data;
          s_axis_cq_tkeep <= t_keep;
          s_axis_cq_tlast <= !t_write || t_dw <= 11'd4;
          cq_user <= {2'b01, t_byte_en, t_last_be, t_first_be};
          cq_parity <= {t_write ? parity(t_data[255:128]) : 16'hFFFF, parity(t_data[127:0])};
          t_free = 1'b0;
          idx <= t_idx + 7'd1;
          addr <= t_addr + {51'd0, t_lim};
          rem <= t_rem - t_lim;
        end else if (!t_write && tag_late[tag]) begin
          // Passed over once; free for use when the counter comes round again.
          tag_late[tag] <= 1'b0;
          tag <= tag + 8'd1;
        end
      end else if (t_state == SEND && t_free) begin
        t_data = 256'd0;
        t_byte_en = 32'd0;
        t_keep = 8'd0;
        for (i = 0; i < 8; i = i + 1) begin
          if (i < {21'd0, send_left}) begin
            t_data[i*32+:32] = buffer_dw(pos + i[9:0]);
            t_byte_en[i*4+:4] = (i + 1 == {21'd0, send_left}) ? send_last_be : 4'hF;
            t_keep[i] = 1'b1;
          end
        end
        s_axis_cq_tvalid <= 1'b1;
        s_axis_cq_tdata <= t_data;
        s_axis_cq_tkeep <= t_keep;
        s_axis_cq_tlast <= send_left <= 11'd8;
        cq_user <= {2'b00, t_byte_en, 8'd0};
        cq_parity <= {parity(t_data[255:128]), parity(t_data[127:0])};
        t_free = 1'b0;
        if (send_left <= 11'd8) begin
          t_state = more ? ISSUE : DRAIN;
          pos <= pos + send_left[9:0];
        end else begin
          send_left <= send_left - 11'd8;
          pos <= pos + 10'd8;
        end
      end

      // End of the command
      if (t_state == DRAIN && t_out == 9'd0 && t_free) begin
        t_state = IDLE;
        x_done <= !x_done;
      end else if (expired) begin
        // The unanswered requests, and those never accepted, end with a timeout.
        for (i = 0; i < 256; i = i + 1) begin
          if (tag_active[i]) x_status[{tag_slot[i], 2'd0}+:4] <= ST_TIMEOUT;
        end
        if (t_state != DRAIN) begin
          for (i = 0; i < 64; i = i + 1) begin
            if (i >= {25'd0, idx}) x_status[i*4+:4] <= ST_TIMEOUT;
          end
        end
        x_rsp <= {ST_TIMEOUT, 32'hFFFF_FFFF};
        tag_late <= tag_late | tag_active;
        tag_active <= 256'd0;
        t_out = 9'd0;
        s_axis_cq_tvalid <= 1'b0;
        t_state = IDLE;
        x_done <= !x_done;
      end
      state <= t_state;
      outstanding <= t_out;
      pcie_cq_np_req_count <= t_np;
    end
  end else if (open) begin
    timer <= timer + 32'd1;
  end
  /* verilator lint_on BLKSEQ */

endmodule

`default_nettype wire
