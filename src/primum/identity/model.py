"""What the people half of this room is about: people, controllers, wishes, proposals, sessions, notices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from primum.identity.permissions import SCOPES, Actor, Grant, Role, Scope, Thing
from primum.identity.second_person import APPROVAL_LASTS, Way


class State(StrEnum):
    """Where a person stands."""

    INVITED = "invited"
    ENROLLED = "enrolled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for data (GDPR Art. 4(7))."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a login of their own."""

    id: str
    login: str
    full_name: str
    controller_id: str
    mail: str
    language: str
    state: State
    invited_at: datetime
    enrolled_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A grant as somebody asks for it. Scope None is the narrowest the role has but `referrer`."""

    role: Role
    scope: Scope | None = None
    controller_id: str = ""
    confidential: bool = False
    referrer_names: tuple[str, ...] = ()

    def settled_scope(self) -> Scope:
        """Return the scope asked for, or the role's narrow one."""
        return self.scope or (Scope.OWN if Scope.OWN in SCOPES[self.role] else Scope.SITE)


@dataclass(frozen=True, slots=True)
class Held:
    """A grant as it is kept: in force from `effective_at` to `revoked_at`."""

    id: str
    person_id: str
    grant: Grant
    effective_at: datetime
    revoked_at: datetime | None

    def in_force(self, at: datetime) -> bool:
        """Tell whether it counts at this instant."""
        return self.effective_at <= at and (self.revoked_at is None or at < self.revoked_at)


class Subject(StrEnum):
    """What a proposal is about."""

    GRANT = "grant"
    FACTORS = "factors"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A right, or new factors, that somebody asks for a person. `proposed_by` "" is the machine's operator."""

    id: str
    subject: Subject
    person_id: str
    proposed_by: str
    proposed_at: datetime
    way: Way
    effective_at: datetime | None
    expires_at: datetime | None
    approved_by: str
    cancelled_at: datetime | None
    used_at: datetime | None
    thing: Thing
    wish: Wish | None

    def waits(self, at: datetime) -> bool:
        """Tell whether it can still be approved or cancelled."""
        if self.cancelled_at is not None:
            return False
        if self.effective_at is not None:
            return at < self.effective_at
        return self.expires_at is not None and at < self.expires_at

    def ripe(self, at: datetime) -> bool:
        """Tell whether new factors may be given now: in force, not used up, not stale."""
        if self.cancelled_at is not None or self.used_at is not None or self.effective_at is None:
            return False
        return self.effective_at <= at < self.effective_at + APPROVAL_LASTS


@dataclass(frozen=True, slots=True)
class Notice:
    """What everybody's home page shows about a proposal. No patient is ever concerned."""

    proposal: Proposal
    shown_until: datetime
    beneficiary: str
    proposer: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An enrolment link: `/enrol#TOKEN`. The token is given once, and kept only hashed."""

    token: str
    person_id: str
    expires_at: datetime
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the enrolment page shows: whose link it is, and what the authenticator needs."""

    login: str
    full_name: str
    totp_uri: str
    totp_secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session that may be used now. `token` is filled in once, at sign-in."""

    id: str
    person_id: str
    opened_at: datetime
    ends_at: datetime
    fresh: bool
    address: str
    agent: str
    csrf: str
    token: str = ""
    may: frozenset[str] | None = None
    """What a program's token may do, by name of permission; None for a person's own session."""


@dataclass(frozen=True, slots=True)
class ProgramToken:
    """A token with which a program asks in somebody's name. `secret` is given once, when it is made."""

    id: str
    person_id: str
    name: str
    may: frozenset[str]
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of a demo home, with what is printed once."""

    person: Person
    actor: Actor
    password: str
    totp_secret: str
    totp_uri: str
    recovery_codes: tuple[str, ...]


class Recorder(Protocol):
    """Writes a fact in the journal, on disc at return where its kind is durable; raises where it cannot."""

    def __call__(self, kind: str, actor: str, subject: str, details: dict[str, str | int]) -> None:
        """Record that `actor` did `kind` to `subject`."""
        ...


class SecretBox(Protocol):
    """Seals small secrets under the `secrets` key."""

    def seal(self, purpose: str, data: bytes) -> bytes:
        """Seal `data`, bound to `purpose`."""
        ...

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Open what was sealed for `purpose`; raise on anything else."""
        ...
