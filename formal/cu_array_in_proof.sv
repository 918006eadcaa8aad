// SPDX-License-Identifier: Apache-2.0
// Input array of a compute unit, one symbolic word: what the kernel reads is the word of the set it was handed,
// from one hand-over to the next, whatever the host writes meanwhile. Assumed of the host: it writes the whole
// array between two releases.
`default_nettype none

module cu_array_in_proof #(
    parameter integer ARRAY_W = 1
) (
    input wire               clk,
    input wire               rst,
    input wire               host_we,
    input wire [ARRAY_W-1:0] host_addr,
    input wire [31:0]        host_wdata,
    input wire [3:0]         host_wstrb,
    input wire               release_now,
    input wire               consume_now,
    input wire               pending,
    input wire [ARRAY_W-1:0] kernel_addr,
    input wire [31:0]        kernel_data,
    input wire [ARRAY_W-1:0] word,
    input wire [31:0]        host_word,
    input wire [31:0]        waiting_word,
    input wire [31:0]        kernel_word,
    input wire [1:0]         host_buf,
    input wire [1:0]         waiting_buf,
    input wire [1:0]         kernel_buf
);

  reg past_valid = 1'b0;
  always @(posedge clk) past_valid <= 1'b1;

  reg         written;  // the host's word is new since the last release
  reg  [31:0] said;
  reg         waits;
  reg  [31:0] released;
  reg         handed;
  reg  [31:0] expected;
  integer     b;

  always @(posedge clk) begin
    if (rst) begin
      written <= 1'b0;
      waits <= 1'b0;
      handed <= 1'b0;
    end else begin
      if (host_we && host_addr == word) begin
        for (b = 0; b < 4; b = b + 1) if (host_wstrb[b]) said[8*b+:8] <= host_wdata[8*b+:8];
        if (host_wstrb == 4'hF) written <= 1'b1;
      end
      if (consume_now) begin
        expected <= released;
        handed <= 1'b1;
        waits <= 1'b0;
      end
      if (release_now) begin
        released <= said;
        waits <= 1'b1;
        written <= 1'b0;
      end
    end
  end

  always @* begin
    if (!rst) assume (!release_now || written);
  end

  always @(posedge clk) begin
    if (past_valid) begin
      if (pending) assert (waits);
      if (!rst && consume_now) assert (waits);
      assert (host_buf < 2'd3 && waiting_buf < 2'd3 && kernel_buf < 2'd3);
      assert (host_buf != waiting_buf && waiting_buf != kernel_buf && kernel_buf != host_buf);
      if (written) assert (host_word == said);
      if (waits) assert (waiting_word == released);
      if (handed) begin
        assert (kernel_word == expected);
        if (kernel_addr == word) assert (kernel_data == expected);
      end
      cover (handed && waits && expected != released);
    end
  end

endmodule

`default_nettype wire
