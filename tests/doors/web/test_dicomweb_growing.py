"""DICOMweb when studies keep coming in: these tests add to the archive, so they have one of their own."""

import email.policy
import json
from email.parser import BytesParser

import numpy as np
import pytest
from tests.doors.small import Study
from tests.doors.web.conftest import FIRST

JSON = {"Accept": "application/dicom+json"}

ANY_FRAME = {"Accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}

UNKNOWN = (
    "/studies/1.2.3",
    f"/studies/{FIRST.uid}/series/1.2.3",
    "/studies/..%2f..%2fpasswd",
    "/studies/%00",
    "/studies/" + "1" * 400,
)


def get(client, path, headers=JSON, root="/dicom-web"):
    return client.get(root + path, headers=headers)


def value(row, tag):
    return row[tag].get("Value", [None])[0]


def parts(answer):
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    whole = BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.content)
    return [(part["content-type"].replace('"', ""), part.get_payload(decode=True)) for part in whole.iter_parts()]


@pytest.fixture
def client(sign_in, doctor):
    return sign_in(doctor)


def test_bulk_data_are_fetched_where_metadata_point(house, client):
    table = np.arange(2048, dtype=np.uint16).tobytes()
    study = Study(7, name="Palette^Peter", date="20200101", slices=1, extra={"RedPaletteColorLookupTableData": table})
    house.add(study.files())
    [row] = get(client, f"/studies/{study.uid}/metadata").json()
    address = row["00281201"]["BulkDataURI"]
    assert client.get(address, headers={"Accept": "*/*"}).content == table
    assert parts(client.get(address, headers={"Accept": "multipart/related; type=application/octet-stream"})) == [
        ("application/octet-stream", table)
    ]
    assert client.get(address[:-8] + "00100010", headers={"Accept": "*/*"}).status_code in {200, 404}
    assert client.get(address[:-8] + "00281202", headers={"Accept": "*/*"}).status_code == 404


def test_the_same_study_uid_under_two_controllers_is_two_studies(house, client, sign_in, narrow):
    mine, theirs = (
        Study(9, name="Double^Une", patient_id="DOUBLE"),
        Study(9, name="Double^Deux", patient_id="DOUBLE", slices=2),
    )
    house.add(mine.files(), 0)
    house.add(theirs.files(), 1)
    rows = get(client, "/studies?PatientID=DOUBLE", root="/ohif/dicom-web").json()
    aliases = {value(row, "00100010")["Alphabetic"]: value(row, "0020000D") for row in rows}
    assert len(set(aliases.values())) == 2
    for name, count in ((mine.name, 3), (theirs.name, 2)):
        inside = get(client, f"/studies/{aliases[name]}/instances", root="/ohif/dicom-web").json()
        assert len(inside) == count
    assert len(get(sign_in(narrow), f"/studies?StudyInstanceUID={mine.uid}").json()) == 1


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

    def test_bulk_data_addresses_are_of_this_root(self, house, client):
        study = Study(
            8,
            name="Bulk^Bea",
            patient_id="BULK",
            date="20200102",
            slices=1,
            extra={"RedPaletteColorLookupTableData": bytes(4096)},
        )
        house.add(study.files())
        alias = self.alias(client, study)
        text = get(client, f"/studies/{alias}/metadata", root=self.ROOT).text
        address = json.loads(text)[0]["00281201"]["BulkDataURI"]
        assert address.startswith(f"/ohif/dicom-web/studies/{alias}/series/")
        assert client.get(address, headers={"Accept": "*/*"}).content == bytes(4096)
