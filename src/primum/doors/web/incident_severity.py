"""How severe a file's breach is, on its page: the sum with its reasons, flags, cases near it, what a seal is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from primum.doors.web.incident_shown import evidence_links
from primum.doors.web.incident_values import label, question, tongue
from primum.doors.web.language import say
from primum.incidents.dated import CONFIDENCE, Words
from primum.incidents.model import Dossier
from primum.incidents.severity import enisa
from primum.incidents.severity.assess import Assessed
from primum.incidents.severity.assessment import KEY
from primum.incidents.severity.cases import FEATURES, OUTCOMES, SOURCE as CASES_SOURCE, features_of, nearest
from primum.incidents.severity.sealed import SOURCE as SEALED_SOURCE, WORTH_WORDS, Sealed

WHYS: Final = ("why-data", "why-identification", "why-circumstances", "why-likelihood")
"""The reasons that a person writes beside their choices."""
_DATA: Final = "data:"


def figure(language: str, low: float, high: float) -> str:
    """Write a figure, or the range in which it lies."""
    told = say(language, "incident_decisions.range", low=f"{low:g}", high=f"{high:g}") if low != high else f"{low:g}"
    return told.replace(".", ",") if tongue(language) == "fr" else told


def severity(language: str, assessed: Assessed) -> dict[str, Any]:
    """Say the sum: each step with its choice, its reason and its evidence; what is missing; the flags; likelihood."""
    found, mine = assessed.severity, tongue(language)
    likelihood = found.likelihood
    return {
        "steps": [_step(language, one) for one in found.steps],
        "figure": figure(language, found.low, found.high),
        "band": enisa.BAND_WORDS[found.band][mine] if found.band else "",
        "missing": [part(language, one) for one in found.missing],
        "likelihood": enisa.CHOICE_WORDS["likelihood"][likelihood.choice][mine] if likelihood else "",
        "likelihood_why": _why(language, likelihood.why) if likelihood else "",
        "flags": [
            {
                "says": one.words[mine],
                "state": say(language, f"incident_decisions.flag_{one.state.replace('-', '_')}"),
                "raised": one.state == "yes",
                "evidence": evidence_links(language, one.evidence),
            }
            for one in assessed.flags
        ],
        "source": enisa.SOURCE["source"],
    }


def part(language: str, name: str) -> str:
    """Name a part of the sum."""
    mine = tongue(language)
    if name.startswith(_DATA):
        return enisa.KIND_WORDS[name.removeprefix(_DATA)][mine]
    if name in enisa.PART_WORDS:
        return enisa.PART_WORDS[name][mine]
    return say(language, f"incident_decisions.part_{name}")


def _step(language: str, one: enisa.Step) -> dict[str, Any]:
    mine = tongue(language)
    return {
        "part": part(language, one.part),
        "figure": figure(language, one.low, one.high),
        "choice": one.words.get(mine, ""),
        "open": not one.choice and one.part != "dpc",
        "adjusters": [enisa.ADJUSTERS[each][mine] for each in one.adjusters],
        "why": _why(language, one.why),
        "proposed": one.proposed,
        "evidence": evidence_links(language, one.evidence),
    }


def _why(language: str, why: Words | str) -> str:
    return why if isinstance(why, str) else why[tongue(language)]


def cases(language: str, dossier: Dossier) -> dict[str, Any]:
    """List the nearest cases of the EDPB, each with why it is near and where it differs."""
    mine = tongue(language)

    def named(features: Iterable[str]) -> str:
        return ", ".join(FEATURES[one][mine] for one in features)

    return {
        "near": [
            {
                "number": one.case.number,
                "title": one.case.title[mine],
                "situation": one.case.situation[mine],
                "shared": named(one.shared),
                "only_there": named(one.only_there),
                "only_here": named(one.only_here),
                "outcome": ", ".join(OUTCOMES[each][mine] for each in one.case.outcome),
                "confidence": CONFIDENCE[one.case.confidence][mine],
            }
            for one in nearest(features_of(dossier))
        ],
        "source": CASES_SOURCE["source"],
    }


def seal(language: str, worth: Sealed, asked: set[str]) -> dict[str, Any]:
    """Say what "sealed" is worth, by which rows of the table, and ask for what is missing."""
    mine = tongue(language)
    return {
        "worth": WORTH_WORDS[worth.worth][mine],
        "rows": [{"situation": one.situation[mine], "says": one.words[mine]} for one in worth.rows],
        "asks": [question(language, key) for key in worth.missing if key not in asked],
        "asked_above": [label(language, key) for key in worth.missing if key in asked],
        "silent_of": [say(language, f"incident_decisions.nature_{one}") for one in worth.says_nothing_of],
        "evidence": evidence_links(language, worth.evidence),
        "source": SEALED_SOURCE["source"],
    }


def form(language: str, dossier: Dossier, proposed: enisa.Assessment) -> dict[str, Any]:
    """Give the lists that a person chooses from, what they chose, and what the facts propose beside each."""
    told = dossier.value(KEY)
    value: Mapping[str, str] = told if isinstance(told, Mapping) else {}
    return {
        "kinds": list(_kinds(language, value, proposed)),
        "lists": [_list(language, name, value, proposed) for name in enisa.CHOICE_WORDS],
        "complete": value.get("complete", ""),
        "credentials": value.get("credentials-open", ""),
        "whys": [
            (one, say(language, f"incident_decisions.{one.replace('-', '_')}"), value.get(one, "")) for one in WHYS
        ],
    }


def _kinds(language: str, value: Mapping[str, str], proposed: enisa.Assessment) -> Iterator[dict[str, Any]]:
    mine = tongue(language)
    beside = {one.kind: one.score for one in proposed.cells}
    for kind, cells in enisa.CELLS.items():
        cell, *adjusters = value.get(kind, "").split() or [""]
        yield {
            "name": kind,
            "says": enisa.KIND_WORDS[kind][mine],
            "base": enisa.KINDS[kind],
            "chosen": cell,
            "cells": [(str(score), words[mine]) for score, words in cells.items()],
            "adjusters": [(one, words[mine], one in adjusters) for one, words in enisa.ADJUSTERS.items()],
            "proposed": beside.get(kind, ""),
        }


def _list(language: str, name: str, value: Mapping[str, str], proposed: enisa.Assessment) -> dict[str, Any]:
    mine, beside = tongue(language), proposed.picked.get(name)
    return {
        "name": name,
        "says": part(language, name),
        "chosen": value.get(name, ""),
        "choices": [(one, words[mine]) for one, words in enisa.CHOICE_WORDS[name].items()],
        "proposed": enisa.CHOICE_WORDS[name][beside.choice][mine] if beside else "",
        "why": _why(language, beside.why) if beside else "",
    }
