# SPDX-License-Identifier: Apache-2.0
"""Device files and sysfs attributes of the simulated machine, for programs outside the simulation.

A *root* directory is laid out like a machine's `/`: nodes under `dev` are Unix stream sockets, attributes
under `sys/bus/pci/devices/<address>` are plain files with the last known value, and the truth about them is
behind the socket `.live` beside them. `server` publishes the drivers, `client` opens nodes and attributes (of
a real machine too), `discover` finds the functions, `protocol` is the language between them.
"""

from pydriver.devices.client import DeviceFile, ShortRead, read_attribute, write_attribute
from pydriver.devices.discover import FunctionInfo, functions
from pydriver.devices.protocol import DOWNLOAD_AXLF

__all__ = [
    "DOWNLOAD_AXLF",
    "DeviceFile",
    "FunctionInfo",
    "ShortRead",
    "functions",
    "read_attribute",
    "write_attribute",
]
