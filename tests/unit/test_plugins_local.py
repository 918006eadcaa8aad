# SPDX-License-Identifier: Apache-2.0
"""What MPD answers for a plugin: every hook, absent, failing and broken hooks, hostile frames."""

from __future__ import annotations

import errno
import os
import random
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from pydriver.daemons.plugins import FreqScaling, MpdPlugin, PluginContext, answer, load, load_msd
from pydriver.daemons.plugins.api import MsdPlugin
from pydriver.errors import fail
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import (
    BoardInfo,
    ConnResp,
    DnaData,
    Group,
    IcapData,
    MigEcc,
    Opcode,
    P2pBarAddr,
    SensorData,
    SubdevPeer,
    pack_request,
    unpack_int,
)
from tests.unit.rig import raises

ID = 0xFFFF_8881_2345_6780
"""A kernel address, as the real driver uses for ids."""


class Every(MpdPlugin):
    """Has every hook; remembers its arguments."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.result = 0

    def hot_reset(self, index: int) -> int:
        self.calls.append(("hot_reset", index))
        return self.result

    def load_xclbin(self, index: int, axlf: bytes) -> int:
        self.calls.append(("load_xclbin", index, axlf))
        return self.result

    def reclock2(self, index: int, freqs: FreqScaling) -> int:
        self.calls.append(("reclock2", index, freqs))
        return self.result

    def get_icap_data(self, index: int) -> IcapData:
        return IcapData(freq_0=300, uuid=b"U" * 16, data_retention=1)

    def get_sensor_data(self, index: int) -> SensorData:
        return SensorData(vol_12v_pex=12000, heartbeat_stall=7)

    def get_board_info(self, index: int) -> BoardInfo:
        return BoardInfo(serial_num=b"S1", mac_addr_first=b"\1\2\3\4\5\6")

    def get_mig_data(self, index: int, length: int) -> bytes:
        self.calls.append(("get_mig_data", index, length))
        return MigEcc(mem_type=2, ecc_ue_ffa=5).pack()

    def get_firewall_data(self, index: int) -> MigEcc:
        return MigEcc(mem_type=1, ecc_ue_ffa=9)

    def get_dna_data(self, index: int) -> DnaData:
        return DnaData(status=1, dna=(1, 2, 3, 4), revision=8)

    def get_subdev_data(self, index: int, length: int) -> bytes:
        self.calls.append(("get_subdev_data", index, length))
        return b"blob"

    def user_probe(self, index: int) -> ConnResp:
        return ConnResp(conn_flags=1, comm_id=b"host=h", chan_disable=0x20)

    def program_shell(self, index: int) -> int:
        self.calls.append(("program_shell", index))
        return self.result

    def read_p2p_bar_addr(self, index: int, addr: P2pBarAddr) -> int:
        self.calls.append(("read_p2p_bar_addr", index, addr))
        return self.result


def image(size: int = 600) -> bytes:
    """The smallest thing that has an xclbin's length in its header."""
    data = bytearray(random.Random(size).randbytes(size))
    struct.pack_into("<Q", data, 304, size)
    return bytes(data)


def peer(kind: int, size: int = 0, entries: int = 1, offset: int = 0) -> bytes:
    return pack_request(Opcode.PEER_DATA, SubdevPeer(kind, size, entries, offset).pack())


# What a user function sends, how long the answer is, and what the hook of `Every` puts into it.
REQUESTS: list[tuple[str, bytes, int, bytes]] = [
    ("load_xclbin", pack_request(Opcode.LOAD_XCLBIN, image()), 4, bytes(4)),
    ("hot_reset", pack_request(Opcode.HOT_RESET, b""), 4, bytes(4)),
    ("reclock2", pack_request(Opcode.RECLOCK, struct.pack("<I16H", 0, 250, 500, *[0] * 14)), 4, bytes(4)),
    ("get_icap_data", peer(Group.ICAP, 104), 104, Every().get_icap_data(0).pack()),
    ("get_sensor_data", peer(Group.SENSOR, 240), 240, Every().get_sensor_data(0).pack()),
    ("get_board_info", peer(Group.BDINFO, 1432), 1432, Every().get_board_info(0).pack()),
    ("get_mig_data", peer(Group.MIG_ECC, 64, 3), 192, MigEcc(mem_type=2, ecc_ue_ffa=5).pack() + bytes(128)),
    ("get_firewall_data", peer(Group.FIREWALL, 104), 64, Every().get_firewall_data(0).pack()),
    ("get_dna_data", peer(Group.DNA, 48), 48, Every().get_dna_data(0).pack()),
    ("get_subdev_data", peer(Group.SUBDEV, 1000), 1000, b"blob" + bytes(996)),
    ("user_probe", pack_request(Opcode.USER_PROBE, bytes(24)), 2080, Every().user_probe(0).pack()),
    ("program_shell", pack_request(Opcode.PROGRAM_SHELL, b""), 4, bytes(4)),
    (
        "read_p2p_bar_addr",
        pack_request(Opcode.READ_P2P_BAR_ADDR, P2pBarAddr(0x1000, 0x2000).pack()),
        4,
        bytes(4),
    ),
]
NAMES = [name for name, *_ in REQUESTS]


def ask(plugin: MpdPlugin, message: bytes, log: list[str] | None = None) -> bytes:
    """The payload of the answer; the frame around it is checked here."""
    said: list[str] = [] if log is None else log
    frame = answer(plugin, 3, Frame(flags=2, id=ID, payload=message), said.append)
    assert (frame.flags, frame.id) == (1, ID)
    return frame.payload


@pytest.mark.parametrize(("name", "message", "length", "expected"), REQUESTS, ids=NAMES)
def test_hook_answers(name: str, message: bytes, length: int, expected: bytes) -> None:
    assert len(expected) == length
    assert ask(Every(), message) == expected


def test_hooks_get_their_arguments() -> None:
    plugin = Every()
    for _, message, _, _ in REQUESTS:
        ask(plugin, message)
    assert plugin.calls == [
        ("load_xclbin", 3, image()),
        ("hot_reset", 3),
        ("reclock2", 3, FreqScaling(0, (250, 500, 0, 0))),
        ("get_mig_data", 3, 192),
        ("get_subdev_data", 3, 1000),
        ("program_shell", 3),
        ("read_p2p_bar_addr", 3, P2pBarAddr(0x1000, 0x2000)),
    ]


@pytest.mark.parametrize(
    "name", ["load_xclbin", "hot_reset", "reclock2", "program_shell", "read_p2p_bar_addr"]
)
def test_number_of_a_hook(name: str) -> None:
    plugin = Every()
    plugin.result = -errno.ESHUTDOWN
    message = next(message for hook, message, *_ in REQUESTS if hook == name)
    assert unpack_int(ask(plugin, message)) == -errno.ESHUTDOWN


@pytest.mark.parametrize(("name", "message", "length", "expected"), REQUESTS, ids=NAMES)
def test_absent_hook(name: str, message: bytes, length: int, expected: bytes) -> None:
    assert ask(MpdPlugin(), message) == struct.pack("<i", -errno.ENOTSUP).ljust(length, b"\0")


@pytest.mark.parametrize(("name", "message", "length"), [row[:3] for row in REQUESTS], ids=NAMES)
@pytest.mark.parametrize(
    ("error", "code"),
    [(fail(errno.EKEYREJECTED, "no"), errno.EKEYREJECTED), (OSError("no number"), errno.EIO)],
)
def test_failing_hook(name: str, message: bytes, length: int, error: OSError, code: int) -> None:
    plugin = Every()

    def hook(*_: object) -> None:
        raise error

    setattr(plugin, name, hook)
    assert ask(plugin, message) == struct.pack("<i", -code).ljust(length, b"\0")


@pytest.mark.parametrize(("name", "message", "length", "expected"), REQUESTS, ids=NAMES)
def test_broken_hook(name: str, message: bytes, length: int, expected: bytes) -> None:
    """Its exception's text could hold anything: it goes nowhere."""
    plugin, said = Every(), list[str]()

    def hook(*_: object) -> None:
        raise RuntimeError("secret bytes")

    setattr(plugin, name, hook)
    assert ask(plugin, message, said) == struct.pack("<i", -errno.EIO).ljust(length, b"\0")
    assert said == ["a plugin hook broke: RuntimeError"]


def test_answer_of_a_hook_that_does_not_fit() -> None:
    plugin = Every()
    plugin.result = 1 << 40
    assert unpack_int(ask(plugin, pack_request(Opcode.HOT_RESET, b""))) == -errno.EIO
    plugin.get_subdev_data = lambda index, length: bytes(length + 1)  # type: ignore[method-assign]
    assert ask(plugin, peer(Group.SUBDEV, 100)) == struct.pack("<i", -errno.EIO).ljust(100, b"\0")


@pytest.mark.parametrize("opcode", [0, 1, 2, 3, 4, 6, 7, 12, 13, 16, 17, 99, 0xFFFFFFFF])
def test_unknown_opcode(opcode: int) -> None:
    assert ask(Every(), pack_request(opcode, bytes(40))) == bytes(4)


@pytest.mark.parametrize("kind", [7, 8, 11, 12, 0xFFFFFFFF])
def test_unknown_peer_data(kind: int) -> None:
    assert ask(Every(), peer(kind, 100)) == struct.pack("<i", -errno.ENOTSUP)


HOSTILE = {
    "empty": b"",
    "shorter than the header": pack_request(Opcode.HOT_RESET, b"")[:15],
    "peer data without payload": pack_request(Opcode.PEER_DATA, b""),
    "peer data of 31 bytes": pack_request(Opcode.PEER_DATA, bytes(31)),
    "no controllers": peer(Group.MIG_ECC, 64, 0),
    "65 controllers": peer(Group.MIG_ECC, 64, 65),
    "2^64-1 controllers": peer(Group.MIG_ECC, 64, (1 << 64) - 1),
    "entries times 64 wraps to 64": peer(Group.MIG_ECC, 64, (1 << 58) + 1),
    "subdev of no bytes": peer(Group.SUBDEV, 0),
    "subdev without room for an errno": peer(Group.SUBDEV, 3),
    "subdev of 2^40 bytes": peer(Group.SUBDEV, 1 << 40),
    "subdev beyond the driver's buffer": peer(Group.SUBDEV, 512 * 1024 + 41),
    "reclock of 11 bytes": pack_request(Opcode.RECLOCK, bytes(11)),
    "p2p of 15 bytes": pack_request(Opcode.READ_P2P_BAR_ADDR, bytes(15)),
    "image of 495 bytes": pack_request(Opcode.LOAD_XCLBIN, image(495)),
    "image longer than sent": pack_request(Opcode.LOAD_XCLBIN, image(600)[:599]),
    "image of length 0": pack_request(Opcode.LOAD_XCLBIN, bytes(600)),
    "image of length 2^64-1": pack_request(Opcode.LOAD_XCLBIN, image()[:304] + b"\xff" * 8 + image()[312:]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_request(name: str) -> None:
    plugin = Every()
    tracemalloc.start()
    try:
        payload = ask(plugin, HOSTILE[name])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert payload == struct.pack("<i", -errno.EINVAL)
    assert not plugin.calls
    assert peak < 1 << 20


def test_image_ends_where_its_header_says() -> None:
    plugin = Every()
    ask(plugin, pack_request(Opcode.LOAD_XCLBIN, image() + b"more"))
    assert plugin.calls == [("load_xclbin", 3, image())]


def test_random_requests_are_answered() -> None:
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    for number in range(3000):
        payload = rng.randbytes(rng.randrange(80))
        if rng.random() < 0.5:
            fields = (rng.randrange(14), *(rng.choice((0, 1, 64, 1 << 20, 1 << 63)) for _ in range(3)))
            payload = SubdevPeer(*fields).pack()
        message = pack_request(rng.randrange(20), payload)[: rng.choice((8, 16, 60, 200))]
        data = ask(Every(), message)
        assert 4 <= len(data) <= 512 * 1024 + 40, (number, message.hex())


class Named(MpdPlugin):
    """For the loader."""

    def init(self, context: PluginContext) -> None:
        if "broken" in context.options:
            raise fail(errno.EINVAL, "it is told to break")
        self.root = context.root


class NamedMsd(MsdPlugin):
    """For the loader."""


def plugin(context: PluginContext) -> Named:
    return Named()


def test_load_by_name(tmp_path: Path) -> None:
    said: list[str] = []
    context = PluginContext(tmp_path, said.append)
    for spec in (f"{__name__}:Named", __name__):
        made = load(spec, context)
        assert isinstance(made, Named)
        assert made.root == tmp_path
    assert isinstance(load_msd(f"{__name__}:NamedMsd", context), NamedMsd)
    assert load_msd(f"{__name__}:NamedMsd", context).retrieve_xclbin(b"x") == b"x"  # type: ignore[union-attr]
    assert len(said) == 4


def test_load_ignores_a_plugin_whose_init_fails(tmp_path: Path) -> None:
    said: list[str] = []
    assert load(f"{__name__}:Named", PluginContext(tmp_path, said.append, {"broken": "1"})) is None
    assert said == [f"plugin {__name__}:Named is ignored: it is told to break"]


@pytest.mark.parametrize(
    "spec", ["", "no.such.module", f"{__name__}:Nothing", f"{__name__}:NamedMsd", "os:getcwd"]
)
def test_load_refuses_what_is_no_plugin(spec: str, tmp_path: Path) -> None:
    with raises(errno.EINVAL):
        load(spec, PluginContext(tmp_path, lambda text: None))


def test_load_ignores_a_missing_library(tmp_path: Path) -> None:
    said: list[str] = []
    assert load(str(tmp_path / "libmpd_plugin.so"), PluginContext(tmp_path, said.append)) is None
    assert "cannot be opened" in said[0]
