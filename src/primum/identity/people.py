"""The front desk: people, controllers, and everything else that may be asked about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from primum.ground.clock import Clock, to_text
from primum.ground.db import migrate
from primum.ground.ids import is_id, new_id
from primum.ground.settings import Settings
from primum.identity import store, store_rights
from primum.identity.claims import Claims
from primum.identity.explain import Explanation, explain
from primum.identity.facts import Fact
from primum.identity.limits import LIMITS
from primum.identity.model import Controller, Invitation, Person, Recorder, SecretBox, State, Wish
from primum.identity.names import LOGIN_CHARACTERS, fold_login
from primum.identity.passwords import Hasher
from primum.identity.permissions import Actor, Permission, Role, Scope, Thing
from primum.identity.refusals import (
    BadPerson,
    LastAdministrator,
    LoginTaken,
    NoSuchController,
    NoSuchPerson,
    PeopleExist,
    TooMany,
)
from primum.identity.rules import rules_in_force

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "identity_version"
LANGUAGES = ("fr", "en")


def migrate_people(engine: Engine) -> None:
    """Bring the tables of people to their newest shape."""
    migrate(engine, MIGRATIONS, VERSION_TABLE)


class People(Claims):
    """Everything one may ask about people. Safe to use from several threads."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        record: Recorder,
        box: SecretBox,
        settings: Settings,
        demo: bool,
        hasher: Hasher | None = None,
    ) -> None:
        """Work on the tables of `engine` (records.db, migrated). `demo` tells what kind of home this is."""
        super().__init__(
            engine=engine,
            clock=clock,
            record=record,
            box=box,
            hasher=hasher or Hasher(),
            rules=rules_in_force(),
            idle=timedelta(minutes=settings.session_idle_minutes),
            longest=timedelta(hours=settings.session_hours),
            demo=demo,
        )
        self._language = settings.language

    def invite_first(self, *, full_name: str, login: str, controller_name: str, mail: str = "") -> Invitation:
        """Make the link of a home's first person: physician and administrator of a controller of their own.

        Works while nobody has ever enrolled; the link opens on this machine only. Raises PeopleExist, BadPerson.
        """
        with self._changing() as tx:
            if store.anybody_enrolled(tx):
                raise PeopleExist
            controller = self._first_controller(tx, controller_name)
            self._drop_unenrolled(tx)
            person = self._add_person(tx, full_name, login, mail, controller.id)
            wishes = (Wish(Role.PHYSICIAN, Scope.OWN, confidential=True), Wish(Role.ADMINISTRATOR))
            proposals = tuple(self._propose(tx, None, person, one, first=True) for one in wishes)
            return self._make_link(tx, None, person, proposals, loopback=True)

    def _first_controller(self, tx: Connection, name: str) -> Controller:
        existing = store.controllers(tx)
        if not existing:
            return self._add_controller(tx, None, name)
        store.rename_controller(tx, existing[0].id, _text("name of the controller", name, LIMITS.controller_name))
        return existing[0]

    def _drop_unenrolled(self, tx: Connection) -> None:
        """Close those who were named first, and never came."""
        for one in store.people(tx):
            if one.state is State.INVITED:
                self._close_account(tx, None, one, "never-enrolled")

    def invite(
        self,
        by: Actor,
        *,
        full_name: str,
        login: str,
        wishes: Iterable[Wish | Role],
        controller_id: str = "",
        mail: str = "",
    ) -> Invitation:
        """Invite somebody, and propose what they are to hold; the proposals say when it takes effect.

        `controller_id` "" is the house's only controller. Raises NotPermitted, StepUpNeeded, BadPerson, LoginTaken,
        NoSuchController, BadGrant, TooMany.
        """
        self._require(by, Permission.PERSON_INVITE, Thing("person"))
        with self._changing() as tx:
            known = {one.id for one in store.controllers(tx)}
            controller_id = controller_id or self._house(tx).controller_id
            if controller_id not in known:
                raise NoSuchController
            person = self._add_person(tx, full_name, login, mail, controller_id)
            asked = [one if isinstance(one, Wish) else Wish(one) for one in wishes]
            proposals = tuple(self._propose(tx, by, person, one) for one in asked)
            return self._make_link(tx, by, person, proposals)

    def _add_person(self, tx: Connection, full_name: str, login: str, mail: str, controller_id: str) -> Person:
        folded = fold_login(login)
        if not folded:
            needs = f"1 to {LOGIN_CHARACTERS} letters, digits or . - _ @ +"
            raise BadPerson(field="login", needs=needs)
        if store.person_by_login(tx, folded) is not None:
            raise LoginTaken
        count = len(store.people(tx))
        if count >= LIMITS.people:
            raise TooMany(count=count, what="people")
        person = Person(
            id=new_id("per"),
            login=folded,
            full_name=_text("full name", full_name, LIMITS.full_name),
            controller_id=controller_id,
            mail=_mail(mail),
            language=self._language,
            state=State.INVITED,
            invited_at=self._now(),
            enrolled_at=None,
            closed_at=None,
        )
        store.add_person(tx, person)
        return person

    def close_person(self, by: Actor, person_id: str) -> None:
        """Close an account: grants revoked, sessions ended, proposals of and for the person cancelled.

        Raises NotPermitted, StepUpNeeded, NoSuchPerson, LastAdministrator.
        """
        self._require(by, Permission.PERSON_CLOSE, Thing("person"))
        with self._changing() as tx:
            person, now = self._person(tx, person_id), self._now()
            others = [one for one in self._enrolled(tx, now) if one.person_id != person_id]
            if not any(Role.ADMINISTRATOR in one.roles for one in others):
                raise LastAdministrator
            self._close_account(tx, by, person, "asked")

    def _close_account(self, tx: Connection, by: Actor | None, person: Person, reason: str) -> None:
        now = self._now()
        for one in store_rights.proposals(tx):
            if person.id in one.thing.parties and one.waits(now):
                self._cancel(tx, by, one)
        for held in store_rights.held(tx, person.id):
            store_rights.revoke(tx, held.id, by.person_id if by else "", now)
        store.drop_invitations(tx, person.id)
        self._close_all(tx, person.id, "account-closed")
        store.change_person(tx, person.id, state=State.CLOSED, closed_at=to_text(now))
        self._record(Fact.PERSON_REMOVED, by, person.id, reason=reason)

    def add_controller(self, by: Actor, name: str) -> Controller:
        """Add a controller. Raises NotPermitted, StepUpNeeded, BadPerson, TooMany."""
        self._require(by, Permission.CONTROLLER_ADD, Thing("house"))
        with self._changing() as tx:
            return self._add_controller(tx, by, name)

    def _add_controller(self, tx: Connection, by: Actor | None, name: str) -> Controller:
        count = len(store.controllers(tx))
        if count >= LIMITS.controllers:
            raise TooMany(count=count, what="controllers")
        named = _text("name of the controller", name, LIMITS.controller_name)
        one = Controller(new_id("ctl"), named, self._now())
        store.add_controller(tx, one)
        self._record(Fact.CONTROLLER_ADDED, by, one.id)
        return one

    def controllers(self) -> list[Controller]:
        """List the controllers, oldest first."""
        with self._reading() as tx:
            return store.controllers(tx)

    def house(self) -> Thing:
        """Return the house as a thing to be asked about: its controller's, while there is only one."""
        with self._reading() as tx:
            return self._house(tx)

    def list(self) -> list[Person]:
        """List everybody, closed people included, by name. Ask `person:list` first."""
        with self._reading() as tx:
            return store.people(tx)

    def person(self, who: str) -> Person:
        """Find somebody by id or login. Raises NoSuchPerson."""
        with self._reading() as tx:
            found = store.person(tx, who) if is_id(who, "per") else store.person_by_login(tx, fold_login(who))
        if found is None:
            raise NoSuchPerson
        return found

    def anybody_enrolled(self) -> bool:
        """Tell whether anybody has ever enrolled."""
        with self._reading() as tx:
            return store.anybody_enrolled(tx)

    def recovery_codes_left(self, person_id: str) -> int:
        """Count somebody's unused recovery codes."""
        with self._reading() as tx:
            return store.recovery_codes_left(tx, person_id)

    def set_language(self, token: str, language: str) -> None:
        """Choose the language of the session's person's pages. Raises NoSession, SessionLocked, BadPerson."""
        if language not in LANGUAGES:
            raise BadPerson(field="language", needs=" or ".join(LANGUAGES))
        session = self.session(token)
        with self._changing() as tx:
            store.change_person(tx, session.person_id, language=language)

    def set_mail(self, token: str, mail: str) -> None:
        """Change where the session's person, who must be fresh, gets notices.

        Raises NoSession, StepUpNeeded, BadPerson.
        """
        session = self._fresh(token)
        with self._changing() as tx:
            store.change_person(tx, session.person_id, mail=_mail(mail))

    def why(self, who: str, action: str, thing: Thing, language: str = "en") -> Explanation:
        """Explain what would be decided for somebody, fresh, about a thing. Raises NoSuchPerson, BadPerson."""
        person = self.person(who)
        if action not in set(Permission):
            raise BadPerson(field="action", needs="a permission: docs/reference/permissions.md")
        with self._reading() as tx:
            actor = replace(self._actor(tx, person.id, self._now()), fresh=True)
        return explain(actor, Permission(action), thing, language)


def _text(field: str, value: str, most: int) -> str:
    stripped = " ".join(value.split())
    if not stripped or len(stripped) > most or not stripped.isprintable():
        raise BadPerson(field=field, needs=f"1 to {most} printable characters")
    return stripped


def _mail(value: str) -> str:
    stripped = value.strip()
    if not stripped:
        return ""
    local, _, domain = stripped.rpartition("@")
    sane = local and domain and len(stripped) <= LIMITS.mail and stripped.isascii() and stripped.isprintable()
    if not sane or any(one in ' <>,;:"()[]\\' for one in stripped):
        raise BadPerson(field="mail address", needs="one plain address, such as name@example.org")
    return stripped
