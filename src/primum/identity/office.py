"""What the services of people share: the database, the clock, the journal, the box for secrets, the rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from primum.ground.clock import Clock
from primum.ground.db import Reader, bounded_reading
from primum.ground.ids import is_id
from primum.ground.memo import Memo
from primum.identity import store, store_rights
from primum.identity.facts import DETAILS, OPERATOR, Fact
from primum.identity.limits import LIMITS
from primum.identity.model import Person, Recorder, SecretBox
from primum.identity.passwords import Hasher
from primum.identity.permissions import Actor, Grant, Permission, Thing, decide
from primum.identity.refusals import NoSuchPerson, NotPermitted, StepUpNeeded
from primum.identity.rules import Rules


class Office:
    """Base of the services. A change is one transaction, whose last act is to record the facts."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        record: Recorder,
        box: SecretBox,
        hasher: Hasher,
        rules: Rules,
        idle: timedelta,
        longest: timedelta,
        demo: bool,
    ) -> None:
        """Work on `engine`. A session locks after `idle` and ends after `longest`."""
        self._engine = engine
        self._memo = Memo(engine, LIMITS.remembered)
        self._clock = clock
        self._recorder = record
        self._box = box
        self._hasher = hasher
        self._rules = rules
        self._idle = idle
        self._longest = longest
        self._demo = demo

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(reading=True) as tx:
            yield tx

    @contextmanager
    def _looking(self) -> Iterator[Reader]:
        """Read what each request asks."""
        with bounded_reading(self._engine, LIMITS.looking_seconds) as reader:
            yield reader

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._engine.begin() as tx:
            yield tx

    def _now(self) -> datetime:
        return self._clock.now()

    def _record(self, fact: Fact, by: Actor | str | None, subject: str, **details: str | int) -> None:
        actor = by.person_id if isinstance(by, Actor) else by or OPERATOR
        stray = details.keys() - DETAILS[fact]
        if stray:
            raise ValueError(f"details that {fact} does not have: {sorted(stray)}")
        self._recorder(fact, actor, subject, {key: value for key, value in details.items() if value != ""})

    def _require(self, actor: Actor, action: Permission, thing: Thing) -> None:
        require(actor, action, thing)

    def _person(self, tx: Connection, person_id: str) -> Person:
        found = store.person(tx, person_id) if is_id(person_id, "per") else None
        if found is None or found.closed_at is not None:
            raise NoSuchPerson
        return found

    def _actor(self, tx: Connection, person_id: str, at: datetime) -> Actor:
        """Read what a person holds at this instant."""
        held = store_rights.held(tx, person_id)
        return Actor(person_id, tuple(one.grant for one in held if one.in_force(at)))

    def _grants_now(self, person_id: str, at: datetime) -> tuple[Grant, ...]:
        """Say what a person holds at this instant, reading again only where something was committed since."""
        granted = self._memo.get(("granted", person_id), lambda: self._read_granted(person_id)) or []
        return tuple(grant for since, grant in granted if since <= at)

    def _read_granted(self, person_id: str) -> list[tuple[datetime, Grant]]:
        with self._looking() as reader:
            return store_rights.granted(reader, person_id)

    def _house(self, tx: Connection) -> Thing:
        """Return the house: it belongs to its controller while there is only one."""
        all_of_them = store.controllers(tx)
        return Thing("house", controller_id=all_of_them[0].id if len(all_of_them) == 1 else "")


def require(actor: Actor, action: Permission, thing: Thing) -> None:
    """Return when it is permitted. Raises StepUpNeeded or NotPermitted."""
    decision = decide(actor, action, thing)
    if decision.rule == "deny.step-up":
        raise StepUpNeeded(action=str(action))
    if not decision.allowed:
        raise NotPermitted(action=str(action), rule=decision.rule)
