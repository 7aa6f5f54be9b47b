"""How far telling is: counts for everybody who may read the file, names for who may decide."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from primum.identity import Permission
from primum.incidents.model import EntryKind
from primum.incidents.telling import store
from primum.incidents.telling.desk import Desk
from primum.incidents.telling.errors import NotToBeTold
from primum.incidents.telling.model import Fate, Letter, Progress, Recipient, Standing
from primum.incidents.telling.permits import PUBLIC, approved, decided, family, head, require_letter
from primum.incidents.telling.wording import public

if TYPE_CHECKING:
    from primum.identity import Actor


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter with whom it is for, for who may decide."""

    letter: Letter
    people: tuple[Recipient, ...] = field(repr=False)


class Reading(Desk):
    """What is read of telling."""

    def standing(self, by: Actor, file_id: str) -> Standing:
        """Count where a file stands. Raises NotPermitted, NoSuchIncident."""
        self.permitted(by, file_id, Permission.INCIDENT_LIST)
        return self.counts(file_id)

    def counts(self, file_id: str) -> Standing:
        """Count where a file stands, for what the worker writes. Raises NoSuchIncident."""
        dossier = head(self.files, file_id)
        with self.records.connect().execution_options(reading=True) as tx:
            found = self.counted(tx, dossier)
            batches = tuple(Progress(one, store.counts(tx, one.id)) for one in store.batches(tx, family(dossier)))
        letter, people = approved(dossier), dossier.value("people")
        published = [one for one in dossier.of_kind(EntryKind.LETTER) if one.body["what"] == "published"]
        return replace(
            found, batches=batches, decision=decided(dossier), approved=letter.digest if letter else "",
            expected=people["count"] if people else None, published=len(published),
        )  # fmt: skip

    def unsettled(self, by: Actor, batch_id: str) -> list[Shown]:
        """List the letters of a batch that a person has to look at, with whom they are for.

        By mail: uncertain, refused, given up, come back. By post: those that the PDF cannot write, and those that came
        back. Raises NotPermitted, StepUpNeeded, NoSuchBatch.
        """
        batch, _ = self.batch(by, batch_id, Permission.INCIDENT_DECIDE)
        wanted = {Fate.UNCERTAIN, Fate.REFUSED, Fate.GIVEN_UP, Fate.RETURNED}
        with self.records.connect().execution_options(reading=True) as tx:
            found = [Shown(letter, to) for letter, to in self.letters(tx, batch)]
            by_hand = {one.number for one in self.to_post(tx, batch) if not one.writable}
        return [one for one in found if one.letter.fate in wanted or one.letter.number in by_hand]

    def notice(self, by: Actor, file_id: str, language: str) -> str:
        """Write the public notice from the approved letter. Raises NotPermitted, NotToBeTold, IncidentOver."""
        dossier = self.permitted(by, file_id, Permission.INCIDENT_LIST)
        draft = require_letter(dossier, among=PUBLIC)
        if language not in draft.words:
            raise NotToBeTold(what="the approved letter has no such language")
        return public(draft, language, self.sender(dossier))
