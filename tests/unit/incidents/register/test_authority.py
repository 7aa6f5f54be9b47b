from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from tests.unit.incidents.kit import DOCTOR, DPO, SECRETARY, TUESDAY, Scene

from primum.ground.clock import from_text, to_text
from primum.identity import NotPermitted
from primum.incidents.correspondence import Other, Procedure
from primum.incidents.dossier import fold
from primum.incidents.model import BadEntry, BadInstant, Entry, EntryKind, Evidence, File, Role
from primum.incidents.register.authority import Stand, dealings
from primum.incidents.register.verbs import Authority

DAY = timedelta(days=1)


class Dealt(Scene):
    """A file with its letters; the clock is moved by days."""

    def __init__(self, folder):
        super().__init__(folder)
        self.file = self.opened().id
        self.letters = Authority(self.files)

    def later(self, days):
        self.clock.advance(days * DAY)

    def now(self):
        return self.clock.now()

    def questioned(self, *asked, days=15):
        due = self.now() + days * DAY
        return self.letters.received(
            DPO, self.file, other=Other.CNIL, at=self.now(), about="contrôle", reference="CTX-2026-118",
            asked=asked or ("volumétrie", "registre", "mesures prises, avec leurs dates"), due=due,
        )  # fmt: skip

    def answered(self, letter, *parts):
        return self.letters.sent(
            DPO, self.file, other=Other.CNIL, at=self.now(), about="réponse", answers=letter.id, parts=parts
        )

    def ordered(self, daily=100, ceiling=None, **more):
        return self.letters.order(
            DPO, self.file, reference="SAN-2027-001", asked="fermer l'accès au serveur d'images",
            notified_at=self.now(), due=self.now() + 30 * DAY, daily=daily, ceiling=ceiling, **more,
        )  # fmt: skip

    def stand(self):
        return self.letters.stand(DPO, self.file)


@pytest.fixture
def scene(tmp_path):
    return Dealt(tmp_path)


def test_what_one_letter_asks_is_waited_for_thing_by_thing(scene):
    letter = scene.questioned()
    scene.later(3)
    scene.answered(letter, 1)
    waiting = scene.stand().waiting()
    assert [one.asked for one in waiting] == ["volumétrie", "mesures prises, avec leurs dates"]
    assert {one.stand for one in waiting} == {Stand.OPEN}


def test_the_letter_that_answers_the_last_part_answers_the_whole(scene):
    """What counts letters alone (the clock) sees it as answered then, and not before."""
    letter = scene.questioned()
    assert "answers" not in scene.answered(letter, 0, 2).body
    assert scene.answered(letter, 1).body["answers"] == letter.id
    assert scene.stand().waiting() == ()


def test_a_part_never_passes_for_the_whole(scene):
    letter = scene.questioned()
    body = {"direction": "sent", "other": "cnil", "at": to_text(scene.now()), "about": "r", "answers": letter.id}
    with pytest.raises(BadEntry, match="not answered yet"):
        scene.files.write(DPO, scene.file, EntryKind.CORRESPONDENCE, {**body, "parts": [0]})


def test_an_unanswered_request_says_how_late_it_is(scene):
    scene.questioned(days=15)
    scene.later(17)
    assert {(one.stand, one.late) for one in scene.stand().requests} == {(Stand.LATE, 2 * DAY)}


def test_a_late_answer_stays_late_and_grows_no_later(scene):
    letter = scene.questioned("volumétrie", days=2)
    scene.later(3)
    answer = scene.answered(letter)
    scene.later(40)
    (one,) = scene.stand().requests
    assert (one.stand, one.late, one.answered_by) == (Stand.DONE_LATE, DAY, answer.id)


def test_what_is_due_at_an_instant_is_not_late_at_that_instant(scene):
    scene.questioned(days=1)
    scene.later(1)
    assert {one.stand for one in scene.stand().requests} == {Stand.OPEN}


def test_the_authority_gives_more_time_and_what_was_answered_stays_answered(scene):
    letter = scene.questioned(days=5)
    scene.answered(letter, 0)
    later = scene.letters.more_time(
        DPO, scene.file, letter.id, at=scene.now(), about="délai accordé", due=scene.now() + 20 * DAY
    )
    scene.later(10)
    stands = scene.stand()
    assert [one.stand for one in stands.requests] == [Stand.DONE, Stand.OPEN, Stand.OPEN]
    assert [one.corrected_by for one in stands.letters] == [later.id, "", ""]
    with pytest.raises(BadEntry, match="letter of this file"):
        scene.answered(letter)  # another stands in its place
    scene.answered(later, 1, 2)
    assert scene.stand().waiting() == ()


def test_a_bare_day_ends_at_its_last_minute(scene):
    """A letter says a day; TUESDAY is 23:40 in Paris."""
    scene.letters.received(
        DPO, scene.file, other=Other.CNIL, at=TUESDAY, about="x", asked=["y"], due=date(2026, 11, 25)
    )
    paris = ZoneInfo("Europe/Paris")
    (one,) = dealings(scene.files.dossier(DPO, scene.file), TUESDAY, paris).requests
    assert one.due.astimezone(paris) == datetime(2026, 11, 25, 23, 59, tzinfo=paris)


def test_a_slip_is_corrected_and_stays_visible(scene):
    wrong = scene.questioned("volumetrie", days=2)
    right = scene.letters.received(
        DPO, scene.file, other=Other.CNIL, at=scene.now(), about="contrôle", asked=["volumétrie"], corrects=wrong.id
    )
    assert [one.id for one in scene.stand().requests] == [f"{right.id}#0"]
    assert len(scene.stand().letters) == 2


def test_a_letter_without_a_date_is_never_late(scene):
    scene.letters.received(DPO, scene.file, other=Other.INSURER, at=scene.now(), about="sinistre", asked=["devis"])
    scene.later(400)
    assert scene.stand().requests[0].stand is Stand.OPEN


def test_an_answer_is_to_a_letter_of_this_file_and_not_before_it(scene):
    letter = scene.questioned()
    with pytest.raises(BadInstant, match="before"):
        scene.letters.sent(DPO, scene.file, other=Other.CNIL, at=scene.now() - DAY, about="r", answers=letter.id)
    with pytest.raises(BadEntry, match="letter of this file"):
        scene.letters.sent(DPO, scene.file, other=Other.CNIL, at=scene.now(), about="r", answers="ent_nothing")
    for parts in ([3], [-1]):
        with pytest.raises(BadEntry, match="numbers"):
            scene.answered(letter, *parts)


@pytest.mark.parametrize("body", [
    {"direction": "lost"}, {"other": "neighbour"}, {"about": "  "}, {"due": to_text(TUESDAY + DAY)},
    {"asked": "volumétrie"}, {"asked": [1]}, {"asked": ["x"] * 61}, {"asked": ["x" * 301]}, {"answers": "ent_x"},
    {"parts": [0]},
    {"asked": ["x"], "due": to_text(TUESDAY - DAY)}, {"asked": ["x"], "due": "demain"}, {"asked": ["x"], "due": 3},
    {"corrects": "ent_x"}, {"direction": "sent", "asked": ["x"]}, {"direction": "sent", "parts": [0]},
    {"direction": "sent", "in_part_of": "ent_x"}, {"asked": ["x"], "due": "2026-02-31"},
    {"at": to_text(TUESDAY + DAY)},
])  # fmt: skip
def test_a_letter_that_cannot_be_is_refused(scene, body):
    whole = {"direction": "received", "other": "cnil", "at": to_text(TUESDAY), "about": "contrôle"} | body
    before = len(scene.files.dossier(DPO, scene.file).entries)
    with pytest.raises((BadEntry, BadInstant)):
        scene.files.write(DPO, scene.file, EntryKind.CORRESPONDENCE, whole, document=("a.pdf", b"%PDF"))
    assert len(scene.files.dossier(DPO, scene.file).entries) == before
    assert scene.files.documents(DPO, scene.file) == []


def test_a_letter_keeps_its_document_and_both_are_journaled(scene):
    letter = scene.letters.received(
        DPO, scene.file, other=Other.CNIL, at=scene.now(), about="contrôle", document=("courrier.pdf", b"%PDF-1.7")
    )
    (kept,) = scene.files.documents(DPO, scene.file)
    assert letter.body["document"] == kept.id
    journaled = {facts["entry"] for kind, _, _, facts in scene.told.facts if kind == "incident:entry"}
    assert journaled == {one.id for one in scene.files.dossier(DPO, scene.file).entries}


def test_a_secretary_writes_no_letter(scene):
    with pytest.raises(NotPermitted):
        scene.letters.sent(SECRETARY, scene.file, other=Other.CNIL, at=scene.now(), about="x")


def test_french_spaces_are_text(scene):
    """A colon has one before it, thousands have one between: as word processors write them."""
    typed = "volumétrie\u202f: 1\u00a0200 séries"
    letter = scene.questioned(typed)
    scene.files.answer(DPO, scene.file, "story", typed)
    assert letter.body["asked"] == [typed]
    with pytest.raises(BadEntry):
        scene.questioned("a\u200bb")


def test_nothing_is_counted_before_an_order_is_due(scene):
    scene.ordered()
    scene.later(30)
    (one,) = scene.stand().orders
    assert (one.stand, one.at_most) == (Stand.OPEN, None)


def test_days_begun_after_the_due_date_times_the_daily_amount(scene):
    """SAN-2020-015 and its like: so many euros a day of delay, once liquidated by a decision of its own."""
    scene.ordered(daily=100)
    scene.later(32.5)
    at_most = scene.stand().orders[0].at_most
    assert (at_most.days, at_most.euros, at_most.above_the_law) == (3, 300, False)
    assert at_most.rule.confidence == "to-be-confirmed"
    assert "art. 20" in at_most.rule.source


def test_an_orders_own_ceiling_holds(scene):
    scene.ordered(daily=500, ceiling=2000)
    scene.later(60)
    assert scene.stand().orders[0].at_most.euros == 2000


def test_an_amount_above_the_law_is_shown_to_be_read_again(scene):
    scene.ordered(daily=500, procedure=Procedure.SIMPLIFIED)
    scene.later(31)
    assert scene.stand().orders[0].at_most.above_the_law


def test_evidence_of_the_whole_ends_the_count_and_a_part_does_not(scene):
    order = scene.ordered()
    scene.later(31)
    scene.letters.comply(DPO, scene.file, order.id, at=scene.now(), about="port fermé", complete=False)
    assert scene.stand().orders[0].at_most is not None
    scene.letters.comply(
        DOCTOR, scene.file, order.id, at=scene.now(), about="contrôle extérieur : fermé", complete=True,
        evidence=[Evidence("run", "a" * 64)],
    )  # fmt: skip
    (one,) = scene.stand().orders
    assert (one.stand, one.late, one.at_most) == (Stand.DONE_LATE, DAY, None)
    assert [each.complete for each in one.compliance] == [False, True]


def test_who_finds_that_it_is_not_done_after_all_takes_it_back(scene):
    order = scene.ordered()
    scene.letters.comply(DPO, scene.file, order.id, at=scene.now(), about="fermé", complete=True)
    scene.letters.comply(DPO, scene.file, order.id, at=scene.now(), about="rouvert par une mise à jour", complete=False)
    assert scene.stand().orders[0].stand is Stand.OPEN


def test_an_order_is_closed_by_whoever_made_it(scene):
    order = scene.ordered()
    scene.later(2)
    scene.letters.closed(DPO, scene.file, order.id, other=Other.CNIL, at=scene.now(), about="clôture")
    scene.later(100)
    (one,) = scene.stand().orders
    assert (one.stand, one.closed_by, one.late, one.at_most) == (Stand.CLOSED, "cnil", timedelta(0), None)


def test_an_order_may_be_postponed(scene):
    order = scene.ordered()
    scene.letters.postponed(DPO, scene.file, order.id, at=scene.now(), about="délai", due=scene.now() + 90 * DAY)
    scene.later(40)
    assert scene.stand().orders[0].stand is Stand.OPEN


def test_each_step_of_an_order_says_which_and_until_when(scene):
    """What reads the last entry of a reference alone (the clock) finds the due date there, and when it was done."""
    order = scene.ordered()
    later = scene.now() + 90 * DAY
    scene.letters.postponed(DPO, scene.file, order.id, at=scene.now(), about="délai", due=later)
    done = scene.letters.comply(DPO, scene.file, order.id, at=scene.now(), about="fait", complete=True)
    assert (done.body["reference"], done.body["due"]) == ("SAN-2027-001", to_text(later))
    assert done.body["done_at"] == to_text(scene.now())


@pytest.mark.parametrize("body", [
    {"what": "threat"}, {"due": None}, {"due": to_text(TUESDAY - DAY)}, {"daily": -1}, {"daily": 1.5}, {"daily": True},
    {"daily": 10**9}, {"ceiling": "100"}, {"procedure": "fast"}, {"reference": " "}, {"about": ""},
    {"what": "compliance", "order": "ent_x", "complete": True}, {"what": "closed", "order": "ent_x", "other": "cnil"},
    {"corrects": "ent_x"}, {"due": ""},
])  # fmt: skip
def test_an_order_that_cannot_be_is_refused(scene, body):
    whole = {
        "what": "order", "reference": "SAN-1", "about": "fermer", "at": to_text(TUESDAY),
        "due": to_text(TUESDAY + DAY), "daily": 100, "procedure": "ordinary",
    } | body  # fmt: skip
    with pytest.raises((BadEntry, BadInstant)):
        scene.files.write(DPO, scene.file, EntryKind.ORDER, whole)


def test_steps_of_an_order_say_what_they_must(scene):
    order = scene.ordered()
    for wrong in (
        {"what": "compliance"},
        {"what": "closed", "other": "me"},
        {"what": "postponed", "reference": "other"},
    ):
        step = {**order.body, "order": order.id} | wrong
        with pytest.raises(BadEntry):
            scene.files.write(DPO, scene.file, EntryKind.ORDER, step)


# -- for any letters at all --

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.integers(0, 2000)


@st.composite
def folded(draw):
    """A file with letters received and sent in any order of writing."""
    asked = draw(st.lists(st.tuples(HOURS, st.integers(1, 4), st.none() | HOURS), max_size=6))
    entries = [
        _entry(seq, at, {"direction": "received", "asked": ["x"] * many}
               | ({} if due is None else {"due": to_text(START + timedelta(hours=at + due))}))
        for seq, (at, many, due) in enumerate(asked)
    ]  # fmt: skip
    received = tuple(entries)
    for at in draw(st.lists(HOURS, max_size=5)) if received else ():
        one = draw(st.sampled_from(received))
        parts = draw(st.sets(st.integers(0, len(one.body["asked"]) - 1)))
        said = {"in_part_of": one.id, "parts": sorted(parts)} if parts else {"answers": one.id}
        entries.append(_entry(len(entries), 2000 + at, {"direction": "sent"} | said))
    return fold(File("inc_x", "cas_x", "ctl_x", Role.CONTROLLER, START), draw(st.permutations(entries)))


def _entry(seq, at, body):
    whole = {"other": "cnil", "about": "x", "at": to_text(START + timedelta(hours=at))} | body
    return Entry(f"ent_{seq}", "inc_x", seq, EntryKind.CORRESPONDENCE, START, "per_x", whole)


@given(folded(), HOURS, HOURS)
def test_each_thing_asked_is_one_request_either_waiting_or_answered_first(dossier, hours, more):
    now = START + timedelta(hours=hours)
    stands = dealings(dossier, now)
    asked = sum(len(one.asked) for one in stands.letters)
    answered = [one for one in stands.requests if one.answered_at is not None]
    assert len(stands.requests) == asked == len(stands.waiting()) + len(answered)
    for one in answered:
        entry, _, number = one.id.partition("#")
        others = [
            each.body for each in dossier.entries if entry in {each.body.get("answers"), each.body.get("in_part_of")}
        ]
        own = [from_text(body["at"]) for body in others if int(number) in body.get("parts", [int(number)])]
        assert one.answered_at == min(own)
    later = dealings(dossier, now + timedelta(hours=more))
    for one, then in zip(stands.requests, later.requests, strict=True):
        assert timedelta(0) <= one.late <= then.late
        assert (one.late > timedelta(0)) == (one.stand in {Stand.LATE, Stand.DONE_LATE})
        assert one.due is not None or one.late == timedelta(0)


@given(folded(), HOURS)
def test_a_further_answer_never_reopens_a_request(dossier, hours):
    now = START + timedelta(hours=hours)
    before = dealings(dossier, now)
    letters = [one.entry for one in before.letters if one.asked]
    more = [_entry(1000 + at, 5000, {"direction": "sent", "answers": one}) for at, one in enumerate(letters)]
    after = dealings(replace(dossier, entries=(*dossier.entries, *more)), now)
    assert after.waiting() == ()
    for one, then in zip(before.requests, after.requests, strict=True):
        assert one.answered_at is None or one == then
