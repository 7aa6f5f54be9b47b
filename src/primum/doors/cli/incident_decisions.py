"""`primum incident assess|propose|sanction|verify`: what a file proposes, what was chosen, what the law looks at."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from primum.doors.cli import speech
from primum.doors.cli.client import Client
from primum.incidents.at_hand import at_hand
from primum.incidents.carried import read
from primum.incidents.dated import Words
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import Dossier
from primum.incidents.sanction.ceilings import CEILINGS
from primum.incidents.sanction.criteria import NOTHING, criteria
from primum.incidents.sanction.decisions import comparable
from primum.incidents.sanction.shown import SIDES
from primum.incidents.severity.assessment import KEY
from primum.incidents.severity.cases import features_of, nearest
from primum.incidents.severity.deciding import no_longer_holds, proposed_now
from primum.incidents.severity.enisa import BAND_WORDS, CELLS, CHOICE_WORDS, Step
from primum.incidents.severity.grounds import LACKS
from primum.incidents.severity.proposal import Proposal, propose
from primum.incidents.severity.sealed import WORTH_WORDS, sealed

_EN: Final = "en"
_UNCHOSEN: Final = "not chosen"


def add_verbs(verbs: Any) -> None:  # noqa: ANN401 (argparse's own)
    """Take these verbs."""
    assess = _of_a_file(verbs, "assess", "the severity worked out (ENISA 2013); choose with --set")
    assess.add_argument(
        "--set", action="append", default=[], metavar="NAME=CHOICE", dest="chosen",
        help="sensitive='3 low-nature', identification=maximum, …; NAME= takes it back; see --choices",
    )  # fmt: skip
    assess.add_argument("--choices", action="store_true", help="list what can be chosen")
    _of_a_file(verbs, "propose", "what is proposed on articles 33 and 34 and why, the grounds, what was decided")
    _of_a_file(verbs, "sanction", "what an authority would look at; never an amount for this file")
    verify = verbs.add_parser("verify", help="hold every entry against its line in the journal; 1 where one differs")
    verify.add_argument("--json", action="store_true", help="print JSON lines")


def _of_a_file(verbs: Any, name: str, sentence: str) -> argparse.ArgumentParser:  # noqa: ANN401 (argparse's own)
    made: argparse.ArgumentParser = verbs.add_parser(name, help=sentence)
    made.add_argument("id", metavar="ID", help="inc_…, as shown by primum incident list")
    return made


def _assess(client: Client, options: argparse.Namespace) -> int:
    if options.choices:
        return _choices()
    dossier = _read(client, options.id)
    if options.chosen:
        value = dict(dossier.value(KEY, {})) | dict(_pair(one) for one in options.chosen)
        told = {name: choice for name, choice in value.items() if choice}
        asked = {"id": options.id, "key": KEY, "value": json.dumps(told), "unknown": not told}
        client.call_signed_in("incident_answer", **asked)
        dossier = _read(client, options.id)
    assessed = propose(dossier).assessed
    severity = assessed.severity
    speech.table([_step(one) for one in severity.steps], ["part", "value", "choice", "why"])
    band = BAND_WORDS[severity.band][_EN] if severity.band else "in more than one band"
    speech.say()
    speech.say(f"severity {_range(severity.low, severity.high)} ({band})")
    if severity.missing:
        speech.say(f"not chosen yet: {', '.join(severity.missing)}")
    likelihood = severity.likelihood
    chosen = CHOICE_WORDS["likelihood"][likelihood.choice][_EN] if likelihood else _UNCHOSEN
    speech.say(f"likelihood, apart: {chosen}")
    for flag in assessed.flags:
        speech.say(f"{flag.words[_EN]}: {flag.state}")
    for match in nearest(features_of(dossier)):
        shared = ", ".join(match.shared)
        speech.say(
            f"near: case {match.case.number}, {match.case.title[_EN]} ({shared}); {', '.join(match.case.outcome)}"
        )
    return 0


def _choices() -> int:
    for kind, cells in CELLS.items():
        for cell, words in cells.items():
            speech.say(f"{kind}={cell}  {words[_EN]}")
    for name, choices in CHOICE_WORDS.items():
        for choice, words in choices.items():
            speech.say(f"{name}={choice}  {words[_EN]}")
    speech.say(f"also: {', '.join(one for one in CATALOGUE[KEY].fields if one not in {*CELLS, *CHOICE_WORDS})}")
    return 0


def _propose(client: Client, options: argparse.Namespace) -> int:
    dossier = _read(client, options.id)
    made = propose(dossier)
    for each in (made.notify, made.tell):
        _proposal(each)
    worth = sealed(dossier)
    speech.say(f"sealed: {WORTH_WORDS[worth.worth][_EN]}")
    for row in worth.rows:
        speech.say(f"  {row.words[_EN]}{f' (answer {row.asks})' if row.asks else ''}")
    speech.say()
    _decided(dossier)
    for shown in at_hand(dossier):
        speech.say(f"evidence: {shown.kind}:{shown.ref}{f' ({shown.note})' if shown.note else ''}")
    return 0


def _decided(dossier: Dossier) -> None:
    gone = no_longer_holds(dossier)
    for about, one in dossier.decisions.items():
        then = f"; proposed then: {one.proposed}" if one.proposed else ""
        speech.say(f"decided: {about} = {one.choice}{f' ({one.ground})' if one.ground else ''}{then}")
        if one.proposed and proposed_now(about, dossier) != one.proposed:
            speech.say(f"  proposed now: {proposed_now(about, dossier)}")
        if about in gone:
            speech.say(f"  no longer holds: {_lacks(gone[about])}")


def _proposal(one: Proposal) -> None:
    speech.say(f"{one.about}: {one.words[_EN]}")
    for reason in one.reasons:
        speech.say(f"  {reason.words[_EN]}")
    for remains in one.remains:
        speech.say(f"  stays due: {remains[_EN]}")
    for ground in one.grounds:
        stand = f"lacks {_lacks(ground.lacks)}" if ground.lacks else "has all that it needs"
        speech.say(f"  {ground.ground.choice} --ground {ground.ground.name}: {stand}")
    speech.say()


def _sanction(client: Client, options: argparse.Namespace) -> int:
    dossier = _read(client, options.id)
    for letter in criteria(dossier):
        speech.say(f"({letter.letter}) {letter.words[_EN]}")
        for shown in letter.shown:
            speech.say(f"  {SIDES[shown.side][_EN]}: {shown.words[_EN]} {' '.join(shown.entries)}")
        if letter.nothing:
            speech.say(f"  {NOTHING[_EN]}")
    speech.say()
    for one in CEILINGS:
        speech.say(f"{one.name}: {one.words[_EN]} ({one.source}; {one.confidence})")
    speech.say()
    for each in comparable(dossier):
        ruling, why = each.ruling, ", ".join(reason.words[_EN] for reason in each.reasons)
        speech.say(f"{ruling.number}, {ruling.date}, {ruling.who[_EN]}: {ruling.fine_eur} EUR. {why}. {ruling.source}")
    speech.say("Amounts are what was decided of others. None is worked out for this file.")
    return 0


def _verify(client: Client, options: argparse.Namespace) -> int:
    def tell(one: dict[str, Any]) -> None:
        speech.say(json.dumps(one) if options.json else one["says"])

    found = client.call_signed_in("incident_verify", progress=tell)
    if options.json:
        speech.say(json.dumps(found))
    else:
        differ = f"{found['differences']} differ" if found["differences"] else "nothing differs"
        counted = f"{found['entries']} entries, {found['lines']} lines of the journal, {found['documents']} documents"
        speech.say(f"{counted}: {differ}")
        speech.say("that the journal itself is whole: primum journal verify")
    return 1 if found["differences"] else 0


def _read(client: Client, file_id: str) -> Dossier:
    return read(client.call_signed_in("incident_show", id=file_id)["file"])


def _pair(text: str) -> tuple[str, str]:
    name, _, choice = text.partition("=")
    return name.strip(), choice.strip()


def _step(one: Step) -> dict[str, Any]:
    why = one.why if isinstance(one.why, str) else one.why[_EN]
    chosen = _in_english(one.words) or ("" if one.part == "dpc" else _UNCHOSEN)
    adjusted = f" ({', '.join(one.adjusters)})" if one.adjusters else ""
    return {
        "part": one.part, "value": _range(one.low, one.high), "choice": f"{chosen}{adjusted}",
        "why": f"proposed: {why}" if one.proposed else why,
    }  # fmt: skip


def _range(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _lacks(names: Iterable[str]) -> str:
    return "; ".join(LACKS[one][_EN] for one in names)


def _in_english(words: Words) -> str:
    return words.get(_EN, "")


RUNS: Final[dict[str, Callable[[Client, argparse.Namespace], int]]] = {
    "assess": _assess,
    "propose": _propose,
    "sanction": _sanction,
    "verify": _verify,
}
