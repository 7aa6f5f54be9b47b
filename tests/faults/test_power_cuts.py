"""What was acknowledged outlives a power cut at any moment, whatever of the rest was on disc by then."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.disc import Cut, lay_out
from tests.faults.power import Case, Recordings, sabotaged
from tests.faults.recorder import shared_memory
from tests.faults.rounds import Rounds
from tests.faults.workload import SCENES

pytestmark = [pytest.mark.programs("strace"), pytest.mark.slow, pytest.mark.timeout(600)]

ROUNDS = 700
"""Of the thousand: the others are in test_other_faults.py."""


def _tree(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if not shared_memory(path)
    }


@pytest.mark.parametrize("name", SCENES)
def test_the_recording_misses_nothing(recordings: Recordings, name: str, tmp_path: Path) -> None:
    """Played back to its end, it is the home as the kernel left it, byte for byte."""
    one = recordings.scenes[name]
    lay_out(*one.recording.state(Cut(one.recording.end, "most")), tmp_path / "again")
    assert _tree(tmp_path / "again") == _tree(one.home)
    assert len(one.marks) > 3


@pytest.mark.parametrize("part", range(7))
def test_power_cuts(recordings: Recordings, part: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A sample, another one at each run: FAULT_SEED repeats it on another recording, the kept case on the same."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6)) + part
    rounds = Rounds(seed, tmp_path_factory.getbasetemp().parent / "faults-kept")
    rounds.cuts(recordings, ROUNDS // 7, seed)
    print(rounds.summary.text())
    assert rounds.summary.failures == []
    assert rounds.summary.acknowledged > 100


@pytest.mark.parametrize("name", ["studies", "erasure", "rewriting", "overtaken", "keyring", "journal"])
def test_the_end_of_a_scene_with_nothing_but_what_is_certain(recordings: Recordings, name: str) -> None:
    """Where each of the faults that were found showed: all has returned, and nothing else is on disc."""
    one = recordings.scenes[name]
    for choice in ("least", "names", "behind"):
        for store_first in (False, True):
            case = Case(name, Cut(one.recording.end, choice, 7), store_first)  # type: ignore[arg-type]
            assert recordings.judge(case).complaints == [], case


def _found(recordings: Recordings, name: str, **changes: Any) -> set[str]:
    """What is found in a recording from which a promise was taken, at its last acknowledgements."""
    broken = Recordings({name: sabotaged(recordings.scenes[name], **changes)}, recordings.empty_index)
    found = set()
    for moment, _ in broken.scenes[name].marks[-4:]:
        found |= {one.what for one in broken.judge(Case(name, Cut(moment), store_first=False)).complaints}
    return found


@pytest.mark.parametrize(
    ("name", "changes", "what"),
    [
        ("studies", {"without": "sync", "within": "vault"}, "lost"),
        ("studies", {"without": "sync", "within": "keyring"}, "damaged"),
        ("studies", {"without": "sync-folder", "within": "vault"}, "lost"),
        ("studies", {"without": "sync-folder", "within": "keyring"}, "lost"),
        ("studies", {"early": True}, "lost"),
        ("streams", {"without": "sync", "within": "vault"}, "lost"),
        ("erasure", {"without": "sync", "within": "index.db-wal"}, "revived"),
        ("erasure", {"early": True}, "revived"),
        ("rewriting", {"without": "sync", "within": "vault"}, "lost"),
        ("journal", {"without": "sync", "within": "journal"}, "stuck"),
        ("journal", {"without": "sync-folder", "within": "journal"}, "journal"),
        ("keyring", {"without": "sync-folder", "within": "copies"}, "lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_an_order_broken_on_purpose_is_found(
    recordings: Recordings, name: str, changes: dict[str, object], what: str
) -> None:
    assert what in _found(recordings, name, **changes)


def test_a_failure_can_be_looked_at_again(recordings: Recordings, tmp_path: Path) -> None:
    one = replace(sabotaged(recordings.scenes["studies"], "sync", "vault"), name="studies")
    broken = Recordings({"studies": one}, recordings.empty_index)
    case = Case("studies", Cut(one.recording.end), store_first=True)
    before = broken.judge(case).complaints
    broken.write(case, tmp_path / "kept.case")
    other = Recordings({}, recordings.empty_index)
    assert other.judge(other.read(tmp_path / "kept.case")).complaints == before != []
