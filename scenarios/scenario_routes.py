# SPDX-License-Identifier: Apache-2.0
"""Change the routes of a packet router that never stops, and let no packet see half a table.

The router restarts itself for every packet. The application writes new tables into its mailbox while packets
flow, reads its counters, and checks every result; then it stops the router. A second one runs a counted lap.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from cards import firmware
from cards.xrt_u200 import Card
from firmware_model import images
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xrt import Autostart, Device, State
from scenarios.checks import check
from scenarios.routes import Counters, Router, in_order, packets, wrapped
from scenarios.stage import Stage
from tools import mkxclbin

IMAGE = Path(mkxclbin.__file__).resolve().parent.parent / "xclbins" / "routes"
ENTRIES = 512
TABLES = 7
FLOW_NS = 12_000
LAP_TABLE = 9
TIMEOUT_MS = 100
BAR_WIDTH = 40
LINE = 64


async def run(stage: Stage, dut: Any, host: str) -> str:
    """The host program; returns the verdict line."""
    rng = np.random.default_rng(int(os.environ.get("SEED", "1")))

    async with stage.step("power on, probe both functions"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)
        platform = stage.card.platform
        management = await Xclmgmt.probe(platform, MgmtOptions(sched_image=images.build()), stage.event)
        device = await Device.open(platform, on_event=stage.event)

    async with stage.step("load the image with two packet routers"):
        uuid = await device.load_xclbin(mkxclbin.make_xclbin(IMAGE))

    async with stage.step(f"fill a ring with {ENTRIES} packets, start the router for ever"):
        router = await Router.make(device, uuid, "route_1", packets(rng, ENTRIES))
        router.first_table(1)
        await router.run.start(Autostart())
        started_ns = stage.now_ns()
        stage.say("application", "xocl", "start(autostart): the router runs until it is told to stop")

    history: list[tuple[int, int, Counters]] = []
    async with stage.step(f"change its routes {TABLES - 1} times while packets flow"):
        for version in range(1, TABLES + 1):
            if version > 1:
                await router.change(version)
                stage.say("application", "xocl", f"mailbox write: table {version}")
            await platform.clock.sleep_ns(FLOW_NS)
            counters = await router.counters()
            look = await router.look()
            history.append((version, stage.now_ns(), counters))
            progress = f"{counters.packets} packets, {counters.dropped} dropped, table {counters.tag}"
            stage.say("xocl", "application", f"mailbox read: {progress}")
            stage.event("results", str(look)[:: ENTRIES // LINE])
            check("table that routes now", counters.tag, version)
        check("state while it runs", router.run.state() in (State.NEW, State.QUEUED, State.RUNNING), True)

    async with stage.step("stop: the packet under way is the last"):
        await router.run.stop()
        stopped_ns = stage.now_ns()
        check("state after stop", router.run.state(), State.COMPLETED)
        last = await router.look()
        await platform.clock.sleep_ns(FLOW_NS)
        check("results after the stop", await router.look(), last)
        check("order of the versions in the ring", in_order(last), True)

    async with stage.step(f"the second router: one lap of {ENTRIES} packets, counted by the hardware"):
        second = await Router.make(device, uuid, "route_2", packets(rng, ENTRIES))
        second.first_table(LAP_TABLE)
        await second.run.start(Autostart(ENTRIES))
        check("state of the lap", await second.run.wait(TIMEOUT_MS), State.COMPLETED)
        lap = await second.look()
        check("places with the lap's table", lap.versions.count(LAP_TABLE), ENTRIES)
        await second.mailbox.read()
        await second.run.start()
        check("state of one more", await second.run.wait(TIMEOUT_MS), State.COMPLETED)
        check("packets of the lap and one more", await second.mailbox.get_int("packets"), ENTRIES + 1)

    async with stage.step("release"):
        await router.close()
        await second.close()
        await device.close()
        await management.remove()

    flowed = history[-1][2].packets
    summary(stage, started_ns, stopped_ns, history, list(wrapped(last, LINE)))
    micros = (stopped_ns - started_ns) / 1e3
    return (
        f"{TABLES} route tables in {micros:.0f} us, more than {flowed} packets routed without a stop, "
        f"{router.observer.beats} results checked: each of one table, none older than the one before"
    )


def summary(
    stage: Stage, started_ns: int, stopped_ns: int, history: list[tuple[int, int, Counters]], ring: list[str]
) -> None:
    """A picture of what happened."""
    totals = [0, *(counters.packets for _, _, counters in history)]
    shares = [late - early for early, late in pairwise(totals)]
    for (version, at_ns, _), share in zip(history, shares, strict=True):
        bar = "#" * max(1, round(BAR_WIDTH * share / max(1, *shares)))
        at = (at_ns - started_ns) / 1e3
        stage.event("summary", f"table {version}  until {at:7.1f} us  {share:5} packets  {bar}")
    rate = 1e3 * totals[-1] / max(history[-1][1] - started_ns, 1)
    stopped = (stopped_ns - started_ns) / 1e3
    stage.event("summary", f"{rate:.2f} packets per us, stopped after {stopped:.1f} us")
    for line in ring:
        stage.event("summary", f"ring  {line}")
