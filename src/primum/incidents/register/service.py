"""What may be asked of the register: the register itself, its exports, the control pack of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from primum.ground.zones import practice_zone
from primum.identity import Permission, Thing, decide, require
from primum.incidents.deadline import notification_dues
from primum.incidents.model import BadEntry, Dossier
from primum.incidents.register.formats import FORMATS
from primum.incidents.register.jsonld import jsonld
from primum.incidents.register.ods import ods
from primum.incidents.register.pack import NoExtra, Papers, pack
from primum.incidents.register.pages import pdf
from primum.incidents.register.register import Register, register_of
from primum.incidents.register.tables import book_of
from primum.incidents.rules.dated import From

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, tzinfo

    from primum.exposure.findings.model import Finding
    from primum.identity import Actor
    from primum.incidents.register.pack import Extra
    from primum.incidents.service import Incidents


class Surroundings(Protocol):
    """What the register needs of the house; app/ says it."""

    def person(self, person_id: str) -> str:
        """Name a person of the practice; the id where nobody knows it."""
        ...

    def journal_root(self) -> str:
        """Write the root of the journal as it stands; empty where it is not asked."""
        ...

    def findings(self, ids: Sequence[str]) -> Sequence[Finding]:
        """Give those findings of a file that exist."""
        ...


class Registers:
    """The register of the controllers that a person may see, and the control pack of one file."""

    def __init__(self, files: Incidents, around: Surroundings) -> None:
        """Read through `files`."""
        self._files, self._around = files, around

    def register(self, by: Actor, controller_id: str = "") -> Register:
        """Make the register; of one controller, where it is named. Raises NotPermitted."""
        seen = self._files.every(by)
        if controller_id:
            require(by, Permission.INCIDENT_LIST, Thing("incident", controller_id))
            return self._of(by, [one for one in seen if one.file.controller_id == controller_id], [controller_id])
        every = [one.id for one in self._files.controllers()]
        mine = [one for one in every if decide(by, Permission.INCIDENT_LIST, Thing("incident", one)).allowed]
        return self._of(by, seen, mine)

    def export(
        self, by: Actor, kind: str, language: str, *, controller_id: str = "", zone: tzinfo | None = None
    ) -> bytes:
        """Export the register as `ods`, `pdf` or `jsonld`. Raises NotPermitted, BadEntry.

        `zone`: in which hours are shown; Paris where none is said.
        """
        made = self.register(by, controller_id)
        return written(made, kind, language, zone or practice_zone())

    def control_pack(
        self, by: Actor, file_id: str, language: str, *, documents: Collection[str] = (), extra: Extra | None = None,
        zone: tzinfo | None = None,
    ) -> bytes:  # fmt: skip
        """Make the control pack of a file: a ZIP. Raises NotPermitted, NoSuchIncident, BadEntry.

        The documents that came from or went to an authority are in it, and those named by `documents`; the others are
        listed with their digests.
        """
        dossier = self._files.dossier(by, file_id)
        listed = self._files.documents(by, file_id)
        papers = Papers(
            dossier, self._of(by, [dossier], [dossier.file.controller_id]), tuple(listed),
            tuple(self._around.findings(dossier.findings)), tuple((extra or NoExtra()).parts(dossier)),
        )  # fmt: skip
        return pack(
            papers, lambda one: self._files.document(by, file_id, one)[1], frozenset(documents), language,
            zone or practice_zone(),
        )  # fmt: skip

    def _of(self, by: Actor, dossiers: Sequence[Dossier], controllers: Sequence[str]) -> Register:
        return register_of(
            dossiers, {one: self._files.controller_name(one) for one in controllers}, prudent_due_of,
            made_at=self._files.now(), by=by.person_id, person=self._around.person,
            journal_root=self._around.journal_root(), exercise=self._files.exercise,
        )  # fmt: skip


def prudent_due_of(dossier: Dossier) -> datetime | None:
    """Compute the prudent due instant of a file; None for a processor's, which notifies nobody."""
    return notification_dues(dossier).get(From.DETECTED)


def written(register: Register, kind: str, language: str, zone: tzinfo) -> bytes:
    """Write a register in one of `FORMATS`. Raises BadEntry."""
    match kind:
        case "ods":
            return ods(book_of(register, language, zone))
        case "pdf":
            return pdf(book_of(register, language, zone))
        case "jsonld":
            return jsonld(register, language)
        case _:
            raise BadEntry(what=f"the register is exported as {', '.join(FORMATS)}")
