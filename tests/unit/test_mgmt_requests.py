# SPDX-License-Identifier: Apache-2.0
"""Requests to the management PF from a bare mailbox: what each opcode answers, and what is never answered."""

from __future__ import annotations

import errno
import os
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID as TextUuid

import pytest

from pydriver.errors import fail
from pydriver.mailbox import Opcode
from pydriver.mailbox.messages import (
    BitstreamKaddr,
    ClockFreqscaling,
    P2pBarAddr,
    pack_request,
)
from pydriver.xclbin import NULL_UUID, SectionKind, parse
from pydriver.xclmgmt import Providers
from pydriver.xclmgmt.server import LENGTH_AT, UUID_AT
from tests.models.card import Card
from tests.unit.mgmt_rig import pair, settle
from tests.unit.rig import DEMO, SECOND, Rig, changed, device_tree, raises, without

UUID = parse(DEMO).uuid
INTERFACE = "937ed70867cf3350bc06304053f4293c"
PASSTHROUGH_ROM = 0x1_000D | 1 << 22
SEED = int(os.environ.get("SEED", "1"))

NEEDS = {
    Opcode.LOAD_XCLBIN: 496,
    Opcode.RECLOCK: 12,
    Opcode.PEER_DATA: 32,
    Opcode.SDR_DATA: 32,
    Opcode.USER_PROBE: 24,
}


@dataclass
class Wizards:
    """Clock wizards that remember."""

    error: int = 0
    asked: list[list[int]] = field(default_factory=list)

    async def frequencies(self) -> Sequence[int]:
        return 300, 500

    async def counters(self) -> Sequence[int]:
        return 300_001, 499_998

    async def scale(self, frequencies: Sequence[int]) -> None:
        self.asked.append(list(frequencies))
        if self.error:
            raise fail(self.error, "the wizard says no")


def length(value: int) -> bytes:
    """The demo image with another length in its header."""
    return DEMO[:LENGTH_AT] + struct.pack("<Q", value) + DEMO[LENGTH_AT + 8 :]


# --- what is dropped ------------------------------------------------------------------------------------


@pytest.mark.parametrize("opcode", NEEDS, ids=lambda opcode: opcode.name)
def test_a_short_payload_is_never_answered(opcode: Opcode) -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig)
        for size in {0, 1, NEEDS[opcode] - 1}:
            await bare.unanswered(opcode, bytes(size))

    rig.run(main())
    assert rig.said("mgmt.server", f"drops {opcode.name}: {NEEDS[opcode] - 1} bytes are too few")


@pytest.mark.parametrize(
    "opcode", [Opcode.UNKNOWN, Opcode.LOCK_BITSTREAM, Opcode.UNLOCK_BITSTREAM, 17, 63, 64]
)
def test_what_has_no_handler_is_logged_and_dropped(opcode: int) -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig)
        await bare.unanswered(opcode, bytes(24))

    rig.run(main())
    name = Opcode(opcode).name if opcode < 17 else f"opcode {opcode}"
    assert rig.said("mgmt.server", f"drops {name}")


def test_messages_shorter_than_a_header_do_no_harm() -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig)
        for size in range(16):
            await bare.push(pack_request(Opcode.HOT_RESET, b"")[:size])
        await settle(rig)
        assert (await bare.probe()).conn_flags == 1

    rig.run(main())
    assert not rig.said("mgmt.reset", "hot reset")


# --- images ---------------------------------------------------------------------------------------------


def test_an_image_by_content() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        assert await bare.number(Opcode.LOAD_XCLBIN, DEMO + b"behind the image") == 0
        assert mgmt.downloader.bitstream.uuid == UUID
        assert await bare.number(Opcode.LOAD_XCLBIN, changed(feature_rom_timestamp=1)) == -errno.EOPNOTSUPP
        assert await bare.number(Opcode.LOAD_XCLBIN, b"xclbin1\0" + DEMO[8:]) == -errno.EINVAL
        mgmt.downloader.bitstream.lock(UUID)
        assert await bare.number(Opcode.LOAD_XCLBIN, DEMO) == -errno.EBUSY
        assert (await bare.icap())[72:88] == UUID

    rig.run(main())


@pytest.mark.parametrize(
    ("claimed", "answer"),
    [
        (len(DEMO) + 1, None),
        (1 << 40, None),
        ((1 << 64) - 1, None),
        (0, -errno.EINVAL),
        (8, -errno.EINVAL),
        (495, -errno.EINVAL),
        (496, -errno.EINVAL),
        (5408 + 127, -errno.EINVAL),  # cuts the last section
    ],
)
def test_an_image_that_lies_about_its_length(claimed: int, answer: int | None) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        await mgmt.download(DEMO)
        if answer is None:
            await bare.unanswered(Opcode.LOAD_XCLBIN, length(claimed))
        else:
            assert await bare.number(Opcode.LOAD_XCLBIN, length(claimed)) == answer
        assert mgmt.downloader.bitstream.uuid == UUID, "what was loaded stays"

    rig.run(main())


def test_an_image_by_address() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        memory = rig.platform.memory
        at = memory.alloc(len(DEMO))
        memory.write(at, DEMO)
        kaddr = BitstreamKaddr(at).pack()
        await bare.probe()
        await bare.unanswered(Opcode.LOAD_XCLBIN_KADDR, kaddr)
        assert mgmt.downloader.bitstream.uuid == NULL_UUID, "not from another domain"
        await bare.same_domain()
        assert await bare.number(Opcode.LOAD_XCLBIN_KADDR, kaddr) == 0
        assert mgmt.downloader.bitstream.uuid == UUID
        assert await bare.number(Opcode.LOAD_XCLBIN_KADDR, kaddr + b"more") == 0

    rig.run(main())


@pytest.mark.parametrize("addr", [0, 1, 8, 0xFFFF_8880_0000_0000, (1 << 64) - 1, (1 << 64) - 496])
def test_a_wild_pointer_is_not_followed(addr: int) -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig)
        await bare.same_domain()
        with raises(errno.ETIME):
            await bare.mailbox.request(
                Opcode.LOAD_XCLBIN_KADDR, BitstreamKaddr(addr).pack(), response_ttl_s=1
            )
        await bare.same_domain()
        with raises(errno.ETIME):
            await bare.mailbox.request(Opcode.LOAD_XCLBIN_KADDR, bytes(7), response_ttl_s=1)

    rig.run(main())


@pytest.mark.parametrize(
    ("claimed", "answer"),
    [
        (0, -errno.ENOMEM),
        (1 << 40, -errno.ENOMEM),
        ((1 << 64) - 1, -errno.ENOMEM),
        (1, -errno.EINVAL),
        (496, -errno.EINVAL),
    ],
)
def test_an_image_in_memory_that_lies_about_its_length(claimed: int, answer: int) -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig)
        memory = rig.platform.memory
        at = memory.alloc(len(DEMO))
        memory.write(at, length(claimed))
        await bare.same_domain()
        assert await bare.number(Opcode.LOAD_XCLBIN_KADDR, BitstreamKaddr(at).pack()) == answer

    rig.run(main())


def test_the_stored_image_is_loaded_in_place_of_the_fake(tmp_path: Path) -> None:
    rig = Rig()
    fake = without(SectionKind.BITSTREAM)
    fake = fake[:UUID_AT] + UUID + fake[UUID_AT + 16 :]
    folder = tmp_path / "xilinx" / "xclbins"
    folder.mkdir(parents=True)
    name = f"{TextUuid(bytes=UUID)}_{INTERFACE}.xclbin"

    async def main() -> None:
        mgmt, bare = await pair(rig, firmware_dir=tmp_path, shell=device_tree([INTERFACE, "0" * 32]))
        assert await bare.number(Opcode.LOAD_XCLBIN, fake) == -errno.EINVAL, "no bitstream"
        await mgmt.attributes.write("config_xclbin_change", "1\n")
        assert await bare.number(Opcode.LOAD_XCLBIN, fake) == -errno.ENOENT
        assert mgmt.downloader.bitstream.uuid == NULL_UUID
        (folder / name).write_bytes(DEMO)
        assert await bare.number(Opcode.LOAD_XCLBIN, fake) == 0
        assert mgmt.downloader.bitstream.uuid == UUID
        (folder / name).write_bytes(b"rubbish")
        assert await bare.number(Opcode.LOAD_XCLBIN, fake) == -errno.EINVAL
        await mgmt.download(DEMO)

    rig.run(main())


def test_a_legacy_shell_has_no_stored_images(tmp_path: Path) -> None:
    rig = Rig()

    async def main() -> None:
        _, bare = await pair(rig, firmware_dir=tmp_path, config_xclbin_change=True)
        assert await bare.number(Opcode.LOAD_XCLBIN, DEMO) == -errno.EINVAL

    rig.run(main())
    assert rig.said("mgmt.server", "no interface uuid")


# --- clocks ---------------------------------------------------------------------------------------------


def reclock(*frequencies: int) -> bytes:
    """As the user PF sends it: 36 bytes, of which 12 are meant."""
    return struct.pack("<I4H", 0, *frequencies) + b"\xff" * (ClockFreqscaling.SIZE - 12)


def test_reclock_without_wizards() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        assert await bare.number(Opcode.RECLOCK, reclock(300, 0, 0, 0)) == -errno.EDOM, "nothing is loaded"
        await mgmt.download(DEMO)
        assert await bare.number(Opcode.RECLOCK, reclock(300, 500, 0, 0)) == -errno.ENODEV
        assert await bare.number(Opcode.RECLOCK, reclock(0, 0, 0, 0)) == -errno.ENODEV

    rig.run(main())


def test_reclock_within_what_the_image_was_built_for() -> None:
    rig = Rig()
    wizards = Wizards()

    async def main() -> None:
        mgmt, bare = await pair(rig, providers=Providers(clocks=wizards))
        await mgmt.download(DEMO)
        assert await bare.number(Opcode.RECLOCK, reclock(300, 10, 0, 0)) == 0
        assert await bare.number(Opcode.RECLOCK, reclock(0, 500, 0, 0)[:12]) == 0
        for bad in ((301, 0, 0, 0), (0, 501, 0, 0), (9, 0, 0, 0), (0, 0, 10, 0), (0, 0, 0, 10)):
            assert await bare.number(Opcode.RECLOCK, reclock(*bad)) == -errno.EDOM
        wizards.error = errno.EBUSY
        assert await bare.number(Opcode.RECLOCK, reclock(200, 0, 0, 0)) == -errno.EBUSY
        wizards.error = 0
        with mgmt.downloader.bitstream.writer():
            assert await bare.number(Opcode.RECLOCK, reclock(200, 0, 0, 0)) == -errno.EBUSY
        rig.card.calibration.after = 1000
        assert await bare.number(Opcode.RECLOCK, reclock(200, 0, 0, 0)) == -errno.ETIMEDOUT

    rig.run(main())
    assert wizards.asked == [[300, 10, 0, 0], [0, 500, 0, 0], [200, 0, 0, 0], [200, 0, 0, 0]]


# --- peer to peer addresses ---------------------------------------------------------------------------------


async def offer_translation(card: Card, vsec: int = 0x40) -> None:
    """Configuration space of a card with the capability, behind another one."""
    await card.mgmt.config_write32(0x100, 0x180 << 20 | 0x0001)
    await card.mgmt.config_write32(0x180, 0x000B)
    await card.mgmt.config_write32(0x184, vsec)


async def translation(card: Card) -> list[int]:
    return [await card.mgmt.config_read32(at) for at in (0x188, 0x18C, 0x190, 0x194)]


def test_translation_of_peer_to_peer_addresses() -> None:
    rig = Rig()
    rig.card.set_rom(features=PASSTHROUGH_ROM)

    async def main() -> None:
        await offer_translation(rig.card)
        await rig.card.mgmt.config_write32(0x188, 0xABCDEF00)
        mgmt, bare = await pair(rig)
        ask = P2pBarAddr(0x12_3456_0000, 0x4_0000_0000)
        assert await bare.number(Opcode.READ_P2P_BAR_ADDR, ask.pack()) == 0
        assert await translation(rig.card) == [0xABCDEF01, 0x3455_3456, 0x12, 0x16]
        await bare.unanswered(Opcode.READ_P2P_BAR_ADDR, bytes(15))
        assert await bare.number(Opcode.READ_P2P_BAR_ADDR, bytes(16)) == 0
        assert await translation(rig.card) == [0xABCDEF00, 0, 0, 0]
        assert await bare.number(Opcode.READ_P2P_BAR_ADDR, P2pBarAddr(1 << 63, (1 << 64) - 1).pack()) == 0
        assert await translation(rig.card) == [0xABCDEF01, 0xFFFF_0000, 0x8000_0000, 0x7FFF_FFFF]
        await mgmt.remove()
        assert await translation(rig.card) == [0xABCDEF00, 0, 0, 0]

    rig.run(main())


@pytest.mark.parametrize("why", ["not offered", "no capability", "another vsec", "a loop of capabilities"])
def test_without_translation_nothing_is_written(why: str) -> None:
    rig = Rig()
    rig.card.set_rom(features=0x1_000D if why == "not offered" else PASSTHROUGH_ROM)

    async def main() -> None:
        if why != "no capability":
            await offer_translation(rig.card, 0x20 if why == "another vsec" else 0x40)
        if why == "a loop of capabilities":
            await rig.card.mgmt.config_write32(0x180, 0x100 << 20 | 0x0002)
        _, bare = await pair(rig)
        before = await translation(rig.card)
        assert await bare.number(Opcode.READ_P2P_BAR_ADDR, P2pBarAddr(1 << 32, 1 << 20).pack()) == 0
        if why == "not offered":
            assert await bare.number(Opcode.READ_P2P_BAR_ADDR) == 0, "and nothing is looked at"
        assert await translation(rig.card) == before

    rig.run(main())


# --- anything ---------------------------------------------------------------------------------------------


def test_anything_from_the_other_side_is_survived() -> None:
    print(f"SEED={SEED}")
    rig = Rig()
    rig.card.set_rom(features=PASSTHROUGH_ROM)
    rng = random.Random(SEED)
    interesting = [0, 1, 8, 31, 32, 39, 40, 41, 495, 496, 4096, 1 << 31, 1 << 32, 1 << 63, (1 << 64) - 1]
    quiet = {Opcode.HOT_RESET, Opcode.MGMT_STATE}

    def payload(opcode: int) -> bytes:
        if opcode in (Opcode.PEER_DATA, Opcode.SDR_DATA) and rng.random() < 0.8:
            numbers = [rng.choice(interesting) for _ in range(3)]
            return struct.pack("<II3Q", rng.randrange(14), rng.getrandbits(32), *numbers)
        if opcode == Opcode.LOAD_XCLBIN and rng.random() < 0.8:
            image = bytearray(DEMO)
            for _ in range(rng.randrange(1, 6)):
                image[rng.randrange(304, 1200)] = rng.randrange(256)
            return bytes(image)
        if rng.random() < 0.3:
            return struct.pack("<2Q", rng.choice(interesting), rng.choice(interesting))
        return rng.randbytes(rng.choice([0, 4, 8, 12, 16, 24, 32, 36, 100]))

    async def main() -> None:
        mgmt, bare = await pair(rig, clear_queue=False)
        await bare.same_domain()
        for _ in range(80):
            opcode = rng.choice([code for code in range(18) if code not in quiet])
            try:
                await bare.mailbox.request(opcode, payload(opcode), max_response=1 << 20, response_ttl_s=60)
            except OSError as error:
                assert error.errno == errno.ETIME
        mgmt.downloader.bitstream.unlock(NULL_UUID)
        assert await bare.number(Opcode.LOAD_XCLBIN, DEMO) == 0
        assert (await bare.icap())[72:88] == UUID

    rig.run(main(), seconds=60_000)


def test_a_driver_that_goes_waits_for_its_download() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        rig.card.calibration.after = 5
        task = rig.clock.spawn(bare.ask(Opcode.LOAD_XCLBIN, DEMO))
        while not mgmt.downloader.bitstream.writing:
            await rig.clock.sleep_ns(SECOND // 100_000)
        await mgmt.remove()
        assert not mgmt.downloader.bitstream.writing and mgmt.downloader.bitstream.uuid == UUID
        assert await task.join() == bytes(4), "and its answer goes out"
        with raises(errno.ENOTTY):
            await mgmt.download(DEMO)
        await settle(rig)
        assert bare.states() == [2]

    rig.run(main())
