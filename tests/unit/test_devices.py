# SPDX-License-Identifier: Apache-2.0
"""Device files: real sockets and real client threads against a channel and attributes in virtual time."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from pydriver.devices import DOWNLOAD_AXLF, DeviceFile, ShortRead, functions, protocol
from pydriver.devices import __main__ as command_line
from pydriver.devices import connection as connection_module
from pydriver.devices.client import PlainFile, read_attribute, write_attribute
from pydriver.devices.protocol import Op
from pydriver.devices.server import DeviceServer
from pydriver.errors import fail
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.software import SoftwareChannel
from pydriver.platform.virtual import VirtualPlatform
from pydriver.subdev.identity import PciAddress
from pydriver.sysfs import Attribute, AttributeTree, parse_u64
from tests.unit.rig import MGMT, Rig, raises

T = TypeVar("T")
SECOND = 1_000_000_000
ADDRESS = PciAddress()
FRAME = Frame(2, 0xFFFF_8881_0000_1000, b"request body")


class Machine:
    """A root with one mgmt function, whose driver is a channel, a few attributes and a download."""

    def __init__(self, root: Path, address: PciAddress = ADDRESS) -> None:
        self.platform = VirtualPlatform()
        self.clock = self.platform.clock
        self.outside = self.platform.outside
        self.root = root
        self.values = {"config_mailbox_comm_id": "", "config_mailbox_channel_switch": "0"}
        self.images: list[bytes] = []
        self.download_ns = 0
        self.events: list[str] = []
        self.channel = SoftwareChannel(self.clock)
        self.tree = AttributeTree(
            {
                "instance": Attribute("instance", lambda: str(address.number)),
                "vendor": Attribute("vendor", lambda: "0x10ee"),
                "slow": Attribute("slow", self._slow),
                "broken": Attribute("broken", self._broken),
                "mgmt_reset": Attribute("mgmt_reset", None, lambda text: None),
                "config_mailbox_comm_id": self._value("config_mailbox_comm_id"),
                "config_mailbox_channel_switch": self._value("config_mailbox_channel_switch", number=True),
                "mailbox.m.256/connection": Attribute("connection", lambda: "up"),
            }
        )
        self.driver: Any = SimpleNamespace(
            options=SimpleNamespace(address=address),
            attributes=self.tree,
            mailbox=SimpleNamespace(software=self.channel),
            download=self._download,
        )
        self.server = DeviceServer(self.platform, root, lambda source, text: self.events.append(text))
        self.sysfs = root / "sys/bus/pci/devices" / str(address)
        self.mailbox = root / f"dev/xfpga/mailbox.m{address.number}.0"
        self.node = root / f"dev/xclmgmt{address.number}"

    def _value(self, name: str, number: bool = False) -> Attribute:
        def store(text: str) -> None:
            if number:
                parse_u64(text)
            self.values[name] = text

        return Attribute(name, lambda: self.values[name], store)

    async def _slow(self) -> str:
        await self.clock.sleep_ns(3 * SECOND)
        return "slow value"

    def _broken(self) -> str:
        raise fail(errno.EIO, "the sensor does not answer")

    async def _download(self, image: bytes) -> None:
        self.images.append(image)
        await self.clock.sleep_ns(self.download_ns)
        if not image.startswith(b"xclbin2"):
            raise fail(errno.EINVAL, "no image")

    async def there(self, call: Callable[[], T], wall_s: float = 10.0) -> T:
        """What `call` gives in another thread, with time held."""
        future = self.start(call)
        assert await self.outside.until(future.done, wall_s), "the other side does not get on"
        return future.result()

    def start(self, call: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()

        def body() -> None:
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=body, daemon=True).start()
        return future

    def raw(self, path: Path | None = None) -> socket.socket:
        """A connection that speaks bytes."""
        sock = protocol.connect(path or self.mailbox)
        sock.settimeout(5)
        return sock

    def opened(self, path: Path | None = None) -> socket.socket:
        sock = self.raw(path)
        sock.sendall(protocol.request(Op.OPEN, struct.pack("<I", os.O_RDWR)))
        assert reply(sock)[0] == 0
        return sock

    async def published(self, body: Callable[[], Coroutine[Any, Any, T]]) -> T:
        await self.server.add_mgmt(self.driver)
        return await body()

    def run(self, body: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Publish, run `body` in virtual time, take everything away."""
        try:
            return self.platform.run(self.published(body), 100_000 * SECOND)
        finally:
            self.server.close()
            self.outside.close()
            self.clock.close()

    def post(self, frame: Frame = FRAME) -> list[bool]:
        """The mailbox sends `frame`; the list is filled when it was taken."""
        taken: list[bool] = []
        self.channel.post(frame, lambda: taken.append(True))
        return taken


def reply(sock: socket.socket) -> tuple[int, bytes]:
    """One reply; EOFError at the end of the connection."""

    def exactly(size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = sock.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    result, length = struct.unpack("<iI", exactly(8))
    return result, exactly(length)


def ended(sock: socket.socket) -> bool:
    """The server closed the connection."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def polled(file: DeviceFile, timeout_s: float = 0.0) -> int:
    """Events of the file, 0 when there are none."""
    poll = select.poll()
    poll.register(file.fileno(), select.POLLIN)
    return next((events for _, events in poll.poll(int(timeout_s * 1000))), 0)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@contextmanager
def longer_than_a_socket_address(path: Path) -> Iterator[Path]:
    long = path
    while len(str(long)) < 200:
        long /= "a-directory-with-a-long-name"
    yield long


# --- the mailbox node -----------------------------------------------------------------------------------


def test_a_frame_is_read_after_its_header(machine: Machine) -> None:
    def client() -> tuple[bytes, bytes]:
        with DeviceFile.open(machine.mailbox) as file:
            assert file.wait_readable(5)
            with pytest.raises(ShortRead) as short:
                file.read(32)
            return short.value.header, file.read(32 + len(FRAME.payload))

    async def body() -> None:
        taken = machine.post()
        header, frame = await machine.there(client)
        assert header == FRAME.pack()[:24] + header[24:]
        assert len(header) == 32
        assert frame == FRAME.pack()
        assert taken == [True]

    machine.run(body)


def test_two_frames_come_in_order(machine: Machine) -> None:
    frames = [Frame(2, 16 + index, b"%d" % index * 40) for index in range(2)]

    def client() -> list[bytes]:
        with DeviceFile.open(machine.mailbox) as file:
            return [file.read_frame() for _ in frames]

    async def body() -> None:
        future = machine.start(client)
        for frame in frames:
            taken = machine.post(frame)
            assert await machine.outside.until(lambda taken=taken: bool(taken), 5)
        assert await machine.outside.until(future.done, 5)
        assert future.result() == [frame.pack() for frame in frames]

    machine.run(body)


@pytest.mark.parametrize(
    "call",
    [
        lambda file: file.read(31),
        lambda file: file.write(bytes(31)),
        lambda file: file.write(Frame(1, 0, b"x").pack()),
        lambda file: file.write(Frame(1, 5, b"").pack()),
        lambda file: file.write(Frame(1, 5, b"body").pack()[:-1]),
    ],
    ids=["read 31", "write 31", "id 0", "no payload", "short by one"],
)
def test_what_is_no_frame_is_refused(machine: Machine, call: Callable[[DeviceFile], Any]) -> None:
    def client() -> None:
        with DeviceFile.open(machine.mailbox) as file:
            with raises(errno.EINVAL):
                call(file)
            file.write_frame(FRAME.pack())

    async def body() -> None:
        await machine.there(client)
        assert machine.channel.take() == FRAME

    machine.run(body)


def test_a_write_arrives_whole_and_returns_its_size(machine: Machine) -> None:
    def client() -> int:
        with DeviceFile.open(machine.mailbox) as file:
            return file.write(FRAME.pack() + b"more than the frame")

    async def body() -> None:
        assert await machine.there(client) == 32 + len(FRAME.payload)
        assert machine.channel.take() == FRAME

    machine.run(body)


def test_a_write_waits_for_the_slot_and_a_second_waiter_finds_it_taken(machine: Machine) -> None:
    first, second = Frame(1, 1, b"one"), Frame(1, 2, b"two")

    async def body() -> None:
        files = [await machine.there(lambda: DeviceFile.open(machine.mailbox)) for _ in range(3)]
        await machine.there(lambda: files[0].write(FRAME.pack()))
        waiting = []
        for file, frame in zip(files[1:], (first, second), strict=True):
            waiting.append(machine.start(lambda file=file, frame=frame: file.write(frame.pack())))
            assert not await machine.outside.until(waiting[-1].done, 0.05)
        assert machine.channel.take() == FRAME
        assert await machine.outside.until(lambda: all(future.done() for future in waiting), 5)
        assert waiting[0].result() == first.size
        with raises(errno.EBUSY):
            waiting[1].result()
        assert machine.channel.take() == first

    machine.run(body)


def test_a_file_is_readable_exactly_while_a_message_waits(machine: Machine) -> None:
    async def body() -> None:
        file = await machine.there(lambda: DeviceFile.open(machine.mailbox))
        assert polled(file) == 0
        for _ in range(3):
            machine.post()
            assert polled(file) == select.POLLIN
            # The time-to-live of the message is over.
            machine.channel.withdraw()
            assert polled(file) == 0
        machine.post()
        late = await machine.there(lambda: DeviceFile.open(machine.mailbox))
        assert polled(late) == select.POLLIN
        assert await machine.there(late.read_frame) == FRAME.pack()
        assert (polled(file), polled(late)) == (0, 0)

    machine.run(body)


def test_no_reader_can_stop_or_fool_the_readiness_of_the_server(machine: Machine) -> None:
    async def body() -> None:
        file = await machine.there(lambda: DeviceFile.open(machine.mailbox))
        os.set_blocking(file.fileno(), True)
        machine.post()
        assert os.read(file.fileno(), 10) == b"!"
        machine.channel.withdraw()
        machine.post()
        assert polled(file) == select.POLLIN

    machine.run(body)


def test_an_interrupted_read_takes_nothing(machine: Machine) -> None:
    def raw() -> socket.socket:
        sock = machine.opened()
        sock.sendall(protocol.request(Op.READ, struct.pack("<Q", 4096)))
        return sock

    async def body() -> None:
        file = await machine.there(lambda: DeviceFile.open(machine.mailbox))
        future = machine.start(lambda: file.read(4096))
        assert not await machine.outside.until(future.done, 0.05)
        file.interrupt()
        assert await machine.outside.until(future.done, 5)
        with raises(errno.EINTR):
            future.result()
        sock = await machine.there(raw)
        sock.sendall(protocol.request(Op.INTERRUPT))
        assert await machine.there(lambda: reply(sock)) == (-512, b"")
        machine.post()
        await machine.clock.sleep_ns(SECOND)
        assert machine.channel.readable
        sock.sendall(protocol.request(Op.INTERRUPT))
        assert await machine.there(file.read_frame) == FRAME.pack()

    machine.run(body)


def test_an_interrupt_without_a_call_means_nothing(machine: Machine) -> None:
    async def body() -> None:
        file = await machine.there(lambda: DeviceFile.open(machine.mailbox))
        file.interrupt()
        machine.post()
        assert await machine.there(file.read_frame) == FRAME.pack()

    machine.run(body)


def test_a_client_that_dies_loses_no_message(machine: Machine) -> None:
    async def body() -> None:
        reader = await machine.there(machine.opened)
        reader.sendall(protocol.request(Op.READ, struct.pack("<Q", 4096)))
        assert await machine.outside.until(lambda: machine.channel.present, 5)
        reader.close()
        writer = await machine.there(machine.opened)
        writer.sendall(protocol.request(Op.WRITE, FRAME.pack())[:-5])
        writer.close()
        assert await machine.outside.until(lambda: not machine.channel.present, 5)
        assert not machine.channel.received
        machine.post()
        with await machine.there(lambda: DeviceFile.open(machine.mailbox)) as file:
            assert await machine.there(file.read_frame) == FRAME.pack()
            await machine.there(lambda: file.write_frame(FRAME.pack()))
        assert machine.channel.take() == FRAME

    machine.run(body)


def test_open_and_close_are_the_presence_of_the_daemon(machine: Machine) -> None:
    async def body() -> None:
        file = await machine.there(lambda: DeviceFile.open(machine.mailbox))
        assert machine.channel.present
        file.close()
        assert await machine.outside.until(lambda: not machine.channel.present, 5)
        with raises(errno.EBADF):
            file.read(32)

    machine.run(body)


def test_an_offline_node_cannot_be_opened(machine: Machine) -> None:
    async def body() -> None:
        machine.channel.offline = True
        with raises(errno.ENXIO):
            await machine.there(lambda: DeviceFile.open(machine.mailbox))
        assert not machine.channel.present

    machine.run(body)


def test_a_node_nobody_serves_any_more_cannot_be_opened(machine: Machine, tmp_path: Path) -> None:
    stale = tmp_path / "stale"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(stale))
    with raises(errno.ENXIO):
        DeviceFile.open(stale)
    with raises(errno.ENOENT):
        DeviceFile.open(tmp_path / "nothing")


def test_the_end_of_the_server_is_a_hang_up(machine: Machine) -> None:
    async def body() -> None:
        file = await machine.there(lambda: DeviceFile.open(machine.mailbox))
        reading = machine.start(lambda: file.read(4096))
        assert not await machine.outside.until(reading.done, 0.02)
        machine.server.close()
        assert polled(file) & select.POLLHUP
        with raises(errno.ENODEV):
            file.wait_readable(1)
        assert await machine.outside.until(reading.done, 5)
        with raises(errno.ENODEV):
            reading.result()
        assert not machine.channel.present
        assert not machine.mailbox.exists()

    machine.run(body)


def test_a_large_frame_goes_through_both_ways_fast(machine: Machine) -> None:
    payload = os.urandom(1 << 20) * 64
    frame = Frame(1, 7, payload)

    def client() -> tuple[bytes, float]:
        with DeviceFile.open(machine.mailbox) as file:
            packed = frame.pack()
            began = time.process_time()
            file.write_frame(packed)
            back = file.read_frame()
            return back, 2 * len(payload) / (time.process_time() - began)

    async def body() -> float:
        future = machine.start(client)
        assert await machine.outside.until(lambda: machine.channel.received, 30)
        arrived = machine.channel.take()
        assert arrived == frame
        machine.post(arrived)
        assert await machine.outside.until(future.done, 30)
        back, rate = future.result()
        assert back == frame.pack()
        return rate

    rate = machine.run(body)
    print(f"{rate / 1e6:.0f} MB per processor second, of client and server together")
    # Several times as much is usual; what this must catch is work that grows with the square.
    assert rate > 80e6


# --- the mgmt node --------------------------------------------------------------------------------------


def test_a_download_gets_the_image_and_its_result(machine: Machine) -> None:
    image = b"xclbin2\0" + os.urandom(300_000)

    def client() -> int:
        with DeviceFile.open(machine.node) as file:
            assert file.ioctl(DOWNLOAD_AXLF, image) == 0
            # The size and direction bits differ between pointer sizes.
            assert file.ioctl(0x5806, image) == 0
            with raises(errno.EINVAL):
                file.ioctl(DOWNLOAD_AXLF, b"something else")
            with raises(errno.ENOTTY):
                file.ioctl(0x5801, image)
            with raises(errno.EINVAL):
                file.read(32)
            with raises(errno.EINVAL):
                file.write(b"x")
            return polled(file)

    async def body() -> None:
        assert await machine.there(client) == 0
        assert machine.images == [image, image, b"something else"]

    machine.run(body)


def test_a_mailbox_node_has_no_ioctl(machine: Machine) -> None:
    async def body() -> None:
        file = await machine.there(lambda: DeviceFile.open(machine.mailbox))
        with raises(errno.ENOTTY):
            await machine.there(lambda: file.ioctl(DOWNLOAD_AXLF, b""))

    machine.run(body)


def test_a_download_is_not_cut_short_by_the_end_of_its_client(machine: Machine) -> None:
    machine.download_ns = SECOND

    async def body() -> None:
        sock = await machine.there(lambda: machine.opened(machine.node))
        sock.sendall(protocol.request(Op.IOCTL, struct.pack("<I", DOWNLOAD_AXLF) + b"xclbin2"))
        assert await machine.outside.until(lambda: bool(machine.images), 5)
        sock.close()
        await machine.clock.sleep_ns(2 * SECOND)
        assert await machine.there(lambda: read_attribute(machine.sysfs / "vendor")) == "0x10ee\n"

    machine.run(body)


def test_the_time_of_a_download_is_not_held(machine: Machine) -> None:
    machine.download_ns = 100 * SECOND

    def client() -> int:
        with DeviceFile.open(machine.node) as file:
            return file.ioctl(DOWNLOAD_AXLF, b"xclbin2")

    async def body() -> None:
        # Somebody holds time all along, as the mailbox that has the download's request outstanding does.
        assert await machine.there(client) == 0
        assert machine.clock.now_ns() >= 100 * SECOND

    machine.run(body)


def test_a_fault_of_the_driver_ends_the_run_and_not_only_the_call(machine: Machine) -> None:
    async def faulty(image: bytes) -> None:
        raise ZeroDivisionError

    machine.driver.download = faulty

    def client() -> None:
        with DeviceFile.open(machine.node) as file, raises(errno.EIO):
            file.ioctl(DOWNLOAD_AXLF, b"xclbin2")

    async def body() -> None:
        await machine.there(client)

    with pytest.raises(ZeroDivisionError):
        machine.run(body)


# --- attributes -----------------------------------------------------------------------------------------


def test_attributes_are_read_and_written_live(machine: Machine) -> None:
    link = machine.root / "sys/bus/pci/drivers/xclmgmt/0000:01:00.0"

    def client() -> list[str]:
        write_attribute(machine.sysfs / "config_mailbox_comm_id", "host=a\nport=1\nid=0x2\n")
        write_attribute(machine.sysfs / "config_mailbox_channel_switch", "0x106")
        return [
            read_attribute(machine.sysfs / "config_mailbox_comm_id"),
            read_attribute(link / "mailbox.m.256/connection"),
            read_attribute(machine.sysfs / "slow"),
        ]

    async def body() -> None:
        assert await machine.there(client) == ["host=a\nport=1\nid=0x2\n", "up\n", "slow value\n"]
        assert machine.values["config_mailbox_channel_switch"] == "0x106"

    machine.run(body)


def test_what_an_attribute_does_not_allow_is_refused(machine: Machine) -> None:
    def client() -> None:
        with raises(errno.EACCES):
            write_attribute(machine.sysfs / "vendor", "1")
        with raises(errno.EACCES):
            read_attribute(machine.sysfs / "mgmt_reset")
        with raises(errno.ENOENT):
            read_attribute(machine.sysfs / "nothing")
        with raises(errno.ENOENT):
            read_attribute(machine.sysfs / "mailbox.m.256")
        with raises(errno.EINVAL):
            write_attribute(machine.sysfs / "config_mailbox_channel_switch", "many")
        with raises(errno.EIO):
            read_attribute(machine.sysfs / "broken")

    async def body() -> None:
        await machine.there(client)
        assert machine.values["config_mailbox_channel_switch"] == "0"

    machine.run(body)


def test_an_open_attribute_hands_out_its_text_once(machine: Machine) -> None:
    def client() -> list[bytes]:
        sock = machine.raw(machine.sysfs / ".live")
        sock.sendall(protocol.request(Op.OPEN, struct.pack("<I", os.O_RDONLY) + b"vendor"))
        parts = [reply(sock)[1]]
        for size in (3, 100, 100):
            sock.sendall(protocol.request(Op.READ, struct.pack("<Q", size)))
            parts.append(reply(sock)[1])
        sock.sendall(protocol.request(Op.WRITE, b"1"))
        assert reply(sock)[0] == -errno.EBADF
        return parts

    async def body() -> None:
        assert await machine.there(client) == [b"", b"0x1", b"0ee\n", b""]

    machine.run(body)


def test_files_show_the_last_known_value(machine: Machine) -> None:
    comm_id = machine.sysfs / "config_mailbox_comm_id"

    async def body() -> None:
        assert comm_id.read_text() == ""
        assert (machine.sysfs / "vendor").read_text() == "0x10ee\n"
        assert (machine.sysfs / "broken").read_text() == ""
        modes = {name: (machine.sysfs / name).stat().st_mode & 0o777 for name in ("vendor", "mgmt_reset")}
        assert modes == {"vendor": 0o444, "mgmt_reset": 0o200}
        machine.values["config_mailbox_comm_id"] = "new"
        machine.tree.changed("config_mailbox_comm_id")
        await machine.clock.sleep_ns(1)
        assert comm_id.read_text() == "new\n"
        await machine.there(lambda: write_attribute(comm_id, "newer"))
        await machine.clock.sleep_ns(1)
        assert comm_id.read_text() == "newer\n"

    machine.run(body)


def test_a_removed_device_has_no_attributes(machine: Machine) -> None:
    async def body() -> None:
        with await machine.there(lambda: DeviceFile.open(machine.mailbox)):
            machine.server.remove(machine.driver)
            machine.server.remove(machine.driver)
            machine.tree.changed("vendor")
            await machine.clock.sleep_ns(1)
        with raises(errno.ENOENT):
            read_attribute(machine.sysfs / "vendor")
        assert functions(machine.root) == []
        assert list(machine.root.iterdir()) == []
        await machine.server.add_mgmt(machine.driver)
        assert await machine.there(lambda: read_attribute(machine.sysfs / "vendor")) == "0x10ee\n"

    machine.run(body)


# --- clients that do not behave -------------------------------------------------------------------------


READING = protocol.request(Op.READ, struct.pack("<Q", 99))


@pytest.mark.parametrize(
    ("opened", "words", "why"),
    [
        (False, b"GET / HTTP/1.1\r\n\r\n", "operation"),
        (False, READING, "a call before open"),
        (False, struct.pack("<II", 99, 0), "operation 99"),
        (False, struct.pack("<II", Op.OPEN, 3), "OPEN of 3 bytes"),
        (False, struct.pack("<II", Op.OPEN, 1 << 20), "OPEN of 1048576 bytes"),
        (False, b"\xff" * 4096, "operation"),
        (True, protocol.request(Op.OPEN, bytes(4)), "a second open"),
        (True, struct.pack("<II", Op.READ, 7), "READ of 7 bytes"),
        (True, struct.pack("<II", Op.IOCTL, 3), "IOCTL of 3 bytes"),
        (True, struct.pack("<II", Op.WRITE, protocol.MAX_LENGTH + 1), "WRITE of 1073745921 bytes"),
        (True, struct.pack("<II", Op.INTERRUPT, 1), "operation 5"),
        (True, READING * 2, "while another one is outstanding"),
    ],
)
def test_who_does_not_speak_the_protocol_is_cut_off(
    machine: Machine, opened: bool, words: bytes, why: str
) -> None:
    def client() -> bool:
        sock = machine.opened() if opened else machine.raw()
        sock.sendall(words)
        return ended(sock)

    async def body() -> None:
        with await machine.there(lambda: DeviceFile.open(machine.mailbox)) as file:
            assert await machine.there(client)
            assert "connection refused: " in machine.events[-1]
            assert why in machine.events[-1]
            machine.post()
            assert await machine.there(file.read_frame) == FRAME.pack()

    machine.run(body)


def test_who_leaves_while_opening_is_not_taken_for_present(machine: Machine) -> None:
    seen: list[bool] = []
    machine.channel.on_change = lambda: seen.append(machine.channel.present)

    async def body() -> None:
        sock = machine.raw()
        sock.sendall(protocol.request(Op.OPEN, bytes(4)))
        sock.close()
        assert await machine.outside.until(lambda: seen == [True, False], 5)

    machine.run(body)


def test_a_client_that_stops_in_a_request_holds_time_only_for_a_while(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "PATIENCE_S", 0.2)

    async def body() -> None:
        stalled = await machine.there(machine.opened)
        stalled.sendall(struct.pack("<II", Op.WRITE, 1000) + b"half")
        while not machine.outside.held:
            await machine.clock.sleep_ns(1_000_000)
        began, wall = machine.clock.now_ns(), time.monotonic()
        while machine.outside.held:
            await machine.clock.sleep_ns(1_000_000)
        wall = time.monotonic() - wall
        assert wall > 0.1
        assert (machine.clock.now_ns() - began) / SECOND < wall + 0.01
        assert await machine.there(lambda: read_attribute(machine.sysfs / "vendor")) == "0x10ee\n"
        stalled.sendall(bytes(996))
        assert (await machine.there(lambda: reply(stalled)))[0] == -errno.EINVAL

    machine.run(body)


def test_a_client_that_does_not_read_its_reply_disturbs_nobody(machine: Machine) -> None:
    frame = Frame(1, 7, bytes(8 << 20))

    async def body() -> None:
        lazy = await machine.there(machine.opened)
        machine.post(frame)
        lazy.sendall(protocol.request(Op.READ, struct.pack("<Q", frame.size)))
        assert await machine.outside.until(lambda: not machine.channel.readable, 5)
        assert await machine.there(lambda: read_attribute(machine.sysfs / "vendor")) == "0x10ee\n"
        assert await machine.there(lambda: reply(lazy)) == (frame.size, frame.pack())

    machine.run(body)


def test_a_flood_of_requests_ends_with_its_connection(machine: Machine) -> None:
    def flood() -> bool:
        sock = machine.opened()
        sock.sendall(protocol.request(Op.READ, struct.pack("<Q", 4096)))
        try:
            while True:
                sock.sendall(bytes(1 << 16))
        except (BrokenPipeError, ConnectionResetError):
            return True

    async def body() -> None:
        assert await machine.there(flood)
        assert not machine.channel.present
        machine.post()
        with await machine.there(lambda: DeviceFile.open(machine.mailbox)) as file:
            assert await machine.there(file.read_frame) == FRAME.pack()

    machine.run(body)


def test_a_flood_of_connections_leaves_room_for_the_rest(machine: Machine) -> None:
    def flood() -> list[socket.socket]:
        return [machine.raw() for _ in range(100)]

    async def body() -> None:
        with await machine.there(lambda: DeviceFile.open(machine.mailbox)) as file:
            flooding = await machine.there(flood)
            assert await machine.there(lambda: ended(flooding[-1]))
            machine.post()
            assert await machine.there(file.read_frame) == FRAME.pack()
            for sock in flooding:
                sock.close()
            assert await machine.there(lambda: read_attribute(machine.sysfs / "vendor")) == "0x10ee\n"

    machine.run(body)


# --- files on disk --------------------------------------------------------------------------------------


def test_the_machine_is_found_as_programs_find_it(machine: Machine) -> None:
    async def body() -> None:
        (found,) = functions(machine.root)
        assert (found.kind, found.bdf, found.number, found.instance) == ("mgmt", "0000:01:00.0", 256, 256)
        assert (found.sysfs, found.mailbox, found.node) == (machine.sysfs, machine.mailbox, machine.node)
        assert (machine.sysfs / "driver").resolve() == machine.root / "sys/bus/pci/drivers/xclmgmt"
        assert found.mailbox.is_socket()
        assert found.node.is_socket()

    machine.run(body)


def test_close_leaves_what_it_did_not_make(machine: Machine) -> None:
    mine = [machine.root / "etc/msd.conf", machine.root / "dev/null"]
    for path in mine:
        path.parent.mkdir(parents=True)
        path.write_text("mine")

    async def body() -> None:
        (machine.sysfs / "note").write_text("mine")
        (machine.sysfs / "mine").write_text("mine")
        (machine.sysfs / "mine").rename(machine.sysfs / "vendor")
        machine.server.close()
        left = {path.relative_to(machine.root) for path in machine.root.rglob("*") if not path.is_dir()}
        kept = [*mine, machine.sysfs / "note", machine.sysfs / "vendor"]
        assert left == {path.relative_to(machine.root) for path in kept}
        assert not machine.mailbox.parent.exists()

    machine.run(body)


def test_files_of_a_killed_server_are_taken_over(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        killed = Machine(tmp_path)

        async def die() -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        killed.run(die)
    os.waitpid(child, 0)
    machine = Machine(tmp_path)
    assert machine.mailbox.is_socket()

    async def body() -> None:
        assert await machine.there(lambda: read_attribute(machine.sysfs / "vendor")) == "0x10ee\n"

    machine.run(body)
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


def test_what_is_in_the_way_stays(tmp_path: Path) -> None:
    machine, second = Machine(tmp_path), Machine(tmp_path)

    async def nothing() -> None: ...

    async def body() -> None:
        with raises(errno.EEXIST, "published already"):
            await machine.server.add_mgmt(machine.driver)
        with raises(errno.EADDRINUSE):
            second.run(nothing)
        assert await machine.there(lambda: read_attribute(machine.sysfs / "vendor")) == "0x10ee\n"

    machine.run(body)
    machine.node.parent.mkdir()
    machine.node.write_text("a file")
    with raises(errno.EEXIST, "is not a socket"):
        Machine(tmp_path).run(nothing)
    assert machine.node.read_text() == "a file"
    machine.node.unlink()
    machine.sysfs.mkdir(parents=True)
    (machine.sysfs / "vendor").write_text("0x10ee\n")
    with raises(errno.EEXIST, "not of a simulated machine"):
        Machine(tmp_path).run(nothing)


def test_a_root_may_be_deep(tmp_path: Path) -> None:
    with longer_than_a_socket_address(tmp_path) as root:
        machine = Machine(root)

        async def body() -> None:
            machine.post()
            with await machine.there(lambda: DeviceFile.open(machine.mailbox)) as file:
                assert await machine.there(file.read_frame) == FRAME.pack()
            assert await machine.there(lambda: read_attribute(machine.sysfs / "vendor")) == "0x10ee\n"

        machine.run(body)


# --- a real machine, the command line, the drivers ------------------------------------------------------


def test_the_client_works_on_plain_files(tmp_path: Path) -> None:
    path = tmp_path / "node"
    path.write_bytes(FRAME.pack())
    with DeviceFile.open(path) as file:
        assert isinstance(file, PlainFile)
        assert file.read(4096) == FRAME.pack()
        assert file.write(b"more") == 4
        with raises(errno.ENOTTY):
            file.ioctl(DOWNLOAD_AXLF, b"xclbin2")
        with raises(errno.ENOTTY):
            file.ioctl(0x5801, b"")
    with raises(errno.EBADF):
        file.read(1)
    write_attribute(path, "0x106\n")
    assert read_attribute(path) == "0x106\n"


def test_the_command_line_reads_and_writes(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    async def body() -> None:
        async def command(*words: str) -> tuple[int, str, str]:
            code = await machine.there(lambda: command_line.main(list(words)))
            return code, *capsys.readouterr()

        root = str(machine.root)
        assert await command("echo", root, "mgmt/config_mailbox_comm_id", "host=x") == (0, "", "")
        assert await command("cat", root, "0000:01:00.0/config_mailbox_comm_id") == (0, "host=x\n", "")
        nodes = "dev/xclmgmt256 dev/xfpga/mailbox.m256.0"
        assert await command("ls", root) == (0, f"mgmt 0000:01:00.0 {nodes}\n", "")
        nowhere = root + "/nowhere"
        assert await command("ls", nowhere) == (1, "", f"ls: {nowhere}: No such file or directory\n")
        code, out, _ = await command("ls", root, "mgmt")
        assert code == 0
        assert {"config_mailbox_comm_id = host=x", "mailbox.m.256/", "broken = (Input/output error)"} <= set(
            out.splitlines()
        )
        code, _, err = await command("cat", root, "sys/bus/pci/devices/0000:01:00.0/nothing")
        assert (code, err.count("\n")) == (1, 1)

    machine.run(body)


def test_both_drivers_are_published(tmp_path: Path) -> None:
    rig = Rig()
    server = DeviceServer(rig.platform, tmp_path, rig.on_event)

    async def body() -> None:
        mgmt, user = await rig.both(MGMT)
        await server.add_mgmt(mgmt)
        await server.add_user(user)
        found = {info.kind: info for info in functions(tmp_path)}
        assert found["mgmt"].node.is_socket()
        assert found["user"].node == tmp_path / "dev/dri/renderD128"
        assert found["user"].node.is_file()
        for info in found.values():
            assert int((info.sysfs / "vendor").read_text(), 16) == 0x10EE
            future: Future[None] = Future()

            def client(path: Path = info.mailbox, future: Future[None] = future) -> None:
                with DeviceFile.open(path):
                    future.set_result(None)

            threading.Thread(target=client, daemon=True).start()
            assert await rig.platform.outside.until(future.done, 5)
        server.close()
        assert list(tmp_path.iterdir()) == []
        rig.platform.outside.close()

    rig.run(body())
