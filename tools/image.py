# SPDX-License-Identifier: Apache-2.0
"""What is in an xclbin of our shell: compute units in slots, memories, header values.

`read_image` takes it from an `image.toml` (docs/bring_your_own.md), tests build an `Image` on the fly.
`sections` makes MEM_TOPOLOGY, IP_LAYOUT, CONNECTIVITY, clocks and kernel metadata of it; kernels come from
their descriptions, so nothing about them is repeated here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydriver.regs import device_mem, user_bar
from pydriver.xclbin import NEXT_DESCRIPTOR, Content, SectionKind
from pydriver.xclbin.errors import invalid
from pydriver.xclbin.kinds import ClockType, IpType, MemType
from pydriver.xclbin.sections import (
    ClockFreq,
    Connection,
    Ip,
    MemBank,
    encode_clock_topology,
    encode_connectivity,
    encode_ip_layout,
    encode_mem_topology,
    kernel_properties,
)
from tools.kernels import Argument, Description, DescriptionError, Kind, load_all, metadata

KERNELS = Path(__file__).resolve().parent.parent / "kernels"
MAX_SLOTS = len(user_bar.CU)
SMALLEST_CARD = 4
"""Slots of the smallest card: an image names at least these."""

MEMORIES = (
    MemBank(MemType.MEM_DDR4, True, device_mem.DDR0.size // 1024, device_mem.DDR0.base, "bank0"),
    MemBank(MemType.MEM_DDR4, True, device_mem.DDR1.size // 1024, device_mem.DDR1.base, "bank1"),
    MemBank(MemType.MEM_DDR4, True, device_mem.PLRAM.size // 1024, device_mem.PLRAM.base, "PLRAM[0]"),
)
CLOCKS = (ClockFreq(300, ClockType.DATA, "DATA_CLK"), ClockFreq(500, ClockType.KERNEL, "KERNEL_CLK"))

DESCRIPTOR_MEMORY = "PLRAM[0]"
"""XRT expects descriptors of fast adapters in PLRAM; its driver keeps 128 KiB for them, here all of it."""

_NAME = re.compile(r"[A-Za-z_]\w*")

Memory = str | Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class ComputeUnit:
    """One instance of a kernel.

    `name` "" becomes <kernel>_<n>; `slot` None is the first free one. `memory` is a tag for every buffer
    argument, or tags by the argument's name. A fast adapter's descriptors are in `DESCRIPTOR_MEMORY` unless
    `memory` names `nextDescriptorAddr`.
    """

    kernel: str
    name: str = ""
    slot: int | None = None
    memory: Memory = "bank0"


@dataclass(frozen=True)
class Image:
    """An xclbin. `kernel_folders` are searched for kernels besides those of the project."""

    compute_units: Sequence[ComputeUnit]
    design: str = "cardloop"
    platform_vbnv: str = "xilinx_u200_xdma_201830_2"
    feature_rom_timestamp: int = 1561465320
    mode: str = "PR"
    version: str = "2.13.466"
    part: str = "xcu200-fsgd2104-2-e"
    kernel_folders: Sequence[Path] = ()
    memories: Sequence[MemBank] = field(default=MEMORIES)


@dataclass(frozen=True)
class Placed:
    """A compute unit with everything decided."""

    kernel: Description
    name: str
    slot: int
    memory: Memory

    @property
    def base(self) -> int:
        """Offset in the user BAR."""
        return user_bar.CU[self.slot].base


def place(image: Image) -> tuple[Placed, ...]:
    """Slots and names of the compute units, in the order of the image.

    Units without a slot take the lowest free ones, those that need a full slot first, since only the first
    slots of a card are full. Raises `OSError(EINVAL)` for an unknown kernel, a slot or name used twice, too
    many units.
    """
    try:
        known = {kernel.name: kernel for kernel in load_all([KERNELS, *image.kernel_folders])}
    except DescriptionError as error:
        raise invalid(str(error)) from None
    units = list(image.compute_units)
    for unit in units:
        if unit.kernel not in known:
            raise invalid(f"there is no kernel {unit.kernel}; known: {', '.join(known)}")
    slots: dict[int, int] = {}  # unit -> slot
    for index, unit in enumerate(units):
        if unit.slot is not None:
            if not 0 <= unit.slot < MAX_SLOTS:
                raise invalid(f"slot {unit.slot} of {unit.kernel} is outside 0..{MAX_SLOTS - 1}")
            if unit.slot in slots.values():
                raise invalid(f"two compute units are in slot {unit.slot}")
            slots[index] = unit.slot
    free = [slot for slot in range(MAX_SLOTS) if slot not in slots.values()]
    waiting = [index for index in range(len(units)) if index not in slots]
    if len(waiting) > len(free):
        raise invalid(f"{len(units)} compute units, there are {MAX_SLOTS} slots")
    waiting.sort(key=lambda index: known[units[index].kernel].light)
    slots.update(zip(waiting, free, strict=False))
    placed, numbers = [], dict.fromkeys(known, 0)
    for index, unit in enumerate(units):
        numbers[unit.kernel] += 1
        name = unit.name or f"{unit.kernel}_{numbers[unit.kernel]}"
        placed.append(Placed(known[unit.kernel], name, slots[index], unit.memory))
    names = [unit.name for unit in placed]
    for name in names:
        if not _NAME.fullmatch(name):
            raise invalid(f"the compute unit {name!r} must be called by letters, digits and _")
        if names.count(name) > 1:
            raise invalid(f"two compute units are called {name}")
    return tuple(placed)


def slot_kernels(placed: Sequence[Placed]) -> list[int]:
    """The kernel type id of every slot up to the last one used, 0 for an empty one."""
    kernels = [0] * max(SMALLEST_CARD, *(unit.slot + 1 for unit in placed), 0)
    for unit in placed:
        kernels[unit.slot] = unit.kernel.type_id
    return kernels


def sections(image: Image, placed: Sequence[Placed]) -> list[Content]:
    """The sections of the image, without the bitstream."""
    # The card wires the line of the n-th unit, by slot, to n (hdl/shell/unit_lines.sv).
    lines = {slot: line for line, slot in enumerate(sorted(unit.slot for unit in placed))}
    ips = [
        Ip(
            IpType.IP_KERNEL,
            kernel_properties(unit.kernel.protocol.ip_control, lines[unit.slot], unit.kernel.interrupt),
            unit.base,
            f"{unit.kernel.name}:{unit.name}",
        )
        for unit in placed
    ]
    kernels = {unit.kernel.name: unit.kernel for unit in placed}
    instances = {
        name: [(unit.name, unit.base) for unit in placed if unit.kernel.name == name] for name in kernels
    }
    xml = metadata.render(image.design, image.feature_rom_timestamp, tuple(kernels.values()), instances)
    return [
        Content(SectionKind.EMBEDDED_METADATA, xml.encode(), "meta"),
        Content(SectionKind.MEM_TOPOLOGY, encode_mem_topology(image.memories), "mem"),
        Content(SectionKind.IP_LAYOUT, encode_ip_layout(ips), "ip"),
        Content(SectionKind.CONNECTIVITY, encode_connectivity(_connections(image, placed)), "conn"),
        Content(SectionKind.CLOCK_FREQ_TOPOLOGY, encode_clock_topology(CLOCKS), "clk"),
    ]


def _connections(image: Image, placed: Sequence[Placed]) -> list[Connection]:
    tags = [bank.tag for bank in image.memories]
    found = []
    for ip, unit in enumerate(placed):
        buffers = [a for a in unit.kernel.arguments if a.kind is Kind.BUFFER]
        if not isinstance(unit.memory, str):
            unknown = sorted(set(unit.memory) - {a.name for a in buffers})
            if unknown:
                raise invalid(f"{unit.name}: {', '.join(unknown)} is no buffer of {unit.kernel.name}")
        for argument in buffers:
            chosen = _memory_of(unit, argument)
            for tag in [chosen] if isinstance(chosen, str) else chosen:
                if tag not in tags:
                    raise invalid(f"{unit.name}: there is no memory {tag}; known: {', '.join(tags)}")
                found.append(Connection(argument.index, ip, tags.index(tag)))
    return found


def _memory_of(unit: Placed, argument: Argument) -> str | Sequence[str]:
    descriptors = argument.name == NEXT_DESCRIPTOR
    if isinstance(unit.memory, str):
        return DESCRIPTOR_MEMORY if descriptors else unit.memory
    return unit.memory.get(argument.name, DESCRIPTOR_MEMORY if descriptors else "bank0")


# ------------------------------------------------------------------------------------------ image.toml


def read_image(file: Path) -> Image:
    """Read an image.toml. Raises `OSError`: EINVAL naming file and key, ENOENT for a missing file."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise invalid(f"{file}: not valid TOML: {error}") from None
    texts = ("design", "platform_vbnv", "mode", "version", "part")
    _known(file, "", table, {*texts, "feature_rom_timestamp", "kernels", "memory", "compute_unit"})
    values: dict[str, Any] = {key: _value(file, key, table, str) for key in texts if key in table}
    if "feature_rom_timestamp" in table:
        values["feature_rom_timestamp"] = _value(file, "feature_rom_timestamp", table, int)
    values["kernel_folders"] = tuple(
        (file.parent / str(folder)).resolve() for folder in _value(file, "kernels", table, list, [])
    )
    if "memory" in table:
        values["memories"] = tuple(_bank(file, row) for row in _rows(file, "memory", table))
    units = [unit for row in _rows(file, "compute_unit", table) for unit in _units(file, row)]
    return Image(units, **values)


def _units(file: Path, row: dict[str, Any]) -> list[ComputeUnit]:
    where = "compute_unit: "
    _known(file, where, row, {"kernel", "name", "count", "slot", "memory"})
    kernel = _value(file, f"{where}kernel", row, str)
    count = _value(file, f"{where}count", row, int, 1)
    memory = row.get("memory", "bank0")
    if not isinstance(memory, str | dict):
        raise invalid(f"{file}: {where}memory: must be a tag or a table of tags, not {memory!r}")
    for argument, tags in memory.items() if isinstance(memory, dict) else ():
        if not all(isinstance(tag, str) for tag in (tags if isinstance(tags, list) else [tags])):
            raise invalid(f"{file}: {where}memory: {argument}: must be a tag or a list of tags, not {tags!r}")
    if not 1 <= count <= MAX_SLOTS:
        raise invalid(f"{file}: {where}count: {count} is outside 1..{MAX_SLOTS}")
    if count != 1 and ("name" in row or "slot" in row):
        raise invalid(f"{file}: {where}count: several units cannot share a name or a slot")
    name = _value(file, f"{where}name", row, str, "")
    slot = _value(file, f"{where}slot", row, int) if "slot" in row else None
    return [ComputeUnit(kernel, name, slot, memory)] * count


def _bank(file: Path, row: dict[str, Any]) -> MemBank:
    where = "memory: "
    _known(file, where, row, {"tag", "type", "size_kb", "base"})
    kind = _value(file, f"{where}type", row, str, "MEM_DDR4")
    if kind not in MemType.__members__:
        raise invalid(f"{file}: {where}type: {kind!r} is no type of memory")
    size, base = (_value(file, f"{where}{key}", row, int) for key in ("size_kb", "base"))
    return MemBank(MemType[kind], True, size, base, _value(file, f"{where}tag", row, str))


def _rows(file: Path, key: str, table: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _value(file, key, table, list)
    if not all(isinstance(row, dict) for row in rows):
        raise invalid(f"{file}: {key}: write each one as a [[{key}]] table")
    return rows


def _known(file: Path, where: str, table: dict[str, Any], known: set[str]) -> None:
    for key in table:
        if key not in known:
            raise invalid(f"{file}: {where}{key}: unknown key; there are: {', '.join(sorted(known))}")


def _value(file: Path, key: str, table: dict[str, Any], kind: type, default: Any = None) -> Any:
    value = table.get(key.rpartition(" ")[2], default)
    if value is None:
        raise invalid(f"{file}: {key}: is missing")
    if not isinstance(value, kind) or isinstance(value, bool):
        raise invalid(f"{file}: {key}: must be {kind.__name__}, not {value!r}")
    return value
