# SPDX-License-Identifier: Apache-2.0
"""Host API in the manner of the native XRT API, as coroutines where something waits.

device = await Device.open(platform)
uuid = await device.load_xclbin(image)
kernel = await Kernel.open(device, uuid, "vadd")
a = await BO.alloc(device, size, kernel.group_id(0))
a.map()[:] = data
await a.sync_to_device()
run = kernel(a, b, out, n)
state = await run.wait(timeout_ms=1000)
"""

from pydriver.ert import State
from pydriver.xrt.bo import BO, Flags
from pydriver.xrt.context import AccessMode
from pydriver.xrt.device import Device
from pydriver.xrt.errors import CommandError
from pydriver.xrt.ip import Interrupt, Ip
from pydriver.xrt.kernel import Kernel
from pydriver.xrt.mailbox import Mailbox
from pydriver.xrt.options import Quirk, RuntimeOptions
from pydriver.xrt.queue import Completion, Queue
from pydriver.xrt.run import Autostart, Run
from pydriver.xrt.xclbin import Xclbin

__all__ = [
    "BO",
    "AccessMode",
    "Autostart",
    "CommandError",
    "Completion",
    "Device",
    "Flags",
    "Interrupt",
    "Ip",
    "Kernel",
    "Mailbox",
    "Queue",
    "Quirk",
    "Run",
    "RuntimeOptions",
    "State",
    "Xclbin",
]
