# SPDX-License-Identifier: Apache-2.0
"""What the driver tests share: a platform in virtual time with the model card, and images of all kinds."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from firmware_model import images
from pydriver.mailbox import MailboxOptions
from pydriver.platform.virtual import VirtualPlatform
from pydriver.xclbin import Axlf, Content, Header, Mode, SectionKind, assemble, parse
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import KdsFlags, UserOptions, Xocl
from pydriver.xrt import BO, Device, Kernel, State
from tests.models import kernels
from tests.models.card import Card
from tests.unit.raising import raises  # noqa: F401 (the tests know it from here)
from tools.mkxclbin import make_xclbin

T = TypeVar("T")
SECOND = 1_000_000_000
MGMT = MgmtOptions(sched_image=images.build())
POLLED = MailboxOptions(interrupt=False, sleepless_tx=True)
DEMO = make_xclbin()


class Rig:
    """One card and what the drivers said about it."""

    def __init__(self) -> None:
        self.platform = VirtualPlatform()
        self.clock = self.platform.clock
        self.card = Card(self.platform)
        self.events: list[tuple[int, str, str]] = []

    def on_event(self, source: str, text: str) -> None:
        self.events.append((self.clock.now_ns(), source, text))

    def said(self, source: str, part: str) -> bool:
        """Some event of `source` contains `part`."""
        return any(who == source and part in text for _, who, text in self.events)

    def run(self, coro: Coroutine[Any, Any, T], seconds: int = 1000) -> T:
        """Run in virtual time, to the end of everything."""
        try:
            return self.platform.run(coro, seconds * SECOND)
        finally:
            self.clock.close()

    async def mgmt(self, options: MgmtOptions = MGMT) -> Xclmgmt:
        return await Xclmgmt.probe(self.platform, options, self.on_event)

    async def user(self, options: UserOptions | None = None) -> Xocl:
        return await Xocl.probe(self.platform, options, self.on_event)

    async def both(self, mgmt: MgmtOptions = MGMT, user: UserOptions | None = None) -> tuple[Xclmgmt, Xocl]:
        return await self.mgmt(mgmt), await self.user(user)

    async def loaded(self, flags: KdsFlags | None = None) -> tuple[Xclmgmt, Xocl, Device]:
        """Both drivers with the demo image, and a device opened on it."""
        mgmt, user = await self.both()
        device = Device.attach(user)
        await device.load_xclbin(DEMO, flags)
        return mgmt, user, device


async def run_vadd(device: Device, kernel: Kernel, count: int, seed: int = 1) -> None:
    """Buffers, transfer, run, transfer back, compare."""
    a = [(seed * 7919 + 3 * i) & 0xFFFFFFFF for i in range(count)]
    b = [(0xFFFF0000 + 65537 * i) & 0xFFFFFFFF for i in range(count)]
    buffers = [await BO.alloc(device, 4 * count, kernel.group_id(index)) for index in range(3)]
    for bo, data in zip(buffers, (a, b), strict=False):
        bo.map()[:] = kernels.pack(data)
        await bo.sync_to_device()
    run = kernel(*buffers, count)
    assert await run.wait(1000) == State.COMPLETED
    await buffers[2].sync_from_device()
    assert kernels.unpack(buffers[2].read()) == kernels.vadd(a, b)
    for bo in buffers:
        bo.free()


def changed(image: bytes = DEMO, **fields: Any) -> bytes:
    """The image with other header values."""
    return replace(parse(image), **fields).to_bytes()


def with_sections(change: Callable[[dict[SectionKind, bytes]], None], **header: Any) -> bytes:
    """The demo image with sections changed in place by `change`."""
    axlf: Axlf = parse(DEMO)
    sections = {section.kind: section.data for section in axlf.sections}
    sections.pop(SectionKind.ASK_GROUP_TOPOLOGY, None)
    sections.pop(SectionKind.ASK_GROUP_CONNECTIVITY, None)
    change(sections)
    contents = [Content(kind, data) for kind, data in sections.items()]
    values = {
        "platform_vbnv": axlf.platform_vbnv,
        "feature_rom_timestamp": axlf.feature_rom_timestamp,
        "mode": Mode(axlf.mode),
        **header,
    }
    return assemble(contents, Header(**values), group=False, mirror=False)


def without(*kinds: SectionKind) -> bytes:
    """The demo image without some sections."""

    def drop(sections: dict[SectionKind, bytes]) -> None:
        for kind in kinds:
            sections.pop(kind, None)

    return with_sections(drop)


def with_section(kind: SectionKind, data: bytes) -> bytes:
    """The demo image with one section added or replaced."""
    return with_sections(lambda sections: sections.__setitem__(kind, data))


def device_tree(uuids: Sequence[str]) -> bytes:
    """A flattened device tree with an `/interfaces` node."""
    strings = b"interface_uuid\0"

    def word(value: int) -> bytes:
        return value.to_bytes(4, "big")

    def padded(raw: bytes) -> bytes:
        return raw + bytes(-len(raw) % 4)

    body = word(1) + padded(b"\0") + word(1) + padded(b"interfaces\0")
    for index, uuid in enumerate(uuids):
        value = uuid.encode() + b"\0"
        body += word(1) + padded(f"@{index}\0".encode())
        body += word(3) + word(len(value)) + word(0) + padded(value) + word(2)
    body += word(2) + word(2) + word(9)
    start = 40 + 16
    total = start + len(body) + len(strings)
    head = [0xD00DFEED, total, start, start + len(body), 40, 17, 16, 0, len(strings), len(body)]
    return b"".join(map(word, head)) + bytes(16) + body + strings
