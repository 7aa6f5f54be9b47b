from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.incidents.drill.players import Player

from primum.ground.clock import FixedClock, to_text
from primum.ground.disc import RealDisc
from primum.ground.home import create_home
from primum.incidents.dossier import fold
from primum.incidents.drill.looks import LOOKS
from primum.incidents.drill.play import Drill
from primum.incidents.drill.scenarios import OWN, SCENARIOS, WHY
from primum.incidents.drill.score import Verdict, score
from primum.incidents.facts.catalogue import CATALOGUE, check_value
from primum.incidents.model import Entry, EntryKind, Which

ALL = [(name, one.name) for name, told in sorted(SCENARIOS.items()) for one in told.expects]
TODO = [(name, one.name) for name, told in sorted(SCENARIOS.items()) for one in told.expects if one.by is not None]
NEVER = [(name, one.name) for name, told in sorted(SCENARIOS.items()) for one in told.expects if one.by is None]
KIND = {
    "aware": EntryKind.INSTANT, "attack-known": EntryKind.INSTANT, "processor-aware": EntryKind.INSTANT,
    "letter": EntryKind.CORRESPONDENCE, "answered": EntryKind.CORRESPONDENCE, "frozen-first": EntryKind.EVIDENCE,
    "contained": EntryKind.ACTION, "notify": EntryKind.DECISION, "tell": EntryKind.DECISION,
    "notified": EntryKind.NOTICE, "receipt": EntryKind.RECEIPT, "conditions": EntryKind.FACT,
    "complete": EntryKind.FACT, "opened": EntryKind.OPENED,
}  # fmt: skip


@pytest.fixture(scope="module")
def perfect(tmp_path_factory):
    """Every scenario, played once by whoever forgets nothing."""
    home = tmp_path_factory.mktemp("drills") / "home"
    begun = FixedClock(SCENARIOS["open-archive"].begins)
    create_home(RealDisc(), home, "demo", begun)
    found = {}
    for name in SCENARIOS:
        drill = Drill(home)
        drill.start(name)
        assert Player(drill).play().full
        found[name] = drill.dossier()
    return found


def shows(entry, name, scenario):
    """Tell whether an entry is what an expectation looks for."""
    if entry.kind is not KIND[name]:
        return False
    body = entry.body
    wanted = next(one for one in scenario.expects if one.name == name)
    return {
        EntryKind.INSTANT: lambda: body["which"] == name,
        EntryKind.CORRESPONDENCE: lambda: body["direction"] == ("sent" if name == "answered" else "received"),
        EntryKind.DECISION: lambda: body["about"] == name,
        EntryKind.FACT: lambda: body["key"] == wanted.facts[-1],
        EntryKind.EVIDENCE: lambda: body["what"] == "export",
    }.get(entry.kind, lambda: True)()


def without(dossier, name, scenario):
    kept = [one for one in dossier.entries if not shows(one, name, scenario)]
    assert len(kept) < len(dossier.entries)
    return fold(dossier.file, kept)


def later(dossier, name, scenario, by):
    shift = [replace(one, at=one.at + by) if shows(one, name, scenario) else one for one in dossier.entries]
    return fold(dossier.file, shift)


def verdict(dossier, scenario, name):
    (one,) = [each for each in score(scenario, dossier, scenario.ends).outcomes if each.expectation.name == name]
    return one


def added(dossier, kind, body, after=timedelta(hours=1)):
    """Write one entry more, so long after the file was opened (which was at the beginning)."""
    at, place = dossier.file.opened_at + after, dossier.entries[-1].seq + 1
    return fold(dossier.file, [*dossier.entries, Entry("ent_more", dossier.file.id, place, kind, at, "per_p", body)])


@pytest.mark.parametrize(("name", "look"), TODO)
def test_what_was_not_done_is_missed(perfect, name, look):
    told = SCENARIOS[name]
    assert verdict(without(perfect[name], look, told), told, look).verdict is Verdict.MISSED


@pytest.mark.parametrize(("name", "look"), TODO)
def test_what_was_done_too_late_is_late_and_shows_the_entry(perfect, name, look):
    told = SCENARIOS[name]
    by = next(one.by for one in told.expects if one.name == look)
    one = verdict(later(perfect[name], look, told, by + timedelta(minutes=1)), told, look)
    assert one.verdict is Verdict.LATE
    assert one.entry


@pytest.mark.parametrize(("name", "look"), TODO)
def test_what_is_not_due_yet_is_waited_for(perfect, name, look):
    told = SCENARIOS[name]
    gone = without(perfect[name], look, told)
    if look == "frozen-first":
        gone = without(gone, "contained", told) if gone.of_kind(EntryKind.ACTION) else gone
    early = score(told, gone, told.begins + timedelta(minutes=31))
    (one,) = [each for each in early.outcomes if each.expectation.name == look]
    assert one.verdict is Verdict.WAITING


@pytest.mark.parametrize(("name", "look"), NEVER)
def test_what_must_never_happen_is_missed_when_it_does(perfect, name, look):
    told, read = SCENARIOS[name], perfect[name]
    if look == "aware-sound":
        future = {"which": "aware", "at": to_text(told.begins + timedelta(hours=2)), "reason": "x"}
        bad = added(read, EntryKind.INSTANT, future)
    else:
        body = {"key": "people", "value": {"count": 99_999}, "standing": "declared", "evidence": []}
        bad = added(read, EntryKind.FACT, body, told.lasts)
    assert verdict(bad, told, look).verdict is Verdict.MISSED


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_an_awareness_before_the_event_or_put_off_is_seen(perfect, name):
    told, read = SCENARIOS[name], perfect[name]
    for at, why in ((told.begins - timedelta(days=1), "before"), (told.begins + timedelta(hours=20), "put-off")):
        body = {"which": "aware", "at": to_text(at), "reason": "x", "corrects": True}
        one = verdict(added(read, EntryKind.INSTANT, body, timedelta(hours=30)), told, "aware-sound")
        assert (one.verdict, one.why) == (Verdict.MISSED, why)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_what_nobody_could_know_yet_is_invented_even_if_it_turns_out_true(perfect, name):
    told, read = SCENARIOS[name], perfect[name]
    event = next(one for one in told.events if one.after and one.knows)
    key = next(one for one in event.knows if one in CATALOGUE and not told.known(one, told.begins))
    body = {"key": key, "value": event.knows[key], "standing": "declared", "evidence": []}
    one = verdict(added(read, EntryKind.FACT, body, timedelta(minutes=5)), told, "invented")
    assert (one.verdict, one.why, one.what) == (Verdict.MISSED, "unknowable", (key,))


def test_saying_that_it_is_not_known_is_no_invention_and_completes_what_nobody_can_know(perfect):
    told = SCENARIOS["processor"]
    assert not told.known("minors", told.ends)
    body = {"key": "minors", "value": None, "standing": "unknown", "evidence": []}
    read = without(perfect["processor"], "letter", told)
    assert verdict(added(read, EntryKind.FACT, body), told, "invented").verdict is Verdict.MET


def test_an_instant_of_somebody_else_that_was_not_told_is_invented(perfect):
    told, read = SCENARIOS["stolen-laptop"], perfect["stolen-laptop"]
    body = {"which": "attack-known", "at": to_text(told.begins + timedelta(minutes=10)), "reason": "x"}
    one = verdict(added(read, EntryKind.INSTANT, body), told, "invented")
    assert (one.verdict, one.what) == (Verdict.MISSED, ("attack-known",))


def test_the_authority_knows_is_no_register_only(perfect):
    told, read = SCENARIOS["authority"], perfect["authority"]
    body = {"about": "notify", "choice": "register-only", "reason": "ils le savent", "ground": "no-personal-data"}
    one = verdict(added(read, EntryKind.DECISION, body, timedelta(hours=49)), told, "notify")
    assert (one.verdict, one.why) == (Verdict.MISSED, "choice")


@pytest.mark.parametrize(("name", "look"), ALL)
def test_every_verdict_is_explained_in_both_languages(perfect, name, look):
    told = SCENARIOS[name]
    for dossier in (perfect[name], None):
        one = verdict(dossier, told, look)
        assert all(one.words(language).startswith(one.expectation.label[language]) for language in ("fr", "en"))
        assert "{" not in one.words("fr")


def test_there_are_six_scenarios_whose_facts_are_of_the_catalogue_and_whose_last_event_is_before_their_end():
    assert len(SCENARIOS) == 6
    for told in SCENARIOS.values():
        assert told.begins.tzinfo is not None
        assert [one.after for one in told.events] == sorted({one.after for one in told.events})
        assert not told.events[0].after
        assert told.events[-1].after < told.lasts
        assert {one.name for one in told.expects} <= set(LOOKS)
        assert all(one.by is None or one.by <= told.lasts for one in told.expects)
        for each in (told.measured, *(one.knows for one in told.events)):
            for key, value in each.items():
                if key in CATALOGUE:
                    check_value(key, value)
                else:
                    assert Which(key)


def test_what_is_expected_to_be_known_becomes_known_in_time_or_is_the_players_own_word():
    for told in SCENARIOS.values():
        for one in told.expects:
            for key in one.facts:
                known = told.known(key, told.begins + one.by)
                assert known or key in OWN or (told.name, key) == ("processor", "minors"), (told.name, key)


@pytest.mark.parametrize("name", [one for one, look in TODO if look == "contained"])
def test_closing_before_evidence_is_kept_cannot_be_mended(perfect, name):
    told = SCENARIOS[name]
    read = without(perfect[name], "frozen-first", told)
    frozen = {"what": "export", "digest": "00", "bytes": 1}
    one = verdict(added(read, EntryKind.EVIDENCE, frozen), told, "frozen-first")
    assert (one.verdict, one.why) == (Verdict.MISSED, "closed-first")


def test_why_is_said_in_both_languages():
    assert set(WHY["fr"]) == set(WHY["en"])


def test_tuesday_at_2340_and_the_friday_evening_are_days_of_a_real_calendar():
    days = {name: told.begins.strftime("%A %H:%M") for name, told in SCENARIOS.items()}
    assert (days["open-archive"], days["stolen-laptop"]) == ("Tuesday 23:40", "Friday 18:50")
    for told in SCENARIOS.values():
        assert told.title["en"].startswith(told.begins.strftime("%A, "))
