"""What people do with reports: write, change, withdraw, validate (docs/design/reports.md, Order of writes).

Whether the person may is the caller's business. A validation that a crash interrupts is taken up by `finish`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import Clock
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.log import Log
from primum.imaging.corrections import By, Corrections
from primum.imaging.model import EVERYTHING
from primum.imaging.orders.hl7.reports import ResultKind
from primum.imaging.orders.results import Results, Trouble
from primum.imaging.rejection_notes import new_uid
from primum.imaging.reports import store
from primum.imaging.reports.announcing import Announcer, Telling, numbers_of
from primum.imaging.reports.errors import AlreadyValidated, NoSuchReport, NotADraft, NotFinal, TooManyDrafts
from primum.imaging.reports.limits import LIMITS, Limits
from primum.imaging.reports.model import FINAL, Format, Relation, Report, Row, Sayings, State, Text
from primum.imaging.reports.node import lines_of
from primum.imaging.reports.service import WRITTEN_HERE, Reports
from primum.imaging.reports.writing import (
    Followed,
    Making,
    Written,
    check_pdf,
    check_text,
    check_title,
    said_of,
    write_pdf,
    write_text,
)

_log = Log("reports")
_TITLES = {
    "fr": {Relation.NONE: "Compte rendu", Relation.VERSION: "Compte rendu", Relation.ADDENDUM: "Addendum"},
    "en": {Relation.NONE: "Report", Relation.VERSION: "Report", Relation.ADDENDUM: "Addendum"},
}


@dataclass(frozen=True, slots=True)
class Signature:
    """Who acts: our id, and how their name is written with their controller's."""

    person_id: str
    name: str = field(repr=False)
    organisation: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written: a PDF, else a text; and which report it follows (our id)."""

    title: str = field(default="", repr=False)
    text: Text = field(default_factory=Text)
    document: bytes = field(default=b"", repr=False)
    relation: Relation = Relation.NONE
    about: str = ""


InTurn = Callable[[Callable[[], None]], None]
"""Does something while nobody else writes the index."""


@dataclass(frozen=True, slots=True)
class Around:
    """What acts need besides reports: where instances are stored, in whose turn, and who is told."""

    corrections: Corrections
    in_turn: InTurn
    results: Results
    tell: Callable[[Row], None]
    """Writes down that a report was validated."""


class Acts:
    """The acts."""

    def __init__(
        self, reports: Reports, records: Engine, clock: Clock, around: Around, limits: Limits = LIMITS
    ) -> None:
        """Act on `reports`, kept in `records`."""
        self.reports, self._records, self._clock = reports, records, clock
        self._around, self._limits = around, limits
        self._announcer = Announcer(around.results)

    # -- drafts --

    def write(self, study: str, draft: Draft, by: Signature) -> Report:
        """Begin a report. Raises what refuses its content, NotFinal, TooManyDrafts, NotHere."""
        entry = self._around.corrections.archive.study(study, EVERYTHING)
        known = self.reports.of_study(study, drafts=True)
        if sum(one.row.state in WRITTEN_HERE for one in known) >= self._limits.drafts:
            raise TooManyDrafts(limit=self._limits.drafts)
        text, document = self._content(draft)
        about = _followed(known, draft)
        now = self._clock.now()
        language = text.language if text.language in _TITLES else "en"
        row = Row(
            id=new_id("rep"),
            study_ref=study,
            controller_id=entry.controller_id,
            state=State.DRAFT,
            format=Format.PDF if document else Format.SR,
            series_uid=new_uid(),
            sop_uid=new_uid(),
            sayings=Sayings(
                title=check_title(draft.title, self._limits) or _TITLES[language][draft.relation],
                author=by.name,
                at=f"{now:%Y%m%d%H%M%S}",
                relation=draft.relation,
                about=about,
            ),
            made_by=by.person_id,
            made_at=now,
        )
        with self._records.begin() as records:
            store.put(records, row)
            store.put_content(records, row.id, text, document)
        return Report(row, follows=draft.about)

    def change(self, report_id: str, draft: Draft) -> Report:
        """Change the title and the content of a draft. Raises NotADraft and as `write`."""
        report = self.reports.report(report_id)
        row = report.row
        text, document = self._content(draft)
        if row.state is not State.DRAFT or bool(document) != (row.format is Format.PDF):
            raise NotADraft
        title = check_title(draft.title, self._limits) or row.sayings.title
        row = replace(row, sayings=replace(row.sayings, title=title))
        with self._records.begin() as records:
            if not store.move(records, row, State.DRAFT):
                raise NotADraft
            store.note(records, row)
            store.put_content(records, row.id, text, document)
        return replace(report, row=row)

    def withdraw(self, report_id: str) -> Report:
        """Forget a draft. Raises NotADraft."""
        report = self.reports.report(report_id)
        with self._records.begin() as records:
            if not store.drop(records, report_id):
                raise NotADraft
        return report

    def _content(self, draft: Draft) -> tuple[Text, bytes]:
        if draft.document:
            return Text(language=draft.text.language), check_pdf(draft.document, self._limits)
        return check_text(draft.text, self._limits), b""

    # -- validating --

    def validate(self, report_id: str, by: Signature) -> Report:
        """Make a report final. Raises AlreadyValidated, NotADraft, and what storing raises."""
        report = self.reports.report(report_id)
        row = report.row
        if report.status in FINAL:
            raise AlreadyValidated
        named = f"{_one_line(by.name)}\n{_one_line(by.organisation)}"
        row = replace(row, validated_by=by.person_id, validated_at=self._clock.now(), shown_as=named)
        if row.state in WRITTEN_HERE:
            row = replace(row, state=State.VALIDATING)
            with self._records.begin() as records:
                if not store.move(records, row, State.DRAFT):
                    raise NotADraft
            self._carry_out(row)
        else:
            if not row.sha256:  # nobody could read it: nobody can answer for it
                raise NoSuchReport
            was, row = row.state, replace(row, state=State.VALIDATED, validated_sha256=row.sha256)
            self._settle(row, was)
        return self.reports.report(report_id)

    def finish(self, _now: datetime) -> int:
        """Take up validations that were decided and not done (a job); return how many are done now."""
        with self._records.connect().execution_options(reading=True) as records:
            left = store.validating(records)
        done = 0
        for row in left:
            try:
                self._carry_out(row)
                done += 1
            except PrimumError as refusal:
                _log.warning("report.waits", study=row.study_ref, code=refusal.code)
        return done

    def _carry_out(self, row: Row) -> None:
        self._around.in_turn(lambda: self._store(row))
        served = self.reports.instance(Report(row))
        digest = self.reports.digest(served)
        settled = replace(row, state=State.VALIDATED, place=served.place, sha256=digest, validated_sha256=digest)
        self._settle(settled, State.VALIDATING)

    def _store(self, row: Row) -> None:
        """Store the instance of a report, unless an interrupted validation did."""
        corrections = self._around.corrections
        try:
            self.reports.instance(Report(row))
        except NoSuchReport:
            study = corrections.archive.study(row.study_ref, EVERYTHING)
            made = self._written(row)
            at = corrections.after(row.study_ref)
            corrections.add_instance(study, made.sop_class_uid, made, By(row.validated_by), at)

    def _written(self, row: Row) -> Written:
        archive = self._around.corrections.archive
        study = archive.study(row.study_ref, EVERYTHING)
        shown = archive.study_shown(row.study_ref)
        observer, _, organisation = row.shown_as.partition("\n")
        with self._records.connect().execution_options(reading=True) as records:
            text, document = store.content(records, row.id)
            numbers = numbers_of(records, row.controller_id, study.study_uid, said_of(shown, 0x00080050))
        if row.validated_at is None:
            raise NotADraft
        making = Making(
            study_uid=study.study_uid,
            shown=shown,
            series_uid=row.series_uid,
            sop_uid=row.sop_uid,
            title=row.sayings.title,
            at=row.validated_at,
            observer=observer,
            organisation=organisation,
            followed=self._followed(row),
            numbers=numbers,
        )
        return write_pdf(making, document) if row.format is Format.PDF else write_text(making, text)

    def _followed(self, row: Row) -> Followed | None:
        if not row.sayings.relation:
            return None
        study = self._around.corrections.archive.study(row.study_ref, EVERYTHING)
        with self._records.connect().execution_options(reading=True) as records:
            known = store.by_instance(records, row.study_ref, row.sayings.about)
        try:
            served = self.reports.instance(Report(known)) if known is not None else None
        except NoSuchReport:
            served = None
        if served is None:
            return None  # what it follows was erased or rejected meanwhile: it stands by itself
        return Followed(study.study_uid, served.series_uid, served.sop_class_uid, served.sop_uid, row.sayings.relation)

    def _settle(self, row: Row, was: State) -> None:
        """Keep that a report is final, and what is told of it, in one transaction."""
        telling = self._telling(row)
        with self._records.begin() as records:
            if not store.move(records, row, was):
                if _validated_meanwhile(records, row.id):
                    return  # the job took it up, or the other way round
                raise NotADraft
            store.drop_content(records, row.id)
            self._announcer.announce(records, telling)
            self._around.tell(row)

    # -- results --

    def _telling(self, row: Row) -> Telling:
        archive = self._around.corrections.archive
        study = archive.study(row.study_ref, EVERYTHING)
        lines: tuple[str, ...] = ()
        document = b""
        try:
            report = Report(row)
            document = self.reports.document(report) if row.format is Format.PDF else b""
            lines = tuple(lines_of(self.reports.nodes(report)))
        except PrimumError as refusal:  # what cannot be read is announced all the same, by its numbers
            _log.warning("report.told-bare", study=row.study_ref, code=refusal.code)
        follows = next(
            (one.follows for one in self.reports.of_study(row.study_ref, drafts=True) if one.row.id == row.id), ""
        )
        return Telling(row, study.study_uid, archive.study_shown(row.study_ref), follows, lines, document)

    def send_again(self, trouble: Trouble) -> str:
        """Write a result anew, as its study is served now; return the new one's id. Raises NoSuchReport."""
        with self._records.connect().execution_options(reading=True) as records:
            report_id = store.report_of_result(records, trouble.id)
        telling = self._telling(self.reports.report(report_id).row)
        with self._records.begin() as records:
            return self._sent_again(records, trouble, telling)

    def _sent_again(self, records: Connection, trouble: Trouble, telling: Telling) -> str:
        if not self._around.results.superseded(trouble.id, records):
            raise NoSuchReport
        return self._announcer.announce(records, telling, (ResultKind(trouble.kind),))[0]


def _validated_meanwhile(records: Connection, report_id: str) -> bool:
    now = store.row(records, report_id)
    return now is not None and now.state is State.VALIDATED


def _followed(known: list[Report], draft: Draft) -> str:
    """Give the SOP Instance UID of what a draft follows. Raises NotFinal."""
    if not draft.relation:
        return ""
    found = next((one for one in known if one.row.id == draft.about), None)
    if found is None or found.status not in FINAL:
        raise NotFinal
    return found.row.sop_uid


def _one_line(name: str) -> str:
    """Write a name as one component of a PN, of 64 characters: which part is the family's name, nobody said."""
    return " ".join("".join(one if one.isprintable() and one not in "^=\\" else " " for one in name).split())[:64]
