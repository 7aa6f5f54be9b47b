"""Derived blocks: what can be made again from the packs, sealed beside them to be found fast.

A block that is absent, torn or altered reads as absent. Nothing here is synced: losing one costs time only.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import zlib
from pathlib import Path

from primum.ground.disc import Disc
from primum.ground.ids import token128
from primum.vault.keys import Entropy, hkdf, open_small, seal_small
from primum.vault.places import BLOCK_SUFFIX, raw16
from primum.vault.refusals import SealBroken, UnknownVersion

_LEVEL = 3
"""zlib level: DICOM JSON shrinks to a tenth already, and a viewer waits for it."""


def put_block(
    disc: Disc, folder: Path, study_key: bytes, study: str, *, name: str, data: bytes, entropy: Entropy
) -> None:
    """Seal `data` under `name` in the study's folder, over what was there."""
    key = _key(study_key, study)
    path = folder / _file_name(key, name)
    temporary = path.with_name(f".{path.name}.{token128(entropy(16))}.new")
    sealed = seal_small(key, _purpose(study, name), zlib.compress(data, _LEVEL), entropy=entropy)
    handle = disc.create(temporary)
    try:
        disc.write_at(handle, sealed, 0)
        disc.rename(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            disc.unlink(temporary)
        raise
    finally:
        disc.close(handle)


def get_block(folder: Path, study_key: bytes, study: str, name: str, limit: int) -> bytes | None:
    """Return what `put_block` sealed; None when it is not there, does not open, or inflates beyond `limit` bytes."""
    key = _key(study_key, study)
    try:
        fd = os.open(folder / _file_name(key, name), os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:  # noqa: PTH123 (a descriptor)
        sealed = file.read(limit)
    try:
        inflater = zlib.decompressobj()
        data = inflater.decompress(open_small(key, _purpose(study, name), sealed), limit)
    except (SealBroken, UnknownVersion, zlib.error):
        return None
    return data if inflater.eof else None


def _key(study_key: bytes, study: str) -> bytes:
    return hkdf(study_key, b"", b"primum/vault/1/blocks\0" + raw16(study))


def _file_name(key: bytes, name: str) -> str:
    return token128(hmac.digest(key, b"name\0" + name.encode("utf-8"), hashlib.sha256)[:16]) + BLOCK_SUFFIX


def _purpose(study: str, name: str) -> str:
    return f"block\0{study}\0{name}"
