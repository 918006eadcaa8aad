# SPDX-License-Identifier: Apache-2.0
"""What the tests of `pydriver.xrt` share: an image with kernels of every kind, and units that are like them.

Slots: 0 and 1 vadd (both from the demo image), 2 and 3 whatever a test puts there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydriver.xclbin import Connection, IpControl, SectionKind
from pydriver.xclbin.sections import Ip, encode_connectivity, encode_ip_layout, kernel_properties
from pydriver.xocl import KdsFlags
from pydriver.xrt import Device, Kernel, Mailbox, Run, RuntimeOptions
from tests.models.mailbox_unit import MailboxKernel, MailboxUnit, ProbeMailbox
from tests.unit.rig import Rig, with_sections

BASE, STRIDE = 0x1800000, 0x10000
SCALAR, BUFFER = 0, 1
IP_KERNEL = 1
HOST = KdsFlags(ert=False)


@dataclass(frozen=True)
class Arg:
    name: str
    offset: int
    size: int = 4
    qualifier: int = SCALAR
    type: str = "uint"


VADD_ARGS = (
    Arg("a", 0x10, 8, BUFFER),
    Arg("b", 0x1C, 8, BUFFER),
    Arg("out", 0x28, 8, BUFFER),
    Arg("n", 0x34),
)
PROBE_ARGS = (
    Arg("control", 0x1C),
    Arg("delay", 0x20),
    Arg("token", 0x24),
    Arg("runs", 0x28),
    Arg("digest", 0x2C),
    Arg("last", 0x30),
    Arg("in", 0x40, 64, type="uint*"),
    Arg("out", 0x80, 64, type="uint*"),
)
PLAIN_ARGS = (Arg("word", 0x10), Arg("wide", 0x14, 8, type="ulong"), Arg("real", 0x20, 4, type="float"))


@dataclass(frozen=True)
class Spec:
    """A kernel and the slots of its units."""

    name: str
    args: Sequence[Arg]
    slots: Sequence[int]
    attributes: str = ""
    control: int = IpControl.AP_CTRL_HS
    range: int = STRIDE


VADD = Spec("vadd", VADD_ARGS, (0, 1))
PROBE = Spec("probe_mailbox", PROBE_ARGS, (2,), 'mailbox="inout" countedAutoRestart="1"')


def image(*specs: Spec) -> bytes:
    """The demo image with these kernels instead of its own; every buffer may live in bank 0."""
    ips = [
        Ip(
            IP_KERNEL,
            kernel_properties(control=spec.control, interrupt_enabled=True, interrupt_id=slot),
            BASE + STRIDE * slot,
            f"{spec.name}:{spec.name}_{index + 1}",
        )
        for spec in specs
        for index, slot in enumerate(spec.slots)
    ]
    names = [ip.kernel_name for ip in ips]
    arguments = {spec.name: spec.args for spec in specs}
    connections = [
        Connection(arg, ip, 0)
        for ip, name in enumerate(names)
        for arg, what in enumerate(arguments[name])
        if what.qualifier == BUFFER
    ]

    def change(sections: dict[SectionKind, bytes]) -> None:
        sections[SectionKind.IP_LAYOUT] = encode_ip_layout(ips)
        sections[SectionKind.CONNECTIVITY] = encode_connectivity(connections)
        sections[SectionKind.EMBEDDED_METADATA] = _xml(specs).encode()

    return with_sections(change)


def _xml(specs: Sequence[Spec]) -> str:
    kernels = ""
    for spec in specs:
        kernels += f'<kernel name="{spec.name}" language="c" type="clc" {spec.attributes}>'
        kernels += f'<port name="S" mode="slave" range="{spec.range:#x}" dataWidth="32"/>'
        for index, arg in enumerate(spec.args):
            kernels += (
                f'<arg name="{arg.name}" addressQualifier="{arg.qualifier}" id="{index}" port="S" '
                f'size="{arg.size:#x}" offset="{arg.offset:#x}" hostSize="{arg.size:#x}" type="{arg.type}"/>'
            )
        kernels += "</kernel>"
    path = ('project name="p"', "platform", "device", "core")
    opening = "".join(f"<{tag}>" for tag in path)
    return opening + kernels + "".join(f"</{tag.split()[0]}>" for tag in reversed(path))


class XrtRig(Rig):
    """A card with an image of `specs` on it."""

    def __init__(self, *specs: Spec) -> None:
        super().__init__()
        self.image = image(*(specs or (VADD, PROBE)))

    def plug(self, kernel: MailboxKernel, slot: int = 2) -> MailboxUnit:
        """Put a unit with a mailbox into a slot."""
        unit = MailboxUnit(self.card, slot, kernel)
        self.card.units[slot] = unit
        return unit

    async def device(
        self, flags: KdsFlags | None = None, runtime: RuntimeOptions | None = None
    ) -> tuple[Device, bytes]:
        """Both drivers, a client with `runtime`, and the image loaded; its uuid."""
        _, user = await self.both()
        device = Device.attach(user, runtime)
        return device, await device.load_xclbin(self.image, flags)

    async def probe(
        self, flags: KdsFlags | None = None, runtime: RuntimeOptions | None = None
    ) -> tuple[Device, MailboxUnit, Run, Mailbox]:
        """Everything up to a run of `probe_mailbox` and its mailbox."""
        unit = self.plug(ProbeMailbox())
        device, uuid = await self.device(flags, runtime)
        run = (await Kernel.open(device, uuid, "probe_mailbox")).run()
        return device, unit, run, Mailbox(run)
