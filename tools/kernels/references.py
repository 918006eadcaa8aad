# SPDX-License-Identifier: Apache-2.0
"""Names out of packages that a kernel's RTL uses: a simulator's message about a wrong one is hard to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.kernels.description import DescriptionError

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_REFERENCE = re.compile(r"\b(\w+_pkg)::(\w+)")
_OFFSET = "_OFFSET"


def check(files: Iterable[Path], packages: Mapping[str, str], own: str) -> None:
    """Look up every `package::NAME` in `files`; `packages`: name -> text, `own`: the kernel's registers.

    Raises DescriptionError for the first one that is not there, with file and line.
    """
    for path in files:
        text = _COMMENT.sub(_blank, path.read_text(encoding="utf-8"))
        for match in _REFERENCE.finditer(text):
            package, name = match[1], match[2]
            where = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            if package not in packages:
                hint = f"; this kernel's registers are in {own}" if own in packages else ""
                raise DescriptionError(f"{where}: there is no package {package}{hint}")
            words = re.findall(r"\w+", packages[package])
            if name not in words:
                known = [word for word in dict.fromkeys(words) if word.endswith(_OFFSET)]
                has = f"; it has {', '.join(known)}" if package == own and name.endswith(_OFFSET) else ""
                raise DescriptionError(f"{where}: there is no {name} in {package}{has}")


def _blank(comment: re.Match[str]) -> str:
    """As many lines as the comment has."""
    return "\n" * comment[0].count("\n")
