# SPDX-License-Identifier: Apache-2.0
"""Host program of the saxpy example: y += a * x on the card, compared with numpy."""

from __future__ import annotations

import numpy as np

from pydriver.xrt import BO, Device, Kernel, State

ELEMENTS = 203
FACTOR = 3_000_000_019
TIMEOUT_MS = 1
"""Of simulated time: a kernel that hangs is known after seconds, not after minutes."""


async def run(device: Device, uuid: bytes) -> str:
    """Called with the image loaded. Raises AssertionError when a result is wrong; returns the verdict."""
    kernel = await Kernel.open(device, uuid, "saxpy")
    x = await BO.alloc(device, 4 * ELEMENTS, kernel.group_id(0))
    y = await BO.alloc(device, 4 * ELEMENTS, kernel.group_id(1))
    left = np.arange(ELEMENTS, dtype=np.uint32) * np.uint32(0x01234567)
    right = np.arange(ELEMENTS, dtype=np.uint32)[::-1].copy()
    x.map()[:] = left.tobytes()
    y.map()[:] = right.tobytes()
    await x.sync_to_device()
    await y.sync_to_device()
    for _ in range(2):
        state = await kernel(x, y, FACTOR, ELEMENTS).wait(TIMEOUT_MS)
        assert state == State.COMPLETED, f"the kernel has not ended after {TIMEOUT_MS} ms: {state.name}"
    await y.sync_from_device()
    result = np.frombuffer(y.read(), dtype=np.uint32)
    expected = (right + 2 * np.uint64(FACTOR) * left).astype(np.uint32)
    assert np.array_equal(result, expected), f"{np.count_nonzero(result != expected)} words are wrong"
    for bo in (x, y):
        bo.free()
    await kernel.close()
    return f"{ELEMENTS} words of y += {FACTOR} x are right, twice"
