"""What a file holds that can show something: the evidence that a person may name. Pure.

That somebody says so is no evidence here, and neither is what is not in the file: nobody could look at it later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from primum.incidents.dossier import evidence_of
from primum.incidents.model import BadEntry, Dossier, EntryKind, Evidence

_SAID = "person"
_DOCUMENT, _BUNDLE = "document", "bundle"


def at_hand(dossier: Dossier) -> tuple[Evidence, ...]:
    """List the evidence of a file, each once: its documents and bundles, then what its facts and instants rest on."""
    found = {(one.kind, one.ref): one for one in _every(dossier) if one.kind != _SAID and one.ref}
    return tuple(found.values())


def named(dossier: Dossier, texts: Iterable[str]) -> list[Evidence]:
    """Find what was named as `kind:ref`. Raises BadEntry for what the file does not hold."""
    known = {f"{one.kind}:{one.ref}": one for one in at_hand(dossier)}
    wanted = list(dict.fromkeys(texts))
    if not set(wanted) <= set(known):
        raise BadEntry(what="the evidence is not in the file: attach it first, or name what a fact of it rests on")
    return [known[one] for one in wanted]


def _every(dossier: Dossier) -> Iterator[Evidence]:
    """Go through it; what a fact rested on before it was corrected is in the file still."""
    for entry in dossier.of_kind(EntryKind.EVIDENCE):
        body = entry.body
        if body.get("document"):
            yield Evidence(_DOCUMENT, str(body["document"]), str(body.get("name", "")))
        elif body["what"] == _BUNDLE:
            yield Evidence(_BUNDLE, body["digest"])
    for entry in dossier.of_kind(EntryKind.FACT, EntryKind.INSTANT):
        yield from evidence_of(entry.body)
