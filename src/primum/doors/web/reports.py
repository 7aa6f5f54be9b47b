"""Reports as pages: those of a study, one to be read, and the forms that write, change, withdraw and validate.

Reading is decided and journaled here; whatever changes something is the worker's, which decides from the session
(docs/design/reports.md). A document never becomes part of a page: it is fetched by itself, under a policy of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from primum.app.shelf import StudyInReach
from primum.doors.http.disclosures import DOOR, Disclosures
from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.headers import DOCUMENT_POLICY
from primum.doors.http.reading import Reading
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_da, write_date, write_tm
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import row
from primum.doors.web.step_up import step_up_address
from primum.ground.errors import PrimumError
from primum.identity import Actor, Permission, Reach, Scope, Thing, decide, reaches, require
from primum.imaging import NotHere
from primum.imaging.reports.errors import NoSuchReport
from primum.imaging.reports.limits import LIMITS
from primum.imaging.reports.model import FINAL, Format, Report, State, Text
from primum.imaging.reports.service import WRITTEN_HERE
from primum.journal import Fact, Kind

_WORDED: Final = {
    "report.already-validated": "already_validated",
    "report.bad-text": "bad_text",
    "report.empty": "empty",
    "report.not-a-draft": "not_a_draft",
    "report.not-a-pdf": "not_a_pdf",
    "report.not-final": "not_final",
    "report.too-large": "too_large",
    "report.too-many-drafts": "too_many",
}
"""Refusals that have a sentence of their own on these pages."""
_UNREADABLE: Final = frozenset({
    "report.unreadable", "report.too-large", "imaging.damaged-data-set", "imaging.too-large",
})  # fmt: skip
"""What keeps a document from being shown as text; it can still be fetched."""


@dataclass(frozen=True, slots=True)
class Line:
    """A report in words."""

    id: str
    address: str
    title: str
    kind: str
    status: str
    final: bool
    here: bool
    author: str
    when: str
    relation: str
    follows: str
    superseded: str
    pdf: str


def line(visit: Visit, one: Report) -> Line:
    """Say where a report stands."""
    language, said = language_of(visit), one.row.sayings
    address = f"/reports/{one.row.id}"
    return Line(
        id=one.row.id,
        address=address,
        title=said.title or say(language, "reports.untitled"),
        kind=say(language, f"reports.format_{one.row.format}"),
        status=str(one.status).replace("-", "_"),
        final=one.status in FINAL,
        here=one.row.here,
        author=one.row.shown_as.partition("\n")[0] or said.author,
        when=_when(language, one),
        relation=str(said.relation),
        follows=f"/reports/{one.follows}" if one.follows else "",
        superseded=f"/reports/{one.superseded_by}" if one.superseded_by else "",
        pdf=f"{address}/report.pdf" if one.row.format is Format.PDF else "",
    )


def _when(language: str, one: Report) -> str:
    at = one.row.validated_at or one.row.made_at
    if at is not None:
        local = at.astimezone()
        return f"{write_date(language, local.date())} {local:%H:%M}"
    said = one.row.sayings.at
    return f"{write_da(language, said[:8])} {write_tm(said[8:12])}".strip()


def card(visit: Visit, ref: str) -> dict[str, Any] | None:
    """Give what the card of a study's page shows; None for who may not read reports."""
    try:
        study = visit.services.archive.study(_listed(visit), ref=ref)
    except NotHere:
        return None  # all of it is rejected
    found = shown_of(visit, study)
    if found is None:
        return None
    return {"lines": [line(visit, one) for one in found], "address": f"/studies/{visit.aliases.cover(ref)}/reports"}


def _listed(visit: Visit) -> Sequence[Reach]:
    return reaches(visit.services.people.actor(visit.person), Permission.STUDY_LIST)


def shown_of(visit: Visit, study: StudyInReach) -> list[Report] | None:
    """List the reports of a study that this person may see, and record that; None where they may see none."""
    actor, thing = visit.services.people.actor(visit.person), thing_of(study)
    if not decide(actor, Permission.REPORT_READ, thing).allowed:
        return None
    found = visit.services.reports.of_study(study.study_ref, drafts=_writes(actor, thing))
    if _only_final(actor, thing):
        found = [one for one in found if one.status in FINAL]
    details: dict[str, str | int] = {
        "session": visit.person.id, "controller": study.controller_id, "found": len(found), "door": DOOR,
    }  # fmt: skip
    visit.services.journal.record(Fact(Kind.REPORTS_LISTED, visit.person.person_id, study.study_ref, details))
    return found


def thing_of(study: StudyInReach) -> Thing:
    """Say what a decision about a study's reports is about."""
    return Thing("study", study.controller_id, referrer=study.referrer, confidential=study.confidential)


def _writes(actor: Actor, thing: Thing) -> bool:
    return decide(actor, Permission.REPORT_WRITE, thing).allowed


def _validates(actor: Actor, thing: Thing) -> bool:
    return decide(replace(actor, fresh=True), Permission.REPORT_VALIDATE, thing).allowed


def _only_final(actor: Actor, thing: Thing) -> bool:
    """Tell whether somebody sees these reports as their referrer alone."""
    reading = [
        one for one in actor.grants if decide(replace(actor, grants=(one,)), Permission.REPORT_READ, thing).allowed
    ]
    return all(one.scope is Scope.REFERRER for one in reading)


class ReportPages:
    """The pages and their forms."""

    def __init__(self, pages: Pages, reading: Reading, disclosures: Disclosures) -> None:
        """Render with `pages`; studies are found through `reading`, what is read is counted by `disclosures`."""
        self._pages, self._reading, self._disclosures = pages, reading, disclosures

    # -- reading --

    def study(self, visit: Visit) -> Response:
        """Show the reports of a study, and the forms that begin one."""
        return self._study(visit, self._found(visit))

    def show(self, visit: Visit) -> Response:
        """Show a report."""
        one, study = self._report(visit)
        self._disclose(visit, one, study)
        return self._show(visit, one, study)

    def document(self, visit: Visit) -> Response:
        """Give a PDF, for the browser to show."""
        return self._document(visit, "inline")

    def download(self, visit: Visit) -> Response:
        """Give a PDF or CDA, to be kept."""
        return self._document(visit, "attachment")

    def _document(self, visit: Visit, how: str) -> Response:
        one, study = self._report(visit)
        pdf = one.row.format is Format.PDF
        if not pdf and how == "inline":
            raise NoSuchReport  # a CDA is never opened under our origin
        document = visit.services.reports.document(one)
        self._disclose(visit, one, study, sent=len(document))
        name, kind = ("report.pdf", "application/pdf") if pdf else ("report.xml", "application/octet-stream")
        headers = {"content-disposition": f'{how}; filename="{name}"'}
        if pdf:
            headers["content-security-policy"] = DOCUMENT_POLICY
        return Response(document, media_type=kind, headers=headers)

    def _disclose(self, visit: Visit, one: Report, study: StudyInReach, sent: int = 0) -> None:
        """Have it on disc that this is read, before a byte of it is given."""
        viewing = self._disclosures.open(
            session_id=visit.person.id,
            person_id=visit.person.person_id,
            study_ref=study.study_ref,
            controller_id=study.controller_id,
        )
        details: dict[str, str | int] = {
            "session": visit.person.id, "controller": study.controller_id, "report": one.row.id,
            "what": str(one.row.format), "door": DOOR,
        }  # fmt: skip
        visit.services.journal.record(Fact(Kind.REPORT_VIEWED, visit.person.person_id, study.study_ref, details))
        viewing.count(instances=1, sent_bytes=sent)

    # -- changing --

    def write(self, visit: Visit) -> Response:
        """Begin a report: a PDF, else a text; by itself, or following another one."""
        study = self._found(visit)
        args = {"study": study.study_ref, **_content(visit)}
        for name in ("about", "relation"):
            args[name] = field(visit.form, name, 64)
        verb = "report_add" if visit.form.get("kind") == "pdf" else "report_write"
        try:
            made = _ask(visit, verb, args)
        except PrimumError as refusal:
            sentence = _sentence(visit, refusal)
            if args["about"]:
                one = visit.services.reports.report(args["about"])
                return self._show(visit, one, study, sentence=sentence, status=status_of(refusal), typed=args)
            return self._study(visit, study, sentence=sentence, status=status_of(refusal), typed=args)
        return RedirectResponse(f"/reports/{made['id']}", 303)

    def change(self, visit: Visit) -> Response:
        """Change a draft."""
        one, study = self._report(visit)
        args = {"report": one.row.id, **_content(visit)}
        return self._done(visit, "report_change", args, one, study)

    def validate(self, visit: Visit) -> Response:
        """Validate a report, once the person has said that they mean it."""
        one, study = self._report(visit)
        return self._done(visit, "report_validate", {"report": one.row.id}, one, study)

    def withdraw(self, visit: Visit) -> Response:
        """Withdraw a draft."""
        one, study = self._report(visit)
        back = f"/studies/{visit.aliases.cover(study.study_ref)}/reports"
        return self._done(visit, "report_withdraw", {"report": one.row.id}, one, study, back)

    def _done(  # noqa: PLR0917
        self, visit: Visit, verb: str, args: dict[str, str], one: Report, study: StudyInReach, back: str = ""
    ) -> Response:
        try:
            _ask(visit, verb, args)
        except PrimumError as refusal:
            sentence = _sentence(visit, refusal)
            return self._show(visit, one, study, sentence=sentence, status=status_of(refusal), typed=args)
        return RedirectResponse(back or f"/reports/{one.row.id}", 303)

    # -- inside --

    def _found(self, visit: Visit) -> StudyInReach:
        """Find the study of the address, whose reports this person may read. Raises NotHere, NotPermitted."""
        study = self._reading.find(visit, visit.aliases.uncover(visit.request.path_params["study"]))
        require(visit.services.people.actor(visit.person), Permission.REPORT_READ, thing_of(study))
        return study

    def _report(self, visit: Visit) -> tuple[Report, StudyInReach]:
        """Find the report of the address, which this person may read. Raises NoSuchReport, NotHere, NotPermitted."""
        one = visit.services.reports.report(visit.request.path_params["report"])
        study = self._reading.find(visit, one.row.study_ref)
        actor, thing = visit.services.people.actor(visit.person), thing_of(study)
        require(actor, Permission.REPORT_READ, thing)
        if one.row.state in WRITTEN_HERE and not _writes(actor, thing):
            raise NoSuchReport
        if one.status not in FINAL and _only_final(actor, thing):
            raise NoSuchReport
        return one, study

    def _study(
        self,
        visit: Visit,
        study: StudyInReach,
        *,
        sentence: str = "",
        status: int = 200,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        actor, thing = visit.services.people.actor(visit.person), thing_of(study)
        return self._pages.page(
            visit,
            "reports.html",
            status=status,
            here="studies",
            sentence=sentence,
            lines=[line(visit, one) for one in shown_of(visit, study) or ()],
            address=f"/studies/{visit.aliases.cover(study.study_ref)}/reports",
            writes=_writes(actor, thing),
            typed=_typed(typed),
            limits=LIMITS,
            **self._head(visit, study),
        )

    def _show(
        self,
        visit: Visit,
        one: Report,
        study: StudyInReach,
        *,
        sentence: str = "",
        status: int = 200,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        actor, thing = visit.services.people.actor(visit.person), thing_of(study)
        nodes, unreadable = self._nodes(visit, one)
        text = visit.services.reports.draft(one)[0] if one.row.state is State.DRAFT else Text()
        validates = _validates(actor, thing) and one.status not in FINAL and one.row.state is not State.VALIDATING
        shown = line(visit, one)
        return self._pages.page(
            visit,
            "report.html",
            status=status,
            here="studies",
            sentence=sentence,
            one=shown,
            nodes=nodes,
            unreadable=unreadable,
            back=f"/studies/{visit.aliases.cover(study.study_ref)}/reports",
            writes=_writes(actor, thing),
            validates=validates,
            changes=one.row.state is State.DRAFT and _writes(actor, thing),
            is_text=one.row.format is Format.SR,
            downloads=one.row.format is not Format.SR,
            step_up_address=step_up_address(visit, shown.address) if validates and not visit.person.fresh else "",
            typed=_typed(typed) if typed else {
                "title": one.row.sayings.title, "findings": text.findings, "impression": text.impression,
            },
            limits=LIMITS,
            **self._head(visit, study),
        )  # fmt: skip

    @staticmethod
    def _nodes(visit: Visit, one: Report) -> tuple[list[Any], bool]:
        try:
            return visit.services.reports.nodes(one), False
        except PrimumError as refusal:
            if refusal.code not in _UNREADABLE:
                raise
            return [], True

    def _head(self, visit: Visit, study: StudyInReach) -> dict[str, Any]:
        """Say whose study it is, as it is served."""
        found = self._reading.search(visit, [("StudyInstanceUID", study.study_uid)], limit=10, offset=0)
        shown = next((one for one in found if one.study.study_ref == study.study_ref), None)
        if shown is None:
            raise NoSuchReport
        return {"study": row(shown.attributes, language_of(visit), address="", controller="", flags=())}


def _typed(given: Mapping[str, str] | None) -> dict[str, str]:
    return {name: (given or {}).get(name, "") for name in ("title", "findings", "impression")}


def _content(visit: Visit) -> dict[str, str]:
    most = LIMITS.text_characters * 2
    return {
        "title": field(visit.form, "title", visit.services.limits.field_characters),
        "findings": field(visit.form, "findings", most),
        "impression": field(visit.form, "impression", most),
    }


def _ask(visit: Visit, verb: str, args: Mapping[str, str]) -> dict[str, Any]:
    """Ask the worker, for the person of this session."""
    asked = {"token": visit.token, "verb": verb, "args": {**args, "language": language_of(visit)}}
    # a file that holds nothing is refused as no PDF, not taken for none
    document = (visit.document or b"\n") if verb == "report_add" else b""
    if len(document) > LIMITS.document_bytes:
        raise FormUnreadable
    answer, _ = visit.services.intake.ask("report", asked, document)
    return answer


def _sentence(visit: Visit, refusal: PrimumError) -> str:
    """Say a refusal in the reader's words; those that have none go their usual way."""
    if refusal.code not in _WORDED:
        raise refusal
    return say(language_of(visit), f"reports.{_WORDED[refusal.code]}")
