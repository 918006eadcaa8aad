# SPDX-License-Identifier: Apache-2.0
"""Small faults, put on purpose into RTL, drivers and daemons, and the test that must find each."""

from __future__ import annotations

from tests.mutation import (
    mutants_daemons,
    mutants_drivers,
    mutants_mailbox,
    mutants_rtl,
    mutants_work_host,
    mutants_work_rtl,
)

MUTANTS = (
    mutants_rtl.MUTANTS
    + mutants_work_rtl.MUTANTS
    + mutants_drivers.MUTANTS
    + mutants_work_host.MUTANTS
    + mutants_mailbox.MUTANTS
    + mutants_daemons.MUTANTS
)
