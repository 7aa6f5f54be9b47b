"""The doses of a study, a patient and the practice, in a browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.deciding_kit import deciding
from tests.doors.small import Study, as_file
from tests.doors.web.conftest import form_token
from tests.doors.web_kit import Door, Somebody
from tests.twins import dose_reports as twin

from primum.identity import Role, Scope

EXPLICIT = "1.2.840.10008.1.2.1"
NAME = "Vieux^Canari"


def today(place: Door, back: int = 0) -> str:
    return f"{place.clock.now() - timedelta(days=back):%Y%m%d}"


def dosed(
    place: Door, number: int, *events: tuple[float, float], controller: int = 0, protocol: str = "Thorax"
) -> Study:
    """Bring a study with a dose report of some acquisitions (CTDIvol, DLP)."""
    one = Study(number, name=NAME, patient_id="CANARI-7", born="19500101", date=today(place), description="Scanner")
    content = [
        twin.ct_event(at, ctdi=ctdi, dlp=dlp, root=f"1.2.{number}", protocol=protocol)
        for at, (ctdi, dlp) in enumerate(events, start=1)
    ]
    made = twin.report(
        twin.ct_content(content, sum(dlp for _, dlp in events)), study=one.uid, sop=f"{one.uid}.9.1",
        PatientName=NAME, PatientID="CANARI-7", PatientBirthDate="19500101", StudyDate=one.date,
    )  # fmt: skip
    place.add([*one.files(), as_file(made, EXPLICIT)], controller)
    return one


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("dose") / "home")
    dosed(door, 1, (7, 240), (9.25, 300))
    dosed(door, 2, (8, 260))
    dosed(door, 3, (30, 999), controller=1, protocol="=cmd|calc")
    bare = Study(4, name="Jeune^Canari", patient_id="CANARI-8", date=today(door), description="Genou")
    door.add(bare.files(), 0)
    door.services.doses.sweep(door.clock.now())
    with deciding(door), web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def secretary(place: Door) -> Somebody:
    return place.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)


def in_english(client: httpx.Client) -> httpx.Client:
    chosen = client.post("/account/language", data={"form_token": form_token(client), "language": "en"})
    assert chosen.status_code == 303
    return client


def identity_of(client: httpx.Client, description: str) -> str:
    row = next(one for one in client.get("/").text.split("<tr>") if description in one)
    return re.search(r'href="(/studies/[0-9.]+/patient)"', row)[1]


def patient_page(client: httpx.Client, description: str) -> str:
    return client.get(identity_of(client, description), follow_redirects=True).text


def lines(place: Door, kind: str) -> list[str]:
    return [one for one in place.lines() if f'"{kind}"' in one]


def test_the_page_of_a_study_has_its_totals_and_events(enter, anne, place):
    client = enter(anne)
    patient = patient_page(client, "Scanner")
    before = len(lines(place, "person:dose:viewed"))
    addresses = re.findall(r'href="(/studies/[0-9.]+/decisions)"', patient)
    pages = [client.get(address).text for address in dict.fromkeys(addresses)]
    (page,) = [one for one in pages if "9,25" in one]
    assert "PDL (DLP) total" in page
    assert "540\u00a0mGy·cm" in page
    assert "9,25\u00a0mGy (fantôme de 32 cm)" in page
    assert "Scanner 1 · CT1" in page
    assert len(lines(place, "person:dose:viewed")) == before + len(pages)


def test_the_page_of_a_patient_lists_doses_by_study_and_adds_nothing_up(enter, anne):
    page = patient_page(enter(anne), "Scanner")
    card = page.split('id="doses"')[1].split("</section>")[0]
    assert "540\u00a0mGy·cm" in card
    assert "260\u00a0mGy·cm" in card
    assert not re.search(r"\b800\b", card)


def test_a_study_without_a_report_says_so_and_infers_nothing(enter, anne):
    client = enter(anne)
    patient = patient_page(client, "Genou")
    assert 'id="doses"' not in patient
    address = re.search(r'href="(/studies/[0-9.]+/decisions)"', patient)[1]
    assert "Aucun compte rendu de dose" in client.get(address).text


def test_who_may_not_open_a_study_is_not_shown_its_dose(enter, secretary):
    client = enter(secretary)
    patient = patient_page(client, "Scanner")
    assert 'id="doses"' not in patient
    address = re.search(r'href="(/studies/[0-9.]+/decisions)"', patient)[1]
    page = client.get(address)
    assert page.status_code == 200
    assert 'id="dose"' not in page.text


def test_only_who_may_list_doses_finds_the_practice(enter, secretary, anne):
    client = enter(secretary)
    assert 'href="/dose"' not in client.get("/").text
    refused = client.get("/dose")
    assert "mGy" not in refused.text
    assert client.get("/dose/table.csv").status_code == 403
    assert 'href="/dose"' in enter(anne).get("/").text


def test_the_practice_has_medians_beside_the_level_and_judges_nothing(enter, anne, place):
    page = enter(anne).get("/dose").text
    assert "examens avec compte rendu de dose : 3" in page
    row = next(one for one in page.split("<tr>") if "IDSV" in one and "Thorax" in one and "fantôme" in one)
    cells = [re.sub(r"<[^>]+>|\s+", " ", one).strip() for one in row.split("</t")]
    assert any(one.endswith(" 8") for one in cells)  # the median of 7, 8 and 9.25
    assert "9,5" in row
    assert "à confirmer" in row
    assert "<svg" in page
    assert "<script" not in page.split("<main")[1]
    assert not re.search("conforme|dépass", page.split("<main")[1])
    assert "Canari" not in page
    assert lines(place, "person:dose:listed")


def test_somebody_sees_the_practice_as_far_as_their_grants_reach(enter, paul):
    page = in_english(enter(paul)).get("/dose").text
    assert "examinations with a dose report: 2" in page
    assert not re.search(r"\b999\b", page)  # a form's token may have these digits


def test_a_period_a_kind_and_a_line_are_chosen(enter, anne):
    client = enter(anne)
    assert "Aucun compte rendu" in client.get("/dose", params={"until": "2020-01-01", "since": "2019-01-01"}).text
    assert "Aucun compte rendu" in client.get("/dose", params={"kind": "mammography"}).text
    ids = re.findall(r'<option value="([0-9a-f]{12})"', client.get("/dose").text)
    assert len(ids) > 3
    chosen = client.get("/dose", params={"kind": "ct", "line": ids[-1]}).text
    assert f'<option value="{ids[-1]}" selected' in chosen


@pytest.mark.parametrize(
    "query", ["since=x", "until=99999-1-1", "since=2030-01-01", "kind=../x", "line=%00", "since=0001-01-01"]
)
def test_odd_questions_are_answered(enter, anne, query):
    assert enter(anne).get(f"/dose?{query}").status_code == 200


def test_the_table_leaves_without_patients_and_without_what_a_spreadsheet_would_run(enter, anne, paul):
    answer = enter(anne).get("/dose/table.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"].startswith("no-store") or "no-store" in answer.headers["cache-control"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    (one,) = [row for row in rows if row["protocole"] == "Thorax" and row["grandeur"].startswith("IDSV")]
    assert (one["nombre"], one["médiane"], one["niveau de référence"]) == ("3", "8", "Thorax")
    assert one["confiance dans le niveau"] == "to-be-confirmed"
    assert {row["protocole"] for row in rows} == {"Thorax", "'=cmd|calc"}
    assert "Canari" not in answer.text
    english = in_english(enter(paul)).get("/dose/table.csv").content.decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(english)))[:3] == ["kind", "of", "protocol"]
