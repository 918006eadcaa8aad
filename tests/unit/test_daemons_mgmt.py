# SPDX-License-Identifier: Apache-2.0
"""The management tool (software mailbox contract §3)."""

from __future__ import annotations

import socket

import pytest

from pydriver.daemons.config import parse_host
from pydriver.tools import mgmt
from tests.unit.daemon_rig import MGMT_BDF, USER_BDF, machine


@pytest.fixture
def host(tmp_path):
    with machine(tmp_path / "host", mgmt=True, user=True) as made:
        yield made


@pytest.fixture
def tool(host, capsys):
    """Run the tool; exit code, standard output and errors."""

    def run(*words):
        code = mgmt.main(["--root", str(host.root), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def ini(host, text):
    path = host.root / "device.ini"
    path.write_text(text)
    return str(path)


def test_the_daemons_host_is_shown_and_changed(host, tool):
    code, out, _ = tool("config", "--show")
    assert code == 0
    assert out.startswith(f"Daemon:\n  host={socket.gethostname()}\n{MGMT_BDF}\n")
    assert tool("config", "--daemon", "--host", "10.1.2.3")[:2] == (
        0,
        "Successfully updated the Daemon configuration.\n",
    )
    assert parse_host((host.root / "etc/msd.conf").read_text()) == "10.1.2.3"
    assert tool("config", "--show")[1].startswith("Daemon:\n  host=10.1.2.3\n")


def test_a_first_configuration_makes_the_directory(host, tool):
    (host.root / "etc").rmdir()
    assert tool("config", "--daemon", "--host", "h")[0] == 0
    assert (host.root / "etc/msd.conf").read_text() == "host=h\n"


@pytest.mark.parametrize("name", ["", "a b", "a\nhost=b", "\0"])
def test_names_that_break_the_file_are_refused(host, tool, name):
    code, _, err = tool("config", "--daemon", "--host", name)
    assert code == 1
    assert err.startswith("ERROR: ")
    assert not (host.root / "etc/msd.conf").exists()


def test_a_bad_line_of_the_daemons_file_is_an_error_here(host, tool):
    (host.root / "etc/msd.conf").write_text("nonsense\n")
    assert tool("config", "--show") == (1, "", "ERROR: Bad daemon config file line 'nonsense'\n")


def test_bytes_that_are_no_text_are_an_error_too(host, tool):
    (host.root / "etc/msd.conf").write_bytes(b"\xff\xfe\n")
    assert tool("config", "--show")[0] == 1


def test_dump_writes_what_configure_reads(host, tool, tmp_path):
    host.mgmt.values["config_mailbox_channel_switch"] = "262\n"
    path = tmp_path / "out.ini"
    assert tool("dump", "--config", "-o", str(path))[:2] == (0, f"config has been dumped to {path}\n")
    assert path.read_text() == (
        "[Device]\nmailbox_channel_disable=0\nmailbox_channel_switch=262\nxclbin_change=0\ncache_xclbin=0\n"
    )
    assert tool("dump", "--config", "-o", str(path))[2] == f"ERROR: Output file already exists: '{path}'\n"
    assert tool("dump", "--config", "-o", str(path), "--force")[0] == 0
    host.mgmt.values["config_mailbox_channel_switch"] = "0\n"
    assert tool("configure", "--input", str(path))[0] == 0
    assert host.mgmt.values["config_mailbox_channel_switch"] == "262\n"


def test_configure_writes_the_attributes(host, tool):
    path = ini(host, "[Device]\nmailbox_channel_disable = 0x20\nxclbin_change=1\ncache_xclbin = 1\n")
    code, out, _ = tool("configure", "--input", path, "-d", "01:00.0")
    assert (code, out) == (0, f"{MGMT_BDF}: mailbox_channel_disable=0x20, xclbin_change=1, cache_xclbin=1\n")
    assert host.mgmt.stores == [
        ("config_mailbox_channel_disable", "0x20"),
        ("config_xclbin_change", "1"),
        ("cache_xclbin", "1"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[Device]\nscaling_enabled=1\n", "this card does not have"),
        ("[Device]\nscaling_power_override=50\n", "this card does not have"),
        ("[Device]\nnonsense=1\n", "'nonsense' is not a supported config entry"),
        ("[Other]\ncache_xclbin=1\n", "No [Device] section in the config file"),
        ("[Device]\n", "No [Device] section in the config file"),
        ("cache_xclbin=1\n", "is no INI file"),
        ("[Device]\ncache_xclbin=2\n", "0 to 0x1 are possible"),
        ("[Device]\nmailbox_channel_switch=many\n", "which is no number"),
        ("[Device]\nmailbox_channel_switch=0x10000000000000000\n", "are possible"),
        ("[Device]\nmailbox_channel_switch=-1\n", "are possible"),
    ],
)
def test_a_file_with_one_wrong_entry_changes_nothing(host, tool, text, sentence):
    good = "mailbox_channel_disable=1\n" if text.startswith("[Device]\n") and text != "[Device]\n" else ""
    code, out, err = tool("configure", "--input", ini(host, text.replace("]\n", f"]\n{good}")))
    assert (code, out) == (1, "")
    assert sentence in err
    assert host.mgmt.stores == []


def test_functions_that_are_not_there(host, tool):
    assert tool("dump", "--config", "-d", "0000:02:00.0")[2] == (
        "ERROR: Specified device BDF '0000:02:00.0' not found\n"
    )
    assert "is not a management function" in tool("dump", "--config", "-d", USER_BDF)[2]
    assert "No such file" in tool("configure", "--input", "/does/not/exist")[2]


def test_examine_shows_both_functions(host, tool):
    host.mgmt.values["config_mailbox_comm_id"] = "host=h\nport=1\nid=0x2\n"
    code, out, _ = tool("examine")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == f"{MGMT_BDF} : mgmt"
    at = lines.index(f"  {'config_mailbox_comm_id':<33}: host=h")
    assert lines[at + 1 : at + 3] == [f"  {'':<33}  port=1", f"  {'':<33}  id=0x2"]
    assert f"{USER_BDF} : user" in lines
    assert tool("examine", "-d", USER_BDF)[1].startswith(f"{USER_BDF} : user\n")


def test_examine_of_an_empty_machine(tmp_path, capsys):
    assert mgmt.main(["--root", str(tmp_path), "examine"]) == 1
    assert "No devices found" in capsys.readouterr().err
