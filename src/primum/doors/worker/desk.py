"""What every verb has at hand: the rooms, who asks, and how far it may tell of its progress.

A verb is a function of (desk, asking, args, progress). `VERBS` of each file lists its own; those of `OPEN` need
no session, all others are given the actor of one, as it is at this instant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from primum.app.incident_rooms import IncidentRooms
from primum.app.worker import WorkerRooms
from primum.doors.worker.control import Handler, Progress
from primum.doors.worker.intake import IntakeLoop
from primum.doors.worker.protocol import BadRequest
from primum.exposure.checks.service import Checks
from primum.identity import Actor, Destination, NoSession, NotPermitted, Permission, Session, Thing, require
from primum.imaging import SendingQueue
from primum.imaging.commitments.service import Commitments
from primum.imaging.completion.service import Completions
from primum.imaging.confirmations.service import Confirmations
from primum.imaging.media.migrating import Source
from primum.imaging.reports.acts import Acts
from primum.journal import Fact, Kind

ADDRESS = "local"
"""Where a terminal is: on this machine, behind a socket of the same user."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The worker's rooms and its intake."""

    worker: WorkerRooms
    intake: IntakeLoop
    commitments: Commitments
    sendings: SendingQueue | None = None
    """What sends studies to destinations."""
    completions: Completions | None = None
    """What finds studies complete, and forwards them."""
    confirmations: Confirmations | None = None
    """What destinations were asked to answer for."""
    archive_of: Callable[[Destination], Source] | None = None
    """How an enrolled device is asked as an archive."""
    reports: Acts | None = None
    """What is written, validated and announced of studies."""
    checks: Checks | None = None
    """What states how this installation is."""
    breaches: IncidentRooms | None = None
    """The further rooms of the files of breaches."""

    def require(self, asking: Asking, action: Permission, thing: Thing) -> None:
        """Return when it is permitted; a refusal is recorded. Raises NotPermitted, StepUpNeeded."""
        try:
            require(asking.actor, action, thing)
        except NotPermitted as refusal:
            details: dict[str, str | int] = {
                "session": asking.session.id, "rule": str(refusal.facts["rule"]), "what": str(action),
            }  # fmt: skip
            self.record(Kind.ACTION_REFUSED, asking.actor.person_id, "", details)
            raise

    def record(self, kind: Kind, actor: str, subject: str, details: Mapping[str, str | int]) -> None:
        """Write a fact in the journal."""
        self.worker.rooms.journal.record(Fact(kind, actor, subject, details))

    def controller_id(self, name: str, asking: Asking) -> str:
        """Find a controller by its name; by default that of the person who asks. Raises NoSuchController."""
        from primum.identity import NoSuchController  # noqa: PLC0415

        people = self.worker.people
        if not name:
            return people.person(asking.actor.person_id).controller_id
        for one in people.controllers():
            if name in {one.id, one.name}:
                return one.id
        raise NoSuchController


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks: the session, and what its person may do now."""

    session: Session
    actor: Actor


MOST_UIDS = 10_000
"""Studies or instances that one command names: at 64 characters each they fit in one message."""

Verb = Callable[[Desk, Asking, "Args", Progress], dict[str, Any]]


class Args:
    """The arguments of a request, each taken by its type. Raises BadRequest."""

    def __init__(self, given: dict[str, Any]) -> None:
        """Read from `given`."""
        self._given = given

    def text(self, name: str, *, most: int = 4096) -> str:
        """Take a text of at most `most` characters."""
        value = self._given.get(name, "")
        if not isinstance(value, str) or len(value) > most:
            raise BadRequest
        return value

    def data(self, name: str) -> bytes:
        """Take bytes, which only a door sends beside its arguments; empty where there are none."""
        value = self._given.get(name, b"")
        return value if isinstance(value, bytes) else b""

    def has(self, name: str) -> bool:
        """Tell whether an argument was given at all."""
        return self._given.get(name) is not None

    def texts(self, name: str, *, most: int = 32) -> list[str]:
        """Take a list of at most `most` texts: more than 32 roles, services or keys do not exist."""
        value = self._given.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise BadRequest
        if not all(isinstance(one, str) for one in value):
            raise BadRequest
        return value

    def flag(self, name: str) -> bool:
        """Take true or false."""
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            raise BadRequest
        return value

    def number(self, name: str, *, low: int, high: int, default: int) -> int:
        """Take a whole number between bounds."""
        value = self._given.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise BadRequest
        return value


def handler(desk: Desk, verb: Verb) -> Handler:
    """Make a handler of the socket from a verb that needs a session."""

    def handle(token: str | None, args: dict[str, Any], progress: Progress) -> dict[str, Any]:
        if not token:
            raise NoSession
        people = desk.worker.people
        session = people.session(token)
        return verb(desk, Asking(session, people.actor(session)), Args(args), progress)

    return handle


def answer_page(
    desk: Desk, verbs: Mapping[str, Verb], args: dict[str, Any], **ours: object
) -> tuple[dict[str, Any], bytes]:
    """Answer a page: one of `verbs`, for the person whose session is given; `ours` are arguments no page sets.

    Raises BadRequest, and what the verb raises.
    """
    match args:
        case {"token": str(token), "verb": str(verb), "args": dict(given)} if verb in verbs:
            return handler(desk, verbs[verb])(token, given | ours, lambda _facts: None), b""
        case _:
            raise BadRequest
