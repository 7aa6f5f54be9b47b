"""`primum retention list|facts|show|hold|release|keep|erase-again|kind|death`."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty

_ERASURES = [
    "id",
    "study",
    "level",
    "images",
    "committed",
    "reason",
    "ceiling",
    "rule",
    "by",
    "since",
    "state",
    "when",
    "undecided",
]
_HOLDS = ["id", "what", "of", "reason", "until", "by", "since", "note"]
_RETURNED = ["id", "study", "images", "since"]
_DONE = ["id", "study", "level", "images", "reason", "by", "when"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar="list|facts|show|hold|release|keep|erase-again|kind|death"
    )
    listing = verbs.add_parser("list", help="what waits for a decision, what is held, what came back, what was erased")
    listing.add_argument("--json", action="store_true", help="print JSON")
    facts = verbs.add_parser("facts", help="counts, dates, copies, the journal: for who oversees")
    facts.add_argument("--json", action="store_true", help="print JSON")
    verbs.add_parser("show", help="how long a study is kept, and why").add_argument("study", metavar="STUDY")
    hold = verbs.add_parser("hold", help="freeze a study: it is neither proposed nor erased")
    hold.add_argument("study", metavar="STUDY")
    hold.add_argument("--reason", required=True, choices=["litigation", "request", "incident", "research"])
    hold.add_argument("--patient", action="store_true", help="all studies of its patient, those to come included")
    hold.add_argument("--until", default="", metavar="YYYY-MM-DD", help="the last day; without, until it is released")
    hold.add_argument("--note", default="", metavar="TEXT", help="a sentence for colleagues")
    verbs.add_parser("release", help="end a hold").add_argument("id", metavar="HOLD")
    verbs.add_parser("keep", help="keep what came back after its erasure").add_argument("id", metavar="RETURN")
    verbs.add_parser("erase-again", help="erase what came back").add_argument("id", metavar="RETURN")
    kind = verbs.add_parser("kind", help="which rules hold for a controller")
    kind.add_argument("kind", nargs="?", default="", choices=["", "establishment", "practice"], metavar="KIND")
    kind.add_argument("--controller", default="", metavar="NAME", help="the controller (yours by default)")
    death = verbs.add_parser("death", help="say when the patient of a study died")
    death.add_argument("study", metavar="STUDY")
    death.add_argument("day", metavar="YYYY-MM-DD")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    client = Client(options.home)
    match options.verb:
        case "list":
            _list(client, options)
        case "facts":
            _facts(client, options)
        case "hold":
            _say(client.call_signed_in(
                "retention_hold", study=options.study, reason=options.reason, patient=options.patient,
                until=options.until, note=options.note,
            ))  # fmt: skip
        case "keep" | "erase-again":
            decision = "keep" if options.verb == "keep" else "erase"
            _say(client.call_signed_in("retention_return", id=options.id, decision=decision))
        case "kind":
            _say(client.call_signed_in("retention_kind", kind=options.kind, controller=options.controller))
        case "death":
            _say(client.call_signed_in("retention_death", study=options.study, day=options.day))
        case "show":
            _say(client.call_signed_in("retention_show", study=options.study))
        case _:
            _say(client.call_signed_in("retention_release", id=options.id))
    return 0


def _list(client: Client, options: argparse.Namespace) -> None:
    answer = client.call_signed_in("retention_list")
    if options.json:
        speech.say(pretty(answer))
        return
    if answer["notice"]:
        speech.say(answer["notice"])
    parts = (
        ("waiting or under way", "erasures", _ERASURES), ("held", "holds", _HOLDS),
        ("came back after erasure", "returned", _RETURNED), ("erased lately", "done", _DONE),
    )  # fmt: skip
    for heading, name, columns in parts:
        speech.say(f"{heading}: {len(answer[name]) or 'none'}")
        if answer[name]:
            speech.table(answer[name], columns)


def _facts(client: Client, options: argparse.Namespace) -> None:
    answer = client.call_signed_in("retention_facts")
    if options.json:
        speech.say(pretty(answer))
        return
    counts, backups, journal = answer["counts"], answer["backups"], answer["journal"]
    lines = (
        ("past their time, proposed", counts["due"]), ("waiting for a decision", counts["waiting"]),
        ("undecided for 90 days", answer["undecided"]), ("held", counts["holds"]),
        ("came back after erasure", answer["returned"]),
        ("tombstones", ", ".join(f"{count} of a {level}" for level, count in answer["tombstones"].items())),
        ("last backup", backups["made"]), ("last test of a restore", backups["tested"]),
        *((f"oldest copy in {to}", at or "unknown") for to, at in backups["oldest"].items()),
        ("journal verified", f"{journal['verified_at'] or 'never'}, {journal['illnesses']} illnesses"),
        ("performed without images, past the time of a study", answer["performed_without_images"]),
    )  # fmt: skip
    for label, value in lines:
        speech.say(f"{label}: {value}")
    if answer["months"]:
        speech.table(answer["months"], ["month", "studies", "parts", "instances", "bytes"])


def _say(answer: dict[str, list[str]]) -> None:
    for line in answer["lines"]:
        speech.say(line)
