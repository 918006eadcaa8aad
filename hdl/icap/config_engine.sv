// SPDX-License-Identifier: Apache-2.0
// Configuration engine: parses the configuration stream, one word per cycle, and holds what the
// dynamic region is configured as. docs/blocks/icap.md lists the rules that are this card's own.
//
// `cfg_loading` rises with the first frame word and falls only when a stream ended well: identity
// checked, CRC compared after the last frame word, START, DESYNC. Readback words are taken with `rd_en`.
`default_nettype none
`timescale 1ns / 1ps

module config_engine #(
    parameter [31:0] IDCODE = 32'h14B31093,
    parameter integer NUM_SLOTS = 4,
    parameter integer FRAME_WORDS = 93,
    parameter [0:0] RESYNC_IN_DATA = 1'b1  // a dummy word and a sync word end an unfinished packet
) (
    input  wire                   clk,
    input  wire                   rst,

    input  wire                   in_valid,
    input  wire [31:0]            in_data,
    input  wire                   in_abort,
    input  wire                   rd_en,
    output reg  [31:0]            rd_data,
    output wire [7:0]             status_byte,
    output reg                    done,

    output reg                    cfg_loading,
    output reg                    cfg_valid,
    output reg  [8*NUM_SLOTS-1:0] cfg_slot_kernel
);

  localparam [31:0] WORD_DUMMY = 32'hFFFFFFFF;
  localparam [31:0] WORD_SYNC = 32'hAA995566;
  localparam [31:0] WORD_BUS_WIDTH = 32'h000000BB;
  localparam [31:0] FRAME_MAGIC = 32'h434C5350;
  localparam [31:0] SLOTS = NUM_SLOTS;
  localparam [7:0] FRAME_SLOTS = FRAME_WORDS[7:0] - 8'd2;  // slots that the first frame has room for
  localparam [7:0] LAST_SHORT = FRAME_WORDS[7:0] - 8'd1;
  localparam [7:0] LAST_LONG = 8'(2 * FRAME_WORDS - 1);

  localparam [2:0] TYPE_1 = 3'd1;
  localparam [2:0] TYPE_2 = 3'd2;
  localparam [1:0] OP_READ = 2'd1;
  localparam [1:0] OP_WRITE = 2'd2;

  localparam [4:0] REG_CRC = 5'd0;
  localparam [4:0] REG_FAR = 5'd1;
  localparam [4:0] REG_FDRI = 5'd2;
  localparam [4:0] REG_CMD = 5'd4;
  localparam [4:0] REG_CTL0 = 5'd5;
  localparam [4:0] REG_MASK = 5'd6;
  localparam [4:0] REG_STAT = 5'd7;
  localparam [4:0] REG_COR0 = 5'd9;
  localparam [4:0] REG_IDCODE = 5'd12;
  localparam [4:0] REG_NONE = 5'd30;  // no register of this number exists

  localparam [4:0] CMD_NULL = 5'd0;
  localparam [4:0] CMD_WCFG = 5'd1;
  localparam [4:0] CMD_START = 5'd5;
  localparam [4:0] CMD_RCRC = 5'd7;
  localparam [4:0] CMD_DESYNC = 5'd13;

  // CRC-32C, reflected, over {register, data}, least significant bit first.
  localparam [31:0] CRC_POLY = 32'h82F63B78;

  function automatic [31:0] crc_next(input [31:0] crc_in, input [36:0] bits);
    integer i;
    reg [31:0] value;
    begin
      value = crc_in;
      for (i = 0; i < 37; i = i + 1) value = {1'b0, value[31:1]} ^ ((value[0] ^ bits[i]) ? CRC_POLY : 32'd0);
      crc_next = value;
    end
  endfunction

  // Packet level.
  reg synced;
  reg prev_dummy;
  reg [4:0] last_reg;
  reg [26:0] payload_left;
  reg [26:0] read_left;

  // Registers.
  reg [31:0] crc;
  reg [31:0] far;
  reg [31:0] ctl0;
  reg [31:0] mask;
  reg [31:0] cor0;
  reg [4:0] cmd;

  // This stream.
  reg id_ok;
  reg id_error;
  reg crc_error;
  reg crc_error_stays;  // no sync word since the error: RCRC does not clear it
  reg crc_good;  // compared well since the last frame word
  reg started;  // START came while the frame was whole and checked
  reg wrote;  // wrote a register other than CMD
  reg [7:0] frame_index;
  reg frame_bad;
  reg frame_ok;
  reg [7:0] frame_slots;
  reg [8*NUM_SLOTS-1:0] frame_kernel;

  wire idle_word = (payload_left == 27'd0);
  wire is_sync = (in_data == WORD_SYNC) && (idle_word || (RESYNC_IN_DATA && prev_dummy));
  wire is_header = !is_sync && idle_word;
  wire is_payload = !is_sync && !idle_word;
  wire [2:0] hdr_type = in_data[31:29];
  wire [1:0] hdr_op = in_data[28:27];
  wire [26:0] hdr_count = (hdr_type == TYPE_1) ? {16'd0, in_data[10:0]} : in_data[26:0];
  wire is_packet = (hdr_type == TYPE_1) || (hdr_type == TYPE_2);
  wire id_match = (in_data[27:0] == IDCODE[27:0]);
  // An identity or CRC error need not be looked at here: it lasts beyond the end of the stream.
  wire frame_accept = (cmd == CMD_WCFG) && (far == 32'd0);
  wire [7:0] slot_index = frame_index - 8'd2;
  // Content that does not fit one frame goes on in the next. The number of slots is in its second word.
  wire [7:0] last_index = (frame_index > 8'd1 && frame_slots > FRAME_SLOTS) ? LAST_LONG : LAST_SHORT;
  wire ends_well = started && !crc_error && !id_error;
  wire left_alone = cfg_valid && !wrote && !crc_error && !id_error;
  wire [31:0] stat = {
    16'd0, id_error, done, done, !crc_error, !crc_error, 3'b001, 3'b111, done, 3'b110, crc_error
  };

  assign status_byte = {!(crc_error || id_error), synced, read_left != 27'd0, 1'b1, 4'hF};

  always_comb begin
    rd_data = 32'd0;
    if (read_left == 27'd0) begin
      rd_data = {24'hFFFFFF, status_byte};
    end else begin
      case (last_reg)
        REG_CRC: rd_data = crc;
        REG_FAR: rd_data = far;
        REG_CMD: rd_data = {27'd0, cmd};
        REG_CTL0: rd_data = ctl0;
        REG_MASK: rd_data = mask;
        REG_STAT: rd_data = stat;
        REG_COR0: rd_data = cor0;
        REG_IDCODE: rd_data = IDCODE;
        default: rd_data = 32'd0;
      endcase
    end
  end

  initial begin
    if (2 * FRAME_WORDS < 2 + NUM_SLOTS || FRAME_WORDS < 3 || FRAME_WORDS > 127)
      $fatal(1, "config_engine: FRAME_WORDS out of range");
    if (NUM_SLOTS > 128) $fatal(1, "config_engine: NUM_SLOTS out of range");
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      synced <= 1'b0;
      prev_dummy <= 1'b0;
      last_reg <= REG_NONE;
      payload_left <= 27'd0;
      read_left <= 27'd0;
      crc <= 32'd0;
      far <= 32'd0;
      ctl0 <= 32'd0;
      mask <= 32'd0;
      cor0 <= 32'd0;
      cmd <= CMD_NULL;
      id_ok <= 1'b0;
      id_error <= 1'b0;
      crc_error <= 1'b0;
      crc_error_stays <= 1'b0;
      crc_good <= 1'b0;
      started <= 1'b0;
      wrote <= 1'b0;
      frame_index <= 8'd0;
      frame_bad <= 1'b0;
      frame_ok <= 1'b0;
      frame_slots <= 8'd0;
      frame_kernel <= {(8 * NUM_SLOTS) {1'b0}};
      done <= 1'b0;
      cfg_loading <= 1'b0;
      cfg_valid <= 1'b0;
      cfg_slot_kernel <= {(8 * NUM_SLOTS) {1'b0}};
    end else if (in_abort) begin
      synced <= 1'b0;
      prev_dummy <= 1'b0;
      payload_left <= 27'd0;
      read_left <= 27'd0;
    end else if (in_valid) begin
      prev_dummy <= (in_data == WORD_DUMMY);
      if (is_sync) begin
        synced <= 1'b1;
        payload_left <= 27'd0;
        read_left <= 27'd0;
        last_reg <= REG_NONE;
        cmd <= CMD_NULL;
        id_ok <= 1'b0;
        id_error <= 1'b0;
        crc_error_stays <= 1'b0;
        crc_good <= 1'b0;
        started <= 1'b0;
        wrote <= 1'b0;
        frame_index <= 8'd0;
        frame_bad <= 1'b0;
        frame_ok <= 1'b0;
      end else if (is_header && !synced) begin
        if (in_data == WORD_BUS_WIDTH) done <= 1'b0;
      end else if (is_header) begin
        if (in_data == WORD_BUS_WIDTH) begin
          done <= 1'b0;
          synced <= 1'b0;
          read_left <= 27'd0;
        end
        if (is_packet && hdr_op == OP_READ) begin
          read_left <= hdr_count;
        end else if (is_packet && hdr_op == OP_WRITE) begin
          payload_left <= hdr_count;
          read_left <= 27'd0;
          done <= 1'b0;
        end
        if (hdr_type == TYPE_1 && (hdr_op == OP_READ || hdr_op == OP_WRITE)) last_reg <= in_data[17:13];
      end else begin
        payload_left <= payload_left - 27'd1;
        if (last_reg != REG_CRC) crc <= crc_next(crc, {last_reg, in_data});
        if (last_reg != REG_CMD) wrote <= 1'b1;
        case (last_reg)
          REG_CRC: begin
            if (in_data == crc) begin
              crc <= 32'd0;
              crc_good <= 1'b1;
            end else begin
              // Nobody knows any more what was written.
              crc_error <= 1'b1;
              crc_error_stays <= 1'b1;
              cfg_loading <= 1'b1;
              cfg_valid <= 1'b0;
              cfg_slot_kernel <= {(8 * NUM_SLOTS) {1'b0}};
            end
          end
          REG_FAR: begin
            far <= in_data;
            frame_index <= 8'd0;
            frame_bad <= 1'b0;
          end
          REG_FDRI: begin
            cfg_loading <= 1'b1;
            cfg_valid <= 1'b0;
            cfg_slot_kernel <= {(8 * NUM_SLOTS) {1'b0}};
            crc_good <= 1'b0;
            started <= 1'b0;
            if (!id_ok) id_error <= 1'b1;
            if (!frame_accept) begin
              frame_bad <= 1'b1;
              frame_ok <= 1'b0;
            end else if (frame_index <= last_index) begin
              frame_index <= frame_index + 8'd1;
              frame_ok <= (frame_index == last_index) && !frame_bad;
              case (frame_index)
                8'd0: begin
                  if (in_data != FRAME_MAGIC) frame_bad <= 1'b1;
                  frame_kernel <= {(8 * NUM_SLOTS) {1'b0}};
                end
                8'd1: begin
                  if (in_data > SLOTS) frame_bad <= 1'b1;
                  frame_slots <= in_data[7:0];
                end
                default: begin
                  if (slot_index < frame_slots && {24'd0, slot_index} < SLOTS) begin
                    if (in_data[31:8] != 24'd0) frame_bad <= 1'b1;
                    frame_kernel[8*slot_index+:8] <= in_data[7:0];
                  end
                end
              endcase
            end
          end
          REG_CMD: begin
            cmd <= in_data[4:0];
            case (in_data[4:0])
              CMD_START: if (crc_good && frame_ok) started <= 1'b1;
              CMD_RCRC: begin
                crc <= 32'd0;
                if (!crc_error_stays) crc_error <= 1'b0;
              end
              CMD_DESYNC: begin
                synced <= 1'b0;
                payload_left <= 27'd0;
                done <= ends_well || left_alone;
                if (ends_well) begin
                  cfg_loading <= 1'b0;
                  cfg_valid <= 1'b1;
                  cfg_slot_kernel <= frame_kernel;
                end
              end
              default: ;
            endcase
          end
          REG_CTL0: ctl0 <= (ctl0 & ~mask) | (in_data & mask);
          REG_MASK: mask <= in_data;
          REG_COR0: cor0 <= in_data;
          REG_IDCODE: begin
            id_ok <= id_match && !id_error;
            if (!id_match) id_error <= 1'b1;
          end
          default: ;
        endcase
      end
      assert (!(is_payload && !synced)) else $error("config_engine: packet payload while out of sync");
    end else if (rd_en && read_left != 27'd0) begin
      read_left <= read_left - 27'd1;
    end
    if (!rst) begin
      assert (!(cfg_loading && cfg_valid)) else $error("config_engine: loading and valid");
      assert (!(done && !cfg_valid)) else $error("config_engine: done without a configured region");
      if (!cfg_valid)
        assert (cfg_slot_kernel == {(8 * NUM_SLOTS) {1'b0}})
        else $error("config_engine: kernels named in an unconfigured region");
    end
  end

endmodule

`default_nettype wire
