"""The register of article 33(5): every breach of a controller, whatever its risk. Pure: dossiers in, lines out.

Article 33(5) asks for the facts, the effects and the remedial action; the EDPB (9/2022) also for the reasons of what
was not notified, not told, or late, and for the messages. A merged file has no line: the one that stays names it. Files
in which the house is a processor are alerts, listed apart. An exercise is never in the register of a real home.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from primum.incidents.dossier import evidence_of
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import (
    SYSTEM,
    Decision,
    Dossier,
    EntryKind,
    Evidence,
    Fact,
    Instant,
    Role,
    State,
    Which,
)
from primum.incidents.register.happenings import Message, Moment, chronology, messages

EFFECTS: Final = ("consequences", "harms", "gravity")
REMEDY: Final = ("measures-before", "measures-after", "telling")
REASONS: Final = ("lateness",)
_ELSEWHERE: Final = frozenset({*EFFECTS, *REMEDY, *REASONS})
NOTIFIED: Final = frozenset({"notify"})
"""Choices about `notify` after which the authority is notified."""
TOLD: Final = frozenset({"tell"})
"""Choices about `tell` after which each person is told. A public communication has its reason in the register."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that was contained. `at`: when it was written down."""

    at: datetime
    what: str
    subject: str
    outcome: str
    by: str


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One breach, as the register shows it."""

    file_id: str
    case_id: str
    controller_id: str
    controller: str
    role: Role
    state: State
    exercise: bool
    origin: str
    opened_at: datetime
    merged_from: tuple[str, ...]
    facts: tuple[Fact, ...]
    """The facts of the breach, in the catalogue's order."""
    measured: tuple[Fact, ...]
    """What was measured where a person said otherwise."""
    effects: tuple[Fact, ...]
    remedy: tuple[Fact, ...]
    actions: tuple[Action, ...]
    notify: Decision | None
    tell: Decision | None
    shown: Mapping[str, tuple[Evidence, ...]]
    """What a decision was signed with, by its entry."""
    lateness: Fact | None
    detected_first: datetime | None
    prudent_due: datetime | None
    instants: tuple[Instant, ...]
    chronology: tuple[Moment, ...]
    messages: tuple[Message, ...]
    notified_at: datetime | None
    """The first receipt of the authority."""
    closed_at: datetime | None
    clock_went_back: bool

    def fact(self, key: str) -> Fact | None:
        """Find a fact."""
        return next((one for one in (*self.facts, *self.effects, *self.remedy) if one.key == key), None)

    @property
    def why_not_notified(self) -> Decision | None:
        """The decision not to notify the authority, with its reason; None where there is none."""
        return self.notify if self.notify is not None and self.notify.choice not in NOTIFIED else None

    @property
    def why_not_told(self) -> Decision | None:
        """The decision not to tell each person, with its reason; None where there is none."""
        return self.tell if self.tell is not None and self.tell.choice not in TOLD else None


@dataclass(frozen=True, slots=True)
class Register:
    """A register, as it was made at an instant, of what one person may see."""

    made_at: datetime
    by: str
    """Who made it: a name, or our id."""
    controllers: tuple[str, ...]
    """The names of those whose breaches it lists, or would list."""
    exercise: bool
    journal_root: str
    """What the journal stood at; empty where it was not asked."""
    lines: tuple[RegisterLine, ...]
    alerts: tuple[RegisterLine, ...]
    """Files in which the house is a processor: what it told controllers (33(2)) is in their registers, not here."""
    people: Mapping[str, str] = field(default_factory=dict)
    """The names of those who wrote, by our id."""


Due = Callable[[Dossier], datetime | None]
"""Gives the prudent due instant of a file."""


def line_of(dossier: Dossier, controller: str, due: Due) -> RegisterLine:
    """Make the line of one file."""
    facts = [dossier.facts[key] for key in CATALOGUE if key in dossier.facts]
    receipts = [one.at for one in messages(dossier) if one.kind is EntryKind.RECEIPT]
    closed = dossier.of_kind(EntryKind.CLOSED) if dossier.state is State.CLOSED else []
    return RegisterLine(
        file_id=dossier.file.id, case_id=dossier.file.case_id, controller_id=dossier.file.controller_id,
        controller=controller, role=dossier.file.role, state=dossier.state, exercise=dossier.file.exercise,
        origin=dossier.origin.value, opened_at=dossier.file.opened_at, merged_from=merged_from(dossier),
        facts=tuple(one for one in facts if one.key not in _ELSEWHERE),
        measured=tuple(dossier.measured[one.key] for one in facts if _measured_otherwise(dossier, one)),
        effects=_some(dossier, EFFECTS), remedy=_some(dossier, REMEDY), actions=actions(dossier),
        notify=dossier.decisions.get("notify"), tell=dossier.decisions.get("tell"),
        shown={one.id: evidence_of(one.body) for one in dossier.of_kind(EntryKind.DECISION)},
        lateness=dossier.facts.get("lateness"),
        detected_first=dossier.detected_first, prudent_due=due(dossier),
        instants=tuple(dossier.instants[one] for one in Which if one in dossier.instants),
        chronology=chronology(dossier), messages=messages(dossier), notified_at=min(receipts, default=None),
        closed_at=closed[-1].at if closed else None, clock_went_back=bool(dossier.clock_went_back),
    )  # fmt: skip


def register_of(
    dossiers: Iterable[Dossier], named: Mapping[str, str], due: Due, *, made_at: datetime, by: str,
    person: Callable[[str], str] = str, journal_root: str = "", exercise: bool = False,
) -> Register:  # fmt: skip
    """Make a register. `named`: the controllers of its scope, by id; `person`: names who wrote, by id.

    `exercise`: of a home for exercises; that register holds nothing else, and no other register holds one.
    """
    kept = [one for one in dossiers if one.file.exercise == exercise and one.state is not State.MERGED]
    kept.sort(key=lambda one: (one.detected_first or one.file.opened_at, one.file.id))
    lines = [line_of(one, named.get(one.file.controller_id, one.file.controller_id), due) for one in kept]
    wrote = {each.by for one in kept for each in one.entries} - {SYSTEM}
    return Register(
        made_at, person(by), tuple(named.values()), exercise, journal_root,
        tuple(one for one in lines if one.role is Role.CONTROLLER),
        tuple(one for one in lines if one.role is Role.PROCESSOR), {one: person(one) for one in sorted(wrote)},
    )  # fmt: skip


def actions(dossier: Dossier) -> tuple[Action, ...]:
    """List what was contained, in the order in which it was written."""
    return tuple(
        Action(one.at, str(one.body["what"]), str(one.body.get("subject", "")), str(one.body["outcome"]), one.by)
        for one in dossier.of_kind(EntryKind.ACTION)
    )


def merged_from(dossier: Dossier) -> tuple[str, ...]:
    """List the files that this one took in, and those that they had taken in."""
    found = [one.body["from"] for one in dossier.of_kind(EntryKind.MERGED) if "from" in one.body]
    return tuple(dict.fromkeys(found))


def _some(dossier: Dossier, keys: Sequence[str]) -> tuple[Fact, ...]:
    return tuple(dossier.facts[key] for key in keys if key in dossier.facts)


def _measured_otherwise(dossier: Dossier, one: Fact) -> bool:
    found = dossier.measured.get(one.key)
    return found is not None and found.entry != one.entry
