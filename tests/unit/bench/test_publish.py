"""What a benchmark told gets onto the page, and nothing else of the page changes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from bench import publish
from bench.publish import Unpublishable, main, read, replaced
from bench.results import Bar, Bars, Line, Lines, Place, Table, told

PAGE = """# Speed

By hand.

<!-- figures: ingest -->
yesterday's
<!-- end of figures: ingest -->

More by hand.
"""


def place(**changes: Any) -> Place:
    return Place(**{"date": "2026-11-22T11:22+00:00", "machine": "2 cores", "busy_before": 0.01, **changes})


def ingest(*, quick: bool = False, **changes: Any) -> dict[str, Any]:
    table = Table(["row", "ratio"], [["tuned_1", "2.50x"]])
    chart = Bars("ratios", "C-STORE", [Bar("tuned_1", 2.5, 2.0, 3.0)])
    curve = Lines("curve", "Growth", "x", "y", [Line("a", [(1.0, 2.0), (10.0, 2.0)])])
    return told("ingest", place(**changes), quick=quick, tables=[table], charts=[chart, curve])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.md").write_text(PAGE)
    (tmp_path / "found").mkdir()
    return tmp_path


def put(folder: Path, *found: dict[str, Any]) -> str:
    for one in found:
        (folder / "found" / f"{one['kind']}.json").write_text(json.dumps(one))
    assert main([str(folder / "found"), "--page", str(folder / "page.md")]) == 0
    return (folder / "page.md").read_text()


def test_tables_and_charts_stand_between_the_marks_of_their_kind(folder):
    page = put(folder, ingest())
    assert "| tuned_1 | 2.50x |" in page
    assert "yesterday's" not in page
    assert page.startswith("# Speed\n\nBy hand.\n\n<!-- figures: ingest -->")
    assert page.endswith("<!-- end of figures: ingest -->\n\nMore by hand.\n")
    pictures = re.findall(r"\]\(([^)]+)\)", page)
    assert pictures == ["performance/ingest-ratios.svg", "performance/ingest-curve.svg"]
    assert all((folder / one).read_text().startswith("<svg ") for one in pictures)


def test_publishing_twice_changes_nothing(folder):
    assert put(folder, ingest()) == put(folder, ingest())


def test_each_block_says_when_how_on_what_and_how_busy_it_was(folder):
    page = put(folder, ingest())
    assert "2026-11-22 11:22 UTC, `python " in page
    assert "2 cores; the machine was quiet (others used 1 % of it when this began)." in page
    assert "the machine was not quiet: others used 40 % of it" in put(folder, ingest(busy_before=0.4))


def test_a_kind_without_marks_gets_a_section_and_keeps_it(folder):
    other = {"kind": "slow", "rows": {"one byte a second": {"held": 8, "others_ms": 12.5}}, "ratios": {"others": 0.98}}
    page = put(folder, other)
    assert "## Figures: slow\n\n<!-- figures: slow -->" in page
    assert "| one byte a second | 8 | 12.5 |" in page
    assert "performance/slow-ratios.svg" in page
    assert put(folder, other) == page


def test_what_a_quick_run_found_is_not_put_into_the_documentation(folder, monkeypatch, capsys):
    monkeypatch.setattr(publish, "PAGE", folder / "page.md")
    (folder / "found" / "ingest.json").write_text(json.dumps(ingest(quick=True)))
    assert main([str(folder / "found"), "--page", str(folder / "page.md")]) == 1
    assert "--quick" in capsys.readouterr().err
    assert (folder / "page.md").read_text() == PAGE


def test_a_benchmark_that_failed_is_named_and_nothing_is_written(folder, capsys):
    (folder / "found" / "ingest.json").write_text(json.dumps(ingest()))
    (folder / "found" / "query.json").write_text("")
    assert main([str(folder / "found"), "--page", str(folder / "page.md")]) == 1
    assert "query.json" in capsys.readouterr().err
    assert (folder / "page.md").read_text() == PAGE


@pytest.mark.parametrize("found", [{}, {"kind": "../x"}, {"kind": ""}, []])
def test_what_has_no_kind_is_refused(folder, found):
    (folder / "found" / "x.json").write_text(json.dumps(found))
    with pytest.raises(Unpublishable):
        read(folder / "found")


def test_a_mark_that_is_not_closed_is_refused_and_eats_nothing():
    with pytest.raises(Unpublishable):
        replaced("<!-- figures: ingest -->\nby hand", "ingest", "new")


def test_the_marks_of_our_own_page_are_closed():
    text = Path("docs/performance.md").read_text("utf-8")
    begun, ended = (re.findall(rf"<!-- {words}: (\S+) -->", text) for words in ("figures", "end of figures"))
    assert begun == ended
    assert len(set(begun)) == len(begun)
