# SPDX-License-Identifier: Apache-2.0
"""The kernel driver scheduler: compute units, command checks, configuration.

Source: XRT KDS contract §2, §3 and §5, ERT contract §4.1, compute unit contract §4 (order of units).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from pydriver import ert
from pydriver.errors import fail
from pydriver.ert import Feature, Opcode, State
from pydriver.platform import Clock
from pydriver.platform.trace import OnEvent, silent
from pydriver.xclbin import Axlf, Ip, IpControl
from pydriver.xocl.command import Command, Owner
from pydriver.xocl.cu_host import HostCus
from pydriver.xocl.ert_user import ErtUser

MAX_CUS = 128
MIN_SLOT_SIZE = 512
SLOT_OVERHEAD = 64
MAX_SLOTS = 128
CUDMA_SLOTS = 32
CONFIGURE_TIMEOUT_NS = 3_000_000_000
CU_IDLE = 0x4
CU_BUSY = 0x1
ANSWERED = (Opcode.CU_STAT, Opcode.CLK_CALIB, Opcode.MB_VALIDATE, Opcode.ACCESS_TEST_C)


@dataclass(frozen=True)
class KdsFlags:
    """What the loader of an image asks of the scheduler (the READ_AXLF flags; XRT ERT contract §4.1)."""

    ert: bool = True
    polling: bool = False
    cu_dma: bool = True
    cu_isr: bool = False
    cq_int: bool = False
    dataflow: bool = False
    rw_shared: bool = False


@dataclass(frozen=True)
class BoardTraits:
    """What the driver knows about the board: `cudma_off` boards never start units by CUDMA."""

    dsa52: bool = True
    cudma_off: bool = True


@dataclass
class ComputeUnit:
    """A unit as the scheduler sees it; `address` is an offset in the user BAR."""

    index: int
    name: str
    address: int
    control: int
    interrupt_id: int
    regmap_size: int
    usage: int = 0
    running: int = 0
    sharers: int = 0
    exclusive: bool = False


@dataclass
class KdsState:
    """Configuration that lasts as long as an image."""

    cus: list[ComputeUnit] = field(default_factory=list)
    flags: KdsFlags = field(default_factory=KdsFlags)
    bad: bool = False
    ert_on: bool = False


def compute_units(ips: Sequence[Ip], regmap_sizes: dict[str, int]) -> list[ComputeUnit]:
    """The units of an IP_LAYOUT, sorted by interrupt id, then address: the position is the CU index.

    `regmap_sizes`: bytes of register space by kernel name. Raises EINVAL for more than 128 units.
    """
    found = sorted((ip for ip in ips if ip.is_cu), key=lambda ip: (ip.interrupt_id, ip.base))
    if len(found) > MAX_CUS:
        raise fail(errno.EINVAL, f"the image has {len(found)} compute units, at most {MAX_CUS} are allowed")
    return [
        ComputeUnit(
            index,
            ip.name,
            ip.base & 0xFFFF_FFFF,
            ip.control,
            ip.interrupt_id,
            regmap_sizes.get(ip.kernel_name, 0),
        )
        for index, ip in enumerate(found)
    ]


def regmap_sizes(axlf: Axlf) -> dict[str, int]:
    """Bytes of register space each kernel's arguments reach, from the metadata."""
    return {
        kernel.name: max((arg.offset + arg.size for arg in kernel.args), default=0)
        for kernel in axlf.kernels()
    }


class Kds:
    """Checks commands, picks units, and hands over to the embedded scheduler or to the host's own."""

    def __init__(
        self,
        clock: Clock,
        ert_user: ErtUser,
        host: HostCus,
        traits: BoardTraits | None = None,
        on_event: OnEvent = silent,
    ) -> None:
        self.state = KdsState()
        self._traits = traits or BoardTraits()
        self._clock = clock
        self._ert = ert_user
        self._host = host
        self._on_event = on_event

    @property
    def cus(self) -> list[ComputeUnit]:
        return self.state.cus

    def reset(self) -> None:
        """Forget the image."""
        self.state = KdsState()

    async def configure(self, cus: list[ComputeUnit], flags: KdsFlags, has_scheduler: bool) -> None:
        """Take over the units of a new image and configure the embedded scheduler.

        A scheduler that cannot be configured is switched off and the host schedules; that is no error.
        Raises EINVAL for a slot size that is no multiple of 4 bytes.
        """
        self.state = KdsState(cus=cus, flags=flags)
        self._host.set_cus(cus)
        if not (has_scheduler and flags.ert and cus):
            self._on_event("user.kds", f"{len(cus)} compute units, host scheduling")
            return
        size = self._slot_size(cus)
        packet = ert.configure(size, [cu.address for cu in cus], self._features())
        done = self._clock.event()
        owner = object()
        command = Command(packet, owner, lambda _: done.set())
        self._ert.submit(command)
        if not await done.wait(CONFIGURE_TIMEOUT_NS):
            self._ert.abort(owner)
        if command.state == State.COMPLETED:
            self._ert.set_slot_size(size)
            self.state.ert_on = True
            text = f"{self._ert.num_slots} slots of {size} bytes"
            self._on_event("user.kds", f"{len(cus)} compute units, ERT with {text}")
        else:
            self._on_event("user.kds", f"ERT configure ended {command.state.name}: host scheduling")

    def _slot_size(self, cus: list[ComputeUnit]) -> int:
        size = max(MIN_SLOT_SIZE, max(cu.regmap_size for cu in cus) + SLOT_OVERHEAD)
        size = max(size, self._ert.queue_size // MAX_SLOTS)
        if self._cu_dma and not self.state.flags.dataflow:
            size = max(size, self._ert.queue_size // CUDMA_SLOTS)
        if size % 4:
            raise fail(errno.EINVAL, f"a slot of {size} bytes is not whole words")
        return size

    @property
    def _cu_dma(self) -> bool:
        return self.state.flags.cu_dma and not self._traits.cudma_off

    def _features(self) -> Feature:
        flags = self.state.flags
        chosen = [
            (True, Feature.ERT | Feature.KDS_30),
            (flags.polling, Feature.POLLING),
            (self._cu_dma, Feature.CU_DMA),
            (flags.cu_isr, Feature.CU_ISR),
            (flags.cq_int, Feature.CQ_INT),
            (flags.dataflow, Feature.DATAFLOW),
            (flags.rw_shared, Feature.RW_SHARED),
            (self._traits.dsa52, Feature.DSA52),
        ]
        features = Feature(0)
        for wanted, feature in chosen:
            if wanted:
                features |= feature
        return features

    # --- commands -----------------------------------------------------------------------------------

    def execute(
        self, packet: bytes, owner: Owner, allowed: Collection[int], finished: Callable[[Command], None]
    ) -> Command | None:
        """Check `packet` and start it; `allowed` are the units the client has opened.

        Returns None for CONFIGURE and SK_CONFIG, which do nothing here (the caller completes them at once).
        Raises EINVAL (format, opcode, units), EDEADLK (bad state).
        """
        if self.state.bad:
            raise fail(errno.EDEADLK, "the scheduler is in a bad state; the card needs a reset")
        header = ert.validate(packet)
        opcode = header.opcode
        if opcode in (Opcode.CONFIGURE, Opcode.SK_CONFIG):
            return None
        size = max(4 + 4 * header.count, 4)
        if self.state.ert_on and size > self._ert.slot_size:
            raise fail(errno.EINVAL, f"a packet of {size} bytes does not fit a slot of {self._ert.slot_size}")
        command = Command(packet, owner, finished)
        if opcode in (Opcode.START_CU, Opcode.EXEC_WRITE, Opcode.START_KEY_VAL):
            self._start_unit(command, allowed)
        elif opcode in ANSWERED and self.state.ert_on:
            command.wants_reply = True
            self._ert.submit(command)
        else:
            raise fail(errno.EINVAL, f"opcode {opcode} cannot be executed")
        return command

    def abort(self, owner: Owner) -> None:
        """Give up an owner's commands. A unit that hangs under host scheduling leaves the bad state."""
        self._ert.abort(owner)
        if self._host.abort(owner):
            self.state.bad = True

    def _start_unit(self, command: Command, allowed: Collection[int]) -> None:
        cu = self._select(command.packet, allowed)
        if cu.control == IpControl.AP_CTRL_NONE:
            raise fail(errno.EINVAL, f"{cu.name} has no start bit (AP_CTRL_NONE)")
        cu.usage += 1
        cu.running += 1
        command.cu_index = cu.index
        outer = command.finished

        def finished(done: Command) -> None:
            cu.running -= 1
            outer(done)

        command.finished = finished
        if self.state.ert_on:
            self._ert.submit(command)
        else:
            self._host.submit(command, cu)

    def _select(self, packet: bytes, allowed: Collection[int]) -> ComputeUnit:
        header = ert.Header.unpack(int.from_bytes(packet[:4], "little"))
        mask = int.from_bytes(packet[4:8], "little")
        # The driver copies `extra_cu_masks` bytes, not words: only that many bytes of the extra masks count.
        mask |= int.from_bytes(packet[8 : 8 + header.extra_cu_masks], "little") << 32
        candidates = [cu for cu in self.cus if mask >> cu.index & 1 and cu.index in allowed]
        if not candidates:
            raise fail(errno.EINVAL, f"no unit of mask {mask:#x} is in the client's context")
        return min(candidates, key=lambda cu: (cu.usage, cu.index))

    # --- what sysfs shows ---------------------------------------------------------------------------

    def custat(self) -> str:
        """`kds_custat_raw`: one line per unit, slot,index,name,address,status,usage."""
        return "".join(
            f"0,{cu.index},{cu.name},{cu.address:#x},{CU_BUSY if cu.running else CU_IDLE:#x},{cu.usage}\n"
            for cu in self.cus
        )
