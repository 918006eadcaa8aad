# SPDX-License-Identifier: Apache-2.0
"""Historic defects that need the hardware: interrupts it sends, accesses it does not answer."""

from __future__ import annotations

import errno
from typing import Any

import cocotb

from pydriver.mailbox import Mailbox
from tb.hosts.config_space import COMMAND, MEMORY_ENABLE, MSIX_CAP, MSIX_ENABLE
from tests.museum.exhibit import caught, result_of
from tests.museum.test_mailbox_driver import NobodyLooks, NoTimeToSend
from tests.system.mailbox_link import ECHO, Link
from tests.system.rig import SECOND


async def link_of(dut: Any, side: type[Mailbox]) -> Link:
    """The card with mailbox drivers of class `side`, idle for a second."""

    class Exhibit(Link):
        mailbox_class = side

    link = await Exhibit.up(dut)
    await link.clock.sleep_ns(SECOND)
    return link


async def lost_interrupt(dut: Any, side: type[Mailbox]) -> None:
    link = await link_of(dut, side)
    function = link.user_function
    control = await function.config_read32(MSIX_CAP)
    await function.config_write32(MSIX_CAP, control & ~MSIX_ENABLE)
    begin = link.clock.now_ns()
    code = await result_of(link.user_side.request(ECHO, b"?", response_ttl_s=2))
    assert code == 0, f"the answer was there and the request ended with {errno.errorcode[code]}"
    assert link.clock.now_ns() - begin < SECOND // 4
    await function.config_write32(MSIX_CAP, control)
    await link.works()


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def pr_561_interrupt_goes_missing(dut: Any) -> None:
    """The user function's MSI-X is off while the answer comes in."""
    await lost_interrupt(dut, Mailbox)
    with caught("ended with ETIME"):
        await lost_interrupt(dut, NobodyLooks)


async def no_hardware(dut: Any, side: type[Mailbox]) -> None:
    link = await link_of(dut, side)
    function = link.user_function
    command = await function.config_read32(COMMAND)
    await function.config_write32(COMMAND, command & ~MEMORY_ENABLE)
    task = link.clock.spawn(result_of(link.user_side.request(ECHO, b"?")))
    await link.clock.sleep_ns(SECOND * 22 // 10)
    assert task.done(), "hangs beyond the TTL of a message that is to be sent"
    assert await task.join() == errno.ETIME
    await function.config_write32(COMMAND, command)
    await link.works()


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def pr_2375_request_hangs_when_the_hardware_is_inaccessible(dut: Any) -> None:
    """Memory space of the user function is off: every read gives all ones."""
    await no_hardware(dut, Mailbox)
    with caught("hangs"):
        await no_hardware(dut, NoTimeToSend)
