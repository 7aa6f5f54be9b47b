"""Reports by a browser: written, read, validated, followed; each seen by whom it concerns, and written down."""

from __future__ import annotations

import re
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from tests.doors.deciding_kit import deciding
from tests.doors.web.conftest import FIRST, OTHERS, form_token
from tests.doors.web.test_decisions import fresh, study_page
from tests.unit.imaging.reports.conftest import PDF, refused_by_a_taker, sent
from tests.unit.imaging.reports.test_sayings import BOMB, HEAD, SIGNER, document

from primum.identity import Role, Scope
from primum.imaging.orders.results import Results
from primum.imaging.reports.model import BASIC_TEXT, CDA

FINDINGS = "Opacité <b>ronde</b> de 18 mm."


@pytest.fixture(scope="module", autouse=True)
def worker(house):
    with deciding(house):
        yield


@pytest.fixture
def address(client):
    return study_page(client, FIRST.patient_id) + "/reports"


def post(client, address, document=None, **form):
    parts = {name: (None, value) for name, value in {"form_token": form_token(client), **form}.items()}
    if document is not None:
        parts["document"] = ("cr.pdf", document, "application/pdf")
    return client.post(address, files=parts)


def press(client, address):
    return client.post(address, data={"form_token": form_token(client)})


def drafted(client, address, **form):
    answer = post(
        client, address, **{"kind": "text", "title": "", "findings": FINDINGS, "impression": "ACR 2.", **form}
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def validated(sign_in, doctor, address, **form):
    client = fresh(sign_in, doctor)
    here = drafted(client, study_page(client, FIRST.patient_id) + "/reports", **form)
    assert press(client, f"{here}/validate").status_code == 303
    return client, here


def part10(data_set: Dataset) -> bytes:
    data_set.file_meta = pydicom.dataset.FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    written = BytesIO()
    pydicom.dcmwrite(written, data_set, enforce_file_format=True)
    return written.getvalue()


def come(house, sop_class, number, **attributes):
    """Take in a document of the first study as another system sends it."""
    of_study = {"StudyInstanceUID": FIRST.uid, "PatientName": FIRST.name, "PatientID": FIRST.patient_id}
    house.add([part10(sent(sop_class, f"{FIRST.uid}.9.{number}", **of_study, **attributes))])


def test_a_secretary_writes_a_draft_and_a_physician_validates_it(house, sign_in, secretary, doctor, client, address):
    typist = sign_in(secretary)
    here = drafted(typist, study_page(typist, FIRST.patient_id) + "/reports", title="Scanner du jour")
    page = typist.get(here).text
    assert "Brouillon" in page
    assert "Opacité &lt;b&gt;ronde&lt;/b&gt; de 18 mm." in page
    assert f"{here}/validate" not in page
    assert press(typist, f"{here}/validate").status_code == 403
    plain = client.get(here).text
    assert "/step-up?" in plain
    assert press(client, f"{here}/validate").status_code in {303, 403}
    assert "Brouillon" in client.get(here).text, "a plain session validates nothing"
    physician = fresh(sign_in, doctor)
    assert press(physician, f"{here}/validate").headers["location"] == here
    page = physician.get(here).text
    assert "Validé" in page
    assert "Dr Maël Kervella" in page
    assert f"{here}/change" not in page
    found = client.get(f"/dicom-web/studies/{FIRST.uid}/instances?SOPClassUID={BASIC_TEXT}").json()
    assert found
    lines = "".join(house.lines())
    for kind in ("report:drafted", "report:validated", "person:report:viewed"):
        assert kind in lines
    assert "Scanner du jour" not in lines


def test_the_page_of_a_study_shows_its_reports(sign_in, doctor, client, address):
    validated(sign_in, doctor, address, title="Compte rendu du scanner")
    page = client.get(address.removesuffix("/reports") + "/decisions").text
    assert "Compte rendu du scanner" in page
    assert re.search(r'href="/studies/[0-9.]+/reports"', page)


def test_a_pdf_is_added_read_by_the_browser_and_downloaded(house, client, address):
    answer = post(client, address, PDF, kind="pdf", title="Courrier")
    assert answer.status_code == 303, answer.text
    here = answer.headers["location"]
    shown = client.get(f"{here}/report.pdf")
    assert shown.content == PDF
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-disposition"] == 'inline; filename="report.pdf"'
    assert shown.headers["content-security-policy"].startswith("default-src 'none'; object-src 'self';")
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["x-content-type-options"] == "nosniff"
    kept = client.get(f"{here}/download")
    assert (kept.content, kept.headers["content-disposition"]) == (PDF, 'attachment; filename="report.pdf"')


@pytest.mark.parametrize(
    ("document", "sentence"),
    [(b"MZ", "pas un PDF entier"), (b"", "pas un PDF entier"), (b"%PDF-1.4 cut", "pas un PDF entier")],
)
def test_what_is_no_pdf_is_refused_in_words_and_nothing_is_kept(client, address, document, sentence):
    before = client.get(address).text.count("<tr>")
    answer = post(client, address, document, kind="pdf", title="x")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert client.get(address).text.count("<tr>") == before


def test_a_body_beyond_the_bound_is_not_held(client, address):
    assert post(client, address, b"%PDF-" + b"0" * (13 << 20) + b"%%EOF", kind="pdf").status_code == 413


def test_a_form_cut_short_or_of_another_type_is_refused(client, address):
    token = {"X-Form-Token": form_token(client)}
    broken = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\ntext'
    for kind, body in (("multipart/form-data; boundary=b", broken), ("text/plain", b"x"), ("multipart/form-data", b"")):
        answer = client.post(address, content=body, headers={"Content-Type": kind, **token})
        assert answer.status_code == 400


def test_an_empty_text_is_refused_and_what_was_typed_stays(client, address):
    answer = post(client, address, kind="text", title="Un titre gardé", findings=" ", impression="")
    assert answer.status_code == 422
    assert "Un titre gardé" in answer.text


def test_a_draft_is_changed_then_withdrawn(client, address):
    here = drafted(client, address)
    assert post(client, f"{here}/change", title="Autre titre", findings="Rien.", impression="").status_code == 303
    assert "Autre titre" in client.get(here).text
    assert press(client, f"{here}/withdraw").headers["location"].endswith("/reports")
    assert client.get(here).status_code == 404


def test_a_validated_report_is_followed_and_superseded_and_stays(sign_in, doctor, address):
    client, here = validated(sign_in, doctor, address, title="Première lecture")
    about = here.rpartition("/")[2]
    addendum = drafted(client, address_of(client), about=about, relation="addendum", findings="Comparé à 2024.")
    assert "Addendum" in client.get(addendum).text
    assert here in client.get(addendum).text
    assert press(client, f"{addendum}/validate").status_code == 303
    version = drafted(client, address_of(client), about=about, relation="version", findings="Relu.")
    assert "Une nouvelle version" not in client.get(here).text
    assert press(client, f"{version}/validate").status_code == 303
    page = client.get(here).text
    assert "Une nouvelle version remplace ce compte rendu." in page
    assert version in page
    assert "Opacité" in page
    assert press(client, f"{here}/withdraw").status_code == 409
    assert press(client, f"{here}/validate").status_code == 409


def address_of(client):
    return study_page(client, FIRST.patient_id) + "/reports"


def test_a_senders_report_is_shown_as_its_senders(house, client, address):
    observer = Dataset()
    observer.VerifyingObserverName, observer.VerificationDateTime = "Ocaña^Inès^^Dr", "20260102101500"
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "18748-4", "LN", "Relecture <script>"
    come(house, BASIC_TEXT, 1, VerificationFlag="VERIFIED", VerifyingObserverSequence=[observer],
         ConceptNameCodeSequence=[title])  # fmt: skip
    page = client.get(address).text
    assert "Validé par son expéditeur" in page
    assert "Relecture &lt;script&gt;" in page
    assert "Dr Inès Ocaña" in page


def test_a_cda_is_shown_as_text_and_never_as_markup(house, client, address):
    data = document(SIGNER.format(code="S"))
    come(house, CDA, 2, EncapsulatedDocument=data + b" " * (len(data) % 2), DocumentTitle="Lettre CDA", Modality="DOC")
    come(house, CDA, 3, EncapsulatedDocument=document(start=HEAD + BOMB), DocumentTitle="Bombe", Modality="DOC")
    page = client.get(address).text
    here = re.search(r'href="(/reports/rep_[a-z0-9]+)">Lettre CDA', page)[1]
    shown = client.get(here).text
    assert "Nette &lt;b&gt;" in shown
    assert "18 mm" in shown
    assert client.get(f"{here}/report.pdf").status_code == 404
    fetched = client.get(f"{here}/download")
    assert fetched.headers["content-type"] == "application/octet-stream"
    bomb = re.search(r'href="(/reports/rep_[a-z0-9]+)">Bombe', page)[1]
    answer = client.get(bomb)
    assert answer.status_code == 200
    assert "ne peut pas être affiché" in answer.text
    assert client.get(f"{bomb}/download").status_code == 200


def test_what_is_out_of_reach_does_not_exist(house, sign_in, narrow, doctor, client, administrator):
    other = study_page(client, OTHERS.patient_id) + "/reports"
    here = drafted(client, other)
    outside = sign_in(narrow)
    assert outside.get(here).status_code == 404
    assert outside.get(f"{here}/report.pdf").status_code == 404
    assert press(outside, f"{here}/withdraw").status_code == 404
    chief = sign_in(administrator)
    assert chief.get(here).status_code in {403, 404}
    referrer = sign_in(
        house.somebody("Dr Paul Autre", Role.PHYSICIAN, scope=Scope.REFERRER, referrer_names=("Autre^Paul",))
    )
    assert referrer.get(here).status_code == 404, "a draft is no referrer's"
    physician = fresh(sign_in, doctor)
    assert press(physician, f"{here}/validate").status_code == 303
    assert "Opacité" in referrer.get(here).text
    assert drafted_by(referrer, here) == 403


def drafted_by(client, here):
    about = here.rpartition("/")[2]
    address = re.search(r'href="(/studies/[^"]+/reports)"', client.get(here).text)[1]
    form = {"kind": "text", "about": about, "relation": "addendum", "title": "", "findings": "x", "impression": ""}
    return post(client, address, **form).status_code


def test_a_stranger_uploads_nothing(stranger, house):
    answer = stranger.post("/studies/2.25.1/reports", content=b"x" * 100_000, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in"


def test_a_form_of_elsewhere_is_refused(client, address):
    parts = {"kind": (None, "text"), "findings": (None, "x"), "form_token": (None, "wrong")}
    assert client.post(address, files=parts).status_code == 403


def test_a_refused_result_is_on_the_page_of_orders_and_sent_again(house, sign_in, doctor, secretary, address):
    validated(sign_in, doctor, address)
    results = Results(house.services.orders)
    results.send_due(house.clock.now(), refused_by_a_taker)
    typist = sign_in(secretary)
    page = typist.get("/orders").text
    assert "Résultats qui ne sont pas arrivés" in page
    result = re.search(r'name="result" value="(res_[a-z0-9]+)"', page)[1]
    form = {"form_token": form_token(typist), "result": result}
    assert typist.post("/orders/results", data=form).status_code == 303
    assert result not in typist.get("/orders").text
    assert results.waiting() >= 1
    assert typist.post("/orders/results", data=form).status_code == 404
