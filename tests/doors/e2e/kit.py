"""What tests of a running Primum do again and again: enrol a device, call as it, read the journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.doors.e2e.conftest import Practice
from tests.programs import wait_until
from tests.twins.scanner import Scanner


def enrol(practice: Practice, folder: Path, name: str, aet: str, *options: str) -> Path:
    """Enrol a device; return the folder of its pack."""
    pack = folder / name
    person = practice.person
    add = ["device", "add", name, "--aet", aet, "--out", str(pack), "--pem", *options]
    practice.primum.cli(*add, typed=[person.password, person.code()])
    return pack


def scanner(practice: Practice, pack: Path, aet: str, **how: bool) -> Scanner:
    """Be the device whose pack it is, at the door of this archive."""
    return Scanner.installed(pack, aet, int(practice.primum.settings["dicom_port"]), **how)


def facts(practice: Practice, kind: str) -> list[dict[str, Any]]:
    """Read the journal's facts of a kind."""
    listed = practice.primum.cli("journal", "list", "--kind", kind, "--limit", "1000", "--json").stdout
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(listed.rstrip()):
        fact, at = decoder.raw_decode(listed, at)
        found.append(fact)
        at += 1
    return found


def reasons(practice: Practice, kind: str) -> set[str]:
    """Give the reasons that facts of a kind name."""
    return {str(fact["details"].get("reason", "")) for fact in facts(practice, kind)}


def wait_for_facts(practice: Practice, kind: str, count: int) -> None:
    """Wait until so many facts of a kind are on disc: one of passing interest is there within a second, not before."""
    wait_until(lambda: len(facts(practice, kind)) == count, seconds=30)


def wait_for_reason(practice: Practice, reason: str, kind: str) -> None:
    """Wait until a fact of a kind names a reason: a fact of passing interest is on disc within a second, not before."""
    wait_until(lambda: reason in reasons(practice, kind), seconds=30)


def studies(practice: Practice, text: str = "") -> list[dict[str, str]]:
    """Find studies at the terminal."""
    found: list[dict[str, str]] = json.loads(practice.primum.cli("find", "--json", *([text] if text else [])).stdout)
    return found
