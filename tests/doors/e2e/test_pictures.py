"""The running product: what was imported is seen as a picture, and comes in another transfer syntax."""

from __future__ import annotations

import io

import httpx
import pydicom
import pytest

from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice

JPEG_LS = "1.2.840.10008.1.2.4.80"


@pytest.fixture(scope="module")
def study(practice: Practice, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("given") / "disc"
    canary = make_canary()
    write_canary(folder, canary, images=2, size=32)
    practice.primum.sign_in(practice.person)
    practice.primum.cli("import", str(folder))
    first = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    return str(pydicom.dcmread(first).StudyInstanceUID)


def test_a_study_is_a_picture_and_comes_compressed(practice: Practice, study: str):
    with practice.primum.signed_in(practice.person) as pages:
        picture = pages.get(f"/dicom-web/studies/{study}/thumbnail", headers={"Accept": "image/png"})
        assert picture.status_code == httpx.codes.OK
        assert picture.content.startswith(b"\x89PNG")
        accept = f'multipart/related; type="application/dicom"; transfer-syntax={JPEG_LS}'
        files = pages.get(f"/dicom-web/studies/{study}", headers={"Accept": accept})
        assert files.status_code == httpx.codes.OK
        boundary = files.headers["content-type"].split("boundary=")[1].encode()
        one = files.content.split(b"--" + boundary)[1].split(b"\r\n\r\n", 1)[1][:-2]
        assert pydicom.dcmread(io.BytesIO(one)).file_meta.TransferSyntaxUID == JPEG_LS
