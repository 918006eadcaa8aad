# SPDX-License-Identifier: Apache-2.0
"""The packet router's application on the model card: routes change while packets flow."""

from __future__ import annotations

import numpy as np
import pytest

from pydriver.ert import State
from pydriver.xrt import Autostart
from scenarios import routes
from scenarios.routes import Look, Observer, Router, in_order, packets, table
from tests.models.mailbox_unit import MailboxUnit, Route
from tests.unit.xrt_rig import BUFFER, Arg, Spec, XrtRig

ARGS = (
    Arg("in", 0x1C, 8, BUFFER),
    Arg("out", 0x28, 8, BUFFER),
    Arg("entries", 0x34),
    Arg("tag", 0x38),
    Arg("packets", 0x3C),
    Arg("dropped", 0x40),
    Arg("last_tag", 0x44),
    Arg("table", 0x400, 1024, type="uint*"),
)
ROUTE = Spec("route", ARGS, (2, 3), 'mailbox="inout" countedAutoRestart="1"')
ENTRIES = 16


class Torn(MailboxUnit):
    """Reads the second half of the table while the host is writing it."""

    def take_inputs(self) -> None:
        super().take_inputs()
        live = {offset: word for offset, word in self.registers.items() if offset >= Route.TABLE + 0x200}
        self.kernel_inputs = {**self.kernel_inputs, **live}


def flow(unit_class: type[MailboxUnit]) -> None:
    """Six tables, looks and counters between them, a stop."""
    rig = XrtRig(ROUTE)

    async def main() -> None:
        unit = rig.card.units[2] = unit_class(rig.card, 2, Route())
        device, uuid = await rig.device()
        keys = packets(np.random.default_rng(1), ENTRIES)
        router = await Router.make(device, uuid, "route_1", keys)
        router.first_table(1)
        await router.run.start(Autostart())
        for version in range(2, 8):
            await router.change(version)
            await rig.clock.sleep_ns(rig.card.kernel_ns * 5)
            counters = await router.counters()
            assert counters.tag == version and counters.packets > 0
            await router.look()
        await router.run.stop()
        assert router.run.state() == State.COMPLETED and not unit.under_way
        last = await router.look()
        assert in_order(last) and last.newest == 7
        assert router.observer.beats > 4 * ENTRIES
        await router.close()

    rig.run(main())


def test_routes_change_while_packets_flow() -> None:
    flow(MailboxUnit)


def test_a_unit_without_a_copy_of_its_own_is_caught() -> None:
    with pytest.raises(AssertionError, match="two tables"):
        flow(Torn)


def test_the_observer_believes_nothing() -> None:
    keys = packets(np.random.default_rng(2), 4)
    good = np.stack([table(version)[keys[place] & 0xFF] for place, version in enumerate((3, 3, 2, 2))])
    assert str(Observer(keys).look(good.tobytes(), 3)) == "3322"
    assert str(Observer(keys).look(bytes(good.nbytes), 3)) == "...."
    with pytest.raises(AssertionError, match="before it was released"):
        Observer(keys).look(good.tobytes(), 2)
    torn = good.copy()
    torn[1, 5] = table(2)[keys[1, 5] & 0xFF]
    with pytest.raises(AssertionError, match="two tables"):
        Observer(keys).look(torn.tobytes(), 3)
    wrong = good.copy()
    wrong[2, 0] ^= 1
    with pytest.raises(AssertionError, match="entries at place 2"):
        Observer(keys).look(wrong.tobytes(), 3)
    observer = Observer(keys)
    observer.look(good.tobytes(), 3)
    old = np.stack([table(2)[row & 0xFF] for row in keys])
    with pytest.raises(AssertionError, match="table 2 after table 3"):
        observer.look(old.tobytes(), 3)


def test_order_in_a_ring() -> None:
    assert in_order(Look((3, 3, 1, 2))) and in_order(Look((1, 1, 1))) and in_order(Look((1, 2, 3)))
    assert not in_order(Look((1, 3, 2, 3)))
    assert list(routes.wrapped(Look((1, 2, 10, 0)), 2)) == ["12", "a."]
