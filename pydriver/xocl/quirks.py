# SPDX-License-Identifier: Apache-2.0
"""What the real driver does and this one does only when it is asked to (`KdsOptions.quirks`).

A documented behaviour of the real driver that harms only the process that asks for it is always there. One
that lets a process harm another one, lose commands, or take the kernel down is here: off by default.
"""

from __future__ import annotations

from enum import Enum


class Quirk(Enum):
    """One behaviour of XRT 2.13 each, with the safe one instead of it."""

    HALF_MADE_CLIENT = "half-made client"
    """XRT KDS contract §1 (a): a first context that fails in the bitstream lock leaves a client that opens
    units without holding the image, so that an image can be loaded under its commands. Safe: a first context
    that fails leaves nothing, and the next one locks."""

    NULL_CONTEXT = "null context"
    """XRT KDS contract §1 (b): EXECBUF or a context FREE before any context was opened reads through a null
    pointer: `KernelOops`, which ends the process. Safe: EINVAL."""

    EXTRA_MASK_BYTES = "extra mask bytes"
    """XRT KDS contract §2: only as many *bytes* of the extra masks count as there are extra mask words, so
    that units from 56 on can never be chosen. Safe: all words count, 128 units can be used."""

    STICKY_BAD_COMMAND = "sticky bad command"
    """XRT ERT contract §7: one aborted command aborts every later one in the run queue, whoever owns it.
    Safe: only the aborted client's commands go."""

    KEY_VAL_AS_REGISTER_MAP = "key-value as register map"
    """XRT ERT contract §5: START_KEY_VAL reaches the embedded scheduler unchanged, which takes the pairs for
    a register map and writes wrong arguments. Safe: in the slot it is an EXEC_WRITE, whose pairs the firmware
    understands."""

    REUSED_SLOTS = "reused slots"
    """XRT ERT contract §7: the slot of a timed-out command is free at once, so the late answer of the card
    completes whatever newer command is in it. Safe: the slot is used again when the late answer has come or
    the scheduler has been configured again."""

    SPECIAL_FOR_EVER = "special commands for ever"
    """XRT ERT contract §5 and §7: a special command that the firmware does not know stays in slot 0 until its
    client goes, and with it every special command of everybody, the configuration of the next image too.
    Safe: TIMEOUT after 3 s, as for a configuration."""

    SOFT_KERNEL_WITHOUT_UNITS = "soft kernel without units"
    """XRT KDS contract §2: SK_START is sent to the embedded scheduler even when the image has no PS kernel;
    one that has none never answers, and a client takes slots from all others. Safe: EINVAL."""


class KernelOops(Exception):
    """The real kernel would have stumbled over the process: only with `Quirk.NULL_CONTEXT`."""
