# SPDX-License-Identifier: Apache-2.0
"""A virtual machine: the guest has the user function and MPD, the host the management function and MSD.

The image crosses the software channel: xocl, MPD in the guest, TCP, MSD on the host, an ioctl of xclmgmt.
Where this machine allows it, the daemons live in network namespaces of their own, joined by a virtual cable.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cards import firmware
from cards.xrt_u200 import USER, Card
from firmware_model import images
from pydriver.mailbox import ConnFlags, MailboxOptions, Opcode
from pydriver.regs import user_bar
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions
from pydriver.xrt import Device
from scenarios.checks import check, check_vadd
from scenarios.deployment import START_S, Deployment
from scenarios.stage import Stage
from tb.netns import Cable, NoNamespaces
from tools.mkxclbin import make_xclbin

HOST, GUEST = 0, 1


def lay_cable(stage: Stage, deployment: Deployment) -> Cable | None:
    """Two network namespaces, or None and a sentence that says why not."""
    try:
        cable = Cable()
    except NoNamespaces as reason:
        stage.event("network", f"no namespaces of their own, the daemons meet on the loopback: {reason}")
        return None
    deployment.on_close(cable.close)
    stage.event("network", f"host {cable.address(HOST)} and guest {cable.address(GUEST)}, one cable")
    return cable


async def run(stage: Stage, dut: Any, host: str) -> str:
    """The host program; returns the verdict line."""
    mailbox = MailboxOptions(rate_limit=None)
    deployment = Deployment(stage, Path(os.environ["RUN_DIR"]))
    image = make_xclbin()

    async with stage.step("power on and enumerate the card"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)
        counts = stage.platform.counter.counts

    try:
        async with stage.step("host: xclmgmt; guest: xocl; device files of both machines"):
            management = await Xclmgmt.probe(
                stage.platform, MgmtOptions(mailbox=mailbox, sched_image=images.build()), stage.event
            )
            options = UserOptions(mailbox=mailbox, guest=True)
            device = await Device.open(stage.platform, options, stage.event)
            await deployment.machine("host").add_mgmt(management)
            await deployment.machine("guest").add_user(device.driver)

        async with stage.step("host: MSD listens, writes comm id and channel switch"):
            cable = lay_cable(stage, deployment)
            address = cable.address(HOST) if cable else "127.0.0.1"
            configuration = deployment.root("host") / "etc" / "msd.conf"
            configuration.parent.mkdir(exist_ok=True)
            configuration.write_text(f"host={address}\n")
            inside = cable.enter(HOST) if cable else []
            deployment.start("host", "pydriver.daemons.msd", "--bind", address, inside=inside)
            switched = lambda: bool(device.driver.mailbox.channel_switch)  # noqa: E731
            if not await stage.platform.outside.until(switched, START_S):
                raise AssertionError("MSD did not configure the card")
            check("load goes over", device.driver.mailbox.channel_switch >> Opcode.LOAD_XCLBIN & 1, 1)
            check("same kernel", device.driver.peer.state & ConnFlags.PEER_SAME_DOMAIN, 0)

        async with stage.step("guest: MPD connects to MSD"):
            inside = cable.enter(GUEST) if cable else []
            mpd = deployment.start("guest", "pydriver.daemons.mpd", inside=inside)
            software = device.driver.mailbox.software
            if not await stage.platform.outside.until(lambda: software.present, START_S):
                raise AssertionError("MPD did not open the mailbox node")

        async with stage.step("guest: load the xclbin: xocl, MPD, MSD, xclmgmt, ICAP"):
            before = counts[USER, 0, user_bar.MAILBOX.name, "w"]
            uuid = await device.load_xclbin(image)
            words = counts[USER, 0, user_bar.MAILBOX.name, "w"] - before
            await check_vadd(device, uuid)

        async with stage.step("MPD dies and comes back; the next load works"):
            mpd.kill()
            await stage.platform.outside.until(lambda: not software.present, START_S)
            deployment.start("guest", "pydriver.daemons.mpd", inside=inside)
            if not await stage.platform.outside.until(lambda: software.present, START_S):
                raise AssertionError("MPD did not come back")
            uuid = await device.load_xclbin(image, force=True)
            await check_vadd(device, uuid)

        async with stage.step("daemons end; the card is as it was before them"):
            await deployment.close()
            await stage.settle(lambda: not device.driver.mailbox.channel_switch)
            await device.close()
            await management.remove()
    finally:
        await deployment.close()

    where = "in network namespaces of their own" if cable else "on the loopback"
    return (
        f"{len(image):,} bytes went from the guest to the host over TCP ({where}), {words} words over the "
        "hardware mailbox; MPD was killed and restarted; the kernels are right"
    )
