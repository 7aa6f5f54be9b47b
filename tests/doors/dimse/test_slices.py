"""Instances of most of a megabyte: whole, longer or shorter than their pixel data say, or broken off in the middle."""

import pytest
from pydicom.dataset import Dataset
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import ABORT, RELEASE_RQ, associate, encoded, instance, message, store_command

PIXELS = bytes(range(256)) * 3000


def large(number=1, **changes):
    one = instance(number, pixels=PIXELS)
    for keyword, value in changes.items():
        setattr(one, keyword, value)
    return encoded(one)


def with_pixel_length(data, length):
    """The same bytes, of which the pixel data say another length."""
    at = len(data) - len(PIXELS) - 4
    return data[:at] + length.to_bytes(4, "little") + data[at + 4 :]


def sent(house, *messages):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        statuses = []
        for data, uid in messages:
            caller.say(message(1, store_command(uid, message=len(statuses) + 1), data))
            statuses.append(caller.status())
        caller.say(RELEASE_RQ)
        assert caller.hear() is not None
    return statuses


def test_it_is_kept_as_it_came(house):
    one, two = large(1), large(2)
    assert sent(house, (one, "2.25.1000.1"), (two, "2.25.1000.2")) == [0, 0]
    assert house.stored() == [one, two]


def test_what_follows_the_pixel_data_is_kept_too(house):
    trailing = Dataset()
    trailing.add_new(0xFFFCFFFC, "OB", bytes(1000))
    one, two = large(1) + encoded(trailing), large(2)
    assert sent(house, (one, "2.25.1000.1"), (two, "2.25.1000.2")) == [0, 0]
    assert house.stored() == [one, two]


def test_pixel_data_that_say_more_than_comes_are_refused_and_leave_nothing(house):
    one, two = with_pixel_length(large(1), len(PIXELS) + 500_000), large(2)
    statuses = sent(house, (one, "2.25.1000.1"), (two, "2.25.1000.2"))
    assert statuses[0] >> 12 == 0xC
    assert statuses[1] == 0
    assert house.stored() == [two]


@pytest.mark.parametrize("uid", ["2.25.1000.9", "2.25.1000"])
def test_another_instance_than_was_announced_is_refused_and_the_association_goes_on(house, uid):
    one, two = large(1), large(2)
    statuses = sent(house, (one, uid), (two, "2.25.1000.2"))
    assert statuses == [0xA900, 0]
    assert house.stored() == [two]


@pytest.mark.parametrize("before", [0, 1])
def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(house, before):
    kept = [large(number + 1) for number in range(before)]
    with house.open() as port:
        with Caller(port) as caller:
            caller.associated(associate())
            for number, data in enumerate(kept):
                caller.say(message(1, store_command(f"2.25.1000.{number + 1}"), data))
                assert caller.status() == 0
            caller.say(message(1, store_command("2.25.1000.7"), large(7))[:500_000] + ABORT)
        with Caller(port) as caller:
            caller.associated(associate())
            caller.say(message(1, store_command("2.25.1000.8"), large(8)))
            assert caller.status() == 0
    # the second association may have a pack of its own: which of two is read first is not said
    assert sorted(house.stored()) == sorted([*kept, large(8)])
    assert [one.severity for one in house.vault.check({}, deep=True)] == []
