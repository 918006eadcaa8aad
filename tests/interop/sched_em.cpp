// SPDX-License-Identifier: Apache-2.0
// Runs the vendor's scheduler firmware (libsched_em of XRT) with its bus on this process' standard streams.
//
// Requests on stdout, 12 bytes: letter, address, value. Letters: R read, W write, L one step of the loop,
// E and D interrupts on and off. R and L are answered by 4 bytes on stdin: the data, or for L whether the interrupt
// line is high. The handler runs at L, when interrupts are on. End of stdin ends the process.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

extern "C" void scheduler_loop();
extern "C" void cu_interrupt_handler();

namespace {

bool interrupts_on = false;

void request(char letter, uint32_t addr, uint32_t value) {
  const uint32_t words[3] = {static_cast<uint32_t>(letter), addr, value};
  if (fwrite(words, sizeof words, 1, stdout) != 1 || fflush(stdout) != 0) _Exit(0);
}

uint32_t answer() {
  uint32_t value = 0;
  if (fread(&value, sizeof value, 1, stdin) != 1) _Exit(0);
  return value;
}

}  // namespace

uint32_t read_reg(uint32_t addr) {
  request('R', addr, 0);
  return answer();
}

void write_reg(uint32_t addr, uint32_t value) { request('W', addr, value); }

void microblaze_enable_interrupts() {
  interrupts_on = true;
  request('E', 0, 0);
}

void microblaze_disable_interrupts() {
  interrupts_on = false;
  request('D', 0, 0);
}

void reg_access_wait() {
  request('L', 0, 0);
  if (answer() != 0 && interrupts_on) cu_interrupt_handler();
}

int main() {
  alarm(120);  // no test takes that long: never outlive a caller that got stuck
  scheduler_loop();
  return 0;
}
