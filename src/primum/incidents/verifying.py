"""Every entry held against its line in the account ledger, every document against its entry: what differs is named.

An entry's line has its id, its kind, who wrote it, its file and the SHA-256 of its body. That the journal itself is
whole is another question (journal/verify.py), to be asked with this one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from primum.incidents import store
from primum.incidents.limits import LIMITS
from primum.journal import Filter, Kind, Ledger, entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from primum.incidents.service import Incidents


class Wrong(StrEnum):
    """What can be wrong with an entry."""

    NO_LINE = "no-line"
    """The store has an entry of which the journal does not tell."""
    NO_ENTRY = "no-entry"
    """The journal tells of an entry that the store does not have."""
    TWO_LINES = "two-lines"
    BODY = "body"
    """Its text is not the one that was written."""
    KIND = "kind"
    AUTHOR = "author"
    FILE = "file"
    """It is in another file than the one that was written into."""
    DOCUMENT = "document"
    """The bytes of the document are not those that were attached."""
    NO_DOCUMENT = "no-document"
    """The store does not have the document of which the entry tells."""
    UNTOLD_DOCUMENT = "untold-document"
    """The store has a document of which no entry of its file tells."""


SAYS: Final = {
    Wrong.NO_LINE: "the store has it and the journal does not tell of it",
    Wrong.NO_ENTRY: "the journal tells of it and the store does not have it",
    Wrong.TWO_LINES: "the journal tells of it twice",
    Wrong.BODY: "its text is not the one that was written",
    Wrong.KIND: "its kind is not the one that was written",
    Wrong.AUTHOR: "its author is not the one who wrote it",
    Wrong.FILE: "it is not in the file that it was written into",
    Wrong.DOCUMENT: "the bytes of its document are not those that were attached",
    Wrong.NO_DOCUMENT: "the store does not have its document",
    Wrong.UNTOLD_DOCUMENT: "the store has this document and no entry tells of it",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as the store has it. `of`: its record or its file; `digest`: SHA-256 of its body, in hexadecimal."""

    id: str
    of: str
    kind: str
    by: str
    digest: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the account ledger. `place`: the chain and the number of the line."""

    entry: str
    file: str
    kind: str
    by: str
    digest: str
    place: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `line`: where in the journal; empty where it has none."""

    wrong: Wrong
    entry: str
    file: str
    line: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        where = f" ({self.line})" if self.line else ""
        return f"{self.entry} of {self.file}: {SAYS[self.wrong]}{where}"

    def as_json(self) -> dict[str, str]:
        """Give it as an object."""
        return {"wrong": self.wrong.value, "entry": self.entry, "file": self.file, "line": self.line, "says": str(self)}


@dataclass(frozen=True, slots=True)
class Verified:
    """How many were compared, and what differs: nothing, where all is well."""

    entries: int
    lines: int
    differences: tuple[Difference, ...]
    documents: int = 0


def compare_documents(
    kept: Iterable[tuple[str, str, str]], told: Iterable[tuple[str, str, str, str]]
) -> Iterator[Difference]:
    """Compare the documents (id, of, SHA-256) with the entries that tell of them (entry, of, id, SHA-256). Pure."""
    here = {(of, document): digest for document, of, digest in kept}
    for entry, of, document, digest in told:
        found = here.pop((of, document), None)
        if found != digest:
            yield Difference(Wrong.NO_DOCUMENT if found is None else Wrong.DOCUMENT, entry, of)
    yield from (Difference(Wrong.UNTOLD_DOCUMENT, document, of) for of, document in here)


def compare(kept: Iterable[Kept], lines: Iterable[Line], records: Mapping[str, str]) -> Verified:
    """Compare both ways. `records`: the common record of each file, by the file's id. Pure."""
    here = {one.id: one for one in kept}
    told: dict[str, list[Line]] = defaultdict(list)
    for one in lines:
        told[one.entry].append(one)
    found = [Difference(Wrong.NO_LINE, one.id, one.of) for one in here.values() if one.id not in told]
    for entry, each in told.items():
        found += _of_one(here.get(entry), each, records)
    return Verified(len(here), sum(map(len, told.values())), tuple(found))


def _of_one(entry: Kept | None, lines: Sequence[Line], records: Mapping[str, str]) -> Iterator[Difference]:
    first = lines[0]
    if entry is None:
        yield Difference(Wrong.NO_ENTRY, first.entry, first.file, first.place)
        return
    yield from (Difference(Wrong.TWO_LINES, one.entry, one.file, one.place) for one in lines[1:])
    same = {
        Wrong.BODY: entry.digest == first.digest,
        Wrong.KIND: entry.kind == first.kind,
        Wrong.AUTHOR: entry.by == first.by,
        Wrong.FILE: first.file in records and entry.of in {first.file, records[first.file]},
    }
    yield from (Difference(wrong, entry.id, first.file, first.place) for wrong, good in same.items() if not good)


class Verification:
    """The check itself, on the files and the journal of a home. Safe to use from several threads."""

    def __init__(self, files: Incidents, journal: Path, flush: Callable[[], None]) -> None:
        """`journal`: its folder; `flush` puts this process's own part of it where it is read."""
        self._files, self._journal, self._flush = files, journal, flush

    def verify(self) -> Verified:
        """Compare all that is kept with all that is told. Nobody's permission is asked for."""
        with self._files.reading() as tx:
            found = self._compared(tx)
            # both are of one view of the store: nothing of them is read again while nobody may write
            documents = list(store.every_document_as_kept(tx))
            differ = tuple(compare_documents(documents, store.every_document_told(tx)))
        if found.differences:
            with self._files.transaction() as tx:  # a line comes before its entry is committed: now nobody is writing
                found = self._compared(tx)
        return replace(found, differences=found.differences + differ, documents=len(documents))

    def _compared(self, tx: Connection) -> Verified:
        kept, records = _kept(tx), _records(tx)
        self._flush()
        return compare(kept, _lines(self._journal), records)


def _kept(tx: Connection) -> list[Kept]:
    return [Kept(*row[:4], row[4].hex()) for row in store.every_entry_as_kept(tx)]


def _records(tx: Connection) -> dict[str, str]:
    return {one.id: one.case_id for one in store.every_file(tx, LIMITS.files)}


def _lines(journal: Path) -> Iterator[Line]:
    wanted = Filter(ledgers=(Ledger.ACCOUNT,), kinds=(Kind.INCIDENT_ENTRY.value.name,))
    for one in entries(journal, wanted):
        told = {name: str(one.details.get(name, "")) for name in ("entry", "what", "fingerprint")}
        yield Line(told["entry"], one.subject, told["what"], one.actor, told["fingerprint"], f"{one.chain}:{one.n}")
