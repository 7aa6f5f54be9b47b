"""A restore without a running home: a source, a guard, an empty folder. Ends in a home that `primum up` starts."""

from __future__ import annotations

from pathlib import Path

from primum import imaging, vault
from primum.app.backup.destination import Credentials, Destination, S3Service, open_bucket, open_folder
from primum.app.backup.origins import Origin, StoreOrigin
from primum.app.backup.restic import Repository, ResticOrigin
from primum.app.backup.restoring import Derive, Progress, Restore, Restored, Wanted, describe
from primum.app.databases import open_index, open_records
from primum.ground.clock import Clock, SystemClock
from primum.ground.disc import Disc, RealDisc
from primum.journal import Fact, Journal, Kind
from primum.vault import Label


def recover(  # noqa: PLR0917 (what the command line was told, as it was told)
    source: Destination, service: S3Service, credentials: Credentials | None, guard: vault.Guard, to: Path,
    generation: str, tell: Progress,
) -> list[str]:  # fmt: skip
    """Restore into `to`, index what was restored, record it; return what to say."""
    disc, clock = RealDisc(), SystemClock()
    roots: list[vault.RootKey] = []

    def unlock(keyring: Path) -> Derive:
        roots.append(vault.unlock(keyring, guard))
        return roots[-1].derive

    origin = _origin(source, service, credentials, disc, to)
    restored = Restore(origin, Wanted(to, generation), unlock, (disc, clock), tell).run()
    root = roots[-1]
    vault.verify_home(to / "keyring", root, restored.home.identity_bytes())
    with Journal(to / "journal", "cli", clock, disc, restored.home.id) as pen:
        pen.record(Fact(Kind.HOME_RESTORED, "system", restored.home.id, describe(restored)))
    records = _index(restored, root, clock, disc)
    return [*_told(restored, records)]


def _index(restored: Restored, root: vault.RootKey, clock: Clock, disc: Disc) -> int:
    folder = restored.home.folder
    one = vault.open_vault(folder / "vault", folder / "keyring", vault.VaultKeys.of(root), disc, clock)
    records = open_records(restored.home, root.derive(Label.RECORDS))
    index = open_index(restored.home, root.derive(Label.INDEX))
    try:
        return imaging.Indexer(index, records, one, clock).catch_up().records
    finally:
        index.dispose()
        records.dispose()


def _told(restored: Restored, records: int) -> list[str]:
    generation = restored.manifest.generation
    told = [f"generation {generation}: {len(restored.studies)} studies, {records} records, in {restored.home.folder}"]
    if restored.erased:
        told.append(f"{len(restored.erased)} studies were erased since, and were not restored")
    if restored.rewritten:
        told.append(
            f"{len(restored.rewritten)} studies were erased in part since, or sent again after it:"
            f" these are as of {restored.newest.generation}"
        )
    if restored.altered:
        told.append(
            f"{len(restored.altered)} younger generations are not sound: erasures that only they knew of are not"
        )
        told.append("applied; compare with your register of erasures")
    else:
        told.append(
            f"erasures after {restored.newest.made_at} are not known here: compare with your register of erasures"
        )
    told.append("every session was closed; primum vault check --deep opens every record")
    return told


def _origin(
    source: Destination, service: S3Service, credentials: Credentials | None, disc: Disc, to: Path
) -> Origin:  # fmt: skip
    if source.kind == "folder" or credentials is None:
        return StoreOrigin(open_folder(source, disc, None, create=False))
    if source.kind == "restic":
        return ResticOrigin(Repository(source.folder, credentials.secret), "", to / ".restic")
    return StoreOrigin(open_bucket(source, service, credentials))
