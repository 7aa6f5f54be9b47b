"""What the parts of telling stand on: the files, the lists and letters, who may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.identity import Permission, Thing, require
from primum.incidents.model import Dossier
from primum.incidents.telling import store
from primum.incidents.telling.choosing import count
from primum.incidents.telling.errors import NoSuchBatch, NotToBeTold
from primum.incidents.telling.model import DUE, Batch, Channel, Letter, Recipient, Standing, Taken
from primum.incidents.telling.permits import family, head
from primum.incidents.telling.printing import Addressed
from primum.incidents.telling.rules import TellingRules, telling_rules

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.ground.clock import Clock
    from primum.identity import Actor
    from primum.incidents.service import Incidents
    from primum.incidents.telling.sending import Way


class Desk:
    """The ground of `Telling`. Safe to use from several threads."""

    def __init__(
        self, files: Incidents, records: Engine, clock: Clock, way: Way | None, rules: TellingRules | None = None
    ) -> None:
        """Keep in `records`, send by `way`; None (a demo home, no server set): nothing leaves by mail."""
        self.files, self.records, self.clock, self.way = files, records, clock, way
        self.rules = rules or telling_rules()

    def permitted(self, by: Actor, file_id: str, permission: Permission) -> Dossier:
        """Read a file, or the one it was merged into. Raises NotPermitted, StepUpNeeded, NoSuchIncident."""
        dossier = head(self.files, file_id)
        require(by, permission, Thing("incident", dossier.file.controller_id))
        return dossier

    def batch(self, by: Actor, batch_id: str, permission: Permission) -> tuple[Batch, Dossier]:
        """Find a batch and its file. Raises NotPermitted, StepUpNeeded, NoSuchBatch."""
        with self.records.connect().execution_options(reading=True) as tx:
            found = store.batch(tx, batch_id)
        if found is None:
            raise NoSuchBatch
        return found, self.permitted(by, found.file_id, permission)

    def sender(self, dossier: Dossier) -> str:
        """Name the practice that writes."""
        return self.files.controller_name(dossier.file.controller_id)

    def mails(self, dossier: Dossier) -> bool:
        """Tell whether mail leaves this home for this file."""
        return self.way is not None and not dossier.file.exercise

    def last_list(self, tx: Connection, dossier: Dossier) -> Taken:
        """Find the list that stands. Raises NotToBeTold."""
        found = store.lists(tx, family(dossier))
        if not found:
            raise NotToBeTold(what="no list of people was taken")
        return found[-1]

    def counted(self, tx: Connection, dossier: Dossier) -> Standing:
        """Count the people of the list that stands."""
        found = store.lists(tx, family(dossier))
        if not found:
            return Standing()
        before = store.fates(tx, family(dossier))
        return count(store.people(tx, found[-1].id), before, mail=self.mails(dossier))

    def letters(self, tx: Connection, batch: Batch) -> list[tuple[Letter, tuple[Recipient, ...]]]:
        """List the letters of a batch, each with those whom it is for and whose content is there."""
        to = store.addressees(tx, batch.id)
        return [
            (one, tuple(each.who for each in to.get(one.id, ()) if not each.gone))
            for one in store.letters(tx, batch.id)
        ]

    def to_post(self, tx: Connection, batch: Batch) -> list[Addressed]:
        """List the letters of a batch that wait to be posted."""
        if batch.channel is not Channel.POST:
            return []
        return [Addressed(one.number, to[0]) for one, to in self.letters(tx, batch) if one.fate in DUE and to]

    def proven(self, tx: Connection, by: Actor, dossier: Dossier, name: str, body: bytes) -> str:
        """Keep what shows it; give the id of the document, or nothing where there is none."""
        if not body:
            return ""
        return self.files.keep_document(tx, dossier.file, name, body, what="telling", by=by.person_id).id
