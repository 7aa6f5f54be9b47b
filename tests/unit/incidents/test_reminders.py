import tomllib
from datetime import timedelta
from importlib.resources import files as resources
from zoneinfo import ZoneInfo

import pytest
from tests.unit.incidents.kit import DOCTOR, DPO, MINE, THEIRS, TUESDAY, Scene

from primum.ground.clock import to_text
from primum.ground.outbound import MailRefused
from primum.incidents.dossier import fold
from primum.incidents.due_reminders import due_reminders, fingerprint, mail_of
from primum.incidents.jobs import reminder_job
from primum.incidents.model import Entry, EntryKind, File, Role as FileRole, Which
from primum.incidents.reminders import remind
from primum.incidents.rules.dated import BadRules
from primum.incidents.rules.reminding import read_reminder_rules, reminder_rules

PARIS = ZoneInfo("Europe/Paris")
LE_GALL, CLARKE = ("le.gall@example.org", "fr"), ("clarke@example.org", "en")


class Post:
    """A way to mail that keeps what it took, and refuses some."""

    def __init__(self, *refuses):
        self.taken, self.refuses = [], set(refuses)

    def __call__(self, addresses, subject, text, at):
        (address,) = addresses
        if address in self.refuses:
            raise MailRefused(step="some addressees")
        self.taken.append((address, subject, text, at))

    def to(self, address):
        return [text for one, _, text, _ in self.taken if one == address]


class Night:
    """A scene with a post and those who are reminded."""

    def __init__(self, folder, *addressees, post=None, controllers=(MINE,)):
        self.scene, self.post = Scene(folder, *controllers), post or Post()
        self.addressees = {MINE.id: addressees or (LE_GALL,)}

    def sweep(self):
        return remind(self.scene.files, self.post, lambda one: self.addressees.get(one, ()), self.scene.clock.now())

    def after(self, **span):
        self.scene.clock.advance(timedelta(**span))
        return self.sweep()

    def written(self, made, *names):
        read = self.scene.files.dossier(DOCTOR, made.id)
        entries = [one.body for one in read.of_kind(EntryKind.REMINDER)]
        return [tuple(body[name] for name in names) for body in entries] if names else entries


@pytest.fixture
def night(tmp_path):
    return Night(tmp_path)


def test_a_file_is_reminded_before_at_and_after_its_prudent_date_and_each_time_once(night):
    made = night.scene.opened()
    for _ in range(12 * 24 * 5):  # five days, every five minutes
        night.sweep()
        night.scene.clock.advance(timedelta(minutes=5))
    steps = [step for step, outcome in night.written(made, "step", "outcome") if outcome == "sent"]
    assert steps == ["before-72h", "before-48h", "before-24h", "before-6h", "at", "after-1"]
    assert len(night.post.taken) == 6
    hours = [(at - TUESDAY) / timedelta(hours=1) for *_, at in night.post.taken]
    assert hours == [0, 24, 48, 66, 72, 96]
    assert not any("Ce rappel" in text for text in night.post.to(LE_GALL[0]))


def test_a_sweep_that_runs_twice_sends_nothing_twice(night):
    night.scene.opened()
    assert (night.sweep(), night.sweep(), night.after(hours=1)) == (1, 0, 0)
    assert len(night.post.taken) == 1


def test_a_mail_names_a_file_and_an_instant_and_nothing_else(tmp_path):
    night = Night(tmp_path, LE_GALL, CLARKE)
    made = night.scene.opened()
    night.after(hours=66, minutes=0, seconds=30)
    (french,), (english,) = night.post.to(LE_GALL[0]), night.post.to(CLARKE[0])
    assert f"Le dossier {made.id} attend.\n" in french
    assert (
        "Échéance : vendredi 27 novembre 2026 à 23:40 (UTC+01:00). À l'envoi de ce message, il reste 5 h 59 min."
        in french
    )
    assert "Due: Friday 27 November 2026 at 23:40 (UTC+01:00). When this message was sent: 5 h 59 min left." in english
    shown = "\n".join((*night.post.taken[0][1:3], *night.post.taken[1][1:3])).lower()
    for said in ("le gall", "cabinet", "portable", "train", "violation", "breach", "patient", "cnil", "http"):
        assert said not in shown


def test_after_a_stopped_night_one_reminder_goes_and_says_how_late(night):
    made = night.scene.opened()
    night.sweep()
    night.after(hours=53, minutes=7)  # 48 h and 24 h before were missed
    assert night.written(made, "step", "late_minutes", "outcome")[2:] == [
        ("before-24h", 307, "sending"), ("before-24h", 307, "sent"),
    ]  # fmt: skip
    text = night.post.to(LE_GALL[0])[-1]
    assert (
        "Ce rappel devait partir le jeudi 26 novembre 2026 à 23:40 (UTC+01:00) : il part 5 h 7 min plus tard." in text
    )
    assert night.sweep() == 0


def test_a_reminder_of_something_overdue_says_by_how_much(night):
    night.scene.opened()
    night.after(days=4, hours=5, minutes=12)
    (text,) = night.post.to(LE_GALL[0])
    assert "en retard de 1 j 5 h 12 min" in text
    assert "il part 5 h 12 min plus tard" in text


def test_a_file_that_is_opened_late_is_reminded_at_once_and_the_reminder_is_not_late(night):
    made = night.scene.opened(at=TUESDAY - timedelta(hours=50))
    night.after(minutes=3)
    assert night.written(made, "step", "late_minutes")[0] == ("before-24h", 0)
    assert "Ce rappel" not in night.post.to(LE_GALL[0])[0]


def test_an_awareness_that_is_said_later_is_reminded_for_itself(night):
    made = night.scene.opened()
    night.sweep()
    night.scene.clock.advance(timedelta(hours=20))
    night.scene.files.instant(DOCTOR, made.id, Which.AWARE, night.scene.clock.now(), "lu le rapport")
    assert night.sweep() == 1
    assert night.written(made, "counts_from", "due_at")[-1] == ("aware", to_text(TUESDAY + timedelta(hours=92)))
    night.after(hours=4)
    assert night.written(made, "counts_from", "step")[-1] == ("detected-first", "before-48h")


def test_what_was_notified_is_reminded_no_more_but_its_complement_is(night):
    made = night.scene.opened()
    night.sweep()
    night.scene.clock.advance(timedelta(hours=10))
    receipt = {"number": "2026-1234", "at": to_text(night.scene.clock.now())}
    night.scene.files.write(DPO, made.id, EntryKind.RECEIPT, receipt)
    night.sweep()
    night.after(hours=80)
    assert {rule for (rule,) in night.written(made, "rule")[2:]} == {"complete"}


def test_where_nothing_can_be_mailed_the_file_says_so_once(night):
    made = night.scene.opened()
    night.post = None
    assert (night.sweep(), night.after(minutes=5)) == (1, 0)
    assert night.written(made, "outcome") == [("no-mail",)]


def test_where_nobody_has_an_address_the_file_says_so(night):
    made = night.scene.opened()
    night.addressees = {}
    assert night.sweep() == 1
    assert night.written(made, "outcome") == [("nobody",)]
    assert night.post.taken == []


def test_only_those_whom_the_server_refused_are_tried_again_and_nobody_twice(tmp_path):
    night = Night(tmp_path, LE_GALL, CLARKE, post=Post(CLARKE[0]))
    made = night.scene.opened()
    night.sweep()
    last = night.written(made)[-1]
    assert (last["outcome"], last["sent"], last["refused"]) == ("refused", 1, [fingerprint(CLARKE[0])])
    assert night.after(minutes=5) == 0
    night.post.refuses.clear()
    assert night.after(minutes=25) == 1
    assert (len(night.post.to(LE_GALL[0])), len(night.post.to(CLARKE[0]))) == (1, 1)
    assert "it goes 30 min later" in night.post.to(CLARKE[0])[0]
    assert night.after(minutes=35) == 0


def test_a_server_that_is_gone_is_asked_four_times_and_then_at_the_next_reminder(tmp_path):
    night = Night(tmp_path, post=Post(LE_GALL[0]))
    made = night.scene.opened()
    for _ in range(12 * 20):
        night.after(minutes=5)
    assert [one for (one,) in night.written(made, "outcome")].count("refused") == 4
    night.post.refuses.clear()
    night.after(hours=5)
    assert night.written(made, "step", "outcome")[-1] == ("before-48h", "sent")


def test_no_address_is_written_into_a_file(tmp_path):
    night = Night(tmp_path, LE_GALL, CLARKE, post=Post(CLARKE[0]))
    made = night.scene.opened()
    night.sweep()
    assert "@" not in str(night.written(made))


def test_what_was_being_sent_when_the_machine_stopped_is_not_sent_again(night):
    made = night.scene.opened()

    class Stopped(BaseException):
        pass

    def stops(*_):
        raise Stopped

    post, night.post = night.post, stops
    with pytest.raises(Stopped):
        night.sweep()
    night.post = post
    assert night.after(minutes=5) == 0
    assert night.written(made, "outcome") == [("sending",)]
    assert night.after(hours=24) == 1


def test_two_sweeps_at_once_send_one_mail(night):
    """The second sweep begins while the first is mailing."""
    night.scene.opened()
    inner = []

    def post(addresses, subject, text, at):
        inner.append(night.sweep())

    first, night.post = night.post, post
    assert night.sweep() == 1
    assert inner == [0]
    assert first.taken == []


def test_a_closed_file_is_reminded_of_papers_alone_and_a_merged_one_of_nothing(night):
    first, second = night.scene.opened(), night.scene.opened()
    night.sweep()
    night.scene.files.merge(DOCTOR, first.id, second.id, "le même")
    night.scene.files.write(DOCTOR, second.id, EntryKind.CLOSED, {"reason": "fini"})
    before = len(night.post.taken)
    assert night.after(days=10) == 0
    assert len(night.post.taken) == before


def folded(*written):
    """Fold entries (kind, hours after the detection, body) of a file that was detected on Tuesday."""
    file = File("inc_1", "cas_1", MINE.id, FileRole.CONTROLLER, TUESDAY, exercise=True)
    every = [(EntryKind.INSTANT, 0, {"which": "detected", "at": to_text(TUESDAY), "reason": "vu"}), *written]
    return fold(
        file,
        [
            Entry(f"ent_{seq}", file.id, seq, kind, TUESDAY + timedelta(hours=hours), "per_1", body)
            for seq, (kind, hours, body) in enumerate(every)
        ],
    )


def due(dossier, hours):
    return due_reminders(dossier, TUESDAY + timedelta(hours=hours), reminder_rules(), PARIS)


def test_an_order_to_a_closed_file_is_reminded_until_its_date_and_after():
    closed = (EntryKind.CLOSED, 2, {"reason": "fini"})
    order = {"what": "order", "reference": "MED-1", "about": "sceller", "at": to_text(TUESDAY), "due": "2026-12-11"}
    dossier = folded(closed, (EntryKind.ORDER, 3, order))
    assert due(dossier, 24) == []
    steps = [[(one.key.rule, one.key.step) for one in due(dossier, 24 * day + 1)] for day in (15, 17, 18)]
    assert steps == [[("order", "before-48h")], [("order", "at")], [("order", "after-1")]]


def test_what_is_due_at_once_is_reminded_each_day_from_the_decision_on():
    body = {"about": "tell", "choice": "tell", "reason": "risque élevé"}
    dossier = folded((EntryKind.DECISION, 30, body), (EntryKind.RECEIPT, 1, {"number": "1", "at": to_text(TUESDAY)}))
    at = TUESDAY + timedelta(hours=30)
    (told,) = [one for one in due(dossier, 30) if one.key.rule == "tell-people"]
    assert (told.key.step, told.late) == ("after-1", timedelta(0))
    subject, text = mail_of(dossier, [told], at, language="en", rules=reminder_rules(), zone=PARIS)
    assert subject == "EXERCISE. Primum: a file waits"
    assert "Due at once, since: Tuesday 24 November 2026 at 23:40 (UTC+01:00)." in text


def test_each_controllers_people_are_reminded_of_their_own_files(tmp_path):
    night = Night(tmp_path, controllers=(MINE, THEIRS))
    night.addressees[THEIRS.id] = (CLARKE,)
    mine, theirs = night.scene.opened(), night.scene.opened(controller=THEIRS)
    assert night.sweep() == 2
    assert (mine.id in night.post.to(LE_GALL[0])[0], theirs.id in night.post.to(LE_GALL[0])[0]) == (True, False)
    assert len(night.post.to(CLARKE[0])) == 1


def test_the_job_is_a_sweep_of_what_is_due_at_the_instant_it_is_given(night):
    night.scene.opened()
    job = reminder_job(night.scene.files, night.post, lambda _: (LE_GALL,))
    assert (job.name, job.every) == ("incidents.remind", timedelta(minutes=5))
    assert (job.sweep(TUESDAY), job.sweep(TUESDAY)) == (1, 0)


@pytest.mark.parametrize(
    "changed",
    [{"hours_before": [6, 24]}, {"hours_before": [24, 24]}, {"hours_before": [0]}, {"tries": 0}, {"tries": True},
     {"after_every_hours": 1.5}, {"fr": {"subject": "x"}}],
)  # fmt: skip
def test_rules_of_another_shape_are_refused(changed):
    found = tomllib.loads(resources("primum.incidents.rules").joinpath("reminders.toml").read_text("utf-8"))
    read_reminder_rules(found)
    with pytest.raises(BadRules):
        read_reminder_rules({**found, **changed})
