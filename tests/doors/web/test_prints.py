"""Sheets of a study's images, asked for on a page: in clear only by permission, once, in both ledgers."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.doors.small import Study, as_file
from tests.doors.web.conftest import form_token
from tests.doors.web.test_exports import FETCH as _EXPORT, PASSPHRASE, fresh
from tests.doors.web_kit import Door, Somebody

from primum.identity import Role

FETCH = re.compile(_EXPORT.pattern.replace("export", "print"))
SignIn = Callable[[Somebody], httpx.Client]
PRINTED = Study(61, name="Imprimé^Côme", patient_id="PRINT-1", slices=3)


@pytest.fixture(scope="module")
def kept(house: Door) -> Study:
    """A study of three slices, of which a reader marked one."""
    house.add([*PRINTED.files(), as_file(selection(PRINTED, "113000", 2), PRINTED.syntax)], 0)
    return PRINTED


@pytest.fixture(scope="module")
def technologist(house: Door) -> Somebody:
    return house.somebody("Théo Technologist", Role.TECHNOLOGIST)


def selection(study: Study, title: str, slice_number: int) -> Dataset:
    made = study.data_set(1)
    for name in ("PixelData", "Rows", "Columns"):
        delattr(made, name)
    made.SOPClassUID, made.SOPInstanceUID = uid.KeyObjectSelectionDocumentStorage, f"{study.uid}.99.1"
    made.SeriesInstanceUID, made.Modality = f"{study.uid}.99", "KO"
    code, reference, series, evidence = Dataset(), Dataset(), Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = title, "DCM", "Of Interest"
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = (
        uid.CTImageStorage,
        study.sop_uid(slice_number),
    )
    series.SeriesInstanceUID, series.ReferencedSOPSequence = study.series_uid, Sequence([reference])
    evidence.StudyInstanceUID, evidence.ReferencedSeriesSequence = study.uid, Sequence([series])
    made.ConceptNameCodeSequence = Sequence([code])
    made.CurrentRequestedProcedureEvidenceSequence = Sequence([evidence])
    return made


def address(client: httpx.Client) -> str:
    page = client.post("/search", data={"form_token": form_token(client), "patient_id": PRINTED.patient_id}).text
    return re.search(r'href="(/print/2\.25\.\d+)"', page).group(1)  # type: ignore[union-attr]


def asked(client: httpx.Client, **other: str) -> httpx.Response:
    where = address(client)
    form = dict(re.findall(r'name="(series-\d+)" value="([^"]+)"', client.get(where).text))
    form |= {
        "form_token": form_token(client),
        "seal": "clear",
        "reason": "patient",
        "most": "12",
        "back": where,
    } | other
    return client.post(where, data=form)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def images(pdf: bytes) -> int:
    return len(re.findall(rb"/Subtype /Image\b", pdf))


def test_sheets_are_opened_once_and_that_they_left_is_written_down(
    house: Door, sign_in: SignIn, doctor: Somebody, kept: Study
) -> None:
    client = fresh(sign_in(doctor), doctor)
    page = asked(client)
    assert PASSPHRASE.search(page.text) is None
    fetch = FETCH.search(page.text).group(1)  # type: ignore[union-attr]
    answer = client.get(fetch)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content[:5] == b"%PDF-"
    assert (pages(answer.content), images(answer.content)) == (1, 3)
    assert client.get(fetch).status_code == 404
    left = [line for line in house.lines() if '"person:study:exported"' in line][-1]
    assert '"what":"clear"' in left
    assert '"reason":"patient"' in left
    assert '"reason":"done"' in [line for line in house.lines() if '"export:finished"' in line][-1]


def test_key_images_are_those_that_a_reader_pointed_out(sign_in: SignIn, doctor: Somebody, kept: Study) -> None:
    client = fresh(sign_in(doctor), doctor)
    fetch = FETCH.search(asked(client, keys="yes").text).group(1)  # type: ignore[union-attr]
    assert images(client.get(fetch).content) == 1


def test_who_may_not_take_out_in_clear_gets_them_sealed(sign_in: SignIn, technologist: Somebody, kept: Study) -> None:
    client = fresh(sign_in(technologist), technologist)
    page = client.get(address(client)).text
    assert 'value="clear"' not in page
    assert asked(client).status_code == 403
    sealed = asked(client, seal="aes-zip")
    assert PASSPHRASE.search(sealed.text)
    answer = client.get(FETCH.search(sealed.text).group(1))  # type: ignore[union-attr]
    assert answer.content[:2] == b"PK"
    assert b"%PDF" not in answer.content


def test_password_and_code_are_asked_again(sign_in: SignIn, doctor: Somebody, kept: Study) -> None:
    client = sign_in(doctor)
    answer = asked(client)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/step-up")


@pytest.mark.parametrize(
    "odd", [{"seal": "x"}, {"reason": "DUPONT"}, {"most": "9999"}, {"series-0": "1.2", "series-1": ""}]
)
def test_what_the_page_did_not_offer_is_not_printed(
    sign_in: SignIn, doctor: Somebody, kept: Study, odd: dict[str, str]
) -> None:
    answer = asked(fresh(sign_in(doctor), doctor), **odd)
    assert (answer.status_code, FETCH.search(answer.text)) == (400, None)


def test_who_may_not_export_is_refused(sign_in: SignIn, secretary: Somebody, doctor: Somebody, kept: Study) -> None:
    hers = sign_in(secretary)
    assert "/print/" not in hers.get("/").text
    assert hers.get(address(sign_in(doctor))).status_code == 404, "another session's address is nobody's"
