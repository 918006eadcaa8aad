# SPDX-License-Identifier: Apache-2.0
"""What a closed file leaves behind: nothing, whatever is under way, and nobody can use it any more."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest

from pydriver import ert
from pydriver.ert import State
from pydriver.subdev.intc import Mode
from pydriver.xclbin import NULL_UUID
from pydriver.xocl import VIRTUAL_CU, KdsFlags
from pydriver.xocl.process import Process
from pydriver.xocl.quirks import KernelOops, Quirk
from tests.unit.kds_rig import MS, KdsRig, ended, probe_packet, put, quirks, send, state
from tests.unit.rig import SECOND, raises

HOST = KdsFlags(ert=False)
ON = (1).to_bytes(4, "little")


class SlowDma:
    """Device memory that takes a millisecond for anything; `written`: when and where."""

    def __init__(self, rig: KdsRig) -> None:
        self.rig = rig
        self.written: list[tuple[int, int]] = []

    async def write(self, address: int, data: bytes | memoryview) -> None:
        await self.rig.clock.sleep_ns(MS)
        self.written.append((self.rig.clock.now_ns(), address))

    async def read(self, address: int, length: int) -> bytes:
        await self.rig.clock.sleep_ns(MS)
        return bytes(length)


def test_a_copy_by_the_host_ends_before_its_buffers_go() -> None:
    """Else the rest of it would be written into memory that is somebody else's by then."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        user.memory._dma = dma = SlowDma(rig)
        client = user.open()
        await client.open_context(rig.uuid, VIRTUAL_CU)
        src, dst = client.import_bo(bytearray(4096)), client.create_bo(4096, 0)
        send(client, ert.start_copybo(0, 0, 256, src.handle, dst.handle))
        await rig.clock.sleep_ns(MS // 2)
        await client.close()
        assert [address for _, address in dma.written] == [dst.address]
        assert user.memory.buffers() == 0

    rig.run(main())


CALLS: dict[str, Callable[[Any, KdsRig, int], Any]] = {
    "open_context": lambda client, rig, _: client.open_context(rig.uuid, 0),
    "close_context": lambda client, rig, _: client.close_context(rig.uuid, 0),
    "open_user_managed": lambda client, rig, _: client.open_user_managed(rig.uuid, 0),
    "execbuf": lambda client, rig, handle: client.execbuf(handle),
    "poll": lambda client, rig, _: client.poll(),
    "create_bo": lambda client, rig, _: client.create_bo(4096, 0),
    "import_bo": lambda client, rig, _: client.import_bo(bytearray(4096)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_closed_file_does_nothing_any_more(name: str) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = user.open()
        await client.open_context(rig.uuid, 0)
        handle = put(client, probe_packet(1))
        await client.close()
        with raises(errno.EBADF):
            result = CALLS[name](client, rig, handle)
            if hasattr(result, "__await__"):
                await result
        assert user.bitstream.references == 0 and user.memory.buffers() == 0
        assert user.kds.cus[0].sharers == 0

    rig.run(main())


def test_a_context_that_is_asked_for_while_the_file_is_being_closed() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(HOST)
        client = user.open()
        await client.open_context(rig.uuid, 0)
        send(client, probe_packet(1, delay=25_000))
        await rig.clock.sleep_ns(10_000)
        closing = rig.clock.spawn(client.close())
        await rig.clock.sleep_ns(1000)
        with raises(errno.EBADF):
            await client.open_context(rig.uuid, 1)
        await closing.join()
        assert [cu.sharers for cu in user.kds.cus] == [0, 0, 0]

    rig.run(main())


def test_who_polls_a_file_that_is_closed_is_told() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = user.open()
        polling = rig.clock.spawn(client.poll())
        await rig.clock.sleep_ns(MS)
        await client.close()
        with raises(errno.EBADF):
            await polling.join()

    rig.run(main())


def test_a_command_that_comes_at_the_last_moment_of_a_close_is_given_up_too() -> None:
    """Else a unit that hangs on it would keep the close waiting for ever."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(HOST, poll_interval_us=1000)
        client = user.open()
        await client.open_context(rig.uuid, 0)
        send(client, probe_packet(1, delay=25_000))
        await rig.clock.sleep_ns(10_000)
        closing = rig.clock.spawn(client.close_context(rig.uuid, 0))
        await client.poll()
        handle = send(client, probe_packet(1, control=1))
        await closing.join()
        assert state(user, handle) in (State.TIMEOUT, State.ABORT)

    rig.run(main(), 20)


# --- the interrupt of a unit --------------------------------------------------------------------------------


def test_a_units_descriptor_goes_with_its_context() -> None:
    """Who opens the unit next can use it, and the next image gets the host's interrupts."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client, other = user.open(), user.open()
        await client.open_context(rig.uuid, 0, exclusive=True)
        descriptor = await client.open_user_managed(rig.uuid, 0)
        await descriptor.write(ON)
        reading = rig.clock.spawn(descriptor.read())
        await client.close_context(rig.uuid, 0)
        with raises(errno.EBADF):
            await reading.join()
        await other.open_context(rig.uuid, 0)
        assert await ended(user, other, send(other, probe_packet(1))) == State.COMPLETED
        await other.close()
        assert user.intc.mode == Mode.CU
        await user.read_axlf(rig.image, force=True)
        assert user.intc.mode == Mode.ERT
        await client.close()

    rig.run(main())


def test_a_context_that_is_closed_while_its_descriptor_is_being_made() -> None:
    """At whichever access: either the descriptor is there and goes with the context, or it never was."""
    for delay in range(0, 12_000, 150):
        rig = KdsRig()

        async def main(rig: KdsRig = rig, delay: int = delay) -> None:
            user = await rig.ready(HOST, interrupt=True)
            client = user.open()
            await client.open_context(rig.uuid, 0, exclusive=True)
            call = rig.clock.spawn(client.open_user_managed(rig.uuid, 0))
            await rig.clock.sleep_ns(delay)
            await client.close_context(rig.uuid, 0)
            try:
                descriptor = await call.join()
                with raises(errno.EBADF):
                    await descriptor.write(ON)
            except OSError as error:
                assert error.errno == errno.EBUSY
            assert not user.kds.cus[0].user_managed
            await client.close()

        rig.run(main())


# --- processes ----------------------------------------------------------------------------------------------


def test_a_load_that_dies_leaves_no_image() -> None:
    """Half an image on the card must not pass for the one before: the next load of that one programs it."""
    seen = set()
    for part in range(1, 40):
        rig = KdsRig()

        async def main(rig: KdsRig = rig, part: int = part) -> None:
            user = await rig.ready()
            begin = rig.clock.now_ns()
            await user.read_axlf(rig.image, force=True)
            took = rig.clock.now_ns() - begin
            loading = rig.clock.spawn(user.read_axlf(rig.image, force=True))
            await rig.clock.sleep_ns(took * part // 40)
            loading.cancel()
            seen.add(bool(user.kds.cus))
            assert user.bitstream.uuid == NULL_UUID
            await user.read_axlf(rig.image)
            client = user.open()
            await client.open_context(rig.uuid, 0)
            assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED

        rig.run(main(), 60)
    assert seen == {False, True}, "while it was programmed, and while the scheduler was configured"


def test_a_process_ends_with_any_error_and_its_files_with_it() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        process = Process(user, 5)

        async def program(it: Process) -> None:
            client = it.open()
            await client.open_context(rig.uuid, 0, exclusive=True)
            raise ValueError("a mistake of the program")

        process.start(program)
        await process.wait()
        assert isinstance(process.error, ValueError)
        assert not user.clients and not user.kds.cus[0].exclusive

    with pytest.raises(ValueError, match="a mistake"):
        rig.run(main(), 60)


def test_an_oops_in_a_call_does_not_keep_the_files_open() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.NULL_CONTEXT))
        process = Process(user, 5)

        async def stumble() -> None:
            await rig.clock.sleep_ns(MS)
            raise KernelOops("a null context was read")

        async def program(it: Process) -> None:
            it.open()
            await it.call(stumble())

        process.start(program)
        await rig.clock.sleep_ns(MS // 2)
        process.kill()
        await process.wait()
        assert not user.clients and rig.clock.now_ns() < 30 * SECOND

    rig.run(main(), 60)


def test_a_process_does_not_remember_its_calls() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        process = Process(user, 5)

        async def program(it: Process) -> None:
            for _ in range(50):
                await it.call(rig.clock.sleep_ns(10))
            assert len(it._kernel) <= 1

        process.start(program)
        await process.wait()
        assert process.error is None

    rig.run(main(), 60)
