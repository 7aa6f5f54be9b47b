"""What a notification is made of before it is frozen: a type, fields, what they take and what is asked. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Any

from primum.incidents.model import Evidence
from primum.incidents.notices.form import Asked, Words
from primum.incidents.notices.values import Line


class Type(StrEnum):
    """What is drawn up."""

    INITIAL = "initial"
    COMPLEMENTARY = "complementary"
    COMPLETE = "complete"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    ALERT = "alert"
    """The processor's, to the controller (33(2))."""


class Known(StrEnum):
    """How a field is known."""

    MEASURED = "measured"
    DECLARED = "declared"
    DERIVED = "derived"
    """From the file itself, or computed from a fact."""
    UNKNOWN = "unknown"
    """Somebody said that it is not known."""
    ASKED = "asked"
    ABSENT = "absent"
    """Only a measure could tell, and none did: nobody is asked."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a notification is before its fields. `number`: of the receipt before it; None where nothing came before."""

    type: Type
    organisation: str = ""
    """The controller's name, as the house has it."""
    number: str | None = None
    previous: str = ""
    """The entry of the version before."""
    late: bool = False
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a field takes, with its evidence: never empty."""

    key: str
    standing: Known
    value: Any
    lines: tuple[Line, ...]
    evidence: tuple[Evidence, ...]
    label: Words

    def as_json(self) -> dict[str, Any]:
        """Give it as an object."""
        return {
            "key": self.key, "standing": self.standing.value, "value": self.value,
            "lines": [one.as_json() for one in self.lines], "evidence": [one.as_json() for one in self.evidence],
            "label": dict(self.label),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form, filled or not. `asks` is empty where nothing is left to ask; `keys`: what an answer sets."""

    form: Asked
    standing: Known
    parts: tuple[Part, ...]
    asks: Words
    keys: tuple[str, ...] = ()

    @property
    def filled(self) -> bool:
        """Whether it has a value. That something is not known is an answer, and no value."""
        return self.standing in {Known.MEASURED, Known.DECLARED, Known.DERIVED}

    def as_json(self) -> dict[str, Any]:
        """Give it as an object, label and question in both languages."""
        return {
            "number": self.form.number, "name": self.form.name, "section": self.form.section,
            "label": dict(self.form.label), "confirmed": self.form.confirmed, "form_words": self.form.cnil,
            "standing": self.standing.value, "parts": [one.as_json() for one in self.parts], "asks": dict(self.asks),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is left. `keys`: the facts and instants that answer it; `number`: the field that waits for it."""

    number: int
    name: str
    keys: tuple[str, ...]
    text: Words
