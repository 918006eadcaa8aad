# SPDX-License-Identifier: Apache-2.0
"""Frame I/O, the queue, the configuration, the event file and the container rule, without processes."""

from __future__ import annotations

import errno
import io
import json
import os
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from pydriver.daemons import config
from pydriver.daemons.config import CommId
from pydriver.daemons.containers import ContainerDevices, container_of
from pydriver.daemons.events import EventLog
from pydriver.daemons.frameio import FrameLink, MailboxNode, RawFrame, checked_size, node_identity
from pydriver.daemons.handshake import introduce, is_loopback, listen
from pydriver.daemons.queues import FrameQueue, Item, Origin
from pydriver.devices import DeviceFile, functions
from tests.unit.daemon_rig import WAIT_S, frame, machine
from tests.unit.rig import raises


@pytest.fixture
def wire():
    """A link and the raw socket at its other end, over TCP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        far = socket.create_connection(server.getsockname())
        near, _ = server.accept()
    link = FrameLink(near, 0.2)
    with far:
        yield link, far
    link.close()


def test_header_fields():
    raw = RawFrame(frame(8, b"abc", ident=9))
    assert (raw.size, raw.flags, raw.id, raw.opcode, raw.name) == (19, 2, 9, 8, "LOAD_XCLBIN")
    assert raw.payload[12:15] == b"abc"
    answer = RawFrame(frame(None, struct.pack("<i", -5), flags=1))
    assert (answer.opcode, answer.result, answer.name) == (None, -5, "response")
    assert RawFrame(frame(None, b"123456789012345")).name == "short request"
    assert RawFrame(frame(99)).name == "opcode 99"


@pytest.mark.parametrize(
    ("size", "ident", "code"),
    [
        (0, 1, errno.EINVAL),
        (1, 0, errno.EINVAL),
        ((1 << 30) + 1, 1, errno.EMSGSIZE),
        (1 << 63, 1, errno.EMSGSIZE),
    ],
)
def test_impossible_headers(size, ident, code):
    with raises(code):
        checked_size(struct.pack("<QQQ", size, 2, ident))


def test_one_gib_is_possible():
    assert checked_size(struct.pack("<QQQ", 1 << 30, 2, 1)) == 1 << 30


def test_partial_reads_and_a_clean_end(wire):
    link, far = wire
    sent = frame(1, bytes(range(200)))

    def drip():
        for at in range(0, len(sent), 7):
            far.sendall(sent[at : at + 7])
            time.sleep(0.002)
        far.close()

    thread = threading.Thread(target=drip)
    thread.start()
    assert link.receive() == RawFrame(sent)
    assert link.receive() is None
    thread.join()


@pytest.mark.parametrize("size", [1, 31, 32, 40])
def test_an_end_in_the_middle_of_a_frame(wire, size):
    link, far = wire
    far.sendall(frame(1, bytes(100))[:size])
    far.close()
    with raises(errno.ECONNRESET):
        link.receive()


@pytest.mark.parametrize("size", [1, 32, 40])
def test_a_stall_in_the_middle_of_a_frame(wire, size):
    link, far = wire
    far.sendall(frame(1, bytes(100))[:size])
    with raises(errno.ETIMEDOUT, match=r"then none for 0\.2 s"):
        link.receive()


def test_a_peer_that_takes_nothing(wire):
    link, _ = wire
    with raises(errno.ETIMEDOUT, match="the peer took"):
        link.send(RawFrame(frame(1, bytes(64 << 20))))


def test_cut_gets_a_blocked_receiver_up(wire):
    link, far = wire
    far.sendall(b"x")
    threading.Timer(0.05, link.cut).start()
    # A stall would be ETIMEDOUT.
    with raises(errno.ECONNRESET):
        link.receive()


def test_64_mib_faster_than_200_mb_per_second():
    """Frame I/O alone, over loopback TCP; processor time of both ends, little changed by a busy machine."""
    sent = RawFrame(frame(1, bytes(64 << 20)))
    rates = []
    for _ in range(3):
        with socket.create_server(("127.0.0.1", 0)) as server:
            sender = FrameLink(socket.create_connection(server.getsockname()))
            receiver = FrameLink(server.accept()[0])
        thread = threading.Thread(target=sender.send, args=(sent,))
        began, wall = time.process_time(), time.monotonic()
        thread.start()
        got = receiver.receive()
        thread.join()
        rates.append(len(sent.raw) / (time.process_time() - began) / 1e6)
        passed = time.monotonic() - wall
        print(f"{rates[-1]:.0f} MB per s of processor, {len(sent.raw) / passed / 1e6:.0f} MB/s")
        assert got == sent
        sender.close()
        receiver.close()
    assert max(rates) > 200


def test_mailbox_node_reads_and_writes(tmp_path):
    with machine(tmp_path, user=True) as guest:
        node = MailboxNode(DeviceFile.open(guest.mailbox_u.path))
        assert node.receive() is None
        guest.mailbox_u.post(frame(8, bytes(5000)))
        assert node.receive() == RawFrame(frame(8, bytes(5000)))
        node.send(RawFrame(frame(None, bytes(4), flags=1)))
        assert guest.mailbox_u.got() == frame(None, bytes(4), flags=1)
        node.close()


def test_a_message_that_timed_out_under_the_read_holds_up_no_write(tmp_path):
    """Poll saw it, the read finds the slot empty and blocks: the write interrupts it and gets through."""
    with machine(tmp_path, user=True) as guest:
        mailbox = guest.mailbox_u
        node = MailboxNode(DeviceFile.open(mailbox.path))
        mailbox.post(frame(8))
        assert node.device.wait_readable(1)
        wait_readable = node.device.wait_readable

        def too_late(timeout_s=None):
            ready = wait_readable(timeout_s)
            mailbox.expire()
            return ready

        node.device.wait_readable = too_late
        got = []
        reader = threading.Thread(target=lambda: got.append(node.receive()))
        reader.start()
        time.sleep(0.05)
        node.send(RawFrame(frame(None, bytes(4), flags=1)))
        assert mailbox.got() == frame(None, bytes(4), flags=1)
        reader.join(WAIT_S)
        assert got == [None]
        assert mailbox.interrupts >= 1
        node.close()


def test_node_identity_changes_with_the_node(tmp_path):
    path = tmp_path / "node"
    assert node_identity(path) is None
    path.touch()
    first = node_identity(path)
    (tmp_path / "other").touch()
    (tmp_path / "other").rename(path)
    assert node_identity(path) not in (None, first)


def test_queue_is_bounded_in_bytes_but_takes_a_single_large_frame():
    queue = FrameQueue(limit=100)
    items = [Item(Origin.REMOTE, RawFrame(frame(1, bytes(size)))) for size in (500, 10, 10)]
    assert queue.put(items[0])
    waiting = threading.Thread(target=queue.put, args=(items[1],))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    assert queue.get() is items[0]
    waiting.join(1)
    assert queue.get() is items[1]


def test_a_closed_queue_gets_everybody_up():
    queue = FrameQueue(limit=1)
    got = []
    item = Item(Origin.MAILBOX, RawFrame(frame(1)))
    reader = threading.Thread(target=lambda: got.append(queue.get()))
    reader.start()
    queue.close()
    reader.join(1)
    assert got == [None]
    assert queue.put(item) is False


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("host=1.2.3.4\n", "1.2.3.4"),
        ("  host \t=  name \r\n", "name"),
        ("other=1\nhost=a=b\nhost=c\n", "a=b"),
        ("# no\nhost=a\n", None),
        ("\nhost=a\n", None),
        ("host=a", "a"),
        ("hosts=a\nHOST=b\n", None),
        ("host=\n", None),
        ("", None),
    ],
)
def test_msd_conf(text, host):
    assert config.parse_host(text) == host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host=h\nport=1234\nid=0xabcdef01\n", CommId("h", 1234, 0xABCDEF01)),
        ("id=17\nport=0x10\nhost = h \nextra=1\nnonsense\n", CommId("h", 16, 17)),
        ("host=h\nport=017\nid=x\n", CommId("h", 15, 0)),
        ("\n", CommId()),
    ],
)
def test_comm_id(text, expected):
    assert CommId.parse(text) == expected


def test_comm_id_text_and_validity():
    comm_id = CommId("h", 5, 0xFFFF_FFFF)
    assert comm_id.text() == "host=h\nport=5\nid=0xffffffff"
    assert CommId.parse(comm_id.text()) == comm_id
    assert comm_id.valid
    for broken in (CommId(), CommId("h", 5, 0), CommId("h", 0, 1), CommId("h", 1 << 16, 1), CommId("", 5, 1)):
        assert not broken.valid
    assert not CommId("h", 5, 1 << 32).valid


def test_the_switch_has_three_opcodes():
    assert config.MSD_SWITCH == 0x106


def test_loopback():
    assert is_loopback("127.0.0.1")
    assert is_loopback("127.9.9.9")
    for other in ("0.0.0.0", "192.0.2.1", "localhost", ""):
        assert not is_loopback(other)


@pytest.mark.parametrize("answer", [b"", b"\0\0\0", struct.pack("=i", -22)])
def test_mpd_wants_a_zero(answer):
    with listen("127.0.0.1", 0) as server:
        server.setblocking(True)
        port = server.getsockname()[1]

        def other():
            sock, _ = server.accept()
            with sock:
                assert sock.recv(4) == b"\x12\x34\x56\x78"
                sock.sendall(answer)

        thread = threading.Thread(target=other)
        thread.start()
        with raises(errno.EACCES):
            introduce("127.0.0.1", port, 0x12345678, 1)
        thread.join()


def test_mpd_does_not_wait_for_ever():
    with listen("127.0.0.1", 0) as server, raises(errno.ETIMEDOUT):
        introduce("127.0.0.1", server.getsockname()[1], 1, 0.1)


def test_events(tmp_path):
    stream = io.StringIO()
    path = tmp_path / "events"
    first, second = EventLog("msd", path, stream=stream), EventLog("mpd", path, verbose=True, stream=stream)
    first.say("one\nline", event="x", size=3)
    first.detail("hidden")
    second.detail("shown")
    first.close()
    second.close()
    lines = [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines == ["msd: one line", "mpd: shown"]
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(entry["who"], entry["text"]) for entry in entries] == [
        ("msd", "one line"),
        ("msd", "hidden"),
        ("mpd", "shown"),
    ]
    assert entries[0]["event"] == "x"
    assert entries[0]["size"] == 3
    assert abs(entries[0]["t"] - time.time()) < 5


def test_a_full_disk_and_a_reader_that_left_end_nothing():
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as stream:
        log = EventLog("msd", Path("/dev/full"), stream=stream)
        log.say("lost")
        log.say("lost too")
        log.close()
        # What is left in its buffer must not be complained about when it is closed.
        os.dup2(os.open("/dev/null", os.O_WRONLY), stream.fileno())


def test_a_port_that_tcp_does_not_have():
    with raises(errno.EADDRNOTAVAIL):
        listen("127.0.0.1", 0x10000)


def test_functions_that_are_going_are_not_listed(tmp_path, monkeypatch):
    """Directories vanish between two looks of the same listing."""
    with machine(tmp_path, mgmt=True, user=True) as both:
        iterdir = Path.iterdir

        def vanished(path):
            if path.name in ("xclmgmt", "drm"):
                raise FileNotFoundError(errno.ENOENT, "it just went", str(path))
            return iterdir(path)

        assert len(functions(both.root)) == 2
        monkeypatch.setattr(Path, "iterdir", vanished)
        assert functions(both.root) == []


# Containers


@pytest.fixture
def contained(tmp_path):
    """A guest whose render node belongs to a docker container; /dev/null stands in for a sub-device."""
    with machine(tmp_path, user=True) as guest:
        base = guest.root / "sys/fs/cgroup/devices"
        for name, rule in (("lxc/one", "c 226:1280 rwm"), ("docker/a/b", "c 1:5 rw\nc 226:128 rwm")):
            (base / name).mkdir(parents=True)
            (base / name / "devices.list").write_text(rule + "\n")
            for file in ("devices.allow", "devices.deny"):
                (base / name / file).write_text("")
        yield guest, base / "docker/a/b"


def test_the_container_is_found_by_whole_numbers(contained):
    guest, group = contained
    assert container_of(guest.root, "226:128") == group
    assert container_of(guest.root, "226:12") is None


def test_another_container_that_ends_meanwhile_hides_none(contained, monkeypatch):
    guest, group = contained
    scandir = os.scandir

    def vanished(path="."):
        if Path(path).name == "one":
            raise FileNotFoundError(errno.ENOENT, "it just went", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", vanished)
    assert container_of(guest.root, "226:128") == group


def test_a_node_that_appears_is_allowed_and_one_that_goes_denied(contained):
    guest, group = contained
    users = [info for info in functions(guest.root) if info.kind == "user"]
    said = []
    devices = ContainerDevices(guest.root, said.append)
    devices.look(users)
    assert (group / "devices.allow").read_text() == ""
    node = guest.root / "dev/xfpga/aximm_mon.u257.0"
    node.symlink_to("/dev/null")
    for name in ("other.u257.0", "aximm_mon.m257.0", "lapc.u999.0"):
        (guest.root / "dev/xfpga" / name).symlink_to("/dev/null")
    numbers = os.stat("/dev/null").st_rdev
    rule = f"c {os.major(numbers)}:{os.minor(numbers)} rwm"
    devices.look(users)
    devices.look(users)
    assert (group / "devices.allow").read_text() == rule
    assert (group / "devices.deny").read_text() == ""
    node.unlink()
    devices.look(users)
    assert (group / "devices.deny").read_text() == rule
    assert len(said) == 2


def test_no_container_no_rule(contained):
    guest, group = contained
    (group / "devices.list").write_text("c 226:129 rwm\n")
    users = [info for info in functions(guest.root) if info.kind == "user"]
    (guest.root / "dev/xfpga/spc.u257.0").symlink_to("/dev/null")
    said = []
    ContainerDevices(guest.root, said.append).look(users)
    assert (group / "devices.allow").read_text() == ""
    assert said == []
