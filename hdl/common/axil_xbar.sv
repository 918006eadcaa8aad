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
    output wire [M*2-1:0]      s_axil_bresp,
    output wire [M-1:0]        s_axil_bvalid,
    input  wire [M-1:0]        s_axil_bready,
    input  wire [M*ADDR_W-1:0] s_axil_araddr,
    input  wire [M-1:0]        s_axil_arvalid,
    output wire [M-1:0]        s_axil_arready,
    output wire [M*32-1:0]     s_axil_rdata,
    output wire [M*2-1:0]      s_axil_rresp,
    output wire [M-1:0]        s_axil_rvalid,
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
    output wire [S-1:0]        m_axil_bready,
    output reg  [S*ADDR_W-1:0] m_axil_araddr,
    output reg  [S-1:0]        m_axil_arvalid,
    input  wire [S-1:0]        m_axil_arready,
    input  wire [S*32-1:0]     m_axil_rdata,
    input  wire [S*2-1:0]      m_axil_rresp,
    input  wire [S-1:0]        m_axil_rvalid,
    output wire [S-1:0]        m_axil_rready,

    // A transaction is under way: anywhere, of master m, at slave s.
    output wire                active,
    output wire [M-1:0]        m_active,
    output wire [S-1:0]        s_active
);

  localparam integer MW = (M > 1) ? $clog2(M) : 1;
  localparam integer SW = (S > 1) ? $clog2(S) : 1;
  localparam [1:0] RESP_DECERR = 2'b11;
  localparam [S-1:0] ONE = 1;

  // Per master. `taken` pulses while ready is given; `wait` says that the slave has the request and owes
  // the response, `err` that nobody is there and the interconnect owes it.
  reg [M-1:0] is_write;
  reg [M-1:0] taken_r;
  reg [M-1:0] taken_w;
  reg [M-1:0] wait_r;
  reg [M-1:0] wait_w;
  reg [M-1:0] err;
  reg [M*SW-1:0] target;
  wire [M-1:0] busy = wait_r | wait_w | err;
  // Per slave: has a transaction, and whose was the last one.
  reg [S-1:0] s_busy;
  reg [S*MW-1:0] last;

  assign active = |busy;
  assign m_active = busy;
  assign s_active = s_busy;
  assign s_axil_arready = taken_r;
  assign s_axil_awready = taken_w;
  assign s_axil_wready = taken_w;

  // What each master wants: reads and writes of one master alternate; place is {found, slave}.
  wire [M-1:0] request_w = s_axil_awvalid & s_axil_wvalid & ~(s_axil_arvalid & is_write);
  wire [M-1:0] request = (s_axil_arvalid | request_w) & ~busy;
  wire [M*(SW+1)-1:0] place;

  // Outputs grow master by master, so that a simulator evaluates each of them once when a master's part
  // changes; parts of one wide net driven one by one cost it a bitwise merge each.
  genvar gm;
  genvar gs;
  generate
    for (gm = 0; gm < M; gm = gm + 1) begin : g_master
      wire [SW-1:0] at = target[gm*SW+:SW];
      wire read_open = wait_r[gm];
      wire write_open = wait_w[gm];

      // ------------------------------------------------------------------------ response, combinational
      wire [31:0]  rdata = read_open ? m_axil_rdata[32*at+:32] : 32'd0;
      wire [1:0]   rresp = read_open ? m_axil_rresp[2*at+:2] : RESP_DECERR;
      wire         rvalid = read_open ? m_axil_rvalid[at] : err[gm] && !is_write[gm] && !taken_r[gm];
      wire [1:0]   bresp = write_open ? m_axil_bresp[2*at+:2] : RESP_DECERR;
      wire         bvalid = write_open ? m_axil_bvalid[at] : err[gm] && is_write[gm] && !taken_w[gm];
      wire [S-1:0] rready = (read_open && s_axil_rready[gm]) ? ONE << at : {S{1'b0}};
      wire [S-1:0] bready = (write_open && s_axil_bready[gm]) ? ONE << at : {S{1'b0}};

      // ------------------------------------------------------------------------ request: address decoder
      wire [ADDR_W-1:0] address = request_w[gm] ? s_axil_awaddr[gm*ADDR_W+:ADDR_W]
                                                : s_axil_araddr[gm*ADDR_W+:ADDR_W];
      // The lowest slave that is hit: a chain from the last one down.
      for (gs = S; gs >= 0; gs = gs - 1) begin : g_slave
        wire [SW:0] found;
        if (gs == S) begin : g_end
          assign found = {SW + 1{1'b0}};
        end else if (CONNECT[gm*S+gs]) begin : g_hit
          localparam [SW-1:0] INDEX = gs;
          wire hit = (address & S_MASK[gs*ADDR_W+:ADDR_W]) == S_BASE[gs*ADDR_W+:ADDR_W];
          assign found = hit ? {1'b1, INDEX} : g_slave[gs+1].found;
        end else begin : g_none
          assign found = g_slave[gs+1].found;
        end
      end

      // -------------------------------------------------------------------- of the masters up to this one
      wire [32*gm+31:0]          rdata_up_to;
      wire [2*gm+1:0]            rresp_up_to;
      wire [gm:0]                rvalid_up_to;
      wire [2*gm+1:0]            bresp_up_to;
      wire [gm:0]                bvalid_up_to;
      wire [(SW+1)*(gm+1)-1:0]   place_up_to;
      wire [S-1:0]               rready_up_to;
      wire [S-1:0]               bready_up_to;
      if (gm == 0) begin : g_first
        assign rdata_up_to = rdata;
        assign rresp_up_to = rresp;
        assign rvalid_up_to = rvalid;
        assign bresp_up_to = bresp;
        assign bvalid_up_to = bvalid;
        assign place_up_to = g_slave[0].found;
        assign rready_up_to = rready;
        assign bready_up_to = bready;
      end else begin : g_next
        assign rdata_up_to = {rdata, g_master[gm-1].rdata_up_to};
        assign rresp_up_to = {rresp, g_master[gm-1].rresp_up_to};
        assign rvalid_up_to = {rvalid, g_master[gm-1].rvalid_up_to};
        assign bresp_up_to = {bresp, g_master[gm-1].bresp_up_to};
        assign bvalid_up_to = {bvalid, g_master[gm-1].bvalid_up_to};
        assign place_up_to = {g_slave[0].found, g_master[gm-1].place_up_to};
        assign rready_up_to = rready | g_master[gm-1].rready_up_to;
        assign bready_up_to = bready | g_master[gm-1].bready_up_to;
      end
    end
  endgenerate

  assign s_axil_rdata = g_master[M-1].rdata_up_to;
  assign s_axil_rresp = g_master[M-1].rresp_up_to;
  assign s_axil_rvalid = g_master[M-1].rvalid_up_to;
  assign s_axil_bresp = g_master[M-1].bresp_up_to;
  assign s_axil_bvalid = g_master[M-1].bvalid_up_to;
  assign m_axil_rready = g_master[M-1].rready_up_to;
  assign m_axil_bready = g_master[M-1].bready_up_to;
  assign place = g_master[M-1].place_up_to;

  // ------------------------------------------------------------------------------- requests, clocked
  // Turns that master `from` has to wait after `previous` had its turn.
  function integer turns(input integer from, input [MW-1:0] previous);
    turns = from - {{32 - MW{1'b0}}, previous} + ((from > {{32 - MW{1'b0}}, previous}) ? 0 : M);
  endfunction

  // Each cycle looks at `step`, and at the rest only when something happens.
  wire taken = |{taken_r, taken_w};
  wire sending = |{m_axil_arvalid, m_axil_awvalid, m_axil_wvalid};
  wire [M-1:0] done = (s_axil_rvalid & s_axil_rready) | (s_axil_bvalid & s_axil_bready);
  wire [S-1:0] s_done = (m_axil_rvalid & m_axil_rready) | (m_axil_bvalid & m_axil_bready);
  wire finishing = |done;
  wire requested = |request;
  wire contested = |(request & (request - 1'b1));
  wire step = rst || taken || sending || finishing || requested;

  // Blocking assignments make these the temporaries of the clocked block.
  /* verilator lint_off BLKSEQ */
  reg [SW-1:0] to;
  reg found;
  reg write;
  reg win;
  integer m;
  integer n;

  always_ff @(posedge clk) if (step) begin
    if (rst) begin
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
      if (taken) begin
        taken_r <= {M{1'b0}};
        taken_w <= {M{1'b0}};
        assert ((taken_r & ~s_axil_arvalid) == {M{1'b0}})
        else $error("a master withdrew its read request");
        assert ((taken_w & ~(s_axil_awvalid & s_axil_wvalid)) == {M{1'b0}})
        else $error("a master withdrew its write request");
      end
      if (sending) begin
        m_axil_arvalid <= m_axil_arvalid & ~m_axil_arready;
        m_axil_awvalid <= m_axil_awvalid & ~m_axil_awready;
        m_axil_wvalid <= m_axil_wvalid & ~m_axil_wready;
      end
      if (finishing) begin
        wait_r <= wait_r & ~done;
        wait_w <= wait_w & ~done;
        err <= err & ~done;
        s_busy <= s_busy & ~s_done;
      end
      if (requested) begin
        for (m = 0; m < M; m = m + 1) begin
          if (request[m]) begin
            {found, to} = place[m*(SW+1)+:SW+1];
            write = request_w[m];
            win = !(found && s_busy[to]);
            if (found && contested) begin
              for (n = 0; n < M; n = n + 1) begin
                if (n != m && request[n] && place[n*(SW+1)+:SW+1] == {1'b1, to}
                    && turns(n, last[to*MW+:MW]) < turns(m, last[to*MW+:MW])) begin
                  win = 1'b0;
                end
              end
            end
            if (win) begin
              is_write[m] <= write;
              target[m*SW+:SW] <= to;
              if (write) taken_w[m] <= 1'b1;
              else taken_r[m] <= 1'b1;
              if (!found) begin
                err[m] <= 1'b1;
              end else begin
                s_busy[to] <= 1'b1;
                last[to*MW+:MW] <= m[MW-1:0];
                if (write) begin
                  wait_w[m] <= 1'b1;
                  m_axil_awaddr[to*ADDR_W+:ADDR_W] <= s_axil_awaddr[m*ADDR_W+:ADDR_W];
                  m_axil_wdata[to*32+:32] <= s_axil_wdata[m*32+:32];
                  m_axil_wstrb[to*4+:4] <= s_axil_wstrb[m*4+:4];
                  m_axil_awvalid[to] <= 1'b1;
                  m_axil_wvalid[to] <= 1'b1;
                end else begin
                  wait_r[m] <= 1'b1;
                  m_axil_araddr[to*ADDR_W+:ADDR_W] <= s_axil_araddr[m*ADDR_W+:ADDR_W];
                  m_axil_arvalid[to] <= 1'b1;
                end
              end
            end
          end
        end
      end
    end
  end
  /* verilator lint_on BLKSEQ */

endmodule

`default_nettype wire
