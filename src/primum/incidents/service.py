"""What may be asked of the files of breaches: opened, written into, merged, read. Every entry is journaled.

One rule for every way in: an entry is held against what the file says (entries.py), kept for good, and its digest
goes into the account ledger in the same step. What the rooms of a point add (notices, letters, evidence) they write
through `write` and `write_alone` too.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from primum.ground.clock import to_text
from primum.ground.filenames import plain_name
from primum.ground.ids import new_id
from primum.identity import ANY_STUDY, Permission, Thing, decide, require
from primum.incidents import store
from primum.incidents.dossier import fold
from primum.incidents.entries import check
from primum.incidents.facts.catalogue import CATALOGUE, Level
from primum.incidents.limits import LIMITS
from primum.incidents.model import (
    SYSTEM,
    BadEntry,
    Document,
    Dossier,
    Entry,
    EntryKind,
    Evidence,
    File,
    NoSuchIncident,
    Origin,
    Role,
    Standing,
    State,
    Which,
)
from primum.incidents.texts import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.ground.clock import Clock
    from primum.identity import Actor, Recorder

NEEDED: Final[Mapping[EntryKind, Permission]] = {
    EntryKind.DECISION: Permission.INCIDENT_DECIDE,
    EntryKind.CLOSED: Permission.INCIDENT_DECIDE,
    EntryKind.REOPENED: Permission.INCIDENT_DECIDE,
    EntryKind.MERGED: Permission.INCIDENT_DECIDE,
    EntryKind.NOTICE: Permission.INCIDENT_DECIDE,
    EntryKind.ACTION: Permission.INCIDENT_CONTAIN,
}
"""What an entry of a kind asks for; any other asks for `incident:write`."""

_SHARED: Final = frozenset({EntryKind.LINKED})
"""What is written into the common record, with the facts that the catalogue says are common."""


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller of this house."""

    id: str
    name: str


class House(Protocol):
    """What the files need to know of the house; app/ says it."""

    @property
    def processor(self) -> bool:
        """Whether the operator hosts for others: a file is then a processor's (33(2))."""
        ...

    def controllers(self) -> Sequence[Controller]:
        """List the controllers, in the order in which they came."""
        ...


class Incidents:
    """The files. Safe to use from several threads."""

    def __init__(
        self, records: Engine, clock: Clock, record: Recorder, house: House, *, exercise: bool = False
    ) -> None:
        """Keep in `records`. `exercise`: every file of this home is one, and says so."""
        self._records, self._clock, self._record, self._house = records, clock, record, house
        self._exercise = exercise

    # -- what people do --

    def open(
        self,
        by: Actor,
        origin: Origin,
        sentence: str,
        controller_id: str,
        *,
        which: Which = Which.DETECTED,
        at: datetime | None = None,
    ) -> File:
        """Open the file of one controller.

        `at`: when it was detected (or another instant, as `which` says); now, where it is not said.
        Raises NotPermitted, BadEntry, BadInstant.
        """  # fmt: skip
        self.may_open(by, [controller_id])
        now = self._clock.now()
        body = {
            "which": which.value, "at": to_text(at or now), "reason": sentence, "evidence": [_person(by.person_id)],
        }  # fmt: skip
        fresh = Dossier(File("", "", controller_id, Role.CONTROLLER, now), State.OPEN, origin)
        check(EntryKind.INSTANT, body, fresh, by.person_id, now)  # a line of the journal is not taken back
        with self._records.begin() as tx:
            (made,) = self.open_files(tx, origin, sentence, [controller_id], by.person_id)
            self._write(tx, made, EntryKind.INSTANT, body, by.person_id)
        return made

    def may_open(self, by: Actor, controllers: Sequence[str]) -> None:
        """Return where this person may open a file for each of these. Raises NotPermitted, BadEntry."""
        known = {one.id for one in self._house.controllers()}
        for one in controllers:
            if one not in known:
                raise BadEntry(what="there is no such controller")
            require(by, Permission.INCIDENT_REPORT, Thing("incident", one))

    def write(
        self, by: Actor, file_id: str, kind: EntryKind, body: Mapping[str, Any], *,
        document: tuple[str, bytes] | None = None,
    ) -> Entry:  # fmt: skip
        """Write an entry, for a person; with a document (its name, its bytes), which is kept in the same step.

        Raises NotPermitted, NoSuchIncident, BadEntry, BadInstant, IncidentOver.
        """
        with self._records.begin() as tx:
            if document is not None:
                found = self._file(tx, file_id)
                require(by, NEEDED.get(kind, Permission.INCIDENT_WRITE), Thing("incident", found.controller_id))
                check(kind, body, self._dossier(tx, found), by.person_id, self._clock.now())
                _fits(document[1])
                kept = self.keep_document(tx, found, *document, what=kind.value, by=by.person_id)
                body = {**body, "document": kept.id}
            return self.write_for(tx, by, file_id, kind, body)

    def write_for(self, tx: Connection, by: Actor, file_id: str, kind: EntryKind, body: Mapping[str, Any]) -> Entry:
        """Write an entry for a person within a transaction. Raises as `write` does."""
        found = self._file(tx, file_id)
        require(by, NEEDED.get(kind, Permission.INCIDENT_WRITE), Thing("incident", found.controller_id))
        return self._write(tx, found, kind, body, by.person_id)

    def answer(
        self, by: Actor, file_id: str, key: str, value: Any, *, evidence: Iterable[Evidence] = (),  # noqa: ANN401
    ) -> Entry:  # fmt: skip
        """Write what a person says of a fact: declared, or not known where `value` is None. Raises as `write` does."""
        standing = Standing.UNKNOWN if value is None else Standing.DECLARED
        told = [_person(by.person_id), *(one.as_json() for one in evidence)]
        body = {"key": key, "value": value, "standing": standing.value, "evidence": told}
        return self.write(by, file_id, EntryKind.FACT, body)

    def instant(self, by: Actor, file_id: str, which: Which, at: datetime, reason: str) -> Entry:
        """Write when the controller was aware, or another instant; said again, it is a correction that stays visible.

        Raises as `write` does.
        """
        dossier = self.dossier(by, file_id)
        body = {
            "which": which.value, "at": to_text(at), "reason": reason, "corrects": which in dossier.instants,
            "evidence": [_person(by.person_id)],
        }  # fmt: skip
        return self.write(by, file_id, EntryKind.INSTANT, body)

    def merge(self, by: Actor, file_id: str, into_id: str, reason: str) -> Dossier:
        """Merge a file into another of the same controller: both histories are read in the one that stays.

        The next sweep fills its facts from the findings of both. Raises as `write` does.
        """
        with self._records.begin() as tx:
            gone, stays = self._file(tx, file_id), self._file(tx, into_id)
            for one in (gone, stays):
                require(by, Permission.INCIDENT_DECIDE, Thing("incident", one.controller_id))
            if gone.id == stays.id or gone.controller_id != stays.controller_id or gone.exercise != stays.exercise:
                raise BadEntry(what="two different files of one controller are merged")
            bodies = [(gone, {"into": stays.id, "reason": reason}), (stays, {"from": gone.id, "reason": reason})]
            for one, body in bodies:  # both, before a line of the journal that is not taken back
                check(EntryKind.MERGED, body, self._dossier(tx, one), by.person_id, self._clock.now())
            for one, body in bodies:
                self._write(tx, one, EntryKind.MERGED, body, by.person_id)
            store.consider_again(tx, {gone.case_id, stays.case_id})  # its facts are those of both from now on
            return self._dossier(tx, stays)

    def attach(self, by: Actor, file_id: str, name: str, body: bytes, what: str = "document") -> Document:
        """Attach a document. Raises as `write` does."""
        _fits(body)
        with self._records.begin() as tx:
            found = self._file(tx, file_id)
            require(by, Permission.INCIDENT_WRITE, Thing("incident", found.controller_id))
            return self.keep_document(tx, found, name, body, what=what, by=by.person_id)

    # -- what people read --

    def every(self, by: Actor) -> list[Dossier]:
        """List the files that this person may see, the last opened first. Raises NotPermitted."""
        with self._reading() as tx:
            found = store.every_file(tx, LIMITS.files)
            seen = [one for one in found if _seen(by, one)]
            if not seen and not decide(by, Permission.INCIDENT_LIST, ANY_STUDY).allowed:
                require(by, Permission.INCIDENT_LIST, Thing("incident"))
            return [self._dossier(tx, one) for one in seen]

    def dossier(self, by: Actor, file_id: str) -> Dossier:
        """Read a file. Raises NotPermitted, NoSuchIncident."""
        with self._reading() as tx:
            found = self._file(tx, file_id)
            require(by, Permission.INCIDENT_LIST, Thing("incident", found.controller_id))
            return self._dossier(tx, found)

    def documents(self, by: Actor, file_id: str) -> list[Document]:
        """List the documents of a file. Raises NotPermitted, NoSuchIncident."""
        self.dossier(by, file_id)
        with self._reading() as tx:
            return store.documents(tx, file_id)

    def document(self, by: Actor, file_id: str, document_id: str) -> tuple[Document, bytes]:
        """Give a document back, compared with its digest. Raises NotPermitted, NoSuchIncident, BadEntry."""
        found = next((one for one in self.documents(by, file_id) if one.id == document_id), None)
        with self._reading() as tx:
            body = store.document_body(tx, file_id, document_id)
        if found is None or body is None:
            raise NoSuchIncident
        if hashlib.sha256(body).hexdigest() != found.sha256:
            raise BadEntry(what="the document is not the one that was attached")
        return found, body

    def controllers(self) -> Sequence[Controller]:
        """List the controllers of the house."""
        return self._house.controllers()

    @property
    def processor(self) -> bool:
        """Tell whether the house hosts for others: the files that it opens are a processor's."""
        return self._house.processor

    def controller_name(self, controller_id: str) -> str:
        """Return a controller's name; its id where it is gone."""
        named = {one.id: one.name for one in self._house.controllers()}
        return named.get(controller_id, controller_id)

    # -- what the worker does, and the rooms of a point --

    def open_files(
        self, tx: Connection, origin: Origin, sentence: str, controllers: Sequence[str], by: str, *,
        case_id: str = "", findings: Sequence[str] = (),
    ) -> list[File]:  # fmt: skip
        """Open one file for each controller on one common record (a new one where none is given)."""
        if store.count_files(tx) + len(controllers) > LIMITS.files:
            raise BadEntry(what=f"there are {LIMITS.files} files")
        now = self._clock.now()
        case_id = case_id or store.add_case(tx, now, exercise=self._exercise)
        role = Role.PROCESSOR if self._house.processor else Role.CONTROLLER
        made = [File(new_id("inc"), case_id, one, role, now, self._exercise) for one in controllers]
        for one in made:
            store.add_file(tx, one)
            body = {"origin": origin.value, "sentence": sentence, "role": role.value}
            self._write(tx, one, EntryKind.OPENED, body, by)
            details: dict[str, str | int] = {"what": origin.value, "controller": one.controller_id, "role": role.value}
            self._record("incident:opened", by, one.id, details)
        if findings:
            self._write(tx, made[0], EntryKind.LINKED, {"findings": list(findings)}, by)
        return made

    def write_alone(self, file_id: str, kind: EntryKind, body: Mapping[str, Any]) -> Entry:
        """Write an entry that nobody typed. Raises NoSuchIncident, BadEntry, BadInstant, IncidentOver."""
        with self._records.begin() as tx:
            return self.write_within(tx, self._file(tx, file_id), kind, body)

    def write_within(
        self, tx: Connection, one: File, kind: EntryKind, body: Mapping[str, Any], *, by: str = SYSTEM
    ) -> Entry:
        """Write an entry within a transaction; nobody typed it, unless `by` says who. No permission is asked for."""
        return self._write(tx, one, kind, body, by)

    def keep_document(self, tx: Connection, one: File, name: str, body: bytes, *, what: str, by: str) -> Document:
        """Keep a document and the entry that names it, within a transaction. Nobody's permission is asked for."""
        if len(store.documents(tx, one.id)) >= LIMITS.documents:
            raise BadEntry(what=f"the file has {LIMITS.documents} documents")
        digest = hashlib.sha256(body).hexdigest()
        made = Document(new_id("doc"), one.id, plain_name(name, "document"), len(body), digest, self._clock.now(), by)
        store.add_document(tx, made, body)
        told = {"what": what, "digest": digest, "bytes": len(body), "document": made.id, "name": made.name}
        self._write(tx, one, EntryKind.EVIDENCE, told, by)
        return made

    def all_open(self) -> list[Dossier]:
        """List every file that is open, for what the worker does by itself."""
        return [one for one in self.all_living() if one.state is State.OPEN]

    def all_living(self) -> list[Dossier]:
        """List every file that was not merged into another: the authority may write to one that is closed."""
        with self._reading() as tx:
            found = [self._dossier(tx, one) for one in store.every_file(tx, LIMITS.files)]
        return [one for one in found if one.state is not State.MERGED]

    def read(self, file_id: str) -> Dossier:
        """Read a file for what the worker does by itself. Raises NoSuchIncident."""
        with self._reading() as tx:
            return self._dossier(tx, self._file(tx, file_id))

    def dossier_within(self, tx: Connection, one: File) -> Dossier:
        """Read a file within a transaction."""
        return self._dossier(tx, one)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a transaction, for a step that writes several entries or none."""
        with self._records.begin() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that only reads, and waits for nobody."""
        with self._reading() as tx:
            yield tx

    def now(self) -> datetime:
        """Return the present instant of the files' clock."""
        return self._clock.now()

    @property
    def exercise(self) -> bool:
        """Whether this home is one for exercises: every file of it is one."""
        return self._exercise

    # -- within a transaction --

    def _write(self, tx: Connection, one: File, kind: EntryKind, body: Mapping[str, Any], by: str) -> Entry:
        now = self._clock.now()
        if kind is not EntryKind.OPENED:
            check(kind, body, self._dossier(tx, one), by, now)
        if len(written(body).encode()) > LIMITS.entry_bytes:
            raise BadEntry(what=f"an entry has at most {LIMITS.entry_bytes >> 10} KiB")
        made = store.add_entry(tx, _where(one, kind, body), kind, now, by, body)
        digest = hashlib.sha256(written(body).encode()).hexdigest()
        self._record("incident:entry", by, one.id, {"what": kind.value, "entry": made.id, "fingerprint": digest})
        return made

    def _dossier(self, tx: Connection, one: File) -> Dossier:
        """Fold a file with its record, and with whatever was merged into it, whole."""
        of, waiting = {one.id, one.case_id}, [one.id]
        found = store.entries(tx, of)
        while waiting:
            here = waiting.pop()
            for entry in [each for each in found if each.of == here and each.kind is EntryKind.MERGED]:
                other = store.file(tx, entry.body.get("from", ""))
                if other is not None and other.id not in of:
                    more = {other.id, other.case_id} - of
                    of |= more
                    found += store.entries(tx, more)
                    waiting.append(other.id)
        return fold(one, found)

    def _file(self, tx: Connection, file_id: str) -> File:
        found = store.file(tx, file_id)
        if found is None:
            raise NoSuchIncident
        return found

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._records.connect().execution_options(reading=True) as tx:
            yield tx


def _fits(body: bytes) -> None:
    if not 0 < len(body) <= LIMITS.document_bytes:
        raise BadEntry(what=f"a document has at most {LIMITS.document_bytes >> 20} MiB, and is not empty")


def _where(one: File, kind: EntryKind, body: Mapping[str, Any]) -> str:
    """Say where an entry is kept: with the common record, or in the controller's own file."""
    common = kind in _SHARED or (kind is EntryKind.FACT and CATALOGUE[body["key"]].level is Level.RECORD)
    detected = kind is EntryKind.INSTANT and body["which"] == Which.DETECTED
    return one.case_id if common or detected else one.id


def _person(person_id: str) -> dict[str, str]:
    return Evidence("person", person_id).as_json()


def _seen(by: Actor, one: File) -> bool:
    return decide(by, Permission.INCIDENT_LIST, Thing("incident", one.controller_id)).allowed
