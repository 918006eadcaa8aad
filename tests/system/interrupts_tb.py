# SPDX-License-Identifier: Apache-2.0
"""Masked MSI-X vectors with real sources: the mailbox of both functions, and command completion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import cocotb

from pydriver.regs import irq_block
from pydriver.xocl import Xocl
from pydriver.xrt import BO, Device, Kernel, State
from tb.hosts.config_space import MSIX_CAP, MSIX_FUNCTION_MASK
from tb.platform import SimFunction
from tests.system.rig import Rig

# User interrupt 11 of the management function is vector 11; 0 (completions) and 4 (mailbox) of the user
# function are vectors 4 and 8.
MGMT_MAILBOX, ERT, USER_MAILBOX = 11, 4, 8
SOON_NS = 200_000

Mask = Callable[[SimFunction, int, bool], Awaitable[None]]


async def mask_vector(function: SimFunction, vector: int, on: bool) -> None:
    await function.bars[2].write32(irq_block.MSIX_CONTROL[vector].offset, int(on))
    await function.bars[2].read32(irq_block.MSIX_CONTROL[vector].offset)


async def mask_function(function: SimFunction, _vector: int, on: bool) -> None:
    control = await function.config_read32(MSIX_CAP) & ~MSIX_FUNCTION_MASK
    await function.config_write32(MSIX_CAP, control | (MSIX_FUNCTION_MASK if on else 0))
    await function.bars[2].read32(irq_block.MSIX_PBA.offset)


async def pending(function: SimFunction, vector: int) -> bool:
    return bool(await function.bars[2].read32(irq_block.MSIX_PBA.offset) >> vector & 1)


async def mailbox_of_one_side(rig: Rig, user: Xocl, function: SimFunction, vector: int, mask: Mask) -> None:
    """A request crosses only when the mask is gone, and then without a new cause."""
    await rig.clock.sleep_ns(SOON_NS)
    await mask(function, vector, True)
    before = function.interrupts[vector]
    task = rig.clock.spawn(user.peer.icap_data())
    await rig.clock.sleep_ns(SOON_NS)
    assert not task.done() and function.interrupts[vector] == before, "a masked vector was sent"
    assert await pending(function, vector)
    await mask(function, vector, False)
    data = await task.join()
    assert data.idcode == 0x14B31093
    assert function.interrupts[vector] > before
    await rig.clock.sleep_ns(SOON_NS)
    assert not await pending(function, vector)


@cocotb.test(timeout_time=1, timeout_unit="sec")
async def mailbox_interrupts_wait_for_the_mask(dut) -> None:
    rig = await Rig.power_on(dut)
    _, user = await rig.drivers()
    for mask in (mask_vector, mask_function):
        for function, vector in ((rig.mgmt_function, MGMT_MAILBOX), (rig.user_function, USER_MAILBOX)):
            cocotb.log.info("%s, vector %d by %s", function.name, vector, mask.__name__)
            await mailbox_of_one_side(rig, user, function, vector, mask)


@cocotb.test(timeout_time=1, timeout_unit="sec")
async def completions_wait_for_the_mask(dut) -> None:
    rig = await Rig.power_on(dut)
    _, device = await rig.loaded()
    function = rig.user_function
    kernel = await Kernel.open(device, device.driver.bitstream.uuid, "reduce")
    source = await BO.alloc(device, 4096, kernel.group_id(0))
    digest = await BO.alloc(device, 4096, kernel.group_id(1))
    for mask in (mask_vector, mask_function):
        await mask(function, ERT, True)
        before = function.interrupts[ERT]
        runs = [kernel(source, digest, n) for n in (1, 2, 3)]
        assert await runs[-1].wait(1) == State.TIMEOUT, "the completion interrupt is masked"
        assert function.interrupts[ERT] == before
        assert await pending(function, ERT)
        await mask(function, ERT, False)
        for run in runs:
            assert await run.wait(10) == State.COMPLETED, "three completions, however many messages"
        assert before < function.interrupts[ERT] <= before + 3
        assert not await pending(function, ERT)


@cocotb.test(timeout_time=1, timeout_unit="sec")
async def a_mask_holds_only_its_own_vector(dut) -> None:
    """With the completion vector masked the mailbox of the same function works, and the other way round."""
    rig = await Rig.power_on(dut)
    _, device = await rig.loaded()
    await mask_vector(rig.user_function, ERT, True)
    await mask_function(rig.mgmt_function, 0, False)
    assert (await device.driver.peer.icap_data()).uuid == device.driver.bitstream.uuid
    await mask_vector(rig.user_function, ERT, False)
    await mask_function(rig.mgmt_function, 0, True)
    await mask_vector(rig.user_function, USER_MAILBOX, True)
    stray = Device.attach(device.driver)
    kernel = await Kernel.open(stray, device.driver.bitstream.uuid, "reduce")
    source = await BO.alloc(stray, 4096, kernel.group_id(0))
    digest = await BO.alloc(stray, 4096, kernel.group_id(1))
    assert await kernel(source, digest, 4).wait(10) == State.COMPLETED
