"""What a report that came back is reduced to, and that nothing which its bringer wrote is believed by its shape."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from primum.exposure.outside.returned import as_found, as_view, returned_of
from primum.exposure.probe.model import (
    Family,
    Hole,
    Identity,
    Mode,
    Outcome,
    Place,
    Rung,
    Service,
    Step,
    Verdict,
)
from primum.exposure.probe.outside.hints import told
from primum.exposure.probe.report import Address, Log, Report
from primum.exposure.probe.writing import as_text_of_json
from primum.exposure.ran import read_report

TARGET = "93.184.216.34"
HOLE = Service(TARGET, 104, Family.DICOM, steps=[Step(Mode.PLAIN, Identity.NOBODY, Rung.ECHO, Outcome.OPEN)])
CLOSED = Service(TARGET, 443, Family.WEB, steps=[Step(Mode.TLS, Identity.NOBODY, Rung.SEARCH, Outcome.REFUSED, "401")])


def _report(*services: Service, facts: Any = None, **address: Any) -> Report:
    asked = Address(
        TARGET, own=False, named=True, absent=False, asked=((104, 104), (443, 443)), open=(), closed=0, silent=(),
        unreachable=0, not_tried=(),
    )  # fmt: skip
    return Report(
        program="0", began_at="2026-11-22T10:00:00Z", ended_at="2026-11-22T10:01:00Z", place=Place.OUTSIDE,
        nonce="abcdefghij234567", facts=facts or {}, limits={}, sound=True, fixtures={},
        addresses=(replace(asked, **address),), services=services, purposes=Log("", 0, "0" * 64),
    )  # fmt: skip


def test_an_address_where_nobody_answers_is_closed_once_the_control_was_reached() -> None:
    report = _report(absent=True)
    assert report.gaps()
    assert as_view(report, ()).gaps() == []


def test_a_port_that_was_not_let_out_is_not_determined_unless_it_was_seen_open() -> None:
    view = as_view(_report(open=(443,)), [(4, 104), (4, 443), (4, 22), (6, 443)])
    assert view.addresses[0].not_tried == ((104, 104),)
    assert [one.code for one in view.gaps()] == ["ports-not-tried"]


def test_what_is_asked_leaves_out_what_was_not_tried() -> None:
    assert returned_of(_report(not_tried=((443, 443),))).asked == {(TARGET, 104)}


def test_a_report_that_does_not_count_says_what_is_open_and_settles_nothing() -> None:
    report = _report(HOLE, CLOSED)
    found = as_found(report, (), counts=False)
    assert (found.services, found.addresses) == ((HOLE,), ())
    assert as_found(report, (), counts=True).services == (HOLE, CLOSED)


@pytest.mark.parametrize(("counts", "settled"), [(True, True), (False, False)])
def test_the_list_of_findings_reads_what_it_is_handed(counts: bool, settled: bool) -> None:  # noqa: FBT001
    told = json.loads(as_text_of_json(as_found(_report(HOLE, CLOSED), (), counts=counts)))
    (ran,) = read_report(told)
    assert [(one.port, one.rung) for one in ran.holes] == [(104, Rung.ECHO)]
    assert ran.settles_closed(Hole(TARGET, 443, Mode.TLS, Identity.NOBODY, Rung.SEARCH)) is settled


def test_a_closed_report_that_counts_is_closed_in_the_list_of_findings() -> None:
    (ran,) = read_report(json.loads(as_text_of_json(as_found(_report(absent=True), (), counts=True))))
    assert ran.verdict is Verdict.CLOSED


_GOOD = {"port": 443, "challenge": "0" * 32, "instant": 1, "seen_as": "92.184.100.9", "mac": "a" * 64}


@pytest.mark.parametrize(
    "change",
    [
        {"port": 0},
        {"port": "443"},
        {"challenge": "x"},
        {"instant": -1},
        {"seen_as": "phone"},
        {"mac": ""},
        {"mac": None},
    ],
)
def test_an_answer_of_a_control_that_has_not_its_shape_is_none(change: dict[str, Any]) -> None:
    assert len(returned_of(_report(facts={"controls": [_GOOD]})).controls) == 1
    assert returned_of(_report(facts={"controls": [_GOOD | change]})).controls == ()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*_GOOD, "kind", "gateway"]), inner),
    max_leaves=20,
)


@given(_JSON, _JSON)
def test_whatever_stands_in_the_facts_is_read_without_a_fall(controls: Any, hints: Any) -> None:
    assert isinstance(returned_of(_report(facts={"controls": controls, "plan": hints})).controls, tuple)
    for language in ("fr", "en"):
        assert isinstance(told(hints, language), list)
