"""Where things are in the home: folders, file names, and nothing made from what a sender chose.

256 folders fan out below `vault` and `keyring`, made when the home is laid out: a new study then makes and
syncs one folder of its own, not two.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from primum.ground.disc import Disc
from primum.ground.ids import token128, token128_bytes
from primum.vault.refusals import BadReference

FANOUT = tuple(f"{n:02x}" for n in range(256))
PACK_SUFFIX = ".pack"
NEXT_SUFFIX = ".next"
"""A pack of a rewriting that is not finished: no reader looks for it."""
KEY_SUFFIX = ".key"
BLOCK_SUFFIX = ".block"


@functools.lru_cache(maxsize=4096)
def raw16(reference: str) -> bytes:
    """Return the 16 bytes of a study reference or pack id. Raises BadReference: no other text becomes a path."""
    try:
        return token128_bytes(reference)
    except ValueError:
        raise BadReference from None


def study_ref(names_key: bytes, controller_id: str, study_instance_uid: str) -> str:
    """Return the reference of a controller's study (docs/design/vault.md §1)."""
    message = controller_id.encode("utf-8") + b"\0" + study_instance_uid.encode("utf-8")
    return token128(hmac.digest(names_key, message, hashlib.sha256)[:16])


@dataclass(frozen=True, slots=True)
class Places:
    """The two folders of a vault."""

    vault: Path
    keyring: Path

    def study(self, study: str) -> Path:
        """Return the folder of a study."""
        return self.vault / f"{raw16(study)[0]:02x}" / study

    def pack(self, study: str, pack: str) -> Path:
        """Return the file of a pack."""
        raw16(pack)
        return self.study(study) / (pack + PACK_SUFFIX)

    def key(self, study: str) -> Path:
        """Return the key file of a study."""
        return self.keyring / f"{raw16(study)[0]:02x}" / (study + KEY_SUFFIX)

    def studies(self) -> Iterator[str]:
        """List the studies that have a folder, in order of reference within each fan-out folder."""
        yield from self._named(self.vault, "")

    def keyed(self) -> Iterator[str]:
        """List the studies that have a key file."""
        yield from self._named(self.keyring, KEY_SUFFIX)

    def packs(self, study: str) -> list[str]:
        """List the ids of a study's packs, in order of id. A study that is not there has none."""
        return sorted(_ids(self.study(study), PACK_SUFFIX))

    @staticmethod
    def _named(root: Path, suffix: str) -> Iterator[str]:
        for fan in FANOUT:
            yield from sorted(one for one in _ids(root / fan, suffix) if f"{raw16(one)[0]:02x}" == fan)


def _ids(folder: Path, suffix: str) -> Iterator[str]:
    try:
        names = os.listdir(folder)  # noqa: PTH208 (256 of them at each start: names are enough)
    except FileNotFoundError:
        return
    for name in names:
        if not name.endswith(suffix) or name.startswith("."):
            continue
        reference = name.removesuffix(suffix)
        try:
            token128_bytes(reference)
        except ValueError:
            continue
        yield reference


def create_layout(disc: Disc, vault: Path, keyring: Path) -> None:
    """Make the fan-out folders below two existing folders; those that are there stay. On disc at return."""
    for root in (vault, keyring):
        for fan in FANOUT:
            if not (root / fan).is_dir():
                disc.make_folder(root / fan)
        disc.sync_folder(root)
