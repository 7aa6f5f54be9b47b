"""`primum token add|list|revoke`."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|revoke")
    add = verbs.add_parser("add", help="make a token for a program that asks in your name")
    add.add_argument("name", help="what it is for, to find it again in the list")
    add.add_argument(
        "--may",
        required=True,
        metavar="LIST",
        help="what it may, with commas: list, open, import; order:list, order:write; instance:see-rejected",
    )
    add.add_argument("--days", type=int, default=90, help="how long it is good for (90)")
    verbs.add_parser("list", help="the tokens there are, and when each was last used")
    verbs.add_parser("revoke", help="end one at once").add_argument("id")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    client = Client(options.home)
    match options.verb:
        case "add":
            may = [one.strip() for one in options.may.split(",")]
            made = client.call_signed_in("token_add", name=options.name, may=may, days=options.days)
            speech.note(f"primum: token {made['id']}, good until {made['ends_at']}; it is shown this once:")
            speech.say(made["secret"])
        case "list":
            answer = client.call_signed_in("token_list")
            speech.table(answer["tokens"], ["id", "name", "login", "may", "ends_at", "used_at", "state"])
        case _:
            for line in client.call_signed_in("token_revoke", id=options.id)["lines"]:
                speech.say(line)
    return 0
