"""Letters on paper, what came back, and the public notice: what people declare, with what shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.ground.clock import to_text
from primum.identity import Permission
from primum.incidents.limits import LIMITS as FILE_LIMITS
from primum.incidents.model import BadEntry, EntryKind
from primum.incidents.telling import store
from primum.incidents.telling.choosing import mail_key
from primum.incidents.telling.desk import Desk
from primum.incidents.telling.errors import NotToBeTold
from primum.incidents.telling.limits import LIMITS
from primum.incidents.telling.model import Channel, Fate
from primum.incidents.telling.permits import PUBLIC, family, require_letter
from primum.incidents.telling.printing import letters_pdf
from primum.incidents.telling.sending import proof_within

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from primum.identity import Actor


class Posting(Desk):
    """Telling by post, and in public."""

    def print_letters(self, by: Actor, batch_id: str) -> bytes:
        """Print the letters of a batch by post that were not posted, as one PDF. That it was read is an entry.

        Those in an alphabet that the PDF has no signs for are not in it: `unsettled` shows them. Raises NotPermitted,
        StepUpNeeded, NoSuchBatch, NotToBeTold.
        """
        batch, dossier = self.batch(by, batch_id, Permission.INCIDENT_DECIDE)
        draft = require_letter(dossier, batch.letter)
        with self.files.transaction() as tx:
            addressed = [one for one in self.to_post(tx, batch) if one.writable]
            if batch.channel is not Channel.POST or not addressed:
                raise NotToBeTold(what="no letter of this batch waits to be posted")
            told = {"what": "printed", "batch": batch.id, "count": len(addressed), "letter": batch.letter}
            self.files.write_for(tx, by, dossier.file.id, EntryKind.LETTER, told)
        return letters_pdf(draft, self.sender(dossier), addressed, self.clock.now())

    def mark_posted(  # noqa: PLR0917 (what is said)
        self, by: Actor, batch_id: str, count: int, on: date, proof: bytes = b"", name: str = "proof",
        but: Collection[int] = (),
    ) -> int:  # fmt: skip
        """Say that the letters of a batch were posted, all but some numbers, with what shows it.

        `count`: how many, as the person counted them; where the batch has another number left, nothing is written.
        Raises NotPermitted, NoSuchBatch, BadEntry.
        """
        batch, dossier = self.batch(by, batch_id, Permission.INCIDENT_WRITE)
        if on > self.clock.now().date() or len(proof) > FILE_LIMITS.document_bytes:
            raise BadEntry(what="the day lies in the future, or the proof is too large")
        with self.files.transaction() as tx:
            gone = {one.number for one in store.letters(tx, batch.id) if one.fate is Fate.WAITING} - set(but)
            ids = [one.id for one in store.letters(tx, batch.id) if one.number in gone]
            if batch.channel is not Channel.POST or count != len(ids) or not ids:
                raise BadEntry(what=f"{len(ids)} letters of this batch would be posted")
            store.turn(tx, ids, [Fate.WAITING], Fate.POSTED)
            said = {"posted_on": on.isoformat(), "document": self.proven(tx, by, dossier, name, proof)}
            over = store.is_over(tx, batch.id)
            store.end(tx, batch.id, over=over)
            body = proof_within(tx, dossier, batch, said, self.clock.now())
            kept = self.files.keep_document(
                tx, dossier.file, f"letters-{batch.id}.json", body, what="letters", by=by.person_id
            )
            told = {"what": "posted", "batch": batch.id, "count": len(ids), "letter": batch.letter, "proof": kept.id}
            self.files.write_for(tx, by, dossier.file.id, EntryKind.LETTER, {**told, **said})
        return len(ids)

    def mark_returned(
        self, by: Actor, file_id: str, *, address: str = "", batch_id: str = "", numbers: Collection[int] = ()
    ) -> int:
        """Say that letters came back: those to a mail address, or numbers of a batch by post. Return how many.

        The address is not written anywhere. Raises NotPermitted, BadEntry.
        """
        dossier = self.permitted(by, file_id, Permission.INCIDENT_WRITE)
        key = mail_key(address.strip())
        with self.files.transaction() as tx:
            found = [
                letter.id
                for batch in store.batches(tx, family(dossier))
                for letter, to in self.letters(tx, batch)
                if (key and any(mail_key(one.mail) == key for one in to) and batch.channel is Channel.MAIL)
                or (batch.id == batch_id and batch.channel is Channel.POST and letter.number in numbers)
            ]
            turned = store.turn(tx, found, [Fate.ACCEPTED, Fate.POSTED], Fate.RETURNED)
            if turned:
                told = {"what": "returned", "batch": batch_id, "count": turned}
                self.files.write_for(tx, by, dossier.file.id, EntryKind.LETTER, told)
        return turned

    def publish(  # noqa: PLR0917 (what is said)
        self, by: Actor, file_id: str, where: str, since: datetime, proof: bytes = b"", name: str = "proof"
    ) -> int:
        """Say where and since when the public notice stands (34(3)(c)); return for how many no other way was left.

        `since` is aware. Raises NotPermitted, StepUpNeeded, NotToBeTold, BadEntry.
        """
        dossier = self.permitted(by, file_id, Permission.INCIDENT_DECIDE)
        draft = require_letter(dossier, among=PUBLIC)
        if not 0 < len(where.strip()) <= LIMITS.source or len(proof) > FILE_LIMITS.document_bytes:
            raise BadEntry(what="a notice has its place, and a proof of a bounded size")
        if since > self.clock.now() + FILE_LIMITS.ahead:
            raise BadEntry(what="what is not published yet is not written down as published")
        with self.files.transaction() as tx:
            left = self.counted(tx, dossier).out_of_reach
            said = {"where": where.strip(), "since": to_text(since), "letter": draft.digest}
            document = self.proven(tx, by, dossier, name, proof)
            told = {"what": "published", "batch": "", "count": left, "document": document, **said}
            self.files.write_for(tx, by, dossier.file.id, EntryKind.LETTER, told)
        return left
