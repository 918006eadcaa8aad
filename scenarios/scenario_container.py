# SPDX-License-Identifier: Apache-2.0
"""A container: the application sees the user function only, MPD on the host loads images with a plugin.

No MSD runs. The administrator switches downloads to the software channel, and the plugin hands what comes to
the management function of the same host.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from cards import firmware
from cards.xrt_u200 import Card
from firmware_model import images
from pydriver.mailbox import MailboxOptions, Opcode
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions
from pydriver.xrt import Device
from scenarios import talk
from scenarios.checks import check_vadd, refused
from scenarios.deployment import Deployment, start_mpd
from scenarios.stage import Stage
from tools.bitgen import build_stream
from tools.mkxclbin import make_xclbin

SLOTS = (1, 1, 2, 0)
PLUGIN = "pydriver.daemons.plugins.container"


async def run(stage: Stage, dut: Any, host: str) -> str:
    """The host program; returns the verdict line."""
    mailbox = MailboxOptions(rate_limit=None)
    deployment = Deployment(stage, Path(os.environ["RUN_DIR"]))
    stage.behind_mpd = talk.PLUGIN
    image = make_xclbin()

    async with stage.step("power on and enumerate the card"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)

    try:
        async with stage.step("one host with both functions, device files published"):
            management = await Xclmgmt.probe(
                stage.platform, MgmtOptions(mailbox=mailbox, sched_image=images.build()), stage.event
            )
            device = await Device.open(stage.platform, UserOptions(mailbox=mailbox), stage.event)
            user = device.driver
            machine = deployment.machine("host")
            await machine.add_mgmt(management)
            await machine.add_user(user)

        async with stage.step("administrator: downloads go over the software channel"):
            await management.attributes.write(
                "config_mailbox_channel_switch", f"{1 << Opcode.LOAD_XCLBIN:#x}"
            )
            await stage.settle(lambda: user.mailbox.channel_switch == 1 << Opcode.LOAD_XCLBIN)

        async with stage.step("MPD starts with the container plugin"):
            await start_mpd(deployment, stage, "host", user, "--plugin", PLUGIN)

        async with stage.step("container: load the xclbin: xocl, MPD, plugin, xclmgmt, ICAP"):
            uuid = await device.load_xclbin(image)
            await check_vadd(device, uuid)

        async with stage.step("container: a corrupt image gets the driver's errno"):
            corrupt = make_xclbin(bitstream=build_stream(SLOTS, bad_crc=True))
            await refused(device, corrupt, errno.ETIMEDOUT)
            uuid = await device.load_xclbin(image, force=True)
            await check_vadd(device, uuid)

        async with stage.step("release"):
            await deployment.close()
            await device.close()
            await management.remove()
    finally:
        await deployment.close()
    return (
        f"{len(image):,} bytes went through MPD's plugin; a corrupt image was refused; the kernels are right"
    )
