# SPDX-License-Identifier: Apache-2.0
"""AMD's parser on fakes: it finds in them what it finds in the real images."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

from pydriver.xclbin import SectionKind, parse
from pydriver.xclbin.strip import strip
from tests.interop.native import compile_against_xrt, run
from tests.interop.test_xclbin import FIXTURES, in_order, random_image
from tools.mkxclbin import make_xclbin


def test_amd_sees_the_same_in_the_fake(tmp_path: Path) -> None:
    program = compile_against_xrt("xclbin_dump.cpp", tmp_path, "xrt_coreutil", "uuid")
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    images = [(FIXTURES / f"{name}.xclbin").read_bytes() for name in ("amd_two_kernels", "amd_no_bitstream")]
    images += [make_xclbin(mirror=mirror) for mirror in (True, False)]
    images += [random_image(rng) for _ in range(10)]
    paths, stripped = [], 0
    for number, image in enumerate(images):
        real = parse(image)
        stripped += real.section(SectionKind.BITSTREAM) is not None
        for name, data in (("real", image), ("fake", strip(real).to_bytes())):
            paths.append(tmp_path / f"{number}.{name}.xclbin")
            paths[-1].write_bytes(data)
    seen = [json.loads(line) for line in run(program, *paths).splitlines()]
    assert stripped == 3
    assert len(seen) == len(paths)
    for number in range(len(images)):
        real_view, fake_view = seen[2 * number], seen[2 * number + 1]
        assert "error" not in fake_view, fake_view
        assert in_order(fake_view) == in_order(real_view), f"image {number}"
