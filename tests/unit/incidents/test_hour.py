import re
import shutil
import subprocess
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.unit.incidents.kit import DOCTOR, MINE, TUESDAY, Scene

from primum.ground.pdf import writable
from primum.incidents.dated import CONFIDENCE
from primum.incidents.hour import BY_ORIGIN, OTHER, Hour, hour, hour_of, situation_of, situations
from primum.incidents.hour_page import hour_html, hour_pdf
from primum.incidents.model import EntryKind, Origin, Role
from primum.incidents.stories.book import STORIES
from primum.incidents.stories.telling import tell

PARIS = ZoneInfo("Europe/Paris")
LONG_AT = "mercredi 25 novembre 2026 à 23:40 (UTC+01:00)"
DUE_AT = "vendredi 27 novembre 2026 à 23:40 (UTC+01:00)"
PAGES = re.compile(rb"/Type /Page /Parent")
FORBIDDEN = ("conforme", "compliant", "anonym", "impossible", "effacez", "supprimez ", "delete the", "erase")


def page(situation, language="fr", **told) -> Hour:
    return hour(situation, language=language, zone=PARIS, **told)


def lines(made: Hour, part):
    return [line.text for one in made.parts if one.name == part for line in one.lines]


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_every_story_and_every_origin_has_its_advice_and_there_is_no_other():
    assert set(situations()) == {one.name for one in STORIES} | set(BY_ORIGIN.values()) | {OTHER}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("situation", situations())
def test_the_page_is_one_page_of_paper_with_everything_on_it(situation, language):
    done = [f"Dossier inc_0123456789abcdef0123456789 ouvert le {LONG_AT}."] * 5
    made = page(situation, language, detected_at=TUESDAY, done=done, exercise=True)
    drawn = hour_pdf(made)
    assert len(PAGES.findall(drawn)) == 1
    names = [one.name for one in made.parts]
    assert names == ["clock", "keep", "close", "call", "never", "done"]
    texts = [line.text for one in made.parts for line in one.lines] + [*made.sources, *made.foot, made.situation]
    assert all(writable(one) for one in texts)
    html = hour_html(made).decode()
    assert html.count("<li>") == sum(len(one.lines) for one in made.parts)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("situation", situations())
def test_evidence_comes_before_closing_and_deleting_is_proposed_nowhere(situation, language):
    made = page(situation, language)
    asked = [text.lower() for part in ("keep", "close", "call") for text in lines(made, part)]
    assert lines(made, "keep")
    assert lines(made, "close")
    assert not [one for one in asked for word in FORBIDDEN if word in one]
    assert "rien" in lines(made, "never")[-3] or "nothing" in lines(made, "never")[-3]


def test_every_source_that_is_not_read_says_so_and_every_number_has_its_source():
    for situation in situations():
        made = page(situation)
        numbers = {line.source for one in made.parts for line in one.lines} - {0}
        assert numbers == set(range(1, len(made.sources) + 1))
        for one in made.sources:
            assert one.endswith(tuple(f": {said['fr']}" for said in CONFIDENCE.values()))


def test_a_machine_that_is_being_encrypted_is_not_switched_off_without_advice_and_the_advice_has_its_source():
    made = page("ransomware")
    (part,) = [one for one in made.parts if one.name == "never"]
    (line,) = [one for one in part.lines if one.text.startswith("N'éteignez")]
    assert made.sources[line.source - 1].startswith(f"[{line.source}] ANSSI")
    assert made.sources[line.source - 1].endswith("à confirmer par votre DPO")


def test_the_deadline_is_on_the_page_of_a_controller_and_not_on_a_processors():
    mine = lines(page("laptop", detected_at=TUESDAY), "clock")
    assert [one for one in mine if "72 heures" in one and DUE_AT in one]
    theirs = lines(page("hosted", detected_at=TUESDAY, role=Role.PROCESSOR), "clock")
    assert not [one for one in theirs if "72" in one]
    assert [one for one in theirs if "chaque responsable" in one]


def test_the_authoritys_letter_never_makes_the_page_say_that_nothing_is_to_be_notified():
    for language, sentence in (("fr", "Ne concluez pas seul"), ("en", "Do not conclude alone")):
        made = page("authority", language)
        assert [one for one in lines(made, "never") if one.startswith(sentence)]


def test_a_file_shows_its_storys_advice_and_what_was_done(scene):
    made = tell(scene.files, DOCTOR, MINE.id, "laptop", {}, TUESDAY)
    read = scene.files.dossier(DOCTOR, made.id)
    before = hour_of(read, language="fr", zone=PARIS)
    assert before.situation == STORIES.stories["laptop"].title["fr"]
    assert any("Aucune preuve" in one for one in lines(before, "done"))
    scene.clock.advance(timedelta(minutes=20))
    scene.files.attach(DOCTOR, made.id, "connexions.csv", b"x", what="export")
    scene.files.write(DOCTOR, made.id, EntryKind.ACTION, {"what": "revoke-device", "outcome": "done"})
    after = lines(hour_of(scene.files.dossier(DOCTOR, made.id), language="fr", zone=PARIS), "done")
    assert "Preuves figées ou jointes : 1, la dernière le mercredi 25 novembre 2026 à 00:00 (UTC+01:00)." in after
    assert "Mesures d'arrêt écrites au dossier : 1." in after
    assert after[-1] == "Rien n'a été envoyé à l'autorité, et rien n'a été supprimé, par Primum."


def test_a_file_opened_by_a_finding_shows_what_to_do_about_a_finding(scene):
    with scene.files.transaction() as tx:
        (made,) = scene.files.open_files(tx, Origin.FINDING, "un constat", [MINE.id], "system")
    assert situation_of(scene.files.read(made.id)) == "finding"
    other = scene.opened()
    assert situation_of(scene.files.read(other.id)) == OTHER


def test_what_somebody_typed_cannot_become_html_and_the_file_fetches_nothing():
    html = hour_html(page("laptop", done=["<script>alert(1)</script>"])).decode()
    assert "<script>" not in html
    assert "default-src &#x27;none&#x27;" in html
    assert not re.search(r'(src|href)="', html)


def test_the_same_page_gives_the_same_bytes():
    made = page("laptop", detected_at=TUESDAY)
    assert hour_pdf(made) == hour_pdf(made)
    assert hour_html(made) == hour_html(made)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler reads it")
def test_a_reader_of_pdf_finds_the_advice(tmp_path):
    file = tmp_path / "hour.pdf"
    file.write_bytes(hour_pdf(page("ransomware", detected_at=TUESDAY)))
    read = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert "Ne payez pas" in read
    assert "17cyber.gouv.fr" in read
