# SPDX-License-Identifier: Apache-2.0
"""Many processes that open, submit, wait and die at any moment: nothing is lost, doubled or left behind."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from pydriver.ert import State
from pydriver.xocl import VIRTUAL_CU, BoFlags, Client, KdsFlags, Xocl
from pydriver.xocl import client as client_module
from pydriver.xocl.process import Process
from pydriver.xocl.quirks import KernelOops, Quirk
from tests.unit.kds_rig import MS, KdsRig, ended, probe_packet, quirks, send, state
from tests.unit.rig import SECOND, raises

SEED = int(os.environ.get("SEED", "1"))
HOST = KdsFlags(ert=False)
UNITS = 6
PROCESSES = 8
GENERATIONS = 28
MODES = {
    "ert": (None, False, {}),
    "ert polling": (None, True, {}),
    "dataflow": (KdsFlags(dataflow=True), False, {}),
    "host": (HOST, False, {}),
    "host interrupts": (HOST, False, {"interrupt": True}),
}


@dataclass
class Ledger:
    """The golden model: what was accepted, in order, and what processes saw of it."""

    accepted: list[tuple[int, int]] = field(default_factory=list)
    """(token, mask) in the order of submission."""
    seen: dict[int, State] = field(default_factory=dict)
    kills: int = 0
    exits: int = 0

    def token(self) -> int:
        return len(self.accepted) + 1


async def program(process: Process, rig: KdsRig, user: Xocl, rng: random.Random, ledger: Ledger) -> None:
    """What an application does: some rounds of contexts, commands, waiting, closing."""
    client = process.open()
    for _ in range(rng.randrange(1, 6)):
        held: list[int] = []
        if rng.random() < 0.3:
            await client.open_context(rig.uuid, VIRTUAL_CU)
        for index in rng.sample(range(UNITS), rng.randrange(1, 4)):
            try:
                await client.open_context(rig.uuid, index, exclusive=rng.random() < 0.15)
                held.append(index)
            except OSError as error:
                assert error.errno == errno.EINVAL
        client.create_bo(rng.randrange(1, 9000), 0)
        out = await burst(client, rng, ledger, held) if held else {}
        if rng.random() < 0.8:
            for token, handle in out.items():
                ledger.seen[token] = await ended(user, client, handle)
                client.free_bo(handle)
        for index in held:
            if rng.random() < 0.7:
                await client.close_context(rig.uuid, index)
                held = [each for each in held if each != index]
        if rng.random() < 0.2:
            return
    ledger.exits += 1


async def burst(client: Client, rng: random.Random, ledger: Ledger, held: list[int]) -> dict[int, int]:
    """Some commands; token -> handle."""
    out = {}
    for _ in range(rng.randrange(1, 25)):
        mask = sum(1 << index for index in rng.sample(held, rng.randrange(1, len(held) + 1)))
        token = ledger.token()
        ledger.accepted.append((token, mask))
        packet = probe_packet(mask, token, delay=rng.choice((0, 0, 10, 300)), stat=rng.random() < 0.2)
        out[token] = send(client, packet)
        if rng.random() < 0.2:
            await client.poll(rng.randrange(1, 40_000))
    return out


async def soak(rig: KdsRig, user: Xocl, rng: random.Random, ledger: Ledger) -> None:
    """Always `PROCESSES` at a time, `GENERATIONS` in all; a killer who never sleeps long."""
    living: list[Process] = []
    started = 0

    def birth() -> None:
        nonlocal started
        started += 1
        process = Process(user, 1000 + started)
        own = random.Random(rng.getrandbits(32))
        process.start(lambda it: program(it, rig, user, own, ledger))
        living.append(process)

    while started < GENERATIONS or living:
        while started < GENERATIONS and len(living) < PROCESSES:
            birth()
        await rig.clock.sleep_ns(rng.randrange(1, 20_000))
        for process in list(living):
            if not process.alive:
                await process.wait()
                assert process.error is None, process.error
                living.remove(process)
        if living and rng.random() < 0.25:
            victim = rng.choice(living)
            ledger.kills += victim.alive
            victim.kill()


def check_runs(rig: KdsRig, ledger: Ledger, in_order: bool) -> None:
    """Each accepted command ran once at most, where it was allowed to; those that completed ran once."""
    masks = dict(ledger.accepted)
    ran: dict[int, int] = {}
    for index in range(UNITS):
        tokens = rig.probe(index).tokens
        for token in tokens:
            assert token not in ran, f"command {token} ran twice"
            assert masks[token] >> index & 1, f"command {token} ran on unit {index}"
            ran[token] = index
        if in_order:
            assert tokens == sorted(tokens), f"unit {index} changed the order"
    for token, final in ledger.seen.items():
        assert final == State.COMPLETED and token in ran, (token, final)
    assert all(rig.card.units[index].lost_starts == 0 for index in range(UNITS))


def check_returned(user: Xocl) -> None:
    """Nobody holds anything any more."""
    assert user.bitstream.references == 0 and not user.clients
    for cu in user.kds.cus:
        assert (cu.sharers, cu.exclusive, cu.running) == (0, False, 0), cu
    assert user.kds.kdma is not None and user.kds.kdma.sharers == 0
    assert user.ert.idle and not user.kds.outstanding
    assert user.memory.device_buffers() == 0 and user.memory.buffers() == 0


@pytest.mark.parametrize("mode", MODES)
def test_processes_that_die_at_any_moment(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    print(f"SEED={SEED}")
    flags, polling, options = MODES[mode]
    monkeypatch.setattr(client_module, "CLOSE_STEP_NS", 50 * MS)
    kills = exits = seen = 0
    for attempt in range(6):
        rng = random.Random(f"{SEED} {attempt} {mode}")
        rig = KdsRig(units=UNITS)
        ledger = Ledger()

        async def main(rig: KdsRig = rig, rng: random.Random = rng, ledger: Ledger = ledger) -> None:
            user = await rig.ready(flags, polling, **options)
            assert user.kds.state.ert_on is (flags is not HOST)
            await soak(rig, user, rng, ledger)
            check_runs(rig, ledger, in_order=flags is HOST)
            check_returned(user)
            await user.read_axlf(rig.image, flags, force=True)
            again = user.open()
            await again.open_context(rig.uuid, 0, exclusive=True)
            assert await ended(user, again, send(again, probe_packet(1, 1))) == State.COMPLETED

        rig.run(main(), 600)
        kills, exits, seen = kills + ledger.kills, exits + ledger.exits, seen + len(ledger.seen)
        if kills >= 3 and exits >= 3 and seen > 50:
            break
    else:
        pytest.fail(f"not covered: {kills} kills, {exits} exits, {seen} seen")


# --- single deaths ------------------------------------------------------------------------------------------


def dies(at: Callable[[Process, Xocl, KdsRig], object], **options: object) -> tuple[KdsRig, Process]:
    """A process that does `at` and is killed a millisecond later."""
    rig = KdsRig()
    found: list[Process] = []

    async def main() -> None:
        user = await rig.ready(**options)  # type: ignore[arg-type]
        process = Process(user, 5)
        found.append(process)
        process.start(lambda it: at(it, user, rig))  # type: ignore[arg-type, return-value]
        await rig.clock.sleep_ns(MS)
        process.kill()
        process.kill()
        await process.wait()
        check_returned(user)

    rig.run(main(), 60)
    return rig, found[0]


def test_dies_while_it_polls() -> None:
    async def at(process: Process, user: Xocl, rig: KdsRig) -> None:
        client = process.open()
        await client.open_context(rig.uuid, 0, exclusive=True)
        client.create_bo(10_000, 0)
        await client.poll()

    _, process = dies(at)
    assert process.error is None and not process.alive


def test_dies_with_an_interrupt_descriptor() -> None:
    async def at(process: Process, user: Xocl, rig: KdsRig) -> None:
        client = process.open()
        await client.open_context(rig.uuid, 1, exclusive=True)
        descriptor = await client.open_user_managed(rig.uuid, 1)
        await descriptor.read(4)

    rig, _ = dies(at)
    assert rig.said("user.process", "process 5 is gone")


def test_dies_while_it_waits_for_a_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CLOSE_STEP_NS", MS // 10)

    async def at(process: Process, user: Xocl, rig: KdsRig) -> None:
        rig.card.units[0].hang = True
        client = process.open()
        await client.open_context(rig.uuid, 0)
        send(client, probe_packet(1))
        await client.close_context(rig.uuid, 0)

    dies(at)


def test_what_the_kernel_has_begun_it_ends() -> None:
    """A load that its process does not live to see."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        process = Process(user, 5)
        process.start(lambda it: it.call(user.read_axlf(rig.image, force=True)))
        await rig.clock.sleep_ns(MS // 100)
        assert user.bitstream.writing or not user.kds.cus
        process.kill()
        await process.wait()
        assert user.kds.state.ert_on and user.bitstream.uuid == rig.uuid
        failing = Process(user, 6)
        failing.start(lambda it: it.call(user.read_axlf(b"nothing")))
        await failing.wait()
        assert isinstance(failing.error, OSError)

    rig.run(main())


def test_an_oops_ends_the_process() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.NULL_CONTEXT))
        process = Process(user, 5)

        async def at(it: Process) -> None:
            client = it.open()
            client.execbuf(client.create_bo(4096, BoFlags.EXECBUF).handle)

        async def beside(it: Process) -> None:
            await rig.clock.sleep_ns(60 * SECOND)

        process.start(beside)
        process.start(at)
        await process.wait()
        assert isinstance(process.error, KernelOops) and rig.clock.now_ns() < 30 * SECOND
        check_returned(user)

    rig.run(main())


def test_one_completion_wakes_one_poll() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = user.open()
        await client.open_context(rig.uuid, 0)
        handles = [send(client, probe_packet(1)) for _ in range(5)]
        await rig.clock.sleep_ns(MS)
        assert all(state(user, handle) == State.COMPLETED for handle in handles)
        assert [await client.poll(0) for _ in range(6)] == [True] * 5 + [False]
        with raises(errno.ENOENT):
            client.free_bo(999)

    rig.run(main())
