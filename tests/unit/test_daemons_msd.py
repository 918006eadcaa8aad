# SPDX-License-Identifier: Apache-2.0
"""MSD as a process, with real sockets, on a machine without a card (software mailbox contract §4, §5.1)."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import select
import signal
import socket
import struct
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pydriver.daemons import msd
from pydriver.daemons.events import EventLog
from tests.unit.daemon_rig import (
    WAIT_S,
    Machine,
    ended,
    exactly,
    frame,
    image,
    machine,
    meet,
    receive,
    until,
)

LOAD, TEST_READY = 8, 1


@pytest.fixture
def host(tmp_path):
    with machine(tmp_path / "host", mgmt=True) as made:
        made.configure()
        yield made


def listeners(pid: int) -> list[tuple[str, int]]:
    """Addresses and ports a process listens on, from the kernel."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(os.readlink(entry))
        except FileNotFoundError:
            continue
    found = []
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            address, port = fields[1].split(":")
            found.append((socket.inet_ntoa(bytes.fromhex(address)[::-1]), int(port, 16)))
    return found


def test_publishes_where_it_listens_and_takes_it_back(host):
    daemon = host.msd()
    name, port, ident = host.comm_id()
    assert name == "127.0.0.1"
    assert 0 < ident < 1 << 32
    assert host.mgmt.stores[0][0] == "config_mailbox_comm_id"
    assert host.mgmt.stores[1] == ("config_mailbox_channel_switch", str(0x106))
    assert listeners(daemon.process.pid) == [("127.0.0.1", port)]
    assert daemon.stop() == 0
    assert host.mgmt.values["config_mailbox_comm_id"] == "host=\nport=0\nid=0x0\n"
    assert host.mgmt.values["config_mailbox_channel_switch"] == "0\n"


def test_sigint_takes_it_back_too(host):
    daemon = host.msd()
    meet(host)
    assert daemon.stop(signal.SIGINT) == 0
    assert host.mgmt.values["config_mailbox_channel_switch"] == "0\n"


def test_a_configuration_that_still_holds_is_kept(host):
    port = free_port()
    first = host.msd("--port", str(port))
    before = host.comm_id()
    first.kill()
    stores = len(host.mgmt.stores)
    host.msd("--port", str(port))
    assert host.comm_id() == before
    assert len(host.mgmt.stores) == stores
    meet(host)


def test_another_host_means_another_id(host):
    port = free_port()
    host.msd("--port", str(port)).kill()
    before = host.comm_id()
    host.configure("localhost")
    host.msd("--port", str(port))
    after = host.comm_id()
    assert after[:2] == ("localhost", port)
    assert after[2] != before[2]


@pytest.mark.parametrize("text", ["", "nonsense\nhost=here\n", "Host=here\n", "host=\n"])
def test_without_a_host_it_does_nothing_and_says_so(host, text):
    (host.root / "etc/msd.conf").write_text(text)
    daemon = host.msd(wait=False)
    assert daemon.wait() == 0
    assert daemon.count("does nothing") == 1
    assert host.mgmt.stores == []


def test_without_a_file_or_a_function_it_says_so(host, tmp_path):
    daemon = host.msd("--config", str(tmp_path / "absent"), wait=False)
    assert daemon.wait() == 0
    assert daemon.count("cannot read") == 1
    with machine(tmp_path / "empty") as empty:
        empty.configure()
        daemon = empty.msd(wait=False)
        assert daemon.wait() == 0
        assert daemon.count("no management function") == 1


def test_the_id_is_in_network_order_and_the_answer_is_zero(host):
    host.msd()
    _, port, ident = host.comm_id()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(ident.to_bytes(4, "big"))
        assert exactly(sock, 4) == bytes(4)


def test_wrong_short_and_slow_ids_are_refused_and_delay_nobody(host):
    daemon = host.msd("--handshake-s", "2.5")
    _, port, ident = host.comm_id()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as silent,
        socket.create_connection(("127.0.0.1", port), timeout=5) as slow,
        socket.create_connection(("127.0.0.1", port), timeout=5) as wrong,
        socket.create_connection(("127.0.0.1", port), timeout=5) as short,
    ):
        wrong.sendall((ident ^ 1).to_bytes(4, "big"))
        assert ended(wrong)
        short.sendall(ident.to_bytes(4, "big")[:3])
        short.shutdown(socket.SHUT_WR)
        assert ended(short)
        slow.sendall(ident.to_bytes(4, "big")[:2])
        good = meet(host)
        assert not select.select([silent, slow], [], [], 0)[0], "it came only after the others were refused"
        assert ended(silent)
        assert ended(slow)
        good.sendall(frame(TEST_READY))
        assert host.mailbox_m.got() == frame(TEST_READY)
    daemon.said("wrong id")
    daemon.said("closed after 3 of 4 bytes")
    daemon.said("said 0 of 4 bytes within 2.5 s")
    daemon.said("said 2 of 4 bytes within 2.5 s")


def test_id_byte_by_byte_is_fine(host):
    host.msd()
    _, port, ident = host.comm_id()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        for byte in ident.to_bytes(4, "big"):
            sock.sendall(bytes([byte]))
            time.sleep(0.02)
        assert exactly(sock, 4) == bytes(4)


def test_frames_pass_unchanged_both_ways(host):
    host.msd()
    sock = meet(host)
    sent = frame(TEST_READY, b"payload", ident=0xFFFF_9ABC_DEF0_1234)[:-8] + b"PADDING!"
    sock.sendall(sent)
    assert host.mailbox_m.got() == sent
    back = frame(None, struct.pack("<i", 0), ident=0xFFFF_9ABC_DEF0_1234, flags=1)
    host.mailbox_m.post(back)
    assert receive(sock) == back
    host.mailbox_m.post(frame(12, bytes(8)))
    assert receive(sock) == frame(12, bytes(8))


def test_two_frames_in_one_packet(host):
    host.msd()
    sock = meet(host)
    sock.sendall(frame(1, b"a") + frame(2, b"bb"))
    assert host.mailbox_m.got() == frame(1, b"a")
    assert host.mailbox_m.got() == frame(2, b"bb")


def test_load_xclbin_is_done_here(host, tmp_path):
    events = tmp_path / "events"
    daemon = host.msd("--events", str(events))
    sock = meet(host)
    # What follows the image's own length is not part of it.
    sock.sendall(frame(LOAD, image(5000) + b"behind", ident=77))
    assert receive(sock) == frame(None, struct.pack("<i", 0), ident=77, flags=1)
    assert host.loader.images == [image(5000)]
    assert host.mailbox_m.written.empty()
    daemon.stop()
    entries = [json.loads(line) for line in events.read_text().splitlines()]
    assert {entry["who"] for entry in entries} == {"msd"}
    frames = [entry for entry in entries if entry.get("event") == "frame"]
    assert [(entry["direction"], entry["opcode"], entry["result"]) for entry in frames] == [
        ("MPD to MSD", "LOAD_XCLBIN", None),
        ("MSD to MPD", "response", 0),
    ]
    assert frames[0]["size"] == 16 + 5006
    assert all(abs(entry["t"] - time.time()) < 60 for entry in entries)


def test_the_drivers_error_is_the_response(host):
    host.msd()
    host.loader.result = -errno.EKEYREJECTED
    sock = meet(host)
    sock.sendall(frame(LOAD, image()))
    assert receive(sock)[24:28] == struct.pack("<i", -errno.EKEYREJECTED)
    host.loader.result = 0
    sock.sendall(frame(LOAD, image()))
    assert receive(sock)[24:28] == bytes(4)


@pytest.mark.parametrize(
    "data",
    [b"", image(495), image(496, length=497), image(4096, length=4097), image(4096, length=(1 << 64) - 1)],
    ids=["nothing", "no header", "one more", "longer", "huge"],
)
def test_a_lie_about_the_length_costs_the_link(host, data):
    host.msd()
    sock = meet(host)
    sock.sendall(frame(LOAD, data))
    assert ended(sock)
    assert host.loader.images == []
    sock = meet(host)
    sock.sendall(frame(LOAD, image(496)))
    assert receive(sock)[24:28] == bytes(4)


@pytest.mark.parametrize("length", [0, 495])
def test_an_image_that_says_it_has_no_header_is_refused(host, length):
    host.msd()
    sock = meet(host)
    sock.sendall(frame(LOAD, image(4096, length=length)))
    assert receive(sock)[24:28] == struct.pack("<i", -errno.EINVAL)
    assert host.loader.images == []


def test_a_response_is_no_request_whatever_it_holds(host):
    host.msd()
    sock = meet(host)
    sent = frame(LOAD, image(), flags=1)
    sock.sendall(sent)
    assert host.mailbox_m.got() == sent
    assert host.loader.images == []


@pytest.mark.parametrize(
    "hostile",
    [
        frame(1, ident=0),
        struct.pack("<QQQ", 0, 2, 5) + bytes(8),
        struct.pack("<QQQ", (1 << 30) + 1, 2, 5) + bytes(8),
        struct.pack("<QQQ", (1 << 64) - 1, 2, 5) + bytes(8),
        frame(None, b"short"),
    ],
    ids=["id 0", "size 0", "above 1 GiB", "2^64-1", "no request header"],
)
def test_hostile_frames_cost_the_link_only(host, hostile):
    daemon = host.msd()
    sock = meet(host)
    sock.sendall(hostile)
    assert ended(sock)
    sock = meet(host)
    sock.sendall(frame(TEST_READY))
    assert host.mailbox_m.got() == frame(TEST_READY)
    assert daemon.process.poll() is None


def test_a_frame_of_one_gib_is_waited_for_and_cut(host):
    """The announcement alone is not refused, and does not take the memory."""
    daemon = host.msd("--stall-s", "0.3")
    sock = meet(host)
    sock.sendall(struct.pack("<QQQ", 1 << 30, 2, 5) + bytes(8) + bytes(1000))
    assert ended(sock)
    daemon.said("then none for 0.3 s")
    meet(host)
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    assert int(status.split("VmHWM:")[1].split()[0]) < 200_000


def test_random_bytes_never_break_it(host):
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    daemon = host.msd("--stall-s", "0.2")
    for _ in range(12):
        sock = meet(host)
        size = rng.choice([1, 31, 33, 100, 5000])
        small = struct.pack("<Q", rng.randrange(300)) if rng.random() < 0.5 else b""
        sock.sendall((small + rng.randbytes(size))[:size])
        sock.close()
    sock = meet(host)
    sock.sendall(frame(LOAD, image()))
    assert receive(sock)[24:28] == bytes(4)
    assert daemon.process.poll() is None


def test_a_cut_in_the_middle_of_a_frame_and_reconnect(host):
    daemon = host.msd()
    sock = meet(host)
    sock.sendall(frame(LOAD, image(100_000))[:50_000])
    sock.close()
    daemon.said("closed after")
    sock = meet(host)
    sock.sendall(frame(LOAD, image(100_000)))
    assert receive(sock)[24:28] == bytes(4)
    assert host.loader.images == [image(100_000)]


def test_a_reset_connection_is_like_a_cut(host):
    daemon = host.msd()
    sock = meet(host)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.sendall(frame(LOAD, image(100_000))[:50_000])
    sock.close()
    daemon.said("ends: ")
    assert receive_after(host) == bytes(4)


def receive_after(host: Machine) -> bytes:
    sock = meet(host)
    sock.sendall(frame(LOAD, image()))
    return receive(sock)[24:28]


def test_one_byte_at_a_time(host):
    host.msd("--stall-s", "1.5")
    sock = meet(host)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sent = frame(TEST_READY, b"slow and steady")
    # All of it takes longer than the limit, no single byte does.
    for byte in sent:
        sock.sendall(bytes([byte]))
        time.sleep(2 / len(sent))
    assert host.mailbox_m.got() == sent


def test_a_new_connection_replaces_one_that_died_silently(host):
    """Its old connection says nothing any more, in the middle of a frame; that alone would take for ever."""
    daemon = host.msd("--stall-s", "1000")
    old = meet(host)
    old.sendall(frame(LOAD, image(100_000))[:40])
    new = meet(host)
    new.sendall(frame(TEST_READY))
    assert host.mailbox_m.got() == frame(TEST_READY)
    assert ended(old)
    daemon.said("connection of")


def test_the_latest_of_many_connections_is_served(host):
    host.msd()
    many = [meet(host) for _ in range(8)]
    assert all(ended(sock) for sock in many[:-1])
    many[-1].sendall(frame(TEST_READY))
    assert host.mailbox_m.got() == frame(TEST_READY)


def test_messages_wait_in_the_slot_until_mpd_is_there(host):
    """Without MSD looking at them all the time."""
    daemon = host.msd()
    host.mailbox_m.post(frame(12, bytes(8)))
    before = processor_s(daemon.process.pid)
    time.sleep(0.4)
    assert processor_s(daemon.process.pid) - before < 0.05
    assert host.mailbox_m.slot is not None
    assert receive(meet(host)) == frame(12, bytes(8))


def test_a_message_that_timed_out_under_the_read_leaves_msd_awake(host):
    """Poll saw it, the read finds the slot empty and blocks; what MPD sends meanwhile is served."""
    host.msd()
    sock = meet(host)
    host.mailbox_m.vanishes = True
    host.mailbox_m.post(frame(12, bytes(8)))
    until(lambda: not host.mailbox_m.vanishes, "the read")
    sock.sendall(frame(TEST_READY))
    assert host.mailbox_m.got(5) == frame(TEST_READY)
    assert host.mailbox_m.interrupts == 1


def test_ends_when_the_mailbox_goes_away(host):
    daemon = host.msd()
    host.mailbox_m.close()
    assert daemon.wait() == 0
    daemon.said("went away")
    assert host.mgmt.values["config_mailbox_channel_switch"] == "0\n"


def test_rescan_serves_a_mailbox_that_comes_back(host):
    daemon = host.msd("--rescan")
    path = host.mailbox_m.path
    host.mailbox_m.close()
    daemon.said("went away")
    host.mailbox_m = host.add(type(host.mailbox_m)(path))
    daemon.said("listens on", times=2)
    sock = meet(host)
    sock.sendall(frame(TEST_READY))
    assert host.mailbox_m.got() == frame(TEST_READY)


def test_a_driver_that_refuses_a_frame_costs_the_link_not_the_daemon(host):
    host.msd()
    host.mailbox_m.write_error = errno.EBUSY
    sock = meet(host)
    sock.sendall(frame(TEST_READY))
    assert ended(sock)
    host.mailbox_m.write_error = 0
    sock = meet(host)
    sock.sendall(frame(TEST_READY))
    assert host.mailbox_m.got() == frame(TEST_READY)


def test_all_interfaces_only_when_asked_and_with_a_warning(host):
    daemon = host.msd("--bind", "0.0.0.0")
    assert listeners(daemon.process.pid)[0][0] == "0.0.0.0"
    warning = daemon.said("WARNING")
    assert "neither encryption (TLS) nor authentication" in warning
    assert "0.0.0.0" in warning


def test_a_peer_of_another_machine_is_warned_about(host):
    address = own_address()
    if address is None:
        pytest.skip("this machine has only its loopback address")
    daemon = host.msd("--bind", address)
    _, port, _ = host.comm_id()
    with socket.create_connection((address, port), timeout=5):
        daemon.said(f"WARNING: {address} is not this machine")


def test_a_host_on_which_nobody_listens_is_said(host):
    host.configure("192.0.2.7")
    daemon = host.msd()
    daemon.said("WARNING: MPD will be told to connect to 192.0.2.7")


def test_loopback_alone_gives_no_warning(host):
    daemon = host.msd()
    meet(host)
    daemon.said("is connected")
    assert daemon.count("WARNING") == 0


def test_sigterm_during_a_download_finishes_it(host):
    daemon = host.msd()
    host.loader.delay_s = 0.5
    sock = meet(host)
    sock.sendall(frame(LOAD, image()))
    daemon.said("loads an xclbin")
    assert daemon.stop() == 0
    assert host.loader.images == [image()]
    assert host.mgmt.values["config_mailbox_channel_switch"] == "0\n"


def test_ends_although_the_driver_hangs(host, monkeypatch, tmp_path):
    """In a load, and in the attributes that are to be taken back."""
    monkeypatch.setattr(msd, "GRACE_S", 0.2)
    monkeypatch.setattr(msd, "WITHDRAW_S", 0.2)
    host.loader.delay_s = WAIT_S
    events = tmp_path / "events"
    options = msd.parser().parse_args(["--root", str(host.root)])
    stop = SimpleNamespace(asked=False, wait=lambda seconds: time.sleep(0.01))
    log = EventLog("msd", events, stream=io.StringIO())
    serving = threading.Thread(target=msd._serve, args=(options, "127.0.0.1", stop, log, None), daemon=True)
    serving.start()
    until(lambda: "listens on" in events.read_text(), "a listener")
    sock = meet(host)
    sock.sendall(frame(LOAD, image()))
    until(lambda: "loads an xclbin" in events.read_text(), "a load")
    host.mgmt.free.clear()
    stop.asked = True
    serving.join(5)
    assert not serving.is_alive()
    assert "is still busy, ends anyway" in events.read_text()
    host.mgmt.free.set()


def test_64_mib_pass_through(host):
    host.msd()
    sock = meet(host)
    sent = frame(TEST_READY, bytes(64 << 20))
    began = time.monotonic()
    sock.sendall(sent)
    assert host.mailbox_m.got() == sent
    print(f"{len(sent) / (time.monotonic() - began) / 1e6:.0f} MB/s from the socket into the mailbox node")


def processor_s(pid: int) -> float:
    """Processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def own_address() -> str | None:
    """An IPv4 address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(sock.getsockname()[0])
    return None if address.startswith("127.") else address
