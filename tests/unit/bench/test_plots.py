"""Charts are well-formed SVG that says in words what it shows, and they show what they say."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

from bench.plots import bars, draw, lines
from bench.results import Bar, Bars, Line, Lines
from hypothesis import given, strategies as st

_NS = "{http://www.w3.org/2000/svg}"
_LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
_RATIOS = st.floats(0.01, 1000)
_BARS = st.builds(Bar, _LABELS, _RATIOS, st.none() | _RATIOS, st.none() | _RATIOS)


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def of_class(svg: str, tag: str, kind: str) -> list[dict[str, str]]:
    return [one.attrib for one in read(svg).iter(_NS + tag) if one.attrib.get("class") == kind]


def across(path: str) -> float:
    return float(re.match(r"M([\d.]+) ", path)[1])


def test_who_does_not_see_it_is_told_title_and_figures():
    svg = bars(Bars("ratios", "Speed <of> & more", [Bar("tuned_1", 2.5, 1.5, 3.0)]))
    root = read(svg)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "title desc"
    assert root.find(_NS + "title").text == "Speed <of> & more"
    assert root.find(_NS + "desc").text == "tuned_1: 2.5x, worst 1.5x, goal 3x missed"


def test_a_chart_follows_a_dark_page():
    assert "@media (prefers-color-scheme:dark)" in bars(Bars("a", "b", [Bar("c", 1.0)]))


def test_twice_as_fast_reaches_as_far_as_half_as_fast_on_the_other_side():
    svg = bars(Bars("ratios", "t", [Bar("fast", 2.0), Bar("slow", 0.5)]))
    fast, slow = of_class(svg, "rect", "bar")
    (one,) = (across(path["d"]) for path in of_class(svg, "path", "one"))
    assert abs(float(fast["x"]) - one) < 0.2
    assert abs(float(slow["x"]) + float(slow["width"]) - one) < 0.2
    assert abs(float(fast["width"]) - float(slow["width"])) < 0.3


def test_a_bar_that_reaches_its_goal_reaches_its_stroke():
    svg = bars(Bars("ratios", "t", [Bar("reached", 3.0, 2.0, 2.5), Bar("missed", 2.0, 2.0, 2.5)]))
    goals = [across(path["d"]) for path in of_class(svg, "path", "goal")]
    ends = [float(one["x"]) + float(one["width"]) for one in of_class(svg, "rect", "bar")]
    assert ends[0] > goals[0]
    assert ends[1] < goals[1]
    assert abs(goals[0] - goals[1]) < 0.1
    assert "goal 2.5x reached" in svg
    assert "goal 2.5x missed" in svg


def test_a_flat_curve_lies_flat_and_noise_does_not_look_like_a_slope():
    points = [(10_000.0, 1.0), (100_000.0, 1.1), (1_000_000.0, 1.0)]
    svg = lines(Lines("growth", "t", "studies", "milliseconds", [Line("patient id", points)]))
    heights = [float(one.attrib["cy"]) for one in read(svg).iter(_NS + "circle")]
    assert heights[0] == heights[2]
    assert 0 < heights[0] - heights[1] < 340 * 0.1
    assert "1.1 at 100 000" in read(svg).find(_NS + "desc").text


def test_names_of_curves_that_end_together_do_not_lie_on_each_other():
    same = [Line(f"shape {n}", [(1.0, 1.0), (10.0, 1.0 + n / 1000)]) for n in range(9)]
    svg = lines(Lines("growth", "t", "x", "y", same))
    places = sorted(
        float(one.attrib["y"]) for one in read(svg).iter(_NS + "text") if (one.text or "").startswith("shape")
    )
    assert len(places) == 9
    assert all(b - a >= 15.9 for a, b in pairwise(places))


@given(st.lists(_BARS, min_size=1, max_size=6))
def test_any_ratios_make_a_well_formed_chart(found: list[Bar]):
    read(draw(Bars("a", "b", found)))


@given(st.dictionaries(st.floats(1, 1e8), st.floats(1e-4, 1e5), min_size=1, max_size=5), _LABELS)
def test_any_curve_makes_a_well_formed_chart(points: dict[float, float], label: str):
    read(draw(Lines("a", "b", "x", "y", [Line(label, sorted(points.items()))])))
