import pytest
from tests.doors.dimse.running import House


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.close()
