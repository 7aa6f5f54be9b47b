"""`primum vault check`: every illness of every pack, against the tails that the caller remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from primum.ground.disc import BLOCK
from primum.vault.illnesses import (
    Illness,
    KeyBroken,
    Leftover,
    MissingKey,
    RecordsMissing,
    ReorderedRecord,
    RolledBack,
    TornTail,
    WrongStudy,
)
from primum.vault.keyring import Keyring
from primum.vault.model import Tail
from primum.vault.packfile import Found, Misplaced, PackFile
from primum.vault.places import Places
from primum.vault.refusals import SealBroken
from primum.vault.scan import scan, trailer_by_shape

Progress = Callable[[int, int], None]
"""Told (packs done, packs in all) after each pack."""


def check(
    places: Places, keyring: Keyring, expected: Mapping[str, Tail], progress: Progress | None, *, deep: bool
) -> Iterator[Illness]:
    """Look at all packs; `deep` opens every segment. Nothing is held for each of them: there may be millions."""
    absent = {tail.pack: tail for tail in expected.values() if not places.pack(tail.study, tail.pack).exists()}
    total = sum(1 for _ in _packs(places))
    for done, (study, pack) in enumerate(_packs(places), 1):
        absent.pop(pack, None)  # it is there, in the folder of another study
        yield from check_pack(places, keyring, study, pack, expected.get(pack), deep=deep)
        if progress is not None:
            progress(done, max(done, total))
    for tail in absent.values():
        yield RecordsMissing(study=tail.study, pack=tail.pack, end=tail.end, missing=tail.count)


def _packs(places: Places) -> Iterator[tuple[str, str]]:
    return ((study, pack) for study in places.studies() for pack in places.packs(study))


def check_pack(
    places: Places, keyring: Keyring, study: str, pack: str, expected: Tail | None, *, deep: bool
) -> Iterator[Illness]:
    """Look at one pack."""
    path = places.pack(study, pack)
    try:
        key = keyring.find(study)
    except SealBroken:
        yield KeyBroken(study=study, pack=pack)
        return
    if key is None:
        yield MissingKey(study=study, pack=pack, end=path.stat().st_size)
        return
    with PackFile(path, study, pack, key) as file:
        yield from _Examination(file, expected, deep=deep).run()


@dataclass(slots=True)
class _Seen:
    """What the scan of a pack has shown."""

    records: int = 0
    last: Found | None = None
    chain_at_expected: str | None = None
    torn: TornTail | None = None


class _Examination:
    def __init__(self, file: PackFile, expected: Tail | None, *, deep: bool) -> None:
        self._file, self._expected, self._deep = file, expected, deep
        self._count = expected.count if expected else 0

    def run(self) -> Iterator[Illness]:
        file, seen = self._file, _Seen()
        verdict = file.header()
        if verdict == "wrong-place":
            yield WrongStudy(study=file.study, pack=file.pack, end=file.size)
            return
        illnesses = list(self._scan(seen))
        if verdict == "other-key" and not seen.records:
            yield MissingKey(study=file.study, pack=file.pack, end=file.size)
            return
        if verdict != "good" and (seen.records or self._count):
            if seen.records == 1 and file.header_torn():
                yield Leftover(study=file.study, pack=file.pack, offset=0, end=BLOCK)
            else:
                yield file.flipped(0, BLOCK, "header of the pack")
        yield from illnesses
        yield from self._compare(seen)
        if seen.torn is not None:
            yield seen.torn

    def _scan(self, seen: _Seen) -> Iterator[Illness]:
        for one in scan(self._file, believed=self._count):
            if isinstance(one, Found):
                yield from self._record(one, seen)
            elif isinstance(one, TornTail):
                seen.torn = one
            else:
                yield one
        if seen.last is not None and not self._deep and not seen.last.trailer.ordered:
            yield from self._file.verify(seen.last)

    def _record(self, found: Found, seen: _Seen) -> Iterator[Illness]:
        seen.records += 1
        seen.last = found
        if found.trailer.sequence == self._count:
            seen.chain_at_expected = found.chain.hex()
        elif found.trailer.sequence == self._count + 1 and seen.chain_at_expected is None:
            seen.chain_at_expected = found.trailer.previous.hex()
        if self._deep:
            yield from self._file.verify(found)
        else:
            yield from self._file.verify_frame(found)

    def _compare(self, seen: _Seen) -> Iterator[Illness]:
        if self._expected is None:
            return
        file = self._file
        count = seen.last.trailer.sequence if seen.last else 0
        if count < self._count:
            end = seen.last.end if seen.last else BLOCK
            yield from self._damaged_tail(end)
            seen.torn = None
            missing = self._count - count
            yield RecordsMissing(study=file.study, pack=file.pack, offset=end, end=self._expected.end, missing=missing)
        elif seen.chain_at_expected not in {None, self._expected.chain}:
            yield RolledBack(study=file.study, pack=file.pack, offset=BLOCK, end=file.size)

    def _damaged_tail(self, end: int) -> Iterator[Illness]:
        file = self._file
        trailers = [at for at in range(end, file.size - BLOCK + 1, BLOCK) if file.looks_like_trailer(at)]
        placed = [at for at in trailers if not isinstance(file.ending_at(at + BLOCK), Misplaced)]
        if len(placed) < len(trailers):
            at = next(at for at in trailers if at not in placed)
            yield ReorderedRecord(study=file.study, pack=file.pack, offset=at, end=at + BLOCK)
        elif (found := trailer_by_shape(file, end, file.size, placed)) is not None:
            yield file.flipped(found, found + BLOCK, "trailer")
