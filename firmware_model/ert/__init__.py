# SPDX-License-Identifier: Apache-2.0
"""The embedded scheduler (ERT): behaviour of the vendor's v20 and v30 firmware on the processor's bus.

`scheduler` is the loop; `cached` and `watched` are its two other ways to get commands, `start` and `special`
what it does with them, `unit_interrupts` and `self_test` what v30 has more. `differences` lists liberties.
"""

from firmware_model.ert.memory_map import CARD, MemoryMap
from firmware_model.ert.options import Options
from firmware_model.ert.scheduler import Scheduler
from firmware_model.ert.v20 import SchedulerV20
from firmware_model.ert.v30 import SchedulerV30

__all__ = ["CARD", "MemoryMap", "Options", "Scheduler", "SchedulerV20", "SchedulerV30"]
