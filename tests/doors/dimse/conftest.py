import pytest
from pynetdicom import AE
from tests.doors.dimse.running import House
from tests.twins import steady


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture(autouse=True)
def steady_callers(monkeypatch):
    """Each request of pynetdicom gets all of its answers (tests/twins/steady.py)."""
    monkeypatch.setattr(AE, "associate", steady.associate)
