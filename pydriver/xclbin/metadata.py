# SPDX-License-Identifier: Apache-2.0
"""Kernel metadata: the XML of EMBEDDED_METADATA in the form Vitis writes.

The drivers never look at it, user space finds argument offsets here. Document types and entities are
refused, and one pass of expat keeps nothing but kernels, so a hostile document costs no more than its
length. Source: XRT xclbin contract §4; the attributes that `xrt::xclbin` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn
from xml.parsers import expat

from .errors import invalid

NO_INDEX = -1
"""Index of an argument that the host does not set (empty `id`)."""

NEXT_DESCRIPTOR = "nextDescriptorAddr"
"""The last argument of a kernel behind a fast adapter, which the adapter sets: it leads to the memory of the
descriptors (XRT's KDS and `xrt::run` leave it out of a descriptor)."""

MAX_ITEMS = 65536
"""Kernels, ports, arguments and instances in one document."""

MAX_DEPTH = 64

_PATH = ["project", "platform", "device", "core", "kernel"]


class MailboxType(Enum):
    """Direction of a kernel's mailbox: `IN` can be written by the host, `OUT` read."""

    NONE = "none"
    IN = "in"
    OUT = "out"
    INOUT = "inout"


_MAILBOX_WORDS = {
    "none": MailboxType.NONE,
    "false": MailboxType.NONE,
    "in": MailboxType.IN,
    "out": MailboxType.OUT,
    "inout": MailboxType.INOUT,
    "both": MailboxType.INOUT,
    "true": MailboxType.INOUT,
}


@dataclass(frozen=True, slots=True)
class KernelArg:
    """One argument. `offset` is in the CU's register space, `size` in bytes.

    `address_qualifier`: 0 scalar, 1 global memory, 2 constant, 3 local, 4 stream.
    """

    name: str
    index: int
    address_qualifier: int
    offset: int
    size: int
    type: str
    port: str
    host_size: int = 0

    @property
    def is_global(self) -> bool:
        return self.address_qualifier == 1

    @property
    def is_scalar(self) -> bool:
        return self.address_qualifier == 0


@dataclass(frozen=True, slots=True)
class Port:
    """One AXI port. `mode` is "master", "slave", "read_only" or "write_only"; `range` in bytes."""

    name: str
    mode: str
    range: int
    data_width: int
    type: str


@dataclass(frozen=True, slots=True)
class Instance:
    """One compute unit as the metadata place it."""

    name: str
    base: int
    range: int


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel. `args` are sorted by index; `attributes` are those of the XML element."""

    name: str
    args: tuple[KernelArg, ...]
    instances: tuple[Instance, ...]
    ports: tuple[Port, ...]
    attributes: Mapping[str, str]

    @property
    def address_range(self) -> int:
        """Bytes of register space: the range of the slave port (0 without one)."""
        return max((port.range for port in self.ports if port.mode == "slave"), default=0)

    @property
    def mailbox(self) -> MailboxType:
        """XML attribute `mailbox`. Raises `OSError(EINVAL)` for a word that is none of its values."""
        word = self.attributes.get("mailbox", "none")
        if word not in _MAILBOX_WORDS:
            known = ", ".join(_MAILBOX_WORDS)
            raise invalid(f"kernel {self.name} has mailbox={word[:32]!r}; known: {known}")
        return _MAILBOX_WORDS[word]

    @property
    def counted_auto_restart(self) -> int:
        """XML attribute `countedAutoRestart`: how many counters, 0 for none. Raises `OSError(EINVAL)`."""
        text = self.attributes.get("countedAutoRestart", "0")
        try:
            number = int(text, 0) if len(text) <= 32 else -1
        except ValueError:
            number = -1
        if number < 0:
            raise invalid(f"kernel {self.name} has countedAutoRestart={text[:32]!r}, which is no number")
        return number

    @property
    def sw_reset(self) -> bool:
        """XML attribute `swReset`: CTRL bit 8 resets the kernel."""
        return self.attributes.get("swReset", "false") in ("true", "1")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The whole document."""

    project: str
    platform: Mapping[str, str]
    fpga_device: str
    kernels: tuple[Kernel, ...]


@dataclass(slots=True)
class _Partial:
    """A kernel whose end tag has not come yet."""

    attributes: dict[str, str]
    args: list[KernelArg] = field(default_factory=list)
    ports: list[Port] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)


def parse_metadata(data: bytes) -> Metadata:
    """Read the XML. Raises `OSError(EINVAL)` naming the line of the fault."""
    return _Reader().read(data.rstrip(b"\0"))


class _Reader:
    def __init__(self) -> None:
        # The encoding is fixed: readers in the field treat the document as bytes.
        self._expat = expat.ParserCreate("utf-8")
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.StartDoctypeDeclHandler = self._doctype
        self._stack: list[str] = []
        self._items = 0
        self._project = ""
        self._platform: dict[str, str] = {}
        self._fpga_device = ""
        self._kernel: _Partial | None = None
        self._kernels: list[Kernel] = []
        self._children: dict[str, Callable[[_Partial, dict[str, str]], None]] = {
            "arg": self._arg,
            "port": self._port,
            "instance": self._instance,
            "addrRemap": self._remap,
        }

    def read(self, data: bytes) -> Metadata:
        try:
            self._expat.Parse(data, True)
        except expat.ExpatError as error:
            raise invalid(f"the kernel metadata are not well-formed XML: {error}") from None
        return Metadata(self._project, self._platform, self._fpga_device, tuple(self._kernels))

    def _doctype(self, name: str, *_: object) -> None:
        self._refuse(f"it declares a document type {name!r}, which metadata never have")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        depth = len(self._stack)
        self._stack.append(tag)
        if depth >= MAX_DEPTH:
            self._refuse(f"elements are nested deeper than {MAX_DEPTH}")
        if self._kernel is not None:
            parents = {5: ("arg", "port", "instance"), 6: ("addrRemap",)}.get(depth, ())
            if tag in parents and (depth == 5 or self._stack[5] == "instance"):
                self._count()
                self._children[tag](self._kernel, attributes)
        elif self._stack == _PATH[: depth + 1]:
            self._descend(tag, attributes)

    def _descend(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "project":
            self._project = attributes.get("name", "")
        elif tag == "platform":
            self._platform = attributes
        elif tag == "device":
            self._fpga_device = attributes.get("fpgaDevice", "")
        elif tag == "kernel":
            self._count()
            self._kernel = _Partial(attributes)

    def _end(self, tag: str) -> None:
        self._stack.pop()
        kernel = self._kernel
        if kernel is not None and tag == "kernel" and len(self._stack) == 4:
            self._kernel = None
            self._kernels.append(
                Kernel(
                    kernel.attributes.get("name", ""),
                    # A missing index sorts last; the sort keeps the order of the document otherwise.
                    tuple(sorted(kernel.args, key=lambda arg: arg.index if arg.index >= 0 else 1 << 32)),
                    tuple(kernel.instances),
                    tuple(kernel.ports),
                    kernel.attributes,
                )
            )

    def _arg(self, kernel: _Partial, attributes: dict[str, str]) -> None:
        index = attributes.get("id", "")
        qualifier = attributes.get("addressQualifier", "0")
        kernel.args.append(
            KernelArg(
                name=attributes.get("name", ""),
                index=self._number(index, "id", 32) if index else NO_INDEX,
                address_qualifier=self._number(qualifier, "addressQualifier", 32),
                offset=self._number(attributes.get("offset", "0"), "offset", 64),
                size=self._number(attributes.get("size", "0"), "size", 64),
                type=attributes.get("type", ""),
                port=attributes.get("port", ""),
                host_size=self._number(attributes.get("hostSize", "0"), "hostSize", 64),
            )
        )

    def _port(self, kernel: _Partial, attributes: dict[str, str]) -> None:
        kernel.ports.append(
            Port(
                name=attributes.get("name", ""),
                mode=attributes.get("mode", ""),
                range=self._number(attributes.get("range", "0"), "range", 64),
                data_width=self._number(attributes.get("dataWidth", "0"), "dataWidth", 32),
                type=attributes.get("portType", ""),
            )
        )

    def _instance(self, kernel: _Partial, attributes: dict[str, str]) -> None:
        kernel.instances.append(Instance(attributes.get("name", ""), 0, 0))

    def _remap(self, kernel: _Partial, attributes: dict[str, str]) -> None:
        kernel.instances[-1] = Instance(
            kernel.instances[-1].name,
            self._number(attributes.get("base", "0"), "base", 64),
            self._number(attributes.get("range", "0"), "range", 64),
        )

    def _count(self) -> None:
        self._items += 1
        if self._items > MAX_ITEMS:
            self._refuse(f"there are more than {MAX_ITEMS} kernels, ports, arguments and instances")

    def _number(self, value: str, what: str, bits: int) -> int:
        if not value:  # stream arguments have empty offsets
            return 0
        try:
            # Long digit strings are refused before they cost time.
            number = int(value, 0) if len(value) <= 32 else -1
        except ValueError:
            number = -1
        if not 0 <= number < 1 << bits:
            self._refuse(f"{what}={value[:32]!r} is not a number of {bits} bits")
        return number

    def _refuse(self, reason: str) -> NoReturn:
        raise invalid(f"the kernel metadata are refused at line {self._expat.CurrentLineNumber}: {reason}")
