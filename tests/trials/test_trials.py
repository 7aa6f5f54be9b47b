"""The probe on networks drawn from seeds, and the table that it is scored against on the word of other clients."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.trials import services
from tests.trials.draw import draw
from tests.trials.table import LINES

pytestmark = pytest.mark.programs(*services.PROGRAMS)

ROOT = Path(__file__).parents[2]
CANNOT = 77


def _trials(*arguments: str) -> dict[str, Any]:
    """Run the command; where the machine has no namespaces, say so instead of passing."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.trials", "--json", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    if done.returncode == CANNOT:
        pytest.skip(f"needs what this machine does not let us have: {done.stderr.strip()}")
    assert done.stdout, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.slow
def test_every_line_of_the_table_is_what_other_clients_can_do() -> None:
    said = _trials("--confirm")
    assert said["lines"] == list(LINES)
    assert said["wrong"] == []


def test_a_seed_is_one_network() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_seeds_reach_every_line_of_the_table() -> None:
    drawn = {node.line.name for seed in range(200) for node in draw(seed).nodes}
    assert drawn == set(LINES)


def test_source_nat_is_drawn_where_the_source_matters() -> None:
    plans = [draw(seed) for seed in range(200)]
    assert any(
        one.source_nat and plan.node(one.node).line.by_source is not None for plan in plans for one in plan.forwards
    )
    assert any(not one.source_nat for plan in plans for one in plan.forwards)


def test_somebody_is_on_the_network_whom_the_mandate_does_not_name() -> None:
    plans = [draw(seed) for seed in range(50)]
    assert any(not node.covered for plan in plans for node in plan.nodes)
    for plan in plans:
        assert all((node.address in plan.mandated) is node.covered for node in plan.nodes)
