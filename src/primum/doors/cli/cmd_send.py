"""`primum send STUDY DEVICE`."""

from __future__ import annotations

import argparse
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the study and the device."""
    parser.add_argument("study", nargs="?", default="", help="its Study Instance UID, as primum find prints it")
    parser.add_argument("device", nargs="?", default="", help="the name of an enrolled device that may receive")
    parser.add_argument("--later", action="store_true", help="do not wait: the queue sends it")
    parser.add_argument("--series", default="", metavar="UID", help="only this series of the study")
    parser.add_argument("--cancel", default="", metavar="SENDING", help="withdraw a sending that waits")
    parser.add_argument(
        "--again", default="", metavar="SENDING", help="send again what did not arrive; try at once what waits"
    )
    parser.add_argument("--list", action="store_true", help="what is on its way, and what ended lately")


def run(options: argparse.Namespace) -> int:
    """Send, with a progress bar; exit with 1 where not everything went."""
    client = Client(options.home)
    if options.cancel:
        client.call_signed_in("sending_cancel", sending=options.cancel)
        speech.say("withdrawn: what has gone has gone")
        return 0
    if options.again:
        speech.say(f"{client.call_signed_in('sending_again', sending=options.again)['id']} is on its way")
        return 0
    if options.list or not options.study:
        listed = client.call_signed_in("sending_list")["sendings"]
        speech.table(listed, ["id", "device", "state", "left", "images", "attempts", "due_at", "reason", "commitment"])
        return 0
    bar = speech.Bar("images")

    def progress(facts: dict[str, Any]) -> None:
        bar.show(facts["done"], facts["total"])

    answer = client.call_signed_in(
        "send",
        progress=progress,
        study=options.study,
        device=options.device,
        series=options.series,
        later=options.later,
    )
    if options.later:
        speech.say(f"{answer['instances']} images are on their way")
        return 0
    sent = answer["instances"] - answer["left"]
    if not answer["left"]:
        bar.end(f"{sent} images sent")
        return 0
    again = f"; tried again from {answer['due_at']}" if answer["state"] == "waiting" else ""
    bar.end(f"{sent} of {answer['instances']} images sent [{answer['reason']}]{again}")
    return 1
