"""Where orders are kept: their part of records.db. Functions of a connection whose transaction the caller has begun."""

# ruff: noqa: S608 (every piece of SQL is of this file, every value is bound)

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib.resources import as_file, files
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine, Row

from primum.ground.db import migrate
from primum.imaging.names import name_key, parse_name
from primum.imaging.orders.model import (
    Entry,
    Identifier,
    Merge,
    Order,
    OrderFacts,
    OrderState,
    PatientFacts,
    Step,
    StepState,
    Waiting,
    kept_order,
    kept_step,
    to_json,
)


def prepare_orders(engine: Engine) -> None:
    """Bring the tables of orders in records.db up to date."""
    with as_file(files("primum.imaging.orders").joinpath("migrations")) as folder:
        migrate(engine, folder, "orders_version")
    with as_file(files("primum.imaging.orders.watching").joinpath("migrations")) as folder:
        migrate(engine, folder, "workitem_watching_version")


# -- patients --

_PATIENT = "p.issuer, p.value, p.name, p.birth_date, p.sex, p.birth_name, p.ins, p.ins_oid, p.others"


def patient(connection: Connection, controller_id: str, identifier: Identifier) -> tuple[str, PatientFacts] | None:
    """Find the patient of an identifier, with our id of it."""
    row = connection.exec_driver_sql(
        f"SELECT {_PATIENT}, p.id FROM order_patients p WHERE controller_id = ? AND issuer = ? AND value = ?",
        (controller_id, *identifier),
    ).first()
    return None if row is None else (row[-1], _patient(row))


def put_patient(connection: Connection, patient_id: str, controller_id: str, facts: PatientFacts, now: str) -> None:
    """Write a patient, or what is now known of one."""
    connection.exec_driver_sql(
        "INSERT INTO order_patients (id, controller_id, issuer, value, name, name_key, birth_date, sex, birth_name,"
        " ins, ins_oid, others, made_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,"
        " birth_date = excluded.birth_date, sex = excluded.sex, birth_name = excluded.birth_name, ins = excluded.ins,"
        " ins_oid = excluded.ins_oid, others = excluded.others, changed_at = excluded.changed_at",
        (
            patient_id, controller_id, *facts.identifier, facts.name, _family(facts.name), facts.birth_date, facts.sex,
            facts.birth_name, facts.ins, facts.ins_oid, json.dumps(facts.others), now, now,
        ),
    )  # fmt: skip


def patients_like(
    connection: Connection, controllers: Sequence[str] | None, family: str, most: int
) -> list[tuple[str, PatientFacts]]:
    """List the patients of orders whose family name begins like this one, with the controller of each."""
    rows = connection.exec_driver_sql(
        f"SELECT {_PATIENT}, p.controller_id FROM order_patients p WHERE name_key >= ? AND name_key < ?"
        f" AND {_within('p')} ORDER BY name_key, birth_date LIMIT ?",
        (family, family + "\U0010ffff", *_reach(controllers), most),
    )
    return [(row[-1], _patient(row)) for row in rows]


def studied_patients_like(
    connection: Connection, controllers: Sequence[str] | None, family: str, most: int
) -> list[tuple[str, PatientFacts]]:
    """List the patients of studies whose family name begins like this one, with the controller of each."""
    rows = connection.exec_driver_sql(
        "SELECT i.issuer, i.value, p.name, p.birth_date, p.sex, '', '', '', '[]', p.controller_id FROM patients p"
        " JOIN patient_identifiers i ON i.patient_id = p.id AND i.own = 1"
        f" WHERE p.name_key >= ? AND p.name_key < ? AND {_within('p')} ORDER BY p.name_key, p.birth_date LIMIT ?",
        (family, family + "\U0010ffff", *_reach(controllers), most),
    )
    return [(row[-1], _patient(row)) for row in rows]


def number_is_used(connection: Connection, controller_id: str, value: str) -> bool:
    """Tell whether a patient number exists for this controller, in orders or in studies, whoever gave it."""
    found = connection.exec_driver_sql(
        "SELECT 1 FROM order_patients WHERE value = ? AND controller_id = ?"
        " UNION ALL SELECT 1 FROM patient_identifiers WHERE value = ? AND controller_id = ? LIMIT 1",
        (value, controller_id, value, controller_id),
    )
    return found.first() is not None


def _patient(row: Row[Any]) -> PatientFacts:
    issuer, value, name, birth_date, sex, birth_name, ins, ins_oid, others = tuple(row)[:9]
    told = tuple(Identifier(*one) for one in json.loads(others))
    return PatientFacts(Identifier(issuer, value), name, birth_date, sex, birth_name, ins, ins_oid, told)


def _family(name: str) -> str:
    return name_key(parse_name(name)).text()


# -- orders and steps --

_ORDER = "o.id, o.controller_id, o.patient_id, o.sender, o.state, o.facts, o.made_by, o.made_at, o.changed_at"
_STEP = "s.id, s.workitem_uid, s.state, s.done_by, s.facts, s.claim"


def put_order(connection: Connection, order: Order) -> None:
    """Write an order, its steps apart."""
    facts = order.facts
    connection.exec_driver_sql(
        "INSERT INTO orders (id, controller_id, patient_id, sender, placer_number, filler_number, accession, study_uid,"
        " procedure_id, state, facts, made_by, made_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET placer_number = excluded.placer_number,"
        " filler_number = excluded.filler_number, accession = excluded.accession,"
        " study_uid = excluded.study_uid, procedure_id = excluded.procedure_id,"
        " state = excluded.state, facts = excluded.facts, changed_at = excluded.changed_at",
        (
            order.id, order.controller_id, order.patient_id, order.sender, facts.placer_number, facts.filler_number,
            facts.accession, facts.study_uid, facts.procedure_id, order.state.value, json.dumps(to_json(facts)),
            order.made_by, order.made_at, order.changed_at,
        ),
    )  # fmt: skip


def put_step(connection: Connection, order: Order, step: Step) -> None:
    """Write a step."""
    connection.exec_driver_sql(
        "INSERT INTO order_steps (id, order_id, controller_id, number, workitem_uid, start, modality, station_aet,"
        " state, done_by, facts, claim) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " number = excluded.number, start = excluded.start, modality = excluded.modality,"
        " station_aet = excluded.station_aet, state = excluded.state, done_by = excluded.done_by,"
        " facts = excluded.facts, claim = excluded.claim",
        (
            step.id, order.id, order.controller_id, step.facts.number, step.workitem_uid, step.facts.start,
            step.facts.modality, step.facts.station_aet, step.state.value, step.done_by,
            json.dumps(to_json(step.facts)), step.claim,
        ),
    )  # fmt: skip


def order(connection: Connection, order_id: str) -> Order | None:
    """Find an order."""
    row = connection.exec_driver_sql(f"SELECT {_ORDER} FROM orders o WHERE o.id = ?", (order_id,)).first()
    return None if row is None else _order(row)


def order_by(connection: Connection, column: str, value: str, controller_id: str, sender: str) -> Order | None:
    """Find a sender's order by its placer or filler number; the newest one."""
    if column not in {"placer_number", "filler_number"}:
        raise ValueError("an order is found by one of its two numbers")
    row = connection.exec_driver_sql(
        f"SELECT {_ORDER} FROM orders o WHERE o.{column} = ? AND o.controller_id = ? AND o.sender = ?"
        " ORDER BY o.made_at DESC, o.id LIMIT 1",
        (value, controller_id, sender),
    ).first()
    return None if row is None else _order(row)


def facts_of_study(connection: Connection, controller_id: str, study_uid: str, accession: str) -> list[OrderFacts]:
    """Give what was asked for by the orders that a study is of: same UID, or same accession number."""
    rows = connection.exec_driver_sql(
        "SELECT facts FROM orders WHERE study_uid = ? AND controller_id = ? AND state <> 'cancelled'"
        " UNION ALL SELECT facts FROM orders WHERE accession = ? AND accession <> '' AND controller_id = ?"
        " AND state <> 'cancelled' LIMIT 16",
        (study_uid, controller_id, accession, controller_id),
    )
    return [kept_order(json.loads(row[0])) for row in rows]


def order_of_study(connection: Connection, controller_id: str, study_uid: str, accession: str) -> Order | None:
    """Find the order that a study answers: of its Study Instance UID, else of its accession number."""
    for column, value in (("study_uid", study_uid), ("accession", accession)):
        if not value:
            continue
        row = connection.exec_driver_sql(
            f"SELECT {_ORDER} FROM orders o WHERE o.{column} = ? AND o.controller_id = ?", (value, controller_id)
        ).first()
        if row is not None:
            return _order(row)
    return None


def taken(connection: Connection, column: str, value: str, controller_id: str, but: str) -> bool:
    """Tell whether another order of this controller has this accession number or Study Instance UID."""
    if column not in {"accession", "study_uid"}:
        raise ValueError("only two numbers are unique")
    found = connection.exec_driver_sql(
        f"SELECT 1 FROM orders WHERE {column} = ? AND controller_id = ? AND id <> ?",
        (value, controller_id, but),
    )
    return found.first() is not None


def step_taken(connection: Connection, number: str, controller_id: str, but: str) -> bool:
    """Tell whether a step of another order of this controller has this number."""
    found = connection.exec_driver_sql(
        "SELECT 1 FROM order_steps WHERE number = ? AND controller_id = ? AND order_id <> ?",
        (number, controller_id, but),
    )
    return found.first() is not None


def steps(connection: Connection, order_id: str) -> list[Step]:
    """List the steps of an order, in the order in which they were asked for."""
    rows = connection.exec_driver_sql(
        f"SELECT {_STEP} FROM order_steps s WHERE s.order_id = ? ORDER BY s.rowid",
        (order_id,),
    )
    return [_step(row) for row in rows]


def entries(
    connection: Connection,
    controllers: Sequence[str] | None,
    since: str,
    until: str,
    *,
    states: Iterable[StepState],
    most: int,
) -> list[Entry]:
    """List the steps that start from one day to another (both included), with order and patient."""
    rows = connection.exec_driver_sql(
        f"{_ENTRIES} WHERE s.start >= ? AND s.start < ? AND {_within('s')}"
        " AND s.state IN (SELECT value FROM json_each(?)) ORDER BY s.start, s.number LIMIT ?",
        (since, until + "~", *_reach(controllers), json.dumps([one.value for one in states]), most),
    )
    return [_entry(row) for row in rows]


def waiting(
    connection: Connection, controllers: Sequence[str] | None, since: str, until: str, *, most: int
) -> list[Waiting]:
    """List the open steps of a period, with what tells whether their images have come."""
    rows = connection.exec_driver_sql(
        "SELECT s.id, s.controller_id, o.study_uid, o.accession, s.modality FROM order_steps s"
        f" JOIN orders o ON o.id = s.order_id WHERE s.start >= ? AND s.start < ? AND {_within('s')}"
        " AND s.state IN ('scheduled', 'started', 'discontinued') ORDER BY s.start LIMIT ?",
        (since, until + "~", *_reach(controllers), most),
    )
    return [Waiting(*row) for row in rows]


def entry_of(connection: Connection, column: str, value: str) -> Entry | None:
    """Find one step, by our id of it or as a workitem."""
    if column not in {"id", "workitem_uid"}:
        raise ValueError("a step is found by its id or its UID")
    row = connection.exec_driver_sql(f"{_ENTRIES} WHERE s.{column} = ?", (value,)).first()
    return None if row is None else _entry(row)


def entries_of(connection: Connection, order_id: str) -> list[Entry]:
    """List the entries of one order."""
    return [
        _entry(row) for row in connection.exec_driver_sql(f"{_ENTRIES} WHERE o.id = ? ORDER BY s.rowid", (order_id,))
    ]


def entries_named(
    connection: Connection, controller_id: str, *, numbers: Sequence[str], study_uids: Sequence[str]
) -> list[Entry]:
    """List the entries of one controller whose step has one of these numbers, or whose study one of these UIDs."""
    rows = connection.exec_driver_sql(
        f"{_ENTRIES} WHERE s.controller_id = ? AND (s.number IN (SELECT value FROM json_each(?))"
        " OR o.study_uid IN (SELECT value FROM json_each(?))) ORDER BY s.rowid LIMIT 64",
        (controller_id, json.dumps(list(numbers)), json.dumps(list(study_uids))),
    )
    return [_entry(row) for row in rows]


_ENTRIES = (
    f"SELECT {_PATIENT}, {_ORDER}, {_STEP} FROM order_steps s"
    " JOIN orders o ON o.id = s.order_id JOIN order_patients p ON p.id = o.patient_id"
)


def _entry(row: Row[Any]) -> Entry:
    values = tuple(row)
    return Entry(_patient(row), _order(values[9:18]), _step(values[18:]))


def _order(row: Sequence[Any]) -> Order:
    order_id, controller_id, patient_id, sender, state, facts, made_by, made_at, changed_at = row
    kept = kept_order(json.loads(facts))
    return Order(order_id, controller_id, patient_id, sender, OrderState(state), kept, made_by, made_at, changed_at)


def _step(row: Sequence[Any]) -> Step:
    step_id, workitem_uid, state, done_by, facts, claim = row
    return Step(step_id, workitem_uid, StepState(state), done_by, kept_step(json.loads(facts)), claim)


# -- numbers --


def next_number(connection: Connection, controller_id: str, name: str) -> int:
    """Count one on."""
    row = connection.exec_driver_sql(
        "INSERT INTO order_numbers (controller_id, name, last) VALUES (?, ?, 1)"
        " ON CONFLICT (controller_id, name) DO UPDATE SET last = last + 1 RETURNING last",
        (controller_id, name),
    )
    return int(row.scalar_one())


# -- messages --


def message_known(connection: Connection, sender: str, control_id: str, digest: str) -> str | None:
    """Tell what a message was about if it was received before; None where it was not."""
    found = connection.exec_driver_sql(
        "SELECT subject FROM hl7_messages WHERE sender = ? AND control_id = ? AND digest = ?",
        (sender, control_id, digest),
    ).first()
    return None if found is None else str(found[0])


def put_message(
    connection: Connection, sender: str, control_id: str, digest: str, *, kind: str, subject: str, now: str
) -> None:
    """Keep that a message was received and applied; its content is not kept."""
    connection.exec_driver_sql(
        "INSERT INTO hl7_messages (sender, control_id, digest, kind, subject, received_at) VALUES (?, ?, ?, ?, ?, ?)",
        (sender, control_id, digest, kind, subject, now),
    )


def forget_messages(connection: Connection, before: str) -> int:
    """Forget messages that were received before an instant."""
    return connection.exec_driver_sql("DELETE FROM hl7_messages WHERE received_at < ?", (before,)).rowcount


# -- proposals --


_MERGE = (
    "m.id, m.controller_id, m.kind, m.issuer, m.value, m.other_issuer, m.other_value, m.facts, m.proposed_by,"
    " m.proposed_at"
)


def put_merge(connection: Connection, merge: Merge) -> None:
    """Keep a proposal."""
    connection.exec_driver_sql(
        "INSERT INTO merge_proposals (id, controller_id, kind, issuer, value, other_issuer, other_value, facts,"
        " proposed_by, proposed_at, decision, decided_by, decided_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '')",
        (
            merge.id, merge.controller_id, merge.kind, *merge.survivor, *merge.prior, _traits(merge),
            merge.proposed_by, merge.proposed_at,
        ),
    )  # fmt: skip


def same_merge(connection: Connection, merge: Merge, decision: str = "") -> str:
    """Find a proposal of the same kind about the same numbers and with the same facts; empty where there is none."""
    found = connection.exec_driver_sql(
        "SELECT id FROM merge_proposals WHERE controller_id = ? AND kind = ? AND issuer = ? AND value = ?"
        " AND other_issuer = ? AND other_value = ? AND facts = ? AND decision = ? LIMIT 1",
        (merge.controller_id, merge.kind, *merge.survivor, *merge.prior, _traits(merge), decision),
    ).first()
    return "" if found is None else str(found[0])


def merges_about(connection: Connection, controller_id: str, kind: str, identifier: Identifier) -> list[Merge]:
    """List the waiting proposals of one kind about one number."""
    rows = connection.exec_driver_sql(
        f"SELECT {_MERGE} FROM merge_proposals m WHERE m.decision = '' AND m.controller_id = ? AND m.kind = ?"
        " AND m.issuer = ? AND m.value = ?",
        (controller_id, kind, *identifier),
    )
    return [_merge(row) for row in rows]


def merge(connection: Connection, merge_id: str, controllers: Sequence[str] | None) -> Merge | None:
    """Find a proposal that waits for a person."""
    row = connection.exec_driver_sql(
        f"SELECT {_MERGE} FROM merge_proposals m WHERE m.id = ? AND m.decision = '' AND {_within('m')}",
        (merge_id, *_reach(controllers)),
    ).first()
    return None if row is None else _merge(row)


def merges(connection: Connection, controllers: Sequence[str] | None) -> list[Merge]:
    """List the proposals that wait for a person, the oldest first."""
    rows = connection.exec_driver_sql(
        f"SELECT {_MERGE} FROM merge_proposals m WHERE m.decision = '' AND {_within('m')}"
        " ORDER BY m.proposed_at LIMIT 200",
        _reach(controllers),
    )
    return [_merge(row) for row in rows]


def _traits(merge: Merge) -> str:
    return json.dumps(dict(merge.facts), sort_keys=True)


def _merge(row: Row[Any]) -> Merge:
    merge_id, controller_id, kind, issuer, value, other_issuer, other_value, facts, by, at = tuple(row)
    numbers = Identifier(issuer, value), Identifier(other_issuer, other_value)
    return Merge(*numbers, merge_id, controller_id, kind, by, at, json.loads(facts))


def decide_merge(connection: Connection, merge_id: str, *, decision: str, by: str, now: str) -> bool:
    """Write what a person decided; tell whether it still waited."""
    done = connection.exec_driver_sql(
        "UPDATE merge_proposals SET decision = ?, decided_by = ?, decided_at = ? WHERE id = ? AND decision = ''",
        (decision, by, now, merge_id),
    )
    return done.rowcount == 1


def _within(table: str) -> str:
    return f"(? = '' OR {table}.controller_id IN (SELECT value FROM json_each(?)))"


def _reach(controllers: Sequence[str] | None) -> tuple[str, str]:
    """Give the two parameters of `_within`: None is every controller."""
    return ("", "[]") if controllers is None else ("some", json.dumps(list(controllers)))
