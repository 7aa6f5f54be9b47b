"""Bringing instances by STOW-RS (PS3.18 10.5), with a client that we did not write, and with bodies that none sends."""

from __future__ import annotations

import contextlib
import gc
from datetime import timedelta
from io import BytesIO

import httpx
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session
from tests.doors import web_kit
from tests.doors.small import Study
from tests.doors.web.conftest import browser

from primum.identity import Role, Scope

LIST, OPEN, IMPORT = "study:list", "study:open", "study:import"
BOUNDARY = "a-line-of-ours"
TYPE = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    door = web_kit.build(tmp_path_factory.mktemp("stow") / "home")
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def doctor(house):
    return house.somebody("Dr Maël Kervella", Role.PHYSICIAN, scope=Scope.OWN)


def token_of(house, who, *may):
    person = who.made.person.id
    held = [one.grant for one in house.people.grants(person) if one.in_force(house.clock.now())]
    actor = web_kit.identity.Actor(person, tuple(held), fresh=True)
    return house.people.add_token(actor, "program", may, timedelta(days=1)).secret


@pytest.fixture(scope="module")
def bearer(house, doctor):
    return {"Authorization": "Bearer " + token_of(house, doctor, LIST, OPEN, IMPORT)}


@pytest.fixture
def asking(house, bearer):
    with httpx.Client(base_url=house.url, verify=False, headers=bearer, timeout=30, trust_env=False) as client:
        yield client


def body(*files, media_type="application/dicom", ending="--\r\n"):
    parts = [f"--{BOUNDARY}\r\nContent-Type: {media_type}\r\n\r\n".encode() + one + b"\r\n" for one in files]
    return b"".join(parts) + f"--{BOUNDARY}{ending}".encode()


def store(client, content, study="", **headers):
    path = "/dicom-web/studies" + (f"/{study}" if study else "")
    return client.post(path, content=content, headers={"Content-Type": TYPE} | headers)


def reasons(answer):
    return [item["00081197"]["Value"][0] for item in answer.json()["00081198"]["Value"]]


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_what_a_client_of_others_stores_it_finds_and_gets_back(house, bearer):
    study = Study(41, slices=4)
    session = create_session()
    session.verify, session.trust_env = False, False
    session.headers.update(bearer)
    client = DICOMwebClient(house.url + "/dicom-web", session=session)
    sent = [study.data_set(number) for number in range(1, 5)]
    for one in sent:
        one.file_meta = pydicom.dcmread(BytesIO(study.files()[0])).file_meta
    answer = client.store_instances(sent)
    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [
        one.SOPInstanceUID for one in sent
    ]
    assert answer.RetrieveURL == f"{house.url}/dicom-web/studies/{study.uid}"
    found = client.search_for_studies(search_filters={"StudyInstanceUID": study.uid})
    assert found[0]["00201208"]["Value"] == [4]
    back = client.retrieve_series(study.uid, study.series_uid)
    assert sorted(one.SOPInstanceUID for one in back) == sorted(one.SOPInstanceUID for one in sent)
    by_uid = {one.SOPInstanceUID: one for one in back}
    assert all(by_uid[one.SOPInstanceUID].PixelData == one.PixelData for one in sent)
    address = answer.ReferencedSOPSequence[0].RetrieveURL
    assert session.get(address, headers={"Accept": 'multipart/related; type="application/dicom"'}).status_code == 200
    session.close()
    gc.collect()


def test_a_large_instance_is_sealed_as_it_comes(house, asking):
    study = Study(42, slices=1, size=16, extra={"NumberOfFrames": "40000"})
    made = study.data_set(1)
    made.PixelData = bytes(range(256)) * (2 * 40_000)
    file = web_kit_file(made)
    assert len(file) > 20_000_000
    assert store(asking, body(file)).status_code == 200
    back = asking.get(
        f"/dicom-web/studies/{study.uid}", headers={"Accept": "multipart/related; type=application/dicom"}
    )
    assert pydicom.dcmread(BytesIO(file)).PixelData in back.content


def web_kit_file(made):
    from tests.doors.small import as_file

    return as_file(made, pydicom.uid.ExplicitVRLittleEndian)


def test_what_is_refused_is_named_with_its_reason_and_the_rest_is_stored(asking):
    good, other = Study(43, slices=1), Study(44, slices=1)
    no_uid = other.data_set(1)
    del no_uid.StudyInstanceUID
    printed = other.data_set(1)
    printed.SOPClassUID = "1.2.840.10008.5.1.1.30.1"
    answer = store(asking, body(good.files()[0], b"no DICOM at all", web_kit_file(no_uid), web_kit_file(printed)))
    assert answer.status_code == 202
    assert len(answer.json()["00081199"]["Value"]) == 1
    assert reasons(answer) == [0xC000, 0xC000, 0x0122]
    assert answer.json()["00081198"]["Value"][2]["00081155"]["Value"] == [other.sop_uid(1)]


def test_an_instance_of_another_study_than_the_address_names_is_refused(asking):
    study = Study(45, slices=1)
    answer = store(asking, body(*study.files()), study="1.2.3")
    assert (answer.status_code, reasons(answer)) == (409, [0xA900])
    assert store(asking, body(*study.files()), study=study.uid).status_code == 200


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {}, 400),
        (body(), {}, 400),
        (b"garbage", {}, 400),
        (body(b"x", media_type="image/jpeg"), {}, 409),
        (body(b"x"), {"Content-Type": "application/json"}, 415),
        (body(b"x"), {"Content-Type": "multipart/related; type=application/dicom"}, 415),
        (body(b"x"), {"Content-Type": 'multipart/related; type="application/dicom+cbor"; boundary=x'}, 415),
        (body(b"x"), {"Accept": "text/csv"}, 406),
        (f"--{BOUNDARY}\r\n".encode() + b"X-A: " + b"a" * 10_000, {}, 400),
    ],
)
def test_a_body_that_is_not_one_gets_its_status(asking, content, headers, status):
    assert store(asking, content, **headers).status_code == status


def test_what_came_before_a_cut_is_stored_and_the_sender_hears_of_the_cut(asking):
    first, second = Study(46, slices=1), Study(47, slices=1)
    whole = body(*first.files(), *second.files())
    assert store(asking, whole[:-200]).status_code == 400
    found = asking.get(f"/dicom-web/studies?StudyInstanceUID={first.uid},{second.uid}").json()
    assert [row["0020000D"]["Value"][0] for row in found] == [first.uid]


def test_too_many_parts_are_refused(house, asking, monkeypatch):
    from primum.doors.dicomweb import incoming

    monkeypatch.setattr(
        incoming.Parts, "__init__",
        lambda self, body, boundary, limits, made=incoming.Parts.__init__: made(
            self, body, boundary, web_kit.replace(limits, parts_at_once=1)
        ),
    )  # fmt: skip
    assert store(asking, body(*Study(48, slices=2).files())).status_code == 400


def test_without_room_nothing_is_stored_and_it_is_said(house, asking, monkeypatch):
    monkeypatch.setattr(type(house.services.space), "low", lambda self: True)
    answer = store(asking, body(*Study(49, slices=1).files()))
    assert (answer.status_code, reasons(answer)) == (409, [0xA700])


@pytest.mark.parametrize("may", [(LIST,), (LIST, OPEN)])
def test_a_token_that_does_not_name_it_does_not_store(house, doctor, may):
    bearer = {"Authorization": "Bearer " + token_of(house, doctor, *may)}
    with httpx.Client(base_url=house.url, verify=False, headers=bearer, trust_env=False) as client:
        answer = store(client, body(*Study(50, slices=1).files()))
        assert (answer.status_code, answer.json()["code"]) == (403, "identity.not-permitted")
        assert client.get("/dicom-web/studies").status_code == 200


def test_a_token_opens_no_page_and_not_the_viewers_root(house, asking):
    for path in ("/", "/account", "/studies", "/ohif/dicom-web/studies"):
        assert asking.get(path, headers={"Accept": "*/*"}).status_code == 401


@pytest.mark.parametrize("secret", ["Bearer ptk_nothing", "Bearer", "Basic YTpi", "Bearer " + "x" * 9000])
def test_a_wrong_token_is_a_stranger(house, secret):
    with httpx.Client(base_url=house.url, verify=False, headers={"Authorization": secret}, trust_env=False) as client:
        assert client.get("/dicom-web/studies").status_code == 401
        assert store(client, body(*Study(51, slices=1).files())).status_code == 401


def test_a_browser_stores_only_from_our_pages_and_with_a_fresh_person(house, doctor):
    with browser(house) as client:
        assert client.post("/sign-in", data=doctor.form()).status_code == 303
        plain = store(client, body(*Study(52, slices=1).files()))
        assert (plain.status_code, plain.json()["code"]) == (403, "web.foreign-form")
        token = client.get("/").text.split('name="form_token" value="')[1].split('"')[0]
        tired = store(client, body(*Study(52, slices=1).files()), **{"x-form-token": token})
        assert (tired.status_code, tired.json()["code"]) == (403, "identity.step-up")


def test_the_journal_says_who_brought_what_and_no_name(house, asking, doctor):
    study = Study(53, slices=2)
    store(asking, body(*study.files()))
    lines = [line for line in house.lines() if "person:study:brought" in line]
    assert doctor.made.person.id in lines[-1]
    assert '"instances":2' in lines[-1]
    assert not any(study.uid in line or "phyrin" in line for line in house.lines())


def test_a_sender_that_drips_is_cut(house, asking, monkeypatch):
    from primum.doors.dicomweb import storing

    class Hasty(storing.Pieces):
        def __init__(self, stream, services):
            super().__init__(stream, services)
            self._limits = web_kit.replace(self._limits, body_grace_seconds=0.2)

    monkeypatch.setattr(storing, "Pieces", Hasty)
    import threading

    never = threading.Event()

    def drip():
        yield body(*Study(54, slices=1).files())[:100]
        never.wait(5)
        yield b"x"

    with contextlib.suppress(httpx.HTTPError):
        assert store(asking, drip()).status_code == 408
    never.set()
