// SPDX-License-Identifier: Apache-2.0
// Output array of a compute unit, one symbolic word: what the host reads is the word of the execution whose done
// answered its request, until the next such done. Assumed of the kernel: it writes the whole array each time.
`default_nettype none

module cu_array_out_proof #(
    parameter integer ARRAY_W = 1
) (
    input wire               clk,
    input wire               rst,
    input wire               host_re,
    input wire [ARRAY_W-1:0] host_raddr,
    input wire [31:0]        host_rdata,
    input wire               exchange_now,
    input wire               kernel_we,
    input wire [ARRAY_W-1:0] kernel_addr,
    input wire [31:0]        kernel_wdata,
    input wire [ARRAY_W-1:0] word,
    input wire [31:0]        host_word,
    input wire [31:0]        kernel_word
);

  reg past_valid = 1'b0;
  always @(posedge clk) past_valid <= 1'b1;

  wire        hits = kernel_we && kernel_addr == word;
  reg         written;
  reg  [31:0] said;
  reg         shown;
  reg  [31:0] expected;

  always @(posedge clk) begin
    if (rst) begin
      written <= 1'b0;
      shown <= 1'b0;
    end else begin
      if (hits) begin
        said <= kernel_wdata;
        written <= 1'b1;
      end
      if (exchange_now) begin
        expected <= hits ? kernel_wdata : said;
        shown <= 1'b1;
        written <= 1'b0;
      end
    end
  end

  always @* begin
    if (!rst) assume (!exchange_now || written || hits);
  end

  always @(posedge clk) begin
    if (past_valid) begin
      if (written) assert (kernel_word == said);
      if (shown) begin
        assert (host_word == expected);
        if (host_re && host_raddr == word) assert (host_rdata == expected);
      end
      cover (shown && written && expected != said);
    end
  end

endmodule

`default_nettype wire
