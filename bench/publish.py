"""Figures into the documentation: `python -m bench.publish FOLDER [--page docs/performance.md]`.

FOLDER holds what benchmarks printed with `--json`, a file each. Their tables go between the marks of their `kind` on
the page, their charts beside it as SVG; a kind without marks gets a section at the end. What is outside the marks is
left as it is. What `--quick` found is not published in the documentation.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.plots import draw
from bench.results import Bar, Bars, Line, Lines, Table, say

PAGE = Path("docs/performance.md")
QUIET = 0.05
"""Share of the processors that others used just before: above, the page says that the machine was busy."""
_KIND = re.compile(r"[a-z][a-z0-9-]*")


class Unpublishable(Exception):
    """What a benchmark told cannot be put on the page."""


def read(folder: Path) -> list[dict[str, Any]]:
    """Read every object with a `kind`, in the order of the names of their files. Raises Unpublishable."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.json")):
        try:
            one = json.loads(file.read_text("utf-8"))
        except ValueError:
            raise Unpublishable(f"{file.name} is not JSON: did its benchmark end with an error?") from None
        if not isinstance(one, dict) or not _KIND.fullmatch(str(one.get("kind", ""))):
            raise Unpublishable(f"{file.name} has no kind")
        if one["kind"] in found:
            raise Unpublishable(f"{file.name}: there is another of the kind {one['kind']}")
        found[one["kind"]] = one
    if not found:
        raise Unpublishable("there is no JSON file in this folder")
    return list(found.values())


def publish(found: Sequence[Mapping[str, Any]], page: Path) -> list[Path]:
    """Write tables and charts; return the files that were written. Raises Unpublishable."""
    if page.resolve() == PAGE.resolve():
        quick = [str(one["kind"]) for one in found if one.get("quick")]
        if quick:
            raise Unpublishable(f"{', '.join(quick)}: found with --quick, which is too short to be told to others")
    text = page.read_text("utf-8") if page.exists() else "# Figures\n"
    pictures = page.parent / "performance"
    pictures.mkdir(parents=True, exist_ok=True)
    written = []
    for one in found:
        for chart in charts_of(one):
            picture = pictures / _picture(one, chart)
            picture.write_text(draw(chart), "utf-8")
            written.append(picture)
        text = replaced(text, str(one["kind"]), block(one))
    page.write_text(text, "utf-8")
    return [*written, page]


def replaced(text: str, kind: str, inside: str) -> str:
    """Put a block between the marks of its kind; where there are none, into a section at the end."""
    begin, end = f"<!-- figures: {kind} -->", f"<!-- end of figures: {kind} -->"
    whole = f"{begin}\n{inside}\n{end}"
    before, found, rest = text.partition(begin)
    if not found:
        return f"{text.rstrip()}\n\n## Figures: {kind}\n\n{whole}\n"
    _, closed, after = rest.partition(end)
    if not closed:
        raise Unpublishable(f"the page has no mark that ends the figures of {kind}")
    return before + whole + after


def block(one: Mapping[str, Any]) -> str:
    """Write when and how it was found, the tables, and where the charts are."""
    parts = [origin(one), *(_table(table) for table in tables_of(one))]
    parts += [
        f"![{chart.title}; the table holds its figures](performance/{_picture(one, chart)})" for chart in charts_of(one)
    ]
    if one.get("note"):
        parts.append(str(one["note"]))
    return "\n\n".join(parts)


def origin(one: Mapping[str, Any]) -> str:
    """Say when, by which command, on what, and how busy that was."""
    busy = one.get("busy_before")
    quiet = "how busy it was is not known"
    if isinstance(busy, int | float):
        quiet = f"others used {100 * busy:.0f} % of it when this began"
        quiet = f"the machine was quiet ({quiet})" if busy <= QUIET else f"the machine was not quiet: {quiet}"
    date = str(one.get("date", "at a time unknown")).replace("T", " ").replace("+00:00", " UTC")
    return f"{date}, `{one.get('command', 'bench.' + str(one['kind']))}`, {one.get('machine', 'a machine')}; {quiet}."


def _table(table: Table) -> str:
    return f"{table.name}:\n\n{table.markdown()}" if table.name else table.markdown()


def _picture(one: Mapping[str, Any], chart: Bars | Lines) -> str:
    return f"{one['kind']}-{chart.name}.svg"


# objects of benchmarks that know nothing of tables and charts


def tables_of(one: Mapping[str, Any]) -> list[Table]:
    """Return its tables, or one of its `rows`."""
    if "tables" in one:
        return [Table(**table) for table in one["tables"]]
    rows = {name: row for name, row in one.get("rows", {}).items() if isinstance(row, Mapping)}
    head = list(dict.fromkeys(key for row in rows.values() for key in row))
    cells = [[name, *(_cell(row.get(key)) for key in head)] for name, row in rows.items()]
    return [Table(["row", *(key.replace("_", " ") for key in head)], cells)] if rows else []


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(one)}" for key, one in value.items())
    if isinstance(value, list):
        return " ".join(_cell(one) for one in value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def charts_of(one: Mapping[str, Any]) -> list[Bars | Lines]:
    """Return its charts, or one of its `ratios`."""
    if "charts" in one:
        return [_chart(chart) for chart in one["charts"]]
    ratios, worst, goals = (one.get(name, {}) for name in ("ratios", "worst_round", "goals"))
    bars = [Bar(name, value, worst.get(name), goals.get(name)) for name, value in ratios.items() if value]
    return [Bars("ratios", f"{one['kind']}: Primum over the other", bars)] if bars else []


def _chart(told: Mapping[str, Any]) -> Bars | Lines:
    if told["shape"] == "bars":
        return Bars(told["name"], told["title"], [Bar(**bar) for bar in told["bars"]])
    curves = [Line(line["label"], [(x, y) for x, y in line["points"]]) for line in told["lines"]]
    return Lines(told["name"], told["title"], told["x"], told["y"], curves)


def main(arguments: list[str] | None = None) -> int:
    """Publish, and say what was written."""
    parser = argparse.ArgumentParser(prog="python -m bench.publish", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="with a JSON file of each benchmark")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page that the tables go to")
    chosen = parser.parse_args(arguments)
    try:
        written = publish(read(chosen.folder), chosen.page)
    except Unpublishable as refused:
        say(f"bench: error: {refused}")
        return 1
    for one in written:
        print(one)
    return 0


if __name__ == "__main__":
    sys.exit(main())
