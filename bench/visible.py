"""How soon what was acknowledged is found: `python -m bench.visible [--quick] [--json] [--rounds N]`.

Senders of our own keep the DICOM door busy, each with a study of its own, and write down when each C-STORE-RSP came.
Meanwhile somebody who is signed in asks for the instances of one of the studies by QIDO-RS, again and again (of another
one in each round); an instance is visible when the first answer that lists it has come, so that the pause between two
questions and the question itself are part of the figure. Whoever asks at the moment of a sender's A-RELEASE-RP must see
all that it sent, and at the end every instance is fetched and compared by hash; anything else ends the benchmark.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx

from bench.contenders.base import processor_seconds
from bench.contenders.primum import PAGE, TITLE, Primum, Template, make_template
from bench.load import Slice, make_slices
from bench.results import Place, Table, say, show, told
from bench.rows import LARGE, SMALL, TUNED
from bench.storing import Refused, Storing

GOAL_MS = 200.0
"""From acknowledgement to QIDO, of all but one instance in a hundred."""
PAUSE = 0.02
"""Seconds between two questions: a page that refreshes asks less often, and questions are load as well."""
LATE = 30.0
"""Seconds after the last acknowledgement, beyond which an instance counts as lost."""


class NotVisible(RuntimeError):
    """What was acknowledged is not found, or came back with other bytes."""


@dataclass(frozen=True, slots=True)
class Row:
    """So many associations at once, each sending so many slices."""

    name: str
    associations: int
    count: int
    quick: int
    side: int = LARGE


ROWS = (Row("visible_1", 1, 800, 200), Row("visible_4", 4, 400, 100), Row("visible_small_4", 4, 800, 200, SMALL))


@dataclass(slots=True)
class Measured:
    """Milliseconds from acknowledgement to sight, of instances watched, by round; instances per second meanwhile."""

    rounds: list[list[float]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)

    def centile(self, share: float) -> float:
        """Return the least time within which `share` of all instances were seen."""
        return _centile([one for by in self.rounds for one in by], share)

    def worst(self, share: float) -> float:
        """Return the same of the worst round."""
        return max(_centile(one, share) for one in self.rounds)


def _centile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Watcher:
    """Asks for the instances of studies, and writes down when each was first listed."""

    def __init__(self, client: httpx.Client) -> None:
        """Ask as whoever is signed in with this client."""
        self._client = client
        self.seen: dict[str, float] = {}

    def listed(self, study: str, offset: int = 0) -> list[str]:
        """Return the SOP Instance UIDs of one page, in the order of their numbers."""
        asked = {"limit": str(PAGE), "offset": str(offset)}
        answer = self._client.get(
            f"/dicom-web/studies/{study}/instances", params=asked, headers={"Accept": "application/dicom+json"}
        )
        if answer.status_code == httpx.codes.NOT_FOUND:  # nothing of the study is there yet
            return []
        answer.raise_for_status()
        return [row["00080018"]["Value"][0] for row in answer.json()] if answer.content else []

    def all_of(self, study: str) -> set[str]:
        """Ask page by page until the end."""
        found: set[str] = set()
        while page := self.listed(study, len(found)):
            found |= set(page)
        return found

    def watch(self, slices: Sequence[Slice], ended: threading.Event) -> None:
        """Ask about a study until all is seen, or for LATE seconds after the senders ended."""
        # slices are sent in the order of their numbers: what comes before the first unseen one need not be asked for
        first, deadline = 0, float("inf")
        while first < len(slices) and time.monotonic() < deadline:
            page = self.listed(slices[0].study_uid, first)
            now = time.monotonic()
            for uid in page:
                self.seen.setdefault(uid, now)
            while first < len(slices) and slices[first].sop_uid in self.seen:
                first += 1
            time.sleep(PAUSE)
            if ended.is_set() and deadline == float("inf"):
                deadline = time.monotonic() + LATE


def run_once(
    template: Template, row: Row, studies: Sequence[Sequence[Slice]], folder: Path, measured: Measured
) -> None:
    """Send every study at once and watch one of them. Raises NotVisible, Refused."""
    watched = len(measured.rounds) % len(studies)
    archive = Primum(template)
    senders: list[Storing] = []
    try:
        archive.start(folder, TUNED)
        port = int(archive.target()[-1])
        senders = [Storing(one, port, TUNED.calling, TITLE) for one in studies]
        with archive.signed_in() as client, ThreadPoolExecutor(len(studies)) as threads:
            watcher, ended = Watcher(client), threading.Event()
            watcher.listed(studies[watched][0].study_uid)  # what a first question costs is another benchmark's subject
            before, begun = processor_seconds(archive.processes()), time.monotonic()
            for sender in senders:
                sender.start()
            after = [threads.submit(_asked_at_once, watcher, *pair) for pair in zip(senders, studies, strict=True)]
            watching = threading.Thread(target=watcher.watch, args=(studies[watched], ended))
            watching.start()
            last = max(one.result() for one in after)
            used = processor_seconds(archive.processes()) - before
            ended.set()
            watching.join()
            acknowledged = senders[watched].acknowledged()
            wrong = archive.compared(client, [slice_ for one in studies for slice_ in one])
    finally:
        for sender in senders:
            sender.end()
        archive.stop()
        shutil.rmtree(folder, ignore_errors=True)
    unseen = acknowledged.keys() - watcher.seen.keys()
    if unseen or wrong:
        raise NotVisible(f"{row.name}: {'; '.join([*([f'{len(unseen)} never listed'] if unseen else []), *wrong])}")
    measured.rounds.append([max(0.0, 1000 * (watcher.seen[uid] - at)) for uid, at in acknowledged.items()])
    sent = sum(len(one) for one in studies)
    measured.rates.append(sent / (last - begun))
    measured.processor_ms.append(1000 * used / sent)


def _asked_at_once(watcher: Watcher, sender: Storing, slices: Sequence[Slice]) -> float:
    """Wait for the sender's release, ask at once; return when the release was."""
    released = sender.released()
    missing = {one.sop_uid for one in slices} - watcher.all_of(slices[0].study_uid)
    if missing:
        raise NotVisible(f"{len(missing)} of {len(slices)} instances not visible after their sender's release")
    return released


def run(rows: Sequence[Row], rounds: int, *, quick: bool, said: Callable[[str], None]) -> dict[str, Measured]:
    """Run all rows in `rounds` rounds."""
    results = {row.name: Measured() for row in rows}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        place = Path(folder)
        template = make_template(place / "template")
        loads = {row.name: _load(place, row, quick=quick) for row in rows}
        for turn in range(rounds):
            for row in rows:
                measured = results[row.name]
                run_once(template, row, loads[row.name], place / "run", measured)
                now = measured.rounds[-1]
                said(
                    f"round {turn + 1}/{rounds} {row.name:16} p50 {median(now):4.0f} p99 {_centile(now, 0.99):4.0f}"
                    f" most {max(now):4.0f} ms at {measured.rates[-1]:.0f}/s"
                )
    return results


def _load(place: Path, row: Row, *, quick: bool) -> list[list[Slice]]:
    count = row.quick if quick else row.count
    return [
        make_slices(place / "load" / row.name / str(n), count, tag=f"{row.name}/{n}", side=row.side)
        for n in range(row.associations)
    ]


def as_table(results: dict[str, Measured]) -> Table:
    """Return a line for each row."""
    head = ["row", "instances/s meanwhile", "p50", "p99", "most", "p99, worst round", "goal of p99", "CPU ms"]
    lines = [
        [
            name, f"{median(one.rates):.0f}", f"{one.centile(0.5):.0f} ms", f"{one.centile(0.99):.0f} ms",
            f"{one.centile(1):.0f} ms", f"{one.worst(0.99):.0f} ms",
            f"{GOAL_MS:.0f} ms {'reached' if one.centile(0.99) <= GOAL_MS else 'missed'}",
            f"{median(one.processor_ms):.1f}",
        ]
        for name, one in results.items()
    ]  # fmt: skip
    return Table(head, lines)


def as_object(results: dict[str, Measured], place: Place, *, quick: bool) -> dict[str, object]:
    """Return everything as one object."""
    rows = {
        name: {
            "p50_ms": round(one.centile(0.5), 1),
            "p99_ms": round(one.centile(0.99), 1),
            "most_ms": round(one.centile(1), 1),
            "worst_round_p99_ms": round(one.worst(0.99), 1),
            "rates": [round(rate, 1) for rate in one.rates],
            "processor_ms": round(median(one.processor_ms), 2),
            "after_release": "all seen",
        }
        for name, one in results.items()
    }
    reached = {name: one.centile(0.99) <= GOAL_MS for name, one in results.items()}
    return told(
        "visible", place, quick=quick, tables=[as_table(results)], rows=rows, goal_p99_ms=GOAL_MS, reached=reached
    )


def main(arguments: list[str] | None = None) -> int:
    """Run and report; the exit status is 1 when something was not visible when it must be."""
    parser = argparse.ArgumentParser(prog="python -m bench.visible", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer instances, one round")
    parser.add_argument("--rounds", type=int, default=0, help="rounds (5, with --quick 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--only", default="", help="names of rows, with commas")
    chosen = parser.parse_args(arguments)
    begun = Place()
    rows = [row for row in ROWS if not chosen.only or row.name in chosen.only.split(",")]
    try:
        results = run(rows, chosen.rounds or (1 if chosen.quick else 5), quick=chosen.quick, said=say)
    except (NotVisible, Refused) as wrong:
        say(f"bench: error: {wrong}")
        return 1
    show(as_object(results, begun, quick=chosen.quick), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
