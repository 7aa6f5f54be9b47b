"""Finds studies complete, and sets going what follows: metadata at hand, copies on their way where a rule says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from primum.ground.clock import Clock, to_text
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.log import Log
from primum.imaging.completion import store
from primum.imaging.completion.model import (
    RULES_MOST,
    SETTLED,
    Completion,
    ForwardRule,
    How,
    NoSuchRule,
    Performed,
    RuleExists,
    TooManyRules,
    complete,
)
from primum.imaging.errors import NotHere
from primum.imaging.model import EVERYTHING, StudyEntry

if TYPE_CHECKING:
    from primum.imaging.archive import Archive

_log = Log("completion")
_AT_ONCE = 200
"""Studies looked at in one sweep: each takes some milliseconds."""

Ask = Callable[[str, str], Performed]
"""What performed steps say of a study: by controller and StudyInstanceUID."""
Forward = Callable[[ForwardRule, StudyEntry, Sequence[str]], None]
"""Puts instances of a study on their way to a rule's destination."""
Tell = Callable[[Completion], None]
"""Writes down that a study is complete."""
Wait = Callable[[StudyEntry, Sequence[str]], None]
"""Puts a study where it waits to be read, for the instances that are new; asked again after a crash."""


def _waits_nowhere(_entry: StudyEntry, _fresh: Sequence[str]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Followers:
    """What is asked, and what is told, when a study may be complete."""

    performed: Ask
    forward: Forward
    tell: Tell
    wait: Wait = _waits_nowhere


class Completions:
    """The studies that were complete, and the rules of forwarding. One sweeps at a time."""

    def __init__(  # noqa: PLR0917
        self,
        index: Engine,
        records: Engine,
        archive: Archive,
        clock: Clock,
        quiet: timedelta,
        followers: Followers,
    ) -> None:
        """Look in `index`, keep in `records`; nothing has come for `quiet`: complete."""
        self._index, self._records, self._archive, self._clock = index, records, archive, clock
        self._quiet, self._followers = quiet, followers

    def sweep(self, now: datetime) -> int:
        """Look at every study that something came for and that has settled; return how many are complete."""
        found = 0
        for study, last_at in store.waiting(self._index, now - SETTLED, _AT_ONCE):
            try:
                found += self._look(study, last_at, now)
            except PrimumError as refusal:
                _log.warning("completion.refused", study=study, code=refusal.code)
        return found

    def _look(self, study: str, last_at: datetime, now: datetime) -> bool:
        try:
            entry = self._archive.study(study, EVERYTHING)
        except NotHere:
            store.seen(self._index, study, last_at)  # erased, or nothing of it is left
            return False
        how = complete(last_at, now, self._followers.performed(entry.controller_id, entry.study_uid), self._quiet)
        if how is None:
            return False
        changed = self._complete(entry, how, now)
        store.seen(self._index, study, last_at)
        return changed

    def _complete(self, entry: StudyEntry, how: How, now: datetime) -> bool:
        kept = store.served(self._index, entry.ref)
        before = store.completion(self._records, entry.ref)
        last = max((one.received_at for one in kept), default="")
        if not kept or (before is not None and last <= before.received_at):
            return False  # seen before: the index was made anew, or the same bytes came again
        fresh = [one for one in kept if before is None or one.received_at > before.received_at]
        times = 1 if before is None else before.times + 1
        done = Completion(entry.ref, entry.controller_id, len(kept), last, now, how, times)
        self._prepare(entry.ref)
        self._forward(entry, fresh)
        self._followers.wait(entry, [one.sop_uid for one in fresh])
        # last of all: what a crash interrupts is done again
        store.keep(self._records, done)
        self._followers.tell(done)
        return True

    def _prepare(self, study: str) -> None:
        """Have each series' metadata at hand, so that the first reader does not wait for it."""
        for uid in self._archive.series_uids(study, EVERYTHING):
            self._archive.series_metadata(study, uid, EVERYTHING)

    def _forward(self, entry: StudyEntry, fresh: Sequence[store.Kept]) -> None:
        rules = store.rules(self._records)
        if not rules:
            return
        modalities, devices = self._archive.modalities_of(entry.ref), self._archive.devices_of(entry.ref)
        for rule in rules:
            # a rule is about what comes after it was made: an old study that is indexed anew goes nowhere
            meant = [one.sop_uid for one in fresh if one.received_at >= to_text(rule.made_at)]
            if meant and rule.takes(entry.controller_id, modalities, devices):
                self._followers.forward(rule, entry, meant)

    def rules(self) -> list[ForwardRule]:
        """List the forwarding rules."""
        return store.rules(self._records)

    def add_rule(self, controller_id: str, destination_id: str, device_id: str, modality: str, by: str) -> ForwardRule:
        """Make a rule. Raises TooManyRules, RuleExists."""
        count = len(store.rules(self._records))
        if count >= RULES_MOST:
            raise TooManyRules(count=count)
        one = ForwardRule(new_id("fwd"), controller_id, destination_id, device_id, modality, by, self._clock.now())
        if not store.add_rule(self._records, one):
            raise RuleExists
        return one

    def remove_rule(self, rule_id: str) -> None:
        """Remove a rule. Raises NoSuchRule."""
        if not store.remove_rule(self._records, rule_id):
            raise NoSuchRule
