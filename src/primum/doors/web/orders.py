"""The secretary's pages: what is scheduled today and tomorrow; an order placed, changed, cancelled.

Patients are found by name, and those who are alike are shown before somebody new is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from starlette.responses import RedirectResponse, Response

from primum.doors.http.disclosures import DOOR
from primum.doors.http.forms import field
from primum.doors.http.reading import Reading
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_da, write_date, write_tm
from primum.doors.web.order_form import (
    CHOSEN_PRIORITIES,
    LABELS,
    MODALITIES,
    PREGNANCIES,
    OrderForm,
    form_for,
    form_of,
    read_form,
    spoken,
)
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import split_name
from primum.identity import NotPermitted, Permission, fold_name
from primum.imaging.orders import (
    BadField,
    Entry,
    Identifier,
    NoSuchOrder,
    OrdersRefusal,
    OrderState,
    PatientFacts,
    StepState,
)
from primum.imaging.orders.results import Results, Trouble
from primum.journal import Fact, Kind

_REFUSED: Final = frozenset({
    "order.number-taken", "order.has-begun", "order.other-patient", "order.identity-contradicts", "order.too-many",
})  # fmt: skip
"""Refusals that have a sentence of their own on these pages."""
_SHOWN_ALIKE = 40
"""People shown who are alike: a page; more means that the name is to be typed further."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the schedule, in words."""

    address: str
    time: str
    family: str
    given: str
    born: str
    number: str
    modality: str
    procedure: str
    station: str
    referrer: str
    accession: str
    state: str
    homonym: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the schedule."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody who may be meant."""

    family: str
    given: str
    born: str
    sex: str
    number: str
    issuer: str
    controller: str
    controller_name: str
    birth_date: str
    birth_name: str
    homonym: bool


class OrderPages:
    """The pages and their forms."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Render with `pages`; `reading` decides how far somebody sees."""
        self._pages, self._reading = pages, reading

    # -- the schedule --

    def page(self, visit: Visit) -> Response:
        """Show today and tomorrow."""
        today = _today(visit)
        return self._days(visit, today, today + timedelta(days=1))

    def day(self, visit: Visit) -> Response:
        """Show the day that was chosen, and the next one."""
        try:
            chosen = date.fromisoformat(field(visit.form, "day", visit.services.limits.field_characters))
        except ValueError:
            chosen = _today(visit)
        return self._days(visit, chosen, chosen + timedelta(days=1))

    def _days(self, visit: Visit, first: date, last: date) -> Response:
        try:
            controllers = self._controllers(visit, Permission.ORDER_LIST)
        except NotPermitted:
            return self._pages.page(visit, "orders.html", here="orders", denied=True)
        orders = visit.services.orders
        orders.note_arrivals(controllers, f"{first:%Y%m%d}", f"{last:%Y%m%d}")
        entries = orders.days(controllers, first, last)
        details: dict[str, str | int] = {"session": visit.person.id, "found": len(entries), "door": DOOR}
        visit.services.journal.record(Fact(Kind.ORDERS_LISTED, visit.person.person_id, "", details))
        alike = _homonyms([one.patient for one in entries])
        days = [
            Day(_title(visit, on), [_line(visit, one, alike) for one in entries if one.step.date == f"{on:%Y%m%d}"])
            for on in (first, last)
        ]
        merges = orders.merges(controllers)
        return self._pages.page(
            visit,
            "orders.html",
            here="orders",
            denied=False,
            days=days,
            day=first.isoformat(),
            merges=merges,
            troubles=_troubles(visit, controllers),
        )

    # -- a new order --

    def new(self, visit: Visit) -> Response:
        """Ask whom it is for."""
        self._controllers(visit, Permission.ORDER_WRITE)
        return self._found(visit, "", None)

    def patient(self, visit: Visit) -> Response:
        """Show who is known by that name."""
        controllers = self._controllers(visit, Permission.ORDER_WRITE)
        name = field(visit.form, "name", visit.services.limits.field_characters)
        found = self._alike(visit, controllers, _typed_name(name), "")
        return self._found(visit, name, found)

    def _found(self, visit: Visit, name: str, found: Sequence[Alike] | None) -> Response:
        """Show the search, and what it found if anything was asked."""
        shown, more = (found or ())[:_SHOWN_ALIKE], len(found or ()) > _SHOWN_ALIKE
        searched = found is not None
        return self._pages.page(
            visit, "order_patient.html", here="orders", name=name, found=shown, searched=searched, more=more
        )

    def draft(self, visit: Visit) -> Response:
        """Show the form: for somebody who was chosen, or for somebody new."""
        controllers = self._controllers(visit, Permission.ORDER_WRITE)
        typed = read_form(visit.form, visit.services.limits)
        tomorrow = (_today(visit) + timedelta(days=1)).isoformat()
        if typed.known:
            controller_id = self._controller(visit, controllers, typed)
            known = visit.services.orders.patient(controller_id, Identifier(typed.issuer, typed.number))
            typed = form_for(controller_id, known, tomorrow) if known else replace(typed, date=tomorrow)
        else:
            family, given = split_name(_typed_name(typed.family))
            typed = replace(typed, family=family, given=given, date=tomorrow)
        return self._form(visit, typed)

    def place(self, visit: Visit) -> Response:
        """Place an order; before somebody new is made, those who are alike are shown."""
        controllers = self._controllers(visit, Permission.ORDER_WRITE)
        typed = read_form(visit.form, visit.services.limits)
        orders = visit.services.orders
        try:
            controller_id = self._controller(visit, controllers, typed)
            facts, patient = typed.order().checked(), typed.patient()
            replace(patient, identifier=Identifier("", patient.identifier.value or "new")).checked()
            if not typed.known and not typed.alone:
                alike = self._alike(visit, [controller_id], patient.name, patient.birth_date)
                if alike:
                    return self._form(visit, typed, alike=alike[:_SHOWN_ALIKE])
            if not patient.identifier.value:
                patient = replace(patient, identifier=Identifier("", orders.new_patient_number(controller_id)))
            orders.place(visit.person.person_id, controller_id, patient, facts, what="form")
        except OrdersRefusal as refusal:
            return self._form(visit, typed, refusal=refusal)
        return RedirectResponse("/orders", 303)

    # -- an order that exists --

    def order(self, visit: Visit) -> Response:
        """Show an order, to change or cancel it."""
        entry = self._entry(visit, Permission.ORDER_LIST)
        details: dict[str, str | int] = {
            "session": visit.person.id, "controller": entry.order.controller_id, "door": DOOR,
        }  # fmt: skip
        visit.services.journal.record(Fact(Kind.ORDER_VIEWED, visit.person.person_id, entry.order.id, details))
        return self._form(visit, form_of(entry), entry=entry)

    def change(self, visit: Visit) -> Response:
        """Change an order."""
        entry = self._entry(visit, Permission.ORDER_WRITE)
        typed, order = read_form(visit.form, visit.services.limits), entry.order
        try:
            patient = replace(typed.patient(), identifier=entry.patient.identifier)
            facts = typed.order(replace(order.facts, steps=(entry.step.facts, *order.facts.steps[1:])))
            visit.services.orders.change(visit.person.person_id, order.id, [order.controller_id], patient, facts)
        except OrdersRefusal as refusal:
            return self._form(visit, typed, entry=entry, refusal=refusal)
        return RedirectResponse("/orders", 303)

    def cancel(self, visit: Visit) -> Response:
        """Cancel an order."""
        entry = self._entry(visit, Permission.ORDER_WRITE)
        try:
            visit.services.orders.cancel(visit.person.person_id, entry.order.id, [entry.order.controller_id])
        except OrdersRefusal as refusal:
            return self._form(visit, form_of(entry), entry=entry, refusal=refusal)
        return RedirectResponse("/orders", 303)

    def send_again(self, visit: Visit) -> Response:
        """Have a result that did not arrive sent again."""
        self._controllers(visit, Permission.ORDER_WRITE)
        result = field(visit.form, "result", visit.services.limits.field_characters)
        asked = {"token": visit.token, "verb": "result_again", "args": {"result": result}}
        visit.services.intake.ask("report", asked)
        return RedirectResponse("/orders", 303)

    # -- inside --

    def _controllers(self, visit: Visit, action: Permission) -> list[str] | None:
        """Say whose orders this person reaches; None is everybody's. Raises NotPermitted, which is recorded."""
        reach = self._reading.reach(visit, action)
        if any(one.controllers is None for one in reach):
            return None
        return sorted({controller for one in reach for controller in one.controllers or ()})

    @staticmethod
    def _controller(visit: Visit, controllers: Sequence[str] | None, typed: OrderForm) -> str:
        """Say whose order it is to be: the one that was chosen, else the person's own. Raises BadField."""
        known = {one.id for one in visit.services.people.controllers()}
        own = visit.services.people.person(visit.person.person_id).controller_id
        chosen = typed.controller or own
        if chosen not in known or (controllers is not None and chosen not in controllers):
            raise BadField(field="controller")
        return chosen

    def _entry(self, visit: Visit, action: Permission) -> Entry:
        order_id = str(visit.request.path_params["order_id"])
        found = visit.services.orders.order(order_id, self._controllers(visit, action))
        return next((one for one in found if one.step.state is not StepState.CANCELLED), found[0])

    def _alike(self, visit: Visit, controllers: Sequence[str] | None, name: str, birth_date: str) -> list[Alike]:
        found = visit.services.orders.alike(controllers, name, birth_date)
        details: dict[str, str | int] = {"session": visit.person.id, "found": len(found), "door": DOOR}
        visit.services.journal.record(Fact(Kind.PATIENTS_SEARCHED, visit.person.person_id, "", details))
        alike, language = _homonyms([one for _, one in found]), language_of(visit)
        names = {one.id: one.name for one in visit.services.people.controllers()}
        return [_alike(one, controller, names, alike, language) for controller, one in found]

    def _form(
        self,
        visit: Visit,
        typed: OrderForm,
        *,
        entry: Entry | None = None,
        alike: Sequence[Alike] = (),
        refusal: OrdersRefusal | None = None,
    ) -> Response:
        controllers = self._controllers(visit, Permission.ORDER_LIST)
        choice = [one for one in visit.services.people.controllers() if controllers is None or one.id in controllers]
        own = visit.services.people.person(visit.person.person_id).controller_id
        return self._pages.page(
            visit,
            "order_form.html",
            status=200 if refusal is None else status_of(refusal),
            here="orders",
            form=typed if typed.controller else replace(typed, controller=own),
            entry=entry,
            open=entry is None or entry.order.state is OrderState.SCHEDULED,
            alike=alike,
            sentence=_sentence(visit, refusal),
            wrong=LABELS.get(str(refusal.facts.get("field", ""))) if refusal else None,
            controllers=choice,
            # nothing is chosen by itself; what another system wrote stays to be chosen
            modalities=dict.fromkeys(("", *MODALITIES, typed.modality)),
            priorities=dict.fromkeys((*CHOSEN_PRIORITIES, typed.priority)) if entry else CHOSEN_PRIORITIES,
            pregnancies=PREGNANCIES,
        )


def _troubles(visit: Visit, controllers: Sequence[str] | None) -> list[tuple[Trouble, str]]:
    """List results that did not arrive, each with the report that it tells of."""
    found = Results(visit.services.orders).troubles(controllers)
    told = visit.services.reports.told_by([one.id for one in found])
    return [(one, told.get(one.id, "")) for one in found]


def _today(visit: Visit) -> date:
    return visit.services.clock.now().astimezone().date()


def _typed_name(name: str) -> str:
    """Read a name as people type it: family name first, or with a comma, or as a PN."""
    if "^" in name:
        return name
    family, comma, given = name.partition(",")
    if not comma:
        family, _, given = name.partition(" ")
    return f"{family.strip()}^{given.strip()}".rstrip("^")


def _title(visit: Visit, on: date) -> str:
    language, today = language_of(visit), _today(visit)
    near = {today: "today", today + timedelta(days=1): "tomorrow"}.get(on)
    written = write_date(language, on)
    return f"{say(language, f'orders.{near}')} · {written}" if near else written


def _homonyms(people: Sequence[PatientFacts]) -> frozenset[str]:
    """Names that several people share, by their birth date or their number."""
    found: dict[str, set[tuple[str, str]]] = {}
    for one in people:
        found.setdefault(fold_name(one.name), set()).add((one.birth_date, one.identifier.value))
    return frozenset(name for name, each in found.items() if name and len(each) > 1)


def _line(visit: Visit, entry: Entry, alike: frozenset[str]) -> Line:
    patient, order, step = entry.patient, entry.order.facts, entry.step
    family, given = split_name(patient.name)
    return Line(
        address=f"/orders/{entry.order.id}",
        time=write_tm(step.time),
        family=family,
        given=given,
        born=write_da(language_of(visit), patient.birth_date),
        number=patient.identifier.value,
        modality=step.facts.modality,
        procedure=order.procedure.text,
        station=step.facts.station_aet,
        referrer=spoken(order.referrer),
        accession=order.accession,
        state=step.state.value,
        homonym=fold_name(patient.name) in alike,
    )


def _alike(
    patient: PatientFacts, controller_id: str, names: dict[str, str], alike: frozenset[str], language: str
) -> Alike:
    family, given = split_name(patient.name)
    return Alike(
        family=family,
        given=given,
        born=write_da(language, patient.birth_date),
        sex=patient.sex,
        number=patient.identifier.value,
        issuer=patient.identifier.issuer,
        controller=controller_id,
        controller_name=names.get(controller_id, ""),
        birth_date=form_for(controller_id, patient, "").birth_date,
        birth_name=form_for(controller_id, patient, "").birth_name,
        homonym=fold_name(patient.name) in alike,
    )


def _sentence(visit: Visit, refusal: OrdersRefusal | None) -> str:
    language = language_of(visit)
    if refusal is None:
        return ""
    if isinstance(refusal, NoSuchOrder):
        raise refusal
    if refusal.code in _REFUSED:
        return say(language, f"orders.{refusal.code.removeprefix('order.').replace('-', '_')}")
    label = LABELS.get(str(refusal.facts.get("field", "")), "")
    return say(language, "orders.bad_field", label=say(language, f"orders.{label}") if label else "")
