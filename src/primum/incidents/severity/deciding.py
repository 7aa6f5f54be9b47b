"""Whether a decision about `notify`, `tell` or `sealed` may be written: its choice, its ground, its reason. Pure.

The law is a person's to apply; what is refused is a decision that could not be shown to anybody later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from primum.incidents.at_hand import named
from primum.incidents.model import BadEntry, Decision, Dossier, Origin, Role
from primum.incidents.severity.grounds import GROUNDS, LACKS, REGISTER_ONLY, Ground, held
from primum.incidents.severity.proposal import CHOICES, LEAST_REASON, propose
from primum.incidents.severity.sealed import Worth, sealed

_NOT_DECIDED: Final = frozenset({"weigh", "controllers-decide"})
"""What may be proposed and cannot be decided."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be decided in this file. `lacks`: names of `LACKS`; nothing where it may be decided now."""

    choice: str
    ground: Ground | None
    lacks: tuple[str, ...]


def options(about: str, dossier: Dossier) -> list[Option]:
    """List what may be decided about `notify`, `tell` or `sealed`, each ground by itself with what it lacks."""
    choices = [one for one in CHOICES[about] if one not in _NOT_DECIDED]
    if about == "sealed":
        lacks = () if sealed(dossier).worth is Worth.MAY else ("seal",)
        return [Option(one, None, lacks if one == Worth.MAY.value else ()) for one in choices]
    grounds, found = held(dossier, about), []
    for choice in (one for one in choices if not _barred(one, dossier)):
        own = [one for one in grounds if one.ground.choice == choice]
        found += [Option(choice, one.ground, one.lacks) for one in own] or [Option(choice, None, ())]
    return found


def check_decision(body: Mapping[str, Any], dossier: Dossier) -> None:
    """Return where this may be decided. Raises BadEntry, saying what is missing."""
    about = body["about"]
    if about not in CHOICES:
        return
    choices = [one for one in CHOICES[about] if one not in _NOT_DECIDED]
    if body["choice"] not in choices:
        raise BadEntry(what=f"about {about} one decides {', '.join(choices)}")
    if about == "sealed":
        if body["choice"] == Worth.MAY.value and sealed(dossier).worth is not Worth.MAY:
            raise BadEntry(what="the seal is not shown to be worth an exemption")
        return
    _of_this_file(body, dossier)
    _ground(body, dossier)
    proposed = body.get("proposed", "")
    if proposed and proposed != proposed_now(about, dossier):
        raise BadEntry(what="this is not what the file proposes now: look again, then decide")


def proposed_now(about: str, dossier: Dossier) -> str:
    """Name what the file proposes now about `notify`, `tell` or `sealed`; empty for anything else."""
    if about == "sealed":
        return sealed(dossier).worth.value
    return str(getattr(propose(dossier), about).choice) if about in CHOICES else ""


def no_longer_holds(dossier: Dossier) -> dict[str, tuple[str, ...]]:
    """Say which decisions rest on a ground that the file no longer gives: by subject, what is lacking now."""
    found = {about: _lacking(one, dossier) for about, one in dossier.decisions.items() if one.ground in GROUNDS}
    return {about: lacks for about, lacks in found.items() if lacks}


def _of_this_file(body: Mapping[str, Any], dossier: Dossier) -> None:
    """Hold the choice against what opened the file, and in which role."""
    why = _barred(body["choice"], dossier)
    if why:
        raise BadEntry(what=why)


def _barred(choice: str, dossier: Dossier) -> str:
    """Say why this file never decides it; empty where it may."""
    processor = dossier.file.role is Role.PROCESSOR
    if processor and choice != "alert-controllers":
        return "a processor alerts its controllers, and decides nothing in its own name (article 33(2))"
    if not processor and choice == "alert-controllers":
        return "a controller notifies the authority: it has no controller to alert"
    if dossier.origin is Origin.AUTHORITY and choice == REGISTER_ONLY:
        return "the authority wrote: such a file never concludes that there is nothing to notify"
    return ""


def _ground(body: Mapping[str, Any], dossier: Dossier) -> None:
    """Ask for a ground with its evidence and a written reason where the choice departs from notifying or telling."""
    about, choice, ground = body["about"], body["choice"], body.get("ground", "")
    allowed = [one.name for one in GROUNDS.values() if (one.about, one.choice) == (about, choice)]
    if not allowed:
        if ground:
            raise BadEntry(what=f"{choice} needs no ground")
        return
    if ground not in allowed:
        raise BadEntry(what=f"{choice} needs a ground: one of {', '.join(allowed)}")
    if len(body["reason"].strip()) < LEAST_REASON:
        raise BadEntry(what=f"{choice} needs a written reason, of {LEAST_REASON} characters at least")
    given = [one for one in body.get("evidence", ()) if one.get("kind") != "person"]
    if not any(one.get("ref") for one in given):
        raise BadEntry(what=f"{choice} needs its evidence: a document, a check, a run, an entry of the journal")
    lacks = next(one.lacks for one in held(dossier, about) if one.ground.name == ground)
    if lacks:
        raise BadEntry(what=f"{ground} still needs {'; '.join(LACKS[one]['en'] for one in lacks)}")
    named(dossier, (f"{one['kind']}:{one['ref']}" for one in given))


def _lacking(one: Decision, dossier: Dossier) -> tuple[str, ...]:
    return next((each.lacks for each in held(dossier, one.about) if each.ground.name == one.ground), ())
