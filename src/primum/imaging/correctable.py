"""What a corrected value may be (PS3.5 6.2, table 6.2-1). Pure."""

from __future__ import annotations

from datetime import date

from primum.imaging.errors import BadValue

_MOST = {"number": 64, "issuer": 64, "accession": 16, "description": 64}
_GROUP, _GROUPS, _COMPONENTS = 64, 3, 5
SEXES = ("M", "F", "O", "")


def checked(which: str, text: str) -> str:
    """Give a value back as it will be kept. Raises BadValue, which never repeats it."""
    text = text.strip()
    if "\\" in text or not all(character.isprintable() for character in text):
        raise BadValue(which=which)
    match which:
        case "name" | "referrer":
            good = _name(text)
        case "birth_date":
            good = not text or _date(text)
        case "sex":
            good = text in SEXES
        case _:
            good = len(text) <= _MOST[which]
    if not good:
        raise BadValue(which=which)
    return text


def _name(text: str) -> bool:
    groups = text.split("=")
    return len(groups) <= _GROUPS and all(len(group) <= _GROUP and group.count("^") < _COMPONENTS for group in groups)


def _date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 8 and text.isdigit()  # noqa: PLR2004 (YYYYMMDD)
