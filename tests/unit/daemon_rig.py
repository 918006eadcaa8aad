# SPDX-License-Identifier: Apache-2.0
"""What the daemon tests share: a machine without a card, whose device files answer as a driver would, and the
daemons as processes.

The nodes are written from the device protocol alone, without the server of `pydriver.devices`, so that a
daemon and that server cannot agree on a mistake.
"""

from __future__ import annotations

import array
import contextlib
import errno
import os
import queue
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MGMT_BDF, USER_BDF = "0000:01:00.0", "0000:01:00.1"
MGMT_N, USER_N = 256, 257
OPEN, READ, WRITE, IOCTL, INTERRUPT = 1, 2, 3, 4, 5
# Longer than any daemon may take to end, and than a loaded machine takes to start one.
WAIT_S = 20.0


def frame(opcode: int | None, data: bytes = b"", ident: int = 0xFFFF_8880_1234_5678, flags: int = 2) -> bytes:
    """A frame with a request of `opcode`, or with `data` alone."""
    payload = data if opcode is None else struct.pack("<QI", 0, opcode) + data + bytes(4)
    return struct.pack("<QQQ", len(payload), flags, ident) + payload + bytes(8)


def image(size: int = 4096, length: int | None = None) -> bytes:
    """Bytes that look like an xclbin to a daemon: `length` (default: the true one) in the header."""
    period = bytes(7 * index % 251 for index in range(251))
    data = bytearray((period * (size // 251 + 1))[:size])
    data[:8] = b"xclbin2\0"
    struct.pack_into("<Q", data, 304, size if length is None else length)
    return bytes(data)


def until(condition: Callable[[], Any], what: str, limit_s: float = WAIT_S) -> Any:
    """Wait for something true."""
    deadline = time.monotonic() + limit_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {limit_s} s"
        time.sleep(0.005)
    return value


def exactly(sock: socket.socket, size: int) -> bytes:
    """Receive `size` bytes. Raises ConnectionError when there are fewer."""
    data = bytearray()
    while len(data) < size:
        part = sock.recv(min(size - len(data), 1 << 20))
        if not part:
            raise ConnectionResetError(f"{len(data)} of {size} bytes")
        data += part
    return bytes(data)


class Node:
    """A Unix socket with one thread per connection; what `call` returns or raises is the reply."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.opens = 0
        self.offline = False
        self.sockets: set[socket.socket] = set()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        directory = os.open(path.parent, os.O_PATH)
        self.listener.bind(f"/proc/self/fd/{directory}/{path.name}")
        os.close(directory)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """The node is removed and every open file ends."""
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        for sock in list(self.sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def opened(self, sock: socket.socket, payload: bytes) -> None:
        """Answer OPEN."""
        sock.sendall(struct.pack("<iI", 0, 0))

    def closed(self, sock: socket.socket) -> None:
        """After the connection ended."""

    def call(self, sock: socket.socket, op: int, payload: bytes) -> tuple[int, bytes]:
        raise OSError(errno.ENOTTY, "no such operation")

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.sockets.add(sock)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            while True:
                op, length = struct.unpack("<II", exactly(sock, 8))
                payload = exactly(sock, length)
                if op == OPEN:
                    if self.offline:
                        sock.sendall(struct.pack("<iI", -errno.ENXIO, 0))
                        continue
                    self.opens += 1
                    self.opened(sock, payload)
                elif op != INTERRUPT:
                    try:
                        result, data = self.call(sock, op, payload)
                    except OSError as error:
                        result, data = -(error.errno or errno.EIO), b""
                    sock.sendall(struct.pack("<iI", result, len(data)) + data)
        except OSError:
            pass
        finally:
            self.sockets.discard(sock)
            self.closed(sock)
            sock.close()


class Mailbox(Node):
    """A mailbox node: one message waits in `slot`; what the daemon writes is in `written`."""

    def __init__(self, path: Path) -> None:
        self.slot: bytes | None = None
        self.written: queue.Queue[bytes] = queue.Queue()
        self.write_error = 0
        self.interrupts = 0
        self.vanishes = False
        """The message's time is over just when somebody reads it."""
        self._lock = threading.Lock()
        self._pipes: dict[socket.socket, tuple[int, int]] = {}
        super().__init__(path)

    def post(self, message: bytes, limit_s: float = WAIT_S) -> None:
        """Put a message into the slot when it is free."""
        until(lambda: self.slot is None, "a free slot", limit_s)
        with self._lock:
            self.slot = message
            for _, write in self._pipes.values():
                os.write(write, b"x")

    def expire(self) -> None:
        """The message's time is over."""
        with self._lock:
            self._empty()

    def got(self, limit_s: float = WAIT_S) -> bytes:
        """The next message the daemon wrote."""
        return self.written.get(timeout=limit_s)

    def opened(self, sock: socket.socket, payload: bytes) -> None:
        read, write = os.pipe()
        with self._lock:
            self._pipes[sock] = (read, write)
            if self.slot is not None:
                os.write(write, b"x")
        numbers = array.array("i", [read])
        head = struct.pack("<iI", 0, 0)
        sent = sock.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)])
        assert sent == len(head)

    def closed(self, sock: socket.socket) -> None:
        with self._lock:
            for fd in self._pipes.pop(sock, ()):
                os.close(fd)

    def call(self, sock: socket.socket, op: int, payload: bytes) -> tuple[int, bytes]:
        if op == READ:
            return self._read(sock, int.from_bytes(payload, "little"))
        assert op == WRITE
        if self.write_error:
            raise OSError(self.write_error, "refused")
        size, _, ident = struct.unpack_from("<QQQ", payload.ljust(24, b"\0"))
        if len(payload) < 32 or size == 0 or ident == 0 or len(payload) < size + 32:
            raise OSError(errno.EINVAL, "bad frame")
        self.written.put(payload)
        return size + 32, b""

    def _read(self, sock: socket.socket, size: int) -> tuple[int, bytes]:
        if size < 32:
            raise OSError(errno.EINVAL, "short read")
        if self.vanishes:
            self.vanishes = False
            self.expire()
        while True:
            with self._lock:
                if self.slot is not None:
                    message = self.slot
                    if size < len(message):
                        return -errno.EMSGSIZE, message[:24] + bytes(8)
                    self._empty()
                    return len(message), message
            if select.select([sock], [], [], 0.01)[0]:
                op, _ = struct.unpack("<II", exactly(sock, 8))
                assert op == INTERRUPT
                self.interrupts += 1
                return -512, b""

    def _empty(self) -> None:
        self.slot = None
        for read, _ in self._pipes.values():
            if select.select([read], [], [], 0)[0]:
                os.read(read, 1)


class Attributes(Node):
    """The `.live` socket of a function and the files beside it."""

    def __init__(self, directory: Path, values: dict[str, str]) -> None:
        self.values = dict(values)
        self.stores: list[tuple[str, str]] = []
        self.free = threading.Event()
        """Stores block while it is not set."""
        self.free.set()
        self._open: dict[socket.socket, list[Any]] = {}
        for name, value in values.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(value)
        super().__init__(directory / ".live")

    def opened(self, sock: socket.socket, payload: bytes) -> None:
        name = payload[4:].decode()
        if name in self.values:
            self._open[sock] = [name, False]
        sock.sendall(struct.pack("<iI", 0 if name in self.values else -errno.ENOENT, 0))

    def call(self, sock: socket.socket, op: int, payload: bytes) -> tuple[int, bytes]:
        state = self._open[sock]
        if op == READ:
            text = b"" if state[1] else self.values[state[0]].encode()
            state[1] = True
            return len(text), text
        self.free.wait()
        self.values[state[0]] = payload.decode() + "\n"
        self.stores.append((state[0], payload.decode()))
        return len(payload), b""


class Loader(Node):
    """The management node: keeps what is loaded. `result`: a negative errno to answer instead."""

    def __init__(self, path: Path) -> None:
        self.images: list[bytes] = []
        self.result = 0
        self.delay_s = 0.0
        super().__init__(path)

    def call(self, sock: socket.socket, op: int, payload: bytes) -> tuple[int, bytes]:
        assert op == IOCTL
        assert int.from_bytes(payload[:4], "little") & 0xFFFF == 0x5806
        time.sleep(self.delay_s)
        if not self.result:
            self.images.append(payload[4:])
        return self.result, b""


class Machine:
    """A root with one management or one user function, or both."""

    def __init__(self, root: Path, mgmt: bool = False, user: bool = False) -> None:
        self.root = root
        self.nodes: list[Node] = []
        self.daemons: list[Daemon] = []
        (root / "etc").mkdir(parents=True, exist_ok=True)
        if mgmt:
            self.mgmt = self._attributes(
                "xclmgmt",
                MGMT_BDF,
                {
                    "instance": f"{MGMT_N}\n",
                    "config_mailbox_comm_id": "\n",
                    "config_mailbox_channel_switch": "0\n",
                    "config_mailbox_channel_disable": "0\n",
                    "config_xclbin_change": "0\n",
                    "cache_xclbin": "0\n",
                },
            )
            self.mailbox_m = self.add(Mailbox(root / f"dev/xfpga/mailbox.m{MGMT_N}.0"))
            self.loader = self.add(Loader(root / f"dev/xclmgmt{MGMT_N}"))
        if user:
            self.user = self._attributes(
                "xocl",
                USER_BDF,
                {
                    "config_mailbox_comm_id": "\n",
                    "config_mailbox_channel_switch": "0\n",
                    "drm/renderD128/dev": "226:128\n",
                },
            )
            self.mailbox_u = self.add(Mailbox(root / f"dev/xfpga/mailbox.u{USER_N}.0"))
            (root / "dev/dri").mkdir()
            (root / "dev/dri/renderD128").touch()

    def _attributes(self, driver: str, bdf: str, values: dict[str, str]) -> Attributes:
        device = self.root / "sys/bus/pci/devices" / bdf
        made = self.add(Attributes(device, values))
        link = self.root / "sys/bus/pci/drivers" / driver / bdf
        link.parent.mkdir(parents=True)
        link.symlink_to(f"../../devices/{bdf}")
        return made

    def add(self, node: Any) -> Any:
        self.nodes.append(node)
        return node

    def configure(self, host: str = "127.0.0.1") -> None:
        (self.root / "etc/msd.conf").write_text(f"host = {host}\n")

    def new_mailbox_u(self) -> None:
        """The node comes back after a reset."""
        self.mailbox_u = self.add(Mailbox(self.root / f"dev/xfpga/mailbox.u{USER_N}.0"))

    def announce(self, port: int, ident: int, host: str = "127.0.0.1", switch: int = 0x106) -> None:
        """What MSD published arrives at the user function."""
        self.user.values["config_mailbox_comm_id"] = f"host={host}\nport={port}\nid={ident:#x}\n"
        self.user.values["config_mailbox_channel_switch"] = f"{switch}\n"

    def follow(self, other: Machine) -> None:
        """From now on this machine's user function shows what the other's management function has."""
        self.user.values = _Followed(self.user.values, other.mgmt)

    def msd(self, *arguments: str, wait: bool = True) -> Daemon:
        daemon = self._daemon("msd", arguments)
        if wait:
            daemon.said("listens on")
        return daemon

    def mpd(self, *arguments: str) -> Daemon:
        return self._daemon("mpd", ("--retry-s", "0.05", "--poll-s", "0.1", *arguments))

    def _daemon(self, name: str, arguments: tuple[str, ...]) -> Daemon:
        daemon = Daemon(f"pydriver.daemons.{name}", "--root", str(self.root), "--verbose", *arguments)
        self.daemons.append(daemon)
        return daemon

    def comm_id(self) -> tuple[str, int, int]:
        """Host, port and id that MSD has published."""
        text = self.mgmt.values["config_mailbox_comm_id"]
        match = re.fullmatch(r"host=(.*)\nport=(\d+)\nid=0x([0-9a-f]+)\n", text)
        assert match, text
        return match[1], int(match[2]), int(match[3], 16)

    def close(self) -> None:
        for daemon in self.daemons:
            daemon.kill()
        for node in self.nodes:
            node.close()


class _Followed(dict[str, str]):
    def __init__(self, own: dict[str, str], source: Attributes) -> None:
        super().__init__(own)
        self._source = source

    def __getitem__(self, name: str) -> str:
        if name.startswith("config_mailbox"):
            return self._source.values[name]
        return super().__getitem__(name)


class Daemon:
    """A daemon process and what it says."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())

    def count(self, part: str) -> int:
        return sum(part in line for line in self.lines)

    def said(self, part: str, times: int = 1, limit_s: float = WAIT_S) -> str:
        """Wait for a line with `part`, that many times; the last of them."""

        def enough() -> bool:
            assert self.process.poll() is None or self.count(part) >= times, "\n".join(self.lines)
            return self.count(part) >= times

        try:
            until(enough, f"{part!r}", limit_s)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self.lines])) from None
        return [line for line in self.lines if part in line][-1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal; its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        return code

    def wait(self) -> int:
        code = self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        return code

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(WAIT_S)
        assert self.process.stderr is not None
        self.process.stderr.close()

    @property
    def broke(self) -> bool:
        return any("Traceback" in line for line in self.lines)


def meet(machine: Machine, ident: int | None = None) -> socket.socket:
    """Connect to MSD as MPD does."""
    _, port, published = machine.comm_id()
    sock = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    sock.sendall(struct.pack("!I", published if ident is None else ident))
    assert exactly(sock, 4) == bytes(4)
    return sock


def receive(sock: socket.socket) -> bytes:
    """The next frame from a daemon."""
    head = exactly(sock, 32)
    return head + exactly(sock, int.from_bytes(head[:8], "little"))


def ended(sock: socket.socket) -> bool:
    """The other side closed."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


@contextlib.contextmanager
def machine(root: Path, **functions: bool) -> Iterator[Machine]:
    made = Machine(root, **functions)
    try:
        yield made
    finally:
        made.close()
        assert not [line for daemon in made.daemons for line in daemon.lines if "Traceback" in line]
