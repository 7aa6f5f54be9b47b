"""What else names an erased study: orders, steps, sendings, promises, reports, results. All in records.db.

Called in the transaction that passes the point of no return (docs/design/retention.md, What erasing reaches).
"""

# ruff: noqa: S608 (every piece of SQL is of this file, every value is bound)

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from primum.imaging.commitments.model import Reason
from primum.imaging.confirmations.store import forget_erased
from primum.imaging.orders.forgetting import forget_instances, forget_study
from primum.imaging.reports.store import forget_lost, forget_reports, served
from primum.imaging.retention.model import Erasure
from primum.imaging.retention.store import own_accession
from primum.imaging.sendings.model import ERASED

_AMONG = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Following:
    """What followed a study, in numbers: the certificate says them."""

    orders: int = 0
    performed: int = 0
    sendings: int = 0
    promises: int = 0
    notes: int = 0
    reports: int = 0
    drafts: int = 0
    results: int = 0
    doses: int = 0
    to_read: int = 0
    confirmations: int = 0

    def as_json(self) -> str:
        """Write it as the erasure's row holds it."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the index says of what goes, before it does."""

    sops: tuple[str, ...] = field(repr=False)
    accession: str = field(repr=False)
    """Empty where another study has it too."""
    reports: frozenset[str] = field(repr=False)
    doses: int


def indexed(index: Connection, one: Erasure, sops: Sequence[str]) -> Indexed:
    """Ask the index about instances that go."""
    goes = set(sops)
    doses = index.exec_driver_sql(
        f"SELECT count(DISTINCT sop_uid) FROM dose_reports WHERE study_ref = ? AND sop_uid {_AMONG}",
        (one.study_ref, json.dumps(list(sops))),
    ).scalar_one()
    reports = frozenset(each.sop_uid for each in served(index, [one.study_ref])) & goes
    return Indexed(tuple(sops), own_accession(index, one.study_ref), reports, int(doses))


def forget_followers(tx: Connection, one: Erasure, said: Indexed, notes: int, now: datetime) -> Following:
    """Delete them; say how many there were."""
    whole, ref, sops = one.part.level == "study", one.study_ref, said.sops
    reports = forget_reports(tx, ref, sops, whole=whole)
    waits = 0
    if whole:
        went = forget_study(tx, one.controller_id, ref, one.study_uid, said.accession)
        orders, performed = went.orders, went.performed
        # the entry goes with the index's rows: a completion may write it until then
        found = tx.exec_driver_sql("SELECT count(*) FROM to_read WHERE study_ref = ?", (ref,))
        waits = int(found.scalar_one())
        # none lasts: that was looked at in this transaction
        tx.exec_driver_sql("DELETE FROM retention_holds WHERE study_ref = ?", (ref,))
    else:
        orders, performed = 0, forget_instances(tx, one.controller_id, one.study_uid, sops)
    confirmations = forget_erased(tx, ref, sops, whole=whole, now=now)
    return Following(
        orders, performed, forget_sendings(tx, ref, sops, whole=whole), forget_promises(tx, one.id, sops), notes,
        len(said.reports | reports.sops), reports.drafts, reports.results, said.doses, waits, confirmations,
    )  # fmt: skip


def forget_late(tx: Connection, one: Erasure, kept: Sequence[str], now: datetime) -> None:
    """Forget what was noted of the study while it was being erased. `kept`: the instances that stay."""
    forget_lost(tx, one.study_ref, kept)
    if one.part.level == "study":
        forget_queued(tx, one.study_ref, now)


def forget_queued(tx: Connection, ref: str, now: datetime) -> None:
    """Forget what is sent of a whole study, and what others were asked about it."""
    forget_erased(tx, ref, (), whole=True, now=now)
    forget_sendings(tx, ref, (), whole=True)


def forget_sendings(tx: Connection, ref: str, sops: Sequence[str], *, whole: bool) -> int:
    """Take what goes out of the queue; a sending of which nothing is left ends. Return how many named any."""
    named = tx.exec_driver_sql(
        f"SELECT s.id FROM sendings s WHERE s.study_ref = ?1 AND (?2 OR EXISTS (SELECT 1 FROM sending_instances i"
        f" WHERE i.sending_id = s.id AND i.sop_uid {_AMONG.replace('?', '?3')}))",
        (ref, int(whole), json.dumps(list(sops))),
    ).scalars()
    ids = list(named)
    for sending in ids:
        tx.exec_driver_sql(
            f"DELETE FROM sending_instances WHERE sending_id = ?1 AND (?2 OR sop_uid {_AMONG.replace('?', '?3')})",
            (sending, int(whole), json.dumps(list(sops))),
        )
        tx.exec_driver_sql(
            "UPDATE sendings SET state = 'given-up', reason = ? WHERE id = ? AND state = 'waiting' AND NOT EXISTS"
            " (SELECT 1 FROM sending_instances i WHERE i.sending_id = sendings.id)",
            (ERASED, sending),
        )
        if whole:
            tx.exec_driver_sql("UPDATE sendings SET study_ref = '' WHERE id = ?", (sending,))
    return len(ids)


def forget_promises(tx: Connection, erasure_id: str, sops: Sequence[str]) -> int:
    """Delete what was answered about these instances; what is to be told yet becomes a failure (0112H), told once.

    Its UIDs stay until it is told or given up: `forget_told` takes them then.
    """
    listed = json.dumps(list(sops))
    count = tx.exec_driver_sql(f"SELECT count(*) FROM commitment_references WHERE sop_uid {_AMONG}", (listed,))
    found = int(count.scalar_one())
    over = "SELECT id FROM commitments WHERE checked_at IS NOT NULL AND next_try_at IS NULL"
    tx.exec_driver_sql(
        f"DELETE FROM commitment_references WHERE sop_uid {_AMONG} AND commitment_id IN ({over})", (listed,)
    )
    tx.exec_driver_sql(
        f"INSERT OR IGNORE INTO erasure_promises (commitment_id, place, erasure_id)"
        f" SELECT commitment_id, place, ? FROM commitment_references WHERE sop_uid {_AMONG}",
        (erasure_id, listed),
    )
    tx.exec_driver_sql(
        f"UPDATE commitment_references SET reason = ? WHERE sop_uid {_AMONG}", (int(Reason.NO_SUCH_INSTANCE), listed)
    )
    return found


def told_promises(tx: Connection) -> list[tuple[str, int]]:
    """List the failures that were told, or that nobody is called about any more: (commitment, place)."""
    rows = tx.exec_driver_sql(
        "SELECT e.commitment_id, e.place FROM erasure_promises e JOIN commitments c ON c.id = e.commitment_id"
        " WHERE c.checked_at IS NOT NULL AND c.next_try_at IS NULL"
    )
    return [(row[0], row[1]) for row in rows]


def forget_told(tx: Connection, told: Sequence[tuple[str, int]]) -> None:
    """Delete them, and the UIDs that they named."""
    for one in told:
        for table in ("commitment_references", "erasure_promises"):
            tx.exec_driver_sql(f"DELETE FROM {table} WHERE commitment_id = ? AND place = ?", one)
