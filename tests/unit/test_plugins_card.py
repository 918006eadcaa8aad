# SPDX-License-Identifier: Apache-2.0
"""The container plugin and the plugin of a preloaded card, on a machine with a management node."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from pydriver.daemons.plugins import MpdPlugin, answer, load
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.messages import Group, IcapData, Opcode, SubdevPeer, pack_request, unpack_int
from tests.unit.plugin_rig import MGMT, Machine
from tests.unit.rig import DEMO, raises

CONTAINER = "pydriver.daemons.plugins.container"
PRELOADED = "pydriver.daemons.plugins.preloaded"
UUID_TEXT = "11223344-5566-7788-99aa-bbccddeeff00"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.close()


def started(machine: Machine, spec: str, **options: str) -> MpdPlugin:
    plugin = load(spec, machine.context(options))
    assert plugin is not None
    return plugin


def ask(plugin: MpdPlugin, opcode: int, payload: bytes, index: int = 0) -> bytes:
    return answer(plugin, index, Frame(2, 7, pack_request(opcode, payload))).payload


def test_container_loads_the_image_as_it_is(machine: Machine) -> None:
    plugin = started(machine, CONTAINER)
    assert plugin.get_remote_msd_fd(0) == -1
    assert unpack_int(ask(plugin, Opcode.LOAD_XCLBIN, DEMO)) == 0
    assert machine.downloads == [DEMO]


def test_container_hands_on_the_drivers_error(machine: Machine) -> None:
    plugin = started(machine, CONTAINER)
    machine.result = -errno.ETIMEDOUT
    assert unpack_int(ask(plugin, Opcode.LOAD_XCLBIN, DEMO)) == -errno.ETIMEDOUT
    assert unpack_int(ask(plugin, Opcode.HOT_RESET, b"")) == -errno.ENOTSUP


def test_container_takes_the_card_in_the_same_slot(machine: Machine) -> None:
    """A second card, whose node nobody serves, comes first in the order of addresses."""
    machine.add_function("xclmgmt", "0000:00:05.0").joinpath("instance").write_text("9\n")
    assert unpack_int(ask(started(machine, CONTAINER), Opcode.LOAD_XCLBIN, DEMO)) == 0
    assert machine.downloads == [DEMO]
    other = started(machine, CONTAINER, card="0000:00:05.0")
    assert unpack_int(ask(other, Opcode.LOAD_XCLBIN, DEMO)) == -errno.ENOENT


@pytest.mark.parametrize("index", [1, -1])
def test_container_without_user_function(machine: Machine, index: int) -> None:
    assert unpack_int(ask(started(machine, CONTAINER), Opcode.LOAD_XCLBIN, DEMO, index)) == -errno.ENODEV


def test_container_with_the_functions_of_another_machine(machine: Machine, tmp_path: Path) -> None:
    """A guest's own root has no management function; the host's is named with the card."""
    guest = machine.context({})
    with raises(errno.ENODEV, "needs the option card"):
        started(machine, CONTAINER, mgmt_root=str(tmp_path)).load_xclbin(0, DEMO)
    plugin = started(machine, CONTAINER, mgmt_root=str(guest.root), card=MGMT)
    assert plugin.load_xclbin(5, DEMO) == 0
    with raises(errno.ENODEV, "no management function"):
        started(machine, CONTAINER, mgmt_root=str(tmp_path / "empty"), card=MGMT).load_xclbin(0, DEMO)


def icap_uuid(plugin: MpdPlugin) -> bytes:
    data = ask(plugin, Opcode.PEER_DATA, SubdevPeer(Group.ICAP, 104, 1).pack())
    assert len(data) == IcapData.SIZE
    return IcapData.unpack(data).uuid


def test_preloaded_tells_the_uuid_and_refuses_downloads(machine: Machine) -> None:
    plugin = started(machine, PRELOADED, uuid=UUID_TEXT)
    assert plugin.get_remote_msd_fd(0) == -1
    assert icap_uuid(plugin) == UUID(UUID_TEXT).bytes
    assert unpack_int(ask(plugin, Opcode.LOAD_XCLBIN, DEMO)) == -errno.EPERM
    assert machine.downloads == []


def test_preloaded_asks_the_management_function(machine: Machine) -> None:
    plugin = started(machine, PRELOADED)
    attribute = machine.root / "sys/bus/pci/devices" / MGMT / "xclbinuuid"
    answered = ask(plugin, Opcode.PEER_DATA, SubdevPeer(Group.ICAP, 104, 1).pack())
    assert unpack_int(answered) == -errno.ENODATA
    attribute.write_text(UUID_TEXT + "\n")
    assert icap_uuid(plugin) == UUID(UUID_TEXT).bytes
    attribute.write_text("\n")
    assert icap_uuid(plugin) == bytes(16)


def test_preloaded_refuses_a_wrong_option(machine: Machine) -> None:
    assert load(PRELOADED, machine.context({"uuid": "vadd"})) is None
    assert "no uuid" in machine.said[0]
