# SPDX-License-Identifier: Apache-2.0
"""A compute unit as the drivers see it. Source: XRT compute unit contract §1 and §4, KDS contract §1, §5."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_STATUS = 0


@dataclass
class ComputeUnit:
    """One unit of the loaded image.

    `index` is the CU index, `address` an offset in the user BAR, `control` the protocol (`IpControl`),
    `regmap_size` bytes of register space that the arguments reach. `usage` counts dispatched commands,
    `running` those that are not finished. `sharers` and `exclusive` are the open contexts. `interrupt`: the
    unit has an interrupt output, input `interrupt_id` of the interrupt controllers. `sw_reset`: its kernel
    has the software reset. `status` is CTRL as last read, as far as the driver has read it. `user_managed`:
    a client has its interrupt, so commands are refused. `argument_sizes`: bytes of each argument, for the
    descriptors of a fast adapter.
    """

    index: int
    name: str
    address: int
    control: int
    interrupt_id: int
    regmap_size: int
    usage: int = 0
    running: int = 0
    sharers: int = 0
    exclusive: bool = False
    fast_adapter: bool = False
    sw_reset: bool = False
    interrupt: bool = False
    status: int = UNKNOWN_STATUS
    user_managed: bool = False
    argument_sizes: tuple[int, ...] = ()
