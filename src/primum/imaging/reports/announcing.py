"""What is told of a validated report to the host that takes results: its facts, the numbers of its order, its messages.

A result that cannot be written holds nothing up: it is kept as refused, for somebody to see and send again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from primum.imaging.dicomjson import Json
from primum.imaging.orders import tables
from primum.imaging.orders.errors import BadField
from primum.imaging.orders.hl7.errors import TooLarge
from primum.imaging.orders.hl7.reports import DocumentEvent, ReportFacts, ResultKind, ResultStatus
from primum.imaging.orders.model import Code, Identifier, PatientFacts
from primum.imaging.orders.results import Results
from primum.imaging.reports import store
from primum.imaging.reports.model import Relation, Row
from primum.imaging.reports.writing import Numbers, said_of

_EVENTS = {
    Relation.NONE: (DocumentEvent.ORIGINAL, ResultStatus.FINAL),
    Relation.ADDENDUM: (DocumentEvent.ADDENDUM, ResultStatus.CORRECTED),
    Relation.VERSION: (DocumentEvent.REPLACEMENT, ResultStatus.CORRECTED),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """A validated report, and its study as it is served."""

    row: Row
    study_uid: str = field(repr=False)
    shown: Mapping[str, Json] = field(repr=False)
    follows: str
    """Our id of the report that it follows."""
    lines: tuple[str, ...] = field(default=(), repr=False)
    document: bytes = field(default=b"", repr=False)


def numbers_of(records: Connection, controller_id: str, study_uid: str, accession: str) -> Numbers:
    """Give the numbers of the order that a study answers; of a study without one, its accession number alone."""
    order = tables.order_of_study(records, controller_id, study_uid, accession)
    if order is None:
        return Numbers(accession)
    facts = order.facts
    procedure = (facts.procedure.value, facts.procedure.scheme, facts.procedure.text)
    return Numbers(
        facts.accession or accession, facts.placer_number, facts.filler_number, facts.procedure_id, procedure
    )


class Announcer:
    """Writes what is to be sent into the queue."""

    def __init__(self, results: Results) -> None:
        """Write into `results`, which knows whether anybody takes them."""
        self._results = results

    def announce(self, records: Connection, telling: Telling, kinds: tuple[ResultKind, ...] | None = None) -> list[str]:
        """Queue them in the caller's transaction; return their ids, those of refused ones too."""
        kinds = self._results.kinds if kinds is None else kinds
        try:
            made = self._results.announce(self._facts(records, telling), records, kinds) if kinds else []
        except (BadField, TooLarge) as refusal:
            made = [self._results.unfit(telling.row.controller_id, kind, refusal.code, records) for kind in kinds]
        for one in made:
            store.tie_result(records, one, telling.row)
        return made

    @staticmethod
    def _facts(records: Connection, telling: Telling) -> ReportFacts:
        row, shown = telling.row, telling.shown
        if row.validated_at is None:
            raise BadField(field="report.validated_at")
        accession = said_of(shown, 0x00080050)
        numbers = numbers_of(records, row.controller_id, telling.study_uid, accession)
        event, status = _EVENTS[row.sayings.relation]
        return ReportFacts(
            report_id=row.id,
            controller_id=row.controller_id,
            patient=_patient(records, row.controller_id, shown),
            study_uid=telling.study_uid,
            accession=numbers.accession,
            procedure=Code(*numbers.procedure) if numbers.procedure[2] else Code(text=said_of(shown, 0x00081030)),
            author=row.shown_as.partition("\n")[0],
            validated_at=row.validated_at,
            status=status,
            placer_number=numbers.placer,
            filler_number=numbers.filler,
            referrer=said_of(shown, 0x00080090),
            lines=telling.lines,
            document=telling.document,
            replaces=telling.follows,
            event=event,
        )


def _patient(records: Connection, controller_id: str, shown: Mapping[str, Json]) -> PatientFacts:
    """Give the patient as the study is served; an INS only where an order brought it as qualified."""
    identifier = Identifier(said_of(shown, 0x00100021), said_of(shown, 0x00100020))
    known = tables.patient(records, controller_id, identifier)
    facts = PatientFacts(identifier, said_of(shown, 0x00100010), said_of(shown, 0x00100030), said_of(shown, 0x00100040))
    if known is None:
        return facts
    ordered = known[1]
    return PatientFacts(
        facts.identifier, facts.name, facts.birth_date, facts.sex, ordered.birth_name, ordered.ins, ordered.ins_oid
    )
