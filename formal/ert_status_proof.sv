// SPDX-License-Identifier: Apache-2.0
// No completion is lost and none is invented: whatever is set in a clear-on-read group is what the next read that
// clears it returns, also when both happen in one cycle. One symbolic bit stands for all 128.
`default_nettype none

module ert_status_proof (
    input wire         clk,
    input wire         rst,
    input wire         set,         // a write into the group, or a report
    input wire [1:0]   set_word,
    input wire [31:0]  set_bits,
    input wire         clear_a,     // a read through one port, and what it returns
    input wire [1:0]   clear_a_word,
    input wire [31:0]  clear_a_data,
    input wire         clear_b,     // a read through the other port
    input wire [1:0]   clear_b_word,
    input wire [31:0]  clear_b_data,
    input wire [127:0] status
);

  initial assume (rst);

  (* anyconst *) wire [6:0] n;

  wire setting = set && set_word == n[6:5] && set_bits[n[4:0]];
  wire told_a = clear_a && clear_a_word == n[6:5];
  wire told_b = clear_b && clear_b_word == n[6:5];

  // Set since the last read that told it.
  reg owed = 1'b0;
  always @(posedge clk) begin
    if (rst) owed <= 1'b0;
    else owed <= setting || (owed && !told_a && !told_b);
  end

  always @* begin
    if (!rst) begin
      assert (status[n] == owed);
      if (told_a) assert (clear_a_data[n[4:0]] == owed);
      if (told_b) assert (clear_b_data[n[4:0]] == owed);
    end
  end

  // Both at once, and the bit stays for the next read.
  reg raced = 1'b0;
  always @(posedge clk) raced <= !rst && setting && told_a && !owed;
  always @* cover (!rst && raced && told_a && clear_a_data[n[4:0]]);

endmodule

`default_nettype wire
