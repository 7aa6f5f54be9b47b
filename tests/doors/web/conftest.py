from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from pydicom.dataset import Dataset
from tests.doors import web_kit
from tests.doors.small import Study
from tests.doors.web_kit import Door, Somebody

from primum.identity import Role, Scope

FIRST = Study(1)
SECOND = Study(
    2, name="Zéphyrin^Aurore", patient_id="CANARI-18", born="19870601", description="Thorax", date="20260103"
)
OTHERS = Study(3, name="Łukasz^Ánna", patient_id="B-1", date="20251224", description="Abdomen", referrer="Autre^Paul")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door with three studies: two of the first controller, one of the second."""
    door = web_kit.build(tmp_path_factory.mktemp("web") / "home")
    door.add([*FIRST.files(), *SECOND.files()], 0)
    door.add(OTHERS.files(), 1)
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def doctor(house: Door) -> Somebody:
    """A physician of the whole site."""
    return house.doctor()


@pytest.fixture(scope="module")
def narrow(house: Door) -> Somebody:
    """A physician of the first controller alone."""
    return house.somebody("Dr Paul Narrow", Role.PHYSICIAN, scope=Scope.OWN)


@pytest.fixture(scope="module")
def secretary(house: Door) -> Somebody:
    return house.somebody("Sonia Secretary", Role.SECRETARY, scope=Scope.SITE)


@pytest.fixture(scope="module")
def administrator(house: Door) -> Somebody:
    return house.somebody("Iris Administrator", Role.ADMINISTRATOR)


@pytest.fixture
def stranger(house: Door) -> Iterator[httpx.Client]:
    """A browser with no session, on our own pages."""
    with browser(house) as client:
        yield client


@pytest.fixture
def sign_in(house: Door) -> Iterator[Callable[[Somebody], httpx.Client]]:
    """Give a browser in which somebody has signed in."""
    opened: list[httpx.Client] = []

    def enter(who: Somebody) -> httpx.Client:
        client = browser(house)
        opened.append(client)
        answer = client.post("/sign-in", data=who.form())
        assert answer.status_code == 303, answer.text
        return client

    yield enter
    for client in opened:
        client.close()


@pytest.fixture
def client(sign_in: Callable[[Somebody], httpx.Client], doctor: Somebody) -> httpx.Client:
    """The browser of a physician of the whole site."""
    return sign_in(doctor)


def browser(house: Door, **headers: str) -> httpx.Client:
    """What a browser sends from our own pages."""
    own = {"Origin": house.url, "Sec-Fetch-Site": "same-origin", "Accept": "text/html,*/*", "Accept-Language": "fr"}
    return httpx.Client(base_url=house.url, verify=False, headers=own | headers, timeout=30, trust_env=False)


@contextmanager
def reading(house: Door) -> Iterator[httpx.Client]:
    """The browser of a physician of a house that a module built for itself."""
    with browser(house) as client:
        assert client.post("/sign-in", data=house.doctor().form()).status_code == 303
        yield client


def form_token(client: httpx.Client) -> str:
    """The token that the worklist's forms carry."""
    page = client.get("/").text
    return page.split('name="form_token" value="')[1].split('"')[0]


# for files that bring a `place` of their own


@pytest.fixture(scope="module")
def anne(place: Door) -> Somebody:
    """A physician of the whole site."""
    return place.somebody("Dre Anne Kerjean", Role.PHYSICIAN, scope=Scope.SITE)


@pytest.fixture(scope="module")
def paul(place: Door) -> Somebody:
    """A physician of the first controller alone."""
    return place.somebody("Dr Paul Narrow", Role.PHYSICIAN, scope=Scope.OWN)


@pytest.fixture
def enter(place: Door) -> Iterator[Callable[..., httpx.Client]]:
    """Sign people in; each has a browser of their own until the test ends."""
    opened: list[httpx.Client] = []

    def sign_in(who: Somebody) -> httpx.Client:
        client = browser(place)
        opened.append(client)
        assert client.post("/sign-in", data=who.form()).status_code == 303
        return client

    yield sign_in
    for client in opened:
        client.close()


@pytest.fixture(scope="module")
def reader(door: Door) -> Iterator[httpx.Client]:
    """The browser of a physician of a `door` that the file brings."""
    with reading(door) as client:
        yield client


def where(one: Dataset, end: str = "/rendered") -> str:
    """The path of an instance's resource, below a DICOMweb root."""
    return f"/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}{end}"
