# SPDX-License-Identifier: Apache-2.0
"""The driver's records of asynchronous errors (`xocl_errors`). Source: XRT error reference §3."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum

CAPACITY = 32


class ErrorNumber(IntEnum):
    """What happened."""

    FIREWALL_TRIP = 1
    TEMPERATURE_HIGH = 2
    KDS_CU = 13
    KDS_EXEC = 14


class ErrorDriver(IntEnum):
    """Who noticed."""

    XOCL = 1
    XCLMGMT = 2


class Severity(IntEnum):
    """How bad it is."""

    EMERGENCY = 1
    ALERT = 2
    CRITICAL = 3
    ERROR = 4


class Module(IntEnum):
    """Where it happened."""

    FIREWALL = 1
    CMC = 2


class ErrorClass(IntEnum):
    """What kind of thing it happened to."""

    SYSTEM = 1
    HARDWARE = 3


def error_code(
    number: ErrorNumber, driver: ErrorDriver, severity: Severity, module: Module, kind: ErrorClass
) -> int:
    """The 64-bit code: number in bits 15:0, driver 19:16, severity 27:24, module 35:32, class 43:40."""
    return number | driver << 16 | severity << 24 | module << 32 | kind << 40


FIREWALL_TRIPPED = error_code(
    ErrorNumber.FIREWALL_TRIP, ErrorDriver.XOCL, Severity.CRITICAL, Module.FIREWALL, ErrorClass.HARDWARE
)


@dataclass(frozen=True)
class ErrorRecord:
    """One error; `time_s` as the peer or the clock gave it, `pid` 0: not due to a process."""

    code: int
    time_s: int
    pid: int = 0


class ErrorRecords:
    """The last 32 errors, in order; a reset clears them."""

    def __init__(self) -> None:
        self._records: deque[ErrorRecord] = deque(maxlen=CAPACITY)

    def insert(self, record: ErrorRecord) -> None:
        """Remember `record`; the oldest goes when the place is used up."""
        self._records.append(record)

    def clear(self) -> None:
        """Forget all."""
        self._records.clear()

    @property
    def records(self) -> tuple[ErrorRecord, ...]:
        """Oldest first."""
        return tuple(self._records)

    def text(self) -> str:
        """One line per record: code, time in seconds, process."""
        return "".join(f"{r.code:#018x} {r.time_s} {r.pid}\n" for r in self._records)
