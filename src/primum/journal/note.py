"""Checkpoints: c2sp.org/tlog-checkpoint in c2sp.org/signed-note, with one Ed25519 key."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
"""Signature type byte of signed-note."""
_DASH = "\N{EM DASH} "
_KEY_ID = 4
_ROOT = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: whose log, how many leaves, and the root of their tree (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the note's text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class NoteKey:
    """The key of the log; its name is the log's origin."""

    def __init__(self, origin: str, seed: bytes) -> None:
        """Make the key from its 32-byte seed."""
        self.origin = origin
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key()
        raw = _ED25519 + self._public.public_bytes_raw()
        self._id = hashlib.sha256(origin.encode() + b"\n" + raw).digest()[:_KEY_ID]
        self.verifier_key = f"{origin}+{self._id.hex()}+{base64.b64encode(raw).decode()}"

    def sign(self, checkpoint: Checkpoint) -> str:
        """Return the signed note."""
        text = checkpoint.text()
        signature = base64.b64encode(self._id + self._private.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.origin} {signature}\n"

    def sign_text(self, text: str) -> str:
        """Return another document as a signed note. Raises ValueError where it could be taken for a checkpoint."""
        if text.startswith(f"{self.origin}\n") or not text.endswith("\n") or "\n\n" in text:
            raise ValueError("not a document that this key signs")
        signature = base64.b64encode(self._id + self._private.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.origin} {signature}\n"

    def open(self, note: str) -> Checkpoint:
        """Read one of our own notes again. Raises ValueError when it is not signed by this key."""
        text, _, signatures = note.partition("\n\n")
        for line in signatures.splitlines():
            name, _, encoded = line.removeprefix(_DASH).partition(" ")
            if line.startswith(_DASH) and name == self.origin and _decoded(encoded)[:_KEY_ID] == self._id:
                _check(self._public, _decoded(encoded)[_KEY_ID:], text + "\n")
                return _parse(text)
        raise ValueError("not signed by this key")


def open_text(note: str, verifier_key: str) -> str:
    """Return the text of a note, with its last LF, once `verifier_key` has signed it. Raises ValueError."""
    origin, key_id, public = _verifier(verifier_key)
    text, _, signatures = note.partition("\n\n")
    for line in signatures.splitlines():
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        signature = _decoded(encoded)
        if line.startswith(_DASH) and name == origin and signature[:_KEY_ID] == key_id:
            _check(public, signature[_KEY_ID:], text + "\n")
            return text + "\n"
    raise ValueError("not signed by this key")


def _verifier(key: str) -> tuple[str, bytes, Ed25519PublicKey]:
    """Read a verifier key of signed-note: its name, its id, the key. Raises ValueError."""
    origin, _, rest = key.partition("+")
    hexadecimal, _, encoded = rest.partition("+")
    raw = _decoded(encoded)
    key_id = hashlib.sha256(origin.encode() + b"\n" + raw).digest()[:_KEY_ID]
    if not origin or raw[:1] != _ED25519 or len(raw) != 1 + _ROOT or key_id.hex() != hexadecimal:
        raise ValueError("not a verifier key")
    return origin, key_id, Ed25519PublicKey.from_public_bytes(raw[1:])


def _check(public: Ed25519PublicKey, signature: bytes, text: str) -> None:
    try:
        public.verify(signature, text.encode())
    except InvalidSignature:
        raise ValueError("a wrong signature") from None


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _parse(text: str) -> Checkpoint:
    origin, size, root = text.split("\n")
    if not size.isdecimal() or len(_decoded(root)) != _ROOT:
        raise ValueError("not a checkpoint")
    return Checkpoint(origin, int(size), _decoded(root))
