"""SOP class extended negotiation: what is agreed on, byte by byte."""

import pytest
from hypothesis import given, strategies as st

from primum.doors.dimse.extended import QueryOptions, agree

FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2, 3))
PATIENT_GET, WORKLIST, CT = "1.2.840.10008.5.1.4.1.2.1.3", "1.2.840.10008.5.1.4.31", "1.2.840.10008.5.1.4.1.1.2"
PUSH = "1.2.840.10008.1.20.1"


@pytest.mark.parametrize(
    ("sop_class", "proposed", "agreed"),
    [
        (FIND, "01 01 01 01 01 01 01", "01 01 01 01 00 01 00"),
        (FIND, "00 00 01", "00 00 01"),
        (FIND, "01", "01"),
        (FIND, "02 07", "00 00"),
        (MOVE, "01 01", "00 00"),
        (GET, "01", "00"),
        (PATIENT_GET, "01 01", "00 00"),
        (WORKLIST, "01 01 01 01", "01 01 00 00"),
        (WORKLIST, "01 01 01", "01 01 00"),
        (CT, "00 00 03 00 01", "02 00 01 00 00"),
        (CT, "02", "02"),
        (PUSH, "01 01", ""),
        (FIND, "", ""),
    ],
)
def test_what_we_do_is_agreed_on_and_what_we_do_not_is_turned_down(sop_class, proposed, agreed):
    assert agree(sop_class, bytes.fromhex(proposed)) == bytes.fromhex(agreed)


@given(st.sampled_from([FIND, MOVE, WORKLIST, CT, PUSH]), st.binary(max_size=16))
def test_no_answer_is_longer_than_what_was_proposed(sop_class, proposed):
    """PS3.4 C.5.1.1.2: callers older than a byte do not expect it."""
    assert len(agree(sop_class, proposed)) <= len(proposed)


@given(st.binary(max_size=16))
def test_nothing_is_done_that_was_not_proposed(proposed):
    options = QueryOptions.of(agree(FIND, proposed))
    wished = [one == 1 for one in proposed.ljust(7, b"\0")]
    assert options == tuple(wished[at] for at in (0, 1, 2, 3, 5))
