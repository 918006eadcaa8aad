# SPDX-License-Identifier: Apache-2.0
"""Preloaded: the vendor has loaded the card, and nothing may be downloaded from the user side.

An application that asks for what is there succeeds without a download; any other image is refused. First the
management function itself says what is loaded, then a plugin of MPD does.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from cards import firmware
from cards.xrt_u200 import MGMT, Card
from firmware_model import images
from pydriver.mailbox import MailboxOptions, Opcode
from pydriver.regs import mgmt_bar
from pydriver.xclbin import parse
from pydriver.xclbin.strip import strip
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions
from pydriver.xrt import Device
from scenarios import talk
from scenarios.checks import check, check_vadd, refused
from scenarios.deployment import Deployment, start_mpd
from scenarios.stage import Stage
from tools.bitgen import build_stream
from tools.mkxclbin import make_xclbin

DOWNLOADS = 1 << Opcode.LOAD_XCLBIN | 1 << Opcode.LOAD_XCLBIN_KADDR
PLUGIN = "pydriver.daemons.plugins.preloaded"


async def run(stage: Stage, dut: Any, host: str) -> str:
    """The host program; returns the verdict line."""
    mailbox = MailboxOptions(rate_limit=None)
    deployment = Deployment(stage, Path(os.environ["RUN_DIR"]))
    stage.behind_mpd = talk.PLUGIN
    real = make_xclbin()
    fake = strip(parse(real)).to_bytes()
    other = make_xclbin(bitstream=build_stream([2, 2, 2, 0]))

    async with stage.step("power on and enumerate the card"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)
        counts = stage.platform.counter.counts

    def programmed() -> int:
        return counts[MGMT, 0, mgmt_bar.HWICAP.name, "w"]

    try:
        async with stage.step("vendor: loads the card from the management side, forbids downloads"):
            options = MgmtOptions(mailbox=mailbox, sched_image=images.build(), channel_disable=DOWNLOADS)
            management = await Xclmgmt.probe(stage.platform, options, stage.event)
            await management.download(real)

        async with stage.step("application: asks for the image without its bitstream, and gets it"):
            device = await Device.open(stage.platform, UserOptions(mailbox=mailbox, guest=True), stage.event)
            before = programmed()
            uuid = await device.load_xclbin(fake)
            await check_vadd(device, uuid)
            check("words written to the ICAP", programmed() - before, 0)

        async with stage.step("application: another image is refused"):
            await refused(device, other, errno.ETIMEDOUT)
            check("words written to the ICAP", programmed() - before, 0)
            uuid = await device.load_xclbin(fake)

        async with stage.step("a plugin answers for the management function"):
            machine = deployment.machine("host")
            await machine.add_mgmt(management)
            await machine.add_user(device.driver)
            switch = 1 << Opcode.PEER_DATA | 1 << Opcode.LOAD_XCLBIN
            await management.attributes.write("config_mailbox_channel_disable", "0")
            await management.attributes.write("config_mailbox_channel_switch", f"{switch:#x}")
            # The refresh before the handshake asks on the channel of before, where nobody answers it: 20 s.
            await stage.settle(lambda: device.driver.mailbox.channel_switch == switch, 30)
            await start_mpd(deployment, stage, "host", device.driver, "--plugin", PLUGIN)

        async with stage.step("application: the same with the plugin"):
            await refused(device, other, errno.EPERM)
            uuid = await device.load_xclbin(fake)
            await check_vadd(device, uuid)
            check("words written to the ICAP", programmed() - before, 0)

        async with stage.step("release"):
            await deployment.close()
            await device.close()
            await management.remove()
    finally:
        await deployment.close()
    return (
        f"the preloaded image {uuid.hex()[:8]} was used twice without a download; the other one was refused, "
        "with ETIMEDOUT by the mask and with EPERM by the plugin"
    )
