"""What of orders goes, and when: with the study that an order led to, or by its own rule (docs/design/retention.md).

What was performed goes with its study and never before; what never was is removed by the machine after a while.
"""

# ruff: noqa: S608 (every piece of SQL is of this file, every value is bound)

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from primum.ground.clock import to_text
from primum.imaging.orders.rules import OrderRule, order_rules
from primum.imaging.orders.service import Orders
from primum.imaging.orders.watching.tables import forget_orders as forget_workitems

BATCH: Final = 500
"""Orders of one transaction: what a year's end leaves is done in a few."""
_AMONG = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Followed:
    """What of orders went with a study."""

    orders: int = 0
    performed: int = 0
    patients: int = 0


def forget_study(tx: Connection, controller_id: str, study_ref: str, study_uid: str, accession: str) -> Followed:
    """Delete what was asked for and done to make a study. `accession` is empty where another study has it too."""
    rows = tx.exec_driver_sql(
        "SELECT id, patient_id, study_uid, accession FROM orders WHERE controller_id = ?1"
        " AND (study_uid = ?2 OR (accession = ?3 AND ?3 <> ''))",
        (controller_id, study_uid, accession),
    ).fetchall()
    uids = sorted({study_uid, *(row[2] for row in rows)})
    performed = [
        row[0]
        for row in tx.exec_driver_sql(
            f"SELECT sop_uid FROM performed_steps WHERE controller_id = ? AND (study_uid {_AMONG}"
            " OR (accession = ? AND accession <> ''))",
            (controller_id, json.dumps(uids), accession),
        )
    ]
    _forget_performed(tx, performed)
    _forget_orders(tx, [row[0] for row in rows])
    gone = _forget_patients(tx, {row[1] for row in rows}, study_ref)
    return Followed(len(rows), len(performed), gone)


def forget_instances(tx: Connection, controller_id: str, study_uid: str, sops: Iterable[str]) -> int:
    """Take some instances out of what performed steps list; return how many steps named any."""
    goes, changed = set(sops), 0
    rows = tx.exec_driver_sql(
        "SELECT sop_uid, attributes FROM performed_steps WHERE controller_id = ? AND study_uid = ?",
        (controller_id, study_uid),
    ).fetchall()
    for sop_uid, text in rows:
        attributes = json.loads(text)
        if _drop(attributes, goes):
            changed += 1
            tx.exec_driver_sql(
                "UPDATE performed_steps SET attributes = ? WHERE sop_uid = ?",
                (json.dumps(attributes, ensure_ascii=False), sop_uid),
            )
    return changed


def _drop(attributes: dict[str, Any], goes: set[str]) -> bool:
    """Remove items that reference one of some instances (0008,1155), however deep; tell whether there were any."""
    dropped = False
    for element in attributes.values():
        if not isinstance(element, dict) or element.get("vr") != "SQ":
            continue
        items = element.get("Value", [])
        kept = [one for one in items if not goes & set(one.get("00081155", {}).get("Value", []))]
        dropped |= len(kept) < len(items)
        element["Value"] = kept
        for one in kept:
            dropped |= _drop(one, goes)
    return dropped


def _forget_performed(tx: Connection, sop_uids: Sequence[str]) -> None:
    listed = (json.dumps(list(sop_uids)),)
    tx.exec_driver_sql(f"DELETE FROM performed_links WHERE sop_uid {_AMONG}", listed)
    tx.exec_driver_sql(f"DELETE FROM performed_steps WHERE sop_uid {_AMONG}", listed)


def _forget_orders(tx: Connection, orders: Sequence[str]) -> None:
    forget_workitems(tx, orders)
    listed = (json.dumps(list(orders)),)
    steps = f"SELECT id FROM order_steps WHERE order_id {_AMONG}"
    tx.exec_driver_sql(f"DELETE FROM performed_links WHERE step_id IN ({steps})", listed)
    tx.exec_driver_sql(f"DELETE FROM order_steps WHERE order_id {_AMONG}", listed)
    tx.exec_driver_sql(f"DELETE FROM orders WHERE id {_AMONG}", listed)


_NOBODY = (
    "NOT EXISTS (SELECT 1 FROM orders o WHERE o.patient_id = p.id) AND NOT EXISTS ("
    " SELECT 1 FROM patient_identifiers i JOIN study_patients s ON s.patient_id = i.patient_id"
    " WHERE i.value = p.value AND i.controller_id = p.controller_id AND i.own = 1"
    " AND (i.issuer = p.issuer OR i.issuer = '' OR p.issuer = '') AND s.study_ref <> ?)"
)
"""A patient of orders who has neither an order nor a study (but perhaps the one that goes)."""


def _forget_patients(tx: Connection, patients: set[str], study_ref: str) -> int:
    rows = tx.exec_driver_sql(
        f"SELECT p.id, p.controller_id, p.value FROM order_patients p WHERE p.id {_AMONG} AND {_NOBODY}",
        (json.dumps(sorted(patients)), study_ref),
    ).fetchall()
    for patient_id, controller_id, value in rows:
        tx.exec_driver_sql(
            "DELETE FROM merge_proposals WHERE controller_id = ?1 AND (value = ?2 OR other_value = ?2)",
            (controller_id, value),
        )
        tx.exec_driver_sql("DELETE FROM order_patients WHERE id = ?", (patient_id,))
    return len(rows)


_NOT_PERFORMED = """
    SELECT o.id, o.controller_id, o.study_uid, o.accession FROM orders o
    JOIN order_patients p ON p.id = o.patient_id
    WHERE o.changed_at < ?1 AND o.id > ?3
      AND NOT EXISTS (SELECT 1 FROM order_steps s WHERE s.order_id = o.id AND (s.state = 'done' OR s.start >= ?2))
      AND NOT EXISTS (
        SELECT 1 FROM performed_steps f WHERE f.study_uid = o.study_uid AND f.controller_id = o.controller_id
        AND f.state = 'COMPLETED')
      AND NOT EXISTS (
        SELECT 1 FROM order_steps s JOIN performed_links l ON l.step_id = s.id
        JOIN performed_steps f ON f.sop_uid = l.sop_uid WHERE s.order_id = o.id AND f.state = 'COMPLETED')
      AND NOT EXISTS (
        SELECT 1 FROM retention_holds h JOIN patient_identifiers i ON i.patient_id = h.patient_id
        WHERE h.study_ref = '' AND h.released_at = '' AND (h.until_on = '' OR h.until_on >= ?4)
        AND i.own = 1 AND i.value = p.value AND i.controller_id = p.controller_id)
    ORDER BY o.id LIMIT ?5
"""


class Forgetting:
    """Removes what no study keeps, each class by its rule (a job)."""

    def __init__(self, orders: Orders, index: Engine) -> None:
        """Delete through `orders`; `index` tells which studies there are."""
        self._orders, self._index = orders, index

    def sweep(self, now: datetime) -> int:
        """Remove what is past its time; what goes with a study is not touched."""
        rules = {name: rule for name, rule in order_rules(now.date()).items() if rule.removes}
        steps = {"order": self._not_performed, "patient": self._patients, "proposal": _proposals, "result": _results}
        return sum(self._removed(rule, steps[name], now) for name, rule in rules.items() if name in steps)

    def kept_for_a_person(self, now: datetime) -> int:
        """Count what was performed, has no images here, and is past the time of a study: nobody removes it unasked."""
        rule = order_rules(now.date())["performed"]
        with self._orders.engine.connect().execution_options(reading=True) as tx:
            rows = tx.exec_driver_sql(
                "SELECT controller_id, study_uid, accession FROM performed_steps WHERE state = 'COMPLETED'"
                " AND changed_at < ?",
                (to_text(now - timedelta(days=rule.days)),),
            ).fetchall()
        return sum(not here for here in self._here(rows))

    def _removed(self, rule: OrderRule, step: Any, now: datetime) -> int:  # noqa: ANN401 (one of the four)
        with self._orders.engine.begin() as tx:
            count = int(step(tx, now - timedelta(days=rule.days), now))
            if count:
                self._orders.record(
                    "orders:forgotten", "system", "", {"count": count, "what": rule.of, "rule": rule.name}
                )
        return count

    def _not_performed(self, tx: Connection, before: datetime, now: datetime) -> int:
        """Delete orders never performed, batch by batch, and performed steps that came to nothing."""
        after, count = "", 0
        while True:
            rows = tx.exec_driver_sql(
                _NOT_PERFORMED, (to_text(before), f"{before:%Y%m%d}", after, now.date().isoformat(), BATCH)
            ).fetchall()
            if not rows:
                break
            here = self._here([row[1:] for row in rows])
            goes = [row[0] for row, has_images in zip(rows, here, strict=True) if not has_images]
            _forget_orders(tx, goes)
            after, count = rows[-1][0], count + len(goes)
        rows = tx.exec_driver_sql(
            "SELECT controller_id, study_uid, accession, sop_uid FROM performed_steps WHERE state <> 'COMPLETED'"
            " AND changed_at < ?",
            (to_text(before),),
        ).fetchall()
        nothing = [row[3] for row, has in zip(rows, self._here([row[:3] for row in rows]), strict=True) if not has]
        _forget_performed(tx, nothing)
        return count + len(nothing)

    def _here(self, rows: Sequence[Sequence[str]]) -> list[bool]:
        """Tell of each (controller, study, accession number) whether the archive has such a study."""
        with self._index.connect().execution_options(reading=True) as index:
            return [
                index.exec_driver_sql(
                    "SELECT 1 FROM studies WHERE study_uid = ?2 AND controller_id = ?1 UNION ALL"
                    " SELECT 1 FROM studies WHERE accession = ?3 AND ?3 <> '' AND controller_id = ?1 LIMIT 1",
                    tuple(row),
                ).first()
                is not None
                for row in rows
            ]

    @staticmethod
    def _patients(tx: Connection, before: datetime, _now: datetime) -> int:
        rows = tx.exec_driver_sql(
            f"SELECT p.id FROM order_patients p WHERE p.changed_at < ? AND {_NOBODY}", (to_text(before), "")
        )
        return _forget_patients(tx, {row[0] for row in rows}, "")


def _proposals(tx: Connection, before: datetime, _now: datetime) -> int:
    sql = "DELETE FROM merge_proposals WHERE decision <> '' AND decided_at < ?"
    return int(tx.exec_driver_sql(sql, (to_text(before),)).rowcount)


def _results(tx: Connection, before: datetime, _now: datetime) -> int:
    # of what can still be sent again the report stays known
    tx.exec_driver_sql(
        "DELETE FROM report_results WHERE NOT EXISTS (SELECT 1 FROM result_messages r WHERE r.id = result_id AND"
        " (r.state IN ('waiting', 'refused', 'given-up') OR r.made_at >= ?))",
        (to_text(before),),
    )
    sql = "UPDATE result_messages SET body = x'' WHERE state <> 'waiting' AND body <> x'' AND made_at < ?"
    return int(tx.exec_driver_sql(sql, (to_text(before),)).rowcount)
