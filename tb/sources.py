# SPDX-License-Identifier: Apache-2.0
"""Which files a top module needs: one module per file, file name = module name."""

from __future__ import annotations

import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE_DIRS = ("hdl", "tb/rtl", "tests/rtl")

_COMMENT = re.compile(r"//.*?$|/\*.*?\*/", re.DOTALL | re.MULTILINE)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_WORD = re.compile(r"[A-Za-z_]\w*")


@functools.cache
def index() -> dict[str, Path]:
    """Module or package name -> file. Raises ValueError when two files have one name."""
    found: dict[str, Path] = {}
    for directory in SOURCE_DIRS:
        for path in sorted((ROOT / directory).rglob("*.sv")):
            if path.stem in found:
                raise ValueError(f"two files for module {path.stem}: {found[path.stem]} and {path}")
            found[path.stem] = path
    return found


@functools.cache
def _words(path: Path) -> frozenset[str]:
    text = _STRING.sub('""', _COMMENT.sub("", path.read_text()))
    return frozenset(_WORD.findall(text))


def resolve(top: str) -> list[Path]:
    """Every file that `top` needs, packages first, each before the files that use it.

    Raises KeyError when there is no file for `top`.
    """
    modules = index()
    if top not in modules:
        raise KeyError(f"no file {top}.sv in {', '.join(SOURCE_DIRS)}")
    order: list[Path] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        for other in sorted(_words(modules[name]) & modules.keys()):
            if other != name:
                visit(other)
        order.append(modules[name])

    visit(top)
    order.sort(key=lambda path: not path.stem.endswith("_pkg"))
    return order


def control_file(top: str) -> Path | None:
    """The Verilator control file beside `top`, which lists what Python may see, if there is one."""
    path = index()[top].with_suffix(".vlt")
    return path if path.exists() else None
