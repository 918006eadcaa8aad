# SPDX-License-Identifier: Apache-2.0
"""What scenarios check: values, that a loaded image works, that another one is refused."""

from __future__ import annotations

import os

import numpy as np

from pydriver.xrt import BO, Device, Kernel, State

TIMEOUT_MS = 100


def check(what: str, got: object, expected: object) -> None:
    """Raises AssertionError with a sentence."""
    if got != expected:
        raise AssertionError(f"{what}: got {got}, expected {expected}")


async def refused(device: Device, image: bytes, code: int) -> None:
    """Loading `image` must fail with errno `code`. Raises AssertionError."""
    try:
        await device.load_xclbin(image, force=True)
    except OSError as error:
        check("errno of the refused load", error.errno, code)
    else:
        raise AssertionError("an image was loaded that should have been refused")


async def check_vadd(device: Device, uuid: bytes, elements: int = 256) -> None:
    """Open the kernel, add two vectors, compare, release everything."""
    rng = np.random.default_rng(int(os.environ.get("SEED", "1")))
    kernel = await Kernel.open(device, uuid, "vadd")
    buffers = [await BO.alloc(device, 4 * elements, kernel.group_id(index)) for index in range(3)]
    inputs = [rng.integers(0, 1 << 32, elements, dtype=np.uint32) for _ in range(2)]
    for bo, values in zip(buffers, inputs, strict=False):
        bo.map()[:] = values.tobytes()
        await bo.sync_to_device()
    run = kernel(*buffers, elements)
    check("vadd state", await run.wait(TIMEOUT_MS), State.COMPLETED)
    await buffers[2].sync_from_device()
    result = np.frombuffer(buffers[2].read(), dtype=np.uint32)
    check("wrong sums", int(np.count_nonzero(result != inputs[0] + inputs[1])), 0)
    for bo in buffers:
        bo.free()
    await kernel.close()
