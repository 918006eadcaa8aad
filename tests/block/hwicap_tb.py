# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of hwicap with its configuration engine; tests/block/test_hwicap.py runs them."""

from __future__ import annotations

import os
import random
from collections import deque
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, Timer
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db, coverage_section

from tb.cocotb_util import reset, seeded_random, start_clock
from tests.block.axil_tap import AxilPort
from tests.models import hwicap as model
from tests.models.config_engine import ConfigEngine
from tools import bitgen
from tools.bitgen import DUMMY, IDCODE, NOP, SYNC, Cmd, Reg, StreamWriter, build_stream

WRITE_DEPTH = int(os.environ.get("WRITE_DEPTH", "1024"))
READ_DEPTH = int(os.environ.get("READ_DEPTH", "256"))
RESYNC = bool(int(os.environ.get("RESYNC_IN_DATA", "1")))
NUM_SLOTS = int(os.environ.get("NUM_SLOTS", "4"))
CHUNK_WORDS = 256
MIN_STREAMS, MAX_STREAMS = 50, 300
DONE = 0x5


class Icap(AxilPort):
    """The driver's view: chunks, polls, timeouts as in the XRT ICAP contract §1.1 and §1.2."""

    async def command(self, value: int) -> None:
        """Write CR and poll it as the driver does; AssertionError where the driver gives EIO."""
        await self.write(model.CR, value)
        for _ in range(20):
            if not await self.read(model.CR) & value:
                return
            await Timer(50, "ns")
        raise AssertionError("CR stays busy")

    async def send(self, words: list[int]) -> None:
        """Words to the engine, in chunks of 1024 bytes."""
        for start in range(0, len(words), CHUNK_WORDS):
            chunk = words[start : start + CHUNK_WORDS]
            while chunk:
                room = await self.read(model.WFV)
                assert room > 0
                for word in chunk[:room]:
                    await self.write(model.WF, word)
                chunk = chunk[room:]
                await self.command(model.CR_WRITE)

    async def download(self, stream: bytes) -> bool:
        """The driver's download; False where it gives ETIMEDOUT."""
        await self.send(bitgen.unpack(stream))
        for _ in range(10):
            await Timer(50, "ns")
            if await self.read(model.SR) & DONE:
                return True
        return False

    async def fetch(self, count: int) -> list[int]:
        """Read command."""
        await self.write(model.SZ, count)
        await self.command(model.CR_READ)
        assert await self.read(model.RFO) == count
        return [await self.read(model.RF) for _ in range(count)]

    async def register(self, register: int) -> int:
        """Readback of one configuration register by the driver's IDCODE sequence."""
        await self.send([DUMMY, SYNC, NOP, NOP, 0x28000001 | register << 13, NOP, NOP])
        return (await self.fetch(1))[0]


class Lockstep:
    """Runs the model beside the RTL and compares read data and outputs in every cycle."""

    def __init__(self, dut: Any, icap: Icap) -> None:
        self.dut, self.icap = dut, icap
        self.engine = ConfigEngine(NUM_SLOTS, resync_in_data=RESYNC)
        self.model = model.Hwicap(self.engine, WRITE_DEPTH, READ_DEPTH)
        self.expected: deque[tuple[int, int]] = deque()
        self.cycles = self.reads = self.words = 0

    def outputs(self) -> tuple[int, int, int, int]:
        """irq, cfg_loading, cfg_valid, cfg_slot_kernel of the RTL."""
        signals = (self.dut.irq, self.dut.cfg_loading, self.dut.cfg_valid, self.dut.cfg_slot_kernel)
        irq, loading, valid, kernel = (int(signal.value) for signal in signals)
        return irq, loading, valid, kernel

    async def run(self) -> None:
        while True:
            self.check()
            await FallingEdge(self.dut.clk)

    def check(self) -> None:
        engine, cycle = self.engine, self.icap.tap.sample()
        expected = (self.model.irq, int(engine.loading), int(engine.valid), engine.slot_kernel)
        assert self.outputs() == expected, f"cycle {self.cycles}: outputs {self.outputs()}, model {expected}"
        if cycle.data is not None:
            offset, data = self.expected.popleft()
            assert cycle.data == data, (
                f"cycle {self.cycles}: {offset:#x} reads {cycle.data:#x}, not {data:#x}"
            )
            self.reads += 1
        answer = self.model.step(cycle.write, cycle.read)
        if answer is not None and cycle.read is not None:
            self.expected.append((cycle.read, answer))
        if self.model.taken:
            self.words += 1
            for event in engine.events:
                cover(event, self.error())
        self.cycles += 1

    def error(self) -> str:
        """The engine's error state as the coverage sees it."""
        return ("none", "crc", "id", "both")[self.engine.crc_error + 2 * self.engine.id_error]


PACKETS = ["type 1 write", "type 2 write", "type 1 read", "type 2 read", "nop", "odd word"]
SYNCS = ["sync", "sync again", "lost word"] + (["resync"] if RESYNC else [])
WRITTEN = [Reg.CRC, Reg.FAR, Reg.FDRI, Reg.CMD, Reg.CTL0, Reg.MASK, Reg.COR0, Reg.IDCODE, Reg.AXSS, Reg.TIMER]
REGISTERS = [f"register {int(register)}" for register in WRITTEN]
COMMANDS = [f"command {int(command)}" for command in (Cmd.WCFG, Cmd.LFRM, Cmd.START, Cmd.RCRC, Cmd.DESYNC)]
ERRORS = ["crc error", "id error", "no id", "frame refused", "frame bad", "crc good"]
ENDS = ["configured", "ended well", "ended badly"] + (["two frames"] if NUM_SLOTS > 91 else [])
STATES = ["none", "crc", "id", "both"]


@coverage_section(
    CoverPoint("icap.packet", xf=lambda event, state: event, bins=PACKETS),
    CoverPoint("icap.sync", xf=lambda event, state: event, bins=SYNCS),
    CoverPoint("icap.register", xf=lambda event, state: event, bins=REGISTERS),
    CoverPoint("icap.command", xf=lambda event, state: event, bins=COMMANDS),
    CoverPoint("icap.error", xf=lambda event, state: event, bins=ERRORS),
    CoverPoint("icap.end", xf=lambda event, state: event, bins=ENDS),
    CoverPoint("icap.state", xf=lambda event, state: state, bins=STATES),
    CoverCross("icap.packet_state", items=["icap.packet", "icap.state"]),
    CoverCross("icap.register_state", items=["icap.register", "icap.state"]),
    CoverCross("icap.command_state", items=["icap.command", "icap.state"]),
)
def cover(event: str, state: str) -> None:
    """One thing that the engine did, in the error state it was in after it."""


async def start(dut: Any) -> tuple[Icap, Lockstep]:
    """Clock, reset, the port, and the lockstep check from the first cycle on."""
    icap = Icap(dut, "s_axil")
    dut.rst.value = 1
    await Timer(1, "ns")
    start_clock(dut.clk)
    await reset(dut)
    lockstep = Lockstep(dut, icap)
    cocotb.start_soon(lockstep.run())
    return icap, lockstep


def region(dut: Any) -> tuple[int, int, int]:
    """cfg_loading, cfg_valid, cfg_slot_kernel."""
    return int(dut.cfg_loading.value), int(dut.cfg_valid.value), int(dut.cfg_slot_kernel.value)


BLANK = (0, 0, 0)
UNCONFIGURED = (1, 0, 0)


@cocotb.test()
async def reset_values(dut: Any) -> None:
    """Every register after reset; unmapped offsets read 0 and take no writes."""
    icap, _ = await start(dut)
    assert await icap.read(model.WFV) == WRITE_DEPTH
    zero = (model.GIER, model.ISR, model.IER, model.RF, model.SZ, model.CR, model.SR, model.RFO, model.ASR)
    for offset in (*zero, 0x00, 0x24, 0x120, 0xFFC):
        assert await icap.read(offset) == 0, hex(offset)
    for offset in (model.SR, model.WFV, model.RFO, model.ASR, model.RF, 0x00, 0x24, 0x120):
        await icap.write(offset, 0xFFFFFFFF)
    assert await icap.read(model.WFV) == WRITE_DEPTH
    assert region(dut) == BLANK


@cocotb.test()
async def download(dut: Any) -> None:
    """The driver's algorithm with streams around its chunk size, and a change of content."""
    icap, _ = await start(dut)
    for slots, words in (([1, 1, 2], 186), ([2], 93), ([], 100), ([1, 2, 1, 2], 94 + 512)):
        stream = build_stream(slots, words=words)
        assert await icap.download(stream), slots
        assert region(dut) == (0, 1, sum(kernel << 8 * slot for slot, kernel in enumerate(slots)))
    assert await icap.download(build_stream([255]) + b"\x12\x34"), "trailing bytes are dropped"
    assert region(dut) == (0, 1, 255)


FAULTS: dict[str, dict[str, Any]] = {
    "bad crc": {"bad_crc": True},
    "wrong idcode": {"wrong_idcode": True},
    "other idcode": {"idcode": 0x14B79093},
    "no crc": {"no_crc": True},
    "truncated": {"truncate": True},
    "one frame word": {"truncate": 34},
    "last frame word missing": {"truncate": 218},
    "before the crc": {"truncate": 219},
    "before desync": {"truncate": 230},
}


@cocotb.test()
async def download_faults(dut: Any) -> None:
    """Each fault leaves the region unconfigured and SR clear; the next good stream works, without a reset."""
    icap, _ = await start(dut)
    for name, fault in FAULTS.items():
        assert await icap.download(build_stream([1, 2]))
        assert region(dut) == (0, 1, 0x0201)
        assert not await icap.download(build_stream([2, 2, 2], **fault)), name
        assert region(dut) == UNCONFIGURED, name
    assert not await icap.download(build_stream([1], truncate=True))
    assert not await icap.download(build_stream([1], truncate=True)), "twice"
    assert await icap.download(build_stream([1]))
    # The identity's revision (top four bits) may differ.
    assert await icap.download(build_stream([2], idcode=IDCODE ^ 0x30000000))
    # Nothing was written, so the old content stays; but the download did not succeed.
    for words in (12, 20, 30):
        assert not await icap.download(build_stream([1], truncate=words))
        assert region(dut) == (0, 1, 2)


@cocotb.test()
async def loading_window(dut: Any) -> None:
    """cfg_loading rises with the first frame word, not before, and falls with the DESYNC command."""
    icap, _ = await start(dut)
    assert await icap.download(build_stream([1]))
    words = bitgen.unpack(build_stream([2]))
    first = words.index(bitgen.FRAME_MAGIC)
    await icap.send(words[:first])
    assert region(dut) == (0, 1, 1)
    assert await icap.read(model.SR) & DONE == 0
    await icap.send(words[first : first + 1])
    assert region(dut) == UNCONFIGURED
    end = max(n for n, word in enumerate(words) if word == Cmd.DESYNC)
    await icap.send(words[first + 1 : end])
    assert region(dut) == UNCONFIGURED
    await icap.send(words[end : end + 1])
    assert region(dut) == (0, 1, 2)
    await icap.send(words[end + 1 :])
    await icap.send([0, 0x30008001, 0xFFFFFFFF])
    assert await icap.read(model.SR) == DONE, "what follows the end changes nothing"


@cocotb.test()
async def identity_read(dut: Any) -> None:
    """The driver's IDCODE sequence, on a blank device, after a download, and after a truncated one."""
    icap, _ = await start(dut)
    assert await icap.register(Reg.IDCODE) == IDCODE
    assert await icap.read(model.RFO) == 0
    assert await icap.download(build_stream([1]))
    assert await icap.register(Reg.IDCODE) == IDCODE
    assert region(dut) == (0, 1, 1) and await icap.read(model.SR) == DONE
    assert not await icap.download(build_stream([1], truncate=True))
    assert await icap.register(Reg.IDCODE) == IDCODE
    assert region(dut) == UNCONFIGURED
    assert await icap.download(build_stream([2]))


@cocotb.test()
async def status_read(dut: Any) -> None:
    """STAT: DONE, EOS and INIT follow the download, CRC_ERROR b0 and ID_ERROR b15 name the fault."""
    icap, _ = await start(dut)
    done_bits = 1 << 4 | 1 << 13 | 1 << 14
    assert await icap.register(Reg.STAT) & (done_bits | 1) == 0
    await icap.download(build_stream([1]))
    assert await icap.register(Reg.STAT) & (done_bits | 1 | 1 << 15) == done_bits
    await icap.download(build_stream([1], bad_crc=True))
    status = await icap.register(Reg.STAT)
    assert status & (done_bits | 1 | 3 << 11) == 1, "CRC error, INIT low"
    words = bitgen.unpack(build_stream([1], wrong_idcode=True, truncate=True))
    await icap.send(words)
    # A sync word ends the identity error, so read the status byte that a read without a packet gives.
    assert await icap.fetch(1) == [0xFFFFFF5F]
    for register, value in ((Reg.COR0, 0x12345678), (Reg.MASK, 0xFF), (Reg.FAR, 0x1000)):
        out = StreamWriter()
        out.preamble()
        out.write(register, value)
        await icap.send(out.words)
        assert await icap.register(register) == value
    out = StreamWriter()
    out.preamble()
    out.write(Reg.MASK, 0xFFFFFFFF)
    out.write(Reg.CTL0, 0x00000500)
    out.write(Reg.MASK, 0x000000FF)
    out.write(Reg.CTL0, 0xFFFFFFA5)
    await icap.send(out.words)
    assert await icap.register(Reg.CTL0) == 0x5A5, "CTL0 keeps the bits outside MASK"
    assert await icap.register(Reg.FDRO) == 0


@cocotb.test()
async def missing_sync_after_identity_read(dut: Any) -> None:
    """The IDCODE sequence leaves the engine synchronised; a stream without its own sync word still fails."""
    icap, _ = await start(dut)
    assert await icap.download(build_stream([1]))
    assert await icap.register(Reg.IDCODE) == IDCODE
    assert not await icap.download(build_stream([2], no_sync=True))
    assert region(dut) == (0, 1, 1), "nothing was written"
    assert await icap.download(build_stream([2]))


def by_hand(steps: str, data: list[int] | None = None) -> list[int]:
    """A stream ending in F frame, C good CRC, X bad CRC, S START, D DESYNC, R RCRC, I good id, J bad id."""
    out = StreamWriter()
    out.preamble()
    out.command(Cmd.RCRC)
    out.write(Reg.IDCODE, IDCODE)
    for step in steps:
        if step == "F":
            out.command(Cmd.WCFG)
            out.write(Reg.FAR, 0)
            out.write(Reg.FDRI, *(data or bitgen.frame_data([1, 2], 93)))
        elif step in "CX":
            out.check_crc(error=int(step == "X"))
        elif step in "IJ":
            out.write(Reg.IDCODE, IDCODE ^ int(step == "J"))
        else:
            out.command({"S": Cmd.START, "D": Cmd.DESYNC, "R": Cmd.RCRC}[step])
    return out.words


@cocotb.test()
async def order_of_crc_and_start(dut: Any) -> None:
    """Configured only when a good CRC follows the last frame word, then START, then DESYNC."""
    icap, _ = await start(dut)
    for steps, good in (
        ("FCSD", True), ("FCSCD", True), ("FCRSD", True), ("FFCSD", True), ("FCFCSD", True),
        ("FSD", False), ("FCD", False), ("FSCD", False), ("CFSD", False), ("CSFD", False), ("FCSFD", False),
        ("FCSFCD", False), ("FXSD", False), ("FCSXD", False), ("XFCSD", False), ("FCS", False), ("D", False),
        ("IFCSD", True), ("JFCSD", False), ("JIFCSD", False),
    ):  # fmt: skip
        await icap.send(by_hand("FCSD", bitgen.frame_data([7], 93)))
        assert region(dut) == (0, 1, 7)
        await icap.send(by_hand(steps))
        untouched = steps == "D"
        assert region(dut) == ((0, 1, 0x0201) if good else (0, 1, 7) if untouched else UNCONFIGURED), steps
        assert bool(await icap.read(model.SR) & DONE) == good, steps


@cocotb.test()
async def frame_content(dut: Any) -> None:
    """A frame counts only if it is whole, of this card, at frame address 0 and under WCFG."""
    icap, _ = await start(dut)
    good = bitgen.frame_data([3, 4, 5, 6], 93)

    def changed(index: int, value: int) -> list[int]:
        return [*good[:index], value, *good[index + 1 :]]

    for data, kernels in (
        (good, 0x06050403),
        (changed(1, 0), 0),
        (changed(1, 1), 3),
        (changed(1, 5), None),
        (changed(1, 0x100), None),
        (changed(0, 0x434C5351), None),
        (changed(5, 0x106), None),
        (changed(6, 0xFFFFFFFF), 0x06050403),
        (good[:92], None),
        (good + good, 0x06050403),
    ):
        await icap.send(by_hand("FCSD", data))
        assert region(dut) == (UNCONFIGURED if kernels is None else (0, 1, kernels)), data[:7]
    for far, command, accepted in ((0, Cmd.WCFG, True), (0x80, Cmd.WCFG, False), (0, Cmd.RCFG, False)):
        out = StreamWriter()
        out.preamble()
        out.command(Cmd.RCRC)
        out.write(Reg.IDCODE, IDCODE)
        out.command(command)
        out.write(Reg.FAR, far)
        out.write_long(Reg.FDRI, good)
        out.check_crc()
        out.command(Cmd.START)
        out.command(Cmd.DESYNC)
        await icap.send(out.words)
        assert bool(region(dut)[1]) == accepted, (far, command)


@cocotb.test()
async def many_slots(dut: Any) -> None:
    """Up to 128 slots: what does not fit one frame is in the second, which must be whole then."""
    icap, _ = await start(dut)
    rng = seeded_random("slots")

    def expected(kernels: list[int]) -> tuple[int, int, int]:
        return (0, 1, int.from_bytes(bytes(kernels), "little"))

    for count in (128, 1, 90, 91, 92, 127, 0):
        kernels = [rng.randrange(1, 256) for _ in range(count)]
        assert await icap.download(build_stream(kernels)), count
        assert region(dut) == expected(kernels), count
    full = bitgen.frame_data([rng.randrange(1, 256) for _ in range(128)], 186)
    for data, good in (
        (full, True),
        (full[:185], False),
        (full[:93], False),
        (full + full[:20], True),
        ([*full[:1], 129, *full[2:]], False),
        ([*full[:1], 0x10080, *full[2:]], False),
        ([*full[:129], full[129] | 0x100, *full[130:]], False),
        ([*full[:130], 0xFFFFFFFE, *full[131:]], True),
        ([*full[:1], 91, *full[2:93]], True),
        ([*full[:1], 92, *full[2:93]], False),
    ):
        await icap.send(by_hand("FCSD", data))
        if good:
            assert region(dut) == expected(data[2 : 2 + data[1]]), data[:2]
        else:
            assert region(dut) == UNCONFIGURED, data[:2]


@cocotb.test()
async def crc_error_needs_a_new_stream(dut: Any) -> None:
    """RCRC alone does not forgive a CRC error: a sync word must come first; sync alone does not either."""
    icap, _ = await start(dut)
    await icap.send(by_hand("X"))
    assert region(dut) == UNCONFIGURED
    await icap.send([0x30008001, Cmd.RCRC])
    assert (await icap.fetch(1))[0] & 0x80 == 0
    await icap.send([DUMMY, SYNC])
    assert (await icap.fetch(1))[0] & 0x80 == 0
    await icap.send([0x30008001, Cmd.RCRC])
    assert (await icap.fetch(1))[0] & 0x80


@cocotb.test()
async def unfinished_packet_needs_abort(dut: Any) -> None:
    """RESYNC_IN_DATA=0: the next stream vanishes in the unfinished packet; CR abort makes way for it."""
    icap, _ = await start(dut)
    long_one = build_stream([1], words=1000)
    assert not await icap.download(long_one[: 100 * 4])
    assert not await icap.download(build_stream([1]))
    assert region(dut) == UNCONFIGURED
    await icap.write(model.CR, model.CR_ABORT)
    assert await icap.download(build_stream([1]))


@cocotb.test()
async def fifo_limits(dut: Any) -> None:
    """Vacancy and occupancy count; a full write FIFO loses words; a full read FIFO holds a read."""
    icap, _ = await start(dut)
    words = [DUMMY] * (WRITE_DEPTH - 2) + [SYNC, NOP]
    for count, word in enumerate(words):
        if count % 50 == 0 or count > WRITE_DEPTH - 4:
            assert await icap.read(model.WFV) == WRITE_DEPTH - count
        await icap.write(model.WF, word)
    assert await icap.read(model.WFV) == 0
    await icap.write(model.WF, 0x28018001)
    await icap.command(model.CR_WRITE)
    assert await icap.read(model.WFV) == WRITE_DEPTH
    assert await icap.fetch(1) == [0xFFFFFFDF], "the read packet was lost: status word, synchronised"

    await icap.send([0x28018000 | READ_DEPTH + 3, NOP])
    await icap.write(model.SZ, READ_DEPTH + 3)
    await icap.write(model.CR, model.CR_READ)
    await ClockCycles(dut.clk, READ_DEPTH + 10)
    assert await icap.read(model.RFO) == READ_DEPTH
    assert await icap.read(model.CR) == model.CR_READ, "waits for room"
    for _ in range(READ_DEPTH + 3):
        assert await icap.read(model.RF) == IDCODE
    assert await icap.read(model.CR) == 0
    assert await icap.read(model.RFO) == 0 and await icap.read(model.RF) == 0
    await icap.write(model.SZ, 0)
    await icap.command(model.CR_READ)
    assert await icap.read(model.RFO) == 0


@cocotb.test()
async def control_bits(dut: Any) -> None:
    """CR: FIFO clear, software reset, the RP sequence 8-0-4-0; an empty FIFO ends a write at once."""
    icap, _ = await start(dut)
    await icap.command(model.CR_WRITE)
    for command in (model.CR_CLEAR, model.CR_RESET):
        for _ in range(5):
            await icap.write(model.WF, 0x12345678)
        await icap.fetch(3) if command == model.CR_RESET else None
        await icap.write(model.IER, 0xF)
        await icap.write(model.CR, command)
        assert await icap.read(model.WFV) == WRITE_DEPTH
        assert await icap.read(model.CR) == 0
        assert await icap.read(model.IER) == (0xF if command == model.CR_CLEAR else 0)
    for value in (8, 0, 4, 0):
        await icap.write(model.CR, value)
    assert await icap.download(build_stream([1]))
    # A clear in the middle of sending stops it; the engine waits in its packet.
    words = bitgen.unpack(build_stream([2]))
    for word in words[:200]:
        await icap.write(model.WF, word)
    await icap.write(model.CR, model.CR_WRITE)
    await ClockCycles(dut.clk, 60)
    await icap.write(model.CR, model.CR_CLEAR)
    assert await icap.read(model.CR) == 0
    assert region(dut) == UNCONFIGURED
    assert await icap.download(build_stream([2]))


@cocotb.test()
async def abort_command(dut: Any) -> None:
    """CR abort: FIFOs empty, out of packet and sync; ASR keeps the status byte from before it."""
    icap, _ = await start(dut)
    assert await icap.download(build_stream([1]))
    await icap.send(bitgen.unpack(build_stream([2], truncate=True)))
    await icap.write(model.WF, DUMMY)
    await icap.write(model.CR, model.CR_ABORT)
    assert await icap.read(model.ASR) == 0xDF
    assert await icap.read(model.WFV) == WRITE_DEPTH
    assert await icap.fetch(1) == [0xFFFFFF9F]
    assert region(dut) == UNCONFIGURED
    await icap.send([NOP, 0x28018001, NOP])
    assert await icap.fetch(1) == [0xFFFFFF9F], "packets need a sync word again"
    assert await icap.download(build_stream([2]))


@cocotb.test()
async def interrupts(dut: Any) -> None:
    """ISR bits set at their edges and toggle on write; GIER and IER gate the output."""
    icap, _ = await start(dut)
    half = WRITE_DEPTH // 2
    for count in range(half):
        await icap.write(model.WF, DUMMY)
        if count in (0, half - 1):
            assert await icap.read(model.ISR) == 0
    await icap.command(model.CR_WRITE)
    assert await icap.read(model.ISR) == 0b0101, "below half, then empty"
    assert not int(dut.irq.value)
    await icap.write(model.GIER, 0xFFFFFFFF)
    assert await icap.read(model.GIER) == 1 << 31
    assert not int(dut.irq.value)
    await icap.write(model.IER, 0b0100)
    assert int(dut.irq.value)
    await icap.write(model.ISR, 0b0110)
    assert await icap.read(model.ISR) == 0b0011, "toggled"
    assert not int(dut.irq.value)
    await icap.write(model.ISR, 0b0011)
    await icap.write(model.SZ, READ_DEPTH)
    await icap.command(model.CR_READ)
    assert await icap.read(model.ISR) == 0b1010, "more than half, full"


class Streams:
    """Random streams: mostly good ones, with noise packets, wrong orders and damaged words."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def noise(self, out: StreamWriter) -> None:
        """Packets that must change nothing but registers."""
        rng = self.rng
        for _ in range(rng.choice([0, 1, 2, 3, 5])):
            kind = rng.randrange(6)
            values = [rng.getrandbits(32) for _ in range(rng.randrange(1, 4))]
            register = rng.choice([Reg.COR0, Reg.MASK, Reg.CTL0, Reg.AXSS, Reg.TIMER, Reg.LOUT])
            if kind == 0:
                out.raw(*[rng.choice([NOP, DUMMY])] * rng.randrange(1, 4))
            elif kind == 1:
                out.write_long(register, values)
            elif kind == 2:
                out.read(rng.choice(list(Reg)), rng.randrange(3))
            elif kind == 3:
                out.read(rng.choice([Reg.STAT, Reg.IDCODE]), 0)
                out.raw(0x48000000 | rng.randrange(4))
            elif kind == 4:
                out.command(rng.choice([Cmd.NULL, Cmd.RCFG, Cmd.RCRC, Cmd.GRESTORE, Cmd.LFRM]))
            else:
                out.write(register, *values)

    def check(self, out: StreamWriter, good: float) -> None:
        """A CRC word, of a type-1 or a type-2 packet."""
        value = out.crc ^ (0 if self.chance(good) else 1 << self.rng.randrange(32))
        if self.chance(0.5):
            out.write(Reg.CRC, value)
        else:
            out.write_long(Reg.CRC, [value])
        if value == out.crc:
            out.crc = 0

    def command(self, out: StreamWriter, command: int) -> None:
        """A command, now and then by a type-2 packet."""
        if self.chance(0.8):
            out.command(command)
        else:
            out.write_long(Reg.CMD, [command])
            out.crc = 0 if command == Cmd.RCRC else out.crc

    def frame(self, out: StreamWriter) -> None:
        """Frame data in one or several packets."""
        rng = self.rng
        slots = rng.randrange(1 + min(NUM_SLOTS, rng.choice([4, 4, 92, 128])))
        frames = 1 if slots <= 91 else 2
        data = bitgen.frame_data([rng.randrange(256) for _ in range(slots)], 93 * frames + rng.randrange(17))
        if self.chance(0.05):
            data[rng.randrange(3)] ^= 1 << rng.randrange(32)
        if self.chance(0.5):
            out.write_long(Reg.FDRI, data)
        else:
            cut = rng.randrange(1, len(data))
            out.write(Reg.FDRI, *data[:cut])
            self.noise_between(out)
            out.write_long(Reg.FDRI, data[cut:])

    def noise_between(self, out: StreamWriter) -> None:
        """Between two frame packets: padding, or (seldom) another register."""
        out.raw(*[NOP] * self.rng.randrange(3))
        if self.chance(0.1):
            out.write(self.rng.choice([Reg.COR0, Reg.FAR]), 0)

    def stream(self) -> list[int]:
        """The words of one stream."""
        rng, out = self.rng, StreamWriter()
        if self.chance(0.9):
            out.preamble(sync=self.chance(0.95))
        else:
            out.raw(DUMMY, SYNC)
        if self.chance(0.95):
            self.command(out, Cmd.RCRC)
        self.noise(out)
        if self.chance(0.2):
            self.check(out, 0.1)
        if self.chance(0.95):
            wrong = 1 << rng.randrange(32) if self.chance(0.2) else 0
            packet = out.write if self.chance(0.7) else lambda reg, word: out.write_long(reg, [word])
            packet(Reg.IDCODE, IDCODE ^ wrong)
        self.noise(out)
        if self.chance(0.97):
            self.command(out, Cmd.WCFG)
        out.write(Reg.FAR, rng.getrandbits(8) if self.chance(0.03) else 0)
        for _ in range(rng.choice([0, 1, 1, 1, 1, 1, 1, 2])):
            self.frame(out)
        self.noise(out)
        if self.chance(0.95):
            self.check(out, 0.9)
        self.command(out, Cmd.LFRM)
        if self.chance(0.1):
            out.write(Reg.FAR, rng.getrandbits(20))
        if self.chance(0.97):
            self.command(out, Cmd.START)
        self.noise(out)
        if self.chance(0.5):
            self.check(out, 0.95)
        if self.chance(0.95):
            self.command(out, Cmd.DESYNC)
        out.raw(*[NOP] * rng.randrange(4))
        return out.words

    def damaged(self, words: list[int]) -> list[int]:
        """The words with one fault of transport."""
        rng, at = self.rng, self.rng.randrange(len(words))
        kind = rng.randrange(6)
        if kind == 0:
            words[at] ^= 1 << rng.randrange(32)
        elif kind == 1:
            del words[at : at + rng.randrange(1, 4)]
        elif kind == 2:
            del words[at:]
        elif kind == 3:
            words[at:at] = [rng.choice([rng.getrandbits(32), DUMMY, SYNC, NOP])] * rng.randrange(1, 3)
        elif kind == 4:
            words[at:at] = [DUMMY, SYNC]
        else:
            words[:] = [word for word in words if word != SYNC]
        return words

    def readback(self) -> list[int]:
        """A short stream that only reads, with or without an end."""
        out = StreamWriter()
        out.raw(DUMMY, SYNC, NOP)
        out.read(self.rng.choice(list(Reg)), self.rng.randrange(1, 4))
        out.raw(NOP, NOP)
        if self.chance(0.5):
            out.command(Cmd.DESYNC)
        return out.words


@cocotb.test()
async def random_lockstep(dut: Any) -> None:
    """Random streams through the registers against the model; then the coverage must be there."""
    rng = seeded_random("hwicap")
    icap, lockstep = await start(dut)
    icap.slow_down(random.Random(rng.random()), 0.1)
    streams = Streams(random.Random(rng.random()))
    for count in range(MAX_STREAMS):
        if count >= MIN_STREAMS and not uncovered():
            break
        words = streams.readback() if rng.random() < 0.2 else streams.stream()
        if rng.random() < 0.35:
            words = streams.damaged(words)
        while words:
            part = rng.choice([len(words), len(words), rng.randrange(1, 40)])
            await icap.send(words[:part])
            words = words[part:]
            if rng.random() < 0.4:
                await disturb(icap, rng)
        await icap.read(model.SR)
        if rng.random() < 0.3:
            await icap.register(rng.choice(list(Reg)))
    report(dut, lockstep)


async def disturb(icap: Icap, rng: random.Random) -> None:
    """Register accesses in the middle of a stream."""
    for _ in range(rng.randrange(1, 5)):
        choice = rng.randrange(20)
        if choice < 6:
            await icap.read(
                rng.choice([model.SR, model.WFV, model.RFO, model.CR, model.ISR, model.ASR, model.RF])
            )
        elif choice < 10:
            await icap.write(rng.choice([model.IER, model.GIER, model.ISR]), rng.getrandbits(32))
        elif choice < 17:
            count = rng.randrange(READ_DEPTH - 2)
            await icap.write(model.SZ, count)
            await icap.write(model.CR, model.CR_READ)
            for _ in range(rng.randrange(count + 2)):
                await icap.read(model.RF)
        elif choice == 17:
            await icap.write(model.WF, NOP)
            await icap.write(model.CR, rng.randrange(4))
        elif choice == 18:
            await icap.write(model.CR, model.CR_CLEAR)
        elif rng.random() < 0.5:
            await icap.write(model.CR, rng.choice([model.CR_RESET, model.CR_ABORT, 0x18]))
    await icap.write(model.CR, model.CR_CLEAR)


GOALS = {f"icap.{name}": 100 for name in ("packet", "sync", "register", "command", "error", "end", "state")}
GOALS |= {"icap.packet_state": 75, "icap.register_state": 75, "icap.command_state": 85}


def uncovered() -> list[str]:
    """Coverage items below their goal."""
    return [name for name, goal in GOALS.items() if coverage_db[name].cover_percentage < goal]


def report(dut: Any, lockstep: Lockstep) -> None:
    """Print the coverage and require it."""
    counts = (lockstep.cycles, lockstep.words, lockstep.reads)
    dut._log.info("%d cycles, %d words, %d reads compared", *counts)
    for name, goal in GOALS.items():
        item = coverage_db[name]
        missing = [key for key, hits in item.detailed_coverage.items() if not hits]
        dut._log.info("coverage %s %.0f %% (goal %d), missing %s", name, item.cover_percentage, goal, missing)
    assert not uncovered(), f"not covered: {uncovered()}"
    assert lockstep.reads > 500
