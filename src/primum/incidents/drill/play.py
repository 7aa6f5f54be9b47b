"""The exercise as it is played: a clock that the player moves, events as it passes them, files of its own.

Everything is in a folder of the demo home, apart from its register and its journal, with a key that stands beside it:
what an exercise holds is invented. Nothing sleeps. An exercise that was left is taken up where it stood.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

from primum.ground.clock import FixedClock, from_text, to_text
from primum.ground.db import KEY_BYTES, open_database
from primum.ground.disc import RealDisc, write_durably
from primum.ground.home import find_home
from primum.ground.ids import new_id
from primum.identity import Actor, Grant, Role, Scope
from primum.incidents.drill.scenarios import FINDING, Event, Scenario, scenario
from primum.incidents.drill.score import DrillNeedsDemo, Score, score
from primum.incidents.model import SYSTEM, Dossier, EntryKind, Evidence, IncidentRefused, Origin, Standing, State, Which
from primum.incidents.service import Controller, Incidents
from primum.incidents.store import prepare_incidents

FOLDER: Final = "drill"
STATE: Final = "exercise.json"
_FORMAT: Final = 1
_NAME: Final = {"fr": "Cabinet de l'exercice", "en": "Practice of the exercise"}


class NoExercise(IncidentRefused):
    """No exercise is being played."""

    code: ClassVar[str] = "incident.no-exercise"
    hint: ClassVar[str] = "primum incident drill start SCENARIO"


class ClockOnlyForward(IncidentRefused):
    """The clock of an exercise moves forward, and not past its end."""

    code: ClassVar[str] = "incident.clock-only-forward"
    hint: ClassVar[str] = "look at the score, or begin another exercise"


@dataclass(frozen=True, slots=True)
class Told:
    """An event that was delivered."""

    at: datetime
    text: str


@dataclass(slots=True)
class _Played:
    """One exercise, as far as it was played."""

    scenario: Scenario
    folder: Path
    clock: FixedClock
    controller: Controller
    person_id: str
    key: bytes
    language: str
    number: int
    """Which exercise of the home it is, from 1."""


class Drill:
    """An exercise in a demo home. Raises DrillNeedsDemo where the home is real."""

    def __init__(self, folder: Path, language: str = "fr") -> None:
        """Play in the home at `folder`; what happens is told in `language`."""
        if not find_home(folder).demo:
            raise DrillNeedsDemo
        self._folder, self._language = folder / FOLDER, language
        self._played: _Played | None = None
        self._files: Incidents | None = None

    def start(self, name: str) -> list[Told]:
        """Begin a scenario; give what happens first. An exercise before it is kept. Raises NoSuchScenario."""
        chosen = scenario(name)
        folder = self._folder / new_id("drl")
        folder.mkdir(mode=0o700, parents=True)
        self._played = _Played(
            chosen, folder, FixedClock(chosen.begins), Controller(new_id("ctl"), _NAME[self._language]),
            new_id("per"), secrets.token_bytes(KEY_BYTES), self._language, len(list(self._folder.iterdir())),
        )  # fmt: skip
        self._files = _files(self._played)
        self._keep()
        return [self._deliver(one) for one in chosen.events if not one.after]

    def resume(self) -> bool:
        """Take up the exercise that was begun last; False where there is none."""
        kept = [_read(one) for one in self._folder.glob(f"*/{STATE}")]
        if not kept:
            return False
        self._played = max(kept, key=lambda one: one.number)
        self._files = _files(self._played)
        return True

    @property
    def scenario(self) -> Scenario:
        """Return what is played."""
        return self._now_playing.scenario

    @property
    def now(self) -> datetime:
        """Return the instant at which the exercise stands."""
        return self._now_playing.clock.now()

    @property
    def over(self) -> bool:
        """Tell whether the exercise has ended."""
        return self.now >= self.scenario.ends

    @property
    def files(self) -> Incidents:
        """Return the files of this exercise, and of nothing else."""
        if self._files is None:
            raise NoExercise
        return self._files

    @property
    def language(self) -> str:
        """Return the language in which it is told."""
        return self._now_playing.language

    @property
    def controller_id(self) -> str:
        """Return the controller of the exercise."""
        return self._now_playing.controller.id

    @property
    def player(self) -> Actor:
        """Return who plays: a physician of the practice, who has just signed in."""
        played = self._now_playing
        grant = Grant(Role.PHYSICIAN, Scope.SITE, played.controller.id, id=new_id("gra"))
        return Actor(played.person_id, (grant,), fresh=True, session_id=new_id("ses"))

    def events(self, now: datetime | None = None) -> list[Told]:
        """List what has happened by `now`; by where the exercise stands, where it is not said."""
        until = min(now or self.now, self.now)
        return [self._told(one) for one in self.scenario.events if self._at(one) <= until]

    def advance(self, by: timedelta) -> list[Told]:
        """Move the clock, event by event; give what happened. Past the end it stops. Raises ClockOnlyForward."""
        if by <= timedelta(0) or self.over:
            raise ClockOnlyForward
        played = self._now_playing
        began, until = self.now, min(self.now + by, self.scenario.ends)
        found = []
        for one in self.scenario.events:
            if began < self._at(one) <= until:
                played.clock.advance(self._at(one) - self.now)
                found.append(self._deliver(one))
        played.clock.advance(until - self.now)
        self._keep()
        return found

    def advance_to_next(self) -> list[Told]:
        """Move the clock to the next event, or to the end where there is none left. Raises ClockOnlyForward."""
        ahead = [self._at(one) for one in self.scenario.events if self._at(one) > self.now]
        return self.advance(min([*ahead, self.scenario.ends]) - self.now)

    def dossier(self) -> Dossier | None:
        """Give the file of the exercise: the one opened first that was not merged away; None where there is none."""
        every = [one for one in self.files.every(self.player) if one.state is not State.MERGED]
        return min(every, key=lambda one: one.entries[0].seq, default=None)

    def score(self) -> Score:
        """Hold the file against the scenario, as it stands now."""
        return score(self.scenario, self.dossier(), self.now)

    @property
    def _now_playing(self) -> _Played:
        if self._played is None:
            raise NoExercise
        return self._played

    def _at(self, one: Event) -> datetime:
        return self.scenario.begins + one.after

    def _told(self, one: Event) -> Told:
        return Told(self._at(one), one.text[self._now_playing.language])

    def _deliver(self, one: Event) -> Told:
        if not one.after and self.scenario.opened_by == FINDING:
            _open_by_itself(self.files, self._now_playing)
        return self._told(one)

    def _keep(self) -> None:
        played = self._now_playing
        kept = {
            "format": _FORMAT, "scenario": played.scenario.name, "now": to_text(played.clock.now()),
            "number": played.number, "language": played.language, "key": played.key.hex(),
            "controller": played.controller.id, "name": played.controller.name, "person": played.person_id,
        }  # fmt: skip
        write_durably(RealDisc(), played.folder / STATE, json.dumps(kept, indent=1).encode() + b"\n")


@dataclass(frozen=True, slots=True)
class _House:
    """The house of an exercise: one practice, which hosts for nobody."""

    controller: Controller
    processor: bool = False

    def controllers(self) -> tuple[Controller, ...]:
        return (self.controller,)


def _files(played: _Played) -> Incidents:
    engine = open_database(played.folder / "exercise.db", played.key, durability="normal")
    prepare_incidents(engine)
    return Incidents(engine, played.clock, _nowhere, _House(played.controller), exercise=True)


def _nowhere(kind: str, actor: str, subject: str, details: dict[str, str | int]) -> None:
    """Take a line of the journal: an exercise has none."""


def _read(file: Path) -> _Played:
    kept: dict[str, Any] = json.loads(file.read_bytes())
    return _Played(
        scenario(kept["scenario"]), file.parent, FixedClock(from_text(kept["now"])),
        Controller(kept["controller"], kept["name"]), kept["person"], bytes.fromhex(kept["key"]), kept["language"],
        kept["number"],
    )  # fmt: skip


def _open_by_itself(files: Incidents, played: _Played) -> None:
    """Open the file as a finding would: detected, and what was measured, each with the run as its evidence."""
    shown = [Evidence("run", "exercise", played.scenario.name).as_json()]
    title = played.scenario.title[played.language]
    with files.transaction() as tx:
        (made,) = files.open_files(tx, Origin.FINDING, title, [played.controller.id], SYSTEM)
        detected = {"which": Which.DETECTED.value, "at": to_text(played.clock.now()), "reason": title}
        files.write_within(tx, made, EntryKind.INSTANT, {**detected, "evidence": shown})
        for key, value in played.scenario.measured.items():
            body = {"key": key, "value": value, "standing": Standing.MEASURED.value, "evidence": shown}
            files.write_within(tx, made, EntryKind.FACT, body)
