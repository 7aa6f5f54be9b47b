"""The practice's doses: medians by protocol and part of the body, month by month, beside reference levels; as CSV too.

Nobody is in them. What a person sees is decided by `dose:list`, for the controllers that their grants reach.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import Response

from primum.doors.http.disclosures import DOOR
from primum.doors.http.reading import Reading
from primum.doors.http.visit import Busy, Visit
from primum.doors.web.dose_plot import plot
from primum.doors.web.dose_words import PHANTOMS, write_number
from primum.doors.web.language import say, write_date
from primum.doors.web.render import Pages, language_of
from primum.identity import NotPermitted, Permission
from primum.imaging import Reach
from primum.imaging.dose.model import Kind as Sort
from primum.imaging.dose.statistics import Key, Line, Practice, only
from primum.journal import Fact, Kind

PERIOD: Final = timedelta(days=365)
LONGEST: Final = timedelta(days=3 * 366)
"""A period asked for that is longer is cut at its beginning: medians of more years compare other machines."""
AT_ONCE: Final = 2
"""Practices put together at once: a year of a large one is seconds of a processor."""
PATIENCE: Final = 15
"""Seconds that somebody waits for their turn."""
KINDS: Final = (Sort.CT, Sort.PROJECTION, Sort.MAMMOGRAPHY, Sort.NUCLEAR)
_COLUMNS: Final = (
    "kind", "of", "protocol", "region", "age", "phantom", "measure", "unit", "count", "low", "quarter", "median",
    "three_quarters", "high", "level", "level_value", "level_confidence", "level_source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    since: date
    until: date
    kind: str
    line: str


class DosePages:
    """The page and its file."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Render with `pages`; `reading` decides how far somebody sees."""
        self._pages, self._reading = pages, reading
        self._at_once = threading.BoundedSemaphore(AT_ONCE)

    def page(self, visit: Visit) -> Response:
        """Show a year, or the period that was asked for."""
        asked = _asked(visit)
        try:
            found = self._found(visit, asked, "page")
        except NotPermitted:
            return self._pages.page(visit, "dose.html", here="dose", denied=True)
        language = language_of(visit)
        chosen = next((one for one in found.lines if one.key.id == asked.line), None) or _first(found)
        return self._pages.page(
            visit, "dose.html", here="dose", denied=False, asked=asked, kinds=[one.value for one in KINDS],
            found=found, period=_period(language, asked), rows=[_row(language, one) for one in found.lines],
            chosen=_chosen(language, chosen) if chosen is not None else None,
            titles=[(one.key.id, _title(language, one)) for one in found.lines],
            query=f"since={asked.since}&until={asked.until}&kind={asked.kind}",
        )  # fmt: skip

    def table(self, visit: Visit) -> Response:
        """Give the table as CSV: semicolons and commas for French readers, the other way for English ones."""
        found = self._found(visit, _asked(visit), "csv")
        language, kept = language_of(visit), io.StringIO()
        writer = csv.writer(kept, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
        writer.writerow([say(language, f"dose.csv_{name}") for name in _COLUMNS])
        for one in found.lines:
            writer.writerow([_harmless(cell) for cell in _cells(language, one)])
        name = f"dose-{found.studies}.csv"
        return Response(
            "\ufeff" + kept.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    def _found(self, visit: Visit, asked: Asked, what: str) -> Practice:
        granted = self._reading.reach(visit, Permission.DOSE_LIST)
        reach = [Reach(one.controllers, one.referrers, one.confidential) for one in granted]
        if not self._at_once.acquire(timeout=PATIENCE):
            raise Busy
        try:
            found = visit.services.doses.practice(reach, asked.since, asked.until)
        finally:
            self._at_once.release()
        details: dict[str, str | int] = {
            "session": visit.person.id, "studies": found.studies, "what": what, "door": DOOR,
        }  # fmt: skip
        visit.services.journal.record(Fact(Kind.DOSE_LISTED, visit.person.person_id, "", details))
        return only(found, [Sort(asked.kind)]) if asked.kind else found


def _asked(visit: Visit) -> Asked:
    given, today = visit.request.query_params, visit.services.clock.now().astimezone().date()
    until = min(_day(given.get("until", "")) or today, today)
    since = max(_day(given.get("since", "")) or until - PERIOD, until - LONGEST)
    kind = given.get("kind", "")
    return Asked(min(since, until), until, kind if kind in {one.value for one in KINDS} else "", given.get("line", ""))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _first(found: Practice) -> Line | None:
    """Choose what is drawn first: the line of most values that has a level beside it, else that of most values."""
    return next((one for one in found.lines if one.beside), next(iter(found.lines), None))


def _title(language: str, one: Line) -> str:
    said = _said(language, one.key)
    return " · ".join(part for part in (said["kind"], said["protocol"], said["region"], said["measure"],
                                        said["of"], said["age"]) if part)  # fmt: skip


def _said(language: str, key: Key) -> dict[str, str]:
    return {
        "kind": say(language, f"dose.kind_{key.kind.value.replace('-', '_')}"),
        "of": say(language, f"dose.each_{key.level}"),
        "protocol": key.protocol or say(language, "dose.unnamed"),
        "region": (key.region.meaning or key.region.code) if key.region is not None else "",
        "age": say(language, f"dose.age_{key.age or 'unknown'}"),
        "phantom": say(language, f"dose.phantom_{PHANTOMS[key.phantom]}") if key.phantom in PHANTOMS else "",
        "measure": say(language, f"dose.of_{key.measure}"),
    }


def _row(language: str, one: Line) -> dict[str, Any]:
    level = one.beside
    numbers = {name: write_number(language, getattr(one.all, name)) for name in ("low", "median", "three_quarters",
                                                                                  "high")}  # fmt: skip
    beside = {
        "value": write_number(language, level.value), "title": level.title(language), "source": level.source,
        "unsure": level.confidence == "to-be-confirmed",
    } if level is not None else None  # fmt: skip
    return {**_said(language, one.key), "id": one.key.id, "unit": one.unit, "count": one.all.count, "few": one.few,
            "numbers": numbers, "beside": beside}  # fmt: skip


def _chosen(language: str, one: Line) -> dict[str, Any]:
    months = [
        (f"{month[4:]}/{month[:4]}", kept.count, write_number(language, kept.median),
         write_number(language, kept.three_quarters))
        for month, kept in one.months.items()
        if len(month) == 6  # noqa: PLR2004 (YYYYMM)
    ]  # fmt: skip
    return {**_row(language, one), "title": _title(language, one), "months": months, "plot": plot(language, one)}


def _cells(language: str, one: Line) -> Iterable[str]:
    said, level = _said(language, one.key), one.beside
    yield from (said[name] for name in ("kind", "of", "protocol", "region", "age", "phantom", "measure"))
    yield one.unit
    yield str(one.all.count)
    for name in ("low", "quarter", "median", "three_quarters", "high"):
        yield _plain(language, getattr(one.all, name))
    yield from (level.title(language), _plain(language, level.value), level.confidence, level.source) if level else (
        "", "", "", "",
    )  # fmt: skip


def _plain(language: str, value: float) -> str:
    text = f"{value:.6g}"
    return text.replace(".", ",") if language == "fr" else text


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from running what a device calls its protocol."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _period(language: str, asked: Asked) -> str:
    """Write a period."""
    return say(
        language, "dose.period", since=write_date(language, asked.since), until=write_date(language, asked.until)
    )
