import pytest

from primum.doors.dimse.crowd import Crowd
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.refusals import Crowded


def crowd(**limits):
    return Crowd(Limits(**limits))


def test_one_address_cannot_take_all_the_places():
    door = crowd(half_open=3, half_open_per_address=2)
    places = [door.enter("a"), door.enter("a")]
    with pytest.raises(Crowded):
        door.enter("a")
    door.enter("b")
    with pytest.raises(Crowded):
        door.enter("c")
    places[0].leave()
    door.enter("c")


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
