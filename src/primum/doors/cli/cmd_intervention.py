"""`primum intervention open|close|list|show|attach|report`: who touched the box, the server or the network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.exposure.interventions.rules import intervention_rules

_COLUMNS = ["id", "state", "kind", "company", "author", "opened_at", "closed_at", "outcome"]
EXIT_WORSE = 1
"""Something is open that was not before."""
EXIT_UNSETTLED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="open|close|list|show|attach|report")
    opening = verbs.add_parser("open", help="before anybody touches anything: write it down, and probe")
    opening.add_argument("kind", choices=sorted(intervention_rules().kinds), help="what is touched")
    opening.add_argument("--author", required=True, metavar="NAME", help="who comes")
    opening.add_argument("--company", required=True, metavar="NAME", help="from where")
    opening.add_argument("--contract", required=True, metavar="TEXT", help="under which contract")
    opening.add_argument("--purpose", required=True, metavar="TEXT", help="what for")
    closing = verbs.add_parser("close", help="they are done: probe again; what changed is the proof")
    listing = verbs.add_parser("list", help="those that are open first")
    show = verbs.add_parser("show", help="all of one, with what changed")
    attach = verbs.add_parser("attach", help="attach the written report")
    report = verbs.add_parser("report", help="write an attached report into a new file")
    for one in (closing, show, attach, report):
        one.add_argument("id", metavar="ID", help="int_…, as shown by primum intervention list")
    attach.add_argument("file", type=Path, metavar="FILE", help="the report, 8 MiB at most")
    report.add_argument("report", metavar="REPORT", help="att_…, as shown by primum intervention show")
    report.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file")
    for one in (opening, closing):
        one.add_argument("--no-wait", action="store_true", help="do not wait for the probe")
    for one in (listing, show):
        one.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Do as asked. Closing: status 1 where something was opened, 3 where it could not be told."""
    client = Client(options.home)
    match options.verb:
        case "open":
            told = {name: getattr(options, name) for name in ("kind", "author", "company", "contract", "purpose")}
            return _shown(_probed(client, options, "intervention_open", **told))
        case "close":
            return _shown(_probed(client, options, "intervention_close", id=options.id))
        case "list":
            found = client.call_signed_in("intervention_list")
            speech.say(pretty(found)) if options.json else speech.table(found["interventions"], _COLUMNS)
        case "show":
            one = client.call_signed_in("intervention_show", id=options.id)
            speech.say(pretty(one)) if options.json else _shown(one)
        case "attach":
            one = client.call_signed_in("intervention_attach", id=options.id, file=str(options.file.resolve()))
            speech.say(f"attached {one['id']}: {one['name']}, {one['size']} bytes, sha256 {one['sha256']}")
        case _:
            out = str(options.out.resolve())
            one = client.call_signed_in("intervention_report", id=options.id, report=options.report, out=out)
            speech.say(f"{one['name']}, {one['size']} bytes, sha256 {one['sha256']}")
    return 0


def _probed(client: Client, options: argparse.Namespace, verb: str, **told: str) -> dict[str, Any]:
    bar = speech.Bar("probe")
    found = client.call_signed_in(
        verb, lambda one: bar.show(one["done"], max(1, one["total"])), wait=not options.no_wait, **told
    )
    bar.end(f"{found['id']}: {found['state']}")
    return found


def _shown(one: dict[str, Any]) -> int:
    for line in said(one):
        speech.say(line)
    return {"worse": EXIT_WORSE, "not-determined": EXIT_UNSETTLED}.get(one["outcome"], 0)


def said(one: dict[str, Any]) -> list[str]:
    """Say an intervention in lines."""
    late = "  (it should have been closed by now)" if one["overdue"] else ""
    lines = [
        f"intervention {one['id']}: {one['state']}{late}",
        f"{one['author']}, {one['company']}, contract {one['contract']}: {one['purpose']} ({one['kind']})",
        f"opened {one['opened_at']} by {one['opened_by']}",
    ]
    for when in ("before", "after"):
        probed = one[when]
        if probed is not None:
            lines.append(f"probe {when}, {probed['at']}: {probed['verdict'] or probed['reason']}")
    if one["closed_at"]:
        lines.append(f"closed {one['closed_at']} by {one['closed_by']}: {one['outcome']}")
    changed = one["difference"] or {}
    for name, words in (
        ("opened", "now open"), ("closed", "no longer open"), ("stayed", "open before and after"),
        ("unsure", "open after; before not determined"), ("unsettled", "open before; after not determined"),
    ):  # fmt: skip
        lines += [
            f"{words}: {hole['address']} port {hole['port']} {hole['mode']} {hole['rung']} ({hole['identity']})"
            for hole in changed.get(name, [])
        ]
    lines += [f"attached {each['id']}: {each['name']}, {each['size']} bytes" for each in one["attached"]]
    return lines
