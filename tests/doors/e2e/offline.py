"""What the owner of a machine can do with a home that does not run: enrol devices, look into its stores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine

from primum import vault
from primum.app.bundles import certificates
from primum.app.databases import open_index, open_records
from primum.app.joints import box
from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc
from primum.ground.home import Home, find_home
from primum.identity import Devices, Door, store
from primum.imaging import EVERYTHING, Archive, Indexer, InstanceEntry, NotHere, tails
from primum.imaging.store import dump
from primum.journal import verify_journal
from tests.doors.e2e.conftest import root_key
from tests.doors.e2e.sender import Line
from tests.programs import free_port
from tests.running import RealHome, RunningPrimum, make_real_home


@dataclass(frozen=True, slots=True)
class Offline:
    """A home's stores, opened beside the product's processes or after them."""

    home: Home
    root: vault.RootKey
    vault: vault.Vault
    records: Engine
    index: Engine

    def archive(self) -> Archive:
        return Archive(self.index, self.vault)


def vault_of(home: RealHome) -> vault.Vault:
    """Open the vault alone: the databases are left as they are found."""
    root = root_key(home)
    keys = vault.VaultKeys(root.derive(vault.Label.KEYRING), root.derive(vault.Label.NAMES))
    return vault.open_vault(home.folder / "vault", home.folder / "keyring", keys, RealDisc(), SystemClock())


@contextmanager
def offline(home: RealHome, *, read_only: bool = False) -> Iterator[Offline]:
    found, root = find_home(home.folder), root_key(home)
    records = open_records(found, root.derive(vault.Label.RECORDS))
    index = open_index(found, root.derive(vault.Label.INDEX), read_only=read_only)
    try:
        yield Offline(found, root, vault_of(home), records, index)
    finally:
        records.dispose()
        index.dispose()


def controller_of(opened: Offline) -> str:
    """The home's first controller, whose studies the devices enrolled here send."""
    with opened.records.connect() as connection:
        return store.controllers(connection)[0].id


def enrol_offline(
    opened: Offline, name: str, aet: str, pack: Path | None = None, may: Sequence[str] = ("store",)
) -> None:
    """Enrol a device that may store, or what is said: without TLS on loopback, or with its pack written to a folder."""
    shelf = certificates(opened.home, opened.root.derive(vault.Label.CERTIFICATES), SystemClock(), RealDisc())
    devices = Devices(
        opened.records, shelf, SystemClock(), lambda *_: None,
        snapshot_path=opened.home.folder / "run" / "devices",
        snapshot_box=box(opened.root.derive(vault.Label.DEVICES)),
        disc=RealDisc(), door=Door("127.0.0.1", 2762, "PRIMUM", "bcp195"), loopback_only=False,
    )  # fmt: skip
    controller = controller_of(opened)
    made = devices.add("system", name, aet, may, controller, plain_address=None if pack else "127.0.0.1")
    if pack is not None:
        pack.mkdir(mode=0o700)
        for file, data in made.files(pem=True).items():
            (pack / file).write_bytes(data)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A home that has not run yet, with two devices that may store: PLAIN1 on loopback, CT1 over TLS."""

    home: RealHome
    primum: RunningPrimum
    plain_port: int
    pack: Path
    controller: str


def make_enrolled_home(place: Path, **more: str | int) -> Enrolled:
    """Make it, without anybody signing in."""
    home, plain, pack = make_real_home(place), free_port(), place / "ct-1"
    with offline(home) as opened:
        enrol_offline(opened, "plain-1", "PLAIN1")
        enrol_offline(opened, "ct-1", "CT1", pack)
        controller = controller_of(opened)
    settings = {"dicom_plain_port": plain, "low_space_mib": 64, **more}
    return Enrolled(
        home, RunningPrimum(home.folder, key_file=home.key_file, settings=settings), plain, pack, controller
    )


def lost(opened: Offline, acknowledged: Iterable[Line]) -> list[Line]:
    """List what was acknowledged and is not found by the index, or not with the bytes that were sent."""
    archive, missing = opened.archive(), []
    by_study: dict[str, list[Line]] = {}
    for line in acknowledged:
        by_study.setdefault(line.study, []).append(line)
    for study, lines in by_study.items():
        found = {one.sop_uid: one for one in _instances(archive, study)}
        for line in lines:
            entry = found.get(line.sop)
            if entry is None or _sha256(archive.data_set(entry)) != line.sha256:
                missing.append(line)
    return missing


def _instances(archive: Archive, study: str) -> list[InstanceEntry]:
    try:
        return archive.instances_of(archive.locate_study(study, EVERYTHING).ref, EVERYTHING)
    except NotHere:
        return []


def not_in_packs(one: vault.Vault, controller: str, acknowledged: Iterable[Line]) -> list[Line]:
    """List what was acknowledged and is in no pack, read without any index."""
    kept: dict[str, set[tuple[str, str]]] = {}
    missing = []
    for line in acknowledged:
        ref = one.study_ref(controller, line.study)
        if ref not in kept:
            kept[ref] = set(_in_packs(one, ref))
        if (line.sop, line.sha256) not in kept[ref]:
            missing.append(line)
    return missing


def _in_packs(one: vault.Vault, ref: str) -> Iterator[tuple[str, str]]:
    for pack in one.packs(ref):
        for at in one.replay(ref, pack.pack):
            if isinstance(at, vault.Position):
                record = one.open(at)
                yield record.facts.sop_instance_uid, _sha256(record.chunks())


def _sha256(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def damage(opened: Offline) -> list[str]:
    """Check the whole vault, deeply, against the tails that were recorded; list what is not a crash's leftover."""
    found = opened.vault.check(tails(opened.records), deep=True)
    return [f"{one.code}: {one}" for one in found if one.severity == "damage"]


def rebuilt(opened: Offline, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Make the index anew from the packs, elsewhere; return all that it holds."""
    folder.mkdir()
    other = open_index(Home(folder, opened.home.id, opened.home.kind), bytes(32))
    Indexer(other, opened.records, opened.vault, SystemClock()).rebuild()
    try:
        return dump(other)
    finally:
        other.dispose()


def journal_illnesses(opened: Offline) -> list[str]:
    report = verify_journal(opened.home.folder / "journal")
    return [f"{one.place}: {one.code}" for one in report.illnesses]
