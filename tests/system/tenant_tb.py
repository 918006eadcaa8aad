# SPDX-License-Identifier: Apache-2.0
"""Whatever the user function does with its BARs and its mailbox, what is not its own stays as it was.

Hypothesis makes the programs of a hostile tenant and shrinks the one that gets through.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

import cocotb
from cocotb.task import bridge, resume
from hypothesis import HealthCheck, Phase, example, given, note, seed, settings
from hypothesis import strategies as st

from pydriver.mailbox import Mailbox, Opcode, packets
from pydriver.mailbox.messages import OPCODE_MAX, Conn, ConnResp, pack_request
from pydriver.regs import mailbox, mgmt_bar, user_bar
from tests.system.hostile import PRIVATE, place, private_state, tame
from tests.system.rig import ALL_ONES, DEMO, MAILBOX, Rig, stream

WRDATA = user_bar.MAILBOX.base + mailbox.WRDATA.offset
STATUS = user_bar.MAILBOX.base + mailbox.STATUS.offset
CTRL = user_bar.MAILBOX.base + mailbox.CTRL.offset
FULL = mailbox.STATUS.FULL.mask
# A tenant may ask for a reset; whether that is granted is the administrator's mask, and here it is not.
DENIED = 1 << Opcode.HOT_RESET | 1 << Opcode.PROGRAM_SHELL
PIECE = 16
TENANT_PAGES = 4


@dataclass(frozen=True)
class Read:
    bar: int
    offset: int
    length: int


@dataclass(frozen=True)
class Write:
    bar: int
    offset: int
    value: int


@dataclass(frozen=True)
class Blast:
    """Dwords written one behind the other from where the management function has something."""

    base: int
    words: tuple[int, ...]


@dataclass(frozen=True)
class Words:
    """Pushed into the mailbox as they are."""

    words: tuple[int, ...]


@dataclass(frozen=True)
class Message:
    """A request cut into packets; `claimed` is the size its first packet announces, None for the truth."""

    opcode: int
    payload: bytes
    claimed: int | None
    msg_id: int


Step = Read | Write | Blast | Words | Message

_u32 = st.integers(0, 0xFFFF_FFFF)
_bars = st.sampled_from((0, 0, 2, 4))
_SIZES = {0: 32 << 20, 2: 64 << 10, 4: 256 << 20}


@st.composite
def _places(draw: st.DrawFn) -> tuple[int, int]:
    bar = draw(_bars)
    return bar, place(draw(st.randoms(use_true_random=False)), bar, _SIZES[bar]) & ~3


_payloads = st.one_of(
    st.binary(max_size=80),
    # Structures with values that somebody might use as an address, a length or a count.
    st.lists(
        st.sampled_from((0, 1, 4, 64, 104, 496, 1 << 12, 1 << 31, 1 << 40, (1 << 64) - 1)), max_size=8
    ).map(lambda values: struct.pack(f"<{len(values)}Q", *values)),
    # The head of an image whose length is a lie.
    st.integers(0, 1 << 33).map(lambda length: DEMO[:304] + struct.pack("<Q", length) + DEMO[312:500]),
)
_steps = st.one_of(
    st.builds(lambda at, length: Read(*at, length), _places(), st.sampled_from((1, 4, 64, 100))),
    st.builds(lambda at, value: Write(*at, value), _places(), _u32),
    st.builds(
        Blast,
        st.sampled_from([at for at, _ in PRIVATE]),
        st.lists(st.sampled_from((0, 1, 2, 3)) | _u32, min_size=4, max_size=16).map(tuple),
    ),
    st.builds(Words, st.lists(_u32, min_size=1, max_size=20).map(tuple)),
    st.builds(
        Message,
        st.integers(0, OPCODE_MAX + 2) | _u32,
        _payloads,
        st.none() | st.none() | st.integers(0, 600) | _u32,
        st.integers(0, (1 << 64) - 1),
    ),
)
programs = st.lists(_steps, min_size=1, max_size=24)
# Tried first, so that no window of the management function is left to chance.
ZEROS, ONES = ([Blast(at, (word,) * 16) for at, _ in PRIVATE] for word in (0, 0xFFFF_FFFF))


class Tenant:
    """The hostile side: carries out steps, and keeps everything it got to see."""

    def __init__(self, rig: Rig) -> None:
        self._bars = rig.user_function.bars
        self._clock = rig.clock
        self.seen = bytearray()

    async def carry_out(self, step: Step) -> None:
        match step:
            case Read():
                bar = self._bars[step.bar]
                length = min(step.length, bar.size - step.offset)
                self.seen += await bar.read(step.offset, length) + b"|"
            case Write():
                value = tame(step.offset, step.value) if step.bar == 0 else step.value
                await self._bars[step.bar].write32(step.offset, value)
            case Blast():
                places = [(step.base + 4 * index, word) for index, word in enumerate(step.words)]
                await self._bars[0].write32s([(at, tame(at, word)) for at, word in places])
            case Words():
                await self._push(step.words)
            case Message():
                data = pack_request(step.opcode, step.payload)
                for index, packet in enumerate(packets.split(step.msg_id, packets.Flags.REQUEST, data)):
                    words = list(packet)
                    if index == 0 and step.claimed is not None:
                        words[5] = step.claimed
                    await self._push(words)

    async def _push(self, words: tuple[int, ...] | list[int]) -> None:
        for word in words:
            if await self._bars[0].read32(STATUS) & FULL:
                await self._clock.sleep_ns(50_000)
            await self._bars[0].write32(WRDATA, word)


@cocotb.test(timeout_time=3600, timeout_unit="sec")
async def what_is_not_the_tenants_stays_as_it_was(dut) -> None:
    rig = await Rig.power_on(dut)
    mgmt = await rig.mgmt()
    real = stream()
    await mgmt.download(DEMO)
    await mgmt.set_channel_disable(DENIED)
    memory = rig.platform.memory
    pages = [memory.alloc(4096) for _ in range(TENANT_PAGES)]
    for index, page in enumerate(pages):
        memory.write(page, bytes((index + 1,)) * 4096)
    pieces = [real[at : at + PIECE] for at in range(0, len(real) - PIECE, PIECE)]
    secrets = [piece for piece in pieces if len(set(piece)) > PIECE // 2]
    assert len(secrets) > 10
    uuid = mgmt.downloader.bitstream.uuid
    gpio = mgmt_bar.FEATURE_ROM.base

    async def honest_probe() -> None:
        """The same function under an honest driver: the management driver must still answer."""
        channel = Mailbox(rig.clock, rig.user_function.bars[0], user_bar.MAILBOX, MAILBOX, name="honest")
        await channel.start()
        answer = await channel.request(Opcode.USER_PROBE, Conn().pack(), max_response=ConnResp.SIZE)
        assert ConnResp.unpack(answer).conn_flags & 1
        await channel.stop()

    async def survive(program: list[Step]) -> None:
        before = await private_state(rig)
        tenant = Tenant(rig)
        for step in program:
            await tenant.carry_out(step)
        assert await rig.mgmt_function.bars[0].read32(gpio) == 0x786E6C78
        await honest_probe()
        assert await private_state(rig) == before, "a management register changed"
        assert mgmt.downloader.bitstream.uuid == uuid, "the loaded image changed"
        for index, page in enumerate(pages):
            assert memory.read(page, 4096) == bytes((index + 1,)) * 4096, "another tenant's memory changed"
        for secret in secrets:
            assert secret not in tenant.seen, "bytes of the real bitstream were read"

    await honest_probe()
    shared = {window.base for window in user_bar.WINDOWS}
    for at, _ in PRIVATE:
        if at not in shared:
            assert await rig.user_function.bars[0].read32(at) == ALL_ONES, f"the tenant can read {at:#x}"
    number = int(os.environ.get("SEED", "1"))
    cocotb.log.info("seed %d (rerun with SEED=%d)", number, number)
    run = resume(survive)
    count = int(os.environ.get("EXAMPLES", "30"))

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(programs)
    @example(ZEROS)
    @example(ONES)
    def property_holds(program: list[Step]) -> None:
        note(f"{len(program)} steps")
        run(program)

    await bridge(property_holds)()
    # The real content is where it was: the management function can still use the region.
    await mgmt.download(DEMO)
