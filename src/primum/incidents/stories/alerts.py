"""The alert that a processor owes to each controller (article 33(2)): to whom, what is known, what is not.

It tells what the controller's own file and the common record say, and nothing of another controller's. It judges no
risk, and the house notifies nothing in its own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from html import escape
from typing import Any, ClassVar, Final

from primum.ground.clock import to_text
from primum.ground.sheets import HTML_END, Sheet, html_top
from primum.identity import Actor
from primum.incidents.countdown import local
from primum.incidents.dated import read_dated
from primum.incidents.facts.catalogue import CATALOGUE, Shape
from primum.incidents.model import Dossier, Entry, EntryKind, Fact, IncidentRefused, Role, Standing, State, Which
from primum.incidents.notices.values import lines_of
from primum.incidents.service import Incidents

SENT, TO_CONTROLLER = "sent", "controller"
"""How the sending of an alert stands in the correspondence of a file."""

_STYLE: Final = "body{margin:2rem auto;max-width:46rem;font:15px/1.5 system-ui,sans-serif}h1{font-size:1.3rem}"


class NoAlertOwed(IncidentRefused):
    """In this file the house is the controller: it has nobody to alert under article 33(2)."""

    code: ClassVar[str] = "incident.no-alert-owed"
    hint: ClassVar[str] = "decide whether to notify the authority instead"


@dataclass(frozen=True, slots=True)
class Alert:
    """The alert to one controller, in one language."""

    language: str
    title: str
    head: tuple[str, ...]
    known_title: str
    known: tuple[str, ...]
    unknown_title: str
    unknown: tuple[str, ...]
    foot: tuple[str, ...]


def owed(dossiers: Iterable[Dossier]) -> list[Dossier]:
    """List the open files of a processor whose controller was not alerted yet."""
    return [one for one in dossiers if one.file.role is Role.PROCESSOR and one.state is State.OPEN and not _sent(one)]


def alert(dossier: Dossier, *, controller: str, host: str, contact: str, language: str, zone: tzinfo) -> Alert:
    """Draw up the alert. Raises NoAlertOwed."""
    if dossier.file.role is not Role.PROCESSOR:
        raise NoAlertOwed
    table = _table()
    words: Mapping[str, str] = table[language]
    head = [words["to"].format(controller=controller), words["from"].format(host=host), words["why"]]
    if dossier.detected_first is not None:
        head.append(words["detected"].format(at=local(dossier.detected_first, zone, language)))
    aware = dossier.instants.get(Which.PROCESSOR_AWARE)
    if aware is not None:
        head.append(words["aware"].format(at=local(aware.at, zone, language)))
    known = [dossier.facts[key] for key in table["tells"] if _known(dossier, key)]
    frozen = len(dossier.of_kind(EntryKind.EVIDENCE))
    return Alert(
        language=language,
        title=words["title"],
        head=tuple(head),
        known_title=words["known"],
        known=tuple(_line(one, words, language, zone) for one in known),
        unknown_title=words["unknown"],
        unknown=tuple(CATALOGUE[key].label[language] for key in table["wants"] if not _known(dossier, key)),
        foot=(
            words["frozen"].format(count=frozen) if frozen else words["not-frozen"],
            words["yours"], words["contact"].format(contact=contact), words["more"],
        ),
    )  # fmt: skip


def alerted(files: Incidents, by: Actor, file_id: str, at: datetime, about: str) -> Entry:
    """Write into a file that its controller was alerted, when and how. Raises NoAlertOwed, and as `write` does."""
    if files.dossier(by, file_id).file.role is not Role.PROCESSOR:
        raise NoAlertOwed
    body = {"direction": SENT, "other": TO_CONTROLLER, "at": to_text(at), "about": about}
    return files.write(by, file_id, EntryKind.CORRESPONDENCE, body)


def alert_html(made: Alert) -> bytes:
    """Draw it as a file of its own."""
    parts = [html_top(made.title, made.language, _STYLE), f"<h1>{escape(made.title)}</h1>\n"]
    parts += [f"<p>{escape(one)}</p>\n" for one in made.head]
    for title, lines in _lists(made):
        listed = "".join(f"<li>{escape(one)}</li>\n" for one in lines)
        parts.append(f"<h2>{escape(title)}</h2>\n<ul>\n{listed}</ul>\n")
    parts += [f"<p>{escape(one)}</p>\n" for one in made.foot]
    return "".join([*parts, HTML_END]).encode()


def alert_pdf(made: Alert) -> bytes:
    """Draw it on A4."""
    sheet = Sheet()
    sheet.text(made.title, size=15, bold=True)
    for one in made.head:
        sheet.text(one, size=10, gap=4)
    for title, lines in _lists(made):
        sheet.text(title, size=11, bold=True, gap=10)
        for one in lines:
            sheet.text("- " + one, size=10, indent=8)
    for one in made.foot:
        sheet.text(one, size=10, gap=6)
    return sheet.pdf(title=made.title, language=made.language, number=lambda at, of: f"{at}/{of}")


def _lists(made: Alert) -> list[tuple[str, tuple[str, ...]]]:
    pairs = [(made.known_title, made.known), (made.unknown_title, made.unknown)]
    return [(title, lines) for title, lines in pairs if lines]


def _line(one: Fact, words: Mapping[str, str], language: str, zone: tzinfo) -> str:
    colon = " : " if language == "fr" else ": "
    standing = words["measured" if one.standing is Standing.MEASURED else "declared"]
    return f"{CATALOGUE[one.key].label[language]}{colon}{_said(one, words, language, zone)} ({standing})"


def _said(one: Fact, words: Mapping[str, str], language: str, zone: tzinfo) -> str:
    """Write a fact's value as the notification does; both ends of a beginning, each said to be which."""
    kind = CATALOGUE[one.key]
    if kind.shape is not Shape.BEGAN:
        return ", ".join(each.text[language] for each in lines_of(kind, one.value, "", zone))
    ends = [(end, lines_of(kind, one.value, end, zone)) for end in ("not_before", "not_after")]
    return ", ".join(f"{words[end]} {', '.join(each.text[language] for each in lines)}" for end, lines in ends)


def _known(dossier: Dossier, key: str) -> bool:
    fact = dossier.facts.get(key)
    return fact is not None and fact.standing is not Standing.UNKNOWN


def _sent(dossier: Dossier) -> bool:
    letters = dossier.of_kind(EntryKind.CORRESPONDENCE)
    return any(one.body["direction"] == SENT and one.body["other"] == TO_CONTROLLER for one in letters)


@cache
def _table() -> Mapping[str, Any]:
    return read_dated("primum.incidents.stories", "alerts.toml")
