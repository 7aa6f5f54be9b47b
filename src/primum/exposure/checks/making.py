"""Makes a check: each line in turn, none able to stop the others; then a report that says all by itself.

A line is given a thread and a time. What has not answered by then is told as such; its thread ends when it ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module

from primum.exposure.checks.catalogue import Catalogue, Rule, catalogue
from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.limits import LIMITS, Limits
from primum.exposure.checks.model import (
    FORMAT,
    Declaration,
    Finding,
    Json,
    State,
    Way,
    difference,
    states,
)
from primum.exposure.checks.sources import Asked, Sources
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.ground.log import Log

_log = Log("check")

Check = Callable[[Sources, Rule, Asked], Finding]
Tell = Callable[[int, int], None]
"""Told how many lines are done, of how many."""


@dataclass(frozen=True, slots=True)
class Made:
    """Who asked for a check, of which home, when, with which version; the day here and what is declared."""

    id: str
    home: str
    at: datetime
    today: date
    by: str
    version: str
    declared: Sequence[Declaration] = ()
    before: Json | None = field(default=None)
    """The report of the run before."""


def check_of(name: str) -> Check:
    """Find the check of a line."""
    found: Check = import_module(f"primum.exposure.checks.lines.{name.replace('-', '_')}").check
    return found


def make(made: Made, sources: Sources, tell: Tell | None = None, limits: Limits = LIMITS) -> Json:
    """Make the report."""
    rules = catalogue()
    lines: list[Json] = []
    for number, rule in enumerate(rules.rules.values()):
        if tell is not None:
            tell(number, len(rules.rules))
        declared = {one.subject: one for one in made.declared if one.name == rule.name and one.counts(made.today)}
        asked = Asked(made.at, made.today, declared)
        finding = _within(limits.check_seconds, check_of(rule.name), sources, rule, asked)
        lines.append(_line(rule, _declared(finding, rule, declared), made.at, limits))
    before = made.before
    return {
        "primum_check": FORMAT,
        "id": made.id,
        "home": made.home,
        "made_at": to_text(made.at),
        "by": made.by,
        "version": made.version,
        "rules": str(rules.in_force),
        "sources": _sources(rules),
        "summary": states(lines),
        "previous": {"id": before["id"], "made_at": before["made_at"]} if before else None,
        "changes": difference(before["lines"], lines) if before else [],
        "lines": lines,
    }


def _sources(rules: Catalogue) -> Json:
    return {name: dict(one) for name, one in rules.sources.items()}


def _within(seconds: float, check: Check, sources: Sources, rule: Rule, asked: Asked) -> Finding:
    """Ask one check, for so long."""
    answers: list[Finding] = []
    one = threading.Thread(
        target=lambda: answers.append(_ask(check, sources, rule, asked)), name=f"check-{rule.name}", daemon=True
    )
    one.start()
    one.join(seconds)
    return answers[0] if answers else Finding("too-slow", {"seconds": int(seconds)})


def _ask(check: Check, sources: Sources, rule: Rule, asked: Asked) -> Finding:
    try:
        found = check(sources, rule, asked)
        _say(rule.meaning(found.code).says["en"], found.facts)
    except NotTold as refusal:
        return Finding("not-told", {"reason": str(refusal.facts.get("reason", ""))})
    except PrimumError as refusal:
        return Finding("not-told", {"reason": refusal.code})
    except Exception as error:  # noqa: BLE001 (one line must not end the others)
        _log.failure("check.failed", error, name=rule.name)
        return Finding("fault", {"reason": type(error).__name__})
    return found


def _declared(finding: Finding, rule: Rule, declared: Mapping[str, Declaration]) -> Finding:
    """Fill what could not be measured with what somebody declared; what was measured goes before."""
    one = declared.get("")
    if one is None or rule.meaning(finding.code).state is not State.NOT_DETERMINED or one.value not in rule.declared:
        return finding
    facts = {"value": one.value, "until": str(one.until)}
    return Finding(
        f"declared.{one.value}",
        facts,
        (),
        (f"declared by {one.declared_by}",),
        one.declared_at,
        Way.DECLARED,
        one.until,
    )


def _line(rule: Rule, finding: Finding, at: datetime, limits: Limits) -> Json:
    value = finding.code.removeprefix("declared.")
    meaning = rule.declared[value] if finding.code.startswith("declared.") else rule.meaning(finding.code)
    facts = {name: _bounded(one, limits) for name, one in finding.facts.items()}
    return {
        "name": rule.name,
        "title": dict(rule.title),
        "state": meaning.state.value,
        "way": finding.way.value,
        "code": finding.code,
        "says": {language: _say(text, facts) for language, text in meaning.says.items()},
        "do": {language: _say(text, facts) for language, text in meaning.does.items()},
        "facts": facts,
        "items": [str(_bounded(one, limits)) for one in finding.items[: limits.items]],
        "more": max(0, len(finding.items) - limits.items),
        "evidence": [str(_bounded(one, limits)) for one in finding.evidence[: limits.items]],
        "at": to_text((finding.at or at).astimezone(UTC)),
        "until": str(finding.until or ""),
        "answers_to": {key: [dict(one) for one in rule.mapping[key]] for key in rule.mapping},
    }


def _bounded(value: str | int, limits: Limits) -> str | int:
    if isinstance(value, int):
        return value
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in value[: limits.text])


def _say(text: str, facts: Mapping[str, str | int]) -> str:
    return text.format(**facts)
