"""What is read: the mail, the sealed letter, the public notice. All from one approved draft. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from primum.incidents.telling.letter import ITEMS, LANGUAGES, Draft, letter_data
from primum.incidents.telling.model import Recipient

_WIDE: Final = 76
"""Characters of a line of a mail (RFC 5322 2.1.1 recommends at most 78)."""

FICTITIOUS: Final = Recipient(
    reference="0000", name="Camille EXEMPLE", mail="camille.exemple@example.org",
    address=("1 rue de l'Exemple", "00000 EXEMPLE"), language="fr",
)  # fmt: skip
"""Whom a preview is written to: nobody."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and what stands under it. `listed`: each paragraph is an item."""

    heading: str
    paragraphs: tuple[str, ...]
    listed: bool = False


def language_of(draft: Draft, wished: str) -> str:
    """Return the language that somebody is written to in: theirs where the letter has it, else the first it has."""
    return wished if wished in draft.words else next(one for one in LANGUAGES if one in draft.words)


def sections(draft: Draft, language: str, *, sealed: bool) -> list[Section]:
    """Give the letter's sections in order. `sealed`: with what may only be told in a closed envelope."""
    words, said = draft.words[language], letter_data()[language]
    found = [Section(said["nature"], (words.nature,))]
    if sealed and words.details:
        found.append(Section(said["details"], (words.details,)))
    found += [Section(said[field], getattr(words, field), listed=True) for field in ITEMS]
    contact = ", ".join(one for one in (draft.name, draft.mail, draft.phone) if one)
    found.append(Section(said["contact"], (contact, said["complaint"])))
    return found


def mail(draft: Draft, languages: Iterable[str], sender: str) -> tuple[str, str]:
    """Write a mail: subject and text. In each language that those behind the address read; it names nobody of them."""
    wanted = [one for one in LANGUAGES if one in {language_of(draft, each) for each in languages}]
    texts = [_mail_in(draft, one, sender) for one in wanted]
    return letter_data()[wanted[0]]["subject"].format(sender=sender), f"\n\n{'-' * 8}\n\n".join(texts) + "\n"


def public(draft: Draft, language: str, sender: str) -> str:
    """Write the public notice of 34(3)(c), for those whom nobody could write to."""
    said = letter_data()[language]
    return _plain([said["why_public"].format(sender=sender)], sections(draft, language, sealed=False), [said["law"]])


def opening(language: str, sender: str, guardian: str) -> Sequence[str]:
    """Give the greeting and the first sentence of a sealed letter."""
    said = letter_data()[language]
    return said["greeting"], said["why_guardian" if guardian else "why_post"].format(sender=sender)


def _mail_in(draft: Draft, language: str, sender: str) -> str:
    said = letter_data()[language]
    head = [said["greeting"], said["why_mail"].format(sender=sender)]
    return _plain(head, sections(draft, language, sealed=False), [said["no_link"], sender, said["law"]])


def _plain(head: Iterable[str], body: Iterable[Section], foot: Iterable[str]) -> str:
    parts = [_wrapped(one) for one in head]
    for one in body:
        mark = "- " if one.listed else ""
        parts.append("\n".join([one.heading.upper(), *(_wrapped(each, mark) for each in one.paragraphs)]))
    return "\n\n".join([*parts, *(_wrapped(one) for one in foot)])


def _wrapped(text: str, mark: str = "") -> str:
    lines = [
        textwrap.fill(
            line, _WIDE, initial_indent=mark if not at else " " * len(mark), subsequent_indent=" " * len(mark)
        )
        for at, line in enumerate(text.split("\n"))
    ]
    return "\n".join(lines)
