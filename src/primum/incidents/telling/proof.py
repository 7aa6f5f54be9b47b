"""What shows that letters left: counts, digests, ids of messages, codes of the server. No name and no address."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from primum.ground.clock import to_text
from primum.incidents.model import Dossier
from primum.incidents.telling.model import Batch, Fate, Letter
from primum.incidents.telling.permits import ABOUT

VERSION = 1


def proof(  # noqa: PLR0917 (what it is made of)
    dossier: Dossier, batch: Batch, list_digest: str, letters: Sequence[Letter], people: Mapping[str, int],
    said: Mapping[str, Any], at: str,
) -> bytes:  # fmt: skip
    """Write the summary of a batch, as canonical JSON that can be signed.

    `people`: how many each letter is for; `said`: what a person declared.
    """
    decision = dossier.decisions.get(ABOUT)
    told = {
        "version": VERSION,
        "kind": "letters-of-a-breach",
        "file": dossier.file.id,
        "batch": batch.id,
        "channel": batch.channel.value,
        "letter": batch.letter,
        "list": {"id": batch.list_id, "sha256": list_digest},
        "decision": decision.entry if decision else "",
        "started_at": to_text(batch.at),
        "started_by": batch.by,
        "written_at": at,
        "counts": {one.value: sum(each.fate is one for each in letters) for one in Fate},
        "people": sum(people.values()),
        "said": dict(said),
        "letters": [_letter(one, people.get(one.id, 0), batch.domain) for one in letters],
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _letter(one: Letter, people: int, domain: str) -> dict[str, Any]:
    """Write one letter; `domain` is empty by post."""
    made: dict[str, Any] = {"number": one.number, "fate": one.fate.value, "people": people}
    if domain:
        made |= {
            "message_id": one.message_id(domain), "code": one.code, "detail": one.detail, "attempts": one.attempts,
            "at": to_text(one.tried_at) if one.tried_at else "",
        }  # fmt: skip
    return made
