"""The facts of a record, brought to what its findings show now: only what is not as it was is written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from primum.incidents import store
from primum.incidents.facts.filling import Seen, fill, of_the_house
from primum.incidents.facts.own import own_facts
from primum.incidents.model import EntryKind, Standing, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from primum.exposure.findings.model import Finding
    from primum.incidents.facts.filling import Filled
    from primum.incidents.facts.own import Grant, Own
    from primum.incidents.model import File
    from primum.incidents.opening.knowing import Knowing
    from primum.incidents.service import Incidents


class Refilling:
    """Fills records, for one sweep."""

    def __init__(self, files: Incidents, knowing: Knowing, own: Own) -> None:
        """Write into `files`."""
        self._files, self._knowing, self._own = files, knowing, own

    def refill(self, case_id: str) -> int | None:
        """Write the facts that are not as they were, on the record and in each file that stands; None: none does.

        A file that others were merged into is filled from the findings of all of them.
        """
        with self._files.reading() as tx:
            standing = self._standing(tx, case_id)
        if not standing:
            return None
        written = 0
        for one, findings in standing:
            seen = [self._knowing.seen(self._knowing.every[each]) for each in findings if each in self._knowing.every]
            name = self._files.controller_name(one.controller_id)
            facts = [*fill(seen), *of_the_house(name, one.controller_id, one.role), *self._own_facts(one, seen)]
            last = {fact.key: fact for fact in facts}  # what was counted here stands for what a probe counted
            with self._files.transaction() as tx:
                written += write_changed(self._files, tx, one, last.values())
        return written

    def _standing(self, tx: Connection, case_id: str) -> list[tuple[File, tuple[str, ...]]]:
        """List the open files that read a record, its own first, then those merged into; each with its findings."""
        found: dict[str, tuple[File, tuple[str, ...]]] = {}
        for one in store.files_of(tx, case_id):
            dossier = self._files.dossier_within(tx, one)
            while dossier.state is State.MERGED:
                into = store.file(tx, dossier.merged_into)
                if into is None:
                    break
                dossier = self._files.dossier_within(tx, into)
            if dossier.state is State.OPEN:
                found[dossier.file.id] = (dossier.file, dossier.findings)
        return sorted(found.values(), key=lambda one: one[0].case_id != case_id)

    def _own_facts(self, file: File, seen: Sequence[Seen]) -> list[Filled]:
        """Count what a grant of this Primum let out of one controller's data."""
        now, told = self._files.now(), [one for one in seen if one.nature]
        by_finding = {one.finding.id: self._knowing.grants(one.finding) for one in told}
        grants = {
            grant.device_id: grant
            for found in by_finding.values()
            for grant in found
            if grant.reads and grant.controller_id == file.controller_id
        }
        if not grants:
            return []
        ours = [one.finding for one in told if by_finding[one.finding.id]]
        since = _since(ours, grants.values())
        until = now if any(one.closed_at is None for one in ours) else max(one.closed_at or now for one in ours)
        on = min(one.first_open_at for one in ours).date()
        reach = self._own.reach(file.controller_id, since, until, on)
        accesses = self._own.accesses(sorted(grants), since, until, self._knowing.run_times(since, until))
        return own_facts(reach, accesses, alone=all(by_finding.values()))


def write_changed(files: Incidents, tx: Connection, one: File, facts: Iterable[Filled]) -> int:
    """Write the facts that were not measured so already; return how many."""
    written = 0
    measured = files.dossier_within(tx, one).measured
    for fact in facts:
        known = measured.get(fact.key)
        if known is not None and known.value == fact.value:
            continue
        body = {
            "key": fact.key, "value": fact.value, "standing": Standing.MEASURED.value,
            "evidence": [each.as_json() for each in fact.evidence],
        }  # fmt: skip
        files.write_within(tx, one, EntryKind.FACT, body)
        written += 1
    return written


def _since(ours: Sequence[Finding], grants: Iterable[Grant]) -> datetime:
    """Say from when on somebody may have come in: the last proof that it was closed; else since the grant was given."""
    closed = [one.last_closed_at for one in ours]
    given = min(one.since for one in grants)
    known = [one for one in closed if one is not None]
    return max(given, min(known)) if len(known) == len(ours) else given
