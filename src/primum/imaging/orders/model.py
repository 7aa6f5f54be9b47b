"""What an order is: its patient, its numbers, its scheduled steps, and the states that they pass through.

Pure. Bounds of values are those of their DICOM value representations (PS3.5 6.2), because a modality gets them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from primum.imaging.orders.errors import BadField
from primum.imaging.orders.limits import LIMITS

_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")
_UID_CHARACTERS = 64
_CODE = re.compile(r"[A-Z0-9 _]{1,16}")
_NAME_CHARACTERS = 64
SEXES = ("M", "F", "O", "")
PRIORITIES = ("STAT", "HIGH", "ROUTINE", "MEDIUM", "LOW")
"""Requested Procedure Priority (0040,1003), PS3.3 C.4.11."""


class OrderState(StrEnum):
    """Where an order stands, all its steps together."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"


class StepState(StrEnum):
    """Where a scheduled step stands. `discontinued` means that it waits again after an attempt."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    DONE = "done"
    DISCONTINUED = "discontinued"
    CANCELLED = "cancelled"


OPEN = frozenset({StepState.SCHEDULED, StepState.STARTED, StepState.DISCONTINUED})
"""Steps that a worklist shows."""
UNTOUCHED = frozenset({StepState.SCHEDULED, StepState.DISCONTINUED, StepState.CANCELLED})
"""Steps that an order may still change."""


class Identifier(NamedTuple):
    """A patient's number, and who gave it."""

    issuer: str
    value: str


class Code(NamedTuple):
    """A coded entry (PS3.3 8); without `value` only its text is known."""

    value: str = ""
    scheme: str = ""
    text: str = ""


UNCODED = Code()


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Who an order is for, as it was said. `name` is a PN; `ins` is set only where the identity is qualified."""

    identifier: Identifier
    name: str
    birth_date: str
    sex: str = ""
    birth_name: str = ""
    ins: str = ""
    ins_oid: str = ""
    others: tuple[Identifier, ...] = ()

    def checked(self) -> PatientFacts:
        """Return them if every value may be sent to a modality. Raises BadField."""
        text("patient.issuer", self.identifier.issuer, 64)
        text("patient.id", self.identifier.value, 64, required=True)
        person_name("patient.name", self.name, required=True)
        person_name("patient.birth_name", self.birth_name)
        day("patient.birth_date", self.birth_date)
        among("patient.sex", self.sex, SEXES)
        text("patient.ins", self.ins, 64)
        text("patient.ins_oid", self.ins_oid, 64)
        if len(self.others) > LIMITS.identifiers:
            raise BadField(field="patient.others")
        for one in self.others:
            text("patient.others", one.issuer, 64)
            text("patient.others", one.value, 64, required=True)
        return self


@dataclass(frozen=True, slots=True)
class StepFacts:
    """A scheduled step as it was asked for. `start` is local time, `YYYYMMDDHHMM` or only the day."""

    modality: str
    start: str
    station_aet: str = ""
    station_name: str = ""
    location: str = ""
    performer: str = ""
    number: str = ""
    protocol: Code = UNCODED
    preparation: str = ""
    contrast: str = ""

    def checked(self) -> StepFacts:
        """Return them if every value may be sent to a modality. Raises BadField."""
        if not _CODE.fullmatch(self.modality):
            raise BadField(field="step.modality")
        moment("step.start", self.start)
        text("step.station_aet", self.station_aet, 16)
        text("step.station_name", self.station_name, 16)
        text("step.location", self.location, 16)
        person_name("step.performer", self.performer)
        text("step.number", self.number, 16)
        code("step.protocol", self.protocol)
        text("step.preparation", self.preparation, 64)
        text("step.contrast", self.contrast, 64)
        return self


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as it was asked for; numbers that are empty are given by us."""

    steps: tuple[StepFacts, ...]
    procedure: Code = UNCODED
    placer_number: str = ""
    filler_number: str = ""
    accession: str = ""
    study_uid: str = ""
    procedure_id: str = ""
    reason: str = ""
    referrer: str = ""
    asker: str = ""
    priority: str = "ROUTINE"
    visit: str = ""
    alerts: str = ""
    pregnancy: str = ""

    def checked(self) -> OrderFacts:
        """Return them if every value may be sent to a modality. Raises BadField."""
        if not 1 <= len(self.steps) <= LIMITS.steps:
            raise BadField(field="steps")
        for one in self.steps:
            one.checked()
        code("procedure", self.procedure)
        if not self.procedure.text:
            raise BadField(field="procedure.text")
        text("placer_number", self.placer_number, 64)
        text("filler_number", self.filler_number, 64)
        text("accession", self.accession, 16)
        text("procedure_id", self.procedure_id, 16)
        text("reason", self.reason, 1024)
        person_name("referrer", self.referrer)
        person_name("asker", self.asker)
        among("priority", self.priority, PRIORITIES)
        text("visit", self.visit, 64)
        text("alerts", self.alerts, 64)
        among("pregnancy", self.pregnancy, ("", "no", "possible", "yes", "unknown"))
        if self.study_uid:
            uid("study_uid", self.study_uid)
        return self


@dataclass(frozen=True, slots=True)
class Step:
    """A scheduled step as it is kept."""

    id: str
    workitem_uid: str
    state: StepState
    done_by: str
    facts: StepFacts
    claim: str = ""
    """The transaction UID under which a UPS performer holds it; empty when nobody does."""

    @property
    def date(self) -> str:
        """The day, as DICOM writes it."""
        return self.facts.start[:8]

    @property
    def time(self) -> str:
        """The hour, as DICOM writes it; empty when only the day is known."""
        return self.facts.start[8:]


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it is kept: all its numbers are set."""

    id: str
    controller_id: str
    patient_id: str
    sender: str
    state: OrderState
    facts: OrderFacts
    made_by: str
    made_at: str
    changed_at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the worklist: a step, its order, its patient."""

    patient: PatientFacts
    order: Order
    step: Step


def state_of(steps: list[StepState]) -> OrderState:
    """Tell where an order stands from where its steps do."""
    counted = [one for one in steps if one is not StepState.CANCELLED]
    if not counted:
        return OrderState.CANCELLED
    if all(one is StepState.DONE for one in counted):
        return OrderState.DONE
    if any(one in {StepState.STARTED, StepState.DONE} for one in counted):
        return OrderState.STARTED
    return OrderState.SCHEDULED


def text(name: str, value: object, most: int, *, required: bool = False) -> str:
    """Return a line of text. Raises BadField."""
    if not isinstance(value, str) or len(value) > most or _CONTROL.search(value) or (required and not value.strip()):
        raise BadField(field=name)
    return value


def person_name(name: str, value: str, *, required: bool = False) -> str:
    """Return a PN: 64 characters in each of three groups (PS3.5 6.2). Raises BadField."""
    groups = text(name, value, 3 * _NAME_CHARACTERS + 2, required=required).split("=")
    if len(groups) > 3 or any(len(group) > _NAME_CHARACTERS or group.count("^") > 4 for group in groups):  # noqa: PLR2004 (PS3.5 6.2.1)
        raise BadField(field=name)
    if required and not groups[0].strip("^ "):
        raise BadField(field=name)
    return value


def day(name: str, value: str, *, required: bool = True) -> str:
    """Return a day, `YYYYMMDD`. Raises BadField."""
    if (value or required) and not _is(value, "%Y%m%d", 8):
        raise BadField(field=name)
    return value


def moment(name: str, value: str) -> str:
    """Return a day with or without an hour and a minute, `YYYYMMDDHHMM`. Raises BadField."""
    if not _is(value, "%Y%m%d", 8) and not _is(value, "%Y%m%d%H%M", 12):
        raise BadField(field=name)
    return value


def _is(value: str, form: str, length: int) -> bool:
    try:
        datetime.strptime(value, form)  # noqa: DTZ007 (local time of the practice)
    except ValueError:
        return False
    return len(value) == length and value.isascii() and value.isdecimal()


def uid(name: str, value: str) -> str:
    """Return a UID (PS3.5 9.1). Raises BadField."""
    if len(value) > _UID_CHARACTERS or not _UID.fullmatch(value):
        raise BadField(field=name)
    return value


def among(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return one of the choices. Raises BadField."""
    if value not in choices:
        raise BadField(field=name)
    return value


def code(name: str, value: Code) -> Code:
    """Return a coded entry. Raises BadField."""
    text(f"{name}.value", value.value, 16)
    text(f"{name}.scheme", value.scheme, 16)
    text(f"{name}.text", value.text, 64)
    if value.value and not value.scheme:
        raise BadField(field=f"{name}.scheme")
    return value


def to_json(facts: PatientFacts | OrderFacts | StepFacts) -> dict[str, Any]:
    """Write facts for a database or another process."""
    return asdict(facts)


_Given = Mapping[str, Any]


def patient_from(given: _Given) -> PatientFacts:
    """Read what `to_json` wrote of a patient, and check it. Raises BadField."""
    made: PatientFacts = _made(PatientFacts, given, {"identifier": _identifier, "others": _identifiers})
    return made.checked()


def order_from(given: _Given) -> OrderFacts:
    """Read what `to_json` wrote of an order, and check it. Raises BadField."""
    made: OrderFacts = _made(OrderFacts, given, {"steps": _steps, "procedure": _code})
    return made.checked()


def step_from(given: _Given) -> StepFacts:
    """Read what `to_json` wrote of a step, and check it. Raises BadField."""
    made: StepFacts = _made(StepFacts, given, {"protocol": _code})
    return made.checked()


def _made(kind: Any, given: _Given, readers: Mapping[str, Any]) -> Any:  # noqa: ANN401 (one of three)
    if not isinstance(given, Mapping):
        raise BadField(field=kind.__name__.lower())
    values = {}
    for name, value in given.items():
        if name not in kind.__slots__:
            raise BadField(field="unknown")
        reader = readers.get(name)
        if reader is None and not isinstance(value, str):
            raise BadField(field=name)
        values[name] = reader(value) if reader else value
    try:
        return kind(**values)
    except TypeError:
        raise BadField(field=kind.__name__.lower()) from None


def _identifier(value: object) -> Identifier:
    return Identifier(*_strings(value, 2))


def _identifiers(value: object) -> tuple[Identifier, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIMITS.identifiers:
        raise BadField(field="patient.others")
    return tuple(_identifier(one) for one in value)


def _code(value: object) -> Code:
    return Code(*_strings(value, 3))


def _steps(value: object) -> tuple[StepFacts, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIMITS.steps:
        raise BadField(field="steps")
    return tuple(step_from(one) for one in value)


def _strings(value: object, count: int) -> list[str]:
    if not isinstance(value, (list, tuple)) or len(value) != count or not all(isinstance(one, str) for one in value):
        raise BadField(field="code")
    return list(value)


@dataclass(frozen=True, slots=True)
class Merge:
    """Two numbers that somebody says are of one person; a person decides."""

    survivor: Identifier
    prior: Identifier
    id: str = ""
    controller_id: str = ""
    kind: str = "merge"
    proposed_by: str = ""
    proposed_at: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
