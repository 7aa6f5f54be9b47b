"""A line of the worklist: what the archive says of a study, written for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from primum.doors.web.language import read_da, write_da, write_tm, years_between
from primum.identity import fold_name

NAME, NUMBER, BORN, SEX = "00100010", "00100020", "00100030", "00100040"
DATE, TIME, MODALITIES, DESCRIPTION, REFERRER = "00080020", "00080030", "00080061", "00081030", "00080090"
SERIES, INSTANCES = "00201206", "00201208"


@dataclass(frozen=True, slots=True)
class Row:
    """A study, in words.

    `address` is where it opens, empty for who may list it and not open it; `identity` where its patient is shown.
    """

    address: str
    identity: str
    family: str
    given: str
    patient_id: str
    born: str
    age: int | None
    sex: str
    date: str
    time: str
    modalities: tuple[str, ...]
    description: str
    referrer: str
    series: int
    instances: int
    controller: str
    flags: tuple[str, ...]
    export: str = ""
    """Where it is taken out, empty for who may not."""
    keeping: str = ""
    """Where its retention is seen and changed, for who may."""
    reports: str = ""
    """Where its reports are read, for who may."""

    @property
    def spoken(self) -> str:
        """The patient's name as one text, for whoever hears the page."""
        return f"{self.family} {self.given}".strip()


def row(
    attributes: Mapping[str, Any],
    language: str,
    *,
    address: str,
    identity: str = "",
    controller: str,
    flags: tuple[str, ...],
    keeping: str = "",
) -> Row:
    """Write one study; what is missing or not what it should be is left empty or shown as received."""
    family, given = split_name(_name(attributes, NAME))
    born, on = _text(attributes, BORN), _text(attributes, DATE)
    return Row(
        address=address,
        identity=identity,
        family=family,
        given=given,
        patient_id=_text(attributes, NUMBER),
        born=write_da(language, born),
        age=years_between(born, on),
        sex=_text(attributes, SEX),
        date=write_da(language, on),
        time=write_tm(_text(attributes, TIME)) if read_da(on) else "",
        modalities=tuple(str(one) for one in _values(attributes, MODALITIES)),
        description=_text(attributes, DESCRIPTION),
        referrer=" ".join(reversed(split_name(_name(attributes, REFERRER)))).strip(),
        series=_count(attributes, SERIES),
        instances=_count(attributes, INSTANCES),
        controller=controller,
        flags=flags,
        keeping=keeping,
    )


def split_name(name: str) -> tuple[str, str]:
    """Split a person's name (PS3.5 6.2.1) into family name and the rest as it is spoken: prefix given middle suffix."""
    family, given, middle, prefix, suffix = (name.split("^") + [""] * 5)[:5]
    return family.strip(), " ".join(part.strip() for part in (prefix, given, middle, suffix) if part.strip())


def folded_name(attributes: Mapping[str, Any]) -> str:
    """Return the patient's name without case, accents or punctuation: what makes a homonym."""
    return fold_name(_name(attributes, NAME))


def birth_date(attributes: Mapping[str, Any]) -> str:
    """Return the patient's birth date as received."""
    return _text(attributes, BORN)


def _values(attributes: Mapping[str, Any], key: str) -> list[Any]:
    return [one for one in attributes.get(key, {}).get("Value", []) if one is not None]


def _text(attributes: Mapping[str, Any], key: str) -> str:
    values = _values(attributes, key)
    return str(values[0]) if values else ""


def _name(attributes: Mapping[str, Any], key: str) -> str:
    values = _values(attributes, key)
    groups = values[0] if values and isinstance(values[0], dict) else {}
    return str(groups.get("Alphabetic") or groups.get("Ideographic") or groups.get("Phonetic") or "")


def _count(attributes: Mapping[str, Any], key: str) -> int:
    values = _values(attributes, key)
    try:
        return int(values[0]) if values else 0
    except (TypeError, ValueError):
        return 0
