"""The probe on networks drawn from seeds, and the table that it is scored against on the word of other clients."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from primum.exposure.probe.model import Exit, Place
from tests.programs import wait_until
from tests.trials import services, spaces
from tests.trials.draw import draw
from tests.trials.scoring import View
from tests.trials.table import LINES

ROOT = Path(__file__).parents[2]
CANNOT = 77
SEEDS = range(30)
SECONDS = 840
"""On a machine that does much else; it takes a tenth of it alone."""

real = [pytest.mark.programs(*services.PROGRAMS), pytest.mark.slow, pytest.mark.timeout(SECONDS + 30)]


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """Run the command once for all: what is made for a session of trials takes longer than a seed."""
    asked = ["--confirm", "--empty", "--seeds", f"{SEEDS[0]}..{SEEDS[-1]}"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.trials", "--json", *asked],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip
    if done.returncode == CANNOT:
        pytest.skip(f"needs what this machine does not let us have: {done.stderr.strip()}")
    assert done.stdout, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


class TestOnRealNetworks:
    pytestmark = real

    def test_every_line_of_the_table_is_what_other_clients_can_do(self, told: dict[str, Any]) -> None:
        assert told["lines"] == list(LINES)
        assert told["wrong"] == []

    def test_the_probe_finds_every_hole_and_nothing_else(self, told: dict[str, Any]) -> None:
        assert [one["seed"] for one in told["seeds"]] == list(SEEDS)
        assert [one for one in told["seeds"] if not one["right"]] == []

    def test_no_packet_goes_where_nobody_allowed_it(self, told: dict[str, Any]) -> None:
        views = [view for one in told["seeds"] for view in one["views"]]
        assert all(view["packets"] for view in views)
        assert [view["beyond"] for view in views if view["beyond"]] == []

    def test_no_report_holds_a_word_of_a_patient(self, told: dict[str, Any]) -> None:
        assert [view for one in told["seeds"] for view in one["views"] if view["canaries"]] == []

    def test_a_network_in_which_hardly_anybody_is_takes_less_than_a_minute(self, told: dict[str, Any]) -> None:
        empty = told["empty"]
        assert (empty["addresses"], empty["view"]["missed"], empty["view"]["false"]) == (254, [], [])
        assert empty["seconds"] < empty["bound"] == 60

    def test_nothing_is_left_of_the_networks(self, told: dict[str, Any]) -> None:
        spaces.remove_stale()  # those of other runs that were killed
        living = {one.name.split("-")[2] for one in spaces.PLACE.glob(f"{spaces.PREFIX}*")}
        assert all(Path(f"/proc/{pid}").exists() for pid in living)


@pytest.mark.programs(*services.PROGRAMS)
def test_a_run_that_is_killed_leaves_nothing() -> None:
    if reason := spaces.may_be_made():
        pytest.skip(reason)
    command = [sys.executable, "-m", "tests.trials", "--confirm", "--lines", "odd/hangs"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as running:

        def left() -> list[str]:
            return [one.name for one in spaces.PLACE.glob(f"{spaces.PREFIX}{running.pid}-*")]

        wait_until(lambda: len(left()) == 4, seconds=120, running=running)
        running.kill()
        wait_until(lambda: not left(), seconds=60)


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


def test_what_is_silent_on_another_port_is_no_hole_but_has_to_be_told() -> None:
    plan = draw(44)  # a router's port 104 leads to an interface that takes frames and says nothing
    (forward,) = (one for one in plan.forwards if plan.node(one.node).line.name == "hl7/mute")
    assert (forward.outer, plan.mute(Place.INSIDE)) == (104, frozenset())
    assert plan.mute(Place.OUTSIDE) == {(str(plan.outer), 104)}
    assert not any(one.port == 104 for one in plan.holes(Place.OUTSIDE))
    seen = View(Place.OUTSIDE, status=Exit.UNSETTLED)
    assert seen.right()
    assert not replace(seen, passed_over=[(str(plan.outer), 104)]).right()
