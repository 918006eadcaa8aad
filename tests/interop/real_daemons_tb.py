# SPDX-License-Identifier: Apache-2.0
"""An xclbin, and a corrupt one, travel from the guest's driver through both daemons into the card's RTL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cocotb

from tb.netns import Namespace
from tests.interop.daemon_flow import Flow, corrupt, download_error
from tests.interop.daemons import Daemons, Maker
from tests.system.rig import DEMO, Rig, run_vadd

MSD: Maker = "amd" if os.environ["MSD"] == "amd" else "ours"
MPD: Maker = "amd" if os.environ["MPD"] == "amd" else "ours"


@cocotb.test()
async def xclbin_through_both_daemons(dut: Any) -> None:
    rig = await Rig.power_on(dut)
    mgmt, user = await rig.drivers(guest=True)
    with Namespace() as network:
        daemons = Daemons(network, Path(os.environ["RUN_DIR"]).resolve())
        async with Flow.between(rig.platform, mgmt, user, daemons) as flow:
            running = [await flow.start_msd(MSD), await flow.start_mpd(MPD)]
            written = rig.hwicap_writes()
            await flow.load(DEMO)
            assert rig.hwicap_writes() - written >= len(flow.watch.words[-1]) > 100
            await run_vadd(flow.device, flow.device.driver.bitstream.uuid)
            await flow.refuse(corrupt(DEMO), download_error(MSD))
            await flow.stop(*running)
    cocotb.log.info("%d images arrived", len(flow.watch.images))
