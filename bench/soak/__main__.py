"""An hour of mixed load: `python -m bench.soak [--minutes 60] [--json FILE] [--svg FILE]`.

Two modalities send, four readers read, others ask, verify, hang up; jobs run. Every ten seconds memory, descriptors
and files are looked at. At the end every instance is fetched and compared, the journal verified, the vault checked.
Exit status: 0 flat, 1 drifted or something wrong, 2 too little was seen to judge (a run of some minutes).
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.contenders.base import compare
from bench.contenders.multipart import WHOLE, hashes
from bench.load import Slice
from bench.soak.actors import Load, Web, clients, fill
from bench.soak.home import home
from bench.soak.pace import Diary
from bench.soak.samples import Watch
from bench.soak.told import Hour, as_drawing, as_object, as_table, findings, from_object, restarts, verdict

EVERY_SECONDS = 10
_STATUS = {"flat": 0, "drifted": 1, "wrong": 1, "unjudged": 2}


def soak(place: Path, minutes: float, keep: Callable[[Hour], None]) -> Hour:
    """Load a home for so long; look at it; `keep` what was seen; compare everything at the end."""
    place.mkdir()
    with home(place) as house:
        _say("soak: filling the home")
        studies: list[list[Slice]] = []
        fill(Load(house, Diary(), studies))
        house.signed_in().close()  # before the clock runs
        diary = Diary()
        load = Load(house, diary, studies)
        watch = Watch(house.pids, house.folder, diary.now)
        everybody = clients(load)
        for one in everybody:
            one.start()
        while diary.now() < minutes * 60:
            watch.look()
            if len(watch.samples) % 6 == 1:
                _tell(watch, load)
            if len(watch.samples) % 30 == 0:
                keep(_so_far(watch, load))
            load.ended.wait(max(0.0, EVERY_SECONDS - diary.now() % EVERY_SECONDS))
        load.ended.set()
        for one in everybody:
            one.join(300)
        hour = _so_far(watch, load)
        hour.wrong += [f"{one.name} did not end" for one in everybody if one.is_alive()]
        keep(hour)
        hour.wrong += _verified(load)
        return hour


def _so_far(watch: Watch, load: Load) -> Hour:
    """Copy what was seen and done: what comes later is not part of it."""
    diary = load.diary
    done = Diary(actions=list(diary.actions), wrong=list(diary.wrong), skipped=diary.skipped)
    return Hour(done, list(watch.samples), restarts(watch.samples), sum(map(len, list(load.studies))))


def _verified(load: Load) -> list[str]:
    """Fetch every study and compare; verify the journal, check the vault."""
    wrong = compared(load)
    load.home.sign_in_terminal()
    for words in (("journal", "verify"), ("vault", "check")):
        done = load.home.running.cli(*words, check=False)
        if done.returncode:
            wrong.append(f"primum {' '.join(words)} ended with {done.returncode}: {done.stderr[-300:]}")
    return wrong


def compared(load: Load) -> list[str]:
    """Fetch every study by WADO-RS and compare its instances with what was sent."""
    wrong: list[str] = []
    reader = Web(load, random.Random(0))
    for number, study in enumerate(load.studies):
        if number % 500 == 0:
            _say(f"soak: comparing study {number} of {len(load.studies)}")
        try:
            answer = reader.get(f"/dicom-web/studies/{study[0].study_uid}", WHOLE)
        except Exception as error:  # noqa: BLE001 (told with the rest)
            wrong.append(f"a study does not come out: {type(error).__name__}: {error}")
            continue
        came = hashes(answer.headers["content-type"], answer.content)
        wrong += compare({one.sop_uid: one.data_set for one in study}, came)
    return wrong


def _tell(watch: Watch, load: Load) -> None:
    last = watch.samples[-1]
    memory = ", ".join(f"{name} {one.pss:.0f}/{one.descriptors}" for name, one in last.processes.items())
    many = sum(map(len, load.studies))
    _say(
        f"soak: {last.at / 60:.0f} min, {many} instances, {len(load.diary.actions)} actions, "
        f"{len(load.diary.wrong)} wrong; MiB/descriptors: {memory}; cores {last.busy:.2f}, others {last.others:.2f}"
    )
    for words in load.diary.wrong[-2:]:
        _say(f"soak: {words}")


def main(arguments: list[str] | None = None) -> int:
    """Run, tell, judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="how long (60)")
    parser.add_argument("--json", type=Path, help="write everything that was seen into this file")
    parser.add_argument("--svg", type=Path, help="write a drawing into this file")
    parser.add_argument("--read", type=Path, help="judge again what such a file holds, and load nothing")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what it started is stopped

    def keep(hour: Hour) -> None:
        if chosen.json:
            chosen.json.write_text(json.dumps(as_object(hour, findings(hour))), "utf-8")

    if chosen.read:
        hour = from_object(json.loads(chosen.read.read_text("utf-8")))
    else:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            hour = soak(Path(folder) / "soak", chosen.minutes, keep)
        keep(hour)
    found = findings(hour)
    if chosen.svg:
        chosen.svg.write_text(as_drawing(hour), "utf-8")
    print(as_table(hour, found))
    return _STATUS[verdict(hour, found)]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
