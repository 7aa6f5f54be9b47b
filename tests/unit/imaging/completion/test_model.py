from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from primum.imaging.completion.model import LONGEST, SETTLED, ForwardRule, How, Performed, complete

LAST = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
QUIET = timedelta(minutes=5)
NOTHING = Performed()


def after(seconds, performed=NOTHING):
    return complete(LAST, LAST + timedelta(seconds=seconds), performed, QUIET)


@pytest.mark.parametrize(
    ("performed", "seconds", "how"),
    [
        (NOTHING, 299, None),
        (NOTHING, 300, How.QUIET),
        (Performed(completed=True), 29, None),
        (Performed(completed=True), 30, How.MPPS),
        (Performed(completed=True, missing=1), 30, None),
        (Performed(completed=True, missing=1), 300, How.QUIET),
        (Performed(in_progress=True), 300, None),
        (Performed(in_progress=True, completed=True), 300, None),
        (Performed(in_progress=True), 12 * 3600, How.QUIET),
    ],
)
def test_worked_by_hand(performed, seconds, how):
    assert after(seconds, performed) is how


performed = st.builds(Performed, st.booleans(), st.booleans(), st.integers(0, 3))


@given(performed, st.integers(0, 100_000), st.integers(0, 100_000))
def test_what_is_complete_stays_so_while_nothing_comes(said, seconds, more):
    assert after(seconds, said) is None or after(seconds + more, said) is not None


@given(performed)
def test_nothing_is_complete_before_it_has_settled_and_everything_is_in_the_end(said):
    assert after(SETTLED.total_seconds() - 1, said) is None
    assert after(LONGEST.total_seconds(), said) is not None


@pytest.mark.parametrize(
    ("rule", "takes"),
    [
        ({}, True),
        ({"modality": "CT"}, True),
        ({"modality": "MR"}, False),
        ({"device_id": "dev_ct"}, True),
        ({"device_id": "dev_mr"}, False),
        ({"controller_id": "ctl_b"}, False),
        ({"destination_id": "dev_ct"}, False),
    ],
)
def test_a_rule_takes_what_it_names_and_sends_nothing_back(rule, takes):
    given_ = {"controller_id": "ctl_a", "destination_id": "dev_pacs", "device_id": "", "modality": ""} | rule
    made = ForwardRule(id="fwd_x", made_by="per_x", made_at=LAST, **given_)
    assert made.takes("ctl_a", {"CT", "SR"}, {"dev_ct"}) is takes
