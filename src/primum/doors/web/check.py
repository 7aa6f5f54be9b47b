"""The state of this installation, as a page: the last check, what changed, each line with its evidence; and its files.

The worker makes checks and decides who may see them. Nothing of a patient is in one.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Final

from starlette.responses import JSONResponse, RedirectResponse, Response

from primum.doors.http.forms import field
from primum.doors.http.nowhere import NotFound
from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.doors.web.step_up import step_up_address
from primum.exposure.checks.catalogue import catalogue
from primum.exposure.checks.model import State, Way
from primum.exposure.checks.rendering import html, pdf
from primum.exposure.checks.rendering.shape import answers_to, change, way_of
from primum.exposure.checks.signing import key_id_of
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError
from primum.identity import Permission, Thing, decide

HERE: Final = "/check"
_RUN: Final = re.compile(r"chk_[a-z2-7]{26}")
_NONE: Final = frozenset({"check.none-yet"})
_BUSY: Final = frozenset({"check.under-way"})
_UNFIT: Final = frozenset({"check.bad-declaration", "control.bad-request"})


class CheckPages:
    """The page, its button, and the files of a check."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show the last check, or one of those before. Raises NotPermitted."""
        return self._page(visit, visit.request.query_params.get("run", ""))

    def _page(self, visit: Visit, run: str = "", *, status: int = 200, sentence: str = "") -> Response:
        listed = _ask(visit, "check_runs")
        kept = self._kept(visit, run)
        return self._pages.page(
            visit, "check.html", status=status, here="check", under_way=listed["under_way"], key=listed["key"],
            runs=[_run(visit, one, listed["names"]) for one in listed["runs"]], sentence=sentence,
            found=_shown(visit, kept, listed["names"]) if kept else None, may_declare=_may_declare(visit) and not run,
            step_up_address="" if visit.person.fresh else step_up_address(visit, HERE),
            declared=visit.request.query_params.get("declared") == "yes",
        )  # fmt: skip

    def declare(self, visit: Visit) -> Response:
        """Declare a line; it counts from the next check on. Raises NotPermitted, StepUpNeeded."""
        most = visit.services.limits.field_characters
        name, subject, value, until = (field(visit.form, one, most) for one in ("name", "subject", "value", "until"))
        try:
            _ask(visit, "check_declare", name=f"{name}/{subject}" if subject else name, value=value, until=until)
        except PrimumError as refusal:
            if refusal.code not in _UNFIT:
                raise
            return self._page(visit, status=422, sentence=say(language_of(visit), "check.unfit"))
        return RedirectResponse(f"{HERE}?declared=yes", 303)

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
        "declare": _declarable(line, language),
    }  # fmt: skip


def _declarable(line: dict[str, Any], language: str) -> dict[str, Any] | None:
    """Give what may be declared of a line that could not be measured, or is declared now."""
    rule = catalogue().rules.get(line["name"])
    open_to = line["state"] == State.NOT_DETERMINED or line["way"] == Way.DECLARED
    if rule is None or not rule.declared or not open_to:
        return None
    subjects = [one.partition(" (")[0] for one in line["items"]] if rule.per_subject else []
    values = [(value, meaning.says[language]) for value, meaning in rule.declared.items()]
    return {"values": values, "subjects": subjects, "days": rule.declared_days}


def _may_declare(visit: Visit) -> bool:
    """Tell whether a form is worth showing: whether the person may, once they are fresh."""
    actor = replace(visit.services.people.actor(visit.person), fresh=True)
    return decide(actor, Permission.CHECK_DECLARE, Thing("house")).allowed


def _named(text: str, names: dict[str, str]) -> str:
    """Put people's logins in the place of their ids: who may read a check may know them."""
    return re.sub(r"per_[a-z2-7]{26}", lambda found: names.get(found[0], found[0]), text)
