# SPDX-License-Identifier: Apache-2.0
"""A kernel in a folder of its own: what a card with it is built from, made below build/.

The project itself is not touched: the folder's modules and the generated ones are added to the file list of
the top, where the generated multiplexers take the place of the project's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tb import sources
from tools import regs
from tools.kernels import references
from tools.kernels.description import Description, DescriptionError
from tools.kernels.generate import KERNELS_DIR, mux_files, read_folder, register_files
from tools.kernels.reader import check_unique, load

BUILD = sources.ROOT / "build" / "kernels"


@dataclass(frozen=True)
class OwnKernel:
    """A kernel that a card can be built with. `sources` go to `tb.runner.build`."""

    kernel: Description
    sources: tuple[Path, ...]


def prepare(folder: Path) -> OwnKernel:
    """Check the folder and generate what it needs. Raises DescriptionError."""
    folder = folder.resolve()
    kernel = load(folder / "kernel.toml")
    built_in, errors = read_folder(sources.ROOT / KERNELS_DIR)
    if errors:
        raise DescriptionError(errors[0])
    if kernel.path.parent.parent != sources.ROOT / KERNELS_DIR:
        check_unique([*built_in, kernel])
        kernels = sorted([*built_in, kernel], key=lambda k: k.type_id)
    else:
        kernels = list(built_in)
    if not (folder / "app.py").exists():
        raise DescriptionError(f"{folder / 'app.py'} is missing: the host program of the kernel")
    try:
        files = sources.index((folder,))
    except ValueError as error:
        raise DescriptionError(str(error)) from None
    muxes, errors = mux_files(kernels, files)
    if errors:
        raise DescriptionError(errors[0])
    texts = {path.name: text for path, text in muxes.items()}
    registers = {path.name: text for path, text in register_files([kernel]).items()}
    texts |= registers
    digest = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:12]
    target = BUILD / f"{kernel.name}-{digest}"
    for file, text in texts.items():
        regs.write(target / file, text)
    for name in registers:
        try:
            block = regs.compile_block(target / name)
        except regs.RegsError as error:
            raise DescriptionError(f"{kernel.path}: {error}") from None
        regs.write(target / f"{block.package}.sv", regs.render_sv(block))
    found = sources.index((folder, target))
    packages = {name: path.read_text() for name, path in found.items() if name.endswith("_pkg")}
    references.check(sorted(folder.rglob("*.sv")), packages, f"cu_{kernel.name}_regs_pkg")
    return OwnKernel(kernel, (folder, target))
