# SPDX-License-Identifier: Apache-2.0
"""Units behind a fast adapter (XRT compute unit contract §2)."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest

from pydriver import ert
from pydriver.ert import State
from pydriver.platform.virtual import Ram
from pydriver.regs import Window, cu_fa, device_mem
from pydriver.xclbin import IpControl
from pydriver.xocl.command import Command
from pydriver.xocl.cu.fast_adapter import CommandMemory, descriptor_bytes
from pydriver.xocl.dma import WindowDma
from pydriver.xrt import Device, Kernel
from tests.models import cu_fa as descriptor_model
from tests.models import kernels
from tests.models.fast_adapter import TASK_NS, FastAdapter
from tests.models.units import Probe, add_vectors
from tests.unit.cu_rig import MILLISECOND, TICK_NS, CuRig
from tests.unit.raising import raises
from tests.unit.rig import Rig, run_vadd
from tools.image import ComputeUnit, Memory
from tools.mkxclbin import make_xclbin

LO, HI = cu_fa.DESCRIPTOR_LO.offset, cu_fa.DESCRIPTOR_HI.offset
SR, TCR, FDR, IER, ISR = (
    cu_fa.SR.offset,
    cu_fa.TCR.offset,
    cu_fa.FDR.offset,
    cu_fa.IER.offset,
    cu_fa.ISR.offset,
)
BASE = device_mem.PLRAM.base + 0x8000
SLOT = 64
ARGUMENTS = (8, 4)
MODES = pytest.mark.parametrize("interrupt", [False, True], ids=["polling", "interrupt"])


def descriptor(value: int, status: int = 0, inputs: int = 2) -> list[int]:
    entries = [0x10, 8, value, 0, 0x18, 4, value + 1]
    return [status, inputs, sum(ARGUMENTS), 0, 0, *entries]


class Bench(CuRig):
    """Unit 0 behind a fast adapter, unit 1 a probe. `slots`: descriptors that fit the memory."""

    def __init__(self, slots: int = 32, depth: int = 16) -> None:
        super().__init__([Probe(), Probe()])
        self.unit = FastAdapter(self.card, 0)
        self.unit.depth = depth
        self.card.units[0] = self.unit  # type: ignore[call-overload]
        cu = self.cus[0]
        cu.fast_adapter, cu.control = True, IpControl.FAST_ADAPTER
        cu.sw_reset, cu.argument_sizes = False, ARGUMENTS
        memory_bar = self.platform.functions[1].bars[4]
        self.memory = CommandMemory(WindowDma(memory_bar), BASE, slots * SLOT)
        self.host.command_memory = self.memory

    def push(self, value: int, words: Sequence[int] | None = None) -> Command:
        return self.start(0, ert.start_fa(1, descriptor(value) if words is None else words))


def test_descriptor_slots_are_powers_of_two() -> None:
    assert descriptor_bytes([]) == 32
    assert descriptor_bytes([4]) == descriptor_bytes([4, 0]) == 32
    assert descriptor_bytes([8, 4]) == 64
    assert descriptor_bytes([8] * 10) == 256


def test_units_share_the_memory() -> None:
    memory = Bench().memory
    assert [memory.share(index, 2) for index in (0, 1)] == [(BASE, 1024), (BASE + 1024, 1024)]
    # The adapter reads descriptors in beats of 32 bytes and refuses others.
    shares = [memory.share(index, 3) for index in range(3)]
    assert shares == [(BASE, 672), (BASE + 672, 672), (BASE + 1344, 672)]


def test_init_and_first_descriptors() -> None:
    bench = Bench()
    bench.unit.count = 7

    async def main() -> None:
        await bench.irqs.setup()
        await bench.host.set_cus(bench.cus, interrupt=False)
        assert bench.accesses(0) == [("W", SR, 0), ("R", FDR, 16), ("R", TCR, 7), ("R", HI, 0)]
        bench.log.clear()
        first, second = bench.push(1), bench.push(5)
        assert await bench.until_over([first, second]) == [State.COMPLETED] * 2
        writes = [entry for entry in bench.accesses(0) if entry[0] == "W"]
        low = BASE & 0xFFFF_FFFF
        assert writes == [("W", HI, BASE >> 32), ("W", LO, low), ("W", LO, low + SLOT)]
        assert bench.unit.ran == [{0x10: 1, 0x14: 0, 0x18: 2}, {0x10: 5, 0x14: 0, 0x18: 6}]

    bench.run(main())


def test_the_status_word_is_written_last(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    written: list[int] = []
    plain = Ram.write

    def write(ram: Ram, offset: int, data: bytes) -> None:
        written.append(offset)
        plain(ram, offset, data)

    async def main() -> None:
        await bench.up()
        bench.unit.hang = True
        monkeypatch.setattr(Ram, "write", write)
        bench.push(1)
        await bench.clock.sleep_ns(100_000)
        assert written[0] == 0x8004 and written[-1] == 0x8000
        assert all(offset > 0x8000 for offset in written[:-1])

    bench.run(main())


@MODES
@pytest.mark.parametrize("first", [0, 0xFFFF_FFF0], ids=["", "counter wraps"])
def test_many_tasks(first: int, interrupt: bool) -> None:
    bench = Bench(slots=5)
    bench.unit.count = first

    async def main() -> None:
        await bench.up(interrupt)
        commands = [bench.push(value) for value in range(50)]
        assert await bench.until_over(commands) == [State.COMPLETED] * 50
        assert bench.ended == commands

    bench.run(main())
    assert [args[0x10] for args in bench.unit.ran] == list(range(50))
    assert bench.unit.count == (first + 50) & 0xFFFF_FFFF and bench.unit.errors == 0


@pytest.mark.parametrize(("slots", "depth", "credits"), [(5, 16, 5), (32, 3, 3), (16, 16, 16)])
def test_credits_are_the_smaller_of_depth_and_slots(slots: int, depth: int, credits: int) -> None:
    bench = Bench(slots, depth)
    bench.unit.hang = True

    async def main() -> None:
        await bench.up()
        commands = [bench.push(value) for value in range(20)]
        await bench.clock.sleep_ns(200_000)
        pushed = [entry for entry in bench.accesses(0) if entry[:2] == ("W", LO)]
        assert len(pushed) == credits == sum(command.state == State.RUNNING for command in commands)
        bench.unit.hang = False
        assert await bench.until_over(commands) == [State.COMPLETED] * 20
        assert bench.unit.errors == 0

    bench.run(main())


def test_interrupts_of_the_adapter() -> None:
    bench = Bench()

    async def main() -> None:
        await bench.irqs.setup()
        await bench.intc.start()
        await bench.host.set_cus(bench.cus, interrupt=True)
        await bench.clock.sleep_ns(100_000)
        assert ("W", IER, 1) in bench.accesses(0)
        bench.log.clear()
        assert await bench.until_over([bench.push(1)]) == [State.COMPLETED]
        await bench.clock.sleep_ns(100_000)
        assert any(entry[:2] == ("R", ISR) for entry in bench.accesses(0))
        assert bench.unit.isr == 0 and bench.card.cu_interrupts.lines == 0
        bench.log.clear()
        await bench.host.stop()
        assert bench.accesses(0) == [("W", IER, 0)]

    bench.run(main())


def test_a_long_queue_is_looked_at_less_often() -> None:
    rates = []
    for depth in (2, 64):
        bench = Bench(64, depth)
        bench.unit.hang = True

        async def main(bench: Bench = bench) -> int:
            await bench.up()
            for value in range(2):
                bench.push(value)
            await bench.clock.sleep_ns(MILLISECOND)
            return sum(entry[:2] == ("R", TCR) for entry in bench.accesses(0))

        rates.append(bench.run(main()))
    assert rates[0] < rates[1] / 3, "beyond half the depth only every fifth pass looks"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (descriptor(1, status=1), "DECODE_ERROR=1"),
        (descriptor(1, inputs=9), "COUNT_ERROR=1"),
        # Bytes with what stands in front of each value.
        ([0, 2, 28, *descriptor(1)[3:]], "COUNT_ERROR=1"),
    ],
)
def test_a_descriptor_the_adapter_refuses(words: list[int], error: str) -> None:
    bench = Bench()
    owner = object()

    async def main() -> None:
        await bench.up()
        command = bench.start(0, ert.start_fa(1, words), owner)
        await bench.clock.sleep_ns(10 * TASK_NS)
        assert command.state == State.RUNNING, "nobody says that it failed"
        bench.host.request_abort(owner)
        assert await bench.until_over([command], 100 * TICK_NS) == [State.TIMEOUT]
        assert len(bench.bad) == 1 and error in bench.bad[0]

    bench.run(main())


def test_a_descriptor_that_does_not_fit_its_slot() -> None:
    bench = Bench()

    async def main() -> None:
        await bench.up()
        large = bench.push(0, [0] * 17)
        good = bench.push(3)
        assert await bench.until_over([large, good]) == [State.ERROR, State.COMPLETED]
        assert bench.unit.errors == 0

    bench.run(main())


def test_a_dead_adapter() -> None:
    bench = Bench()

    async def main() -> None:
        await bench.up()
        bench.unit.hang = True
        command = bench.push(1)
        await bench.clock.sleep_ns(100_000)
        bench.card.gate.state = 0
        assert await bench.until_over([command]) == [State.ERROR]
        with raises(errno.EIO, "does not answer"):
            await bench.host.set_cus(bench.cus, interrupt=False)

    bench.run(main())


@pytest.mark.parametrize("slots", [None, 0])
def test_without_memory_for_descriptors(slots: int | None) -> None:
    bench = Bench()
    bench.host.command_memory = None if slots is None else CommandMemory(bench.memory._dma, BASE, SLOT - 1)

    async def main() -> None:
        with raises(errno.ENOMEM):
            await bench.host.set_cus(bench.cus, interrupt=False)

    bench.run(main())


@pytest.mark.parametrize(
    ("memory", "bank"),
    [("bank0", device_mem.PLRAM), ({"nextDescriptorAddr": "bank1"}, device_mem.DDR1)],
    ids=["as expected", "elsewhere"],
)
def test_descriptors_are_where_the_adapters_own_argument_leads(memory: Memory, bank: Window) -> None:
    """The driver keeps 128 KiB there from everybody, as XRT's does; in PLRAM that is all there is."""
    rig = Rig()
    rig.card.units[0] = FastAdapter(rig.card, 0, add_vectors)  # type: ignore[call-overload]
    rig.card.units[1] = FastAdapter(rig.card, 1, add_vectors)  # type: ignore[call-overload]
    image = make_xclbin([ComputeUnit("vadd_fa", memory=memory)] * 2)

    async def main() -> None:
        _, user = await rig.both()
        device = Device.attach(user)
        kernel = await Kernel.open(device, await device.load_xclbin(image), "vadd_fa")
        kept = user.host_cus.command_memory
        assert kept is not None and (kept.base, kept.size) == (bank.base, 128 << 10)
        for seed in range(2):
            await run_vadd(device, kernel, 20, seed)
        # Half of it for each unit, 128 bytes a descriptor: the adapter's own argument is not in it.
        for unit in range(2):
            first = await user.dma.read(bank.base + (unit << 16), 20)
            assert kernels.unpack(first) == [descriptor_model.COMPLETE, 4, 28, 0, 0]
        assert user.kds.cus[0].argument_sizes == (8, 8, 8, 4)
        plram = user.memory.banks.index(next(each for each in user.memory.banks if each.tag == "PLRAM[0]"))
        if bank == device_mem.PLRAM:
            with raises(errno.ENOMEM, "PLRAM"):
                user.memory.create(4096, plram)
        else:
            assert user.memory.create(4096, plram).address == device_mem.PLRAM.base

    rig.run(main())


def test_model_overrun_is_an_error_of_the_adapter() -> None:
    """What the credits avoid: a descriptor too many is dropped."""
    bench = Bench(depth=1)
    bench.unit.hang = True

    async def main() -> None:
        base = bench.cus[0].address
        for _ in range(3):
            await bench.bar.write32(base + LO, 0)
            await bench.clock.sleep_ns(TASK_NS // 2)
        assert cu_fa.SR.OVERRUN.get(await bench.bar.read32(base + SR))
        await bench.bar.write32(base + SR, 0)
        assert await bench.bar.read32(base + SR) == 0

    bench.run(main())
