# SPDX-License-Identifier: Apache-2.0
"""CUDMA and CUISR under the drivers and the scheduler's firmware, on a card whose queue reads collide."""

from __future__ import annotations

from typing import Any

import cocotb

from pydriver.ert import State
from pydriver.regs import cu_probe, ert_csr, user_bar
from pydriver.xocl import UserOptions, Xocl
from pydriver.xocl.kds import KdsFlags
from pydriver.xocl.options import KdsOptions
from pydriver.xrt import Device
from tests.system.rig import CU, DEMO, MAILBOX, Rig, run_reduce, run_vadd
from tests.system.work_rig import WorkRig, image, probe_packet


async def csr(rig: Rig, register: Any) -> int:
    """An ERT register as the host sees it."""
    return await rig.user_function.bars[0].read32(user_bar.ERT_CSR.base + register.offset)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def commands_through_the_engines(dut: Any) -> None:
    """Every mix of copying, collecting and doorbell: right results, and the engines on as asked."""
    rig = await Rig.power_on(dut)
    await rig.mgmt()
    options = UserOptions(mailbox=MAILBOX, kds=KdsOptions(cudma=True))
    device = Device.attach(await Xocl.probe(rig.platform, options, rig.on_event))
    for turn in range(8):
        flags = KdsFlags(cu_dma=bool(turn & 1), cu_isr=bool(turn & 2), cq_int=bool(turn & 4))
        uuid = await device.load_xclbin(DEMO, flags=flags, force=True)
        assert await csr(rig, ert_csr.CU_DMA_ENABLE) == flags.cu_dma
        assert await csr(rig, ert_csr.CU_ISR_ENABLE) == flags.cu_isr
        for seed in range(2):
            await run_vadd(device, uuid, seed=seed + 1)
            await run_reduce(device, uuid, seed=seed + 1)
        assert await csr(rig, ert_csr.CUDMA_STATE) == 1
        assert await csr(rig, ert_csr.CUISR_STATE) == 1


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def chained_units_through_the_collector(dut: Any) -> None:
    """A chained unit holds its interrupt until it is continued; still each command ends when it is done."""
    rig = await WorkRig.up(dut, "v20")
    for flags in (KdsFlags(cu_isr=True), KdsFlags(cu_isr=True, cq_int=True)):
        device, uuid = await rig.device(image("probe", "probe_chain"), flags)
        assert rig.driver.kds.state.flags.dataflow and await csr(rig, ert_csr.CU_ISR_ENABLE)
        await device.client.open_context(uuid, 1)
        handles = [rig.send(device.client, probe_packet(1, token, delay=2000)) for token in range(1, 9)]
        for done, handle in enumerate(handles, 1):
            assert await rig.ended(device.client, handle) == State.COMPLETED
            runs = await rig.user_function.bars[0].read32(CU[1] + cu_probe.RUNS.offset)
            assert runs >= done, f"command {done} was over after {runs} runs"
        await device.close()
