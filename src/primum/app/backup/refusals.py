"""What backup and restore refuse. Facts are counts, our own ids, and names of destinations without their secrets."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class NoDestination(PrimumError):
    """No destination was named, and the setting backup_to is empty."""

    code: ClassVar[str] = "backup.no-destination"
    hint: ClassVar[str] = "primum backup FOLDER, s3://BUCKET/PREFIX or restic:/PATH; or set backup_to in primum.toml"


class BadDestination(PrimumError):
    """That is not a destination: {reason}."""

    code: ClassVar[str] = "backup.bad-destination"
    hint: ClassVar[str] = "name an absolute folder, s3://BUCKET[/PREFIX], or restic:/ABSOLUTE/PATH"


class DestinationAbsent(PrimumError):
    """The destination {place} is not there, or is empty although backups were made to it."""

    code: ClassVar[str] = "backup.destination-absent"
    hint: ClassVar[str] = "mount the disc, or name a new folder whose parent exists; --new begins anew in an empty one"


class NotOurs(PrimumError):
    """The destination {place} holds other files, and no backup of Primum."""

    code: ClassVar[str] = "backup.not-ours"
    hint: ClassVar[str] = "name an empty folder or prefix"


class OtherHome(PrimumError):
    """The destination {place} holds the backups of another home ({home})."""

    code: ClassVar[str] = "backup.other-home"
    hint: ClassVar[str] = "one destination for each home"


class UnknownFormat(PrimumError):
    """The backup is of format {version}, which this version of Primum does not know."""

    code: ClassVar[str] = "backup.unknown-format"
    hint: ClassVar[str] = "use the version of Primum that made it, or a later one"


class UnderWay(PrimumError):
    """A backup or a test of one is under way already."""

    code: ClassVar[str] = "backup.under-way"
    hint: ClassVar[str] = "wait until it has finished"


class KeyMissing(PrimumError):
    """The keyring lacks {count} keys without the fact of their erasure, that of study {study} among them."""

    code: ClassVar[str] = "backup.key-missing"
    hint: ClassVar[str] = (
        "nothing was pruned: restore an older generation elsewhere and copy keyring/ files back from it; never wait"
    )


class ManifestAltered(PrimumError):
    """The manifest of generation {generation} is not the one that this home made."""

    code: ClassVar[str] = "backup.manifest-altered"
    hint: ClassVar[str] = "try another generation: primum backup --list; look at who can write to the destination"


class PieceAltered(PrimumError):
    """A piece of generation {generation} ({piece}) is absent or is not what was written."""

    code: ClassVar[str] = "backup.piece-altered"
    hint: ClassVar[str] = "try another generation or another destination; look at the health of this one"


class NoGeneration(PrimumError):
    """There is no such generation at {place}."""

    code: ClassVar[str] = "backup.no-generation"
    hint: ClassVar[str] = "primum backup --list names those that are there"


class NoRoom(PrimumError):
    """{needed} MiB are needed in {place}, and {free} MiB are free."""

    code: ClassVar[str] = "backup.no-room"
    hint: ClassVar[str] = "make room, name another folder with --scratch, or test a part with --sample PERCENT"


class RestoreDiffers(PrimumError):
    """The test of the restore found {differences} differences; the first is of the kind {first}."""

    code: ClassVar[str] = "backup.restore-differs"
    hint: ClassVar[str] = "primum vault check --deep on this home, then make a backup at a new destination and test it"


class RestoreElsewhere(PrimumError):
    """The folder {folder} holds something else than the beginning of this restore."""

    code: ClassVar[str] = "backup.restore-elsewhere"
    hint: ClassVar[str] = "choose an empty folder with --to"


class StoreRefused(PrimumError):
    """The destination {place} refused ({reason})."""

    code: ClassVar[str] = "backup.store-refused"
    hint: ClassVar[str] = "look at the destination: room, rights, and whether it can be reached; then run it again"


class NoCredentials(PrimumError):
    """No credentials are sealed in this home for {place}."""

    code: ClassVar[str] = "backup.no-credentials"
    hint: ClassVar[str] = "primum backup {place} --credentials"


class CredentialsOpen(PrimumError):
    """The credentials file can be read by other users (mode {mode}), or is no pair of lines."""

    code: ClassVar[str] = "backup.credentials-open"
    hint: ClassVar[str] = "chmod 600 it; S3: key id and secret on two lines, restic: the password on one"


class DemoStaysHere(PrimumError):
    """A demo home dials nothing: its backups go to a folder or a restic repository of this machine."""

    code: ClassVar[str] = "backup.demo-stays-here"
    hint: ClassVar[str] = "name a folder"


class ResticRefused(PrimumError):
    """restic refused ({reason})."""

    code: ClassVar[str] = "backup.restic-refused"
    hint: ClassVar[str] = "look at the repository and its password; is restic installed (apt-get install restic)?"


class StopAsked(PrimumError):
    """The backup was interrupted; the next one goes on from there."""

    code: ClassVar[str] = "backup.interrupted"
    hint: ClassVar[str] = "run it again"
