"""Keys: the root, what is derived from it, and the small box (docs/design/vault.md §3).

Keys are 32 bytes and never appear in a repr.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from primum.vault.refusals import SealBroken, UnknownVersion

ROOT_BYTES = 32
KEY_BYTES = 32
SALT_BYTES = 32
TAG_BYTES = 16
BOX_VERSION = 1
BOX_EXTRA = 1 + SALT_BYTES + TAG_BYTES
"""Bytes that a small box adds to what it holds."""
NO_NONCE = bytes(12)
"""The nonce of a key that seals exactly one message."""

Entropy = Callable[[int], bytes]


class Label(StrEnum):
    """Every key derived from the root. The list is exact: a new use is a new label."""

    KEYRING = "keyring"
    NAMES = "names"
    INDEX = "index"
    RECORDS = "records"
    DEVICES = "devices"
    SIGNER = "journal-signer"
    CERTIFICATES = "certificates"
    HOME = "home"
    SECRETS = "secrets"
    BACKUP = "backup"


class RootKey:
    """The key of a home. Held by the supervisor, which hands sub-keys to its children."""

    __slots__ = ("_carried", "_raw")

    def __init__(self, raw: bytes, carried: Mapping[Label, bytes] | None = None) -> None:
        """Hold 32 random bytes, and the sub-keys that were carried over from a root before it (rotating.py)."""
        if len(raw) != ROOT_BYTES:
            raise ValueError("a root key has 32 bytes")
        self._raw = raw
        self._carried = dict(carried or {})

    def derive(self, label: Label) -> bytes:
        """Return the 32-byte key of this label."""
        carried = self._carried.get(label)
        return (
            carried if carried is not None else hkdf(self._raw, b"", b"primum/root/1\0" + label.value.encode("ascii"))
        )

    def reveal(self) -> bytes:
        """Return the root itself: only for wrapping it under a guard."""
        return self._raw

    def __repr__(self) -> str:
        return "RootKey(…)"


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """The two sub-keys a process needs to use the vault."""

    keyring: bytes = field(repr=False)
    names: bytes = field(repr=False)

    @classmethod
    def of(cls, root: RootKey) -> VaultKeys:
        """Derive both from the root."""
        return cls(root.derive(Label.KEYRING), root.derive(Label.NAMES))


def hkdf(key: bytes, salt: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Derive `length` bytes by HKDF-SHA256 (RFC 5869)."""
    return HKDF(SHA256(), length, salt or None, info).derive(key)


def seal_small(key: bytes, purpose: str, data: bytes, *, entropy: Entropy = os.urandom) -> bytes:
    """Seal a small secret under `key`, for this purpose alone."""
    salt = entropy(SALT_BYTES)
    label = b"primum/small/1\0" + purpose.encode("utf-8")
    return bytes([BOX_VERSION]) + salt + AESGCM(hkdf(key, salt, label)).encrypt(NO_NONCE, data, label)


def open_small(key: bytes, purpose: str, sealed: bytes) -> bytes:
    """Open what `seal_small` sealed for the same purpose. Raises SealBroken, UnknownVersion."""
    if len(sealed) < BOX_EXTRA:
        raise SealBroken
    if sealed[0] != BOX_VERSION:
        raise UnknownVersion(version=sealed[0])
    salt = sealed[1 : 1 + SALT_BYTES]
    label = b"primum/small/1\0" + purpose.encode("utf-8")
    try:
        return AESGCM(hkdf(key, salt, label)).decrypt(NO_NONCE, sealed[1 + SALT_BYTES :], label)
    except InvalidTag:
        raise SealBroken from None
