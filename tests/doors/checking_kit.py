"""A web door behind which a worker makes checks of an installation that a test describes."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

from primum.app.joints import Recorder
from primum.doors.worker.desk import Desk
from primum.doors.worker.verbs_check import page
from primum.exposure.checks.service import Checks, Home
from primum.journal.note import NoteKey
from tests.doors.web_kit import Door
from tests.unit.exposure.checks.kit import HOME, Told

KEY = NoteKey(f"journal.primum.invalid/{HOME}", bytes(range(32)))


def checking(door: Door, told: Told) -> Checks:
    """Let the door ask for checks; `told` is what they are told."""
    checks = Checks(
        door.indexer._records, door.clock, Recorder(door.journal), home=Home(HOME, "0.1", KEY.sign_text),
        gather=lambda: told,
    )  # type: ignore[arg-type, return-value]  # fmt: skip
    rooms = SimpleNamespace(
        rooms=SimpleNamespace(journal=door.journal, clock=door.clock), people=door.people,
        signer=SimpleNamespace(verifier_key=KEY.verifier_key),
    )  # fmt: skip
    desk = Desk(**{one.name: {"worker": rooms, "checks": checks}.get(one.name) for one in fields(Desk)})  # type: ignore[arg-type]
    door.services.intake.verbs = {"check": lambda args, data: page(desk, args, data)}  # type: ignore[attr-defined]
    return checks
