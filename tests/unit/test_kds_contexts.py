# SPDX-License-Identifier: Apache-2.0
"""Contexts: shared, exclusive, without a unit; what closing waits for; the quirks (XRT KDS contract §1)."""

from __future__ import annotations

import errno

import pytest

from pydriver.ert import State
from pydriver.xclbin import NULL_UUID
from pydriver.xocl import VIRTUAL_CU, BoFlags, KdsFlags
from pydriver.xocl import client as client_module
from pydriver.xocl.kds import KDMA_INDEX
from pydriver.xocl.quirks import KernelOops, Quirk
from tests.unit.kds_rig import MS, KdsRig, ended, probe_packet, quirks, send, state
from tests.unit.rig import SECOND, raises

OTHER = bytes(range(16))
HOST = KdsFlags(ert=False)


def test_a_first_context_that_fails_leaves_nothing() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = user.open()
        for uuid, code in ((OTHER, errno.EBUSY), (NULL_UUID, errno.EINVAL)):
            with raises(code):
                await client.open_context(uuid, 0)
        await client.open_context(rig.uuid, 0)
        assert user.bitstream.references == 1
        assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED
        await client.close()
        assert user.bitstream.references == 0

    rig.run(main())


def test_half_made_client() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.HALF_MADE_CLIENT))
        client = user.open()
        with raises(errno.EBUSY):
            await client.open_context(OTHER, 0)
        await client.open_context(rig.uuid, 0, exclusive=True)
        assert user.bitstream.references == 0, "units are open, the image is not locked"
        bo = client.create_bo(4096, BoFlags.EXECBUF)
        with raises(errno.EINVAL, "no context"):
            client.execbuf(bo.handle)
        with raises(errno.EINVAL):
            await client.close_context(rig.uuid, 0)
        await user.read_axlf(rig.image, force=True)
        await client.close()
        assert not user.kds.cus[0].exclusive and user.kds.cus[0].sharers == 0
        other = user.open()
        await other.open_context(rig.uuid, 0, exclusive=True)

    rig.run(main())


@pytest.mark.parametrize("quirky", [False, True])
def test_commands_before_any_context(quirky: bool) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(quirks=quirks(Quirk.NULL_CONTEXT) if quirky else quirks())
        client = user.open()
        bo = client.create_bo(4096, BoFlags.EXECBUF)
        for call in ("execbuf", "free"):
            with pytest.raises(KernelOops) if quirky else raises(errno.EINVAL):
                if call == "execbuf":
                    client.execbuf(bo.handle)
                else:
                    await client.close_context(rig.uuid, 0)

    rig.run(main())


def test_a_unit_that_cannot_be_opened_leaves_the_image_locked() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = user.open()
        with raises(errno.EINVAL):
            await client.open_context(rig.uuid, 99)
        assert user.bitstream.references == 1
        with raises(errno.EBUSY):
            await user.read_axlf(rig.image, force=True)
        await client.close()
        assert user.bitstream.references == 0

    rig.run(main())


def test_the_image_without_a_unit() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = user.open()
        with raises(errno.EINVAL, "shared"):
            await client.open_context(rig.uuid, VIRTUAL_CU, exclusive=True)
        kdma = user.kds.kdma
        assert kdma is not None
        for count in (1, 2):
            await client.open_context(rig.uuid, VIRTUAL_CU)
            assert kdma.sharers == 1, count
        with raises(errno.EINVAL):
            await client.close_context(rig.uuid, KDMA_INDEX)
        await client.close_context(rig.uuid, VIRTUAL_CU)
        assert kdma.sharers == 1 and user.bitstream.references == 1
        await client.close_context(rig.uuid, VIRTUAL_CU)
        assert kdma.sharers == 0 and user.bitstream.references == 0
        with raises(errno.EINVAL):
            await client.close_context(rig.uuid, VIRTUAL_CU)

    rig.run(main())


@pytest.mark.parametrize("polling", [False, True])
def test_closing_waits_five_seconds_for_the_embedded_scheduler(
    polling: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then this client's commands are over, those of others go on, and the state is not bad."""
    assert client_module.CLOSE_STEPS * client_module.CLOSE_STEP_NS == 5 * SECOND
    # The firmware looks at a hung unit all the time, so a thousandth of that is enough.
    monkeypatch.setattr(client_module, "CLOSE_STEP_NS", client_module.CLOSE_STEP_NS // 1000)
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(polling=polling)
        leaving, staying = user.open(), user.open()
        for client in (leaving, staying):
            await client.open_context(rig.uuid, 0)
            await client.open_context(rig.uuid, 1)
        rig.card.units[0].hang = rig.card.units[1].hang = True
        hung, elsewhere = send(leaving, probe_packet(1)), send(leaving, probe_packet(2))
        behind = send(staying, probe_packet(1, token=7))
        begin = rig.clock.now_ns()
        await leaving.close_context(rig.uuid, 0)
        assert 5 * MS <= rig.clock.now_ns() - begin < 5.2 * MS
        assert state(user, hung) == state(user, elsewhere) == State.TIMEOUT, (
            "all of the client's, not the unit's"
        )
        assert state(user, behind) == State.NEW
        assert not user.kds.state.bad and user.kds.cus[0].sharers == 1
        rig.card.units[0].hang = False
        assert await ended(user, staying, behind) == State.COMPLETED
        assert rig.said("user.ert", "completed late")

    rig.run(main(), 60)


def test_closing_is_quick_when_the_commands_end() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = user.open()
        await client.open_context(rig.uuid, 0)
        handle = send(client, probe_packet(1, delay=MS // 4))
        begin = rig.clock.now_ns()
        await client.close_context(rig.uuid, 0)
        assert state(user, handle) == State.COMPLETED
        assert MS <= rig.clock.now_ns() - begin < 1.2 * MS

    rig.run(main())


@pytest.mark.parametrize("reset", [False, True])
def test_a_hang_at_close_under_host_scheduling(reset: bool) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(HOST, poll_interval_us=1000)
        user.kds.cus[0].sw_reset = reset
        rig.card.units[0].hang = True
        client, other = user.open(), user.open()
        for each in (client, other):
            await each.open_context(rig.uuid, 0)
        send(client, probe_packet(1, token=3))
        await rig.clock.sleep_ns(MS)
        send(client, probe_packet(1, token=4))
        begin = rig.clock.now_ns()
        await client.close()
        assert 4.5 * SECOND <= rig.clock.now_ns() - begin < 6.5 * SECOND
        assert user.kds.state.bad is not reset
        assert rig.card.units[0].resets == reset
        rig.card.units[0].hang = False
        if reset:
            assert await ended(user, other, send(other, probe_packet(1))) == State.COMPLETED
        else:
            with raises(errno.EDEADLK):
                send(other, probe_packet(1))
            with raises(errno.EDEADLK):
                await user.read_axlf(rig.image, force=True)
        assert rig.probe(0).tokens == [0] * reset + [3] * (not reset)

    rig.run(main(), 60)
