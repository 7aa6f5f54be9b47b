"""What people call a destination, and how it is opened: a folder, a bucket, a restic repository."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from primum.app.backup.refusals import BadDestination, CredentialsOpen, DestinationAbsent, NoCredentials
from primum.app.backup.stores.folder import FolderStore
from primum.app.backup.stores.model import Store
from primum.ground.disc import Disc, write_durably
from primum.ground.home import Home
from primum.identity import SealedBox

Kind = Literal["folder", "s3", "restic"]
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*/?)*")
_FILE = "backup.sealed"
_PURPOSE = "backup-credentials"
_MOST = 4096


@dataclass(frozen=True, slots=True)
class Destination:
    """Where backups go."""

    kind: Kind
    folder: Path = Path()
    bucket: str = ""
    prefix: str = ""

    @property
    def text(self) -> str:
        """How people call it; it holds no secret."""
        if self.kind == "s3":
            return f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        return f"restic:{self.folder}" if self.kind == "restic" else str(self.folder)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a destination asks for: an S3 key id and its secret, or restic's password alone."""

    secret: str = field(repr=False)
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class S3Service:
    """Which S3-compatible service: its address (empty: Amazon's), and the region that it signs for."""

    endpoint: str = ""
    region: str = ""


def parse_destination(text: str) -> Destination:
    """Read what was typed. Raises BadDestination; a folder must be absolute."""
    if text.startswith("s3://"):
        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        prefix = prefix.strip("/")
        if not _BUCKET.fullmatch(bucket) or not _PREFIX.fullmatch(prefix) or ".." in prefix:
            raise BadDestination(reason="a bucket is 3 to 63 of a-z 0-9 . -, a prefix of A-Z a-z 0-9 . _ - and slashes")
        return Destination("s3", bucket=bucket, prefix=prefix)
    kind: Kind = "restic" if text.startswith("restic:") else "folder"
    folder = Path(text.removeprefix("restic:"))
    if not folder.is_absolute() or "\0" in text:
        raise BadDestination(reason="a folder is named from the root on")
    return Destination(kind, folder=folder)


def open_folder(destination: Destination, disc: Disc, home: Path | None, *, create: bool) -> FolderStore:
    """Open a folder, which is made where its parent is there and `create` says so. Raises BadDestination."""
    folder = destination.folder
    refuse_inside(folder, home)
    if not folder.is_dir():
        if not create or not folder.parent.is_dir():
            raise DestinationAbsent(place=str(folder))
        disc.make_folder(folder)
        disc.sync_folder(folder.parent)
    return FolderStore(folder, disc)


def refuse_inside(folder: Path, home: Path | None) -> None:
    """Raise BadDestination for a folder inside the home: it would be lost with it, and copied into itself."""
    if home is not None and (folder.resolve() == home.resolve() or home.resolve() in folder.resolve().parents):
        raise BadDestination(reason="it is inside the home")


def open_bucket(destination: Destination, service: S3Service, credentials: Credentials) -> Store:
    """Open a bucket (the library is loaded for who has one). Raises BadDestination."""
    from primum.app.backup.stores.bucket import BucketStore  # noqa: PLC0415
    from primum.ground.outbound import s3_client  # noqa: PLC0415

    client = s3_client(service.endpoint, service.region, credentials.key_id, credentials.secret)
    return BucketStore(client, destination.bucket, destination.prefix)


# -- credentials --


def keep_credentials(disc: Disc, home: Home, secrets: SealedBox, where: Destination, credentials: Credentials) -> None:
    """Seal what a destination asks for in the home."""
    kept = _kept(home, secrets) | {where.text: {"key_id": credentials.key_id, "secret": credentials.secret}}
    write_durably(disc, home.folder / _FILE, secrets.seal(_PURPOSE, json.dumps(kept).encode()))


def kept_credentials(home: Home, secrets: SealedBox, where: Destination) -> Credentials:
    """Return what was sealed for a destination. Raises NoCredentials."""
    found = _kept(home, secrets).get(where.text)
    if found is None:
        raise NoCredentials(place=where.text)
    return Credentials(found["secret"], found["key_id"])


def read_credentials(file: Path, where: Destination) -> Credentials:
    """Read a file of one or two lines that only its owner can read. Raises CredentialsOpen."""
    mode = stat.S_IMODE(file.stat().st_mode)
    with file.open("rb") as lines:
        given = lines.read(_MOST).decode("utf-8", "replace").splitlines()
    needed = 2 if where.kind == "s3" else 1
    if mode & 0o077 or len(given) < needed:
        raise CredentialsOpen(mode=f"{mode:04o}")
    return Credentials(given[1], given[0]) if needed > 1 else Credentials(given[0])


def _kept(home: Home, secrets: SealedBox) -> dict[str, dict[str, str]]:
    file = home.folder / _FILE
    if not file.exists():
        return {}
    kept: dict[str, dict[str, str]] = json.loads(secrets.open(_PURPOSE, file.read_bytes()))
    return kept
