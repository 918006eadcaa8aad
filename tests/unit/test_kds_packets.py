# SPDX-License-Identifier: Apache-2.0
"""EXECBUF: order of the checks, kinds of packets, unit masks (XRT KDS contract §2)."""

from __future__ import annotations

import errno
import os
import random
from dataclasses import replace

import pytest

from pydriver import ert
from pydriver.ert import Header, State, Type, to_bytes
from pydriver.xocl import VIRTUAL_CU, Client, KdsFlags, Xocl
from pydriver.xocl.cu import CuOptions
from pydriver.xocl.error_records import ErrorRecord
from pydriver.xocl.quirks import Quirk
from tests.models.units import Probe
from tests.unit.kds_rig import MS, KdsRig, ended, probe_packet, put, quirks, send, state
from tests.unit.rig import SECOND, raises

HOST = KdsFlags(ert=False)
TOKEN, PAYLOAD = Probe.TOKEN, Probe.PAYLOAD[2]


async def opened(rig: KdsRig, user: Xocl, *indices: int) -> Client:
    client = user.open(pid=4711)
    for index in indices or (0,):
        await client.open_context(rig.uuid, index)
    return client


def test_the_order_of_the_checks() -> None:
    """Each packet is wrong in all later ways too."""
    rig = KdsRig(units=2)

    async def main() -> None:
        user = await rig.ready()
        stranger = user.open()
        user.kds.state.bad = True
        with raises(errno.EINVAL, "no context"):
            stranger.execbuf(99)
        client = await opened(rig, user)
        with raises(errno.EDEADLK):
            client.execbuf(99)
        user.kds.state.bad = False
        with raises(errno.ENOENT):
            client.execbuf(99)
        with raises(errno.ENOENT):
            client.execbuf(put(stranger, probe_packet(1)))
        bad = to_bytes([Header(31, Type.CU, 2047, State.COMPLETED, 0xFF).pack()])
        assert client.execbuf(client.create_bo(100, 0).handle) == 0
        with raises(errno.EINVAL, "4096"):
            client.execbuf(put(client, bad, 2048))
        handle = put(client, bad)
        with raises(errno.EINVAL, "does not fit its buffer"):
            client.execbuf(handle)
        assert state(user, handle) == State.NEW, "forced before anything is looked at"
        assert user.lifecycle.errors.records == (ErrorRecord(14, 0, 4711),)
        assert "0x000000000000000e 0 4711" in await user.attributes.read("xocl_errors")
        with raises(errno.EINVAL, "does not fit its buffer"):
            client.execbuf(put(client, bad, 5000))
        with raises(errno.EINVAL, "not a command"):
            client.execbuf(put(client, bad, 3 * 4096))
        stamped = to_bytes([Header.start(0, 1020, 0, True).pack(), 4])
        with raises(errno.EINVAL, "time stamps"):
            client.execbuf(put(client, stamped))
        with raises(errno.EINVAL, "does not fit a slot"):
            client.execbuf(put(client, stamped, 2 * 4096))
        with raises(errno.EINVAL, "more units"):
            send(client, probe_packet(0b111))
        with raises(errno.EINVAL, "context"):
            send(client, probe_packet(0b10))
        assert not await client.poll(0) or not user.ert.submitted

    rig.run(main())


def test_a_refused_command_ends_in_error_where_it_was_accepted_before() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = await opened(rig, user)
        for packet, final in ((probe_packet(2), State.ERROR), (ert.exit_(), State.NEW)):
            handle = put(client, packet)
            with raises(errno.EINVAL):
                client.execbuf(handle)
            assert state(user, handle) == final
            assert await client.poll(0) is (final == State.ERROR)

    rig.run(main())


@pytest.mark.parametrize("flags", [None, HOST], ids=["ert", "host"])
def test_every_kind_of_start(flags: KdsFlags | None) -> None:
    """The application's type does not matter, nor does what it writes into the buffer afterwards."""
    rig = KdsRig()
    pairs = [(TOKEN, 77), (PAYLOAD, 5)]

    async def main() -> None:
        user = await rig.ready(flags)
        client = await opened(rig, user)
        packets = [
            ert.start_kernel(1, [0, 0, 0, 0, 0, 0, 76, 1, 2, 5]),
            ert.start_key_val(1, pairs),
            ert.exec_write(1, pairs),
            ert.exec_write(1, pairs, [0, 0, 0]),
            ert.start_key_val(1, pairs, [0, 0]),
        ]
        for packet in packets:
            word = Header.unpack(int.from_bytes(packet[:4], "little"))
            word = replace(word, type=Type.KDS_LOCAL, state=State.TIMEOUT)
            odd = word.pack().to_bytes(4, "little") + packet[4:]
            for variant in (packet, odd):
                handle = send(client, variant)
                user.memory.map(handle)[4:64] = bytes(60)
                assert await ended(user, client, handle) == State.COMPLETED
        assert rig.probe(0).tokens == [76] * 2 + [77] * 8
        assert rig.card.units[0].registers[PAYLOAD] == 5

    rig.run(main())


def test_key_value_pairs_as_the_real_driver_sends_them() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.KEY_VAL_AS_REGISTER_MAP))
        client = await opened(rig, user)
        pairs = [(TOKEN, 77)] * 8
        assert await ended(user, client, send(client, ert.start_key_val(1, pairs))) == State.COMPLETED
        assert rig.probe(0).tokens != [77]

    rig.run(main())


@pytest.mark.parametrize("flags", [None, HOST], ids=["ert", "host"])
def test_time_stamps(flags: KdsFlags | None) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(flags)
        client = await opened(rig, user)
        handle = send(client, probe_packet(1, stat=True))
        await ended(user, client, handle)
        times = ert.read_timestamps(bytes(user.memory.map(handle)))
        assert list(times) == [State.NEW, State.QUEUED, State.RUNNING, State.COMPLETED]
        assert sorted(times.values()) == list(times.values())

    rig.run(main())


def test_immediate_commands_and_those_without_a_scheduler() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(HOST)
        client = await opened(rig, user)
        for packet in (ert.configure(4096, [], 0), ert.configure_sk([(0, 1, "x")]), ert.cu_stat()):
            assert state(user, send(client, packet)) == State.COMPLETED
            assert await client.poll(0)
        for packet in (ert.clk_calib(), ert.mb_validate(), ert.access_test_c()):
            with raises(errno.EINVAL, "needs the embedded"):
                send(client, packet)
        soft = to_bytes([Header(9, Type.SCU, 2).pack(), 1, 0])
        for packet in (soft, ert.init_kernel(1, [0] * 8), ert.exit_()):
            with raises(errno.EINVAL):
                send(client, packet)

    rig.run(main())


# --- 128 units ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [None, HOST], ids=["ert", "host"])
def test_all_128_units_can_be_used(flags: KdsFlags | None) -> None:
    rig = KdsRig(units=128)

    async def main() -> None:
        user = await rig.ready(flags)
        client = await opened(rig, user, *range(128))
        handles = {index: send(client, probe_packet(1 << index, token=index)) for index in range(128)}
        for index, handle in handles.items():
            assert await ended(user, client, handle) == State.COMPLETED, index
        assert [rig.probe(index).tokens for index in range(128)] == [[index] for index in range(128)]

    rig.run(main())


def test_extra_masks_as_the_real_driver_copies_them() -> None:
    rig = KdsRig(units=64)

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.EXTRA_MASK_BYTES))
        client = await opened(rig, user, 0, 39, 40)
        await ended(user, client, send(client, probe_packet(1 << 39)))
        with raises(errno.EINVAL, "context"):
            send(client, probe_packet(1 << 40))
        assert rig.runs(39) == 1

    rig.run(main())


def test_the_least_used_unit_of_mask_and_context() -> None:
    rig = KdsRig(units=40)
    rng = random.Random(int(os.environ.get("SEED", "1")))

    async def main() -> None:
        user = await rig.ready(HOST)
        mine = rng.sample(range(40), 20)
        client = await opened(rig, user, *mine)
        usage = [0] * 40
        for _ in range(200):
            mask = rng.getrandbits(40)
            candidates = [index for index in sorted(mine) if mask >> index & 1]
            if not candidates:
                continue
            chosen = min(candidates, key=lambda index: usage[index])
            usage[chosen] += 1
            await ended(user, client, send(client, probe_packet(mask)))
            assert [cu.usage for cu in user.kds.cus] == usage
        assert [rig.runs(index) for index in range(40)] == usage

    rig.run(main())


def test_units_that_cannot_be_started() -> None:
    rig = KdsRig(kernels=("probe", "probe_none", "probe_chain"))

    async def main() -> None:
        user = await rig.ready()
        client = await opened(rig, user, 0, 1, 2)
        names = {cu.name.partition(":")[0]: cu.index for cu in user.kds.cus}
        none = 1 << names["probe_none"]
        with raises(errno.EINVAL, "AP_CTRL_NONE"):
            send(client, probe_packet(none))
        plain = names["probe"]
        user.kds.cus[plain].user_managed = True
        with raises(errno.EBUSY):
            send(client, probe_packet(1 << plain))
        user.kds.cus[plain].user_managed = False
        with raises(errno.EINVAL, "descriptors"):
            send(client, ert.start_fa(1 << plain, [0] * 8))
        chain = 1 << names["probe_chain"]
        for token in range(5):
            assert await ended(user, client, send(client, probe_packet(chain, token))) == State.COMPLETED

    rig.run(main())


# --- copies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [None, HOST], ids=["ert", "host"])
def test_copies_by_the_unit_of_the_shell(flags: KdsFlags | None) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(flags)
        client = await opened(rig, user, 0, VIRTUAL_CU)
        src, dst = client.create_bo(8192, 0), client.create_bo(8192, 1)
        data = random.Random(5).randbytes(8192)
        user.memory.pwrite(src.handle, 0, data)
        await user.memory.sync(src.handle, 0, 0, 8192)
        handle = send(client, ert.start_copybo(64, 128, 1024, src.handle, dst.handle))
        assert await ended(user, client, handle) == State.COMPLETED
        await user.memory.sync(dst.handle, 1, 0, 8192)
        assert user.memory.pread(dst.handle, 128, 1024) == data[64:1088]
        assert not any(user.memory.pread(dst.handle, 1152, 8192 - 1152)), "and no more"
        assert rig.card.kdma.runs == 1 and user.kds.kdma is not None and user.kds.kdma.usage == 1
        for copy, code in (
            ((32, 0, 64), errno.EINVAL),
            ((0, 32, 64), errno.EINVAL),
            ((0, 0, 32), errno.EINVAL),
            ((8192, 0, 64), errno.EINVAL),
            ((0, 8128, 128), errno.EINVAL),
        ):
            with raises(code):
                send(client, ert.start_copybo(*copy, src.handle, dst.handle))
        with raises(errno.ENOENT):
            send(client, ert.start_copybo(0, 0, 64, src.handle, 999))
        with raises(errno.EINVAL, "not in device"):
            send(client, ert.start_copybo(0, 0, 64, src.handle, handle))
        stranger = await opened(rig, user, 0)
        mine, yours = stranger.create_bo(4096, 0), stranger.create_bo(4096, 0)
        with raises(errno.EINVAL, "context"):
            send(stranger, ert.start_copybo(0, 0, 64, mine.handle, yours.handle))

    rig.run(main())


def test_copies_with_imported_buffers() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = await opened(rig, user)
        theirs = bytearray(random.Random(6).randbytes(4096))
        imported, local = client.import_bo(theirs), client.create_bo(4096, 0)
        there = send(client, ert.start_copybo(64, 128, 256, imported.handle, local.handle))
        assert await ended(user, client, there) == State.COMPLETED
        back = send(client, ert.start_copybo(128, 1024, 256, local.handle, imported.handle))
        assert await ended(user, client, back) == State.COMPLETED
        assert theirs[1024:1280] == theirs[64:320] and rig.card.kdma.runs == 0
        with raises(errno.EINVAL, "neither"):
            send(client, ert.start_copybo(0, 0, 64, imported.handle, imported.handle))

    rig.run(main())


def test_copies_without_a_unit_in_the_shell() -> None:
    rig = KdsRig()
    rig.card.rom.data[0xC4:0xC8] = bytes(4)

    async def main() -> None:
        user = await rig.ready()
        client = await opened(rig, user, 0, VIRTUAL_CU)
        src, dst = client.create_bo(4096, 0), client.create_bo(4096, 0)
        with raises(errno.EINVAL, "no copy unit"):
            send(client, ert.start_copybo(0, 0, 64, src.handle, dst.handle))
        assert await user.attributes.read("kds_numcdmas") == "0\n"

    rig.run(main())


# --- aborts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["works", "stuck", "none"])
def test_abort_of_one_command(reset: str) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(HOST)
        user.host_cus.options = CuOptions(poll_interval_us=200)
        user.kds.cus[0].sw_reset = reset != "none"
        rig.card.units[0].reset_stuck = reset == "stuck"
        client, other = await opened(rig, user), await opened(rig, user)
        rig.card.units[0].hang = True
        runs = send(client, probe_packet(1, token=1))
        await rig.clock.sleep_ns(MS)
        waits, theirs = send(client, probe_packet(1, token=2)), send(other, probe_packet(1, token=3))
        for target in (theirs, 4242):
            assert await ended(user, client, send(client, ert.abort(target))) == State.ERROR
        assert await ended(user, client, send(client, ert.abort(waits))) == State.COMPLETED
        assert state(user, waits) == State.ABORT and state(user, theirs) == State.NEW
        aborts = send(client, ert.abort(runs))
        final = await ended(user, client, aborts)
        assert (final == State.COMPLETED) is (reset == "works") is not user.kds.state.bad
        assert state(user, runs) == State.TIMEOUT
        rig.card.units[0].hang = False
        assert await ended(user, other, theirs) == (State.COMPLETED if reset == "works" else State.ABORT)

    rig.run(main(), 60)


def test_the_embedded_scheduler_aborts_nothing() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = await opened(rig, user)
        handle = send(client, probe_packet(1, delay=SECOND // 1000))
        with raises(errno.EINVAL, "aborts no"):
            send(client, ert.abort(handle))
        assert await ended(user, client, handle) == State.COMPLETED

    rig.run(main())
