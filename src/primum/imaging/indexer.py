"""The only writer of index.db: brings what the packs hold into tables, once, in any order, as often as asked.

A hint (`Stored`) saves reading the pack; the packs are the truth. See docs/design/imaging.md, From record to index.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import Clock
from primum.ground.db import durable
from primum.ground.log import Log
from primum.imaging.acts import ActKind, acted_on, concerning, last_number, since
from primum.imaging.amending import Amender, Noted
from primum.imaging.amendments import Amendment, Kind, note_id, read as read_amendment
from primum.imaging.columns import Arrival
from primum.imaging.completion.store import note_arrivals
from primum.imaging.contents import Contents
from primum.imaging.dose.store import note_reports
from primum.imaging.errors import ImagingRefusal
from primum.imaging.extract import Attributes
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.model import Stored
from primum.imaging.patients import Assigner, Assignment, Newcomer, Traits
from primum.imaging.records import forget_study, keep_tails
from primum.imaging.rejection_notes import KEY_OBJECTS, Note, read_note
from primum.imaging.rows import Batch
from primum.imaging.store import DERIVED, reading
from primum.imaging.tombstones import buried, note_returned
from primum.vault import Illness, Position, Record, RecordAbsent, Vault

BATCH = 200
"""Records of one transaction when packs are replayed: some 50 ms, during which hints wait."""

FIRST_BYTES = 1 << 18
"""How much of a header is read at first: nearly all are shorter; what the index needs comes early."""

_FIRST_RECORD = 4096
_STUDY_UID = 0x0020000D

_MARKED = "SELECT {} FROM {} WHERE confidential"

_log = Log("imaging")


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What a replay did: records indexed, and illnesses met (each logged by its code)."""

    records: int
    illnesses: int


class Indexer:
    """Indexes records. One per home; thread-confined."""

    def __init__(
        self,
        index: Engine,
        records: Engine,
        vault: Vault,
        clock: Clock,
        limits: Limits = LIMITS,
        *,
        rejected: Callable[[Noted], None] = lambda _: None,
    ) -> None:
        """Index what `vault` holds into `index`; what must outlive the index goes to `records`.

        `rejected` is told of each rejection note once, when it is first met.
        """
        self._index, self._records, self._vault, self._clock, self._limits = index, records, vault, clock, limits
        self._contents = Contents(vault)
        self._concerned = _Concerned()
        self._rejected, self._again = rejected, False

    def take(self, batch: Iterable[Stored]) -> int:
        """Index hinted records (committed at return) and whatever their hints jumped over; return how many.

        A hint of what is indexed already does nothing.
        """
        by_pack: dict[str, list[Stored]] = {}
        hinted, doubtful = self._believed(batch)
        for stored in hinted:
            by_pack.setdefault(stored.position.pack, []).append(stored)
        stops = self._stops(by_pack)
        ready: list[Stored] = []
        done = 0
        for pack, hints in by_pack.items():
            following, gap = _following(hints, stops.get(pack, 0))
            ready += following
            if gap:
                # what precedes the gap is replayed with it: positions never go back
                done += self._replay(hints[0].position.study, pack, stops.get(pack, 0)).records
                ready = [one for one in ready if one.position.pack != pack]
        done += self._write([self._arrival(one) for one in ready], ready)
        return done + (self.catch_up(doubtful).records if doubtful else 0)

    def _believed(self, batch: Iterable[Stored]) -> tuple[list[Stored], list[str]]:
        """Split hints: those believed, and the studies of which only the packs are.

        A hint may be older than an erasure, and tell of what is gone.
        """
        listed = list(batch)
        studies = {one.position.study for one in listed}
        with reading(self._records) as connection:
            doubtful = buried(connection, studies).keys()
        return [one for one in listed if one.position.study not in doubtful], sorted(doubtful)

    def catch_up(self, studies: Iterable[str] | None = None) -> CaughtUp:
        """Index whatever the packs (of these studies, or all) hold beyond their positions."""
        self.follow_acts()
        if studies is None:
            self._follow_confidential()
        records = illnesses = 0
        for study in self._vault.studies() if studies is None else studies:
            packs = list(self._vault.packs(study))
            stops = self._stops(one.pack for one in packs)
            for one in packs:
                stop = stops.get(one.pack, 0)
                if one.size > max(stop, _FIRST_RECORD):
                    caught = self._replay(study, one.pack, stop)
                    records, illnesses = records + caught.records, illnesses + caught.illnesses
        return CaughtUp(records, illnesses)

    def rebuild(self) -> CaughtUp:
        """Empty the index and make it again from the packs and records.db."""
        with self._index.begin() as connection:
            for table in DERIVED:
                connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 (our own tables)
            with reading(self._records) as records:
                # each study meets all acts when its first record is indexed
                _seen(connection, last_number(records))
        return self._made_again()

    def _made_again(self, studies: Iterable[str] | None = None) -> CaughtUp:
        """Catch up with what was met before: nobody is told of it once more."""
        self._again = True
        try:
            return self.catch_up(studies)
        finally:
            self._again = False

    def forget(self, study: str) -> None:
        """Delete all rows of an erased study, its patient's included when there is no other study of theirs."""
        self._forget_rows(study)
        with self._records.begin() as connection:
            forget_study(connection, study)

    def renew(self, study: str) -> CaughtUp:
        """Make a study's rows again from its packs, after these were rewritten; whose it is stays as it was decided."""
        self._forget_rows(study)
        with self._records.begin() as connection:
            connection.exec_driver_sql("DELETE FROM vault_tails WHERE study_ref = ?", (study,))
        return self._made_again([study])

    def _forget_rows(self, study: str) -> None:
        # on disc before the erasure is said to be done: after a power cut nobody would look for these rows again
        with durable(self._index) as connection:
            row = connection.exec_driver_sql("SELECT id FROM studies WHERE ref = ?", (study,)).first()
            if row is not None:
                # by its series: instances have no index of their study
                series = "series_id IN (SELECT id FROM series WHERE study_id = ?)"
                connection.exec_driver_sql(f"DELETE FROM instances WHERE {series}", (row[0],))  # noqa: S608 (ours)
                for table in ("versions", "rejected", "series", "terms"):
                    connection.exec_driver_sql(f"DELETE FROM {table} WHERE study_id = ?", (row[0],))  # noqa: S608
                connection.exec_driver_sql("DELETE FROM words WHERE rowid = ?", (row[0],))
                connection.exec_driver_sql("DELETE FROM studies WHERE id = ?", (row[0],))
            self._forget_amendments(connection, study)
            connection.exec_driver_sql("DELETE FROM returned WHERE study_ref = ?", (study,))
            connection.exec_driver_sql("DELETE FROM arrivals WHERE study_ref = ?", (study,))
            for table in ("dose_events", "dose_values", "dose_reports"):
                connection.exec_driver_sql(f"DELETE FROM {table} WHERE study_ref = ?", (study,))  # noqa: S608
            connection.exec_driver_sql("DELETE FROM packs WHERE study_ref = ?", (study,))

    def _forget_amendments(self, connection: Connection, study: str) -> None:
        """Forget the decisions that a study's records brought, those about other studies included.

        What another study's rejection note says of this one stays: its record is still there.
        """
        rows = connection.exec_driver_sql(
            "SELECT DISTINCT study_ref FROM amendments WHERE source_ref = ? AND study_ref <> ?", (study, study)
        )
        others = {row[0] for row in rows}
        amender = self._amender(connection)
        amender.lift(others)
        connection.exec_driver_sql("DELETE FROM amendments WHERE source_ref = ?", (study,))
        amender.apply(others)

    def mark_confidential(self, study: str, *, confidential: bool) -> None:
        """Put a study out of reach of who has no grant for confidential ones, or back; on disc at return."""
        with self._records.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE study_patients SET confidential = ? WHERE study_ref = ?", (confidential, study)
            )
        self._show_confidential([(confidential, study)])

    def _show_confidential(self, marks: list[tuple[bool, str]]) -> None:
        with durable(self._index) as connection:
            connection.exec_driver_sql("UPDATE studies SET confidential = ? WHERE ref = ?", marks)

    def _follow_confidential(self) -> None:
        """Bring marks into the index that a crash kept from it: they were made in records.db first."""
        with reading(self._records) as records, reading(self._index) as index:
            said = {ref for (ref,) in records.exec_driver_sql(_MARKED.format("study_ref", "study_patients"))}
            shown = {ref for (ref,) in index.exec_driver_sql(_MARKED.format("ref", "studies"))}
        if said != shown:
            self._show_confidential([(ref in said, ref) for ref in sorted(said ^ shown)])

    def _stops(self, packs: Iterable[str]) -> dict[str, int]:
        with reading(self._index) as connection:
            rows = connection.exec_driver_sql(
                "SELECT pack, stop FROM packs WHERE pack IN (SELECT value FROM json_each(?))",
                (json.dumps(list(packs)),),
            )
            return dict(map(tuple, rows))

    def _replay(self, study: str, pack: str, since: int) -> CaughtUp:
        records = illnesses = 0
        found = iter(self._vault.replay(study, pack, since))
        while batch := list(islice(found, BATCH)):
            arrivals, stored = [], []
            for one in batch:
                if isinstance(one, Illness):
                    illnesses += 1
                    _log.warning("index.illness", code=one.code, study=study, pack=pack)
                    continue
                hint = self._read(one)
                if hint is None:
                    illnesses += 1
                    continue
                stored.append(hint)
                arrivals.append(self._arrival(hint))
            records += self._write(arrivals, stored)
        return CaughtUp(records, illnesses)

    def _read(self, position: Position) -> Stored | None:
        try:
            record = self._vault.open(position)
            return Stored(position, record.facts, first_of_header(record, self._limits), record.tail)
        except (Illness, RecordAbsent) as illness:
            _log.warning("index.illness", code=illness.code, study=position.study, pack=position.pack)
            return None

    def _arrival(self, stored: Stored) -> Arrival:
        header = stored.header
        if header is None:
            read = self._read(stored.position)
            header = read.header if read is not None else None
        return Arrival(
            stored.position, stored.facts, Attributes(header or b"", stored.facts.transfer_syntax_uid, self._limits)
        )

    def _write(self, arrivals: list[Arrival], stored: list[Stored]) -> int:
        if not arrivals:
            return 0
        stops: dict[str, tuple[str, str, int]] = {}
        for one in stored:
            place = one.position
            before = stops.get(place.pack, (place.pack, place.study, 0))
            stops[place.pack] = (place.pack, place.study, max(before[2], place.end))
        instances = [one for one in arrivals if one.facts.kind == "instance"]
        listed, returned = self._sorted(instances)
        gone = {one.position for one in returned}
        noted = [decision for one in stored if one.position not in gone for decision in self._decisions(one)]
        with self._index.begin() as connection:
            amender = self._amender(connection)
            decided = {one.study for one in noted}
            amended = amender.amended({one.position.study for one in listed} | decided)
            amender.lift(amended)
            self._concerned = _Concerned()
            batch = Batch(connection, self._contents, self._assign)
            batch.write(listed, stops.values())
            note_returned(connection, batch.packs, returned)
            note_arrivals(connection, (one.position.study for one in listed), self._clock.now())
            note_reports(connection, listed)
            new = amender.keep(noted)
            amender.apply(amended | decided | self._concerned.studies | amender.showing(self._concerned.patients))
        keep_tails(self._records, self._vault, _last_of_each_pack(stored))
        for decision in new:
            if decision.amendment.kind is Kind.REJECT and not self._again:
                self._rejected(decision)
        return len(arrivals)

    def _sorted(self, arrivals: list[Arrival]) -> tuple[list[Arrival], list[Arrival]]:
        """Split arrivals: those to be listed, and those of what was erased."""
        with reading(self._records) as connection:
            graves = buried(connection, {one.position.study for one in arrivals})
        if not graves:
            return arrivals, []
        gone = [
            one for one in arrivals if one.position.study in graves and graves[one.position.study].covers(one.facts)
        ]
        places = {one.position for one in gone}
        return [one for one in arrivals if one.position not in places], gone

    def _assign(self, studies: list[tuple[Arrival, Traits]]) -> list[Assignment]:
        newcomers = [Newcomer(one.facts.controller_id, one.position.study, traits) for one, traits in studies]
        with self._records.begin() as connection:
            assigner = Assigner(connection, self._clock)
            assigned = assigner.assign(newcomers)
            acted = acted_on(connection, {one.patient_id for one in assigned})
        self._concerned.patients |= assigner.filled
        self._concerned.studies |= {
            one.study_ref for one, found in zip(newcomers, assigned, strict=True) if found.patient_id in acted
        }
        return assigned

    # decisions

    def _amender(self, connection: Connection) -> Amender:
        return Amender(connection, self._records, self._read, self._limits)

    def _decisions(self, stored: Stored) -> list[Noted]:
        """Read what a record decides: an amendment, or a rejection note; most records decide nothing."""
        facts = stored.facts
        if facts.kind == "instance" and facts.sop_class_uid != KEY_OBJECTS:
            return []
        position = stored.position
        first = f"{facts.received_at} {position.pack} {position.offset:016d}"
        try:
            record = self._vault.open(position)
            whole = record.read(0, min(record.length, self._limits.header_bytes))
            if facts.kind == "amendment":
                return [Noted(position.study, position.study, first, read_amendment(whole))]
            note = read_note(whole, facts.transfer_syntax_uid, self._limits)
        except ImagingRefusal as refusal:
            _log.warning("index.illness", code=refusal.code, study=position.study, pack=position.pack)
            return []
        except (Illness, RecordAbsent) as illness:
            _log.warning("index.illness", code=illness.code, study=position.study, pack=position.pack)
            return []
        return [] if note is None else self._rejections(stored, first, note)

    def _rejections(self, stored: Stored, first: str, note: Note) -> list[Noted]:
        facts, source = stored.facts, stored.position.study
        found = []
        for study_uid, sops in note.studies.items():
            study = self._vault.study_ref(facts.controller_id, study_uid)
            own = facts.sop_instance_uid if study == source else ""
            number = note_id(study, facts.sop_instance_uid)
            amendment = Amendment(
                number, Kind.REJECT, facts.received_at, facts.device_id, sop=own, code=note.code, sops=sops
            )
            found.append(Noted(study, source, first, amendment))
        return found

    def follow_acts(self) -> int:
        """Bring what people decided about patients into the index, as far as it is not there yet; return how many."""
        with reading(self._index) as connection:
            seen = connection.exec_driver_sql("SELECT number FROM applied").scalar() or 0
        with reading(self._records) as records:
            acts = since(records, seen)
        if not acts:
            return 0
        patients = {one.patient_id for one in acts} | {one.other for one in acts if one.kind is ActKind.MERGE}
        with reading(self._records) as records:
            group = concerning(records, patients)
        patients |= {name for one in group if one.kind is ActKind.MERGE for name in (one.patient_id, one.other)}
        with self._index.begin() as connection:
            amender = self._amender(connection)
            studies = amender.studies_of(patients)
            amender.lift(studies)
            amender.apply(studies)
            _seen(connection, acts[-1].number)
        return len(acts)


@dataclass(slots=True)
class _Concerned:
    """Who has to be looked at again after a batch: new studies of patients with acts, patients known better."""

    studies: set[str] = field(default_factory=set)
    patients: set[str] = field(default_factory=set)


def _seen(index: Connection, number: int) -> None:
    index.exec_driver_sql(
        "INSERT INTO applied (id, number) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET number = excluded.number",
        (number,),
    )


def _following(hints: list[Stored], stop: int) -> tuple[list[Stored], bool]:
    """Split one pack's hints: those that follow its position one after another, and whether there is a gap."""
    following: list[Stored] = []
    for hint in sorted(hints, key=lambda one: one.position.offset):
        place = hint.position
        if place.offset < stop:
            continue
        if place.offset != stop and not (stop == 0 and place.offset == _FIRST_RECORD):
            return following, True
        following.append(hint)
        stop = place.end
    return following, False


def _last_of_each_pack(stored: list[Stored]) -> Iterator[Stored]:
    last: dict[str, Stored] = {}
    for one in stored:
        before = last.get(one.position.pack)
        if before is None or one.position.offset > before.position.offset:
            last[one.position.pack] = one
    return iter(last.values())


def first_of_header(record: Record, limits: Limits = LIMITS) -> bytes:
    """Read as much of a header as the index needs: attributes come in order of tag, the large ones late."""
    whole = min(record.length if record.pixels_at is None else record.pixels_at, limits.header_bytes)
    size = min(FIRST_BYTES, whole)
    while True:
        header: bytes = record.read(0, size)
        if size == whole or Attributes(header, record.facts.transfer_syntax_uid, limits).raw(_STUDY_UID):
            return header
        size = min(size * 8, whole)
