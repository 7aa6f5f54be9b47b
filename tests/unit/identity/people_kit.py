"""A house of people for tests: a real sealed database, a clock that stands still, and a journal that remembers."""

from __future__ import annotations

import base64
import secrets
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from primum import identity
from primum.ground.clock import FixedClock
from primum.ground.db import open_database
from primum.ground.settings import read_settings
from primum.identity import totp

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # a Monday
HERE = "127.0.0.1"
PASSWORD = "tirelire cornichon volubile"
KEY = bytes(range(32))


class Box:
    """A box for secrets with a key of its own."""

    def __init__(self) -> None:
        self._aes = AESGCM(secrets.token_bytes(32))

    def seal(self, purpose: str, data: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._aes.encrypt(nonce, data, purpose.encode())

    def open(self, purpose: str, sealed: bytes) -> bytes:
        return self._aes.decrypt(sealed[:12], sealed[12:], purpose.encode())


class JournalFull(Exception):
    pass


@dataclass
class Remembered:
    """A journal that keeps facts in memory, and can be full."""

    facts: list[tuple[str, str, str, dict[str, str | int]]] = field(default_factory=list)
    full: bool = False

    def __call__(self, kind: str, actor: str, subject: str, details: dict[str, str | int]) -> None:
        if self.full:
            raise JournalFull
        self.facts.append((str(kind), actor, subject, details))

    def kinds(self) -> list[str]:
        return [fact[0] for fact in self.facts]

    def last(self, kind: str) -> tuple[str, str, dict[str, str | int]]:
        return next(fact[1:] for fact in reversed(self.facts) if fact[0] == kind)


@dataclass
class Somebody:
    """An enrolled person of a test, with what they know and have."""

    id: str
    login: str
    password: str
    secret: bytes
    codes: tuple[str, ...]


@dataclass
class House:
    """People, and what a test needs to play with them."""

    people: identity.DemoPeople
    clock: FixedClock
    journal: Remembered

    def enrol(self, invitation: identity.Invitation, password: str = PASSWORD) -> Somebody:
        begun = self.people.enrol_begin(invitation.token, HERE)
        secret = base64.b32decode(parse_qs(urlsplit(begun.totp_uri).query)["secret"][0])
        codes = self.people.enrol_finish(invitation.token, password, self.code(secret), HERE)
        self.clock.advance(timedelta(seconds=30))  # the next code is another one
        return Somebody(invitation.person_id, begun.login, password, secret, codes)

    def code(self, secret: bytes) -> str:
        return totp.code_at(secret, totp.step_of(self.clock.now()))

    def first(self) -> Somebody:
        invitation = self.people.invite_first(
            full_name="Jeanne Morvan", login="jeanne", controller_name="Cabinet Morvan", mail="jeanne@example.org"
        )
        return self.enrol(invitation)

    def sign_in(self, who: Somebody, address: str = HERE) -> identity.Session:
        self.clock.advance(timedelta(seconds=30))
        return self.people.sign_in(who.login, who.password, self.code(who.secret), address)

    def actor(self, who: Somebody | str) -> identity.Actor:
        """Somebody, fresh, as they are now."""
        person_id = who if isinstance(who, str) else who.id
        now = self.clock.now()
        held = self.people.grants(person_id)
        return identity.Actor(person_id, tuple(one.grant for one in held if one.in_force(now)), fresh=True)

    def join(self, name: str, *wishes: identity.Wish | identity.Role) -> Somebody:
        """Somebody who holds this from the start, without asking anybody."""
        controller = self.people.controllers()
        controller_id = controller[0].id if controller else self.people.make_controller("Cabinet").id
        settled = [one if isinstance(one, identity.Wish) else identity.Wish(one) for one in wishes]
        made = self.people.make_person(full_name=name, login=name, controller_id=controller_id, wishes=settled)
        return Somebody(made.person.id, name, made.password, base64.b32decode(made.totp_secret), made.recovery_codes)


_TEMPLATE: list[Path] = []


def template(folder: Path) -> Path:
    """The migrated database that every house starts from: made once."""
    if not _TEMPLATE:
        file = folder / "template.db"
        engine = open_database(file, KEY, durability="normal")
        identity.migrate_people(engine)
        engine.dispose()
        _TEMPLATE.append(file)
    return _TEMPLATE[0]


def build(folder: Path, base: Path) -> House:
    """Build a house on a copy of the template."""
    file = folder / f"{secrets.token_hex(8)}.db"
    shutil.copy(base, file)
    engine = open_database(file, KEY, durability="normal")
    clock, journal = FixedClock(START), Remembered()
    people = identity.DemoPeople(
        engine=engine,
        clock=clock,
        record=journal,
        box=Box(),
        settings=read_settings(folder / "none.toml"),
        demo=True,
        hasher=weak_hasher(),
    )
    return House(people, clock, journal)


def weak_hasher() -> identity.Hasher:
    """The one labelled place with weak parameters: tests hash hundreds of passwords."""
    return identity.Hasher(time_cost=1, memory_kib=8, lanes=1)


def stale(actor: identity.Actor) -> identity.Actor:
    return replace(actor, fresh=False)
