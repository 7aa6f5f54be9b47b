"""What is proposed and decided in a file, on its page. A person decides: no choice is made beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from primum.doors.web import incident_severity as severity
from primum.doors.web.incident_shown import evidence_links, who
from primum.doors.web.incident_values import label, tongue
from primum.doors.web.language import say, write_instant
from primum.incidents.at_hand import at_hand
from primum.incidents.dated import CONFIDENCE
from primum.incidents.dossier import evidence_of
from primum.incidents.model import Decision, Dossier, Entry, EntryKind
from primum.incidents.notices.fields import questions
from primum.incidents.severity.deciding import Option, no_longer_holds, options, proposed_now
from primum.incidents.severity.grounds import GROUNDS, LACKS
from primum.incidents.severity.proposal import (
    ABOUT_WORDS,
    CHOICES,
    LEAST_REASON,
    SOURCE,
    Proposal,
    propose,
)
from primum.incidents.severity.sealed import sealed

ABOUT: Final = ("notify", "tell", "sealed")
MOST_SHOWN: Final = 20
"""Pieces of evidence that a form offers: the last. The command line takes any."""


def asks(dossier: Dossier, asked: set[str]) -> set[str]:
    """Name the facts that this part asks for itself: what is missing of a seal, where no question does already."""
    return set(sealed(dossier).missing) - asked


def section(language: str, dossier: Dossier, found: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """Compute the part."""
    made, worth = propose(dossier), sealed(dossier)
    asked = {key for one in questions(dossier) for key in one.keys}
    return {
        "deciding": {
            "severity": severity.severity(language, made.assessed),
            "cases": severity.cases(language, dossier),
            "seal": severity.seal(language, worth, asked),
            "form": severity.form(language, dossier, made.assessed.proposed),
            "proposals": [_proposal(language, one) for one in (made.notify, made.tell)],
            "forms": [_form(language, dossier, about) for about in ABOUT],
            "taken": taken(language, dossier, found["names"]),
            "at_hand": evidence(language, dossier),
            "least": LEAST_REASON,
            "source": SOURCE["source"],
        }
    }


def evidence(language: str, dossier: Dossier) -> list[tuple[str, str]]:
    """List what a form offers as evidence: what is sent, and what is said."""
    offered = []
    for one in at_hand(dossier)[-MOST_SHOWN:]:
        (link,) = evidence_links(language, (one,))
        offered.append((f"{one.kind}:{one.ref}", " ".join(filter(None, (link["says"], link["ref"], one.note)))))
    return offered


def unfit(language: str, dossier: Dossier, told: Mapping[str, Any]) -> str:
    """Say why a form cannot be a decision: what is missing, in the reader's words; empty where nothing is."""
    about, choice = told["about"], told["choice"]
    known = {(one.choice, one.ground.name if one.ground else ""): one for one in _options(about, dossier)}
    option = known.get((choice, told["ground"]))
    if option is None:
        return say(language, "incident_decisions.no_choice")
    if option.lacks:
        return say(language, "incident_decisions.still_lacks", what=lacks(language, option.lacks))
    if told["proposed"] != proposed_now(about, dossier):
        return say(language, "incident_decisions.changed_since")
    return _unargued(language, told, grounded=option.ground is not None)


def _unargued(language: str, told: Mapping[str, Any], *, grounded: bool) -> str:
    if not told["reason"]:
        return say(language, "incident_decisions.no_reason")
    if grounded and len(told["reason"]) < LEAST_REASON:
        return say(language, "incident_decisions.short_reason", count=LEAST_REASON)
    return say(language, "incident_decisions.no_evidence") if grounded and not told["evidence"] else ""


def lacks(language: str, names: Iterable[str]) -> str:
    """Say what is lacking."""
    return " ; ".join(LACKS[one][tongue(language)] for one in names)


def taken(language: str, dossier: Dossier, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """List the decisions that stand, each with what was proposed then, whether it still holds, and those before it."""
    gone = no_longer_holds(dossier)
    written = dossier.of_kind(EntryKind.DECISION)
    made = []
    for about, one in dossier.decisions.items():
        now = proposed_now(about, dossier)
        entry = next(each for each in written if each.id == one.entry)
        before = [each for each in written if each.body["about"] == about and each.id != one.entry]
        made.append({
            **_decision(language, one, entry, names),
            "lacks": lacks(language, gone.get(about, ())),
            "now": _chosen(language, about, now) if one.proposed and now != one.proposed else "",
            "earlier": [
                f"{write_instant(language, each.at)}, {who(language, each.by, names)}"
                f"{say(language, 'incidents.colon')}{_chosen(language, about, each.body['choice'])}"
                for each in before
            ],
        })  # fmt: skip
    return made


def _decision(language: str, one: Decision, entry: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    ground = GROUNDS.get(one.ground)
    return {
        "about": say(language, f"incidents.about_{one.about}"),
        "choice": _chosen(language, one.about, one.choice),
        "ground": ground.words[tongue(language)] if ground else "",
        "reason": one.reason,
        "proposed": _chosen(language, one.about, one.proposed),
        "by": who(language, one.by, names),
        "at": write_instant(language, one.at),
        "evidence": evidence_links(language, evidence_of(entry.body)),
    }


def _chosen(language: str, about: str, choice: str) -> str:
    """Say a choice; one of a list that is no longer ours is given as it was written."""
    words = CHOICES.get(about, {}).get(choice)
    if words is None and choice == "not-determined":
        return say(language, "incident_decisions.not_determined")
    return words[tongue(language)] if words else choice


def _proposal(language: str, one: Proposal) -> dict[str, Any]:
    mine = tongue(language)
    return {
        "about": ABOUT_WORDS[one.about][mine],
        "choice": one.words[mine],
        "reasons": [
            {"says": each.words[mine], "facts": [label(language, key) for key in each.facts]} for each in one.reasons
        ],
        "missing": [severity.part(language, each) for each in one.missing],
        "remains": [each[mine] for each in one.remains],
    }


def _form(language: str, dossier: Dossier, about: str) -> dict[str, Any]:
    proposed = proposed_now(about, dossier)
    return {
        "about": about,
        "title": ABOUT_WORDS[about][tongue(language)],
        "proposed": proposed,
        "proposed_says": _chosen(language, about, proposed),
        "options": [_option(language, about, one) for one in _options(about, dossier)],
        "grounded": any(one.ground for one in _options(about, dossier)),
    }


def _option(language: str, about: str, one: Option) -> dict[str, Any]:
    mine, ground = tongue(language), one.ground
    return {
        "value": f"{one.choice}/{ground.name}" if ground else one.choice,
        "says": CHOICES[about][one.choice][mine],
        "ground": ground.words[mine] if ground else "",
        "confidence": CONFIDENCE[ground.confidence][mine] if ground else "",
        "lacks": lacks(language, one.lacks),
    }


def _options(about: str, dossier: Dossier) -> list[Option]:
    return options(about, dossier) if about in ABOUT else []
