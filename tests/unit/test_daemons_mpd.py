# SPDX-License-Identifier: Apache-2.0
"""MPD as a process, alone and with MSD, on machines without a card (software mailbox contract §5)."""

from __future__ import annotations

import errno
import os
import random
import select
import socket
import struct
import threading
import time
from types import SimpleNamespace

import pytest

from pydriver.daemons import mpd
from tests.unit.daemon_rig import WAIT_S, ended, exactly, frame, image, machine, receive, until

LOAD, TEST_READY, HOT_RESET, PEER_DATA = 8, 1, 5, 10
IDENT = 0x89ABCDEF


@pytest.fixture
def guest(tmp_path):
    with machine(tmp_path / "guest", user=True) as made:
        yield made


@pytest.fixture
def host(tmp_path):
    with machine(tmp_path / "host", mgmt=True) as made:
        made.configure()
        yield made


@pytest.fixture
def server():
    """Stands in for MSD: a listener."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(WAIT_S)
        yield sock


def welcome(server, ident=IDENT):
    """Accept MPD as MSD does."""
    sock, _ = server.accept()
    sock.settimeout(WAIT_S)
    assert struct.unpack("!I", exactly(sock, 4))[0] == ident
    sock.sendall(bytes(4))
    return sock


def response(request, code=0):
    return frame(None, struct.pack("<i", code), ident=int.from_bytes(request[16:24], "little"), flags=1)


def load(host, guest, size=4096, ident=5):
    """One request of the user function and its response, through both daemons."""
    data = image(size)
    guest.mailbox_u.post(frame(LOAD, data, ident=ident))
    assert guest.mailbox_u.got() == frame(None, bytes(4), ident=ident, flags=1)
    assert host.loader.images[-1] == data


# Alone


def test_says_the_id_in_network_order_and_passes_frames_unchanged(guest, server):
    guest.announce(server.getsockname()[1], IDENT)
    daemon = guest.mpd()
    sock = welcome(server)
    request = frame(LOAD, image(100_000))[:-8] + b"PADDING!"
    guest.mailbox_u.post(request)
    assert receive(sock) == request
    sock.sendall(response(request, -22))
    assert guest.mailbox_u.got() == response(request, -22)
    assert daemon.count("WARNING") == 0
    assert daemon.stop() == 0
    assert ended(sock)


def test_waits_for_the_configuration(guest, server):
    guest.announce(0, 0, "", 0)
    daemon = guest.mpd("--tries", "3")
    daemon.said("published nothing in 3 tries")
    guest.announce(server.getsockname()[1], IDENT, switch=0)
    time.sleep(0.3)
    assert daemon.count("MSD is at") == 0
    guest.announce(server.getsockname()[1], IDENT)
    welcome(server)
    assert daemon.count("published nothing") == 1


def test_a_host_name_is_resolved(guest, server):
    guest.announce(server.getsockname()[1], IDENT, "localhost")
    guest.mpd()
    welcome(server)


def test_a_refusal_is_said_and_tried_again(guest, server):
    guest.announce(server.getsockname()[1], IDENT)
    daemon = guest.mpd()
    sock, _ = server.accept()
    sock.close()
    daemon.said("does not know our id")
    sock, _ = server.accept()
    sock.sendall(struct.pack("=i", -22))
    daemon.said("answered -22")
    sock.close()
    welcome(server)


def test_a_cut_in_the_middle_of_a_frame(guest, server):
    guest.announce(server.getsockname()[1], IDENT)
    daemon = guest.mpd()
    sock = welcome(server)
    sock.sendall(frame(1, bytes(1000))[:500])
    sock.close()
    daemon.said("the peer closed after")
    sock = welcome(server)
    guest.mailbox_u.post(frame(TEST_READY))
    assert receive(sock) == frame(TEST_READY)
    assert guest.mailbox_u.written.empty()


def test_a_slow_server_one_byte_at_a_time(guest, server):
    """Meanwhile the driver's slot is emptied."""
    guest.announce(server.getsockname()[1], IDENT)
    guest.mpd()
    sock = welcome(server)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = frame(TEST_READY)
    answer = response(request)
    for byte in answer[:20]:
        sock.sendall(bytes([byte]))
        time.sleep(0.005)
    guest.mailbox_u.post(request)
    assert receive(sock) == request
    for byte in answer[20:]:
        sock.sendall(bytes([byte]))
    assert guest.mailbox_u.got() == answer


def test_a_server_that_takes_nothing_does_not_stop_the_reading(guest, server):
    guest.announce(server.getsockname()[1], IDENT)
    guest.mpd()
    sock = welcome(server)
    guest.mailbox_u.post(frame(LOAD, image(48 << 20)))
    guest.mailbox_u.post(frame(TEST_READY, b"a"))
    guest.mailbox_u.post(frame(TEST_READY, b"b"))
    until(lambda: guest.mailbox_u.slot is None, "an empty slot")
    sock.sendall(response(frame(TEST_READY)))
    assert len(receive(sock)) == 32 + 16 + (48 << 20)
    assert receive(sock) == frame(TEST_READY, b"a")
    assert receive(sock) == frame(TEST_READY, b"b")
    assert guest.mailbox_u.got() == response(frame(TEST_READY))


@pytest.mark.parametrize(
    "hostile",
    [
        frame(1, ident=0),
        struct.pack("<QQQ", 0, 1, 5) + bytes(8),
        struct.pack("<QQQ", (1 << 30) + 1, 1, 5) + bytes(8),
        struct.pack("<QQQ", (1 << 64) - 8, 1, 5) + bytes(8),
    ],
    ids=["id 0", "size 0", "above 1 GiB", "2^64-8"],
)
def test_hostile_frames_cost_the_link_only(guest, server, hostile):
    guest.announce(server.getsockname()[1], IDENT)
    guest.mpd()
    sock = welcome(server)
    sock.sendall(hostile)
    assert ended(sock)
    sock = welcome(server)
    sock.sendall(response(frame(1)))
    assert guest.mailbox_u.got() == response(frame(1))


def test_random_bytes_never_break_it(guest, server):
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    guest.announce(server.getsockname()[1], IDENT)
    daemon = guest.mpd("--stall-s", "0.2")
    for _ in range(5):
        with welcome(server) as sock:
            sock.sendall(rng.randbytes(rng.choice([1, 31, 33, 5000])))
    sock = welcome(server)
    guest.mailbox_u.post(frame(TEST_READY))
    assert receive(sock) == frame(TEST_READY)
    assert daemon.process.poll() is None


def test_a_reset_function_is_opened_again(guest, server):
    """The node goes away and comes back, as in a hot reset."""
    guest.announce(server.getsockname()[1], IDENT)
    daemon = guest.mpd()
    sock = welcome(server)
    daemon.said("mailbox is open")
    guest.mailbox_u.close()
    daemon.said("went away")
    assert ended(sock)
    time.sleep(0.2)
    assert guest.mailbox_u.opens == 1
    guest.new_mailbox_u()
    sock = welcome(server)
    guest.mailbox_u.post(frame(HOT_RESET))
    assert receive(sock) == frame(HOT_RESET)


def test_an_offline_function_is_opened_again_when_it_is_online(guest, server):
    """The node stays, its open files end and opening it fails for a while."""
    guest.announce(server.getsockname()[1], IDENT)
    daemon = guest.mpd()
    first = welcome(server)
    daemon.said("mailbox is open")
    guest.mailbox_u.offline = True
    guest.mailbox_u.hang_up()
    daemon.said("went away")
    assert ended(first)
    second = welcome(server)
    daemon.said("No such device or address")
    assert ended(second)
    guest.mailbox_u.offline = False

    sock = welcome(server)
    # One more attempt may have been under way.
    until(lambda: guest.mailbox_u.opens == 2 or select.select([sock], [], [], 0)[0], "a second open")
    if guest.mailbox_u.opens != 2:
        sock = welcome(server)
    guest.mailbox_u.post(frame(TEST_READY))
    assert receive(sock) == frame(TEST_READY)


def test_a_function_that_comes_later_and_goes(tmp_path, server):
    with machine(tmp_path / "late") as late:
        daemon = late.mpd()
        daemon.said("there is no user function")
        with machine(tmp_path / "other", user=True) as other:
            other.announce(server.getsockname()[1], IDENT)
            (late.root / "dev").symlink_to(other.root / "dev")
            (late.root / "sys").symlink_to(other.root / "sys")
            sock = welcome(server)
            (late.root / "sys").unlink()
            daemon.said("the function is gone")
            assert ended(sock)


def test_a_server_on_another_machine_is_warned_about(guest):
    guest.announce(9, IDENT, "192.0.2.1")
    daemon = guest.mpd("--handshake-s", "0.1")
    assert "neither encryption (TLS) nor authentication" in daemon.said("WARNING: 192.0.2.1")


def test_sigterm_while_it_waits(guest):
    daemon = guest.mpd("--tries", "1000")
    daemon.said("started")
    assert daemon.stop() == 0


# Plugins


def local(guest, tmp_path, *options):
    log = tmp_path / "plugin.log"
    arguments = ["--plugin", "tests.unit.daemon_plugin:Local", "--plugin-option", f"log={log}"]
    for option in options:
        arguments += ["--plugin-option", option]
    return guest.mpd(*arguments), log


def test_a_plugin_answers_here(guest, tmp_path):
    daemon, log = local(guest, tmp_path)
    for request, code in (
        (frame(LOAD, image(4096), ident=3), 0),
        (frame(HOT_RESET, ident=4), -errno.EBUSY),
        (frame(9, bytes(12), ident=5), -errno.ENOTSUP),
        (frame(200, ident=6), 0),
    ):
        guest.mailbox_u.post(request)
        assert guest.mailbox_u.got() == response(request, code)
    assert daemon.stop() == 0
    assert log.read_text().splitlines() == [
        "notify 0 True",
        "load 0 4096 begins",
        "load 0 ends",
        "notify 0 False",
        "fini",
    ]


def test_a_long_download_does_not_stop_the_reading(guest, tmp_path):
    _, log = local(guest, tmp_path, "delay=2.5")
    guest.mailbox_u.post(frame(LOAD, image()))
    until(lambda: log.exists() and "begins" in log.read_text(), "a load")
    for ident in (7, 8):
        guest.mailbox_u.post(frame(200, ident=ident))
    until(lambda: guest.mailbox_u.slot is None, "an empty slot")
    assert "ends" not in log.read_text()
    assert [int.from_bytes(guest.mailbox_u.got()[16:24], "little") for _ in range(3)][1:] == [7, 8]


def test_a_plugin_without_init_success_is_ignored(guest, tmp_path, server):
    guest.announce(server.getsockname()[1], IDENT)
    daemon, _ = local(guest, tmp_path, "broken=1")
    welcome(server)
    daemon.said("is ignored: there is no key server")


def test_a_plugin_at_work_when_mpd_ends_is_not_finished_under_its_feet(guest, tmp_path, monkeypatch):
    """The load takes longer than MPD waits for it at its end."""
    monkeypatch.setattr(mpd, "GRACE_S", 0.2)
    monkeypatch.setattr(mpd.cli, "Stop", lambda: stop)
    stop = SimpleNamespace(asked=False, wait=lambda seconds: time.sleep(0.01), wake=lambda: None)
    asked, events = tmp_path / "asked", tmp_path / "events"
    words = ["--root", guest.root, "--events", events, "--plugin", "tests.unit.daemon_plugin:Local"]
    words += ["--plugin-option", f"log={asked}", "--plugin-option", "delay=2"]
    serving = threading.Thread(target=mpd.main, args=([str(word) for word in words],))
    serving.start()
    guest.mailbox_u.post(frame(LOAD, image()))
    until(lambda: asked.exists() and "begins" in asked.read_text(), "a load")
    stop.asked = True
    serving.join()
    assert "is still busy, ends anyway" in events.read_text()
    assert not {"fini", "load 0 ends"} & set(asked.read_text().splitlines())


def test_a_plugin_that_breaks_is_asked_again_but_not_all_the_time(guest):
    daemon = guest.mpd("--plugin", "tests.unit.daemon_plugin:Broken")
    daemon.said("the plugin broke: ZeroDivisionError; will try again")
    opens = guest.mailbox_u.opens
    time.sleep(0.5)
    assert daemon.count("the plugin broke") == 1
    assert guest.mailbox_u.opens == opens == 0
    assert not daemon.broke
    assert daemon.stop() == 0


def test_a_notification_that_breaks_the_plugin_does_not_stop_it(guest):
    daemon = guest.mpd("--plugin", "tests.unit.daemon_plugin:BrokenNotice")
    daemon.said("the plugin broke: ZeroDivisionError")
    guest.mailbox_u.post(frame(HOT_RESET))
    assert guest.mailbox_u.got() == response(frame(HOT_RESET), 0)
    assert daemon.stop() == 0


def test_a_plugin_that_is_none_is_an_error(guest):
    daemon = guest.mpd("--plugin", "no.such.module")
    assert daemon.wait() == 2
    assert daemon.count("is no plugin") == 1


def test_a_plugins_socket_replaces_tcp(guest, tmp_path):
    path = str(tmp_path / "tunnel")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen()
        server.settimeout(WAIT_S)
        guest.mpd("--plugin", "tests.unit.daemon_plugin:Tunnel", "--plugin-option", f"path={path}")
        sock, _ = server.accept()
        sock.settimeout(WAIT_S)
        guest.mailbox_u.post(frame(TEST_READY))
        assert receive(sock) == frame(TEST_READY)
        sock.sendall(response(frame(TEST_READY)))
        assert guest.mailbox_u.got() == response(frame(TEST_READY))


def test_an_msd_plugin_brings_the_image(host, guest, tmp_path):
    real = tmp_path / "real"
    real.write_bytes(image(9000))
    arguments = ["--plugin", "tests.unit.daemon_plugin:Swap", "--plugin-option", f"image={real}"]
    daemon = host.msd(*arguments)
    guest.follow(host)
    guest.mpd()
    for tail, code in ((b"", 0), (b"X", -errno.EACCES), (b"Y", -errno.EIO)):
        data = bytearray(image(4096))
        data[len(data) - len(tail) :] = tail
        guest.mailbox_u.post(frame(LOAD, bytes(data)))
        assert guest.mailbox_u.got()[24:28] == struct.pack("<i", code)
    assert host.loader.images == [image(9000)]
    assert not any("secret" in line for line in daemon.lines)
    assert daemon.stop() == 0
    assert not real.exists()


# Together


def test_an_image_goes_through_both_daemons(host, guest):
    guest.follow(host)
    guest.mpd()
    host.msd()
    load(host, guest, 300_000)
    host.mailbox_m.post(frame(12, bytes(8)))
    assert guest.mailbox_u.got() == frame(12, bytes(8))


def test_msd_killed_mid_transfer_and_restarted(host, guest):
    guest.follow(host)
    host.loader.delay_s = 0.3
    msd = host.msd()
    mpd = guest.mpd()
    guest.mailbox_u.post(frame(LOAD, image(1 << 20), ident=1))
    msd.said("loads an xclbin")
    msd.kill()
    mpd.said("will try again")
    host.loader.delay_s = 0
    host.msd()
    load(host, guest, ident=2)
    assert guest.mailbox_u.written.empty()


def test_mpd_killed_mid_transfer_and_restarted(host, guest):
    guest.follow(host)
    host.loader.delay_s = 0.3
    msd = host.msd()
    mpd = guest.mpd()
    guest.mailbox_u.post(frame(LOAD, image(1 << 20), ident=1))
    msd.said("loads an xclbin")
    mpd.kill()
    guest.mpd()
    msd.said("is connected", times=2)
    host.loader.delay_s = 0
    load(host, guest, ident=2)
    assert guest.mailbox_u.written.empty()


def test_a_request_that_waits_while_mpd_is_down_is_served_by_the_next_one(host, guest):
    guest.follow(host)
    host.msd()
    guest.mpd().kill()
    guest.mailbox_u.post(frame(LOAD, image(), ident=9))
    guest.mpd()
    assert guest.mailbox_u.got() == frame(None, bytes(4), ident=9, flags=1)


def test_msd_stopped_and_started_again(host, guest):
    guest.follow(host)
    msd = host.msd()
    mpd = guest.mpd()
    load(host, guest)
    assert msd.stop() == 0
    mpd.said("MSD closed the connection")
    host.msd()
    load(host, guest)


def test_the_management_function_goes_away_and_comes_back(host, guest):
    guest.follow(host)
    msd = host.msd("--rescan")
    mpd = guest.mpd()
    load(host, guest)
    path = host.mailbox_m.path
    host.mailbox_m.close()
    msd.said("went away")
    host.mailbox_m = host.add(type(host.mailbox_m)(path))
    mpd.said("connected to MSD", times=2)
    load(host, guest)


def test_both_daemons_on_one_machine(tmp_path):
    with machine(tmp_path, mgmt=True, user=True) as both:
        both.configure()
        both.follow(both)
        both.msd()
        both.mpd()
        load(both, both)
