from datetime import date

import pytest

from primum.imaging.toread.model import Facts, is_read

TODAY = date(2026, 11, 22)
UNREAD = {"SR", "KO"}


def facts(**more):
    given = {
        "modalities": frozenset({"CT", "SR"}), "fresh": frozenset(), "stations": frozenset(),
        "brought_by": frozenset({"dev_a"}), "on": "20261120",
    }  # fmt: skip
    return Facts("ctl_a", "1.2.3", **(given | more))


@pytest.mark.parametrize(
    ("more", "read"),
    [
        ({}, True),
        ({"modalities": frozenset({"SR"})}, False),
        ({"modalities": frozenset({"SR", "KO"})}, False),
        ({"modalities": frozenset()}, False),
        ({"brought_by": frozenset({"per_a"})}, False),
        ({"brought_by": frozenset({"per_a", "dev_a"})}, True),
        ({"brought_by": frozenset()}, True),
        ({"on": "20261023"}, True),
        ({"on": "20261022"}, False),
        ({"on": "20261123"}, True),
        ({"on": ""}, True),
        ({"on": "20269999"}, True),
    ],
)
def test_what_somebody_here_reads(more, read):
    assert is_read(facts(**more), TODAY, 30, UNREAD) is read


def test_no_days_is_no_list():
    assert not is_read(facts(), TODAY, 0, UNREAD)
