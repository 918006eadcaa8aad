# SPDX-License-Identifier: Apache-2.0
"""Texts of the scheduler in sysfs. Source: XRT KDS contract §5."""

from __future__ import annotations

from collections.abc import Sequence

from pydriver.xocl.cu import ComputeUnit

SLOT = 0
"""Only one image is loaded at a time."""


def custat(cus: Sequence[ComputeUnit]) -> str:
    """`kds_custat_raw`: a line per unit, slot,index,kernel:instance,address,status,usage.

    The status is CTRL as the driver last read it; under the embedded scheduler it does not, and idle stands.
    """
    return "".join(f"{SLOT},{cu.index},{cu.name},{cu.address:#x},{cu.status:#x},{cu.usage}\n" for cu in cus)


def kds_stat(cus: Sequence[ComputeUnit], capable: bool, by_units: bool, interrupt_on: bool) -> str:
    """`kds_stat`. `capable`: units can interrupt the host; `by_units`: they are asked to; `interrupt_on`:
    they do."""
    lines = [
        f"CU to host interrupt capability: {int(capable)}",
        f"Interrupt mode: {'cu' if by_units else 'ert'}",
        f"Number of CUs: {len(cus)}",
    ]
    for cu in cus:
        enabled = "enable" if interrupt_on and cu.interrupt else "disable"
        context = f"shared({int(not cu.exclusive)}) refcnt({cu.sharers})"
        lines.append(f"  CU[{cu.index}] usage({cu.usage}) {context} intr({enabled})")
    return "\n".join(lines) + "\n"
