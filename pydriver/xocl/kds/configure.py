# SPDX-License-Identifier: Apache-2.0
"""What the embedded scheduler is told at the load of an image. Source: XRT ERT contract §4.1."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from pydriver import ert
from pydriver.errors import fail
from pydriver.ert import Feature
from pydriver.xocl.cu import ComputeUnit

MIN_SLOT_SIZE = 512
MAX_SLOT_SIZE = 4096
SLOT_OVERHEAD = 64
MAX_SLOTS = 128
CUDMA_SLOTS = 32
PROTOCOL_MASK = 0xFF
MAX_MAJOR = 3


@dataclass(frozen=True)
class KdsFlags:
    """What the loader of an image asks of the scheduler (the READ_AXLF flags; XRT ERT contract §4.1).

    `cu_isr` counts only when every unit of the image has an interrupt; the stock runtime asks for it then
    only, too.
    """

    ert: bool = True
    polling: bool = False
    cu_dma: bool = True
    cu_isr: bool = False
    cq_int: bool = False
    dataflow: bool = False
    rw_shared: bool = False


@dataclass(frozen=True)
class BoardTraits:
    """What the driver knows about the board.

    `cudma_off` boards never start units by CUDMA. `cu_interrupts`: units can interrupt the host. `ert_major`:
    generation of the embedded scheduler's hardware. `kdma`: address of the shell's copy unit in the user BAR,
    None when it has none.
    """

    dsa52: bool = True
    cudma_off: bool = False
    cu_interrupts: bool = True
    ert_major: int = 3
    kdma: int | None = None


@dataclass
class ErtSwitches:
    """What an administrator adds to the configuration (`ert_dmsg`, `ert_echo`, `ert_intr`)."""

    dmsg: bool = False
    echo: bool = False
    intr: bool = False


@dataclass(frozen=True)
class ErtConfiguration:
    """`packet` configures the embedded scheduler for slots of `slot_size` bytes.

    `max_packet` is the longest packet the driver takes from applications: the slot as KDS asks for it, before
    the queue is cut into fewer, larger ones.
    """

    packet: bytes
    slot_size: int
    max_packet: int
    polling: bool


def max_packet(cus: Sequence[ComputeUnit]) -> int:
    """Bytes of a slot as the units need it."""
    needed = max((cu.regmap_size for cu in cus), default=0) + SLOT_OVERHEAD
    return min(max(MIN_SLOT_SIZE, needed), MAX_SLOT_SIZE)


def configuration(
    cus: Sequence[ComputeUnit],
    flags: KdsFlags,
    traits: BoardTraits,
    switches: ErtSwitches,
    queue_size: int,
) -> ErtConfiguration:
    """The CONFIGURE packet for a queue of `queue_size` bytes.

    Raises EINVAL for a slot size that is no multiple of 4 bytes, and for an unknown ERT.
    """
    if traits.ert_major > MAX_MAJOR:
        raise fail(errno.EINVAL, f"version {traits.ert_major} of the embedded scheduler is not known")
    asked = max_packet(cus)
    if asked % 4:
        raise fail(errno.EINVAL, f"a slot of {asked} bytes is not whole words")
    size = max(asked, queue_size // MAX_SLOTS)
    if flags.cu_dma and not flags.dataflow and queue_size // size > CUDMA_SLOTS and not traits.cudma_off:
        # CUDMA cannot start units for slots from 32 on.
        size = queue_size // CUDMA_SLOTS
    # The protocol stands in the low byte of a unit's word and is masked out again before it is sent, so the
    # firmware takes every unit for AP_CTRL_HS.
    words = [(cu.address | cu.control) & ~PROTOCOL_MASK for cu in cus]
    packet = ert.configure(size, words, _features(cus, flags, traits, switches))
    return ErtConfiguration(packet, size, asked, flags.polling)


def _features(
    cus: Sequence[ComputeUnit], flags: KdsFlags, traits: BoardTraits, switches: ErtSwitches
) -> Feature:
    cu_isr = flags.cu_isr and all(cu.interrupt for cu in cus)
    chosen = [
        (True, Feature.ERT | Feature.KDS_30),
        (flags.polling, Feature.POLLING),
        (flags.cu_dma and not traits.cudma_off, Feature.CU_DMA),
        (cu_isr, Feature.CU_ISR),
        (flags.cq_int, Feature.CQ_INT),
        (traits.kdma is not None, Feature.CDMA),
        (flags.dataflow, Feature.DATAFLOW),
        (flags.rw_shared, Feature.RW_SHARED),
        (switches.dmsg, Feature.DMSG),
        (switches.echo, Feature.ECHO),
        (switches.intr, Feature.INTR),
        (traits.dsa52, Feature.DSA52),
    ]
    features = Feature(0)
    for wanted, feature in chosen:
        if wanted:
            features |= feature
    return features
