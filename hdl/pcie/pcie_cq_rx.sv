// SPDX-License-Identifier: Apache-2.0
// CQ receive: decodes the descriptor (PG213 completer request), checks the TLP, and writes it to
// the request FIFO of its target function. Routing looks at the target function and the BAR id
// only, never at the descriptor's BAR aperture or at host address bits.
// Dropped here, whole: messages, posted requests nobody maps, discontinued and malformed TLPs.
`default_nettype none
`timescale 1ns / 1ps

module pcie_cq_rx (
    input  wire         clk,
    input  wire         rst,

    // Only dword enables of whole beats matter: first_be, last_be, sop and discontinue of tuser.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [255:0] s_axis_cq_tdata,
    input  wire [87:0]  s_axis_cq_tuser,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire [7:0]   s_axis_cq_tkeep,
    input  wire         s_axis_cq_tlast,
    input  wire         s_axis_cq_tvalid,
    output wire         s_axis_cq_tready,

    // {end of TLP, target (0 registers, 1 interrupts, 2 memory, 3 none), last BE, first BE, tdata}
    output wire [266:0] wr_data,
    output wire         wr_first,
    output wire         mgmt_wr_en,
    output wire         mgmt_wr_commit,
    input  wire         mgmt_full_first,
    input  wire         mgmt_full_next,
    output wire         user_wr_en,
    output wire         user_wr_commit,
    input  wire         user_full_first,
    input  wire         user_full_next,

    output wire [1:0]   np_dropped,
    output reg  [7:0]   err_poisoned_count,
    output reg  [7:0]   err_malformed_count,
    output reg  [7:0]   err_unmapped_write_count,
    output wire         active
);

  localparam [3:0] TYPE_MEM_READ = 4'h0;
  localparam [3:0] TYPE_MEM_WRITE = 4'h1;
  localparam [3:0] TYPE_IO_WRITE = 4'h3;
  localparam [3:0] TYPE_FETCH_ADD = 4'h4;
  localparam [3:0] TYPE_SWAP = 4'h5;
  localparam [3:0] TYPE_CAS = 4'h6;
  localparam [3:0] TYPE_LOCKED_READ = 4'h7;
  localparam [3:0] TYPE_CFG_WRITE_0 = 4'hA;
  localparam [3:0] TYPE_CFG_WRITE_1 = 4'hB;

  localparam [1:0] TARGET_REG = 2'd0;
  localparam [1:0] TARGET_IRQ = 2'd1;
  localparam [1:0] TARGET_MEM = 2'd2;
  localparam [1:0] TARGET_NONE = 2'd3;

  localparam [7:0] FUNCTION_MGMT = 8'd0;
  localparam [7:0] FUNCTION_USER = 8'd1;

  // ---- descriptor (valid in the first beat)
  wire [10:0] hdr_len = s_axis_cq_tdata[74:64];
  wire [3:0]  hdr_type = s_axis_cq_tdata[78:75];
  wire [7:0]  hdr_function = s_axis_cq_tdata[111:104];
  wire [2:0]  hdr_bar = s_axis_cq_tdata[114:112];
  wire [3:0]  hdr_first_be = s_axis_cq_tuser[3:0];
  wire [3:0]  hdr_last_be = s_axis_cq_tuser[7:4];
  wire        sop = s_axis_cq_tuser[40];
  wire        discontinue = s_axis_cq_tuser[41];

  wire hdr_message = hdr_type[3:2] == 2'b11;
  wire hdr_write = hdr_type == TYPE_MEM_WRITE;
  wire hdr_np = !hdr_message && !hdr_write;
  wire hdr_memory = hdr_type == TYPE_MEM_READ || hdr_write || hdr_type == TYPE_LOCKED_READ;
  wire hdr_payload = hdr_write || hdr_type == TYPE_IO_WRITE || hdr_type == TYPE_FETCH_ADD
      || hdr_type == TYPE_SWAP || hdr_type == TYPE_CAS || hdr_type == TYPE_CFG_WRITE_0
      || hdr_type == TYPE_CFG_WRITE_1;

  reg [1:0] hdr_target;
  always @* begin
    hdr_target = TARGET_NONE;
    if (hdr_type == TYPE_MEM_READ || hdr_write) begin
      if (hdr_function == FUNCTION_MGMT || hdr_function == FUNCTION_USER) begin
        if (hdr_bar == 3'd0) hdr_target = TARGET_REG;
        if (hdr_bar == 3'd2) hdr_target = TARGET_IRQ;
      end
      if (hdr_function == FUNCTION_USER && hdr_bar == 3'd4) hdr_target = TARGET_MEM;
    end
  end

  // Requests to a function that does not exist are answered (UR) by the management engine.
  wire hdr_user = hdr_function == FUNCTION_USER;
  wire hdr_store = hdr_np || (hdr_write && hdr_target != TARGET_NONE);

  // The byte enable rules of the PCIe base specification that a receiver can rely on.
  wire be_bad = hdr_memory && (hdr_len == 11'd1 ? hdr_last_be != 4'd0
                                               : hdr_first_be == 4'd0 || hdr_last_be == 4'd0);
  wire len_bad = hdr_len == 11'd0 || hdr_len > 11'd1024;

  // The payload follows the four descriptor dwords: beats after the first, lanes in the last.
  wire [7:0]  hdr_more = hdr_payload ? 8'((hdr_len + 11'd3) >> 3) : 8'd0;
  wire [2:0]  hdr_tail = hdr_payload ? {!hdr_len[2], hdr_len[1:0]} : 3'd4;

  // ---- the TLP in progress
  reg       in_tlp;
  reg       tlp_user;
  reg       tlp_store;
  reg       tlp_header_only;
  reg       tlp_np;
  reg       tlp_message;
  reg       tlp_write_lost;
  reg       tlp_bad;
  reg       tlp_poisoned;
  reg [7:0] tlp_more;
  reg [2:0] tlp_tail;

  wire first = sop || !in_tlp;
  wire cur_user = first ? hdr_user : tlp_user;
  wire cur_store = first ? hdr_store : tlp_store;
  wire cur_np = first ? hdr_np : tlp_np;
  wire cur_message = first ? hdr_message : tlp_message;
  wire cur_write_lost = first ? hdr_write && !hdr_store : tlp_write_lost;
  wire [7:0] cur_more = first ? hdr_more : tlp_more;
  wire [2:0] cur_tail = first ? hdr_tail : tlp_tail;
  wire [7:0] tail_keep = cur_tail == 3'd0 ? 8'hFF : ~(8'hFF << cur_tail);

  // A length error shows at the last beat: too early, too late, or with the wrong lanes.
  wire beat_bad = (s_axis_cq_tlast != (cur_more == 8'd0))
      || (s_axis_cq_tlast && s_axis_cq_tkeep != tail_keep)
      || (first && (!sop || be_bad || len_bad));
  wire bad = (beat_bad && !cur_message) || (!first && tlp_bad);
  wire poisoned = discontinue || (!first && tlp_poisoned);

  wire needs_room = first ? hdr_store : tlp_store && !tlp_header_only && !tlp_bad;
  wire room = cur_user ? (first ? !user_full_first : !user_full_next)
                       : (first ? !mgmt_full_first : !mgmt_full_next);
  assign s_axis_cq_tready = !rst && (room || !needs_room);

  wire take = s_axis_cq_tvalid && s_axis_cq_tready;
  wire write = take && needs_room;
  wire done = take && s_axis_cq_tlast;
  wire commit = done && cur_store && !bad && !poisoned;
  // A start of packet inside a TLP: the old one lost its end; it is dropped.
  wire cut = take && in_tlp && sop;

  wire header_only = hdr_np;
  wire end_of_tlp = (first && header_only) || s_axis_cq_tlast;
  assign wr_data = {end_of_tlp, hdr_target, hdr_last_be, hdr_first_be, s_axis_cq_tdata};
  assign wr_first = first;
  assign mgmt_wr_en = write && !cur_user;
  assign user_wr_en = write && cur_user;
  assign mgmt_wr_commit = commit && !cur_user;
  assign user_wr_commit = commit && cur_user;

  wire drop_cut_np = cut && tlp_np;
  wire drop_done_np = done && cur_np && !commit;
  assign np_dropped = {1'b0, drop_cut_np} + {1'b0, drop_done_np};
  assign active = in_tlp;

  wire count_malformed = cut || (done && bad && !poisoned);

  always_ff @(posedge clk) begin
    if (rst) begin
      in_tlp <= 1'b0;
      err_poisoned_count <= 8'd0;
      err_malformed_count <= 8'd0;
      err_unmapped_write_count <= 8'd0;
    end else if (take) begin
      in_tlp <= !s_axis_cq_tlast;
      if (!s_axis_cq_tlast) begin
        tlp_user <= cur_user;
        tlp_store <= cur_store;
        tlp_np <= cur_np;
        tlp_message <= cur_message;
        tlp_write_lost <= cur_write_lost;
        tlp_bad <= bad;
        tlp_poisoned <= poisoned;
        tlp_tail <= cur_tail;
        if (cur_more != 8'd0) tlp_more <= cur_more - 8'd1;
        if (first) tlp_header_only <= header_only;
      end
      if (done && poisoned && !(&err_poisoned_count)) begin
        err_poisoned_count <= err_poisoned_count + 8'd1;
      end
      if (count_malformed && !(&err_malformed_count)) begin
        err_malformed_count <= err_malformed_count + 8'd1;
      end
      if (done && cur_write_lost && !bad && !poisoned && !(&err_unmapped_write_count)) begin
        err_unmapped_write_count <= err_unmapped_write_count + 8'd1;
      end
    end
  end

endmodule

`default_nettype wire
