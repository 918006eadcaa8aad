# SPDX-License-Identifier: Apache-2.0
"""What the scheduler's tests share: a card full of probe units, clients, and packets for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pydriver import ert
from pydriver.ert import State
from pydriver.xclbin import parse
from pydriver.xocl import BoFlags, Client, KdsFlags, UserOptions, Xocl
from pydriver.xocl.options import KdsOptions
from pydriver.xocl.quirks import Quirk
from tests.models.card import Card
from tests.models.units import Probe
from tests.unit.rig import SECOND, Rig
from tools.image import ComputeUnit
from tools.mkxclbin import make_xclbin

MS = SECOND // 1000


@cache
def image(*kernels: str) -> bytes:
    """An xclbin with a unit for each name, in the slots from 0 on."""
    return make_xclbin([ComputeUnit(kernel) for kernel in kernels])


@cache
def uuid_of(xclbin: bytes) -> bytes:
    return parse(xclbin).uuid


class KdsRig(Rig):
    """`Rig` with as many units as the image has. Unless told otherwise they are probes."""

    def __init__(self, units: int = 3, kernels: Sequence[str] = ()) -> None:
        super().__init__()
        self.image = image(*(kernels or ("probe",) * units))
        self.uuid = uuid_of(self.image)
        self.platform.on_hot_reset.clear()
        self.card = Card(self.platform, slots=max(4, units, len(kernels)))

    async def ready(self, flags: KdsFlags | None = None, polling: bool = False, **options: object) -> Xocl:
        """Both drivers, and the image loaded; `options` are `KdsOptions`'."""
        kds = KdsOptions(**options)  # type: ignore[arg-type]
        _, user = await self.both(user=UserOptions(kds=kds, ert_polling=polling))
        await user.read_axlf(self.image, flags)
        return user

    def probe(self, index: int) -> Probe:
        """The kernel in a unit."""
        kernel = self.card.units[index].kernel
        assert isinstance(kernel, Probe)
        return kernel

    def runs(self, index: int) -> int:
        """How often the kernel in a unit has run."""
        return len(self.probe(index).tokens)


def quirks(*chosen: Quirk) -> frozenset[Quirk]:
    return frozenset(chosen)


def probe_packet(mask: int, token: int = 0, delay: int = 0, control: int = 0, stat: bool = False) -> bytes:
    """START_CU of a probe; `mask` may name any of 128 units."""
    words = [mask >> shift & 0xFFFF_FFFF for shift in (0, 32, 64, 96)]
    while len(words) > 1 and not words[-1]:
        words.pop()
    return ert.start_kernel(words[0], [0, 0, 0, 0, control, delay, token], words[1:], stat_enabled=stat)


def put(client: Client, packet: bytes, size: int = 4096) -> int:
    """A command buffer with a packet."""
    bo = client.create_bo(size, BoFlags.EXECBUF)
    assert bo.pages is not None
    bo.pages[: len(packet)] = packet
    return bo.handle


def send(client: Client, packet: bytes) -> int:
    """Run a packet; the buffer's handle."""
    handle = put(client, packet)
    assert client.execbuf(handle) == 0
    return handle


def state(user: Xocl, handle: int) -> State:
    """State of the packet in a buffer."""
    pages = user.memory.find(handle).pages
    assert pages is not None
    return State(pages[0] & 0xF)


async def ended(user: Xocl, client: Client, handle: int, seconds: int = 20) -> State:
    """The final state of a packet, polling as an application does."""
    deadline = user.clock.now_ns() + seconds * SECOND
    while state(user, handle) not in ert.FINAL_STATES:
        await client.poll(10 * MS)
        assert user.clock.now_ns() < deadline, "the command does not end"
    return state(user, handle)
