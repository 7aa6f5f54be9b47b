"""From findings to facts: what a run measured, and nothing else (docs/design/incidents.md, filling.toml). Pure.

Never here: how many people, who saw it, the origin, the cause, awareness, consequences, measures. Of these a probe of
somebody else's product knows nothing; own.py fills some of them for this Primum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from primum.exposure.findings.model import Finding
from primum.exposure.probe.model import LADDERS, Family, Mode, Outcome
from primum.exposure.ran import Ran
from primum.ground.clock import to_text
from primum.incidents.dated import read_dated
from primum.incidents.limits import LIMITS
from primum.incidents.model import Evidence, Role

FILLED: Final = (
    "system", "reached", "first-refused", "readable", "vantage", "found-by", "protections-before", "began", "ended",
    "nature", "people-categories", "records", "studies", "data", "sensitive", "intelligible",
)  # fmt: skip
"""All that a finding may ever fill."""
OF_THE_HOUSE: Final = ("organisation", "role")
_SHOWN: Final = 20
"""Findings, and as many runs, that one fact names: with both it stays within the bound of an entry."""
_LISTED: Final = 40
"""Listeners that are named: a machine with more was probed beside its archive."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding with the runs that prove it. `nature`: what it shows (opening.toml); empty where it opens no file."""

    finding: Finding
    nature: tuple[str, ...] = ()
    family: Family | None = None
    before: Ran | None = None
    """The last run that proved it closed, before it was open."""
    first: Ran | None = None
    """The first that proved it open."""
    last: Ran | None = None
    """The last that proved it open."""
    end: Ran | None = None
    """The first that proved it closed, after."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A fact as it was measured."""

    key: str
    value: Any
    evidence: tuple[Evidence, ...]


@cache
def _tables() -> dict[str, Any]:
    return read_dated("primum.incidents.facts", "filling.toml")


def fill(seen: Sequence[Seen]) -> list[Filled]:
    """Give every fact that these findings show. What opens no file by itself says what was reached, and no more."""
    told = [one for one in seen if one.nature]
    if not told:
        return []
    every = sorted(seen, key=_order)
    told = sorted(told, key=_order)
    holes = [one for one in told if one.finding.hole is not None]
    values: dict[str, tuple[Any, Sequence[Seen]]] = {
        "system": (_system(told), told),
        "reached": (_reached(every), every),
        "first-refused": (_first_refused(holes), holes),
        "readable": (_readable(told), _readers(told)),
        "vantage": (list(dict.fromkeys(one.finding.place.value for one in told)), told),
        "found-by": (_tables()["found-by"][min(told, key=_detected).finding.source.value], told),
        "protections-before": (_protections(holes), holes),
        "began": (_began(told), told),
        "ended": (_ended(told), told),
        "nature": (_in_order(word for one in told for word in one.nature), told),
        "people-categories": (_words("people", _readable(told)), _readers(told)),
        "data": (_words("data", _readable(told)), _readers(told)),
        "sensitive": (_words("sensitive", _readable(told)), _readers(told)),
        "intelligible": ("yes" if _readable(told) else "", _readers(told)),
        "studies": (_studies(told), _counted(told)),
        "records": (_studies(told), _counted(told)),
    }
    return [Filled(key, value, evidence(why)) for key, (value, why) in values.items() if value]


def of_the_house(name: str, controller_id: str, role: Role) -> list[Filled]:
    """Give what the house knows of itself: the controller's name, and in which role it keeps the file."""
    return [
        Filled("organisation", {"name": name}, (Evidence("register", controller_id),)),
        Filled("role", role.value, (Evidence("register", "hosts_for_others"),)),
    ]


def evidence(seen: Iterable[Seen]) -> tuple[Evidence, ...]:
    """Name findings and the runs that prove them, each once."""
    findings: dict[str, Evidence] = {}
    runs: dict[str, Evidence] = {}
    for one in seen:
        findings[one.finding.id] = Evidence("finding", one.finding.id, one.finding.what())
        for ran in (one.before, one.first, one.last, one.end):
            if ran is not None:
                runs[ran.digest] = Evidence("run", ran.digest, f"{ran.place.value} {to_text(ran.ended_at)}")
        if one.first is None and one.finding.run:
            runs[one.finding.run] = Evidence("run", one.finding.run, one.finding.place.value)
    return (*list(findings.values())[:_SHOWN], *list(runs.values())[:_SHOWN])


# -- each fact --


def _system(told: Sequence[Seen]) -> dict[str, str]:
    holes = [one.finding for one in told if one.finding.hole is not None]
    if not holes:
        return {"product": "Primum"}  # a line of the check is about this installation
    found = {
        "product": _joined(one.product for one in holes),
        "address": _joined(one.hole.address for one in holes if one.hole),
        "port": _joined(str(one.hole.port) for one in holes if one.hole),
        "mode": _joined(one.hole.mode.value for one in holes if one.hole),
    }
    return {name: text for name, text in found.items() if text}


def _reached(every: Sequence[Seen]) -> list[str]:
    ladder = list(dict.fromkeys(rung.value for rungs in LADDERS.values() for rung in rungs))
    words = {one.finding.what() for one in every}
    return [*(one for one in ladder if one in words), *sorted(words - set(ladder))][:_LISTED]


def _first_refused(holes: Sequence[Seen]) -> dict[str, str]:
    """Take that of the first listener where anything was refused, as it was seen last."""
    for one in holes:
        if one.finding.refused_rung:
            found = {"rung": one.finding.refused_rung, "code": one.finding.refused_code}
            return {name: text for name, text in found.items() if text}
    return {}


def _readable(told: Sequence[Seen]) -> list[str]:
    return _in_order(name for one in told for name in one.finding.readable)[: LIMITS.line]


def _readers(told: Sequence[Seen]) -> list[Seen]:
    return [one for one in told if one.finding.readable]


def _protections(holes: Sequence[Seen]) -> list[str]:
    found: list[str] = []
    for one in holes:
        hole = one.finding.hole
        if hole is None:
            continue
        rules, who = _tables(), hole.identity.value
        found += [rules["mode"].get(hole.mode.value, ""), rules["identity"].get(who, "")]
        if one.family is Family.DICOM:
            found.append(rules["title"].get(who, ""))
        if hole.mode is Mode.TLS:
            found.append(rules["tls-without-certificate"].get(who, ""))
        found.append(rules["place"].get(one.finding.place.value, ""))
    return _in_order(word for word in found if word)


def _began(told: Sequence[Seen]) -> dict[str, str | None]:
    """Say between which two proofs the first of them began; without a proof before, there is no lower bound."""
    after = min(told, key=lambda one: one.finding.first_open_at)
    value: dict[str, str | None] = {
        "not_before": None,
        "not_after": to_text(after.finding.first_open_at),
        "proof_after": _proof_open(after.finding, after.first),
    }
    closed = [(one.finding.last_closed_at, one) for one in told if one.finding.last_closed_at is not None]
    if len(closed) == len(told):
        at, before = min(closed, key=lambda pair: pair[0])
        value |= {"not_before": to_text(at), "proof_before": _proof_closed(before.finding, before.before)}
    return value


def _ended(told: Sequence[Seen]) -> dict[str, str]:
    """Say that it goes on, as of the last proof, or since when all of it is proven closed."""
    going = [one for one in told if one.finding.closed_at is None]
    if going:
        last = max(going, key=lambda one: one.finding.last_open_at)
        at, proof = last.finding.last_open_at, _proof_open(last.finding, last.last)
        return {"state": "ongoing", "at": to_text(at), "proof": proof}
    ends: list[tuple[datetime, Seen]] = [(one.finding.closed_at, one) for one in told if one.finding.closed_at]
    at, closed = max(ends, key=lambda pair: pair[0])
    return {"state": "ended", "at": to_text(at), "proof": _proof_closed(closed.finding, closed.end)}


def _counted(told: Sequence[Seen]) -> list[Seen]:
    return [one for one in told if one.finding.studies is not None]


def _studies(told: Sequence[Seen]) -> dict[str, int | bool]:
    """Take the highest count: two listeners of one machine show the same archive, or they show more than that."""
    by_listener: dict[tuple[str, int], Finding] = {}
    for one in _counted(told):
        hole = one.finding.hole
        if hole is not None:
            known = by_listener.get((hole.address, hole.port))
            if known is None or (one.finding.studies or 0) > (known.studies or 0):
                by_listener[hole.address, hole.port] = one.finding
    if not by_listener:
        return {}
    most = max(by_listener.values(), key=lambda one: one.studies or 0)
    differ = len({one.studies for one in by_listener.values()}) > 1
    return {"count": most.studies or 0, "at_least": differ or any(one.studies_at_least for one in by_listener.values())}


# -- helpers --


def _order(one: Seen) -> tuple[Any, ...]:
    hole = one.finding.hole
    return (one.finding.first_open_at, *((hole.port, hole.rung.value) if hole else (0, "")), one.finding.id)


def _detected(one: Seen) -> datetime:
    return one.finding.detected_at


def _in_order(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(_in_order(one for one in texts if one)[:_LISTED])[: LIMITS.text]


def _words(table: str, readable: Iterable[str]) -> list[str]:
    names = set(readable)
    return [word for word, attributes in _tables()[table].items() if names & set(attributes)]


def _proof_open(finding: Finding, ran: Ran | None) -> str:
    """Say how it was proven open: what was asked for was `given`, or `negotiated` and never sent."""
    if finding.hole is None:
        return "check"
    service = ran.service(finding.hole.address, finding.hole.port) if ran is not None else None
    steps = service.steps if service is not None else []
    outcomes = {one.outcome for one in steps if (one.mode, one.rung) == (finding.hole.mode, finding.hole.rung)}
    if Outcome.OPEN in outcomes:
        return "given"
    return "negotiated" if Outcome.NEGOTIATED in outcomes else "run-not-kept"


def _proof_closed(finding: Finding, ran: Ran | None) -> str:
    """Say how it was proven closed: `refused` by who listens, or the port was asked and `port-closed`."""
    if finding.hole is None:
        return "check"
    if ran is None:
        return "run-not-kept"
    return "refused" if ran.service(finding.hole.address, finding.hole.port) is not None else "port-closed"
