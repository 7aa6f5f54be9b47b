"""Studies in the queue: sent once, resumed after a restart, tried again later, none waiting for another's."""

import threading
from datetime import timedelta

import pytest
from tests.doors.dimse.instances import encoded, instance
from tests.doors.dimse.library import OTHER_CONTROLLER, Library, shelf
from tests.doors.dimse.running import CONTROLLER
from tests.programs import free_port, wait_until

from primum.doors.dimse import Dialler, Limits
from primum.doors.dimse.shipping import Shipper
from primum.doors.dimse.stopping import Stop
from primum.ground.clock import FixedClock
from primum.identity.device_model import Destination, NoDestination
from primum.imaging import SendingQueue, Sendings, prepare_sendings
from primum.imaging.sendings.model import GIVE_UP_AFTER, State

PERSON = "per_" + "b" * 26


class Outbox:
    """A queue over a library, with a clock that stands still."""

    def __init__(self, library: Library) -> None:
        prepare_sendings(library.records)
        self.library = library
        self.clock = FixedClock(library.clock.now())
        self.sendings = Sendings(library.records)
        self.destinations = {}
        self.start()

    def start(self) -> None:
        self.stop = Stop()
        dialler = Dialler("PRIMUM", b"", "bcp195", Limits(), self.stop)
        shipper = Shipper(dialler, self.library.archive, self.library.journal)
        self.queue = SendingQueue(self.sendings, self.library.archive, self.find, shipper, self.clock)

    def find(self, number: str):
        made = self.destinations.get(number)
        if made is None:
            raise NoDestination
        return Destination(number, made.name, made.aet, made.may, made.controller_id, made.address, loopback_only=True)

    def to(self, port: int, aet: str = "SHELF", **more):
        made = self.library.destination(aet, port, **more)
        self.destinations[made.id] = made
        return made

    def ask(self, made, study: str = "2.25.1", controller: str = CONTROLLER):
        ref = self.library.vault.study_ref(controller, study)
        from primum.imaging import EVERYTHING

        uids = [one.sop_uid for one in self.library.archive.instances_of(ref, EVERYTHING)]
        return self.sendings.add(ref, controller, made.id, PERSON, "send", uids, self.clock.now())

    def run(self) -> None:
        self.queue.sweep(self.clock.now())
        wait_until(lambda: not self.queue._threads, seconds=20)

    def state(self, sending):
        now = self.sendings.one(sending.id)
        return now.state, now.left, now.reason


@pytest.fixture
def outbox(tmp_path):
    library = Library(tmp_path)
    library.keep(*(instance(n) for n in range(1, 6)))
    made = Outbox(library)
    yield made
    made.queue.stop()
    library.close()


def test_a_study_goes_once_and_the_journal_knew_it_first(outbox):
    with shelf() as kept:
        sending = outbox.ask(outbox.to(kept.port))
        outbox.run()
        outbox.run()
    assert kept.received == {f"2.25.1000.{n}": encoded(instance(n)) for n in range(1, 6)}
    assert kept.associations == 1
    assert outbox.state(sending) == (State.DONE, 0, "")
    facts = [one for one in outbox.library.facts() if one["kind"].startswith("study:")]
    assert [(one["kind"], one["actor"], one["details"]["instances"]) for one in facts] == [
        ("study:sent", PERSON, 5), ("study:delivered", PERSON, 5),
    ]  # fmt: skip


def test_what_was_acknowledged_before_a_restart_is_not_sent_again(outbox):
    def abort(event, kept):
        if len(kept.received) == 3:
            event.assoc.abort()

    with shelf(on_store=abort) as kept:
        made = outbox.to(kept.port)
        sending = outbox.ask(made)
        outbox.run()
    state, left, reason = outbox.state(sending)
    assert (state, left) == (State.WAITING, 3)
    assert reason.startswith("dimse.")
    outbox.start()
    outbox.clock.advance(timedelta(minutes=2))
    with shelf() as again:
        outbox.destinations[made.id] = outbox.library.destination("SHELF", again.port)
        outbox.run()
    assert set(again.received) == {"2.25.1000.3", "2.25.1000.4", "2.25.1000.5"}
    assert outbox.state(sending) == (State.DONE, 0, "")


def test_a_destination_that_is_down_is_tried_again_later_and_later_and_then_given_up(outbox):
    sending = outbox.ask(outbox.to(free_port()))
    waits = []
    for _ in range(8):
        outbox.run()
        due = outbox.sendings.one(sending.id).due_at
        waits.append(round((due - outbox.clock.now()) / timedelta(minutes=1)))
        outbox.clock.advance(due - outbox.clock.now())
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    outbox.clock.advance(GIVE_UP_AFTER)
    outbox.run()
    assert outbox.state(sending) == (State.GIVEN_UP, 5, "outbound.unreachable")


def test_before_it_is_due_nothing_is_tried(outbox):
    with shelf() as kept:
        made = outbox.to(free_port())
        sending = outbox.ask(made)
        outbox.run()
        outbox.destinations[made.id] = outbox.library.destination("SHELF", kept.port)
        outbox.run()
        assert kept.associations == 0
    assert outbox.sendings.one(sending.id).attempts == 1


def test_a_destination_that_hangs_keeps_nobody_else_waiting(outbox):
    release = threading.Event()
    with shelf("SLOW", on_store=lambda *_: release.wait(20)) as slow, shelf() as kept:
        first, second = outbox.ask(outbox.to(slow.port, "SLOW")), outbox.ask(outbox.to(kept.port))
        outbox.queue.sweep(outbox.clock.now())
        wait_until(lambda: outbox.state(second)[0] is State.DONE, seconds=10)
        assert outbox.state(first)[0] is State.WAITING
        release.set()
        wait_until(lambda: outbox.state(first)[0] is State.DONE, seconds=20)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"may": frozenset()}, "dimse.destination-refused"),
        ({"controller": OTHER_CONTROLLER}, "dimse.destination-refused"),
    ],
)
def test_who_may_not_receive_is_not_called(outbox, more, reason):
    with shelf() as kept:
        sending = outbox.ask(outbox.to(kept.port, **more))
        outbox.run()
    assert kept.associations == 0
    assert outbox.state(sending) == (State.WAITING, 5, reason)


def test_a_revoked_destination_is_not_called(outbox):
    made = outbox.to(free_port())
    sending = outbox.ask(made)
    del outbox.destinations[made.id]
    outbox.run()
    assert outbox.state(sending) == (State.WAITING, 5, "device.no-destination")


def test_when_the_worker_stops_it_is_due_as_before(outbox):
    hold = threading.Event()
    with shelf(on_store=lambda *_: hold.wait(10)) as kept:
        sending = outbox.ask(outbox.to(kept.port))
        outbox.queue.sweep(outbox.clock.now())
        wait_until(lambda: bool(kept.received), seconds=10)
        outbox.stop.ask(0)
        hold.set()
        outbox.queue.stop()
    now = outbox.sendings.one(sending.id)
    assert (now.state, now.attempts) == (State.WAITING, 0)
    assert now.left >= 3


def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(outbox):
    with shelf() as kept:
        outbox.ask(outbox.to(kept.port))
        outbox.run()
    waiting = outbox.ask(outbox.to(free_port(), "OTHER"))
    outbox.clock.advance(timedelta(days=31))
    outbox.queue.sweep(outbox.clock.now())
    assert [one.id for one in outbox.sendings.recent()] == [waiting.id]


def test_an_instance_that_the_destination_refuses_is_tried_again_alone(outbox):
    with shelf() as kept:
        kept.statuses = {"2.25.1000.2": 0xA700}
        sending = outbox.ask(outbox.to(kept.port))
        outbox.run()
        assert outbox.state(sending) == (State.WAITING, 1, "status-a700")
        kept.statuses, kept.received = {}, {}
        outbox.clock.advance(timedelta(minutes=1))
        outbox.run()
        assert set(kept.received) == {"2.25.1000.2"}
    assert outbox.state(sending) == (State.DONE, 0, "")


def test_of_a_withdrawn_sending_nothing_more_goes(outbox):
    going, hold = threading.Event(), threading.Event()

    def wait(_event, kept):
        if len(kept.received) == 2:
            going.set()
            hold.wait(10)

    with shelf(on_store=wait) as kept:
        sending = outbox.ask(outbox.to(kept.port))
        outbox.queue.sweep(outbox.clock.now())
        assert going.wait(10)
        assert outbox.queue.sent[sending.id] >= 1
        outbox.queue.cancel(sending)
        hold.set()
        wait_until(lambda: not outbox.queue._threads, seconds=20)
        outbox.clock.advance(timedelta(hours=2))
        outbox.run()
    assert len(kept.received) < 5
    assert outbox.state(sending)[:2] == (State.CANCELLED, 5 - len(kept.received))


def test_what_waits_for_its_next_try_is_tried_at_once_when_asked(outbox):
    with shelf() as kept:
        made = outbox.to(free_port())
        sending = outbox.ask(made)
        outbox.run()
        outbox.destinations[made.id] = outbox.library.destination("SHELF", kept.port)
        outbox.queue.hasten(sending)
        wait_until(lambda: not outbox.queue._threads, seconds=20)
    assert outbox.state(sending) == (State.DONE, 0, "")
