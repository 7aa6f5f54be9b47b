"""What a file says now: its entries, and those of the common record, folded in the order they were written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from primum.ground.clock import from_text
from primum.incidents.model import (
    SYSTEM,
    Decision,
    Dossier,
    Entry,
    EntryKind,
    Evidence,
    Fact,
    File,
    Instant,
    Origin,
    Standing,
    State,
    Which,
)


def fold(file: File, entries: Iterable[Entry]) -> Dossier:
    """Fold entries, of the file, of its record and of what was merged into it, into what stands now.

    They are taken in the order of `seq`, which one counter gives for the whole store.
    """
    ordered = tuple(sorted(entries, key=lambda one: one.seq))
    folded = _Folded()
    for one in ordered:
        folded.take(one, own=one.of == file.id)
    return Dossier(
        file=file,
        state=folded.state,
        origin=folded.origin,
        facts=folded.facts,
        measured=folded.measured,
        instants=folded.instants,
        detected_first=folded.detected_first,
        decisions=folded.decisions,
        findings=tuple(folded.findings),
        entries=ordered,
        merged_into=folded.merged_into,
        merged_from=tuple(folded.merged_from),
        clock_went_back=_out_of_order(ordered),
    )


@dataclass(slots=True)
class _Folded:
    """What stands after some entries."""

    state: State = State.OPEN
    origin: Origin = Origin.PERSON
    facts: dict[str, Fact] = field(default_factory=dict)
    measured: dict[str, Fact] = field(default_factory=dict)
    instants: dict[Which, Instant] = field(default_factory=dict)
    detected_first: datetime | None = None
    decisions: dict[str, Decision] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    merged_into: str = ""
    merged_from: list[str] = field(default_factory=list)

    def take(self, one: Entry, *, own: bool) -> None:
        match one.kind:
            case EntryKind.OPENED if own:
                self.origin = Origin(one.body["origin"])
            case EntryKind.FACT:
                self._fact(one)
            case EntryKind.INSTANT:
                self._instant(one)
            case EntryKind.DECISION:
                self.decisions[one.body["about"]] = _decision(one)
            case EntryKind.LINKED:
                self.findings += [ref for ref in one.body["findings"] if ref not in self.findings]
            case EntryKind.CLOSED if own:
                self.state = State.CLOSED
            case EntryKind.REOPENED if own:
                self.state = State.OPEN
            case EntryKind.MERGED if own:
                self._merged(one)
            case _:
                pass

    def _fact(self, one: Entry) -> None:
        """Take a fact. What a person said is not overwritten by a later measure: that is shown beside it."""
        key = one.body["key"]
        known = self.facts.get(key)
        made = Fact(
            key=key,
            value=one.body["value"],
            standing=Standing(one.body["standing"]),
            evidence=evidence_of(one.body),
            at=one.at,
            by=one.by,
            entry=one.id,
            earlier=(*known.earlier, known.entry) if known is not None else (),
        )
        if one.by == SYSTEM:
            self.measured[key] = made
            if known is not None and known.by != SYSTEM:
                return
        self.facts[key] = made

    def _instant(self, one: Entry) -> None:
        which, at = Which(one.body["which"]), from_text(one.body["at"])
        known = self.instants.get(which)
        if which is Which.DETECTED:
            self.detected_first = at if self.detected_first is None else min(self.detected_first, at)
            if known is not None and not one.body.get("corrects") and at >= known.at:
                return  # seen again: the first time stands
        made = Instant(which, at, one.body["reason"], one.at, one.by, one.id, evidence_of(one.body))
        self.instants[which] = replace(made, corrected=(*known.corrected, known.at)) if known is not None else made

    def _merged(self, one: Entry) -> None:
        if "into" in one.body:
            self.state, self.merged_into = State.MERGED, one.body["into"]
        else:
            self.merged_from.append(one.body["from"])


def evidence_of(body: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """Read the evidence of an entry's body."""
    return tuple(Evidence(one["kind"], one["ref"], one.get("note", "")) for one in body.get("evidence", ()))


def _decision(one: Entry) -> Decision:
    body = one.body
    return Decision(
        body["about"], body["choice"], body["reason"], body.get("ground", ""), body.get("proposed", ""),
        one.at, one.by, one.id,
    )  # fmt: skip


def _out_of_order(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    found, latest = [], None
    for one in entries:
        if latest is not None and one.at < latest:
            found.append(one.id)
        latest = one.at if latest is None else max(latest, one.at)
    return tuple(found)
