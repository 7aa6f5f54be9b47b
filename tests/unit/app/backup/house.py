"""A sealed home with studies in it, small enough to be backed up, broken and restored many times a test."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import Engine
from tests.unit.imaging.conftest import CONTROLLER, Device, slice_of

from primum import vault
from primum.app.backup.destination import parse_destination
from primum.app.backup.making import Source
from primum.app.backup.recovery import recover
from primum.app.backup.service import Asked, Backups, Listener, Made, Means
from primum.app.databases import migrate_records, open_index, open_records
from primum.app.joints import box
from primum.app.payload import CHILDREN
from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.ground.home import Home, create_home, find_home
from primum.ground.ids import token128_bytes
from primum.ground.settings import Settings, read_settings
from primum.imaging import Archive, Indexer, Stored, tails
from primum.imaging.store import dump
from primum.journal import Fact, Journal, Kind, Signer, create_signer
from primum.vault import Label
from primum.vault.places import study_ref

ACTOR = "per_" + "a" * 26


@dataclass
class House:
    """A home and all that a worker has of it."""

    home: Home
    root: vault.RootKey
    recovery_key: str
    clock: FixedClock
    vault: vault.Vault
    records: Engine
    index: Engine
    journal: Journal
    backups: Backups
    device: Device
    told: list[str] = field(default_factory=list)
    images: int = 100

    @property
    def folder(self) -> Path:
        return self.home.folder

    def store(self, study: int = 1, images: int = 1, size: int = 8, **more: object) -> list[Stored]:
        """Store, and index, images of a study."""
        stored = []
        for _ in range(images):
            number = self.images = self.images + 1
            pixels = bytes((number * 7 + at) % 251 for at in range(size))
            uid = f"1.2.{study}"
            data = slice_of(study=uid, series=f"{uid}.1", sop=f"{uid}.1.{number}", pixels=pixels)
            stored.append(self.device.store(data, **more))  # type: ignore[arg-type]
        self.device.writer.close()  # type: ignore[attr-defined]
        self.device.writer = None
        Indexer(self.index, self.records, self.vault, self.clock).take(stored)
        return stored

    def erase(self, study: str, *, fact: bool = True) -> None:
        """Erase a study, as the room that does will."""
        self.vault.erase(study)
        Indexer(self.index, self.records, self.vault, self.clock).forget(study)
        if fact:
            self.journal.record(Fact(Kind.STUDY_ERASED, ACTOR, study, {"packs": 1}))

    def backup(self, to: Path | str, **more: object) -> Made:
        """Make a backup, an hour after whatever was before."""
        self.clock.advance(timedelta(hours=1))
        listener = Listener(tell=lambda one: self.told.append(one.code))
        return self.backups.make(Asked(str(to), ACTOR, **more), listener)  # type: ignore[arg-type]

    def close(self) -> None:
        """Give everything back."""
        if self.device.writer is not None:
            self.device.writer.close()  # type: ignore[attr-defined]
        self.records.dispose()
        self.index.dispose()
        self.journal.close()

    def expected(self) -> dict[str, vault.Tail]:
        return tails(self.records)

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        return dump(self.index)

    def archive(self) -> Archive:
        return Archive(self.index, self.vault)

    def kinds(self) -> list[str]:
        from primum.journal import Filter, entries

        return [one.kind for one in entries(self.folder / "journal", Filter())]


def key_file(place: Path) -> vault.KeyFileGuard:
    """Make or find the key file that opens every home made here."""
    file = place / "home.key"
    if not file.exists():
        file.write_bytes(b"k" * 32)
        file.chmod(0o600)
    return vault.KeyFileGuard(file)


def make_home(place: Path, clock: FixedClock) -> tuple[vault.RootKey, str]:
    """Lay out a home in place/home, as `primum init` does, without its certificates."""
    disc = RealDisc()
    home = create_home(disc, place / "home", "real", clock)
    root, recovery = vault.create_root(disc, home.folder / "keyring", [key_file(place)])
    vault.seal_home(disc, home.folder / "keyring", root, home.identity_bytes())
    names = root.derive(Label.NAMES)
    for study in range(10):  # of the 256 folders those that these tests' studies need: a home is copied for each test
        fan = f"{token128_bytes(study_ref(names, CONTROLLER, f'1.2.{study}'))[0]:02x}"
        for folder in ("vault", "keyring"):
            (home.folder / folder / fan).mkdir(mode=0o700, exist_ok=True)
    (home.folder / "certificates" / "web.sealed").write_bytes(b"sealed")
    create_signer(disc, home.folder / "journal", root.derive(Label.SIGNER), home.id)
    return root, recovery


def open_house(folder: Path, root: vault.RootKey, clock: FixedClock, **settings: object) -> House:
    """Open a home as its worker does."""
    disc, home = RealDisc(), find_home(folder)
    records, index = open_records(home, root.derive(Label.RECORDS)), open_index(home, root.derive(Label.INDEX))
    migrate_records(records)
    one = vault.open_vault(folder / "vault", folder / "keyring", vault.VaultKeys.of(root), disc, clock)
    journal = Journal(folder / "journal", "worker", clock, disc, home.id)
    configured: Settings = replace(read_settings(folder / "primum.toml"), **settings)  # type: ignore[arg-type]
    keys = {label: root.derive(label) for label in CHILDREN["worker"]}
    means = Means(keys, disc, box(keys[Label.SECRETS]), configured)
    backups = Backups(Source(home, one, records, journal, clock), means)
    return House(home, root, "", clock, one, records, index, journal, backups, Device(one, clock))


def sign(house: House) -> None:
    """Sign the journal's heads, as the worker does every hour."""
    seed = house.root.derive(Label.SIGNER)
    Signer(house.folder / "journal", seed, house.home.id, house.clock, RealDisc()).sign_and_tell(house.journal)


def restore(source: Path, guard: vault.Guard, to: Path, generation: str = "") -> list[str]:
    """Restore from a folder."""
    from primum.app.backup.destination import S3Service

    return recover(parse_destination(str(source)), S3Service(), None, guard, to, generation, lambda *_: None)


def files(folder: Path) -> dict[str, bytes]:
    """Give all files of a folder."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def study_of(stored: Stored) -> str:
    """Return the reference of the study that an image went into."""
    return stored.position.study


def pack_file(folder: Path, stored: Stored) -> Path:
    """Return the pack that an image went into."""
    return next((folder / "vault").glob(f"*/{stored.position.study}/{stored.position.pack}.pack"))


def flip(file: Path, offset: int) -> None:
    """Flip a bit of a file."""
    data = bytearray(file.read_bytes())
    data[offset] ^= 1
    file.write_bytes(data)
