"""How long a study is kept, worked by hand from the texts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from primum.imaging.retention.judging import Facts, Period, add_years, judge
from primum.imaging.retention.rules import Kind, every_set, rule_named, rules_in_force

DAY = date(2026, 11, 22)
ADULT = date(1950, 6, 15)


def judged(kind: Kind, today: date = DAY, **facts: object):
    known = {"received_on": date(2001, 3, 10), "study_date": date(2001, 3, 10), "birth_date": ADULT} | facts
    return judge(Facts(**known), rules_in_force(kind, today), today)  # type: ignore[arg-type]


def test_an_establishment_keeps_twenty_years_from_the_last_visit():
    """CSP R.1112-7: seen on 10 March 2001 and last on 2 May 2004, kept through 2 May 2024."""
    verdict = judged(Kind.ESTABLISHMENT, last_visit=date(2004, 5, 2))
    assert verdict.ceiling == date(2024, 5, 2)
    assert verdict.ceiling_rule.name == "r1112-7.twenty-years"
    assert verdict.period is Period.DUE


def test_the_day_of_the_ceiling_is_still_kept():
    assert judged(Kind.ESTABLISHMENT, date(2021, 3, 10)).period is Period.ARCHIVE
    assert judged(Kind.ESTABLISHMENT, date(2021, 3, 11)).period is Period.DUE


def test_for_an_establishment_the_duration_is_a_minimum_too():
    verdict = judged(Kind.ESTABLISHMENT)
    assert verdict.floor == verdict.ceiling == date(2021, 3, 10)
    assert verdict.below_floor(date(2021, 3, 10))
    assert not verdict.below_floor(date(2021, 3, 11))


def test_a_practice_keeps_five_years_active_and_fifteen_archived():
    """CNIL 2020-081."""
    assert judged(Kind.PRACTICE, date(2006, 3, 10)).period is Period.ACTIVE
    assert judged(Kind.PRACTICE, date(2006, 3, 11)).period is Period.ARCHIVE
    assert judged(Kind.PRACTICE, date(2021, 3, 10)).period is Period.ARCHIVE
    assert judged(Kind.PRACTICE, date(2021, 3, 11)).period is Period.DUE


@pytest.mark.parametrize("modality", ["MG", "CT", "MR"])
def test_mammography_ct_and_mri_have_a_floor_of_five_years_from_the_study(modality):
    """UNCAM annex 5. The general floor runs from the last visit and is never earlier."""
    verdict = judged(Kind.PRACTICE, modalities=frozenset({modality, "SR"}))
    assert verdict.floor == date(2006, 3, 10)


def test_a_minor_is_kept_until_the_28th_birthday():
    """Born 1 July 1999, seen once on 10 March 2001: 20 years end on 10 March 2021, the 28th birthday is 1 July 2027."""
    verdict = judged(Kind.ESTABLISHMENT, birth_date=date(1999, 7, 1))
    assert verdict.ceiling == date(2027, 7, 1)
    assert verdict.ceiling_rule.name == "r1112-7.minors"
    assert verdict.period is Period.ARCHIVE
    # one who was nine at the last visit is past 28 when the twenty years end
    assert judged(Kind.ESTABLISHMENT, birth_date=date(1991, 7, 1)).ceiling == date(2021, 3, 10)


def test_ten_years_from_a_death_within_ten_years_of_the_last_visit():
    """Last seen 10 March 2001, died 5 January 2004: kept through 5 January 2014, a child too."""
    verdict = judged(Kind.ESTABLISHMENT, died_on=date(2004, 1, 5))
    assert (verdict.ceiling, verdict.ceiling_rule.name) == (date(2014, 1, 5), "r1112-7.death")
    child = judged(Kind.ESTABLISHMENT, died_on=date(2004, 1, 5), birth_date=date(1999, 7, 1))
    assert child.ceiling == date(2014, 1, 5)


def test_a_death_ten_years_later_changes_nothing():
    assert judged(Kind.ESTABLISHMENT, died_on=date(2011, 3, 10)).ceiling == date(2021, 3, 10)
    assert judged(Kind.ESTABLISHMENT, died_on=date(2011, 3, 9)).ceiling == date(2021, 3, 9)


def test_a_death_before_the_last_visit_is_a_mistake_and_shortens_nothing():
    assert judged(Kind.ESTABLISHMENT, died_on=date(2001, 3, 9)).ceiling == date(2021, 3, 10)


def test_without_a_birth_date_the_patient_may_have_been_born_that_day():
    assert judged(Kind.ESTABLISHMENT, birth_date=None).ceiling == date(2029, 3, 10)


@pytest.mark.parametrize("placeholder", [None, date(1900, 1, 1), date(1969, 12, 31), date(2999, 1, 1)])
def test_a_date_that_cannot_be_one_gives_way_to_the_day_of_receipt(placeholder):
    verdict = judged(Kind.ESTABLISHMENT, study_date=placeholder, received_on=date(2020, 1, 1))
    assert verdict.ceiling == date(2040, 1, 1)


def test_a_leap_day_ends_on_the_first_of_march():
    assert add_years(date(2004, 2, 29), 20) == date(2024, 2, 29)
    assert add_years(date(2004, 2, 29), 5) == date(2009, 3, 1)


def test_each_rule_has_its_source_and_says_how_sure_we_are():
    for one in every_set():
        for rule in one.rules:
            assert rule.source
            assert rule.confidence in {"verified", "secondary", "to-be-confirmed"}
            assert rule.bound in {"active", "ceiling", "extends", "replaces", "floor"}
            assert rule_named(rule.name) == rule
        assert one.of("active")
        assert one.of("ceiling")
        assert one.of("floor")
    names = [rule.name for one in every_set() for rule in one.rules]
    assert len(names) == len(set(names))


def test_rules_of_a_day_before_any_text_are_the_oldest_we_have():
    assert rules_in_force(Kind.PRACTICE, date(1999, 1, 1)).in_force == date(2020, 7, 28)


days = st.dates(min_value=date(1900, 1, 1), max_value=date(2080, 1, 1))


@given(
    kind=st.sampled_from(Kind), today=days, received=days, study=st.none() | days, last=st.none() | days,
    birth=st.none() | days, died=st.none() | days, modality=st.sampled_from(["CT", "MG", "US", ""]),
)  # fmt: skip
def test_what_is_due_is_past_every_floor_and_time_only_ripens(
    kind, today, received, study, last, birth, died, modality
):
    facts = Facts(received, study, last, birth, died, frozenset({modality} - {""}))
    verdict = judge(facts, rules_in_force(kind, today), today)
    assert verdict.floor <= verdict.ceiling
    assert (verdict.period is Period.DUE) == (today > verdict.ceiling)
    if verdict.period is Period.DUE:
        assert not verdict.below_floor(today)
    # another visit never shortens, but where it comes less than ten years before a death that came later
    visit = min(today, date(2079, 1, 1))
    later = judge(Facts(received, study, visit, birth, None, facts.modalities), rules_in_force(kind, today), today)
    alone = judge(Facts(received, study, last, birth, None, facts.modalities), rules_in_force(kind, today), today)
    if last is None or last <= visit:
        assert later.ceiling >= alone.ceiling


@given(day=days, years=st.integers(0, 40))
def test_years_are_added_to_the_day(day, years):
    later = add_years(day, years)
    assert later.year == day.year + years
    assert abs((later - day).days - years * 365.2425) < 2
    assert add_years(day + timedelta(days=1), years) >= later
