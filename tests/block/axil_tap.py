# SPDX-License-Identifier: Apache-2.0
"""An AXI4-Lite master on a port, and a tap on its handshakes for models that run cycle by cycle."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from cocotbext.axi import AxiLiteBus, AxiLiteMaster


class Cycle(NamedTuple):
    """What one port will do at the next rising edge."""

    write: tuple[int, int] | None  # address, data
    read: int | None  # address
    data: int | None  # read data handed over


class AxilTap:
    """Sample at the falling edge: then everything that the next rising edge sees is settled."""

    def __init__(self, dut: Any, prefix: str) -> None:
        names = (
            "awaddr", "awvalid", "awready", "wdata", "wstrb", "wvalid", "wready", "bresp", "bvalid", "bready",
            "araddr", "arvalid", "arready", "rdata", "rresp", "rvalid", "rready",
        )  # fmt: skip
        self._signal = {name: getattr(dut, f"{prefix}_{name}") for name in names}
        self._prefix = prefix

    def _high(self, *names: str) -> bool:
        return all(int(self._signal[name].value) for name in names)

    def _int(self, name: str) -> int:
        return int(self._signal[name].value)

    def sample(self) -> Cycle:
        """The port's handshakes of this cycle. Raises AssertionError on an answer other than OKAY."""
        write = read = data = None
        if self._high("awvalid", "awready"):
            assert self._high("wvalid", "wready"), f"{self._prefix}: address taken without data"
            if self._int("wstrb"):
                write = (self._int("awaddr"), self._int("wdata"))
        if self._high("arvalid", "arready"):
            read = self._int("araddr")
        if self._high("rvalid", "rready"):
            assert self._int("rresp") == 0, f"{self._prefix}: RRESP {self._int('rresp')}"
            data = self._int("rdata")
        if self._high("bvalid", "bready"):
            assert self._int("bresp") == 0, f"{self._prefix}: BRESP {self._int('bresp')}"
        return Cycle(write, read, data)


class AxilPort:
    """Register access through one port, and the tap on it."""

    def __init__(self, dut: Any, prefix: str) -> None:
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, prefix), dut.clk, dut.rst)
        for part in (self.master.write_if, self.master.read_if):
            part.log.setLevel(logging.WARNING)
        self.tap = AxilTap(dut, prefix)

    async def write(self, offset: int, value: int) -> None:
        """Write one register."""
        await self.master.write_dword(offset, value)

    async def read(self, offset: int) -> int:
        """Read one register."""
        return await self.master.read_dword(offset)

    def slow_down(self, rng: random.Random, share: float) -> None:
        """Hold each channel back in about `share` of the cycles."""

        def pauses() -> Iterator[bool]:
            while True:
                yield rng.random() < share

        write, read = self.master.write_if, self.master.read_if
        for channel in (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel):
            channel.set_pause_generator(pauses())
