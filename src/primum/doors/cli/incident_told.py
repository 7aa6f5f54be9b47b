"""What somebody tells of a breach at the terminal: options, or the story's questions one by one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from primum.ground.errors import PrimumError
from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES, Shape, check_value
from primum.incidents.model import BadEntry

if TYPE_CHECKING:
    from primum.incidents.stories.book import Question, Story

LANGUAGES: Final = ("fr", "en")
NOT_KNOWN: Final = "?"
_SURE: Final = {"~": "approximate", "+": "at_least"}


class BadOption(PrimumError):
    """An answer is given as KEY=JSON, each key once: {what}."""

    code: ClassVar[str] = "cli.bad-answer"
    hint: ClassVar[str] = """--answer 'people={"count": 12}', or --answer people=null where it is not known"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Take answers and a letter."""
    parser.add_argument(
        "--answer", action="append", default=[], metavar="KEY=JSON", help="of a question; null: not known (repeat it)"
    )
    parser.add_argument("--letter", type=Path, metavar="FILE", help="the letter itself, 32 MiB at most")
    parser.add_argument("--letter-about", default="", metavar="TEXT", help="what the letter is about")
    parser.add_argument("--letter-reference", default="", metavar="TEXT", help="its reference")
    parser.add_argument(
        "--letter-asks", action="append", default=[], metavar="TEXT", help="what it asks for (repeat it)"
    )
    parser.add_argument("--letter-due", default="", metavar="AT", help="by when an answer is due, with its offset")


def asks(options: argparse.Namespace) -> bool:
    """Tell whether the questions are asked: where it is said, and of a person who sits there and answered nothing."""
    return bool(options.ask) or (sys.stdin.isatty() and not options.answer)


def answers_of(given: list[str]) -> dict[str, Any]:
    """Read `--answer`. Raises BadOption."""
    found: dict[str, Any] = {}
    for one in given:
        key, equals, text = one.partition("=")
        if not equals or key in found:
            raise BadOption(what="one is not, or comes twice")
        try:
            found[key] = json.loads(text)
        except ValueError:
            raise BadOption(what="one is not JSON") from None
    return found


def ask_story(story: Story, language: str, ask: Callable[[str], str], say: Callable[[str], None]) -> dict[str, Any]:
    """Ask each question until its answer can be kept: nothing typed leaves it out, `?` says that it is not known."""
    say(f"{story.title[language]}  (an empty line leaves a question out; {NOT_KNOWN}: not known)")
    found: dict[str, Any] = {}
    for one in story.asks:
        say("")
        say(one.asks[language])
        for line in _choices(one, language):
            say(line)
        while True:
            said = ask(f"{one.about} ({_form(one)}): ").strip()
            if not said:
                break
            try:
                found[one.about] = _read(one, said)
            except (ValueError, BadEntry):
                say(f"this is no answer of that form: {_form(one)}")
            else:
                break
    return found


def typed(prompt: str) -> str:
    """Ask on standard error, so that what is printed can be kept apart; at the end of the input nothing is answered."""
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _read(one: Question, typed: str) -> Any:  # noqa: ANN401 (a fact is of its own type)
    if one.which is not None:
        return None if typed == NOT_KNOWN else typed
    if typed == NOT_KNOWN:
        return None
    value = _READS[CATALOGUE[one.about].shape](typed, one.about)
    check_value(one.about, value)
    return value


def _choices(one: Question, language: str) -> list[str]:
    if one.which is not None:
        return []
    words = VOCABULARIES.get(CATALOGUE[one.about].vocabulary, {})
    return [f"  {name}: {said[language]}" for name, said in words.items()]


def _form(one: Question) -> str:
    if one.which is not None:
        return "2026-11-24T23:40+01:00"
    kind = CATALOGUE[one.about]
    return f"{', '.join(kind.fields)}: name=text; name=text" if kind.shape is Shape.FIELDS else _FORMS[kind.shape]


def _count(typed: str, _key: str) -> dict[str, Any]:
    flags = {_SURE[mark]: True for mark in typed if mark in _SURE}
    return {"count": int("".join(one for one in typed if one not in _SURE and not one.isspace())), **flags}


def _began(typed: str, _key: str) -> dict[str, Any]:
    before, _, after = typed.rpartition(" ")
    return {
        "not_before": before.strip() or None, "not_after": after, "proof_before": "declared", "proof_after": "declared",
    }  # fmt: skip


def _ended(typed: str, _key: str) -> dict[str, Any]:
    state, _, at = typed.partition(" ")
    return {"state": state, "at": at.strip(), "proof": "declared"}


def _fields(typed: str, _key: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in typed.split(";") if one.strip()]
    return {name.strip(): text.strip() for name, _, text in pairs}


def _list(typed: str, _key: str) -> list[str]:
    return [one.strip() for one in typed.split(",") if one.strip()]


_READS: Final[Mapping[Shape, Callable[[str, str], Any]]] = {
    Shape.TEXT: lambda typed, _key: typed,
    Shape.CHOICE: lambda typed, _key: typed,
    Shape.NUMBER: lambda typed, _key: int(typed),
    Shape.COUNT: _count,
    Shape.CHOICES: _list,
    Shape.WORDS: _list,
    Shape.BEGAN: _began,
    Shape.ENDED: _ended,
    Shape.FIELDS: _fields,
}
_FORMS: Final[Mapping[Shape, str]] = {
    Shape.TEXT: "words",
    Shape.CHOICE: "one of them",
    Shape.NUMBER: "a number",
    Shape.COUNT: "12, ~12 about, 12+ at least",
    Shape.CHOICES: "one or more of them, with commas",
    Shape.WORDS: "words, with commas",
    Shape.BEGAN: "2026-11-24T17:30+01:00 2026-11-24T18:50+01:00: last safe, no longer safe; or the second alone",
    Shape.ENDED: "ongoing or ended, a space, as seen when: ended 2026-11-24T23:40+01:00",
}
