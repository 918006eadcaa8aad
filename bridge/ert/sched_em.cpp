// SPDX-License-Identifier: Apache-2.0
// Runs the vendor's scheduler firmware (libsched_em or, with SCHED_V30, libsched_em_v30 of XRT) with its bus on this
// process' standard streams.
//
// Requests on stdout, 12 bytes: letter, address, value. Letters: R read, W write, L one step of the loop (one slot),
// E and D interrupts on and off. R and L are answered by 4 bytes on stdin: the data, or for L whether the interrupt
// line is high. The handler runs at L, when interrupts are on. End of stdin ends the process.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef SCHED_V30
extern "C" void scheduler_v30_loop();
extern "C" void cu_interrupt_handler_v30();
#define LOOP scheduler_v30_loop
#define HANDLER cu_interrupt_handler_v30
#else
extern "C" void scheduler_loop();
extern "C" void cu_interrupt_handler();
#define LOOP scheduler_loop
#define HANDLER cu_interrupt_handler
#endif

namespace {

// Longest the firmware may compute between two accesses; it never does, unless a wild configuration hung it.
constexpr unsigned kHungSeconds = 20;

bool interrupts_on = false;
FILE *requests = nullptr;

void request(char letter, uint32_t addr, uint32_t value) {
  const uint32_t words[3] = {static_cast<uint32_t>(letter), addr, value};
  if (fwrite(words, sizeof words, 1, requests) != 1) _Exit(0);
}

uint32_t answer() {
  uint32_t value = 0;
  if (fflush(requests) != 0) _Exit(0);
  alarm(0);
  if (fread(&value, sizeof value, 1, stdin) != 1) _Exit(0);
  alarm(kHungSeconds);
  return value;
}

#ifdef SCHED_V30
// This build answers some commands by copying a structure to the slot's address as if the queue were memory of this
// machine. Here it is: filled with a word that no answer holds, and what differs from it was written.
constexpr uintptr_t kQueue = SCHED_V30;
constexpr size_t kQueueWords = 0x10000 / 4;
constexpr uint32_t kUntouched = 0xA5C3F01E;
volatile uint32_t *queue = nullptr;

void open_queue() {
  void *place = mmap(reinterpret_cast<void *>(kQueue), kQueueWords * 4, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (place == MAP_FAILED) {
    perror("the address of the command queue is taken");
    _Exit(1);
  }
  queue = static_cast<uint32_t *>(place);
  for (size_t i = 0; i < kQueueWords; ++i) queue[i] = kUntouched;
}

// The only direct writes are followed by a write of a status register: nothing is late.
void forward_direct_writes() {
  for (size_t i = 0; i < kQueueWords; ++i) {
    if (queue[i] == kUntouched) continue;
    request('W', static_cast<uint32_t>(kQueue + 4 * i), queue[i]);
    queue[i] = kUntouched;
  }
}
#else
void open_queue() {}
void forward_direct_writes() {}
#endif

}  // namespace

uint32_t read_reg(uint32_t addr) {
  request('R', addr, 0);
  return answer();
}

void write_reg(uint32_t addr, uint32_t value) {
  forward_direct_writes();
  request('W', addr, value);
}

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
  if (answer() != 0 && interrupts_on) HANDLER();
}

int main() {
  // The firmware prints; the stream it prints to must not be the one that carries its bus.
  requests = fdopen(dup(STDOUT_FILENO), "wb");
  const int nowhere = open("/dev/null", O_WRONLY);
  if (requests == nullptr || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0) return 1;
  open_queue();
  alarm(kHungSeconds);
  LOOP();
  fflush(requests);
  return 0;
}
