"""Another root key for a home that does not run (docs/design/vault.md §13).

Everything is prepared beside what is there; one file decides; then names are moved, which needs no key and may be
repeated. At any moment the old root opens everything, or the new one does once what was decided is finished.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyrage

from primum.ground.disc import Disc, write_durably
from primum.vault.carrying import CARRIED_FILE, COMMITTED, STAGE, carried_bytes, is_committed
from primum.vault.guards import MAC_FILE, RECOVERY_FILE, Guard, RecoveryGuard, file_of, home_mac
from primum.vault.keyring import key_file_bytes, open_key_file
from primum.vault.keys import ROOT_BYTES, Entropy, Label, RootKey
from primum.vault.places import KEY_SUFFIX, Places
from primum.vault.refusals import (
    KeyringDamaged,
    RotationUnfinished,
    SameGuard,
    SealBroken,
    UnknownVersion,
    WrongKeyFile,
    WrongPassphrase,
    WrongRecoveryKey,
)

Tell = Callable[[int, int], None]
"""Told how many study keys are done, of how many."""
_DATABASES = ("records.db", "index.db")


@dataclass(frozen=True, slots=True)
class Staged:
    """A new root, prepared and not decided: nothing of the home has changed. `recovery` is shown once, and not kept."""

    root: RootKey
    recovery: str
    count: int

    def __repr__(self) -> str:
        """Never show a key."""
        return f"Staged({self.count})"


def stage(  # noqa: PLR0917 (what it takes)
    disc: Disc, home: Path, old: RootKey, guards: list[Guard], tell: Tell | None = None, entropy: Entropy = os.urandom
) -> Staged:
    """Prepare another root under new guards: every study key wrapped anew, what is carried, the MAC of home.json.

    Raises RotationUnfinished, SameGuard, KeyringDamaged, OSError, and what sealing by a guard raises.
    """
    drop(home)
    keyring = home / "keyring"
    for guard in guards:
        _refuse_same(keyring, guard)
    root, identity = RootKey(entropy(ROOT_BYTES)), str(pyrage.x25519.Identity.generate())
    folder = home / STAGE
    disc.make_folder(folder)
    disc.make_folder(folder / "keyring")
    places = Places(home / "vault", keyring)
    studies = list(places.keyed())
    wrapping = old.derive(Label.KEYRING), root.derive(Label.KEYRING)
    for number, study in enumerate(studies):
        _wrap_anew(disc, places, folder, study, wrapping, entropy)
        if tell is not None:
            tell(number + 1, len(studies))
    files = {file_of(one.kind): one.seal(root, entropy) for one in (*guards, RecoveryGuard(identity))}
    files[CARRIED_FILE] = carried_bytes(root, old, entropy)
    files[MAC_FILE] = home_mac(root, (home / "home.json").read_bytes())
    for name, content in files.items():
        write_durably(disc, folder / "keyring" / name, content)
    return Staged(root, identity, len(studies))


def put_aside(disc: Disc, home: Path, path: str, content: bytes) -> None:
    """Prepare a further file of the home (`certificates/web.sealed`)."""
    target = home / STAGE / path
    if not target.parent.is_dir():
        disc.make_folder(target.parent)
    write_durably(disc, target, content)


def commit(disc: Disc, home: Path) -> None:
    """Decide: from now on the new root counts. Every prepared name is on disc before."""
    folder = home / STAGE
    for one in (*(each for each in folder.rglob("*") if each.is_dir()), folder, home):
        disc.sync_folder(one)
    guards = sorted(one.name for one in (folder / "keyring").iterdir() if _is_guard(one.name))
    write_durably(disc, folder / COMMITTED, json.dumps({"format": 1, "guards": guards}).encode() + b"\n")


def finish(disc: Disc, home: Path) -> bool:
    """Move everything that was decided into its place; tell whether there was anything. May be repeated; needs no key.

    The mark of the decision stays until `done`, so that whoever finishes can write it down first.
    """
    if not is_committed(home):
        return False
    folder = home / STAGE
    guards = set(json.loads((folder / COMMITTED).read_bytes())["guards"])
    for one in sorted(each for each in folder.rglob("*") if each.is_file() and each.name != COMMITTED):
        to = home / one.relative_to(folder)
        if one.name in _DATABASES:
            for left in ("-wal", "-shm"):  # of the database that is replaced: it was copied whole
                to.with_name(to.name + left).unlink(missing_ok=True)
        disc.rename(one, to)
    for name in _guards_of(home / "keyring") - guards:
        disc.unlink(home / "keyring" / name)
    # every folder that anything went into, by whichever attempt: their like are still there
    for one in (folder, *sorted(each for each in folder.rglob("*") if each.is_dir())):
        disc.sync_folder(home / one.relative_to(folder))
    return True


def done(disc: Disc, home: Path) -> None:
    """Take away the mark of a decision that was finished."""
    if is_committed(home):
        disc.unlink(home / STAGE / COMMITTED)
        disc.sync_folder(home / STAGE)
    drop(home)


def drop(home: Path) -> None:
    """Take away what was prepared and never decided. Raises RotationUnfinished where it was."""
    if is_committed(home):
        raise RotationUnfinished
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(home / STAGE)


def _wrap_anew(  # noqa: PLR0917 (as it is)
    disc: Disc, places: Places, folder: Path, study: str, wrapping: tuple[bytes, bytes], entropy: Entropy
) -> None:
    old, new = wrapping
    path = places.key(study)
    try:
        key = open_key_file(old, study, path.read_bytes())
    except (SealBroken, UnknownVersion):
        raise KeyringDamaged(study=study) from None
    fan = folder / "keyring" / path.parent.name
    if not fan.is_dir():
        disc.make_folder(fan)
    handle = disc.create(fan / (study + KEY_SUFFIX))
    try:
        disc.write_at(handle, key_file_bytes(new, study, key, entropy), 0)
        disc.sync(handle)
    finally:
        disc.close(handle)


def _refuse_same(keyring: Path, guard: Guard) -> None:
    """Refuse a guard that opens the old root: whoever has it is who is to be kept out."""
    try:
        guard.open((keyring / file_of(guard.kind)).read_bytes())
    except (FileNotFoundError, WrongPassphrase, WrongKeyFile, WrongRecoveryKey):
        return
    raise SameGuard(kind=guard.kind)


def _is_guard(name: str) -> bool:
    return name == RECOVERY_FILE or (name.startswith("guard-") and name.endswith(".json"))


def _guards_of(keyring: Path) -> set[str]:
    return {one.name for one in keyring.iterdir() if _is_guard(one.name)}
