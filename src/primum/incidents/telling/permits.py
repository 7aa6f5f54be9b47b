"""What every step of telling asks the file: which one holds now, whether people are to be told, by which text."""

from __future__ import annotations

from typing import Final

from primum.incidents.model import Dossier, EntryKind, IncidentOver, Role, State
from primum.incidents.service import Incidents
from primum.incidents.telling.errors import NotToBeTold
from primum.incidents.telling.letter import Draft, read_draft

ABOUT: Final = "tell"
"""What the decision is about."""
EACH: Final = frozenset({"tell"})
"""The choice that lets letters leave."""
PUBLIC: Final = EACH | {"public"}
"""The choices under which a public notice may stand: beside letters, or instead of them (34(3)(c))."""
APPROVED: Final = "approved"
_MERGES: Final = 20
"""Files into which a file was merged, one after the other."""


def head(files: Incidents, file_id: str) -> Dossier:
    """Read a file, or the one into which it was merged. Raises NoSuchIncident."""
    found = files.read(file_id)
    for _ in range(_MERGES):
        if found.state is not State.MERGED:
            break
        found = files.read(found.merged_into)
    return found


def family(dossier: Dossier) -> tuple[str, ...]:
    """Name a file and those that were merged into it."""
    return (dossier.file.id, *dossier.merged_from)


def decided(dossier: Dossier) -> str:
    """Return the choice that stands about telling people; empty where nobody decided."""
    found = dossier.decisions.get(ABOUT)
    return found.choice if found is not None else ""


def approved(dossier: Dossier, digest: str = "") -> Draft | None:
    """Return the letter that was approved last, or the approved one of this digest."""
    for one in reversed(dossier.of_kind(EntryKind.LETTER)):
        if one.body["what"] == APPROVED and (not digest or one.body["digest"] == digest):
            return read_draft(one.body["content"])
    return None


def require_open(dossier: Dossier) -> None:
    """Return where the file is open, and it is the house that tells people. Raises IncidentOver, NotToBeTold."""
    if dossier.state is not State.OPEN:
        raise IncidentOver
    if dossier.file.role is Role.PROCESSOR:
        raise NotToBeTold(what="the house is a processor in this file, and the controller tells people (article 34)")


def require_letter(dossier: Dossier, digest: str = "", among: frozenset[str] = EACH) -> Draft:
    """Return the approved letter where the decision is one of these. Raises IncidentOver, NotToBeTold."""
    require_open(dossier)
    if decided(dossier) not in among:
        raise NotToBeTold(what="nobody decided that people are told, or it was decided otherwise since")
    found = approved(dossier, digest)
    if found is None:
        raise NotToBeTold(what="no letter was approved")
    return found
