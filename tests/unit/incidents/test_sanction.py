import dataclasses
import inspect
import itertools
import re
from datetime import date, timedelta

import pytest
from tests.unit.incidents.kit import TUESDAY
from tests.unit.incidents.severity_kit import Written, lost_laptop, open_archive

from primum.ground.clock import to_text
from primum.incidents.dated import CONFIDENCE
from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES
from primum.incidents.model import Dossier, EntryKind, Origin, Role
from primum.incidents.sanction import ceilings, criteria as room, decisions, showing, shown
from primum.incidents.sanction.ceilings import CEILINGS, NOTES, SERIOUSNESS, TURNOVER, starting_range
from primum.incidents.sanction.criteria import criteria
from primum.incidents.sanction.decisions import RULINGS, SUBJECTS, comparable

LETTER = {"other": "cnil", "at": to_text(TUESDAY), "about": "questionnaire"}


def whole():
    """Give a file of which nearly everything is told."""
    made = open_archive().facts(
        people={"count": 1204, "approximate": True}, minors={"count": 12}, gravity="significant",
        harms=["professional-secrecy"], cause="internal-accidental", measures_after="ports fermés, disque chiffré",
        authorities=["police"], found_by="own-probe", records={"count": 1200, "at_least": True},
        ended={"state": "ended", "at": to_text(TUESDAY), "proof": "probe"},
        began={"not_after": to_text(TUESDAY - timedelta(days=30)), "not_before": to_text(TUESDAY - timedelta(days=60))},
    )  # fmt: skip
    made.measured("protections-before", ["no-authentication", "sealed-at-rest"])
    made.add(EntryKind.ACTION, {"what": "close-doors", "outcome": "done"})
    made.add(EntryKind.ACTION, {"what": "revoke", "outcome": "refused"})
    made.add(EntryKind.LETTER, {"what": "sent", "batch": "bat_1", "count": 40})
    made.add(EntryKind.RECEIPT, {"number": "2026-1", "at": to_text(TUESDAY)})
    return made.add(EntryKind.CORRESPONDENCE, {**LETTER, "direction": "received", "asked": ["le registre"]})


def letter(dossier, name):
    return next(one for one in criteria(dossier) if one.letter == name)


def names(found):
    return [one.name for one in found]


def test_a_file_that_shows_nothing_says_so_under_each_letter():
    found = criteria(Written().dossier)
    assert "".join(one.letter for one in found) == "abcdefghijk"
    assert all(one.nothing for one in found)
    assert room.NOTHING == {"fr": "rien au dossier", "en": "nothing in the file"}


def test_each_thing_shown_refers_to_an_entry_of_the_file():
    dossier = whole().dossier
    ids = {one.id for one in dossier.entries}
    shown_things = [each for one in criteria(dossier) for each in one.shown]
    assert len(shown_things) > 15
    assert all(one.entries and set(one.entries) <= ids for one in shown_things)
    assert all(one.words["fr"] and one.words["en"] and "{" not in one.words["fr"] for one in shown_things)


def test_what_speaks_for_and_what_against_stand_apart():
    dossier = whole().dossier
    assert names(letter(dossier, "a").against) == [
        "nature", "began-before", "people", "minors", "records", "harms", "gravity",
    ]  # fmt: skip
    assert names(letter(dossier, "b").in_favour) == ["cause"]
    assert names(letter(dossier, "c").in_favour) == ["ended", "action", "measures-after", "letter"]
    assert [one.side for one in letter(dossier, "d").shown] == ["against", "for"]
    assert names(letter(dossier, "f").against) == ["unanswered"]
    assert names(letter(dossier, "g").against) == ["sensitive"]
    assert names(letter(dossier, "h").in_favour) == ["found-by-us", "receipt"]
    assert names(letter(dossier, "k").in_favour) == ["complaint"]
    assert letter(dossier, "e").nothing
    assert letter(dossier, "j").nothing


def test_counts_are_told_as_they_are_known():
    words = {one.name: one.words["fr"] for one in letter(whole().dossier, "a").shown}
    assert words["people"] == "Personnes : environ 1204."
    assert words["records"] == "Enregistrements : au moins 1200."


def test_a_request_is_answered_by_the_letter_that_says_so():
    written = whole()
    asked = written.dossier.of_kind(EntryKind.CORRESPONDENCE)[0].id
    written.add(EntryKind.CORRESPONDENCE, {**LETTER, "direction": "sent"})
    assert names(letter(written.dossier, "f").against) == ["unanswered"]
    written.add(EntryKind.CORRESPONDENCE, {**LETTER, "direction": "sent", "in_part_of": asked})
    assert "answered-in-part" in names(letter(written.dossier, "f").shown)
    written.add(EntryKind.CORRESPONDENCE, {**LETTER, "direction": "sent", "answers": asked})
    assert names(letter(written.dossier, "f").shown) == ["answered"] * 3


def test_what_passed_with_an_insurer_is_no_cooperation_with_the_authority():
    told = Written().add(EntryKind.CORRESPONDENCE, {**LETTER, "other": "insurer", "direction": "sent"})
    assert letter(told.dossier, "f").nothing


def test_an_order_speaks_against_and_what_shows_that_it_is_met_for():
    body = {"reference": "MED-1", "asked": "fermer les ports", "due": "2026-12-24"}
    told = Written().add(EntryKind.ORDER, body)
    assert letter(told.dossier, "i").shown[0].words["en"] == "An order in the file, due 2026-12-24."
    order = told.dossier.of_kind(EntryKind.ORDER)[0].id
    told.add(EntryKind.ORDER, {**body, "what": "compliance", "order": order, "complete": True})
    assert [one.side for one in letter(told.dossier, "i").shown] == ["against", "for"]


def test_that_the_authority_wrote_first_and_that_nothing_was_notified_is_shown():
    told = Written(Origin.AUTHORITY)
    assert names(letter(told.dossier, "h").against) == ["authority-first"]
    decided = {"about": "notify", "choice": "register-only", "reason": "…", "ground": "no-personal-data"}
    told = Written().add(EntryKind.DECISION, decided)
    assert names(letter(told.dossier, "h").shown) == ["not-notified"]


def test_a_breach_that_goes_on_and_one_whose_seal_is_shown():
    told = open_archive().fact("ended", {"state": "ongoing", "at": to_text(TUESDAY)})
    assert names(letter(told.dossier, "c").against) == ["ongoing"]
    assert names(letter(lost_laptop().dossier, "a").in_favour) == ["sealed"]


# -- ceilings --


def test_the_ceilings_are_those_of_the_law_each_with_its_source_and_how_sure_it_is():
    named = {one.name: one for one in CEILINGS}
    assert (named["83(4)"].eur, named["83(4)"].turnover_percent) == (10_000_000, 2)
    assert (named["83(5)"].eur, named["83(5)"].turnover_percent) == (20_000_000, 4)
    assert (named["LIL 20"].eur, named["LIL 20"].eur_a_day) == (None, 100_000)
    assert (named["LIL 22-1"].eur, named["LIL 22-1"].eur_a_day) == (20_000, 100)
    assert all(one.source and one.confidence in CONFIDENCE for one in (*CEILINGS, *NOTES))
    assert named["LIL 20"].confidence == "to-be-confirmed"


@pytest.mark.parametrize(
    ("ceiling", "turnover", "seriousness", "expected"),
    [
        (0, 0, 0, (0, 4_000)), (0, 0, 1, (2_000, 8_000)), (0, 0, 2, (4_000, 40_000)), (1, 0, 2, (8_000, 80_000)),
        (0, 1, 1, (3_000, 40_000)), (1, 1, 2, (12_000, 400_000)), (0, 2, 1, (15_000, 200_000)),
        (1, 2, 2, (60_000, 2_000_000)),
    ],
)  # fmt: skip
def test_the_published_ranges_of_starting_amounts_come_out(ceiling, turnover, seriousness, expected):
    """EDPB 04/2022 v2.1, 60 and 65 to 66: of a class of bodies, of no file."""
    assert starting_range(CEILINGS[ceiling], SERIOUSNESS[seriousness], TURNOVER[turnover]) == expected


def test_a_daily_penalty_has_no_range():
    with pytest.raises(ValueError, match="LIL 20"):
        starting_range(CEILINGS[2], SERIOUSNESS[0], TURNOVER[0])


# -- decisions --


def test_every_decision_has_its_source_and_says_how_sure_each_part_is():
    assert len(RULINGS) == 31
    for one in RULINGS:
        assert one.source
        assert {"number", "amount", "articles"} <= set(one.confidence)
        assert set(one.confidence.values()) <= set(CONFIDENCE)
        assert set(one.subjects) <= set(SUBJECTS)
        assert one.size in {*VOCABULARIES["size"], "unknown"}
        assert one.role in set(Role)
        assert all(words["fr"] and words["en"] for words in (one.who, one.facts))
        assert date.fromisoformat(one.date if len(one.date) > 7 else f"{one.date}-01") < TUESDAY.date()
    for facts in decisions._FROM.values():
        assert set(facts) <= set(CATALOGUE)


def test_what_the_court_changed_is_kept():
    named = {one.number: one for one in RULINGS}
    first = named["SAN-2020-014"]
    assert first.articles == ("32",)
    assert all(word in first.follow_up["en"] for word in ("449694", "quashed", "2 500"))
    for number in ("SAN-2024-010", "SAN-2024-011", "SAN-2024-013"):
        assert "13 February 2026" in named[number].follow_up["en"]
    assert named["SAN-2020-015"].fine_eur == 6000


def test_the_two_doctors_are_the_most_comparable_to_an_open_archive_of_a_doctor():
    told = open_archive().facts(organisation_size="self-employed")
    told.measured("protections-before", ["no-authentication", "no-encryption-in-transit"])
    found = comparable(told.dossier)
    assert {one.ruling.number for one in found[:2]} == {"SAN-2020-014", "SAN-2020-015"}
    assert names(found[0].reasons) == ["open-service", "no-encryption", "health", "size"]
    assert found[0].reasons[0].facts == ("reached", "protections-before")


def test_a_decision_not_to_notify_makes_the_one_on_not_notifying_the_nearest():
    told = open_archive()
    told.add(EntryKind.DECISION, {"about": "notify", "choice": "register-only", "reason": "…"})
    (first, *_) = comparable(told.dossier)
    assert first.ruling.number == "SAN-2020-015"
    (reason,) = [one for one in first.reasons if one.name == "not-notified"]
    assert reason.entries == (told.entries[-1].id,)


def test_nothing_is_comparable_to_a_file_of_which_nothing_is_known():
    assert comparable(Written().dossier) == []
    assert comparable(Written().facts(organisation_size="self-employed").dossier) == []


def test_the_order_is_by_subjects_then_reasons_then_the_latest():
    found = comparable(whole().dossier)
    keys = [(-sum(each.name in SUBJECTS for each in one.reasons), -len(one.reasons)) for one in found]
    assert keys == sorted(keys)
    for one, other in itertools.pairwise(found):
        if decisions._same(one) == decisions._same(other) and len(one.reasons) == len(other.reasons):
            assert one.ruling.date >= other.ruling.date


# -- never an amount for this file --


MONEY = re.compile(r"€|\bEUR\b|euro|amende|\bfine\b|penalty|astreinte", re.IGNORECASE)


def test_nothing_that_is_said_of_a_file_is_an_amount():
    files = [whole(), open_archive(), lost_laptop(), Written(Origin.AUTHORITY)]
    for dossier in (one.dossier for one in files):
        said = [text for one in criteria(dossier) for each in one.shown for text in each.words.values()]
        said += [text for one in comparable(dossier) for each in one.reasons for text in each.words.values()]
        assert [one for one in said if MONEY.search(one)] == []


def test_no_field_that_is_made_for_a_file_holds_a_number():
    for made in (room.Criterion, shown.Shown, decisions.Comparable, decisions.Likeness):
        for one in dataclasses.fields(made):
            assert not re.search(r"\b(int|float|Decimal)\b", str(one.type)), (made, one.name)
            assert not re.search("eur|amount|fine|penalty|range", one.name), (made, one.name)


def test_no_function_that_takes_a_file_gives_a_number_and_none_that_gives_an_amount_takes_a_file():
    for module in (room, shown, decisions, ceilings, showing):
        for _, function in inspect.getmembers(module, inspect.isfunction):
            signature = inspect.signature(function, eval_str=True)
            if Dossier in [one.annotation for one in signature.parameters.values()]:
                assert not re.search(r"\b(int|float|Decimal)\b", str(signature.return_annotation)), function
    assert "Dossier" not in vars(ceilings)


def test_the_decisions_listed_for_a_file_are_the_table_s_own_unchanged():
    assert all(one.ruling in RULINGS for one in comparable(whole().dossier))
