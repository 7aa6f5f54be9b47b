"""How decisions are asked for and shown at the terminal: `primum patient` and `primum study`."""

from __future__ import annotations

import argparse
from typing import Any

from primum.doors.cli import speech

REASONS = ("typing-error", "wrong-patient", "duplicate", "document-seen", "patient-request", "device-error", "other")


def why(parser: argparse.ArgumentParser) -> None:
    """Take the reason of a decision."""
    parser.add_argument("--reason", default="other", choices=REASONS, help="why (other)")


def given(options: argparse.Namespace) -> dict[str, Any]:
    """Take from a command line what its verb is asked with."""
    ours = {"verb", "home", "command", "run", "json"}
    return {name: value for name, value in vars(options).items() if name not in ours and value is not None}


def say_change(answer: dict[str, Any]) -> None:
    """Say what was before and what is after, and how to undo it."""
    for which, after in answer.get("after", {}).items():
        speech.say(f"{which}: {answer['before'].get(which) or '-'}  ->  {after or '-'}")
    if "instances" in answer:
        speech.say(f"{answer['instances']} instances")
    if "status" in answer:
        speech.say(f"status: {answer['status']}")
    speech.say(f"decision {answer['decision']}")


def decision_lines(decisions: list[dict[str, Any]]) -> None:
    """List decisions, those undone marked so."""
    for one in decisions:
        state = "" if one["holds"] else "  (undone)"
        about = f"  {one['about']}" if one["about"] else ""
        fields = "  ".join(f"{name}={value}" for name, value in one["fields"].items())
        speech.say(f"decided: {one['at']}  {one['kind']}  {one['id']}{about}  by {one['by']}  {fields}{state}")
