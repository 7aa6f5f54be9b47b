"""A journal to write in, and a disc that can crash."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from primum.ground.clock import FixedClock
from primum.ground.disc import Handle, RealDisc
from primum.journal import Fact, Journal, Kind, Signer
from primum.journal.limits import LIMITS, Limits

HOME = "hom_aaaaaaaaaaaaaaaaaaaaaaaaaa"
PERSON = "per_bbbbbbbbbbbbbbbbbbbbbbbbbb"
SESSION = "ses_cccccccccccccccccccccccccc"
DEVICE = "dev_dddddddddddddddddddddddddd"
STUDY = "eeeeeeeeeeeeeeeeeeeeeeeeee"
SEED = bytes(range(32))
START = datetime(2026, 10, 2, 8, 15, tzinfo=UTC)

VIEWED = Fact(Kind.STUDY_VIEWED, PERSON, STUDY, {"session": SESSION})
STORED = Fact(Kind.STUDY_STORED, DEVICE, STUDY, {"instances": 120, "bytes": 63_000_000})
STARTED = Fact(Kind.DAEMON_STARTED, "system", "", {"version": "0.1.0", "process": "dimse"})


def clock() -> FixedClock:
    return FixedClock(START)


def a_journal(
    folder: Path,
    process: str = "web",
    at: FixedClock | None = None,
    disc: RealDisc | None = None,
    limits: Limits = LIMITS,
) -> Journal:
    return Journal(folder, process, at or clock(), disc or RealDisc(), HOME, limits)


def a_signer(folder: Path, at: FixedClock | None = None, seed: bytes = SEED) -> Signer:
    return Signer(folder, seed, HOME, at or clock(), RealDisc())


class CountingDisc(RealDisc):
    """Counts syncs, and can be told to refuse."""

    def __init__(self) -> None:
        self.syncs = 0
        self.refuse: OSError | None = None
        self.refuse_sync: OSError | None = None

    def write_at(self, handle: Handle, data: bytes, offset: int) -> None:  # type: ignore[override]
        if self.refuse:
            raise self.refuse
        super().write_at(handle, data, offset)

    def sync(self, handle: Handle) -> None:
        self.syncs += 1
        if self.refuse_sync:
            raise self.refuse_sync
        super().sync(handle)


class CrashDisc(RealDisc):
    """Remembers, file by file and name by name, what was surely on disc."""

    def __init__(self) -> None:
        self._synced: dict[int, bytes] = {}
        """What is safe of each file, by inode."""
        self._named: dict[Path, int] = {}
        """Names that are safe."""

    def sync(self, handle: Handle) -> None:
        super().sync(handle)
        self._synced[handle.path.stat().st_ino if handle.path.exists() else _inode(handle)] = _content(handle)

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self._named = {name: inode for name, inode in self._named.items() if name.parent != path}
        self._named |= {one: one.stat().st_ino for one in path.iterdir() if one.is_file()}

    def after_power_cut(self, journal: Path, into: Path, kept: float = 0.0) -> Path:
        """Copy what a power cut would leave; of unsynced bytes at the ends of files, the share `kept`."""
        for name, inode in self._named.items():
            safe = self._synced.get(inode, b"")
            loose = name.read_bytes()[len(safe) :] if name.exists() else b""
            target = into / name.relative_to(journal)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(safe + loose[: int(len(loose) * kept)])
        return into


def _inode(handle: Handle) -> int:
    import os

    return os.fstat(handle.fd).st_ino


def _content(handle: Handle) -> bytes:
    import os

    return os.pread(handle.fd, os.fstat(handle.fd).st_size, 0)


def files(journal: Path) -> dict[str, bytes]:
    """Every chain, by name."""
    return {str(one.relative_to(journal)): one.read_bytes() for one in sorted(journal.rglob("*.chain"))}


def only_chain(journal: Path) -> Path:
    (one,) = journal.rglob("*.chain")
    return one
