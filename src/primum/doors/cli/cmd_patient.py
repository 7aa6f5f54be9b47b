"""`primum patient`: identities, corrections, merges. Every decision can be undone."""

from __future__ import annotations

import argparse
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.doors.cli.decisions import decision_lines, given, say_change, why
from primum.doors.cli.proposals import follows, proposal_arguments, proposal_lines

_FIELDS = {
    "name": "FAMILY^GIVEN",
    "number": "PatientID",
    "issuer": "who gave the PatientID",
    "birth-date": "YYYYMMDD",
    "sex": "M, F or O",
}
_TRAITS = {
    "birth-name": "name at birth",
    "given-names": "first names at birth",
    "birth-date": "YYYYMMDD",
    "sex": "M, F or I",
    "birth-place": "INSEE code, five characters",
    "used-name": "name in use",
    "used-given-name": "first name in use",
    "matricule": "the 15 digits of the INS",
    "oid": "what the matricule is: 1.2.250.1.213.1.4.8 for INS-NIR",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the verb and what it needs. A patient is named by their id (pat_…) or by a study of theirs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="identifiers, who looks alike and why, studies, what was decided")
    show.add_argument("patient")
    show.add_argument("--json", action="store_true", help="print JSON")
    correct = verbs.add_parser("correct", help="correct what every study of a patient shows")
    correct.add_argument("patient")
    _options(correct, _FIELDS)
    follows(correct)
    why(correct)
    merge = verbs.add_parser("merge", help="show all studies of GONE under PATIENT")
    merge.add_argument("patient")
    merge.add_argument("gone")
    follows(merge)
    why(merge)
    unmerge = verbs.add_parser("unmerge", help="make a patient who was merged what they were")
    unmerge.add_argument("patient", help="who was merged into another")
    why(unmerge)
    identify = verbs.add_parser("identify", help="state an identity: INS, strict traits, what was seen")
    identify.add_argument("patient")
    _options(identify, _TRAITS)
    identify.add_argument("--retrieved", action="store_true", help="the teleservice INSi gave it")
    identify.add_argument("--document", action="store_true", help="a document of high assurance was seen")
    why(identify)
    add = verbs.add_parser("add", help="make a patient whom no study has brought yet")
    _options(add, _FIELDS)
    add.add_argument("--controller", default="", help="whose patient (by default your own controller's)")
    undo = verbs.add_parser("undo", help="undo a decision about a patient")
    undo.add_argument("patient")
    undo.add_argument("decision", help="act_…, as shown by `primum patient show`")
    why(undo)
    proposal_arguments(verbs)


def _options(parser: argparse.ArgumentParser, names: dict[str, str]) -> None:
    for name, help_ in names.items():
        parser.add_argument(f"--{name}", default=None, help=help_)


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    verb = options.verb.replace("-", "_")
    answer = Client(options.home).call_signed_in(f"patient_{verb}", **given(options))
    if options.verb == "proposals":
        proposal_lines(answer, as_json=options.json)
    elif "proposal" in answer:
        speech.say(f"{answer['proposal']} {answer['decision']}")
    elif options.verb == "show":
        _show(answer, as_json=options.json)
    elif options.verb == "add":
        speech.say(f"made {answer['id']}")
    else:
        say_change(answer)
    return 0


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        speech.say(pretty(answer))
        return
    shown = answer["shown"]
    speech.say(f"{answer['id']}  {shown['name']}  {shown['birth_date']}  {shown['sex']}")
    if answer["survivor"]:
        speech.say(f"merged into {answer['survivor']}")
    for one in answer["merged"]:
        speech.say(f"has in it {one}")
    if answer["identity"]:
        speech.say(f"identity: {answer['identity']['status']}")
    for one in answer["identifiers"]:
        nature = f"{one['nature']}, control key {one['key']}" if one["nature"] else one["kind"]
        speech.say(f"identifier: {one['value']}  issuer {one['issuer'] or '-'}  {nature}")
    for one in answer["alike"]:
        speech.say(f"alike: {one['id']}  {one['name']}  {one['birth_date']}: {'; '.join(one['reasons'])}")
    for one in answer["studies"]:
        mark = "  corrected" if one["corrected"] else ""
        speech.say(f"study: {one['ref']}  {one['date']}  {one['modalities']}  {one['description']}{mark}")
    if answer["proposals"]:
        speech.say(f"{len(answer['proposals'])} proposals of other systems wait: primum patient proposals")
    decision_lines(answer["decisions"])
