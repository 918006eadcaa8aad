# SPDX-License-Identifier: Apache-2.0
"""Who uses the loaded image: the reference count per uuid and the writer lock (XRT ICAP contract §2.3)."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from pydriver.errors import fail
from pydriver.xclbin import NULL_UUID


class Bitstream:
    """The uuid of the loaded image (null: none), its reference count and the writer."""

    def __init__(self) -> None:
        self.uuid = NULL_UUID
        self.references = 0
        self._writing = False

    @property
    def in_use(self) -> bool:
        return self.references > 0

    @property
    def writing(self) -> bool:
        """A download is going on."""
        return self._writing

    def lock(self, uuid: bytes) -> None:
        """Count one more user. Raises EINVAL for the null uuid, EBUSY when it is not the loaded one."""
        if uuid == NULL_UUID:
            raise fail(errno.EINVAL, "the null uuid cannot be locked")
        if uuid != self.uuid:
            raise fail(errno.EBUSY, f"{uuid.hex()} is not loaded, {self.uuid.hex()} is")
        self.references += 1

    def unlock(self, uuid: bytes) -> None:
        """Count one user less; the null uuid resets the count. Raises EINVAL for another uuid."""
        if uuid == NULL_UUID:
            self.references = 0
        elif uuid != self.uuid:
            raise fail(errno.EINVAL, f"{uuid.hex()} is not loaded, {self.uuid.hex()} is")
        else:
            self.references = max(0, self.references - 1)

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Exclude other downloads. Raises EBUSY when one is in."""
        if self._writing:
            raise fail(errno.EBUSY, "another download is going on")
        self._writing = True
        try:
            yield
        finally:
            self._writing = False
