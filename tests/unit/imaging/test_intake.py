import contextlib

import pytest
from hypothesis import given, strategies as st

from primum.imaging.intake import HEADER_BYTES, MESSAGE_BYTES, Barrier, Hint, IntakeUnreadable, Passed, decode, encode
from primum.vault import Position, RecordFacts

POSITION = Position("a" * 26, "b" * 26, 4096, 12288)
FACTS = RecordFacts("instance", "ctl_a", "dev_b", "1.2", "1.3", "1.4", "1.5", "1.2.840.10008.1.2", "2026", "CT 1", "")


@given(st.none() | st.binary(max_size=300), st.text(max_size=16), st.integers(0, 2**40))
def test_a_hint_arrives_as_it_was_sent(header, title, offset):
    facts = RecordFacts(*(["instance"] + ["x"] * 8), title, "é")
    hint = Hint(Position("a" * 26, "b" * 26, offset, offset + 4096), facts, header)
    assert decode(encode(hint)) == hint


@pytest.mark.parametrize("message", [Barrier(2**63, behind=True), Barrier(1, behind=False), Passed(7)])
def test_barriers_and_their_answers_arrive(message):
    assert decode(encode(message)) == message


def test_a_header_that_is_too_long_stays_behind_and_the_longest_fits():
    assert decode(encode(Hint(POSITION, FACTS, bytes(HEADER_BYTES + 1)))).header is None
    longest = RecordFacts(*(["instance"] + ["\x01" * 64] * 10))
    assert len(encode(Hint(POSITION, longest, bytes(HEADER_BYTES)))) <= MESSAGE_BYTES


@given(st.binary(max_size=100))
def test_anything_else_is_refused(packet):
    with contextlib.suppress(IntakeUnreadable):
        decode(b"\x01\x01" + packet)
    with contextlib.suppress(IntakeUnreadable):
        decode(packet)
