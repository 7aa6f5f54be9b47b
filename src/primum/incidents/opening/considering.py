"""Findings become files: a sweep that remembers in which state it saw each. Run twice, it does nothing twice.

Two steps, each a transaction: a finding is put on a record (opened, or the open one that concerns the same address),
and only then the record's facts are filled and the finding's state remembered. A crash between the two, or between a
finding and this, is repaired by the next sweep.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from primum.exposure.findings.model import NoSuchFinding
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.incidents import store
from primum.incidents.model import SYSTEM, EntryKind, Evidence, Origin, Which
from primum.incidents.opening.knowing import Knowing, digest_of
from primum.incidents.opening.refilling import Refilling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from primum.exposure.findings.model import Change, Finding
    from primum.exposure.findings.service import Findings
    from primum.identity import Actor
    from primum.incidents.facts.own import Own
    from primum.incidents.model import Dossier, File
    from primum.incidents.opening.knowing import Known
    from primum.incidents.service import Incidents

_AGAIN: Final = timedelta(days=1)
"""How often the facts of this Primum are counted anew while a hole of it stays open."""
_LINKED: Final = 200
"""Findings that one entry names: a probe of one machine finds some dozens."""
_log = Log("incidents")


class Considering:
    """The sweep over findings. Safe to use from several threads."""

    def __init__(self, files: Incidents, findings: Findings, own: Own, language: str) -> None:
        """Open files in `files` for what is in `findings`; the first sentence of each is in `language` (fr, en)."""
        self._files, self._findings, self._own, self._language = files, findings, own, language
        self._turn = threading.Lock()
        self._counted_at: dict[str, datetime] = {}
        """When the facts of this Primum were last counted, by record."""

    def on_findings(self, _changes: Sequence[tuple[Finding, Change]]) -> None:
        """Take what findings hand on: whatever is new is looked at, these among it."""
        self.consider()

    def consider(self) -> int:
        """Look at every finding that is not as it was. Return how many files were opened, and records filled."""
        with self._turn:
            return self._sweep().run()

    def open_for(self, by: Actor, finding_id: str) -> File:
        """Open a file for a finding that opened none, as a person asks; give the one that stands where there is one.

        Raises NotPermitted, NoSuchFinding, BadEntry.
        """
        with self._turn:
            return self._sweep().open_for(by, finding_id)

    def _sweep(self) -> _Sweep:
        return _Sweep(self._files, self._findings, self._own, self._language, self._counted_at)


class _Sweep:
    """One sweep: what was read for it is read once."""

    def __init__(
        self, files: Incidents, findings: Findings, own: Own, language: str, counted_at: dict[str, datetime]
    ) -> None:
        self._files, self._language, self._counted_at = files, language, counted_at
        self._knowing = Knowing(findings, own, files.now())
        self._refilling = Refilling(files, self._knowing, own)
        self._failed: set[str] = set()
        self._by = SYSTEM

    def run(self) -> int:
        before = self._considered()
        changed = [one for one in self._knowing.every.values() if before.get(one.id, ("", ""))[0] != digest_of(one)]
        new = [self._knowing.know(one) for one in changed if before.get(one.id, ("", ""))[1] == ""]
        done = sum(self._place(place, new) for place in dict.fromkeys(one.place for one in new))
        cases = {finding_id: case for finding_id, (_, case) in self._considered().items()}
        settled = [one for one in changed if one.id not in self._failed]
        for case_id in sorted({cases.get(one.id, "") for one in settled} | self._counted_again(cases)):
            done += self._fill(case_id, [one for one in settled if cases.get(one.id, "") == case_id])
        return done

    def open_for(self, by: Actor, finding_id: str) -> File:
        found = self._knowing.every.get(finding_id)
        if found is None:
            raise NoSuchFinding
        known = replace(self._knowing.know(found), asked=True)
        concerned = self._concerned([known])
        self._files.may_open(by, concerned)
        self._by = by.person_id
        with self._files.transaction() as tx:
            self._put(tx, known.place, [known])
            case_id = (store.considered(tx, found.id) or ("", ""))[1]
            file = next(one for one in store.files_of(tx, case_id) if one.controller_id in concerned)
        self._fill(case_id, [found])
        return file

    def _considered(self) -> dict[str, tuple[str, str]]:
        with self._files.reading() as tx:
            return store.all_considered(tx)

    # -- which record --

    def _place(self, place: str, new: Sequence[Known]) -> int:
        """Put what is new at a place on a record; return how many files were opened.

        What cannot be put keeps nothing else from it, and is tried again at the next sweep.
        """
        there = [one for one in new if one.place == place and (one.opens or one.finding.hole is not None)]
        try:
            with self._files.transaction() as tx:
                return self._put(tx, place, there)
        except PrimumError as refused:
            self._failed |= {one.finding.id for one in there}
            _log.warning("incidents.not-opened", count=len(there), code=refused.code)
            return 0

    def _put(self, tx: Connection, place: str, there: list[Known]) -> int:
        opening = sorted((one for one in there if one.opens), key=_weightiest)
        standing = self._standing_at(place)
        if not there or not (opening or standing):
            return 0
        made = self._open(tx, opening, standing) if opening else []
        file = made[0] if made else standing[0]
        # what was found there before, and opened nothing then, belongs to it now
        linked = [*there, *(self._earlier(tx, place, there) if not standing else ())]
        ids = [one.finding.id for one in linked]
        for at in range(0, len(ids), _LINKED):
            self._files.write_within(tx, file, EntryKind.LINKED, {"findings": ids[at : at + _LINKED]})
        self._detected(tx, file, opening or there)
        for one in linked:
            store.consider(tx, one.finding.id, "", file.case_id, self._files.now())
        return len(made)

    def _open(self, tx: Connection, opening: list[Known], standing: list[File]) -> list[File]:
        """Open a file for each controller that is concerned and has none: on the record that stands, or a new one."""
        has = {one.controller_id for one in standing}
        missing = [one for one in self._concerned(opening) if one not in has]
        case_id = standing[0].case_id if standing else ""
        sentence = opening[0].sentence(self._language)
        if not missing:
            return []
        return self._files.open_files(tx, Origin.FINDING, sentence, missing, self._by, case_id=case_id)

    def _earlier(self, tx: Connection, place: str, there: Sequence[Known]) -> Iterator[Known]:
        new = {one.finding.id for one in there}
        for one in self._knowing.every.values():
            if one.id in new or one.hole is None or one.closed_at is not None or self._knowing.place_of(one) != place:
                continue
            if (store.considered(tx, one.id) or ("", ""))[1] == "":
                yield self._knowing.know(one)

    def _standing_at(self, place: str) -> list[File]:
        """List the open files on the record that concerns a place: the oldest, where there are several records."""
        found = [one for one in self._files.all_open() if place in self._places(one)]
        if not found:
            return []
        first = min(found, key=lambda one: (one.file.opened_at, one.file.id))
        return [one.file for one in found if one.file.case_id == first.file.case_id]

    def _places(self, dossier: Dossier) -> set[str]:
        """Say which places a file concerns: those of its findings, and the address that a person gave of the system."""
        found = {
            self._knowing.place_of(self._knowing.every[one]) for one in dossier.findings if one in self._knowing.every
        }
        told = str(dossier.value("system", {}).get("address", ""))
        return found | {self._knowing.normal(one.strip()) for one in told.split(",") if one.strip()}

    def _concerned(self, opening: Sequence[Known]) -> list[str]:
        """List the controllers: those whose grants let the stranger in, where all of it is by such grants; else all."""
        every = [one.id for one in self._files.controllers()]
        by_grants: set[str] = set()
        for one in opening:
            grants = self._knowing.grants(one.finding)
            if not grants:
                return every
            by_grants |= {grant.controller_id for grant in grants}
        return [one for one in every if one in by_grants] or every

    def _detected(self, tx: Connection, file: File, seen: Sequence[Known]) -> None:
        """Write when it was detected, where that is earlier than what the file says."""
        first = min(seen, key=_first).finding
        # a clock that was set back since must not keep a file from being opened
        at = min(first.detected_at, self._files.now())
        known = self._files.dossier_within(tx, file).detected_first
        if known is None or at < known:
            body = {
                "which": Which.DETECTED.value, "at": to_text(at), "reason": seen[0].sentence(self._language),
                "evidence": [Evidence("finding", first.id, first.what()).as_json()],
            }  # fmt: skip
            self._files.write_within(tx, file, EntryKind.INSTANT, body)

    # -- which facts --

    def _fill(self, case_id: str, changed: Sequence[Finding]) -> int:
        """Fill one record, then remember how its findings are; what goes wrong with it is tried again."""
        try:
            written = self._refilling.refill(case_id) if case_id else 0
            if written is None:
                return 0  # all its files are closed: looked at again, for one may be reopened
            self._counted_at[case_id] = self._files.now()
            with self._files.transaction() as tx:
                for one in changed:
                    store.consider(tx, one.id, digest_of(one), case_id, self._files.now())
        except PrimumError as refused:
            _log.warning("incidents.not-filled", record=case_id, code=refused.code)
            return 0
        return int(written > 0)

    def _counted_again(self, cases: Mapping[str, str]) -> set[str]:
        """List the records on which a hole of this Primum is open still, and was counted a day ago."""
        now, due = self._files.now(), set()
        for finding_id, case_id in cases.items():
            one, counted = self._knowing.every.get(finding_id), self._counted_at.get(case_id)
            late = counted is None or now - counted >= _AGAIN
            if case_id and late and one is not None and one.closed_at is None and self._knowing.grants(one):
                due.add(case_id)
        return due


def _first(one: Known) -> tuple[datetime, str]:
    return one.finding.detected_at, one.finding.id


def _weightiest(one: Known) -> tuple[int, str]:
    return one.reason.rank if one.reason else 0, one.finding.id
