# SPDX-License-Identifier: Apache-2.0
"""Units in any slots of the region: their interrupts reach whoever waits, whatever is empty between them."""

from __future__ import annotations

from typing import Any

import cocotb

from pydriver.ert import State
from pydriver.xocl import KdsFlags
from tests.system.work_rig import HOST, WorkRig, probe_packet
from tools.image import ComputeUnit
from tools.mkxclbin import make_xclbin

SLOTS = (3, 1)
"""Slots of the two units, which are then units 1 and 0: the driver counts by interrupt id."""
RUNS = 4
DELAY = 200
SOON_NS = 100_000
"""Less than any timer of the drivers: without interrupts a command takes longer."""


async def works(dut: Any, choice: str, flags: KdsFlags | None = None, intr: bool = False, **kds: Any) -> None:
    rig = await WorkRig.up(dut, choice, **kds)
    if intr:
        await rig.driver.attributes.write(f"ert_user.u.{rig.driver.options.address.number}/ert_intr", "1")
    data = make_xclbin([ComputeUnit("probe", slot=slot) for slot in SLOTS])
    device, uuid = await rig.device(data, flags)
    for unit in range(len(SLOTS)):
        await device.client.open_context(uuid, unit)
    begin = rig.clock.now_ns()
    packets = [probe_packet(at % 2, at, delay=DELAY) for at in range(2 * RUNS)]
    assert await rig.run_all(device.client, packets) == [State.COMPLETED] * len(packets)
    assert rig.clock.now_ns() - begin < SOON_NS, "not by interrupts"
    for unit, slot in enumerate(sorted(SLOTS)):
        probe = await rig.probe(slot)
        assert (probe.runs, probe.last) == (RUNS, 2 * RUNS - 2 + unit), f"slot {slot}"
    await device.close()


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def collected_for_the_first_generation(dut: Any) -> None:
    """CUISR, with the table of addresses."""
    await works(dut, "v20", KdsFlags(cu_isr=True))


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def of_the_second_generation(dut: Any) -> None:
    """The unit interrupt controllers, served by the firmware."""
    await works(dut, "v30", intr=True)


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def to_the_host(dut: Any) -> None:
    """The same controllers, served by the host."""
    await works(dut, "v30", HOST, interrupt=True)
