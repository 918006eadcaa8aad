# SPDX-License-Identifier: Apache-2.0
"""The one kind of error the drivers raise: an errno with a sentence that names the cause."""

from __future__ import annotations

import errno as _errno


class DriverError(OSError):
    """`errno` is the positive number the real driver returns negated; `strerror` is the sentence."""

    @property
    def name(self) -> str:
        """The symbolic name, for example ``EINVAL``."""
        return _errno.errorcode.get(self.errno or 0, str(self.errno))


def fail(code: int, sentence: str) -> DriverError:
    """Make a `DriverError` to raise: ``raise fail(errno.EINVAL, "the uuid is null")``."""
    return DriverError(code, sentence)


def result_code(error: OSError) -> int:
    """The negative errno that goes into a mailbox response for `error` (EIO if it has none)."""
    return -(error.errno or _errno.EIO)
