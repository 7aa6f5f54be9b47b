"""The journal becomes files: a mass export, many refused sign-ins, a journal that does not verify (opening.toml).

Counted of one person, or one source, within a time. What was counted once is not counted again:
`incident_considered` keeps, of each, up to when it was and the record that it opened. While a file of it is open, more
of the same opens none.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from primum.ground.clock import from_text, to_text
from primum.incidents import store
from primum.incidents.facts.filling import Filled, of_the_house
from primum.incidents.model import SYSTEM, EntryKind, Evidence, Origin, Which
from primum.incidents.opening.refilling import write_changed
from primum.incidents.opening.rules import opening_rules
from primum.journal import Kind
from primum.journal.following import Follower

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from primum.incidents.opening.rules import Watch
    from primum.incidents.service import Incidents
    from primum.journal import Entry

FOLLOWED: Final = (
    Kind.STUDY_EXPORTED, Kind.STUDY_SENT, Kind.SESSION_REFUSED, Kind.FACTOR_REFUSED, Kind.CHAIN_ILL,
    Kind.JOURNAL_VERIFIED,
)  # fmt: skip
_BACK: Final = timedelta(days=7)
"""How far back the journal is read at a start: a worker that was down for a night, or over a long week-end."""
_OURS: Final = "journal:"
_ILL: Final = "journal:ill:"
_SOURCES: Final = 10_000
"""People and sources that are counted at a time; beyond, the one not heard of for longest is left out."""


@dataclass(frozen=True, slots=True)
class _Event:
    """One thing to count. `what`: two of the same are one (a study that is exported twice)."""

    at: datetime
    what: str
    controller: str
    ref: str
    """Where in the journal: chain and line."""


class Watching:
    """The sweep over the journal. Safe to use from several threads."""

    def __init__(self, files: Incidents, journal: Path, flush: Callable[[], None], language: str) -> None:
        """Open files in `files`; `flush` puts this process's own part of the journal where it is read."""
        self._files, self._flush, self._language = files, flush, language
        self._turn = threading.Lock()
        self._journal = journal
        self._begin()

    def _begin(self) -> None:
        self._follower = Follower(self._journal, FOLLOWED, self._files.now() - _BACK)
        self._heard: dict[str, deque[_Event]] = {}
        with self._files.reading() as tx:
            told = store.all_considered(tx)
        self._counted = {key: up_to for key, (up_to, _) in told.items() if key.startswith(_OURS)}
        """Up to when each was counted already."""

    def watch(self) -> int:
        """Read what is new. Return how many files were opened."""
        with self._turn:
            self._flush()
            try:
                return sum(self._take(one) for one in self._follower.new())
            except Exception:
                self._begin()  # what was read and not dealt with is read again
                raise

    def _take(self, entry: Entry) -> int:
        told = _counted(entry)
        if told is None:
            return 0
        key, who, rule, what = told
        up_to = self._counted.get(key, "")
        if entry.at <= up_to or (up_to and key.startswith(_ILL)):
            return 0  # counted already; an illness stays, and is told once
        at, ref = from_text(entry.at), f"{entry.chain}:{entry.n}"
        events = self._heard.pop(key, None) or deque()
        self._heard[key] = events  # heard of last
        while len(self._heard) > _SOURCES:
            del self._heard[next(iter(self._heard))]
        events.append(_Event(at, what, str(entry.details.get("controller", "")), ref))
        while events[0].at < at - rule.within:
            events.popleft()
        if len({one.what for one in events}) < rule.count:
            return 0
        opened = self._open(key, who, rule, list(events))
        self._counted[key] = entry.at
        events.clear()
        return opened

    def _open(self, key: str, who: str, rule: Watch, events: list[_Event]) -> int:
        """Open files for what was counted, where no file of the same is open."""
        last, count = events[-1].at, len({one.what for one in events})
        with self._files.transaction() as tx:
            standing = self._standing(tx, key)
            if standing:
                store.consider(tx, key, to_text(last), standing, self._files.now())
                return 0
            every = [one.id for one in self._files.controllers()]
            named = {one.controller for one in events}
            concerned = every if "" in named else [one for one in every if one in named] or every
            sentence = rule.says[self._language].format(count=count, minutes=rule.minutes, who=who)
            made = self._files.open_files(tx, Origin.JOURNAL, sentence, concerned, SYSTEM)
            self._detected(tx, made[0].id, last, sentence, events)
            shown = _evidence(events)
            for one in made:
                name = self._files.controller_name(one.controller_id)
                found = Filled("found-by", "own-journal", shown)
                write_changed(self._files, tx, one, [found, *of_the_house(name, one.controller_id, one.role)])
            store.consider(tx, key, to_text(last), made[0].case_id, self._files.now())
        return len(made)

    def _detected(self, tx: Connection, file_id: str, at: datetime, why: str, events: list[_Event]) -> None:
        file = store.file(tx, file_id)
        if file is not None:
            body = {
                "which": Which.DETECTED.value, "at": to_text(min(at, self._files.now())), "reason": why,
                "evidence": [one.as_json() for one in _evidence(events)],
            }  # fmt: skip
            self._files.write_within(tx, file, EntryKind.INSTANT, body)

    def _standing(self, tx: Connection, key: str) -> str:
        """Return the record that the same opened, where a file on it is open: of a journal that is ill, any illness."""
        told = store.all_considered(tx)
        same = {
            case for one, (_, case) in told.items() if one == key or (one.startswith(_ILL) and key.startswith(_ILL))
        }
        if not same:
            return ""
        standing = (one for one in self._files.all_open() if same & {each.of for each in one.entries})
        return next((one.file.case_id for one in standing), "")


def _counted(entry: Entry) -> tuple[str, str, Watch, str] | None:
    """Say under which key an entry is counted, who did it, by which rule, and what makes two of them one."""
    rules = opening_rules()
    match entry.kind:
        case "person:study:exported" | "study:sent":
            # what a device asks for, or a rule sends, is no person's doing
            by_person = entry.actor.startswith("per_")
            return (f"{_OURS}export:{entry.actor}", entry.actor, rules.export, entry.subject) if by_person else None
        case "person:session:refused" | "person:factor:refused":
            address = str(entry.details.get("address", "")) or "-"
            return f"{_OURS}sign-in:{address}", address, rules.sign_in, f"{entry.chain}:{entry.n}"
        case "journal:chain:ill":
            illness = str(entry.details.get("illness", ""))
            what = ":".join(str(entry.details.get(one, "")) for one in ("chain", "illness", "line"))
            return f"{_ILL}{what}", illness, rules.ill, what
        case "journal:verified" if entry.count("illnesses"):
            # the same illnesses are found every day: only another number of them is news
            count = str(entry.count("illnesses"))
            return f"{_ILL}verified:{count}", count, rules.ill, "verified"
    return None


def _evidence(events: list[_Event]) -> tuple[Evidence, ...]:
    """Name the first and the last that were counted: what lies between is in the journal."""
    first, last = events[0], events[-1]
    shown = [Evidence("journal", first.ref, to_text(first.at))]
    return (*shown, Evidence("journal", last.ref, to_text(last.at))) if last.ref != first.ref else tuple(shown)
