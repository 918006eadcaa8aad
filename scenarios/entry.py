# SPDX-License-Identifier: Apache-2.0
"""The cocotb test that runs the scenario whose module environment SCENARIO_MODULE names."""

from __future__ import annotations

import gc
import importlib
import os
import traceback
from pathlib import Path
from typing import Any

import cocotb

from scenarios.stage import Stage


def place(error: BaseException, folder: Path) -> str:
    """Where the scenario (a file in `folder`) was when it failed, "" when it was not in it."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if Path(frame.filename).parent == folder]
    return f" ({Path(mine[-1].filename).name}:{mine[-1].lineno})" if mine else ""


@cocotb.test()
async def run_scenario(dut: Any) -> None:
    name = os.environ["SCENARIO_MODULE"]
    module = importlib.import_module(name)
    gc.freeze()  # what is imported stays: the collector need not go through it again and again
    stage = Stage(name.rsplit(".", 1)[-1].removeprefix("scenario_"))
    verdict = "stopped early"
    try:
        verdict = await module.run(stage, dut, os.environ.get("HOST", "fast"))
    except Exception as error:
        folder = os.environ.get("KERNEL_DIR") or Path(str(module.__file__)).parent
        verdict = f"{type(error).__name__}: {error}{place(error, Path(folder))}"
        raise
    finally:
        stage.finish(Path(os.environ["RUN_DIR"]), verdict)
