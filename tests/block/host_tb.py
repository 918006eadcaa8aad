# SPDX-License-Identifier: Apache-2.0
"""The API of both hosts on the test card: accesses, errors, interrupts, DMA, configuration space."""

from __future__ import annotations

import cocotb

from tb.cocotb_util import seeded_random
from tb.hosts.common import Status
from tests.block.host_setup import HOST, platform

ALL_ONES = 0xFFFF_FFFF
MIB = 1 << 20
DMA = 0x4000
NS = 1000


def limit(count: int) -> int:
    """The conformance host is a hundred times slower."""
    return count if HOST == "fast" else max(count // 20, 3)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def dwords_reach_every_bar(dut) -> None:
    card = await platform(dut)
    rng = seeded_random("dwords")
    expected: dict[tuple[int, int, int], int] = {}
    places = [(f, b) for f, function in card.functions.items() for b in function.bars]
    assert places == [(0, 0), (0, 2), (1, 0), (1, 2), (1, 4)]
    for _ in range(limit(400)):
        function, index = rng.choice(places)
        bar = card.functions[function].bars[index]
        offset = 4 * rng.randrange(2048)
        if rng.random() < 0.5:
            value = rng.getrandbits(32)
            await bar.write32(offset, value)
            expected[function, index, offset] = value
        else:
            assert await bar.read32(offset) == expected.get((function, index, offset), 0)
    for (function, index, offset), value in expected.items():
        assert await card.functions[function].bars[index].read32(offset) == value
    assert not card.host.errors
    assert sum(row[3] + row[4] for row in card.counter.rows()) == limit(400) + len(expected)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def vectors_keep_order(dut) -> None:
    card = await platform(dut)
    rng = seeded_random("vectors")
    bar = card.functions[1].bars[0]
    for size in (1, 7, 8, 9, 63, 64, 65, 130):
        writes = [(4 * rng.randrange(16), rng.getrandbits(32)) for _ in range(limit(size))]
        await bar.write32s(writes)
        last = dict(writes)
        offsets = [4 * rng.randrange(16) for _ in range(limit(size))] + list(last)
        values = await bar.read32s(offsets)
        assert [value for o, value in zip(offsets, values, strict=True) if o in last] == [
            last[o] for o in offsets if o in last
        ]


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def blocks_of_any_size_and_alignment(dut) -> None:
    card = await platform(dut)
    rng = seeded_random("blocks")
    bar = card.functions[1].bars[4]
    shadow = bytearray(8192)
    await bar.write(0, bytes(shadow))  # whatever an earlier test left there
    cases = [(0, 4096), (0, 8192), (1, 1), (3, 2), (4095, 2), (5, 8187), (4, 0), (510, 516), (1, 4096)]
    cases += [
        (start, rng.randrange(8193 - start)) for start in (rng.randrange(8192) for _ in range(limit(60)))
    ]
    for start, length in cases:
        data = rng.randbytes(length)
        await bar.write(start, data)
        shadow[start : start + length] = data
        first = rng.randrange(8192)
        size = rng.randrange(8193 - first)
        assert await bar.read(first, size) == shadow[first : first + size], (first, size)
        assert await bar.read(start, length) == data, (start, length)
    assert not card.host.errors


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def payload_and_request_limits(dut) -> None:
    rng = seeded_random("limits")
    for payload, request in ((0, 0), (1, 2), (2, 1)) if HOST == "fast" else ((0, 0),):
        card = await platform(dut, max_payload=payload, max_read_request=request)
        bar = card.functions[0].bars[2]
        data = rng.randbytes(3001)
        await bar.write(77, data)
        assert await bar.read(77, 3001) == data


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def failed_reads_are_all_ones(dut) -> None:
    card = await platform(dut)
    bar = card.functions[0].bars[0]
    for offset, status in ((0xD0000, Status.UR), (0xE0000, Status.CA)):
        assert await bar.read32(offset) == ALL_ONES
        assert await bar.read(offset + 8, 20) == b"\xff" * 20
        errors = card.host.errors
        assert len(errors) == 2
        assert all(e.status in (status, Status.FAILED) and not e.write for e in errors)
        assert [e.offset for e in errors] == [offset, offset + 8]
        errors.clear()
    await bar.write32(0x100, 0x600D)
    assert await bar.read32s([0x100, 0xD0000, 0x100, 0xE0000]) == [0x600D, ALL_ONES, 0x600D, ALL_ONES]
    assert len(card.host.errors) == 2


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def unanswered_read_times_out(dut) -> None:
    card = await platform(dut)
    bar = card.functions[0].bars[0]
    if HOST == "fast":
        card.host.set_completion_timeout(200)
    await bar.write32(0x20, 0x1234)
    start = card.clock.now_ns()
    assert await bar.read32(0xF0000) == ALL_ONES
    assert 800 <= card.clock.now_ns() - start < 200_000
    assert [e.status for e in card.host.errors] == [Status.TIMEOUT]
    assert await bar.read32(0x20) == 0x1234


@cocotb.test(timeout_time=5, timeout_unit="ms", skip=HOST != "fast")
async def late_completion_is_dropped(dut) -> None:
    card = await platform(dut)
    bar, registers = card.functions[0].bars[0], card.functions[1].bars[2]
    card.host.set_completion_timeout(50)
    await registers.write32(DMA + 0x1C, 400)
    await bar.write32s([(4 * n, 0xA000 + n) for n in range(64)])
    before = card.host.late_completions
    assert await bar.read32(0xB0010) == ALL_ONES
    # Many reads before, while and after the late answer arrives: none may take it for its own.
    for _ in range(10):
        assert await bar.read32s([4 * n for n in range(64)]) == [0xA000 + n for n in range(64)]
    assert card.host.late_completions == before + 1
    assert card.host.unexpected_completions == 0
    # In time it is an ordinary answer.
    card.host.set_completion_timeout(1000)
    assert await bar.read32(0xB0010) == 0x1A7E_0000


@cocotb.test(timeout_time=5, timeout_unit="ms", skip=HOST != "fast")
async def poisoned_data_is_refused(dut) -> None:
    card = await platform(dut)
    assert await card.functions[1].bars[0].read32(0xC0004) == ALL_ONES
    assert card.host.errors[0].status == Status.POISONED


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def interrupts_arrive_per_vector(dut) -> None:
    card = await platform(dut)
    for function in card.functions.values():
        assert await function.enable_msix() == 32
        assert await function.config_read32(0x60) >> 31 == 1
    registers = card.functions[1].bars[2]
    for number, vector in ((0, 0), (1, 0), (0, 31), (1, 7), (1, 7)):
        function = card.functions[number]
        event = function.msix_event(vector)
        assert not event.is_set()
        await registers.write32(DMA + 0x14, vector << 8 | number)
        assert await event.wait(20 * NS)
        event.clear()
        others = [f.msix_event(v) for f in card.functions.values() for v in range(32)]
        assert not any(e.is_set() for e in others)
    assert card.functions[1].interrupts == {0: 1, 7: 2}
    assert not await card.functions[1].msix_event(3).wait(5 * NS)
    # A burst: every message is counted.
    count = limit(40)
    for n in range(count):
        await registers.write32(DMA + 0x14, (n % 32) << 8 | 1)
        await registers.read32(DMA + 0x18)
    await card.clock.sleep_ns(20 * NS)
    assert sum(card.functions[1].interrupts.values()) == 3 + count


@cocotb.test(timeout_time=5, timeout_unit="ms", skip=HOST != "fast")
async def interrupt_fails_while_disabled(dut) -> None:
    card = await platform(dut)
    registers = card.functions[1].bars[2]
    await registers.write32(DMA + 0x14, 1)
    await card.clock.sleep_ns(1 * NS)
    status = await registers.read32(DMA + 0x18)
    assert status >> 16 & 0xFF == 1 and status >> 8 & 0xFF == 0
    await card.functions[1].enable_msix()
    await registers.write32(DMA + 0x14, 1)
    assert await card.functions[1].msix_event(0).wait(1 * NS)


async def dma(card, *, write: bool, address: int, dwords: int, index: int, first=0xF, last=0xF) -> int:
    """Run one request of the card's requester; returns its error code."""
    registers = card.functions[1].bars[2]
    await registers.write32s(
        [
            (DMA, address & ALL_ONES),
            (DMA + 4, address >> 32),
            (DMA + 8, dwords | first << 16 | (last if dwords > 1 else 0) << 20),
            (DMA + 0x10, index),
            (DMA + 0xC, 1 if write else 2),
        ]
    )
    for _ in range(1000):
        status = await registers.read32(DMA + 0x18)
        if not status & 1:
            return status >> 4 & 0xF
    raise AssertionError("the requester never finished")


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def card_reads_and_writes_host_memory(dut) -> None:
    card = await platform(dut)
    rng = seeded_random("dma")
    bar = card.functions[0].bars[0]
    region = card.memory.alloc(8192)
    assert region % 4096 == 0 and region
    data = bytearray(rng.randbytes(8192))
    card.memory.write(region, bytes(data))
    assert card.memory.read(region, 8192) == data
    cases = [(0, 1, 0xF, 0), (0, 128, 0xF, 0xF), (4092, 1, 0x6, 0), (4, 3, 0x8, 0x1), (2000, 120, 0xC, 0x7)]
    for _ in range(limit(60)):
        dwords = rng.randrange(2, 129)
        start = 4 * rng.randrange(0, 1025 - dwords)
        first, last = rng.choice((0xF, 0xE, 0xC, 0x8)), rng.choice((0xF, 0x7, 0x3, 0x1))
        cases.append((start, dwords, first, last))
    for start, dwords, first, last in cases:
        block = rng.randbytes(4 * dwords)
        await bar.write(0, block)
        # Host to card: disabled bytes keep what was there.
        assert not await dma(
            card, write=False, address=region + start, dwords=dwords, index=0, first=first, last=last
        )
        got = await bar.read(0, 4 * dwords)
        lead = {0xF: 0, 0xE: 1, 0xC: 2, 0x8: 3, 0x6: 1}[first]
        trail = {0xF: 0, 0x7: 1, 0x3: 2, 0x1: 3, 0: 1 if first == 0x6 else 0}[last]
        end = 4 * dwords - trail
        assert got == block[:lead] + data[start + lead : start + end] + block[end:], (start, dwords)
        # Card to host
        block = rng.randbytes(4 * dwords)
        await bar.write(0, block)
        await dma(card, write=True, address=region + start, dwords=dwords, index=0, first=first, last=last)
        data[start + lead : start + end] = block[lead:end]
        await card.clock.sleep_ns(2 * NS)
        assert card.memory.read(region, 8192) == data, (start, dwords)
    card.memory.free(region)


@cocotb.test(timeout_time=5, timeout_unit="ms", skip=HOST != "fast")
async def card_read_outside_memory_is_unsupported(dut) -> None:
    card = await platform(dut)
    assert await dma(card, write=False, address=card.host.memory_size, dwords=4, index=0) == 2
    assert await dma(card, write=False, address=1 << 40, dwords=4, index=0) == 2
    card.memory.write(0x5000, bytes(range(16)))
    assert await dma(card, write=False, address=0x5000, dwords=4, index=0) == 0
    assert await card.functions[0].bars[0].read(0, 16) == bytes(range(16))


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def disabled_memory_decoding_hides_the_card(dut) -> None:
    card = await platform(dut)
    function = card.functions[1]
    bar = function.bars[0]
    await bar.write32(0x40, 7)
    assert await bar.read32(0x40) == 7
    command = await function.config_read32(4)
    await function.config_write32(4, command & ~2)
    await bar.write32(0x40, 8)
    assert await bar.read32(0x40) == ALL_ONES
    assert await card.functions[0].bars[0].read32(0x40) != ALL_ONES
    await function.config_write32(4, command)
    assert await bar.read32(0x40) == 7
    assert card.host.errors


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def configuration_space_is_a_type_0_header(dut) -> None:
    card = await platform(dut)
    for number, device, sizes in (
        (0, 0x5000, {0: 32 * MIB, 2: 128 << 10}),
        (1, 0x5001, {0: 32 * MIB, 2: 64 << 10, 4: 256 * MIB}),
    ):
        function = card.functions[number]
        read, write = function.config_read32, function.config_write32
        assert await read(0) == device << 16 | 0x10EE
        assert await read(0xC) >> 16 & 0xFF == 0x80
        assert await read(0x2C) & 0xFFFF == 0x10EE
        assert (await read(0x2C) >> 16) & 0xFF == 0x52
        assert await read(4) & 0x10_0006 == 0x10_0006
        for index, size in sizes.items():
            at = 0x10 + 4 * index
            saved = await read(at), await read(at + 4)
            await write(at, ALL_ONES)
            await write(at + 4, ALL_ONES)
            low, high = await read(at), await read(at + 4)
            assert low & 0x7 == 4 and bool(low & 8) == (index == 4)
            assert ((low & ~0xF | high << 32) ^ (1 << 64) - 1) + 1 == size
            await write(at, saved[0])
            await write(at + 4, saved[1])
            assert (saved[0] & ~0xF | saved[1] << 32) % size == 0
            assert function.bars[index].size == size
        found = []
        pointer = await read(0x34) & 0xFF
        while pointer:
            header = await read(pointer)
            found.append(header & 0xFF)
            pointer = header >> 8 & 0xFF
        assert found == [0x01, 0x11, 0x10]
        assert (await read(0x60) >> 16 & 0x7FF) + 1 == 32
        assert await read(0x64) == 0x8002 and await read(0x68) == 0x8FE2


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def tasks_and_events(dut) -> None:
    card = await platform(dut)
    clock = card.clock
    event = clock.event()

    async def setter() -> str:
        await clock.sleep_ns(500)
        event.set()
        return "done"

    start = clock.now_ns()
    task = clock.spawn(setter())
    assert not await event.wait(100)
    assert clock.now_ns() == start + 100
    assert await event.wait(10 * NS)
    assert clock.now_ns() == start + 500
    assert await task.join() == "done" and task.done()

    async def failing() -> None:
        await clock.sleep_ns(10)
        raise OSError(5, "expected")

    try:
        await clock.spawn(failing()).join()
        raise AssertionError("join did not raise")
    except OSError as error:
        assert error.errno == 5
    sleeper = clock.spawn(clock.sleep_ns(10**9))
    await clock.sleep_ns(10)
    sleeper.cancel()
    assert sleeper.done()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def concurrent_users_share_the_port(dut) -> None:
    card = await platform(dut)
    rng = seeded_random("share")

    async def user(number: int) -> None:
        bar = card.functions[number % 2].bars[0]
        base = 0x100 * number
        for n in range(limit(40)):
            await bar.write32(base + 4 * (n % 8), number << 16 | n)
            if rng.random() < 0.3:
                await card.clock.sleep_ns(rng.randrange(1, 50))
            assert await bar.read32(base + 4 * (n % 8)) == number << 16 | n
            data = bytes([number]) * 37
            await bar.write(base + 64, data)
            assert await bar.read(base + 64, 37) == data

    for task in [card.clock.spawn(user(number)) for number in range(4)]:
        await task.join()


@cocotb.test(timeout_time=5, timeout_unit="ms", skip=HOST != "fast")
async def cancelled_access_leaves_the_port_usable(dut) -> None:
    card = await platform(dut)
    bar = card.functions[0].bars[0]
    await bar.write32(0, 0x77)
    task = card.clock.spawn(bar.read32(0xF0000))
    await card.clock.sleep_ns(20)
    task.cancel()
    assert await bar.read32(0) == 0x77


@cocotb.test(timeout_time=5, timeout_unit="ms", skip=HOST != "fast")
async def posted_writes_leave_before_time_moves(dut) -> None:
    card = await platform(dut)
    registers = card.functions[1].bars[2]
    await card.functions[1].enable_msix()
    await registers.write32(DMA + 0x14, 1)
    # Nothing but the event's own wait pushes the write out.
    assert await card.functions[1].msix_event(0).wait(1 * NS)
    await registers.write32(DMA + 0x14, 1 << 8 | 1)
    await cocotb.triggers.Timer(1, "us")
    assert card.functions[1].msix_event(1).is_set()
