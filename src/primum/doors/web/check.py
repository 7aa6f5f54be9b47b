"""The state of this installation, as a page: the last check, what changed, each line with its evidence; and its files.

The worker makes checks and decides who may see them. Nothing of a patient is in one.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from starlette.responses import JSONResponse, RedirectResponse, Response

from primum.doors.http.nowhere import NotFound
from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.exposure.checks.model import State
from primum.exposure.checks.rendering import html, pdf
from primum.exposure.checks.rendering.shape import answers_to, change, way_of
from primum.exposure.checks.signing import key_id_of
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError

HERE: Final = "/check"
_RUN: Final = re.compile(r"chk_[a-z2-7]{26}")
_NONE: Final = frozenset({"check.none-yet"})
_BUSY: Final = frozenset({"check.under-way"})


class CheckPages:
    """The page, its button, and the files of a check."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show the last check, or one of those before. Raises NotPermitted."""
        run = visit.request.query_params.get("run", "")
        listed = _ask(visit, "check_runs")
        kept = self._kept(visit, run)
        return self._pages.page(
            visit, "check.html", here="check", under_way=listed["under_way"], key=listed["key"],
            runs=[_run(visit, one, listed["names"]) for one in listed["runs"]],
            found=_shown(visit, kept, listed["names"]) if kept else None,
        )  # fmt: skip

    def make(self, visit: Visit) -> Response:
        """Begin a check, and go back to the page, which follows it."""
        try:
            _ask(visit, "check_start")
        except PrimumError as refusal:
            if refusal.code not in _BUSY:
                raise
        return RedirectResponse(HERE, 303)

    def progress(self, visit: Visit) -> Response:
        """Say how far the check under way is."""
        return JSONResponse(_ask(visit, "check_progress"), headers={"cache-control": "no-store"})

    def as_html(self, visit: Visit) -> Response:
        """Give a check as an HTML file, signed."""
        report, note = self._file(visit)
        return _download(html.html(report, note, language_of(visit)), "text/html; charset=utf-8", _name(report, "html"))

    def as_pdf(self, visit: Visit) -> Response:
        """Give a check as PDF, signed."""
        report, note = self._file(visit)
        return _download(pdf.pdf(report, note, language_of(visit)), "application/pdf", _name(report, "pdf"))

    def as_json(self, visit: Visit) -> Response:
        """Give a check and its signed note as one object."""
        report, note = self._file(visit)
        made = json.dumps({"report": report, "note": note}, ensure_ascii=False, indent=1).encode()
        return _download(made, "application/json", _name(report, "json"))

    def _file(self, visit: Visit) -> tuple[dict[str, Any], str]:
        kept = self._kept(visit, visit.request.path_params["run"])
        if kept is None:
            raise NotFound
        return kept["report"], kept["note"]

    def _kept(self, visit: Visit, run: str) -> dict[str, Any] | None:
        if run and not _RUN.fullmatch(run):
            raise NotFound
        try:
            return _ask(visit, "check_last", run=run)
        except PrimumError as refusal:
            if refusal.code not in _NONE:
                raise
            return None


def _ask(visit: Visit, verb: str, **args: str) -> dict[str, Any]:
    answer, _ = visit.services.intake.ask("check", {"token": visit.token, "verb": verb, "args": args})
    return answer


def _download(data: bytes, kind: str, name: str) -> Response:
    return Response(data, headers={"content-type": kind, "content-disposition": f'attachment; filename="{name}"'})


def _name(report: dict[str, Any], kind: str) -> str:
    return f"primum-check-{report['made_at'][:10]}.{kind}"


def _run(visit: Visit, one: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    language = language_of(visit)
    return {
        **one, "at": write_instant(language, from_text(one["made_at"])), "who": _who(language, one["by"], names),
        "address": f"{HERE}?run={one['id']}",
    }  # fmt: skip


def _who(language: str, by: str, names: dict[str, str]) -> str:
    return say(language, "check.by_itself") if by == "system" else names.get(by, by)


def _shown(visit: Visit, kept: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    report, language = kept["report"], language_of(visit)
    order = [one.value for one in State]
    lines = sorted(report["lines"], key=lambda line: order.index(line["state"]))
    count = report["summary"]
    worst = next((one for one in order if count[one]), State.GOOD.value)
    previous = report["previous"]
    return {
        "id": report["id"], "state": worst, "count": {name.replace("-", "_"): number for name, number in count.items()},
        "answer": say(language, f"check.answer_{worst.replace('-', '_')}", count=count[worst]),
        "at": write_instant(language, from_text(report["made_at"])), "who": _who(language, report["by"], names),
        "previous": write_instant(language, from_text(previous["made_at"])) if previous else "",
        "changes": [change(one, language) for one in report["changes"]],
        "key_id": key_id_of(kept["note"]), "lines": [_line(one, language, names) for one in lines],
    }  # fmt: skip


def _line(line: dict[str, Any], language: str, names: dict[str, str]) -> dict[str, Any]:
    return {
        "name": line["name"], "state": line["state"], "word": say(language, f"check.{line['state'].replace('-', '_')}"),
        "title": line["title"][language], "says": line["says"][language], "do": line["do"][language],
        "way": way_of(line, language), "at": write_instant(language, from_text(line["at"])),
        "until": line["until"], "items": [_named(one, names) for one in line["items"]], "more": line["more"],
        "evidence": [_named(one, names) for one in line["evidence"]], "answers_to": answers_to(line, language),
    }  # fmt: skip


def _named(text: str, names: dict[str, str]) -> str:
    """Put people's logins in the place of their ids: who may read a check may know them."""
    return re.sub(r"per_[a-z2-7]{26}", lambda found: names.get(found[0], found[0]), text)
