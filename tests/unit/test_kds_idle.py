# SPDX-License-Identifier: Apache-2.0
"""What scheduling costs when nothing happens, and what must be looked for all the same."""

from __future__ import annotations

import pytest

from pydriver.ert import State
from pydriver.platform.virtual import VirtualBar
from pydriver.xocl import KdsFlags
from pydriver.xocl import client as client_module
from tests.unit.kds_rig import MS, KdsRig, ended, probe_packet, send, state

FEW = 5
"""The mailbox looks now and then."""


@pytest.mark.parametrize("flags", [None, KdsFlags(ert=False)], ids=["ert", "host"])
@pytest.mark.parametrize("polling", [False, True], ids=["interrupt", "polling"])
def test_nothing_is_read_while_nothing_is_out(flags: KdsFlags | None, polling: bool) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(flags, polling)
        client = user.open()
        await client.open_context(rig.uuid, 0)
        assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED
        await rig.clock.sleep_ns(MS)
        assert isinstance(user.bar, VirtualBar)
        before = user.bar.reads
        await rig.clock.sleep_ns(100 * MS)
        assert user.bar.reads - before < FEW

    rig.run(main())


def test_a_command_that_was_given_up_is_not_looked_for_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer stays in STATUS until somebody wants a slot; then it is seen, and its slot is free."""
    monkeypatch.setattr(client_module, "CLOSE_STEP_NS", MS // 10)
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(polling=True)
        gone, client = user.open(), user.open()
        await gone.open_context(rig.uuid, 0)
        await client.open_context(rig.uuid, 0)
        await client.open_context(rig.uuid, 1)
        rig.card.units[0].hang = True
        for _ in range(user.ert.num_slots - 1):
            send(gone, probe_packet(1))
        await rig.clock.sleep_ns(MS)
        assert user.ert.submitted == user.ert.num_slots - 1
        await gone.close()
        await rig.clock.sleep_ns(MS)
        assert user.ert.idle and isinstance(user.bar, VirtualBar)
        before = user.bar.reads
        await rig.clock.sleep_ns(5 * MS)
        assert user.bar.reads - before < FEW
        # Every slot but 0 waits for a late answer.
        handle = send(client, probe_packet(2))
        await rig.clock.sleep_ns(MS)
        assert state(user, handle) == State.NEW
        rig.card.units[0].hang = False
        assert await ended(user, client, handle) == State.COMPLETED
        assert rig.said("user.ert", "completed late")

    rig.run(main())
