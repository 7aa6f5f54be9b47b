"""Judges a home after a fault, by the product's own code: docs/design/durability.md §1."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from primum.ground.errors import PrimumError
from primum.imaging import EVERYTHING, Indexer, NotHere, Stored, open_index, tails
from primum.imaging.store import dump, reading
from primum.journal import Fact, Journal, Kind, entries, verify_journal
from primum.vault import Position
from primum.vault.export import list_generations
from primum.vault.keyring import open_key_file
from tests.faults.homes import PROBE, Home, home_in, slice_in, study_ref
from tests.unit.imaging.conftest import data_set
from tests.unit.journal.scene import HOME, PERSON, SESSION

Facts = Mapping[str, object]


@dataclass
class Expected:
    """What had returned before the fault."""

    stored: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Study and SHA-256 of each instance, by SOP Instance UID; what an approved erasure may have taken is not here."""
    gone: dict[str, str] = field(default_factory=dict)
    """Study of each instance whose erasure was approved: it is gone once what was cut short is repeated."""
    erased: dict[str, str] = field(default_factory=dict)
    """Of those, the ones whose erasure had returned: they are gone at once."""
    buried: set[str] = field(default_factory=set)
    """Studies that were erased as a whole: what is sent again is kept, and in no list."""
    confidential: set[str] = field(default_factory=set)
    facts: set[str] = field(default_factory=set)
    roots: list[str] = field(default_factory=list)
    generations: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, returned: Iterable[Facts]) -> Expected:
        """Read the marks."""
        one = cls()
        for facts in returned:
            one._note(facts)
        return one

    def _note(self, facts: Facts) -> None:  # noqa: C901 (one case per mark)
        match facts:
            case {"stored": str(sop), "study": str(study), "sha256": str(digest)}:
                self.stored[sop] = (study, digest)
            case {"approved": str(study), "gone": list(sops), "whole": bool(whole)}:
                if whole:
                    self.buried.add(study)
                for sop in sops:
                    self.stored.pop(sop, None)
                    self.gone[sop] = study
            case {"erased": str(study), "gone": list(sops)}:
                self.erased |= dict.fromkeys(sops, study)
            case {"confidential": str(study)}:
                self.confidential.add(study)
            case {"fact": str(subject)}:
                self.facts.add(subject)
            case {"root": str(note)}:
                self.roots.append(note)
            case {"generation": str(name), "keys": list(studies)}:
                self.generations[name] = studies
            case {"began": str()}:
                pass
            case _:
                raise AssertionError(facts)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A promise that was not kept. `what`: lost, damaged, revived, differing, journal, stuck."""

    what: str
    said: str


@dataclass
class Judgement:
    """What was looked at, and what was wrong."""

    acknowledged: int = 0
    complaints: list[Complaint] = field(default_factory=list)

    def complain(self, what: str, said: object) -> None:
        self.complaints.append(Complaint(what, str(said)))


def judge(folder: Path, returned: Iterable[Facts], *, empty_index: Path, store_first: bool = False) -> Judgement:
    """Open what a fault left in `folder` (which is changed by it), and look whether every promise was kept.

    `empty_index`: an index without rows, to be copied. `store_first`: receivers are faster than the worker.
    """
    expected, found = Expected.of(returned), Judgement()
    found.acknowledged = len(expected.stored)
    try:
        with home_in(folder) as home:
            home.house.clock.advance(timedelta(days=400))
            _Judge(home, expected, found, empty_index).run(store_first=store_first)
    except Exception as error:  # noqa: BLE001 (whatever stops the house is what we look for)
        code = getattr(error, "code", "")
        found.complain("stuck", f"{type(error).__name__} {code}: {error}")
    return found


class _Judge:
    def __init__(self, home: Home, expected: Expected, found: Judgement, empty_index: Path) -> None:
        self._home, self._house, self._expected, self._found = home, home.house, expected, found
        self._empty_index = empty_index
        self._more: dict[str, tuple[str, str]] = {}

    def run(self, *, store_first: bool) -> None:
        self._gone(self._expected.erased)
        if self._expected.gone == self._expected.erased:  # else a pack may be gone before its tail is forgotten
            self._check("at once", deep=True)
        if store_first:
            self._store_more()
        self._start()
        if not store_first:
            self._house.indexer.take(self._store_more())
        self._readable(self._expected.stored | self._more)
        self._gone(self._expected.gone)
        self._confidential()
        self._check("in the end", deep=False)
        self._same_as_rebuilt()
        self._copies()
        self._journal()

    def _start(self) -> None:
        """What the worker does when it starts, and in the minutes after."""
        self._house.indexer.catch_up()
        if self._expected.gone:
            self._home.keeping.run()

    def _check(self, when: str, *, deep: bool) -> None:
        for illness in self._house.vault.check(tails(self._house.records), deep=deep):
            if illness.severity == "damage":
                self._found.complain("damaged", f"{when}: {illness.code} {illness}")

    def _store_more(self) -> list[Stored]:
        house, hints = self._house, []
        # two of each size that the workload stores: what takes the place of a lost one has its length
        for uid in [*sorted({study for study, _ in self._expected.stored.values()}), PROBE]:
            for number, size in ((901, 3000), (902, 9000)):
                data = data_set(slice_in(uid, number, size))
                hints.append(house.device.store(data))
                self._more[f"{uid}.1.{number}"] = (uid, sha256(data).hexdigest())
        house.device.close()
        return hints

    def _readable(self, wanted: Mapping[str, tuple[str, str]]) -> None:
        by_study: dict[str, dict[str, str]] = {}
        for sop, (study, digest) in wanted.items():
            by_study.setdefault(study, {})[sop] = digest
        for study, sops in by_study.items():
            try:
                entries = self._house.archive.instances_of(study_ref(study), EVERYTHING)
                listed = {one.sop_uid: one.position for one in entries}
            except NotHere:
                listed = {}
            if study in self._expected.buried:
                for sop in listed:
                    self._found.complain("revived", f"{sop} is listed, of a study that was erased")
                listed = dict(self._in_packs(study_ref(study)))
            for sop, digest in sops.items():
                self._readable_one(listed.get(sop), sop, digest)

    def _in_packs(self, ref: str) -> Iterator[tuple[str, Position]]:
        vault = self._house.vault
        for pack in vault.packs(ref):
            for one in vault.replay(ref, pack.pack):
                if isinstance(one, Position):
                    yield vault.open(one).facts.sop_instance_uid, one

    def _readable_one(self, position: Position | None, sop: str, digest: str) -> None:
        if position is None:
            self._found.complain("lost", f"{sop} is not in the index")
            return
        try:
            data = b"".join(self._house.vault.open(position).chunks())
        except PrimumError as refusal:
            self._found.complain("lost", f"{sop}: {getattr(refusal, 'code', '')} {refusal}")
            return
        if sha256(data).hexdigest() != digest:
            self._found.complain("lost", f"{sop} has other bytes")

    def _gone(self, gone: Mapping[str, str]) -> None:
        if not gone:
            return
        house = self._house
        for study in set(gone.values()):
            for sop, _ in self._in_packs(study_ref(study)):
                if sop in gone:
                    self._found.complain("revived", f"{sop} is in a pack")
        with reading(house.index) as index:
            for table in ("instances", "versions", "rejected"):
                for (sop,) in index.exec_driver_sql(f"SELECT sop_uid FROM {table}"):
                    if sop in gone:
                        self._found.complain("revived", f"{sop} is in the index")

    def _confidential(self) -> None:
        with reading(self._house.index) as index:
            marked = {ref for (ref,) in index.exec_driver_sql("SELECT ref FROM studies WHERE confidential")}
        there = {study for study, _ in self._expected.stored.values()}
        for study in self._expected.confidential & there:
            if study_ref(study) not in marked:
                self._found.complain("revived", f"study {study} is not confidential any more")

    def _same_as_rebuilt(self) -> None:
        house, place = self._house, self._house.folder / "rebuilt.db"
        shutil.copyfile(self._empty_index, place)
        other = open_index(place, b"i" * 32)
        try:
            Indexer(other, house.records, house.vault, house.clock).rebuild()
            here, there = dump(house.index), dump(other)
        finally:
            other.dispose()
        for table in here:
            if here[table] != there[table]:
                self._found.complain("differing", f"{table}: {_difference(here[table], there[table])}")

    def _copies(self) -> None:
        folder = self._house.folder / "copies"
        made = {one.folder.name: one for one in list_generations(folder)}
        for name, studies in self._expected.generations.items():
            for study in studies:
                ref = study_ref(study)
                key = house_key = None
                if name in made:
                    file = next(iter(made[name].folder.glob(f"*/{ref}.key")), None)
                    key = None if file is None else open_key_file(b"k" * 32, ref, file.read_bytes())
                    house_key = self._house.vault._keyring.find(ref)
                if key is None or key != house_key:
                    self._found.complain("lost", f"the key of {study} in {name}")

    def _journal(self) -> None:
        folder = self._house.folder / "journal"
        with Journal(folder, "web", self._house.clock, self._house.vault._disc, HOME) as other:
            for journal in (other, self._home.journal):
                journal.record(Fact(Kind.STUDY_VIEWED, PERSON, "e" * 26, {"session": SESSION}))
        signed = self._home.signer.sign_heads()
        if signed.ill:
            self._found.complain("journal", f"not signed: {signed.ill}")
        for one in verify_journal(folder, self._home.signer.verifier_key, self._expected.roots).illnesses:
            self._found.complain("journal", f"{one.place}: {one.code}")
        there = {entry.subject for entry in entries(folder)}
        for subject in self._expected.facts - there:
            self._found.complain("journal", f"the fact of {subject} is lost")


def _difference(here: list[tuple[object, ...]], there: list[tuple[object, ...]]) -> str:
    more = [one for one in here if one not in there]
    less = [one for one in there if one not in here]
    return f"{len(more)} rows only here, {len(less)} only in the rebuilt; {str((more + less)[0])[:300]}"
