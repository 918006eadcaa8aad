# SPDX-License-Identifier: Apache-2.0
"""What `bench.ert` makes of measured rows: medians, growth, ratios, comparisons, verdicts, plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.ert import SHORT, draw, verdicts
from bench.ert_figures import FIGURES, Cost, costs, growth, percentile, ratio, same_results
from bench.ert_points import LONG, POINTS, SCHEDULERS, Point, Scheduler
from bench.ert_run import image, packet
from pydriver.ert import Header
from pydriver.xclbin import parse
from pydriver.xocl.kds.configure import max_packet
from pydriver.xocl.kds.selection import cu_mask
from pydriver.xocl.kds.units import units_of

QUEUE, SLOTS = 0x10000, 128


def row(scheduler: str, number: int, point: Point, ms: float = 3.0, **more: Any) -> dict[str, Any]:
    """Ten commands of `ms` processor milliseconds each."""
    return {
        "scheduler": scheduler,
        "round": number,
        "point": point.name,
        "commands": 10,
        "processor_s": ms / 100,
        "others_s": 0.0,
        "simulated_ns": 25_000,
        "latencies_ns": [1000 * n for n in range(1, 11)],
        "scheduler_accesses": 120,
        "host_accesses": 160,
        "runs": [10],
        "digests": [7],
        **({} if number else {"wakes": 360}),
        **more,
    }


def cost(processor_us: float = 3000, simulated_us: float = 1.0, accesses: float = 12.0) -> Cost:
    return Cost(processor_us, simulated_us, accesses, 16.0, 36.0, (1.0, 2.0, 3.0))


def test_costs_are_medians_of_the_timed_rounds() -> None:
    point = Point(1, 1)
    rows = [row("v20", number, point, ms) for number, ms in enumerate((99.0, 2.0, 9.0, 4.0))]
    rows[3]["others_s"] = 0.01
    found = costs(rows, [point, Point(4, 1)])
    assert list(found) == ["v20"] and list(found["v20"]) == [point]
    one = found["v20"][point]
    assert one.processor_us == pytest.approx(5000) and one.rate == pytest.approx(200)
    assert (one.simulated_us, one.scheduler_accesses, one.host_accesses) == (2.5, 12, 16)
    assert one.wakes == 36 and one.latency_us == (1, 5.5, 10)


def test_without_timed_rounds_the_first_is_all_there_is() -> None:
    rows = [row("v20", 0, Point(1, 1), 4.0), row("host", 0, Point(1, 1), 2.0)]
    assert costs(rows, [Point(1, 1)])["host"][Point(1, 1)].processor_us == pytest.approx(2000)
    assert ratio(rows, "host", "v20") == pytest.approx(2)


def test_percentile() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([4.0], 0.99) == 4


def test_growth_compares_points_of_which_one_is_larger() -> None:
    def processor(each: Cost) -> float:
        return each.processor_us

    measured = {
        Point(1, 1): cost(9000),
        Point(1, 128): cost(2000),
        Point(32, 1): cost(1000),
        Point(32, 128): cost(3000),
        LONG: cost(90_000),
    }
    worst = growth(measured, processor)
    assert (worst.factor, worst.small, worst.large) == (3, Point(32, 1), Point(32, 128))
    assert growth({Point(1, 1): cost(2), Point(1, 2): cost(1)}, processor).factor == 1
    assert growth({Point(1, 1): cost(accesses=0)}, lambda each: each.scheduler_accesses).factor == 1


def test_a_pause_is_no_growth() -> None:
    measured = {Point(1, 1): cost(simulated_us=0.1), Point(1, 128): cost(simulated_us=2.0)}
    assert growth(measured, FIGURES["simulated time"]).factor == 1
    measured[Point(1, 128)] = cost(simulated_us=5.0)
    assert growth(measured, FIGURES["simulated time"]).factor == 2.5


def test_ratio_is_of_the_same_round_and_point() -> None:
    rows = [row("v20", n, point, ms) for n, ms in ((0, 1.0), (1, 2.0), (2, 8.0)) for point in SHORT[:2]]
    rows += [row("host", n, point, ms) for n, ms in ((0, 9.0), (1, 1.0), (2, 4.0)) for point in SHORT[:3]]
    assert ratio(rows, "host", "v20") == pytest.approx(2)


def test_same_results_leaves_order_out_where_it_is_free() -> None:
    free, fixed = Point(1, 8), Point(4, 4)
    rows = [row(name, 0, point) for name in ("a", "b") for point in (free, fixed)]
    assert same_results(rows, "a", "b", [free, fixed]) == []
    rows[0]["digests"] = [8]
    assert same_results(rows, "a", "b", [free, fixed]) == []
    rows[1]["digests"] = [8]
    assert same_results(rows, "a", "b", [free, fixed]) == ["4/4"]
    rows[0]["runs"] = [9, 1]
    assert same_results(rows, "a", "b", [free, fixed]) == ["1/8", "4/4"]


def test_verdicts() -> None:
    flat = {Point(1, 1): cost(), Point(32, 128): cost()}
    steep = {Point(1, 1): cost(), Point(32, 128): cost(accesses=139.0)}
    measured = {"v20": flat, "v30": steep, "amd": steep}
    idle = {"v20": {"scheduler_accesses": 0}, "v30": {"scheduler_accesses": 3}}
    found = verdicts("icarus", measured, idle)
    missed = [text for text, kept in found if not kept]
    assert len(found) == 2 * len(FIGURES) + 2 and len(missed) == 2
    assert "v30: scheduler's bus accesses per command grows 11.58 times (1/1 to 32/128)" in missed[0]
    assert "3 accesses of the scheduler in an idle second" in missed[1]
    assert not any("amd" in text for text, _ in found)


def test_points_reach_what_is_promised() -> None:
    assert {point.in_flight for point in SHORT} == {1, 2, 8, 32, 128}
    assert {point.cus for point in SHORT} == {1, 4, 32, 128}
    assert len({point.name for point in POINTS}) == len(POINTS)
    assert Point(1, 128).commands(32) == 160 and Point(1, 1).commands(32) == 33 and LONG.commands(32) == 8


def test_schedulers_have_names_of_their_own() -> None:
    assert len({each.name for each in SCHEDULERS}) == len(SCHEDULERS)
    assert Scheduler("v20", driven=True).name == "v20, interrupts"
    assert [each.name for each in SCHEDULERS if each.most_cus < 128] == ["amd-v30"]


@pytest.mark.parametrize("cus", [1, 4, 32, 128])
def test_images_leave_room_for_all_slots(cus: int) -> None:
    units = units_of(parse(image(cus)))
    assert len(units) == cus
    assert QUEUE // max_packet(units) == SLOTS
    command = packet(cus, 0, 5)
    assert cu_mask(command) == (1 << cus) - 1
    header = Header.unpack(int.from_bytes(command[:4], "little"))
    assert len(command) == 4 + 4 * header.count <= max_packet(units)


def test_plot_has_a_line_per_scheduler(tmp_path: Path) -> None:
    each = {point: cost() for point in POINTS}
    draw({"icarus": {"v20": each, "host": each}, "verilator": {"v20": each}}, tmp_path / "new" / "ert.svg")
    tree = ElementTree.parse(tmp_path / "new" / "ert.svg")
    lines = [element for element in tree.iter() if element.tag.endswith("polyline")]
    assert len(lines) == 3
    assert [line.get("stroke-dasharray") is not None for line in lines] == [True, True, False]
    assert not any("extrapolated" in (element.text or "") for element in tree.iter())
    labels = {element.text for element in tree.iter() if element.get("text-anchor") == "middle"}
    assert labels == {"1", "2", "4", "8", "16", "32", "64", "128"}
