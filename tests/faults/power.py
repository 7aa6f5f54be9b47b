"""Power cuts: scenes recorded once, cut at every moment, judged (docs/design/durability.md §3)."""

from __future__ import annotations

import pickle
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.faults.disc import ROOT, Choice, Cut, Operation, Recording, lay_out
from tests.faults.homes import make_home, scratch
from tests.faults.recorder import Recorded, record
from tests.faults.survivor import Judgement, judge
from tests.faults.workload import SCENES

TWICE: Final = ("studies", "taken_over", "erasure", "rewriting", "two_writers", "journal", "journal")
"""Scenes whose recovery is recorded too, and cut again."""


@dataclass(frozen=True, slots=True)
class Case:
    """One state: of which scene, after which cut, and who is faster afterwards."""

    scene: str
    cut: Cut
    store_first: bool

    def __str__(self) -> str:
        order = "receivers first" if self.store_first else "worker first"
        return f"{self.scene}, cut at {self.cut.moment} ({self.cut.choice}, seed {self.cut.seed}), {order}"


@dataclass
class Recordings:
    """Scenes that were recorded in one place."""

    scenes: dict[str, Recorded]
    empty_index: Path

    def judge(self, case: Case) -> Judgement:
        """Lay out a state and look at it."""
        one = self.scenes[case.scene]
        with scratch() as folder:
            lay_out(*one.recording.state(case.cut), folder / "home")
            returned = one.returned(case.cut.moment)
            return judge(folder / "home", returned, empty_index=self.empty_index, store_first=case.store_first)

    def cases(self, seed: int) -> Iterator[Case]:
        """Every moment with every choice, in an order that the seed decides, each followed by a mixture."""
        chance = random.Random(seed)
        plain = [
            (name, moment, choice)
            for name, one in self.scenes.items()
            for moment in one.recording.moments()
            for choice in ("least", "most", "names", "bytes", "behind")
        ]
        chance.shuffle(plain)
        for name, moment, choice in plain:
            yield Case(name, Cut(moment, choice, chance.randrange(10**9)), chance.random() < 0.5)  # type: ignore[arg-type]
            at = chance.choice(self.scenes[name].recording.moments())
            yield Case(name, Cut(at, "mixture", chance.randrange(10**9)), chance.random() < 0.5)

    def write(self, case: Case, path: Path) -> None:
        """Keep a recording and its cut, to be judged again."""
        path.write_bytes(pickle.dumps((self.scenes[case.scene], case)))

    def read(self, path: Path) -> Case:
        """Take back what `write` kept."""
        one, case = pickle.loads(path.read_bytes())
        self.scenes[case.scene] = one
        return case


def record_scenes(place: Path, names: tuple[str, ...] = tuple(SCENES), *, seed: int = 0) -> Recordings:
    """Play the scenes under strace, then the recoveries of some of them."""
    template = make_home(place / "template")
    for name in names:
        shutil.copytree(template, place / name)
    found = Recordings({one.name: one for one in record(place, names)}, template / "index.db")
    chance = random.Random(seed)
    begun = {}
    for number, name in enumerate(one for one in TWICE if one in names):
        one = found.scenes[name]
        choice: Choice = chance.choice(("most", "behind", "mixture"))
        cut = Cut(chance.choice(one.recording.moments()), choice, chance.randrange(10**9))
        again = f"{name}+{number}"
        lay_out(*one.recording.state(cut), place / again)
        begun[again] = one.returned(cut.moment)
    if begun:
        found.scenes |= {one.name: one for one in record(place, tuple(begun), begun)}
    return found


def sabotaged(one: Recorded, without: str = "", within: str = "", *, early: bool = False) -> Recorded:
    """Take a promise from a recording: syncs of folders, or of files; or acknowledge an operation before it begins.

    `within`: only in that folder of the home.
    """
    recording = one.recording
    tops = _tops(recording)

    def kept(op: Operation) -> bool:
        return op.what != without or tops.get(op.node, within) != within

    operations = [op for op in recording.operations if kept(op)]
    if without == "sync":
        operations = [replace(op, durable=op.durable and tops.get(op.node) != within) for op in operations]
    bare = Recording(recording.start, operations)
    bare.folders |= recording.folders
    marks = one.marks
    if early:
        marks = [(before, facts) for (before, _), (_, facts) in pairwise(marks)]
    return replace(one, recording=bare, marks=marks)


def _tops(recording: Recording) -> dict[int, str]:
    """In which folder of the home each file and folder is."""
    found: dict[int, str] = {}
    entries = list(recording.start.names.items())
    entries += [one for op in recording.operations for one in op.names if one[1] is not None]  # type: ignore[misc]
    for (folder, name), node in entries:
        found[node] = name if folder == ROOT else found.get(folder, "")
    return found
