"""Subscribers, subscriptions, watches and events in records.db, in a transaction that the caller has begun."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from primum.imaging.orders.watching.messages import Event, EventType, Workitem


def anybody(tx: Connection) -> bool:
    """Tell whether there is a subscriber at all: mostly there is none, and a change costs this one look."""
    return tx.exec_driver_sql("SELECT 1 FROM workitem_subscribers LIMIT 1").first() is not None


# -- subscribers --


def owner(tx: Connection, title: str) -> str | None:
    """Tell whose a title is."""
    row = tx.exec_driver_sql("SELECT person_id FROM workitem_subscribers WHERE title = ?", (title,)).first()
    return None if row is None else str(row[0])


def titles(tx: Connection, person_id: str) -> tuple[int, int]:
    """Count a person's titles, and everybody's."""
    row = tx.exec_driver_sql(
        "SELECT count(*) FILTER (WHERE person_id = ?), count(*) FROM workitem_subscribers", (person_id,)
    ).one()
    return int(row[0]), int(row[1])


def put_subscriber(tx: Connection, title: str, person_id: str, controllers: Sequence[str] | None, now: str) -> None:
    """Write a subscriber, or that it was seen and how far it sees now."""
    tx.exec_driver_sql(
        "INSERT INTO workitem_subscribers (title, person_id, controllers, seen_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (title) DO UPDATE SET controllers = excluded.controllers, seen_at = excluded.seen_at",
        (title, person_id, json.dumps(controllers), now),
    )


def take_dropped(tx: Connection, title: str) -> int:
    """Count the events that a subscriber lost, and forget the count."""
    row = tx.exec_driver_sql("SELECT dropped FROM workitem_subscribers WHERE title = ?", (title,)).one()
    if row[0]:
        tx.exec_driver_sql("UPDATE workitem_subscribers SET dropped = 0 WHERE title = ?", (title,))
    return int(row[0])


def forget_subscribers(tx: Connection, before: str) -> int:
    """Remove who was not seen since an instant, with all that is theirs."""
    gone = "SELECT title FROM workitem_subscribers WHERE seen_at < ?"
    for table in ("workitem_queue", "workitem_watches", "workitem_subscriptions"):
        tx.exec_driver_sql(f"DELETE FROM {table} WHERE title IN ({gone})", (before,))  # noqa: S608 (of this file)
    return tx.exec_driver_sql("DELETE FROM workitem_subscribers WHERE seen_at < ?", (before,)).rowcount


# -- subscriptions --


def put_subscription(tx: Connection, title: str, target: str, wanted: Mapping[str, str]) -> None:
    """Write a subscription to workitems to come; one that was suspended goes on."""
    tx.exec_driver_sql(
        "INSERT INTO workitem_subscriptions (title, target, wanted) VALUES (?, ?, ?)"
        " ON CONFLICT (title, target) DO UPDATE SET wanted = excluded.wanted, suspended = 0",
        (title, target, json.dumps(wanted)),
    )


def suspend(tx: Connection, title: str, target: str) -> bool:
    """Write that workitems to come are not watched any more; tell whether there was such a subscription."""
    done = tx.exec_driver_sql(
        "UPDATE workitem_subscriptions SET suspended = 1 WHERE title = ? AND target = ?", (title, target)
    )
    return done.rowcount == 1


def end_subscription(tx: Connection, title: str, target: str) -> bool:
    """Remove a subscription and every watch of its title; tell whether there was one."""
    done = tx.exec_driver_sql(
        "DELETE FROM workitem_subscriptions WHERE title = ? AND target = ?", (title, target)
    ).rowcount
    if done:
        tx.exec_driver_sql("DELETE FROM workitem_watches WHERE title = ?", (title,))
    return done == 1


def subscriptions(tx: Connection, controller_id: str) -> list[tuple[str, dict[str, str]]]:
    """List who watches what is made for a controller, with the filter of each."""
    rows = tx.exec_driver_sql(
        "SELECT s.title, s.wanted FROM workitem_subscriptions s JOIN workitem_subscribers w ON w.title = s.title"
        " WHERE s.suspended = 0 AND (w.controllers = 'null'"
        " OR EXISTS (SELECT 1 FROM json_each(w.controllers) WHERE value = ?))",
        (controller_id,),
    )
    return [(str(row[0]), json.loads(row[1])) for row in rows]


# -- watches --


def watch(tx: Connection, title: str, uids: Iterable[str], *, by_name: bool) -> list[str]:
    """Watch workitems; return those that were not watched before."""
    rows = tx.exec_driver_sql(
        "INSERT INTO workitem_watches (workitem_uid, title, by_name) SELECT value, ?, ? FROM json_each(?) WHERE true"
        " ON CONFLICT DO NOTHING RETURNING workitem_uid",
        (title, int(by_name), json.dumps(list(uids))),
    )
    return [str(row[0]) for row in rows]


def watch_all(tx: Connection, title: str, controllers: Sequence[str] | None) -> list[str]:
    """Watch every workitem that waits or is performed; return those that were not watched before."""
    rows = tx.exec_driver_sql(
        "SELECT workitem_uid FROM order_steps WHERE state IN ('scheduled', 'started', 'discontinued')"
        " AND (? = 'null' OR controller_id IN (SELECT value FROM json_each(?)))",
        (json.dumps(controllers), json.dumps(controllers or [])),
    )
    return watch(tx, title, [str(row[0]) for row in rows], by_name=False)


def watched_by_name(tx: Connection, title: str) -> int:
    """Count the workitems that a title watches by name."""
    sql = "SELECT count(*) FROM workitem_watches WHERE title = ? AND by_name = 1"
    return int(tx.exec_driver_sql(sql, (title,)).scalar_one())


def unwatch(tx: Connection, title: str, uid: str) -> bool:
    """Watch a workitem no more; tell whether it was."""
    sql = "DELETE FROM workitem_watches WHERE workitem_uid = ? AND title = ?"
    return tx.exec_driver_sql(sql, (uid, title)).rowcount == 1


def watchers(tx: Connection, item: Workitem) -> list[str]:
    """List who watches a workitem, and still sees its controller."""
    rows = tx.exec_driver_sql(
        "SELECT w.title FROM workitem_watches w JOIN workitem_subscribers s ON s.title = w.title"
        " WHERE w.workitem_uid = ? AND (s.controllers = 'null'"
        " OR EXISTS (SELECT 1 FROM json_each(s.controllers) WHERE value = ?))",
        tuple(item),
    )
    return [str(row[0]) for row in rows]


def end_watches(tx: Connection, uid: str) -> None:
    """Remove every watch of a workitem of which nothing more will be told."""
    tx.exec_driver_sql("DELETE FROM workitem_watches WHERE workitem_uid = ?", (uid,))


def forget_orders(tx: Connection, orders: Sequence[str]) -> None:
    """Remove what is kept of the workitems of some orders, before the orders go."""
    uids = (
        "SELECT s.workitem_uid FROM order_steps s WHERE s.order_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(orders)),),
    )
    events = f"SELECT number FROM workitem_events WHERE workitem_uid IN ({uids[0]})"  # noqa: S608 (of this file)
    for table, column, among in (
        ("workitem_queue", "number", events),
        ("workitem_events", "workitem_uid", uids[0]),
        ("workitem_watches", "workitem_uid", uids[0]),
    ):
        tx.exec_driver_sql(f"DELETE FROM {table} WHERE {column} IN ({among})", uids[1])  # noqa: S608 (of this file)


# -- events --


def put_event(tx: Connection, item: Workitem, kind: EventType, told: Mapping[str, Any], now: str) -> int:
    """Write an event; return its number."""
    row = tx.exec_driver_sql(
        "INSERT INTO workitem_events (workitem_uid, controller_id, kind, told, made_at) VALUES (?, ?, ?, ?, ?)"
        " RETURNING number",
        (*item, int(kind), json.dumps(told, separators=(",", ":")), now),
    )
    return int(row.scalar_one())


def queue(tx: Connection, title: str, number: int, most: int) -> bool:
    """Queue an event for a subscriber; tell whether that is the first time that the queue ran over."""
    tx.exec_driver_sql("INSERT INTO workitem_queue (title, number) VALUES (?, ?)", (title, number))
    gone = tx.exec_driver_sql(
        "DELETE FROM workitem_queue WHERE title = ?1 AND number <="
        " (SELECT number FROM workitem_queue WHERE title = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
        (title, most),
    ).rowcount
    return gone > 0 and lose(tx, title, gone) == gone


def lose(tx: Connection, title: str, count: int) -> int:
    """Count events that a subscriber will not be sent; return how many there are by now."""
    sql = "UPDATE workitem_subscribers SET dropped = dropped + ? WHERE title = ? RETURNING dropped"
    return int(tx.exec_driver_sql(sql, (count, title)).scalar_one())


def waiting(tx: Connection, title: str, person_id: str, most: int) -> list[Event]:
    """List the oldest events that wait for a subscriber."""
    rows = tx.exec_driver_sql(
        "SELECT e.number, e.workitem_uid, e.controller_id, e.kind, e.told FROM workitem_subscribers s"
        " JOIN workitem_queue q ON q.title = s.title JOIN workitem_events e ON e.number = q.number"
        " WHERE s.title = ? AND s.person_id = ? ORDER BY q.number LIMIT ?",
        (title, person_id, most),
    )
    return [Event(row[0], Workitem(row[1], row[2]), EventType(row[3]), json.loads(row[4])) for row in rows]


def fetched(tx: Connection, title: str, number: int) -> None:
    """Take off a queue what has been sent, up to a number; an event that waits for nobody goes."""
    rows = tx.exec_driver_sql(
        "DELETE FROM workitem_queue WHERE title = ? AND number <= ? RETURNING number", (title, number)
    )
    numbers = json.dumps([row[0] for row in rows])
    tx.exec_driver_sql(
        "DELETE FROM workitem_events WHERE number IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM workitem_queue q WHERE q.number = workitem_events.number)",
        (numbers,),
    )


def forget_events(tx: Connection, before: str) -> int:
    """Remove events older than an instant, and those that wait for nobody."""
    old = "SELECT number FROM workitem_events WHERE made_at < ?"
    tx.exec_driver_sql(f"DELETE FROM workitem_queue WHERE number IN ({old})", (before,))  # noqa: S608 (of this file)
    return tx.exec_driver_sql(
        "DELETE FROM workitem_events WHERE NOT EXISTS"
        " (SELECT 1 FROM workitem_queue q WHERE q.number = workitem_events.number)"
    ).rowcount
