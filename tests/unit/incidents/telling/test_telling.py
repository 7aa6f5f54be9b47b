import shutil
import subprocess
from datetime import date, timedelta

import pytest
from tests.twins.faulty_smtp import FaultySmtp
from tests.unit.incidents.kit import DOCTOR, DPO, MINE, SECRETARY, THEIRS, TUESDAY, actor
from tests.unit.incidents.telling.kit import DRAFT, SOURCE, TellingScene, a_list, mailed, way_to

from primum.identity import NotPermitted, Role, StepUpNeeded
from primum.incidents.model import BadEntry, EntryKind, IncidentOver
from primum.incidents.telling.errors import LetterRefused, ListUnreadable, NoMailLeaves, NoSuchBatch, NotToBeTold
from primum.incidents.telling.jobs import telling_jobs
from primum.incidents.telling.letter import Draft
from primum.incidents.telling.model import Channel, Fate, Reach

ADMINISTRATOR = actor(Role.ADMINISTRATOR)
MIXED = a_list(
    "P1;Ann;ann@example.org;1 rue A;29200;Brest;", "P2;Bob;;2 rue B;29200;Brest;", "P3;Zoé;;;;;",
    "P4;Łukasz;;3 rue C;29200;Brest;", "P5;Eve;eve@example.org;;;;",
)  # fmt: skip


@pytest.fixture
def scene(tmp_path):
    return TellingScene(tmp_path)


def test_a_list_is_taken_with_where_it_comes_from_and_its_counts_and_not_its_names(scene):
    taken = scene.telling.take_list(DPO, scene.file.id, MIXED, SOURCE)
    (entry,) = scene.files.dossier(DPO, scene.file.id).of_kind(EntryKind.PEOPLE)
    body = entry.body
    assert (body["source"], body["count"], body["digest"]) == (SOURCE, 5, taken.digest)
    assert (body["mail"], body["post"], body["neither"], body["with_address"]) == (2, 2, 1, 3)
    assert entry.by == DPO.person_id
    standing = scene.telling.standing(DPO, scene.file.id)
    assert (standing.people, standing.reach) == (5, {Reach.MAIL: 2, Reach.POST: 2, Reach.NEITHER: 1})


def test_nothing_is_kept_of_a_list_that_is_refused(scene):
    with pytest.raises(ListUnreadable):
        scene.telling.take_list(DPO, scene.file.id, MIXED + b"P9;Durand;bad;;;;\r\n", SOURCE)
    with pytest.raises(BadEntry, match="source"):
        scene.telling.take_list(DPO, scene.file.id, MIXED, "  ")
    assert scene.standing().people == 0
    with scene.engine.begin() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM telling_people").scalar_one() == 0


def test_a_list_and_its_entry_are_kept_together_or_not_at_all(scene, monkeypatch):
    def breaks(*_args, **_more):
        raise KeyError

    monkeypatch.setattr(scene.files, "write_for", breaks)
    with pytest.raises(KeyError):
        scene.telling.take_list(DPO, scene.file.id, MIXED, SOURCE)
    assert scene.standing().people == 0


def test_nothing_leaves_before_a_decision_an_approved_letter_and_a_list(tmp_path):
    with FaultySmtp(tmp_path) as twin:
        scene = TellingScene(tmp_path, way_to(twin))

        def refused(why):
            with pytest.raises(NotToBeTold, match=why):
                scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)

        refused("nobody decided")
        scene.decide("not-tell")
        refused("decided otherwise")
        scene.decide()
        refused("no letter")
        scene.telling.approve(DOCTOR, scene.file.id, DRAFT)
        refused("no list")
        scene.telling.take_list(DOCTOR, scene.file.id, mailed(1), SOURCE)
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        assert scene.sweep() == 1
    assert len(twin.taken) == 1


def test_a_letter_that_says_nothing_is_not_approved_and_the_reasons_are_named(scene):
    with pytest.raises(LetterRefused, match=r"nature \(fr\): missing"):
        scene.telling.approve(DOCTOR, scene.file.id, Draft({"fr": DRAFT.words["fr"].__class__()}, "", "", ""))
    assert scene.letters() == []


def test_a_preview_is_to_nobody_and_says_what_is_missing(scene):
    shown = scene.telling.preview(DPO, scene.file.id, DRAFT)
    assert shown.complaints == ()
    assert shown.mails["fr"][0].startswith(MINE.name)
    assert shown.pdf.startswith(b"%PDF")
    assert set(shown.notice) == {"fr", "en"}
    bad = scene.telling.preview(DPO, scene.file.id, Draft({"fr": DRAFT.words["fr"]}, "", "", ""))
    assert [one.text("fr") for one in bad.complaints] == [
        "Contact (fr) : une adresse électronique ou un téléphone, et un nom"
    ]
    assert [one.text("en") for one in bad.complaints] == ["Contact (fr): an e-mail address or a telephone, and a name"]


def test_names_are_for_who_decides_and_every_step_asks_who_does_it(tmp_path):
    scene = TellingScene(tmp_path).ready(MIXED)
    batch = scene.telling.start_batch(DOCTOR, scene.file.id, Channel.POST)
    stale, hers = actor(Role.PHYSICIAN, fresh=False), actor(Role.PHYSICIAN, THEIRS)
    deciding = [
        lambda by: scene.telling.approve(by, scene.file.id, DRAFT),
        lambda by: scene.telling.start_batch(by, scene.file.id, Channel.POST),
        lambda by: scene.telling.print_letters(by, batch.id),
        lambda by: scene.telling.unsettled(by, batch.id),
        lambda by: scene.telling.settle(by, batch.id, Fate.UNCERTAIN, "again", "…"),
        lambda by: scene.telling.stop_batch(by, batch.id, "…"),
        lambda by: scene.telling.publish(by, scene.file.id, "site", TUESDAY),
    ]
    for step in deciding:
        for by in (DPO, ADMINISTRATOR, SECRETARY, hers):
            with pytest.raises(NotPermitted):
                step(by)
        with pytest.raises(StepUpNeeded):
            step(stale)
    for step in (
        lambda by: scene.telling.take_list(by, scene.file.id, MIXED, SOURCE),
        lambda by: scene.telling.standing(by, scene.file.id),
        lambda by: scene.telling.preview(by, scene.file.id, DRAFT),
        lambda by: scene.telling.mark_posted(by, batch.id, 1, TUESDAY.date()),
        lambda by: scene.telling.mark_returned(by, scene.file.id, address="ann@example.org"),
        lambda by: scene.telling.notice(by, scene.file.id, "fr"),
    ):
        for by in (SECRETARY, hers):
            with pytest.raises(NotPermitted):
                step(by)
    with pytest.raises(NoSuchBatch):
        scene.telling.print_letters(DOCTOR, "bat_none")


def test_a_demo_home_and_an_exercise_mail_nobody(tmp_path):
    scene = TellingScene(tmp_path).ready(MIXED)
    with pytest.raises(NoMailLeaves):
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
    assert scene.sweep() == 0
    assert scene.standing().by_mail_yet == 0


def test_a_processor_tells_its_controller_and_not_people(tmp_path):
    scene = TellingScene(tmp_path)
    scene.house.processor = True
    scene.file = scene.opened()
    with pytest.raises(NotToBeTold, match="controller tells"):
        scene.telling.take_list(DOCTOR, scene.file.id, MIXED, SOURCE)


@pytest.mark.programs("pdftotext")
def test_who_has_no_mail_is_written_to_on_paper_and_a_person_says_that_it_was_posted(tmp_path):
    with FaultySmtp(tmp_path, {"ann@example.org": ["rcpt-5"]}) as twin:
        scene = TellingScene(tmp_path, way_to(twin)).ready(MIXED)
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        scene.sweep()
    assert scene.standing().by_post_yet == 3
    batch = scene.telling.start_batch(DOCTOR, scene.file.id, Channel.POST)
    file = tmp_path / "letters.pdf"
    file.write_bytes(scene.telling.print_letters(DOCTOR, batch.id))
    text = subprocess.run([shutil.which("pdftotext"), file, "-"], check=True, capture_output=True, text=True).stdout
    assert [name in text for name in ("Ann", "Bob", "ukasz", "Eve")] == [True, True, False, False]
    (by_hand,) = scene.telling.unsettled(DOCTOR, batch.id)
    assert by_hand.people[0].name == "Łukasz"
    with pytest.raises(BadEntry, match="3 letters"):
        scene.telling.mark_posted(DPO, batch.id, 2, TUESDAY.date())
    with pytest.raises(BadEntry, match="future"):
        scene.telling.mark_posted(DPO, batch.id, 3, date(2026, 11, 27))
    assert scene.telling.mark_posted(DPO, batch.id, 2, TUESDAY.date(), b"%PDF bordereau", "bordereau.pdf", but=[3]) == 2
    assert scene.telling.mark_posted(DPO, batch.id, 1, TUESDAY.date()) == 1
    standing = scene.standing()
    assert {fate.value: number for fate, number in standing.fates.items()} == {"accepted": 1, "posted": 3}
    assert (standing.told, standing.out_of_reach, standing.by_post_yet) == (4, 1, 0)
    posted = scene.letters("posted")
    assert [one["count"] for one in posted] == [2, 1]
    names = {one.name for one in scene.files.documents(DPO, scene.file.id)}
    assert "bordereau.pdf" in names
    assert f"letters-{batch.id}.json" in names
    with pytest.raises(BadEntry):
        scene.telling.mark_posted(DPO, batch.id, 1, TUESDAY.date())


def test_whom_nobody_can_write_to_is_counted_and_told_in_public(tmp_path):
    scene = TellingScene(tmp_path).ready(MIXED)
    assert scene.standing().out_of_reach == 2  # no mail leaves, and two have no postal address
    assert "n'a pas pu écrire" in scene.telling.notice(DPO, scene.file.id, "fr")
    with pytest.raises(BadEntry, match="not published yet"):
        scene.telling.publish(DOCTOR, scene.file.id, "site du cabinet", TUESDAY + timedelta(days=1))
    assert scene.telling.publish(DOCTOR, scene.file.id, "site du cabinet", TUESDAY, b"%PDF page", "page.pdf") == 2
    scene.decide("public")
    assert scene.standing().decision == "public"
    with pytest.raises(NotToBeTold):
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.POST)
    assert scene.telling.publish(DOCTOR, scene.file.id, "presse locale", TUESDAY) == 2
    entry = scene.letters("published")[0]
    assert (entry["count"], entry["where"], entry["document"][:4]) == (2, "site du cabinet", "doc_")
    assert scene.standing().published == 2


def test_a_letter_that_came_back_leaves_its_person_to_be_told_by_post(tmp_path):
    with FaultySmtp(tmp_path) as twin:
        scene = TellingScene(tmp_path, way_to(twin)).ready(MIXED)
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        scene.sweep()
    assert scene.telling.mark_returned(DPO, scene.file.id, address="nobody@example.org") == 0
    assert scene.telling.mark_returned(DPO, scene.file.id, address="ANN@example.org ") == 1
    assert scene.standing().by_post_yet == 3
    batch = scene.telling.start_batch(DOCTOR, scene.file.id, Channel.POST)
    scene.telling.mark_posted(DPO, batch.id, 3, TUESDAY.date())
    assert scene.telling.mark_returned(DPO, scene.file.id, batch_id=batch.id, numbers=[2]) == 1
    assert scene.standing().told == 3
    assert "ann@" not in str(scene.letters()).lower()


def test_two_files_that_are_merged_are_counted_and_sent_as_one(tmp_path):
    with FaultySmtp(tmp_path) as twin:
        scene = TellingScene(tmp_path, way_to(twin)).ready(mailed(2))
        first, batch = scene.file, scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        scene.file = scene.opened()
        scene.files.merge(DOCTOR, first.id, scene.file.id, "le même serveur")
        assert scene.sweep() == 2
        with pytest.raises(NotToBeTold, match="nobody is left"):
            scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
    assert scene.standing().told == 2
    assert [one["batch"] for one in scene.letters("sent")] == [batch.id]
    assert scene.telling.standing(DOCTOR, first.id) == scene.standing()


def test_addresses_go_a_dated_while_after_the_file_was_closed_and_counts_stay(tmp_path):
    scene = TellingScene(tmp_path).ready(MIXED)
    scene.files.write(DOCTOR, scene.file.id, EntryKind.CLOSED, {"reason": "tout est fait"})
    with pytest.raises(IncidentOver):
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.POST)
    jobs = {one.name: one.sweep for one in telling_jobs(lambda: scene.telling)}
    scene.clock.advance(timedelta(days=89))
    assert jobs["incidents.forget-addresses"](scene.clock.now()) == 0
    scene.clock.advance(timedelta(days=2))
    assert jobs["incidents.forget-addresses"](scene.clock.now()) == 5
    assert jobs["incidents.forget-addresses"](scene.clock.now()) == 0
    standing = scene.standing()
    assert (standing.people, standing.forgotten, standing.reach[Reach.MAIL]) == (5, 5, 2)
    gone = scene.files.dossier(DPO, scene.file.id).of_kind(EntryKind.PEOPLE)[-1]
    assert (gone.body["what"], gone.body["count"]) == ("gone", 5)


def test_an_erasure_reaches_a_closed_file_too(tmp_path):
    scene = TellingScene(tmp_path).ready(MIXED)
    scene.files.write(DOCTOR, scene.file.id, EntryKind.CLOSED, {"reason": "tout est fait"})
    assert scene.telling.forget("P2") == 1
    assert scene.telling.forget("P2", "") == 0
    assert scene.standing().erased == 1


def test_the_file_says_how_many_it_expects_beside_how_many_are_listed(tmp_path):
    scene = TellingScene(tmp_path).ready(MIXED)
    scene.files.answer(DOCTOR, scene.file.id, "people", {"count": 1200, "approximate": True})
    assert (scene.standing().expected, scene.standing().people) == (1200, 5)
