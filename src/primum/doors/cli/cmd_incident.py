"""`primum incident …`: the files of breaches. Reading and answering here; each further part in a file of its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from primum.doors.cli import (
    incident_alert,
    incident_authority,
    incident_decisions,
    incident_drill,
    incident_evidence,
    incident_notices,
    incident_stories,
    incident_telling,
    speech,
)
from primum.doors.cli.client import Client, pretty
from primum.doors.cli.incident_lines import line_of, say_file
from primum.ground.clock import from_text
from primum.ground.settings import read_settings
from primum.ground.zones import choose_zone
from primum.incidents.carried import read
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import Which
from primum.incidents.severity.grounds import CERTIFICATE

_LISTED = ["id", "state", "origin", "prudent_due", "left", "sentence"]
Run = Callable[[Client, argparse.Namespace], int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="the files, the last opened first, with the prudent deadline of each")
    show = _of_a_file(verbs, "show", "what is known, what is asked, how long is left")
    for one in (listing, show):
        one.add_argument("--json", action="store_true", help="print JSON")
    opening = verbs.add_parser("open", help="open a file for a finding that opened none by itself")
    opening.add_argument("finding", metavar="FINDING", help="fnd_…, as shown by primum finding list")
    answer = _of_a_file(verbs, "answer", "answer a question: a value as JSON, or --unknown")
    answer.add_argument("key", choices=sorted(CATALOGUE), metavar="FACT", help="as shown by primum incident show")
    answer.add_argument(
        "value", nargs="?", default="", metavar="VALUE", help='JSON: {"count": 12, "approximate": true}'
    )
    answer.add_argument("--unknown", action="store_true", help="say that it is not known")
    instant = _of_a_file(verbs, "instant", "say when the controller was aware, or correct another instant")
    instant.add_argument("which", choices=[one.value for one in Which], metavar="WHICH", help="aware, detected, …")
    instant.add_argument("at", metavar="AT", help="with its offset: 2026-11-24T23:40+01:00")
    instant.add_argument("--reason", required=True, metavar="TEXT", help="why then")
    decide = _of_a_file(verbs, "decide", "decide and sign; asks for password and code again")
    decide.add_argument("about", choices=["notify", "tell", "sealed", "close"], help="what about")
    decide.add_argument("choice", metavar="CHOICE", help="as shown by primum incident propose")
    decide.add_argument("--ground", default="", metavar="GROUND", help="where the choice needs one")
    decide.add_argument("--reason", required=True, metavar="TEXT", help="in writing")
    note = _of_a_file(verbs, "note", "write a note")
    note.add_argument("text", metavar="TEXT", help="what is to be remembered")
    merge = _of_a_file(verbs, "merge", "merge a file into another: both histories stay")
    merge.add_argument("into", metavar="INTO", help="the file that stays")
    for name, sentence in (("close", "close a file"), ("reopen", "open it again")):
        _of_a_file(verbs, name, sentence).add_argument("--reason", required=True, metavar="TEXT", help="why")
    merge.add_argument("--reason", required=True, metavar="TEXT", help="why")
    attach = _of_a_file(verbs, "attach", "attach a document")
    attach.add_argument("file", type=Path, metavar="FILE", help="32 MiB at most")
    incident_evidence.add_verbs(verbs)
    incident_authority.add_verbs(verbs)
    incident_stories.add_verbs(verbs)
    incident_alert.add_verbs(verbs)
    incident_drill.add_verbs(verbs)
    attach.add_argument("--certificate", action="store_true", help="a recipient certifies in it that they deleted")
    for one in (answer, decide):
        one.add_argument("--evidence", action="append", default=[], metavar="KIND:REF", help="document:doc_…, run:…")
    incident_decisions.add_verbs(verbs)
    incident_notices.add_verbs(verbs)
    incident_telling.add_verbs(verbs)


def _of_a_file(verbs: Any, name: str, sentence: str) -> argparse.ArgumentParser:  # noqa: ANN401 (argparse's own)
    made: argparse.ArgumentParser = verbs.add_parser(name, help=sentence)
    made.add_argument("id", metavar="ID", help="inc_…, as shown by primum incident list")
    return made


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    if options.verb == "verify-bundle":  # a bundle is verified by who has no home
        return incident_evidence.verify_bundle(options)
    client = Client(options.home)
    choose_zone(read_settings(client.home.folder / "primum.toml").time_zone)
    return _RUNS[options.verb](client, options)


def _list(client: Client, options: argparse.Namespace) -> int:
    found = client.call_signed_in("incident_list")
    if options.json:
        speech.say(pretty(found))
        return 0
    now = from_text(found["now"])
    speech.table([line_of(read(one), now) for one in found["files"]], _LISTED)
    return 0


def _show(client: Client, options: argparse.Namespace) -> int:
    found = client.call_signed_in("incident_show", id=options.id)
    if options.json:
        speech.say(pretty(found))
        return 0
    say_file(read(found["file"]), found["controller"], from_text(found["now"]))
    return 0


def _open(client: Client, options: argparse.Namespace) -> int:
    speech.say(f"open: {client.call_signed_in('incident_open', finding=options.finding)['id']}")
    return 0


def _answer(client: Client, options: argparse.Namespace) -> int:
    names = ("id", "key", "value", "unknown", "evidence")
    asked = {name: getattr(options, name) for name in names}
    return _written(client.call_signed_in("incident_answer", **asked))


def _instant(client: Client, options: argparse.Namespace) -> int:
    asked = {"id": options.id, "which": options.which, "at": options.at, "reason": options.reason}
    return _written(client.call_signed_in("incident_instant", **asked))


def _decide(client: Client, options: argparse.Namespace) -> int:
    names = ("id", "about", "choice", "ground", "reason", "evidence")
    return _written(client.call_signed_in("incident_decide", **{name: getattr(options, name) for name in names}))


def _note(client: Client, options: argparse.Namespace) -> int:
    return _written(client.call_signed_in("incident_note", id=options.id, text=options.text))


def _merge(client: Client, options: argparse.Namespace) -> int:
    client.call_signed_in("incident_merge", id=options.id, into=options.into, reason=options.reason)
    speech.say(f"merged into {options.into}")
    return 0


def _close(client: Client, options: argparse.Namespace) -> int:
    reopen = options.verb == "reopen"
    return _written(client.call_signed_in("incident_close", id=options.id, reason=options.reason, reopen=reopen))


def _attach(client: Client, options: argparse.Namespace) -> int:
    asked = {"id": options.id, "file": str(options.file.resolve())}
    one = client.call_signed_in("incident_attach", **asked, what=CERTIFICATE if options.certificate else "")
    speech.say(f"attached {one['id']}: {one['name']}, {one['size']} bytes, sha256 {one['sha256']}")
    return 0


def _written(entry: dict[str, Any]) -> int:
    speech.say(f"written: {entry['id']} ({entry['kind']})")
    return 0


_RUNS: dict[str, Run] = {
    "list": _list,
    "show": _show,
    "open": _open,
    "answer": _answer,
    "instant": _instant,
    "decide": _decide,
    "note": _note,
    "merge": _merge,
    "close": _close,
    "reopen": _close,
    "attach": _attach,
    **incident_evidence.RUNS,
    **incident_authority.RUNS,
    **incident_stories.RUNS,
    **incident_alert.RUNS,
    **incident_drill.RUNS,
    **incident_decisions.RUNS,
    **incident_notices.RUNS,
    **incident_telling.RUNS,
}
