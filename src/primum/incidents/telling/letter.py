"""The letter that people get, and what it must say before it may leave (GDPR 34(2)). Pure.

Concrete consequences, concrete measures, concrete advice: a message that was too vague was itself sanctioned (Free,
January 2026). What may only be told under a seal stands apart, and never goes by mail.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from primum.ground.pdf import writable
from primum.incidents.dated import read_dated
from primum.incidents.model import Dossier
from primum.incidents.telling.errors import LetterRefused
from primum.incidents.telling.limits import LIMITS
from primum.incidents.telling.recipients import plain

LANGUAGES: Final = ("fr", "en")
ITEMS: Final = ("consequences", "done", "advice")
_LINK: Final = re.compile(r"://|\bwww\.", re.IGNORECASE)
_IDENTIFYING: Final = re.compile(r"\b[a-z]{3}_[a-z2-7]{26}\b|\b\d+(?:\.\d+){5,}\b|\b\d(?:[ .]?\d){12,}\b")
"""An id of ours, a UID of DICOM, a social security number."""
_BLANK: Final = re.compile(r"\[[^\]]*\]|\.{4,}|…{2,}|_{3,}|<[^>]*>")
_CONTACT: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|\+?[\d][\d .()-]{7,}")


@dataclass(frozen=True, slots=True)
class Words:
    """What the practice says, in one language. Each item a paragraph."""

    nature: str = ""
    consequences: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    details: str = ""
    """For the sealed letter alone; may be empty."""

    def paragraphs(self) -> Iterator[tuple[str, str]]:
        """Give each paragraph that goes by mail too, with the field it is of."""
        yield "nature", self.nature
        for field in ITEMS:
            for one in getattr(self, field) or ("",):
                yield field, one


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter in one or two languages, and whom people may ask."""

    words: Mapping[str, Words]
    name: str = ""
    mail: str = ""
    phone: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give it as an object."""
        return {
            "contact": {"name": self.name, "email": self.mail, "phone": self.phone},
            "words": {
                language: {
                    "nature": one.nature, **{field: list(getattr(one, field)) for field in ITEMS},
                    "details": one.details,
                }
                for language, one in sorted(self.words.items())
            },
        }  # fmt: skip

    @property
    def digest(self) -> str:
        """SHA-256 of it: two letters are the same where they say the same."""
        text = json.dumps(self.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a draft is no letter yet. `code`: of letter.toml; `word`: the word of our own list that was found."""

    field: str
    language: str
    code: str
    word: str = ""

    def text(self, language: str) -> str:
        """Say it."""
        found = letter_data()
        said = f"{found['fields'][self.field][language]} ({self.language}) : {found['complaints'][self.code][language]}"
        said = said if language == "fr" else said.replace(") :", "):")
        return f"{said} ({self.word})" if self.word else said


def read_draft(told: Any) -> Draft:  # noqa: ANN401 (what came from outside)
    """Read a draft from an object, as `as_json` gives it. Raises LetterRefused."""
    try:
        words = {language: _read_words(one) for language, one in told["words"].items()}
        contact = [told["contact"].get(one, "") for one in ("name", "email", "phone")]
    except (KeyError, TypeError, AttributeError, ValueError):
        words, contact = {}, []
    if not words or not set(words) <= set(LANGUAGES) or not all(isinstance(one, str) for one in contact):
        raise LetterRefused(what="it is not in the form of a letter: words in French or English, a contact")
    return Draft(words, *(one.strip() for one in contact))


def complaints(draft: Draft, sender: str) -> list[Complaint]:
    """List what is missing or out of place, in the order of the letter; empty where it may be approved."""
    found = [one for language, words in sorted(draft.words.items()) for one in _of_words(words, language, sender)]
    reachable = any(_CONTACT.fullmatch(one) for one in (draft.mail, draft.phone))
    contact = (draft.name, draft.mail, draft.phone)
    if not draft.name or not reachable or any(_form(one, LIMITS.name) for one in contact):
        found.append(Complaint("contact", next(iter(sorted(draft.words)), "fr"), "contact"))
    return found


def start(dossier: Dossier, language: str) -> dict[str, list[str]]:
    """Give sentences to begin with, by what the file says of the data. Each has a blank: none is approved as it is."""
    known = {*(dossier.value("data") or ()), *(dossier.value("sensitive") or ())}
    made: dict[str, list[str]] = {field: [] for field in ITEMS}
    for one in letter_data()["start"]:
        if one["data"] in known:
            made[one["field"]].append(one[language])
    return made


@cache
def letter_data() -> dict[str, Any]:
    """Return letter.toml."""
    return read_dated("primum.incidents.telling", "letter.toml")


def _read_words(told: Mapping[str, Any]) -> Words:
    texts = {one: told.get(one, "") for one in ("nature", "details")}
    lists = {one: tuple(told.get(one, ())) for one in ITEMS}
    every = [*texts.values(), *(item for items in lists.values() for item in items)]
    if not all(isinstance(one, str) for one in every) or any(isinstance(told.get(one), str) for one in ITEMS):
        raise ValueError
    if any(len(items) > LIMITS.items for items in lists.values()):
        raise ValueError
    tidy = {field: tuple(one.strip() for one in items if one.strip()) for field, items in lists.items()}
    return Words(nature=texts["nature"].strip(), details=texts["details"].strip(), **tidy)


def _of_words(words: Words, language: str, sender: str) -> Iterator[Complaint]:
    for field, text in words.paragraphs():
        code, word = _wrong(text, sender)
        if code:
            yield Complaint(field, language, code, word)
    if words.details:
        code = _form(words.details, LIMITS.paragraph) or _numbers(words.details)
        if code:
            yield Complaint("details", language, code)


def _wrong(text: str, sender: str) -> tuple[str, str]:
    if not text:
        return "missing", ""
    code = _form(text, LIMITS.paragraph) or _numbers(text) or _concrete(text)
    if code:
        return code, ""
    word = _clinical(plain(text), plain(sender))
    return ("clinical", word) if word else ("", "")


def _form(text: str, most: int) -> str:
    if len(text) > most:
        return "long"
    if not all(one.isprintable() or one == "\n" for one in text):
        return "sign"
    return "" if all(writable(one) for one in text.split("\n")) else "unwritable"


def _numbers(text: str) -> str:
    said = f" {plain(text)} "
    if _BLANK.search(text) or any(f" {one} " in said for one in letter_data()["blanks"]["words"]):
        return "unfinished"
    if _IDENTIFYING.search(text):
        return "identifying"
    return "link" if _LINK.search(text) else ""


def _concrete(text: str) -> str:
    """Hold what is left of a paragraph, once empty phrases are out of it, against the bounds."""
    data, left = letter_data(), plain(text)
    for phrase in sorted(data["empty"]["phrases"], key=len, reverse=True):
        left = left.replace(phrase, " ")
    words, bounds = left.split(), data["bounds"]
    enough = len(words) >= bounds["words"] and len(set(words)) >= bounds["different"]
    return "" if enough and len(" ".join(words)) >= bounds["characters"] else "vague"


def _clinical(said: str, sender: str) -> str:
    """Find the first word that would tell an examination or a specialty, and that the sender's name does not tell."""
    lists: Mapping[str, Sequence[str]] = letter_data()["clinical"]
    for one in said.split():
        stem = next((each for each in lists["stems"] if one.startswith(each)), "")
        if stem and stem not in sender:
            return stem
    found = (each for each in lists["words"] if f" {each} " in f" {said} " and f" {each} " not in f" {sender} ")
    return next(found, "")
