"""The list of what is to be read: filled by completion, emptied by reports and by people.

Each act of a person is one transaction of records.db, with its fact in the journal before the commit. Nobody's right is
asked here: doors ask `identity` first, and give the controllers within reach.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.engine import Engine

from primum.ground.clock import Clock
from primum.identity import Recorder
from primum.imaging.store import reading
from primum.imaging.toread import store
from primum.imaging.toread.model import LISTED, URGENCY, Entry, Facts, NotToRead, State, TakenAlready, is_read

Validated = Callable[[Collection[str]], Mapping[str, datetime]]
"""Which of some studies have a validated report, and when the latest was validated."""


def none_validated(_studies: Collection[str]) -> Mapping[str, datetime]:
    """Say that no study has one: for where no reports are kept."""
    return {}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a practice wants on the list."""

    days: int
    unread: frozenset[str]
    """Modalities that nobody reads."""


class ToRead:
    """The list. Safe to share between threads and processes: every change is a transaction."""

    def __init__(
        self, records: Engine, clock: Clock, record: Recorder, wish: Wish, validated: Validated = none_validated
    ) -> None:
        """Keep it in `records`."""
        self._records, self._clock, self._record = records, clock, record
        self._wish, self._validated = wish, validated

    # -- what completion says --

    def completed(self, study: str, facts: Facts) -> None:
        """Put a study on the list that is complete, or put it there again. Saying the same twice changes nothing more.

        What somebody has taken already stays theirs, and says that images are new.
        """
        now = self._clock.now()
        today = now.astimezone().date()
        # outside of the transaction: whoever knows reports may write there what it read
        has_report = study in self._validated([study])
        with self._records.begin() as tx:
            before = store.entry(tx, study)
            if before is None and not is_read(facts, today, self._wish.days, self._wish.unread):
                return
            if before is not None and not facts.fresh - self._wish.unread:
                return  # a report came, of here or from elsewhere: that is no new image
            waits = before is not None and before.state is State.WAITING
            reported = before is not None and (before.reported or has_report)
            fresh = Entry(
                study_ref=study, controller_id=facts.controller_id, study_uid=facts.study_uid,
                modalities=tuple(sorted(facts.modalities)), stations=tuple(sorted(facts.stations)),
                urgency=URGENCY.get(facts.priority, 0), since=before.since if before and waits else now,
                state=State.WAITING, new_images=before is not None and (not waits or bool(before.claimed_by)),
                reported=reported, claimed_by="", claimed_at=None, images_at=now,
            )  # fmt: skip
            if before is not None and waits:
                fresh = replace(
                    fresh, claimed_by=before.claimed_by, claimed_at=before.claimed_at,
                    new_images=fresh.new_images or before.new_images or reported,
                )  # fmt: skip
            store.keep(tx, fresh)

    def settle(self, now: datetime) -> int:
        """Take off the list what a report was validated of (a job); return how many."""
        with reading(self._records) as tx:
            waits = store.waiting(tx, None, "", "", -1)
        done = sorted(self._of_reports(waits))
        with self._records.begin() as tx:
            store.end(tx, done, State.REPORTED, "", now)
        return len(done)

    # -- what people ask --

    def waiting(self, controllers: Collection[str] | None, modality: str = "", station: str = "") -> list[Entry]:
        """List what waits within reach, the urgent first, then the oldest; at most LISTED."""
        with reading(self._records) as tx:
            found = store.waiting(tx, controllers, modality, station, LISTED)
        reported = self._of_reports(found)
        return [one for one in found if one.study_ref not in reported]

    def _of_reports(self, entries: Sequence[Entry]) -> set[str]:
        refs = [one.study_ref for one in entries]
        found = self._validated(refs) if refs else {}
        return {one.study_ref for one in entries if one.study_ref in found and one.ended_by(found[one.study_ref])}

    def claim(self, by: str, study: str) -> Entry:
        """Take a study to read it; taking it twice is taking it once. Raises NotToRead, TakenAlready."""
        now = self._clock.now()
        with self._records.begin() as tx:
            one = self._waits(store.entry(tx, study))
            if one.claimed_by == by:
                return one
            if one.claimed_by:
                raise TakenAlready
            self._record("study:reading:taken", by, study, _told(one))
            store.claim(tx, study, by, now)
        return replace(one, claimed_by=by, claimed_at=now)

    def release(self, by: str, study: str) -> None:
        """Give a study back to the list, one's own or a colleague's who cannot. Raises NotToRead."""
        with self._records.begin() as tx:
            one = self._waits(store.entry(tx, study))
            if one.claimed_by:
                self._record("study:reading:released", by, study, _told(one))
                store.claim(tx, study, "", None)

    def read(self, by: str, study: str) -> None:
        """Say that it was read and that no report of it is made here. Raises NotToRead, TakenAlready."""
        with self._records.begin() as tx:
            one = self._waits(store.entry(tx, study))
            if one.claimed_by and one.claimed_by != by:
                raise TakenAlready
            self._record("study:read", by, study, _told(one))
            store.end(tx, [study], State.READ, by, self._clock.now())

    @staticmethod
    def _waits(one: Entry | None) -> Entry:
        if one is None or one.state is not State.WAITING:
            raise NotToRead
        return one


def _told(one: Entry) -> dict[str, str | int]:
    return {"controller": one.controller_id}
