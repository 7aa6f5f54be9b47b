import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from tests.unit.incidents.kit import DOCTOR, TUESDAY, Scene

from primum.ground.clock import to_text
from primum.incidents.countdown import late_by, local, says
from primum.incidents.dated import CONFIDENCE
from primum.incidents.deadline import duties, duties_of, notification_dues, prudent_due, working
from primum.incidents.dossier import fold
from primum.incidents.duty import DutyState
from primum.incidents.known import Known, Sent, Start, read_due
from primum.incidents.model import Entry, EntryKind, File, Origin, Role, Which
from primum.incidents.rules.dated import (
    BadRules,
    Confidence,
    From,
    in_force_at,
    proposals,
    read_rules,
    rules,
    words,
)

CASES = tomllib.loads(Path(__file__).with_name("clock_cases.toml").read_text("utf-8"))
PARIS = ZoneInfo("Europe/Paris")
ZONES = ("Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "Pacific/Noumea", "America/Miquelon", "UTC")


def at(text):
    return datetime.fromisoformat(text)


def known(detected, *, aware="", was=(), **more):
    starts = {From.DETECTED: Start(at(detected), at(detected))}
    if aware:
        starts[From.AWARE] = Start(at(aware), at(aware), tuple(at(one) for one in was))
    return Known(starts=starts, **more)


def lines(found, rule):
    return {one.counts_from: one for one in found if one.rule.name == rule}


def notify(what, now):
    return lines(duties_of(what, at(now) if isinstance(now, str) else now), "notify")


def test_the_table_has_at_least_sixty_dated_cases():
    assert sum(len(one) for one in CASES.values()) >= 100
    assert len(CASES["due"]) >= 60


@pytest.mark.parametrize(
    ("zone", "start", "due"), [one[1:] for one in CASES["due"]], ids=[one[0] for one in CASES["due"]]
)
def test_seventy_two_hours_as_a_wall_in_the_zone_shows_them(zone, start, due):
    found = notify(known(start), start)[From.DETECTED]
    assert found.due_at.tzinfo is UTC
    assert found.due_at.astimezone(ZoneInfo(zone)).isoformat() == at(due).isoformat()
    assert prudent_due(at(start)) == at(due)


@pytest.mark.parametrize(
    ("detected", "aware", "prudent", "from_aware", "works"), [one[1:] for one in CASES["aware"]],
    ids=[one[0] for one in CASES["aware"]],
)  # fmt: skip
def test_awareness_is_a_second_line_and_never_hides_the_prudent_one(detected, aware, prudent, from_aware, works):
    found = duties_of(known(detected, aware=aware), at(detected))
    line = lines(found, "notify")
    assert (line[From.DETECTED].due_at, line[From.AWARE].due_at) == (at(prudent), at(from_aware))
    assert working(found).counts_from is (From.DETECTED if works == "prudent" else From.AWARE)


@pytest.mark.parametrize(
    ("detected", "sent", "late", "complement", "complement_late"), [one[1:] for one in CASES["sent"]],
    ids=[one[0] for one in CASES["sent"]],
)  # fmt: skip
def test_a_notification_is_late_to_the_minute_and_its_complement_counts_from_it(
    detected, sent, late, complement, complement_late
):
    received = tuple(Sent(kind, at(when), at(when)) for kind, when in sent)
    found = duties_of(known(detected, sent=received), received[-1].at)
    first = lines(found, "notify")[From.DETECTED]
    assert (first.state, first.done_at) == (DutyState.DONE, at(sent[0][1]))
    assert (late_by(first.over_by).span("fr") if first.over_by else "") == late
    second = lines(found, "complete")[From.INITIAL_SENT]
    assert second.due_at == (at(complement) if complement else None)
    assert (second.state is DutyState.NOT_APPLICABLE) == (not complement)
    assert (second.state is DutyState.DONE) == bool(complement_late)
    assert (late_by(second.over_by).span("fr") if second.over_by else "") == complement_late.replace("in time", "")


@pytest.mark.parametrize(("now", "french", "english"), CASES["left"])
def test_what_remains_is_rounded_down_and_lateness_up(now, french, english):
    found = notify(known("2026-10-23T18:00+02:00"), now)[From.DETECTED]
    assert (says(found, at(now), "fr"), says(found, at(now), "en")) == (french, english)
    assert (found.state is DutyState.OVERDUE) == ("retard" in french)


@pytest.mark.parametrize(("written", "zone", "due"), CASES["asked"])
def test_a_bare_day_ends_a_minute_before_midnight_where_the_practice_is(written, zone, due):
    assert read_due(written, ZoneInfo(zone)) == (at(due) if due else None)


def test_an_instant_is_shown_in_local_time_with_its_offset():
    due = at("2026-03-31T22:40+00:00")
    assert local(due, PARIS, "fr") == "mercredi 1er avril 2026 à 00:40 (UTC+02:00)"
    assert local(due, PARIS, "en") == "Wednesday 1 April 2026 at 00:40 (UTC+02:00)"
    assert local(due, ZoneInfo("Pacific/Marquesas"), "en") == "Tuesday 31 March 2026 at 13:10 (UTC-09:30)"
    assert local(at("2026-10-26T16:00:59+00:00"), PARIS, "fr") == "lundi 26 octobre 2026 à 17:00 (UTC+01:00)"


# -- invariants --

instants = st.datetimes(datetime(2018, 6, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (made aware)
in_zones = st.builds(lambda when, zone: when.astimezone(ZoneInfo(zone)), instants, st.sampled_from(ZONES))


@given(in_zones)
def test_seventy_two_hours_have_elapsed_whatever_the_zone(start):
    due = prudent_due(start)
    assert due - start.astimezone(UTC) == timedelta(hours=72)
    assert prudent_due(start.astimezone(UTC)) == due


@given(in_zones, in_zones)
def test_what_is_detected_later_is_due_later(one, other):
    assert (one.timestamp() < other.timestamp()) == (prudent_due(one) < prudent_due(other))


@given(in_zones, in_zones, in_zones)
def test_no_awareness_moves_the_prudent_line(detected, aware, now):
    alone = Known(starts={From.DETECTED: Start(detected, detected)})
    both = Known(starts={**alone.starts, From.AWARE: Start(aware, aware)})
    assert notify(both, now)[From.DETECTED] == notify(alone, now)[From.DETECTED]
    worked = working(duties_of(both, now))
    assert worked.due_at == min(prudent_due(detected), prudent_due(aware))


@given(in_zones, in_zones)
def test_a_line_is_overdue_exactly_after_its_due_instant_in_whatever_zone_now_is_told(detected, now):
    found = notify(Known(starts={From.DETECTED: Start(detected, detected)}), now)[From.DETECTED]
    assert (found.state is DutyState.OVERDUE) == (now.timestamp() > found.due_at.timestamp())


@given(instants, st.timedeltas(timedelta(days=-40), timedelta(days=40)))
def test_nobody_is_shown_a_minute_that_they_do_not_have(due, off):
    from primum.incidents.countdown import remaining

    left = remaining(due, due + off)
    shown = timedelta(days=left.days, hours=left.hours, minutes=left.minutes)
    assert left.late == (off > timedelta(0))
    assert (off <= shown < off + timedelta(minutes=1)) if left.late else (shown <= -off < shown + timedelta(minutes=1))
    assert 0 <= left.hours < 24
    assert 0 <= left.minutes < 60


# -- rules: dated, of whom, and where they apply --


def test_what_is_proposed_is_never_applied():
    later = at("2031-01-01T00:00+00:00")
    found = duties_of(known("2031-01-01T00:00+00:00"), later)
    assert {one.due_at - later for one in found if one.rule.name == "notify"} == {timedelta(hours=72)}
    assert all(one.rule.in_force for one in found if one.state is not DutyState.NOT_APPLICABLE)
    assert {one.name for one in proposals()} == {"notify", "nis2-warning", "nis2-notification", "nis2-report"}
    for one in found:
        if one.rule.name.startswith("nis2"):
            assert (one.state, one.due_at) == (DutyState.NOT_APPLICABLE, None)


def versions(*days, **changed):
    base = {
        "name": "notify", "counts_from": ["detected-first", "aware"], "lines": "each", "when": "always",
        "done": "notified", "remind": True, "article": "a", "source": "s", "confidence": "verified",
        "label": {"fr": "f", "en": "e"},
    }  # fmt: skip
    made = [{**base, "hours": hours, **({"in_force": day} if day else {}), **changed} for day, hours in days]
    return [{"zone": "Europe/Paris", "rule": made}]


def test_the_version_in_force_at_the_instant_of_the_event_applies():
    by = read_rules(versions((date(2018, 5, 25), 72), (date(2027, 6, 1), 96), (None, 120)))
    before, after = "2027-05-31T23:59+02:00", "2027-06-01T00:00+02:00"
    now = at("2027-07-01T00:00+02:00")
    hours = [
        (one.due_at - one.starts_at) / timedelta(hours=1) for one in duties_of(known(before, aware=after), now, by=by)
    ]
    assert hours == [72, 96]
    assert in_force_at(by[0], at("2027-05-31T22:00+00:00")).hours == 96
    assert in_force_at(by[0], at("2018-05-24T21:59+00:00")) is None


def test_a_rule_whose_date_is_later_than_the_instant_does_not_apply():
    by = read_rules(versions((date(2027, 6, 1), 96)))
    (found,) = duties_of(known("2027-05-31T23:59+02:00"), at("2027-07-01T00:00+02:00"), by=by)
    assert (found.state, found.due_at) == (DutyState.NOT_APPLICABLE, None)
    assert found.reason == words("reason")["not-in-force"]


def test_a_rule_that_ended_does_not_apply():
    by = read_rules(versions((date(2018, 5, 25), 72), until=date(2027, 6, 1)))
    assert in_force_at(by[0], at("2027-05-31T23:59+02:00")) is not None
    assert in_force_at(by[0], at("2027-06-01T00:00+02:00")) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"hours": 0}, {"hours": True}, {"hours": 72.5}, {"hours": 100_000}, {"in_force": "2018-05-25"},
        {"in_force": datetime(2018, 5, 25, tzinfo=UTC)}, {"counts_from": ["birth"]}, {"counts_from": []},
        {"lines": "all"}, {"when": "x"}, {"done": "x"}, {"confidence": "sure"}, {"label": {"fr": "f"}},
        {"label": {"fr": "f", "en": ""}}, {"note": {"en": "e"}}, {"source": ""}, {"article": ""}, {"days": 3},
        {"role": "owner"}, {"firm": 1}, {"until": date(2018, 5, 25)}, {"remind": "yes"},
    ],
)  # fmt: skip
def test_rules_of_another_shape_are_refused(changed):
    with pytest.raises(BadRules):
        read_rules(versions((date(2018, 5, 25), 72), **changed))


def test_versions_differ_in_dates_and_hours_alone():
    (one,) = versions((date(2018, 5, 25), 72), (date(2027, 6, 1), 96))
    one["rule"][1]["counts_from"] = ["aware"]
    with pytest.raises(BadRules):
        read_rules([one])
    with pytest.raises(BadRules):
        read_rules(versions((date(2018, 5, 25), 72), (date(2018, 5, 25), 96)))
    with pytest.raises(BadRules, match="together"):
        read_rules([*versions((date(2018, 5, 25), 72)), *versions((None, 1), name="x"), *versions((None, 96))])


def test_every_rule_has_its_source_and_what_is_unsure_says_so():
    for one in (each for versions in rules() for each in versions):
        assert one.source
        assert CONFIDENCE[one.confidence]["fr"]
        assert all(words("from")[line] for line in one.counts_from)
    unsure = {one[0].name for one in rules() if one[0].confidence is Confidence.TO_BE_CONFIRMED}
    assert {"health-report", "nis2-warning", "nis2-notification", "nis2-report", "order"} == unsure
    assert all("confirmer" in CONFIDENCE[one]["fr"] for one in ("secondary", "to-be-confirmed"))


def test_a_processor_notifies_nobody_and_alerts_at_once():
    found = duties_of(known("2026-11-24T23:40+01:00", role=Role.PROCESSOR), at("2026-11-25T02:50+01:00"))
    assert [one.state for one in found if one.rule.name == "notify"] == [DutyState.NOT_APPLICABLE]
    alert = lines(found, "alert-controllers")[From.DETECTED]
    assert (alert.state, alert.due_at) == (DutyState.DUE, None)
    assert says(alert, at("2026-11-25T02:50+01:00"), "fr") == "tout de suite, attendu depuis 3 h 10 min"
    house = lines(found, "alert-controllers-house")[From.DETECTED]
    assert (house.due_at, house.rule.confidence) == (at("2026-11-27T23:40+01:00"), Confidence.HOUSE)
    assert working(found) == house


@pytest.mark.parametrize(
    ("starts", "origin", "cause", "state", "due"),
    [
        ({}, (), "", DutyState.NOT_APPLICABLE, ""),
        ({}, ("publication",), "internal-accidental", DutyState.NOT_APPLICABLE, ""),
        ({}, ("lost-equipment",), "external-malicious", DutyState.NOT_APPLICABLE, ""),
        ({}, (), "external-malicious", DutyState.TO_DECIDE, "2026-11-27T23:40+01:00"),
        ({}, ("attack",), "", DutyState.DUE, "2026-11-27T23:40+01:00"),
        ({From.ATTACK_KNOWN: "2026-11-25T10:00+01:00"}, (), "", DutyState.DUE, "2026-11-28T10:00+01:00"),
        ({From.ATTACK_KNOWN: "2026-11-25T10:00+01:00"}, ("attack",), "", DutyState.DUE, "2026-11-28T10:00+01:00"),
    ],
)  # fmt: skip
def test_the_insurers_hours_run_where_a_fact_says_an_attack(starts, origin, cause, state, due):
    what = known("2026-11-24T23:40+01:00", origin=frozenset(origin), cause=cause)
    more = {one: Start(at(when), at(when)) for one, when in starts.items()}
    what = Known(starts={**what.starts, **more}, origin=what.origin, cause=what.cause)
    (found,) = lines(duties_of(what, at("2026-11-25T12:00+01:00")), "complain").values()
    assert (found.state, found.due_at) == (state, at(due) if due else None)


def test_an_attacked_processor_is_insured_too():
    what = known("2026-11-24T23:40+01:00", origin=frozenset({"attack"}), role=Role.PROCESSOR)
    (found,) = lines(duties_of(what, at("2026-11-25T12:00+01:00")), "complain").values()
    assert (found.state, found.due_at) == (DutyState.DUE, at("2026-11-27T23:40+01:00"))


def test_a_private_practice_is_told_that_a_voluntary_report_is_possible():
    (found,) = lines(duties_of(known("2026-11-24T23:40+01:00"), at("2026-11-25T12:00+01:00")), "health-report").values()
    assert (found.state, found.due_at) == (DutyState.NOT_APPLICABLE, None)
    assert "volontaire" in found.reason["fr"]
    assert "confirmer" in found.reason["fr"]


def test_a_late_notification_needs_its_reasons():
    now = at("2026-11-28T12:00+01:00")
    late = known("2026-11-24T10:00+01:00", aware="2026-11-24T12:00+01:00")
    (found,) = lines(duties_of(late, now), "notify-reasons").values()
    assert (found.state, found.starts_at, found.reason) == (DutyState.DUE, at("2026-11-27T10:00+01:00"), {})
    prudent = known("2026-11-24T10:00+01:00", aware="2026-11-26T12:00+01:00")
    (found,) = lines(duties_of(prudent, now), "notify-reasons").values()
    assert found.reason == words("reason")["prudent-alone"]
    sent = (Sent("initial", at("2026-11-25T10:00+01:00"), now),)
    (found,) = lines(duties_of(known("2026-11-24T10:00+01:00", sent=sent), now), "notify-reasons").values()
    assert found.state is DutyState.NOT_APPLICABLE


# -- read off files --


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def read(scene, made):
    return duties(scene.files.dossier(DOCTOR, made.id), scene.clock.now())


def test_a_breach_known_on_friday_is_due_on_monday(tmp_path):
    scene = Scene(tmp_path, at=at("2026-10-23T18:00+02:00"))
    found = working(read(scene, scene.opened()))
    assert local(found.due_at, PARIS, "en") == "Monday 26 October 2026 at 17:00 (UTC+01:00)"


def test_a_correction_of_awareness_shows_the_date_it_had_and_leaves_the_prudent_one(scene):
    made = scene.opened()
    scene.files.instant(DOCTOR, made.id, Which.AWARE, TUESDAY - timedelta(hours=5), "appel du technicien")
    scene.clock.advance(timedelta(days=4))
    scene.files.instant(DOCTOR, made.id, Which.AWARE, TUESDAY + timedelta(days=3), "relu")
    line = lines(read(scene, made), "notify")
    assert line[From.AWARE].due_at == TUESDAY + timedelta(days=6)
    assert line[From.AWARE].corrected == (TUESDAY + timedelta(hours=67),)
    assert (line[From.DETECTED].due_at, line[From.DETECTED].state) == (TUESDAY + timedelta(days=3), DutyState.OVERDUE)


def test_a_detection_corrected_forward_does_not_give_an_hour_more(scene):
    made = scene.opened()
    scene.clock.advance(timedelta(days=1))
    scene.files.instant(DOCTOR, made.id, Which.DETECTED, scene.clock.now(), "l'horloge retardait d'un jour")
    assert lines(read(scene, made), "notify")[From.DETECTED].due_at == TUESDAY + timedelta(days=3)


def test_a_file_opened_because_the_authority_wrote_has_a_prudent_line(scene):
    made = scene.opened(which=Which.AUTHORITY_WROTE, at=TUESDAY - timedelta(days=1))
    found = lines(read(scene, made), "notify")
    assert list(found) == [From.DETECTED]
    assert found[From.DETECTED].due_at == TUESDAY + timedelta(days=2)


def folded(*written, role=Role.CONTROLLER):
    """Fold entries (kind, hours after the detection, body) of a file that was detected on Tuesday."""
    file = File("inc_1", "cas_1", "ctl_1", role, TUESDAY)
    detected = {"which": "detected", "at": to_text(TUESDAY), "reason": "vu"}
    every = [(EntryKind.INSTANT, 0, detected), *written]
    entries = [
        Entry(f"ent_{seq}", file.id, seq, kind, TUESDAY + timedelta(hours=hours), "per_1", body)
        for seq, (kind, hours, body) in enumerate(every)
    ]
    return fold(file, entries)


def after(hours):
    return to_text(TUESDAY + timedelta(hours=hours))


def of(dossier, rule, hours=100):
    (found,) = [one for one in duties(dossier, TUESDAY + timedelta(hours=hours)) if one.rule.name == rule]
    return found


def drawn(kind, digest):
    return {"type": kind, "version": 1, "digest": digest, "content": {}}


def receipt(hours, notice=""):
    return EntryKind.RECEIPT, hours, {"number": "2026-1", "at": after(hours), "notice": notice}


INITIAL = (EntryKind.NOTICE, 1, drawn("initial", "d1"))  # ent_1


def test_a_receipt_ends_the_notification_and_a_notice_that_was_drawn_up_does_not():
    assert of(folded(INITIAL), "notify").state is DutyState.OVERDUE
    sent = folded(INITIAL, receipt(5, "ent_1"))
    assert of(sent, "notify").state is DutyState.DONE
    assert of(sent, "complete").due_at == TUESDAY + timedelta(hours=77)
    further = (EntryKind.NOTICE, 6, drawn("complementary", "d2"))
    assert of(folded(INITIAL, receipt(5, "ent_1"), further), "complete").state is DutyState.OVERDUE
    assert of(folded(INITIAL, receipt(5, "ent_1"), further, receipt(7, "d2")), "complete").state is DutyState.DONE


def test_a_receipt_of_nothing_we_drew_up_leaves_the_complement_asked_for():
    found = folded(receipt(5))
    assert of(found, "notify").state is DutyState.DONE
    assert of(found, "complete").due_at == TUESDAY + timedelta(hours=77)


def test_a_correction_does_not_complete_and_a_withdrawal_takes_back():
    for kind, notify_is, complete_is in (
        ("correction", DutyState.DONE, DutyState.OVERDUE),
        ("withdrawal", DutyState.OVERDUE, DutyState.NOT_APPLICABLE),
    ):
        found = folded(INITIAL, receipt(5, "ent_1"), (EntryKind.NOTICE, 6, drawn(kind, "d2")), receipt(7, "ent_3"))
        assert of(found, "notify").state is notify_is
        assert of(found, "complete").state is complete_is


@pytest.mark.parametrize("choice", ["register-only", "authority-knows"])
def test_a_decision_not_to_notify_is_said_and_the_prudent_date_stays_shown(choice):
    body = {"about": "notify", "choice": choice, "reason": "chiffré, clé intacte"}
    found = of(folded((EntryKind.DECISION, 2, body)), "notify")
    assert (found.state, found.due_at) == (DutyState.NOT_APPLICABLE, TUESDAY + timedelta(days=3))
    assert found.reason["fr"].startswith("Une personne a décidé")


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        ("tell", DutyState.DUE),
        ("public", DutyState.DUE),
        ("not-tell", DutyState.NOT_APPLICABLE),
        ("", DutyState.TO_DECIDE),
    ],
)
def test_people_are_told_at_once_where_a_person_decided_so(choice, state):
    body = {"about": "tell", "choice": choice, "reason": "risque élevé"}
    found = of(folded(*([(EntryKind.DECISION, 2, body)] if choice else [])), "tell-people")
    assert (found.state, found.due_at) == (state, None)


def test_people_who_were_told_are_a_fact():
    body = {"about": "tell", "choice": "tell", "reason": "risque élevé"}
    told = {"key": "telling", "value": "told", "standing": "declared"}
    assert of(folded((EntryKind.DECISION, 2, body), (EntryKind.FACT, 9, told)), "tell-people").state is DutyState.DONE


def test_lateness_that_is_explained_is_done_and_one_that_is_not_known_is_not():
    said = {"key": "lateness", "value": "alerte lue le lundi", "standing": "declared"}
    unknown = {"key": "lateness", "value": None, "standing": "unknown"}
    assert of(folded((EntryKind.FACT, 80, said)), "notify-reasons").state is DutyState.DONE
    assert of(folded((EntryKind.FACT, 80, unknown)), "notify-reasons").state is DutyState.DUE


def test_a_complaint_is_lodged_by_a_letter_to_the_police_or_as_a_person_says():
    attack = (EntryKind.FACT, 1, {"key": "origin", "value": ["attack"], "standing": "declared"})
    letter = {"direction": "sent", "other": "police", "at": after(75), "about": "plainte"}
    police = {"key": "authorities", "value": ["police"], "standing": "declared"}
    assert of(folded(attack), "complain").reason == words("reason")["attack-undated"]
    assert of(folded(attack, (EntryKind.CORRESPONDENCE, 75, letter)), "complain").over_by == timedelta(hours=3)
    said = of(folded(attack, (EntryKind.FACT, 80, police)), "complain")
    assert (said.state, said.done_at, said.over_by) == (DutyState.DONE, None, None)


ORDER = {"what": "order", "reference": "MED-2026-1", "about": "sceller", "at": after(4), "due": "2027-01-15"}


def test_an_order_has_the_date_that_it_gives():
    found = of(folded((EntryKind.ORDER, 5, ORDER)), "order")
    assert (found.due_at, found.starts_at, found.ref) == (
        at("2027-01-15T23:59+01:00"),
        TUESDAY + timedelta(hours=4),
        "ent_1",
    )
    postponed = {**ORDER, "what": "postponed", "at": after(6), "due": "2027-02-15T12:00+01:00"}
    assert of(folded((EntryKind.ORDER, 5, ORDER), (EntryKind.ORDER, 6, postponed)), "order").due_at == at(
        "2027-02-15T12:00+01:00"
    )


def test_an_order_is_complied_with_when_it_first_was_unless_that_is_taken_back():
    steps = [(EntryKind.ORDER, 5, ORDER)]
    for hours, done in ((10, True), (20, True), (30, False)):
        said = {"done_at": after(hours)} if done else {}
        steps.append((EntryKind.ORDER, hours, {**ORDER, "what": "compliance", "at": after(hours), **said}))
    assert of(folded(*steps[:3]), "order").done_at == TUESDAY + timedelta(hours=10)
    assert of(folded(*steps), "order").state is DutyState.DUE


def test_a_letter_is_answered_by_one_that_answers_it_or_what_it_corrects():
    letter = {"direction": "received", "other": "cnil", "at": after(0), "about": "pièces", "asked": ["registre"]}
    due = {**letter, "due": "2026-12-01T12:00:00+01:00"}
    answer = {"direction": "sent", "other": "cnil", "at": after(9), "about": "réponse", "answers": "ent_1"}
    first = (EntryKind.CORRESPONDENCE, 1, due)
    asks = of(folded(first), "reply")
    assert (asks.due_at, asks.ref, asks.state) == (at("2026-12-01T12:00+01:00"), "ent_1", DutyState.DUE)
    answered = (EntryKind.CORRESPONDENCE, 9, answer)
    assert of(folded(first, answered), "reply").state is DutyState.DONE
    corrected = (EntryKind.CORRESPONDENCE, 10, {**due, "corrects": "ent_1"})
    assert of(folded(first, answered, corrected), "reply").state is DutyState.DONE
    more = (EntryKind.CORRESPONDENCE, 10, {**due, "corrects": "ent_1", "asked": ["registre", "contrats"]})
    assert of(folded(first, answered, more), "reply").state is DutyState.DUE
    assert not [
        one for one in duties(folded((EntryKind.CORRESPONDENCE, 1, letter)), TUESDAY) if one.rule.name == "reply"
    ]


def test_a_date_that_cannot_be_read_is_asked_and_not_guessed():
    found = of(folded((EntryKind.ORDER, 5, {**ORDER, "due": "sous deux mois"})), "order")
    assert (found.state, found.due_at) == (DutyState.TO_DECIDE, None)


def test_a_processor_has_alerted_once_the_alert_was_received_or_a_letter_went():
    alert = [(EntryKind.NOTICE, 1, drawn("alert", "d1")), receipt(3, "ent_1")]
    letter = {"direction": "sent", "other": "controller", "at": after(2), "about": "alerte"}
    assert of(folded(*alert[:1], role=Role.PROCESSOR), "alert-controllers").state is DutyState.DUE
    assert of(folded(*alert, role=Role.PROCESSOR), "alert-controllers").done_at == TUESDAY + timedelta(hours=3)
    both = folded(*alert, (EntryKind.CORRESPONDENCE, 4, letter), role=Role.PROCESSOR)
    assert of(both, "alert-controllers-house").done_at == TUESDAY + timedelta(hours=2)


def test_the_dates_of_a_notification_are_given_by_line():
    aware = {"which": "aware", "at": after(5), "reason": "appel"}
    found = notification_dues(folded((EntryKind.INSTANT, 6, aware)))
    assert found == {From.DETECTED: TUESDAY + timedelta(hours=72), From.AWARE: TUESDAY + timedelta(hours=77)}
    assert notification_dues(folded(role=Role.PROCESSOR)) == {}


def test_two_files_that_are_merged_count_from_the_earlier_detection(scene):
    first = scene.opened()
    scene.clock.advance(timedelta(hours=30))
    second = scene.opened()
    scene.files.merge(DOCTOR, first.id, second.id, "le même portable")
    assert lines(read(scene, second), "notify")[From.DETECTED].due_at == TUESDAY + timedelta(days=3)


def test_every_duty_says_something_in_both_languages(scene):
    scene.files.open(DOCTOR, Origin.PERSON, "portable perdu", scene.house.controllers()[0].id)
    for one in read(scene, scene.opened()):
        for language in ("fr", "en"):
            assert says(one, scene.clock.now(), language)
            assert one.rule.label[language]
