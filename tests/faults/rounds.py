"""Rounds of every kind of fault, counted and kept: what the command and the tests run."""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.doors.e2e.sender import Diary, Mint
from tests.faults import clocks
from tests.faults.homes import make_home, scratch
from tests.faults.killing import DoorSiege, Siege
from tests.faults.power import Recordings, record_scenes
from tests.faults.refusing import Refusals, play
from tests.faults.survivor import Complaint, Judgement, judge
from tests.faults.tearing import tear

SHARES = {"power": 0.70, "refused": 0.15, "killed": 0.06, "door": 0.03, "torn": 0.03, "clock": 0.03}
"""Of a hundred rounds, how many are of which kind."""
SIEGE = 15
"""Rounds of killing in one home before it is looked at."""


@dataclass
class Summary:
    """What was done and found."""

    seed: int
    rounds: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    refused: int = 0
    """Rounds in which something was refused, and said so."""
    found: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0

    def add(self, kind: str, label: str, judgement: Judgement, keep: Callable[[], str] = str) -> None:
        """Count a round; keep what failed."""
        self.rounds[kind] += 1
        self.acknowledged += judgement.acknowledged
        if judgement.complaints:
            self.found.update({one.what for one in judgement.complaints})
            said = "; ".join(f"{one.what}: {one.said}" for one in judgement.complaints[:5])
            self.failures.append(f"{label}: {said}{keep()}")

    def text(self) -> str:
        """Say it in lines."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.rounds.items())
        names = ("lost", "damaged", "revived", "differing", "journal", "stuck")
        lines = [
            f"seed {self.seed}: {self.rounds.total()} rounds in {self.seconds:.0f} s ({kinds})",
            f"acknowledged and looked for: {self.acknowledged}; rounds in which something was refused: {self.refused}",
            ", ".join(f"{name} {self.found[name]}" for name in names),
        ]  # fmt: skip
        return "\n".join(lines + [f"FAILED {one}" for one in self.failures])


@dataclass
class Rounds:
    """Runs rounds of one seed. Failures are kept in `kept`, to be repeated."""

    seed: int
    kept: Path | None = None
    tell: Callable[[str], None] = lambda _: None
    summary: Summary = field(init=False)

    def __post_init__(self) -> None:
        self.summary = Summary(self.seed)

    def run(self, rounds: int, kinds: tuple[str, ...] = tuple(SHARES)) -> Summary:
        """Run so many rounds, shared among the kinds."""
        began, whole = time.monotonic(), sum(SHARES[kind] for kind in kinds)
        for kind in kinds:
            count = max(1, round(rounds * SHARES[kind] / whole))
            self.tell(f"{kind}: {count}")
            getattr(self, kind)(count)
        self.summary.seconds = time.monotonic() - began
        return self.summary

    def chance(self, kind: str) -> random.Random:
        return random.Random(f"{self.seed}/{kind}")

    def power(self, rounds: int) -> None:
        """States after power cuts. A new recording every 3 000."""
        for part, start in enumerate(range(0, rounds, 3000)):
            with tempfile.TemporaryDirectory(prefix="primum-faults-") as place:
                recordings = record_scenes(Path(place), seed=self.seed + 1000 * part)
                self.cuts(recordings, min(3000, rounds - start), seed=self.seed + 1000 * part)

    def cuts(self, recordings: Recordings, rounds: int, seed: int) -> None:
        for case in islice(recordings.cases(seed), rounds):
            self.summary.add(
                "power", str(case), recordings.judge(case),
                lambda case=case: self._keep(lambda path: recordings.write(case, path)),  # type: ignore[misc]
            )  # fmt: skip

    def refused(self, rounds: int) -> None:
        """A call of the layer below vault and journal is refused, the process lives on."""
        with self._template() as (template, place):
            one = Refusals(template, place, self.chance("refused"))
            for _ in range(rounds):
                name, refusal = one.draw()
                judgement, refused = one.round(name, refusal)
                self.summary.refused += bool(refused)
                self.summary.add("refused", f"{name}, {refusal}", judgement)

    def killed(self, rounds: int) -> None:
        """Processes that store, index, write the journal and sign are killed; each next ones go on in the same home."""
        chance = self.chance("killed")
        with self._template() as (template, place):
            for start in range(0, rounds, SIEGE):
                home = place / f"home{start}"
                shutil.copytree(template, home)
                siege = Siege(home, chance)
                for _ in range(min(SIEGE, rounds - start)):
                    siege.round()
                faster = chance.random() < 0.5
                judgement = judge(home, siege.returned, empty_index=template / "index.db", store_first=faster)
                self.summary.add("killed", f"after {siege.rounds} kills", judgement, lambda: self._keep_home(home))  # noqa: B023
                self.summary.rounds["killed"] += siege.rounds - 1
                shutil.rmtree(home)

    def door(self, rounds: int) -> None:
        """A DICOM door is killed while senders send."""
        with scratch() as place:
            siege = DoorSiege(place / "home", self.chance("door"), Diary(place / "diary"), Mint(self.seed))
            for _ in range(rounds):
                siege.round()
            lost = siege.lost()
            found = Judgement(len(siege.diary.acknowledged()), [Complaint("lost", one) for one in lost])
            siege.diary.close()
            self.summary.add("door", f"after {siege.rounds} kills", found)
            self.summary.rounds["door"] += siege.rounds - 1

    def torn(self, rounds: int) -> None:
        """Unfinished ends are added to packs and chains."""
        chance = self.chance("torn")
        with self._template() as (template, place):
            for _ in range(rounds):
                name = chance.choice(("studies", "streams", "rewriting", "erasure", "journal"))
                for returned, home in self._played(template, place, name):
                    done = tear(home, chance)
                    found = judge(home, returned, empty_index=template / "index.db", store_first=chance.random() < 0.5)
                    self.summary.add("torn", f"{name}, {done}", found, lambda: self._keep_home(home))  # noqa: B023

    def clock(self, rounds: int) -> None:
        """The clock leaps."""
        chance = self.chance("clock")
        with self._template() as (template, place):
            for _ in range(rounds):
                name, home = chance.choice(clocks.SCENES_LEAPT), place / "home"
                shutil.copytree(template, home)
                found = judge(home, clocks.play(home, name, chance), empty_index=template / "index.db")
                self.summary.add("clock", f"{name} by a leaping clock", found, lambda: self._keep_home(home))  # noqa: B023
                shutil.rmtree(home)

    def _played(self, template: Path, place: Path, name: str) -> Iterator[tuple[list[dict[str, object]], Path]]:
        home = place / "home"
        shutil.copytree(template, home)
        returned, _ = play(home, name, None)
        yield returned, home
        shutil.rmtree(home)

    @staticmethod
    def _template() -> _Template:
        return _Template()

    def _keep(self, write: Callable[[Path], None]) -> str:
        if self.kept is None:
            return ""
        self.kept.mkdir(parents=True, exist_ok=True)
        path = self.kept / f"seed{self.seed}-{len(self.summary.failures)}.case"
        write(path)
        return f" [again: python -m tests.faults --again {path}]"

    def _keep_home(self, home: Path) -> str:
        if self.kept is None:
            return ""
        path = self.kept / f"seed{self.seed}-{len(self.summary.failures)}.home"
        shutil.copytree(home, path)
        return f" [as it was left: {path}]"


class _Template:
    """A place in memory with an empty home in it, to be copied."""

    def __enter__(self) -> tuple[Path, Path]:
        self._scratch = scratch()
        place = self._scratch.__enter__()
        return make_home(place / "template"), place

    def __exit__(self, *_: object) -> None:
        self._scratch.__exit__(None, None, None)


def run_share(seed: int, rounds: int, kinds: tuple[str, ...], kept: Path) -> Summary:
    """Run one process's share of the rounds."""
    return Rounds(seed, kept, lambda line: print(f"  {line}", file=sys.stderr, flush=True)).run(rounds, kinds)


def facts_of(summary: Summary) -> str:
    """The summary as one JSON object."""
    return json.dumps(
        {
            "seed": summary.seed, "rounds": dict(summary.rounds), "acknowledged": summary.acknowledged,
            "refused": summary.refused, "found": dict(summary.found), "failures": summary.failures,
            "seconds": round(summary.seconds, 1),
        }
    )  # fmt: skip
