"""What a subscriber may ask: to watch, to watch no more, to be given what waits (PS3.4 CC.2.3).

A title belongs to the person who used it first, by themselves or by a program's token. Nobody's right is asked here:
doors ask `identity`, and give the controllers within reach.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from primum.ground.clock import to_text
from primum.imaging.errors import BadQuery
from primum.imaging.orders import tables as orders, workitems
from primum.imaging.orders.errors import NotSubscribed, TitleTaken, TooManyAnswers, TooManySubscriptions
from primum.imaging.orders.model import OPEN, Entry
from primum.imaging.orders.performers import workitem
from primum.imaging.orders.service import Orders
from primum.imaging.orders.watching import messages, tables, telling
from primum.imaging.orders.watching.limits import LIMITS, Limits
from primum.imaging.orders.watching.messages import FILTERED, GLOBAL, WORKLISTS, Event, EventType, Workitem
from primum.imaging.orders.workitems import NEXT, OF_STEP

_TITLE = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?")
"""An AE title (PS3.5 6.2): printable, no backslash, no space at either end."""


class Subscribers:
    """The subscribers of a home."""

    def __init__(self, kept: Orders, limits: Limits = LIMITS) -> None:
        """Keep them beside `kept`."""
        self._orders, self.limits = kept, limits

    def subscribe(
        self, person_id: str, controllers: Sequence[str] | None, title: str, target: str, wanted: Mapping[str, str]
    ) -> None:
        """Watch one workitem, all, or those like `wanted`; what is watched newly is told of at once.

        Raises BadQuery, NoSuchStep, TitleTaken, TooManySubscriptions, TooManyAnswers.
        """
        if (target == FILTERED) != bool(wanted) or len(wanted) > self.limits.filter_keys:
            raise BadQuery(why="a filter is for the filtered worklist, and for it alone")
        with self._orders.engine.begin() as tx:
            self._claim(tx, person_id, controllers, title)
            if target in WORKLISTS:
                tables.put_subscription(tx, title, target, wanted)
                self._report(tx, title, self._watched(tx, title, controllers, wanted))
            else:
                self._name(tx, title, workitem(tx, controllers, target))
            self._record(person_id, "workitems:subscribed", title, target)

    def unsubscribe(self, person_id: str, title: str, target: str) -> None:
        """Watch no more: one workitem, or with a worklist everything. Raises NotSubscribed."""
        with self._orders.engine.begin() as tx:
            end = tables.end_subscription if target in WORKLISTS else tables.unwatch
            self._mine(tx, person_id, title)
            if not end(tx, title, target):
                raise NotSubscribed
            self._record(person_id, "workitems:unsubscribed", title, target)

    def suspend(self, person_id: str, title: str, target: str) -> None:
        """Watch what is watched, and nothing that is made from now on. Raises BadQuery, NotSubscribed."""
        if target not in WORKLISTS:
            raise BadQuery(why="only a subscription to a worklist is suspended")
        with self._orders.engine.begin() as tx:
            self._mine(tx, person_id, title)
            if not tables.suspend(tx, title, target):
                raise NotSubscribed
            self._record(person_id, "workitems:suspended", title, target)

    def open(self, person_id: str, controllers: Sequence[str] | None, title: str) -> int:
        """Begin a channel; return how many events were lost before it. Raises as `seen`."""
        with self._orders.engine.begin() as tx:
            self._claim(tx, person_id, controllers, title)
            lost = tables.take_dropped(tx, title)
            details: dict[str, str | int] = {"calling_aet": title, "count": lost}
            self._orders.record("workitems:channel:opened", person_id, "", details)
        return lost

    def seen(self, person_id: str, controllers: Sequence[str] | None, title: str) -> int:
        """Note that a channel is open, and how far its person sees now; return how many events were lost meanwhile.

        Raises BadQuery, TitleTaken, TooManySubscriptions.
        """
        with self._orders.engine.begin() as tx:
            self._claim(tx, person_id, controllers, title)
            return tables.take_dropped(tx, title)

    def waiting(self, person_id: str, title: str) -> list[Event]:
        """List the oldest events that wait for a channel: one look at the base."""
        with self._orders.engine.connect().execution_options(reading=True) as tx:
            return tables.waiting(tx, title, person_id, self.limits.batch)

    def fetched(self, title: str, number: int) -> None:
        """Note that the events up to a number were sent."""
        with self._orders.engine.begin() as tx:
            tables.fetched(tx, title, number)

    def sweep(self, now: datetime) -> int:
        """Forget who was not seen for long, and events that nobody fetched (a job)."""
        before = to_text(now - timedelta(days=self.limits.kept_days))
        with self._orders.engine.begin() as tx:
            gone = tables.forget_subscribers(tx, before)
            return gone + tables.forget_events(tx, before)

    # -- inside --

    def _claim(self, tx: Connection, person_id: str, controllers: Sequence[str] | None, title: str) -> None:
        if not _TITLE.fullmatch(title):
            raise BadQuery(why="a subscriber's name is an AE title")
        whose = tables.owner(tx, title)
        if whose not in {None, person_id}:
            raise TitleTaken
        if whose is None:
            own, every = tables.titles(tx, person_id)
            if own >= self.limits.titles or every >= self.limits.all_titles:
                raise TooManySubscriptions(what="titles")
        tables.put_subscriber(tx, title, person_id, controllers, self._orders.now())

    @staticmethod
    def _mine(tx: Connection, person_id: str, title: str) -> None:
        whose = tables.owner(tx, title)
        if whose is None:
            raise NotSubscribed
        if whose != person_id:
            raise TitleTaken

    def _name(self, tx: Connection, title: str, entry: Entry) -> None:
        """Watch a workitem by name. A final one is told of once, and not watched: nothing more happens to it."""
        state, uid = OF_STEP[entry.step.state], entry.step.workitem_uid
        if NEXT[state]:
            if tables.watched_by_name(tx, title) >= self.limits.watched:
                raise TooManySubscriptions(what="workitems")
            tables.watch(tx, title, [uid], by_name=True)
        self._report(tx, title, [uid])

    def _watched(
        self, tx: Connection, title: str, controllers: Sequence[str] | None, wanted: Mapping[str, str]
    ) -> list[str]:
        """Watch what is there already; return what was not watched before."""
        if not wanted:
            return tables.watch_all(tx, title, controllers)
        low, high = self._orders.period(*workitems.days(wanted))
        most = self._orders.limits.looked_at
        found = orders.entries(tx, controllers, low, high, states=OPEN, most=most + 1)
        if len(found) > most:
            raise TooManyAnswers(limit=most)
        alike = [one for one in found if workitems.matches(wanted, workitems.attributes(one, {}))]
        return tables.watch(tx, title, [one.step.workitem_uid for one in alike], by_name=False)

    def _report(self, tx: Connection, title: str, uids: Sequence[str]) -> None:
        """Tell a new watcher where workitems stand; of more than its queue holds, the rest counts as lost."""
        tables.lose(tx, title, max(0, len(uids) - self.limits.queued))
        for uid in uids[-self.limits.queued :]:
            entry = orders.entry_of(tx, "workitem_uid", uid)
            if entry is not None:
                item, told = Workitem(uid, entry.order.controller_id), messages.state_report(OF_STEP[entry.step.state])
                telling.tell(
                    tx, self._orders.now(), item, EventType.STATE_REPORT, told, titles=[title], limits=self.limits
                )

    def _record(self, person_id: str, kind: str, title: str, target: str) -> None:
        what = {GLOBAL: "all", FILTERED: "filtered"}.get(target, "one")
        self._orders.record(kind, person_id, "", {"calling_aet": title, "what": what})
