// SPDX-License-Identifier: Apache-2.0
// Writes every beat that crosses the CQ and CC pins to files in the run directory, one line a beat:
// cq.log "tdata tkeep tuser tlast", cc.log "tdata tkeep tlast". Python sets `enable`.
`default_nettype none
`timescale 1ns / 1ps

module pin_log (
    input wire         clk,
    input wire [255:0] s_axis_cq_tdata,
    input wire [87:0]  s_axis_cq_tuser,
    input wire [7:0]   s_axis_cq_tkeep,
    input wire         s_axis_cq_tlast,
    input wire         s_axis_cq_tvalid,
    input wire         s_axis_cq_tready,
    input wire [255:0] m_axis_cc_tdata,
    input wire [7:0]   m_axis_cc_tkeep,
    input wire         m_axis_cc_tlast,
    input wire         m_axis_cc_tvalid,
    input wire         m_axis_cc_tready
);

  reg enable /* verilator public_flat_rw */;
  integer cq_file;
  integer cc_file;

  initial begin
    enable = 1'b0;
    cq_file = 0;
    cc_file = 0;
    // Opened on demand: a run without the log leaves no files.
    wait (enable);
    cq_file = $fopen("cq.log", "w");
    cc_file = $fopen("cc.log", "w");
    // The process sleeps until then: a switched-off log costs nothing.
    forever begin
      @(posedge clk);
      if (enable && s_axis_cq_tvalid && s_axis_cq_tready) begin
        $fdisplay(cq_file, "%h %h %h %b", s_axis_cq_tdata, s_axis_cq_tkeep, s_axis_cq_tuser, s_axis_cq_tlast);
        $fflush(cq_file);
      end
      if (enable && m_axis_cc_tvalid && m_axis_cc_tready) begin
        $fdisplay(cc_file, "%h %h %b", m_axis_cc_tdata, m_axis_cc_tkeep, m_axis_cc_tlast);
        $fflush(cc_file);
      end
    end
  end

endmodule

`default_nettype wire
