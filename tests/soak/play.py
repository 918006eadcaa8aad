# SPDX-License-Identifier: Apache-2.0
"""One round of the soak: processes are born and die, then everything is drained and judged."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence

from pydriver import ert
from pydriver.ert import State
from pydriver.regs import user_bar
from pydriver.xclbin import IpControl
from pydriver.xocl import BoFlags, Client, Xocl
from pydriver.xocl.process import Process
from tests.models import kernels
from tests.soak import coverage, packets
from tests.soak.clients import PATIENCE_NS, Application
from tests.soak.model import COPY_UNIT, Model, Sent
from tests.soak.modes import Mode
from tests.soak.world import World

PROCESSES = 8
DRAIN_NS = 20_000_000
FILL_EXTRA = 4
STAT_HEADER = 5
"""Words of a CU_STAT reply in front of the counters."""
_PROTOCOLS = {
    IpControl.AP_CTRL_HS: coverage.HS,
    IpControl.AP_CTRL_CHAIN: coverage.CHAIN,
    IpControl.AP_CTRL_NONE: coverage.NONE,
    IpControl.FAST_ADAPTER: coverage.ADAPTER,
}


def protocols_of(user: Xocl) -> list[str]:
    """The protocol of each unit of the loaded image."""
    return [_PROTOCOLS[IpControl(cu.control)] for cu in user.kds.cus]


def slot_of(user: Xocl, index: int) -> int:
    """The slot of the region that a unit is in."""
    return (user.kds.cus[index].address - user_bar.CU[0].base) // user_bar.CU[0].size


async def load(user: Xocl, image: bytes, mode: Mode) -> None:
    """Load the image in a mode, and see that it is the mode that runs."""
    write = user.attributes.write
    await write(f"ert_user.u.{user.options.address.number}/ert_intr", str(int(mode.intr)))
    await write("kds_interrupt", "cu" if mode.unit_interrupts else "ert")
    await user.read_axlf(image, mode.flags, force=True)
    assert user.kds.state.ert_on is not mode.host, mode


async def live(world: World, rng: random.Random, generations: int, nap_ns: int = 20_000) -> None:
    """Always `PROCESSES` at a time, `generations` in all; a killer who never sleeps long."""
    living: list[Process] = []
    started = 0
    while started < generations or living:
        while started < generations and len(living) < PROCESSES:
            started += 1
            process = Process(world.user, 1000 + started)
            application = Application(process, world, random.Random(rng.getrandbits(32)))
            process.start(lambda _, run=application.run: run())  # type: ignore[misc]
            living.append(process)
        await world.user.clock.sleep_ns(rng.randrange(1, nap_ns))
        if world.failure is not None:
            raise world.failure
        for process in list(living):
            if not process.alive:
                await process.wait()
                assert process.error is None, process.error
                living.remove(process)
        if living and rng.random() < 0.2:
            victim = rng.choice(living)
            world.coverage.ends[str(world.mode), "killed"] += victim.alive
            world.model.leaves(victim.pid)
            victim.kill()


async def drain(world: World) -> None:
    """Wait for late runs of commands that were given up in a slot."""
    deadline = world.now_ns() + DRAIN_NS

    def late() -> list[Sent]:
        return [sent for sent in world.model.sent if _owed(sent, world)]

    while late() and world.now_ns() < deadline:
        await world.user.clock.sleep_ns(20_000)
    await world.user.clock.sleep_ns(50_000)


def _owed(sent: Sent, world: World) -> bool:
    of_unit = sent.unit is not None and sent.unit != COPY_UNIT
    return of_unit and sent.state == State.TIMEOUT and not world.mode.host and not sent.runs


def check_returned(world: World) -> None:
    """Nobody holds anything any more, and every command was counted once by its client."""
    user = world.user
    assert user.bitstream.references == 0 and not user.clients
    for cu in user.kds.cus:
        assert (cu.sharers, cu.exclusive, cu.running) == (0, False, 0), cu
    assert user.kds.kdma is None or user.kds.kdma.sharers == 0
    assert user.ert.idle and not user.kds.outstanding
    for pid, client in world.clients.items():
        counted, expected = client.commands_done, world.model.finished.get(pid, 0)
        assert counted == expected, f"client {pid}: {counted} ends were counted of {expected} commands"


async def check_slots(world: World, with_fill: bool) -> None:
    """ERT: the firmware counted as many runs as there were, and every slot is free: fill them all."""
    user, model = world.user, world.model
    client = user.open()
    await client.open_context(world.uuid, 0)
    bo = client.create_bo(4096, BoFlags.EXECBUF)
    assert bo.pages is not None
    bo.pages[:4] = ert.cu_stat()
    client.execbuf(bo.handle)
    while bo.pages[0] & 0xF != State.COMPLETED:
        await client.poll(1_000_000)
    counted = ert.parse_cu_stat(ert.to_words(bytes(bo.pages))).executions
    expected = tuple(len(model.runs_on(index)) for index in range(len(model.units)))
    counted = counted[: user.ert.slot_size // 4 - STAT_HEADER]  # the reply ends with the slot
    assert counted == expected[: len(counted)], f"{world.mode}: counted {counted}, ran {expected}"
    if with_fill:
        await _fill(world, client)
    await client.close()


async def _fill(world: World, client: Client) -> None:
    """More commands than slots, behind one that takes long: all slots but the first are used at once."""
    user, model = world.user, world.model
    unit = next(index for index, each in enumerate(model.units) if each.protocol == coverage.HS)
    if unit:
        await client.open_context(world.uuid, unit)
    pages, most = [], 0
    for index in range(user.ert.num_slots - 1 + FILL_EXTRA):
        bo = client.create_bo(4096, BoFlags.EXECBUF)
        assert bo.pages is not None
        token = len(model.sent) + 1
        packet = packets.Work(token, 0 if index else 60_000).packet("START_CU", 1 << unit, stat=False)
        bo.pages[: len(packet)] = packet
        model.accept(Sent(token, "START_CU", client.pid, unit, world.now_ns(), bo.pages))
        client.execbuf(bo.handle)
        pages.append(bo.pages)
    deadline = world.now_ns() + PATIENCE_NS
    while any(each[0] & 0xF != State.COMPLETED for each in pages):
        most = max(most, user.ert.submitted)
        await client.poll(2_000)
        assert world.now_ns() < deadline, "the full queue does not empty"
    assert most == user.ert.num_slots - 1, f"{world.mode}: {most} slots were used of {user.ert.num_slots}"


async def check_digests(world: World, read: Callable[[int, int], Awaitable[int]]) -> None:
    """The registers of each probe say what the model says; `read`: (unit, register offset) -> word."""
    for index, unit in enumerate(world.model.units):
        if unit.protocol not in (coverage.HS, coverage.CHAIN) or unit.reset:
            continue
        probe, registers = kernels.Probe(), [0] * len(packets.PAYLOAD)
        ran = world.model.runs_on(index)
        for sent in ran:
            registers[: len(sent.payload)] = sent.payload
            probe.run(sent.number, registers)
        if ran:
            digest = await read(index, packets.DIGEST)
            world.model.expect(digest == probe.digest, f"unit {index}: wrong arguments in a run")


async def finish(
    world: World,
    read: Callable[[int, int], Awaitable[int]],
    with_fill: bool,
    events: Sequence[tuple[int, str, str]],
) -> Model:
    """Drain, judge, and see that all is given back. `events`: what the drivers said, (ns, who, text)."""
    await drain(world)
    check_returned(world)
    world.model.judge()
    await check_digests(world, read)
    if not world.mode.host:
        await check_slots(world, with_fill)
    for at, _, text in events:
        # Slot 0 is not kept back for the late answer to a question that was given up.
        empty = "nothing is in it" in text and not text.startswith("slot 0 ")
        world.model.expect(not empty, f"{text}, at {at} ns")
    world.model.judge()
    for sent in world.model.sent:
        world.coverage.ends[str(world.mode), sent.state.name] += 1
    return world.model
