"""The further rooms of the files of breaches, as verbs ask for them: each opened when it is first asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from primum.identity import NoSuchPerson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from primum.app.evidence import HouseOfWorker
    from primum.app.incident_work import IncidentWork
    from primum.app.worker import WorkerRooms
    from primum.exposure.findings.model import Finding
    from primum.incidents.containment.service import Containment
    from primum.incidents.evidence.service import Evidence
    from primum.incidents.notices.drawing import Notices
    from primum.incidents.register.service import Registers
    from primum.incidents.register.verbs import Authority
    from primum.incidents.service import Incidents
    from primum.incidents.telling.service import Telling
    from primum.incidents.verifying import Verification

_Room = TypeVar("_Room")


@dataclass
class IncidentRooms:
    """Notices, evidence, containment, the register, letters of the authority and to people.

    `tell`: has the supervisor look.
    """

    worker: WorkerRooms
    tell: Callable[[], None]
    _opening: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _opened: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def files(self) -> Incidents:
        """Return the files themselves."""
        return self.worker.incidents.files

    @property
    def notices(self) -> Notices:
        """Return the notifications."""
        from primum.incidents.notices.drawing import Notices  # noqa: PLC0415 (a start does not need them)

        return self._once("notices", lambda: Notices(self.files))

    @property
    def authority(self) -> Authority:
        """Return the letters and orders."""
        from primum.incidents.register.verbs import Authority  # noqa: PLC0415

        return self._once("authority", lambda: Authority(self.files))

    @property
    def telling(self) -> Telling:
        """Return the letters to people."""
        from primum.app.telling import open_telling  # noqa: PLC0415

        return self._once("telling", lambda: open_telling(self.worker))

    @property
    def registers(self) -> Registers:
        """Return the register."""
        from primum.incidents.register.service import Registers  # noqa: PLC0415

        return self._once("registers", lambda: Registers(self.files, _Around(self.worker)))

    @property
    def verification(self) -> Verification:
        """Return the check of every entry against its line in the journal."""
        from primum.incidents.verifying import Verification  # noqa: PLC0415

        journal = self.worker.rooms.journal
        return self._once("verification", lambda: Verification(self.files, journal.folder, journal.flush))

    @property
    def house(self) -> HouseOfWorker:
        """Return what a bundle and a control pack read of the house."""
        from primum.app.evidence import HouseOfWorker  # noqa: PLC0415

        one = self.worker
        return self._once("house", lambda: HouseOfWorker(one.rooms, one.records, one.index, one.devices, one.signer))

    @property
    def evidence(self) -> Evidence:
        """Return the room of evidence."""
        from primum.app.evidence import open_evidence  # noqa: PLC0415

        return self._once("evidence", lambda: open_evidence(self.files, self.house, self.worker.secrets))

    @property
    def work(self) -> IncidentWork:
        """Return what a page began and does not wait for."""
        from primum.app.incident_work import IncidentWork  # noqa: PLC0415

        return self._once("work", lambda: IncidentWork(self.files.now))

    @property
    def containment(self) -> Containment:
        """Return the room of containment; what a stop left begun is settled."""
        from primum.app.containment import MeansOfWorker, open_containment  # noqa: PLC0415

        one = self.worker
        means = MeansOfWorker(one.rooms, one.devices, one.people, self.tell)
        return self._once("containment", lambda: open_containment(self.files, self.evidence, means))

    def _once(self, name: str, make: Callable[[], _Room]) -> _Room:
        """Open a room once, whichever thread asks first: two rooms of evidence would not wait for each other."""
        with self._opening:
            if name not in self._opened:
                self._opened[name] = make()
            found: _Room = self._opened[name]
            return found


@dataclass(frozen=True, slots=True)
class _Around:
    """What the register asks of the house (incidents.register.service.Surroundings)."""

    worker: WorkerRooms

    def person(self, person_id: str) -> str:
        """Name a person of the practice."""
        try:
            return self.worker.people.person(person_id).full_name
        except NoSuchPerson:
            return person_id

    def journal_root(self) -> str:
        """Write the last root of the journal that was signed."""
        return self.worker.signer.sign_heads().note

    def findings(self, ids: Sequence[str]) -> Sequence[Finding]:
        """Give those findings that exist."""
        known = {one.id: one for one in self.worker.exposed.findings.everything()}
        return [known[one] for one in ids if one in known]
