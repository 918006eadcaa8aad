# SPDX-License-Identifier: Apache-2.0
"""`make sim` with every deployment: exit status, verdict, and who said what to whom on the timeline."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.system.test_flow import scenario

# Deployment -> arrows that its sequence diagram must show: (from, to, part of the label).
ARROWS = {
    "baremetal": [
        ("xocl", "xclmgmt", "LOAD_XCLBIN_KADDR, 24 bytes (hardware"),
        ("xocl", "xclmgmt", "LOAD_XCLBIN, "),
        ("xclmgmt", "xocl", "MGMT_STATE"),
    ],
    "vm": [
        ("xocl", "MPD", "LOAD_XCLBIN, "),
        ("MPD", "MSD", "LOAD_XCLBIN, "),
        ("MSD", "xclmgmt", "DOWNLOAD_AXLF, "),
        ("xclmgmt", "ICAP", "downloads "),
        ("MSD", "MPD", "response, 0 (TCP)"),
        ("MPD", "xocl", "response, 0 (node)"),
    ],
    "container": [
        ("xocl", "MPD", "LOAD_XCLBIN, "),
        ("MPD", "plugin", "LOAD_XCLBIN, "),
        ("plugin", "xclmgmt", "DOWNLOAD_AXLF, "),
        ("plugin", "xocl", "response, 0 (node)"),
        ("plugin", "xocl", "response, -ETIMEDOUT (node)"),
    ],
    "vendor-protected": [
        ("MPD", "plugin", "LOAD_XCLBIN, "),
        ("plugin", "xclmgmt", "DOWNLOAD_AXLF, "),
        ("xclmgmt", "ICAP", "downloads "),
        ("plugin", "xocl", "response, 0 (node)"),
        ("plugin", "xocl", "response, -EACCES (node)"),
        ("plugin", "xocl", "response, -EPERM (node)"),
    ],
    "preloaded": [("MPD", "plugin", "PEER_DATA, "), ("plugin", "xocl", "response, 104 bytes")],
}


def arrows(page: str) -> list[tuple[str, str, str]]:
    """The arrows of the page's sequence diagram, from top to bottom."""
    heads = re.findall(r'<text x="(\d+)" y="20" text-anchor="middle">(\w+)</text>', page)
    party = dict(heads)
    lines = re.findall(r'<line class="message" x1="(\d+)" x2="(\d+)"[^>]*><title>[^:]*: (.*?)</title>', page)
    return [(party[start], party[end], text) for start, end, text in lines]


@pytest.mark.parametrize("name", ARROWS)
def test_deployment(sim: str, name: str, tmp_path: Path) -> None:
    run = scenario(tmp_path, "--sim", sim, "--scenario", name)
    assert run.returncode == 0, run.stdout + run.stderr
    directory = tmp_path / f"{name.replace('-', '_')}-fast-{sim}"
    report = json.loads((directory / "report.json").read_text())
    assert report["ok"] and len(report["steps"]) > 4 and all(step["ok"] for step in report["steps"])
    said = arrows((directory / "timeline.html").read_text())
    for sender, receiver, part in ARROWS[name]:
        between = [text for start, end, text in said if (start, end) == (sender, receiver)]
        assert any(text.startswith(part) for text in between), (sender, receiver, part, between)
    if name != "baremetal":
        assert not any("LOAD_XCLBIN" in text and "hardware" in text for *_, text in said)
