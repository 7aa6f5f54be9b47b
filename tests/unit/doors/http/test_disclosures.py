import threading
from datetime import timedelta

import pytest

from primum.doors.http.disclosures import Disclosures
from primum.doors.http.limits import Limits
from primum.journal import JournalUnwritable, Kind


class Pen:
    """A journal that remembers, and can refuse."""

    def __init__(self):
        self.facts, self.full, self.lock = [], False, threading.Lock()

    def record(self, fact):
        if self.full:
            raise JournalUnwritable(ledger="access", reason="full")
        with self.lock:
            self.facts.append(fact)

    def kinds(self):
        return [fact.kind for fact in self.facts]


def study(number=1, session="ses_1"):
    return {"session_id": session, "person_id": "per_1", "study_ref": f"study{number}", "controller_id": "ctl_1"}


@pytest.fixture
def pen():
    return Pen()


def test_however_many_ask_at_once_one_opening_is_recorded_before_any_is_answered(pen, clock):
    shown = Disclosures(pen, clock)
    start = threading.Barrier(8)

    def look():
        start.wait()
        shown.open(**study())
        assert pen.kinds() == [Kind.STUDY_VIEWED]

    threads = [threading.Thread(target=look) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert pen.kinds() == [Kind.STUDY_VIEWED]


def test_what_could_not_be_recorded_is_tried_again(pen, clock):
    shown = Disclosures(pen, clock)
    pen.full = True
    for _ in range(2):
        with pytest.raises(JournalUnwritable):
            shown.open(**study())
    pen.full = False
    shown.open(**study())
    assert pen.kinds() == [Kind.STUDY_VIEWED]


def test_counts_are_told_once_and_begin_again(pen, clock):
    shown = Disclosures(pen, clock)
    viewing = shown.open(**study())
    viewing.count(frames=2, sent_bytes=10)
    shown.close_session("ses_1")
    shown.close_session("ses_1")
    viewing.count(instances=1)
    shown.close_all()
    closed = [fact.details for fact in pen.facts if fact.kind is Kind.STUDY_CLOSED]
    assert [(one["frames"], one["instances"], one["bytes"]) for one in closed] == [(2, 0, 10), (0, 1, 0)]


def test_what_nobody_looks_at_is_closed_and_then_forgotten(pen, clock):
    shown = Disclosures(pen, clock)
    shown.open(**study()).count(frames=1)
    clock.advance(timedelta(minutes=20))
    shown.sweep(timedelta(minutes=15), timedelta(hours=12))
    assert pen.kinds() == [Kind.STUDY_VIEWED, Kind.STUDY_CLOSED]
    shown.open(**study())
    assert len(pen.facts) == 2
    clock.advance(timedelta(hours=12))
    shown.sweep(timedelta(minutes=15), timedelta(hours=12))
    shown.open(**study())
    assert pen.kinds()[2:] == [Kind.STUDY_VIEWED]


def test_there_is_a_bound_and_the_oldest_is_closed_at_it(pen, clock):
    shown = Disclosures(pen, clock, Limits(open_views=2))
    shown.open(**study(1)).count(frames=1)
    shown.open(**study(2))
    shown.open(**study(3))
    assert pen.kinds().count(Kind.STUDY_CLOSED) == 1
