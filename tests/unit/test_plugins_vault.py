# SPDX-License-Identifier: Apache-2.0
"""The vendor's database: what it takes, who may load what, the audit trail, damage, several processes."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from pydriver.daemons.plugins.vault import Vault, main, schema
from pydriver.daemons.plugins.vault.attempts import Subject
from pydriver.daemons.plugins.vault.store import md5_of
from pydriver.errors import fail
from pydriver.xclbin import Content, Header, SectionKind, assemble, parse
from pydriver.xclbin.container import Gap
from pydriver.xclbin.strip import strip
from tests.unit.rig import DEMO, raises, with_section
from tests.unit.test_xclbin_partition import dtb

CARD = "0000:01:00.0"
OTHER_CARD = "0000:02:00.0"
AXLF = parse(DEMO)
UUID_HEX = AXLF.uuid.hex()
FAKE = strip(AXLF).to_bytes()
SUBJECT = Subject("t1", CARD, UUID_HEX, md5_of(FAKE))
INTERFACE = "862c7020a250293e32036f19956669e5"


class Time:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def vault(tmp_path: Path, time: Time) -> Vault:
    """With the owners acme and evil, two cards, and the demo image of acme."""
    made = Vault(tmp_path / "vault.db", time)
    made.create()
    for owner in ("acme", "evil"):
        made.add_owner(owner)
    for card in (CARD, OTHER_CARD):
        made.add_card(card)
    made.add_image(DEMO, "acme")
    return made


def other_image(uuid: bytes = b"\1" * 16, content: bytes = b"bits") -> bytes:
    return assemble([Content(SectionKind.BITSTREAM, content, "b")], Header("p", uuid=uuid))


def silent(text: str) -> None:
    raise AssertionError(text)


def test_image_is_found_by_the_md5_of_its_fake_and_by_uuid(vault: Vault) -> None:
    image = vault.find(md5_of(FAKE))
    assert (image.uuid, image.owner, image.size) == (UUID_HEX, "acme", len(DEMO))
    assert vault.image(UUID_HEX) == image
    assert vault.fetch(image) == DEMO
    with raises(errno.ENOENT):
        vault.find(md5_of(FAKE + b"x"))
    with raises(errno.ENOENT):
        vault.image("00" * 16)


def test_file_is_for_its_owner_only(vault: Vault) -> None:
    assert vault.path.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604, 0o602):
        vault.path.chmod(mode)
        with raises(errno.EACCES, "chmod 600"):
            vault.find(md5_of(FAKE))


def test_create_does_not_touch_an_existing_file(vault: Vault) -> None:
    with raises(errno.EEXIST):
        vault.create()
    assert vault.images()


def test_another_fake_of_the_same_image(vault: Vault) -> None:
    """As AMD's tool makes it: other bytes, the same uuid."""
    fake = assemble([Content(SectionKind.USER_METADATA, b"x")], Header("p", uuid=AXLF.uuid))
    image, md5 = vault.add_image(DEMO, "acme", fake + b"behind the image")
    assert md5 == md5_of(fake)
    assert vault.find(md5) == image == vault.find(md5_of(FAKE))


def test_a_bitstream_between_the_sections_makes_no_fake(vault: Vault) -> None:
    bitstream = AXLF.section(SectionKind.BITSTREAM)
    assert bitstream is not None
    # The file is longer than its header says, or has more than its sections.
    behind = FAKE + bitstream
    fake = parse(FAKE)
    within = replace(
        fake, length=fake.length + len(bitstream), gaps=(*fake.gaps, Gap(fake.length, bitstream))
    )
    for bad in (behind, within.to_bytes()):
        with raises(errno.EINVAL, "BITSTREAM outside of its sections"):
            vault.add_image(DEMO, "acme", bad)


def test_refused_images(vault: Vault) -> None:
    with raises(errno.EINVAL, "is a fake itself"):
        vault.add_image(FAKE, "acme")
    with raises(errno.EINVAL, "null uuid"):
        vault.add_image(other_image(bytes(16)), "acme")
    with raises(errno.EINVAL):
        vault.add_image(DEMO[:300], "acme")
    with raises(errno.ENOENT, "no owner"):
        vault.add_image(other_image(), "nobody")
    with raises(errno.EPERM, "belongs to acme"):
        vault.add_image(DEMO, "evil")
    with raises(errno.EEXIST, "another image with the uuid"):
        vault.add_image(other_image(AXLF.uuid), "acme")
    with raises(errno.EEXIST, "the fake .* is there"):
        vault.add_image(DEMO, "acme")
    with raises(errno.EINVAL, "the fake has the uuid"):
        vault.add_image(other_image(), "acme", FAKE)
    with raises(errno.EINVAL, "still has BITSTREAM"):
        vault.add_image(DEMO, "acme", DEMO)
    assert len(vault.images()) == 1


def test_names_are_registered_once(vault: Vault) -> None:
    with raises(errno.EEXIST):
        vault.add_owner("acme")
    with raises(errno.EEXIST):
        vault.add_card(CARD)
    with raises(errno.EINVAL):
        vault.add_owner(" ")
    with raises(errno.ENOENT):
        vault.block_owner("nobody")


def allowed(vault: Vault, tenant: str = "t1", card: str = CARD) -> bool:
    try:
        vault.authorise(vault.image(UUID_HEX), tenant, card)
    except OSError as error:
        assert error.errno == errno.EACCES
        return False
    return True


@pytest.mark.parametrize(
    ("granted", "start", "end", "asked", "now", "expected"),
    [
        # tenant and card of the grant, its times; tenant and card of the load, its time
        (("t1", CARD), None, None, ("t1", CARD), 1000, True),
        (("t1", CARD), None, None, ("t2", CARD), 1000, False),
        (("t1", CARD), None, None, ("T1", CARD), 1000, False),
        (("t1", CARD), None, None, ("", CARD), 1000, False),
        (("t1", CARD), None, None, ("t1", OTHER_CARD), 1000, False),
        (("t1", None), None, None, ("t1", OTHER_CARD), 1000, True),
        (("t1", None), None, None, ("t1", "0000:03:00.0"), 1000, False),
        (("t1", None), None, None, ("t1", "unknown"), 1000, False),
        (("t1", CARD), None, None, ("t1", CARD), 999, False),
        (("t1", CARD), 2000, None, ("t1", CARD), 1999.9, False),
        (("t1", CARD), 2000, None, ("t1", CARD), 2000, True),
        (("t1", CARD), None, 3000, ("t1", CARD), 2999.9, True),
        (("t1", CARD), None, 3000, ("t1", CARD), 3000, False),
        (("t1", CARD), 2000, 3000, ("t1", CARD), 2500, True),
        (("t1", CARD), 2000, 3000, ("t2", CARD), 2500, False),
    ],
)
def test_authorisation(  # noqa: PLR0917
    vault: Vault,
    time: Time,
    granted: tuple[str, str | None],
    start: float | None,
    end: float | None,
    asked: tuple[str, str],
    now: float,
    expected: bool,
) -> None:
    tenant, card = granted
    vault.grant(UUID_HEX, tenant, by="acme", card=card, valid_from=start, valid_until=end)
    time.now = now
    assert allowed(vault, *asked) == expected


def test_without_any_grant_not_even_the_owner_may(vault: Vault) -> None:
    assert not allowed(vault)
    assert not allowed(vault, "acme")


def test_a_grant_is_for_one_image(vault: Vault) -> None:
    other, _ = vault.add_image(other_image(), "acme")
    vault.grant(other.uuid, "t1", by="acme")
    assert not allowed(vault)
    vault.authorise(other, "t1", CARD)


def test_revocation_withdrawal_and_blocking_end_it(vault: Vault) -> None:
    first = vault.grant(UUID_HEX, "t1", by="acme")
    vault.revoke(first, "acme")
    assert not allowed(vault)
    vault.revoke(first, "acme")
    second = vault.grant(UUID_HEX, "t1", by="acme", card=CARD)
    assert allowed(vault)
    vault.block_owner("acme")
    assert not allowed(vault)
    vault.block_owner("acme", False)
    assert allowed(vault)
    vault.withdraw(UUID_HEX, "acme")
    assert not allowed(vault)
    assert [(grant.id, grant.revoked) for grant in vault.grants()] == [(first, 1), (second, 0)]


def test_only_the_owner_decides(vault: Vault) -> None:
    with raises(errno.EPERM, "belongs to acme, not to evil"):
        vault.grant(UUID_HEX, "evil", by="evil")
    number = vault.grant(UUID_HEX, "t1", by="acme")
    with raises(errno.EPERM):
        vault.revoke(number, "evil")
    with raises(errno.EPERM):
        vault.withdraw(UUID_HEX, "evil")
    assert allowed(vault)


def test_grants_that_make_no_sense(vault: Vault) -> None:
    with raises(errno.ENOENT, "no image"):
        vault.grant("00" * 16, "t1", by="acme")
    with raises(errno.ENOENT, "no card"):
        vault.grant(UUID_HEX, "t1", by="acme", card="0000:09:00.0")
    with raises(errno.EINVAL, "end before"):
        vault.grant(UUID_HEX, "t1", by="acme", valid_until=1000)
    with raises(errno.EINVAL):
        vault.grant(UUID_HEX, "", by="acme")
    with raises(errno.ENOENT, "no grant"):
        vault.revoke(17, "acme")


def raw(vault: Vault) -> sqlite3.Connection:
    return sqlite3.connect(vault.path)


def test_changed_image_is_not_given_out(vault: Vault) -> None:
    image = vault.image(UUID_HEX)
    damaged = bytearray(DEMO)
    damaged[len(DEMO) // 2] ^= 1
    with raw(vault) as db:
        db.execute("UPDATE image SET data = ?", (bytes(damaged),))
    with raises(errno.EKEYREJECTED, "has been changed"):
        vault.fetch(image)


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "zeroed pages", "other database", "newer"])
def test_damaged_vault(vault: Vault, damage: str) -> None:
    path, code = vault.path, errno.EIO
    if damage == "text":
        path.write_bytes(b"no database at all " * 1000)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        os.truncate(path, 8192)
    elif damage == "zeroed pages":
        data = bytearray(path.read_bytes())
        data[4096:] = bytes(len(data) - 4096)
        path.write_bytes(data)
    elif damage == "other database":
        path.unlink()
        raw(vault).execute("CREATE TABLE owner (name)").connection.commit()
        path.chmod(0o600)
    else:
        raw(vault).execute(f"PRAGMA user_version = {len(schema.STEPS) + 1}").connection.commit()
        code = errno.EINVAL
    with raises(code):
        vault.find(md5_of(FAKE))
    with raises(code), vault.attempt(SUBJECT, silent):
        raise AssertionError("an attempt without a record")


def test_missing_vault_is_not_made(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "nothing.db")
    with raises(errno.ENOENT):
        vault.images()
    with raises(errno.ENOENT), vault.attempt(SUBJECT, silent):
        raise AssertionError("an attempt without a record")
    assert list(tmp_path.iterdir()) == []


def test_an_older_vault_is_brought_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(tmp_path / "vault.db")
    vault.create()
    vault.add_owner("acme")
    steps = (*schema.STEPS, "ALTER TABLE card ADD COLUMN place TEXT;\nUPDATE owner SET blocked = 1;\n")
    monkeypatch.setattr(schema, "STEPS", steps)
    assert vault.owners() == {"acme": True}
    vault.block_owner("acme", False)
    assert vault.owners() == {"acme": False}


# The audit trail.


def verdicts(vault: Vault) -> list[tuple[str, int]]:
    return [(record.verdict, record.errno) for record in vault.audit()]


def test_record_of_a_load(vault: Vault, time: Time) -> None:
    with vault.attempt(SUBJECT, silent) as attempt:
        attempt.authorised("image of acme")
        time.now = 1003
        attempt.loaded()
    (record,) = vault.audit()
    assert (record.time, record.tenant, record.card, record.uuid) == (1000, "t1", CARD, UUID_HEX)
    assert (record.md5, record.verdict, record.errno, record.note) == (
        SUBJECT.md5,
        "loaded",
        0,
        "image of acme",
    )


def test_records_of_what_went_wrong(vault: Vault) -> None:
    with raises(errno.EACCES), vault.attempt(SUBJECT, silent):
        raise fail(errno.EACCES, "no")
    with raises(errno.EBUSY), vault.attempt(SUBJECT, silent) as attempt:
        attempt.authorised()
        raise fail(errno.EBUSY, "in use")
    with pytest.raises(RuntimeError), vault.attempt(SUBJECT, silent) as attempt:
        attempt.authorised()
        raise RuntimeError("text that could say too much")
    with pytest.raises(KeyboardInterrupt), vault.attempt(SUBJECT, silent):
        raise KeyboardInterrupt
    with vault.attempt(SUBJECT, silent):
        pass  # neither loaded nor an error: it must not look like a load
    assert verdicts(vault) == [
        ("refused", errno.EACCES),
        ("failed", errno.EBUSY),
        ("failed", errno.EIO),
        ("refused", errno.EIO),
        ("refused", errno.EIO),
    ]
    assert [record.note for record in vault.audit()] == ["", "", "RuntimeError", "KeyboardInterrupt", ""]


def test_the_trail_cannot_be_changed(vault: Vault) -> None:
    with vault.attempt(SUBJECT, silent) as attempt:
        attempt.loaded()
    db = raw(vault)
    for change in ("DELETE FROM audit", "UPDATE audit SET verdict = 'refused'"):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            db.execute(change)
    db.close()
    assert verdicts(vault) == [("loaded", 0)]


DYING = """
import os, signal, sys
from pathlib import Path
from pydriver.daemons.plugins.vault import Vault
from pydriver.daemons.plugins.vault.attempts import Subject
with Vault(Path(sys.argv[1])).attempt(Subject("t9", "c", "", ""), print) as attempt:
    attempt.authorised()
    print("in it", flush=True)
    sys.stdin.read()
"""


def test_record_of_a_process_that_was_killed(vault: Vault) -> None:
    """While it lives others leave its attempt alone; then there is one record, however often one looks."""
    child = subprocess.Popen(
        [sys.executable, "-c", DYING, vault.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "in it\n"
        with vault.attempt(SUBJECT, silent) as attempt:
            attempt.loaded()
        assert verdicts(vault) == [("loaded", 0)]
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    with vault.attempt(SUBJECT, silent) as attempt:
        attempt.loaded()
    for _ in range(2):
        found = sorted((record.tenant, record.verdict, record.errno) for record in vault.audit())
        assert found == [("t1", "loaded", 0), ("t1", "loaded", 0), ("t9", "interrupted", errno.EINTR)]


def test_an_end_that_cannot_be_recorded_is_said_and_recorded_later(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with vault.attempt(SUBJECT, said.append) as attempt:
        attempt.loaded()
        vault.path.chmod(0o644)
    vault.path.chmod(0o600)
    assert said[0].startswith("attempt 1 ended as loaded (0), not recorded: ")
    assert verdicts(vault) == [("interrupted", errno.EINTR)]


WORKER = """
import sys
from pathlib import Path
from pydriver.daemons.plugins.vault import Vault
from pydriver.daemons.plugins.vault.attempts import Subject
vault = Vault(Path(sys.argv[1]))
for number in range(8):
    vault.grant(sys.argv[2], f"{sys.argv[3]}-{number}", by="acme")
    with vault.attempt(Subject(sys.argv[3], "c", "", str(number)), print) as attempt:
        attempt.loaded()
"""


def test_two_processes_at_once(vault: Vault) -> None:
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, vault.path, UUID_HEX, name]) for name in ("a", "b")
    ]
    assert [worker.wait(30) for worker in workers] == [0, 0]
    expected = sorted((name, str(number), "loaded") for name in "ab" for number in range(8))
    assert sorted((record.tenant, record.md5, record.verdict) for record in vault.audit()) == expected
    assert len(vault.grants()) == 16


# The command line.


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db, real, fake = (str(tmp_path / name) for name in ("v.db", "real.xclbin", "fake.xclbin"))
    Path(real).write_bytes(DEMO)
    uuid = str(UUID(UUID_HEX))
    for arguments in (
        ["init"],
        ["owner", "add", "acme"],
        ["card", "add", CARD.upper(), "--note", "rack 7"],
        ["add", real, "--owner", "acme", "--fake-out", fake],
        ["grant", uuid, "--tenant", "t1", "--by", "acme", "--card", CARD, "--until", "2999-01-01"],
        ["grant", uuid, "--tenant", "t2", "--by", "acme", "--from", "2998-01-01T12:00"],
        ["revoke", "2", "--by", "acme"],
    ):
        assert main([db, *arguments]) == 0, arguments
    assert Path(fake).read_bytes() == FAKE
    vault = Vault(Path(db))
    vault.authorise(vault.find(md5_of(Path(fake).read_bytes())), "t1", CARD)
    with vault.attempt(SUBJECT, silent) as attempt:
        attempt.loaded()
    capsys.readouterr()
    assert main([db, "list"]) == 0
    assert main([db, "audit"]) == 0
    assert main([db, "audit", "--json"]) == 0
    text = capsys.readouterr().out
    for part in (
        "owner acme\n",
        f"card {CARD} rack 7\n",
        f"image {uuid} of acme, {len(DEMO)} bytes\n",
        f"  fake {md5_of(FAKE)}\n",
        f"grant 1: t1 may load {uuid} on {CARD}, ",
        " to 2999-01-01T00:00:00Z\n",
        f"grant 2: t2 may load {uuid} on every card, 2998-01-01T12:00:00Z to for ever, revoked\n",
        f" t1 {CARD} {UUID_HEX} {md5_of(FAKE)} loaded 0\n",
        '"verdict": "loaded", "errno": 0',
    ):
        assert part in text
    assert main([db, "owner", "block", "acme"]) == 0
    assert main([db, "withdraw", uuid, "--by", "acme"]) == 0
    assert main([db, "list"]) == 0
    text = capsys.readouterr().out
    assert "owner acme, blocked\n" in text
    assert "bytes, withdrawn\n" in text


def test_command_line_says_what_is_wrong(vault: Vault, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(vault.path), "init"]) == 1
    assert main([str(vault.path), "revoke", "5", "--by", "acme"]) == 1
    assert main([str(vault.path) + "x", "audit"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert "(EEXIST)" in said[0]
    assert said[1] == "cardloop-vault: there is no grant 5 (ENOENT)"
    assert "cannot be used: No such file" in said[2]
    for arguments in (["grant", "nonsense", "--tenant", "t", "--by", "a"], ["card", "add", "01:00"]):
        with pytest.raises(SystemExit):
            main([str(vault.path), *arguments])


def with_interface(name: bytes) -> bytes:
    """An image that is no other's, for a shell of this name."""
    image = with_section(
        SectionKind.PARTITION_METADATA, dtb({"interfaces": {"@0": {"interface_uuid": name}}})
    )
    return replace(parse(image), uuid=bytes(range(16))).to_bytes()


def test_an_interface_that_is_a_path_is_refused(vault: Vault, tmp_path: Path) -> None:
    """Who may store images must not choose where the vendor's export writes."""
    image, _ = vault.add_image(with_interface(INTERFACE.encode() + b"\0"), "evil")
    assert image.interface == INTERFACE
    for name in (b"x/../../../../elsewhere\0", b"..\0"):
        with raises(errno.EINVAL, "is no uuid"):
            vault.add_image(with_interface(name), "evil")
    with schema.opened(vault.path) as db:
        db.execute("UPDATE image SET interface = ?", ("x/../../../../elsewhere",))
    assert main([str(vault.path), "export", str(tmp_path / "firmware")]) == 1
    assert not (tmp_path / "elsewhere.xclbin").exists()


def test_export_lays_out_files_for_the_management_driver(vault: Vault, tmp_path: Path) -> None:
    firmware = tmp_path / "firmware"
    assert main([str(vault.path), "export", str(firmware)]) == 1
    for _ in range(2):
        assert main([str(vault.path), "export", str(firmware), "--interface", INTERFACE]) == 0
    path = firmware / "xilinx/xclbins" / f"{UUID(UUID_HEX)}_{INTERFACE}.xclbin"
    assert path.read_bytes() == DEMO
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert main([str(vault.path), "export", str(firmware), "--uuid", "00" * 16]) == 1
    path.unlink()
    vault.withdraw(UUID_HEX, "acme")
    assert main([str(vault.path), "export", str(firmware), "--interface", INTERFACE]) == 0
    assert not path.exists()
