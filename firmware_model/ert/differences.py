# SPDX-License-Identifier: Apache-2.0
"""Where the model does not do what the vendor's firmware does: the whole list, for `docs/ert_firmware.md`.

What is not here is compared against the vendor's own program by `tests/interop`.
"""

from __future__ import annotations

from enum import Enum


class Difference(Enum):
    """Name and what is different."""

    HEADERS_ON_DEMAND = "A free slot's header is read after the host wrote there, not in every pass."
    UNITS_WITH_PAUSE = "A running unit is read once per pause; a unit that is not running is never read."
    WAITING_IS_SILENT = "A command that waits for its unit, and an ABORT that stays, cost no bus access."
    UNKNOWN_UNIT = "A unit index outside the configuration never starts; the vendor's goes to address 0."
    LIMITS = "At most 128 slots and 128 units are used, and a register map is never shorter than 0 words."
    DOORBELL_WORDS = (
        "All four doorbell and unit status words are read, so that no stale bit keeps interrupting; bits of "
        "slots that are not there are dropped. The vendor's goes to such a slot's place in an earlier "
        "configuration."
    )
    STALE_INTERRUPT = (
        "An interrupt that is not the end of a command (one left over, or after an ABORT) is taken back and "
        "ignored; the vendor's leaves its tables or ends the next command early."
    )
    DATAFLOW_ISR = (
        "Dataflow with CUISR: interrupts alone end commands; the vendor's ends some twice and loses the unit."
    )
    ECHO_ONCE = "v30 echo with interrupts answers a header once per write; the vendor's in every pass."
    ONE_UNIT = "v30 with one unit takes its interrupt from its own bit (the vendor's bit 1 is an option)."
    SLEEP = "v30 sleeps after EXIT as on the card; the vendor's emulation build does not."
    ACCESS_TEST_NONE = "v30's access test leaves units without registers out; the vendor's reads address 0."
    VALIDATE_DONE = (
        "MB_VALIDATE reads the first unit's control register, which may clear the AP_DONE of a running "
        "command: the model reports that command, the vendor's loses it."
    )
    PLACES = "v30 lives at this card's legacy addresses; it has no base register and no cycle counter there."
