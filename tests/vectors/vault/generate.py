"""Make the vectors: `python tests/vectors/vault/generate.py FOLDER`, with Primum importable.

Everything random is replaced by a counter through SHA-256, so each run makes the same bytes. A vector that was
committed is never changed nor deleted: a new version of the format adds its own, below its number. Version 1, which
nothing writes any more, has no number.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from primum import vault
from primum.ground.clock import FixedClock
from primum.ground.disc import BLOCK, RealDisc
from primum.ground.ids import token128_bytes
from primum.vault.packformat import VERSION

KEYS = vault.VaultKeys(hashlib.sha256(b"vectors keyring").digest(), hashlib.sha256(b"vectors names").digest())
CONTROLLER = "ctl_vectorsvectorsvectorsaaaa"


class Counted:
    """Entropy for vectors: SHA-256(seed, counter)."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def __call__(self, size: int) -> bytes:
        out = b""
        while len(out) < size:
            out += hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
            self._count += 1
        return out[:size]


class Bench:
    """A vault in a temporary folder, from which packs are taken."""

    def __init__(self, seed: str, home: Path) -> None:
        self.home = home
        clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.vault = vault.open_vault(home / "vault", home / "keyring", KEYS, RealDisc(), clock, entropy=Counted(seed))
        self.study = self.vault.study_ref(CONTROLLER, "2.25.1")
        for study in (self.study, self.vault.study_ref(CONTROLLER, "2.25.2")):
            for name in ("vault", "keyring"):
                (home / name / f"{token128_bytes(study)[0]:02x}").mkdir(parents=True)

    def store(self, *numbers: int) -> vault.Tail:
        """Store small instances; return the tail."""
        tail = None
        with self.vault.writer() as writer:
            for number in numbers:
                tail = self.vault.open(writer.store(self.study, facts(number), data(number), 100)).tail
        assert tail is not None
        return tail

    def path(self, tail: vault.Tail) -> Path:
        """Return a pack's file."""
        return next((self.home / "vault").glob(f"*/{tail.study}/{tail.pack}.pack"))

    def study_key(self) -> bytes:
        """Return the study key, which vectors do not keep secret."""
        key = self.vault._keyring.find(self.study)
        assert key is not None
        return key


def data(number: int) -> bytes:
    """Make 100 bytes of header and 100 of pixels."""
    return (f"header {number} " * 20).encode()[:100] + (f"pixels {number} " * 20).encode()[:100]


def facts(number: int, kind: vault.model.RecordKind = "instance") -> vault.RecordFacts:
    """Make facts of a fictional instance."""
    return vault.RecordFacts(
        kind, CONTROLLER, "dev_vectorsvectorsvectorsaaaa", "1.2.840.10008.5.1.4.1.1.2", f"2.25.1.1.{number}",
        "2.25.1.1", "2.25.1", "1.2.840.10008.1.2.1", "2026-01-01T00:00:00.000Z", "SCANNER", "2.25.9",
    )  # fmt: skip


def good_three_records(bench: Bench) -> vault.Tail:
    """An instance with uniform frames, one with a frame table and an accented AE title, an amendment."""
    with bench.vault.writer() as writer:
        writer.store(bench.study, facts(1), data(1), 100, vault.Frames.uniform(110, 30, 3))
        writer.store(bench.study, facts(2), data(2), 100, vault.Frames.table([(108, 20), (136, 64)]))
        at = writer.store(bench.study, facts(3, "amendment"), '{"reason": "renommé"}'.encode())
    return bench.vault.open(at).tail


def good_streamed(bench: Bench) -> vault.Tail:
    """A record whose length was not known at the start, between two that were."""
    bench.store(1)
    with bench.vault.writer() as writer:
        stream = writer.stream(bench.study, facts(2), 100)
        stream.append(data(2)[:150])
        stream.append(data(2)[150:])
        stream.finish(frames=vault.Frames.uniform(120, 80, 1))
    return bench.store(3)


def good_empty_data_set(bench: Bench) -> vault.Tail:
    """No bytes at all: no segment, just a trailer."""
    with bench.vault.writer() as writer:
        return bench.vault.open(writer.store(bench.study, facts(1), b"")).tail


def good_leftover(bench: Bench) -> vault.Tail:
    """A write cut by a crash, after which a later writer went on."""
    tail = bench.store(1, 2)
    path = bench.path(tail)
    path.write_bytes(path.read_bytes()[: tail.end - BLOCK])
    return bench.store(3)


def torn_tail(bench: Bench) -> vault.Tail:
    """The second write never finished and was not acknowledged: the tail expected is the first's."""
    first = bench.store(1)
    path = bench.path(bench.store(2))
    path.write_bytes(path.read_bytes()[:-1000])
    return first


def hole_before_good_record(bench: Bench) -> vault.Tail:
    """The second of three was overwritten with zeros."""
    tail = bench.store(1, 2, 3)
    _overwrite(bench.path(tail), BLOCK * 3, bytes(BLOCK * 2))
    return tail


def flipped_bit(bench: Bench) -> vault.Tail:
    """One bit of the second record's pixels."""
    tail = bench.store(1, 2, 3)
    at, path = BLOCK * 3 + 64 + 100 + 16 + 5, bench.path(tail)
    _overwrite(path, at, bytes([path.read_bytes()[at] ^ 4]))
    return tail


def missing_key(bench: Bench) -> vault.Tail:
    """The pack is whole; its key file is not kept."""
    tail = bench.store(1)
    next((bench.home / "keyring").glob("*/*.key")).unlink()
    return tail


def wrong_study(bench: Bench) -> vault.Tail:
    """A pack of another study, in this one's folder, under its own name."""
    other = bench.store(1)
    study, bench.study = bench.study, bench.vault.study_ref(CONTROLLER, "2.25.2")
    mine = bench.store(1)
    path = bench.path(mine)
    bench.study = study
    moved = path.parents[2] / bench.path(other).parent.parent.name / study / path.name
    path.rename(moved)
    return vault.Tail(study, mine.pack, mine.count, mine.chain, mine.end)


def reordered_segment(bench: Bench) -> vault.Tail:
    """Header and pixels of the second record, of one size, have changed places."""
    tail = bench.store(1, 2, 3)
    path, at, size = bench.path(tail), BLOCK * 3 + 64, 116
    raw = path.read_bytes()
    _overwrite(path, at, raw[at + size : at + 2 * size] + raw[at : at + size])
    return tail


def records_missing_at_end(bench: Bench) -> vault.Tail:
    """Two of three are left; three are expected."""
    tail = bench.store(1, 2, 3)
    path = bench.path(tail)
    path.write_bytes(path.read_bytes()[: -2 * BLOCK])
    return tail


def rolled_back_pack(bench: Bench) -> vault.Tail:
    """A copy made after the first record was put back, and two others stored since."""
    first = bench.store(1)
    copy = bench.path(first).read_bytes()
    tail = bench.store(2, 3)
    bench.path(tail).write_bytes(copy)
    bench.store(4, 5)
    return tail


Maker = Callable[[Bench], vault.Tail]
GOOD: dict[str, tuple[Maker, str | None]] = {
    "three-records": (good_three_records, None),
    "streamed": (good_streamed, None),
    "empty-data-set": (good_empty_data_set, None),
    "leftover-before-good-record": (good_leftover, "vault.leftover"),
}
BROKEN: dict[str, tuple[Maker, str | None]] = {
    "torn-tail": (torn_tail, "vault.torn-tail"),
    "hole-before-good-record": (hole_before_good_record, "vault.hole"),
    "flipped-bit": (flipped_bit, "vault.flipped-bit"),
    "missing-key": (missing_key, "vault.missing-key"),
    "wrong-study": (wrong_study, "vault.wrong-study"),
    "reordered-segment": (reordered_segment, "vault.reordered-segment"),
    "records-missing-at-end": (records_missing_at_end, "vault.records-missing"),
    "rolled-back-pack": (rolled_back_pack, "vault.rolled-back"),
}


def generate(into: Path) -> None:
    """Make all vectors of the version that is written, below `into`."""
    into = into / str(VERSION)
    (into / "broken").mkdir(parents=True, exist_ok=True)
    for folder, makers in ((into, GOOD), (into / "broken", BROKEN)):
        for name, (maker, code) in makers.items():
            _one(folder, name, maker, code)


def _one(folder: Path, name: str, maker: Maker, code: str | None) -> None:
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(f"version {VERSION}, {name}", Path(home))
        tail = maker(bench)
        shutil.copyfile(bench.path(tail), folder / f"{name}.pack")
        key_file = next((bench.home / "keyring").glob(f"*/{tail.study}.key"), None)
        told = {
            "code": code,
            "expected": asdict(tail),
            "keyring_key": KEYS.keyring.hex(),
            "key_file": None if key_file is None else base64.b64encode(key_file.read_bytes()[:97]).decode(),
            "study_key": bench.study_key().hex() if key_file else None,
            "what": (maker.__doc__ or "").strip(),
        }
    (folder / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


def _overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
