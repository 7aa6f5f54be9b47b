"""Reading the ledgers for people: in order of time, filtered, with a sentence for each line.

Reading proves nothing (verify.py does): a line that cannot be read is given as `chain:illegible`, so that
nothing is left out in silence.
"""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from primum.ground.clock import to_text
from primum.journal.limits import LIMITS
from primum.journal.names import ChainName, chains, segment_of, segments
from primum.journal.vocabulary import CHAIN_SENTENCES, Ledger, sentence

_HASH_AND_SPACE = 65


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a ledger, read. `at` is text: RFC 3339, UTC, which sorts as time does."""

    chain: str
    n: int
    at: str
    kind: str
    actor: str
    subject: str
    details: dict[str, str | int] = field(default_factory=dict)

    def count(self, key: str) -> int:
        """Return a detail that is a number; 0 when it is not there (or somebody has been at it)."""
        value = self.details.get(key, 0)
        return value if isinstance(value, int) else 0

    def sentence(self, language: str, name: Callable[[str], str] = str) -> str:
        """Say in `fr` or `en` what happened; `name` gives the name of an id that the reader may see."""
        return sentence(self.kind, language, {**self.details, "actor": name(self.actor), "subject": name(self.subject)})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; what is empty or None does not restrict."""

    ledgers: tuple[Ledger, ...] = tuple(Ledger)
    kinds: tuple[str, ...] = ()
    """Names of kinds, or their beginnings: `person:` is everything that people did."""
    actor: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """The first instant that is not wanted any more."""
    chain_lines: bool = False
    """Also what chains say of themselves."""

    def wants(self, entry: Entry) -> bool:
        """Tell whether an entry is wanted."""
        return (
            (self.chain_lines or entry.kind not in CHAIN_SENTENCES)
            and (not self.kinds or entry.kind.startswith(self.kinds))
            and self.actor in {"", entry.actor}
            and self.subject in {"", entry.subject}
            and (self.since is None or entry.at >= to_text(self.since))
            and (self.until is None or entry.at < to_text(self.until))
        )


EVERYTHING = Filter()


def entries(journal: Path, wanted: Filter = EVERYTHING) -> Iterator[Entry]:
    """Go through the wanted entries of both ledgers, oldest first."""
    each = (_of_ledger(journal, ledger, wanted.since) for ledger in wanted.ledgers)
    return (entry for entry in heapq.merge(*each, key=_when) if wanted.wants(entry))


def latest(journal: Path, wanted: Filter, count: int) -> list[Entry]:
    """Return the last `count` wanted entries, oldest first."""
    return list(deque(entries(journal, wanted), maxlen=count))


def newest_of(journal: Path, ledger: Ledger, kind: str) -> Entry | None:
    """Find the last fact of a kind, the newest segment first: no more is read than has to be."""
    said = b'"' + kind.encode("ascii") + b'"'
    for segment in reversed(segments(journal, ledger)):
        found = [one for name in chains(journal, ledger, segment) if (one := _last_said(journal, name, said, kind))]
        if found:
            return max(found, key=_when)
    return None


def _last_said(journal: Path, name: ChainName, said: bytes, kind: str) -> Entry | None:
    last: Entry | None = None
    with suppress(FileNotFoundError), name.path(journal).open("rb") as file:
        while data := file.readline(LIMITS.unfinished):
            entry = read_line(str(name), data) if said in data else None
            last = entry if entry is not None and entry.kind == kind else last
    return last


def _when(entry: Entry) -> str:
    return entry.at


def _of_ledger(journal: Path, ledger: Ledger, since: datetime | None) -> Iterator[Entry]:
    """Go through a ledger. Segments before the one of `since` hold nothing later: none is opened again once left."""
    first = segment_of(ledger, since) if since is not None else ""
    for segment in (one for one in segments(journal, ledger) if one >= first):
        yield from heapq.merge(*(_of_chain(journal, name) for name in chains(journal, ledger, segment)), key=_when)


def _of_chain(journal: Path, name: ChainName) -> Iterator[Entry]:
    at = ""
    with suppress(FileNotFoundError), name.path(journal).open("rb") as file:  # pruned in this very moment
        while data := file.readline(LIMITS.unfinished):
            entry = read_line(str(name), data)
            if entry is None:
                entry = Entry(str(name), -1, at, "chain:illegible", "system", "", {"bytes": len(data)})
            at = entry.at
            yield entry


def read_line(chain: str, data: bytes) -> Entry | None:
    """Read a line of a chain, with its line feed; None where it is not one."""
    try:
        read = json.loads(data[_HASH_AND_SPACE:])
        found = Entry(chain, read["n"], read["at"], read["kind"], read["actor"], read["subject"], read["details"])
    except (ValueError, KeyError, TypeError):
        return None
    return found if data.endswith(b"\n") and _is_sane(read) else None


def _is_sane(read: dict[str, object]) -> bool:
    texts = all(isinstance(read[key], str) for key in ("at", "kind", "actor", "subject"))
    return texts and isinstance(read["n"], int) and isinstance(read["details"], dict)
