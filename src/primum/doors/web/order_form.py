"""The fields of an order's form, and the facts that they say; what is asked of a secretary and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from primum.doors.http.forms import field
from primum.doors.http.limits import Limits
from primum.doors.web.rows import split_name
from primum.imaging.orders import BadField, Code, Entry, Identifier, OrderFacts, PatientFacts, StepFacts
from primum.imaging.orders.model import PRIORITIES

REASON_CHARACTERS = 1024
MODALITIES: Final = ("CR", "CT", "DX", "IO", "MG", "MR", "NM", "OP", "OT", "PT", "PX", "RF", "US", "XA")
CHOSEN_PRIORITIES: Final = PRIORITIES[:3]
PREGNANCIES: Final = ("", "no", "possible", "yes", "unknown")

_FIELDS: Final = (
    "controller", "issuer", "number", "family", "given", "birth_name", "birth_date", "sex", "procedure", "modality",
    "date", "time", "station", "performer", "referrer", "priority", "pregnancy", "alerts", "accession",
)  # fmt: skip

LABELS: Final = {
    "patient.id": "number", "patient.issuer": "number", "patient.name": "family", "patient.birth_name": "birth_name",
    "patient.birth_date": "birth_date", "patient.sex": "sex", "procedure.text": "procedure",
    "step.modality": "modality", "step.start": "date", "step.station_aet": "station", "step.performer": "performer",
    "referrer": "referrer", "reason": "reason", "priority": "priority", "pregnancy": "pregnancy", "alerts": "alerts",
    "accession": "accession", "controller": "controller",
}  # fmt: skip
"""Which field of the form a field of the model is."""


@dataclass(frozen=True, slots=True)
class OrderForm:
    """The form as typed. Dates and times are those of the browser's own fields: `2026-03-02`, `10:30`."""

    controller: str = ""
    issuer: str = ""
    number: str = ""
    family: str = ""
    given: str = ""
    birth_name: str = ""
    birth_date: str = ""
    sex: str = ""
    procedure: str = ""
    modality: str = ""
    date: str = ""
    time: str = ""
    station: str = ""
    performer: str = ""
    referrer: str = ""
    priority: str = "ROUTINE"
    pregnancy: str = ""
    alerts: str = ""
    accession: str = ""
    reason: str = ""
    known: bool = False
    """Whether the patient was chosen among those who are known."""
    alone: bool = False
    """Whether somebody has looked at those who are alike, and says that it is none of them."""

    def patient(self) -> PatientFacts:
        """Return who it is for, traits as typed. Raises BadField."""
        if not self.family:
            raise BadField(field="patient.name")
        return PatientFacts(
            identifier=Identifier(self.issuer, self.number),
            name=_name(self.family, self.given),
            birth_date=self.birth_date.replace("-", ""),
            sex=self.sex,
            birth_name=_name(self.birth_name, self.given if self.birth_name else ""),
        )

    def order(self, before: OrderFacts | None = None) -> OrderFacts:
        """Return what is asked for; of an order that exists, what the form does not show stays as it is."""
        start = self.date.replace("-", "") + self.time.replace(":", "")[:4]
        step = StepFacts(self.modality, start, station_aet=self.station, performer=_doctor(self.performer))
        facts = OrderFacts(
            steps=(step,),
            procedure=Code(text=self.procedure),
            accession=self.accession,
            reason=" ".join(self.reason.split()),
            referrer=_doctor(self.referrer),
            priority=self.priority,
            pregnancy=self.pregnancy,
            alerts=self.alerts,
        )
        return facts if before is None else _kept(facts, before)


def _kept(facts: OrderFacts, before: OrderFacts) -> OrderFacts:
    """Keep of an order what the form has no field for: its codes, its numbers, its further steps."""
    first, *others = before.steps
    (asked,) = facts.steps
    step = replace(
        first, modality=asked.modality, start=asked.start, station_aet=asked.station_aet, performer=asked.performer
    )
    same = facts.procedure.text == before.procedure.text
    return replace(
        before,
        steps=(step, *others),
        procedure=before.procedure if same else facts.procedure,
        reason=facts.reason,
        referrer=facts.referrer,
        priority=facts.priority,
        pregnancy=facts.pregnancy,
        alerts=facts.alerts,
    )


def read_form(form: Mapping[str, str], limits: Limits) -> OrderForm:
    """Read the fields. Raises FormUnreadable."""
    typed = {name: field(form, name, limits.field_characters) for name in _FIELDS}
    typed["priority"] = typed["priority"] or "ROUTINE"
    return OrderForm(
        **typed,
        reason=field(form, "reason", REASON_CHARACTERS),
        known=form.get("known", "") == "yes",
        alone=form.get("alone", "") == "yes",
    )


def form_of(entry: Entry) -> OrderForm:
    """Fill the form from an order that exists."""
    patient, order, step = entry.patient, entry.order.facts, entry.step
    family, given = _parts(patient.name)
    return OrderForm(
        controller=entry.order.controller_id,
        issuer=patient.identifier.issuer,
        number=patient.identifier.value,
        family=family,
        given=given,
        birth_name=_parts(patient.birth_name)[0],
        birth_date=_dashed(patient.birth_date),
        sex=patient.sex,
        procedure=order.procedure.text,
        modality=step.facts.modality,
        date=_dashed(step.date),
        time=f"{step.time[:2]}:{step.time[2:4]}" if step.time else "",
        station=step.facts.station_aet,
        performer=spoken(step.facts.performer),
        referrer=spoken(order.referrer),
        priority=order.priority,
        pregnancy=order.pregnancy,
        alerts=order.alerts,
        accession=order.accession,
        reason=order.reason,
        known=True,
    )


def form_for(controller_id: str, patient: PatientFacts, date: str) -> OrderForm:
    """Begin a form for somebody who is known."""
    family, given = _parts(patient.name)
    return OrderForm(
        controller=controller_id,
        issuer=patient.identifier.issuer,
        number=patient.identifier.value,
        family=family,
        given=given,
        birth_name=_parts(patient.birth_name)[0],
        birth_date=_dashed(patient.birth_date),
        sex=patient.sex,
        date=date,
        known=True,
    )


def spoken(name: str) -> str:
    """Write a PN as people say it: given name, then family name."""
    return " ".join(reversed(split_name(name))).strip()


def _parts(name: str) -> tuple[str, str]:
    """Split a PN for editing: the family name, and all given names."""
    family, given, middle, *_ = [*name.partition("=")[0].split("^"), "", "", ""]
    return family, f"{given} {middle}".strip()


def _name(family: str, given: str) -> str:
    """Write a PN. Raises BadField where a component holds what separates them."""
    if any(sign in family + given for sign in "^="):
        raise BadField(field="patient.name")
    return f"{family}^{given}".rstrip("^")


def _doctor(text: str) -> str:
    """Write a doctor's name as a PN: the last word is the family name, unless a comma says which is."""
    if any(sign in text for sign in "^="):
        raise BadField(field="referrer")
    family, comma, given = text.partition(",")
    if not comma:
        given, _, family = text.rpartition(" ")
    return _name(family.strip(), given.strip())


def _dashed(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}" if day else ""
