"""`primum finding list|show`: what probes and checks found, and whether it is over."""

from __future__ import annotations

import argparse
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty

_COLUMNS = ["id", "what", "where", "place", "since", "closed_at"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|show")
    listing = verbs.add_parser("list", help="those that are open first")
    show = verbs.add_parser("show", help="all of one: since when, who, how many, which attributes")
    show.add_argument("id", metavar="ID", help="fnd_…, as shown by primum finding list")
    for one in (listing, show):
        one.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Do as asked. Status 1 where something is open."""
    client = Client(options.home)
    if options.verb == "show":
        one = client.call_signed_in("finding_show", id=options.id)
        speech.say(pretty(one) if options.json else "\n".join(said(one)))
        return 0 if one["closed_at"] else 1
    found = client.call_signed_in("finding_list")["findings"]
    if options.json:
        speech.say(pretty({"findings": found}))
    else:
        speech.table(
            [one | {"what": _what(one), "where": _where(one), "since": _since(one)} for one in found], _COLUMNS
        )
    return 0 if all(one["closed_at"] for one in found) else 1


def said(one: dict[str, Any]) -> list[str]:
    """Say a finding in lines."""
    studies = (
        "" if one["studies"] is None else f"{'at least ' * one['studies_at_least']}{one['studies']} studies counted"
    )
    refused = f"first refused: {one['refused_rung']} ({one['refused_code']})" if one["refused_rung"] else ""
    lines = [
        f"finding {one['id']}: {_what(one)} {_where(one)}, seen from {one['place']} ({one['source']})",
        f"began {_since(one)}; last seen open {one['last_open_at']}",
        f"closed {one['closed_at']}" if one["closed_at"] else "still open",
        f"product: {one['product']}" if one["product"] else "",
        refused,
        studies,
        f"readable: {', '.join(one['readable'])}" if one["readable"] else "",
    ]
    return [line for line in lines if line]


def _what(one: dict[str, Any]) -> str:
    return one["line"] or f"{one['rung']} as {one['identity']}, {one['mode']}"


def _where(one: dict[str, Any]) -> str:
    return f"{one['address']}:{one['port']}" if one["address"] else "this installation"


def _since(one: dict[str, Any]) -> str:
    return f"between {one['last_closed_at'] or 'an unknown instant'} and {one['first_open_at']}"
