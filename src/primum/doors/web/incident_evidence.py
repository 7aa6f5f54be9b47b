"""What was frozen and what was done against a breach, read off the entries of its file. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from primum.doors.web.incident_shown import who
from primum.doors.web.language import say, write_instant
from primum.incidents.containment.model import Outcome, What
from primum.incidents.containment.service import unfinished
from primum.incidents.evidence.service import bundles_of, frozen_since_detected
from primum.incidents.model import Dossier, Entry, EntryKind


def section(language: str, dossier: Dossier, found: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """Say what was frozen and what was done, for the file's page."""
    return {"evidence": stands(language, dossier, found["names"])}


def stands(language: str, dossier: Dossier, names: Mapping[str, str]) -> dict[str, Any]:
    """Say what was frozen, the last first, and what was done."""
    begun = {one.id for one in unfinished(dossier)}
    acts = [one for one in dossier.of_kind(EntryKind.ACTION) if one.body["outcome"] != Outcome.BEGUN or one.id in begun]
    return {
        "frozen": frozen_since_detected(dossier) is not None,
        "bundles": [_bundle(language, one, names) for one in reversed(bundles_of(dossier))],
        "actions": [_action(language, one, names) for one in reversed(acts)],
    }


def _bundle(language: str, one: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    body = one.body
    return {
        "id": one.id, "at": write_instant(language, one.at), "by": who(language, one.by, names),
        "digest": body["digest"], "bytes": body["bytes"], "parts": body.get("parts", 0),
        "missing": body.get("missing", 0),
    }  # fmt: skip


def act_in_words(language: str, one: Entry) -> str:
    """Say what was done, and how far it is."""
    colon = say(language, "incidents.colon")
    return f"{_what(language, one)}{colon}{_outcome(language, one)}"


def _what(language: str, one: Entry) -> str:
    return say(language, f"incident_evidence.what_{str(one.body['what']).replace('-', '_')}")


def _outcome(language: str, one: Entry, begun: str = "begun") -> str:
    """Say the outcome. What is begun here and done at the terminal is to be done; of others, `begun` is the word."""
    found = str(one.body["outcome"])
    if found == Outcome.BEGUN:
        found = "to_do" if one.body["what"] == What.ROTATE_ROOT else begun
    return say(language, f"incident_evidence.outcome_{found}")


def _action(language: str, one: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    body, subject = one.body, str(one.body.get("subject", ""))
    return {
        "at": write_instant(language, one.at), "by": who(language, one.by, names),
        "what": _what(language, one), "subject": names.get(subject, subject),
        "count": body.get("count"), "outcome": _outcome(language, one, "interrupted"),
        "odd": body["outcome"] != Outcome.DONE, "bundle": str(body.get("bundle", "")),
        "override": str(body.get("override", "")), "reason": str(body.get("reason", "")),
    }  # fmt: skip
