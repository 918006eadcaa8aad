# SPDX-License-Identifier: Apache-2.0
"""Random streams of commands for both firmwares: the same for both, whatever their timing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydriver import ert
from pydriver.ert import Feature, Header, Opcode, Type
from tests.models.ert_world import World

SLOT_SIZES = (0x200, 0x240, 0x404, 0x800, 0x1000)
FEW_SLOTS = {1: 0x10000, 2: 0x8000, 3: 0x5554, 7: 0x2490}
"""Slots -> bytes of one. The drivers ask for 4 KiB at most, hence for 16 slots at least."""
QUEUE = 0x10000
MOST_WORDS = 2040
"""Of a packet: its header can count 2047 more, and EXEC_WRITE has words that no slot has."""
LARGE = 131
SETTLE_NS = 60_000
SEGMENTS = 3


@dataclass
class Segment:
    """What happens between two CONFIGUREs.

    `blocking`: special commands that nobody answers, in slots that are then lost. `stats`: CU_STAT within the
    bursts, and once more after them, when its answer does not depend on time.
    """

    features: Feature
    slot_size: int
    units: int
    bursts: list[list[tuple[int, list[int]]]]
    stats: bool = False
    blocking: list[tuple[int, list[int]]] = field(default_factory=list)


@dataclass
class Stream:
    """Segments, and what they contain: (kind of packet, size class) and facts."""

    segments: list[Segment] = field(default_factory=list)
    cover: Counter[str] = field(default_factory=Counter)


KINDS = ("start", "exec_write", "key_val", "fa", "init", "other_opcode", "other_type")


def _packet(rng: random.Random, kind: str, room: int, token: int) -> tuple[list[int], int]:
    """(words as in a slot, words of the register map). `token` makes the command's registers its own."""
    masks = rng.choice((0, 0, 0, 1, 2, 3))
    room -= 2 + masks
    count = rng.choice((0, 1, 2, 5, 9, room - 4)) if rng.random() < 0.7 else rng.randint(0, room - 4)
    values = [rng.getrandbits(32) for _ in range(count)]
    extra = [rng.getrandbits(32) for _ in range(masks)]
    if kind == "exec_write":
        pairs = [(0x10, token)] + [(0x10 + 4 * rng.randrange(64), value) for value in values[: room // 2 - 1]]
        return ert.slot_words(ert.exec_write(0, pairs, extra), 0), 2 * len(pairs)
    body = [0, 0, 0, 0, token, *values][:room]
    opcodes = {
        "start": Opcode.START_CU,
        "key_val": Opcode.START_KEY_VAL,
        "fa": Opcode.START_FA,
        "init": Opcode.INIT_CU,
        "other_opcode": rng.choice((1, 9, 20, 31)),
        "other_type": Opcode.START_CU,
    }
    kind_type = rng.choice((Type.SCU, 7)) if kind == "other_type" else Type.CU
    header = Header(opcodes[kind], kind_type, 1 + masks + len(body), custom=masks << 6)
    return [header.pack(), 0, *extra, *body], len(body)


def make(
    rng: random.Random, choices: list[Feature], units: range, cached: bool, sizes: Sequence[int] = ()
) -> Stream:
    """A stream whose segments take their features from `choices` and use as many units as
    `units` says; `sizes`: bytes of their slots, falling, or any.

    `cached`: all of them mean the cached path, on which every type is a command for a unit. Slots do not get
    larger: a doorbell left over from more slots makes the vendor's firmware write where it should not.
    """
    stream = Stream()
    sizes = sizes or sorted((rng.choice(SLOT_SIZES) for _ in range(SEGMENTS)), reverse=True)
    token = 1
    for size in sizes:
        features = rng.choice(choices)
        used = units[-1] if Feature.CDMA in features else rng.choice(units)
        # Slot 0 is the driver's own. With one slot there is no other, but it is never on the cached path:
        # there firmware v30 starts nothing from it, and v20 does not continue the unit.
        slots = list(range(1, min(QUEUE // size, 128))) or [0] * (not cached)
        blocking = []
        if not cached and len(slots) > 2 and rng.random() < 0.6:
            lost, target = rng.sample(slots, 2)
            slots = [slot for slot in slots if slot not in (lost, target)]
            unknown = Header(rng.choice((8, 9, 10, 30)), rng.choice((Type.CTRL, Type.SCU))).pack()
            words = rng.choice(([unknown], ert.slot_words(ert.abort_slot(target))))
            blocking.append((lost, words))
            stream.cover["blocked slot"] += 1
        bursts = []
        for _ in range(rng.randint(1, 3) if slots else 0):
            burst = []
            for slot in rng.sample(slots, min(rng.randint(1, 8), len(slots))):
                kind = rng.choice([k for k in KINDS if cached or k != "other_type"])
                words, body = _packet(rng, kind, min(size // 4, MOST_WORDS), token)
                words[1] = rng.randrange(used)
                token += 1
                burst.append((slot, words))
                stream.cover[kind] += 1
                stream.cover["large" if body >= LARGE else "empty" if body <= 5 else "middle"] += 1
            bursts.append(burst)
        stats = not (cached and Feature.CQ_INT in features) and (not slots or rng.random() < 0.5)
        stream.cover[f"slots of {size:#x}"] += 1
        stream.cover["one unit" if used == 1 else "units"] += 1
        stream.cover["stats"] += stats
        stream.segments.append(Segment(features, size, used, bursts, stats, blocking))
    return stream


async def run(world: World, stream: Stream) -> None:
    """Play a stream: every burst is in the queue at once, and waited for."""
    await world.boot()
    for segment in stream.segments:
        world.features = segment.features
        await world.configure(segment.slot_size, units=segment.units)
        for slot, words in segment.blocking:
            await world.host.submit(slot, words)
        for burst in segment.bursts:
            for slot, words in burst:
                await world.host.submit(slot, words)
            if segment.stats and all(slot for slot, _ in burst):
                await world.host.submit(0, ert.slot_words(ert.cu_stat()))
                await world.host.wait(0)
            for slot, _ in burst:
                await world.host.wait(slot)
        await world.kernel.sleep(SETTLE_NS)
        if segment.stats:
            await world.host.submit(0, ert.slot_words(ert.cu_stat()))
            await world.host.wait(0)
        await world.kernel.sleep(SETTLE_NS)
        assert await world.host.collect() == [], "something completed twice"
