# SPDX-License-Identifier: Apache-2.0
"""The vendor's plugin: real images for fakes, for those who may; nothing of a real one for the user side."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import random
import sqlite3
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydriver.daemons.plugins import MpdPlugin, answer, load
from pydriver.daemons.plugins.vault import Vault
from pydriver.daemons.plugins.vault.store import md5_of
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import Group, Opcode, SubdevPeer, pack_request, unpack_int
from pydriver.xclbin import Content, Header, SectionKind, assemble, parse
from pydriver.xclbin.strip import strip
from tests.unit.plugin_rig import MGMT, Machine
from tests.unit.rig import DEMO, raises

PROTECTED = "pydriver.daemons.plugins.protected"
AXLF = parse(DEMO)
FAKE = strip(AXLF).to_bytes()
SECRET = AXLF.section(SectionKind.BITSTREAM) or b""


class Vendor:
    """A machine, a vault in it with the demo image of acme, and the grant that lets t1 load it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.vault = Vault(machine.root / "vault.db")
        self.vault.create()
        self.vault.add_owner("acme")
        self.vault.add_card(MGMT)
        self.image, _ = self.vault.add_image(DEMO, "acme")
        self.grant = self.vault.grant(self.image.uuid, "t1", by="acme")

    def plugin(self, **options: str) -> MpdPlugin:
        given = {"vault": str(self.vault.path), "tenant": "t1", **options}
        plugin = load(PROTECTED, self.machine.context(given))
        assert plugin is not None, self.machine.said
        return plugin

    def ask(self, axlf: bytes, plugin: MpdPlugin | None = None) -> int:
        """The number that the user function gets for LOAD_XCLBIN; nothing else comes back."""
        request = Frame(2, 7, pack_request(Opcode.LOAD_XCLBIN, axlf))
        response = answer(plugin or self.plugin(), 0, request, self.machine.said.append)
        assert len(response.payload) == 4
        return unpack_int(response.payload)

    def trail(self) -> list[tuple[str, str, int]]:
        return [(record.tenant, record.verdict, record.errno) for record in self.vault.audit()]

    def spoil(self, statement: str, *values: object) -> None:
        with sqlite3.connect(self.vault.path) as db:
            db.execute(statement, values)


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    machine = Machine(tmp_path)
    yield Vendor(machine)
    machine.close()


def test_fake_loads_the_real_image(vendor: Vendor) -> None:
    assert vendor.plugin().get_remote_msd_fd(0) == -1
    assert vendor.ask(FAKE) == 0
    assert vendor.machine.downloads == [DEMO]
    (record,) = vendor.vault.audit()
    assert (record.tenant, record.card, record.uuid) == ("t1", MGMT, AXLF.uuid.hex())
    assert (record.md5, record.verdict, record.errno) == (md5_of(FAKE), "loaded", 0)


def test_bytes_behind_the_image_do_not_change_its_name(vendor: Vendor) -> None:
    assert vendor.ask(FAKE + b"pad.") == 0


def test_driver_refuses(vendor: Vendor) -> None:
    vendor.machine.result = -errno.EBUSY
    assert vendor.ask(FAKE) == -errno.EBUSY
    assert vendor.trail() == [("t1", "failed", errno.EBUSY)]


REFUSALS = {
    "another tenant": errno.EACCES,
    "revoked": errno.EACCES,
    "withdrawn": errno.EACCES,
    "blocked owner": errno.EACCES,
    "unknown image": errno.ENOENT,
    "changed metadata": errno.ENOENT,
    "full image": errno.EPERM,
    "no image": errno.EINVAL,
    "changed in the vault": errno.EKEYREJECTED,
    "another uuid in the vault": errno.EKEYREJECTED,
    "no image in the vault": errno.EINVAL,
    "no management function": errno.EACCES,
}


@pytest.mark.parametrize("what", REFUSALS)
def test_refusal(vendor: Vendor, what: str) -> None:
    """The card is not touched, and there is one record, with the errno that was answered."""
    sent, tenant, verdict = FAKE, "t1", "refused"
    if what == "another tenant":
        tenant = "t2"
    elif what == "revoked":
        vendor.vault.revoke(vendor.grant, "acme")
    elif what == "withdrawn":
        vendor.vault.withdraw(vendor.image.uuid, "acme")
    elif what == "blocked owner":
        vendor.vault.block_owner("acme")
    elif what == "unknown image":
        sent = assemble([Content(SectionKind.USER_METADATA, b"x")], Header("p", uuid=b"\1" * 16))
    elif what == "changed metadata":
        sent = FAKE.replace(b"vadd_1", b"vadd_9")
    elif what == "full image":
        sent = DEMO
    elif what == "no image":
        sent = b"xclbin1" + FAKE[7:]
    elif what == "no management function":
        (vendor.machine.root / "sys/bus/pci/drivers/xclmgmt" / MGMT).unlink()
    else:
        verdict = "failed"
        other = assemble([Content(SectionKind.BITSTREAM, b"b")], Header("p", uuid=b"\1" * 16))
        stored = {"another uuid in the vault": other, "no image in the vault": b"none"}
        if what in stored:
            digest = hashlib.sha256(stored[what]).hexdigest()
            vendor.spoil("UPDATE image SET data = ?, sha256 = ?", stored[what], digest)
        else:
            vendor.spoil("UPDATE image SET data = ?", DEMO[:-1] + b"?")
    plugin = vendor.plugin(tenant=tenant)
    assert vendor.ask(sent, plugin) == -REFUSALS[what]
    assert vendor.machine.downloads == []
    assert vendor.trail() == [(tenant, verdict, REFUSALS[what])]


def test_full_image_where_it_is_allowed(vendor: Vendor) -> None:
    """It is loaded as it is and recorded as the user's own: no grant speaks about it."""
    assert vendor.ask(DEMO, vendor.plugin(allow_full="1", tenant="t2")) == 0
    assert vendor.machine.downloads == [DEMO]
    (record,) = vendor.vault.audit()
    assert (record.verdict, record.note) == ("loaded", "full image of the user")


@pytest.mark.parametrize(
    "kind", [SectionKind.CLEARING_BITSTREAM, SectionKind.PDI, SectionKind.BITSTREAM_PARTIAL_PDI]
)
def test_every_kind_of_bitstream_makes_an_image_full(vendor: Vendor, kind: SectionKind) -> None:
    image = assemble([Content(kind, b"bits", "b")], Header("p", uuid=AXLF.uuid), mirror=False)
    assert vendor.ask(image) == -errno.EPERM


def test_management_function_that_goes_away_later(vendor: Vendor) -> None:
    """The node is gone, the function is not."""
    (vendor.machine.root / "dev/xclmgmt0").unlink()
    assert vendor.ask(FAKE) == -errno.ENOENT
    assert vendor.trail() == [("t1", "failed", errno.ENOENT)]


@pytest.mark.parametrize("damage", ["open to others", "gone", "no database"])
def test_unusable_vault(vendor: Vendor, damage: str) -> None:
    """Without a record nothing is loaded, not even a full image where that is allowed."""
    plugin = vendor.plugin(allow_full="1")
    path = vendor.vault.path
    if damage == "open to others":
        path.chmod(0o644)
    elif damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"text" * 5000)
    code = {"open to others": errno.EACCES, "gone": errno.ENOENT, "no database": errno.EIO}[damage]
    assert vendor.ask(FAKE, plugin) == -code
    assert vendor.ask(DEMO, plugin) == -code
    assert vendor.machine.downloads == []


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "needs the option vault"),
        ({"vault": "v"}, "needs the option tenant"),
        ({"vault": "v", "tenant": "t", "allow_full": "yes"}, "allow_full is 0 or 1"),
        ({"vault": "/nowhere/v", "tenant": "t"}, "cannot be used"),
    ],
)
def test_wrong_options(vendor: Vendor, options: dict[str, str], why: str) -> None:
    assert load(PROTECTED, vendor.machine.context(options)) is None
    assert why in vendor.machine.said[-1]


def test_icap_data_says_what_the_management_driver_says(vendor: Vendor) -> None:
    plugin = vendor.plugin()
    request = Frame(2, 7, pack_request(Opcode.PEER_DATA, SubdevPeer(Group.ICAP, 104, 1).pack()))
    assert unpack_int(answer(plugin, 0, request).payload) == -errno.ENOTSUP
    attribute = vendor.machine.root / "sys/bus/pci/devices" / MGMT / "xclbinuuid"
    attribute.write_text(f"{AXLF.uuid.hex()}\n")
    assert answer(plugin, 0, request).payload[72:88] == AXLF.uuid


def test_user_side_sees_no_byte_of_a_bitstream(vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in answers to whatever it sends, nor in the log, nor in the text of an exception."""
    caplog.set_level(logging.DEBUG)
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    plugin = vendor.plugin()
    seen: list[bytes] = []
    for result in (0, -errno.EIO, -errno.EBUSY):
        vendor.machine.result = result
        for sent in (FAKE, DEMO, FAKE[:600], b"xclbin1" + FAKE[7:]):
            try:
                plugin.load_xclbin(0, sent)
            except OSError as error:
                seen.append("".join(traceback.format_exception(error)).encode())
    vendor.spoil("UPDATE image SET data = ?", DEMO[:-1] + b"?")
    with raises(errno.EKEYREJECTED) as caught:
        plugin.load_xclbin(0, FAKE)
    seen.append("".join(traceback.format_exception(caught.value)).encode())
    for opcode in range(20):
        for payload in (b"", FAKE, bytes(32), *(SubdevPeer(kind, 4096, 1).pack() for kind in range(8))):
            message = pack_request(opcode, payload + rng.randbytes(4))
            seen.append(answer(plugin, 0, Frame(2, 7, message), vendor.machine.said.append).payload)
    seen += [line.encode() for line in vendor.machine.said] + [caplog.text.encode()]
    seen += [repr(record).encode() for record in vendor.vault.audit()]
    everything = b"\n".join(seen)
    assert DEMO in vendor.machine.downloads
    stream = SECRET[200:]  # behind the .bit header, whose part name is in the metadata, too
    windows = {stream[at : at + 8] for at in range(len(stream) - 8) if len(set(stream[at : at + 8])) > 3}
    assert len(windows) > 50
    for window in windows:
        assert window not in everything
        assert window.hex().encode() not in everything
        assert repr(window)[2:-1].encode() not in everything
    # The fake, which the user side has from the vendor, has none either.
    assert not any(window in FAKE for window in windows)
