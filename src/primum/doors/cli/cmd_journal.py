"""`primum journal list|verify`."""

from __future__ import annotations

import argparse
import json
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take `list` with filters, or `verify`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|verify")
    listing = verbs.add_parser("list", help="print what happened, newest last")
    listing.add_argument("--ledger", choices=["access", "account"], default="", help="one ledger only")
    listing.add_argument("--kind", default="", help="one kind of fact, such as person:study:viewed")
    listing.add_argument("--actor", default="", help="one actor's id")
    listing.add_argument("--since", default="", metavar="INSTANT", help="RFC 3339, such as 2026-11-21T08:00:00Z")
    listing.add_argument("--limit", type=int, default=100, help="at most this many, the newest (100)")
    listing.add_argument("--language", choices=["en", "fr"], default="en")
    listing.add_argument("--json", action="store_true", help="print JSON lines")
    verbs.add_parser("verify", help="recompute every chain and check every signature")


def run(options: argparse.Namespace) -> int:
    """Print the facts, or what is wrong with them."""
    client = Client(options.home)
    if options.verb == "verify":
        return _verify(client)
    filters = {key: getattr(options, key) for key in ("ledger", "kind", "actor", "since", "limit", "language")}

    def tell(fact: dict[str, Any]) -> None:
        speech.say(json.dumps(fact, ensure_ascii=False) if options.json else fact["line"])

    client.call_signed_in("journal_list", progress=tell, **filters)
    return 0


def _verify(client: Client) -> int:
    answer = client.call_signed_in("journal_verify", progress=lambda illness: speech.say(illness["line"]))
    speech.say(answer["sentence"])
    return 1 if answer["illnesses"] else 0
