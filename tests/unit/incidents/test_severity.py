import pytest
from hypothesis import given, strategies as st
from tests.unit.incidents.severity_kit import Written, lost_laptop, open_archive

from primum.incidents.dated import CONFIDENCE
from primum.incidents.model import BadEntry
from primum.incidents.severity import cases, enisa
from primum.incidents.severity.assess import FLAGS, assess, propose_choices
from primum.incidents.severity.assessment import check_assessment, read_assessment
from primum.incidents.severity.enisa import Assessment, Cell, Picked, band_of, score

NOTHING_ELSE = {"integrity": "not-concerned", "availability": "not-concerned", "malice": "no"}


def chosen(identification, confidentiality, *cells, **other):
    picked = {"identification": identification, "confidentiality": confidentiality, **NOTHING_ELSE, **other}
    return Assessment(cells, complete=True, picked={name: Picked(choice) for name, choice in picked.items()})


@pytest.mark.parametrize(
    ("told", "expected", "band"),
    [
        (chosen("maximum", "unknown", Cell("sensitive", 4)), 4.5, "very-high"),  # an open PACS
        (chosen("maximum", "at-risk", Cell("sensitive", 4)), 4.0, "very-high"),  # a lost laptop, sealed
        (chosen("significant", "known", Cell("simple", 1)), 1.0, "low"),  # prospects sent to one partner
        (chosen("maximum", "unknown", Cell("financial", 3), malice="yes"), 4.0, "very-high"),
        (chosen("limited", "known", Cell("sensitive", 4), Cell("simple", 1)), 2.25, "medium"),
    ],
)
def test_the_examples_that_were_worked_by_hand_come_out(told, expected, band):
    worked = score(told)
    assert (worked.score, worked.band, worked.missing) == (expected, band, ())


def test_the_bands_begin_at_two_three_and_four():
    assert [band_of(one) for one in (0.25, 1.99, 2, 2.99, 3, 3.99, 4, 6)] == [
        "low", "low", "medium", "medium", "high", "high", "very-high", "very-high",
    ]  # fmt: skip


def test_nothing_that_is_chosen_is_a_range_over_everything_and_says_what_is_missing():
    worked = score(Assessment())
    assert (worked.low, worked.high, worked.score, worked.band) == (0.25, 6.0, None, None)
    assert worked.missing == ("data", "identification", "confidentiality", "integrity", "availability", "malice")


def test_a_cell_off_its_base_names_what_adjusts_it():
    for kind, cell, adjusters in (("sensitive", 3, ()), ("simple", 2, ("public",)), ("simple", 5, ("volume",))):
        with pytest.raises(BadEntry):
            Cell(kind, cell, adjusters)
    assert Cell("sensitive", 3, ("low-nature",)).score == 3
    assert Cell("simple", 4, ("vulnerable",)).score == 4


def test_a_choice_that_is_in_no_list_is_refused():
    with pytest.raises(BadEntry):
        Assessment(picked={"malice": Picked("perhaps")})
    with pytest.raises(BadEntry):
        Assessment(picked={"gut-feeling": Picked("yes")})


def test_likelihood_stands_beside_the_score_and_is_never_in_it():
    without = score(chosen("maximum", "known", Cell("sensitive", 4)))
    for one in enisa.CHOICE_WORDS["likelihood"]:
        told = score(chosen("maximum", "known", Cell("sensitive", 4), likelihood=one))
        assert (told.score, told.likelihood.choice) == (without.score, one)


def test_what_a_probe_found_in_an_open_archive_is_very_high_whatever_is_still_answered():
    read = assess(open_archive().dossier)
    assert (read.severity.low, read.severity.high, read.severity.band) == (4.5, 6.0, "very-high")
    assert read.severity.missing == ("integrity", "availability", "malice")
    assert all(one.evidence for one in read.severity.steps if one.proposed)
    assert read.flag("unknown-recipients") == "yes"


def test_nothing_is_proposed_that_no_fact_shows():
    proposed = propose_choices(Written().dossier)
    assert (proposed.cells, proposed.complete, proposed.picked) == ((), False, {})
    named = Written().measured("readable", ["PatientName"]).measured("nature", ["confidentiality"])
    assert propose_choices(named.dossier).picked == {}


def test_a_measure_that_saw_no_loss_of_availability_does_not_say_that_there_was_none():
    measured = propose_choices(Written().measured("nature", ["confidentiality"]).dossier)
    declared = propose_choices(Written().fact("nature", ["confidentiality"]).dossier)
    assert "availability" not in measured.picked
    assert declared.picked["availability"].choice == "not-concerned"


def test_what_a_person_chose_stands_and_the_proposal_is_shown_beside_it():
    written = open_archive().fact("assessment", {"sensitive": "3 low-nature", "why-data": "dates seules"})
    read = assess(written.dossier)
    (sensitive,) = [one for one in read.severity.steps if one.part == "data:sensitive"]
    assert (sensitive.low, sensitive.adjusters, sensitive.why) == (3, ("low-nature",), "dates seules")
    assert [one.score for one in read.proposed.cells if one.kind == "sensitive"] == [4]
    assert "data" in read.severity.missing


def test_credentials_inherit_the_class_of_what_they_open():
    told = read_assessment({"credentials-open": "financial", "complete": "yes"})
    assert [(one.kind, one.score) for one in told.cells] == [("financial", 3)]


@pytest.mark.parametrize(
    "value",
    [
        {"sensitive": "four"}, {"sensitive": "3"}, {"sensitive": "4 moon"}, {"malice": "maybe"}, {"complete": "soon"},
        {"credentials-open": "everything"}, {"simple": "²"}, {"simple": "0 public"},
    ],
)  # fmt: skip
def test_choices_that_cannot_be_made_are_refused(value):
    with pytest.raises(BadEntry):
        check_assessment(value)


def test_flags_are_facts_of_their_own_and_not_known_is_one_of_their_states():
    assert {one.state for one in assess(Written().dossier).flags} == {"not-known"}
    told = Written().facts(people={"count": 101}, minors={"count": 1}, recipients=None)
    states = {one.name: one.state for one in assess(told.dossier).flags}
    assert states == {"over-100": "yes", "minors": "yes", "unknown-recipients": "yes", "unintelligible": "not-known"}
    few = Written().facts(people={"count": 100}, minors={"count": 0}, intelligible="yes")
    assert [assess(few.dossier).flag(one) for one in FLAGS] == ["no", "no", "not-known", "no"]
    bounded = Written().fact("people", {"count": 90, "at_least": True})
    assert assess(bounded.dossier).flag("over-100") == "not-known"


def test_a_lost_sealed_laptop_keeps_its_score_and_has_its_flag():
    told = {"confidentiality": "at-risk", "identification": "maximum", "malice": "no"}
    read = assess(lost_laptop(assessment=told).dossier)
    assert (read.severity.score, read.flag("unintelligible")) == (4.0, "yes")


CELLS = st.builds(
    lambda kind, cell: Cell(kind, cell, ("volume", "public")), st.sampled_from(list(enisa.KINDS)), st.integers(1, 4)
)
PICKED = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(list(words)) for name, words in enisa.CHOICE_WORDS.items()}
)  # fmt: skip


@given(st.lists(CELLS, max_size=4), st.booleans(), PICKED)
def test_a_result_lies_within_the_bounds_and_is_a_figure_only_where_nothing_is_missing(cells, complete, picked):
    worked = score(Assessment(tuple(cells), complete, {name: Picked(one) for name, one in picked.items()}))
    assert 0.25 <= worked.low <= worked.high <= 6
    assert (worked.score is not None) == (not worked.missing)


@given(st.lists(CELLS, max_size=3), PICKED, st.data())
def test_a_choice_more_never_leads_out_of_the_range(cells, picked, data):
    before = score(Assessment(tuple(cells), False, {name: Picked(one) for name, one in picked.items()}))
    open_ones = [name for name in enisa.CHOICE_WORDS if name not in picked]
    if open_ones:
        name = data.draw(st.sampled_from(open_ones))
        picked = {**picked, name: data.draw(st.sampled_from(list(enisa.CHOICE_WORDS[name])))}
    after = score(Assessment(tuple(cells), False, {name: Picked(one) for name, one in picked.items()}))
    assert before.low <= after.low <= after.high <= before.high


def test_there_are_eighteen_cases_said_in_both_languages_with_how_sure_each_is():
    assert [one.number for one in cases.CASES] == list(range(1, 19))
    for one in cases.CASES:
        assert one.features <= set(cases.FEATURES)
        assert all(one.title[language] and one.situation[language] for language in ("fr", "en"))
        assert one.confidence in CONFIDENCE
        assert one.outcome[0] == "register"
        assert set(one.outcome) <= set(cases.OUTCOMES)
    register_only = {one.number for one in cases.CASES if one.outcome == ("register",)}
    told = {one.number for one in cases.CASES if "people" in one.outcome}
    assert register_only == {1, 6, 9, 10, 13, 15}
    assert told == {3, 4, 5, 7, 11, 12, 14, 17, 18}


def test_the_nearest_case_of_a_lost_sealed_laptop_is_the_tenth_and_of_an_unsealed_one_the_eleventh():
    sealed = cases.nearest(cases.features_of(lost_laptop().dossier))
    clear = cases.nearest(
        cases.features_of(lost_laptop(seal="none", nature=["confidentiality", "availability"]).dossier)
    )
    assert (sealed[0].case.number, clear[0].case.number) == (10, 11)


def test_a_match_says_what_is_shared_and_what_is_not():
    (first, *_) = cases.nearest(["confidentiality", "mistake", "sent-wrong", "sensitive"])
    assert first.case.number == 14
    assert first.shared == ("confidentiality", "mistake", "sent-wrong", "sensitive")
    assert (first.only_there, first.only_here) == (("contact", "readable"), ())
    assert first.overlap == pytest.approx(4 / 6)


def test_without_a_feature_no_case_is_near():
    assert cases.nearest([]) == []
    assert cases.nearest(["the-moon"]) == []
    assert cases.features_of(Written().dossier) == {}


@given(st.sets(st.sampled_from(list(cases.FEATURES)), min_size=1))
def test_the_nearest_come_first_and_each_shares_something(features):
    found = cases.nearest(features, most=18)
    assert [one.overlap for one in found] == sorted((one.overlap for one in found), reverse=True)
    assert all(one.shared and 0 < one.overlap <= 1 for one in found)
