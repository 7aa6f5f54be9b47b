"""What the vault refuses. Facts are our own ids, sizes and reasons: never anything about a patient."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class SealBroken(PrimumError):
    """A sealed value does not open: another key, another purpose, or altered bytes."""

    code: ClassVar[str] = "vault.seal-broken"
    hint: ClassVar[str] = "restore the file from a backup of this home"


class UnknownVersion(PrimumError):
    """Something in the vault was written in format version {version}, which this version of Primum does not know."""

    code: ClassVar[str] = "vault.unknown-version"
    hint: ClassVar[str] = "use the version of Primum that wrote it, or a later one"


class DiscFull(PrimumError):
    """The disc is full: the record was not stored."""

    code: ClassVar[str] = "vault.disc-full"
    hint: ClassVar[str] = "make room on the disc that holds the home; what was acknowledged is safe"


class WriteRefused(PrimumError):
    """The disc refused to write ({reason}): the record was not stored."""

    code: ClassVar[str] = "vault.write-refused"
    hint: ClassVar[str] = "look at the disc's health and at the system's log"


class RewriteRefused(PrimumError):
    """Part of the study {study} cannot be erased while another part of it is damaged ({illness})."""

    code: ClassVar[str] = "vault.rewrite-refused"
    hint: ClassVar[str] = "restore the damaged pack from a backup, or erase the whole study"


class TooLarge(PrimumError):
    """A data set of {size} bytes is larger than the {limit} that the vault takes."""

    code: ClassVar[str] = "vault.too-large"


class FactsTooLong(PrimumError):
    """The field {field} of a record is longer than 255 bytes."""

    code: ClassVar[str] = "vault.facts-too-long"


class BadFrames(PrimumError):
    """The frames given do not lie inside the data set, or are too many."""

    code: ClassVar[str] = "vault.bad-frames"


class BadReference(PrimumError):
    """That is not a study reference or a pack id."""

    code: ClassVar[str] = "vault.bad-reference"


class RecordAbsent(PrimumError):
    """There is no record at offset {offset} of the pack {pack}, study {study}."""

    code: ClassVar[str] = "vault.record-absent"
    hint: ClassVar[str] = "primum vault check"


class StudyInUse(PrimumError):
    """The study {study} is being stored into at this moment."""

    code: ClassVar[str] = "vault.study-in-use"
    hint: ClassVar[str] = "try again when the sender has finished"


class WrongPassphrase(PrimumError):
    """The passphrase does not open this home."""

    code: ClassVar[str] = "vault.wrong-passphrase"
    hint: ClassVar[str] = "try again, or use the printed recovery key"


class WrongKeyFile(PrimumError):
    """The key file does not open this home."""

    code: ClassVar[str] = "vault.wrong-key-file"
    hint: ClassVar[str] = "name the key file of this home, or use the printed recovery key"


class WrongRecoveryKey(PrimumError):
    """The recovery key does not open this home."""

    code: ClassVar[str] = "vault.wrong-recovery-key"
    hint: ClassVar[str] = "it starts with AGE-SECRET-KEY-1 and belongs to one home; look for typing errors"


class KeyFileOpen(PrimumError):
    """The vault key file is readable by other users (mode {mode})."""

    code: ClassVar[str] = "vault.key-file-open"
    hint: ClassVar[str] = "chmod 600 {path}, then start again"


class KeyFileUnfit(PrimumError):
    """The vault key file cannot be used: {reason}."""

    code: ClassVar[str] = "vault.key-file-unfit"
    hint: ClassVar[str] = "make one of 32 to 4096 bytes: (umask 077; head -c 32 /dev/urandom > {path})"


class NoSuchGuard(PrimumError):
    """This home has no guard of the kind {kind}."""

    code: ClassVar[str] = "vault.no-such-guard"
    hint: ClassVar[str] = "primum keyring list"


class GuardExists(PrimumError):
    """This home has a guard of the kind {kind} already."""

    code: ClassVar[str] = "vault.guard-exists"
    hint: ClassVar[str] = "remove it first"


class RotationUnfinished(PrimumError):
    """The root key of this home is being replaced: that was decided, and is not finished."""

    code: ClassVar[str] = "vault.rotation-unfinished"
    hint: ClassVar[str] = "primum up finishes it before anything else"


class SameGuard(PrimumError):
    """This {kind} opens the root key that is to be replaced."""

    code: ClassVar[str] = "vault.same-guard"
    hint: ClassVar[str] = "choose another: whoever has this one would have the new root key too"


class KeyringDamaged(PrimumError):
    """The key of study {study} cannot be opened, and is not left behind: the root key stays as it is."""

    code: ClassVar[str] = "vault.keyring-damaged"
    hint: ClassVar[str] = "primum vault check; bring the key back from a backup of the keyring, then try again"


class GuardUnreadable(PrimumError):
    """The guard of the kind {kind} is damaged, or asks for more than this version allows."""

    code: ClassVar[str] = "vault.guard-unreadable"
    hint: ClassVar[str] = "restore the keyring folder from a backup, or use the printed recovery key"


class KeyringExists(PrimumError):
    """This home has a root key already."""

    code: ClassVar[str] = "vault.keyring-exists"
    hint: ClassVar[str] = "choose an empty home"


class HomeAltered(PrimumError):
    """The file home.json is not the one that was sealed when this home was made."""

    code: ClassVar[str] = "vault.home-altered"
    hint: ClassVar[str] = "restore home.json and keyring/home.mac from a backup of this home"


class ExportExists(PrimumError):
    """There is a keyring export in that folder already, under the same name."""

    code: ClassVar[str] = "vault.export-exists"
    hint: ClassVar[str] = "choose another folder"
