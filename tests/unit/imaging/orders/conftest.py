import pytest
from tests.unit.imaging.orders.kit import Kit


@pytest.fixture
def kit(tmp_path):
    kit = Kit(tmp_path)
    yield kit
    kit.engine.dispose()
