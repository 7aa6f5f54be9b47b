"""The French health identity: INS matricule, its control key, strict traits, statuses (rules/identity-fr.toml).

Pure. The machine checks what can be checked; that an identity is *qualified* is said by a person, never concluded here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from primum.imaging.errors import ImagingRefusal

_NUMBER = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}", re.ASCII)
_PLACE = re.compile(r"[0-9][0-9AB][0-9]{3}")
_CORSICA = {"2A": "19", "2B": "18"}
_DEPARTMENT = slice(5, 7)
MATRICULE = 15


class BadIdentity(ImagingRefusal):
    """This identity cannot be kept: {why}."""

    code = "imaging.bad-identity"
    hint = (
        "compare it with the document or the teleservice's answer; docs/design/patients.md, Identifiers, has the rules"
    )


class Status(StrEnum):
    """How far an identity can be trusted."""

    PROVISIONAL = "provisional"
    RETRIEVED = "retrieved"
    VALIDATED = "validated"
    QUALIFIED = "qualified"


@dataclass(frozen=True, slots=True)
class Nature:
    """What an OID says of a matricule."""

    oid: str
    name: str
    real: bool
    confidence: str


@cache
def natures() -> Mapping[str, Nature]:
    """List the OIDs of the rule file."""
    return {one["oid"]: Nature(**one) for one in _rules()["oid"]}


@cache
def status_words(language: str) -> Mapping[Status, str]:
    """Name the statuses in `fr` or `en`."""
    return {Status(one["status"]): one[language] for one in _rules()["status"]}


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(resources.files("primum.imaging").joinpath("rules/identity-fr.toml").read_text("utf-8"))


def control_key(number: str) -> str:
    """Compute the two last digits of a matricule from its first thirteen. ValueError when it is no such number."""
    if _NUMBER.fullmatch(number) is None:
        raise ValueError("not the number of a matricule")
    department = number[_DEPARTMENT]
    digits = number[:5] + _CORSICA.get(department, department) + number[7:]
    return f"{97 - int(digits) % 97:02d}"


def is_matricule(text: str) -> bool:
    """Tell whether this is a matricule whose control key is right."""
    if len(text) != MATRICULE or _NUMBER.fullmatch(text[:13]) is None:
        return False
    return control_key(text[:13]) == text[13:]


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity as a person states it: traits, INS where there is one, and what the person has seen."""

    birth_name: str = field(default="", repr=False)
    given_names: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)
    birth_place: str = field(default="", repr=False)
    """INSEE code of the commune, or of the country (99…)."""
    used_name: str = field(default="", repr=False)
    used_given_name: str = field(default="", repr=False)
    matricule: str = field(default="", repr=False)
    oid: str = ""
    retrieved: bool = False
    """The person states that the teleservice INSi gave it."""
    document: bool = False
    """The person states to have seen a document of high assurance."""

    @property
    def status(self) -> Status:
        """Tell the status that these statements make."""
        if self.retrieved:
            return Status.QUALIFIED if self.document else Status.RETRIEVED
        return Status.VALIDATED if self.document else Status.PROVISIONAL

    def as_json(self) -> dict[str, object]:
        """Give it as an act keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Identity:
        """Read what `as_json` gave."""
        return cls(**{one.name: said[one.name] for one in fields(cls) if one.name in said})


_STRICT = ("birth_name", "given_names", "birth_date", "sex", "birth_place")


def check_identity(identity: Identity, *, real: bool) -> None:
    """Refuse what cannot be: a wrong key, a test OID in a real home, a status that its traits do not carry."""
    _check_traits(identity)
    if bool(identity.matricule) != bool(identity.oid):
        raise BadIdentity(why="a matricule and its OID go together")
    if identity.matricule:
        nature = natures().get(identity.oid)
        if nature is None:
            raise BadIdentity(why="the OID is none of the INS")
        if real and not nature.real:
            raise BadIdentity(why="the OID is one of tests or demonstrations")
        if not is_matricule(identity.matricule):
            raise BadIdentity(why="the control key does not fit the matricule")
    if identity.retrieved and not identity.matricule:
        raise BadIdentity(why="what the teleservice gave has a matricule")
    missing = [name for name in _STRICT if not getattr(identity, name)]
    if identity.status is not Status.PROVISIONAL and missing:
        raise BadIdentity(why="a strict trait is missing")


def _check_traits(identity: Identity) -> None:
    texts = [value for value in asdict(identity).values() if isinstance(value, str)]
    if any(len(text) > 100 or not all(map(str.isprintable, text)) for text in texts):  # noqa: PLR2004 (INSi: 100 characters)
        raise BadIdentity(why="a trait is too long, or has characters that no name has")
    if identity.birth_date and not _is_date(identity.birth_date):
        raise BadIdentity(why="the birth date is no date")
    if identity.sex not in {"", "M", "F", "I"}:
        raise BadIdentity(why="the sex is M, F or I")
    if identity.birth_place and _PLACE.fullmatch(identity.birth_place) is None:
        raise BadIdentity(why="the birth place is a code of INSEE, five characters")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return text.isdigit()
