"""Titles are found in as many tries as there are titles, not in as many as there are pairs."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from primum.exposure.probe.dicom.titles import GRANTED, OTHERWISE, Known, Titles, TitleSearch, listed, usable
from primum.exposure.probe.limits import LIMITS

CALLING_FIRST, CALLED_FIRST, SAME_CODE, WORDLESS = "calling", "called", "same", "wordless"


def fate_of(pair: Titles, wanted: Titles, manner: str) -> int:
    calling, called = wanted.calling in {"", pair.calling}, wanted.called in {"", pair.called}
    if calling and called:
        return GRANTED
    if manner == SAME_CODE:
        return 7
    if manner == WORDLESS:
        return OTHERWISE
    if manner == CALLING_FIRST:
        return 7 if calling else 3
    return 3 if called else 7


def found_by(search: TitleSearch, wanted: Titles, manner: str) -> tuple[bool, int]:
    for tries in range(1, 1000):
        pair = search.next()
        if pair is None:
            return False, tries - 1
        fate = fate_of(pair, wanted, manner)
        search.learn(pair, fate)
        if fate == GRANTED:
            return True, tries
    raise AssertionError("it never ends")


TITLE = st.sampled_from(["", *listed().called])
CALLER = st.sampled_from(["", *listed().calling])


@given(calling=CALLER, called=TITLE, manner=st.sampled_from([CALLING_FIRST, CALLED_FIRST]))
def test_any_pair_of_the_list_is_found_within_its_lengths(calling, called, manner):
    search = TitleSearch()
    stranger, before = found_by(search, Titles(calling, called), manner)
    assert stranger == (not calling and not called)
    if not stranger:
        search.go_on_with(listed())
        found, tries = found_by(search, Titles(calling, called), manner)
        assert found
        assert before + tries <= 2 + len(listed().calling) + len(listed().called)


@pytest.mark.parametrize("manner", [CALLING_FIRST, CALLED_FIRST, SAME_CODE, WORDLESS])
def test_a_pair_of_the_house_is_found_whatever_the_rejections_say(manner):
    search = TitleSearch()
    devices = ("SCANNER", "ECHO1", "PACS-CABINET")
    wanted = Titles("SCANNER", "PACS-CABINET")
    assert found_by(search, wanted, manner) == (False, 2)
    search.go_on_with(listed())
    assert not found_by(search, wanted, manner)[0]
    search.go_on_with(Known(devices, devices + listed().called))
    found, tries = found_by(search, wanted, manner)
    assert found
    assert tries <= LIMITS.titles


def test_the_list_is_dated_and_of_titles():
    assert usable(listed().calling) == listed().calling
    assert set(listed().called) < set(listed().calling)
    assert {"ORTHANC", "DCM4CHEE", "OSIRIX", "ECHOSCU"} <= set(listed().calling)
    assert len(listed().calling) <= LIMITS.titles


def test_what_is_no_title_is_not_tried():
    assert usable(("A", "A", "", "x" * 17, "É", "B\n", "OK TITLE")) == ("A", "OK TITLE")
