import pytest

from primum.doors.dimse.crowd import Crowd
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.refusals import Crowded


def crowd(**limits):
    return Crowd(Limits(**limits))


def test_the_oldest_of_an_address_that_has_too_many_makes_room():
    door, told = crowd(half_open=9, half_open_per_address=2), []
    first = door.enter("a", lambda: told.append("first"))
    second = door.enter("a", lambda: told.append("second"))
    other = door.enter("b")
    door.enter("a")
    assert (first.cleared, second.cleared, other.cleared) == (True, False, False)
    assert told == ["first"]


def test_where_all_places_are_taken_the_address_that_has_most_makes_room():
    door = crowd(half_open=4, half_open_per_address=3)
    honest = door.enter("a")
    flood = [door.enter("b") for _ in range(3)]
    door.enter("c")
    assert not honest.cleared
    assert [one.cleared for one in flood] == [True, False, False]


def test_who_has_become_an_association_never_makes_room():
    door = crowd(half_open=2, half_open_per_address=2)
    scanner = door.enter("a")
    scanner.associate("dev_1")
    for _ in range(9):
        door.enter("a")
    assert not scanner.cleared


def test_strangers_are_dismissed_and_told_of_to_nobody():
    door, told = crowd(), []
    stranger, scanner, gone = (door.enter("a", lambda: told.append("counted")) for _ in range(3))
    scanner.associate("dev_1")
    gone.leave()
    door.dismiss()
    assert (stranger.cleared, scanner.cleared, gone.cleared, told) == (True, False, False, [])


def test_a_door_is_empty_only_when_those_it_sent_away_have_gone():
    door = crowd(half_open=1, half_open_per_address=1)
    first, second = door.enter("a"), door.enter("a")
    second.leave()
    assert not door.wait_until_empty(0)
    first.leave()
    assert door.wait_until_empty(0)


def test_one_device_cannot_take_all_the_associations():
    door = crowd(associations=3, associations_per_device=2)
    first, *_ = [door.enter("a") for _ in range(2)]
    first.associate("dev_1")
    door.enter("a").associate("dev_1")
    with pytest.raises(Crowded):
        door.enter("a").associate("dev_1")
    door.enter("a").associate("dev_2")
    with pytest.raises(Crowded):
        door.enter("a").associate("dev_3")
    first.leave()
    door.enter("a").associate("dev_3")


def test_leaving_twice_counts_once_and_an_empty_door_is_empty():
    door = crowd()
    one, two = door.enter("a"), door.enter("a")
    one.associate("dev_1")
    assert not door.wait_until_empty(0)
    one.leave()
    one.leave()
    two.leave()
    assert door.wait_until_empty(0)
