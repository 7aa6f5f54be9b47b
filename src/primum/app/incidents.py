"""The room of breaches as the worker has it: whose files they are, and what this Primum knows of itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.model import Hole, Mode, Rung
from primum.ground.jobs import Job
from primum.identity import Permission, Service, Thing, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    from sqlalchemy.engine import Engine

    from primum.app.rooms import Rooms
    from primum.exposure.findings.model import Change, Finding
    from primum.exposure.findings.service import Findings
    from primum.identity import Devices
    from primum.identity.people import People
    from primum.incidents.facts.own import Accesses, Grant, Reach, Trace
    from primum.incidents.holding import Holding
    from primum.incidents.opening.considering import Considering
    from primum.incidents.opening.watching import Watching
    from primum.incidents.reminders import Recipients, Send
    from primum.incidents.service import Controller, Incidents
    from primum.journal import Entry, Journal

_READS: Final = frozenset({Service.FIND, Service.GET, Service.MOVE})
_TAKES: Final = {
    Rung.FIND: frozenset({Service.FIND, Service.WORKLIST}),
    Rung.GET: frozenset({Service.GET}),
    Rung.MOVE: frozenset({Service.MOVE}),
    Rung.STORE: frozenset({Service.STORE}),
    Rung.MPPS: frozenset({Service.MPPS}),
    Rung.ACTION: frozenset({Service.COMMITMENT}),
}
"""Which of a device's grants let a stranger in, by what they could do."""
_SEARCHES: Final = frozenset({"device:list:searched", "device:worklist:searched"})
_ASSOCIATED: Final = "device:association:opened"
_SENT: Final = "study:sent"
_DRIFT: Final = timedelta(seconds=1)
"""A report has whole seconds."""


@dataclass(frozen=True, slots=True)
class Breaches:
    """The files, and what opens and fills them by itself."""

    files: Incidents
    considering: Considering
    watching: Watching
    holding: Holding
    recipients: Recipients

    def on_findings(self, changes: Sequence[tuple[Finding, Change]]) -> None:
        """Take what findings hand on: files are open, filled, and the journal held, when this returns."""
        self.considering.on_findings(changes)
        self.holding.sweep()

    def jobs(self, send: Send | None) -> list[Job]:
        """List what the worker does by itself (docs/reference/jobs.md). `send`: mails reminders; None: none are."""
        from primum.incidents.jobs import reminder_job  # noqa: PLC0415

        minute = timedelta(minutes=1)
        return [
            Job("incidents.consider", minute, lambda _: self.considering.consider()),
            Job("incidents.watch-journal", minute, lambda _: self.watching.watch()),
            Job("incidents.hold-journal", minute, lambda _: self.holding.sweep()),
            reminder_job(self.files, send, self.recipients),
        ]


def open_incidents(
    rooms: Rooms, *, records: Engine, index: Engine, people: People, devices: Devices, findings: Findings
) -> Breaches:
    """Open the files on records.db; findings are handed to them from now on."""
    from primum.app.joints import Recorder  # noqa: PLC0415 (no other process needs these)
    from primum.incidents.holding import Holding  # noqa: PLC0415
    from primum.incidents.opening.considering import Considering  # noqa: PLC0415
    from primum.incidents.opening.watching import Watching  # noqa: PLC0415
    from primum.incidents.service import Incidents  # noqa: PLC0415

    record, folder, language = Recorder(rooms.journal), rooms.journal.folder, rooms.settings.language
    house = OurHouse(people, processor=rooms.settings.hosts_for_others)
    files = Incidents(records, rooms.clock, record, house, exercise=rooms.home.demo)
    own = Ourselves(rooms.journal, records, index, devices, rooms.settings.dicom_plain_port)
    breaches = Breaches(
        files, Considering(files, findings, own, language), Watching(files, folder, rooms.journal.flush, language),
        Holding(files, folder, record), WhoDecides(people),
    )  # fmt: skip
    findings.handed_to(breaches.on_findings)
    return breaches


def pruning_after(jobs: Iterable[Job], holding: Callable[[], int]) -> list[Job]:
    """Have the job that prunes the journal hold first what an open file needs: one opened a moment ago too."""

    def held(prune: Callable[[datetime], int]) -> Callable[[datetime], int]:
        def sweep(now: datetime) -> int:
            holding()
            return prune(now)

        return sweep

    return [replace(one, sweep=held(one.sweep)) if one.name == "journal.prune" else one for one in jobs]


class OurHouse:
    """The house as the files need it (incidents.service.House)."""

    def __init__(self, people: People, *, processor: bool) -> None:
        """Ask `people`. `processor`: the setting `hosts_for_others`."""
        self._people, self._processor = people, processor

    @property
    def processor(self) -> bool:
        """Whether the operator hosts for others."""
        return self._processor

    def controllers(self) -> Sequence[Controller]:
        """List the controllers."""
        from primum.incidents.service import Controller  # noqa: PLC0415

        return [Controller(one.id, one.name) for one in self._people.controllers()]


class WhoDecides:
    """Who is reminded of a controller's files: whoever may decide there, can sign in, and has an address."""

    def __init__(self, people: People) -> None:
        """Ask `people`."""
        self._people = people

    def __call__(self, controller_id: str) -> list[tuple[str, str]]:
        """List addresses, each with its person's language."""
        thing = Thing("incident", controller_id)
        may = {
            one.person_id
            for one in self._people.enrolled()
            if decide(replace(one, fresh=True), Permission.INCIDENT_DECIDE, thing).allowed
        }
        found = [(one.mail, one.language) for one in self._people.list() if one.id in may and one.mail]
        return list(dict.fromkeys(found))


class Ourselves:
    """What this Primum knows of itself (incidents.facts.own.Own), from index, registers and journal."""

    def __init__(self, journal: Journal, records: Engine, index: Engine, devices: Devices, plain_port: int) -> None:
        """`plain_port`: of the DICOM door without TLS, 0 where there is none."""
        self._journal, self._records, self._index, self._devices = journal, records, index, devices
        self._plain_port = plain_port

    def is_here(self, address: str) -> bool:
        """Tell whether an address is this machine's."""
        from primum.exposure.probe.own import is_own  # noqa: PLC0415

        try:
            return is_own(ip_address(address))
        except ValueError:  # a person may have typed a name
            return False

    def grants(self, hole: Hole, since: datetime, until: datetime) -> Sequence[Grant]:
        """List the devices without TLS whose title let a stranger in at our door: by that title alone it knows them."""
        from primum.incidents.facts.own import Grant  # noqa: PLC0415

        ours = hole.mode is Mode.PLAIN and hole.port == self._plain_port != 0 and self.is_here(hole.address)
        if not ours:
            return []
        takes = _TAKES.get(hole.rung)
        return [
            Grant(one.id, one.controller_id, bool(one.may & _READS), one.added_at, one.revoked_at)
            for one in self._devices.list()
            if one.plain_address is not None
            and (takes is None or takes & one.may)
            and one.added_at <= until
            and (one.revoked_at is None or one.revoked_at >= since)
        ]

    def reach(self, controller_id: str, since: datetime, until: datetime, on: date) -> Reach:
        """Count what a device of this controller reaches, as its queries do; and what was erased since."""
        from primum.exposure.canaries.store import every_ref  # noqa: PLC0415
        from primum.imaging.model import Reach as Within  # noqa: PLC0415
        from primum.imaging.reached import count_reached  # noqa: PLC0415
        from primum.imaging.retention.store import erased_since  # noqa: PLC0415
        from primum.incidents.facts.own import Reach  # noqa: PLC0415

        with self._records.connect().execution_options(reading=True) as tx:
            nobodys = every_ref(tx)
            erased = [one for one, ref in erased_since(tx, controller_id, since) if ref not in nobodys]
        within = Within(controllers=frozenset({controller_id}))
        found = count_reached(self._index, within, until, on, nobodys)
        return Reach(found.people, found.minors, found.undated, found.studies, tuple(erased))

    def accesses(
        self, devices: Sequence[str], since: datetime, until: datetime, runs: Sequence[tuple[datetime, datetime]]
    ) -> Accesses:
        """Read the access ledger between two instants; a month that was pruned is said to be, and is no zero."""
        from primum.incidents.facts.own import Accesses  # noqa: PLC0415
        from primum.journal import Filter, Ledger, entries  # noqa: PLC0415

        self._journal.flush()
        folder = self._journal.folder
        kinds = (*sorted(_SEARCHES), _ASSOCIATED, _SENT)
        found: dict[str, list[Entry]] = {one: [] for one in devices}
        for entry in entries(folder, Filter((Ledger.ACCESS,), kinds, since=since, until=until)):
            if entry.actor in found:
                found[entry.actor].append(entry)
        gone = {
            str(one.details.get("segment", ""))
            for one in entries(folder, Filter((Ledger.ACCOUNT,), ("segment:pruned",)))
        }
        pruned = sorted(one for one in gone if f"{since:%Y-%m}" <= one <= f"{until:%Y-%m}")
        traces = tuple(_trace(device, found[device], runs) for device in devices)
        return Accesses(since, until, traces, tuple(pruned))


def _trace(device: str, seen: Sequence[Entry], runs: Sequence[tuple[datetime, datetime]]) -> Trace:
    """Count what one device did; what fell within a run of the probe is counted apart."""
    from primum.ground.clock import to_text  # noqa: PLC0415
    from primum.incidents.facts.own import Trace  # noqa: PLC0415

    spans = [(to_text(began - _DRIFT), to_text(ended + _DRIFT)) for began, ended in runs]
    probed = [any(low <= one.at <= high for low, high in spans) for one in seen]
    theirs = [one for one, ours in zip(seen, probed, strict=True) if not ours]
    disclosed = [one for one in seen if one.kind != _ASSOCIATED]
    sent = [one for one in theirs if one.kind == _SENT]
    return Trace(
        device_id=device,
        associations=sum(one.kind == _ASSOCIATED for one in theirs),
        searches=sum(one.kind in _SEARCHES for one in theirs),
        sent=tuple(dict.fromkeys(one.subject for one in sent)),
        instances=sum(one.count("instances") for one in sent),
        while_probed=len(disclosed) - sum(one.kind != _ASSOCIATED for one in theirs),
    )
