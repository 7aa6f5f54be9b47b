"""QIDO-RS as PS3.18 10.6 has it: every resource, paging that says when there is more, XML for who asks for it."""

from xml.etree import ElementTree as ET

import pytest
from tests.doors.web.asking import get, parts, value
from tests.doors.web.conftest import FIRST, OTHERS, SECOND

XML = 'multipart/related; type="application/dicom+xml"'


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/studies?StudyInstanceUID={0.uid}", "/dicom-web/studies/{0.uid}"),
        ("/series?StudyInstanceUID={0.uid}", "/dicom-web/studies/{0.uid}/series/{0.series_uid}"),
        ("/studies/{0.uid}/series", "/dicom-web/studies/{0.uid}/series/{0.series_uid}"),
    ],
)
def test_a_match_says_where_it_is_retrieved(client, path, url):
    (row,) = get(client, path.format(FIRST)).json()
    assert value(row, "00081190") == url.format(FIRST)


def test_instances_of_all_studies_carry_their_parents_attributes(client):
    rows = get(client, f"/instances?PatientID={FIRST.patient_id}&StudyInstanceUID={FIRST.uid}").json()
    assert len(rows) == 3
    assert value(rows[0], "00100020") == FIRST.patient_id
    assert value(rows[0], "0020000E") == FIRST.series_uid
    assert value(rows[2], "00081190").endswith(f"/instances/{FIRST.sop_uid(3)}")


def test_a_page_that_is_not_the_last_says_so(client):
    first = get(client, "/studies?limit=2")
    assert len(first.json()) == 2
    assert first.headers["warning"].startswith("299 ")
    last = get(client, "/studies?limit=2&offset=2")
    assert len(last.json()) == 1
    assert "warning" not in last.headers
    assert "warning" not in get(client, "/studies?limit=3").headers


def test_all_attributes_and_counts_come_when_asked_for(client):
    (row,) = get(client, f"/studies?StudyInstanceUID={FIRST.uid}&includefield=all").json()
    assert value(row, "00201200") >= 1
    assert value(row, "00080062") is not None
    (row,) = get(client, f"/studies?StudyInstanceUID={FIRST.uid}").json()
    assert "00201200" not in row


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('IssuerOfPatientID=""&emptyvaluematching=true', 3),
        (f"PatientID={FIRST.patient_id}%5C{OTHERS.patient_id}&multiplevaluematching=true", 2),
        ("TimezoneOffsetFromUTC=%2B0100&StudyDate=20260101-", 2),
        ("StudyDate=20260101-&StudyTime=0000-2359", 2),
    ],
)
def test_empty_values_lists_and_clocks_are_matched(client, query, found):
    answer = get(client, f"/studies?{query}")
    assert answer.status_code == 200
    assert len(answer.json()) == found


def test_an_attribute_inside_a_sequence_is_asked_for_by_its_path(client):
    answer = get(client, "/series?RequestAttributesSequence.RequestedProcedureID=NONE")
    assert (answer.status_code, answer.json()) == (200, [])
    assert get(client, "/series?00400275.00400009=NONE").json() == []
    assert get(client, "/series?RequestAttributesSequence.PatientName=X").status_code == 400


def test_xml_has_a_part_for_each_match(client):
    answer = get(client, "/studies?limit=2", {"Accept": XML})
    found = parts(answer)
    assert len(found) == 2
    uids = {one.findtext("Value") for _, text in found for one in ET.fromstring(text) if one.get("tag") == "0020000D"}
    assert uids == {SECOND.uid, FIRST.uid}
    assert get(client, "/studies?PatientID=nobody", {"Accept": XML}).status_code == 204
    assert get(client, "/studies", {"Accept": "text/html"}).status_code == 406


def test_the_viewers_root_tells_no_uid_in_any_form(client):
    for accept in ("application/dicom+json", XML):
        answer = get(client, "/studies?limit=3&includefield=all", {"Accept": accept}, root="/ohif/dicom-web")
        assert answer.status_code == 200
        assert FIRST.uid not in answer.text
