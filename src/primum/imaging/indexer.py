"""The only writer of index.db: brings what the packs hold into tables, once, in any order, as often as asked.

A hint (`Stored`) saves reading the pack; the packs are the truth. See docs/design/imaging.md, From record to index.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.engine import Engine

from primum.ground.clock import Clock
from primum.ground.log import Log
from primum.imaging.columns import Arrival
from primum.imaging.extract import Attributes
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.model import Stored
from primum.imaging.patients import Assigner, Assignment, Newcomer, Traits
from primum.imaging.records import forget_study, keep_tails
from primum.imaging.rows import Batch
from primum.imaging.store import DERIVED, reading
from primum.vault import Illness, Position, Record, RecordAbsent, Vault

BATCH = 200
"""Records of one transaction when packs are replayed: some 50 ms, during which hints wait."""

FIRST_BYTES = 1 << 18
"""How much of a header is read at first: nearly all are shorter; what the index needs comes early."""

_FIRST_RECORD = 4096
_STUDY_UID = 0x0020000D

_log = Log("imaging")


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What a replay did: records indexed, and illnesses met (each logged by its code)."""

    records: int
    illnesses: int


class Indexer:
    """Indexes records. One per home; thread-confined."""

    def __init__(self, index: Engine, records: Engine, vault: Vault, clock: Clock, limits: Limits = LIMITS) -> None:
        """Index what `vault` holds into `index`; what must outlive the index goes to `records`."""
        self._index, self._records, self._vault, self._clock, self._limits = index, records, vault, clock, limits

    def take(self, batch: Iterable[Stored]) -> int:
        """Index hinted records (committed at return) and whatever their hints jumped over; return how many.

        A hint of what is indexed already does nothing.
        """
        by_pack: dict[str, list[Stored]] = {}
        for stored in batch:
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
        return done + self._write([self._arrival(one) for one in ready], ready)

    def catch_up(self, studies: Iterable[str] | None = None) -> CaughtUp:
        """Index whatever the packs (of these studies, or all) hold beyond their positions."""
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
        return self.catch_up()

    def forget(self, study: str) -> None:
        """Delete all rows of an erased study, its patient's included when there is no other study of theirs."""
        with self._index.begin() as connection:
            row = connection.exec_driver_sql("SELECT id FROM studies WHERE ref = ?", (study,)).first()
            for table in ("versions", "instances", "series", "terms"):
                if row is not None:
                    connection.exec_driver_sql(f"DELETE FROM {table} WHERE study_id = ?", (row[0],))  # noqa: S608
            if row is not None:
                connection.exec_driver_sql("DELETE FROM words WHERE rowid = ?", (row[0],))
                connection.exec_driver_sql("DELETE FROM studies WHERE id = ?", (row[0],))
            connection.exec_driver_sql("DELETE FROM packs WHERE study_ref = ?", (study,))
        with self._records.begin() as connection:
            forget_study(connection, study)

    def mark_confidential(self, study: str, *, confidential: bool) -> None:
        """Put a study out of reach of who has no grant for confidential ones, or back."""
        for engine, sql in (
            (self._records, "UPDATE study_patients SET confidential = ? WHERE study_ref = ?"),
            (self._index, "UPDATE studies SET confidential = ? WHERE ref = ?"),
        ):
            with engine.begin() as connection:
                connection.exec_driver_sql(sql, (confidential, study))

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
        if header is None and stored.facts.kind == "instance":
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
        with self._index.begin() as connection:
            batch = Batch(connection, self._digest, self._assign)
            batch.write([one for one in arrivals if one.facts.kind == "instance"], stops.values())
        keep_tails(self._records, self._vault, _last_of_each_pack(stored))
        return len(arrivals)

    def _digest(self, position: Position) -> bytes:
        try:
            return bytes(self._vault.open(position).sha256)
        except (Illness, RecordAbsent) as illness:
            # what cannot be opened cannot be the same as anything: a digest of its own, the same each time
            _log.warning("index.illness", code=illness.code, study=position.study, pack=position.pack)
            return hashlib.sha256(f"unreadable {position.pack} {position.offset}".encode()).digest()

    def _assign(self, studies: list[tuple[Arrival, Traits]]) -> list[Assignment]:
        newcomers = [Newcomer(one.facts.controller_id, one.position.study, traits) for one, traits in studies]
        with self._records.begin() as connection:
            return Assigner(connection, self._clock).assign(newcomers)


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
