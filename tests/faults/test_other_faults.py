"""Kills, refusals, torn ends, a leaping clock, a full disc: with the power cuts, a thousand rounds."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from tests.faults.__main__ import main
from tests.faults.homes import home_in, make_home
from tests.faults.refusing import REFUSED, Enduring, small_disc
from tests.faults.rounds import Rounds
from tests.faults.survivor import judge

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SHARE = {"refused": 170, "killed": 60, "door": 20, "torn": 25, "clock": 25}
MIB = 1 << 20


@pytest.mark.parametrize("kind", SHARE)
def test_rounds(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    rounds = Rounds(seed, tmp_path_factory.getbasetemp().parent / "faults-kept")
    getattr(rounds, kind)(SHARE[kind])
    print(rounds.summary.text())
    assert rounds.summary.failures == []
    assert rounds.summary.rounds[kind] == SHARE[kind]
    assert kind != "refused" or rounds.summary.refused > SHARE[kind] // 2


def test_the_command_shares_rounds_and_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        "--rounds",
        "4",
        "--jobs",
        "2",
        "--seed",
        "5",
        "--only",
        "clock",
        "torn",
        "--json",
        "--kept",
        str(tmp_path),
    ]
    assert main(asked) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["seed"], one["rounds"], one["failures"]) for one in said] == [
        (seed, {"clock": 1, "torn": 1}, []) for seed in (5, 6)
    ]


@pytest.mark.parametrize("left", [0, 200_000, 1_500_000])
def test_a_disc_that_is_really_full(tmp_path: Path, left: int) -> None:
    """Vault, index, records and journal on one small disc; it fills up in the middle, and has room again."""
    template = make_home(tmp_path / "template")
    with small_disc(tmp_path, 24) as disc:
        if disc is None:
            pytest.skip("no file system may be mounted here")
        home, returned, filler = disc / "home", [], disc / "filler"
        shutil.copytree(template, home)
        with home_in(home) as one:
            scene = Enduring(one, lambda **facts: returned.append(facts))
            for number in range(1, 60):
                if number == 5:
                    with filler.open("wb") as file:
                        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disc).free - left)
                if number == 50:
                    filler.unlink()
                try:
                    scene.index(scene.store(f"1.2.{number % 5}", number, 30_000))
                    scene.fact()
                except REFUSED as refusal:
                    scene.refused.append(type(refusal).__name__)
        assert {one.split()[1] for one in scene.refused if one.startswith("store")} == {"DiscFull"}
        stored = [facts["stored"] for facts in returned if "stored" in facts]
        assert len(stored) >= 10
        found = judge(home, returned, empty_index=template / "index.db", store_first=True)
        assert found.complaints == []
