# SPDX-License-Identifier: Apache-2.0
"""A management PF by script: it answers what a test says, or nothing, or too late."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydriver.mailbox import ConnFlags, Group, Mailbox, MailboxOptions, Opcode, PeerStateFlags, Server
from pydriver.mailbox.frames import FRAME_HEADER, Frame
from pydriver.mailbox.messages import (
    ConnResp,
    IcapData,
    PeerState,
    SubdevPeer,
    pack_int,
    unpack_request,
)
from pydriver.mailbox.packets import Flags
from pydriver.mailbox.server import Request
from pydriver.mailbox.software import SoftwareChannel
from pydriver.regs import mgmt_bar
from pydriver.subdev.bars import MIB, register_bar, small_bar
from pydriver.subdev.irq_block import IrqBlock
from pydriver.xocl import UserOptions, Xocl
from tests.unit.rig import SECOND, Rig

MGMT_IRQ = 11

Answer = bytes | None | Callable[[Request], "Awaitable[bytes | None]"]
"""The response, None for no response, or what makes it."""


class ScriptedPeer:
    """The management side of the rig's mailbox. `answers` by opcode, `groups` by kind of PEER_DATA.

    `ready` and the fields of `connection` make the handshake's answer, unless `answers` has one.
    """

    def __init__(self, rig: Rig) -> None:
        function = rig.platform.functions[0]
        self.rig = rig
        self.irqs = IrqBlock(function, small_bar(function), 0, "peer.irq")
        self.mailbox = Mailbox(
            rig.clock,
            register_bar(function, MIB),
            mgmt_bar.MAILBOX,
            MailboxOptions(rate_limit=None),
            irq=self.irqs.event(MGMT_IRQ),
            name="peer.mailbox",
        )
        self.connection = ConnResp(conn_flags=int(ConnFlags.PEER_READY))
        self.answers: dict[Opcode, Answer] = {}
        self.groups: dict[Group, Answer] = {Group.SUBDEV: pack_int(0)}
        self.seen: list[tuple[Opcode, bytes]] = []
        opcodes = [op for op in Opcode if op not in (Opcode.TEST_READY, Opcode.TEST_READ)]
        Server(self.mailbox, dict.fromkeys(opcodes, self._serve), name="peer")

    async def start(self) -> ScriptedPeer:
        await self.irqs.setup()
        await self.mailbox.start()
        await self.irqs.enable(MGMT_IRQ)
        return self

    async def reset_card(self) -> None:
        """What the real one does about HOT_RESET, after its answer has left."""
        await self.rig.clock.sleep_ns(SECOND // 2)
        await self.mailbox.stop()
        await self.rig.platform.hot_reset()
        await self.start()

    async def say(self, flags: int) -> None:
        await self.mailbox.notify(Opcode.MGMT_STATE, PeerState(flags).pack())

    async def online(self) -> None:
        await self.say(PeerStateFlags.ONLINE)

    def count(self, opcode: Opcode, group: Group | None = None) -> int:
        """How many requests of `opcode` (and kind) have come."""
        return sum(
            op == opcode and (group is None or SubdevPeer.unpack(payload).kind == group)
            for op, payload in self.seen
        )

    async def _serve(self, request: Request) -> bytes | None:
        opcode = Opcode(request.opcode)
        self.seen.append((opcode, request.payload[: request.length]))
        answer: Answer = self.answers.get(opcode)
        if opcode not in self.answers and opcode == Opcode.USER_PROBE:
            answer = self.connection.pack()
        if opcode not in self.answers and opcode in (Opcode.PEER_DATA, Opcode.SDR_DATA):
            answer = self.groups.get(Group(SubdevPeer.unpack(request.payload).kind))
        return await answer(request) if callable(answer) else answer


def icap(uuid: bytes) -> bytes:
    """The answer of a peer that has `uuid` loaded."""
    return IcapData(idcode=0x14B31093, uuid=uuid, mig_calib=1).pack()


async def peers(rig: Rig, **options: object) -> tuple[ScriptedPeer, Xocl]:
    """A scripted management PF, and the user driver connected to it."""
    peer = await ScriptedPeer(rig).start()
    user = await rig.user(UserOptions(**options))  # type: ignore[arg-type]
    return peer, user


class ScriptedDaemon:
    """MPD by script on the software channel of a mailbox: `answers` by opcode, the rest gets none."""

    def __init__(self, rig: Rig, channel: SoftwareChannel) -> None:
        self.rig = rig
        self.channel = channel
        self.answers: dict[Opcode, bytes] = {}
        self.seen: list[tuple[Opcode, bytes]] = []

    def open(self) -> ScriptedDaemon:
        self.channel.open()
        self.task = self.rig.clock.spawn(self._run(), "daemon")
        return self

    def close(self) -> None:
        self.task.cancel()
        self.channel.close()

    async def online(self) -> None:
        """What a vendor plugin's notification does: MGMT_STATE in the management PF's name."""
        message = bytes(8) + int(Opcode.MGMT_STATE).to_bytes(4, "little") + PeerState(1).pack() + bytes(4)
        await self.channel.write(Frame(int(Flags.REQUEST), 0x5050, message).pack())

    async def _run(self) -> None:
        while True:
            header = await self.channel.read(FRAME_HEADER)
            size = int.from_bytes(header.data[:8], "little")
            frame = Frame.unpack((await self.channel.read(FRAME_HEADER + size)).data)
            request = unpack_request(frame.payload)
            assert request is not None
            opcode = Opcode(request.opcode)
            self.seen.append((opcode, request.payload[: request.length]))
            if opcode in self.answers:
                await self.channel.write(Frame(int(Flags.RESPONSE), frame.id, self.answers[opcode]).pack())
