# SPDX-License-Identifier: Apache-2.0
"""The preloaded library, against a server of a few lines: what an ordinary C++ program sees of a machine."""

from __future__ import annotations

import errno
import os
import random
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import preload
from pydriver.devices.protocol import REPLY, REQUEST, Op, SocketPlace
from tests.interop.native import HERE, unavailable

FUNCTION = "sys/bus/pci/devices/0000:01:00.0"
NODE = "dev/xfpga/mailbox.m256.0"
ID = 0xFFFF_8881_2345_6780
ERESTARTSYS = 512


class Server:
    """A mailbox that sends back what it is sent, two attributes and a management node."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.attributes = {"config_mailbox_comm_id": "host=a\nport=1\nid=0x1\n", "sub.m.1/ready": "1\n"}
        self.attributes["opened"] = ""
        self.images: list[bytes] = []
        self.opened: list[tuple[str, int]] = []
        self.interrupts = 0
        self._message: bytes | None = None
        self._sockets: list[socket.socket] = []
        for name in self.attributes:
            (root / FUNCTION / name).parent.mkdir(parents=True, exist_ok=True)
            (root / FUNCTION / name).write_text("stale\n")
        (root / FUNCTION / "resource").write_text("plain\n")
        drivers = root / "sys/bus/pci/drivers/xclmgmt"
        drivers.mkdir(parents=True)
        (drivers / "0000:01:00.0").symlink_to("../../devices/0000:01:00.0")
        (root / "dev/xfpga").mkdir(parents=True)
        for place in (NODE, "dev/xclmgmt256", f"{FUNCTION}/.live"):
            self._listen(place)

    def close(self) -> None:
        while self._sockets:
            sock = self._sockets.pop()
            sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _listen(self, place: str) -> None:
        sock = socket.socket(socket.AF_UNIX)
        with SocketPlace(self.root / place) as address:
            sock.bind(address)
        sock.listen()
        self._sockets.append(sock)
        threading.Thread(target=self._accept, args=(sock, place), daemon=True).start()

    def _accept(self, sock: socket.socket, place: str) -> None:
        while True:
            try:
                connection, _ = sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, place), daemon=True).start()

    def _serve(self, connection: socket.socket, place: str) -> None:
        ready, fill = os.pipe()
        name, position = "", 0
        with connection:
            while (request := receive(connection)) is not None:
                op, payload = request
                match op:
                    case Op.OPEN:
                        name = payload[4:].decode()
                        self.attributes["opened"] = f"{len(self.opened)} times\n"
                        self.opened.append((name or place, struct.unpack("<I", payload[:4])[0]))
                        if name and name not in self.attributes:
                            reply(connection, -errno.ENOENT)
                        else:
                            rights = [ready] if place == NODE else []
                            socket.send_fds(connection, [REPLY.pack(0, 0)], rights)
                    case Op.READ if name:
                        text = self.attributes[name].encode()[position:]
                        position += len(text)
                        reply(connection, len(text), text)
                    case Op.READ:
                        self._read(connection, ready, struct.unpack("<Q", payload)[0])
                    case Op.WRITE if name:
                        if payload == b"bad":
                            reply(connection, -errno.EINVAL)
                        else:
                            self.attributes[name] = payload.decode()
                            reply(connection, len(payload))
                    case Op.WRITE:
                        self._message = payload
                        os.write(fill, b"!")
                        reply(connection, len(payload))
                    case Op.IOCTL if payload[:2] == b"\x06X":
                        self.images.append(payload[4:])
                        reply(connection, -errno.EBUSY if len(self.images) > 1 else 0)
                    case Op.IOCTL:
                        reply(connection, -errno.ENOTTY)
                    case Op.INTERRUPT:
                        self.interrupts += 1
        os.close(ready)
        os.close(fill)

    def _read(self, connection: socket.socket, ready: int, size: int) -> None:
        if size < 32:
            return reply(connection, -errno.EINVAL)
        while self._message is None:
            op, payload = receive(connection) or (Op.INTERRUPT, b"")
            assert op == Op.INTERRUPT and not payload, "a request while a read waits"
            self.interrupts += 1
            return reply(connection, -ERESTARTSYS)
        frame = struct.pack("<QQQ", len(self._message), 2, ID) + self._message + bytes(8)
        if size < len(frame):
            return reply(connection, -errno.EMSGSIZE, frame[:32])
        self._message = None
        os.read(ready, 1)
        reply(connection, len(frame), frame)


def receive(connection: socket.socket) -> tuple[int, bytes] | None:
    head = connection.recv(REQUEST.size, socket.MSG_WAITALL)
    if len(head) < REQUEST.size:
        return None
    op, length = REQUEST.unpack(head)
    return op, connection.recv(length, socket.MSG_WAITALL) if length else b""


def reply(connection: socket.socket, result: int, data: bytes = b"") -> None:
    connection.sendall(REPLY.pack(result, len(data)) + data)


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("g++")
    if compiler is None or shutil.which("cc") is None:
        unavailable("no C and C++ compilers for the preloaded library and the program that tries it")
    target = tmp_path_factory.mktemp("probe") / "probe"
    command = [compiler, "-std=gnu++17", "-O2", "-D_FORTIFY_SOURCE=2", "-Wall", "-pthread"]
    subprocess.run([*command, str(HERE / "preload_probe.cpp"), "-o", str(target)], check=True, timeout=120)
    return target


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    # Longer than a socket's path may be.
    root = tmp_path / ("deep" * 20)
    server = Server(root)
    yield server
    server.close()


def saw(probe: Path, server: Server, *words: str) -> list[str]:
    """Lines that the program printed on the machine of the server."""
    environment = os.environ | preload.environment(server.root)
    done = subprocess.run(
        [probe, *words], env=environment, check=False, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_mailbox_node(probe: Path, server: Server) -> None:
    assert saw(probe, server, "mailbox", f"/{NODE}") == [
        "open 0 -",
        "select 0 -",
        "request 9 -",
        "select 1 -",
        "short -1 EINVAL",
        "header -1 EMSGSIZE",
        f"9 2 {ID:x} {int.from_bytes(b'a messag', 'little'):x}",
        "frame 41 -",
        "a message",
        "character device",
        "seek -1 ESPIPE",
        "duplicate -1 EINVAL",
    ]
    assert server.opened == [(NODE, os.O_RDWR)]


def test_attribute_through_streams(probe: Path, server: Server) -> None:
    name = "config_mailbox_comm_id"
    seen = saw(probe, server, "attribute", f"/sys/bus/pci/drivers/xclmgmt/0000:01:00.0/{name}", "host=b")
    assert seen == ["line host=a", "line port=1", "line id=0x1", "stored", "write -1 EBADF"]
    assert server.attributes[name] == "host=b"
    assert (server.root / FUNCTION / name).read_text() == "stale\n"
    again = saw(probe, server, "attribute", f"/sys/bus//pci/devices/0000:01:00.0/{name}", "bad")
    assert again == ["line host=b", "refused", "write -1 EBADF"]


def test_attribute_read_again(probe: Path, server: Server) -> None:
    seen = saw(probe, server, "again", f"/{FUNCTION}/opened")
    assert [line for line in seen if "times" in line] == ["0 times", "1 times", "2 times"]


def test_file_beside_the_attributes(probe: Path, server: Server) -> None:
    done = subprocess.run(
        ["cat", f"/{FUNCTION}/resource", f"/{FUNCTION}/sub.m.1/ready"],
        env=os.environ | preload.environment(server.root),
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.stdout, done.stderr) == ("plain\n1\n", "")


def test_download(probe: Path, server: Server, tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    image = bytearray(random.Random(seed).randbytes(100_000))
    struct.pack_into("<Q", image, 304, len(image))
    (tmp_path / "image").write_bytes(image + b"what follows the image in memory")
    words = ("download", "/dev/xclmgmt256", str(tmp_path / "image"))
    rest = ["nowhere -1 EFAULT", "nothing -1 EFAULT", "unknown -1 ENOTTY"]
    assert saw(probe, server, *words) == ["download 0 -", *rest]
    assert saw(probe, server, *words) == ["download -1 EBUSY", *rest]
    assert server.images == [image, image]
    # A length that cannot be: the driver gets the header to judge.
    struct.pack_into("<Q", image, 304, 1 << 40)
    (tmp_path / "image").write_bytes(image)
    saw(probe, server, *words)
    assert server.images[2] == image[:496]


def test_one_thread_reads_while_another_writes(probe: Path, server: Server) -> None:
    seen = saw(probe, server, "threads", f"/{NODE}")
    assert sorted(seen[:2]) == ["read 41 -", "write 9 -"]
    assert seen[2:] == ["a message", "read -1 EINTR"]
    assert server.interrupts == 2


def test_names(probe: Path, server: Server) -> None:
    place = "/sys/bus/pci/drivers/xclmgmt/0000:01:00.0"
    assert saw(probe, server, "names", place) == [
        f"/{FUNCTION}",
        "../../devices/0000:01:00.0",
        "stat 0 -",
        "access 0 -",
        "create -1 EACCES",
    ]
    assert saw(probe, server, "names", "/dev/xclmgmt7")[2:4] == ["stat -1 ENOENT", "access -1 ENOENT"]
    # Other paths are the machine's own.
    assert saw(probe, server, "names", "/usr")[0] == "/usr"


def test_a_server_that_is_gone(probe: Path, server: Server) -> None:
    server.close()
    assert saw(probe, server, "open", "/dev/xclmgmt256") == ["open -1 ENXIO"]
