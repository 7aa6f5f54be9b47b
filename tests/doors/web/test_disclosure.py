"""No disclosure without its trace."""

import httpx
import pytest
from tests.doors.web.conftest import FIRST, SECOND, form_token

from primum.journal import JournalUnwritable

METADATA = f"/dicom-web/studies/{FIRST.uid}/metadata"
FRAME = f"/dicom-web/studies/{FIRST.uid}/series/{FIRST.series_uid}/instances/{FIRST.sop_uid(1)}/frames/1"


def told(house, kind):
    return [line for line in house.lines() if f'"{kind}"' in line]


def test_a_study_is_told_once_a_session_and_closed_with_its_counts(house, sign_in, doctor):
    client = sign_in(doctor)
    before = len(told(house, "person:study:viewed"))
    for path in (METADATA, FRAME, FRAME, METADATA):
        assert client.get(path, headers={"Accept": "*/*"}).status_code == 200
    assert len(told(house, "person:study:viewed")) == before + 1
    client.post("/sign-out", data={"form_token": form_token(client)})
    [closed] = told(house, "person:study:closed")[-1:]
    assert '"frames":2' in closed
    assert '"instances":0' in closed


def test_whole_instances_are_counted(house, sign_in, doctor):
    client = sign_in(doctor)
    client.get(f"/dicom-web/studies/{SECOND.uid}", headers={"Accept": "*/*"})
    client.post("/lock", data={"form_token": form_token(client)})
    assert '"instances":3' in told(house, "person:study:closed")[-1]


def test_another_session_of_the_same_person_is_told_again(house, sign_in, doctor):
    before = len(told(house, "person:study:viewed"))
    for client in (sign_in(doctor), sign_in(doctor)):
        client.get(METADATA, headers={"Accept": "*/*"})
    assert len(told(house, "person:study:viewed")) == before + 2


def test_listing_discloses_nothing_of_a_study(house, sign_in, doctor):
    before = len(told(house, "person:study:viewed"))
    client = sign_in(doctor)
    client.get("/")
    client.get("/dicom-web/studies", headers={"Accept": "*/*"})
    assert len(told(house, "person:study:viewed")) == before


def test_a_refused_study_is_told(house, sign_in, secretary):
    assert sign_in(secretary).get(METADATA, headers={"Accept": "*/*"}).status_code == 404
    assert '"rule":"silence"' in told(house, "person:study:refused")[-1]


@pytest.fixture
def full_disc(house, monkeypatch):
    """The journal says that its disc is full, for what concerns patients."""
    record = house.journal.record

    def refuse(fact):
        if ":study:" in fact.kind.value.name or ":list:" in fact.kind.value.name:
            raise JournalUnwritable(ledger="access", reason="no room")
        record(fact)

    monkeypatch.setattr(house.journal, "record", refuse)


@pytest.mark.parametrize("path", [METADATA, FRAME, f"/dicom-web/studies/{FIRST.uid}", "/dicom-web/studies", "/"])
def test_when_the_journal_cannot_be_written_nothing_is_shown(sign_in, doctor, full_disc, path):
    answer = sign_in(doctor).get(path, headers={"Accept": "text/html, */*"})
    assert answer.status_code == 503
    assert "Zéphyrin" not in answer.text
    assert FIRST.uid not in answer.text


def test_nothing_of_a_patient_is_in_the_journal(house):
    everything = "\n".join(house.lines())
    for canary in ("Zéphyrin", "zephyrin", "CANARI", "19620314", "1.2.826.0.1.3680043.10.1499.7", "ACC-0042"):
        assert canary.lower() not in everything.lower()


def test_a_session_that_ended_by_itself_discloses_nothing(house, sign_in, doctor):
    client: httpx.Client = sign_in(doctor)
    house.people.sign_out(client.cookies["__Host-primum"])
    assert client.get(FRAME, headers={"Accept": "*/*"}).status_code == 401
