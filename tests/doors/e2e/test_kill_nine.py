"""`kill -9` of every process, fifty times in one home, while senders run: nothing that was acknowledged is lost.

Each sender keeps a diary (tests/doors/e2e/sender.py). After each kill what was acknowledged is looked for in the
packs; after each series, in the index that the worker left, and the index is compared with one made anew.
"""

from __future__ import annotations

import os
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from primum.imaging.store import dump
from tests.doors.e2e.offline import (
    damage,
    journal_illnesses,
    lost,
    make_enrolled_home,
    not_in_packs,
    offline,
    rebuilt,
    vault_of,
)
from tests.doors.e2e.processes import kill_all
from tests.doors.e2e.sender import CutOff, DataSet, Diary, Mint, Sender, trust
from tests.programs import accepts, wait_until
from tests.running import RealHome, RunningPrimum

KILLS = 50
ON_A_FIRST_INSTANCE = KILLS // 2
ON_ONE_STUDY = 13
ON_MANY_STUDIES = KILLS - ON_A_FIRST_INSTANCE - ON_ONE_STUDY
SENDERS = 4
STUDIES = 200
LARGE = 9 * 1024 * 1024
"""Above 8 MiB: sealed while it arrives, the trailer last."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass
class Siege:
    """A home under attack, its senders, and what they wrote down."""

    home: RealHome
    primum: RunningPrimum
    controller: str
    plain: int
    tls: ssl.SSLContext
    diary: Diary
    chance: random.Random
    mint: Mint
    kills: int = 0
    looked_at: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Start, and go on as soon as the door is open: the rest of the house may still be getting up."""
        self.primum.start()
        wait_until(lambda: accepts(self.plain), seconds=120, running=self.primum.process)

    def sender(self, number: int) -> Sender:
        """One of four: the last one comes over TLS."""
        if number < SENDERS - 1:
            return Sender(self.plain, self.diary, aet="PLAIN1")
        return Sender(int(self.primum.settings["dicom_port"]), self.diary, aet="CT1", tls=self.tls)

    def kill(self) -> None:
        kill_all(self.primum)
        self.kills += 1

    def series(self, kills: int, work: Callable[[int], Iterator[DataSet]], moment: Callable[[], None]) -> None:
        """Go through as many rounds, each ended by a kill."""
        before = self.kills
        for _ in range(kills):
            self.round(work, moment)
        assert self.kills - before == kills

    def round(self, work: Callable[[int], Iterator[DataSet]], moment: Callable[[], None]) -> None:
        """Start everything, let four senders send what `work` gives them, kill everything when `moment` returns."""
        self.start()
        failures: list[BaseException] = []
        threads = [
            threading.Thread(target=self._send, args=(number, work(number), failures)) for number in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        moment()
        assert self.primum.process is not None
        if self.primum.process.poll() is None:
            self.kill()
        for thread in threads:
            thread.join()
        assert failures == []
        self.look_into_packs()

    def _send(self, number: int, data_sets: Iterator[DataSet], failures: list[BaseException]) -> None:
        try:
            sender = self.sender(number)
            with sender:
                for one in data_sets:
                    sender.store(one)
        except CutOff:
            pass
        except BaseException as failure:  # noqa: BLE001 (told by the test's own thread)
            failures.append(failure)

    def look_into_packs(self) -> None:
        """Find what was acknowledged since the last look."""
        acknowledged = self.diary.acknowledged()
        fresh = [line for sop, line in acknowledged.items() if sop not in self.looked_at]
        assert not_in_packs(vault_of(self.home), self.controller, fresh) == []
        self.looked_at |= set(acknowledged)

    def look_at_everything(self, place: Path) -> None:
        """Let it start and stop in peace; then everything acknowledged so far is found, and nothing is damaged."""
        self.start()
        self.primum.wait_ready()
        self.primum.stop()
        fallen = [line for line in self.primum.log.read_text("utf-8").splitlines() if "child-ended" in line]
        assert fallen == [], "a child did not get up after a kill"
        refused = [line for line in self.diary.lines() if line.status]
        unanswered = [line for line in self.diary.lines() if line.status is None]
        acknowledged = list(self.diary.acknowledged().values())
        with offline(self.home) as opened:
            left = dump(opened.index)
            missing = lost(opened, acknowledged)
            kept = len(unanswered) - len(not_in_packs(opened.vault, self.controller, unanswered))
            print(f"kills {self.kills}, acknowledged {len(acknowledged)}, lost {len(missing)};", end=" ")
            print(f"cut off {len(unanswered)}, of which {kept} are whole all the same")
            assert missing == []
            forged = [replace(acknowledged[0], sha256="0" * 64), replace(acknowledged[0], sop="2.25.1")]
            assert lost(opened, forged) == not_in_packs(opened.vault, self.controller, forged) == forged
            assert refused == []
            assert damage(opened) == []
            assert left == rebuilt(opened, place)
            assert left["versions"] == []
            assert journal_illnesses(opened) == []


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"KILL_SEED={seed}")
    place = tmp_path_factory.mktemp("siege")
    made, diary = make_enrolled_home(place), Diary(place / "diary")
    yield Siege(
        made.home, made.primum, made.controller, made.plain_port, trust(made.pack), diary,
        random.Random(seed), Mint(seed),
    )  # fmt: skip
    made.primum.kill()
    diary.close()


def test_killed_on_the_first_instance_of_a_new_study(siege: Siege, tmp_path: Path) -> None:
    """Every data set is the first of its study, and at each kill at least one is on its way."""
    landed = []
    first: set[str] = set()

    def firsts(_: int) -> Iterator[DataSet]:
        while True:  # until it is cut off
            one = siege.mint.instance(siege.mint.study())
            first.add(one.sop)
            yield one

    def moment() -> None:
        with siege.diary.on_the_way():
            pass
        time.sleep(siege.chance.uniform(0, 0.12))
        with siege.diary.on_the_way() as under_way:
            landed.append(under_way)
            siege.kill()

    siege.series(ON_A_FIRST_INSTANCE, firsts, moment)
    assert len(landed) == ON_A_FIRST_INSTANCE
    assert all(set(one) <= first for one in landed)
    siege.look_at_everything(tmp_path / "anew")


def test_killed_while_four_associations_store_into_one_study(siege: Siege, tmp_path: Path) -> None:
    """One study for the whole series: each start takes over the packs that the kill before left."""
    study = siege.mint.study()

    def parts(number: int) -> Iterator[DataSet]:
        large = number == 0 and siege.chance.random() < 0.4
        sizes = [LARGE] * 4 if large else [siege.chance.choice((2_000, 30_000, 500_000)) for _ in range(60)]
        return iter([siege.mint.instance(study, size) for size in sizes])

    def moment() -> None:
        siege.diary.wait_for_status(siege.diary.read + siege.chance.randint(0, 30))
        time.sleep(siege.chance.uniform(0, 0.03))

    siege.series(ON_ONE_STUDY, parts, moment)
    siege.look_at_everything(tmp_path / "anew")


def test_killed_while_two_hundred_studies_of_one_instance_arrive(siege: Siege, tmp_path: Path) -> None:
    """What got no status is sent again after the restart, as a modality does, until each study was acknowledged."""
    waiting = [siege.mint.instance(siege.mint.study()) for _ in range(STUDIES)]

    def unanswered(number: int) -> Iterator[DataSet]:
        known = siege.diary.acknowledged()
        return iter([one for one in waiting if one.sop not in known] if number in {0, SENDERS - 1} else [])

    def moment() -> None:
        siege.diary.wait_for_status(siege.diary.read + siege.chance.randint(1, 12))
        time.sleep(siege.chance.uniform(0, 0.02))

    siege.series(ON_MANY_STUDIES, unanswered, moment)
    siege.start()
    with Sender(siege.plain, siege.diary, aet="PLAIN1") as sender:
        for one in unanswered(0):
            assert sender.store(one) == 0
        sender.release()
    siege.primum.stop()
    assert {one.sop for one in waiting} <= set(siege.diary.acknowledged())
    siege.look_at_everything(tmp_path / "anew")
