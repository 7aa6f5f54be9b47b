"""QIDO-RS and WADO-RS as a viewer and as programs use them."""

import io

import numpy as np
import pydicom
import pytest
from pydicom import uid
from tests.doors.small import text_of
from tests.doors.web.asking import ANY_FRAME, JSON, get, parts, value
from tests.doors.web.conftest import FIRST, OTHERS, SECOND


def test_studies_have_what_ohif_shows(client):
    answer = get(
        client, "/studies?limit=101&offset=0&fuzzymatching=false&includefield=00081030,00080060,00080090,00100030"
    )
    assert answer.headers["content-type"] == "application/dicom+json"
    rows = answer.json()
    assert [value(row, "0020000D") for row in rows] == [SECOND.uid, FIRST.uid, OTHERS.uid]
    first = rows[1]
    assert value(first, "00100010") == {"Alphabetic": FIRST.name}
    assert value(first, "00100020") == FIRST.patient_id
    assert value(first, "00081030") == FIRST.description
    assert value(first, "00201208") == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"StudyInstanceUID={FIRST.uid}", 1),
        (f"StudyInstanceUID={FIRST.uid},{SECOND.uid}", 2),
        ("00100020=CANARI-17", 1),
        ("PatientName=*zeph*", 2),
        ("StudyDate=20260101-", 2),
        ("limit=1", 1),
        ("offset=2", 1),
        ("PatientID=nobody", 0),
    ],
)
def test_studies_are_filtered(client, query, found):
    assert len(get(client, f"/studies?{query}").json()) == found


@pytest.mark.parametrize(
    "query", ["limit=x", "limit=-1", "offset=1e3", "PatientWeight=70", "Nonsense=1", "StudyDate=today", "%ff=1"]
)
def test_a_query_that_cannot_be_understood_is_refused_and_not_repeated(client, query):
    answer = get(client, f"/studies?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"code", "status"}


def test_series_and_instances_are_found_inside_a_study(client):
    series = get(client, f"/studies/{FIRST.uid}/series?includefield=00080021,00080031,0008103E,00200011").json()
    assert [value(row, "0020000E") for row in series] == [FIRST.series_uid]
    inside = get(client, f"/studies/{FIRST.uid}/series/{FIRST.series_uid}/instances").json()
    assert [value(row, "00080018") for row in inside] == [FIRST.sop_uid(number) for number in (1, 2, 3)]
    assert len(get(client, f"/studies/{FIRST.uid}/instances").json()) == 3
    assert len(get(client, "/series").json()) == 3
    assert len(get(client, "/instances?limit=5").json()) == 5


def test_metadata_hold_the_whole_data_set_but_its_pixels(client):
    for path, count in (
        (f"/studies/{FIRST.uid}", 3),
        (f"/studies/{FIRST.uid}/series/{FIRST.series_uid}", 3),
        (f"/studies/{FIRST.uid}/series/{FIRST.series_uid}/instances/{FIRST.sop_uid(2)}", 1),
    ):
        rows = get(client, path + "/metadata").json()
        assert len(rows) == count
    assert value(rows[0], "00080018") == FIRST.sop_uid(2)
    assert value(rows[0], "00281053") == 1
    assert "Value" not in rows[0].get("7FE00010", {})


def test_json_is_zipped_for_who_asks(client):
    path = f"/studies/{FIRST.uid}/metadata"
    assert get(client, path).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in get(client, path, JSON | {"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_frame_is_what_was_stored(client, number):
    path = f"/studies/{FIRST.uid}/series/{FIRST.series_uid}/instances/{FIRST.sop_uid(number)}/frames/1"
    answer = get(client, path, ANY_FRAME)
    assert answer.headers["content-type"].startswith('multipart/related; type="application/octet-stream"; boundary=')
    [(kind, data)] = parts(answer)
    assert kind == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
    assert np.array_equal(np.frombuffer(data, np.uint16).reshape(16, 16), FIRST.pixels(number))


@pytest.mark.parametrize("frames", ["2", "0", "-1", "x", "1,2", "99999999999", "1,,1", ""])
def test_a_frame_that_is_not_there_is_not_found(client, frames):
    path = f"/studies/{FIRST.uid}/series/{FIRST.series_uid}/instances/{FIRST.sop_uid(1)}/frames/{frames}"
    assert get(client, path, ANY_FRAME).status_code == 404


def test_too_many_frames_at_once_are_refused(client):
    path = f"/studies/{FIRST.uid}/series/{FIRST.series_uid}/instances/{FIRST.sop_uid(1)}/frames/" + ",".join(["1"] * 65)
    assert get(client, path, ANY_FRAME).status_code == 400


def test_a_frame_in_a_form_that_is_not_made_is_refused(client):
    path = f"/studies/{FIRST.uid}/series/{FIRST.series_uid}/instances/{FIRST.sop_uid(1)}/frames/1"
    for accept in (
        "image/gif",
        "multipart/related; type=video/mp4",
        "multipart/related; type=image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50",
        "multipart/related; type=application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.50",
        "multipart/related; type=application/octet-stream; transfer-syntax=1.2.3",
    ):
        assert get(client, path, {"Accept": accept}).status_code == 406


@pytest.mark.parametrize(
    ("path", "count"),
    [("", 3), (f"/series/{FIRST.series_uid}", 3), (f"/series/{FIRST.series_uid}/instances/{FIRST.sop_uid(1)}", 1)],
)
def test_whole_instances_are_dicom_files_with_the_bytes_that_came(client, path, count):
    answer = get(client, f"/studies/{FIRST.uid}{path}", {"Accept": 'multipart/related; type="application/dicom"'})
    files = parts(answer)
    assert len(files) == count
    for number, (kind, data) in enumerate(files, 1):
        assert kind == f"application/dicom; transfer-syntax={uid.ExplicitVRLittleEndian}"
        read = pydicom.dcmread(io.BytesIO(data))
        assert read.file_meta.MediaStorageSOPInstanceUID == FIRST.sop_uid(number)
        assert data.endswith(text_of(FIRST.data_set(number)))


UNKNOWN = (
    "/studies/1.2.3",
    f"/studies/{FIRST.uid}/series/1.2.3",
    "/studies/..%2f..%2fpasswd",
    "/studies/%00",
    "/studies/" + "1" * 400,
)


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("end", ["/metadata", ""])
def test_what_is_unknown_or_no_uid_is_one_and_the_same_404(client, path, end):
    answer = get(client, path + end, {"Accept": "*/*"})
    assert answer.status_code == 404


def test_a_study_out_of_reach_is_answered_like_one_that_does_not_exist(sign_in, narrow):
    client = sign_in(narrow)
    answers = [
        get(client, f"/studies/{one}{end}", {"Accept": "*/*"})
        for one in (OTHERS.uid, "1.2.3")
        for end in ("", "/metadata", "/series", "/instances")
    ]
    assert {(one.status_code, one.content) for one in answers} == {(404, b'{"code": "web.not-found", "status": 404}')}


@pytest.mark.parametrize("query", ["", f"StudyInstanceUID={OTHERS.uid}", "00100020=B-1", "PatientName=*"])
def test_no_search_finds_what_is_out_of_reach(sign_in, narrow, query):
    client = sign_in(narrow)
    for level in ("studies", "series", "instances"):
        assert OTHERS.uid not in get(client, f"/{level}?{query}").text


def test_a_secretary_searches_and_sees_the_inside_of_nothing(sign_in, secretary):
    client = sign_in(secretary)
    assert get(client, "/studies").status_code == 200
    assert get(client, "/series").status_code == 403
    assert get(client, f"/studies/{FIRST.uid}/series").status_code == 404
    assert get(client, f"/studies/{FIRST.uid}/metadata").status_code == 404


def test_an_administrator_sees_nothing_at_all(sign_in, administrator):
    client = sign_in(administrator)
    assert get(client, "/studies").status_code == 403
    assert get(client, f"/studies/{FIRST.uid}/metadata").status_code == 404


class TestTheViewersRoot:
    """`/ohif/dicom-web` names studies by aliases, in both directions."""

    ROOT = "/ohif/dicom-web"

    def alias(self, client, study=FIRST):
        rows = get(client, f"/studies?00100020={study.patient_id}", root=self.ROOT).json()
        return value(rows[0], "0020000D")

    def test_no_answer_holds_the_real_uid(self, client):
        alias = self.alias(client)
        assert alias.startswith("2.25.")
        for path in (
            "/studies",
            f"/studies?StudyInstanceUID={alias}",
            f"/studies/{alias}/series",
            f"/studies/{alias}/metadata",
            f"/studies/{alias}/instances",
            "/series",
            "/instances",
        ):
            text = get(client, path, root=self.ROOT).text
            assert f'"{FIRST.uid}"' not in text
            assert f"/studies/{FIRST.uid}/" not in text
            assert alias in text

    def test_a_query_by_alias_finds_the_one_study(self, client):
        alias = self.alias(client)
        rows = get(client, f"/studies?StudyInstanceUID={alias}", root=self.ROOT).json()
        assert [value(row, "0020000D") for row in rows] == [alias]
        assert get(client, "/studies?StudyInstanceUID=2.25.12345", root=self.ROOT).json() == []

    def test_a_real_uid_means_nothing_there(self, client):
        assert get(client, f"/studies/{FIRST.uid}/metadata", root=self.ROOT).status_code == 404
        assert get(client, f"/studies?StudyInstanceUID={FIRST.uid}", root=self.ROOT).json() == []

    def test_an_alias_means_nothing_in_another_session(self, client, sign_in, doctor):
        other = sign_in(doctor)
        alias = self.alias(client)
        assert get(other, f"/studies/{alias}/metadata", root=self.ROOT).status_code == 404
        assert self.alias(other) != alias

    def test_frames_come_by_alias(self, client):
        path = f"/studies/{self.alias(client)}/series/{FIRST.series_uid}/instances/{FIRST.sop_uid(1)}/frames/1"
        [(_, data)] = parts(get(client, path, ANY_FRAME, root=self.ROOT))
        assert data == FIRST.pixels(1).tobytes()
