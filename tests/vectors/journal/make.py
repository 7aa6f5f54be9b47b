"""Makes the journal's vectors: `PYTHONPATH=src:. python tests/vectors/journal/make.py`.

Each is a journal with what a verifier must say of it, written here by hand. No old vector is ever
deleted or changed: a new version of the format gets new ones.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.unit.journal.scene import HOME, SEED, START, STARTED, STORED, VIEWED

from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.journal import Fact, Journal, Kind, Signer, latest_root, prune
from primum.journal.chain import EMPTY, line
from primum.journal.limits import LIMITS, Limits
from primum.journal.note import Checkpoint, NoteKey
from primum.journal.signer import origin

HERE = Path(__file__).parent
KEY = NoteKey(origin(HOME), SEED).verifier_key
WEB, WORKER = "access/2026-10/web-1", "account/2026/worker-1"


class House:
    """A little house: two pens, a signer, one clock."""

    def __init__(self, folder: Path, limits: Limits = LIMITS) -> None:
        self.folder = folder
        self.clock = FixedClock(START)
        self.limits = limits
        self.web, self.worker = self.pen("web"), self.pen("worker")
        self.signer = Signer(folder, SEED, HOME, self.clock, RealDisc())

    def pen(self, process: str) -> Journal:
        return Journal(self.folder, process, self.clock, RealDisc(), HOME, self.limits)

    def day(self, facts: int = 3) -> None:
        """A day passes: something is stored and seen, the heads are signed."""
        self.worker.record(STARTED)
        for _ in range(facts):
            self.web.record(STORED)
            self.web.record(VIEWED)
        self.signer.sign_and_tell(self.worker)
        self.clock.advance(timedelta(days=1))

    def close(self) -> None:
        self.web.close()
        self.worker.close()


def expect(
    folder: Path,
    illnesses: list[tuple[str, str, int]],
    information: list[tuple[str, str]],
    checkpoints: list[str] | None = None,
) -> None:
    """Write down what a verifier must say; every journal has an unsigned tail of the worker."""
    said = {
        "key": KEY,
        "checkpoints": checkpoints or [],
        "illnesses": sorted(illnesses),
        "information": sorted(information),
    }
    (folder.parent / "expected.json").write_text(json.dumps(said, indent=1) + "\n")


TAIL = ("unsigned-tail", WORKER)


def two_days(folder: Path) -> House:
    """Two days: web has 13 lines (7 then 13 signed), worker 5 (2 then 4 signed: its own telling comes after)."""
    house = House(folder)
    house.day()
    house.day()
    house.close()
    return house


def chain(folder: Path, name: str = WEB) -> Path:
    return folder / f"{name}.chain"


def edit(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


# --- good


def sound(folder: Path) -> None:
    two_days(folder)
    expect(folder, [], [TAIL], [latest_root(folder)])


def never_signed(folder: Path) -> None:
    house = House(folder)
    house.web.record(VIEWED)
    house.close()
    expect(folder, [], [("never-signed", "heads"), ("unsigned-tail", WEB)])


def unfinished_write_closed(folder: Path) -> None:
    two_days(folder)
    path = chain(folder)
    path.write_bytes(path.read_bytes() + b'00112233 {"n":13,"at":"2026\x00\x00\n\xff')
    house = House(folder)
    house.web.record(VIEWED)
    house.signer.sign_heads()
    house.close()
    expect(folder, [], [("unfinished-write", WEB)])


def unfinished_write_left(folder: Path) -> None:
    two_days(folder)
    path = chain(folder)
    path.write_bytes(path.read_bytes() + b"0123456789abcdef")
    expect(folder, [], [("unfinished-write", WEB), TAIL])


def overlapping_runs(folder: Path) -> None:
    house = two_days(folder)
    first, second = house.pen("web"), house.pen("web")
    first.record(VIEWED)
    second.record(VIEWED)
    first.record(VIEWED)
    house.signer.sign_heads()
    first.close()
    second.close()
    expect(folder, [], [])


def full_chains(folder: Path) -> None:
    house = House(folder, Limits(chain=1500))
    house.day(9)
    house.close()
    expect(folder, [], [TAIL])


def pruned(folder: Path) -> None:
    house = two_days(folder)
    house.clock.advance(timedelta(days=370))
    house.worker = house.pen("worker")
    prune(house.worker, house.signer, house.clock.now(), 12)
    house.close()
    expect(folder, [], [("pruned-by-rule", "access/2026-10")])


# --- broken


def line_changed(folder: Path) -> None:
    two_days(folder)
    edit(chain(folder), lambda lines: [*lines[:4], lines[4].replace(b"per_bbb", b"per_zzz"), *lines[5:]])
    expect(folder, [("line-changed", WEB, 4)], [TAIL])


def line_replaced_by_rubbish(folder: Path) -> None:
    two_days(folder)
    edit(chain(folder), lambda lines: [*lines[:4], b"rubbish\n", *lines[5:]])
    expect(folder, [("line-changed", WEB, 4)], [TAIL])


def line_missing(folder: Path) -> None:
    two_days(folder)
    edit(chain(folder), lambda lines: [*lines[:4], *lines[5:]])
    expect(folder, [("line-missing", WEB, 4)], [TAIL])


def lines_swapped(folder: Path) -> None:
    two_days(folder)
    edit(chain(folder), lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]])
    found = [("line-missing", WEB, 4), ("line-changed", WEB, 4), ("line-changed", WEB, 6)]
    expect(folder, found, [TAIL])


def line_inserted(folder: Path) -> None:
    two_days(folder)
    edit(chain(folder), lambda lines: [*lines[:5], lines[4], *lines[5:]])
    expect(folder, [("line-changed", WEB, 4)], [TAIL])


def tail_missing(folder: Path) -> None:
    two_days(folder)
    edit(chain(folder), lambda lines: lines[:-2])
    expect(folder, [("tail-missing", WEB, 11)], [TAIL])


def chain_missing(folder: Path) -> None:
    house = two_days(folder)
    other = house.pen("dimse")
    other.record(STORED)
    other.close()
    house.signer.sign_heads()
    chain(folder).unlink()
    expect(folder, [("chain-missing", WEB, -1)], [])


def segment_missing(folder: Path) -> None:
    two_days(folder)
    shutil.rmtree(folder / "access/2026-10")
    expect(folder, [("segment-missing", "access/2026-10", -1)], [TAIL])


def chain_misplaced(folder: Path) -> None:
    two_days(folder)
    shutil.copy(chain(folder), folder / "access/2026-10/dimse-1.chain")
    expect(
        folder,
        [("chain-misplaced", "access/2026-10/dimse-1", 0)],
        [("unsigned-tail", "access/2026-10/dimse-1"), TAIL],
    )


def fork(folder: Path) -> None:
    """The chain is written anew from line 6, each hash as it should be: only the signed heads know."""
    two_days(folder)

    def rewritten(lines: list[bytes]) -> list[bytes]:
        head, told = EMPTY, []
        for number, one in enumerate(lines):
            body = json.loads(one[65:])
            if number >= 6:
                body["subject"] = "z" * 26
            rest = json.dumps(body, separators=(",", ":")).split(",", 2)[2]
            data, head = line(head, body["at"], rest)
            told.append(data)
        return told

    edit(chain(folder), rewritten)
    expect(folder, [("fork", WEB, 6), ("fork", WEB, 12)], [TAIL])


def leaves_changed(folder: Path) -> None:
    two_days(folder)
    edit(folder / "heads/leaves", lambda lines: [lines[0].replace(b"2026-10-02T", b"2026-10-01T"), *lines[1:]])
    expect(
        folder,
        [("fork", "account", 2), ("fork", "account", 4), ("fork", "heads/notes", 2), ("fork", "heads/notes", 4)],
        [TAIL],
    )


def head_signature_wrong(folder: Path) -> None:
    """A checkpoint signed by a key that is not the one kept elsewhere."""
    two_days(folder)
    stranger = NoteKey(origin(HOME), b"\x07" * 32)
    note = stranger.sign(Checkpoint(origin(HOME), 4, b"\x00" * 32))
    notes = folder / "heads/notes"
    notes.write_text(notes.read_text("utf-8") + note + "\n", "utf-8")
    expect(folder, [("head-signature-wrong", "heads/notes", -1)], [TAIL])


def head_rolled_back(folder: Path) -> None:
    """The whole journal is as it was after the first day; a root of the second day had left the machine."""
    house = House(folder)
    house.day()
    house.close()
    kept = folder.parent / "kept"
    shutil.copytree(folder, kept)
    house = House(folder)
    house.clock.advance(timedelta(days=1))
    house.day()
    house.close()
    later = latest_root(folder)
    shutil.rmtree(folder)
    kept.rename(folder)
    expect(folder, [("head-rolled-back", "given checkpoint", 4)], [TAIL], [later])


def heads_deleted(folder: Path) -> None:
    two_days(folder)
    shutil.rmtree(folder / "heads")
    illnesses = [("head-rolled-back", "account", 2), ("head-rolled-back", "account", 4)]
    expect(folder, illnesses, [("never-signed", "heads"), ("unsigned-tail", WEB), TAIL])


def pruned_out_of_rule(folder: Path) -> None:
    """A segment is gone after a month; somebody wrote that a rule did it."""
    house = two_days(folder)
    house.clock.advance(timedelta(days=30))
    house.worker = house.pen("worker")
    root = "0" * 64
    details: dict[str, str | int] = {
        "segment": "2026-10",
        "lines": 13,
        "chains": 1,
        "root": root,
        "rule": "access-months-12",
    }
    house.worker.record(Fact(Kind.SEGMENT_PRUNED, "system", "", details))
    house.signer.sign_heads()
    house.close()
    shutil.rmtree(folder / "access/2026-10")
    expect(folder, [("pruned-out-of-rule", "access/2026-10", -1)], [])


GOOD = (
    sound, never_signed, unfinished_write_closed, unfinished_write_left, overlapping_runs, full_chains, pruned,
)  # fmt: skip
BROKEN = (
    line_changed, line_replaced_by_rubbish, line_missing, lines_swapped, line_inserted, tail_missing, chain_missing,
    segment_missing, chain_misplaced, fork, leaves_changed, head_signature_wrong, head_rolled_back, heads_deleted,
    pruned_out_of_rule,
)  # fmt: skip


def make(into: Path) -> None:
    """Make every vector that is not there yet."""
    for kind, makers in (("good", GOOD), ("broken", BROKEN)):
        for maker in makers:
            folder = into / kind / maker.__name__.replace("_", "-") / "journal"
            if not folder.exists():
                folder.mkdir(parents=True)
                maker(folder)


if __name__ == "__main__":
    make(HERE)
