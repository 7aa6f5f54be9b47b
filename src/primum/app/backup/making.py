"""One run: the order of docs/design/backup.md §3, from the ends of packs to the keyring, and the manifest last."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.engine import Engine

from primum import __version__
from primum.app.backup import survey
from primum.app.backup.aside import entries_aside
from primum.app.backup.bundle import bundle_line, write_bundle
from primum.app.backup.limits import LIMITS, Limits
from primum.app.backup.manifest import Entry, ExpectedTail, Manifest
from primum.app.backup.refusals import KeyMissing
from primum.app.backup.sinks import Sink
from primum.app.backup.survey import Found, LeftOut, PackDiffers, told
from primum.ground.clock import Clock, to_text
from primum.ground.db import snapshot
from primum.ground.discmap import CodedMap, DiscMap
from primum.ground.errors import PrimumError
from primum.ground.home import Home
from primum.imaging import each_tail
from primum.journal import Filter, Journal, Kind, Ledger, entries
from primum.vault import MissingKey, Vault

Tell = Callable[[PrimumError], None]
Checkpoint = Callable[[Manifest], None]
_Expected = tuple[str, ExpectedTail | None]
_TAKES = 8
"""How often the account is read for the fact of an erasure that is just being written: the index is told before it."""


@dataclass(frozen=True, slots=True)
class Source:
    """The living home, as a backup reads it."""

    home: Home
    vault: Vault
    records: Engine
    journal: Journal
    clock: Clock


@dataclass(frozen=True, slots=True)
class Before:
    """What the generation before had: its files, and the studies that it had a key for."""

    generation: str = ""
    began_at: str = ""
    entries: MutableMapping[str, Entry] = field(default_factory=dict)
    keyed: Iterable[str] = ()


@dataclass(frozen=True, slots=True)
class How:
    """How a run goes on its way: who is told what, and how long it waits for a fact that is being written."""

    tell: Tell
    total: Callable[[int], None]
    checkpoint: Checkpoint
    patience: float = 1.0
    limits: Limits = LIMITS


class Run:
    """One backup. Use once.

    What it notes of each study and pack lies on disc (`run/backup`): an archive grows, and the worker must not.
    """

    def __init__(self, source: Source, sink: Sink, before: Before, generation: str, how: How) -> None:
        """Copy `source` into `sink`; what `before` has is not copied again."""
        self._source, self._sink, self._before, self._how = source, sink, before, how
        self._folder = source.home.folder
        self._aside = self._folder / "run" / "backup"
        self._aside.mkdir(mode=0o700, exist_ok=True)
        self._began = to_text(source.clock.now())
        self._made = Manifest(
            generation=generation, home=source.home.id, kind=source.home.kind, made_at=self._began,
            previous=before.generation, version=__version__, illnesses=0, entries={}, keyring=(), keys=0, erased=(),
        )  # fmt: skip
        self._entries = entries_aside(self._aside)
        self._needed = DiscMap(self._aside)
        """Studies that must have a key, or the fact of an erasure."""
        self._illnesses = 0
        self.packs, self.studies = 0, 0
        """What the generation holds, once it is made."""
        self._saved_at, self._since = time.monotonic(), 0
        self._looked_again: dict[str, str] = {}
        """Studies that were erased, wholly or in part, during this run, and looked at once more after that fact."""

    def make(self) -> Manifest:
        """Copy everything; return the manifest, which nobody has written yet. Raises KeyMissing, StoreRefused."""
        self._packs()
        self._erased_meanwhile()
        self._records()
        self._journal()
        self._others()
        return self._keyring()

    def save(self) -> None:
        """Note what is done, for the run that goes on from here."""
        if self._entries:
            self._how.checkpoint(replace(self._made, entries=self._entries))
        self._saved_at, self._since = time.monotonic(), 0

    # -- packs --

    def _packs(self) -> None:
        expected, found = self._expected(), self._found()
        for one in found.values():
            self._pack(one, expected.pop(survey_pack(one.path), ("", None))[1])
        self._absent(expected)

    def _expected(self) -> MutableMapping[str, _Expected]:
        """Note the study and the tail of each pack that records.db knows of, by pack."""
        expected: CodedMap[_Expected] = CodedMap(self._aside, _encode_expected, _decode_expected)
        for tail in each_tail(self._source.records):
            expected[tail.pack] = (tail.study, told(tail))
            self._needed.add(tail.study)
        return expected

    def _found(self) -> Mapping[str, Found]:
        """Note how far each pack goes, before any of them is copied; say how much there is to copy."""
        found: CodedMap[Found] = CodedMap(self._aside, survey.encode_found, survey.decode_found)
        total = 0
        for one in survey.find_packs(self._source.vault, self._folder, self._before.entries):
            found[one.path] = one
            total += self._new_bytes(one)
            self._needed.add(one.path.split("/")[2])
        self._how.total(total)
        return found

    def _new_bytes(self, one: Found) -> int:
        before = self._before.entries.get(one.path)
        return max(0, (one.tail.end if one.tail else 0) - (before.end if before else 0))

    def _pack(self, one: Found, expected: ExpectedTail | None) -> None:
        """Copy a pack; keep what is kept of it where the home's bytes do not go on from there."""
        before = self._before.entries.get(one.path)
        if before is not None and before.tail is None:
            before = None
        reason = one.trouble or self._reason(one, before, expected)
        if reason and one.trouble != MissingKey.code:  # being erased, or refused when the keyring is read
            self._ill(one.path, reason)
        same = before is not None and before.seen == one.seen
        if before is not None and self._sink.keeps_former and (reason or same):
            tail = _furthest(before.tail, expected)
            self._keep(before if tail is before.tail else before._replace(tail=tail))
            return
        end = before.end if before is not None and same else one.tail.end if one.tail else 0
        if not end:
            return  # no record in it: unfinished bytes of somebody's first write, or nothing that opens
        path = self._folder / one.path
        try:
            pieces = self._sink.take(path, one.path, before, end)
            marked = survey.mark(path, end)
        except FileNotFoundError:
            return  # erased meanwhile: the keyring will say so
        self._keep(Entry(one.path, end, marked, pieces, one.seen, _furthest(one.tail, expected)), end)

    def _reason(self, one: Found, before: Entry | None, expected: ExpectedTail | None) -> str:
        same = before is not None and before.seen == one.seen
        end = before.end if before is not None and same else one.tail.end if one.tail else 0
        if max(tail.end if tail else 0 for tail in (one.tail, expected)) > end:
            return "shorter than it was indexed"
        if before is None or same or not self._sink.keeps_former:
            return ""
        if one.tail is None or one.tail.end < before.end:
            return "shorter than the last backup saw it"
        return "" if survey.goes_on(self._folder / one.path, before) else "another history than the last backup saw"

    def _absent(self, expected: Mapping[str, _Expected]) -> None:
        """Keep what is kept of packs that are gone, and the tails that were expected of them.

        Those of erased studies go again once the keyring is known.
        """
        for entry in self._before.entries.values():
            if entry.tail is not None and entry.path not in self._entries and not (self._folder / entry.path).exists():
                self._keep(entry if self._sink.keeps_former else _nothing_of(entry))
        for pack, (study, tail) in expected.items():
            path = survey.pack_path(study, pack)
            if path not in self._entries and not (self._folder / path).exists():
                self._keep(_nothing_of(Entry(path, 0, "", tail=tail)))

    def _erased_meanwhile(self) -> None:
        """Look again at studies that were erased since the run began: a part may be left, rewritten under a new key."""
        self._source.journal.flush()
        facts = erasures(self._folder / "journal")
        again = {study: at for study, at in facts.items() if at >= self._began}
        for path in [entry.path for entry in self._entries.values() if entry.study in again] if again else ():
            del self._entries[path]
        for one in survey.find_packs(self._source.vault, self._folder, self._before.entries, sorted(again)):
            self._pack(one, None)
        self._looked_again = again

    # -- the rest --

    def _records(self) -> None:
        copy = self._aside / "records.db"
        copy.unlink(missing_ok=True)
        try:
            snapshot(self._source.records, copy)
            self._whole(copy, "records.db")
        finally:
            copy.unlink(missing_ok=True)

    def _journal(self) -> None:
        self._source.journal.flush()
        journal = self._folder / "journal"
        for name in survey.journal_files(journal):
            path, source = f"journal/{name}", journal / name
            before = self._before.entries.get(path)
            try:
                end = survey.end_of_lines(source)
                if before is not None and (end < before.end or not survey.goes_on(source, before)):
                    before = None  # copied anew: what is there now is evidence
                pieces = self._sink.take(source, path, before, end)
                self._keep(Entry(path, end, survey.mark(source, end), pieces))
            except FileNotFoundError:
                continue  # a month that was pruned meanwhile

    def _others(self) -> None:
        for path in survey.other_files(self._folder):
            if isinstance(path, LeftOut):
                self._how.tell(path)
                continue
            with contextlib.suppress(FileNotFoundError):
                self._whole(self._folder / path, path)

    def _whole(self, source: Path, path: str) -> None:
        end = source.stat().st_size
        marked = survey.mark(source, end)
        before = self._before.entries.get(path)
        same = before is not None and self._sink.keeps_former and (before.end, before.mark) == (end, marked)
        if before is not None and same and end <= survey.MARKED:
            self._keep(before)  # so short that the mark is of the whole
            return
        self._keep(Entry(path, end, marked, self._sink.take(source, path, None, end)), end)

    # -- the keyring, last --

    def _keyring(self) -> Manifest:
        keyed, lines = self._wrapped()
        for study in self._before.keyed:
            self._needed.add(study)
        for entry in self._packed():
            self._needed.add(entry.study)
        erased = self._erased(frozenset(study for study in self._needed if study not in keyed))
        doomed, held = DiscMap(self._aside), DiscMap(self._aside)
        for entry in self._packed():
            gone = not (self._folder / entry.path).exists()
            if entry.study not in keyed or self._erased_since(entry.study, erased, gone=gone):
                doomed.add(entry.path)
                continue
            held.add(entry.study)
            self.packs += 1
            if gone:
                self._ill(entry.path, "gone")
        made_at = to_text(self._source.clock.now())
        bundle = self._sink.take_bytes("keyring", write_bundle(line for _, line in lines.rows()))
        for path in doomed:
            del self._entries[path]
        self.studies = len(held)
        return replace(
            self._made,
            made_at=made_at,
            illnesses=self._illnesses,
            entries=self._entries,
            keyring=bundle,
            keys=len(keyed),
            erased=tuple(sorted(erased.items())),
        )

    def _packed(self) -> Iterator[Entry]:
        return (entry for entry in self._entries.values() if entry.study)

    def _wrapped(self) -> tuple[DiscMap, DiscMap]:
        """Read the keyring once: the studies whose key opens, and the lines of the bundle, which is not put yet."""
        keyed, lines = DiscMap(self._aside), DiscMap(self._aside)
        for one in self._source.vault.wrapped_keyring():
            if one.study and one.opens:
                keyed.add(one.study)
            lines[one.name] = bundle_line(one.name, one.content)
        return keyed, lines

    def _erased_since(self, study: str, erased: Mapping[str, str], *, gone: bool) -> bool:
        """Tell whether what was copied of a study is what an erasure removed: a pack that is gone by one is no loss."""
        at = erased.get(study, "")
        if gone:
            return at >= (self._before.began_at or self._began)
        looked = self._looked_again.get(study)
        return at >= self._began if looked is None else at > looked

    def _erased(self, without_key: frozenset[str]) -> dict[str, str]:
        """Return every erasure that the account knows of. Raises KeyMissing for who lacks a key without one."""
        left = _TAKES
        while True:
            self._source.journal.flush()
            facts, left = erasures(self._folder / "journal"), left - 1
            missing = without_key - facts.keys()
            if not missing:
                return facts
            if not left:
                raise KeyMissing(count=len(missing), study=min(missing))
            time.sleep(self._how.patience)

    # -- notes --

    def _ill(self, path: str, reason: str) -> None:
        self._illnesses += 1
        parts = path.split("/")
        self._how.tell(PackDiffers(study=parts[2], pack=survey_pack(path), reason=reason))

    def _keep(self, entry: Entry, moved: int = 0) -> None:
        self._entries[entry.path] = entry
        self._since += moved
        limits = self._how.limits
        if self._since > limits.checkpoint_bytes or time.monotonic() > self._saved_at + limits.checkpoint_seconds:
            self.save()


def survey_pack(path: str) -> str:
    """Return the id of the pack at a path."""
    return path.rpartition("/")[2].removesuffix(".pack")


def erasures(journal: Path) -> dict[str, str]:
    """Return when each study was last erased, by what the account says."""
    name = Kind.STUDY_ERASED.value.name
    facts: Iterator[tuple[str, str]] = (
        (one.subject, one.at) for one in entries(journal, Filter((Ledger.ACCOUNT,), (name,))) if one.kind == name
    )
    return dict(sorted(facts, key=lambda fact: fact[1]))


def _encode_expected(one: _Expected) -> bytes:
    return json.dumps(one).encode("ascii")


def _decode_expected(data: bytes) -> _Expected:
    study, tail = json.loads(data)
    return study, ExpectedTail(*tail)


def _nothing_of(entry: Entry) -> Entry:
    """Keep only what was expected of a pack: the restored home then knows that it is missing."""
    return entry._replace(end=0, mark=survey.NOTHING, pieces=(), seen=(0, 0))


def _furthest(one: ExpectedTail | None, other: ExpectedTail | None) -> ExpectedTail | None:
    if one is None or other is None:
        return one or other
    return other if other.records > one.records else one
