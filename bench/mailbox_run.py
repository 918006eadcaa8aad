# SPDX-License-Identifier: Apache-2.0
"""The measured part of `bench.mailbox`: a cocotb test that sends messages of growing size over every path.

A message is a request of the user driver's mailbox with so many bytes of payload and a response of four, as
an xclbin travels. The echo behind the management driver's mailbox does nothing else. Paths:

* hardware: packets through the FIFOs of the card;
* relay: both device nodes and a process that carries frames between them, nothing more;
* daemons: both device nodes, MPD, TCP, MSD.

Written to rates.json: path -> rows of size, messages, and per message processor seconds of this process and
of the others, wall seconds and simulated ns.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cocotb

from cards.xrt_u200 import Card
from firmware_model import images
from pydriver.devices.server import DeviceServer
from pydriver.mailbox import MailboxOptions, Opcode, Request
from pydriver.platform.outside import Outside
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions, Xocl

# Neither daemon looks into it, and no response is routed by anything but the mask.
OPCODE = Opcode.RECLOCK
ANSWER = bytes(4)
LONG_S = 3600
START_S = 20.0
# A size is repeated for about so long; the hardware path stops where one message takes longer than the limit.
REPEAT_S = 0.5
MOST_REPEATS = 50
Rows = list[dict[str, float]]
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Others:
    """Processes beside the simulator, and the processor time they used."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("wb")
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> None:
        """Run `python -m ...`."""
        leash = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        self._running.append(
            subprocess.Popen([*leash, sys.executable, "-m", *words], stdout=self._log, stderr=self._log)
        )

    def processor_s(self) -> float:
        """Seconds so far, in steps of a clock tick."""
        ticks = 0
        for process in self._running:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / CLOCK_TICKS

    async def stop(self, outside: Outside) -> None:
        """Ask them to end; the simulation goes on meanwhile, since a daemon has things to take back."""
        for process in self._running:
            process.terminate()
        ended = await outside.until(lambda: all(one.poll() is not None for one in self._running), START_S)
        for process in self._running:
            if not ended:
                process.kill()
            process.wait()
        self._running.clear()
        self._log.close()


SETTLE_LOOKS, SETTLE_STEP_NS = 3000, 10_000_000


class Bench:
    """Both drivers on one card, the management one answering `OPCODE` with four bytes."""

    def __init__(self, card: Card, management: Xclmgmt, user: Xocl) -> None:
        self.platform = card.platform
        self.clock = card.platform.clock
        self.outside = card.platform.outside
        self.management = management
        self.user = user
        management.server.handlers[OPCODE] = self._echo

    @staticmethod
    async def _echo(_request: Request) -> bytes:
        return ANSWER

    async def switch(self, software: bool) -> None:
        """Choose the channel of requests and responses, as an administrator does; overrules what MSD set.

        Both sides learn it by the handshake, so that one that is still under way cannot undo it.
        """
        mask = 1 << OPCODE if software else 0
        await self.management.set_channel_switch(mask)
        for _ in range(SETTLE_LOOKS):
            if self.user.mailbox.channel_switch == mask:
                return
            await self.clock.sleep_ns(SETTLE_STEP_NS)
        raise TimeoutError(f"the user side did not learn the channel switch {mask:#x}")

    async def send(self, payload: bytes) -> None:
        """One message there and its answer back."""
        answer = await self.user.mailbox.request(OPCODE, payload, response_ttl_s=LONG_S, tx_ttl_s=LONG_S)
        assert answer == ANSWER, answer

    async def measure(self, sizes: list[int], limit_s: float | None, others: Others | None) -> Rows:
        """Rows for the sizes; with `limit_s` only as long as a message is expected to stay below."""
        rows: Rows = []
        pattern = bytes(range(251))
        for size in sizes:
            payload = (pattern * (size // len(pattern) + 1))[:size]
            expected = rows[-1]["processor_s"] * size / rows[-1]["size"] if rows else 0.0
            if limit_s is not None and expected > limit_s:
                break
            row = await self._row(payload, 1, others)
            # The first message of a size finds cold caches, and says how many more there is time for.
            count = min(MOST_REPEATS, int(REPEAT_S / row["processor_s"]))
            rows.append(await self._row(payload, count, others) if count > 1 else row)
        return rows

    async def _row(self, payload: bytes, count: int, others: Others | None) -> dict[str, float]:
        simulated, wall, processor = self.clock.now_ns(), time.perf_counter(), time.process_time()
        elsewhere = others.processor_s() if others else 0.0
        for _ in range(count):
            await self.send(payload)
        return {
            "size": len(payload),
            "messages": count,
            "processor_s": (time.process_time() - processor) / count,
            "others_s": ((others.processor_s() if others else 0.0) - elsewhere) / count,
            "wall_s": (time.perf_counter() - wall) / count,
            "simulated_ns": (self.clock.now_ns() - simulated) / count,
        }


async def over_processes(bench: Bench, directory: Path, name: str, sizes: list[int]) -> Rows:
    """The software channel through the relay or the daemons."""
    root = directory / name
    shutil.rmtree(root, ignore_errors=True)
    server = DeviceServer(bench.platform, root)
    await server.add_mgmt(bench.management)
    await server.add_user(bench.user)
    others = Others(directory / f"{name}.log")
    users, managements = (next((root / "dev/xfpga").glob(f"mailbox.{kind}*")) for kind in ("u", "m"))
    if name == "relay":
        others.start("bench.relay", str(users), str(managements))
    else:
        (root / "etc/msd.conf").write_text("host=127.0.0.1\n")
        others.start("pydriver.daemons.msd", "--root", str(root))
        others.start("pydriver.daemons.mpd", "--root", str(root), "--retry-s", "0.1")
    channels = [bench.user.mailbox.software, bench.management.mailbox.software]
    try:
        if not await bench.outside.until(lambda: all(channel.present for channel in channels), START_S):
            raise TimeoutError(f"{name}: the mailbox nodes are not open, see {name}.log")
        await bench.switch(software=True)
        return await bench.measure(sizes, None, others)
    finally:
        await others.stop(bench.outside)
        server.close()
        await bench.switch(software=False)


@cocotb.test()
async def measure(dut: Any) -> None:
    directory = Path(os.environ["RUN_DIR"])
    sizes = [int(size) for size in os.environ["SIZES"].split()]
    limit = float(os.environ["HARDWARE_LIMIT_S"])
    card = await Card.power_on(dut)
    options = MailboxOptions(rate_limit=None)
    management = await Xclmgmt.probe(
        card.platform, MgmtOptions(mailbox=options, sched_image=images.build(), clear_queue=False)
    )
    user = await Xocl.probe(card.platform, UserOptions(mailbox=options))
    bench = Bench(card, management, user)
    rates = {"hardware": await bench.measure(sizes, limit, None)}
    for name in ("relay", "daemons"):
        rates[name] = await over_processes(bench, directory, name, sizes)
    (directory / "rates.json").write_text(json.dumps(rates))
