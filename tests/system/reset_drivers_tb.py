# SPDX-License-Identifier: Apache-2.0
"""Both drivers through hot resets: at the user's request, the management's, and without anybody knowing."""

from __future__ import annotations

import errno
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import cocotb

from pydriver.mailbox import Opcode
from pydriver.xclmgmt import Xclmgmt
from pydriver.xocl import Xocl
from pydriver.xrt import Device
from tb.cocotb_util import seeded_random
from tests.system.rig import DEMO, SECOND, Rig, run_vadd

# Delay and reset take 3.1 s; the rest is time-outs of the mailbox.
BACK_WITHIN_S = 20
# A lost packet is noticed after 1 s, an answer that does not come after 5 s.
ENDS_WITHIN_S = 12


async def until(rig: Rig, condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Look every 10 ms of simulated time."""
    end = rig.clock.now_ns() + int(seconds * SECOND)
    while not condition():
        assert rig.clock.now_ns() < end, f"{what}: not within {seconds} s"
        await rig.clock.sleep_ns(SECOND // 100)


async def works(rig: Rig, user: Xocl) -> None:
    """Load and run, from opening the device on."""
    device = Device.attach(user)
    uuid = await device.load_xclbin(DEMO)
    await run_vadd(device, uuid)
    await device.close()


async def result_of(work: Awaitable[object]) -> int:
    """0, or the errno that ended it."""
    try:
        await work
    except OSError as error:
        return error.errno
    return 0


async def both_back(rig: Rig, mgmt: Xclmgmt, user: Xocl) -> None:
    """The drivers are online and have shaken hands."""
    await until(rig, lambda: not mgmt.offline, BACK_WITHIN_S, "management back")
    await until(rig, lambda: not user.offline and user.peer.ready, BACK_WITHIN_S, "user back")


@cocotb.test(timeout_time=100, timeout_unit="sec")
async def the_user_asks_for_a_reset(dut: Any) -> None:
    rig = await Rig.power_on(dut)
    mgmt, user = await rig.drivers()
    await works(rig, user)
    for _ in range(2):
        begin = rig.clock.now_ns()
        user.hot_reset()
        await until(rig, lambda: mgmt.offline, 5, "the request")
        await both_back(rig, mgmt, user)
        cocotb.log.info("back after %.3f s", (rig.clock.now_ns() - begin) / SECOND)
        assert mgmt.mailbox.metrics.requests[Opcode.HOT_RESET] >= 1
        assert mgmt.mailbox.interrupt_mode and user.mailbox.interrupt_mode
    await works(rig, user)


@cocotb.test(timeout_time=200, timeout_unit="sec")
async def the_peer_is_reset_in_the_middle_of_a_transfer(dut: Any) -> None:
    """The image is on its way when the card is reset: the caller gets an errno, the next load works."""
    rig = await Rig.power_on(dut)
    rng = seeded_random("middle")
    mgmt, user = await rig.drivers()
    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "link": rig.platform.hot_reset,
        "forced": functools.partial(mgmt.hot_reset, force=True),
        "in order": mgmt.hot_reset,
    }
    for name, reset in ways.items():
        begin, received = rig.clock.now_ns(), mgmt.mailbox.metrics.raw_bytes
        transfer = rig.clock.spawn(result_of(user.mailbox.request(Opcode.LOAD_XCLBIN, DEMO)), "transfer")
        portion = rng.uniform(0.2, 0.8)
        while mgmt.mailbox.metrics.raw_bytes - received < portion * len(DEMO):
            await rig.clock.sleep_ns(2000)
        assert not transfer.done()
        await reset()
        await until(rig, transfer.done, ENDS_WITHIN_S, "the end of the transfer")
        error = await transfer.join()
        took = (rig.clock.now_ns() - begin) / SECOND
        cocotb.log.info("%s, at %.0f %%: errno %d after %.2f s", name, 100 * portion, error, took)
        # A reset in order lets the message come to its end, and the answer may be out before the reset.
        assert error in (errno.ETIME, errno.EBADMSG) or (name == "in order" and error == 0)
        if name == "link":
            # The management was not asked: it finds a card without interrupts and gate.
            await mgmt.hot_reset(force=True)
        user.hot_reset()
        await until(rig, lambda: mgmt.offline, 2 * ENDS_WITHIN_S, "the request")
        await both_back(rig, mgmt, user)
        await works(rig, user)


@cocotb.test(timeout_time=100, timeout_unit="sec")
async def the_management_resets_the_card_unasked(dut: Any) -> None:
    """The user function, who did not ask for it, loses clients and image, and works again by itself."""
    rig = await Rig.power_on(dut)
    mgmt, user = await rig.drivers()
    device = Device.attach(user)
    uuid = await device.load_xclbin(DEMO)
    await run_vadd(device, uuid)
    # Long after the start, when nothing but an interrupt makes the user function look.
    await rig.clock.sleep_ns(SECOND)
    await mgmt.hot_reset()
    await both_back(rig, mgmt, user)
    assert user.mailbox.interrupt_mode and user.bitstream.uuid == bytes(16)
    assert await result_of(device.client.open_context(uuid, 0)) == errno.ENODEV
    await works(rig, user)


@cocotb.test(timeout_time=100, timeout_unit="sec")
async def the_administrator_resets_the_card(dut: Any) -> None:
    """A forced reset tells nobody; the user function comes back with one of its own."""
    rig = await Rig.power_on(dut)
    mgmt, user = await rig.drivers()
    await works(rig, user)
    await mgmt.hot_reset(force=True)
    assert mgmt.downloader.bitstream.uuid == bytes(16)
    user.hot_reset()
    await until(rig, lambda: mgmt.offline, 2 * ENDS_WITHIN_S, "the request")
    await both_back(rig, mgmt, user)
    await works(rig, user)
