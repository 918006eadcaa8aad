# SPDX-License-Identifier: Apache-2.0
"""A cloud vendor who protects his xclbins: users get fakes, a plugin with a database loads the real ones.

The tenant's application, in a container with the user function, loads the image without bitstream that it was
given. MPD's plugin on the vendor's host looks up the real one, checks what this tenant may load on this card,
and loads it through the management function, without MSD. In the end everything that the tenant can read is
searched for bytes of the real bitstream.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from cards import firmware
from cards.xrt_u200 import USER, Card
from firmware_model import images
from pydriver.daemons.plugins.vault.store import Vault
from pydriver.mailbox import MailboxOptions, Opcode
from pydriver.regs import user_bar, user_mem_bar
from pydriver.xclbin import SectionKind, parse
from pydriver.xclbin.strip import strip
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions, Xocl
from pydriver.xrt import Device
from scenarios import talk
from scenarios.checks import check, check_vadd, refused
from scenarios.deployment import Deployment, start_mpd
from scenarios.stage import Stage
from tools.bitgen import build_stream
from tools.mkxclbin import make_xclbin

PLUGIN = "pydriver.daemons.plugins.protected"
TENANT, OTHER_TENANT, VENDOR = "tenant-1", "tenant-2", "acme"
PIECE = 16
READ_BYTES = 4096
VAULT = "vault.db"


def fake_of(real: bytes) -> bytes:
    """What the vendor hands out in place of `real`."""
    return strip(parse(real)).to_bytes()


def secrets_of(*reals: bytes) -> list[bytes]:
    """Telling pieces of the bitstreams: filler of few different bytes says nothing."""
    pieces = []
    for real in reals:
        stream = parse(real).section(SectionKind.BITSTREAM) or b""
        pieces += [stream[at : at + PIECE] for at in range(0, len(stream) - PIECE, PIECE)]
    return [piece for piece in pieces if len(set(piece)) > PIECE // 2]


async def everything_readable(stage: Stage, user: Xocl, root: Path) -> bytes:
    """What the tenant can read: blocks of its function's BARs, device memory, attributes and their files."""
    bars = stage.platform.functions[USER].bars
    seen = bytearray()
    for window in user_bar.WINDOWS:
        seen += await bars[0].read(window.base, min(window.size, READ_BYTES))
    seen += await bars[2].read(0, bars[2].size)
    for window in user_mem_bar.WINDOWS:
        for at in range(0, 4 * READ_BYTES, READ_BYTES):
            seen += await bars[4].read(window.base + at, READ_BYTES)
    for name in user.attributes.paths():
        with suppress(OSError):
            seen += (await user.attributes.read(name)).encode()
    for path in sorted((root / "sys/bus/pci/devices" / str(user.options.address)).rglob("*")):
        if path.is_file():
            seen += path.read_bytes()
    return bytes(seen)


async def run(stage: Stage, dut: Any, host: str) -> str:
    """The host program; returns the verdict line."""
    mailbox = MailboxOptions(rate_limit=None)
    directory = Path(os.environ["RUN_DIR"])
    deployment = Deployment(stage, directory)
    stage.behind_mpd = talk.PLUGIN
    real = make_xclbin()
    other = make_xclbin(bitstream=build_stream([2, 2, 2, 0]))
    vault = Vault(directory / VAULT)

    async with stage.step("power on and enumerate the card"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)

    try:
        async with stage.step("the vendor's host has both functions, the tenant's container one"):
            management = await Xclmgmt.probe(
                stage.platform, MgmtOptions(mailbox=mailbox, sched_image=images.build()), stage.event
            )
            options = UserOptions(mailbox=mailbox, guest=True)
            device = await Device.open(stage.platform, options, stage.event)
            user = device.driver
            machine = deployment.machine("host")
            await machine.add_mgmt(management)
            await machine.add_user(user)

        async with stage.step("vendor: stores real images, makes fakes, grants one to the tenant"):
            card = str(management.options.address)
            vault.create()
            vault.add_owner(VENDOR)
            vault.add_card(card)
            fakes = [fake_of(image) for image in (real, other)]
            for image, fake in zip((real, other), fakes, strict=True):
                stored, _ = vault.add_image(image, VENDOR, fake)
                stage.say(talk.PLUGIN, talk.PLUGIN, f"vault: {stored.uuid[:8]} of {stored.owner}")
            vault.grant(parse(real).uuid.hex(), TENANT, by=VENDOR, card=card)
            vault.grant(parse(other).uuid.hex(), OTHER_TENANT, by=VENDOR, card=card)

        async with stage.step("vendor: switches downloads to the software channel, starts MPD"):
            await management.attributes.write(
                "config_mailbox_channel_switch", f"{1 << Opcode.LOAD_XCLBIN:#x}"
            )
            await stage.settle(lambda: user.mailbox.channel_switch == 1 << Opcode.LOAD_XCLBIN)
            words = ["--plugin", PLUGIN]
            for option in (f"vault={directory / VAULT}", f"tenant={TENANT}"):
                words += ["--plugin-option", option]
            await start_mpd(deployment, stage, "host", user, *words)

        async with stage.step("tenant: loads the fake; the real image reaches the ICAP"):
            uuid = await device.load_xclbin(fakes[0])
            check("uuid", uuid, parse(real).uuid)
            await check_vadd(device, uuid)

        async with stage.step("tenant: somebody else's image is refused, so is an image with a bitstream"):
            await refused(device, fakes[1], errno.EACCES)
            await refused(device, other, errno.EPERM)
            uuid = await device.load_xclbin(fakes[0])
            await check_vadd(device, uuid)

        async with stage.step("search everything the tenant can read for the real bitstreams"):
            seen = await everything_readable(stage, user, deployment.root("host"))
            found = [piece for piece in secrets_of(real, other) if piece in seen]
            check("pieces of a real bitstream found", len(found), 0)
            stage.say(talk.XOCL, talk.XOCL, f"{len(seen):,} bytes searched, nothing found")

        async with stage.step("release"):
            await deployment.close()
            await device.close()
            await management.remove()
    finally:
        await deployment.close()

    records = vault.audit()
    for record in records:
        code = f" ({errno.errorcode[record.errno]})" if record.errno else ""
        stage.event("audit", f"{record.tenant} {record.card} {record.uuid[:8]} {record.verdict}{code}")
    check("audit trail", [str(record.verdict) for record in records], ["loaded", "refused", "refused"])
    return (
        f"the fake has {len(fakes[0]):,} bytes, the real image {len(real):,}; {len(records)} attempts in the "
        f"audit trail; no byte of a real bitstream on the tenant's side"
    )
