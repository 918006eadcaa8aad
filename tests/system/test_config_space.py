# SPDX-License-Identifier: Apache-2.0
"""Both hosts enumerate the same card, and it is the one of the XRT platform contract §1."""

import json
from typing import Any

from tb.runner import simulate

MIB, KIB = 1 << 20, 1 << 10
MEMORY_64, PREFETCHABLE = 4, 8
TOPS = {"fast": "tb_fast", "conformance": "tb_conformance"}


def enumeration(sim: str, host: str) -> dict[str, Any]:
    result = simulate(
        TOPS[host],
        "tests.system.config_space_tb",
        sim,
        env={"HOST": host},
        name=f"config_space_{host}",
        timeout_s=100,
    )
    found: dict[str, Any] = json.loads((result.directory / "enumeration.json").read_text())
    return found


def test_both_hosts_see_the_same_card(sim: str) -> None:
    fast, conformance = enumeration(sim, "fast"), enumeration(sim, "conformance")
    assert fast == conformance
    mgmt, user = fast["0"], fast["1"]
    assert [mgmt["ids"][0], user["ids"][0]] == [0x5000_10EE, 0x5001_10EE]
    for function in (mgmt, user):
        assert function["ids"][1] >> 16 == 0x1200, "processing accelerator"
        assert function["ids"][2] & 0xFFFF == 0x10EE and function["ids"][2] >> 16 & 0xFF == 0x52
        assert function["ids"][3] == 0x80, "type 0, several functions"
        assert [kind for _, kind in function["capabilities"]] == [0x01, 0x11, 0x10]
        assert function["vectors"] == 32 and function["msix on"] == 2
        assert function["msix"][0] >> 16 & 0x7FF == 31
        assert function["msix"][1:] == [0x8002, 0x8FE2], "table and pending bits in BAR2"
        assert function["command"] == 6
    assert {index: bar[:2] for index, bar in mgmt["bars"].items()} == {
        "0": [32 * MIB, MEMORY_64],
        "2": [128 * KIB, MEMORY_64],
        "4": [0, 0],
    }
    assert {index: bar[:2] for index, bar in user["bars"].items()} == {
        "0": [32 * MIB, MEMORY_64],
        "2": [64 * KIB, MEMORY_64],
        "4": [256 * MIB, MEMORY_64 | PREFETCHABLE],
    }
    for function in (mgmt, user):
        for size, _, low, high in function["bars"].values():
            assert size == 0 or ((low & ~0xF) | high << 32) % size == 0, "aligned to its size"
