"""A scheduled step as a Unified Procedure Step (PS3.4 CC, PS3.3 C.30): attributes, states, searches. Pure.

In DICOM JSON. The workitem's UID is of the step; its state is the step's, seen from the performer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from primum.imaging.errors import BadQuery
from primum.imaging.matching import like
from primum.imaging.names import fold_group, parse_name
from primum.imaging.orders.errors import BadField
from primum.imaging.orders.model import Code, Entry, Identifier, OrderFacts, PatientFacts, StepFacts, StepState, uid
from primum.imaging.orders.values import Json, element, items, sequence, text
from primum.imaging.orders.worklist import coded

UPS_PUSH: Final = "1.2.840.10008.5.1.4.34.6.1"
STATE: Final = "00741000"
TRANSACTION: Final = "00081195"
START: Final = "00404005"
LABEL: Final = "00741204"
PROGRESS: Final = frozenset({"00741002", "00741216", "00404050", "00404051"})
"""What a performer says while it works: progress, performed procedure, actual times."""


class WorkitemState(StrEnum):
    """Procedure Step State (0074,1000)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


OF_STEP: Final[Mapping[StepState, WorkitemState]] = {
    StepState.SCHEDULED: WorkitemState.SCHEDULED,
    StepState.DISCONTINUED: WorkitemState.SCHEDULED,
    StepState.STARTED: WorkitemState.IN_PROGRESS,
    StepState.DONE: WorkitemState.COMPLETED,
    StepState.CANCELLED: WorkitemState.CANCELED,
}
TO_STEP: Final[Mapping[WorkitemState, StepState]] = {
    WorkitemState.IN_PROGRESS: StepState.STARTED,
    WorkitemState.COMPLETED: StepState.DONE,
    WorkitemState.CANCELED: StepState.CANCELLED,
}
NEXT: Final[Mapping[WorkitemState, frozenset[WorkitemState]]] = {
    WorkitemState.SCHEDULED: frozenset({WorkitemState.IN_PROGRESS}),
    WorkitemState.IN_PROGRESS: frozenset({WorkitemState.COMPLETED, WorkitemState.CANCELED}),
    WorkitemState.COMPLETED: frozenset(),
    WorkitemState.CANCELED: frozenset(),
}
"""Which change a performer may ask for (table CC.1.1-2); cancelling what is scheduled is the scheduler's."""

_PRIORITIES: Final = {"STAT": "HIGH", "HIGH": "HIGH", "ROUTINE": "MEDIUM", "MEDIUM": "MEDIUM", "LOW": "LOW"}


def attributes(entry: Entry, progress: Json) -> dict[str, Any]:
    """Write a workitem; the transaction UID of whoever holds it is never shown (CC.2.7)."""
    patient, order, step = entry.patient, entry.order.facts, entry.step
    start = step.facts.start if step.time else f"{step.date}0000"
    requested = {
        "00080050": element("SH", order.accession),
        "0020000D": element("UI", order.study_uid),
        "00321060": element("LO", order.procedure.text),
        "00321064": coded(order.procedure),
        "00401001": element("SH", order.procedure_id),
        "00402016": element("LO", order.placer_number),
        "00402017": element("LO", order.filler_number),
    }
    station = {"00080104": element("LO", step.facts.station_aet), "00080102": element("SH", "99PRIMUM")}
    return {
        "00080016": element("UI", UPS_PUSH),
        "00080018": element("UI", step.workitem_uid),
        "00100010": element("PN", patient.name),
        "00100020": element("LO", patient.identifier.value),
        "00100021": element("LO", patient.identifier.issuer),
        "00100030": element("DA", patient.birth_date),
        "00100040": element("CS", patient.sex),
        "0020000D": element("UI", order.study_uid),
        "00380010": element("LO", order.visit),
        START: element("DT", start),
        "00404010": element("DT", entry.order.changed_at[:19].replace("-", "").replace("T", "").replace(":", "")),
        "00404018": coded(step.facts.protocol),
        "00404021": {"vr": "SQ"},
        "00404025": sequence({"00080100": element("SH", step.facts.station_aet), **station})
        if step.facts.station_aet
        else {"vr": "SQ"},
        "00404041": element("CS", "READY"),
        "0040A370": sequence(requested),
        STATE: element("CS", OF_STEP[step.state].value),
        "00741200": element("CS", _PRIORITIES[order.priority]),
        "00741202": element("LO", step.facts.modality),
        LABEL: element("LO", step.facts.protocol.text or order.procedure.text),
        **{tag: progress[tag] for tag in PROGRESS if tag in progress},
    }


def created(given: Json) -> tuple[PatientFacts, OrderFacts]:
    """Read a workitem that is to be created (table CC.2.5-3). Raises BadField."""
    if text(given, STATE) not in {"", WorkitemState.SCHEDULED}:
        raise BadField(field="workitem.state")
    if text(given, TRANSACTION):
        raise BadField(field="workitem.transaction")
    patient = PatientFacts(
        identifier=Identifier(text(given, "00100021"), text(given, "00100020")),
        name=text(given, "00100010"),
        birth_date=text(given, "00100030"),
        sex=text(given, "00100040"),
    )
    requested = next(iter(items(given, "0040A370")), {})
    step = StepFacts(
        modality=text(given, "00741202") or text(given, "00080060") or "OT",
        start=_start(text(given, START)),
        station_aet=_station(given),
        protocol=_code(next(iter(items(given, "00404018")), {})),
    )
    facts = OrderFacts(
        (step,),
        Code(text=text(given, LABEL) or text(requested, "00321060")),
        placer_number=text(requested, "00402016"),
        accession=text(requested, "00080050") or text(given, "00080050"),
        study_uid=text(requested, "0020000D") or text(given, "0020000D"),
        procedure_id=text(requested, "00401001"),
        priority=_priority(text(given, "00741200")),
    )
    return patient.checked(), facts.checked()


def updated(entry: Entry, given: Json) -> OrderFacts:
    """Give an order's facts with what a workitem's scheduler changes of it: label, start, station, priority."""
    order, step = entry.order.facts, entry.step.facts
    if text(given, START):
        step = replace(step, start=_start(text(given, START)))
    if _station(given):
        step = replace(step, station_aet=_station(given))
    if text(given, LABEL):
        order = replace(order, procedure=Code(text=text(given, LABEL)))
    if text(given, "00741200"):
        order = replace(order, priority=_priority(text(given, "00741200")))
    steps = tuple(step if one.number == entry.step.facts.number else one for one in order.steps)
    return replace(order, steps=steps).checked()


UPDATABLE: Final = frozenset({START, LABEL, "00404025", "00741200", TRANSACTION, "00080005"}) | PROGRESS


def _start(given: str) -> str:
    """Read a DT as local time to the minute; fractions and offsets are dropped with what follows the minute."""
    digits = given.partition(".")[0].partition("+")[0].partition("-")[0]
    return digits[:12]


def _station(given: Json) -> str:
    return text(next(iter(items(given, "00404025")), {}), "00080100")


def _code(item: Json) -> Code:
    value = text(item, "00080100")
    return Code(value, text(item, "00080102") if value else "", text(item, "00080104"))


def _priority(given: str) -> str:
    if given not in {"", "HIGH", "MEDIUM", "LOW"}:
        raise BadField(field="priority")
    return {"HIGH": "HIGH", "LOW": "LOW"}.get(given, "ROUTINE")


KEYS: Final = {
    "PatientName": "00100010", "PatientID": "00100020", "IssuerOfPatientID": "00100021", "PatientBirthDate": "00100030",
    "StudyInstanceUID": "0020000D", "SOPInstanceUID": "00080018", "ScheduledProcedureStepStartDateTime": START,
    "ProcedureStepState": STATE, "ScheduledProcedureStepPriority": "00741200", "WorklistLabel": "00741202",
    "ProcedureStepLabel": LABEL, "AccessionNumber": "0040A370.00080050", "AdmissionID": "00380010",
}  # fmt: skip
"""What may be asked for, by keyword or by tag."""
_TAGS: Final = {tag: tag for tag in KEYS.values()} | KEYS | {"00080050": "0040A370.00080050"}
_PASSED: Final = frozenset({"includefield", "fuzzymatching", "limit", "offset"})


def asked(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Read the parameters of a search. Raises BadQuery."""
    found = {}
    for name, value in parameters:
        if name.lower() in _PASSED:
            continue
        tag = _TAGS.get(name.replace("ReferencedRequestSequence.", ""))
        if tag is None:
            raise BadQuery(why="a workitem is not searched by one of the keys")
        if value:
            found[tag] = value
    return found


def matches(wanted: Mapping[str, str], workitem: Json) -> bool:
    """Tell whether a workitem is one that was asked for."""
    return all(_same(tag, value, workitem) for tag, value in wanted.items())


def _same(tag: str, value: str, workitem: Json) -> bool:
    outer, _, inner = tag.partition(".")
    known = text(next(iter(items(workitem, outer)), {}), inner) if inner else text(workitem, outer)
    if outer == "00100010":
        return like(fold_group(parse_name(value).alphabetic), parse_name(known).folded()[0])
    if outer == START and "-" in value:
        low, _, high = value.partition("-")
        return (not low or known >= low[: len(known)]) and (not high or known <= high.ljust(14, "9"))
    if outer in {START, "00404010"}:
        return known.startswith(value)
    return any(like(one, known) for one in value.split(","))


def days(wanted: Mapping[str, str]) -> tuple[str, str]:
    """Give the first and the last day that a search can be about; empty where it does not say."""
    value = wanted.get(START, "")
    low, dash, high = value.partition("-")
    return low[:8], (high if dash else low)[:8]


def transaction_of(given: Json) -> str:
    """Return the transaction UID of a request; empty where there is none. Raises BadField."""
    found = text(given, TRANSACTION)
    return uid("workitem.transaction", found) if found else ""


def state_asked(given: Json) -> WorkitemState:
    """Return the state that a request asks for. Raises BadField."""
    try:
        return WorkitemState(text(given, STATE))
    except ValueError:
        raise BadField(field="workitem.state") from None
