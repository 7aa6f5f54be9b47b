from datetime import UTC, timedelta

import pytest
from tests.unit.incidents.kit import DOCTOR, MINE, THEIRS, TUESDAY, Scene

from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import Standing
from primum.incidents.stories.alerts import NoAlertOwed, alert, alert_html, alert_pdf, alerted, owed
from primum.incidents.stories.telling import tell, tell_each


def drawn(dossier, language="fr", controller=MINE.name):
    return alert(
        dossier, controller=controller, host="Imagerie des Abers SARL", contact="M. Kerbrat, 02 98 00 00 00",
        language=language, zone=UTC,
    )  # fmt: skip


@pytest.fixture
def hosts(tmp_path):
    scene = Scene(tmp_path, MINE, THEIRS)
    scene.house.processor = True
    answers = {"nature": ["confidentiality"], "processor-aware": TUESDAY - timedelta(minutes=30)}
    made = tell_each(scene.files, DOCTOR, [MINE.id, THEIRS.id], "hosted", answers, TUESDAY - timedelta(hours=1))
    return scene, made


def test_every_controller_of_a_host_is_owed_an_alert_until_its_own_was_sent(hosts):
    scene, (mine, theirs) = hosts
    assert {one.file.id for one in owed(scene.files.every(DOCTOR))} == {mine.id, theirs.id}
    alerted(scene.files, DOCTOR, mine.id, TUESDAY, "par courriel, accusé reçu")
    assert [one.file.id for one in owed(scene.files.every(DOCTOR))] == [theirs.id]


def test_an_alert_tells_what_is_known_names_what_is_not_and_nothing_of_another_controller(hosts):
    scene, (mine, theirs) = hosts
    scene.files.answer(DOCTOR, mine.id, "people", {"count": 41})
    scene.files.answer(DOCTOR, theirs.id, "people", {"count": 977})
    made = drawn(scene.files.dossier(DOCTOR, mine.id))
    whole = alert_html(made).decode()
    assert "41" in whole
    assert "977" not in whole
    assert THEIRS.name not in whole
    assert any(one.endswith("(déclaré)") for one in made.known)
    assert CATALOGUE["began"].label["fr"] in made.unknown
    assert CATALOGUE["nature"].label["fr"] not in made.unknown


def test_facts_are_told_in_words_and_an_interval_by_both_its_ends(hosts):
    scene, (mine, _) = hosts
    began = {"not_before": "2026-11-20T09:00:00Z", "not_after": "2026-11-24T21:00:00Z"}
    scene.files.answer(DOCTOR, mine.id, "began", began)
    known = drawn(scene.files.dossier(DOCTOR, mine.id)).known
    assert known[0] == "Nature de la violation : perte de confidentialité (déclaré)"
    (told,) = [one for one in known if one.startswith(CATALOGUE["began"].label["fr"])]
    assert "pas avant : 20/11/2026 09:00" in told
    assert "au plus tard : 24/11/2026 21:00" in told


def test_what_somebody_said_is_not_known_is_told_as_not_known(hosts):
    scene, (mine, _) = hosts
    scene.files.answer(DOCTOR, mine.id, "records", None)
    read = scene.files.dossier(DOCTOR, mine.id)
    assert read.facts["records"].standing is Standing.UNKNOWN
    assert CATALOGUE["records"].label["en"] in drawn(read, "en").unknown


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_alert_judges_no_risk_and_leaves_the_decision_where_it_belongs(hosts, language):
    scene, (mine, _) = hosts
    made = drawn(scene.files.dossier(DOCTOR, mine.id), language)
    text = " ".join((*made.head, *made.foot))
    assert ("À vous : décider" in text) or ("Yours: to decide" in text)
    assert "33(2)" in text
    assert alert_pdf(made).startswith(b"%PDF")
    assert alert_pdf(made) == alert_pdf(made)


def test_a_controller_has_nobody_to_alert(tmp_path):
    scene = Scene(tmp_path)
    made = tell(scene.files, DOCTOR, MINE.id, "open-share", {})
    read = scene.files.dossier(DOCTOR, made.id)
    assert owed([read]) == []
    with pytest.raises(NoAlertOwed):
        drawn(read)
    with pytest.raises(NoAlertOwed):
        alerted(scene.files, DOCTOR, made.id, TUESDAY, "x")


def test_what_was_typed_cannot_become_html(hosts):
    scene, (mine, _) = hosts
    html = alert_html(drawn(scene.files.dossier(DOCTOR, mine.id), controller="<b>Le Gall</b>")).decode()
    assert "<b>" not in html
