"""Signing mandates and verifying them: Ed25519 in C2SP signed-note, like the journal's heads.

A mandate carries the verifier key of who signed it. Its signature proves that it is as that key's holder wrote it;
whose key it is, their journal says (docs/design/exposure.md, Mandates).
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from primum.exposure.mandates.errors import MandateFromStranger, MandateNotSigned
from primum.exposure.probe.gate import Mandate
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.mandating import BadMandate, unverified, write
from primum.journal.note import open_text


class Hand(Protocol):
    """Something that signs: the journal's signer, or the key of a folder."""

    @property
    def verifier_key(self) -> str:
        """The key that verifies, as of signed-note."""
        ...

    def sign_text(self, text: str) -> str:
        """Return the signed note."""
        ...


def sign(mandate: Mandate, hand: Hand) -> str:
    """Return the file of a mandate, which names `hand` as its key. Raises BadMandate."""
    if mandate.key != hand.verifier_key:
        raise BadMandate(what="it names another key than the one that signs")
    return hand.sign_text(write(mandate))


def verified(note: str, *, keys: Collection[str] = ()) -> Mandate:
    """Read a mandate's file once its signature is verified.

    `keys`: verifier keys that count; with none, the one that it carries, and whose it is remains to be told by it.
    Raises BadMandate, MandateNotSigned, MandateFromStranger.
    """
    mandate = unverified(note)
    if keys and mandate.key not in keys:
        raise MandateFromStranger(key_id=key_id(mandate.key))
    try:
        text = open_text(note, mandate.key)
    except ValueError:
        raise MandateNotSigned from None
    if text != write(mandate):
        raise MandateNotSigned
    return mandate


def read_note(path: Path) -> str:
    """Return the text of a mandate's file, within its bound. Raises BadMandate, OSError."""
    with path.open("rb") as file:
        data = file.read(LIMITS.mandate_bytes + 1)
    if len(data) > LIMITS.mandate_bytes:
        raise BadMandate(what="it is too long")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadMandate(what="it is not text") from None


def read_file(path: Path, *, keys: Collection[str] = ()) -> Mandate:
    """Read a mandate's file and verify it. Raises what `verified` does, OSError."""
    return verified(read_note(path), keys=keys)


def write_file(path: Path, note: str) -> None:
    """Write a mandate's file, which must not be there; nobody else may read it. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(note.encode())


def key_id(verifier_key: str) -> str:
    """Return the eight digits by which people compare keys."""
    return verifier_key.partition("+")[2].partition("+")[0]
