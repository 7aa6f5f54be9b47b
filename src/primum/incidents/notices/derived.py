"""What a notification takes from the file itself, or computes from a fact: shown as derived. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from primum.incidents.facts.catalogue import VOCABULARIES
from primum.incidents.model import Dossier, EntryKind, Evidence, Fact, Standing
from primum.incidents.notices.form import Form, Words
from primum.incidents.notices.model import Draft, Known, Part
from primum.incidents.notices.values import Line, band_of
from primum.incidents.notices.words import same, words


def _opened(dossier: Dossier) -> Evidence:
    """Point to the entry that opened the file; to the file, where it is not among the entries."""
    own = [one for one in dossier.of_kind(EntryKind.OPENED) if one.of == dossier.file.id]
    return Evidence("journal", own[0].id if own else dossier.file.id)


def _derived(key: str, value: Any, text: Words, shown: Evidence, label: Words | None = None) -> Part:  # noqa: ANN401
    return Part(f"derived:{key}", Known.DERIVED, value, (Line(text),), (shown,), label or {})


def _type(dossier: Dossier, draft: Draft, _form: Form) -> Part:
    shown = Evidence("notice", draft.previous) if draft.previous else _opened(dossier)
    return _derived("type", draft.type.value, words(f"type-{draft.type.value}"), shown)


def _initial_number(_dossier: Dossier, draft: Draft, _form: Form) -> Part | None:
    """Say the number of the receipt before, or that it is missing."""
    if draft.number is None:
        return None
    text = same(draft.number) if draft.number else words("initial-number-missing")
    shown = Evidence("notice", draft.previous)
    return _derived("initial-number", draft.number, text, shown, words("initial-number"))


def _organisation(dossier: Dossier, draft: Draft, _form: Form) -> Part | None:
    if not draft.organisation:
        return None
    return _derived("organisation", draft.organisation, same(draft.organisation), _opened(dossier))


def _role(dossier: Dossier, _draft: Draft, _form: Form) -> Part:
    role = dossier.file.role.value
    return _derived("role", role, VOCABULARIES["role"][role], _opened(dossier))


def _band(dossier: Dossier, _draft: Draft, form: Form) -> Part | None:
    fact = dossier.facts.get("people")
    if fact is None or fact.standing is Standing.UNKNOWN:
        return None
    text = band_of(fact.value, form.bands)
    shown = fact.evidence or (Evidence("journal", fact.entry),)
    return Part("derived:band", Known.DERIVED, text["en"], (Line(text),), shown, words("band"))


_ATTACHED: Final = ("run", "check", "bundle", "document")


def _attachments(dossier: Dossier, _draft: Draft, _form: Form) -> Part | None:
    """List the reports that facts rest on, and the documents and bundles of the file, each once."""
    found = {
        (one.kind, one.ref): one for fact in _every_fact(dossier) for one in fact.evidence if one.kind in _ATTACHED
    }
    for entry in dossier.of_kind(EntryKind.EVIDENCE):
        kind, ref = entry.body["what"], entry.body["digest"]
        if kind in _ATTACHED:  # a receipt, or a letter that was kept, is not for the authority
            found[kind, ref] = Evidence(kind, ref, str(entry.body.get("name", "")))
    if not found:
        return None
    lines = tuple(
        Line(same(f"{one.ref} {one.note}".strip()), words(f"attachment-{one.kind}")) for one in found.values()
    )
    value = [one.as_json() for one in found.values()]
    return Part("derived:attachments", Known.DERIVED, value, lines, tuple(found.values()), {})


def _every_fact(dossier: Dossier) -> list[Fact]:
    return [*dossier.facts.values(), *dossier.measured.values()]


DERIVED: Final[Mapping[str, Callable[[Dossier, Draft, Form], Part | None]]] = {
    "type": _type,
    "initial-number": _initial_number,
    "organisation": _organisation,
    "role": _role,
    "band": _band,
    "attachments": _attachments,
}
