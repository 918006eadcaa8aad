# SPDX-License-Identifier: Apache-2.0
"""Negative control: RTL that is broken on purpose, and the proof that must notice from reset on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tb import sources
from tools import formal


@dataclass(frozen=True)
class Fault:
    """`old` in `file` becomes `new`; the run `proof` then fails in one of the proof modules `within`."""

    name: str
    proof: str
    file: str
    old: str
    new: str
    within: str


def refute(fault: Fault, directory: Path, depth: int = 7) -> str:
    """What fails within `depth` cycles from reset once the RTL has the fault; "" when nothing does."""
    for folder in ("hdl", "formal"):
        shutil.copytree(sources.ROOT / folder, directory / folder)
    path = directory / fault.file
    text = path.read_text()
    assert text.count(fault.old) == 1, (
        f"{fault.name}: the text to break is {text.count(fault.old)} times there"
    )
    path.write_text(text.replace(fault.old, fault.new))
    proof = next(p for p in formal.load(directory, [fault.proof.split(".")[0]]) if p.name == fault.proof)
    verdict = formal.prove(directory, replace(proof, depth=depth, induction=0, cover=0))
    return "; ".join(verdict.failed)
