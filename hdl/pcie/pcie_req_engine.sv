// SPDX-License-Identifier: Apache-2.0
// Request engine of one PCIe function: takes TLPs from its FIFO one after another, strictly in
// order, runs register accesses on two AXI4-Lite masters (BAR0 registers, BAR2 interrupts), hands
// memory requests to the AXI4 units and tells the completion unit what to send.
// Reads are answered in chunks that end at multiples of min(max payload, 512) bytes, so that a
// completion never crosses a read completion boundary; an error ends the request with the chunk it
// is in. A write waits for its response before anything behind it starts; a failed one is dropped
// from the failing access on, and counted.
`default_nettype none
`timescale 1ns / 1ps

module pcie_req_engine #(
    parameter integer REG_ADDR_W = 25,
    parameter integer IRQ_ADDR_W = 17
) (
    input  wire                  clk,
    input  wire                  rst,

    input  wire [1:0]            cfg_max_payload,

    input  wire                  fifo_valid,
    // The bus, device and address bits above the BAR carry nothing that routes a request.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [266:0]          fifo_data,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire                  fifo_pop,
    output wire                  np_popped,

    output wire [REG_ADDR_W-1:0] m_axil_reg_awaddr,
    output wire                  m_axil_reg_awvalid,
    input  wire                  m_axil_reg_awready,
    output wire [31:0]           m_axil_reg_wdata,
    output wire [3:0]            m_axil_reg_wstrb,
    output wire                  m_axil_reg_wvalid,
    input  wire                  m_axil_reg_wready,
    // Only the error bit of a write response is of interest.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [1:0]            m_axil_reg_bresp,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire                  m_axil_reg_bvalid,
    output wire                  m_axil_reg_bready,
    output wire [REG_ADDR_W-1:0] m_axil_reg_araddr,
    output wire                  m_axil_reg_arvalid,
    input  wire                  m_axil_reg_arready,
    input  wire [31:0]           m_axil_reg_rdata,
    input  wire [1:0]            m_axil_reg_rresp,
    input  wire                  m_axil_reg_rvalid,
    output wire                  m_axil_reg_rready,

    output wire [IRQ_ADDR_W-1:0] m_axil_irq_awaddr,
    output wire                  m_axil_irq_awvalid,
    input  wire                  m_axil_irq_awready,
    output wire [31:0]           m_axil_irq_wdata,
    output wire [3:0]            m_axil_irq_wstrb,
    output wire                  m_axil_irq_wvalid,
    input  wire                  m_axil_irq_wready,
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire [1:0]            m_axil_irq_bresp,
    /* verilator lint_on UNUSEDSIGNAL */
    input  wire                  m_axil_irq_bvalid,
    output wire                  m_axil_irq_bready,
    output wire [IRQ_ADDR_W-1:0] m_axil_irq_araddr,
    output wire                  m_axil_irq_arvalid,
    input  wire                  m_axil_irq_arready,
    input  wire [31:0]           m_axil_irq_rdata,
    input  wire [1:0]            m_axil_irq_rresp,
    input  wire                  m_axil_irq_rvalid,
    output wire                  m_axil_irq_rready,

    // Request under way, for the memory units.
    output reg  [27:0]           req_addr,
    output reg  [10:0]           req_len,
    output reg  [3:0]            req_first_be,
    output reg  [3:0]            req_last_be,
    output reg                   mem_wr_start,
    input  wire                  mem_wr_pop,
    input  wire                  mem_wr_done,
    input  wire                  mem_wr_err,
    output reg                   mem_rd_start,
    output reg  [7:0]            chunk_len,
    input  wire                  mem_rd_done,
    input  wire [1:0]            mem_rd_resp,

    // Completion unit: dword buffer and one completion at a time.
    output wire                  buf_we,
    output wire [6:0]            buf_index,
    output wire [31:0]           buf_data,
    input  wire                  cpl_ready,
    output wire                  cpl_go,
    output wire                  cpl_single,
    output wire [2:0]            cpl_status,
    output wire [7:0]            cpl_len,
    output wire [6:0]            cpl_lower,
    output wire [12:0]           cpl_byte_count,
    output wire [6:0]            cpl_start,
    output reg                   cpl_locked,
    output reg  [15:0]           cpl_requester,
    output reg  [7:0]            cpl_tag,
    output reg  [7:0]            cpl_function,
    output reg  [2:0]            cpl_tc,
    output reg  [2:0]            cpl_attr,

    output reg  [7:0]            err_write_count,
    output reg  [7:0]            err_read_count,
    output wire                  active
);

  localparam [3:0] TYPE_MEM_READ = 4'h0;
  localparam [3:0] TYPE_MEM_WRITE = 4'h1;
  localparam [3:0] TYPE_CAS = 4'h6;
  localparam [3:0] TYPE_FETCH_ADD = 4'h4;
  localparam [3:0] TYPE_SWAP = 4'h5;
  localparam [3:0] TYPE_LOCKED_READ = 4'h7;

  localparam [1:0] TARGET_IRQ = 2'd1;
  localparam [1:0] TARGET_MEM = 2'd2;
  localparam [1:0] TARGET_NONE = 2'd3;

  localparam [2:0] STATUS_SC = 3'b000;
  localparam [2:0] STATUS_UR = 3'b001;
  localparam [2:0] STATUS_CA = 3'b100;

  localparam [3:0] S_IDLE = 4'd0;
  localparam [3:0] S_CHUNK = 4'd1;
  localparam [3:0] S_REG_READ = 4'd2;
  localparam [3:0] S_REG_WRITE = 4'd3;
  localparam [3:0] S_MEM_READ = 4'd4;
  localparam [3:0] S_MEM_WRITE = 4'd5;
  localparam [3:0] S_SEND = 4'd6;
  localparam [3:0] S_ANSWER = 4'd7;
  localparam [3:0] S_DRAIN = 4'd8;

  function automatic [2:0] status_of(input [1:0] resp);
    // PG194: DECERR becomes an unsupported request, SLVERR a completer abort.
    status_of = resp == 2'b11 ? STATUS_UR : resp == 2'b10 ? STATUS_CA : STATUS_SC;
  endfunction

  function automatic [1:0] lowest(input [3:0] be);
    lowest = be[0] ? 2'd0 : be[1] ? 2'd1 : be[2] ? 2'd2 : be[3] ? 2'd3 : 2'd0;
  endfunction

  function automatic [1:0] unused_top(input [3:0] be);
    unused_top = be[3] ? 2'd0 : be[2] ? 2'd1 : be[1] ? 2'd2 : be[0] ? 2'd3 : 2'd0;
  endfunction

  // ---- head of the FIFO
  wire        head_end = fifo_data[266];
  wire [1:0]  head_target = fifo_data[265:264];
  wire [3:0]  head_last_be = fifo_data[263:260];
  wire [3:0]  head_first_be = fifo_data[259:256];
  wire [10:0] head_len = fifo_data[74:64];
  wire [3:0]  head_type = fifo_data[78:75];
  wire [25:0] head_dw_addr = fifo_data[27:2];
  wire [31:0] head_dw = fifo_data[159:128];
  wire [15:0] head_requester = fifo_data[95:80];
  wire [7:0]  head_tag = fifo_data[103:96];
  wire [7:0]  head_function = fifo_data[111:104];
  wire [2:0]  head_tc = fifo_data[123:121];
  wire [2:0]  head_attr = fifo_data[126:124];

  wire head_write = head_type == TYPE_MEM_WRITE;
  wire head_one = head_len == 11'd1;
  wire head_empty = head_one && head_first_be == 4'd0;
  wire head_mem_read = head_type == TYPE_MEM_READ || head_type == TYPE_LOCKED_READ;
  wire [12:0] head_bytes = {head_len, 2'b00} - {11'd0, lowest(head_first_be)}
      - {11'd0, unused_top(head_one ? head_first_be : head_last_be)};
  // Table 2-38 of the PCIe base specification: an empty read counts one byte.
  wire [12:0] head_byte_count = head_empty ? 13'd1 : head_bytes;

  // ---- state
  reg [3:0]  state;
  reg        irq_sel;
  reg        mem_sel;
  reg        aw_valid;
  reg        w_valid;
  reg        ar_valid;
  reg [31:0] w_data;
  reg [3:0]  w_strb;
  reg [2:0]  w_lane;
  reg        single;
  reg [10:0] dw_left;
  reg [12:0] bytes_left;
  reg [1:0]  low_bits;
  reg [6:0]  chunk_start;
  reg [7:0]  chunk_got;
  reg [2:0]  answer_status;

  assign m_axil_reg_awaddr = req_addr[REG_ADDR_W-1:0];
  assign m_axil_reg_awvalid = aw_valid && !irq_sel;
  assign m_axil_reg_wdata = w_data;
  assign m_axil_reg_wstrb = w_strb;
  assign m_axil_reg_wvalid = w_valid && !irq_sel;
  assign m_axil_reg_bready = state == S_REG_WRITE && !irq_sel;
  assign m_axil_reg_araddr = req_addr[REG_ADDR_W-1:0];
  assign m_axil_reg_arvalid = ar_valid && !irq_sel;
  assign m_axil_irq_awaddr = req_addr[IRQ_ADDR_W-1:0];
  assign m_axil_irq_awvalid = aw_valid && irq_sel;
  assign m_axil_irq_wdata = w_data;
  assign m_axil_irq_wstrb = w_strb;
  assign m_axil_irq_wvalid = w_valid && irq_sel;
  assign m_axil_irq_bready = state == S_REG_WRITE && irq_sel;
  assign m_axil_irq_araddr = req_addr[IRQ_ADDR_W-1:0];
  assign m_axil_irq_arvalid = ar_valid && irq_sel;

  // A buffered chunk starts only when the completion unit is free, a single dword waits for it.
  wire r_ready = state == S_REG_READ && cpl_ready;
  assign m_axil_reg_rready = r_ready && !irq_sel;
  assign m_axil_irq_rready = r_ready && irq_sel;
  wire        r_take = r_ready && (irq_sel ? m_axil_irq_rvalid : m_axil_reg_rvalid);
  wire [31:0] r_data = irq_sel ? m_axil_irq_rdata : m_axil_reg_rdata;
  wire [1:0]  r_resp = irq_sel ? m_axil_irq_rresp : m_axil_reg_rresp;
  wire        b_take = state == S_REG_WRITE && (irq_sel ? m_axil_irq_bvalid : m_axil_reg_bvalid);
  wire        b_err = irq_sel ? m_axil_irq_bresp[1] : m_axil_reg_bresp[1];
  wire        aw_taken = aw_valid && (irq_sel ? m_axil_irq_awready : m_axil_reg_awready);
  wire        w_taken = w_valid && (irq_sel ? m_axil_irq_wready : m_axil_reg_wready);
  wire        ar_taken = ar_valid && (irq_sel ? m_axil_irq_arready : m_axil_reg_arready);

  // ---- chunks
  wire [1:0] payload = cfg_max_payload == 2'd3 ? 2'd2 : cfg_max_payload;
  wire [7:0] chunk_max = 8'd32 << payload;
  wire [7:0] chunk_room = chunk_max - ({1'b0, req_addr[8:2]} & (chunk_max - 8'd1));
  wire [7:0] chunk_next = dw_left < {3'd0, chunk_room} ? dw_left[7:0] : chunk_room;
  wire       chunk_full = chunk_got + 8'd1 == chunk_len;

  // ---- completions
  wire read_failed = r_take && r_resp[1];
  wire answer = state == S_ANSWER && cpl_ready;
  wire send = state == S_SEND && cpl_ready;
  assign cpl_go = (r_take && (single || r_resp[1])) || answer || send;
  assign cpl_single = !send;
  assign cpl_status = send ? STATUS_SC : answer ? answer_status : status_of(r_resp);
  assign cpl_len = send ? chunk_len : cpl_status == STATUS_SC ? 8'd1 : 8'd0;
  assign cpl_lower = {chunk_start[4:0], low_bits};
  assign cpl_byte_count = bytes_left;
  assign cpl_start = chunk_start;
  assign buf_we = r_take && !single && !r_resp[1];
  assign buf_index = req_addr[8:2];
  assign buf_data = answer ? 32'd0 : r_data;

  // ---- FIFO
  wire start = state == S_IDLE && fifo_valid;
  wire write_next = b_take && !b_err && dw_left != 11'd0;
  wire pop_start = start && (!head_write || head_empty
      || (head_one && head_target != TARGET_MEM));
  wire pop_write = write_next && (w_lane == 3'd7 || dw_left == 11'd1);
  wire pop_drain = state == S_DRAIN;
  assign fifo_pop = pop_start || pop_write || pop_drain || mem_wr_pop;
  assign np_popped = start && !head_write;
  assign active = state != S_IDLE || fifo_valid;

  wire write_failed = (b_take && b_err) || (mem_wr_done && mem_wr_err);
  wire count_write_error = write_failed && !(&err_write_count);
  wire count_read_error = cpl_go && cpl_status != STATUS_SC && !(&err_read_count);

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= S_IDLE;
      aw_valid <= 1'b0;
      w_valid <= 1'b0;
      ar_valid <= 1'b0;
      mem_wr_start <= 1'b0;
      mem_rd_start <= 1'b0;
      irq_sel <= 1'b0;
      err_write_count <= 8'd0;
      err_read_count <= 8'd0;
    end else begin
      if (count_write_error) err_write_count <= err_write_count + 8'd1;
      if (count_read_error) err_read_count <= err_read_count + 8'd1;

      case (state)
        S_IDLE: begin
          if (fifo_valid) begin
            req_addr <= {head_dw_addr, 2'b00};
            req_len <= head_len;
            req_first_be <= head_first_be;
            req_last_be <= head_last_be;
            irq_sel <= head_target == TARGET_IRQ;
            mem_sel <= head_target == TARGET_MEM;
            if (head_write) begin
              w_data <= head_dw;
              w_strb <= head_first_be;
              w_lane <= 3'd5;
              dw_left <= head_len - 11'd1;
              if (head_empty) begin
                state <= S_IDLE;
              end else if (head_target == TARGET_MEM) begin
                mem_wr_start <= 1'b1;
                state <= S_MEM_WRITE;
              end else begin
                aw_valid <= 1'b1;
                w_valid <= 1'b1;
                state <= S_REG_WRITE;
              end
            end else begin
              cpl_requester <= head_requester;
              cpl_tag <= head_tag;
              cpl_function <= head_function;
              cpl_tc <= head_tc;
              cpl_attr <= head_attr;
              cpl_locked <= head_type == TYPE_LOCKED_READ;
              dw_left <= head_len;
              single <= head_one;
              chunk_got <= 8'd0;
              chunk_start <= head_mem_read ? head_dw_addr[6:0] : 7'd0;
              low_bits <= head_mem_read ? lowest(head_first_be) : 2'd0;
              // Operand size for atomics (half of the payload of a compare and swap), else 4.
              bytes_left <= head_mem_read ? head_byte_count
                  : head_type == TYPE_CAS ? {1'b0, head_len, 1'b0}
                  : head_type == TYPE_FETCH_ADD || head_type == TYPE_SWAP ? {head_len, 2'b00}
                  : 13'd4;
              answer_status <= head_target == TARGET_NONE ? STATUS_UR : STATUS_SC;
              if (head_target == TARGET_NONE || head_empty) begin
                state <= S_ANSWER;
              end else if (head_one && head_target != TARGET_MEM) begin
                ar_valid <= 1'b1;
                state <= S_REG_READ;
              end else begin
                state <= S_CHUNK;
              end
            end
          end
        end

        S_CHUNK: begin
          if (cpl_ready) begin
            chunk_start <= req_addr[8:2];
            chunk_len <= chunk_next;
            chunk_got <= 8'd0;
            if (mem_sel) begin
              mem_rd_start <= 1'b1;
              state <= S_MEM_READ;
            end else begin
              ar_valid <= 1'b1;
              state <= S_REG_READ;
            end
          end
        end

        S_REG_READ: begin
          assert (single || cpl_ready)
          else $error("completion buffer written while a completion is being sent");
          if (ar_taken) ar_valid <= 1'b0;
          if (r_take) begin
            if (single || read_failed) begin
              state <= S_IDLE;
            end else begin
              req_addr <= req_addr + 28'd4;
              chunk_got <= chunk_got + 8'd1;
              if (chunk_full) state <= S_SEND;
              else ar_valid <= 1'b1;
            end
          end
        end

        S_REG_WRITE: begin
          if (aw_taken) aw_valid <= 1'b0;
          if (w_taken) w_valid <= 1'b0;
          if (b_take) begin
            assert (!aw_valid && !w_valid)
            else $error("AXI4-Lite write response before the write was taken");
            if (b_err) begin
              state <= dw_left != 11'd0 ? S_DRAIN : S_IDLE;
            end else if (dw_left == 11'd0) begin
              state <= S_IDLE;
            end else begin
              req_addr <= req_addr + 28'd4;
              w_data <= fifo_data[{1'b0, w_lane, 5'd0}+:32];
              w_strb <= dw_left == 11'd1 ? req_last_be : 4'hF;
              w_lane <= w_lane + 3'd1;
              dw_left <= dw_left - 11'd1;
              aw_valid <= 1'b1;
              w_valid <= 1'b1;
            end
          end
        end

        S_MEM_READ: begin
          mem_rd_start <= 1'b0;
          if (mem_rd_done) begin
            req_addr <= req_addr + {18'd0, chunk_len, 2'b00};
            answer_status <= status_of(mem_rd_resp);
            state <= mem_rd_resp[1] ? S_ANSWER : S_SEND;
          end
        end

        S_SEND: begin
          if (cpl_ready) begin
            dw_left <= dw_left - {3'd0, chunk_len};
            bytes_left <= bytes_left - {3'd0, chunk_len, 2'b00} + {11'd0, low_bits};
            low_bits <= 2'd0;
            state <= dw_left == {3'd0, chunk_len} ? S_IDLE : S_CHUNK;
          end
        end

        S_ANSWER: begin
          if (cpl_ready) state <= S_IDLE;
        end

        S_MEM_WRITE: begin
          mem_wr_start <= 1'b0;
          if (mem_wr_done) state <= S_IDLE;
        end

        S_DRAIN: begin
          if (head_end) state <= S_IDLE;
        end

        default: state <= S_IDLE;
      endcase

    end
  end

endmodule

`default_nettype wire
