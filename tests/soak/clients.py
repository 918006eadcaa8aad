# SPDX-License-Identifier: Apache-2.0
"""Applications that open units, submit everything there is, wait or not, and die at any moment."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable

from pydriver import ert
from pydriver.ert import FINAL_STATES, State
from pydriver.xocl import FROM_DEVICE, TO_DEVICE, VIRTUAL_CU, BoFlags
from pydriver.xocl.process import Process
from tests.models import kernels
from tests.soak import coverage, packets
from tests.soak.coverage import ADAPTER, CHAIN, COPY, HS, NO_UNIT, NONE
from tests.soak.model import COPY_UNIT, Sent
from tests.soak.world import World

MS = 1_000_000
PATIENCE_NS = 10 * MS
PATIENCE_WITH_HANGS_NS = 200_000 * MS
"""Each run that hangs may hold its unit for 5 s after its client has left."""
POLL_NS = 10 * MS
PAGE = 4096


class Application:
    """One process and its open file."""

    def __init__(self, process: Process, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.pid = process.pid
        self.client = process.open()
        world.clients[self.pid] = self.client
        self.held: list[int] = []
        self.virtual = False
        self.out: dict[int, tuple[Sent, Callable[[], object] | None]] = {}
        """Buffer handle -> command, and what to check when it has completed."""

    async def run(self) -> None:
        """Some sessions; then the process ends, with or without having waited for its commands."""
        try:
            await self.sessions()
        except AssertionError as error:
            self.world.failure = error
            raise
        self.world.model.leaves(self.pid)

    async def sessions(self) -> None:
        """Open, submit, perhaps wait, close."""
        for _ in range(self.rng.randrange(1, 5)):
            await self.open_units()
            for _ in range(self.rng.randrange(1, 16)):
                await self.act()
            if self.rng.random() < 0.75:
                await self.wait_for_all()
            await self.close_units()

    async def open_units(self) -> None:
        world, rng = self.world, self.rng
        if not self.virtual and rng.random() < 0.4:
            await self.client.open_context(world.uuid, VIRTUAL_CU)
            self.virtual = True
        count = len(world.model.units)
        for index in rng.sample(range(count), min(count, rng.randrange(1, 5))):
            if index in self.held:
                continue
            try:
                await self.client.open_context(world.uuid, index, exclusive=rng.random() < 0.1)
                self.held.append(index)
            except OSError as error:
                world.model.expect(error.errno == errno.EINVAL, f"open of unit {index}: {error}")

    async def close_units(self) -> None:
        for index in list(self.held):
            if self.rng.random() < 0.6:
                self.world.model.leaves(self.pid)
                await self.client.close_context(self.world.uuid, index)
                self.held.remove(index)

    # --- one action -----------------------------------------------------------------------------------

    async def act(self) -> None:
        """Submit something, or let time pass."""
        rng = self.rng
        kind = rng.choices(
            (self.start, self.refused, self.question, self.abort, self.copy, self.hang, self.pause),
            (60, 15, 8, 5, 8, 2, 12),
        )[0]
        await kind()

    async def pause(self) -> None:
        await self.client.poll(self.rng.randrange(1, 40_000))

    def put(self, packet: bytes) -> tuple[int, bytearray]:
        bo = self.client.create_bo(PAGE, BoFlags.EXECBUF)
        assert bo.pages is not None
        bo.pages[: len(packet)] = packet
        return bo.handle, bo.pages

    def submit(
        self,
        command: str,
        packet: bytes,
        unit: int | None,
        check: Callable[[], object] | None = None,
        *,
        payload: list[int] | None = None,
        hangs: bool = False,
    ) -> Sent:
        """Hand over a packet that must be taken."""
        world = self.world
        handle, pages = self.put(packet)
        number = len(world.model.sent) + 1
        sent = Sent(number, command, self.pid, unit, world.now_ns(), pages, payload or [], hangs)
        world.model.accept(sent)
        self.client.execbuf(handle)
        self.out[handle] = (sent, check)
        return sent

    async def start(self) -> None:
        group = self.group(HS, CHAIN, ADAPTER)
        if group and self.world.protocol(group[0]) == ADAPTER:
            await self.add(group)
        elif group:
            self.send_start(group, self.rng.choice(self.world.delays))

    async def hang(self) -> None:
        """A run that does not end before its client closes, dies or aborts it."""
        group = self.group(HS)
        if group and self.world.hangs:
            self.send_start(group, 0, hangs=True)

    def group(self, *protocols: str) -> list[int]:
        """The open units of one of these protocols that can be started; none when there is none."""
        world = self.world
        groups = [[index for index in self.held if world.protocol(index) == each] for each in protocols]
        groups = [group for group in groups if group and world.startable(group[0])]
        return self.rng.choice(groups) if groups else []

    def mask(self, group: list[int]) -> int:
        """Some of the units, and some that are not open."""
        rng = self.rng
        mask = sum(1 << index for index in rng.sample(group, rng.randrange(1, len(group) + 1)))
        others = [index for index in range(len(self.world.model.units)) if index not in self.held]
        for index in rng.sample(others, min(len(others), rng.choice((0, 0, 1, 3)))):
            mask |= 1 << index
        return mask

    async def add(self, group: list[int]) -> None:
        """A vector addition behind a fast adapter, checked when it has ended."""
        world, rng, memory = self.world, self.rng, self.world.user.memory
        count = rng.choice((0, 1, 3, 9))
        a, b = ([rng.getrandbits(32) for _ in range(count)] for _ in range(2))
        bo = self.client.create_bo(PAGE, 0)
        places = [part + 4 * rng.randrange(8) for part in (0, 0x100, 0x200)]
        for place, words in zip(places, (a, b), strict=False):
            memory.pwrite(bo.handle, place, kernels.pack(words))
        await memory.sync(bo.handle, TO_DEVICE, 0, 0x300)

        async def check() -> None:
            await memory.sync(bo.handle, FROM_DEVICE, 0x200, 0x100)
            got = kernels.unpack(bytes(memory.pread(bo.handle, places[2], 4 * count)))
            world.model.expect(got == kernels.vadd(a, b), f"added wrong: {sent}")
            world.hit("START_FA", ADAPTER)

        # Nobody else may be counted between the choice of the unit and the command.
        mask = self.mask(group)
        unit = world.model.choose(mask, group)
        token = len(world.model.sent) + 1
        at_a, at_b, at_out = (bo.address + place for place in places)
        addition = packets.Addition(token, at_a, at_b, at_out, count)
        sent = self.submit("START_FA", addition.packet(mask), unit, check)

    def send_start(self, group: list[int], delay: int, hangs: bool = False) -> None:
        world, rng = self.world, self.rng
        mask = self.mask(group)
        unit = world.model.choose(mask, group)
        protocol = world.protocol(unit)
        command = rng.choice(coverage.STARTS)
        per_word = 4 if command == "START_CU" else 8
        most = min(len(packets.PAYLOAD), (world.room - 100) // per_word - 3)
        payload = [rng.getrandbits(32) for _ in range(rng.choice((0, 0, 1, 5, most)))]
        token = len(world.model.sent) + 1
        work = packets.Work(token, delay, packets.HANG * hangs, payload)
        packet = work.packet(command, mask, stat=rng.random() < 0.15)
        self.submit(command, packet, unit, lambda: world.hit(command, protocol), payload=payload, hangs=hangs)

    async def copy(self) -> None:
        """A copy by the shell's unit, checked when it has ended."""
        world, rng = self.world, self.rng
        if not self.virtual:
            return
        memory = world.user.memory
        src, dst = self.client.create_bo(PAGE, 0), self.client.create_bo(PAGE, 0)
        data = rng.randbytes(PAGE)
        memory.pwrite(src.handle, 0, data)
        await memory.sync(src.handle, TO_DEVICE, 0, PAGE)
        start, to, size = (64 * rng.randrange(16) for _ in range(3))

        async def check() -> None:
            await memory.sync(dst.handle, FROM_DEVICE, 0, PAGE)
            got = memory.pread(dst.handle, to, size)
            world.model.expect(got == data[start : start + size], f"copied something else: {sent}")
            world.hit("START_COPYBO", COPY)

        packet = ert.start_copybo(start, to, size + 64, src.handle, dst.handle)
        size += 64
        sent = self.submit("START_COPYBO", packet, COPY_UNIT, check)

    async def question(self) -> None:
        """A command without a unit."""
        world = self.world
        answers = ["CU_STAT", "CONFIGURE"]
        if coverage.unreachable("CLK_CALIB", world.mode, world.slot_class, NO_UNIT) is None:
            answers.append("CLK_CALIB")
            if not world.coverage.has("MB_VALIDATE", world.mode, world.slot_class, NO_UNIT):
                answers.append("MB_VALIDATE")  # thousands of accesses: once is enough
        command = self.rng.choice(answers)
        packet = {
            "CU_STAT": ert.cu_stat,
            "CONFIGURE": lambda: ert.configure(512, [], 0, cu_base=0),
            "CLK_CALIB": ert.clk_calib,
            "MB_VALIDATE": ert.mb_validate,
        }[command]()
        sent = self.submit(command, packet, None, lambda: self.check_answer(sent))

    def check_answer(self, sent: Sent) -> None:
        world = self.world
        world.hit(sent.command, NO_UNIT)
        if sent.command == "CU_STAT" and not world.mode.host:
            stat = ert.parse_cu_stat(ert.to_words(bytes(sent.pages)))
            expected = (world.user.ert.num_slots, len(world.model.units))
            world.model.expect((stat.num_slots, stat.num_cus) == expected, f"{stat} for {expected}: {sent}")

    async def abort(self) -> None:
        """Host scheduling: end one of the own commands."""
        world = self.world
        mine = [
            (handle, sent)
            for handle, (sent, _) in self.out.items()
            if sent.command in coverage.STARTS and sent.unit is not None
        ]
        if not world.mode.host or not mine:
            return
        handle, target = self.rng.choice(mine)
        if target.state not in FINAL_STATES:
            world.model.may_give_up(target)
        sent = self.submit("ABORT", ert.abort(handle), None, lambda: world.hit("ABORT", NO_UNIT))
        sent.may_end = {State.COMPLETED, State.ERROR}

    async def refused(self) -> None:
        """A packet that must be refused and disturb nobody."""
        world, rng = self.world, self.rng
        units = world.model.units
        index = rng.randrange(len(units))
        none = [each for each in self.held if world.protocol(each) in (NONE, ADAPTER)]
        if none and rng.random() < 0.5:
            index = rng.choice(none)
        choices = packets.bad_packets(world.room, world.mode.host)
        bad = rng.choice(choices)
        if rng.random() < 0.6:
            bad = packets.bad_for_unit(index, world.protocol(index), index in self.held)
        handle, _ = self.put(bad.packet)
        before = self.client.commands_done
        try:
            self.client.execbuf(handle)
        except OSError as error:
            world.model.expect(error.errno == bad.error, f"{error} for {bad}")
        else:
            world.model.expect(False, f"taken: {bad}")
        world.model.expect(self.client.commands_done - before == bad.taken, f"counted wrong: {bad}")
        if bad.taken:
            world.model.refused_late(self.pid)
        world.hit("REFUSED", bad.protocol)
        self.client.free_bo(handle)

    # --- waiting --------------------------------------------------------------------------------------

    async def wait_for_all(self) -> None:
        """Wait for all commands, in some order; a run that hangs is aborted or left to the next close."""
        handles = list(self.out)
        self.rng.shuffle(handles)
        if any(sent.hangs for sent, _ in self.out.values()):
            return
        for handle in handles:
            sent, check = self.out.pop(handle)
            await self.wait_for(sent)
            if self.world.model.seen(sent, self.world.now_ns()) == State.COMPLETED and check is not None:
                result = check()
                if result is not None:
                    await result  # type: ignore[misc]
            self.client.free_bo(handle)

    async def wait_for(self, sent: Sent) -> None:
        """Poll as an application does."""
        world = self.world
        deadline = world.now_ns() + (PATIENCE_WITH_HANGS_NS if world.hangs else PATIENCE_NS)
        while sent.state not in FINAL_STATES:
            await self.client.poll(POLL_NS)
            assert world.now_ns() < deadline, f"{world.mode}: does not end: {sent}"
