# SPDX-License-Identifier: Apache-2.0
"""Plugins in C: XRT's headers against our structures, every hook called, and Debian's container plugin."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge import preload
from pydriver.daemons.plugins import MpdPlugin, PluginContext, answer, load, load_msd
from pydriver.daemons.plugins.cabi import CMpdPlugin, MpdCallbacks, MsdCallbacks
from pydriver.devices import DeviceFile
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import Group, Opcode, PeerState, pack_int, pack_request, unpack_request
from tests.interop.native import HERE, INCLUDE, NEEDS, compile_against_xrt, run, unavailable
from tests.unit.plugin_rig import MGMT, USER, Machine
from tests.unit.rig import DEMO, raises
from tests.unit.test_plugins_local import NAMES, REQUESTS, image

CONTAINER = Path("/usr/lib/x86_64-linux-gnu/libcontainer_mpd_plugin.so")
ROOT = HERE.parents[1]


def compile_plugin(source: str, out: Path, *defines: str) -> str:
    """A shared object of `tests/interop/<source>`; each has its own name, since one path is loaded once."""
    compiler = shutil.which("g++" if source.endswith("cpp") else "gcc")
    if compiler is None or not (INCLUDE / "mpd_plugin.h").exists():
        unavailable(NEEDS)
    library = out / f"{Path(source).stem}{len(list(out.iterdir()))}.so"
    flags = ["-std=c++17" if source.endswith("cpp") else "-std=c11", "-Wall", "-shared", "-fPIC"]
    command = [compiler, *flags, *(f"-D{name}" for name in defines), f"-I{INCLUDE}", str(HERE / source)]
    subprocess.run([*command, "-o", str(library)], check=True, timeout=120)
    return str(library)


@pytest.fixture(scope="module")
def every_hook(tmp_path_factory: pytest.TempPathFactory) -> str:
    return compile_plugin("plugin_every_hook.cpp", tmp_path_factory.mktemp("plugin"))


class Hooks:
    """The C plugin with every hook: what it is told to answer and what it wrote down since the last look."""

    def __init__(self, path: str) -> None:
        self.said: list[str] = []
        made = load(path, PluginContext(Path("/"), self.said.append))
        assert made is not None, self.said
        self.plugin: MpdPlugin = made
        self._library = ctypes.CDLL(path)
        self._library.journal.restype = ctypes.c_char_p
        self._seen = len(self._library.journal())
        self.tell(0, 0)

    def tell(self, result: int, response: int) -> None:
        ctypes.c_int.in_dll(self._library, "hook_result").value = result
        ctypes.c_int.in_dll(self._library, "hook_response").value = response

    def journal(self) -> list[str]:
        text = bytes(self._library.journal())
        new, self._seen = text[self._seen :], len(text)
        return new.decode().splitlines()


@pytest.fixture
def hooks(every_hook: str) -> Hooks:
    return Hooks(every_hook)


class Mailbox(DeviceFile):
    """A mailbox node that keeps what is written; its descriptor is a pipe's, as on a simulated machine."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self._pipe = os.pipe()

    def fileno(self) -> int:
        return self._pipe[0]

    def read(self, size: int) -> bytes:
        raise NotImplementedError

    def write(self, data: bytes) -> int:
        self.written.append(data)
        return len(data)

    def ioctl(self, command: int, data: bytes) -> int:
        raise NotImplementedError

    def close(self) -> None:
        for fd in self._pipe:
            os.close(fd)


def test_structures(tmp_path: Path) -> None:
    seen = json.loads(run(compile_against_xrt("plugin_abi.cpp", tmp_path)))
    ours = {}
    for name, structure in (("mpd", MpdCallbacks), ("msd", MsdCallbacks)):
        ours[f"sizeof {name}"] = ctypes.sizeof(structure)
        for member, _ in structure._fields_:
            ours[f"{name}.{member}"] = getattr(structure, member).offset
    theirs = {}
    for key, value in seen.items():
        structure_name, _, member = key.partition(".")
        short = structure_name.removeprefix("msd::").removesuffix("_plugin_callbacks")
        theirs[f"{short}.{member.split('.')[-1]}" if member else key] = value
    assert ours == theirs
    assert len(ours) == 20


def ask(plugin: MpdPlugin, message: bytes) -> bytes:
    return answer(plugin, 3, Frame(2, 9, message)).payload


def checksum(data: bytes) -> int:
    total = 0
    for byte in data:
        total = (total * 31 + byte) % (1 << 64)
    return total


JOURNAL = {
    "load_xclbin": f"load_xclbin 3 600 {checksum(image())}",
    "hot_reset": "hot_reset 3",
    "reclock2": "reclock2 3 0 250 500 0 0",
    "get_icap_data": "get_icap_data 3",
    "get_sensor_data": "get_sensor_data 3",
    "get_board_info": "get_board_info 3",
    "get_mig_data": "get_mig_data 3 192",
    "get_firewall_data": "get_firewall_data 3 64",
    "get_dna_data": "get_dna_data 3",
    "get_subdev_data": "get_subdev_data 3 1000",
    "user_probe": "user_probe 3",
    "program_shell": "program_shell 3",
    "read_p2p_bar_addr": "read_p2p_bar_addr 3 1000 2000",
}


def placed(length: int, *parts: tuple[int, bytes]) -> bytes:
    data = bytearray(length)
    for at, part in parts:
        data[at : at + len(part)] = part
    return bytes(data)


# What the C plugin fills in, at the offsets of the mailbox contract.
ANSWERS = {
    "get_icap_data": placed(104, (0, b"\xfa"), (72, b"\xa5" * 16), (96, b"\1")),
    "get_sensor_data": placed(240, (0, (12000).to_bytes(4, "little")), (236, b"\3")),
    "get_board_info": placed(1432, (0, b"SERIAL"), (1429, b"\x09")),
    "get_mig_data": b"\x11" * 192,
    "get_firewall_data": b"\x22" * 64,
    "get_dna_data": placed(48, (0, b"\1"), (40, b"\6")),
    "get_subdev_data": b"\x33" * 1000,
    "user_probe": placed(2080, (8, b"\1"), (24, b"host=a"), (2072, b"\x20")),
}


@pytest.mark.parametrize(("name", "message", "length"), [row[:3] for row in REQUESTS], ids=NAMES)
def test_every_hook(hooks: Hooks, name: str, message: bytes, length: int) -> None:
    hooks.tell(0, -errno.ESHUTDOWN)
    payload = ask(hooks.plugin, message)
    assert hooks.journal() == [JOURNAL[name]]
    assert payload == ANSWERS.get(name, pack_int(-errno.ESHUTDOWN))
    assert len(payload) == length


@pytest.mark.parametrize(("message", "length"), [row[1:3] for row in REQUESTS], ids=NAMES)
@pytest.mark.parametrize(("result", "code"), [(-errno.EBUSY, errno.EBUSY), (-1, errno.EPERM), (1, errno.EIO)])
def test_every_hook_fails(hooks: Hooks, message: bytes, length: int, result: int, code: int) -> None:
    hooks.tell(result, 0)
    assert ask(hooks.plugin, message) == pack_int(-code).ljust(length, b"\0")


def test_hook_that_fails_with_a_response(hooks: Hooks) -> None:
    """The more specific number of the two."""
    hooks.tell(-1, -errno.ETIMEDOUT)
    assert ask(hooks.plugin, pack_request(Opcode.HOT_RESET, b"")) == pack_int(-errno.ETIMEDOUT)
    hooks.tell(-errno.EBUSY, 5)
    assert ask(hooks.plugin, pack_request(Opcode.HOT_RESET, b"")) == pack_int(-errno.EBUSY)


def test_remote_fd(hooks: Hooks) -> None:
    hooks.tell(0, -1)
    assert hooks.plugin.get_remote_msd_fd(2) == -1
    hooks.tell(0, 17)
    assert hooks.plugin.get_remote_msd_fd(2) == 17
    assert hooks.journal() == ["get_remote_msd_fd 2"] * 2
    hooks.tell(-errno.ENODEV, 17)
    with raises(errno.ENODEV):
        hooks.plugin.get_remote_msd_fd(2)


def test_notification_reaches_the_mailbox(hooks: Hooks) -> None:
    mailbox = Mailbox()
    assert hooks.plugin.mb_notify(2, mailbox, True) == 0
    hooks.tell(-errno.EIO, 0)
    assert hooks.plugin.mb_notify(2, mailbox, False) == -errno.EIO
    mailbox.close()
    assert hooks.journal() == ["mb_notify 2 1", "mb_notify 2 0"]
    frames = [Frame.unpack(data) for data in mailbox.written]
    assert [(frame.flags, frame.id, frame.size) for frame in frames] == [(2, 0x1234, 56)] * 2
    requests = [unpack_request(frame.payload) for frame in frames]
    assert all(request is not None and request.opcode == Opcode.MGMT_STATE for request in requests)
    assert [PeerState.unpack(r.payload).state_flags for r in requests if r is not None] == [1, 2]


def test_fini_gets_the_cookie_once(every_hook: str) -> None:
    hooks = Hooks(every_hook)
    hooks.plugin.fini()
    hooks.plugin.fini()
    assert hooks.journal() == ["fini with its cookie"]
    assert ask(hooks.plugin, pack_request(Opcode.HOT_RESET, b"")) == pack_int(-errno.ENOTSUP)


def test_plugin_without_hooks(tmp_path: Path) -> None:
    plugin = CMpdPlugin(compile_plugin("plugin_every_hook.cpp", tmp_path, "FEW"))
    plugin.init(PluginContext(tmp_path, print))
    assert plugin.get_remote_msd_fd(0) is None
    mailbox = Mailbox()
    assert plugin.mb_notify(0, mailbox, True) == 0
    mailbox.close()
    for _, message, length, _ in REQUESTS:
        assert ask(plugin, message) == pack_int(-errno.ENOTSUP).ljust(length, b"\0")


@pytest.mark.parametrize(
    ("define", "why"),
    [
        ("NO_INIT", "it has no function init"),
        ("NO_FINI", "it has no function fini"),
        ("INIT_RESULT=1", "its init answered 1"),
        ("INIT_RESULT=-22", "its init answered -22"),
    ],
)
def test_plugin_that_is_ignored(tmp_path: Path, define: str, why: str) -> None:
    path, said = compile_plugin("plugin_every_hook.cpp", tmp_path, define), list[str]()
    assert load(path, PluginContext(tmp_path, said.append)) is None
    assert said == [f"plugin {path} is ignored: {why}"]


def test_what_is_no_library_is_ignored(tmp_path: Path) -> None:
    path, said = tmp_path / "libmpd_plugin.so", list[str]()
    path.write_text("text")
    assert load(str(path), PluginContext(tmp_path, said.append)) is None
    assert load_msd(str(path), PluginContext(tmp_path, said.append)) is None
    assert ["cannot be opened" in line for line in said] == [True, True]


def test_msd_plugin(tmp_path: Path) -> None:
    path, said = compile_plugin("plugin_msd.c", tmp_path), list[str]()
    plugin = load_msd(path, PluginContext(tmp_path, said.append))
    assert plugin is not None
    library = ctypes.CDLL(path)
    mode, released, ended = (ctypes.c_int.in_dll(library, name) for name in ("mode", "released", "ended"))
    length = ctypes.c_size_t.in_dll(library, "released_length")
    assert plugin.retrieve_xclbin(DEMO) == DEMO[::-1]
    assert (released.value, length.value) == (1, len(DEMO))
    mode.value = 1
    with raises(errno.EACCES):
        plugin.retrieve_xclbin(DEMO)
    for wrong in (2, 3):
        mode.value = wrong
        with raises(errno.EINVAL):
            plugin.retrieve_xclbin(DEMO)
    assert (released.value, length.value) == (3, 0)
    mode.value = 4
    before = bytearray(DEMO)  # a copy, which bytes() is not
    assert plugin.retrieve_xclbin(DEMO) == b"X" + DEMO[1:]
    assert before == DEMO
    plugin.fini()
    assert ended.value == 1


# What a process with Debian's plugin does; the preloaded library shows it the machine in the root directory.
CHILD = """
import json, sys
from pathlib import Path
from pydriver.daemons.plugins import PluginContext, answer, load
from pydriver.mailbox.frames import Frame
said = []
plugin = load(sys.argv[1], PluginContext(Path("/"), said.append))
if plugin is None:
    sys.exit("; ".join(said))
out = {"fd": plugin.get_remote_msd_fd(0), "said": said}
messages = [bytes.fromhex(line) for line in sys.stdin.read().split()]
out["answers"] = [answer(plugin, 0, Frame(2, 1, message)).payload.hex() for message in messages]
plugin.fini()
print(json.dumps(out))
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With the attributes that XRT's library reads of a function before it believes in it."""
    made = Machine(tmp_path)
    for bdf, device in ((MGMT, "0x5000"), (USER, "0x5001")):
        place = made.root / "sys/bus/pci/devices" / bdf
        attributes = {"vendor": "0x10ee", "device": device, "ready": "0x1", "userbar": "0"}
        attributes |= {"resource": "0x0 0x1ffffff 0x14220c\n" * 6}
        for name, text in attributes.items():
            (place / name).write_text(f"{text}\n")
    (made.root / "sys/bus/pci/devices" / USER / "drm/renderD128/dev").write_text("226:128\n")
    (made.root / "dev/dri").mkdir()
    (made.root / "dev/dri/renderD128").touch()
    return made


def debian_plugin(machine: Machine, *messages: bytes) -> list[bytes]:
    """What Debian's container plugin answers, called in a process of its own."""
    if not CONTAINER.exists():
        unavailable("needs Debian's libxrt1 with libcontainer_mpd_plugin.so (apt-get install libxrt1)")
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(CONTAINER)],
        input="\n".join(message.hex() for message in messages),
        env=os.environ | preload.environment(machine.root, machine.root / "syslog"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["fd"] == -1
    assert seen["said"] == [f"plugin {CONTAINER} is in use"]
    return [bytes.fromhex(text) for text in seen["answers"]]


def test_debian_container_plugin(machine: Machine) -> None:
    load_request = pack_request(Opcode.LOAD_XCLBIN, DEMO)
    sensors = pack_request(Opcode.PEER_DATA, bytes([Group.SENSOR]) + bytes(31))
    answers = debian_plugin(machine, load_request, sensors, pack_request(Opcode.HOT_RESET, b""))
    machine.close()
    assert machine.downloads == [DEMO]
    unsupported = pack_int(-errno.ENOTSUP)
    assert answers == [pack_int(0), unsupported.ljust(240, b"\0"), unsupported]


def test_debian_container_plugin_folds_errors_where_ours_does_not(machine: Machine) -> None:
    """The real one hands on what ioctl(2) returned, which is -1 for every error."""
    machine.result = -errno.ETIMEDOUT
    assert debian_plugin(machine, pack_request(Opcode.LOAD_XCLBIN, DEMO)) == [pack_int(-1)]
    ours = load("pydriver.daemons.plugins.container", machine.context())
    assert ours is not None
    answered = answer(ours, 0, Frame(2, 1, pack_request(Opcode.LOAD_XCLBIN, DEMO)))
    machine.close()
    assert answered.payload == pack_int(-errno.ETIMEDOUT)
    assert machine.downloads == [DEMO] * 2
