# SPDX-License-Identifier: Apache-2.0
"""Bare metal: both functions under one kernel, and everything they say goes through the hardware mailbox.

The image is loaded by address (only a pointer crosses), then as content (every byte crosses), and the
administrator's masks are tried.
"""

from __future__ import annotations

import errno
from typing import Any

from cards import firmware
from cards.xrt_u200 import USER, Card
from firmware_model import images
from pydriver.mailbox import ConnFlags, MailboxOptions, Opcode
from pydriver.regs import user_bar
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions
from pydriver.xrt import Device
from scenarios.checks import check, check_vadd, refused
from scenarios.stage import Stage
from tools.mkxclbin import make_xclbin


async def run(stage: Stage, dut: Any, host: str) -> str:
    """The host program; returns the verdict line."""
    # A simulated card moves an image through the FIFOs faster than the driver's flood guard allows.
    mailbox = MailboxOptions(rate_limit=None)
    image = make_xclbin()

    async with stage.step("power on and enumerate the card"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)
        counts = stage.platform.counter.counts

    def words() -> int:
        return counts[USER, 0, user_bar.MAILBOX.name, "w"]

    async with stage.step("xclmgmt and xocl: probe and shake hands"):
        management = await Xclmgmt.probe(
            stage.platform, MgmtOptions(mailbox=mailbox, sched_image=images.build()), stage.event
        )
        device = await Device.open(stage.platform, UserOptions(mailbox=mailbox), stage.event)
        peer = device.driver.peer
        check("connection", peer.state, ConnFlags.PEER_READY | ConnFlags.PEER_SAME_DOMAIN)

    async with stage.step("load by address: a pointer crosses the mailbox"):
        before = words()
        uuid = await device.load_xclbin(image)
        by_address = words() - before
        await check_vadd(device, uuid)

    async with stage.step("look at the peer: ICAP group, test message"):
        group = await peer.icap_data()
        check("uuid on the peer", group.uuid, uuid)
        await management.mailbox.offer_test_message("hello from the management function")
        text = await device.driver.mailbox.fetch_test_message()
        check("test message", text, "hello from the management function")

    async with stage.step("a disabled request: refused on both sides, with its errno"):
        await management.set_channel_disable(1 << Opcode.LOAD_XCLBIN_KADDR)
        await stage.settle(lambda: bool(device.driver.mailbox.channel_disable))
        await refused(device, image, errno.ETIMEDOUT)
        await management.set_channel_disable(0)
        await stage.settle(lambda: not device.driver.mailbox.channel_disable)

    async with stage.step("load as content: every byte crosses the mailbox"):
        # A switched request ends the short cut by address; here one that nobody uses.
        await management.set_channel_switch(1 << Opcode.TEST_READ)
        await stage.settle(lambda: not peer.state & ConnFlags.PEER_SAME_DOMAIN)
        before = words()
        uuid = await device.load_xclbin(image, force=True)
        by_content = words() - before
        await check_vadd(device, uuid)

    async with stage.step("release"):
        await device.close()
        await management.remove()

    return (
        f"loaded by address with {by_address} mailbox words and as content with {by_content:,}; "
        f"the disabled request was refused; the kernels are right"
    )
