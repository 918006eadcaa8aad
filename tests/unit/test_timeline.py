# SPDX-License-Identifier: Apache-2.0
"""The timeline page shows every entry, cuts idle time and escapes what it prints."""

import re

from tb.timeline import Timeline, format_time


def test_page_shows_entries_and_cuts_idle_time(tmp_path):
    timeline = Timeline()
    timeline.point(1_000, "host", "first")
    timeline.span(2_000, 3_000, "icap", "5 < 6")
    timeline.point(900_000_000, "host", "after a long wait")
    path = tmp_path / "timeline.html"
    timeline.write(path, "run & see")
    page = path.read_text()
    assert "run &amp; see" in page
    assert "5 &lt; 6" in page
    assert page.count("<circle") == 2
    assert page.count('class="e"') == 1
    assert '<rect class="gap"' in page
    assert format_time(900_000_000 - 3_000) in page
    xs = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', page)]
    assert xs == sorted(xs)
    assert xs[-1] < 1400


def test_messages_become_a_sequence_diagram(tmp_path):
    timeline = Timeline(("xocl", "mpd", "msd"))
    timeline.point(5, "xocl", "loads")
    timeline.chapter(500, "the talk")
    timeline.message(1_000, "msd", "disk", "reads")
    timeline.message(2_000, "xocl", "mpd", "LOAD <xclbin>")
    timeline.message(3_000, "mpd", "mpd", "thinks")
    timeline.write(tmp_path / "t.html", "talk")
    page = (tmp_path / "t.html").read_text()
    heads = re.findall(r'<text x="(\d+)" y="20" text-anchor="middle">(\w+)</text>', page)
    places = {name: x for x, name in heads}
    assert sorted(places, key=lambda name: int(places[name])) == ["xocl", "mpd", "msd", "disk"]
    arrows = re.findall(r'<line class="message" x1="(\d+)" x2="(\d+)"', page)
    assert arrows == [(places["msd"], places["disk"]), (places["xocl"], places["mpd"])]
    assert "LOAD &lt;xclbin&gt;" in page
    assert page.count(">thinks<") == 1
    assert page.index(">the talk<") < page.index(">reads<")


def test_empty_timeline_says_so(tmp_path):
    Timeline().write(tmp_path / "t.html", "nothing")
    assert "Nothing happened" in (tmp_path / "t.html").read_text()


def test_times_for_people():
    assert [format_time(t) for t in (12, 1_500, 2_500_000, 3e9)] == ["12 ns", "1.5 us", "2.5 ms", "3 s"]


def test_a_remark_has_the_room_to_its_right(tmp_path):
    """Whole beside the first lifeline, shortened where the page ends; the whole text is in the tip anyway."""
    timeline = Timeline(("xocl", "mpd", "msd"))
    timeline.point(5, "xocl", "loads")
    remark = "load failed: the management PF could not load the image: EACCES"
    timeline.message(1_000, "mpd", "msd", "LOAD")
    for party in ("xocl", "msd"):
        timeline.message(2_000, party, party, remark)
    timeline.write(tmp_path / "t.html", "talk")
    page = (tmp_path / "t.html").read_text()
    assert page.count(f">{remark}</text>") == 1
    assert page.count(f": {remark}</title>") == 2
