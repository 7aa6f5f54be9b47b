import hashlib
import io
import subprocess
import zipfile
from datetime import timedelta
from html import unescape

import pytest
from tests.unit.incidents.kit import DOCTOR, DPO, SECRETARY, TUESDAY
from tests.unit.incidents.register.kit import DAY, Kept

from primum.exposure.findings.model import Finding, Source, read_hole
from primum.exposure.probe.model import Place
from primum.identity import NotPermitted
from primum.incidents.model import BadEntry, EntryKind, NoSuchIncident
from primum.incidents.notices.words import LANGUAGES
from primum.incidents.register.dealt import arithmetic, lateness
from primum.incidents.register.pack import Part


class Reports:
    """What app/ hands in of other rooms."""

    def __init__(self, *parts):
        self.given = parts

    def parts(self, dossier):
        return self.given


def opened(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {one: archive.read(one) for one in archive.namelist()}


def page_of(scene, file_id, language="fr"):
    return unescape(opened(scene.register.control_pack(DPO, file_id, language))["index.html"].decode())


@pytest.fixture
def scene(tmp_path):
    return Kept(tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pack_holds_what_both_doctors_were_asked_for(scene, language):
    """Volumetry, registers, measures with their dates (SAN-2020-014, SAN-2020-015)."""
    one = scene.lived()
    held = opened(scene.register.control_pack(DPO, one, language))
    assert {"index.html", "index.pdf", "register/register.ods", "register/register.pdf", "register/register.jsonld",
            "SHA256SUMS"} <= set(held)  # fmt: skip
    page = held["index.html"].decode()
    for shown in ("1200", "800", "port fermé sur la box", "4242", "VIO-2026-77", "CTX-1", "mesures, avec leurs dates"):
        assert shown in page
    assert len([name for name in held if name.startswith("notices/")]) == 1


def test_the_list_of_digests_is_whole_and_right(scene):
    held = opened(scene.register.control_pack(DPO, scene.lived(), "fr"))
    listed = dict(reversed(line.split("  ", 1)) for line in held.pop("SHA256SUMS").decode().splitlines())
    assert listed == {name: hashlib.sha256(body).hexdigest() for name, body in held.items()}


def test_sha256sum_reads_the_list(scene, tmp_path):
    with zipfile.ZipFile(io.BytesIO(scene.register.control_pack(DPO, scene.lived(), "fr"))) as archive:
        archive.extractall(tmp_path / "pack")
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path / "pack", check=True)


def test_the_same_file_makes_the_same_pack(scene):
    one = scene.lived()
    assert scene.register.control_pack(DPO, one, "fr") == scene.register.control_pack(DPO, one, "fr")


def test_a_letter_of_a_patient_is_listed_by_its_digest_and_not_handed_over(scene):
    one = scene.lived()
    held = opened(scene.register.control_pack(DPO, one, "fr"))
    assert b"Canari" not in b"".join(held.values())
    assert not [name for name in held if "Canari" in name]
    assert b"%PDF-1.7 letter" in held.values()
    canary = hashlib.sha256(b"%PDF-1.7 canary").hexdigest()
    assert canary in held["index.html"].decode()


def test_a_person_may_choose_to_put_a_document_in(scene):
    one = scene.lived()
    kept = scene.files.attach(DPO, one, "rapport de l'expert.pdf", b"%PDF-1.7 expert")
    assert b"%PDF-1.7 expert" not in opened(scene.register.control_pack(DPO, one, "fr")).values()
    held = opened(scene.register.control_pack(DPO, one, "fr", documents=[kept.id]))
    assert held[f"documents/{kept.id}-{kept.name}"] == b"%PDF-1.7 expert"
    with pytest.raises(BadEntry, match="not of this file"):
        scene.register.control_pack(DPO, one, "fr", documents=["doc_of_another"])


def test_other_rooms_hand_in_their_parts(scene):
    one = scene.lived()
    extra = Reports(Part("checks/2026-11-25.html", "Contrôle du 25 novembre", b"<p>vu</p>"))
    held = opened(scene.register.control_pack(DPO, one, "fr", extra=extra))
    assert held["extra/checks/2026-11-25.html"] == b"<p>vu</p>"
    assert "Contrôle du 25 novembre" in held["index.html"].decode()
    for wrong in ("../../etc/passwd", "/../x"):
        with pytest.raises(BadEntry, match="leads out"):
            scene.register.control_pack(DPO, one, "fr", extra=Reports(Part(wrong, "x", b"")))


def test_a_finding_that_a_proof_closed_is_a_measure_with_its_date(tmp_path):
    hole = read_hole("192.0.2.7", 4242, "plain", "nobody", "find")
    finding = Finding(
        id="fin_1", source=Source.PROBE, place=Place.OUTSIDE, hole=hole, detected_at=TUESDAY, last_closed_at=None,
        first_open_at=TUESDAY, last_open_at=TUESDAY, closed_at=TUESDAY + timedelta(hours=20), run="c" * 64,
    )  # fmt: skip
    scene = Kept(tmp_path, findings=[finding])
    one = scene.opened().id
    scene.files.write_alone(one, EntryKind.LINKED, {"findings": ["fin_1"]})
    for shown in ("exposition constatée fermée", "fin_1", "c" * 64):
        assert shown in page_of(scene, one)


def test_an_earlier_answer_on_measures_stays_in_the_list(scene):
    one = scene.lived()
    scene.files.answer(DPO, one, "measures-after", "port fermé, mot de passe changé, contrôle mensuel")
    for shown in ("port fermé sur la box", "contrôle mensuel"):
        assert shown in page_of(scene, one)


@pytest.mark.parametrize(("language", "words"), [
    ("fr", ("si elle est liquidée", "pas une prévision", "à confirmer")),
    ("en", ("if liquidated", "no prediction", "to be confirmed")),
])  # fmt: skip
def test_a_penalty_is_arithmetic_and_called_so(scene, language, words):
    one = scene.lived()
    scene.letters.order(
        DPO, one, reference="SAN-1", asked="fermer", notified_at=scene.clock.now(), due=scene.clock.now() + DAY,
        daily=100, ceiling=250,
    )  # fmt: skip
    scene.clock.advance(5 * DAY)
    (order,) = scene.letters.stand(DPO, one).orders
    said = arithmetic(order, language)
    for shown in ("250", "4 ", "art. 20", *words):
        assert shown in said
    assert said in page_of(scene, one, language)


@pytest.mark.parametrize(("late", "said"), [
    (timedelta(0), ""), (timedelta(minutes=1), "0 j 1 h"), (timedelta(days=2), "2 j 0 h"),
    (timedelta(days=1, hours=23, minutes=30), "2 j 0 h"),
])  # fmt: skip
def test_how_late_is_said_in_days_and_hours_begun(late, said):
    assert lateness(late, "fr") == said


def test_who_may_not_read_the_file_gets_no_pack(scene):
    one = scene.lived()
    with pytest.raises(NotPermitted):
        scene.register.control_pack(SECRETARY, one, "fr")
    with pytest.raises(NoSuchIncident):
        scene.register.control_pack(DOCTOR, "inc_none", "fr")
    with pytest.raises(BadEntry, match="language"):
        scene.register.control_pack(DOCTOR, one, "de")


def test_a_pack_of_an_exercise_says_so_on_every_part_of_its_page(tmp_path):
    scene = Kept(tmp_path, exercise=True)
    page = opened(scene.register.control_pack(DPO, scene.lived(), "en"))["index.html"].decode()
    assert page.count("EXERCISE") == page.count("<h2>") + 2  # once at the top, once in what it is
