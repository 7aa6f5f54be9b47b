"""A program whose token names it finds and retrieves what was rejected for quality; no person's session does."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from tests.doors import web_kit
from tests.doors.small import Study
from tests.doors.web.test_stow import token_of
from tests.doors.web_kit import Door, Somebody

from primum.identity import Role, Scope
from primum.imaging.amendments import RejectionCode
from primum.imaging.corrections import By, Corrections

SHOWN = Study(71, name="Flou^Ève", patient_id="FLOU-1", slices=3)
MAY = ("study:list", "study:open")
ALSO = (*MAY, "instance:see-rejected")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("rejected") / "home")
    door.add(SHOWN.files(), 0)
    ref = door.vault.study_ref(door.controllers[0], SHOWN.uid)
    index, records = door.indexer._index, door.indexer._records
    corrections = Corrections(index, records, door.vault, door.clock, door.indexer)
    by = By("per_" + "a" * 26, "other")
    corrections.reject(ref, RejectionCode.QUALITY, by, sop_uids=[SHOWN.sop_uid(1)])
    corrections.reject(ref, RejectionCode.PATIENT_SAFETY, by, sop_uids=[SHOWN.sop_uid(2)])
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def doctor(house: Door) -> Somebody:
    return house.doctor()


def asking(house: Door, who: Somebody, *may: str) -> httpx.Client:
    bearer = {"Authorization": "Bearer " + token_of(house, who, *may)}
    return httpx.Client(base_url=house.url, verify=False, headers=bearer, timeout=30, trust_env=False)


def found(client: httpx.Client) -> set[str]:
    answer = client.get(f"/dicom-web/studies/{SHOWN.uid}/instances", headers={"Accept": "application/dicom+json"})
    uids = {one["00080018"]["Value"][0] for one in answer.json()}
    return {uid for uid in uids if uid.startswith(SHOWN.series_uid)}


def instance(client: httpx.Client, number: int) -> int:
    address = f"/dicom-web/studies/{SHOWN.uid}/series/{SHOWN.series_uid}/instances/{SHOWN.sop_uid(number)}"
    return client.get(address, headers={"Accept": 'multipart/related; type="application/dicom"'}).status_code


def shown(house: Door) -> list[dict[str, object]]:
    return [json.loads(line[65:]) for line in house.lines() if '"study:rejected:shown"' in line]


def test_a_token_that_does_not_name_it_sees_none(house: Door, doctor: Somebody):
    with asking(house, doctor, *MAY) as client:
        assert found(client) == {SHOWN.sop_uid(3)}
        assert [instance(client, number) for number in (1, 2, 3)] == [404, 404, 200]


def test_a_token_that_names_it_sees_what_was_rejected_for_quality_alone(house: Door, doctor: Somebody):
    before = len(shown(house))
    with asking(house, doctor, *ALSO) as client:
        assert found(client) == {SHOWN.sop_uid(1), SHOWN.sop_uid(3)}
        assert [instance(client, number) for number in (1, 2, 3)] == [200, 404, 200]
    new = shown(house)[before:]
    assert [one["details"]["instances"] for one in new] == [1], "each such retrieval, and no other"  # type: ignore[index]


def test_whose_role_may_not_cannot_give_it(house: Door):
    secretary = house.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)
    with asking(house, secretary, "study:list", "instance:see-rejected") as client:
        answer = client.get("/dicom-web/studies", headers={"Accept": "application/dicom+json"})
        (row,) = answer.json()
        assert row["00201208"]["Value"] == [1]
