"""What opens a file by itself: rungs, lines of a check, counts of the journal (opening.toml, dated). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from typing import Any

from primum.exposure.findings.model import Finding
from primum.exposure.probe.model import LADDERS, Family, Rung
from primum.incidents.dated import read_dated


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a finding opens a file. `says`: French and English; `nature`: words of the vocabulary of that name."""

    says: Mapping[str, str]
    nature: tuple[str, ...]
    rank: int = 0
    """Its place in opening.toml: of several the first is said."""
    by_itself: bool = True
    """False: a person may open a file for it, and nobody else."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What of the journal opens a file: so many of one person or source within a time."""

    says: Mapping[str, str]
    count: int = 1
    within: timedelta = timedelta(0)

    @property
    def minutes(self) -> int:
        """Return the time in minutes."""
        return int(self.within.total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds now."""

    rungs: Mapping[tuple[Family, Rung], Reason]
    lines: Mapping[str, Reason]
    not_on_loopback: frozenset[Family]
    export: Watch
    sign_in: Watch
    ill: Watch


@cache
def opening_rules() -> Rules:
    """Return the rules."""
    found = read_dated("primum.incidents.opening", "opening.toml")
    journal = found["journal"]
    return Rules(
        rungs={
            (family, Rung(rung)): _reason(one, rank)
            for rank, one in enumerate(found["rung"])
            for family in map(Family, one["families"])
            for rung in one["rungs"]
            if rung in LADDERS[family]
        },
        lines={one["name"]: _reason(one, len(found["rung"]) + at) for at, one in enumerate(found["line"])},
        not_on_loopback=frozenset(map(Family, found["loopback"]["not"])),
        export=_watch(journal["export"], "studies"),
        sign_in=_watch(journal["sign-in"], "refusals"),
        ill=Watch(_said(journal["ill"])),
    )


def opens(finding: Finding, family: Family | None = None) -> Reason | None:
    """Say why a finding may open a file; None where the rules know no reason.

    `family`: what was spoken there; None where the run is not kept any more: then any that has such a rung may be.
    """
    rules = opening_rules()
    if finding.hole is None:
        return rules.lines.get(finding.line)
    loopback = ip_address(finding.hole.address).is_loopback
    for one in Family if family is None else (family,):
        found = rules.rungs.get((one, finding.hole.rung))
        if found is not None and not (loopback and one in rules.not_on_loopback):
            return found
    return None


def _reason(one: Mapping[str, Any], rank: int) -> Reason:
    return Reason(_said(one), tuple(one["nature"]), rank, one.get("by_itself", True))


def _said(one: Mapping[str, Any]) -> dict[str, str]:
    return {"fr": one["fr"], "en": one["en"]}


def _watch(one: Mapping[str, Any], counted: str) -> Watch:
    return Watch(_said(one), one[counted], timedelta(minutes=one["minutes"]))
