"""The table and the object: medians, least and most, ratios of medians, and the worst round's ratio."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.rows import Row

if TYPE_CHECKING:
    from bench.ingest import Measured

STALL = (
    "The figure of stock_1 is mostly not our speed: an untouched storescu keeps Nagle's algorithm on, Orthanc 1.10.1\n"
    "delays its acknowledgements, and each instance then waits 40 ms for the other. Primum acknowledges at once\n"
    "(TCP_NODELAY and TCP_QUICKACK on the receiving side alone). Compare the tuned rows for speed proper."
)


def ratios(results: Mapping[str, Mapping[str, Measured]]) -> dict[str, float]:
    """Return Primum's median over Orthanc's for each row, and over storescp's as storescp_1 and storescp_4."""
    found = {}
    for row, by in results.items():
        for other in ("orthanc", "storescp"):
            if "primum" in by and other in by:
                name = row if other == "orthanc" else row.replace("tuned", "storescp")
                found[name] = round(median(by["primum"].rates) / median(by[other].rates), 2)
    return found


def worst_rounds(results: Mapping[str, Mapping[str, Measured]]) -> dict[str, float]:
    """Return, for each row, the smallest ratio that any one round gave."""
    return {
        row: round(min(a / b for a, b in zip(by["primum"].rates, by["orthanc"].rates, strict=True)), 2)
        for row, by in results.items()
        if "primum" in by and "orthanc" in by
    }


def as_object(results: Mapping[str, Mapping[str, Measured]], *, quick: bool) -> dict[str, Any]:
    """Return everything as one object for `--json`."""
    return {
        "quick": quick,
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
        "ratios": ratios(results),
        "worst_round": worst_rounds(results),
        "rows": {
            row: {
                name: {
                    "median": round(median(one.rates), 1),
                    "least": round(min(one.rates), 1),
                    "most": round(max(one.rates), 1),
                    "processor_ms": round(median(one.processor_ms), 2),
                    "rounds": [round(rate, 1) for rate in one.rates],
                }
                for name, one in by.items()
            }
            for row, by in results.items()
        },
        "note": STALL.replace("\n", " "),
    }


def as_table(results: Mapping[str, Mapping[str, Measured]], rows: Sequence[Row]) -> str:
    """Return a table in Markdown: instances per second, median (least-most)."""
    ratio, worst = ratios(results), worst_rounds(results)
    lines = [
        "| row | Primum | Orthanc 1.10.1 | storescp (no sync) | ratio | worst round | goal | CPU ms P / O |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        by = results[row.name]
        cells = [_cell(by.get(name)) for name in ("primum", "orthanc", "storescp")]
        processor = " / ".join(f"{median(by[n].processor_ms):.1f}" if n in by else "" for n in ("primum", "orthanc"))
        goal = f"{row.goal:g}" if row.goal else ""
        cells += [_times(ratio.get(row.name)), _times(worst.get(row.name)), goal, processor]
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", STALL])


def _cell(one: Measured | None) -> str:
    return f"{median(one.rates):.0f}/s ({min(one.rates):.0f}-{max(one.rates):.0f})" if one else ""


def _times(ratio: float | None) -> str:
    return f"{ratio:.1f}x" if ratio is not None else ""
