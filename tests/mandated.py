"""Mandates for tests, given without a question: a key of the test's own signs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from primum.exposure import mandates
from primum.exposure.probe.gate import Mandate
from primum.journal.note import NoteKey

KEY = NoteKey("mandates.test.invalid", bytes(range(32)))


def mandate(
    *targets: str, ports: str = "1-65535", held: tuple[str, ...] = (), now: datetime | None = None, key: NoteKey = KEY
) -> Mandate:
    """Allow all of `targets` (addresses and networks; names are not resolved) from now on, for ninety days."""
    pinned = mandates.pin(targets)
    wish = mandates.Wish(
        networks=pinned.networks, names=pinned.names, ports=mandates.read_ports(ports), held=mandates.read_held(held),
        given_by="Dr Trial", quality="controller", reason="a trial", language="en",
    )  # fmt: skip
    return mandates.make(wish, now=now or datetime.now(UTC), key=key.verifier_key)


def mandate_file(folder: Path, *targets: str, ports: str = "1-65535", held: tuple[str, ...] = ()) -> Path:
    """Write such a mandate, signed, as the file that a probe takes; return where."""
    given = mandate(*targets, ports=ports, held=held)
    path = folder / f"{given.id}.mandate"
    mandates.write_file(path, mandates.sign(given, KEY))
    return path
