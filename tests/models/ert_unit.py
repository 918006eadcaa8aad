# SPDX-License-Identifier: Apache-2.0
"""An HLS compute unit in virtual time, for tests of the scheduler firmware."""

from __future__ import annotations

from tests.models.virtual_time import Kernel

AP_START, AP_DONE, AP_IDLE, AP_CONTINUE = 1, 2, 4, 0x10


class Unit:
    """Takes `run_ns` for a run; `runs`: the registers written for each run.

    `chain`: AP_CTRL_CHAIN, done stays until AP_CONTINUE; else AP_CTRL_HS, done is cleared by reading.
    """

    def __init__(self, kernel: Kernel, run_ns: int = 3000, chain: bool = False):
        self.kernel = kernel
        self.run_ns = run_ns
        self.chain = chain
        self.gie = self.ier = self.isr = 0
        self.args: dict[int, int] = {}
        self.runs: list[dict[int, int]] = []
        self.end: int | None = None
        self.done = False
        self.continues = 0

    def settle(self) -> None:
        """Finish a run whose time has come. Under AP_CTRL_CHAIN done sets ISR for as long as it is there."""
        ended = self.end is not None and self.kernel.now >= self.end
        if ended:
            self.end = None
            self.done = True
        if ended or (self.chain and self.done):
            self.isr |= self.ier & 1

    @property
    def irq(self) -> bool:
        return bool(self.gie and self.isr)

    def read(self, offset: int) -> int:
        self.settle()
        if offset == 0:
            busy = self.end is not None
            value = AP_START * busy | AP_DONE * self.done | AP_IDLE * (not busy)
            if not self.chain:
                self.done = False
            return value
        return {4: self.gie, 8: self.ier, 0xC: self.isr}.get(offset, self.args.get(offset, 0))

    def write(self, offset: int, value: int) -> None:
        self.settle()
        if offset == 0:
            if value & AP_CONTINUE:
                self.continues += 1
                if self.chain:
                    self.done = False
            if value & AP_START:
                assert self.end is None, "a unit was started while it was running"
                assert not (self.chain and self.done), "a unit was started before continue"
                self.runs.append(self.args)
                self.args = {}
                self.end = self.kernel.now + self.run_ns
        elif offset == 4:
            self.gie = value & 1
        elif offset == 8:
            self.ier = value & 3
        elif offset == 0xC:
            self.isr ^= value & 3
            self.settle()
        else:
            self.args[offset] = value
