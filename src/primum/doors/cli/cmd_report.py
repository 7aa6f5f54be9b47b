"""`primum report`: reports of studies. What is validated is not altered: an addendum or a new version follows it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the verb and what it needs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="reports of a study, and where each stands")
    listed.add_argument("study", help="Study Instance UID, or reference")
    listed.add_argument("--json", action="store_true", help="print JSON")
    show = verbs.add_parser("show", help="where a report stands, and what it says")
    show.add_argument("report", help="rep_…, as shown by `primum report list`")
    show.add_argument("--json", action="store_true", help="print JSON")
    add = verbs.add_parser("add", help="begin a report from a PDF")
    add.add_argument("study", help="Study Instance UID, or reference")
    _content(add)
    addendum = verbs.add_parser("addendum", help="begin what adds to a final report, or replaces it")
    addendum.add_argument("report", help="the report that it follows")
    _content(addendum)
    addendum.add_argument("--replace", action="store_true", help="a new version, which supersedes the other one")
    validate = verbs.add_parser("validate", help="make a report final: it becomes an instance of the study")
    validate.add_argument("report")
    withdraw = verbs.add_parser("withdraw", help="forget a draft")
    withdraw.add_argument("report")
    verbs.add_parser("results", help="results that did not arrive at the host that takes them")
    again = verbs.add_parser("send-again", help="send a result again, as its study is served now")
    again.add_argument("result", help="res_…, as shown by `primum report results`")


def _content(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a PDF, or - for a text from standard input")
    parser.add_argument("--title", default="", help="what it is called")
    parser.add_argument("--language", default="fr", choices=("fr", "en"), help="language of a text (fr)")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    client = Client(options.home)
    match options.verb:
        case "list":
            _list(client.call_signed_in("report_list", study=options.study), as_json=options.json)
        case "show":
            _show(client.call_signed_in("report_show", report=options.report), as_json=options.json)
        case "add":
            _say(_begun(client, options, study=options.study))
        case "addendum":
            relation = "version" if options.replace else "addendum"
            _say(_begun(client, options, about=options.report, relation=relation))
        case "results":
            for one in client.call_signed_in("result_list")["results"]:
                speech.say(f"{one['id']}  {one['kind']}  {one['made_at']}  {one['state']}  {one['reason']}")
        case "send-again":
            speech.say(f"queued {client.call_signed_in('result_again', result=options.result)['id']}")
        case _:
            _say(client.call_signed_in(f"report_{options.verb}", report=options.report))
    return 0


def _begun(client: Client, options: argparse.Namespace, **about: str) -> dict[str, Any]:
    common = {"title": options.title, "language": options.language, **about}
    if str(options.file) != "-":
        return client.call_signed_in("report_add", file=str(options.file.resolve()), **common)
    findings, _, impression = sys.stdin.read().replace("\r\n", "\n").partition("\n---\n")
    return client.call_signed_in("report_write", findings=findings, impression=impression, **common)


def _say(one: dict[str, Any]) -> None:
    follows = f"  {one['relation']} of {one['follows']}" if one["follows"] else ""
    superseded = f"  superseded by {one['superseded_by']}" if one["superseded_by"] else ""
    known = "  ".join(one[name] or "-" for name in ("id", "status", "format", "title", "author", "at"))
    speech.say(f"{known}{follows}{superseded}")


def _list(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        speech.say(pretty(answer))
        return
    for one in answer["reports"]:
        _say(one)


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        speech.say(pretty(answer))
        return
    _say(answer)
    for line in answer["lines"]:
        speech.say(line)
