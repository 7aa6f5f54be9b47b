"""A file opened by a story: what the teller answered, what the story says by itself, and nothing else.

All of it is held against the rules before anything is written; then it is written in one transaction, or not at all.
Whoever may report may tell: reading the file afterwards is another permission.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from primum.ground.clock import to_text
from primum.identity import Actor
from primum.incidents.entries import check
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.limits import LIMITS
from primum.incidents.model import (
    BadEntry,
    Dossier,
    EntryKind,
    Evidence,
    File,
    IncidentRefused,
    Origin,
    Role,
    Standing,
    State,
    Which,
)
from primum.incidents.service import Incidents
from primum.incidents.stories.book import Question, Story, story

DETECTED: Final = "detected"
"""The question that every story asks: when was it seen?"""
LETTER: Final = "letter"
BY_OTHERS: Final = {Origin.PROCESSOR: "processor", Origin.AUTHORITY: "cnil"}
"""Stories that somebody else tells us first: whose letter it is."""
_ON_THE_LETTER: Final = frozenset({
    "authority-told-this-breach", "authority-control-from-elsewhere", "authority-wrote", "processor-aware",
})  # fmt: skip
"""What a letter shows (for the first two, CE 449694): the answer points at it."""


class BadAnswer(IncidentRefused):
    """The answer to {question} cannot be kept: {what}. No file was opened."""

    code: ClassVar[str] = "incident.bad-answer"
    hint: ClassVar[str] = "correct that answer, or leave it out: it can be answered later, in the file"


class NotAHost(IncidentRefused):
    """This house does not host for others: it has no file as a processor."""

    code: ClassVar[str] = "incident.not-a-host"
    hint: ClassVar[str] = "set hosts_for_others where that is wrong, or tell another story"


@dataclass(frozen=True, slots=True)
class Letter:
    """What arrived, from the authority or a processor. It is received when the story says that it was."""

    about: str
    asked: tuple[str, ...] = ()
    due: datetime | None = None
    """By when an answer to what is asked is due."""
    reference: str = ""
    name: str = ""
    document: bytes = b""
    """The letter itself, scanned or as it came; empty where it is not at hand."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One entry that will be written, and the question that it answers."""

    question: str
    kind: EntryKind
    body: Mapping[str, Any]
    shared: bool
    """Whether it is written once for every controller of the breach."""


def tell(  # noqa: PLR0917 (what a story is made of)
    files: Incidents,
    by: Actor,
    controller_id: str,
    name: str,
    answers: Mapping[str, Any],
    detected_at: datetime | None = None,
    language: str = "fr",
    *,
    letter: Letter | None = None,
) -> File:
    """Open the file of one controller by a story. An answer of None: the teller said that it is not known.

    Raises NotPermitted, NoSuchStory, NotAHost, BadAnswer, BadEntry; then nothing is opened.
    """
    (made,) = tell_each(files, by, [controller_id], name, answers, detected_at, language, letter=letter)
    return made


def tell_each(  # noqa: PLR0917 (what a story is made of)
    files: Incidents,
    by: Actor,
    controllers: Sequence[str],
    name: str,
    answers: Mapping[str, Any],
    detected_at: datetime | None = None,
    language: str = "fr",
    *,
    letter: Letter | None = None,
) -> list[File]:
    """Open one file for each controller on one common record: a server that several share, or that a host runs.

    With more than one controller only what they share is taken: how many people of whom is asked in each file.
    Raises as `tell` does.
    """
    told = story(name)
    files.may_open(by, controllers)
    if not controllers or len(set(controllers)) != len(controllers):
        raise BadEntry(what="each controller is named once")
    if language not in told.title:
        raise BadEntry(what="a story is told in French or in English")
    if told.host and not files.processor:
        raise NotAHost
    now = files.now()
    at = detected_at or now
    said = _said(told, by, answers, at, language, several=len(controllers) > 1)
    if letter is not None:
        _letter_fits(told, letter)
        said.append(_Said(LETTER, EntryKind.CORRESPONDENCE, _correspondence(told, letter, at), shared=False))
    _rehearse(told, said, by, now)
    with files.transaction() as tx:
        made = files.open_files(tx, told.origin, told.title[language], controllers, by.person_id)
        for place, one in enumerate(made):
            kept = ""
            if letter is not None and letter.document:
                what = letter.name or LETTER
                kept = files.keep_document(tx, one, what, letter.document, what=LETTER, by=by.person_id).id
            for each in said:
                if not place or not each.shared:
                    files.write_within(tx, one, each.kind, _with_letter(each, kept), by=by.person_id)
    return made


def _said(
    told: Story, by: Actor, answers: Mapping[str, Any], at: datetime, language: str, *, several: bool
) -> list[_Said]:
    """List what will be written: when it was seen, what the story says, what the teller answered."""
    asked = {one.about: one for one in told.asks}
    for about in answers:
        if about not in asked:
            ours = about in CATALOGUE or about in set(Which)  # what else was typed is repeated nowhere
            raise BadAnswer(question=about if ours else "answers", what="this story does not ask it")
        if several and not asked[about].shared and asked[about].which is None:
            raise BadAnswer(question=about, what="it is each controller's own, and is answered in each file")
    person = Evidence("person", by.person_id).as_json()
    rule = Evidence("rule", told.mark).as_json()
    reason = told.title[language]
    found = [_instant(DETECTED, Which.DETECTED, at, reason, [person, rule])]
    if told.instant is not None and answers.get(told.instant.value) is None:
        found.append(_instant(told.instant.value, told.instant, at, told.when[language], [person, rule]))
    found += [_fact(key, value, [person, rule]) for key, value in told.says.items()]
    for one in told.asks:
        if one.about not in answers:
            continue
        value = answers[one.about]
        if one.which is None:
            found.append(_fact(one.about, value, [person]))
        elif value is not None:
            said_at = _as_instant(one, value, told, at)
            found.append(_instant(one.about, one.which, said_at, one.asks[language], [person]))
    return found


def _as_instant(one: Question, value: object, told: Story, at: datetime) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise BadAnswer(question=one.about, what="a day and an hour with their offset are asked for")
    if told.origin in BY_OTHERS and value > at:
        raise BadAnswer(question=one.about, what="it lies after the moment at which you were told")
    return value


def _instant(question: str, which: Which, at: datetime, reason: str, evidence: list[dict[str, str]]) -> _Said:
    if at.tzinfo is None:
        raise BadAnswer(question=question, what="a day and an hour with their offset are asked for")
    body = {"which": which.value, "at": to_text(at), "reason": reason, "evidence": evidence}
    return _Said(question, EntryKind.INSTANT, body, shared=which is Which.DETECTED)


def _fact(key: str, value: object, evidence: list[dict[str, str]]) -> _Said:
    standing = Standing.UNKNOWN if value is None else Standing.DECLARED
    body = {"key": key, "value": value, "standing": standing.value, "evidence": evidence}
    return _Said(key, EntryKind.FACT, body, shared=Question(key, {}).shared)


def _correspondence(told: Story, letter: Letter, at: datetime) -> dict[str, Any]:
    body: dict[str, Any] = {
        "direction": "received", "other": BY_OTHERS[told.origin], "at": to_text(at), "about": letter.about,
        "asked": list(letter.asked), "reference": letter.reference,
    }  # fmt: skip
    return body if letter.due is None else {**body, "due": to_text(letter.due)}


def _letter_fits(told: Story, letter: Letter) -> None:
    if told.origin not in BY_OTHERS:
        raise BadAnswer(question=LETTER, what="this story has no letter")
    if len(letter.document) > LIMITS.document_bytes:
        raise BadAnswer(question=LETTER, what=f"a document has at most {LIMITS.document_bytes >> 20} MiB")
    if not letter.about.strip() or any(not 0 < len(one.strip()) <= LIMITS.line for one in letter.asked):
        raise BadAnswer(question=LETTER, what="a few words say what it is about, and each thing that it asks for")


def _with_letter(one: _Said, document: str) -> Mapping[str, Any]:
    """Let the letter stand as evidence beside what it shows."""
    if not document:
        return one.body
    if one.kind is EntryKind.CORRESPONDENCE:
        return {**one.body, "document": document}
    if one.question in _ON_THE_LETTER:
        return {**one.body, "evidence": [*one.body["evidence"], Evidence("document", document).as_json()]}
    return one.body


def _rehearse(told: Story, said: Sequence[_Said], by: Actor, now: datetime) -> None:
    """Hold every entry against the rules of a file that has just been opened. Raises BadAnswer.

    Before the first is written: the journal's line of an entry is not taken back when a later one is refused.
    """
    empty = Dossier(File("", "", "", Role.CONTROLLER, now), State.OPEN, told.origin)
    for one in said:
        try:
            check(one.kind, one.body, empty, by.person_id, now)
        except IncidentRefused as refused:
            raise BadAnswer(question=one.question, what=refused.facts.get("what", str(refused))) from None
