"""A Primum that runs, for tests that look at it from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.running import Person, RunningPrimum, make_real_home


@dataclass(frozen=True, slots=True)
class Practice:
    """A running archive and its first person."""

    primum: RunningPrimum
    person: Person


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A real home with one person, started once for the tests of a file."""
    home = make_real_home(tmp_path_factory.mktemp("practice"))
    with RunningPrimum(home.folder, key_file=home.key_file) as running:
        yield Practice(running, running.enrol_first_person())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPrimum]:
    """A demo home as `make run` makes it, on the default ports."""
    with RunningPrimum(tmp_path_factory.mktemp("demo") / "home", demo=True) as running:
        yield running
