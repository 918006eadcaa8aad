# SPDX-License-Identifier: Apache-2.0
"""A started platform on either host, chosen by environment HOST (fast or conformance)."""

from __future__ import annotations

import os
from typing import Any

from cards.xrt_u200 import FUNCTIONS
from tb.hosts.conformance import ConformanceHost
from tb.hosts.fast import FastHost
from tb.platform import SimPlatform

HOST = os.environ.get("HOST", "fast")


async def platform(dut: Any, **settings: Any) -> SimPlatform:
    """Start the host on `dut`: tops as tests/rtl/tb_host_fast.sv and tb_host_conformance.sv."""
    if HOST == "fast":
        host = FastHost(dut.host, dut.clock, FUNCTIONS)
    else:
        # Short: a test waits for it, and no long burst of writes stands before a read here.
        host = ConformanceHost(dut, FUNCTIONS, timeout_ns=100_000)
    await host.start(**settings)
    return SimPlatform(host)
