"""The choices of a person on severity, as the fact `assessment` holds them: each name a text. Pure.

A kind of data holds its cell, then what adjusts it: `"4"`, `"3 low-nature"`. The other names hold one choice each.
`credentials-open` names the kind of data that the credentials give access to: they inherit its base.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from primum.incidents.model import BadEntry, Dossier, Fact
from primum.incidents.severity.enisa import CHOICE_WORDS, KINDS, Assessment, Cell, Picked

KEY: Final = "assessment"
_WHY: Final = {"identification": "why-identification", "likelihood": "why-likelihood"}


def read_assessment(value: Mapping[str, str], known: Fact | None = None) -> Assessment:
    """Read the choices; `known` gives the evidence. Raises BadEntry."""
    shown = known.evidence if known is not None else ()
    cells = []
    for kind in KINDS:
        if value.get(kind, "").strip():
            score, *adjusters = value[kind].split()
            if not (score.isascii() and score.isdigit() and len(score) == 1):
                raise BadEntry(what=f"{kind} begins with a cell, from 1 to 4")
            cells.append(Cell(kind, int(score), tuple(adjusters), value.get("why-data", ""), shown))
    opened = value.get("credentials-open", "").strip()
    if opened:
        cells.append(Cell(opened, KINDS.get(opened, 0), (), value.get("why-data", ""), shown))
    picked = {name: Picked(choice, why, shown) for name, choice, why in _picked(value)}
    return Assessment(tuple(cells), value.get("complete") == "yes", picked)


def check_assessment(value: Mapping[str, str]) -> None:
    """Return where these are choices that can be made. Raises BadEntry."""
    if value.get("complete", "") not in {"", "yes", "no"}:
        raise BadEntry(what="complete is yes or no")
    read_assessment(value)


def told_by_a_person(dossier: Dossier) -> Assessment:
    """Give what a person chose in this file; nothing chosen where nobody did."""
    known = dossier.facts.get(KEY)
    value = dossier.value(KEY)
    return read_assessment(value, known) if isinstance(value, Mapping) else Assessment()


def _picked(value: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in CHOICE_WORDS:
        choice = value.get(name, "").strip()
        if choice:
            yield name, choice, value.get(_WHY.get(name, "why-circumstances"), "")
