"""`primum forward add|list|remove`."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|remove")
    add = verbs.add_parser("add", help="send studies to a device by themselves, once they are complete")
    add.add_argument("to", metavar="DEVICE", help="a device with an address and the grant receive")
    add.add_argument("--modality", default="", metavar="CODE", help="only studies with such a series (CT, MR, US…)")
    add.add_argument("--from", default="", dest="source", metavar="DEVICE", help="only studies that this device sent")
    verbs.add_parser("list", help="the rules there are")
    verbs.add_parser("remove", help="end a rule").add_argument("id")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    client = Client(options.home)
    if options.verb == "list":
        speech.table(client.call_signed_in("forward_list")["rules"], ["id", "to", "from", "modality", "since"])
        return 0
    if options.verb == "add":
        answer = client.call_signed_in("forward_add", to=options.to, modality=options.modality, source=options.source)
    else:
        answer = client.call_signed_in("forward_remove", id=options.id)
    for line in answer["lines"]:
        speech.say(line)
    return 0
