"""Bounds hold for the door, whichever of its processes has the connections; whoever has the fewest comes first."""

import os

import pytest
from hypothesis import given, strategies as st

from primum.doors.dimse.crowd import Crowd
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.refusals import Crowded
from primum.doors.dimse.tally import Alone, SharedTally

LIMITS = Limits(half_open=6, half_open_per_address=3, associations=4, associations_per_device=2)


def doors(count, limits=LIMITS):
    tally = SharedTally(count)
    return tally, [Crowd(limits, tally.page(number)) for number in range(count)]


def test_what_one_address_may_open_is_counted_over_all_processes():
    _, (one, two) = doors(2)
    first, second, third = one.enter("a"), two.enter("a"), one.enter("a")
    one.enter("a")
    assert (first.cleared, second.cleared, third.cleared) == (True, False, False)
    two.enter("a")
    assert second.cleared
    assert not third.cleared


def test_what_one_device_may_open_is_counted_over_all_processes():
    _, (one, two) = doors(2)
    for door in (one, two):
        door.enter("a").associate("dev_1")
    with pytest.raises(Crowded):
        two.enter("a").associate("dev_1")
    two.enter("b").associate("dev_2")
    one.enter("b").associate("dev_3")
    with pytest.raises(Crowded):
        one.enter("c").associate("dev_4")


def test_a_process_that_was_killed_leaves_nothing_behind():
    tally, (one, two) = doors(2)
    for _ in range(3):
        one.enter("a")
    first = two.enter("a")
    second = two.enter("a")
    assert first.cleared
    tally.clear(0)
    two.enter("a")
    assert not second.cleared


def test_nobody_is_shut_out_by_what_another_process_has():
    _, (one, two) = doors(2)
    filled = [one.enter(name) for name in "aabbcc"]
    last = two.enter("d")
    assert not last.cleared
    assert not any(place.cleared for place in filled)


def test_another_process_sees_what_this_one_has():
    tally = SharedTally(2)
    page = tally.page(0)
    child = os.fork()
    if not child:
        other = tally.page(1)
        other.note("half-open", "a", 2)
        os._exit(page.busier_than())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert page.others("half-open", "a") == (2, 2)
    assert page.others("association", "a") == (0, 0)


def test_whoever_has_the_fewest_comes_first():
    _, crowds = doors(3)
    pages = [crowd._tally for crowd in crowds]
    assert [page.busier_than() for page in pages] == [0, 1, 2]
    first = crowds[0].enter("a")
    assert [page.busier_than() for page in pages] == [2, 0, 1]
    crowds[1].enter("b").associate("dev_1")
    crowds[2].enter("c")
    assert [page.busier_than() for page in pages] == [0, 1, 2]
    first.leave()
    assert [page.busier_than() for page in pages] == [0, 1, 2]


def test_a_page_that_is_full_lets_more_in_and_never_fewer():
    tally = SharedTally(2)
    here, there = tally.page(0), tally.page(1)
    for number in range(300):
        here.note("half-open", f"address {number}", 1)
    assert there.others("half-open", "address 299") == (0, 255)
    here.note("half-open", "address 0", 0)
    here.note("half-open", "address 299", 1)
    assert there.others("half-open", "address 299") == (1, 255)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.booleans()), max_size=60))
def test_counts_are_those_of_all_processes(steps):
    _, crowds = doors(3, Limits(half_open=10**6, half_open_per_address=10**6))
    places = []
    for process, address, leaves in steps:
        if leaves and places:
            places.pop()[2].leave()
        else:
            places.append((process, address, crowds[process].enter(address)))
    for process, crowd in enumerate(crowds):
        for address in "abc":
            same = sum(1 for at, key, _ in places if at != process and key == address)
            every = sum(1 for at, _, _ in places if at != process)
            assert crowd._tally.others("half-open", address) == (same, every)


def test_a_process_alone_has_no_others():
    alone = Alone()
    alone.note("half-open", "a", 3)
    assert alone.others("half-open", "a") == (0, 0)
    assert alone.busier_than() == 0
