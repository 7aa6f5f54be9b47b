"""Guards: what opens the root key (docs/design/vault.md §3). Each one is enough; the recovery key always exists.

The root key itself is on no disc; each guard's file holds it sealed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pyrage
from argon2.low_level import Type, hash_secret_raw

from primum.ground.disc import Disc, write_durably
from primum.vault.carrying import is_committed, with_carried
from primum.vault.keys import KEY_BYTES, ROOT_BYTES, Entropy, Label, RootKey, hkdf, open_small, seal_small
from primum.vault.limits import Limits
from primum.vault.refusals import (
    GuardExists,
    GuardUnreadable,
    HomeAltered,
    KeyFileOpen,
    KeyFileUnfit,
    KeyringExists,
    NoSuchGuard,
    RotationUnfinished,
    SealBroken,
    UnknownVersion,
    WrongKeyFile,
    WrongPassphrase,
    WrongRecoveryKey,
)

FORMAT = 1
RECOVERY_FILE = "recovery.age"
MAC_FILE = "home.mac"
_KEY_FILE_MIN, _KEY_FILE_MAX = 32, 4096
_GUARD_FILE_MAX = 4096


class Guard(Protocol):
    """A way to open the root key."""

    kind: ClassVar[str]

    def seal(self, root: RootKey, entropy: Entropy) -> bytes:
        """Return the guard's file."""
        ...

    def open(self, content: bytes) -> RootKey:
        """Open the guard's file, or raise what is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one guess of a passphrase costs. Half a second and 256 MiB: it is asked once per start."""

    passes: int = 3
    memory_kib: int = 256 * 1024
    lanes: int = 4


@dataclass(frozen=True)
class PassphraseGuard:
    """A passphrase, through Argon2id. Normalising what was typed is the caller's."""

    kind: ClassVar[str] = "passphrase"
    passphrase: str = field(repr=False)
    cost: Argon2Cost = field(default_factory=Argon2Cost)

    def seal(self, root: RootKey, entropy: Entropy) -> bytes:
        """Seal the root key; the cost is written beside it."""
        salt = entropy(16)
        box = seal_small(self._stretch(salt, self.cost), "guard:passphrase", root.reveal(), entropy=entropy)
        cost = {"passes": self.cost.passes, "memory_kib": self.cost.memory_kib, "lanes": self.cost.lanes}
        return _guard_file(self.kind, box, argon2id=cost | {"salt": _text(salt)})

    def open(self, content: bytes) -> RootKey:
        """Open the root key. Raises WrongPassphrase, GuardUnreadable."""
        box, described = _read_guard(self.kind, content)
        salt, cost = _read_cost(described.get("argon2id"))
        try:
            return RootKey(open_small(self._stretch(salt, cost), "guard:passphrase", box))
        except SealBroken:
            raise WrongPassphrase from None

    def _stretch(self, salt: bytes, cost: Argon2Cost) -> bytes:
        secret = self.passphrase.encode("utf-8")
        return hash_secret_raw(secret, salt, cost.passes, cost.memory_kib, cost.lanes, KEY_BYTES, Type.ID)


@dataclass(frozen=True)
class KeyFileGuard:
    """A file of 32 to 4096 random bytes that only its owner can read, on a stick or another disc."""

    kind: ClassVar[str] = "key-file"
    path: Path

    def seal(self, root: RootKey, entropy: Entropy) -> bytes:
        """Seal the root key. Raises KeyFileOpen, KeyFileUnfit."""
        return _guard_file(self.kind, seal_small(self._key(), "guard:key-file", root.reveal(), entropy=entropy))

    def open(self, content: bytes) -> RootKey:
        """Open the root key. Raises KeyFileOpen, KeyFileUnfit, WrongKeyFile, GuardUnreadable."""
        box, _ = _read_guard(self.kind, content)
        try:
            return RootKey(open_small(self._key(), "guard:key-file", box))
        except SealBroken:
            raise WrongKeyFile from None

    def _key(self) -> bytes:
        try:
            fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise KeyFileUnfit(path=str(self.path), reason=os.strerror(error.errno or 0)) from None
        try:
            now = os.fstat(fd)
            if not stat.S_ISREG(now.st_mode) or not _KEY_FILE_MIN <= now.st_size <= _KEY_FILE_MAX:
                raise KeyFileUnfit(path=str(self.path), reason="it is not an ordinary file of 32 to 4096 bytes")
            mode = stat.S_IMODE(now.st_mode)
            if os.name != "nt" and mode & 0o077:
                raise KeyFileOpen(path=str(self.path), mode=f"{mode:04o}")
            content = os.read(fd, _KEY_FILE_MAX)
        finally:
            os.close(fd)
        return hkdf(content, b"", b"primum/guard-key-file/1\0")


@dataclass(frozen=True)
class RecoveryGuard:
    """The printed recovery key: an age X25519 identity (`AGE-SECRET-KEY-1…`)."""

    kind: ClassVar[str] = "recovery"
    identity: str = field(repr=False)

    def seal(self, root: RootKey, entropy: Entropy) -> bytes:  # noqa: ARG002 (age draws its own)
        """Encrypt the root key to the identity's recipient."""
        sealed: bytes = pyrage.encrypt(root.reveal(), [self._identity().to_public()])
        return sealed

    def open(self, content: bytes) -> RootKey:
        """Decrypt the root key. Raises WrongRecoveryKey."""
        try:
            return RootKey(pyrage.decrypt(content, [self._identity()]))
        except (pyrage.DecryptError, ValueError):
            raise WrongRecoveryKey from None

    def _identity(self) -> Any:  # noqa: ANN401 (pyrage is not typed)
        try:
            return pyrage.x25519.Identity.from_str(self.identity.strip().upper())
        except pyrage.IdentityError:
            raise WrongRecoveryKey from None


def create_root(
    disc: Disc, keyring_folder: Path, guards: list[Guard], *, entropy: Entropy = os.urandom
) -> tuple[RootKey, str]:
    """Make a home's root key and its guards; return it with the recovery identity, to be printed and forgotten.

    Raises KeyringExists, and what sealing by a guard raises.
    """
    if list_guards(keyring_folder):
        raise KeyringExists
    root = RootKey(entropy(ROOT_BYTES))
    identity = str(pyrage.x25519.Identity.generate())
    # all are sealed before the first is written: a refusal leaves nothing behind
    files = {file_of(one.kind): one.seal(root, entropy) for one in (*guards, RecoveryGuard(identity))}
    for name, content in files.items():
        write_durably(disc, keyring_folder / name, content)
    return root, identity


def unlock(keyring_folder: Path, guard: Guard) -> RootKey:
    """Open the root key by one guard. Raises NoSuchGuard, RotationUnfinished, and what opening by the guard raises."""
    if is_committed(keyring_folder.parent):
        raise RotationUnfinished
    try:
        content = (keyring_folder / file_of(guard.kind)).read_bytes()
    except FileNotFoundError:
        raise NoSuchGuard(kind=guard.kind) from None
    return with_carried(keyring_folder, guard.open(content))


def add_guard(disc: Disc, keyring_folder: Path, root: RootKey, guard: Guard, *, replace: bool = False) -> None:
    """Add a guard of another kind, or replace one. Raises GuardExists."""
    path = keyring_folder / file_of(guard.kind)
    if path.exists() and not replace:
        raise GuardExists(kind=guard.kind)
    write_durably(disc, path, guard.seal(root, os.urandom))


def list_guards(keyring_folder: Path) -> list[str]:
    """List the kinds of guard that this home has."""
    kinds = (PassphraseGuard.kind, KeyFileGuard.kind, RecoveryGuard.kind)
    return [kind for kind in kinds if (keyring_folder / file_of(kind)).exists()]


def seal_home(disc: Disc, keyring_folder: Path, root: RootKey, identity: bytes) -> None:
    """Authenticate the bytes of home.json: what this home is cannot be edited afterwards."""
    write_durably(disc, keyring_folder / MAC_FILE, home_mac(root, identity))


def verify_home(keyring_folder: Path, root: RootKey, identity: bytes) -> None:
    """Raise HomeAltered unless home.json is what was sealed."""
    try:
        found = (keyring_folder / MAC_FILE).read_bytes()
    except FileNotFoundError:
        found = b""
    if not hmac.compare_digest(found, home_mac(root, identity)):
        raise HomeAltered


def home_mac(root: RootKey, identity: bytes) -> bytes:
    """Return the MAC of the bytes of home.json."""
    return hmac.digest(root.derive(Label.HOME), identity, hashlib.sha256)


def file_of(kind: str) -> str:
    """Return the name of a guard's file."""
    return RECOVERY_FILE if kind == RecoveryGuard.kind else f"guard-{kind}.json"


def _guard_file(kind: str, box: bytes, **more: object) -> bytes:
    return json.dumps({"format": FORMAT, "kind": kind, "sealed": _text(box), **more}, indent=1).encode() + b"\n"


def _read_guard(kind: str, content: bytes) -> tuple[bytes, dict[str, Any]]:
    try:
        described = json.loads(content if len(content) <= _GUARD_FILE_MAX else b"")
        version, found, box = described["format"], described["kind"], base64.b64decode(described["sealed"])
    except (ValueError, KeyError, TypeError):
        raise GuardUnreadable(kind=kind) from None
    if version != FORMAT:
        raise UnknownVersion(version=version)
    if found != kind:
        raise GuardUnreadable(kind=kind)
    return box, described


def _read_cost(described: Any) -> tuple[bytes, Argon2Cost]:  # noqa: ANN401 (any JSON)
    limits = Limits()
    try:
        cost = Argon2Cost(int(described["passes"]), int(described["memory_kib"]), int(described["lanes"]))
        salt = base64.b64decode(described["salt"])
    except (ValueError, KeyError, TypeError):
        raise GuardUnreadable(kind=PassphraseGuard.kind) from None
    sane = 1 <= cost.passes <= limits.argon2_passes and 1 <= cost.lanes <= limits.argon2_lanes
    if not sane or not 8 * cost.lanes <= cost.memory_kib <= limits.argon2_memory_kib or not 8 <= len(salt) <= 64:  # noqa: PLR2004 (RFC 9106)
        raise GuardUnreadable(kind=PassphraseGuard.kind)
    return salt, cost


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
