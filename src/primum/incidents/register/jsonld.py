"""The register as JSON-LD 1.1, with terms of the Data Privacy Vocabulary where they mean the same (terms.toml). Pure.

The context is in the file: nothing is fetched to read it. Keys and types are ours or of terms.toml alone; what a person
typed is always a value. A word that has no term there is written as our own word, under `primum:`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from primum.ground.clock import to_text
from primum.incidents.dated import read_dated
from primum.incidents.model import Decision, EntryKind, Fact, Role, Standing
from primum.incidents.register.happenings import Message, Moment
from primum.incidents.register.register import Register, RegisterLine
from primum.incidents.register.words import word

Node = dict[str, Any]
_OWN: Final = "urn:x-primum:"


@cache
def terms() -> Mapping[str, Any]:
    """Give the table of terms."""
    return read_dated("primum.incidents.register", "terms.toml")


def used_terms() -> frozenset[str]:
    """Give every term that an export may hold, but for our own."""
    listed = (*terms()["read"].values(), *terms()["to-be-confirmed"].values())
    return frozenset(one for some in listed for one in some)


def jsonld(register: Register, language: str) -> bytes:
    """Write a register."""
    made: Node = {
        "@context": dict(terms()["prefix"]),
        "@type": "eu-gdpr:DataBreachRegister",
        "dct:title": {"@value": word(language, "register.title"), "@language": language},
        "dct:description": {"@value": word(language, "register.basis"), "@language": language},
        "dct:created": _instant(register.made_at),
        "dct:creator": register.by,
        "dpv:hasDataController": [_controller(*one) for one in _controllers(register)],
        "primum:journalRoot": register.journal_root or None,
        "primum:exercise": register.exercise,
        "dct:hasPart": [_breach(one) for one in register.lines],
        "primum:alerts": [_breach(one) for one in register.alerts],
    }
    return (json.dumps(_kept(made), ensure_ascii=False, indent=1) + "\n").encode(errors="replace")


def _controllers(register: Register) -> Iterable[tuple[str, str]]:
    return dict.fromkeys((one.controller_id, one.controller) for one in register.lines)


def _controller(controller_id: str, name: str) -> Node:
    return {"@id": _OWN + controller_id, "@type": "dpv:DataController", "dpv:hasName": name}


def _breach(one: RegisterLine) -> Node:
    natures = [_term("nature", name) for name in _chosen(one, "nature")]
    return {
        "@id": _OWN + one.file_id,
        "@type": ["eu-gdpr:DataBreach", *(each for each in natures if each)],
        "dpv:hasIdentifier": one.file_id,
        "dct:replaces": [{"@id": _OWN + each} for each in one.merged_from],
        "dpv:hasDataController": None if one.role is Role.PROCESSOR else {"@id": _OWN + one.controller_id},
        "primum:role": one.role.value,
        "primum:state": one.state.value,
        "primum:origin": one.origin,
        "primum:exercise": one.exercise,
        "dct:created": _instant(one.opened_at),
        "dpv:hasStatus": {"@id": _status(one)},
        "dpv:hasDataSubject": _of(one, "people-categories", "people"),
        "dpv:hasDataSubjectScale": _count(one.fact("people")),
        "dpv:hasDataVolume": _count(one.fact("records")),
        "dpv:hasPersonalData": [*_of(one, "data", "data"), *_of(one, "sensitive", "sensitive")],
        "dpv:hasConsequence": _said(one.fact("consequences")),
        "dpv:hasImpact": _of(one, "harms", "harms"),
        "dpv:hasTechnicalOrganisationalMeasure": _measures(one),
        "dpv:hasNotice": [_notice(each) for each in one.messages if each.kind is EntryKind.NOTICE],
        "dpv:hasNotificationStatus": {"@id": "dpv:NotificationCompleted"} if one.notified_at is not None else None,
        "dpv:hasJustification": _reasons(one),
        "primum:facts": [_fact(each) for each in (*one.facts, *one.effects, *one.remedy, *one.measured)],
        "primum:detectedFirst": _instant(one.detected_first),
        "primum:prudentDue": _instant(one.prudent_due),
        "primum:notifiedAt": _instant(one.notified_at),
        "primum:closedAt": _instant(one.closed_at),
        "primum:clockWentBack": one.clock_went_back,
        "primum:chronology": {"@list": [_moment(each) for each in one.chronology]},
        "primum:messages": {"@list": [_message(each) for each in one.messages]},
    }


def _status(one: RegisterLine) -> str:
    fact = one.fact("ended")
    state = "unknown" if fact is None or fact.standing is Standing.UNKNOWN else fact.value["state"]
    return _term("ended", state) or f"primum:{state}"


def _chosen(one: RegisterLine, key: str) -> list[str]:
    fact = one.fact(key)
    return [] if fact is None or fact.standing is Standing.UNKNOWN else list(fact.value)


def _of(one: RegisterLine, key: str, group: str) -> list[Node]:
    """Give what was chosen of a vocabulary: its term, or our word under our own prefix."""
    return [{"@id": _term(group, name) or f"primum:{group}/{name}"} for name in _chosen(one, key)]


def _term(group: str, name: str) -> str:
    found: Mapping[str, str] = terms()[group]
    return found.get(name, "")


def _count(fact: Fact | None) -> Node | None:
    if fact is None or fact.standing is Standing.UNKNOWN:
        return None
    return {"@value": str(fact.value["count"]), "@type": "xsd:integer"}


def _said(fact: Fact | None) -> str | None:
    return None if fact is None or fact.standing is Standing.UNKNOWN else str(fact.value)


def _measures(one: RegisterLine) -> list[Node]:
    said = [fact for key in ("measures-before", "measures-after") if (fact := one.fact(key)) is not None]
    told = [{"dct:description": _said(fact), "dct:date": _instant(fact.at), "primum:fact": fact.key} for fact in said]
    done = [
        {"dct:description": f"{each.what} {each.subject}: {each.outcome}", "dct:date": _instant(each.at)}
        for each in one.actions
    ]
    return told + done


def _notice(one: Message) -> Node:
    kind = _term("notice", one.what) or "eu-gdpr:DataBreachNotice"
    return {
        "@id": _OWN + one.entry, "@type": kind, "dct:created": _instant(one.at), "dct:identifier": one.reference,
        "primum:sha256": one.digest,
    }  # fmt: skip


def _reasons(one: RegisterLine) -> list[Node]:
    found = [
        _decision(each) for each in (one.why_not_notified, one.why_not_told) if each is not None
    ]  # fmt: skip
    if one.lateness is not None:
        kind = "eu-gdpr:JustificationA33NotificationDelay"
        found.append({"@type": kind, "dct:description": _said(one.lateness), "dct:date": _instant(one.lateness.at)})
    return found


def _decision(one: Decision) -> Node:
    return {
        "@type": _term("ground", one.ground) or "eu-gdpr:DataBreachJustification",
        "primum:about": one.about, "primum:choice": one.choice,
        "primum:ground": one.ground, "dct:description": one.reason, "dct:date": _instant(one.at), "primum:by": one.by,
    }  # fmt: skip


def _fact(one: Fact) -> Node:
    return {
        "primum:fact": one.key, "primum:standing": one.standing.value,
        "primum:value": {"@value": one.value, "@type": "@json"} if one.value is not None else None,
        "dct:date": _instant(one.at), "primum:by": one.by,
        "primum:evidence": [{f"primum:{name}": text for name, text in each.as_json().items()} for each in one.evidence],
    }  # fmt: skip


def _moment(one: Moment) -> Node:
    return {
        "dct:date": _instant(one.at), "primum:writtenAt": _instant(one.written_at), "primum:kind": one.kind.value,
        "primum:what": one.what, "dct:description": one.detail, "primum:by": one.by, "primum:entry": one.entry,
        "primum:saidBefore": [_instant(each) for each in one.corrects],
    }  # fmt: skip


def _message(one: Message) -> Node:
    return {
        "dct:date": _instant(one.at), "primum:kind": one.kind.value, "primum:what": one.what, "primum:other": one.other,
        "dct:identifier": one.reference, "dct:description": one.about, "primum:sha256": one.digest,
        "primum:count": one.count, "primum:document": one.document, "primum:entry": one.entry,
    }  # fmt: skip


def _instant(at: datetime | None) -> Node | None:
    return None if at is None else {"@value": to_text(at), "@type": "xsd:dateTime"}


def _kept(value: Any) -> Any:  # noqa: ANN401 (any value of JSON)
    """Leave out what is not there; a value typed as JSON stays whole."""
    if isinstance(value, dict):
        if value.get("@type") == "@json":
            return value
        return {name: _kept(one) for name, one in value.items() if one not in (None, "", [])}
    return [_kept(one) for one in value] if isinstance(value, list) else value
