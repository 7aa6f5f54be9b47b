from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from tests.unit.incidents.kit import DOCTOR, DPO, MINE, SECRETARY, THEIRS, TUESDAY, Scene, actor

from primum.ground.clock import to_text
from primum.identity import NotPermitted, Role, StepUpNeeded
from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES, Shape
from primum.incidents.limits import LIMITS
from primum.incidents.model import (
    BadEntry,
    BadInstant,
    EntryKind,
    IncidentOver,
    NoSuchIncident,
    Origin,
    Standing,
    State,
    Which,
)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_whoever_reports_opens_a_file_and_its_detection_is_now(scene):
    made = scene.opened(SECRETARY)
    read = scene.files.dossier(DOCTOR, made.id)
    assert (read.state, read.detected_first, read.instants[Which.DETECTED].at) == (State.OPEN, TUESDAY, TUESDAY)
    assert Which.AWARE not in read.instants
    assert scene.told.kinds() == ["incident:entry", "incident:opened", "incident:entry"]


def test_a_secretary_reports_and_reads_nothing(scene):
    made = scene.opened(SECRETARY)
    with pytest.raises(NotPermitted):
        scene.files.dossier(SECRETARY, made.id)
    with pytest.raises(NotPermitted):
        scene.files.every(SECRETARY)


def test_a_file_is_seen_by_those_of_its_controller_alone(tmp_path):
    scene = Scene(tmp_path, MINE, THEIRS)
    mine, theirs = scene.opened(), scene.opened(controller=THEIRS)
    hers = actor(Role.PHYSICIAN, THEIRS)
    assert [one.file.id for one in scene.files.every(hers)] == [theirs.id]
    with pytest.raises(NotPermitted):
        scene.files.dossier(hers, mine.id)
    assert {one.file.id for one in scene.files.every(DOCTOR)} == {mine.id, theirs.id}


def test_a_file_that_is_refused_leaves_no_line_in_the_journal(scene):
    with pytest.raises(BadInstant):
        scene.opened(at=TUESDAY + timedelta(hours=1))
    with pytest.raises(BadEntry):
        scene.files.open(DOCTOR, Origin.PERSON, "  ", MINE.id)
    assert scene.told.facts == []


def test_a_merge_into_a_closed_file_is_refused_and_leaves_no_line_in_the_journal(scene):
    gone, stays = scene.opened(), scene.opened()
    scene.files.write(DOCTOR, stays.id, EntryKind.CLOSED, {"reason": "tout est fait"})
    before = list(scene.told.facts)
    with pytest.raises(IncidentOver):
        scene.files.merge(DOCTOR, gone.id, stays.id, "le même portable")
    assert scene.told.facts == before
    assert scene.files.dossier(DOCTOR, gone.id).state is State.OPEN


def test_an_entry_is_never_changed_and_never_deleted(scene):
    scene.opened()
    for sql in ("UPDATE incident_entries SET body = '{}'", "DELETE FROM incident_entries"):
        with pytest.raises(DBAPIError, match="never changed"), scene.engine.begin() as tx:
            tx.exec_driver_sql(sql)


def test_each_entry_has_its_digest_in_the_journal(scene):
    made = scene.opened()
    scene.files.answer(DPO, made.id, "people", {"count": 12, "approximate": True})
    journaled = {facts["entry"] for kind, _, _, facts in scene.told.facts if kind == "incident:entry"}
    assert journaled == {one.id for one in scene.files.dossier(DPO, made.id).entries}


def test_only_a_person_is_aware(scene):
    made = scene.opened()
    body = {"which": "aware", "at": to_text(TUESDAY), "reason": "lu"}
    with pytest.raises(BadEntry, match="only a person"):
        scene.files.write_alone(made.id, EntryKind.INSTANT, body)
    scene.files.instant(DOCTOR, made.id, Which.AWARE, TUESDAY, "constaté en arrivant")
    assert scene.files.dossier(DOCTOR, made.id).instants[Which.AWARE].by == DOCTOR.person_id


def test_nobody_is_aware_in_the_future_nor_before_it_began(scene):
    made = scene.opened()
    began = {"not_before": to_text(TUESDAY - timedelta(days=2)), "not_after": to_text(TUESDAY)}
    scene.files.answer(DOCTOR, made.id, "began", began)
    for at in (TUESDAY + timedelta(minutes=3), TUESDAY - timedelta(days=2, minutes=1)):
        with pytest.raises(BadInstant):
            scene.files.instant(DOCTOR, made.id, Which.AWARE, at, "…")
    assert Which.AWARE not in scene.files.dossier(DOCTOR, made.id).instants


def test_an_attempt_to_backdate_stays_visible(scene):
    made = scene.opened()
    scene.files.instant(DOCTOR, made.id, Which.AWARE, TUESDAY - timedelta(hours=5), "appel du technicien")
    scene.clock.advance(timedelta(days=4))
    scene.files.instant(DOCTOR, made.id, Which.AWARE, TUESDAY + timedelta(days=3), "relu")
    aware = scene.files.dossier(DOCTOR, made.id).instants[Which.AWARE]
    assert (aware.at, aware.corrected) == (TUESDAY + timedelta(days=3), (TUESDAY - timedelta(hours=5),))


def test_a_later_detection_does_not_move_the_first(scene):
    made = scene.opened()
    scene.clock.advance(timedelta(days=1))
    body = {"which": "detected", "at": to_text(scene.clock.now()), "reason": "revu"}
    scene.files.write_alone(made.id, EntryKind.INSTANT, body)
    read = scene.files.dossier(DOCTOR, made.id)
    assert (read.instants[Which.DETECTED].at, read.detected_first) == (TUESDAY, TUESDAY)


def test_a_detection_that_is_corrected_forward_leaves_the_prudent_one_where_it_was(scene):
    made = scene.opened()
    scene.clock.advance(timedelta(days=1))
    scene.files.instant(DOCTOR, made.id, Which.DETECTED, scene.clock.now(), "l'horloge retardait d'un jour")
    read = scene.files.dossier(DOCTOR, made.id)
    assert (read.detected_first, read.instants[Which.DETECTED].corrected) == (TUESDAY, (TUESDAY,))


def test_a_clock_that_went_back_is_shown(scene):
    made = scene.opened()
    scene.clock.advance(timedelta(hours=-3))
    entry = scene.files.write(DOCTOR, made.id, EntryKind.NOTE, {"text": "la pile de l'horloge est morte"})
    assert scene.files.dossier(DOCTOR, made.id).clock_went_back == (entry.id,)


def test_what_a_person_said_is_not_overwritten_by_a_measure(scene):
    made = scene.opened()
    scene.files.answer(DOCTOR, made.id, "people", {"count": 1200, "approximate": True})
    shown = [{"kind": "index", "ref": "studies"}]
    measured = {"key": "people", "value": {"count": 1204}, "standing": "measured", "evidence": shown}
    scene.files.write_alone(made.id, EntryKind.FACT, measured)
    read = scene.files.dossier(DOCTOR, made.id)
    assert (read.value("people")["count"], read.measured["people"].value) == (1200, {"count": 1204})


def test_unknown_is_an_answer_and_not_a_value(scene):
    made = scene.opened()
    scene.files.answer(DOCTOR, made.id, "recipients", None)
    read = scene.files.dossier(DOCTOR, made.id)
    assert read.facts["recipients"].standing is Standing.UNKNOWN
    assert read.value("recipients") is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("people", {"count": -1}), ("people", {"count": True}), ("people", {"count": 3, "who": "x"}), ("people", 12),
        ("nature", ["confidentiality", "confidentiality"]), ("nature", []), ("nature", ["theft"]), ("cause", "x"),
        ("organisation", {"nom": "x"}), ("organisation", {"name": "  "}), ("recipients", ""), ("reached", "find"),
        ("recipients", "x" * (LIMITS.text + 1)), ("began", {"not_after": "2026-11-24"}), ("ended", {"state": "over"}),
        ("began", {"not_before": "2026-11-25T00:00:00Z", "not_after": "2026-11-24T00:00:00Z"}), ("no-such-fact", 1),
    ],
)  # fmt: skip
def test_a_value_that_a_fact_cannot_have_is_refused_and_nothing_is_written(scene, key, value):
    made = scene.opened()
    before = scene.files.dossier(DOCTOR, made.id).entries
    with pytest.raises(BadEntry):
        scene.files.answer(DOCTOR, made.id, key, value)
    assert scene.files.dossier(DOCTOR, made.id).entries == before


def test_what_is_measured_comes_with_evidence_and_from_nobody(scene):
    made = scene.opened()
    body = {"key": "people", "value": {"count": 3}, "standing": "measured"}
    with pytest.raises(BadEntry, match="evidence"):
        scene.files.write_alone(made.id, EntryKind.FACT, body)
    with pytest.raises(BadEntry, match="declared"):
        scene.files.write(DOCTOR, made.id, EntryKind.FACT, {**body, "evidence": [{"kind": "index", "ref": "x"}]})


def test_what_is_shared_is_read_in_every_file_of_the_record_and_the_rest_is_not(tmp_path):
    scene = Scene(tmp_path, MINE, THEIRS)
    with scene.files.transaction() as tx:
        mine, theirs = scene.files.open_files(tx, Origin.FINDING, "un constat", [MINE.id, THEIRS.id], "system")
    scene.files.answer(DOCTOR, mine.id, "nature", ["confidentiality"])
    scene.files.answer(DOCTOR, mine.id, "people", {"count": 3})
    read = scene.files.dossier(DOCTOR, theirs.id)
    assert (read.value("nature"), read.value("people")) == (["confidentiality"], None)


def test_two_files_of_one_breach_are_merged_with_both_histories(scene):
    first, second = scene.opened(), scene.opened()
    scene.files.answer(DOCTOR, first.id, "people", {"count": 3})
    scene.files.answer(DOCTOR, second.id, "minors", {"count": 1})
    read = scene.files.merge(DOCTOR, second.id, first.id, "le même portable")
    assert (read.value("people")["count"], read.value("minors")["count"]) == (3, 1)
    assert read.merged_from == (second.id,)
    gone = scene.files.dossier(DOCTOR, second.id)
    assert (gone.state, gone.merged_into) == (State.MERGED, first.id)
    with pytest.raises(IncidentOver):
        scene.files.answer(DOCTOR, second.id, "people", {"count": 4})
    with pytest.raises(BadEntry):
        scene.files.merge(DOCTOR, first.id, first.id, "…")


def test_files_of_two_controllers_are_never_merged(tmp_path):
    scene = Scene(tmp_path, MINE, THEIRS)
    with pytest.raises(BadEntry):
        scene.files.merge(DOCTOR, scene.opened().id, scene.opened(controller=THEIRS).id, "…")


def test_a_decision_is_signed_by_a_fresh_physician_with_a_reason(scene):
    made = scene.opened()
    body = {"about": "notify", "choice": "notify", "reason": "données de santé"}
    with pytest.raises(NotPermitted):
        scene.files.write(DPO, made.id, EntryKind.DECISION, body)
    with pytest.raises(StepUpNeeded):
        scene.files.write(actor(Role.PHYSICIAN, fresh=False), made.id, EntryKind.DECISION, body)
    with pytest.raises(BadEntry, match="reason"):
        scene.files.write(DOCTOR, made.id, EntryKind.DECISION, {**body, "reason": "  "})
    scene.files.write(DOCTOR, made.id, EntryKind.DECISION, body)
    assert scene.files.dossier(DPO, made.id).decisions["notify"].by == DOCTOR.person_id


def test_a_closed_file_takes_what_the_authority_writes_and_no_answer(scene):
    made = scene.opened()
    scene.files.write(DOCTOR, made.id, EntryKind.CLOSED, {"reason": "tout est fait"})
    with pytest.raises(IncidentOver):
        scene.files.answer(DOCTOR, made.id, "people", {"count": 3})
    letter = {"direction": "received", "other": "cnil", "at": to_text(TUESDAY), "about": "demande de pièces"}
    scene.files.write(DPO, made.id, EntryKind.CORRESPONDENCE, letter)
    scene.files.write(DOCTOR, made.id, EntryKind.REOPENED, {"reason": "la CNIL écrit"})
    assert scene.files.dossier(DOCTOR, made.id).state is State.OPEN


def test_a_document_comes_back_as_it_was_and_a_changed_one_does_not(scene):
    made = scene.opened()
    kept = scene.files.attach(DPO, made.id, "../courrier CNIL.pdf", b"%PDF-1.7 ...")
    assert kept.name == "courrier CNIL.pdf"
    assert scene.files.document(DPO, made.id, kept.id)[1] == b"%PDF-1.7 ..."
    with scene.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE incident_documents SET body = ?", (b"autre",))
    with pytest.raises(BadEntry):
        scene.files.document(DPO, made.id, kept.id)
    with pytest.raises(BadEntry):
        scene.files.attach(DPO, made.id, "vide", b"")


def test_there_is_no_file_of_that_name(scene):
    with pytest.raises(NoSuchIncident):
        scene.files.dossier(DOCTOR, "inc_nothing")


def test_every_fact_of_the_catalogue_is_said_in_both_languages_and_chooses_from_a_known_vocabulary():
    for one in CATALOGUE.values():
        assert set(one.label) == {"fr", "en"}
        assert set(one.asks) in ({"fr", "en"}, set())
        assert (one.vocabulary in VOCABULARIES) == (one.shape in {Shape.CHOICE, Shape.CHOICES})
        assert bool(one.fields) == (one.shape is Shape.FIELDS)
