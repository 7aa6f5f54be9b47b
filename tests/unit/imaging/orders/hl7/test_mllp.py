"""MLLP: whole messages out of any pieces, within bounds."""

import pytest
from hypothesis import given, strategies as st

from primum.imaging.orders.hl7.errors import Hl7Refusal, NotFramed, TooLarge
from primum.imaging.orders.hl7.limits import Limits
from primum.imaging.orders.hl7.mllp import Unframer, framed

BODY = st.binary(max_size=60).filter(lambda body: b"\x1c\r" not in body + b"\x1c"[:0] and not body.endswith(b"\x1c"))


@given(st.lists(BODY, max_size=5), st.lists(st.integers(1, 7), min_size=1))
def test_messages_come_out_as_they_went_in_however_they_are_cut(bodies, cuts):
    stream = b"\r\n".join(framed(body) for body in bodies)
    unframer, found, at, turn = Unframer(), [], 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        found += unframer.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert found == bodies
    assert not unframer.begun


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_nothing_that_arrives_does_more_than_be_refused(pieces):
    unframer = Unframer(Limits(message_bytes=64, before_start=8))
    try:
        for piece in pieces:
            assert all(len(one) <= 64 for one in unframer.feed(piece))
    except Hl7Refusal:
        pass


def test_a_message_without_an_end_is_refused_at_the_limit():
    unframer = Unframer(Limits(message_bytes=1000))
    assert unframer.feed(b"\x0b" + b"x" * 999) == []
    assert unframer.begun
    with pytest.raises(TooLarge):
        unframer.feed(b"xxx")


def test_a_message_of_just_the_limit_is_taken():
    assert Unframer(Limits(message_bytes=10)).feed(framed(b"x" * 10)) == [b"x" * 10]


def test_something_else_than_mllp_is_refused():
    with pytest.raises(NotFramed):
        Unframer().feed(b"GET / HTTP/1.1\r\n" * 5)


def test_an_end_block_without_its_return_is_a_part_of_the_message():
    assert Unframer().feed(b"\x0ba\x1cb\x1c\r") == [b"a\x1cb"]
