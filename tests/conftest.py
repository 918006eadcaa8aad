# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all tests."""

from __future__ import annotations

import os

import pytest

from tb.runner import SIMULATORS


def _simulators() -> list[str]:
    """Both simulators; environment SIM narrows it to one for a quick look."""
    chosen = os.environ.get("SIM")
    if chosen and chosen not in SIMULATORS:
        raise pytest.UsageError(f"SIM={chosen}: known simulators are {', '.join(SIMULATORS)}")
    return [chosen] if chosen else list(SIMULATORS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sim" in metafunc.fixturenames:
        metafunc.parametrize("sim", _simulators())
