"""A mail server that refuses half of the letters: exactly those are retried, none is sent twice."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest
from tests.twins.faulty_smtp import FaultySmtp
from tests.unit.incidents.kit import DOCTOR
from tests.unit.incidents.telling.kit import DRAFT, TellingScene, a_list, mailed, quick, way_to

from primum.incidents.model import EntryKind
from primum.incidents.telling.errors import NotToBeTold
from primum.incidents.telling.model import Channel, Fate

HALF_AN_HOUR = timedelta(minutes=30)


def who(at: int) -> str:
    return f"p{at}@example.org"


@contextmanager
def started(folder, script, count, **other):
    with FaultySmtp(folder, script, each_line=other.pop("each_line", 0)) as twin:
        scene = TellingScene(folder, way_to(twin), **other).ready(mailed(count))
        batch = scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        yield scene, twin, batch


def fates(scene):
    return {fate.value: number for fate, number in scene.standing().fates.items()}


def test_each_gets_one_letter_alone_with_an_id_of_ours_and_the_answer_is_kept(tmp_path):
    with started(tmp_path, {}, 3) as (scene, twin, batch):
        assert scene.sweep() == 3
        assert scene.sweep() == 0
    assert [to for to, _ in twin.messages] == [who(0), who(1), who(2)]
    for to, made in twin.messages:
        assert made["To"] == to
        assert made["From"] == "Cabinet du Dr Le Gall <cabinet@example.org>"
        assert made["Message-ID"].endswith("@example.org>")
        assert made.get_content_type() == "text/plain"
    assert len({made["Message-ID"] for _, made in twin.messages}) == 3
    assert fates(scene) == {"accepted": 3}
    (sent,) = scene.letters("sent")
    assert (sent["batch"], sent["count"], sent["counts"]) == (batch.id, 3, {"accepted": 3})


@pytest.mark.parametrize("fault", ["rcpt-5", "data-5", "end-5"])
def test_what_is_refused_for_good_is_not_tried_again_by_itself(tmp_path, fault):
    with started(tmp_path, {who(at): [fault] * 9 for at in range(0, 10, 2)}, 10) as (scene, twin, _):
        scene.sweep()
        scene.clock.advance(timedelta(days=6))
        scene.sweep()
    assert fates(scene) == {"accepted": 5, "refused": 5}
    assert set(twin.attempts.values()) == {1}
    assert twin.twice() == set()


@pytest.mark.parametrize("fault", ["rcpt-4", "data-4", "end-4", "hang-rcpt", "hang-data"])
def test_exactly_those_that_were_put_off_are_tried_again_and_the_others_are_not(tmp_path, fault):
    half = {who(at): [fault] for at in range(0, 10, 2)}
    with started(tmp_path, half, 10) as (scene, twin, _):
        scene.sweep()
        assert fates(scene) == {"accepted": 5, "deferred": 5}
        scene.clock.advance(HALF_AN_HOUR - timedelta(minutes=1))
        assert scene.sweep() == 0
        scene.clock.advance(timedelta(minutes=1))
        assert scene.sweep() == 5
    assert {to: twin.attempts[to] for to in half} == dict.fromkeys(half, 2)
    assert {twin.attempts[who(at)] for at in range(1, 10, 2)} == {1}
    assert twin.twice() == set()
    assert fates(scene) == {"accepted": 10}


def test_a_line_that_is_cut_in_the_middle_of_a_text_means_not_handed_over(tmp_path):
    """The dot that ends a letter is held back until the server has cut: so we know, and try again."""
    with started(tmp_path, {who(1): ["hang-text"]}, 3) as (scene, twin, _):
        patient_way(scene, twin)
        scene.sweep()
        assert fates(scene) == {"accepted": 2, "deferred": 1}
        scene.clock.advance(HALF_AN_HOUR)
        scene.sweep()
    assert fates(scene) == {"accepted": 3}
    assert twin.twice() == set()
    assert twin.attempts[who(1)] == 2


def patient_way(scene, twin):
    """Let the server cut, where it is going to, before the end of a letter goes."""
    real = scene.telling.way.conversation

    class Slow:
        def __init__(self, line):
            self.line, self.to = line, ""

        def offer(self, address):
            self.cuts = (list(twin.script.get(address, ())) or [""])[0] == "hang-text"
            return self.line.offer(address)

        def hand_over(self, message, before_end):
            return self.line.hand_over(message, lambda: before_end() and (not self.cuts or twin.cut.wait(10)))

    class Way:
        domain, letter = scene.telling.way.domain, scene.telling.way.letter

        @contextmanager
        def conversation(self):
            with real() as line:
                yield Slow(line)

    scene.telling = scene.again(Way())


@pytest.mark.parametrize(("fault", "taken"), [("taken-mute", 1), ("lost-mute", 0)])
def test_a_letter_whose_end_was_sent_without_an_answer_is_uncertain_and_a_person_decides(tmp_path, fault, taken):
    with started(tmp_path, {who(1): [fault]}, 3) as (scene, twin, batch):
        scene.sweep()
        scene.clock.advance(timedelta(days=6))
        scene.sweep()
        assert fates(scene) == {"accepted": 2, "uncertain": 1}
        assert twin.attempts[who(1)] == 1
        (shown,) = scene.telling.unsettled(DOCTOR, batch.id)
        assert [one.mail for one in shown.people] == [who(1)]
        assert scene.telling.settle(DOCTOR, batch.id, Fate.UNCERTAIN, "again", "rien dans le journal du serveur") == 1
        scene.sweep()
    assert fates(scene) == {"accepted": 3}
    ids = [named for named, to in twin.taken if to == who(1)]
    assert len(ids) == 1 + taken
    assert len(set(ids)) == 1  # the same Message-ID: whoever gets it twice is shown it once
    assert [one["choice"] for one in scene.letters("settled")] == ["again"]


def test_an_answer_to_an_attempt_before_is_not_shown_for_one_without_an_answer(tmp_path):
    with started(tmp_path, {who(0): ["rcpt-4", "taken-mute"]}, 1) as (scene, _, batch):
        scene.sweep()
        scene.clock.advance(HALF_AN_HOUR)
        scene.sweep()
        (shown,) = scene.telling.unsettled(DOCTOR, batch.id)
        assert (shown.letter.fate, shown.letter.code, shown.letter.detail) == (Fate.UNCERTAIN, 0, "")


def test_what_a_person_says_was_taken_is_not_sent_again(tmp_path):
    with started(tmp_path, {who(0): ["taken-mute"]}, 1) as (scene, twin, batch):
        scene.sweep()
        scene.telling.settle(DOCTOR, batch.id, Fate.UNCERTAIN, "taken", "vu dans les messages envoyés")
        scene.clock.advance(timedelta(days=1))
        scene.sweep()
    assert fates(scene) == {"accepted": 1}
    assert twin.attempts[who(0)] == 1
    assert len(scene.letters("sent")) == 2  # a proof each time that nothing is left


class Crash(BaseException):
    """The power went."""


def crashing(way, when):
    """Give a way on which the machine dies `when` the end of a letter was, or was not, answered."""

    class Line:
        def __init__(self, line):
            self.offer, self.line = line.offer, line

        def hand_over(self, message, before_end):
            if when == "before":

                def before_end(said=before_end):
                    raise Crash

            said = self.line.hand_over(message, before_end)
            raise Crash if when == "after" else AssertionError(said)

    class Way:
        domain, letter = way.domain, way.letter

        @contextmanager
        def conversation(self):
            with way.conversation() as line:
                yield Line(line)

    return Way()


def test_a_crash_between_the_servers_yes_and_our_writing_is_uncertain_and_never_sent_again_by_itself(tmp_path):
    with started(tmp_path, {}, 2) as (scene, twin, _):
        scene.telling = scene.again(crashing(way_to(twin), "after"))
        with pytest.raises(Crash):
            scene.sweep()
        scene.telling = scene.again(way_to(twin))
        assert scene.sweep() == 1  # the other one
        assert fates(scene) == {"sending": 1, "accepted": 1}
        scene.clock.advance(timedelta(minutes=11))
        scene.sweep()
        assert fates(scene) == {"uncertain": 1, "accepted": 1}
        scene.clock.advance(timedelta(days=6))
        assert scene.sweep() == 0
    assert len(twin.taken) == 2


def test_a_crash_before_the_end_was_sent_loses_nothing_and_repeats_nothing(tmp_path):
    with started(tmp_path, {}, 2) as (scene, twin, _):
        scene.telling = scene.again(crashing(way_to(twin), "before"))
        with pytest.raises(Crash):
            scene.sweep()
        assert twin.taken == []
        scene.telling = scene.again(way_to(twin))
        assert scene.sweep() == 2
    assert fates(scene) == {"accepted": 2}
    assert twin.twice() == set()


def test_a_clock_that_went_back_leaves_nothing_being_sent_for_ever(tmp_path):
    with started(tmp_path, {}, 1) as (scene, twin, _):
        scene.telling = scene.again(crashing(way_to(twin), "after"))
        with pytest.raises(Crash):
            scene.sweep()
        scene.clock.advance(timedelta(days=-1))
        scene.telling = scene.again(way_to(twin))
        scene.sweep()
    assert fates(scene) == {"uncertain": 1}


def test_a_server_that_hangs_up_after_two_letters_is_called_again_and_nothing_counts_as_tried(tmp_path):
    with started(tmp_path, {}, 7, each_line=2) as (scene, twin, _):
        assert scene.sweep() == 7
    assert set(twin.attempts.values()) == {1}
    assert fates(scene) == {"accepted": 7}


def test_a_letter_is_put_off_as_often_as_the_rules_say_and_then_given_up(tmp_path):
    with started(tmp_path, {who(0): ["rcpt-4"] * 20}, 1) as (scene, twin, batch):
        for _ in range(30):
            scene.sweep()
            scene.clock.advance(timedelta(hours=29))
        assert fates(scene) == {"given-up": 1}
        assert twin.attempts[who(0)] == len(scene.rules.retries) + 1
        assert scene.telling.settle(DOCTOR, batch.id, Fate.GIVEN_UP, "again", "adresse vérifiée") == 1
        scene.sweep()
    assert twin.attempts[who(0)] == len(scene.rules.retries) + 2


def test_no_more_leave_in_a_sweep_and_in_an_hour_than_the_rules_say(tmp_path):
    with started(tmp_path, {}, 10, rules=quick(each_sweep=4, each_hour=6)) as (scene, twin, _):
        assert [scene.sweep() for _ in range(3)] == [4, 2, 0]
        scene.clock.advance(timedelta(hours=1))
        assert scene.sweep() == 4
    assert len(twin.taken) == 10


def test_a_server_that_is_not_there_is_left_alone_for_a_while_and_the_file_says_so(tmp_path):
    with started(tmp_path, {}, 1) as (scene, *_):
        pass
    assert scene.sweep() == 0
    (progress,) = scene.standing().batches
    assert (progress.batch.trouble, progress.left) == ("conversation", 1)
    scene.clock.advance(timedelta(minutes=14))
    assert scene.standing().batches[0].batch.trouble_at < scene.clock.now()
    assert fates(scene) == {"waiting": 1}


def test_three_lines_cut_one_after_the_other_end_the_sweep(tmp_path):
    with started(tmp_path, {who(at): ["hang-rcpt"] for at in range(5)}, 5) as (scene, twin, _):
        assert scene.sweep() == 3
        assert scene.standing().batches[0].batch.trouble == "line"
        assert scene.sweep() == 0
        scene.clock.advance(timedelta(minutes=15))
        assert scene.sweep() == 2
        scene.clock.advance(timedelta(minutes=45))
        scene.sweep()
    assert fates(scene) == {"accepted": 5}
    assert twin.twice() == set()


def test_a_decision_that_is_withdrawn_stops_what_has_not_left(tmp_path):
    with started(tmp_path, {}, 3, rules=quick(each_sweep=1)) as (scene, *_):
        scene.sweep()
        scene.decide("not-tell")
        assert scene.sweep() == 0
        scene.decide("tell")
        assert scene.sweep() == 1
        scene.files.write(DOCTOR, scene.file.id, EntryKind.CLOSED, {"reason": "fermé trop tôt"})
        assert scene.sweep() == 0
        scene.files.write(DOCTOR, scene.file.id, EntryKind.REOPENED, {"reason": "trop tôt"})
        assert scene.sweep() == 1
    assert fates(scene) == {"accepted": 3}


def test_a_batch_that_a_person_stops_sends_no_more_and_its_people_can_be_told_again(tmp_path):
    with started(tmp_path, {}, 3, rules=quick(each_sweep=1)) as (scene, twin, batch):
        scene.sweep()
        assert scene.telling.stop_batch(DOCTOR, batch.id, "faute dans le texte") == 2
        assert scene.sweep() == 0
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        for _ in range(3):
            scene.sweep()
    assert {to for _, to in twin.taken} == {who(0), who(1), who(2)}
    assert len(twin.taken) == 3


def test_a_second_batch_of_the_same_text_writes_to_nobody_who_has_or_may_have_a_letter(tmp_path):
    script = {who(0): ["taken-mute"], who(1): ["rcpt-5"] * 3, who(2): ["rcpt-4"]}
    with started(tmp_path, script, 4) as (scene, twin, _):
        scene.sweep()
        with pytest.raises(NotToBeTold, match="nobody is left"):
            scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        more = a_list(
            "P0;Personne 0;P0@Example.org;;;;", "P1;Personne 1;new@example.org;;;;", "P9;Autre;p9@example.org;;;;"
        )
        scene.telling.take_list(DOCTOR, scene.file.id, more, "export corrigé")
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        scene.sweep()
    assert {to for _, to in twin.taken} == {who(0), who(3), "new@example.org", "p9@example.org"}
    assert twin.attempts[who(0)] == 1


def test_who_share_an_address_get_one_letter_and_are_all_told(tmp_path):
    rows = ["P1;Zoé;home@example.org;;;;fr", "P2;Ann;Home@example.org;;;;en", "P3;Bob;bob@example.org;;;;"]
    with FaultySmtp(tmp_path) as twin:
        scene = TellingScene(tmp_path, way_to(twin)).ready(a_list(*rows))
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        scene.sweep()
    assert [to for to, _ in twin.messages] == ["home@example.org", "bob@example.org"]
    assert "Dear Sir or Madam" in twin.messages[0][1].get_content()
    assert scene.standing().told == 3


def test_the_proof_has_ids_and_codes_and_nobodys_address(tmp_path):
    with started(tmp_path, {who(1): ["end-5"]}, 2) as (scene, twin, batch):
        scene.sweep()
    (sent,) = scene.letters("sent")
    kept, body = scene.files.document(DOCTOR, scene.file.id, sent["document"])
    told = json.loads(body)
    assert kept.sha256 == sent["digest"]
    assert [(one["code"], one["detail"], one["fate"]) for one in told["letters"]] == [
        (250, "2.0.0", "accepted"), (552, "5.2.2", "refused"),
    ]  # fmt: skip
    assert (told["letters"][0]["message_id"], who(0)) == twin.taken[0]
    assert (told["letter"], told["batch"], told["counts"]["accepted"]) == (DRAFT.digest, batch.id, 1)
    assert b"p0@" not in body
    assert b"Personne" not in body


def test_an_erased_patient_gets_no_letter_and_is_still_counted(tmp_path):
    with started(tmp_path, {who(1): ["rcpt-4"]}, 3) as (scene, twin, _):
        scene.sweep()
        assert scene.telling.forget("P1", "P2") == 2
        scene.clock.advance(timedelta(days=6))
        scene.sweep()
    standing = scene.standing()
    assert (standing.people, standing.erased, fates(scene)) == (3, 2, {"accepted": 2, "erased": 1})
    assert twin.attempts[who(1)] == 1
    assert len(scene.letters("sent")) == 1
    with scene.engine.begin() as tx:
        kept = tx.exec_driver_sql("SELECT * FROM telling_people WHERE gone = 'erased'").fetchall()
    assert "Personne" not in str(kept)
    assert "example.org" not in str(kept)


def test_two_sweeps_at_once_send_nothing_twice(tmp_path):
    """A second process that has picked the same letters: whoever writes first that an end goes, sends it."""
    with started(tmp_path, {}, 4) as (scene, twin, _):
        other, real = scene.again(way_to(twin)), scene.telling.way.conversation

        class Way:
            domain, letter = scene.telling.way.domain, scene.telling.way.letter
            swept = False

            @contextmanager
            def conversation(self):
                if not self.swept:
                    self.swept = True
                    other.send_due(scene.clock.now())
                with real() as line:
                    yield line

        scene.telling = scene.again(Way())
        scene.sweep()
    assert twin.twice() == set()
    assert len(twin.taken) == 4
    assert fates(scene) == {"accepted": 4}
