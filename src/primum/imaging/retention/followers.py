"""What else names an erased study: orders, performed steps, sendings, promises, reports. All in records.db.

Called in the transaction that passes the point of no return (docs/design/retention.md, What erasing reaches).
"""

# ruff: noqa: S608 (every piece of SQL is of this file, every value is bound)

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from primum.imaging.commitments.model import Reason
from primum.imaging.orders.forgetting import forget_instances, forget_study
from primum.imaging.reports.store import forget_reports
from primum.imaging.retention.model import Erasure
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

    def as_json(self) -> str:
        """Write it as the erasure's row holds it."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def forget_followers(tx: Connection, one: Erasure, accession: str, sops: Sequence[str], notes: int) -> Following:
    """Delete them. `accession` is empty where another study has it too."""
    whole = one.part.level == "study"
    forget_reports(tx, one.study_ref, sops, whole=whole)
    if whole:
        went = forget_study(tx, one.controller_id, one.study_ref, one.study_uid, accession)
        orders, performed = went.orders, went.performed
    else:
        orders, performed = 0, forget_instances(tx, one.controller_id, one.study_uid, sops)
    return Following(
        orders, performed, _sendings(tx, one.study_ref, sops, whole=whole), forget_promises(tx, one.id, sops), notes
    )


def _sendings(tx: Connection, ref: str, sops: Sequence[str], *, whole: bool) -> int:
    """Take what goes out of the queue; a sending of which nothing is left ends."""
    named = tx.exec_driver_sql(
        f"SELECT DISTINCT i.sending_id FROM sending_instances i JOIN sendings s ON s.id = i.sending_id"
        f" WHERE s.study_ref = ?1 AND (?2 OR i.sop_uid {_AMONG.replace('?', '?3')})",
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
