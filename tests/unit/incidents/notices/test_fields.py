"""What fills itself, what is asked, and that nothing else has a value."""

from datetime import timedelta

import pytest
from hypothesis import given
from tests.unit.incidents.kit import DOCTOR, Scene
from tests.unit.incidents.notices.notices_kit import ANSWERS, FILLED, RUN, answered, dossiers, probed

from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES
from primum.incidents.model import EntryKind, Role
from primum.incidents.notices.fields import asked, fields, questions
from primum.incidents.notices.form import EDPB, FORM
from primum.incidents.notices.model import Draft, Known, Type

INITIAL = Draft(Type.INITIAL)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def named(made):
    return {one.form.name: one for one in made}


def texts(field, language="fr"):
    return [line.text[language] for part in field.parts for line in part.lines]


def test_the_form_has_thirty_three_fields_each_in_one_section_and_in_one_block():
    numbers = list(range(1, 34))
    assert [one.number for one in FORM.fields] == numbers
    assert [each for one in FORM.sections for each in one.numbers] == numbers
    assert sorted(each for one in EDPB.blocks for each in one.numbers) == numbers
    assert len([one for one in EDPB.blocks if one.name != "outside"]) == 6
    for one in FORM.fields:
        assert set(one.label) == {"fr", "en"}
        for source in (*one.takes, *one.beside):
            if source.kind == "fact":
                assert source.name in CATALOGUE
        if one.unknown:
            assert one.unknown in VOCABULARIES[CATALOGUE[one.takes[0].name].vocabulary]


def test_an_open_foreign_archive_fills_eighteen_fields_with_evidence_and_asks_fifteen(scene):
    dossier = scene.files.read(probed(scene).id)
    made = fields(dossier, INITIAL)
    assert {one.form.name for one in made if one.filled} == FILLED
    assert len(FILLED) == 18
    for one in made:
        if one.filled:
            assert all(part.evidence for part in one.parts), one.form.name
        else:
            assert (one.standing, one.parts) == (Known.ASKED, ()), one.form.name
    assert asked(made)[0].name == "aware"
    assert len(asked(made)) == 15
    assert {key for one in asked(made) for key in one.keys} == {"aware", *ANSWERS}
    for one in asked(made):
        assert set(one.text) == {"fr", "en"}


def test_each_measured_field_names_the_run(scene):
    made = named(fields(scene.files.read(probed(scene).id), INITIAL))
    for name in FILLED - {"type"}:
        assert RUN in {one.ref for part in made[name].parts for one in part.evidence}, name
    assert RUN in texts(made["attachments"])[0]


def test_what_was_measured_is_said_in_the_form_s_words(scene):
    made = named(fields(scene.files.read(probed(scene).id), INITIAL))
    assert texts(made["nature"]) == ["perte de confidentialité"]
    assert texts(made["records"])[0] == "au moins 1200"
    assert texts(made["detected"])[0] == "24/11/2026 22:40 (UTC+00:00)"
    assert texts(made["began-not-before"])[0] == "03/10/2026 06:00 (UTC+00:00)"
    assert texts(made["ended"])[0].startswith("en cours")
    could, *refused = texts(made["reached"])
    assert could.startswith("ouvrir une association DICOM; lire la liste des patients et des examens (C-FIND); faire")
    assert refused == ["déposer de faux examens", "0xA700"]
    assert texts(made["vantage"], "en") == ["outside"]
    assert texts(made["vantage"]) == ["l'extérieur"]
    assert texts(made["began-not-before"])[1] == "port fermé"
    assert texts(made["system"])[3] == "en clair"


def test_a_beginning_that_nothing_proves_is_not_given_a_date(scene):
    made = named(
        fields(
            scene.files.read(probed(scene, began={"not_before": None, "not_after": "2026-11-24T22:40:00Z"}).id), INITIAL
        )
    )
    assert made["began-not-before"].filled
    assert texts(made["began-not-before"]) == ["non établi : rien ne prouve un état sûr antérieur"]


def test_answers_leave_no_question_and_what_is_not_known_is_the_form_s_word_for_it(scene):
    file = probed(scene)
    answered(scene, DOCTOR, file.id)
    scene.files.answer(DOCTOR, file.id, "cause", None)
    dossier = scene.files.read(file.id)
    made = named(fields(dossier, INITIAL))
    assert questions(dossier) == []
    assert (made["cause"].standing, texts(made["cause"])) == (Known.UNKNOWN, ["inconnue"])
    assert (made["recipients"].standing, texts(made["recipients"], "en")) == (Known.UNKNOWN, ["not known to date"])
    assert made["declarant"].standing is Known.DECLARED
    assert texts(made["aware"])[1] == "lu le rapport avec le technicien"


@pytest.mark.parametrize(
    ("count", "band"),
    [
        ({"count": 0}, "0-5"), ({"count": 5}, "0-5"), ({"count": 6}, "6-50"), ({"count": 51}, "51-300"),
        ({"count": 300}, "51-300"), ({"count": 5000}, "301-5000"), ({"count": 5001}, ">5000"),
        ({"count": 290, "at_least": True}, "51-300 ou plus"), ({"count": 5001, "at_least": True}, ">5000"),
    ],
)  # fmt: skip
def test_the_band_is_derived_and_shown_as_derived(scene, count, band):
    file = scene.opened()
    scene.files.answer(DOCTOR, file.id, "people", count)
    _, part = named(fields(scene.files.read(file.id), INITIAL))["people"].parts
    assert (part.standing, part.lines[0].text["fr"]) == (Known.DERIVED, band)


def test_half_an_answer_keeps_its_question(scene):
    file = probed(scene)
    scene.files.answer(DOCTOR, file.id, "declarant", {"name": "Dr Le Gall"})
    dossier = scene.files.read(file.id)
    assert "declarant" in {one.name for one in questions(dossier)}
    assert named(fields(dossier, INITIAL))["declarant"].standing is Known.DECLARED


def test_what_was_measured_stands_beside_what_a_person_says(scene):
    file = probed(scene)
    scene.files.answer(DOCTOR, file.id, "records", {"count": 900})
    made = named(fields(scene.files.read(file.id), INITIAL))["records"]
    assert made.standing is Known.DECLARED
    assert [(part.key, part.lines[0].text["fr"]) for part in made.parts[:2]] == [
        ("fact:records", "900"), ("measured:records", "au moins 1200"),
    ]  # fmt: skip


def test_an_awareness_that_was_corrected_shows_what_was_said_before(scene):
    file = probed(scene)
    answered(scene, DOCTOR, file.id)
    scene.clock.advance(timedelta(hours=2))
    scene.files.write(DOCTOR, file.id, EntryKind.INSTANT, {
        "which": "aware", "at": "2026-11-25T00:30:00Z", "reason": "relu", "corrects": True,
    })  # fmt: skip
    lines = named(fields(scene.files.read(file.id), INITIAL))["aware"].parts[0].lines
    assert (lines[0].text["fr"], lines[2].text["fr"]) == (
        "25/11/2026 00:30 (UTC+00:00)",
        "24/11/2026 23:00 (UTC+00:00)",
    )


def test_a_late_file_asks_why_within_the_question_of_awareness(scene):
    dossier = scene.files.read(probed(scene).id)
    late = asked(fields(dossier, Draft(Type.INITIAL, late=True)))
    assert len(late) == 15
    assert late[0].keys == ("aware", "lateness")
    assert "motif" in late[0].text["fr"]


def test_a_file_that_a_person_opened_is_asked_for_what_only_a_probe_measures_of_others(scene):
    made = named(fields(scene.files.read(scene.opened().id), Draft(Type.INITIAL, organisation="Cabinet")))
    assert {name for name, one in made.items() if one.filled} == {"type", "organisation", "role", "detected"}
    assert made["vantage"].standing is Known.ABSENT
    assert made["attachments"].standing is Known.ABSENT
    assert made["nature"].standing is Known.ASKED


def test_an_alert_says_what_a_processor_knows_and_no_more():
    told = {one.name for one in FORM.fields if one.alert}
    assert {"detected", "nature", "system", "data", "measures-after"} <= told
    assert not told & {"aware", "gravity", "harms", "telling", "authorities", "organisation-details"}


@given(dossiers())
def test_a_field_has_a_value_or_a_question_and_every_value_its_evidence(dossier):
    type_ = Type.ALERT if dossier.file.role is Role.PROCESSOR else Type.INITIAL
    for one in fields(dossier, Draft(type_, organisation="Cabinet", number="")):
        assert (one.standing is Known.ASKED) <= bool(one.asks)
        assert one.filled <= bool(one.parts)
        for part in one.parts:
            assert part.evidence, part.key
            assert part.lines or part.value in ([], None), part.key
            for line in part.lines:
                assert set(line.text) == {"fr", "en"}
