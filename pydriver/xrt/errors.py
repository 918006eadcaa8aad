# SPDX-License-Identifier: Apache-2.0
"""The error of a command that did not complete."""

from __future__ import annotations

import errno

from pydriver.errors import DriverError
from pydriver.ert import State


class CommandError(DriverError):
    """EIO; `state` is the state in which the command ended (`xrt::run::command_error`)."""

    def __init__(self, state: State) -> None:
        super().__init__(errno.EIO, f"the command failed to complete: {state.name}")
        self.state = state
