# SPDX-License-Identifier: Apache-2.0
"""Plugins between both drivers: guest driver, MPD with the plugin, the host's management node (one card)."""

from __future__ import annotations

import errno
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID

from pydriver.daemons.plugins.vault import Vault
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import Opcode
from pydriver.xclbin import Content, Header, SectionKind, assemble, parse
from pydriver.xclbin.strip import strip
from pydriver.xrt import Device, Kernel
from tests.unit.daemon_rig import MGMT_BDF, Daemon
from tests.unit.rig import DEMO, changed, raises, run_vadd
from tests.unit.test_daemons_card import Card, running

AXLF = parse(DEMO)
FAKE = strip(AXLF).to_bytes()
OTHER = changed(DEMO, uuid=bytes(range(16)))
STREAM = (AXLF.section(SectionKind.BITSTREAM) or b"")[200:]  # behind the .bit header
PLUGINS = "pydriver.daemons.plugins"


class VendorCard(Card):
    """LOAD_XCLBIN goes to MPD; `frames` are those that MPD wrote to the guest's mailbox node."""

    async def vendor(self, plugin: str, **options: str) -> Daemon:
        await self.start()
        self.frames: list[bytes] = []
        software = self.user_driver.mailbox.software
        write = software.write

        async def keeping(frame: bytes) -> int:
            self.frames.append(frame)
            return await write(frame)

        software.write = keeping
        await self.mgmt_driver.attributes.write("config_mailbox_channel_switch", str(1 << Opcode.LOAD_XCLBIN))
        given = {"mgmt_root": str(self.host), "card": MGMT_BDF, **options}
        arguments = [f"--plugin-option={key}={value}" for key, value in given.items()]
        mpd = self.daemon("mpd", self.guest, f"--plugin={PLUGINS}.{plugin}", *arguments)
        await self.heard(mpd, "mailbox is open")
        return mpd

    def vault(self) -> Vault:
        vault = Vault(self.host / "vault.db")
        vault.create()
        vault.add_owner("acme")
        vault.add_card(MGMT_BDF)
        vault.add_image(DEMO, "acme")
        vault.grant(AXLF.uuid.hex(), "t1", by="acme")
        return vault

    async def everything_the_guest_can_read(self) -> bytes:
        """Every attribute of its function, every file of its machine, everything MPD sent it."""
        seen = list(self.frames)
        for path in self.user_driver.attributes.paths():
            try:
                seen.append((await self.user_driver.attributes.read(path)).encode())
            except OSError as error:
                seen.append(str(error).encode())
        seen += [path.read_bytes() for path in self.guest.rglob("*") if path.is_file()]
        seen += [text.encode() for _, who, text in self.events if who.startswith(("user", "xocl"))]
        return b"\n".join(seen)


def card_run(directory: Path, body: Callable[[VendorCard], Coroutine[Any, Any, None]]) -> None:
    with running(directory, VendorCard) as card:
        card.run(body(card))


def test_the_real_image_is_loaded_for_a_fake_and_stays_where_it_is(tmp_path: Path) -> None:
    async def body(card: VendorCard) -> None:
        vault = card.vault()
        await card.vendor("protected", vault=str(vault.path), tenant="t1")
        device = Device.attach(card.user_driver)
        await device.load_xclbin(FAKE)
        assert card.images == [DEMO]
        kernel = await Kernel.open(device, AXLF.uuid, "vadd:{vadd_1}")
        await run_vadd(device, kernel, 16)
        assert [Frame.unpack(frame).payload for frame in card.frames] == [bytes(4)]
        assert [record.verdict for record in vault.audit()] == ["loaded"]
        seen = await card.everything_the_guest_can_read()
        assert UUID(bytes=AXLF.uuid).bytes.hex() in seen.decode("latin-1").replace("-", "")
        windows = {STREAM[at : at + 8] for at in range(len(STREAM) - 8)}
        told = {window for window in windows if len(set(window)) > 3}
        assert len(told) > 50
        assert not [window for window in told if window in seen or window.hex().encode() in seen]

    card_run(tmp_path, body)


def test_refusals_reach_the_caller_and_the_next_load_works(tmp_path: Path) -> None:
    async def body(card: VendorCard) -> None:
        vault = card.vault()
        await card.vendor("protected", vault=str(vault.path), tenant="t1")
        device = Device.attach(card.user_driver)
        with raises(errno.EPERM):
            await device.load_xclbin(DEMO)
        unknown = strip(parse(OTHER)).to_bytes()
        with raises(errno.ENOENT):
            await device.load_xclbin(unknown)
        vault.revoke(1, "acme")
        with raises(errno.EACCES):
            await device.load_xclbin(FAKE)
        assert card.images == []
        vault.grant(AXLF.uuid.hex(), "t1", by="acme")
        await device.load_xclbin(FAKE)
        assert card.images == [DEMO]
        codes = [(record.verdict, record.errno) for record in vault.audit()]
        refused = [("refused", code) for code in (errno.EPERM, errno.ENOENT, errno.EACCES)]
        assert codes == [*refused, ("loaded", 0)]

    card_run(tmp_path, body)


def test_daemon_killed_in_a_load_leaves_one_record(tmp_path: Path) -> None:
    async def body(card: VendorCard) -> None:
        vault = card.vault()
        mpd = await card.vendor("protected", vault=str(vault.path), tenant="t1")

        async def murder(image: bytes) -> None:
            mpd.kill()

        card.mgmt_driver.download = murder
        card.platform.outside.pace = 200.0
        with raises(errno.ETIMEDOUT):
            await Device.attach(card.user_driver).load_xclbin(FAKE)
        records = [(record.tenant, record.verdict) for record in vault.audit()]
        assert records == [("t1", "interrupted")]

    card_run(tmp_path, body)


def test_preloaded_card_refuses_every_download(tmp_path: Path) -> None:
    """The loaded image is "already on peer"; another one is refused."""

    async def body(card: VendorCard) -> None:
        await card.vendor("preloaded", uuid=str(UUID(bytes=AXLF.uuid)))
        await card.mgmt_driver.download(DEMO)
        card.images.clear()
        device = Device.attach(card.user_driver)
        await device.load_xclbin(FAKE)
        assert card.frames == []
        with raises(errno.EPERM):
            await device.load_xclbin(OTHER)
        assert card.images == []

    card_run(tmp_path, body)


def test_container_gets_what_it_sends(tmp_path: Path) -> None:
    async def body(card: VendorCard) -> None:
        mpd = await card.vendor("container")
        await Device.attach(card.user_driver).load_xclbin(DEMO)
        assert card.images == [DEMO]
        other = assemble([Content(SectionKind.BITSTREAM, b"no .bit")], Header("p"))
        with raises(errno.EOPNOTSUPP):
            await Device.attach(card.user_driver).load_xclbin(other)
        assert mpd.process.poll() is None

    card_run(tmp_path, body)
