# SPDX-License-Identifier: Apache-2.0
"""Configuration space and memory allocator of the simulated host, without a simulator."""

import random

import pytest

from cards.xrt_u200 import FUNCTIONS
from tb.hosts.common import Allocator, split_read
from tb.hosts.config_space import ALL_ONES, ConfigSpace, assign_bars, size_bar

MIB = 1 << 20


def spaces() -> list[ConfigSpace]:
    return [ConfigSpace(spec, multifunction=True) for spec in FUNCTIONS]


def test_bars_are_placed_like_the_root_complex_does() -> None:
    functions = spaces()
    assign_bars(functions)
    addresses = [[space.bar_address(bar.index) for bar in space.spec.bars] for space in functions]
    assert addresses == [[0xC000_0000, 0xC200_0000], [0xC400_0000, 0xC600_0000, 1 << 63]]


def test_sizing_restores_the_bar() -> None:
    space = spaces()[1]
    space.write32(0x20, 0x1000_0000)
    space.write32(0x24, 0x8000_0000)
    before = space.read32(0x20), space.read32(0x24)
    assert size_bar(space, 4) == (256 * MIB, True)
    assert (space.read32(0x20), space.read32(0x24)) == before
    assert size_bar(space, 0) == (32 * MIB, False)


def test_only_writable_bits_change() -> None:
    space = spaces()[0]
    for offset in range(0, 0x1000, 4):
        before = space.read32(offset)
        space.write32(offset, ALL_ONES)
        if offset not in (4, 0xC, 0x10, 0x14, 0x18, 0x1C, 0x3C, 0x44, 0x60, 0x78, 0x80):
            assert space.read32(offset) == before, hex(offset)
    assert space.read32(0) == 0x5000_10EE
    with pytest.raises(ValueError, match="aligned"):
        space.read32(2)


def test_power_state_and_command_gate_memory() -> None:
    space = spaces()[0]
    assert not space.memory_enabled and not space.bus_master
    space.write32(4, 6)
    assert space.memory_enabled and space.bus_master
    space.write32(0x44, 3)
    assert not space.memory_enabled and not space.bus_master


def test_split_covers_the_block_within_the_rules() -> None:
    rng = random.Random(1)
    for _ in range(2000):
        address, length, limit = rng.randrange(20000), rng.randrange(9000), rng.choice((128, 256, 512, 4096))
        at = address
        for start, size in split_read(address, length, limit):
            assert start == at and size > 0
            assert start // 4096 == (start + size - 1) // 4096
            assert start % 4 + size <= limit + 3
            at += size
        assert at == address + length


def test_allocator_never_overlaps_and_coalesces() -> None:
    rng = random.Random(2)
    allocator = Allocator(1 << 20)
    live: dict[int, int] = {}
    for _ in range(500):
        if live and rng.random() < 0.5:
            address = rng.choice(sorted(live))
            allocator.free(address)
            del live[address]
            continue
        size, align = rng.randrange(1, 60000), 1 << rng.randrange(14)
        try:
            address = allocator.alloc(size, align)
        except MemoryError:
            continue
        assert address % align == 0 and address >= 4096 and address + size <= 1 << 20
        assert all(address + size <= a or a + s <= address for a, s in live.items())
        live[address] = size
    for address in live:
        allocator.free(address)
    assert allocator.alloc((1 << 20) - 4096) == 4096
    with pytest.raises(MemoryError):
        allocator.alloc(1)
    with pytest.raises(ValueError, match="not allocated"):
        allocator.free(12345)
