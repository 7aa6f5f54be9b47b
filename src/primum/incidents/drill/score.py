"""What was missed in an exercise: a file held against what its scenario looks for. Pure.

Each expectation is met, late, missed, or waited for still. Nothing is judged by what the player could not know: a fact
is compared with what the events had told by the moment at which it was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from primum.incidents.drill.looks import LOOKS, decided_as
from primum.incidents.drill.scenarios import WHY, Expectation, Scenario
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import Dossier, IncidentRefused


class DrillNeedsDemo(IncidentRefused):
    """An exercise is played in a demo home, on files that say they are exercises: a real register is never touched."""

    code: ClassVar[str] = "incident.drill-needs-demo"
    hint: ClassVar[str] = "primum up --demo makes a demo home; play in it"


class Verdict(StrEnum):
    """How an expectation stands."""

    MET = "met"
    LATE = "late"
    MISSED = "missed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one expectation stands, why, and the entry that shows it ("": none)."""

    expectation: Expectation
    verdict: Verdict
    why: str
    entry: str = ""
    after: timedelta | None = None
    what: tuple[str, ...] = ()
    """Facts or instants that it is about."""

    def words(self, language: str) -> str:
        """Say why."""
        colon = " : " if language == "fr" else ": "
        facts = ", ".join(CATALOGUE[one].label[language] if one in CATALOGUE else one for one in self.what)
        spans = {"after": _span(self.after), "by": _span(self.expectation.by), "what": facts}
        return self.expectation.label[language] + colon + WHY[language][self.why].format(**spans)


@dataclass(frozen=True, slots=True)
class Score:
    """What an exercise came to."""

    scenario: str
    at: datetime
    outcomes: tuple[Outcome, ...]

    def count(self, verdict: Verdict) -> int:
        """Count the expectations that stand so."""
        return sum(one.verdict is verdict for one in self.outcomes)

    @property
    def full(self) -> bool:
        """Tell whether everything was met."""
        return self.count(Verdict.MET) == len(self.outcomes)


def score(scenario: Scenario, dossier: Dossier | None, now: datetime) -> Score:
    """Hold a file against a scenario; None where the player opened none. Raises DrillNeedsDemo for a real file."""
    if dossier is not None and not dossier.file.exercise:
        raise DrillNeedsDemo
    outcomes = tuple(_judge(scenario, one, dossier, now) for one in scenario.expects)
    return Score(scenario.name, now, outcomes)


def _judge(scenario: Scenario, one: Expectation, dossier: Dossier | None, now: datetime) -> Outcome:
    over = now >= scenario.begins + (one.by if one.by is not None else scenario.lasts)
    still = Verdict.MISSED if over else Verdict.WAITING
    if dossier is None:
        return Outcome(one, still, "no-file")
    if one.unless and _excused(scenario, one, dossier):
        return Outcome(one, Verdict.MET, "not-asked")
    seen = LOOKS[one.name](scenario, one, dossier)
    if one.by is None and not seen.wrong:
        return Outcome(one, Verdict.MET if over else Verdict.WAITING, "nothing-wrong")
    if one.by is None or seen.wrong or seen.at is None:
        why = seen.why or ("absent" if over else "waiting")
        return Outcome(one, Verdict.MISSED if seen.wrong else still, why, seen.entry, what=seen.what)
    after = seen.at - scenario.begins
    late = after > one.by
    return Outcome(one, Verdict.LATE if late else Verdict.MET, "late" if late else "done", seen.entry, after)


def _excused(scenario: Scenario, one: Expectation, dossier: Dossier) -> bool:
    decided = dossier.decisions.get("notify")
    about = next((each for each in scenario.expects if each.name == "notify"), None)
    if decided is None or about is None or decided.choice != one.unless:
        return False
    return decided_as(scenario, about, dossier).at is not None


def _span(span: timedelta | None) -> str:
    if span is None:
        return ""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02}"
