from collections.abc import Iterator

import pytest

from primum.imaging.codecs.pool import Codecs


@pytest.fixture(scope="session")
def codecs() -> Iterator[Codecs]:
    running = Codecs()
    yield running
    running.close()
