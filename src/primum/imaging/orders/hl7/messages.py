"""What the messages mean that we take: ADT^A01 A04 A08 A40, ORM^O01, OMI^O23, with the French profile. Pure.

The table of fields is in docs/design/orders.md. Raises the classes of errors.py, each with the place to blame.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

from primum.imaging.orders.errors import BadField
from primum.imaging.orders.hl7.er7 import Message, Repetition, Segment
from primum.imaging.orders.hl7.errors import (
    FieldBad,
    FieldMissing,
    NotHl7,
    TooLarge,
    UnknownControl,
    UnknownType,
    UnknownVersion,
)
from primum.imaging.orders.model import Code, Identifier, OrderFacts, PatientFacts, StepFacts
from primum.imaging.orders.told import ORDERS_IN_A_MESSAGE, Act, OrderAct, Told

INS_OIDS: Final = frozenset({
    "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11",
})  # fmt: skip
"""INS-NIR, INS-NIA, and those of test and demonstration (ANS, list of OIDs of the INS)."""
QUALIFIED: Final = "VALI"
"""PID-32 of a qualified identity (IHE PAM, French extension)."""

_ADT: Final = frozenset({"A01", "A04", "A08"})
_CONTROLS: Final = {
    "NW": Act.PLACE, "XO": Act.CHANGE, "XX": Act.CHANGE, "RP": Act.CHANGE, "CA": Act.CANCEL, "OC": Act.CANCEL,
    "DC": Act.CANCEL,
}  # fmt: skip
_STATUSES: Final = {"CA": Act.CANCEL, "DC": Act.CANCEL, "CM": Act.COMPLETE}
_SEXES: Final = {"M": "M", "F": "F", "U": "", "": "", "O": "O", "A": "O", "N": "O", "I": "O"}
_PRIORITIES: Final = {"S": "STAT", "A": "HIGH"}
_VERSION = re.compile(r"2\.[1-9](?:\.[0-9])?")
_STAMP = re.compile(r"([0-9]{8})(?:([0-9]{4})(?:[0-9]{2}(?:\.[0-9]{1,4})?)?)?([+-][0-9]{4})?")


def read(message: Message, raw: bytes) -> Told:
    """Understand a message; `raw` is what it was read from. Raises Hl7Refusal."""
    head = message.head
    if not _VERSION.fullmatch(head.text(12)):
        raise UnknownVersion(where="MSH^1^12")
    if not message.control_id:
        raise FieldMissing(where="MSH^1^10")
    kind, event = head.text(9, 1), head.text(9, 2)
    application = "/".join(part for part in (head.text(3), head.text(4)) if part)
    told = Told(f"{kind}.{event}".lower(), application, message.control_id, hashlib.sha256(raw).hexdigest())
    try:
        return _understood(message, kind, event, told)
    except BadField as refusal:
        raise FieldBad(where=_PLACES.get(str(refusal.facts["field"]), "")) from None


def _understood(message: Message, kind: str, event: str, told: Told) -> Told:
    identity = _patient(message)
    patient = identity.facts.checked()
    common = (told.kind, told.application, told.control_id, told.digest, patient)
    if kind == "ADT" and event in _ADT:
        return Told(*common, unqualified=identity.unqualified)
    if kind == "ADT" and event == "A40":
        return Told(*common, prior=_prior(message), unqualified=identity.unqualified)
    if (kind, event) in {("ORM", "O01"), ("OMI", "O23")}:
        return Told(*common, unqualified=identity.unqualified, acts=_acts(message))
    raise UnknownType(where="MSH^1^9")


_PLACES: Final = {
    "patient.id": "PID^1^3", "patient.issuer": "PID^1^3", "patient.others": "PID^1^3", "patient.name": "PID^1^5",
    "patient.birth_name": "PID^1^5", "patient.birth_date": "PID^1^7", "patient.sex": "PID^1^8",
    "patient.ins": "PID^1^3", "patient.ins_oid": "PID^1^3", "step.modality": "OBR^1^24",
    "step.start": "OBR^1^36", "step.station_aet": "IPC^1^9",
    "step.station_name": "IPC^1^7", "step.location": "IPC^1^8", "step.performer": "OBR^1^34", "step.number": "OBR^1^20",
    "step.protocol.text": "IPC^1^6", "procedure.text": "OBR^1^4", "procedure.value": "OBR^1^4",
    "placer_number": "ORC^1^2", "filler_number": "ORC^1^3", "accession": "OBR^1^18", "procedure_id": "OBR^1^19",
    "reason": "OBR^1^31", "referrer": "PV1^1^8", "asker": "OBR^1^16", "study_uid": "ZDS^1^1", "visit": "PV1^1^19",
}  # fmt: skip
"""Where HL7 has the fields of the model."""


# -- the patient --


@dataclass(frozen=True, slots=True)
class _Identity:
    facts: PatientFacts
    unqualified: bool


def check_kind(message: Message) -> None:
    """Refuse a type that is not taken, before anything else of it is read. Raises UnknownType."""
    if (message.head.text(9, 1), message.head.text(9, 2)) not in {
        *(("ADT", event) for event in (*_ADT, "A40")), ("ORM", "O01"), ("OMI", "O23"),
    }:  # fmt: skip
        raise UnknownType(where="MSH^1^9")


def _patient(message: Message) -> _Identity:
    check_kind(message)
    segment = _only(message, "PID")
    own, others, ins = _numbers(segment.repetitions(3), "PID^1^3")
    used, birth = _names(segment.repetitions(5))
    qualified = any(one.text() == QUALIFIED for one in segment.repetitions(32))
    kept = ins if ins is not None and qualified else Identifier("", "")
    sex = segment.text(8).upper()
    if sex not in _SEXES:
        raise FieldBad(where="PID^1^8")
    facts = PatientFacts(
        identifier=own,
        name=used,
        birth_date=_day(segment.text(7), "PID^1^7"),
        sex=_SEXES[sex],
        birth_name=birth,
        ins=kept.value,
        ins_oid=kept.issuer,
        others=tuple(others),
    )
    return _Identity(facts, unqualified=ins is not None and not qualified)


def _numbers(given: Sequence[Repetition], where: str) -> tuple[Identifier, list[Identifier], Identifier | None]:
    """Sort the identifiers of a CX list: the local one, the others, the INS."""
    ins, local = None, []
    for one in given:
        number, oid = one.text(1), one.text(4, 2)
        if not number:
            continue
        if oid in INS_OIDS:
            ins = ins or Identifier(oid, number)
        else:
            local.append((one.text(5), Identifier(one.text(4, 1) or oid, number)))
    if not local:
        raise FieldMissing(where=where)
    own = next((found for kind, found in local if kind == "PI"), local[0][1])
    return own, [found for _, found in local if found != own], ins


def _names(given: Sequence[Repetition]) -> tuple[str, str]:
    """Return the name in use and the birth name, each a PN; the second empty where nobody says which is which."""
    by_type = {one.text(7): _person(one) for one in reversed(given)}
    birth = by_type.get("L", "")
    used = by_type.get("D") or birth or next((name for one in given if (name := _person(one))), "")
    if not used:
        raise FieldMissing(where="PID^1^5")
    return used, birth if birth != used else ""


def _person(one: Repetition) -> str:
    """Write an XPN as a PN: HL7 has the suffix before the prefix, DICOM after it."""
    return _pn((one.text(1), one.text(2), one.text(3), one.text(5), one.text(4)))


def _doctor(segment: Segment | None, number: int) -> str:
    """Write an XCN as a PN."""
    if segment is None or not (repeated := segment.repetitions(number)):
        return ""
    one = repeated[0]
    return _pn((one.text(2), one.text(3), one.text(4), one.text(6), one.text(5)))


def _pn(components: Sequence[str]) -> str:
    if any(sign in component for component in components for sign in "^=\\"):
        raise BadField(field="patient.name")
    return "^".join(components).rstrip("^")


def _prior(message: Message) -> Identifier:
    return _numbers(_only(message, "MRG").repetitions(1), "MRG^1^1")[0]


# -- orders --


@dataclass(slots=True)
class _Group:
    """An ORC and what follows it."""

    order: Segment
    requests: list[Segment] = field(default_factory=list)
    timings: list[Segment] = field(default_factory=list)
    procedures: list[Segment] = field(default_factory=list)
    studies: list[Segment] = field(default_factory=list)


def _acts(message: Message) -> tuple[OrderAct, ...]:
    groups = _groups(message)
    if not groups:
        raise FieldMissing(where="ORC")
    if len(groups) > ORDERS_IN_A_MESSAGE:
        raise TooLarge(limit=ORDERS_IN_A_MESSAGE, of="orders in a message")
    visit, acts = message.first("PV1"), [_act(one) for one in groups]
    asked: dict[tuple[Act, str, str, str], list[_Group]] = {}
    for act, group in zip(acts, groups, strict=True):
        request = group.requests[0] if group.requests else None
        placer = group.order.text(2) or (request.text(2) if request else "")
        filler = group.order.text(3) or (request.text(3) if request else "")
        if not placer and not filler:
            raise FieldMissing(where="ORC^1^2")
        # one request may come as several ORC and OBR, a pair for each scheduled step (IHE RAD-4)
        accession = _accession(group) if act in {Act.PLACE, Act.CHANGE} else ""
        asked.setdefault((act, placer, filler, accession), []).append(group)
    return tuple(
        OrderAct(act, placer, filler, _facts(groups, visit, placer, filler))
        if act in {Act.PLACE, Act.CHANGE}
        else OrderAct(act, placer, filler, None)
        for (act, placer, filler, _), groups in asked.items()
    )


def _act(group: _Group) -> Act:
    control = group.order.text(1)
    if control == "SC":
        return _STATUSES.get(group.order.text(5), Act.NOTHING)
    if control not in _CONTROLS:
        raise UnknownControl(where="ORC^1^1")
    return _CONTROLS[control]


def _groups(message: Message) -> list[_Group]:
    groups: list[_Group] = []
    for one in message.segments:
        if one.name == "ORC":
            groups.append(_Group(one))
        elif groups:
            kept = {
                "OBR": groups[-1].requests, "TQ1": groups[-1].timings, "IPC": groups[-1].procedures,
                "ZDS": groups[-1].studies,
            }.get(one.name)  # fmt: skip
            if kept is not None:
                kept.append(one)
    return groups


def _facts(groups: Sequence[_Group], visit: Segment | None, placer: str, filler: str) -> OrderFacts:
    first = groups[0]
    if not first.requests:
        raise FieldMissing(where="OBR")
    request = first.requests[0]
    study = next((one.text(1) for group in groups for one in group.studies if one.text(1)), "")
    procedure = first.procedures[0] if first.procedures else None
    steps = {one.number or str(number): one for number, one in enumerate(_steps(groups))}
    return OrderFacts(
        steps=tuple(steps.values()),
        procedure=_code(request, 44) if request.text(44) else _code(request, 4),
        placer_number=placer,
        filler_number=filler,
        accession=_accession(first),
        study_uid=study or (procedure.text(3) if procedure else ""),
        procedure_id=(procedure.text(2) if procedure else "") or request.text(19),
        reason=(request.text(31, 2) or request.text(31) or request.text(13))[:1024],
        referrer=_doctor(visit, 8),
        asker=_doctor(request, 16) or _doctor(first.order, 12),
        priority=_PRIORITIES.get(_priority(first), "ROUTINE"),
        visit=visit.text(19) if visit else "",
        alerts=request.text(12, 2)[:64] or request.text(12)[:64],
    ).checked()


def _accession(group: _Group) -> str:
    given = next((one.text(1) for one in group.procedures if one.text(1)), "")
    return given or next((one.text(18) for one in group.requests if one.text(18)), "")


def _steps(groups: Sequence[_Group]) -> list[StepFacts]:
    steps = []
    for group in groups:
        # an OMI has an IPC for each step; an ORM has none
        procedures: list[Segment | None] = [*group.procedures] or [None]
        for request in group.requests:
            steps += [_step(group, request, one) for one in procedures]
    return steps


def _step(group: _Group, request: Segment, procedure: Segment | None) -> StepFacts:
    modality = (procedure.text(5) if procedure else "") or request.text(24)
    if not modality:
        raise FieldMissing(where="IPC^1^5" if procedure else "OBR^1^24")
    start = _start(group, request)
    if not start:
        raise FieldMissing(where="TQ1^1^7" if group.timings else "OBR^1^36")
    return StepFacts(
        modality=modality,
        start=start,
        station_aet=procedure.text(9) if procedure else "",
        station_name=procedure.text(7)[:16] if procedure else "",
        location=procedure.text(8)[:16] if procedure else "",
        performer=_technician(request),
        number=(procedure.text(4) if procedure else "") or request.text(20),
        protocol=_code(procedure, 6) if procedure else _alternate(request),
    )


def _technician(request: Segment) -> str:
    """Write the first part of OBR-34 (NDL, whose person is in subcomponents) as a PN."""
    return _pn((request.text(34, 1, 2), request.text(34, 1, 3)))


def _start(group: _Group, request: Segment) -> str:
    given = [one.text(7) for one in group.timings]
    given += [group.order.text(7, 4), request.text(36), request.text(27, 4)]
    return next((_moment(one) for one in given if one), "")


def _priority(group: _Group) -> str:
    given = [one.text(9) for one in group.timings]
    given += [
        group.order.text(7, 6),
        *(one.text(5) for one in group.requests),
        *(one.text(27, 6) for one in group.requests),
    ]
    return next((one for one in given if one), "")


def _code(segment: Segment, number: int) -> Code:
    return _coded(segment.text(number, 1), segment.text(number, 2), segment.text(number, 3))


def _alternate(request: Segment) -> Code:
    return _coded(request.text(4, 4), request.text(4, 5), request.text(4, 6))


_CODE_CHARACTERS = 16
_TEXT_CHARACTERS = 64


def _coded(value: str, text: str, scheme: str) -> Code:
    """Make a code that DICOM can carry: one that is too long is only its text (SH and LO, PS3.3 8.1, 8.2)."""
    meaning = (text or value)[:_TEXT_CHARACTERS]
    if not value or len(value) > _CODE_CHARACTERS or len(scheme) > _CODE_CHARACTERS:
        return Code(text=meaning)
    return Code(value, "99LOCAL" if scheme in {"", "L"} else scheme, meaning)


# -- dates --


def _day(stamp: str, where: str) -> str:
    if not stamp:
        raise FieldMissing(where=where)
    if not re.fullmatch(r"[0-9]{8}(?:[0-9]{4,6}(?:\.[0-9]+)?)?(?:[+-][0-9]{4})?", stamp):
        raise FieldBad(where=where)
    return stamp[:8]


def _moment(stamp: str) -> str:
    """Write a TS as local time to the minute; one with an offset is brought to ours."""
    found = _STAMP.fullmatch(stamp)
    if found is None:
        raise BadField(field="step.start")
    date, time, offset = found[1], found[2] or "", found[3]
    if not offset or not time:
        return date + time
    sign = 1 if offset[0] == "+" else -1
    zone = timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:])))
    try:
        there = datetime.strptime(date + time, "%Y%m%d%H%M").replace(tzinfo=zone)
    except ValueError:
        raise BadField(field="step.start") from None
    return f"{there.astimezone():%Y%m%d%H%M}"


def _only(message: Message, name: str) -> Segment:
    found = message.all(name)
    if not found:
        raise FieldMissing(where=name)
    if len(found) > 1:
        raise NotHl7(why="it is about several patients")
    return found[0]
