// SPDX-License-Identifier: Apache-2.0
// Interrupt BAR of one function (registers: irq_block): XDMA-style IRQ and config blocks, and the
// function's MSI-X table and pending bits. Requests are levels: a vector is sent when
// (request & enable) rises, so also when a request is enabled while it is high.
`default_nettype none
`timescale 1ns / 1ps

module irq_bar #(
    parameter integer ADDR_W = 16
) (
    input  wire              clk,
    input  wire              rst,

    input  wire [ADDR_W-1:0] s_axil_awaddr,
    input  wire              s_axil_awvalid,
    output wire              s_axil_awready,
    input  wire [31:0]       s_axil_wdata,
    input  wire [3:0]        s_axil_wstrb,
    input  wire              s_axil_wvalid,
    output wire              s_axil_wready,
    output wire [1:0]        s_axil_bresp,
    output wire              s_axil_bvalid,
    input  wire              s_axil_bready,
    input  wire [ADDR_W-1:0] s_axil_araddr,
    input  wire              s_axil_arvalid,
    output wire              s_axil_arready,
    output wire [31:0]       s_axil_rdata,
    output wire [1:0]        s_axil_rresp,
    output wire              s_axil_rvalid,
    input  wire              s_axil_rready,

    input  wire [15:0]       usr_irq_req,
    input  wire [7:0]        chnl_irq_req,

    input  wire              msix_enable,
    input  wire              msix_mask,
    input  wire [1:0]        cfg_max_payload,
    input  wire [2:0]        cfg_max_read_req,

    // To msix_arb.
    output wire              msix_valid,
    output wire [63:0]       msix_addr,
    output wire [31:0]       msix_data,
    input  wire              msix_sent,
    input  wire              msix_fail,

    output wire              active
);

  wire              wr_en;
  wire [31:0]       wr_data;
  wire [3:0]        wr_strb;
  // Byte lanes are in the strobes, and a read has no side effect: only its address matters.
  /* verilator lint_off UNUSEDSIGNAL */
  wire [ADDR_W-1:0] wr_addr;
  wire              rd_en;
  wire [ADDR_W-1:0] rd_addr;
  /* verilator lint_on UNUSEDSIGNAL */
  reg  [31:0]       rd_data;
  wire              axil_active;
  wire              msix_active;

  reg  [15:0] usr_enable;
  reg  [7:0]  chnl_enable;
  reg  [79:0] usr_vector;
  reg  [39:0] chnl_vector;
  reg  [23:0] level_q;
  reg  [31:0] request;
  wire [31:0] pending;
  wire [31:0] tbl_rd_data;

  wire [31:0] rd_at = {{(32 - ADDR_W) {1'b0}}, rd_addr[ADDR_W-1:2], 2'b00};
  wire [31:0] wr_at = {{(32 - ADDR_W) {1'b0}}, wr_addr[ADDR_W-1:2], 2'b00};
  wire        rd_table = rd_at[31:9] == irq_block_regs_pkg::MSIX_ADDR_LO_OFFSET[31:9];
  wire        wr_table = wr_at[31:9] == irq_block_regs_pkg::MSIX_ADDR_LO_OFFSET[31:9];

  wire [15:0] wr_mask = {{8{wr_strb[1]}}, {8{wr_strb[0]}}};
  wire [15:0] wr_ones = wr_data[15:0] & wr_mask;

  wire [23:0] level = {chnl_irq_req & chnl_enable, usr_irq_req & usr_enable};
  wire [23:0] rise = level & ~level_q;

  assign active = axil_active || msix_active || level != level_q || request != 32'd0;

  function automatic [31:0] vector_word(input [19:0] vectors);
    vector_word = {3'd0, vectors[19:15], 3'd0, vectors[14:10], 3'd0, vectors[9:5], 3'd0, vectors[4:0]};
  endfunction

  // Four vector fields after a register write; bits between the fields do not exist.
  /* verilator lint_off UNUSEDSIGNAL */
  function automatic [19:0] vector_fields(input [19:0] old, input [31:0] data, input [3:0] strb);
  /* verilator lint_on UNUSEDSIGNAL */
    vector_fields = {
        strb[3] ? data[28:24] : old[19:15], strb[2] ? data[20:16] : old[14:10],
        strb[1] ? data[12:8] : old[9:5], strb[0] ? data[4:0] : old[4:0]
    };
  endfunction

  function automatic [31:0] vectors_of(input [23:0] sources, input [119:0] vectors);
    integer source;
    begin
      vectors_of = 32'd0;
      for (source = 0; source < 24; source = source + 1) begin
        if (sources[source]) vectors_of = vectors_of | (32'd1 << vectors[source*5+:5]);
      end
    end
  endfunction

  always @* begin
    case (rd_at)
      irq_block_regs_pkg::IRQ_ID_OFFSET: rd_data = irq_block_regs_pkg::IRQ_ID_RESET;
      irq_block_regs_pkg::USR_ENABLE_OFFSET: rd_data = {16'd0, usr_enable};
      irq_block_regs_pkg::CHNL_ENABLE_OFFSET: rd_data = {24'd0, chnl_enable};
      irq_block_regs_pkg::USR_REQUEST_OFFSET: rd_data = {16'd0, level[15:0]};
      irq_block_regs_pkg::CHNL_REQUEST_OFFSET: rd_data = {24'd0, level[23:16]};
      irq_block_regs_pkg::USR_PENDING_OFFSET: rd_data = {16'd0, usr_irq_req};
      irq_block_regs_pkg::CHNL_PENDING_OFFSET: rd_data = {24'd0, chnl_irq_req};
      irq_block_regs_pkg::USR_VECTOR0_OFFSET: rd_data = vector_word(usr_vector[19:0]);
      irq_block_regs_pkg::USR_VECTOR1_OFFSET: rd_data = vector_word(usr_vector[39:20]);
      irq_block_regs_pkg::USR_VECTOR2_OFFSET: rd_data = vector_word(usr_vector[59:40]);
      irq_block_regs_pkg::USR_VECTOR3_OFFSET: rd_data = vector_word(usr_vector[79:60]);
      irq_block_regs_pkg::CHNL_VECTOR0_OFFSET: rd_data = vector_word(chnl_vector[19:0]);
      irq_block_regs_pkg::CHNL_VECTOR1_OFFSET: rd_data = vector_word(chnl_vector[39:20]);
      irq_block_regs_pkg::CONFIG_ID_OFFSET: rd_data = irq_block_regs_pkg::CONFIG_ID_RESET;
      irq_block_regs_pkg::CONFIG_MAX_PAYLOAD_OFFSET: rd_data = {30'd0, cfg_max_payload};
      irq_block_regs_pkg::CONFIG_MAX_READ_OFFSET: rd_data = {29'd0, cfg_max_read_req};
      irq_block_regs_pkg::CONFIG_SYSTEM_ID_OFFSET:
      rd_data = irq_block_regs_pkg::CONFIG_SYSTEM_ID_RESET;
      irq_block_regs_pkg::CONFIG_MSI_OFFSET: rd_data = {30'd0, msix_enable, 1'b0};
      irq_block_regs_pkg::CONFIG_WIDTH_OFFSET: rd_data = irq_block_regs_pkg::CONFIG_WIDTH_RESET;
      irq_block_regs_pkg::MSIX_PBA_OFFSET: rd_data = pending;
      default: rd_data = rd_table ? tbl_rd_data : 32'd0;
    endcase
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      usr_enable <= 16'd0;
      chnl_enable <= 8'd0;
      usr_vector <= 80'd0;
      chnl_vector <= 40'd0;
      level_q <= 24'd0;
      request <= 32'd0;
    end else begin
      level_q <= level;
      request <= rise != 24'd0 ? vectors_of(rise, {chnl_vector, usr_vector}) : 32'd0;
      if (wr_en) begin
        case (wr_at)
          irq_block_regs_pkg::USR_ENABLE_OFFSET: usr_enable <= (usr_enable & ~wr_mask) | wr_ones;
          irq_block_regs_pkg::USR_ENABLE_W1S_OFFSET: usr_enable <= usr_enable | wr_ones;
          irq_block_regs_pkg::USR_ENABLE_W1C_OFFSET: usr_enable <= usr_enable & ~wr_ones;
          irq_block_regs_pkg::CHNL_ENABLE_OFFSET:
          chnl_enable <= (chnl_enable & ~wr_mask[7:0]) | wr_ones[7:0];
          irq_block_regs_pkg::CHNL_ENABLE_W1S_OFFSET: chnl_enable <= chnl_enable | wr_ones[7:0];
          irq_block_regs_pkg::CHNL_ENABLE_W1C_OFFSET: chnl_enable <= chnl_enable & ~wr_ones[7:0];
          irq_block_regs_pkg::USR_VECTOR0_OFFSET:
          usr_vector[19:0] <= vector_fields(usr_vector[19:0], wr_data, wr_strb);
          irq_block_regs_pkg::USR_VECTOR1_OFFSET:
          usr_vector[39:20] <= vector_fields(usr_vector[39:20], wr_data, wr_strb);
          irq_block_regs_pkg::USR_VECTOR2_OFFSET:
          usr_vector[59:40] <= vector_fields(usr_vector[59:40], wr_data, wr_strb);
          irq_block_regs_pkg::USR_VECTOR3_OFFSET:
          usr_vector[79:60] <= vector_fields(usr_vector[79:60], wr_data, wr_strb);
          irq_block_regs_pkg::CHNL_VECTOR0_OFFSET:
          chnl_vector[19:0] <= vector_fields(chnl_vector[19:0], wr_data, wr_strb);
          irq_block_regs_pkg::CHNL_VECTOR1_OFFSET:
          chnl_vector[39:20] <= vector_fields(chnl_vector[39:20], wr_data, wr_strb);
          default: ;
        endcase
      end
    end
  end

  axil_reg_if #(
      .ADDR_W(ADDR_W)
  ) axil (
      .clk(clk),
      .rst(rst),
      .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid),
      .s_axil_awready(s_axil_awready),
      .s_axil_wdata(s_axil_wdata),
      .s_axil_wstrb(s_axil_wstrb),
      .s_axil_wvalid(s_axil_wvalid),
      .s_axil_wready(s_axil_wready),
      .s_axil_bresp(s_axil_bresp),
      .s_axil_bvalid(s_axil_bvalid),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid),
      .s_axil_arready(s_axil_arready),
      .s_axil_rdata(s_axil_rdata),
      .s_axil_rresp(s_axil_rresp),
      .s_axil_rvalid(s_axil_rvalid),
      .s_axil_rready(s_axil_rready),
      .wr_en(wr_en),
      .wr_addr(wr_addr),
      .wr_data(wr_data),
      .wr_strb(wr_strb),
      .wr_err(1'b0),
      .rd_en(rd_en),
      .rd_addr(rd_addr),
      .rd_data(rd_data),
      .rd_err(1'b0),
      .active(axil_active)
  );

  msix vectors (
      .clk(clk),
      .rst(rst),
      .msix_enable(msix_enable),
      .msix_mask(msix_mask),
      .tbl_wr_en(wr_en && wr_table),
      .tbl_wr_index(wr_at[8:2]),
      .tbl_wr_data(wr_data),
      .tbl_wr_strb(wr_strb),
      .tbl_rd_index(rd_at[8:2]),
      .tbl_rd_data(tbl_rd_data),
      .pending(pending),
      .request(request),
      .send_valid(msix_valid),
      .send_addr(msix_addr),
      .send_data(msix_data),
      .send_sent(msix_sent),
      .send_fail(msix_fail),
      .active(msix_active)
  );

endmodule

`default_nettype wire
