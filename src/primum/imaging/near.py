"""Who looks alike, and why, in words: homonyms and near-homonyms among the patients of one controller.

Pure. No score and no phonetics: each reason is one that a person can check (docs/design/patients.md, Who looks alike).
The machine shows; it never merges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from primum.imaging.names import NameKey, name_key, parse_name, squeeze

_DATE = 8
_ONE_LETTER_FROM = 4
"""Letters that a name must have for one letter not to make another name of it (LE, LI; ROY, RAY)."""


class Reason(StrEnum):
    """Why two patients look alike."""

    SAME_PERSON = "same-traits"
    OTHER_BIRTH_DATE = "other-birth-date"
    DAY_AND_MONTH = "day-and-month"
    ONE_DIGIT = "one-digit"
    ONE_LETTER = "one-letter"
    NAMES_EXCHANGED = "names-exchanged"
    BIRTH_NAME = "birth-name"
    TWINS = "twins"
    SAME_NUMBER = "same-number"


WORDS: dict[Reason, tuple[str, str]] = {
    Reason.SAME_PERSON: (
        "mêmes nom, prénom et date de naissance, autre identifiant",
        "same name and birth date, other identifier",
    ),
    Reason.OTHER_BIRTH_DATE: (
        "mêmes nom et prénom, autre date de naissance",
        "same name, other birth date",
    ),
    Reason.DAY_AND_MONTH: (
        "mêmes nom et prénom, jour et mois de naissance échangés",
        "same name, day and month of birth exchanged",
    ),
    Reason.ONE_DIGIT: (
        "mêmes nom et prénom, un chiffre de la date de naissance diffère",
        "same name, one digit of the birth date differs",
    ),
    Reason.ONE_LETTER: (
        "même date de naissance, une lettre du nom ou du prénom diffère",
        "same birth date, one letter of the name differs",
    ),
    Reason.NAMES_EXCHANGED: (
        "même date de naissance, nom et prénom échangés",
        "same birth date, family and given names exchanged",
    ),
    Reason.BIRTH_NAME: (
        "mêmes prénom et date de naissance, le nom de naissance de l'un est le nom utilisé de l'autre",
        "same given name and birth date, the birth name of one is the used name of the other",
    ),
    Reason.TWINS: (
        "mêmes nom et date de naissance, autre prénom : peut-être des jumeaux",
        "same family name and birth date, other given name: perhaps twins",
    ),
    Reason.SAME_NUMBER: (
        "même identifiant du même émetteur, autres traits",
        "same identifier of the same issuer, other traits",
    ),
}
"""Each reason as a sentence, French and English."""


def words(reason: Reason, language: str) -> str:
    """Say a reason in `fr` or `en`."""
    return WORDS[reason][0 if language == "fr" else 1]


@dataclass(frozen=True, slots=True)
class Face:
    """What of a patient is compared. The birth name is known where an identity was stated."""

    name: str = field(repr=False)
    birth_date: str = field(default="", repr=False)
    birth_name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)

    @property
    def key(self) -> NameKey:
        """The folded family name and first given name."""
        return name_key(parse_name(self.name))

    @property
    def families(self) -> frozenset[str]:
        """The family names, used and of birth, folded."""
        return frozenset({self.key.family, squeeze(self.birth_name)} - {""})


def reasons(one: Face, other: Face) -> tuple[Reason, ...]:
    """Tell why two patients look alike; nothing when they do not."""
    found = []
    if one.number and one.number == other.number and one.issuer == other.issuer:
        found.append(Reason.SAME_NUMBER)
    a, b = one.key, other.key
    if a.family and a == b:
        found += _by_date(one.birth_date, other.birth_date)
    elif one.birth_date and one.birth_date == other.birth_date:
        found += _by_name(one, other)
    return tuple(found)


def _by_date(one: str, other: str) -> list[Reason]:
    if one == other or not (one and other):
        return [Reason.SAME_PERSON]
    if one[:4] == other[:4] and one[4:6] == other[6:] and one[6:] == other[4:6]:
        return [Reason.DAY_AND_MONTH]
    if len(one) == len(other) == _DATE and sum(x != y for x, y in zip(one, other, strict=True)) == 1:
        return [Reason.ONE_DIGIT]
    return [Reason.OTHER_BIRTH_DATE]


def _by_name(one: Face, other: Face) -> list[Reason]:
    a, b = one.key, other.key
    if (a.family or a.given) and (a.family, a.given) == (b.given, b.family):
        return [Reason.NAMES_EXCHANGED]
    if a.given and a.given == b.given and a.family != b.family and one.families & other.families:
        return [Reason.BIRTH_NAME]
    if a.family and a.family == b.family:
        return [Reason.ONE_LETTER] if _one_letter(a.given, b.given) else [Reason.TWINS]
    if a.given == b.given and _one_letter(a.family, b.family):
        return [Reason.ONE_LETTER]
    return []


def _one_letter(one: str, other: str) -> bool:
    """Tell whether one letter was put in, left out or changed, or two neighbours exchanged."""
    if one == other or max(len(one), len(other)) < _ONE_LETTER_FROM or abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), min(len(one), len(other)))
    rest, tail = one[start:], other[start:]
    if len(rest) == len(tail):
        exchanged = len(rest) > 1 and rest[:2] == tail[1::-1] and rest[2:] == tail[2:]
        return rest[1:] == tail[1:] or exchanged
    return rest[1:] == tail if len(rest) > len(tail) else rest == tail[1:]
