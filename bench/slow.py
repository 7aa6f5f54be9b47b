"""What ordinary clients notice of bad ones: `python -m bench.slow [--quick] [--json]`.

One modality sends by DCMTK's storescu over TLS; a viewer asks by QIDO-RS, a workstation by C-FIND and C-ECHO. In
rounds that turn, alone and beside bad company (company.py): thousands of silent connections, TLS handshakes that never
end, requests and instances a byte a second, readers that read nothing. Afterwards the company is kept up until the
longest deadline has passed, and the journal is asked who was cut off, and by which limit.

Every instance is fetched and compared at the end. Exit status 1 when one is missing or changed, when an ordinary
client was refused, or when bad company was not cut.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.company import NUMBERS, Wanted
from bench.contenders.base import children_of, end
from bench.contenders.primum import JSON, TITLE
from bench.finder import Finder, Question
from bench.load import Slice, make_slices
from bench.results import Place, Table, say, show, told
from bench.retrieve import memory_mib
from bench.soak.__main__ import compared
from bench.soak.actors import Load, Web, program, run
from bench.soak.home import MODALITIES, Home, home
from bench.soak.pace import Diary
from primum.doors.dimse.limits import Limits as DicomLimits
from primum.doors.http.limits import Limits as WebLimits

SETTLE_SECONDS = 8
"""From the company's start to a measurement: two thousand connections are open by then."""
ALONE, BESIDE, END = "alone", "beside", "at the end"
CROWDED = ("dimse.crowded", "web.crowded")
"""Reasons that have to be in the journal at the end, or the company was not what it claims to be."""
SLOW = ("tls.timeout", "too-slow", "web.too-slow")
"""Those besides that are there once the longest deadline has passed."""


@dataclass
class Felt:
    """What ordinary clients felt: instances a second by round, milliseconds of each question."""

    rates: list[float] = field(default_factory=list)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, kind: str, began: float) -> None:
        """Note a question that was answered now."""
        self.milliseconds.setdefault(kind, []).append(1000 * (time.perf_counter() - began))


@dataclass
class Seen:
    """Everything that was measured."""

    felt: dict[str, Felt]
    memory: dict[str, float]
    descriptors: dict[str, int]
    company: dict[str, dict[str, int]]
    reasons: dict[str, int]
    wrong: list[str]


class Ordinary:
    """The clients that count."""

    def __init__(self, house: Home, load: Load) -> None:
        """Sign in."""
        self._house, self._load, self._round = house, load, 0
        self._web = Web(load, random.Random(1))
        self._slices: list[Slice] = []

    def run(self, felt: Felt, slices: int, questions: int) -> None:
        """Send a study, then ask."""
        self._round += 1
        tag = f"slow-{self._round}"
        made = make_slices(self._house.place / tag, slices, tag=tag)
        command = [program("storescu"), "-q", *self._house.arguments(MODALITIES[0]), *(str(one.file) for one in made)]
        began = time.perf_counter()
        run(command)
        felt.rates.append(slices / (time.perf_counter() - began))
        self._load.studies.append(made)
        finder = Finder(self._house.plain_port, TITLE)
        for number in range(questions):
            began = time.perf_counter()
            self._web.get("/dicom-web/studies", JSON, {"StudyInstanceUID": made[0].study_uid})
            felt.add("QIDO-RS", began)
            began = time.perf_counter()
            if finder.ask(Question("STUDY", {"StudyInstanceUID": made[0].study_uid}), 10) != 1:
                raise RuntimeError("a study that was acknowledged is not found")
            felt.add("C-FIND", began)
            if number % 5 == 0:
                began = time.perf_counter()
                run([program("echoscu"), "-q", *self._house.arguments(MODALITIES[1])])
                felt.add("C-ECHO, new association", began)
                began = time.perf_counter()
                with self._house.running.browser() as browser:
                    browser.get("/sign-in").raise_for_status()
                felt.add("sign-in page, new connection", began)
        finder.close()


@contextmanager
def company(wanted: Path, log: Path) -> Iterator[None]:
    """Keep bad company for the block."""
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "bench.company", str(wanted)], stdout=output, stderr=output)
        try:
            yield
            if process.poll() is not None:
                raise RuntimeError(f"the bad company has ended by itself: {log.read_text()[-500:]}")
        finally:
            end(process)


def measure(place: Path, *, rounds: int, slices: int, questions: int, hold: float) -> Seen:
    """Run everything."""
    place.mkdir()
    log = place / "company.log"
    with home(place) as house:
        load, wrong = Load(house, Diary()), list[str]()
        ordinary = Ordinary(house, load)
        seen = Seen({ALONE: Felt(), BESIDE: Felt()}, {}, {}, {}, {}, wrong)
        ordinary.run(Felt(), slices, 5)  # not counted
        wanted = place / "wanted.json"
        _wanted(house, load.studies[0][0].study_uid).write(wanted)
        _look(house, seen, ALONE)
        for turn in range(rounds):
            for way in (ALONE, BESIDE) if turn % 2 else (BESIDE, ALONE):
                say(f"slow: round {turn + 1} of {rounds}, {way}")
                try:
                    if way == ALONE:
                        ordinary.run(seen.felt[way], slices, questions)
                    else:
                        with company(wanted, log):
                            time.sleep(SETTLE_SECONDS)
                            ordinary.run(seen.felt[way], slices, questions)
                            _look(house, seen, BESIDE)
                except Exception as error:  # noqa: BLE001 (an ordinary client was refused: that is the finding)
                    wrong.append(f"{way}, round {turn + 1}: {type(error).__name__}: {str(error)[:200]}")
        say(f"slow: {hold:.0f} s of bad company, until the longest deadline has passed")
        with company(wanted, log):
            time.sleep(hold)
            _look(house, seen, END)
        seen.company = json.loads(log.read_text().splitlines()[-1])
        wrong += compared(load)
    # what the daemon counted in its last minute is written when it stops
    seen.reasons = reasons(house.folder)
    expected = CROWDED + SLOW if hold > _LONGEST_SECONDS else CROWDED
    wrong += [f"nobody was cut for {one}" for one in expected if not seen.reasons.get(one)]
    return seen


def _wanted(house: Home, study: str) -> Wanted:
    with house.signed_in() as client:
        cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
    ports = (house.port("web_port"), house.port("dicom_port"), house.plain_port)
    return Wanted(*ports, cookie, study, str(house.place / MODALITIES[1]), MODALITIES[1])


def _look(house: Home, seen: Seen, when: str) -> None:
    pids = children_of(house.running.process.pid) if house.running.process else []
    seen.memory[when] = max(seen.memory.get(when, 0), memory_mib(pids, "VmRSS"))
    many = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)
    seen.descriptors[when] = max(seen.descriptors.get(when, 0), many)


def reasons(folder: Path) -> dict[str, int]:
    """Count who was refused or cut off, by the reason that the journal has."""
    found: Counter[str] = Counter()
    for chain in (folder / "journal" / "access").rglob("*.chain"):
        for line in chain.read_text("ascii").splitlines():
            fact: dict[str, Any] = json.loads(line.split(" ", 1)[1])
            if fact["kind"].startswith("stranger:"):
                found[fact["details"]["reason"]] += int(fact["details"]["count"])
            elif fact["kind"] == "device:association:closed":
                found[fact["details"]["reason"]] += 1
    return dict(found)


def tables(seen: Seen) -> list[Table]:
    """Return what ordinary clients felt, what became of the company, and which limits sent it away."""
    alone, beside = seen.felt[ALONE], seen.felt[BESIDE]
    rates = [_rates(alone), _rates(beside), f"{_ratio(alone, beside):.2f}x", f"{_worst(alone, beside):.2f}x"]
    felt = [["C-STORE over TLS, 1 association", *rates]]
    for kind in sorted(alone.milliseconds):
        ours, theirs = alone.milliseconds[kind], beside.milliseconds.get(kind, [0.0])
        slower = median(theirs) / median(ours)
        felt.append([f"{kind}, ms p50 / p95", _ms(ours), _ms(theirs), f"{slower:.2f}x as long", ""])
    for name, values in (("memory of all processes (RSS), MiB", seen.memory), ("descriptors", seen.descriptors)):
        most = max(values.get(BESIDE, 0), values.get(END, 0))
        felt.append([name, f"{values.get(ALONE, 0):.0f}", f"{most:.0f}", "", ""])
    company = [
        [kind, str(number), *(str(seen.company[which].get(kind, 0)) for which in ("connected", "ended"))]
        for kind, number in NUMBERS.items()
    ]
    cut = [[f"`{reason}`", str(times), _LIMITS.get(reason, "")] for reason, times in sorted(seen.reasons.items())]
    return [
        Table(["", "alone", "beside bad company", "ratio", "worst round"], felt, "felt"),
        Table(["bad company", "wanted", "connected at the end", "sent away so far"], company, "company"),
        Table(["reason in the journal", "times", "limit"], cut, "reasons"),
    ]


def as_object(seen: Seen, place: Place, *, quick: bool) -> dict[str, object]:
    """Return everything as one object for `--json`."""
    return told("slow", place, quick=quick, tables=tables(seen), **asdict(seen))


_WEB, _DICOM = WebLimits(), DicomLimits()
_LONGEST_SECONDS = max(_WEB.send_seconds, _WEB.body_grace_seconds, _DICOM.grace_seconds, _DICOM.handshake_seconds)
_LIMITS = {
    "dimse.crowded": f"{_DICOM.half_open} half-open, {_DICOM.half_open_per_address} of one address",
    "web.crowded": f"{_WEB.strangers} strangers, {_WEB.strangers_per_address} of one address",
    "tls.timeout": f"handshake within {_DICOM.handshake_seconds:g} s (both doors)",
    "web.too-slow": (
        f"head within {_WEB.head_seconds:g} s; body {_WEB.body_grace_seconds:g} s and {_WEB.body_floor_rate} bytes/s; "
        f"something read within {_WEB.send_seconds:g} s"
    ),
    "too-slow": f"message within {_DICOM.grace_seconds:g} s and {_DICOM.floor_rate} bytes/s",
}


def _rates(felt: Felt) -> str:
    return f"{median(felt.rates):.0f}/s ({min(felt.rates):.0f}-{max(felt.rates):.0f})" if felt.rates else "none"


def _ratio(alone: Felt, beside: Felt) -> float:
    return median(beside.rates) / median(alone.rates) if beside.rates else 0.0


def _worst(alone: Felt, beside: Felt) -> float:
    return min((b / a for a, b in zip(alone.rates, beside.rates, strict=False)), default=0.0)


def _ms(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{median(ordered):.1f} / {ordered[int(0.95 * (len(ordered) - 1))]:.1f}"


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.slow", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="two rounds, and no waiting for the longest deadline")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    chosen = parser.parse_args(arguments)
    begun = Place()
    with tempfile.TemporaryDirectory(prefix="slow-") as folder:
        place = Path(folder) / "slow"
        if chosen.quick:
            found = measure(place, rounds=2, slices=60, questions=25, hold=20)
        else:
            found = measure(place, rounds=5, slices=200, questions=60, hold=140)
    show(as_object(found, begun, quick=chosen.quick), as_json=chosen.json)
    for one in found.wrong:
        say(f"bench: error: {one}")
    return int(bool(found.wrong))


if __name__ == "__main__":
    sys.exit(main())
