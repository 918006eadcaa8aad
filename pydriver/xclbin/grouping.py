# SPDX-License-Identifier: Apache-2.0
"""GROUP_TOPOLOGY and GROUP_CONNECTIVITY from MEM_TOPOLOGY and CONNECTIVITY.

An argument that may live in several banks which lie behind one another gets one memory that spans them
(tag `MBG[first:last]`), so that a buffer may be larger than a bank. The rules are those of AMD's
`xclbinutil`; its files in the tests confirm the case where nothing is grouped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from .errors import invalid
from .kinds import MemType
from .sections import Connection, MemBank

_GROUPABLE = frozenset((MemType.MEM_DDR3, MemType.MEM_DDR4, MemType.MEM_DRAM, MemType.MEM_HBM))


def group_memories(
    banks: Sequence[MemBank], connections: Sequence[Connection]
) -> tuple[tuple[MemBank, ...], tuple[Connection, ...]]:
    """The group sections: all banks, then the groups; group connections, then the plain ones again.

    Raises EINVAL for a connection to a memory that does not exist.
    """
    for number, connection in enumerate(connections):
        if not 0 <= connection.mem_index < len(banks):
            raise invalid(
                f"connection {number} names memory {connection.mem_index}, there are {len(banks)} memories"
            )
    topology = list(banks)
    index_of: dict[MemBank, int] = {}
    for index, bank in enumerate(banks):
        index_of.setdefault(bank, index)
    plain = [c for c in connections if not _may_group(banks[c.mem_index])]
    grouped = []
    candidates = sorted(
        (c for c in connections if _may_group(banks[c.mem_index])),
        key=lambda c: (c.ip_index, c.arg_index, banks[c.mem_index].base),
    )
    for (ip_index, arg_index), members in groupby(candidates, key=lambda c: (c.ip_index, c.arg_index)):
        indices = [member.mem_index for member in members]
        if len(indices) == 1 or not _contiguous([banks[index] for index in indices]):
            grouped += [Connection(arg_index, ip_index, index) for index in indices]
            continue
        group = replace(
            banks[indices[0]], size_kb=sum(banks[index].size_kb for index in indices), tag=_tag(indices)
        )
        if group not in index_of:
            index_of[group] = len(topology)
            topology.append(group)
        grouped.append(Connection(arg_index, ip_index, index_of[group]))
    return tuple(topology), (*plain, *grouped, *connections)


def _may_group(bank: MemBank) -> bool:
    return bank.used and bank.type in _GROUPABLE


def _contiguous(banks: Sequence[MemBank]) -> bool:
    return all(one.base + one.size == other.base for one, other in pairwise(banks))


def _tag(indices: Sequence[int]) -> str:
    """`MBG[0,2:4]`, cut to the 15 characters a tag has."""
    runs: list[list[int]] = []
    for index in sorted(indices):
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return f"MBG[{','.join(str(a) if a == b else f'{a}:{b}' for a, b in runs)}]"[:15]
