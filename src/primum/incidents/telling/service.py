"""What may be asked of telling people: take a list, approve a letter, send, print, publish, count.

Names and addresses are read by who may decide, and by nobody else; they are in no entry, no journal line, no refusal.
The worker's part is in sending.py; what each step asks of the file, in ground.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from primum.ground.db import durable
from primum.ground.ids import new_id
from primum.identity import Permission
from primum.incidents.model import BadEntry, EntryKind
from primum.incidents.telling import store
from primum.incidents.telling.choosing import choose
from primum.incidents.telling.errors import LetterRefused, ListUnreadable, NoMailLeaves, NotToBeTold
from primum.incidents.telling.forgetting import Forgetting
from primum.incidents.telling.letter import Complaint, Draft, complaints
from primum.incidents.telling.limits import LIMITS
from primum.incidents.telling.model import (
    DUE,
    Batch,
    Channel,
    Fate,
    Letter,
    Listed,
    Reach,
    Taken,
)
from primum.incidents.telling.permits import APPROVED, family, require_letter, require_open
from primum.incidents.telling.posting import Posting
from primum.incidents.telling.printing import Addressed, letters_pdf
from primum.incidents.telling.reading import Reading
from primum.incidents.telling.recipients import read_list
from primum.incidents.telling.rules import TellingRules
from primum.incidents.telling.sending import Postman, Way
from primum.incidents.telling.wording import FICTITIOUS, mail, public

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy.engine import Engine

    from primum.ground.clock import Clock
    from primum.identity import Actor
    from primum.incidents.service import Incidents

SETTLED: Final[Mapping[str, Fate]] = {"again": Fate.WAITING, "taken": Fate.ACCEPTED, "not-taken": Fate.REFUSED}
"""What a person may say of letters that are uncertain; of those refused or given up, `again` alone."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter as a person who does not exist would get it, and what it does not say yet."""

    complaints: tuple[Complaint, ...]
    mails: Mapping[str, tuple[str, str]]
    """Subject and text, by language; empty while there are complaints."""
    pdf: bytes = field(default=b"", repr=False)
    notice: Mapping[str, str] = field(default_factory=dict)
    """The public notice, by language."""


class Telling(Posting, Reading, Forgetting):
    """Telling people of a breach. Safe to use from several threads."""

    def __init__(
        self, files: Incidents, records: Engine, clock: Clock, way: Way | None, rules: TellingRules | None = None
    ) -> None:
        """Keep in `records`, send by `way`; None (a demo home, no server set): nothing leaves by mail."""
        super().__init__(files, records, clock, way, rules)
        self._postman = Postman(files, records, clock, way, self.rules)

    # -- whom, and what --

    def take_list(self, by: Actor, file_id: str, body: bytes, source: str) -> Taken:
        """Take a list of people, with where it comes from as the person declares it: "export from LOGICIEL of DATE".

        It replaces the list before for whoever is not told yet. Raises NotPermitted, ListUnreadable, BadEntry,
        IncidentOver, NotToBeTold.
        """
        dossier = self.permitted(by, file_id, Permission.INCIDENT_WRITE)
        require_open(dossier)
        if not 0 < len(source.strip()) <= LIMITS.source:
            raise BadEntry(what="a list has its source: which software, which day")
        read = read_list(body)
        digest, now = hashlib.sha256(body).hexdigest(), self.clock.now()
        made = Taken(new_id("lst"), dossier.file.id, source.strip(), now, digest, len(read.people))
        people = [Listed(new_id("rcp"), made.id, one.reach, one) for one in read.people]
        told: dict[str, Any] = {
            "what": "taken", "source": made.source, "count": made.count, "digest": digest, "list": made.id,
            "repeated": read.repeated, "with_address": sum(bool(one.address) for one in read.people),
            **{reach.value: sum(one.reach is reach for one in people) for reach in Reach},
        }  # fmt: skip
        with self.files.transaction() as tx:
            if len(store.lists(tx, [dossier.file.id])) >= LIMITS.lists:
                raise ListUnreadable(what=f"the file has {LIMITS.lists} lists")
            store.add_list(tx, made, people)
            self.files.write_for(tx, by, dossier.file.id, EntryKind.PEOPLE, told)
        return made

    def preview(self, by: Actor, file_id: str, draft: Draft) -> Preview:
        """Show a draft as a fictitious person would get it, with what is missing. Raises NotPermitted."""
        dossier = self.permitted(by, file_id, Permission.INCIDENT_LIST)
        sender = self.sender(dossier)
        found = tuple(complaints(draft, sender))
        if found:
            return Preview(found, {})
        mails = {one: mail(draft, [one], sender) for one in draft.words}
        letters = [
            Addressed(at, replace(FICTITIOUS, language=one)) for at, one in enumerate(sorted(draft.words), 1)
        ]  # fmt: skip
        pdf = letters_pdf(draft, sender, letters, self.clock.now())
        return Preview((), mails, pdf, {one: public(draft, one, sender) for one in draft.words})

    def approve(self, by: Actor, file_id: str, draft: Draft) -> str:
        """Sign the text of the letter; return its digest. A letter approved later is another one, kept beside it.

        Raises NotPermitted, StepUpNeeded, LetterRefused, IncidentOver, NotToBeTold.
        """
        dossier = self.permitted(by, file_id, Permission.INCIDENT_DECIDE)
        require_open(dossier)
        found = complaints(draft, self.sender(dossier))
        if found:
            raise LetterRefused(what="; ".join(f"{one.field} ({one.language}): {one.code}" for one in found))
        body = {"what": APPROVED, "batch": "", "count": 0, "digest": draft.digest, "content": draft.as_json()}
        self.files.write(by, dossier.file.id, EntryKind.LETTER, body)
        return draft.digest

    # -- letters leave --

    def start_batch(self, by: Actor, file_id: str, channel: Channel) -> Batch:
        """Begin to send to whoever of the last list has no letter of the approved text yet.

        By mail, it leaves with the worker's sweeps; by post, it is printed (`print_letters`) and said to be posted.
        Raises NotPermitted, StepUpNeeded, NotToBeTold, NoMailLeaves, IncidentOver.
        """
        dossier = self.permitted(by, file_id, Permission.INCIDENT_DECIDE)
        draft = require_letter(dossier)
        if channel is Channel.MAIL and (self.way is None or dossier.file.exercise):
            raise NoMailLeaves(
                why="it is an exercise" if dossier.file.exercise else "no server is set, or it is a demo"
            )
        domain = self.way.domain if self.way is not None and channel is Channel.MAIL else ""
        with self.files.transaction() as tx:
            taken = self.last_list(tx, dossier)
            if len(store.batches(tx, [dossier.file.id])) >= LIMITS.batches:
                raise NotToBeTold(what=f"the file has {LIMITS.batches} batches")
            before = store.fates(tx, family(dossier), draft.digest)
            groups = choose(channel, store.people(tx, taken.id), before, mail=self.mails(dossier))
            if not groups:
                raise NotToBeTold(what="nobody is left on the list who could get a letter this way")
            made = Batch(
                new_id("bat"), dossier.file.id, taken.id, channel, draft.digest, self.clock.now(), by.person_id, domain
            )
            letters = [
                (Letter(new_id("let"), made.id, at, Fate.WAITING), [one.id for one in group])
                for at, group in enumerate(groups, 1)
            ]
            store.add_batch(tx, made, letters)
            told = {
                "what": "started", "batch": made.id, "count": len(letters), "channel": channel.value,
                "people": sum(len(each) for each in groups), "letter": draft.digest, "list": taken.id,
            }  # fmt: skip
            self.files.write_for(tx, by, dossier.file.id, EntryKind.LETTER, told)
        return made

    def send_due(self, now: datetime) -> int:
        """Send what is due by mail; return how many letters were tried. A job."""
        return self._postman.sweep(now)

    def stop_batch(self, by: Actor, batch_id: str, reason: str) -> int:
        """Stop what of a batch has not left yet; return how many letters. Another batch may begin after.

        Raises NotPermitted, StepUpNeeded, NoSuchBatch, BadEntry.
        """
        batch, dossier = self.batch(by, batch_id, Permission.INCIDENT_DECIDE)
        if not reason.strip():
            raise BadEntry(what="it has its reason")
        with durable(self.records) as tx:
            ids = [one.id for one in store.letters(tx, batch.id)]
            stopped = store.turn(tx, ids, DUE, Fate.STOPPED)
            told = {"what": "stopped", "batch": batch.id, "count": stopped, "reason": reason.strip()}
            self.files.write_for(tx, by, dossier.file.id, EntryKind.LETTER, told)
        return stopped

    def settle(  # noqa: PLR0917 (what is settled)
        self, by: Actor, batch_id: str, fate: Fate, choice: str, reason: str, letter_ids: Collection[str] = ()
    ) -> int:
        """Say what became of uncertain letters, or have those refused or given up tried again; return how many.

        `choice`: of `SETTLED`; `letter_ids`: which of them, all where it is empty. Raises NotPermitted, StepUpNeeded,
        NoSuchBatch, BadEntry.
        """
        batch, dossier = self.batch(by, batch_id, Permission.INCIDENT_DECIDE)
        among = {Fate.UNCERTAIN: set(SETTLED), Fate.REFUSED: {"again"}, Fate.GIVEN_UP: {"again"}}
        if batch.channel is not Channel.MAIL or choice not in among.get(fate, ()) or not reason.strip():
            raise BadEntry(what="uncertain letters are again, taken or not-taken, others again; with a reason")
        require_letter(dossier, batch.letter)
        with durable(self.records) as tx:
            ids = set(letter_ids) or {one.id for one in store.letters(tx, batch.id)}
            mine = {one.id for one in store.letters(tx, batch.id)} & ids
            turned = store.turn(tx, mine, [fate], SETTLED[choice])
            store.end(tx, batch.id, over=False)  # the next sweep sends, or ends it with a new proof
            told = {
                "what": "settled", "batch": batch.id, "count": turned, "fate": fate.value, "choice": choice,
                "reason": reason.strip(),
            }  # fmt: skip
            self.files.write_for(tx, by, dossier.file.id, EntryKind.LETTER, told)
        return turned
