"""What a change of a workitem sets off: called by whoever writes one, in the same transaction (PS3.4 CC.2.4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from primum.ground.log import Log
from primum.imaging.orders import tables as orders
from primum.imaging.orders.model import Step
from primum.imaging.orders.values import Json
from primum.imaging.orders.watching import messages, tables
from primum.imaging.orders.watching.limits import LIMITS, Limits
from primum.imaging.orders.watching.messages import EventType, Workitem
from primum.imaging.orders.workitems import NEXT, OF_STEP, attributes, matches

_LOG = Log("orders")


def step_changed(tx: Connection, now: str, controller_id: str, before: Step | None, after: Step) -> None:
    """Tell of a step that was written: made, in another state, or given to another station."""
    if not tables.anybody(tx):
        return
    item, state = Workitem(after.workitem_uid, controller_id), OF_STEP[after.state]
    if before is None:
        _join(tx, controller_id, after)
    if before is None or OF_STEP[before.state] is not state:
        tell(tx, now, item, EventType.STATE_REPORT, messages.state_report(state))
    if after.facts.station_aet != (before.facts.station_aet if before else ""):
        tell(tx, now, item, EventType.ASSIGNED, messages.assigned(after.facts))
    if not NEXT[state]:
        tables.end_watches(tx, item.uid)


def progressed(tx: Connection, now: str, item: Workitem, given: Json) -> None:
    """Tell what a performer said of its progress."""
    if messages.PROGRESS in given and tables.anybody(tx):
        tell(tx, now, item, EventType.PROGRESS_REPORT, messages.progress(given))


def cancel_asked(tx: Connection, now: str, item: Workitem, requester: str, given: Json) -> bool:
    """Pass a request to cancel on to who watches; tell whether anybody does."""
    told = messages.cancel_requested(requester, given)
    return tables.anybody(tx) and tell(tx, now, item, EventType.CANCEL_REQUESTED, told)


def tell(
    tx: Connection,
    now: str,
    item: Workitem,
    kind: EventType,
    told: Mapping[str, Any],
    *,
    titles: Sequence[str] | None = None,
    limits: Limits = LIMITS,
) -> bool:
    """Queue an event for who watches a workitem, or for some of them; tell whether it waits for anybody."""
    listed = tables.watchers(tx, item) if titles is None else titles
    if not listed:
        return False
    number = tables.put_event(tx, item, kind, told, now)
    for title in listed:
        if tables.queue(tx, title, number, limits.queued):
            _LOG.warning("workitem.events-dropped", count=limits.queued)
    return True


def _join(tx: Connection, controller_id: str, step: Step) -> None:
    """Have a new workitem watched by who subscribed to all, or to what is like it."""
    entry = None
    for title, wanted in tables.subscriptions(tx, controller_id):
        if wanted and entry is None:
            entry = orders.entry_of(tx, "id", step.id)
        if not wanted or (entry is not None and matches(wanted, attributes(entry, {}))):
            tables.watch(tx, title, [step.workitem_uid], by_name=False)
