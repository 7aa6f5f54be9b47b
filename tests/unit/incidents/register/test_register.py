import subprocess
from datetime import timedelta

import pytest
from tests.unit.incidents.kit import DOCTOR, DPO, MINE, SECRETARY, THEIRS, TUESDAY, actor
from tests.unit.incidents.register.kit import DAY, HOURS, PARIS, REASON, Kept

from primum.ground.clock import to_text
from primum.identity import NotPermitted, Role
from primum.incidents.model import BadEntry, EntryKind, State, Which
from primum.incidents.notices.words import LANGUAGES
from primum.incidents.register.formats import FORMATS
from primum.incidents.register.tables import book_of


@pytest.fixture
def scene(tmp_path):
    return Kept(tmp_path)


def cell(book, key, column, row=0):
    (found,) = [one for one in book.tables if one.key == key]
    return found.rows[row][found.columns.index(column)]


def test_every_breach_is_in_the_register_whatever_its_risk_and_its_state(scene):
    """GDPR 33(5): *any* personal data breaches."""
    small, closed, whole = scene.opened().id, scene.opened().id, scene.lived()
    scene.files.answer(DPO, small, "people", {"count": 0})
    scene.decided(small, "notify", "register-only", REASON, ground="no-personal-data")
    scene.files.write(DOCTOR, closed, EntryKind.CLOSED, {"reason": "tout est fait"})
    lines = scene.register.register(DOCTOR).lines
    assert {one.file_id for one in lines} == {small, closed, whole}
    by_id = {one.file_id: one for one in lines}
    assert by_id[small].why_not_notified.reason == REASON
    assert by_id[closed].state is State.CLOSED
    assert by_id[closed].closed_at == scene.files.dossier(DPO, closed).entries[-1].at


def test_a_line_holds_facts_effects_remedy_reasons_and_the_timeline_of_awareness(scene):
    one = scene.lived()
    (line,) = scene.register.register(DOCTOR).lines
    assert (line.file_id, line.controller) == (one, MINE.name)
    assert (line.detected_first, line.prudent_due) == (TUESDAY, TUESDAY + HOURS)
    aware = next(each for each in line.instants if each.which is Which.AWARE)
    assert (aware.at, aware.corrected) == (TUESDAY + DAY / 2, (TUESDAY + DAY,))
    assert {fact.key for fact in line.effects} == {"consequences", "harms"}
    assert [fact.key for fact in line.remedy] == ["measures-after"]
    assert [each.outcome for each in line.actions] == ["fermé"]
    assert line.why_not_told.reason == REASON
    assert line.lateness.value == "découvert un vendredi soir"
    assert line.notified_at == TUESDAY + 5 * DAY
    assert [each.what for each in line.messages] == ["initial", "receipt", "received", "received"]


def test_a_correction_stays_in_the_chronology_beside_what_it_corrects(scene):
    scene.lived()
    (line,) = scene.register.register(DOCTOR).lines
    aware = [each for each in line.chronology if each.what == "aware"]
    assert [(each.at, each.corrects) for each in aware] == [
        (TUESDAY + DAY / 2, (TUESDAY + DAY,)), (TUESDAY + DAY, ()),
    ]  # fmt: skip
    assert all(each.written_at == TUESDAY + DAY for each in aware)


def test_merged_files_are_one_line_that_names_the_others(scene):
    first, second, third = (scene.opened().id for _ in range(3))
    scene.files.answer(DPO, first, "people", {"count": 3})
    scene.files.merge(DOCTOR, first, second, "la même")
    scene.files.merge(DOCTOR, second, third, "la même encore")
    (line,) = scene.register.register(DOCTOR).lines
    assert (line.file_id, set(line.merged_from)) == (third, {first, second})
    assert line.fact("people").value == {"count": 3}


def test_files_of_a_processor_are_alerts_and_no_line_of_the_register(scene):
    scene.house.processor = True
    alert = scene.opened().id
    made = scene.register.register(DOCTOR)
    assert (made.lines, [one.file_id for one in made.alerts]) == ((), [alert])


def test_an_exercise_is_never_in_a_real_register_and_is_called_one_in_its_own(tmp_path):
    played = Kept(tmp_path, exercise=True)
    played.lived()
    book = book_of(played.register.register(DOCTOR), "fr", PARIS)
    assert "EXERCICE" in book.exercise
    assert len(book.tables[0].rows) == 1
    played.files._exercise = False
    assert played.register.register(DOCTOR).lines == ()


def test_a_register_shows_what_its_reader_may_see_and_names_its_scope(tmp_path):
    scene = Kept(tmp_path, MINE, THEIRS)
    scene.opened()
    theirs = scene.opened(controller=THEIRS).id
    made = scene.register.register(actor(Role.PHYSICIAN, THEIRS))
    assert ([one.file_id for one in made.lines], made.controllers) == ([theirs], (THEIRS.name,))
    assert len(scene.register.register(DOCTOR).lines) == 2
    assert scene.register.register(DOCTOR, MINE.id).controllers == (MINE.name,)
    with pytest.raises(NotPermitted):
        scene.register.register(SECRETARY)
    with pytest.raises(NotPermitted):
        scene.register.register(actor(Role.PHYSICIAN, THEIRS), MINE.id)


def test_a_register_without_a_breach_says_so_and_for_whom(scene):
    made = scene.register.register(DOCTOR)
    assert (made.lines, made.controllers) == ((), (MINE.name,))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_export_names_date_scope_author_and_root(scene, language):
    scene.lived()
    said = " ".join(text for _, text in book_of(scene.register.register(DOCTOR), language, PARIS).about)
    for one in (MINE.name, "Dr Anne Le Gall", "29/11/2026" if language == "fr" else "2026-11-29", "3f1c"):
        assert one in said


def test_what_was_measured_stands_beside_what_a_person_said(scene):
    one = scene.opened().id
    scene.files.answer(DPO, one, "records", {"count": 900})
    scene.measured(one, "records", {"count": 1200})
    (facts,) = [each for each in book_of(scene.register.register(DOCTOR), "fr", PARIS).tables if each.key == "facts"]
    assert [row[2:4] for row in facts.rows] == [("900", "déclaré"), ("1200", "mesuré")]


def test_who_wrote_is_named_where_the_house_knows_the_name(scene):
    scene.lived()
    book = book_of(scene.register.register(DPO), "en", PARIS)
    named = {row[table.columns.index("By")] for table in book.tables if "By" in table.columns for row in table.rows}
    assert named == {"Dr Anne Le Gall", DPO.person_id, "Primum, nobody"}
    assert book.by == DPO.person_id


def test_the_reason_of_what_was_not_told_stands_with_its_ground_and_evidence(scene):
    scene.lived()
    book = book_of(scene.register.register(DOCTOR), "fr", PARIS)
    assert cell(book, "breaches", "Informer les personnes : décision") == (
        "ne pas informer (des mesures prises depuis écartent le risque élevé (34(3)(b)))"
    )
    reason = cell(book, "breaches", "Motif, si elles ne sont pas informées une à une")
    assert reason == f"{REASON}\nPreuve : contrôle chk_1"


@pytest.mark.parametrize(("choice", "ground", "shown"), [
    ("tell", "", None), ("public", "disproportionate", REASON),
])  # fmt: skip
def test_a_reason_stands_apart_where_people_were_not_told_one_by_one(scene, choice, ground, shown):
    one = scene.opened().id
    scene.files.answer(DPO, one, "people", {"count": 800})
    scene.decided(one, "tell", choice, REASON, ground=ground)
    found = scene.register.register(DOCTOR).lines[0].why_not_told
    assert (None if found is None else found.reason) == shown


def test_what_is_not_known_is_no_number(scene):
    scene.lived()
    book = book_of(scene.register.register(DOCTOR), "en", PARIS)
    assert (cell(book, "breaches", "People"), cell(book, "breaches", "of whom minors")) == (800, None)
    assert cell(book, "breaches", "Number of people, as known") == "about 800"


def test_of_a_letter_with_a_person_the_register_says_only_that_there_was_one(scene):
    scene.lived()
    made = scene.register.register(DOCTOR)
    for language in LANGUAGES:
        assert "Canari" not in str(book_of(made, language, PARIS).tables)
    for kind in FORMATS:
        assert b"Canari" not in scene.register.export(DOCTOR, kind, "fr")


@pytest.mark.parametrize(("language", "before", "after", "ended"), [
    ("fr", "entre le 22/11/2026 23:40 (UTC+01:00)", "et le 24/11/2026 23:40 (UTC+01:00)", "24/11/2026 23:40"),
    ("en", "between 2026-11-22 23:40 (UTC+01:00)", "and 2026-11-24 23:40 (UTC+01:00)", "2026-11-24 23:40"),
])  # fmt: skip
def test_the_interval_of_a_breach_is_shown_with_both_proofs(scene, language, before, after, ended):
    one = scene.opened().id
    began = {"not_before": to_text(TUESDAY - 2 * DAY), "not_after": to_text(TUESDAY), "proof_before": "run"}
    scene.measured(one, "began", began)
    scene.measured(one, "ended", {"state": "ongoing", "at": to_text(TUESDAY)})
    book = book_of(scene.register.register(DOCTOR), language, PARIS)
    (row,) = book.tables[0].rows
    said = " | ".join(str(cell) for cell in row)
    for shown in (before, after, ended):
        assert shown in said


@pytest.mark.programs("pdftotext")
def test_a_pdf_says_that_it_could_not_write_a_sign(scene, tmp_path):
    one = scene.opened().id
    assert "il n'a pas" not in drawn(scene, tmp_path)
    scene.files.answer(DPO, one, "story", "vu par 李")
    assert "signes que sa police n'a pas" in drawn(scene, tmp_path)
    assert "EXERCICE" not in drawn(scene, tmp_path)


def drawn(scene, folder):
    (folder / "r.pdf").write_bytes(scene.register.export(DOCTOR, "pdf", "fr"))
    done = subprocess.run(["pdftotext", folder / "r.pdf", "-"], check=True, capture_output=True)
    return " ".join(done.stdout.decode().split())


def test_an_export_in_another_form_is_refused(scene):
    with pytest.raises(BadEntry, match="ods, pdf, jsonld"):
        scene.register.export(DOCTOR, "xlsx", "fr")


def test_the_same_register_makes_the_same_bytes(scene):
    scene.lived()
    for kind in FORMATS:
        assert scene.register.export(DOCTOR, kind, "fr") == scene.register.export(DOCTOR, kind, "fr")


def test_a_clock_that_went_back_is_said(scene):
    scene.lived()
    scene.clock.advance(-timedelta(days=30))
    scene.files.write(DPO, scene.register.register(DOCTOR).lines[0].file_id, EntryKind.NOTE, {"text": "x"})
    assert scene.register.register(DOCTOR).lines[0].clock_went_back
