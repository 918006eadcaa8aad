# SPDX-License-Identifier: Apache-2.0
"""The plugin of a vendor who loads the card himself: nothing may be downloaded from the user side.

The user function asks for the uuid of the loaded image before it downloads. The one that is there is
then "already on peer"; any other ends here with EPERM: the operation as such is not permitted, whoever asks.
Source: software mailbox contract §7.
"""

from __future__ import annotations

import errno
from uuid import UUID

from pydriver.errors import fail
from pydriver.mailbox.messages import IcapData

from .api import MpdPlugin, PluginContext
from .card import loaded_uuid, management_function


class PreloadedPlugin(MpdPlugin):
    """Options: `uuid` of the preloaded image (default: ask the management function), `mgmt_root`, `card`."""

    def init(self, context: PluginContext) -> None:
        """Raises EINVAL for a `uuid` that is none."""
        self._context = context
        self._uuid: bytes | None = None
        if "uuid" in context.options:
            try:
                self._uuid = UUID(context.options["uuid"]).bytes
            except ValueError:
                raise fail(errno.EINVAL, f"{context.options['uuid']!r} is no uuid") from None

    def get_remote_msd_fd(self, index: int) -> int:
        return -1

    def get_icap_data(self, index: int) -> IcapData:
        """The uuid; clocks and calibration are not known here and read zero."""
        uuid = self._uuid or loaded_uuid(management_function(self._context, index))
        if uuid is None:
            raise fail(errno.ENODATA, "the management function does not say what is loaded; give uuid")
        return IcapData(uuid=uuid)

    def load_xclbin(self, index: int, axlf: bytes) -> int:
        self._context.log(f"refused a download of {len(axlf)} bytes from user function {index}")
        raise fail(errno.EPERM, "nothing may be downloaded to a preloaded card")


def plugin(context: PluginContext) -> PreloadedPlugin:
    """For `--plugin pydriver.daemons.plugins.preloaded`."""
    return PreloadedPlugin()
