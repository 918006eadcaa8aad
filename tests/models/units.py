# SPDX-License-Identifier: Apache-2.0
"""Compute units of the virtual card: the control block of the XRT compute unit contract §1 in virtual time.

A test changes a unit with plain attributes (`hang`, `run_ns`, `sw_reset`, `reset_stuck` ...), puts another
kernel into it (`unit.plug = Probe()`) or replaces it altogether (`card.units[5] = Mine(card, 5)`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydriver.platform.virtual import ALL_ONES, Target
from pydriver.regs import cu_fir, cu_probe
from tests.models import kernels

if TYPE_CHECKING:
    from tests.models.card import Card

CTRL, GIE, IER, ISR = 0x00, 0x04, 0x08, 0x0C
AP_START, AP_DONE, AP_IDLE, AP_READY, AP_CONTINUE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
AUTO_RESTART, SW_RESET, INTERRUPT = 1 << 7, 1 << 8, 1 << 9
DONE, READY = 1, 2
HS, CHAIN, NONE = 0, 1, 2
CYCLE_NS = 4
RESET_NS = 2_000

Arguments = dict[int, int]
"""Register offset in the unit -> word."""


class Kernel:
    """What a unit computes. One object per unit, so it may keep a state between runs."""

    protocol = HS
    sw_reset = False
    depth = 2
    """Runs that can be under way at a time under AP_CTRL_CHAIN."""

    def duration(self, unit: Unit, args: Arguments) -> int:
        """Nanoseconds from the start to done."""
        return unit.card.kernel_ns

    def ready(self, duration: int) -> int:
        """Nanoseconds from the start to ready, under AP_CTRL_CHAIN."""
        return duration // 2

    def begins(self, registers: Arguments) -> bool:
        """Starts by itself, with these registers."""
        return False

    def hangs(self, args: Arguments, ready: bool) -> bool:
        """A run with these arguments stays where it is: before ready, or (`ready`) before done."""
        return False

    def execute(self, unit: Unit, args: Arguments) -> None:
        """The effect of a run, at its end; outputs go to `unit.registers`."""


def add_vectors(memory: Target, args: Arguments) -> None:
    """What vadd does to device memory."""
    length = 4 * args.get(0x34, 0)
    a, b = (kernels.unpack(memory.read(pointer(args, at), length)) for at in (0x10, 0x1C))
    memory.write(pointer(args, 0x28), kernels.pack(kernels.vadd(a, b)))


class Vadd(Kernel):
    """a at 0x10, b at 0x1C, result at 0x28, elements at 0x34."""

    def execute(self, unit: Unit, args: Arguments) -> None:
        add_vectors(unit.card.device_memory, args)


class Reduce(Kernel):
    """Input at 0x10, result at 0x1C, elements at 0x28."""

    def execute(self, unit: Unit, args: Arguments) -> None:
        memory = unit.card.device_memory
        data = kernels.unpack(memory.read(pointer(args, 0x10), 4 * args.get(0x28, 0)))
        memory.write(pointer(args, 0x1C), kernels.pack(kernels.reduce(data)))


class Memcopy(Kernel):
    """Source at 0x10, destination at 0x1C, size in units of 64 bytes at 0x28."""

    sw_reset = True

    def execute(self, unit: Unit, args: Arguments) -> None:
        memory = unit.card.device_memory
        length = 64 * args.get(0x28, 0)
        memory.write(pointer(args, 0x1C), memory.read(pointer(args, 0x10), length))


class Probe(Kernel):
    """Registers only, and a hang by argument (kernels/probe). `tokens`: those of all runs, in order."""

    sw_reset = True
    CONTROL, DELAY, TOKEN = cu_probe.CONTROL.offset, cu_probe.DELAY.offset, cu_probe.TOKEN.offset
    PAYLOAD = tuple(register.offset for register in cu_probe.PAYLOAD)
    RUNS, DIGEST, LAST = cu_probe.RUNS.offset, cu_probe.DIGEST.offset, cu_probe.LAST.offset
    END = cu_probe.SIZE
    HANG, LOSE_DONE = 1, 2
    """Bits of CONTROL: never ready, never done; both until a software reset."""

    def __init__(self) -> None:
        self.memory = kernels.Probe()
        self.tokens: list[int] = []

    def duration(self, unit: Unit, args: Arguments) -> int:
        return CYCLE_NS * (8 + args.get(self.DELAY, 0))

    def hangs(self, args: Arguments, ready: bool) -> bool:
        return bool(args.get(self.CONTROL, 0) & (self.LOSE_DONE | self.HANG if ready else self.HANG))

    def execute(self, unit: Unit, args: Arguments) -> None:
        token = args.get(self.TOKEN, 0)
        self.memory.run(token, [args.get(at, 0) for at in self.PAYLOAD])
        self.tokens.append(token)
        unit.registers |= {
            self.RUNS: self.memory.runs,
            self.DIGEST: self.memory.digest,
            self.LAST: self.memory.last,
        }


class ProbeChain(Probe):
    """`Probe` under AP_CTRL_CHAIN: ready at once, one execution at a time."""

    protocol = CHAIN
    depth = 1

    def ready(self, duration: int) -> int:
        return CYCLE_NS


class ProbeNone(Probe):
    """`Probe` under AP_CTRL_NONE: nobody starts it, it runs when TOKEN is not the last one."""

    protocol = NONE

    def begins(self, registers: Arguments) -> bool:
        return registers.get(self.TOKEN, 0) != self.memory.last


class Fir(Kernel):
    """kernels/fir."""

    protocol = CHAIN
    sw_reset = True

    def execute(self, unit: Unit, args: Arguments) -> None:
        memory = unit.card.device_memory
        source, target = pointer(args, cu_fir.IN_LO.offset), pointer(args, cu_fir.OUT_LO.offset)
        data = kernels.unpack(memory.read(source, 4 * args.get(cu_fir.N.offset, 0)))
        taps = [args.get(register.offset, 0) for register in cu_fir.TAPS]
        memory.write(target, kernels.pack(kernels.fir(data, taps)))


KERNELS: dict[int, Callable[[], Kernel]] = {
    1: Vadd,
    2: Reduce,
    4: Fir,
    5: Memcopy,
    6: Probe,
    7: ProbeChain,
    8: ProbeNone,
}
"""Kernel type in the slot's configuration -> what is there; other types are a kernel without effect."""


def digest(before: int, token: int, payload: list[int]) -> int:
    """The digest of a probe after one more run."""
    probe = kernels.Probe(digest=before)
    probe.run(token, payload)
    return probe.digest


def pointer(args: Arguments, offset: int) -> int:
    """A 64-bit argument."""
    return args.get(offset, 0) | args.get(offset + 4, 0) << 32


@dataclass
class Run:
    """A run between the accepted start and done."""

    args: Arguments
    ready_at: int
    end_at: int
    ready: bool = False


class Unit(Target):
    """A slot of the dynamic region with its control block; dead while isolated or not configured.

    Counters: `runs` accepted starts, `completed`, `resets`, `lost_starts` (start written while the start bit
    was set). Knobs: `hang` (no run ends), `run_ns` and `ready_ns` (None: the kernel's own), `sw_reset`
    (None: the kernel's own), `reset_stuck` (bit 8 never clears), `isr_clear_on_read`, `depth` (runs under way
    at a time under AP_CTRL_CHAIN; None: the kernel's own). `trace`, when a list: every register access as
    ("R" or "W", offset, value).
    """

    def __init__(self, card: Card, slot: int | None, plug: Kernel | None = None) -> None:
        self.card = card
        self.slot = slot
        self.plug = plug
        self.runs = self.completed = self.resets = self.lost_starts = 0
        self.run_ns: int | None = None
        self.ready_ns: int | None = None
        self.sw_reset: bool | None = None
        self.reset_stuck = False
        self.isr_clear_on_read = False
        self.depth: int | None = None
        self.trace: list[tuple[str, int, int]] | None = None
        self._hang = False
        self._kind = 0
        self._model: Kernel = Kernel()
        self._alarm_at: int | None = None
        self.reset()

    def reset(self) -> None:
        """The reset pin: idle with zero registers. Knobs and counters stay."""
        self.registers: Arguments = {}
        self.start = self.auto_restart = self.done = self.ready = False
        self.gie = self.ier = self.isr = 0
        self.under_way: deque[Run] = deque()
        self.reset_until: int | None = None
        self._kind = 0
        self._changed()

    @property
    def kernel(self) -> Kernel:
        """What the configuration put here, or the plug."""
        if self.plug is not None:
            return self.plug
        assert self.slot is not None
        kind = self.card.kernel(self.slot)
        if kind != self._kind:
            self._kind, self._model = kind, KERNELS.get(kind, Kernel)()
        return self._model

    @property
    def hang(self) -> bool:
        return self._hang

    @hang.setter
    def hang(self, value: bool) -> None:
        self._hang = value
        self.settle()

    @property
    def room(self) -> int:
        return self.kernel.depth if self.depth is None else self.depth

    @property
    def irq(self) -> bool:
        return bool(self.gie and self.isr)

    @property
    def chain(self) -> bool:
        return self.kernel.protocol == CHAIN

    def _alive(self) -> bool:
        if self.slot is None:
            return True
        return self.card.gate.state == 3 and (self.plug is not None or self.card.kernel(self.slot) != 0)

    # ---- registers

    def read32(self, offset: int) -> int:
        if not self._alive():
            return ALL_ONES
        self.settle()
        value = self._read(offset)
        if self.trace is not None:
            self.trace.append(("R", offset, value))
        self._changed()
        return value

    def write32(self, offset: int, value: int) -> None:
        if not self._alive():
            return
        self.settle()
        if self.trace is not None:
            self.trace.append(("W", offset, value))
        self._write(offset, value)
        self.settle()

    def _read(self, offset: int) -> int:
        if offset == CTRL:
            value = (
                AP_START * self.start
                | AP_DONE * self.done
                | AP_IDLE * (not self.start and not self.under_way)
                | AP_READY * self.ready
                | AUTO_RESTART * self.auto_restart
                | SW_RESET * (self.reset_until is not None)
                | INTERRUPT * self.irq
            )
            self.ready = False
            if not self.chain:
                self.done = False
            return value
        if offset == ISR and self.isr_clear_on_read:
            value, self.isr = self.isr, 0
            return value
        return {GIE: self.gie, IER: self.ier, ISR: self.isr}.get(offset, self.registers.get(offset, 0))

    def _write(self, offset: int, value: int) -> None:
        if offset == CTRL:
            self._control(value)
        elif offset == GIE:
            self.gie = value & 1
        elif offset == IER:
            self.ier = value & 3
        elif offset == ISR:
            if not self.isr_clear_on_read:
                self.isr ^= value & 3
        else:
            self.registers[offset] = value
            self.start = self.start or self.kernel.begins(self.registers)

    def _control(self, value: int) -> None:
        has_reset = self.kernel.sw_reset if self.sw_reset is None else self.sw_reset
        if value & SW_RESET and has_reset:
            self.resets += 1
            self.start = self.done = self.ready = False
            self.under_way.clear()
            self.reset_until = self.card.clock.now_ns() + RESET_NS
            return
        if self.kernel.protocol == NONE:
            return
        self.auto_restart = bool(value & AUTO_RESTART)
        if value & AP_CONTINUE and self.chain:
            self.done = False
        if value & AP_START:
            self.lost_starts += self.start
            self.start = True

    # ---- time

    def settle(self) -> None:
        """Do what is due now, and wake up for what comes next."""
        now = self.card.clock.now_ns()
        if self.reset_until is not None and now >= self.reset_until and not self.reset_stuck:
            self.reset_until = None
        while self._step(now):
            pass
        if self.chain and self.done and self.ier & DONE:
            # Done is a level until continue: clearing ISR before sets it again.
            self.isr |= DONE
        self._changed()
        self._wake(now)

    def _step(self, now: int) -> bool:
        if self.under_way:
            last = self.under_way[-1]
            if not last.ready and self._may_be_ready(last, now):
                last.ready = self.ready = True
                self.start = self.auto_restart
                self.isr |= self.ier & READY
                return True
            if self.under_way[0].ready and self._may_end(now):
                self._end(self.under_way.popleft())
                return True
        room = self.room if self.chain else 1
        free = len(self.under_way) < room and all(run.ready for run in self.under_way)
        if self.start and free and self.reset_until is None:
            self._accept(now)
            return True
        return False

    def _may_be_ready(self, run: Run, now: int) -> bool:
        if not self.chain:
            return self._may_end(now)
        return now >= run.ready_at and not self._hang and not self.kernel.hangs(run.args, ready=False)

    def _may_end(self, now: int) -> bool:
        held = self.chain and self.done
        return now >= self.under_way[0].end_at and not held and not self._hangs()

    def _hangs(self) -> bool:
        return self._hang or self.kernel.hangs(self.under_way[0].args, ready=True)

    def _accept(self, now: int) -> None:
        args = dict(self.registers)
        duration = self.kernel.duration(self, args) if self.run_ns is None else self.run_ns
        ready = duration
        if self.chain:
            ready = self.kernel.ready(duration) if self.ready_ns is None else self.ready_ns
        self.runs += 1
        self.under_way.append(Run(args, now + ready, now + duration))

    def _end(self, run: Run) -> None:
        self.kernel.execute(self, run.args)
        self.completed += 1
        self.done = True
        self.isr |= self.ier & DONE

    def _wake(self, now: int) -> None:
        times = [self.reset_until] if self.reset_until is not None else []
        times += [at for run in self.under_way for at in (run.ready_at, run.end_at)]
        later = [at for at in times if at > now]
        if later and (self._alarm_at is None or min(later) < self._alarm_at or self._alarm_at <= now):
            self._alarm_at = min(later)
            self.card.clock.spawn(self._alarm(self._alarm_at), "unit")

    async def _alarm(self, at: int) -> None:
        await self.card.clock.sleep_ns(at - self.card.clock.now_ns())
        if self._alarm_at == at:
            self._alarm_at = None
            self.settle()

    def _changed(self) -> None:
        self.card.set_unit_line(self.slot, self.irq)
