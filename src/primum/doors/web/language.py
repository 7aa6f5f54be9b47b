"""Words and dates in the reader's language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("fr", "en")
_EN_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_WISHES = 12


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return every sentence of a language as `section.key`."""
    sections = tomllib.loads((files("primum.doors.web") / "words" / f"{language}.toml").read_text("utf-8"))
    return {f"{section}.{key}": text for section, keys in sections.items() for key, text in keys.items()}


def say(language: str, key: str, **facts: object) -> str:
    """Return a sentence with its facts filled in. A key that does not exist is a fault: KeyError."""
    return catalogue(language)[key].format(**facts)


def preferred(accept_language: str, otherwise: str) -> str:
    """Return the first of our languages that the header asks for (RFC 9110 12.5.4), or `otherwise`."""
    wishes = sorted(_wishes(accept_language.split(",")[:_MOST_WISHES]), key=lambda wish: -wish[1])
    for tag, weight in wishes:
        if weight > 0 and tag in LANGUAGES:
            return tag
    return otherwise


def _wishes(parts: Iterable[str]) -> Iterable[tuple[str, float]]:
    for part in parts:
        tag, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or "1")
        except ValueError:
            weight = 0.0
        yield tag.strip().partition("-")[0].lower(), weight


def write_date(language: str, on: date) -> str:
    """Write a day: `14/03/1962`, or `14 Mar 1962` (English readers disagree on which number is the month)."""
    if language == "fr":
        return f"{on:%d/%m/%Y}"
    return f"{on.day} {_EN_MONTHS[on.month - 1]} {on.year:04}"


def write_instant(language: str, at: datetime) -> str:
    """Write an instant in the practice's time zone (the process's own, settled at its start), to the minute."""
    local = at.astimezone()
    return f"{write_date(language, local.date())} {local:%H:%M}"


def write_da(language: str, value: str) -> str:
    """Write a DICOM date; one that is not a date is shown as received."""
    on = read_da(value)
    return write_date(language, on) if on else value


def write_tm(value: str) -> str:
    """Write a DICOM time to the minute; one that is not a time is left out."""
    digits = value.replace(":", "")[:4]
    return f"{digits[:2]}:{digits[2:]}" if len(digits) == 4 and digits.isdigit() else ""  # noqa: PLR2004 (hhmm)


def read_da(value: str) -> date | None:
    """Read a DICOM date (PS3.5 6.2, with the dots of ACR-NEMA); None when it is not one."""
    try:
        return datetime.strptime(value.replace(".", ""), "%Y%m%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return None


def years_between(born: str, on: str) -> int | None:
    """Return the age in whole years at the date of a study; None when either date is unknown or they contradict."""
    birth, then = read_da(born), read_da(on)
    if birth is None or then is None or then < birth:
        return None
    return then.year - birth.year - ((then.month, then.day) < (birth.month, birth.day))
