"""Letters leave by mail: each address alone, each outcome kept, none twice.

That a letter's end goes now is on disc before it goes; whatever breaks after that, without an answer, leaves it
*uncertain*, and only a person sends it again. What breaks before that was not handed over (RFC 5321 4.1.1.10), and is
tried again after the waits of rules.toml.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from primum.ground.clock import to_text
from primum.ground.db import durable
from primum.ground.log import Log
from primum.ground.outbound import LineLost, MailRefused, Reply
from primum.incidents.model import SYSTEM, Dossier, EntryKind, IncidentRefused, State
from primum.incidents.telling import store
from primum.incidents.telling.model import Batch, Fate, Letter
from primum.incidents.telling.permits import head, require_letter
from primum.incidents.telling.proof import proof
from primum.incidents.telling.wording import mail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.ground.clock import Clock
    from primum.incidents.service import Incidents
    from primum.incidents.telling.rules import TellingRules

_log = Log("telling")
_LOST: Final = 3
"""Connections lost one after the other, without a letter between them: then the server is left alone for a while."""
_OURS: Final = "ours"
"""Where another sweep had the letter already, and it was we who hung up."""
_HOUR: Final = timedelta(hours=1)


class Line(Protocol):
    """A conversation with the submission server: `outbound.Conversation`."""

    def offer(self, address: str) -> Reply:
        """Name the addressee. Raises MailRefused, LineLost."""
        ...

    def hand_over(self, message: bytes, before_end: Callable[[], bool]) -> Reply:
        """Hand the letter over; NO_ANSWER where nobody knows. Raises LineLost."""
        ...


class Way(Protocol):
    """How mail leaves: `outbound.Submission`."""

    @property
    def domain(self) -> str:
        """Return the domain of Message-IDs."""
        ...

    def letter(self, address: str, name: str, subject: str, text: str, message_id: str, at: datetime) -> bytes:  # noqa: PLR0917
        """Write a message. Raises MailRefused."""
        ...

    def conversation(self) -> AbstractContextManager[Line]:
        """Sign in. Raises MailRefused."""
        ...


class Postman:
    """Sends what is due. One sweep at a time in this process; two processes do not send one letter twice either."""

    def __init__(self, files: Incidents, records: Engine, clock: Clock, way: Way | None, rules: TellingRules) -> None:
        """Send by `way`; None: nothing leaves."""
        self._files, self._records, self._clock, self._way, self._rules = files, records, clock, way, rules
        self._turn = threading.Lock()

    def sweep(self, now: datetime) -> int:
        """Try what is due at `now`, as much as the rules allow; return how many letters were tried."""
        if not self._turn.acquire(blocking=False):
            return 0
        try:
            with durable(self._records) as tx:
                store.doubt(tx, now - self._rules.settle, now)
                running = store.running(tx)
            done = self._send(self._due(running, now)) if self._way is not None else 0
            for one in running:
                self._end_if_over(one)
            return done
        finally:
            self._turn.release()

    def _due(self, running: Iterable[Batch], now: datetime) -> list[tuple[Batch, Letter]]:
        with self._records.begin() as tx:
            recent = store.tried_between(tx, now - _HOUR, now)
        most = min(self._rules.each_sweep, self._rules.each_hour - recent)
        found: list[tuple[Batch, Letter]] = []
        for batch in running:
            quiet = batch.trouble_at is not None and batch.trouble_at <= now < batch.trouble_at + self._rules.trouble
            if most <= len(found) or quiet or not self._may_leave(batch):
                continue
            with self._records.begin() as tx:
                found += [(batch, one) for one in store.due(tx, batch.id, now, most - len(found))]
        return found

    def _may_leave(self, batch: Batch) -> bool:
        try:
            dossier = head(self._files, batch.file_id)
            require_letter(dossier, batch.letter)
        except IncidentRefused:
            return False
        return not dossier.file.exercise

    def _send(self, letters: list[tuple[Batch, Letter]]) -> int:
        """Hand letters in, over as many connections as it takes; return how many were tried."""
        if not letters or self._way is None:
            return 0
        waiting, lost, step = deque(letters), 0, ""
        while waiting and lost < _LOST:
            try:
                with self._way.conversation() as line:
                    while waiting:
                        self._one(line, *waiting[0])
                        waiting.popleft()
                        lost = 0
            except LineLost as cut:
                lost += cut.facts["step"] != _OURS
                if cut.facts["step"] != "MAIL":  # before that the server has heard of no addressee
                    waiting.popleft()
            except MailRefused as refusal:
                step = str(refusal.facts["step"])
                break
        self._trouble({batch.id for batch, _ in letters}, step or ("line" if lost == _LOST else ""))
        return len(letters) - len(waiting)

    def _trouble(self, batch_ids: Iterable[str], step: str) -> None:
        if step:
            _log.warning("letters.held-up", reason=step)
        with self._records.begin() as tx:
            store.trouble(tx, batch_ids, step, self._clock.now() if step else None)

    def _one(self, line: Line, batch: Batch, letter: Letter) -> None:
        """Send one letter, where it may still leave and there is still somebody to send it to."""
        made = self._message(batch, letter)
        if made is None:
            return
        address, message = made
        claimed = False

        def claim() -> bool:
            nonlocal claimed
            with durable(self._records) as tx:
                claimed = store.claim(tx, letter, self._clock.now())
            return claimed

        try:
            said = line.offer(address)
            if said.good:
                said = line.hand_over(message, claim)
        except LineLost as cut:
            if cut.facts["step"] not in {"MAIL", _OURS}:
                self._keep(letter, Fate.DEFERRED, Reply(0), claimed=claimed)
            raise
        self._keep(letter, _fate(said), said, claimed=claimed)

    def _message(self, batch: Batch, letter: Letter) -> tuple[str, bytes] | None:
        dossier = head(self._files, batch.file_id)
        with self._records.begin() as tx:
            to = store.addressed(tx, letter.id)
        try:
            draft = require_letter(dossier, batch.letter)
        except IncidentRefused:
            return None
        if not to or self._way is None:
            return None
        sender = self._files.controller_name(dossier.file.controller_id)
        subject, text = mail(draft, {one.who.language for one in to}, sender)
        address, named = to[0].who.mail, letter.message_id(batch.domain)
        try:
            return address, self._way.letter(address, sender, subject, text, named, self._clock.now())
        except MailRefused:  # an address that no message can carry
            self._keep(letter, Fate.REFUSED, Reply(0), claimed=False)
            return None

    def _keep(self, letter: Letter, fate: Fate, said: Reply, *, claimed: bool) -> None:
        now, next_at = self._clock.now(), None
        if fate is Fate.DEFERRED:
            wait = self._rules.wait_after(letter.attempts + 1)
            fate, next_at = (Fate.DEFERRED, now + wait) if wait is not None else (Fate.GIVEN_UP, None)
        with durable(self._records) as tx:
            store.settle(
                tx, letter, now, claimed=claimed, fate=fate, next_at=next_at, code=said.code, detail=said.detail
            )

    def _end_if_over(self, batch: Batch) -> None:
        """Write what became of a batch of which nothing leaves any more, and keep the proof in the file."""
        dossier = head(self._files, batch.file_id)
        if dossier.state is not State.OPEN:
            return
        with self._files.transaction() as tx:
            stands = store.batch(tx, batch.id)
            if stands is None or stands.over or not store.is_over(tx, batch.id):
                return
            store.end(tx, batch.id, over=True)
            body = proof_within(tx, dossier, batch, {}, self._clock.now())
            kept = self._files.keep_document(
                tx, dossier.file, f"letters-{batch.id}.json", body, what="letters", by=SYSTEM
            )
            found = store.counts(tx, batch.id)
            told: Mapping[str, Any] = {
                "what": "sent", "batch": batch.id, "count": found.get(Fate.ACCEPTED, 0), "letter": batch.letter,
                "document": kept.id, "digest": kept.sha256,
                "counts": {one.value: number for one, number in sorted(found.items())},
            }  # fmt: skip
            self._files.write_within(tx, dossier.file, EntryKind.LETTER, told)


def proof_within(tx: Connection, dossier: Dossier, batch: Batch, said: Mapping[str, Any], now: datetime) -> bytes:
    """Write the proof of a batch as it stands."""
    people = {one: len(to) for one, to in store.addressees(tx, batch.id).items()}
    digest = next((one.digest for one in store.lists(tx, [batch.file_id]) if one.id == batch.list_id), "")
    return proof(dossier, batch, digest, store.letters(tx, batch.id), people, said, to_text(now))


def _fate(said: Reply) -> Fate:
    if said.good:
        return Fate.ACCEPTED
    if said.transient:
        return Fate.DEFERRED
    return Fate.REFUSED if said.known else Fate.UNCERTAIN
