"""What needs studies of its own: bulk data, and one UID under two controllers."""

import json

import numpy as np
from tests.doors.small import Study
from tests.doors.web.asking import get, parts, value

ROOT = "/ohif/dicom-web"


def alias_of(client, study):
    rows = get(client, f"/studies?00100020={study.patient_id}", root=ROOT).json()
    return value(rows[0], "0020000D")


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
    assert client.get(address[:-8] + "00281202", headers={"Accept": "*/*"}).status_code == 404


def test_bulk_data_addresses_are_of_this_root(house, client):
    study = Study(
        8,
        name="Bulk^Bea",
        patient_id="BULK",
        date="20200102",
        slices=1,
        extra={"RedPaletteColorLookupTableData": bytes(4096)},
    )
    house.add(study.files())
    alias = alias_of(client, study)
    text = get(client, f"/studies/{alias}/metadata", root=ROOT).text
    address = json.loads(text)[0]["00281201"]["BulkDataURI"]
    assert address.startswith(f"/ohif/dicom-web/studies/{alias}/series/")
    assert client.get(address, headers={"Accept": "*/*"}).content == bytes(4096)


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
