"""The table of canaries: a line before the study is taken in, so that none is forgotten by a crash."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import as_file, files

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

from primum.ground.clock import to_text
from primum.ground.db import migrate


def prepare_canaries(engine: Engine) -> None:
    """Bring the table to its newest shape."""
    with as_file(files("primum.exposure.canaries").joinpath("migrations")) as folder:
        migrate(engine, folder, "canaries_version")


@dataclass(frozen=True, slots=True)
class Canary:
    """A study that this archive planted in itself, and by whom it was wished."""

    study_uid: str = field(repr=False)
    study_ref: str
    person_id: str


def plant(tx: Connection, canary: Canary, at: datetime) -> None:
    """Note that one is about to be taken in."""
    tx.execute(
        text("INSERT INTO canaries VALUES (:uid, :ref, :person, :at, NULL)"),
        {"uid": canary.study_uid, "ref": canary.study_ref, "person": canary.person_id, "at": to_text(at)},
    )


def find(tx: Connection, study_uid: str) -> Canary | None:
    """Find one that was not removed."""
    row = tx.execute(
        text("SELECT study_uid, study_ref, person_id FROM canaries WHERE study_uid = :uid AND removed_at IS NULL"),
        {"uid": study_uid},
    ).first()
    return None if row is None else Canary(*row)


def left(tx: Connection, before: datetime) -> list[Canary]:
    """List those that were planted before an instant and not removed."""
    rows = tx.execute(
        text("SELECT study_uid, study_ref, person_id FROM canaries WHERE removed_at IS NULL AND planted_at < :at"),
        {"at": to_text(before)},
    )
    return [Canary(*row) for row in rows]


def every_ref(tx: Connection) -> frozenset[str]:
    """List the references of all that were ever planted: nobody's studies."""
    return frozenset(row[0] for row in tx.execute(text("SELECT study_ref FROM canaries")))


def removed(tx: Connection, study_uid: str, at: datetime) -> None:
    """Note that one is gone, or was never taken in."""
    tx.execute(
        text("UPDATE canaries SET removed_at = :at WHERE study_uid = :uid"), {"uid": study_uid, "at": to_text(at)}
    )
