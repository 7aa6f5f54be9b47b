"""Facts of a breach on a page: a value in words, the fields that ask for one, a form read back as a value. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, Final

from primum.doors.web.language import catalogue, say, write_instant
from primum.doors.web.local_time import Unclear, read_local
from primum.ground.clock import from_text, to_text
from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES, Kind, Shape
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry, Fact, Standing


def in_words(language: str, fact: Fact) -> str:
    """Say the value of a fact; "not known" where somebody said so."""
    if fact.standing is Standing.UNKNOWN:
        return say(language, "incidents.not_known")
    return _SAYS[CATALOGUE[fact.key].shape](language, CATALOGUE[fact.key], fact.value)


def label(language: str, key: str) -> str:
    """Name a fact."""
    return CATALOGUE[key].label[tongue(language)]


def question(language: str, key: str) -> dict[str, Any]:
    """Give what a form needs to ask for a fact."""
    kind = CATALOGUE[key]
    return {
        "key": key,
        "shape": kind.shape.value,
        "asks": kind.asks.get(tongue(language), kind.label[tongue(language)]),
        "words": [(name, said[tongue(language)]) for name, said in VOCABULARIES.get(kind.vocabulary, {}).items()],
        "fields": [(name, _field(language, name)) for name in kind.fields],
        "most": LIMITS.text,
    }


def read_form(key: str, form: Mapping[str, str], zone: tzinfo | None) -> Any:  # noqa: ANN401 (a fact's own type)
    """Read the value of a fact from its form. Raises BadEntry; what it gives is still to be held to the catalogue."""
    if key not in CATALOGUE:
        raise BadEntry(what="there is no such fact")
    try:
        return _READS[CATALOGUE[key].shape](CATALOGUE[key], form, zone)
    except Unclear:
        raise BadEntry(what="the change of the clocks made this hour twice, or never: say the offset") from None
    except ValueError:
        raise BadEntry(what=f"{key} cannot be read") from None


def tongue(language: str) -> str:
    """Choose between the two languages of the catalogue."""
    return "fr" if language == "fr" else "en"


def _word(language: str, kind: Kind, value: str) -> str:
    return VOCABULARIES[kind.vocabulary][value][tongue(language)]


def _count(language: str, _kind: Kind, value: Mapping[str, Any]) -> str:
    how = "at_least" if value.get("at_least") else "about" if value.get("approximate") else "exactly"
    return say(
        language, f"incidents.count_{how}", count=f"{value['count']:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    )


def _began(language: str, _kind: Kind, value: Mapping[str, Any]) -> str:
    after = write_instant(language, from_text(value["not_after"]))
    if not value.get("not_before"):
        return say(language, "incidents.began_unknown", after=after)
    return say(language, "incidents.began", before=write_instant(language, from_text(value["not_before"])), after=after)


def _ended(language: str, _kind: Kind, value: Mapping[str, Any]) -> str:
    return say(language, f"incidents.ended_{value['state']}", at=write_instant(language, from_text(value["at"])))


def _field(language: str, name: str) -> str:
    known = f"incidents.field_{name}"
    return say(language, known) if known in catalogue(language) else name


def _fields(language: str, _kind: Kind, value: Mapping[str, str]) -> str:
    named = [(_field(language, name), text) for name, text in value.items() if text.strip()]
    return " · ".join(f"{name}{say(language, 'incidents.colon')}{text}" for name, text in named)


_SAYS: Final[dict[Shape, Callable[[str, Kind, Any], str]]] = {
    Shape.TEXT: lambda _language, _kind, value: value,
    Shape.COUNT: _count,
    Shape.NUMBER: lambda _language, _kind, value: str(value),
    Shape.CHOICE: _word,
    Shape.CHOICES: lambda language, kind, value: ", ".join(_word(language, kind, one) for one in value),
    Shape.WORDS: lambda _language, _kind, value: ", ".join(value),
    Shape.BEGAN: _began,
    Shape.ENDED: _ended,
    Shape.FIELDS: _fields,
}


def _read_count(_kind: Kind, form: Mapping[str, str], _zone: tzinfo | None) -> dict[str, Any]:
    how = form.get("how", "")
    return {
        "count": int(form.get("count", "").replace(" ", "").replace("\N{NARROW NO-BREAK SPACE}", "")),
        **({"at_least": True} if how == "at_least" else {}),
        **({"approximate": True} if how == "about" else {}),
    }


def _read_choices(kind: Kind, form: Mapping[str, str], _zone: tzinfo | None) -> list[str]:
    return [one for one in VOCABULARIES[kind.vocabulary] if form.get(f"choice-{one}")]


def _read_began(_kind: Kind, form: Mapping[str, str], zone: tzinfo | None) -> dict[str, Any]:
    before, after = form.get("not_before", ""), form.get("not_after", "")
    offset = form.get("offset", "")
    return {
        "not_before": to_text(read_local(before, zone, offset)) if before else None,
        "not_after": to_text(read_local(after, zone, offset)),
        "proof_before": "declared", "proof_after": "declared",
    }  # fmt: skip


def _read_ended(_kind: Kind, form: Mapping[str, str], zone: tzinfo | None) -> dict[str, Any]:
    at = read_local(form.get("at", ""), zone, form.get("offset", ""))
    return {"state": form.get("state", ""), "at": to_text(at), "proof": "declared"}


_READS: Final[dict[Shape, Callable[[Kind, Mapping[str, str], tzinfo | None], Any]]] = {
    Shape.TEXT: lambda _kind, form, _zone: form.get("value", ""),
    Shape.COUNT: _read_count,
    Shape.NUMBER: lambda _kind, form, _zone: int(form.get("value", "")),
    Shape.CHOICE: lambda _kind, form, _zone: form.get("value", ""),
    Shape.CHOICES: _read_choices,
    Shape.WORDS: lambda _kind, form, _zone: [one.strip() for one in form.get("value", "").split(",") if one.strip()],
    Shape.BEGAN: _read_began,
    Shape.ENDED: _read_ended,
    Shape.FIELDS: lambda kind, form, _zone: {one: form.get(f"field-{one}", "") for one in kind.fields},
}
