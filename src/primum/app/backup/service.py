"""Backups, as the worker offers them: make, list, test, one at a time; and what is known of the last ones."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from primum.app.backup import generations as at
from primum.app.backup.destination import (
    Credentials,
    Destination,
    S3Service,
    keep_credentials,
    kept_credentials,
    open_bucket,
    open_folder,
    parse_destination,
    refuse_inside,
)
from primum.app.backup.keeper import Keeper, StoreKeeper
from primum.app.backup.making import How, Run, Source
from primum.app.backup.manifest import Manifest
from primum.app.backup.refusals import (
    DemoStaysHere,
    NoDestination,
    RestoreDiffers,
    StopAsked,
    StoreRefused,
    UnderWay,
)
from primum.app.backup.restic import Repository, ResticKeeper
from primum.app.backup.sinks import Pace
from primum.app.backup.status import Standing, read_standing, sentences, write_standing
from primum.app.backup.trial import RestoreTest, Trial
from primum.ground.clock import from_text, to_text
from primum.ground.disc import Disc
from primum.ground.errors import PrimumError
from primum.ground.jobs import Job
from primum.ground.log import Log
from primum.ground.settings import Settings
from primum.identity import SealedBox
from primum.journal import Fact, Kind
from primum.vault import Label

_MIB = 1 << 20
_EVERY = timedelta(hours=20)
"""A backup that is younger is not made again by the job: once a day, whenever the machine runs."""
_PATIENCE = 30.0
"""Seconds that a run may take to stop."""

_log = Log("backup")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: where to ("" is the setting), by whom, how fast at most; `new` begins in an empty place."""

    to: str = ""
    actor: str = "system"
    mib_a_second: int = 0
    new: bool = False


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how far it is (done, in all), and of each illness."""

    progress: Callable[[int, int], None] = lambda _done, _total: None
    tell: Callable[[PrimumError], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    to: str
    manifest: Manifest
    packs: int
    studies: int
    sent: int
    pruned: at.PrunedGenerations
    same_disc: bool


@dataclass(slots=True)
class _Counter:
    """Bytes read so far, told to the listener."""

    listener: Listener
    total: int = 0
    done: int = 0

    def expect(self, total: int) -> None:
        self.total = total
        self.listener.progress(0, total)

    def moved(self, count: int) -> None:
        self.done += count
        self.listener.progress(min(self.done, max(self.total, self.done)), max(self.total, self.done))


@dataclass(frozen=True, slots=True)
class Means:
    """What the service works with beside the home: sub-keys, disc, sealed secrets, settings."""

    keys: Mapping[Label, bytes] = field(repr=False)
    disc: Disc
    secrets: SealedBox
    settings: Settings


class Backups:
    """One per home. Its methods may be called from any thread; one run at a time."""

    def __init__(self, source: Source, means: Means) -> None:
        """Back up `source`."""
        self._source, self._means = source, means
        self._turn = threading.Lock()
        self._stop = threading.Event()

    # -- what may be asked --

    def make(self, asked: Asked, listener: Listener) -> Made:
        """Make a backup. Raises what docs/reference/errors/backup.md lists; a refusal is recorded."""
        destination = self._destination(asked.to)
        with self._alone(), self._refusals(destination, asked.actor):
            keeper = self._keeper(destination, create=True)
            made = self._make(destination, keeper, asked, listener)
            self._note(keeper, made)
            return made

    def generations(self, to: str) -> list[str]:
        """List the generations at a destination, oldest first."""
        return self._keeper(self._destination(to), create=False).origin.generations()

    def test(self, asked: Asked, scratch: str, generation: str, percent: int, listener: Listener) -> Trial:
        """Restore into a scratch folder and compare. Raises RestoreDiffers when anything is not as it must be."""
        destination = self._destination(asked.to)
        with self._alone(), self._refusals(destination, asked.actor):
            keeper = self._keeper(destination, create=False)
            home = self._source.home.folder
            folder = Path(scratch) / f"primum-restore-test-{self._source.home.id}" if scratch else None
            index = home / "index.db"
            test = RestoreTest(self._source, index, self._means.keys, self._means.disc, listener.progress)
            trial = test.run(keeper.origin, folder or home / "run" / "restore-test", generation, percent)
            self._record_test(destination, asked.actor, trial)
            if trial.differences:
                raise RestoreDiffers(differences=len(trial.differences), first=trial.differences[0])
            self._tested(keeper, trial)
            return trial

    def keep_credentials(self, to: str, credentials: Credentials) -> str:
        """Seal what a destination asks for; return how it is called."""
        destination = self._destination(to)
        keep_credentials(self._means.disc, self._source.home, self._means.secrets, destination, credentials)
        return destination.text

    def standing(self, now: datetime) -> tuple[str, str]:
        """Say when the last backup was made and tested."""
        return sentences(read_standing(self._folder), now, expected=bool(self._means.settings.backup_to))

    def jobs(self) -> list[Job]:
        """List what it does by itself; the run has a thread of its own, so that no other job waits for it."""
        return [Job("backup.make", timedelta(hours=1), self._sweep)]

    def stop(self) -> None:
        """Interrupt a run; the next one goes on from there."""
        self._stop.set()
        if self._turn.acquire(timeout=_PATIENCE):
            self._turn.release()

    # -- making --

    def _make(self, destination: Destination, keeper: Keeper, asked: Asked, listener: Listener) -> Made:
        source, key = self._source, self._means.keys[Label.BACKUP]
        known = destination.text in read_standing(self._folder).destinations and not asked.new
        keeper.claim(source.home.id, known=known)
        counter = _Counter(listener)
        rate = (asked.mib_a_second or self._means.settings.backup_mib_a_second) * _MIB
        sink = keeper.sink(Pace(rate, self._stopped), counter.moved)
        before = keeper.before(key, listener.tell)
        how = How(listener.tell, counter.expect, lambda manifest: keeper.checkpoint(manifest, key))
        run = Run(source, sink, before, at.generation_at(source.clock.now()), how)
        try:
            manifest = run.make()
        except BaseException:
            with contextlib.suppress(PrimumError, OSError):
                run.save()
            raise
        root = keeper.commit(manifest, key)
        held: dict[str, str | int] = {"packs": run.packs, "studies": run.studies, "bytes": keeper.sent()}
        self._record_made(destination, asked.actor, manifest, held | {"root": root})
        keep = timedelta(days=self._means.settings.backup_keep_days)
        pruned = keeper.prune(key, source.clock.now(), keep)
        if pruned.generations:
            details: dict[str, str | int] = {
                "what": destination.kind, "count": pruned.generations, "generation": pruned.oldest,
            }  # fmt: skip
            self._record(Kind.BACKUP_PRUNED, "system", details)
        same_disc = _same_disc(destination, self._folder)
        return Made(destination.text, manifest, run.packs, run.studies, keeper.sent(), pruned, same_disc)

    def _sweep(self, now: datetime) -> int:
        settings, standing = self._means.settings, read_standing(self._folder)
        if not settings.backup_to or self._turn.locked():
            return 0
        if standing.made_at and now - from_text(standing.made_at) < _EVERY:
            return 0
        threading.Thread(target=self._by_itself, name="backup", daemon=True).start()
        return 1

    def _by_itself(self) -> None:
        try:
            self.make(Asked(), Listener(tell=lambda one: _log.warning("backup.illness", code=one.code)))
        except PrimumError as refusal:
            _log.warning("backup.refused", code=refusal.code)
        except Exception as error:  # noqa: BLE001 (the worker outlives it)
            _log.failure("backup.failed", error)

    def _stopped(self, seconds: float) -> bool:
        return self._stop.wait(seconds) if seconds else self._stop.is_set()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._turn.acquire(blocking=False):
            raise UnderWay
        try:
            for left in ("restore-test", "restic", "backup"):  # by a run that was killed
                shutil.rmtree(self._folder / "run" / left, ignore_errors=True)
            self._aside.mkdir(mode=0o700, exist_ok=True)
            yield
        finally:
            self._turn.release()

    # -- destinations --

    def _destination(self, to: str) -> Destination:
        text = to or self._means.settings.backup_to
        if not text:
            raise NoDestination
        return parse_destination(text)

    def _keeper(self, destination: Destination, *, create: bool) -> Keeper:
        home, means = self._source.home, self._means
        if destination.kind == "folder":
            return StoreKeeper(open_folder(destination, means.disc, home.folder, create=create), self._aside)
        if destination.kind == "s3" and home.demo:
            raise DemoStaysHere
        credentials = kept_credentials(home, means.secrets, destination)
        if destination.kind == "restic":
            refuse_inside(destination.folder, home.folder)
            repository = Repository(destination.folder, credentials.secret)
            return ResticKeeper(repository, home.folder, home.id, home.folder / "run" / "restic")
        return StoreKeeper(open_bucket(destination, s3_service(means.settings), credentials), self._aside)

    # -- what is written down --

    @property
    def _folder(self) -> Path:
        return self._source.home.folder

    @property
    def _aside(self) -> Path:
        return self._folder / "run" / "backup"

    def _record(self, kind: Kind, actor: str, details: dict[str, str | int]) -> None:
        self._source.journal.record(Fact(kind, actor, self._source.home.id, details))

    def _record_made(
        self, destination: Destination, actor: str, manifest: Manifest, held: dict[str, str | int]
    ) -> None:
        of_it: dict[str, str | int] = {
            "what": destination.kind, "generation": manifest.generation, "illnesses": manifest.illnesses,
        }  # fmt: skip
        self._record(Kind.BACKUP_MADE, actor, of_it | held)

    def _record_test(self, destination: Destination, actor: str, trial: Trial) -> None:
        details: dict[str, str | int] = {
            "what": destination.kind, "generation": trial.generation, "studies": trial.studies,
            "instances": trial.instances, "bytes": trial.bytes, "illnesses": len(trial.differences),
        }  # fmt: skip
        self._record(Kind.BACKUP_TESTED, actor, details)

    @contextmanager
    def _refusals(self, destination: Destination, actor: str) -> Iterator[None]:
        try:
            yield
        except PrimumError as refusal:
            self._refused(destination, actor, refusal.code)
            raise
        except ConnectionError:  # the terminal that asked went away
            self._refused(destination, actor, StopAsked.code)
            raise
        except OSError as error:
            self._refused(destination, actor, StoreRefused.code)
            raise StoreRefused(place="the home", reason=(error.strerror or "unknown").lower()) from None

    def _refused(self, destination: Destination, actor: str, code: str) -> None:
        self._record(Kind.BACKUP_REFUSED, actor, {"what": destination.kind, "reason": code})
        standing, now = read_standing(self._folder), to_text(self._source.clock.now())
        write_standing(self._means.disc, self._folder, replace(standing, refused_at=now, refused=code))

    def _note(self, keeper: Keeper, made: Made) -> None:
        manifest, standing = made.manifest, read_standing(self._folder)
        standing = replace(
            standing, to=made.to, generation=manifest.generation, made_at=manifest.made_at, refused_at="", refused="",
            illnesses=manifest.illnesses, destinations=tuple(sorted({*standing.destinations, made.to})),
            oldest={**standing.oldest, made.to: made.pruned.oldest},
        )  # fmt: skip
        write_standing(self._means.disc, self._folder, standing)
        keeper.note(_in_clear(self._source.home.id, standing))

    def _tested(self, keeper: Keeper, trial: Trial) -> None:
        standing = replace(
            read_standing(self._folder), tested_at=to_text(self._source.clock.now()),
            tested_generation=trial.generation, tested_part=trial.percent,
        )  # fmt: skip
        write_standing(self._means.disc, self._folder, standing)
        keeper.note(_in_clear(self._source.home.id, standing))


def s3_service(settings: Settings) -> S3Service:
    """Return the S3-compatible service of the settings."""
    return S3Service(settings.backup_s3_endpoint, settings.backup_s3_region)


def _in_clear(home: str, standing: Standing) -> dict[str, str]:
    return {
        "home": home,
        "generation": standing.generation,
        "made_at": standing.made_at,
        "tested_at": standing.tested_at,
        "tested_generation": standing.tested_generation,
    }


def _same_disc(destination: Destination, home: Path) -> bool:
    if destination.kind == "s3":
        return False
    try:
        return destination.folder.stat().st_dev == home.stat().st_dev
    except OSError:
        return False
