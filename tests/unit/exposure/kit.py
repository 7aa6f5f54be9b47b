"""People and a records.db for the rooms of exposure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from primum.app.exposed import prepare_exposed
from primum.ground.clock import FixedClock
from primum.ground.db import open_database
from primum.ground.ids import new_id
from primum.identity import Actor, Grant, Role, Scope
from primum.journal import BY_NAME, Fact
from primum.journal.fact import encode

CONTROLLER = new_id("ctl")


def actor(*roles: Role, fresh: bool = True) -> Actor:
    grants = tuple(Grant(one, Scope.SITE, CONTROLLER, id=new_id("gra")) for one in roles)
    return Actor(new_id("per"), grants, fresh=fresh, session_id=new_id("ses"))


@dataclass
class Told:
    """A pen that keeps what it wrote, checked against the vocabulary like the journal's."""

    facts: list[tuple[str, str, str, dict[str, str | int]]] = field(default_factory=list)

    def __call__(self, kind: str, by: str, subject: str, details: dict[str, str | int]) -> None:
        encode(Fact(BY_NAME[kind], by, subject, details))
        self.facts.append((kind, by, subject, dict(details)))

    def kinds(self) -> list[str]:
        return [kind for kind, *_ in self.facts]


def records(folder: Path) -> Engine:
    engine = open_database(folder / "records.db", bytes(32), durability="normal")
    prepare_exposed(engine)
    return engine


def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
