# SPDX-License-Identifier: Apache-2.0
"""What the card's PCIe front must do with a request, from the PCIe base specification and PG213.

The model works request by request: it says which accesses appear on the ports of the addressed
function, in order, and judges the completions. It knows one thing of the design beyond the
specifications: where a failing request stops touching memory (a read after the naturally aligned
min(max payload, 512) bytes that failed, a write after the 512 bytes that failed).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.models.pcie_tlp import Completion, Kind, Request, Status

OKAY, SLVERR, DECERR = 0, 2, 3
RCB = 128  # bytes; an endpoint's read completion boundary
BLOCK = 512  # bytes; bursts and completions stay inside
BEAT = 32  # bytes of the memory port

PORT_SIZE: Mapping[tuple[int, int], tuple[str, int]] = {
    (0, 0): ("mgmt", 1 << 25),
    (0, 2): ("mgmt_irq", 1 << 17),
    (1, 0): ("user", 1 << 25),
    (1, 2): ("user_irq", 1 << 16),
    (1, 4): ("mem", 1 << 28),
}


@dataclass(frozen=True)
class Access:
    """One AXI4-Lite access, or one beat of the memory port (address of its 32 bytes)."""

    port: str
    write: bool
    address: int
    data: int = 0  # written bytes only; disabled bytes are 0
    strobe: int = 0


def initial_byte(address: int) -> int:
    """What a byte that was never written reads as."""
    return (address * 0x9E3779B1 >> 13) & 0xFF


@dataclass
class Space:
    """The memory behind one port; `fault(address)` tells the response of an access or beat."""

    fault: Callable[[int], int] = lambda address: OKAY
    content: dict[int, int] = field(default_factory=dict)

    def read(self, address: int, count: int) -> int:
        """`count` bytes, little endian."""
        return sum(self.content.get(address + i, initial_byte(address + i)) << (8 * i) for i in range(count))

    def write(self, address: int, data: int, strobe: int, count: int) -> None:
        for index in range(count):
            if strobe >> index & 1:
                self.content[address + index] = data >> (8 * index) & 0xFF


def status_of(response: int) -> Status:
    """Completion status of an AXI response (PG194: DECERR is UR, SLVERR is CA)."""
    return {SLVERR: Status.CA, DECERR: Status.UR}.get(response, Status.SC)


def byte_count(first_be: int, last_be: int, length: int) -> int:
    """Bytes of a memory read from the first to the last enabled one; an empty read counts one."""
    enabled = [i for i in range(4) if first_be >> i & 1]
    if length == 1:
        return enabled[-1] - enabled[0] + 1 if enabled else 1
    return 4 * length - enabled[0] - (3 - max(i for i in range(4) if last_be >> i & 1))


def first_byte(first_be: int) -> int:
    """Offset of the first enabled byte in its dword; 0 for an empty read."""
    return next((i for i in range(4) if first_be >> i & 1), 0)


@dataclass
class Outcome:
    """What one request does: accesses in order, and what its completions must say."""

    request: Request
    accesses: list[Access] = field(default_factory=list)
    answered: bool = False
    status: Status = Status.SC
    data: list[int] = field(default_factory=list)  # dwords, up to the failing one
    failing: int | None = None  # first dword that can not be returned
    write_failed: bool = False
    unmapped_write: bool = False


class Completer:
    """Runs requests on its own copy of the memories."""

    def __init__(self, spaces: Mapping[str, Space], max_payload: int = 128) -> None:
        self.spaces = spaces
        self.max_payload = max_payload

    def run(self, request: Request) -> Outcome:
        """The outcome of a well-formed request."""
        outcome = Outcome(request, answered=not request.kind.posted)
        if request.kind in (Kind.MESSAGE, Kind.MESSAGE_VENDOR, Kind.MESSAGE_ATS):
            return outcome
        target = PORT_SIZE.get((request.function, request.bar))
        if request.kind not in (Kind.READ, Kind.WRITE) or target is None:
            outcome.status = Status.UR
            outcome.failing = 0
            outcome.unmapped_write = request.kind is Kind.WRITE
            return outcome
        port, size = target
        offset = request.address % size
        if request.length == 1 and request.first_be == 0:
            outcome.data = [0]
        elif request.kind is Kind.WRITE:
            self._write(outcome, port, offset)
        else:
            self._read(outcome, port, offset)
        return outcome

    def _write(self, outcome: Outcome, port: str, offset: int) -> None:
        space = self.spaces[port]
        request = outcome.request
        unit = BEAT if port == "mem" else 4
        grouped: dict[int, tuple[int, int]] = {}
        for index, (word, enable) in enumerate(zip(request.payload, request.enables(), strict=True)):
            base, lane = divmod(offset + 4 * index, unit)
            data, strobe = grouped.get(base * unit, (0, 0))
            for byte in range(4):
                if enable >> byte & 1:
                    data |= (word >> (8 * byte) & 0xFF) << (8 * (lane + byte))
                    strobe |= 1 << (lane + byte)
            grouped[base * unit] = data, strobe
        failed_block = None
        for address, (data, strobe) in grouped.items():
            block = address // BLOCK if port == "mem" else address
            if failed_block is not None and block != failed_block:
                break
            outcome.accesses.append(Access(port, True, address, data, strobe))
            if space.fault(address) == OKAY:
                space.write(address, data, strobe, unit)
            else:
                failed_block = block
                outcome.write_failed = True

    def _read(self, outcome: Outcome, port: str, offset: int) -> None:
        space = self.spaces[port]
        end = offset + 4 * outcome.request.length
        if port != "mem":
            for index, address in enumerate(range(offset, end, 4)):
                outcome.accesses.append(Access(port, False, address))
                response = space.fault(address)
                if response != OKAY:
                    outcome.status, outcome.failing = status_of(response), index
                    return
                outcome.data.append(space.read(address, 4))
            return
        chunk = min(self.max_payload, BLOCK)
        start = offset
        while start < end:
            stop = min(end, (start // chunk + 1) * chunk)
            for address in range(start // BEAT * BEAT, stop, BEAT):
                outcome.accesses.append(Access(port, False, address))
                response = space.fault(address)
                if response != OKAY and outcome.failing is None:
                    outcome.status = status_of(response)
                    outcome.failing = max(address - offset, start - offset) // 4
            if outcome.failing is not None:
                return
            outcome.data += [space.read(address, 4) for address in range(start, stop, 4)]
            start = stop


class CompletionJudge:
    """Collects the completions of one request and decides whether they are legal and right."""

    def __init__(self, outcome: Outcome, max_payload: int) -> None:
        assert outcome.answered
        self.outcome = outcome
        self.max_payload = max_payload
        self.done = False
        self.count = 0
        self._sent = 0  # dwords
        request = outcome.request
        if request.kind in (Kind.READ, Kind.LOCKED_READ):
            self._bytes = byte_count(request.first_be, request.last_be, request.length)
            self._address = request.address + first_byte(request.first_be)
        else:
            operands = {Kind.CAS: 2 * request.length, Kind.FETCH_ADD: 4 * request.length}
            operands[Kind.SWAP] = operands[Kind.FETCH_ADD]
            self._bytes = operands.get(request.kind, 4)
            self._address = 0

    def take(self, completion: Completion) -> None:
        """Judge the next completion. Raises AssertionError with what is wrong."""
        request, outcome = self.outcome.request, self.outcome
        assert not self.done, f"{request}: completion after the last one"
        assert completion.byte_count == self._bytes, f"{request}: byte count {completion}, want {self._bytes}"
        assert completion.lower == self._address & 0x7F, f"{request}: lower address of {completion}"
        assert (completion.tc, completion.attr) == (request.tc, request.attr), f"{request}: {completion}"
        assert completion.function == request.function, f"{request}: completer of {completion}"
        assert completion.locked == (request.kind is Kind.LOCKED_READ)
        self.count += 1
        if completion.status != Status.SC:
            assert completion.status == outcome.status, f"{request}: {completion}, want {outcome.status!r}"
            assert outcome.failing is not None
            ahead = outcome.failing - self._sent
            assert 0 <= ahead < self.max_payload // 4, f"{request}: data kept back before the error"
            self.done = True
            return
        count = completion.length
        assert count * 4 <= self.max_payload, f"{request}: payload of {completion}"
        want = tuple(outcome.data[self._sent : self._sent + count])
        assert completion.data == want, f"{request}: data at dword {self._sent}: {completion}, want {want}"
        self._sent += count
        if self._sent == request.length:
            self.done = True
            return
        self._bytes -= 4 * count - (self._address & 3)
        self._address = (self._address & ~3) + 4 * count
        assert self._address % RCB == 0, f"{request}: split off a completion boundary"
