# SPDX-License-Identifier: Apache-2.0
"""The driver's own buffer, for descriptors of fast adapters: it lives as long as the image that needs it."""

from __future__ import annotations

import errno

from pydriver.xrt import Device, Kernel
from tests.models.fast_adapter import FastAdapter
from tests.models.units import add_vectors
from tests.unit.rig import Rig, raises, run_vadd
from tools.image import ComputeUnit
from tools.mkxclbin import make_xclbin


def test_a_load_that_is_refused_leaves_the_descriptors_of_the_old_image() -> None:
    """Else they would be written into memory that has another owner by then."""
    rig = Rig()
    rig.card.units[0] = FastAdapter(rig.card, 0, add_vectors)  # type: ignore[call-overload]
    image, other = (make_xclbin([ComputeUnit("vadd_fa")] * count) for count in (1, 2))

    async def main() -> None:
        _, user = await rig.both()
        device = Device.attach(user)
        uuid = await device.load_xclbin(image)
        memory = user.host_cus.command_memory
        assert memory is not None and user.memory.device_buffers() == 1
        client = user.open()
        mine = client.create_bo(4096, 0)
        with raises(errno.EPERM, "1 buffers"):
            await user.read_axlf(other)
        assert user.bitstream.uuid == uuid and user.host_cus.command_memory is memory
        assert user.memory.device_buffers() == 2
        kernel = await Kernel.open(device, uuid, "vadd_fa")
        await run_vadd(device, kernel, 20, 1)
        await kernel.close()
        client.free_bo(mine.handle)
        await device.client.close()
        await user.read_axlf(other)
        assert user.memory.device_buffers() == 1 and user.host_cus.command_memory is not memory

    rig.run(main())
