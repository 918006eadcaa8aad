# SPDX-License-Identifier: Apache-2.0
"""Which files a top module needs: one module per file, file name = module name.

`extra` are folders besides the project's. A file there may take the place of a generated one of the project
(in a folder `gen`), of no other.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE_DIRS = ("hdl", "tb/rtl", "tests/rtl")

_COMMENT = re.compile(r"//.*?$|/\*.*?\*/", re.DOTALL | re.MULTILINE)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_WORD = re.compile(r"[A-Za-z_]\w*")


@functools.cache
def _project() -> dict[str, Path]:
    return _add({}, [ROOT / directory for directory in SOURCE_DIRS])


def _add(found: dict[str, Path], folders: Iterable[Path]) -> dict[str, Path]:
    for folder in folders:
        for path in sorted(folder.rglob("*.sv")):
            other = found.get(path.stem)
            if other and not (other.parent.name == "gen" and other.is_relative_to(ROOT / "hdl")):
                raise ValueError(f"two files for module {path.stem}: {other} and {path}")
            found[path.stem] = path
    return found


def index(extra: tuple[Path, ...] = ()) -> dict[str, Path]:
    """Module or package name -> file. Raises ValueError when two files have one name."""
    return _add(dict(_project()), extra)


@functools.cache
def _words(path: Path) -> frozenset[str]:
    text = _STRING.sub('""', _COMMENT.sub("", path.read_text()))
    return frozenset(_WORD.findall(text))


def resolve(top: str, extra: tuple[Path, ...] = ()) -> list[Path]:
    """Every file that `top` needs, packages first, each before the files that use it.

    Raises KeyError when there is no file for `top`.
    """
    modules = index(extra)
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
