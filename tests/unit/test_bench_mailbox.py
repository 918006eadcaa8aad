# SPDX-License-Identifier: Apache-2.0
"""What `bench.mailbox` makes of measured costs: extrapolation, medians, crossover, plot."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.mailbox import SIZES, Cost, crossover, extrapolated, median
from bench.plot import Series, log_log, rate_text, size_text
from pydriver.mailbox.packets import packet_count


def cost(size: int, packet_s: float, fixed_s: float) -> Cost:
    seconds = fixed_s + packet_s * packet_count(size)
    return Cost(size, seconds, 2 * seconds, 3 * seconds)


def processor(one: Cost) -> float:
    return one.processor_s


def test_extrapolation_goes_on_as_the_packets_do() -> None:
    measured = [cost(size, 0.002, 0.005) for size in SIZES[:3]]
    found = extrapolated(measured)
    assert [one.size for one in found] == list(SIZES)
    assert [one.measured for one in found] == [True] * 3 + [False] * 4
    for one in found:
        expected = cost(one.size, 0.002, 0.005)
        for name in ("processor_s", "wall_s", "simulated_s"):
            assert abs(getattr(one, name) / getattr(expected, name) - 1) < 1e-9


def test_one_size_says_nothing_about_others() -> None:
    assert extrapolated([cost(64, 1, 0)]) == [cost(64, 1, 0)]


def test_median_of_what_all_runs_have() -> None:
    runs = [[cost(64, n, 0), cost(1024, n, 0)] for n in (1, 5, 2)]
    runs[1].pop()
    assert median(runs) == [cost(64, 2, 0)]


def test_crossover() -> None:
    flat = [Cost(size, 1.0, 1.0, 1.0) for size in SIZES]
    rising = [Cost(size, size / 2048, 1.0, 1.0) for size in SIZES]
    assert crossover(rising, flat, processor) == "from 2,048 bytes on"
    assert crossover(flat, rising, processor) == "at no size"
    assert crossover(flat, flat, processor) == "at every size"


def test_plot_is_an_image_with_every_point() -> None:
    points = [(float(size), 10.0 * size) for size in SIZES]
    tree = ElementTree.fromstring(log_log("a < b", "x", "y", [Series("one", "#123456", points, 3)]))
    tags = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert tags.count("circle") == len(SIZES) and tags.count("polyline") == 2
    circles = [element for element in tree.iter() if element.tag.endswith("circle")]
    assert [circle.get("fill") for circle in circles] == ["#123456"] * 3 + ["#fff"] * 4
    across = [float(circle.get("cx", "")) for circle in circles]
    up = [float(circle.get("cy", "")) for circle in circles]
    assert across == sorted(across) and up == sorted(up, reverse=True)


def test_numbers_for_people() -> None:
    assert [size_text(size) for size in (64, 16384, 1 << 26)] == ["64 B", "16 KiB", "64 MiB"]
    assert [rate_text(10.0**power) for power in (0, 3, 5, 9)] == ["1 ", "1 k", "100 k", "1 G"]
