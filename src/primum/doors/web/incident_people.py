"""Telling people, in words: how far it is by the entries of a file, and what a list or a letter was refused for. Pure.

Nobody is named here: entries have counts, digests and ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from primum.doors.web.language import catalogue, say, write_instant
from primum.incidents.model import Dossier, Entry, EntryKind
from primum.incidents.telling.letter import ITEMS, LANGUAGES, letter_data
from primum.incidents.telling.model import Fate
from primum.incidents.telling.permits import decided

TEXTS: Final = ("nature", *ITEMS, "details")
_LINE: Final = re.compile(r"line ([0-9]+): ([^;]+)")
_WHY: Final = {
    "no patient number": "no_number", "no name": "no_name", "a number of more": "long_number",
    "a name of more": "long_name", "something that is not text": "not_text", "the e-mail is not": "bad_mail",
    "the address has more": "many_lines", "a line of the address": "long_line", "the language is": "bad_language",
    "the same patient number": "twice", "the quotes or the fields": "bad_csv",
}  # fmt: skip
"""What recipients.py says of a line, by its beginning."""
_LIST: Final = {
    "it is empty": "empty", "it is not a CSV": "not_csv", "it is neither UTF-8": "not_csv", "it has more": "many",
    "it names nobody": "nobody", "no column": "no_column", "columns ": "two_columns", "the file has": "many_lists",
}  # fmt: skip


def section(language: str, dossier: Dossier, found: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """Say how far telling people is, for the file's page."""
    lists, letters = dossier.of_kind(EntryKind.PEOPLE), dossier.of_kind(EntryKind.LETTER)
    taken = next((one for one in reversed(lists) if one.body["what"] == "taken"), None)
    choice = decided(dossier)
    return {
        "people": {
            "decision": say(language, f"incident_telling.decided_{choice.replace('-', '_')}") if choice else "",
            "list": _taken(language, taken) if taken else "",
            "done": [_done(language, one, found["names"]) for one in reversed(letters)],
        }
    }


def _taken(language: str, one: Entry) -> str:
    return say(
        language, "incident_telling.taken", source=one.body["source"], at=write_instant(language, one.at),
        count=one.body["count"], mail=one.body["mail"], post=one.body["post"], neither=one.body["neither"],
    )  # fmt: skip


def _done(language: str, one: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    """Say what an entry about letters says."""
    known = f"incident_telling.did_{one.body['what']}"
    says = say(language, known, count=one.body["count"]) if known in catalogue(language) else one.body["what"]
    return {
        "says": says, "at": write_instant(language, one.at),
        "by": names.get(one.by, say(language, "incidents.by_itself")),
        "more": one.body.get("reason") or one.body.get("where") or "",
        "documents": [one.body[name] for name in ("document", "proof") if one.body.get(name)],
    }  # fmt: skip


def fates(language: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Give counts by fate, in their order, with words."""
    return [
        {"fate": one.value, "says": say(language, f"incident_telling.fate_{one.value.replace('-', '_')}"),
         "count": counts[one.value]}
        for one in Fate
        if counts.get(one.value)
    ]  # fmt: skip


def unreadable(language: str, fact: str) -> list[str]:
    """Say why a list was refused, line by line, in the reader's language; what is not known is said as it is."""
    lines = _LINE.findall(fact)
    if lines:
        return [
            say(language, "incident_telling.line", number=number, why=_known(language, why.strip(), _WHY))
            for number, why in lines
        ]
    return [_known(language, fact.partition(": ")[2].rstrip("."), _LIST)]


def _known(language: str, why: str, words: Mapping[str, str]) -> str:
    found = next((word for beginning, word in words.items() if why.startswith(beginning)), "")
    return say(language, f"incident_telling.why_{found}") if found else why


def form_of(letter: Mapping[str, Any] | None, start: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, str]:
    """Fill the letter's form: from the approved letter, or with sentences to begin with."""
    if letter is None:
        return {
            f"{language}-{name}": _joined(start.get(language, {}).get(name, ()))
            for language in LANGUAGES
            for name in ITEMS
        }
    made = {f"contact-{name}": text for name, text in letter["contact"].items()}
    for language, words in letter["words"].items():
        for name in TEXTS:
            said = words[name]
            made[f"{language}-{name}"] = said if isinstance(said, str) else _joined(said)
    return made


def letter_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Read a letter from its form, as `read_draft` takes it. A language without a word is left out, not both."""
    words = {language: _words(form, language) for language in LANGUAGES}
    written = {language: one for language, one in words.items() if any(one.values())}
    return {
        "contact": {name: form.get(f"contact-{name}", "").strip() for name in ("name", "email", "phone")},
        "words": written or {"fr": words["fr"]},
    }


def _words(form: Mapping[str, str], language: str) -> dict[str, Any]:
    texts = {name: form.get(f"{language}-{name}", "").replace("\r\n", "\n").strip() for name in TEXTS}
    return {name: _apart(text) if name in ITEMS else text for name, text in texts.items()}


def _apart(text: str) -> list[str]:
    """Take paragraphs apart: an empty line stands between two."""
    return [one.strip() for one in re.split(r"\n\s*\n", text) if one.strip()]


def _joined(items: Sequence[str]) -> str:
    return "\n\n".join(items)


def beside(language: str, complaints: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Give what is missing by field of the form, in words."""
    made: dict[str, list[str]] = {}
    for one in complaints:
        says = letter_data()["complaints"][one["code"]][language]
        name = "contact" if one["field"] == "contact" else f"{one['language']}-{one['field']}"
        made.setdefault(name, []).append(f"{says} ({one['word']})" if one["word"] else says)
    return made


def asked(language: str) -> list[dict[str, Any]]:
    """List the fields of the letter, for each language that it may be in."""
    return [
        {"language": each, "says": say(language, f"incident_telling.in_{each}"),
         "fields": [{"name": name, "says": letter_data()["fields"][name][language]} for name in TEXTS]}
        for each in LANGUAGES
    ]  # fmt: skip
