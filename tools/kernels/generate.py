# SPDX-License-Identifier: Apache-2.0
"""Every file that is made from kernel descriptions: register descriptions and the slots' multiplexers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.kernels import mux, registers
from tools.kernels.description import Description, DescriptionError, Protocol
from tools.kernels.modules import Module, check
from tools.kernels.reader import check_unique, load

KERNELS_DIR = Path("kernels")
RDL_DIR = Path("hdl/regs")
MUX_DIR = Path("hdl/ulp/gen")


def read_folder(folder: Path) -> tuple[tuple[Description, ...], list[str]]:
    """The kernels described in the subfolders of `folder` by type id, and a sentence for each wrong one."""
    kernels: list[Description] = []
    errors: list[str] = []
    for file in sorted(folder.glob("*/kernel.toml")):
        try:
            kernel = load(file)
            check_unique([*kernels, kernel])
            kernels.append(kernel)
        except DescriptionError as error:
            errors.append(str(error))
    return tuple(sorted(kernels, key=lambda kernel: kernel.type_id)), errors


def register_files(kernels: Sequence[Description]) -> dict[Path, str]:
    """Path below the project (or a build folder) -> content of the register descriptions."""
    return {
        RDL_DIR / f"cu_{kernel.name}.rdl": registers.render(kernel)
        for kernel in kernels
        if kernel.protocol is not Protocol.FAST_ADAPTER
    }


def mux_files(
    kernels: Sequence[Description], sources: Mapping[str, Path]
) -> tuple[dict[Path, str], list[str]]:
    """Path -> content of the multiplexers, and a sentence for each kernel whose module does not fit.

    `sources`: module name -> file.
    """
    modules: dict[str, Module] = {}
    errors: list[str] = []
    fitting: list[Description] = []
    for kernel in kernels:
        try:
            modules[kernel.module] = check(kernel, sources)
            fitting.append(kernel)
        except DescriptionError as error:
            errors.append(str(error))
    files = {MUX_DIR / f"{name}.sv": mux.render(fitting, modules, full) for full, name in mux.NAMES.items()}
    return files, errors


def project_files(root: Path) -> tuple[dict[Path, str], list[str]]:
    """Everything generated from `root`/kernels; nothing when there is no such folder."""
    if not (root / KERNELS_DIR).is_dir():
        return {}, []
    kernels, errors = read_folder(root / KERNELS_DIR)
    sources = {path.stem: path for path in sorted((root / "hdl").rglob("*.sv"))}
    files, more = mux_files(kernels, sources)
    return {**register_files(kernels), **files}, errors + more
