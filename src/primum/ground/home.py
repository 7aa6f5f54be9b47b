"""The home: the one folder that holds everything, and who may look into it.

home.json       what this home is: format, id, demo or real (authenticated by the root key: home.mac)
primum.toml     settings, in clear, no secret in it
keyring/        wrapped keys: guards of the root key, one file per study
vault/          packs of sealed records
index.db        derived: may be deleted and rebuilt
records.db      truth: accounts, grants, patients' identities
journal/        access and account ledgers
certificates/   device CA, web root, their sealed keys, the doors' chains
run/            sockets and snapshots of the running daemon
drill/          exercises of a demo home: their own files of breaches, nothing of the register
backup.json     when the last backup was made and tested
evidence/       sealed bundles of evidence, by file of a breach
closed.json     the doors are closed, until a person reopens them (closed.py)
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import platformdirs

from primum.ground.clock import Clock, to_text
from primum.ground.disc import Disc, write_durably
from primum.ground.errors import PrimumError
from primum.ground.ids import is_id, new_id

FORMAT = 1
FOLDERS = ("keyring", "vault", "journal", "certificates", "run")


class NoHome(PrimumError):
    """There is no Primum home in {folder}."""

    code: ClassVar[str] = "home.missing"
    hint: ClassVar[str] = "primum --home {folder} init"


class HomeExists(PrimumError):
    """There is a Primum home in {folder} already, or other files."""

    code: ClassVar[str] = "home.exists"
    hint: ClassVar[str] = "choose an empty folder with --home"


class HomeOpenToOthers(PrimumError):
    """The home {folder} can be read by other users (mode {mode})."""

    code: ClassVar[str] = "home.open-to-others"
    hint: ClassVar[str] = "chmod 700 {folder}, then start again"


class HomeUnreadable(PrimumError):
    """The file home.json in {folder} is not one that this version of Primum can read."""

    code: ClassVar[str] = "home.unreadable"
    hint: ClassVar[str] = "use the version of Primum that wrote it, or restore home.json from a backup"


Kind = Literal["demo", "real"]


@dataclass(frozen=True, slots=True)
class Home:
    """An existing home. A home is born demo or real and is never converted."""

    folder: Path
    id: str
    kind: Kind

    @property
    def demo(self) -> bool:
        """Tell whether everything in this home is fictional."""
        return self.kind == "demo"

    def identity_bytes(self) -> bytes:
        """Return the bytes of home.json, which the root key authenticates."""
        return (self.folder / "home.json").read_bytes()


def default_folder() -> Path:
    """Return the platform's data folder for Primum."""
    return Path(platformdirs.user_data_dir("primum", appauthor=False))


def create_home(disc: Disc, folder: Path, kind: Kind, clock: Clock) -> Home:
    """Lay out a new home in an empty or absent folder. Raises HomeExists."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise HomeExists(folder=str(folder))
    folder.chmod(0o700)
    for name in FOLDERS:
        disc.make_folder(folder / name)
    described = {"format": FORMAT, "id": new_id("hom"), "kind": kind, "created_at": to_text(clock.now())}
    write_durably(disc, folder / "home.json", json.dumps(described, indent=1).encode() + b"\n")
    disc.sync_folder(folder.parent)
    return find_home(folder)


def find_home(folder: Path) -> Home:
    """Open the home in `folder`. Raises NoHome, HomeOpenToOthers, HomeUnreadable."""
    file = folder / "home.json"
    if not file.is_file():
        raise NoHome(folder=str(folder))
    refuse_open_to_others(folder)
    try:
        described = json.loads(file.read_bytes())
        sane = described["format"] == FORMAT and described["kind"] in {"demo", "real"}
        sane = sane and is_id(described["id"], "hom")
    except (ValueError, KeyError, TypeError):
        described, sane = {}, False
    if not sane:
        raise HomeUnreadable(folder=str(folder))
    return Home(folder, described["id"], described["kind"])


def refuse_open_to_others(folder: Path) -> None:
    """Raise HomeOpenToOthers when anybody but the owner may look into `folder`."""
    if os.name == "nt":  # pragma: no cover (the profile's own access list decides there)
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        raise HomeOpenToOthers(folder=str(folder), mode=f"{mode:04o}")
