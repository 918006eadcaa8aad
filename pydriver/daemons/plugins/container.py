# SPDX-License-Identifier: Apache-2.0
"""The plugin for containers: MPD on the host loads what a container's user function sends, as it is.

It does what XRT's own container plugin does, except that the asker gets the driver's errno; that one
answers every failed ioctl with -1 and a missing management function with 0. Source: software mailbox
contract §6.3.
"""

from __future__ import annotations

from .api import MpdPlugin, PluginContext
from .card import download, management_function


class ContainerPlugin(MpdPlugin):
    """No MSD; one hook. Options: `mgmt_root`, `card`."""

    def init(self, context: PluginContext) -> None:
        self._context = context

    def get_remote_msd_fd(self, index: int) -> int:
        return -1

    def load_xclbin(self, index: int, axlf: bytes) -> int:
        function = management_function(self._context, index)
        download(self._context, function, axlf)
        self._context.log(f"loaded {len(axlf)} bytes on {function.bdf} for user function {index}")
        return 0


def plugin(context: PluginContext) -> ContainerPlugin:
    """For `--plugin pydriver.daemons.plugins.container`."""
    return ContainerPlugin()
