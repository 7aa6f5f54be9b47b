"""What HTML and PDF both show of a notification, in one language."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from primum.incidents.countdown import late_by
from primum.incidents.notices.words import word

_CONTROL: Final = frozenset({"Cc", "Cs"})
_AWARE: Final = "aware"

Content = Mapping[str, Any]


class Layout(StrEnum):
    """In whose order the fields stand."""

    CNIL = "cnil"
    EDPB = "edpb"


@dataclass(frozen=True, slots=True)
class ShownLine:
    """Something to copy. `form`: the form's own French words, where the reader's language is another."""

    label: str
    text: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field as it is read. `question`: what is asked in place of an answer, or beside a part of one."""

    number: int
    title: str
    confirm: str
    state: str
    state_word: str
    lines: Sequence[ShownLine]
    evidence: str
    question: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A field whose answer is another than before."""

    title: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A notification as it is read. `warnings`: a preview, an exercise."""

    title: str
    warnings: Sequence[str]
    statement: Sequence[str]
    facts: Sequence[str]
    changes_title: str
    changes: Sequence[ShownChange]
    sections: Sequence[tuple[str, Sequence[ShownField]]]
    signature: str
    foot: Sequence[str]


def shape(content: Content, digest: str, language: str, layout: Layout) -> Shown:
    """Choose the words."""
    made = {one["number"]: _field(one, language) for one in content["fields"]}
    groups = content["sections"] if layout is Layout.CNIL else content["edpb"]["blocks"]
    sections = [(one["label"][language], [made[each] for each in one["fields"] if each in made]) for one in groups]
    version = word(language, "version", version=content["version"])
    title = word(language, f"type-{content['type']}")
    return Shown(
        title=f"{title[0].upper()}{title[1:]}, {version.lower()}",
        warnings=[
            word(language, key) for key, wanted in (("exercise", content["exercise"]), ("draft", not digest)) if wanted
        ],
        statement=statement(content, language),
        facts=_facts(content, language),
        changes_title=word(language, "changes" if content["changes"] else "changes-none")
        if content["previous"]
        else "",
        changes=[_change(one, language) for one in content["changes"]],
        sections=[one for one in sections if one[1]],
        signature=word(language, "signature"),
        foot=_foot(content, digest, language, layout),
    )


def statement(content: Content, language: str) -> list[str]:
    """Say what this is: who made it of what, that it was not sent, that a person reads and signs it."""
    sent = "not-sent-alert" if content["type"] == "alert" else "not-sent"
    prepared = word(language, "prepared", at=content["at_shown"][language], file=content["file"])
    return [prepared, word(language, sent), word(language, "read")]


def clean(text: str) -> str:
    """Keep the lines of a text, and nothing that is no character of a page."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        one if one in "\n\t" or unicodedata.category(one) not in _CONTROL else "\N{REPLACEMENT CHARACTER}"
        for one in plain
    )


def _facts(content: Content, language: str) -> list[str]:
    clock, decided = content["clock"], content["decided"]
    told = [word(language, "for", name=clean(content["controller"]))]
    if content["reason"].strip():
        told.append(word(language, "why", reason=clean(content["reason"])))
    if content["previous"]:
        told.append(word(language, "previous", entry=content["previous"]))
    if content["type"] != "alert":
        told += _clock(content, clock, language)
        told.append(
            word(language, "decided", choice=decided["choice"], at=decided["at"][language])
            if decided
            else word(language, "undecided")
        )
    left = len(content["left"])
    return [*told, word(language, "left", count=left) if left else word(language, "left-none")]


def _clock(content: Content, clock: Content, language: str) -> list[str]:
    told = []
    if clock["due_shown"]:
        told.append(word(language, "deadline", at=clock["due_shown"][language]))
    if clock["prudent_shown"]:
        told.append(word(language, "prudent", at=clock["prudent_shown"][language]))
    if clock["late_minutes"]:
        late = late_by(timedelta(minutes=clock["late_minutes"])).words(language)
        number = next((one["number"] for one in content["fields"] if one["name"] == _AWARE), 0)
        told.append(word(language, "late", late=late, number=number))
    return told


def _foot(content: Content, digest: str, language: str, layout: Layout) -> list[str]:
    source = content["form"] if layout is Layout.CNIL else content["edpb"]
    told = [word(language, "source", at=source["in_force"], source=source["source"])]
    if layout is Layout.EDPB:
        told.insert(0, content["edpb"]["note"][language])
    return [*told, word(language, "fingerprint", digest=digest)] if digest else told


def _field(one: Content, language: str) -> ShownField:
    lines = [_line(part, each, one, language) for part in one["parts"] for each in part["lines"]]
    shown = {(each["kind"], each["ref"]): each for part in one["parts"] for each in part["evidence"]}
    return ShownField(
        number=one["number"],
        title=one["label"][language],
        confirm="" if one["confirmed"] else word(language, "confirm"),
        state=one["standing"],
        state_word=word(language, f"standing-{one['standing']}"),
        lines=lines,
        evidence="; ".join(_evidence(each, language) for each in shown.values()),
        question=one["asks"].get(language, ""),
    )


def _evidence(one: Content, language: str) -> str:
    return clean(f"{word(language, 'evidence-' + one['kind'])} {one['ref']} {one['note']}".strip())


def _line(part: Content, line: Content, one: Content, language: str) -> ShownLine:
    named = [part["label"].get(language, ""), line.get("label", {}).get(language, "")]
    label = ", ".join(each for each in named if each)
    if part["standing"] != one["standing"]:
        label = f"{label} ({word(language, 'standing-' + part['standing'])})".strip()
    own = one["form_words"] and language != "fr" and isinstance(line["text"], Mapping)
    return ShownLine(label, _said(line, language), _said(line, "fr") if own else "")


def _said(line: Content, language: str) -> str:
    text = line["text"]
    return clean(text[language] if isinstance(text, Mapping) else text)


def _named(line: Content, language: str) -> str:
    label = line.get("label", {}).get(language, "")
    return word(language, "labelled", label=label, text=_said(line, language)) if label else _said(line, language)


def _change(one: Content, language: str) -> ShownChange:
    def told(lines: Sequence[Content]) -> str:
        return "\n".join(_named(each, language) for each in lines) or word(language, "nothing")

    return ShownChange(f"{one['number']}. {one['label'][language]}", told(one["was"]), told(one["now"]))
