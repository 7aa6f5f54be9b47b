"""What other systems say of patients, at the terminal: `primum patient proposals`, and what follows one."""

from __future__ import annotations

import argparse
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import pretty

_REFUSALS = ("two-people", "images-right", "wrong-message", "other")


def follows(parser: argparse.ArgumentParser) -> None:
    """Let a decision follow a proposal."""
    parser.add_argument("--proposal", default=None, help="mgp_…: the proposal that this follows")


def proposal_arguments(verbs: Any) -> None:  # noqa: ANN401 (argparse keeps the type to itself)
    """Add the verbs about proposals."""
    waiting = verbs.add_parser("proposals", help="what other systems say of patients and waits for a person")
    waiting.add_argument("--json", action="store_true", help="print JSON")
    refuse = verbs.add_parser("refuse-proposal", help="refuse what another system says")
    refuse.add_argument("proposal", help="mgp_…, as shown by `primum patient proposals`")
    refuse.add_argument("--reason", default="other", choices=_REFUSALS, help="why (other)")
    note = verbs.add_parser("note-proposal", help="take off the list what concerns no study, or no longer does")
    note.add_argument("proposal", help="mgp_…")


def proposal_lines(answer: dict[str, Any], *, as_json: bool) -> None:
    """List proposals: what was said, whom it concerns, and the command that would follow it."""
    if as_json:
        speech.say(pretty(answer))
        return
    if answer["count"] > len(answer["proposals"]):
        speech.say(f"the oldest {len(answer['proposals'])} of {answer['count']}")
    for one in answer["proposals"]:
        about = f"{one['other']} is {one['number']}" if one["kind"] == "merge" else one["number"]
        speech.say(f"{one['id']}  {one['at']}  {one['kind']}  {about}  by {one['by']}")
        for pair in one["pairs"]:
            speech.say(f"  {_who(pair['gone'])}  into  {_who(pair['patient'])}")
            ids = f"{pair['patient']['id']} {pair['gone']['id']}"
            speech.say(f"  primum patient merge {ids} --proposal {one['id']}")
        for each in one["corrections"]:
            told = "  ".join(f"{which} {value}" for which, value in each["told"].items())
            speech.say(f"  {_who(each['patient'])}  told: {told}")
        if not one["open"]:
            speech.say(f"  no study waits for it: primum patient note-proposal {one['id']}")


def _who(one: dict[str, str]) -> str:
    return f"{one['id']} {one['name']} {one['birth_date']} {one['sex']}"
