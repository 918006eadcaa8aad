// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite interconnect: M masters (s_axil_*, master m at bits m) and S slaves (m_axil_*).
//
// A master has one transaction at a time, and so has a slave. A request is taken and handed to the slave
// one cycle after it appears; the response passes in the same cycle. Several masters wanting one slave
// take turns. Unmapped or not connected: DECERR. A slave that never answers holds only its own master.
`default_nettype none
`timescale 1ns / 1ps

module axil_xbar #(
    parameter integer            M = 2,
    parameter integer            S = 2,
    parameter integer            ADDR_W = 32,
    // Slave s answers where (address & mask s) == base s; the lowest s the master may reach counts.
    parameter     [S*ADDR_W-1:0] S_BASE = {S * ADDR_W{1'b0}},
    parameter     [S*ADDR_W-1:0] S_MASK = {S * ADDR_W{1'b1}},
    // Bit m*S+s: master m may reach slave s.
    parameter          [M*S-1:0] CONNECT = {M * S{1'b1}}
) (
    input  wire                clk,
    input  wire                rst,

    input  wire [M*ADDR_W-1:0] s_axil_awaddr,
    input  wire [M-1:0]        s_axil_awvalid,
    output wire [M-1:0]        s_axil_awready,
    input  wire [M*32-1:0]     s_axil_wdata,
    input  wire [M*4-1:0]      s_axil_wstrb,
    input  wire [M-1:0]        s_axil_wvalid,
    output wire [M-1:0]        s_axil_wready,
    output reg  [M*2-1:0]      s_axil_bresp,
    output reg  [M-1:0]        s_axil_bvalid,
    input  wire [M-1:0]        s_axil_bready,
    input  wire [M*ADDR_W-1:0] s_axil_araddr,
    input  wire [M-1:0]        s_axil_arvalid,
    output wire [M-1:0]        s_axil_arready,
    output reg  [M*32-1:0]     s_axil_rdata,
    output reg  [M*2-1:0]      s_axil_rresp,
    output reg  [M-1:0]        s_axil_rvalid,
    input  wire [M-1:0]        s_axil_rready,

    output reg  [S*ADDR_W-1:0] m_axil_awaddr,
    output reg  [S-1:0]        m_axil_awvalid,
    input  wire [S-1:0]        m_axil_awready,
    output reg  [S*32-1:0]     m_axil_wdata,
    output reg  [S*4-1:0]      m_axil_wstrb,
    output reg  [S-1:0]        m_axil_wvalid,
    input  wire [S-1:0]        m_axil_wready,
    input  wire [S*2-1:0]      m_axil_bresp,
    input  wire [S-1:0]        m_axil_bvalid,
    output reg  [S-1:0]        m_axil_bready,
    output reg  [S*ADDR_W-1:0] m_axil_araddr,
    output reg  [S-1:0]        m_axil_arvalid,
    input  wire [S-1:0]        m_axil_arready,
    input  wire [S*32-1:0]     m_axil_rdata,
    input  wire [S*2-1:0]      m_axil_rresp,
    input  wire [S-1:0]        m_axil_rvalid,
    output reg  [S-1:0]        m_axil_rready,

    // A transaction is under way: anywhere, of master m, at slave s.
    output wire                active,
    output wire [M-1:0]        m_active,
    output wire [S-1:0]        s_active
);

  localparam integer MW = (M > 1) ? $clog2(M) : 1;
  localparam integer SW = (S > 1) ? $clog2(S) : 1;
  localparam [1:0] RESP_DECERR = 2'b11;

  // Per master. `taken` pulses while ready is given; then, per direction, `wait` says that the slave has
  // the request and owes the response, `err` that nobody is there and the interconnect owes it.
  reg [M-1:0] busy;
  reg [M-1:0] is_write;
  reg [M-1:0] taken_r;
  reg [M-1:0] taken_w;
  reg [M-1:0] wait_r;
  reg [M-1:0] wait_w;
  reg [M-1:0] err;
  reg [M*SW-1:0] target;
  // Per slave: has a transaction, and whose was the last one.
  reg [S-1:0] s_busy;
  reg [S*MW-1:0] last;

  assign active = |busy;
  assign m_active = busy;
  assign s_active = s_busy;
  assign s_axil_arready = taken_r;
  assign s_axil_awready = taken_w;
  assign s_axil_wready = taken_w;

  // ------------------------------------------------------------------------ responses, combinational
  integer r;
  always_comb begin
    m_axil_rready = {S{1'b0}};
    s_axil_rvalid = {M{1'b0}};
    s_axil_rresp = {M{RESP_DECERR}};
    s_axil_rdata = {M * 32{1'b0}};
    for (r = 0; r < M; r = r + 1) begin
      if (wait_r[r]) begin
        m_axil_rready[target[r*SW+:SW]] = s_axil_rready[r];
        s_axil_rvalid[r] = m_axil_rvalid[target[r*SW+:SW]];
        s_axil_rresp[2*r+:2] = m_axil_rresp[2*target[r*SW+:SW]+:2];
        s_axil_rdata[32*r+:32] = m_axil_rdata[32*target[r*SW+:SW]+:32];
      end else begin
        s_axil_rvalid[r] = err[r] && !is_write[r] && !taken_r[r];
      end
    end
  end

  integer b;
  always_comb begin
    m_axil_bready = {S{1'b0}};
    s_axil_bvalid = {M{1'b0}};
    s_axil_bresp = {M{RESP_DECERR}};
    for (b = 0; b < M; b = b + 1) begin
      if (wait_w[b]) begin
        m_axil_bready[target[b*SW+:SW]] = s_axil_bready[b];
        s_axil_bvalid[b] = m_axil_bvalid[target[b*SW+:SW]];
        s_axil_bresp[2*b+:2] = m_axil_bresp[2*target[b*SW+:SW]+:2];
      end else begin
        s_axil_bvalid[b] = err[b] && is_write[b] && !taken_w[b];
      end
    end
  end

  // ------------------------------------------------------------------------------- requests, clocked
  // Address decoder of master `from`: {found, slave}.
  function [SW:0] decode(input integer from, input [ADDR_W-1:0] address);
    integer i;
    begin
      decode = {SW + 1{1'b0}};
      for (i = S - 1; i >= 0; i = i - 1) begin
        if (CONNECT[from*S+i] && (address & S_MASK[i*ADDR_W+:ADDR_W]) == S_BASE[i*ADDR_W+:ADDR_W]) begin
          decode = {1'b1, i[SW-1:0]};
        end
      end
    end
  endfunction

  // Turns that master `from` has to wait after `previous` had its turn.
  function integer turns(input integer from, input [MW-1:0] previous);
    turns = from - {{32 - MW{1'b0}}, previous} + ((from > {{32 - MW{1'b0}}, previous}) ? 0 : M);
  endfunction

  // Blocking assignments make these the temporaries of the clocked block.
  /* verilator lint_off BLKSEQ */
  reg [M-1:0] request;
  reg [M-1:0] request_w;
  reg [M*(SW+1)-1:0] place;
  reg [SW-1:0] to;
  reg win;
  integer m;
  integer n;

  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= {M{1'b0}};
      is_write <= {M{1'b0}};
      taken_r <= {M{1'b0}};
      taken_w <= {M{1'b0}};
      wait_r <= {M{1'b0}};
      wait_w <= {M{1'b0}};
      err <= {M{1'b0}};
      target <= {M * SW{1'b0}};
      s_busy <= {S{1'b0}};
      last <= {S * MW{1'b0}};
      m_axil_awaddr <= {S * ADDR_W{1'b0}};
      m_axil_awvalid <= {S{1'b0}};
      m_axil_wdata <= {S * 32{1'b0}};
      m_axil_wstrb <= {S * 4{1'b0}};
      m_axil_wvalid <= {S{1'b0}};
      m_axil_araddr <= {S * ADDR_W{1'b0}};
      m_axil_arvalid <= {S{1'b0}};
    end else begin
      taken_r <= {M{1'b0}};
      taken_w <= {M{1'b0}};
      m_axil_arvalid <= m_axil_arvalid & ~m_axil_arready;
      m_axil_awvalid <= m_axil_awvalid & ~m_axil_awready;
      m_axil_wvalid <= m_axil_wvalid & ~m_axil_wready;

      // Who wants something, and where. Reads and writes of one master alternate.
      request = (s_axil_arvalid | (s_axil_awvalid & s_axil_wvalid)) & ~busy;
      request_w = s_axil_awvalid & s_axil_wvalid & ~(s_axil_arvalid & is_write);
      if (|request) begin
        for (m = 0; m < M; m = m + 1) begin
          if (request[m]) begin
            place[m*(SW+1)+:SW+1] = decode(m, request_w[m] ? s_axil_awaddr[m*ADDR_W+:ADDR_W]
                                                             : s_axil_araddr[m*ADDR_W+:ADDR_W]);
          end
        end
      end

      for (m = 0; m < M; m = m + 1) begin
        to = target[m*SW+:SW];
        if (busy[m]) begin
          if (err[m] || wait_r[m] || wait_w[m]) begin
            if ((s_axil_rvalid[m] && s_axil_rready[m]) || (s_axil_bvalid[m] && s_axil_bready[m])) begin
              err[m] <= 1'b0;
              wait_r[m] <= 1'b0;
              wait_w[m] <= 1'b0;
              busy[m] <= 1'b0;
              if (!err[m]) s_busy[to] <= 1'b0;
            end
          end else if (is_write[m]) begin
            wait_w[m] <= (!m_axil_awvalid[to] || m_axil_awready[to])
                && (!m_axil_wvalid[to] || m_axil_wready[to]);
          end else begin
            wait_r[m] <= !m_axil_arvalid[to] || m_axil_arready[to];
          end
        end else if (request[m]) begin
          to = place[m*(SW+1)+:SW];
          win = 1'b1;
          if (place[m*(SW+1)+SW]) begin
            win = !s_busy[to];
            for (n = 0; n < M; n = n + 1) begin
              if (n != m && request[n] && place[n*(SW+1)+:SW+1] == {1'b1, to}
                  && turns(n, last[to*MW+:MW]) < turns(m, last[to*MW+:MW])) begin
                win = 1'b0;
              end
            end
          end
          if (win) begin
            busy[m] <= 1'b1;
            is_write[m] <= request_w[m];
            taken_r[m] <= !request_w[m];
            taken_w[m] <= request_w[m];
            err[m] <= !place[m*(SW+1)+SW];
            target[m*SW+:SW] <= to;
            if (place[m*(SW+1)+SW]) begin
              s_busy[to] <= 1'b1;
              last[to*MW+:MW] <= m[MW-1:0];
              if (request_w[m]) begin
                m_axil_awaddr[to*ADDR_W+:ADDR_W] <= s_axil_awaddr[m*ADDR_W+:ADDR_W];
                m_axil_wdata[to*32+:32] <= s_axil_wdata[m*32+:32];
                m_axil_wstrb[to*4+:4] <= s_axil_wstrb[m*4+:4];
                m_axil_awvalid[to] <= 1'b1;
                m_axil_wvalid[to] <= 1'b1;
              end else begin
                m_axil_araddr[to*ADDR_W+:ADDR_W] <= s_axil_araddr[m*ADDR_W+:ADDR_W];
                m_axil_arvalid[to] <= 1'b1;
              end
            end
          end
        end
      end

      assert ((taken_r & ~s_axil_arvalid) == {M{1'b0}})
      else $error("a master withdrew its read request");
      assert ((taken_w & ~(s_axil_awvalid & s_axil_wvalid)) == {M{1'b0}})
      else $error("a master withdrew its write request");
    end
  end
  /* verilator lint_on BLKSEQ */

endmodule

`default_nettype wire
