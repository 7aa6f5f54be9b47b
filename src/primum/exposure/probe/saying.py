"""What a report says to people, in French and English: first a page that a doctor reads in a minute, then the table.

The first page answers: open or not, since when, who could, how many, what to do now, what is not known.
Plain text lines here; `pages.py` makes the HTML of the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from primum.exposure.probe.model import Family, Hole, Identity, Mode, Outcome, Place, Rung, Service, Verdict
from primum.exposure.probe.outside.hints import told as hints_told
from primum.exposure.probe.report import Address, Gap, Report, places_of, refusals
from primum.exposure.probe.words import has, say

_MOST_PLACES: Final = 8
"""Addresses in one sentence of the first page; all are in the table."""
GATE_CODES: Final = frozenset({
    "probe.control-not-proven", "probe.not-mandated", "probe.mandate-expired", "probe.port-not-held"
})  # fmt: skip
"""Of the gate's refusals, those that a person can do something about."""
_DIGITS: Final = 16
"""Of a SHA-256 on paper."""


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and its lines."""

    head: str
    lines: tuple[str, ...]


def first_line(report: Report, language: str) -> str:
    """Say it in one line; where nobody looked from outside, that too."""
    told, count = report.verdict(), len(report.holes())
    name = "first.open-one" if told is Verdict.OPEN and count == 1 else f"first.{told}"
    line = say(language, name, count=count)
    if report.outside or told is Verdict.VOID:
        return line
    return f"{line} ({say(language, 'first.not-verified')})"


def when_line(report: Report, language: str) -> str:
    """Say when, from where, and by which program."""
    places = ", ".join(say(language, f"place.{one}") for one in places_of(report))
    return say(
        language,
        "first.when",
        began=_instant(report.began_at),
        ended=_instant(report.ended_at),
        places=places,
        program=report.program,
    )


def first_page(report: Report, language: str) -> list[Part]:
    """Say what a doctor needs to know, in a minute."""
    if report.verdict() is Verdict.VOID:
        return [_part("proof", language, [_void(report, language)])]
    parts = [
        _part("open", language, _open(report, language)),
        _part("since", language, _since(report, language)),
        _part("who", language, _who(report, language)),
        _part("many", language, _many(report, language)),
        _part("do", language, _do(report, language)),
        _part("gaps", language, [*_gaps(report.gaps(), language), *_not_allowed(report, language)]),
        _part("proof", language, _proof(report, language)),
    ]
    return [one for one in parts if one.lines]


def rest(report: Report, language: str) -> list[Part]:
    """Say what was found service by service, and address by address. Nothing where the run is void."""
    if report.verdict() is Verdict.VOID:
        return []
    mandates = [
        say(
            language, "rest.mandate", id=one.id, by=one.given_by, quality=one.quality, starts=_instant(one.starts_at),
            ends=_instant(one.ends_at),
        )
        for one in report.mandates
    ]  # fmt: skip
    parts = [
        _part("services", language, [line for one in _services(report) for line in _service(one, language)]),
        _part("addresses", language, _addresses(report, language)),
        _part("mandates", language, mandates),
        _part("hints", language, hints_told(report.facts.get("hints"), language)),
    ]
    return [one for one in parts if one.lines]


def as_text(report: Report, language: str) -> str:
    """Write the report for a terminal."""
    lines = [first_line(report, language), when_line(report, language)]
    for part in [*first_page(report, language), *rest(report, language)]:
        lines += ["", part.head, *(f"  {line}" for line in part.lines)]
    return "\n".join(lines)


def where(address: str, port: int) -> str:
    """Write address and port; IPv6 in brackets (RFC 3986 3.2.2)."""
    shown = f"[{address}]" if ":" in address else address
    return f"{shown}:{port}" if port else shown


def _part(name: str, language: str, lines: Iterable[str]) -> Part:
    return Part(say(language, f"head.{name}"), tuple(lines))


def _void(report: Report, language: str) -> str:
    expected, found = report.fixtures.get("expected", 0), report.fixtures.get("found", 0)
    wrong = report.fixtures.get("closed_found")
    return say(language, "first.missed", missed=expected - found, imagined=len(wrong or []))


def _services(report: Report) -> list[Service]:
    return [*report.services, *(one for view in report.views for one in _services(view))]


def _open(report: Report, language: str) -> list[str]:
    lines = [line for service in _services(report) for line in _open_at(service, language)]
    return lines or [say(language, "first.nothing")]


def _open_at(service: Service, language: str) -> list[str]:
    lines = []
    for mode in Mode:
        holes = [one for one in service.holes() if one.mode is mode]
        if not holes:
            continue
        can = ", ".join(say(language, f"can.{one}") for one in _in_order(holes))
        least = min((one.identity for one in holes), key=tuple(Identity).index)
        name = service.product or service.family.upper()
        spoken = name if mode is Mode.PLAIN else f"{name}, {mode}"
        at, identity = where(service.address, service.port), say(language, f"as.{least}")
        lines.append(say(language, "first.hole", at=at, spoken=spoken, can=can, identity=identity))
    return lines


def _in_order(holes: Iterable[Hole]) -> list[Rung]:
    return sorted({one.rung for one in holes}, key=tuple(Rung).index)


def _since(report: Report, language: str) -> list[str]:
    if not report.holes():
        return []
    if not report.since:
        return [say(language, "since.no-earlier", seen=_instant(report.began_at))]
    told: dict[tuple[str, str], list[Hole]] = {}
    for one in report.since:
        told.setdefault((one.not_before, one.seen_at), []).append(one.hole)
    return [
        say(
            language,
            "since.between" if before else "since.at-latest",
            at=_at(holes),
            before=_instant(before),
            seen=_instant(seen),
        )
        for (before, seen), holes in sorted(told.items())
    ]


def _who(report: Report, language: str) -> list[str]:
    open_to = places_of(report, with_holes=True)
    if not open_to:
        return []
    lines = [say(language, f"who.{open_to[-1]}")]
    identities = {one.identity for one in report.holes()}
    if Identity.NOBODY not in identities:
        what = ", ".join(say(language, f"as.{one}") for one in Identity if one in identities)
        lines.append(say(language, "who.it-took", what=what))
    return lines


def _many(report: Report, language: str) -> list[str]:
    lines = []
    for one in _services(report):
        at = where(one.address, one.port)
        if one.studies is not None:
            name = "many.at-least" if one.studies_at_least else "many.counted"
            lines.append(say(language, name, at=at, count=one.studies))
        if one.readable:
            names = ", ".join(_attribute(name, language) for name in one.readable)
            lines.append(say(language, "many.readable", at=at, names=names))
    return lines or ([say(language, "many.uncounted")] if report.holes() else [])


def _attribute(name: str, language: str) -> str:
    """Say what an attribute is, its keyword of PS3.6 beside it."""
    known = f"attribute.{name}"
    return f"{say(language, known)} ({name})" if has(language, known) else name


def _instant(text: str) -> str:
    """Write an instant for people, to the minute."""
    return f"{text[:10]} {text[11:16]} UTC" if text else ""


def _do(report: Report, language: str) -> list[str]:
    open_ones = [one for one in _services(report) if one.holes()]
    lines = []
    for family in Family:
        at = [hole for one in open_ones if one.family is family for hole in one.holes()]
        if at:
            lines.append(say(language, f"do.{family}", at=_at(at)))
    if open_ones:
        lines.append(say(language, "do.keep"))
    if report.place is Place.OUTSIDE and not report.outside:
        lines.append(say(language, "do.bring-back"))
    elif not report.outside:
        lines.append(say(language, "do.outside"))
    return lines


def _gaps(gaps: Iterable[Gap], language: str) -> list[str]:
    by_code: dict[str, list[Gap]] = {}
    for one in gaps:
        by_code.setdefault(one.code, []).append(one)
    return [
        say(language, "first.gap", at=_at(found), what=_gap(code, found, language)) for code, found in by_code.items()
    ]


def _not_allowed(report: Report, language: str) -> list[str]:
    """Say what the gate refused: no gap in what was allowed, and not known all the same."""
    by_code: dict[str, list[Gap]] = {}
    for one in _services(report):
        for code in {step.code for step in one.steps if step.outcome is Outcome.NOT_TRIED} & GATE_CODES:
            by_code.setdefault(code, []).append(Gap(one.address, one.port, code))
    return [_refused(code, found, language) for code, found in sorted(by_code.items())]


def _refused(code: str, found: list[Gap], language: str) -> str:
    name = f"not-allowed.{code.removeprefix('probe.')}"
    return say(language, name if has(language, name) else "not-allowed.other", at=_at(found), codes=code)


def _gap(code: str, found: list[Gap], language: str) -> str:
    name = f"gap.{code}"
    return say(language, name, count=sum(one.count for one in found)) if has(language, name) else code


def _at(found: Iterable[Hole | Gap]) -> str:
    at = list(dict.fromkeys(where(one.address, one.port) for one in found))
    return ", ".join(at[:_MOST_PLACES]) + (f", … ({len(at)})" if len(at) > _MOST_PLACES else "")


def _proof(report: Report, language: str) -> list[str]:
    return [
        say(language, "proof.fixtures", expected=report.fixtures.get("expected", 0)),
        say(language, "proof.signed" if report.signature else "proof.unsigned"),
        say(language, "proof.log", count=report.purposes.count, sha256=report.purposes.sha256[:_DIGITS]),
    ]


def _addresses(report: Report, language: str) -> list[str]:
    lines = [_address(one, language) for one in report.addresses if not one.absent or one.named]
    absent = sum(one.absent and not one.named for one in report.addresses)
    left_out = sum(one.left_out for one in report.targets)
    lines += [say(language, "rest.absent", count=absent)] if absent else []
    lines += [say(language, "rest.left-out", count=left_out)] if left_out else []
    return lines


def _address(one: Address, language: str) -> str:
    return say(
        language, "rest.address", address=one.address, open=len(one.open), closed=one.closed,
        silent=_count(one.silent), unreachable=one.unreachable, not_tried=_count(one.not_tried),
    )  # fmt: skip


def _count(among: Iterable[tuple[int, int]]) -> int:
    return sum(high - low + 1 for low, high in among)


def _service(one: Service, language: str) -> list[str]:
    banner = f'"{one.banner}"' if one.banner else ""
    lines = ["  ".join(part for part in (where(one.address, one.port), one.family, one.product, banner) if part)]
    granted = [step for step in one.steps if step.outcome in {Outcome.OPEN, Outcome.NEGOTIATED}]
    for mode, identity in dict.fromkeys((step.mode, step.identity) for step in granted):
        mine = [step for step in granted if (step.mode, step.identity) == (mode, identity)]
        what = dict.fromkeys(
            step.rung if step.outcome is Outcome.OPEN else f"{step.rung} ({step.outcome})" for step in mine
        )
        lines.append("    " + say(language, "rest.granted", who=f"{mode} / {identity}", what=", ".join(what)))
    for step in refusals(one):
        who = f"{step.mode} / {step.identity}"
        lines.append("    " + say(language, "rest.refused", who=who, rung=step.rung, code=step.code))
    versions, suites = one.tls.get("versions"), one.tls.get("suites")
    if isinstance(versions, list) and isinstance(suites, list):
        lines.append("    " + say(language, "rest.tls", versions=", ".join(map(str, versions)), suites=len(suites)))
    codes = dict.fromkeys(step.code for step in one.steps if step.outcome is Outcome.NOT_TRIED)
    if codes:
        lines.append("    " + say(language, "rest.not-asked", codes=", ".join(codes)))
    return lines + [f"    {one}" for one in _notes(one, language)]


def _notes(one: Service, language: str) -> list[str]:
    """Word the notes that are words: `kind.name`, and a number after an equals sign."""
    parts = [note.partition("=") for note in one.notes]
    return [say(language, f"note.{name}", count=count) for name, _, count in parts if has(language, f"note.{name}")]
