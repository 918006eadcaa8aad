# SPDX-License-Identifier: Apache-2.0
"""What the tests of work flows share: images of any units, clients with raw packets, probes with a model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Self

from cards import firmware
from firmware_model.ert import Options
from pydriver import ert
from pydriver.ert import FINAL_STATES, State
from pydriver.regs import cfg_gpio, cu_probe, user_bar
from pydriver.xclmgmt import Xclmgmt
from pydriver.xocl import BoFlags, Client, KdsFlags, UserOptions, Xocl
from pydriver.xocl.options import KdsOptions
from pydriver.xrt import BO, Device, Kernel
from tb.processor import Identify
from tests.models import kernels
from tests.system.rig import CU, MAILBOX, SECOND, Rig
from tools.bitgen import FRAME_WORDS, build_stream
from tools.image import ComputeUnit, Image, place, slot_kernels
from tools.mkxclbin import make_xclbin

HOST = KdsFlags(ert=False)
DEMO_UNITS = ("probe", "probe_chain", "fir", "probe_mailbox")
OTHER_UNITS = ("vadd_fa", "memcopy", "probe_chain", "probe")
HANG, READY_ONLY = 1, 2
"""Bits of a probe's CONTROL."""


@cache
def image(*names: str, empty: tuple[int, ...] = ()) -> bytes:
    """An xclbin with a unit for each name in the slots from 0 on; the bitstream leaves `empty` ones empty."""
    units = [ComputeUnit(name, slot=slot) for slot, name in enumerate(names)]
    slots = slot_kernels(place(Image(units)))
    slots = [0 if slot in empty else kind for slot, kind in enumerate(slots)]
    return make_xclbin(units, bitstream=build_stream(slots, words=FRAME_WORDS), mirror=False)


def probe_packet(unit: int, token: int, delay: int = 0, control: int = 0, words: Sequence[int] = ()) -> bytes:
    """START_CU of the probe in a unit; `words`: the first of PAYLOAD."""
    return ert.start_kernel(1 << unit, [0, 0, 0, 0, control, delay, token, *words])


class WorkRig(Rig):
    """A card whose scheduler runs the firmware of a choice, with both drivers."""

    mgmt_driver: Xclmgmt
    driver: Xocl

    @classmethod
    async def up(
        cls,
        dut: Any,
        choice: str | Identify = "v30",
        *,
        driven: bool = False,
        polling: bool = False,
        **kds: Any,
    ) -> Self:
        """`driven`: the firmware sleeps until units interrupt. `kds`: fields of `KdsOptions`."""
        if isinstance(choice, str):
            choice = firmware.identify(choice, Options(interrupt_driven=driven))
        rig = await cls.power_on(dut, identify=choice)
        rig.mgmt_driver = await rig.mgmt()
        options = UserOptions(mailbox=MAILBOX, kds=KdsOptions(**kds), ert_polling=polling)
        rig.driver = await Xocl.probe(rig.platform, options, rig.on_event)
        return rig

    async def device(self, data: bytes, flags: KdsFlags | None = None) -> tuple[Device, bytes]:
        """One more process, which loads an image."""
        device = Device.attach(self.driver)
        return device, await device.load_xclbin(data, flags=flags, force=True)

    def said(self, source: str, text: str) -> bool:
        """Somebody reported an event whose text contains `text`."""
        return any(source == who and text in what for _, who, what in self.events)

    # --- packets --------------------------------------------------------------------------------------

    @staticmethod
    def send(client: Client, packet: bytes) -> int:
        """Run a packet; the buffer's handle."""
        bo = client.create_bo(4096, BoFlags.EXECBUF)
        assert bo.pages is not None
        bo.pages[: len(packet)] = packet
        assert client.execbuf(bo.handle) == 0
        return bo.handle

    def packet(self, handle: int) -> bytes:
        """What is in a command buffer now."""
        pages = self.driver.memory.find(handle).pages
        assert pages is not None
        return bytes(pages)

    def state(self, handle: int) -> State:
        return State(self.packet(handle)[0] & 0xF)

    async def ended(self, client: Client, handle: int, seconds: float = 1) -> State:
        """The final state of a packet, polling as an application does."""
        deadline = self.clock.now_ns() + int(seconds * SECOND)
        while self.state(handle) not in FINAL_STATES:
            await client.poll(SECOND // 100)
            assert self.clock.now_ns() < deadline, f"the command stays {self.state(handle).name}"
        return self.state(handle)

    async def run_all(self, client: Client, packets: Sequence[bytes]) -> list[State]:
        """Final states of packets that were sent one behind the other."""
        handles = [self.send(client, packet) for packet in packets]
        return [await self.ended(client, handle) for handle in handles]

    # --- registers ------------------------------------------------------------------------------------

    async def probe(self, slot: int) -> kernels.Probe:
        """What the probe in a slot remembers."""
        registers = (cu_probe.RUNS, cu_probe.DIGEST, cu_probe.LAST)
        values = await self.user_function.bars[0].read32s([CU[slot] + reg.offset for reg in registers])
        return kernels.Probe(*values)

    async def config_gpio(self) -> tuple[bool, bool, bool]:
        """Units interrupt the host, the processor is to be awake, it sleeps."""
        base = user_bar.ERT_CFG_GPIO.base
        offsets = [base + cfg_gpio.CONTROL.offset, base + cfg_gpio.STATUS.offset]
        control, status = await self.user_function.bars[0].read32s(offsets)
        return (
            bool(control & cfg_gpio.CONTROL.CU_TO_HOST.mask),
            bool(control & cfg_gpio.CONTROL.WAKE.mask),
            status != 0,
        )


async def buffers(device: Device, kernel: Kernel, words: Sequence[Sequence[int]]) -> list[BO]:
    """A buffer for each of the kernel's first arguments, with words on the device."""
    found = []
    for index, data in enumerate(words):
        bo = await BO.alloc(device, 4 * max(len(data), 1), kernel.group_id(index))
        bo.write(kernels.pack(data))
        await bo.sync_to_device()
        found.append(bo)
    return found


async def content(bo: BO) -> list[int]:
    """Words of a buffer as the device has them."""
    await bo.sync_from_device()
    return kernels.unpack(bo.read())
